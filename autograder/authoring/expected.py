"""The expected answers that go with a release: worked out when something they are made of has
changed.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path

from ..course.assignment import Assignment
from ..course.bundle import HIDDEN, Bundle, digest_of
from ..errors import AssignmentError, AuthoringError
from ..exercise.load import read_modules
from ..exercise.trial import Exercise
from ..released.sheet import SHEET, VERSION, Sheet, UnreadableSheet, read_sheet, write_sheet
from ..released.work_out import LIMITS, work_out


def expected_answers(
    root: Path, name: str, exercises: Mapping[str, Exercise], release: Path
) -> bytes | None:
    """The file of the expected answers; None where there is no reference.

    The one in ``release`` stays, to the byte, as long as reference, mistakes and exercises do: a
    machine that reckons a little differently makes no other release. Raises AuthoringError.
    """
    assignment = hidden_half(root, name, exercises)
    if "reference" not in assignment.bundle.hidden:
        return None
    made_of = _made_of(assignment.bundle.hidden, read_modules(assignment.bundle.source))
    there = release / SHEET
    if there.is_file() and _read(there.read_bytes()) == made_of:
        return there.read_bytes()
    try:
        reference, mistakes = assignment.reference, assignment.mistakes
    except AssignmentError as problem:
        raise AuthoringError(str(problem)) from problem
    worked_out = {one.name: work_out(one, reference, mistakes) for one in exercises.values()}
    return write_sheet(Sheet(made_of, worked_out))


def hidden_half(root: Path, name: str, exercises: Mapping[str, Exercise]) -> Assignment:
    """An assignment with its reference and its mistakes, where there are any, and no notebook."""
    bundle = Bundle(name, str(root), b"", {}, {})
    files = {kind: bundle.path(kind) for kind in HIDDEN if kind != "styles"}
    hidden = {kind: path.read_bytes() for kind, path in files.items() if path.is_file()}
    return Assignment(name, root, {}, exercises, {}, Bundle(name, str(root), b"", hidden, {}))


def _read(data: bytes) -> str:
    try:
        return read_sheet(data).made_of
    except UnreadableSheet:
        return ""


def _made_of(hidden: Mapping[str, bytes], modules: Mapping[str, bytes]) -> str:
    """Names all that is the course's own in the expected answers, their form, and how situations are
    chosen.
    """
    parts = [repr((VERSION, *LIMITS)).encode(), *(hidden[kind] for kind in sorted(hidden))]
    spec = importlib.util.find_spec("coursekit")
    for folder in (spec.submodule_search_locations if spec else None) or ():
        shared = read_modules(Path(folder) / "exercises")
        parts += [shared[name] for name in sorted(shared)]
    return digest_of(*parts, *(modules[name] for name in sorted(modules)))
