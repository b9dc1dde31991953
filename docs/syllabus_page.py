"""The syllabus in docs/syllabus.md, taken from the notebooks.

    python -m docs.syllabus_page        (writes the page)

What an assignment promises, rests on and takes stands in its opening; sections, exercises and
points are the released notebook's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.authoring.build import assignments_in_source
from autograder.authoring.text import read_text

ROOT = Path(__file__).resolve().parents[1]
PAGE = Path(__file__).with_name("syllabus.md")
HEAD = """\
# Syllabus

Made by `python -m docs.syllabus_page` from the notebooks, never by hand. Each assignment is a notebook that is read from top
to bottom: an idea, something to see, a function to write, a check that says what is wrong with it, a look at what it does.

You should know Python and some NumPy, derivatives, and what a matrix product is. Nothing of machine learning is presupposed.

| | assignment | takes | exercises | points | needs PyTorch |
|---|---|---|---|---|---|
"""
_TORCH = re.compile(r"From here on torch is needed(?:\*\*, except in Section (\d+))?")


@dataclass(frozen=True)
class Section:
    """A numbered section: its heading, whether it needs torch, and the points of what is asked in
    it, by name.
    """

    heading: str
    number: str
    torch: bool
    asked: dict[str, float]

    @property
    def anchor(self) -> str:
        """What GitHub and MyST make of the heading."""
        kept = re.sub(r"[^\w\- ]", "", self.heading.replace("`", "").lower())
        return kept.replace(" ", "-")


@dataclass(frozen=True)
class Assignment:
    """One notebook, as the syllabus shows it."""

    name: str
    title: str
    promises: list[str]
    rests_on: str
    takes: str
    sittings: str
    sections: list[Section]

    @property
    def points(self) -> float:
        """In all."""
        return sum(points for one in self.sections for points in one.asked.values())

    @property
    def exercises(self) -> int:
        """What a check judges."""
        return sum(name != "" for one in self.sections for name in one.asked)

    @property
    def written(self) -> int:
        """Questions that a person grades."""
        return sum("" in one.asked for one in self.sections)

    @property
    def notebook(self) -> str:
        """Where it lies, seen from docs/."""
        return f"../assignments/{self.name}/{self.name}.ipynb"


def assignments(root: Path = ROOT) -> list[Assignment]:
    """The course, in its order."""
    names = assignments_in_source(root)
    return [_assignment(root, name) for name in sorted(names, key=lambda one: _order(root, one))]


def _order(root: Path, name: str) -> float:
    return read_text(root / "source" / name / f"{name}.md", name).order


def _assignment(root: Path, name: str) -> Assignment:
    path = root / "assignments" / name / f"{name}.ipynb"
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    opening = "".join(cells[0]["source"])
    takes, sittings = _found(r"\*\*It takes\*\* ([^.]+)\. (Sections [^.]+)\.", opening)
    return Assignment(
        name=name,
        title=_found(r"^# (.+)$", opening)[0],
        promises=re.findall(r"^- (.+)[;.]$", opening, re.MULTILINE),
        rests_on=_found(r"\*\*It rests on\*\* (.+)\.$", opening)[0],
        takes=takes,
        sittings=sittings,
        sections=list(_sections(cells)),
    )


def _found(pattern: str, text: str) -> tuple[str, ...]:
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"no opening says {pattern}: {text[:60]!r}")
    return found.groups()


def _sections(cells: list[dict[str, Any]]) -> Iterator[Section]:
    section, torch = None, None
    for cell in cells:
        source = "".join(cell["source"])
        torch = _TORCH.search(source) or torch
        if heading := re.search(r"^## ((\d+)\. .+)$", source, re.MULTILINE):
            if section is not None:
                yield section
            needed = torch is not None and heading[2] != torch[1]
            section = Section(heading[1], heading[2], needed, {})
        mark = cell["metadata"].get("nbgrader", {})
        if section is not None and mark.get("grade"):
            section.asked[cell["metadata"].get("chainrule", {}).get("check", "")] = mark["points"]
    if section is not None:
        yield section


# --- the page -------------------------------------------------------------------------------------


def page() -> str:
    """The whole page."""
    course = assignments()
    rows = "".join(f"| {number} | {_row(one)} |\n" for number, one in enumerate(course, 1))
    return "\n".join([HEAD + rows, *map(_described, course)])


def _row(one: Assignment) -> str:
    link = f"[{one.title}]({one.notebook})"
    return f"{link} | {one.takes} | {one.exercises} | {one.points:g} | {_torch(one)}"


def _torch(one: Assignment) -> str:
    late = [section.torch for section in one.sections]
    if not any(late):
        return "no"
    first = late.index(True)
    without = [section.number for section in one.sections[first:] if not section.torch]
    said = f"from section {one.sections[first].number} on"
    return f"{said}, but not in {' and '.join(without)}" if without else said


def _described(one: Assignment) -> str:
    promises = "".join(f"- {promise};\n" for promise in one.promises)
    rows = "".join(
        f"| [{section.heading}]({one.notebook}#{section.anchor}) | {_asked(section)} |\n"
        for section in one.sections
    )
    return (
        f"## {one.title}\n\n"
        f"It rests on {one.rests_on}. It takes {one.takes}; {_lower(one.sittings)}.\n\n"
        f"When you are done you can\n\n{promises[:-2]}.\n\n"
        f"| section | asked (points) |\n|---|---|\n{rows}"
    )


def _asked(section: Section) -> str:
    return ", ".join(
        f"{f'`{name}`' if name else 'a written answer'} ({points:g})"
        for name, points in section.asked.items()
    )


def _lower(sentence: str) -> str:
    return sentence[:1].lower() + sentence[1:]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
