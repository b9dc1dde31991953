"""Memory and disk that no limit of a single process sees: shared, without a name, on its way
between processes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from textwrap import dedent

import pytest

from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

from .conftest import LEVELS, LIMITS, MODULES, level_or_skip

PATIENT = replace(LIMITS, cell_seconds=60, memory_bytes=192 << 20, scratch_bytes=20 << 20)
"""The watch looks a few times a second: what is held stays until it has looked, however busy the
machine.
"""

MEMORY = {
    "shared": """
        import mmap
        held = [mmap.mmap(-1, 64 << 20) for _ in range(4)]
        for one in held: one.write(b'1' * (64 << 20))
    """,
    "shared with children": """
        import mmap, os
        for _ in range(4):
            if os.fork() == 0:
                held = mmap.mmap(-1, 64 << 20)
                held.write(b'1' * (64 << 20))
                while True: time.sleep(1)
    """,
    "in files without a name": """
        import os
        for _ in range(16): os.write(os.memfd_create('x'), b'1' * (16 << 20))
    """,
}
DISK = {
    "unlinked": """
        for number in range(8):
            held.append(open(f'f{number}', 'wb'))
            os.unlink(f'f{number}')
            held[-1].write(b'1' * (8 << 20))
            held[-1].flush()
    """,
}
ON_ITS_WAY = """
    here, there = socket.socketpair()
    for number in range(16):
        file = os.open(f'f{number}', os.O_CREAT | os.O_RDWR)
        os.unlink(f'f{number}')
        os.write(file, b'1' * (8 << 20))
        socket.send_fds(here, [b'x'], [file])
        os.close(file)
"""
WAITS = """
import os, socket, time
held = []
try:
{}
except OSError as error: print(error)
else:
    while True: time.sleep(0.1)
"""
MANY_FROM_ONE = """
import mmap, os, time
held = mmap.mmap(-1, 64 << 20)
held.write(b'1' * (64 << 20))
children = []
for _ in range(6):
    child = os.fork()
    if child == 0:
        held.find(b'2')
        time.sleep(1)
        os._exit(0)
    children.append(child)
for child in children: os.waitpid(child, 0)
print('shared by seven')
"""


@pytest.fixture(scope="module", params=LEVELS)
def wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    with Wall(level_or_skip(request.param), PATIENT, modules=MODULES) as wall:
        yield wall


def said(wall: Wall, source: str) -> str:
    """Everything that came of a cell."""
    with wall.open({}, {}) as session:
        (result,) = session.run([Cell("cell", source)])
    return str(result)


def _waits(lines: str) -> str:
    indented = "\n".join(f"    {line}" for line in dedent(lines).strip().splitlines())
    return WAITS.format(indented)


@pytest.mark.parametrize("lines", MEMORY.values(), ids=MEMORY)
def test_memory_counts_whoever_holds_it(wall: Wall, lines: str) -> None:
    assert "used more than 192 MB of memory" in said(wall, _waits(lines))


@pytest.mark.parametrize("lines", DISK.values(), ids=DISK)
def test_files_count_without_a_name(wall: Wall, lines: str) -> None:
    came = said(wall, _waits(lines))
    assert "wrote more than 20 MB of files" in came or "No space left" in came


# A watch does not see descriptors on their way.
@pytest.mark.parametrize("wall", ["bubblewrap"], indirect=True, scope="module")
def test_what_is_on_its_way_counts_where_there_is_a_file_system(wall: Wall) -> None:
    came = said(wall, _waits(ON_ITS_WAY))
    assert "wrote more than 20 MB of files" in came or "No space left" in came


def test_shared_memory_counts_once(wall: Wall) -> None:
    assert "shared by seven" in said(wall, MANY_FROM_ONE)
