"""What an attack is, and the world it is let loose on: secrets to steal, neighbours to harm, ears
to be heard by.
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from courses.course import RIGHT, ROW_SUMS, TinyCourse, code, place

Notebook = dict[str, Any]

ONE_OF_TWO: Mapping[str, str] = {"row_sums": ROW_SUMS}
"""What most attackers hand in: one honest answer (4 points), and designs on the other 6."""


@dataclass(frozen=True)
class Attack:
    """One submission: what its author does, and what it must get.

    ``cells`` are the student's own, run right after the imports; ``answers`` the texts of the
    solution cells by name. ``edit`` changes the notebook further, ``data`` replaces it, ``files``
    lie beside it (a Path value is a link to there), ``pipes`` too, ``named`` is the notebook's file
    name. ``score`` is what the functions are worth. ``says`` must
    be on the record: in the verdicts, the gradebook's comments or the feedback page; ``never_says``
    in no output.
    ``by_nbgrader``: graded by ``nbgrader autograde`` too, whose own reading it is after.
    ``not_promised_by``: levels of isolation that do not promise to stop it (docs/security.md).
    ``slow``: takes seconds, or varies what others do, and is in a class of its own, which is graded
    once. ``{course}`` and all of World.names are filled in."""

    name: str
    does: str
    score: float = 4
    cells: Sequence[str] = ()
    answers: Mapping[str, str] = field(default_factory=lambda: ONE_OF_TWO)
    edit: Callable[[Notebook], object] | None = None
    data: bytes | None = None
    files: Mapping[str, bytes | Path] = field(default_factory=dict)
    pipes: Sequence[str] = ()
    named: str = "tiny.ipynb"
    says: str = ""
    never_says: str = ""
    by_nbgrader: bool = False
    not_promised_by: tuple[str, ...] = ()
    slow: bool = False

    @property
    def student(self) -> str:
        """Who hands it in: between the honest ones in the alphabet."""
        return f"m_{self.name}"

    def notebook(self, course: TinyCourse) -> Notebook:
        """The notebook handed in, with names not yet filled in."""
        notebook = course.notebook(self.answers)
        at = place(notebook, "imports") + 1
        notebook["cells"][at:at] = [
            code(source, f"own-{number}") for number, source in enumerate(self.cells)
        ]
        if self.edit is not None:
            self.edit(notebook)
        return notebook

    def hand_in(self, course: TinyCourse, world: World) -> None:
        """Put the submission where nbgrader collects."""
        data = (
            self.data
            if self.data is not None
            else world.filled(json.dumps(self.notebook(course))).encode()
        )
        folder = course.hand_in(self.student, data, self.named)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, Path):
                path.symlink_to(world.filled(str(content)))
            else:
                path.write_bytes(world.filled(content.decode("latin-1")).encode("latin-1"))
        for name in self.pipes:
            (folder / name).parent.mkdir(exist_ok=True)
            os.mkfifo(folder / name)


@dataclass
class World:
    """Everything an attack may be after, with a canary in each secret that must never be seen
    anywhere else.
    """

    course: Path
    mark: str
    port: int
    unix: str
    heard: list[bytes] = field(default_factory=list)

    @property
    def names(self) -> dict[str, str]:
        """What attacks may name. They know every path: hiding names is no defence."""
        return {
            "course": str(self.course),
            "mark": self.mark,
            "port": str(self.port),
            "unix": self.unix,
            "pid": str(os.getpid()),
        }

    def canary(self, secret: str) -> str:
        """The word planted in a secret."""
        return f"CANARY-{secret}-{self.mark}"

    @property
    def environment(self) -> dict[str, str]:
        """The grader's environment, with a secret."""
        return {
            **os.environ,
            "CHAINRULE_TEST_TOKEN": self.canary("environment"),
            "OMP_NUM_THREADS": "1",
        }

    def filled(self, text: str) -> str:
        """``text`` with the names replaced."""
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        return text


@contextmanager
def world_around(course: Path) -> Iterator[World]:
    """Plant the canaries, and listen on TCP, UDP and UNIX sockets."""
    mark = os.urandom(6).hex()
    tcp = socket.create_server(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", port))
    abstract, named = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0chainrule-{mark}")
    path = course.parent / "ear"
    named.bind(str(path))
    path.chmod(0o777)
    world = World(course, mark, port, str(path))
    done = threading.Event()

    def hear(ear: socket.socket) -> None:
        ear.settimeout(0.2)
        while not done.is_set():
            try:
                world.heard.append(ear.recv(100) if ear is udp else ear.accept()[0].recv(100))
            except TimeoutError:
                continue
            except OSError:
                return

    for listener in (tcp, abstract, named):
        if listener is not tcp:
            listener.listen()
    ears = [threading.Thread(target=hear, args=(one,)) for one in (tcp, udp, abstract, named)]
    for ear in ears:
        ear.start()
    for file, secret in (
        ("solutions/tiny.py", "reference"),
        ("solutions/mistakes/tiny.py", "mistakes"),
        ("nbgrader_config.py", "configuration"),
    ):
        with (course / file).open("a") as text:
            text.write(f"\n# {world.canary(secret)}\n")
    notebook = course / "submitted/a_honest/tiny/tiny.ipynb"
    notebook.write_text(
        notebook.read_text().replace(
            "def row_sums", f"# {world.canary('neighbour')}\\ndef row_sums"
        )
    )
    with sqlite3.connect(course / "gradebook.db") as gradebook:
        gradebook.execute(
            "update source_cell set source = source || ?", (f"\n# {world.canary('gradebook')}",)
        )
    try:
        yield world
    finally:
        done.set()
        for ear in ears:
            ear.join()
        for one in (tcp, udp, abstract, named):
            one.close()


def src(text: str) -> str:
    """A cell's source, written here at the indentation of its surroundings."""
    return dedent(text).strip("\n") + "\n"


def cell(notebook: Notebook, id: str) -> Notebook:
    """The cell of an id."""
    return notebook["cells"][place(notebook, id)]


def summing(text: str) -> dict[str, str]:
    """An attack in the cell of row_sums, and half_square honestly."""
    return {**RIGHT, "row_sums": src(text)}
