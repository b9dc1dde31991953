"""Fewer multiplications for the same result: Fourier, Strassen, Winograd, and filters of rank 1."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close
from coursekit.exercises.refusals import refuses

from .convolution import CONV_GIVEN, CONV_SIZES, PICKS, picks_one_entry
from .shared import situations

# --- Fourier ------------------------------------------------------------------------------------


@exercise(
    "x: N C any any, w: F C HH WW, b: F, pad: int -> out: N F Ho Wo, by_default: N F any any",
    points=3,
    given={name: CONV_GIVEN[name] for name in ("x", "pad")},
    sizes=CONV_SIZES,
    cases=[
        case("no padding", sizes={"P": 0}),
        case("padding 2", sizes={"P": 2, "Ho": 5, "Wo": 6}),
        case("one example, 1 x 1 filters", sizes={"N": 1, "HH": 1, "WW": 1, "P": 0}),
        case("filters as large as the image", sizes={"Ho": 1, "Wo": 1, "P": 0}),
        case("large filters", sizes={"HH": 11, "WW": 8, "P": 3, "Ho": 6, "Wo": 5}),
    ],
    words={"by_default": "out with the default settings"},
    checks=[Dimensions(0.25), ..., Reference(1.25), Vectorised("N", 0.5)],
)
def conv_forward_fft(student, x, w, b, pad):
    """With padding as it is given, and with none on a larger image."""
    sides = np.array([[0], [0], [pad], [pad]])
    around = np.pad(x, sides)
    return {
        "out": student.conv_forward_fft(x, w, b, pad),
        "by_default": student.conv_forward_fft(around, w, b),
    }


property_of(conv_forward_fft, PICKS, 0.5)(picks_one_entry)


@property_of(conv_forward_fft, "By way of the frequencies", 0.5)
def goes_through_frequencies(ask):
    """One infinite entry reaches every frequency; by the definition only the windows around it."""
    inputs = ask.draw(case("", sizes={"HH": 2, "WW": 2, "Ho": 8, "Wo": 9, "P": 0}))
    inputs["x"][0, 0, 4, 4] = np.inf
    _, out = ask(inputs)
    if np.isfinite(out["out"][0]).any():
        return (
            "one infinite pixel leaves some outputs finite: "
            "this is no Fourier transform, where all pixels meet."
        )


@exercise(
    "H: int, W: int, C: int, F: int, K: int -> direct, fft, winograd, refused: 2 bool",
    points=2,
    given={
        **{"H": draws.whole(20, 50), "W": draws.whole(30, 60), "C": draws.whole(3, 33)},
        **{"F": draws.whole(40, 70), "K": draws.whole(4, 12)},
    },
    cases=[case("odd sizes", H=13, W=15), case("even sizes", H=14, W=16), case("1 x 1", K=1)],
    words={
        **{name: f'the cost of "{name}"' for name in ("direct", "fft", "winograd")},
        "refused": "whether what is not allowed is refused",
    },
    entries={
        "refused": ['whether "winograd" with K = 5 is refused', "whether another method is refused"]
    },
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def conv_cost(student, H, W, C, F, K):
    """All three methods, Winograd at 3 x 3."""
    cost, asked = student.conv_cost, (H, W, C, F)
    refused = [refuses(cost, "winograd", *asked, 5), refuses(cost, "magic", *asked, K)]
    return {
        "direct": cost("direct", *asked, K),
        "fft": cost("fft", *asked, K),
        "winograd": cost("winograd", *asked, 3),
        "refused": np.array(refused),
    }


@property_of(conv_cost, "Where they cross over", 0.75)
def crossing_over(ask):
    """64 filters over 32 x 32 x 64: Fourier wins from 5 x 5 on; Winograd saves 2.25 times."""
    batch = [{"H": 32, "W": 32, "C": 64, "F": 64, "K": K} for K in (3, 5, 11)]
    three, five, eleven = ask.all(batch)
    loses = three["direct"] < three["fft"]
    must(loses, "at 3 x 3 the Fourier transform must cost more than the definition.")
    if not (five["fft"] < five["direct"] and eleven["fft"] < eleven["direct"] / 4):
        return (
            "at 5 x 5 the Fourier transform must cost less than the definition, "
            "at 11 x 11 less than a quarter."
        )
    saved = three["direct"] / three["winograd"]
    must(close(saved, 2.25), "F(2x2, 3x3) must save a factor of 36 / 16 = 2.25.")
    must(three["refused"].all(), "what has no count here must raise ValueError.")


# --- Strassen -----------------------------------------------------------------------------------


@exercise(
    "A: M K, B: K N, leaf: int -> C: M N, n_mults: int, n_mults_by_default: int",
    points=2,
    given={"leaf": draws.whole(1, 2)},
    sizes={"M": (5, 10), "K": (5, 11), "N": (5, 12)},
    cases=[
        case("a power of two, down to single numbers", sizes={"M": 8, "K": 8, "N": 8}, leaf=1),
        case("odd at every level", sizes={"M": 7, "K": 5, "N": 11}, leaf=1),
        case("narrow", sizes={"M": 12, "K": 3, "N": 14}, leaf=2),
        case("no step at all", sizes={"M": 9, "K": 5, "N": 7}, leaf=5),
    ],
    words={"n_mults_by_default": "n_mults with the default settings"},
    checks=[Dimensions(0.25), ..., Reference(0.75)],
)
def strassen_matmul(student, A, B, leaf):
    """With the leaf as it is given, and the count with the usual one."""
    C, n_mults = student.strassen_matmul(A, B, leaf)
    _, usual = student.strassen_matmul(A, B)
    return {"C": C, "n_mults": n_mults, "n_mults_by_default": usual}


@property_of(strassen_matmul, "7 ** k", 0.5)
def seven_to_the_k(ask):
    for k in (1, 2, 3):
        side = 2**k
        inputs, out = ask(case("", sizes=dict.fromkeys("MKN", side)), leaf=1)
        product = inputs["A"] @ inputs["B"]
        must(close(out["C"], product, 1e-8), f"for {side} x {side} matrices C is not A @ B.")
        if out["n_mults"] != 7**k:
            return (
                f"down to single numbers, {side} x {side} matrices take 7**{k} multiplications, "
                f"not {out['n_mults']}."
            )
    inputs, out = ask(case("", sizes={"M": 11, "K": 9, "N": 7}), leaf=1)
    must(close(out["C"], inputs["A"] @ inputs["B"], 1e-8), "for odd sizes C is not A @ B.")


@property_of(strassen_matmul, "Sums of blocks are multiplied", 0.5)
def goes_through_seven(ask):
    """One infinite entry reaches other rows than its own, since sums of blocks are multiplied."""
    inputs = ask.draw(case("", sizes=dict.fromkeys("MKN", 8)), leaf=1)
    inputs["A"][0, 0] = np.inf
    _, out = ask(inputs)
    if np.isfinite(out["C"][1:]).all():
        return (
            "an infinite A[0, 0] leaves all rows but the first finite: "
            "no sums of blocks were multiplied."
        )


# --- Winograd -----------------------------------------------------------------------------------


@exercise(
    "d: R 4, g: R 3, x: N C H W, w: F C 3 3 "
    "-> BT: 4 4, G: 4 3, AT: 2 4, line: R 2, out: N F H-2 W-2",
    points=3,
    answers=("winograd_matrices", "winograd_f2x2_3x3"),
    sizes={**{"N": (2, 4), "C": (2, 5), "F": (2, 6)}, **{"R": (5, 9), "H": (5, 11), "W": (5, 12)}},
    cases=[
        case("even sizes", sizes={"H": 6, "W": 8}),
        case("odd sizes", sizes={"H": 7, "W": 5}),
        case("one output", sizes={"H": 3, "W": 3}),
        case("one example, one odd side", sizes={"N": 1, "H": 4, "W": 9}),
    ],
    words={"line": "AT @ ((G @ g) * (BT @ d))"},
    checks=[Dimensions(0.25), ..., Reference(0.75, outputs=("line", "out")), Vectorised("N", 0.5)],
)
def winograd(student, d, g, x, w):
    """The matrices by themselves in one dimension, then images."""
    BT, G, AT = student.winograd_matrices()
    line = ((g @ np.transpose(G)) * (d @ np.transpose(BT))) @ np.transpose(AT)
    return {"BT": BT, "G": G, "AT": AT, "line": line, "out": student.winograd_f2x2_3x3(x, w)}


@property_of(winograd, "Four multiplications for six", 0.5)
def four_are_enough(ask):
    """The identity in one dimension, whatever matrices it is made of."""
    inputs, out = ask()
    d, g = inputs["d"], inputs["g"]
    wanted = np.stack([np.sum(d[:, k : k + 3] * g, axis=1) for k in (0, 1)], axis=1)
    if not close(out["line"], wanted, 1e-8):
        return "AT @ ((G @ g) * (BT @ d)) must be the two places of a filter g of length 3 on 4 inputs d."


@property_of(winograd, "One 1 shifts the image", 0.5)
def picks_by_tiles(ask):
    for one, where in situations(ask):
        inputs = ask.draw(one)
        w, (_, _, H, W) = np.zeros_like(inputs["w"]), inputs["x"].shape
        p, q = ask.rng.integers(3), ask.rng.integers(3)
        w[0, 1, p, q] = 1
        _, out = ask(inputs, w=w)
        if not close(out["out"][:, 0], inputs["x"][:, 1, p : p + H - 2, q : q + W - 2], 1e-8):
            return (
                f"a filter that is 0 but for a 1 at row {p}, column {q} must shift the image; "
                f"yours does not{where}."
            )


@property_of(winograd, "By way of the tiles", 0.5)
def goes_through_tiles(ask):
    """Infinity minus infinity is nan: impossible in a sum of products, due between pixels."""
    inputs = ask.draw(case("", sizes={"H": 6, "W": 6}))
    w, x = np.abs(inputs["w"]) + 0.1, np.abs(inputs["x"])
    x[0, 0, 2, 2] = np.inf
    _, out = ask(inputs, w=w, x=x)
    if not np.isnan(out["out"]).any():
        return (
            "one infinite pixel under positive filters gives inf everywhere: "
            "differences of pixels were never multiplied."
        )


# --- filters of rank 1 --------------------------------------------------------------------------


def rank_one(rng, inputs):
    """A filter that is an outer product."""
    return np.outer(rng.standard_normal(4), rng.standard_normal(3))


def small_image(rng, sizes):
    """An image on which filters of (HH, WW) have (Ho, Wo) places."""
    sides = ("Ho", "HH"), ("Wo", "WW")
    return rng.standard_normal([sizes[out] + sizes[side] - 1 for out, side in sides])


@exercise(
    "kernel: HH WW, x: any any, col: HH, row: WW, places: Ho Wo "
    "-> nearest: HH WW, error, out: Ho Wo",
    points=2,
    answers=("separate_kernel", "separable_conv"),
    given={"x": small_image},
    cases=[
        case("a filter of rank 1", sizes={"HH": 4, "WW": 3}, kernel=rank_one),
        case("a single row", sizes={"HH": 1}),
        case("a single column", sizes={"WW": 1}),
    ],
    words={"nearest": "np.outer(col, row)", "places": "the places"},
    checks=[Dimensions(0.25), ..., Reference(0.75)],
)
def separable(student, kernel, x, col, row, places):
    """The nearest outer product, and an image under one."""
    column, line, error = student.separate_kernel(kernel)
    if isinstance(error, float) and abs(error) < 1e-6 * np.abs(kernel).max():
        error = 0.0  # rounding, or the root of it
    out = student.separable_conv(x, col, row)
    return {"nearest": np.outer(column, line), "error": error, "out": out}


@property_of(separable, "The nearest outer product", 0.5)
def nearest_it_is(ask):
    """What is left over is the second singular value, no more; nothing at rank 1."""
    for one, where in situations(ask):
        inputs, out = ask(one)
        values = np.linalg.svd(inputs["kernel"], compute_uv=False)
        best = values[1] if len(values) > 1 else 0.0
        left = np.linalg.norm(inputs["kernel"] - out["nearest"], 2)
        if not close(left, best, 1e-8):
            return (
                f"your outer product leaves {left:.4g} of the filter; "
                f"the nearest leaves {best:.4g}{where}."
            )
        if not close(out["error"], best, 1e-8):
            return (
                f"the largest singular value of what is left is {best:.4g}; "
                f"your error is {out['error']:.4g}{where}."
            )


@property_of(separable, "One filter in two passes", 0.5)
def equals_the_outer_product(ask):
    inputs, out = ask()
    image, shape = out["out"], inputs["places"].shape
    kernel = np.outer(inputs["col"], inputs["row"])
    must(image.shape == shape, f"out must have shape {shape}, not {image.shape}.")
    for _ in range(5):
        i, j = (int(ask.rng.integers(side)) for side in shape)
        window = inputs["x"][i : i + len(kernel), j : j + kernel.shape[1]]
        wanted = np.sum(kernel * window)
        if not close(image[i, j], wanted):
            return (
                f"out[{i}, {j}] must be the sum of np.outer(col, row) times the window there, "
                f"{wanted:.4g}."
            )
