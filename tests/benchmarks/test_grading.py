"""Graders side by side: Otter is asked what stock nbgrader is asked, and is left out where it
cannot be installed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np
import pytest
from courses.course import RIGHT, TinyCourse
from rich.console import Console

from autograder import check
from autograder.course.assignment import load_assignment
from autograder.notebook import CheckFailed
from benchmarks import otter_grader
from benchmarks.grading import WAYS, report, table, ways
from benchmarks.limit import in_own_process, limit
from benchmarks.measured import Measured

WRONG = {**RIGHT, "half_square": RIGHT["half_square"].replace("/ 2", "")}
NBGRADER = ("NBGRADER_EXECUTION", "autograde")


def asked_by(path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """The one case of a test of Otter's, which hands the submission's names to it."""
    cases: list[Any] = []
    module = ModuleType("otter.test_files")
    module.test_case = lambda *, points: cases.append  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "otter", ModuleType("otter"))
    monkeypatch.setitem(sys.modules, "otter.test_files", module)
    exec(path.read_text(), {})
    (case,) = cases
    return case


def test_otters_tests_ask_what_the_check_cells_ask(
    tiny_course: TinyCourse, monkeypatch: pytest.MonkeyPatch
):
    otter_grader.write_tests(tiny_course.root, "tiny")
    tests = tiny_course.root / "otter" / "tests"
    exercises = load_assignment(tiny_course.root, "tiny").exercises
    assert {path.stem for path in tests.iterdir()} == set(exercises)
    monkeypatch.setenv(*NBGRADER)
    monkeypatch.chdir(tiny_course.root / "assignments" / "tiny")
    for answers, fails in ((RIGHT, set()), (WRONG, {"half_square"})):
        names = {"np": np, "check": check}
        for source in answers.values():
            exec(source, names)
        for name in exercises:
            case = asked_by(tests / f"{name}.py", monkeypatch)
            if name in fails:
                with pytest.raises(CheckFailed, match=name):
                    case(names)
            else:
                case(names)


def test_a_notebook_for_otter_skips_demonstrations_and_asks_where_the_check_cells_stood(
    tiny_built: TinyCourse,
):
    handed_in: Any = nbformat.reads(json.dumps(tiny_built.notebook()), as_version=4)
    before = {cell.id: cell.source for cell in handed_in.cells}
    tests, ignored, changed = [], [], []
    for cell in otter_grader.marked(handed_in).cells:
        tests += cell.metadata.get("otter", {}).get("tests", [])
        if "otter_ignore" in cell.metadata.get("tags", ()):
            ignored.append(cell.source)
        if cell.source != before[cell.id]:
            changed.append((before[cell.id], cell.source))
    assert tests == list(load_assignment(tiny_built.root, "tiny").exercises)
    assert ignored == ['print("the demo ran")']
    assert changed == [(f'check("{name}")', "") for name in tests]


@pytest.mark.long
def test_otter_gives_the_points_that_stock_nbgrader_gives(tiny_course: TinyCourse):
    try:
        otter_grader.installed()
    except otter_grader.OtterMissing as missing:
        pytest.skip(str(missing))
    for student, answers in {"right": RIGHT, "wrong": WRONG, "empty": {}}.items():
        tiny_course.hand_in(student, tiny_course.notebook(answers))
    otter_grader.hand_over(tiny_course.root, "tiny")
    subprocess.run(otter_grader.command("tiny"), cwd=tiny_course.root, check=True)
    points = {
        path.parents[1].name: {
            one["name"]: one["score"] for one in json.loads(path.read_text())["tests"][1:]
        }
        for path in tiny_course.root.glob("autograded/*/tiny/results.json")
    }
    exercises = load_assignment(tiny_course.root, "tiny").exercises
    full = {name: exercise.points for name, exercise in exercises.items()}
    assert points == {
        "right": full,
        "wrong": full | {"half_square": 0},
        "empty": dict.fromkeys(full, 0),
    }


def test_without_a_package_index_it_says_so_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name, value in {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(name, value)
    home = tmp_path / "otter"
    home.mkdir()
    (home / ".done").write_text("an earlier version of it")
    with pytest.raises(otter_grader.OtterMissing, match=r"otter-grader.* needs a package index"):
        otter_grader.installed(home)
    assert not home.exists()


def test_where_otter_is_missing_a_line_says_so_and_the_row_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    def missing():
        raise otter_grader.OtterMissing("It is not here.")

    monkeypatch.setattr(otter_grader, "installed", missing)
    others = [way for way in WAYS if way != "otter"]
    assert list(ways(Console(stderr=True), otter=True)) == others
    assert "otter is left out: It is not here." in capsys.readouterr().err
    assert list(ways(Console(stderr=True), otter=False)) == others
    assert "otter" not in capsys.readouterr().err


@pytest.mark.parametrize("otter", [True, False])
def test_the_report_divides_by_submissions_and_by_stock_nbgrader(otter: bool):
    names = [way for way in WAYS if otter or way != "otter"]
    found = {way: Measured(60 / k, 30 / k, k << 20, 0, 0, 0) for k, way in enumerate(names, 1)}
    line = report(found, 10, 5.0)
    assert list(line["seconds"]) == list(line["cpu_seconds"]) == list(line["peak_memory"]) == names
    assert line["seconds"]["stock"] == 6
    assert line["limit_cpu_seconds"] == 0.5
    assert [line["ratio_jobs1"], line["ratio_jobs2"]] == pytest.approx([4, 5] if otter else [3, 4])
    assert ("ratio_otter" in line) == otter
    assert len(table(found, 10, 5.0).rows) == len(names) + 1


def test_the_limit_knows_each_submission(tiny_course: TinyCourse):
    for student, answers in {"a": RIGHT, "b": WRONG}.items():
        tiny_course.hand_in(student, tiny_course.notebook(answers))
    notebooks = sorted(tiny_course.root.glob("submitted/*/tiny/tiny.ipynb"))
    here = limit(load_assignment(tiny_course.root, "tiny"), notebooks)
    apart = in_own_process(tiny_course.root, "tiny")
    for found in (here, apart):
        assert found.submissions == len(found.each) == 2
        assert min(found.each) > 0
        assert sum(found.each) == pytest.approx(found.seconds)
        assert found.seconds == found.cells + found.calls
