"""Read an assignment's text: a MyST notebook, read by Jupytext, into the cells its author meant.

What Jupytext's reader carries over, and what it means here:

* front matter: ``chainrule: {points: 100, order: 1, due: 2026-03-05 23:59 Europe/Berlin}`` is the
  assignment's total (100 when not stated), its place in the course (the last when not stated) and
  when it is due (nothing is said when not stated); the rest is ignored.
* ``{code-cell}`` with ``:solution: NAME``, empty: stands for the answer NAME of
    ``solutions/<assignment>.py``.
* ``{code-cell}`` with ``:check: NAME``, empty: stands for the check of exercise NAME of
    ``exercises.py``.
* ``{code-cell}`` with ``:tags: [demo]``: a demonstration, the student may play with it.
* any other ``{code-cell}``: the instructor's, read-only for the student.
* ``+++ {"manual": "NAME", "points": 3}`` starts the markdown cell in which the student answers a
  written question. The question itself is the markdown cell before it. What stands in the cell here
  (at least one line, for Jupytext drops empty cells) is seen in the solved notebook only: nbgrader
  puts YOUR ANSWER HERE in its place.
* any other markdown, up to the next ``+++`` or code cell: one lecture cell.

``:name: ID`` (in a ``+++`` line ``"name": "ID"``) gives a code or lecture cell an id of its own.
All else is refused, so that a misspelt key never passes for an instructor's cell.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..course.moments import read_moment
from ..errors import AuthoringError

Kind = Literal["solution", "check", "manual", "demo", "code", "markdown"]

NAMING = ("solution", "check", "manual", "name")
ALLOWED = {*NAMING, "points", "tags"}
MARKERS = ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME", "AUTOTEST")

_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_DIRECTIVE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\{")
_AT_LINE = re.compile(r"at line (\d+)")


@dataclass(frozen=True)
class AuthoredCell:
    """One cell as its author wrote it. ``name``: the answer, the exercise or the question, or the
    id given by name.
    """

    kind: Kind
    source: str
    line: int
    name: str = ""
    points: float = 0
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Text:
    """An assignment's text: where it was read (for messages), its total, its place, its cells, and
    when it is due, with the zone that this was written in.
    """

    shown: str
    points: float
    order: float
    cells: tuple[AuthoredCell, ...]
    due: datetime | None = None

    def error(self, cell: AuthoredCell, sentence: str) -> AuthoringError:
        """An error at one of its cells."""
        what = {"manual": "written question", "markdown": "text"}.get(
            cell.kind, f"{cell.kind} cell"
        )
        return AuthoringError(
            f"{self.shown}:{cell.line}: {what}{f' {cell.name}' if cell.name else ''}: {sentence}"
        )


def read_text(path: Path, shown: str) -> Text:
    """Read a MyST notebook. Raises AuthoringError naming ``shown`` and the line."""
    try:
        lines = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AuthoringError(
            f"{shown} does not exist: it must hold the assignment's text"
        ) from None
    except (OSError, UnicodeDecodeError) as problem:
        raise AuthoringError(f"{shown} cannot be read: {problem}") from None
    notebook = _parse(lines, shown)
    starts = notebook.metadata["source_map"]
    points, order, due = _settings(notebook.metadata, shown)
    text = Text(shown, points, order, (), due)
    cells: list[AuthoredCell] = []
    for start, raw in zip(starts, notebook.cells, strict=True):
        line = start if raw.cell_type != "markdown" or raw.metadata else _first_line(lines, start)
        cells.append(_cell(raw, line, cells[-1] if cells else None, text))
    _refuse_empty_blocks(lines, set(starts), shown)
    return replace(text, cells=tuple(cells))


def _parse(text: str, shown: str) -> Any:
    from jupytext.myst import myst_to_notebook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return myst_to_notebook(text, add_source_map=True)
    except Exception as problem:  # Jupytext, YAML, JSON and nbformat each raise their own
        where, why = _unreadable(text, problem)
        raise AuthoringError(f"{shown}{where}: {why}") from None


def _unreadable(text: str, problem: Exception) -> tuple[str, str]:
    """Where the reader stumbled, and one line why."""
    from jupytext.myst import CODE_DIRECTIVE, get_parser, read_cell_metadata, read_fenced_cell

    words = str(problem)
    if found := _AT_LINE.search(words):
        reason = (
            getattr(problem.__context__, "problem", None)
            or words.partition("could not be read: ")[2]
            or words
        )
        return (
            f":{found.group(1)}",
            f"the cell's options cannot be read: {' '.join(reason.split())}",
        )
    for token in get_parser().parse(text + "\n"):
        options: object = {}
        if token.type == "fence" and token.info.startswith(CODE_DIRECTIVE):
            options, _ = read_fenced_cell(token, 0, "Code")
        elif token.type == "myst_block_break":
            options = read_cell_metadata(token, 0)
        if token.map and (why := _misread(options)):
            return f":{token.map[0] + 1}", why
    return "", "cannot be read as a MyST notebook: " + " ".join(words.split())[:300]


def _misread(options: object) -> str:
    """What is wrong with a cell's options whatever its kind; empty when nothing is."""
    if not isinstance(options, dict):
        return "an option is written ':name: value', with the second colon"
    if unknown := sorted(str(key) for key in options if key not in ALLOWED):
        return f"unknown option {unknown[0]!r}: it may be one of {', '.join(sorted(ALLOWED))}"
    tags = options.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        return "tags are a list, written ':tags: [demo]'"
    named = [key for key in NAMING if key in options]
    if len(named) > 1:
        return f"{named[0]} and {named[1]} exclude each other"
    for key in named:
        if not isinstance(options[key], str) or not _ID.match(options[key]):
            return f"{options[key]!r} is no {key}: use letters, digits, '_' and '-', 64 at most"
    return ""


