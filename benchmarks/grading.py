"""A class graded by stock nbgrader and by us, side by side in one run: seconds, CPU seconds and
memory a submission.

    python -m benchmarks.grading                    # 40 submissions of the SVM assignment; several minutes
    python -m benchmarks.grading --submissions 10

Four ways to grade the same submissions (solved, half empty, with classic mistakes, in turn):
    stock           nbgrader autograde as it comes: a kernel for each submission, the check cells judge in it (and so
                    without the reference); demonstration cells are skipped, as they are by us
    preprocessor    nbgrader autograde with this course's nbgrader_config.py, isolation on
    jobs 1, jobs 2  chainrule grade, isolation on (and without the feedback pages, which autograde
    does not write either)
Every figure is of the whole command, its start included, divided by the number of submissions.
Below them stands the limit (benchmarks/limit.py): the students' cells and the calls that the checks
make of their functions, in one process; the last column is CPU seconds as a multiple of it. The last
line is JSON with "ratio_jobs1" and "ratio_jobs2": stock nbgrader's seconds a submission divided by
ours."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.commandline.cast import Student, read_cast
from autograder.commandline.demo import make_course

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
    "preprocessor": AUTOGRADE,
    "jobs 1": [*GRADE, "1"],
    "jobs 2": [*GRADE, "2"],
}


def handed_in(count: int) -> list[Student]:
    """A class whose members did what the demo's students did, but for the forger."""
    cast = [one for one in read_cast(ROOT / "demo" / ASSIGNMENT) if one.name != "forger"]
    kinds = [cast[k % len(cast)] for k in range(count)]
    return [Student(f"s{k:03d}", one.story, one.others, one.cells) for k, one in enumerate(kinds)]


def limit(course: Path) -> float:
    """CPU seconds that a class cannot be graded in less of."""
    command = [sys.executable, "-m", "benchmarks.limit", str(course), ASSIGNMENT]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return found["cells"] + found["calls"]


def main() -> None:
    """Grade the class in every way and print the table and the ratios."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--submissions", type=int, default=40, help="how many submissions (default 40)"
    )
    count = parser.parse_args().submissions
    console = Console(stderr=True)
    found: dict[str, Measured] = {}
    least = 0.0
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as made:
        for way, command in WAYS.items():
            with console.status(f"{way}: handing in {count} submissions"):
                course = make_course(
                    ROOT, {ASSIGNMENT: handed_in(count)}, Path(made) / way.replace(" ", "")
                )
                if way == "stock":
                    (course / "nbgrader_config.py").write_text(STOCK)
            with console.status(f"{way}: grading"):
                found[way] = measure(command, course)
            graded = len(list((course / "autograded").glob("*")))
            if graded != count:
                sys.exit(f"{way}: {graded} of {count} submissions were graded")
            if way == list(WAYS)[-1]:
                with console.status("the limit"):
                    least = limit(course)
            shutil.rmtree(course)
    table = Table(
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
        table.add_row(way, *row)
    table.add_row("the limit", "", f"{least / count:.3f}", "", "", "1")
    Console().print(table)
    print(
        json.dumps(
            {
                "submissions": count,
                "processor": processor(),
                "limit_cpu_seconds": least / count,
                "seconds": {way: one.seconds / count for way, one in found.items()},
                "cpu_seconds": {way: one.cpu / count for way, one in found.items()},
                "peak_memory": {way: one.memory for way, one in found.items()},
                "ratio_preprocessor": found["stock"].seconds / found["preprocessor"].seconds,
                "ratio_jobs1": found["stock"].seconds / found["jobs 1"].seconds,
                "ratio_jobs2": found["stock"].seconds / found["jobs 2"].seconds,
            }
        )
    )


if __name__ == "__main__":
    main()
