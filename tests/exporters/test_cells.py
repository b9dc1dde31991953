"""No cell of an export is a formula, whoever's name, id or address it is and however a spreadsheet
cuts the file.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
from nbgrader.api import Gradebook

from autograder.gradebook.exporters import CanvasExport, MoodleExport
from autograder.gradebook.exporters.cells import inert
from autograder.gradebook.release import alembic_on_path

FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\n\r =1",
    " =1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
    "Ada;=1",
    "Ada\n=1",
    "Ada|\uff1d1",
)
COMPUTED = re.compile("[\uff1d\uff0b\uff0d\uff20=+@-]")


def computed(cell: str) -> bool:
    """Whether a spreadsheet would compute any part, cut wherever spreadsheets cut."""
    return any(COMPUTED.match(part.strip()) for part in re.split(r"[;|\t\r\n]", cell))


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_becomes_text(text: str) -> None:
    assert computed(text)
    assert not computed(inert(text))


@pytest.mark.parametrize(
    "text", ["", "Lovelace, Ada", "o-neil@example.org", "a+b=c", "4711", "Zoë"]
)
def test_what_is_no_formula_stays(text: str) -> None:
    assert inert(text) == text


@pytest.mark.integration
@pytest.mark.parametrize("kind", [CanvasExport, MoodleExport])
def test_no_cell_of_a_file_is_computed(kind: Any, tmp_path: Path) -> None:
    with alembic_on_path(), Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as opened:
        book: Any = opened
        for number, text in enumerate(FORMULAS):
            named = {"first_name": text, "last_name": text, "email": text, "lms_user_id": text}
            book.update_or_create_student(text, **named)
            book.update_or_create_student(f"s{number}", **named)
        exporter = kind()
        exporter.to = str(tmp_path / "grades.csv")
        exporter.export(opened)
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(rows) >= 1 + 2 * len(FORMULAS)
    assert [cell for row in rows for cell in row if computed(cell)] == []
