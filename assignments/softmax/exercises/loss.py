"""The loss of a mini-batch and its gradient: with loops, as a layer, vectorised, smoothed."""

import numpy as np

from autograder import case, draws, function, property_of
from autograder.checks import Vectorised, close
from coursekit.exercises import linear

from .shared import huge_scores, probabilities, scattered_scores, score_cases


def last_feature(*values):
    """Examples whose last feature takes these values in turn ..."""

    def draw(rng, inputs):
        X = rng.standard_normal((len(inputs["y"]), len(inputs["W"])))
        X[:, -1] = np.resize(values, len(X))
        return X

    return draw


def weight_shared_by_all(rng, inputs):
    """... and weights that hand that feature to all classes alike: it shifts the rows of scores."""
    return np.concatenate([rng.standard_normal((5, 4)), np.ones((1, 4))])


SHIFTED = {"sizes": {"D": 6, "C": 4}, "W": weight_shared_by_all}
LOSS_CASES = [
    *linear.LOSS_CASES,
    case("scores of tens of thousands", X=linear.huge_examples),
    case("all scores around 1000", **SHIFTED, X=last_feature(1000)),
    case("rows that lie 1000 above and below zero", **SHIFTED, X=last_feature(1000, -1000, 0)),
]

softmax_loss_naive = function(
    "softmax_loss_naive",
    linear.LOSS,
    points=4,
    cases=LOSS_CASES,
    checks=linear.loss_checks("W", 0.25, 0.75, 0.75, 0.75),
)

softmax_loss_vectorized = function(
    "softmax_loss_vectorized",
    linear.LOSS,
    points=5,
    cases=LOSS_CASES,
    checks=[
        *linear.loss_checks("W", 0.25, 0.75, 0.75, 0.5),
        Vectorised("N", 0.75),
        Vectorised("C", 0.5),
    ],
)


@property_of(softmax_loss_naive, "ln C at the start", 0.25)
@property_of(softmax_loss_vectorized, "ln C at the start", 0.25)
def starts_at_log_C(ask):
    """With no weights all classes are equally probable."""
    inputs = ask.draw()
    _, out = ask(inputs, W=np.zeros_like(inputs["W"]))
    loss, C = out["loss"], inputs["W"].shape[1]
    if not close(loss, np.log(C)):
        return f"with W = 0 the loss must be ln {C} = {np.log(C):.6g}; yours is {loss:.6g}."


@property_of(softmax_loss_naive, "Badly wrong is expensive, not infinite", 0.75)
@property_of(softmax_loss_vectorized, "Badly wrong is expensive, not infinite", 0.5)
def badly_wrong_is_expensive(ask):
    """A probability that rounds to 0 has a logarithm all the same."""
    y = np.array([0, 1, 2])
    for size in (1e3, 1e4):
        scores = np.array([[size, size, size], [-size, -size, -size], [0.0, 0.0, -size]])
        _, out = ask(W=scores, X=np.eye(3), y=y, reg=0.0)
        loss, behind = float(out["loss"]), 3 * float(out["loss"]) - size
        if not close(behind, np.log(3 * 3 * 2), 1e-9 * size):
            return (
                "two rows of equal scores cost ln 3 each, and a true class that lies "
                f"{size:g} behind two others {size:g} + ln 2; together that is not 3 times {loss:.6g}."
            )


@property_of(softmax_loss_naive, "The price of large weights", 0.5)
@property_of(softmax_loss_vectorized, "The price of large weights", 0.5)
def penalty_is_the_sum_of_squares(ask):
    """What the regularisation adds: to the loss, and, as Euler says of squares, to its gradient."""
    inputs, without = ask(reg=0.0)
    _, with_reg = ask(inputs, reg=1.5)
    W, price = inputs["W"], with_reg["loss"] - without["loss"]
    if not close(price, 1.5 * np.linalg.norm(W) ** 2):
        return "reg = 1.5 must add 1.5 times the sum of all squared weights to the loss."
    slope = with_reg["dW"] - without["dW"]
    if not (close(np.vdot(slope, W), 2 * price) and close(slope * W.flat[0], W * slope.flat[0])):
        return "reg = 1.5 must add the gradient of 1.5 * sum(W**2) to dW."


ONLY_DIFFERENCES = "Only differences of scores count"
property_of(softmax_loss_vectorized, ONLY_DIFFERENCES, 0.25)(linear.same_for_a_common_shift)


