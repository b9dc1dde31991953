"""The whole story in real browsers: a student works, checks, hands in late; the hub judges it; an
instructor grades, and reads the report; the student reads, with no network beyond the hub.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from nbgrader.api import Gradebook
from playwright.sync_api import Browser, expect

from deploy.hub.settings import COURSE

from .conftest import Hub, photograph
from .pages import Instructor, Student

pytestmark = [pytest.mark.hub, pytest.mark.timeout(1200)]

WRONG = """\
def L_i_vectorized(x, y, W, delta=1.0):
    scores = W @ x
    margins = np.maximum(0, scores - scores[y] + delta)
    margins[y] = 0
    return margins.max()
"""
RIGHT = WRONG.replace("max()", "sum()")
POINTS, CODE, TOTAL = 5, 93, 100
PASSED = f"L_i_vectorized: all checks passed, {POINTS} of {POINTS} points"
WRITTEN = (
    "Every violated margin contains minus the true class's score, so its column collects minus "
    "their number."
)


def student(browser: Browser, hub: Hub, name: str) -> Student:
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    context.route(re.compile(r"^https?://(?!127\.0\.0\.1)"), lambda route: route.abort())
    return Student(context.new_page(), hub.settings, name, photograph)


@pytest.fixture(scope="module", autouse=True)
def due(hub: Hub) -> datetime:
    """It was due yesterday; ben has two days more."""
    due = (datetime.now(UTC) - timedelta(days=1)).replace(second=0, microsecond=0)
    text = hub.settings.course / "source/svm/svm.md"
    stated = f"chainrule:\n  due: {due:%Y-%m-%d %H:%M} UTC\n"
    text.write_text(text.read_text().replace("chainrule:\n", stated, 1))
    with Gradebook(f"sqlite:///{hub.settings.course / 'gradebook.db'}", COURSE) as opened:
        book: Any = opened
        book.update_or_create_assignment("svm", duedate=due.replace(tzinfo=None))
    extensions = "student,assignment,until\nben,svm,48 hours\n"
    (hub.settings.course / "extensions.csv").write_text(extensions)
    return due


def test_from_the_first_login_to_the_feedback(
    hub: Hub, browser: Browser, capsys: pytest.CaptureFixture[str]
):
    ada = student(browser, hub, "ada")
    ada.page.goto(f"{hub.settings.address}/hub/login")
    ada.photograph("login")
    ada.log_in()
    expect(ada.page.locator("#greeting")).to_contain_text("overdue")
    first = ada.open_lab()
    with capsys.disabled():  # told, and decides nothing
        print(f"\n{hub.seconds:6.1f} s  from the command to the hub with all its services")
        print(f"{first:6.1f} s  from Start to JupyterLab, the first server")
    assert ada.nbgrader_offers() == ["Assignment List"]
    fetches(ada)
    moves_a_widget(ada)
    writes_and_checks(ada)
    hands_in(ada)

    page = browser.new_context(viewport={"width": 1280, "height": 860}).new_page()
    grades(Instructor(page, hub.settings, "instructor", photograph))

    reads_the_feedback(ada)
    with Gradebook(f"sqlite:///{hub.settings.course / 'gradebook.db'}", COURSE) as gradebook:
        handed_in: Any = gradebook.find_submission("svm", "ada")
        assert handed_in.total_seconds_late > 0


def fetches(ada: Student) -> None:
    ada.open_assignments()
    ada.photograph("assignments")
    ada.fetch("svm")
    ada.open_notebook("svm")


def moves_a_widget(ada: Student) -> None:
    for text in ("import numpy as np", "images = load_images(", "widgets.hinge_explorer()"):
        cell = ada.cell(text)
        ada.run(cell)
    picture = cell.locator(".jp-OutputArea-output svg[role=img]").first
    picture.wait_for()
    before = picture.get_attribute("aria-label")
    handle = cell.locator(".noUi-handle").first
    handle.focus()
    for _ in range(5):
        ada.page.keyboard.press("ArrowRight")
    expect(picture).not_to_have_attribute("aria-label", before or "", timeout=60_000)
    ada.photograph("widget")


def writes_and_checks(ada: Student) -> None:
    answer, check = "def L_i_vectorized", 'check("L_i_vectorized")'
    ada.write(ada.cell(answer), WRONG)
    ada.run(ada.cell(answer))
    cell = ada.cell(check)
    ada.run(cell)
    report = cell.locator(".jp-OutputArea")
    expect(report).to_contain_text("partly right", timeout=60_000)
    expect(report).to_contain_text("Right values")
    # what came with the assignment shows the mistake and names it: the oracle is not even asked
    expect(report).to_contain_text("it should be")
    expect(report).to_contain_text("You keep only the class that violates the margin most")
    expect(report).not_to_contain_text("wait for grading")
    log = ada.hub.state / "oracle" / "ada.jsonl"
    assert not log.exists()
    ada.photograph("mistaken")

    ada.write(ada.cell(answer), RIGHT)
    ada.run(ada.cell(answer))
    cell = ada.cell(check)
    ada.run(cell)
    expect(cell.locator(".jp-OutputArea")).to_contain_text(PASSED, timeout=60_000)
    asked, told = [json.loads(line) for line in log.read_text().splitlines()]
    assert (asked["event"], told["event"]) == ("challenge", "verdict")
    assert (told["exercise"], told["findings"][0]["passed"]) == ("L_i_vectorized", True)
    ada.photograph("mended")

    ada.write(ada.cell("YOUR ANSWER HERE"), WRITTEN)
    ada.page.keyboard.press("Shift+Enter")
    ada.save()


def hands_in(ada: Student) -> None:
    said = ada.validate()
    assert "failed" in said  # everything else is still to be written
    assert 'check("margin_violations")' in said
    assert 'check("L_i_vectorized")' not in said
    ada.hand_in("svm")
    ada.photograph("submitted")
    is_told(ada)


def is_told(ada: Student) -> None:
    """Minutes later, before anybody grades, at the hub's own page."""
    told = f"received, judged: {POINTS} of {CODE} points without written answers"
    greeting = ada.page.locator("#greeting")
    for _ in range(120):
        ada.page.goto(f"{ada.hub.address}/hub/home")
        if told in greeting.inner_text():
            break
        ada.page.wait_for_timeout(1000)
    expect(greeting).to_contain_text(told)
    expect(greeting).to_contain_text("UTC, late")
    ada.photograph("judged")


