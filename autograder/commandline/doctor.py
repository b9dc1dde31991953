"""``chainrule doctor``."""

from __future__ import annotations

from .saying import console, print_json


def run(json: bool) -> None:
    """Print what this machine offers."""
    from coursekit.data import installed

    from ..wall.outside.survey import survey

    pieces, images = survey(), installed()
    if json:
        print_json({"machine": [piece.public() for piece in pieces], "images": images})
        return
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    table = Table("piece", "here", "found", "what its lack costs", box=box.SIMPLE_HEAD)
    for piece in pieces:
        here = "[green]yes[/]" if piece.here else "[yellow]no[/]"
        table.add_row(piece.name, here, escape(piece.found), escape(piece.cost))
    console().print(table)
    data_sets = Table("images", "here", "found, or how to get them", box=box.SIMPLE_HEAD)
    for name, place in images.items():
        here = "[green]yes[/]" if place else "no"
        fetch = f"python -c 'from coursekit.data import download; download(\"{name}\")'"
        data_sets.add_row(name, here, escape(place or fetch))
    console().print(data_sets)
