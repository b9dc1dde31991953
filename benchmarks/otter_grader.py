"""Otter-Grader beside stock nbgrader: the same submissions, the same questions, a kernel each.

    python -m benchmarks.grading    # measures it, in the row "otter"

Otter lives in an environment of its own, build/otter, which is made when it is first needed and is
no part of the project's. What it is asked is what stock nbgrader is asked: for each check cell of
the assignment there is an Otter test (exception-based) that calls ``check("name")`` on the names of
the submission, with the points of the cell, and fails where check raises. It is asked where the
check cell stands, by a mark in the notebook as Otter Assign sets it; the cell itself is emptied, so
that each question is asked once. Demonstrations are left out by Otter's own tag. So both pay for
the same judging, without the reference; what differs is what is around it.

A class is graded by one process, which calls for one notebook after the other what the command
`otter run` calls, Otter's grader without containers: a command for each would cost its imports each
time, and a container more. Its folders and its zip (`otter generate`) are made before the clock
starts, as an assignment's release is for us."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import io
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import traceback
from pathlib import Path
from typing import Any

import nbformat

from autograder.course.marks import check_of
from autograder.grading.released import role_of

ROOT = Path(__file__).resolve().parents[1]
OTTER = "otter-grader[grading]==7.0.0"
HOME = ROOT / "build" / "otter"
FAILED = 3
TEST = """\
OK_FORMAT = False
from otter.test_files import test_case

name = {name!r}
points = {points!r}

@test_case(points={points!r})
def asked(env):
    eval({call!r}, env)  # in the submission's names, where check looks for the answer
"""


class OtterMissing(Exception):
    """Otter cannot be run here. The message is a sentence for people."""


def python(home: Path = HOME) -> Path:
    """The Python that runs Otter, once ``installed`` was called."""
    return home / "bin" / "python"


def command(assignment: str) -> list[str]:
    """What grades the class of a course, there."""
    return [str(python()), "-P", "-m", "benchmarks.otter_grader", ".", assignment]


def installed(home: Path = HOME) -> None:
    """Make Otter's environment, if it is not there yet. Raises OtterMissing.

    Otter and all that it asks for, a kernel too, is installed in it, in the versions that the
    project has of the same packages. What only the notebooks import (matplotlib, torch, ...) it
    finds in the project's packages, which come after its own: a name that both have is Otter's.
    """
    seen = f"{sysconfig.get_path('purelib')}\n{ROOT}\n"
    done, wanted = home / ".done", f"{OTTER}\n{sys.version}\n{seen}"
    if done.is_file() and done.read_text() == wanted:
        return
    shutil.rmtree(home, ignore_errors=True)
    home.parent.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    constraints = str(ROOT / "constraints.txt")
    try:
        _run([sys.executable, "-m", "venv", "--without-pip", str(home)])
        _run([*pip, "--python", str(python(home)), "install", "-c", constraints, OTTER])
    except subprocess.CalledProcessError as error:
        shutil.rmtree(home, ignore_errors=True)
        lines = error.stderr.strip().splitlines() or [""]
        said = next((line for line in reversed(lines) if line.startswith("ERROR: ")), lines[-1])
        raise OtterMissing(
            f"{OTTER} could not be installed in build/{home.name}, which needs a package index: "
            + said.removeprefix("ERROR: ")
        ) from None
    (packages,) = home.glob("lib/python*/site-packages")
    (packages / "project.pth").write_text(seen)
    done.write_text(wanted)


def _run(command: list[str], cwd: Path = ROOT) -> None:
    subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True)


def hand_over(course: Path, assignment: str) -> None:
    """Write what Otter needs into COURSE/otter: its tests, what was handed in as it reads
    notebooks, the zip that it grades with.
    """
    write_tests(course, assignment)
    for path in sorted(course.glob(f"submitted/*/{assignment}/{assignment}.ipynb")):
        there = _submissions(course) / path.parents[1].name / path.name
        there.parent.mkdir(parents=True)
        nbformat.write(marked(nbformat.read(path, as_version=4)), there)
    release = course / "assignments" / assignment
    beside = [path.name for path in release.iterdir() if path.suffix not in (".ipynb", ".pyc")]
    tests, made = course / "otter" / "tests", _zip(course)
    generate = [str(python()), "-m", "otter", "generate", "-t", str(tests), "-o", str(made)]
    _run([*generate, *sorted(beside)], cwd=release)


def write_tests(course: Path, assignment: str) -> None:
    """An Otter test for each check cell of the released notebook."""
    tests = course / "otter" / "tests"
    tests.mkdir(parents=True)
    release = course / "assignments" / assignment / f"{assignment}.ipynb"
    for cell in json.loads(release.read_bytes())["cells"]:
        if name := check_of(cell):
            points = cell["metadata"]["nbgrader"]["points"]
            text = TEST.format(name=name, points=points, call=f"check({name!r})")
            (tests / f"{name}.py").write_text(text)


def marked(notebook: Any) -> Any:
    """A notebook that was handed in, as Otter reads it: it leaves demonstrations out, and asks its
    test where a check cell stood.
    """
    for cell in notebook.cells:
        if role_of(cell) == "demo":
            cell.metadata.tags = [*cell.metadata.tags, "otter_ignore"]
        elif name := check_of(cell):
            cell.source = ""
            cell.metadata["otter"] = {"tests": [name]}
    return notebook


def grade(course: Path, assignment: str) -> None:
    """Grade the class into COURSE/autograded/STUDENT/ASSIGNMENT/results.json, where Otter is
    installed.
    """
    run = importlib.import_module("otter.run").main
    os.environ["NBGRADER_EXECUTION"] = "autograde"  # check raises, as it does for stock nbgrader
    asked = {path.stem for path in (course / "otter" / "tests").glob("*.py")}
    made = str(_zip(course).resolve())
    for notebook in sorted(_submissions(course).resolve().glob("*/*.ipynb")):
        into = course.resolve() / "autograded" / notebook.parent.name / assignment
        into.mkdir(parents=True)
        with contextlib.redirect_stdout(io.StringIO()):
            found = run(str(notebook), autograder=made, output_dir=str(into), no_logo=True)
        if missing := asked - set(found.results):
            raise RuntimeError(f"{notebook}: Otter did not ask {', '.join(sorted(missing))}")


def _submissions(course: Path) -> Path:
    return course / "otter" / "submitted"


def _zip(course: Path) -> Path:
    return course / "otter" / "grader.zip"


def main() -> None:
    """Grade what was handed over, with Otter's Python."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("course", type=Path)
    parser.add_argument("assignment")
    wanted = parser.parse_args()
    try:
        grade(wanted.course, wanted.assignment)
    except Exception:
        traceback.print_exc()
        sys.exit(FAILED)  # not 1, with which nbgrader says that a submission had errors


if __name__ == "__main__":
    main()
