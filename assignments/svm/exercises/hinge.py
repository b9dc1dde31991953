"""The hinge loss: of one example, of a mini-batch with its gradient, as a layer, squared."""

import numpy as np

from autograder import case, draws, exercise, function, must, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close
from coursekit.exercises import linear

from .shared import LARGE_SCORES, separable

# --- the loss of one example --------------------------------------------------------------------


@exercise(
    "x: D, y: int<C, W: C D, delta -> loss, loss_at_margin_1",
    points=5,
    cases=[
        case("a large margin", delta=25.0),
        case("two classes", sizes={"C": 2}),
        case("one feature", sizes={"D": 1}),
        case("large scores", x=lambda rng, inputs: 1e4 * rng.standard_normal(inputs["W"].shape[1])),
    ],
    words={"loss": "L_i", "loss_at_margin_1": "L_i with the default delta"},
    checks=[Dimensions(0.5), Reference(2.75), ..., Vectorised("C", 0.75)],
)
def L_i_vectorized(student, x, y, W, delta):
    """Once with a margin of its own, once with the default."""
    return {
        "loss": student.L_i_vectorized(x, y, W, delta),
        "loss_at_margin_1": student.L_i_vectorized(x, y, W),
    }


@property_of(L_i_vectorized, "Zero when the margin is met", 0.5)
def zero_when_the_margin_is_met(ask):
    """A lead of more than delta costs nothing."""
    W, X, y = separable(ask.rng, lead=3.0)
    inputs, out = ask(x=X[0], y=int(y[0]), W=W.T.copy(), delta=2.0)
    if not close(out["loss"], 0):
        return (
            "the true class leads every other by 3 or more and delta is 2: the loss must be 0, not "
            f"{out['loss']:.6g}."
        )
    _, out = ask(inputs, delta=20.0)
    must(out["loss"] > 0, "no class leads by 20, so with delta = 20 the loss must be positive.")


@property_of(L_i_vectorized, "Only differences of scores count", 0.5)
def same_for_a_common_shift(ask):
    inputs, out = ask()
    _, moved = ask(inputs, W=inputs["W"] + ask.rng.standard_normal(inputs["W"].shape[1]))
    if not close(moved["loss"], out["loss"]):
        return (
            "the same vector added to every row of W moves all scores alike and must not change the "
            "loss."
        )
    W, x = inputs["W"].copy(), inputs["x"]
    W[int(inputs["y"])] -= (np.ptp(W @ x) + 1) * x / np.sum(x**2)
    _, moved = ask(inputs, W=W)
    must(moved["loss"] > out["loss"], "a true class that scores far lower must cost more.")


# --- the loss of a mini-batch and its gradient --------------------------------------------------

svm_loss_naive = function(
    "svm_loss_naive",
    linear.LOSS,
    points=8,
    cases=[*linear.LOSS_CASES, LARGE_SCORES],
    checks=linear.loss_checks("W", 0.5, 2.75, 1.25, 2),
)

svm_loss_vectorized = function(
    "svm_loss_vectorized",
    linear.LOSS,
    points=12,
    cases=[*linear.LOSS_CASES, LARGE_SCORES],
    checks=[
        *linear.loss_checks("W", 0.5, 3.5, 1, 3.5),
        Vectorised("N", 1.5),
        Vectorised("C", 0.5),
    ],
)

squared_hinge_loss = function(
    "squared_hinge_loss",
    linear.LOSS,
    points=6,
    cases=linear.LOSS_CASES,
    checks=[*linear.loss_checks("W", 0.5, 1.5, 1, 1), Vectorised("N", 1)],
)


@property_of(svm_loss_naive, "C - 1 at the start", 0.75)
@property_of(svm_loss_vectorized, "C - 1 at the start", 0.5)
@property_of(squared_hinge_loss, "C - 1 at the start", 0.5)
def starts_at_classes_minus_one(ask):
    """With no weights, every wrong class falls short by exactly the margin."""
    inputs = ask.draw()
    C = inputs["W"].shape[1]
    _, out = ask(inputs, W=np.zeros_like(inputs["W"]))
    if not close(out["loss"], C - 1):
        return (
            f"with W = 0 every score is equal and the loss must be C - 1 = {C - 1}; yours is "
            f"{out['loss']:.6g}."
        )


NOTHING_TO_LEARN = "Nothing to learn once every margin is met"


@property_of(svm_loss_naive, NOTHING_TO_LEARN, 0.75)
@property_of(svm_loss_vectorized, NOTHING_TO_LEARN, 0.5)
@property_of(squared_hinge_loss, NOTHING_TO_LEARN, 0.5)
def nothing_to_learn(ask):
    """Once every margin is met the data loss is zero, and so is its gradient."""
    W, X, y = separable(ask.rng, lead=ask.rng.uniform(1.5, 3))
    inputs, out = ask(W=W, X=X, y=y, reg=0.0)
    if not close(out["loss"], 0):
        return (
            "every true class leads by more than the margin, so the loss must be 0; yours is "
            f"{out['loss']:.6g}."
        )
    must(close(out["dW"], np.zeros_like(W)), "every margin is met with reg = 0, so dW must be 0.")
    _, out = ask(inputs, W=0.1 * W)
    if not (np.abs(out["loss"]) > 0 and np.abs(out["dW"]).max() > 0):
        return (
            "with a tenth of these weights no margin is met any more: neither the loss nor dW can be "
            "0."
        )


