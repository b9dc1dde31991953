"""Feedback pages: they begin with what was lost and where, read well on light and on dark, and are
light themselves.
"""

from __future__ import annotations

import re
import shutil
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from courses.course import HALF_SQUARE, RIGHT, TinyCourse
from nbgrader.api import Gradebook
from nbgrader.preprocessors import GetGrades
from playwright.sync_api import Browser, Page, expect

from autograder.authoring import solved_notebook
from autograder.course.marks import check_of, mark_skipped
from autograder.gradebook.config import read_config
from autograder.gradebook.hooks.scores import ReadScores
from autograder.gradebook.pages import FeedbackExporter
from autograder.language.verdict import Evidence, Finding, Verdict
from autograder.report.heatmap import heat_map_png
from autograder.report.html import to_html

ROOT = Path(__file__).resolve().parents[2]
HEAVIEST = 500_000
"""Bytes."""


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory, tiny_built: TinyCourse) -> TinyCourse:
    """Ada lost points for code and for her written answer, ben for nothing, cyd waits."""
    root = tmp_path_factory.mktemp("feedback") / "course"
    shutil.copytree(tiny_built.root, root)
    course = TinyCourse(root)
    wrong = {**RIGHT, "half_square": HALF_SQUARE.replace(" / len(x)", "")}
    for student, answers in {"ada": wrong, "ben": RIGHT, "cyd": RIGHT}.items():
        course.hand_in(student, course.notebook({**answers, "why": f"Because of $N$, {student}."}))
    course.run("chainrule", "grade", "tiny", "--no-feedback", "--isolation", "none")
    with Gradebook(f"sqlite:///{root}/gradebook.db", "chainrule") as book:
        for student, points in {"ada": 0.5, "ben": 2.0}.items():
            grade: Any = book.find_grade("why", "tiny", "tiny", student)
            grade.manual_score, grade.needs_manual_grade = points, False
            comment: Any = book.find_comment("why", "tiny", "tiny", student)
            comment.manual_comment = "Say what $N$ is."
        book.db.commit()
    course.configure("c.FeedbackExporter.model_answers = True")
    course.run("nbgrader", "generate_feedback", "tiny")
    return course


def test_scores_are_read_as_nbgrader_reads_them(graded: TinyCourse) -> None:
    database = f"sqlite:///{graded.root}/gradebook.db"
    with Gradebook(database, "chainrule") as book:
        late: Any = book.find_submission_notebook("tiny", "tiny", "ben")
        late.late_submission_penalty = 0.5
        book.db.commit()
        reads = GetGrades(), ReadScores()
        for student, waiting in {"ada": set(), "ben": set(), "cyd": {"why"}}.items():
            about = {"notebook": "tiny", "assignment": "tiny", "student": student}
            found = []
            for one in reads:
                nb: Any = nbformat.from_dict(graded.autograded(student))
                resources: Any = {"nbgrader": {**about, "db_url": database}}
                found.append(one.preprocess(nb, resources))
            (nbgraders, theirs), (ours, told) = found
            marks = [cell.metadata.get("nbgrader", {}) for cell in ours.cells]
            assert any(mark.get("score") for mark in marks)
            assert any(mark.get("comment") for mark in marks) == (not waiting)
            assert told["nbgrader"].pop("waiting") == waiting
            assert (ours, told) == (nbgraders, theirs)
        late.late_submission_penalty = None
        book.db.commit()


def opened(browser: Browser, course: TinyCourse, student: str, scheme: Any = "light") -> Page:
    page = browser.new_context(color_scheme=scheme).new_page()
    page.goto((course.root / f"feedback/{student}/tiny/tiny.html").as_uri())
    return page


@pytest.mark.integration
def test_it_begins_with_what_was_lost_and_leads_there(graded: TinyCourse, browser: Browser) -> None:
    page = opened(browser, graded, "ada")
    lost = page.locator("#lost + ul li")
    expect(lost).to_have_count(2)
    expect(lost.first).to_have_text(re.compile(r"half_square: 1 of 6 .*divide by N"))
    expect(lost.last).to_have_text("why: 0.5 of 2 Say what $N$ is.")
    page.get_by_role("link", name="half_square", exact=True).click()
    check = page.locator(page.url[page.url.index("#") :])
    expect(check).to_be_in_viewport()
    expect(check).to_contain_text("Checked by the grader")
    expect(check).to_contain_text("half_square: partly right")
    check.get_by_role("link", name="Back to the list").click()
    expect(page.locator("h1").first).to_be_in_viewport()


