"""Students' servers: each profile of our values turned into a pod by the real KubeSpawner, and
looked at.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import kubernetes_validate
import pytest
from jupyter_client.kernelspec import KernelSpecManager  # noqa: F401  (jupyter_server needs it imported first)
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyterhub.objects import Hub, Server
from kubernetes_asyncio.client import ApiClient
from kubespawner import KubeSpawner
from traitlets.config import Config

from .helm import ROOT, kinds, rendered, z2jh

PEOPLE = ROOT / "deploy/kubernetes/people.py"
# How z2jh hands its values to KubeSpawner: ours -> KubeSpawner's.
NAMES = {
    "startTimeout": "start_timeout",
    "uid": "uid",
    "fsGid": "fs_gid",
    "initContainers": "init_containers",
    "extraPodConfig": "extra_pod_config",
    "extraEnv": "environment",
    "profileList": "profile_list",
    "cmd": "cmd",
    "defaultUrl": "default_url",
}
HANDLED = {
    *NAMES,
    "image",
    "cpu",
    "memory",
    "storage",
    "serviceAccountName",
    "cloudMetadata",
    "networkPolicy",
}


def configuration(group: str) -> Config:
    """The hub's configuration, with people.py run last, as z2jh does."""
    values = z2jh()["singleuser"]
    assert set(values) == HANDLED, "this test knows how z2jh hands on each of our values"
    c = Config()
    for ours, theirs in NAMES.items():
        c.KubeSpawner[theirs] = values[ours]
    c.KubeSpawner.image = f"{values['image']['name']}:{values['image']['tag']}"
    for kind, short in (("cpu", "cpu"), ("memory", "mem")):
        for bound in ("limit", "guarantee"):
            c.KubeSpawner[f"{short}_{bound}"] = values[kind][bound]
    home = {"name": "home", "persistentVolumeClaim": {"claimName": "claim-{username}"}}
    c.KubeSpawner.volumes = [home, *values["storage"]["extraVolumes"]]
    mount = {"name": "home", "mountPath": "/home/jovyan"}
    c.KubeSpawner.volume_mounts = [mount, *values["storage"]["extraVolumeMounts"]]
    exec(compile(PEOPLE.read_text(), str(PEOPLE), "exec"), {"c": c})
    return c


def person(name: str, group: str) -> Any:
    """A user of the Hub, as far as a spawner looks."""
    return SimpleNamespace(
        name=name,
        id=1,
        groups=[SimpleNamespace(name=group)],
        url=f"/user/{name}/",
        settings={},
        server=Server(),
    )


def pod(
    profile: str | None, name: str = "ada@example.org", group: str = "nbgrader-chainrule"
) -> dict[str, Any]:
    """The manifest of somebody's server."""

    async def make() -> dict[str, Any]:
        hub = Hub(public_host="", base_url="/hub/", ip="hub", port=8081)
        spawner = KubeSpawner(
            config=configuration(group),
            _mock=True,
            hub=hub,
            user=person(name, group),
            api_token="t",
        )
        spawner.user_options = {"profile": profile} if profile else {}
        await spawner.load_user_options()
        manifest = await spawner.get_pod_manifest()
        return ApiClient().sanitize_for_serialization(manifest)

    return asyncio.run(make())


