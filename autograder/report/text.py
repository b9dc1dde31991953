"""A verdict as plain text."""

from __future__ import annotations

from textwrap import fill

from ..language.verdict import Verdict
from .words import headline, points_of, replay, sign


def to_text(verdict: Verdict, width: int = 100) -> str:
    """One line for each check, with what is wrong below it; ends with the line that replays the
    same inputs.
    """
    lines = [headline(verdict)]
    for finding in verdict.findings:
        lines.append(f"  {sign(finding)} {finding.check} ({points_of(verdict, finding)})")
        if finding.passed is False:
            lines += [_indented(finding.message, width)]
            if finding.hint:
                lines += [_indented("→ " + finding.hint, width)]
            if finding.evidence and finding.evidence.example:
                lines += [_indented(finding.evidence.example, width)]
        elif finding.passed is None:
            lines[-1] += f": {finding.message}"
    if verdict.note:
        lines.append("  " + verdict.note)
    if again := replay(verdict):
        lines.append(f"  same inputs again: {again}")
    return "\n".join(lines)


PLAIN = str.maketrans(
    {"✓": "+", "✗": "x", "…": "...", "→": "->", "−": "-", "±": "+-", "·": "*", "×": "x"}
)
"""What stands for a sign where there is only ASCII."""


def in_encoding(text: str, encoding: str) -> str:
    """The text as far as an encoding can write it: with plain signs where it lacks ours, ``?``
    where nothing is like it.
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(PLAIN).encode(encoding, "replace").decode(encoding)
    return text


def _indented(text: str, width: int) -> str:
    return fill(
        text, width, initial_indent="      ", subsequent_indent="      ", replace_whitespace=True
    )
