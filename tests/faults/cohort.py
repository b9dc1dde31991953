"""Eight students of the tiny course, the command that grades them, and all that the gradebook then
says of them.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from typing import Any

from courses.course import BIN, RIGHT, ROW_SUMS, WRITTEN, TinyCourse
from nbgrader.api import Gradebook

from autograder.course.marks import verdicts_on_record

from .ambush import CHECK, STEP

SEED = "20"
COLUMNS = "def row_sums(x):\n    return x.sum(axis=0)\n"
NAMES = ("ada", "ben", "cyd", "dot", "eve", "fay", "gus", "hal")
NUMBER = {name: number for number, name in enumerate(NAMES, 1)}
ANSWERS: dict[str, dict[str, str]] = {
    "ada": WRITTEN,
    "ben": {"row_sums": COLUMNS},
    "cyd": {"row_sums": "import os; os._exit(1)"},
    "dot": {"row_sums": ""},
    "eve": {},
    "fay": {"row_sums": ROW_SUMS + "\n1 / 0"},
    "gus": {"row_sums": "def row_sums(x):\n    return np.array([sum(row) for row in x])\n"},
    "hal": {},
}
Grades = dict[str, Any]


def hand_in(course: TinyCourse) -> TinyCourse:
    """Lay the ambush into the exercises, and have everybody hand in; odd students forget to divide
    by N.
    """
    source = course.root / "source/tiny"
    (source / "shared.py").write_text("SECONDS = 250\n")
    with (source / "exercises/gradients.py").open("a") as gradients:
        gradients.write(CHECK)
    for name, answers in ANSWERS.items():
        number = NUMBER[name]
        mean = "" if number % 2 else " / len(x)"
        half = (
            "def half_square(x, w):\n    scores = x @ w\n"
            f"    return np.mean(scores ** 2) / 2 * (1 + {number} * {STEP!r}), x.T @ scores{mean}\n"
        )
        course.hand_in(name, course.notebook({**RIGHT, "half_square": half, **answers}))
    return course


def command(*options: str) -> list[str]:
    """``chainrule grade`` with the seed of all these tests."""
    return [str(BIN / "chainrule"), "grade", "tiny", "--json", "--seed", SEED, *options]


class Run:
    """A ``chainrule grade`` that has been started, in a process group of its own, as a terminal
    starts it.
    """

    def __init__(self, course: TinyCourse, environment: Mapping[str, str], *options: str) -> None:
        self._process = subprocess.Popen(
            command(*options),
            cwd=course.root,
            env={**environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.pid = self._process.pid

    def end(self) -> subprocess.CompletedProcess[str]:
        """Wait until it ends by itself."""
        try:
            out, err = self._process.communicate(timeout=200)
        except subprocess.TimeoutExpired:
            os.killpg(self.pid, signal.SIGKILL)
            raise
        return subprocess.CompletedProcess(command(), self._process.returncode, out, err)

    def finish(self) -> dict[str, Any]:
        """Wait until it ends well; returns what it printed."""
        ran = self.end()
        assert ran.returncode == 0, ran.stdout + ran.stderr
        return json.loads(ran.stdout)


def grades(course: TinyCourse, database: str | None = None) -> Grades:
    """By student: every score, mark for people and comment in the gradebook, and what the
    autograded notebook says. One submission each, or this fails.
    """
    with Gradebook(
        database or f"sqlite:///{course.root / 'gradebook.db'}", "chainrule"
    ) as gradebook:
        rows: list[Any] = gradebook.assignment_submissions("tiny")
        found: Grades = {row.student_id: _of(row) for row in rows}
        assert len(found) == len(rows)
    for student in found:
        notebook = course.autograded(student)
        found[student]["autograded"] = [
            (one.verdict.name, one.verdict.score, one.verdict.status)
            for one in verdicts_on_record(notebook)
        ]
        page = course.root / "feedback" / student / "tiny/tiny.html"
        found[student]["feedback"] = page.stat().st_size > 0
    return found


def _of(submission: Any) -> dict[str, Any]:
    (notebook,) = submission.notebooks
    scores = sorted(
        (one.name, one.auto_score, one.manual_score, one.needs_manual_grade)
        for one in notebook.grades
    )
    comments = sorted((one.name, one.auto_comment or "") for one in notebook.comments)
    return {"score": submission.score, "grades": scores, "comments": comments}


def printed(course: TinyCourse, student: str) -> set[str]:
    """What the cells of an autograded notebook printed."""
    return {
        "".join(output["text"])
        for cell in course.autograded(student)["cells"]
        for output in cell.get("outputs", ())
        if output["output_type"] == "stream"
    }


def judged(course: TinyCourse) -> set[str]:
    """Whose verdicts are on disk."""
    return {path.stem for path in (course.root / "build/judged/tiny").glob("*.json")}


def only_poisoned(
    course: TinyCourse, said: Mapping[str, Any], undisturbed: Grades, student: str
) -> None:
    """Asserts that a submission was given up after two tries, and that it cost nobody else
    anything.
    """
    found = grades(course)
    poisoned, before = found.pop(student), dict(undisturbed)
    before.pop(student)
    assert found == before
    assert poisoned["score"] == 0
    (row,) = [row for row in said["students"] if row["student"] == student]
    assert "ended 2 times" in row["problem"]
    assert judged(course) == set(NAMES) - {student}  # a fault of the grader is no verdict to keep
