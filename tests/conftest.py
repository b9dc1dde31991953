"""What all tests share."""

from __future__ import annotations

import gc
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch: the tests run side by side

sys.path.append(str(Path(__file__).parent))  # for tests/courses; last, so that it hides nothing

from courses.course import TinyCourse, build_tiny, once

from .missing import installed, missing, why

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HERE = Path(__file__).parent
WAITING = ("hostile", "source", "notebook", "wall", "gradebook", "oracle")
"""Folders whose tests mostly wait: for a class that is graded, a kernel, a time limit."""
FRESH = "accelerator"
"""The folder whose tests register a device in a fork: torch's autograd counts devices at its first
pass, and after that each of them costs a process with imports of its own.
"""


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait come first, so that others use the processor meanwhile.

    Each process of ``--dist worksteal`` begins with a stretch of the list of its own: each stretch
    begins with folders that wait. What uses one thing together stays together. First of all come,
    for each of them, some that want a process which has not gone backward in torch yet.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    folders: dict[str, list[pytest.Item]] = {name: [] for name in (FRESH, *WAITING)}
    others: list[pytest.Item] = []
    for item in items:
        folders.get(item.path.relative_to(HERE).parts[0], others).append(item)
    left = len(items)
    items.clear()
    for worker in range(workers):
        end = len(items) + left // (workers - worker)
        items += folders[FRESH][worker::workers]
        for name in WAITING[worker::workers]:
            items += folders[name]
        room = max(0, end - len(items))
        items += others[:room]
        del others[:room]
        left -= left // (workers - worker)
    items += others


def pytest_collection_finish() -> None:
    """What is collected stays: no collection of garbage looks at it again, here or in a fork."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector):
    """A file of tests that needs a package which is not installed is skipped, but not under CI."""
    report = yield
    if report.failed and not os.environ.get("CI"):
        _skip_what_is_missing(report, report.call, collector.path)
    return report


def _skip_what_is_missing(report: Any, call: pytest.CallInfo | None, path: Path) -> None:
    why = missing(call.excinfo.value) if call is not None and call.excinfo is not None else ""
    if why:
        report.outcome, report.longrepr = "skipped", (str(path), 1, f"Skipped: {why}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """What needs a missing package is skipped; under CI a skipped test is a failed one: all must
    run.
    """
    report = yield
    if report.failed:
        _skip_what_is_missing(report, call, item.path)
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item):
    """What needs a browser or a package that is not to be had is skipped before anything is
    made.
    """
    for needed in item.iter_markers("needs"):
        if not installed(*needed.args):
            pytest.skip(why(*needed.args))
    if "browser" in getattr(item, "fixturenames", ()):
        from .browsers import NoBrowserError, program

        try:
            program()
        except NoBrowserError as error:
            pytest.skip(str(error))


@pytest.fixture(scope="session")
def tiny_built(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """The tiny course, built once. Not to be written to."""
    return once(tmp_path_factory, "tiny-built", build_tiny)


@pytest.fixture
def tiny_course(tiny_built: TinyCourse, tmp_path: Path) -> TinyCourse:
    """A copy of the tiny course for one test."""
    shutil.copytree(tiny_built.root, tmp_path / "course")
    return TinyCourse(tmp_path / "course")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A running Chromium."""
    from .browsers import chromium

    with chromium() as running:
        yield running
