"""The course's own prose, for its character models to read: coursekit/shipped/prose.txt.

    python -m docs.prose        (writes the file; `make release` does too)

The sentences of the five notebooks in their order: no code, no tables, no formulas, no lines that only
name a source. A sentence that cannot be told without its formula is left out.
"""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

from autograder.authoring.build import assignments_in_source
from autograder.authoring.text import read_text

ROOT = Path(__file__).resolve().parents[1]
PROSE = ROOT / "coursekit" / "shipped" / "prose.txt"
WIDTH = 80
_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "–": "-",
        "−": "-",
        "×": "x",
        "\N{NO-BREAK SPACE}": " ",
    }
)
_APART = (r"```.*?```", r"\$\$.*?\$\$", r"<!--.*?-->", r"^\|.*?$", r"^\*Sources?: .*?$", r"^#+ ")
"""Blocks of code, displayed formulas, comments, tables, sources, the signs of a heading."""
_SENTENCE = re.compile(r"(?<=[.!?:])\s+(?=[A-Z\"(`])")


def prose() -> str:
    """The whole text, ASCII, in lines of 80 columns; paragraphs are apart by an empty line."""
    paragraphs: list[str] = []
    for name in _in_order():
        for cell in read_text(ROOT / "source" / name / f"{name}.md", f"{name}.md").cells:
            if cell.kind == "markdown":
                paragraphs += _paragraphs(cell.source)
    return "\n\n".join(paragraphs) + "\n"


def _in_order() -> list[str]:
    sources = {
        name: (ROOT / "source" / name / f"{name}.md").read_text()
        for name in assignments_in_source(ROOT)
    }
    return sorted(sources, key=lambda name: int(re.findall(r"order: (\d+)", sources[name])[0]))


def _paragraphs(markdown: str) -> list[str]:
    for pattern in _APART:
        markdown = re.sub(pattern, "", markdown, flags=re.S | re.M)
    found = []
    for block in re.split(r"\n\s*\n|\n(?=[-*\d][.\s])|\n>\s*\n", markdown):
        words = re.sub(r"^\s*(?:>|[-*]|\d+\.)\s+", "", block, flags=re.M)
        words = re.sub(r"\[([^\]]*)\]\([^)]*\)|\*\*?", r"\1", words)
        words = re.sub(r"\$([^$\\{}]*)\$", r"\1", words).translate(_PLAIN)
        kept = [one for one in _SENTENCE.split(" ".join(words.split())) if _readable(one)]
        if kept:
            found.append(textwrap.fill(" ".join(kept), WIDTH))
    return found


def _readable(sentence: str) -> bool:
    return sentence.isascii() and not re.search(r"[$\\{}<>|]", sentence) and len(sentence) > 1


if __name__ == "__main__":
    PROSE.write_text(prose())
