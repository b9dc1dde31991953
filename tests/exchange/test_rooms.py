"""Whose a submission is depends on the room it lies in, and collecting follows nobody's links."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from courses.course import RIGHT, WRITTEN, TinyCourse
from kubespawner.slugs import safe_slug
from nbgrader.api import Gradebook
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.gradebook.exchange import CollectFromRooms

COURSE = "chainrule"


class Exchange:
    """An exchange on a shared volume: ``inbound`` has a room for each student."""

    def __init__(self, root: Path, course: TinyCourse) -> None:
        self.root, self.course = root, course
        for name in ("outbound", "inbound", "feedback"):
            (root / COURSE / name).mkdir(parents=True)

    def room(self, student: str) -> Path:
        folder = self.root / COURSE / "inbound" / safe_slug(student)
        folder.mkdir(exist_ok=True)
        return folder

    def put(self, owner: str, name: str, text: str = "{}") -> Path:
        """What somebody can put into their own room."""
        folder = self.room(owner) / name
        folder.mkdir()
        (folder / "tiny.ipynb").write_text(text)
        return folder

    def view(self, student: str, into: Path) -> Path:
        """The exchange as a student's pod has it mounted."""
        (into / COURSE).mkdir(parents=True)
        (into / COURSE / "inbound").symlink_to(self.room(student))
        for name in ("outbound", "feedback"):
            (into / COURSE / name).symlink_to(self.root / COURSE / name)
        return into

    def collect(self, **options: object) -> str:
        """Collect as ``nbgrader collect`` does; returns what it warned of."""
        lines: list[str] = []
        handler = logging.Handler(logging.WARNING)
        handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
        log = logging.Logger("collect")
        log.addHandler(handler)
        config = Config()
        config.Exchange.root = str(self.root)
        config.CourseDirectory.root = str(self.course.root)
        config.CourseDirectory.course_id = COURSE
        config.CourseDirectory.assignment_id = "tiny"
        config.ExchangeCollect.update(options)
        CollectFromRooms(coursedir=CourseDirectory(config=config), config=config, log=log).start()
        return "\n".join(lines)

    def collected(self, student: str) -> str:
        return (self.course.root / "submitted" / student / "tiny/tiny.ipynb").read_text()

    def students(self) -> set[str]:
        folder = self.course.root / "submitted"
        return {path.name for path in folder.iterdir()} if folder.is_dir() else set()


@pytest.fixture
def exchange(tmp_path: Path, tiny_course: TinyCourse) -> Exchange:
    return Exchange(tmp_path / "exchange", tiny_course)


def test_the_last_submission_of_each_is_collected(exchange: Exchange):
    exchange.put("ada", "ada+tiny+2026-03-01 10:00:00 UTC+aaaa", '"first"')
    exchange.put("ada", "ada+tiny+2026-03-02 10:00:00 UTC+bbbb", '"second"')
    exchange.put("ada", "ada+other+2026-03-03 10:00:00 UTC+cccc", '"another assignment"')
    exchange.put("b+en@x.org", "b+en@x.org+tiny+2026-03-01 10:00:00 UTC", '"no random part"')
    assert exchange.collect() == ""
    assert exchange.students() == {"ada", "b+en@x.org"}
    assert exchange.collected("ada") == '"second"'
    assert exchange.collected("b+en@x.org") == '"no random part"'


def test_nobody_hands_in_for_another(exchange: Exchange):
    exchange.put("ada", "ada+tiny+2026-03-01 10:00:00 UTC+aaaa", '"hers"')
    exchange.put("mallory", "ada+tiny+2026-03-09 10:00:00 UTC+mmmm", '"not hers"')
    exchange.put("mallory", "ben+tiny+2026-03-09 10:00:00 UTC+mmmm", '"not his"')
    said = exchange.collect()
    assert exchange.students() == {"ada"}
    assert exchange.collected("ada") == '"hers"'
    assert "was not sent by 'ada'" in said
    assert "was not sent by 'ben'" in said


@pytest.mark.parametrize(
    "mischief",
    [
        lambda room: (room / "mallory+tiny+soon+x").mkdir(),
        lambda room: (room / "mallory+tiny+9999-99-99 99:99:99 UTC+x").mkdir(),
        lambda room: (room / "mallory+tiny+").mkdir(),
        lambda room: (room / "+tiny+2026-03-01 10:00:00 UTC+x").mkdir(),
        lambda room: (room / "a\nb+tiny+2026-03-01 10:00:00 UTC+x").mkdir(),
        lambda room: (room / "mallory+tiny+2026-03-01 10:00:00 UTC+x").write_text("a file"),
        lambda room: (room / "mallory+tiny+2026-03-01 10:00:00 UTC+x").symlink_to(
            room.parent / "ada"
        ),
        lambda room: os.mkfifo(room / "mallory+tiny+2026-03-01 10:00:00 UTC+x"),
    ],
)
def test_what_lies_in_a_room_stops_nobody(exchange: Exchange, mischief: Callable[[Path], object]):
    exchange.put("ada", "ada+tiny+2026-03-01 10:00:00 UTC+aaaa")
    mischief(exchange.room("mallory"))
    (exchange.root / COURSE / "inbound/eve").symlink_to(exchange.room("ada"))
    exchange.collect()
    assert exchange.students() == {"ada"}


