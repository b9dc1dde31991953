"""A moment as an instructor writes it: a date, a time, and the zone that both are meant in."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

_WRITTEN = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d)?)\s*(\S*)")
_DUE = re.compile(r"^\*\*Due\*\* (.{10,60}\(.{1,40}\))\.$", re.MULTILINE)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")


def read_moment(text: str) -> datetime:
    """``2026-03-05 23:59 Europe/Berlin``, with the zone it was written in. Raises ValueError with
    what to write in its place, for a text that names no moment or no zone.
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text.strip()!r} is no moment: write it like 2026-03-05 23:59 UTC")
    day, time, zone = found.groups()
    if not zone:
        raise ValueError(f"{text.strip()!r} names no zone: add UTC, Europe/Berlin or +01:00")
    try:
        return datetime.fromisoformat(f"{day} {time}").replace(tzinfo=_zone(zone))
    except ValueError as error:
        raise ValueError(f"{text.strip()!r} is no moment: {error}") from None


def moment_in_words(moment: datetime) -> str:
    """``Thursday, 5 March 2026, 23:59 (Europe/Berlin)``."""
    return f"{moment:%A}, {moment.day} {moment:%B %Y, %H:%M} ({moment.tzinfo})"


def due_sentence(due: datetime) -> str:
    """What a notebook's first cell says of its due date."""
    return f"**Due** {moment_in_words(due)}."


def due_in_words(text: str) -> str | None:
    """What ``due_sentence`` told, read from a text that holds it; None where there is none."""
    found = _DUE.search(text)
    return found[1] if found else None


def _zone(name: str) -> tzinfo:
    if name in ("UTC", "Z"):
        return UTC
    if offset := _OFFSET.fullmatch(name):
        sign, hours, minutes = offset.groups()
        away = timedelta(hours=int(hours), minutes=int(minutes))
        return timezone(away if sign == "+" else -away)
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise ValueError(f"there is no zone {name}") from None
