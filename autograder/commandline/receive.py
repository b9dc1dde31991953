"""``chainrule receive``."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from .saying import console, course_root, print_json, progress_bars

if TYPE_CHECKING:
    from ..gradebook.arrivals.receipts import Receipt
    from ..gradebook.arrivals.receiving import Receiver

EVERY_SECONDS = 2.0


def run(
    course: Path | None,
    jobs: int,
    isolation: str | None,
    receipts: Path | None,
    watch: bool,
    json: bool,
) -> int:
    """Judge what lies in the exchange; with ``watch`` until a signal. Returns the exit code."""
    from ..gradebook.arrivals.receiving import Receiver

    receiver = Receiver(course_root(course), jobs, isolation, receipts)
    if watch:
        _until_a_signal(receiver, json)
    else:
        _once(receiver, json)
    return 0


def _until_a_signal(receiver: Receiver, json: bool) -> None:
    """A line for everything that is judged."""
    ended = threading.Event()

    def end(*_: object) -> None:
        ended.set()
        sys.exit(0)  # from whatever is being judged: the next start judges it

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    while not ended.wait(EVERY_SECONDS):
        receiver.look(lambda assignment, student, receipt: _say(assignment, student, receipt, json))
        _complain(receiver)


def _say(assignment: str, student: str, receipt: Receipt, json: bool) -> None:
    if json:
        print_json({"assignment": assignment, "student": student, "said": receipt.sentence()})
    else:
        console().print(f"{assignment} {student}: {receipt.sentence()}", markup=False)
    sys.stdout.flush()


def _complain(receiver: Receiver) -> None:
    for line in receiver.complaints():
        console(stderr=True).print(line, style="yellow", markup=False)


def _once(receiver: Receiver, json: bool) -> None:
    from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

    said: list[dict[str, str]] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with progress_bars(*columns) as bars:
        task = bars.add_task("looking into the exchange", total=None)

        def arrived(assignment: str, student: str, receipt: Receipt) -> None:
            said.append({"assignment": assignment, "student": student, "said": receipt.sentence()})
            bars.update(task, description=f"{len(said)} judged")

        count = receiver.look(arrived)
    if json:
        print_json({"judged": count, "submissions": said})
    else:
        for one in said:
            console().print(f"{one['assignment']} {one['student']}: {one['said']}", markup=False)
        console().print(f"{count} judged now, {len(said) - count} before")
    _complain(receiver)
