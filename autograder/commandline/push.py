"""``chainrule push``: grades to Canvas or Moodle. Without ``--send`` it only says what it would do.

``lms.toml`` beside nbgrader_config.py may say where to, so that the command need not:

    [canvas]
    address = "https://canvas.example.edu"
    course = 4711
    assignments = { svm = "Assignment 1" }
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LmsError
from ..report.words import counted
from .saying import console, course_root, points, print_json, progress_bars

if TYPE_CHECKING:
    from ..lms.pushing import Push
    from ..lms.site import LmsSite

SETTINGS = "lms.toml"


@dataclass(frozen=True)
class LmsPlace:
    """Where grades go, as the command was told."""

    lms: str
    address: str | None
    course: str | None
    called: str | None
    token_file: Path | None


def run(
    assignment: str,
    course: Path | None,
    place: LmsPlace,
    roster: Path | None,
    overwrite: bool,
    scale: bool,
    send: bool,
    json: bool,
) -> int:
    """Show what differs, and send it if that is wished. Returns the exit code: 1 when somebody's
    grade could not be passed on.
    """
    from ..lms.pushing import PushWishes, compare_with

    root = course_root(course)
    place = _settled(root, place, assignment)
    site = _site(place)
    where = f"{place.address} {place.course}"
    wishes = PushWishes(where, place.called or "", roster, overwrite, scale)
    with console(stderr=True).status(f"reading {assignment} here and in {site.title}"):
        found = compare_with(site, root, assignment, wishes)
    if send:
        _send_with_progress(site, found)
    if json:
        print_json(push_as_json(found, site, send))
    else:
        _show(found, site, send)
    return 1 if found.differences.unmatched or found.refused else 0


def _settled(root: Path, place: LmsPlace, assignment: str) -> LmsPlace:
    """The place with what lms.toml adds. Raises LmsError where it is not known."""
    stated: dict[str, Any] = {}
    if (root / SETTINGS).is_file():
        try:
            stated = tomllib.loads((root / SETTINGS).read_text(encoding="utf-8")).get(place.lms, {})
        except (OSError, ValueError) as error:
            raise LmsError(f"{SETTINGS} cannot be read: {error}") from None
    address = place.address or stated.get("address")
    course = place.course or stated.get("course")
    if not address or course is None:
        raise LmsError(
            f"where is the course in {place.lms.capitalize()}? Say it by --address and --course-id, or "
            f"in {SETTINGS}"
        )
    called = place.called or stated.get("assignments", {}).get(assignment)
    said = str(called) if called is not None else None
    return LmsPlace(place.lms, str(address), str(course), said, place.token_file)


def _site(place: LmsPlace) -> LmsSite:
    from ..lms.canvas import CanvasSite
    from ..lms.moodle import MoodleSite

    kind = {"canvas": CanvasSite, "moodle": MoodleSite}[place.lms]
    return kind(place.address or "", place.course or "", _token(place), pause=_pause())


def _token(place: LmsPlace) -> str:
    name = f"CHAINRULE_{place.lms.upper()}_TOKEN"
    if place.token_file is not None:
        try:
            token = place.token_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise LmsError(f"{place.token_file} cannot be read: it must hold the token") from None
    else:
        token = os.environ.get(name, "").strip()
    if not token or not token.isascii() or not token.isprintable():
        raise LmsError(f"there is no token: set {name}, or name a file by --token-file")
    return token


def _pause() -> float:
    """The first wait, in seconds, before something is tried again."""
    return float(os.environ.get("CHAINRULE_LMS_PAUSE", "1"))


def _send_with_progress(site: LmsSite, found: Push) -> None:
    from ..lms.pushing import send_differences

    with progress_bars() as bars:
        task = bars.add_task(f"sending to {site.title}", total=len(found.differences.send))
        send_differences(site, found, lambda count: bars.advance(task, count))


def push_as_json(found: Push, site: LmsSite, send: bool) -> dict[str, Any]:
    """The machine-readable form."""

    def rows(some: Any) -> list[dict[str, Any]]:
        return [
            {"student": one.student, "id": one.person, "points": one.points, "before": one.before}
            for one in some
        ]

    return {
        "lms": site.title,
        "assignment": found.assignment,
        "there": {"id": found.remote.id, "name": found.remote.name, "points": found.remote.points},
        "dry_run": not send,
        "send": rows(found.differences.send),
        "sent": found.sent,
        "refused": found.refused,
        "same": [*found.differences.same],
        "theirs": rows(found.differences.theirs),
        "waiting": [*found.differences.waiting],
        "unmatched": dict(found.differences.unmatched),
    }


def _show(found: Push, site: LmsSite, send: bool) -> None:
    from rich.markup import escape

    out = console()
    differ, name = found.differences, escape(site.title)
    for one in differ.send:
        before = "nothing" if one.before is None else points(one.before)
        if one.student not in found.refused:
            out.print(f"{escape(one.student)}: {before} -> {points(one.points)}")
    for student, why in found.refused.items():
        out.print(f"[red]{escape(student)}[/] was not taken by {name}: {escape(why)}")
    for student, why in differ.unmatched.items():
        out.print(f"[red]{escape(student)}[/] is not matched in {name}: {escape(why)}")
    for one in differ.theirs:
        out.print(
            f"[yellow]{escape(one.student)}[/] has {points(one.before or 0)} in {name}, which was not "
            f"sent from here ({points(one.points)}): --overwrite replaces it"
        )
    if differ.waiting:
        waiting = ", ".join(map(escape, differ.waiting))
        out.print(f"left out, since a written answer waits for a person: {waiting}")
    to_send = counted(len(found.sent if send else differ.send), "grade")
    done = f"{to_send} sent" if send else f"{to_send} to send; nothing was sent: add --send"
    out.print(f"{escape(found.remote.name)} in {name}: {done}; {len(differ.same)} there already")
