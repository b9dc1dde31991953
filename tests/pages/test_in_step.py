"""Every page of docs/ is on the site, and those made of the notebooks are in step with them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from autograder.authoring.build import assignments_in_source
from autograder.authoring.leak import Secrets, refuse_leaks
from docs import errata_page, prose, syllabus_page
from docs.pages.chapters import chapter
from docs.pages.stage import HINTS, pages

ROOT = Path(__file__).resolve().parents[2]
NAMES = assignments_in_source(ROOT)


@pytest.fixture(scope="module")
def staged() -> dict[str, str]:
    return dict(pages(ROOT))


def test_every_page_and_every_chapter_has_a_place(staged: dict[str, str]) -> None:
    trees = re.findall(r"^```\{toctree\}\n(.*?)^```", staged["index.md"], re.DOTALL | re.MULTILINE)
    listed = [line for tree in trees for line in tree.splitlines() if line and line[0] != ":"]
    wanted = {page.removesuffix(".md") for page in staged} - {"index"}
    assert sorted(listed) == sorted(wanted | {f"{name}.ipynb" for name in NAMES})


def test_the_syllabus_is_what_the_notebooks_say() -> None:
    assert syllabus_page.PAGE.read_text() == syllabus_page.page(), "python -m docs.syllabus_page"


def test_the_syllabus_gives_away_all_points() -> None:
    for one in syllabus_page.assignments():
        assert one.points == 100
        assert one.exercises > 15


def test_the_errata_are_what_the_notebooks_say() -> None:
    assert errata_page.PAGE.read_text() == errata_page.page(), "python -m docs.errata_page"


def test_the_prose_that_networks_read_is_that_of_the_notebooks() -> None:
    assert prose.PROSE.read_text() == prose.prose(), "python -m docs.prose"


@pytest.mark.parametrize("name", NAMES)
def test_every_mended_note_is_on_the_page_with_its_test(name: str) -> None:
    found, tests = errata_page.errata(name), errata_page.proofs(name)
    told = errata_page.PAGE.read_text()
    assert found
    for one in found:
        assert f"> {one.statement}\n" in told
        if one.correction:
            names = [test.test for test in tests if test.proves(one)]
            proven = ", ".join(f"`{test}`" for test in names)
            assert f"\n{one.correction}\n\nProven by {proven}.\n" in told


@pytest.mark.parametrize("name", NAMES)
def test_every_chapter_ends_with_the_way_to_the_errata(name: str) -> None:
    last = chapter(ROOT, name, {}, None).cells[-1]
    assert "[Old notes, mended](errata.md)" in last.source


def test_no_page_gives_away_an_answer_a_hint_or_a_rubric(
    staged: dict[str, str], hidden: Secrets
) -> None:
    refuse_leaks(((page, text.encode()) for page, text in staged.items()), hidden)


def test_a_hint_on_a_page_is_found(hidden: Secrets) -> None:
    whole = (ROOT / "docs" / "messages.md").read_text()
    assert HINTS in whole
    with pytest.raises(Exception, match="tells the hint"):
        refuse_leaks([("messages.md", whole.encode())], hidden)


def test_links_lead_to_pages_chapters_or_nowhere(staged: dict[str, str]) -> None:
    assert "](svm.ipynb#1-how-wrong" in staged["syllabus.md"]
    assert "](messages.md)" in staged["contributing.md"]
    assert "](../" not in "".join(staged.values())
