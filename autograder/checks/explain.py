"""What is wrong with an output, in general terms, where no known mistake gives it.

Arrays are compared with what the situations offer: sizes, numbers, inputs, and the right outputs. A
sentence is given only if it holds in every situation tried: that all of it is N times too large;
that it lacks ``2 * reg * W``; that it is wrong at the true class only. Pure: no answer is called.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..language.dims import Dims
from ..language.probe import USUAL
from .compare import distance, entries_near

NEAR = 1e-6
MOST_TITLES = 3
ENTRIES = 4
"""A sentence needs so many wrong entries, or two situations: else it may hold by chance."""


@dataclass(frozen=True)
class Seen:
    """One output in one situation: inputs and sizes, the answer's value, and all the right
    values.
    """

    title: str
    inputs: Mapping[str, Any]
    sizes: Mapping[str, int]
    yours: np.ndarray
    ours: Mapping[str, np.ndarray]


def explained(name: str, axes: Dims, given: Mapping[str, Dims], seen: Sequence[Seen]) -> str:
    """One sentence about what is wrong with an output everywhere, or "".

    axes: the output's. given: those of the inputs, by name. seen: every situation in which the
    answer came to its end; its value must have the right shape in all of them.
    """
    right = [one.ours[name] for one in seen]
    if any(one.yours.shape != ours.shape for one, ours in zip(seen, right, strict=True)):
        return ""
    if any(np.iscomplexobj(one.yours) for one in seen):  # Dimensions says so
        return ""
    finite = [
        one
        for one, ours in zip(seen, right, strict=True)
        if np.isfinite(one.yours).all() and np.isfinite(ours).all()
    ]
    wrong = [one for one in finite if distance(one.yours, one.ours[name]) > NEAR]
    if len(finite) == len(seen) and _enough(wrong, name):
        for way in (_factor, _function, _rearranged, _unchanged, _term, _turned):
            if sentence := way(name, finite, wrong):
                return sentence
        if sentence := _region(name, axes, given, wrong):
            return sentence
    return _overflow(name, seen, right) or _situations(name, seen, right)


def _enough(wrong: Sequence[Seen], name: str) -> bool:
    return sum(one.yours.size for one in wrong) >= ENTRIES or len(wrong) > 1


def _holds(name: str, finite: Sequence[Seen], guess: Any) -> bool:
    """Whether ``guess(seen)`` is the answer's value in every situation."""
    for one in finite:
        with np.errstate(all="ignore"):
            value = guess(one)
        if value is None or not np.isfinite(value).all():
            return False
        if distance(one.yours, np.broadcast_to(value, one.yours.shape)) > NEAR:
            return False
    return True


# --- a factor -------------------------------------------------------------------------------------


def _numbers(seen: Seen) -> dict[str, float]:
    """The single numbers among the inputs: reg, momentum, p_keep."""
    return {
        name: float(value)
        for name, value in seen.inputs.items()
        if isinstance(value, float) or (isinstance(value, np.ndarray) and value.shape == ())
    }


def _factors(seen: Seen) -> dict[str, float]:
    """What a whole output may be multiplied by, in words."""
    found = {"2": 2.0, "1/2": 0.5, "4": 4.0, "1/4": 0.25, "-1": -1.0, "-2": -2.0, "-1/2": -0.5}
    sizes = {name: float(size) for name, size in seen.sizes.items() if size}
    for name, size in sizes.items():
        found |= {name: size, f"1/{name}": 1 / size, f"-{name}": -size, f"-1/{name}": -1 / size}
        found |= {f"sqrt({name})": size**0.5, f"1/sqrt({name})": size**-0.5}
        found |= {f"{name}**2": size**2, f"1/{name}**2": size**-2, f"1/(2 * {name})": 0.5 / size}
        if size > 1:
            found |= {f"{name}/({name} - 1)": size / (size - 1)}
            found |= {f"({name} - 1)/{name}": (size - 1) / size}
    for one, other in pairwise(sizes):
        found[f"1/({one} * {other})"] = 1 / (sizes[one] * sizes[other])
        found[f"{one} * {other}"] = sizes[one] * sizes[other]
    for name, value in seen.inputs.items():
        if isinstance(value, np.ndarray) and value.ndim > 1 and value.size:
            size = f"{name}.size"
            found |= {size: value.size, f"1/{size}": 1 / value.size}
            found |= {f"sqrt({size})": value.size**0.5, f"1/sqrt({size})": value.size**-0.5}
    for name, value in _numbers(seen).items():
        found |= {name: value, f"(1 - {name})": 1 - value}
        if value not in (0.0, 1.0):
            found |= {f"1/{name}": 1 / value, f"1/(1 - {name})": 1 / (1 - value)}
    return found


