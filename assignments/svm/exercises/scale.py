"""Scale: why the loss is regularised, and why the margin may be 1."""

import numpy as np

from autograder import case, draws, function, property_of
from autograder.checks import Dimensions, Reference, close

from .shared import separable

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
            sizes={"K": 4},
            alphas=lambda rng, inputs: -rng.uniform(0.2, 5, 4),
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
    if not close(out["data_losses"][1:], np.zeros(len(alphas) - 1)):
        return "W meets every margin, so a * W meets them for every a >= 1 and the data loss must stay 0."
    if not out["data_losses"][0] > 0:
        return "a tenth of W meets no margin any more: its data loss must be positive."


@property_of(scaling_experiment, "The penalty grows with a squared", 0.75)
def grows_with_the_square(ask):
    """And it is a sum over the entries: what stands apart adds up, and a single 1 costs reg."""
    inputs = ask.draw(alphas=np.array([1.0, 2.0, -3.0]))
    once, twice, thrice = ask(inputs)[1]["reg_losses"]
    if not (close(twice, 4 * once) and close(thrice, 9 * once)):
        return "the regularisation loss of a * W must be a**2 times that of W."
    W = inputs["W"]
    upper, single = np.where(np.arange(len(W))[:, None] < len(W) // 2, W, 0.0), np.zeros_like(W)
    single[0, -1] = 1.0
    parts = [{**inputs, "W": part} for part in (upper, W - upper, single)]
    one, other, of_single = (out["reg_losses"][0] for out in ask.all(parts))
    if not (close(one + other, once) and close(of_single, float(inputs["reg"]))):
        return (
            "the regularisation loss is a sum over the entries of W, and an entry of 1 costs reg."
        )


rescale_margin = function(
    "rescale_margin",
    "W: D C, c -> W2: D C",
    points=2,
    given={"c": draws.number(1.5, 4)},
    cases=[case("a smaller margin", c=0.25)],
    checks=[Dimensions(0.25), ..., Reference(0.75)],
)


@property_of(rescale_margin, "The loss scales with the margin", 1)
def the_loss_scales(ask):
    """L(W2; c delta) = c L(W; delta) on all data: who just meets delta must just meet c delta."""
    inputs, out = ask()
    W, c, W2 = inputs["W"], float(inputs["c"]), out["W2"]
    for k in range(1, W.shape[1]):
        apart = W[:, 0] - W[:, k]
        x = apart / (apart @ apart)  # on it class 0 leads class k by exactly 1
        lead = x @ (W2[:, 0] - W2[:, k])
        if not close(lead, c):
            return (
                f"where W leads by 1, W2 must lead by c = {c:.3g}, for both losses to be a factor c apart; "
                f"yours leads by {lead:.6g}."
            )