def _settings(metadata: Mapping[str, Any], shown: str) -> tuple[float, float, datetime | None]:
    """The total, the place in the course and the due date that the front matter states."""
    ours = metadata.get("chainrule", {})
    if not isinstance(ours, Mapping) or set(ours) - {"points", "order", "due"}:
        raise AuthoringError(
            f"{shown}:1: in the front matter, chainrule knows three settings: 'points', 'order' "
            "and 'due'"
        )
    for name, value in ours.items():
        if name != "due" and not _positive(value):
            raise AuthoringError(
                f"{shown}:1: in the front matter, {name} must be a positive number, not {value!r}"
            )
    try:
        due = read_moment(str(ours["due"])) if "due" in ours else None
    except ValueError as error:
        raise AuthoringError(f"{shown}:1: in the front matter, due: {error}") from None
    return ours.get("points", 100), ours.get("order", math.inf), due


def _cell(raw: Any, line: int, before: AuthoredCell | None, text: Text) -> AuthoredCell:
    marks = dict(raw.metadata)
    source: str = raw.source
    plain = AuthoredCell("markdown" if raw.cell_type == "markdown" else "code", source, line)
    if raw.cell_type == "raw":
        raise text.error(plain, "raw cells are not supported: write a code cell or text")
    if why := _misread(marks):
        raise text.error(plain, why)
    wrong = {"manual"} if raw.cell_type == "code" else {"solution", "check"}
    if misplaced := sorted(wrong & set(marks)):
        home = "+++ line" if misplaced == ["manual"] else "code cell"
        raise text.error(plain, f"{misplaced[0]!r} belongs to a {home}")
    name = next((marks[key] for key in NAMING if key in marks), "")
    tags = marks.get("tags", [])
    cell = AuthoredCell(
        _kind(plain, marks, tags), source, line, name, marks.get("points", 0), tuple(tags)
    )
    if cell.kind != "manual" and "points" in marks:
        raise text.error(cell, "points are stated in exercises.py, or with a written question")
    _refuse(cell, before, text)
    return cell


def _kind(plain: AuthoredCell, marks: Mapping[str, Any], tags: list[str]) -> Kind:
    if "solution" in marks:
        return "solution"
    if "check" in marks:
        return "check"
    if "manual" in marks:
        return "manual"
    return "demo" if plain.kind == "code" and "demo" in tags else plain.kind


def _refuse(cell: AuthoredCell, before: AuthoredCell | None, text: Text) -> None:
    """Refuse what makes no sense in a cell of its kind."""
    if cell.kind in ("solution", "check"):
        if cell.source.strip():
            raise text.error(cell, "must be empty: the build fills it")
        if cell.tags:
            raise text.error(cell, "takes no tags")
    if cell.kind == "manual":
        if not _positive(cell.points):
            raise text.error(cell, "needs points, a positive number")
        if before is None or before.kind != "markdown":
            raise text.error(
                cell, "has no question: that is the text right before, students overwrite this cell"
            )
    if cell.kind in ("code", "demo"):
        if not cell.source.strip():
            raise text.error(
                cell, "is empty: give it ':solution: NAME', ':check: NAME' or some code"
            )
        if any(line.startswith(("```{code-cell}", "+++ {")) for line in cell.source.splitlines()):
            raise text.error(cell, "is not closed: its fence swallows the cells after it")
    if cell.kind != "manual":
        for marker in MARKERS:
            if marker in cell.source:
                raise text.error(
                    cell, f"{marker!r} is nbgrader's own marker: answers come from solutions/ only"
                )
    if cell.kind in ("markdown", "manual"):
        for line in _outside_code(cell.source):
            if _DIRECTIVE.match(line):
                raise text.error(
                    cell,
                    f"{line.strip()!r} is nested or no cell: JupyterLab shows plain Markdown only",
                )


def _outside_code(source: str) -> list[str]:
    """The lines of a markdown cell that open a fence or stand outside of one."""
    outside: list[str] = []
    fence = ""
    for line in source.splitlines():
        mark = re.match(r"^\s*(`{3,}|~{3,})", line)
        if not fence:
            outside.append(line)
            fence = mark.group(1) if mark else ""
        elif mark and line.strip() == mark.group(1) and line.strip().startswith(fence):
            fence = ""
    return outside


def _refuse_empty_blocks(text: str, starts: set[int], shown: str) -> None:
    """Jupytext drops a ``+++ {...}`` cell without text, and with it a written question and its
    points.
    """
    from jupytext.myst import get_parser

    for token in get_parser().parse(text + "\n"):
        if token.type != "myst_block_break" or token.level or not token.content or not token.map:
            continue
        if token.map[1] not in starts:
            line = token.map[0] + 1
            raise AuthoringError(
                f"{shown}:{line}: the cell of this +++ is empty: write 'YOUR ANSWER HERE' in it"
            )


def _first_line(text: str, start: int) -> int:
    """The number of the first line with something on it, after the 0-based line ``start``."""
    lines = text.splitlines()
    return next((number for number in range(start, len(lines)) if lines[number].strip()), start) + 1


def _positive(points: object) -> bool:
    return isinstance(points, int | float) and not isinstance(points, bool) and 0 < points < 1e6
