"""Gradient: a claimed gradient against the slopes of the function it claims to be the gradient of.

A claim G for a parameter W is right when <G, V> is the slope of the (scalarised) output along every direction V. Random
directions see any wrong entry, so the number of evaluations does not grow with the number of parameters: at most
``CALLS`` for one exercise's gradient, localising a wrong one included. Outputs that are arrays are scalarised with the
random upstream gradient that the answer is given (never ones: a softmax or batch norm has gradient 0 along those).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..exercise.trial import AnswerFailed, Drawn, Trial
from ..language.probe import Inputs
from ..language.verdict import Evidence, Finding
from .compare import ratio_in_words
from .slope import Slope, measure

CALLS = 60
"""Evaluations of the answer for one Gradient check, all cases and the localisation of an error included."""
JUDGING = 44
"""Of these, what may be spent before a verdict; the rest is for localising."""
NEGLIGIBLE = 1e-9
"""Of several gradients together, this part of the largest one is as good as zero."""


@dataclass(frozen=True)
class Gradient:
    """``claimed`` is the gradient of ``of`` with respect to the input ``wrt``.

    of: one output or several. wrt, claimed: one input and the output that claims its gradient, or several of each.
    upstream: for array outputs, the input that is the upstream gradient, one for each ``of``.
    """

    of: str | tuple[str, ...]
    wrt: str | tuple[str, ...] = ()
    claimed: str | tuple[str, ...] = ()
    upstream: str | tuple[str, ...] = ()
    share: float = 1.0
    needs_reference: bool = False

    @property
    def title(self) -> str:
        """What a report calls it."""
        return f"Gradient {', '.join(several(self.claimed))}"

    def __call__(self, trial: Trial) -> Finding:
        """Judge every parameter on a random example, and all of them together in every case."""
        budget = _Budget(JUDGING)
        draws = [
            drawn for k, drawn in enumerate(trial.draws()) if k != 1
        ]  # one random example and every case
        pairs = tuple(zip(several(self.wrt), several(self.claimed), strict=True))
        rounds: list[tuple] = [(draws[0], (pair,)) for pair in pairs]
        rounds += [(drawn, pairs) for drawn in draws[1:]]
        rounds += [(draws[0], (pair,)) for pair in pairs] * 2
        tried, moved = 0, False
        unresolved: Drawn | None = None
        while rounds:
            drawn, together, *shifted = rounds.pop(0)
            if tried >= len(pairs) and budget.left < 4:
                break
            line = self._line(trial, drawn, together, shift=bool(shifted))
            if isinstance(line, Finding):
                return line
            slope = line.measure(budget)
            if slope is None or not slope.resolved:
                if unresolved is None and drawn is draws[0]:
                    # this point lies within a hair of a kink: the other random example does not
                    draws[0] = trial.draws()[1]
                    rounds = [
                        (draws[0] if one is drawn else one, *rest)
                        for one, *rest in [(drawn, together), *rounds]
                    ]
                unresolved = unresolved or drawn
                continue
            tried += 1
            moved = moved or slope.value != 0 or line.claim != 0
            if not slope.accepts(line.claim, line.scale):
                return self._explain(
                    trial, drawn, together, line, slope, _Budget(CALLS - JUDGING + budget.left)
                )
            if slope.kink and not shifted:
                # the inputs tie; a common shift keeps the ties, so that f is smooth along it and the claim has one value
                rounds.insert(0, (drawn, together, "shifted"))
        if tried == 0 and unresolved is not None:
            message = (
                f"{' and '.join(several(self.of))} jumps about too much for a slope to be measured: the same inputs must "
                "give the same output, in float64."
            )
            return Finding(self.title, False, message, share=self.share)
        if not moved:
            message = f"{' and '.join(several(self.of))} does not change with {' and '.join(several(self.wrt))} at all."
            return Finding(self.title, False, message, share=self.share)
        said = f"agrees with the slopes along {tried} random directions ({JUDGING - budget.left} evaluations)"
        return Finding(self.title, True, said, share=self.share)

    def _line(
        self, trial: Trial, drawn: Drawn, pairs: Sequence[tuple[str, str]], *, shift: bool = False
    ) -> _Line | Finding:
        """A random line through the inputs of one case, moving the named parameters together (by one ``shift``)."""
        if drawn.evaluation.failure is not None:
            raise AnswerFailed(drawn.evaluation.failure, drawn.case)
        base = drawn.evaluation.arrays()
        gradients: dict[str, tuple[np.ndarray, float, float]] = {}
        for wrt, claimed in pairs:
            parameter = np.asarray(drawn.inputs[wrt], dtype=np.float64)
            gradient = base.get(claimed)
            if (
                gradient is None
                or gradient.shape != parameter.shape
                or not np.isfinite(gradient).all()
            ):
                what = "is no array" if gradient is None else "does not have the shape of " + wrt
                if gradient is not None and gradient.shape == parameter.shape:
                    what = "is not finite everywhere"
                return Finding(
                    self.title, False, f"{claimed} {what}: see Dimensions.", share=self.share
                )
            gradient = gradient.astype(np.float64)
            gradients[wrt] = gradient, float(np.linalg.norm(gradient)), _rms(parameter) or 1.0
        most = max(norm * length for _, norm, length in gradients.values()) or 1.0
        directions: dict[str, np.ndarray] = {}
        claim = scale = 0.0
        for wrt, (gradient, norm, length) in gradients.items():
            # several parameters move together, each by as much as it matters; what does not matter, not to the moon
            matters = norm * length if norm * length > NEGLIGIBLE * most else most
            weight = length if len(pairs) == 1 else length / matters
            random = trial.rng.standard_normal(() if shift else gradient.shape)
            directions[wrt] = weight * random * np.ones(gradient.shape)
            claim += float(np.sum(gradient * directions[wrt]))
            scale = max(scale, norm * weight)
        return _Line(trial, self, drawn, directions, claim, scale)

    def terms(self, outputs: dict[str, np.ndarray], inputs: Inputs) -> np.ndarray:
        """The outputs as terms (K,) of one number: their entries, weighted by the upstream gradients; nan if misshapen."""
        parts = []
        upstreams = several(self.upstream) or ("",) * len(several(self.of))
        for name, upstream in zip(several(self.of), upstreams, strict=True):
            weights = np.asarray(inputs[upstream] if upstream else 1.0, dtype=np.float64)
            if name not in outputs or weights.shape != outputs[name].shape:
                return np.array([np.nan])
            parts.append(np.ravel(outputs[name].astype(np.float64) * weights))
        return np.concatenate(parts)

    def _explain(
        self,
        trial: Trial,
        drawn: Drawn,
        pairs: Sequence[tuple[str, str]],
        line: _Line,
        slope: Slope,
        budget: _Budget,
    ) -> Finding:
        """Which parameter, which rows, which entry; both values there; the constant ratio if there is one."""
        culprit = pairs[0]
        if len(pairs) > 1:
            for pair in pairs:
                alone = self._line(trial, drawn, (pair,))
                if isinstance(alone, Finding):
                    return alone
                measured = alone.measure(budget)
                if (
                    measured is not None
                    and measured.resolved
                    and not measured.accepts(alone.claim, alone.scale)
                ):
                    culprit, line, slope = pair, alone, measured
                    break
        wrt, claimed = culprit
        of = " and ".join(several(self.of))
        where = "" if drawn.case.title == "a random example" else f" ({drawn.case.title})"
        start = f"{claimed} is not the gradient of {of} with respect to {wrt}{where}"
        if not drawn.evaluation.arrays()[claimed].any():
            message = f"{claimed} is all zeros, but {of} changes with {wrt}{where}."
            return Finding(self.title, False, message, share=self.share)
        ratio = self._constant(trial, drawn, culprit, line, slope, budget)
        if ratio is not None:
            message = f"{start}: it is {ratio_in_words(ratio, drawn.sizes)} what it should be, everywhere."
            return Finding(
                self.title,
                False,
                message,
                share=self.share,
                evidence=Evidence(claimed, ratio=ratio),
            )
        place = _Localisation(trial, self, drawn, wrt, claimed, slope.step).find(budget)
        remainder = slope.order(line.claim)
        order = (
            f" (its Taylor remainder shrinks at order {remainder:.1f}, not 3)"
            if np.isfinite(remainder)
            else ""
        )
        if place is None:
            return Finding(self.title, False, f"{start}{order}.", share=self.share)
        return Finding(
            self.title,
            False,
            f"{start}: {place.sentence(claimed)}{order}.",
            share=self.share,
            evidence=place.evidence,
        )

    def _constant(
        self,
        trial: Trial,
        drawn: Drawn,
        pair: tuple[str, str],
        line: _Line,
        slope: Slope,
        budget: _Budget,
    ) -> float | None:
        """The ratio of claim to slope when another random direction gives the same one."""
        if abs(slope.value) <= 1e-6 * line.scale:
            return None
        ratio = line.claim / slope.value
        again = self._line(trial, drawn, (pair,))
        if isinstance(again, Finding):
            return None
        other = again.measure(budget, rungs=1)
        if other is None or not other.resolved:
            return None
        near = 1e-3 * min(1.0, abs(ratio - 1)) * max(abs(again.claim), abs(other.value))
        return ratio if abs(again.claim - ratio * other.value) <= near else None


@dataclass
class _Budget:
    left: int

    def spend(self, calls: int) -> None:
        self.left -= calls


@dataclass
class _Line:
    """Inputs moved along a direction: what a slope is measured on."""

    trial: Trial
    check: Gradient
    drawn: Drawn
    directions: dict[str, np.ndarray]
    claim: float
    scale: float

    def along(self, steps: Sequence[float]) -> list[np.ndarray]:
        batch = [
            {
                **self.drawn.inputs,
                **{
                    name: self.drawn.inputs[name] + step * direction
                    for name, direction in self.directions.items()
                },
            }
            for step in steps
        ]
        outputs = self.trial.arrays(batch)
        return [self.check.terms(one, inputs) for one, inputs in zip(outputs, batch, strict=True)]

    def measure(self, budget: _Budget, rungs: int = 4) -> Slope | None:
        at_zero = self.check.terms(self.drawn.evaluation.arrays(), self.drawn.inputs)
        slope, spent = measure(self.along, at_zero, self.scale, min(budget.left, 4 * rungs))
        budget.spend(spent)
        return slope


@dataclass
class _Place:
    """The worst entry found, and along the first axis which indices are wrong."""

    evidence: Evidence
    wrong: tuple[int, ...]
    axis: str
    length: int

    def sentence(self, claimed: str) -> str:
        shown = self.evidence
        at = f"{claimed}{list(shown.index)}" if shown.index else claimed
        words = f"{at} is {shown.yours:.6g} where the slope is {shown.expected:.6g}"
        if 0 < len(self.wrong) < self.length:
            listed = ", ".join(str(k) for k in self.wrong)
            words += f"; wrong for {self.axis} = {listed} only"
        elif self.length > 1 and len(self.wrong) == self.length:
            words += f"; wrong for every {self.axis}"
        return words


@dataclass
class _Localisation:
    """Where a claimed gradient is wrong, for as many evaluations as are left."""

    trial: Trial
    check: Gradient
    drawn: Drawn
    wrt: str
    claimed: str
    step: float

    def find(self, budget: _Budget) -> _Place | None:
        """Every entry of a small matrix, at one evaluation each; else a walk to the worst entry, axis by axis."""
        gradient = self.drawn.evaluation.arrays()[self.claimed].astype(np.float64)
        if gradient.ndim == 2 and gradient.size <= budget.left:
            return self._map(gradient, budget)
        return self._walk(gradient, budget)

    def _map(self, gradient: np.ndarray, budget: _Budget) -> _Place | None:
        """Forward differences at every entry: the error as a picture, and the one axis along which it is partial."""
        parameter = np.asarray(self.drawn.inputs[self.wrt], dtype=np.float64)
        step = self.step * (_rms(parameter) or 1.0)
        batch = []
        for index in np.ndindex(*gradient.shape):
            moved = parameter.copy()
            moved[index] += step
            batch.append({**self.drawn.inputs, self.wrt: moved})
        budget.spend(len(batch))
        base = self.check.terms(self.drawn.evaluation.arrays(), self.drawn.inputs)
        slopes = np.reshape(
            [
                float((self.check.terms(outputs, inputs) - base).sum()) / step
                for outputs, inputs in zip(self.trial.arrays(batch), batch, strict=True)
            ],
            gradient.shape,
        )
        error = np.abs(gradient - slopes)
        if not np.isfinite(error).all():
            return None
        axes = self.trial.exercise.outputs[self.claimed].axes
        index = tuple(int(k) for k in np.unravel_index(int(np.argmax(error)), error.shape))
        wrong = error > 1e-3 * max(error.max(), np.abs(slopes).max())
        partial = [np.flatnonzero(wrong.any(axis=1 - axis)) for axis in (0, 1)]
        axis = min((0, 1), key=lambda one: len(partial[one]) / gradient.shape[one])
        return _Place(
            Evidence(
                self.claimed, index, float(gradient[index]), float(slopes[index]), None, error, axes
            ),
            tuple(int(k) for k in partial[axis]),
            axes[axis] if axes else "",
            gradient.shape[axis],
        )

    def _walk(self, gradient: np.ndarray, budget: _Budget) -> _Place | None:
        parameter = np.asarray(self.drawn.inputs[self.wrt], dtype=np.float64)
        axes = self.trial.exercise.outputs[self.claimed].axes
        scale = _rms(parameter) or 1.0
        # the shortest axis first: its indices fit in the calls, and are often the classes or the gates
        order = sorted(range(gradient.ndim), key=lambda axis: gradient.shape[axis])
        fixed: dict[int, int] = {}
        wrong: tuple[int, ...] = ()
        yours = expected = float("nan")
        for level, axis in enumerate(order):
            length = gradient.shape[axis]
            if 2 * length > budget.left:
                break
            directions, claims = [], []
            for k in range(length):
                where = tuple(
                    {**fixed, axis: k}.get(one, slice(None)) for one in range(gradient.ndim)
                )
                direction = np.zeros(parameter.shape)
                last = level == gradient.ndim - 1
                direction[where] = (
                    1.0 if last else self.trial.rng.standard_normal(direction[where].shape)
                )
                directions.append(scale * direction)
                claims.append(float(np.sum(gradient * directions[-1])))
            slopes = self._slopes(directions)
            budget.spend(2 * length)
            errors = np.abs(np.array(claims) - slopes)
            if not np.isfinite(errors).all():
                return None
            worst = int(np.argmax(errors))
            if level == 0:
                wrong = tuple(
                    int(k)
                    for k in np.flatnonzero(errors > 1e-4 * max(errors.max(), np.abs(slopes).max()))
                )
            fixed[axis] = worst
            yours, expected = claims[worst] / scale, float(slopes[worst]) / scale
        if len(fixed) < gradient.ndim:
            return None
        index = tuple(fixed[axis] for axis in range(gradient.ndim))
        first = order[0] if order else 0
        return _Place(
            Evidence(self.claimed, index, yours, expected),
            wrong,
            axes[first] if axes else "",
            gradient.shape[first] if order else 1,
        )

    def _slopes(self, directions: list[np.ndarray]) -> np.ndarray:
        batch = [
            {
                **self.drawn.inputs,
                self.wrt: self.drawn.inputs[self.wrt] + sign * self.step * direction,
            }
            for direction in directions
            for sign in (-1.0, 1.0)
        ]
        values = [
            float(self.check.terms(outputs, inputs).sum())
            for outputs, inputs in zip(self.trial.arrays(batch), batch, strict=True)
        ]
        return (np.array(values[1::2]) - np.array(values[0::2])) / (2 * self.step)


def several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else names


def _rms(array: np.ndarray) -> float:
    return float(np.sqrt(np.mean(array * array))) if array.size else 0.0
