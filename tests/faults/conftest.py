"""The class, and what an undisturbed run makes of it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from courses.course import TinyCourse

from .ambush import Ambush
from .cohort import NAMES, Grades, Run, grades, hand_in


@pytest.fixture(scope="session")
def handed_in(tiny_built: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """The class before it is graded. Not to be written to."""
    root = tmp_path_factory.mktemp("handed-in") / "course"
    shutil.copytree(tiny_built.root, root)
    return hand_in(TinyCourse(root))


@pytest.fixture
def course(handed_in: TinyCourse, tmp_path: Path) -> TinyCourse:
    """The class, for one test."""
    shutil.copytree(handed_in.root, tmp_path / "course")
    return TinyCourse(tmp_path / "course")


@pytest.fixture(scope="session")
def undisturbed(handed_in: TinyCourse, tmp_path_factory: pytest.TempPathFactory) -> Grades:
    """The grades when nothing happens."""
    root = tmp_path_factory.mktemp("undisturbed") / "course"
    shutil.copytree(handed_in.root, root)
    graded = TinyCourse(root)
    assert Run(graded, os.environ, "--jobs", "1").finish()["failures"] == {}
    found = grades(graded)
    assert found.keys() == set(NAMES)
    assert len({one["score"] for one in found.values()}) >= 4  # or equal grades would prove little
    return found


@pytest.fixture
def ambush(tmp_path: Path) -> Ambush:
    """Where this test lies in wait."""
    return Ambush(tmp_path / "ambush")
