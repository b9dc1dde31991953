"""A gradebook in PostgreSQL: a real server, started here, that restarts in the middle of a run."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from courses.course import TinyCourse

from .ambush import Ambush
from .cohort import NAMES, NUMBER, Grades, Run, grades

pytestmark = pytest.mark.faults


class Server:
    """A PostgreSQL server behind a socket in a folder of its own, run by an ordinary user."""

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder, self._programs = folder, programs
        self._data = folder / "data"
        self._user = pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "course", "--auth=trust", "--no-sync")
        self.start()
        self._run("createdb", "-h", str(folder), "-U", "course", "course")
        self.address = f"postgresql+psycopg://course@/course?host={folder}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-c listen_addresses='' -c unix_socket_directories='{self._folder}' -c fsync=off"
        self._run(
            "pg_ctl",
            "-D",
            str(self._data),
            "-o",
            options,
            "-l",
            str(self._folder / "log"),
            "-w",
            "start",
        )

    def stop(self, how: str) -> None:
        """Stop it; ``immediate`` is a crash."""
        self._run("pg_ctl", "-D", str(self._data), "-m", how, "-w", "stop")

    def _run(self, program: str, *arguments: str) -> None:
        ran = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if program != "pg_ctl" else None,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr


@pytest.fixture
def server() -> Iterator[Server]:
    """A server for one test."""
    installed = [path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))]
    if not installed:
        pytest.skip("PostgreSQL is not installed: apt install postgresql")
    with tempfile.TemporaryDirectory(prefix="chainrule-postgresql-") as folder:
        made = Server(Path(folder), installed[-1])
        try:
            yield made
        finally:
            made.stop("fast")


def test_a_gradebook_in_postgresql_that_crashes(
    course: TinyCourse, ambush: Ambush, server: Server, undisturbed: Grades
):
    before = (course.root / "gradebook.db").read_bytes()
    ambush.hold(NUMBER["hal"])
    run = Run(course, ambush.environment, "--jobs", "2", "--db", server.address)
    ambush.wait_for(NUMBER["hal"])
    server.stop("immediate")
    ambush.release()
    server.start()
    assert run.finish()["failures"] == {}
    assert grades(course, server.address) == undisturbed
    assert len(ambush.met()) == len(NAMES)
    assert Run(course, ambush.environment, "--db", server.address).finish()["unchanged"] == len(
        NAMES
    )
    assert (course.root / "gradebook.db").read_bytes() == before
