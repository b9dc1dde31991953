"""Layer normalisation: every example by itself, forward and back."""

import numpy as np

from autograder import case, draws, exercise, named_back, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close


@exercise(
    "x: N D, gamma: D, beta: D, eps, dout: N D"
    " -> out: N D, dx: N D, dgamma: D, dbeta: D, out_by_default: N D",
    points=4,
    answers=("layernorm_forward", "layernorm_backward"),
    given={"x": draws.normal("N", "D", scale=1.5, centre=2.0), "eps": draws.number(0.02, 0.2)},
    cases=[
        case("one example", sizes={"N": 1}),
        case("one feature", sizes={"D": 1}),
        case("two features", sizes={"D": 2}),
        case("a tiny eps", eps=1e-10),
        case("an example that is level", sizes={"N": 4, "D": 7}, x=draws.level(3.0, 1, 4, 7)),
    ],
    checks=[
        Dimensions(0.25),
        ...,
        Gradient("out", ("x", "gamma", "beta"), ("dx", "dgamma", "dbeta"), "dout", 1),
        Reference(1.5),
        Vectorised("N", 0.25),
    ],
)
def layernorm(student, x, gamma, beta, eps, dout):
    """Forward and back; and forward with the default settings, for numbers so small that eps shows."""
    out, cache = student.layernorm_forward(x, gamma, beta, {"eps": eps})
    back = student.layernorm_backward(dout, cache)
    usual = student.layernorm_forward(1e-2 * x, gamma, beta, {})[0]
    return {
        "out": out,
        **named_back("layernorm_backward", back, ("dx", "dgamma", "dbeta")),
        "out_by_default": usual,
    }


@property_of(layernorm, "Mean 0, variance 1", 0.5)
def mean_0_and_variance_1(ask):
    """Of every example; then gamma and beta make of it what they like."""
    inputs = ask.draw()
    x, D = inputs["x"], inputs["x"].shape[1]
    _, out = ask(inputs, gamma=np.ones(D), beta=np.zeros(D), eps=1e-12)
    if not close(out["out"].mean(axis=1), np.zeros(len(x)), 1e-8):
        return (
            "with gamma = 1 and beta = 0 every example must come out with mean 0 over its features."
        )
    _, out = ask(inputs, gamma=np.ones(D), eps=0.5, beta=np.zeros(D))
    var = x.var(axis=1)
    if not close(out["out"].var(axis=1), var / (var + 0.5)):
        return (
            "with gamma = 1 and beta = 0 an example's variance must come out as var / (var + eps): eps is "
            "added to it under the root."
        )


@property_of(layernorm, "Each example by itself", 0.5)
def each_by_itself(ask):
    """Alone in its batch an example comes out as in company, and so does its dx."""
    inputs, out = ask()
    alone = {**inputs, "x": inputs["x"][:1], "dout": inputs["dout"][:1]}
    _, one = ask(alone)
    if not close(one["out"], out["out"][:1]):
        return "the first example comes out otherwise when it is alone in the batch."
    if not close(one["dx"], out["dx"][:1]):
        return "the first example's dx is another one when it is alone in the batch."
