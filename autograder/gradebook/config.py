"""``nbgrader_config.py``, read; and a log for nbgrader that keeps its errors off the terminal."""

from __future__ import annotations

import logging
from pathlib import Path

from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from ..course.assignment import COURSE_MARK
from ..errors import ConfigError


class ErrorLog(logging.Handler):
    """Remembers what nbgrader logs as errors, instead of showing its tracebacks."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        self.logger = logging.Logger("chainrule.gradebook", logging.WARNING)
        self.logger.addHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line."""
        self.lines.append(record.getMessage())


def read_config(course: Path) -> Config:
    """The course's own configuration. Raises ConfigError when there is none, or it cannot be
    used.
    """
    if not (course / COURSE_MARK).is_file():
        raise ConfigError(
            f"{COURSE_MARK} is missing: the course's folder has it, beside source/ and solutions/"
        )
    try:
        return PyFileConfigLoader(COURSE_MARK, path=str(course)).load_config()
    except Exception as error:  # it is Python, anything can happen in it
        raise ConfigError(
            f"{COURSE_MARK}: {type(error).__name__}: {' '.join(str(error).split())}"
        ) from None


def folders_in(config: Config, log: ErrorLog) -> CourseDirectory:
    """Where a configuration puts things, as nbgrader understands it."""
    return CourseDirectory(config=config, log=log.logger)
