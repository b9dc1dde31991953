"""Remembered: each question worked out once, in bounded memory."""

from __future__ import annotations

import numpy as np
import pytest

from autograder.language.verdict import Evaluation, Value
from autograder.watch.remembered import OVERHEAD, Remembered, digest

ENTRIES = 100
SIZE = OVERHEAD + 8 * ENTRIES


class Counted:
    """Evaluations of one array each; ``asked`` lists what had to be worked out."""

    def __init__(self, most: int) -> None:
        self.asked: list[str] = []
        self.kept = Remembered(most)

    def get(self, key: str) -> np.ndarray:
        def work_out() -> Evaluation:
            self.asked.append(key)
            return Evaluation({"x": Value(np.full(ENTRIES, float(ord(key))), "ndarray")})

        return self.kept.get(key, work_out).arrays()["x"]


def test_each_is_worked_out_once():
    counted = Counted(10 * SIZE)
    assert [counted.get(key)[0] for key in "abab"] == [97, 98, 97, 98]
    assert counted.asked == ["a", "b"]
    assert counted.kept.bytes == 2 * SIZE


def test_the_longest_unused_goes_first():
    counted = Counted(2 * SIZE)
    for key in "abaca":
        counted.get(key)
    assert counted.asked == ["a", "b", "c"]
    counted.get("b")
    assert counted.asked == ["a", "b", "c", "b"]
    assert counted.kept.bytes == 2 * SIZE


def test_what_is_too_large_is_given_and_not_kept():
    counted = Counted(SIZE - 1)
    assert counted.get("a")[0] == 97
    assert counted.kept.bytes == 0


def test_nobody_can_write_to_what_is_everybodys():
    with pytest.raises(ValueError, match="read-only"):
        Counted(SIZE).get("a")[0] = 1


def test_inputs_have_one_digest_by_value():
    rng = np.random.default_rng(0)
    x = rng.normal(size=3)
    assert digest({"x": x, "n": 2}) == digest({"x": x.copy(), "n": 2})
    assert digest({"x": x, "n": 2}) != digest({"x": x, "n": 3})
    assert digest({"x": x}) != digest({"x": np.nextafter(x, 1)})
