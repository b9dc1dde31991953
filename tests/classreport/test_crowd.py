"""Five hundred students: every one is in the page and the tables, and each number adds up."""

from __future__ import annotations

import random
from html import unescape

from autograder.classreport.page import render
from autograder.classreport.record import Answered, ClassRecord, Handed, Marks, RecognisedMistake
from autograder.classreport.summary import summarise

MISTAKES = [
    RecognisedMistake(f"mistake_{number}", f"Hint number {number}.") for number in range(30)
]
EXERCISES, COPY = 18, ("s043", "s195")


def line(rng: random.Random) -> str:
    """Something that nobody else writes: the structure differs, not only the names."""
    parts = [
        rng.choice(["x", "x[0]", "f(x)", "x.T", "(x)", "-x", "[x]", "x[:, 1]"]) for _ in range(6)
    ]
    signs = [rng.choice(["+", "*", "@", "-", "//", "**", "<", "and", "=="]) for _ in range(5)]
    return "    x = " + " ".join(
        word for pair in zip(parts, [*signs, ""], strict=True) for word in pair
    )


def judged(number: int, rng: random.Random) -> Answered:
    score = rng.choice([0, 2.5, 5])
    mistakes = () if score == 5 else (rng.choice(MISTAKES),)
    return Answered(
        f"exercise_{number}",
        5,
        score,
        "passed" if score == 5 else "partial",
        "",
        ours=False,
        mistakes=mistakes,
    )


def member(number: int, rng: random.Random) -> Handed:
    exercises = tuple(judged(k, rng) for k in range(EXERCISES))
    total = sum(one.score for one in exercises)
    answers = {f"exercise_{k}": "\n".join(line(rng) for _ in range(12)) for k in range(1)}
    return Handed(
        f"s{number:03}", f"Student {number}", Marks(total, 100, 0, 10, 0, ()), exercises, answers
    )


def test_five_hundred_students():
    rng = random.Random(5)
    class_ = [member(number, rng) for number in range(500)]
    original, copy = (int(name[1:]) for name in COPY)
    class_[copy] = Handed(
        COPY[1],
        "",
        class_[copy].marks,
        class_[copy].exercises,
        {name: code.replace("x", "other") for name, code in class_[original].answers.items()},
    )
    report = summarise(ClassRecord("crowd", tuple(class_), (), {}))
    page = unescape(render(report))
    assert len(page) < 1_000_000
    assert all(f"<bdi>s{number:03}</bdi>" in page for number in range(500))
    assert sum(bin["count"] for bin in report["scores"]["bins"]) == 500
    assert len(report["exercises"]) == EXERCISES
    assert all(sum(one["statuses"].values()) == 500 for one in report["exercises"])
    counts = [one["count"] for one in report["mistakes"]]
    assert counts == sorted(counts, reverse=True)
    wanted = {
        mistake.hint: sum(
            any(mistake in one.mistakes for one in student.exercises) for student in class_
        )
        for mistake in MISTAKES
    }
    assert {one["hint"]: one["count"] for one in report["mistakes"]} == wanted
    (group,) = report["groups"]
    assert group["students"] == list(COPY)
