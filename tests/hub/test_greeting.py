"""What the hub's pages say to whom."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from courses.course import TinyCourse

from autograder.gradebook.arrivals.receipts import Receipt, receipts_of, write_receipt
from deploy.hub.greeting import Greeting
from deploy.hub.settings import COURSE, Settings, make

NOW = datetime(2026, 3, 2, tzinfo=UTC)
TEXT = "---\njupytext:\n  text_representation:\n    format_name: myst\nchainrule:\n  order: {}\n{}---\n\n# {}\n"


def person(name: str) -> Any:
    return SimpleNamespace(name=name)


def hub_with_texts(root: Path) -> Settings:
    hub = make(root, 8000)
    for name, order, due, title in (
        ("late", 2, "  due: 2026-03-01 12:00 Europe/Berlin\n", "The late one"),
        ("first", 1, "", "The first one"),
        ("hidden", 3, "", "Not released"),
    ):
        folder = hub.course / "source" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.md").write_text(TEXT.format(order, due, title))
        if name != "hidden":
            (hub.exchange / COURSE / "outbound" / name).mkdir(parents=True)
    (hub.exchange / COURSE / "inbound").mkdir()
    return hub


def test_assignments_in_the_courses_order_with_ones_own_dates(tmp_path: Path) -> None:
    hub = hub_with_texts(tmp_path)
    (hub.course / "extensions.csv").write_text("student,assignment,until\nben,late,48 hours\n")
    greeting = Greeting(hub)
    first, late = greeting.assignments("ada", NOW)
    assert [(one.title, one.due, one.state) for one in (first, late)] == [
        ("The first one", "", "open"),
        ("The late one", "Sunday, 1 March 2026, 12:00 (Europe/Berlin)", "overdue"),
    ]
    late = greeting.assignments("ben", NOW)[1]
    assert (late.due, late.extended, late.state) == (
        "Tuesday, 3 March 2026, 12:00 (Europe/Berlin)", True, "open"
    )  # fmt: skip


def test_what_to_do_next(tmp_path: Path) -> None:
    hub = hub_with_texts(tmp_path)
    greeting = Greeting(hub)
    assert "fetch “The first one” (first)" in greeting.next_step(person("ada"))
    inbound = hub.exchange / COURSE / "inbound"
    (inbound / "ada+first+2026-02-01 10:00:00 UTC+x").mkdir()
    assert greeting.assignments("ada", NOW)[0].state == "handed in"
    assert greeting.assignments("ada", NOW)[0].verdict == ""
    judged = Receipt("ada+first+2026-02-01 10:00:00 UTC+x", True, None, 81.5, 90)
    write_receipt(receipts_of(hub.course), "first", "ada", judged)
    said = "received, judged: 81.5 of 90 points without written answers"
    assert greeting.assignments("ada", NOW)[0].verdict == said
    (inbound / "ada+first+2026-02-02 10:00:00 UTC+y").mkdir()  # a newer one is not that one
    assert greeting.assignments("ada", NOW)[0].verdict == ""
    assert greeting.assignments("ben", NOW)[0].state == "open"
    assert greeting.next_step(person("ada")).startswith(
        "“The late one” (late) was due Sunday, 1 March 2026"
    )
    (inbound / "ada+late+2026-03-05 10:00:59.123456 UTC+z").mkdir()
    assert greeting.assignments("ada", NOW)[1].handed_in == "2026-03-05 10:00 UTC, late"
    assert greeting.next_step(person("ada")).startswith("Everything that is open is handed in")
    assert "Formgrader" in greeting.next_step(person("instructor"))
    (hub.course / "source/first/first.md").write_text(TEXT.format(1, "", "Another title"))
    assert greeting.assignments("ben", NOW)[0].title == "Another title"


def test_formgrader_has_names_to_show(tiny_course: TinyCourse, tmp_path: Path) -> None:
    from nbgrader.api import Gradebook

    from deploy.hub.course import enter_names

    hub = make(tmp_path, 8000, students=("ada", "cyd"))
    hub.root.mkdir(exist_ok=True)
    tiny_course.root.rename(hub.course)
    enter_names(hub)
    with Gradebook(f"sqlite:///{hub.course / 'gradebook.db'}", COURSE) as opened:
        book: Any = opened
        book.update_or_create_student("ada", first_name="Augusta")
    enter_names(hub)
    with Gradebook(f"sqlite:///{hub.course / 'gradebook.db'}", COURSE) as book:
        named = {one.id: (one.first_name, one.last_name) for one in book.students}
    assert named == {"ada": ("Augusta", "Lovelace"), "cyd": ("", "cyd")}
