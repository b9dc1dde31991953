"""Inputs and evaluations as frames: named arrays as raw bytes with an exact dtype and shape; no
pickle, no objects.
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType
from typing import Any, cast

import numpy as np

from .frames import Malformed

DTYPES = {
    np.dtype(code).str: np.dtype(code)
    for code in (
        "?",
        "i1",
        "<i2",
        "<i4",
        "<i8",
        "u1",
        "<u2",
        "<u4",
        "<u8",
        "<f2",
        "<f4",
        "<f8",
        "<c8",
        "<c16",
    )
}
MAX_ARRAY = 64 << 20
MAX_OUTPUTS = 256
MAX_AXES = 16
MAX_NAME = 200


def plain(array: np.ndarray) -> np.ndarray:
    """``array`` in a dtype that may cross: little endian, no extended precision, C order."""
    if array.dtype.str in DTYPES:
        return np.ascontiguousarray(array).reshape(array.shape)
    wanted = {"f": "<f8", "c": "<c16"}.get(array.dtype.kind, array.dtype.newbyteorder("<").str)
    return np.ascontiguousarray(array.astype(wanted)).reshape(array.shape)


# --- inputs: the grader writes, the submission reads ----------------------------------------------


def pack_inputs(inputs: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Inputs as a tree for the header and the bytes of its arrays. Raises TypeError for what cannot
    cross.
    """
    arrays = _Arrays()
    return {name: arrays.tree(value) for name, value in inputs.items()}, arrays.payload()


def pack_batches(
    batch: Iterable[Mapping[str, Any]], most: int = 64, most_bytes: int = 16 << 20
) -> Iterator[tuple[list[dict[str, Any]], bytes]]:
    """Several inputs as frames of bearable size: their trees, and the bytes of their arrays. An
    array that several of them share crosses once in a frame. Raises TypeError for what cannot
    cross.
    """
    trees: list[dict[str, Any]] = []
    arrays = _Arrays()
    for inputs in batch:
        if len(trees) >= most or arrays.size > most_bytes:
            yield trees, arrays.payload()
            trees, arrays = [], _Arrays()
        trees.append({name: arrays.tree(value) for name, value in inputs.items()})
    if trees:
        yield trees, arrays.payload()


class _Arrays:
    """The arrays of one frame, and how values that hold them are written down."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._known: dict[int, tuple[np.ndarray, Any]] = {}
        self.size = 0

    def payload(self) -> bytes:
        return b"".join(self._parts)

    def tree(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            if id(value) not in self._known:
                self._known[id(value)] = (
                    value,
                    self._array(value, scalar=False),
                )  # kept, so that no other takes its id
            return self._known[id(value)][1]
        if isinstance(value, np.generic):
            return self._array(np.asarray(value), scalar=True)
        if value is None or isinstance(value, (bool, int, float, str)):
            return {"v": value}
        if isinstance(value, complex):
            return {"c": [value.real, value.imag]}
        if isinstance(value, (list, tuple)):
            return {"t" if isinstance(value, tuple) else "l": [self.tree(one) for one in value]}
        if isinstance(value, Mapping):
            return {"d": [[self.tree(key), self.tree(one)] for key, one in value.items()]}
        raise TypeError(
            f"a {type(value).__name__} cannot be given to an answer: use arrays, numbers, "
            "strings, lists, dicts"
        )

    def _array(self, value: np.ndarray, *, scalar: bool) -> Any:
        array = plain(value)
        if array.dtype.str not in DTYPES:
            raise TypeError(f"an array of dtype {array.dtype} cannot be given to an answer")
        node = {"a": [array.dtype.str, list(array.shape), scalar, self.size]}
        self._parts.append(array.tobytes())
        self.size += array.nbytes
        return node


def unpack_inputs(tree: Mapping[str, Any], payload: bytes) -> dict[str, Any]:
    """The inputs again, arrays as fresh writable ndarrays."""
    return {name: _value(node, payload) for name, node in tree.items()}


def _value(node: dict[str, Any], payload: bytes) -> Any:
    ((kind, content),) = node.items()
    if kind == "a":
        code, shape, scalar, offset = content
        array = (
            np.frombuffer(payload, np.dtype(code), math.prod(shape), offset).reshape(shape).copy()
        )
        return array[()] if scalar else array
    if kind == "v":
        return content
    if kind == "c":
        return complex(*content)
    if kind in "tl":
        values = [_value(one, payload) for one in content]
        return tuple(values) if kind == "t" else values
    return {_value(key, payload): _value(one, payload) for key, one in content}


# --- what an enemy may have written -------------------------------------------------------------


def array_from(stated: Any, payload: bytes, offset: int) -> tuple[np.ndarray, int]:
    """An array of ``payload``, by its dtype and shape, and where its bytes end. Raises Malformed."""
    if not (isinstance(stated, list) and len(stated) == 2 and isinstance(stated[0], str)):
        raise Malformed("an array is stated wrongly")
    dtype, shape = DTYPES.get(stated[0]), stated[1]
    if dtype is None or not isinstance(shape, list) or len(shape) > MAX_AXES:
        raise Malformed("an array of another kind")
    if any(type(size) is not int or not 0 <= size <= MAX_ARRAY for size in shape):
        raise Malformed("an impossible shape")
    if math.prod(size or 1 for size in shape) * dtype.itemsize > MAX_ARRAY:
        raise Malformed("an array too large")
    count = math.prod(cast("list[int]", shape))
    end = offset + count * dtype.itemsize
    if end > len(payload):
        raise Malformed("an array without its bytes")
    raw = payload[offset:end]
    if dtype.kind == "b":
        return (np.frombuffer(raw, np.uint8) != 0).reshape(
            shape
        ), end  # a bool is 0 or 1, whatever the byte says
    return np.frombuffer(raw, dtype).reshape(shape).copy(), end


def text_from(value: Any, longest: int) -> str:
    """A text as it may be shown, cut at ``longest`` characters. Raises Malformed."""
    if not isinstance(value, str):
        raise Malformed("no text")
    return value[:longest].encode("utf-8", "replace").decode()


def pack_sources(files: Mapping[str, bytes]) -> dict[str, str]:
    """Source files as JSON can carry them, each byte a character, whatever their encodings."""
    return {name: data.decode("latin-1") for name, data in files.items()}


def unpack_sources(files: Mapping[str, str]) -> dict[str, bytes]:
    """What ``pack_sources`` packed."""
    return {name: text.encode("latin-1") for name, text in files.items()}


def pack_codes(codes: Mapping[str, CodeType]) -> bytes:
    """Code as an interpreter of the same version can take it up: only ever sent inwards."""
    return marshal.dumps(dict(codes))


def unpack_codes(packed: bytes) -> dict[str, CodeType]:
    """What ``pack_codes`` packed. For what comes from outside the wall, which is trusted."""
    return marshal.loads(packed)
