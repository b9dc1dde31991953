"""What a class costs: throughput and memory, the engine's own part, how both grow, and what that
makes for a course.

    make bench-scale                                                  # the whole of it: half an hour on two idle cores
    python -m benchmarks.scale --submissions 20 --sizes 20,50,100     # a small one: two minutes
    python -m benchmarks.scale --only growth --json                   # one part; the last line alone

Throughput: `chainrule grade`, its start included, of one class of --submissions notebooks of a real
assignment, with 1 and with 2 jobs. Of twenty answers fourteen are right, four make a known mistake,
one is empty, one raises an error; both runs draw the same inputs and must give the same grades.
Feedback pages are written, as for a real class.

Engine: the same command on an assignment whose only exercise is answered by `return x`. Whatever it
costs is the engine: reading, rebuilding, the wall and its processes, the drawing of inputs,
judging, recording, the feedback page. Its seconds a submission are those that one submission more
adds: the run of a single submission, which is the start, is taken off. "The command" is its first
process, the one writer: it is one for all workers, those of a cluster too.

Growth: the trivial class at every size. The exponent is the slope of log(CPU seconds without the
start) over log(size): 1 is linear. Other work on the machine shows in wall seconds more than in
these. The slope of memory is the bytes that one submission more adds to the peak, of the command
(resident) and of all its processes together (proportional set size, so that what they share counts
once).

Nothing here passes or fails by the clock; compare figures of one run with each other.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from .classes import TRIVIAL, trivial_class, varied_class
from .measured import Measured, graded_whole

SIZES = (50, 200, 500, 1000, 2000)
STUDENTS = (50, 500, 5000)
ASSIGNMENTS = 5
JOBS = (1, 2)
Row = dict[str, Any]


def graded(
    make: Callable[[Path], Path], assignment: str, count: int, jobs: int
) -> tuple[Measured, dict[str, float]]:
    """A class made and graded in a folder of its own: what it cost, and every student's score.
    Exits when one is missing.
    """
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as folder:
        course = make(Path(folder) / "course")
        found = graded_whole(course, assignment, count, jobs)
        kept = sorted((course / "build" / "judged" / assignment).glob("*.json"))
        scores = {
            one.stem: float(
                sum(verdict["score"] for verdict in json.loads(one.read_text())["verdicts"])
            )
            for one in kept
        }
    return found, scores


def throughput(assignment: str, count: int, done: Callable[[], None]) -> list[Row]:
    """A real assignment at each number of jobs."""
    rows: list[Row] = []
    grades: list[dict[str, float]] = []
    for jobs in JOBS:
        found, scores = graded(
            lambda folder: varied_class(assignment, count, folder), assignment, count, jobs
        )
        grades.append(scores)
        rows.append(
            {
                "jobs": jobs,
                "an_hour": 3600 * count / found.seconds,
                **_a_submission(found, count),
                **asdict(found),
            }
        )
        done()
    if any(one != grades[0] for one in grades):
        sys.exit("the number of jobs changed somebody's grade")
    return rows


def growth(sizes: Sequence[int], jobs: int, done: Callable[[int], None]) -> Row:
    """The trivial assignment: its start (the quicker of two), and every size without it."""

    def run(size: int) -> Measured:
        found, scores = graded(lambda folder: trivial_class(size, folder), TRIVIAL, size, jobs)
        if set(scores.values()) != {1}:
            sys.exit("a right answer to the trivial exercise was not given its point")
        done(size)
        return found

    start = min(run(1), run(1), key=lambda one: one.seconds)
    all_found = {size: run(size) for size in sizes}
    rows = [
        {"submissions": size, **_more(found, start, size - 1), **asdict(found)}
        for size, found in all_found.items()
    ]
    return {
        "jobs": jobs,
        "start": asdict(start),
        "rows": rows,
        **(_fits(start, rows) if len(rows) > 1 else {}),
    }


def _a_submission(found: Measured, count: int) -> Row:
    return {
        "seconds_each": found.seconds / count,
        "cpu_each": found.cpu / count,
        "own_cpu_each": found.own_cpu / count,
    }


def _more(found: Measured, start: Measured, more: int) -> Row:
    """What each submission after the first one added."""
    return {
        "seconds_each": (found.seconds - start.seconds) / more,
        "cpu_each": (found.cpu - start.cpu) / more,
        "own_cpu_each": (found.own_cpu - start.own_cpu) / more,
    }


def _fits(start: Measured, rows: Sequence[Row]) -> Row:
    """Exponents of time and slopes of memory over the sizes."""
    sizes = np.array([row["submissions"] for row in rows], dtype=float)
    found: Row = {}
    for kind in ("seconds", "cpu", "own_cpu"):
        more = np.array([row[kind] - getattr(start, kind) for row in rows])
        found[f"{kind}_exponent"] = float(
            np.polyfit(np.log(sizes - 1), np.log(np.maximum(more, 1e-3)), 1)[0]
        )
    for kind in ("own_memory", "all_memory"):
        found[f"{kind}_slope"] = float(np.polyfit(sizes, [row[kind] for row in rows], 1)[0])
    return found


def sizes_of_courses(cpu_each: float, seconds_each: float) -> list[Row]:
    """CPU hours of a course by its students, and hours of this machine with the most jobs
    measured.
    """
    return [
        {
            "students": students,
            "submissions": students * ASSIGNMENTS,
            "cpu_hours": cpu_each * students * ASSIGNMENTS / 3600,
            "hours_here": seconds_each * students * ASSIGNMENTS / 3600,
        }
        for students in STUDENTS
    ]


def _mib(size: float) -> str:
    return f"{size / 2**20:.0f} MiB"


def tables(report: Row) -> list[Table | str]:
    """For people."""
    shown: list[Table | str] = []
    if rows := report.get("throughput"):
        title = f"{report['submissions']} x {report['assignment']}"
        columns = (
            "jobs",
            "an hour",
            "s each",
            "CPU s each",
            "of it the command",
            "command",
            "largest",
            "all",
        )
        table = Table(*columns, "times 1 job", title=title)
        for row in rows:
            cells = (
                f"{row['an_hour']:.0f}",
                f"{row['seconds_each']:.2f}",
                f"{row['cpu_each']:.2f}",
                f"{row['own_cpu_each']:.2f}",
            )
            memory = (_mib(row[kind]) for kind in ("own_memory", "memory", "all_memory"))
            table.add_row(
                str(row["jobs"]), *cells, *memory, f"{rows[0]['seconds'] / row['seconds']:.2f}"
            )
        shown.append(table)
    if grown := report.get("growth"):
        title = (
            f"Growth: the trivial class with {grown['jobs']} job(s); start "
            f"{grown['start']['seconds']:.1f} s"
        )
        table = Table(
            "submissions",
            "ms each",
            "CPU ms each",
            "of it the command",
            "command",
            "all",
            title=title,
        )
        for row in grown["rows"]:
            cells = (
                f"{1000 * row[kind]:.1f}" for kind in ("seconds_each", "cpu_each", "own_cpu_each")
            )
            table.add_row(
                str(row["submissions"]), *cells, _mib(row["own_memory"]), _mib(row["all_memory"])
            )
        shown.append(table)
        if "cpu_exponent" in grown:
            shown.append(
                "time grows with exponent {seconds_exponent:.3f} (CPU {cpu_exponent:.3f}, the "
                "command's own {own_cpu_exponent:.3f}); memory by {own_memory_slope:.0f} bytes a "
                "submission in the command, {all_memory_slope:.0f} in all".format(**grown)
            )
    if "engine_share" in report:
        shown.append(
            f"engine: {report['engine_share']:.1%} of the CPU seconds of a real submission"
        )
    if rows := report.get("courses"):
        title = f"A course of {ASSIGNMENTS} assignments like {report['assignment']}"
        table = Table(
            "students", "submissions", "CPU hours", f"hours here, {JOBS[-1]} jobs", title=title
        )
        for row in rows:
            hours = f"{row['cpu_hours']:.1f}", f"{row['hours_here']:.1f}"
            table.add_row(str(row["students"]), str(row["submissions"]), *hours)
        shown.append(table)
    return shown


def main() -> None:
    """Measure, print the tables, end with one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--submissions", type=int, default=200, help="of the real assignment (default 200)"
    )
    parser.add_argument("--assignment", default="svm", help="the real assignment (default svm)")
    parser.add_argument(
        "--sizes",
        default=",".join(map(str, SIZES)),
        help="of the trivial class (default %(default)s)",
    )
    parser.add_argument("--jobs", type=int, default=1, help="for the trivial class (default 1)")
    parser.add_argument("--only", choices=("throughput", "growth"), help="measure one part")
    parser.add_argument("--json", action="store_true", help="print the last line alone")
    asked = parser.parse_args()
    try:
        sizes = sorted({int(size) for size in asked.sizes.split(",")})
    except ValueError:
        parser.error("--sizes takes numbers with commas between them: 50,200,500")
    if sizes[0] < 2 or asked.submissions < 1:
        parser.error("a class has at least one submission, and the trivial one two")
    console = Console(stderr=asked.json, width=None if sys.stdout.isatty() else 120)
    report: Row = {
        "cores": os.cpu_count(),
        "assignment": asked.assignment,
        "submissions": asked.submissions,
    }
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        if asked.only != "growth":
            task = bars.add_task(f"{asked.submissions} x {asked.assignment}", total=len(JOBS))
            report["throughput"] = throughput(
                asked.assignment, asked.submissions, lambda: bars.advance(task)
            )
        if asked.only != "throughput":
            bar = bars.add_task("trivial class", total=sum(sizes) + 2)
            report["growth"] = growth(sizes, asked.jobs, lambda size: bars.advance(bar, size))
    if rows := report.get("throughput"):
        report["courses"] = sizes_of_courses(rows[0]["cpu_each"], rows[-1]["seconds_each"])
        if grown := report.get("growth"):
            report["engine_share"] = grown["rows"][-1]["cpu_each"] / rows[0]["cpu_each"]
    if not asked.json:
        for one in tables(report):
            console.print(one)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
