"""Pieces put into the released notebook, one at a time, and judged behind the wall as a submission
is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..course.assignment import Assignment
from ..course.marks import check_of, solution_of
from ..errors import WallError
from ..grading.grade import verdicts_of
from ..grading.handed_in import Submitted, SubmittedCell
from ..grading.rebuild import rebuild, text_of
from ..language.verdict import Finding, Verdict
from ..watch.evaluate import call
from .files import Definition
from .pieces import FoundAnswer, stubs_of

if TYPE_CHECKING:
    from ..exercise.trial import Exercise
    from ..wall.outside.wall import Wall


@dataclass(frozen=True)
class Measured:
    """A piece with its verdict, or with the sentence that says why the grader failed to give
    one.
    """

    assignment: str
    piece: FoundAnswer
    verdict: Verdict | None
    fault: str = ""

    @property
    def right(self) -> bool:
        """Whether it has all points."""
        return self.verdict is not None and self.verdict.status == "passed"

    @property
    def unwritten(self) -> bool:
        """Whether there is nothing to judge: it says itself that it is not implemented."""
        return self.verdict is not None and self.verdict.status == "not_attempted"

    @property
    def wrong(self) -> bool:
        """Whether it was judged and has not all points."""
        return self.verdict is not None and not self.right and not self.unwritten

    @property
    def failed(self) -> list[Finding]:
        """The findings that cost points."""
        findings = self.verdict.findings if self.verdict else ()
        return [finding for finding in findings if finding.passed is False]

    @property
    def names(self) -> list[str]:
        """The known mistakes that were recognised: ``answer: name``."""
        return (
            [f"{answer}: {name}" for answer, name in self.verdict.mistakes] if self.verdict else []
        )

    def public(self) -> dict[str, Any]:
        """The machine-readable row."""
        verdict = self.verdict
        return {
            "assignment": self.assignment,
            "exercise": self.piece.exercise,
            "files": [*self.piece.files],
            "status": verdict.status if verdict else "fault",
            "score": verdict.score if verdict else None,
            "points": verdict.points if verdict else None,
            "failed": [finding.public() for finding in self.failed],
            "names": self.names,
            "note": verdict.note if verdict else self.fault,
            "source": self.piece.source,
        }


def stubs(assignment: Assignment) -> dict[str, Definition]:
    """The answers as they are released: functions and classes without their bodies."""
    cells = [text_of(cell) for cell in assignment.release["cells"] if solution_of(cell)]
    return dict(stubs_of(cells))


def names_called(assignment: Assignment, exercise: Exercise) -> tuple[str, ...]:
    """What an exercise calls, seen by letting the reference answer it once."""
    seen = _Seen(assignment.reference)
    inputs, _ = exercise.draw(np.random.default_rng(0))
    call(exercise, seen, inputs)
    return tuple(dict.fromkeys(seen.names))


class _Seen(dict[str, Any]):
    """A namespace that remembers what was asked of it."""

    def __init__(self, names: Mapping[str, Any]) -> None:
        super().__init__(names)
        self.names: list[str] = []

    def __getitem__(self, name: str) -> Any:
        self.names.append(name)
        return super().__getitem__(name)


def judge_each(
    assignment: Assignment, pieces: Iterable[FoundAnswer], wall: Wall, seed: int
) -> Iterator[Measured]:
    """Judge piece after piece, all on the same inputs. Never raises for what a piece does."""
    for piece in pieces:
        notebook = _notebook(assignment, piece)
        try:
            verdicts = verdicts_of(assignment, notebook, wall, {}, seed)
        except WallError as error:
            yield Measured(assignment.name, piece, None, str(error))
            continue
        yield Measured(assignment.name, piece, verdicts[piece.exercise])


def _notebook(assignment: Assignment, piece: FoundAnswer) -> dict[str, Any]:
    """The released notebook up to the exercise's check, with the piece where its first answer
    belongs.
    """
    answers = assignment.exercises[piece.exercise].answers
    cells = assignment.release["cells"]
    place = next(one["id"] for one in cells if solution_of(one) in answers)
    written = SubmittedCell("code", piece.source, id=place)
    notebook = rebuild(assignment.release, Submitted((written,))).notebook
    checks = [check_of(cell) for cell in notebook["cells"]]
    upto = notebook["cells"][: checks.index(piece.exercise) + 1]
    notebook["cells"] = [one for one in upto if check_of(one) in (None, piece.exercise)]
    return notebook
