"""Dimensions: every output has its named shape and entries, and the answer leaves its inputs alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..exercise.trial import AnswerFailed, Drawn, Trial
from ..language.dims import Dims, explain_shape
from ..language.verdict import ABSENT, Finding, Value
from .gradient import Gradient, several

ARTICLE = {"float": "floating-point numbers", "int": "integers", "bool": "booleans"}


@dataclass(frozen=True)
class Dimensions:
    """Outputs against their named dimensions, in every case; entries finite; inputs not changed in place.

    What is bad style but does no harm here costs nothing and is said all the same: an upstream gradient changed in place,
    an output that is a view of an input.
    """

    share: float = 1.0
    title: str = "Dimensions"
    needs_reference: bool = False

    def __call__(self, trial: Trial) -> Finding:
        """Judge the shapes of every case drawn."""
        for drawn in trial.draws():
            if drawn.evaluation.failure is not None:
                raise AnswerFailed(drawn.evaluation.failure, drawn.case)
            for complaint in self._complaints(trial, drawn):
                where = "" if drawn.case.title == "a random example" else f" ({drawn.case.title})"
                return Finding(self.title, False, complaint + where, share=self.share)
        said = ", ".join(f"{name} is {dims}" for name, dims in trial.exercise.outputs.items())
        return Finding(
            self.title, True, ". ".join([said, *self._warnings(trial)]), share=self.share
        )

    def _warnings(self, trial: Trial) -> list[str]:
        """What does no harm here and may elsewhere."""
        evaluations = [drawn.evaluation for drawn in trial.draws()]
        changed = sorted({name for one in evaluations for name in one.mutated})
        shared = sorted({name for one in evaluations for name in one.aliased})
        words = (
            [
                f"Take care: {' and '.join(changed)} is changed in place, which the caller may not expect"
            ]
            if changed
            else []
        )
        if shared:
            words.append(
                f"Take care: {' and '.join(shared)} shares its memory with an input, so changing one changes the other"
            )
        return words

    def _complaints(self, trial: Trial, drawn: Drawn):
        outputs = drawn.evaluation.outputs
        for name, dims in trial.exercise.outputs.items():
            said = trial.exercise.said(name)
            if name not in outputs:
                yield f"{said} was not returned."
                return
            yield from filter(None, [misshapen(said, outputs[name], dims, drawn.sizes)])
            yield from filter(None, [_not_finite(said, outputs[name], dims)])
        changed = set(drawn.evaluation.mutated) - _upstream(trial)
        if changed:
            yield f"{' and '.join(sorted(changed))} is changed in place: the caller still needs it; work on a copy."


def _upstream(trial: Trial) -> set[str]:
    """The inputs that are upstream gradients: half of all published backward passes change them, and nothing breaks."""
    named = [check.upstream for check in trial.exercise.checks if isinstance(check, Gradient)]
    return {name for one in named for name in several(one)}


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
        return f"{name} holds {_kind_in_words(kind)}; it must hold floating-point numbers (dtype {value.array.dtype})."
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
