"""How the commands speak: results on stdout, everything else on stderr, and a refusal in one
sentence.
"""

from __future__ import annotations

import json as _json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ..errors import AssignmentError, Refusal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn

REFUSED = 2


@contextmanager
def refusing(as_json: bool, **about: object) -> Iterator[None]:
    """Turn the errors that are meant for people into one sentence on stderr (with --json also an
    object) and exit 2.
    """
    try:
        yield
    except Refusal as error:
        sentence = str(error).strip()
        sentence += "" if sentence.endswith((".", "!", "?")) else "."
        if not {"/", ".", ":"} & set(sentence.partition(" ")[0]):  # a file's name stays as it is
            sentence = sentence[:1].upper() + sentence[1:]
        typer.echo(sentence, err=True)
        if as_json:
            print_json(
                {key: value for key, value in about.items() if value is not None}
                | {"error": sentence}
            )
        raise typer.Exit(REFUSED) from None


def print_json(value: Any) -> None:
    """The one thing that --json prints."""
    sys.stdout.write(_json.dumps(value, ensure_ascii=False) + "\n")


def console(*, stderr: bool = False) -> Console:
    """A rich console."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False)


def progress_bars(*columns: ProgressColumn) -> Progress:
    """Progress bars on stderr, gone when they end; where nobody would see them, none are drawn."""
    from rich.progress import Progress

    shown = console(stderr=True)
    return Progress(*columns, console=shown, transient=True, disable=not shown.is_terminal)


def course_root(course: Path | None, near: Path | None = None) -> Path:
    """The course that is meant: the one named, else the one here, else the one around ``near``."""
    from ..course.assignment import find_course

    if course is not None:
        return find_course(course.resolve()) if course.is_dir() else _no_folder(course)
    try:
        return find_course(Path.cwd())
    except AssignmentError:
        if near is None:
            raise
        return find_course(near.resolve().parent)


def _no_folder(course: Path) -> Path:
    raise AssignmentError(
        f"there is no folder {course}: --course names the one with nbgrader_config.py"
    )


def points(value: float) -> str:
    """``7.5``, ``100``: points without idle zeros."""
    from ..report.words import plainly

    return plainly(value)
