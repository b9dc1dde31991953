"""The Assignment List says when things are due, by nbgrader's own handler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from nbgrader.server_extensions.assignment_list.handlers import AssignmentList

from autograder.course.moments import due_in_words, due_sentence, moment_in_words, read_moment

DUE = read_moment("2026-03-05 23:59 Europe/Berlin")


def put(folder: Path, text: str | bytes) -> None:
    folder.mkdir(parents=True)
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": text}
    data = text if isinstance(text, bytes) else json.dumps({"cells": [cell]}).encode()
    (folder / f"{folder.name}.ipynb").write_bytes(data)


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the lab extension gets, by assignment."""
    outbound = tmp_path / "exchange/chainrule/outbound"
    put(outbound / "dated", f"# Title\n\n{due_sentence(DUE)}")
    put(outbound / "undated", "# Title")
    put(outbound / "broken", b"[")
    put(outbound / "released", f"# Title\n\n{due_sentence(DUE)}")
    for name in ("dated", "undated", "broken"):
        put(tmp_path / "home/chainrule" / name, "# What I have fetched")
    (tmp_path / "home/nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'chainrule'\n"
        f"c.Exchange.root = {str(tmp_path / 'exchange')!r}\n"
        "c.Exchange.path_includes_course = True\n"
        f"c.Exchange.cache = {str(tmp_path / 'cache')!r}\n"
        "c.ExchangeFactory.list = 'autograder.gradebook.exchange.ListWithDueDates'\n"
    )
    monkeypatch.chdir(tmp_path / "home")
    found = AssignmentList()
    found.root_dir = str(tmp_path / "home")
    answer = found.list_assignments()
    assert answer["success"], answer["value"]
    return {one["assignment_id"]: one for one in answer["value"]}


def test_a_fetched_notebook_says_when_it_is_due(listed: dict[str, Any]) -> None:
    names = {name: [nb["notebook_id"] for nb in one["notebooks"]] for name, one in listed.items()}
    assert names == {
        "dated": ["dated, due Thursday, 5 March 2026, 23:59 (Europe/Berlin)"],
        "undated": ["undated"],
        "broken": ["broken"],
        "released": ["released"],
    }
    assert listed["dated"]["notebooks"][0]["path"] == "chainrule/dated/dated.ipynb"


def test_what_the_first_cell_says_is_read_again() -> None:
    assert due_in_words(f"# T\n\nText.\n\n{due_sentence(DUE)}") == moment_in_words(DUE)
    assert due_in_words("**Due** soon.") is None
