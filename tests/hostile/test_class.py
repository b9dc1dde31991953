"""The hostile class graded by ``chainrule grade --jobs 2``: what each attack gets, what it costs
others, what is left.
"""

from __future__ import annotations

import re

import pytest

from autograder.wall.wire.limits import Limits

from .attack import Attack
from .attacks import CATALOGUE, FAMILIES, QUICK
from .classroom import CLASSES, HONEST, MARKS, Graded, files_that_say, snapshot

pytestmark = pytest.mark.timeout(900)

SECRETS = ("reference", "mistakes", "configuration", "environment", "gradebook", "neighbour")


def each_class(test):
    """Run a test on every class; only the sample in `make test`."""
    params = [
        pytest.param(name, marks=MARKS.get(name, pytest.mark.long), id=name)
        for name in CLASSES
        if name != "peaceful"
    ]
    return pytest.mark.parametrize("graded", params, indirect=True)(test)


def each_attack(test):
    """Run a test on every attack of every class."""
    params = [
        pytest.param(
            name,
            attack,
            id=f"{name}-{attack.name}",
            marks=MARKS.get(name, pytest.mark.long),
        )
        for name, (attacks, isolation) in CLASSES.items()
        for attack in attacks
        if isolation not in attack.not_promised_by
    ]
    return pytest.mark.parametrize(("graded", "attack"), params, indirect=["graded"])(test)


@each_attack
def test_the_score_is_what_the_functions_are_worth(graded: Graded, attack: Attack):
    row = graded.rows[attack.student]
    assert row["score"] == attack.score, row["problem"] or row["exercises"]
    assert row["max_score"] == 12
    assert all(0 <= one["score"] <= one["points"] for one in row["exercises"])
    assert [one["points"] for one in row["exercises"]] == [6, 4]


@each_attack
def test_missing_points_have_a_reason_on_the_record(graded: Graded, attack: Attack):
    row = graded.rows[attack.student]
    comments = graded.comments(attack.student)
    for one in row["exercises"]:
        if one["score"] < one["points"]:
            failed = [finding["message"] for finding in one["findings"] if not finding["passed"]]
            assert row["problem"] or (failed and all(failed)), one
            assert comments[one["name"]], comments
    assert attack.says in graded.page(attack.student) + str(row) + str(comments)


@each_attack
def test_no_secret_is_seen(graded: Graded, attack: Attack):
    shown = graded.outputs(attack.student)
    page = re.sub(r"<[^>]+>", "", graded.page(attack.student))  # colouring may cut a word in two
    for secret in SECRETS:
        assert graded.world.canary(secret) not in shown + page + str(
            graded.comments(attack.student)
        )
    assert not attack.never_says or attack.never_says not in shown


@each_class
def test_honest_neighbours_are_graded_as_if_nobody_else_were_there(
    graded: Graded, peaceful: Graded
):
    for student in HONEST:
        mine, theirs = graded.rows[student], peaceful.rows[student]
        assert mine["score"] == theirs["score"] == (5 if student == "m_half" else 10)
        assert [_without_seed(str(one)) for one in mine["exercises"]] == [
            _without_seed(str(one)) for one in theirs["exercises"]
        ]
        assert _without_seed(graded.page(student)) == _without_seed(peaceful.page(student))
        assert mine["needs_manual_grade"] == theirs["needs_manual_grade"] == (student == "a_honest")


def _without_seed(text: str) -> str:
    """Numbers come from inputs drawn anew each time, and so does the heat map of an error."""
    return re.sub(
        r"base64,[A-Za-z0-9+/=\s]+|CANARY-[a-z]+-[0-9a-f]+|-?\d+(\.\d+)?(e-?\d+)?", "#", text
    )


@each_class
def test_nobody_is_lost(graded: Graded):
    assert graded.failures == {}
    assert graded.isolation in ("bubblewrap", "landlock")
    assert set(graded.rows) == {path.name for path in (graded.course.root / "submitted").iterdir()}
    assert [student for student in graded.rows if not graded.page(student)] == []


@each_class
def test_no_notebook_is_larger_than_its_outputs_may_be(graded: Graded):
    most = Limits().notebook_output_bytes
    for path in (graded.course.root / "autograded").glob("*/tiny/tiny.ipynb"):
        assert path.stat().st_size < 1.1 * most, path


@each_class
def test_no_process_is_left_behind(graded: Graded):
    assert graded.orphans == []
    assert graded.marked == []


@each_class
def test_no_file_is_left_behind(graded: Graded):
    assert graded.temporary == []
    assert files_that_say(graded.world.mark) == []
    assert snapshot(graded.course.root) == graded.before
    made = {
        path.name
        for folder in ("autograded", "feedback")
        for path in (graded.course.root / folder).iterdir()
    }
    assert made == set(graded.rows)
    for student in (
        graded.rows
    ):  # what nbgrader gives back beside the page: ordinary files of the student's own
        sent, back = (
            graded.course.root / folder / student / "tiny" for folder in ("submitted", "feedback")
        )
        released = graded.course.root / "assignments/tiny"
        for path in back.rglob("*"):
            name = path.relative_to(back)
            assert not path.is_symlink()
            assert (sent / name).is_symlink() is False
            known = (
                (sent / name).is_file() or (released / name).is_file() or path.name == "tiny.html"
            )
            assert path.is_dir() or known, name


@each_class
def test_nobody_was_heard(graded: Graded):
    assert graded.world.heard == []


@each_class
def test_the_gradebook_holds_grades_and_nothing_else(graded: Graded):
    assert sorted(one for (one,) in graded.query("select id from student")) == sorted(graded.rows)
    assert graded.query("select count(*) from grade") == [(3 * len(graded.rows),)]
    assert graded.query(
        "select count(*) from grade where manual_score is not null or extra_credit is not null"
    ) == [(0,)]
    assert graded.query("select count(*) from grade where auto_score < 0") == [(0,)]
    assert graded.query(
        "select b.name, g.max_score from grade_cells g join base_cell b on b.id = g.id order by 1"
    ) == [
        ("check_half_square", 6),
        ("check_row_sums", 4),
        ("why", 2),
    ]
    assert graded.query("select count(*) from comment where manual_comment is not null") == [(0,)]


@each_class
def test_no_secret_is_in_what_instructors_read(graded: Graded):
    folders = [graded.course.root / name for name in ("autograded", "feedback")]
    everything = [
        path.read_text(errors="replace")
        for one in folders
        for path in one.rglob("*")
        if path.is_file()
    ]
    for secret in ("reference", "mistakes", "configuration", "environment"):
        assert not [text for text in everything if graded.world.canary(secret) in text]
        assert graded.world.canary(secret) not in graded.said


def test_the_catalogue_is_complete():
    names = [attack.name for attack in CATALOGUE]
    assert len(set(names)) == len(names) >= 75
    assert len(QUICK) >= 75
    assert all(attack.does for attack in CATALOGUE)
    assert all(any(attack in QUICK for attack in family) for family in FAMILIES.values())
