"""A disk that is full, at several moments of a run: one sentence, and when there is room a second
run completes.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from courses.course import TinyCourse

from .cohort import Grades, Run, grades

pytestmark = pytest.mark.faults


@pytest.fixture
def small_disk(handed_in: TinyCourse, tmp_path: Path) -> Iterator[TinyCourse]:
    """The class on a disk of its own of 8 MB; needs the right to mount."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        shutil.copytree(handed_in.root, disk / "course")
        yield TinyCourse(disk / "course")
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


@pytest.mark.parametrize("room", [0, 48, 160])
def test_the_disk_is_full(room: int, small_disk: TinyCourse, undisturbed: Grades):
    ballast = small_disk.root.parent / "ballast"
    with ballast.open("wb") as file:
        free = shutil.disk_usage(ballast.parent).free - room * 1024
        file.write(bytes(free))
    ended = Run(small_disk, os.environ, "--jobs", "2").end()
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr
    assert "cannot be written" in ended.stderr
    assert "grade again when it can" in ended.stderr

    ballast.unlink()
    assert Run(small_disk, os.environ, "--jobs", "2").finish()["failures"] == {}
    assert grades(small_disk) == undisturbed
