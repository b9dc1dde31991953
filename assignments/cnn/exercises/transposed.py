"""A filter whose entries lie apart, and the transpose of a convolution as a layer of its own."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close

from .convolution import CONV, CONV_GIVEN, CONV_SIZES, PICKS, image, picks_one_entry
from .shared import situations

# --- apart --------------------------------------------------------------------------------------


def under_spread_filters(rng, sizes):
    """An image on which filters whose entries lie D apart, usually 2, have (Ho, Wo) places."""
    return image(rng, {"D": 2, **sizes})


@exercise(
    f"{CONV}, dilation: int -> out: N F Ho Wo",
    points=2,
    given={**CONV_GIVEN, "x": under_spread_filters, "dilation": draws.size("D", 2)},
    sizes={**CONV_SIZES, "HH": (2, 4), "WW": (2, 5), "Ho": (4, 9), "Wo": (5, 10)},
    cases=[
        case("dilation 1", sizes={"D": 1}),
        case("dilation 3, stride 2, padding 2", sizes={"D": 3, "S": 2, "P": 2, "Ho": 3, "Wo": 4}),
        case("one example, no padding", sizes={"N": 1, "P": 0}),
        case("an edge that no filter reaches", sizes={"S": 3, "P": 0, "spare": 2, "Ho": 3}),
    ],
    checks=[Dimensions(0.25), ..., Reference(1), Vectorised("N", 0.25)],
)
def conv_forward_dilated(student, x, w, b, stride, pad, dilation):
    settings = {"stride": stride, "pad": pad, "dilation": dilation}
    return {"out": student.conv_forward_dilated(x, w, b, settings)}


property_of(conv_forward_dilated, PICKS, 0.5)(picks_one_entry)


# --- transposed ---------------------------------------------------------------------------------


def as_large_as_out(rng, sizes):
    """An image (N, C, H, W) of the size that the transposed convolution gives."""
    S, P = sizes.get("S", 2), sizes.get("P", 1)
    sides = ((sizes[k] - 1) * S + sizes[side] - 2 * P for k, side in (("Ho", "HH"), ("Wo", "WW")))
    return rng.standard_normal((sizes["N"], sizes["C"], *sides))


@exercise(
    "y: N F Ho Wo, w: F C HH WW, b: C, stride: int, pad: int, x: N C any any "
    "-> out: N C any any, without_bias: N C any any, seen: N F Ho Wo",
    points=3,
    given={"stride": draws.size("S", 2), "pad": draws.size("P", 1), "x": as_large_as_out},
    sizes={**CONV_SIZES, "HH": (3, 5), "WW": (3, 6)},
    cases=[
        case("stride 1", sizes={"S": 1}),
        case("stride 2, no padding", sizes={"P": 0}),
        case("stride 3, padding 2", sizes={"S": 3, "P": 2, "Ho": 3, "Wo": 4}),
        case("a stride larger than the filter", sizes={"S": 4, "P": 0, "HH": 2, "WW": 3}),
        case("one entry", sizes={"N": 1, "Ho": 1, "Wo": 1, "P": 0}),
    ],
    words={
        "without_bias": "out with a bias of 0",
        "seen": "out of conv_forward_naive for an image of that shape",
        "x": "an image of the shape of out",
    },
    checks=[Dimensions(0.25), ..., Reference(1.75, outputs=("out",))],
)
def conv_transpose(student, y, w, b, stride, pad, x):
    """Up, with a bias and without; and an image of that size down, by the layer it transposes."""
    settings = {"stride": stride, "pad": pad}
    return {
        "out": student.conv_transpose(y, w, b, settings),
        "without_bias": student.conv_transpose(y, w, np.zeros(len(b)), settings),
        "seen": student.conv_forward_naive(x, w, np.zeros(len(w)), settings)[0],
    }


@property_of(conv_transpose, "The convolution's transpose", 0.75)
def is_the_transpose(ask):
    """<conv x, y> = <x, conv_transpose y>, at every stride and padding."""
    for one, where in situations(ask):
        inputs, out = ask(one)
        x, y, back, seen = inputs["x"], inputs["y"], out["without_bias"], out["seen"]
        must(back.shape == x.shape, f"out must have shape {x.shape}, not {back.shape}{where}.")
        must(seen.shape == y.shape, "conv_forward_naive must give the shape of y here.")
        left, right = np.sum(seen * y), np.sum(x * back)
        if not abs(left - right) <= 1e-8 * max(1.0, abs(left), abs(right)):
            return (
                f"the sum of conv(x) * y is {left:.6g}, that of x * conv_transpose(y) {right:.6g}: "
                f"without biases they must be equal{where}."
            )


@property_of(conv_transpose, "Nothing in, the bias out", 0.25)
def nothing_but_the_bias(ask):
    for one, where in situations(ask):
        inputs = ask.draw(one)
        _, out = ask(inputs, y=np.zeros_like(inputs["y"]))
        wanted = np.broadcast_to(inputs["b"][:, None, None], out["out"].shape)
        if not close(out["out"], wanted):
            return f"where y is 0 everywhere, each channel must be its bias everywhere{where}."
