"""What a verdict depends on, in one word: where it is the same, nothing is judged twice."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from ..course.assignment import Assignment
from ..course.bundle import digest_of, engine_digest
from ..grading.submission import HandedIn
from .hooks.timestamps import handed_in as handed_in_at


def verdict_key(assignment: Assignment, handed_in: HandedIn, folder: Path, course: Path) -> str:
    """Names everything that the verdict on a submission in ``folder``, and its record, depend on,
    but the inputs drawn.
    """
    config = b""
    with suppress(OSError):
        config = Path(course, "nbgrader_config.py").read_bytes()
    said = "\n".join([handed_in.problem or "", handed_in.doubt or "", *handed_in.notes])
    timestamp = str(handed_in_at(folder)).encode()
    parts = [handed_in.notebook, said.encode(), timestamp, config]
    for name in sorted(handed_in.files):
        parts += [name.encode(), handed_in.files[name]]
    return digest_of(assignment.bundle.digest.encode(), engine_digest().encode(), *parts)
