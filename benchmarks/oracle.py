"""A class that checks all at once: how long the oracle takes to answer, and whether it ever fails
to.

    python -m benchmarks.oracle                     # 200 students; under a minute
    python -m benchmarks.oracle --students 50

Every student is a thread with the client of ``check``: ask for inputs, compute svm_loss_vectorized
on them, post, read the verdict. A third of them is right, a third makes a known mistake, a third is
wrong in a way nobody knows (the slowest: every known mistake is tried). Two situations: *at once*,
all within the same instant; *in class*, each at a random moment of half a minute. Seconds are of
one check's whole conversation. Students and oracle share this machine; the tokens are vouched for
by a stand-in of the Hub. The last line is JSON."""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "tests"))

EXERCISE = "svm_loss_vectorized"
PROCESSES = 4
IN_CLASS_SECONDS = 30.0


def students(url: str, numbers: list[int], start: float, spread: float) -> list[tuple[float, str]]:
    """Some of the students, each in a thread: seconds of their check, and what went wrong (nothing,
    as a rule).
    """
    from autograder.course.assignment import load_assignment
    from autograder.watch.evaluate import local

    assignment = load_assignment(ROOT, "svm")
    exercise = assignment.exercises[EXERCISE]
    assert assignment.mistakes is not None
    mistaken = assignment.mistakes.commit(
        EXERCISE, assignment.mistakes.names(EXERCISE)[:1]
    ).namespace

    def astray(W, X, y, reg):
        loss, dW = assignment.reference[EXERCISE](W, X, y, reg)
        return loss, dW + 0.01 * W**3

    answers = [assignment.reference, mistaken, {EXERCISE: astray}]
    taken: list[tuple[float, str]] = []

    def student(number: int) -> None:
        from autograder.exercise.trial import Trial
        from autograder.oracle.client import Oracle

        kind = number % 3
        trial = Trial(exercise, local(exercise, answers[kind]), np.random.default_rng(number))
        asking = Oracle(url, f"token-of-student{number}", "svm")
        time.sleep(max(0.0, start - time.time()) + random.Random(number).uniform(0, spread))
        began = time.perf_counter()
        findings = [asking(trial, check) for check in exercise.checks if check.needs_reference]
        seconds = time.perf_counter() - began
        passed = all(finding.passed for finding in findings)
        wrong = asking.away or ("" if passed == (kind == 0) else f"judged wrongly: {findings}")
        taken.append((seconds, wrong))

    threads = [threading.Thread(target=student, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return taken


def main() -> int:
    """Measure both situations. Exit code 1 when any check went unanswered."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--students", type=int, default=200)
    count = parser.parse_args().students
    from tests.oracle.conftest import serving

    table = Table(
        "situation",
        "checks",
        "unanswered",
        "p50 s",
        "p99 s",
        "longest s",
        title=f"{count} students",
    )
    told: dict[str, object] = {"students": count, "cores": os.cpu_count()}
    errors: list[str] = []
    with tempfile.TemporaryDirectory() as folder, serving(ROOT, Path(folder) / "log") as served:
        groups = [list(range(count))[k::PROCESSES] for k in range(PROCESSES)]
        with ProcessPoolExecutor(PROCESSES) as pool:
            for situation, spread in (
                ("at once", 0.0),
                ("at once, again", 0.0),
                ("in class", IN_CLASS_SECONDS),
            ):
                start = time.time() + 5
                futures = [
                    pool.submit(students, served.url, numbers, start, spread) for numbers in groups
                ]
                taken = [one for future in futures for one in future.result()]
                failed = [wrong for _, wrong in taken if wrong]
                p50, p99, longest = np.percentile([seconds for seconds, _ in taken], [50, 99, 100])
                table.add_row(
                    situation,
                    str(len(taken)),
                    str(len(failed)),
                    f"{p50:.2f}",
                    f"{p99:.2f}",
                    f"{longest:.2f}",
                )
                told[situation] = {
                    "unanswered": len(failed),
                    "p50": round(float(p50), 3),
                    "p99": round(float(p99), 3),
                }
                errors += failed
        told["memory_mb"] = served.peak_memory() >> 20
    Console().print(table)
    for wrong in dict.fromkeys(errors):
        print(wrong)
    print(json.dumps(told))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
