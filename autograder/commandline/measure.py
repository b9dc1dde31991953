"""``chainrule audit --files``: the table of what the judge says of code that students once
wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..course.assignment import assignments_in, load_assignment
from .saying import console, course_root, points, print_json

if TYPE_CHECKING:
    from ..collected.files import Unread
    from ..collected.measure import Measured
    from ..collected.pieces import LeftOut


def run(
    folder: Path,
    names: Sequence[str],
    course: Path | None,
    seed: int | None,
    isolation: str | None,
    json: bool,
) -> int:
    """Judge every answer found below a folder and print a row for each. Returns 0, whatever they
    are worth.
    """
    from rich.progress import track

    from ..collected.files import read_folder
    from ..collected.measure import judge_each, names_called, stubs
    from ..collected.pieces import Folder, answers_in
    from ..judge import fresh_seed
    from ..wall.outside.wall import Wall

    root = course_root(course)
    codes, unread = read_folder(folder)
    files = Folder(codes)
    seed = fresh_seed() if seed is None else seed
    measured: list[Measured] = []
    left_out: list[LeftOut] = []
    for name in names or assignments_in(root):
        assignment = load_assignment(root, name)
        _ = assignment.reference
        exercises, calls = assignment.exercises.values(), partial(names_called, assignment)
        pieces, others = answers_in(files, exercises, stubs(assignment), calls)
        left_out += others
        if not pieces:
            continue
        with Wall(
            isolation or "auto", hidden=[assignment.course], modules=assignment.modules
        ) as wall:
            rows = judge_each(assignment, pieces, wall, seed)
            said = console(stderr=True)
            measured += track(rows, name, len(pieces), transient=True, console=said, disable=json)
    if json:
        print_json(as_json(seed, len(codes), measured, left_out, unread))
    else:
        show_table(seed, len(codes), measured, left_out, unread)
    return 0


def as_json(
    seed: int,
    files: int,
    measured: Sequence[Measured],
    left_out: Sequence[LeftOut],
    unread: Sequence[Unread],
) -> dict[str, Any]:
    """The table as data: a row for each distinct piece, what was left out, what could not be read,
    and the totals.
    """
    return {
        "seed": seed,
        "pieces": [one.public() for one in measured],
        "left_out": [vars(one) for one in left_out],
        "unread": [vars(one) for one in unread],
        "total": totals(files, measured),
    }


def totals(files: int, measured: Sequence[Measured]) -> dict[str, int]:
    """How many files were read, how many answers they hold, and what became of the distinct
    ones.
    """
    return {
        "files": files,
        "found": sum(len(one.piece.files) for one in measured),
        "distinct": len(measured),
        "right": sum(one.right for one in measured),
        "wrong": sum(one.wrong for one in measured),
        "named": sum(one.wrong and bool(one.names) for one in measured),
        "not_attempted": sum(one.unwritten for one in measured),
        "faults": sum(one.verdict is None or bool(one.verdict.note) for one in measured),
    }


def show_table(
    seed: int,
    files: int,
    measured: Sequence[Measured],
    left_out: Sequence[LeftOut],
    unread: Sequence[Unread],
) -> None:
    """Print the table, what was left out or could not be read, and the totals."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    out = console()
    table = Table(box=box.SIMPLE_HEAD)
    for heading in ("exercise", "found in", "points", "failed checks", "named"):
        table.add_column(heading, overflow="fold")
    for one in measured:
        table.add_row(*map(escape, _row(one)), style=None if one.right else "red")
    out.print(table)
    for other in left_out:
        out.print(escape(f"left out: {other.file}, {other.exercise}: {other.why}"))
    for other in unread:
        out.print(escape(f"not read: {other.file}: {other.why}"))
    total = totals(files, measured)
    out.print(
        f"{total['files']} files, {total['found']} answers, {total['distinct']} distinct: "
        f"{total['right']} right, {total['wrong']} wrong, {total['named']} of these named, "
        f"{total['not_attempted']} not written, {total['faults']} faults of the grader (seed "
        f"{seed})"
    )


def _row(one: Measured) -> tuple[str, str, str, str, str]:
    first, *more = one.piece.files
    found = first + (f" and {len(more)} more" if more else "")
    if one.verdict is None:
        return one.piece.exercise, found, "?", one.fault, ""
    verdict = one.verdict
    worth = f"{points(verdict.score)} / {points(verdict.points)}"
    failed = verdict.note or "; ".join(dict.fromkeys(each.check for each in one.failed))
    if verdict.status in ("not_attempted", "error", "timeout") and one.failed:
        failed = one.failed[0].message
    return one.piece.exercise, found, worth, failed, "; ".join(one.names)
