"""A class in which everything goes wrong, graded by nbgrader itself: a verdict for each, and nobody
else loses anything.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import html5lib  # parses as a browser does
import pytest
from courses.course import (
    HALF_SQUARE,
    RIGHT,
    ROW_SUMS,
    WRITTEN,
    TinyCourse,
    build_tiny,
    code,
    once,
    place,
)
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader.handlers import template_path
from traitlets.config.loader import PyFileConfigLoader

pytestmark = pytest.mark.integration

Notebook = dict[str, Any]


def _cell(notebook: Notebook, id: str) -> Notebook:
    return notebook["cells"][place(notebook, id)]


def _answers(**changed: str) -> Callable[[TinyCourse], Notebook]:
    return lambda course: course.notebook({**RIGHT, **changed})


def _edited(edit: Callable[[Notebook], object]) -> Callable[[TinyCourse], Notebook]:
    def make(course: TinyCourse) -> Notebook:
        notebook = course.notebook()
        edit(notebook)
        return notebook

    return make


def _delete(id: str) -> Callable[[TinyCourse], Notebook]:
    return _edited(lambda notebook: notebook["cells"].pop(place(notebook, id)))


def _duplicate(notebook: Notebook) -> None:
    at = place(notebook, "half_square")
    notebook["cells"].insert(at + 1, {**notebook["cells"][at], "id": "copy"})


def _split(notebook: Notebook) -> None:
    """What an editor makes of a cell cut in two: the second half has an empty nbgrader entry."""
    at = place(notebook, "half_square")
    notebook["cells"][at]["source"] = "factor = 2\n"
    notebook["cells"].insert(
        at + 1, code(HALF_SQUARE.replace("/ 2", "/ factor"), "half", nbgrader={})
    )


def _no_kernel(notebook: Notebook) -> None:
    notebook["metadata"] = {}


def _another_kernel(notebook: Notebook) -> None:
    notebook["metadata"]["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}


def _edited_check(notebook: Notebook) -> None:
    cell = _cell(notebook, "check_half_square")
    cell["source"] = "6"
    cell["metadata"]["nbgrader"] |= {"points": 100, "locked": False}


def _tags(notebook: Notebook) -> None:
    for id in ("check_half_square", "check_row_sums"):
        _cell(notebook, id)["metadata"]["tags"] = ["skip-execution"]
    _cell(notebook, "half_square")["source"] = "1/0"


EVIL = "<script>evil()</script><img src=x onerror=evil()><p onclick=evil()>look</p>"


def _scripts(notebook: Notebook) -> None:
    """Script wherever a student can write."""
    show = (
        f"from IPython.display import HTML, Markdown, display\ndisplay(HTML({EVIL!r}), "
        f"Markdown({EVIL!r}))\n"
    )
    _cell(notebook, "row_sums")["source"] = (
        ROW_SUMS + show + f"display({{'text/html': {EVIL!r}}}, raw=True)"
    )
    _cell(notebook, "why")["source"] = EVIL
    notebook["cells"].insert(
        0, {"cell_type": "markdown", "id": "x", "metadata": {}, "source": EVIL}
    )
    notebook["cells"].append(
        {"cell_type": "raw", "id": "y", "metadata": {"raw_mimetype": "text/html"}, "source": EVIL}
    )


LOOP = "def half_square(x, w):\n    while True:\n        pass\n"
STUBBORN = """
def half_square(x, w):
    while True:
        try:
            while True: pass
        except BaseException: pass
