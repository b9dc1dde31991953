"""Forged frames are true to the protocol of today: nothing but their nonce, or who sends them,
speaks against them.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from courses.course import ROOT

from autograder.exercise.load import load, read_modules
from autograder.wall.wire import evaluations
from autograder.watch.evaluate import played

from .attack import Attack
from .attacks import CATALOGUE

TINY = ROOT / "tests/courses/tiny/source/tiny"
PROBE = load(read_modules(TINY), TINY).exercises["half_square"]
OF_CELLS = ("done", "out", "update", "clear")
"""Other kinds of frame that are read while a cell runs."""


def forged(attack: Attack) -> Iterator[dict[str, Any]]:
    """The frames that an attack spells out; names in them are filled in."""
    for source in ("\n".join(attack.cells), *attack.answers.values()):
        if "forge(" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id == "forge" and isinstance(node.args[0], ast.Dict):
                code = compile(ast.Expression(node.args[0]), "frame", "eval")
                yield eval(code, {"__builtins__": {}}, defaultdict(lambda: "a nonce"))


FRAMES = [(attack, frame) for attack in CATALOGUE for frame in forged(attack)]


@pytest.mark.parametrize(("attack", "frame"), FRAMES, ids=[one.name for one, _ in FRAMES])
def test_a_forged_frame_would_be_read(attack: Attack, frame: dict[str, Any]) -> None:
    assert "nonce" in frame
    if frame["kind"] in OF_CELLS:
        return
    assert frame["kind"] == "evaluations"
    (read,) = evaluations.unpack_evaluations(frame, b"", ["x", "w"], 1)
    assert read.transcript, attack.name
    found = played(PROBE, {"x": np.ones((3, 2)), "w": np.ones(2)}, read)
    assert found.failure is None


def test_frames_are_forged() -> None:
    assert {frame["kind"] for _, frame in FRAMES} >= {"done", "evaluations"}
