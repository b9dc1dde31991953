"""Trying to get an answer out of the oracle."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator

import numpy as np
import pytest

from autograder.oracle.packets import Arrays, pack_outputs

from ..parts import one_in
from .conftest import Served

rng = np.random.default_rng(0)

PROBES = {
    "zeros": lambda name, array: np.zeros_like(array),
    "ones": lambda name, array: np.ones_like(array),
    "doubled": lambda name, array: array * 2,
    "negated": lambda name, array: ~array if array.dtype.kind == "b" else -array,
    "nan": lambda name, array: np.full(array.shape, np.nan),
    "infinite": lambda name, array: np.full(array.shape, -np.inf),
    "huge": lambda name, array: np.full(array.shape, 1e308),
    "noise": lambda name, array: rng.standard_normal(array.shape),
    "complex": lambda name, array: np.asarray(array * (1 + 1j)),
    "whole": lambda name, array: np.asarray(np.round(np.nan_to_num(array))).astype(np.int64),
    "nothing": lambda name, array: np.zeros((0, *array.shape)),
    "one too many": lambda name, array: np.stack([array, array]),
    "almost": lambda name, array: (
        array * (1 + 1e-5) if array.dtype.kind == "f" else array + np.ones_like(array)
    ),
}


def numbers_in(text: str) -> set[float]:
    """Every number that a text states."""
    return {float(word) for word in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?", text)}


def values_of(outputs: list[Arrays]) -> Iterator[float]:
    for one in outputs:
        for array in one.values():
            if array.dtype.kind == "f":
                yield from (float(value) for value in np.ravel(array) if np.isfinite(value))


@pytest.mark.parametrize("probe", one_in(6, map(pytest.param, PROBES), pytest.mark.integration))
def test_no_answer_brings_out_a_value(course_oracle: Served, probe: str):
    """Whatever is sent, no number in what comes back is a number of the reference (beyond whole
    ones and indices).
    """
    told = 0
    for exercise in (
        "svm_loss_vectorized",
        "margin_violations",
        "LinearSVM",
        "rel_error",
        "L_i_vectorized",
    ):
        findings, truth = course_oracle.ask(exercise, PROBES[probe], "svm")
        told += sum(finding["passed"] is False for finding in findings)
        # a hint is a sentence from the catalogue, the same for everybody; the message is made for
        # this answer
        said = numbers_in(" ".join(finding["message"] for finding in findings))
        assert all(float(one).is_integer() and 0 <= one < 100 for one in said), (exercise, findings)
        hidden = {f"{value:.4g}" for value in values_of(truth) if not float(value).is_integer()}
        assert not hidden & {f"{one:.4g}" for one in said}
        assert all(
            set(finding) == {"check", "passed", "message", "hint", "part"} for finding in findings
        )
    assert told >= 5


@pytest.mark.integration
def test_a_hint_is_a_sentence_of_the_catalogue(course_oracle: Served):
    from autograder.course.assignment import load_assignment

    mistakes = load_assignment(course_oracle.course, "svm").mistakes
    assert mistakes is not None
    catalogue = {hint for hints in mistakes.module.HINTS.values() for hint in hints.values()}
    for probe in PROBES.values():
        findings, _ = course_oracle.ask("svm_loss_vectorized", probe, "svm")
        for finding in findings:
            for hint in finding["hint"].split(" And: "):
                assert hint in catalogue | {""}


def test_the_scale_of_an_answer_is_no_yardstick(course_oracle: Served):
    """One huge entry must not turn "is it right" into "is it within a distance of my choosing" for
    the others.
    """

    def told(off: float) -> str:
        def send(name, array):
            if name != "dW":
                return array
            sent = array + off
            sent[0, 0] = 1e30
            return sent

        (_, gradient), _ = course_oracle.ask("svm_loss_vectorized", send, "svm")
        return gradient["message"]

    assert told(1e-3) == told(1e3) == "dW is not right anywhere."


def test_few_valued_outputs_are_not_located(course_oracle: Served):
    """Where the truth is a mask, the region in which a mask of False is wrong would be the
    truth.
    """

    def none(name, array):
        return np.zeros_like(array) if name == "mask" else array

    for _ in range(10):
        (finding,), truth = course_oracle.ask("margin_violations", none, "svm")
        wrong = any(one["mask"].any() for one in truth)
        assert finding["passed"] is not wrong
        assert re.fullmatch(r"mask is not right( \([a-z ]+\))?\.", finding["message"]) or not wrong


@pytest.mark.integration
def test_two_answers_to_one_challenge_are_one_too_many(tiny_oracle: Served):
    """Guessing at fixed inputs would be an equality oracle."""
    challenge = tiny_oracle.challenge("row_sums")
    truth = tiny_oracle.truth("row_sums", challenge)
    tiny_oracle.answer(challenge, [{"total": one["total"] * 0} for one in truth])
    status, _ = tiny_oracle.request(
        "POST", f"challenges/{challenge.id}/outputs", pack_outputs(truth)
    )
    assert status == 404
    broken = tiny_oracle.challenge("row_sums")
    assert tiny_oracle.request("POST", f"challenges/{broken.id}/outputs", b"PK")[0] == 422
    assert (
        tiny_oracle.request("POST", f"challenges/{broken.id}/outputs", pack_outputs(truth))[0]
        == 404
    )


def test_a_challenge_is_its_owners(tiny_oracle: Served):
    challenge = tiny_oracle.challenge("row_sums", user="ada")
    truth = pack_outputs(tiny_oracle.truth("row_sums", challenge))
    assert tiny_oracle.request("POST", f"challenges/{challenge.id}/outputs", truth, "ben")[0] == 404
    assert tiny_oracle.request("POST", f"challenges/{challenge.id}/outputs", truth, "ada")[0] == 200


@pytest.mark.parametrize(
    "extra",
    [
        {"seed": 1},
        {"inputs": {"x": [[1.0]]}},
        {"cases": []},
        {"tolerance": 1e9},
        {"reference": "me"},
    ],
)
def test_nobody_chooses_the_inputs(tiny_oracle: Served, extra):
    asked = json.dumps({"assignment": "tiny", "exercise": "row_sums", **extra}).encode()
    assert tiny_oracle.request("POST", "challenges", asked)[0] == 422


@pytest.mark.parametrize(
    ("assignment", "exercise"),
    [
        ("../../solutions", "tiny"),
        ("tiny/../tiny", "row_sums"),
        ("solutions", "row_sums"),
        ("/etc", "passwd"),
        ("tiny\0", "row_sums"),
        ("*", "row_sums"),
        ("tiny", "__class__"),
        ("tiny", "row_sums.probe"),
        ("tiny", "half_square\n"),
        ("TINY", "row_sums"),
    ],
)
def test_only_released_exercises_exist(tiny_oracle: Served, assignment: str, exercise: str):
    asked = json.dumps({"assignment": assignment, "exercise": exercise}).encode()
    status, body = tiny_oracle.request("POST", "challenges", asked)
    assert status == 404
    assert b"solutions" not in body


@pytest.mark.parametrize(
    "path",
    [
        "../../solutions/tiny.py",
        "%2e%2e/%2e%2e/solutions/tiny.py",
        "docs",
        "openapi.json",
        "redoc",
        "challenges",
        "metrics",
    ],
)
def test_there_is_nothing_else_to_get(tiny_oracle: Served, path: str):
    status, body = tiny_oracle.request("GET", path)
    assert 400 <= status < 500
    assert b"def " not in body


def test_the_reference_is_not_in_what_is_sent(tiny_oracle: Served):
    """A challenge has inputs and titles; the outputs' true bytes are nowhere in it."""
    asked = json.dumps({"assignment": "tiny", "exercise": "half_square"}).encode()
    _, body = tiny_oracle.request("POST", "challenges", asked)
    from autograder.oracle.packets import read_challenge

    for one in tiny_oracle.truth("half_square", read_challenge(body)):
        for array in one.values():
            assert array.tobytes() not in body
            assert array.astype(np.float32).tobytes() not in body


