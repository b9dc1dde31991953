"""The student's side: ``check("name")`` in a notebook judges an answer right here, without the hidden reference.

What the reference gives in some situations came with the assignment, and so did the hints of known mistakes (``released``).
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import ExerciseError
from .exercise.load import entry_of, load, module_paths, read_modules
from .exercise.trial import Exercise
from .judge import judge
from .language.verdict import Verdict
from .released.here import WAITS, Here
from .released.sheet import SHEET, Sheet, UnreadableSheet, read_sheet
from .report import to_html, to_text
from .watch.evaluate import local

if TYPE_CHECKING:
    from .oracle.client import Oracle


class CheckFailed(AssertionError):
    """A check did not pass. Shown in Jupyter as one line below the report, and seen by nbgrader's Validate."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class CheckNotFound(LookupError):
    """There is no such exercise, or its exercises do not load."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckNotFound: {self}"]


class Report:
    """A verdict that displays itself: HTML in Jupyter, text in a terminal."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    def _repr_html_(self) -> str:
        return to_html(self.verdict)

    def __repr__(self) -> str:
        return to_text(self.verdict)


def check(name: str, *, seed: int | None = None) -> None:
    """Judge the answer to the exercise ``name`` and show the report.

    Values are compared with the expected answers that came with the assignment, and on the course's JupyterHub with the
    oracle's too, which draws inputs of its own. What neither can tell waits for grading. ``seed`` (from an earlier report)
    draws the same inputs again; the situations of the expected answers are always the same. Raises CheckFailed when a
    check does not pass, CheckNotFound when there is no such exercise.

    >>> check("svm_loss_vectorized")  # doctest: +SKIP
    """
    exercises = load_exercises(Path.cwd())
    if name not in exercises:
        raise CheckNotFound(
            f"there is no exercise {name!r} here; there are: {', '.join(exercises)}"
        )
    answers = local(exercises[name], sys._getframe(1).f_globals)
    oracle = _oracle()
    here = _here(Path.cwd(), name, oracle)
    verdict = judge(exercises[name], answers, seed=seed, elsewhere=here, released=here.trial)
    show(replace(verdict, note=verdict.note or oracle.away) if oracle else verdict)
    if failed := [finding for finding in verdict.findings if finding.passed is False]:
        if verdict.status == "not_attempted":
            raise CheckFailed(f"{name}: {failed[0].message}")
        raise CheckFailed(
            f"{name}: {', '.join(finding.check for finding in failed)}. The report says what is wrong."
        )


def _oracle() -> Oracle | None:
    if not os.environ.get("CHAINRULE_ORACLE_URL"):
        return None
    from .oracle.client import here

    return here(Path.cwd().name)


def _here(folder: Path, name: str, oracle: Oracle | None) -> Here:
    """How to judge what needs the reference: by the expected answers in the folder, if they can be read."""
    path = folder / SHEET
    if not path.is_file():
        return Here(None, oracle, f"{WAITS}: {SHEET} is not beside this notebook")
    state = (path, path.stat().st_mtime_ns, path.stat().st_size)
    try:
        if state not in _sheets:
            _sheets.clear()
            _sheets[state] = read_sheet(path.read_bytes())
    except UnreadableSheet as problem:
        return Here(None, oracle, f"{WAITS}: {problem}")
    return Here(_sheets[state].exercises.get(name), oracle)


def show(verdict: Verdict) -> None:
    """Display the report where we are: as rich output under IPython, printed elsewhere."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from IPython.display import display

        display(Report(verdict))
    else:
        print(to_text(verdict))


_sheets: dict[tuple[Path, int, int], Sheet] = {}
_State = list[tuple[str, int, int]]
_loaded: dict[Path, tuple[_State, dict[str, Exercise]]] = {}


def load_exercises(folder: Path) -> dict[str, Exercise]:
    """The exercises in a folder, read again only when a module there changed.

    Raises CheckNotFound when there are none, or when they do not load.
    """
    there = [(name, path.stat()) for name, path in module_paths(folder).items()]
    if entry_of(name for name, _ in there) is None:
        raise CheckNotFound(
            "the exercises are not beside this notebook: fetch the assignment again, and open it from its folder"
        )
    state = [(name, status.st_mtime_ns, status.st_size) for name, status in there]
    if folder not in _loaded or _loaded[folder][0] != state:
        try:
            _loaded[folder] = (state, load(read_modules(folder), folder).exercises)
        except ExerciseError as error:
            raise CheckNotFound(str(error)) from None
    return _loaded[folder][1]
