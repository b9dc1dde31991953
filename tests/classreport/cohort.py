"""A made-up class of the tiny course: every kind of submission that a report has to tell apart,
really graded.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, WRITTEN, TinyCourse, build_tiny
from nbgrader.api import Gradebook

NOT_AVERAGED = HALF_SQUARE.replace(" / len(x)", "")
COLUMNS = "def row_sums(x):\n    return x.sum(axis=0)\n"
NAMELESS = "def row_sums(x):\n    return 3 * x.sum(axis=1) + 1\n"
LONG_WAY = """\
def half_square(x, w):
    number_of_examples, number_of_features = x.shape
    every_score = []
    for example in range(number_of_examples):
        total = 0.0
        for feature in range(number_of_features):
            total += x[example, feature] * w[feature]
        every_score.append(total)
    scores = np.array(every_score)
    loss = 0.0
    for score in scores:
        loss += 0.5 * score ** 2
    dw = np.zeros(number_of_features)
    for example, score in enumerate(scores):
        for feature in range(number_of_features):
            dw[feature] += score * x[example, feature]
    return loss / number_of_examples, dw / number_of_examples
"""
RENAMED = (
    LONG_WAY.replace("number_of_examples", "n")
    .replace("number_of_features", "d")
    .replace("every_score", "found")
    .replace("example", "row")
    .replace("feature", "column")
    .replace("total = 0.0", "total = 0.0  # my own idea")
    .replace("total", "s")
)
HOSTILE_ID = "<img src=x onerror=document.title='PWNED'>"
HOSTILE_NAME = "\"><script>document.title='PWNED'</script>"
HOSTILE_CODE = (
    "def half_square(x, w):\n    # </pre></td><script>document.title='PWNED'</script>\n    raise "
    "ValueError('</td><svg "
    "onload=document.title=`PWNED`><script>document.title=`PWNED`</script>')\n"
)
ANSWERS = {
    "ada": RIGHT | WRITTEN,
    "ben": RIGHT | {"half_square": NOT_AVERAGED},
    "cyd": RIGHT | {"half_square": NOT_AVERAGED, "row_sums": COLUMNS},
    "dot": RIGHT | {"row_sums": COLUMNS},
    "eve": RIGHT | {"half_square": NOT_AVERAGED} | WRITTEN,
    "fay": RIGHT | {"row_sums": NAMELESS},
    "gus": RIGHT | {"half_square": LONG_WAY},
    "hal": RIGHT | {"half_square": RENAMED},
    "ida": {"row_sums": ROW_SUMS},
    "jon": RIGHT | {"half_square": "def half_square(x, w):\n    return undefined_name\n"},
    HOSTILE_ID: RIGHT | {"half_square": HOSTILE_CODE},
}


def timed(notebook: dict, *moments: str) -> dict:
    """The notebook with the times at which its code cells were run."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for cell, moment in zip(cells, moments, strict=False):
        cell["metadata"]["execution"] = {"iopub.execute_input": moment}
    return notebook


def graded_cohort(root: Path) -> TinyCourse:
    """Build, hand in, grade; then one more submission comes in, and one that was graded is handed
    in again.
    """
    course = build_tiny(root)
    for student, answers in ANSWERS.items():
        course.hand_in(student, course.notebook(answers))
    worked = timed(
        course.notebook(ANSWERS["ada"]),
        "2026-03-01T10:00:00.000000Z",
        "2026-03-01T10:20:00.000000Z",
        "2026-03-01T13:00:00.000000Z",
        "2026-03-01T13:25:00.000000Z",
    )
    course.hand_in("ada", worked)
    course.hand_in("kim", b"{")
    (course.root / "submitted/dot/tiny/timestamp.txt").write_text("2026-03-02 10:00:00 UTC")
    course.run("chainrule", "grade", "tiny", "--json", "--no-feedback")
    with Gradebook(f"sqlite:///{course.root / 'gradebook.db'}") as opened:
        gradebook: Any = opened
        gradebook.update_or_create_student(HOSTILE_ID, first_name=HOSTILE_NAME, last_name="=1+1")
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
        gradebook.update_or_create_student("zoe")
    (course.root / "submitted/dot/tiny/timestamp.txt").write_text("2026-03-03 10:00:00 UTC")
    course.hand_in("late", course.notebook())
    return course


def report_of(course: TinyCourse, *options: str) -> dict:
    """What ``chainrule report`` says of it."""
    return json.loads(course.run("chainrule", "report", "tiny", "--json", *options).stdout)
