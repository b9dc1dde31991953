"""Loading an assignment: by path, lazily, and with a sentence for whatever is missing."""

from __future__ import annotations

import sys

import pytest
from courses.course import TinyCourse

from autograder.course.assignment import assignments_in, find_course, load_assignment
from autograder.errors import AssignmentError
from autograder.released.sheet import SHEET


def test_an_assignment_is_loaded_by_path(tiny_built: TinyCourse):
    assignment = load_assignment(tiny_built.root, "tiny")
    assert list(assignment.exercises) == ["half_square", "row_sums"]
    assert assignment.points == 10
    modules = {"exercises/__init__.py", "exercises/gradients.py", "exercises/sums.py", "shared.py"}
    assert set(assignment.files) == modules | {SHEET}
    assert assignment.reference["row_sums"](__import__("numpy").ones((2, 3))).tolist() == [3, 3]
    assert assignment.mistakes is not None
    assert assignment.mistakes.names("row_sums") == ("columns",)
    assert not [
        path for path in sys.path if path and tiny_built.root.is_relative_to(path) and path != "/"
    ]
    assert not {"exercises", "shared", "solutions", "tiny", "solutions.tiny"} & set(sys.modules)


def test_it_is_loaded_again_only_when_something_changed(tiny_course: TinyCourse):
    first = load_assignment(tiny_course.root, "tiny")
    assert load_assignment(tiny_course.root, "tiny") is first
    gradients = tiny_course.root / "source/tiny/exercises/gradients.py"
    gradients.write_text(gradients.read_text().replace("points=6", "points=60"))
    assert load_assignment(tiny_course.root, "tiny").exercises["half_square"].points == 60
    (tiny_course.root / "source/tiny/shared.py").write_text("SECONDS = 4\n")
    assert load_assignment(tiny_course.root, "tiny").exercises["half_square"].seconds == 4


def test_exercises_come_from_source_whatever_was_released(tiny_course: TinyCourse):
    (tiny_course.root / "assignments/tiny/exercises.py").write_text("1 / 0")
    (tiny_course.root / "assignments/tiny/exercises/sums.py").write_text("1 / 0")
    (tiny_course.root / "assignments/tiny/shared.py").write_text("1 / 0")
    (tiny_course.root / "assignments/tiny/exercises/table.csv").write_text("1,2")
    files = load_assignment(tiny_course.root, "tiny").files
    assert b"1 / 0" not in files.values()
    assert set(files) >= {"exercises/table.csv", "exercises/sums.py", "shared.py"}
    assert "exercises.py" not in files


@pytest.mark.parametrize(
    ("remove", "words"),
    [
        ("assignments/tiny/tiny.ipynb", "build it first"),
        ("source/tiny/exercises/__init__.py", "exercises.py is missing"),
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
        (
            "source/tiny/exercises/sums.py",
            "import",
            "imporr",
            "source/tiny/exercises/sums.py:3: invalid syntax",
        ),
        (
            "source/tiny/exercises/sums.py",
            "row_sums.checks",
            "row_sums.cheques",
            "sums.py:9: row_sums has no checks",
        ),
        (
            "source/tiny/exercises/sums.py",
            "def row_sums",
            "def other",
            "__init__.py:4: ImportError: cannot import",
        ),
        (
            "source/tiny/exercises/__init__.py",
            "from .sums",
            "# from .sums",
            "checks 'row_sums'",
        ),
        (
            "source/tiny/shared.py",
            "SECONDS",
            "MINUTES",
            "gradients.py:3: ImportError: cannot import name 'SECONDS'",
        ),
        (
            "solutions/tiny.py",
            "import numpy",
            "import numpyy",
            "does not load: ModuleNotFoundError",
        ),
    ],
)
def test_what_is_broken_is_said(file: str, old: str, new: str, words: str, tiny_course: TinyCourse):
    path = tiny_course.root / file
    text = path.read_text().replace(old, new, 1)
    path.write_text(text.replace("row_sums.checks", "other.checks") if new == "def other" else text)
    with pytest.raises(AssignmentError, match=words):
        _ = load_assignment(tiny_course.root, "tiny").reference


def test_the_course_is_found_from_below(
    tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory
):
    assert find_course(tiny_built.root / "source/tiny") == tiny_built.root
    assert assignments_in(tiny_built.root) == ["tiny"]
    with pytest.raises(AssignmentError, match="no course here"):
        find_course(tmp_path_factory.mktemp("elsewhere"))
