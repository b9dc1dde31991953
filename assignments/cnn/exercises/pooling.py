"""Pooling: the largest of each window, the mean of each, and the mean of all."""

import numpy as np

from autograder import Absent, case, draws, exercise, named_back, property_of
from autograder.checks import Dimensions, Gradient, Reference, close


def pooled_image(rng, sizes):
    """An image on which windows of (PH, PW) have (Ho, Wo) places."""
    S, spare = sizes.get("S", 2), sizes.get("spare", 0)
    windows = ("Ho", sizes.get("PH", 2)), ("Wo", sizes.get("PW", 3))
    H, W = ((sizes[out] - 1) * S + side + spare for out, side in windows)
    return rng.standard_normal((sizes["N"], sizes["C"], H, W))


def negative_pixels(rng, inputs):
    """All below the zeros of a padding or of an empty array."""
    return -1 - rng.random((4, 3, 9, 7))


POOL = "x: N C any any, height: int, width: int, stride: int, dout: N C Ho Wo"
POOL_GIVEN = {
    **{"x": pooled_image, "height": draws.size("PH", 2), "width": draws.size("PW", 3)},
    "stride": draws.size("S", 2),
}
POOL_WORDS = {
    **{name: f'pool_param["pool_{name}"]' for name in ("height", "width")},
    "stride": 'pool_param["stride"]',
}
POOL_SIZES = {"N": (2, 4), "C": (2, 5), "Ho": (2, 6), "Wo": (2, 7)}
WINDOWS = [
    case("2 x 2 windows, stride 2", sizes={"PH": 2, "PW": 2}),
    case("overlapping 3 x 3 windows, stride 2", sizes={"PH": 3, "PW": 3, "Ho": 4, "Wo": 5}),
    case("windows that overlap twice", sizes={"PH": 4, "PW": 3, "S": 1}),
    case(
        "an edge that no window reaches, gaps in between",
        sizes={"PH": 1, "PW": 2, "S": 3, "spare": 2},
    ),
    case("one example", sizes={"N": 1}),
]
NEGATIVE = case(
    "negative inputs", sizes={"N": 4, "C": 3, "PH": 3, "PW": 3, "Ho": 4, "Wo": 3}, x=negative_pixels
)


AT_TIES = ("passed_on_at_ties", "beyond_the_maxima")