def _factor(name: str, finite: Sequence[Seen], wrong: Sequence[Seen]) -> str:
    first = wrong[0]
    if not any(one.yours.any() for one in finite):
        return f"{name} is 0 everywhere."
    ratio = _along(first.yours, first.ours[name])
    if not ratio:
        return ""
    for words, value in _factors(first).items():
        if abs(value - ratio) <= 1e-5 * abs(ratio) and _holds(
            name, finite, lambda one, words=words: one.ours[name] * _factors(one).get(words, np.nan)
        ):
            if words == "-1":
                return f"{name} is the negative of what it should be, everywhere."
            return f"{name} is {words} times what it should be, everywhere."
    if len(wrong) > 1 and _holds(name, finite, lambda one: one.ours[name] * ratio):
        return f"{name} is {ratio:.6g} times what it should be, everywhere."
    return ""


def _along(left: np.ndarray, right: np.ndarray) -> float | None:
    """The number a with left = a * right, if there is one."""
    a, b = np.ravel(left).astype(float), np.ravel(right).astype(float)
    size = float(b @ b)
    if size == 0 or not np.isfinite(size):
        return None
    ratio = float(a @ b) / size
    gap = float(np.abs(a - ratio * b).max())
    return ratio if gap <= NEAR * float(np.abs(a).max(initial=0)) else None


# --- a function of the right values, or another order ---------------------------------------------

FUNCTIONS = {
    "the squares of": np.square,
    "the square roots of": np.sqrt,
    "the exponentials of": np.exp,
    "the logarithms of": np.log,
    "the magnitudes of": np.abs,
    "one over": np.reciprocal,
    "one minus": lambda value: 1 - value,
}


def _function(name: str, finite: Sequence[Seen], wrong: Sequence[Seen]) -> str:
    for words, function in FUNCTIONS.items():
        if _holds(name, finite, lambda one, f=function: f(one.ours[name].astype(float))):
            return f"{name} holds {words} the right values."
    return ""


def _rearranged(name: str, finite: Sequence[Seen], wrong: Sequence[Seen]) -> str:
    if wrong[0].yours.size < ENTRIES:
        return ""
    for axis in range(wrong[0].yours.ndim):
        if _holds(name, finite, lambda one, axis=axis: np.flip(one.ours[name], axis)):
            return f"{name} is in reversed order along axis {axis}."
        for step, words in ((1, "late"), (-1, "early")):
            if _holds(name, finite, lambda one, a=axis, s=step: np.roll(one.ours[name], s, a)):
                return f"{name} is one place too {words} along axis {axis}."
    for other in wrong[0].ours:
        if other != name and _holds(name, finite, lambda one, other=other: _like(one, name, other)):
            return f"{name} is what {other} should be."
    return ""


def _like(seen: Seen, name: str, other: str) -> np.ndarray | None:
    value = seen.ours.get(other)
    return value if value is not None and value.shape == seen.ours[name].shape else None


def _unchanged(name: str, finite: Sequence[Seen], wrong: Sequence[Seen]) -> str:
    """What went in comes out, or its negative: a step that does nothing."""
    for other, value in wrong[0].inputs.items():
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.ndim:
            continue
        for sign, words in ((1, "just"), (-1, "just the negative of")):
            if _holds(name, finite, lambda one, o=other, s=sign: _input_as(one, name, o, s)):
                return f"{name} is {words} {other}, everywhere."
    return ""


def _input_as(seen: Seen, name: str, other: str, sign: int) -> np.ndarray | None:
    value, shape = seen.inputs[other], seen.ours[name].shape
    fits = isinstance(value, np.ndarray) and value.ndim and value.shape == shape[-value.ndim :]
    return sign * value if fits else None


# --- a term ---------------------------------------------------------------------------------------


