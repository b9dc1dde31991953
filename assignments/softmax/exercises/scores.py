"""From scores to probabilities and their logarithms."""

import numpy as np

from autograder import case, draws, exercise, function, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close

from .shared import score_cases

softmax = function(
    "softmax",
    "s: N C -> p: N C",
    points=4,
    cases=score_cases("s"),
    checks=[Dimensions(0.25), Reference(1.25, tolerance=1e-10), ..., Vectorised("N", 0.5)],
)


@property_of(softmax, "Rows sum to 1", 0.5)
def rows_sum_to_one(ask):
    p = ask()[1]["p"]
    if not (close(p.sum(axis=-1), np.ones(len(p)), 1e-12) and (p >= 0).all()):
        return "the entries of every row must be positive and sum to 1."


@property_of(softmax, "Only differences of scores count", 0.5)
def one_shift_changes_nothing(ask):
    inputs, out = ask()
    _, moved = ask(s=inputs["s"] + ask.rng.standard_normal((len(inputs["s"]), 1)))
    if not close(moved["p"], out["p"]):
        return "one number added to all scores of a row changes no probability, yet your answer changes."


@property_of(softmax, "Scores of any size", 1)
def any_size_of_scores(ask):
    """What exp cannot do alone: rows that lie 1000 apart, and certainty at 10 000."""
    s = ask.rng.standard_normal((6, 4))
    _, level = ask(s=s)
    _, moved = ask(s=s + np.resize([1000.0, -1000.0, 0.0], (6, 1)))
    if not close(moved["p"], level["p"]):
        return "rows moved up and down by 1000 must keep their probabilities."
    for top in (1e4, -1e4):
        _, out = ask(s=np.array([[top, top - 1e4, top - 2e4]]))
        if not close(out["p"], np.array([[1.0, 0.0, 0.0]])):
            return (
                f"a score of {top:g} that leads the others by 10 000 must get probability 1, the "
                "others 0."
            )


# --- the logarithm of a sum ---------------------------------------------------------------------


@exercise(
    "x: N C K -> over_first: C K, over_middle: N K, over_last: N C, some_infinite: C K, "
    "empty_sums: 2",
    points=3,
    cases=[
        case(
            "entries of 100 000", sizes={"N": 4, "C": 5, "K": 6}, x=draws.normal(4, 5, 6, scale=1e5)
        ),
        case("one term", sizes={"N": 1, "C": 1}),
        case(
            "a thousand above zero",
            sizes={"N": 3, "C": 4, "K": 5},
            x=lambda rng, inputs: 1000 + rng.random((3, 4, 5)),
        ),
    ],
    words={
        "over_first": "y along axis 0",
        "over_middle": "y along axis 1",
        "over_last": "y along axis -1",
        "some_infinite": "y where some entries are -inf",
        "empty_sums": "exp of y where all entries are -inf",
    },
    checks=[Dimensions(0.25), Reference(1), ..., Vectorised("N", 0.5)],
)
def logsumexp(student, x):
    """Along every axis; with a slice of -inf; and e to the logarithm of an empty sum, which is 0."""
    masked = np.concatenate([x, np.full((1, *x.shape[1:]), -np.inf)])
    return {
        "over_first": student.logsumexp(x, axis=0),
        "over_middle": student.logsumexp(x, axis=1),
        "over_last": student.logsumexp(x, axis=-1),
        "some_infinite": student.logsumexp(masked, axis=0),
        "empty_sums": np.exp(student.logsumexp(np.full((2, 3), -np.inf), axis=1)),
    }


@property_of(logsumexp, "Near the largest entry", 0.5)
def between_the_largest_and_more(ask):
    """n terms, the largest e to the top: their sum lies between one and n times that."""
    for scale in (1.0, 1e5):
        inputs, out = ask(x=scale * ask.rng.standard_normal((4, 5, 6)))
        for axis, name in enumerate(("over_first", "over_middle", "over_last")):
            top, n = inputs["x"].max(axis=axis), inputs["x"].shape[axis]
            slack = 1e-12 * scale
            above = out[name] > top if scale == 1 else out[name] >= top - slack
            if not (above & (out[name] <= top + np.log(n) + slack)).all():
                return (
                    f"over {n} entries of size {scale:g} the result must lie above the largest one, by "
                    f"at most ln {n}."
                )


@property_of(logsumexp, "A shift comes out again", 0.25)
def shift_comes_out(ask):
    """A common factor of the terms is a term of the logarithm."""
    inputs, out = ask()
    for shift in (1000.0, -1000.0):
        _, moved = ask(x=inputs["x"] + shift)
        if not close(moved["over_middle"], out["over_middle"] + shift):
            return f"{shift:g} added to every entry must add {shift:g} to the result."


@property_of(logsumexp, "Minus infinity", 0.5)
def infinities(ask):
    """e to the -inf is 0, a number like any other."""
    _, out = ask()
    if not close(out["some_infinite"], out["over_first"]):
        return "entries of -inf are terms 0 and must not change the result."
    if not close(out["empty_sums"], np.zeros(2)):
        return "where all entries are -inf the result must be -inf."


# --- log probabilities --------------------------------------------------------------------------

log_softmax = function(
    "log_softmax",
    "x: N C -> log_p: N C",
    points=3,
    cases=score_cases("x"),
    checks=[Dimensions(0.25), Reference(1), ..., Vectorised("N", 0.5)],
)


@property_of(log_softmax, "Its exponentials are probabilities", 0.5)
def exponentials_are_probabilities(ask):
    for scale in (1.0, 1e5):
        _, out = ask(x=scale * ask.rng.standard_normal((6, 4)))
        if not close(np.exp(out["log_p"]).sum(axis=-1), np.ones(6)):
            return f"for scores of size {scale:g}, the exponentials of each row must sum to 1."


@property_of(log_softmax, "Finite where p rounds to 0", 0.75)
def far_behind_is_finite(ask):
    """Where p rounds to 0, its logarithm is still an ordinary number."""
    x = np.array([[0.0, -1000.0, -1e5]])
    _, out = ask(x=x)
    shown = ", ".join(f"{value:g}" for value in np.ravel(out["log_p"]))
    if not close(out["log_p"], x):
        return (
            "the scores 0, -1000, -100000 are their own log probabilities (up to rounding); yours are "
            f"{shown}."
        )
