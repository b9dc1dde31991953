"""What there is to know of a learning management system: three things to read, one to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class RemotePerson:
    """A student as the system knows them. ``id`` is what grades are sent under; the others say who
    it is, and are empty where the system does not tell.
    """

    id: str
    name: str
    lms_ids: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()
    email: str = ""


@dataclass(frozen=True)
class RemoteAssignment:
    """An assignment there, and what it is worth; None where it has no points."""

    id: str
    name: str
    points: float | None


@dataclass(frozen=True)
class Refused:
    """What came of sending some grades: whose was not taken, and why."""

    why: Mapping[str, str] = field(default_factory=dict)


class LmsSite(Protocol):
    """A course in a learning management system."""

    title: str
    """What the system is called."""
    batch: int
    """How many grades are sent at a time."""

    def people(self) -> list[RemotePerson]:
        """Everybody who is a student of the course there."""
        ...

    def assignments(self) -> list[RemoteAssignment]:
        """All assignments of the course there."""
        ...

    def grades(self, assignment: RemoteAssignment) -> dict[str, float]:
        """A person's id -> the points on record there, of those who have some."""
        ...

    def send(self, assignment: RemoteAssignment, points: Mapping[str, float]) -> Refused:
        """Put points on record: a person's id -> points. Returns once they are there."""
        ...


def assignments_called(
    assignments: Sequence[RemoteAssignment], wanted: str
) -> list[RemoteAssignment]:
    """Those whose number or name, in whatever case, is the one that is wanted."""
    by_id = [one for one in assignments if one.id == wanted]
    return by_id or [one for one in assignments if one.name.casefold() == wanted.casefold()]
