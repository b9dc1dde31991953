"""The number of attacks in docs/security.md is the number of attacks here."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from .attack import Attack
from .attacks import CATALOGUE, FAMILIES

PAGE = (Path(__file__).resolve().parents[2] / "docs/security.md").read_text()
DOORS: dict[str, Callable[[Attack], bool]] = {
    "`chainrule grade`, bubblewrap": lambda attack: "bubblewrap" not in attack.not_promised_by,
    "`chainrule grade`, landlock": lambda attack: (
        not attack.slow and "landlock" not in attack.not_promised_by
    ),
    "`nbgrader autograde`": lambda attack: attack.by_nbgrader,
}


def table() -> str:
    """By family and door, as the page has it."""
    rows = [["family", *DOORS], ["---", *("---:" for _ in DOORS)]]
    for family, attacks in {**FAMILIES, "**all**": CATALOGUE}.items():
        rows.append([family, *(str(sum(map(tried, attacks))) for tried in DOORS.values())])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def test_the_page_says_how_many_attacks_there_are():
    assert table() in PAGE, f"docs/security.md should have:\n{table()}"
