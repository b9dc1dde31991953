"""The notebooks' texts: their rhythm and their length. That what they say is true is tested beside
each of them.
"""

import ast
import re
from pathlib import Path

import pytest
from lectures import EXERCISES, LECTURES, ROOT, Lecture, words

from autograder.authoring.answers import read_answers
from autograder.authoring.text import AuthoredCell
from autograder.checks import AllowedMeans
from autograder.exercise.load import load, read_modules
from docs.errata_page import BOX, errata, proofs

PARAGRAPH = 90
"""Words after which a reader looks up."""
STRETCH = 150
"""Words without anything to look at: a formula, a table, a list, a worked example, a fold."""
RESTS = ("$$", "|", "- ", "1. ", "> ", "<details>", "#")
RESTS += ("**By hand.**", "**See.**", "**Look.**", "**Next: ")
HINTS = ("Hint 1: the idea", "Hint 2: the shape", "Hint 3: the first step")
FOLD = r"<details><summary>(.*?)</summary>\n\n(.*?)\n\n</details>"
PREPARED = {
    "svm": ("L_i_vectorized", "margin_violations", "svm_loss_naive", "svm_loss_vectorized"),
    "softmax": (
        *("softmax_loss", "softmax_jacobian", "sgd", "sgd_momentum", "adam", "adamw"),
        *("label_smoothing_loss", "warmup_cosine_decay"),
    ),
    "backprop": (
        *("affine_forward", "affine_backward", "batchnorm_forward", "dropout"),
        "init_weights",
    ),
    "cnn": (
        *("conv_forward_naive", "conv_backward_naive", "im2col", "residual_block"),
        *("conv_forward_dilated", "conv_transpose"),
        *("spatial_batchnorm", "spatial_groupnorm"),
    ),
    "lstm": (
        *("rnn", "temporal_softmax_loss", "lstm_step", "gru_step", "clipping"),
        *("bidirectional_lstm", "beam_search", "spectral"),
    ),
}
"""Ideas whose formula nobody should meet without having done it once with small numbers."""


@pytest.fixture(params=LECTURES)
def lecture(request) -> Lecture:
    return LECTURES[request.param]


def test_the_exercises_come_in_the_order_of_the_course(lecture):
    assert (
        tuple(cell.name for cell in lecture.text.cells if cell.kind == "solution") == lecture.stubs
    )
    assert (
        tuple(cell.name for cell in lecture.text.cells if cell.kind == "check") == lecture.exercises
    )


@pytest.mark.parametrize(("assignment", "name"), EXERCISES)
def test_an_idea_a_picture_a_stub_a_check_and_a_look(assignment, name):
    before, after = LECTURES[assignment].around(name)
    assert [cell.kind for cell in before][:2] == ["markdown", "demo"], "an idea, something to see"
    assert all(HINTS[0] in cell.source for cell in before[2:]), "then nothing but hints"
    assert "**See.**" in before[0].source
    assert [cell.kind for cell in after][:3] == ["check", "markdown", "demo"]
    assert after[1].source.startswith("**Look.**")
    assert "once_written()" in after[2].source


@pytest.mark.parametrize(("assignment", "name"), EXERCISES)
def test_an_idea_has_its_formula_and_what_is_done_by_hand_comes_before_it(assignment, name):
    lecture = LECTURES[assignment]
    idea = lecture.around(name)[0][0].source
    assert name in lecture.wordless or "$" in idea or "`" in idea
    if "**By hand.**" in idea and "$$" in idea:
        assert idea.index("**By hand.**") < idea.index("$$")


def test_what_is_hard_is_done_by_hand_first(lecture):
    for exercise in PREPARED[lecture.name]:
        idea = lecture.around(exercise)[0][0].source
        (by_hand,) = re.findall(r"^\*\*By hand\.\*\*.*$", idea, re.M)
        assert len(re.findall(r"\d+(?:\.\d+)?", by_hand)) >= 3, exercise


