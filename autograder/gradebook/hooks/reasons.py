"""The preprocessor that puts the reasons on the record: nbgrader stores a score, not why it is what
it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

from ...course.assignment import Assignment, load_assignment
from ...course.marks import MarkedVerdict, check_of, notebook_marks, solution_of, verdicts_on_record
from ..extensions import read_extensions
from .scores import rows_by_name
from .submissions import course_of


class Reasons(NbGraderPreprocessor):
    """Write why points are missing into the comments of the solution cells, after SaveScores reset
    them.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Comment the solution cells of every exercise that is not full marks; flag what we could
        not judge.
        """
        where = resources["nbgrader"]
        assignment = load_assignment(course_of(self), where["assignment"])
        with Gradebook(where["db_url"]) as gradebook:
            notebook, grades, comments = rows_by_name(gradebook, where)
            table = read_extensions(course_of(self))
            table.grant(notebook.assignment, where["student"], where["assignment"])
            self.save(assignment, nb, grades, comments)
            gradebook.db.commit()
        return nb, resources

    def save(
        self,
        assignment: Assignment,
        nb: Any,
        grades: Mapping[str, Any],
        comments: Mapping[str, Any],
    ) -> None:
        """Fill in a submission's rows, by cell name. Commits nothing."""
        verdicts = verdicts_on_record(nb)
        marks = notebook_marks(nb)
        for grade_id, text in comments_for(assignment, nb, verdicts, marks.problem).items():
            comments[grade_id].auto_comment = text
        open_to_question = {one.verdict.name for one in verdicts if one.ours}
        if marks.doubt:  # one cell brings the whole notebook before a person
            open_to_question |= {one.verdict.name for one in verdicts[:1]}
        for cell in nb.cells:
            if check_of(cell) in open_to_question:
                grades[cell.metadata.nbgrader["grade_id"]].needs_manual_grade = True


def comments_for(
    assignment: Assignment, nb: Any, verdicts: list[MarkedVerdict], problem: str | None
) -> dict[str, str]:
    """grade_id of a solution cell -> what to say there."""
    cells = [cell for cell in nb.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    if problem:
        return {cell.metadata["nbgrader"]["grade_id"]: problem for cell in cells}
    solutions = {solution_of(cell): cell.metadata["nbgrader"]["grade_id"] for cell in cells}
    comments: dict[str, list[str]] = {}
    for verdict in (one.verdict for one in verdicts):
        if not (why := verdict.sentence()):
            continue
        text = f"{verdict.name}: {verdict.score:g} of {verdict.points:g} points. {why}"
        for answer in assignment.exercises[verdict.name].answers:
            if grade_id := solutions.get(answer):
                comments.setdefault(grade_id, []).append(text)
    return {grade_id: "\n\n".join(texts) for grade_id, texts in comments.items()}
