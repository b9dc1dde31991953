"""The preprocessor that takes the place of nbgrader's sanitising."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import from_dict
from nbgrader.preprocessors import NbGraderPreprocessor

from ...course.assignment import load_assignment
from ...errors import SubmissionError
from ...grading.grade import rebuild_bytes, unreadable
from ...grading.handed_in import find_notebook, read_plain_file
from ...grading.released import identities
from .submissions import FILE, course_of


class Rebuild(NbGraderPreprocessor):
    """Write the notebook that runs: the instructor's cells and metadata, the student's answers and own cells."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Replace ``nb`` by the rebuilt notebook of the submission in the folder."""
        assignment = load_assignment(course_of(self), resources["nbgrader"]["assignment"])
        try:
            path = find_notebook(
                Path(resources[FILE]).parent, assignment.name, identities(assignment.release)
            )
            rebuilt = rebuild_bytes(assignment, read_plain_file(path))
        except SubmissionError as error:
            rebuilt = unreadable(assignment, str(error))
        for note in rebuilt.notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        return from_dict(rebuilt.notebook), resources
