"""What lies in a submission's folder: the notebook that is meant, and the files beside it.

Students hand in copies, folders, and what they downloaded twice. None of it costs the grade of a
notebook that is there; where two might be meant, one is graded and a person is told.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import SubmissionError
from .handed_in import MEGABYTE, SubmittedCell, read_notebook, read_plain_file
from .matching import match_cells
from .released import identities, lines_of, role_of, text_of, unchanged

FILES = 500
FILES_BYTES = 50 * MEGABYTE
NOTEBOOKS = 20
"""Notebooks of one submission that are looked into."""
LOOKED_AT = 20_000
"""Files of one submission that are looked at, whatever they are."""
NOT_THEIRS = ("timestamp.txt", "submission_secret.txt")
"""Files by which nbgrader would believe a student about when something was handed in, and who it
is from.
"""

Release = Mapping[str, Any]


@dataclass(frozen=True)
class Found:
    """The notebook that is graded: where it lies and its bytes. ``notes``: what to say about the
    folder. ``doubt``: why a person should see whether this notebook was meant, if so."""

    path: Path
    data: bytes
    notes: tuple[str, ...] = ()
    doubt: str | None = None


@dataclass(frozen=True)
class Beside:
    """The student's own files by relative path, and a note on those that were left out."""

    files: dict[str, bytes]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Candidate:
    """A file that may be the notebook: its cells, or what says why there are none."""

    path: Path
    shown: str
    release: Release
    data: bytes = b""
    cells: tuple[SubmittedCell, ...] = ()
    problem: SubmissionError | None = None

    @cached_property
    def answers(self) -> dict[int, str]:
        """What was written into the cells that are the student's to fill, by their place."""
        released = self.release["cells"]
        pairs = zip(self.cells, match_cells(released, self.cells), strict=True)
        return {
            at: cell.source
            for cell, at in pairs
            if at is not None
            and role_of(released[at]) in ("solution", "written")
            and not unchanged(released[at], cell)
        }


def find_notebook(
    folder: Path,
    name: str,
    release: Release,
    releases: Callable[[], Mapping[str, Release]] = dict,
) -> Found:
    """The notebook in ``folder`` that answers the assignment ``name``, wherever it lies there: the
    one of that name unless it is empty and another is not, else the one with most answers.

    releases: those of the course by name, asked for when a notebook shares little with this one.
    Raises SubmissionError when there is none, or only another assignment's.
    """
    wanted = f"{name}.ipynb"
    found = [_candidate(path, folder, release) for path in _notebooks(folder, wanted)]
    if not found:
        raise SubmissionError(f"no notebook was handed in: {wanted} is missing")
    readable = [one for one in found if one.problem is None]
    foreign = {one: _other(one, release, releases) for one in readable}
    ours = [one for one in readable if foreign[one] is None and kinship(release, one.cells)]
    if ours:
        return _chosen(ours, found, wanted)
    if whose := next(filter(None, foreign.values()), None):
        raise SubmissionError(
            f"this is the notebook of {whose}, not of {name}: hand in {wanted} with your answers"
        )
    if found[0].problem is not None and (found[0].path.name == wanted or not readable):
        raise found[0].problem
    if len(readable) > 1:
        names = ", ".join(one.shown for one in readable[:3])
        raise SubmissionError(
            f"several notebooks were handed in ({names}), none with cells of {name}: "
            f"hand in {wanted}"
        )
    return Found(readable[0].path, readable[0].data)


def kinship(release: Release, cells: Sequence[SubmittedCell]) -> int:
    """How many of these cells are a release's, by their name or by their text."""
    names = identities(release)
    texts = {(cell["cell_type"], *lines_of(text_of(cell))) for cell in release["cells"]}
    return sum(
        cell.grade_id in names
        or cell.id in names
        or (cell.cell_type, *lines_of(cell.source)) in texts
        for cell in cells
    )


