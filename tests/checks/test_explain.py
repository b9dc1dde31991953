"""What is said of an output that no known mistake gives: planted mistakes of every kind are told,
and nothing false.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograder.checks.explain import Seen, explained
from autograder.language.dims import parse

GIVEN = {"W": "D C", "X": "N D", "y": "N int<C", "reg": "", "x": "N T H", "image": "N K P Q"}
OUTPUTS = {"loss": "", "dW": "D C", "dscores": "N C", "h": "N T H", "dimage": "N K P Q"}
Situation = dict[str, Any]


def situation(title: str, rng: np.random.Generator, **fixed: int) -> Situation:
    sizes = {"N": 7, "D": 5, "C": 4, "T": 6, "H": 3, "K": 2, "P": 8, "Q": 9, **fixed}
    N, D, C = sizes["N"], sizes["D"], sizes["C"]
    inputs = {
        "W": rng.standard_normal((D, C)),
        "X": rng.standard_normal((N, D)),
        "y": rng.integers(0, C, N),
        "reg": float(rng.uniform(0.1, 1)),
        "x": rng.standard_normal((N, sizes["T"], sizes["H"])),
        "image": rng.standard_normal((N, sizes["K"], sizes["P"], sizes["Q"])),
    }
    return {"title": title, "inputs": inputs, "sizes": sizes}


def right(W, X, y, reg, x, image) -> dict[str, np.ndarray]:
    scores = np.exp(X @ W)
    p = scores / scores.sum(axis=1, keepdims=True)
    dscores = (p - np.eye(W.shape[1])[y]) / len(X)
    loss = -np.log(p[np.arange(len(y)), y]).mean() + reg * np.sum(W**2)
    return {
        "loss": np.array(loss),
        "dW": X.T @ dscores + 2 * reg * W,
        "dscores": dscores,
        "h": np.cumsum(np.tanh(x), axis=1),
        "dimage": np.sin(image),
    }


def said(output: str, spoiled: Callable[..., Any], seed: int = 0) -> str:
    """The sentence for an output that ``spoiled`` makes of the right one: ``spoiled(right, inputs,
    sizes)``.
    """
    rng = np.random.default_rng(seed)
    tried = [
        situation("a random example", rng),
        situation("a random example", rng, N=8, C=3),
        situation("many examples", rng, N=20, D=6),
        situation("one example", rng, N=1),
    ]
    seen = []
    for one in tried:
        ours = right(**one["inputs"])
        yours = np.asarray(spoiled(ours[output].copy(), one["inputs"], one["sizes"], one["title"]))
        seen.append(Seen(one["title"], one["inputs"], one["sizes"], yours, ours))
    given = {name: parse(dims) for name, dims in GIVEN.items()}
    return explained(output, parse(OUTPUTS[output]), given, seen)


def at_true_class(value, inputs, sizes, title):
    value[np.arange(len(value)), inputs["y"]] += 0.3
    return value


def where_negative(value, inputs, sizes, title):
    return np.where(inputs["x"] < 0, value * 0.9 + 0.1, value)


def at(place: tuple, amount: float = 0.25):
    def spoiled(value, inputs, sizes, title):
        value[place] += amount * (1 + np.arange(value[place].size)).reshape(value[place].shape)
        return value

    return spoiled


def at_the_border(value, inputs, sizes, title):
    inner = value[:, :, 1:-1, 1:-1].copy()
    value = value * 0.7
    value[:, :, 1:-1, 1:-1] = inner
    return value


def one_example_only(value, inputs, sizes, title):
    return value + np.random.default_rng(0).standard_normal(value.shape) * (title == "one example")


@pytest.mark.parametrize(
    ("output", "spoiled", "sentence"),
    [
        ("dW", lambda v, i, s, t: v * s["N"], "dW is N times what it should be, everywhere."),
        ("loss", lambda v, i, s, t: v / s["C"], "loss is 1/C times what it should be, everywhere."),
        ("dW", lambda v, i, s, t: v * 0.37, "dW is 0.37 times what it should be, everywhere."),
        ("dW", lambda v, i, s, t: 0 * v, "dW is 0 everywhere."),
        ("dW", lambda v, i, s, t: -v, "dW is the negative of what it should be, everywhere."),
        ("dW", lambda v, i, s, t: v * i["reg"], "dW is reg times what it should be, everywhere."),
        ("dW", lambda v, i, s, t: v - i["reg"] * i["W"], "dW lacks reg * W."),
        ("dW", lambda v, i, s, t: v + i["W"].sum(), "dW has sum(W) too much."),
        ("loss", lambda v, i, s, t: v + 1, "loss has 1 too much."),
        (
            "loss",
            lambda v, i, s, t: v + (s["N"] - 1) * i["reg"] * np.sum(i["W"] ** 2),
            "loss has (N - 1) * reg * sum(W**2) too much.",
        ),
        ("h", lambda v, i, s, t: v**2, "h holds the squares of the right values."),
        (
            "dW",
            lambda v, i, s, t: v / i["W"].size ** 0.5,
            "dW is 1/sqrt(W.size) times what it should be, everywhere.",
        ),
        ("dW", lambda v, i, s, t: i["W"], "dW is just W, everywhere."),
        ("h", lambda v, i, s, t: -i["x"], "h is just the negative of x, everywhere."),
        (
            "loss",
            lambda v, i, s, t: 2 * i["reg"] * np.sum(i["W"] ** 2) - v,
            "loss is right in reg * sum(W**2); all the rest of it has the wrong sign.",
        ),
        (
            "dW",
            lambda v, i, s, t: 4 * i["reg"] * i["W"] - v,
            "dW is right in 2 * reg * W; all the rest of it has the wrong sign.",
        ),
        (
            "loss",
            lambda v, i, s, t: v + (i["X"] @ i["W"])[np.arange(s["N"]), i["y"]].mean(),
            "loss has the mean of the true classes' scores too much.",
        ),
        (
            "dscores",
            lambda v, i, s, t: np.where(v > 0.02, np.nan, v) if t == "one example" else v,
            "dscores is right wherever it is finite. Look for what overflows or divides by 0 elsewhere: "
            "exp(1000) is inf, log(0) is -inf.",
        ),
        ("h", lambda v, i, s, t: v[:, ::-1], "h is in reversed order along axis 1."),
        (
            "dscores",
            at_true_class,
            "dscores is wrong at the true class only; elsewhere it is right.",
        ),
        ("h", where_negative, "h is wrong where x is negative only; elsewhere it is right."),
        ("h", at(np.s_[:, 0]), "h is wrong at t = 0 only; elsewhere it is right."),
        ("h", at(np.s_[:, -1]), "h is wrong at the last step only; elsewhere it is right."),
        ("dimage", at_the_border, "dimage is wrong at the border only; elsewhere it is right."),
        (
            "dW",
            one_example_only,
            "dW is right for ordinary inputs; it is wrong here only: one example.",
        ),
    ],
)
def test_what_is_in_no_catalogue_is_told_in_general_terms(output, spoiled, sentence):
    assert {said(output, spoiled, seed) for seed in range(4)} == {sentence}


SPOILED_WITHOUT_A_PATTERN = {
    "noise": lambda v, i, s, t: v + 0.1 * np.random.default_rng(v.size).standard_normal(v.shape),
    "by its sine": lambda v, i, s, t: v + np.sin(3 * v),
    "another factor in each situation": lambda v, i, s, t: v * (1 + 0.1 * float(i["X"][0, 0])),
    "a term that only some situations have": lambda v, i, s, t: v + i["reg"] * (s["N"] > 7),
}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("spoiled", SPOILED_WITHOUT_A_PATTERN)
def test_nothing_is_said_where_there_is_no_pattern(output, spoiled):
    for seed in range(5):
        assert said(output, SPOILED_WITHOUT_A_PATTERN[spoiled], seed) == "", seed


def test_a_factor_that_holds_in_one_situation_only_is_not_told():
    """N times in a random example, and something else where there is one example."""
    assert said("dW", lambda v, i, s, t: v * s["N"] + (s["N"] == 1) * 0.5) == ""


def test_a_right_output_is_not_explained():
    assert said("dW", lambda v, i, s, t: v) == ""


def test_of_complex_numbers_nothing_is_said_but_that_they_are_complex():
    assert said("dW", lambda value, inputs, sizes, title: value + 1j) == ""
