"""The CNN assignment's exercises: how each answer is called, and what must be true of it. (Students may read it.)"""

import copy
import functools
import math
import os
import pickle
import tempfile
import zlib
from contextlib import nullcontext
from itertools import pairwise
from typing import Any

import numpy as np

from autograder import case, exercise, training
from autograder.checks import AllowedMeans, Dimensions, Gradient, Property, Reference, Task, Training, Vectorised, close
from autograder.checks.training import deterministic, keeps_nothing, no_synchronisation, precision_agrees

# --- what several exercises share -------------------------------------------------------------------------------------


def normal(*axes, scale=1.0):
    """Draws floats with the sizes of the named dimensions; numbers stand for themselves."""
    return lambda rng, sizes: scale * rng.standard_normal([sizes.get(axis, axis) for axis in axes])


def some_int(low, high):
    """Draws an integer in [low, high]."""
    return lambda rng, sizes: int(rng.integers(low, high + 1))


def size(name, usual):
    """The size of a dimension that only some cases name."""
    return lambda rng, sizes: sizes.get(name, usual)


def refuses(call, *arguments, **named):
    """Whether a call raises ValueError."""
    try:
        call(*arguments, **named)
    except ValueError:
        return True
    return False


# --- sizes and counts -------------------------------------------------------------------------------------------------

EVEN, ODD = (2, 4, 8), (1, 3, 5, 7, 11)


@exercise(
    points=3,
    inputs={"W": "int", "F": "int", "S": "int", "P": "int", "D": "int", "K": "int"},
    outputs={
        "conv_size": "int",
        "conv_size_if_strict": "int",
        "conv_size_by_default": "int",
        "same": f"{len(ODD)} int",
        "pool_size": "int",
        "pool_size_by_ceiling": "int",
        "parameters": "int",
        "parameters_in_groups": "int",
        "too_long_refused": "2 bool",
        "even_refused": f"{len(EVEN)} bool",
    },
    answers=("conv_output_size", "same_padding", "conv_param_count", "pool_output_size"),
    given={
        "W": some_int(12, 60),
        "F": some_int(1, 7),
        "S": some_int(1, 4),
        "P": some_int(0, 3),
        "D": some_int(2, 20),
        "K": some_int(2, 20),
    },
    cases=[
        case("a stride that does not divide", W=20, F=3, S=3, P=1),
        case("a stride that divides", W=20, F=4, S=4, P=2),
        case("one place only", W=5, F=5, S=2, P=0),
        case("a stride that jumps over the end", W=5, F=2, S=5, P=0),
        case("a last window that hangs over", W=8, F=3, S=2, P=1),
    ],
)
def output_sizes(student, W, F, S, P, D, K):
    """Every size and count once; 0 stands for a size that strict refuses."""
    strict = refuses(student.conv_output_size, W, F, S, P, strict=True)
    return {
        "conv_size": student.conv_output_size(W, F, S, P),
        "conv_size_if_strict": 0 if strict else student.conv_output_size(W, F, S, P, strict=True),
        "conv_size_by_default": student.conv_output_size(W, F),
        "same": np.array([student.same_padding(one) for one in ODD]),
        "pool_size": student.pool_output_size(W, F, S),
        "pool_size_by_ceiling": student.pool_output_size(W, F, S, ceil_mode=True),
        "parameters": student.conv_param_count(F, D, K),
        "parameters_in_groups": student.conv_param_count(F, 6 * D, 3 * K, groups=3),
        "too_long_refused": np.array([refuses(student.conv_output_size, W, W + 2 * P + more, S, P) for more in (1, 2)]),
        "even_refused": np.array([refuses(student.same_padding, one) for one in EVEN]),
    }


LAYERS = [
    ("10 filters of 5x5 over 32x32x3, padding 2", dict(W=32, F=5, S=1, P=2, D=3, K=10), ("conv_size", 32)),
    ("10 filters of 5x5 over 32x32x3", dict(W=32, F=5, S=1, P=2, D=3, K=10), ("parameters", 760)),
    ("a 3x3 filter over 7x7, stride 1", dict(W=7, F=3, S=1, P=0, D=3, K=10), ("conv_size", 5)),
    ("a 3x3 filter over 7x7, stride 2", dict(W=7, F=3, S=2, P=0, D=3, K=10), ("conv_size_if_strict", 3)),
    ("a 3x3 filter over 7x7, stride 3, strict", dict(W=7, F=3, S=3, P=0, D=3, K=10), ("conv_size_if_strict", 0)),
    ("AlexNet's first layer over 227x227", dict(W=227, F=11, S=4, P=0, D=3, K=96), ("conv_size_if_strict", 55)),
    ("AlexNet's first layer over 224x224, strict", dict(W=224, F=11, S=4, P=0, D=3, K=96), ("conv_size_if_strict", 0)),
    ("AlexNet's first layer", dict(W=227, F=11, S=4, P=0, D=3, K=96), ("parameters", 34_944)),
    ("AlexNet's first pooling", dict(W=55, F=3, S=2, P=0, D=96, K=96), ("pool_size", 27)),
    ("2x2 pooling, stride 2, over 7x7", dict(W=7, F=2, S=2, P=0, D=3, K=10), ("pool_size", 3)),
    ("a 3x3 filter over 20x20, stride 3, padding 1", dict(W=20, F=3, S=3, P=1, D=3, K=10), ("conv_size", 7)),
    (
        "windows of 2, 5 apart, over 5 entries, rounded up",
        dict(W=5, F=2, S=5, P=0, D=3, K=10),
        ("pool_size_by_ceiling", 1),
    ),
    ("2x2 pooling, stride 2, over 7x7, rounded up", dict(W=7, F=2, S=2, P=0, D=3, K=10), ("pool_size_by_ceiling", 4)),
]


def lecture_layers(trial):
    """Layers that everyone should be able to work out by heart."""
    for (title, _, (name, wanted)), out in zip(LAYERS, trial.arrays([one[1] for one in LAYERS]), strict=True):
        if out[name] != wanted:
            what = "must be refused" if wanted == 0 else f"gives {wanted}"
            yours = "it is refused" if out[name] == 0 else f"yours is {int(out[name])}"
            return f"{title}: this {what}; {yours}."
    return None


def same_is_the_same(trial):
    """The padding that keeps the size keeps it."""
    inputs, out = trial.ask()
    batch = [{**inputs, "F": F, "S": 1, "P": int(P)} for F, P in zip(ODD, out["same"], strict=True)]
    for one, kept in zip(batch, trial.arrays(batch), strict=True):
        if kept["conv_size"] != inputs["W"]:
            before, P = inputs["W"], one["P"]
            return f"a filter of {one['F']} with padding {P} makes {int(kept['conv_size'])} of {before}: not the same size."
    if not out["even_refused"].all():
        return "an even filter has no padding that is equal at both ends and keeps the size: raise ValueError."
    return None if out["too_long_refused"].all() else "a filter longer than the padded input must raise ValueError."


output_sizes.checks = [
    Dimensions(share=0.25),
    Property("The lecture's layers", lecture_layers, share=1),
    Property("Same size, and what is refused", same_is_the_same, share=0.75),
    Reference(share=1),
]


KINDS = ("conv", "pool", "fc")


def layers_of(table):
    """Rows (kind, F, K, S, P) of numbers as the dicts that network_summary takes."""
    found = []
    for kind, F, K, S, P in table.tolist():
        one = {"kind": KINDS[kind]} | ({"F": F, "S": S} if kind < 2 else {}) | ({"P": P} if kind == 0 else {})
        found.append(one | ({"K": K} if kind != 1 else {}))
    return found


def vgg16():
    """Thirteen convolutions of 3x3 in five stages, each ending in 2x2 pooling; three fully connected layers."""
    stages = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
    table = [row for repeats, K in stages for row in [(0, 3, K, 1, 1)] * repeats + [(1, 2, 0, 2, 0)]]
    return np.array(table + [(2, 0, K, 0, 0) for K in (4096, 4096, 1000)])


def some_network(rng, sizes):
    """A convolution, a pooling, convolutions, and two fully connected layers."""
    convs = [
        (0, rng.integers(1, 5), rng.integers(2, 30), rng.integers(1, most), rng.integers(0, 3)) for most in (4, 3, 3)
    ]
    ends = [(2, 0, rng.integers(5, 50), 0, 0) for _ in range(2)]
    return np.array([convs[0], (1, 3, 0, 2, 0), *convs[1:], *ends][: sizes["L"]])


@exercise(
    points=4,
    inputs={"table": "L 5 int", "H": "int", "W": "int", "C": "int"},
    outputs={
        "shapes": "L+1 3 int",
        "params": "L+1 int",
        "activations": "L+1 int",
        "macs": "L+1 int",
        "totals": "3 int",
        "mebibytes": "",
        "kinds_kept": "bool",
    },
    given={"table": some_network, "H": some_int(80, 100), "W": some_int(101, 130), "C": some_int(1, 4)},
    sizes={"L": (4, 6)},
    cases=[
        case("VGG-16", sizes={"L": 21}, table=lambda rng, inputs: vgg16(), H=224, W=224, C=3),
        case("fully connected from the start", sizes={"L": 1}, table=np.array([(2, 0, 7, 0, 0)])),
    ],
)
def network_summary(student, table, H, W, C):
    """The rows as arrays; a fully connected layer's shape is filled up with zeros."""
    rows, totals = student.network_summary(layers_of(table), (C, H, W))
    shapes = [(*row["shape"], 0, 0)[:3] if len(row["shape"]) == 1 else row["shape"] for row in rows]
    kinds = ["input", *(KINDS[kind] for kind in table[:, 0])]
    return {
        "shapes": np.array(shapes),
        **{name: np.array([row[name] for row in rows]) for name in ("params", "activations", "macs")},
        "totals": np.array([totals[name] for name in ("params", "activations", "macs")]),
        "mebibytes": totals["mebibytes"],
        "kinds_kept": [row["kind"] for row in rows] == kinds,
    }


def vgg_in_figures(trial):
    """What lecture notes should say about VGG-16."""
    _, out = trial.ask(table=vgg16(), H=224, W=224, C=3)
    for k, (name, wanted) in enumerate(
        [("parameters", 138_357_544), ("activations", 15_237_608), ("multiplications", 15_470_264_320)]
    ):
        if out["totals"][k] != wanted:
            return f"VGG-16 on 224x224x3 has {wanted:,} {name}; your total is {int(out['totals'][k]):,}."
    if not close(out["mebibytes"], 58.1269, 1e-5):
        return f"15 237 608 values in float32 are 58.13 MiB; yours are {float(out['mebibytes']):.4g}."
    return None


