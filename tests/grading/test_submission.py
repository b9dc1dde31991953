"""Whatever is handed in is read, or refused in one sentence."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import SubmissionError
from autograder.grading.handed_in import NOTEBOOK_BYTES, read_notebook, read_plain_file


def notebook(*cells: Any, **more: Any) -> bytes:
    return json.dumps(
        {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}
    ).encode()


def cell(source: Any = "x", **more: Any) -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "metadata": {}, **more}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"   \n", "empty"),
        (b'{"cells": [', "no valid JSON"),
        (b"\x89PNG\r\n\x1a\n", "no valid JSON"),
        (b"[" * 100_000, "no valid JSON|nested too deeply"),
        (b'{"a":' * 100_000, "no valid JSON|nested too deeply"),
        (b"[1, 2]", "no notebook"),
        (b'{"a": 1}', "no cells"),
        (b'{"cells": {}}', "no cells"),
        (b'{"cells": []}', "no cells"),
        (b'{"nbformat": 3, "worksheets": []}', "old format"),
        (b'{"nbformat": 3, "cells": [1]}', "old format"),
        (notebook(*[cell()] * 2001), "2001 cells"),
        (notebook(cell("x" * (1 << 20) + "y")), "MB of code"),
        (notebook(cell("x" * (2 << 20) + "y", cell_type="markdown")), "MB of text"),
        (b" " * (NOTEBOOK_BYTES + 1), "65|64 MB"),
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(data: bytes, words: str):
    with pytest.raises(SubmissionError, match=words):
        read_notebook(data)


def test_a_cell_that_is_none_is_left_out_and_said_so():
    read = read_notebook(
        notebook(cell("a"), 7, cell(["b", "c"]), cell(3), {"cell_type": "heading", "source": "d"})
    )
    assert [one.source for one in read.cells] == ["a", "bc", ""]
    assert read.notes == (
        "Cell 2 is no cell of a notebook and was left out.",
        "The source of cell 4 is not text and was left out.",
        "Cell 5 is no cell of a notebook and was left out.",
    )


def test_text_that_no_file_can_hold_is_made_writable():
    (one,) = read_notebook(b'{"cells": [{"cell_type": "code", "source": "a\\ud800b"}]}').cells
    assert one.source.encode() == b"a?b"


KEYS = [
    "cells",
    "cell_type",
    "source",
    "metadata",
    "nbgrader",
    "grade_id",
    "id",
    "attachments",
    "nbformat",
    "kernelspec",
]
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
)


@given(ANY_JSON)
def test_no_json_raises_anything_else(value: Any):
    markdown = {
        "cell_type": "markdown",
        "source": value,
        "metadata": value,
        "attachments": value,
        "id": value,
    }
    for data in (value, {"cells": [value]}, {"cells": [markdown], "metadata": value}):
        with contextlib.suppress(SubmissionError):
            read_notebook(json.dumps(data).encode())


def test_links_pipes_and_giants_are_not_read(tmp_path: Path):
    (tmp_path / "secret").write_text("reference")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "secret")
    with pytest.raises(SubmissionError, match="is a link"):
        read_plain_file(tmp_path / "link.ipynb")
    os.mkfifo(tmp_path / "pipe.ipynb")
    with pytest.raises(SubmissionError, match="no ordinary file"):
        read_plain_file(tmp_path / "pipe.ipynb")
    (tmp_path / "big.ipynb").touch()
    os.truncate(tmp_path / "big.ipynb", NOTEBOOK_BYTES + 1)
    with pytest.raises(SubmissionError, match="the limit is 64 MB"):
        read_plain_file(tmp_path / "big.ipynb")