@pytest.fixture(scope="module", autouse=True)
def _no_cluster(tmp_path_factory: pytest.TempPathFactory):
    """KubeSpawner reads a cluster's address when it is made; this one is nobody's."""
    path: Path = tmp_path_factory.mktemp("kube") / "config"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: none\nclusters: [{name: none, cluster: "
        "{server: 'https://127.0.0.1:1'}}]\ncontexts: [{name: none, context: {cluster: none, "
        "user: none}}]\nusers: [{name: none, user: {}}]\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kubernetes_asyncio.config.KUBE_CONFIG_DEFAULT_LOCATION", str(path))
        patch.setattr(
            "kubernetes_asyncio.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(path)
        )
        yield


PROFILES = ["cpu", "gpu-slice", "gpu"]


def test_the_profiles_are_these():
    profiles = z2jh()["singleuser"]["profileList"]
    assert [one["slug"] for one in profiles] == PROFILES
    assert [one["slug"] for one in profiles if one.get("default")] == ["cpu"]


@pytest.mark.parametrize("profile", [*PROFILES, None])
def test_kubernetes_would_accept_the_pod(profile):
    manifest = pod(profile)
    kubernetes_validate.validate(manifest, "1.34", strict=True)


@pytest.mark.parametrize(
    ("profile", "device", "pool"),
    [
        ("cpu", None, None),
        ("gpu-slice", "nvidia.com/mig-1g.10gb", "gpu-slice"),
        ("gpu", "nvidia.com/gpu", "gpu"),
        (None, None, None),
    ],
)
def test_a_card_only_for_who_asked_for_one(profile, device, pool):
    spec = pod(profile)["spec"]
    limits = spec["containers"][0]["resources"]["limits"]
    assert {name: amount for name, amount in limits.items() if "nvidia" in name} == (
        {device: "1"} if device else {}
    )
    assert spec.get("nodeSelector", {}).get("chainrule.example.org/pool") == pool
    assert bool(
        [one for one in spec.get("tolerations", ()) if one["key"] == "nvidia.com/gpu"]
    ) == bool(device)


def idle(profile: str) -> dict[str, int]:
    """After how many idle seconds a server ends itself, by the arguments it is started with."""
    arguments = dict(
        one.removeprefix("--").split("=")
        for one in pod(profile)["spec"]["containers"][0]["args"]
        if "=" in one
    )
    for argument in arguments:  # these are settings that Jupyter has
        owner, _, trait = argument.partition(".")
        classes = {"ServerApp": ServerApp, "MappingKernelManager": AsyncMappingKernelManager}
        assert trait in classes[owner].class_trait_names(config=True)
    return {
        "server": int(arguments["ServerApp.shutdown_no_activity_timeout"]),
        "kernels": int(arguments["MappingKernelManager.cull_idle_timeout"]),
        "connected": arguments.get("MappingKernelManager.cull_connected") == "True",
    }


def test_servers_with_a_card_end_sooner():
    assert idle("gpu") == idle("gpu-slice")
    assert idle("gpu")["server"] * 2 < idle("cpu")["server"] < z2jh()["cull"]["timeout"]
    assert idle("gpu")["kernels"] * 2 < idle("cpu")["kernels"]
    assert idle("gpu")["connected"]
    assert not idle("cpu")["connected"]
    hours = {
        profile: pod(profile)["spec"].get("activeDeadlineSeconds", 0) / 3600 for profile in PROFILES
    }
    assert hours == {"cpu": 0, "gpu-slice": 4, "gpu": 4}
    assert z2jh()["cull"]["maxAge"] > 4 * 3600


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_student_has_at_hand(profile):
    spec = pod(profile)["spec"]
    (container,) = spec["containers"]
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    writable = {path for path, mount in mounts.items() if not mount.get("readOnly")}
    assert writable == {"/home/jovyan", "/srv/nbgrader/exchange/chainrule/inbound"}
    assert mounts["/srv/data"]["readOnly"] is True
    claims = {
        one["persistentVolumeClaim"]["claimName"]
        for one in spec["volumes"]
        if "persistentVolumeClaim" in one
    }
    assert {"chainrule-exchange", "chainrule-data"} < claims
    assert len(claims) == 3  # and a home
    assert "chainrule-course" not in claims
    assert spec["automountServiceAccountToken"] is False
    rights = container["securityContext"]
    assert (rights["runAsUser"], rights["runAsNonRoot"], rights["allowPrivilegeEscalation"]) == (
        1000,
        True,
        False,
    )
    assert rights["capabilities"] == {"drop": ["ALL"]}
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not rights.get("privileged")


@pytest.mark.parametrize("name", ["ada", "ada@example.org", "Ada", "b+en", ".."])
def test_the_room_is_the_one_that_collecting_looks_into(name):
    from kubespawner.slugs import safe_slug

    spec = pod("cpu", name)["spec"]
    (inbound,) = [
        one
        for one in spec["containers"][0]["volumeMounts"]
        if one["mountPath"].endswith("/inbound")
    ]
    assert inbound["subPath"] == f"chainrule/inbound/{safe_slug(name)}"
    (room,) = spec["initContainers"]
    assert [mount["subPath"] for mount in room["volumeMounts"]] == [inbound["subPath"]]


def test_the_instructors_image_is_for_instructors():
    assert pod("instructor", "iris", "formgrade-chainrule")["spec"]["containers"][0][
        "image"
    ].startswith("example.org/chainrule/instructor:")
    with pytest.raises(Exception, match="instructor"):
        pod("instructor", "ada", "nbgrader-chainrule")
    for profile in PROFILES:
        assert pod(profile)["spec"]["containers"][0]["image"].startswith(
            "example.org/chainrule/student:"
        )


def test_the_network_of_students_pods():
    policy = z2jh()["singleuser"]["networkPolicy"]
    assert policy["enabled"] is True
    assert policy["egress"] == []
    allowed = {name for name, value in policy["egressAllowRules"].items() if value}
    assert allowed == {"dnsPortsKubeSystemNamespace", "dnsPortsPrivateIPs"}


def test_both_sides_name_the_same_things():
    """z2jh's values and our chart are two files; services, ports, groups, claims and images are the
    same in both.
    """
    values, chart = z2jh(), kinds(rendered())
    for name, service in values["hub"]["services"].items():
        host, port = service["url"].removeprefix("http://").split(":")
        assert [one["port"] for one in chart["Service", host]["spec"]["ports"]] == [int(port)]
        container = chart["Deployment", host]["spec"]["template"]["spec"]["containers"][0]
        environment = {one["name"]: one for one in container["env"]}
        assert environment["JUPYTERHUB_SERVICE_NAME"]["value"] == name
        assert environment["JUPYTERHUB_SERVICE_PREFIX"]["value"] == f"/services/{name}/"
        assert environment["JUPYTERHUB_API_TOKEN"]["valueFrom"]["secretKeyRef"] == {
            "name": "hub",
            "key": f"hub.services.{name}.apiToken",
        }
        assert environment["JUPYTERHUB_SERVICE_URL"]["value"].endswith(f":{port}")
    student = values["singleuser"]
    oracle = student["extraEnv"]["CHAINRULE_ORACLE_URL"]
    assert oracle == "http://proxy-public/services/oracle/"
    claims = {
        one["persistentVolumeClaim"]["claimName"] for one in student["storage"]["extraVolumes"]
    }
    assert claims <= {name for kind, name in chart if kind == "PersistentVolumeClaim"}
    assert (
        student["initContainers"][0]["image"]
        == f"{student['image']['name']}:{student['image']['tag']}"
    )
    scopes = {scope for role in values["hub"]["loadRoles"].values() for scope in role["scopes"]}
    assert {"access:services!service=oracle", "access:services!service=chainrule"} <= scopes
    assert os.path.isfile(ROOT / "deploy/images/student/Dockerfile")
