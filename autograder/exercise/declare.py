"""``@exercise``: how an author declares one, and how those of a module are found."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType

from ..errors import ExerciseError
from ..language.dims import parse
from ..language.probe import Call, Case, Draw
from .trial import Exercise


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
) -> Callable[[Call], Exercise]:
    """Turn a probe ``probe(student, **inputs) -> {output: value}`` into an Exercise named after it.

    points: what it is worth. inputs, outputs: name -> dimensions (see
    ``autograder.language.dims``). answers: the functions or classes the student writes (default:
    the exercise's own name). given: name -> ``(rng, sizes) -> value`` in place of the usual draw.
    sizes: dimension -> (lowest, highest). cases: situations every check of values must try besides
    a random one. seconds: wall-clock limit of all the checks together. accelerated: training checks
    may use a GPU. Raises ExerciseError when probe and inputs disagree.
    """

    def decorate(probe: Call) -> Exercise:
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
            function=probe,
            inputs=parsed,
            outputs={key: parse(text) for key, text in outputs.items()},
            answers=tuple(answers) or (name,),
            given=given or {},
            ranges=sizes or {},
            cases=tuple(cases),
            points=points,
            seconds=seconds,
            accelerated=accelerated,
        )

    return decorate


def exercises_in(module: ModuleType) -> dict[str, Exercise]:
    """The exercises a module defines, in order, by name. Raises ExerciseError for one without checks."""
    found = {thing.name: thing for thing in vars(module).values() if isinstance(thing, Exercise)}
    for one in found.values():
        if not one.checks:
            raise ExerciseError(f"{one.name} has no checks: assign {one.name}.checks")
    return found
