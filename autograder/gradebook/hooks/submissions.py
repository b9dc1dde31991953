"""How a submission enters nbgrader's converter: as a file name only, so that no file can stop the
run.

nbgrader reads a submitted notebook before any preprocessor sees it, and fails on damaged JSON (that
student is lost) or on an empty nbgrader entry (everybody after that student is lost). Here the
exporter hands on the path, and ``Rebuild`` and ``Judge`` read it in their own ways.
"""

from __future__ import annotations

import glob
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.v4 import new_notebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor

from ..students import pass_over_misnamed

FILE = "chainrule_file"


class SubmissionExporter(NotebookExporter):
    """Runs the preprocessors on an empty notebook, with the path of the real one in the resources.

    It is made before the converter touches a submission, and closes one of the converter's doors:
    the copying of the files beside the notebook, which follows links (to the solutions, say, and
    from there into the feedback)."""

    def __init__(self, **kw: Any) -> None:
        super().__init__(**kw)
        converter: Any = self.parent
        if converter is not None and not hasattr(converter, "chainrule_guarded"):
            converter.chainrule_guarded = True
            pass_over_misnamed(converter)
            converter.init_assignment = _without_links(converter, converter.init_assignment)

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Convert a notebook without reading it."""
        resources = resources if resources is not None else ResourcesDict()
        resources[FILE] = os.path.abspath(filename)
        resources["metadata"] = ResourcesDict(
            name=Path(filename).stem, path=str(Path(filename).parent)
        )
        return self.from_notebook_node(new_notebook(), resources=resources, **kw)


def _without_links(
    converter: Any, init_assignment: Callable[[str, str], None]
) -> Callable[[str, str], None]:
    """nbgrader's own step, which copies the files of a submission, with eyes for ordinary files
    only.
    """

    def guarded(assignment: str, student: str) -> None:
        folders = converter.coursedir
        source = folders.format_path(folders.submitted_directory, student, assignment)
        with ordinary_files_only(folders, Path(source)):
            init_assignment(assignment, student)

    return guarded


@contextmanager
def ordinary_files_only(folders: CourseDirectory, source: Path) -> Iterator[None]:
    """Let nbgrader ignore what is no ordinary file below ``source``."""
    ignore = folders.ignore
    folders.ignore = [*ignore, *(glob.escape(name) for name in _odd_names(source))]
    try:
        yield
    finally:
        folders.ignore = ignore


def _odd_names(folder: Path) -> set[str]:
    """The names of what is no ordinary file below ``folder``: links, pipes, sockets."""
    return {
        name
        for base, _, names in os.walk(folder)
        for name in names
        if not stat.S_ISREG(os.lstat(os.path.join(base, name)).st_mode)
    }


def accept_renamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """nbgrader's pre_convert_hook: stand the expected name in for whatever name the notebook was
    handed in under.

    nbgrader knows a notebook by its file name and refuses others. The list is the converter's own;
    the file of that name need not exist, since ``Rebuild`` looks for the notebook in the folder.
    """
    if not notebooks:
        return
    folder = Path(notebooks[0]).parent
    if all(Path(notebook).stem != folder.name for notebook in notebooks):
        notebooks[:] = [str(folder / f"{folder.name}.ipynb")]


def folders_of(preprocessor: NbGraderPreprocessor) -> CourseDirectory:
    """The course of the converter whose exporter a preprocessor works for."""
    exporter: Any = preprocessor.parent
    return exporter.parent.coursedir


def course_of(preprocessor: NbGraderPreprocessor) -> Path:
    """The root of that course."""
    return Path(folders_of(preprocessor).root)
