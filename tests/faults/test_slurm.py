"""A class through Slurm: real daemons, real jobs with a card each, and jobs that are cancelled
while they judge.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from courses.course import TinyCourse

from .ambush import Ambush, accelerate, until
from .cohort import NAMES, NUMBER, Grades, Run, grades, printed
from .slurm import Slurm, Workers, missing

pytestmark = pytest.mark.faults
CARD = "CUDA_VISIBLE_DEVICES"


@pytest.fixture(scope="module")
def slurm() -> Iterator[Slurm]:
    """Slurm for the tests of this file; no process of it is left."""
    if why := missing():
        pytest.skip(why)
    with tempfile.TemporaryDirectory(prefix="chainrule-slurm-") as folder:
        Path(folder).chmod(0o755)
        made = Slurm(Path(folder))
        left: list[str] = []
        try:
            made.start()
            yield made
        finally:
            left = made.stop()
        assert left == []


@pytest.fixture
def workers(slurm: Slurm, tmp_path: Path, ambush: Ambush) -> Iterator[Workers]:
    """Two workers with a card each."""
    made = Workers(slurm, tmp_path / "workers", ambush.environment)
    try:
        yield made
    finally:
        made.stop()
        until(lambda: not slurm.jobs(), "jobs outlive the command that asked for them", 60)


@pytest.fixture
def accelerated(course: TinyCourse) -> TinyCourse:
    """The class of an assignment with an exercise that may use a card; every answer prints which it
    sees.
    """
    accelerate(course)
    for name in NAMES:
        path = course.root / "submitted" / name / "tiny/tiny.ipynb"
        told = path.read_text().replace(
            "def half_square",
            f"import os\\nprint('card', os.environ.get('{CARD}'))\\ndef half_square",
        )
        path.write_text(told)
    return course


def test_jobs_are_cancelled_in_mid_submission(
    accelerated: TinyCourse,
    ambush: Ambush,
    slurm: Slurm,
    workers: Workers,
    undisturbed: Grades,
    tmp_path: Path,
):
    assert slurm.listeners() == {"127.0.0.1"}
    address, environment = workers.follow()
    idle = _without_a_card(address, environment, tmp_path)
    held = ("cyd", "dot", "eve")
    ambush.hold(*(NUMBER[name] for name in held))
    try:
        run = _grade(accelerated, environment, address)
        first, second = ambush.wait_for(NUMBER["cyd"]), ambush.wait_for(NUMBER["dot"])
        assert {_environment_of(first)[CARD], _environment_of(second)[CARD]} == {"0", "1"}

        cancelled = [_cancel(slurm, first)]  # one of two: the other goes on with the class
        ambush.release(NUMBER["dot"])
        cancelled.append(
            _cancel(slurm, ambush.wait_for(NUMBER["eve"]))
        )  # and then whoever is there
        ambush.release()
        assert run.finish()["failures"] == {}
    finally:
        idle.kill()
        idle.wait()
    assert grades(accelerated) == undisturbed
    assert len(set(cancelled)) == 2
    met = [number for number, _ in ambush.met()]
    assert {name: met.count(NUMBER[name]) for name in ("cyd", "eve")} == {"cyd": 2, "eve": 2}
    assert set(met) == set(NUMBER.values())
    pids = {pid for _, pid in ambush.met()}
    assert idle.pid not in pids
    seen = {output for name in NAMES for output in printed(accelerated, name)}
    assert seen == {"card 0\n", "card 1\n"}


def test_a_submission_that_kills_every_job_that_it_meets(
    accelerated: TinyCourse, ambush: Ambush, slurm: Slurm, workers: Workers, undisturbed: Grades
):
    address, environment = workers.follow()
    ambush.poison(NUMBER["ben"])
    assert _grade(accelerated, environment, address).finish()["failures"] == {}
    found = grades(accelerated)
    assert found.pop("ben")["score"] == 0
    assert found == {name: one for name, one in undisturbed.items() if name != "ben"}
    assert [number for number, _ in ambush.met()].count(NUMBER["ben"]) == 2


def _grade(course: TinyCourse, environment: dict[str, str], address: str) -> Run:
    return Run(course, environment, "--scheduler", address)


def _environment_of(pid: int) -> dict[str, str]:
    return psutil.Process(pid).environ()


def _cancel(slurm: Slurm, pid: int) -> str:
    """Cancel the job that a process belongs to, and see the process end. Returns the job's
    number.
    """
    job = _environment_of(pid)["SLURM_JOB_ID"]
    slurm.ask("scancel", job)
    until(lambda: not psutil.pid_exists(pid), "a cancelled job goes on")
    return job


def _without_a_card(
    address: str, environment: dict[str, str], folder: Path
) -> subprocess.Popen[bytes]:
    """A worker that offers no token, beside those of Slurm."""
    with (folder / "idle.log").open("wb") as log:
        started = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "dask",
                "worker",
                address,
                "--no-nanny",
                "--nthreads",
                "1",
                "--no-dashboard",
            ],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    until(
        lambda: "Registered to" in (folder / "idle.log").read_text(),
        "the worker without a card does not start",
    )
    return started
