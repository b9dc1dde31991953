"""What a full answer to a written question holds, and what each idea in it is worth.

``solutions/rubrics/NAME.toml`` has a table for every written cell, named by its id:

    answer   the model answer, Markdown
    ideas    {points, says}, in the order in which an answer has them; they sum to the cell's points
    wrong    common wrong turns, each as a sentence that can be said to a student
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import AuthoringError


@dataclass(frozen=True)
class Idea:
    """A part of an answer that earns points by itself."""

    points: float
    says: str


@dataclass(frozen=True)
class Rubric:
    """How one written question is graded. All texts are Markdown."""

    answer: str
    ideas: tuple[Idea, ...]
    wrong: tuple[str, ...] = ()

    @property
    def points(self) -> float:
        """What all ideas are worth together."""
        return sum(idea.points for idea in self.ideas)

    def texts(self) -> Iterator[str]:
        """Everything in it that no student may read before grading, a line at a time."""
        for text in (self.answer, *(idea.says for idea in self.ideas), *self.wrong):
            yield from filter(None, map(str.strip, text.splitlines()))


def read_rubrics(course: Path, assignment: str) -> dict[str, Rubric]:
    """The rubrics of an assignment by the id of the written cell; none where there is no file.
    Raises AuthoringError for a file that is not as it should be.
    """
    shown = f"solutions/rubrics/{assignment}.toml"
    path = course / shown
    if not path.is_file():
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise AuthoringError(f"{shown} cannot be read: {' '.join(str(error).split())}") from None
    return {cell: _rubric(table, f"{shown}: [{cell}]") for cell, table in tables.items()}


def _rubric(table: Mapping[str, Any], where: str) -> Rubric:
    try:
        ideas = tuple(Idea(float(one["points"]), _text(one["says"])) for one in table["ideas"])
        found = Rubric(_text(table["answer"]), ideas, tuple(map(_text, table.get("wrong", ()))))
    except (KeyError, TypeError, ValueError, AttributeError):
        raise AuthoringError(
            f"{where} needs answer = 'a text' and ideas = [{{ points = 0.5, says = 'a text' }}, "
            "...]; wrong = ['a text', ...] may follow"
        ) from None
    if not ideas or any(idea.points <= 0 for idea in ideas):
        raise AuthoringError(f"{where} needs ideas, each worth more than 0 points")
    return found


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("no text")
    return value.strip()


def refuse_misfits(rubrics: Mapping[str, Rubric], notebook: Mapping[str, Any], name: str) -> None:
    """Raise AuthoringError where a rubric belongs to no written cell of a notebook, or sums to
    other points than the cell's.
    """
    worth = dict(written_cells(notebook))
    for cell, rubric in rubrics.items():
        where = f"solutions/rubrics/{name}.toml: [{cell}]"
        if cell not in worth:
            known = ", ".join(worth) or "none"
            raise AuthoringError(f"{where} belongs to no written question; there is: {known}")
        if abs(rubric.points - worth[cell]) > 1e-9:
            raise AuthoringError(
                f"{where} sums to {rubric.points:g} points, and the question is worth "
                f"{worth[cell]:g}: change one of them"
            )


def written_cells(notebook: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Id and points of each cell that a person grades."""
    for cell in notebook["cells"]:
        mark = cell["metadata"].get("nbgrader", {})
        if mark.get("grade") and mark.get("solution"):
            yield mark["grade_id"], float(mark["points"])
