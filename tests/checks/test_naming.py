"""What the search for known mistakes costs, in evaluations, and that names depend on nothing
else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from autograder import case
from autograder.checks import Reference
from autograder.checks.naming import ALLOWED
from autograder.exercise.mistakes import Mistakes
from autograder.exercise.trial import RANDOM_EXAMPLES, Trial
from autograder.language.verdict import Finding
from autograder.watch.evaluate import local
from autograder.watch.remembered import Remembered

from .layers import posed

WAYS = tuple("abcdefgh")
SITUATIONS = RANDOM_EXAMPLES + 1


def right(x):
    return x, x.sum()


class Catalogue:
    """Mistakes in one entry of ``y`` each, and "sum" in the other output; counts evaluations."""

    def __init__(self, most_bytes: int = 1 << 20) -> None:
        self.evaluations = 0
        hints = {way: f"HINT-{way}" for way in (*WAYS, "sum")}
        module = SimpleNamespace(answer=self.answer, HINTS={"answer": hints})
        self.mistakes = Mistakes(cast(ModuleType, module), {}, Remembered(most_bytes))

    def answer(self, x, *, wrong: frozenset[str] = frozenset()) -> tuple[np.ndarray, float]:
        self.evaluations += 1
        return self.wrongly(x, wrong)

    def wrongly(self, x, wrong) -> tuple[np.ndarray, float]:
        y, total = right(x)
        shift = np.array([way in wrong for way in WAYS], dtype=float)
        return y + shift, total + ("sum" in wrong)


EXERCISE, _ = posed(
    right,
    {"x": "N"},
    {"y": "N", "total": ""},
    [Reference()],
    cases=[case("large", x=lambda rng, inputs: rng.normal(size=8) + 100)],
    sizes={"N": (8, 8)},
)


def searched(
    catalogue: Catalogue, answer: Callable[..., Any], *, seconds: float = 60, thorough: bool = True
) -> Finding:
    exercise = replace(EXERCISE, seconds=seconds)
    reference = local(exercise, {"answer": right})
    trial = Trial(
        exercise,
        local(exercise, {"answer": answer}),
        np.random.default_rng(4),
        reference,
        catalogue.mistakes,
        thorough,
    )
    return Reference()(trial)


def makes(*wrong: str) -> Callable[..., Any]:
    return lambda x: Catalogue().wrongly(x, frozenset(wrong))


def nonsense(x):
    return np.full_like(x, 3.0), 3.0


SINGLES = len(WAYS) + 1
PAIRS = SINGLES * (SINGLES - 1) // 2


def test_nonsense_costs_each_single_mistake_once_where_evaluations_are_costly():
    catalogue = Catalogue()
    assert searched(catalogue, nonsense).hint == ""
    assert catalogue.evaluations == SINGLES


def test_nonsense_costs_each_combination_once_where_evaluations_are_cheap():
    catalogue = Catalogue()
    assert searched(catalogue, nonsense, seconds=10).hint == ""
    assert catalogue.evaluations == SINGLES + PAIRS


def test_who_is_asked_the_same_later_costs_nothing():
    catalogue = Catalogue()
    searched(catalogue, nonsense)
    before = catalogue.evaluations
    searched(catalogue, lambda x: (-x, 0.0))
    assert catalogue.evaluations == before


@pytest.mark.parametrize("seconds", [10, 60])
@pytest.mark.parametrize(
    ("wrong", "names"),
    [
        ("c", "c"),
        ("c g", "c g"),
        ("sum", "sum"),
        ("c sum", "c sum"),
        ("a b c", ""),
    ],
)
def test_names_are_the_same_whatever_was_asked_before(wrong: str, names: str, seconds: float):
    cold, warm = Catalogue(), Catalogue()
    for before in (nonsense, makes("a", "h"), makes("sum")):
        searched(warm, before, seconds=10)
    named = searched(cold, makes(*wrong.split()), seconds=seconds)
    for catalogue in (warm, cold):
        again = searched(catalogue, makes(*wrong.split()), seconds=seconds)
        assert (again.hint, again.mistakes) == (named.hint, named.mistakes)
    assert sorted(name for _, name in named.mistakes) == names.split()


def test_where_evaluations_are_cheap_two_in_one_output_are_named_beside_one_in_another():
    for seconds, names in ((10, ["a", "b", "sum"]), (60, ["sum"])):
        named = searched(Catalogue(), makes("a", "b", "sum"), seconds=seconds)
        assert sorted(name for _, name in named.mistakes) == names


class Hidden(Catalogue):
    """Nothing shows in the first situations, but only where x is large."""

    def wrongly(self, x, wrong) -> tuple[np.ndarray, float]:
        return super().wrongly(x, wrong if x.mean() > 50 else frozenset())


def test_a_costly_search_ends_when_its_evaluations_are_spent():
    """The first situation leaves every combination possible, and none is right."""
    catalogue, cheap = Hidden(), Hidden()
    searched(catalogue, lambda x: (x if x.mean() < 50 else -x, x.sum()))
    over = catalogue.evaluations - (2 * SINGLES + ALLOWED * SITUATIONS)
    assert 0 <= over < SITUATIONS  # whose trial has begun is tried to the end
    searched(cheap, lambda x: (x if x.mean() < 50 else -x, x.sum()), seconds=10)
    assert cheap.evaluations >= 2 * (SINGLES + PAIRS)


def test_a_trial_in_a_hurry_names_combinations_too_but_sparingly():
    catalogue = Catalogue()
    named = searched(catalogue, makes("c", "g"), seconds=10, thorough=False)
    assert [name for _, name in named.mistakes] == ["c", "g"]
    whether_both_show = 2 * (SITUATIONS - 1)
    assert catalogue.evaluations == SINGLES + SITUATIONS + whether_both_show


def test_what_is_kept_is_bounded_and_names_do_not_depend_on_it():
    forgetful = Catalogue(most_bytes=5000)
    named = searched(forgetful, makes("c", "g"), seconds=10)
    assert named.mistakes == searched(Catalogue(), makes("c", "g"), seconds=10).mistakes != ()
    assert 0 < forgetful.mistakes.kept.bytes <= 5000


# --- a name must be true ------------------------------------------------------------------------


def halves(W, reg, *, wrong: frozenset[str] = frozenset()):
    """A penalty and its gradient; wrong in one of them, in both, or by a number."""
    loss, dW = reg * np.sum(W**2), 2 * reg * W
    if wrong & {"half", "half of the loss"}:
        loss = loss / 2
    if wrong & {"half", "half of the gradient"}:
        dW = dW / 2
    if wrong & {"none", "none in the gradient"}:
        dW = 0 * dW
    if "none" in wrong:
        loss = 0 * loss
    if "large weights" in wrong and np.abs(W).max() > 50:
        loss = np.inf
    for one in wrong:
        if one.startswith("added="):
            loss = loss + float(one.partition("=")[2])
    return loss, dW


NAMES = ("half", "half of the loss", "half of the gradient", "none", "none in the gradient")
HALVES = SimpleNamespace(
    answer=halves,
    HINTS={"answer": {name: f"HINT {name}" for name in (*NAMES, "large weights", "added")}},
    NUMBERS={"answer": {"added": (0.5, 0.125)}},
)
PENALTY, _ = posed(
    halves,
    {"W": "D C", "reg": ""},
    {"loss": "", "dW": "D C"},
    [Reference(outputs=("loss",)), Reference(outputs=("dW",))],
    cases=[case("large", W=lambda rng, inputs: rng.normal(size=(3, 4)) + 100)],
)


def told(answer: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """The names given for the loss, and for the gradient."""
    trial = Trial(
        PENALTY,
        local(PENALTY, {"answer": answer}),
        np.random.default_rng(4),
        local(PENALTY, {"answer": halves}),
        Mistakes(cast(ModuleType, HALVES), {}),
    )
    loss, dW = (check(trial) for check in PENALTY.checks)
    return [name for _, name in loss.mistakes], [name for _, name in dW.mistakes]


def answering(*wrong: str) -> Callable[..., Any]:
    return lambda W, reg: halves(W, reg, wrong=frozenset(wrong))


def test_of_several_mistakes_each_finding_tells_what_shows_in_its_outputs():
    assert told(answering("half")) == (["half"], ["half"])
    assert told(answering("half", "large weights")) == (["half", "large weights"], ["half"])
    assert told(answering("half of the loss", "none in the gradient", "large weights")) == (
        ["half of the loss", "large weights"],
        ["none in the gradient"],
    )


def test_no_name_speaks_of_an_output_that_is_right_or_wrong_in_another_way():
    def gradient_alone(W, reg):
        return halves(W, reg)[0], 0 * W

    def another_loss(W, reg):
        return np.sum(np.abs(W)), 0 * W

    assert told(gradient_alone) == ([], ["none in the gradient"])
    assert told(another_loss) == ([], ["none in the gradient"])


def test_names_that_contradict_each_other_are_not_given_together():
    loss, gradient = told(answering("half", "none in the gradient"))
    assert (loss, gradient) == (["half of the loss"], ["none in the gradient"])


def test_a_mistake_that_comes_with_a_number_is_named_whatever_the_number():
    assert told(answering("added=0.125")) == (["added"], [])
    assert told(answering("added=0.5", "none in the gradient"))[0] == ["added"]
    assert told(answering("added=0.3")) == ([], [])
