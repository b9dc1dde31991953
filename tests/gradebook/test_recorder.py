"""What the recorder writes, beside what ``nbgrader autograde`` writes for the same submissions: the
same.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, WRITTEN, TinyCourse, once
from nbgrader.api import Gradebook

from autograder.errors import ClassError
from autograder.gradebook.classroom import Wishes, grade_class

MISTAKEN = RIGHT | {"half_square": HALF_SQUARE.replace(" / len(x)", "")}
HANDED_IN = {
    "ada": RIGHT | WRITTEN,
    "ben": {"row_sums": ROW_SUMS},
    "cyd": MISTAKEN | WRITTEN,
    "dot": RIGHT,
    "eve": MISTAKEN,
    "fay": RIGHT | {"row_sums": "raise SystemExit"},
}
LATE = {
    "dot": "2026-03-02 10:00:00 UTC",
    "eve": "2026-03-05 08:30:00.5 CET",
    "ada": "2026-02-01 00:00:00 UTC",
}
BY = {
    "nbgrader": ("nbgrader", "autograde", "tiny", "--force"),
    "chainrule": ("chainrule", "grade", "tiny", "--no-feedback"),
}
SETTINGS = ("c.Judge.seed = 20", "c.LateSubmissionPlugin.penalty_method = 'zero'")


def _class(root: Path, built: TinyCourse, by: str) -> TinyCourse:
    """A class graded, marked by hand, handed in again and graded again, by one of the two
    commands.
    """
    shutil.copytree(built.root, root)
    course = TinyCourse(root)
    for line in SETTINGS:
        course.configure(line)
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "chainrule") as gradebook:
        _due(gradebook)
        eve: Any = {"first_name": "Eve"}
        gradebook.add_student("eve", **eve)
    for student, answers in HANDED_IN.items():
        folder = course.hand_in(student, course.notebook(answers))
        if student in LATE:
            (folder / "timestamp.txt").write_text(LATE[student])
    beside = course.root / "submitted/ben/tiny"
    (beside / "data/deep").mkdir(parents=True)
    (beside / "data/deep/numbers.txt").write_text("1 2 3")
    (beside / "exercises.py").write_text("raise SystemExit")
    (beside / "secret").symlink_to(course.root / "solutions/tiny.py")
    course.hand_in("gus", course.notebook(RIGHT), "my homework.ipynb")
    course.run(*BY[by])
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "chainrule") as gradebook:
        _mark(gradebook, "ada", "why", 1.5)
        _mark(gradebook, "ben", "check_row_sums", 2)
        comment: Any = gradebook.find_comment("half_square", "tiny", "tiny", "cyd")
        comment.manual_comment = "see me"
        gradebook.db.commit()
    course.hand_in("ada", course.notebook(MISTAKEN | WRITTEN))
    course.hand_in("ben", course.notebook(RIGHT))
    (course.root / "submitted/eve/tiny/timestamp.txt").write_text("2026-02-05 08:30:00 UTC")
    course.run(*BY[by])
    return course


def _due(gradebook: Gradebook) -> None:
    duedate: Any = "2026-03-01 12:00:00 UTC"
    gradebook.update_or_create_assignment("tiny", duedate=duedate)


def _mark(gradebook: Gradebook, student: str, cell: str, score: float) -> None:
    grade: Any = gradebook.find_grade(cell, "tiny", "tiny", student)
    grade.manual_score, grade.needs_manual_grade = score, False


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, tiny_built: TinyCourse) -> dict[str, TinyCourse]:
    return {
        by: once(
            tmp_path_factory, f"recorded-by-{by}", lambda root, by=by: _class(root, tiny_built, by)
        )
        for by in BY
    }


TABLES = {
    "students": "select id, first_name, last_name, email from student order by id",
    "courses": "select id from course order by id",
    "submissions": (
        "select student_id, timestamp, extension from submitted_assignment order by student_id"
    ),
    "notebooks": (
        "select a.student_id, n.flagged, n.late_submission_penalty from submitted_notebook n join "
        "submitted_assignment a on a.id = n.assignment_id order by 1"
    ),
    "grades": (
        "select a.student_id, b.name, g.auto_score, g.manual_score, g.extra_credit, "
        "g.needs_manual_grade from grade g join base_cell b on b.id = g.cell_id join "
        "submitted_notebook n on n.id = g.notebook_id join submitted_assignment a on a.id = "
        "n.assignment_id order by 1, 2"
    ),
    "comments": "select a.student_id, b.name, c.auto_comment, c.manual_comment from comment c "
    "join base_cell b on b.id = c.cell_id join submitted_notebook n on n.id = c.notebook_id "
    "join submitted_assignment a on a.id = n.assignment_id order by 1, 2",
}


@pytest.mark.integration
@pytest.mark.parametrize("table", TABLES)
def test_the_gradebook_is_the_same(table: str, both: dict[str, TinyCourse]):
    rows = {}
    for by, course in both.items():
        with sqlite3.connect(course.root / "gradebook.db") as database:
            rows[by] = database.execute(TABLES[table]).fetchall()
    assert rows["chainrule"] == rows["nbgrader"]
    assert len(rows["nbgrader"]) >= (1 if table == "courses" else 7)


def test_the_class_shows_what_is_compared(both: dict[str, TinyCourse]):
    with Gradebook(f"sqlite:///{both['chainrule'].root / 'gradebook.db'}") as gradebook:
        submissions: dict[Any, Any] = {
            one.student_id: one for one in gradebook.assignment_submissions("tiny")
        }
        assert submissions["dot"].late_submission_penalty == submissions["dot"].score == 10
        assert submissions["eve"].late_submission_penalty == 0
        assert submissions["ada"].score == 5 + 1.5
        assert submissions[
            "ada"
        ].needs_manual_grade  # as nbgrader has it: handed in again after it was marked
        assert submissions["ben"].score == 6 + 2
        comment: Any = gradebook.find_comment("half_square", "tiny", "tiny", "cyd")
        assert "divide by N" in comment.auto_comment
        assert comment.comment == "see me"


def test_autograded_is_the_same(both: dict[str, TinyCourse]):
    files = {
        by: {
            path.relative_to(course.root).as_posix(): (path, path.stat().st_mode)
            for path in sorted((course.root / "autograded").rglob("*"))
        }
        for by, course in both.items()
    }
    assert "autograded/ben/tiny/data/deep/numbers.txt" in files["nbgrader"]
    assert {name: mode for name, (_, mode) in files["chainrule"].items()} == {
        name: mode for name, (_, mode) in files["nbgrader"].items()
    }
    for name, (path, _) in files["nbgrader"].items():
        if path.is_file():
            ours, theirs = files["chainrule"][name][0].read_bytes(), path.read_bytes()
            assert _but_for_the_key(ours) == _but_for_the_key(theirs), name


def _but_for_the_key(content: bytes) -> bytes:
    """The file as it was, but for the one line by which a second run knows it, and how long
    judging took.
    """
    lines = [
        line
        for line in content.splitlines(True)
        if not line.strip().startswith((b'"judged": "', b'"seconds": '))
    ]
    return b"".join(lines)


@pytest.mark.integration
def test_feedback_and_formgrader_go_on_from_there(both: dict[str, TinyCourse]):
    course = both["chainrule"]
    course.run("nbgrader", "generate_feedback", "tiny")
    page = (course.root / "feedback/cyd/tiny/tiny.html").read_text()
    assert "divide by N" in page
    assert "not_averaged" in json.dumps(course.autograded("cyd"))
    assert "not_averaged" not in page
    course.run(
        "nbgrader", "autograde", "tiny", "--student", "cyd", "--force"
    )  # what the button does
    assert course.autograded("cyd")["metadata"]["chainrule"].keys() == {"version", "notes"}


# --- what a course's own configuration adds -------------------------------------------------------

PLUGIN = """
from nbgrader.plugins import BasePlugin
from nbgrader.preprocessors import NbGraderPreprocessor

