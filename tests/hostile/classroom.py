"""A hostile class, graded once for all tests, with a look at the machine before and after."""

from __future__ import annotations

import ctypes
import fcntl
import hashlib
import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from courses.course import (
    BIN,
    HALF_SQUARE,
    RIGHT,
    WRITTEN,
    TinyCourse,
    build_tiny,
    folder_of_the_run,
)

from .attack import Attack, World, world_around
from .attacks import QUICK, SAMPLE, SLOW

CLASSES = {
    "sample": (SAMPLE, "auto"),
    "quick": (QUICK, "auto"),
    "patient": (SLOW, "auto"),
    "landlock": (QUICK, "landlock"),
    "peaceful": ([], "auto"),
}
"""Who is graded together, and at which level of isolation."""
MARKS = {"sample": (), "quick": pytest.mark.hostile, "patient": pytest.mark.hostile}
"""In `make test`, and in `make test-hostile`; the other classes are for `make test-long`."""

HONEST = {
    "a_honest": {**RIGHT, **WRITTEN},
    "m_half": {**RIGHT, "half_square": HALF_SQUARE.replace(" / len(x)", "")},
    "m_n_honest": RIGHT,
    "z_honest": RIGHT,
}
"""The neighbours: before, between and after the attackers in the alphabet."""

LIMITS = ("c.Judge.cell_seconds = 5", "c.Judge.submission_seconds = 40")
PLACES = (
    "/tmp",
    "/var/tmp",
    "/dev/shm",
    "/run",
    "/root",
    "/home",
    "/home/student",
    "/etc",
    "/etc/cron.d",
)
PR_SET_CHILD_SUBREAPER = 36


@dataclass
class Graded:
    """What there is after the class was graded."""

    root: Path
    world: World
    seconds: float
    said: str
    rows: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    isolation: str = ""
    orphans: list[str] = field(default_factory=list)
    temporary: list[str] = field(default_factory=list)
    marked: list[str] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> Graded:
        """What another process has graded."""
        world = World(**{**fields["world"], "course": Path(fields["world"]["course"])})
        return cls(**{**fields, "root": Path(fields["root"]), "world": world})

    @property
    def course(self) -> TinyCourse:
        """The course it was graded in."""
        return TinyCourse(self.root)

    def page(self, student: str) -> str:
        """The feedback page as the browser gets it; empty where none was asked for."""
        path = self.course.root / "feedback" / student / "tiny/tiny.html"
        return path.read_text() if path.is_file() else ""

    def outputs(self, student: str) -> str:
        """Everything the cells of a notebook put out, as one text."""
        cells = self.course.autograded(student)["cells"]
        return json.dumps(
            [one["outputs"] for one in cells if one["cell_type"] == "code"], ensure_ascii=False
        )

    def scores(self) -> dict[str, float]:
        """From nbgrader's gradebook."""
        from nbgrader.api import Gradebook

        with Gradebook(f"sqlite:///{self.course.root / 'gradebook.db'}") as gradebook:
            return {row["student"]: row["score"] for row in gradebook.submission_dicts("tiny")}

    def comments(self, student: str) -> dict[str, str]:
        """The gradebook's automatic comments by solution cell."""
        return {
            name: text or ""
            for name, text in self.query(
                "select b.name, c.auto_comment from comment c join base_cell b on b.id = "
                "c.cell_id join submitted_notebook n on n.id = c.notebook_id join "
                "submitted_assignment a on a.id = n.assignment_id where a.student_id = ?",
                student,
            )
        }

    def query(self, question: str, *values: str) -> list[tuple[Any, ...]]:
        """Ask the gradebook's tables themselves."""
        with sqlite3.connect(
            f"file:{self.course.root / 'gradebook.db'}?mode=ro", uri=True
        ) as database:
            return database.execute(question, values).fetchall()


def snapshot(root: Path) -> dict[str, str]:
    """Every file of the course that grading may not touch, and its hash; links by where they
    point.
    """
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if (
            name.startswith(
                ("autograded/", "feedback/", "build/judged", "gradebook.db", ".nbgrader.log")
            )
            or "__pycache__" in name
        ):
            continue
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file():
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
        elif path.is_dir() and name not in ("autograded", "feedback"):
            found[name] = "directory"
    return found


