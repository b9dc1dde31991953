"""Text in a CSV file that somebody will open in a spreadsheet."""

from __future__ import annotations

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def inert(text: str) -> str:
    """The text with a leading apostrophe where a spreadsheet would take it for a formula and compute it."""
    return f"'{text}" if text.startswith(_FORMULA) else text
