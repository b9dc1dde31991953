"""The answers of ``solutions/<assignment>.py``: found by name, their bodies put between nbgrader's
solution markers.

The module is read, never imported. Signature and docstring stay outside the markers, the body goes
between them with the author's formatting and comments. Of a class every method is treated so,
except those whose ``def`` line ends in the comment ``# given``: they stay whole, and only the
marker goes. Class attributes and docstrings stay."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import AuthoringError
from .names import bound

BEGIN = "### BEGIN SOLUTION"
END = "### END SOLUTION"

_GIVEN = re.compile(r"\s*#\s*given\s*$")

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class SolutionsModule:
    """A solutions module as text: its top-level functions and classes by name, and all names that
    it binds.
    """

    shown: str
    lines: tuple[str, ...] = ()
    definitions: Mapping[str, Definition] = field(default_factory=dict)
    names: frozenset[str] = frozenset()

    def solved(self, name: str) -> str:
        """The answer's source with nbgrader's markers. Raises AuthoringError when it cannot be
        offered.
        """
        node = self.definitions.get(name)
        if node is None:
            near = difflib.get_close_matches(name, self.definitions, n=1)
            hint = f"did you mean {near[0]}?" if near else "write it there"
            raise AuthoringError(f"{self.shown} defines no function or class {name}: {hint}")
        return _Marking(self, node).source()

    def hidden(self) -> Iterator[tuple[str, Function]]:
        """Every function whose body must not reach a student, with its name."""
        for name, node in self.definitions.items():
            for function, path in _functions(node, name):
                if not _is_given(function, self.lines):
                    yield path, function

    def body(self, function: Function) -> list[str]:
        """The lines of a function's body, its docstring aside."""
        start = _docstring_end(function) or function.lineno
        return list(self.lines[start : function.end_lineno])


def read_answers(path: Path, shown: str) -> SolutionsModule:
    """Parse a solutions module; one that does not exist has no answers. Raises AuthoringError with
    file and line.
    """
    if not path.exists():
        return SolutionsModule(shown)
    try:
        source = path.read_text(encoding="utf-8")
        tree = ast.parse(source)
    except SyntaxError as problem:
        raise AuthoringError(f"{shown}:{problem.lineno}: {problem.msg}") from None
    except (OSError, ValueError) as problem:
        raise AuthoringError(f"{shown} cannot be read: {problem}") from None
    definitions = {node.name: node for node in tree.body if isinstance(node, Definition)}
    return SolutionsModule(shown, tuple(source.splitlines()), definitions, frozenset(bound(source)))


class _Marking:
    """One answer's source while the markers are put in."""

    def __init__(self, answers: SolutionsModule, node: Definition) -> None:
        self.answers = answers
        self.node = node
        self.lines = answers.lines
        self.before: dict[int, str] = {}
        self.after: dict[int, str] = {}
        self.dropped: set[int] = set()
        self.unmarked: set[int] = set()

    def source(self) -> str:
        if isinstance(self.node, ast.ClassDef):
            self._class(self.node, self.node.name)
            if not self.before:
                raise self._error(
                    self.node, self.node.name, "nothing is left to write: every method is '# given'"
                )
        else:
            if _is_given(self.node, self.lines):
                raise self._error(
                    self.node, self.node.name, "is '# given', so there is nothing to write"
                )
            self._function(self.node, self.node.name)
        first = min(
            [self.node.lineno, *(decorator.lineno for decorator in self.node.decorator_list)]
        )
        last = max([_last_line(self.node, self.lines), *self.after])
        out: list[str] = []
        for number in range(first, last + 1):
            if number in self.before:
                out.append(self.before[number])
            if number not in self.dropped:
                line = self.lines[number - 1]
                out.append(_GIVEN.sub("", line) if number in self.unmarked else line)
            if number in self.after:
                out.append(self.after[number])
        return "\n".join(out)

    def _class(self, node: ast.ClassDef, path: str) -> None:
        if ast.get_docstring(node) is None:
            raise self._error(node, path, "has no docstring: it is all a student sees of it")
        for child in node.body:
            if isinstance(child, ast.ClassDef):
                self._class(child, f"{path}.{child.name}")
            elif isinstance(child, Function):
                if _is_given(child, self.lines):
                    self.unmarked.update(_signature(child))
                else:
                    self._function(child, f"{path}.{child.name}")

    def _function(self, node: Function, path: str) -> None:
        documented = _docstring_end(node)
        if documented is None:
            raise self._error(node, path, "has no docstring: it is all a student sees of it")
        if len(node.body) == 1:
            raise self._error(node, path, "has a docstring and no body: there is nothing to write")
        if node.body[0].lineno <= _header_end(node) or node.body[1].lineno <= documented:
            raise self._error(node, path, "must have its docstring on lines of its own")
        start, last = documented + 1, _last_line(node, self.lines)
        for number in range(start, last + 1):
            if (
                "BEGIN SOLUTION" in self.lines[number - 1]
                or "END SOLUTION" in self.lines[number - 1]
            ):
                raise AuthoringError(
                    f"{self.answers.shown}:{number}: {path} holds a marker that the build puts in "
                    "itself"
                )
        indent = " " * node.body[0].col_offset
        self.before[start] = indent + BEGIN
        self.after[last] = indent + END
        while not self.lines[start - 1].strip():
            self.dropped.add(start)
            start += 1

    def _error(self, node: Definition, path: str, sentence: str) -> AuthoringError:
        return AuthoringError(f"{self.answers.shown}:{node.lineno}: {path} {sentence}")


def _functions(node: Definition, path: str) -> Iterator[tuple[Function, str]]:
    if isinstance(node, ast.ClassDef):
        for child in node.body:
            if isinstance(child, Definition):
                yield from _functions(child, f"{path}.{child.name}")
    else:
        yield node, path


def _signature(node: Function) -> range:
    """The numbers of the lines from ``def`` to the one before the body."""
    return range(node.lineno, max(node.lineno + 1, node.body[0].lineno))


def _header_end(node: Function) -> int:
    """The number of the line that ends the signature."""
    parts = [
        part.end_lineno or node.lineno
        for part in ast.walk(node.args)
        if isinstance(part, ast.expr | ast.arg)
    ]
    if node.returns is not None:
        parts.append(node.returns.end_lineno or node.lineno)
    return max([node.lineno, *parts])


def _is_given(node: Function, lines: tuple[str, ...]) -> bool:
    return any(_GIVEN.search(lines[number - 1]) for number in _signature(node))


def _docstring_end(node: Function) -> int | None:
    return node.body[0].end_lineno if ast.get_docstring(node) is not None else None


def _last_line(node: Definition, lines: tuple[str, ...]) -> int:
    """The last line of a definition, comments after its last statement that are indented like it
    included.
    """
    last = node.end_lineno or node.lineno
    for number in range(last + 1, len(lines) + 1):
        line = lines[number - 1]
        if not line.strip():
            continue
        if (
            not line.lstrip().startswith("#")
            or len(line) - len(line.lstrip()) < node.body[0].col_offset
        ):
            break
        last = number
    return last
