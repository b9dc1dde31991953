"""Transcripts as frames: trees for the header, arrays as raw bytes in the order of the trees."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...language.transcript import Argument, Called, Opaque, Transcript, Tree
from .frames import MAX_PAYLOAD, Header, Malformed
from .values import MAX_ARRAY, array_from, plain, text_from

DEEPEST = 24
LONGEST_TEXT = 1 << 20
SIMPLE = (bool, int, str, type(None))


def pack_transcript(transcript: Transcript) -> tuple[list[Header], bytes]:
    """Calls as headers, and the bytes of their arrays; too large ones are named instead of sent."""
    writer = _Writer()
    calls = [writer.call(one) for one in transcript]
    return calls, b"".join(writer.parts)


class _Writer:
    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._size = 0

    def call(self, called: Called) -> Header:
        return {
            "name": called.name,
            "said": [[k, self.node(one), self.node(more)] for k, one, more in called.said],
            "changed": [[k, self.node(one)] for k, one in called.changed],
            "returned": self.node(called.returned),
            "raised": called.raised,
        }

    def node(self, tree: Tree) -> Any:
        if _is_double(tree):
            return {"n": float(tree)}  # type: ignore[arg-type]
        if isinstance(tree, np.ndarray | np.generic):
            return self._array(np.asarray(tree), scalar=isinstance(tree, np.generic))
        if _is_simple(tree):
            return {"v": tree}
        if isinstance(tree, float):
            return {"f": repr(tree)}
        if isinstance(tree, complex):
            return {"c": [repr(tree.real), repr(tree.imag)]}
        if isinstance(tree, tuple | list):
            kind = "t" if isinstance(tree, tuple) else "l"
            if all(map(_is_simple, tree)):
                return {kind.upper(): [*tree]}
            doubles = [place for place, one in enumerate(tree) if _is_double(one)]
            if doubles and all(_is_simple(one) or _is_double(one) for one in tree):
                plainly = [float(one) if _is_double(one) else one for one in tree]  # type: ignore[arg-type]
                return {"m": [kind == "t", plainly, doubles]}
            return {kind: [self.node(one) for one in tree]}
        if isinstance(tree, dict):
            return {"d": [[self.node(key), self.node(one)] for key, one in tree.items()]}
        if isinstance(tree, Argument):
            return {"h": tree.place}
        return self._opaque(tree)

    def _opaque(self, tree: Opaque) -> Any:
        array = None if tree.array is None else self._array(tree.array, scalar=False)
        sent = array if array is not None and "a" in array else None
        return {"o": [tree.type_name, tree.is_value, sent]}

    def _array(self, given: np.ndarray, *, scalar: bool) -> Any:
        array = plain(given)
        if array.nbytes > MAX_ARRAY or array.nbytes + self._size > MAX_PAYLOAD:
            said = (
                f"ndarray of {array.nbytes >> 20} MB, more than the {MAX_ARRAY >> 20} MB that are "
                "read"
            )
            return {"o": [said, False, None]}
        self._size += array.nbytes
        self.parts.append(array.tobytes())
        return {"a": [[array.dtype.str, list(array.shape)], scalar]}


def unpack_transcript(stated: Any, payload: bytes, offset: int) -> tuple[Transcript, int]:
    """Calls that an enemy may have written, and where their bytes end. Raises Malformed."""
    reader = _Reader(payload, offset)
    return [reader.call(one) for one in _list(stated)], reader.offset


class _Reader:
    """Every array takes bytes of its own: what is read is no larger than what was sent."""

    def __init__(self, payload: bytes, offset: int) -> None:
        self._payload = payload
        self.offset = offset

    def call(self, stated: Any) -> Called:
        if not isinstance(stated, dict):
            raise Malformed("a call is no object")
        said = [
            (_place(k), self._kind(one, tuple), self._named(more))
            for k, one, more in _rows(stated.get("said"), 3)
        ]
        changed = [(_place(k), self.tree(one)) for k, one in _rows(stated.get("changed"), 2)]
        raised = stated.get("raised")
        words = None
        if raised is not None:
            kind, message = _rows([raised], 2)[0]
            words = text_from(kind, 100), text_from(message, 2000)
        name = text_from(stated.get("name"), 200)
        return Called(name, said, changed, self.tree(stated.get("returned")), words)

    def _kind(self, stated: Any, kind: type) -> Any:
        tree = self.tree(stated)
        if type(tree) is not kind:
            raise Malformed(f"no {kind.__name__}")
        return tree

    def _named(self, stated: Any) -> dict[str, Tree]:
        named = self._kind(stated, dict)
        if not all(type(key) is str for key in named):
            raise Malformed("keywords are names")
        return named

    def tree(self, stated: Any, depth: int = 0) -> Tree:
        if not isinstance(stated, dict) or len(stated) != 1 or depth > DEEPEST:
            raise Malformed("no value")
        ((kind, content),) = stated.items()
        if kind == "a":
            ((form, scalar),) = _rows([content], 2)
            array, self.offset = array_from(form, self._payload, self.offset)
            return array[()] if scalar is True and not array.shape else array
        if kind == "v" and _is_simple(content):
            return _simple(content)
        if kind == "n":
            return _double(content)
        if kind == "m":
            return _mixed(content)
        if kind == "f":
            return _float(content)
        if kind == "c":
            ((real, imaginary),) = _rows([content], 2)
            return complex(_float(real), _float(imaginary))
        if kind in ("T", "L"):
            there = _list(content)
            if not all(map(_is_simple, there)):
                raise Malformed("no numbers and strings")
            return tuple(map(_simple, there)) if kind == "T" else [*map(_simple, there)]
        if kind in ("t", "l"):
            found = [self.tree(one, depth + 1) for one in _list(content)]
            return tuple(found) if kind == "t" else found
        if kind == "d":
            pairs = _rows(content, 2)
            return {_key(self.tree(key, DEEPEST)): self.tree(one, depth + 1) for key, one in pairs}
        if kind == "h":
            return Argument(_place(content))
        if kind == "o":
            ((name, is_value, array),) = _rows([content], 3)
            entries = None if array is None else self._kind(array, np.ndarray)
            return Opaque(text_from(name, 200), entries, is_value=is_value is True)
        raise Malformed("no value")


def _is_simple(value: Any) -> bool:
    """What JSON gives back as it was."""
    return type(value) in SIMPLE or (type(value) is float and math.isfinite(value))


def _is_double(value: Any) -> bool:
    """A number of NumPy's that JSON gives back as one of Python's: many results are rows of them."""
    return type(value) is np.float64 and math.isfinite(value)


def _double(stated: Any) -> np.float64:
    if type(stated) is not float or not math.isfinite(stated):
        raise Malformed("no number")
    return np.float64(stated)


def _mixed(stated: Any) -> Any:
    """A row of simple things and numbers of NumPy's, whose places are told."""
    ((is_tuple, values, places),) = _rows([stated], 3)
    row = _list(values)
    if not all(map(_is_simple, row)):
        raise Malformed("no numbers and strings")
    row = [*map(_simple, row)]
    for place in map(_place, _list(places)):
        if place >= len(row):
            raise Malformed("no place")
        row[place] = _double(row[place])
    return tuple(row) if is_tuple is True else row


def _simple(value: Any) -> Any:
    return text_from(value, LONGEST_TEXT) if type(value) is str else value


def _float(stated: Any) -> float:
    if not isinstance(stated, str) or len(stated) > 40:
        raise Malformed("no number")
    try:
        return float(stated)
    except ValueError as error:
        raise Malformed("no number") from error


def _key(key: Any) -> Any:
    if not (_is_simple(key) or isinstance(key, float | complex | Opaque)):
        raise Malformed("no key")
    return key


def _place(stated: Any) -> int:
    if type(stated) is not int or stated < 0:
        raise Malformed("no place")
    return stated


def _rows(stated: Any, length: int) -> list[list[Any]]:
    rows = _list(stated)
    if not all(isinstance(row, list) and len(row) == length for row in rows):
        raise Malformed("rows of another length")
    return rows


def _list(stated: Any) -> list[Any]:
    if not isinstance(stated, list):
        raise Malformed("no list")
    return stated
