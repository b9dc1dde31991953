"""The softmax assignment, beyond what test_audit.py asks of each: other right styles, pairs of mistakes, nonsense."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from autograder.judge import judge
from autograder.language.probe import USUAL, Answers
from autograder.watch.evaluate import local

from .audited import audited, failed

AUDIT = audited("softmax")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
verdict = AUDIT.verdict
LOOPS_OVER_EXAMPLES = {"log_softmax"}  # written so on purpose, in the mistakes' right answers


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
        if name == "newton_counterexample":
            continue  # any of infinitely many
        for output, value in ours.items():
            np.testing.assert_allclose(theirs[output], value, rtol=1e-7, atol=1e-9, err_msg=f"{output} ({one.title})")


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("softmax_loss_vectorized", ("no_one_hot", "no_reg_gradient")),
        ("softmax_loss_vectorized", ("eps_in_log", "gradient_not_averaged")),
        ("softmax_loss_naive", ("log10", "half_reg_gradient")),
        ("rmsprop", ("decay_swapped", "eps_in_root")),
        ("adam", ("no_correction", "uphill")),
        ("train_with_monitor", ("gradient_for_update", "norm_squared")),
        ("lbfgs_direction", ("order_reversed", "gamma_missing")),
        ("lbfgs_direction", ("no_minus", "second_loop_adds")),
        ("notes_errata", ("c", "e")),
        ("notes_errata", ("d", "f")),
    ],
)
def test_two_mistakes_at_once_are_both_named(answer, names):
    judged = verdict(answer, dict(MISTAKES.commit(answer, names).namespace), 1)
    hints = " ".join(finding.hint for finding in judged.findings)
    for name in names:
        assert WRONG.HINTS[answer][name] in hints, name


# --- right answers of other styles ------------------------------------------------------------------------------------


def test_the_looping_loss_loses_only_what_vectorisation_is_worth():
    judged = verdict("softmax_loss_vectorized", {**RIGHT, "softmax_loss_vectorized": RIGHT["softmax_loss_naive"]}, 1)
    assert failed(judged) == {"Vectorised over N", "Vectorised over C"}
    assert judged.score == 5.5


def softmax_by_loops(s):
    out = np.zeros_like(s)
    for i, row in enumerate(s):
        terms = [np.exp(score - max(row)) for score in row]
        for j, term in enumerate(terms):
            out[i, j] = term / sum(terms)
    return out


def jacobian_by_loops(s):
    p, C = softmax_by_loops(s[None])[0], len(s)
    return np.array([[p[j] * (1 - p[j]) if j == k else -p[j] * p[k] for k in range(C)] for j in range(C)])


def adam_as_in_torch(w, dw, config=None):
    """torch's own optimiser, through a parameter of its own (its means are put back as config says)."""
    config = {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "m": 0 * w, "v": 0 * w, "t": 0, **(config or {})}
    b1, b2, t = config["beta1"], config["beta2"], config["t"] + 1
    m = config["m"] + (dw - config["m"]) * (1 - b1)
    v = b2 * config["v"] + (1 - b2) * dw * dw
    denominator = np.sqrt(v) / np.sqrt(1 - b2**t) + 1e-8
    return w - config["learning_rate"] / (1 - b1**t) * m / denominator, {**config, "m": m, "v": v, "t": t}


def changes_its_config(rule):
    """A rule as CS231n writes it: one dict, changed in place."""

    def step(w, dw, config=None):
        config = {} if config is None else config
        next_w, after = rule(w, dw, config)
        config.update(after)
        return next_w, config

    return step


@pytest.mark.parametrize(
    ("name", "answer", "loops"),
    [
        ("softmax", softmax_by_loops, {"Vectorised over N"}),
        ("softmax_jacobian", jacobian_by_loops, {"Vectorised over C"}),
        ("adam", adam_as_in_torch, set()),
        *((name, changes_its_config(RIGHT[name]), set()) for name in ("sgd", "sgd_momentum", "rmsprop", "adam")),
    ],
)
def test_other_styles_are_right_too(name, answer, loops):
    for seed in range(5):
        assert failed(verdict(name, {**RIGHT, name: answer}, seed)) == loops


