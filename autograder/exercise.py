"""An exercise: a probe that calls the student's answer on given inputs, the dimensions of both, and its checks."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np

from .dims import Dims, draw_sizes, parse

if TYPE_CHECKING:
    from .checks import Check

Inputs = dict[str, Any]
Probe = Callable[..., Mapping[str, Any]]
Draw = Callable[[np.random.Generator, Mapping[str, int]], Any]


class ExerciseError(ValueError):
    """An exercise that its author has to mend: the message says which and how."""


class MissingAnswer(AttributeError):
    """The name the probe asks for is not defined in the notebook."""


class Answers:
    """What a probe calls its answers on: attribute access into a namespace, here the student's or the reference's."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        try:
            return self._namespace[name]
        except KeyError:
            raise MissingAnswer(f"{name} is not defined yet: run the cell that defines it") from None


@dataclass(frozen=True)
class Case:
    """A situation the checks must try: a title in words, fixed sizes, and inputs that replace the drawn ones.

    Each override is a value, or a callable ``(rng, inputs) -> value`` that sees the inputs drawn before it.
    """

    title: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    overrides: Mapping[str, Any] = field(default_factory=dict)


def case(title: str, /, sizes: Mapping[str, int] | None = None, **overrides: Any) -> Case:
    """Write a Case: ``case("strong regularisation", reg=2.5)``, ``case("one example", sizes={"N": 1})``."""
    return Case(title, sizes or {}, overrides)


USUAL = Case("a random example")


@dataclass
class Exercise:
    """What is asked, how it is called, and how it is judged. Made by ``@exercise``; ``checks`` is assigned after."""

    name: str
    points: float
    probe: Probe
    inputs: dict[str, Dims]
    outputs: dict[str, Dims]
    answers: tuple[str, ...]
    given: Mapping[str, Draw]
    ranges: Mapping[str, tuple[int, int]]
    cases: tuple[Case, ...]
    seconds: float
    accelerated: bool = False
    checks: Sequence[Check] = ()

    def draw(self, rng: np.random.Generator, case: Case = USUAL) -> tuple[Inputs, dict[str, int]]:
        """Draw one set of inputs and the sizes of its dimensions.

        Floats are standard normal (float64), scalars uniform in [0.1, 1), labels uniform in [0, C) (int64); ``given`` and
        the case's overrides replace them. Sizes are all different unless the case fixes them.
        """
        names = set[str]().union(*(dims.names() for dims in (*self.inputs.values(), *self.outputs.values())))
        sizes = draw_sizes(names - set(case.sizes), self.ranges, rng) | dict(case.sizes)
        inputs: Inputs = {}
        for name, dims in self.inputs.items():
            if name in case.overrides:
                continue
            inputs[name] = self.given[name](rng, sizes) if name in self.given else _draw(dims, sizes, rng)
        for name, override in case.overrides.items():
            inputs[name] = override(rng, inputs) if callable(override) else override
        return {name: inputs[name] for name in self.inputs}, sizes

    def call(self, answers: Answers, inputs: Inputs) -> Mapping[str, Any]:
        """Run the probe; scalars arrive as Python numbers, arrays as they are."""
        return self.probe(answers, **{name: _plain(inputs[name], dims) for name, dims in self.inputs.items()})


def exercise(
    *,
    points: float,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    answers: Sequence[str] = (),
    given: Mapping[str, Draw] | None = None,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    cases: Sequence[Case] = (),
    seconds: float = 10.0,
    accelerated: bool = False,
) -> Callable[[Probe], Exercise]:
    """Turn a probe ``probe(student, **inputs) -> {output: value}`` into an Exercise named after it.

    points: what it is worth. inputs, outputs: name -> dimensions (see ``autograder.dims``). answers: the functions or
    classes the student writes (default: the exercise's own name). given: name -> ``(rng, sizes) -> value`` in place of
    the usual draw. sizes: dimension -> (lowest, highest). cases: situations every check of values must try besides a
    random one. seconds: wall-clock limit of all the checks together. accelerated: training checks may use a GPU. Raises
    ExerciseError when probe and inputs disagree.
    """

    def decorate(probe: Probe) -> Exercise:
        name = getattr(probe, "__name__", "exercise")
        parameters = list(inspect.signature(probe).parameters)[1:]
        if parameters != list(inputs):
            raise ExerciseError(f"{name}: the probe takes {parameters} but inputs names {list(inputs)}")
        parsed = {key: parse(text) for key, text in inputs.items()}
        for one in cases:
            if unknown := set(one.overrides) - set(inputs):
                raise ExerciseError(f"{name}: the case {one.title!r} overrides {sorted(unknown)}, which are no inputs")
        if points <= 0:
            raise ExerciseError(f"{name}: points must be positive, not {points}")
        return Exercise(
            name=name,
            points=points,
            probe=probe,
            inputs=parsed,
            outputs={key: parse(text) for key, text in outputs.items()},
            answers=tuple(answers) or (name,),
            given=given or {},
            ranges=sizes or {},
            cases=tuple(cases),
            seconds=seconds,
            accelerated=accelerated,
        )

    return decorate


def exercises_in(module: ModuleType) -> dict[str, Exercise]:
    """The exercises a module defines, in order, by name. Raises ExerciseError for one without checks."""
    found = {thing.name: thing for thing in vars(module).values() if isinstance(thing, Exercise)}
    for one in found.values():
        if not one.checks:
            raise ExerciseError(f"{one.name} has no checks: assign {one.name}.checks in exercises.py")
    return found


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
