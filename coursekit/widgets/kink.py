"""The centred difference at a kink: how wide a step may be before it sees both sides."""

from __future__ import annotations

from ..figures.slopes import kink
from .explorer import Explorer, Slider


def kink_demo() -> Explorer:
    """Sliders for the point x and the step h of a centred difference of max(0, x)."""
    return Explorer(
        kink,
        {
            "x": Slider("x", -1.0, 1.0, 0.01, 0.1),
            "h": Slider("step h", -3.0, -0.3, 0.1, -0.5, log=True),
        },
    )