def test_who_may_not_ask(tiny_oracle: Served):
    asked = json.dumps({"assignment": "tiny", "exercise": "row_sums"}).encode()
    for value, status in {
        "": 401,
        "token": 401,
        "token x": 401,
        "basic token-of-ada": 401,
        "token token-of-ada token-of-ada": 401,
        "token bogus-of-ada": 403,
        "token visitor-of-ada": 403,  # in the Hub, but without the scope
        "token service-of-ada": 403,  # a service is no student
        "token token-of-ada": 200,
        "bearer token-of-ada": 200,
    }.items():
        assert tiny_oracle.request("POST", "challenges", asked, Authorization=value)[0] == status, (
            value
        )


def test_names_cannot_leave_the_log(tiny_oracle: Served):
    for user in ("..", "a/../../b", "x" * 300):
        asked = json.dumps({"assignment": "tiny", "exercise": "row_sums"}).encode()
        escaped = urllib.parse.quote(user, safe="./")
        assert tiny_oracle.request("POST", "challenges", asked, user=escaped)[0] in (200, 401)
    assert all(path.parent == tiny_oracle.log for path in tiny_oracle.log.rglob("*"))


def test_the_students_process_cannot_be_told_by_grading_inputs(tiny_oracle: Served):
    """What the oracle judges says nothing of the inputs that grading will draw: seeds are 63 random
    bits, and on record.
    """
    seeds = [one["seed"] for one in tiny_oracle.audit() if one["event"] == "challenge"]
    assert len(set(seeds)) == len(seeds)
    assert max(seeds).bit_length() > 50
