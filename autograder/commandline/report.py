"""``chainrule report``: what a class understood, as one page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from .saying import console, course_root, print_json


def run(assignment: str, course: Path | None, into: Path | None, json: bool) -> None:
    """Write the page and its tables, and say where they are."""
    root = course_root(course)
    with console(stderr=True).status(f"reading {assignment}"):
        report, files = write(root, assignment, into or root / "reports")
    if json:
        print_json(report | {"files": {name: str(path) for name, path in files.items()}})
    else:
        _show(report, *files.values())


def write(root: Path, assignment: str, folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """The report, and its page, students and mistakes as files. Raises ClassError."""
    from ..classreport.gather import gather
    from ..classreport.page import render
    from ..classreport.summary import summarise
    from ..classreport.tables import write_mistakes, write_students
    from ..errors import ClassError

    report = summarise(gather(root, assignment))
    stem = re.sub(r"[^\w.-]", "_", assignment)
    page = folder / f"{stem}.html"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        page.write_text(render(report), encoding="utf-8")
        students = write_students(report, folder / f"{stem}-students.csv")
        mistakes = write_mistakes(report, folder / f"{stem}-mistakes.csv")
    except OSError as error:
        raise ClassError(
            f"cannot write to {folder}: {error.strerror}; name another folder with --into"
        ) from None
    return report, {"page": page, "students": students, "mistakes": mistakes}


def _show(report: dict[str, Any], *files: Path) -> None:
    from rich.markup import escape

    out = console()
    counts = report["counts"]
    out.print(
        f"[bold]{escape(report['assignment'])}[/]: {counts['handed_in']} handed in, "
        f"{counts['graded']} graded, {counts['need_a_person']} need a person, "
        f"{len(report['groups'])} groups are alike"
    )
    for one in report["mistakes"][:5]:
        out.print(f"{one['count']:4} made {escape(one['name'])}: {escape(one['hint'])}")
    for file in files:
        here = Path.cwd()
        out.print(
            f"{file.relative_to(here) if file.is_relative_to(here) else file}", soft_wrap=True
        )
