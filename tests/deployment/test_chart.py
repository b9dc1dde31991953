"""Our chart, checked without a cluster: Helm's lint, the schemas of Kubernetes and dask-kubernetes,
and our promises.
"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from .helm import CHART, ROOT, helm, kinds, rendered
from .wheels import wheel

BIN = Path(sys.executable).parent
VERSION = "1.34"
FULL = (
    "--set=grading.enabled=true,grading.gpuWorkers=2,gradebook.secret=gradebook,gradebook.podLabels.app=postgresql",
    "--set=storage.exchange.storageClassName=nfs,image.pullSecrets={registry}",
)
WAYS = {"as it is": (), "everything": FULL, "own TLS": (*FULL, "--set=grading.tlsSecret=ours")}
CRDS = "dask_kubernetes/operator/deployment/helm/dask-kubernetes-operator/crds/"


@pytest.fixture(scope="module")
def everything() -> dict[tuple[str, str], dict[str, Any]]:
    return kinds(rendered(*FULL))


def pods(objects: Iterator[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every pod that the objects describe: name, spec."""
    for one in objects:
        name, spec = one["metadata"]["name"], one.get("spec", {})
        if one["kind"] == "Deployment":
            yield name, spec["template"]["spec"]
        if one["kind"] == "DaskCluster":
            yield f"{name} scheduler", spec["scheduler"]["spec"]
        if one["kind"] in ("DaskCluster", "DaskWorkerGroup"):
            yield f"{name} worker", spec["worker"]["spec"]


def test_helm_has_nothing_to_say():
    done = helm("lint", "--strict", str(CHART), *FULL)
    assert done.returncode == 0, done.stdout
    assert "[WARNING]" not in done.stdout
    assert "[ERROR]" not in done.stdout


@pytest.mark.parametrize("way", WAYS)
def test_kubernetes_would_accept_every_object(way):
    objects = rendered(*WAYS[way])
    checked = set()
    for one in objects:
        if one["apiVersion"].startswith("kubernetes.dask.org"):
            continue
        kubernetes_validate.validate(one, VERSION, strict=True)
        checked.add(one["kind"])
    assert {"Deployment", "Service", "NetworkPolicy", "PersistentVolumeClaim"} <= checked
    for name, spec in pods(iter(objects)):  # dask's pods, too
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name.replace(" ", "-")},
            "spec": spec,
        }
        kubernetes_validate.validate(pod, VERSION, strict=True)


def test_a_mistake_would_be_found():
    """The check above can fail: a misspelt field and a wrong type do."""
    (deployment,) = [
        one
        for one in rendered()
        if one["kind"] == "Deployment" and one["metadata"]["name"] == "oracle"
    ]
    for key, value in (("replicas", "one"), ("replicsa", 1)):
        wrong = copy.deepcopy(deployment)
        wrong["spec"][key] = value
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("kind", ["DaskCluster", "DaskWorkerGroup"])
def test_dask_kubernetes_would_accept_its_objects(everything, kind):
    with wheel("dask-kubernetes==2026.3.0") as package:
        (definition,) = [
            one
            for one in yaml.load_all(package.read(f"{CRDS}{kind.lower()}.yaml"), yaml.CSafeLoader)
            if one["spec"]["names"]["kind"] == kind
        ]
    schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    found = [one for (one_kind, _), one in everything.items() if one_kind == kind]
    assert len(found) == 1
    jsonschema.validate(found[0], schema)
    wrong = copy.deepcopy(found[0])
    wrong["spec"]["worker"]["replicas"] = "two"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


@pytest.mark.parametrize(
    "wrong",
    [
        "oracle.examiners=none",
        "storage.course.size=lots",
        "orakle.examiners=2",
        "course=Chain Rule",
        "grading.gpuResource=amd",
        "hub.api=nowhere",
    ],
)
def test_values_that_make_no_sense_are_refused(wrong):
    done = helm("template", "chainrule", str(CHART), f"--set={wrong}")
    assert done.returncode != 0
    assert "don't meet the specifications of the schema" in done.stderr


def test_no_pod_has_a_right_that_it_does_not_need(everything):
    found = list(pods(iter(everything.values())))
    assert len(found) == 5
    for name, spec in found:
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not spec.keys() & {"hostNetwork", "hostPID", "hostIPC"}
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            rights = container["securityContext"]
            assert rights["allowPrivilegeEscalation"] is False, name
            assert rights["readOnlyRootFilesystem"] is True
            assert rights["capabilities"] == {"drop": ["ALL"]}
            assert "memory" in container["resources"]["limits"]
            mounted = {mount["name"] for mount in container["volumeMounts"]}
            assert mounted <= {volume["name"] for volume in spec["volumes"]}


def test_the_gradebook_is_one_pods_alone(everything):
    """Its volume, the address of its server, and the exchange as a whole."""
    for claim in ("chainrule-course", "chainrule-exchange"):
        users = [
            name
            for name, spec in pods(iter(everything.values()))
            if any(
                volume.get("persistentVolumeClaim", {}).get("claimName") == claim
                for volume in spec["volumes"]
            )
        ]
        assert users == ["formgrader"], claim
    told = [
        name
        for name, spec in pods(iter(everything.values()))
        if any(
            variable["name"] == "CHAINRULE_GRADEBOOK" for variable in spec["containers"][0]["env"]
        )
    ]
    assert told == ["formgrader"]


