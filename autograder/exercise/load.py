"""The one loader of exercises: from their source, wherever it comes from, to exercises by name.

The exercises of an assignment are a module, ``exercises.py``, or a package, ``exercises/``; either may import the modules
and packages beside it, such as ``shared.py``. All of them run from memory, under names that only they themselves know:
no folder of a course is ever on ``sys.path``, no notebook and no library imports them by accident, and two assignments in
one process never mix.
"""

from __future__ import annotations

import builtins
import importlib
import importlib.abc
import importlib.util
import itertools
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import ModuleSpec
from pathlib import Path, PurePosixPath
from types import CodeType, ModuleType
from typing import Any

from ..errors import ExerciseError
from ..watch.evaluate import INSTRUCTORS
from .declare import exercises_in
from .trial import Exercise

ENTRIES = ("exercises/__init__.py", "exercises.py")
"""Where exercises are defined; where there are both, Python, too, takes the package."""


def entry_of(files: Iterable[str]) -> str | None:
    """Which of the files defines the exercises; None when none does."""
    there = set(files)
    return next((entry for entry in ENTRIES if entry in there), None)


def names_of(files: Iterable[str]) -> dict[str, str]:
    """The modules among the files: dotted name, as they import one another, to relative path."""
    modules = [file for file in files if file.endswith(".py")]
    packages_last = sorted(modules, key=lambda file: (file.endswith("/__init__.py"), file))
    return {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in packages_last}


def module_paths(folder: Path) -> dict[str, Path]:
    """The modules and packages that lie in a folder, by relative path; what is in no package is in none of them."""
    found = [*folder.glob("*.py")]
    for package in folder.glob("*/__init__.py"):
        found += package.parent.rglob("*.py")
    named = {path.relative_to(folder).as_posix(): path for path in sorted(found) if path.is_file()}
    return {name: path for name, path in named.items() if _can_be_imported(name)}


def read_modules(folder: Path) -> dict[str, bytes]:
    """The source of the modules and packages that lie in a folder, by relative path: what ``load`` takes."""
    return {name: path.read_bytes() for name, path in module_paths(folder).items()}


def _can_be_imported(name: str) -> bool:
    return all(part.isidentifier() for part in name.removesuffix(".py").split("/"))


@lru_cache(maxsize=512)
def _compiled(source: bytes, path: str) -> CodeType:
    return compile(source, path, "exec", dont_inherit=True)


def compile_beforehand(files: Mapping[str, bytes], folder: Path) -> None:
    """Compile what ``load`` will be asked for: whoever is forked from this process finds it done."""
    for name, source in files.items():
        with suppress(SyntaxError, ValueError):  # loading says so, to whom it concerns
            _compiled(source, str(folder / name))


@dataclass(frozen=True)
class Places:
    """What messages call the files: by the path that their code has, and the one that defines the exercises."""

    files: Mapping[str, str]
    entry: str

    def of(self, exercise: Exercise) -> str:
        """``source/tiny/exercises.py:12``: where an exercise is defined."""
        file, line = exercise.where
        return f"{self.files.get(file, self.entry)}:{line}"

    def of_problem(self, problem: BaseException) -> str:
        """The innermost line of ours that an exception came through; the entry when it came through none."""
        if isinstance(problem, SyntaxError) and (file := self.files.get(problem.filename or "")):
            return f"{file}:{problem.lineno}" if problem.lineno else file
        steps = traceback.extract_tb(problem.__traceback__)
        ours = [f"{self.files[step.filename]}:{step.lineno}" for step in steps if step.filename in self.files]
        return ours[-1] if ours else self.entry


@dataclass(frozen=True)
class Loaded:
    """What was loaded. ``modules`` are those that ran, by the names they have for one another: exercises, shared, ..."""

    exercises: dict[str, Exercise]
    modules: dict[str, ModuleType]
    places: Places


def load(files: Mapping[str, bytes], folder: Path, shown: str = "") -> Loaded:
    """Run the exercises among ``files`` (relative path to source) and what they import of the others.

    folder: where the files lie, or would lie: their ``__file__`` and their tracebacks say so; nothing is read there.
    shown: what messages call the folder. Raises ExerciseError, with file and line, for what does not load, for an
    exercise without checks, one that is defined twice, and one that a package leaves out.
    """
    entry = entry_of(files)
    if entry is None:
        raise ExerciseError(
            f"{PurePosixPath(shown, ENTRIES[-1])} (or {ENTRIES[0]}) does not exist: it must define the exercises"
        )
    called = {str(folder / file): str(PurePosixPath(shown, file)) for file in files}
    places = Places(called, called[str(folder / entry)])
    sources = _Sources(files, folder)
    try:
        _run(sources, places)
        return Loaded(_declared(sources.loaded, places), sources.loaded, places)
    except BaseException:
        sources.forget()
        raise


