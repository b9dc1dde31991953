"""A folder of Python files and notebooks, read as text: what they define, and what could not be
read. Nothing is run.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ..authoring.names import bound
from ..errors import SubmissionError
from ..grading.handed_in import CODE_BYTES, read_notebook, read_plain_file

Import = ast.Import | ast.ImportFrom
Definition = ast.FunctionDef | ast.ClassDef


@dataclass(frozen=True)
class Unread:
    """A file, or a cell of one, that is no Python: where, and why in a few words."""

    file: str
    why: str


@dataclass(frozen=True, eq=False)
class Code:
    """The statements at the top level of one file; a notebook's cells one after the other. ``file``
    is below the folder.
    """

    file: str
    statements: tuple[ast.stmt, ...]

    @cached_property
    def bindings(self) -> dict[str, int]:
        """Name -> which statement makes it: the last function or class of that name, else the last
        of any other kind.
        """
        ranked: dict[str, tuple[bool, int]] = {}
        for index, statement in enumerate(self.statements):
            for name in bound(ast.unparse(statement)):
                rank = (isinstance(statement, Definition), index)
                ranked[name] = max(rank, ranked.get(name, rank))
        return {name: index for name, (_, index) in ranked.items()}

    def definition(self, name: str) -> Definition | None:
        """The function or class of a name."""
        found = self.statements[self.bindings[name]] if name in self.bindings else None
        return found if isinstance(found, Definition) else None

    @property
    def from_everywhere(self) -> Iterator[ast.ImportFrom]:
        """``from module import *``, each."""
        for statement in self.statements:
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                yield statement


def read_folder(folder: Path) -> tuple[list[Code], list[Unread]]:
    """All ``*.py`` and ``*.ipynb`` below a folder, but for what a dot hides. Raises SubmissionError
    if it is no folder.
    """
    if not folder.is_dir():
        raise SubmissionError(f"there is no folder {folder}: name one with *.py or *.ipynb files")
    codes: list[Code] = []
    unread: list[Unread] = []
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if path.suffix not in (".py", ".ipynb") or any(part[0] == "." for part in within.parts):
            continue
        try:
            code, missed = _read(path, within.as_posix())
        except SubmissionError as error:
            unread.append(Unread(within.as_posix(), str(error)))
            continue
        codes.append(code)
        unread += missed
    return codes, unread


def _read(path: Path, name: str) -> tuple[Code, list[Unread]]:
    """What a file defines, and which cells are no Python. Raises SubmissionError when nothing can
    be had.
    """
    if path.suffix == ".py":
        return Code(name, _parsed(read_plain_file(path, CODE_BYTES))), []
    statements: list[ast.stmt] = []
    unread: list[Unread] = []
    cells = read_notebook(read_plain_file(path)).cells
    for number, cell in enumerate(cells, start=1):
        if cell.cell_type != "code":
            continue
        try:
            statements += _parsed(_without_magics(cell.source).encode())
        except SubmissionError as error:
            unread.append(Unread(f"{name}, cell {number}", str(error)))
    return Code(name, tuple(statements)), unread


def _parsed(source: bytes) -> tuple[ast.stmt, ...]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of theirs: "\d" in a string, `is` with a number
            module = ast.parse(source)
            ast.unparse(module)  # what is nested too deeply to be written is no answer to be judged
    except SyntaxError as error:
        where = f" (line {error.lineno})" if error.lineno else ""
        raise SubmissionError(f"no Python 3: {error.msg}{where}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise SubmissionError(f"no Python 3: {type(error).__name__}") from None
    return tuple(module.body)


def _without_magics(cell: str) -> str:
    """A cell in plain Python: its magics are calls, a cell that belongs to one (``%%bash``) is text
    in such a call.
    """
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        return TransformerManager().transform_cell(cell)
    except Exception:  # whatever IPython makes of a broken cell: the parser says what is wrong
        return cell
