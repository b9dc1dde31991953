"""The service: who asks is established by the Hub, everything asked is bounded, and what is
answered holds no value.

    POST challenges                  {"assignment": ..., "exercise": ...} -> inputs
    POST challenges/{id}/outputs     .npz bytes -> {"findings": [...]}

Whatever is malformed is answered by a 4xx; 503 says that the Hub or the examiners are away.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, FastAPI, HTTPException, Request, Response
from jupyterhub.services.auth import HubAuth
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect
from tornado.web import HTTPError

from ..judge import fresh_seed
from ..wall.wire.frames import Malformed
from . import examiner
from .challenges import Challenges
from .log import Audit
from .packets import MAX_OUTPUT_BYTES, frame_challenge, unpack_outputs
from .quotas import Allowance, TooMany, Turns, Window

MAX_ASK_BYTES = 2048
TOKEN = re.compile(r"(?:token|bearer) ([A-Za-z0-9._~+/=-]{8,512})", re.IGNORECASE)
REMEMBERED_SECONDS = 60
"""How long the Hub's word on a token is kept: a revoked token works for as long."""


@dataclass(frozen=True)
class Settings:
    """How the oracle is set up. ``log``: the folder of the audit log. ``examiners``: how many
    processes judge.
    """

    course: Path
    prefix: str = "/services/oracle/"
    log: Path | None = None
    examiners: int = 2
    checks_per_minute: int = 60
    checks_per_hour: int = 600
    requests_per_minute: int = 240
    at_a_time: int = 4
    body_seconds: float = 20.0


class Authority(Protocol):
    """Who says whose a token is."""

    async def user_of(self, token: str) -> str | None:
        """The user's name; None when the token is nobody's who may ask. Raises HTTPError when that
        cannot be known.
        """
        ...


class Hub:
    """The Hub says whose a token is, and whether it may be used here."""

    def __init__(self) -> None:
        self._auth = HubAuth(cache_max_age=REMEMBERED_SECONDS)

    async def user_of(self, token: str) -> str | None:
        """The user's name, when the token has the scope ``access:services!service=...`` of this
        service.
        """
        user: Any = await self._auth.user_for_token(token, sync=False)  # pyright: ignore[reportGeneralTypeIssues]
        if (
            not user
            or user.get("kind") != "user"
            or not self._auth.check_scopes(self._auth.access_scopes, user)
        ):
            return None
        return user["name"]


class Question(BaseModel):
    """What a challenge is asked for with."""

    model_config = ConfigDict(extra="forbid", strict=True)
    assignment: Annotated[str, Field(min_length=1, max_length=100)]
    exercise: Annotated[str, Field(min_length=1, max_length=200)]


class Examiners:
    """The processes that judge. When one of them dies, all are replaced."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool = self._start()
        self._waiting = 0

    def _start(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._count, get_context("spawn"), initializer=examiner.begin)

    @property
    def busy(self) -> bool:
        """Whether more is waiting than can be judged at once."""
        return self._waiting > self._count

    async def run(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call it in one of the processes. Raises what it raises, and HTTPException 503 when the
        process died.
        """
        pool = self._pool
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(pool, function, *arguments)
        except BrokenProcessPool:
            if self._pool is pool:
                self._pool = self._start()
            raise HTTPException(503, "the oracle stumbled: ask again") from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """End them."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class Desk:
    """What every request needs: who may ask how much, what is open, who judges, what is
    recorded.
    """

    def __init__(self, settings: Settings, authority: Authority) -> None:
        self.settings = settings
        self.authority = authority
        self.audit = Audit(settings.log)
        self.challenges = Challenges()
        self.turns = Turns(settings.at_a_time)
        self.requests = Window(Allowance(settings.requests_per_minute, 60))
        self.checks = Window(
            Allowance(settings.checks_per_minute, 60), Allowance(settings.checks_per_hour, 3600)
        )
        self.examiners = Examiners(settings.examiners)
        self._refusals = Window(Allowance(10, 60))

    def refuse(self, user: str, status: int, sentence: str, wait: float = 0.0) -> HTTPException:
        """An answer of no, on the record; but no faster than a person reads, lest refusals fill the
        disk.
        """
        try:
            self._refusals.spend(user)
            self.audit.write(user, "refused", status=status, why=sentence)
        except TooMany:
            pass
        return HTTPException(
            status, sentence, {"Retry-After": str(int(wait) + 1)} if wait else None
        )

    async def body(self, request: Request, user: str, most: int) -> bytes:
        """The request's body, of which never more than ``most`` is kept."""
        kept, size = bytearray(), 0
        try:
            async with asyncio.timeout(self.settings.body_seconds):
                async for part in request.stream():
                    size += len(part)
                    if size <= most:
                        kept += part
                    elif size > 4 * most:
                        break
        except TimeoutError:
            raise self.refuse(user, 408, "the request came too slowly") from None
        except ClientDisconnect:
            raise self.refuse(user, 400, "the request ended early") from None
        if size > most:
            raise self.refuse(user, 413, f"more than {most} bytes")
        return bytes(kept)


