"""What a submission of each assignment costs, beside what it cannot cost less than.

    make bench-assignments                                  # all five: half an hour
    python -m benchmarks.assignments svm --submissions 2    # one, with few: a few minutes
    python -m benchmarks.assignments --json                 # the last line alone

Each assignment is answered by a class as in benchmarks/scale.py (right, mistaken, empty, with an
error), and graded by `chainrule grade` with one job, isolation on and the feedback pages written.
What is told is what each further submission adds: the class has twice as many as asked for, and
what the command takes for the first half alone is taken off. So neither the start counts nor what
is worked out once for a class, such as the known mistakes of an exercise that somebody gets wrong;
it is told beside it. The limit (benchmarks/limit.py: the students' cells and the calls that the
checks make of their functions) is of the same submissions. Both are CPU seconds, with one thread.

Everything random is drawn with one seed, so that two runs grade the same answers on the same
inputs. The last line is JSON."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from .classes import ROOT, varied_class
from .limit import in_own_process
from .measured import graded_whole, processor

ASSIGNMENTS = ("svm", "softmax", "backprop", "cnn", "lstm")
STEPS = 4
"""Of each assignment: the class is made, half of it is graded, then all, and the limit."""
Row = dict[str, Any]


def measured(
    assignment: str, make: Callable[[int, Path], Path], count: int, done: Callable[[], None]
) -> Row:
    """One assignment. ``make(number, folder)`` makes a class of so many; ``done`` is called after
    each of STEPS.
    """
    with tempfile.TemporaryDirectory(prefix="chainrule-bench-") as folder:
        course = make(2 * count, Path(folder) / "course")
        begun = shutil.copytree(course, Path(folder) / "half")
        for other in sorted(begun.glob("submitted/*"))[count:]:
            shutil.rmtree(other)
        done()
        half = graded_whole(begun, assignment, count)
        done()
        whole = graded_whole(course, assignment, 2 * count)
        done()
        each = in_own_process(course, assignment).each[count:]
        done()
    cpu, limit = (whole.cpu - half.cpu) / count, sum(each) / count
    return {
        "assignment": assignment,
        "cpu_each": cpu,
        "limit_each": limit,
        "multiple": cpu / limit,
        "seconds_each": (whole.seconds - half.seconds) / count,
        "once": half.cpu - count * cpu,
        "half": half.cpu,
        "whole": whole.cpu,
        "limits": each,
    }


def table(rows: Sequence[Row], count: int) -> Table:
    """For people."""
    shown = Table(
        "assignment",
        "CPU s a submission",
        "the limit",
        "times the limit",
        "once a class",
        title=f"{count} submissions more of each assignment, one job",
        caption=f"{os.cpu_count()} cores of {processor()}",
    )
    for row in rows:
        cells = f"{row['cpu_each']:.2f}", f"{row['limit_each']:.2f}", f"{row['multiple']:.1f}"
        once = f"{row['once']:.0f}"
        shown.add_row(row["assignment"], *cells, once)
    return shown


def main() -> None:
    """Measure, print the table, end with one line of JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "assignments", nargs="*", metavar="ASSIGNMENT", help=f"default {' '.join(ASSIGNMENTS)}"
    )
    parser.add_argument(
        "--submissions", type=int, default=8, help="what of each is added (default %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print the last line alone")
    asked = parser.parse_args()
    names = asked.assignments or ASSIGNMENTS
    if unknown := [name for name in names if not (ROOT / "source" / name).is_dir()]:
        parser.error(f"there is no assignment {unknown[0]!r}; there are: {', '.join(ASSIGNMENTS)}")
    if asked.submissions < 1:
        parser.error("at least one submission is added")
    rows: list[Row] = []
    with Progress(console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=STEPS * len(names))
        for name in names:
            bars.update(bar, description=name)
            make = partial(varied_class, name)
            row = measured(name, make, asked.submissions, lambda: bars.advance(bar))
            rows.append(row)
            bars.console.print("{assignment}: {multiple:.1f} times the limit".format(**row))
    if not asked.json:
        Console(width=None if sys.stdout.isatty() else 120).print(table(rows, asked.submissions))
    report = {"submissions": asked.submissions, "processor": processor(), "rows": rows}
    print(json.dumps(report))


if __name__ == "__main__":
    main()
