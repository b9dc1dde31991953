"""nbgrader's SaveAutoGrades, in one transaction a notebook instead of one a cell."""

from __future__ import annotations

from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import SaveAutoGrades


class SaveScores(SaveAutoGrades):
    """Saves what SaveAutoGrades saves, by its own methods. Its queries for each cell become two, and its several dozen
    commits, each waiting for the disk, become one: a notebook's scores are recorded together or not at all."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the score of every graded cell and reset the comments."""
        where = resources["nbgrader"]
        self.notebook_id, self.assignment_id, self.student_id = where["notebook"], where["assignment"], where["student"]
        self.db_url = where["db_url"]
        self.gradebook = Gradebook(self.db_url)
        with self.gradebook:
            gradebook: Any = self.gradebook
            session = gradebook.db
            notebook = gradebook.find_submission_notebook(self.notebook_id, self.assignment_id, self.student_id)
            grades = {grade.name: grade for grade in notebook.grades}
            comments = {comment.name: comment for comment in notebook.comments}
            gradebook.find_grade = lambda name, *_: grades[name]
            gradebook.find_comment = lambda name, *_: comments[name]
            commit, session.commit = session.commit, session.flush
            for index, cell in enumerate(nb.cells):
                self.preprocess_cell(cell, resources, index)
            session.commit = commit
            session.commit()
        return nb, resources
