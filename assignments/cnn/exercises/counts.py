"""What can be counted before anything is computed: sizes, parameters, receptive fields."""

import numpy as np

from autograder import case, claims, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises.refusals import refuses

# --- sizes --------------------------------------------------------------------------------------

EVEN, ODD = (2, 4, 8), (1, 3, 5, 7, 11)
STRICT, CEILING = "conv_size_if_strict", "pool_size_by_ceiling"


@exercise(
    "W: int, F: int, S: int, P: int, D: int, K: int -> conv_size: int, conv_size_if_strict: int, "
    f"conv_size_by_default: int, same: {len(ODD)} int, pool_size: int, pool_size_by_ceiling: int, "
    "parameters: int, parameters_in_groups: int, "
    f"too_long_refused: 2 bool, even_refused: {len(EVEN)} bool",
    points=3,
    answers=("conv_output_size", "same_padding", "conv_param_count", "pool_output_size"),
    given={
        **{"W": draws.whole(12, 60), "F": draws.whole(1, 7), "S": draws.whole(1, 4)},
        **{"P": draws.whole(0, 3), "D": draws.whole(2, 20), "K": draws.whole(2, 20)},
    },
    cases=[
        case("a stride that does not divide", W=20, F=3, S=3, P=1),
        case("a stride that divides", W=20, F=4, S=4, P=2),
        case("one place only", W=5, F=5, S=2, P=0),
        case("a stride that jumps over the end", W=5, F=2, S=5, P=0),
        case("a last window that hangs over", W=8, F=3, S=2, P=1),
    ],
    words={
        "conv_size": "conv_output_size(W, F, S, P)",
        STRICT: "conv_output_size with strict (0 where it refuses)",
        "conv_size_by_default": "conv_output_size(W, F)",
        "same": "same_padding of some F",
        "pool_size": "pool_output_size(W, F, S)",
        CEILING: "pool_output_size with ceil_mode",
        "parameters": "conv_param_count(F, D1, K)",
        "parameters_in_groups": "conv_param_count in groups",
        "too_long_refused": "whether a filter longer than the padded input is refused",
        "even_refused": "whether same_padding refuses an even F",
        "D": "D1",
    },
    entries={
        "same": [f"same_padding({one})" for one in ODD],
        "too_long_refused": [
            f"whether a filter {more} longer than the padded input is refused" for more in (1, 2)
        ],
        "even_refused": [f"whether same_padding({one}) is refused" for one in EVEN],
    },
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def output_sizes(student, W, F, S, P, D, K):
    """Every size and count once; 0 stands for a size that strict refuses."""
    size = student.conv_output_size
    strict = refuses(size, W, F, S, P, strict=True)
    too_long = [refuses(size, W, W + 2 * P + more, S, P) for more in (1, 2)]
    return {
        "conv_size": size(W, F, S, P),
        "conv_size_if_strict": 0 if strict else size(W, F, S, P, strict=True),
        "conv_size_by_default": size(W, F),
        "same": np.array([student.same_padding(one) for one in ODD]),
        "pool_size": student.pool_output_size(W, F, S),
        "pool_size_by_ceiling": student.pool_output_size(W, F, S, ceil_mode=True),
        "parameters": student.conv_param_count(F, D, K),
        "parameters_in_groups": student.conv_param_count(F, 6 * D, 3 * K, groups=3),
        "too_long_refused": np.array(too_long),
        "even_refused": np.array([refuses(student.same_padding, one) for one in EVEN]),
    }


LAYERS = [  # title, (W, F, S, P, D, K), what is asked for, and its value: 0 where it is refused
    ("10 filters of 5x5 over 32x32x3, padding 2", (32, 5, 1, 2, 3, 10), "conv_size", 32),
    ("10 filters of 5x5 over 32x32x3", (32, 5, 1, 2, 3, 10), "parameters", 760),
    ("a 3x3 filter over 7x7, stride 1", (7, 3, 1, 0, 3, 10), "conv_size", 5),
    ("a 3x3 filter over 7x7, stride 2", (7, 3, 2, 0, 3, 10), STRICT, 3),
    ("a 3x3 filter over 7x7, stride 3, strict", (7, 3, 3, 0, 3, 10), STRICT, 0),
    ("AlexNet's first layer over 227x227", (227, 11, 4, 0, 3, 96), STRICT, 55),
    ("AlexNet's first layer over 224x224, strict", (224, 11, 4, 0, 3, 96), STRICT, 0),
    ("AlexNet's first layer", (227, 11, 4, 0, 3, 96), "parameters", 34_944),
    ("AlexNet's first pooling", (55, 3, 2, 0, 96, 96), "pool_size", 27),
    ("2x2 pooling, stride 2, over 7x7", (7, 2, 2, 0, 3, 10), "pool_size", 3),
    ("a 3x3 filter over 20x20, stride 3, padding 1", (20, 3, 3, 1, 3, 10), "conv_size", 7),
    ("windows of 2, 5 apart, over 5 entries, rounded up", (5, 2, 5, 0, 3, 10), CEILING, 1),
    ("2x2 pooling, stride 2, over 7x7, rounded up", (7, 2, 2, 0, 3, 10), CEILING, 4),
]


@property_of(output_sizes, "The lecture's layers", 1)
def lecture_layers(ask):
    """Layers that everyone should be able to work out by heart."""
    outputs = ask.all([dict(zip("WFSPDK", numbers, strict=True)) for _, numbers, _, _ in LAYERS])
    for (title, _, name, wanted), out in zip(LAYERS, outputs, strict=True):
        what = "must be refused" if wanted == 0 else f"gives {wanted}"
        yours = "it is refused" if out[name] == 0 else f"yours is {int(out[name])}"
        must(out[name] == wanted, f"{title}: this {what}; {yours}.")


@property_of(output_sizes, "Same size, and what is refused", 0.75)
def same_is_the_same(ask):
    inputs, out = ask()
    W = inputs["W"]
    batch = [{**inputs, "F": F, "S": 1, "P": int(P)} for F, P in zip(ODD, out["same"], strict=True)]
    for one, kept in zip(batch, ask.all(batch), strict=True):
        size, F, P = kept["conv_size"], one["F"], one["P"]
        said = f"a filter of {F} with padding {P} makes {int(size)} of {W}: not the same size."
        must(size == W, said)
    if not out["even_refused"].all():
        return (
            "an even filter has no padding that is equal at both ends and keeps the size: "
            "raise ValueError."
        )
    too_long = out["too_long_refused"]
    must(too_long.all(), "a filter longer than the padded input must raise ValueError.")


# --- whole networks -----------------------------------------------------------------------------

TERMS = {"conv": "FKSP", "pool": "FS", "fc": "K"}
KINDS = tuple(TERMS)


def layers_of(table):
    """Rows (kind, F, K, S, P) of numbers as the dicts that network_summary takes."""
    found = []
    for number, *sizes in table.tolist():
        kind, named = KINDS[number], dict(zip("FKSP", sizes, strict=True))
        found.append({"kind": kind, **{name: named[name] for name in TERMS[kind]}})
    return found


def vgg16():
    """Thirteen 3x3 convolutions in five stages, each ending in 2x2 pooling; three dense layers."""
    stages = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]
    table = [row for n, K in stages for row in [(0, 3, K, 1, 1)] * n + [(1, 2, 0, 2, 0)]]
    return np.array(table + [(2, 0, K, 0, 0) for K in (4096, 4096, 1000)])


