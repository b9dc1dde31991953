"""The text of a notebook's file, compared with nbformat's own."""

from __future__ import annotations

import json
from typing import Any

import nbformat
from courses.course import TinyCourse
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.nbtext import joined, text_of_notebook

TEXT = st.text(max_size=30) | st.sampled_from(
    ["", "a\nb", "a\r\nb\n", "\n", "one\x85two\u2028three\n", '"\\\t', "é\ud7ff"]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
METADATA = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name not in ("trusted", "signature", "orig_nbformat")),
    st.recursive(
        PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3)
    ),
    max_size=3,
)
KINDS = st.sampled_from(["text/plain", "text/html", "image/png", "image/svg+xml", "application/x"])
OUTPUT = st.one_of(
    st.fixed_dictionaries(
        {
            "output_type": st.just("display_data"),
            "data": st.dictionaries(KINDS, TEXT),
            "metadata": METADATA,
        }
    ),
    st.fixed_dictionaries(
        {
            "output_type": st.just("execute_result"),
            "execution_count": st.none() | st.integers(0, 9),
            "data": st.dictionaries(KINDS, TEXT),
            "metadata": METADATA,
        }
    ),
    st.fixed_dictionaries(
        {"output_type": st.just("stream"), "name": st.just("stdout"), "text": TEXT}
    ),
    st.fixed_dictionaries(
        {
            "output_type": st.just("error"),
            "ename": TEXT,
            "evalue": TEXT,
            "traceback": st.lists(TEXT, max_size=3),
        }
    ),
)
CELL = st.one_of(
    st.fixed_dictionaries(
        {
            "cell_type": st.just("code"),
            "id": st.just("a"),
            "metadata": METADATA,
            "source": TEXT,
            "outputs": st.lists(OUTPUT, max_size=3),
            "execution_count": st.none() | st.integers(0, 9),
        }
    ),
    st.fixed_dictionaries(
        {
            "cell_type": st.just("markdown"),
            "id": st.just("b"),
            "metadata": METADATA,
            "source": TEXT,
        },
        optional={
            "attachments": st.dictionaries(
                TEXT, st.dictionaries(KINDS, TEXT, max_size=2), max_size=2
            )
        },
    ),
)


@given(st.lists(CELL, max_size=4), METADATA)
def test_it_is_what_nbformat_writes(cells: list[dict[str, Any]], metadata: dict[str, Any]):
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    before = json.dumps(notebook)
    text = text_of_notebook(notebook)
    node: Any = nbformat.from_dict(notebook)
    assert (
        text == nbformat.v4.nbjson.JSONWriter().writes(node) + "\n"
    )  # nbformat.writes, without its validation
    assert json.dumps(notebook) == before
    assert joined(json.loads(text)) == json.loads(before)


def test_a_real_notebook_comes_back(tiny_built: TinyCourse):
    path = tiny_built.root / "assignments/tiny/tiny.ipynb"
    node: Any = nbformat.read(path, as_version=4)
    assert text_of_notebook(json.loads(json.dumps(node))) == nbformat.writes(node) + "\n"
