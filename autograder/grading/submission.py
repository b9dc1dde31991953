"""One submission to judge, as plain data, and what came of it: what crosses between the class and
whoever judges it.

``grade_submission`` is a function of its argument alone: it may run in this process, in another
one, on another machine."""

from __future__ import annotations

import gc
import platform
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..course.assignment import Assignment, releases, unpack
from ..course.bundle import Bundle, engine_digest
from ..course.marks import mark_notebook, notebook_marks
from ..errors import OtherEngine, SubmissionError
from ..language.verdict import Verdict, replace
from .folder import find_notebook, read_files
from .grade import GradedNotebook, grade_rebuilt, not_judged, rebuild_bytes, unreadable
from .nbtext import text_of_notebook
from .rebuild import Rebuilt

if TYPE_CHECKING:
    from ..wall.wire.limits import Limits


@dataclass(frozen=True)
class HandedIn:
    """The bytes of a submission, read without trust: the notebook, or the sentence that says why
    there is none. ``notes`` and ``doubt``: what to say about the files, and why a person should
    look at them."""

    notebook: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)
    problem: str | None = None
    notes: tuple[str, ...] = ()
    doubt: str | None = None


@dataclass(frozen=True)
class Submission:
    """One submission, with all that its verdict depends on. ``key`` names the content, and goes
    into the notebook; ``engine``, if given, is the engine's code that may judge it.
    """

    bundle: Bundle
    handed_in: HandedIn
    seed: int
    isolation: str
    limits: Limits
    key: str = ""
    engine: str = ""


@dataclass(frozen=True)
class Judged:
    """A submission with its verdicts. ``notebook`` is the text of the autograded file; ``problem``
    says why it could not be judged at all, if so, and ``ours`` whose fault that is. ``isolation``
    is the level that was in force.
    """

    notebook: str
    verdicts: tuple[Verdict, ...]
    problem: str | None = None
    ours: bool = False
    isolation: str = ""


def read_handed_in(folder: Path, assignment: Assignment) -> HandedIn:
    """Read a submission's folder, whatever lies there."""
    try:
        found = find_notebook(
            folder,
            assignment.name,
            assignment.release,
            lambda: releases(assignment.course),
        )
        beside = read_files(found.path.parent)
        return HandedIn(found.data, beside.files, None, (*found.notes, *beside.notes), found.doubt)
    except SubmissionError as error:
        return HandedIn(problem=str(error))


def grade_submission(submission: Submission) -> Judged:
    """Judge a submission behind this process's warm wall. Raises WallError when it cannot stand,
    OtherEngine when this is not the code that was meant, and nothing for what was submitted.
    """
    from .walls import warm_wall

    if submission.engine and submission.engine != engine_digest():
        raise OtherEngine(
            f"{platform.node()} has another version of chainrule, coursekit, Python or NumPy than "
            "the machine that grades: install the same on both"
        )
    assignment = _assignment(submission.bundle)
    notebook = rebuild_handed_in(assignment, submission.handed_in).notebook
    with warm_wall(
        submission.isolation, submission.limits, assignment.course, assignment.modules
    ) as wall:
        graded = grade_rebuilt(
            assignment, notebook, wall, files=submission.handed_in.files, seed=submission.seed
        )
        return _finished(graded, submission, wall.level)


def warm_up(bundle: Bundle, isolation: str) -> None:
    """Be ready to judge submissions of an assignment. Raises AssignmentError, or WallError when no
    wall can stand.
    """
    from ..wall.wire.limits import Limits
    from .walls import warm_wall

    assignment = _assignment(bundle)

    def load() -> None:
        _ = assignment.reference, assignment.mistakes

    gc.disable()  # what is imported stays: no collection has to go through it, now or later
    try:
        with ThreadPoolExecutor(1) as beside:  # the forkserver imports in a process of its own
            loaded = beside.submit(load)
            with warm_wall(isolation, Limits(), assignment.course, assignment.modules):
                loaded.result()
    finally:
        gc.freeze()
        gc.enable()


def fault(submission: Submission, why: str) -> Judged:
    """What stands on the record when a submission could not be judged, by a fault that is not the
    student's.
    """
    assignment = _assignment(submission.bundle)
    return _finished(
        not_judged(
            assignment,
            rebuild_handed_in(assignment, submission.handed_in).notebook,
            why,
            submission.seed,
        ),
        submission,
        "",
    )


def rebuild_handed_in(assignment: Assignment, handed_in: HandedIn) -> Rebuilt:
    """The notebook that runs."""
    if handed_in.problem is not None:
        return unreadable(assignment, handed_in.problem)
    return rebuild_bytes(
        assignment, handed_in.notebook, notes=handed_in.notes, doubt=handed_in.doubt
    )


def _finished(graded: GradedNotebook, submission: Submission, isolation: str) -> Judged:
    if not graded.ours:  # a fault of ours is no verdict to rely on later
        marks = notebook_marks(graded.notebook)
        mark_notebook(graded.notebook, replace(marks, judged=submission.key))
    verdicts = tuple(map(_without_evidence, graded.verdicts))
    return Judged(
        text_of_notebook(graded.notebook), verdicts, graded.problem, graded.ours, isolation
    )


def _without_evidence(verdict: Verdict) -> Verdict:
    """A class of error maps would fill the memory; the notebook has them as pictures."""
    return replace(
        verdict, findings=tuple(replace(finding, evidence=None) for finding in verdict.findings)
    )


_unpacked: dict[str, Assignment] = {}


def _assignment(bundle: Bundle) -> Assignment:
    """The assignment of a bundle, made once in this process."""
    if bundle.digest not in _unpacked:
        _unpacked.clear()
        _unpacked[bundle.digest] = unpack(bundle)
    return _unpacked[bundle.digest]


__all__ = [
    "HandedIn",
    "Judged",
    "OtherEngine",
    "Submission",
    "fault",
    "grade_submission",
    "read_handed_in",
    "rebuild_handed_in",
    "warm_up",
]