class TenPercent(BasePlugin):
    def late_submission_penalty(self, student_id, score, total_seconds_late):
        return score / 10 + total_seconds_late * 0

class Stamp(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        nb.metadata["stamp"] = [resources["nbgrader"]["student"], len(nb.cells)]
        return nb, resources

def note(assignment, student, notebooks):
    open("hooks.txt", "a").write(notebooks[0] + chr(10))
"""


@pytest.mark.integration
def test_plugins_hooks_and_preprocessors_of_the_course_are_used(tiny_course: TinyCourse):
    (tiny_course.root / "ours_of_this_test.py").write_text(PLUGIN)
    for line in (
        "import sys; sys.path.insert(0, c.CourseDirectory.root)",
        "c.AssignLatePenalties.plugin_class = 'ours_of_this_test.TenPercent'",
        "c.Autograde.autograde_preprocessors += ['ours_of_this_test.Stamp']",
        "c.Autograde.post_convert_hook = 'ours_of_this_test.note'",
        "c.Autograde.permissions = 640",
    ):
        tiny_course.configure(line)
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        _due(gradebook)
    folder = tiny_course.hand_in("ada", tiny_course.notebook(RIGHT))
    (folder / "timestamp.txt").write_text(LATE["dot"])
    tiny_course.run("chainrule", "grade", "tiny", "--jobs", "1", "--no-feedback")
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission("tiny", "ada").late_submission_penalty == 1
    assert tiny_course.autograded("ada")["metadata"]["stamp"][0] == "ada"
    assert (tiny_course.root / "autograded/ada/tiny/tiny.ipynb").stat().st_mode & 0o777 == 0o640
    assert (tiny_course.root / "hooks.txt").read_text().count("tiny.ipynb") == 1


@pytest.mark.integration
def test_penalties_follow_points_by_hand_and_the_due_date_without_judging(tiny_course: TinyCourse):
    (tiny_course.root / "ours_of_this_test.py").write_text(PLUGIN)
    tiny_course.configure("import sys; sys.path.insert(0, c.CourseDirectory.root)")
    tiny_course.configure("c.AssignLatePenalties.plugin_class = 'ours_of_this_test.TenPercent'")
    database = f"sqlite:///{tiny_course.root / 'gradebook.db'}"

    def penalties() -> dict[str, float]:
        ran = tiny_course.run(
            "chainrule", "grade", "tiny", "--jobs", "1", "--no-feedback", "--json"
        )
        said.append(json.loads(ran.stdout)["unchanged"])
        with Gradebook(database) as gradebook:
            rows: list[Any] = gradebook.assignment_submissions("tiny")
            assert not any(
                row.needs_manual_grade for row in rows if row.student_id == "ada" and len(said) > 1
            )
            return {row.student_id: row.late_submission_penalty for row in rows}

    said: list[int] = []
    with Gradebook(database) as gradebook:
        _due(gradebook)
    for student in ("ada", "ben", "cyd"):
        folder = tiny_course.hand_in(student, tiny_course.notebook(RIGHT | WRITTEN))
        (folder / "timestamp.txt").write_text(LATE["ada" if student == "ben" else "dot"])
    assert penalties() == {"ada": 1, "ben": 0, "cyd": 1}
    with Gradebook(database) as gradebook:
        _mark(gradebook, "ada", "why", 1.5)
        _mark(gradebook, "ben", "why", 1.5)
        gradebook.db.commit()
    assert penalties() == {"ada": pytest.approx(1.15), "ben": 0, "cyd": 1}
    with Gradebook(database) as gradebook:
        later: Any = "2026-04-01 12:00:00 UTC"
        gradebook.update_or_create_assignment("tiny", duedate=later)
    assert penalties() == {"ada": 0, "ben": 0, "cyd": 0}
    assert said == [0, 3, 3]


def test_steps_that_cannot_be_taken_are_refused(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook(RIGHT))
    tiny_course.configure(
        "c.Autograde.sanitize_preprocessors = ['nbgrader.preprocessors.ClearOutput']"
    )
    with pytest.raises(ClassError, match="use `nbgrader autograde`"):
        grade_class(tiny_course.root, "tiny")


def test_a_student_who_is_not_on_the_list(tiny_course: TinyCourse):
    tiny_course.configure("c.Autograde.create_student = False")
    for student in ("ada", "ben", "cyd"):
        tiny_course.hand_in(student, tiny_course.notebook(RIGHT))
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ada")
        gradebook.add_student("cyd")
    grades = grade_class(tiny_course.root, "tiny", Wishes(jobs=1, feedback=False))
    assert [(row.student, row.score) for row in grades.students] == [("ada", 10), ("cyd", 10)]
    assert grades.failures.keys() == {"ben"}
    assert "No student with ID 'ben'" in grades.failures["ben"]
    assert not (tiny_course.root / "autograded/ben").exists()


# --- what has not changed -------------------------------------------------------------------------


def _judged(course: TinyCourse, **wishes: Any) -> tuple[set[str], int]:
    """Who is judged by a run, by their seeds, and how many are unchanged."""
    before = {row: path.stat().st_mtime_ns for row, path in _records(course).items()}
    grades = grade_class(course.root, "tiny", Wishes(jobs=1, feedback=False, **wishes))
    after = {row: path.stat().st_mtime_ns for row, path in _records(course).items()}
    assert grades.failures == {}
    return {student for student in after if after[student] != before.get(student)}, grades.unchanged


def _records(course: TinyCourse) -> dict[str, Path]:
    return {path.stem: path for path in (course.root / "build/judged/tiny").glob("*.json")}


@pytest.mark.integration
def test_only_what_changed_is_graded_again(tiny_course: TinyCourse):
    everybody = {"ada", "ben", "cyd"}
    for student in everybody:
        tiny_course.hand_in(student, tiny_course.notebook(RIGHT))
    assert _judged(tiny_course) == (everybody, 0)
    assert _judged(tiny_course) == (set(), 3)
    tiny_course.hand_in("ben", tiny_course.notebook(MISTAKEN))
    assert _judged(tiny_course) == ({"ben"}, 2)
    (tiny_course.root / "submitted/cyd/tiny/more.py").write_text("x = 1")
    assert _judged(tiny_course) == ({"cyd"}, 2)
    shutil.rmtree(tiny_course.root / "autograded/ada")
    assert _judged(tiny_course) == ({"ada"}, 2)
    assert _judged(tiny_course, force=True) == (everybody, 0)
    seed = json.loads(_records(tiny_course)["ada"].read_text())["seed"]
    assert _judged(tiny_course, seed=seed) == (set(), 3)
    assert _judged(tiny_course, seed=seed + 1) == (everybody, 0)
    for module in ("exercises/sums.py", "shared.py"):
        with (tiny_course.root / "source/tiny" / module).open("a") as file:
            file.write("\n# changed\n")
        assert _judged(tiny_course) == (everybody, 0)
    tiny_course.configure("c.Judge.cell_seconds = 17")
    assert _judged(tiny_course) == (everybody, 0)
    assert _judged(tiny_course) == (set(), 3)


def test_what_people_marked_is_not_asked_for_again(tiny_course: TinyCourse):
    tiny_course.hand_in("ada", tiny_course.notebook(RIGHT | WRITTEN))
    _judged(tiny_course)
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        _mark(gradebook, "ada", "why", 2)
        gradebook.db.commit()
    (row,) = grade_class(tiny_course.root, "tiny", Wishes(jobs=1, feedback=False)).students
    assert (row.score, row.written, row.needs_manual_grade) == (12, 2, False)


def test_a_gradebook_that_was_lost_is_filled_again(tiny_course: TinyCourse):
    empty = (tiny_course.root / "gradebook.db").read_bytes()
    tiny_course.hand_in("ada", tiny_course.notebook(RIGHT))
    _judged(tiny_course)
    (tiny_course.root / "gradebook.db").write_bytes(empty)
    _judged(tiny_course)
    with Gradebook(f"sqlite:///{tiny_course.root / 'gradebook.db'}") as gradebook:
        assert gradebook.find_submission("tiny", "ada").score == 10
