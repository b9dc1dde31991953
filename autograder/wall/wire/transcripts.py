"""Transcripts as frames: trees for the header, arrays as raw bytes in the order of the trees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from ...language.transcript import Argument, Called, Opaque, Transcript, Tree
from .frames import MAX_PAYLOAD, Header, Malformed
from .values import DTYPES, MAX_ARRAY, array_from, plain, text_from

DEEPEST = 24
LONGEST_TEXT = 1 << 20
ROWS = 4
"""So many rows or more go in columns."""
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
        header: Header = {"name": called.name, "returned": self.node(called.returned)}
        if called.said:
            header["said"] = [*self._said(called.said)]
        if called.changed:
            header["changed"] = [[k, self.node(one)] for k, one in called.changed]
        if called.raised:
            header["raised"] = called.raised
        return header

    def _said(self, said: list[tuple[int, Tree, Tree]]) -> Iterator[Any]:
        """What was said to one function again and again, with arguments alike, in one piece."""
        alike = groupby(said, lambda one: (one[0], () if one[2] else _kinds_of(one[1])))
        for (place, kinds), some in alike:
            rows = [*some]
            if columns := self._columns([row for _, row, _ in rows], kinds):
                yield [place, columns]
            else:
                yield from ([k, self.node(row), self.node(named)] for k, row, named in rows)

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
            if type(tree[0]) in (tuple, list) and (columns := self._columns_of(tree)):
                return {"r": [kind == "t", type(tree[0]) is tuple, columns]}
            return {kind: [self.node(one) for one in tree]}
        if isinstance(tree, dict):
            return {"d": [[self.node(key), self.node(one)] for key, one in tree.items()]}
        if isinstance(tree, Argument):
            return {"h": tree.place}
        return self._opaque(tree)

    def _columns_of(self, rows: Sequence[Any]) -> list[Any]:
        kind, kinds = type(rows[0]), _kinds_of(rows[0])
        alike = kinds and all(type(row) is kind and _kinds_of(row) == kinds for row in rows)
        return self._columns(rows, kinds) if alike else []

    def _columns(self, rows: Sequence[Any], kinds: Sequence[Any]) -> list[Any]:
        """Rows of entries of these kinds, as one array for each place; nothing where it is not
        worth it, or too large.
        """
        if not kinds or len(rows) < ROWS:
            return []
        arrays = [np.array(column) for column in zip(*rows, strict=True)]
        size = sum(one.nbytes for one in arrays)
        if self._size + size > MAX_PAYLOAD or any(one.nbytes > MAX_ARRAY for one in arrays):
            return []
        stated = [self._array(one, scalar=False)["a"][0] for one in arrays]
        return [[kind[0], form] for kind, form in zip(kinds, stated, strict=True)]

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
        returned = self.tree(stated.get("returned"))
        said = [one for some in _list(stated.get("said", [])) for one in self._said(some)]
        changed = [(_place(k), self.tree(one)) for k, one in _rows(stated.get("changed", []), 2)]
        raised = stated.get("raised")
        words = None
        if raised is not None:
            kind, message = _rows([raised], 2)[0]
            words = text_from(kind, 100), text_from(message, 2000)
        name = text_from(stated.get("name"), 200)
        return Called(name, said, changed, returned, words)

    def _said(self, stated: Any) -> Iterator[tuple[int, Tree, Tree]]:
        if len(_list(stated)) == 2:
            place = _place(stated[0])
            yield from ((place, row, {}) for row in self._columns(stated[1]))
            return
        ((place, one, more),) = _rows([stated], 3)
        yield _place(place), self._kind(one, tuple), self._named(more)

    def _columns(self, stated: Any) -> list[tuple[Any, ...]]:
        """Rows, of which each entry took bytes of its own."""
        columns: list[Any] = []
        for kind, form in _rows(stated, 2):
            array, self.offset = array_from(form, self._payload, self.offset)
            numbers = kind in ("n", "f") and array.ndim == 1 and array.dtype == float
            if not array.size or not (numbers or (kind == "a" and array.ndim > 1)):
                raise Malformed("no column")
            columns.append(array.tolist() if kind == "f" else [*array])
        if not columns or any(len(one) != len(columns[0]) for one in columns):
            raise Malformed("columns of other lengths")
        return [*zip(*columns, strict=True)]

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
        if kind == "r":
            ((is_tuple, of_tuples, columns),) = _rows([content], 3)
            rows = self._columns(columns)
            found = rows if of_tuples is True else [*map(list, rows)]
            return tuple(found) if is_tuple is True else found
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


def _kinds_of(row: Any) -> tuple[tuple[Any, ...], ...]:
    """What the entries of a row are: numbers of Python's or NumPy's, arrays of a dtype and shape;
    nothing for a row that has anything else in it.
    """
    kinds = tuple(map(_kind_of, row))
    return kinds if all(kinds) else ()


def _kind_of(entry: Any) -> tuple[Any, ...]:
    kind = type(entry)
    if kind is np.ndarray and entry.ndim and entry.size and entry.dtype.str in DTYPES:
        return "a", entry.dtype, entry.shape
    return ("n",) if kind is np.float64 else ("f",) if kind is float else ()


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
