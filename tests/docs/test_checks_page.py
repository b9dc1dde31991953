"""docs/checks.md shows what the checks say, in their own words."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest

import autograder.checks

from . import module_of

NUMBER = re.compile(r"\d+(\.\d+)?")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def page() -> ModuleType:
    return module_of("checks_page")


def test_what_the_page_shows_is_what_the_code_says(page: ModuleType) -> None:
    """Numbers apart: they count bytecode, and end in rounding error."""
    shown = page.PAGE.read_text()
    assert NUMBER.sub("#", page.with_examples(shown)) == NUMBER.sub("#", shown)


def test_every_check_is_on_the_page(page: ModuleType) -> None:
    families = {
        "AllowedMeans",
        "Dimensions",
        "Gradient",
        "Property",
        "Reference",
        "Training",
        "Vectorised",
    }
    assert families <= set(autograder.checks.__all__)
    headings = {line[3:] for line in page.PAGE.read_text().splitlines() if line.startswith("## ")}
    assert headings == families