def test_no_link_is_followed_and_no_pipe_waited_for(exchange: Exchange):
    secret = exchange.course.root / "solutions"
    folder = exchange.put("mallory", "mallory+tiny+2026-03-01 10:00:00 UTC+mmmm", '"mine"')
    (folder / "answers.py").symlink_to(secret / "tiny.py")
    (folder / "solutions").symlink_to(secret)
    (folder / "sub").mkdir()
    (folder / "sub" / "data.csv").write_text("1,2")
    (folder / "sub" / "gone").symlink_to("nowhere")
    os.mkfifo(folder / "pipe")
    exchange.collect()
    found = exchange.course.root / "submitted/mallory/tiny"
    assert {path.relative_to(found).as_posix() for path in found.rglob("*")} == {
        "tiny.ipynb",
        "sub",
        "sub/data.csv",
    }


def test_before_the_due_date_if_the_course_says_so(exchange: Exchange):
    with Gradebook(f"sqlite:///{exchange.course.root / 'gradebook.db'}") as opened:
        gradebook: Any = opened
        gradebook.update_or_create_assignment("tiny", duedate=datetime(2026, 3, 2))
    exchange.put("ada", "ada+tiny+2026-03-01 10:00:00 UTC+aaaa", '"in time"')
    exchange.put("ada", "ada+tiny+2026-03-03 10:00:00 UTC+bbbb", '"late"')
    exchange.put("ben", "ben+tiny+2026-03-03 10:00:00 UTC+cccc", '"late"')
    exchange.collect(before_duedate=True)
    assert (exchange.collected("ada"), exchange.collected("ben")) == ('"in time"', '"late"')
    exchange.collect(update=True)
    assert exchange.collected("ada") == '"late"'


@pytest.mark.long
def test_from_release_to_feedback_by_nbgraders_own_commands(exchange: Exchange, tmp_path: Path):
    """Two pods, one exchange: everything but collecting is nbgrader's own, with each pod's mounts
    as the only difference.
    """
    course = exchange.course
    course.configure("c.ExchangeFactory.collect = 'autograder.gradebook.exchange.CollectFromRooms'")
    course.configure(
        f"c.Exchange.root = {str(exchange.root)!r}\nc.Exchange.path_includes_course = True"
    )
    (exchange.root / COURSE).chmod(0o755)
    (exchange.root).chmod(0o777)
    course.run("nbgrader", "release_assignment", "tiny")

    homes: dict[str, TinyCourse] = {}
    for student in ("ada", "mallory"):
        home = tmp_path / student
        home.mkdir()
        (home / "nbgrader_config.py").write_text(
            "c = get_config()\n"
            f"c.CourseDirectory.course_id = {COURSE!r}\nc.Exchange.path_includes_course = True\n"
            f"c.Exchange.root = {str(exchange.view(student, tmp_path / 'mounts' / student))!r}\n"
            f"c.Exchange.cache = {str(home / 'cache')!r}\n"
        )
        homes[student] = TinyCourse(home)
        homes[student].run("nbgrader", "fetch_assignment", "tiny", "--student", student)
    answers = {"ada": RIGHT | WRITTEN, "mallory": {}}
    for student, home in homes.items():
        (home.root / COURSE / "tiny/tiny.ipynb").write_text(
            json.dumps(course.notebook(answers[student]))
        )
        as_ = ("--student", "ada")  # mallory, too, says that she is ada
        home.run("nbgrader", "submit", "tiny", *as_)
    said = course.run("nbgrader", "collect", "tiny")
    assert "was not sent by 'ada'" in said.stdout + said.stderr
    assert exchange.students() == {"ada"}
    course.run("chainrule", "grade", "tiny", "--jobs", "1")
    course.run("nbgrader", "release_feedback", "tiny")
    homes["ada"].run("nbgrader", "fetch_feedback", "tiny", "--student", "ada")
    (page,) = (homes["ada"].root / COURSE / "tiny/feedback").rglob("*.html")
    assert "half_square: all checks passed" in page.read_text()
