"""A student's hour in a tab, in a real browser: nothing is installed, nothing is asked of elsewhere."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, expect

from autograder.site.packages import LOCK

from .conftest import ROOT, Serving, made
from .distribution import distribution

pytestmark = [pytest.mark.site, pytest.mark.timeout(1800)]
PATIENCE = 600_000
"""Milliseconds that anything may take: how long it took is told, and decides nothing."""

WATCHED = """prompt => {
    prompt.ran = new Promise(resolve => {
        let began = false;
        const look = () => {
            if (prompt.textContent.includes("*")) began = true;
            else if (began && /\\[\\d+\\]/.test(prompt.textContent)) resolve();
        };
        new MutationObserver(look).observe(
            prompt, {childList: true, characterData: true, subtree: true}
        );
    });
}"""
"""A cell has run: its prompt was a star, and is a number, which may be the same as before."""

WRONG = """\
def svm_loss(x, y):
    rows = np.arange(len(x))
    margins = np.maximum(0, x - x[rows, y][:, None] + 1)
    margins[rows, y] = 0
    dx = (margins > 0) / len(x)
    dx[rows, y] = -1 / len(x)
    return margins.sum() / len(x), dx
"""
RIGHT = WRONG.replace("-1 / len(x)", "-(margins > 0).sum(axis=1) / len(x)")
FIRST = """\
def L_i_vectorized(x, y, W, delta=1.0):
    scores = W @ x
    margins = np.maximum(0, scores - scores[y] + delta)
    margins[y] = 0
    return margins.sum()
"""


class Tab:
    """A page with a notebook."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)

    def cell(self, text: str) -> Locator:
        """The first cell of code with a text."""
        return self.page.locator(
            ".jp-CodeCell", has=self.page.locator(".cm-content", has_text=text)
        ).first

    def run(self, text: str) -> str:
        """Run a cell; what it showed."""
        cell = self.cell(text)
        prompt = cell.locator(".jp-InputPrompt")
        prompt.evaluate(WATCHED)
        cell.locator(".cm-content").click()
        self.page.keyboard.press("Shift+Enter")
        prompt.evaluate("prompt => prompt.ran")
        outputs = cell.locator(".jp-OutputArea")
        return outputs.inner_text() if outputs.count() else ""

    def write(self, text: str, code: str) -> None:
        """Put code into a cell."""
        self.cell(text).locator(".cm-content").click()
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(code)


def test_a_student_in_a_tab(
    site: Path, serving: Serving, browser: Browser, tmp_path: Path, capsys: Any
):
    told: list[str] = []
    with serving(site) as address:
        context = browser.new_context(accept_downloads=True)
        outside: list[str] = []
        ours = (address, "data:", "blob:")
        context.on(
            "request", lambda one: outside.append(one.url) if not one.url.startswith(ours) else None
        )
        loaded: dict[str, int] = {}
        context.on("response", lambda one: loaded.update({one.url: length(one)}))
        tab = Tab(context.new_page())
        began = time.monotonic()
        tab.page.goto(f"{address}/")
        tab.page.get_by_role("link", name="The multiclass SVM").click()
        first_check(tab)
        told.append(f"{time.monotonic() - began:6.1f} s  from the front page to the first check")
        told.append(
            f"{sum(loaded.values()) / 1e6:6.1f} MB loaded until then, of {weight(site):.1f} MB"
        )

        assert not [one for one in loaded if "/matplotlib-" in one or "/scipy-" in one]

        assert "doodles, 16x16x3 images" in tab.run("images = load_images(")
        tab.run("figures.examples(images.Xtr")
        expect(tab.cell("figures.examples(images.Xtr").get_by_role("img").first).to_be_visible()
        a_widget_is_moved(tab)
        a_wrong_answer_and_a_right_one(tab)
        what_needs_torch_says_so(tab)
        a_name_is_completed(tab)
        tab.write("values = [(", "print(__import__('scipy.special').special.logsumexp([0, 0]))")
        assert "0.69" in tab.run("print(__import__(")  # fetched only now

        handed_in = downloaded(tab, tmp_path)

        began = time.monotonic()
        tab.page.reload()
        expect(tab.cell("def svm_loss(x, y)")).to_contain_text("margins > 0")  # it was kept
        first_check(tab)
        told.append(f"{time.monotonic() - began:6.1f} s  the same on a warm cache, after a reload")
        context.close()
    with capsys.disabled():
        print("", *told, sep="\n")
    assert outside == []
    given = points_of(handed_in)
    assert (given["L_i_vectorized"], given["svm_loss"]) == (5, 7)


def length(response: Response) -> int:
    """The bytes of a file that the server was asked for."""
    return int(response.headers.get("content-length", 0))


