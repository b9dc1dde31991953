"""The words and signs that every report shares."""

from __future__ import annotations

from ..language.verdict import Finding, Verdict

STATUS = {
    "passed": "all checks passed",
    "partial": "partly right",
    "failed": "not right yet",
    "not_attempted": "not attempted",
    "error": "stopped with an error",
    "timeout": "stopped at the time limit",
}


def sign(finding: Finding) -> str:
    """✓ passed, ✗ failed, … waiting."""
    return {True: "✓", False: "✗", None: "…"}[finding.passed]


def plainly(value: float) -> str:
    """Without needless zeros, and never in scientific notation: 8, 4.5, 3.33."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def counted(count: float, noun: str, many: str = "") -> str:
    """How many of something there are, in words: "1 student", "2 students", "0 students"."""
    return f"{plainly(count)} {noun if count == 1 else many or f'{noun}s'}"


def headline(verdict: Verdict) -> str:
    """The verdict in one line. Points of waiting checks are named, since they are not lost."""
    status = STATUS[verdict.status]
    if verdict.waiting and verdict.status == "passed":
        status = "all checks that run here passed"
    return (
        f"{verdict.name}: {status}, {plainly(verdict.score)} of {plainly(verdict.points)} "
        f"points{_waiting(verdict)}"
    )


def _waiting(verdict: Verdict) -> str:
    total = sum(finding.share for finding in verdict.findings)
    if not verdict.waiting or total <= 0:
        return ""
    open_points = verdict.points * sum(finding.share for finding in verdict.waiting) / total
    return f" so far, {plainly(round(open_points, 2))} wait for grading"


def points_of(verdict: Verdict, finding: Finding) -> str:
    """What one check is worth within its exercise, in words: "1 point", "2.5 points"."""
    total = sum(one.share for one in verdict.findings)
    return counted(round(verdict.points * finding.share / total, 2) if total else 0, "point")


def replay(verdict: Verdict) -> str:
    """The line that redraws the same inputs; empty when there is nothing to replay."""
    if verdict.seed is None or verdict.status in ("passed", "not_attempted"):
        return ""
    return f'check("{verdict.name}", seed={verdict.seed})'
