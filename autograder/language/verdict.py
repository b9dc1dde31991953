"""What judging says: findings, and the verdict they add up to. Plain data, safe to store and to
show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from .transcript import Transcript

Status = Literal["passed", "partial", "failed", "not_attempted", "error", "timeout"]


@dataclass(frozen=True)
class Evidence:
    """The numbers behind a failed check: where it is worst, both values, and a picture of the
    error.

    ``error`` is |yours - expected| (float64, at most two axes long, shown as a heat map), ``axes`` the names of its axes,
    ``ratio`` a constant yours/expected where there is one; ``bound`` how far the expected may be
    off, where it is measured; ``example`` the smallest inputs found that still fail, in words.
    """

    output: str = ""
    index: tuple[int, ...] | None = None
    yours: float | None = None
    expected: float | None = None
    ratio: float | None = None
    error: np.ndarray | None = None
    axes: tuple[str, ...] = ()
    bound: float | None = None
    example: str = ""


@dataclass(frozen=True)
class Performance:
    """What a training reached, as the judge measured it beside the reference, on the same problems
    and the same device.

    ``reached`` and ``reference`` are of what is ``measured``, on labels that no answer has, each a
    mean over the runs; of what is counted it is the most of any run. ``steps`` and ``parameters``
    are None where the exercise counts none; ``most_steps`` and ``most_parameters`` are the
    reference's. ``device`` is torch's name of its kind. ``genuine`` is what the exercise found in
    every run: that it was trained as asked, and scored as it was trained.
    """

    measured: str
    reached: float
    reference: float
    device: str
    steps: int | None = None
    most_steps: int | None = None
    parameters: int | None = None
    most_parameters: int | None = None
    genuine: bool = True

    @property
    def ratio(self) -> float | None:
        """How many times as much as the reference; None where that reached nothing."""
        return self.reached / self.reference if self.reference > 0 else None


@dataclass(frozen=True)
class Finding:
    """One check's answer. ``passed`` is None when the check waits for grading. ``share`` is its
    part of the points.

    Of a check that failed, ``part`` of its share (in [0, 1)) is earned all the same: some
    situations are right. A ``decisive`` finding that failed leaves no points for the exercise.
    ``mistakes`` are those of the catalogue that were recognised, each as (answer, name): the
    instructor's words, not in the public form, nor is ``performance``, which a training has that
    ranks."""

    check: str
    passed: bool | None
    message: str
    hint: str = ""
    share: float = 1.0
    evidence: Evidence | None = None
    decisive: bool = False
    mistakes: tuple[tuple[str, str], ...] = ()
    part: float = 0.0
    performance: Performance | None = None

    @property
    def earned(self) -> float:
        """How much of its share is earned, in [0, 1]."""
        return 1.0 if self.passed else self.part if self.passed is False else 0.0

    def public(self) -> dict[str, Any]:
        """The machine-readable form: check, passed, message, hint, part."""
        return {
            "check": self.check,
            "passed": self.passed,
            "message": self.message,
            "hint": self.hint,
            "part": self.part,
        }


@dataclass(frozen=True)
class Verdict:
    """One exercise judged. ``score`` lies in [0, points]; ``seed`` redraws the same inputs;
    ``note`` is for the record.

    ``failure`` is the kind of Failure that ended the exercise, if one did; ``seconds`` is how long
    judging took."""

    name: str
    points: float
    score: float
    status: Status
    findings: tuple[Finding, ...] = ()
    seed: int | None = None
    note: str = ""
    failure: str = ""
    seconds: float = field(default=0.0, compare=False)

    @property
    def waiting(self) -> tuple[Finding, ...]:
        """The checks that could not run here and wait for grading."""
        return tuple(finding for finding in self.findings if finding.passed is None)

    @property
    def mistakes(self) -> tuple[tuple[str, str], ...]:
        """The known mistakes that were recognised, each once, as (answer, name)."""
        return tuple(dict.fromkeys(one for finding in self.findings for one in finding.mistakes))

    def public(self) -> dict[str, Any]:
        """The machine-readable form of ``chainrule check --json``."""
        return {
            "name": self.name,
            "points": self.points,
            "score": self.score,
            "status": self.status,
            "findings": [finding.public() for finding in self.findings],
        }

    def sentence(self) -> str:
        """Why points are missing, in one line; empty when none are."""
        if self.note:
            return self.note
        missing = [finding for finding in self.findings if finding.passed is False]
        hints = [
            finding.hint for finding in missing if finding.hint
        ]  # the mistake's name may come with a later check
        return " ".join([missing[0].message, *hints[:1]]) if missing else ""


def score(points: float, findings: Sequence[Finding]) -> float:
    """Points earned by the checks, by their shares: all of one that passed, its part of one that
    failed.

    A check that waits earns nothing yet; a decisive one that failed takes everything.
    """
    if any(finding.decisive and finding.passed is False for finding in findings):
        return 0.0
    total = sum(finding.share for finding in findings)
    if total <= 0:
        return 0.0
    earned = sum(finding.share * finding.earned for finding in findings)
    return points if earned == total else round(points * earned / total, 2)


@dataclass(frozen=True)
class Failure:
    """Why an answer gave no outputs. ``kind`` keeps them apart: nobody's fault, the student's, the
    clock's, ours, and a device that is not to be had where the answer runs.
    """

    kind: Literal["not_attempted", "error", "timeout", "killed", "fault", "device"]
    message: str
    traceback: str = ""


ABSENT = "absent: "
"""How the type name of an output begins that is not there; a sentence says why."""


@dataclass(frozen=True)
class Value:
    """One named output. ``array`` is None when what came back is no array or number; ``type_name``
    says what it was.
    """

    array: np.ndarray | None
    type_name: str


@dataclass(frozen=True)
class Evaluation:
    """What one call of a probe gave: outputs or a failure, inputs changed in place, outputs sharing
    an input's memory, and, where it was asked for, the number of executed lines and calls,
    the libraries that were entered, how many items builtins such as ``sum`` took, and the inputs
    that were varied by a hair, entry by entry. A ``transcript`` stands in the place of outputs that
    are still to be worked out. ``peak_bytes`` is the most memory that the call allocated on an
    accelerator; 0 elsewhere.
    """

    outputs: dict[str, Value] = field(default_factory=dict)
    failure: Failure | None = None
    mutated: tuple[str, ...] = ()
    aliased: tuple[str, ...] = ()
    work: int | None = None
    libraries: tuple[str, ...] = ()
    taken: Mapping[str, int] = field(default_factory=dict)
    varied: tuple[str, ...] = ()
    transcript: Transcript | None = None
    peak_bytes: int = 0

    def arrays(self) -> dict[str, np.ndarray]:
        """The outputs that are arrays or numbers."""
        return {
            name: value.array for name, value in self.outputs.items() if value.array is not None
        }


__all__ = [
    "ABSENT",
    "Evaluation",
    "Evidence",
    "Failure",
    "Finding",
    "Performance",
    "Status",
    "Value",
    "Verdict",
    "replace",
    "score",
]
