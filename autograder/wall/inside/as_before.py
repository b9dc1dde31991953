"""Inside: what judges an answer, kept before any line of the student's and put back before it
judges.

Kept are the names of modules, the bodies of their classes, and the code of their functions. What a
student adds there stays (``np.float = float`` for old code), except in our own modules.
"""

from __future__ import annotations

import builtins
import functools
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

CALLING = ("autograder.watch", "autograder.language", "autograder.exercise", "autograder.wall")
"""What calls an answer: put back before each call, the one before may have changed it."""
WATCHING = ("autograder.watch",)
"""What knows an answer's means: what it remembers is forgotten as often, it may be anything."""
WRITING = ("autograder.watch.transcribe", "autograder.watch.as_data", "autograder.language.probe")
"""What writes down what an answer returned: put back each time that one of its functions returns."""
JUDGING = ("autograder", "coursekit")
LEANT_ON = ("numpy", "builtins", "functools", "gc", "inspect", "marshal", "operator", "threading")
ABSENT = object()
_Cached: Any = type(functools.lru_cache(len))
_forget = _Cached.cache_clear


class AsBefore:
    """What judges and what it leans on, as it is now."""

    def __init__(self) -> None:
        theirs = [*_loaded(LEANT_ON)]
        self._names = [(vars(one), _lasting(one)) for one in theirs]
        self._names.append((sys.__dict__, _builtin(sys.__dict__)))
        self._whole = [(vars(one), dict(vars(one))) for one in _loaded(JUDGING)]
        self._called = _Bodies(_loaded(CALLING))
        watching = [value for one in _loaded(WATCHING) for value in vars(one).values()]
        self._remembering = [value for value in watching if type(value) is _Cached]
        self._builtins = dict(vars(builtins))
        self._trace, self._profile = sys.settrace, sys.setprofile
        self._written = [(vars(one), dict(vars(one))) for one in _loaded(WRITING)]
        self._writers = _Bodies(_loaded(WRITING))
        self.and_these(())
        self._others = _Bodies(_loaded((*JUDGING, *LEANT_ON)))

    def and_these(self, exercises: Iterable[ModuleType]) -> None:
        """Exercises that have just been loaded call answers, too."""
        there = list(exercises)
        self._exercises = [(vars(one), dict(vars(one))) for one in there]
        self._probes = _Bodies(there)

    def put_back(self) -> None:
        """Everything: before the exercises are loaded, and the first answer is called."""
        for names, before in self._names:
            names.update(before)
        self._others.put_back()
        self.put_back_calling()

    def put_back_calling(self) -> None:
        """What calls an answer."""
        for names, before in (*self._whole, *self._exercises):
            names.clear()
            names.update(before)
        self._called.put_back()
        self._probes.put_back()
        for cached in self._remembering:
            _forget(cached)

    def put_back_writing(self) -> None:
        """What writes down what came back; nobody traces it."""
        self._trace(None)
        self._profile(None)
        builtins.__dict__.update(self._builtins)
        for names, before in self._written:
            names.clear()
            names.update(before)
        self._writers.put_back()


class _Bodies:
    """The code of the functions of some modules, and what their classes consist of."""

    def __init__(self, modules: Iterable[ModuleType]) -> None:
        there = list(modules)
        self._classes = [one for module in there for one in _classes_of(module)]
        holders = [*map(vars, there), *(body for _, body in self._classes)]
        functions = {one for names in holders for one in _functions_in(names)}
        self._functions = [
            (one, one.__code__, one.__defaults__, one.__kwdefaults__) for one in functions
        ]

    def put_back(self) -> None:
        """As they were."""
        for one, body in self._classes:
            _restore_class(one, body)
        for function, code, defaults, keywords in self._functions:
            if function.__code__ is not code:
                function.__code__ = code
            if function.__defaults__ is not defaults:
                function.__defaults__ = defaults
            if function.__kwdefaults__ is not keywords:
                function.__kwdefaults__ = keywords


def _loaded(names: tuple[str, ...]) -> Iterator[ModuleType]:
    below = tuple(f"{name}." for name in names)
    for name, module in list(sys.modules.items()):
        if isinstance(module, ModuleType) and (name in names or name.startswith(below)):
            yield module


def _builtin(names: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if type(value) is BuiltinFunctionType}


def _lasting(module: ModuleType) -> dict[str, Any]:
    """The names that nobody has reason to bind anew."""
    return {
        name: value
        for name, value in vars(module).items()
        if callable(value) or isinstance(value, ModuleType)
    }


def _classes_of(module: ModuleType) -> Iterator[tuple[type, dict[str, Any]]]:
    for value in vars(module).values():
        ours = isinstance(value, type) and value.__module__ == module.__name__
        if ours and not getattr(value, "_is_protocol", False):
            yield value, dict(vars(value))


def _functions_in(names: Mapping[str, Any]) -> Iterator[FunctionType]:
    for value in names.values():
        inner = value.__wrapped__ if type(value) is _Cached else getattr(value, "__func__", value)
        if isinstance(inner, FunctionType):
            yield inner


def _restore_class(one: type, body: dict[str, Any]) -> None:
    now = vars(one)
    for name, value in body.items():
        if now.get(name, ABSENT) is not value:
            with suppress(AttributeError, TypeError):
                type.__setattr__(one, name, value)
    if len(now) > len(body):
        for name in set(now) - set(body):
            with suppress(AttributeError, TypeError):
                type.__delattr__(one, name)