def _other(
    one: _Candidate, release: Release, releases: Callable[[], Mapping[str, Release]]
) -> str | None:
    """The other assignment whose notebook this is, if so. Some cells are in several of them."""
    shared = kinship(release, one.cells)
    if 2 * shared >= min(len(one.cells), len(release["cells"])):
        return None
    known = {name: kinship(other, one.cells) for name, other in releases().items()}
    best = max(known, key=lambda name: known[name], default=None)
    return best if best is not None and known[best] > shared else None


def _chosen(ours: list[_Candidate], found: list[_Candidate], wanted: str) -> Found:
    """Of this assignment's notebooks the one that is graded, and what to say about the others."""
    named = next((one for one in ours if one.path.name == wanted), None)
    most = max(ours, key=lambda one: len(one.answers))
    chosen = named if named is not None and named.answers else most
    rivals = [
        one for one in ours if one is not chosen and one.answers and one.answers != chosen.answers
    ]
    notes = tuple(f"{one.shown} lies beside {chosen.shown} and was not graded." for one in rivals)
    doubt = None
    if found[0].problem is not None and found[0].path.name == wanted:
        doubt = (
            f"{found[0].shown} could not be read ({found[0].problem}); {chosen.shown} was graded."
        )
    elif named is not None and chosen is not named:
        doubt = f"{named.shown} holds no answers; {chosen.shown}, which does, was graded."
    elif named is None and rivals:
        doubt = (
            f"No notebook is named {wanted}; {chosen.shown}, which holds most answers, was graded."
        )
    elif len(most.answers) > len(chosen.answers):
        doubt = f"{most.shown} holds more answers than {chosen.shown}, which was graded."
    return Found(chosen.path, chosen.data, notes, doubt)


def _candidate(path: Path, folder: Path, release: Release) -> _Candidate:
    shown = _shown(path.relative_to(folder))
    try:
        data = read_plain_file(path)
        return _Candidate(path, shown, release, data, read_notebook(data).cells)
    except SubmissionError as error:
        return _Candidate(path, shown, release, problem=error)


def _notebooks(folder: Path, wanted: str) -> list[Path]:
    """The notebooks of a submission, the most likely first."""
    found = [path for path in _files(folder) if path.suffix == ".ipynb"]
    found.sort(key=lambda path: (len(path.parts), path.name != wanted, path.name))
    return found[:NOTEBOOKS]


def _files(folder: Path) -> Iterator[Path]:
    """All that may be the student's: not what is hidden, nor what archives leave behind."""
    count = 0
    for base, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(
            name for name in folders if not name.startswith((".", "__pycache__", "__MACOSX"))
        )
        for name in sorted(names):
            count += 1
            if count > LOOKED_AT:
                return
            if not name.startswith("."):
                yield Path(base, name)


def read_files(folder: Path) -> Beside:
    """The student's own files; links, hidden files and notebooks stay out.

    Modules come first, then what is small. What is too much is left out, with a note.
    """
    sizes = {
        path: size
        for path in _files(folder)
        if path.suffix != ".ipynb"
        and path.name not in NOT_THEIRS
        and (size := _size(path)) is not None
    }
    found: dict[str, bytes] = {}
    out: list[Path] = []
    room = FILES_BYTES
    for path in sorted(sizes, key=lambda path: (path.suffix != ".py", sizes[path], path)):
        if len(found) >= FILES or sizes[path] > room:
            out.append(path)
            continue
        try:
            data = read_plain_file(path, room)
        except SubmissionError:  # it has grown, or gone, since
            out.append(path)
            continue
        room -= len(data)
        found[path.relative_to(folder).as_posix()] = data
    return Beside(dict(sorted(found.items())), _left_out(sorted(out), folder))


def _size(path: Path) -> int | None:
    """The bytes of an ordinary file, None for anything else."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _left_out(paths: Sequence[Path], folder: Path) -> tuple[str, ...]:
    if not paths:
        return ()
    names = ", ".join(_shown(path.relative_to(folder)) for path in paths[:3])
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return (
        f"Left out when the notebook was run: {names}{more}. At most {FILES} files and "
        f"{FILES_BYTES // MEGABYTE} MB may lie beside a notebook.",
    )


def _shown(path: Path) -> str:
    """A path as text that any file can hold."""
    return path.as_posix().encode("utf-8", "replace").decode()
