"""Inputs and evaluations as frames: named arrays as raw bytes with an exact dtype and shape; no
pickle, no objects.
"""

from __future__ import annotations

import marshal
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import CodeType
from typing import Any, cast

import numpy as np

from ...language.verdict import Evaluation, Failure, Value
from .frames import MAX_PAYLOAD, Header, Malformed

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


# --- evaluations: the submission writes, the grader reads -----------------------------------------


def pack_evaluation(evaluation: Evaluation) -> tuple[Header, bytes]:
    """An evaluation as a header and the bytes of its arrays, too large ones named instead of
    sent.
    """
    outputs: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for name, value in list(evaluation.outputs.items())[:MAX_OUTPUTS]:
        shape: list[Any] | None = None
        kind = value.type_name
        if value.array is not None:
            array = plain(value.array)
            if array.nbytes > MAX_ARRAY or array.nbytes + sum(map(len, parts)) > MAX_PAYLOAD:
                kind = (
                    f"ndarray of {array.nbytes >> 20} MB, more than the {MAX_ARRAY >> 20} MB that "
                    "are read"
                )
            else:
                shape = [array.dtype.str, list(array.shape)]
                parts.append(array.tobytes())
        outputs.append({"name": name, "type": kind, "array": shape})
    failure = evaluation.failure
    header = {
        "outputs": outputs,
        "failure": [failure.kind, failure.message, failure.traceback] if failure else None,
        "mutated": list(evaluation.mutated),
        "aliased": list(evaluation.aliased),
        "work": evaluation.work,
        "libraries": list(evaluation.libraries)[:MAX_OUTPUTS],
        "taken": [[name, items] for name, items in evaluation.taken.items()],
        "varied": list(evaluation.varied),
    }
    return header, b"".join(parts)


def unpack_evaluations(
    header: Header, payload: bytes, inputs: Sequence[str], most: int
) -> list[Evaluation]:
    """Read one to ``most`` evaluations that an enemy may have written. Raises Malformed."""
    stated = _list(header.get("of"), most)
    if not stated:
        raise Malformed("no evaluation")
    evaluations: list[Evaluation] = []
    offset = 0
    for one in stated:
        if not isinstance(one, dict):
            raise Malformed("an evaluation is no object")
        evaluation, offset = _evaluation(one, payload, offset, inputs)
        evaluations.append(evaluation)
    if offset != len(payload):
        raise Malformed("bytes that belong to no array")
    return evaluations


def _evaluation(
    header: Header, payload: bytes, offset: int, inputs: Sequence[str]
) -> tuple[Evaluation, int]:
    outputs: dict[str, Value] = {}
    for one in _list(header.get("outputs"), MAX_OUTPUTS):
        if not isinstance(one, dict):
            raise Malformed("an output is no object")
        name, kind = _text(one.get("name"), MAX_NAME), _text(one.get("type"), MAX_NAME)
        array: np.ndarray | None = None
        if one.get("array") is not None:
            array, offset = _array(one["array"], payload, offset)
        outputs[name] = Value(array, kind)
    work = header.get("work")
    if work is not None and not _count(work):
        raise Malformed("work is no count")
    evaluation = Evaluation(
        outputs=outputs,
        failure=_failure(header.get("failure")),
        mutated=tuple(name for name in _names(header.get("mutated")) if name in inputs),
        aliased=tuple(name for name in _names(header.get("aliased")) if name in outputs),
        work=work,
        libraries=tuple(_names(header.get("libraries", []))),
        taken=_taken(header.get("taken", [])),
        varied=tuple(name for name in _names(header.get("varied", [])) if name in inputs),
    )
    return evaluation, offset


def _taken(stated: Any) -> dict[str, int]:
    taken: dict[str, int] = {}
    for one in _list(stated, MAX_OUTPUTS):
        if not (isinstance(one, list) and len(one) == 2 and _count(one[1])):
            raise Malformed("what was taken is no count")
        taken[_text(one[0], MAX_NAME)] = one[1]
    return taken


def _count(stated: Any) -> bool:
    return type(stated) is int and 0 <= stated < 1 << 62


def _array(stated: Any, payload: bytes, offset: int) -> tuple[np.ndarray, int]:
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


def _failure(stated: Any) -> Failure | None:
    if stated is None:
        return None
    kind, message, traceback = ([*_list(stated, 3), "", "", ""])[:3]
    known = {
        "not_attempted": "not_attempted",
        "timeout": "timeout",
        "killed": "killed",
        "device": "device",
    }
    # "fault" says that we are to blame; only this side may say that
    return Failure(
        cast(Any, known.get(str(kind), "error")), _text(message, 2000), _text(traceback, 8000)
    )


def _list(value: Any, longest: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > longest:
        raise Malformed("no list, or too long a one")
    return value


def _names(value: Any) -> list[str]:
    return [_text(name, MAX_NAME) for name in _list(value, MAX_OUTPUTS)]


def _text(value: Any, longest: int) -> str:
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
