"""What the cells of a solved notebook show, run once and kept until something that they are made of
changes.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from PIL import Image

from autograder.authoring.build import solved_notebook

SECONDS = 300
"""The longest that one cell may take."""
FIGURES = "figures"
"""The folder of the site that has the pictures."""
COLOURS = 128
SHOWN = "shown.json"
_IMAGE = re.compile(r'src="data:image/png;base64,([^"]+)"')


def shown_by(root: Path, name: str, kept: Path, advance: Callable[[], object]) -> Path:
    """The folder in ``kept`` with what a notebook shows: its pictures, and by cell id its outputs.

    Where there is none yet, the notebook is run without its checks, on the images that the
    course draws; ``advance`` is called after each cell. No answer is kept. Raises CellExecutionError
    for a cell that fails.
    """
    folder = kept / f"{name}-{_digest(root, name)}"
    if not folder.is_dir():
        notebook: Any = nbformat.from_dict(solved_notebook(root, name))
        notebook.cells = [one for one in notebook.cells if "check" not in _mark(one)]
        _execute(root / "source" / name, notebook, advance)
        for old in kept.glob(f"{name}-*"):
            shutil.rmtree(old)
        kept.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept) as made:
            _write(name, notebook, Path(made))
            shutil.copytree(made, folder)
    return folder


def _mark(cell: Any) -> dict[str, str]:
    return cell.metadata.get("chainrule", {})


def _digest(root: Path, name: str) -> str:
    """Tells what the pictures are made of: code, data and answers; not the text around them."""
    made_of = hashlib.sha256((root / "solutions" / f"{name}.py").read_bytes())
    release: Any = nbformat.read(root / "assignments" / name / f"{name}.ipynb", 4)
    code = [(one.id, one.source) for one in release.cells if one.cell_type == "code"]
    made_of.update(json.dumps(code).encode())
    for folder in (root / "coursekit", root / "source" / name):
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix not in (".md", ".pyc"):
                made_of.update(path.read_bytes())
    return made_of.hexdigest()[:16]


def _execute(source: Path, notebook: Any, advance: Callable[[], object]) -> None:
    """Run it in a folder of its own, with nothing that this machine alone has."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / source.name
        shutil.copytree(source, folder)
        alone = {"CHAINRULE_DATA": str(folder / "none"), "XDG_CACHE_HOME": str(folder / "none")}
        client = NotebookClient(
            notebook,
            timeout=SECONDS,
            resources={"metadata": {"path": str(folder)}},
            on_cell_executed=lambda **_: advance(),
        )
        client.execute(
            env={**os.environ, "OMP_NUM_THREADS": "1", **alone}, stderr=subprocess.DEVNULL
        )


def _write(name: str, notebook: Any, into: Path) -> None:
    shown = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    for cell, outputs in shown.items():
        for number, output in enumerate(outputs):
            data = output.get("data", {})
            if "text/html" in data:
                stem = f"{name}-{cell}-{number}"
                data["text/html"] = _with_files(data["text/html"], into, stem)
    (into / SHOWN).write_text(json.dumps(shown), encoding="utf-8")


def _with_files(page: str, into: Path, stem: str) -> str:
    """Pictures as files of their own, which a browser loads when they come into sight."""
    written: list[str] = []

    def as_file(found: re.Match[str]) -> str:
        written.append(f"{stem}-{len(written)}.png")
        with Image.open(io.BytesIO(base64.b64decode(found[1]))) as picture:
            picture.convert("RGB").quantize(COLOURS).save(into / written[-1])
        return f'loading="lazy" src="{FIGURES}/{written[-1]}"'

    return _IMAGE.sub(as_file, page)
