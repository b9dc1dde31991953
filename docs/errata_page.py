"""The errata of the lecture notes in docs/errata.md: what the notes say, what is right instead, and
the tests that prove it.

    python -m docs.errata_page        (writes the page)

docs/errata/ holds a file for each notebook: under the heading of a section a statement of the notes
(quoted) and its correction. Mistakes that are left to the reader stand in the notebook's own boxes.
A test proves what it quotes (``said``), and says where the lesson tells it (``somewhere``)."""

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

Made by `python -m docs.errata_page` from docs/errata/, the notebooks and their tests, never by hand. Lecture notes on these
subjects have been copied from year to year, and their mistakes with them. Below is what such notes say, what is right, and
the test that proves it. A few mistakes are left to you, for finding them is an exercise: neither what is right nor its test
is told.
"""
BOX = re.compile(r"^> \*\*Old notes, for you to mend\.\*\* (.+)$", re.MULTILINE)
"""What a notebook leaves to its readers."""
_HEADING = re.compile(r"^## (.+)$", re.MULTILINE)
_ENTRY = re.compile(r"^> (.+)\n\n(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Erratum:
    """A statement of old notes, its correction (empty where it is left to readers), and the heading
    of its section.
    """

    heading: str
    statement: str
    correction: str = ""

    @property
    def text(self) -> str:
        """Both."""
        return f"{self.statement} {self.correction}".strip()


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *map(_of_assignment, assignments())])


def errata(name: str, root: Path = ROOT) -> list[Erratum]:
    """The errata that belong to a notebook, in the order of its sections. Raises ValueError where a
    section does not exist.
    """
    lesson = (root / "source" / name / f"{name}.md").read_text(encoding="utf-8")
    data = (root / "docs" / "errata" / f"{name}.md").read_text(encoding="utf-8")
    mended = [Erratum(heading, *found.groups()) for heading, found in _under(_ENTRY, data)]
    left = [Erratum(heading, found[1]) for heading, found in _under(BOX, lesson)]
    order = _HEADING.findall(lesson)
    for one in mended:
        if one.heading not in order:
            raise ValueError(f"docs/errata/{name}.md: the notebook has no section {one.heading!r}")
    return sorted([*mended, *left], key=lambda one: order.index(one.heading))


def _under(pattern: re.Pattern[str], text: str) -> Iterator[tuple[str, re.Match[str]]]:
    headings = list(_HEADING.finditer(text))
    for found in pattern.finditer(text):
        yield [one[1] for one in headings if one.start() < found.start()][-1], found


def tests_of(name: str) -> str:
    """The file whose tests prove what a notebook's text says."""
    return f"tests/source/test_{name}_text.py"


@dataclass(frozen=True)
class Proof:
    """A test: its name, the phrases of each erratum that it quotes, and those of the lesson."""

    test: str
    said: tuple[tuple[str, ...], ...]
    somewhere: tuple[str, ...]

    def proves(self, one: Erratum) -> bool:
        """Whether it quotes the erratum."""
        return any(all(phrase in one.text for phrase in phrases) for phrases in self.said)


def proofs(name: str, root: Path = ROOT) -> list[Proof]:
    """The tests of a notebook's text."""
    tests = ast.parse((root / tests_of(name)).read_text(encoding="utf-8")).body
    return [
        Proof(one.name, tuple(_quoted(one, "said")), tuple(sum(_quoted(one, "somewhere"), ())))
        for one in tests
        if isinstance(one, ast.FunctionDef)
    ]


def _quoted(test: ast.FunctionDef, method: str) -> Iterator[tuple[str, ...]]:
    for call in ast.walk(test):
        if isinstance(call, ast.Call) and ast.unparse(call.func).endswith(f".{method}"):
            yield tuple(str(one.value) for one in call.args if isinstance(one, ast.Constant))


def _of_assignment(one: Assignment) -> str:
    sections = {section.heading: section for section in one.sections}
    tests = proofs(one.name)
    told = "\n".join(
        _told(one, sections.get(each.heading), each, [test for test in tests if test.proves(each)])
        for each in errata(one.name)
    )
    return f"## {one.title}\n\nThe tests are in `{tests_of(one.name)}`.\n\n{told}"


def _told(one: Assignment, section: Section | None, each: Erratum, tests: list[Proof]) -> str:
    anchor = section.anchor if section else "how-to-read-it"
    where = f"**[{each.heading}]({one.notebook}#{anchor})**"
    if not each.correction:  # a test's name says what is right
        return f"{where}, left to you\n\n> {each.statement}\n"
    names = ", ".join(f"`{test.test}`" for test in tests)
    return f"{where}\n\n> {each.statement}\n\n{each.correction}\n\nProven by {names}.\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
