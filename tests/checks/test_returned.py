"""What an answer returned, in its own words: which function, and what; the written one of a pair
keeps its share.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder import exercise
from autograder.checks import Dimensions, Reference
from autograder.judge import judge
from autograder.watch.evaluate import local
from autograder.watch.trusted import INSTRUCTORS

from ..solutions.audited import audited

PROBE = """
def model(student, x):
    half = student.half(x) / 2.0
    total, doubled = student.Model().both(x)
    return {"total": total + half, "doubled": doubled}
"""


def loaded():
    """An exercise of an instructor's module: a function is divided by, a method's return
    unpacked.
    """
    module: dict[str, Any] = {"__name__": f"{INSTRUCTORS}_of_a_test"}
    exec(PROBE, module)
    asked = exercise(
        "x: N D -> total, doubled: N D", points=2, checks=[Dimensions(1), Reference(1)]
    )
    return asked(module["model"])


model = loaded()


class Model:
    def both(self, x):
        return x.sum(), 2 * x


class Forgets:
    def both(self, x):
        _ = x.sum(), 2 * x


class Half:
    def both(self, x):
        return None, 2 * x


RIGHT = {"half": lambda x: float(x[0, 0]), "Model": Model}


def messages(**answers) -> list[str]:
    judged = judge(model, local(model, {**RIGHT, **answers}), reference=local(model, RIGHT), seed=1)
    return [finding.message for finding in judged.findings]


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"half": lambda x: None}, "half returned None: is there a return?"),
        ({"Model": Forgets}, "Model.both returned None: is there a return?"),
        (
            {"Model": Half},
            "Model.both returned 2 values, and None as number 1 of them: is it written?",
        ),
        ({"half": lambda x: "1"}, "half returned one str, which is not what was asked for."),
    ],
)
def test_what_stops_a_probe_is_told_by_what_was_returned_and_told_once(answers, said):
    first, *others = messages(**answers)
    assert first == said
    assert set(others) == {"The same error as above, see Dimensions."}


def test_an_error_in_the_answers_own_lines_is_told_as_it_is():
    def half(x):
        return x[100]

    assert messages(half=half)[0].startswith("IndexError: index 100 is out of bounds")


def failing(assignment: str, name: str, **answers) -> dict[str, str]:
    audit = audited(assignment)
    judged = audit.verdict(name, {**audit.right, **answers}, 3)
    assert judged.note == ""
    return {one.check: one.message for one in judged.findings if not one.passed}


@pytest.mark.parametrize(
    ("assignment", "name", "back", "keeps"),
    [
        ("backprop", "relu", "relu_backward", "Inputs are left alone"),
        ("cnn", "max_pool", "max_pool_backward", "The largest of each window"),
    ],
)
def test_a_backward_pass_that_returns_nothing_costs_its_own_share(assignment, name, back, keeps):
    wrong = failing(assignment, name, **{back: lambda dout, cache: None})
    assert wrong["Dimensions"] == f"{back} returned None: is there a return?"
    assert keeps not in wrong


def test_gradients_that_a_dict_lacks_are_named():
    right = audited("backprop").right["TwoLayerNet"]

    class Forgetful(right):
        def loss(self, X, y=None):
            given = super().loss(X, y)
            return given if y is None else (given[0], {"b1": given[1]["b1"]})

    wrong = failing("backprop", "TwoLayerNet", TwoLayerNet=Forgetful)
    assert wrong["Dimensions"] == "grads has no W1 and no W2 and no b2."
    assert wrong["Right gradients"] == "grads has no W1 and no W2 and no b2."
    assert "Right scores and loss" not in wrong


def test_a_rule_that_returns_no_parameters_is_told_so():
    wrong = failing("softmax", "rmsprop", rmsprop=lambda w, dw, config=None: (None, config or {}))
    assert wrong["Dimensions"] == "rmsprop returned None for next_w: is it written?"


def test_numbers_that_hardly_differ_are_shown_with_the_digits_that_tell_them_apart():
    class Near(Model):
        def both(self, x):
            return x.sum() + 3e-6, 2 * x

    _, values = messages(Model=Near)
    yours, expected = values.removeprefix("total is ").removesuffix(".").split("; it should be ")
    assert yours != expected
    assert np.isclose(float(yours), float(expected), rtol=1e-5)
