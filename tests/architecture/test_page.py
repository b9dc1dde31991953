"""docs/architecture.md draws the rooms as they are."""

from __future__ import annotations

import re

from .imports import ROOT
from .test_rooms import ROOMS

PAGE = (ROOT / "docs" / "architecture.md").read_text()


def test_the_page_lists_the_rooms_in_their_order() -> None:
    rows = re.findall(r"^\| ((?:`[\w/]+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    listed = [
        name.rstrip("/").replace("/", ".")
        for row in rows
        for name in re.findall(r"`([\w/]+)`", row)
    ]
    assert listed[: len(ROOMS)] == list(ROOMS)


def test_the_files_that_the_page_names_exist() -> None:
    named = set(re.findall(r"`((?:\w+/)+\w+)`", PAGE)) - {
        "wall/inside",
        "wall/outside",
        "wall/wire",
    }
    assert [name for name in sorted(named) if not _is_there(name)] == []


def _is_there(name: str) -> bool:
    places = [ROOT / name, ROOT / "autograder" / name]
    return any(place.exists() or place.with_suffix(".py").exists() for place in places)