def test_there_are_no_walls_of_text(lecture):
    for cell in lecture.text.cells:
        if cell.kind == "markdown":
            stretch = 0
            for paragraph in re.sub(FOLD, "<details>", cell.source, flags=re.S).split("\n\n"):
                assert words(paragraph) <= PARAGRAPH, (cell.line, paragraph[:60])
                rests = paragraph.lstrip().startswith(RESTS)
                stretch = 0 if rests else stretch + words(paragraph)
                assert stretch <= STRETCH, (cell.line, paragraph[:60])


def test_hard_exercises_have_three_hints_to_be_opened_one_by_one(lecture):
    cells = lecture.text.cells
    hinted = [k for k, cell in enumerate(cells) if HINTS[0] in cell.source]
    assert len(hinted) >= 3
    answers = (ROOT / "solutions" / f"{lecture.name}.py").read_text()
    lines = {"".join(line.split()) for line in answers.splitlines()} - {""}
    for k in hinted:
        folds = re.findall(FOLD, cells[k].source, re.S)
        assert tuple(title for title, _ in folds) == HINTS
        assert cells[k + 1].kind == "solution", "just above the answer"
        for title, hint in folds:
            assert words(hint) <= PARAGRAPH, title
            assert "```" not in hint
            assert not {"".join(code.split()) for code in re.findall(r"`([^`]+)`", hint)} & lines


def test_each_part_ends_with_questions_whose_answers_are_folded(lecture):
    whole = "\n\n".join(cell.source for cell in lecture.text.cells if cell.kind == "markdown")
    tests = re.findall(r"^### Self-test: .*?(?=^##|\Z)", whole, re.S | re.M)
    assert len(tests) >= 4
    for one in tests:
        asked = re.findall(r"^\*\*(\d)\.\*\* ", one, re.M)
        answered = [title for title, _ in re.findall(FOLD, one, re.S)]
        assert 2 <= len(asked) <= 3
        assert answered == [f"Answer {number}" for number in asked]


def test_no_number_worked_by_hand_or_in_an_answer_is_without_a_test(lecture):
    source = (Path(__file__).parent / f"test_{lecture.name}_text.py").read_text()
    quoted = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 9
    }
    for cell in lecture.text.cells:
        if cell.kind == "markdown":
            claims = re.findall(r"^\*\*By hand\.\*\*.*$", cell.source, re.M)
            folds = re.findall(FOLD, cell.source, re.S)
            claims += [text for title, text in folds if title.startswith("Answer")]
            for claim in claims:
                if re.search(r"\d", claim):
                    assert any(phrase in claim for phrase in quoted), (cell.line, claim[:80])


def test_code_fits_beside_a_file_browser(lecture):
    for cell in lecture.text.cells:
        if cell.kind in ("demo", "code"):
            assert max(map(len, cell.source.splitlines())) <= 100, cell.line


def test_the_opening_says_what_it_is_for_what_it_needs_and_how_long_it_takes(lecture):
    opening = lecture.text.cells[0].source
    for promise in (
        "**When you are done** you can",
        "**It rests on**",
        "**It takes**",
        "100 points",
    ):
        assert promise in opening


def test_what_may_be_used_is_said_before_the_first_exercise(lecture):
    """And every library that some exercise names is named."""
    before = []
    for cell in lecture.text.cells:
        if cell.kind == "solution":
            break
        before.append(cell.source)
    said = next(
        one for text in before for one in text.split("\n\n") if "**What you may use:**" in one
    )
    asked = load(read_modules(ROOT / "source" / lecture.name), ROOT / "source" / lecture.name)
    checks = [check for one in asked.exercises.values() for check in one.checks]
    named = {name for one in checks if isinstance(one, AllowedMeans) for name in one.allowed}
    assert "NumPy" in said
    assert named
    assert {name for name in named if name not in said} == set()


