"""The record of a class as numbers: plain JSON, the one form that page, CSV and ``--json`` are made
from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import mean, median, quantiles
from typing import Any

from .attention import ORDER, needs
from .leaderboard import leaderboards
from .likeness import Group, groups
from .record import Answered, ClassRecord, Handed, RecognisedMistake

STATUSES = ("passed", "partial", "failed", "error", "timeout", "not_attempted")
PRESSING = ("not_graded", "ours", "again", "unreadable", "doubt", "written")
BINS = 10
LONGEST_CODE = 6000


def summarise(record: ClassRecord) -> dict[str, Any]:
    """Everything that the report says."""
    graded = [one for one in record.handed if one.marks is not None]
    attention = _attention(record.handed)
    alike = groups({one.student: one.answers for one in graded if not one.problem}, record.stubs)
    return {
        "assignment": record.assignment,
        "made": datetime.now(UTC).isoformat(timespec="minutes"),
        "counts": {
            "handed_in": len(record.handed),
            "graded": len(graded),
            "absent": len(record.absent),
            "need_a_person": sum(
                any(need["kind"] in PRESSING for need in one["needs"]) for one in attention
            ),
        },
        "attention": attention,
        "scores": _scores(graded),
        "exercises": _exercises(graded),
        "questions": _questions(graded),
        "mistakes": _mistakes(graded),
        "unnamed": _unnamed(graded),
        "time": _time(record.handed),
        "judging": _judging(graded),
        "leaderboards": leaderboards(record),
        "groups": [_group(group, {one.student: one for one in graded}) for group in alike],
        "students": [_student(one) for one in record.handed],
        "absent": list(record.absent),
    }


def _attention(handed: Sequence[Handed]) -> list[dict[str, Any]]:
    found = [
        {"student": one.student, "name": one.name, "needs": listed}
        for one in handed
        if (listed := needs(one))
    ]
    return sorted(
        found,
        key=lambda one: (min(ORDER.index(need["kind"]) for need in one["needs"]), one["student"]),
    )


def _scores(graded: Sequence[Handed]) -> dict[str, Any]:
    """The points for code, in percent of what the code is worth: written answers may still be
    open.
    """
    shares = [
        100 * one.marks.code / one.marks.max_code
        for one in graded
        if one.marks and one.marks.max_code
    ]
    counts = [0] * BINS
    for share in shares:
        counts[min(int(share * BINS / 100 + 1e-9), BINS - 1)] += 1
    width = 100 // BINS
    return {
        "max_code": max((one.marks.max_code for one in graded if one.marks), default=0.0),
        "mean": round(mean(shares), 1) if shares else None,
        "quartiles": quartiles_of(shares),
        "bins": [
            {"from": k * width, "to": (k + 1) * width, "count": count}
            for k, count in enumerate(counts)
        ],
    }


def quartiles_of(values: Sequence[float]) -> list[float] | None:
    """Lower quartile, median, upper quartile."""
    if not values:
        return None
    if len(values) == 1:
        return [round(values[0], 1)] * 3
    return [round(cut, 1) for cut in quantiles(values, n=4, method="inclusive")]


def _exercises(graded: Sequence[Handed]) -> list[dict[str, Any]]:
    rows: dict[str, list[Answered]] = {}
    for one in graded:
        for answered in one.exercises:
            rows.setdefault(answered.name, []).append(answered)
    return [
        {
            "name": name,
            "points": some[0].points,
            "mean": round(mean(one.score for one in some), 2),
            "share": round(
                mean(100 * one.score / one.points for one in some if one.points)
                if some[0].points
                else 0,
                1,
            ),
            "statuses": {status: sum(one.status == status for one in some) for status in STATUSES},
            "failed": dict(Counter(check for one in some for check in one.failed).most_common()),
            "seconds": round(median(one.seconds for one in some), 3),
        }
        for name, some in rows.items()
    ]


def _questions(graded: Sequence[Handed]) -> list[dict[str, Any]]:
    """The written questions, by those of their answers that people have graded."""
    rows: dict[str, list[tuple[float, float]]] = {}
    for one in graded:
        for cell, given in one.questions.items():
            rows.setdefault(cell, []).append(given)
    return [
        {
            "name": cell,
            "points": some[0][1],
            "graded": len(some),
            "share": round(mean(100 * score / points for score, points in some if points), 1)
            if some[0][1]
            else 0,
        }
        for cell, some in rows.items()
    ]


def _mistakes(graded: Sequence[Handed]) -> list[dict[str, Any]]:
    """The known mistakes by the number of students who made each, wherever they made it."""
    found: dict[str, tuple[RecognisedMistake, set[str], dict[str, None]]] = {}
    for one in graded:
        for answered in one.exercises:
            for mistake in answered.mistakes:
                _, students, where = found.setdefault(mistake.hint, (mistake, set(), {}))
                students.add(one.student)
                where[answered.name] = None
    rows = [
        {
            "name": mistake.name,
            "hint": hint,
            "exercises": list(where),
            "count": len(some),
            "students": sorted(some),
        }
        for hint, (mistake, some, where) in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["count"], row["hint"]))


def _unnamed(graded: Sequence[Handed]) -> list[dict[str, Any]]:
    """Exercises that students got wrong without making a known mistake, with a few of the sentences
    they were told.
    """
    rows: list[dict[str, Any]] = []
    names = dict.fromkeys(answered.name for one in graded for answered in one.exercises)
    for name in names:
        wrong = [
            (one.student, answered.sentence)
            for one in graded
            for answered in one.exercises
            if answered.name == name
            and answered.status in ("partial", "failed")
            and not answered.mistakes
        ]
        if wrong:
            told = list(dict.fromkeys(sentence for _, sentence in wrong if sentence))[:3]
            rows.append(
                {
                    "exercise": name,
                    "count": len(wrong),
                    "students": [student for student, _ in wrong],
                    "told": told,
                }
            )
    return sorted(rows, key=lambda row: -row["count"])


def _time(handed: Sequence[Handed]) -> dict[str, Any]:
    known = [one.minutes for one in handed if one.minutes is not None]
    return {"known": len(known), "quartiles": quartiles_of(known)}


def _judging(graded: Sequence[Handed]) -> dict[str, Any]:
    """What judging took: seconds of all answers, quartiles of a submission's, and the answer that
    took longest.
    """
    totals = [
        sum(answered.seconds for answered in one.exercises) for one in graded if one.exercises
    ]
    answers = [
        (answered.seconds, one.student, answered.name)
        for one in graded
        for answered in one.exercises
    ]
    seconds, student, exercise = max(answers, default=(0.0, "", ""))
    return {
        "seconds": round(sum(totals), 1),
        "quartiles": quartiles_of(totals),
        "longest": {"student": student, "exercise": exercise, "seconds": round(seconds, 1)}
        if student
        else None,
    }


def _group(group: Group, handed: dict[str, Handed]) -> dict[str, Any]:
    closest = group.pairs[0]
    answers = closest.answers
    longest = max(
        answers, key=lambda name: len(handed[closest.students[0]].answers[name]), default=None
    )
    return {
        "students": list(group.students),
        "likeness": round(100 * closest.likeness),
        "pairs": [
            {
                "students": list(pair.students),
                "likeness": round(100 * pair.likeness),
                "answers": dict(pair.answers),
            }
            for pair in group.pairs
        ],
        "shown": longest
        and {
            "answer": longest,
            "code": [
                {"student": student, "code": handed[student].answers[longest][:LONGEST_CODE]}
                for student in closest.students
            ],
        },
    }


def _student(one: Handed) -> dict[str, Any]:
    marks = one.marks
    return {
        "student": one.student,
        "name": one.name,
        "graded": marks is not None,
        "code": marks and round(marks.code, 2),
        "max_code": marks and round(marks.max_code, 2),
        "written": marks and round(marks.written, 2),
        "max_written": marks and round(marks.max_written, 2),
        "to_grade": len(marks.waiting) if marks else 0,
        "penalty": marks and round(marks.penalty, 2),
        "final": marks and round(marks.final, 2),
        "minutes": one.minutes,
        "judging": round(sum(answered.seconds for answered in one.exercises), 3),
        "exercises": {answered.name: answered.score for answered in one.exercises},
        "questions": {cell: score for cell, (score, _) in one.questions.items()},
        "needs": [need["kind"] for need in needs(one)],
    }
