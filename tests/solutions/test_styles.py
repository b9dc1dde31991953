"""No false failures: every exercise has two right answers written independently of the reference,
and both pass.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from autograder.audit import audit as auditing
from autograder.course.assignment import assignments_in, load_assignment
from autograder.exercise.mistakes import Mistakes
from autograder.language.probe import USUAL, Answers
from autograder.language.verdict import Verdict

from .audited import (
    ALL,
    EXERCISES,
    Audited,
    audited,
    each_exercise,
    each_trained,
    failed,
    few_draws,
    one_in_three,
)
from .conftest import COURSE
from .particulars import PARTICULARS

ASSIGNMENTS = assignments_in(COURSE)
LOOPS = {
    "logsumexp": {"Vectorised over N"}
}  # written with one on purpose; no other style has one where none may be
STYLES = ("the mistakes, none made", "another style")


def right(name: str) -> dict[str, Any]:
    return audited(name).right


def style(name: str) -> Mapping[str, Any]:
    return audited(name).style


def none_made(name: str) -> Mistakes:
    """The mistakes module as a source of right answers alone: nothing in it is tried."""
    quiet = ModuleType("quiet")
    vars(quiet).update(vars(audited(name).wrong), HINTS={})
    return Mistakes(quiet, right(name))


def answers(name: str) -> list[str]:
    return list(audited(name).answers)


def styled(audit: Audited, name: str) -> list[tuple[str, dict[str, Any], set[str]]]:
    """The right answers to an exercise beside the reference: what they are, and the checks that
    their loops fail.

    The style is there as one student's whole notebook: a forward pass may keep a cache of its own
    form."""
    whole = {**audit.right, **{answer: audit.style[answer] for answer in audit.answers}}
    none_made_fails = PARTICULARS[audit.name].loops.get(name, set())
    namespaces = (audit.in_another_style(name), none_made_fails), (whole, LOOPS.get(name, set()))
    return [(title, *one) for title, one in zip(STYLES, namespaces, strict=True)]


@pytest.mark.parametrize(
    ("audit", "name", "which"),
    [
        pytest.param(
            one,
            name,
            which,
            id=f"{one.name}-{name}-{title}",
            marks=() if (at + which) % 8 == 1 else pytest.mark.audit,
        )
        for one in ALL
        for at, name in enumerate(one.exercises)
        for which, title in enumerate(STYLES)
    ],
)
def test_two_styles_beside_the_reference_lose_nothing_but_their_loops(
    audit: Audited, name: str, which: int
):
    _, namespace, loops = styled(audit, name)[which]
    judged = audit.verdict(name, namespace, 1)
    assert judged.note == "", "a check broke"
    assert failed(judged) == loops, (judged.seed, complaints(judged))


@pytest.mark.audit
@each_trained
@pytest.mark.parametrize("which", range(2), ids=STYLES)
def test_both_styles_learn(audit: Audited, name: str, which: int):
    title, namespace, loops = styled(audit, name)[which]
    judged = audit.verdict(name, namespace, 1, train=True)
    assert failed(judged) == loops, (title, complaints(judged))


@pytest.mark.long
@each_exercise
def test_an_audit_finds_both_styles_right_with_all_their_training(audit: Audited, name: str):
    for seed in range(3):
        (row,) = auditing(
            [audit.exercises[name]],
            audit.right,
            none_made(audit.name),
            {STYLES[1]: audit.style},
            seed,
        )
        assert row.reference_passed, seed
        assert len(row.styles) >= 2
        assert [title for title, passed in row.styles.items() if not passed] == [], seed


@pytest.mark.parametrize(("audit", "name"), one_in_three(EXERCISES, first=2))
def test_without_mistakes_both_styles_give_the_same(audit: Audited, name: str):
    known, exercise, rng = PARTICULARS[audit.name], audit.exercises[name], np.random.default_rng(3)
    near, tiny = (1e-2, 1e-5) if name == "train_cnn" else (known.near, 1e-9)
    for one in (USUAL, USUAL, *exercise.cases):
        inputs, _ = exercise.draw(rng, one)
        ours = exercise.call(Answers(audit.right), inputs)
        theirs = exercise.call(Answers(audit.in_another_style(name)), inputs)
        for output, value in ours.items():
            if not {(name, ""), (name, output)} & known.many:
                said = f"{output} ({one.title})"
                np.testing.assert_allclose(
                    as_numbers(theirs[output]), as_numbers(value), near, tiny, err_msg=said
                )


def as_numbers(value: Any) -> np.ndarray:
    return np.asarray(value, dtype=float)


def verdict(name: str, exercise: str, namespace: dict[str, Any], seed: int) -> Verdict:
    return audited(name).verdict(exercise, namespace, seed)


def complaints(judged: Verdict) -> list[tuple[str, str]]:
    return [
        (finding.check, finding.message) for finding in judged.findings if finding.passed is False
    ]


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_the_grader_finds_the_style_of_every_answer(name):
    styles = load_assignment(COURSE, name).styles
    assert styles
    for namespace in styles.values():
        assert set(answers(name)) <= set(namespace)


def written(path: str) -> dict[str, str]:
    """The code of every function and class of a file, without names, arguments and docstrings."""
    found = {}
    for thing in ast.parse((COURSE / path).read_text()).body:
        if isinstance(thing, ast.FunctionDef | ast.ClassDef):
            for node in ast.walk(thing):
                if (
                    isinstance(node, ast.FunctionDef | ast.ClassDef)
                    and ast.get_docstring(node) is not None
                ):
                    node.body = node.body[1:]
            found[thing.name] = ast.dump(ast.Module(thing.body, []))
    return found


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_no_answer_is_copied_from_another_style(name):
    ours = written(f"solutions/styles/{name}.py")
    others = [written(f"solutions/{name}.py"), written(f"solutions/mistakes/{name}.py")]
    assert set(answers(name)) <= set(ours)
    for answer in answers(name):
        assert ours[answer] not in {other[answer] for other in others}, answer


# --- what a grader might punish wrongly: variations on single answers -----------------------------


def in_place_and_back(f, x, h=1e-5):
    """As CS231n does it, on a copy."""
    x = x.astype(np.float64)
    grad = np.zeros(x.shape)
    walk = np.nditer(x, flags=["multi_index"], op_flags=[["readwrite"]])
    while not walk.finished:
        at = walk.multi_index
        old = x[at]
        x[at] = old + h
        above = f(x)
        x[at] = old - h
        below = f(x)
        x[at] = old
        grad[at] = (above - below) / (2 * h)
        walk.iternext()
    return grad


def mean_by_counting(X_train, X_val, X_test):
    mean = np.add.reduce(X_train, axis=0, dtype=float) / X_train.shape[0]
    return [np.insert(X - mean, X.shape[1], 1, axis=1) for X in (X_train, X_val, X_test)]


def losses_as_0d(W, X, y, reg):
    loss, dW = right("svm")["svm_loss_vectorized"](W, X, y, reg)
    return np.asarray(loss), np.asfortranarray(dW)


def strided(W, X, y, reg):
    """Every second entry of a larger array."""
    loss, dW = right("softmax")["softmax_loss_vectorized"](W, X, y, reg)
    room = np.full((2 * dW.shape[0], 3 * dW.shape[1]), np.nan)
    room[::2, ::3] = dW
    return loss, room[::2, ::3]


def adam_with_epsilon_hat(w, dw, config=None, *, rate=1e-3, eps=1e-8):
    config = {
        "learning_rate": rate,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": eps,
        "t": 0,
        **(config or {}),
    }
    t = config["t"] + 1
    m = np.average(
        [config.get("m", 0 * w), dw], axis=0, weights=[config["beta1"], 1 - config["beta1"]]
    )
    v = np.average(
        [config.get("v", 0 * w), dw * dw], axis=0, weights=[config["beta2"], 1 - config["beta2"]]
    )
    rate = config["learning_rate"] * np.sqrt(1 - config["beta2"] ** t) / (1 - config["beta1"] ** t)
    return w - rate * m / (np.sqrt(v) + config["epsilon"]), {**config, "t": t, "m": m, "v": v}


def solved_with_lstsq(grad, H):
    return np.linalg.lstsq(H, -grad, rcond=None)[0]


def ties_to_the_second(dout, cache):
    x, y = cache
    return np.where(x > y, dout, 0), np.where(x > y, 0, dout)


def clipped_neuron(w, x):
    """An exponent kept below what overflows: fully off is then 1e-217 and not 0."""
    e = np.exp(np.clip(-(np.inner(w[:2], x) + w[2]), -500, 500))
    return 1 / (1 + e), (w, x, e)


def clipped_neuron_backward(df, cache):
    w, x, e = cache
    dz = df * (1 / (1 + e)) * (1 - 1 / (1 + e))
    return np.array([*(dz * x), dz]), dz * w[:2]


def batchnorm_by_name(x, gamma, beta, bn_param):
    """The cache is a dict that no other answer could read."""
    out, (centred, std, _) = right("backprop")["batchnorm_forward"](x, gamma, beta, bn_param)
    return out, {"x_hat": centred / std, "scale": gamma / std}


def batchnorm_backward_by_name(dout, cache):
    x_hat, N = cache["x_hat"], len(dout)
    dgamma = np.sum(dout * x_hat, axis=0)
    return (
        cache["scale"] / N * (N * dout - dout.sum(axis=0) - x_hat * dgamma),
        dgamma,
        dout.sum(axis=0),
    )


@few_draws
@pytest.mark.parametrize(
    ("name", "exercise", "variation"),
    [
        ("svm", "eval_numerical_gradient", {"eval_numerical_gradient": in_place_and_back}),
        ("svm", "preprocess", {"preprocess": mean_by_counting}),
        ("svm", "svm_loss_vectorized", {"svm_loss_vectorized": losses_as_0d}),
        ("softmax", "softmax_loss_vectorized", {"softmax_loss_vectorized": strided}),
        ("softmax", "adam", {"adam": adam_with_epsilon_hat}),
        ("softmax", "newton_step", {"newton_step": solved_with_lstsq}),
        ("backprop", "max_gate", {"max_backward": ties_to_the_second}),
        (
            "backprop",
            "staged_sigmoid_neuron",
            {
                "staged_sigmoid_neuron": clipped_neuron,
                "staged_sigmoid_neuron_backward": clipped_neuron_backward,
            },
        ),
        *(
            (
                "backprop",
                one,
                {"batchnorm_forward": batchnorm_by_name, one: batchnorm_backward_by_name},
            )
            for one in ("batchnorm_backward", "batchnorm_backward_alt")
        ),
    ],
)
def test_legitimate_variations_pass(name, exercise, variation, seeds):
    if name not in ASSIGNMENTS:
        pytest.skip(f"{name} is not released")
    for seed in seeds:
        judged = verdict(name, exercise, {**right(name), **variation}, seed)
        assert complaints(judged) == [], seed
