"""A gradebook that somebody else holds."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest
from courses.course import TinyCourse

from .ambush import Ambush, until
from .cohort import NAMES, NUMBER, Grades, Run, grades, judged

pytestmark = pytest.mark.faults
HELD_SECONDS = 9.0
"""Longer than SQLite waits of its own accord."""


@pytest.mark.parametrize("lock", ["IMMEDIATE", "EXCLUSIVE"])
def test_locked_while_verdicts_come_in(
    lock: str, course: TinyCourse, ambush: Ambush, undisturbed: Grades
):
    ambush.hold(NUMBER["ada"])
    run = Run(course, ambush.environment, "--jobs", "2")
    ambush.wait_for(NUMBER["ada"])
    _hold(course, lock, lambda: ambush.release())
    assert run.finish()["failures"] == {}
    assert grades(course) == undisturbed
    assert len(ambush.met()) == len(NAMES)


def test_locked_before_the_command_is_given(
    course: TinyCourse, ambush: Ambush, undisturbed: Grades
):
    started: list[Run] = []
    _hold(
        course, "EXCLUSIVE", lambda: started.append(Run(course, ambush.environment, "--jobs", "2"))
    )
    assert started[0].finish()["failures"] == {}
    assert grades(course) == undisturbed


def test_locked_while_pages_are_written(course: TinyCourse, ambush: Ambush, undisturbed: Grades):
    """Everything is recorded; the pages are made from what the gradebook says."""
    run = Run(course, ambush.environment, "--jobs", "2")
    until(lambda: _pages(course), "no page is written")
    written: list[int] = []
    _hold(course, "EXCLUSIVE", lambda: written.append(len(_pages(course))))
    assert written[0] < len(NAMES)
    assert run.finish()["failures"] == {}
    assert grades(course) == undisturbed
    assert len(ambush.met()) == len(NAMES)


def test_locked_until_patience_ends(course: TinyCourse, ambush: Ambush, undisturbed: Grades):
    """Nothing that was judged is lost, and nothing is judged again."""
    ambush.hold(NUMBER["hal"])
    run = Run(course, ambush.environment, "--jobs", "2")
    ambush.wait_for(NUMBER["hal"])
    with sqlite3.connect(course.root / "gradebook.db", isolation_level=None) as database:
        _lock(database, "EXCLUSIVE")
        ambush.release()
        ended = run.end()
        database.execute("ROLLBACK")
    assert ended.returncode == 2
    assert "the gradebook cannot be" in ended.stderr.lower()
    assert "grade again when it can" in ended.stderr
    assert "Traceback" not in ended.stderr
    until(lambda: judged(course) == set(NAMES), "a verdict was lost", 5)
    assert Run(course, ambush.environment).finish()["failures"] == {}
    assert len(ambush.met()) == len(NAMES)
    assert grades(course) == undisturbed


def _pages(course: TinyCourse) -> list[Path]:
    return list(course.root.glob("feedback/*/tiny/tiny.html"))


def _hold(course: TinyCourse, lock: str, meanwhile) -> None:
    with sqlite3.connect(course.root / "gradebook.db", isolation_level=None) as database:
        _lock(database, lock)
        meanwhile()
        time.sleep(HELD_SECONDS)
        database.execute("ROLLBACK")


def _lock(database: sqlite3.Connection, kind: str) -> None:
    until(lambda: _locked(database, kind), "the lock cannot be had")


def _locked(database: sqlite3.Connection, kind: str) -> bool:
    try:
        database.execute(f"BEGIN {kind}")
    except sqlite3.OperationalError:
        return False
    return True