def some_network(rng, sizes):
    """A convolution, a pooling, convolutions, and two fully connected layers."""
    lows, highs = (1, 2, 1, 0), [(5, 30, most, 3) for most in (4, 3, 3)]
    first, *more = [(0, *rng.integers(lows, high)) for high in highs]
    ends = [(2, 0, rng.integers(5, 50), 0, 0) for _ in range(2)]
    return np.array([first, (1, 3, 0, 2, 0), *more, *ends][: sizes["L"]])


COUNTED = ("params", "activations", "macs")


@exercise(
    "table: L 5 int, H: int, W: int, C: int -> shapes: L+1 3 int, params: L+1 int, "
    "activations: L+1 int, macs: L+1 int, totals: 3 int, mebibytes, kinds_kept: bool",
    points=3,
    given={
        **{"table": some_network, "C": draws.whole(1, 4)},
        **{"H": draws.whole(80, 100), "W": draws.whole(101, 130)},
    },
    sizes={"L": (4, 6)},
    cases=[
        case("VGG-16", sizes={"L": 21}, table=vgg16(), H=224, W=224, C=3),
        case("fully connected from the start", sizes={"L": 1}, table=np.array([(2, 0, 7, 0, 0)])),
    ],
    words={
        "shapes": "the shapes of the rows",
        **{name: f'"{name}" of the rows' for name in COUNTED},
        "totals": '"params", "activations" and "macs" of totals',
        "mebibytes": 'totals["mebibytes"]',
        "kinds_kept": 'whether "kind" is in every row as in layers',
        "table": "the layers as numbers",
    },
    entries={"totals": [f'totals["{name}"]' for name in COUNTED]},
    checks=[Dimensions(0.5), ..., Reference(1)],
)
def network_summary(student, table, H, W, C):
    """The rows as arrays; a fully connected layer's shape is filled up with zeros."""
    rows, totals = student.network_summary(layers_of(table), (C, H, W))
    shapes = [(*row["shape"], 0, 0)[:3] if len(row["shape"]) == 1 else row["shape"] for row in rows]
    kinds = ["input", *(KINDS[kind] for kind in table[:, 0])]
    return {
        "shapes": np.array(shapes),
        **{name: np.array([row[name] for row in rows]) for name in COUNTED},
        "totals": np.array([totals[name] for name in COUNTED]),
        "mebibytes": totals["mebibytes"],
        "kinds_kept": [row["kind"] for row in rows] == kinds,
    }


