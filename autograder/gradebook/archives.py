"""Submissions from the archives of Canvas and Moodle, for ``nbgrader zip_collect``.

``nbgrader zip_collect svm --collector=autograder.gradebook.archives.LmsCollector``

Canvas packs ``NAME_[late_]USER_FILE_svm.ipynb``, Moodle
``Full Name_NUMBER_assignsubmission_file_/svm.ipynb``. Canvas's archive does not say when something
was handed in: what it calls late is named in the log.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import FileNameCollectorPlugin

from ..grading.folder import NOT_THEIRS

CANVAS = re.compile(
    r"(?P<name>.+?)_(?:(?P<late>late)_)?(?P<user>\d+)_(?P<file>\d+)_(?P<rest>.+)", re.I
)
MOODLE = re.compile(r"(?P<name>.+)_(?P<number>\d+)_assignsubmission_file_?(?P<rest>.*)")


@dataclass(frozen=True)
class Packed:
    """A file of an archive: whose it is as the archive says it, and its path in their submission.
    ``again``: a folder for it where another file has that path."""

    path: Path
    name: str = ""
    user: str = ""
    late: bool = False
    again: str = ""


def unpacked(path: Path) -> Packed | None:
    """Whose an extracted file is; None where its path says nothing of the kind."""
    for at, part in enumerate(path.parts):
        below = path.parts[at + 1 :]
        if found := MOODLE.fullmatch(part):
            rest = (found["rest"],) if found["rest"] and not below else ()
            return Packed(Path(*rest, *below), name=found["name"], again=found["number"])
        if found := CANVAS.fullmatch(part):
            rest = below or (found["rest"],)
            return Packed(
                Path(*rest), user=found["user"], late=bool(found["late"]), again=found["file"]
            )
    return None


class LmsCollector(FileNameCollectorPlugin):
    """Collects whatever a student handed in, in the folders it was in.

    Students are known by ``lms_user_id`` (Canvas) or by their name (Moodle), as they stand in the
    gradebook; who is not there is collected under the archive's own number or name, with a warning.
    """

    def collect(self, submitted_file: str) -> dict[str, str] | None:
        """Student and path of one extracted file; None to leave it out."""
        path = Path(submitted_file).relative_to(self._extracted)
        packed = unpacked(path)
        hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
        opened = Path(submitted_file).with_suffix("").is_dir()  # an archive, its files beside it
        if packed is None or hidden or opened or path.name in NOT_THEIRS:
            return None
        student = self._student(packed)
        if packed.late and student not in self._seen["late"]:
            self._seen["late"].add(student)
            self.log.warning(
                "%s handed in late, says Canvas; its archive does not say when", student
            )
        file = packed.path.as_posix()
        if (student, file) in self._seen["taken"]:
            file = f"{packed.again}/{file}"
        self._seen["taken"].add((student, file))
        return {"student_id": student, "file_id": file}

    def _student(self, packed: Packed) -> str:
        known = self._by_number.get(packed.user) or self._by_name.get(_plain(packed.name))
        if known is not None:
            return known
        student = packed.user or _plain(packed.name).replace(" ", "_")
        if student not in self._seen["unknown"]:
            self._seen["unknown"].add(student)
            self.log.warning("nobody in the gradebook is %s: collected under that name", student)
        return student

    @cached_property
    def _extracted(self) -> Path:
        app: Any = self.parent
        return Path(app._format_collect_path(app.extracted_directory))

    @cached_property
    def _by_number(self) -> dict[str, str]:
        return {str(one.lms_user_id): one.id for one in self._students if one.lms_user_id}

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {_plain(name): one.id for one in self._students for name in _names(one)}

    @cached_property
    def _students(self) -> list[Any]:
        app: Any = self.parent
        with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as gradebook:
            everybody: Any = gradebook.students
            return [*everybody]

    @cached_property
    def _seen(self) -> dict[str, set[Any]]:
        return {"late": set(), "taken": set(), "unknown": set()}


def _names(student: Any) -> list[str]:
    """First name first, and last."""
    if not (student.first_name and student.last_name):
        return []
    return [
        f"{student.first_name} {student.last_name}",
        f"{student.last_name} {student.first_name}",
    ]


def _plain(name: str) -> str:
    return " ".join(re.findall(r"\w+", name.casefold()))
