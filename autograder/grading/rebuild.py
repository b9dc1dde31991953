"""From the release and what a student sent, the notebook that runs: instructor's cells, the
student's content.

The order and every word of metadata are the release's. Of the submission only text is taken:

* The answer in a solution or written-question cell is the first submitted cell with that grade_id
  whose text differs from the release's. Further copies (a duplicated or split cell) that differ run
  where they stand, as extra cells; copies equal to the stub are dropped, so that an unused copy
  does not undo an answer.
* A solution cell that was deleted is shown as released but not run: an answer written elsewhere
    stays valid.
* Cells that lost their names are found by their text and their place (``matching``).
* Check cells and read-only cells are the release's, whatever was sent. A deleted one is back. What
  a student imports in one is imported after it.
* A demonstration is run only if the student changed it; one left alone, or deleted, is shown but
    not run.
* The student's own cells run after the cell they followed.
* The cell by which a published notebook fetches what belongs to it is left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..course.fetch_cell import is_fetch_cell
from ..course.marks import NotebookMarks, mark_notebook, mark_skipped, note_mark, student_mark
from .handed_in import Submitted, SubmittedCell
from .imports import added_imports
from .matching import match_cells
from .pseudonym import chosen_pseudonym, offers_leaderboard
from .released import identity, role_of, text_of, unchanged

NOTE_ID = "chainrule-note"


@dataclass(frozen=True)
class Rebuilt:
    """The notebook that runs (nbformat 4.5, no outputs), and what had to be mended on the way."""

    notebook: dict[str, Any]
    notes: tuple[str, ...] = ()


def rebuild(
    release: Mapping[str, Any],
    submitted: Submitted | None,
    problem: str | None = None,
    *,
    notes: Sequence[str] = (),
    doubt: str | None = None,
) -> Rebuilt:
    """Put the student's content into the released notebook. Without a submission: the release
    itself, nothing run.

    notes: what to say about the files that were handed in. doubt: why a person should see them.
    """
    released: list[dict[str, Any]] = _copied(release["cells"])
    if submitted is None:
        cells = [_shown_only(cell) for cell in released]
        mended: list[str] = []
    else:
        cells, mended = _merge(released, submitted)
        if offers_leaderboard(release["cells"]) and (said := chosen_pseudonym(cells).said):
            mended.append(said)
    mended = [*notes, *mended]
    told = [one for one in (problem, doubt, *mended) if one]
    if told:
        cells.insert(0, _note(told))
    metadata = {
        key: _copied(release["metadata"][key])
        for key in ("kernelspec", "language_info")
        if key in release["metadata"]
    }
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    mark_notebook(notebook, NotebookMarks(tuple(mended), problem, doubt=doubt))
    return Rebuilt(notebook, tuple(told))


def _copied(value: Any) -> Any:
    """What came from JSON, again: a deep copy, in a tenth of the time."""
    return json.loads(json.dumps(value))


def _merge(
    released: list[dict[str, Any]], submitted: Submitted
) -> tuple[list[dict[str, Any]], list[str]]:
    notes = list(submitted.notes)
    own = tuple(cell for cell in submitted.cells if not is_fetch_cell(cell.source))
    submitted = replace(submitted, cells=own)
    matches = match_cells(released, submitted.cells)
    if not any(match is not None for match in matches):
        notes.append(
            "None of the assignment's cells were found in this notebook: was another notebook "
            "handed in?"
        )
    notes += _overwritten(released, submitted.cells, matches)
    answers = _answers(released, submitted.cells, matches)
    extras = _extras(released, submitted.cells, matches, answers)

    cells = [_extra(cell, number) for number, cell in enumerate(extras.get(-1, ()), start=1)]
    count = len(cells)
    present = {match for match in matches if match is not None}
    for index, cell in enumerate(released):
        answer = submitted.cells[answers[index]] if index in answers else None
        cells.append(_filled(cell, answer, index in present))
        if index not in present and (note := _missing(cell)):
            notes.append(note)
        for extra in extras.get(index, ()):
            count += 1
            cells.append(_extra(extra, count))
    return cells, notes


def _overwritten(
    released: Sequence[Mapping[str, Any]],
    cells: Sequence[SubmittedCell],
    matches: Sequence[int | None],
) -> list[str]:
    """A sentence for every read-only code cell whose text was changed."""
    said: dict[str, None] = {}
    for cell, match in zip(cells, matches, strict=True):
        if match is None or not _read_only(released[match]) or unchanged(released[match], cell):
            continue
        kept = ", with the imports added to it" if _imports(released[match], cell) else ""
        name = identity(released[match])
        said[f"The read-only cell {name} had been changed; the original was run{kept}."] = None
    return [*said]


def _read_only(released: Mapping[str, Any]) -> bool:
    return released["cell_type"] == "code" and role_of(released) == "instructor"


def _answers(
    released: Sequence[Mapping[str, Any]],
    cells: Sequence[SubmittedCell],
    matches: Sequence[int | None],
) -> dict[int, int]:
    """Released index -> index of the submitted cell whose text stands there: the first changed one,
    else the first.
    """
    answers: dict[int, int] = {}
    for index, match in enumerate(matches):
        if match is None or role_of(released[match]) == "instructor":
            continue
        first = answers.get(match)
        if first is None or (
            unchanged(released[match], cells[first])
            and not unchanged(released[match], cells[index])
        ):
            answers[match] = index
    return answers


def _extras(
    released: Sequence[Mapping[str, Any]],
    cells: Sequence[SubmittedCell],
    matches: Sequence[int | None],
    answers: Mapping[int, int],
) -> dict[int, list[SubmittedCell]]:
    """Released index (-1: the top) -> the student's own cells that follow it."""
    extras: dict[int, list[SubmittedCell]] = {}
    present = {match for match in matches if match is not None}
    used = set(answers.values())
    after = -1
    seen: set[int] = set()
    for index, (cell, match) in enumerate(zip(cells, matches, strict=True)):
        if match is not None and match not in seen:
            seen.add(match)
            after = match
            # A deleted solution cell comes back before what the student wrote in its place.
            while (
                after + 1 < len(released)
                and after + 1 not in present
                and role_of(released[after + 1]) == "solution"
            ):
                after += 1
        if match is not None and (imports := _imports(released[match], cell)):
            extras.setdefault(match, []).append(imports)
        if match is None or (
            index not in used
            and role_of(released[match]) != "instructor"
            and not unchanged(released[match], cell)
        ):
            extras.setdefault(after, []).append(cell)
    return extras


