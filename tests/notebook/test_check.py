"""``check`` as a student meets it: in a real kernel, in a terminal, and through nbgrader's
Validate.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from courses.course import HALF_SQUARE, ROW_SUMS, TinyCourse
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbgrader.utils import determine_grade
from nbgrader.validator import Validator

from autograder.notebook import NBGRADER, CheckNotFound, load_exercises

EXERCISES = """
import numpy as np
from autograder import exercise
from autograder.checks import Dimensions, Gradient, Reference

@exercise(points=8, inputs={"x": "N D"}, outputs={"loss": "", "dx": "N D"})
def square(student, x):
    loss, dx = student.square(x)
    return {"loss": loss, "dx": dx}

square.checks = [Dimensions(), Gradient("loss", wrt="x", claimed="dx"), Reference(share=2)]
"""
PACKAGE = {
    "exercises/__init__.py": "from .squares import square\n",
    "exercises/squares.py": "from shared import POINTS" + EXERCISES.replace("=8", "=POINTS"),
    "shared.py": "POINTS = 8\n",
}
RIGHT = "import numpy as np\ndef square(x): return (x * x).sum(), 2 * x"
WRONG = "import numpy as np\ndef square(x): return (x * x).sum(), x"
STUB = "def square(x):\n    raise NotImplementedError()"


GRADED = {
    "grade": True,
    "solution": False,
    "locked": True,
    "task": False,
    "points": 8,
    "grade_id": "check_square",
    "schema_version": 3,
}


@pytest.fixture(autouse=True)
def no_nbgrader(monkeypatch: pytest.MonkeyPatch) -> None:
    """A student's own Jupyter, whatever runs these tests."""
    for name in NBGRADER:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["a module", "a package"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    module = {"exercises.py": EXERCISES}
    return written(tmp_path, module if request.param == "a module" else PACKAGE)


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def executed(folder: Path, *cells: str, allow_errors: bool = False) -> list:
    """The cells after *Run All*, which stops at the first error, as Jupyter does."""
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(source) for source in cells]
    )
    client = NotebookClient(
        notebook, allow_errors=allow_errors, resources={"metadata": {"path": str(folder)}}
    )
    return client.execute().cells


def test_a_student_sees_a_report_and_the_notebook_goes_on(folder):
    cells = executed(
        folder,
        "from autograder import check",
        WRONG,
        'check("square")',
        RIGHT,
        'check("square")',
        STUB,
        'check("square")',
        "print(6 * 7)",
    )
    (report,) = cells[2].outputs
    assert report.data["text/plain"].startswith("square: partly right")
    assert "exactly 1/2" not in report.data["text/plain"]
    assert "it is 1/2 of what it should be, everywhere" in " ".join(
        report.data["text/plain"].split()
    )
    assert report.data["text/html"].startswith("<div")

    (passed,) = cells[4].outputs
    assert (
        "all checks that run here passed, 4 of 8 points so far, 4 wait for grading"
        in passed.data["text/plain"]
    )

    (unwritten,) = cells[6].outputs
    assert "not written yet" in unwritten.data["text/plain"]
    assert cells[7].outputs[0].text == "42\n"


