"""What there is to send: the gradebook's points beside those on record there. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .people import Matches


@dataclass(frozen=True)
class Difference:
    """One student whose points there are other than ours. ``before``: those on record there."""

    student: str
    person: str
    points: float
    before: float | None


@dataclass(frozen=True)
class Differences:
    """A class. ``send``: what to send. ``same``: who has these points there already. ``theirs``:
    who has points there that are neither ours nor those that we sent, so that somebody gave them.
    ``waiting``: whose written answers wait for a person. ``unmatched``: student -> why.
    """

    send: tuple[Difference, ...]
    same: tuple[str, ...]
    theirs: tuple[Difference, ...]
    waiting: tuple[str, ...]
    unmatched: Mapping[str, str]


def differences(
    points: Mapping[str, float | None],
    matches: Matches,
    there: Mapping[str, float],
    sent: Mapping[str, float],
    *,
    overwrite: bool = False,
) -> Differences:
    """What to do with a class. ``points``: student -> final points, None while they are not final;
    ``there`` and ``sent``: a person's id -> points on record there, and those sent last.
    """
    send: list[Difference] = []
    same: list[str] = []
    theirs: list[Difference] = []
    for student, final in points.items():
        person = matches.found.get(student)
        if final is None or person is None:
            continue
        before = there.get(person.id)
        one = Difference(student, person.id, final, before)
        if before is not None and _equal(before, final):
            same.append(student)
        elif overwrite or before is None or _equal(before, sent.get(person.id)):
            send.append(one)
        else:
            theirs.append(one)
    return Differences(
        tuple(send),
        tuple(same),
        tuple(theirs),
        tuple(student for student, final in points.items() if final is None),
        {one: why for one, why in matches.unmatched.items() if one in points},
    )


def _equal(one: float, other: float | None) -> bool:
    """Equal in the hundredths that both sides keep."""
    return other is not None and abs(one - other) < 0.005
