"""The name under which somebody takes part in a leaderboard: the line ``leaderboard = "..."`` of
their notebook.

A line of code, since of a submission nothing but text is taken. It begins where lines begin, is read
and never run; the last one that says something counts. What is no plain name is cut or refused,
with one sentence for whoever wrote it.
"""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from .released import text_of

LINE = re.compile(r"^leaderboard[ \t]*=(?!=)(.*)$", re.MULTILINE)
LONGEST_LINE = 1000
LONGEST = 30
SIGNS = " -_.'"
MOST_MARKS = 2
"""Accents on one letter."""
NO_TEXT = "The name for the leaderboard must be a text in quotes; you are not on it."
NO_NAME = (
    "The name for the leaderboard may hold letters, digits, spaces and the signs - _ . ' and must "
    "begin with a letter or a digit; you are not on it."
)
CUT = f"The name for the leaderboard was cut to {LONGEST} characters."


@dataclass(frozen=True)
class Pseudonym:
    """The name; empty for whoever does not take part. ``said``: why it is not what was written."""

    name: str = ""
    said: str = ""

    @property
    def key(self) -> str:
        """The same for names that are told apart by nothing but case."""
        return same_name(self.name)


def same_name(name: str) -> str:
    """A name as names are compared."""
    return unicodedata.normalize("NFKC", " ".join(name.split())).casefold()


def chosen_pseudonym(cells: Iterable[Mapping[str, Any]]) -> Pseudonym:
    """What the code cells of a notebook say. Never raises for what stands there."""
    chosen = Pseudonym()
    for cell in cells:
        if cell["cell_type"] == "code":
            for written in _written(text_of(cell)):
                chosen = plain_pseudonym(written) if written != "" else chosen
    return chosen


def offers_leaderboard(cells: Iterable[Mapping[str, Any]]) -> bool:
    """Whether a released notebook has the line, for students to fill in."""
    return any(_written(text_of(cell)) for cell in cells if cell["cell_type"] == "code")


def plain_pseudonym(written: object) -> Pseudonym:
    """What may stand on a leaderboard of what somebody wrote."""
    if not isinstance(written, str):
        return Pseudonym(said=NO_TEXT)
    name = unicodedata.normalize("NFKC", written.strip(" "))
    name = re.sub(" +", " ", name)
    if not name:
        return Pseudonym()
    if not (name[0].isalnum() and all(map(_may_stand, name)) and not _heaped(name)):
        return Pseudonym(said=NO_NAME)
    if len(name) > LONGEST:
        return Pseudonym(name[:LONGEST].rstrip(SIGNS), CUT)
    return Pseudonym(name)


def _may_stand(character: str) -> bool:
    return character in SIGNS or unicodedata.category(character)[0] in "LNM"


def _heaped(name: str) -> bool:
    """Whether accents stand on accents: they would cover the lines of others."""
    marks = 0
    for character in name:
        marks = marks + 1 if unicodedata.category(character)[0] == "M" else 0
        if marks > MOST_MARKS:
            return True
    return False


def _written(source: str) -> list[object]:
    """What the lines of a cell assign to the name; None for what is no constant, or far too long
    to be looked at. The rest of the cell may be anything.
    """
    return [_constant(line[1]) for line in LINE.finditer(source)]


def _constant(code: str) -> object:
    try:
        return ast.literal_eval(code.strip()) if len(code) <= LONGEST_LINE else None
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError):
        return None
