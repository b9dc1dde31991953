"""Inside: what judges an answer, kept before any line of the student's and put back before it
judges.

Kept are the names of modules, the bodies of their classes, and the code of their functions. What a
student adds there stays (``np.float = float`` for old code), except in our own modules.
"""

from __future__ import annotations

import builtins
import functools
import operator
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import takewhile
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

CALLING = ("autograder.watch", "autograder.language", "autograder.exercise", "autograder.wall")
"""What calls an answer: put back before each call that is judged inside, the one before may have
changed it; once for calls of which only a transcript is told, which may say anything at all."""
WATCHING = ("autograder.watch",)
"""What knows an answer's means: what it remembers is forgotten as often, it may be anything."""
WRITING = ("autograder.watch.transcribe", "autograder.watch.as_data", "autograder.language.probe")
"""What writes down what an answer returned: put back each time that one of its functions returns."""
JUDGING = ("autograder", "coursekit")
OUTSIDE = ("autograder.checks", "autograder.wall.outside")
"""What runs beside the reference alone, whatever names of it exercises have."""
COUNTING = ("numpy", "builtins", "functools", "gc", "inspect", "itertools", "operator", "threading")
"""What a watched call is counted with, beside ``sys``: put back before each watched call."""
LEANT_ON = (*COUNTING, "marshal")
ABSENT = object()
_Cached: Any = type(functools.lru_cache(len))
_forget = _Cached.cache_clear


class AsBefore:
    """What judges and what it leans on, as it is now."""

    def __init__(self) -> None:
        self._there = _as_it_is()
        self._rewrites = _rewrites or _count_rewrites()
        self._names = [(vars(one.module), one.lasting) for one in self._below(LEANT_ON)]
        self._whole = _Names(self._below(JUDGING))
        counting = [self._there[name] for name in COUNTING if name in self._there]
        self._counting = [(vars(one.module), one.lasting) for one in counting]
        self._counting += [(vars(one), _builtin(vars(one))) for one in (sys, *_monitoring())]
        self._called = _Bodies(self._below(CALLING), self._rewrites)
        watching = [value for one in self._below(WATCHING) for value in one.names.values()]
        self._remembering = [value for value in watching if type(value) is _Cached]
        self._builtins = dict(vars(builtins))
        self._trace, self._profile = sys.settrace, sys.setprofile
        self._written = _Names(self._below(WRITING))
        self._writers = _Bodies(self._below(WRITING), self._rewrites)
        self.and_these(())
        self._others = _Bodies(self._there.values(), self._rewrites)

    def _below(self, names: tuple[str, ...]) -> list[_Kept]:
        return [one for name, one in self._there.items() if _is_below(name, names)]

    def and_these(self, exercises: Iterable[ModuleType]) -> None:
        """Exercises that have just been loaded call answers, too, with what they lean on."""
        there = [*map(_Kept, exercises)]
        self._calling = _Names(self._with_named([*there, *self._below(CALLING)]))
        self._probes = _Bodies(there, self._rewrites)

    def _with_named(self, modules: Iterable[_Kept]) -> list[_Kept]:
        """Modules, and those of ours that they have names of, and these in turn."""
        found: dict[int, _Kept] = {}
        waiting = [*modules]
        while waiting:
            one = waiting.pop()
            if id(one) not in found:
                found[id(one)] = one
                waiting += [self._there[home] for home in one.homes if home in self._there]
        return [*found.values()]

    def put_back(self) -> None:
        """Everything: before the exercises are loaded, and the first answer is called."""
        for names, before in self._names:
            names.update(before)
        self.put_back_counting()
        self._whole.put_back()
        self._others.put_back()
        self.put_back_calling()

    def put_back_calling(self) -> None:
        """What calls an answer."""
        self._calling.put_back()
        self._called.put_back()
        self._probes.put_back()
        for cached in self._remembering:
            _forget(cached)

    def put_back_counting(self) -> None:
        """What a watched call is counted with, by which an answer would have it count nothing."""
        for names, before in self._counting:
            names.update(before)
        if self._others.rewritten:
            self._others.put_back()

    def put_back_writing(self) -> None:
        """What writes down what came back; nobody traces it."""
        self._trace(None)
        self._profile(None)
        builtins.__dict__.update(self._builtins)
        self._written.put_back()
        self._writers.put_back()