"""
DIES = "import os\ndef half_square(x, w):\n    os._exit(0)\n"
WARNS = "import sys, warnings\nwarnings.warn('careful')\nprint('50%', file=sys.stderr)\n" + ROW_SUMS

# student -> what they hand in, the points they get, and words that must be on the record
CLASS: dict[str, tuple[Callable[[TinyCourse], Notebook | bytes], float, str]] = {
    "ann_honest": (_answers(), 10, ""),
    "array_of_objects": (
        _answers(row_sums="def row_sums(x):\n    return x.sum(axis=1).astype(object)"),
        6,
        "object",
    ),
    "bytes_that_are_no_json": (lambda course: b'{"cells": [', 0, "damaged"),
    "cells_missing": (
        lambda course: b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}',
        0,
        "no cells",
    ),
    "check_deleted": (_delete("check_half_square"), 10, "put back"),
    "check_edited": (_edited(_edited_check), 10, "had been changed"),
    "dies_at_once": (_answers(row_sums="import os; os._exit(3)"), 6, ""),
    "dies_in_a_check": (_answers(half_square=DIES), 4, ""),
    "duplicated": (_edited(_duplicate), 10, ""),
    "empty": (lambda course: b"", 0, "empty"),
    "just_a_list": (lambda course: b"[1, 2]", 0, "no notebook"),
    "kernel_gone": (_edited(_no_kernel), 10, ""),
    "kernel_of_r": (_edited(_another_kernel), 10, "run with Python"),
    "loops": (_answers(half_square=LOOP), 4, "stopped"),
    "loops_at_top": (_answers(row_sums="while True: pass"), 6, ""),
    "loops_stubbornly": (_answers(half_square=STUBBORN), 4, "stopped"),
    "mistaken": (
        _answers(half_square=HALF_SQUARE.replace(" / len(x)", "")),
        5,
        "divide by N as the loss does",
    ),
    "nan": (_answers(row_sums="def row_sums(x):\n    return np.full(len(x), np.nan)"), 6, "nan"),
    "old_format": (
        lambda course: b'{"nbformat": 3, "worksheets": [{"cells": []}]}',
        0,
        "old format",
    ),
    "scripts": (_edited(_scripts), 10, "look"),
    "solution_deleted": (_delete("half_square"), 4, "not defined"),
    "split": (_edited(_split), 10, ""),
    "surrogate": (_answers(row_sums=ROW_SUMS + "# \ud800"), 10, ""),
    "tagged": (_edited(_tags), 4, ""),
    "text_for_numbers": (
        _answers(row_sums="def row_sums(x):\n    return x.sum(axis=1).astype(str)"),
        6,
        "str",
    ),
    "unanswered": (_answers(half_square="", row_sums=""), 0, "not defined"),
    "warns": (_answers(row_sums=WARNS), 10, ""),
    "zoe_honest": (_answers(), 10, ""),
}


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """The class after ``nbgrader autograde`` and ``generate_feedback``, as shipped but for shorter
    limits.
    """
    return once(tmp_path_factory, "bad-class", _grade)


def _grade(root: Path) -> TinyCourse:
    course = build_tiny(root)
    course.configure("c.Judge.cell_seconds = 2")
    course.configure("c.Judge.submission_seconds = 20")
    for student, (make, _, _) in CLASS.items():
        course.hand_in(student, make(course))
    course.hand_in("renamed", course.notebook(), "my homework (2).ipynb")
    big = course.hand_in("too_big", b"") / "tiny.ipynb"
    os.truncate(big, 100 << 20)
    course.hand_in("two_names", course.notebook(), "tiny1.ipynb")
    course.hand_in("two_names", course.notebook({"row_sums": ROW_SUMS}), "tiny2.ipynb")
    course.hand_in("worked_in_a_copy", course.notebook({}))
    course.hand_in("worked_in_a_copy", course.notebook(), "tiny-Copy1.ipynb")
    large = course.hand_in("with_a_large_file", course.notebook()) / "data.bin"
    large.touch()
    os.truncate(large, 60 << 20)
    course.hand_in("writer", course.notebook({**RIGHT, **WRITTEN}))
    link = course.hand_in("zz_linked", b"", "other.ipynb").joinpath("tiny.ipynb")
    link.symlink_to(course.root / "build/source/tiny/tiny.ipynb")
    (root / "autograde.log").write_text(course.run("nbgrader", "autograde", "tiny").stderr)
    course.run("nbgrader", "generate_feedback", "tiny")
    course.run("nbgrader", "export")
    return course


@pytest.fixture(scope="module")
def scores(graded: TinyCourse) -> dict[str, float]:
    """What nbgrader exports."""
    with (graded.root / "grades.csv").open() as file:
        return {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}


@pytest.mark.parametrize("student", CLASS)
def test_everybody_gets_what_their_functions_are_worth(
    student: str, graded: TinyCourse, scores: dict[str, float]
):
    _, expected, words = CLASS[student]
    assert scores[student] == expected
    page = (graded.root / "feedback" / student / "tiny/tiny.html").read_text()
    assert words in page


@pytest.mark.parametrize(
    ("student", "expected", "words"),
    [
        ("renamed", 10, ""),
        ("too_big", 0, "100 MB"),
        ("two_names", 10, "tiny1.ipynb, which holds most answers, was graded"),
        ("with_a_large_file", 10, "data.bin"),
        ("worked_in_a_copy", 10, "tiny.ipynb holds no answers"),
        ("zz_linked", 0, "is a link"),
    ],
)
def test_files_that_are_not_as_expected(
    student: str, expected: float, words: str, graded: TinyCourse, scores: dict[str, float]
):
    assert scores[student] == expected
    assert words in (graded.root / "feedback" / student / "tiny/tiny.html").read_text()


def test_the_run_reports_no_error(graded: TinyCourse):
    log = (graded.root / "autograde.log").read_text()
    assert "Autograding" in log
    assert "ERROR" not in log


def test_the_reason_is_in_the_gradebook(graded: TinyCourse):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.root / 'gradebook.db'}") as gradebook:

        def comment(student: str, cell: str) -> Any:
            return gradebook.find_comment(cell, "tiny", "tiny", student).auto_comment

        assert comment("mistaken", "half_square").startswith("half_square: 1 of 6 points.")
        assert "divide by N" in comment("mistaken", "half_square")
        assert "damaged" in comment("bytes_that_are_no_json", "row_sums")
        assert comment("ann_honest", "half_square") is None


def test_every_check_cell_ends_with_its_score_and_has_no_error_output(graded: TinyCourse):
    for student in CLASS:
        cells = [
            cell for cell in graded.autograded(student)["cells"] if cell["id"].startswith("check_")
        ]
        assert len(cells) == 2
        for cell in cells:
            kinds = [output["output_type"] for output in cell["outputs"]]
            assert kinds[-1] == "execute_result"
            assert set(kinds[:-1]) == {"display_data"}
            assert (
                0
                <= float("".join(cell["outputs"][-1]["data"]["text/plain"]))
                <= cell["metadata"]["nbgrader"]["points"]
            )


def test_written_answers_are_left_to_people(graded: TinyCourse):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded.root / 'gradebook.db'}") as gradebook:
        written = {
            student: gradebook.find_grade("why", "tiny", "tiny", student)
            for student in ("writer", "ann_honest")
        }
        assert {student: bool(grade.needs_manual_grade) for student, grade in written.items()} == {
            "writer": True,
            "ann_honest": False,
        }


def test_feedback_shows_neither_the_reference_nor_the_mistakes(graded: TinyCourse):
    secrets = [
        "x.T @ scores / len(x)\n",
        "not_averaged",
        "Half the mean square of x @ w, and its gradient",
    ]
    solutions = "".join(path.read_text() for path in (graded.root / "solutions").rglob("*.py"))
    page = (graded.root / "feedback/unanswered/tiny/tiny.html").read_text()
    assert all(secret in solutions for secret in secrets)
    assert not any(secret in page for secret in secrets)


def test_nothing_of_the_class_lies_in_the_submissions(graded: TinyCourse):
    before = {path.name for path in (graded.root / "submitted").rglob("*") if path.is_file()}
    assert before == {
        "tiny.ipynb",
        "my homework (2).ipynb",
        "tiny1.ipynb",
        "tiny2.ipynb",
        "tiny-Copy1.ipynb",
        "data.bin",
        "other.ipynb",
    }
    assert isinstance(
        json.loads(Path(graded.root / "submitted/ann_honest/tiny/tiny.ipynb").read_text()), dict
    )


def _acting(page: str) -> list[str]:
    """The elements and attributes of a page in which the students' script would run, read as a
    browser reads it.
    """
    return [
        f"{element.tag} {name}"
        for element in html5lib.parse(page, namespaceHTMLElements=False).iter()
        for name, value in [
            ("text", element.text or "" if element.tag == "script" else ""),
            *element.attrib.items(),
        ]
        if "evil" in value
        and (element.tag == "script" or name.startswith("on") or name == "srcdoc")
    ]


def test_the_test_below_can_fail():
    assert _acting(f"<html><body>{EVIL}</body></html>") == [
        "script text",
        "img onerror",
        "p onclick",
    ]


@pytest.mark.parametrize("template", ["feedback", "formgrade"])
def test_no_page_of_nbgrader_runs_a_students_script(template: str, graded: TinyCourse):
    page = _rendered(graded, template)
    assert page.count("look") >= 4
    assert _acting(page) == []


def _rendered(course: TinyCourse, template: str) -> str:
    """The page as feedback, or as Formgrader's handler renders it with the course's
    configuration.
    """
    if template == "feedback":
        return (course.root / "feedback/scripts/tiny/tiny.html").read_text()
    config = PyFileConfigLoader("nbgrader_config.py", path=str(course.root)).load_config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [template_path]
    resources = {
        "nbgrader": {"notebook": "tiny"},
        "base_url": "",
        "index": 0,
        "total": 1,
        "mathjax_url": "",
        "notebook_id": "tiny",
    }
    page, _ = HTMLExporter(config=config).from_filename(
        str(course.root / "autograded/scripts/tiny/tiny.ipynb"), resources
    )
    return page
