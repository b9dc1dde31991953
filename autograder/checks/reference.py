"""Reference: the answer's outputs equal the hidden reference's; when they do not, the well-known mistakes are tried."""

from __future__ import annotations

from dataclasses import dataclass

from ..exercise.mistakes import plain_name
from ..exercise.trial import Drawn, Trial
from ..language.verdict import Finding, replace
from .compare import evidence, ratio_in_words
from .naming import Arrays, agree, named_mistakes
from .rounding import roundings
from .situations import exception_in, place, shared


@dataclass(frozen=True)
class Reference:
    """Outputs against the reference's on two random examples and every case, relative to each output's largest entry.

    What cancels to 0 is compared on the scale of its terms (``rounding``).

    ``outputs`` names those compared (default all). ``tolerance`` bounds the relative difference.
    """

    share: float = 1.0
    outputs: tuple[str, ...] = ()
    tolerance: float = 1e-7
    title: str = "Right values"
    needs_reference: bool = True

    def __call__(self, trial: Trial) -> Finding:
        """Judge; every output of every case must agree."""
        trial.working()
        draws = trial.draws()
        names = self.outputs or tuple(trial.exercise.outputs)
        ours = [evaluation.arrays() for evaluation in trial.reference_draws()]
        yours = [drawn.evaluation.arrays() for drawn in draws]
        allowed = roundings(trial)
        stops = [exception_in(drawn) for drawn in draws]
        wrong = [
            (name, k)
            for name in names
            for k in range(len(draws))
            if not stops[k] and not agree(yours[k], ours[k], name, self.tolerance, allowed[k][name])
        ]
        bad = {k for _, k in wrong} | {k for k, stop in enumerate(stops) if stop}
        right = [k not in bad for k in range(len(draws))]
        if wrong:
            return shared(self._named(trial, wrong, yours, ours), right)
        if stop := next(filter(None, stops), None):
            return shared(Finding(self.title, False, stop, share=self.share), right)
        said = f"equal to the reference in {len(draws)} situations"
        return Finding(self.title, True, said, share=self.share)

    def _named(
        self, trial: Trial, wrong: list[tuple[str, int]], yours: list[Arrays], ours: list[Arrays]
    ) -> Finding:
        """The first output that is wrong, and the known mistakes that explain what is."""
        name, k = wrong[0]
        outputs = tuple(dict.fromkeys(one for one, _ in wrong))
        found = named_mistakes(trial, outputs, self.tolerance)
        hint = " And: ".join(dict.fromkeys(mistake.hint for mistake in found))
        finding = self._finding(trial, name, trial.draws()[k], yours[k], ours[k], hint)
        made = dict.fromkeys(
            (mistake.answer, plain_name(one)) for mistake in found for one in mistake.names
        )
        return replace(finding, mistakes=tuple(made))

    def _finding(
        self, trial: Trial, name: str, drawn: Drawn, yours: Arrays, ours: Arrays, hint: str
    ) -> Finding:
        where = place(drawn)
        dims = trial.exercise.outputs[name]
        if name not in yours:
            return Finding(
                self.title, False, f"{name} is no array or number{where}.", hint, self.share
            )
        if yours[name].shape != ours[name].shape:
            message = f"{name} has the wrong shape{where}: see Dimensions."
            return Finding(self.title, False, message, hint, self.share)
        shown = evidence(name, yours[name], ours[name], dims.axes)
        at = f" at {list(shown.index)}" if shown.index else ""
        message = f"{name}{at} is {shown.yours:.6g}; it should be {shown.expected:.6g}{where}."
        if shown.ratio is not None and dims.axes:
            message += (
                f" All of {name} is {ratio_in_words(shown.ratio, drawn.sizes)} what it should be."
            )
        return Finding(self.title, False, message, hint, self.share, shown)