@property_of(network_summary, "VGG-16 in figures", 1)
def vgg_in_figures(ask):
    """What lecture notes should say about VGG-16."""
    _, out = ask(table=vgg16(), H=224, W=224, C=3)
    names = ("parameters", "activations", "multiplications")
    figures = (138_357_544, 15_237_608, 15_470_264_320)
    for name, wanted, total in zip(names, figures, out["totals"], strict=True):
        if total != wanted:
            return f"VGG-16 on 224x224x3 has {wanted:,} {name}; your total is {int(total):,}."
    if not close(out["mebibytes"], 58.1269, 1e-5):
        return (
            f"15 237 608 values in float32 are 58.13 MiB; yours are {float(out['mebibytes']):.4g}."
        )


@property_of(network_summary, "Totals are sums", 0.5)
def totals_are_sums(ask):
    _, out = ask()
    sums, totals = [int(out[name].sum()) for name in COUNTED], out["totals"].tolist()
    must(totals == sums, f"the totals must be the sums over all rows, {sums}; yours are {totals}.")
    if not close(out["mebibytes"] * 2**20, 4 * sums[1]):
        return "each activation takes 4 bytes, and a MiB is 2**20 of them."
    must(out["kinds_kept"], 'each row must have its layer\'s kind, the first one "input".')


@exercise(
    "blocks: 4 int, num_classes: int -> count: int, by_default: int",
    points=2,
    given={"blocks": draws.whole(1, 5, 4), "num_classes": draws.whole(5, 50)},
    cases=[case("one block a stage", blocks=np.ones(4, int))],
    words={"by_default": "count with the default settings"},
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def resnet_param_count(student, blocks, num_classes):
    """With classes of its own, and with a thousand."""
    count, blocks = student.resnet_param_count, tuple(blocks.tolist())
    return {"count": count(blocks, num_classes), "by_default": count(blocks)}


RESNETS = {
    50: ((3, 4, 6, 3), 25_557_032),
    101: ((3, 4, 23, 3), 44_549_160),
    152: ((3, 8, 36, 3), 60_192_808),
}


@property_of(resnet_param_count, "ResNets in figures", 0.75)
def resnets_in_figures(ask):
    """Sixty million, where lecture notes say five."""
    for depth, (blocks, wanted) in RESNETS.items():
        count = ask(blocks=np.array(blocks))[1]["by_default"]
        if count != wanted:
            return f"ResNet-{depth} has {wanted:,} parameters; your count is {int(count):,}."


conv_claims = claims("conv_claims", "abcdefghij", points=2, shares=(0.25, 1.75))
