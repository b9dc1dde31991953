"""What the search for known mistakes costs, in evaluations, and that names depend on nothing else."""

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
