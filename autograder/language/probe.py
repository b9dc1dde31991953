"""A probe: how an answer is called. Its inputs and how they are drawn, its outputs, and the names
it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, wraps
from types import FunctionType
from typing import Any

import numpy as np

from .dims import Dims, draw_sizes

Inputs = dict[str, Any]
Call = Callable[..., Mapping[str, Any]]
"""``call(student, **inputs) -> {output: value}``: the function that an author writes."""
Caller = Callable[[str, Callable[..., Any], Sequence[Any], Mapping[str, Any]], Any]
"""Calls one of the answer's functions, ``caller(name, function, arguments, keywords)``."""
Draw = Callable[[np.random.Generator, Mapping[str, int]], Any]


class MissingAnswer(AttributeError):
    """The name the probe asks for is not defined in the notebook."""


class Misreturned(ValueError):
    """An answer returned something else than was asked for: one sentence that says what, and what
    it must return.
    """


@dataclass(frozen=True)
class Absent:
    """Stands in a probe's outputs for one that the answer did not give; ``why`` is a sentence."""

    why: str


class Answers:
    """What a probe calls its answers on: attribute access into a namespace, here the student's or
    the reference's.

    Functions get copies of the probe's inputs, at every call: one that changes an argument in place
    is told so, and the next call still gets what was drawn. ``caller`` calls them, where there is
    one.
    """

    def __init__(
        self,
        namespace: Mapping[str, Any],
        inputs: Mapping[str, np.ndarray] | None = None,
        caller: Caller | None = None,
    ) -> None:
        self._namespace = namespace
        self._inputs = inputs or {}
        self._caller = caller
        self._copies: list[tuple[str, np.ndarray, np.ndarray]] = []
        self._calls: dict[str, tuple[Any, Callable[..., Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        try:
            answer = self._namespace[name]
        except KeyError:
            raise MissingAnswer(
                f"{name} is not defined yet: run the cell that defines it"
            ) from None
        known = self._calls.get(name)
        if known is not None and known[0] is answer:
            return known[1]
        if isinstance(answer, FunctionType | partial) or (self._caller and callable(answer)):
            call = self._given_copies(name, answer)
            self._calls[name] = answer, call
            return call
        return answer

    def _given_copies(self, name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(answer)
        def call(*arguments: Any, **keywords: Any) -> Any:
            own = {key: self._copy(value) for key, value in keywords.items()}
            given = [self._copy(value) for value in arguments]
            if self._caller is not None:
                return self._caller(name, answer, given, own)
            return answer(*given, **own)

        return call

    def _copy(self, value: Any) -> Any:
        if type(value) is not np.ndarray:
            return value
        for name, array in self._inputs.items():
            if np.may_share_memory(value, array):
                copied = value.copy(order="K")
                self._copies.append((name, value, copied))
                return copied
        return value


def changed_and_shared(
    answers: Answers, returned: Mapping[str, Any]
) -> tuple[list[str], list[str]]:
    """The inputs that answers changed in their copies, and the names among ``returned`` that are
    views of such a copy.
    """
    copies = answers._copies
    changed = {name for name, given, copied in copies if not same_entries(given, copied)}
    shared = [
        str(name)
        for name, value in returned.items()
        if isinstance(value, np.ndarray)
        and any(np.may_share_memory(value, copied) for _, _, copied in copies)
    ]
    return sorted(changed), shared


def same_entries(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays are of one shape and dtype and hold the same; nan is nan."""
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.tobytes() == other.tobytes():  # nearly always, and quicker than to look for nan
        return True
    return bool(np.array_equal(one, other, equal_nan=one.dtype.kind in "fc"))


@dataclass(frozen=True)
class Case:
    """A situation the checks must try: a title in words, fixed sizes, and inputs that replace the
    drawn ones.

    Each override is a value, or a callable ``(rng, inputs) -> value`` that sees the inputs drawn
    before it."""

    title: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)


def case(title: str, /, sizes: Mapping[str, int] | None = None, **overrides: Any) -> Case:
    """Write a Case: ``case("strong regularisation", reg=2.5)``, ``case("one example", sizes={"N":
    1})``.
    """
    return Case(title, sizes or {}, overrides)


USUAL = Case("a random example")


def place(case: Case) -> str:
    """`` (stride 2)``: the situation as messages name it; nothing for a random example."""
    return "" if case.title == USUAL.title else f" ({case.title})"


@dataclass
class Probe:
    """How one exercise's answers are called, wherever they are: in a notebook, behind the wall, in
    the reference.
    """

    name: str
    function: Call
    inputs: dict[str, Dims]
    outputs: dict[str, Dims]
    answers: tuple[str, ...]
    given: Mapping[str, Draw]
    ranges: Mapping[str, tuple[int, int]]
    cases: tuple[Case, ...]

    @property
    def differentiated(self) -> Collection[str]:
        """The inputs of which it matters whether an answer varies them."""
        return self.inputs

    def draw(self, rng: np.random.Generator, case: Case = USUAL) -> tuple[Inputs, dict[str, int]]:
        """Draw one set of inputs and the sizes of its dimensions.

        Floats are standard normal (float64), scalars uniform in [0.1, 1), labels uniform in [0, C)
        (int64); ``given`` and the case's overrides replace them. Sizes are all different unless the
        case fixes them."""
        names = set[str]().union(
            *(dims.names() for dims in (*self.inputs.values(), *self.outputs.values()))
        )
        sizes = draw_sizes(names - set(case.sizes), self.ranges, rng) | dict(case.sizes)
        inputs: Inputs = {}
        for name, dims in self.inputs.items():
            if name in case.overrides:
                continue
            inputs[name] = (
                self.given[name](rng, sizes) if name in self.given else _draw(dims, sizes, rng)
            )
        for name, override in case.overrides.items():
            inputs[name] = override(rng, inputs) if callable(override) else override
        return {name: inputs[name] for name in self.inputs}, sizes

    def call(self, answers: Answers, inputs: Inputs) -> Mapping[str, Any]:
        """Run the probe; scalars arrive as Python numbers, arrays as they are."""
        return self.function(
            answers, **{name: _plain(inputs[name], dims) for name, dims in self.inputs.items()}
        )


def _draw(dims: Dims, sizes: Mapping[str, int], rng: np.random.Generator) -> Any:
    shape = tuple(1 if size is None else size for size in dims.shape(sizes))
    if dims.entries == "int":
        bound = Dims((dims.below,)).shape(sizes)[0] if dims.below else 10
        drawn = rng.integers(0, bound or 1, size=shape)
        return drawn if shape else int(drawn)
    if dims.entries == "bool":
        return rng.random(shape) < 0.5 if shape else bool(rng.random() < 0.5)
    if dims.entries == "str":
        return ""
    return rng.standard_normal(shape) if shape else float(rng.uniform(0.1, 1.0))


def _plain(value: Any, dims: Dims) -> Any:
    """A 0-d array that crossed the wall back into the Python number the probe was written for."""
    if dims.axes or isinstance(value, str):
        return value
    kind = {"int": int, "bool": bool, "float": float, "str": str}[dims.entries]
    return kind(value) if np.ndim(value) == 0 else value
