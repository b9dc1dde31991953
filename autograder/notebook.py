"""The student's side: ``check("name")`` in a notebook judges an answer right here, without the hidden reference."""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exercise.declare import exercises_in
from .exercise.trial import Exercise
from .judge import judge
from .language.verdict import Verdict
from .report import to_html, to_text
from .watch.evaluate import local

if TYPE_CHECKING:
    from .oracle.client import Oracle

EXERCISES = "exercises.py"


class CheckFailed(AssertionError):
    """A check did not pass. Shown in Jupyter as one line below the report, and seen by nbgrader's Validate."""

    def _render_traceback_(self) -> list[str]:
        return [f"CheckFailed: {self}"]


class CheckNotFound(LookupError):
    """There is no such exercise, or no exercises.py to find it in."""

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

    Runs every check that needs no reference. The others are answered by the oracle where there is one (on the course's
    JupyterHub), and else wait for grading. ``seed`` (from an earlier report) draws the same inputs again; the oracle draws
    its own. Raises CheckFailed when a check does not pass, CheckNotFound when there is no such exercise.

    >>> check("svm_loss_vectorized")  # doctest: +SKIP
    """
    exercises = load_exercises(Path.cwd() / EXERCISES)
    if name not in exercises:
        raise CheckNotFound(f"there is no exercise {name!r} here; there are: {', '.join(exercises)}")
    answers = sys._getframe(1).f_globals
    oracle = _oracle()
    verdict = judge(exercises[name], local(exercises[name], answers), seed=seed, elsewhere=oracle)
    show(replace(verdict, note=verdict.note or oracle.away) if oracle else verdict)
    if failed := [finding for finding in verdict.findings if finding.passed is False]:
        if verdict.status == "not_attempted":
            raise CheckFailed(f"{name}: {failed[0].message}")
        raise CheckFailed(f"{name}: {', '.join(finding.check for finding in failed)}. The report says what is wrong.")


def _oracle() -> Oracle | None:
    if not os.environ.get("CHAINRULE_ORACLE_URL"):
        return None
    from .oracle.client import here

    return here(Path.cwd().name)


def show(verdict: Verdict) -> None:
    """Display the report where we are: as rich output under IPython, printed elsewhere."""
    if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
        from IPython.display import display

        display(Report(verdict))
    else:
        print(to_text(verdict))


_loaded: dict[Path, tuple[float, dict[str, Exercise]]] = {}


def load_exercises(path: Path) -> dict[str, Exercise]:
    """The exercises of a file, read again only when it changed. Raises CheckNotFound when it is not there."""
    if not path.is_file():
        raise CheckNotFound(
            f"{EXERCISES} is not beside this notebook: fetch the assignment again, and open it from its folder"
        )
    changed = path.stat().st_mtime
    known = _loaded.get(path)
    if known is None or known[0] != changed:
        _loaded[path] = (changed, exercises_in(_execute(path)))
    return _loaded[path][1]


def _execute(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(f"chainrule_exercises_{path.parent.name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
