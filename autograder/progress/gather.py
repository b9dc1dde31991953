"""What a folder of notebooks says of its owner's progress."""

from __future__ import annotations

import json
import os
import queue
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import SubmissionError
from ..exercise.load import entry_in
from ..language.codec import from_json
from ..language.verdict import Verdict
from ..released.contents import CONTENTS, UnreadableContents, read_contents
from ..report.words import plainly

SILENCE = 300.0
"""Seconds after which a notebook that says nothing more is stopped, as when it is graded."""
LATE = (
    "Not reached: a cell above it ran for more than five minutes and was stopped. Run the notebook "
    "yourself to see which."
)
ELSEWHERE = {"build", "node_modules", "site-packages"}
_EMPTY = "YOUR ANSWER HERE"

Tick = Callable[[int, int], None]
"""Told how many checks are judged, and of how many."""


@dataclass(frozen=True)
class Written:
    """A written question: its name, its points, and whether there is an answer."""

    name: str
    points: float
    answered: bool


@dataclass(frozen=True)
class NotebookProgress:
    """One notebook: its verdicts in its order, its written questions, and why it could not be
    judged at all, if so.
    """

    path: Path
    title: str
    verdicts: tuple[Verdict, ...] = ()
    written: tuple[Written, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        """The assignment."""
        return self.path.stem

    @cached_property
    def earned(self) -> float:
        """Points for code."""
        return round(sum(verdict.score for verdict in self.verdicts), 2)

    @cached_property
    def points(self) -> float:
        """The points that there are for code."""
        return sum(verdict.points for verdict in self.verdicts)

    @cached_property
    def waiting(self) -> float:
        """The points of code that cannot be judged here."""
        return round(sum(map(points_waiting, self.verdicts)), 2)

    @cached_property
    def open(self) -> float:
        """The points of code that are still to be had here."""
        return round(self.points - self.earned - self.waiting, 2)

    @property
    def mastered(self) -> int:
        """Exercises in which nothing is wrong and nothing is missing that can be judged here."""
        return sum(verdict.status == "passed" for verdict in self.verdicts)


def points_waiting(verdict: Verdict) -> float:
    """The points of an exercise that only the reference can tell."""
    total = sum(finding.share for finding in verdict.findings)
    waits = sum(finding.share for finding in verdict.waiting)
    return verdict.points * waits / total if total else 0.0


def hints_of(verdict: Verdict) -> tuple[str, ...]:
    """The hints that the answer opened, each once."""
    said = (finding.hint for finding in verdict.findings if finding.passed is False)
    return tuple(dict.fromkeys(hint for hint in said if hint))


def find_notebooks(folder: Path) -> list[Path]:
    """The assignments' notebooks in a folder and up to two levels below, in the course's order
    where ``publish`` wrote it down. Raises SubmissionError when there are none.
    """
    found = [path for path in _notebooks(folder, 2) if path.stem == path.parent.resolve().name]
    if not found:
        raise SubmissionError(
            "no assignment's notebook is here: go to the folder that you were given, or name one"
        )
    order = _course_order(folder)
    place = {name: index for index, name in enumerate(order)}
    return sorted(found, key=lambda path: (place.get(path.stem, len(order)), path.stem))


def _notebooks(folder: Path, deep: int) -> Iterator[Path]:
    if entry_in(folder) is not None:
        yield from sorted(folder.glob("*.ipynb"))
    if deep:
        for below in sorted(folder.iterdir()):
            if below.is_dir() and not below.name.startswith(".") and below.name not in ELSEWHERE:
                yield from _notebooks(below, deep - 1)


def _course_order(folder: Path) -> list[str]:
    for place in (folder, *folder.resolve().parents[:2]):
        with suppress(OSError, UnreadableContents):
            return [*read_contents((place / CONTENTS).read_bytes()).assignments]
    return []


def stated_in(notebook: Path) -> NotebookProgress:
    """What a notebook says of itself, before anything is judged."""
    stated = _read(notebook)
    if not stated:
        problem = "The notebook cannot be read: open it in Jupyter and save it, or fetch it again."
        return NotebookProgress(notebook, notebook.stem, problem=problem)
    return NotebookProgress(
        notebook, _title(stated) or notebook.stem, written=tuple(_written(stated))
    )


def progress_of(notebook: Path, tick: Tick = lambda done, of: None) -> NotebookProgress:
    """Run and judge one notebook in a process of its own."""
    stated = stated_in(notebook)
    if stated.problem:
        return stated
    points: dict[str, float] = {}
    verdicts: dict[str, Verdict] = {}
    for line in _lines(notebook):
        if problem := line.get("problem"):
            return replace(stated, problem=problem)
        if "exercises" in line:
            points = line["exercises"]
        else:
            verdict = from_json(line["verdict"])
            verdicts[verdict.name] = verdict
        tick(len(verdicts), len(points))
    judged = tuple(verdicts.get(name) or _late(name, points[name]) for name in points)
    return replace(stated, verdicts=judged)


def _late(name: str, points: float) -> Verdict:
    return Verdict(name, points, 0.0, "timeout", note=LATE)


def _lines(notebook: Path) -> Iterator[dict[str, Any]]:
    """What the process says, until it ends or is silent for too long."""
    command = [sys.executable, "-m", f"{__package__}.judge_notebook", str(notebook)]
    lines: queue.Queue[str] = queue.Queue()
    environment = {"MPLBACKEND": "Agg", **os.environ}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=environment, encoding="utf-8"
    ) as process:
        assert process.stdout is not None

        def read(stream: Any) -> None:
            for line in stream:
                lines.put(line)
            lines.put("")

        threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
        try:
            while line := lines.get(timeout=SILENCE):
                yield json.loads(line)
        except queue.Empty:
            pass
        finally:
            process.kill()


def _read(notebook: Path) -> dict[str, Any]:
    try:
        stated = json.loads(notebook.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stated if isinstance(stated, dict) and isinstance(stated.get("cells"), list) else {}


def _title(stated: Mapping[str, Any]) -> str:
    text = "\n".join("".join(cell["source"]) for cell in stated.get("cells", ())[:3])
    found = re.search(r"^# (.+)$", text, re.MULTILINE)
    return found[1] if found else ""


def _written(stated: Mapping[str, Any]) -> Iterator[Written]:
    for cell in stated.get("cells", ()):
        marks = cell.get("metadata", {}).get("nbgrader", {})
        if cell["cell_type"] == "markdown" and marks.get("solution") and marks.get("grade"):
            answered = _EMPTY not in "".join(cell["source"])
            yield Written(marks["grade_id"], float(marks["points"]), answered)


def points_in_words(progress: NotebookProgress) -> str:
    """One line: what is earned, open and waiting."""
    words = f"{plainly(progress.earned)} of {plainly(progress.points)} points"
    words += f", {plainly(progress.open)} open" if progress.open else ""
    return words + (f", {plainly(progress.waiting)} wait" if progress.waiting else "")
