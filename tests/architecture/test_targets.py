"""What a target of the Makefile looks for lies in the folders that it looks in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TARGETS = re.findall(
    r"pytest .*-m (\w+)((?: tests[\w/]*)*)$", (ROOT / "Makefile").read_text(), re.M
)


@pytest.mark.parametrize(("mark", "folders"), TARGETS, ids=[mark for mark, _ in TARGETS])
def test_no_marked_test_is_out_of_a_targets_sight(mark: str, folders: str):
    marked = {
        path.relative_to(ROOT)
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(rf"\bmark\.{mark}\b", path.read_text()) and path != Path(__file__)
    }
    assert marked
    seen = [Path(folder) for folder in folders.split()] or [Path("tests")]
    assert {path for path in marked if not any(map(path.is_relative_to, seen))} == set()
