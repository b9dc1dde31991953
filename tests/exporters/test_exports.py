"""Grades for Canvas and Moodle, by the real ``nbgrader export`` from the gradebook of a class that
was really graded.
"""

from __future__ import annotations

import csv
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, ROW_SUMS, WRITTEN, TinyCourse, build_tiny, once
from nbgrader.api import Gradebook

CANVAS, MOODLE = (
    "autograder.gradebook.exporters.CanvasExport",
    "autograder.gradebook.exporters.MoodleExport",
)
DOCUMENTED = (Path(__file__).resolve().parents[2] / "docs/grading.md").read_text()
PEOPLE = {
    "ada": {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "email": "ada@example.org",
        "lms_user_id": "4711",
    },
    "ben": {"first_name": 'Ben "B', "last_name": "O'Neil, Jr."},
    "cyd": {"first_name": "", "last_name": "=HYPERLINK(1)"},
    "dot": {},
    "zoe": {"first_name": "Zoë", "last_name": "Å"},
}
ANSWERS = {
    "ada": RIGHT | WRITTEN,
    "ben": {"row_sums": ROW_SUMS},
    "cyd": RIGHT | {"row_sums": "def row_sums(x):\n    return x.sum(axis=0)"},
    "dot": RIGHT,
}
DUE, LATE = datetime(2026, 3, 1, 12), "2026-03-02 13:00:00 UTC"  # a day and an hour: two days begun


def gradebook(course: TinyCourse) -> Gradebook:
    return Gradebook(f"sqlite:///{course.root / 'gradebook.db'}")


def documented_plugin() -> str:
    (found,) = re.findall(r"```python\n(import math.*?)```", DOCUMENTED, re.DOTALL)
    return found


def graded(root: Path) -> TinyCourse:
    course = build_tiny(root)
    course.configure(documented_plugin())
    with gradebook(course) as opened:
        book: Any = opened
        book.update_or_create_assignment("tiny", duedate=DUE)
        for student, known in PEOPLE.items():
            book.update_or_create_student(student, **known)
    for student, answers in ANSWERS.items():
        folder = course.hand_in(student, course.notebook(answers))
        (folder / "timestamp.txt").write_text(
            LATE if student == "dot" else "2026-03-01 11:00:00 UTC"
        )
    course.run("chainrule", "grade", "tiny", "--jobs", "1", "--no-feedback")
    return course


@pytest.fixture(scope="session")
def course(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    return once(tmp_path_factory, "tiny-exported", graded)


def exported(
    course: TinyCourse, exporter: str, path: Path, *options: str
) -> tuple[list[list[str]], str]:
    said = course.run("nbgrader", "export", f"--exporter={exporter}", "--to", str(path), *options)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file)), said.stdout + said.stderr


def give(course: TinyCourse, student: str, points: float) -> None:
    """Grade the written answer, as Formgrader does."""
    with gradebook(course) as book:
        grade: Any = book.find_grade("why", "tiny", "tiny", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def scores(course: TinyCourse) -> dict[str, dict[str, Any]]:
    with gradebook(course) as book:
        return {row["student"]: row for row in book.submission_dicts("tiny")}


@pytest.mark.integration
def test_canvas(course: TinyCourse, tmp_path: Path):
    (header, possible, *rows), said = exported(course, CANVAS, tmp_path / "canvas.csv")
    # What Canvas asks of the first two lines before it reads any other.
    assert header == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "tiny"]
    assert possible[0].strip() == "Points Possible"
    assert possible[1:] == ["", "", "", "", "12"]
    assert all(len(row) == len(header) for row in rows)
    by_login = {row[3]: row for row in rows}
    cyd = scores(course)["cyd"]["score"]
    assert 6 <= cyd < 10
    assert {login: row[5] for login, row in by_login.items()} == {
        "ada": "",  # her written answer waits
        "ben": "4",
        "cyd": f"{cyd:g}",
        "dot": "8",  # ten points less two tenths
        "zoe": "",  # nothing handed in
    }
    assert by_login["ada"][:2] == ["Lovelace, Ada", "4711"]
    assert by_login["ben"][0] == "O'Neil, Jr., Ben \"B"
    assert by_login["cyd"][0] == "'=HYPERLINK(1)"  # no formula for a spreadsheet
    assert by_login["dot"][0] == "dot"
    assert "wait for a person to grade them: ada" in said


