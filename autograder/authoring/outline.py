"""A course at a glance: its assignments in their order, with titles and due dates, as their texts
say it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from .build import assignments_in_source
from .text import Text, read_text


@dataclass(frozen=True)
class OutlinedAssignment:
    """One line of the outline. ``title`` is the text's first heading; ``due`` has the zone it was
    written in, and is None where the text says nothing.
    """

    name: str
    title: str
    order: float
    points: float
    due: datetime | None


def course_outline(root: Path) -> list[OutlinedAssignment]:
    """The assignments of ``source/`` in the course's order. Raises AuthoringError."""
    found = [_outlined(root, name) for name in assignments_in_source(root)]
    return sorted(found, key=lambda one: (one.order, one.name))


def _outlined(root: Path, name: str) -> OutlinedAssignment:
    text = read_text(root / "source" / name / f"{name}.md", f"source/{name}/{name}.md")
    return OutlinedAssignment(name, _title(text) or name, text.order, text.points, text.due)


def _title(text: Text) -> str:
    lines = (line for cell in text.cells if cell.kind == "markdown" for line in _lines(cell.source))
    return next((line[2:].strip() for line in lines if line.startswith("# ")), "")


def _lines(source: str) -> list[str]:
    return [line.strip() for line in source.splitlines()]
