"""From authored cells to a solved nbgrader notebook (metadata schema 3), the source of the
release.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..course.marks import check_mark, solution_mark
from ..course.moments import due_sentence
from ..errors import AuthoringError
from ..exercise.load import Loaded
from ..exercise.trial import Exercise
from .answers import SolutionsModule
from .ids import name_cells
from .names import bound, used
from .text import AuthoredCell, Text

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}

_IMPORTS_CHECK = re.compile(r"^\s*from autograder import .*\bcheck\b", re.MULTILINE)


def expand(text: Text, asked: Loaded, answers: SolutionsModule) -> dict[str, Any]:
    """The solved notebook, as nbformat's JSON. Raises AuthoringError for what does not fit
    together.
    """
    ids = name_cells(text)
    exercises = asked.exercises
    _match_checks(text, asked)
    _match_answers(text, exercises)
    _sum_points(text, exercises)
    cells = [
        _cell(cell, own, exercises, answers, text)
        for cell, own in zip(text.cells, ids, strict=True)
    ]
    _refuse_missing_names(text, cells, answers)
    _say_when_due(text, cells)
    return {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _say_when_due(text: Text, cells: list[dict[str, Any]]) -> None:
    """Where students look first: at the end of the first cell of text."""
    first = next((cell for cell in cells if cell["cell_type"] == "markdown"), None)
    if text.due is not None and first is not None:
        first["source"] += f"\n\n{due_sentence(text.due)}"


def _match_checks(text: Text, asked: Loaded) -> None:
    """Each check has its exercise, each exercise its check, and the notebook knows the word."""
    exercises, places = asked.exercises, asked.places
    known = ", ".join(exercises) or "none"
    for cell in _of(text, "check"):
        if cell.name not in exercises:
            raise text.error(cell, f"{places.entry} has no such exercise; it has: {known}")
    checked = {cell.name for cell in _of(text, "check")}
    for name, one in exercises.items():
        if name not in checked:
            where = places.of(one)
            raise AuthoringError(
                f"{where}: nobody asks for {name}: {text.shown} needs a cell with ':check: {name}'"
            )
    for cell in text.cells:
        if cell.kind == "code" and _IMPORTS_CHECK.search(cell.source):
            return
        if cell.kind == "check":
            raise text.error(cell, "no code cell before it does 'from autograder import check'")


def _match_answers(text: Text, exercises: Mapping[str, Exercise]) -> None:
    """Each answer an exercise calls is offered before its check, and no other cell takes its
    name.
    """
    offered: set[str] = set()
    everywhere = {cell.name for cell in _of(text, "solution")}
    for cell in text.cells:
        if cell.kind == "solution":
            offered.add(cell.name)
        elif cell.kind == "check":
            for name in exercises[cell.name].answers:
                if name not in everywhere:
                    raise text.error(
                        cell, f"it calls {name}, but there is no cell with ':solution: {name}'"
                    )
                if name not in offered:
                    raise text.error(
                        cell, f"it calls {name}, whose cell comes after it: move the check down"
                    )
        elif (
            shadowed := sorted(everywhere & bound(cell.source))
            if cell.kind in ("code", "demo")
            else []
        ):
            raise text.error(cell, f"it binds the name {shadowed[0]}, which is an answer's")


def _refuse_missing_names(
    text: Text, cells: list[dict[str, Any]], answers: SolutionsModule
) -> None:
    """An answer may use what its module has around it only if the notebook has it too, outside of
    demonstrations.
    """
    pairs = list(zip(text.cells, cells, strict=True))
    has = set[str]().union(
        *(bound(made["source"]) for cell, made in pairs if cell.kind in ("code", "solution"))
    )
    for cell, made in pairs:
        if cell.kind == "solution" and (
            missing := sorted((used(made["source"]) & answers.names) - has)
        ):
            raise text.error(
                cell,
                f"it uses {missing[0]} of {answers.shown}, which no read-only cell of the "
                "notebook imports or defines",
            )


def _sum_points(text: Text, exercises: Mapping[str, Exercise]) -> None:
    checks = sum(exercises[cell.name].points for cell in _of(text, "check"))
    questions = sum(cell.points for cell in _of(text, "manual"))
    if abs(checks + questions - text.points) > 1e-9:
        raise AuthoringError(
            f"{text.shown}:1: the points sum to {checks + questions:g} (checks {checks:g}, "
            f"written questions {questions:g}), not to {text.points:g}: change them, or the total "
            f"in the front matter, 'chainrule: {{points: ...}}'"
        )


def _cell(
    cell: AuthoredCell,
    own: str,
    exercises: Mapping[str, Exercise],
    answers: SolutionsModule,
    text: Text,
) -> dict[str, Any]:
    if cell.kind == "solution":
        try:
            source = answers.solved(cell.name)
        except AuthoringError as problem:
            raise text.error(cell, str(problem)) from None
        return _code(
            own, source, {**solution_mark(cell.name), "nbgrader": _nbgrader(own, solution=True)}
        )
    if cell.kind == "check":
        graded = _nbgrader(own, grade=True, locked=True, points=exercises[cell.name].points)
        return _code(own, f'check("{cell.name}")', {**check_mark(cell.name), "nbgrader": graded})
    tags: dict[str, Any] = {"tags": list(cell.tags)} if cell.tags else {}
    if cell.kind == "demo":
        return _code(own, cell.source, tags)
    if cell.kind == "code":
        return _code(own, cell.source, {"nbgrader": _nbgrader(own, locked=True), **tags})
    if cell.kind == "manual":
        tags["nbgrader"] = _nbgrader(own, grade=True, solution=True, points=cell.points)
    return {"cell_type": "markdown", "id": own, "metadata": tags, "source": cell.source}


def _code(own: str, source: str, metadata: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": own,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def _nbgrader(
    own: str,
    *,
    grade: bool = False,
    solution: bool = False,
    locked: bool = False,
    points: float | None = None,
) -> dict[str, Any]:
    worth = (
        {} if points is None else {"points": int(points) if float(points).is_integer() else points}
    )
    return {
        "grade": grade,
        "grade_id": own,
        "locked": locked,
        "schema_version": 3,
        "solution": solution,
        "task": False,
        **worth,
    }


def _of(text: Text, kind: str) -> list[AuthoredCell]:
    return [cell for cell in text.cells if cell.kind == kind]
