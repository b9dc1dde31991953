"""``chainrule extensions``."""

from __future__ import annotations

from pathlib import Path

from .saying import console, course_root, print_json


def run(course: Path | None, json: bool) -> int:
    """Show extensions.csv as it is understood. Returns the exit code: 1 when a line is not."""
    from ..course.assignment import assignments_in
    from ..gradebook.extensions import FILE, read_extensions

    root = course_root(course)
    table = read_extensions(root)
    known = assignments_in(root)
    problems = [*table.problems]
    for (_, assignment), one in table.granted.items():
        if assignment not in known:
            there = ", ".join(known) or "none"
            problems.append(
                f"{FILE} line {one.line}: no assignment {assignment}; there is: {there}"
            )
    rows = [
        {"student": student, "assignment": assignment, "until": one.written}
        for (student, assignment), one in sorted(table.granted.items())
    ]
    if json:
        print_json({"extensions": rows, "problems": problems})
    else:
        _show(rows, problems)
    return 1 if problems else 0


def _show(rows: list[dict[str, str]], problems: list[str]) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    out = console()
    if rows:
        table = Table("student", "assignment", "until", box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*(escape(cell) for cell in row.values()))
        out.print(table)
    elif not problems:
        out.print("nobody has an extension: extensions.csv would say so")
    for problem in problems:
        out.print(f"[yellow]{escape(problem)}[/]")