def build(root: Path) -> TinyCourse:
    """The tiny course with limits that tests can wait for, and its honest students."""
    course = build_tiny(root / "course")
    for line in LIMITS:
        course.configure(line)
    # the word makes the forkserver import torch beforehand: on a busy machine that takes longer
    # than a cell may run
    with (course.root / "source/tiny/shared.py").open("a") as shared:
        shared.write("\n# torch is what some answers try\n")
    for student, answers in HONEST.items():
        course.hand_in(student, course.notebook(answers))
    return course


def graded_once(
    factory: Any, name: str, attacks: Sequence[Attack], *commands: Sequence[str]
) -> Graded:
    """Grade a class once for all test processes; whoever comes second waits and takes the first
    one's.
    """
    shared = folder_of_the_run(factory)
    made = shared / f"hostile-{name}.json"
    with (shared / f"hostile-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            graded = graded_class(factory.mktemp(name), attacks, *commands)
            made.write_text(json.dumps(asdict(graded), default=str))
        return Graded.from_json(json.loads(made.read_text()))


def graded_class(root: Path, attacks: Sequence[Attack], *commands: Sequence[str]) -> Graded:
    """Hand in everything, run the commands in the course as an instructor would, and look at what
    is left.
    """
    course = build(root)
    temporary = root / "tmp"
    temporary.mkdir()
    with world_around(course.root) as world:
        for attack in attacks:
            attack.hand_in(course, world)
        before = snapshot(course.root)
        said, rows = "", {}
        began = time.monotonic()
        with orphans_come_here() as orphans:
            for command in commands:
                ran = subprocess.run(
                    [str(BIN / command[0]), *command[1:]],
                    cwd=course.root,
                    capture_output=True,
                    text=True,
                    env=world.environment
                    | {"TMPDIR": str(temporary), "PATH": f"{BIN}:{os.environ['PATH']}"},
                    timeout=1200,
                )
                assert ran.returncode == 0, f"{command}: {ran.stdout[-3000:]}{ran.stderr[-3000:]}"
                said += ran.stdout + ran.stderr
                rows = json.loads(ran.stdout) if "--json" in command else {}
            seconds = time.monotonic() - began
            left = orphans()
        graded = Graded(course.root, world, seconds, said, before=before, orphans=left)
        graded.rows = {row["student"]: row for row in rows.get("students", ())}
        graded.failures, graded.isolation = rows.get("failures", {}), rows.get("isolation", "")
        graded.temporary = [str(path) for path in temporary.iterdir()]
        graded.marked = _processes_that_say(world.mark)
        return graded


@contextmanager
def orphans_come_here() -> Iterator[Any]:
    """While this lasts, whatever outlives its parents becomes a child of this process, where it is
    seen.
    """
    prctl = ctypes.CDLL(None).prctl
    known = set(_children())
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)

    def orphans() -> list[str]:
        until = time.monotonic() + 5
        while (
            left := [_command(pid) for pid in _children() if pid not in known]
        ) and time.monotonic() < until:
            _reap(known)
            time.sleep(0.05)
        return left

    try:
        yield orphans
    finally:
        prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


def _children() -> list[int]:
    found: list[int] = []
    for task in os.listdir("/proc/self/task"):
        found += [
            int(word) for word in Path(f"/proc/self/task/{task}/children").read_text().split()
        ]
    return found


def _reap(known: set[int]) -> None:
    for pid in _children():
        if pid not in known:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue


def _command(pid: int) -> str:
    try:
        return f"{pid}: " + Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(
            errors="replace"
        )
    except OSError:
        return f"{pid}: gone"


def _processes_that_say(word: str) -> list[str]:
    me = os.getpid()
    commands = [
        _command(int(name)) for name in os.listdir("/proc") if name.isdigit() and int(name) != me
    ]
    return [command for command in commands if word in command]


def files_that_say(word: str, places: Sequence[str] = PLACES) -> list[str]:
    """Files whose name holds ``word``, where attackers try to leave them."""
    found: list[str] = []
    for place in places:
        try:
            found += [entry.path for entry in os.scandir(place) if word in entry.name]
        except OSError:
            continue
    return found
