"""The preprocessor that takes the place of nbgrader's sanitising."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbformat import from_dict
from nbgrader.preprocessors import NbGraderPreprocessor

from ...course.assignment import load_assignment
from ...grading.submission import read_handed_in, rebuild_handed_in
from .submissions import FILE, course_of
from .timestamps import before_a_person


class Rebuild(NbGraderPreprocessor):
    """Write the notebook that runs: the instructor's cells and metadata, the student's answers and
    own cells.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Replace ``nb`` by the rebuilt notebook of the submission in the folder."""
        assignment = load_assignment(course_of(self), resources["nbgrader"]["assignment"])
        folder = Path(resources[FILE]).parent
        handed_in = before_a_person(read_handed_in(folder, assignment), folder)
        rebuilt = rebuild_handed_in(assignment, handed_in)
        for note in rebuilt.notes:
            self.log.warning("%s: %s", resources["nbgrader"]["student"], note)
        return from_dict(rebuilt.notebook), resources
