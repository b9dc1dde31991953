"""What the oracle says to right answers, wrong answers, and those it does not judge."""

from __future__ import annotations

import json

import numpy as np
import pytest

from autograder.oracle.challenges import Challenges
from autograder.oracle.quotas import Allowance, TooMany, Turns, Window

from .conftest import Served


def same(name, array):
    return array


def test_a_right_answer_passes(tiny_oracle: Served):
    for exercise in tiny_oracle.exercises():
        (finding,), _ = tiny_oracle.ask(exercise, same)
        assert finding["passed"] is True
        assert finding["message"] == "equal to the reference in 2 situations"


@pytest.mark.integration
def test_a_known_mistake_is_named_and_located(course_oracle: Served):
    challenge = course_oracle.challenge("svm_loss_vectorized", "svm")
    truth = course_oracle.truth("svm_loss_vectorized", challenge, "svm")
    for one, (_, inputs) in zip(truth, challenge.cases, strict=True):
        one["dW"] = one["dW"] - 1 * inputs["reg"] * inputs["W"]  # the derivative of reg/2 W**2
    loss, gradient = course_oracle.answer(challenge, truth)
    assert loss["passed"] is True
    assert gradient["passed"] is False
    assert gradient["message"] == "dW is not right anywhere."
    assert "2" in gradient["hint"]
    assert "reg" in gradient["hint"]


def test_one_wrong_column_is_located(course_oracle: Served):
    def last_column(name, array):
        return np.concatenate([array[:, :-1], array[:, -1:] + 1], axis=1) if name == "dW" else array

    (loss, gradient), truth = course_oracle.ask("svm_loss_vectorized", last_column, "svm")
    last = truth[0]["dW"].shape[1] - 1
    assert loss["passed"]
    assert gradient["message"] == f"dW is not right: only for C = {last} (of 0 to {last})."


def test_a_wrong_shape_and_a_missing_output_are_said(tiny_oracle: Served):
    (finding,), _ = tiny_oracle.ask(
        "half_square", lambda name, array: array[..., None] if name == "dw" else array
    )
    assert finding["message"] == "dw has the wrong shape: see Dimensions."
    challenge = tiny_oracle.challenge("row_sums")
    (finding,) = tiny_oracle.answer(challenge, [{} for _ in challenge.cases])
    assert (finding["passed"], finding["message"]) == (
        False,
        "the answer gave no array or number",
    )


@pytest.mark.parametrize(
    ("assignment", "exercise"), [("svm", "notes_errata"), ("backprop", "gate_claims")]
)
def test_what_has_one_answer_for_all_inputs_waits(course_oracle: Served, assignment, exercise):
    asked = json.dumps({"assignment": assignment, "exercise": exercise}).encode()
    status, body = course_oracle.request("POST", "challenges", asked)
    assert status == 409
    assert json.loads(body)["detail"].startswith("waits for grading")


@pytest.mark.integration
def test_all_other_exercises_of_the_course_are_judged(course_oracle: Served):
    seen = 0
    for assignment in ("svm", "softmax", "backprop"):
        for name, exercise in course_oracle.exercises(assignment).items():
            if exercise.inputs and any(check.needs_reference for check in exercise.checks):
                findings, _ = course_oracle.ask(name, same, assignment)
                passed = [finding["passed"] for finding in findings]
                assert True in passed, (name, findings)
                assert False not in passed, (name, findings)
                seen += 1
    assert seen > 40


def test_inputs_are_fresh_each_time(tiny_oracle: Served):
    drawn = [tiny_oracle.challenge("row_sums").cases[0][1]["x"].tobytes() for _ in range(20)]
    assert len(set(drawn)) == 20


def test_what_was_asked_and_said_is_on_record(tiny_oracle: Served):
    tiny_oracle.ask("row_sums", same, user="recorded")
    tiny_oracle.request("POST", "challenges", b"{", user="recorded")
    challenge, verdict, refused = tiny_oracle.audit("recorded")
    assert (challenge["event"], challenge["exercise"]) == ("challenge", "row_sums")
    assert (verdict["event"], verdict["id"], verdict["findings"][0]["passed"]) == (
        "verdict",
        challenge["id"],
        True,
    )
    assert (refused["event"], refused["status"]) == ("refused", 422)
    assert {one["user"] for one in (challenge, verdict, refused)} == {"recorded"}
    assert tiny_oracle.log.stat().st_mode & 0o077 == 0


def test_a_challenge_ends():
    now = [0.0]
    challenges = Challenges(lambda: now[0], lives=300)
    one = challenges.open("ada", "svm", "svm_loss", 1, 1, ("loss",))
    late = challenges.open("ada", "svm", "svm_loss", 2, 1, ("loss",))
    now[0] = 299
    assert challenges.take("ben", one.id) is None
    assert challenges.take("ada", one.id) is one
    assert challenges.take("ada", one.id) is None
    now[0] = 301
    assert challenges.take("ada", late.id) is None
    many = [challenges.open("ada", "svm", "svm_loss", k, 1, ("loss",)) for k in range(9)]
    assert challenges.take("ada", many[0].id) is None  # only the last eight are kept
    assert challenges.take("ada", many[1].id) is many[1]


def test_windows_slide():
    now = [0.0]
    window = Window(Allowance(2, 10), Allowance(3, 100), clock=lambda: now[0])
    window.spend("ada")
    now[0] = 4.0
    window.spend("ada")
    with pytest.raises(TooMany) as wait:
        window.spend("ada")
    assert wait.value.seconds == 6
    window.spend("ben")
    now[0] = 10.5
    window.spend("ada")
    now[0] = 60
    with pytest.raises(TooMany) as wait:
        window.spend("ada")
    assert wait.value.seconds == 40
    now[0] = 100.5
    window.spend("ada")


def test_turns_are_given_back():
    turns = Turns(1)
    with turns.one("ada"):
        with turns.one("ben"):
            pass
        with pytest.raises(TooMany), turns.one("ada"):
            pass
    with turns.one("ada"):
        pass
