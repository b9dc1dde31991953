"""The marks: what this project writes into notebooks' metadata, under one key, and the only place
that knows how.

A released cell is marked with what it is: the check of an exercise, or the solution of an answer;
and with what it said in earlier releases, as digests. Grading marks the notebook
(what had to be mended, why it could not be judged, for which content it was judged) and its cells
(the student's own, shown but not run, a note, a verdict). The grader alone writes them: of a
submission no metadata gets into a graded notebook. Students see the page that is made of the cells'
outputs, never these; and there is nothing here that the page does not say, but for how long judging
took, what the catalogue calls a mistake whose hint is on the page, and what a training that ranks
reached beside the reference. No other value, neither theirs nor the reference's, that is not in a
sentence.

The notebook's marks state a version as soon as grading writes them. A release states none, nor did
the first edition: that is version 1. Where they are read, marks of a version that is not known are
refused with a MarksError.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..language.codec import from_json, refuse_newer, to_json
from ..language.verdict import Verdict

KEY = "chainrule"
VERSION = 2

Metadata = dict[str, Any]


@dataclass(frozen=True)
class NotebookMarks:
    """What grading says of a notebook as a whole.

    notes: what had to be mended, a sentence each. problem: why it could not be judged, if so.
    judged: the key of the content that its verdicts are about, once there are verdicts to rely on.
    doubt: why a person should see whether this is what the student meant, if so.
    """

    notes: tuple[str, ...] = ()
    problem: str | None = None
    judged: str | None = None
    doubt: str | None = None


@dataclass(frozen=True)
class MarkedVerdict:
    """A verdict on record. ``ours``: judging failed, not the answer."""

    verdict: Verdict
    ours: bool


# --- a notebook -----------------------------------------------------------------------------------


def notebook_marks(notebook: Mapping[str, Any]) -> NotebookMarks:
    """A notebook's marks; all empty where it has none. Raises MarksError for a version that is not
    known.
    """
    marks = _of(notebook)
    _refuse_unknown(marks)
    return NotebookMarks(
        notes=tuple(map(str, marks.get("notes") or ())),
        problem=marks.get("problem"),
        judged=marks.get("judged"),
        doubt=marks.get("doubt"),
    )


def mark_notebook(notebook: dict[str, Any], marks: NotebookMarks) -> None:
    """Write a notebook's marks, in place of those it has."""
    written: Metadata = {"version": VERSION, "notes": [*marks.notes]}
    if marks.problem:
        written["problem"] = marks.problem
    if marks.judged is not None:
        written["judged"] = marks.judged
    if marks.doubt:
        written["doubt"] = marks.doubt
    notebook["metadata"][KEY] = written


def judged_for(text: bytes, key: str) -> bool:
    """Whether the text of a graded notebook says that it was judged for ``key``. Reads it as text:
    a class has many.
    """
    return f'"judged": "{key}"'.encode() in text


def verdicts_on_record(notebook: Mapping[str, Any]) -> list[MarkedVerdict]:
    """The verdicts of a graded notebook, in its order. Raises KeyError where a check has none:
    nobody has graded it; and MarksError for a version that is not known.
    """
    _refuse_unknown(_of(notebook))
    marks = [_of(cell) for cell in notebook["cells"] if check_of(cell)]
    return [_marked_verdict(one["verdict"]) for one in marks]


def refuse_unknown_version(notebook: Mapping[str, Any]) -> None:
    """Raises MarksError when a notebook's marks are of a version that is not known."""
    _refuse_unknown(_of(notebook))


# --- a cell ---------------------------------------------------------------------------------------


def check_mark(exercise: str) -> Metadata:
    """The metadata of a cell that checks an exercise."""
    return {KEY: {"check": exercise}}


def solution_mark(answer: str) -> Metadata:
    """The metadata of a cell in which an answer is written."""
    return {KEY: {"solution": answer}}


def student_mark() -> Metadata:
    """The metadata of a cell that the student added."""
    return {KEY: {"student": True}}


def note_mark() -> Metadata:
    """The metadata of a cell in which the grader speaks."""
    return {KEY: {"note": True}}


def check_of(cell: Mapping[str, Any]) -> str | None:
    """The exercise that a cell checks, if it is a check cell."""
    return _of(cell).get("check")


def solution_of(cell: Mapping[str, Any]) -> str | None:
    """The answer that is written in a cell, if it is a solution cell."""
    return _of(cell).get("solution")


def earlier_texts(cell: Mapping[str, Any]) -> tuple[str, ...]:
    """Digests of what a released cell said in releases that went out before."""
    return tuple(map(str, _of(cell).get("earlier", ())))


def mark_earlier(cell: dict[str, Any], texts: tuple[str, ...]) -> None:
    """Say what a released cell said before."""
    _add(cell, earlier=[*texts])


def skipped(cell: Mapping[str, Any]) -> bool:
    """Whether a cell is shown but not run."""
    return bool(_of(cell).get("skip"))


def mark_skipped(cell: dict[str, Any]) -> None:
    """Say that a cell is shown but not run."""
    _add(cell, skip=True)


def mark_verdict(cell: dict[str, Any], verdict: Verdict, *, ours: bool) -> None:
    """Put a verdict on the record of its check cell. ``ours``: judging failed, not the answer."""
    _add(cell, verdict={**to_json(verdict), "ours": ours})


def _marked_verdict(stated: Mapping[str, Any]) -> MarkedVerdict:
    return MarkedVerdict(from_json(stated), bool(stated["ours"]))


def _of(marked: Mapping[str, Any]) -> Mapping[str, Any]:
    """The marks of a cell or a notebook."""
    return marked.get("metadata", {}).get(KEY, {})


def _add(cell: dict[str, Any], **marks: Any) -> None:
    cell["metadata"][KEY] = {**_of(cell), **marks}


def _refuse_unknown(marks: Mapping[str, Any]) -> None:
    refuse_newer(marks.get("version", 1), VERSION, "a notebook with marks")
