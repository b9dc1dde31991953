"""What one hub is made of: its folders, its people, its addresses. Written once, read by the hub's
configuration.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

COURSE = "chainrule"
"""nbgrader's course id; the Formgrader service has the same name, as nbgrader wants it."""
COURSE_NAME = "Chain Rule: deep learning by hand"
"""What people read on the hub's pages."""
ORACLE = "oracle"
RECEIVER = "receiver"
"""The service that judges what is handed in as it arrives."""
INSTRUCTOR = "instructor"
STUDENTS = ("ada", "ben")
NAMES = {"ada": "Ada Lovelace", "ben": "Ben Miller", "instructor": "the instructor"}
"""What people are called, where that is known: on the hub's pages, and in the gradebook."""
GRADER = "grader"
"""The Hub's account in whose name Formgrader works. It has no password: nobody logs in as it."""
FIRST_UID = 58_001
"""Where the hub runs as root, people get users of their own from here on; nobody else has these."""
ENVIRONMENT = "CHAINRULE_HUB"


@dataclass(frozen=True)
class Settings:
    """One hub. ``root`` holds everything that it writes; ``port`` is the only one that people
    meet.
    """

    root: Path
    instructors: tuple[str, ...]
    students: tuple[str, ...]
    port: int
    hub_port: int
    proxy_port: int
    formgrader_port: int
    oracle_port: int

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who can log in."""
        return (*self.instructors, *self.students)

    @property
    def address(self) -> str:
        """Where a browser finds the hub."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def course(self) -> Path:
        """The course as instructors have it: solutions, gradebook, submissions."""
        return self.root / "course"

    @property
    def exchange(self) -> Path:
        """nbgrader's exchange: what is released, what is handed in."""
        return self.root / "exchange"

    @property
    def state(self) -> Path:
        """The Hub's own database, secrets and logs; closed to everybody else."""
        return self.root / "state"

    def home(self, name: str) -> Path:
        """Where somebody's files are kept."""
        return self.root / "homes" / name

    def uid(self, name: str) -> int:
        """The user that somebody's server runs as: their own where the hub runs as root, else the
        hub's.
        """
        return FIRST_UID + self.people.index(name) if os.geteuid() == 0 else os.getuid()

    def passwords(self) -> Mapping[str, str]:
        """Everybody's password, drawn when the hub was first made."""
        return json.loads((self.state / "passwords.json").read_text())

    def save(self) -> None:
        """Write what ``load`` reads, and passwords for those who have none."""
        path = self.state / "passwords.json"
        known = json.loads(path.read_text()) if path.is_file() else {}
        path.touch(mode=0o600)
        path.write_text(
            json.dumps({name: known.get(name) or secrets.token_urlsafe(6) for name in self.people})
        )
        (self.state / "settings.json").write_text(
            json.dumps(asdict(self) | {"root": str(self.root)})
        )


def load(root: Path) -> Settings:
    """The settings of the hub in ``root``."""
    stated = json.loads((root / "state" / "settings.json").read_text())
    people = {name: tuple(stated[name]) for name in ("instructors", "students")}
    return Settings(**{**stated, **people, "root": root})


def make(
    root: Path,
    port: int,
    students: Sequence[str] = STUDENTS,
    instructors: Sequence[str] = (INSTRUCTOR,),
):
    """Settings with free ports for what only this machine talks to."""
    return Settings(root, tuple(instructors), tuple(students), port, *free_ports(4))


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports
