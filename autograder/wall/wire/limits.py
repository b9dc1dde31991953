"""What a submission may use up, and the plain data that crosses between the grader and the wall."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import WallError
from ...language.verdict import Failure

SPARE_PROCESSES = 4
"""For the fork that answers checks, where cells have used up all that they may have."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. ``Exercise.seconds`` bounds the checks of an exercise."""

    cell_seconds: float = 30.0
    submission_seconds: float = 300.0
    memory_bytes: int = 4 << 30
    output_bytes: int = 10 << 20
    notebook_output_bytes: int = 50 << 20
    processes: int = 64
    scratch_bytes: int = 256 << 20


@dataclass(frozen=True)
class Cell:
    """One cell to run. A ``check`` cell runs nothing: there the names that its exercise will see
    are remembered.
    """

    id: str
    source: str
    kind: Literal["code", "check"] = "code"
    exercise: str | None = None


@dataclass
class CellResult:
    """What running a cell gave: nbformat 4 outputs, validated and capped, and why it was stopped,
    if it was.
    """

    id: str
    outputs: list[dict[str, Any]] = field(default_factory=list)
    execution_count: int | None = None
    failure: Failure | None = None


def in_seconds(seconds: float) -> str:
    """``10 s``, ``0.5 s``."""
    return f"{seconds:g} s"


def in_bytes(count: int) -> str:
    """``4 GB``, ``256 MB``: powers of 1024, as the limits are written."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= size:
            return f"{count / size:g} {unit}" if count % size == 0 else f"{count / size:.1f} {unit}"
    return f"{count} bytes"


__all__ = ["Cell", "CellResult", "Limits", "WallError", "in_bytes", "in_seconds"]
