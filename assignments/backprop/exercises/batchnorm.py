"""Batch normalisation: forward, back by stages and by one formula, and back in a wrong way."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close
from coursekit.exercises.refusals import refuses

# --- forward ------------------------------------------------------------------------------------


GIVEN = {"x": draws.normal("N", "D", scale=1.5, centre=2.0), "eps": draws.number(0.02, 0.2)}
CASES = [
    case("one example", sizes={"N": 1}),
    case("two examples", sizes={"N": 2}),
    case("a tiny eps", eps=1e-10),
    case(
        "a feature that never changes",
        sizes={"N": 7, "D": 4},
        x=draws.level(3.0, np.s_[:, 1], 7, 4),
    ),
]


@exercise(
    "x: N D, gamma: D, beta: D, eps, running_mean: D, running_var: D, momentum"
    " -> out: N D, new_mean: D, new_var: D, out_in_test: N D, mean_after_test: D,"
    " out_by_default: N D, mean_by_default: D, var_by_default: D,"
    " averages_kept: bool, refuses_other_modes: bool",
    points=3,
    given={**GIVEN, "running_var": draws.uniform(0.3, 3, "D"), "momentum": draws.number(0.6, 0.8)},
    words={
        **{f"new_{name}": f'bn_param["running_{name}"]' for name in ("mean", "var")},
        **{
            f"{name}_by_default": f'bn_param["running_{name}"] with the default settings'
            for name in ("mean", "var")
        },
        "mean_after_test": 'bn_param["running_mean"] after mode "test"',
        "averages_kept": "whether the caller's own running averages are left as they were",
    },
    cases=CASES,
    checks=[Dimensions(0.25), ..., Reference(1), Vectorised("N", 0.25)],
)
def batchnorm_forward(student, x, gamma, beta, eps, running_mean, running_var, momentum):
    """Train, then test with the averages that training left; then train with nothing but a mode."""

    def forward(x, param):
        return student.batchnorm_forward(x, gamma, beta, param)[0]

    mean, var, none = running_mean.copy(), running_var.copy(), np.zeros(x.shape[1])
    param = {
        "mode": "train",
        "eps": eps,
        "momentum": momentum,
        "running_mean": mean,
        "running_var": var,
    }
    out = forward(x, param)
    kept = np.array_equal(mean, running_mean) and np.array_equal(var, running_var)
    new = {name: np.array(param[f"running_{name}"]) for name in ("mean", "var")}
    param = {"mode": "test", "eps": eps, "momentum": momentum}
    param |= {"running_mean": new["mean"], "running_var": new["var"]}
    out_in_test = forward(x[:1].repeat(len(x), axis=0) + 1, param)
    usual = {"mode": "train"}
    return {
        **{"out": out, "new_mean": new["mean"], "new_var": new["var"], "averages_kept": kept},
        **{"out_in_test": out_in_test, "mean_after_test": np.array(param["running_mean"])},
        "out_by_default": forward(x, usual),
        "mean_by_default": np.array(usual.get("running_mean", none)),
        "var_by_default": np.array(usual.get("running_var", none)),
        "refuses_other_modes": refuses(forward, x, {"mode": "testing"}),
    }


@property_of(batchnorm_forward, "Mean 0, variance 1", 0.5)
def mean_0_and_variance_1(ask):
    """In training, of every feature; then gamma and beta make of it what they like."""
    inputs = ask.draw()
    D = inputs["x"].shape[1]
    _, out = ask(inputs, gamma=np.ones(D), beta=np.zeros(D), eps=1e-12)
    if not close(out["out"].mean(axis=0), np.zeros(D), 1e-8):
        return "with gamma = 1 and beta = 0 every feature must come out with mean 0 over the mini-batch."
    _, out = ask(inputs, gamma=np.ones(D), eps=0.5)
    var = inputs["x"].var(axis=0)
    if not close(out["out"].var(axis=0), var / (var + 0.5)):
        return "with gamma = 1 a feature's variance must come out as var / (var + eps): eps is added to it under the root."


@property_of(batchnorm_forward, "In test the batch does not matter", 0.5)
def the_batch_does_not_matter(ask):
    """An example's output depends on nobody else's: that is what the running averages are for."""
    inputs, out = ask()
    only_beta = np.tile(inputs["beta"], (len(inputs["x"]), 1))
    if not np.ptp(out["out_in_test"], axis=0).max() <= 1e-9:
        return 'in mode "test" equal examples must come out equal.'
    if close(out["out_in_test"], only_beta):
        return 'in mode "test" the running averages must be used, not the statistics of the batch at hand.'
    _, out = ask(inputs, gamma=0 * inputs["gamma"])
    if not close(out["out_in_test"], only_beta):
        return 'in mode "test" gamma and beta do their work as well: with gamma = 0 the output must be beta.'


@property_of(batchnorm_forward, "Averages move by momentum", 0.5)
def averages_move_by_momentum(ask):
    inputs, out = ask()
    x, momentum = inputs["x"], float(inputs["momentum"])
    for name, now in (("mean", x.mean(axis=0)), ("var", x.var(axis=0))):
        if not close(
            out[f"new_{name}"], momentum * inputs[f"running_{name}"] + (1 - momentum) * now
        ):
            return f"running_{name} must become momentum times what it was plus (1 - momentum) times the batch's {name}."
    if not out["averages_kept"]:
        return "the arrays of the caller's running averages are written into; put new ones into bn_param."
    if not close(out["mean_after_test"], out["new_mean"]):
        return 'in mode "test" the running averages must stay as they are.'
    refuses = out["refuses_other_modes"]
    must(refuses, "a mode other than 'train' and 'test' must raise ValueError.")


# --- back ---------------------------------------------------------------------------------------

BACKWARD = "x: N D, gamma: D, beta: D, eps, dout: N D -> out: N D, dx: N D, dgamma: D, dbeta: D"


def both_ways(student, backward, x, gamma, beta, eps, dout):
    """Forward in training, and back."""
    out, cache = student.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": eps})
    dx, dgamma, dbeta = backward(dout, cache)
    return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def gradient(share):
    """The check that dx, dgamma and dbeta are the gradients of out."""
    return Gradient("out", ("x", "gamma", "beta"), ("dx", "dgamma", "dbeta"), "dout", share)


@exercise(
    BACKWARD,
    points=4,
    given=GIVEN,
    cases=CASES,
    checks=[Dimensions(0.25), gradient(1.5), ..., Reference(1.25), Vectorised("N", 0.5)],
)
def batchnorm_backward(student, x, gamma, beta, eps, dout):
    """By stages."""
    return both_ways(student, student.batchnorm_backward, x, gamma, beta, eps, dout)


@exercise(
    BACKWARD,
    points=2,
    given=GIVEN,
    cases=CASES,
    checks=[Dimensions(0.25), gradient(0.5), ..., Reference(0.75), Vectorised("N", 0.25)],
)
def batchnorm_backward_alt(student, x, gamma, beta, eps, dout):
    """By one formula."""
    return both_ways(student, student.batchnorm_backward_alt, x, gamma, beta, eps, dout)


@property_of(batchnorm_backward, "dx moves neither mean nor scale", 0.5)
@property_of(batchnorm_backward_alt, "dx moves neither mean nor scale", 0.25)
def dx_moves_neither_mean_nor_scale(ask):
    """What shifts or stretches a feature for all examples alike is taken off again."""
    inputs, out = ask(eps=1e-13)
    x, dx = inputs["x"], out["dx"]
    none = np.zeros(x.shape[1])
    if not close(dx.sum(axis=0), none, 1e-8):
        return "every column of dx must sum to 0: a feature shifted for all examples alike changes no output."
    if not close(np.sum(dx * (x - x.mean(axis=0)), axis=0), none, 1e-8):
        return "with a tiny eps every column of dx must be orthogonal to x - mean: stretching a feature changes no output."


# --- find the error: does a check with ones prove anything? -------------------------------------


@exercise(
    "dout: N D, x: N D, gamma: D, eps -> dx: N D, dx_of_ones: N D, out: N D",
    points=2,
    given=GIVEN,
    words={"dx_of_ones": "dx for a dout of ones"},
    checks=[Dimensions(0.5)],
)
def batchnorm_impostor(student, dout, x, gamma, eps):
    """For a random dout, and for ones; and the forward pass it pretends to come back through."""
    train = {"mode": "train", "eps": eps}
    return {
        "dx": student.batchnorm_impostor(dout, x, gamma, eps),
        "dx_of_ones": student.batchnorm_impostor(np.ones_like(dout), x, gamma, eps),
        "out": student.batchnorm_forward(x, gamma, 0 * gamma, train)[0],
    }


@property_of(
    batchnorm_impostor,
    "A check with ones is fooled",
    0.75,
    "With dout = ones the loss is out.sum(), and every feature of out sums to N * beta, whatever x is: "
    "your dx must vanish for ones.",
)
def ones_do_not_find_it_out(ask):
    """The right dx for ones is 0: out.sum() does not depend on x at all."""
    for _ in range(3):
        inputs, out = ask()
        if not close(out["dx_of_ones"], np.zeros_like(inputs["x"]), 1e-8):
            return (
                "a check with ones finds your impostor out: out.sum() has slope 0 everywhere, "
                f"yours is {np.max(np.abs(out['dx_of_ones'])):.3g}."
            )


@property_of(
    batchnorm_impostor,
    "And yet it is wrong",
    0.75,
    "Your dx is no impostor, it is the right gradient: leave something out that only a dout with "
    "different entries can see.",
)
def a_random_dout_does(ask):
    """The slope of sum(dout * out) along random directions, against what the impostor claims."""
    for _ in range(3):
        inputs, out = ask()
        x, away = inputs["x"], 0.0
        for _ in range(4):
            v = ask.rng.standard_normal(x.shape)
            above, below = ask.all([{**inputs, "x": x + step * v} for step in (1e-5, -1e-5)])
            slope = np.sum(inputs["dout"] * (above["out"] - below["out"])) / 2e-5
            away = max(away, abs(slope - np.sum(out["dx"] * v)) / np.linalg.norm(v))
        if not away > 1e-3:
            return "your dx is the right one for a random dout, too: the impostor has to be wrong somewhere."
