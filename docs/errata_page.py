"""The errata of the lecture notes in docs/errata.md: what the notebooks mend, and the tests that
prove it.

    python -m docs.errata_page        (writes the page)

A box of a notebook mends old notes; a test quotes the box (``said``) and proves what it says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from docs.syllabus_page import Assignment, Section, assignments

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_name("errata.md")
HEAD = """\
# Old notes, mended

Made by `python -m docs.errata_page` from the notebooks and their tests, never by hand. Lecture notes on these subjects have
been copied from year to year, and their mistakes with them. Below is what the notes say, what is right instead, and the test
that proves it. A few mistakes are left to you, for finding them is an exercise: neither what is right nor its test is told.
"""
_BOX = re.compile(r"^> \*\*Old notes, (mended|for you to mend)\.\*\* (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Box:
    """What one box says of old notes, and the names of the tests that quote it."""

    left_to_readers: bool
    text: str
    tests: tuple[str, ...]


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *map(_of_assignment, assignments())])


def boxes(name: str, root: Path = ROOT) -> Iterator[tuple[str, Box]]:
    """The boxes of a notebook, each with the heading of its numbered section; empty before the
    first.
    """
    text = (root / "source" / name / f"{name}.md").read_text(encoding="utf-8")
    quotes = list(quoted((root / tests_of(name)).read_text(encoding="utf-8")))
    headings = list(re.finditer(r"^## (\d+\. .+)$", text, re.MULTILINE))
    for found in _BOX.finditer(text):
        before = [one[1] for one in headings if one.start() < found.start()]
        tests = [test for test, phrases in quotes if all(one in found[0] for one in phrases)]
        yield before[-1] if before else "", Box(found[1] != "mended", found[2], tuple(tests))


def tests_of(name: str) -> str:
    """The file whose tests prove what a notebook's text says."""
    return f"tests/source/test_{name}_text.py"


def quoted(source: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The tests that quote a box, and the phrases that they quote."""
    tests = [one for one in ast.parse(source).body if isinstance(one, ast.FunctionDef)]
    for test in tests:
        for call in ast.walk(test):
            if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(".said"):
                yield test.name, tuple(ast.literal_eval(one) for one in call.args)


def _of_assignment(one: Assignment) -> str:
    sections = {section.heading: section for section in one.sections}
    told = "\n".join(_told(one, sections.get(heading), box) for heading, box in boxes(one.name))
    return f"## {one.title}\n\nThe tests are in `{tests_of(one.name)}`.\n\n{told}"


def _told(one: Assignment, section: Section | None, box: Box) -> str:
    heading = section.heading if section else "How to read it"
    anchor = section.anchor if section else "how-to-read-it"
    where = f"**[{heading}]({one.notebook}#{anchor})**"
    tests = ", ".join(f"`{test}`" for test in box.tests)
    if box.left_to_readers:  # a test's name says what is right
        return f"{where}, left to you\n\n> {box.text}\n"
    return f"{where}\n\n> {box.text}\n\n{tests}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
