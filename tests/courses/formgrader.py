"""A real Jupyter server with nbgrader's Formgrader, in a course."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .course import BIN


@contextmanager
def formgrader(course: Path, settings: Path, token: str = "") -> Iterator[str]:
    """Its address while it runs. ``settings`` is an empty folder: nobody's own settings count.
    Whoever asks has to know the token, where there is one.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    extensions = {"nbgrader.server_extensions.formgrader": True}
    options = [
        "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", f"--IdentityProvider.token={token}",
        f"--ServerApp.root_dir={course}", f"--ServerApp.jpserver_extensions={extensions}",
    ]  # fmt: skip
    places = {f"JUPYTER_{name}_DIR": str(settings / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    home = {"HOME": str(settings), "PATH": f"{BIN}:{os.environ['PATH']}"}
    log = settings / "log"
    with log.open("w") as out:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *options],
            cwd=course,
            env={**os.environ, **places, **home},
            stdout=out,
            stderr=out,
        )
        try:
            address = f"http://127.0.0.1:{port}"
            _await(f"{address}/api/status?token={token}", server, log)
            yield address
        finally:
            server.terminate()
            server.wait()


def _await(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())
