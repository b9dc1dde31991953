"""Written answers, one question at a time: keys, points and comments in a real browser on a real
server; two people who grade at once; the manual grades that nbgrader has afterwards.
"""

from __future__ import annotations

import json
import re
import shutil
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, TinyCourse, once
from courses.formgrader import formgrader
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, Page, expect

from autograder.errors import ClassError
from autograder.gradebook.written.answers import Given, on_record, written_questions
from autograder.gradebook.written.saving import Overtaken, read_given, save

EVIL = (
    "<script>alert(1)</script>\n\n<img src=x onerror=alert(1)> Because $\\frac{1}{N}$ **keeps** it."
)
WHY = {
    "ada": EVIL,
    "ben": "So that the loss does not grow.",
    "cyd": "To make the numbers small.",
    "dan": "So that the loss does not grow, nor the step.",
}
WAITING = Given(None, "", True)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, tiny_built: TinyCourse) -> TinyCourse:
    """Four students' answers, graded but for what people grade. Not to be written to."""

    def make(root: Path) -> TinyCourse:
        shutil.copytree(tiny_built.root, root)
        course = TinyCourse(root)
        for student, text in WHY.items():
            course.hand_in(student, course.notebook({**RIGHT, "why": text}))
        course.run("chainrule", "grade", "tiny", "--no-feedback", "--isolation", "none")
        return course

    return once(tmp_path_factory, "tiny-written", make)


@pytest.fixture
def course(graded: TinyCourse, tmp_path: Path) -> TinyCourse:
    shutil.copytree(graded.root, tmp_path / "course")
    return TinyCourse(tmp_path / "course")


def gradebook(course: TinyCourse) -> Gradebook:
    return Gradebook(f"sqlite:///{course.root}/gradebook.db", "chainrule")


def submission_of(course: TinyCourse, student: str) -> str:
    with gradebook(course) as book:
        record = on_record(book, "tiny", "why")
    return next(one for one, (name, _) in record.items() if name == student)


def given_to(course: TinyCourse, student: str) -> tuple[Any, ...]:
    """What nbgrader itself says of a written answer."""
    with gradebook(course) as book:
        grade: Any = book.find_grade("why", "tiny", "tiny", student)
        comment: Any = book.find_comment("why", "tiny", "tiny", student)
        return grade.manual_score, grade.needs_manual_grade, comment.manual_comment, grade.score


@contextmanager
def served(course: TinyCourse) -> Iterator[str]:
    """Formgrader in the course, for whoever knows the token; its address."""
    settings = course.root.parent / "settings"
    settings.mkdir()
    with formgrader(course.root, settings, "word") as address:
        yield address


def opened(browser: Browser, address: str, path: str = "written/tiny/why") -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(f"{address}/formgrader/{path}?token=word")
    return page


@pytest.mark.integration
def test_a_class_is_graded_with_keys_and_two_graders_lose_nothing(
    course: TinyCourse, browser: Browser
) -> None:
    with served(course) as address:
        menu = opened(browser, address, "manage_students")
        menu.get_by_role("link", name="Written Answers").click()
        expect(menu.locator("tbody tr")).to_have_text(re.compile(r"tiny\s+why\s+244"))
        menu.get_by_role("link", name="why").click()
        expect(menu.locator("article")).to_have_count(4)

        asked: list[str] = []
        first = opened(browser, address)
        first.on("console", lambda message: asked.append(message.text))
        first.on("dialog", lambda dialog: asked.append(dialog.message))
        _answers_are_shown_escaped(first)
        _by_keys(first)
        _by_two(first, menu)
        _nothing_without_a_token(address, submission_of(course, "ada"))
        assert [one for one in asked if "409" not in one] == []
    points = [given_to(course, student)[0] for student in WHY]
    assert sorted(points) == [0.5, 1, 1.5, 2]
    assert all(given_to(course, student)[1] is False for student in WHY)
    with gradebook(course) as book:
        (question,) = written_questions(book)
        assert (question.waiting, question.answers, question.points) == (0, 4, 2)


def _answers_are_shown_escaped(page: Page) -> None:
    ada = page.locator("article", has_text="keeps")
    expect(ada.locator(".answer math mfrac")).to_have_count(1)
    expect(ada.locator(".answer strong")).to_have_text("keeps")
    assert page.locator("article script, article [onerror]").count() == 0
    expect(page.locator(".ideas li")).to_have_count(3)
    expect(page.locator("aside details.asked")).to_contain_text("Why is the mean taken?")
    expect(page.locator("aside details").nth(1)).to_contain_text("grows with")


