"""When something was handed in: a file of the student's, which nbgrader believes.

A timestamp.txt that is no date ends the process that reads it (``sys.exit`` in the middle of a
class, or of Formgrader's server), and one that is a link to /dev/zero never ends. nbgrader has no
extension point here, so its two functions are replaced, by a line in nbgrader_config.py, which its
programs and Formgrader all read first."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from ...errors import SubmissionError
from ...grading.handed_in import read_plain_file
from ...grading.submission import HandedIn


def handed_in(folder: str | Path) -> datetime | None:
    """The date in the folder's timestamp.txt; None when there is no such file, or none that is a
    file and a date.
    """
    try:
        return _read(Path(folder))
    except (SubmissionError, ValueError, OverflowError):
        return None


def why_untimed(folder: str | Path) -> str | None:
    """Why a timestamp.txt that is there gives no date; None when it gives one, or there is none."""
    there = os.path.lexists(Path(folder, "timestamp.txt"))
    if there and handed_in(folder) is None:
        return "timestamp.txt is no ordinary file with a date in it"
    return None


def before_a_person(handed_in: HandedIn, folder: str | Path) -> HandedIn:
    """What was handed in, with a doubt where nobody can tell when: or it would never be late, and
    nobody would look.
    """
    if (why := why_untimed(folder)) is None:
        return handed_in
    doubt = f"Nobody can tell when this was handed in: {why}."
    return replace(handed_in, doubt=" ".join(filter(None, (handed_in.doubt, doubt))))


def _read(folder: Path) -> datetime:
    return parse_utc(read_plain_file(folder / "timestamp.txt", limit=200).decode().strip())


def read_with_care() -> None:
    """Let every CourseDirectory of this process read timestamps so, and Formgrader's list of
    submissions.
    """

    def get_existing_timestamp(self: Any, dest_path: str) -> datetime | None:
        if why := why_untimed(dest_path):
            self.log.warning("%s: late or not, nobody can tell: %s", dest_path, why)
        return handed_in(dest_path)

    def get_submitted_timestamp(self: Any, assignment_id: str, student_id: str) -> datetime | None:
        folders = self.coursedir
        return handed_in(
            folders.format_path(folders.submitted_directory, student_id, assignment_id)
        )

    CourseDirectory.get_existing_timestamp = get_existing_timestamp
    if (
        api := sys.modules.get("nbgrader.apps.api")
    ) is not None:  # whoever has not imported it lists no submissions
        api.NbGraderAPI.get_submitted_timestamp = get_submitted_timestamp
