"""Who is who: the gradebook's students and the people of a learning management system.

A student is looked for by the system's own id, then by login, then by e-mail: by what the roster
says, where there is one, else by the gradebook's fields. Two people with one key, or two students
who would be one person, are not told apart by guessing: they are named.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import LmsError
from ..gradebook.exporters.roster import Enrolled
from .site import RemotePerson

COLUMNS = ("student", "lms_id", "login", "email")


@dataclass(frozen=True)
class Identity:
    """By what a student may be known there; what is empty says nothing."""

    lms_id: str = ""
    login: str = ""
    email: str = ""


@dataclass(frozen=True)
class Matches:
    """Student -> person, and of those who are nobody there, or not certainly one: student -> why."""

    found: Mapping[str, RemotePerson]
    unmatched: Mapping[str, str]


def known_by(students: Sequence[Enrolled], roster: Path | None) -> dict[str, Identity]:
    """Student -> by what they are known. Raises LmsError for a roster that cannot be read."""
    stated = read_roster(roster) if roster else {}
    return {
        one.student: stated.get(one.student, Identity(one.lms_id, one.student, one.email))
        for one in students
    }


def read_roster(path: Path) -> dict[str, Identity]:
    """A table with the column student and one or more of lms_id, login, email. Raises LmsError."""
    try:
        rows = [*csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig")))]
    except (OSError, ValueError, csv.Error) as error:
        raise LmsError(f"{path} cannot be read: {error}") from None
    columns = {name.strip() for row in rows[:1] for name in row if name}
    if "student" not in columns or not columns & {*COLUMNS[1:]}:
        raise LmsError(
            f"{path} needs the column student, and one or more of {', '.join(COLUMNS[1:])}"
        )
    found: dict[str, Identity] = {}
    for row in rows:
        cells = {(name or "").strip(): (row[name] or "").strip() for name in row if name}
        if student := cells.get("student"):
            found[student] = Identity(*(cells.get(name, "") for name in COLUMNS[1:]))
    return found


def match(identities: Mapping[str, Identity], people: Sequence[RemotePerson]) -> Matches:
    """Everybody's person there."""
    tables = [
        _table((key, one) for one in people for key in one.lms_ids),
        _table((key.casefold(), one) for one in people for key in one.logins),
        _table((one.email.casefold(), one) for one in people),
    ]
    found: dict[str, RemotePerson] = {}
    unmatched: dict[str, str] = {}
    for student, identity in identities.items():
        keys = identity.lms_id, identity.login.casefold(), identity.email.casefold()
        hits = (table[key] for key, table in zip(keys, tables, strict=True) if key in table)
        some = next(hits, [])
        if len(some) == 1:
            found[student] = some[0]
        else:
            unmatched[student] = "several people there have this key" if some else "nobody there"
    return Matches(*_without_doubles(found, unmatched))


def _table(keys: Iterator[tuple[str, RemotePerson]]) -> dict[str, list[RemotePerson]]:
    table: dict[str, list[RemotePerson]] = {}
    for key, person in keys:
        if key and person not in table.setdefault(key, []):
            table[key].append(person)
    return table


def _without_doubles(
    found: dict[str, RemotePerson], unmatched: dict[str, str]
) -> tuple[dict[str, RemotePerson], dict[str, str]]:
    by_person: dict[str, list[str]] = {}
    for student, person in found.items():
        by_person.setdefault(person.id, []).append(student)
    for students in by_person.values():
        if len(students) > 1:
            for student in students:
                others = ", ".join(one for one in students if one != student)
                unmatched[student] = f"would be the same person there as {others}"
                del found[student]
    return found, unmatched
