"""Text in a CSV file that somebody will open in a spreadsheet."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"((?:^|[;|\t\r\n])\s*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")
"""Where a formula begins: at the start of the text or of a line, and after what some spreadsheets
split cells at, whatever white space comes first. The signs have full-width forms, which some read
as the plain ones.
"""
_CONTROL = ("\t", "\r", "\n")


def inert(text: str) -> str:
    """The text with an apostrophe where a spreadsheet would take it for a formula and compute
    it.
    """
    marked = _FORMULA.sub(r"\1'", text)
    return f"'{marked}" if marked.startswith(_CONTROL) else marked