def _imports(released: Mapping[str, Any], cell: SubmittedCell) -> SubmittedCell | None:
    """A cell with what a student imports in one that is not theirs."""
    if not _read_only(released):
        return None
    added = added_imports(text_of(released), cell.source)
    return SubmittedCell("code", "\n".join(added)) if added else None


def _filled(cell: dict[str, Any], answer: SubmittedCell | None, present: bool) -> dict[str, Any]:
    role = role_of(cell)
    cell["source"] = text_of(cell)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None
    if answer is not None and not (same := unchanged(cell, answer)):
        cell["source"] = answer.source
        if cell["cell_type"] == "markdown" and answer.attachments:
            cell["attachments"] = {
                name: dict(bundle) for name, bundle in answer.attachments.items()
            }
    else:
        same = True
    if (role == "demo" and same) or (role == "solution" and not present):
        return _shown_only(cell)
    return cell


def _missing(cell: Mapping[str, Any]) -> str | None:
    name = identity(cell)
    if "nbgrader" not in cell.get("metadata", {}):
        return None
    if role_of(cell) in ("solution", "written"):
        return f"The cell {name} was missing from the notebook."
    return f"The cell {name} was missing from the notebook and was put back."


def _shown_only(cell: dict[str, Any]) -> dict[str, Any]:
    cell["source"] = text_of(cell)
    if cell["cell_type"] == "code":
        cell["outputs"], cell["execution_count"] = [], None
        mark_skipped(cell)
    return cell


def _extra(cell: SubmittedCell, number: int) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cell_type": cell.cell_type,
        "id": f"student-{number}",
        "metadata": student_mark(),
        "source": cell.source,
    }
    if cell.cell_type == "code":
        made |= {"outputs": [], "execution_count": None}
    elif cell.attachments:
        made["attachments"] = {name: dict(bundle) for name, bundle in cell.attachments.items()}
    return made


def _note(sentences: Sequence[str]) -> dict[str, Any]:
    """What the grader has to say about the notebook as a whole, as its first cell. Indented: shown
    as it is written.
    """
    lines = "\n".join("    " + sentence.replace("\n", " ") for sentence in sentences)
    return {
        "cell_type": "markdown",
        "id": NOTE_ID,
        "metadata": note_mark(),
        "source": f"**From the grader**\n\n{lines}",
    }
