"""Feedback pages: by nbgrader's generate_feedback, and an exporter for it without nbconvert's
second parse of every page.
"""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import BrokenExecutor, ProcessPoolExecutor
from functools import cached_property, lru_cache, partial
from math import ceil
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException

from ..classes.pool import live_by
from ..errors import ClassError
from .course import OpenCourse, open_course
from .patience import patiently
from .students import pass_over_misnamed

WORTH_A_PROCESS = 20
"""So many pages take longer than a process needs to start."""
MOST_TOGETHER = 50
"""Pages that a process writes with one exporter, before it tells of them: each exporter learns anew
what cells look like.
"""
MOST_CELLS = 512


class FeedbackExporter(HTMLExporter):
    """Renders nbgrader's feedback template.

    HTMLExporter parses each finished page once more, to add attributes that JupyterLab's own pages
    need and this template has no place for; on a graded notebook that takes longer than everything
    before it."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        pass_over_misnamed(self.parent)

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[str, Any]:
        """Convert a notebook to a page."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name", None))
        resources = self._init_resources(resources)
        self.register_filter("highlight_code", partial(self._highlighted, lexer))
        filter_data_type = WidgetsDataTypeFilter(
            notebook_metadata=self._nb_metadata, parent=self, resources=resources
        )
        self.register_filter("filter_data_type", filter_data_type)
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)

    def _highlighted(
        self, lexer: str | None, source: str, language: str | None = None, metadata: Any = None
    ) -> str:
        """Coloured code; what is the same in everybody's notebook is coloured once."""
        return self._coloured(lexer, source, language, (metadata or {}).get("magics_language"))

    @cached_property
    def _coloured(self) -> Callable[..., str]:
        @lru_cache(MOST_CELLS)
        def coloured(
            lexer: str | None, source: str, language: str | None, magics: str | None
        ) -> str:
            metadata = {"magics_language": magics} if magics else None
            return Highlight2HTML(pygments_lexer=lexer, parent=self)(source, language, metadata)

        return coloured


Told = Callable[[str], None]


def write_pages(
    course: OpenCourse, students: Iterable[str], jobs: int = 1, told: Told = lambda student: None
) -> None:
    """Write the feedback of everybody who was recorded; ``told`` hears of each page. A page that
    fails costs no other, and is in the course's log. Raises ClassError when the gradebook cannot be
    read, or the disk not be written.
    """
    waiting = [student for student in students if course.autograded(student).is_file()]
    processes = min(jobs, len(waiting) // WORTH_A_PROCESS)
    if processes < 2:
        _write(course, waiting, told)
        return
    folders = course.folders
    some = partial(_write_some, folders.root, folders.assignment_id, folders.db_url)
    context = multiprocessing.get_context("forkserver")
    lifeline, theirs = context.Pipe()
    pool = ProcessPoolExecutor(processes, context, initializer=live_by, initargs=(theirs,))
    try:
        together = min(MOST_TOGETHER, ceil(len(waiting) / processes))
        groups = [waiting[start : start + together] for start in range(0, len(waiting), together)]
        for group, lines in zip(groups, pool.map(some, groups), strict=True):
            course.log.lines += lines
            for student in group:
                told(student)
    except BrokenExecutor as error:
        raise ClassError(
            "a process that writes feedback pages was killed: grade again when memory allows"
        ) from error
    except BaseException:
        lifeline.close()
        raise
    finally:
        theirs.close()
        pool.shutdown(cancel_futures=True)
        lifeline.close()


def _write_some(root: str, assignment: str, database: str, students: list[str]) -> list[str]:
    """In a process of its own: write some pages. Returns what nbgrader logged."""
    course = open_course(Path(root), assignment, database)
    _write(course, students, lambda student: None)
    return course.log.lines


def _write(course: OpenCourse, students: Iterable[str], told: Told) -> None:
    pages = _Pages(coursedir=course.folders, config=course.config, log=course.log.logger)
    pages.force = True
    pages.told = told
    pages.student_of = {str(course.autograded(student)): student for student in students}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks on nbgrader
        try:
            pages.start()
        except NbGraderException as error:
            course.log.lines.append(str(error))
        except _GaveUp as gave_up:
            raise gave_up.why from gave_up


class _GaveUp(BaseException):
    """No Exception: nbgrader would remove the page and go on with the next student."""

    def __init__(self, why: ClassError) -> None:
        super().__init__(str(why))
        self.why = why


class _Pages(GenerateFeedback):
    """nbgrader's converter over some students, which waits for a gradebook that is locked or away;
    none are no error.
    """

    student_of: dict[str, str]
    """Path of the notebook -> student."""
    told: Told

    def init_notebooks(self) -> None:
        """The notebooks that were recorded."""
        self.assignments = {str(Path(path).parent): [path] for path in self.student_of}

    def convert_single_notebook(self, notebook_filename: str) -> None:
        """Make and write one page."""
        try:
            patiently(
                lambda: GenerateFeedback.convert_single_notebook(self, notebook_filename), "read"
            )
        except ClassError as error:
            raise _GaveUp(error) from error
        except OSError as error:
            raise _GaveUp(
                ClassError(
                    f"feedback/ cannot be written ({error.strerror}): grade again when it can"
                )
            ) from error
        self.told(self.student_of[notebook_filename])
