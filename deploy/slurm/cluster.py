"""A scheduler with keys of its own, and Slurm jobs as its workers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SHIPPED = Path(__file__).with_name("dask.yaml")
ROLES = ("client", "scheduler", "worker")


class ClusterError(Exception):
    """No cluster can be started: one sentence with what to do."""


@contextmanager
def started(folder: Path, config: Path | None = None, *, gpu: bool = False) -> Iterator[Any]:
    """A dask-jobqueue SLURMCluster without workers yet, for whoever has the keys in ``folder``;
    ended with its jobs.

    Raises ClusterError.
    """
    if shutil.which("sbatch") is None:
        raise ClusterError(
            "there is no sbatch on this machine: start this where jobs are submitted"
        )
    try:
        import cryptography  # which makes the keys  # noqa: F401
        import dask.config
        from dask_jobqueue.slurm import SLURMCluster
        from distributed import Security
    except ImportError as error:
        raise ClusterError(f"{error.name} is missing: install chainrule[scale]") from None
    os.environ["DASK_CONFIG"] = str(write_keys(folder))  # sbatch hands it on to the workers
    dask.config.refresh(paths=[str(config or SHIPPED), *dask.config.paths, str(folder)])
    section = "chainrule-gpu" if gpu else "chainrule-cpu"
    stated = {
        key.replace("_", "-"): value  # as it is spelled in the environment
        for key, value in dask.config.get(f"jobqueue.{section}").items()
        if value is not None
    }
    dask.config.set({f"jobqueue.{section}": dask.config.get("jobqueue.slurm") | stated})
    try:
        cluster = SLURMCluster(config_name=section, security=Security())
    except (OSError, RuntimeError, ValueError) as error:
        raise ClusterError(" ".join(str(error).split())) from error
    with cluster:
        yield cluster


def write_keys(folder: Path) -> Path:
    """Write fresh keys to ``folder``, for nobody else's eyes, and a Dask configuration that uses
    them. Returns it.
    """
    import yaml
    from distributed import Security

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    made = Security.temporary()
    texts = {
        "ca.pem": made.tls_ca_file,
        "cert.pem": made.tls_client_cert,
        "key.pem": made.tls_client_key,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    pair = {"cert": str(folder / "cert.pem"), "key": str(folder / "key.pem")}
    tls = {"ca-file": str(folder / "ca.pem"), **{role: pair.copy() for role in ROLES}}
    settings = {"distributed": {"comm": {"require-encryption": True, "tls": tls}}}
    (folder / "tls.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    return folder
