"""Make the pictures of the documentation: a student's report in a real JupyterLab, light and dark.

    python -m docs.screenshots        (writes docs/images/)

The answer shown is the released notebook's svm_loss_vectorized with one classic mistake: the true
class's term is missing. What the picture says is kept beside it as text, for a test to compare."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree

from playwright.sync_api import Page

from tests.browsers import chromium

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
SAID = IMAGES / "report.txt"
EXERCISE = "svm_loss_vectorized"
SEED = 7
CHECK = f'check("{EXERCISE}", seed={SEED})'
MISTAKEN = """\
def svm_loss_vectorized(W, X, y, reg):
    N = X.shape[0]
    rows = np.arange(N)
    scores = X @ W
    margins = np.maximum(0, scores - scores[rows, y][:, None] + 1.0)
    margins[rows, y] = 0
    loss = margins.sum() / N + reg * np.sum(W * W)

    dscores = (margins > 0).astype(float)
    dW = X.T @ dscores / N + 2 * reg * W
    return loss, dW"""


def report() -> str:
    """What the picture says, as a terminal shows it."""
    lines = f"import numpy as np\nfrom autograder import check\n{MISTAKEN}\n{CHECK}\n"
    done = subprocess.run(
        [sys.executable, "-c", lines],
        cwd=ROOT / "assignments" / "svm",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
    )
    return done.stdout


def notebook(folder: Path) -> None:
    """A notebook of three cells in a copy of the released assignment."""
    copytree(ROOT / "assignments" / "svm", folder)
    released = json.loads((folder / "svm.ipynb").read_text())
    code = [cell for cell in released["cells"] if cell["cell_type"] == "code"]
    check = next(
        cell for cell in code if cell["metadata"].get("chainrule", {}).get("check") == EXERCISE
    )
    answer = next(
        cell for cell in code if cell["metadata"].get("chainrule", {}).get("solution") == EXERCISE
    )
    released["cells"] = [code[0], {**answer, "source": MISTAKEN}, {**check, "source": CHECK}]
    (folder / "report.ipynb").write_text(json.dumps(released))


@contextmanager
def jupyterlab(folder: Path, settings: Path) -> Iterator[str]:
    """A JupyterLab on a free port of this machine, with no settings but ours."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    places = {f"JUPYTER_{name}_DIR": str(settings / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--IdentityProvider.token=",
    ]
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    page = settings / "CONFIG" / "labconfig" / "page_config.json"
    page.parent.mkdir(parents=True)
    page.write_text(json.dumps(quiet))
    options += [
        "--ServerApp.disable_check_xsrf=True",
        f"--notebook-dir={folder}",
    ]
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *options],
        env={**os.environ, **places, "HOME": str(settings)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status")
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/lab/tree/report.ipynb"
    finally:
        server.terminate()
        server.wait()


def photograph(page: Page, address: str) -> None:
    """Run all cells and keep the check cell's picture in both themes."""
    page.goto(address)
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=90_000)
    page.wait_for_timeout(3000)
    page.get_by_text("Run", exact=True).first.click()
    page.get_by_text("Run All Cells", exact=True).first.click()
    page.wait_for_selector(".jp-OutputArea-output table", timeout=90_000)
    page.wait_for_timeout(2000)
    cell = page.locator(".jp-CodeCell").nth(2)
    cell.screenshot(path=IMAGES / "report-light.png")
    page.get_by_text("Settings", exact=True).first.click()
    page.get_by_text("Theme", exact=True).first.hover()
    page.get_by_text("JupyterLab Dark", exact=True).first.click()
    page.wait_for_timeout(2000)
    cell.screenshot(path=IMAGES / "report-dark.png")


def main() -> None:
    """Make every picture."""
    IMAGES.mkdir(exist_ok=True)
    SAID.write_text(report(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "svm"
        notebook(folder)
        settings = Path(made) / "settings"
        settings.mkdir()
        with jupyterlab(folder, settings) as address, chromium() as browser:
            photograph(browser.new_page(viewport={"width": 1180, "height": 1250}), address)


if __name__ == "__main__":
    main()
