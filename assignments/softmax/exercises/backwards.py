"""The softmax alone, backwards: its Jacobian, and the product with it that needs none."""

import tracemalloc

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close

from .shared import probabilities, score_cases

FIVE = {"C": 5}


@exercise(
    "s: C, v: C -> J: C C, p: C, vJ: C",
    points=3,
    cases=[
        case("two classes", sizes={"C": 2}),
        case("equal scores", sizes=FIVE, s=np.zeros(5)),
        case("scores a thousand above zero", sizes=FIVE, s=draws.normal(5, centre=1000)),
        case("scores of tens of thousands", sizes=FIVE, s=draws.normal(5, scale=1e4)),
    ],
    words={"vJ": "v @ J", "v": "a vector v"},
    checks=[
        Dimensions(0.25),
        Reference(0.75, ("J",)),
        Gradient("p", wrt="s", claimed="vJ", upstream="v", share=1, called="v @ J"),
        ...,
        Vectorised("C", 0.5),
    ],
)
def softmax_jacobian(student, s, v):
    """J; and, for the slope check, the probabilities (ours) and v J, the gradient of v . p."""
    J = student.softmax_jacobian(s)
    fits = isinstance(J, np.ndarray) and J.shape == (len(s), len(s))
    return {"J": J, "p": probabilities(s), "vJ": v @ J if fits else np.full(len(s), np.nan)}


@property_of(softmax_jacobian, "Rows and columns sum to 0", 0.25)
def probability_is_conserved(ask):
    """The probabilities sum to 1 whatever the scores are, and equal shifts change nothing."""
    J = ask()[1]["J"]
    if not close(J.sum(axis=0), np.zeros(len(J))):
        return "every column of J must sum to 0: what one probability gains, the others lose."
    if not close(J.sum(axis=1), np.zeros(len(J))):
        return "every row of J must sum to 0: a common shift changes nothing."


@property_of(softmax_jacobian, "Symmetric, and never negative", 0.25)
def symmetric_and_not_negative(ask):
    """J is the covariance of a draw from p: symmetric, and no direction has a negative variance."""
    J = ask()[1]["J"]
    must(close(J, J.T), "J must be symmetric.")
    values = np.linalg.eigvalsh(J)
    if not -1e-12 < values.min() < 1e-6 < values.max():
        return (
            "J is a covariance: its eigenvalues are positive, and one is 0. "
            f"Yours go from {values.min():.3g} to {values.max():.3g}."
        )


# --- without the Jacobian -----------------------------------------------------------------------


def most_floats_held(call):
    """The most memory that a call held at once, in floats of 8 bytes, and what it returned."""
    ours = not tracemalloc.is_tracing()
    if ours:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        returned = call()
        return (tracemalloc.get_traced_memory()[1] - before) / 8, returned
    finally:
        if ours:
            tracemalloc.stop()


@exercise(
    "dout: N C, s: N C, measured: bool -> ds: N C, p: N C, floats_held",
    points=3,
    inside=True,
    given={"measured": draws.always(False)},
    cases=score_cases("s"),
    words={"floats_held": "the numbers held at once", "measured": "whether the memory is measured"},
    checks=[
        Dimensions(0.25),
        Reference(0.75, ("ds",)),
        Gradient("p", wrt="s", claimed="ds", upstream="dout", share=0.75),
        ...,
        Vectorised("N", 0.5),
    ],
)
def softmax_vjp(student, dout, s, measured):
    """ds; for the slope check the probabilities (ours); and, where asked for, the memory it took."""
    floats_held = 0.0
    if measured:
        floats_held, ds = most_floats_held(lambda: student.softmax_vjp(dout, s))
    else:
        ds = student.softmax_vjp(dout, s)
    return {"ds": ds, "p": probabilities(s), "floats_held": floats_held}


@property_of(softmax_vjp, "Rows that can be done by hand", 0.25)
def moves_of_one_row(ask):
    """A row's probabilities cannot all be pushed up; two scores pushed alike do not move apart."""
    inputs = ask.draw()
    _, out = ask(inputs, dout=np.full(inputs["s"].shape, 3.0))
    if not close(out["ds"], np.zeros(inputs["s"].shape)):
        return "for a dout that is the same everywhere, ds must be 0."
    dout = np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 4.0, 0.0]])
    _, out = ask(s=np.zeros((2, 4)), dout=dout)
    wanted = np.array([[3.0, -1.0, -1.0, -1.0], [-4.0, -4.0, 12.0, -4.0]]) / 16
    if not close(out["ds"], wanted):
        return f"for four equal scores and dout = 1, 0, 0, 0 ds must be {wanted[0].tolist()}."


@property_of(
    softmax_vjp,
    "No Jacobian is built",
    0.5,
    "Your values are right, but you build C * C numbers for an example. Put the Jacobian's formula "
    "into the sum: one part picks a single term, the other factors.",
)
def no_jacobian(ask):
    """C * C numbers would be 500 times as many as there are."""
    N, C = 4, 500
    dout, s, direction = ask.rng.standard_normal((3, N, C))
    _, out = ask(dout=dout, s=s, measured=True)
    moved = probabilities(s + 1e-5 * direction) - probabilities(s - 1e-5 * direction)
    if not close(np.sum(out["ds"] * direction), np.sum(dout * moved) / 2e-5, 1e-6):
        return "ds is not right, so that its price means nothing yet."
    held = out["floats_held"] / (N * C)
    if not held < 40:
        return f"for {N} rows of {C} scores you held {held:.0f} times as many numbers as s at once."
