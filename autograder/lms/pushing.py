"""Grades from the gradebook to a learning management system: what would be sent, and sending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import LmsError
from ..gradebook.course import open_course
from .differences import Difference, Differences, differences
from .people import known_by, match
from .sent import SentBefore
from .site import LmsSite, RemoteAssignment, assignments_called


@dataclass(frozen=True)
class PushWishes:
    """How grades are passed on.

    place: what names the course there, its address and number. called: the assignment's number or
    name there, where it is not the same as here. roster: a table that says who is who. overwrite:
    also replace points that somebody gave there. scale: reckon points in the other system's, where
    the two are worth different points.
    """

    place: str
    called: str = ""
    roster: Path | None = None
    overwrite: bool = False
    scale: bool = False


@dataclass
class Push:
    """One assignment, read from both sides. ``refused``: student -> why the system did not take
    their points; ``sent``: those who have theirs now.
    """

    assignment: str
    remote: RemoteAssignment
    differences: Differences
    memory: SentBefore
    sent: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def compare_with(site: LmsSite, root: Path, assignment: str, wishes: PushWishes) -> Push:
    """Read both sides; nothing is sent. Raises Refusal."""
    opened = open_course(root, assignment)
    entries, _ = opened.on_record(assignment)
    remote = _remote(site, wishes.called or assignment)
    most = max((one.max_score for one in entries.values()), default=0.0)
    factor = _factor(site, assignment, remote, most, wishes.scale)
    points = {
        student: None if one.waiting else round(one.final * factor, 2)
        for student, one in sorted(entries.items())
    }
    memory = SentBefore(root, site.title, assignment, f"{wishes.place} {remote.id}")
    people = known_by(opened.enrolled(), wishes.roster)
    matches = match({one: people[one] for one in points}, site.people())
    there = site.grades(remote)
    found = differences(points, matches, there, memory.read(), overwrite=wishes.overwrite)
    return Push(assignment, remote, found, memory)


def send_differences(
    site: LmsSite, push: Push, tell: Callable[[int], None] = lambda count: None
) -> None:
    """Send what differs, some at a time; each part is remembered as soon as it is there. Raises
    LmsError where the system cannot be reached any more: give the command again, and the rest goes.
    """
    wanted = push.differences.send
    for some in (wanted[k : k + site.batch] for k in range(0, len(wanted), site.batch)):
        points = {one.person: one.points for one in some}
        refused = site.send(push.remote, points).why
        taken = {one: value for one, value in points.items() if one not in refused}
        try:
            push.memory.add(taken)
        except OSError as error:
            raise LmsError(f"what was sent cannot be remembered: {error.strerror}") from None
        _note(push, some, refused)
        tell(len(some))


def _note(push: Push, some: tuple[Difference, ...], refused: Mapping[str, str]) -> None:
    for one in some:
        if one.person in refused:
            push.refused[one.student] = refused[one.person]
        else:
            push.sent.append(one.student)


def _remote(site: LmsSite, wanted: str) -> RemoteAssignment:
    there = site.assignments()
    found = assignments_called(there, wanted)
    if len(found) == 1:
        return found[0]
    listed = ", ".join(f"{one.name} ({one.id})" for one in there) or "none"
    what = "has several assignments" if found else "has no assignment"
    raise LmsError(f"{site.title} {what} {wanted}: name one by --called; there is: {listed}")


def _factor(
    site: LmsSite, assignment: str, remote: RemoteAssignment, most: float, scale: bool
) -> float:
    if remote.points is None:
        raise LmsError(f"{remote.name} has no points in {site.title}: let it be graded by points")
    if not most or abs(remote.points - most) < 0.005:
        return 1.0
    if not scale:
        raise LmsError(
            f"{assignment} is worth {most:g} points here and {remote.points:g} in {site.title}: make "
            "them the same, or give --scale"
        )
    return remote.points / most
