"""What a student may know of a submission before anybody grades it: that it was received, whether
it could be judged, and the points for code, where the course allows it.
"""

from __future__ import annotations

import json
import os
import stat
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


def receipts_of(course: Path) -> Path:
    """Where a course keeps them, unless somebody says otherwise."""
    return course / RECEIVED / "receipts"


def write_receipt(folder: Path, assignment: str, student: str, receipt: Receipt) -> None:
    """Into ``ASSIGNMENT/STUDENT.json``, with its sentence as ``said``: all of it or nothing. Who may
    read ``folder`` may read it. Raises OSError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    place = folder / assignment / f"{student}.json"
    place.parent.mkdir(mode=stat.S_IMODE(folder.stat().st_mode), exist_ok=True)
    made = place.with_name(f".{place.name}.new")
    made.write_text(json.dumps({**asdict(receipt), "said": receipt.sentence()}), encoding="utf-8")
    os.replace(made, place)