def test_an_exercise_that_is_not_there_stops_the_notebook(folder):
    with pytest.raises(CellExecutionError) as caught:
        executed(folder, "from autograder import check", 'check("cube")', "print(6 * 7)")
    assert caught.value.ename == "CheckNotFound"
    assert caught.value.evalue == "there is no exercise 'cube' here; there are: square"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("NBGRADER_EXECUTION", "validate"),
        ("NBGRADER_VALIDATING", "1"),
        ("NBGRADER_EXECUTION", "autograde"),
    ],
)
@pytest.mark.parametrize("answer", [WRONG, STUB], ids=["wrong", "unwritten"])
def test_where_nbgrader_runs_the_notebook_a_failed_check_is_an_error_of_one_line(
    name: str, value: str, answer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written(tmp_path, {"exercises.py": EXERCISES})
    monkeypatch.setenv(name, value)
    sources = ["from autograder import check", answer, 'check("square")']
    with pytest.raises(CellExecutionError):
        executed(tmp_path, *sources, "print(6 * 7)")
    checked = executed(tmp_path, *sources, allow_errors=True)[2]
    report, error = checked.outputs
    assert "square" in report.data["text/plain"]
    assert error.ename == "CheckFailed"
    assert error.traceback == [f"CheckFailed: {error.evalue}"]
    checked.metadata.nbgrader = GRADED
    assert determine_grade(checked) == (0, 8)


def test_a_check_that_passes_is_no_error_where_nbgrader_runs_the_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    written(tmp_path, {"exercises.py": EXERCISES})
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    checked = executed(tmp_path, "from autograder import check", RIGHT, 'check("square")')[2]
    checked.metadata.nbgrader = GRADED
    assert determine_grade(checked) == (8, 8)


ENDLESS = """
def square(x):
    while True:
        try:
            x = x + 1
        except BaseException:
            pass"""


def test_an_endless_loop_is_stopped_and_the_notebook_goes_on(tmp_path: Path):
    """Slow enough to be told so meanwhile; then from another folder, as a tutorial's os.chdir
    leaves it.
    """
    written(tmp_path, {"exercises.py": EXERCISES.replace("points=8", "points=8, seconds=1.2")})
    cells = executed(
        tmp_path,
        "from autograder import check",
        ENDLESS,
        'check("square")',
        f"import os\nos.chdir(os.path.expanduser('~'))\n{RIGHT}",
        'check("square")',
    )
    still, report = cells[2].outputs
    assert still.text == "square: still working; an answer may take 2.4 s.\n"
    assert "square: stopped at the time limit, 0 of 8 points" in report.data["text/plain"]
    assert "stopped after 2.4 s: is there a loop in it that never ends?" in " ".join(
        report.data["text/plain"].split()
    )
    (passed,) = cells[4].outputs
    assert "all checks that run here passed" in passed.data["text/plain"]


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "utf-8"])
def test_any_console_gets_a_report(encoding: str, tmp_path: Path):
    written(tmp_path, {"exercises.py": EXERCISES})
    (tmp_path / "answer.py").write_text(
        f'from autograder import check\n{WRONG}\ncheck("square", seed=3)\n'
    )
    done = subprocess.run(
        [sys.executable, "answer.py"],
        cwd=tmp_path,
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )
    said = done.stdout.decode(encoding)
    passed, failed = ("✓", "✗") if encoding == "utf-8" else ("+", "x")
    assert f"  {passed} Dimensions" in said
    assert f"  {failed} Gradient dx" in said
    assert b"UnicodeEncodeError" not in done.stderr


def test_a_terminal_gets_text_and_a_failing_exit_code(folder):
    (folder / "answer.py").write_text(
        f'from autograder import check\n{WRONG}\ncheck("square", seed=3)\n'
    )
    done = subprocess.run(
        [sys.executable, "answer.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stdout.startswith("square: partly right")
    assert 'same inputs again: check("square", seed=3)' in done.stdout


def test_without_its_exercises_a_notebook_is_told_what_to_do(tmp_path):
    with pytest.raises(CellExecutionError) as caught:
        executed(tmp_path, 'from autograder import check\ncheck("square")')
    assert caught.value.evalue.startswith(
        "the exercises are not beside this notebook: fetch the assignment again"
    )


@pytest.mark.integration
def test_a_package_as_it_was_built_and_released(tiny_built: TinyCourse, tmp_path: Path):
    shutil.copytree(tiny_built.root / "assignments/tiny", tmp_path / "tiny")
    wrong = HALF_SQUARE.replace(" / len(x)", "")
    (tmp_path / "tiny/exercises.py").write_text("1 / 0")  # left over from a release of before
    first = f"import numpy as np\nfrom autograder import check\n{ROW_SUMS}"
    cells = executed(tmp_path / "tiny", first, 'check("row_sums")', wrong, 'check("half_square")')
    (passed,) = cells[1].outputs
    assert "row_sums: all checks passed, 4 of 4 points" in passed.data["text/plain"]
    (report,) = cells[3].outputs
    assert "dw is summed over the examples" in report.data["text/plain"]


def test_exercises_are_read_again_only_when_a_module_changed(tmp_path: Path):
    written(tmp_path, PACKAGE)
    first = load_exercises(tmp_path)
    assert load_exercises(tmp_path) is first
    (tmp_path / "shared.py").write_text("POINTS = 11\n")
    assert load_exercises(tmp_path)["square"].points == 11


def test_exercises_that_do_not_load_are_told_in_a_line(tmp_path: Path):
    (tmp_path / "exercises.py").write_text("\nimport nowhere\n")
    with pytest.raises(CheckNotFound) as caught:
        load_exercises(tmp_path)
    assert str(caught.value) == "exercises.py:2: ModuleNotFoundError: No module named 'nowhere'"


def test_validate_sees_what_check_sees(folder):
    for answer, expected in ((WRONG, "failed"), (RIGHT, None)):
        cells = [
            nbformat.v4.new_code_cell(source)
            for source in (f"from autograder import check\n{answer}", 'check("square")')
        ]
        cells[1].metadata.nbgrader = GRADED
        path = folder / "square.ipynb"
        path.write_text(json.dumps(nbformat.v4.new_notebook(cells=cells)))
        validator = Validator()
        found = validator.validate(str(path))
        assert ("failed" in found) == (expected == "failed"), found
