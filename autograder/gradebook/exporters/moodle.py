"""The CSV that Moodle reads under Grades > Import > CSV file (encoding UTF-8, separator comma).

Moodle asks which column names the user (``Username``, ``ID number`` or ``Email address``; one that
is empty for a student skips that student) and which grade item each further column is. A ``-`` is
no grade. Its own exports call a column of points ``svm (Real)``, so ours are called the same.
Feedback stays out: an import of feedback without grades deletes grades."""

from __future__ import annotations

from collections.abc import Sequence

from traitlets import Dict, Unicode

from .roster import Column, Enrolled, RosterExport


class MoodleExport(RosterExport):
    """Grades for Moodle. The gradebook's student ids are Moodle's usernames; lms_user_id is the ID
    number.
    """

    default_file = "moodle.csv"

    names = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="Our assignments' names in Moodle: {'svm': 'Assignment: SVM'}.",
    ).tag(config=True)

    def header(self, columns: Sequence[Column]) -> list[list[str]]:
        """The names of the columns, as Moodle's own export writes them."""
        titles = [
            f"{self.names.get(column.assignment, column.assignment)} (Real)" for column in columns
        ]
        return [["First name", "Last name", "Username", "ID number", "Email address", *titles]]

    def identity(self, student: Enrolled) -> list[str]:
        """Names and the three ways to say who it is."""
        names = student.first_name, student.last_name
        return [*names, student.student, student.lms_id, student.email]

    def number(self, student: Enrolled, column: Column) -> str:
        """A ``-`` where there is no grade, so that Moodle never reads an empty cell as nought."""
        return super().number(student, column) or "-"