def test_nothing_lost_and_what_waits(graded: TinyCourse, browser: Browser) -> None:
    ben = opened(browser, graded, "ben").locator("header")
    expect(ben).to_contain_text("tiny: 12 of 12 points")
    expect(ben).to_contain_text("Nothing was lost.")
    cyd = opened(browser, graded, "cyd").locator("header")
    expect(cyd).not_to_contain_text("Nothing was lost.")
    expect(cyd.locator("#waiting + ul li")).to_have_text("why: worth 2")


def test_nothing_stray_and_nothing_that_runs(graded: TinyCourse, browser: Browser) -> None:
    page = opened(browser, graded, "ada")
    shown = page.locator("body").inner_text()
    assert "Out[" not in shown
    assert "In [" not in shown
    assert not re.search(r"^[\d.]+$", shown, re.MULTILINE)  # a score alone in a line
    assert all(one.strip() for one in page.locator("a").all_text_contents())
    policy = page.locator("meta[http-equiv]").get_attribute("content") or ""
    assert policy.startswith("default-src 'none'")
    assert page.locator("script").count() == 0


def test_light_and_dark_and_as_wide_as_a_phone(graded: TinyCourse, browser: Browser) -> None:
    dark, light = (opened(browser, graded, "ada", scheme) for scheme in ("dark", "light"))
    colours = "[...document.querySelectorAll('body, .input')].map(e => getComputedStyle(e)[{}])"
    for which in ("'color'", "'backgroundColor'"):
        ask = colours.replace("{}", which)
        assert dark.evaluate(ask)[0] != light.evaluate(ask)[0]
    padding = "getComputedStyle(document.querySelector('.output td')).paddingLeft"
    assert float(light.evaluate(padding).removesuffix("px")) > 4
    light.set_viewport_size({"width": 380, "height": 800})
    assert light.evaluate("document.documentElement.scrollWidth") <= 380


def test_the_model_answer_is_shown_if_the_instructor_wants(graded: TinyCourse) -> None:
    page = (graded.root / "feedback/ada/tiny/tiny.html").read_text()
    assert "Model answer" in page
    assert "stays where it is" in page
    assert not FeedbackExporter().model_answers


@cache
def wrong(name: str) -> Verdict:
    """A longish verdict: six checks, none passed, a hint, a picture."""
    message = "dW is not the gradient of loss with respect to W: the slope is 1.3155. " * 2
    error = np.linspace(0, 1, 400).reshape(20, 20)
    evidence = Evidence(output="dW", error=error, index=(1, 1))
    findings = [Finding("Right values", False, message, hint=message, evidence=evidence)]
    findings += [Finding(f"Property {i}", False, message) for i in range(5)]
    return Verdict(name, 5.0, 1.0, "partial", tuple(findings))


@pytest.mark.parametrize(
    ("name", "solved"),
    [
        ("svm", True),
        *(
            pytest.param(name, False, marks=pytest.mark.integration)
            for name in ("svm", "softmax", "backprop", "cnn", "lstm")
        ),
    ],
)
def test_a_page_weighs_little(name: str, solved: bool) -> None:
    """Most where everything is wrong: then there are reports and pictures, too."""
    nb: Any = nbformat.from_dict(solved_notebook(ROOT, name))
    for cell in nb.cells:
        mark = cell.metadata.get("nbgrader", {})
        if mark.get("grade"):
            mark["score"] = mark["points"] if solved else 0.0
        if "demo" in cell.metadata.get("tags", ()):
            mark_skipped(cell)  # as grading does
        if (exercise := check_of(cell)) and not solved:
            cell.outputs = _outputs(exercise)
    config = read_config(ROOT)
    config.HTMLExporter.template_name = "feedback"
    about = {"notebook": name, "assignment": name, "score": 0, "max_score": 1, "late_penalty": 0}
    page, _ = FeedbackExporter(config=config).from_notebook_node(nb, {"nbgrader": about})
    assert page.count("<section") > 90
    assert len(page.encode()) < HEAVIEST


def _outputs(exercise: str) -> list[Any]:
    verdict = wrong(exercise)
    report = {"text/html": to_html(verdict, picture=False)}
    picture = {"image/png": b64encode(heat_map_png(verdict) or b"").decode()}
    return [nbformat.v4.new_output("display_data", data=data) for data in (report, picture)]
