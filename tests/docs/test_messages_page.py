"""All that students can read: listed in docs/messages.md, short, in plain words, and friendly."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from types import ModuleType

import pytest

from ..solutions.audited import ASSIGNMENTS
from ..solutions.known_words import code_names, known_in
from . import module_of

ROOT = Path(__file__).resolve().parents[2]
MOST_WORDS = 40
LAST_SCHOOL_YEAR = 12
ENOUGH_WORDS = 8
"""Below, one long word decides what a formula says of a sentence."""
BLAME = re.compile(
    r"\byou (forgot|failed|should have|neglected|ignored)\b|\byour fault\b|careless|obvious"
    r"|trivial|\bsimply\b|of course|\bclearly\b|\beasy\b|\beasily\b|stupid|silly|nonsense",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def page() -> ModuleType:
    return module_of("messages_page")


@pytest.fixture(scope="module")
def said(page: ModuleType) -> list[tuple[str, str]]:
    """Every sentence and where it is written."""
    return [(one.where, one.text) for some in page.sentences().values() for one in some]


def test_the_page_is_what_the_code_says(page: ModuleType) -> None:
    stale = "the page is not what the code says: python docs/messages_page.py writes it anew"
    assert page.PAGE.read_text() == page.page(), stale


def test_no_sentence_is_long(said: list[tuple[str, str]]) -> None:
    assert [one for one in said if len(one[1].split()) > MOST_WORDS] == []


def test_no_sentence_asks_for_more_than_school(
    page: ModuleType, said: list[tuple[str, str]]
) -> None:
    hard = [
        (where, text)
        for where, text in said
        if len(page.words(text)) >= ENOUGH_WORDS and page.grade(text) > LAST_SCHOOL_YEAR
    ]
    assert hard == []


def test_no_sentence_shouts_or_blames(said: list[tuple[str, str]]) -> None:
    unkind = re.compile(rf"!(?!=)|{BLAME.pattern}", re.IGNORECASE)
    assert [one for one in said if unkind.search(one[1])] == []


def test_no_sentence_has_a_name_that_no_student_knows(
    page: ModuleType, said: list[tuple[str, str]]
) -> None:
    """Names with underscores are of what students are given to read, or NumPy's."""
    known = set().union(*map(known_in, ASSIGNMENTS))
    unknown = {(where, name) for where, text in said for name in code_names(text) - known}
    assert unknown == set()


def test_a_name_that_no_student_knows_is_found() -> None:
    assert code_names("path_by_default at {out[name_of]} is 2, not dW_1 or w.") == {
        "path_by_default",
        "dW_1",
    }
    assert code_names("do not call torch.no_grad or np.add.reduce_it here") == set()
    assert "softmax_loss_naive" in known_in("softmax")
    assert "path_by_default" not in known_in("softmax")


def test_the_page_finds_sentences_where_they_are_said(page: ModuleType) -> None:
    source = '''
def check(x):
    """A docstring is for authors."""
    if x:
        raise ExerciseError(f"{x} is for authors, too")
    words = "one in a variable" if x else f"with {x:.3g} filled in"
    """What an attribute is."""
    return Finding("Right values", False, f"loss is {x.loss}." + " And more of it.")
'''
    found = [text for text in page.texts(ast.parse(source)) if len(text.split()) > 2]
    assert found == [
        "one in a variable",
        "with {x} filled in",
        "loss is {x.loss}.",
        " And more of it.",
    ]


def test_known_sentences_are_on_the_page(said: list[tuple[str, str]]) -> None:
    texts = {text for _, text in said}
    assert "not written yet: it still raises NotImplementedError" in texts
    assert "the notebook file is empty: submit it again" in texts
    assert (
        "Your margins lack the + 1: the true class has to lead by the margin, not just to win."
        in texts
    )


def test_the_formula_tells_plain_from_stilted(page: ModuleType) -> None:
    """Flesch and Kincaid's own scale: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    assert page.grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    plain = "The loss is the mean over the examples: divide by N."
    stilted = "Normalisation of accumulated regularisation contributions necessitates division."
    assert page.grade(plain) < 5 < LAST_SCHOOL_YEAR < page.grade(stilted)
    assert page.words("dW[2, 1] is {yours}; X.T @ W1 and np.sum(x) (a = b) are no words") == [
        "is",
        "and",
        "are",
        "no",
        "words",
    ]
