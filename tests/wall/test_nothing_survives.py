"""What one submission leaves in the kernel or in a directory, the next one does not find; and the
calls that are refused.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from textwrap import dedent
from typing import Any

import pytest

from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell
from autograder.wall.wire.seccomp import seccomp_known

from .conftest import LIMITS, MODULES, level_or_skip

CALLS = """
import ctypes, json, os, platform, socket, subprocess, threading
libc = ctypes.CDLL(None, use_errno=True)
X86 = platform.machine() == "x86_64"
def call(x86, arm, *arguments):
    ctypes.set_errno(0)
    made = libc.syscall(x86 if X86 else arm, *arguments)
    return made if made >= 0 else -ctypes.get_errno()
"""
LEAVES = """
KEY, USER_KEYRING, ROOMS = 0x5eed, -4, ("/tmp", "/dev/shm", os.getcwd())
def segment(flags): return call(29, 194, KEY, ctypes.c_size_t(4096), flags)
def semaphores(flags): return call(64, 190, KEY, 1, flags)
def messages(flags): return call(68, 186, KEY, flags)
def queue(flags): return call(240, 180, b"seed", flags, 0o600, None)
"""
FIRST = """
CREATE = 0o1600
segment(CREATE), semaphores(CREATE), messages(CREATE), queue(os.O_CREAT | os.O_RDWR)
call(248, 217, b"user", b"seed", b"x", ctypes.c_size_t(1), USER_KEYRING)
for room in ROOMS:
    try:
        os.makedirs(f"{room}/seed/below")
        open(f"{room}/seed/below/file", "w").write("x")
        os.chmod(f"{room}/seed", 0)
    except OSError: pass
"""
SECOND = """
found = {"segment": segment(0), "semaphores": semaphores(0), "messages": messages(0), "queue": queue(os.O_RDWR),
         "key": call(249, 218, b"user", b"seed", None, 0)}
print(json.dumps([name for name, made in found.items() if made >= 0]
                 + [room for room in ROOMS if os.path.lexists(f"{room}/seed")]))
"""
REFUSED = """
def opened(family):
    try:
        socket.socket(family, socket.SOCK_STREAM).close()
        return 1
    except OSError as error:
        return -error.errno
found = {
    "AF_VSOCK": opened(40), "AF_NETLINK": opened(16), "AF_ALG": opened(38),
    "io_uring": call(425, 425, 1, ctypes.create_string_buffer(120)),
    "unshare": call(272, 97, 0x10000000), "setns": call(308, 268, 0, 0),
    "clone": call(56, 220, 0x10000000 | 17, None, None, None, None),
    "clone3": call(435, 435, ctypes.create_string_buffer(88), ctypes.c_size_t(88)),
    "keyctl": call(250, 219, 0, -3, 1), "bpf": call(321, 280, 0, None, 0),
    "perf": call(298, 241, ctypes.create_string_buffer(128), 0, -1, -1, 0),
    "userfaultfd": call(323, 282, 0), "mount": call(165, 40, b"none", b"/tmp", b"tmpfs", 0, None),
}
if found["clone"] == 0: os._exit(0)
print(json.dumps(found))
"""
HONEST = """
import multiprocessing, tempfile
threads = [threading.Thread(target=print) for _ in range(3)]
for one in threads: one.start()
for one in threads: one.join()
pid = os.fork()
if pid == 0: os._exit(3)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 3
assert subprocess.run(["true"]).returncode == 0
child = multiprocessing.get_context("fork").Process(target=abs, args=(1,)); child.start(); child.join()
here, there = socket.socketpair()
with tempfile.NamedTemporaryFile() as file: file.write(b"x")
print(json.dumps("fine"))
"""


@pytest.fixture(scope="module", params=["landlock", "bubblewrap"])
def wall(request: pytest.FixtureRequest) -> Iterator[Wall]:
    with Wall(level_or_skip(request.param), LIMITS, modules=MODULES) as wall:
        yield wall


def said(wall: Wall, *cells: str) -> Any:
    """What the last line of a submission's text says, as JSON."""
    with wall.open({}, {}) as session:
        (result,) = session.run([Cell("cell", dedent("".join((CALLS, *cells))))])
    assert result.outputs, result.failure
    return json.loads(result.outputs[-1]["text"].splitlines()[-1])


def test_nothing_is_left_for_the_next_submission(wall: Wall) -> None:
    if not seccomp_known():
        pytest.skip(f"no filter for {platform.machine()}")
    said(wall, LEAVES, FIRST, "print('0')")
    assert said(wall, LEAVES, SECOND) == []


@pytest.mark.needs("torch")
@pytest.mark.parametrize(
    "level", ["landlock", pytest.param("bubblewrap", marks=pytest.mark.integration)]
)
def test_one_forkserver_serves_one_submission_after_the_other(level: str) -> None:
    """What an import leaves in /tmp, as torch does, is no submission's remains."""
    with Wall(level_or_skip(level), LIMITS, modules=(*MODULES, "torch")) as wall:
        forkserver = wall.forkservers.present()
        for _ in range(2):
            said(wall, LEAVES, FIRST, "print(json.dumps(0))")
            assert wall.forkservers.present() is forkserver


def test_calls_that_no_submission_needs_are_refused(wall: Wall) -> None:
    if not seccomp_known():
        pytest.skip(f"no filter for {platform.machine()}")
    made = {name for name, number in said(wall, REFUSED).items() if number not in (-1, -38)}
    assert made == set()


def test_what_honest_code_asks_of_the_kernel_is_there(wall: Wall) -> None:
    assert said(wall, HONEST) == "fine"
