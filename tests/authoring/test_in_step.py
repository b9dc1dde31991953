"""The committed assignments are what a build makes of the committed sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring import assignments_in_source, in_step

HOME = Path(__file__).parents[2]


@pytest.mark.parametrize("name", assignments_in_source(HOME))
def test_the_committed_release_is_in_step(name: str) -> None:
    assert in_step(HOME, name) == [], "run 'make release' and commit assignments/"
