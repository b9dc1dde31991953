"""Vectorised: the answer executes the same work at two sizes of one dimension."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..exercise.trial import AnswerFailed, Trial
from ..language.probe import USUAL, Case, Inputs
from ..language.verdict import Evaluation, Finding
from .compare import distance


@dataclass(frozen=True)
class Vectorised:
    """No Python loop over ``over``: executed instructions and calls are counted at two sizes and must be equal.

    Loops over other dimensions are free. ``sizes`` are the two sizes tried; ``case`` fixes other inputs where needed.
    """

    over: str
    share: float = 1.0
    sizes: tuple[int, int] = (11, 29)
    case: Case = USUAL
    needs_reference: bool = False

    @property
    def title(self) -> str:
        """What a report calls it."""
        return f"Vectorised over {self.over}"

    def __call__(self, trial: Trial) -> Finding:
        """Judge by counting."""
        finding = self._at(trial, self.sizes)
        if finding.passed or not finding.hint:
            return finding
        # a loop over the classes that skips the absent ones does less on a small batch; on a large one none is absent
        at_large = self._at(trial, (10 * self.sizes[0], 10 * self.sizes[1]))
        return at_large if at_large.passed else finding

    def _at(self, trial: Trial, sizes: tuple[int, int]) -> Finding:
        others: dict[str, int] = {}
        batch = []
        for size in (*sizes, *sizes):
            one = replace(self.case, sizes={**others, **self.case.sizes, self.over: size})
            inputs, drawn = trial.exercise.draw(trial.rng, one)
            others = {name: value for name, value in drawn.items() if name != self.over}
            batch.append(inputs)
        # the first calls pay for imports and caches; what is counted was never given before
        small, large = trial.evaluate(batch, count_work=True)[len(sizes) :]
        batch = batch[len(sizes) :]
        for evaluation in (small, large):
            if evaluation.failure is not None:
                raise AnswerFailed(evaluation.failure)
        if small.work is None or large.work is None:
            return Finding(
                self.title,
                False,
                "the answer switches off the counting of its work.",
                share=self.share,
            )
        if trial.reference is not None and not _says_something(trial, batch, [small, large]):
            message = "no output is right at these sizes: there is nothing yet whose loops could be counted."
            return Finding(self.title, False, message, share=self.share)
        if small.work == large.work:
            said = f"the same {small.work} steps for {self.over} = {sizes[0]} and {self.over} = {sizes[1]}"
            return Finding(self.title, True, said, share=self.share)
        return Finding(
            self.title,
            False,
            f"{small.work} steps for {self.over} = {sizes[0]} but {large.work} for {self.over} = {sizes[1]}: "
            f"something still runs once for each of {self.over}.",
            hint=f"Let one array expression handle all of {self.over} at once.",
            share=self.share,
        )


def _says_something(trial: Trial, batch: list[Inputs], evaluations: list[Evaluation]) -> bool:
    """Whether at least one output is right: an empty answer has no loops either."""
    assert trial.reference is not None
    return any(
        all(
            name in yours.arrays() and distance(yours.arrays()[name], ours.arrays()[name]) <= 1e-6
            for yours, ours in zip(evaluations, trial.reference(batch), strict=True)
        )
        for name in trial.exercise.outputs
    )