def application(settings: Settings, authority: Authority) -> FastAPI:
    """The application."""
    desk = Desk(settings, authority)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.gather(
            *(desk.examiners.run(examiner.stand_by) for _ in range(settings.examiners))
        )
        yield
        desk.examiners.close()

    app = FastAPI(
        lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False
    )
    app.state.desk = desk
    app.include_router(routes, prefix=settings.prefix.rstrip("/"))
    return app


def at_desk(request: Request) -> Desk:
    """The desk of the application that is asked."""
    return request.app.state.desk


async def asking(request: Request) -> AsyncIterator[str]:
    """The user's name, while it is their turn."""
    desk = at_desk(request)
    token = TOKEN.fullmatch(request.headers.get("authorization", ""))
    if token is None:
        raise HTTPException(401, "a token of the Hub is needed", {"WWW-Authenticate": "token"})
    try:
        user = await desk.authority.user_of(token[1])
    except HTTPError:
        raise HTTPException(503, "the Hub does not answer") from None
    if user is None:
        raise HTTPException(403, "this token may not ask the oracle")
    try:
        desk.requests.spend(user)
        with desk.turns.one(user):
            yield user
    except TooMany as wait:
        raise desk.refuse(user, 429, "too many requests: wait a little", wait.seconds) from None


User = Annotated[str, Depends(asking)]
routes = APIRouter()


@routes.get("/")
async def alive() -> dict[str, str]:
    """For the Hub, which looks whether its service is up."""
    return {"oracle": "awake"}


@routes.post("/challenges")
async def challenge(request: Request, user: User) -> Response:
    """Draw inputs."""
    desk = at_desk(request)
    try:
        ask = Question.model_validate_json(await desk.body(request, user, MAX_ASK_BYTES))
    except ValidationError:
        raise desk.refuse(user, 422, "what is asked is {assignment, exercise}, as JSON") from None
    try:
        desk.checks.spend(user)
    except TooMany as wait:
        raise desk.refuse(
            user, 429, f"too many checks: wait {wait.seconds:.0f} s", wait.seconds
        ) from None
    seed = fresh_seed()
    try:
        drawn = await desk.examiners.run(
            examiner.draw, desk.settings.course, ask.assignment, ask.exercise, seed
        )
    except examiner.Unanswerable as why:
        raise desk.refuse(user, 409 if why.known else 404, why.sentence) from None
    one = desk.challenges.open(user, ask.assignment, ask.exercise, seed, drawn.cases, drawn.outputs)
    desk.audit.write(
        user,
        "challenge",
        id=one.id,
        assignment=one.assignment,
        exercise=one.exercise,
        seed=one.seed,
    )
    return Response(
        frame_challenge(one.id, drawn.trees, drawn.payload), media_type="application/octet-stream"
    )


@routes.post("/challenges/{id}/outputs")
async def outputs(request: Request, id: str, user: User) -> dict[str, Any]:
    """Judge outputs. Whatever is sent uses the challenge up."""
    desk = at_desk(request)
    one = desk.challenges.take(user, id)
    if one is None:
        raise desk.refuse(
            user, 404, "no such challenge is open: each is answered once, within five minutes"
        )
    data = await desk.body(request, user, MAX_OUTPUT_BYTES)
    try:
        arrays = unpack_outputs(data, one.cases, one.outputs)
    except Malformed as why:
        raise desk.refuse(user, 422, f"not the outputs that were asked for: {why}") from None
    course, thorough = desk.settings.course, not desk.examiners.busy
    findings = await desk.examiners.run(
        examiner.decide, course, one.assignment, one.exercise, one.seed, arrays, thorough
    )
    told = [finding.public() for finding in findings]
    desk.audit.write(
        user,
        "verdict",
        id=one.id,
        assignment=one.assignment,
        exercise=one.exercise,
        bytes=len(data),
        findings=told,
    )
    return {"findings": told}
