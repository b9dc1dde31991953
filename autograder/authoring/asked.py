"""What an assignment asks: the exercises of its ``exercises.py``, run here as the notebook would run it."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import ModuleType

from autograder.errors import ExerciseError
from autograder.exercise.declare import exercises_in
from autograder.exercise.trial import Exercise

from ..errors import AuthoringError


def read_exercises(path: Path, shown: str) -> dict[str, Exercise]:
    """Run ``exercises.py`` and return its exercises by name. Raises AuthoringError with file and line."""
    if not path.exists():
        raise AuthoringError(f"{shown} does not exist: it must define the exercises")
    module = ModuleType(f"chainrule_exercises_{path.parent.name}")
    module.__file__ = str(path)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    sys.modules[module.__name__] = module  # dataclasses look their module up there
    sys.path.insert(0, str(path.parent))  # as in the notebook, whose folder is where it looks first
    try:
        exec(compile(path.read_bytes(), str(path), "exec"), vars(module))
    except SyntaxError as problem:
        where = f":{problem.lineno}" if problem.filename == str(path) else ""
        raise AuthoringError(f"{shown}{where}: {problem.msg}") from None
    except Exception as problem:
        lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(path)]
        where = f":{lines[-1]}" if lines else ""
        kind = "" if isinstance(problem, ExerciseError) else f"{type(problem).__name__}: "
        raise AuthoringError(f"{shown}{where}: {kind}{' '.join(str(problem).split())}") from None
    finally:
        sys.path.remove(str(path.parent))
        sys.modules.pop(module.__name__, None)
        sys.dont_write_bytecode = writes
    defined = [thing for thing in vars(module).values() if isinstance(thing, Exercise)]
    try:
        found = exercises_in(module)
    except ExerciseError as problem:
        unchecked = next(one for one in defined if not one.checks)
        raise AuthoringError(f"{shown}:{line_of(unchecked)}: {problem}") from None
    for one in defined:
        if found[one.name] is not one:
            raise AuthoringError(f"{shown}:{line_of(one)}: the exercise {one.name} is defined twice")
    return found


def line_of(exercise: Exercise) -> int:
    """The line at which an exercise is defined."""
    code = getattr(exercise.function, "__code__", None)
    return code.co_firstlineno if code else 1
