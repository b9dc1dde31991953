"""What a student may know of a submission before anybody grades it: that it was received, whether
it could be judged, and the points for code, where the course allows it.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from ...classes.kept import RECEIVED
from ...report.words import plainly

UNREADABLE = (
    "Its files are too large, or cannot be read: hand in again with less beside the notebook."
)


@dataclass(frozen=True)
class Receipt:
    """``submission`` is the name of its folder in the exchange. ``problem`` says why it could not
    be judged, if so; ``points`` of ``total`` are those for code, None where they are not told, or
    judging failed by a fault of ours.
    """

    submission: str
    judged: bool
    problem: str | None = None
    points: float | None = None
    total: float | None = None

    def sentence(self) -> str:
        """For the student."""
        if self.problem:
            return f"received. {self.problem}"
        if not self.judged:
            return "received; it will be judged when the class is graded"
        if self.points is None or self.total is None:
            return "received, judged"
        return (
            f"received, judged: {plainly(self.points)} of {plainly(self.total)} points "
            "without written answers"
        )


def receipt_for(course: Path, assignment: str, student: str) -> Receipt | None:
    """The last receipt, None where there is none that can be read."""
    try:
        return Receipt(**json.loads(_place(course, assignment, student).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def write_receipt(course: Path, assignment: str, student: str, receipt: Receipt) -> None:
    """All of it or nothing. Raises OSError."""
    place = _place(course, assignment, student)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = place.with_name(f".{place.name}.new")
    made.write_text(json.dumps(asdict(receipt)), encoding="utf-8")
    os.replace(made, place)


def _place(course: Path, assignment: str, student: str) -> Path:
    return course / RECEIVED / "receipts" / assignment / f"{student}.json"
