"""The grader's side of the wire reads what an enemy wrote: it refuses with Malformed, and never
with anything else.
"""

from __future__ import annotations

import socket
import struct
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from autograder.language.verdict import Evaluation, Failure, Value
from autograder.wall.wire import evaluations, frames, values

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
FIELDS = ("outputs", "failure", "mutated", "aliased", "work", "libraries", "varied")
GOOD: dict[str, Any] = {
    "outputs": [],
    "failure": None,
    "mutated": [],
    "aliased": [],
    "work": None,
    "libraries": [],
    "varied": [],
}


def unpack(header: Any, payload: bytes, inputs: list[str]) -> Evaluation:
    """One evaluation as it arrives."""
    return evaluations.unpack_evaluations({"of": [header]}, payload, inputs, 1)[0]


@given(st.fixed_dictionaries({name: JSON for name in FIELDS}), st.binary(max_size=64))
@settings(max_examples=150, deadline=None)
def test_an_evaluation_of_anything(header: dict[str, Any], payload: bytes) -> None:
    try:
        evaluation = unpack(header, payload, ["x"])
    except frames.Malformed:
        return
    assert isinstance(evaluation, Evaluation)


@given(
    st.tuples(
        st.sampled_from([*values.DTYPES, "O", "<f16", "V8", "<U4"]),
        st.lists(st.integers(-2, 9), max_size=3),
    )
)
@settings(max_examples=100, deadline=None)
def test_arrays_that_claim_anything(stated: tuple[str, list[int]]) -> None:
    header = {**GOOD, "outputs": [{"name": "y", "type": "ndarray", "array": list(stated)}]}
    try:
        array = unpack(header, bytes(64), []).arrays()["y"]
    except frames.Malformed:
        return
    assert array.nbytes == 64
    assert list(array.shape) == stated[1]


@pytest.mark.parametrize(
    "stated",
    [
        ["<f8", [1 << 40]],
        ["<f8", [1 << 20, 1 << 20]],
        ["<f8", [0, 1 << 62]],
        ["<f8", [True]],
        ["<f8", [1.0]],
        ["<f8", [-1]],
        ["<f8", [1] * 40],
        ["object", [1]],
        ["<f8", "1"],
        ["<f8"],
        {"dtype": "<f8"},
        [["<f8"], [1]],
    ],
)
def test_arrays_that_lie(stated: Any) -> None:
    header = {**GOOD, "outputs": [{"name": "y", "type": "ndarray", "array": stated}]}
    with pytest.raises(frames.Malformed):
        unpack(header, bytes(8), [])


@given(JSON, st.integers(1, 3))
@settings(max_examples=100, deadline=None)
def test_evaluations_of_anything(of: Any, most: int) -> None:
    with pytest.raises(frames.Malformed):
        evaluations.unpack_evaluations({"of": of}, b"", [], most)


def test_no_more_evaluations_than_were_asked_for_and_at_least_one() -> None:
    assert len(evaluations.unpack_evaluations({"of": [GOOD] * 3}, b"", [], 3)) == 3
    for count in (0, 4):
        with pytest.raises(frames.Malformed):
            evaluations.unpack_evaluations({"of": [GOOD] * count}, b"", [], 3)


@pytest.mark.parametrize("work", [-1, 1.5, True, "7", 1 << 70])
def test_work_that_is_no_count(work: Any) -> None:
    with pytest.raises(frames.Malformed):
        unpack({**GOOD, "work": work}, b"", [])


@pytest.mark.parametrize("taken", [{"sum": 3}, [["sum"]], [["sum", -1]], [["sum", True]], [[3, 3]]])
def test_items_that_are_no_count_are_refused(taken: object) -> None:
    with pytest.raises(frames.Malformed):
        unpack({**GOOD, "taken": taken}, b"", [])


def test_bytes_beyond_the_arrays_are_refused() -> None:
    with pytest.raises(frames.Malformed):
        unpack(GOOD, b"12345678", [])


