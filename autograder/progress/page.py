"""Progress as one HTML page that needs nothing else: no script, no font, nothing fetched."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..classreport.page import breakable
from ..language.verdict import Verdict
from ..report.templates import templates_in
from ..report.words import STATUS, plainly
from .gather import NotebookProgress, hints_of, points_waiting

if TYPE_CHECKING:
    from jinja2 import Template

HERE = Path(__file__).parent
STYLE = HERE.parent / "classreport" / "page.css"


def progress_page(notebooks: Sequence[NotebookProgress], how: str) -> str:
    """The page. ``how``: where and when they were judged, in words."""
    style = STYLE.read_text(encoding="utf-8")
    return _template().render(notebooks=notebooks, how=how, style=style)


def standing(verdict: Verdict) -> str:
    """Where an exercise stands, in a few words."""
    if verdict.status != "passed":
        return "not judged here" if verdict.note else STATUS[verdict.status]
    return "right as far as can be told here" if verdict.waiting else "mastered"


@cache
def _template() -> Template:
    environment = templates_in(HERE)
    environment.filters |= {
        "number": plainly,
        "breakable": breakable,
        "standing": standing,
        "hints": hints_of,
        "waits": points_waiting,
    }
    return environment.get_template("page.html")
