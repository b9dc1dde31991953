"""What an answer has in hand while it runs: libraries, and its parameters moved by a hair, entry by
entry.

Who differentiates numerically evaluates at as many neighbours of a parameter as it has entries, by
whatever formula: differences of any order, complex steps, long doubles. A derivation needs none.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator, Mapping
from contextlib import suppress
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

from . import libraries
from .trusted import NOBODY, Trusted

HAIR = 1e-2
"""A step is at most this part of the parameter's largest entry, or of 1."""
LOOKS = 50_000
"""Lines that are looked at in one call; an answer of more has long shown what it does."""
LOOKS_FOR_LIBRARIES = 10_000
"""The same where no parameter could be varied: a library is in hand sooner than many entries."""
MOST_ENTRIES = 4096
FEW = 3
"""Parameters of fewer entries tell nothing."""
CONTAINER = 24
"""Containers of so many things are looked into."""
REMEMBERED = 4096
"""Arrays of which it is remembered that they were compared, of at most so many entries each."""
MOST_AXES = 64
"""Of an array, and so of lists that are to be one."""
SCALARS = frozenset({np.float64, bool, int, float, complex, str, type(None)})
PLAIN = SCALARS | {np.ndarray, list, dict, tuple, set}
TELLING_THEMSELVES = (ModuleType, type, FunctionType, BuiltinFunctionType, np.ufunc)
"""Of anything else the type says which library it is of."""


class InHand:
    """Looks at the local names of frames. ``libraries`` are those whose objects were in hand.

    parameters: the arrays that the answer was given, by name; they are copied. ``replaced`` gives
    for objects that an answer may have saved under a global name what that name means meanwhile.
    trusted: its frames are not looked at.
    """

    def __init__(self, parameters: Mapping[str, np.ndarray], trusted: Trusted = NOBODY) -> None:
        self.trusted = trusted
        self.libraries: set[str] = set()
        self.replaced: dict[Any, Any] = {}
        self._lent: list[tuple[dict[str, Any], str, Any]] = []
        self._moved: dict[tuple[str, float], set[int]] = {}
        self._known_types: dict[int, type] = {}
        self._reads: dict[int, tuple[CodeType, set[str]]] = {}
        self._compared: set[tuple[str, bytes]] = set()
        self._parameters = {
            name: array.ravel().copy()
            for name, array in parameters.items()
            if array.dtype.kind == "f" and FEW <= array.size <= MOST_ENTRIES
        }
        self._sizes = {array.size for array in self._parameters.values()}
        self._telling = {k for size in self._sizes for k in (size, size * size, 2 * size * size)}
        self._left = LOOKS if self._telling else LOOKS_FOR_LIBRARIES
        self._hairs = {
            name: HAIR * max(1.0, float(np.abs(array).max()))
            for name, array in self._parameters.items()
        }

    @property
    def varied(self) -> tuple[str, ...]:
        """The parameters of which half the entries or more were seen to be moved, each alone."""
        varied = {
            name
            for (name, _), entries in self._moved.items()
            if len(entries) >= max(FEW, self._parameters[name].size / 2)
        }
        return tuple(sorted(varied))

    def enter(self, frame: FrameType, code: CodeType) -> bool:
        """Look at a frame of the answer's own that begins, and at the global names its ``code``
        uses. Whether it is worth a look, and so will be.
        """
        if self.trusted.runs(frame, code):
            return False
        names = frame.f_globals
        for name in self._globals_of(code):
            if name in names:
                value = names[name]
                self._note_library(value)
                self._lend(names, name, value)
        self.look(frame)
        return True

    def _globals_of(self, code: CodeType) -> set[str]:
        """The global names that code reads; by identity, since equal code takes long to compare."""
        if id(code) not in self._reads:
            self._reads[id(code)] = code, _globals_in(code)
        return self._reads[id(code)][1]

    def let_go(self) -> None:
        """Give global names back what they meant."""
        for names, name, value in self._lent:
            names[name] = value
        self._lent.clear()

    def look_again(self, frame: FrameType, code: CodeType) -> None:
        """Look at a frame of the answer's own, and of this code, if that is worth a look."""
        if not self.trusted.runs(frame, code):
            self.look(frame)

    def look(self, frame: FrameType) -> None:
        """Look at a frame of the answer's own."""
        if self._left <= 0:
            return
        self._left -= 1
        telling = self._telling
        for value in frame.f_locals.values():
            kind = type(value)
            if kind in SCALARS:
                continue
            try:
                if kind is not np.ndarray:
                    self._note_library(value)
                    for one in _held(value) if telling else ():
                        if _entries(one) in telling:
                            self._note_neighbour(one)
                if _entries(value) in telling:
                    self._note_neighbour(value)
            except Exception:  # whatever an object of theirs does when it is looked at
                continue

    def _note_library(self, thing: Any) -> None:
        kind = type(thing)
        if kind in PLAIN or id(kind) in self._known_types:
            return
        self.libraries.add(libraries.of_object(thing))
        if not isinstance(thing, TELLING_THEMSELVES):
            self._known_types[id(kind)] = kind  # kept, so that no other type gets its id

    def _lend(self, names: dict[str, Any], name: str, value: Any) -> None:
        if type(value) in (type, BuiltinFunctionType, FunctionType) and value in self.replaced:
            self._lent.append((names, name, value))
            names[name] = self.replaced[value]

    def _note_neighbour(self, value: Any) -> None:
        flat = _flat(value)
        if flat is None or self._was_compared(flat):
            return
        for size in self._sizes:
            if flat.size == size:
                self._compare(flat)
            elif flat.size in (size * size, 2 * size * size):  # all neighbours in one array
                for row in flat.reshape(-1, size):
                    self._compare(row, stacked=True)

    def _was_compared(self, flat: np.ndarray) -> bool:
        """Whether the same entries were compared before: nothing new comes of them."""
        if flat.size > REMEMBERED:
            return False
        entries = flat.dtype.char, np.ndarray.tobytes(flat)
        if entries in self._compared:
            return True
        if len(self._compared) >= REMEMBERED:
            self._compared.clear()
        self._compared.add(entries)
        return False

    def _compare(self, flat: np.ndarray, *, stacked: bool = False) -> None:
        for name, parameter in self._parameters.items():
            if parameter.size != flat.size:
                continue
            if (at := _only_one(flat != parameter)) is not None:
                self._note_moved(name, at, abs(complex(flat[at] - parameter[at])), 0.0)
            if not stacked and (at := _only_one(flat != 0)) is not None:
                length = abs(complex(flat[at]))  # a step, added without a name for the sum
                self._note_moved(name, at, length, length)

    def _note_moved(self, name: str, entry: int, far: float, length: float) -> None:
        if far <= self._hairs[name]:
            self._moved.setdefault((name, length), set()).add(entry)


