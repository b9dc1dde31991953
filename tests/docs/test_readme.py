"""README's table and picture, and the example for authors, are what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from autograder.exercise.load import load
from autograder.judge import judge
from autograder.watch.evaluate import local

from . import module_of
from .fences import fences

ROOT = Path(__file__).resolve().parents[2]
RIGHT = {
    "relu_forward": lambda x: (np.maximum(x, 0), x),
    "relu_backward": lambda dout, x: dout * (x > 0),
}
WRONG = {**RIGHT, "relu_backward": lambda dout, x: dout.copy()}


def test_the_table_is_what_the_assignments_say() -> None:
    page = module_of("readme_page")
    text = page.PAGE.read_text()
    assert page.with_table(text) == text, "python -m docs.readme_page writes it anew"
    assert text.count("\n| ") > 5


def test_the_picture_shows_what_the_report_says() -> None:
    """Steps apart, which differ from one Python to the next, and bounds of rounding; never
    points.
    """
    screenshots = module_of("screenshots")
    kept, now = screenshots.SAID.read_text(), screenshots.report()
    stale = "the picture is not what the code says: python -m docs.screenshots makes it anew"
    assert _plain(kept) == _plain(now), stale


def _plain(said: str) -> str:
    return re.sub(r"\d+ steps|± \S+;", "#", " ".join(said.split()))


@pytest.fixture(scope="module")
def relu():
    blocks = fences(ROOT / "docs/authoring.md", "docs/authoring.md")
    wanted = "source/relu/exercises.py"
    (example,) = (one.text for one in blocks if one.marks.get("file") == wanted)
    return load({"exercises.py": example.encode()}, Path("relu")).exercises["relu"]


def test_a_right_answer_earns_every_point(relu) -> None:
    verdict = judge(relu, local(relu, RIGHT), reference=local(relu, RIGHT), seed=1)
    assert (verdict.status, verdict.score) == ("passed", 10), verdict.sentence()


def test_a_wrong_gradient_is_found_without_the_reference(relu) -> None:
    verdict = judge(relu, local(relu, WRONG), seed=1)
    assert [one.check for one in verdict.findings if one.passed is False] == ["Gradient dx"]
