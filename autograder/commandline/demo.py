"""``chainrule demo``: a course made on the spot, from the release to a graded class."""

from __future__ import annotations

import json as _json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..released.sheet import SHEET
from .cast import Student, read_cast, submission
from .grade import as_json, by_code, by_hand, grade_with_progress
from .report import write
from .saying import console, course_root, points, print_json

if TYPE_CHECKING:
    from ..gradebook.classroom import ClassGrades

MARK = ".chainrule-demo"


def run(
    assignments: Sequence[str],
    course: Path | None,
    into: Path | None,
    jobs: int,
    isolation: str | None,
    json: bool,
) -> int:
    """Build, hand in, grade, show, one assignment after the other. Returns the exit code."""
    from ..gradebook.classroom import Wishes

    root = course_root(course)
    casts = {name: read_cast(root / "demo" / name) for name in assignments or _with_a_cast(root)}
    demo = make_course(root, casts, (into or root / "build" / "demo").absolute())
    shown: list[dict[str, Any]] = []
    failed = False
    for name, cast in casts.items():
        grades = grade_with_progress(demo, name, Wishes(jobs, isolation))
        _, files = write(demo, name, demo / "reports")
        failed = failed or bool(grades.failures)
        shown.append(as_json(grades) | {"report": str(files["page"])})
        if not json:
            _show(grades, cast, files["page"])
    if json:
        print_json({"course": str(demo), "assignments": shown})
    return 1 if failed else 0


def _with_a_cast(root: Path) -> list[str]:
    """The assignments that have students in demo/. Raises AssignmentError when none has."""
    from ..errors import AssignmentError

    found = sorted({path.parent.name for path in (root / "demo").glob("*/*.py")})
    if not found:
        raise AssignmentError("no demo here: demo/ holds no students")
    return found


def make_course(root: Path, casts: Mapping[str, list[Student]], demo: Path) -> Path:
    """A fresh course with some assignments, each built, and handed in by everybody of its cast."""
    from ..authoring import build
    from ..errors import AssignmentError

    if demo.exists() and any(demo.iterdir()) and not (demo / MARK).is_file():
        raise AssignmentError(f"{demo} holds something else: name an empty folder with --into")
    if demo.exists():
        shutil.rmtree(demo)
    demo.mkdir(parents=True)
    (demo / MARK).touch()
    shutil.copy(root / "nbgrader_config.py", demo)
    ignore = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    for name in casts:
        shutil.copytree(root / "source" / name, demo / "source" / name, ignore=ignore)
        hidden = (f"{name}.py", f"mistakes/{name}.py", f"rubrics/{name}.toml")
        # expected answers are worked out in half a minute, unless they are there
        for part in (f"assignments/{name}/{SHEET}", *(f"solutions/{one}" for one in hidden)):
            if (root / part).is_file():
                (demo / part).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(root / part, demo / part)
    with console(stderr=True).status(f"building {', '.join(casts)}"):
        made = build(demo, list(casts))
    for built in made:
        release = _json.loads((built.release / f"{built.name}.ipynb").read_bytes())
        solved = _json.loads(built.notebook.read_bytes())
        for student in casts[built.name]:
            folder = demo / "submitted" / student.name / built.name
            folder.mkdir(parents=True)
            (folder / f"{built.name}.ipynb").write_bytes(submission(student, release, solved))
    return demo


def _show(grades: ClassGrades, cast: list[Student], report: Path) -> None:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    out = console()
    stories = {student.name: student.story for student in cast}
    table = Table(
        "student",
        "what they handed in",
        "code",
        "written",
        box=box.SIMPLE_HEAD,
        title=grades.assignment,
    )
    for row in grades.students:
        table.add_row(row.student, stories.get(row.student, ""), by_code(row), by_hand(row))
    out.print(table)
    for row in grades.students:
        found = [
            verdict
            for verdict in row.judged.verdicts
            if verdict.status in ("partial", "failed", "error")
        ]
        if found:
            out.print(f"[bold]What the feedback says to {row.student}[/]")
        for verdict in found:
            score = f"{points(verdict.score)} / {points(verdict.points)}"
            out.print(f"  {verdict.name} ({score}): {escape(verdict.sentence())}")
    for student, why in grades.failures.items():
        out.print(f"[red]{student} could not be recorded: {escape(why)}[/]")
    out.print(f"\nisolation: {grades.isolation}")
    out.print(f"what the class understood: {_shown(report)}")
    for row in grades.students:
        if row.feedback:
            out.print(f"feedback to {row.student}: {_shown(row.feedback)}")


def _shown(path: Path) -> str:
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
