"""The pages: every question with what waits, and all answers to one of them.

What students and graders wrote is escaped, or cleaned as on feedback pages; the one script is ours.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...course.assignment import releases
from ...course.rubrics import Rubric, read_rubrics
from ...errors import AuthoringError, ClassError
from ...grading.released import text_of
from ...report.templates import templates_in
from ..html import markdown
from .answers import Answer, WrittenQuestion, written_answers, written_questions

if TYPE_CHECKING:
    from jinja2 import Environment
    from nbgrader.api import Gradebook

_HERE = Path(__file__).parent
FILES = {
    "written.js": ("text/javascript; charset=utf-8", (_HERE / "written.js").read_bytes()),
    "written.css": ("text/css; charset=utf-8", (_HERE / "written.css").read_bytes()),
}
"""What the pages load: kind and content."""
MOST_AGAIN = 9
"""Comments offered again, for each there is a key."""


@dataclass(frozen=True)
class Place:
    """What a page has to know of its server: Formgrader's base address, the token that saves
    carry, and the word by which the page's own script and looks are known.
    """

    base: str
    token: str
    nonce: str


def questions_page(questions: Iterable[WrittenQuestion], place: Place) -> str:
    """The list of questions."""
    return _templates().get_template("questions.html").render(questions=questions, place=place)


def written_page(
    gradebook: Gradebook, folders: Any, assignment: str, cell: str, place: Place
) -> str:
    """All answers to one question, beside its rubric. Raises ClassError where there is none."""
    asked = {(one.assignment, one.cell): one for one in written_questions(gradebook)}
    if (assignment, cell) not in asked:
        raise ClassError(
            f"{assignment} has no written question {cell}: grade what was handed in first"
        )
    answers = [*written_answers(gradebook, folders, assignment, cell)]
    rubric, problem = _rubric(Path(folders.root), assignment, cell)
    return (
        _templates()
        .get_template("answers.html")
        .render(
            question=asked[assignment, cell],
            text=_text_before(Path(folders.root), assignment, cell),
            answers=answers,
            rubric=rubric,
            problem=problem,
            again=_again(answers, rubric),
            place=place,
        )
    )


def _rubric(course: Path, assignment: str, cell: str) -> tuple[Rubric | None, str]:
    """The rubric, or why there is none."""
    try:
        found = read_rubrics(course, assignment).get(cell)
    except AuthoringError as error:
        return None, str(error)
    where = f"solutions/rubrics/{assignment}.toml"
    return found, "" if found else f"no rubric yet: {where} may have one, under [{cell}]"


def _text_before(course: Path, assignment: str, cell: str) -> str:
    """What is asked: the released cell right before the answer's."""
    cells = releases(course).get(assignment, {"cells": ()})["cells"]
    for before, one in pairwise(cells):
        if one["metadata"].get("nbgrader", {}).get("grade_id") == cell:
            return text_of(before) if before["cell_type"] == "markdown" else ""
    return ""


def _again(answers: list[Answer], rubric: Rubric | None) -> list[str]:
    """Comments to choose from: the wrong turns that are known, then what was said most often."""
    said = Counter(
        line.strip() for one in answers for line in one.given.comment.splitlines() if line.strip()
    )
    known = list(rubric.wrong) if rubric else []
    return list(dict.fromkeys([*known, *(line for line, _ in said.most_common())]))[:MOST_AGAIN]


@lru_cache(maxsize=1)
def _templates() -> Environment:
    from markupsafe import Markup

    made = templates_in(_HERE)

    def shown(text: str, cell: dict[str, Any] | None = None) -> Markup:
        context: Any = {"cell": cell or {}}
        return Markup(markdown(context, text))

    made.filters |= {"shown": shown, "points": lambda value: "" if value is None else f"{value:g}"}
    return made