def test_the_mistakes_adam_scales_epsilon_and_passes():
    """The form that corrects the learning rate: equal up to the size of epsilon, and so accepted."""
    w, tiny = np.zeros(3), np.full(3, 1e-5)
    ours, theirs = RIGHT["adam"](w, tiny)[0], WRONG.adam(w, tiny)[0]
    assert 0.01 < np.abs(theirs / ours - 1).max() < 0.05
    assert all(verdict("adam", {**RIGHT, "adam": WRONG.adam}, seed).status == "passed" for seed in range(10))


def test_a_jacobian_in_disguise_costs_memory_and_only_that():
    def by_rows(dout, s):
        return np.stack([one @ RIGHT["softmax_jacobian"](row) for one, row in zip(dout, s, strict=True)])

    judged = verdict("softmax_vjp", {**RIGHT, "softmax_vjp": by_rows}, 1)
    assert failed(judged) == {"No Jacobian is built", "Vectorised over N"}


# --- wrong beyond any catalogue ---------------------------------------------------------------------------------------


class Nonsense:
    """A model that learns nothing and says so."""

    W = None

    def train(self, *arguments):
        return ["loss"]

    def probabilities(self, X):
        return None

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
    "an array and a dict": lambda *args, **named: (np.zeros(3), {}),
    "its arguments": lambda *args, **named: args,
    "its first argument": lambda *args, **named: args[0] if args else None,
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


def zeros(W, X, y, reg):
    return 0.0, np.zeros_like(W)


ZEROS = {
    "softmax": lambda s: np.zeros_like(s),
    "logsumexp": lambda x, axis: np.zeros_like(x).sum(axis=axis),
    "log_softmax": lambda x: np.zeros_like(x),
    "softmax_loss_naive": zeros,
    "softmax_loss_vectorized": zeros,
    "softmax_loss": lambda x, y: (0.0, np.zeros_like(x)),
    "softmax_jacobian": lambda s: np.zeros((len(s), len(s))),
    "softmax_vjp": lambda dout, s: np.zeros_like(s),
    "sgd": lambda w, dw, config=None: (w, config),
    "sgd_momentum": lambda w, dw, config=None: (w, {"velocity": 0 * w}),
    "rmsprop": lambda w, dw, config=None: (w, {"cache": 0 * w}),
    "adam": lambda w, dw, config=None: (w, {"m": 0 * w, "v": 0 * w, "t": 0}),
    "newton_step": lambda grad, H: 0 * grad,
    "lbfgs_direction": lambda grad, S, Y: 0 * grad,
    "ema_update": lambda x_test, x, decay=0.995: 0 * x,
    "average_predictions": lambda probabilities: 0 * probabilities[0],
}


@pytest.mark.parametrize("name", ZEROS)
def test_zeros_of_the_right_shape_earn_little(name):
    judged = verdict(name, {**RIGHT, name: ZEROS[name]}, 1)
    assert judged.note == ""
    assert judged.score <= judged.points / 3


WAITS_FOR_GRADING = {"notes_errata", "overfit_small", "Softmax"}  # mostly: a few mistakes of the others do as well


@pytest.mark.parametrize("name", [name for name in EXERCISES if name not in WAITS_FOR_GRADING])
def test_a_laptop_finds_most_known_mistakes_itself(name):
    exercise = EXERCISES[name]
    names = MISTAKES.names(name)
    seen = [
        any(finding.passed is False for finding in judge(exercise, local(exercise, one.namespace), seed=3).findings)
        for one in (MISTAKES.commit(name, (mistake,)) for mistake in names)
    ]
    assert np.mean(seen) >= 0.65, [mistake for mistake, found in zip(names, seen, strict=True) if not found]


@pytest.mark.long
@pytest.mark.parametrize("name", EXERCISES)
def test_no_right_answer_is_ever_failed(name):
    for seed in range(20 if name in WAITS_FOR_GRADING else 500):
        judged = verdict(name, RIGHT, seed)
        assert judged.status == "passed", f"seed {seed}: {judged.sentence()}"
