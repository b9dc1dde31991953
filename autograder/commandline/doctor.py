"""``chainrule doctor``."""

from __future__ import annotations

from .saying import console, print_json


def run(json: bool) -> None:
    """Print what this machine offers."""
    from ..wall.outside.survey import survey

    pieces = survey()
    if json:
        print_json({"machine": [piece.public() for piece in pieces]})
        return
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("piece", "here", "found", "what its lack costs", box=box.SIMPLE_HEAD)
    for piece in pieces:
        here = "[green]yes[/]" if piece.here else "[yellow]no[/]"
        table.add_row(piece.name, here, escape(piece.found), escape(piece.cost))
    console().print(table)
