"""What a feedback page begins with: where points were lost, what a person has yet to read, and what
has all its points.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from ..course.marks import check_of, verdicts_on_record


@dataclass(frozen=True)
class Part:
    """A graded cell: its id on the page, what it is called, its points, why some are missing."""

    id: str
    name: str
    score: float
    points: float
    why: str = ""


@dataclass
class Contents:
    """The graded cells of a page, each in one of three lists."""

    lost: list[Part] = field(default_factory=list)
    waiting: list[Part] = field(default_factory=list)
    whole: list[Part] = field(default_factory=list)

    @property
    def parts(self) -> int:
        """How many graded cells there are."""
        return len(self.lost) + len(self.waiting) + len(self.whole)


def contents_of(nb: Any, waiting: Collection[str]) -> Contents:
    """The contents of a graded notebook whose cells have their scores. ``waiting`` names the cells
    that wait for a person.
    """
    made = Contents()
    for part in _parts(nb):
        written = part.id in waiting
        found = made.lost if part.score < part.points else made.whole
        (made.waiting if written else found).append(part)
    return made


def _parts(nb: Any) -> Iterator[Part]:
    reasons = _reasons(nb)
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader", {})
        if not mark.get("grade"):
            continue
        score, points = float(mark.get("score") or 0.0), float(mark.get("points") or 0.0)
        name = check_of(cell) or str(mark["grade_id"]).replace("-", " ")
        why = reasons.get(name, "") or (_first_line(mark) if mark.get("solution") else "")
        yield Part(mark["grade_id"], name, score, points, why if score < points else "")


def _reasons(nb: Any) -> dict[str, str]:
    """Exercise -> the sentence that says why points are missing."""
    try:
        verdicts = [one.verdict for one in verdicts_on_record(nb)]
    except KeyError:  # nobody judged it
        return {}
    return {one.name: one.sentence() for one in verdicts}


def _first_line(mark: Any) -> str:
    """What a person said of a written answer, in short."""
    said = str(mark.get("comment") or "").strip().splitlines()
    return said[0][:200] if said else ""
