"""A notebook that a student sent, read without trust: its cells as plain text."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..errors import SubmissionError

CellType = Literal["code", "markdown", "raw"]

MEGABYTE = 1 << 20
NOTEBOOK_BYTES = 64 * MEGABYTE
SOURCE_BYTES = 2 * MEGABYTE
PICTURE_BYTES = 20 * MEGABYTE
CODE_BYTES = 1 * MEGABYTE
CELLS = 2000
PICTURES = ("image/png", "image/jpeg", "image/gif")


@dataclass(frozen=True)
class SubmittedCell:
    """One cell: its text, and the two names by which it may be a cell of the release. Nothing else
    is believed.
    """

    cell_type: CellType
    source: str
    id: str | None = None
    grade_id: str | None = None
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Submitted:
    """The readable cells in order, and what was odd about the others."""

    cells: tuple[SubmittedCell, ...]
    notes: tuple[str, ...] = ()


def read_notebook(data: bytes) -> Submitted:
    """Read the bytes of an ``.ipynb`` file. Raises SubmissionError when there are no cells to be
    had.
    """
    if len(data) > NOTEBOOK_BYTES:
        raise SubmissionError(
            f"the notebook is {len(data) / MEGABYTE:.0f} MB, the limit is "
            f"{NOTEBOOK_BYTES // MEGABYTE} MB: clear its outputs, save and submit again"
        )
    if not data.strip():
        raise SubmissionError("the notebook file is empty: submit it again")
    try:
        notebook = json.loads(data)
    except RecursionError:
        raise SubmissionError(
            "the notebook is nested too deeply to be one: open it in Jupyter and save it"
        ) from None
    except ValueError:
        raise SubmissionError(
            "the notebook file is damaged (no valid JSON): open it in Jupyter, save, submit"
        ) from None
    if not isinstance(notebook, dict):
        raise SubmissionError("the file is JSON but no notebook: submit the .ipynb file itself")
    if "worksheets" in notebook or (
        isinstance(notebook.get("nbformat"), int) and notebook["nbformat"] < 4
    ):
        raise SubmissionError(
            "the notebook is in an old format (nbformat 3): open it in JupyterLab, save, submit"
        )
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        raise SubmissionError(
            "the file is JSON but no notebook (it has no cells): submit the .ipynb file itself"
        )
    if not cells:
        raise SubmissionError("the notebook has no cells: submit the notebook with your answers")
    if len(cells) > CELLS:
        raise SubmissionError(
            f"the notebook has {len(cells)} cells, the limit is {CELLS}: remove cells you do not "
            "need"
        )
    return _read_cells(cells, _foreign_kernel(notebook))


def _read_cells(cells: list[Any], notes: list[str]) -> Submitted:
    read: list[SubmittedCell] = []
    for number, cell in enumerate(cells, start=1):
        kind = cell.get("cell_type") if isinstance(cell, dict) else None
        if kind not in ("code", "markdown", "raw"):
            notes.append(f"Cell {number} is no cell of a notebook and was left out.")
            continue
        source = _text(cell.get("source", ""))
        if source is None:
            notes.append(f"The source of cell {number} is not text and was left out.")
            source = ""
        metadata = cell.get("metadata")
        nbgrader = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        grade_id = nbgrader.get("grade_id") if isinstance(nbgrader, dict) else None
        name = _name(cell.get("id"))
        if name is None and isinstance(metadata, dict):
            name = _name(metadata.get("id"))  # where Colab keeps it
        read.append(SubmittedCell(kind, source, name, _name(grade_id), _pictures(cell)))
    if sum(len(cell.source) for cell in read if cell.cell_type == "code") > CODE_BYTES:
        raise SubmissionError(
            f"the notebook holds more than {CODE_BYTES // MEGABYTE} MB of code: remove pasted data"
        )
    if sum(len(cell.source) for cell in read) > SOURCE_BYTES:
        raise SubmissionError(
            f"the notebook holds more than {SOURCE_BYTES // MEGABYTE} MB of text: remove pasted "
            "data"
        )
    pictures = sum(
        len(data)
        for cell in read
        for bundle in cell.attachments.values()
        for data in bundle.values()
    )
    if pictures > PICTURE_BYTES:
        raise SubmissionError(
            f"the pictures in the notebook take more than {PICTURE_BYTES // MEGABYTE} MB: shrink "
            "them"
        )
    return Submitted(tuple(read), tuple(notes))


def _foreign_kernel(notebook: dict[str, Any]) -> list[str]:
    metadata = notebook.get("metadata")
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    language = kernel.get("language", "python") if isinstance(kernel, dict) else "python"
    if isinstance(language, str) and language.lower() not in ("python", ""):
        return [
            f"The notebook asked for a kernel of another language ({language[:40]}); it was run "
            "with Python."
        ]
    return []


def _text(source: Any) -> str | None:
    if isinstance(source, list):
        if not all(isinstance(line, str) for line in source):
            return None
        source = "".join(source)
    if not isinstance(source, str):
        return None
    # A lone surrogate is valid JSON, but nothing that writes UTF-8 survives it.
    return source.encode("utf-8", "replace").decode("utf-8")


def _name(value: Any) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


def _pictures(cell: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Photographs of a derivation that were pasted into a written answer."""
    attachments = cell.get("attachments")
    if cell.get("cell_type") != "markdown" or not isinstance(attachments, dict):
        return {}
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items():
        if isinstance(bundle, dict):
            pictures = {
                kind: data
                for kind in PICTURES
                if isinstance(data := bundle.get(kind), str) and data.isascii()
            }
            if pictures and (clean := _text(name)):
                kept[clean] = pictures
    return kept


def read_plain_file(path: Path, limit: int = NOTEBOOK_BYTES) -> bytes:
    """The bytes of a regular file: no link (it may point out of the submission), no pipe, nothing
    above the limit.
    """
    try:
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
    except FileNotFoundError:
        raise SubmissionError(f"{path.name} is missing: hand it in") from None
    except OSError:
        raise SubmissionError(
            f"{path.name} cannot be read or is a link: hand in the file itself"
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise SubmissionError(f"{path.name} is no ordinary file: hand in the file itself")
        if status.st_size > limit:
            raise SubmissionError(
                f"{path.name} is {status.st_size / MEGABYTE:.0f} MB, the limit is "
                f"{limit // MEGABYTE} MB: clear the notebook's outputs or leave large files out, "
                "and submit again"
            )
        return file.read(limit + 1)
