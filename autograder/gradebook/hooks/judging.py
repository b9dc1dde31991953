"""The preprocessor that takes the place of nbgrader's Execute: run behind the wall, judge outside
it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from nbformat import from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Integer, Unicode

from ...classes.kept import JUDGED_ON_ARRIVAL, KeptVerdicts
from ...course.assignment import Assignment, load_assignment
from ...grading.grade import grade_rebuilt
from ...grading.nbtext import joined
from ...grading.submission import HandedIn, read_handed_in
from ...grading.walls import warm_wall
from ...wall.wire.limits import Limits
from ..verdict_key import verdict_key
from .submissions import FILE, course_of, folders_of
from .timestamps import before_a_person


class Judge(NbGraderPreprocessor):
    """Fill in every cell's outputs and each check cell's report and score."""

    isolation = Unicode(
        "auto",
        help=(
            "How student code is kept apart: auto (the strongest there is), bubblewrap, landlock, "
            "or none."
        ),
    ).tag(config=True)
    cell_seconds = Float(
        Limits().cell_seconds, help="How long one of the student's cells may run."
    ).tag(config=True)
    submission_seconds = Float(
        Limits().submission_seconds,
        help="How long a submission may take, all cells and checks together.",
    ).tag(config=True)

    seed = Integer(
        None,
        allow_none=True,
        help="Draw these inputs, for everybody. The default: fresh ones for each submission.",
    ).tag(config=True)

    def limits(self) -> Limits:
        """What a submission may use, as configured."""
        return Limits(cell_seconds=self.cell_seconds, submission_seconds=self.submission_seconds)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Judge the rebuilt notebook, with the student's own files beside it."""
        student, name = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
        course, coursedir = course_of(self), folders_of(self)
        assignment = load_assignment(course, name)
        rebuilt = joined(json.loads(Path(resources[FILE]).read_bytes()))
        folder = Path(coursedir.format_path(coursedir.submitted_directory, student, name))
        handed_in = before_a_person(read_handed_in(folder, assignment), folder)
        if (arrived := self._on_arrival(assignment, student, handed_in, folder)) is not None:
            return from_dict(arrived), resources
        with warm_wall(self.isolation, self.limits(), course, assignment.modules) as wall:
            graded = grade_rebuilt(assignment, rebuilt, wall, files=handed_in.files, seed=self.seed)
        return from_dict(graded.notebook), resources

    def _on_arrival(
        self, assignment: Assignment, student: str, handed_in: HandedIn, folder: Path
    ) -> dict[str, Any] | None:
        """The notebook as it was graded when it was handed in, where that is what would come out
        now.
        """
        course = course_of(self)
        store = KeptVerdicts(course, assignment.name, JUDGED_ON_ARRIVAL)
        found = store.find(student, verdict_key(assignment, handed_in, folder, course))
        if found is None or found.notebook is None or self.seed not in (None, found.seed):
            return None
        return joined(json.loads(found.notebook.read_bytes()))
