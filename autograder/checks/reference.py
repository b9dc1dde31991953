"""Reference: the answer's outputs equal the hidden reference's; when they do not, the well-known mistakes are tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..exercise.mistakes import Mistake
from ..exercise.trial import AnswerFailed, Drawn, Trial
from ..language.verdict import Finding, replace
from ..watch.evaluate import call
from .compare import distance, evidence, ratio_in_words

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
        draws = trial.draws()
        names = self.outputs or tuple(trial.exercise.outputs)
        ours = [evaluation.arrays() for evaluation in trial.reference_draws()]
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
        outputs = tuple(dict.fromkeys(one for one, _ in wrong))
        found = named_mistakes(trial, draws, yours, ours, outputs, self.tolerance)
        hint = " And: ".join(dict.fromkeys(mistake.hint for mistake in found))
        finding = self._finding(trial, name, draws[k], yours[k], ours[k], hint)
        made = dict.fromkeys((mistake.answer, one) for mistake in found for one in mistake.names)
        return replace(finding, mistakes=tuple(made))

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


def named_mistakes(
    trial: Trial, draws: Sequence[Drawn], yours: list[Arrays], ours: list[Arrays], wrong: tuple[str, ...], near: float
) -> list[Mistake]:
    """The known mistakes that reproduce the wrong outputs in every case; none when none do.

    First one mistake for all wrong outputs, then one for each of them, then combinations of two.
    """
    if trial.mistakes is None:
        return []
    every = tuple(trial.exercise.outputs)
    # the case that shows most comes first: nearly every wrong guess ends there
    order = sorted(range(len(draws)), key=lambda k: sum(_agree(yours[k], ours[k], name, near) for name in every))
    guess = _Guess(trial, [draws[k] for k in order], [yours[k] for k in order], [ours[k] for k in order], near)
    found: dict[str, Mistake] = {}
    for mistake in trial.mistakes.of(trial.exercise.answers):
        if guess.reproduces(mistake, every):
            return [mistake]
        for name in wrong:
            if name not in found and guess.reproduces(mistake, (name,)):
                found[name] = mistake
    if len(found) < len(wrong):
        for mistake in trial.mistakes.of(trial.exercise.answers, pairs=True):
            if guess.reproduces(mistake, every):
                return [mistake]
    return [found[name] for name in wrong if name in found]


@dataclass
class _Guess:
    """Mistakes committed on the inputs that the student's answer saw, one case at a time, as long as they fit."""

    trial: Trial
    draws: Sequence[Drawn]
    yours: list[Arrays]
    ours: list[Arrays]
    near: float
    _mistake: Mistake | None = None
    _theirs: list[Arrays] = field(default_factory=list)

    def reproduces(self, mistake: Mistake, names: tuple[str, ...]) -> bool:
        """Whether a mistake gives the student's outputs everywhere, and is one: somewhere it is not the reference."""
        if self._mistake is not mistake:
            self._mistake, self._theirs = mistake, []
        differs = False
        for k, drawn in enumerate(self.draws):
            if k == len(self._theirs):
                self._theirs.append(call(self.trial.exercise, mistake.namespace, drawn.inputs).arrays())
            theirs = self._theirs[k]
            if not all(_agree(theirs, self.yours[k], name, self.near) for name in names):
                return False
            differs = differs or not all(_agree(theirs, self.ours[k], name, self.near) for name in names)
        return differs
