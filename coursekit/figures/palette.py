"""The course's colours: told apart by people with any kind of colour vision, and in grey print
where they carry meaning. They are seen on white paper and on JupyterLab's dark theme.
"""

from __future__ import annotations

INK, PAPER = "#0b0b0c", "#fefefd"
"""What is written and framed, and what lies behind it: black on white in a file; on a person's
screen the colours of text and background of the theme that is on there."""

# Okabe and Ito's palette, whose black is the ink.
ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY, PALE = "#767676", "#D9D9D9"

TRUE_CLASS, VIOLATION, SATISFIED = BLUE, VERMILION, PALE
CLASSES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, INK, GREY, PALE)

SEQUENTIAL = "cividis"  # more is brighter
DIVERGING = "PuOr"  # zero is white

WRITTEN = 0.6
"""How much of a colour is left in words that are written in it; the rest is ink, so that they are
darker than it on white paper and brighter on a dark screen."""


def written(colour: str, ink: str = INK) -> str:
    """The colour, #rrggbb, that words have which are written in ``colour``."""
    ours, others = ([int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in (colour, ink))
    mixed = [round(WRITTEN * a + (1 - WRITTEN) * b) for a, b in zip(ours, others, strict=True)]
    return "#" + "".join(f"{part:02x}" for part in mixed)
