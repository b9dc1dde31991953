"""For an exercise, a file's own functions of the names it asks for, with all of the file that they
need.
"""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..authoring.names import used
from ..exercise.trial import Exercise
from .files import Code, Definition, Import

PYTHON_2 = {"xrange": "range", "unicode": "str", "raw_input": "input", "basestring": "str"}
"""What ``from past.builtins import ...`` and ``six.moves`` gave, in Python 3's words."""
COMPATIBLE = ("past", "future", "six")
STARRED = {"numpy", "scipy", "torch", "matplotlib", *sys.stdlib_module_names}
"""Of these ``from module import *`` is worth a try; the course's own modules are looked for beside
the file.
"""


@dataclass(frozen=True)
class FoundAnswer:
    """One answer: its source without comments and docstrings, and every file that has just this."""

    exercise: str
    source: str
    files: tuple[str, ...]


@dataclass(frozen=True)
class LeftOut:
    """What has an exercise's name but cannot be an answer to it: where, which exercise, and why."""

    file: str
    exercise: str
    why: str


class Folder:
    """Files that may import one another."""

    def __init__(self, codes: Sequence[Code]) -> None:
        self.codes = codes
        self._at = {code.file: code for code in codes if code.file.endswith(".py")}

    def imported(self, code: Code, statement: ast.ImportFrom) -> Code | None:
        """The file of this folder that a ``from ... import`` means: the nearest of that path, from
        its own folder up.
        """
        path = (statement.module or "").replace(".", "/")
        around = PurePosixPath(code.file).parent
        places = [around, *around.parents]
        if statement.level:
            places = places[statement.level - 1 : statement.level]
        found = (self._at.get((place / f"{path}.py").as_posix()) for place in places)
        return next((one for one in found if one is not None and one is not code), None)


def answers_in(
    folder: Folder,
    exercises: Iterable[Exercise],
    stubs: Mapping[str, Definition],
    calls: Callable[[Exercise], Iterable[str]],
) -> tuple[list[FoundAnswer], list[LeftOut]]:
    """The distinct answers to each exercise, and what was left out.

    stubs: the answers as they are released. calls: the names that an exercise calls; those of other
    answers, a forward pass before the backward one, must be in the file as well.
    """
    pieces: list[FoundAnswer] = []
    left_out: list[LeftOut] = []
    for exercise in exercises:
        present = [code for code in folder.codes if any(map(code.definition, exercise.answers))]
        needed: list[str] = []
        if present:
            called = [name for name in calls(exercise) if name in stubs]
            needed = list(dict.fromkeys([*called, *exercise.answers]))
        files: dict[str, list[str]] = {}
        for code in present:
            if why := _unfit({name: code.definition(name) for name in needed}, stubs):
                left_out.append(LeftOut(code.file, exercise.name, why))
                continue
            files.setdefault(_Gathering(folder).source(code, needed), []).append(code.file)
        pieces += [
            FoundAnswer(exercise.name, source, tuple(there)) for source, there in files.items()
        ]
    return pieces, left_out


def _unfit(found: Mapping[str, Definition | None], stubs: Mapping[str, Definition]) -> str:
    """Why these cannot be an answer; empty when they can."""
    if lacking := [name for name, one in found.items() if one is None]:
        return f"lacks {', '.join(lacking)}"
    for name, one in found.items():
        stub = stubs.get(name)
        if isinstance(one, ast.FunctionDef) and isinstance(stub, ast.FunctionDef):
            (least, most), (asked, offered) = _takes(one), _takes(stub)
            if least > offered or most < asked:
                theirs, ours = ast.unparse(one.args), ast.unparse(stub.args)
                return f"{name}({theirs}) is another function: asked is {name}({ours})"
    return ""


def _takes(function: ast.FunctionDef) -> tuple[int, float]:
    """How many arguments a function needs, and takes, by position."""
    arguments = function.args
    most = len(arguments.posonlyargs) + len(arguments.args)
    return most - len(arguments.defaults), float("inf") if arguments.vararg else most


class _Gathering:
    """Statements that some names need, file by file: those of what is imported come before those of
    who imports.
    """

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._chosen: dict[Code, dict[int, ast.stmt]] = {}
        self._first: list[str] = []

    def source(self, code: Code, names: Iterable[str]) -> str:
        """All that is needed, as Python; each statement once, in its file's order."""
        for name in names:
            self._need(code, name)
        order = [statements for statements in reversed(self._chosen.values())]
        body = [_bare(some[index]) for some in order for index in sorted(some)]
        return "\n".join([*dict.fromkeys(self._first), *map(ast.unparse, body)])

    def _need(self, code: Code, name: str) -> None:
        """Choose what makes a name in a file, and what that needs in turn."""
        if name not in code.bindings:
            if name not in vars(builtins):
                self._need_from_everywhere(code, name)
            return
        index = code.bindings[name]
        statement = code.statements[index]
        if isinstance(statement, Import):
            self._need_import(code, statement, name)
            return
        chosen = self._chosen.setdefault(code, {})
        if index not in chosen:
            chosen[index] = statement
            for needed in sorted(used(ast.unparse(statement))):
                self._need(code, needed)

    def _need_import(self, code: Code, statement: Import, name: str) -> None:
        one = next(one for one in statement.names if _bound_by(one) == name)
        if isinstance(statement, ast.Import):
            self._first.append(ast.unparse(ast.Import([one])))
            return
        beside = self._folder.imported(code, statement)
        if beside is not None and one.name in beside.bindings:
            self._need(beside, one.name)
            if one.asname:
                self._first_after(beside, one)
        elif (statement.module or "").partition(".")[0] in COMPATIBLE:
            self._first.append(f"{name} = {PYTHON_2.get(one.name, one.name)}")
        elif not statement.level and statement.module != "__future__":
            self._first.append(ast.unparse(ast.ImportFrom(statement.module, [one], 0)))

    def _first_after(self, beside: Code, one: ast.alias) -> None:
        """``from layers import relu as r``: after the definitions of layers, r is relu."""
        renamed = ast.parse(f"{one.asname} = {one.name}").body[0]
        chosen = self._chosen.setdefault(beside, {})
        chosen[len(beside.statements) + len(chosen)] = renamed

    def _need_from_everywhere(self, code: Code, name: str) -> None:
        """A name that the file takes from a ``*``, if any; otherwise the released notebook may have
        it.
        """
        for statement in code.from_everywhere:
            beside = self._folder.imported(code, statement)
            if beside is not None and name in beside.bindings:
                self._need(beside, name)
                return
            if (statement.module or "").partition(".")[0] in STARRED:
                self._first.append(ast.unparse(statement))


def _bound_by(one: ast.alias) -> str:
    return one.asname or one.name.partition(".")[0]


def _bare(statement: ast.stmt) -> ast.stmt:
    """A copy without docstrings: who writes another one has not written another answer."""
    copied = ast.parse(ast.unparse(statement)).body[0]
    for node in ast.walk(copied):
        if isinstance(node, Definition) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    return copied


def stubs_of(cells: Iterable[str]) -> Iterator[tuple[str, Definition]]:
    """Name and definition of every function and class at the top level of released cells."""
    for cell in cells:
        try:
            body = ast.parse(cell).body
        except SyntaxError:  # a demonstration with magics
            continue
        yield from ((one.name, one) for one in body if isinstance(one, Definition))
