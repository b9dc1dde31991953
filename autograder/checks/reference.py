"""Reference: the answer's outputs equal the hidden reference's; when they do not, the well-known mistakes are tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..evaluate import call
from ..mistakes import Mistake
from ..verdict import Finding
from .compare import distance, evidence, ratio_in_words
from .trial import AnswerFailed, Drawn, Trial

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Reference:
    """Outputs against the reference's on two random examples and every case, relative to each output's largest entry.

    ``outputs`` names those compared (default all). ``tolerance`` bounds the relative difference.
    """

    share: float = 1.0
    outputs: tuple[str, ...] = ()
    tolerance: float = 1e-7
    title: str = "Right values"
    needs_reference: bool = True

    def __call__(self, trial: Trial) -> Finding:
        """Judge; every output of every case must agree."""
        assert trial.reference is not None
        draws = trial.draws()
        names = self.outputs or tuple(trial.exercise.outputs)
        ours = [evaluation.arrays() for evaluation in trial.reference([drawn.inputs for drawn in draws])]
        for drawn in draws:
            if drawn.evaluation.failure is not None:
                raise AnswerFailed(drawn.evaluation.failure, drawn.case)
        yours = [drawn.evaluation.arrays() for drawn in draws]
        wrong = [
            (name, k)
            for name in names
            for k in range(len(draws))
            if not _agree(yours[k], ours[k], name, self.tolerance)
        ]
        if not wrong:
            said = f"equal to the reference in {len(draws)} situations"
            return Finding(self.title, True, said, share=self.share)
        name, k = wrong[0]
        hint = name_mistake(trial, draws, yours, ours, tuple(dict.fromkeys(one for one, _ in wrong)), self.tolerance)
        return self._finding(trial, name, draws[k], yours[k], ours[k], hint)

    def _finding(self, trial: Trial, name: str, drawn: Drawn, yours: Arrays, ours: Arrays, hint: str) -> Finding:
        where = "" if drawn.case.title == "a random example" else f" ({drawn.case.title})"
        dims = trial.exercise.outputs[name]
        if name not in yours:
            return Finding(self.title, False, f"{name} is no array or number{where}.", hint, self.share)
        if yours[name].shape != ours[name].shape:
            message = f"{name} has the wrong shape{where}: see Dimensions."
            return Finding(self.title, False, message, hint, self.share)
        shown = evidence(name, yours[name], ours[name], dims.axes)
        at = f" at {list(shown.index)}" if shown.index else ""
        message = f"{name}{at} is {shown.yours:.6g}; it should be {shown.expected:.6g}{where}."
        if shown.ratio is not None and dims.axes:
            message += f" All of {name} is {ratio_in_words(shown.ratio, drawn.sizes)} what it should be."
        return Finding(self.title, False, message, hint, self.share, shown)


def _agree(yours: Arrays, ours: Arrays, name: str, tolerance: float) -> bool:
    return name in yours and name in ours and distance(yours[name], ours[name]) <= tolerance


def name_mistake(
    trial: Trial, draws: Sequence[Drawn], yours: list[Arrays], ours: list[Arrays], wrong: tuple[str, ...], near: float
) -> str:
    """The hint of the mistake that reproduces the wrong outputs in every case; empty when none does.

    First one mistake for all wrong outputs, then one for each of them, then combinations of two.
    """
    if trial.mistakes is None:
        return ""
    tried: list[tuple[Mistake, list[Arrays]]] = []
    for mistake in trial.mistakes.of(trial.exercise.answers):
        theirs = _commit(trial, mistake, draws)
        if _reproduces(theirs, yours, ours, tuple(trial.exercise.outputs), near):
            return mistake.hint
        tried.append((mistake, theirs))
    hints = [
        next((one.hint for one, theirs in tried if _reproduces(theirs, yours, ours, (name,), near)), "")
        for name in wrong
    ]
    if all(hints):
        return " And: ".join(dict.fromkeys(hints))
    for mistake in trial.mistakes.of(trial.exercise.answers, pairs=True):
        if _reproduces(_commit(trial, mistake, draws), yours, ours, tuple(trial.exercise.outputs), near):
            return mistake.hint
    return " And: ".join(dict.fromkeys(filter(None, hints)))


def _commit(trial: Trial, mistake: Mistake, draws: Sequence[Drawn]) -> list[Arrays]:
    return [call(trial.exercise, mistake.namespace, drawn.inputs).arrays() for drawn in draws]


def _reproduces(
    theirs: list[Arrays], yours: list[Arrays], ours: list[Arrays], names: tuple[str, ...], near: float
) -> bool:
    """Whether a mistake gives the student's outputs everywhere, and is one: it differs from the reference somewhere."""
    same = all(
        name in a and name in b and distance(a[name], b[name]) <= near
        for a, b in zip(theirs, yours, strict=True)
        for name in names
    )
    return same and any(not _agree(a, b, name, near) for a, b in zip(theirs, ours, strict=True) for name in names)
