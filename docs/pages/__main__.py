"""The command that makes the site to read."""

from __future__ import annotations

import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated

import nbformat
import typer
from rich.progress import Progress
from sphinx.cmd.build import build_main

from autograder.authoring.build import assignments_in_source

from .chapters import chapter
from .run import FIGURES, SHOWN, shown_by
from .stage import write_pages

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / "build" / "shown"


def main(
    into: Annotated[Path, typer.Option(help="Where the site goes.")] = ROOT / "build" / "pages",
    live: Annotated[
        str | None,
        typer.Option(help="Where a notebook opens live; {name} stands for the assignment's name."),
    ] = None,
) -> None:
    """Make the site to read: the pages of docs/, every notebook as a chapter.

    Example: python -m docs.pages --live '../site/notebooks/index.html?path={name}/{name}.ipynb'
    """
    stage = into.with_name(f"{into.name}-source")
    for folder in (stage, into):
        shutil.rmtree(folder, ignore_errors=True)
    (stage / FIGURES).mkdir(parents=True)
    write_pages(ROOT, stage)
    write_chapters(stage, live)
    words = ["-W", "--keep-going", "-q", "-j", str(os.cpu_count() or 1), "-c", str(ROOT / "docs")]
    failed = build_main([*words, "-d", str(stage / ".doctrees"), str(stage), str(into)])
    if failed:
        sys.exit(failed)
    shutil.copytree(stage / FIGURES, into / FIGURES)
    print(f"{into / 'index.html'}")


def write_chapters(stage: Path, live: str | None) -> None:
    """Run what has changed since the last time, two notebooks at once, and write the chapters."""
    with Progress(transient=True) as progress, ThreadPoolExecutor(2) as threads:

        def write(name: str) -> None:
            bar = progress.add_task(name, total=None)
            folder = shown_by(ROOT, name, KEPT, lambda: progress.advance(bar))
            shown = json.loads((folder / SHOWN).read_text(encoding="utf-8"))
            address = live.format(name=name) if live else None
            nbformat.write(chapter(ROOT, name, shown, address), stage / f"{name}.ipynb")
            for picture in folder.glob("*.png"):
                shutil.copy(picture, stage / FIGURES)
            progress.update(bar, total=1, completed=1)

        list(threads.map(write, assignments_in_source(ROOT)))


if __name__ == "__main__":
    typer.run(main)
