"""The templates of a folder: what is filled in is escaped, and a tag leaves no blank line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


def templates_in(folder: Path) -> Environment:
    """An environment of the folder's own, to which filters may be added."""
    from jinja2 import Environment, FileSystemLoader

    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
