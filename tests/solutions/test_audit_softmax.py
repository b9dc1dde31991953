"""The softmax assignment, beyond what test_audit.py asks of each: single answers, and what they
must cost.
"""

from __future__ import annotations

import numpy as np
import pytest

from .audited import audited, failed, few_draws

AUDIT = audited("softmax")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
verdict = AUDIT.verdict


@pytest.mark.audit
def test_the_looping_loss_loses_only_what_vectorisation_is_worth():
    judged = verdict(
        "softmax_loss_vectorized",
        {**RIGHT, "softmax_loss_vectorized": RIGHT["softmax_loss_naive"]},
        1,
    )
    assert failed(judged) == {"Vectorised over N", "Vectorised over C"}
    assert judged.score == 3.75


def softmax_by_loops(s):
    out = np.zeros_like(s)
    for i, row in enumerate(s):
        terms = [np.exp(score - max(row)) for score in row]
        for j, term in enumerate(terms):
            out[i, j] = term / sum(terms)
    return out


def jacobian_by_loops(s):
    p, C = softmax_by_loops(s[None])[0], len(s)
    return np.array(
        [[p[j] * (1 - p[j]) if j == k else -p[j] * p[k] for k in range(C)] for j in range(C)]
    )


def adam_as_in_torch(w, dw, config=None):
    """torch's own optimiser, through a parameter of its own (its means are put back as config
    says).
    """
    config = {
        "learning_rate": 1e-3,
        "beta1": 0.9,
        "beta2": 0.999,
        "m": 0 * w,
        "v": 0 * w,
        "t": 0,
        **(config or {}),
    }
    b1, b2, t = config["beta1"], config["beta2"], config["t"] + 1
    m = config["m"] + (dw - config["m"]) * (1 - b1)
    v = b2 * config["v"] + (1 - b2) * dw * dw
    denominator = np.sqrt(v) / np.sqrt(1 - b2**t) + 1e-8
    return w - config["learning_rate"] / (1 - b1**t) * m / denominator, {
        **config,
        "m": m,
        "v": v,
        "t": t,
    }


def changes_its_config(rule):
    """A rule as CS231n writes it: one dict, changed in place."""

    def step(w, dw, config=None):
        config = {} if config is None else config
        next_w, after = rule(w, dw, config)
        config.update(after)
        return next_w, config

    return step


@few_draws
@pytest.mark.parametrize(
    ("name", "answer", "loops"),
    [
        pytest.param("softmax", softmax_by_loops, {"Vectorised over N"}, marks=pytest.mark.audit),
        pytest.param(
            "softmax_jacobian",
            jacobian_by_loops,
            {"Vectorised over C"},
            marks=pytest.mark.audit,
        ),
        ("adam", adam_as_in_torch, set()),
        *(
            (name, changes_its_config(RIGHT[name]), set())
            for name in ("sgd", "sgd_momentum", "rmsprop", "adam", "adamw")
        ),
    ],
)
def test_other_styles_are_right_too(name, answer, loops, seeds):
    for seed in seeds:
        assert failed(verdict(name, {**RIGHT, name: answer}, seed)) == loops


def test_the_mistakes_adam_scales_epsilon_and_passes():
    """The form that corrects the learning rate: equal up to the size of epsilon, and so
    accepted.
    """
    w, tiny = np.zeros(3), np.full(3, 1e-5)
    ours, theirs = RIGHT["adam"](w, tiny)[0], WRONG.adam(w, tiny)[0]
    assert 0.01 < np.abs(theirs / ours - 1).max() < 0.05
    assert all(
        verdict("adam", {**RIGHT, "adam": WRONG.adam}, seed).status == "passed"
        for seed in range(10)
    )


def test_a_jacobian_in_disguise_costs_memory_and_only_that():
    def by_rows(dout, s):
        return np.stack(
            [one @ RIGHT["softmax_jacobian"](row) for one, row in zip(dout, s, strict=True)]
        )

    judged = verdict("softmax_vjp", {**RIGHT, "softmax_vjp": by_rows}, 1)
    assert failed(judged) == {"No Jacobian is built", "Vectorised over N"}


def rule_that_stands_still(w, dw, config=None):
    """A rule that hands its parameters back."""
    return w.copy(), dict(config or {})


def with_the_true_score_added(x, y):
    """The loss with a sign lost in front of the true class's score."""
    loss, dx = RIGHT["softmax_loss"](x, y)
    return loss + 2 * x[np.arange(len(y)), y].mean(), dx


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("sgd", rule_that_stands_still, "w after each step is just w, everywhere."),
        (
            "softmax_loss",
            with_the_true_score_added,
            "loss has 2 * the mean of the true classes' scores too much.",
        ),
    ],
)
def test_what_is_in_no_catalogue_is_told_in_general_terms(name, answer, said):
    judged = AUDIT.verdict(name, {**RIGHT, name: answer}, 1)
    assert said in [finding.hint for finding in judged.findings]
