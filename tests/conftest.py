"""What all tests share."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before numpy and torch: the tests run side by side

sys.path.append(str(Path(__file__).parent))  # for tests/courses; last, so that it hides nothing

from courses.course import TinyCourse, build_tiny, once


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo):
    """Under CI a skipped test is a failed one: whatever should have run must run."""
    report = yield
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped under CI: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def tiny_built(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """The tiny course, built once. Not to be written to."""
    return once(tmp_path_factory, "tiny-built", build_tiny)


@pytest.fixture
def tiny_course(tiny_built: TinyCourse, tmp_path: Path) -> TinyCourse:
    """A copy of the tiny course for one test."""
    shutil.copytree(tiny_built.root, tmp_path / "course")
    return TinyCourse(tmp_path / "course")
