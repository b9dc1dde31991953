"""Scale: why the loss is regularised, and why the margin may be 1."""

import numpy as np

from autograder import case, draws, function, must, property_of
from autograder.checks import Dimensions, Reference, close

from .shared import hinge, separable

scaling_experiment = function(
    "scaling_experiment",
    "W: D C, X: N D, y: N int<C, alphas: K, reg -> data_losses: K, reg_losses: K",
    points=4,
    given={"alphas": draws.uniform(0.2, 5, "K")},
    cases=[
        case("no regularisation", reg=0.0),
        case("strong regularisation", reg=2.5),
        case(
            "weights turned around",
            alphas=lambda rng, inputs: -rng.uniform(0.2, 5, 4),
            sizes={"K": 4},
        ),
    ],
    checks=[Dimensions(0.5), Reference(2)],
)


@property_of(scaling_experiment, "A data loss of 0 stays 0", 0.75)
def zero_stays_zero(ask):
    """A loss of zero is kept by every larger W: this is what regularisation has to decide."""
    W, X, y = separable(ask.rng, lead=1.5)
    alphas = np.concatenate([[0.1, 1.0], ask.rng.uniform(1, 50, 5)])
    _, out = ask(W=W, X=X, y=y, alphas=alphas)
    must(
        close(out["data_losses"][1:], np.zeros(len(alphas) - 1)),
        "W meets every margin, so a * W meets them for every a >= 1 and the data loss must stay 0.",
    )
    must(
        out["data_losses"][0] > 0,
        "a tenth of W meets no margin any more: its data loss must be positive.",
    )


@property_of(scaling_experiment, "The penalty grows with a squared", 0.75)
def grows_with_the_square(ask):
    inputs, out = ask()
    must(
        close(out["reg_losses"], inputs["alphas"] ** 2 * inputs["reg"] * np.sum(inputs["W"] ** 2)),
        "the regularisation loss of a * W must be a**2 times that of W.",
    )


rescale_margin = function(
    "rescale_margin",
    "W: D C, c -> W2: D C",
    points=2,
    given={"c": draws.number(1.5, 4)},
    cases=[case("a smaller margin", c=0.25)],
    checks=[Dimensions(0.25)],
)


@property_of(rescale_margin, "The loss scales with the margin", 1)
def the_loss_scales(ask):
    """L(W2; c delta) = c L(W; delta) on fresh data, for several margins."""
    inputs, out = ask()
    W, c, W2 = inputs["W"], float(inputs["c"]), out["W2"]
    X = ask.rng.standard_normal((20, W.shape[0]))
    y = ask.rng.integers(0, W.shape[1], 20)
    for delta in (0.5, 1.0, 3.0):
        wanted, got = c * hinge(X @ W, y, delta), hinge(X @ W2, y, c * delta)
        must(
            close(got, wanted),
            f"for delta = {delta:g}, c = {c:.3g}: c * L(W; delta) = {wanted:.6g} but L(W2; c * delta) = {got:.6g}.",
        )


rescale_margin.checks += [Reference(0.75)]
