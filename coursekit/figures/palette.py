"""The course's colours: told apart by people with any kind of colour vision, and in grey print
where they carry meaning.
"""

from __future__ import annotations

# Okabe and Ito's palette.
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILION, PURPLE = (
    "#000000",
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
CLASSES = (BLUE, ORANGE, GREEN, PURPLE, SKY, VERMILION, YELLOW, BLACK, GREY, PALE)

SEQUENTIAL = "cividis"  # more is brighter
DIVERGING = "PuOr"  # zero is white
