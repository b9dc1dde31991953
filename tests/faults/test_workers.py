"""Workers of this machine that are killed."""

from __future__ import annotations

import os
import signal

import pytest
from courses.course import TinyCourse

from .ambush import Ambush
from .cohort import NAMES, NUMBER, Grades, Run, grades, only_poisoned

pytestmark = pytest.mark.faults


def test_a_worker_is_killed_in_mid_submission(
    course: TinyCourse, ambush: Ambush, undisturbed: Grades
):
    ambush.hold(NUMBER["cyd"])
    run = Run(course, ambush.environment, "--jobs", "2")
    worker = ambush.wait_for(NUMBER["cyd"])
    os.kill(worker, signal.SIGKILL)
    ambush.release()
    assert run.finish()["failures"] == {}
    assert grades(course) == undisturbed
    assert [number for number, _ in ambush.met()].count(NUMBER["cyd"]) == 2
    assert next(pid for number, pid in ambush.met() if number == NUMBER["cyd"]) == worker


def test_workers_are_killed_again_and_again(
    course: TinyCourse, ambush: Ambush, undisturbed: Grades
):
    victims = ("ada", "dot", "gus")  # never two in hand at a time: who loses two workers is poison
    ambush.hold(*(NUMBER[student] for student in victims))
    run = Run(course, ambush.environment, "--jobs", "1")
    for student in victims:
        os.kill(ambush.wait_for(NUMBER[student]), signal.SIGKILL)
        ambush.release(NUMBER[student])
    assert run.finish()["failures"] == {}
    assert grades(course) == undisturbed


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_submission_that_kills_every_worker_it_meets(
    jobs: str, course: TinyCourse, ambush: Ambush, undisturbed: Grades
):
    ambush.poison(NUMBER["cyd"])
    said = Run(course, ambush.environment, "--jobs", jobs).finish()
    only_poisoned(course, said, undisturbed, "cyd")
    assert [number for number, _ in ambush.met()].count(NUMBER["cyd"]) == 2

    (ambush.folder / f"poison-{NUMBER['cyd']}").unlink()  # the grader was mended
    before_again = len(ambush.met())
    assert Run(course, ambush.environment).finish()["unchanged"] == len(NAMES) - 1
    assert [number for number, _ in ambush.met()[before_again:]] == [NUMBER["cyd"]]
    assert grades(course) == undisturbed
