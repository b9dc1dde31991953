"""Copies are found whatever they are called; answers that were written apart are not."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from autograder.classreport.likeness import groups, written

from .cohort import LONG_WAY, RENAMED

ROOT = Path(__file__).resolve().parents[2]
STUB = (
    'def half_square(x, w):\n    """Half the mean square."""\n    # YOUR CODE HERE\n    raise '
    "NotImplementedError()\n"
)


def answers_of(path: Path) -> dict[str, str]:
    source = path.read_text()
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {
        one.name: ast.get_source_segment(source, one) or ""
        for one in ast.parse(source).body
        if isinstance(one, kinds)
    }


def test_a_copy_with_other_names_and_comments():
    (group,) = groups(
        {"gus": {"a": LONG_WAY}, "hal": {"a": RENAMED}, "ida": {"a": STUB}}, {"a": STUB}
    )
    (pair,) = group.pairs
    assert pair.students == ("gus", "hal")
    assert pair.likeness > 0.9
    assert pair.answers == {"a": False}


def test_word_for_word():
    (group,) = groups({"gus": {"a": LONG_WAY}, "hal": {"a": LONG_WAY.replace("\n", "\n\n")}}, {})
    assert group.pairs[0].likeness == 1
    assert group.pairs[0].answers == {"a": True}


def test_what_everybody_was_given_counts_nothing():
    assert groups({"ada": {"a": LONG_WAY}, "ben": {"a": LONG_WAY}}, {"a": LONG_WAY}) == []
    assert written(STUB, STUB) == ""
    assert (
        written(STUB.replace("raise NotImplementedError()", "return 0, w"), STUB).strip()
        == "return 0, w"
    )


def test_what_a_large_part_of_the_class_writes_is_nobodys_own():
    everybody = {f"s{number:02}": {"a": LONG_WAY} for number in range(40)}
    assert groups(everybody, {}) == []
    few = {student: answers for student, answers in everybody.items() if student < "s05"}
    (group,) = groups(few, {})
    assert len(group.students) == 5


def test_the_same_code_in_answers_to_other_questions_is_no_copy():
    assert groups({"ada": {"a": LONG_WAY}, "ben": {"b": LONG_WAY}}, {}) == []


@pytest.mark.parametrize("name", ["svm", "softmax", "backprop"])
def test_right_answers_of_three_independent_people_are_not_alike(name):
    release = json.loads((ROOT / f"assignments/{name}/{name}.ipynb").read_text())
    stubs = {
        cell["id"]: "".join(cell["source"])
        for cell in release["cells"]
        if cell["metadata"].get("chainrule", {}).get("solution")
    }
    people = {
        kind: {answer: code for answer, code in answers_of(ROOT / path).items() if answer in stubs}
        for kind, path in {
            "reference": f"solutions/{name}.py",
            "style": f"solutions/styles/{name}.py",
            "mistakes": f"solutions/mistakes/{name}.py",
        }.items()
    }
    assert all(len(answers) > 10 for answers in people.values())
    assert groups(people, stubs) == []
    copied = people["reference"] | {"a": ""}
    (group,) = groups(people | {"copy": copied}, stubs)
    assert group.students == ("copy", "reference")
