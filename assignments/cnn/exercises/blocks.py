"""Blocks in PyTorch: residual, dense and inception, by the names and numbers of their parts."""

import math
import zlib

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close

from .shared import TORCH, situations

# --- what a block is made of, and what it does --------------------------------------------------


def filled(block, seed):
    """A block in float64 whose parameters and running averages are drawn by their names alone."""
    import torch

    block.double()
    for name, value in block.state_dict().items():
        if value.is_floating_point():
            rng = np.random.default_rng([seed, zlib.crc32(name.encode())])
            if value.ndim > 1:
                drawn = rng.standard_normal(value.shape) / math.sqrt(math.prod(value.shape[1:]))
            else:
                drawn = rng.uniform(0.3, 1.2, len(value))
            value.copy_(torch.from_numpy(drawn))
    return block


def through(block, x):
    """What a block makes of x in training and evaluation mode, and how many parameters it has."""
    import torch

    with torch.no_grad():
        test = block.eval()(torch.from_numpy(x))
        out = block.train()(torch.from_numpy(x))
    count = sum(parameter.numel() for parameter in block.parameters())
    return {"out": out.numpy(), "out_in_test": test.numpy(), "parameters": count}


def parts(block):
    """The names under which a block stores its numbers."""
    return {name for name in block.state_dict() if not name.endswith("num_batches_tracked")}


CONV, NORM = ("weight",), ("weight", "bias", "running_mean", "running_var")


def named(convolutions, norms, stored=CONV):
    """The names that convolutions and batch normalisations of these names store."""
    found = {f"{one}.{part}" for one in convolutions for part in stored}
    return found | {f"{one}.{part}" for one in norms for part in NORM}


def residual(block, depth, x, c_out, stride, seed, silenced):
    """A residual block of so many convolutions: its parts compared, filled, and run."""
    numbers = range(1, depth + 1)
    expected = named([f"conv{k}" for k in numbers], [f"bn{k}" for k in numbers])
    if stride != 1 or x.shape[1] != c_out:
        expected |= named(["shortcut.0"], ["shortcut.1"])
    parts_named = parts(block) == expected
    filled(block, seed)
    if silenced:
        for parameter in getattr(block, f"bn{depth}").parameters():
            parameter.data.zero_()
    return {**through(block, x), "parts_named": parts_named}


# --- four blocks --------------------------------------------------------------------------------

RAN_WORDS = {
    "out": "the output in training",
    "out_in_test": "the output in evaluation",
    "parameters": "the number of parameters",
    "parts_named": "whether the parts have their names",
    "silenced": "whether it is silenced",
    "channels": "the numbers of channels",
}
RAN = "parameters: int, parts_named: bool"
BLOCK_GIVEN = {
    **{"c_out": draws.size("F"), "stride": draws.size("S", 1)},
    **{"seed": draws.seed, "silenced": draws.always(False)},
}
BLOCK_SIZES = {"N": (3, 4), "C": (3, 6), "F": (5, 8), "H": (5, 9), "W": (5, 10)}
NO_PROJECTION = case("nothing changes: no projection", sizes={"C": 4, "F": 4})
BLOCK_CASES = [
    case("stride 2", sizes={"S": 2}),
    NO_PROJECTION,
    case("as many channels, stride 2", sizes={"C": 4, "F": 4, "S": 2}),
]


@exercise(
    "x: N C H W, c_out: int, stride: int, seed: int, silenced: bool "
    f"-> out: N F any any, out_in_test: N F any any, {RAN}",
    points=3,
    inside=True,
    given=BLOCK_GIVEN,
    sizes=BLOCK_SIZES,
    cases=BLOCK_CASES,
    words=RAN_WORDS,
    checks=[Dimensions(0.25), ..., Reference(1.5), TORCH],
)
def ResidualBlock(student, x, c_out, stride, seed, silenced):
    block = student.ResidualBlock(x.shape[1], c_out, stride)
    return residual(block, 2, x, c_out, stride, seed, silenced)


@exercise(
    "x: N C H W, width: int, c_out: int, stride: int, groups: int, seed: int, silenced: bool "
    f"-> out: N F any any, out_in_test: N F any any, {RAN}",
    points=3,
    inside=True,
    given={**BLOCK_GIVEN, "width": draws.always(6), "groups": draws.always(1)},
    sizes=BLOCK_SIZES,
    cases=[
        *BLOCK_CASES,
        case("three groups", groups=3),
        case("a channel a group, stride 2", sizes={"S": 2}, groups=6),
    ],
    words=RAN_WORDS,
    checks=[Dimensions(0.25), ..., Reference(1.5), TORCH],
)
def Bottleneck(student, x, width, c_out, stride, groups, seed, silenced):
    block = student.Bottleneck(x.shape[1], width, c_out, stride, groups)
    return residual(block, 3, x, c_out, stride, seed, silenced)


KEPT_SIZE = f"out: N any H W, out_in_test: N any H W, {RAN}"
KEPT_SIZES = {"N": (3, 4), "C": (3, 6), "H": (5, 9), "W": (5, 10)}