def _by_keys(page: Page) -> None:
    expect(page.locator("#left")).to_have_text("4 of 4 to grade")
    expect(page.locator("article.here h2")).to_contain_text("Answer 1")
    page.keyboard.press("1")
    page.keyboard.press("2")
    expect(page.locator("article.here .points")).to_have_value("1.5")
    page.keyboard.press("2")
    expect(page.locator("article.here .points")).to_have_value("1")
    page.keyboard.press("c")
    page.keyboard.type("Say what 1 and n are.")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#left")).to_have_text("3 of 4 to grade")
    expect(page.locator("article.here h2")).to_contain_text("Answer 2")
    page.keyboard.press("a")
    page.keyboard.press("Shift+Digit2")  # what was said a moment ago, after the rubric's own
    page.keyboard.press("Shift+Digit1")
    expect(page.locator("article.here .comment")).to_have_value(
        "Say what 1 and n are.\nThe mean is not taken to make the numbers small."
    )
    page.keyboard.press("s")
    expect(page.locator("#left")).to_have_text("2 of 4 to grade")
    page.keyboard.press("k")
    page.keyboard.press("k")
    page.keyboard.press("n")
    expect(page.locator("article.here h2")).to_contain_text("Answer 3")


def _by_two(first: Page, second: Page) -> None:
    """The second page was loaded before anything was graded."""
    third = second.locator("article").nth(2)
    third.locator(".points").fill("1.5")
    third.locator(".save").click()
    expect(second.locator("#left")).to_have_text("1 of 4 to grade")  # it learnt of the others
    expect(second.locator("article").nth(1).locator(".points")).to_have_value("2")

    first.keyboard.press("2")
    first.keyboard.press("s")
    said = first.locator("article").nth(2).locator(".says")
    expect(said).to_contain_text("Somebody else graded this answer meanwhile")
    expect(said).to_contain_text("Theirs: 1.5")
    expect(first.locator("article.here .points")).to_have_value("0.5")  # ours is still there
    first.keyboard.press("t")
    expect(first.locator("article.here .points")).to_have_value("1.5")
    expect(said).to_be_hidden()
    first.keyboard.press("n")
    expect(first.locator("article.here h2")).to_contain_text("Answer 4")
    first.keyboard.press("p")
    first.keyboard.type("9")
    first.keyboard.press("Control+Enter")
    expect(first.locator("article.here .says")).to_have_text("Points are a number from 0 to 2.")
    first.keyboard.press("0")
    first.keyboard.press("3")
    first.keyboard.press("s")
    expect(first.locator("#left")).to_have_text("0 of 4 to grade")


def _nothing_without_a_token(address: str, submission: str) -> None:
    body = json.dumps({"wanted": {"points": 2, "comment": "", "waiting": False}}).encode()
    asked = urllib.request.Request(f"{address}/formgrader/api/written/tiny/why/{submission}", body)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(asked, timeout=30)
    with urllib.request.urlopen(f"{address}/formgrader/written/tiny/why?token=word") as page:
        policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_points_arrive_as_manual_grades(course: TinyCourse) -> None:
    ada = submission_of(course, "ada")
    with gradebook(course) as book:
        now = save(book, ("tiny", "why", ada), WAITING, Given(1.5, "Good.", False))
        assert now == on_record(book, "tiny", "why")[ada][1] == Given(1.5, "Good.", False)
    assert given_to(course, "ada") == (1.5, False, "Good.", 1.5)
    assert given_to(course, "ben") == (None, True, None, 0)
    with gradebook(course) as book:
        assert book.find_submission("tiny", "ada").score == 11.5


def test_a_save_over_what_nobody_looked_at_is_refused_and_changes_nothing(
    course: TinyCourse,
) -> None:
    asked = ("tiny", "why", submission_of(course, "ada"))
    theirs = Given(2, "Well said.", False)
    with gradebook(course) as book:
        save(book, asked, WAITING, theirs)
        for made_from in (WAITING, Given(2, "", False), Given(1, "Well said.", False)):
            with pytest.raises(Overtaken) as caught:
                save(book, asked, made_from, Given(0.5, "Mine.", False))
            assert caught.value.theirs == theirs
        assert given_to(course, "ada")[:3] == (2, False, "Well said.")
        save(book, asked, theirs, Given(0.5, "Mine.", False))
    assert given_to(course, "ada")[:3] == (0.5, False, "Mine.")


def test_of_two_at_the_same_moment_one_is_told(course: TinyCourse) -> None:
    asked = ("tiny", "why", submission_of(course, "cyd"))

    def graded_by(points: float) -> str:
        with gradebook(course) as book:
            try:
                save(book, asked, WAITING, Given(points, f"{points:g}", False))
            except Overtaken:
                return "told"
            return "saved"

    with ThreadPoolExecutor(2) as two:
        assert sorted(two.map(graded_by, (1.0, 2.0))) == ["saved", "told"]
    points, _, comment, _ = given_to(course, "cyd")
    assert comment == f"{points:g}"


@pytest.mark.parametrize("points", [-1, 2.5, float("nan"), None, "two"])
def test_points_that_are_none_are_refused_in_one_sentence(points: Any) -> None:
    with pytest.raises(ClassError, match=r"^[^\n]+$"):
        read_given({"points": points, "comment": "", "waiting": True}, 2)
