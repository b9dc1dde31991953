"""Where the reference is: what is right in the situations to be released, and what the known
mistakes give.

Everything comes out alike on every machine, up to rounding: seeds are fixed, a tiny situation is
taken only where the reference is smooth, any only where no other kernels of torch's give something
else (as in bfloat16), and a key is made only where rounding cannot change it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..checks import Reference
from ..checks.compare import distance
from ..exercise.mistakes import Mistake, Mistakes
from ..exercise.trial import Exercise
from ..language.probe import USUAL, Inputs
from ..watch.devices import own_kernels
from ..watch.evaluate import call, local
from .expected import Arrays, Expected, RightOutputs
from .keys import SALTS, Flat, Where, key
from .locked import NOTHING, RIGHT, UNKNOWN, Locked, Mistaken, Place, lock
from .many_valued import takes_many_values
from .situations import Kind, Situation, fingerprint, is_drawn, kinds

ATTEMPTS = 12
"""How often a tiny situation is drawn before the exercise goes without, and any other until its
outputs are small enough.
"""
STEP, STAYS = 1e-6, 1e-3
"""A reference is smooth where inputs moved by this much move no output by more than that,
relatively.
"""
MOST_BYTES = 1 << 16
"""Of one situation's outputs; what is larger however it is drawn is left to grading, if others
remain.
"""
LIMITS = ATTEMPTS, STEP, STAYS, MOST_BYTES
"""What decides which situations are taken."""
USUAL_TOLERANCE = 1e-7

Namespace = Mapping[str, Any]


def work_out(
    exercise: Exercise, reference: Namespace, mistakes: Mistakes | None = None
) -> Expected:
    """What is released of an exercise: nothing where its right outputs take few values.

    The author has the last word: ``released=True`` or ``released=False`` in the declaration.
    """
    may_be = exercise.released
    if may_be is None:
        may_be = takes_many_values(exercise, local(exercise, reference))
    found = list(_rights(exercise, reference, mistakes)) if may_be else []
    if not found:
        return Expected()
    rights, tolerances = tuple(right for right, _ in found), _tolerances(exercise)
    locked = _locked(exercise, found, mistakes, tolerances) if mistakes else Locked()
    return Expected(tolerances, rights, locked)


def _tolerances(exercise: Exercise) -> dict[str, float]:
    """By output the widest tolerance of the checks that compare it."""
    checks = [check for check in exercise.checks if isinstance(check, Reference)]
    return {
        name: max(
            [one.tolerance for one in checks if not one.outputs or name in one.outputs],
            default=USUAL_TOLERANCE,
        )
        for name in exercise.outputs
    }


# --- what is right ------------------------------------------------------------------------------


def _rights(
    exercise: Exercise, reference: Namespace, mistakes: Mistakes | None
) -> list[tuple[RightOutputs, Situation]]:
    """One situation of every kind in which the reference gives all outputs, the large ones aside."""
    small, large = [], []
    for place, kind in enumerate(kinds(exercise)):
        for one in _drawn(exercise, reference, mistakes, place, kind):
            if _bytes(one[0].outputs) <= MOST_BYTES:
                small.append(one)
                break
            large.append(one)
    return small or large[:1]


def _drawn(
    exercise: Exercise,
    reference: Namespace,
    mistakes: Mistakes | None,
    place: int,
    kind: Kind,
) -> Iterator[tuple[RightOutputs, Situation]]:
    """The situations of one kind that may be taken, as they are drawn."""
    for attempt in range(ATTEMPTS):
        try:
            situation = kind.draw(exercise, place, attempt)
            outputs = _given(exercise, reference, situation.inputs)
        except Exception:
            if not kind.tiny:
                raise
            continue  # a draw that does not go as small
        if outputs is None or not _alike_elsewhere(exercise, reference, situation, outputs):
            if not kind.tiny:
                return
            continue
        if not kind.tiny or _teaches(exercise, reference, mistakes, situation, outputs):
            yield RightOutputs(place, attempt, fingerprint(situation.inputs), outputs), situation


def _given(
    exercise: Exercise, namespace: Namespace, inputs: Inputs
) -> dict[str, np.ndarray] | None:
    """All outputs of the exercise; None where one is missing."""
    evaluation = call(exercise, namespace, inputs)
    arrays = evaluation.arrays()
    if evaluation.failure is not None or not set(exercise.outputs) <= set(arrays):
        return None
    return {name: arrays[name] for name in exercise.outputs}


def _alike_elsewhere(
    exercise: Exercise, reference: Namespace, situation: Situation, outputs: Arrays
) -> bool:
    """Whether the reference gives the same with torch's own kernels, as on another processor."""
    if "torch" not in sys.modules:
        return True
    with own_kernels():
        again = _given(exercise, reference, situation.inputs)
    tolerances = _tolerances(exercise)
    return again is not None and all(
        distance(again[name], outputs[name]) <= tolerances[name] for name in outputs
    )


def _teaches(
    exercise: Exercise,
    reference: Namespace,
    mistakes: Mistakes | None,
    situation: Situation,
    outputs: Arrays,
) -> bool:
    """Whether a tiny situation has one right answer, which is not nothing, and no mistake stops
    there.
    """
    some = any(np.any(array) for array in outputs.values())
    finite = all(array.size and np.isfinite(array).all() for array in outputs.values())
    if not (some and finite):
        return False
    moved = [_moved(exercise, situation.inputs, seed) for seed in range(3)]
    near = [_given(exercise, reference, inputs) for inputs in moved]
    if not all(one is not None and _alike(one, outputs, STAYS) for one in near):
        return False
    return mistakes is None or _bears(exercise, mistakes, situation, outputs)


