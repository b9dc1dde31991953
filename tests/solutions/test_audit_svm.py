"""The SVM assignment, beyond what test_audit.py asks of each: other right styles, pairs of mistakes, nonsense."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograder.language.probe import USUAL, Answers

from .audited import audited, failed

AUDIT = audited("svm")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
verdict = AUDIT.verdict
LOOPS_OVER_EXAMPLES = {"margin_violations"}  # written so on purpose, in the mistakes' right answers


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("seed", range(2))
def test_an_answer_in_another_style_passes(name, seed):
    judged = verdict(name, {**RIGHT, name: getattr(WRONG, name)}, seed)
    assert failed(judged) == ({"Vectorised over N"} if name in LOOPS_OVER_EXAMPLES else set()), judged.sentence()


@pytest.mark.parametrize("name", EXERCISES)
def test_without_mistakes_both_styles_give_the_same(name):
    exercise, rng = EXERCISES[name], np.random.default_rng(3)
    for one in (USUAL, USUAL, *exercise.cases):
        inputs, _ = exercise.draw(rng, one)
        ours = exercise.call(Answers(RIGHT), inputs)
        theirs = exercise.call(Answers({**RIGHT, name: getattr(WRONG, name)}), inputs)
        if name == "zero_one_counterexample":
            continue  # any of infinitely many
        for output, value in ours.items():
            np.testing.assert_allclose(theirs[output], value, rtol=1e-8, atol=1e-9, err_msg=f"{output} ({one.title})")


def test_two_mistakes_at_once_are_both_named():
    mistake = MISTAKES.commit("svm_loss_vectorized", ("no_true_class", "no_reg_gradient"))
    judged = verdict("svm_loss_vectorized", dict(mistake.namespace), 1)
    hints = " ".join(finding.hint for finding in judged.findings)
    for name in mistake.names:
        assert WRONG.HINTS["svm_loss_vectorized"][name] in hints


def test_the_looping_loss_loses_only_what_vectorisation_is_worth():
    judged = verdict("svm_loss_vectorized", {**RIGHT, "svm_loss_vectorized": RIGHT["svm_loss_naive"]}, 1)
    assert {one.check for one in judged.findings if not one.passed} == {"Vectorised over N", "Vectorised over C"}
    assert judged.score == 10


def ties_count(W, X, y, reg):
    """A right answer that counts a margin of exactly zero as violated."""
    shortfalls = X @ W - np.take_along_axis(X @ W, y[:, None], 1) + 1
    ds = (shortfalls >= 0).astype(float)
    ds[np.arange(len(y)), y] -= ds.sum(axis=1)
    loss = np.maximum(shortfalls, 0).sum() / len(y) - 1
    return loss + reg * np.sum(W * W), X.T @ ds / len(y) + 2 * reg * W


@pytest.mark.parametrize("name", ["svm_loss_naive", "svm_loss_vectorized"])
def test_either_slope_at_a_zero_margin_is_right(name):
    for seed in range(5):
        assert verdict(name, {**RIGHT, name: ties_count}, seed).status == "passed"


class Nonsense:
    """A model that learns nothing and says so."""

    W = None

    def train(self, *arguments):
        return ["loss"]

    def predict(self, X):
        return "seven"


NONSENSE = {
    "nothing": lambda *args, **named: None,
    "two nothings": lambda *args, **named: (None, None),
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
@pytest.mark.parametrize("name", EXERCISES)
def test_nonsense_is_the_answers_fault_and_earns_little(name, kind):
    judged = verdict(name, {**RIGHT, name: NONSENSE[kind]}, 1)
    assert judged.note == "", "a check broke"
    assert judged.status != "passed"
    assert judged.score <= 0.4 * judged.points


@pytest.mark.parametrize("name", ["svm_loss_naive", "svm_loss_vectorized", "squared_hinge_loss"])
def test_zeros_of_the_right_shape_earn_little(name):
    judged = verdict(name, {**RIGHT, name: lambda W, X, y, reg: (0.0, np.zeros_like(W))}, 1)
    assert judged.score <= judged.points / 3


@pytest.mark.long
@pytest.mark.parametrize("name", EXERCISES)
def test_no_right_answer_is_ever_failed(name):
    for seed in range(500):
        judged = verdict(name, RIGHT, seed)
        assert judged.status == "passed", f"seed {seed}: {judged.sentence()}"
