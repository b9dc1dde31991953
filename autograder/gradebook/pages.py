"""Feedback pages: by nbgrader's generate_feedback, and an exporter for it without nbconvert's second parse of every page."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from nbconvert.exporters import HTMLExporter
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters import Highlight2HTML
from nbconvert.filters.widgetsdatatypefilter import WidgetsDataTypeFilter
from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException

from .course import OpenCourse


class FeedbackExporter(HTMLExporter):
    """Renders nbgrader's feedback template.

    HTMLExporter parses each finished page once more, to add attributes that JupyterLab's own pages need and this template
    has no place for; on a graded notebook that takes longer than everything before it.
    """

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[str, Any]:
        """Convert a notebook to a page."""
        language = nb.metadata.get("language_info", {})
        lexer = language.get("pygments_lexer", language.get("name", None))
        resources = self._init_resources(resources)
        self.register_filter("highlight_code", Highlight2HTML(pygments_lexer=lexer, parent=self))
        filter_data_type = WidgetsDataTypeFilter(notebook_metadata=self._nb_metadata, parent=self, resources=resources)
        self.register_filter("filter_data_type", filter_data_type)
        return TemplateExporter.from_notebook_node(self, nb, resources, **kw)


def write_pages(course: OpenCourse, students: Iterable[str]) -> None:
    """Write the feedback of everybody who was recorded. What cannot be written is in the course's log."""
    pages = _Pages(coursedir=course.folders, config=course.config, log=course.log.logger)
    pages.force = True
    pages.notebooks_of = {student: path for student in students if (path := course.autograded(student)).is_file()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's remarks on nbgrader
        try:
            pages.start()
        except NbGraderException as error:
            course.log.lines.append(str(error))


class _Pages(GenerateFeedback):
    """nbgrader's converter over some students; none are no error."""

    notebooks_of: dict[str, Path]

    def init_notebooks(self) -> None:
        """The notebooks that were recorded."""
        self.assignments = {str(path.parent): [str(path)] for path in self.notebooks_of.values()}
