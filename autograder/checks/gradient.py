"""Gradient: a claimed gradient against the slopes of the function it claims to be the gradient of.

A claim G for a parameter W is right when <G, V> is the slope of the (scalarised) output along every
direction V. Random directions see any wrong entry, so the number of evaluations does not grow with
the number of parameters: at most ``CALLS`` for one exercise's gradient, localising a wrong one
included. Outputs that are arrays are scalarised with the random upstream gradient that the answer
is given (never ones: a softmax or batch norm has gradient 0 along those)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from ..exercise.trial import Drawn, Trial
from ..language.plain import entry
from ..language.probe import Inputs, place
from ..language.verdict import Evidence, Finding, replace
from .compare import distance, ratio_in_words
from .dimensions import misshapen
from .naming import agree
from .situations import exception_in, shared
from .slope import LADDER, Slope, measure, rung

CALLS = 60
"""Evaluations of the answer for one Gradient check, all cases and the localisation of an error
included.
"""
JUDGING = 44
"""Of these, what may be spent before a verdict; the rest is for localising."""
RUNG = 4
"""Evaluations of one rung of slopes, kept for the entry that is found."""
COARSE = 1e-5
"""The longest step with which entries are compared before the worst is measured."""
NEAR = 1e-4
"""The relative difference up to which a function is the one that was asked for: in single
precision, too.
"""
SAME = 1e-7
"""The relative difference up to which a gradient, or its function, is the reference's."""
NEGLIGIBLE = 1e-9
"""Of several gradients together, this part of the largest one is as good as zero."""


