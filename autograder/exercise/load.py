"""The one loader of exercises: from their source, wherever it comes from, to exercises by name.

The exercises of an assignment are a module, ``exercises.py``, or a package, ``exercises/``; either
may import the modules and packages beside it, such as ``shared.py``. All of them run from memory.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType

from ..errors import ExerciseError
from .declare import exercises_in
from .importing import Sources
from .trial import Exercise

ENTRIES = ("exercises/__init__.py", "exercises.py")
"""Where exercises are defined; where there are both, Python, too, takes the package."""


def entry_of(files: Iterable[str]) -> str | None:
    """Which of the files defines the exercises; None when none does."""
    there = set(files)
    return next((entry for entry in ENTRIES if entry in there), None)


def entry_in(folder: Path) -> str | None:
    """Which file of a folder defines the exercises; None when none does."""
    return next((entry for entry in ENTRIES if (folder / entry).is_file()), None)


def module_paths(folder: Path) -> dict[str, Path]:
    """The modules in a folder and in the packages there, by relative path."""
    found = [*folder.glob("*.py")]
    for package in folder.glob("*/__init__.py"):
        found += package.parent.rglob("*.py")
    named = {path.relative_to(folder).as_posix(): path for path in sorted(found) if path.is_file()}
    return {name: path for name, path in named.items() if _can_be_imported(name)}


def read_modules(folder: Path) -> dict[str, bytes]:
    """The source of the modules in a folder, by relative path: what ``load`` takes."""
    return {name: path.read_bytes() for name, path in module_paths(folder).items()}


def _can_be_imported(name: str) -> bool:
    return all(part.isidentifier() for part in name.removesuffix(".py").split("/"))


@dataclass(frozen=True)
class Places:
    """What messages call the files, by their code's path; ``entry`` defines the exercises."""

    files: Mapping[str, str]
    entry: str

    def of(self, exercise: Exercise) -> str:
        """``source/tiny/exercises.py:12``: where an exercise is defined."""
        file, line = exercise.where
        return f"{self.files.get(file, self.entry)}:{line}"

    def of_problem(self, problem: BaseException) -> str:
        """The innermost line of ours that an exception came through; the entry if there is none."""
        if isinstance(problem, SyntaxError) and (file := self.files.get(problem.filename or "")):
            return f"{file}:{problem.lineno}" if problem.lineno else file
        steps = traceback.extract_tb(problem.__traceback__)
        ours = [step for step in steps if step.filename in self.files]
        return f"{self.files[ours[-1].filename]}:{ours[-1].lineno}" if ours else self.entry


@dataclass(frozen=True)
class Loaded:
    """What was loaded. ``modules`` are those that ran, by their names for one another."""

    exercises: dict[str, Exercise]
    modules: dict[str, ModuleType]
    places: Places


def load(
    files: Mapping[str, bytes],
    folder: Path,
    shown: str = "",
    codes: Mapping[str, CodeType] | None = None,
) -> Loaded:
    """Run the exercises among ``files`` (relative path to source) and what they import of them.

    folder: where the files lie, or would lie: ``__file__`` and tracebacks say so; nothing is read
    there. shown: what messages call the folder. codes: what files compile to, where that is known.
    Raises ExerciseError, with file and line, for what does not load, and for an exercise without
    checks, defined twice, or left out by its package.
    """
    entry = entry_of(files)
    if entry is None:
        missing = f"{PurePosixPath(shown, ENTRIES[-1])} (or {ENTRIES[0]})"
        raise ExerciseError(f"{missing} does not exist: it must define the exercises")
    called = {str(folder / file): str(PurePosixPath(shown, file)) for file in files}
    places = Places(called, called[str(folder / entry)])
    sources = Sources(files, folder, codes)
    try:
        _run(sources, places)
        return Loaded(_declared(sources.loaded, places), sources.loaded, places)
    except BaseException:
        sources.forget()
        raise


def _run(sources: Sources, places: Places) -> None:
    try:
        sources.run("exercises")
    except (Exception, SystemExit) as problem:
        words = str(problem).replace(f"{sources.root}.", "")
        if isinstance(problem, SyntaxError) and problem.filename in places.files:
            words = problem.msg
        elif not isinstance(problem, ExerciseError):
            words = f"{type(problem).__name__}: {words}"
        raise ExerciseError(f"{places.of_problem(problem)}: {' '.join(words.split())}") from problem


def _declared(modules: Mapping[str, ModuleType], places: Places) -> dict[str, Exercise]:
    """The entry's exercises, when none is unchecked, left out, or hidden by another."""
    ours = [vars(one) for name, one in modules.items() if name.partition(".")[0] == "exercises"]
    defined = [one for names in ours for one in names.values() if isinstance(one, Exercise)]
    for one in defined:
        if not one.checks:
            words = f"{one.name} has no checks: assign {one.name}.checks"
            raise ExerciseError(f"{places.of(one)}: {words}")
    found = exercises_in(modules["exercises"])
    for one in defined:
        if one.name not in found:
            words = f"the exercise {one.name} is left out: import it in {places.entry}"
            raise ExerciseError(f"{places.of(one)}: {words}")
        if found[one.name] is not one:
            raise ExerciseError(f"{places.of(one)}: the exercise {one.name} is defined twice")
    return found
