"""``chainrule build``."""

from __future__ import annotations

from pathlib import Path

from .saying import console, course_root, points, print_json


def run(assignments: list[str], course: Path | None, json: bool) -> None:
    """Build the named assignments, or all, and say what changed."""
    from ..authoring import build

    root = course_root(course)
    built = build(root, assignments)
    if json:
        print_json(
            {
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
        )
        return
    out = console()
    for one in built:
        out.print(
            f"[bold]{one.name}[/]: {one.exercises} exercises, {one.questions} written questions, "
            f"{points(one.points)} points -> {_shown(one.release, root)}"
        )
        for path in one.changed:
            out.print(f"  changed {_shown(path, root)}")
        if not one.changed:
            out.print("  nothing changed")


def _shown(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