class _Kept:
    """One module as it is now: its names, the code of its functions, what its classes consist of.

    ``lasting`` are the names that nobody has reason to bind anew; ``homes`` the modules of ours
    that its names are of.
    """

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.names = dict(vars(module))
        self.lasting = {
            name: value
            for name, value in self.names.items()
            if callable(value) or isinstance(value, ModuleType)
        }
        self.homes = set(filter(None, map(_home_of, self.names.values())))
        self.classes = [(one, vars(one), body) for one, body in _classes_of(module)]
        holders = [self.names, *(body for _, _, body in self.classes)]
        functions = {one for names in holders for one in _functions_in(names)}
        self.functions = [
            (one, one.__code__, one.__defaults__, one.__kwdefaults__) for one in functions
        ]

    def is_so(self, module: ModuleType) -> bool:
        """Whether this is still that module, with the same names."""
        now, before = vars(module), self.names
        same = self.module is module and len(now) == len(before)
        return same and all(map(operator.is_, now.values(), before.values()))


_beforehand: dict[str, _Kept] = {}
_newest: str | None = None
_rewrites: Callable[[], int] | None = None


def look_beforehand() -> None:
    """In the forkserver: what is there already is looked at once for all submissions. Each looks
    only at what it has imported beside it.
    """
    global _newest, _rewrites
    _newest = next(reversed(sys.modules))
    _rewrites = _rewrites or _count_rewrites()
    _beforehand.update((name, _Kept(one)) for name, one in _loaded(sys.modules))


def _as_it_is() -> dict[str, _Kept]:
    """What judges and what it leans on. Nothing else is touched: memory that a fork shares is
    copied when it is as much as looked at.
    """
    there = {
        name: known if known.is_so(module) else _Kept(module)
        for name, known in _beforehand.items()
        if (module := sys.modules.get(name)) is not None
    }
    since = takewhile(lambda name: name != _newest, reversed(sys.modules))
    there |= {name: _Kept(one) for name, one in _loaded([*since]) if name not in there}
    return there


class _Names:
    """All the names of some modules."""

    def __init__(self, modules: Iterable[_Kept]) -> None:
        self._kept = [(vars(one.module), one.names) for one in modules]

    def put_back(self) -> None:
        """As they were, and none besides."""
        for names, before in self._kept:
            names.clear()
            names.update(before)


class _Bodies:
    """The code of the functions of some modules, and what their classes consist of."""

    def __init__(self, modules: Iterable[_Kept], rewrites: Callable[[], int]) -> None:
        self._modules = [*modules]
        self._classes = [one for module in self._modules for one in module.classes]
        self._rewrites, self._seen = rewrites, rewrites()
        self._builtins = all, map, len, operator.is_

    @property
    def rewritten(self) -> bool:
        """Whether any function's code or defaults were bound anew since they were put back."""
        return self._rewrites() != self._seen

    def put_back(self) -> None:
        """As they were."""
        all_, map_, len_, is_ = self._builtins
        for one, now, body in self._classes:
            if len_(now) != len_(body) or not all_(map_(is_, now.values(), body.values())):
                _restore_class(one, body)
        if not self.rewritten:
            return
        for module in self._modules:
            for function, code, defaults, keywords in module.functions:
                if function.__code__ is not code:
                    function.__code__ = code
                if function.__defaults__ is not defaults:
                    function.__defaults__ = defaults
                if function.__kwdefaults__ is not keywords:
                    function.__kwdefaults__ = keywords
        self._seen = self._rewrites()


def _count_rewrites() -> Callable[[], int]:
    """How often the code or the defaults of any function were bound anew since now: Python says so
    before it does it, and whoever listens cannot be sent away.
    """
    count = 0

    def listen(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count
        if event == "object.__setattr__":
            count += 1

    sys.addaudithook(listen)
    return lambda: count


def _monitoring() -> list[ModuleType]:
    """``sys.monitoring``, where Python has it (3.12)."""
    found = getattr(sys, "monitoring", None)
    return [] if found is None else [found]


def _loaded(names: Iterable[str]) -> Iterator[tuple[str, ModuleType]]:
    for name in list(names):
        module = sys.modules.get(name)
        if _is_below(name, (*JUDGING, *LEANT_ON)) and isinstance(module, ModuleType):
            yield name, module


def _is_below(name: str, tops: tuple[str, ...]) -> bool:
    return name.startswith(tops) and any(name == top or name.startswith(f"{top}.") for top in tops)


def _home_of(value: object) -> str:
    """The module of ours that a name's value is, or is from, if it can be called inside; else
    empty.
    """
    home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if not isinstance(home, str) or home.startswith(OUTSIDE):
        return ""
    return home if home.partition(".")[0] in JUDGING else ""


def _builtin(names: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in names.items() if type(value) is BuiltinFunctionType}


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
