"""The class report beside Formgrader: made anew when it is asked for, in a thread, with a page that
shows how far it is meanwhile.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import quote, unquote

from tornado import web

from ..errors import Refusal
from ..gradebook.beside_handler import BesideHandler
from .course import CourseReports, report_on_course
from .page import render, render_course, render_progress

AT_ONCE = 2.0
"""Seconds in which a report is waited for before the page with the bar is shown."""

FRESH = 10.0
"""Seconds for which a report that was made is shown again."""


class _Making:
    """One report, from the moment it is asked for; what it has read so far."""

    def __init__(self, root: Path) -> None:
        self.name, self.done, self.total = "", -1, 0
        self.ended = 0.0
        self.task = asyncio.ensure_future(asyncio.to_thread(self._make, root))

    def _make(self, root: Path) -> CourseReports | Refusal:
        try:
            return report_on_course(root, self._tell)
        except Refusal as refusal:
            return refusal
        finally:
            self.ended = time.monotonic()

    def _tell(self, name: str, total: int) -> None:
        self.name, self.done, self.total = name, self.done + 1, total

    @property
    def stale(self) -> bool:
        """Whether to make another: it is done, and was so a while ago."""
        return self.task.done() and time.monotonic() - self.ended > FRESH

    async def soon(self) -> CourseReports | Refusal | None:
        """What was made; None where it takes longer."""
        done, _ = await asyncio.wait([self.task], timeout=AT_ONCE)
        return self.task.result() if done else None


_made: dict[Path, _Making] = {}


class ReportHandler(BesideHandler):
    """The report over all assignments."""

    @property
    def root(self) -> Path:
        """The course's folder."""
        return Path(self.coursedir.root)

    @property
    def home(self) -> str:
        """Formgrader's address."""
        return f"{self.base_url.rstrip('/')}/formgrader"

    @web.authenticated
    async def get(self) -> None:
        """The page, or the one with the bar."""
        making = _made.get(self.root)
        if making is None or making.stale:
            making = _made[self.root] = _Making(self.root)
        found = await making.soon()
        if found is None:
            page = render_progress(making.name, max(making.done, 0), making.total)
        elif isinstance(found, Refusal):
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            page = str(found)
        else:
            links = {name: f"{self.home}/report/{quote(name)}" for name in found.assignments}
            page = render_course(found.course, links, self.home)
        await self.finish(page)


class AssignmentReportHandler(ReportHandler):
    """The report of one assignment, as it was when the course's was made last."""

    @web.authenticated
    async def get(self, name: str) -> None:
        """The page; where nothing was made yet, the course's."""
        making = _made.get(self.root)
        found = making.task.result() if making and making.task.done() else None
        report = found.assignments.get(unquote(name)) if isinstance(found, CourseReports) else None
        if report is None:
            self.redirect(f"{self.home}/report")
            return
        await self.finish(render(report, f"{self.home}/report"))


HANDLERS = [
    (r"/formgrader/report/?", ReportHandler),
    (r"/formgrader/report/([^/]+)/?", AssignmentReportHandler),
]
"""Addresses as Formgrader writes its own."""