def totals_are_sums(trial):
    """And the memory is that of float32."""
    _, out = trial.ask()
    sums = [int(out[name].sum()) for name in ("params", "activations", "macs")]
    if list(out["totals"]) != sums:
        return f"the totals must be the sums over all rows, {sums}; yours are {out['totals'].tolist()}."
    if not close(out["mebibytes"] * 2**20, 4 * sums[1]):
        return "each activation takes 4 bytes, and a MiB is 2**20 of them."
    return None if out["kinds_kept"] else 'each row must have its layer\'s kind, the first one "input".'


network_summary.checks = [
    Dimensions(share=0.5),
    Property("VGG-16 in figures", vgg_in_figures, share=1.5),
    Property("Totals are sums", totals_are_sums, share=0.5),
    Reference(share=1.5),
]


@exercise(
    points=2,
    inputs={"blocks": "4 int", "num_classes": "int"},
    outputs={"count": "int", "by_default": "int"},
    given={"blocks": lambda rng, sizes: rng.integers(1, 6, 4), "num_classes": some_int(5, 50)},
    cases=[case("one block a stage", blocks=np.ones(4, int))],
)
def resnet_param_count(student, blocks, num_classes):
    """With classes of its own, and with a thousand."""
    blocks = tuple(blocks.tolist())
    return {
        "count": student.resnet_param_count(blocks, num_classes),
        "by_default": student.resnet_param_count(blocks),
    }


RESNETS = {50: ((3, 4, 6, 3), 25_557_032), 101: ((3, 4, 23, 3), 44_549_160), 152: ((3, 8, 36, 3), 60_192_808)}


def resnets_in_figures(trial):
    """Sixty million, where lecture notes say five."""
    for depth, (blocks, wanted) in RESNETS.items():
        _, out = trial.ask(blocks=np.array(blocks))
        if out["by_default"] != wanted:
            return f"ResNet-{depth} has {wanted:,} parameters; your count is {int(out['by_default']):,}."
    return None


resnet_param_count.checks = [
    Dimensions(share=0.25),
    Property("ResNets in figures", resnets_in_figures, share=0.75),
    Reference(share=1),
]


@exercise(points=2, inputs={}, outputs={"claims": "10 bool"})
def conv_claims(student):
    """True or False for each sentence, in order."""
    claims = student.conv_claims()
    return {"claims": np.array([claims[letter] for letter in "abcdefghij"])}


conv_claims.checks = [Dimensions(share=0.25), Reference(share=1.75)]


# --- convolution, by definition ---------------------------------------------------------------------------------------


def image(rng, sizes):
    """An image on which filters of (HH, WW) have (Ho, Wo) places; ``spare`` rows and columns that none reaches."""
    S, P, spare = sizes.get("S", 1), sizes.get("P", 1), sizes.get("spare", 0)
    H, W = (
        (sizes[out] - 1) * S + sizes[filter_size] - 2 * P + spare for out, filter_size in (("Ho", "HH"), ("Wo", "WW"))
    )
    return rng.standard_normal((sizes["N"], sizes["C"], H, W))


CONV_INPUTS = {"x": "N C any any", "w": "F C HH WW", "b": "F", "stride": "int", "pad": "int"}
CONV_GIVEN = {"x": image, "stride": size("S", 1), "pad": size("P", 1)}
CONV_SIZES = {"N": (2, 3), "C": (2, 4), "HH": (1, 4), "WW": (2, 6), "F": (1, 6), "Ho": (3, 9), "Wo": (3, 10)}
CONV_CASES = [
    case("stride 2, no padding", sizes={"S": 2, "P": 0}),
    case("stride 3, padding 2", sizes={"S": 3, "P": 2, "Ho": 3, "Wo": 4}),
    case("an edge that no filter reaches", sizes={"S": 3, "P": 0, "spare": 2, "Ho": 3, "Wo": 2}),
    case("one example, no padding", sizes={"N": 1, "P": 0}),
    case("1 x 1 filters, stride 2", sizes={"HH": 1, "WW": 1, "S": 2, "P": 0}),
    case("filters as large as the image", sizes={"Ho": 1, "Wo": 1, "P": 0}),
]


def picks_what_it_should(trial, cases=(None, *CONV_CASES)):
    """A filter that is 0 but for one 1 copies one entry of each window; the bias is added once."""
    for one in cases:
        inputs, _ = trial.ask() if one is None else trial.ask(one)
        w, S, P = np.zeros_like(inputs["w"]), inputs.get("stride", 1), inputs["pad"]
        F, C, HH, WW = w.shape
        f, c, p, q = (int(trial.rng.integers(n)) for n in (F, C, HH, WW))
        w[f, c, p, q] = 1
        (out,) = trial.arrays([{**inputs, "w": w}])
        around = np.pad(inputs["x"][:, c], ((0, 0), (P, P), (P, P)))
        _, high, wide = around.shape
        wanted = np.zeros((len(around), F, (high - HH) // S + 1, (wide - WW) // S + 1)) + inputs["b"][:, None, None]
        wanted[:, f] += around[:, p : high - HH + p + 1 : S, q : wide - WW + q + 1 : S]
        if not close(out["out"], wanted):
            where = "" if one is None else f" ({one.title})"
            return (
                f"a filter of {HH} x {WW} that is 0 but for a 1 in channel {c}, row {p}, column {q} must copy that entry "
                f"of every window of the padded image, and add the bias; yours does not{where}."
            )
    return None


@exercise(
    points=5,
    inputs=CONV_INPUTS,
    outputs={"out": "N F Ho Wo"},
    given=CONV_GIVEN,
    sizes=CONV_SIZES,
    cases=CONV_CASES,
)
def conv_forward_naive(student, x, w, b, stride, pad):
    """Forward."""
    return {"out": student.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})[0]}


conv_forward_naive.checks = [
    Dimensions(share=0.75),
    Property("One 1 picks one entry", picks_what_it_should, share=1.25),
    Reference(share=3),
]

CONV_BACKWARD = {
    "inputs": {**CONV_INPUTS, "dout": "N F Ho Wo"},
    "outputs": {"out": "N F Ho Wo", "dx": "N C any any", "dw": "F C HH WW", "db": "F"},
    "given": CONV_GIVEN,
    "sizes": CONV_SIZES,
    "cases": CONV_CASES,
}


def dx_fits_x(trial):
    """At every padding and stride."""
    for drawn in trial.draws():
        dx, x = drawn.evaluation.arrays().get("dx"), drawn.inputs["x"]
        if dx is None or dx.shape != x.shape:
            has = "no array" if dx is None else f"of shape {dx.shape}"
            said = f"stride {drawn.inputs['stride']} and padding {drawn.inputs['pad']}"
            return f"dx must have the shape of x, {x.shape}; with {said} it is {has}."
    return None


