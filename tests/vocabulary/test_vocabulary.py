"""What exercises are written with: a line says what fifteen said, and means the same."""

from __future__ import annotations

import numpy as np
import pytest

from autograder import (
    Exercise,
    case,
    claims,
    draws,
    exercise,
    function,
    layer,
    must,
    property_of,
)
from autograder.checks import Dimensions, Reference, Vectorised, close
from autograder.errors import DimsError, ExerciseError
from autograder.judge import judge
from autograder.language.signature import read_signature
from autograder.language.verdict import Verdict
from autograder.watch.evaluate import local


def judged(asked: Exercise, answers: dict, reference: dict | None = None) -> Verdict:
    there = local(asked, reference) if reference else None
    return judge(asked, local(asked, answers), reference=there, seed=1)


def messages(verdict: Verdict) -> list[str]:
    return [finding.message for finding in verdict.findings if finding.passed is False]


# --- signatures ---------------------------------------------------------------------------------


def test_a_signature_says_what_goes_in_and_out() -> None:
    inputs, outputs = read_signature("W: D C, X: N D, y: N int<C, reg -> loss, dW: D C")
    assert list(inputs.items()) == [("W", "D C"), ("X", "N D"), ("y", "N int<C"), ("reg", "")]
    assert outputs == {"loss": "", "dW": "D C"}


def test_nothing_may_go_in() -> None:
    assert read_signature("-> y: int") == ({}, {"y": "int"})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x: N D", "no signature"),
        ("x N: D -> y", "'x N: D'"),
        ("x: N, x: D -> y", "'x' stands twice"),
    ],
)
def test_a_signature_that_cannot_be_read_is_quoted(text: str, says: str) -> None:
    with pytest.raises(DimsError, match=says):
        read_signature(text)


# --- functions ----------------------------------------------------------------------------------


def square_sum(x: np.ndarray) -> tuple[float, np.ndarray]:
    return float(np.sum(x * x)), 2 * x


def squares() -> Exercise:
    checks = [Dimensions(1), Reference(2)]
    return function("square_sum", "x: N D -> loss, dx: N D", points=3, checks=checks)


def test_a_function_in_a_line_means_what_its_probe_meant() -> None:
    @exercise(points=3, inputs={"x": "N D"}, outputs={"loss": "", "dx": "N D"})
    def square_sum_by_hand(student, x):
        loss, dx = student.square_sum(x)
        return {"loss": loss, "dx": dx}

    square_sum_by_hand.checks = [Dimensions(1), Reference(2)]
    for answer in (square_sum, lambda x: (float(np.sum(x)), 2 * x), lambda x: (1.0, 2 * x.T)):
        short, long = (
            judged(one, {"square_sum": answer}, {"square_sum": square_sum})
            for one in (squares(), square_sum_by_hand)
        )
        assert short.score == long.score
        assert messages(short) == messages(long)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda x: None, "square_sum returned None: is there a return?"),
        (
            lambda x: 1.0,
            "square_sum returned one float; it must end with return (loss, dx), 2 values",
        ),
        (
            lambda x: (1.0, x, x),
            "square_sum returned 3 values; it must end with return (loss, dx), 2 values",
        ),
    ],
)
def test_what_was_returned_instead_is_said(answer, says: str) -> None:
    assert messages(judged(squares(), {"square_sum": answer}))[0] == says


def test_a_probe_may_take_the_rest_of_its_inputs_together() -> None:
    @exercise("x: N, W1: N, k, W2: N -> y: N", points=1, checks=[Dimensions(1)])
    def summed(student, x, k, **params):
        return {"y": student.summed(x, params, k)}

    def right(x, params, k):
        return x + k * params["W1"] * params["W2"]

    assert judged(summed, {"summed": right}).status == "passed"
    assert list(summed.inputs) == ["x", "W1", "k", "W2"]


def test_a_probe_that_takes_the_rest_names_inputs_in_their_order() -> None:
    def summed(student, k, x, **params):
        return {"y": x}

    with pytest.raises(ExerciseError, match=r"the probe takes \['k', 'x'\]"):
        exercise("x: N, k -> y: N", points=1)(summed)