def _moved(exercise: Exercise, inputs: Inputs, seed: int) -> Inputs:
    rng = np.random.default_rng(seed)

    def move(name: str, value: Any) -> Any:
        if not is_drawn(exercise, name, value):
            return value
        moved = value + STEP * rng.standard_normal(np.shape(value))
        return moved if np.ndim(value) else float(moved)

    return {name: move(name, value) for name, value in inputs.items()}


def _bears(exercise: Exercise, mistakes: Mistakes, situation: Situation, outputs: Arrays) -> bool:
    """Whether right answers of another style give the same, and every mistake gives something."""
    if all(hasattr(mistakes.module, answer) for answer in exercise.answers):
        style = {name: getattr(mistakes.module, name) for name in exercise.answers}
        same = _given(exercise, {**mistakes.right, **style}, situation.inputs)
        if same is None or not _alike(same, outputs, USUAL_TOLERANCE):
            return False
    usual = Kind(USUAL).draw(exercise, 0, 0).inputs
    return all(
        call(exercise, mistake.namespace, situation.inputs).failure is None
        or call(exercise, mistake.namespace, usual).failure is not None
        for mistake in mistakes.of(exercise.answers)
    )


def _alike(one: Arrays, other: Arrays, near: float) -> bool:
    return all(distance(one[name], other[name]) <= near for name in other)


def _bytes(outputs: Arrays) -> int:
    return sum(array.nbytes for array in outputs.values())


# --- what is wrong ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Made:
    """A mistake, or two, and what it gives by situation and output, or ``RIGHT`` or ``NOTHING``."""

    mistake: Mistake
    gives: Mapping[Place, Flat | bytes]

    @property
    def shows_in(self) -> set[str]:
        """The outputs that are not right everywhere."""
        return {name for (_, name), given in self.gives.items() if given != RIGHT}


def _locked(
    exercise: Exercise,
    found: Sequence[tuple[RightOutputs, Situation]],
    mistakes: Mistakes,
    tolerances: Mapping[str, float],
) -> Locked:
    """The hints of all known mistakes, and of two at a time where an evaluation costs little."""

    def make(mistake: Mistake) -> _Made:
        gives: dict[Place, Flat | bytes] = {}
        for k, (right, situation) in enumerate(found):
            given = call(exercise, mistake.namespace, situation.inputs).arrays()
            for name, ours in right.outputs.items():
                gives[k, name] = _wrong(given.get(name), ours, tolerances[name])
        return _Made(mistake, gives)

    singles = [make(one) for one in mistakes.of(exercise.answers)]
    pairs = [] if exercise.costly else _joint(mistakes, exercise, singles)
    distinct = [*_distinct([*singles, *map(make, pairs)])]
    salts, keyed = {}, {}
    for k, (right, _) in enumerate(found):
        for name, tolerance in tolerances.items():
            where = (exercise.name, right.place, name)
            wrong = [one.gives[k, name] for one in distinct]
            salts[k, name], keyed[k, name] = _certain(wrong, tolerance, where)
    return lock(
        [
            Mistaken(
                _hints(mistakes, one.mistake), {place: keyed[place][number] for place in salts}
            )
            for number, one in enumerate(distinct)
        ],
        salts,
    )


def _joint(mistakes: Mistakes, exercise: Exercise, singles: Sequence[_Made]) -> Iterator[Mistake]:
    """Two at a time, where some output is wrong by both: else each is found by its own output."""
    shows = {(one.mistake.answer, *one.mistake.names): one.shows_in for one in singles}
    for pair in mistakes.of(exercise.answers, pairs=True):
        one, other = (shows[pair.answer, name] for name in pair.names)
        if one & other:
            yield pair


def _wrong(given: np.ndarray | None, right: np.ndarray, near: float) -> Flat | bytes:
    if given is None:
        return NOTHING
    return RIGHT if distance(given, right) <= near else Flat.of(given, right)


def _certain(
    wrong: Sequence[Flat | bytes], tolerance: float, where: Where
) -> tuple[int, list[bytes]]:
    """The first salt with which no output's key hangs on rounding, and the keys with it.

    Where every salt leaves some, the one that leaves the fewest: they stay unknown.
    """
    fewest: tuple[int, list[bytes]] = (0, [])
    missing = len(wrong) + 1
    for salt in range(SALTS):
        made: list[bytes] = []
        lost = 0
        for one in wrong:
            found = one if isinstance(one, bytes) else key(one, tolerance, where, salt)
            made.append(found or UNKNOWN)
            lost += not found
            if lost >= missing:
                break
        else:
            fewest, missing = (salt, made), lost
        if not missing:
            break
    return fewest


def _hints(mistakes: Mistakes, mistake: Mistake) -> tuple[str, ...]:
    hints = mistakes.module.HINTS[mistake.answer]
    return tuple(hints[name] for name in mistake.names)


def _distinct(made: Sequence[_Made]) -> Iterator[_Made]:
    """Those that are wrong somewhere and give something else than all before them."""
    seen = set()
    for one in made:
        gives = tuple(map(_exactly, one.gives.values()))
        if one.shows_in and gives not in seen:
            seen.add(gives)
            yield one


def _exactly(given: Flat | bytes) -> object:
    return given if isinstance(given, bytes) else (given.shape, given.numbers.tobytes())


__all__ = ["work_out"]
