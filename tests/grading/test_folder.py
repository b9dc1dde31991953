"""Whatever lies beside it, a notebook that is there is found."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, ROW_SUMS, TinyCourse, code, nameless

from autograder.errors import SubmissionError
from autograder.grading.folder import Found, find_notebook, read_files

Notebook = dict[str, Any]
HALF = {"row_sums": ROW_SUMS}


@pytest.fixture
def other(tiny_built: TinyCourse) -> Notebook:
    """The release of another assignment: some cells have the same names."""
    release = deepcopy(tiny_built.release)
    for number, cell in enumerate(release["cells"][3:], 3):
        cell["id"] = f"other-{number}"
        cell["source"] = f"other = {number}"
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] = cell["id"]
    return release


@pytest.fixture
def found(tiny_built: TinyCourse, other: Notebook, tmp_path: Path) -> Any:
    """What is found in a folder with these files."""

    def find(files: Mapping[str, Any]) -> Found:
        for name, notebook in files.items():
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(
                notebook if isinstance(notebook, bytes) else json.dumps(notebook).encode()
            )
        releases = {"tiny": tiny_built.release, "other": other}
        return find_notebook(tmp_path / "in", "tiny", tiny_built.release, lambda: releases)

    return find


OWN = {"cells": [code("x = 1")], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}

# files by name (a dict: the tiny notebook with these answers), the graded one, note, doubt
FOLDERS: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "renamed": ({"my homework (2).ipynb": RIGHT}, "my homework (2).ipynb", "", ""),
    "in a folder": ({"tiny/tiny.ipynb": RIGHT}, "tiny/tiny.ipynb", "", ""),
    "beside another of their own": (
        {"scratch.ipynb": OWN, "homework.ipynb": RIGHT},
        "homework.ipynb",
        "",
        "",
    ),
    "as an archive unpacks it": (
        {"__MACOSX/tiny.ipynb": b"\0", ".ipynb_checkpoints/tiny.ipynb": {}, "a/tiny.ipynb": RIGHT},
        "a/tiny.ipynb",
        "",
        "",
    ),
    "twice the same": ({"tiny1.ipynb": RIGHT, "tiny2.ipynb": RIGHT}, "tiny1.ipynb", "", ""),
    "an older copy": (
        {"tiny.ipynb": RIGHT, "tiny-Copy1.ipynb": HALF},
        "tiny.ipynb",
        "tiny-Copy1.ipynb lies beside tiny.ipynb and was not graded.",
        "",
    ),
    "worked in the copy": (
        {"tiny.ipynb": {}, "tiny-Copy1.ipynb": RIGHT},
        "tiny-Copy1.ipynb",
        "",
        "tiny.ipynb holds no answers; tiny-Copy1.ipynb, which does, was graded.",
    ),
    "more in the copy": (
        {"tiny.ipynb": HALF, "tiny-Copy1.ipynb": RIGHT},
        "tiny.ipynb",
        "tiny-Copy1.ipynb lies",
        "tiny-Copy1.ipynb holds more answers than tiny.ipynb, which was graded.",
    ),
    "two under other names": (
        {"a.ipynb": HALF, "b.ipynb": RIGHT},
        "b.ipynb",
        "a.ipynb lies beside b.ipynb",
        "No notebook is named tiny.ipynb; b.ipynb",
    ),
    "damaged beside a good one": (
        {"tiny.ipynb": b"{", "tiny (1).ipynb": RIGHT},
        "tiny (1).ipynb",
        "",
        "tiny.ipynb could not be read",
    ),
}


@pytest.mark.parametrize("case", FOLDERS)
def test_the_notebook_that_was_meant(case: str, found: Any, tiny_built: TinyCourse, tmp_path: Path):
    files, graded, note, doubt = FOLDERS[case]
    notebooks = {
        name: one if isinstance(one, bytes) or one is OWN else tiny_built.notebook(one)
        for name, one in files.items()
    }
    which = found(notebooks)
    assert which.path.relative_to(tmp_path / "in").as_posix() == graded
    assert note in " ".join(which.notes)
    assert bool(note) == bool(which.notes)
    assert doubt in (which.doubt or "")
    assert bool(doubt) == bool(which.doubt)


def test_the_notebook_of_another_assignment_is_said_to_be_that(found: Any, other: Notebook):
    said = "this is the notebook of other, not of tiny"
    for sent in (other, nameless(other)):
        with pytest.raises(SubmissionError, match=said):
            found({"tiny.ipynb": sent})


def test_beside_another_assignments_notebook_the_right_one_is_found(
    found: Any, other: Notebook, tiny_built: TinyCourse
):
    which = found({"other.ipynb": other, "homework.ipynb": tiny_built.notebook()})
    assert (which.path.name, which.notes, which.doubt) == ("homework.ipynb", (), None)


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, r"tiny\.ipynb is missing"),
        ({"tiny.ipynb": b"{"}, "damaged"),
        ({"homework.ipynb": b"{"}, "damaged"),
        ({"a.ipynb": OWN, "b.ipynb": OWN}, "several notebooks"),
    ],
)
def test_what_cannot_be_graded_is_said_in_a_sentence(files: dict[str, Any], words: str, found: Any):
    with pytest.raises(SubmissionError, match=words):
        found(files)


def test_a_notebook_with_no_cell_of_the_release_is_still_looked_at(found: Any):
    assert found({"homework.ipynb": OWN}).path.name == "homework.ipynb"


def test_the_files_beside_the_notebook(tmp_path: Path):
    folder = tmp_path / "submission"
    (folder / "data").mkdir(parents=True)
    (folder / ".ipynb_checkpoints").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret.py").write_text("reference")
    (folder / "tiny.ipynb").touch()
    (folder / "timestamp.txt").touch()
    (folder / "helper.py").write_text("x = 1")
    (folder / "data/a.csv").write_text("1")
    (folder / ".ipynb_checkpoints/old.py").touch()
    (folder / "link.py").symlink_to(tmp_path / "outside/secret.py")
    (folder / "linked").symlink_to(tmp_path / "outside")
    assert read_files(folder).files == {"data/a.csv": b"1", "helper.py": b"x = 1"}
    assert read_files(folder).notes == ()


def test_of_too_many_files_some_are_left_out_and_named(tmp_path: Path):
    for number in range(600):
        (tmp_path / f"{number:03}.txt").write_text("1")
    (tmp_path / "used.py").write_text("x = 1")
    beside = read_files(tmp_path)
    assert len(beside.files) == 500
    assert "used.py" in beside.files
    assert beside.notes[0].startswith(
        "Left out when the notebook was run: 499.txt, 500.txt, 501.txt and 98 more."
    )


def test_a_file_that_is_too_large_is_left_out_and_named(tmp_path: Path):
    (tmp_path / "weights.pt").touch()
    os.truncate(tmp_path / "weights.pt", 60 << 20)
    (tmp_path / "used.py").write_text("x = 1")
    beside = read_files(tmp_path)
    assert beside.files == {"used.py": b"x = 1"}
    assert "weights.pt" in beside.notes[0]
