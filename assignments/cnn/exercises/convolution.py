"""Convolution: by its definition, and as one matrix product."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close

from .shared import situations


def image(rng, sizes):
    """An image on which filters (HH, WW) have (Ho, Wo) places.

    ``spare`` rows and columns are such as none reaches; a filter's rows and columns lie ``D`` apart.
    """
    S, P, spare = sizes.get("S", 1), sizes.get("P", 1), sizes.get("spare", 0)
    D, pairs = sizes.get("D", 1), (("Ho", "HH"), ("Wo", "WW"))
    H, W = ((sizes[out] - 1) * S + D * (sizes[side] - 1) + 1 - 2 * P + spare for out, side in pairs)
    return rng.standard_normal((sizes["N"], sizes["C"], H, W))


CONV = "x: N C any any, w: F C HH WW, b: F, stride: int, pad: int"
CONV_BACK = "dout: N F Ho Wo -> out: N F Ho Wo, dx: N C any any, dw: F C HH WW, db: F"
CONV_GIVEN = {"x": image, "stride": draws.size("S", 1), "pad": draws.size("P", 1)}
CONV_SIZES = {
    **{"N": (2, 3), "C": (2, 4), "HH": (1, 4), "WW": (2, 6)},
    **{"F": (1, 6), "Ho": (3, 9), "Wo": (3, 10)},
}
CONV_CASES = [
    case("stride 2, no padding", sizes={"S": 2, "P": 0}),
    case("stride 3, padding 2", sizes={"S": 3, "P": 2, "Ho": 3, "Wo": 4}),
    case("an edge that no filter reaches", sizes={"S": 3, "P": 0, "spare": 2, "Ho": 3, "Wo": 2}),
    case("one example, no padding", sizes={"N": 1, "P": 0}),
    case("1 x 1 filters, stride 2", sizes={"HH": 1, "WW": 1, "S": 2, "P": 0}),
    case("filters as large as the image", sizes={"Ho": 1, "Wo": 1, "P": 0}),
]
CONV_DRAWN = {"given": CONV_GIVEN, "sizes": CONV_SIZES, "cases": CONV_CASES}
CONV_GRADIENT = {
    **{"of": "out", "wrt": ("x", "w", "b"), "claimed": ("dx", "dw", "db"), "upstream": "dout"}
}

# --- by its definition --------------------------------------------------------------------------


@exercise(
    f"{CONV} -> out: N F Ho Wo",
    points=4,
    **CONV_DRAWN,
    checks=[Dimensions(0.5), ..., Reference(2.5)],
)
def conv_forward_naive(student, x, w, b, stride, pad):
    return {"out": student.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})[0]}


PICKS = "One 1 picks one entry"


@property_of(conv_forward_naive, PICKS, 1)
def picks_one_entry(ask):
    """A filter that is 0 but for one 1 copies one entry of each window; the bias is added once."""
    for one, where in situations(ask):
        inputs = ask.draw(one)
        w = np.zeros_like(inputs["w"])
        _, c, p, q = at = tuple(int(ask.rng.integers(n)) for n in w.shape)
        w[at] = 1
        _, out = ask(inputs, w=w)
        if not close(out["out"], picked(inputs, *at)):
            return (
                f"a filter of {w.shape[2]} x {w.shape[3]} that is 0 but for a 1 in channel {c}, "
                f"row {p}, column {q} must copy that entry of every window of the padded image, "
                f"and add the bias; yours does not{where}."
            )


def picked(inputs, f, c, p, q):
    """The biases everywhere; in map f also entry (c, p, q) of every window."""
    (F, _, HH, WW), S, P = inputs["w"].shape, inputs.get("stride", 1), inputs["pad"]
    D, around = inputs.get("dilation", 1), np.pad(inputs["x"][:, c], ((0, 0), (P, P), (P, P)))
    N, high, wide = around.shape
    down, right = high - D * (HH - 1), wide - D * (WW - 1)
    out = np.zeros((N, F, (down - 1) // S + 1, (right - 1) // S + 1)) + inputs["b"][:, None, None]
    out[:, f] += around[:, D * p : D * p + down : S, D * q : D * q + right : S]
    return out


@exercise(
    f"{CONV}, {CONV_BACK}",
    points=6,
    **CONV_DRAWN,
    checks=[Dimensions(0.5), ..., Gradient(**CONV_GRADIENT, share=2.5), Reference(2)],
)
def conv_backward_naive(student, x, w, b, stride, pad, dout):
    out, cache = student.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    dx, dw, db = student.conv_backward_naive(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


@property_of(conv_backward_naive, "dx fits x", 1)
def dx_fits_x(ask):
    for drawn in ask.trial.working():
        dx, shape = drawn.evaluation.arrays().get("dx"), drawn.inputs["x"].shape
        has = "no array" if dx is None else f"of shape {dx.shape}"
        said = f"stride {drawn.inputs['stride']} and padding {drawn.inputs['pad']}"
        if not (dx is not None and dx.shape == shape):
            return f"dx must have the shape of x, {shape}; with {said} it is {has}."


# --- as one matrix product ----------------------------------------------------------------------


def some_columns(rng, sizes):
    """As many columns as there are windows."""
    rows, places = ("C", "HH", "WW"), ("N", "Ho", "Wo")
    return rng.standard_normal([np.prod([sizes[k] for k in names]) for names in (rows, places)])


@exercise(
    "x: N C any any, columns: any any, window: HH WW, places: Ho Wo, stride: int, pad: int "
    "-> cols: any any, back: N C any any, by_default: any any",
    points=5,
    answers=("im2col", "col2im"),
    given={**CONV_GIVEN, "columns": some_columns},
    sizes={name: bounds for name, bounds in CONV_SIZES.items() if name != "F"},
    cases=CONV_CASES,
    words={
        "cols": "what im2col returns",
        "back": "what col2im returns",
        "by_default": "what im2col returns with the default settings",
        "columns": "cols for col2im",
        "window": "a window",
        "places": "the places",
    },
    checks=[Dimensions(0.5), ..., Reference(1.5), Vectorised("N", 0.5)],
)
def im2col(student, x, columns, window, places, stride, pad):
    """To columns, and some columns back; once more without stride and pad."""
    larger = np.pad(x, ((0, 0), (0, 0), (5, 5), (5, 5)))
    return {
        "cols": student.im2col(x, *window.shape, stride, pad),
        "back": student.col2im(columns, x.shape, *window.shape, stride, pad),
        "by_default": student.im2col(larger, *window.shape),
    }


@property_of(im2col, "Columns stand in order", 1.25)
def columns_stand_in_order(ask):
    """Each entry where the docstring says, for entries and cases drawn at random."""
    for one, _ in situations(ask):
        inputs, out = ask(one)
        cols, S, P = out["cols"], inputs["stride"], inputs["pad"]
        (HH, WW), (Ho, Wo) = inputs["window"].shape, inputs["places"].shape
        padded = np.pad(inputs["x"], ((0, 0), (0, 0), (P, P), (P, P)))
        N, C = padded.shape[:2]
        shape, due = cols.shape, (C * HH * WW, N * Ho * Wo)
        must(shape == due, f"cols must be (C * HH * WW, N * H' * W') = {due}, not {shape}.")
        for _ in range(20):
            n, c, p, q, i, j = (int(ask.rng.integers(k)) for k in (N, C, HH, WW, Ho, Wo))
            row, column = c * HH * WW + p * WW + q, n * Ho * Wo + i * Wo + j
            if cols[row, column] != padded[n, c, S * i + p, S * j + q]:
                return (
                    f"row {row}, column {column} must hold the entry (c, p, q) = {(c, p, q)} "
                    f"of the window at {(i, j)} of image {n}; yours holds another number."
                )


@property_of(im2col, "col2im is im2col's transpose", 1.25)
def col2im_is_the_transpose(ask):
    """<im2col x, c> = <x, col2im c>, at every stride and padding."""
    for one, where in situations(ask):
        inputs, out = ask(one)
        x, columns, cols, back = inputs["x"], inputs["columns"], out["cols"], out["back"]
        if not (cols.shape == columns.shape and back.shape == x.shape):
            return "im2col and col2im must give each other's shapes."
        left, right = np.sum(cols * columns), np.sum(x * back)
        if not abs(left - right) <= 1e-8 * max(1.0, abs(left), abs(right)):
            return (
                f"the sum of im2col(x) * c is {left:.6g}, that of x * col2im(c) {right:.6g}: "
                f"they must be equal{where}."
            )


@exercise(
    f"{CONV}, {CONV_BACK}",
    points=5,
    answers=("conv_forward_im2col", "conv_backward_im2col"),
    **CONV_DRAWN,
    checks=[
        Dimensions(0.25),
        ...,
        Gradient(**CONV_GRADIENT, share=1.25),
        Reference(2),
        Vectorised("N", 0.5),
        Vectorised("F", 0.5),
    ],
)
def conv_im2col(student, x, w, b, stride, pad, dout):
    out, cache = student.conv_forward_im2col(x, w, b, {"stride": stride, "pad": pad})
    dx, dw, db = student.conv_backward_im2col(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


property_of(conv_im2col, PICKS, 0.5)(picks_one_entry)
