"""Outputs from beyond the wall: validated as if an enemy wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable
from html import escape, unescape

import pytest
from hypothesis import given, settings

from autograder.gradebook.html import clean
from autograder.grading.nbtext import text_of_notebook
from autograder.wall.outside.outputs import TEX, TOO_LONG, Collected, Shown, defused, valid

from .test_values import JSON


def displayed(**data: object) -> dict:
    return {"output_type": "display_data", "data": data, "metadata": {}}


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        {},
        {"output_type": "stream", "name": "score", "text": "1"},
        {"output_type": "stream", "name": "stdout", "text": ["1"]},
        {"output_type": "error", "ename": "a", "evalue": "b", "traceback": "c"},
        displayed(**{"application/javascript": "alert(1)"}),
        displayed(**{"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}),
        displayed(**{"text/html": ["<b>"]}),
        displayed(**{"image/png": '"><script>alert(1)</script>'}),
        displayed(**{"image/png": "abc"}),
        displayed(**{"application/json": {"x": 1}}),
        displayed(**{"text/vnd.mermaid": "<script>"}),
        {"output_type": "display_data", "data": "text"},
        {"output_type": "update_display_data", "data": {"text/plain": "1"}},
    ],
)
def test_what_is_no_output_is_dropped(raw: object) -> None:
    assert valid(raw) is None


@given(JSON, JSON, JSON)
@settings(max_examples=100, deadline=None)
def test_outputs_of_anything(kind: object, data: object, metadata: object) -> None:
    for output_type in (kind, "stream", "error", "display_data", "execute_result"):
        valid(
            {
                "output_type": output_type,
                "name": "stdout",
                "text": data,
                "data": data,
                "metadata": metadata,
            }
        )
        valid({"output_type": output_type, "ename": kind, "evalue": data, "traceback": metadata})


def test_only_known_keys_survive() -> None:
    raw = {
        "output_type": "execute_result",
        "execution_count": 7,
        "data": {"text/plain": "1\ud800", "text/x-score": "9"},
        "metadata": {
            "nbgrader": {"points": 9},
            "image/png": {"width": 5, "onload": "x"},
            "needs_background": "light",
        },
        "score": 9,
    }
    assert valid(raw) == {
        "output_type": "execute_result",
        "execution_count": 7,
        "data": {"text/plain": "1?"},
        "metadata": {"image/png": {"width": 5}},
    }


CAP = 20_000


def printed(text: str, name: str = "stdout") -> dict:
    return {"output_type": "stream", "name": name, "text": text}


def test_what_is_beyond_the_cap_is_cut_with_a_note() -> None:
    collected = Collected(1200, Shown(CAP))
    for _ in range(10):
        collected.add(printed("x" * 300))
    outputs = collected.finished()
    assert len(outputs) == 2
    assert len(outputs[0]["text"]) == 900
    assert "the rest is cut" in outputs[1]["text"]


def _one_handle(cell: Collected) -> None:
    for _ in range(100):
        cell.add(displayed(**{"text/plain": "x"}), "same")
    cell.update(displayed(**{"text/plain": "y" * (CAP // 2)}), "same")


def _two_streams_in_turn(cell: Collected) -> None:
    for number in range(CAP):
        cell.add(printed("x", ("stdout", "stderr")[number % 2]))


def _empty_lines(cell: Collected) -> None:
    for _ in range(10):
        cell.add(displayed(**{"text/plain": "\n" * (CAP // 100)}))


def _wide_characters(cell: Collected) -> None:
    for _ in range(10):
        cell.add(printed("\U0001f4a5" * (CAP // 10)))


def _escaped_characters(cell: Collected) -> None:
    for _ in range(10):
        cell.add(displayed(**{"text/plain": "\x01" * (CAP // 50)}))


FLOODS = (_one_handle, _two_streams_in_turn, _empty_lines, _wide_characters, _escaped_characters)


@pytest.mark.parametrize("flood", FLOODS)
def test_what_a_cell_keeps_is_bounded_as_it_is_written(flood: Callable[[Collected], None]) -> None:
    cell = Collected(CAP, Shown(10 * CAP))
    flood(cell)
    assert "the rest is cut: a cell" in str(cell.finished())
    assert _written(cell) <= 1.1 * CAP


@pytest.mark.parametrize("flood", FLOODS)
def test_what_all_cells_keep_is_bounded(flood: Callable[[Collected], None]) -> None:
    shown = Shown(CAP)
    cells = [Collected(CAP, shown) for _ in range(20)]
    for cell in cells:
        flood(cell)
    assert "may together" in str(cells[-1].finished())
    assert sum(map(_written, cells)) <= 1.1 * CAP + 20 * 300


def test_an_update_in_a_later_cell_costs_that_cell() -> None:
    shown = Shown(10 * CAP)
    first, second = Collected(CAP, shown), Collected(CAP, shown)
    for _ in range(20):
        first.add(displayed(**{"text/plain": "x"}), "same")
    second.update(displayed(**{"text/plain": "Z" * (CAP // 2)}), "same")
    assert "Z" not in str(first.finished())
    assert "the rest is cut" in str(second.finished())


def _written(cell: Collected) -> int:
    """Bytes of the outputs as they stand in the notebook's file."""
    made = {"cells": [{"cell_type": "code", "source": "", "outputs": cell.finished()}]}
    return len(text_of_notebook(json.loads(json.dumps(made))).encode())


