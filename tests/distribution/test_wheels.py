"""What is shipped to whom: the student's wheel holds no answer, the solutions' wheel holds nothing
else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
TRAVELS = ("autograder", "coursekit", "solutions", "pyproject.toml", "README.md", "LICENSE")


def built(source: Path, into: Path) -> dict[str, str]:
    """Build a wheel of a copy (builds leave traces beside the source): name inside -> text."""
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(into),
        str(source),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = into.glob("*.whl")
    with ZipFile(wheel) as archive:
        return {name: archive.read(name).decode("utf-8", "replace") for name in archive.namelist()}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("source")
    for name in TRAVELS:
        path = ROOT / name
        if path.is_dir():
            shutil.copytree(
                path,
                target / name,
                ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"),
            )
        elif path.exists():
            shutil.copy(path, target / name)
    return target


def telling_lines(text: str) -> set[str]:
    """Lines of code that could hardly be written twice by chance."""
    stripped = (line.strip() for line in text.splitlines())
    return {
        line for line in stripped if len(line) > 40 and "=" in line and not line.startswith("#")
    }


def test_the_students_wheel_has_the_engine_and_no_line_of_an_answer(copy, tmp_path):
    inside = built(copy, tmp_path)
    rooms = {name.partition("/")[0] for name in inside if ".dist-info" not in name}
    assert rooms == {"autograder", "coursekit"}
    assert {"autograder/classreport/page.html", "autograder/classreport/page.css"} <= set(inside)
    answers = set[str]()
    for path in (ROOT / "solutions").rglob("*.py"):
        answers |= telling_lines(path.read_text())
    assert answers
    assert {
        name: line for name, text in inside.items() for line in telling_lines(text) & answers
    } == {}


def test_the_solutions_are_a_distribution_of_their_own(copy, tmp_path):
    inside = built(copy / "solutions", tmp_path)
    assert {name.partition("/")[0] for name in inside if ".dist-info" not in name} == {"solutions"}
    modules = {name for name in inside if name.endswith(".py")}
    assert {"solutions/svm.py", "solutions/mistakes/svm.py"} <= modules
