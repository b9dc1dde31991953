"""The backprop assignment, beyond what test_audit.py asks of each: other right styles, pairs of mistakes, nonsense."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from autograder.judge import judge
from autograder.language.probe import USUAL, Answers
from autograder.watch.evaluate import local

from .audited import audited, failed
from .conftest import COURSE

AUDIT = audited("backprop")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
ANSWERS = AUDIT.answers
KNOWN = AUDIT.known
verdict = AUDIT.verdict
in_another_style = AUDIT.in_another_style


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("seed", range(2))
def test_an_answer_in_another_style_passes(name, seed):
    judged = verdict(name, in_another_style(name), seed)
    assert judged.status == "passed", judged.sentence()


@pytest.mark.parametrize("name", EXERCISES)
def test_without_mistakes_both_styles_give_the_same(name):
    exercise, rng = EXERCISES[name], np.random.default_rng(3)
    for one in (USUAL, USUAL, *exercise.cases):
        inputs, _ = exercise.draw(rng, one)
        ours = exercise.call(Answers(RIGHT), inputs)
        theirs = exercise.call(Answers(in_another_style(name)), inputs)
        if name == "batchnorm_impostor":
            continue  # there are many
        for output, value in ours.items():
            np.testing.assert_allclose(theirs[output], value, rtol=1e-6, atol=1e-9, err_msg=f"{output} ({one.title})")


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("Value", ("tanh_of_input", "max_to_both")),
        ("Value", ("assigned", "mul_not_swapped")),
        ("unbroadcast", ("averaged", "leading_kept")),
        ("affine_backward", ("dx_not_reshaped", "db_averaged")),
        ("affine_backward", ("db_kept_axis", "dw_of_unflattened")),
        ("relu_backward", ("mask_of_dout", "upstream_dropped")),
        ("TwoLayerNet", ("biases_regularised", "relu_mask_missing")),
        ("TwoLayerNet", ("b1_missing", "half_convention")),
        ("batchnorm_forward", ("momentum_swapped", "ddof")),
        ("batchnorm_backward", ("mean_path_missing", "gamma_missing")),
        ("dropout_forward", ("drop_for_keep", "no_error")),
        ("FullyConnectedNet", ("dropout_in_test", "half_reg_gradient")),
        ("gate_claims", ("b", "e")),
        ("gradient_accumulate", ("mean_of_means", "last_loss")),
    ],
)
def test_two_mistakes_at_once_are_both_named(answer, names):
    judged = verdict(ANSWERS[answer].name, dict(MISTAKES.commit(answer, names).namespace), 5)
    hints = " ".join(finding.hint for finding in judged.findings)
    for name in names:
        assert WRONG.HINTS[answer][name] in hints, name


# --- without the reference, on a laptop -------------------------------------------------------------------------------

ONLY_WITH_THE_REFERENCE = {
    *(("gate_claims", letter) for letter in "abcdef"),
    ("gradient_check_model", "step_ignored"),
    *(
        ("FullyConnectedNet", name)
        for name in (
            "norm_after_relu",
            "gamma_starts_at_0",
            "averages_forgotten",
            "dropout_on_scores",
            "one_seed",
            "weights_not_scaled",
        )
    ),
}


@pytest.mark.parametrize(("answer", "name"), KNOWN, ids=[f"{answer}-{name}" for answer, name in KNOWN])
def test_a_laptop_without_the_reference_sees_most_mistakes(answer, name):
    exercise = ANSWERS[answer]
    judged = judge(exercise, local(exercise, MISTAKES.commit(answer, (name,)).namespace), seed=4)
    seen = any(finding.passed is False for finding in judged.findings)
    assert seen or (answer, name) in ONLY_WITH_THE_REFERENCE


# --- right answers of other styles ------------------------------------------------------------------------------------


def max_to_the_second(dout, cache):
    x, y = cache
    return dout * (x > y), dout * (x <= y)


def relu_open_at_0(dout, cache):
    return np.where(cache >= 0, dout, 0.0)


def leaky_open_at_0(dout, cache):
    x, slope = cache
    return np.where(x >= 0, dout, slope * dout)


def affine_by_loops(dout, cache):
    x, w, b = cache
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(b.shape)
    for one, into, row in zip(x, dx, dout, strict=True):
        into += (w @ row).reshape(one.shape)
        dw += np.outer(one.ravel(), row)
        db += row
    return dx, dw, db


def batchnorm_by_loops(dout, cache):
    centred, std, gamma = cache
    N, xhat = len(dout), centred / std
    dx = np.zeros_like(dout)
    for i in range(N):
        for k in range(N):
            dx[i] += dout[k] * gamma / std * ((i == k) - 1 / N - xhat[i] * xhat[k] / N)
    return dx, (dout * xhat).sum(0), dout.sum(0)


def softmax_by_loops(x, y):
    loss, dx = 0.0, np.zeros_like(x)
    for i, row in enumerate(x):
        e = np.exp(row - row.max())
        loss += np.log(e.sum()) - (row[y[i]] - row.max())
        dx[i] = e / e.sum()
        dx[i, y[i]] -= 1
    return loss / len(x), dx / len(x)


@pytest.mark.parametrize(
    ("answer", "other", "loops"),
    [
        ("max_backward", max_to_the_second, set()),
        ("relu_backward", relu_open_at_0, set()),
        ("leaky_relu_backward", leaky_open_at_0, set()),
        ("affine_backward", affine_by_loops, {"Vectorised over N"}),
        ("batchnorm_backward", batchnorm_by_loops, {"Vectorised over N"}),
        ("batchnorm_backward_alt", RIGHT["batchnorm_backward"], set()),
        ("batchnorm_backward", RIGHT["batchnorm_backward_alt"], set()),
        ("softmax_loss", softmax_by_loops, {"Vectorised over N"}),
        ("batchnorm_impostor", lambda dout, x, gamma, eps: 5 * (dout - dout.mean(axis=0)), set()),
    ],
)
def test_other_styles_are_right_too(answer, other, loops):
    name = ANSWERS[answer].name
    for seed in range(5):
        assert failed(verdict(name, {**RIGHT, answer: other}, seed)) == loops


def with_method(name, method):
    """The reference's Value with another method, in a namespace of its own."""
    fresh: dict[str, Any] = {}
    exec((COURSE / "solutions/backprop.py").read_text(), fresh)
    setattr(fresh["Value"], name, method)
    return {**RIGHT, "Value": fresh["Value"]}


