"""A cell of the release, and whether what a student sent is still its text."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Literal

from ..course.marks import earlier_texts
from .handed_in import SubmittedCell

Role = Literal["solution", "written", "demo", "instructor"]


def role_of(cell: Mapping[str, Any]) -> Role:
    """What a released cell is to the student: theirs to fill, to play with, or to read."""
    metadata = cell.get("metadata", {})
    nbgrader = metadata.get("nbgrader", {})
    if nbgrader.get("solution"):
        return "written" if nbgrader.get("grade") else "solution"
    if cell["cell_type"] == "code" and "demo" in metadata.get("tags", ()):
        return "demo"
    return "instructor"


def text_of(cell: Mapping[str, Any]) -> str:
    """A cell's source as one string, however it was stored."""
    source = cell.get("source", "")
    return source if isinstance(source, str) else "".join(source)


def identity(cell: Mapping[str, Any]) -> str:
    """The name by which a submitted cell may be known as this one."""
    return cell.get("metadata", {}).get("nbgrader", {}).get("grade_id") or cell["id"]


def identities(release: Mapping[str, Any]) -> frozenset[str]:
    """The names by which submitted cells are known as cells of this release."""
    return frozenset(identity(cell) for cell in release["cells"])


def unchanged(released: Mapping[str, Any], cell: SubmittedCell) -> bool:
    """Whether a submitted cell says what the released one says, or said in an earlier release;
    spaces at the ends of lines aside."""
    if lines_of(text_of(released)) == lines_of(cell.source):
        return True
    earlier = earlier_texts(released)
    return bool(earlier) and digest_of_text(cell.source) in earlier


def digest_of_text(source: str) -> str:
    """A short name for what a cell says."""
    said = "\n".join(lines_of(source)).encode("utf-8", "replace")
    return hashlib.blake2b(said, digest_size=8).hexdigest()


def lines_of(source: str) -> list[str]:
    """A cell's lines as they are compared."""
    return [line.rstrip() for line in source.replace("\r\n", "\n").strip().split("\n")]
