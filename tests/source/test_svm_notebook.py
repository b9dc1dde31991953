"""The SVM notebook run top to bottom: solved, every cell works; unsolved, every demonstration waits politely."""

import re
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.authoring.build import solved_notebook

ROOT = Path(__file__).parents[2]
CONTENT = {"image/png", "image/svg+xml", "image/jpeg"}


def run(folder: Path, stubs: bool = False) -> Any:
    """Execute the notebook as nbconvert would, in a folder that holds exercises.py."""
    notebook: Any = nbformat.from_dict(solved_notebook(ROOT, "svm"))
    if stubs:
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = re.sub(
                    r"### BEGIN SOLUTION.*?### END SOLUTION", "raise NotImplementedError()", cell.source, flags=re.S
                )
    shutil.copy(ROOT / "source" / "svm" / "exercises.py", folder)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(folder)}}, allow_errors=True).execute()
    return notebook


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.setenv("CHAINRULE_DATA", str(tmp_path_factory.mktemp("no_data")))
        return run(tmp_path_factory.mktemp("solved"))


def outputs(cell: Any, kind: str) -> list[Any]:
    return [output for output in cell.get("outputs", []) if output.output_type == kind]


def is_demo(cell: Any) -> bool:
    return cell.cell_type == "code" and "demo" in cell.metadata.get("tags", [])


def html(cell: Any) -> str:
    """All the HTML a cell shows."""
    shown = [*outputs(cell, "display_data"), *outputs(cell, "execute_result")]
    return "".join(output.data.get("text/html", "") for output in shown)


def test_the_solved_notebook_runs_without_an_error(solved):
    assert {cell.id: cell.outputs for cell in solved.cells if cell.cell_type == "code" and outputs(cell, "error")} == {}


def test_nothing_is_said_on_stderr(solved):
    told = [output.text for cell in solved.cells for output in outputs(cell, "stream") if output.name == "stderr"]
    assert told == []


def test_every_demonstration_shows_something_and_none_waits(solved):
    for cell in filter(is_demo, solved.cells):
        assert cell.outputs, cell.id
        assert "waits for" not in html(cell), cell.id


def test_every_figure_has_a_text_that_describes_it(solved):
    figures = 0
    for cell in solved.cells:
        for output in [*outputs(cell, "display_data"), *outputs(cell, "execute_result")]:
            assert not CONTENT & set(output.data), f"{cell.id}: an image outside of an <img> has no alternative text"
        for tag in re.findall(r"<img\b[^>]{0,2000}", html(cell)):
            alt = re.search(r'alt="([^"]*)"', tag)
            assert alt is not None, cell.id
            assert len(alt.group(1).split()) >= 8, cell.id
            figures += is_demo(cell)
    assert figures >= sum(map(is_demo, solved.cells)) - 1  # one demonstration prints a table


def test_executed_headless_the_widgets_are_still_pictures(solved):
    with_widgets = [cell for cell in solved.cells if is_demo(cell) and "widgets." in cell.source]
    assert len(with_widgets) == 6
    for cell in with_widgets:
        assert "<img" in html(cell)
        for output in cell.outputs:
            assert "application/vnd.jupyter.widget-view+json" not in output.data


def test_it_says_which_data_it_uses_and_reaches_the_threshold(solved):
    printed = "".join(output.text for cell in solved.cells for output in outputs(cell, "stream"))
    assert "Data: digits, 8x8 images" in printed
    promised = re.search(r"should pass (\d+)% .*\nyours: ([\d.]+)%", printed)
    assert promised is not None
    assert float(promised.group(2)) >= float(promised.group(1)) == 90


def test_the_gradient_check_shows_a_right_gradient(solved):
    alt = next(html(cell) for cell in solved.cells if "gradient_agreement" in cell.source and is_demo(cell))
    largest = re.search(r"largest relative error is ([\d.e-]+)\.", alt)
    assert largest is not None
    assert float(largest.group(1)) < 1e-5


def test_an_empty_notebook_waits_politely(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    notebook = run(tmp_path, stubs=True)
    waiting = 0
    for cell in notebook.cells:
        if is_demo(cell):
            assert not outputs(cell, "error"), cell.id
            waiting += "This demonstration waits for" in html(cell)
        elif outputs(cell, "error"):
            assert cell.source.startswith("check("), cell.id
    assert waiting == sum("once_written" in cell.source for cell in filter(is_demo, notebook.cells)) >= 18