def _term(name: str, finite: Sequence[Seen], wrong: Sequence[Seen]) -> str:
    """``dW lacks 2 * reg * W``: the difference is one term in every situation."""
    first = wrong[0]
    gap = first.yours.astype(float) - first.ours[name]
    for words, term in _terms(first, first.ours[name].shape):
        amount = _along(gap, term)
        if amount is None:
            continue
        for factor, value in _coefficients(first).items():
            if abs(value - abs(amount)) > 1e-5 * abs(amount):
                continue
            sign = float(np.sign(amount))
            if _holds(
                name,
                finite,
                lambda one, words=words, factor=factor, sign=sign: _with_term(
                    one, name, words, factor, sign
                ),
            ):
                said = words if factor == "1" else f"{factor} * {words}"
                return f"{name} {'has' if amount > 0 else 'lacks'} {said}" + (
                    " too much." if amount > 0 else "."
                )
    return ""


def _with_term(seen: Seen, name: str, words: str, factor: str, sign: float) -> np.ndarray | None:
    ours = seen.ours[name]
    for one, term in _terms(seen, ours.shape):
        if one == words:
            return ours + sign * _coefficients(seen).get(factor, np.nan) * term
    return None


def _turned(name: str, finite: Sequence[Seen], wrong: Sequence[Seen]) -> str:
    """One term is right, and all the rest has the other sign: ``yours + right = 2 * term``."""
    first = wrong[0]
    both = first.yours.astype(float) + first.ours[name]
    for words, term in _terms(first, first.ours[name].shape):
        amount = _along(both, term)
        if words == "1" or amount is None or abs(amount) < NEAR:
            continue
        for factor, value in _coefficients(first).items():
            if abs(2 * value - amount) <= 1e-5 * amount and _holds(
                name,
                finite,
                lambda one, w=words, f=factor: _but_for(one, name, w, f),
            ):
                said = words if factor == "1" else f"{factor} * {words}"
                return f"{name} is right in {said}; all the rest of it has the wrong sign."
    return ""


def _but_for(seen: Seen, name: str, words: str, factor: str) -> np.ndarray | None:
    ours = seen.ours[name]
    term = dict(_terms(seen, ours.shape)).get(words)
    value = _coefficients(seen).get(factor)
    return None if term is None or value is None else 2 * value * term - ours


def _coefficients(seen: Seen) -> dict[str, float]:
    """What a term may be multiplied by, in words."""
    found = {"1": 1.0, "2": 2.0, "1/2": 0.5}
    numbers = _numbers(seen)
    sizes = {name: size for name, size in seen.sizes.items() if size}
    found |= {f"1/{size}": 1 / n for size, n in sizes.items()}
    found |= {size: float(n) for size, n in sizes.items()}
    for name, value in numbers.items():
        found |= {name: value, f"2 * {name}": 2 * value, f"1/2 * {name}": value / 2}
        found |= {f"(1 - {name})": 1 - value}
        for size, n in sizes.items():
            found |= {f"{name}/{size}": value / n, f"{size} * {name}": n * value}
            found |= {f"({size} - 1) * {name}": (n - 1) * value}
    return found


def _terms(seen: Seen, shape: tuple[int, ...]) -> Iterator[tuple[str, np.ndarray]]:
    """What a situation offers in the shape of an output, in words."""
    yield "1", np.ones(shape)
    if (scores := _true_scores(seen)) is not None:
        yield "the mean of the true classes' scores", np.full(shape, scores.mean())
        yield "the sum of the true classes' scores", np.full(shape, scores.sum())
    for name, value in seen.inputs.items():
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f" or not value.ndim:
            continue
        if value.shape == shape:
            yield name, value
            yield f"{name}**2", value**2
            yield f"abs({name})", np.abs(value)
        elif value.ndim < len(shape) and value.shape == shape[len(shape) - value.ndim :]:
            yield name, np.broadcast_to(value, shape)
        elif value.ndim == len(shape) + 1 and value.shape[1:] == shape and shape:
            yield f"the sum of {name} over its first axis", value.sum(axis=0)
        with np.errstate(all="ignore"):
            for words, number in (
                (f"sum({name}**2)", np.sum(value**2)),
                (f"sum({name})", np.sum(value)),
                (f"sum(abs({name}))", np.sum(np.abs(value))),
                (f"the norm of {name}", np.sqrt(np.sum(value**2))),
            ):
                yield words, np.full(shape, number)


