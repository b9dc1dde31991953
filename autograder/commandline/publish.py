"""``chainrule publish``."""

from __future__ import annotations

from pathlib import Path

from .saying import console, course_root, print_json


def run(into: Path, course: Path | None, address: str | None, json: bool) -> None:
    """Write what students get, and say what it is."""
    from ..authoring.publish import publish

    done = publish(course_root(course), into, address=address)
    if json:
        print_json(
            {
                "folder": str(done.folder),
                "assignments": done.assignments,
                "wheel": done.wheel,
                "bytes": done.size,
            }
        )
        return
    out = console()
    listed = ", ".join(done.assignments)
    out.print(f"[bold]{done.folder}[/]: {listed}; {done.wheel}; {done.size / 1e6:.1f} MB in all")
    out.print("  no answer and no hint is in it; README.md tells students how to start")
