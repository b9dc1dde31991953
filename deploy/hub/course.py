"""The hub's own copy of the course: built, registered in a gradebook, released to the exchange."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .settings import COURSE, NAMES, Settings


class CourseError(Exception):
    """The course cannot be released: one sentence, and what nbgrader said."""


def make_course(root: Path, settings: Settings, assignments: Sequence[str]) -> None:
    """Copy the course from ``root``, build it and release the named assignments. What is there
    already stays.
    """
    from autograder.authoring import build

    course = settings.course
    missing = [name for name in assignments if not (course / "build" / "source" / name).is_dir()]
    if not course.joinpath("nbgrader_config.py").exists():
        ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for part in ("source", "solutions", "assignments"):  # what is built is not built again
            if (root / part).is_dir():
                shutil.copytree(root / part, course / part, ignore=ignore, dirs_exist_ok=True)
        shutil.copy(root / "nbgrader_config.py", course)
    if missing:
        print(f"Building and releasing {', '.join(missing)}; this is done once.", flush=True)
        build(course, missing)
    enter_names(settings)
    for name in missing:
        release(settings, name)


def enter_names(settings: Settings) -> None:
    """Let the gradebook know every student by name, or by their id where no name is known: else
    Formgrader has none to show. A name that it has already stays.
    """
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{settings.course / 'gradebook.db'}", COURSE) as gradebook:
        book: Any = gradebook
        known = {one.id for one in book.students if one.first_name or one.last_name}
        for student in settings.students:
            if student not in known:
                first, _, last = NAMES.get(student, student).rpartition(" ")
                book.update_or_create_student(student, first_name=first, last_name=last)


def release(settings: Settings, name: str) -> None:
    """Put an assignment into the exchange, as the button in Formgrader does."""
    command = [str(Path(sys.executable).parent / "nbgrader"), "release_assignment", name]
    command += [f"--Exchange.root={settings.exchange}"]
    done = subprocess.run(command, cwd=settings.course, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CourseError(
            f"{name} could not be released: {(done.stderr or done.stdout).strip()[-2000:]}"
        )
