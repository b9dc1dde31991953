"""A stable id for every cell.

Answers, checks and written questions are named by their author, and so is any cell with a ``name``.
The others are named after the headings they stand under and counted there
(``the-score-function-text-2``): editing a cell changes no id, adding one changes ids of its own
section only. It matters, for nbgrader refuses to release an assignment again with other ids once
there are submissions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from unicodedata import normalize

from .text import AuthoredCell, Text

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")


def name_cells(text: Text) -> list[str]:
    """An id for each cell, in order. Raises AuthoringError for one that is given twice."""
    chosen = [_chosen(cell) for cell in text.cells]
    taken: dict[str, AuthoredCell] = {}
    for cell, own in zip(text.cells, chosen, strict=True):
        if own in taken:
            raise text.error(
                cell, f"the id {own!r} is taken already, by the cell at line {taken[own].line}"
            )
        if own:
            taken[own] = cell
    counts: Counter[str] = Counter()
    ids: list[str] = []
    for own, stem in zip(chosen, _stems(text), strict=True):
        while not own:
            counts[stem] += 1
            candidate = f"{stem}-{counts[stem]}"
            own = "" if candidate in taken else candidate
        ids.append(own)
    return ids


def _chosen(cell: AuthoredCell) -> str:
    return f"check_{cell.name}" if cell.kind == "check" else cell.name


def _stems(text: Text) -> Iterator[str]:
    """For each cell the headings it stands under, below the title, and its kind."""
    path: list[tuple[int, str]] = []
    for cell in text.cells:
        opening = True
        if cell.kind == "markdown":
            stem = ""
            for level, title in _headings(cell.source):
                path = [(above, slug) for above, slug in path if above < level]
                if level > 1:
                    path.append((level, _slug(title)))
                if opening:
                    stem, opening = _joined(path), False
            yield f"{stem or _joined(path)}-text"
        else:
            yield f"{_joined(path)}-{cell.kind}"


def _headings(source: str) -> Iterator[tuple[int, str]]:
    fenced = False
    for line in source.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        elif not fenced and (found := _HEADING.match(line)):
            yield len(found.group(1)), found.group(2)


def _joined(path: list[tuple[int, str]]) -> str:
    return "-".join(slug for _, slug in path[-2:]) or "opening"


def _slug(title: str) -> str:
    plain = normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:24].strip("-") or "section"
