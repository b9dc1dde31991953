"""The reports of all assignments of a course that somebody handed in, and the course's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..authoring.outline import course_outline
from ..errors import ClassError, Refusal
from ..gradebook.course import open_course
from ..gradebook.extensions import read_extensions
from .gather import gather
from .overview import overview
from .summary import summarise

Tell = Callable[[str, int], None]
"""Is told the assignment that is being read, and of how many."""


@dataclass(frozen=True)
class CourseReports:
    """What ``overview`` says of the course, and ``summarise`` of each of its assignments."""

    course: dict[str, Any]
    assignments: dict[str, dict[str, Any]] = field(default_factory=dict)


def report_on_course(root: Path, tell: Tell = lambda name, count: None) -> CourseReports:
    """Read everything about a course. An assignment that cannot be read is left out and named
    under ``left_out``; one that nobody handed in is not part of it. Raises Refusal when nothing is
    left.
    """
    outline = course_outline(root)
    opened = open_course(root, "")
    due = opened.due_dates()
    reports: dict[str, dict[str, Any]] = {}
    left_out: dict[str, str] = {}
    for one in outline:
        tell(one.name, len(outline))
        if not open_course(root, one.name).handed_in_by_anybody():
            continue
        try:
            reports[one.name] = summarise(gather(root, one.name))
        except Refusal as refusal:
            left_out[one.name] = str(refusal)
    if not reports:
        said = "; ".join(left_out.values()) or "nobody has handed in anything yet"
        raise ClassError(f"there is nothing to report on: {said}")
    dated = [replace(one, due=due.get(one.name, one.due)) for one in outline]
    now, extensions = datetime.now(UTC), read_extensions(root)
    excused = {one.name: extensions.running(one.name, one.due, now) for one in dated if one.due}
    names = {one.student: f"{one.first_name} {one.last_name}".strip() for one in opened.enrolled()}
    course = overview(dated, reports, now, excused, names)
    return CourseReports(course | {"left_out": left_out}, reports)
