"""The student's side: ``check("name")`` in a notebook judges an answer right here, without the
hidden reference.

What the reference gives in some situations came with the assignment, and so did the hints of known
mistakes (``released``)."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .checks import AllowedMeans
from .errors import ExerciseError
from .exercise.load import entry_in, entry_of, load, module_paths, read_modules
from .exercise.trial import Exercise
from .judge import judge
from .language.verdict import Verdict
from .released.here import WAITS, Here
from .released.sheet import SHEET, Sheet, UnreadableSheet, read_sheet
from .report import in_encoding, to_html, to_text
from .watch.evaluate import local
from .watch.limit import limited

if TYPE_CHECKING:
    from .oracle.client import Oracle


PATIENCE = 2
"""How many times the seconds that grading allows an answer may take here: a laptop may be the
slower machine.
"""


class CheckFailed(AssertionError):
    """A check did not pass. nbgrader's Validate and autograde look for it, and show it as one line
    below the report.
    """

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
        return _printable(to_text(self.verdict))


def check(name: str, *, seed: int | None = None) -> None:
    """Judge the answer to the exercise ``name`` and show the report.

    Values are compared with the expected answers that came with the assignment, and on the course's
    JupyterHub with the oracle's too, which draws inputs of its own. What neither can tell waits for
    grading. ``seed`` (from an earlier report) draws the same inputs again; the situations of the
    expected answers are always the same. An answer is stopped when it takes twice the time it has
    when it is graded.

    In a notebook a check that does not pass says so in its report, and the next cell runs. It
    raises CheckFailed where nbgrader runs the notebook, by Validate or autograde, and in a script.
    Raises CheckNotFound when there is no such exercise.

    >>> check("svm_loss_vectorized")  # doctest: +SKIP
    """
    folder = notebook_folder()
    if absent := _absent(_exercise(folder, name)):
        print(f"{name}: {absent}")
        return
    answers = sys._getframe(1).f_globals

    def slow(seconds: float) -> None:
        print(f"{name}: still working; an answer may take {seconds:g} s.", flush=True)

    verdict = verdict_here(folder, name, answers, seed=seed, slow=slow)
    show(verdict)
    failed = [finding for finding in verdict.findings if finding.passed is False]
    if failed and _must_raise():
        if verdict.status == "not_attempted":
            raise CheckFailed(f"{name}: {failed[0].message}")
        raise CheckFailed(
            f"{name}: {', '.join(finding.check for finding in failed)}. The report says what is "
            "wrong."
        )


def verdict_here(
    folder: Path,
    name: str,
    answers: Mapping[str, Any],
    *,
    seed: int | None = None,
    slow: Callable[[float], None] = lambda seconds: None,
) -> Verdict:
    """Judge an answer in this process, with what came with the assignment in ``folder``.

    ``slow`` is called when it takes long, with the seconds that it may take. Raises CheckNotFound.
    """
    exercise, oracle = _exercise(folder, name), _oracle(folder)
    here = _here(folder, name, oracle)
    seconds = PATIENCE * exercise.seconds
    with limited(local(exercise, answers), seconds, lambda: slow(seconds)) as evaluate:
        verdict = judge(exercise, evaluate, seed=seed, elsewhere=here, released=here.trial)
    return replace(verdict, note=verdict.note or oracle.away) if oracle else verdict


def _exercise(folder: Path, name: str) -> Exercise:
    exercises = load_exercises(folder)
    if name not in exercises:
        raise CheckNotFound(
            f"there is no exercise {name!r} here; there are: {', '.join(exercises)}"
        )
    return exercises[name]


def _absent(exercise: Exercise) -> str:
    """Where an exercise is checked that needs a library which does not run in a browser's tab;
    empty anywhere else, and for others.
    """
    if sys.platform != "emscripten":
        return ""
    means = (check for check in exercise.checks if isinstance(check, AllowedMeans))
    libraries = {library for check in means for library in check.allowed}
    absent = [library for library in sorted(libraries) if find_spec(library) is None]
    if not absent:
        return ""
    return (
        f"this exercise needs {' and '.join(absent)}, and is checked in JupyterLab, on a computer "
        "or on the course's hub; a browser's tab cannot run it."
    )


def _oracle(folder: Path) -> Oracle | None:
    if not os.environ.get("CHAINRULE_ORACLE_URL"):
        return None
    from .oracle.client import here

    return here(folder.name)


def _here(folder: Path, name: str, oracle: Oracle | None) -> Here:
    """How to judge what needs the reference: by the expected answers in the folder, if they can be
    read.
    """
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


NBGRADER = ("NBGRADER_EXECUTION", "NBGRADER_VALIDATING")
"""What nbgrader sets for the kernels that it runs notebooks in: the first for Validate and for
autograde, the second for Validate alone.
"""


def _must_raise() -> bool:
    """Whether what runs has to stop at a check that does not pass: nbgrader takes a cell without an
    error for a right one, and the caller of a script looks at its exit code.
    """
    return any(os.environ.get(name) for name in NBGRADER) or not _in_notebook()


def _in_notebook() -> bool:
    return "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None


def show(verdict: Verdict) -> None:
    """Display the report where we are: as rich output under IPython, printed elsewhere."""
    if _in_notebook():
        from IPython.display import display

        display(Report(verdict))
    else:
        print(_printable(to_text(verdict)))


def _printable(text: str) -> str:
    """The text with what the console cannot write in plain letters: Windows has consoles without a
    tick.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return in_encoding(text, encoding)


_started = Path.cwd()
_found: list[Path] = []


def notebook_folder() -> Path:
    """The working directory; after an os.chdir the folder where exercises were found last, or where
    the kernel started. Before all of them a folder of this one's name in CHAINRULE_ASSIGNMENTS: what
    lies beside notebooks, where their own folders are far away.
    """
    here, near = Path.cwd(), os.environ.get("CHAINRULE_ASSIGNMENTS")
    nearer = [Path(near, here.name)] if near else []
    there = (folder for folder in (*nearer, here, *_found, _started) if entry_in(folder))
    _found[:] = [next(there, here)]
    return _found[0]


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
            "the exercises are not beside this notebook: fetch the assignment again, and open it "
            "from its folder"
        )
    state = [(name, status.st_mtime_ns, status.st_size) for name, status in there]
    if folder not in _loaded or _loaded[folder][0] != state:
        try:
            _loaded[folder] = (state, load(read_modules(folder), folder).exercises)
        except ExerciseError as error:
            raise CheckNotFound(str(error)) from None
    return _loaded[folder][1]