def second_wins(self, other):
    other = other if isinstance(other, type(self)) else type(self)(other)
    out = type(self)(max(self.data, other.data), (self, other), "max")

    def back():
        winner = other if other.data >= self.data else self
        winner.grad += out.grad

    out._backward = back
    return out


def test_either_tie_break_of_values_max_is_right():
    for seed in range(3):
        assert verdict("Value", with_method("max", second_wins), seed).status == "passed"


def as_micrograd_does(self):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for operand in node.operands:
                visit(operand)
            order.append(node)

    visit(self)
    for node in order:
        node.grad = 0.0
    self.grad = 1.0
    for node in reversed(order):
        node._backward()


def test_a_recursive_backward_loses_only_the_long_chain():
    judged = verdict("Value", with_method("backward", as_micrograd_does), 1)
    assert failed(judged) == {"5000 gates in a row"}
    assert judged.score == 10.5


def test_changing_dout_in_place_costs_little_and_is_named():
    wrong = MISTAKES.commit("relu_backward", ("changes_dout",))
    judged = verdict("relu", dict(wrong.namespace), 1)
    assert failed(judged) == {"Inputs are left alone", "Nothing changed in place"}
    assert judged.score == 2.5


# --- wrong beyond any catalogue ---------------------------------------------------------------------------------------


class Nonsense:
    """A model, or a Value, that knows nothing and says so."""

    params: dict[str, Any] = {}  # noqa: RUF012
    data = grad = "seven"
    operands = ()

    def __init__(self, *args, **named):
        pass

    def loss(self, *args):
        return None

    def backward(self):
        return "seven"

    def __add__(self, other):
        return self

    __sub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = max = __add__

    def relu(self):
        return self

    exp = tanh = relu


NONSENSE = {
    "nothing": lambda *args, **named: None,
    "two nothings": lambda *args, **named: (None, None),
    "three nothings": lambda *args, **named: (None, None, None),
    "a number": lambda *args, **named: 3.0,
    "two numbers": lambda *args, **named: (1.0, 2.0),
    "lists": lambda *args, **named: ([1, 2], [[3]]),
    "nan": lambda *args, **named: (np.nan, np.full((3, 4), np.nan)),
    "objects": lambda *args, **named: (np.array([None]), np.array(["a"])),
    "complex": lambda *args, **named: (1j, 1j * np.ones((3, 3))),
    "too many axes": lambda *args, **named: np.zeros((3, 3, 3)),
    "a string": lambda *args, **named: "abc",
    "a dict": lambda *args, **named: {},
    "its arguments": lambda *args, **named: args,
    "a model": Nonsense,
    "an exit": lambda *args, **named: sys.exit(0),
}


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("answer", ANSWERS)
def test_nonsense_is_the_answers_fault_and_earns_little(answer, kind):
    judged = verdict(ANSWERS[answer].name, {**RIGHT, answer: NONSENSE[kind]}, 1)
    assert judged.note == "", "a check broke"
    assert judged.status != "passed"
    assert judged.score <= 0.4 * judged.points


@pytest.mark.parametrize(
    ("answer", "zeros"),
    [
        ("affine_backward", lambda dout, cache: tuple(map(np.zeros_like, cache))),
        ("relu_backward", lambda dout, cache: np.zeros_like(dout)),
        ("batchnorm_backward", lambda dout, cache: (0 * dout, 0 * cache[2], 0 * cache[2])),
        ("dropout_backward", lambda dout, cache: 0 * dout),
        ("mul_backward", lambda dout, cache: (0 * dout, 0 * dout)),
    ],
)
def test_zeros_of_the_right_shape_earn_no_more_than_half(answer, zeros):
    judged = verdict(ANSWERS[answer].name, {**RIGHT, answer: zeros}, 1)
    assert judged.score <= judged.points / 2


@pytest.mark.long
@pytest.mark.parametrize("name", EXERCISES)
def test_no_right_answer_is_ever_failed(name):
    for seed in range(300):
        judged = verdict(name, RIGHT, seed)
        assert judged.status == "passed", f"seed {seed}: {judged.sentence()}"
