"""Whether a function that students can read answers an exercise, however it is written.

It is handed what the exercise hands its answers. Where it returns what the reference returned, in
whole or in part, it is judged as the answer, with zeros for the rest: it gives something away when
that earns more than zeros alone.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import permutations, product
from pathlib import Path
from types import FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np

from ..checks.compare import distance
from ..exercise.load import entry_of, load, read_modules
from ..exercise.trial import Exercise
from ..judge import judge
from ..watch.evaluate import call, local

STEERED = frozenset({"ask", "rng", "student", "answers"})
"""First parameters of what asks and draws: these functions are no answers."""
SHOWS = ("Picture", "Explorer", "Figure", "str", "None", "Iterator", "Callable")
"""Returned by what shows something, or makes functions."""
ARRAYS = frozenset({"ndarray", "NDArray", "ArrayLike", "Tensor", "Sequence", "Iterable", "Numbers"})
"""Words in the annotation of a parameter that an array may be handed to."""
MOST = 3
"""Parameters that are tried with every argument; more than these only by their names."""
CALLS = 2
"""Of an answer, in one run of its probe: the second is often that with the defaults."""
MOST_TRIED = 60
"""Times that a function may return something else before it is taken for no answer."""
MOST_CALLS = 1_000
NEAR = 1e-7
DRAWN = 7

Namespace = Mapping[str, Any]
Place = tuple[Any, ...]


@dataclass(frozen=True)
class PublicFunction:
    """A function in a file that students get, or a method with what its class is made of."""

    file: str
    line: int
    name: str
    parameters: tuple[str, ...]
    call: Callable[..., Any]
    stated: tuple[str, ...] = ()
    """What the parameters are annotated with, where the function says so."""

    def takes(self, place: int, value: Any) -> bool:
        """Whether the parameter there may be such an array or number, by its annotation."""
        stated = self.stated[place] if self.stated else ""
        if not stated or {"Any", "object"} & (words := set(re.findall(r"\w+", stated))):
            return True
        if _index(value):
            return bool(words & {"int", "float"})
        return "float" in words if isinstance(value, float) else bool(words & ARRAYS)


@dataclass(frozen=True)
class GivenAway:
    """An answer that a public function gives, and the points that this earns."""

    exercise: str
    answer: str
    function: PublicFunction
    points: float

    def __str__(self) -> str:
        where = f"{self.function.file} line {self.function.line}"
        return (
            f"{where}: {self.function.name} gives away the answer {self.answer}: it earns "
            f"{self.points:g} points of the exercise {self.exercise}"
        )


def public_functions(module: ModuleType, file: str) -> Iterator[PublicFunction]:
    """The functions and methods that a module defines, those aside that only ask, draw or show."""
    for name, thing in vars(module).items():
        if getattr(thing, "__module__", None) != module.__name__:
            continue
        if isinstance(thing, FunctionType):
            yield from _public(file, name, thing, thing, _needed(thing))
        elif isinstance(thing, type):
            made = _needed(thing.__init__) if "__init__" in vars(thing) else {}
            made_of = dict([*made.items()][1:])
            for method, function in vars(thing).items():
                if isinstance(function, FunctionType) and not method.startswith("__"):
                    bound = partial(_method, thing, method, len(made_of))
                    needed = made_of | dict([*_needed(function).items()][1:])
                    yield from _public(file, f"{name}.{method}", function, bound, needed)


def functions_in(folder: Path, shown: str) -> Iterator[PublicFunction]:
    """Those of all modules in a folder and its packages; ``shown`` is what messages call it.

    Raises ExerciseError where its exercises do not load.
    """
    files = read_modules(folder)
    ran = load(files, folder, shown).modules if entry_of(files) else {}
    for name, source in files.items():
        known = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        module = ran.get(known) or _run(known, source)
        if module is not None:
            yield from public_functions(module, f"{shown}/{name}")


def _run(name: str, source: bytes) -> ModuleType | None:
    """A module that no exercise imports; None where it does not run by itself."""
    module = ModuleType(name)
    try:
        exec(compile(source, name, "exec"), vars(module))
    except Exception:
        return None
    return module


def functions_of(package: str) -> Iterator[PublicFunction]:
    """Those of an installed package, by the names of its files there."""
    found = importlib.import_module(package)
    for one in pkgutil.walk_packages(found.__path__, f"{package}."):
        with suppress(ImportError):
            module = importlib.import_module(one.name)
            yield from public_functions(module, f"{one.name.replace('.', '/')}.py")


def _public(
    file: str,
    name: str,
    function: FunctionType,
    call: Callable[..., Any],
    needed: Mapping[str, str],
) -> Iterator[PublicFunction]:
    returned = str(function.__annotations__.get("return", "")).removeprefix("tuple[")
    if needed and not STEERED & {*list(needed)[:1]} and not returned.startswith(SHOWS):
        line = function.__code__.co_firstlineno
        yield PublicFunction(file, line, name, tuple(needed), call, tuple(needed.values()))


def _method(kind: type, method: str, made_of: int, *arguments: Any) -> Any:
    return getattr(kind(*arguments[:made_of]), method)(*arguments[made_of:])


def _needed(function: Callable[..., Any]) -> dict[str, str]:
    """The parameters that have no default, with their annotations; "" where there is none."""
    plain = inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = inspect.signature(function).parameters.values()
    return {
        one.name: "" if one.annotation is one.empty else str(one.annotation)
        for one in parameters
        if one.kind in plain and one.default is one.empty
    }


@dataclass
class Runs:
    """What functions returned when they were run, for arguments of a kind: how many axes each part
    had. One that returned nothing of use is not run again for arguments of that kind.
    """

    axes: dict[tuple[PublicFunction, Place], frozenset[int]] = field(default_factory=dict)
    made: int = 0

    def parts(
        self,
        function: PublicFunction,
        given: Mapping[str, Any],
        names: tuple[str, ...],
        asked: _Asked,
    ) -> list[tuple[Place, np.ndarray]]:
        """What the function returns for the arguments of these names; nothing where it is known to
        be of no use to who looks for what was asked.
        """
        kind = (function, _kind(given, names))
        known = self.axes.get(kind)
        if known is not None and known.isdisjoint(target.ndim for _, target in asked.targets):
            return []
        self.made += 1
        found = list(_parts(_tried(function, [given[name] for name in names])))
        self.axes[kind] = frozenset(part.ndim for _, part in found)
        return found


def given_away(
    exercises: Iterable[Exercise],
    reference: Namespace,
    functions: Sequence[PublicFunction],
    runs: Runs | None = None,
) -> Iterator[GivenAway]:
    """The answers to these exercises that some function gives, wholly or in part.

    runs: those of earlier searches, which this one adds to.
    """
    runs = runs or Runs()
    for exercise in exercises:
        zeros: dict[str, float] = {}
        for asked in _recorded(exercise, reference):
            arguments = _arguments(asked.arguments)
            for function in functions:
                if (found := _given(function, asked, arguments, runs)) is None:
                    continue
                earned = partial(_earned, exercise, reference, asked.answer)
                if asked.answer not in zeros:
                    zeros[asked.answer] = earned(None)
                least, points = zeros[asked.answer], earned(found)
                if points > least:
                    yield GivenAway(exercise.name, asked.answer, function, points - least)


# --- what the exercise hands its answers ----------------------------------------------------------


@dataclass(frozen=True)
class _Asked:
    """One call of an answer: its arguments by name, those of calls before it, what it returned."""

    answer: str
    arguments: Mapping[str, Any]
    returned: Any
    targets: list[tuple[Place, np.ndarray]] = field(default_factory=list)


def _recorded(exercise: Exercise, reference: Namespace) -> list[_Asked]:
    """The first calls of every answer that is a function, on inputs drawn as usual."""
    found: list[_Asked] = []
    seen: dict[str, Any] = {}

    def recorder(answer: str, function: FunctionType) -> Callable[..., Any]:
        signature = inspect.signature(function)

        def recorded(*arguments: Any, **named: Any) -> Any:
            bound = signature.bind(*arguments, **named).arguments
            seen.update({name: _copied(value) for name, value in bound.items()})
            returned = function(*arguments, **named)
            if sum(one.answer == answer for one in found) < CALLS:
                known = dict(seen)
                targets = [(path, part) for path, part in _parts(returned) if _telling(part, known)]
                found.append(_Asked(answer, known, returned, targets))
            return returned

        return recorded

    watched = {
        name: recorder(name, reference[name])
        for name in exercise.answers
        if isinstance(reference.get(name), FunctionType)
    }
    if watched:
        inputs, _ = exercise.draw(np.random.default_rng(DRAWN))
        inputs |= {name: 0.0 for name in inputs if name == "reg"}  # a loss alone is telling enough
        call(exercise, {**reference, **watched}, inputs)
    return [one for one in found if one.targets]


def _parts(returned: Any, path: Place = ()) -> Iterator[tuple[Place, np.ndarray]]:
    """The numbers in what was returned, and where each stands."""
    if isinstance(returned, Mapping):
        for key, one in returned.items():
            yield from _parts(one, (*path, key))
    elif isinstance(returned, tuple | list):
        for key, one in enumerate(returned[:16]):
            yield from _parts(one, (*path, key))
    elif isinstance(returned, np.ndarray) and returned.dtype.kind in "fiu":
        yield path, returned
    elif isinstance(returned, float | np.floating):
        yield path, np.asarray(returned)


def _telling(part: np.ndarray, known: Mapping[str, Any]) -> bool:
    """Whether numbers are many-valued, and none of the arguments."""
    if not part.size or not np.isfinite(part).all() or (part.size > 1 and np.ptp(part) == 0):
        return False
    if part.size == 1 and float(part.ravel()[0]).is_integer():
        return False
    return not any(_same(value, part) for value in _arguments(known).values())


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


# --- what a function makes of it ------------------------------------------------------------------


def _arguments(known: Mapping[str, Any]) -> dict[str, Any]:
    """Arrays and numbers by name, and what one may make of them: products, and one row of many."""
    usable = (int, float, np.ndarray)
    found = {name: value for name, value in known.items() if isinstance(value, usable)}
    floats = {
        name: value
        for name, value in found.items()
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
    }
    for (left, a), (right, b) in permutations(floats.items(), 2):
        if a.ndim == 2 and b.ndim in (1, 2) and a.shape[1] == b.shape[0]:
            found[f"{left} @ {right}"] = np.atleast_2d(a @ b)
    found |= {f"[{name}]": value[None] for name, value in floats.items() if value.ndim == 1}
    return found | {
        f"[{name}]": np.array([value]) for name, value in found.items() if _index(value)
    }


def _index(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


@dataclass(frozen=True)
class _Given:
    """A function gives, for arguments of these names, at ``there`` what the answer has ``here``."""

    function: PublicFunction
    names: tuple[str, ...]
    there: Place
    here: Place

    def value(self, known: Mapping[str, Any]) -> Any:
        """What it gives for other arguments."""
        given = {**known, **_arguments(known)}
        value = self.function.call(*(_copied(given[name]) for name in self.names))
        for key in self.there:
            value = value[key]
        return value


def _given(
    function: PublicFunction, asked: _Asked, arguments: Mapping[str, Any], runs: Runs
) -> _Given | None:
    """How a function returns a part of what was returned; None where it does not."""
    given, returns = {**asked.arguments, **arguments}, 0
    for names in _bindings(function, asked.arguments, arguments):
        parts = runs.parts(function, given, names, asked)
        returns += bool(parts)
        if returns > MOST_TRIED:
            return None
        for there, part in parts:
            for here, target in asked.targets:
                if _same(part, target):
                    return _Given(function, names, there, here)
    return None


def _kind(given: Mapping[str, Any], names: tuple[str, ...]) -> Place:
    """What decides whether a function takes such arguments, and what shape it returns: which sizes
    are the same, and signs. Whole numbers may index what is there, so their names count.
    """
    numbers = {1: 0}

    def told(name: str) -> Place:
        value = given[name]
        if isinstance(value, np.ndarray):
            sizes = tuple(numbers.setdefault(size, len(numbers)) for size in value.shape)
            if value.dtype.kind == "f":
                return (sizes, bool((value >= 0).all()))
            return (sizes, name)
        if _index(value):
            return (name, numbers.get(value))
        return (name, type(value)) if not isinstance(value, float) else ()

    return tuple(map(told, names))


def _bindings(
    function: PublicFunction, arguments: Mapping[str, Any], given: Mapping[str, Any]
) -> Iterator[tuple[str, ...]]:
    needed = function.parameters
    if all(name in arguments for name in needed):
        yield needed
    if len(needed) > MOST:
        return
    tried = given if len(needed) < MOST else [name for name in given if name in arguments]
    fit = [[name for name in tried if function.takes(k, given[name])] for k in range(len(needed))]
    yield from (names for names in product(*fit) if len({*names}) == len(names))


def _tried(function: PublicFunction, arguments: Sequence[Any]) -> Any:
    if any(_index(one) and one > 10_000 for one in arguments):
        return None  # sizes that no function was meant for
    try:
        with np.errstate(all="ignore"), _few_calls():
            return function.call(*map(_copied, arguments))
    except _TooMany:
        return None
    except Exception:  # most functions are not for these arguments
        return None


class _TooMany(Exception):
    pass


_IMPORTS = importlib._bootstrap._find_and_load.__code__  # type: ignore[attr-defined]


@contextmanager
def _few_calls() -> Iterator[None]:
    """Stops what makes more than MOST_CALLS calls of Python functions: no answer needs as many for
    arguments so small. Those of an import don't count, and none is left half done.
    """
    made, imports, before = 0, 0, sys.getprofile()

    def counted(frame: FrameType, event: str, arg: object) -> None:
        nonlocal made, imports
        if frame.f_code is _IMPORTS:
            imports += {"call": 1, "return": -1}.get(event, 0)
        made += event == "call" and not imports
        if made > MOST_CALLS and not imports:
            sys.setprofile(None)
            raise _TooMany

    sys.setprofile(counted)
    try:
        yield
    finally:
        sys.setprofile(before)


def _same(value: Any, target: np.ndarray) -> bool:
    if not isinstance(value, int | float | np.ndarray | np.floating):
        return False
    array = np.asarray(value)
    return (
        array.shape == target.shape
        and array.dtype.kind in "fiu"
        and distance(array, target) <= NEAR
    )


# --- what that earns ------------------------------------------------------------------------------


def _earned(
    exercise: Exercise,
    reference: Namespace,
    answer: str,
    given: _Given | None,
) -> float:
    """The points of an answer that returns zeros, but for what a function gives."""
    right: dict[str, Any] = {name: reference[name] for name in exercise.answers}
    seen: dict[str, Any] = {}

    def standing_in(name: str) -> FunctionType:
        signature = inspect.signature(right[name])

        def stands_in(*arguments: Any, **named: Any) -> Any:
            seen.update(signature.bind(*arguments, **named).arguments)
            returned = right[name](*arguments, **named)
            if name != answer:
                return returned
            if given is None:
                return _zeros(returned, None, None)
            return _zeros(returned, given.here, given.value(seen))

        assert isinstance(stands_in, FunctionType)
        return stands_in

    functions = [name for name in right if isinstance(right[name], FunctionType)]
    namespace = {**reference, **{name: standing_in(name) for name in functions}}
    verdict = judge(
        exercise, local(exercise, namespace), reference=local(exercise, reference), seed=DRAWN
    )
    return verdict.score


def _zeros(returned: Any, path: Place | None, value: Any) -> Any:
    """The same with zeros for all numbers, and ``value`` at a path."""
    if path == ():
        return value

    def below(key: Any) -> Place | None:
        return path[1:] if path and path[0] == key else None

    if isinstance(returned, Mapping):
        return {key: _zeros(one, below(key), value) for key, one in returned.items()}
    if isinstance(returned, tuple | list):
        return type(returned)(_zeros(one, below(key), value) for key, one in enumerate(returned))
    if isinstance(returned, np.ndarray | float | np.floating):
        return returned * 0
    return returned
