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
            _, grades, comments = rows_by_name(gradebook, where)
            self.save(nb, grades, comments)
            gradebook.db.commit()
        return nb, resources

    def save(self, nb: Any, grades: Mapping[str, Any], comments: Mapping[str, Any]) -> None:
        """Fill in a submission's rows, by cell name. Commits nothing."""
        _cell_by_cell(self, nb, grades, comments)


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
        notebook, grades, comments = rows_by_name(gradebook, where)
        _cell_by_cell(self, nb, grades, comments)
        penalty = notebook.late_submission_penalty or 0
        where["score"], where["max_score"] = notebook.score - penalty, notebook.max_score
        where["late_penalty"] = penalty
        where["waiting"] = {name for name, one in grades.items() if one.needs_manual_grade}


def rows_by_name(
    gradebook: Gradebook, where: Mapping[str, Any]
) -> tuple[Any, dict[str, Any], dict[str, Any]]:
    """A submission's notebook in the gradebook, and by cell name its grades and its comments.
    Raises MissingEntry.
    """
    notebook: Any = gradebook.find_submission_notebook(
        where["notebook"], where["assignment"], where["student"]
    )

    def by_name(kind: Any, *loading: Any) -> dict[str, Any]:
        rows = gradebook.db.query(kind).filter(kind.notebook_id == notebook.id)
        return {row.name: row for row in rows.options(joinedload(kind.cell), *loading)}

    points: Any = Grade.max_score
    return notebook, by_name(Grade, undefer(points)), by_name(Comment)


def _cell_by_cell(
    preprocessor: Any, nb: Any, grades: Mapping[str, Any], comments: Mapping[str, Any]
) -> None:
    """What a preprocessor of nbgrader's does with each cell, on these rows in place of the
    gradebook's.
    """
    preprocessor.notebook_id = preprocessor.assignment_id = preprocessor.student_id = (
        ""  # nbgrader's methods hand them on to what is below
    )
    preprocessor.gradebook = SimpleNamespace(
        find_grade=lambda name, *_: grades[name],
        find_comment=lambda name, *_: comments[name],
        db=SimpleNamespace(commit=lambda: None),
    )
    for index, cell in enumerate(nb.cells):
        preprocessor.preprocess_cell(cell, {}, index)
