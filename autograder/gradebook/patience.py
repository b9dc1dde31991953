"""Waiting for a gradebook that somebody else holds, or that went away for a while."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.exc import DBAPIError, OperationalError

from ..errors import ClassError

PATIENCE_SECONDS = 60.0
T = TypeVar("T")


def patiently(act: Callable[[], T], does: str = "written") -> T:
    """Do something with the gradebook, all of it again as long as its database is locked or away.
    Raises ClassError.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return act()
        except Exception as raised:
            error = _of_the_database(raised)
            if error is None:
                raise
            if not _passing(error) or time.monotonic() > until:
                why = " ".join(str(error.orig).split())
                raise ClassError(
                    f"the gradebook cannot be {does} ({why}): grade again when it can"
                ) from raised
            time.sleep(0.2)


def _of_the_database(raised: BaseException) -> DBAPIError | None:
    """What the database refused, if that is behind an error: nbgrader's methods raise their own in
    its place.
    """
    error: BaseException | None = raised
    while error is not None:
        if isinstance(error, OperationalError) or (
            isinstance(error, DBAPIError) and error.connection_invalidated
        ):
            return error
        error = error.__cause__ or error.__context__
    return None


def _passing(error: DBAPIError) -> bool:
    """Locked, or a server that has gone and may come back."""
    said = str(error.orig)
    return error.connection_invalidated or any(
        words in said for words in ("locked", "connection failed", "starting up", "shutting down")
    )
