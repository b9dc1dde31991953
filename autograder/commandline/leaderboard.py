"""``chainrule leaderboard``: the trained models of those who want to be compared."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .saying import console, course_root, print_json


def run(assignment: str, course: Path | None, identities: bool, json: bool) -> None:
    """Print the boards of a graded class. Raises AssignmentError or ClassError."""
    from ..classreport.gather import gather
    from ..classreport.leaderboard import leaderboards, refused_names
    from ..errors import ClassError

    with console(stderr=True).status(f"reading {assignment}"):
        record = gather(course_root(course), assignment)
    if not record.ranked:
        raise ClassError(
            f"no exercise of {assignment} has a leaderboard: its author says so by "
            "Training(..., ranked=True)"
        )
    boards = leaderboards(record, identities=identities)
    refused = refused_names(record, identities=identities)
    if json:
        handed_in = len(record.handed)
        print_json(
            {"assignment": assignment, "handed_in": handed_in, "boards": boards, "names": refused}
        )
        return
    for board in boards:
        _show(board, identities)
    for one in refused:
        who = _who_is(one) or "somebody: "
        console().print(f"[yellow]{who}{_plain(one['why'])}[/]", soft_wrap=True)


def _show(board: dict[str, Any], identities: bool) -> None:
    from rich import box
    from rich.table import Table

    out = console()
    rows = board["rows"]
    out.print(
        f"[bold]{_plain(board['exercise'])}[/]: {board['measured']}, as a ratio to the reference's"
    )
    if not rows:
        out.print("nobody is on it: whoever wants to gives a name in the notebook, and is graded")
    else:
        headings = ["", "name", "ratio", "reached", "steps", "parameters", "device"]
        table = Table(*headings, *(["who"] if identities else []), box=box.SIMPLE_HEAD)
        table.columns[1].overflow = "fold"
        for row in rows:
            known = [row["steps"], row["parameters"]]
            counts = ["" if one is None else f"{one}" for one in known]
            figures = [f"{row['ratio']:.3f}", f"{row['reached']:.3f}", *counts, row["device"]]
            who = [row["student"]] if identities else []
            table.add_row(*map(_plain, (str(row["rank"]), row["pseudonym"], *figures, *who)))
        out.print(table)
    for one in board["left_out"]:
        said = f"not on it: {_plain(one['pseudonym'])}: {_who_is(one)}{_plain(one['why'])}"
        out.print(said, soft_wrap=True)


def _who_is(one: dict[str, Any]) -> str:
    return f"{_plain(one['student'])}: " if "student" in one else ""


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
