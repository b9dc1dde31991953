"""The line ``leaderboard = "..."``: read wherever it stands, never run, and plain or refused."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.grading.handed_in import Submitted, SubmittedCell
from autograder.grading.pseudonym import (
    CUT,
    LONGEST,
    NO_NAME,
    NO_TEXT,
    SIGNS,
    Pseudonym,
    chosen_pseudonym,
    offers_leaderboard,
    plain_pseudonym,
)
from autograder.grading.rebuild import rebuild


def cells(*sources: str | list[str], kind: str = "code") -> list[dict[str, Any]]:
    return [{"cell_type": kind, "id": str(k), "source": one} for k, one in enumerate(sources)]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("quick fox", "quick fox"),
        ("  Gradient   Descender ", "Gradient Descender"),
        ("o'neill_the-2nd.", "o'neill_the-2nd."),
        ("Žofie", "Žofie"),
        ("Z\u030cofie", "Žofie"),
        ("深層学習", "深層学習"),
        ("नमस्ते", "नमस्ते"),
        ("ＡＤＡ", "ADA"),
        ("", ""),
        ("   ", ""),
    ],
)
def test_a_plain_name_stands_as_it_is(written: str, name: str) -> None:
    assert plain_pseudonym(written) == Pseudonym(name)


@pytest.mark.parametrize(
    "written",
    [
        *("<b>me</b>", "a&amp;b", "[red]me[/]", "=1+1", "me (2)", "a/b", "a\\nb", "..", "-", "_me"),
        *(
            "a\nb",
            "a\tb",
            "a\x00b",
            "\x1b[31mred",
            "a\u202eb",
            "a\u200bb",
            "a\u2028b",
            "\ud800",
            "🏆",
        ),
        "Z" + "\u0335\u0336\u0337" * 20,
    ],
)
def test_what_is_none_is_refused_with_a_sentence(written: str) -> None:
    assert plain_pseudonym(written) == Pseudonym(said=NO_NAME)


@given(st.text())
def test_whatever_is_written_a_name_is_short_and_plain(written: str) -> None:
    found = plain_pseudonym(written)
    assert len(found.name) <= LONGEST
    assert all(one.isalnum() or one in SIGNS or not one.isascii() for one in found.name)
    assert found.name.isprintable()
    assert plain_pseudonym(found.name).name == found.name


def test_a_long_one_is_cut() -> None:
    assert plain_pseudonym("ab" * 150) == Pseudonym("ab" * 15, CUT)
    assert plain_pseudonym("a" * 29 + " b") == Pseudonym("a" * 29, CUT)


def test_it_is_found_in_any_cell_of_code_and_the_last_that_says_something_counts() -> None:
    line = 'leaderboard = "one"  # me'
    assert chosen_pseudonym(cells("%matplotlib inline\n1 +", line)).name == "one"
    assert chosen_pseudonym(cells(line, ["x = 1\n", "leaderboard='two'"])).name == "two"
    assert chosen_pseudonym(cells(line, 'leaderboard = ""')).name == "one"
    assert chosen_pseudonym(cells(line, kind="markdown")) == Pseudonym()
    for other in ("leaderboard == 'a'", "# leaderboard = 'a'", "  leaderboard = 'a'", "x = 'a'"):
        assert chosen_pseudonym(cells(other)) == Pseudonym()
    assert offers_leaderboard(cells('leaderboard = ""'))
    assert not offers_leaderboard(cells("x = 1"))


@pytest.mark.parametrize(
    "code",
    [
        *("7", "None", "[1]", "name", "open('x').write('y')", "(" * 500, "-" * 900 + "1", "", "'a"),
        "'" + "a" * 2000 + "'",
        "f'{1}'",
    ],
)
def test_what_is_no_text_is_refused_and_never_run(code: str) -> None:
    limit = sys.getrecursionlimit()
    assert chosen_pseudonym(cells(f"leaderboard = {code}")) == Pseudonym(said=NO_TEXT)
    assert sys.getrecursionlimit() == limit


def test_names_are_the_same_whatever_their_case_and_spaces() -> None:
    assert plain_pseudonym("Quick  FOX").key == plain_pseudonym("quick fox").key
    assert plain_pseudonym("STRASSE").key == plain_pseudonym("straße").key


RELEASE = {"cells": cells("x = 1", 'leaderboard = ""'), "metadata": {}}
for cell in RELEASE["cells"]:
    cell["metadata"] = {"tags": ["demo"]}


@pytest.mark.parametrize(
    ("code", "notes"), [("'me'", ()), ("'<b>'", (NO_NAME,)), ("7", (NO_TEXT,))]
)
def test_the_sentence_stands_on_top_of_the_feedback(code: str, notes: tuple[str, ...]) -> None:
    sent = Submitted((SubmittedCell("code", f"leaderboard = {code}", "1"),))
    assert rebuild(RELEASE, sent).notes == notes
    without = {**RELEASE, "cells": RELEASE["cells"][:1]}
    assert not any("leaderboard" in one for one in rebuild(without, sent).notes)