def test_a_known_format_is_kept_beside_others() -> None:
    shown = valid(displayed(**{"text/plain": "x", "application/javascript": "alert(1)"}))
    assert shown is not None
    assert shown["data"] == {"text/plain": "x"}


def test_sizes_of_pictures_are_numbers() -> None:
    bad = {
        "image/png": {"width": "1 onload=alert(1)", "height": 20, "alt": "x"},
        "text/html": {"isolated": True},
    }
    shown = valid(displayed(**{"image/png": "aGk="}) | {"metadata": bad})
    assert shown is not None
    assert shown["metadata"] == {"image/png": {"height": 20}}


def test_rich_text_has_a_bearable_length() -> None:
    shown = valid(displayed(**{"text/html": "<b>" * 100_000}))
    assert shown is not None
    assert shown["data"] == {"text/html": TOO_LONG}


SPELLED = (
    r"\hr&#101;f{javascript:alert(1)}{x}",
    r"\hr&#101f{javascript:alert(1)}{x}",
    r"&#92;href{javascript:alert(1)}{x}",
    r"&bsol;href{javascript:alert(1)}{x}",
    r"\&#104;ref{javascript:alert(1)}{x}",
    r"&amp;#92;href{javascript:alert(1)}{x}",
    r"&amp;amp;bsol;href{javascript:alert(1)}{x}",
    r"\mmlToken{mi}[href='javascript:alert(1)']{x}",
    r"\bbox[background:url(http://example.org)]{x}",
)


@pytest.mark.parametrize("tex", SPELLED)
def test_tex_acts_in_no_spelling(tex: str) -> None:
    """However often somebody on the way to MathJax reads entities."""
    shown = valid(displayed(**{"text/latex": f"${tex}$"}))
    assert shown is not None
    for text in (shown["data"]["text/latex"], clean(tex), clean(escape(tex))):
        for _ in range(5):
            assert TEX.search(text) is None
            text = unescape(text)


def test_entities_beside_no_command_stay() -> None:
    assert defused("$a &lt; b$ and R&amp;D") == "$a &lt; b$ and R&amp;D"


def test_tex_makes_no_links() -> None:
    assert "\\href" not in defused(r"$\href{javascript:alert(1)}{x}$ \let\a\href")
    assert defused(r"$\hat{x} \styled \alpha$") == r"$\hat{x} \styled \alpha$"
    shown = valid(displayed(**{"text/latex": r"$\href{javascript:alert(1)}{x}$"}))
    assert shown is not None
    assert "\\href" not in shown["data"]["text/latex"]
