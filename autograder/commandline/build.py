"""``chainrule build``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ClassError
from ..report.words import counted
from .grade import as_json, grade_with_progress, print_grades
from .saying import console, course_root, points, print_json

if TYPE_CHECKING:
    from ..authoring import Built
    from ..gradebook.classroom import ClassGrades


def run(assignments: list[str], course: Path | None, json: bool, update: bool = False) -> int:
    """Build the named assignments, or all, and say what changed; with ``update`` grade again what
    was handed in. Returns the exit code.
    """
    from ..authoring import build

    root = course_root(course)
    built = build(root, assignments, update=update)
    graded = list(filter(None, (_grade_again(one.name, root) for one in built if update)))
    if json:
        print_json(
            _as_json(built, root) | ({"graded": list(map(as_json, graded))} if update else {})
        )
    else:
        _say(built, root)
        for grades in graded:
            print_grades(grades, root)
    return int(any(grades.failures or grades.pageless for grades in graded))


def _grade_again(name: str, root: Path) -> ClassGrades | None:
    """Everybody's new grade; None where nobody has handed in."""
    from ..gradebook.classroom import Wishes
    from ..gradebook.course import open_course

    try:
        open_course(root, name).submissions()
    except ClassError:
        return None
    return grade_with_progress(root, name, Wishes())


def _as_json(built: list[Built], root: Path) -> dict[str, Any]:
    return {
        "built": [
            {
                "assignment": one.name,
                "points": one.points,
                "exercises": one.exercises,
                "questions": one.questions,
                "changed": [_shown(path, root) for path in one.changed],
            }
            for one in built
        ]
    }


def _say(built: list[Built], root: Path) -> None:
    out = console()
    for one in built:
        out.print(
            f"[bold]{one.name}[/]: {counted(one.exercises, 'exercise')}, "
            f"{counted(one.questions, 'written question')}, "
            f"{points(one.points)} points -> {_shown(one.release, root)}"
        )
        for path in one.changed:
            out.print(f"  changed {_shown(path, root)}")
        if not one.changed:
            out.print("  nothing changed")


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
