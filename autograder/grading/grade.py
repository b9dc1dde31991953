"""Judging one notebook: run the rebuilt cells behind the wall, judge each check, write the check
cells' outputs.

The grader alone writes the outputs of a check cell: the report, and last the score as the one
number that nbgrader reads. What a student prints, displays or returns is never among them. Scoring
fails closed: no verdict, no points, and a reason on the record.
"""

from __future__ import annotations

import base64
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any

from ..course.assignment import Assignment
from ..course.marks import check_of, mark_notebook, mark_verdict, notebook_marks, skipped
from ..errors import AssignmentError, SubmissionError
from ..language.verdict import Verdict, replace
from .foreseen import Foreseen
from .handed_in import read_notebook
from .pseudonym import chosen_pseudonym
from .rebuild import Rebuilt, rebuild
from .stopped import with_the_cells_error

if TYPE_CHECKING:
    from ..exercise.trial import Exercise, WatchedCalls
    from ..wall.outside.session import Session
    from ..wall.outside.wall import Wall
    from ..watch.evaluate import Evaluate

OURS = "Not judged: {} This is a fault of the grader, not of the answer; it has to be graded again."
AHEAD_SECONDS = 1.0
"""What an exercise has to be watched ahead in, and asked; the evaluator gives a watched batch twice
that. Who needs longer is watched and asked when it is judged.
"""
OUT_OF_MEMORY = "The grader ran out of memory over this submission"


@dataclass(frozen=True)
class GradedNotebook:
    """A notebook with its verdicts. ``problem`` says why it could not be judged at all, if so;
    ``ours`` whose fault.
    """

    notebook: dict[str, Any]
    verdicts: list[Verdict] = field(default_factory=list)
    problem: str | None = None
    ours: bool = False

    @property
    def score(self) -> float:
        """The points earned by code; written questions are graded by people."""
        return round(sum(verdict.score for verdict in self.verdicts), 4)


def grade_notebook(
    assignment: Assignment,
    submitted: bytes,
    wall: Wall,
    *,
    files: Mapping[str, bytes] | None = None,
    seed: int | None = None,
) -> GradedNotebook:
    """Judge the bytes of a submitted notebook. Never raises for what was submitted."""
    return grade_rebuilt(
        assignment, rebuild_bytes(assignment, submitted).notebook, wall, files=files, seed=seed
    )


def rebuild_bytes(
    assignment: Assignment,
    submitted: bytes,
    *,
    notes: Sequence[str] = (),
    doubt: str | None = None,
) -> Rebuilt:
    """The notebook that runs, from the submitted bytes; from the release alone when they cannot be
    read. ``notes`` and ``doubt`` are about the files that were handed in."""
    try:
        return rebuild(assignment.release, read_notebook(submitted), notes=notes, doubt=doubt)
    except SubmissionError as error:
        return unreadable(assignment, str(error))


def unreadable(assignment: Assignment, problem: str) -> Rebuilt:
    """The notebook of somebody whose submission cannot be judged: the release, with the reason on
    top.
    """
    return rebuild(assignment.release, None, f"This submission could not be graded: {problem}.")


def grade_rebuilt(
    assignment: Assignment,
    notebook: dict[str, Any],
    wall: Wall,
    *,
    files: Mapping[str, bytes] | None = None,
    seed: int | None = None,
) -> GradedNotebook:
    """Run and judge a rebuilt notebook in place: fill every cell's outputs and make every
    verdict.
    """
    seed = secrets.randbits(32) if seed is None else seed
    problem = notebook_marks(notebook).problem
    if problem:
        verdicts = {
            name: _none(exercise, problem, seed) for name, exercise in assignment.exercises.items()
        }
        return _written(notebook, verdicts, problem)
    from ..errors import WallError

    try:
        verdicts = verdicts_of(assignment, notebook, wall, files or {}, seed)
        return _written(notebook, verdicts, None)
    except WallError as error:
        problem = str(error)
    except MemoryError:
        problem = OUT_OF_MEMORY
    return not_judged(assignment, notebook, problem, seed)


def not_judged(
    assignment: Assignment, notebook: dict[str, Any], why: str, seed: int
) -> GradedNotebook:
    """A rebuilt notebook that the grader failed to judge: no points, and a flag for people to look
    at it. A problem of the submission itself, known before, stays what it was.
    """
    problem = notebook_marks(notebook).problem
    _without_outputs(notebook)
    said = problem or OURS.format(f"{why.rstrip('.')}.")
    verdicts = {
        name: _none(exercise, said, seed) for name, exercise in assignment.exercises.items()
    }
    return _written(notebook, verdicts, said, ours=problem is None)


def _without_outputs(notebook: dict[str, Any]) -> None:
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []


def verdicts_of(
    assignment: Assignment,
    notebook: dict[str, Any],
    wall: Wall,
    files: Mapping[str, bytes],
    seed: int,
) -> dict[str, Verdict]:
    """Run a rebuilt notebook and judge the exercises whose check cells it has. Raises WallError
    when that fails twice.
    """
    from ..errors import WallError

    try:
        return _verdicts(assignment, notebook, wall, files, seed)
    except WallError:  # a forkserver that died is replaced: what is in hand is judged once more
        return _verdicts(assignment, notebook, wall, files, seed)


