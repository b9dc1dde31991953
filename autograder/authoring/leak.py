"""The last look before a release: nothing of an answer may be in it.

An answer leaks when three of its lines in a row, comments and lines that say nothing (see
``_telling``) aside, stand in a row somewhere in what students get; when code there does the same
under other names (``alike``); when the release could import it. A hint leaks when its words stand
somewhere in the clear, and a line of a rubric likewise.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..course.rubrics import Rubric
from ..errors import AuthoringError
from .alike import passages, phrases
from .answers import SolutionsModule

ROW = 3
TELLING = 6
"""Words; a shorter line of a rubric says nothing by itself."""
LARGEST = 5_000_000
"""Bytes; larger files are data."""

_COMMENT = re.compile(r"(^|\s)#.*$")
_SETUP = re.compile(
    r"\w+(,\w+)*=\w+\.shape(\[\d\])?|\w+=-?[\d.e]+|\w+=(np|torch)\.zeros(_like)?\(.*\)|(from[\w.]+)?import.*|return\w+(,\w+)*"
)
"""Unpacked shapes, counters and zeros, imports, a plain return: any code has them."""
_SEAM = re.compile(r"""["']\s*f?["']""")
"""Where one string goes on in the next."""
_IMPORTS_SOLUTIONS = re.compile(r"^\s*(from|import)\s+solutions\b")


@dataclass(frozen=True)
class Secrets:
    """What must not get out, each with the words that say whose it is.

    rows: three lines of an answer; structures: passages of one; phrases: single statements and
    expressions of one, with their sizes; hints: the words of a hint; rubrics: the words of a line of one.
    """

    rows: Mapping[tuple[str, ...], str]
    structures: Mapping[str, str]
    phrases: Mapping[str, tuple[str, int]]
    hints: Mapping[str, str]
    rubrics: Mapping[str, str]

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(
            {**self.rows, **other.rows},
            {**self.structures, **other.structures},
            {**self.phrases, **other.phrases},
            {**self.hints, **other.hints},
            {**self.rubrics, **other.rubrics},
        )


def secrets(
    answers: SolutionsModule,
    hints: Mapping[str, str] | None = None,
    rubrics: Mapping[str, Rubric] | None = None,
) -> Secrets:
    """The secrets of a solutions module. ``hints``: name of a mistake -> the sentence it earns.
    ``rubrics``: id of a written question -> how it is graded.
    """
    rows: dict[tuple[str, ...], str] = {}
    structures: dict[str, str] = {}
    for name, function in answers.hidden():
        for row, _ in _rows(enumerate(answers.body(function), 1)):
            rows.setdefault(row, f"{name} of {answers.shown}")
        for passage in passages(function):
            structures.setdefault(passage.structure, f"{name} of {answers.shown}")
    said = {
        phrase.structure: (f"{name} of {answers.shown}", phrase.size)
        for name, function in answers.hidden()
        for phrase in phrases(function)
    }
    told = {_words(hint): name for name, hint in (hints or {}).items()}
    graded = {
        words: cell
        for cell, rubric in (rubrics or {}).items()
        for line in rubric.texts()
        if len((words := _words(line)).split()) >= TELLING
    }
    return Secrets(rows, structures, said, told, graded)


def refuse_leaks(files: Iterable[tuple[str, bytes]], secret: Secrets) -> None:
    """Raise AuthoringError when one of the files (name as shown, content) gives a secret away."""
    for shown, content in files:
        if len(content) > LARGEST:
            continue
        text = content.decode("utf-8", errors="ignore")
        pieces = _cells(text, shown) if shown.endswith(".ipynb") else [(shown, text, True)]
        for where, source, is_code in pieces:
            _refuse_lines(where, list(enumerate(source.splitlines(), 1)), secret)
            if is_code and shown.endswith((".py", ".ipynb")):
                _refuse_structure(where, source, secret)
        if "exercises" not in PurePosixPath(shown).with_suffix("").parts:  # told there on purpose
            _refuse_hints(shown, text, secret)
        _refuse_rubrics(shown, text, secret)


def files_under(folder: Path, shown: str) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder that is called ``shown``."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield f"{shown}/{path.relative_to(folder).as_posix()}", path.read_bytes()


def _refuse_lines(where: str, numbered: list[tuple[int, str]], secret: Secrets) -> None:
    for number, line in numbered:
        if line.lstrip().startswith("### BEGIN SOLUTION"):
            raise AuthoringError(f"{where} line {number}: a solution was not taken out")
        if _IMPORTS_SOLUTIONS.match(line):
            raise AuthoringError(f"{where} line {number}: students have no 'solutions' to import")
    for row, number in _rows(numbered):
        if row in secret.rows:
            raise _given_away(where, number, secret.rows[row])


def _refuse_structure(where: str, source: str, secret: Secrets) -> None:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a line of IPython's
        return
    for passage in passages(tree):
        if passage.structure in secret.structures:
            raise _given_away(where, passage.line, secret.structures[passage.structure])
    sizes = {size for _, size in secret.phrases.values()}
    for phrase in phrases(tree, sizes):
        if phrase.structure in secret.phrases:
            raise _given_away(where, phrase.line, secret.phrases[phrase.structure][0])


def _refuse_hints(shown: str, text: str, secret: Secrets) -> None:
    joined = _SEAM.sub("", text)
    words = _words(joined) if secret.hints else ""
    for hint, name in secret.hints.items():
        if hint in words:
            raise AuthoringError(f"{shown}: tells the hint for {name} to whoever looks for it")


def _refuse_rubrics(shown: str, text: str, secret: Secrets) -> None:
    words = _words(text) if secret.rubrics else ""
    for line, cell in secret.rubrics.items():
        if line in words:
            raise AuthoringError(f"{shown}: tells how the written answer {cell} is graded")


def _given_away(where: str, number: int, answer: str) -> AuthoringError:
    return AuthoringError(f"{where} line {number}: gives away part of the answer {answer}")


def _words(text: str) -> str:
    """The words of a sentence, whatever stands between them."""
    return " ".join(re.findall(r"\w+", text.lower()))


def _cells(content: str, file: str) -> Iterator[tuple[str, str, bool]]:
    """A notebook's cells: where each is, its source, whether it is code."""
    for cell in json.loads(content)["cells"]:
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        yield f"{file} cell {cell['id']}", source, cell["cell_type"] == "code"


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
