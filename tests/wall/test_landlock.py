"""Landlock's rules, as far as each version of the kernel's interface knows them."""

from __future__ import annotations

import errno
import json
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.wall.wire.kernel import landlock_abi

CONFINED = """
import json, os, socket, sys
from autograder.wall.wire import kernel
from autograder.wall.wire.kernel import Right

version, room = int(sys.argv[1]), sys.argv[2]
kernel.landlock_abi = lambda: version
listening = socket.socket(socket.AF_UNIX)
listening.bind("\\0" + room)
listening.listen()
child = os.fork()
if child:
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
kernel.only_beneath([
    (f"{room}/open", Right.READ_DIR | Right.READ_FILE),
    (f"{room}/one", Right.READ_DIR | Right.READ_FILE | Right.REFER),
    (f"{room}/nowhere", Right.READ_FILE),
])

def number(act, *arguments):
    try:
        act(*arguments)
    except OSError as error:
        return error.errno
    return 0

print(json.dumps({
    "allowed": number(open, f"{room}/open/a"),
    "one file": number(open, f"{room}/one"),
    "closed": number(open, f"{room}/closed"),
    "written": number(open, f"{room}/open/a", "w"),
    "listed": number(os.listdir, room),
    "tcp": number(socket.socket().connect, ("127.0.0.1", 9)),
    "abstract": number(socket.socket(socket.AF_UNIX).connect, "\\0" + room),
    "signal": number(os.kill, os.getppid(), 0),
}), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(landlock_abi() == 0, reason="this kernel has no Landlock")
@pytest.mark.parametrize("version", range(1, landlock_abi() + 1))
def test_what_each_version_refuses(version: int, tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    for name in ("open/a", "one", "closed"):
        (tmp_path / name).write_text(name)
    command = [sys.executable, "-c", CONFINED, str(version), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["allowed"], found["one file"]) == (0, 0)
    assert {found[what] for what in ("closed", "written", "listed")} == {errno.EACCES}
    assert found["tcp"] == (errno.EACCES if version >= 4 else errno.ECONNREFUSED)
    assert found["abstract"] == (errno.EPERM if version >= 6 else 0)
    assert found["signal"] == (errno.EPERM if version >= 6 else 0)