@dataclass(frozen=True)
class Gradient:
    """``claimed`` is the gradient of ``of`` with respect to the input ``wrt``.

    of: one output or several. wrt, claimed: one input and the output that claims its gradient, or
        several of each.
    upstream: for array outputs, the input that is the upstream gradient, one for each ``of``.
    called: what the title says instead of the names in ``claimed``, where these are the probe's own.
    at_slopes: inputs that are so where slopes are measured: what only other outputs need is left out.
    """

    of: str | tuple[str, ...]
    wrt: str | tuple[str, ...] = ()
    claimed: str | tuple[str, ...] = ()
    upstream: str | tuple[str, ...] = ()
    share: float = 1.0
    needs_reference: bool = False
    called: str = ""
    at_slopes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What a report calls it."""
        return f"Gradient {self.called or ', '.join(several(self.claimed))}"

    def beside(self, drawn: Drawn) -> Inputs:
        """The inputs beside which a parameter is moved."""
        return {**drawn.inputs, **self.at_slopes}

    def __call__(self, trial: Trial) -> Finding:
        """Judge every parameter on a random example, and all of them together in every case. Where
        all is the reference's, nothing is left to be measured.
        """
        usable = trial.working()
        if self._is_the_references(trial):
            of = trial.exercise.said_together(*several(self.of))
            said = f"equal to the reference in {len(usable)} situations, {of} too"
            return Finding(self.title, True, said, share=self.share)
        spare = next((one for one in usable[1:] if one is trial.draws()[1]), None)
        # one random example and every case
        draws = [drawn for drawn in usable if drawn is not spare]
        pairs = tuple(zip(several(self.wrt), several(self.claimed), strict=True))
        judging = _Judging(self, trial, draws, spare, pairs)
        if wrong := judging.run():
            return wrong
        of = trial.exercise.said_together(*several(self.of))
        if not self._somewhere_right(trial):
            message = f"{of} is right in none of the situations: a gradient counts once it is."
            return Finding(self.title, False, message, share=self.share)
        if judging.troubles or any(one.evaluation.failure for one in trial.draws()):
            return self._partly(trial, judging)
        if not judging.tried and judging.unresolved:
            message = (
                f"{of} jumps about too much for a slope to be "
                "measured: the same inputs must give the same output, in float64."
            )
            return Finding(self.title, False, message, share=self.share)
        if not judging.moved:
            wrt = trial.exercise.said_together(*several(self.wrt))
            message = f"{of} does not change with {wrt} at all."
            return Finding(self.title, False, message, share=self.share)
        said = (
            f"agrees with the slopes along {judging.tried} random directions "
            f"({JUDGING - judging.budget.left} evaluations)"
        )
        return Finding(self.title, True, said, share=self.share)

    def _is_the_references(self, trial: Trial) -> bool:
        """Whether the function and what is claimed are the reference's in every situation, and the
        function does change somewhere.
        """
        if trial.reference is None:
            return False
        pairs = [
            (drawn.evaluation.arrays(), right.arrays())
            for drawn, right in zip(trial.draws(), trial.reference_draws(), strict=True)
        ]
        claims = several(self.claimed)
        return all(
            agree(yours, ours, name, SAME)
            for name in (*several(self.of), *claims)
            for yours, ours in pairs
        ) and any(ours[name].any() for name in claims for _, ours in pairs)

    def _somewhere_right(self, trial: Trial) -> bool:
        """Whether the function itself is what was asked for in one situation at least.

        Any function has a gradient, and a trivial one is no answer.
        """
        known = trial if trial.reference is not None else trial.released
        if known is None:
            return True
        pairs = zip(known.draws(), known.reference_draws(), strict=True)
        return any(
            all(
                name not in ours or (name in yours and distance(yours[name], ours[name]) <= NEAR)
                for name in several(self.of)
            )
            for yours, ours in ((one.evaluation.arrays(), right.arrays()) for one, right in pairs)
        )

    def _partly(self, trial: Trial, judging: _Judging) -> Finding:
        """The first situation in which it fails; the others keep their points."""
        every = trial.draws()
        right = [
            one.evaluation.failure is None and id(one) not in judging.troubles for one in every
        ]
        first = every[right.index(False)]
        trouble = judging.troubles.get(id(first)) or exception_in(first) or ""
        if isinstance(trouble, _Wrong):
            trouble = self._explain(trial, trouble, _Budget(CALLS - JUDGING + judging.budget.left))
        if isinstance(trouble, str):
            trouble = Finding(self.title, False, trouble, share=self.share)
        return shared(trouble, right)

    def _line(
        self, trial: Trial, drawn: Drawn, pairs: Sequence[tuple[str, str]], *, shift: bool = False
    ) -> _Line | Finding:
        """A random line through the inputs of one case, moving the named parameters together (by
        one ``shift``).
        """
        base = drawn.evaluation.arrays()
        for name, weights in self._weights(drawn.inputs):
            if name not in base or base[name].shape != weights.shape:
                message = self._misshapen(trial, drawn, name)
                return Finding(self.title, False, message, share=self.share)
        gradients: dict[str, tuple[np.ndarray, float, float]] = {}
        for wrt, claimed in pairs:
            parameter = np.asarray(drawn.inputs[wrt], dtype=np.float64)
            gradient = base.get(claimed)
            if (
                gradient is None
                or gradient.shape != parameter.shape
                or not np.isfinite(gradient).all()
            ):
                shape = f"does not have the shape of {trial.exercise.said(wrt)}"
                what = "is no array" if gradient is None else shape
                if gradient is not None and gradient.shape == parameter.shape:
                    what = "is not finite everywhere"
                return Finding(
                    self.title,
                    False,
                    f"{trial.exercise.said(claimed)} {what}{place(drawn.case)}: see Dimensions.",
                    share=self.share,
                )
            gradient = gradient.astype(np.float64)
            gradients[wrt] = gradient, float(np.linalg.norm(gradient)), _rms(parameter) or 1.0
        most = max(norm * length for _, norm, length in gradients.values()) or 1.0
        directions: dict[str, np.ndarray] = {}
        claim = scale = 0.0
        for wrt, (gradient, norm, length) in gradients.items():
            # several parameters move together, each by as much as it matters; what does not matter,
            # not to the moon
            matters = norm * length if norm * length > NEGLIGIBLE * most else most
            weight = length if len(pairs) == 1 else length / matters
            random = trial.rng.standard_normal(() if shift else gradient.shape)
            directions[wrt] = weight * random * np.ones(gradient.shape)
            claim += float(np.sum(gradient * directions[wrt]))
            scale = max(scale, norm * weight)
        return _Line(trial, self, drawn, directions, claim, scale)

    @staticmethod
    def _misshapen(trial: Trial, drawn: Drawn, name: str) -> str:
        """What an output is that no slope can be measured of, and what it must be."""
        said, dims = trial.exercise.said(name), trial.exercise.outputs[name]
        value = drawn.evaluation.outputs.get(name)
        told = misshapen(said, value, dims, drawn.sizes) if value else f"{said} was not returned."
        return (
            f"{told or f'{said} has the wrong shape.'} No slope can be measured{place(drawn.case)}."
        )

    def terms(self, outputs: dict[str, np.ndarray], inputs: Inputs) -> np.ndarray:
        """The outputs as terms (K,) of one number: their entries, weighted by the upstream
        gradients; nan if misshapen.
        """
        parts = []
        for name, weights in self._weights(inputs):
            if name not in outputs or weights.shape != outputs[name].shape:
                return np.array([np.nan])
            parts.append(np.ravel(outputs[name].astype(np.float64) * weights))
        return np.concatenate(parts)

    def _weights(self, inputs: Inputs) -> Iterator[tuple[str, np.ndarray]]:
        """Every output and its upstream gradient: 1 for a number."""
        upstreams = several(self.upstream) or ("",) * len(several(self.of))
        for name, upstream in zip(several(self.of), upstreams, strict=True):
            yield name, np.asarray(inputs[upstream] if upstream else 1.0, dtype=np.float64)

    def _explain(self, trial: Trial, wrong: _Wrong, budget: _Budget) -> Finding:
        """Which parameter, which rows, which entry; both values there; the constant ratio if there
        is one.
        """
        wrong = self._culprit(trial, wrong, budget)
        drawn, ((wrt, claimed),) = wrong.drawn, wrong.pairs
        of, where = trial.exercise.said_together(*several(self.of)), place(drawn.case)
        mine, moved = trial.exercise.said(claimed), trial.exercise.said(wrt)
        start = f"{mine} is not the gradient of {of} with respect to {moved}{where}"
        zeros = not drawn.evaluation.arrays()[claimed].any()
        ratio = None if zeros else self._constant(trial, wrong, budget)
        search = _Localisation(trial, self, drawn, wrt, claimed, min(wrong.slope.step, COARSE))
        if ratio is not None:
            found = search.largest(budget)
            start += f": it is {ratio_in_words(ratio, drawn.sizes)} what it should be, everywhere"
        else:
            found = search.find(budget)
        if zeros:
            start = f"{mine} is all zeros, but {of} changes with {moved}{where}"
        shown = (
            Evidence(mine, ratio=ratio) if found is None else replace(found.evidence, ratio=ratio)
        )
        said = "" if found is None else (": " if ": " not in start else "; ") + found.sentence()
        return Finding(self.title, False, f"{start}{said}.", share=self.share, evidence=shown)

    def _culprit(self, trial: Trial, wrong: _Wrong, budget: _Budget) -> _Wrong:
        """The one parameter that is wrong, where several were moved together."""
        for pair in wrong.pairs if len(wrong.pairs) > 1 else ():
            line = self._line(trial, wrong.drawn, (pair,))
            slope = line.measure(budget) if isinstance(line, _Line) else None
            if (
                isinstance(line, _Line)
                and slope is not None
                and slope.resolved
                and not slope.accepts(line.claim, line.scale)
            ):
                return _Wrong(wrong.drawn, (pair,), line, slope)
        return replace(wrong, pairs=wrong.pairs[:1])

    def _constant(self, trial: Trial, wrong: _Wrong, budget: _Budget) -> float | None:
        """The ratio of claim to slope when another random direction gives the same one."""
        line, slope = wrong.line, wrong.slope
        if abs(slope.value) <= 1e-6 * line.scale:
            return None
        ratio = line.claim / slope.value
        again = self._line(trial, wrong.drawn, wrong.pairs)
        if isinstance(again, Finding):
            return None
        other = again.measure(budget, rungs=1)
        if other is None or not other.resolved:
            return None
        near = 1e-3 * min(1.0, abs(ratio - 1)) * max(abs(again.claim), abs(other.value))
        return ratio if abs(again.claim - ratio * other.value) <= near else None


@dataclass(frozen=True)
class _Wrong:
    """A slope that is not what is claimed, along a line that moves ``pairs`` in one situation."""

    drawn: Drawn
    pairs: tuple[tuple[str, str], ...]
    line: _Line
    slope: Slope


@dataclass
class _Judging:
    """The slopes measured for one verdict. ``troubles`` are by the id of the situation."""

    check: Gradient
    trial: Trial
    draws: list[Drawn]
    spare: Drawn | None
    pairs: tuple[tuple[str, str], ...]
    budget: _Budget = field(default_factory=lambda: _Budget(JUDGING))
    tried: int = 0
    moved: bool = False
    unresolved: bool = False
    troubles: dict[int, Finding | _Wrong] = field(default_factory=dict)

    def run(self) -> Finding | None:
        """Measure, as far as the evaluations go; what is wrong in the random example ends it."""
        first = [(self.draws[0], (pair,)) for pair in self.pairs]
        others = [(drawn, self.pairs) for drawn in self.draws[1:]]
        rounds = [_Round(*one) for one in (*first, *others, *first, *first)]
        together = [rounds[: len(first)], rounds[len(first) : len(first) + len(others)]]
        waiting = {id(some[0]): some for some in together if some}
        while rounds:
            one = rounds.pop(0)
            if self.tried >= len(self.pairs) and self.budget.left < 4:
                break
            if id(one.drawn) in self.troubles:
                continue
            self._evaluate_together(waiting.pop(id(one), []))
            line = one.line or self.check._line(self.trial, one.drawn, one.pairs, shift=one.shift)
            slope = line.measure(self.budget) if isinstance(line, _Line) else None
            if isinstance(line, _Line) and (slope is None or not slope.resolved):
                if one.drawn is self.draws[0] and self.spare is not None:
                    # this point lies within a hair of a kink: the other random example does not
                    rounds = self._instead(one.drawn, [one, *rounds])
                self.unresolved = True
                continue
            trouble = self._trouble(one.drawn, one.pairs, line, slope)
            if trouble is not None and one.drawn is self.draws[0]:
                return self._told(trouble)
            if trouble is not None:
                self.troubles[id(one.drawn)] = trouble
            elif slope is not None and slope.kink and not one.shift:
                # the inputs tie; a common shift keeps the ties, so that f is smooth along it and
                # the claim has one value
                rounds.insert(0, _Round(one.drawn, one.pairs, shift=True))
        return None

    def _evaluate_together(self, rounds: Sequence[_Round]) -> None:
        """The first rung of each, in one batch. Where one stops, each is evaluated when its turn
        comes.
        """
        if len(rounds) < 2 or RUNG * len(rounds) > self.budget.left:
            return
        for one in rounds:
            one.line = self.check._line(self.trial, one.drawn, one.pairs)
        lines = [one.line for one in rounds if isinstance(one.line, _Line)]
        batches = [line.inputs_at(rung(LADDER[0])) for line in lines]
        evaluations = self.trial.evaluate([inputs for batch in batches for inputs in batch])
        if any(one.failure for one in evaluations):
            return
        found = iter(one.arrays() for one in evaluations)
        for line, batch in zip(lines, batches, strict=True):
            line.first = line.terms_of([*islice(found, len(batch))], batch)

    def _instead(self, drawn: Drawn, rounds: list[_Round]) -> list[_Round]:
        """The rounds with the other random example in place of the first, once."""
        assert self.spare is not None
        other, self.spare = self.spare, None
        self.draws[0] = other
        return [
            _Round(other, one.pairs, shift=one.shift) if one.drawn is drawn else one
            for one in rounds
        ]

    def _trouble(
        self,
        drawn: Drawn,
        pairs: tuple[tuple[str, str], ...],
        line: _Line | Finding,
        slope: Slope | None,
    ) -> Finding | _Wrong | None:
        if isinstance(line, Finding):
            return line
        assert slope is not None
        self.tried += 1
        self.moved = self.moved or slope.value != 0 or line.claim != 0
        if slope.accepts(line.claim, line.scale) or self._asked_for(drawn, pairs):
            return None
        return _Wrong(drawn, pairs, line, slope)

    def _asked_for(self, drawn: Drawn, pairs: tuple[tuple[str, str], ...]) -> bool:
        """Whether the claim is the reference's: then it is the function that is wrong, and loses
        for it.
        """
        known = self.trial if self.trial.reference is not None else self.trial.released
        if known is None:
            return False
        both = zip(known.draws(), known.reference_draws(), strict=True)
        there = [
            (one.evaluation.arrays(), right.arrays())
            for one, right in both
            if known is not self.trial or one is drawn
        ]
        return bool(there) and all(
            agree(yours, ours, name, SAME) for yours, ours in there for _, name in pairs
        )

    def _told(self, trouble: Finding | _Wrong) -> Finding:
        if isinstance(trouble, Finding):
            return trouble
        left = _Budget(CALLS - JUDGING + self.budget.left)
        return self.check._explain(self.trial, trouble, left)


@dataclass
class _Round:
    """One line to measure along, drawn when its turn comes, unless it was before."""

    drawn: Drawn
    pairs: tuple[tuple[str, str], ...]
    shift: bool = False
    line: _Line | Finding | None = None


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
    first: list[np.ndarray] | None = None
    """The terms at the first rung, where they were evaluated together with others."""

    def inputs_at(self, steps: Sequence[float]) -> list[Inputs]:
        return [
            {
                **self.check.beside(self.drawn),
                **{
                    name: self.drawn.inputs[name] + step * direction
                    for name, direction in self.directions.items()
                },
            }
            for step in steps
        ]

    def along(self, steps: Sequence[float]) -> list[np.ndarray]:
        known, self.first = self.first, None
        if known is not None:
            return known
        batch = self.inputs_at(steps)
        return self.terms_of(self.trial.arrays(batch), batch)

    def terms_of(
        self, outputs: Sequence[dict[str, np.ndarray]], batch: Sequence[Inputs]
    ) -> list[np.ndarray]:
        return [self.check.terms(one, inputs) for one, inputs in zip(outputs, batch, strict=True)]

    def measure(self, budget: _Budget, rungs: int = 4) -> Slope | None:
        at_zero = self.check.terms(self.drawn.evaluation.arrays(), self.drawn.inputs)
        slope, spent = measure(self.along, at_zero, self.scale, min(budget.left, 4 * rungs))
        budget.spend(spent)
        return slope


@dataclass
class _Place:
    """The worst entry found, its slope measured anew, and along the first axis which indices are
    wrong.
    """

    evidence: Evidence
    wrong: tuple[int, ...] = ()
    axis: str = ""
    length: int = 0

    def sentence(self) -> str:
        """``the slope is -0.28571 ± 3e-10; your dW[2, 1] is 0``, and where else it is wrong."""
        shown = self.evidence
        at = entry(shown.output, shown.index)
        yours, slope = apart(shown.yours or 0.0, shown.expected or 0.0)
        bound = f" ± {shown.bound:.0e}".replace("e-0", "e-") if shown.bound else ""
        words = f"the slope is {slope}{bound}; your {at} is {yours}"
        if 0 < len(self.wrong) < self.length:
            words += f"; wrong for {self.axis} = {', '.join(map(str, self.wrong))} only"
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

    @property
    def said(self) -> str:
        return self.trial.exercise.said(self.claimed)

    def find(self, budget: _Budget) -> _Place | None:
        """Every entry of a small matrix, at one evaluation each; else a walk to the worst entry,
        axis by axis.
        """
        gradient = self._gradient()
        searching = _Budget(budget.left - RUNG)
        small = gradient.ndim == 2 and gradient.size <= searching.left
        found = self._map(gradient, searching) if small else self._walk(gradient, searching)
        budget.left = searching.left + RUNG
        return found and self._measured(found, budget)

    def largest(self, budget: _Budget) -> _Place | None:
        """The largest entry that is claimed, for what is wrong by one factor everywhere."""
        gradient = self._gradient()
        worst = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
        index = tuple(int(k) for k in worst)
        found = _Place(Evidence(self.said, index, float(gradient[index])))
        measured = self._measured(found, budget)
        return measured if measured.evidence.expected is not None else None

    def _gradient(self) -> np.ndarray:
        return self.drawn.evaluation.arrays()[self.claimed].astype(np.float64)

    def _measured(self, found: _Place, budget: _Budget) -> _Place:
        """The slope along the entry found, with its error bound, where it is smooth there."""
        index, gradient = found.evidence.index or (), self._gradient()
        length = _rms(np.asarray(self.drawn.inputs[self.wrt], dtype=np.float64)) or 1.0
        along = np.zeros(gradient.shape)
        along[index] = length
        claim = float(gradient[index]) * length
        line = _Line(self.trial, self.check, self.drawn, {self.wrt: along}, claim, abs(claim))
        slope = line.measure(budget)
        if slope is None or not slope.resolved or slope.kink:
            return found
        shown = replace(found.evidence, expected=slope.value / length, bound=slope.error / length)
        return replace(found, evidence=shown)

    def _map(self, gradient: np.ndarray, budget: _Budget) -> _Place | None:
        """Forward differences at every entry: the error as a picture, and the one axis along which
        it is partial.
        """
        parameter = np.asarray(self.drawn.inputs[self.wrt], dtype=np.float64)
        step = self.step * (_rms(parameter) or 1.0)
        batch = []
        for index in np.ndindex(*gradient.shape):
            moved = parameter.copy()
            moved[index] += step
            batch.append({**self.check.beside(self.drawn), self.wrt: moved})
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
                self.said, index, float(gradient[index]), float(slopes[index]), None, error, axes
            ),
            tuple(int(k) for k in partial[axis]),
            axes[axis] if axes else "",
            gradient.shape[axis],
        )

    def _walk(self, gradient: np.ndarray, budget: _Budget) -> _Place | None:
        parameter = np.asarray(self.drawn.inputs[self.wrt], dtype=np.float64)
        axes = self.trial.exercise.outputs[self.claimed].axes
        scale = _rms(parameter) or 1.0
        # the shortest axis first: its indices fit in the calls, and are often the classes or the
        # gates
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
            Evidence(self.said, index, yours, expected),
            wrong,
            axes[first] if axes else "",
            gradient.shape[first] if order else 1,
        )

    def _slopes(self, directions: list[np.ndarray]) -> np.ndarray:
        batch = [
            {
                **self.check.beside(self.drawn),
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


def apart(yours: float, slope: float) -> tuple[str, str]:
    """Two numbers with five digits, or as many as it takes to see that they differ."""
    for digits in range(5, 18):
        told = f"{yours:.{digits}g}", f"{slope:.{digits}g}"
        if told[0] != told[1]:
            return told
    return f"{yours:.17g}", f"{slope:.17g}"


def several(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """One name or several, as several."""
    return (names,) if isinstance(names, str) else names


def _rms(array: np.ndarray) -> float:
    return float(np.sqrt(np.mean(array * array))) if array.size else 0.0
