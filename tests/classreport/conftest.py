"""The made-up class, graded once for all tests here. Not to be written to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from courses.course import TinyCourse, once

from .cohort import graded_cohort, report_of


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    return once(tmp_path_factory, "tiny-cohort", graded_cohort)


@pytest.fixture(scope="module")
def into(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def report(cohort: TinyCourse, into: Path) -> dict[str, Any]:
    return report_of(cohort, "--into", str(into))
