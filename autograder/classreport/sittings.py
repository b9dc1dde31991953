"""How long somebody worked, where their notebook tells: JupyterLab can note in each cell when it
was last run.

A lower bound, told by the student's own file: it is shown to the instructor and decides nothing.
Runs that lie at most half an hour apart belong to one sitting; a sitting lasts from its first run
to its last."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

PAUSE = timedelta(minutes=30)
LONGEST = timedelta(days=14)


def minutes_worked(notebook: bytes) -> float | None:
    """Minutes in all sittings; None where fewer than two runs are on record."""
    runs = sorted(set(_runs(notebook)))
    if len(runs) < 2:
        return None
    gaps = (after - before for before, after in pairwise(runs))
    worked = sum((gap for gap in gaps if gap <= PAUSE), timedelta())
    return round(min(worked, LONGEST).total_seconds() / 60, 1)


def _runs(notebook: bytes) -> Iterable[datetime]:
    try:
        cells = json.loads(notebook)["cells"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return
    for cell in cells if isinstance(cells, list) else ():
        metadata: Any = cell.get("metadata") if isinstance(cell, dict) else None
        execution = metadata.get("execution") if isinstance(metadata, dict) else None
        for moment in execution.values() if isinstance(execution, dict) else ():
            if isinstance(moment, str) and (read := _read(moment)):
                yield read


def _read(moment: str) -> datetime | None:
    try:
        read = datetime.fromisoformat(moment)
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
