"""The audit log: for every user a file of JSON lines that says what they asked, when, and what they
were told.
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

LONGEST_NAME = 120


class Audit:
    """Writes into a folder that only its owner can read. None: nothing is written."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)

    def write(self, user: str, event: str, **facts: object) -> None:
        """One line."""
        if self._folder is None:
            return
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "user": user,
            "event": event,
            **facts,
        }
        with self.path(user).open("a", encoding="utf-8") as log:
            log.write(json.dumps(line, ensure_ascii=False) + "\n")

    def path(self, user: str) -> Path:
        """The file of a user, whatever signs their name has."""
        assert self._folder is not None
        name = quote(user, safe="")
        if len(name) > LONGEST_NAME:
            name = name[:LONGEST_NAME] + "-" + hashlib.sha256(user.encode()).hexdigest()[:16]
        return self._folder / f"{name}.jsonl"
