"""Normalisation of feature maps: over the batch, and over groups of an image's own channels."""

import numpy as np

from autograder import case, draws, exercise, named_back, property_of
from autograder.checks import Dimensions, Gradient, Reference, close

SLOPES = ("dx", "dgamma", "dbeta")
GIVEN = {
    **{"x": draws.normal("N", "C", "H", "W", scale=1.5, centre=2.0)},
    **{"eps": draws.number(0.02, 0.2), "momentum": draws.number(0.6, 0.8)},
    "running_var": draws.uniform(0.3, 3, "C"),
}
SIZES = {"N": (2, 4), "H": (2, 5), "W": (2, 6)}


def gradient(share):
    """The check that dx, dgamma and dbeta are the gradients of out."""
    return Gradient("out", ("x", "gamma", "beta"), SLOPES, "dout", share)


# --- over the batch -----------------------------------------------------------------------------


@exercise(
    "x: N C H W, gamma: C, beta: C, eps, running_mean: C, running_var: C, momentum, dout: N C H W"
    " -> out: N C H W, dx: N C H W, dgamma: C, dbeta: C, new_mean: C, new_var: C,"
    " out_in_test: N C H W, out_by_default: N C H W, mean_by_default: C, averages_kept: bool",
    points=3,
    answers=("spatial_batchnorm_forward", "spatial_batchnorm_backward"),
    given=GIVEN,
    sizes={**SIZES, "C": (2, 7)},
    cases=[
        case("one image", sizes={"N": 1}),
        case("one place", sizes={"N": 4, "H": 1, "W": 1}),
        case("a tiny eps", eps=1e-10),
        case(
            "a channel that never changes",
            sizes={"N": 3, "C": 4, "H": 2, "W": 5},
            x=draws.level(3.0, np.s_[:, 1], 3, 4, 2, 5),
        ),
    ],
    words={
        **{f"new_{name}": f'bn_param["running_{name}"]' for name in ("mean", "var")},
        "mean_by_default": 'bn_param["running_mean"] with the default settings',
        "out_in_test": 'out in mode "test"',
        "out_by_default": "out with the default settings",
        "averages_kept": "whether the caller's own running averages are left as they were",
    },
    checks=[Dimensions(0.25), ..., gradient(1), Reference(1)],
)
def spatial_batchnorm(student, x, gamma, beta, eps, running_mean, running_var, momentum, dout):
    """Train, back, then test with the averages that training left; train with nothing but a mode."""
    mean, var = running_mean.copy(), running_var.copy()
    terms = {"eps": eps, "momentum": momentum}
    param = {"mode": "train", **terms, "running_mean": mean, "running_var": var}
    out, cache = student.spatial_batchnorm_forward(x, gamma, beta, param)
    name = "spatial_batchnorm_backward"
    back = named_back(name, student.spatial_batchnorm_backward(dout, cache), SLOPES)
    kept = np.array_equal(mean, running_mean) and np.array_equal(var, running_var)
    new = {f"running_{name}": np.array(param[f"running_{name}"]) for name in ("mean", "var")}
    equal = x[:1].repeat(len(x), axis=0) + 1
    testing = student.spatial_batchnorm_forward(
        equal, gamma, beta, {"mode": "test", **terms, **new}
    )
    usual = {"mode": "train"}
    return {
        **{"out": out, **back, "out_in_test": testing[0], "averages_kept": kept},
        **{"new_mean": new["running_mean"], "new_var": new["running_var"]},
        "out_by_default": student.spatial_batchnorm_forward(x, gamma, beta, usual)[0],
        "mean_by_default": np.array(usual.get("running_mean", np.zeros(len(gamma)))),
    }


@property_of(spatial_batchnorm, "One mean a channel", 0.5)
def one_mean_a_channel(ask):
    """Over images and places together: mean 0, variance var / (var + eps), before gamma and beta."""
    inputs = ask.draw(eps=0.5)
    C = inputs["x"].shape[1]
    _, out = ask(inputs, gamma=np.ones(C), beta=np.zeros(C))
    for c in range(C):
        channel, before = out["out"][:, c], inputs["x"][:, c].var()
        if not close(1 + channel.mean(), 1.0, 1e-8):
            return (
                f"with gamma = 1 and beta = 0 channel {c} must come out with mean 0 over all images "
                f"and places; yours has {channel.mean():.3g}."
            )
        if not close(channel.var(), before / (before + 0.5)):
            return f"with gamma = 1 the variance of channel {c} must come out as var / (var + eps)."


