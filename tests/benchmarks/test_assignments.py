"""What a submission of an assignment costs: the class that is measured, and what is told of it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from benchmarks.assignments import ASSIGNMENTS, STEPS, main, measured, table
from benchmarks.classes import ROOT, TRIVIAL, trivial_class
from benchmarks.measured import Measured, graded_whole


def test_a_class_is_measured_without_its_first_half(monkeypatch: pytest.MonkeyPatch):
    """The grading itself is told here: 13 CPU seconds for half of the class, 18 for all of it."""
    spent = {2: 13.0, 4: 18.0}
    seen: list[tuple[list[str], int]] = []
    steps: list[None] = []

    def told(course: Path, assignment: str, count: int) -> Measured:
        seen.append((sorted(path.name for path in (course / "submitted").iterdir()), count))
        return Measured(spent[count], spent[count], 0, 0, 0, 0)

    monkeypatch.setattr("benchmarks.assignments.graded_whole", told)
    row = measured(TRIVIAL, trivial_class, 2, partial(steps.append, None))
    students = [f"s{number:05}" for number in range(4)]
    assert seen == [(students[:2], 2), (students, 4)]
    assert len(steps) == STEPS
    assert row["cpu_each"] == row["seconds_each"] == 2.5
    assert row["once"] == 8
    assert len(row["limits"]) == 2
    assert row["limit_each"] == pytest.approx(sum(row["limits"]) / 2)
    assert row["multiple"] == pytest.approx(2.5 / row["limit_each"])


@pytest.mark.long
def test_a_class_is_graded_whole_or_not_measured(tmp_path: Path):
    course = trivial_class(2, tmp_path / "course")
    assert graded_whole(course, TRIVIAL, 2).cpu > 0
    with pytest.raises(SystemExit, match=f"2 of 3 submissions of {TRIVIAL} were graded, 2 have"):
        graded_whole(course, TRIVIAL, 3)


def test_every_assignment_of_the_course_is_measured():
    assert set(ASSIGNMENTS) == {path.parent.name for path in ROOT.glob("source/*/*.md")}


def test_the_table_shows_the_multiple(capsys: pytest.CaptureFixture[str]):
    row = {"assignment": "svm", "cpu_each": 6.0, "limit_each": 1.5, "multiple": 4.0, "once": 9.6}
    Console(width=120).print(table([row], 3))
    shown = capsys.readouterr().out
    assert "3 submissions more of each" in shown
    (line,) = (line for line in shown.splitlines() if "svm" in line)
    assert line.replace("│", " ").split() == ["svm", "6.00", "1.50", "4.0", "10"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [(["nothing"], "no assignment 'nothing'; there are: svm"), (["--submissions", "0"], "one")],
)
def test_what_cannot_be_measured_is_refused(
    asked: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.setattr("sys.argv", ["assignments", *asked])
    with pytest.raises(SystemExit):
        main()
    assert said in capsys.readouterr().err
