"""README's table of assignments, from their own texts.

python docs/readme_page.py        (writes it into README.md)
"""

from __future__ import annotations

import re
from pathlib import Path

from autograder.authoring.build import assignments_in_source
from autograder.authoring.text import Text, read_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "README.md"
BLOCK = re.compile(r"(<!-- made: assignments -->\n).*?(?=<!-- end -->)", re.DOTALL)


def table() -> str:
    """One line an assignment, in the order of the course."""
    texts = {
        name: read_text(ROOT / "source" / name / f"{name}.md", f"source/{name}/{name}.md")
        for name in assignments_in_source(ROOT)
    }
    lines = ["| | assignment | exercises | points | it takes |", "|---|---|---|---|---|"]
    for name, text in sorted(texts.items(), key=lambda item: item[1].order):
        lines.append(_line(name, text))
    return "\n".join(lines) + "\n"


def _line(name: str, text: Text) -> str:
    words = "\n".join(cell.source for cell in text.cells if cell.kind == "markdown")
    title = re.search(r"^# (.+)$", words, re.MULTILINE)
    takes = re.search(r"\*\*It takes\*\* ([^.]+)\.", words)
    asked = sum(cell.kind == "check" for cell in text.cells)
    written = sum(cell.kind == "manual" for cell in text.cells)
    cells = [
        f"{text.order:g}",
        f"{title[1] if title else name} (`{name}`)",
        f"{asked}, and {written} written",
        f"{text.points:g}",
        takes[1] if takes else "",
    ]
    return f"| {' | '.join(cells)} |"


def with_table(page: str) -> str:
    """The page with the table that the texts give."""
    return BLOCK.sub(lambda found: found[1] + table(), page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
