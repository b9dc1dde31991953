"""Commands as people give them, each in a process of its own that begins with its libraries
imported.

``chainrule grade`` and ``nbgrader export`` import for seconds before they do anything. So a server
imports once what they import, and forks for each command a process that runs the very script that
was installed."""

from __future__ import annotations

import gc
import json
import os
import runpy
import socket
import subprocess
import sys
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile

BIN = Path(sys.executable).parent
IMPORTED = (
    "nbgrader.apps",
    "nbgrader.apps.nbgraderapp",
    *(
        f"autograder.commandline.{name}"
        for name in (
            "app",
            "audit",
            "build",
            "check",
            "demo",
            "doctor",
            "grade",
            "leaderboard",
            "report",
        )
    ),
    "annotated_types",
    "pydantic",
    "rich.table",
    "sqlalchemy.dialects.sqlite",
    "autograder.authoring",
    "autograder.classes.pool",
    "autograder.classreport",
    "autograder.gradebook.classroom",
    "autograder.gradebook.exporters",
    "autograder.gradebook.hooks",
    "autograder.wall.outside.wall",
)
MOST_BYTES = 1 << 20  # of one request


class _Commands:
    """The server's end that asks."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, __file__, str(theirs.fileno())]
        threads = {f"{one}_NUM_THREADS": "1" for one in ("OMP", "OPENBLAS", "MKL")}
        self._server = subprocess.Popen(
            command, pass_fds=[theirs.fileno()], env=os.environ | threads
        )
        theirs.close()

    def run(self, command: tuple[str, ...], cwd: Path, seconds: float) -> tuple[int, str, str]:
        """The status of ``command``, and what it printed."""
        with TemporaryFile("w+") as out, TemporaryFile("w+") as err:
            asked = json.dumps([command, str(cwd), dict(os.environ)]).encode()
            socket.send_fds(self._socket, [asked], [out.fileno(), err.fileno()])
            self._socket.settimeout(seconds)
            try:
                code = int(self._socket.recv(100))
            except TimeoutError:
                self._server.kill()
                _commands.cache_clear()
                raise
            out.seek(0)
            err.seek(0)
            return code, out.read(), err.read()


@cache
def _commands() -> _Commands:
    return _Commands()


def run(*command: str, cwd: Path, seconds: float = 250) -> subprocess.CompletedProcess[str]:
    """Run an installed script of this environment as ``subprocess.run`` would."""
    code, out, err = _commands().run(command, cwd, seconds)
    return subprocess.CompletedProcess(command, code, out, err)


def _serve(asked: socket.socket) -> None:
    """Answer requests until nobody asks any more; a command's process comes back from here as a
    call.
    """
    for name in IMPORTED:
        import_module(name)
    gc.freeze()  # no command's collector walks through what it did not make
    while True:
        request, streams, _, _ = socket.recv_fds(asked, MOST_BYTES, 2)
        if not request:
            return
        command, cwd, environment = json.loads(request)
        pid = os.fork()
        if pid == 0:
            asked.close()
            _become(command, cwd, environment, streams)
            return
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(pid, 0)
        with suppress(BrokenPipeError):
            asked.send(str(os.waitstatus_to_exitcode(status)).encode())


def _become(command: list[str], cwd: str, environment: dict[str, str], streams: list[int]) -> None:
    for number, stream in enumerate(streams, start=1):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    script = str(BIN / command[0])
    sys.argv = [script, *command[1:]]
    sys.path[0] = str(BIN)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
