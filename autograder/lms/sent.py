"""What was sent before, on disk as soon as it is there: ``build/pushed/SYSTEM-ASSIGNMENT.json``.

A grade on record there that is the one sent last may be replaced; any other was given by somebody.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

FOLDER = Path("build", "pushed")


class SentBefore:
    """The grades sent to one assignment of one course there. ``place`` names it: address, course,
    assignment.
    """

    def __init__(self, course: Path, system: str, assignment: str, place: str) -> None:
        stem = re.sub(r"[^\w.-]", "_", f"{system}-{assignment}")
        self._path = course / FOLDER / f"{stem}.json"
        self._place = place

    def read(self) -> dict[str, float]:
        """A person's id -> points; empty where nothing was sent to this very place."""
        try:
            found = json.loads(self._path.read_bytes())
            if found["place"] != self._place:
                return {}
            return {str(one): float(points) for one, points in found["points"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def add(self, points: Mapping[str, float]) -> None:
        """Remember what is on record there now. Raises OSError."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        made = self._path.with_suffix(".new")
        made.write_text(json.dumps({"place": self._place, "points": self.read() | dict(points)}))
        os.replace(made, self._path)
