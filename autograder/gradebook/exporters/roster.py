"""What both exporters share: which students and assignments, and the one number that an LMS is
told.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Unicode

from ...report.words import plainly
from .cells import inert
from .ledger import Entry, ledger


@dataclass(frozen=True)
class Enrolled:
    """A student as the gradebook knows them; a field that it does not know is empty."""

    student: str
    first_name: str
    last_name: str
    email: str
    lms_id: str

    @property
    def sortable_name(self) -> str:
        """``Lovelace, Ada``, as an LMS lists people; the student's id where no name is known."""
        return ", ".join(name for name in (self.last_name, self.first_name) if name) or self.student


def enrolled(gradebook: Gradebook) -> list[Enrolled]:
    """Everybody in the gradebook."""
    book: Any = gradebook
    return [
        Enrolled(
            one.id,
            one.first_name or "",
            one.last_name or "",
            one.email or "",
            one.lms_user_id or "",
        )
        for one in book.students
    ]


@dataclass(frozen=True)
class Column:
    """One assignment: its name, what it is worth, and the submissions on record."""

    assignment: str
    max_score: float
    entries: dict[str, Entry]


class RosterExport(ExportPlugin):
    """An export with one line a student and one column an assignment."""

    missing = Unicode(
        "",
        help=(
            "What to write for a student who handed in nothing: empty (the LMS decides) or a "
            "number, say 0."
        ),
    ).tag(config=True)
    unfinished = Bool(
        False,
        help=(
            "Export scores although written answers are still to be graded (they then count "
            "nothing yet)."
        ),
    ).tag(config=True)

    default_file = "grades.csv"

    def export(self, gradebook: Gradebook) -> None:
        """Write the file that ``--to`` names."""
        path = Path(self.to or self.default_file)
        students, columns = self.students(gradebook), self.columns(gradebook)
        header = self.header(columns)
        known_by = {one.student: self.identity(one) for one in students}
        self._tell_of_marks(known_by)
        lines = [
            [*map(inert, known_by[one.student]), *(self.number(one, column) for column in columns)]
            for one in students
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([*header, *lines])
        self.log.info(
            "Wrote %d students and %d assignments to %s", len(students), len(columns), path
        )

    def _tell_of_marks(self, known_by: dict[str, list[str]]) -> None:
        marked = [student for student, cells in known_by.items() if [*map(inert, cells)] != cells]
        if marked:
            self.log.warning(
                "A spreadsheet would compute what these students are called, so an apostrophe "
                "stands before it, and the LMS may not know them: %s",
                ", ".join(map(repr, marked)),
            )

    def header(self, columns: Sequence[Column]) -> list[list[str]]:
        """The lines above the first student."""
        raise NotImplementedError

    def identity(self, student: Enrolled) -> list[str]:
        """The cells by which the LMS knows a student; written so that no spreadsheet computes
        them.
        """
        raise NotImplementedError

    def students(self, gradebook: Gradebook) -> list[Enrolled]:
        """Everybody in the gradebook, or those named by ``--student``, sorted by name."""
        named = {str(student) for student in self.student}
        found = [one for one in enrolled(gradebook) if not named or one.student in named]
        if unknown := named - {one.student for one in found}:
            self.log.error("The gradebook knows no student %s", ", ".join(sorted(unknown)))
        return sorted(found, key=lambda one: (one.sortable_name.casefold(), one.student))

    def columns(self, gradebook: Gradebook) -> list[Column]:
        """Every assignment of the gradebook, or those named by ``--assignment``."""
        named = [str(assignment) for assignment in self.assignment]
        book: Any = gradebook
        worth: dict[str, float] = {one.name: float(one.max_score) for one in book.assignments}
        if unknown := [name for name in named if name not in worth]:
            self.log.error("The gradebook knows no assignment %s", ", ".join(unknown))
        columns = [
            Column(name, worth[name], ledger(gradebook, name))
            for name in sorted(worth)
            if not named or name in named
        ]
        for column in columns:
            waiting = sorted(entry.student for entry in column.entries.values() if entry.waiting)
            if waiting and not self.unfinished:
                self.log.warning(
                    "%s: %d left out, since answers of theirs wait for a person to grade them: %s",
                    column.assignment,
                    len(waiting),
                    ", ".join(waiting),
                )
        return columns

    def number(self, student: Enrolled, column: Column) -> str:
        """The score after the penalty for lateness, at most two decimals; empty while it is not
        final.
        """
        entry = column.entries.get(student.student)
        if entry is None:
            return self.missing
        if entry.waiting and not self.unfinished:
            return ""
        return plainly(entry.final)
