"""Which submissions need a person, and what for; the most pressing first."""

from __future__ import annotations

from typing import Any

from .record import Handed

ORDER = ("not_graded", "ours", "again", "unreadable", "doubt", "written", "notes", "stopped")
"""Kinds of attention, most pressing first."""

TITLES = {
    "not_graded": "Not graded yet",
    "ours": "Fault of the grader",
    "again": "Handed in again",
    "unreadable": "Could not be read",
    "doubt": "Which notebook was meant, or when",
    "written": "Written answers to grade",
    "notes": "Mended on the way",
    "stopped": "Stopped or crashed",
}


def needs(handed: Handed) -> list[dict[str, Any]]:
    """What a person has to look at in one submission: kind, and a sentence."""
    if handed.marks is None:
        return [_need("not_graded", "Handed in, but nothing is on record: grade it.")]
    found: list[dict[str, Any]] = []
    faults = [one.name for one in handed.exercises if one.ours]
    if faults:
        found.append(
            _need(
                "ours",
                f"Judging failed, the answer may be right: grade it again ({', '.join(faults)}).",
            )
        )
    if handed.again:
        found.append(
            _need("again", "What lies in submitted/ is newer than what was graded: grade it again.")
        )
    if handed.problem and not faults:
        found.append(_need("unreadable", handed.problem))
    if handed.doubt:
        found.append(_need("doubt", handed.doubt))
    checks = {f"check_{one.name}" for one in handed.exercises if one.ours or handed.doubt}
    if written := [cell for cell in handed.marks.waiting if cell not in checks]:
        found.append(_need("written", ", ".join(written)))
    if handed.notes:
        found.append(_need("notes", " ".join(handed.notes)))
    stopped = [
        one for one in handed.exercises if one.status in ("error", "timeout") and not one.ours
    ]
    if stopped and not handed.problem:
        found.append(
            _need("stopped", " ".join(f"{one.name}: {_short(one.sentence)}" for one in stopped))
        )
    return found


def _need(kind: str, sentence: str) -> dict[str, Any]:
    return {"kind": kind, "sentence": sentence}


def _short(sentence: str, limit: int = 160) -> str:
    line = " ".join(sentence.split())
    line = line if len(line) <= limit else line[: limit - 1] + "…"
    return line if line.endswith((".", "!", "?", "…")) else line + "."
