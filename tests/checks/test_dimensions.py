"""The words about shapes, tested as carefully as the shapes."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.checks import Dimensions, Gradient
from autograder.errors import DimsError
from autograder.judge import judge
from autograder.language.dims import draw_sizes, explain_shape, parse
from autograder.watch.evaluate import local

from .layers import posed

SIZES = {"N": 5, "D": 7, "C": 4, "H": 6}


def said(got, wanted):
    return explain_shape("dW", got, parse(wanted), SIZES)


@pytest.mark.parametrize(
    ("got", "wanted", "sentence"),
    [
        ((7, 4), "D C", None),
        ((4, 7), "D C", "dW is (C, D) = (4, 7); it must be (D, C) = (7, 4): transposed."),
        ((5, 1), "N", "an extra axis of length 1"),
        ((1, 6), "H", "an extra axis of length 1"),
        ((7,), "D C", "the axis C is missing"),
        ((5, 7, 4), "D C", "axis 0 does not belong"),
        ((5,), "", "still one entry for each of (N,); a sum or a mean is missing"),
        ((1,), "", "a single number, not an array around it"),
        ((7, 5), "D C", "axis 1 is 5 but C is 4"),
        ((7, 4, 5), "N D C", "the axes are in another order"),
        ((), "D C", "dW is a single number; it must be (D, C) = (7, 4)"),
        ((24,), "4*H", None),
        ((8,), "D+1", None),
        ((7,), "D+1", "axis 0 is 7 but D+1 is 8"),
        ((3, 9), "any any", None),
    ],
)
def test_what_is_said_of_a_shape(got, wanted, sentence):
    words = said(got, wanted)
    assert words is None if sentence is None else sentence in words


def test_sizes_are_all_different_within_their_ranges():
    for seed in range(50):
        sizes = draw_sizes({"N", "D", "C"}, {"C": (3, 4)}, np.random.default_rng(seed))
        assert len(set(sizes.values())) == 3
        assert sizes["C"] in (3, 4)


def test_ranges_too_narrow_are_refused():
    with pytest.raises(DimsError, match="is left for"):
        draw_sizes({"A", "B", "C"}, {name: (3, 4) for name in "ABC"}, np.random.default_rng(0))


@pytest.mark.parametrize("text", ["N,D", "N -", "(N)", "N int <C"])
def test_a_specification_that_cannot_be_read_is_refused(text):
    with pytest.raises(DimsError, match="is not a dimension"):
        parse(text)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda X: X.tolist(), "out is a list; it must be an array (N, D)."),
        (lambda X: None, "out is None: the function does not return it."),
        (lambda X: X > 0, "out holds booleans; it must hold floating-point numbers"),
        (
            lambda X: X.astype(object),
            "out is a ndarray of dtype object; it must be an array (N, D).",
        ),
        (lambda X: np.matrix(X), "out is a matrix; it must be an array (N, D)."),
        (lambda X: np.where(X > 0, X, np.nan), "entries that are nan, the first at ["),
        (lambda X: X.astype(complex), "out is complex; it must be real."),
        (lambda X: np.ma.masked_array(X), "out is a MaskedArray"),
        (lambda X: np.multiply(X, 2, out=X), "X is changed in place: the caller still needs it"),
        (lambda X: X.T, "transposed"),
        (lambda X: X.astype(np.float32), "out is float32; it must be float64"),
    ],
)
def test_what_is_said_of_an_output(answer, words):
    exercise, namespace = posed(answer, {"X": "N D"}, {"out": "N D"}, [Dimensions()])
    verdict = judge(exercise, local(exercise, namespace), seed=3)
    assert verdict.status == "failed"
    assert words in verdict.findings[0].message


def test_a_torch_tensor_is_refused_in_a_numpy_exercise():
    import torch

    exercise, namespace = posed(
        lambda X: torch.tensor(X), {"X": "N D"}, {"out": "N D"}, [Dimensions()]
    )
    assert "torch tensor" in judge(exercise, local(exercise, namespace)).findings[0].message


def backward(x, dout):
    dout *= x > 0
    return np.maximum(0, x), dout


def test_an_upstream_gradient_changed_in_place_costs_nothing_but_a_word():
    relu = {"x": "N D", "dout": "N D"}, {"out": "N D", "dx": "N D"}
    exercise, namespace = posed(backward, *relu, [Dimensions(), Gradient("out", "x", "dx", "dout")])
    verdict = judge(exercise, local(exercise, namespace), seed=3)
    assert verdict.status == "passed"
    assert "Take care: dout is changed in place" in verdict.findings[0].message
    assert "Take care: dx shares its memory with an input" in verdict.findings[0].message


def test_any_other_input_changed_in_place_fails():
    exercise, namespace = posed(
        backward, {"x": "N D", "dout": "N D"}, {"out": "N D", "dx": "N D"}, [Dimensions()]
    )
    assert judge(exercise, local(exercise, namespace), seed=3).status == "failed"
