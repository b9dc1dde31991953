"""README's table of assignments, from the syllabus.

python -m docs.readme_page        (writes it into README.md)
"""

from __future__ import annotations

import re
from pathlib import Path

from docs.syllabus_page import Assignment, assignments

PAGE = Path(__file__).resolve().parents[1] / "README.md"
BLOCK = re.compile(r"(<!-- made: assignments -->\n).*?(?=<!-- end -->)", re.DOTALL)


def table() -> str:
    """One line an assignment, in the order of the course."""
    lines = ["| | assignment | exercises | points | it takes |", "|---|---|---|---|---|"]
    lines += [_line(number, one) for number, one in enumerate(assignments(), 1)]
    return "\n".join(lines) + "\n"


def _line(number: int, one: Assignment) -> str:
    asked = f"{one.exercises}, and {one.written} written"
    return f"| {number} | {one.title} (`{one.name}`) | {asked} | {one.points:g} | {one.takes} |"


def with_table(page: str) -> str:
    """The page with the table that the syllabus gives."""
    return BLOCK.sub(lambda found: found[1] + table(), page)


if __name__ == "__main__":
    PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
