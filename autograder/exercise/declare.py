"""``@exercise``: how an author declares one, and how those of a module are found."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import EllipsisType, ModuleType
from typing import Any

from ..errors import ExerciseError
from ..language.dims import parse
from ..language.probe import Call, Case, Draw
from ..language.signature import read_signature
from .trial import USUAL_SECONDS, Check, Exercise


def exercise(
    signature: str = "",
    *,
    points: float,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    checks: Sequence[Check | EllipsisType] = (),
    **terms: Any,
) -> Callable[[Call], Exercise]:
    """Turn a probe ``probe(student, **inputs) -> {output: value}`` into an Exercise named after it.
    It names its inputs in their order, all of them or, with ``**params``, some.

    signature: inputs and outputs with their dimensions, ``"W: D C, reg -> loss, dW: D C"``; or,
    where that is too long, inputs and outputs: name -> dimensions (see
    ``autograder.language.dims``). points: what it is
    worth. checks: what is asked of it; a property stated later, by ``property_of``, takes the place
    of a ``...`` among them. terms: as for ``declare``. Raises ExerciseError when probe and inputs disagree.
    """
    read = read_signature(signature) if signature else ({}, {})
    ins, outs = (
        (inputs if inputs is not None else read[0]),
        (outputs if outputs is not None else read[1]),
    )

    def decorate(probe: Call) -> Exercise:
        name = getattr(probe, "__name__", "exercise")
        kinds = {one.name: one.kind for one in inspect.signature(probe).parameters.values()}
        _, *parameters = (one for one in kinds if kinds[one] != inspect.Parameter.VAR_KEYWORD)
        takes_the_rest = len(parameters) + 1 < len(kinds)
        named = [one for one in ins if one in parameters] if takes_the_rest else list(ins)
        if parameters != named:
            raise ExerciseError(
                f"{name}: the probe takes {parameters} but inputs names {list(ins)}"
            )
        code = probe.__code__
        where = (code.co_filename, code.co_firstlineno)
        return declare(name, probe, ins, outs, points=points, checks=checks, where=where, **terms)

    return decorate


def declare(
    name: str,
    probe: Call,
    inputs: Mapping[str, str],
    outputs: Mapping[str, str],
    *,
    points: float,
    checks: Sequence[Check | EllipsisType] = (),
    answers: Sequence[str] = (),
    given: Mapping[str, Draw] | None = None,
    sizes: Mapping[str, tuple[int, int]] | None = None,
    cases: Sequence[Case] = (),
    seconds: float = USUAL_SECONDS,
    accelerated: bool = False,
    inside: bool = False,
    released: bool | None = None,
    where: tuple[str, int] = ("", 1),
    words: Mapping[str, str] | None = None,
    entries: Mapping[str, Sequence[str]] | None = None,
) -> Exercise:
    """Make an exercise.

    checks: in the order of a report. Each ``...`` stands for a property, in the order in which they
    are stated, the last for all that are left; without one they come last. answers: the functions or
    classes the student writes (default: the exercise's own name). given:
    name -> ``(rng, sizes) -> value`` in place of the usual draw. sizes: dimension -> (lowest,
    highest).
    cases: situations every check of values must try besides a random one. seconds: wall-clock limit
    of all the checks together; above the usual, known mistakes are looked for sparingly.
    accelerated: training checks may use a GPU. inside: the probe handles objects of the answer's,
    tensors or files, or measures what an answer takes, and so cannot run once more on what the
    answer's functions returned; what it finds is then the word of the answer's own process.
    released: whether what is right in fixed situations may travel with the release; by default,
    where it takes many values. where: the file and line it stands in, for messages. words: input
    or output -> what a report calls it, where its name is the probe's own.
    entries: output -> what a report calls each entry along its first axis. Raises ExerciseError for what does
    not fit."""
    for one in cases:
        if unknown := set(one.overrides) - set(inputs):
            raise ExerciseError(
                f"{name}: the case {one.title!r} overrides {sorted(unknown)}, which are no inputs"
            )
    places = [at for at, one in enumerate(checks) if one is ...]
    if points <= 0:
        raise ExerciseError(f"{name}: points must be positive, not {points}")
    return Exercise(
        name=name,
        function=probe,
        inputs={key: parse(text) for key, text in inputs.items()},
        outputs={key: parse(text) for key, text in outputs.items()},
        answers=tuple(answers) or (name,),
        given=given or {},
        ranges=sizes or {},
        cases=tuple(cases),
        points=points,
        seconds=seconds,
        accelerated=accelerated,
        inside=inside,
        released=released,
        checks=[one for one in checks if one is not ...],
        behind=[sum(one is not ... for one in checks[at:]) for at in places],
        where=where,
        words=words or {},
        entries=entries or {},
    )


def exercises_in(module: ModuleType) -> dict[str, Exercise]:
    """The exercises a module defines, in order, by name. Raises ExerciseError for one without
    checks.
    """
    found = {thing.name: thing for thing in vars(module).values() if isinstance(thing, Exercise)}
    for one in found.values():
        if not one.checks:
            raise ExerciseError(f"{one.name} has no checks: assign {one.name}.checks")
    return found