def weight(folder: Path) -> float:
    """The megabytes of a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def first_check(tab: Tab) -> None:
    tab.run("from autograder import check")
    tab.write("def L_i_vectorized", FIRST)
    tab.run("def L_i_vectorized")
    assert "passed" in tab.run('check("L_i_vectorized")')


def a_widget_is_moved(tab: Tab) -> None:
    tab.run("widgets.hinge_explorer()")
    outputs = tab.cell("widgets.hinge_explorer()").locator(".jp-OutputArea")
    picture, handle = outputs.get_by_role("img").first, outputs.locator(".noUi-handle").first
    told = picture.get_attribute("aria-label") or ""
    assert "cat 3.2" in told
    expect(outputs.get_by_role("slider", name="score of cat")).to_have_count(1)
    handle.focus()
    tab.page.keyboard.press("ArrowRight")
    expect(outputs.get_by_role("img", name="cat 3.3").first).to_be_visible()


def a_wrong_answer_and_a_right_one(tab: Tab) -> None:
    tab.write("def svm_loss(x, y)", WRONG)
    tab.run("def svm_loss(x, y)")
    said = tab.run('check("svm_loss")')
    report = tab.cell('check("svm_loss")').locator(".jp-OutputArea")
    assert "dx" in said
    expect(report.locator("em").first).to_contain_text("true class")  # the hint that it opened
    expect(report.locator("img[alt^='Heat map']")).to_be_visible()
    tab.write("def margin_violations", "def margin_violations(scores, y, delta=1.0):\n    1 / 0")
    tab.run("def margin_violations")
    said = tab.run('check("margin_violations")')
    assert "ZeroDivisionError: division by zero in margin_violations, line 2: 1 / 0" in said
    tab.write("def svm_loss(x, y)", RIGHT)
    tab.run("def svm_loss(x, y)")
    said = tab.run('check("svm_loss")')
    assert "passed" in said
    assert "✗" not in said


def a_name_is_completed(tab: Tab) -> None:
    tab.write(
        "values = [(", "values = [(0, 0)]\nprint(get_ipython().kernel.complete('np.linsp', 8))"
    )
    assert "linspace" in tab.run("values = [(")


def what_needs_torch_says_so(tab: Tab) -> None:
    said = tab.run("import torch")
    assert said.startswith("torch does not run in a browser's tab")
    assert "Traceback" not in said
    tab.write("def svm_loss_torch", "def svm_loss_torch(W, X, y, reg):\n    return torch.sum(W)")
    tab.run("def svm_loss_torch")
    said = tab.run('check("svm_loss_torch")')
    assert said.startswith("svm_loss_torch: this exercise needs torch")
    assert "Traceback" not in said


def downloaded(tab: Tab, folder: Path) -> Path:
    """The notebook, as the button above it gives it."""
    with tab.page.expect_download() as waiting:
        tab.page.get_by_role("button", name="Download to hand in").click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def points_of(notebook: Path) -> dict[str, float]:
    """What the grader gives for a notebook, behind the wall and with the reference."""
    command = ["chainrule", "check", str(notebook), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr  # less than full marks
    exercises = json.loads(done.stdout)["exercises"]
    return {one["name"]: one["score"] for one in exercises}


def test_pyodide_from_an_address(serving: Serving, browser: Browser, tmp_path: Path):
    """Where Pyodide is not bundled, pages load it from the address that the site was built with."""
    with serving(complete_distribution(tmp_path / "pyodide")) as elsewhere:
        said = made(tmp_path / "site", elsewhere)
        assert said["outside"] == elsewhere
        assert not list((tmp_path / "site").rglob("*.wasm"))
        with serving(tmp_path / "site") as address:
            context = browser.new_context()
            asked: set[str] = set()
            context.on("request", lambda one: asked.add("/".join(one.url.split("/")[:3])))
            tab = Tab(context.new_page())
            tab.page.goto(f"{address}/notebooks/index.html?path=svm/svm.ipynb")
            first_check(tab)
            context.close()
    assert {one for one in asked if one.startswith("http")} == {address, elsewhere}


def complete_distribution(folder: Path) -> Path:
    """A distribution whose lock file names what is there, and nothing else."""
    folder.mkdir()
    lock = json.loads((distribution() / LOCK).read_text())
    there = {path.name for path in distribution().iterdir()}
    for name in there:
        (folder / name).symlink_to(distribution() / name)
    (folder / LOCK).unlink()
    shipped = {name: one for name, one in lock["packages"].items() if one["file_name"] in there}
    (folder / LOCK).write_text(json.dumps({**lock, "packages": shipped}))
    return folder
