"""Judging one notebook behind a real wall."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, TinyCourse, code, place
from nbformat import from_dict
from nbgrader.utils import determine_grade

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.marks import verdicts_on_record
from autograder.errors import WallError
from autograder.grading.grade import GradedNotebook, check_outputs, grade_notebook
from autograder.grading.handed_in import read_notebook
from autograder.grading.rebuild import rebuild
from autograder.language.verdict import Finding, Verdict
from autograder.wall.outside.wall import Wall


@pytest.fixture(scope="module")
def assignment(tiny_built: TinyCourse) -> Assignment:
    return load_assignment(tiny_built.root, "tiny")


@pytest.fixture(scope="module")
def wall(assignment: Assignment) -> Iterator[Wall]:
    with Wall(modules=assignment.modules) as wall:
        yield wall


def grade(
    assignment: Assignment, wall: Wall, notebook: dict[str, Any], **more: Any
) -> GradedNotebook:
    return grade_notebook(assignment, json.dumps(notebook).encode(), wall, **more)


def cell(graded: GradedNotebook, id: str) -> dict[str, Any]:
    return graded.notebook["cells"][place(graded.notebook, id)]


def test_right_answers_get_full_marks(tiny_built: TinyCourse, assignment: Assignment, wall: Wall):
    graded = grade(assignment, wall, tiny_built.notebook())
    assert [verdict.status for verdict in graded.verdicts] == ["passed", "passed"]
    assert (graded.score, graded.problem) == (10, None)


def test_nbgrader_reads_the_score_that_the_judge_gave(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    graded = grade(
        assignment,
        wall,
        tiny_built.notebook({**RIGHT, "half_square": HALF_SQUARE.replace(" / len(x)", "")}),
    )
    nb: Any = from_dict(graded.notebook)
    assert determine_grade(nb.cells[place(nb, "check_half_square")]) == (1, 6)
    assert determine_grade(nb.cells[place(nb, "check_row_sums")]) == (4, 4)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("def half_square(x, w):\n    return (1\n", "SyntaxError: "),
        ("import no_such_package\n" + HALF_SQUARE, "ModuleNotFoundError: "),
        ("%no_such_magic\n" + HALF_SQUARE, "UsageError: "),
    ],
)
def test_an_answer_whose_cell_stopped_is_told_the_error(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall, answer: str, error: str
):
    graded = grade(assignment, wall, tiny_built.notebook({**RIGHT, "half_square": answer}))
    verdict = next(one for one in graded.verdicts if one.name == "half_square")
    assert (verdict.status, verdict.score, verdict.failure) == ("error", 0, "error")
    assert verdict.findings[0].message.startswith(
        f"The cell of half_square stopped before its end: {error}"
    )


def test_the_report_names_the_mistake(tiny_built: TinyCourse, assignment: Assignment, wall: Wall):
    graded = grade(
        assignment,
        wall,
        tiny_built.notebook({**RIGHT, "half_square": HALF_SQUARE.replace(" / len(x)", "")}),
    )
    report = cell(graded, "check_half_square")["outputs"][0]
    assert "divide by N as the loss does" in report["data"]["text/html"]
    assert "divide by N as the loss does" in report["data"]["text/plain"]


def test_check_cells_bear_the_verdict_for_machines(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    answers = {
        "half_square": HALF_SQUARE.replace(" / len(x)", ""),
        "row_sums": "def row_sums(x):\n    while True: pass\n",
    }
    graded = grade(assignment, wall, tiny_built.notebook(answers))
    mistaken, endless = (one.verdict for one in verdicts_on_record(graded.notebook))
    assert (mistaken.name, mistaken.score, mistaken.points, mistaken.status) == (
        "half_square",
        1,
        6,
        "partial",
    )
    assert mistaken.mistakes == (("half_square", "not_averaged"),)
    assert [(one.check, one.passed) for one in mistaken.findings] == [
        ("Dimensions", True),
        ("Right values", False),
        ("Gradient dw", False),
    ]
    assert (mistaken.failure, endless.failure, endless.status) == ("", "timeout", "timeout")
    assert endless.mistakes == ()
    assert mistaken.seconds > 0
    assert endless.seconds >= assignment.exercises["row_sums"].seconds


def test_a_verdict_on_record_says_nothing_that_the_page_does_not(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    notebook = tiny_built.notebook({**RIGHT, "half_square": HALF_SQUARE.replace(" / len(x)", "")})
    check = cell(grade(assignment, wall, notebook), "check_half_square")
    page = unescape(check["outputs"][0]["data"]["text/html"])
    findings = check["metadata"]["chainrule"]["verdict"]["findings"]
    words = [word for one in findings for word in (one["check"], one["message"], one["hint"])]
    assert [word for word in words if " ".join(word.split()) not in " ".join(page.split())] == []


FORGED = {
    "name": "half_square", "score": 6, "points": 6, "status": "passed", "failure": "", "checks": [], "mistakes": [],
    "seed": 1, "seconds": 0.0, "sentence": "perfect", "ours": False,
}  # fmt: skip


def test_a_forged_verdict_is_never_believed(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    wrong = {name: answer.replace("return", "return None,") for name, answer in RIGHT.items()}
    forged = tiny_built.notebook(wrong)
    forged["cells"].append(code("x = 1"))
    for one in forged["cells"]:
        one["metadata"]["chainrule"] = {
            **one["metadata"].get("chainrule", {}),
            "check": "half_square",
            "verdict": FORGED,
        }
    forged["metadata"]["chainrule"] = {"verdicts": [FORGED], "problem": "", "notes": ["perfect"]}
    rebuilt = rebuild(assignment.release, read_notebook(json.dumps(forged).encode())).notebook
    assert "verdict" not in json.dumps([one["metadata"] for one in rebuilt["cells"]])
    with pytest.raises(KeyError):
        verdicts_on_record(rebuilt)
    graded = grade(assignment, wall, forged)
    assert [
        (one.verdict.name, one.verdict.score) for one in verdicts_on_record(graded.notebook)
    ] == [
        ("half_square", 0),
        ("row_sums", 0),
    ]
    assert "perfect" not in json.dumps(graded.notebook)


def test_what_is_printed_shown_or_returned_is_no_score(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    forged = tiny_built.notebook(
        {
            "half_square": (
                "def half_square(x, w):\n    get_ipython().displayhook(6.0)\n    print(6)\n    "
                "return 6.0, 6.0\n"
            ),
            "row_sums": (
                "def check(name): return 4.0\nimport sys\ndef row_sums(x): sys.exit(0)\n4.0"
            ),
        }
    )
    forged["cells"].append(code("import sys; sys.exit(0)"))
    graded = grade(assignment, wall, forged)
    assert graded.score == 0
    assert cell(graded, "check_row_sums")["outputs"][-1]["data"]["text/plain"] == "0"


def test_what_cells_print_is_shown_and_demonstrations_are_not_run(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    graded = grade(
        assignment, wall, tiny_built.notebook({**RIGHT, "row_sums": ROW_SUMS + "print('hello')"})
    )
    assert "hello" in json.dumps(cell(graded, "row_sums")["outputs"])
    assert "the demo ran" not in json.dumps(
        [one.get("outputs") for one in graded.notebook["cells"]]
    )


def test_the_students_own_files_lie_beside_the_notebook(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    notebook = tiny_built.notebook({**RIGHT, "row_sums": "from helper import row_sums"})
    assert grade(assignment, wall, notebook).score == 6
    assert grade(assignment, wall, notebook, files={"helper.py": ROW_SUMS.encode()}).score == 10


@pytest.mark.parametrize("name", ["exercises.py", "exercises/__init__.py", "exercises/sums.py"])
def test_a_students_exercises_file_counts_for_nothing(
    name: str, tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    easy = assignment.files["exercises/sums.py"].replace(b"row_sums(x)}", b"x.sum(axis=1)}")
    assert b"x.sum(axis=1)}" in easy
    notebook = tiny_built.notebook(
        {"half_square": HALF_SQUARE, "row_sums": "def row_sums(x): return None"}
    )
    assert grade(assignment, wall, notebook, files={name: easy}).score < 10


def test_the_seed_is_fresh_recorded_and_repeatable(
    tiny_built: TinyCourse, assignment: Assignment, wall: Wall
):
    notebook = tiny_built.notebook({**RIGHT, "half_square": HALF_SQUARE.replace("/ 2", "/ 3")})
    first, second = grade(assignment, wall, notebook), grade(assignment, wall, notebook)
    assert first.verdicts[0].seed != second.verdicts[0].seed
    again = grade(assignment, wall, notebook, seed=first.verdicts[0].seed)
    assert again.verdicts[0].public() == first.verdicts[0].public()
    assert verdicts_on_record(first.notebook)[0].verdict.seed == first.verdicts[0].seed


def test_without_a_readable_notebook_every_exercise_has_a_verdict_and_a_reason(
    assignment: Assignment, wall: Wall
):
    graded = grade_notebook(assignment, b"not json", wall)
    assert graded.score == 0
    assert graded.problem is not None
    assert [verdict.note for verdict in graded.verdicts] == [graded.problem] * 2
    assert "damaged" in graded.notebook["cells"][0]["source"]


class _FallenWall:
    """A wall whose every session falls: nothing real does that on demand."""

    opened = 0

    def open(self, **_: Any) -> Any:
        self.opened += 1
        raise WallError("the forkserver is gone")


def test_our_own_failure_is_tried_again_once_and_then_on_the_record(
    tiny_built: TinyCourse, assignment: Assignment
):
    wall: Any = _FallenWall()
    graded = grade(assignment, wall, tiny_built.notebook())
    assert wall.opened == 2
    assert graded.ours
    assert graded.score == 0
    assert "fault of the grader" in (graded.problem or "")
    assert all(one.ours for one in verdicts_on_record(graded.notebook))


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (3, "3"),
        (2.5, "2.5"),
        (-1, "0"),
        (99, "4"),
        (float("nan"), "0"),
        (float("inf"), "0"),
        (1 / 3, "0.3333"),
    ],
)
def test_the_number_nbgrader_reads_is_within_the_points(score: float, shown: str):
    outputs = check_outputs(Verdict("f", 4, score, "partial", (Finding("c", False, "m"),)), 4)
    assert outputs[-1]["data"]["text/plain"] == shown
    assert [output["output_type"] for output in outputs] == ["display_data", "execute_result"]


class NoRoom:
    """A wall in whose grader memory runs out."""

    def open(self, **_: Any) -> Any:
        raise MemoryError


def test_memory_that_runs_out_is_on_the_record(tiny_built: TinyCourse, assignment: Assignment):
    wall: Any = NoRoom()
    graded = grade(assignment, wall, tiny_built.notebook())
    assert graded.ours
    assert "out of memory" in (graded.problem or "")
    assert [verdict.score for verdict in graded.verdicts] == [0, 0]
