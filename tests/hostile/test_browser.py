"""Displays in a real browser: feedback and Formgrader, opened as an instructor would, run nothing
of a student's.
"""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from courses.course import RIGHT
from courses.formgrader import formgrader as served_formgrader
from playwright.sync_api import Browser, Dialog, Page

from .attacks import DISPLAYS, QUICK
from .attacks.displays import HTML, TEX
from .classroom import Graded
from .conftest import ByName

pytestmark = [pytest.mark.timeout(900), pytest.mark.hostile]

SHOWN = [
    attack
    for attack in QUICK
    if attack in DISPLAYS or attack.name in ("deep_html", "deep_markdown", "renamed")
]
TYPESETTER = "https://cdnjs.cloudflare.com/"


class Witness:
    """A page, and everything that a script of a student's would give itself away by."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.seen: list[str] = []
        page.on("dialog", self._asked_for_attention)
        page.on("console", lambda message: self._said(message.text))
        page.on("request", lambda request: self._asked(request.url))
        page.on("popup", lambda popup: self.seen.append(f"popup {popup.url}"))
        page.route(
            f"{TYPESETTER}**", lambda route: route.abort()
        )  # the pages' own, not to be had here

    def _asked_for_attention(self, dialog: Dialog) -> None:
        self.seen.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def _said(self, text: str) -> None:
        if "PWNED" in text:
            self.seen.append(f"console {text}")

    def _asked(self, url: str) -> None:
        if "pwned" in url or not url.startswith(("http://127.0.0.1", "data:", TYPESETTER)):
            self.seen.append(f"request {url}")

    def visit(self, address: str) -> None:
        """Open a page, wait for what runs by itself, and click, point and tab where a person
        might.
        """
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.ok, f"{answer.status} {address}"
        home = self.page.url
        self.page.wait_for_load_state("load")
        for link in self.page.get_by_text("click", exact=True).all()[:30]:
            if link.is_visible():
                link.click(no_wait_after=True, timeout=2000, force=True)
        for _ in range(3):
            self.page.keyboard.press("Tab")
        self.page.wait_for_timeout(150)
        if self.page.evaluate("window.__pwned"):
            self.seen.append(f"script {self.page.evaluate('window.__pwned')}")
        if "PWNED" in self.page.title():
            self.seen.append("title")
        if urlsplit(self.page.url).path != urlsplit(home).path:
            self.seen.append(f"moved to {self.page.url}")


@pytest.fixture
def witness(browser: Browser) -> Iterator[Witness]:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    yield Witness(page)
    page.close()


@pytest.fixture(scope="module")
def seen(class_by_name: ByName) -> Graded:
    """The class whose pages are opened."""
    return class_by_name("quick")


each_shown = pytest.mark.parametrize("attack", SHOWN, ids=lambda attack: attack.name)
"""Every attack that is seen by its page."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder over HTTP, so that pages have an origin and may fetch from it."""
    quiet = type("Quiet", (http.server.SimpleHTTPRequestHandler,), {"log_message": lambda *_: None})
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(quiet, directory=str(folder))
    ) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def feedback(seen: Graded) -> Iterator[str]:
    with served(seen.course.root / "feedback") as address:
        yield address


@each_shown
def test_feedback_runs_no_script(attack, feedback: str, witness: Witness):
    witness.visit(f"{feedback}/{attack.student}/tiny/tiny.html")
    assert witness.seen == []
    assert witness.page.get_by_text("Tiny", exact=True).count() >= 1  # the page is the notebook
    assert witness.page.evaluate(TYPESET) == []


# What MathJax would find to typeset, if it could be had here: all text outside code. Its commands
# that make links, load extensions or touch the page must be gone from it.
TYPESET = r"""
() => {
    const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode.textContent;
        if (!walk.currentNode.parentElement.closest("pre, code, script, style, textarea")
            && /\\(href|class|cssId|style|require|data)(?![A-Za-z])/.test(text)) found.push(text);
    }
    return found;
}
"""


def test_the_witness_sees_what_unclean_pages_do(tmp_path: Path, browser: Browser):
    for number, payload in enumerate(HTML[:7]):
        (tmp_path / f"{number}.html").write_text(f"<title>x</title><p>Tiny</p>{payload}")
    with served(tmp_path) as address:
        unseen = []
        for number in range(7):
            page = browser.new_page()
            witness = Witness(page)
            witness.visit(f"{address}/{number}.html")
            if not witness.seen:
                unseen.append(HTML[number])
            page.close()
    assert len(unseen) <= 1, (
        unseen
    )  # one of the seven is an attack on filters, harmless as it stands


def test_the_search_for_formulas_finds_them(browser: Browser):
    page = browser.new_page()
    page.set_content(f"<p>{TEX[0]}</p><pre>{TEX[0]}</pre>")
    assert len(page.evaluate(TYPESET)) == 1
    page.close()


@pytest.fixture(scope="module")
def own(seen: Graded, tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The graded class in a copy, to be worked with."""
    copy = tmp_path_factory.mktemp("formgrader") / "course"
    subprocess.run(["cp", "-a", str(seen.course.root), str(copy)], check=True)
    return replace(seen, root=copy)


@pytest.fixture(scope="module")
def formgrader(own: Graded, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Formgrader in the course; its address."""
    with served_formgrader(own.course.root, tmp_path_factory.mktemp("settings")) as address:
        yield address


@each_shown
def test_formgrader_runs_no_script(attack, formgrader: str, own: Graded, witness: Witness):
    ((submission,),) = own.query(
        "select n.id from submitted_notebook n join submitted_assignment a on a.id = "
        "n.assignment_id where a.student_id = ?",
        attack.student,
    )
    before = (
        own.query("select * from grade order by id"),
        own.query("select * from comment order by id"),
    )
    witness.visit(f"{formgrader}/formgrader/submissions/{submission}/?index=0")
    assert witness.seen == []
    assert (
        witness.page.locator("input.score").count() == 3
    )  # two checks and a written answer, none of a student's making
    assert (
        own.query("select * from grade order by id"),
        own.query("select * from comment order by id"),
    ) == before


def test_the_autograde_button(formgrader: str, own: Graded, witness: Witness):
    forger = next(attack for attack in QUICK if attack.name == "tag_skip")
    notebook = forger.notebook(own.course)
    own.course.hand_in("pressed_forger", notebook)
    own.course.hand_in("pressed_honest", own.course.notebook(RIGHT))
    page = witness.page
    page.goto(f"{formgrader}/formgrader/manage_submissions/tiny")
    for student in ("pressed_forger", "pressed_honest"):
        page.get_by_label("Search").fill(student)  # the table shows ten students at a time
        row = page.locator("tr", has=page.get_by_text(student, exact=True))
        with page.expect_response(
            lambda answer: answer.url.endswith("/autograde"), timeout=120_000
        ) as answer:
            row.locator("td.autograde a").click(timeout=20_000)
        assert json.loads(answer.value.text())["success"], answer.value.text()
        page.get_by_text("Successfully autograded").wait_for()
        # not with a mouse: a dialog that slides in goes away from under a button held down
        page.locator(".modal.in .close, .modal.in button").first.dispatch_event("click")
        page.locator(".modal.in").wait_for(state="detached")
    scores = own.scores()
    assert (scores["pressed_forger"], scores["pressed_honest"]) == (4, 10)
    assert witness.seen == []
