"""Drawing inputs and judging outputs, in processes of their own: the only place where the oracle
touches the reference.

A challenge is a seed: whoever judges draws the same inputs again. The student's arrays are only
ever compared; nothing is called on them but the comparison.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np

from ..checks import Reference
from ..course.assignment import Assignment, assignments_in, load_assignment
from ..exercise.trial import AnswerFailed, Check, Exercise, Trial
from ..language.verdict import Evaluation, Failure, Finding, Value
from ..watch.evaluate import local
from .blind import blind
from .packets import Arrays, pack_challenge

SEEDS_COMPARED = 6
WAITS = "waits for grading"
STOPPED = Failure("error", "the answer gave no array or number")
CONSTANT = (
    f"{WAITS}: what is right here is the same for all inputs, so that a verdict would give it away"
)


class Unanswerable(Exception):
    """The oracle does not judge this: one sentence. ``known`` says whether it exists at all."""

    def __init__(self, sentence: str, *, known: bool) -> None:
        super().__init__(sentence, known)
        self.sentence = sentence
        self.known = known

    def __reduce__(self):
        return _unanswerable, (self.sentence, self.known)


def _unanswerable(sentence: str, known: bool) -> Unanswerable:
    return Unanswerable(sentence, known=known)


@dataclass(frozen=True)
class PackedCases:
    """A challenge without its name: how many cases, which outputs they ask for, and the inputs,
    packed.
    """

    cases: int
    outputs: tuple[str, ...]
    trees: list[dict[str, Any]]
    payload: bytes


def begin() -> None:
    """In a fresh process: end with whoever started it, even where that was killed."""
    parent = parent_process()
    if parent is not None:
        Thread(target=lambda: (parent.join(), os._exit(0)), daemon=True).start()


def stand_by() -> None:
    """Do nothing, in a process that has imported this."""


def draw(course: Path, assignment: str, exercise: str, seed: int) -> PackedCases:
    """The inputs of a challenge. Raises Unanswerable."""
    loaded, asked = _find(course, assignment, exercise)
    if not any(_varies(loaded, exercise)):
        raise Unanswerable(CONSTANT, known=True)
    batch: list[dict[str, Any]] = []

    def note(inputs, /, *, count_work: bool = False) -> list[Evaluation]:
        batch.extend(inputs)
        return [Evaluation() for _ in inputs]

    titles = [drawn.case.title for drawn in Trial(asked, note, np.random.default_rng(seed)).draws()]
    trees, payload = pack_challenge(list(zip(titles, batch, strict=True)))
    return PackedCases(len(titles), tuple(asked.outputs), trees, payload)


def decide(
    course: Path,
    assignment: str,
    exercise: str,
    seed: int,
    outputs: Sequence[Arrays],
    thorough: bool,
) -> list[Finding]:
    """One finding for each check that needs the reference, in their order. ``thorough`` tries all
    pairs of mistakes.
    """
    loaded, asked = _find(course, assignment, exercise)

    def given(inputs, /, *, count_work: bool = False) -> list[Evaluation]:
        return [
            Evaluation({name: Value(array, "ndarray") for name, array in arrays.items()})
            if arrays
            else Evaluation(failure=STOPPED)
            for arrays in outputs
        ]

    reference = local(asked, loaded.reference)
    trial = Trial(asked, given, np.random.default_rng(seed), reference, loaded.mistakes, thorough)
    return [
        _finding(check, trial, judged)
        for check, judged in zip(_asking(asked), _varies(loaded, exercise), strict=True)
    ]


def _finding(check: Check, trial: Trial, judged: bool) -> Finding:
    if not isinstance(check, Reference):
        return Finding(check.title, None, WAITS, share=check.share)
    if not judged:
        return Finding(check.title, None, CONSTANT, share=check.share)
    try:
        return blind(check, trial)
    except AnswerFailed as failed:
        return Finding(check.title, False, failed.failure.message, share=check.share)
    except Exception as broken:  # a defect of ours; its words may hold values, its kind does not
        message = f"waits for grading: it could not be judged here ({type(broken).__name__})"
        return Finding(check.title, None, message, share=check.share)


def _find(course: Path, assignment: str, exercise: str) -> tuple[Assignment, Exercise]:
    if assignment not in assignments_in(course):
        raise Unanswerable(
            "no such assignment: open the notebook from the assignment's own folder", known=False
        )
    loaded = load_assignment(course, assignment)
    if exercise not in loaded.exercises:
        raise Unanswerable("no such exercise in this assignment", known=False)
    asked = loaded.exercises[exercise]
    if not any(isinstance(check, Reference) for check in _asking(asked)):
        raise Unanswerable(WAITS, known=True)
    return loaded, asked


def _asking(exercise: Exercise) -> list[Check]:
    return [check for check in exercise.checks if check.needs_reference]


@lru_cache(maxsize=1024)
def _varies(assignment: Assignment, name: str) -> tuple[bool, ...]:
    """For each check whether what it compares depends on the inputs that are drawn: the others are
    not judged here.
    """
    exercise = assignment.exercises[name]
    reference = local(exercise, assignment.reference)
    drawn: list[list[dict[str, bytes]]] = []
    for seed in range(SEEDS_COMPARED):
        trial = Trial(exercise, reference, np.random.default_rng(seed))
        drawn.append(
            [
                {name: array.tobytes() for name, array in one.evaluation.arrays().items()}
                for one in trial.draws()
            ]
        )
    first, *others = drawn

    def depends(output: str) -> bool:
        return any(
            one[k].get(output) != first[k].get(output)
            for one in others
            for k in range(min(len(one), len(first)))
        )

    compared = [
        check.outputs or tuple(exercise.outputs)
        for check in _asking(exercise)
        if isinstance(check, Reference)
    ]
    varying = iter([any(map(depends, outputs)) for outputs in compared])
    return tuple(isinstance(check, Reference) and next(varying) for check in _asking(exercise))
