"""The words about shapes, tested as carefully as the shapes."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import cast

import numpy as np
import pytest

from autograder.checks import Dimensions, Gradient, Reference
from autograder.errors import DimsError
from autograder.exercise.declare import declare
from autograder.exercise.mistakes import Mistakes
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


def test_a_view_of_an_input_costs_nothing_but_a_word():
    relu = {"x": "N D", "dout": "N D"}, {"out": "N D", "dx": "N D"}
    exercise, namespace = posed(lambda x, dout: (2 * x, dout), *relu, [Dimensions()])
    verdict = judge(exercise, local(exercise, namespace), seed=3)
    assert verdict.status == "passed"
    assert "Take care: dx shares its memory with an input" in verdict.findings[0].message


def test_an_input_changed_in_place_costs_what_order_is_worth_and_nothing_else():
    checks = [Dimensions(), Gradient("out", "x", "dx", "dout"), Reference()]
    relu = {"x": "N D", "dout": "N D"}, {"out": "N D", "dx": "N D"}
    exercise, namespace = posed(backward, *relu, checks)
    right = {"answer": lambda x, dout: (np.maximum(0, x), dout * (x > 0))}
    verdict = judge(exercise, local(exercise, namespace), reference=local(exercise, right), seed=3)
    assert [finding.passed for finding in verdict.findings] == [False, True, True]
    assert verdict.findings[0].message.startswith("dout is changed in place: ")
    assert verdict.score == 8.33


def steps(student, w, dw):
    """A rule of descent, twice from the same start: one that changes w spoils the second time."""
    once, again = student.rule(w, dw), student.rule(w, 2 * dw)
    return {"once": np.array(once), "again": np.array(again)}


def in_place(w, dw, *, wrong=frozenset({"in_place"})):
    if "in_place" in wrong:
        w -= dw
        return w
    return w - dw


def test_an_update_in_place_with_right_numbers_is_named_and_loses_its_own_share_alone():
    """The next call gets what was drawn, whatever the first did to its arguments."""
    ins, outs = {"w": "N", "dw": "N"}, {"once": "N", "again": "N"}
    exercise = declare("rule", steps, ins, outs, points=4, checks=[Dimensions(1), Reference(3)])
    right = {"rule": lambda w, dw: w - dw}
    catalogue = SimpleNamespace(rule=in_place, HINTS={"rule": {"in_place": "HINT"}})
    verdict = judge(
        exercise,
        local(exercise, {"rule": in_place}),
        reference=local(exercise, right),
        mistakes=Mistakes(cast(ModuleType, catalogue), right),
        seed=3,
    )
    assert verdict.score == 3.5
    assert verdict.mistakes == (("rule", "in_place"),)
    assert verdict.findings[0].hint == "HINT"


def test_a_view_of_an_input_that_is_changed_is_seen():
    def probe(student, x):
        return {"out": student.halves(x.reshape(-1))}

    def halves(flat):
        flat /= 2
        return flat.copy()

    exercise = declare(
        "halves", probe, {"x": "N D"}, {"out": "any"}, points=1, checks=[Dimensions()]
    )
    finding = judge(exercise, local(exercise, {"halves": halves}), seed=3).findings[0]
    assert finding.message.startswith("x is changed in place: ")


def test_what_a_backward_pass_overwrites_in_its_cache_is_seen():
    """The cache of a forward pass holds its argument, which someone else still needs."""

    def probe(student, x, dout):
        out, cache = student.forward(x)
        return {"out": out, "dx": student.backward(dout, cache)}

    def backward(dout, cache):
        cache *= 2 * dout
        return cache

    exercise = declare(
        "squares",
        probe,
        {"x": "N", "dout": "N"},
        {"out": "N", "dx": "N"},
        points=1,
        answers=("forward", "backward"),
        checks=[Dimensions()],
    )
    namespace = {"forward": lambda x: (x * x, x), "backward": backward}
    finding = judge(exercise, local(exercise, namespace), seed=3).findings[0]
    assert finding.message.startswith("x is changed in place: ")
