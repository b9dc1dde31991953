"""What the server answers, under Formgrader's address and to whoever may open Formgrader."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

from nbgrader.api import Gradebook
from tornado import web

from ...errors import Refusal
from ..beside_handler import BesideHandler
from ..patience import patiently
from .answers import on_record, written_questions
from .page import FILES, Place, questions_page, written_page
from .saving import Overtaken, read_given, save

T = TypeVar("T")


class WrittenHandler(BesideHandler):
    """Answers in a thread: other people's pages do not wait for notebooks to be read."""

    nonce = ""

    def set_default_headers(self) -> None:
        """The page runs its own script, and shows pictures that are part of it; nothing else."""
        self.nonce = secrets.token_urlsafe(16)
        own = f"'nonce-{self.nonce}'"
        self.policy = f"connect-src 'self'; img-src data:; script-src {own}; style-src {own}"
        super().set_default_headers()

    async def with_gradebook(self, act: Callable[[Gradebook], T]) -> T:
        """Do something with a connection of its own, which is waited for where it is locked."""

        def acted() -> T:
            with Gradebook(self.db_url, self.coursedir.course_id) as gradebook:
                return act(gradebook)

        return await asyncio.to_thread(patiently, acted)

    @property
    def place(self) -> Place:
        """What the page has to know of the server."""
        token: Any = self.xsrf_token
        known = token.decode() if isinstance(token, bytes) else token
        return Place(self.base_url.rstrip("/"), known, self.nonce)


class QuestionsHandler(WrittenHandler):
    """The questions of all assignments, and how many answers to each wait."""

    @web.authenticated
    async def get(self) -> None:
        """The page."""
        questions = await self.with_gradebook(written_questions)
        await self.finish(questions_page(questions, self.place))


class AnswersHandler(WrittenHandler):
    """All answers to one question."""

    @web.authenticated
    async def get(self, assignment: str, cell: str) -> None:
        """The page."""
        place, folders = self.place, self.coursedir
        try:
            page = await self.with_gradebook(
                lambda book: written_page(book, folders, assignment, cell, place)
            )
        except Refusal as refusal:
            self.set_status(404)
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            page = str(refusal)
        await self.finish(page)


class SaveHandler(WrittenHandler):
    """One grade, made from what was on record when the grader looked."""

    @web.authenticated
    async def post(self, assignment: str, cell: str, submission: str) -> None:
        """Save it; the answer says what is on record now, of everybody."""

        def saved(book: Gradebook) -> dict[str, Any]:
            sent = json.loads(self.request.body)
            most = {(one.assignment, one.cell): one.points for one in written_questions(book)}
            wanted = read_given(sent["wanted"], most.get((assignment, cell), 0.0))
            made_from = read_given(sent["made_from"])
            save(book, (assignment, cell, submission), made_from, wanted)
            everybody = on_record(book, assignment, cell).items()
            return {"everybody": {one: asdict(given) for one, (_, given) in everybody}}

        try:
            status, answer = 200, await self.with_gradebook(saved)
        except Overtaken as overtaken:
            status, answer = 409, {"says": str(overtaken), "theirs": asdict(overtaken.theirs)}
        except Refusal as refusal:
            status, answer = 400, {"says": str(refusal)}
        except (ValueError, KeyError, TypeError):
            status, answer = 400, {"says": "a save carries a grade and what it was made from"}
        if (kept := self.settings["nbgrader_gradebook"]) is not None:
            kept.db.expire_all()  # Formgrader keeps what it has read: let it read again
        self.set_status(status)
        self.set_header("Content-Type", "application/json")
        await self.finish(json.dumps(answer))


class StaticHandler(WrittenHandler):
    """The page's script and its looks."""

    @web.authenticated
    def get(self, name: str) -> None:
        """The file."""
        kind, content = FILES[name]
        self.set_header("Content-Type", kind)
        self.finish(content)


HANDLERS: list[tuple[str, type[WrittenHandler]]] = [
    (r"/formgrader/written/?", QuestionsHandler),
    (r"/formgrader/written/static/(written\.js|written\.css)", StaticHandler),
    (r"/formgrader/written/([^/]+)/([^/]+)/?", AnswersHandler),
    (r"/formgrader/api/written/([^/]+)/([^/]+)/([^/]+)", SaveHandler),
]
"""Addresses as Formgrader writes its own."""
