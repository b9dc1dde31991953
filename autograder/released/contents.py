"""What a published course holds, as a file beside it: so that a notebook that was opened alone can
fetch what belongs to it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

CONTENTS = "contents.json"


class UnreadableContents(ValueError):
    """The file is none of ours, or names a file that may not be fetched."""


@dataclass(frozen=True)
class CourseFiles:
    """assignments: name -> path below the assignment's folder -> SHA-256, in the course's order;
    notebooks are not among them. wheel: the name of the student wheel.
    """

    wheel: str
    assignments: Mapping[str, Mapping[str, str]]


def digest_of_file(content: bytes) -> str:
    """What a file is known by."""
    return hashlib.sha256(content).hexdigest()


def write_contents(contents: CourseFiles) -> bytes:
    """The bytes of the file."""
    stated = {"wheel": contents.wheel, "assignments": contents.assignments}
    return json.dumps(stated, indent=1).encode() + b"\n"


def read_contents(data: bytes) -> CourseFiles:
    """Read the file. Raises UnreadableContents, also where a path would leave its folder."""
    try:
        stated = json.loads(data)
        assignments = {
            str(name): {str(path): str(digest) for path, digest in files.items()}
            for name, files in stated["assignments"].items()
        }
        contents = CourseFiles(str(stated["wheel"]), assignments)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableContents(f"{CONTENTS} cannot be read: {error}") from None
    for path in (path for files in assignments.values() for path in files):
        parts = PurePosixPath(path).parts
        if path.startswith("/") or ".." in parts or "\\" in path or ":" in path or not parts:
            raise UnreadableContents(f"{CONTENTS} names {path}, which is no file of an assignment")
    return contents