def test_an_exercise_knows_the_line_it_stands_in() -> None:
    here = test_an_exercise_knows_the_line_it_stands_in.__code__.co_firstlineno
    one = function("f", "x -> y", points=1)
    assert one.where == (__file__, here + 2)


# --- layers -------------------------------------------------------------------------------------


def affine_forward(x, w, b):
    return x @ w + b, (x, w)


def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


RIGHT = {"affine_forward": affine_forward, "affine_backward": affine_backward}


def affine() -> Exercise:
    return layer(
        "affine", "x: N D, w: D M, b: M -> out: N M", points=4, checks=[Vectorised("N", 0.1)]
    )


def test_a_layer_in_a_line_passes_when_right() -> None:
    verdict = judged(affine(), RIGHT, RIGHT)
    assert verdict.status == "passed", messages(verdict)
    assert [one.check for one in verdict.findings] == [
        "Dimensions",
        "Gradient dx, dw, db",
        "Right values",
        "Vectorised over N",
    ]


def test_a_wrong_gradient_of_a_layer_is_caught_without_the_reference() -> None:
    def forgets_the_sum(dout, cache):
        x, w = cache
        return dout @ w.T, x.T @ dout, dout.mean(axis=0)

    verdict = judged(affine(), {**RIGHT, "affine_backward": forgets_the_sum})
    assert [one.check for one in verdict.findings if one.passed is False] == ["Gradient dx, dw, db"]


def test_indices_have_no_gradient() -> None:
    lookup = layer("lookup", "x: N int<V, W: V D -> out: N D", points=2)
    right = {
        "lookup_forward": lambda x, W: (W[x], (x, W.shape)),
        "lookup_backward": lambda dout, cache: _scattered(dout, *cache),
    }
    assert list(lookup.outputs) == ["out", "dW"]
    assert judged(lookup, right, right).status == "passed"


def _scattered(dout, x, shape):
    dW = np.zeros(shape)
    np.add.at(dW, x, dout)
    return dW


def test_a_backward_pass_without_return_is_named() -> None:
    verdict = judged(affine(), {**RIGHT, "affine_backward": lambda dout, cache: None})
    assert "affine_backward returned None" in messages(verdict)[0]


# --- claims -------------------------------------------------------------------------------------


def test_claims_are_called_by_their_letters() -> None:
    one = claims("which", "abc", points=2, shares=(0.5, 1.5))
    right = {"which": lambda: {"a": True, "b": False, "c": True}}
    assert judged(one, right, right).score == 2
    wrong = judged(one, {"which": lambda: {"a": True, "b": True, "c": True}}, right)
    assert wrong.score < 2
    assert one.said_at("claims", [1]) == "claim (b)"


# --- properties ---------------------------------------------------------------------------------


def test_a_property_stands_with_its_title_share_and_hint() -> None:
    one = function("f", "x: N -> y: N", points=2, checks=[Dimensions(1)])

    @property_of(one, "Nothing below zero", 1, "Take the maximum with 0.")
    def positive(ask):
        x, y = ask(x=np.array([-1.0, 2.0]))
        must((y["y"] >= 0).all(), f"x = {x['x'][0]:g} gives {y['y'][0]:g}.")

    assert judged(one, {"f": lambda x: np.maximum(x, 0)}).score == 2
    wrong = judged(one, {"f": lambda x: x.copy()})
    (finding,) = (finding for finding in wrong.findings if finding.passed is False)
    assert (finding.check, finding.message, finding.share) == (
        "Nothing below zero",
        "x = -1 gives -1.",
        1,
    )
    assert finding.hint == "Take the maximum with 0."


def test_a_property_returns_the_sentence_that_does_not_hold() -> None:
    one = function("f", "x: N -> y: N", points=2, checks=[Dimensions(1)])

    @property_of(one, "Nothing below zero", 1)
    def positive(ask):
        _, out = ask(x=np.array([-1.0, 2.0]))
        if not (out["y"] >= 0).all():
            return "nothing may be negative."

    assert judged(one, {"f": lambda x: np.maximum(x, 0)}).score == 2
    assert messages(judged(one, {"f": lambda x: x.copy()})) == ["nothing may be negative."]


