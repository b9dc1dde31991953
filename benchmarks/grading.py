"""A class graded by stock nbgrader and by us, side by side in one run: seconds, CPU seconds and memory a submission.

    python -m benchmarks.grading                    # 40 submissions of the SVM assignment; several minutes
    python -m benchmarks.grading --submissions 10

Four ways to grade the same submissions (solved, half empty, with classic mistakes, in turn):
    stock           nbgrader autograde as it comes: a kernel for each submission, the check cells judge in it (and so
                    without the reference); demonstration cells are skipped, as they are by us
    preprocessor    nbgrader autograde with this course's nbgrader_config.py, isolation on
    jobs 1, jobs 2  chainrule grade, isolation on (and without the feedback pages, which autograde does not write either)
Every figure is of the whole command, its start included, divided by the number of submissions. The last line is JSON with
"ratio_jobs1" and "ratio_jobs2": stock nbgrader's seconds a submission divided by ours.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from autograder.commandline.cast import Student, read_cast
from autograder.commandline.demo import make_course

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
BIN = Path(sys.executable).parent
AUTOGRADE = [str(BIN / "nbgrader"), "autograde", ASSIGNMENT, "--force"]
GRADE = [str(BIN / "chainrule"), "grade", ASSIGNMENT, "--json", "--no-feedback", "--jobs"]
PR_SET_CHILD_SUBREAPER = 36
WAYS = {
    "stock": AUTOGRADE,
    "preprocessor": AUTOGRADE,
    "jobs 1": [*GRADE, "1"],
    "jobs 2": [*GRADE, "2"],
}


@dataclass(frozen=True)
class Measured:
    """One command: wall and CPU seconds (of every process it started), and the largest process in bytes."""

    seconds: float
    cpu: float
    memory: int


def handed_in(count: int) -> list[Student]:
    """A class whose members did what the demo's students did, but for the forger."""
    cast = [one for one in read_cast(ROOT / "demo" / ASSIGNMENT) if one.name != "forger"]
    kinds = [cast[k % len(cast)] for k in range(count)]
    return [Student(f"s{k:03d}", one.story, one.others, one.cells) for k, one in enumerate(kinds)]


def measure(command: list[str], course: Path) -> Measured:
    """Run a command in the course and account for it and everything it started, however far below."""
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "OMP_NUM_THREADS": "1"}
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)  # orphans come here, and so do their figures
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as said:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=course, env=environment, stdout=said, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
        if os.waitstatus_to_exitcode(status) not in (0, 1):
            said.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{said.read().decode(errors='replace')[-2000:]}")
    largest = usage.ru_maxrss
    with contextlib.suppress(ChildProcessError):
        while True:
            largest = max(largest, os.wait3(0)[2].ru_maxrss)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, cpu, largest * 1024)


def main() -> None:
    """Grade the class in every way and print the table and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--submissions", type=int, default=40, help="how many submissions (default 40)")
    count = parser.parse_args().submissions
    console = Console(stderr=True)
    found: dict[str, Measured] = {}
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as made:
        for way, command in WAYS.items():
            with console.status(f"{way}: handing in {count} submissions"):
                course = make_course(ROOT, {ASSIGNMENT: handed_in(count)}, Path(made) / way.replace(" ", ""))
                if way == "stock":
                    (course / "nbgrader_config.py").write_text(STOCK)
            with console.status(f"{way}: grading"):
                found[way] = measure(command, course)
            graded = len(list((course / "autograded").glob("*")))
            if graded != count:
                sys.exit(f"{way}: {graded} of {count} submissions were graded")
            shutil.rmtree(course)
    table = Table(
        "", "s a submission", "CPU s a submission", "largest process", "times stock", title=f"{count} x {ASSIGNMENT}"
    )
    for way, one in found.items():
        ratio = found["stock"].seconds / one.seconds
        row = (f"{one.seconds / count:.3f}", f"{one.cpu / count:.3f}", f"{one.memory >> 20} MiB", f"{ratio:.1f}")
        table.add_row(way, *row)
    Console().print(table)
    print(
        json.dumps(
            {
                "submissions": count,
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
