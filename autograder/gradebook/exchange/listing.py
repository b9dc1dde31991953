"""nbgrader's list of assignments, with due dates.

JupyterLab's Assignment List has no column for them; the names of fetched notebooks are for people
to read, and are where they look."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbgrader.exchange.default import ExchangeList

from ...course.moments import due_in_words


class ListWithDueDates(ExchangeList):
    """nbgrader's list: a fetched notebook's name is followed by what the release, as it is now,
    says of its due date.
    """

    def parse_assignments(self) -> list[dict[str, Any]]:
        """What is listed."""
        found: list[dict[str, Any]] = super().parse_assignments()
        for one in found:
            if one["status"] == "fetched":
                released = Path(self.root, one["course_id"], "outbound", one["assignment_id"])
                for notebook in one["notebooks"]:
                    if due := _due(released / f"{notebook['notebook_id']}.ipynb"):
                        notebook["notebook_id"] += f", due {due}"
        return found


def _due(notebook: Path) -> str | None:
    """In words; None where the first cell of text says nothing."""
    try:
        cells = json.loads(notebook.read_bytes())["cells"]
        text = next("".join(one["source"]) for one in cells if one["cell_type"] == "markdown")
        return due_in_words(text)
    except (OSError, ValueError, LookupError, TypeError, StopIteration):
        return None