@exercise(points=8, **CONV_BACKWARD)
def conv_backward_naive(student, x, w, b, stride, pad, dout):
    """Forward and back."""
    out, cache = student.conv_forward_naive(x, w, b, {"stride": stride, "pad": pad})
    dx, dw, db = student.conv_backward_naive(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


conv_backward_naive.checks = [
    Dimensions(share=0.5),
    Property("dx fits x", dx_fits_x, share=1),
    Gradient("out", wrt=("x", "w", "b"), claimed=("dx", "dw", "db"), upstream="dout", share=3.5),
    Reference(share=3),
]


# --- pooling ----------------------------------------------------------------------------------------------------------


def pooled_image(rng, sizes):
    """An image on which windows of (PH, PW) have (Ho, Wo) places."""
    S, spare = sizes.get("S", 2), sizes.get("spare", 0)
    H, W = ((sizes[out] - 1) * S + sizes.get(side, k) + spare for out, side, k in (("Ho", "PH", 2), ("Wo", "PW", 3)))
    return rng.standard_normal((sizes["N"], sizes["C"], H, W))


POOL_INPUTS = {"x": "N C any any", "height": "int", "width": "int", "stride": "int", "dout": "N C Ho Wo"}
POOL_GIVEN = {"x": pooled_image, "height": size("PH", 2), "width": size("PW", 3), "stride": size("S", 2)}
POOL_SIZES = {"N": (2, 4), "C": (2, 5), "Ho": (2, 6), "Wo": (2, 7)}
POOL_CASES = [
    case("2 x 2 windows, stride 2", sizes={"PH": 2, "PW": 2}),
    case("overlapping 3 x 3 windows, stride 2", sizes={"PH": 3, "PW": 3, "Ho": 4, "Wo": 5}),
    case("windows that overlap twice", sizes={"PH": 4, "PW": 3, "S": 1}),
    case("an edge that no window reaches, gaps in between", sizes={"PH": 1, "PW": 2, "S": 3, "spare": 2}),
    case("one example", sizes={"N": 1}),
    case(
        "negative inputs",
        sizes={"N": 4, "C": 3, "PH": 3, "PW": 3, "Ho": 4, "Wo": 3},
        x=lambda rng, inputs: -1 - rng.random((4, 3, 9, 7)),
    ),
]


@exercise(
    points=5,
    inputs={**POOL_INPUTS, "levels": "N C 4 6 int"},
    outputs={
        "out": "N C Ho Wo",
        "dx": "N C any any",
        "passed_on_at_ties": "N C 2 3",
        "beyond_the_maxima": "",
    },
    answers=("max_pool_forward", "max_pool_backward"),
    given={**POOL_GIVEN, "levels": lambda rng, sizes: rng.integers(0, 2, (sizes["N"], sizes["C"], 4, 6))},
    sizes=POOL_SIZES,
    cases=POOL_CASES,
)
def max_pool(student, x, height, width, stride, dout, levels):
    """Forward and back; then 2 x 2 windows full of equal entries: what comes back to each in all, and where."""
    out, cache = student.max_pool_forward(x, {"pool_height": height, "pool_width": width, "stride": stride})
    dx = student.max_pool_backward(dout, cache)
    tied = levels.astype(float)
    upstream = np.linspace(0.5, 2, levels.size // 4).reshape(*levels.shape[:2], 2, 3)
    best, cache = student.max_pool_forward(tied, {"pool_height": 2, "pool_width": 2, "stride": 2})
    back = np.asarray(student.max_pool_backward(upstream, cache))
    spread = np.asarray(best).repeat(2, axis=2).repeat(2, axis=3)
    return {
        "out": out,
        "dx": dx,
        "passed_on_at_ties": back.reshape(*levels.shape[:2], 2, 2, 3, 2).sum(axis=(3, 5)) / upstream,
        "beyond_the_maxima": np.max(np.abs(back) * (tied < spread)) + np.max(np.maximum(0, -back)),
    }


def ties_share_the_gradient(trial):
    """Any split is a subgradient; a sum that is not the whole is none."""
    _, out = trial.ask()
    passed_on = out["passed_on_at_ties"]
    if not close(passed_on, np.ones_like(passed_on)):
        return (
            "where a window has several largest entries, what they receive must add up to the window's gradient; "
            f"for one of yours it adds up to {passed_on.flat[np.argmax(np.abs(passed_on - 1))]:.3g} times that."
        )
    if out["beyond_the_maxima"] > 1e-9:
        return "no entry but the largest of a window may receive gradient, and no share may be negative."
    return None


def gradient_is_passed_on_whole(trial):
    """Pooling takes apart and puts together, it makes no gradient and loses none."""
    for one in POOL_CASES:
        inputs, out = trial.ask(one)
        if not close(out["dx"].sum(axis=(2, 3)), inputs["dout"].sum(axis=(2, 3))):
            return f"the entries of dx must add up to those of dout in each channel; yours do not ({one.title})."
    return None


def largest_of_each(trial):
    """Of the window at a place drawn at random."""
    for one in POOL_CASES:
        inputs, out = trial.ask(one)
        S, (_, _, Ho, Wo) = inputs["stride"], inputs["dout"].shape
        i, j = trial.rng.integers(Ho), trial.rng.integers(Wo)
        window = inputs["x"][:, :, S * i : S * i + inputs["height"], S * j : S * j + inputs["width"]]
        if out["out"].shape != inputs["dout"].shape or not close(out["out"][:, :, i, j], window.max(axis=(2, 3))):
            return f"out[:, :, {i}, {j}] must be the largest entry of its window in each channel ({one.title})."
    return None


max_pool.checks = [
    Dimensions(share=0.5),
    Property("The largest of each window", largest_of_each, share=0.5),
    Gradient("out", wrt="x", claimed="dx", upstream="dout", share=1),
    Property("Ties share the gradient", ties_share_the_gradient, share=0.5),
    Property("The gradient is passed on whole", gradient_is_passed_on_whole, share=0.5),
    Reference(share=2),
]


@exercise(
    points=3,
    inputs={**POOL_INPUTS, "dmean": "N C"},
    outputs={"out": "N C Ho Wo", "dx": "N C any any", "mean": "N C", "dx_of_mean": "N C any any"},
    answers=("avg_pool_forward", "avg_pool_backward", "global_avg_pool_forward", "global_avg_pool_backward"),
    given=POOL_GIVEN,
    sizes=POOL_SIZES,
    cases=POOL_CASES[:-1],
)
def avg_pool(student, x, height, width, stride, dout, dmean):
    """Windows forward and back, the whole image forward and back."""
    out, cache = student.avg_pool_forward(x, {"pool_height": height, "pool_width": width, "stride": stride})
    mean, cache_of_mean = student.global_avg_pool_forward(x)
    return {
        "out": out,
        "dx": student.avg_pool_backward(dout, cache),
        "mean": mean,
        "dx_of_mean": student.global_avg_pool_backward(dmean, cache_of_mean),
    }


def means_of_a_constant(trial):
    """An image of equal entries stays what it is, and gradient is passed on whole."""
    for one in POOL_CASES[:-1]:
        inputs, _ = trial.ask(one)
        inputs["x"] = np.full_like(inputs["x"], -2.5)
        (out,) = trial.arrays([inputs])
        if not (np.allclose(out["out"], -2.5) and np.allclose(out["mean"], -2.5)):
            return f"the mean of equal numbers is that number ({one.title})."
        if not close(out["dx"].sum(axis=(2, 3)), inputs["dout"].sum(axis=(2, 3))):
            return f"the entries of dx must add up to those of dout in each channel ({one.title})."
        if not close(out["dx_of_mean"].sum(axis=(2, 3)), inputs["dmean"]):
            return "the whole image together must receive the gradient of its mean, in each channel."
    return None


avg_pool.checks = [
    Dimensions(share=0.5),
    Property("Nothing made, nothing lost", means_of_a_constant, share=0.5),
    Gradient("out", wrt="x", claimed="dx", upstream="dout", share=0.5),
    Gradient("mean", wrt="x", claimed="dx_of_mean", upstream="dmean", share=0.25),
    Reference(share=1.25),
]


# --- convolution as one matrix product --------------------------------------------------------------------------------

COLS_SIZES = {name: bounds for name, bounds in CONV_SIZES.items() if name != "F"}


def some_columns(rng, sizes):
    """As many columns as there are windows."""
    return rng.standard_normal((sizes["C"] * sizes["HH"] * sizes["WW"], sizes["N"] * sizes["Ho"] * sizes["Wo"]))


@exercise(
    points=6,
    inputs={
        "x": "N C any any",
        "columns": "any any",
        "window": "HH WW",
        "places": "Ho Wo",
        "stride": "int",
        "pad": "int",
    },
    outputs={"cols": "any any", "back": "N C any any", "by_default": "any any"},
    answers=("im2col", "col2im"),
    given={**CONV_GIVEN, "columns": some_columns},
    sizes=COLS_SIZES,
    cases=CONV_CASES,
)
def im2col(student, x, columns, window, places, stride, pad):
    """To columns, and some columns back; once more without stride and pad."""
    return {
        "cols": student.im2col(x, *window.shape, stride, pad),
        "back": student.col2im(columns, x.shape, *window.shape, stride, pad),
        "by_default": student.im2col(np.pad(x, ((0, 0), (0, 0), (5, 5), (5, 5))), *window.shape),
    }


def columns_stand_in_order(trial):
    """Each entry where the docstring says, for entries and cases drawn at random."""
    for one in (None, *CONV_CASES):
        inputs, out = trial.ask() if one is None else trial.ask(one)
        x, S, P = inputs["x"], inputs["stride"], inputs["pad"]
        (HH, WW), (Ho, Wo) = inputs["window"].shape, inputs["places"].shape
        N, C = x.shape[:2]
        if out["cols"].shape != (C * HH * WW, N * Ho * Wo):
            return f"cols must be (C * HH * WW, N * H' * W') = {(C * HH * WW, N * Ho * Wo)}, not {out['cols'].shape}."
        padded = np.pad(x, ((0, 0), (0, 0), (P, P), (P, P)))
        for _ in range(20):
            n, c, p, q, i, j = (int(trial.rng.integers(k)) for k in (N, C, HH, WW, Ho, Wo))
            row, column = c * HH * WW + p * WW + q, n * Ho * Wo + i * Wo + j
            if out["cols"][row, column] != padded[n, c, S * i + p, S * j + q]:
                return (
                    f"row {row}, column {column} must hold the entry (c, p, q) = {(c, p, q)} of the window at "
                    f"{(i, j)} of image {n}; yours holds another number."
                )
    return None


def col2im_is_the_transpose(trial):
    """<im2col x, c> = <x, col2im c>, at every stride and padding."""
    for one in (None, *CONV_CASES):
        inputs, out = trial.ask() if one is None else trial.ask(one)
        if out["cols"].shape != inputs["columns"].shape or out["back"].shape != inputs["x"].shape:
            return "im2col and col2im must give each other's shapes."
        left, right = np.sum(out["cols"] * inputs["columns"]), np.sum(inputs["x"] * out["back"])
        if abs(left - right) > 1e-8 * max(1.0, abs(left), abs(right)):
            where = "" if one is None else f" ({one.title})"
            return (
                f"the sum of im2col(x) * c is {left:.6g}, that of x * col2im(c) {right:.6g}: they must be equal{where}."
            )
    return None


im2col.checks = [
    Dimensions(share=0.5),
    Property("Columns stand in order", columns_stand_in_order, share=1.5),
    Property("col2im is im2col's transpose", col2im_is_the_transpose, share=1.5),
    Reference(share=2),
    Vectorised(over="N", share=0.5),
]


@exercise(points=6, answers=("conv_forward_im2col", "conv_backward_im2col"), **CONV_BACKWARD)
def conv_im2col(student, x, w, b, stride, pad, dout):
    """Forward and back."""
    out, cache = student.conv_forward_im2col(x, w, b, {"stride": stride, "pad": pad})
    dx, dw, db = student.conv_backward_im2col(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


conv_im2col.checks = [
    Dimensions(share=0.5),
    Property("One 1 picks one entry", picks_what_it_should, share=0.5),
    Gradient("out", wrt=("x", "w", "b"), claimed=("dx", "dw", "db"), upstream="dout", share=1.5),
    Reference(share=2.5),
    Vectorised(over="N", share=0.5),
    Vectorised(over="F", share=0.5),
]


# --- faster ways to convolve ------------------------------------------------------------------------------------------


@exercise(
    points=4,
    inputs={name: dims for name, dims in CONV_INPUTS.items() if name != "stride"},
    outputs={"out": "N F Ho Wo", "by_default": "N F any any"},
    given={name: draw for name, draw in CONV_GIVEN.items() if name != "stride"},
    sizes=CONV_SIZES,
    cases=[
        case("no padding", sizes={"P": 0}),
        case("padding 2", sizes={"P": 2, "Ho": 5, "Wo": 6}),
        case("one example, 1 x 1 filters", sizes={"N": 1, "HH": 1, "WW": 1, "P": 0}),
        case("filters as large as the image", sizes={"Ho": 1, "Wo": 1, "P": 0}),
        case("large filters", sizes={"HH": 11, "WW": 8, "P": 3, "Ho": 6, "Wo": 5}),
    ],
)
def conv_forward_fft(student, x, w, b, pad):
    """With padding as it is given, and with none on a larger image."""
    around = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    return {"out": student.conv_forward_fft(x, w, b, pad), "by_default": student.conv_forward_fft(around, w, b)}


def picks_by_fft(trial):
    """The same fact for the same layer."""
    return picks_what_it_should(trial, (None, *conv_forward_fft.cases))


def goes_through_frequencies(trial):
    """In the frequency domain one infinite entry reaches everything; in the definition only the windows around it."""
    inputs, _ = trial.ask(case("", sizes={"HH": 2, "WW": 2, "Ho": 8, "Wo": 9, "P": 0}))
    x = inputs["x"].copy()
    x[0, 0, 4, 4] = np.inf
    (out,) = trial.arrays([{**inputs, "x": x}])
    if np.isfinite(out["out"][0]).any():
        return "one infinite pixel leaves some outputs finite: this is no Fourier transform, where all pixels meet."
    return None


conv_forward_fft.checks = [
    Dimensions(share=0.5),
    Property("One 1 picks one entry", picks_by_fft, share=0.75),
    Property("By way of the frequencies", goes_through_frequencies, share=0.5),
    Reference(share=1.75),
    Vectorised(over="N", share=0.5),
]


@exercise(
    points=2,
    inputs={"H": "int", "W": "int", "C": "int", "F": "int", "K": "int"},
    outputs={"direct": "", "fft": "", "winograd": "", "refused": "2 bool"},
    given={name: some_int(low, low + 30) for name, low in {"H": 20, "W": 30, "C": 3, "F": 40}.items()}
    | {"K": some_int(4, 12)},
    cases=[case("odd sizes", H=13, W=15), case("even sizes", H=14, W=16), case("1 x 1", K=1)],
)
def conv_cost(student, H, W, C, F, K):
    """All three methods, Winograd at 3 x 3."""
    return {
        "direct": student.conv_cost("direct", H, W, C, F, K),
        "fft": student.conv_cost("fft", H, W, C, F, K),
        "winograd": student.conv_cost("winograd", H, W, C, F, 3),
        "refused": np.array(
            [
                refuses(student.conv_cost, "winograd", H, W, C, F, 5),
                refuses(student.conv_cost, "magic", H, W, C, F, K),
            ]
        ),
    }


def crossing_over(trial):
    """64 filters over 32 x 32 x 64: Fourier loses at 3 x 3 and wins from 5 x 5 on; Winograd saves 2.25 times."""
    batch = [{"H": 32, "W": 32, "C": 64, "F": 64, "K": K} for K in (3, 5, 11)]
    three, five, eleven = trial.arrays(batch)
    if not three["direct"] < three["fft"]:
        return "at 3 x 3 the Fourier transform must cost more than the definition."
    if not (five["fft"] < five["direct"] and eleven["fft"] < eleven["direct"] / 4):
        return "at 5 x 5 the Fourier transform must cost less than the definition, at 11 x 11 less than a quarter."
    if not close(three["direct"] / three["winograd"], 2.25):
        return "F(2x2, 3x3) must save a factor of 36 / 16 = 2.25."
    return None if three["refused"].all() else "what has no count here must raise ValueError."


conv_cost.checks = [
    Dimensions(share=0.25),
    Property("Where they cross over", crossing_over, share=0.75),
    Reference(share=1),
]


@exercise(
    points=3,
    inputs={"A": "M K", "B": "K N", "leaf": "int"},
    outputs={"C": "M N", "n_mults": "int", "n_mults_by_default": "int"},
    given={"leaf": some_int(1, 2)},
    sizes={"M": (5, 10), "K": (5, 11), "N": (5, 12)},
    cases=[
        case("a power of two, down to single numbers", sizes={"M": 8, "K": 8, "N": 8}, leaf=1),
        case("odd at every level", sizes={"M": 7, "K": 5, "N": 11}, leaf=1),
        case("narrow", sizes={"M": 12, "K": 3, "N": 14}, leaf=2),
        case("no step at all", sizes={"M": 9, "K": 5, "N": 7}, leaf=5),
    ],
)
def strassen_matmul(student, A, B, leaf):
    """With the leaf as it is given, and the count with the usual one."""
    C, n_mults = student.strassen_matmul(A, B, leaf)
    _, usual = student.strassen_matmul(A, B)
    return {"C": C, "n_mults": n_mults, "n_mults_by_default": usual}


def seven_to_the_k(trial):
    """2**k by 2**k, down to single numbers: 7**k."""
    for k in (1, 2, 3):
        side = 2**k
        inputs, out = trial.ask(case("", sizes={"M": side, "K": side, "N": side}), leaf=1)
        if not close(out["C"], inputs["A"] @ inputs["B"], 1e-8):
            return f"for {side} x {side} matrices C is not A @ B."
        if out["n_mults"] != 7**k:
            return (
                f"down to single numbers, {side} x {side} matrices take 7**{k} multiplications, not {out['n_mults']}."
            )
    inputs, out = trial.ask(case("", sizes={"M": 11, "K": 9, "N": 7}), leaf=1)
    return None if close(out["C"], inputs["A"] @ inputs["B"], 1e-8) else "for odd sizes C is not A @ B."


def goes_through_seven(trial):
    """One infinite entry reaches other rows than its own, since sums of blocks are multiplied."""
    inputs, _ = trial.ask(case("", sizes={"M": 8, "K": 8, "N": 8}), leaf=1)
    A = inputs["A"].copy()
    A[0, 0] = np.inf
    (out,) = trial.arrays([{**inputs, "A": A}])
    if np.isfinite(out["C"][1:]).all():
        return "an infinite A[0, 0] leaves all rows but the first finite: no sums of blocks were multiplied."
    return None


strassen_matmul.checks = [
    Dimensions(share=0.25),
    Property("7 ** k", seven_to_the_k, share=0.75),
    Property("Sums of blocks are multiplied", goes_through_seven, share=0.5),
    Reference(share=1.5),
]


@exercise(
    points=4,
    inputs={"d": "R 4", "g": "R 3", "x": "N C H W", "w": "F C 3 3"},
    outputs={"BT": "4 4", "G": "4 3", "AT": "2 4", "line": "R 2", "out": "N F H-2 W-2"},
    answers=("winograd_matrices", "winograd_f2x2_3x3"),
    sizes={"N": (2, 4), "C": (2, 5), "F": (2, 6), "R": (5, 9), "H": (5, 11), "W": (5, 12)},
    cases=[
        case("even sizes", sizes={"H": 6, "W": 8}),
        case("odd sizes", sizes={"H": 7, "W": 5}),
        case("one output", sizes={"H": 3, "W": 3}),
        case("one example, one odd side", sizes={"N": 1, "H": 4, "W": 9}),
    ],
)
def winograd(student, d, g, x, w):
    """The matrices by themselves in one dimension, then images."""
    BT, G, AT = student.winograd_matrices()
    return {
        "BT": BT,
        "G": G,
        "AT": AT,
        "line": ((g @ np.transpose(G)) * (d @ np.transpose(BT))) @ np.transpose(AT),
        "out": student.winograd_f2x2_3x3(x, w),
    }


def four_are_enough(trial):
    """The identity in one dimension, whatever matrices it is made of."""
    inputs, out = trial.ask()
    d, g = inputs["d"], inputs["g"]
    wanted = np.stack([np.sum(d[:, :3] * g, axis=1), np.sum(d[:, 1:] * g, axis=1)], axis=1)
    if close(out["line"], wanted, 1e-8):
        return None
    return "AT @ ((G @ g) * (BT @ d)) must be the two places of a filter g of length 3 on 4 inputs d."


def picks_by_tiles(trial):
    """A filter that is 0 but for one 1 shifts the image."""
    for one in (None, *winograd.cases):
        inputs, _ = trial.ask() if one is None else trial.ask(one)
        w, (_, _, H, W) = np.zeros_like(inputs["w"]), inputs["x"].shape
        p, q = trial.rng.integers(3), trial.rng.integers(3)
        w[0, 1, p, q] = 1
        (out,) = trial.arrays([{**inputs, "w": w}])
        if not close(out["out"][:, 0], inputs["x"][:, 1, p : p + H - 2, q : q + W - 2], 1e-8):
            where = "" if one is None else f" ({one.title})"
            return f"a filter that is 0 but for a 1 at row {p}, column {q} must shift the image; yours does not{where}."
    return None


def goes_through_tiles(trial):
    """Infinity minus infinity is nan: in a sum of products it cannot happen, between Winograd's four it must."""
    inputs, _ = trial.ask(case("", sizes={"H": 6, "W": 6}))
    w, x = np.abs(inputs["w"]) + 0.1, np.abs(inputs["x"])
    x[0, 0, 2, 2] = np.inf
    (out,) = trial.arrays([{**inputs, "w": w, "x": x}])
    if np.isnan(out["out"]).any():
        return None
    return (
        "one infinite pixel under positive filters gives inf everywhere: differences of pixels were never multiplied."
    )


winograd.checks = [
    Dimensions(share=0.5),
    Property("Four multiplications for six", four_are_enough, share=0.75),
    Property("One 1 shifts the image", picks_by_tiles, share=0.75),
    Property("By way of the tiles", goes_through_tiles, share=0.5),
    Reference(share=1, outputs=("line", "out")),
    Vectorised(over="N", share=0.5),
]


# --- stacks -----------------------------------------------------------------------------------------------------------


@exercise(
    points=2,
    inputs={"table": "L 2 int"},
    outputs={"field": "int", "jump": "int"},
    given={"table": lambda rng, sizes: np.stack([rng.integers(1, 8, sizes["L"]), rng.integers(1, 4, sizes["L"])], 1)},
    cases=[case("no layers", sizes={"L": 0}), case("one layer", sizes={"L": 1}, table=np.array([[7, 2]]))],
)
def receptive_field(student, table):
    """Of the last layer."""
    field, jump = student.receptive_field([tuple(row) for row in table.tolist()])
    return {"field": field, "jump": jump}


def known_fields(trial):
    """Stacks whose field is in every lecture."""
    for layers, field in ([(3, 1)] * 3, 7), ([(3, 1)] * 2, 5), ([(3, 2)] * 2, 7), ([(3, 1), (2, 2)] * 2, 10):
        _, out = trial.ask(table=np.array(layers))
        if out["field"] != field:
            return f"layers (F, S) = {layers} see {field} entries; yours see {int(out['field'])}."
    _, out = trial.ask(table=np.array([(7, 2), (3, 2), (3, 1)]))
    return None if out["jump"] == 4 else "after two layers of stride 2 neighbours look 4 entries apart on the image."


receptive_field.checks = [
    Dimensions(share=0.25),
    Property("Known stacks", known_fields, share=0.75),
    Reference(share=1),
]

STACKS = ("single", "stack", "bottleneck", "separable", "depthwise")


@exercise(
    points=1,
    inputs={"C": "int", "N": "int", "squeeze": "int"},
    outputs={"counts": f"{len(STACKS)} int", "squeezed": "int", "refused": "bool"},
    given={
        "C": lambda rng, sizes: 12 * int(rng.integers(1, 9)),
        "N": lambda rng, sizes: 2 * int(rng.integers(1, 6)) + 1,
        "squeeze": lambda rng, sizes: int(rng.choice([3, 4, 6])),
    },
    cases=[case("3 x 3", N=3), case("11 x 11", N=11)],
)
def stack_params(student, C, N, squeeze):
    """Every kind, and a narrower bottleneck."""
    return {
        "counts": np.array([student.stack_params(kind, C, N) for kind in STACKS]),
        "squeezed": student.stack_params("bottleneck", C, N, squeeze),
        "refused": refuses(student.stack_params, "magic", C, N),
    }


def known_stacks(trial):
    """In units of C**2."""
    known = [("single", 7, 49), ("stack", 7, 27), ("stack", 5, 18), ("single", 5, 25)]
    known += [("bottleneck", 3, 3.25), ("separable", 3, 6), ("separable", 7, 14)]
    for kind, N, wanted in known:
        _, out = trial.ask(C=24, N=N, squeeze=4)
        if out["counts"][STACKS.index(kind)] != wanted * 24 * 24:
            return f'"{kind}" for a window of {N} x {N} takes {wanted:g} C**2 weights.'
    _, out = trial.ask(C=24, N=3, squeeze=4)
    if out["squeezed"] != 1.0625 * 24 * 24:
        return "a bottleneck that narrows to a quarter takes 1.0625 C**2 weights at 3 x 3."
    return None if out["refused"] else "another kind must raise ValueError."


stack_params.checks = [
    Dimensions(share=0.25),
    Property("Known stacks", known_stacks, share=0.25),
    Reference(share=0.5),
]


def rank_one(rng, inputs):
    """A filter that is an outer product."""
    return np.outer(rng.standard_normal(4), rng.standard_normal(3))


@exercise(
    points=3,
    inputs={"kernel": "HH WW", "x": "any any", "col": "HH", "row": "WW", "places": "Ho Wo"},
    outputs={"nearest": "HH WW", "error": "", "out": "Ho Wo"},
    answers=("separate_kernel", "separable_conv"),
    given={"x": lambda rng, sizes: rng.standard_normal((sizes["Ho"] + sizes["HH"] - 1, sizes["Wo"] + sizes["WW"] - 1))},
    cases=[
        case("a filter of rank 1", sizes={"HH": 4, "WW": 3}, kernel=rank_one),
        case("a single row", sizes={"HH": 1}),
        case("a single column", sizes={"WW": 1}),
    ],
)
def separable(student, kernel, x, col, row, places):
    """The nearest outer product, and an image under one."""
    column, line, error = student.separate_kernel(kernel)
    if isinstance(error, float) and abs(error) < 1e-6 * np.abs(kernel).max():
        error = 0.0  # rounding, or the root of it
    return {"nearest": np.outer(column, line), "error": error, "out": student.separable_conv(x, col, row)}


def nearest_it_is(trial):
    """What is left over is the second singular value, no more; nothing at rank 1."""
    for one in (None, *separable.cases):
        inputs, out = trial.ask() if one is None else trial.ask(one)
        values = np.linalg.svd(inputs["kernel"], compute_uv=False)
        best = values[1] if len(values) > 1 else 0.0
        left = np.linalg.norm(inputs["kernel"] - out["nearest"], 2)
        where = "" if one is None else f" ({one.title})"
        if not close(left, best, 1e-8):
            return f"your outer product leaves {left:.4g} of the filter; the nearest leaves {best:.4g}{where}."
        if not close(out["error"], best, 1e-8):
            return f"the largest singular value of what is left is {best:.4g}; your error is {out['error']:.4g}{where}."
    return None


def equals_the_outer_product(trial):
    """At a place drawn at random."""
    inputs, out = trial.ask()
    kernel, (Ho, Wo) = np.outer(inputs["col"], inputs["row"]), inputs["places"].shape
    if out["out"].shape != (Ho, Wo):
        return f"out must have shape {(Ho, Wo)}, not {out['out'].shape}."
    for _ in range(5):
        i, j = int(trial.rng.integers(Ho)), int(trial.rng.integers(Wo))
        wanted = np.sum(kernel * inputs["x"][i : i + len(kernel), j : j + kernel.shape[1]])
        if not close(out["out"][i, j], wanted):
            return f"out[{i}, {j}] must be the sum of np.outer(col, row) times the window there, {wanted:.4g}."
    return None


separable.checks = [
    Dimensions(share=0.5),
    Property("The nearest outer product", nearest_it_is, share=0.75),
    Property("One filter in two passes", equals_the_outer_product, share=0.5),
    Reference(share=1.25),
]


# --- a residual block, and a whole network ----------------------------------------------------------------------------


def block_image(rng, sizes):
    """An image of which 3 x 3 filters with padding 1 make (Ho, Wo)."""
    S, spare = sizes.get("S", 1), sizes.get("spare", 0)
    return rng.standard_normal(
        (sizes["N"], sizes["C"], (sizes["Ho"] - 1) * S + 1 + spare, (sizes["Wo"] - 1) * S + 1 + spare)
    )


PROJECTED = {"w1": "F C 3 3", "b1": "F", "w2": "F F 3 3", "b2": "F", "ws": "F C 1 1"}
PLAIN = {"v1": "C C 3 3", "c1": "C", "v2": "C C 3 3", "c2": "C"}


@exercise(
    points=5,
    inputs={"x": "N C any any", **PROJECTED, "stride": "int", "dout": "N F Ho Wo", **PLAIN, "dplain": "N C any any"},
    outputs={
        "out": "N F Ho Wo",
        "dx": "N C any any",
        **{f"d{name}": dims for name, dims in PROJECTED.items()},
        "plain": "N C any any",
        "plain_dx": "N C any any",
        **{f"d{name}": dims for name, dims in PLAIN.items()},
        "no_dws": "bool",
    },
    answers=("residual_block_forward", "residual_block_backward"),
    given={
        "x": block_image,
        "stride": size("S", 1),
        "dplain": block_image,
        "w2": normal("F", "F", 3, 3, scale=0.4),
        "v2": normal("C", "C", 3, 3, scale=0.4),
    },
    sizes={"N": (2, 3), "C": (2, 4), "F": (2, 5), "Ho": (3, 6), "Wo": (3, 7)},
    cases=[
        case("stride 2", sizes={"S": 2}),
        case("stride 2, even sizes", sizes={"S": 2, "spare": 1}),
        case("one example", sizes={"N": 1}),
    ],
)
def residual_block(student, x, w1, b1, w2, b2, ws, stride, dout, v1, c1, v2, c2, dplain):
    """A block that changes the number of channels, and one that does not: forward and back."""
    out, cache = student.residual_block_forward(x, w1, b1, w2, b2, ws, stride)
    dx, dw1, db1, dw2, db2, dws = student.residual_block_backward(dout, cache)
    plain, cache = student.residual_block_forward(x, v1, c1, v2, c2)
    plain_dx, dv1, dc1, dv2, dc2, nothing = student.residual_block_backward(dplain, cache)
    return {
        **{"out": out, "dx": dx, "dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2, "dws": dws},
        **{"plain": plain, "plain_dx": plain_dx, "dv1": dv1, "dc1": dc1, "dv2": dv2, "dc2": dc2},
        "no_dws": nothing is None,
    }


def nothing_learned_changes_nothing(trial):
    """With weights of zero the block is relu(x), and hands dout back to x wherever x > 0."""
    inputs, _ = trial.exercise.draw(trial.rng)
    inputs |= {name: np.zeros_like(inputs[name]) for name in PLAIN}
    (out,) = trial.arrays([inputs])
    if not close(out["plain"], np.maximum(0, inputs["x"])):
        return "with weights and biases of zero the block must put out relu(x): what comes in, rectified once."
    if not close(out["plain_dx"], inputs["dplain"] * (inputs["x"] > 0)):
        return "with weights and biases of zero dx must be dout wherever x > 0, and 0 elsewhere."
    return None if out["no_dws"] else "without a projection there is no dws: return None for it."


residual_block.checks = [
    Dimensions(share=0.5),
    Property("Nothing learned changes nothing", nothing_learned_changes_nothing, share=1),
    Gradient(
        "out",
        wrt=("x", *PROJECTED),
        claimed=("dx", *(f"d{name}" for name in PROJECTED)),
        upstream="dout",
        share=0.75,
    ),
    Gradient(
        "plain",
        wrt=("x", *PLAIN),
        claimed=("plain_dx", *(f"d{name}" for name in PLAIN)),
        upstream="dplain",
        share=0.75,
    ),
    Reference(share=2),
]


@functools.cache
def digits():
    """Scikit-learn's 1797 digits as images of 1 x 8 x 8, scaled to [-1/2, 1/2], and their labels."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    return X.reshape(-1, 1, 8, 8) / 16 - 0.5, y


def every_class(rng, sizes):
    """Draws labels that name every class."""
    return rng.permutation(np.arange(sizes["N"]) % sizes["L"])


def some_weights(rng, fan_in, fan_out):
    """Weights under which outputs are about as large as inputs, so that no class is certain."""
    return rng.standard_normal((fan_in, fan_out)) / np.sqrt(fan_in)


THREE_LAYERS = {"W1": "F C K K", "b1": "F", "W2": "any M", "b2": "M", "W3": "M L", "b3": "L"}


@exercise(
    points=6,
    inputs={
        "X": "N C A B",
        "y": "N int<L",
        **THREE_LAYERS,
        "reg": "",
        "weight_scale": "",
        "seed": "int",
        "learning_rate": "",
        "num_steps": "int",
    },
    outputs={
        "loss": "",
        **{f"d{name}": dims for name, dims in THREE_LAYERS.items()},
        "scores": "N L",
        **{f"{name}_at_start": dims for name, dims in THREE_LAYERS.items()},
        "reg_by_default": "",
        "scale_by_default": "",
        "gradients_given": "6 bool",
        "losses": "any",
        "accuracy": "",
    },
    given={
        "y": every_class,
        "W1": normal("F", "C", "K", "K", scale=0.5),
        "W2": lambda rng, sizes: some_weights(rng, sizes["F"] * (sizes["A"] // 2) * (sizes["B"] // 2), sizes["M"]),
        "W3": lambda rng, sizes: some_weights(rng, sizes["M"], sizes["L"]),
        "seed": some_int(0, 2**31),
        "num_steps": some_int(1, 3),
    },
    sizes={"N": (4, 9), "C": (1, 2), "A": (4, 7), "B": (4, 8), "F": (1, 5), "K": (3, 3), "M": (2, 10), "L": (2, 11)},
    cases=[
        case("strong regularisation", reg=2.5),
        case("no regularisation, 5 x 5 filters", sizes={"K": 5}, reg=0.0),
        case("one example", sizes={"N": 1, "L": 4}),
        case(
            "huge scores",
            sizes={"L": 3, "M": 4},
            W3=lambda rng, inputs: 1e5 * rng.standard_normal((4, 3)),
        ),
    ],
)
def ThreeLayerConvNet(student, X, y, W1, b1, W2, b2, W3, b3, reg, weight_scale, seed, learning_rate, num_steps):
    """As it starts, then with parameters of its owner's choice, then some steps of gradient descent."""
    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3}
    sizes = (X.shape[1:], len(W1), W1.shape[2], W2.shape[1], W3.shape[1])
    model = student.ThreeLayerConvNet(*sizes, weight_scale, reg, np.random.default_rng(seed))
    usual = student.ThreeLayerConvNet(*sizes, rng=np.random.default_rng(seed))
    start = {f"{name}_at_start": np.array(model.params[name]) for name in params}
    model.params.update(params)
    scores = model.loss(X)
    loss, grads = model.loss(X, y)
    given = {f"d{name}": np.array(grads.get(name, np.full(value.shape, np.nan))) for name, value in params.items()}
    losses = []
    for _ in range(num_steps):
        step_loss, step = model.loss(X, y)
        losses.append(step_loss)
        model.params = {name: value - learning_rate * step.get(name, 0.0) for name, value in model.params.items()}
    return {
        "loss": loss,
        **given,
        "scores": scores,
        **start,
        "reg_by_default": usual.reg,
        "scale_by_default": np.max(np.abs(usual.params["W1"])),
        "gradients_given": np.array([name in grads for name in params]),
        "losses": np.array(losses, dtype=float),
        "accuracy": np.mean(np.argmax(model.loss(X), axis=1) == y),
    }


def starts_at_log_c(trial):
    """Tiny weights make equal scores, and equal scores a loss of log C; regularisation adds to it."""
    inputs, _ = trial.exercise.draw(trial.rng)
    tiny = {name: 1e-6 * inputs[name] for name in THREE_LAYERS}
    _, out = trial.ask(**{**inputs, **tiny, "reg": 0.0})
    C = inputs["W3"].shape[1]
    if not close(out["loss"], np.log(C), 1e-3):
        return f"with tiny weights the loss must be log C = {np.log(C):.4g}, not {float(out['loss']):.4g}."
    _, out = trial.ask(**{**inputs, "reg": 0.0})
    _, more = trial.ask(**{**inputs, "reg": 1.5})
    penalty = 1.5 * sum(np.sum(inputs[name] ** 2) for name in ("W1", "W2", "W3"))
    if not close(more["loss"] - out["loss"], penalty):
        return "the regularisation must add reg times the sum of all squared weights to the loss, no more and no less."
    return None


def starts_small(trial):
    """Weights as large as they were asked to be, biases at 0."""
    inputs, out = trial.ask(weight_scale=0.5)
    _, other = trial.ask(**{**inputs, "weight_scale": 1e-4})
    for name in ("W1", "W2", "W3"):
        if not out[f"{name}_at_start"].any() or not close(5000 * other[f"{name}_at_start"], out[f"{name}_at_start"]):
            return f"{name} must start at random, with weight_scale as its standard deviation."
    return None if not any(out[f"b{k}_at_start"].any() for k in (1, 2, 3)) else "biases start at 0."


def fifty_by_heart(trial):
    """Fifty digits, a hundred and fifty steps: a network that cannot learn them by heart has a bug."""
    X, y = digits()
    chosen = trial.rng.choice(len(y), 50, replace=False)
    rng = trial.rng
    inputs, _ = trial.exercise.draw(rng)
    inputs |= {"X": X[chosen], "y": y[chosen], "reg": 0.0, "learning_rate": 0.15, "num_steps": 150}
    inputs |= {"W1": 0.3 * rng.standard_normal((8, 1, 3, 3)), "b1": np.zeros(8)}
    inputs |= {"W2": 0.1 * rng.standard_normal((128, 30)), "b2": np.zeros(30)}
    inputs |= {"W3": 0.2 * rng.standard_normal((30, 10)), "b3": np.zeros(10)}
    (out,) = trial.arrays([inputs])
    if out["accuracy"] == 1 and out["losses"][-1] < 0.2:
        return None
    return (
        f"150 steps must teach your network 50 digits by heart; it knows {float(out['accuracy']):.0%} of them, and the "
        f"loss is {out['losses'][-1]:.3g}."
    )


ThreeLayerConvNet.checks = [
    Dimensions(share=0.5),
    Reference(share=1, outputs=("scores", "loss"), title="Right scores and loss"),
    Gradient("loss", wrt=tuple(THREE_LAYERS), claimed=tuple(f"d{name}" for name in THREE_LAYERS), share=1.5),
    Reference(share=1.5, outputs=(*(f"d{name}" for name in THREE_LAYERS), "gradients_given"), title="Right gradients"),
    Property("log C at the start", starts_at_log_c, share=0.5),
    Property("A small start", starts_small, share=0.25),
    Property("50 digits by heart", fifty_by_heart, share=0.5),
    Reference(
        share=0.25,
        outputs=(*(f"{name}_at_start" for name in THREE_LAYERS), "reg_by_default", "scale_by_default"),
        title="Right start",
    ),
]


# --- blocks in PyTorch ------------------------------------------------------------------------------------------------

TORCH = AllowedMeans(allowed=("torch",))


def filled(block, seed):
    """A block in float64 whose parameters and running averages are drawn by their names alone."""
    import torch

    block.double()
    for name, value in block.state_dict().items():
        if value.is_floating_point():
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            fan_in = math.prod(value.shape[1:])
            drawn = (
                rng.standard_normal(value.shape) / math.sqrt(fan_in)
                if value.ndim > 1
                else rng.uniform(0.3, 1.2, len(value))
            )
            value.copy_(torch.from_numpy(drawn))
    return block


def through(block, x):
    """What a block makes of x in training and in evaluation mode, and how many parameters it has."""
    import torch

    with torch.no_grad():
        test = block.eval()(torch.from_numpy(x))
        out = block.train()(torch.from_numpy(x))
    count = sum(parameter.numel() for parameter in block.parameters())
    return {"out": out.numpy(), "out_in_test": test.numpy(), "parameters": count}


def parts(block):
    """The names under which a block stores its numbers."""
    return {name for name in block.state_dict() if not name.endswith("num_batches_tracked")}


NORM = ("weight", "bias", "running_mean", "running_var")


def named(convolutions, norms, biases=False):
    """The names that convolutions and batch normalisations of these names store."""
    found = {f"{one}.{part}" for one in convolutions for part in (("weight", "bias") if biases else ("weight",))}
    return found | {f"{one}.{part}" for one in norms for part in NORM}


def parts_have_their_names(trial):
    """Weights are stored, and here filled in, by the names of the parts."""
    for one in (None, *trial.exercise.cases):
        _, out = trial.ask() if one is None else trial.ask(one)
        if not out["parts_named"]:
            where = "" if one is None else f" ({one.title})"
            return f"the block must consist of the parts that its docstring names, no more and no fewer{where}."
    return None


BLOCK_SIZES = {"N": (3, 4), "C": (3, 6), "F": (5, 8), "H": (5, 9), "W": (5, 10)}
BLOCK_OUTPUTS = {"out": "N F any any", "out_in_test": "N F any any", "parameters": "int", "parts_named": "bool"}
BLOCK_CASES = [
    case("stride 2", sizes={"S": 2}),
    case("nothing changes: no projection", sizes={"C": 4, "F": 4}),
    case("as many channels, stride 2", sizes={"C": 4, "F": 4, "S": 2}),
]


def silenced_block_is_its_shortcut(trial):
    """With the last normalisation at gamma = beta = 0 a block puts out relu(x)."""
    inputs, out = trial.ask(BLOCK_CASES[1], silenced=True)
    if close(out["out"], np.maximum(0, inputs["x"])):
        return None
    return "with nothing learned (the last batch normalisation at 0) the block must put out relu(x)."


def residual(block, names, last, x, c_out, stride, seed, silenced):
    """A residual block filled, run, and its parts counted."""
    projected = stride != 1 or x.shape[1] != c_out
    expected = names | (named(["shortcut.0"], ["shortcut.1"]) if projected else set())
    have = parts(block)
    filled(block, seed)
    if silenced:
        for parameter in getattr(block, last).parameters():
            parameter.data.zero_()
    return {**through(block, x), "parts_named": have == expected}


@exercise(
    points=3,
    inputs={"x": "N C H W", "c_out": "int", "stride": "int", "seed": "int", "silenced": "bool"},
    outputs=BLOCK_OUTPUTS,
    given={
        "c_out": lambda rng, sizes: sizes["F"],
        "stride": size("S", 1),
        "seed": some_int(0, 2**31),
        "silenced": lambda rng, sizes: False,
    },
    sizes=BLOCK_SIZES,
    cases=BLOCK_CASES,
)
def ResidualBlock(student, x, c_out, stride, seed, silenced):
    """In training and in evaluation mode."""
    block = student.ResidualBlock(x.shape[1], c_out, stride)
    return residual(block, named(["conv1", "conv2"], ["bn1", "bn2"]), "bn2", x, c_out, stride, seed, silenced)


ResidualBlock.checks = [
    Dimensions(share=0.25),
    Property("Parts have their names", parts_have_their_names, share=0.5),
    Property("Silenced, it is its shortcut", silenced_block_is_its_shortcut, share=0.75),
    Reference(share=1.5),
    TORCH,
]


@exercise(
    points=3,
    inputs={
        "x": "N C H W",
        "width": "int",
        "c_out": "int",
        "stride": "int",
        "groups": "int",
        "seed": "int",
        "silenced": "bool",
    },
    outputs=BLOCK_OUTPUTS,
    given={
        "width": lambda rng, sizes: 6,
        "c_out": lambda rng, sizes: sizes["F"],
        "stride": size("S", 1),
        "groups": lambda rng, sizes: 1,
        "seed": some_int(0, 2**31),
        "silenced": lambda rng, sizes: False,
    },
    sizes=BLOCK_SIZES,
    cases=[*BLOCK_CASES, case("three groups", groups=3), case("a channel a group, stride 2", sizes={"S": 2}, groups=6)],
)
def Bottleneck(student, x, width, c_out, stride, groups, seed, silenced):
    """In training and in evaluation mode."""
    block = student.Bottleneck(x.shape[1], width, c_out, stride, groups)
    names = named(["conv1", "conv2", "conv3"], ["bn1", "bn2", "bn3"])
    return residual(block, names, "bn3", x, c_out, stride, seed, silenced)


def blocks_in_figures(trial):
    """One block of ResNet-50 and one of ResNeXt-50 32x4d: twice as wide inside, and hardly more parameters."""
    for title, width, groups, wanted in (("ResNet-50", 64, 1, 70_400), ("ResNeXt-50 32x4d", 128, 32, 71_168)):
        one = case("", sizes={"N": 2, "C": 256, "F": 256, "H": 3, "W": 4}, width=width, groups=groups)
        _, out = trial.ask(one)
        if out["parameters"] != wanted:
            return (
                f"a block of {title} (256 to 256 channels) has {wanted:,} parameters, not {int(out['parameters']):,}."
            )
    return None


Bottleneck.checks = [
    Dimensions(share=0.25),
    Property("Parts have their names", parts_have_their_names, share=0.25),
    Property("Blocks in figures", blocks_in_figures, share=0.5),
    Property("Silenced, it is its shortcut", silenced_block_is_its_shortcut, share=0.5),
    Reference(share=1.5),
    TORCH,
]


@exercise(
    points=2,
    inputs={"x": "N C H W", "growth": "int", "num_layers": "int", "seed": "int"},
    outputs={"out": "N any H W", "out_in_test": "N any H W", "parameters": "int", "parts_named": "bool"},
    given={"growth": some_int(2, 5), "num_layers": some_int(2, 4), "seed": some_int(0, 2**31)},
    sizes={"N": (3, 4), "C": (3, 6), "H": (5, 9), "W": (5, 10)},
    cases=[case("one layer", num_layers=1)],
)
def DenseBlock(student, x, growth, num_layers, seed):
    """In training and in evaluation mode."""
    block = student.DenseBlock(x.shape[1], growth, num_layers)
    layers = [f"layers.{k}." for k in range(num_layers)]
    expected = named([one + k for one in layers for k in "25"], [one + k for one in layers for k in "03"])
    return {"parts_named": parts(block) == expected, **through(filled(block, seed), x)}


def grows_by_concatenation(trial):
    """c_in + num_layers * growth channels, of which the first are x itself; and DenseNet-121's first block in figures."""
    inputs, out = trial.ask()
    C, k, L = inputs["x"].shape[1], int(inputs["growth"]), int(inputs["num_layers"])
    if out["out"].shape[1] != C + L * k:
        return (
            f"{L} layers that add {k} channels each to {C} must give {C + L * k} channels, not {out['out'].shape[1]}."
        )
    if not close(out["out"][:, :C], inputs["x"]):
        return "the first channels that come out must be those that came in."
    _, out = trial.ask(case("", sizes={"C": 64, "H": 3, "W": 4, "N": 2}), growth=32, num_layers=6)
    if out["parameters"] != 335_040:
        return f"DenseNet-121's first block (64, 32, 6) has 335,040 parameters, not {int(out['parameters']):,}."
    return None


DenseBlock.checks = [
    Dimensions(share=0.25),
    Property("Parts have their names", parts_have_their_names, share=0.25),
    Property("Grows by concatenation", grows_by_concatenation, share=0.5),
    Reference(share=1),
    TORCH,
]


@exercise(
    points=2,
    inputs={"x": "N C H W", "channels": "6 int", "seed": "int"},
    outputs={"out": "N any H W", "out_in_test": "N any H W", "parameters": "int", "parts_named": "bool"},
    given={"channels": lambda rng, sizes: rng.permutation(np.arange(2, 8)), "seed": some_int(0, 2**31)},
    sizes={"N": (3, 4), "C": (3, 6), "H": (5, 9), "W": (5, 10)},
    cases=[case("a small image", sizes={"H": 2, "W": 3})],
)
def InceptionModule(student, x, channels, seed):
    """As it is."""
    module = student.InceptionModule(x.shape[1], *channels.tolist())
    expected = named(
        ["branch1.0", *(f"branch{k}.{part}" for k in "35" for part in "02"), "branch_pool.1"], [], biases=True
    )
    return {"parts_named": parts(module) == expected, **through(filled(module, seed), x)}


def four_branches(trial):
    """As many channels as the four put out together; GoogLeNet's first module in figures."""
    inputs, out = trial.ask()
    c1, _, c3, _, c5, c_pool = inputs["channels"].tolist()
    if out["out"].shape[1] != c1 + c3 + c5 + c_pool:
        return f"{c1} + {c3} + {c5} + {c_pool} channels must come out, not {out['out'].shape[1]}."
    if not (out["out"] >= 0).all():
        return "each branch ends in a rectifier: nothing negative may come out."
    _, out = trial.ask(case("", sizes={"C": 192, "H": 3, "W": 4, "N": 2}), channels=np.array([64, 96, 128, 16, 32, 32]))
    if out["parameters"] != 163_696:
        return f"GoogLeNet's first module has 163,696 parameters, not {int(out['parameters']):,}."
    return None


InceptionModule.checks = [
    Dimensions(share=0.25),
    Property("Parts have their names", parts_have_their_names, share=0.25),
    Property("Four branches", four_branches, share=0.5),
    Reference(share=1),
    TORCH,
]


# --- training ---------------------------------------------------------------------------------------------------------


def small_network(C, L, seed):
    """Two convolutions, one of them normalised, a mean over the image, and a classifier."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(C, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 16, 3, padding=1),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(2),
        nn.Flatten(),
        nn.Linear(64, L),
    )


class Watched:
    """What a network goes through while it is trained, call by call: written down without reading a number."""

    def __init__(self, model, run):
        import torch

        self.training, self.with_gradients, self.dtypes, self.slopes, self.reads = [], [], [], [], []

        def first_layer(module, inputs, output):
            self.dtypes.append(output.dtype)

        def whole(module, inputs, output):
            self.training.append(module.training)
            self.with_gradients.append(torch.is_grad_enabled())
            self.reads.append(run.synchronisations)
            if output.requires_grad:
                output.register_hook(lambda slope: self.slopes.append(slope.detach()))

        self.handles = [model[0].register_forward_hook(first_layer), model.register_forward_hook(whole)]

    def stop(self):
        """Look no more."""
        for handle in self.handles:
            handle.remove()


def number(one):
    """A float, also of a tensor that still keeps its graph."""
    return float(one.detach() if hasattr(one, "detach") else one)


def reads_within(phases, reads):
    """The reads from one call to the next of the same phase: at the end of a phase reading is fine."""
    calls = list(zip(phases, reads, strict=False))
    return sum(after - before for (one, before), (next_one, after) in pairwise(calls) if one == next_one)


def batches(images, labels, size):
    """Neighbouring examples together; the last batch may be smaller."""
    import torch

    images, labels = torch.from_numpy(images.astype(np.float32)), torch.from_numpy(np.asarray(labels, dtype=np.int64))
    return [(images[k : k + size], labels[k : k + size]) for k in range(0, len(images), size)]


@exercise(
    points=8,
    inputs={
        "images": "N C H W",
        "labels": "N int<L",
        "held_out": "M C H W",
        "held_labels": "M int<L",
        "batch": "int",
        "epochs": "int",
        "learning_rate": "",
        "seed": "int",
        "device": "str",
        "precision": "str",
        "observe": "bool",
    },
    outputs={
        "losses": "any",
        "val_accuracy": "any",
        "plain_numbers": "bool",
        "scores": "M L",
        "modes_right": "bool",
        "gradients_right": "bool",
        "ends_in_evaluation": "bool",
        "lower_precision": "bool",
        "scaled": "bool",
        "parameters_in_float32": "bool",
        "synchronisations": "int",
        "tensors_kept": "int",
        "refuses": "bool",
    },
    given={
        "labels": every_class,
        "batch": some_int(4, 5),
        "epochs": some_int(2, 3),
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.05, 0.1)),
        "seed": some_int(0, 2**31),
        "observe": lambda rng, sizes: False,
    },
    sizes={"N": (11, 14), "C": (1, 3), "H": (5, 8), "W": (5, 9), "M": (6, 10), "L": (3, 4)},
    cases=[
        case("bfloat16", precision="bfloat16"),
        case("float16", precision="float16"),
        # more batches to train on than to validate with: reads in the one are not as many as in the other
        case("every read counted", sizes={"N": 14, "M": 6}, batch=3, observe=True),
    ],
    seconds=60.0,
    accelerated=True,
)
def train_cnn(
    student, images, labels, held_out, held_labels, batch, epochs, learning_rate, seed, device, precision, observe
):
    """A small network, watched while it is trained; then its scores for what was held out. Observing takes its time."""
    import torch

    where, precision = training.device(device), precision or "float32"
    train, val = batches(images, labels, batch), batches(held_out, held_labels, 4)
    model = small_network(images.shape[1], int(labels.max()) + 1, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    with training.observed(where) if observe else nullcontext(training.Observed()) as run:
        watched = Watched(model, run)
        history = student.train_cnn(model, optimizer, (train, val), epochs, device=where, precision=precision)
        ends_in_evaluation = not model.training
        optimizer.zero_grad()
        optimizer.state.clear()
        watched.stop()
        slopes, watched.slopes = [float(one.abs().max()) for one in watched.slopes], []
    in_float32 = all(one.dtype == torch.float32 for one in model.parameters())
    model.float()
    with torch.no_grad():
        scores = model.eval()(torch.from_numpy(held_out.astype(np.float32)).to(where)).cpu().numpy()
    expected = ([True] * len(train) + [False] * len(val)) * epochs
    wanted = getattr(torch, precision)
    losses, accuracies = history["train_loss"], history["val_accuracy"]
    return {
        "losses": np.array([number(one) for one in losses]),
        "val_accuracy": np.array([number(one) for one in accuracies]),
        "plain_numbers": all(isinstance(one, float) for one in (*losses, *accuracies)),
        "scores": scores.astype(float),
        "modes_right": watched.training == expected,
        "gradients_right": watched.with_gradients == expected,
        "ends_in_evaluation": ends_in_evaluation,
        "lower_precision": all(one == wanted for one in watched.dtypes),
        "scaled": max(slopes, default=0.0) > 10,
        "parameters_in_float32": in_float32,
        "synchronisations": reads_within(expected, watched.reads),
        "tensors_kept": run.tensors_kept,
        "refuses": refuses(student.train_cnn, model, optimizer, (train, val), 1, precision="int8"),
    }


def digits_to_tell_apart(rng, device):
    """Digits under new names, some to train on and others to be told apart; more and larger ones for an accelerator."""
    X, y = digits()
    large = bool(device)
    order = rng.permutation(len(y))[: 1500 if large else 700]
    names = rng.permutation(10)
    images = X.repeat(4, axis=2).repeat(4, axis=3) if large else X
    train, test = order[:-300], order[-300:]
    inputs = {
        "images": images[train],
        "labels": names[y[train]],
        "held_out": images[test],
        "held_labels": np.zeros(len(test), int),
        "batch": 64 if large else 20,
        "epochs": 8 if large else 3,
        "learning_rate": 0.05,
        "seed": int(rng.integers(2**31)),
        "device": device,
        "precision": "bfloat16" if large else "float32",
        "observe": False,
    }
    return Task(inputs, names[y[test]])


def lectures_of_a_loop(trial):
    """The modes, the gradients, and what is left behind."""
    _, out = trial.ask()
    if not out["modes_right"]:
        return "each step must see the model in training mode, each validation batch in evaluation mode, once an epoch."
    if not out["gradients_right"]:
        return "in validation no gradients may be recorded; in a step they must be."
    if not out["ends_in_evaluation"]:
        return "the model must be left in evaluation mode."
    if not out["plain_numbers"]:
        return "the history must hold plain floats, no tensors: these keep what they were computed from."
    return None if out["refuses"] else "a precision that does not exist must raise ValueError."


def precision_is_lowered(trial):
    """And in float16 the loss is scaled, whereas the parameters stay as they are."""
    for precision in ("float32", "bfloat16", "float16"):
        _, out = trial.ask(precision=precision)
        if not out["lower_precision"]:
            return f'with precision "{precision}" the first convolution must put out {precision}.'
        if not out["parameters_in_float32"]:
            return f'with precision "{precision}" the parameters must stay in float32.'
        if bool(out["scaled"]) != (precision == "float16"):
            verb = "must" if precision == "float16" else "need not"
            return f'with precision "{precision}" the loss {verb} be scaled before its gradient is taken.'
        if not np.isfinite(out["losses"]).all():
            return f'with precision "{precision}" the losses must be finite.'
    return None


train_cnn.checks = [
    Dimensions(share=0.5),
    Property("Modes and gradients", lectures_of_a_loop, share=1),
    Property("Mixed precision", precision_is_lowered, share=1),
    Property(
        "bfloat16 ends where float32 does", precision_agrees("losses", within=0.25, learning_rate=0.02), share=0.5
    ),
    Property("The same again", deterministic("losses"), share=0.5),
    Property("No step waits for the device", no_synchronisation(observe=True), share=0.5),
    Property("Nothing is kept", keeps_nothing(observe=True), share=0.5),
    Reference(share=2, tolerance=1e-2),
    Training(digits_to_tell_apart, at_least=0.6, share=1.5, title="Learns digits"),
    TORCH,
]


# --- a data set on disk -----------------------------------------------------------------------------------------------


def left_open(folder):
    """What this process has open of the HDF5 files in a folder."""
    from h5py import h5f  # type: ignore[attr-defined]

    held = h5f.get_obj_ids(h5f.OBJ_ALL, h5f.OBJ_FILE | h5f.OBJ_DATASET | h5f.OBJ_GROUP)
    return [one for one in held if os.fsdecode(h5f.get_name(one)).startswith(folder)]


def replaces(student, X, y, path):
    """Whether a file that is there makes room for another."""
    import h5py

    student.write_hdf5(X[:1], y[:1], path, 1)
    try:
        student.write_hdf5(X, y, path, 1)
    except OSError:  # still open
        return False
    with h5py.File(path, "r") as file:
        return len(file) == 2 and np.array_equal(np.array(file["X"]), X)


def leaves_its_file_behind(dataset):
    """Whether what is pickled of a data set holds no open file, and a copy made of that works."""
    state = dataset.__reduce_ex__(2)[2]
    try:
        pickle.dumps(state)
    except (TypeError, pickle.PicklingError):
        return False
    twin = copy.copy(dataset)
    return np.array_equal(twin[0][0], dataset[0][0])


@exercise(
    points=4,
    inputs={"X": "N C H W int", "y": "N int<L", "Z": "M D", "chunk_rows": "int"},
    outputs={
        "stored": "N C H W int",
        "bytes_each": "2 int",
        "labels": "N int",
        "label_bytes": "int",
        "chunk": "4 int",
        "chunk_of_few": "2 int",
        "length": "int",
        "images": "N C H W",
        "floats": "M D",
        "targets": "N int",
        "all_float32": "bool",
        "open_after_writing": "bool",
        "open_at_start": "bool",
        "open_in_use": "bool",
        "pickles": "bool",
        "refuses_beyond": "2 bool",
        "replaced": "bool",
    },
    answers=("write_hdf5", "HDF5Dataset"),
    given={
        "X": lambda rng, sizes: rng.integers(0, 256, [sizes[axis] for axis in "NCHW"], dtype=np.uint8),
        "chunk_rows": some_int(2, 5),
    },
    sizes={"N": (7, 12), "L": (2, 9)},
    cases=[case("one example a chunk", chunk_rows=1)],
)
def hdf5(student, X, y, Z, chunk_rows):
    """Pixels of one byte and floats: written, looked at, and read again."""
    import h5py

    with tempfile.TemporaryDirectory() as folder:
        path, other = os.path.join(folder, "pixels.h5"), os.path.join(folder, "floats.h5")
        student.write_hdf5(X, y, path, chunk_rows)
        student.write_hdf5(Z, np.zeros(len(Z), int), other, len(Z) + 3)
        open_after_writing = left_open(folder)
        for one in open_after_writing:
            h5py.File(one).close() if isinstance(one, h5py.h5f.FileID) else None
        with h5py.File(path, "r") as file, h5py.File(other, "r") as more:
            pixels: Any = file["X"]
            labels: Any = file["y"]
            floats: Any = more["X"]
            stored = {
                "stored": np.array(pixels),
                "labels": np.array(labels),
                "bytes_each": np.array([pixels.dtype.itemsize, floats.dtype.itemsize]),
                "label_bytes": labels.dtype.itemsize,
                "chunk": np.array(pixels.chunks or X.shape),
                "chunk_of_few": np.array(floats.chunks or (0, 0)),
            }
        dataset, of_floats = student.HDF5Dataset(path), student.HDF5Dataset(other)
        open_at_start = bool(left_open(folder))
        examples = [dataset[k] for k in reversed(range(len(X)))][::-1]
        open_in_use = bool(left_open(folder))
        rows = [of_floats[k][0] for k in range(len(Z))]
        found = {
            "length": len(dataset),
            "images": np.array([np.asarray(image, dtype=float) for image, _ in examples]),
            "floats": np.array([np.asarray(row, dtype=float) for row in rows]).round(5),
            "targets": np.array([int(label) for _, label in examples]),
            "all_float32": all(str(one.dtype) == "torch.float32" for one in [*(image for image, _ in examples), *rows]),
            "open_after_writing": bool(open_after_writing),
            "open_at_start": open_at_start,
            "open_in_use": open_in_use,
            "pickles": leaves_its_file_behind(dataset),
            "refuses_beyond": np.array([beyond(dataset, len(X)), beyond(dataset, -1)]),
            "replaced": replaces(student, X, y, os.path.join(folder, "again.h5")),
        }
    return {**stored, **found}


def beyond(dataset, index):
    """Whether an index is refused with IndexError."""
    try:
        dataset[index]
    except IndexError:
        return True
    return False


def round_trip(trial):
    """What was written is what is read."""
    inputs, out = trial.ask()
    X, y = inputs["X"], inputs["y"]
    if not (np.array_equal(out["stored"], X) and np.array_equal(out["labels"], y) and out["replaced"]):
        return 'the file must hold "X" and "y" as they were given, and nothing of a file that was there before.'
    if list(out["bytes_each"]) != [1, 8]:
        return f"X is stored in its own dtype: pixels take 1 byte each; yours take {int(out['bytes_each'][0])}."
    if out["label_bytes"] != 8:
        return "labels are stored as int64."
    if not (close(out["images"], X / 255, 1e-6) and np.array_equal(out["targets"], y)):
        return "example k must be X[k] / 255 for pixels of one byte, and label y[k]."
    if not close(out["floats"], inputs["Z"], 1e-4):
        return "floats must come back as they are, not divided by anything."
    return None if out["all_float32"] else "images must be float32 tensors."


def chunks_are_batches(trial):
    """chunk_rows whole examples lie together, so that a batch is one read."""
    inputs, out = trial.ask()
    wanted = (min(inputs["chunk_rows"], len(inputs["X"])), *inputs["X"].shape[1:])
    if tuple(out["chunk"]) != wanted:
        return f"a chunk must hold whole examples, {wanted}; yours is {tuple(out['chunk'].tolist())}."
    few = inputs["Z"].shape
    return (
        None if tuple(out["chunk_of_few"]) == few else f"a file of {few[0]} examples has them all in one chunk, {few}."
    )


def opened_late(trial):
    """Nothing open before the first example, one file after it, and none in the pickle."""
    _, out = trial.ask()
    if out["open_after_writing"]:
        return "write_hdf5 leaves its file open: what is not closed may not be on the disk yet."
    if out["open_at_start"]:
        return "HDF5Dataset leaves its file open in __init__: workers would share it."
    if not out["open_in_use"]:
        return (
            "after the first example the file stays open for the next ones: opening it again takes longer than reading."
        )
    if not out["pickles"]:
        return "on its way to a worker the data set is pickled: it must leave its open file behind (__getstate__)."
    return None if out["refuses_beyond"].all() else "an index that is not in [0, length) must raise IndexError."


hdf5.checks = [
    Dimensions(share=0.25),
    Property("A round trip", round_trip, share=1),
    Property("Chunks are batches", chunks_are_batches, share=0.75),
    Property("Opened late", opened_late, share=1),
    Reference(share=1),
    TORCH,
]
