"""A release that changes after it went out: nobody loses anything, one command grades again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, WRITTEN, TinyCourse, place
from nbgrader.api import Gradebook

from autograder.authoring import build, in_step
from autograder.errors import AuthoringError
from autograder.gradebook.classroom import Wishes, grade_class

QUIET = Wishes(feedback=False)


def _edit(course: TinyCourse, old: str, new: str, file: str = "tiny.md") -> None:
    path = course.root / "source/tiny" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def _drop_row_sums(course: TinyCourse) -> None:
    cells = "```{code-cell}\n:solution: row_sums\n```\n\n```{code-cell}\n:check: row_sums\n```\n\n"
    _edit(course, cells, "")
    _edit(course, "points: 12", "points: 8")
    _edit(course, "from .sums import row_sums\n", "", "exercises/__init__.py")
    (course.root / "source/tiny/exercises/sums.py").unlink()


def _by_people(course: TinyCourse, score: float) -> None:
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        grade: Any = gradebook.find_grade("why", "tiny", "tiny", "ada")
        grade.manual_score, grade.needs_manual_grade = score, False
        gradebook.db.commit()


def _marks(course: TinyCourse) -> dict[str, Any]:
    return course.autograded("ada")["metadata"]["chainrule"]


@pytest.mark.integration
def test_who_has_an_earlier_release_is_not_told_that_they_changed_it(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook({**RIGHT, **WRITTEN}))
    grade_class(tiny_course.root, "tiny", QUIET)
    _edit(tiny_course, "import numpy as np\n", "import numpy as np\nimport math\n")
    _edit(tiny_course, 'print("the demo ran")', 'print("the demo ran well")')
    build(tiny_course.root, ["tiny"])
    (row,) = grade_class(tiny_course.root, "tiny", QUIET).students
    assert row.score == 10
    assert _marks(tiny_course)["notes"] == []
    cells = tiny_course.autograded("ada")["cells"]
    demo = next(cell for cell in cells if "the demo ran well" in "".join(cell["source"]))
    assert demo["outputs"] == []
    assert in_step(tiny_course.root, "tiny") == []
    assert build(tiny_course.root, ["tiny"])[0].changed == ()


@pytest.mark.integration
def test_what_a_student_did_change_is_still_said(tiny_course: TinyCourse):
    sent = tiny_course.notebook()
    sent["cells"][place(sent, "imports")]["source"] = "import numpy as np"
    tiny_course.hand_in("ada", sent)
    grade_class(tiny_course.root, "tiny", QUIET)
    _edit(tiny_course, "import numpy as np\n", "import numpy as np\nimport math\n")
    build(tiny_course.root, ["tiny"])
    grade_class(tiny_course.root, "tiny", QUIET)
    assert "imports had been changed" in _marks(tiny_course)["notes"][0]


@pytest.mark.integration
def test_an_exercise_is_dropped_and_comes_back_with_one_command(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook({**RIGHT, **WRITTEN}))
    grade_class(tiny_course.root, "tiny", QUIET)
    _by_people(tiny_course, 1.5)
    before = {
        path: path.read_bytes()
        for path in Path(tiny_course.root / "source/tiny").rglob("*")
        if path.is_file()
    }
    _drop_row_sums(tiny_course)
    with pytest.raises(AuthoringError, match="chainrule build tiny --update"):
        build(tiny_course.root, ["tiny"])
    said = json.loads(tiny_course.run("chainrule", "build", "tiny", "--update", "--json").stdout)
    assert _scores(tiny_course) == (7.5, 1.5, 8)
    assert [one["assignment"] for one in said["graded"]] == ["tiny"]
    for path, data in before.items():
        path.write_bytes(data)
    build(tiny_course.root, ["tiny"], update=True)
    grade_class(tiny_course.root, "tiny", QUIET)
    assert _scores(tiny_course) == (11.5, 1.5, 12)


def _scores(course: TinyCourse) -> tuple[float, float, float]:
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as gradebook:
        row: Any = gradebook.find_submission("tiny", "ada")
        return row.score, row.written_score, row.max_score


def test_a_release_that_cannot_be_made_leaves_the_gradebook_alone(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook())
    grade_class(tiny_course.root, "tiny", QUIET)
    scores = _scores(tiny_course)
    _drop_row_sums(tiny_course)
    _edit(tiny_course, "points: 8", "points: 9")
    with pytest.raises(AuthoringError):
        build(tiny_course.root, ["tiny"], update=True)
    assert _scores(tiny_course) == scores
