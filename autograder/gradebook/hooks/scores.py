"""nbgrader's SaveAutoGrades, in one transaction a notebook instead of one a cell."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades


class SaveScores(SaveAutoGrades):
    """Saves what SaveAutoGrades saves, by its own methods. Its queries for each cell become two,
    and its several dozen commits, each waiting for the disk, become one: a notebook's scores are
    recorded together or not at all.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the score of every graded cell and reset the comments."""
        where = resources["nbgrader"]
        with Gradebook(where["db_url"]) as gradebook:
            notebook: Any = gradebook.find_submission_notebook(
                where["notebook"], where["assignment"], where["student"]
            )
            grades = {grade.name: grade for grade in notebook.grades}
            self.save(nb, grades, {comment.name: comment for comment in notebook.comments})
            gradebook.db.commit()
        return nb, resources

    def save(self, nb: Any, grades: Mapping[str, Any], comments: Mapping[str, Any]) -> None:
        """Fill in a submission's rows, by cell name. Commits nothing."""
        self.notebook_id = self.assignment_id = self.student_id = (
            ""  # nbgrader's methods hand them on to what is below
        )
        self.gradebook: Any = SimpleNamespace(
            find_grade=lambda name, *_: grades[name],
            find_comment=lambda name, *_: comments[name],
            db=SimpleNamespace(commit=lambda: None),
        )
        unused: Any = {}
        for index, cell in enumerate(nb.cells):
            self.preprocess_cell(cell, unused, index)