def grades(teacher: Instructor) -> None:
    teacher.log_in()
    expect(teacher.page.locator("#greeting")).to_contain_text("Class report")
    teacher.open_formgrader()
    said = teacher.press("svm", "collect", "Successfully collected")
    assert "cheating attempt" not in said  # the folder belongs to who is said to have handed it in
    teacher.open_formgrader()
    expect(teacher.page.locator("td.num-submissions").first).to_contain_text("1")
    teacher.photograph("collected")
    teacher.open_formgrader("/manage_submissions/svm")
    said = teacher.press("ada", "autograde", "Successfully autograded")
    assert "ada" in said
    teacher.open_formgrader("/manage_submissions/svm")
    row = teacher.page.locator("tr", has=teacher.page.get_by_text("ada", exact=True))
    expect(row).to_contain_text("Lovelace, Ada")
    expect(row).to_contain_text("needs manual grading")
    expect(row).to_contain_text(f"{POINTS} / {TOTAL}")
    teacher.photograph("autograded")

    # the written answer: a person reads it beside its rubric, gives points and a word
    teacher.open_formgrader()
    page = teacher.page
    page.get_by_role("link", name="Written Answers").click()
    page.get_by_role("link", name="derivation").click()
    expect(page.locator("#left")).to_have_text("1 of 1 to grade")
    expect(page.locator("article")).to_contain_text(WRITTEN[:40])
    for key in "3456":
        page.keyboard.press(key)
    expect(page.locator("article .points")).to_have_value("2.5")
    page.keyboard.press("Shift+Digit3")
    teacher.photograph("grading")
    page.keyboard.press("7")
    page.keyboard.press("s")
    expect(page.locator("#left")).to_have_text("0 of 1 to grade")
    teacher.open_formgrader("/manage_submissions/svm")
    row = teacher.page.locator("tr", has=teacher.page.get_by_text("ada", exact=True))
    expect(row).to_contain_text(f"{POINTS + 3} / {TOTAL}")

    teacher.open_formgrader()
    teacher.press("svm", "generate-feedback", "Successfully generated feedback")
    teacher.press("svm", "release-feedback", "Successfully released feedback")

    page.get_by_role("link", name="Class Report").click()
    expect(page.locator("body")).to_contain_text("svm", timeout=60_000)
    expect(page.locator("body")).to_contain_text("Ada Lovelace", timeout=60_000)
    teacher.photograph("report")


def reads_the_feedback(ada: Student) -> None:
    ada.fetch_feedback("svm")
    ada.photograph("feedback-list")
    page = ada.read_feedback("svm")
    expect(page).to_contain_text(PASSED)
    expect(page.locator("math").first).to_be_attached()  # formulas, with no network and no script
    ada.photograph("feedback")


def test_a_student_does_not_get_into_formgrader(hub: Hub, browser: Browser):
    ben = student(browser, hub, "ben")
    ben.log_in()
    greeting = ben.page.locator("#greeting")
    expect(greeting).to_contain_text(
        "Hello Ben Miller. Start your server, fetch “The multiclass SVM”"
    )
    expect(greeting.get_by_role("row")).to_have_count(2)
    expect(greeting.get_by_role("row").last).to_contain_text("(your extension)open")
    expect(greeting.get_by_role("link")).to_have_count(0)
    answer = ben.page.goto(f"{hub.settings.address}/services/{COURSE}/formgrader")
    assert answer is not None
    assert answer.status == 403
