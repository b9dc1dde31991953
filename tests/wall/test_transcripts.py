"""Transcripts cross as they are, and whatever an enemy writes in their place is read or refused."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.language.transcript import Argument, Called, Opaque
from autograder.wall.wire.frames import Malformed, parse_header
from autograder.wall.wire.transcripts import pack_transcript, unpack_transcript

SIMPLE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.floats().map(np.float64),
    st.complex_numbers(),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=5),
)
ARRAYS = st.sampled_from(
    [np.arange(6.0).reshape(2, 3), np.zeros((0, 2)), np.array(True), np.float32(2), np.int8(-1)]
)
TREES = st.recursive(
    st.one_of(SIMPLE, ARRAYS, st.builds(Argument, st.integers(0, 9))),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.one_of(st.integers(), st.text("ab")), inner, max_size=3),
    ),
    max_leaves=8,
)


ENTRIES = [
    st.floats(),
    st.floats().map(np.float64),
    st.lists(st.floats(), min_size=2, max_size=2).map(np.array),
    st.lists(st.booleans(), min_size=1, max_size=1).map(np.array),
    st.just(np.zeros((0, 2))),
    st.integers(),
]


@st.composite
def rows(draw: st.DrawFn) -> list[tuple[Any, ...]]:
    """Rows that are alike, or nearly."""
    entries = draw(st.lists(st.sampled_from(ENTRIES), max_size=3))
    alike = draw(st.lists(st.tuples(*entries), max_size=9))
    return alike + draw(st.lists(st.tuples(st.floats()), max_size=1))


def through_the_wire(calls: list[Called]) -> list[Called]:
    stated, payload = pack_transcript(calls)
    read, end = unpack_transcript(
        parse_header(json.dumps({"of": stated}).encode())["of"], payload, 0
    )
    assert end == len(payload)
    return read


@given(TREES)
def test_what_was_returned_crosses_as_it_is(tree: Any):
    (read,) = through_the_wire([Called("f", [(0, (tree,), {"a": 1})], [(2, [1.5])], tree)])
    assert repr(read) == repr(Called("f", [(0, (tree,), {"a": 1})], [(2, [1.5])], tree))


@given(rows(), st.booleans())
def test_rows_cross_as_they_are(given: list[tuple[Any, ...]], of_lists: bool):
    table: list[Any] = [*map(list, given)] if of_lists else given
    said = [(k // 7, row, {}) for k, row in enumerate(given)]
    (read,) = through_the_wire([Called("f", said, [], (table, tuple(table)))])
    assert repr(read) == repr(Called("f", said, [], (table, tuple(table))))


def test_many_rows_cross_in_few_words():
    said = [(0, (np.full(3, k), np.float64(k), float(k)), {}) for k in range(1000)]
    stated, payload = pack_transcript([Called("f", said, [], [row for _, row, _ in said])])
    assert len(json.dumps(stated)) < 500
    assert len(payload) == 2 * 1000 * 5 * 8


def test_what_is_no_data_crosses_by_its_type():
    (read,) = through_the_wire([Called("f", returned=Opaque("Cache", np.ones(2), is_value=True))])
    assert (read.returned.type_name, read.returned.is_value) == ("Cache", True)
    assert read.returned.array.tolist() == [1, 1]


JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text("vfdhoa<8", max_size=4)
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from("avfctlTLdhonmr"), inner, min_size=1, max_size=1),
    ),
    max_leaves=12,
)


@given(JSON, st.binary(max_size=64))
def test_what_an_enemy_writes_is_read_or_refused(tree: Any, payload: bytes):
    call = {"name": "f", "said": [], "changed": [[0, tree]], "returned": tree, "raised": None}
    try:
        unpack_transcript([call], payload, 0)
    except Malformed:
        return


@pytest.mark.parametrize(
    "call",
    [
        None,
        {},
        {"name": "f", "said": [], "changed": [], "returned": {"v": 1, "f": "1"}, "raised": None},
        {"name": "f", "said": [[0, {"l": []}, {"d": []}]], "changed": [], "returned": {"v": 1}},
        {"name": "f", "said": [[-1, [["n", ["<f8", [0]]]]]], "returned": {"v": 1}},
        {"name": "f", "said": [[0, [["a", ["<f8", [9, 0]]]]]], "returned": {"v": 1}},
        {"name": "f", "said": [[0, []]], "returned": {"v": 1}},
        {"name": "f", "said": [0], "returned": {"v": 1}},
        {"name": "f", "said": [], "changed": [[-1, {"v": 1}]], "returned": {"v": 1}},
        {"name": "f", "said": [], "changed": [], "returned": {"a": [["<f8", [9]], False]}},
        {"name": "f", "said": [], "changed": [], "returned": {"d": [[{"l": []}, {"v": 1}]]}},
        {"name": "f", "said": [], "changed": [], "returned": {"v": 1}, "raised": "ValueError"},
        *(
            {"name": "f", "said": [], "changed": [], "returned": one, "raised": None}
            for one in (
                {"n": 1},
                {"n": 1e999},
                {"m": [True, [1.5, 2], [1]]},
                {"m": [True, [1.5], [1]]},
                {"m": [True, [1.5], [0, 0]]},
                {"m": [True, [[1.5]], [0]]},
                {"m": [True, [1.5], [True]]},
                {"m": [True, [1.5]]},
                {"r": [True, True, []]},
                {"r": [True, True, [["a", ["<f8", [1 << 20, 0]]]]]},
                {"r": [True, True, [["n", ["<f8", [0]]], ["n", ["<f8", [0, 3]]]]]},
                {"r": [True, True, [["x", ["<f8", [0]]]]]},
                {"r": [True, True, [["f", ["<f8", []]]]]},
            )
        ),
    ],
)
def test_what_is_no_call_is_refused(call: Any):
    with pytest.raises(Malformed):
        unpack_transcript([call], b"", 0)
