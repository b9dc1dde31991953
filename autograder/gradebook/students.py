"""What a student's folder may be called."""

from __future__ import annotations

import re
from typing import Any

_NO_TEXT = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
MISNAMED = (
    "the name of this folder holds a line break or other characters that are no text, which "
    "nbgrader stops at: rename it and grade again"
)


def is_student_id(name: str) -> bool:
    """Whether a folder's name can be a student's id: text in one line. nbgrader stops a class at
    any other.
    """
    return name not in ("", ".", "..") and not _NO_TEXT.search(name)


def pass_over_misnamed(converter: Any) -> None:
    """Let a converter of nbgrader's, which has found its folders, go on without those that it would
    stop at.
    """
    folders: Any = getattr(converter, "assignments", None)
    if isinstance(folders, dict):
        for folder in [one for one in folders if not is_student_id(one)]:
            del folders[folder]
            converter.log.error("%r is passed over: %s", folder, MISNAMED)
