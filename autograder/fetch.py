"""For a notebook that was opened alone: what belongs to it comes from where its course is served."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from .exercise.load import entry_in
from .released.contents import CONTENTS, UnreadableContents, digest_of_file, read_contents
from .released.sheet import SHEET

PATIENCE = 60
"""Seconds for one file."""


class FetchFailed(RuntimeError):
    """The files cannot be had; shown in Jupyter as one line."""

    def _render_traceback_(self) -> list[str]:
        return [f"FetchFailed: {self}"]


def fetch_assignment(name: str, address: str) -> None:
    """Go where the assignment's exercises lie: here, else in the folder of its name, which is
    fetched from ``address`` unless it is there.

    Nothing that is there is written over. Raises FetchFailed.
    """
    if _complete(Path.cwd()):
        return
    folder = Path.cwd() / name
    if not _complete(folder):
        count = _fetch(name, address, folder)
        print(f"{count} files of {name} are in {folder} now.")
    os.chdir(folder)


def _complete(folder: Path) -> bool:
    return (folder / SHEET).is_file() and entry_in(folder) is not None


def _fetch(name: str, address: str, folder: Path) -> int:
    try:
        files = read_contents(_read(f"{address}/{CONTENTS}")).assignments[name]
    except (UnreadableContents, KeyError):
        raise FetchFailed(
            f"no course with {name} is served at {address}: ask whoever gave you the notebook"
        ) from None
    for path, digest in files.items():
        content = _read(f"{address}/assignments/{name}/{quote(path)}")
        if digest_of_file(content) != digest:
            raise FetchFailed(f"{path} is another than was published: try again in a minute")
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            target.write_bytes(content)
    return len(files)


def _read(address: str) -> bytes:
    if not address.startswith(("http://", "https://")):
        raise FetchFailed(f"{address} is no address of the web: ask who gave you the notebook")
    try:
        with urlopen(address, timeout=PATIENCE) as answer:
            return answer.read()
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise FetchFailed(f"{address} cannot be reached ({reason}): are you online?") from None
