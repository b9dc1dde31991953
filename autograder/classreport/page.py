"""A report as one HTML page that needs nothing else: no script, no font, no picture, nothing
fetched.

Whatever students wrote is escaped by the template engine; the page's own policy forbids every
script besides."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..report.templates import templates_in
from ..report.words import counted, plainly
from .attention import TITLES
from .behind import KINDS
from .discrimination import LEAST
from .summary import PRESSING, STATUSES

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

HERE = Path(__file__).parent
COLUMNS = {
    "passed": "passed",
    "partial": "partly",
    "failed": "wrong",
    "error": "error",
    "timeout": "too slow",
    "not_attempted": "empty",
}
NAMED = 40  # students named after a mistake; the rest are counted


def render(report: Mapping[str, Any], up: str = "") -> str:
    """The page. ``up``: the address of the course's page, if there is one."""
    return (
        _templates()
        .get_template("page.html")
        .render(
            report=report,
            up=up,
            style=_style(),
            titles=TITLES,
            pressing=PRESSING,
            statuses=STATUSES,
            columns=COLUMNS,
            named=NAMED,
        )
    )


def render_course(course: Mapping[str, Any], links: Mapping[str, str], up: str = "") -> str:
    """The page of a whole course. ``links``: assignment -> the address of its own page; ``up``: the
    address of Formgrader, where that serves it.
    """
    return (
        _templates()
        .get_template("course.html")
        .render(
            course=course, style=_style(), kinds=KINDS, links=links, up=up, named=NAMED, least=LEAST
        )
    )


def render_progress(name: str, done: int, total: int) -> str:
    """The page that is shown while a report is being made; it asks again by itself."""
    return (
        _templates()
        .get_template("progress.html")
        .render(name=name, done=done, total=total, style=_style())
    )


def _style() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


@cache
def _templates() -> Environment:
    environment = templates_in(HERE)
    environment.filters |= {
        "number": number_or_dash,
        "duration": duration,
        "breakable": breakable,
        "counted": counted,
    }
    return environment


def number_or_dash(value: float | None) -> str:
    """``7.5``, ``100``, and a dash for what is not known."""
    return "–" if value is None else plainly(value)


def breakable(name: str) -> Markup:
    """A name that a narrow column may break after its underscores."""
    from markupsafe import Markup, escape

    return Markup("_<wbr>").join(escape(part) for part in name.split("_"))


def duration(minutes: float | None) -> str:
    """``2 h 05``, ``45 min``."""
    if minutes is None:
        return "–"
    whole = round(minutes)
    return f"{whole // 60} h {whole % 60:02}" if whole >= 60 else f"{whole} min"
