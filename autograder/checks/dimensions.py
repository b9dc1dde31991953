"""Dimensions: every output has its named shape and entries, and the answer leaves its inputs
alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from ..exercise.mistakes import Mistake
from ..exercise.trial import Drawn, Trial
from ..language.dims import Dims, explain_shape
from ..language.probe import place
from ..language.verdict import ABSENT, Finding, Value
from .compare import distance
from .situations import exception_in, shared

ORDER = 0.5
"""The part of the points that is for leaving the arguments alone."""
ARTICLE = {"float": "floating-point numbers", "int": "integers", "bool": "booleans"}


@dataclass(frozen=True)
class Dimensions:
    """Outputs against their named dimensions, in every case; entries finite; inputs not changed in
    place.

    Where nothing is wrong but an input changed in place, ``ORDER`` of the points is lost. An output
    that is a view of an input does no harm here; it costs nothing and is said all the same.
    """

    share: float = 1.0
    title: str = "Dimensions"
    needs_reference: bool = False

    def __call__(self, trial: Trial) -> Finding:
        """Judge the shapes of every case drawn."""
        trial.working()
        complaints = [self._complaint(trial, drawn) for drawn in trial.draws()]
        if first := next(filter(None, complaints), None):
            failed = Finding(self.title, False, first, share=self.share)
            return shared(failed, [not complaint for complaint in complaints])
        if changed := next((one for one in trial.draws() if one.evaluation.mutated), None):
            return self._change(trial, changed)
        said = ", ".join(
            f"{trial.exercise.said(name)} is {dims}"
            for name, dims in trial.exercise.outputs.items()
        )
        return Finding(
            self.title, True, ". ".join([said, *self._warnings(trial)]), share=self.share
        )

    def _warnings(self, trial: Trial) -> list[str]:
        """What does no harm here and may elsewhere."""
        evaluations = [drawn.evaluation for drawn in trial.draws()]
        shared = [
            *map(trial.exercise.said, sorted({n for one in evaluations for n in one.aliased}))
        ]
        return (
            [
                f"Take care: {' and '.join(shared)} shares its memory with an input, so changing "
                "one changes the other"
            ]
            if shared
            else []
        )

    def _complaint(self, trial: Trial, drawn: Drawn) -> str | None:
        """What is wrong in one situation, first an exception."""
        if drawn.evaluation.failure is not None:
            return exception_in(drawn)
        complaint = next(self._complaints(trial, drawn), None)
        return complaint and complaint + place(drawn.case)

    def _complaints(self, trial: Trial, drawn: Drawn) -> Iterator[str]:
        outputs = drawn.evaluation.outputs
        for name, dims in trial.exercise.outputs.items():
            said = trial.exercise.said(name)
            if name not in outputs:
                yield f"{said} was not returned."
                return
            yield from filter(None, [misshapen(said, outputs[name], dims, drawn.sizes)])
            yield from filter(None, [_not_finite(said, outputs[name], dims)])

    def _change(self, trial: Trial, drawn: Drawn) -> Finding:
        """What is changed in place, by its known name if it has one; all else is right, and
        counts.
        """
        names = trial.exercise.said_together(*sorted(drawn.evaluation.mutated))
        message = (
            f"{names} is changed in place{place(drawn.case)}: the caller still needs it; work on a "
            f"copy. Shapes are right, and earn {1 - ORDER:.0%} of these points."
        )
        made = mistake_that_changes(trial, drawn)
        return Finding(
            self.title,
            False,
            message,
            hint=made.hint if made else "",
            share=self.share,
            mistakes=tuple((made.answer, name) for name in made.names) if made else (),
            part=1 - ORDER,
        )


def mistake_that_changes(trial: Trial, drawn: Drawn) -> Mistake | None:
    """The known mistake that changes the same inputs in place and gives the same outputs, if there
    is one.
    """
    if trial.mistakes is None:
        return None
    yours = drawn.evaluation.arrays()
    for mistake in trial.mistakes.of(trial.exercise.answers):
        theirs = trial.mistakes.evaluation(trial.exercise, mistake, drawn.inputs, drawn.digest)
        given = theirs.arrays()
        if set(theirs.mutated) == set(drawn.evaluation.mutated) and all(
            name in given and distance(given[name], yours[name]) < 1e-7 for name in yours
        ):
            return mistake
    return None


def misshapen(name: str, value: Value, dims: Dims, sizes: Mapping[str, int]) -> str | None:
    """One sentence when a value is no array of the right shape and kind of entries, else None."""
    if value.array is None:
        if value.type_name.startswith(ABSENT):
            return value.type_name.removeprefix(ABSENT)
        if value.type_name == "NoneType":
            return f"{name} is None: the function does not return it."
        wanted = f"an array {dims}" if dims.axes else "a number"
        return f"{name} is a {value.type_name}; it must be {wanted}."
    if value.type_name.startswith("torch"):
        return f"{name} is a torch tensor; this exercise is in NumPy."
    if sentence := explain_shape(name, value.array.shape, dims, sizes):
        return sentence
    kind = value.array.dtype.kind
    if dims.entries == "float" and kind == "c":
        return f"{name} is complex; it must be real."
    if dims.entries == "float" and kind in "iub" and dims.axes:
        return (
            f"{name} holds {_kind_in_words(kind)}; it must hold floating-point numbers (dtype "
            f"{value.array.dtype})."
        )
    if dims.entries == "float" and kind == "f" and value.array.dtype.itemsize < 8 and dims.axes:
        return f"{name} is {value.array.dtype}; it must be float64, as the inputs are."
    if dims.entries == "int" and kind == "f":
        return f"{name} holds floats; it must hold integers."
    if dims.entries == "bool" and kind != "b":
        return (
            f"{name} holds {_kind_in_words(kind)}; it must hold booleans (a comparison gives them)."
        )
    return None


def _kind_in_words(kind: str) -> str:
    return {
        "b": "booleans",
        "i": "integers",
        "u": "integers",
        "f": "floats",
        "c": "complex numbers",
    }[kind]


def _not_finite(name: str, value: Value, dims: Dims) -> str | None:
    array = value.array
    if array is None or array.dtype.kind not in "fc" or np.isfinite(array).all():
        return None
    if not array.shape:
        return f"{name} is {array}: it must be finite."
    index = tuple(int(k) for k in np.argwhere(~np.isfinite(array))[0])
    count = int((~np.isfinite(array)).sum())
    kind = "nan" if np.isnan(array[~np.isfinite(array)]).all() else "nan or inf"
    if count == 1:
        return f"{name} has an entry that is {array[index]}, at {list(index)}."
    return f"{name} has {count} entries that are {kind}, the first at {list(index)}."
