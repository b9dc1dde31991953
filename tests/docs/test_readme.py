"""README's example for authors works as it is printed."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from autograder.exercise.load import load
from autograder.judge import judge
from autograder.watch.evaluate import local

ROOT = Path(__file__).resolve().parents[2]
RIGHT = {
    "relu_forward": lambda x: (np.maximum(x, 0), x),
    "relu_backward": lambda dout, x: dout * (x > 0),
}
WRONG = {**RIGHT, "relu_backward": lambda dout, x: dout.copy()}


@pytest.fixture(scope="module")
def relu():
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    source = dedent("   " + example.removeprefix("   ")).encode()
    return load({"exercises.py": source}, Path("relu")).exercises["relu"]


def test_a_right_answer_earns_every_point(relu) -> None:
    verdict = judge(relu, local(relu, RIGHT), reference=local(relu, RIGHT), seed=1)
    assert (verdict.status, verdict.score) == ("passed", 10), verdict.sentence()


def test_a_wrong_gradient_is_found_without_the_reference(relu) -> None:
    verdict = judge(relu, local(relu, WRONG), seed=1)
    assert [one.check for one in verdict.findings if one.passed is False] == ["Gradient dx"]
