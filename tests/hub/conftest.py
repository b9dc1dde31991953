"""A real hub, started as ``make hub`` starts it, and people with browsers."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from deploy.hub.settings import Settings, load

ROOT = Path(__file__).resolve().parents[2]
PICTURES = os.environ.get("CHAINRULE_PICTURES")
"""A folder for the pictures of the tour; without it none are taken."""


class Hub:
    """A running hub: its settings, what it printed, its process, and the seconds it took to start."""

    def __init__(self, root: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [
            sys.executable,
            "-m",
            "deploy.hub",
            "svm",
            "--port",
            str(port),
            "--into",
            str(root),
        ]
        began = time.monotonic()
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self.said = ""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said += line
            if "Ctrl-C" in line:
                break
        assert "Ctrl-C" in self.said, self.log(root)
        self.seconds = time.monotonic() - began
        self.settings: Settings = load(root)

    @staticmethod
    def log(root: Path) -> str:
        path = root / "state" / "hub.log"
        return path.read_text()[-5000:] if path.is_file() else "no log"

    def stop(self) -> int:
        self.process.terminate()
        assert self.process.stdout is not None
        self.said += self.process.stdout.read()
        return self.process.wait(timeout=60)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    hub = Hub(tmp_path_factory.mktemp("hub"))
    yield hub
    if hub.process.poll() is None:
        hub.stop()


def photograph(page: Page, name: str) -> None:
    """Keep a picture of the window."""
    if PICTURES:
        page.wait_for_timeout(600)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")
