"""A class graded by stock nbgrader, by Otter-Grader and by us, side by side in one run: seconds,
CPU seconds and memory a submission.

    python -m benchmarks.grading                    # 40 submissions of the SVM assignment; several minutes
    python -m benchmarks.grading --submissions 10
    python -m benchmarks.grading --without-otter

Five ways to grade the same submissions (solved, half empty, with classic mistakes, in turn):
    stock           nbgrader autograde as it comes: a kernel for each submission, the check cells judge in it (and so
                    without the reference); demonstration cells are skipped, as they are by us
    otter           Otter-Grader without containers, one process for the class: a kernel for each submission, and in it
                    the questions of the same check cells (benchmarks/otter_grader.py says how). Installed once into
                    build/otter; where that is impossible, a line says so and the row is left out
    preprocessor    nbgrader autograde with this course's nbgrader_config.py, isolation on
    jobs 1, jobs 2  chainrule grade, isolation on (and without the feedback pages, which autograde
    does not write either)
Every figure is of the whole command, its start included, divided by the number of submissions.
Below them stands the limit (benchmarks/limit.py): the students' cells and the calls that the checks
make of their functions, in one process; the last column is CPU seconds as a multiple of it. The last
line is JSON with "ratio_jobs1" and "ratio_jobs2": stock nbgrader's seconds a submission divided by
ours, and "ratio_otter", by Otter's."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from autograder.commandline.cast import Student, read_cast
from autograder.commandline.demo import make_course

from . import otter_grader
from .limit import in_own_process
from .measured import BIN, Measured, measure, processor

ROOT = Path(__file__).resolve().parents[1]
ASSIGNMENT = "svm"
STOCK = """
from pathlib import Path
c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "chainrule"
c.CourseDirectory.source_directory = "build/source"
c.CourseDirectory.release_directory = "assignments"
c.Execute.skip_cells_with_tag = "demo"
"""
AUTOGRADE = [str(BIN / "nbgrader"), "autograde", ASSIGNMENT, "--force"]
GRADE = [str(BIN / "chainrule"), "grade", ASSIGNMENT, "--json", "--no-feedback", "--jobs"]
WAYS = {
    "stock": AUTOGRADE,
    "otter": otter_grader.command(ASSIGNMENT),
    "preprocessor": AUTOGRADE,
    "jobs 1": [*GRADE, "1"],
    "jobs 2": [*GRADE, "2"],
}


def handed_in(count: int) -> list[Student]:
    """A class whose members did what the demo's students did, but for the forger."""
    cast = [one for one in read_cast(ROOT / "demo" / ASSIGNMENT) if one.name != "forger"]
    kinds = [cast[k % len(cast)] for k in range(count)]
    return [Student(f"s{k:03d}", one.story, one.others, one.cells) for k, one in enumerate(kinds)]


def ways(console: Console, *, otter: bool) -> dict[str, list[str]]:
    """The ways that there are here."""
    if otter:
        try:
            with console.status("otter: installing it into build/otter, once (minutes)"):
                otter_grader.installed()
            return WAYS
        except otter_grader.OtterMissing as missing:
            console.print(f"otter is left out: {missing}", markup=False)
    return {way: command for way, command in WAYS.items() if way != "otter"}


def table(found: Mapping[str, Measured], count: int, least: float) -> Table:
    """For people. ``least`` is the limit of the class, in CPU seconds."""
    shown = Table(
        "",
        "s a submission",
        "CPU s a submission",
        "largest process",
        "times stock",
        "times the limit",
        title=f"{count} x {ASSIGNMENT}",
        caption=f"{os.cpu_count()} cores of {processor()}",
    )
    for way, one in found.items():
        ratio = found["stock"].seconds / one.seconds
        row = (
            f"{one.seconds / count:.3f}",
            f"{one.cpu / count:.3f}",
            f"{one.memory >> 20} MiB",
            f"{ratio:.1f}",
            f"{one.cpu / least:.1f}",
        )
        shown.add_row(way, *row)
    shown.add_row("the limit", "", f"{least / count:.3f}", "", "", "1")
    return shown


def report(found: Mapping[str, Measured], count: int, least: float) -> dict[str, Any]:
    """The last line."""
    ratios = {way: found["stock"].seconds / one.seconds for way, one in found.items()}
    return {
        "submissions": count,
        "processor": processor(),
        "limit_cpu_seconds": least / count,
        "seconds": {way: one.seconds / count for way, one in found.items()},
        "cpu_seconds": {way: one.cpu / count for way, one in found.items()},
        "peak_memory": {way: one.memory for way, one in found.items()},
        **{f"ratio_{way.replace(' ', '')}": ratios[way] for way in found if way != "stock"},
    }


def main() -> None:
    """Grade the class in every way and print the table and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--submissions", type=int, default=40, help="how many submissions (default 40)"
    )
    parser.add_argument(
        "--without-otter", action="store_true", help="leave Otter-Grader out, and its installation"
    )
    asked = parser.parse_args()
    count = asked.submissions
    console = Console(stderr=True)
    found: dict[str, Measured] = {}
    least = 0.0
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as made:
        for way, command in ways(console, otter=not asked.without_otter).items():
            with console.status(f"{way}: handing in {count} submissions"):
                course = make_course(
                    ROOT, {ASSIGNMENT: handed_in(count)}, Path(made) / way.replace(" ", "")
                )
                if way == "stock":
                    (course / "nbgrader_config.py").write_text(STOCK)
                if way == "otter":
                    otter_grader.hand_over(course, ASSIGNMENT)
            with console.status(f"{way}: grading"):
                found[way] = measure(command, course)
            graded = len(list((course / "autograded").glob("*")))
            if graded != count:
                sys.exit(f"{way}: {graded} of {count} submissions were graded")
            if way == list(WAYS)[-1]:
                with console.status("the limit"):
                    least = in_own_process(course, ASSIGNMENT).seconds
            shutil.rmtree(course)
    Console(width=None if sys.stdout.isatty() else 120).print(table(found, count, least))
    print(json.dumps(report(found, count, least)))


if __name__ == "__main__":
    main()
