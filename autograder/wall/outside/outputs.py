"""Outside: cell outputs that an enemy may have written become plain nbformat 4 outputs that a page
may show.

Kept are text and pictures in known formats, of bearable size. nbconvert writes some metadata (a
picture's width) and some formats (mermaid, widgets) into the page as they are, so they are dropped
here, whatever the page's own cleaning does."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from ..wire.limits import in_bytes

Output = dict[str, Any]

RICH = ("text/html", "text/markdown", "text/latex")
TEXT = ("text/plain", *RICH, "image/svg+xml")
IMAGES = ("image/png", "image/jpeg")
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
RICH_CAP = 200_000
TOO_LONG = "(this output was too long to show)"
# MathJax turns \href{javascript:...} and \mmlToken{mi}[href=...] into links, fetches what \bbox
# names, and its macros can spell any word: the commands themselves must go.
TEX = re.compile(r"\\(href|class|cssId|style|require|data|mmlToken|bbox)(?![A-Za-z])")
ENTITY = re.compile(r"&(?=#|[A-Za-z])")
READINGS = 4
"""How often entities may be read between here and MathJax."""
LINE_CAP = 20_000
LINES = 5_000
STREAM_CAP = 1 << 20
LINE_BYTES = 12
"""What a line takes beside its text: quotes, comma, newline, indentation."""
OWN_LINES = 8
"""Lines that an output has whatever it shows: braces, its kind, its metadata."""
MOST_DISPLAYS = 1000


@dataclass
class Shown:
    """What a run of a notebook has shown so far: the bytes that are left to it, and the displays
    that have a handle.
    """

    left: int
    displays: dict[str, list[Output]] = field(default_factory=dict)


class Collected:
    """The outputs of one cell as they arrive: streams joined, displays updated and cleared, size
    capped.

    What is kept costs its bytes in the notebook's file, as often as it is written there: from the
    ``cap`` of the cell, and from what is left to all cells together.
    """

    def __init__(self, cap: int, shown: Shown) -> None:
        self._cap = cap
        self._left = cap
        self._shown = shown
        self._outputs: list[Output] = []
        self._cut = False
        self._clear_to: int | None = None

    def add(self, raw: Any, display_id: Any = None) -> None:
        """Take one output, if it is one; what does not fit the cap is dropped with a note."""
        output = valid(raw)
        if output is None or self._cut:
            return
        if self._clear_to is not None:
            del self._outputs[self._clear_to :]
            self._clear_to = None
        last = self._outputs[-1] if self._outputs else None
        if last and output["output_type"] == "stream" and last.get("name") == output["name"]:
            if self._affords(_written(output["text"])):
                last["text"] += output["text"]
            return
        if not self._affords(_size(output)):
            return
        self._outputs.append(output)
        displays = self._shown.displays
        if isinstance(display_id, str) and len(displays) < MOST_DISPLAYS:
            displays.setdefault(display_id[:200], []).append(output)

    def update(self, raw: Any, display_id: Any) -> None:
        """Replace what a display handle showed, in whichever cell, as often as it was shown."""
        output = valid(raw)
        if output is None or "data" not in output or not isinstance(display_id, str) or self._cut:
            return
        places = self._shown.displays.get(display_id[:200], [])
        if places and self._affords(_size(output) * len(places)):
            for shown in places:
                shown["data"], shown["metadata"] = output["data"], output["metadata"]

    def _affords(self, size: int) -> bool:
        """Pay for what is kept; from the first thing that cannot be paid on, nothing is taken."""
        if size <= min(self._left, self._shown.left):
            self._left -= size
            self._shown.left -= size
            return True
        self._cut = True
        whose = f"a cell may put out {in_bytes(self._cap)}"
        if size <= self._left:
            whose = "the cells of a notebook have put out all that they may together"
        note = f"\n[the rest is cut: {whose}]\n"
        self._outputs.append({"output_type": "stream", "name": "stdout", "text": note})
        return False

    def clear(self, wait: bool, keep: Any) -> None:
        """``clear_output``: everything after the first ``keep`` outputs goes, now or with the next
        one.
        """
        first = keep if type(keep) is int and 0 <= keep <= len(self._outputs) else 0
        if wait:
            self._clear_to = first
        else:
            del self._outputs[first:]
            self._clear_to = None

    def finished(self) -> list[Output]:
        """The outputs as a notebook keeps them."""
        for output in self._outputs:
            if output["output_type"] == "stream":
                output["text"] = _tidy(output["text"])
        return self._outputs


def valid(raw: Any) -> Output | None:
    """A fresh nbformat 4 output with known keys and strings only; None for anything else."""
    if not isinstance(raw, dict):
        return None
    kind = raw.get("output_type")
    if kind == "stream":
        if raw.get("name") not in ("stdout", "stderr") or not isinstance(raw.get("text"), str):
            return None
        return {"output_type": "stream", "name": raw["name"], "text": _text(raw["text"])}
    if kind == "error":
        lines = raw.get("traceback")
        if not isinstance(lines, list):
            return None
        return {
            "output_type": "error",
            "ename": _text(raw.get("ename"))[:200],
            "evalue": _text(raw.get("evalue"))[:10_000],
            "traceback": [_text(line)[:LINE_CAP] for line in lines[:500] if isinstance(line, str)],
        }
    if kind in ("display_data", "execute_result"):
        data = _data(raw.get("data"))
        if not data:
            return None
        output = {"output_type": kind, "data": data, "metadata": _metadata(raw.get("metadata"))}
        if kind == "execute_result":
            count = raw.get("execution_count")
            output["execution_count"] = (
                count if type(count) is int and 0 <= count < 1 << 31 else None
            )
        return output
    return None


def defused(text: str) -> str:
    """Text in which MathJax finds no command that makes links or touches the page, entities read or
    not.
    """
    text = TEX.sub(_broken, text)
    read = text
    for _ in range(READINGS if "&" in text else 0):
        read = unescape(read)
        if TEX.search(read):
            return ENTITY.sub("&\u200b", text)
    return text


def _broken(command: re.Match[str]) -> str:
    return "\\\u200b" + command[1]


def stopped(sentence: str) -> Output:
    """The error output that says why a cell was stopped."""
    return {
        "output_type": "error",
        "ename": "Stopped",
        "evalue": sentence,
        "traceback": [f"Stopped: {sentence}"],
    }


def _data(raw: Any) -> dict[str, Any]:
    data: dict[str, Any] = {}
    if not isinstance(raw, dict):
        return data
    for kind in TEXT:
        if isinstance(raw.get(kind), str):
            data[kind] = _shown(kind, _text(raw[kind]))
    for kind in IMAGES:
        if isinstance(raw.get(kind), str):
            packed = "".join(raw[kind].split())
            if packed and len(packed) % 4 == 0 and BASE64.fullmatch(packed):
                data[kind] = packed
    return data


def _shown(kind: str, text: str) -> str:
    if kind in RICH and len(text) > RICH_CAP:
        return TOO_LONG
    return defused(text) if kind == "text/latex" else text


def _metadata(raw: Any) -> dict[str, Any]:
    """Sizes of images; nothing else means anything to us."""
    kept: dict[str, Any] = {}
    if not isinstance(raw, dict):
        return kept
    for kind in IMAGES:
        one = raw.get(kind)
        if isinstance(one, dict):
            sizes = {
                side: one[side]
                for side in ("width", "height")
                if type(one.get(side)) is int and 0 < one[side] < 10_000
            }
            if sizes:
                kept[kind] = sizes
    return kept


def _text(value: Any) -> str:
    """Text that every file can hold: no half characters."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _tidy(text: str) -> str:
    """Progress bars show their last state; endless lines and endless numbers of lines are cut with
    a note.
    """
    lines = [
        line if "\r" not in line else line.rstrip("\r").rpartition("\r")[2]
        for line in text.split("\n")
    ]
    lines = [
        line if len(line) <= LINE_CAP else line[:LINE_CAP] + f" [… {len(line):,} characters]"
        for line in lines
    ]
    if len(lines) > LINES:
        lines = [
            *lines[: LINES - 500],
            f"[… {len(lines) - LINES:,} lines are cut …]",
            *lines[-500:],
        ]
    return "\n".join(lines)


def _size(output: Output) -> int:
    """Bytes of an output in the notebook's file, where every line of shown text stands on a line of
    its own.
    """
    lines = len(output.get("traceback", ())) + OWN_LINES
    lines += sum(len(text.splitlines()) for text in output.get("data", {}).values())
    return _written(output) + LINE_BYTES * lines


def _written(value: Any) -> int:
    return len(json.dumps(value, ensure_ascii=False).encode())