def _held(value: Any) -> Iterator[Any]:
    """What a value holds, but for plain numbers: parameters are kept in dictionaries, lists and
    objects, too.
    """
    if isinstance(value, dict):
        held = value.values()
    elif isinstance(value, (list, tuple)):
        held = value
    elif type(value).__module__ == "__main__":
        held = vars(value).values()
    else:
        return
    if len(held) <= CONTAINER:
        yield from (one for one in held if type(one) not in SCALARS)


def _entries(value: Any) -> int:
    """How many numbers an array has, or what is to be one by its lists; none in anything else."""
    if isinstance(value, np.ndarray):
        return value.size
    if type(value) is not list:
        return 0
    count = 1
    for _ in range(MOST_AXES):  # a list may be in itself
        if type(value) is not list or not value:
            break
        count, value = count * len(value), value[0]
    return count


def _only_one(where: np.ndarray) -> int | None:
    """Where an array is true if that is at one place alone."""
    return int(where.argmax()) if np.count_nonzero(where) == 1 else None


def _flat(value: Any) -> np.ndarray | None:
    if isinstance(value, np.ndarray):
        return value.ravel() if value.dtype.kind in "fc" else None
    if type(value) is list and value and type(value[0]) in (float, complex, list):
        with suppress(ValueError, TypeError):
            array = np.array(value)
            return array.ravel() if array.dtype.kind in "fc" else None
    return None


def _globals_in(code: CodeType) -> set[str]:
    """What ``dis`` would say of it, from the bytes alone: it is asked of every function anew."""
    names, wide, units = set[str](), 0, code.co_code
    for operation, argument in zip(units[::2], units[1::2], strict=True):
        argument |= wide
        wide = argument << 8 if operation == _EXTENDED else 0
        if operation == _GLOBAL:
            names.add(code.co_names[argument >> _FLAGS])
        elif operation == _NAME:
            names.add(code.co_names[argument])
    return names


_EXTENDED, _GLOBAL, _NAME = (
    dis.opmap[name] for name in ("EXTENDED_ARG", "LOAD_GLOBAL", "LOAD_NAME")
)
_FLAGS = 1
"""Bits of a LOAD_GLOBAL's argument that name nothing (Python 3.11 and later)."""
