"""Every written question of the five notebooks has a model answer and a rubric, and no student
gets to see a line of them.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from autograder.authoring.answers import read_answers
from autograder.authoring.leak import files_under, refuse_leaks, secrets
from autograder.authoring.publish import publish
from autograder.course.rubrics import Rubric, read_rubrics, refuse_misfits, written_cells
from autograder.errors import AuthoringError
from autograder.gradebook.html import markdown

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("svm", "softmax", "backprop", "cnn", "lstm")
SEVERAL = {
    "svm": ("derivation", "convexity"),
    "softmax": ("derivation", "hessian"),
    "backprop": ("derivation", "noise"),
    "cnn": ("derivation", "waves"),
    "lstm": ("derivation", "bound"),
}
"""The written questions of an assignment, in their order."""


def release(name: str) -> dict:
    return json.loads((ROOT / "assignments" / name / f"{name}.ipynb").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_every_written_question_has_a_rubric_that_adds_up(name: str) -> None:
    rubrics, notebook = read_rubrics(ROOT, name), release(name)
    assert set(rubrics) == {cell for cell, _ in written_cells(notebook)} != set()
    refuse_misfits(rubrics, notebook, name)
    for rubric in rubrics.values():
        assert len(rubric.ideas) <= 9  # one key each
        assert len(rubric.wrong) >= 2


@pytest.mark.parametrize("name", SEVERAL)
def test_there_are_two_derivations_with_points_for_each_idea_and_the_usual_wrong_turns(
    name: str,
) -> None:
    rubrics = read_rubrics(ROOT, name)
    asked = [cell for cell, _ in written_cells(release(name))]
    assert (*asked,) == SEVERAL[name]
    for cell in asked:
        rubric = rubrics[cell]
        parts = {idea.says.partition(":")[0] for idea in rubric.ideas}
        assert parts == {"Part 1", "Part 2", "Part 3"}
        assert {idea.points for idea in rubric.ideas} <= {0.5, 1.0}
        assert all(f"\n{number}. " in f"\n{rubric.answer}" for number in (1, 2, 3))
        assert "$$" in rubric.answer
        assert len(rubric.wrong) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_its_formulas_are_shown(name: str) -> None:
    for rubric in read_rubrics(ROOT, name).values():
        texts = [rubric.answer, *(idea.says for idea in rubric.ideas), *rubric.wrong]
        for text in texts:
            page = markdown({}, text)  # type: ignore[arg-type]
            assert page.count("<math") == len(re.findall(r"\$\$.+?\$\$|\$.+?\$", text, re.DOTALL))
            assert "\\" not in page, page


@pytest.mark.parametrize("name", NAMES)
def test_none_of_it_is_in_the_release(name: str) -> None:
    answers = read_answers(ROOT / "solutions" / f"{name}.py", name)
    hidden = secrets(answers, rubrics=read_rubrics(ROOT, name))
    assert len(hidden.rubrics) > 8
    refuse_leaks(files_under(ROOT / "assignments" / name, name), hidden)


@pytest.mark.audit
def test_publish_writes_none_of_it(tmp_path: Path) -> None:
    made = publish(ROOT, tmp_path / "public").folder  # it refuses to where a line has got in
    assert not list(made.rglob("*rubric*"))
    text = " ".join(path.read_text(errors="ignore") for path in made.rglob("*") if path.is_file())
    for name in NAMES:
        for rubric in read_rubrics(ROOT, name).values():
            assert not any(line in text for line in rubric.texts() if len(line) > 30)


@pytest.mark.parametrize("shown", ["tiny/notes.md", "tiny/exercises/sums.py"])
def test_a_line_that_got_out_is_found(shown: str) -> None:
    name = "svm"
    rubrics = read_rubrics(ROOT, name)
    idea = rubrics["derivation"].ideas[4].says
    told = f"# Look: {idea.replace(' ', chr(10), 3)}\n".encode()
    hidden = secrets(read_answers(ROOT / "solutions/svm.py", name), rubrics=rubrics)
    with pytest.raises(AuthoringError, match="tells how the written answer derivation is graded"):
        refuse_leaks([(shown, told)], hidden)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[why\n", "cannot be read"),
        ("[why]\nanswer = 'x'\n", r"\[why\] needs answer = 'a text' and ideas"),
        ("[why]\nanswer = 3\nideas = [{points = 1, says = 'x'}]\n", "needs answer"),
        ("[why]\nanswer = 'x'\nideas = [{points = 0, says = 'x'}]\n", "more than 0 points"),
        ("why = 3\n", "needs answer"),
    ],
)
def test_a_rubric_that_cannot_be_used_is_refused_in_one_sentence(
    text: str, said: str, tmp_path: Path
) -> None:
    (tmp_path / "solutions/rubrics").mkdir(parents=True)
    (tmp_path / "solutions/rubrics/tiny.toml").write_text(text)
    with pytest.raises(AuthoringError, match=said) as caught:
        read_rubrics(tmp_path, "tiny")
    assert "\n" not in str(caught.value)


def test_a_rubric_that_does_not_fit_is_refused() -> None:
    rubric = read_rubrics(ROOT, "svm")["derivation"]
    with pytest.raises(AuthoringError, match="belongs to no written question; there is: deriv"):
        refuse_misfits({"other": rubric}, release("svm"), "svm")
    short = Rubric(rubric.answer, rubric.ideas[1:])
    with pytest.raises(AuthoringError, match=r"sums to 3.5 points, and the question is worth 4"):
        refuse_misfits({"derivation": short}, release("svm"), "svm")
