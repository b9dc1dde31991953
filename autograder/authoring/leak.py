"""The last look before a release: nothing of an answer may be in it.

An answer leaks when three of its lines in a row, comments and lines that say nothing (see ``_telling``) aside, stand in
a row somewhere in what students get. So does one that the release could import.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..errors import AuthoringError
from .answers import SolutionsModule

ROW = 3
LARGEST = 5_000_000
"""Bytes; larger files are data."""

_COMMENT = re.compile(r"(^|\s)#.*$")
_SETUP = re.compile(
    r"\w+(,\w+)*=\w+\.shape(\[\d\])?|\w+=-?[\d.e]+|\w+=(np|torch)\.zeros(_like)?\(.*\)|(from[\w.]+)?import.*|return\w+(,\w+)*"
)
"""Unpacked shapes, counters and zeros, imports, a plain return: any code has them."""
_IMPORTS_SOLUTIONS = re.compile(r"^\s*(from|import)\s+solutions\b")


def refuse_leaks(release: Path, answers: SolutionsModule, shown: str) -> None:
    """Raise AuthoringError when a file under ``release`` (called ``shown``) holds part of an answer's body."""
    rows: dict[tuple[str, ...], str] = {}
    for name, body in answers.hidden():
        for row, _ in _rows(enumerate(body, 1)):
            rows.setdefault(row, name)
    for path in sorted(release.rglob("*")):
        if not path.is_file() or path.stat().st_size > LARGEST:
            continue
        content = path.read_bytes().decode("utf-8", errors="ignore")
        file = f"{shown}/{path.relative_to(release).as_posix()}"
        for where, numbered in (
            _pieces(content, file) if path.suffix == ".ipynb" else _lines(content, file)
        ):
            _refuse(where, numbered, rows, answers)


def _refuse(
    where: str,
    numbered: list[tuple[int, str]],
    rows: dict[tuple[str, ...], str],
    answers: SolutionsModule,
) -> None:
    for number, line in numbered:
        if "### BEGIN SOLUTION" in line:
            raise AuthoringError(f"{where} line {number}: a solution was not taken out")
        if _IMPORTS_SOLUTIONS.match(line):
            raise AuthoringError(f"{where} line {number}: students have no 'solutions' to import")
    for row, number in _rows(numbered):
        if row in rows:
            raise AuthoringError(
                f"{where} line {number}: gives away part of the answer {rows[row]} of {answers.shown}"
            )


def _pieces(content: str, file: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """A notebook's cells, each with its numbered lines."""
    for cell in json.loads(content)["cells"]:
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        yield f"{file} cell {cell['id']}", list(enumerate(source.splitlines(), 1))


def _lines(content: str, file: str) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    yield file, list(enumerate(content.splitlines(), 1))


def _rows(numbered: Iterable[tuple[int, str]]) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every three telling lines in a row, white space aside, with the number of the first."""
    telling = [(plain, number) for number, line in numbered if _telling(plain := _plain(line))]
    for start in range(len(telling) - ROW + 1):
        yield tuple(plain for plain, _ in telling[start : start + ROW]), telling[start][1]


def _plain(line: str) -> str:
    return re.sub(r"\s+", "", _COMMENT.sub("", line))


def _telling(plain: str) -> bool:
    """Whether a line says how something is done."""
    return len(plain) >= 8 and not _SETUP.fullmatch(plain)
