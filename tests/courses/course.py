"""The tiny course built in a folder of its own, and notebooks that its students might hand in."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from . import commands

ROOT = Path(__file__).resolve().parents[2]
BIN = commands.BIN

HALF_SQUARE = """\
def half_square(x, w):
    scores = x @ w
    return np.mean(scores ** 2) / 2, x.T @ scores / len(x)
"""
ROW_SUMS = "def row_sums(x):\n    return x.sum(axis=1)\n"
RIGHT = {"half_square": HALF_SQUARE, "row_sums": ROW_SUMS}
WRITTEN = {"why": "Because the number of examples should not matter."}


class TinyCourse:
    """A course root with the tiny assignment built; ``run`` calls a real command in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def release(self) -> dict[str, Any]:
        """The released notebook."""
        return json.loads((self.root / "assignments/tiny/tiny.ipynb").read_bytes())

    def notebook(self, answers: Mapping[str, str] = RIGHT) -> dict[str, Any]:
        """The released notebook with the text of some cells replaced, by cell id."""
        notebook = deepcopy(self.release)
        for cell in notebook["cells"]:
            if cell["id"] in answers:
                cell["source"] = answers[cell["id"]]
        return notebook

    def hand_in(
        self, student: str, notebook: dict[str, Any] | bytes, name: str = "tiny.ipynb"
    ) -> Path:
        """Put a notebook (or any bytes) into a student's submission; returns the folder."""
        folder = self.root / "submitted" / student / "tiny"
        folder.mkdir(parents=True, exist_ok=True)
        data = notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
        (folder / name).write_bytes(data)
        return folder

    def autograded(self, student: str) -> dict[str, Any]:
        """The notebook that nbgrader wrote."""
        return json.loads((self.root / "autograded" / student / "tiny/tiny.ipynb").read_bytes())

    def run(self, *command: str, ok: bool = True) -> subprocess.CompletedProcess[str]:
        """Run ``chainrule`` or ``nbgrader`` in the course."""
        ran = commands.run(*command, cwd=self.root)
        assert not ok or ran.returncode == 0, ran.stdout + ran.stderr
        return ran

    def configure(self, line: str) -> None:
        """Add a line to nbgrader_config.py."""
        with (self.root / "nbgrader_config.py").open("a") as config:
            config.write(line + "\n")


def folder_of_the_run(factory: pytest.TempPathFactory) -> Path:
    """Where all test processes of a run find what one of them has made."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def once(factory: Any, name: str, make: Callable[[Path], TinyCourse]) -> TinyCourse:
    """Make a course once for all test processes; whoever comes second waits and takes the first
    one's.
    """
    shared = folder_of_the_run(factory)
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        root = shared / name
        if not (shared / f"{name}.made").exists():
            make(root)
            (shared / f"{name}.made").touch()
        return TinyCourse(root)


def build_tiny(root: Path) -> TinyCourse:
    """Copy the tiny course with the configuration as shipped, and build it."""
    from autograder.authoring import build

    shutil.copytree(ROOT / "tests/courses/tiny", root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", root)
    build(root, ["tiny"])
    return TinyCourse(root)


def code(source: Any, id: str = "mine", **metadata: Any) -> dict[str, Any]:
    """A code cell of a student's own."""
    return {
        "cell_type": "code",
        "id": id,
        "metadata": metadata,
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def place(notebook: Mapping[str, Any], id: str) -> int:
    """Where the cell of an id stands."""
    return next(index for index, cell in enumerate(notebook["cells"]) if cell["id"] == id)


def nameless(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """What hosted notebooks and converters leave of the cells."""
    bare = deepcopy(dict(notebook))
    for cell in bare["cells"]:
        cell.pop("id", None)
        cell["metadata"] = {}
    return bare
