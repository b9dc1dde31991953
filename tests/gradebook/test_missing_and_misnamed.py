"""Folders and files that nbgrader stops a class at cost whoever they belong to, nobody else, and
somebody is told.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from courses.course import TinyCourse, build_tiny, once

from autograder.gradebook.classroom import ClassGrades, Wishes, grade_class
from autograder.gradebook.hooks.timestamps import why_untimed
from autograder.gradebook.students import is_student_id

WITHOUT = {"cat": "submission_secret.txt", "dan": "timestamp.txt"}
UNREADABLE = {"eve": "soon", "fay": "9" * 300, "gus": ""}
STUDENTS = ("ann", "b\nob", "b\udcffb", *WITHOUT, *UNREADABLE, "zoe")


def _hand_in(root: Path) -> TinyCourse:
    course = build_tiny(root)
    course.configure(f"c.Exchange.root = {str(root / 'exchange')!r}")
    (root / "exchange").mkdir(mode=0o777)
    (root / "exchange").chmod(0o777)
    for student in STUDENTS:
        folder = course.hand_in(student, course.notebook())
        (folder / "submission_secret.txt").write_text(f"secret of {student!a}")
        (folder / "timestamp.txt").write_text(UNREADABLE.get(student, "2026-03-01 11:00:00 UTC"))
        if student in WITHOUT:
            (folder / WITHOUT[student]).unlink()
    return course


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    return once(tmp_path_factory, "missing-and-misnamed", _hand_in)


@pytest.fixture(scope="module")
def grades(course: TinyCourse) -> ClassGrades:
    return grade_class(course.root, "tiny", Wishes())


@pytest.mark.integration
def test_everybody_with_a_name_is_graded_and_has_a_page(grades: ClassGrades):
    named = sorted(filter(is_student_id, STUDENTS))
    assert sorted(row.student for row in grades.students if row.feedback) == named
    assert {row.score for row in grades.students} == {10}
    assert grades.pageless == {}


def test_folders_that_are_nobodys_are_told_of(grades: ClassGrades):
    assert set(grades.failures) == {r"'b\nob'", r"'b\udcffb'"}
    assert all("rename it" in why for why in grades.failures.values())


def test_whoever_may_be_late_is_told_of(grades: ClassGrades):
    assert set(grades.untimed) == set(UNREADABLE)
    assert "no ordinary file with a date" in grades.untimed["eve"]


def test_no_timestamp_is_nothing_to_tell_of(course: TinyCourse):
    assert why_untimed(course.root / "submitted/dan/tiny") is None
    assert why_untimed(course.root / "submitted/ann/tiny") is None


@pytest.mark.integration
def test_feedback_is_released_to_everybody_else(course: TinyCourse, grades: ClassGrades):
    ran = course.run("nbgrader", "release_feedback", "tiny")
    released = list((course.root / "exchange/chainrule/feedback").glob("*.html"))
    assert len(released) == len(grades.students) - len(WITHOUT)
    for student, missing in WITHOUT.items():
        (line,) = [
            line for line in ran.stderr.splitlines() if f"/{student}/" in line and missing in line
        ]
        assert "is not released" in line


@pytest.mark.integration
def test_nbgraders_own_commands_go_on(course: TinyCourse):
    (course.root / "autograded/b\nob/tiny").mkdir(parents=True)
    page = course.root / "autograded/ann/tiny/tiny.ipynb"
    (course.root / "autograded/b\nob/tiny/tiny.ipynb").write_bytes(page.read_bytes())
    ran: Any = course.run("nbgrader", "generate_feedback", "tiny", "--force")
    assert "passed over" in ran.stderr
    assert (course.root / "feedback/zoe/tiny/tiny.html").is_file()
    ran = course.run("nbgrader", "autograde", "tiny", "--student", "*b*")
    assert ran.stderr.count("passed over") == 2
