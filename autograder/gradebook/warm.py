"""The one warm wall of this process: started with the first submission, kept for the next, closed at the end."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from ..wall import Limits, Wall

_Key = tuple[str, Limits, Path, tuple[str, ...]]
_walls: dict[_Key, Wall] = {}
_lock = Lock()


@contextmanager
def warm_wall(isolation: str, limits: Limits, course: Path, modules: tuple[str, ...]) -> Iterator[Wall]:
    """The wall for this level of isolation, these limits, this course, which it hides, and these modules; one user at a
    time.

    Raises WallError when it cannot stand.
    """
    key = (isolation, limits, course.resolve(), modules)
    with _lock:
        if key not in _walls:
            wall = Wall(isolation=isolation, limits=limits, hidden=[key[2]], modules=modules)
            wall.__enter__()
            _walls[key] = wall
            atexit.register(_close, key)
        yield _walls[key]


def _close(key: _Key) -> None:
    if wall := _walls.pop(key, None):
        wall.__exit__(None, None, None)
