"""The wall: student code runs in a warm, forked, confined process; only data comes back.

``Wall`` keeps one warm nursery. ``Wall.open`` gives a ``Session``, which runs cells and answers checks. Modules whose
docstring begins with "Inside" run beyond the wall; what they send is read as if an enemy had written it.
"""

from .limits import Cell, CellResult, Limits, WallError
from .session import Session
from .wall import Wall, modules_for

__all__ = ["Cell", "CellResult", "Limits", "Session", "Wall", "WallError", "modules_for"]