@exercise(
    f"{POOL}, levels: N C 4 6 int -> out: N C Ho Wo, dx: N C any any, "
    "passed_on_at_ties: N C 2 3, beyond_the_maxima",
    points=4,
    answers=("max_pool_forward", "max_pool_backward"),
    given={**POOL_GIVEN, "levels": draws.whole(0, 1, "N", "C", 4, 6)},
    sizes=POOL_SIZES,
    cases=[*WINDOWS, NEGATIVE],
    words={**POOL_WORDS, "levels": "an image full of ties"},
    checks=[
        Dimensions(0.5),
        ...,
        Gradient("out", wrt="x", claimed="dx", upstream="dout", share=0.75),
        ...,
        Reference(1.25),
    ],
)
def max_pool(student, x, height, width, stride, dout, levels):
    """Forward and back; then 2 x 2 windows full of ties: what each gets back in all, and where."""
    terms = {"pool_height": height, "pool_width": width, "stride": stride}
    name, back = "max_pool_backward", student.max_pool_backward
    out, cache = student.max_pool_forward(x, terms)
    dx = named_back(name, back(dout, cache), ("dx",))
    tied = levels.astype(float)
    upstream = np.linspace(0.5, 2, levels.size // 4).reshape(*levels.shape[:2], 2, 3)
    terms = {"pool_height": 2, "pool_width": 2, "stride": 2}
    best, cache = student.max_pool_forward(tied, terms)
    if isinstance(dx["dx"], Absent):
        return {"out": out, **dict.fromkeys(("dx", *AT_TIES), dx["dx"])}
    back = np.asarray(back(upstream, cache))
    spread = np.asarray(best).repeat(2, axis=2).repeat(2, axis=3)
    in_windows = back.reshape(*levels.shape[:2], 2, 2, 3, 2).sum(axis=(3, 5))
    beyond = np.max(np.abs(back) * (tied < spread)) + np.max(np.maximum(0, -back))
    return {"out": out, **dx, **dict(zip(AT_TIES, (in_windows / upstream, beyond), strict=True))}


@property_of(max_pool, "The largest of each window", 0.5)
def largest_of_each(ask):
    """Of the window at a place drawn at random."""
    for one in max_pool.cases:
        inputs, out = ask(one)
        S, shape = inputs["stride"], inputs["dout"].shape
        i, j = ask.rng.integers(shape[2]), ask.rng.integers(shape[3])
        rows, columns = S * i + np.arange(inputs["height"]), S * j + np.arange(inputs["width"])
        largest = inputs["x"][:, :, rows][..., columns].max(axis=(2, 3))
        if not (out["out"].shape == shape and close(out["out"][:, :, i, j], largest)):
            return (
                f"out[:, :, {i}, {j}] must be the largest entry of its window in each channel "
                f"({one.title})."
            )


@property_of(max_pool, "Ties share the gradient", 0.5)
def ties_share_the_gradient(ask):
    """Any split is a subgradient; a sum that is not the whole is none."""
    _, out = ask()
    passed_on = out["passed_on_at_ties"]
    furthest = passed_on.flat[np.argmax(np.abs(passed_on - 1))]
    if not close(passed_on, np.ones_like(passed_on)):
        return (
            "where a window has several largest entries, what they receive must add up to the "
            f"window's gradient; for one of yours it adds up to {furthest:.3g} times that."
        )
    if out["beyond_the_maxima"] > 1e-9:
        return "no entry but the largest of a window may receive gradient, and no share may be negative."


@property_of(max_pool, "The gradient is passed on whole", 0.5)
def gradient_is_passed_on_whole(ask):
    """Pooling takes apart and puts together, it makes no gradient and loses none."""
    for one in max_pool.cases:
        inputs, out = ask(one)
        if not close(out["dx"].sum(axis=(2, 3)), inputs["dout"].sum(axis=(2, 3))):
            return (
                "the entries of dx must add up to those of dout in each channel; "
                f"yours do not ({one.title})."
            )


@exercise(
    f"{POOL}, dmean: N C -> out: N C Ho Wo, dx: N C any any, mean: N C, dx_of_mean: N C any any",
    points=3,
    answers=(
        *("avg_pool_forward", "avg_pool_backward"),
        *("global_avg_pool_forward", "global_avg_pool_backward"),
    ),
    given=POOL_GIVEN,
    sizes=POOL_SIZES,
    cases=WINDOWS,
    words={
        **POOL_WORDS,
        "mean": "out of global_avg_pool_forward",
        "dx_of_mean": "dx of global_avg_pool_backward",
        "dmean": "dout of global_avg_pool_backward",
    },
    checks=[
        Dimensions(0.5),
        ...,
        Gradient("out", wrt="x", claimed="dx", upstream="dout", share=0.5),
        Gradient(
            "mean",
            wrt="x",
            claimed="dx_of_mean",
            upstream="dmean",
            share=0.25,
            called="of global_avg_pool_backward",
        ),
        Reference(1.25),
    ],
)
def avg_pool(student, x, height, width, stride, dout, dmean):
    """Windows forward and back, the whole image forward and back."""
    terms = {"pool_height": height, "pool_width": width, "stride": stride}
    out, cache = student.avg_pool_forward(x, terms)
    mean, cache_of_mean = student.global_avg_pool_forward(x)
    return {
        "out": out,
        "dx": student.avg_pool_backward(dout, cache),
        "mean": mean,
        "dx_of_mean": student.global_avg_pool_backward(dmean, cache_of_mean),
    }


@property_of(avg_pool, "Nothing made, nothing lost", 0.5)
def means_of_a_constant(ask):
    for one in avg_pool.cases:
        inputs = ask.draw(one)
        _, out = ask(inputs, x=np.full_like(inputs["x"], -2.5))
        if not (np.allclose(out["out"], -2.5) and np.allclose(out["mean"], -2.5)):
            return f"the mean of equal numbers is that number ({one.title})."
        if not close(out["dx"].sum(axis=(2, 3)), inputs["dout"].sum(axis=(2, 3))):
            return f"the entries of dx must add up to those of dout in each channel ({one.title})."
        if not close(out["dx_of_mean"].sum(axis=(2, 3)), inputs["dmean"]):
            return (
                "the whole image together must receive the gradient of its mean, in each channel."
            )
