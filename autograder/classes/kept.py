"""Verdicts on disk, each as soon as it is made: nothing that was judged is judged again, whatever
ends the run.

``build/judged/ASSIGNMENT/STUDENT.json`` holds the verdicts of what a student handed in last, under
a key that names all they depend on; ``STUDENT.ipynb`` beside it is the autograded notebook until
the gradebook has the scores and the notebook has moved to its place in autograded/.

``build/received/judged/`` is laid out alike, and holds what was judged when it was handed in.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..course.marks import judged_for
from ..errors import MarksError
from ..grading.submission import Judged
from ..language.codec import from_json, to_json

FOLDER = Path("build", "judged")
RECEIVED = Path("build", "received")
JUDGED_ON_ARRIVAL = RECEIVED / "judged"


@dataclass(frozen=True)
class Kept:
    """What was judged before. ``seed`` drew its inputs; ``notebook`` is where the autograded
    notebook waits, if it still does.
    """

    judged: Judged
    seed: int
    notebook: Path | None


class KeptVerdicts:
    """The verdicts of one assignment; ``folder`` of the course holds those of all."""

    def __init__(self, course: Path, assignment: str, folder: Path = FOLDER) -> None:
        self._folder = course / folder / assignment

    def find(self, student: str, key: str) -> Kept | None:
        """What is known of a student's submission, if it is the one that ``key`` names."""
        try:
            found = json.loads((self._folder / f"{student}.json").read_bytes())
            if found["key"] != key:
                return None
            verdicts = tuple(from_json(one) for one in found["verdicts"])
            judged = Judged("", verdicts, found["problem"], False, found["isolation"])
            waiting = self.notebook(student)
            return Kept(
                judged,
                found["seed"],
                waiting if waiting.is_file() and _says(waiting, key) else None,
            )
        except (OSError, ValueError, KeyError, TypeError, MarksError):
            return None  # never judged, half written, or by another chainrule: to be judged again

    def keep(self, student: str, key: str, seed: int, judged: Judged) -> Path:
        """Write a verdict and its notebook to disk; returns where the notebook waits. Raises
        OSError.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        waiting = self.notebook(student)
        _replace(waiting, judged.notebook)
        record = self._folder / f"{student}.json"
        if judged.ours:  # to be judged again, next time
            record.unlink(missing_ok=True)
        else:
            fields = {
                "key": key,
                "seed": seed,
                "problem": judged.problem,
                "isolation": judged.isolation,
            }
            _replace(
                record, json.dumps(fields | {"verdicts": [to_json(one) for one in judged.verdicts]})
            )
        return waiting

    def take_over(self, student: str, found: Kept) -> bool:
        """Make a verdict with its notebook, which wait elsewhere, this store's own; the record
        stays there, too. Returns whether the notebook still is that of the verdict.

        found: what another store found. Raises OSError.
        """
        if found.notebook is None:
            return False
        record = found.notebook.with_suffix(".json").read_text(encoding="utf-8")
        key = json.loads(record)["key"]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / f"{student}.json").unlink(missing_ok=True)
        os.replace(found.notebook, self.notebook(student))
        if not bears(self.notebook(student), key):
            return False
        _replace(self._folder / f"{student}.json", record)
        return True

    def notebook(self, student: str) -> Path:
        """Where a notebook waits to be recorded."""
        return self._folder / f"{student}.ipynb"


def bears(notebook: Path, key: str) -> bool:
    """Whether an autograded notebook is the one that was made for ``key``."""
    try:
        return _says(notebook, key)
    except OSError:
        return False


def _says(notebook: Path, key: str) -> bool:
    return judged_for(notebook.read_bytes(), key)


def _replace(path: Path, text: str) -> None:
    """All of the text or nothing of it, whenever the power goes."""
    made = path.with_name(f".{path.name}.new")
    try:
        made.write_text(text, encoding="utf-8")
        os.replace(made, path)
    except BaseException:
        made.unlink(missing_ok=True)
        raise
