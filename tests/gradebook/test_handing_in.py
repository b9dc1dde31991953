"""What students really hand in: files beside a notebook and lost names cost nobody a point."""

from __future__ import annotations

import json
import os
import shutil
from typing import Any

import pytest
from courses.course import RIGHT, TinyCourse, nameless

from autograder.classreport.attention import needs
from autograder.classreport.gather import gather
from autograder.gradebook.classroom import ClassGrades, Wishes, grade_class

EXPECTED = {
    "blank": 10,
    "copied": 10,
    "folder": 10,
    "large": 10,
    "many": 10,
    "nameless": 10,
    "other": 0,
    "plain": 10,
}


def _hand_in(course: TinyCourse) -> None:
    right = course.notebook(RIGHT)
    course.hand_in("plain", right)
    course.hand_in("nameless", nameless(right))
    course.hand_in("blank", course.notebook({}))
    course.hand_in("blank", right, "tiny-Copy1.ipynb")
    course.hand_in("copied", right, "tiny (3).ipynb")
    (course.hand_in("folder", b"{}", "notes.txt") / "work").mkdir()
    uses = course.notebook({**RIGHT, "row_sums": "from mine import row_sums"})
    folder = course.root / "submitted/folder/tiny/work"
    (folder / "tiny.ipynb").write_text(json.dumps(uses))
    (folder / "mine.py").write_text("def row_sums(x):\n    return x.sum(axis=1)\n")
    large = course.hand_in("large", right) / "data.bin"
    large.touch()
    os.truncate(large, 60 << 20)
    many = course.hand_in("many", right)
    for number in range(600):
        (many / f"{number}.txt").touch()
    other = json.loads((course.root / "assignments/other/other.ipynb").read_bytes())
    course.hand_in("other", other)


def _second_assignment(course: TinyCourse) -> None:
    """Another released notebook whose cells have other names, but for the first few."""
    release = course.release
    for number, cell in enumerate(release["cells"][2:]):
        cell["id"], cell["metadata"] = f"other-{number}", {}
        cell["source"] = f"other = {number}"
    path = course.root / "assignments/other/other.ipynb"
    path.parent.mkdir()
    path.write_text(json.dumps(release))


@pytest.fixture(scope="module")
def course(tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    root = tmp_path_factory.mktemp("handed-in") / "course"
    shutil.copytree(tiny_built.root, root)
    course = TinyCourse(root)
    _second_assignment(course)
    _hand_in(course)
    return course


@pytest.fixture(scope="module")
def grades(course: TinyCourse) -> ClassGrades:
    return grade_class(course.root, "tiny", Wishes(feedback=False))


@pytest.mark.integration
def test_a_right_answer_has_its_points(grades: ClassGrades):
    assert grades.failures == {}
    assert {one.student: one.score for one in grades.students} == EXPECTED


def _marks(course: TinyCourse, student: str) -> dict[str, Any]:
    return course.autograded(student)["metadata"]["chainrule"]


@pytest.mark.parametrize(
    ("student", "words"),
    [
        ("large", "Left out when the notebook was run: data.bin."),
        ("many", "and 97 more"),
        ("plain", ""),
        ("nameless", ""),
        ("copied", ""),
        ("folder", ""),
    ],
)
def test_what_was_left_out_is_said(
    student: str, words: str, course: TinyCourse, grades: ClassGrades
):
    notes = _marks(course, student)["notes"]
    assert len(notes) == bool(words)
    assert words in "".join(notes)


def test_a_notebook_without_names_looks_like_one_with_them(course: TinyCourse, grades: ClassGrades):
    def outline(student: str) -> list[Any]:
        cells = course.autograded(student)["cells"]
        return [(cell["id"], cell["source"], len(cell.get("outputs", ()))) for cell in cells]

    assert outline("nameless") == outline("plain")


def test_another_assignments_notebook_is_said_to_be_that(course: TinyCourse, grades: ClassGrades):
    assert "this is the notebook of other, not of tiny" in _marks(course, "other")["problem"]


def test_where_two_might_be_meant_a_person_is_asked(course: TinyCourse, grades: ClassGrades):
    open_to_question = {one.student for one in grades.students if one.needs_manual_grade}
    assert open_to_question == {"blank"}
    record = gather(course.root, "tiny")
    (blank,) = [one for one in record.handed if one.student == "blank"]
    assert [one["kind"] for one in needs(blank)] == ["doubt"]
    assert "tiny.ipynb holds no answers" in needs(blank)[0]["sentence"]
