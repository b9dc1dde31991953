"""Grades for other systems, by nbgrader's own means:
``nbgrader export --exporter=autograder.gradebook.exporters.CanvasExport``.

    CanvasExport    the CSV that Canvas's Gradebook imports
    MoodleExport    the CSV that Moodle's "Grades > Import" reads

Both leave out what is not final: a submission with written answers that nobody has graded yet.
"""

from .canvas import CanvasExport
from .moodle import MoodleExport

__all__ = ["CanvasExport", "MoodleExport"]
