"""Who may hand in later: a table with zones, whose mistakes cost nobody else anything; and a
timestamp that cannot be read comes before a person.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from courses.course import TinyCourse
from nbgrader.api import Gradebook

from autograder.course.marks import notebook_marks
from autograder.gradebook.extensions import read_extensions

DUE = datetime(2026, 3, 1, 12)
RULE = "c.LateSubmissionPlugin.penalty_method = 'zero'"
LATE = "2026-03-02 11:00:00 UTC"
TABLE = """\
student,assignment,until
ada,tiny,2026-03-02 12:30 Europe/Berlin
ben,tiny,48 hours

cyd,tiny,2026-03-05 23:59
dan,tiny,2026-03-02 23:59 Middle/Earth
eve,tiny,2026-03-02 07:00 -05:00
eve,tiny,9 days
fay,tiny
gus,other,1 day
"""


def written(folder: Path, table: str) -> Path:
    (folder / "extensions.csv").write_text(table)
    return folder


def test_moments_and_spans_are_read_in_their_zones(tmp_path: Path) -> None:
    table = read_extensions(written(tmp_path, TABLE))
    longer = {student: one.beyond(DUE) for (student, _), one in table.granted.items()}
    assert longer == {
        "ada": timedelta(hours=23, minutes=30),  # 11:30 UTC in winter
        "ben": timedelta(hours=48),
        "eve": timedelta(hours=24),
        "gus": timedelta(days=1),
    }
    earlier = read_extensions(
        written(tmp_path, "student,assignment,until\nada,tiny,2026-02-01 00:00 UTC\n")
    )
    assert earlier.granted["ada", "tiny"].beyond(DUE) is None  # an extension never shortens


def test_what_cannot_be_read_is_told_in_a_sentence_with_its_line(tmp_path: Path) -> None:
    table = read_extensions(written(tmp_path, TABLE))
    assert list(table.problems) == [
        "extensions.csv line 5: '2026-03-05 23:59' names no zone: add UTC, Europe/Berlin or +01:00",
        "extensions.csv line 6: '2026-03-02 23:59 Middle/Earth' is no moment: there is no zone "
        "Middle/Earth",
        "extensions.csv line 8: line 7 says it already, and counts",
        "extensions.csv line 9: a line has student, assignment and until",
    ]
    assert table.untouched == {("cyd", "tiny"), ("dan", "tiny"), ("fay", "tiny")}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"", b"name,until\n", b"\x00,\x00\n"])
def test_a_table_that_is_none_changes_nobodys_extension(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "extensions.csv").write_bytes(content)
    table = read_extensions(tmp_path)
    assert not table.stated
    assert len(table.problems) == 1
    assert "nobody's extension changes" in table.problems[0]
    assert read_extensions(tmp_path / "nowhere").problems == ()


@pytest.fixture
def late(tiny_course: TinyCourse) -> TinyCourse:
    """Five who handed in 23 hours late, one of them with a timestamp that is none."""
    for student in ("ada", "ben", "cyd", "eve", "zoe"):
        folder = tiny_course.hand_in(student, tiny_course.notebook())
        (folder / "timestamp.txt").write_text("soon" if student == "zoe" else LATE)
    tiny_course.configure(RULE)
    with book(tiny_course) as gradebook:
        due: Any = DUE
        gradebook.update_or_create_assignment("tiny", duedate=due)
    return tiny_course


def book(course: TinyCourse) -> Gradebook:
    return Gradebook(f"sqlite:///{course.root}/gradebook.db", "chainrule")


def penalties(course: TinyCourse) -> dict[str, float]:
    with book(course) as gradebook:
        assignment: Any = gradebook.find_assignment("tiny")
        rows = [(one.student_id, one.notebooks[0]) for one in assignment.submissions]
        return {student: row.late_submission_penalty or 0 for student, row in rows}


def grade(course: TinyCourse) -> dict[str, Any]:
    words = ("grade", "tiny", "--no-feedback", "--isolation", "none", "--json")
    return json.loads(course.run("chainrule", *words).stdout)


@pytest.mark.integration
def test_the_table_decides_who_is_late_and_a_timestamp_that_is_none_a_person(
    late: TinyCourse,
) -> None:
    written(late.root, TABLE)
    said = grade(late)
    assert len(said["unextended"]) == 4
    assert penalties(late) == {"ada": 0, "ben": 0, "cyd": 10, "eve": 0, "zoe": 0}
    waiting = {row["student"] for row in said["students"] if row["exercises"][0]["score"]}
    assert waiting == {"ada", "ben", "cyd", "eve", "zoe"}  # the timestamp costs no points
    _zoe_is_before_a_person(late)

    table = TABLE.replace("ben,tiny,48 hours", "ben,tiny,1 hour").replace("23:59\n", "23:59 UTC\n")
    written(late.root, table)
    assert grade(late)["unchanged"] == 5  # the next run follows the table, and judges nobody
    assert penalties(late) == {"ada": 0, "ben": 10, "cyd": 0, "eve": 0, "zoe": 0}

    late.run("nbgrader", "autograde", "tiny", "--student=ben", "--force")
    assert penalties(late)["ben"] == 10
    written(late.root, TABLE)
    late.run("nbgrader", "autograde", "tiny", "--student=ben", "--force")
    assert penalties(late)["ben"] == 0

    shown = late.run("chainrule", "extensions", ok=False)
    assert shown.returncode == 1
    assert "48 hours" in shown.stdout
    assert "line 10: no assignment other" in " ".join(shown.stdout.split())


def _zoe_is_before_a_person(course: TinyCourse) -> None:
    doubt = notebook_marks(course.autograded("zoe")).doubt or ""
    assert doubt.startswith("Nobody can tell when this was handed in: timestamp.txt")
    with book(course) as gradebook:
        waits = [
            one.needs_manual_grade
            for student in ("zoe", "ada")
            for one in [gradebook.find_grade("check_half_square", "tiny", "tiny", student)]
        ]
    assert waits == [True, False]
