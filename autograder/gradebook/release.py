"""nbgrader's own generate_assignment, run in this process with the course's configuration.

It works in a folder of its own and the result is copied from there: nbgrader removes the released
assignment when anything goes wrong, for example when cells are added although there are
submissions."""

from __future__ import annotations

import os
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..course.assignment import COURSE_MARK
from ..errors import AuthoringError, ConfigError


@dataclass(frozen=True)
class Course:
    """Where the course's own configuration puts things."""

    config: Any
    source: Path
    release: Path
    db_url: str
    course_id: str


def read_course(course_root: Path) -> Course:
    """Where the course's ``nbgrader_config.py`` puts things. Raises ConfigError when there is none,
    or it cannot be used.
    """
    from .config import ErrorLog, folders_in, read_config

    config = read_config(course_root)
    folders = folders_in(config, ErrorLog())
    source = Path(os.path.normpath(course_root / folders.source_directory))
    if source == course_root / "source":
        raise ConfigError(
            f"{COURSE_MARK}: source_directory must not be source/, or nbgrader releases the texts "
            "too"
        )
    release = Path(os.path.normpath(course_root / folders.release_directory))
    return Course(config, source, release, folders.db_url, folders.course_id)


def generate(course: Course, stage: Path, name: str, *, record: bool) -> None:
    """Turn ``stage/source/<name>`` into ``stage/release/<name>``; ``record`` also writes nbgrader's
    gradebook.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

    from .config import ErrorLog

    ours = Config(
        CourseDirectory={
            "root": str(stage),
            "source_directory": "source",
            "release_directory": "release",
            "directory_structure": "{nbgrader_step}/{student_id}/{assignment_id}",
            "assignment_id": name,
            "notebook_id": "*",
            "db_url": course.db_url,
        },
        BaseConverter={"force": True},
    )
    if not record:
        ours.merge(Config(SaveCells={"enabled": False}, GenerateAssignment={"no_database": True}))
    config = Config()
    config.merge(course.config)
    config.merge(ours)
    log = ErrorLog()
    try:
        with alembic_on_path(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            folders = CourseDirectory(config=config, log=log.logger)
            GenerateAssignment(coursedir=folders, config=config, log=log.logger).start()
    except Exception as problem:
        raise AuthoringError(_in_a_line(name, log.lines or [str(problem)])) from None


def _in_a_line(name: str, errors: list[str]) -> str:
    """What nbgrader logged, a traceback for the most part, in one line."""
    said = "\n".join(errors)
    if "Cannot add or remove cells" in said or "submissions associated with it" in said:
        return (
            f"{name}: there are submissions already, and cells would come, go or change their "
            f"names: if that is meant, `chainrule build {name} --update` changes them in the "
            "gradebook and grades again"
        )
    tracebacks = [text for text in errors if text.startswith("Traceback")]
    last = (tracebacks or errors)[-1].strip().splitlines()[-1]
    return f"{name}: nbgrader's generate_assignment failed: {last}"


@contextmanager
def alembic_on_path() -> Iterator[None]:
    """nbgrader starts ``alembic`` by name to make a new gradebook; it lies beside the interpreter,
    PATH or not.
    """
    before = os.environ.get("PATH")
    beside = [str(Path(sys.executable).parent), sysconfig.get_path("scripts")]
    os.environ["PATH"] = os.pathsep.join([*dict.fromkeys(beside), *([before] if before else [])])
    try:
        yield
    finally:
        if before is None:
            del os.environ["PATH"]
        else:
            os.environ["PATH"] = before
