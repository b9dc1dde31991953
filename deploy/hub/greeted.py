"""What a greeting says, whatever it is known from: an assignment as one person has it, and what to
do next. Of Python's own library alone, since a cluster's hub has nothing else of the course.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True)
class GreetedAssignment:
    """An assignment as one person has it: ``due`` is theirs, an extension included, and empty where
    there is no date; ``handed_in`` is when they handed it in last, if they did, and ``verdict``
    what was made of that.
    """

    name: str
    title: str
    due: str
    extended: bool
    over: bool
    handed_in: str
    verdict: str = ""

    @property
    def state(self) -> str:
        """In a word or two."""
        return "handed in" if self.handed_in else "overdue" if self.over else "open"


@dataclass(frozen=True)
class Received:
    """The last receipt of somebody's: ``submission`` is the name of its folder in the exchange,
    ``said`` what was made of it.
    """

    submission: str
    said: str


def last_received(receipts: Path, assignment: str, person: str) -> Received | None:
    """What `chainrule receive` has left for a person; None where there is nothing that can be
    read.
    """
    try:
        found = json.loads((receipts / assignment / f"{person}.json").read_bytes())
        return Received(str(found["submission"]), str(found["said"]))
    except (OSError, ValueError, TypeError, LookupError):
        return None


def told_when(submission: str, due: datetime | None) -> str:
    """When it was handed in, to the minute, and whether that was late: nbgrader has it in the
    folder's name. What cannot be read is told as it stands.
    """
    written = submission.split("+")[2]
    try:
        moment = datetime.strptime(written, "%Y-%m-%d %H:%M:%S.%f UTC").replace(tzinfo=UTC)
    except ValueError:
        return written
    late = ", late" if due is not None and moment > due else ""
    return f"{moment:%Y-%m-%d %H:%M} UTC{late}"


def what_next(listed: Sequence[GreetedAssignment], *, teaches: bool) -> str:
    """What to do next, in one sentence. ``listed`` is in the course's order."""
    if teaches:
        return "Collect and grade in Formgrader; the class report says how the course goes."
    todo = [one for one in listed if one.state == "open"]
    late = [one for one in listed if one.state == "overdue"]
    if not listed:
        return "Nothing is released yet: come back later."
    if late and not todo:
        return (
            f"“{late[0].title}” ({late[0].name}) was due {late[0].due}: submit it in Nbgrader › "
            "Assignment List as soon as you can."
        )
    if not todo:
        return "Everything that is open is handed in. Feedback comes into the Assignment List."
    due = f" It is due {todo[0].due}." if todo[0].due else ""
    return (
        f"Start your server, fetch “{todo[0].title}” ({todo[0].name}) in Nbgrader › Assignment "
        f"List, solve it, and submit it there.{due}"
    )
