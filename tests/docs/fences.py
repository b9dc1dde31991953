"""What documents tell people to type: their fenced blocks in order, with the marks above them.

A mark is an HTML comment on a line of its own, right before a block, that no reader sees:

    not run: REASON    what a bare machine cannot do, and why
    file: PATH         the block is what a file holds: it is written there
    append: PATH       the block is added to the end of that file
    until: WORDS       it stays until somebody ends it: here, as soon as it has said these words
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt

TYPED = ("sh", "python")
"""The languages of what is run as it stands."""
DATA = ("python", "toml", "yaml", "json", "csv", "md")
"""The languages of what is written into a file."""
SHOWN = ("text",)
"""The language of what nobody types: output, drawings, lists of files."""
MARKS = ("not run", "file", "append", "until")

_MARK = re.compile(rf"<!-- ({'|'.join(MARKS)}): (.+?) -->")


@dataclass(frozen=True)
class Fence:
    """One fenced block. ``marks``: what the comments above it say, by their first words."""

    document: str
    line: int
    language: str
    text: str
    marks: Mapping[str, str] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where it stands, for messages."""
        return f"{self.document}:{self.line}"


def fences(path: Path, document: str) -> Iterator[Fence]:
    """The blocks of a document in order; indented ones have no language."""
    marks: dict[str, str] = {}
    for token in MarkdownIt().parse(path.read_text(encoding="utf-8")):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            marks |= {name: said for name, said in _MARK.findall(token.content)}
        elif token.type in ("fence", "code_block"):
            language = token.info.strip().partition(" ")[0]
            yield Fence(document, line, language, token.content, marks)
            marks = {}
        elif token.type == "inline":
            marks = {}


def commands_in_words(path: Path) -> Iterator[tuple[int, str]]:
    """The code within a document's sentences and tables, each with its line."""
    for token in MarkdownIt().enable("table").parse(path.read_text(encoding="utf-8")):
        for child in token.children or ():
            if child.type == "code_inline":
                yield (token.map[0] + 1 if token.map else 0), child.content
