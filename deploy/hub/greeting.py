"""What the hub's own pages say to somebody: the course, what to do next, the assignments in their
order with titles and due dates.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from autograder.authoring.outline import OutlinedAssignment, course_outline
from autograder.course.moments import moment_in_words
from autograder.gradebook.arrivals.receipts import receipts_of
from autograder.gradebook.extensions import Extensions, read_extensions

from .greeted import GreetedAssignment, last_received, told_when, what_next
from .settings import COURSE, Settings


class Greeting:
    """The greeting of one hub. The texts of the course are read once for each state of theirs."""

    def __init__(self, hub: Settings) -> None:
        self._hub = hub
        self._read: tuple[object, list[OutlinedAssignment]] = (None, [])

    def assignments(self, person: str, now: datetime | None = None) -> list[GreetedAssignment]:
        """What is released, in the course's order."""
        extensions = read_extensions(self._hub.course)
        released = self._hub.exchange / COURSE / "outbound"
        moment = now or datetime.now(UTC)
        return [
            self._greeted(one, person, extensions, moment)
            for one in self._outline()
            if (released / one.name).is_dir()
        ]

    def next_step(self, user: Any) -> str:
        """What JupyterHub's user does next, in one sentence."""
        return what_next(self.assignments(user.name), teaches=self.teaches(user))

    def teaches(self, user: Any) -> bool:
        """Whether it is an instructor."""
        return user.name in self._hub.instructors

    def _outline(self) -> list[OutlinedAssignment]:
        texts = sorted((self._hub.course / "source").glob("*/*.md"))
        state = tuple((path, path.stat().st_mtime_ns) for path in texts)
        if self._read[0] != state:
            self._read = (state, course_outline(self._hub.course))
        return self._read[1]

    def _greeted(
        self, one: OutlinedAssignment, person: str, extensions: Extensions, now: datetime
    ) -> GreetedAssignment:
        found = extensions.granted.get((person, one.name))
        due = found.moved(one.due) if found and one.due else one.due
        sent = self._sent(person, one.name)
        return GreetedAssignment(
            one.name,
            one.title,
            moment_in_words(due) if due else "",
            due != one.due,
            due is not None and due < now,
            told_when(sent, due) if sent else "",
            self._verdict(person, one.name, sent),
        )

    def _sent(self, person: str, assignment: str) -> str:
        """The name of the last submission that lies in the exchange: it holds nbgrader's moment."""
        inbound = Path(self._hub.exchange, COURSE, "inbound")
        found = [
            path.name
            for path in inbound.glob("*")
            if len(parts := path.name.split("+")) >= 3 and parts[:2] == [person, assignment]
        ]
        return max(found, key=lambda name: name.split("+")[2], default="")

    def _verdict(self, person: str, assignment: str, sent: str) -> str:
        receipt = last_received(receipts_of(self._hub.course), assignment, person)
        return receipt.said if receipt and receipt.submission == sent else ""
