"""nbgrader's SaveAutoGrades and GetGrades, asking the gradebook once a notebook instead of once a
cell.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from types import SimpleNamespace
from typing import Any

from nbgrader.api import Comment, Grade, Gradebook
from nbgrader.preprocessors import GetGrades, SaveAutoGrades
from nbgrader.utils import is_grade, is_solution, is_task
from sqlalchemy.orm import joinedload, undefer


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


class ReadScores(GetGrades):
    """Reads what GetGrades reads, and which cells wait for a person, in three queries a notebook
    over one connection for all notebooks.
    """

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Give every graded cell its score and its comment, and the notebook its sum."""
        gradebook = self._opened(resources["nbgrader"]["db_url"])
        try:
            self._read(gradebook, nb, resources["nbgrader"])
        finally:
            gradebook.db.remove()
        return nb, resources

    @cached_property
    def _opened(self) -> Callable[[str], Gradebook]:
        @lru_cache(maxsize=1)
        def opened(url: str) -> Gradebook:
            gradebook = Gradebook(url)
            weakref.finalize(self, gradebook.close)
            return gradebook

        return opened

    def _read(self, gradebook: Gradebook, nb: Any, where: dict[str, Any]) -> None:
        notebook: Any = gradebook.find_submission_notebook(
            where["notebook"], where["assignment"], where["student"]
        )
        grade: Any = Grade
        comment: Any = Comment
        of_all = gradebook.db.query(grade).filter(grade.notebook_id == notebook.id)
        with_cells = of_all.options(joinedload(grade.cell), undefer(grade.max_score))
        grades = {one.name: one for one in with_cells}
        of_all = gradebook.db.query(comment).filter(comment.notebook_id == notebook.id)
        comments = {one.name: one for one in of_all.options(joinedload(comment.cell))}
        for cell in nb.cells:
            if is_solution(cell) or is_task(cell):
                mark = cell.metadata.nbgrader
                mark["comment"] = comments[mark["grade_id"]].comment
            if is_grade(cell) or is_task(cell):
                mark = cell.metadata.nbgrader
                found = grades[mark["grade_id"]]
                mark["score"], mark["points"] = found.score, found.max_score
        penalty = notebook.late_submission_penalty or 0
        where["score"], where["max_score"] = notebook.score - penalty, notebook.max_score
        where["late_penalty"] = penalty
        where["waiting"] = {name for name, one in grades.items() if one.needs_manual_grade}
