"""Which released cell each submitted cell is: by its name, else its text, else its place.

Some hosted notebooks, converters, and copying into a new notebook lose the names of cells. What is
left is their text and their order: a cell that was not touched is found by its words; an answer,
between two cells that are known, by the function it defines or its likeness to what was released.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..course.marks import check_of, solution_of
from .handed_in import SubmittedCell
from .released import identity, lines_of, role_of, text_of

LIKE = 0.6
"""The share of words that two cells have in common when one was made of the other."""
PAIRS = 4000
"""Cells compared between two that are known; with more to compare, nobody kept an order."""

Cells = Sequence[Mapping[str, Any]]
Matches = list[int | None]


def match_cells(released: Cells, cells: Sequence[SubmittedCell]) -> Matches:
    """For each submitted cell the index of the released cell it is, None for a student's own."""
    place = {identity(cell): index for index, cell in enumerate(released)}
    matches = [_named(cell, place) for cell in cells]
    if None in matches:
        _by_text(released, cells, matches)
        _by_place(released, cells, matches)
        _copies(released, cells, matches)
    return matches


def _named(cell: SubmittedCell, place: Mapping[str, int]) -> int | None:
    names = (cell.grade_id, cell.id)
    return next((place[name] for name in names if name is not None and name in place), None)


def _by_text(released: Cells, cells: Sequence[SubmittedCell], matches: Matches) -> None:
    """Cells that are nobody's answer and say what was released; of several alike, the first."""
    waiting: dict[tuple[str, ...], list[int]] = {}
    for index in _open(matches):
        waiting.setdefault(_key(cells[index].cell_type, cells[index].source), []).append(index)
    for index in _free(range(len(released)), matches):
        cell = released[index]
        if role_of(cell) in ("demo", "instructor"):
            same = waiting.get(_key(cell["cell_type"], text_of(cell)))
            if same:
                matches[same.pop(0)] = index


def _key(kind: str, source: str) -> tuple[str, ...]:
    return (kind, *lines_of(source))


def _by_place(released: Cells, cells: Sequence[SubmittedCell], matches: Matches) -> None:
    """Cells that were changed, or written anew, between two that are known."""
    for run, low, high in _runs(matches, len(released)):
        between = _free(range(low + 1, high), matches)
        if len(run) * len(between) > PAIRS:
            continue
        for index in run:
            found = next((one for one in between if _made_of(released[one], cells[index])), None)
            if found is not None:
                matches[index] = found
                between = [one for one in between if one > found]


def _runs(matches: Matches, end: int) -> Iterator[tuple[list[int], int, int]]:
    """Neighbours that are not known, with the places of the released cells around them."""
    run: list[int] = []
    low = -1
    for index, found in enumerate([*matches, end]):
        if found is None:
            run.append(index)
            continue
        if run:
            yield run, low, found
        run, low = [], found


def _made_of(released: Mapping[str, Any], cell: SubmittedCell) -> bool:
    """Whether a student made their cell of this one."""
    if released["cell_type"] != cell.cell_type:
        return False
    role = role_of(released)
    if role == "written":
        return True
    if role == "solution" and (name := solution_of(released)) and _defines(cell.source, name):
        return True
    return _likeness(text_of(released), cell.source) >= LIKE


def _defines(source: str, name: str) -> bool:
    """Whether code defines a name, also where it has a syntax error."""
    return bool(
        re.search(
            rf"^(?:(?:async +)?def|class) +{re.escape(name)}\b|^{re.escape(name)} *=[^=]",
            source,
            re.MULTILINE,
        )
    )


def _likeness(one: str, other: str) -> float:
    """The share of their words that two texts have in common, whatever the order."""
    left, right = (Counter(re.findall(r"\w+|[^\w\s]", text)) for text in (one, other))
    both = left.total() + right.total()
    return 2 * (left & right).total() / both if both else 0.0


def _copies(released: Cells, cells: Sequence[SubmittedCell], matches: Matches) -> None:
    """A further copy of a text, a demonstration, a check or an empty answer is that cell again.
    Code that sets something up is not: to run it once more may be meant."""
    known = {
        _key(cell["cell_type"], text_of(cell)): index
        for index, cell in enumerate(released)
        if cell["cell_type"] != "code" or role_of(cell) != "instructor" or check_of(cell)
    }
    for index in _open(matches):
        matches[index] = known.get(_key(cells[index].cell_type, cells[index].source))


def _open(matches: Matches) -> list[int]:
    return [index for index, found in enumerate(matches) if found is None]


def _free(indices: range, matches: Matches) -> list[int]:
    taken = set(matches)
    return [index for index in indices if index not in taken]