def _run(sources: _Sources, places: Places) -> None:
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
    """The exercises of the entry, once it is certain that none is unchecked, left out, or hidden by another."""
    ours = [module for name, module in modules.items() if name.partition(".")[0] == "exercises"]
    defined = [thing for module in ours for thing in vars(module).values() if isinstance(thing, Exercise)]
    for one in defined:
        if not one.checks:
            raise ExerciseError(f"{places.of(one)}: {one.name} has no checks: assign {one.name}.checks")
    found = exercises_in(modules["exercises"])
    for one in defined:
        if one.name not in found:
            raise ExerciseError(f"{places.of(one)}: the exercise {one.name} is left out: import it in {places.entry}")
        if found[one.name] is not one:
            raise ExerciseError(f"{places.of(one)}: the exercise {one.name} is defined twice")
    return found


class _Sources(importlib.abc.InspectLoader):
    """The modules of one assignment, below a root of their own; for one another they have their usual names."""

    _numbers = itertools.count(1)

    def __init__(self, files: Mapping[str, bytes], folder: Path) -> None:
        self.root = f"{INSTRUCTORS}_{next(self._numbers)}"
        self._files = files
        self._folder = folder
        self._names = names_of(files)
        self._builtins = {**vars(builtins), "__import__": self._import}

    def run(self, name: str) -> None:
        """Import a module, and by it what it imports."""
        if _FINDER not in sys.meta_path:
            sys.meta_path.append(_FINDER)
        root = sys.modules[self.root] = ModuleType(self.root)
        root.__path__, root.__loader__ = [], self
        importlib.import_module(f"{self.root}.{name}")

    @property
    def loaded(self) -> dict[str, ModuleType]:
        """The modules that ran so far, by the names they have for one another."""
        ran = {name: sys.modules.get(f"{self.root}.{name}") for name in self._names}
        return {name: module for name, module in ran.items() if module is not None}

    def forget(self) -> None:
        """As if nothing had been loaded."""
        for name in [*self.loaded, ""]:
            sys.modules.pop(f"{self.root}.{name}".rstrip("."), None)

    def spec(self, fullname: str) -> ModuleSpec | None:
        """How to import a module by its private name; None when there is no such file."""
        file = self._file(fullname)
        if file is None:
            return None
        path = os.path.abspath(self._folder / file)
        spec = ModuleSpec(fullname, self, origin=path, is_package=file.endswith("__init__.py"))
        spec.has_location = True
        return spec

    def exec_module(self, module: ModuleType) -> None:
        """Run a module, with an import statement that knows its neighbours."""
        file = self._names[module.__name__.partition(".")[2]]
        vars(module)["__builtins__"] = self._builtins
        exec(_compiled(self._files[file], str(self._folder / file)), vars(module))

    def get_source(self, fullname: str) -> str | None:
        """The lines that tracebacks show where there is no such file on disk."""
        file = self._file(fullname)
        return None if file is None else importlib.util.decode_source(self._files[file])

    def _file(self, fullname: str) -> str | None:
        return self._names.get(fullname.partition(".")[2])

    def _import(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """``__import__`` for these modules: what lies beside them comes first."""
        top = name.partition(".")[0]
        if level or top not in self._names:
            return builtins.__import__(name, globals, locals, fromlist or (), level)
        if fromlist:
            return builtins.__import__(f"{self.root}.{name}", globals, locals, fromlist)
        importlib.import_module(f"{self.root}.{name}")
        return sys.modules[f"{self.root}.{top}"]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds a private module by asking the loader of its root."""

    def find_spec(self, fullname: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """A spec for what lies below a root; nothing else."""
        root, _, below = fullname.partition(".")
        if not below or not root.startswith(INSTRUCTORS):
            return None
        loader = getattr(sys.modules.get(root), "__loader__", None)
        return loader.spec(fullname) if isinstance(loader, _Sources) else None


_FINDER = _Finder()
