"""What concerns nbgrader's own reading of a submission, graded by ``nbgrader autograde`` with the
shipped configuration.
"""

from __future__ import annotations

import pytest

from .attack import Attack
from .attacks import CATALOGUE
from .classroom import HONEST, Graded, files_that_say, graded_once, snapshot

pytestmark = pytest.mark.timeout(600)

HERE = [attack for attack in CATALOGUE if attack.by_nbgrader]


@pytest.fixture(scope="module")
def autograded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    return graded_once(tmp_path_factory, "nbgrader", HERE, ("nbgrader", "autograde", "tiny"))


@pytest.mark.hostile
@pytest.mark.parametrize("attack", HERE, ids=lambda attack: attack.name)
def test_the_score_is_what_the_functions_are_worth(attack: Attack, autograded: Graded):
    assert autograded.scores()[attack.student] == attack.score
    comments = autograded.comments(attack.student)
    assert attack.score == 10 or comments["half_square"] or comments["row_sums"]
    record = (
        str(comments)
        + autograded.outputs(attack.student)
        + str(autograded.course.autograded(attack.student))
    )
    assert attack.says in record
    assert not attack.never_says or attack.never_says not in autograded.outputs(attack.student)


@pytest.mark.hostile
def test_honest_neighbours_have_their_points(autograded: Graded):
    scores = autograded.scores()
    assert {student: scores[student] for student in HONEST} == {
        "a_honest": 10,
        "m_half": 5,
        "m_n_honest": 10,
        "z_honest": 10,
    }


@pytest.mark.hostile
def test_the_run_goes_through(autograded: Graded):
    assert "ERROR" not in autograded.said
    assert set(autograded.scores()) == {
        path.name for path in (autograded.course.root / "submitted").iterdir()
    }


@pytest.mark.hostile
def test_nothing_is_left_behind(autograded: Graded):
    assert autograded.orphans == autograded.marked == autograded.temporary == []
    assert files_that_say(autograded.world.mark) == []
    assert snapshot(autograded.course.root) == autograded.before
    assert autograded.world.heard == []


@pytest.mark.hostile
def test_no_link_is_followed_into_the_autograded_folder(autograded: Graded):
    for path in (autograded.course.root / "autograded").rglob("*"):
        assert not path.is_symlink()
        if path.is_file():
            for secret in ("reference", "mistakes", "configuration"):
                assert autograded.world.canary(secret).encode() not in path.read_bytes()
    left = {
        path.name for path in (autograded.course.root / "autograded/m_sent_link/tiny").iterdir()
    }
    assert left == {"tiny.ipynb", "exercises", "shared.py", "expected.answers"}
