"""A group of the kernel's for each submission: what no watch sees is bounded by it, and it ends with
its submission.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.wall.outside.cgroups import Cgroups, usable
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

from .conftest import LEVELS, LIMITS, level_or_skip

if usable().cgroups is None:
    pytest.skip(usable().problem, allow_module_level=True)

BOUNDS = replace(
    LIMITS, cell_seconds=60, memory_bytes=128 << 20, scratch_bytes=8 << 20, processes=24
)
ON_ITS_WAY = """
import os, socket, time
here, there = socket.socketpair()
for number in range(128):
    file = os.memfd_create(str(number))
    os.write(file, b"1" * (8 << 20))
    if number:
        socket.send_fds(here, [b"x"], [file])
    os.close(file)
print("a gigabyte on its way")
"""
CHILDREN = """
import os, time
try:
    for number in range(100):
        if os.fork() == 0: time.sleep(60); os._exit(0)
except OSError as error:
    print(number, "children,", type(error).__name__)
"""


@pytest.fixture(scope="module")
def where() -> Cgroups:
    cgroups = usable().cgroups
    assert cgroups is not None
    return cgroups


@pytest.fixture(scope="module", params=LEVELS)
def wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    with Wall(level_or_skip(request.param), BOUNDS, modules=("numpy",)) as wall:
        yield wall


def groups(where: Cgroups, wall: Wall) -> list[str]:
    name = wall.forkservers.present().directory.name
    return [path.name for place in where.places for path in left(place, name)]


def test_memory_that_no_process_holds_is_bounded_and_said(wall: Wall) -> None:
    with wall.open({}, {}) as session:
        (result,) = session.run([Cell("cell", ON_ITS_WAY)])
    assert "used more than 128 MB of memory in all its processes" in str(result)
    assert "on its way" not in str(result)


def test_processes_are_counted_for_each_submission(wall: Wall) -> None:
    with wall.open({}, {}) as session:
        (result,) = session.run([Cell("cell", CHILDREN)])
    said = str(result)
    assert "children, BlockingIOError" in said
    assert int(said.partition(" children")[0].rpartition("'")[2]) < BOUNDS.processes


def test_a_submission_is_in_its_group_and_the_group_ends_with_it(
    wall: Wall, where: Cgroups
) -> None:
    with wall.open({}, {}) as session:
        session.run([Cell("cell", "import subprocess; subprocess.Popen(['sleep', '60'])")])
        names = groups(where, wall)
        assert len(names) == len(where.places)
        for place in where.places:
            assert len((place / names[0] / "cgroup.procs").read_text().split()) == 2
    assert groups(where, wall) == []


def left(place: Path, name: str) -> list[Path]:
    return list(place.glob(f"{name}-*"))


KILLED = """
import os, sys
from autograder.wall.outside.wall import Wall
wall = Wall("none", modules=())
wall.open({}, {})
print(wall.forkservers.present().directory.name, flush=True)
sys.stdin.read()
"""


def test_groups_of_a_killed_grader_are_removed_by_the_next(
    where: Cgroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", KILLED]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as grader:
        assert grader.stdout is not None
        name = grader.stdout.readline().strip()
        grader.send_signal(signal.SIGKILL)
    assert [place for place in where.places if left(place, name)] == where.places
    monkeypatch.setattr("autograder.wall.outside.forkserver_process.YOUNG_SECONDS", 0)
    for _ in range(30):  # its forkserver holds the directory until it has ended, too
        with Wall("none", modules=()):
            pass
        if not any(left(place, name) for place in where.places):
            return
    pytest.fail("groups were left behind")
