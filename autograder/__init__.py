"""Chain Rule's autograder: exercises, checks and the judge. Knows no assignment by name.

The face of the package: what notebooks and exercises import. docs/architecture.md draws the rooms
behind it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .exercise.declare import exercise
from .exercise.trial import Exercise
from .formerly import forward_old_names
from .language.probe import Absent, case

if TYPE_CHECKING:
    from .notebook import check
    from .vocabulary import claims, draws, function, layer, must, named, named_back, property_of
    from .watch import devices, placement

__all__ = [
    "Absent",
    "Exercise",
    "case",
    "check",
    "claims",
    "devices",
    "draws",
    "exercise",
    "function",
    "layer",
    "must",
    "named",
    "named_back",
    "placement",
    "property_of",
]
__version__ = "0.1.0"

_LATER = {
    "check": ("autograder.notebook", "check"),
    **{
        name: ("autograder.vocabulary", name)
        for name in (
            "claims",
            "draws",
            "function",
            "layer",
            "must",
            "named",
            "named_back",
            "property_of",
        )
    },
    "devices": ("autograder.watch.devices", ""),
    "placement": ("autograder.watch.placement", ""),
    "training": ("autograder.watch.devices", ""),  # its name in the first edition
}
"""What is imported when it is first asked for."""

forward_old_names()


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'autograder' has no attribute {name!r}")
    module, attribute = _LATER[name]
    found = importlib.import_module(module)
    return getattr(found, attribute) if attribute else found
