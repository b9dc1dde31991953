"""A Dask cluster on this machine's loopback whose processes are killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from courses.course import TinyCourse

from .ambush import Ambush, accelerate
from .cohort import NAMES, NUMBER, Grades, Run, grades, only_poisoned

pytestmark = pytest.mark.faults


class Cluster:
    """A scheduler and two workers, each a process with its nanny."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder, self._environment = folder, environment
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{self._port}"
        self._started: list[subprocess.Popen[bytes]] = []
        self.start()

    def start(self) -> None:
        """Start all of it, as whatever keeps services running would."""
        self.scheduler = self._dask(
            "scheduler", "--host", "127.0.0.1", "--port", str(self._port), "--no-dashboard"
        )
        for number in (1, 2):
            self._dask(
                *(
                    "worker",
                    self.address,
                    "--host",
                    "127.0.0.1",
                    "--nthreads",
                    "1",
                    "--no-dashboard",
                ),
                *(
                    "--memory-limit",
                    "3GB",
                    "--local-directory",
                    str(self._folder / f"worker-{number}"),
                ),
            )

    def _dask(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self._folder / "dask.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments],
                env={**self._environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def kill(self) -> None:
        """End all of it at once."""
        for process in self._started:
            try:
                os.killpg(process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            process.wait()
        self._started.clear()


@pytest.fixture
def cluster(request: pytest.FixtureRequest, tmp_path: Path, ambush: Ambush) -> Iterator[Cluster]:
    """A cluster for one test, whose scheduler forgives a task so many workers' deaths (Dask's
    default: 3).
    """
    allowed = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(getattr(request, "param", 3))}
    made = Cluster(tmp_path, ambush.environment | allowed)
    try:
        yield made
    finally:
        made.kill()


def test_a_worker_of_the_cluster_is_killed(
    course: TinyCourse, ambush: Ambush, cluster: Cluster, undisturbed: Grades
):
    ambush.hold(NUMBER["cyd"])
    run = Run(course, ambush.environment, "--scheduler", cluster.address)
    os.kill(ambush.wait_for(NUMBER["cyd"]), signal.SIGKILL)
    ambush.release()
    assert run.finish()["failures"] == {}
    assert grades(course) == undisturbed
    assert [number for number, _ in ambush.met()].count(NUMBER["cyd"]) == 2


def test_a_submission_that_kills_every_worker_of_the_cluster_that_it_meets(
    course: TinyCourse, ambush: Ambush, cluster: Cluster, undisturbed: Grades
):
    """Two workers die, not one more, and nobody else is blamed."""
    ambush.poison(NUMBER["cyd"])
    said = Run(course, ambush.environment, "--scheduler", cluster.address).finish()
    only_poisoned(course, said, undisturbed, "cyd")
    killed = [pid for number, pid in ambush.met() if number == NUMBER["cyd"]]
    assert len(killed) == len(set(killed)) == 2

    (ambush.folder / f"poison-{NUMBER['cyd']}").unlink()
    assert (
        Run(course, ambush.environment, "--scheduler", cluster.address).finish()["unchanged"]
        == len(NAMES) - 1
    )
    assert grades(course) == undisturbed


@pytest.mark.parametrize("cluster", [0, 3], indirect=True)
def test_two_submissions_that_kill_workers(
    course: TinyCourse, ambush: Ambush, cluster: Cluster, undisturbed: Grades
):
    """However many deaths the scheduler allows: whoever waited behind them when their workers died
    is innocent.
    """
    poisons = {"ada", "ben"}
    for student in poisons:
        ambush.poison(NUMBER[student])
    assert (
        Run(course, ambush.environment, "--scheduler", cluster.address).finish()["failures"] == {}
    )
    found = grades(course)
    assert {name: found[name] for name in NAMES if name not in poisons} == {
        name: undisturbed[name] for name in NAMES if name not in poisons
    }
    assert {found[name]["score"] for name in poisons} == {0.0}
    met = [number for number, _ in ambush.met()]
    assert {name: met.count(NUMBER[name]) for name in poisons} == dict.fromkeys(poisons, 2)


def test_no_worker_offers_the_card_that_the_assignment_asks_for(
    course: TinyCourse, ambush: Ambush, cluster: Cluster
):
    accelerate(course)
    ended = Run(course, ambush.environment, "--scheduler", cluster.address).end()
    assert ended.returncode == 2
    assert "start them with --resources GPU=1" in " ".join(ended.stderr.split())
    assert ambush.met() == []


def test_the_cluster_is_killed_and_started_again(
    course: TinyCourse, ambush: Ambush, cluster: Cluster, undisturbed: Grades
):
    ambush.hold(NUMBER["eve"])
    run = Run(course, ambush.environment, "--scheduler", cluster.address)
    ambush.wait_for(NUMBER["eve"])
    cluster.scheduler.kill()
    cluster.kill()
    ambush.release()
    cluster.start()
    assert run.finish()["failures"] == {}
    assert grades(course) == undisturbed
    assert {number for number, _ in ambush.met()} == set(map(NUMBER.__getitem__, NAMES))
