"""Chain Rule's autograder: exercises, checks and the judge. Knows no assignment by name."""

from __future__ import annotations

from typing import Any

from .exercise import Exercise, case, exercise

__all__ = ["Exercise", "case", "check", "exercise"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "check":
        from .notebook import check

        return check
    raise AttributeError(f"module 'autograder' has no attribute {name!r}")