@property_of(svm_loss_vectorized, "Only differences of scores count", 0.5)
def blind_to_a_common_shift(ask):
    inputs, out = linear.same_for_a_common_shift(ask)
    W, X, y = inputs["W"].copy(), inputs["X"], inputs["y"]
    enough = len(y) * abs(out["loss"]) + np.ptp(X[0] @ W) + 1
    W[:, y[0]] -= enough * X[0] / np.sum(X[0] ** 2)
    _, moved = ask(inputs, W=W)
    if not moved["loss"] > out["loss"]:
        return "an example whose true class scores far lower must cost more."


# --- the loss as a layer ------------------------------------------------------------------------

svm_loss = function(
    "svm_loss",
    "x: N C, y: N int<C -> loss, dx: N C",
    points=7,
    cases=[
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("large scores", sizes={"N": 8, "C": 5}, x=draws.normal(8, 5, scale=1e4)),
        case("one label for all", y=lambda rng, i: np.full(len(i["x"]), i["x"].shape[1] - 1)),
    ],
    checks=[*linear.loss_checks("x", 0.5, 2, 1, 1.5), ..., Vectorised("N", 1)],
)


@property_of(svm_loss, "The rows of dx sum to 0", 1)
def rows_sum_to_zero(ask):
    inputs = ask.draw()
    _, out = ask(inputs, x=inputs["x"] / (4 * np.abs(inputs["x"]).max()))
    if not np.abs(out["dx"]).max() > 0:
        return (
            "every wrong class comes closer than 1 to the true one, so dx cannot be 0 everywhere."
        )
    linear.rows_sum_to_zero(out["dx"])


@exercise(
    "scores: N C, y: N int<C, delta -> mask: N C bool, counts: N int, mask_at_margin_1: N C bool",
    points=5,
    cases=[
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("a margin that everything violates", delta=100.0),
        case("many examples", sizes={"N": 40}),
    ],
    words={"mask_at_margin_1": "mask with the default delta"},
    checks=[Dimensions(0.5), Reference(2.75), ..., Vectorised("N", 0.75)],
)
def margin_violations(student, scores, y, delta):
    """Once with a margin of its own, once with the default."""
    mask, counts = student.margin_violations(scores, y, delta)
    usual = student.margin_violations(scores, y)[0]
    return {"mask": mask, "counts": counts, "mask_at_margin_1": usual}


@property_of(margin_violations, "Never the true class", 0.5)
def never_the_true_class(ask):
    """The true class cannot come too close to itself; all others can, if the margin is wide enough."""
    inputs, out = ask(delta=1000.0)
    own = np.take_along_axis(out["mask"], inputs["y"][:, None], 1)
    if own.any():
        return "mask marks the true class of some examples: no class violates its own margin."
    if out["mask"].sum() != out["mask"].size - len(own):
        return "with delta = 1000 every class but the true one violates the margin."


@property_of(margin_violations, "counts counts the mask", 0.5)
def counts_count_the_mask(ask):
    _, out = ask(delta=4.0)
    must(out["mask"].any(), "with delta = 4 some classes violate the margin, but mask marks none.")
    if not np.array_equal(out["counts"], out["mask"].sum(axis=1)):
        return "counts[i] must be the number of True in row i of mask."


# --- find the error: is the loss a count? -------------------------------------------------------


@exercise("-> scores: any, y: int", points=4, checks=[Dimensions(0.25)])
def zero_one_counterexample(student):
    """The example that refutes the sentence."""
    scores, y = student.zero_one_counterexample()
    return {"scores": np.asarray(scores, dtype=float), "y": y}


SAFE = 1e-3


def counterexample(ask):
    """What was handed in: by how much the true class leads every other."""
    _, out = ask()
    scores, y = np.asarray(out["scores"], dtype=float), int(out["y"])
    must(
        scores.ndim == 1 and len(scores) >= 3 and np.isfinite(scores).all(),
        "scores must be one example's: a one-dimensional array of at least three finite numbers.",
    )
    must(
        0 <= y < len(scores),
        f"y must name one of the {len(scores)} classes, 0 to {len(scores) - 1}; it is {y}.",
    )
    return scores[y] - np.delete(scores, y)


@property_of(
    zero_one_counterexample,
    "Nobody is misclassified",
    1.25,
    "Let the true class have the highest score: then no class is incorrect, and only the margin is "
    "left to cost anything.",
)
def nobody_is_misclassified(ask):
    lead = counterexample(ask).min()
    if not lead >= SAFE:
        return (
            f"the best other class is {-lead:.4g} above the true one: this example may well count as "
            "incorrect."
        )


@property_of(
    zero_one_counterexample,
    "And yet the loss is positive",
    0.75,
    "A class costs as soon as it comes closer to the true one than the margin; it need not "
    "overtake it.",
)
def the_loss_is_positive(ask):
    if not counterexample(ask).min() <= 1 - SAFE:
        return "the hinge loss of your example is 0: no class comes closer than the margin 1."


@property_of(
    zero_one_counterexample,
    "The loss is no whole number",
    1.75,
    "Each class adds its shortfall, any real number and not a 1: their sum need not be whole.",
)
def the_loss_is_no_count(ask):
    """Of the classes closer than 1: if their leads add up to a whole number, so does the loss."""
    leads = counterexample(ask)
    total = leads[leads < 1].sum()
    if not abs(total - round(total)) >= SAFE:
        return "the hinge loss of your example is a whole number: it could still be a count of something."
