"""A class graded in parallel, recorded by nbgrader's own converters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, ROW_SUMS, WRITTEN, TinyCourse
from nbgrader.api import Gradebook

from autograder.errors import AssignmentError, ClassError, ConfigError, UnknownAssignment, WallError
from autograder.gradebook.classroom import Wishes, grade_class

TRIPS = """
from nbgrader.preprocessors import NbGraderPreprocessor


class Trips(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        if resources["nbgrader"]["student"] == "ben":
            raise ValueError("over its own feet")
        return nb, resources


c.HTMLExporter.preprocessors = [Trips]
"""
CLASS = {
    "ada": RIGHT | WRITTEN,
    "ben": {"row_sums": ROW_SUMS},
    "cyd": RIGHT | {"half_square": "import os; os._exit(1)"},
    "dot": RIGHT | {"row_sums": "def row_sums(x):\n    return x.sum(axis=0)"},
}


def _hand_in(course: TinyCourse) -> None:
    for student, answers in CLASS.items():
        course.hand_in(student, course.notebook(answers))
    course.hand_in("eve", b"{")
    (course.root / "submitted/fay/tiny").mkdir(parents=True)
    (course.root / "submitted/gus/tiny").mkdir(parents=True)
    (course.root / "submitted/gus/tiny/notes.txt").write_text("I forgot the notebook")


def test_a_class(tiny_course: TinyCourse):
    _hand_in(tiny_course)
    told: list[tuple[str, str]] = []
    before = Path.cwd()
    grades = grade_class(
        tiny_course.root,
        "tiny",
        Wishes(jobs=2),
        progress=lambda step, student: told.append((step, student)),
    )
    assert Path.cwd() == before
    rows = {row.student: row for row in grades.students}
    scores = {student: row.score for student, row in rows.items()}
    assert scores == {"ada": 10, "ben": 4, "cyd": 4, "dot": 7, "eve": 0, "fay": 0, "gus": 0} | {
        "dot": scores["dot"]
    }
    assert 6 <= scores["dot"] < 10
    assert grades.failures == {}
    assert (rows["ada"].needs_manual_grade, rows["ben"].needs_manual_grade) == (True, False)
    assert "no notebook was handed in" in (rows["fay"].judged.problem or "")
    assert all(row.feedback is not None and row.feedback.is_file() for row in grades.students)
    assert sorted(told) == sorted(
        (step, student) for step in ("judged", "recorded", "pages") for student in rows
    )
    assert {verdict.seed for row in grades.students for verdict in row.judged.verdicts} == {
        grades.seed
    }
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        grade: Any = gradebook.find_grade("check_row_sums", "tiny", "tiny", "ada")
        assert grade.auto_score == 4
        assert (
            "no notebook" in gradebook.find_comment("row_sums", "tiny", "tiny", "fay").auto_comment
        )


@pytest.mark.integration
def test_pages_are_the_same_whoever_writes_them(
    tiny_course: TinyCourse, monkeypatch: pytest.MonkeyPatch
):
    students = [f"s{k}" for k in range(8)]
    for k, student in enumerate(students):
        tiny_course.hand_in(student, tiny_course.notebook(RIGHT | WRITTEN if k % 2 else {}))
    grade_class(tiny_course.root, "tiny", Wishes(jobs=1))
    pages = [tiny_course.root / f"feedback/{student}/tiny/tiny.html" for student in students]
    alone = [page.read_bytes() for page in pages]
    for page in pages:
        page.unlink()
    monkeypatch.setattr("autograder.gradebook.pages.WORTH_A_PROCESS", 2)
    told: list[tuple[str, str]] = []
    grades = grade_class(
        tiny_course.root,
        "tiny",
        Wishes(jobs=3),
        progress=lambda step, student: told.append((step, student)),
    )
    assert sorted(told)[len(students) : 2 * len(students)] == [
        ("pages", student) for student in students
    ]
    assert [page.read_bytes() for page in pages] == alone
    assert grades.pageless == {}


def test_who_got_no_page_is_named(tiny_course: TinyCourse):
    for student in ("ada", "ben"):
        tiny_course.hand_in(student, tiny_course.notebook(RIGHT))
    tiny_course.configure(TRIPS)
    done = tiny_course.run("chainrule", "grade", "tiny", "--jobs", "1", ok=False)
    assert done.returncode == 1
    assert (tiny_course.root / "feedback/ada/tiny/tiny.html").is_file()
    assert "ben has no feedback page" in done.stdout
    assert "ada has" not in done.stdout


@pytest.mark.integration
def test_grading_again_keeps_what_people_gave(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook(RIGHT | WRITTEN))
    grade_class(tiny_course.root, "tiny", Wishes(jobs=1))
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        grade: Any = gradebook.find_grade("why", "tiny", "tiny", "ada")
        grade.manual_score, grade.needs_manual_grade = 1.5, False
        gradebook.db.commit()
    tiny_course.hand_in("ada", tiny_course.notebook({"row_sums": ROW_SUMS} | WRITTEN))
    (row,) = grade_class(tiny_course.root, "tiny", Wishes(jobs=1)).students
    assert (row.score, row.written) == (5.5, 1.5)


def test_what_keeps_a_class_from_being_graded_is_said(tiny_course: TinyCourse):
    with pytest.raises(ClassError, match="nobody has handed in tiny"):
        grade_class(tiny_course.root, "tiny", Wishes(jobs=1))
    tiny_course.hand_in("ada", tiny_course.notebook())
    with pytest.raises(AssignmentError, match="no released notebook"):
        grade_class(tiny_course.root, "huge")
    with pytest.raises(WallError):
        grade_class(tiny_course.root, "tiny", Wishes(isolation="concrete"))
    (tiny_course.root / "solutions/tiny.py").unlink()
    with pytest.raises(AssignmentError, match="reference"):
        grade_class(tiny_course.root, "tiny", Wishes(jobs=1))
    assert not (tiny_course.root / "autograded").exists()


def test_a_gradebook_that_does_not_know_the_assignment(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook())
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        gradebook.remove_assignment("tiny")
    with pytest.raises(UnknownAssignment, match="chainrule build tiny"):
        grade_class(tiny_course.root, "tiny", Wishes(jobs=1))


def test_a_configuration_that_does_not_load(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook())
    tiny_course.configure("1 / 0")
    with pytest.raises(ConfigError, match=r"nbgrader_config\.py: ZeroDivisionError"):
        grade_class(tiny_course.root, "tiny", Wishes(jobs=1))