def test_a_property_may_hold_for_several_exercises() -> None:
    first, second = (
        function(name, "x: N -> y: N", points=2, checks=[Dimensions(1)]) for name in "fg"
    )

    @property_of(first, "Linear", 1)
    @property_of(second, "Linear", 3)
    def linear(ask):
        inputs, out = ask()
        _, twice = ask(inputs, x=2 * inputs["x"])
        must(close(twice["y"], 2 * out["y"]), "twice the input must give twice the output.")

    for one in (first, second):
        assert judged(one, {one.name: lambda x: 3 * x}).score == 2
        assert judged(one, {one.name: np.sin}).score < 2


def titles_of(checks: list, *stated: str) -> list[str]:
    one = function("f", "x: N -> y: N", points=1, checks=checks)
    for title in stated:
        property_of(one, title, 1)(lambda ask: None)
    return [check.title for check in one.checks]


def test_properties_stand_where_dots_stand() -> None:
    first, last = Dimensions(1), Reference(2)
    assert titles_of([first, ..., last], "A", "B") == ["Dimensions", "A", "B", "Right values"]
    assert titles_of([first, last], "A", "B") == ["Dimensions", "Right values", "A", "B"]
    assert titles_of([..., first, last], "A", "B") == ["A", "B", "Dimensions", "Right values"]
    assert titles_of([first, ..., last]) == ["Dimensions", "Right values"]


def test_of_several_places_each_takes_one_property_and_the_last_the_rest() -> None:
    checks = [Dimensions(1), ..., Reference(2), ..., Vectorised("N", 1)]
    assert titles_of(checks, "A", "B", "C") == [
        *("Dimensions", "A", "Right values", "B", "C", "Vectorised over N")
    ]


def test_asking_draws_as_a_case_says() -> None:
    seen = []
    one = function("f", "x: N, k -> y: N", points=1, checks=[Dimensions(1)])

    @property_of(one, "Asked", 1)
    def asked(ask):
        inputs, _ = ask(case("two", sizes={"N": 2}, k=7.0))
        seen.append((len(inputs["x"]), inputs["k"]))

    judged(one, {"f": lambda x, k: k * x})
    assert seen == [(2, 7.0)]


# --- draws --------------------------------------------------------------------------------------


def test_draws_have_the_sizes_and_types_that_they_say() -> None:
    rng, sizes = np.random.default_rng(0), {"N": 7, "D": 3}
    assert draws.normal("N", "D", 2)(rng, sizes).shape == (7, 3, 2)
    assert draws.always("tanh")(rng, sizes) == "tanh"
    assert 1 <= draws.number(1, 2)(rng, sizes) < 2
    assert {draws.whole(1, 3)(rng, sizes) for _ in range(50)} == {1, 2, 3}
    assert draws.whole(0, 4, "N")(rng, sizes).dtype == np.int64
    assert {draws.one_of(2, 5)(rng, sizes) for _ in range(50)} == {2, 5}
    assert 1e-5 <= draws.power_of_ten(-5, -3)(rng, sizes) < 1e-3
    assert abs(draws.scaled(10_000, "D")(rng, sizes).std() - 0.01) < 1e-3
    assert (draws.level(3.0, 1, "N", "D")(rng, sizes) == 3).all(axis=1).tolist() == [
        *(False, True, False, False, False, False, False)
    ]
    assert draws.size("N")(rng, sizes) == 7
    assert draws.size("S", 2)(rng, sizes) == 2
    assert set(draws.every_class("D")(rng, sizes)) == {0, 1, 2}
    assert draws.normal_like("x", 1e4)(rng, {"x": np.zeros((2, 3))}).shape == (2, 3)
    assert (draws.filled_like("y", 3)(rng, {"y": np.zeros(4, int)}) == 3).all()
    assert 0 <= draws.seed(rng, sizes) < 2**31


def test_a_case_that_overrides_no_input_is_refused() -> None:
    with pytest.raises(ExerciseError, match="'Z'"):
        function("f", "x: N -> y: N", points=1, cases=[case("odd", Z=1)])