def test_the_closing_says_what_comes_next(lecture):
    closing = [cell.source for cell in lecture.text.cells if cell.kind == "markdown"]
    assert any("## What you have built" in text for text in closing)
    assert "**Next: " in closing[-1]


def test_the_instructors_own_code_cells_are_few(lecture):
    plain = [cell for cell in lecture.text.cells if cell.kind == "code"]
    optional = {"import torch", "import torch\nfrom torch import nn", "import h5py"}
    assert len([cell for cell in plain if cell.source not in optional]) == 2
    assert "from autograder import check" in plain[0].source


def test_each_written_question_states_its_points(lecture):
    cells = lecture.text.cells
    questions = [k for k, cell in enumerate(cells) if cell.kind == "manual"]
    assert len(questions) >= 2
    assert cells[questions[0]].name == "derivation"
    assert "a photo of your page" in cells[questions[0] - 1].source
    for question in questions:
        asked = re.findall(r"\((\d) points?\)", cells[question - 1].source)
        assert 3 <= sum(map(int, asked)) == cells[question].points <= 4


def test_old_notes_interrupt_no_lesson_but_where_they_are_the_exercise(lecture):
    """What is right stands in the text; what old notes say stands in the appendix, named in the
    last cell.
    """
    cells = [cell for cell in lecture.text.cells if cell.kind == "markdown"]
    for cell in cells:
        assert "they say" not in cell.source, cell.line
        if "> **Old notes" in cell.source:
            assert BOX.search(cell.source), cell.line
            assert "Find the error" in cell.source.splitlines()[0], cell.line
    assert "*Old notes, mended*" in cells[-1].source


def test_every_erratum_is_proven_and_what_is_right_stands_in_the_lesson(lecture):
    tests = proofs(lecture.name)
    lesson = "\n".join(cell.source for cell in lecture.text.cells if cell.kind == "markdown")
    for one in errata(lecture.name):
        proving = [test for test in tests if test.proves(one)]
        assert proving, one.text
        section = lesson.partition(f"## {one.heading}\n")[2].partition("\n## ")[0]
        told = [phrase for test in proving for phrase in test.somewhere if phrase in section]
        assert told or not one.correction, one.text


SIDE_ROAD = "*A side road: nothing later needs it"


def test_side_roads_can_be_skipped(lecture):
    """What is written on a side road is named in no later section, in text or in code."""
    cells, roads, told_at_first = lecture.text.cells, 0, []
    answers = read_answers(ROOT / "solutions" / f"{lecture.name}.py", lecture.name).definitions
    for first, cell in enumerate(cells):
        if cell.kind != "markdown" or SIDE_ROAD not in cell.source:
            if "side road" in cell.source and cell.kind == "markdown":
                assert "**It takes**" in cell.source, cell.line
                told_at_first += re.findall(r"two more for its (\w+) side roads", cell.source)
            continue
        roads += 1
        sign, paragraph = cell.source.split("\n\n")[:2]
        assert paragraph.startswith(SIDE_ROAD), cell.line
        depth = len(sign) - len(sign.lstrip("#"))
        end = next(k for k in range(first + 1, len(cells)) if _heads(cells[k], depth))
        written = {one.name for one in cells[first:end] if one.kind == "solution"}
        for later in cells[end:]:
            told = ast.unparse(answers[later.name]) if later.kind == "solution" else later.source
            assert not written & set(re.findall(r"\w+", told)), later.line
    assert roads == {"softmax": 1, "cnn": 4, "lstm": 1}.get(lecture.name, 0)
    assert told_at_first == (["four"] if lecture.name == "cnn" else [])


def _heads(cell: AuthoredCell, depth: int) -> bool:
    """Whether a section of this depth, or of a higher one, begins with the cell."""
    found = re.match(r"#+ ", cell.source)
    return cell.kind == "markdown" and found is not None and len(found[0]) - 1 <= depth