def test_who_may_talk_to_whom(everything):
    """Every pod of the chart has a policy for both directions; none lets anybody in or out whom it
    does not name.
    """
    policies = {
        name: one["spec"] for (kind, name), one in everything.items() if kind == "NetworkPolicy"
    }
    assert set(policies) == {"oracle", "formgrader", "grading"}
    for name, policy in policies.items():
        assert policy["policyTypes"] == ["Ingress", "Egress"]
        for rule in (*policy["ingress"], *policy["egress"]):
            ends = rule.get("from", []) + rule.get("to", [])
            assert ends, f"{name} lets everybody in or out"
            for end in ends:
                assert "ipBlock" not in end, "no way to the internet"
                assert end.get("podSelector", {"-": 0}) or end["namespaceSelector"], (
                    f"{name} names nobody"
                )
    admitted = {
        name: [
            end["podSelector"]["matchLabels"].get("component") or end["podSelector"]["matchLabels"]
            for rule in policies[name]["ingress"]
            for end in rule["from"]
        ]
        for name in ("oracle", "formgrader")
    }
    assert admitted == {"oracle": ["proxy", "hub"], "formgrader": ["proxy", "hub"]}
    # The pods that the policies are for carry the labels that they look for.
    for name in ("oracle", "formgrader"):
        labels = everything["Deployment", name]["spec"]["template"]["metadata"]["labels"]
        assert policies[name]["podSelector"]["matchLabels"].items() <= labels.items()
        assert everything["Service", name]["spec"]["selector"].items() <= labels.items()


def test_workers_and_scheduler_talk_in_cipher_and_take_one_card_each(everything):
    for name, spec in pods(iter(everything.values())):
        if not name.startswith("grading"):
            continue
        environment = {one["name"]: one["value"] for one in spec["containers"][0]["env"]}
        assert environment["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "true"
        files = {value for key, value in environment.items() if "TLS" in key}
        secret = everything["Secret", "chainrule-grading-tls"]["stringData"]
        assert {path.removeprefix("/etc/chainrule/tls/") for path in files} == set(secret)
    gpu = everything["DaskWorkerGroup", "grading-gpu"]["spec"]["worker"]["spec"]["containers"][0]
    assert gpu["resources"]["limits"]["nvidia.com/gpu"] == "1"
    assert {"--resources=GPU=1", "--nthreads=1"} <= set(gpu["args"])
    assert (
        "--nthreads=1"
        in everything["DaskCluster", "grading"]["spec"]["worker"]["spec"]["containers"][0]["args"]
    )


def test_grades_outlive_an_uninstall(everything):
    claims = [one for (kind, _), one in everything.items() if kind == "PersistentVolumeClaim"]
    assert len(claims) == 4
    assert all(
        one["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for one in claims
    )
    assert (
        everything["PersistentVolumeClaim", "chainrule-exchange"]["spec"]["storageClassName"]
        == "nfs"
    )


def test_everything_runs_the_instructors_image_that_is_built(everything):
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
    images = {
        container["image"]
        for _, spec in pods(iter(everything.values()))
        for container in (*spec["containers"], *spec.get("initContainers", ()))
    }
    assert images == {f"example.org/chainrule/instructor:{version}"}
    for path in ("images/instructor/Dockerfile", "kubernetes/people.py"):
        assert f"example.org/chainrule/instructor:{version}" in (ROOT / "deploy" / path).read_text()


def test_the_programs_know_their_arguments(everything):
    """What the containers are started with, asked of the programs themselves."""
    oracle = everything["Deployment", "oracle"]["spec"]["template"]["spec"]["containers"][0]
    known = subprocess.run(
        [str(BIN / oracle["command"][0]), *oracle["command"][1:], "--help"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "200"},
    ).stdout
    for argument in oracle["args"]:
        assert f"{argument.partition('=')[0]} " in known, argument
    containers = everything["Deployment", "formgrader"]["spec"]["template"]["spec"]["containers"]
    formgrader, receiver = containers
    assert (BIN / formgrader["command"][0]).is_file()
    program, *arguments = receiver["command"]
    assert subprocess.run([str(BIN / program), *arguments, "--help"], check=False).returncode == 0


def test_the_receiver_runs_students_code_and_has_no_token(everything):
    pod = everything["Deployment", "formgrader"]["spec"]["template"]["spec"]
    (receiver,) = [one for one in pod["containers"] if one["name"] == "receiver"]
    assert not [one for one in receiver["env"] if "TOKEN" in one["name"] or "valueFrom" in one]
    assert "ports" not in receiver
    assert {one["mountPath"] for one in receiver["volumeMounts"]} == {
        "/tmp",
        "/course",
        "/exchange",
    }
    without = kinds(rendered("--set=receiver.enabled=false"))
    pod = without["Deployment", "formgrader"]["spec"]["template"]["spec"]
    assert [one["name"] for one in pod["containers"]] == ["formgrader"]