def test_canvas_as_configured(course: TinyCourse, tmp_path: Path):
    options = (
        "--CanvasExport.missing=0",
        "--CanvasExport.unfinished=True",
        "--CanvasExport.student_id=SIS User ID",
    )
    names = "--CanvasExport.names={'tiny': 'Tiny (99)'}"
    (header, _, *rows), said = exported(course, CANVAS, tmp_path / "canvas.csv", *options, names)
    assert header[5] == "Tiny (99)"
    assert {row[2]: row[5] for row in rows}["ada"] == "10"
    assert {row[2]: row[5] for row in rows}["zoe"] == "0"
    assert {row[3] for row in rows} == {""}
    assert "left out" not in said


def test_moodle(course: TinyCourse, tmp_path: Path):
    (header, *rows), _ = exported(course, MOODLE, tmp_path / "moodle.csv")
    assert header == [
        "First name",
        "Last name",
        "Username",
        "ID number",
        "Email address",
        "tiny (Real)",
    ]
    by_name = {row[2]: row for row in rows}
    assert by_name["ada"] == ["Ada", "Lovelace", "ada", "4711", "ada@example.org", "-"]
    assert by_name["ben"][5] == "4"
    assert by_name["dot"][5] == "8"
    assert by_name["zoe"] == ["Zoë", "Å", "zoe", "", "", "-"]


def test_some_students_and_assignments_only(course: TinyCourse, tmp_path: Path):
    options = ("--student", "['ben', 'nobody']", "--assignment", "['tiny', 'huge']")
    (_, _, *rows), said = exported(course, CANVAS, tmp_path / "canvas.csv", *options)
    assert [row[3] for row in rows] == ["ben"]
    assert "knows no student nobody" in said
    assert "knows no assignment huge" in said


def test_the_file_has_a_name_of_its_own_by_default(tiny_course: TinyCourse):
    tiny_course.run("nbgrader", "export", f"--exporter={CANVAS}")
    tiny_course.run("nbgrader", "export", f"--exporter={MOODLE}")
    assert (tiny_course.root / "canvas.csv").read_text().startswith("Student,")
    assert (tiny_course.root / "moodle.csv").read_text().startswith("First name,")


@pytest.mark.integration
@pytest.mark.parametrize(
    "again",
    [
        ("chainrule", "grade", "tiny", "--jobs", "1", "--no-feedback", "--force"),
        pytest.param(("nbgrader", "autograde", "tiny", "--force"), marks=pytest.mark.long),
    ],
)
def test_what_people_gave_stays_and_the_penalty_follows(course: TinyCourse, tmp_path: Path, again):
    """Graded by hand, then again: points by hand stay, code is judged anew, the penalty is a part
    of the new score.
    """
    copy = copied(course, tmp_path)
    give(copy, "ada", 1.5)
    (_, _, *rows), said = exported(copy, CANVAS, tmp_path / "canvas.csv")
    assert {row[3]: row[5] for row in rows}["ada"] == "11.5"
    assert "left out" not in said
    with gradebook(copy) as book:
        extra: Any = book.find_grade("check_row_sums", "tiny", "tiny", "ben")
        extra.extra_credit = 0.5
        book.db.commit()
    folder = copy.hand_in("dot", copy.notebook(RIGHT | WRITTEN))
    (folder / "timestamp.txt").write_text(LATE)
    folder = copy.hand_in("ben", copy.notebook(RIGHT))
    (folder / "timestamp.txt").write_text(
        "2026-03-01 12:10:00 UTC"
    )  # within the quarter of an hour
    copy.run(*again)
    give(copy, "dot", 2)
    copy.run(*again)
    assert {student: row["written_score"] for student, row in scores(copy).items()} == {
        "ada": 1.5,
        "ben": 0,
        "cyd": 0,
        "dot": 2,
    }
    _, said = exported(copy, CANVAS, tmp_path / "unconfirmed.csv")
    assert (
        "wait for a person to grade them: ada, dot" in said
    )  # nbgrader asks to look again, and so do we
    give(copy, "ada", 1.5)
    give(copy, "dot", 2)
    (_, _, *rows), _ = exported(copy, CANVAS, tmp_path / "again.csv")
    assert {row[3]: row[5] for row in rows if row[3] != "cyd"} == {
        "ada": "11.5",
        "ben": "10.5",
        "dot": "9.6",  # twelve points less two tenths
        "zoe": "",
    }


def copied(course: TinyCourse, tmp_path: Path) -> TinyCourse:
    shutil.copytree(course.root, tmp_path / "course")
    return TinyCourse(tmp_path / "course")
