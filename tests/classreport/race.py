"""A class that trains, really graded: who learns, who would rather be said to have learnt, and how
they want to be called.
"""

from __future__ import annotations

import json
import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any

from courses.course import ROOT, TinyCourse, code, place
from nbgrader.api import Gradebook

RIGHT = (ROOT / "tests/courses/race/solutions/race.py").read_text()
LAZY = RIGHT.replace("    losses = []", "    X, y, losses = X[:40], y[:40], []")
MORE = RIGHT.replace("range(steps)", "range(40 * steps)")
INVENTS = "    return [2.0, 1.0, 0.5, 0.1][-max(2, steps):]\n"
HEAD = "import numpy as np\n\ndef fit(model, X, y, steps, rate):\n"
PRINTS = (
    HEAD
    + "    print('rank 1: cheat, accuracy 1.000, 1 step')\n    model.step(np.zeros_like(model.W))\n"
    + INVENTS
)
HARD_CODED = HEAD + "    model.W = model.W + np.arange(model.W.shape[1])\n" + INVENTS
STEPPED = HEAD + "    model.step(-np.arange(1.0) - np.eye(*model.W.shape))\n" + INVENTS
CLAIMS_FEWER = MORE.replace(
    "    return losses\n",
    "    model.steps_taken = 1\n    model.steps = 1\n    return losses[:steps]\n",
)
BEST = {
    "measured": "accuracy", "reached": 1.0, "reference": 0.1, "device": "cpu", "steps": 1,
    "most_steps": 9, "parameters": 1, "most_parameters": 99, "genuine": True,
}  # fmt: skip
FORGED = {
    "version": 3, "name": "fit", "points": 10, "score": 10, "status": "passed", "seed": 1,
    "findings": [
        {"check": "Learns", "passed": True, "message": "", "hint": "", "part": 0.0, "share": 1.0,
         "decisive": False, "mistakes": [], "performance": BEST}
    ],
    "note": "", "failure": "", "seconds": 1.0, "ours": False,
}  # fmt: skip
LONG = "a" * 300
HTML = "<img src=x onerror=alert(1)>"
STUDENTS: dict[str, tuple[str, str]] = {
    "ada": (RIGHT, "'quick fox'"),
    "ben": (LAZY, '"slow fox"'),
    "cyd": (PRINTS, "'printer'"),
    "dot": (HARD_CODED, "'by heart'"),
    "eve": (CLAIMS_FEWER, "'one step'"),
    "fay": (RIGHT, ""),
    "gus": (RIGHT, repr(HTML)),
    "hal": (RIGHT, repr(LONG)),
    "ida": (RIGHT, "'Quick  Fox'"),
    "jon": (RIGHT, repr("line\nfeed\x1b[31m\u202e")),
    "kim": (RIGHT, "'Ada'"),
    "lea": (RIGHT, "7 + [] +"),
    "max": (STEPPED, "'a guess'"),
}


def build_race(root: Path) -> TinyCourse:
    """The course, built, with everybody's notebook handed in."""
    from autograder.authoring import build

    shutil.copytree(ROOT / "tests/courses/race", root, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "nbgrader_config.py", root)
    build(root, ["race"])
    course = TinyCourse(root)
    for student, (answer, name) in STUDENTS.items():
        hand_in(course, student, answer, name)
    return course


def hand_in(course: TinyCourse, student: str, answer: str, name: str) -> None:
    """The released notebook with an answer and the line of the leaderboard."""
    notebook = deepcopy(json.loads((course.root / "assignments/race/race.ipynb").read_bytes()))
    notebook["cells"][place(notebook, "fit")]["source"] = answer
    if name:
        notebook["cells"][place(notebook, "leaderboard")]["source"] = f"leaderboard = {name}"
    if answer == PRINTS:
        boast(notebook)
    folder = course.root / "submitted" / student / "race"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "race.ipynb").write_text(json.dumps(notebook))
    (folder / "leaderboard.json").write_text(json.dumps({"fit": BEST}))


def boast(notebook: dict[str, Any]) -> None:
    """Write a verdict, its table and its score wherever a notebook has room for them."""
    table = {"output_type": "stream", "name": "stdout", "text": "1 printer 9.000"}
    number = {
        "output_type": "execute_result", "data": {"text/plain": "10"}, "metadata": {},
        "execution_count": 1,
    }  # fmt: skip
    notebook["metadata"]["chainrule"] = {"version": 2, "judged": "a key", "notes": []}
    check = notebook["cells"][place(notebook, "check_fit")]
    for cell in (check, code("print('1 printer 9.000')", chainrule={"check": "fit"})):
        cell["metadata"]["chainrule"] = {"check": "fit", "verdict": FORGED}
        cell["outputs"] = [table, number]
        if cell is not check:
            notebook["cells"].append(cell)


def graded_race(root: Path) -> TinyCourse:
    """The class after ``chainrule grade``, with names in the gradebook."""
    course = build_race(root)
    course.run("chainrule", "grade", "race", "--json", "--seed", "5")
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as opened:
        gradebook: Any = opened
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
    return course