def test_nobody_inside_can_put_the_blame_on_us() -> None:
    evaluation = unpack({**GOOD, "failure": ["fault", "the grader broke", ""]}, b"", [])
    assert evaluation.failure == Failure("error", "the grader broke")


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=5),
        arrays.arrays(
            st.sampled_from(list(values.DTYPES.values())),
            arrays.array_shapes(min_dims=0, min_side=0),
        ),
        max_size=3,
    )
)
@settings(max_examples=60, deadline=None)
def test_what_is_packed_is_unpacked(named: dict[str, np.ndarray]) -> None:
    packed = evaluations.pack_evaluation(
        Evaluation(
            {name: Value(array, "ndarray") for name, array in named.items()},
            work=3,
            taken={"sum": 2},
            peak_bytes=1 << 40,
        )
    )
    back = unpack(packed[0], packed[1], [])
    assert (back.work, back.taken, back.peak_bytes) == (3, {"sum": 2}, 1 << 40)
    assert list(back.outputs) == list(named)
    tree, payload = values.pack_inputs(named)
    for given_back in (back.arrays(), values.unpack_inputs(tree, payload)):
        for name, array in named.items():
            np.testing.assert_array_equal(given_back[name], array)
            assert given_back[name].dtype == array.dtype
            assert given_back[name].shape == array.shape


def test_inputs_keep_their_types() -> None:
    inputs = {
        "a": 1,
        "b": 2.5,
        "c": True,
        "d": "text",
        "e": None,
        "f": 1j,
        "g": (1, [2.0]),
        "h": {"stride": 1, 2: X},
    }
    back = values.unpack_inputs(*values.pack_inputs(inputs))
    np.testing.assert_array_equal(back["h"].pop(2), inputs["h"].pop(2))
    assert back == inputs
    assert [type(one) for one in back.values()] == [type(one) for one in inputs.values()]
    assert type(values.unpack_inputs(*values.pack_inputs({"n": np.float32(1)}))["n"]) is np.float32
    with pytest.raises(TypeError, match="a function cannot be given"):
        values.pack_inputs({"f": len.__class__ and (lambda: None)})


X = np.ones((2, 2))


def test_a_batch_sends_a_shared_array_once_and_gives_everybody_a_copy() -> None:
    shared = np.arange(1000.0)
    batch = [{"x": shared, "step": np.full(3, float(k)), "n": k} for k in range(5)]
    ((trees, payload),) = values.pack_batches(batch)
    assert len(payload) == shared.nbytes + 5 * 3 * 8
    back = [values.unpack_inputs(tree, payload) for tree in trees]
    back[0]["x"][:] = -1
    for k, one in enumerate(back[1:], start=1):
        np.testing.assert_array_equal(one["x"], shared)
        np.testing.assert_array_equal(one["step"], np.full(3, float(k)))
        assert one["n"] == k


def test_a_large_batch_is_cut_into_frames() -> None:
    batch = [{"x": np.full(100, float(k))} for k in range(10)]
    assert [len(trees) for trees, _ in values.pack_batches(batch, most=4)] == [4, 4, 2]
    assert [len(trees) for trees, _ in values.pack_batches(batch, most_bytes=1500)] == [2] * 5
    back = [
        values.unpack_inputs(tree, part)
        for trees, part in values.pack_batches(batch, 3)
        for tree in trees
    ]
    np.testing.assert_array_equal([one["x"] for one in back], [one["x"] for one in batch])


def _read_to_the_end(channel: frames.Channel) -> None:
    while True:
        header, _ = channel.receive(time.monotonic() + 5)
        assert isinstance(header, dict)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_frames_of_any_bytes(data: bytes) -> None:
    ours, theirs = socket.socketpair()
    channel = frames.Channel(ours)
    with theirs:
        theirs.sendall(data)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises((frames.Malformed, frames.Closed)):
            _read_to_the_end(channel)
    channel.close()


@pytest.mark.parametrize(
    "text", [b"[]", b"7", b"{", b"\xff", b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}"]
)
def test_headers_that_are_no_object(text: bytes) -> None:
    ours, theirs = socket.socketpair()
    channel = frames.Channel(ours)
    with theirs:
        theirs.sendall(struct.pack("<II", len(text), 0) + text)
        with pytest.raises(frames.Malformed):
            channel.receive(time.monotonic() + 5)
    channel.close()


def test_half_a_frame_is_late() -> None:
    ours, theirs = socket.socketpair()
    channel = frames.Channel(ours)
    with theirs:
        theirs.sendall(struct.pack("<II", 100, 0) + b"{")
        with pytest.raises(frames.Late):
            channel.receive(time.monotonic() + 0.05)
    channel.close()
