"""What was seen on a card, as one table: printed at the end of the tests, and written as JSON where
``OUT`` names a folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from autograder.language.probe import Inputs
from autograder.language.verdict import Evaluation, Verdict
from autograder.watch import devices
from autograder.watch.evaluate import Evaluate

COLUMNS = ("exercise", "device", "seconds", "memory", "precision", "verdict")
FILE = "accelerator.json"


@dataclass(frozen=True)
class Row:
    """One training on a card. ``seconds`` and ``memory`` (MiB, the peak) are the answer's and the
    reference's, each on the same card and the same problems.
    """

    exercise: str
    device: str
    seconds: tuple[float, float]
    memory: tuple[float, float]
    precision: str
    verdict: str

    def cells(self) -> tuple[str, ...]:
        """As a line of the table shows it."""
        seconds, memory = self.seconds, self.memory
        return (
            *(self.exercise, self.device),
            f"{seconds[0]:.2f} to {seconds[1]:.2f}",
            f"{memory[0]:.1f} to {memory[1]:.1f} MiB",
            *(self.precision, self.verdict),
        )


class Measured:
    """A way to evaluate whose trainings on the accelerator are measured."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.seconds, self.memory, self.precision = 0.0, 0.0, "as the arguments"

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch."""
        if not any(one.get("device") == devices.ACCELERATOR for one in batch):
            return self._evaluate(batch, count_work=count_work)
        self.precision = str(batch[0].get("precision") or self.precision)
        with devices.observed(devices.device(devices.ACCELERATOR)) as run:
            told = self._evaluate(batch, count_work=count_work)
        self.seconds += run.seconds
        self.memory = max(self.memory, run.peak_bytes / 2**20)
        return told


def row(exercise: str, yours: Measured, ours: Measured, verdict: Verdict) -> Row:
    """What an answer and the reference took."""
    seconds, memory = (yours.seconds, ours.seconds), (yours.memory, ours.memory)
    return Row(exercise, card_name(), seconds, memory, yours.precision, verdict.status)


def card_name() -> str:
    """The card's own name, where its module has one."""
    kind = devices.current_accelerator()
    module: Any = getattr(torch, kind, None)
    named = getattr(module, "get_device_name", None)
    return str(named()) if named else kind


def as_text(rows: Sequence[Row]) -> str:
    """The table, for a terminal."""
    lines = [COLUMNS, *(one.cells() for one in rows)]
    widths = [max(len(line[k]) for line in lines) for k in range(len(COLUMNS))]
    padded = (
        [cell.ljust(width) for cell, width in zip(line, widths, strict=True)] for line in lines
    )
    return "\n".join("  ".join(line).rstrip() for line in padded)


def write(rows: Sequence[Row]) -> Path | None:
    """The same as JSON into the folder that ``OUT`` names, if it names one."""
    if not os.environ.get("OUT"):
        return None
    path = Path(os.environ["OUT"]) / FILE
    path.write_text(json.dumps([asdict(one) for one in rows], indent=1) + "\n")
    return path
