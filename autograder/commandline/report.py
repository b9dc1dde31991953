"""``chainrule report``: what a class understood, as one page; in one assignment, or over all."""

from __future__ import annotations

import json as _json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..report.words import counted
from .saying import console, course_root, print_json, progress_bars

if TYPE_CHECKING:
    from ..classreport.course import CourseReports

COURSE = "course-report"
"""What the files of a whole course are called."""


def run(
    assignment: str | None, course: Path | None, into: Path | None, earlier: Path | None, json: bool
) -> None:
    """Write the pages and their tables, and say where they are."""
    root = course_root(course)
    folder = into or root / "reports"
    if assignment is None:
        report, files = write_course_report(root, folder, earlier)
        show = _show_course
    else:
        _refuse_one_beside_a_course(earlier)
        with console(stderr=True).status(f"reading {assignment}"):
            report, files = write(root, assignment, folder)
        show = _show
    if json:
        print_json(report | {"files": {name: str(path) for name, path in files.items()}})
    else:
        show(report)
        _say_where(files)


def _refuse_one_beside_a_course(earlier: Path | None) -> None:
    from ..errors import ClassError

    if earlier is not None:
        raise ClassError("whole courses are compared: leave the assignment out")


def write(root: Path, assignment: str, folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """The report, and its page, students and mistakes as files. Raises ClassError."""
    from ..classreport.gather import gather
    from ..classreport.page import render
    from ..classreport.summary import summarise
    from ..classreport.tables import write_mistakes, write_students

    report = summarise(gather(root, assignment))
    stem = _stem(assignment)
    with _written(folder):
        page = folder / f"{stem}.html"
        page.write_text(render(report), encoding="utf-8")
        students = write_students(report, folder / f"{stem}-students.csv")
        mistakes = write_mistakes(report, folder / f"{stem}-mistakes.csv")
    return report, {"page": page, "students": students, "mistakes": mistakes}


def write_course_report(
    root: Path, folder: Path, earlier: Path | None
) -> tuple[dict[str, Any], dict[str, Path]]:
    """The report of all assignments: its page and those of the assignments, its numbers, which a
    later class can be compared with, and its students. Raises Refusal.
    """
    from ..classreport.earlier import compare, read_earlier
    from ..classreport.page import render, render_course
    from ..classreport.tables import write_course

    before = read_earlier(earlier) if earlier else None
    found = _read_course(root)
    course = found.course
    if before is not None:
        course = course | {"compared": compare(course, before)}
    links = {name: f"{_stem(name)}.html" for name in found.assignments}
    with _written(folder):
        for name, report in found.assignments.items():
            (folder / links[name]).write_text(render(report, f"{COURSE}.html"), encoding="utf-8")
        page = folder / f"{COURSE}.html"
        page.write_text(render_course(course, links), encoding="utf-8")
        numbers = folder / f"{COURSE}.json"
        numbers.write_text(_json.dumps(course, ensure_ascii=False), encoding="utf-8")
        students = write_course(course, folder / f"{COURSE}-students.csv")
    return course, {"page": page, "numbers": numbers, "students": students}


def _read_course(root: Path) -> CourseReports:
    from ..classreport.course import report_on_course

    with progress_bars() as bars:
        task = bars.add_task("reading", total=None)

        def tell(name: str, count: int) -> None:
            bars.update(task, description=f"reading {name}", total=count, advance=1)

        return report_on_course(root, tell)


def _stem(assignment: str) -> str:
    return re.sub(r"[^\w.-]", "_", assignment)


@contextmanager
def _written(folder: Path) -> Iterator[None]:
    """A folder that can be written to. Raises ClassError."""
    from ..errors import ClassError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        raise ClassError(
            f"cannot write to {folder}: {error.strerror}; name another folder with --into"
        ) from None


def _show(report: dict[str, Any]) -> None:
    from rich.markup import escape

    out = console()
    counts = report["counts"]
    alike = len(report["groups"])
    out.print(
        f"[bold]{escape(report['assignment'])}[/]: {counts['handed_in']} handed in, "
        f"{counts['graded']} graded, {_need(counts['need_a_person'])} a person, "
        f"{counted(alike, 'group is', 'groups are')} alike"
    )
    for one in report["mistakes"][:5]:
        out.print(f"{one['count']:4} made {escape(one['name'])}: {escape(one['hint'])}")


def _show_course(course: dict[str, Any]) -> None:
    from rich.markup import escape

    out = console()
    counts = course["counts"]
    out.print(
        f"{counted(counts['students'], 'student')}, {counted(counts['assignments'], 'assignment')}"
        f", {_need(counts['need_a_person'], 'submission')} a person, {counts['behind']} may fall "
        "behind"
    )
    for one in course["behind"][:10]:
        sentences = "; ".join(worry["sentence"] for worry in one["worries"])
        out.print(f"{escape(one['student'])}: {escape(sentences)}")
    for name, why in course["left_out"].items():
        out.print(f"[yellow]{escape(name)} is left out[/]: {escape(why)}")


def _need(count: int, noun: str = "") -> str:
    """``1 needs``, ``2 submissions need``."""
    return f"{counted(count, noun) if noun else count} {'needs' if count == 1 else 'need'}"


def _say_where(files: Mapping[str, Path]) -> None:
    here = Path.cwd()
    for file in files.values():
        shown = file.relative_to(here) if file.is_relative_to(here) else file
        console().print(str(shown), soft_wrap=True)
