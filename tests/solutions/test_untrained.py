"""Exercises that train or search judge that the submitted code did it."""

from __future__ import annotations

import pytest

from .audited import audited, one_in_three
from .untrained import UNTRAINED

TRIVIAL = 1 / 4
"""Of the points: what the right shapes, and a bar that least squares clear, are worth at most."""


@pytest.mark.parametrize(
    "title", one_in_three(pytest.param(title, id=title) for title in UNTRAINED)
)
def test_who_trains_nothing_earns_next_to_nothing(title: str) -> None:
    assignment, name, answers = UNTRAINED[title]
    audit = audited(assignment)
    train = (
        assignment != "cnn"
    )  # there the network is the check's own: it tells digits apart or not
    judged = audit.verdict(name, {**audit.right, **answers}, 11, train=train)
    passed = [(finding.check, finding.share) for finding in judged.findings if finding.passed]
    assert not judged.note
    assert judged.score <= TRIVIAL * judged.points, passed
