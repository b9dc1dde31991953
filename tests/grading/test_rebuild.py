"""The notebook that runs: the release's order and metadata, the student's text."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, TinyCourse, code, place
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from autograder.course.marks import skipped
from autograder.grading.handed_in import read_notebook
from autograder.grading.rebuild import rebuild
from autograder.grading.released import text_of

Notebook = dict[str, Any]


@pytest.fixture
def release(tiny_built: TinyCourse) -> Notebook:
    return tiny_built.release


def rebuilt(release: Notebook, notebook: Notebook) -> Notebook:
    return rebuild(release, read_notebook(json.dumps(notebook).encode())).notebook


def notes(release: Notebook, notebook: Notebook) -> tuple[str, ...]:
    return rebuild(release, read_notebook(json.dumps(notebook).encode())).notes


def cell(notebook: Notebook, id: str) -> Notebook:
    return notebook["cells"][place(notebook, id)]


def ids(notebook: Notebook) -> list[str]:
    return [cell["id"] for cell in notebook["cells"]]


def demo(release: Notebook) -> str:
    return next(
        cell["id"] for cell in release["cells"] if "demo" in cell["metadata"].get("tags", ())
    )


def test_the_answers_stand_in_the_release(tiny_built: TinyCourse, release: Notebook):
    made = rebuilt(release, tiny_built.notebook())
    assert ids(made) == ids(release)
    assert cell(made, "half_square")["source"] == HALF_SQUARE
    assert text_of(cell(made, "check_half_square")) == text_of(cell(release, "check_half_square"))


def test_nothing_of_the_students_metadata_is_kept(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    sent["metadata"] = {"kernelspec": {"name": "evil", "language": "python"}, "widgets": {"x": 1}}
    for one in sent["cells"]:
        one["metadata"] = {**one["metadata"], "tags": ["skip-execution"], "evil": True}
        if "nbgrader" in one["metadata"]:
            one["metadata"]["nbgrader"] = one["metadata"]["nbgrader"] | {
                "points": 999,
                "locked": False,
                "solution": True,
            }
    sent["cells"].append(code("1", evil=True))
    made = rebuilt(release, sent)
    assert "evil" not in json.dumps(made)
    assert "999" not in json.dumps(made)
    assert made["metadata"]["kernelspec"] == release["metadata"]["kernelspec"]
    for one in release["cells"]:
        found = dict(cell(made, one["id"])["metadata"])
        found.pop("chainrule", None)
        assert found == {key: value for key, value in one["metadata"].items() if key != "chainrule"}


def test_old_outputs_are_dropped(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    cell(sent, "check_half_square")["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": "6/6"}
    ]
    assert all(
        one["outputs"] == []
        for one in rebuilt(release, sent)["cells"]
        if one["cell_type"] == "code"
    )


def test_own_cells_follow_the_cell_they_followed(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    sent["cells"].insert(0, code("first = 1", "a"))
    sent["cells"].insert(place(sent, "half_square") + 1, code("second = 2", "b"))
    sent["cells"].insert(place(sent, "b") + 1, code("third = 3", "c"))
    made = rebuilt(release, sent)
    assert made["cells"][0]["source"] == "first = 1"
    at = place(made, "half_square")
    assert [one["source"] for one in made["cells"][at + 1 : at + 3]] == ["second = 2", "third = 3"]
    assert made["cells"][at + 3]["id"] == "check_half_square"


def test_of_two_copies_the_first_that_was_changed_is_the_answer(
    tiny_built: TinyCourse, release: Notebook
):
    sent = tiny_built.notebook({"row_sums": ROW_SUMS})
    at = place(sent, "half_square")
    sent["cells"].insert(at + 1, {**sent["cells"][at], "id": "copy", "source": HALF_SQUARE})
    made = rebuilt(release, sent)
    assert cell(made, "half_square")["source"] == HALF_SQUARE
    assert ids(made) == ids(release)  # the untouched copy is gone


def test_further_changed_copies_run_where_they_stand(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    at = place(sent, "half_square")
    sent["cells"].insert(at + 1, {**sent["cells"][at], "id": "copy", "source": "better = 1"})
    made = rebuilt(release, sent)
    assert cell(made, "half_square")["source"] == HALF_SQUARE
    assert made["cells"][place(made, "half_square") + 1]["source"] == "better = 1"


def test_a_deleted_check_is_back_and_said_so(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    del sent["cells"][place(sent, "check_row_sums")]
    assert "check_row_sums" in ids(rebuilt(release, sent))
    assert notes(release, sent) == (
        "The cell check_row_sums was missing from the notebook and was put back.",
    )


def test_a_deleted_solution_is_shown_but_does_not_undo_an_answer_elsewhere(
    tiny_built: TinyCourse, release: Notebook
):
    sent = tiny_built.notebook()
    del sent["cells"][place(sent, "half_square")]
    sent["cells"].insert(place(sent, "check_half_square") + 1, code(HALF_SQUARE, "rewritten"))
    made = rebuilt(release, sent)
    assert skipped(cell(made, "half_square"))
    assert made["cells"][place(made, "check_half_square") + 1]["source"] == HALF_SQUARE


def test_an_answer_written_anew_in_its_place_is_the_answer(
    tiny_built: TinyCourse, release: Notebook
):
    sent = tiny_built.notebook()
    sent["cells"][place(sent, "half_square")] = code(HALF_SQUARE, "rewritten")
    made = rebuilt(release, sent)
    assert ids(made) == ids(release)
    assert cell(made, "half_square")["source"] == HALF_SQUARE
    assert notes(release, sent) == ()


def test_an_edited_check_is_the_releases(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    cell(sent, "check_half_square")["source"] = "6.0"
    made = rebuilt(release, sent)
    assert cell(made, "check_half_square")["source"] == text_of(cell(release, "check_half_square"))
    assert "check_half_square had been changed" in "".join(notes(release, sent))


def test_what_was_imported_in_a_read_only_cell_is_imported_after_it(
    tiny_built: TinyCourse, release: Notebook
):
    sent = tiny_built.notebook()
    mine = "import math\nfrom numpy import (\n    sqrt,\n)"
    cell(sent, "imports")["source"] = f"{mine}\n{text_of(cell(release, 'imports'))}"
    check = "%matplotlib inline\nimport math as m\nimport 7\n6.0"
    cell(sent, "check_row_sums")["source"] = check
    made = rebuilt(release, sent)
    own = {one["id"]: one["source"] for one in made["cells"] if one["id"] not in ids(release)}
    said = [*notes(release, sent)]
    assert [one for one in own.values() if "From the grader" not in one] == [
        "import math\nfrom numpy import sqrt",
        "import math as m",
    ]
    assert made["cells"][place(made, "imports")]["source"] == text_of(cell(release, "imports"))
    assert said == [
        f"The read-only cell {name} had been changed; the original was run, "
        "with the imports added to it."
        for name in ("imports", "check_row_sums")
    ]


def test_demonstrations_run_only_when_changed(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook()
    name = demo(release)
    assert skipped(cell(rebuilt(release, sent), name))
    cell(sent, name)["source"] = "print('mine')"
    made = rebuilt(release, sent)
    assert not skipped(cell(made, name))
    assert cell(made, name)["source"] == "print('mine')"


def test_cells_whose_metadata_an_editor_lost_are_known_by_their_id(
    tiny_built: TinyCourse, release: Notebook
):
    sent = tiny_built.notebook()
    for one in sent["cells"]:
        one["metadata"] = {}
    made = rebuilt(release, sent)
    assert ids(made) == ids(release)
    assert cell(made, "row_sums")["source"] == ROW_SUMS


def test_cells_whose_id_an_editor_lost_are_known_by_their_grade_id(
    tiny_built: TinyCourse, release: Notebook
):
    sent = tiny_built.notebook()
    for number, one in enumerate(sent["cells"]):
        one["id"] = f"new-{number}"
    assert cell(rebuilt(release, sent), "row_sums")["source"] == ROW_SUMS


def test_pictures_pasted_into_a_written_answer_are_kept(tiny_built: TinyCourse, release: Notebook):
    sent = tiny_built.notebook({**RIGHT, "why": "![](attachment:a.png)"})
    cell(sent, "why")["attachments"] = {"a.png": {"image/png": "aGk=", "text/html": "<script>"}}
    assert cell(rebuilt(release, sent), "why")["attachments"] == {"a.png": {"image/png": "aGk="}}


def test_another_notebook_is_noticed(release: Notebook):
    assert (
        "another notebook"
        in notes(release, {"cells": [code("x = 1")], "metadata": {}, "nbformat": 4})[0]
    )


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["delete", "copy", "move", "edit", "own", "strip", "retype"]),
        st.integers(0, 40),
        st.integers(0, 40),
    ),
    max_size=12,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=CHANGES)
def test_whatever_was_done_to_the_notebook_the_release_is_all_there(
    changes: list[tuple[str, int, int]], tiny_built: TinyCourse
):
    release = tiny_built.release
    sent = tiny_built.notebook()
    for number, (what, one, other) in enumerate(changes):
        cells = sent["cells"]
        if not cells:
            break
        at, to = one % len(cells), other % len(cells)
        if what == "delete":
            del cells[at]
        elif what == "copy":
            cells.insert(to, deepcopy(cells[at]))
        elif what == "move":
            cells.insert(to, cells.pop(at))
        elif what == "edit":
            cells[at]["source"] = f"edited = {number}"
        elif what == "own":
            cells.insert(at, code(f"own = {number}", f"own-{number}"))
        elif what == "strip":
            cells[at]["metadata"] = {}
        else:
            cells[at]["cell_type"] = "raw"
    if not sent["cells"]:
        return
    made = rebuilt(release, sent)
    graded = {
        one["id"]: {key: value for key, value in one["metadata"].items() if key != "chainrule"}
        for one in release["cells"]
    }
    kept = [one for one in made["cells"] if one["id"] in graded]
    assert [one["id"] for one in kept] == list(graded)
    assert len({one["id"] for one in made["cells"]}) == len(made["cells"])
    for one in kept:
        assert {
            key: value for key, value in one["metadata"].items() if key != "chainrule"
        } == graded[one["id"]]
        if one["id"].startswith(("check_", "imports")):
            assert one["source"] == text_of(cell(release, one["id"]))
    own = [one["source"] for one in made["cells"] if one["source"].startswith("own = ")]
    assert sorted(own) == sorted(
        one["source"] for one in sent["cells"] if str(one["source"]).startswith("own = ")
    )
