"""Indexes that nbgrader's gradebook lacks: without them every question about one submission reads
the table of all of them.

nbgrader looks a submission's notebooks, grades and comments up by columns that come second in its
unique constraints, or by joins over them, so that its feedback takes longer with every submission
that is on record, and its table of a class grows with the square. The columns are indexed when a
class is recorded; nbgrader's programs and Formgrader gain as well."""

from __future__ import annotations

from typing import Any

from sqlalchemy import inspect, text

COLUMNS = {"submitted_notebook": "assignment_id", "grade": "notebook_id", "comment": "notebook_id"}


def add_indexes(session: Any) -> None:
    """Make what is missing, as part of the session's transaction."""
    seen: Any = inspect(session.connection())
    for table, column in COLUMNS.items():
        name = f"chainrule_{table}_{column}"
        if all(index["name"] != name for index in seen.get_indexes(table)):
            session.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {table} ({column})"))
