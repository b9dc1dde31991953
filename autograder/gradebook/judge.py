"""The preprocessor that takes the place of nbgrader's Execute: run behind the wall, judge outside it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat import from_dict
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Float, Unicode

from ..grading.assignment import Assignment, load_assignment
from ..grading.grade import GradedNotebook, judge_rebuilt, unreadable
from ..grading.rebuild import text_of
from ..grading.submission import SubmissionError, read_files
from ..wall import Limits, Wall, modules_for
from .submissions import FILE, course_of, folders_of
from .warm import warm_wall

Submission = tuple[str, str]
_handed: dict[Submission, Callable[[], GradedNotebook]] = {}


class Judge(NbGraderPreprocessor):
    """Fill in every cell's outputs and each check cell's report and score."""

    isolation = Unicode(
        "auto",
        help="How student code is kept apart: auto (the strongest there is), bubblewrap, landlock, or none.",
    ).tag(config=True)
    cell_seconds = Float(Limits().cell_seconds, help="How long one of the student's cells may run.").tag(config=True)
    submission_seconds = Float(
        Limits().submission_seconds, help="How long a submission may take, all cells and checks together."
    ).tag(config=True)

    def limits(self) -> Limits:
        """What a submission may use, as configured."""
        return Limits(cell_seconds=self.cell_seconds, submission_seconds=self.submission_seconds)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Judge the rebuilt notebook, or take the verdicts of a class that is being judged in parallel."""
        student, name = resources["nbgrader"]["student"], resources["nbgrader"]["assignment"]
        if handed := _handed.get((student, name)):
            return from_dict(handed().notebook), resources
        course = course_of(self)
        assignment = load_assignment(course, name)
        rebuilt = json.loads(Path(resources[FILE]).read_bytes())
        for cell in rebuilt["cells"]:
            cell["source"] = text_of(cell)  # nbformat writes a source as a list of lines
        coursedir = folders_of(self)
        folder = Path(coursedir.format_path(coursedir.submitted_directory, student, name))
        with warm_wall(self.isolation, self.limits(), course, modules_for(assignment.sources)) as wall:
            graded = judge_folder(assignment, rebuilt, folder, wall)
        return from_dict(graded.notebook), resources


def judge_folder(
    assignment: Assignment, rebuilt: dict[str, Any], folder: Path, wall: Wall, seed: int | None = None
) -> GradedNotebook:
    """Judge a rebuilt notebook with the student's own files of ``folder`` beside it."""
    try:
        files = read_files(folder)
    except SubmissionError as error:
        rebuilt, files = unreadable(assignment, str(error)).notebook, {}
    return judge_rebuilt(assignment, rebuilt, wall, files=files, seed=seed)


@contextmanager
def handing(verdicts: dict[Submission, Callable[[], GradedNotebook]]) -> Iterator[None]:
    """Let the preprocessor take these (student, assignment) verdicts, each asked for once, instead of judging."""
    _handed.update(verdicts)
    try:
        yield
    finally:
        for key in verdicts:
            _handed.pop(key, None)
