"""Nothing that students can read answers an exercise: neither by what it returns nor by how it is
written.
"""

from __future__ import annotations

from functools import reduce
from operator import or_
from pathlib import Path
from types import ModuleType

import pytest

import coursekit
from autograder.authoring.answers import read_answers
from autograder.authoring.by_value import Runs, given_away, public_functions
from autograder.authoring.leak import refuse_leaks, secrets

from .audited import ALL, ASSIGNMENTS, Audited, audited, each_assignment
from .conftest import COURSE
from .public_code import expressions_of, public_functions_of_the_course

RUNS = 200
"""Of a public function, on average, in a search through the exercises of one assignment."""
PLANTED = """
import numpy as np


def hinge(scores, y, delta=1.0):
    short = np.maximum(0, scores - scores[np.arange(len(y)), y][:, None] + delta)
    return short.sum() / len(y) - delta


class Penalty:
    def __init__(self, reg):
        self.reg = reg

    def at(self, W, alphas):
        return alphas**2 * self.reg * np.sum(W**2)
"""


@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    "audit",
    [
        pytest.param(one, id=one.name, marks=() if one.name == "svm" else pytest.mark.audit)
        for one in ALL
    ],
)
def test_no_public_function_earns_more_as_an_answer_than_zeros_do(audit: Audited) -> None:
    public, runs = public_functions_of_the_course(), Runs()
    found = given_away(audit.exercises.values(), audit.right, public, runs)
    assert [str(one) for one in found] == []
    assert 0 < runs.made < RUNS * len(public)


@pytest.mark.long
@pytest.mark.timeout(1800)
@each_assignment
def test_no_public_expression_does(audit: Audited) -> None:
    public = [one for name in ASSIGNMENTS for one in expressions_of(name)]
    assert [str(one) for one in given_away(audit.exercises.values(), audit.right, public)] == []


def test_an_answer_among_public_functions_is_found_with_file_and_line() -> None:
    module = ModuleType("planted")
    exec(PLANTED, vars(module))
    audit = audited("svm")
    asked = [audit.exercises[name] for name in ("svm_loss", "L_i_vectorized")]
    found = list(given_away(asked, audit.right, [*public_functions(module, "shared.py")]))
    assert {one.answer for one in found} == {"svm_loss", "L_i_vectorized"}
    assert str(found[0]).startswith("shared.py line 5: hinge gives away the answer")
    assert all(one.points > 0 for one in found)


def test_what_was_of_no_use_is_not_run_again_for_arguments_of_that_kind() -> None:
    module = ModuleType("planted")
    source = "asked = []\ndef sizes(W, reg):\n    asked.append(W.shape)\n    return W.shape\n"
    exec(source, vars(module))
    audit, runs, made = audited("svm"), Runs(), []
    for _ in range(2):
        public = [*public_functions(module, "shared.py")]
        assert not [*given_away([audit.exercises["svm_loss"]], audit.right, public, runs)]
        made.append(runs.made)
    assert 0 < made[0] == made[1] == len(vars(module)["asked"])


def test_an_import_inside_a_public_function_is_never_left_half_done(tmp_path, monkeypatch) -> None:
    laden = "def called():\n    pass\n\nfor _ in range(5000):\n    called()\nwhole = True\n"
    (tmp_path / "laden.py").write_text(laden)
    monkeypatch.syspath_prepend(tmp_path)
    module = ModuleType("planted")
    source = PLANTED.replace(
        "    short =", "    import laden\n\n    assert laden.whole\n    short ="
    )
    exec(source, vars(module))
    audit = audited("svm")
    found = given_away([audit.exercises["svm_loss"]], audit.right, [*public_functions(module, "s")])
    assert [one.function.name for one in found] == ["hinge"]


def test_no_statement_of_an_answer_stands_in_a_file_that_students_get() -> None:
    answers = [
        read_answers(COURSE / "solutions" / f"{name}.py", f"solutions/{name}.py")
        for name in ASSIGNMENTS
    ]
    home = Path(str(coursekit.__file__)).parent
    files = [*COURSE.glob("source/*/exercises/*.py"), *home.rglob("*.py")]
    named = ((path.as_posix(), path.read_bytes()) for path in files)
    refuse_leaks(named, reduce(or_, map(secrets, answers)))
