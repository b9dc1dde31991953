"""The released situations: tiny ones first, drawn alike wherever they are drawn, and told from
others.
"""

from __future__ import annotations

import numpy as np
import pytest

from autograder import case, exercise
from autograder.checks import Reference
from autograder.exercise.trial import Exercise, Trial
from autograder.language.verdict import Evaluation
from autograder.released.expected import Expected
from autograder.released.here import FEW, OTHERS, Here
from autograder.released.situations import fingerprint, kinds, same_inputs
from autograder.released.work_out import MOST_BYTES, work_out
from autograder.watch.evaluate import local

from .catalogue import by_student


@exercise(
    "x: N D, scale -> out: N D",
    points=2,
    cases=[case("one example", sizes={"N": 1})],
    checks=[Reference()],
)
def scaled(student, x, scale):
    """Every entry times scale, or 0 below 0."""
    return {"out": student.scaled(x, scale)}


RIGHT = {"scaled": lambda x, scale: scale * np.maximum(x, 0)}
TWICE = {"scaled": lambda x, scale: 2 * scale * np.maximum(x, 0)}


def test_the_smallest_come_first_and_are_of_whole_numbers() -> None:
    rights = work_out(scaled, RIGHT).rights
    tiny = [kinds(scaled)[one.place].draw(scaled, one.place, one.attempt) for one in rights[:2]]
    assert [one.sizes for one in tiny] == [{"D": 2, "N": 1}, {"D": 2, "N": 2}]
    for one in tiny:
        assert np.array_equal(one.inputs["x"], np.rint(one.inputs["x"]))
        assert one.case.title.startswith("a tiny example: x = [[")


def test_no_tiny_one_lies_at_a_kink() -> None:
    """At 0 the slope of max(x, 0) is whatever its author likes."""
    slope = {"scaled": lambda x, scale: (x > 0).astype(float)}
    for one in work_out(scaled, slope).rights[:2]:
        drawn = kinds(scaled)[one.place].draw(scaled, one.place, one.attempt)
        assert np.all(drawn.inputs["x"] != 0)


def test_a_wrong_value_is_shown_on_the_smallest_situation_with_both_numbers() -> None:
    (finding,) = by_student(scaled, work_out(scaled, RIGHT), TWICE).findings
    assert "it should be" in finding.message
    assert "(a tiny example: x = [[" in finding.message


def test_who_looks_the_released_answers_up_gets_nothing_for_it_in_grading() -> None:
    expected = work_out(scaled, RIGHT)
    known = {
        kinds(scaled)[one.place].draw(scaled, one.place, one.attempt).inputs["x"].tobytes(): one
        for one in expected.rights
    }

    def looked_up(x: np.ndarray, scale: float) -> np.ndarray:
        return known[x.tobytes()].outputs["out"] if x.tobytes() in known else np.zeros_like(x)

    answer = {"scaled": looked_up}
    assert by_student(scaled, expected, answer).status == "passed"
    from autograder.judge import judge

    graded = judge(scaled, local(scaled, answer), reference=local(scaled, RIGHT))
    assert graded.score == 0


@exercise("x: N, y: N -> larger: bool", points=1, checks=[Reference()])
def larger(student, x, y):
    """A yes or no."""
    return {"larger": student.larger(x, y)}


def test_a_yes_or_no_is_left_to_grading_unless_the_author_says_otherwise() -> None:
    answer = {"larger": lambda x, y: bool(x.sum() > y.sum())}
    expected = work_out(larger, answer)
    assert expected == Expected()
    (finding,) = by_student(larger, expected, answer).findings
    assert (finding.passed, finding.message) == (None, FEW)
    larger.released = True
    assert by_student(larger, work_out(larger, answer), answer).status == "passed"


@exercise(
    "x: N D -> out: N D",
    points=1,
    sizes={"N": (50, 400), "D": (50, 60)},
    cases=[case("more than there is room for", sizes={"N": 500})],
    checks=[Reference()],
)
def doubled(student, x):
    """Of many sizes, few of which are small."""
    return {"out": student.doubled(x)}


def test_what_is_too_large_is_drawn_again_until_it_is_small_enough() -> None:
    answer = {"doubled": lambda x: 2 * x}
    expected = work_out(doubled, answer)
    assert [one.place for one in expected.rights] == [0, 1]
    assert any(one.attempt > 0 for one in expected.rights)
    assert all(one.outputs["out"].nbytes <= MOST_BYTES for one in expected.rights)
    assert by_student(doubled, expected, answer).status == "passed"


def test_an_author_may_keep_it_back() -> None:
    kept = Exercise(**{**vars(scaled), "released": False})
    assert work_out(kept, RIGHT) == Expected()


def test_other_inputs_than_at_release_are_noticed_and_judged_by_nobody() -> None:
    expected = work_out(scaled, RIGHT)
    drawn = dict(scaled.given)
    scaled.given = {"scale": lambda rng, sizes: float(rng.uniform(5, 6))}
    try:
        (finding,) = by_student(scaled, expected, TWICE).findings
    finally:
        scaled.given = drawn
    assert (finding.passed, finding.message) == (None, OTHERS)


@pytest.mark.parametrize("change", [1e-3, -1.0, np.nan])
def test_a_fingerprint_tells_inputs_apart_and_not_roundings(change: float) -> None:
    inputs = {"x": np.arange(6.0).reshape(2, 3), "config": {"rate": 0.1, "name": "adam"}, "k": 3}
    changed = {**inputs, "x": inputs["x"] + np.eye(2, 3) * change}
    rounded = {**inputs, "x": inputs["x"] * (1 + 1e-15)}
    assert same_inputs(fingerprint(inputs), fingerprint(rounded))
    assert not same_inputs(fingerprint(inputs), fingerprint(changed))
    other = {**inputs, "config": {"rate": 0.1, "name": "sgd"}}
    assert not same_inputs(fingerprint(inputs), fingerprint(other))


def test_where_nothing_is_known_it_says_why() -> None:
    trial = Trial(scaled, lambda batch, /, *, count_work=False: [Evaluation()], None)  # type: ignore[arg-type]
    found = Here(None, None, "waits for grading: the file is not there")(trial, scaled.checks[0])
    assert (found.passed, found.message) == (None, "waits for grading: the file is not there")
