"""The command itself ends in the middle, and is given again."""

from __future__ import annotations

import os
import signal

import psutil
import pytest
from courses.course import TinyCourse

from .ambush import Ambush, until
from .cohort import NAMES, NUMBER, Grades, Run, grades, judged

pytestmark = pytest.mark.faults


@pytest.mark.parametrize(
    "how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name
)
def test_the_command_is_ended_and_given_again(
    how: signal.Signals, course: TinyCourse, ambush: Ambush, undisturbed: Grades
):
    late = NAMES[4:]
    ambush.hold(*(NUMBER[name] for name in late))
    run = Run(course, ambush.environment, "--jobs", "2")
    until(lambda: judged(course) == set(NAMES[:4]), "the first four are not judged")
    ambush.wait_for(NUMBER[late[0]])
    ambush.wait_for(NUMBER[late[1]])
    family = psutil.Process(run.pid).children(recursive=True)
    if how is signal.SIGINT:
        os.killpg(run.pid, how)  # as a terminal does
    else:
        os.kill(run.pid, how)
    ended = run.end()
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    until(
        lambda: not any(map(psutil.Process.is_running, family)), "processes outlive the command", 30
    )
    assert judged(course) == set(NAMES[:4])

    ambush.release()
    before = len(ambush.met())
    assert Run(course, ambush.environment, "--jobs", "2").finish()["failures"] == {}
    assert sorted(number for number, _ in ambush.met()[before:]) == [NUMBER[name] for name in late]
    assert grades(course) == undisturbed
