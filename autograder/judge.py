"""The judge: one exercise's checks, added up to a verdict. Takes ways to call answers; touches
nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from contextlib import suppress

import numpy as np

from .checks import AllowedMeans, Gradient, Reference, Training
from .checks.smallest import Smallest
from .exercise.mistakes import Mistakes
from .exercise.trial import AnswerFailed, Check, Exercise, Trial, WatchedCalls, Watching, watched
from .language.probe import Inputs, place
from .language.verdict import (
    Evaluation,
    Evidence,
    Failure,
    Finding,
    Status,
    Verdict,
    replace,
    score,
)
from .watch.evaluate import Evaluate

Elsewhere = Callable[[Trial, Check], Finding]
"""Judges a check that needs the reference where the reference is."""
Released = Callable[[Trial], Trial | None]
"""The same answer's trial in situations whose right outputs came with the release; None without
any.
"""


CONTEST, AHEAD, CHECK = 1, 2, 3
"""They set what a contest draws, what is drawn to be watched ahead, and what each check draws for
itself, apart from one another and from the situations that are drawn of the same seed."""


def fresh_seed() -> int:
    """A seed no one can predict; it is recorded with the verdict."""
    return secrets.randbits(63)


def judge(
    exercise: Exercise,
    evaluate: Evaluate,
    *,
    reference: Evaluate | None = None,
    mistakes: Mistakes | None = None,
    seed: int | None = None,
    elsewhere: Elsewhere | None = None,
    released: Released | None = None,
    seen: WatchedCalls | None = None,
) -> Verdict:
    """Run every check of ``exercise`` and add up the points of those that passed.

    evaluate calls the student's answer; reference the hidden one (None on a student's machine: its
    checks then wait, or are judged elsewhere; released makes the trial for what came with the
    release). mistakes name what is wrong. seed redraws the same inputs (default: fresh). seen is
    what was seen of the answer by ``watched_ahead``. Never raises for what an answer does."""
    seed = fresh_seed() if seed is None else seed
    asked = _Asked(evaluate)
    trial = Trial(exercise, asked, np.random.default_rng(seed), reference, mistakes)
    trial.released, trial.seen = released(trial) if released else None, seen
    findings: list[Finding] = []
    note = ""
    stated = any(isinstance(check, AllowedMeans) for check in exercise.checks)
    for k, check in enumerate((*exercise.checks, *(() if stated else (AllowedMeans(),)))):
        if asked.failure is not None and asked.failure.kind != "error":
            if isinstance(check, AllowedMeans):
                continue
            findings.append(_unreached(check, asked.failure))
            continue
        trial.rng = np.random.default_rng([CHECK, k, seed])  # whatever others have drawn
        finding, trouble = _run(check, trial, elsewhere)
        if trial.seen is seen and seen is not None and _weighs_against(finding, check):
            trial.seen = None  # other answers were called there before: it is watched alone
            finding, trouble = _run(check, trial, elsewhere)
        if isinstance(check, AllowedMeans) and not finding.decisive:
            continue  # worth a line only when it decides
        findings.append(finding)
        note = note or trouble
    # how small examples end counts for nothing
    beside = replace(trial, evaluate=evaluate, rng=np.random.default_rng(seed))
    findings = _with_an_example(findings, beside)
    return _add_up(exercise, _told_once(findings, asked.failure), asked.failure, seed, note)


def watched_ahead(exercise: Exercise, evaluate: Evaluate, seed: int) -> WatchedCalls:
    """What is seen of an answer while it is watched, before it is judged, and so before it was ever
    called unwatched: first in the situation that is judged first. What is drawn depends on the seed
    alone.
    """
    inputs, _ = exercise.draw(np.random.default_rng(seed))
    return watched(exercise, evaluate, inputs, np.random.default_rng([AHEAD, seed]))


def compared(
    exercise: Exercise, verdict: Verdict, evaluate: Evaluate, reference: Evaluate, seed: int
) -> Verdict:
    """A verdict with what its exercise's contests showed of somebody who wants to be compared; else
    as it was. What is drawn for that depends on the seed alone.
    """
    if verdict.failure not in ("", "error"):
        return verdict  # it did not get through what is judged
    trial = Trial(exercise, evaluate, np.random.default_rng([CONTEST, seed]), reference)
    found = {
        check.title: check.compared(trial)
        for check in exercise.checks
        if isinstance(check, Training) and check.contest
    }
    findings = tuple(
        replace(one, performance=found.get(one.check, one.performance)) for one in verdict.findings
    )
    return replace(verdict, findings=findings)


def _with_an_example(findings: list[Finding], trial: Trial) -> list[Finding]:
    """The first check of values or of a gradient that failed gets the smallest example that can be
    found.
    """
    smallest = Smallest(trial)
    for k, finding in enumerate(findings):
        check = next((one for one in trial.exercise.checks if one.title == finding.check), None)
        if finding.passed is not False or not isinstance(check, Reference | Gradient):
            continue
        with suppress(Exception):  # an exercise that cannot be drawn so small has none
            if example := smallest.example(check):
                evidence = replace(finding.evidence or Evidence(), example=example)
                return [*findings[:k], replace(finding, evidence=evidence), *findings[k + 1 :]]
    return findings


def _told_once(findings: list[Finding], failure: Failure | None) -> list[Finding]:
    """An exception is told by the first check that met it; the others refer to that."""
    if failure is None or failure.kind != "error":
        return findings
    told: dict[str, str] = {}
    once = []
    for finding in findings:
        first = told.setdefault(finding.message, finding.check)
        repeated = finding.passed is False and first != finding.check
        if repeated and finding.message.startswith(failure.message):
            finding = replace(finding, message=f"The same error as above, see {first}.")
        once.append(finding)
    return once


def _run(check: Check, trial: Trial, elsewhere: Elsewhere | None) -> tuple[Finding, str]:
    away = check.needs_reference and trial.reference is None
    if away and elsewhere is None:
        return Finding(check.title, None, "waits for grading", share=check.share), ""
    try:
        if away and elsewhere is not None:
            return elsewhere(trial, check), ""
        return check(trial), ""
    except AnswerFailed as failed:
        where = place(failed.case) if failed.case else ""
        return Finding(check.title, False, failed.failure.message + where, share=check.share), ""
    except (
        Exception
    ) as broken:  # a defect of ours: on the record, never a traceback in a student's face
        note = (
            f"the check {check.title!r} broke ({type(broken).__name__}: {broken}); this needs the "
            "instructor"
        )
        return Finding(
            check.title,
            False,
            "this check could not be run: please tell your instructor",
            "",
            check.share,
        ), note


def _weighs_against(finding: Finding, check: Check) -> bool:
    """Whether a finding is against an answer, and made of what was seen while it was watched."""
    return finding.passed is False and isinstance(check, AllowedMeans | Watching)


def _unreached(check: Check, failure: Failure) -> Finding:
    return Finding(check.title, False, failure.message, share=check.share)


def _add_up(
    exercise: Exercise, findings: list[Finding], failure: Failure | None, seed: int, note: str
) -> Verdict:
    if failure is not None and failure.kind == "not_attempted":
        first = Finding(findings[0].check, False, failure.message, share=1.0)
        return Verdict(
            exercise.name, exercise.points, 0.0, "not_attempted", (first,), seed, note, failure.kind
        )
    earned = score(exercise.points, findings)
    status, kind = _status(findings, failure, earned), failure.kind if failure else ""
    return Verdict(
        exercise.name, exercise.points, earned, status, tuple(findings), seed, note, kind
    )


def _status(findings: list[Finding], failure: Failure | None, earned: float) -> Status:
    if all(finding.passed is not False for finding in findings):
        return "passed"
    if failure is not None and failure.kind == "timeout":
        return "timeout"
    if failure is not None and earned == 0:
        return "error"
    return "partial" if earned > 0 else "failed"


class _Asked:
    """The student's evaluate, remembering the first failure that ends the exercise, or else the
    first error.
    """

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.failure: Failure | None = None

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        evaluations = self._evaluate(batch, count_work=count_work)
        if count_work:
            return evaluations  # a call apart: whoever asked for it judges how it ends
        for evaluation in evaluations:
            failure = evaluation.failure
            if failure is not None and failure.kind == "device":
                continue  # the check asks again, of another device
            if failure is not None and (self.failure is None or self.failure.kind == "error"):
                self.failure = (
                    failure if self.failure is None or failure.kind != "error" else self.failure
                )
        return evaluations
