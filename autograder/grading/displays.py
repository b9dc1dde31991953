"""What is kept of a student's displays: text and pictures in known formats, of bearable size, and no metadata.

nbconvert writes some metadata (a picture's width) and some formats (mermaid, widgets) into the page as they are, so they
are dropped here, whatever the page's own cleaning does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

KEPT = ("text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/jpeg", "image/svg+xml")
RICH_TEXT = 200_000
PICTURES = ("image/png", "image/jpeg")
_BASE64 = re.compile(r"^[A-Za-z0-9+/=\s]*$")
# MathJax turns \href{javascript:...} into a link, and its macros can spell any word: the commands themselves must go.
_TEX = re.compile(r"\\(href|class|cssId|style|require|data)(?![A-Za-z])")
TOO_LONG = "(this output was too long to show)"


def displays(outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The outputs of one of the student's cells, as they may be shown."""
    return [_display(output) if "data" in output else output for output in outputs]


def defused(text: str) -> str:
    """Text in which MathJax finds no command that makes links or touches the page."""
    return _TEX.sub(lambda found: "\\\u200b" + found[1], text)


def _display(output: dict[str, Any]) -> dict[str, Any]:
    data = {kind: kept for kind in KEPT if (kept := _kept(kind, output["data"].get(kind))) is not None}
    if not data:
        data = {"text/plain": "(an output in a format that is not shown)"}
    metadata = output.get("metadata")
    size = metadata if isinstance(metadata, Mapping) else {}
    sizes = {kind: _sizes(size.get(kind)) for kind in PICTURES if kind in data}
    return {**output, "data": data, "metadata": {kind: found for kind, found in sizes.items() if found}}


def _kept(kind: str, value: Any) -> str | None:
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)
    if not isinstance(value, str):
        return None
    if kind in PICTURES:
        return value if _BASE64.match(value) else None
    if kind in ("text/html", "text/markdown", "text/latex") and len(value) > RICH_TEXT:
        return TOO_LONG
    return defused(value) if kind == "text/latex" else value


def _sizes(found: Any) -> dict[str, int]:
    if not isinstance(found, Mapping):
        return {}
    return {
        side: value
        for side in ("width", "height")
        if isinstance(value := found.get(side), int) and not isinstance(value, bool) and 0 < value < 10_000
    }
