"""The CSV that Canvas's Gradebook imports.

Canvas wants the header ``Student, ID, SIS User ID, SIS Login ID, Section`` before the assignments,
and a second line that begins with ``Points Possible``. It finds a student by ID (Canvas's own
number), else by SIS User ID, else by SIS Login ID, else by name; and an assignment by ``Name
(number)``, else by name, else it offers to create one."""

from __future__ import annotations

from collections.abc import Sequence

from traitlets import Dict, Enum, Unicode

from ...report.words import plainly
from .roster import Column, Enrolled, RosterExport


class CanvasExport(RosterExport):
    """Grades for Canvas. The gradebook's student ids are Canvas's login ids, unless ``student_id``
    says otherwise.
    """

    default_file = "canvas.csv"

    student_id = Enum(
        ("SIS Login ID", "SIS User ID"),
        "SIS Login ID",
        help=(
            "Which of Canvas's ids the gradebook's student ids are. Canvas's own number is taken "
            "from lms_user_id."
        ),
    ).tag(config=True)
    section = Unicode("", help="What to write into the column Section.").tag(config=True)
    names = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help=(
            "Our assignments' names in Canvas, best with Canvas's number: {'svm': 'Assignment 1 "
            "(4711)'}."
        ),
    ).tag(config=True)

    def header(self, columns: Sequence[Column]) -> list[list[str]]:
        """The names of the columns, and what each assignment is worth."""
        titles = [self.names.get(column.assignment, column.assignment) for column in columns]
        return [
            ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", *titles],
            [
                "    Points Possible",
                "",
                "",
                "",
                "",
                *(plainly(column.max_score) for column in columns),
            ],
        ]

    def identity(self, student: Enrolled) -> list[str]:
        """Name, Canvas's number, the two ids, section."""
        ids = {"SIS User ID": "", "SIS Login ID": "", self.student_id: student.student}
        return [
            student.sortable_name,
            student.lms_id,
            ids["SIS User ID"],
            ids["SIS Login ID"],
            self.section,
        ]
