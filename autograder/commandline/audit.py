"""``chainrule audit``: the table of what the checks catch and name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..audit import Audited, audit
from ..course.assignment import assignments_in, load_assignment
from .saying import console, course_root, print_json

COUNTS = ("mistakes", "caught", "named", "caught_by_student", "named_by_student")


def run(names: Sequence[str], course: Path | None, seed: int | None, json: bool) -> int:
    """Audit assignments. Returns the exit code: 1 when anything right failed or anything wrong
    passed or went unnamed.
    """
    from rich.progress import track

    root = course_root(course)
    audited: dict[str, list[Audited]] = {}
    for name in names or assignments_in(root):
        assignment = load_assignment(root, name)
        rows = audit(
            assignment.exercises.values(),
            assignment.reference,
            assignment.mistakes,
            assignment.styles,
            seed,
        )
        total = len(assignment.exercises)
        audited[name] = list(
            track(rows, name, total, transient=True, console=console(stderr=True), disable=json)
        )
    everything = [one for rows in audited.values() for one in rows]
    if json:
        print_json(as_json(audited))
    else:
        for name, rows in audited.items():
            _show(name, rows)
        _summary(everything)
    return 0 if all(one.sound for one in everything) else 1


def as_json(audited: dict[str, list[Audited]]) -> dict[str, Any]:
    """``{"exercises": [...], "total": {...}}``: of mistakes, how many ``COUNTS``; and
    ``references_passed``.
    """
    rows = [{"assignment": name, **one.public()} for name, some in audited.items() for one in some]
    return {
        "exercises": rows,
        "total": {
            **{key: sum(row[key] for row in rows) for key in COUNTS},
            "references_passed": all(row["reference_passed"] for row in rows),
        },
    }


def _show(name: str, rows: Sequence[Audited]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(
        "exercise",
        "reference",
        "styles",
        "mistakes",
        "caught",
        "named",
        "by a student",
        box=box.SIMPLE_HEAD,
        title=name,
    )
    for one in rows:
        row = one.public()
        styles = f"{sum(one.styles.values())} of {len(one.styles)}"
        counts = [str(row[key]) for key in COUNTS[:3]]
        counts.append(f"{row['caught_by_student']}, {row['named_by_student']}")
        passed = "✓" if one.reference_passed else "✗"
        table.add_row(one.exercise, passed, styles, *counts, style=None if one.sound else "red")
    console().print(table)
    for one in rows:
        for missed in one.public()["missed"]:
            console().print(f"[red]missed[/] {one.exercise}: {missed}")


def _summary(everything: Sequence[Audited]) -> None:
    total = as_json({"": list(everything)})["total"]
    right = "every reference passed" if total["references_passed"] else "[red]a reference failed[/]"
    console().print(
        f"{right}; {total['mistakes']} mistakes, {total['caught']} caught, {total['named']} named; "
        f"on a student's machine {total['caught_by_student']} and {total['named_by_student']}"
    )
