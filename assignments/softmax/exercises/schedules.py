"""The learning rate as a function of the step: up in a straight line, down along a cosine."""

import numpy as np

from autograder import case, draws, exercise, property_of
from autograder.checks import Dimensions, Reference, close

BEYOND = 3
"""Steps after the last one, where the rate must stay."""


@exercise(
    "peak, warmup_steps: int, total_steps: int, end -> rates: T+3, rates_to_zero: T+3",
    points=2,
    sizes={"T": (9, 14)},
    given={
        "peak": draws.number(0.5, 2),
        "warmup_steps": draws.whole(2, 5),
        "total_steps": draws.size("T"),
        "end": draws.number(0.05, 0.2),
    },
    cases=[
        case("no warm-up", warmup_steps=0),
        case("one step of warm-up", warmup_steps=1),
        case("a fall of one step", sizes={"T": 6}, warmup_steps=5),
    ],
    words={
        "rates": "the rate at steps 0, 1, 2 and on",
        "rates_to_zero": "the rate at steps 0, 1, 2 and on, with the default end,",
    },
    checks=[Dimensions(0.25), Reference(0.75)],
)
def warmup_cosine_decay(student, peak, warmup_steps, total_steps, end):
    """Of every step, and of a few beyond the last: with an end, and with the default one."""
    steps, settings = range(total_steps + BEYOND), (peak, warmup_steps, total_steps)
    rate = student.warmup_cosine_decay
    return {
        "rates": np.array([rate(step, *settings, end) for step in steps]),
        "rates_to_zero": np.array([rate(step, *settings) for step in steps]),
    }


@property_of(warmup_cosine_decay, "Up in equal steps", 0.5)
def rises_in_equal_steps(ask):
    """From the first step on, up to the peak, and never above it."""
    inputs, out = ask()
    rising, peak = inputs["warmup_steps"], inputs["peak"]
    risen = np.diff(out["rates"][:rising], prepend=0.0)
    if not close(risen, np.full(rising, peak / rising)):
        return (
            f"during a warm-up of {rising} steps the rate must rise by an equal amount from step to "
            "step, the first of them counted from 0, and end at the peak."
        )
    if not out["rates"].max() <= peak * (1 + 1e-9):
        return f"no rate may be above the peak, {peak:.3g}; yours reaches {out['rates'].max():.3g}."


@property_of(warmup_cosine_decay, "Down to the end, and no further", 0.5)
def falls_to_the_end(ask):
    """As far above the end as below the peak, seen from the middle; and bent as a cosine is."""
    inputs, out = ask(case("twelve steps down", sizes={"T": 14}, warmup_steps=2))
    peak, end, down = inputs["peak"], inputs["end"], out["rates"][2:15]
    if not close(down[[0, -1]], np.array([peak, end])):
        return (
            f"at the first step after the warm-up the rate must be the peak, {peak:.3g}, and at the "
            f"last of all steps' end {end:.3g}; yours are {down[0]:.3g} and {down[-1]:.3g}."
        )
    if not close(out["rates"][14:], np.full(BEYOND, end)):
        return f"once all steps are taken, the rate must stay at {end:.3g}."
    if not close(down + down[::-1], np.full(13, peak + end)):
        return (
            "the way down must look the same turned upside down: it lies as far below the peak at its "
            "start as above the end before its last step."
        )
    if not close(peak - down[4], (peak - end) / 4):
        return "after a third of the way down, a quarter of the height must be lost."
