"""A site, built once, and servers for folders."""

from __future__ import annotations

import functools
import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from .distribution import distribution

ROOT = Path(__file__).resolve().parents[2]
Serving = Callable[[Path], AbstractContextManager[str]]


class _Handler(SimpleHTTPRequestHandler):
    """Files as any web server hands them out, to pages of other addresses too."""

    def end_headers(self) -> None:
        self.send_header("Access-Control-Allow-Origin", "*")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def serving() -> Serving:
    """``with serving(folder) as address``."""

    @contextmanager
    def serve(folder: Path) -> Iterator[str]:
        handler = functools.partial(_Handler, directory=str(folder))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}"
            server.shutdown()

    return serve


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as a site, with Pyodide bundled."""
    into = tmp_path_factory.mktemp("site") / "site"
    said = made(into, str(distribution()))
    assert said["outside"] is None
    return into


def made(into: Path, pyodide: str) -> dict[str, Any]:
    """Make the site by the command; what it said."""
    command = ["chainrule", "site", str(into), "--pyodide", pyodide, "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
