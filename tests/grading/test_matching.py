"""Cells that lost their names: found again by what they say and where they stand."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from courses.course import (
    HALF_SQUARE,
    RIGHT,
    ROOT,
    ROW_SUMS,
    WRITTEN,
    TinyCourse,
    code,
    nameless,
    place,
)

from autograder.course.marks import skipped, solution_of
from autograder.grading.handed_in import read_notebook
from autograder.grading.rebuild import rebuild
from autograder.grading.released import role_of, text_of

Notebook = dict[str, Any]


def pasted(notebook: Notebook) -> Notebook:
    """All cells copied into a new notebook: nbgrader's metadata stays, each cell has another id."""
    copied = deepcopy(notebook)
    for number, cell in enumerate(copied["cells"]):
        cell["id"] = f"copy-{number}"
    return copied


def from_colab(notebook: Notebook) -> Notebook:
    """The ids moved into the metadata."""
    sent = deepcopy(notebook)
    for cell in sent["cells"]:
        cell["metadata"] = {"id": cell.pop("id"), "colab": {}}
    return sent


def rebuilt(release: Notebook, sent: Notebook) -> tuple[Notebook, tuple[str, ...]]:
    made = rebuild(release, read_notebook(json.dumps(sent).encode()))
    return made.notebook, made.notes


def outline(notebook: Notebook) -> list[tuple[str, str, bool]]:
    return [(cell["id"], text_of(cell), skipped(cell)) for cell in notebook["cells"]]


@pytest.mark.parametrize("lose", [nameless, pasted, from_colab])
@pytest.mark.parametrize("assignment", sorted(p.name for p in (ROOT / "assignments").iterdir()))
def test_no_cell_is_doubled_and_no_demonstration_runs_again(assignment: str, lose: Any):
    path = Path(ROOT, "assignments", assignment, f"{assignment}.ipynb")
    release = json.loads(path.read_bytes())
    sent = deepcopy(release)
    for number, cell in enumerate(sent["cells"]):
        if name := solution_of(cell):
            cell["source"] = f"def {name}(*anything):\n    return {number}\n"
        elif role_of(cell) == "written":
            cell["source"] = f"Because of {number}."
    expected = rebuilt(release, sent)
    found = rebuilt(release, lose(sent))
    assert outline(found[0]) == outline(expected[0])
    assert found[1] == expected[1] == ()


@pytest.fixture
def sent(tiny_built: TinyCourse) -> Notebook:
    return nameless(tiny_built.notebook({**RIGHT, **WRITTEN}))


def at(notebook: Notebook, text: str) -> int:
    return next(k for k, cell in enumerate(notebook["cells"]) if text in text_of(cell))


def test_own_cells_stay_their_own(tiny_built: TinyCourse, sent: Notebook):
    sent["cells"].insert(at(sent, "def half_square"), code("factor = 2", "own"))
    made, notes = rebuilt(tiny_built.release, sent)
    assert made["cells"][place(made, "half_square") - 1]["source"] == "factor = 2"
    assert text_of(made["cells"][place(made, "half_square")]) == HALF_SQUARE
    assert notes == ()


def test_an_answer_with_a_syntax_error_is_known_by_what_it_would_define(
    tiny_built: TinyCourse, sent: Notebook
):
    wrong = "def row_sums(x):\n    return x.sum(axis=1"
    sent["cells"][at(sent, "def row_sums")]["source"] = wrong
    made, _ = rebuilt(tiny_built.release, sent)
    assert made["cells"][place(made, "row_sums")]["source"] == wrong


def test_a_demonstration_that_was_changed_runs_in_its_place(tiny_built: TinyCourse, sent: Notebook):
    sent["cells"][at(sent, "the demo ran")]["source"] = 'print("the demo ran twice")'
    made, _ = rebuilt(tiny_built.release, sent)
    demos = [cell for cell in made["cells"] if "the demo ran" in text_of(cell)]
    assert [(text_of(cell), skipped(cell)) for cell in demos] == [
        ('print("the demo ran twice")', False)
    ]


def test_the_whole_notebook_pasted_below_itself_undoes_no_answer(
    tiny_built: TinyCourse, sent: Notebook
):
    sent["cells"] += nameless(tiny_built.release)["cells"]
    made, _ = rebuilt(tiny_built.release, sent)
    own = [text_of(cell) for cell in made["cells"] if cell["id"].startswith("student-")]
    assert own == ["import numpy as np\nfrom autograder import check"]
    assert text_of(made["cells"][place(made, "row_sums")]) == ROW_SUMS


def test_an_answer_that_moved_below_what_it_needs_runs_there(
    tiny_built: TinyCourse, sent: Notebook
):
    sent["cells"].append(sent["cells"].pop(at(sent, "def half_square")))
    made, _ = rebuilt(tiny_built.release, sent)
    assert skipped(made["cells"][place(made, "half_square")])
    assert text_of(made["cells"][-1]) == HALF_SQUARE
