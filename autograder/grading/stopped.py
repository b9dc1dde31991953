"""An answer whose own cell stopped with an error: that is told, in place of "not defined yet"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..course.marks import solution_of
from ..language.verdict import Verdict, replace


def with_the_cells_error(
    verdict: Verdict, answers: Iterable[str], cells: Iterable[Mapping[str, Any]]
) -> Verdict:
    """The verdict, with the error of the cell where one of its ``answers`` should have been
    defined, if there is one.

    ``cells`` are the code cells as they ran, with their outputs.
    """
    if verdict.status != "not_attempted":
        return verdict
    for cell in cells:
        answer, error = solution_of(cell), _error(cell)
        if answer in set(answers) and error:
            message = f"The cell of {answer} stopped before its end: {error}"
            first = replace(verdict.findings[0], message=message)
            return replace(verdict, status="error", failure="error", findings=(first,))
    return verdict


def _error(cell: Mapping[str, Any]) -> str:
    """``SyntaxError: invalid syntax``; empty where a cell ran to its end, or raised what an
    unwritten answer raises.
    """
    for output in cell.get("outputs", ()):
        if output.get("output_type") == "error" and output.get("ename") != "NotImplementedError":
            return f"{output.get('ename')}: {output.get('evalue')}"[:500]
        said = output.get("text", "") if output.get("name") == "stderr" else ""
        said = "".join(said)
        if said.startswith("UsageError: "):  # an unknown magic: IPython says so and raises nothing
            return said.partition("\n")[0][:500]
    return ""
