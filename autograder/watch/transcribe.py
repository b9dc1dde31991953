"""A probe's calls of an answer, written down where they are made and played again elsewhere.

In its own process nothing is out of an answer's reach: NumPy, the probe's names, what the probe has
found so far. So what the functions returned is written down there, and the probe runs once more
where the grader is, on that: all that it finds in what came back is found there.
"""

from __future__ import annotations

import builtins
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from ..language.transcript import Argument, Called, Opaque, Transcript, Tree
from .as_data import COUNTABLE, value_of
from .libraries import SHARED
from .trusted import INSTRUCTORS

DEEPEST = 16
MOST_SAID = 20_000
"""Calls of functions that were handed in, in one call of a probe."""
PLAIN = (bool, int, float, complex, str, type(None))


class Misplayed(Exception):
    """The probe asks for something else than was written down."""


class Transcriber:
    """Calls an answer's functions as a probe asks, and writes down what comes of it.

    ``restore`` is called as soon as one of them has ended: whatever it did to this module's names
    is then undone.
    """

    def __init__(self, restore: Callable[[], object] = lambda: None) -> None:
        self.calls: Transcript = []
        self._restore = restore
        self._caches: dict[int, tuple[object, Called, int | None]] = {}

    def __call__(
        self,
        name: str,
        answer: Callable[..., Any],
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
    ) -> Any:
        """Call, and give what the answer gives; what it yields is given as a list."""
        called, restore = Called(name), self._restore
        self.calls.append(called)
        handed = _Handed(arguments, keywords, self._is_cache)
        before = [thing.copy() for thing in handed.things]
        listening = [_listening(one, handed, called) for one in arguments]
        named = {key: _listening(one, handed, called) for key, one in keywords.items()}
        returned, failed = None, None
        try:
            returned = answer(*listening, **named)
            if isinstance(returned, Iterator):
                returned = list(returned)
        except Exception as error:
            failed = error
        restore()
        called.changed = [
            (place, handed.contents(thing))
            for place, (thing, was) in enumerate(zip(handed.things, before, strict=True))
            if _differs(thing, was)
        ]
        if failed is not None:
            called.raised = _raised(failed)
            raise failed
        called.returned = handed.tree(returned)
        self._remember(returned, called)
        return returned

    def _remember(self, returned: Any, called: Called) -> None:
        self._caches[id(returned)] = returned, called, None
        if isinstance(returned, tuple):
            for place, one in enumerate(returned):
                self._caches[id(one)] = one, called, place

    def _is_cache(self, thing: Any) -> bool:
        """Whether a tuple or list is one that the answer gave and gets back: what is in it is
        nobody else's, and need not be told.
        """
        known = self._caches.get(id(thing))
        if known is None or known[0] is not thing:
            return False
        _, called, place = known
        hidden = Opaque(type(thing).__name__)
        if place is None:
            called.returned = hidden
        elif isinstance(called.returned, tuple):
            rest = called.returned
            called.returned = (*rest[:place], hidden, *rest[place + 1 :])
        return True


class Player:
    """Stands in for an answer's functions: gives what was written down, in order."""

    def __init__(self, calls: Transcript) -> None:
        self._calls = iter(calls)
        self._said = 0

    def __call__(
        self,
        name: str,
        answer: Callable[..., Any],
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
    ) -> Any:
        """What the answer gave. Raises Misplayed when nothing that fits is written down."""
        called = next(self._calls, None)
        if called is None or called.name != name:
            raise Misplayed(name)
        handed = _Handed(arguments, keywords)
        self._said += len(called.said)
        if self._said > MOST_SAID:
            raise Misplayed(name)
        for place, said, named in called.said:
            if not 0 <= place < len(handed.given):
                raise Misplayed(name)
            if type(handed.given[place]) is Opaque:
                continue  # a function of the answer's own, such as a way back
            try:
                handed.given[place](*said, **named)
            except Exception as error:  # the answer was told of it, and did what it did
                if _is_opaque((said, named)):
                    raise Misplayed(name) from error
        for place, contents in called.changed:
            handed.change(place, contents)
        if called.raised is not None:
            raise _error(*called.raised)
        return handed.revived(called.returned)


