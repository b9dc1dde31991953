"""Loading an assignment: by path, lazily, and with a sentence for whatever is missing."""

from __future__ import annotations

import sys

import pytest
from courses.course import TinyCourse

from autograder.course.assignment import assignments_in, find_course, load_assignment
from autograder.errors import AssignmentError


def test_an_assignment_is_loaded_by_path(tiny_built: TinyCourse):
    assignment = load_assignment(tiny_built.root, "tiny")
    assert list(assignment.exercises) == ["half_square", "row_sums"]
    assert assignment.points == 10
    assert set(assignment.files) == {"exercises.py"}
    assert assignment.reference["row_sums"](__import__("numpy").ones((2, 3))).tolist() == [3, 3]
    assert assignment.mistakes is not None
    assert assignment.mistakes.names("row_sums") == ("columns",)
    assert not [path for path in sys.path if path and tiny_built.root.is_relative_to(path) and path != "/"]
    assert not {"exercises", "solutions", "tiny", "solutions.tiny"} & set(sys.modules)


def test_it_is_loaded_again_only_when_something_changed(tiny_course: TinyCourse):
    first = load_assignment(tiny_course.root, "tiny")
    assert load_assignment(tiny_course.root, "tiny") is first
    exercises = tiny_course.root / "source/tiny/exercises.py"
    exercises.write_text(exercises.read_text().replace("points=6", "points=60"))
    assert load_assignment(tiny_course.root, "tiny").exercises["half_square"].points == 60


@pytest.mark.parametrize(
    ("remove", "words"),
    [
        ("assignments/tiny/tiny.ipynb", "build it first"),
        ("source/tiny/exercises.py", "exercises.py is missing"),
        ("solutions/tiny.py", "reference solutions/tiny.py is missing"),
    ],
)
def test_what_is_missing_is_said(remove: str, words: str, tiny_course: TinyCourse):
    (tiny_course.root / remove).unlink()
    with pytest.raises(AssignmentError, match=words):
        _ = load_assignment(tiny_course.root, "tiny").reference


def test_mistakes_are_optional(tiny_course: TinyCourse):
    (tiny_course.root / "solutions/mistakes/tiny.py").unlink()
    assert load_assignment(tiny_course.root, "tiny").mistakes is None


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("assignments/tiny/tiny.ipynb", "{", "<", "no JSON"),
        ("source/tiny/exercises.py", "import", "imporr", "does not load: SyntaxError"),
        ("source/tiny/exercises.py", "row_sums.checks", "row_sums.cheques", "row_sums has no checks"),
        ("source/tiny/exercises.py", "def row_sums", "def other", "checks 'row_sums'"),
        ("solutions/tiny.py", "import numpy", "import numpyy", "does not load: ModuleNotFoundError"),
    ],
)
def test_what_is_broken_is_said(file: str, old: str, new: str, words: str, tiny_course: TinyCourse):
    path = tiny_course.root / file
    text = path.read_text().replace(old, new, 1)
    path.write_text(text.replace("row_sums.checks", "other.checks") if new == "def other" else text)
    with pytest.raises(AssignmentError, match=words):
        _ = load_assignment(tiny_course.root, "tiny").reference


def test_the_course_is_found_from_below(tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory):
    assert find_course(tiny_built.root / "source/tiny") == tiny_built.root
    assert assignments_in(tiny_built.root) == ["tiny"]
    with pytest.raises(AssignmentError, match="no course here"):
        find_course(tmp_path_factory.mktemp("elsewhere"))