@exercise(
    f"x: N C H W, growth: int, num_layers: int, seed: int -> {KEPT_SIZE}",
    points=2,
    inside=True,
    given={"growth": draws.whole(2, 5), "num_layers": draws.whole(2, 4), "seed": draws.seed},
    sizes=KEPT_SIZES,
    cases=[case("one layer", num_layers=1)],
    words=RAN_WORDS,
    checks=[Dimensions(0.25), ..., Reference(1), TORCH],
)
def DenseBlock(student, x, growth, num_layers, seed):
    block = student.DenseBlock(x.shape[1], growth, num_layers)
    layers = [f"layers.{k}." for k in range(num_layers)]
    expected = named(
        [one + k for one in layers for k in "25"], [one + k for one in layers for k in "03"]
    )
    return {"parts_named": parts(block) == expected, **through(filled(block, seed), x)}


BRANCHES = ("branch1.0", "branch3.0", "branch3.2", "branch5.0", "branch5.2", "branch_pool.1")


@exercise(
    f"x: N C H W, channels: 6 int, seed: int -> {KEPT_SIZE}",
    points=2,
    inside=True,
    given={"channels": lambda rng, sizes: rng.permutation(np.arange(2, 8)), "seed": draws.seed},
    sizes=KEPT_SIZES,
    cases=[case("a small image", sizes={"H": 2, "W": 3})],
    words=RAN_WORDS,
    checks=[Dimensions(0.25), ..., Reference(1), TORCH],
)
def InceptionModule(student, x, channels, seed):
    module = student.InceptionModule(x.shape[1], *channels.tolist())
    expected = named(BRANCHES, [], stored=("weight", "bias"))
    return {"parts_named": parts(module) == expected, **through(filled(module, seed), x)}


# --- what must be true of them ------------------------------------------------------------------

NAMES = "Parts have their names"


@property_of(ResidualBlock, NAMES, 0.5)
@property_of(Bottleneck, NAMES, 0.25)
@property_of(DenseBlock, NAMES, 0.25)
@property_of(InceptionModule, NAMES, 0.25)
def parts_have_their_names(ask):
    """Weights are stored, and here filled in, by the names of the parts."""
    for one, where in situations(ask):
        _, out = ask(one)
        if not out["parts_named"]:
            return (
                "the block must consist of the parts that its docstring names, "
                f"no more and no fewer{where}."
            )


def has_parameters(out, wanted, block):
    """A block that everyone can look up has as many parameters as it should."""
    count = out["parameters"]
    must(count == wanted, f"{block} has {wanted:,} parameters, not {int(count):,}.")


@property_of(Bottleneck, "Blocks in figures", 0.5)
def blocks_in_figures(ask):
    """ResNeXt is twice as wide inside as ResNet, with hardly more parameters."""
    few = case("", sizes={"N": 2, "C": 256, "F": 256, "H": 3, "W": 4})
    known = ("ResNet-50", 64, 1, 70_400), ("ResNeXt-50 32x4d", 128, 32, 71_168)
    for title, width, groups, wanted in known:
        _, out = ask(few, width=width, groups=groups)
        has_parameters(out, wanted, f"a block of {title} (256 to 256 channels)")


SILENCED = "Silenced, it is its shortcut"


@property_of(ResidualBlock, SILENCED, 0.75)
@property_of(Bottleneck, SILENCED, 0.5)
def silenced_block_is_its_shortcut(ask):
    inputs, out = ask(NO_PROJECTION, silenced=True)
    if not close(out["out"], np.maximum(0, inputs["x"])):
        return "with nothing learned (the last batch normalisation at 0) the block must put out relu(x)."


@property_of(DenseBlock, "Grows by concatenation", 0.5)
def grows_by_concatenation(ask):
    """What comes in stays in front; and DenseNet-121's first block in figures."""
    inputs, out = ask()
    C, k, L = inputs["x"].shape[1], int(inputs["growth"]), int(inputs["num_layers"])
    channels, wanted = out["out"].shape[1], C + L * k
    if channels != wanted:
        return (
            f"{L} layers that add {k} channels each to {C} must give {wanted} channels, "
            f"not {channels}."
        )
    kept = close(out["out"][:, :C], inputs["x"])
    must(kept, "the first channels that come out must be those that came in.")
    _, out = ask(case("", sizes={"C": 64, "H": 3, "W": 4, "N": 2}), growth=32, num_layers=6)
    has_parameters(out, 335_040, "DenseNet-121's first block (64, 32, 6)")


@property_of(InceptionModule, "Four branches", 0.5)
def four_branches(ask):
    """As many channels as the four put out together; GoogLeNet's first module in figures."""
    inputs, out = ask()
    c1, _, c3, _, c5, c_pool = inputs["channels"].tolist()
    channels = out["out"].shape[1]
    if channels != c1 + c3 + c5 + c_pool:
        return f"{c1} + {c3} + {c5} + {c_pool} channels must come out, not {channels}."
    must((out["out"] >= 0).all(), "each branch ends in a rectifier: nothing negative may come out.")
    first = case("", sizes={"C": 192, "H": 3, "W": 4, "N": 2})
    _, out = ask(first, channels=np.array([64, 96, 128, 16, 32, 32]))
    has_parameters(out, 163_696, "GoogLeNet's first module")
