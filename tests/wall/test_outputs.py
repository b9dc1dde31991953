"""Outputs from beyond the wall: validated as if an enemy wrote them, and harmless once sanitised."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from autograder.wall.outputs import Collected, sanitise, valid

from .test_values import JSON


def displayed(**data: object) -> dict:
    return {"output_type": "display_data", "data": data, "metadata": {}}


def html(markup: str) -> str:
    return sanitise([displayed(**{"text/html": markup})])[0]["data"]["text/html"]


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
        valid({"output_type": output_type, "name": "stdout", "text": data, "data": data, "metadata": metadata})
        valid({"output_type": output_type, "ename": kind, "evalue": data, "traceback": metadata})


def test_only_known_keys_survive() -> None:
    raw = {
        "output_type": "execute_result",
        "execution_count": 7,
        "data": {"text/plain": "1\ud800", "text/x-score": "9"},
        "metadata": {"nbgrader": {"points": 9}, "image/png": {"width": 5, "onload": "x"}, "needs_background": "light"},
        "score": 9,
    }
    assert valid(raw) == {
        "output_type": "execute_result",
        "execution_count": 7,
        "data": {"text/plain": "1?"},
        "metadata": {"needs_background": "light", "image/png": {"width": 5}},
    }


def test_what_is_beyond_the_cap_is_cut_with_a_note() -> None:
    collected = Collected(1000, {})
    for _ in range(10):
        collected.add({"output_type": "stream", "name": "stdout", "text": "x" * 300})
    outputs = collected.finished()
    assert len(outputs) == 2
    assert len(outputs[0]["text"]) == 900
    assert "the rest is cut" in outputs[1]["text"]


@pytest.mark.parametrize(
    "markup",
    [
        "<script>alert(1)</script>",
        "<SCRIPT SRC=//evil>",
        "<img src=x onerror=alert(1)>",
        "<img src='/hub/logout'>",
        "<img src='//evil/pixel.png'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
        "<style>body{background:url(//evil)}</style>",
        "<form action='/api'><input name=a></form>",
        "<b style='background:url(//evil)' onclick='alert(1)'>b</b>",
        "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
        "<meta http-equiv=refresh content='0;url=//evil'><base href=//evil><link rel=stylesheet href=//evil>",
        "<<script>script>alert(1)<</script>/script>",
        "$\\href{javascript:alert(1)}{x}$ $\\ href{javascript:alert(1)}{x}$",
    ],
)
def test_html_runs_and_fetches_nothing(markup: str) -> None:
    clean = html(markup).lower()
    for word in (
        "<script",
        "<img src=",
        "onerror=",
        "onload=",
        "onclick=",
        "href=",
        "<iframe",
        "<svg",
        "<style",
        "url(",
    ):
        assert word not in clean.replace("&lt;", ""), clean
    for word in ("<form", "<meta", "<base", "<link", "\\href", "\\ href", "style="):
        assert word not in clean, clean


def test_tables_and_embedded_pictures_stay() -> None:
    table = '<table class="dataframe"><tr><th colspan="2">a</th></tr><tr><td>1</td></tr></table>'
    assert "<td>1</td>" in html(table)
    assert 'colspan="2"' in html(table)
    assert "data:image/png;base64,AAAA" in html('<img src="data:image/png;base64,AAAA" alt="x">')
    assert "data:text" not in html('<img src="data:text/html,x">')


def test_other_kinds_are_defused() -> None:
    (output,) = sanitise([displayed(**{"text/markdown": "[x](javascript:alert(1)) <script>"})])
    assert output["data"] == {"text/html": "<pre>[x](javascript:alert(1)) &lt;script&gt;</pre>"}
    (output,) = sanitise([displayed(**{"image/svg+xml": "<svg onload=alert(1)>"})])
    assert "image/svg+xml" not in output["data"]
    (output,) = sanitise([displayed(**{"text/latex": "$\\href{javascript:alert(1)}{<b>}$"})])
    assert "\\href" not in output["data"]["text/latex"]
    assert "<b>" not in output["data"]["text/latex"]


def test_html_made_to_keep_a_parser_busy_is_not_parsed() -> None:
    assert "too deeply nested" in html("<div>" * 20_000)
    assert "too large" in html("<br>" * 100_000)