@property_of(spatial_batchnorm, "Averages move, and are used in test", 0.25)
def averages_move(ask):
    inputs, out = ask()
    momentum = float(inputs["momentum"])
    for name in ("mean", "var"):
        now = np.array([getattr(one, name)() for one in inputs["x"].swapaxes(0, 1)])
        if not close(
            out[f"new_{name}"], momentum * inputs[f"running_{name}"] + (1 - momentum) * now
        ):
            return (
                f"running_{name} must become momentum times what it was plus (1 - momentum) times the "
                f"batch's {name}, one number a channel."
            )
    if not out["averages_kept"]:
        return "the caller's running averages are written into; put new arrays into bn_param."
    _, other = ask(inputs, x=np.concatenate([inputs["x"][:1], 5 - inputs["x"][1:]]))
    scale = np.sqrt((out["new_var"] + inputs["eps"]) / (other["new_var"] + inputs["eps"]))
    move = (out["new_mean"] - other["new_mean"]) / np.sqrt(other["new_var"] + inputs["eps"])
    gamma, beta = (inputs[name][:, None, None] for name in ("gamma", "beta"))
    wanted = (out["out_in_test"] - beta) * scale[:, None, None] + gamma * move[:, None, None] + beta
    if not close(other["out_in_test"], wanted):
        return (
            'in mode "test" each channel must be normalised with its running averages, '
            "not with the mean and the variance of the images at hand."
        )


# --- over groups --------------------------------------------------------------------------------


@exercise(
    "x: N C H W, gamma: C, beta: C, G: int, eps, dout: N C H W"
    " -> out: N C H W, dx: N C H W, dgamma: C, dbeta: C, out_by_default: N C H W",
    points=2,
    answers=("spatial_groupnorm_forward", "spatial_groupnorm_backward"),
    given={**{name: GIVEN[name] for name in ("x", "eps")}, "G": draws.one_of(2, 3, 4)},
    sizes={**SIZES, "C": (12, 12)},
    cases=[
        case("one group", G=1, sizes={"C": 4}),
        case("each channel a group", G=6, sizes={"C": 6}),
        case("one image", G=2, sizes={"N": 1, "C": 6}),
        case("a tiny eps", G=3, sizes={"C": 6}, eps=1e-10),
    ],
    words={"out_by_default": "out with the default settings"},
    checks=[Dimensions(0.25), ..., gradient(0.5), Reference(0.75)],
)
def spatial_groupnorm(student, x, gamma, beta, G, eps, dout):
    """Forward and back, and forward without an eps."""
    out, cache = student.spatial_groupnorm_forward(x, gamma, beta, G, {"eps": eps})
    name = "spatial_groupnorm_backward"
    back = named_back(name, student.spatial_groupnorm_backward(dout, cache), SLOPES)
    usual, _ = student.spatial_groupnorm_forward(x, gamma, beta, G, {})
    return {"out": out, **back, "out_by_default": usual}


@property_of(spatial_groupnorm, "One mean a group", 0.25)
def one_mean_a_group(ask):
    """Over a group's channels and places, image by image; before gamma and beta."""
    for one in spatial_groupnorm.cases:
        inputs = ask.draw(one)
        C, G = inputs["x"].shape[1], int(inputs["G"])
        _, out = ask(inputs, gamma=np.ones(C), beta=np.zeros(C))
        n, first = int(ask.rng.integers(len(inputs["x"]))), C // G * int(ask.rng.integers(G))
        ours = out["out"][n, first : first + C // G]
        var = inputs["x"][n, first : first + C // G].var()
        if not (
            close(1 + ours.mean(), 1.0, 1e-8) and close(ours.var(), var / (var + inputs["eps"]))
        ):
            return (
                f"with gamma = 1 and beta = 0 the channels from {first} to {first + C // G - 1} of an "
                f"image must come out together with mean 0 and variance var / (var + eps) "
                f"({one.title})."
            )


@property_of(spatial_groupnorm, "No neighbours", 0.25)
def no_neighbours(ask):
    inputs, out = ask()
    _, alone = ask(inputs, x=inputs["x"][:1], dout=inputs["dout"][:1])
    if not (close(alone["out"], out["out"][:1]) and close(alone["dx"], out["dx"][:1])):
        return "an image must come out of a batch, and its dx too, as if it had been alone."
