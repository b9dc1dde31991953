"""Feedback pages: by nbgrader's generate_feedback, and an exporter for it without nbconvert's
second parse of every page.
"""

from __future__ import annotations

import multiprocessing
import re
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
from nbgrader.preprocessors import GetGrades
from traitlets import Bool

from ..classes.pool import live_by
from ..course.marks import check_of, skipped
from ..course.rubrics import Rubric, read_rubrics
from ..errors import ClassError
from ..grading.released import role_of
from .contents import contents_of
from .course import OpenCourse, open_course
from .hooks.scores import ReadScores
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
    """Renders our feedback template, which begins with what was lost and where.

    HTMLExporter parses each finished page once more, to add attributes that JupyterLab's own pages
    need and this template has no place for; on a graded notebook that takes longer than everything
    before it. It copies and checks the notebook before and after each preprocessor, too, which here
    was read from its file for this page alone."""

    model_answers = Bool(
        False, help="show the model answer and the rubric of a written question below its answer"
    ).tag(config=True)

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        pass_over_misnamed(self.parent)

    def register_preprocessor(self, preprocessor: Any, enabled: bool = False) -> Any:
        """Register a preprocessor; nbgrader's GetGrades is ReadScores here."""
        named = preprocessor in (GetGrades, "nbgrader.preprocessors.GetGrades")
        return super().register_preprocessor(ReadScores if named else preprocessor, enabled)

    def _preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """The cells have their scores afterwards."""
        for preprocessor in self._preprocessors:
            nb, resources = preprocessor(nb, resources)
        # a demonstration that was not run has nothing to show, and all of them are in the notebook
        nb.cells = [cell for cell in nb.cells if not (skipped(cell) and role_of(cell) == "demo")]
        where = resources["nbgrader"]
        resources["contents"] = contents_of(nb, where.get("waiting", ()))
        resources["rubrics"] = self._rubrics(where["assignment"]) if self.model_answers else {}
        resources["looks"] = looks()
        for cell in nb.cells:
            if check_of(cell):  # the score as a number is for nbgrader
                cell.outputs = [one for one in cell.outputs if one.output_type != "execute_result"]
        return nb, resources

    def _rubrics(self, assignment: str) -> dict[str, Rubric]:
        converter: Any = self.parent
        return read_rubrics(Path(converter.coursedir.root), assignment)

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
        page, resources = TemplateExporter.from_notebook_node(self, nb, resources, **kw)
        return page.replace(_OF_EVERY_CELL, ""), resources

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
            made = Highlight2HTML(pygments_lexer=lexer, parent=self)(source, language, metadata)
            return _PLAIN.sub(r"\1", made)

        return coloured


_OF_EVERY_CELL = ' style="text-align:left;vertical-align:top"'
"""How reports say it to pages that do not know; ours has it in its style sheet."""
_PLAIN = re.compile(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>')
"""What needs no colour: names, operators, brackets, white space. Half of a page would be their
marks."""


@lru_cache(maxsize=1)
def looks() -> str:
    """The style sheet of feedback pages, with colours for code on light and on dark."""
    from pygments.formatters import HtmlFormatter

    own = (Path(__file__).parent / "templates" / "feedback" / "looks.css").read_text("utf-8")
    light, dark = (
        "\n".join(HtmlFormatter(style=style).get_token_style_defs(".highlight"))
        for style in ("default", "github-dark")
    )
    return f"{own}\n{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}"


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