class Played(Mapping[str, Callable[..., Any]]):
    """The namespace of a Player: every name is a function."""

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return lambda *arguments, **keywords: None

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _Handed:
    """What a call was handed: all that was ``given``, and the arrays, lists and dicts in it, each
    once; in an order that is the same wherever the same probe runs.
    """

    def __init__(
        self,
        arguments: Sequence[Any],
        keywords: Mapping[str, Any],
        leave_out: Callable[[Any], bool] = lambda thing: False,
    ) -> None:
        self.things: list[Any] = []
        self._places: dict[int, int] = {}
        self._leave_out = leave_out
        self.given = [*arguments, *keywords.values()]
        for one in self.given:
            self._collect(one)

    def _collect(self, thing: Any, depth: int = 0) -> None:
        kind = type(thing)
        if depth > DEEPEST or id(thing) in self._places:
            return
        if kind in (tuple, list) and self._leave_out(thing):
            return
        if kind in (np.ndarray, list, dict):
            self._places[id(thing)] = len(self.things)
            self.things.append(thing)
        if kind in (tuple, list, dict):
            for one in thing.values() if kind is dict else thing:
                self._collect(one, depth + 1)

    def tree(self, value: Any, depth: int = 0) -> Tree:
        """A value written down; what was handed in by its place."""
        if type(value) in PLAIN:
            return value
        if id(value) in self._places:
            return Argument(self._places[id(value)])
        return _written(value, lambda one: self.tree(one, depth + 1), depth)

    def contents(self, thing: Any) -> Tree:
        """What is in one of ``things``."""
        return _written(thing, lambda one: self.tree(one, 1), 0)

    def revived(self, tree: Tree) -> Any:
        """The value again. Raises Misplayed for one that names what was not handed in."""
        kind = type(tree)
        if kind is tuple:
            return tuple(map(self.revived, tree))
        if kind is list:
            return [*map(self.revived, tree)]
        if kind is dict:
            return {key: self.revived(one) for key, one in tree.items()}
        if kind is not Argument:
            return tree
        if not 0 <= tree.place < len(self.things):
            raise Misplayed("handed")
        return self.things[tree.place]

    def change(self, place: int, tree: Tree) -> None:
        """Put other contents into one of ``things``. Raises Misplayed where they do not fit."""
        if not 0 <= place < len(self.things):
            raise Misplayed("changed")
        thing = self.things[place]
        if type(tree) is not type(thing):
            raise Misplayed("changed")
        if isinstance(thing, np.ndarray):
            if thing.shape != tree.shape or not np.can_cast(tree, thing.dtype, "same_kind"):
                raise Misplayed("changed")
            np.copyto(thing, tree, casting="same_kind")
            return
        contents = self.revived(tree)
        thing.clear()
        if isinstance(thing, dict):
            thing.update(contents)
        else:
            thing.extend(contents)


def _written(value: Any, tree: Callable[[Any], Tree], depth: int) -> Tree:
    kind = type(value)
    if isinstance(value, np.str_):
        return str(value)
    if depth <= DEEPEST:
        if isinstance(value, tuple):
            return tuple(map(tree, value))
        if isinstance(value, list):
            return [*map(tree, value)]
        if isinstance(value, dict):
            return {_key(key): tree(one) for key, one in value.items()}
    countable = isinstance(value, np.generic | np.ndarray) and value.dtype.kind in COUNTABLE
    if countable and isinstance(value, np.generic):
        return np.asarray(value)[()]
    if countable and kind is np.ndarray:
        return value.copy()
    shown = value_of(value)
    if shown.array is not None:
        return Opaque(shown.type_name, shown.array, is_value=True)
    return Opaque(shown.type_name, np.array(value) if countable else None)


def _key(key: Any) -> Any:
    return key if type(key) in PLAIN else str(key) if isinstance(key, str) else Opaque("key")


def _is_function(thing: Any) -> bool:
    """Whether it is a function, or an object of an exercise's own that is called like one."""
    if isinstance(thing, FunctionType | MethodType | functools.partial):
        return True
    return callable(thing) and type(thing).__module__.startswith((INSTRUCTORS, SHARED))


def _listening(thing: Any, handed: _Handed, called: Called) -> Any:
    """A function that was handed in, and writes down what the answer says to it."""
    if not _is_function(thing):
        return thing
    place = next(k for k, one in enumerate(handed.given) if one is thing)

    @functools.wraps(thing)
    def listening(*arguments: Any, **keywords: Any) -> Any:
        called.said.append((place, _copied(arguments), _copied(keywords)))
        return thing(*arguments, **keywords)

    return listening


def _copied(value: Any, depth: int = 0) -> Tree:
    if type(value) in PLAIN:
        return value
    written = _written(value, lambda one: _copied(one, depth + 1), depth)
    return written.array if isinstance(written, Opaque) and written.array is not None else written


def _is_opaque(tree: Tree) -> bool:
    """Whether something in it could not be written down."""
    if isinstance(tree, tuple | list):
        return any(map(_is_opaque, tree))
    return any(map(_is_opaque, tree.values())) if isinstance(tree, dict) else type(tree) is Opaque


def _differs(thing: Any, was: Any) -> bool:
    """Whether an array has other entries, or a list or dict other things in it."""
    if type(thing) is np.ndarray:
        return thing.shape != was.shape or thing.tobytes() != was.tobytes()  # no names of NumPy's
    if len(thing) != len(was):
        return True
    if type(thing) is dict:
        return any(key not in was or was[key] is not one for key, one in thing.items())
    return any(one is not other for one, other in zip(thing, was, strict=True))


def _raised(error: Exception) -> tuple[str, str]:
    """The class of Python's own that an exception is one of, and its words."""
    words = ""
    with suppress(Exception):
        words = str(error)[:2000]
    kinds = [one.__name__ for one in type(error).__mro__ if one.__module__ == "builtins"]
    return kinds[0], words


def _error(kind: str, words: str) -> Exception:
    found = getattr(builtins, kind, None)
    if isinstance(found, type) and issubclass(found, Exception):
        with suppress(TypeError):
            return found(words)
    return ValueError(words)
