"""The warm walls of this process: started with the first submission, kept for the next, closed at
the end.
"""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.util import Finalize
from pathlib import Path
from threading import Lock

from ..wall.outside.wall import Wall
from ..wall.wire.limits import Limits

_Key = tuple[str, Path, tuple[str, ...]]
_walls: dict[_Key, Wall] = {}
_lock = Lock()


@contextmanager
def warm_wall(
    isolation: str, limits: Limits, course: Path, modules: tuple[str, ...]
) -> Iterator[Wall]:
    """The wall for this level of isolation, this course, which it hides, and these modules; one
    user at a time.

    Raises WallError when it cannot stand.
    """
    key = (isolation, course.resolve(), modules)
    with _lock:
        if key not in _walls:
            close_walls()  # whoever turns to another assignment is done with the last one
            wall = Wall(isolation=isolation, hidden=[key[1]], modules=modules)
            wall.__enter__()
            if not _at_the_end:
                _at_the_end.append(
                    Finalize(None, close_walls, exitpriority=10)
                )  # what worker processes run
                atexit.register(close_walls)  # and what others run
            _walls[key] = wall
        _walls[key].limits = limits
        yield _walls[key]


_at_the_end: list[Finalize] = []


def close_walls() -> None:
    """Close every wall of this process."""
    while _walls:
        with suppress(KeyError):
            _walls.popitem()[1].close()
