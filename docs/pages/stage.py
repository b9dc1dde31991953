"""The pages of docs/ as Sphinx reads them: with the links that they have on the site, and without
what only who makes a mistake should read.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

BESIDE = ("CONTRIBUTING.md", "CHANGELOG.md")
"""Pages that lie above docs/."""
HINTS = "## Known mistakes: "
"""How the sections of docs/messages.md begin that list hints."""
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s]+)(#[^)]*)?\)")


def write_pages(root: Path, into: Path) -> None:
    """Write all pages and their pictures."""
    for name, text in pages(root):
        (into / name).write_text(text, encoding="utf-8")
    shutil.copytree(root / "docs" / "images", into / "images")


def pages(root: Path) -> Iterator[tuple[str, str]]:
    """Each page's file on the site, and its text there."""
    for path in [*sorted((root / "docs").glob("*.md")), *(root / name for name in BESIDE)]:
        text = path.read_text(encoding="utf-8")
        if path.name == "messages.md":
            text = _without_hints(text).replace("[^", r"\[^")  # no footnote, part of a sentence
        yield path.name.lower(), _with_links(text, path, root)


def _without_hints(text: str) -> str:
    kept, _, _ = text.partition(HINTS)
    return f"{kept.rstrip()}\n\nWhat is said of a known mistake is told to whoever makes it.\n"


def _with_links(text: str, path: Path, root: Path) -> str:
    """Links to pages lead to pages, links to released notebooks to chapters; of a link to a file
    that is no page its words stay. A link to nothing is kept: Sphinx refuses it.
    """

    def leading(found: re.Match[str]) -> str:
        words, target, place = found[1], found[2], found[3] or ""
        there = (path.parent / target).resolve()
        if "://" in target or not there.is_relative_to(root) or not there.exists():
            return found[0]
        inside = there.relative_to(root).as_posix()
        if inside.startswith("assignments/") and inside.endswith(".ipynb"):
            return f"[{words}]({there.name}{place})"
        if inside in {*BESIDE, f"docs/{there.name}"} and inside.endswith(".md"):
            return f"[{words}]({there.name.lower()}{place})"
        return words

    return _LINK.sub(leading, text)
