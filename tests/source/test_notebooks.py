"""The notebooks run top to bottom: solved, every cell works; unsolved, every demonstration waits
politely.
"""

import re
from typing import Any

import pytest
from lectures import LECTURES, Lecture, demos, executed, html, outputs, printed, shown

CONTENT = {"image/png", "image/svg+xml", "image/jpeg"}
VIEW = "application/vnd.jupyter.widget-view+json"
COSTS = r"frequencies alone: ([\d.]+) .*\n.* at most ([\d.]+) .*\nyours: ([\d.]+) on"


@pytest.fixture(params=LECTURES)
def lecture(request) -> Lecture:
    return LECTURES[request.param]


@pytest.fixture
def solved(lecture, tmp_path_factory) -> Any:
    return executed(tmp_path_factory, lecture.name)


def test_the_solved_notebook_runs_without_an_error(solved):
    failed = {
        cell.id: cell.outputs
        for cell in solved.cells
        if cell.cell_type == "code" and outputs(cell, "error")
    }
    assert failed == {}


def test_nothing_is_said_on_stderr(solved):
    told = [
        output.text
        for cell in solved.cells
        for output in outputs(cell, "stream")
        if output.name == "stderr"
    ]
    assert told == []


def test_no_check_finds_anything_wrong(solved, lecture):
    checked = [
        cell
        for cell in solved.cells
        if cell.cell_type == "code" and cell.source.startswith("check(")
    ]
    assert len(checked) == len(lecture.exercises)
    for cell in checked:
        plain = "".join(data.get("text/plain", "") for data in shown(cell))
        assert "✓" in plain, cell.id
        assert "✗" not in plain, plain


def test_every_demonstration_shows_something_and_none_waits(solved):
    for cell in demos(solved):
        assert cell.outputs, cell.id
        assert "waits for" not in html(cell), cell.id


def test_every_figure_has_a_text_that_describes_it(solved, lecture):
    drawn = set()
    for cell in solved.cells:
        for data in shown(cell):
            assert not CONTENT & set(data), (
                f"{cell.id}: an image outside of an <img> has no alternative text"
            )
        for tag in re.findall(r"<img\b[^>]{0,2000}", html(cell)):
            alt = re.search(r'alt="([^"]*)"', tag)
            assert alt is not None, cell.id
            assert len(alt.group(1).split()) >= 8, cell.id
            assert not re.search(r"\bnan to nan\b|\bnothing to nothing\b", alt.group(1)), cell.id
            drawn.add(cell.id)
    assert len([cell for cell in demos(solved) if cell.id not in drawn]) == lecture.tables


def test_executed_headless_the_widgets_are_still_pictures(solved, lecture):
    with_widgets = [cell for cell in demos(solved) if "widgets." in cell.source]
    assert len(with_widgets) == lecture.widgets
    for cell in with_widgets:
        assert "<img" in html(cell)
        assert not any(VIEW in data for data in shown(cell))


def test_it_says_which_data_it_uses_and_reaches_the_threshold(solved, lecture):
    told = printed(solved)
    if lecture.cost:
        assert re.search(r"Text: .+, unigram entropy [\d.]+ nats\.", told)
        frequencies, at_most, yours = (float(one) for one in re.findall(COSTS, told)[0])
        assert yours <= at_most == min(2.4, frequencies)
        return
    assert re.search(r"Data: doodles, (16x16|32x32)x3 images, 10 classes, 10,000", told)
    promised = re.search(r"should pass (\d+)% .*\nyours: ([\d.]+)%", told)
    assert promised is not None
    assert float(promised.group(2)) >= float(promised.group(1)) == lecture.accuracy


def test_an_empty_notebook_waits_politely(lecture, tmp_path_factory):
    notebook = executed(tmp_path_factory, lecture.name, stubs=True)
    waiting = 0
    for cell in notebook.cells:
        assert not outputs(cell, "error"), cell.id
        if cell in demos(notebook):
            waiting += "This demonstration waits for" in html(cell)
    assert (
        waiting
        == sum("once_written()" in cell.source for cell in demos(notebook))
        >= len(lecture.exercises)
    )
