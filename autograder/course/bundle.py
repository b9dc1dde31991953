"""An assignment as bytes: all that judging needs, fit to travel to whoever judges, wherever that
is.
"""

from __future__ import annotations

import hashlib
import importlib.util
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from ..exercise.load import read_modules

HIDDEN = ("reference", "mistakes", "styles")


@dataclass(frozen=True)
class Bundle:
    """One assignment's files. ``course`` is where they came from, as text: it names them in
    messages, and is hidden from submissions where it exists. ``hidden`` maps reference, mistakes
    and styles to their source, where there is one. ``beside`` are the instructor's own files that
    lie beside the notebook when it runs, exercises among them.
    """

    name: str
    course: str
    release: bytes
    hidden: Mapping[str, bytes]
    beside: Mapping[str, bytes]

    @cached_property
    def digest(self) -> str:
        """Names the content: equal for equal files, wherever they lie."""
        named = [("release", self.release)]
        named += [(f"hidden/{kind}", self.hidden[kind]) for kind in sorted(self.hidden)]
        named += [(f"beside/{name}", self.beside[name]) for name in sorted(self.beside)]
        return digest_of(
            self.name.encode(), *(part for name, data in named for part in (name.encode(), data))
        )

    @property
    def source(self) -> Path:
        """The folder of the exercises, which lies in the course or would lie there."""
        return Path(self.course) / "source" / self.name

    def path(self, kind: str) -> Path:
        """Where a hidden file of the course lies or would lie, for messages and tracebacks."""
        course, file = Path(self.course), f"{self.name}.py"
        places = {
            "reference": course / "solutions" / file,
            "mistakes": course / "solutions" / "mistakes" / file,
            "styles": course / "solutions" / "styles" / file,
        }
        return places[kind]


def read_bundle(course: Path, name: str) -> Bundle:
    """Read an assignment's files: modules beside the notebook from source/, all else as released.

    Raises FileNotFoundError for the release.
    """
    release = course / "assignments" / name / f"{name}.ipynb"
    empty = Bundle(name, str(course), release.read_bytes(), {}, {})
    there = {path.relative_to(release.parent).as_posix(): path for path in files_beside(release)}
    kept = {name: path.read_bytes() for name, path in there.items() if not _is_exercises(name)}
    beside = kept | read_modules(empty.source)
    hidden = {kind: path.read_bytes() for kind in HIDDEN if (path := empty.path(kind)).is_file()}
    return Bundle(name, str(course), empty.release, hidden, beside)


def _is_exercises(name: str) -> bool:
    """``exercises.py``, or a module of the package ``exercises``."""
    return name.endswith(".py") and name.partition("/")[0].removesuffix(".py") == "exercises"


def files_beside(release: Path) -> list[Path]:
    """The files that travel with a released notebook."""
    folder = release.parent
    return sorted(path for path in folder.rglob("*") if path.is_file() and _travels(path, folder))


def _travels(path: Path, folder: Path) -> bool:
    parts = path.relative_to(folder).parts
    return path.suffix != ".ipynb" and not any(
        part.startswith((".", "__pycache__")) for part in parts
    )


def digest_of(*parts: bytes) -> str:
    """One name for several pieces of content; no two lists of pieces share it."""
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.hexdigest()


JUDGING = {
    "autograder": (
        "*.py",
        *(
            f"{room}/**/*.py"
            for room in (
                "language",
                "watch",
                "exercise",
                "checks",
                "vocabulary",
                "report",
                "wall",
                "course",
                "grading",
            )
        ),
    ),
    "coursekit": ("**/*.py",),
}
"""The code that a verdict depends on, by package: what judges, and what exercises and notebooks
import of ours.
"""


@cache
def engine_digest() -> str:
    """Names what judges: that code, Python and NumPy."""
    import numpy

    parts = [platform.python_version().encode(), numpy.__version__.encode()]
    for package, patterns in JUDGING.items():
        spec = importlib.util.find_spec(package)
        for folder in (spec.submodule_search_locations if spec else None) or ():
            for path in sorted(
                {path for pattern in patterns for path in Path(folder).glob(pattern)}
            ):
                parts += [path.relative_to(folder).as_posix().encode(), path.read_bytes()]
    return digest_of(*parts)