def _verdicts(
    assignment: Assignment,
    notebook: dict[str, Any],
    wall: Wall,
    files: Mapping[str, bytes],
    seed: int,
) -> dict[str, Verdict]:
    from ..wall.wire.limits import Cell

    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code" and not skipped(cell)]
    cells = [
        Cell(
            id=cell["id"], source=cell["source"], kind="check" if check else "code", exercise=check
        )
        for cell in code
        for check in (check_of(cell),)
    ]
    verdicts: dict[str, Verdict] = {}
    with wall.open(files=files, trusted=assignment.files) as session:
        results = {result.id: result for result in session.run(cells)}
        exercises = [assignment.exercises[cell.exercise] for cell in cells if cell.exercise]
        seen = {one.name: _watched_ahead(one, session, seed) for one in exercises}
        for cell in code:
            if check := check_of(cell):
                exercise = assignment.exercises[check]
                verdict = _verdict(assignment, exercise, session, seed, seen[check])
                verdicts[check] = with_the_cells_error(verdict, exercise.answers, code)
            elif (result := results.get(cell["id"])) is not None:
                cell["outputs"] = result.outputs
                cell["execution_count"] = result.execution_count
        if chosen_pseudonym(notebook["cells"]).name:  # after all verdicts: it costs none of them
            for name, verdict in verdicts.items():
                exercise = assignment.exercises[name]
                verdicts[name] = _compared(assignment, exercise, verdict, session, seed)
    return verdicts


def _watched_ahead(exercise: Exercise, session: Session, seed: int) -> WatchedCalls | None:
    """Of all exercises before any is judged: one process serves for all, of which nothing but
    watched calls was asked. What takes long is watched again when it is judged.
    """
    from ..errors import WallError
    from ..judge import watched_ahead

    if session.unforked(exercise):
        return None
    try:
        return watched_ahead(exercise, session.evaluator(exercise, AHEAD_SECONDS), seed)
    except WallError:
        raise
    except Exception:  # a defect of ours is told when the exercise is judged
        return None


def _verdict(
    assignment: Assignment,
    exercise: Exercise,
    session: Session,
    seed: int,
    seen: WatchedCalls | None,
) -> Verdict:
    from ..errors import WallError
    from ..judge import judge

    began = perf_counter()
    try:
        verdict = judge(
            exercise,
            _evaluate(assignment, exercise, session, seed, seen),
            reference=assignment.answers.of(exercise, seed),
            mistakes=assignment.mistakes,
            seed=seed,
            seen=seen,
        )
    except (WallError, AssignmentError):
        raise
    except Exception as error:  # a check of ours that raised costs its exercise, not the class
        return _none(
            exercise,
            OURS.format(f"judging {exercise.name} raised {type(error).__name__}: {error}."),
            seed,
        )
    return replace(
        verdict,
        score=_clamped(verdict.score, exercise.points),
        seed=seed,
        seconds=perf_counter() - began,
    )


def _evaluate(
    assignment: Assignment,
    exercise: Exercise,
    session: Session,
    seed: int,
    seen: WatchedCalls | None,
) -> Evaluate:
    """How to reach an answer; one that was seen to work is asked ahead, but for what is costly."""
    evaluate = session.evaluator(exercise)
    if exercise.costly or seen is None or seen.evaluation.failure is not None:
        return evaluate
    ahead = session.evaluator(exercise, AHEAD_SECONDS)
    return Foreseen(evaluate, ahead, assignment.rehearsed.of(exercise, seed))


def _compared(
    assignment: Assignment, exercise: Exercise, verdict: Verdict, session: Session, seed: int
) -> Verdict:
    """The verdict, with what ranks of somebody who wants to be on a leaderboard."""
    from ..errors import WallError
    from ..judge import compared

    reference = assignment.answers.of(exercise, seed)
    try:
        return compared(exercise, verdict, session.evaluator(exercise), reference, seed)
    except WallError:
        raise
    except Exception:  # a contest of ours that broke ranks nobody, and costs no verdict
        return verdict


def _none(exercise: Exercise, note: str, seed: int) -> Verdict:
    return Verdict(exercise.name, exercise.points, 0.0, "error", seed=seed, note=note)


def _clamped(score: float, points: float) -> float:
    return min(max(float(score), 0.0), float(points)) if math.isfinite(score) else 0.0


def _written(
    notebook: dict[str, Any],
    verdicts: dict[str, Verdict],
    problem: str | None,
    *,
    ours: bool = False,
) -> GradedNotebook:
    """Write the check cells' outputs, and the verdicts into their metadata for whoever records
    them.
    """
    in_order: list[Verdict] = []
    for cell in notebook["cells"]:
        check = check_of(cell)
        if cell["cell_type"] != "code" or check is None:
            continue
        verdict = verdicts[check]
        in_order.append(verdict)
        cell["outputs"] = check_outputs(verdict, float(cell["metadata"]["nbgrader"]["points"]))
        mark_verdict(cell, verdict, ours=bool(verdict.note) and (ours or problem is None))
    if problem:
        mark_notebook(notebook, replace(notebook_marks(notebook), problem=problem))
    return GradedNotebook(notebook, in_order, problem, ours)


def check_outputs(verdict: Verdict, points: float) -> list[dict[str, Any]]:
    """A check cell's outputs: report, heat map if there is one, and last the score, the only number
    nbgrader sees.
    """
    from ..report import heat_map_png, to_html, to_text

    outputs = [
        _display({"text/html": to_html(verdict, picture=False), "text/plain": to_text(verdict)})
    ]
    if picture := heat_map_png(verdict):
        outputs.append(
            _display(
                {
                    "image/png": base64.b64encode(picture).decode(),
                    "text/plain": "where the error is",
                }
            )
        )
    number = round(_clamped(verdict.score, points), 4)
    outputs.append(
        {
            "output_type": "execute_result",
            "execution_count": None,  # the grader's own; the numbers are those of the student's session
            "data": {"text/plain": repr(int(number) if number == int(number) else number)},
            "metadata": {},
        }
    )
    return outputs


def _display(data: dict[str, str]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}