def _true_scores(seen: Seen) -> np.ndarray | None:
    """The score of each example's true class: where labels (N,) come with scores (N, C), or with
    ``X`` (N, D) and ``W`` (D, C).
    """
    labels = [one for one in seen.inputs.values() if _is_labels(one)]
    matrices = [
        one for one in seen.inputs.values() if isinstance(one, np.ndarray) and one.ndim == 2
    ]
    matrices = [one for one in matrices if one.dtype.kind == "f"]
    if len(labels) != 1:
        return None
    (y,) = labels
    scores = None
    if len(matrices) == 1:
        scores = matrices[0]
    elif {"W", "X"} <= set(seen.inputs) and len(matrices) == 2:
        X, W = seen.inputs["X"], seen.inputs["W"]
        scores = X @ W if X.shape[1] == W.shape[0] else None
    if scores is None or len(scores) != len(y) or y.max(initial=0) >= scores.shape[1]:
        return None
    return scores[np.arange(len(y)), y]


def _is_labels(value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in "iu"


# --- where ----------------------------------------------------------------------------------------


def _region(name: str, axes: Dims, given: Mapping[str, Dims], wrong: Sequence[Seen]) -> str:
    """Where alone the output is wrong, if that is one place with a name."""
    off = [~entries_near(one.yours, one.ours[name], NEAR) for one in wrong]
    for words in dict.fromkeys(
        words for one in wrong for words, _ in _places(one, name, axes, given)
    ):
        inside = [dict(_places(one, name, axes, given)).get(words) for one in wrong]
        pairs = [(a, b) for a, b in zip(off, inside, strict=True) if b is not None]
        if len(pairs) < len(wrong) or any((a & ~b).any() for a, b in pairs):
            continue
        bad, places, all_of_it = (
            sum(int(part.sum()) for part in parts)
            for parts in (
                [a for a, _ in pairs],
                [b for _, b in pairs],
                [np.ones_like(a) for a in off],
            )
        )
        if 2 * bad >= places and 4 * places <= 3 * all_of_it:
            return f"{name} is wrong {words} only; elsewhere it is right."
    return ""


def _places(
    seen: Seen, name: str, axes: Dims, given: Mapping[str, Dims]
) -> Iterator[tuple[str, np.ndarray]]:
    """The parts of an output that have a name, as masks of its shape."""
    shape = seen.ours[name].shape
    for other, value in seen.inputs.items():
        if not isinstance(value, np.ndarray):
            continue
        if value.shape == shape and value.dtype.kind == "f":
            yield f"where {other} is negative", value < 0
            yield f"where {other} is positive", value > 0
            yield f"where {other} is 0", value == 0
        below = given[other].below if other in given else None
        if below and len(shape) == value.ndim + 1 and axes.axes[-1:] == (below,):
            true = np.arange(shape[-1]) == value[..., None]
            if true.shape == shape:
                yield "at the true class", true
                yield "at the other classes", ~true
    for axis, length in enumerate(shape):
        if length > 1:
            label = axes.axes[axis] if axis < len(axes.axes) else ""
            place = np.arange(length).reshape([-1 if k == axis else 1 for k in range(len(shape))])
            first, last = (
                ("at t = 0", "at the last step")
                if label == "T"
                else (
                    f"at index 0 of axis {axis}",
                    f"at the last index of axis {axis}",
                )
            )
            yield first, np.broadcast_to(place == 0, shape)
            yield last, np.broadcast_to(place == length - 1, shape)
    if len(shape) == 4 and min(shape[2:]) > 2:
        border = np.ones(shape, dtype=bool)
        border[:, :, 1:-1, 1:-1] = False
        yield "at the border", border


def _overflow(name: str, seen: Sequence[Seen], right: Sequence[np.ndarray]) -> str:
    """It is right wherever it is finite, and it is not everywhere."""
    off = [
        (one, ~entries_near(one.yours, ours, NEAR))
        for one, ours in zip(seen, right, strict=True)
        if distance(one.yours, ours) > NEAR and np.isfinite(ours).all()
    ]
    if not off or USUAL.title in {one.title for one, _ in off}:
        return ""
    if any(np.isfinite(one.yours[bad]).any() for one, bad in off):
        return ""
    return (
        f"{name} is right wherever it is finite. Look for what overflows or divides by 0 elsewhere: "
        "exp(1000) is inf, log(0) is -inf."
    )


def _situations(name: str, seen: Sequence[Seen], right: Sequence[np.ndarray]) -> str:
    """In which situations alone it is wrong, where ordinary inputs are none of them."""
    off = [distance(one.yours, ours) > NEAR for one, ours in zip(seen, right, strict=True)]
    titles = list(dict.fromkeys(one.title for one, bad in zip(seen, off, strict=True) if bad))
    if not titles or len(titles) > MOST_TITLES or USUAL.title in titles:
        return ""
    return f"{name} is right for ordinary inputs; it is wrong here only: {'; '.join(titles)}."
