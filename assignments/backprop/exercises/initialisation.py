"""Fresh weights: how large they must be for signals to keep their size."""

import numpy as np

from autograder import case, draws, exercise, property_of
from autograder.checks import Dimensions, Reference
from coursekit.exercises.refusals import OTHER_KINDS, only_kinds, refuses


@exercise(
    "fan_in: int, fan_out: int, seed: int"
    " -> xavier: D H, kaiming: D H, by_default: D H, refuses_other_kinds: bool",
    points=2,
    given={"fan_in": draws.size("D"), "fan_out": draws.size("H"), "seed": draws.seed},
    sizes={"D": (5, 9), "H": (3, 12)},
    cases=[
        case("one number comes in", sizes={"D": 1}),
        case("one number goes out", sizes={"H": 1}),
    ],
    words={
        "xavier": 'the weights of kind "xavier"',
        "kaiming": 'the weights of kind "kaiming"',
        "by_default": "the weights of the default kind",
    },
    checks=[Dimensions(0.25), ..., Reference(0.5)],
)
def init_weights(student, fan_in, fan_out, seed):
    """Both kinds, the default, and one that there is not."""
    draw = student.init_weights
    return {
        "xavier": draw(fan_in, fan_out, "xavier", np.random.default_rng(seed)),
        "kaiming": draw(fan_in, fan_out, "kaiming", np.random.default_rng(seed)),
        "by_default": draw(fan_in, fan_out, rng=np.random.default_rng(seed)),
        "refuses_other_kinds": refuses(draw, fan_in, fan_out, "zeros"),
    }


def large(ask, fan_in, fan_out):
    """A layer so large that chance hardly matters."""
    return ask(case("a large layer", sizes={"D": fan_in, "H": fan_out}))[1]


def mean_square(x):
    """What the size of a signal is measured by."""
    return float(np.mean(np.square(x)))


@property_of(init_weights, "Kaiming keeps the size through a ReLU", 0.5)
def kaiming_keeps_the_size(ask):
    """Whether many numbers come in or few go out."""
    for fan_in, fan_out in ((400, 100), (100, 400)):
        W = large(ask, fan_in, fan_out)["kaiming"]
        x = ask.rng.standard_normal((200, fan_in))
        kept = mean_square(np.maximum(x @ W, 0)) / mean_square(x)
        if not abs(kept - 1) < 0.15:
            return (
                f"numbers of size 1 through {fan_in} x {fan_out} weights of kind 'kaiming' and a ReLU "
                f"must keep their mean square, 1; it becomes {kept:.3g}."
            )


@property_of(init_weights, "Xavier lies between both ways", 0.5)
def xavier_lies_between(ask):
    """What the way forward gains the way back loses: the two factors have a mean of 1."""
    for fan_in, fan_out in ((400, 100), (100, 400)):
        W = large(ask, fan_in, fan_out)["xavier"]
        x, slopes = (ask.rng.standard_normal((200, size)) for size in (fan_in, fan_out))
        forward = mean_square(x @ W) / mean_square(x)
        back = mean_square(slopes @ W.T) / mean_square(slopes)
        if not abs((forward + back) / 2 - 1) < 0.15:
            return (
                f"through {fan_in} x {fan_out} weights of kind 'xavier' the mean square is multiplied "
                f"by {forward:.3g} on the way forward and by {back:.3g} on the way back; the two must "
                "have a mean of 1."
            )


property_of(init_weights, OTHER_KINDS, 0.25)(only_kinds("xavier", "kaiming"))