# --- the loss as a layer ------------------------------------------------------------------------

softmax_loss = function(
    "softmax_loss",
    "x: N C, y: N int<C -> loss, dx: N C",
    points=4,
    cases=[
        *score_cases("x"),
        case("one label for all", y=lambda rng, i: np.full(len(i["x"]), i["x"].shape[1] - 1)),
    ],
    checks=[*linear.loss_checks("x", 0.5, 0.75, 0.75, 0.5), ..., Vectorised("N", 0.5)],
)


@property_of(softmax_loss, "The rows of dx sum to 0", 0.25)
def rows_sum_to_zero(ask):
    linear.rows_sum_to_zero(ask()[1]["dx"])


@property_of(softmax_loss, "Only the true class is pushed up", 0.25)
def only_the_true_class_rises(ask):
    """A higher score helps where the class is right and costs where it is wrong."""
    inputs, out = ask()
    true = np.eye(inputs["x"].shape[1], dtype=bool)[inputs["y"]]
    if not ((out["dx"][true] < 0).all() and (out["dx"][~true] > 0).all()):
        return (
            "dx must be negative at the true class (raising its score lowers the loss) and positive at "
            "all others."
        )


@property_of(softmax_loss, "Scores of any size", 0.5)
def any_scores_have_a_loss(ask):
    """Of tens of thousands, of rows 1000 apart: exp(-loss) is the probability of a label."""
    for made in (huge_scores, scattered_scores):
        x, y = made(ask.rng, {}), ask.rng.integers(0, 5, 8)
        said = f"for scores from {x.min():.5g} to {x.max():.5g}"
        rows = [{"x": row[None], "y": np.array([label])} for row in x for label in range(5)]
        whole, *single = (float(one["loss"]) for one in ask.all([{"x": x, "y": y}, *rows]))
        losses, size = np.reshape(single, x.shape), np.abs(x).max()
        with np.errstate(all="ignore"):
            dearer = losses[:, :1] - losses
        if not close(dearer, x - x[:, :1], 1e-9 * size):
            return (
                f"{said} two labels of a row must cost as much more or less as their scores differ."
            )
        if not close(np.exp(-losses).sum(axis=1), np.ones(8), 1e-9 * size):
            return f"{said} the probabilities exp(-loss) of all labels of a row must add up to 1."
        if not close(whole, losses[np.arange(8), y].mean()):
            return f"{said} the loss must be the mean of the losses of the rows."


# --- labels that are not quite sure -------------------------------------------------------------

label_smoothing_loss = function(
    "label_smoothing_loss",
    "x: N C, y: N int<C, eps -> loss, dx: N C",
    points=3,
    given={"eps": draws.number(0.1, 0.4)},
    cases=[
        *score_cases("x"),
        case("labels as they are", eps=0.0),
        case("labels that say nothing", eps=1.0),
    ],
    checks=[*linear.loss_checks("x", 0.25, 0.5, 0.5, 0.5), ..., Vectorised("N", 0.25)],
)


@property_of(label_smoothing_loss, "With eps = 0 the loss you know", 0.25)
def nothing_smoothed(ask):
    """Minus the logarithm of the true class's probability, and no more."""
    inputs, out = ask(eps=0.0)
    p = probabilities(inputs["x"])[np.arange(len(inputs["y"])), inputs["y"]]
    if not close(out["loss"], -np.log(p).mean()):
        return "with eps = 0 the loss must be that of softmax_loss; yours differs."


@property_of(label_smoothing_loss, "Content when as sure as the label", 0.5)
def content_at_the_label(ask):
    """Scores whose probabilities are the labels: nothing pulls at them, and yet they cost."""
    eps, C, y = 0.4, 4, np.array([0, 3, 1])
    told = np.full((3, C), eps / C) + (1 - eps) * np.eye(C)[y]
    _, out = ask(x=np.log(told), y=y, eps=eps)
    if not close(out["dx"], np.zeros((3, C))):
        return (
            "for four classes and eps = 0.4, dx must be 0 where the true class has probability 0.7 and "
            "the others 0.1 each."
        )
    if not close(out["loss"], -np.sum(told * np.log(told)) / 3):
        return (
            "for four classes and eps = 0.4, probabilities of 0.7 for the true class and 0.1 for the "
            f"others cost about 0.94; yours cost {float(out['loss']):.3g}."
        )


property_of(label_smoothing_loss, "The rows of dx sum to 0", 0.25)(rows_sum_to_zero)
