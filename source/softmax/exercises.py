"""The softmax assignment's exercises: how each answer is called, and what must be true of it. (Students may read it.)"""

import functools

import numpy as np

from autograder import case, exercise, training
from autograder.checks import (
    AllowedMeans,
    Dimensions,
    Gradient,
    Property,
    Reference,
    Task,
    Training,
    Vectorised,
    close,
)
from autograder.checks.training import deterministic, precision_agrees

# --- what several exercises share -------------------------------------------------------------------------------------


def unless(holds, sentence):
    """What a property returns: nothing when it holds, else the sentence."""
    return None if holds else sentence


def huge_scores(rng, inputs):
    """Scores of tens of thousands, of either sign."""
    return 1e4 * rng.standard_normal((8, 5))


def scattered_scores(rng, inputs):
    """Ordinary scores in rows that lie 1000 above and 1000 below zero: no one shift helps them all."""
    return rng.standard_normal((8, 5)) + 1000.0 * np.resize([1, -1, 0], (8, 1))


def score_cases(name):
    """The situations that any function of (N, C) scores must master; ``name`` is the scores' own."""
    sizes = {"N": 8, "C": 5}
    return [
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("equal scores", sizes=sizes, **{name: np.zeros((8, 5))}),
        case("scores of tens of thousands", sizes=sizes, **{name: huge_scores}),
        case("rows that lie 1000 above and below zero", sizes=sizes, **{name: scattered_scores}),
    ]


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


def huge_examples(rng, inputs):
    """Examples that make scores of tens of thousands."""
    return 1e4 * rng.standard_normal((len(inputs["y"]), len(inputs["W"])))


SHIFTED = {"sizes": {"D": 6, "C": 4}, "W": weight_shared_by_all}
LOSS_CASES = [
    case("strong regularisation", reg=2.5),
    case("no regularisation", reg=0.0),
    case("one example", sizes={"N": 1}),
    case("two classes", sizes={"C": 2}),
    case(
        "one label for all",
        y=lambda rng, inputs: np.full(len(inputs["X"]), inputs["W"].shape[1] - 1),
    ),
    case("many more examples than classes", sizes={"N": 40}),
    case("scores of tens of thousands", X=huge_examples),
    case("all scores around 1000", **SHIFTED, X=last_feature(1000)),
    case("rows that lie 1000 above and below zero", **SHIFTED, X=last_feature(1000, -1000, 0)),
]


def cross_entropy(scores, y):
    """The mean loss of scores of any size, for the properties below."""
    from scipy.special import logsumexp

    return float(
        np.mean(logsumexp(scores, axis=1) - np.take_along_axis(scores, y[:, None], 1)[:, 0])
    )


def probabilities(s):
    """The softmax of rows, or of one row, where a probe needs one that is not the student's."""
    from scipy.special import softmax

    return softmax(s, axis=-1)


# --- from scores to probabilities -------------------------------------------------------------------------------------


@exercise(points=5, inputs={"s": "N C"}, outputs={"p": "N C"}, cases=score_cases("s"))
def softmax(student, s):
    """The probabilities of every row."""
    return {"p": student.softmax(s)}


def rows_sum_to_one(trial):
    """Every row is a distribution."""
    _, out = trial.ask()
    p = out["p"]
    return unless(
        close(p.sum(axis=-1), np.ones(len(p)), 1e-12) and (p >= 0).all(),
        "the entries of every row must be positive and sum to 1.",
    )


def one_shift_changes_nothing(trial):
    """Only differences within a row count."""
    inputs, out = trial.ask()
    _, moved = trial.ask(s=inputs["s"] + trial.rng.standard_normal((len(inputs["s"]), 1)))
    return unless(
        close(moved["p"], out["p"]),
        "one number added to all scores of a row changes no probability, yet your answer changes.",
    )


def any_size_of_scores(trial):
    """What exp cannot do alone: rows that lie 1000 apart, and certainty at 10 000."""
    s = trial.rng.standard_normal((6, 4))
    offsets = np.resize([1000.0, -1000.0, 0.0], (6, 1))
    _, level = trial.ask(s=s)
    _, moved = trial.ask(s=s + offsets)
    if not close(moved["p"], level["p"]):
        return "rows moved up and down by 1000 must keep their probabilities."
    for top in (1e4, -1e4):
        _, out = trial.ask(s=np.array([[top, top - 1e4, top - 2e4]]))
        if not close(out["p"], np.array([[1.0, 0.0, 0.0]])):
            return f"a score of {top:g} that leads the others by 10 000 must get probability 1, the others 0."
    return None


softmax.checks = [
    Dimensions(share=0.5),
    Reference(share=1.5, tolerance=1e-10),
    Property("Rows sum to 1", rows_sum_to_one, share=0.75),
    Property("Only differences of scores count", one_shift_changes_nothing, share=0.5),
    Property("Scores of any size", any_size_of_scores, share=1),
    Vectorised(over="N", share=0.75),
]


def far_apart(rng, inputs):
    """Entries of 100 000, of either sign."""
    return 1e5 * rng.standard_normal((4, 5, 6))


@exercise(
    points=3,
    inputs={"x": "N C K"},
    outputs={
        "over_first": "C K",
        "over_middle": "N K",
        "over_last": "N C",
        "some_infinite": "C K",
        "empty_sums": "2",
    },
    cases=[
        case("entries of 100 000", sizes={"N": 4, "C": 5, "K": 6}, x=far_apart),
        case("one term", sizes={"N": 1, "C": 1}),
        case(
            "a thousand above zero",
            sizes={"N": 3, "C": 4, "K": 5},
            x=lambda rng, _: 1000 + rng.random((3, 4, 5)),
        ),
    ],
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


def between_the_largest_and_more(trial):
    """n terms, the largest e to the top: their sum lies between one and n times that."""
    for scale in (1.0, 1e5):
        inputs, out = trial.ask(x=scale * trial.rng.standard_normal((4, 5, 6)))
        for axis, name in enumerate(("over_first", "over_middle", "over_last")):
            top, n = inputs["x"].max(axis=axis), inputs["x"].shape[axis]
            slack = 1e-12 * scale
            above = out[name] > top if scale == 1 else out[name] >= top - slack
            if not (above & (out[name] <= top + np.log(n) + slack)).all():
                return f"over {n} entries of size {scale:g} the result must lie above the largest one, by at most ln {n}."
    return None


def shift_comes_out(trial):
    """A common factor of the terms is a term of the logarithm."""
    inputs, out = trial.ask()
    for shift in (1000.0, -1000.0):
        _, moved = trial.ask(x=inputs["x"] + shift)
        if not close(moved["over_middle"], out["over_middle"] + shift):
            return f"{shift:g} added to every entry must add {shift:g} to the result."
    return None


def infinities(trial):
    """e to the -inf is 0, a number like any other."""
    _, out = trial.ask()
    if not close(out["some_infinite"], out["over_first"]):
        return "entries of -inf are terms 0 and must not change the result."
    return unless(
        close(out["empty_sums"], np.zeros(2)), "where all entries are -inf the result must be -inf."
    )


logsumexp.checks = [
    Dimensions(share=0.25),
    Reference(share=1),
    Property("Near the largest entry", between_the_largest_and_more, share=0.5),
    Property("A shift comes out again", shift_comes_out, share=0.25),
    Property("Minus infinity", infinities, share=0.5),
    Vectorised(over="N", share=0.5),
]


@exercise(points=3, inputs={"x": "N C"}, outputs={"log_p": "N C"}, cases=score_cases("x"))
def log_softmax(student, x):
    """The log probabilities of every row."""
    return {"log_p": student.log_softmax(x)}


def exponentials_are_probabilities(trial):
    """Every row of e to the log p sums to 1."""
    for scale in (1.0, 1e5):
        _, out = trial.ask(x=scale * trial.rng.standard_normal((6, 4)))
        if not close(np.exp(out["log_p"]).sum(axis=-1), np.ones(6)):
            return f"for scores of size {scale:g}, the exponentials of each row must sum to 1."
    return None


def far_behind_is_finite(trial):
    """Where p rounds to 0, its logarithm is still an ordinary number."""
    _, out = trial.ask(x=np.array([[0.0, -1000.0, -1e5]]))
    if close(out["log_p"], np.array([[0.0, -1000.0, -1e5]])):
        return None
    shown = ", ".join(f"{value:g}" for value in np.ravel(out["log_p"]))
    return f"the scores 0, -1000, -100000 are their own log probabilities (up to rounding); yours are {shown}."


log_softmax.checks = [
    Dimensions(share=0.25),
    Reference(share=1),
    Property("Its exponentials are probabilities", exponentials_are_probabilities, share=0.5),
    Property("Finite where p rounds to 0", far_behind_is_finite, share=0.75),
    Vectorised(over="N", share=0.5),
]


# --- the loss of a mini-batch and its gradient ------------------------------------------------------------------------


def starts_at_log_C(trial):
    """With no weights all classes are equally probable."""
    inputs, _ = trial.exercise.draw(trial.rng)
    _, out = trial.ask(**{**inputs, "W": np.zeros_like(inputs["W"])})
    loss, C = out["loss"], inputs["W"].shape[1]
    return unless(
        close(loss, np.log(C)),
        f"with W = 0 the loss must be ln {C} = {np.log(C):.6g}; yours is {loss:.6g}.",
    )


def badly_wrong_is_expensive(trial):
    """A probability that rounds to 0 has a logarithm all the same."""
    y = np.array([0, 1, 2])
    for size in (1e3, 1e4):
        scores = np.array([[size, size, size], [-size, -size, -size], [0.0, 0.0, -size]])
        _, out = trial.ask(W=scores, X=np.eye(3), y=y, reg=0.0)
        loss, wanted = out["loss"], cross_entropy(scores, y)
        if not close(loss, wanted):
            return f"rows of {size:g} and of {-size:g}, and a true class {size:g} behind, cost {wanted:.6g}, not {loss:.6g}."
    return None


def penalty_is_the_sum_of_squares(trial):
    """What the regularisation adds, to the loss and to its gradient."""
    inputs, without = trial.ask(reg=0.0)
    _, with_reg = trial.ask(**{**inputs, "reg": 1.5})
    if not close(with_reg["loss"] - without["loss"], 1.5 * np.sum(inputs["W"] ** 2)):
        return "reg = 1.5 must add 1.5 times the sum of all squared weights to the loss."
    added = with_reg["dW"] - without["dW"]
    return unless(
        close(added, 3 * inputs["W"]), "reg = 1.5 must add the gradient of 1.5 * sum(W**2) to dW."
    )


def blind_to_a_common_shift(trial):
    """Adding one vector to the weights of every class moves all scores of an example alike."""
    inputs, out = trial.ask(reg=0.0)
    shift = trial.rng.standard_normal((inputs["W"].shape[0], 1))
    _, moved = trial.ask(**{**inputs, "W": inputs["W"] + shift})
    return unless(
        close(moved["loss"], out["loss"]) and close(moved["dW"], out["dW"]),
        "one vector added to the weights of every class changes no difference of scores, yet your answer changes.",
    )


@exercise(
    points=6,
    inputs={"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
    outputs={"loss": "", "dW": "D C"},
    cases=LOSS_CASES,
)
def softmax_loss_naive(student, W, X, y, reg):
    """Loss and gradient."""
    loss, dW = student.softmax_loss_naive(W, X, y, reg)
    return {"loss": loss, "dW": dW}


softmax_loss_naive.checks = [
    Dimensions(share=0.5),
    Reference(share=1, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="W", claimed="dW", share=1),
    Reference(share=1, outputs=("dW",), title="Right gradient"),
    Property("ln C at the start", starts_at_log_C, share=0.5),
    Property("Badly wrong is expensive, not infinite", badly_wrong_is_expensive, share=1),
    Property("The price of large weights", penalty_is_the_sum_of_squares, share=1),
]


@exercise(
    points=4,
    inputs={"x": "N C", "y": "N int<C"},
    outputs={"loss": "", "dx": "N C"},
    cases=[
        *score_cases("x"),
        case(
            "one label for all",
            y=lambda rng, inputs: np.full(len(inputs["x"]), inputs["x"].shape[1] - 1),
        ),
    ],
)
def softmax_loss(student, x, y):
    """Loss and the gradient that goes back into the scores."""
    loss, dx = student.softmax_loss(x, y)
    return {"loss": loss, "dx": dx}


def rows_sum_to_zero(trial):
    """What pushes the wrong classes down pushes the true one up, by as much."""
    inputs, out = trial.ask()
    if close(out["dx"].sum(axis=-1), np.zeros(len(inputs["x"]))):
        return None
    row = int(np.argmax(np.abs(np.nan_to_num(out["dx"].sum(axis=-1), nan=np.inf))))
    return f"every row of dx must sum to 0 (equal scores added to a row change nothing); row {row} does not."


def only_the_true_class_rises(trial):
    """A higher score helps where the class is right and costs where it is wrong."""
    inputs, out = trial.ask()
    true = np.eye(inputs["x"].shape[1], dtype=bool)[inputs["y"]]
    if (out["dx"][true] < 0).all() and (out["dx"][~true] > 0).all():
        return None
    return "dx must be negative at the true class (raising its score lowers the loss) and positive at all others."


def any_scores_have_a_loss(trial):
    """Scores of tens of thousands, rows 1000 apart."""
    for made in (huge_scores, scattered_scores):
        x, y = made(trial.rng, {}), trial.rng.integers(0, 5, 8)
        _, out = trial.ask(x=x, y=y)
        if not close(out["loss"], wanted := cross_entropy(x, y)):
            return f"for scores from {x.min():.5g} to {x.max():.5g} the loss must be {wanted:.6g}, not {out['loss']:.6g}."
    return None


softmax_loss.checks = [
    Dimensions(share=0.5),
    Reference(share=0.75, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="x", claimed="dx", share=0.75),
    Reference(share=0.5, outputs=("dx",), title="Right gradient"),
    Property("The rows of dx sum to 0", rows_sum_to_zero, share=0.25),
    Property("Only the true class is pushed up", only_the_true_class_rises, share=0.25),
    Property("Scores of any size", any_scores_have_a_loss, share=0.5),
    Vectorised(over="N", share=0.5),
]


@exercise(
    points=7,
    inputs={"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
    outputs={"loss": "", "dW": "D C"},
    cases=LOSS_CASES,
)
def softmax_loss_vectorized(student, W, X, y, reg):
    """Loss and gradient."""
    loss, dW = student.softmax_loss_vectorized(W, X, y, reg)
    return {"loss": loss, "dW": dW}


softmax_loss_vectorized.checks = [
    Dimensions(share=0.5),
    Reference(share=1, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="W", claimed="dW", share=1),
    Reference(share=1, outputs=("dW",), title="Right gradient"),
    Vectorised(over="N", share=1),
    Vectorised(over="C", share=0.5),
    Property("ln C at the start", starts_at_log_C, share=0.25),
    Property("Badly wrong is expensive, not infinite", badly_wrong_is_expensive, share=1),
    Property("The price of large weights", penalty_is_the_sum_of_squares, share=0.5),
    Property("Only differences of scores count", blind_to_a_common_shift, share=0.25),
]


# --- the softmax alone, backwards -------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"s": "C", "v": "C"},
    outputs={"J": "C C", "p": "C", "vJ": "C"},
    cases=[
        case("two classes", sizes={"C": 2}),
        case("equal scores", sizes={"C": 5}, s=np.zeros(5)),
        case(
            "scores a thousand above zero",
            sizes={"C": 5},
            s=lambda rng, inputs: 1000 + rng.standard_normal(5),
        ),
        case(
            "scores of tens of thousands",
            sizes={"C": 5},
            s=lambda rng, inputs: 1e4 * rng.standard_normal(5),
        ),
    ],
)
def softmax_jacobian(student, s, v):
    """J; and, for the slope check, the probabilities (ours) and v J, the gradient of v . p."""
    J = student.softmax_jacobian(s)
    fits = isinstance(J, np.ndarray) and J.shape == (len(s), len(s))
    return {"J": J, "p": probabilities(s), "vJ": v @ J if fits else np.full(len(s), np.nan)}


def probability_is_conserved(trial):
    """The probabilities sum to 1 whatever the scores are, and equal shifts change nothing."""
    _, out = trial.ask()
    J = out["J"]
    if not close(J.sum(axis=0), np.zeros(len(J))):
        return "every column of J must sum to 0: what one probability gains, the others lose."
    return unless(
        close(J.sum(axis=1), np.zeros(len(J))),
        "every row of J must sum to 0: a common shift changes nothing.",
    )


def symmetric_and_not_negative(trial):
    """J is the covariance of a draw from p: symmetric, and no direction has a negative variance."""
    _, out = trial.ask()
    if not close(out["J"], out["J"].T):
        return "J must be symmetric."
    values = np.linalg.eigvalsh(out["J"])
    return unless(
        -1e-12 < values.min() < 1e-6 < values.max(),
        f"J is a covariance: its eigenvalues are positive, and one is 0. Yours go from {values.min():.3g} to "
        f"{values.max():.3g}.",
    )


softmax_jacobian.checks = [
    Dimensions(share=0.25),
    Reference(share=0.75, outputs=("J",)),
    Gradient("p", wrt="s", claimed="vJ", upstream="v", share=1),
    Property("Rows and columns sum to 0", probability_is_conserved, share=0.25),
    Property("Symmetric, and never negative", symmetric_and_not_negative, share=0.25),
    Vectorised(over="C", share=0.5),
]


def most_floats_held(call):
    """The most memory that a call held at once, counted in floats of 8 bytes, and what it returned."""
    import tracemalloc

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
    points=3,
    inputs={"dout": "N C", "s": "N C", "measured": "bool"},
    outputs={"ds": "N C", "p": "N C", "floats_held": ""},
    given={"measured": lambda rng, sizes: False},
    cases=score_cases("s"),
)
def softmax_vjp(student, dout, s, measured):
    """ds; for the slope check the probabilities (ours); and, where it is asked for, the memory that was needed."""
    floats_held = 0.0
    if measured:
        floats_held, ds = most_floats_held(lambda: student.softmax_vjp(dout, s))
    else:
        ds = student.softmax_vjp(dout, s)
    return {"ds": ds, "p": probabilities(s), "floats_held": floats_held}


def no_jacobian(trial):
    """C * C numbers would be 500 times as many as there are."""
    N, C = 4, 500
    dout, s, direction = trial.rng.standard_normal((3, N, C))
    _, out = trial.ask(dout=dout, s=s, measured=True)
    moved = probabilities(s + 1e-5 * direction) - probabilities(s - 1e-5 * direction)
    if not close(np.sum(out["ds"] * direction), np.sum(dout * moved) / 2e-5, 1e-6):
        return "ds is not right, so that its price means nothing yet."
    held = out["floats_held"] / (N * C)
    return unless(
        held < 40,
        f"for {N} rows of {C} scores you held {held:.0f} times as many numbers as s at once.",
    )


def moves_of_one_row(trial):
    """All probabilities of a row cannot be pushed up alike, and two scores pushed alike do not move apart."""
    inputs, _ = trial.ask()
    _, out = trial.ask(s=inputs["s"], dout=np.full(inputs["s"].shape, 3.0))
    if not close(out["ds"], np.zeros(inputs["s"].shape)):
        return "for a dout that is the same everywhere, ds must be 0."
    _, out = trial.ask(
        s=np.zeros((2, 4)), dout=np.array([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 4.0, 0.0]])
    )
    wanted = np.array([[3.0, -1.0, -1.0, -1.0], [-4.0, -4.0, 12.0, -4.0]]) / 16
    return unless(
        close(out["ds"], wanted),
        f"for four equal scores and dout = 1, 0, 0, 0 ds must be {wanted[0].tolist()}.",
    )


softmax_vjp.checks = [
    Dimensions(share=0.25),
    Reference(share=0.75, outputs=("ds",)),
    Gradient("p", wrt="s", claimed="ds", upstream="dout", share=0.75),
    Property("Rows that can be done by hand", moves_of_one_row, share=0.25),
    Property(
        "No Jacobian is built",
        no_jacobian,
        share=0.5,
        hint="Your values are right, but you build C * C numbers for an example. Put the Jacobian's formula into the "
        "sum: one part picks a single term, the other factors.",
    ),
    Vectorised(over="N", share=0.5),
]


# --- before training --------------------------------------------------------------------------------------------------


@exercise(
    points=2,
    inputs={"C": "int"},
    outputs={"softmax": "", "softmax_by_default": "", "hinge": "", "refuses_other_kinds": "bool"},
    given={"C": lambda rng, sizes: int(rng.integers(3, 60))},
    cases=[case("CIFAR-10", C=10), case("ImageNet", C=1000), case("two classes", C=2)],
)
def expected_initial_loss(student, C):
    """Both kinds, and one that there is not."""
    answers = {
        "softmax": student.expected_initial_loss(C, "softmax"),
        "softmax_by_default": student.expected_initial_loss(C),
        "hinge": student.expected_initial_loss(C, "hinge"),
    }
    try:
        student.expected_initial_loss(C, "perceptron")
    except ValueError:
        return {**answers, "refuses_other_kinds": True}
    return {**answers, "refuses_other_kinds": False}


def equals_the_loss_of_equal_scores(trial):
    """What the formulas of the losses say for scores that are all zero; for ten classes 2.302585 and 9."""
    for C in (10, int(trial.rng.integers(11, 500))):
        _, out = trial.ask(C=C)
        if not close(
            out["softmax"], wanted := cross_entropy(np.zeros((1, C)), np.zeros(1, dtype=int))
        ):
            return f"{C} classes with equal scores have a softmax loss of {wanted:.6f}, not {out['softmax']:.6f}."
        if not close(out["hinge"], C - 1):
            return f"{C} classes with equal scores have a hinge loss of {C - 1}, not {out['hinge']:.6g}."
    return None


def refuses_other_kinds(trial):
    """A silent answer to a question not understood is worse than none."""
    _, out = trial.ask()
    return unless(
        out["refuses_other_kinds"], "a kind other than 'softmax' and 'hinge' must raise ValueError."
    )


expected_initial_loss.checks = [
    Dimensions(share=0.25),
    Property("The loss of equal scores", equals_the_loss_of_equal_scores, share=0.75),
    Property("Other kinds are refused", refuses_other_kinds, share=0.25),
    Reference(share=0.75),
]


@exercise(
    points=3,
    inputs={
        "W": "D C",
        "X": "N D",
        "y": "N int<C",
        "starts": "K",
        "slopes": "K",
        "reg": "",
        "tol": "",
    },
    outputs={
        "starts_right": "K bool",
        "reg_raises_it": "K bool",
        "starts_right_by_default": "K bool",
    },
    given={
        # where each loss starts, in units of tol from ln C; and how it answers to the regularisation
        "starts": lambda rng, sizes: rng.permutation(
            [-9.0, -1.5, -0.9, -0.3, 0.0, 0.5, 0.9, 1.2, 9.0, np.nan]
        ),
        "slopes": lambda rng, sizes: rng.permutation(np.resize([1.0, 0.0, -1.0, 0.02], sizes["K"])),
        "tol": lambda rng, sizes: float(rng.choice([0.02, 0.04, 0.3])),
        "W": lambda rng, sizes: 0.1 * rng.standard_normal((sizes["D"], sizes["C"])),
    },
    sizes={"K": (10, 10)},
    cases=[
        case("a thousand classes", sizes={"C": 1000}),
        case("as many examples as classes", sizes={"C": 6, "N": 6}),
    ],
)
def initial_loss_ok(student, W, X, y, starts, slopes, reg, tol):
    """Asked about losses that start and answer as planned, once with a tol of its own, once with the defaults."""

    def planned(start, slope, unit):
        def loss_fn(W, X, y, reg):
            return np.log(W.shape[1]) + start * unit + slope * reg * np.sum(W * W), np.zeros_like(W)

        return loss_fn

    plans = list(zip(starts, slopes, strict=True))
    verdicts = [student.initial_loss_ok(planned(*plan, tol), W, X, y, reg, tol) for plan in plans]
    by_default = [student.initial_loss_ok(planned(*plan, 0.1), W, X, y) for plan in plans]
    return {
        "starts_right": np.array([verdict[0] for verdict in verdicts]),
        "reg_raises_it": np.array([verdict[1] for verdict in verdicts]),
        "starts_right_by_default": np.array([verdict[0] for verdict in by_default]),
    }


def tells_good_from_bad(trial):
    """A right start, a half-blind one, a dead regulariser, one that lowers the loss, and nan."""
    plans = {
        "starts at ln C and rises": ((0.0, 1.0), (True, True)),
        "starts five tolerances below ln C": ((-5.0, 1.0), (False, True)),
        "starts five tolerances above ln C": ((5.0, 1.0), (False, True)),
        "ignores the regularisation": ((0.0, 0.0), (True, False)),
        "falls with the regularisation": ((0.0, -1.0), (True, False)),
        "is nan": ((np.nan, 1.0), (False, False)),
    }
    inputs, _ = trial.exercise.draw(trial.rng)
    starts, slopes = np.array([plan for plan, _ in plans.values()]).T
    _, out = trial.ask(**{**inputs, "starts": starts, "slopes": slopes, "reg": 0.5, "tol": 0.01})
    for k, (title, (_, wanted)) in enumerate(plans.items()):
        if (got := (bool(out["starts_right"][k]), bool(out["reg_raises_it"][k]))) != wanted:
            return f"for a loss that {title} the answer is {wanted}; yours is {got}."
    return None


initial_loss_ok.checks = [
    Dimensions(share=0.5),
    Property("Good and bad starts", tells_good_from_bad, share=1),
    Reference(share=1.5),
]


# --- training ---------------------------------------------------------------------------------------------------------


def squares(W, X, y, reg=0.0):
    """A loss that is not softmax, for probes that hand one over: half the mean squared distance to one-hot labels."""
    apart = X @ W - np.eye(W.shape[1])[y]
    return 0.5 * np.sum(apart**2) / len(X) + reg * np.sum(W * W), X.T @ apart / len(X) + 2 * reg * W


@exercise(
    points=5,
    inputs={
        "X": "N D",
        "y": "N int<C",
        "X_new": "M D",
        "learning_rate": "",
        "reg": "",
        "num_iters": "int",
        "batch_size": "int",
        "seed": "int",
    },
    outputs={
        "losses": "T",
        "W": "D C",
        "probabilities": "M C",
        "predictions": "M int",
        "losses_of_a_second_call": "T",
        "W_after_it": "D C",
    },
    given={
        "y": lambda rng, sizes: rng.permutation(np.arange(sizes["N"]) % sizes["C"]),
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.05, 0.15)),
        "num_iters": lambda rng, sizes: sizes["T"],
        "batch_size": lambda rng, sizes: int(rng.integers(5, 10)),
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
    },
    sizes={"N": (30, 40), "C": (3, 5), "D": (6, 9), "T": (15, 20), "M": (21, 29)},
    cases=[case("no regularisation", reg=0.0)],
    seconds=20,
)
def Softmax(student, X, y, X_new, learning_rate, reg, num_iters, batch_size, seed):
    """Train on squared distances (training is judged here, not the cross-entropy loss), predict, train on."""
    model, rng = student.Softmax(), np.random.default_rng(seed)
    model.loss = lambda X, y, reg: squares(model.W, X, y, reg)
    losses = model.train(X, y, learning_rate, reg, num_iters, batch_size, rng)
    W, p, predictions = np.array(model.W), model.probabilities(X_new), model.predict(X_new)
    more = model.train(X, y, learning_rate, reg, num_iters, batch_size, rng)
    return {
        "losses": np.array(losses, dtype=float),
        "W": W,
        "probabilities": p,
        "predictions": predictions,
        "losses_of_a_second_call": np.array(more, dtype=float),
        "W_after_it": np.array(model.W),
    }


@functools.cache
def digits():
    """Scikit-learn's 1797 digits of 8x8 pixels, scaled to [0, 1], centred, with a bias column; and their labels."""
    from coursekit.data import read_digits

    X, y = read_digits()
    X = X / 16
    return np.hstack([X - X.mean(axis=0), np.ones((len(X), 1))]), y


def learns_the_digits(trial):
    """500 steps on two thirds of the digits; the labels of the last third never leave this function."""
    X, y = digits()
    order = trial.rng.permutation(len(y))
    known, held_out = order[:1200], order[1200:]
    settings = {"learning_rate": 0.2, "reg": 1e-4, "num_iters": 500, "batch_size": 100}
    _, out = trial.ask(X=X[known], y=y[known], X_new=X[held_out], **settings)
    if out["predictions"].shape != (len(held_out),):
        return f"predict must give one class for each of {len(held_out)} examples, not {out['predictions'].shape}."
    accuracy = np.mean(out["predictions"] == y[held_out])
    return unless(
        accuracy >= 0.85,  # measured with this loss: 0.93 on average, never below 0.90
        f"after 500 steps {accuracy:.0%} of 597 unseen digits are right; 85% is easily reached.",
    )


def loss_falls(trial):
    """From 0.5, half the squared distance of weights near zero, down."""
    X, y = digits()
    _, out = trial.ask(
        X=X, y=y, X_new=X[:5], learning_rate=0.2, reg=1e-4, num_iters=200, batch_size=100
    )
    losses = out["losses"]
    if losses.shape != (200,):
        return f"train must return the loss of each of its 200 steps; it returned {losses.size}."
    if not abs(losses[0] - 0.5) < 0.05:
        return f"with weights near 0 the check's first loss is near 0.5; yours is {losses[0]:.4g}."
    if not losses[-20:].mean() < 0.3:
        last = losses[-20:].mean()
        return f"the check's loss must fall from 0.5 to below 0.3 in 200 steps; the last 20 average {last:.3g}."
    return None


Softmax.checks = [
    Dimensions(share=0.5),
    Reference(share=2),
    Property("The loss falls", loss_falls, share=1.25),
    Property("It reads digits it has not seen", learns_the_digits, share=1.25),
]


@exercise(
    points=3,
    inputs={
        "X": "N D",
        "y": "N int<C",
        "num_examples": "int",
        "learning_rate": "",
        "num_iters": "int",
        "seed": "int",
    },
    outputs={"losses": "T", "accuracy": ""},
    given={
        "y": lambda rng, sizes: rng.permutation(np.arange(sizes["N"]) % sizes["C"]),
        "num_examples": lambda rng, sizes: int(rng.integers(9, 13)),
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.02, 0.1)),
        "num_iters": lambda rng, sizes: sizes["T"],
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
    },
    sizes={"N": (30, 40), "C": (4, 6), "D": (7, 9), "T": (2, 3)},
    cases=[
        case("one step", sizes={"T": 1}),
        case("one step, again", sizes={"T": 1}),
        case("many steps", sizes={"T": 60}),
    ],
)
def overfit_small(student, X, y, num_examples, learning_rate, num_iters, seed):
    """With a loss of our own."""
    losses, accuracy = student.overfit_small(
        squares, X, y, num_examples, learning_rate, num_iters, np.random.default_rng(seed)
    )
    return {"losses": np.array(losses, dtype=float), "accuracy": accuracy}


def learns_by_heart(trial):
    """Twenty digits are no match for 650 weights."""
    X, y = digits()
    _, out = trial.ask(X=X, y=y, num_examples=20, learning_rate=0.2, num_iters=1000)
    losses = out["losses"]
    if losses.shape != (1000,):
        return (
            f"the loss of each of 1000 steps must be returned; yours has the shape {losses.shape}."
        )
    if not losses[-1] < 0.02 * losses[0]:
        return f"the loss of 20 examples must all but vanish; yours goes from {losses[0]:.3g} to {losses[-1]:.3g}."
    return unless(
        close(out["accuracy"], 1.0),
        f"all 20 examples are learned by heart: accuracy 1, not {out['accuracy']:.3g}.",
    )


overfit_small.checks = [
    Dimensions(share=0.5),
    Property("Learned by heart", learns_by_heart, share=1),
    Reference(share=1.5),
]


# --- update rules -----------------------------------------------------------------------------------------------------


def walk(rule, w, gradients, config):
    """Step after step with one config: where w was after each step, and the last config."""
    path = []
    for dw in gradients:
        w, config = rule(w, dw, config)
        path.append(np.array(w))
    return np.array(path), config or {}


RULE = {"w": "N D", "gradients": "T N D", "learning_rate": ""}
RULE_SIZES = {"T": (3, 5)}
SHORT_STEPS = {"learning_rate": lambda rng, sizes: float(rng.uniform(0.02, 0.2))}


def tiny_gradients(rng, inputs):
    """A millionth of the usual size: a misplaced epsilon shows here."""
    return 1e-6 * rng.standard_normal((3, *inputs["w"].shape))


def first_step_is_plain(trial):
    """From rest, everything there is to follow is the gradient."""
    inputs, out = trial.ask()
    step = -inputs["learning_rate"] * inputs["gradients"][0]
    return unless(
        close(out["path"][0] - inputs["w"], step),
        "from rest, the first step must be minus learning_rate times gradient.",
    )


def goes_downhill(trial):
    """Against the gradient, in every entry, at the first step."""
    inputs, out = trial.ask()
    step = out["path"][0] - inputs["w"]
    if (step * inputs["gradients"][0] < 0).all():
        return None
    return "the first step must lower w where the gradient is positive and raise it where it is negative."


@exercise(
    points=1,
    inputs=RULE,
    outputs={"path": "T N D", "path_by_default": "T N D"},
    sizes=RULE_SIZES,
    given=SHORT_STEPS,
)
def sgd(student, w, gradients, learning_rate):
    """A few steps, once with a learning rate of their own, once with the default."""
    return {
        "path": walk(student.sgd, w, gradients, {"learning_rate": learning_rate})[0],
        "path_by_default": walk(student.sgd, w, gradients, None)[0],
    }


sgd.checks = [
    Dimensions(share=0.25),
    Reference(share=0.5),
    Property("Downhill, by the learning rate", first_step_is_plain, share=0.25),
]


@exercise(
    points=3,
    inputs={**RULE, "momentum": "", "start": "N D"},
    outputs={
        "path": "T N D",
        "velocity": "N D",
        "path_by_default": "T N D",
        "path_with_a_start": "T N D",
    },
    sizes=RULE_SIZES,
    given={**SHORT_STEPS, "momentum": lambda rng, sizes: float(rng.uniform(0.3, 0.8))},
    cases=[case("no momentum", momentum=0.0), case("one step", sizes={"T": 1})],
)
def sgd_momentum(student, w, gradients, learning_rate, momentum, start):
    """A few steps from rest; with the defaults; and with a velocity to start from."""
    settings = {"learning_rate": learning_rate, "momentum": momentum}
    path, config = walk(student.sgd_momentum, w, gradients, dict(settings))
    return {
        "path": path,
        "velocity": config.get("velocity"),
        "path_by_default": walk(student.sgd_momentum, w, gradients, None)[0],
        "path_with_a_start": walk(
            student.sgd_momentum, w, gradients, {**settings, "velocity": start.copy()}
        )[0],
    }


def coasts(trial):
    """On flat ground the velocity fades like momentum to the power of t, and carries w on."""
    inputs, _ = trial.exercise.draw(trial.rng)
    inputs |= {"gradients": np.zeros_like(inputs["gradients"])}
    _, out = trial.ask(**inputs)
    steps = np.diff(np.concatenate([inputs["w"][None], out["path_with_a_start"]]), axis=0)
    fading = inputs["momentum"] ** np.arange(1, len(steps) + 1)[:, None, None] * inputs["start"]
    return unless(
        close(steps, fading),
        "with a velocity to start from and no gradient, step t must be momentum**t times that velocity.",
    )


sgd_momentum.checks = [
    Dimensions(share=0.25),
    Reference(share=1.5),
    Property("The first step is plain descent", first_step_is_plain, share=0.5),
    Property("It coasts", coasts, share=0.75),
]


@exercise(
    points=3,
    inputs={**RULE, "decay_rate": "", "start": "N D"},
    outputs={
        "path": "T N D",
        "cache": "N D",
        "path_by_default": "T N D",
        "path_with_a_start": "T N D",
    },
    sizes=RULE_SIZES,
    given={
        **SHORT_STEPS,
        "decay_rate": lambda rng, sizes: float(rng.uniform(0.6, 0.95)),
        "start": lambda rng, sizes: rng.uniform(0.5, 2, (sizes["N"], sizes["D"])),
    },
    cases=[
        case("one step", sizes={"T": 1}),
        case("tiny gradients", sizes={"T": 3}, start=np.array(0.0), gradients=tiny_gradients),
    ],
)
def rmsprop(student, w, gradients, learning_rate, decay_rate, start):
    """A few steps from an empty cache; with the defaults; and with a cache to start from."""
    settings = {"learning_rate": learning_rate, "decay_rate": decay_rate}
    path, config = walk(student.rmsprop, w, gradients, dict(settings))
    cached = np.broadcast_to(start, w.shape).copy()
    return {
        "path": path,
        "cache": config.get("cache"),
        "path_by_default": walk(student.rmsprop, w, gradients, None)[0],
        "path_with_a_start": walk(student.rmsprop, w, gradients, {**settings, "cache": cached})[0],
    }


def one_size_for_all_gradients(trial):
    """From an empty cache the first step is learning_rate / sqrt(1 - decay_rate), however steep the slope."""
    inputs, _ = trial.exercise.draw(trial.rng)
    for size in (1e-3, 1e3):
        gradients = (
            size
            * np.sign(inputs["gradients"])
            * trial.rng.uniform(0.5, 2, inputs["gradients"].shape)
        )
        _, out = trial.ask(**{**inputs, "gradients": gradients})
        wanted = (
            -np.sign(gradients[0]) * inputs["learning_rate"] / np.sqrt(1 - inputs["decay_rate"])
        )
        if not close(out["path"][0] - inputs["w"], wanted, 1e-3):
            return (
                f"for gradients of size {size:g} and an empty cache, every entry's first step must be "
                f"learning_rate / sqrt(1 - decay_rate) long."
            )
    return None


rmsprop.checks = [
    Dimensions(share=0.25),
    Reference(share=1.5),
    Property("Downhill", goes_downhill, share=0.25),
    Property("Steps of one size", one_size_for_all_gradients, share=1),
]


@exercise(
    points=4,
    inputs={**RULE, "beta1": "", "beta2": "", "m": "N D", "v": "N D", "t": "int"},
    outputs={
        "path": "T N D",
        "m_after": "N D",
        "v_after": "N D",
        "t_after": "int",
        "path_by_default": "T N D",
        "path_with_a_start": "T N D",
        "first_step_over_rate": "5",
    },
    sizes=RULE_SIZES,
    given={
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.01, 0.03)),
        "beta1": lambda rng, sizes: float(rng.uniform(0.5, 0.85)),
        "beta2": lambda rng, sizes: float(rng.uniform(0.9, 0.99)),
        # not near zero: there the two usual places of epsilon would differ, and both are right
        "gradients": lambda rng, sizes: (
            rng.uniform(0.5, 2, (sizes["T"], sizes["N"], sizes["D"]))
            * rng.choice([-1, 1], (sizes["T"], sizes["N"], sizes["D"]))
        ),
        "v": lambda rng, sizes: rng.uniform(0.5, 2, (sizes["N"], sizes["D"])),
        "t": lambda rng, sizes: int(rng.integers(2, 9)),
    },
    cases=[case("one step", sizes={"T": 1})],
)
def adam(student, w, gradients, learning_rate, beta1, beta2, m, v, t):
    """A few steps from rest; with the defaults; going on from step t; and first steps at slopes from 1e-5 to 1e5."""
    settings = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2}
    path, config = walk(student.adam, w, gradients, dict(settings))
    going_on = {**settings, "m": m.copy(), "v": v.copy(), "t": t}
    slopes = np.array([1e-5, 1e-3, 1.0, 1e3, 1e5])
    first = student.adam(np.zeros(5), slopes, {"learning_rate": 0.5})[0]
    return {
        "path": path,
        "m_after": config.get("m"),
        "v_after": config.get("v"),
        "t_after": config.get("t"),
        "path_by_default": walk(student.adam, w, gradients, None)[0],
        "path_with_a_start": walk(student.adam, w, gradients, going_on)[0],
        # to one digit: whether epsilon is scaled with the correction or not makes 3% here, inside the root ten times
        "first_step_over_rate": np.round(-np.asarray(first, dtype=float) / 0.5, 1),
    }


def first_step_is_the_rate(trial):
    """Corrected, m over the root of v is the gradient over its own size."""
    inputs, out = trial.ask()
    if not close(out["first_step_over_rate"], np.ones(5)):
        shown = ", ".join(f"{value:g}" for value in out["first_step_over_rate"])
        return (
            "for slopes of 1e-5, 1e-3, 1, 1e3 and 1e5 the first step must be 1 times the learning rate; "
            f"yours is {shown} times."
        )
    first = out["path"][0] - inputs["w"]
    return unless(
        close(first, -inputs["learning_rate"] * np.sign(inputs["gradients"][0]), 1e-6),
        "the first step must be the learning rate times minus the gradient's sign, whatever beta1 and beta2 are.",
    )


def constant_slope_constant_step(trial):
    """While the gradient stays the same, both corrected means are exact, and no step is shorter than another."""
    inputs, _ = trial.exercise.draw(trial.rng)
    gradients = np.broadcast_to(inputs["gradients"][0], inputs["gradients"].shape).copy()
    _, out = trial.ask(**{**inputs, "gradients": gradients})
    steps = np.diff(np.concatenate([inputs["w"][None], out["path"]]), axis=0)
    return unless(
        close(steps, np.broadcast_to(steps[0], steps.shape), 1e-6) and out["t_after"] == len(steps),
        "while the gradient stays the same, every step must be as long as the first, and t must count the steps.",
    )


adam.checks = [
    Dimensions(share=0.25),
    Reference(share=2, tolerance=1e-6),
    Property("Downhill", goes_downhill, share=0.25),
    Property("The first step is the learning rate", first_step_is_the_rate, share=1),
    Property("Equal slopes, equal steps", constant_slope_constant_step, share=0.5),
]


# --- watching training ------------------------------------------------------------------------------------------------


@exercise(
    points=2,
    inputs={"w": "N D", "update": "N D"},
    outputs={"ratio": "", "ratio_of_biases": ""},
    given={
        "update": lambda rng, sizes: (
            10 ** rng.uniform(-4, -1) * rng.standard_normal((sizes["N"], sizes["D"]))
        )
    },
    cases=[
        case("an update against the weights", update=lambda rng, inputs: -1e-3 * inputs["w"]),
        case(
            "a large update", update=lambda rng, inputs: 20 * rng.standard_normal(inputs["w"].shape)
        ),
        case("one weight", sizes={"N": 1, "D": 1}),
    ],
)
def update_ratio(student, w, update):
    """Of a matrix and of a row of biases."""
    return {
        "ratio": student.update_ratio(w, update),
        "ratio_of_biases": student.update_ratio(w[0], update[0]),
    }


def a_thousandth(trial):
    """The number to look for: of weights as long as 5, an update as long as 0.005."""
    w = np.array([[3.0, 4.0]])
    for update in (1e-3 * w, -1e-3 * w, np.array([[0.005, 0.0]]), np.array([[0.003, -0.004]])):
        ratio = trial.ask(w=w, update=update)[1]["ratio"]
        if not close(ratio, 1e-3, 1e-12):
            return f"of the weights 3, 4 and the update {update[0].tolist()} the ratio is 0.001; yours is {ratio:.6g}."
    return None


update_ratio.checks = [
    Dimensions(share=0.25),
    Property("A thousandth", a_thousandth, share=0.75),
    Reference(share=1),
]


def fading(w, dw, config):
    """An update rule with a memory: plain steps that get shorter. It makes a new config every time."""
    taken = config["taken"]
    return w - config["learning_rate"] / (1 + 0.3 * taken) * dw, {**config, "taken": taken + 1}


def recorded(history, name):
    """One line of the record as an array; None when it is missing."""
    return np.asarray(history[name], dtype=float) if name in history else None


@exercise(
    points=4,
    inputs={
        "W": "D C",
        "X": "N D",
        "y": "N int<C",
        "learning_rate": "",
        "num_iters": "int",
        "batch_size": "int",
        "seed": "int",
    },
    outputs={"W_after": "D C", "loss": "T", "update_ratio": "T", "grad_norm": "T"},
    given={
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.05, 0.2)),
        "num_iters": lambda rng, sizes: sizes["T"],
        "batch_size": lambda rng, sizes: int(rng.integers(5, 10)),
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
    },
    sizes={"N": (20, 30), "T": (10, 15)},
    cases=[
        case("one step", sizes={"T": 1}),
        case("batches as large as the data", sizes={"N": 25}, batch_size=25),
        case(
            "tiny weights",
            W=lambda rng, inputs: 1e-3 * rng.standard_normal((7, 4)),
            sizes={"D": 7, "C": 4},
        ),
    ],
)
def train_with_monitor(student, W, X, y, learning_rate, num_iters, batch_size, seed):
    """With a loss and an update rule of our own."""
    config = {"learning_rate": learning_rate, "taken": 0}
    W_after, history = student.train_with_monitor(
        squares, W, X, y, fading, config, num_iters, batch_size, np.random.default_rng(seed)
    )
    return {
        "W_after": W_after,
        **{name: recorded(history, name) for name in ("loss", "update_ratio", "grad_norm")},
    }


def record_of_one_step(trial):
    """All of it can be said beforehand."""
    for _ in range(2):
        inputs, out = trial.ask(num_iters=1)
        batch = np.random.default_rng(int(inputs["seed"])).choice(
            len(inputs["X"]), int(inputs["batch_size"])
        )
        loss, dW = squares(inputs["W"], inputs["X"][batch], inputs["y"][batch])
        norm = np.sqrt(np.sum(dW**2))
        ratio = inputs["learning_rate"] * norm / np.sqrt(np.sum(inputs["W"] ** 2))
        for name, value in (("loss", loss), ("grad_norm", norm), ("update_ratio", ratio)):
            if not close(out[name], np.array([value])):
                return f"for a single step '{name}' must hold one number, {value:.6g}; it holds {out[name]}."
    return None


def the_rule_remembers(trial):
    """A rule that shortens its steps by its own count must be given its own config back."""
    inputs, out = trial.ask(num_iters=4)
    if out["update_ratio"].shape != (4,) or out["grad_norm"].shape != (4,):
        return "4 steps must leave 4 entries in every line of the record."
    # |W| before a step lies within the sum of all updates of the first |W|
    rates = inputs["learning_rate"] / (1 + 0.3 * np.arange(4))
    moved = np.concatenate([[0.0], np.cumsum(rates * out["grad_norm"])[:-1]])
    start = np.sqrt(np.sum(inputs["W"] ** 2))
    updates = rates * out["grad_norm"]
    lowest, highest = updates / (start + moved), updates / np.maximum(start - moved, 1e-300)
    if ((out["update_ratio"] >= lowest - 1e-12) & (out["update_ratio"] <= highest + 1e-12)).all():
        return None
    return "the rule shortens its steps as it counts them, but the updates in your record do not: does it get its config?"


train_with_monitor.checks = [
    Dimensions(share=0.5),
    Property("The record of one step", record_of_one_step, share=1),
    Property("The rule remembers", the_rule_remembers, share=1),
    Reference(share=0.75, outputs=("loss", "update_ratio", "grad_norm"), title="Right record"),
    Reference(share=0.75, outputs=("W_after",), title="Right weights"),
]

VERDICTS = {"low": -1, "ok": 0, "high": 1}


def training_records(rng, sizes):
    """Losses and update ratios of 11 runs. Each has a level and a spread (decades), and a warm-up unlike the rest."""
    T, warmup = sizes["T"], 45
    rows = [
        # level, spread, level of the warm-up
        (-3.0, 0.1, 0.0),
        (-2.0, 0.1, 2.0),  # too high if the warm-up counts
        (-3.5, 0.1, -7.0),  # too low if it does
        (-2.6, 1.2, -2.6),  # a geometric mean in order, an arithmetic one far too high
        (-5.0, 0.1, 0.0),
        (-0.5, 0.1, 0.0),
        (-3.0, 0.1, -3.0),  # its last step is a large one
        (-3.0, 0.1, -3.0),  # its loss blows up
        (-3.0, 0.1, -3.0),  # its ratio does
        (-3.0, 0.0, 0.0),  # two fifths of its steps are large: a median does not see it
        (-3.47, 0.0, 0.0),  # its first 100 steps are large, not just the first 45
    ]
    level, spread, before = np.array(rows).T[:, :, None]
    decades = level + spread * rng.standard_normal((len(rows), T))
    decades[:, :warmup] = before + 0.1 * rng.standard_normal((len(rows), warmup))
    decades[6, -1] = 0.5
    decades[9, warmup:][rng.permutation(T - warmup) < 0.4 * (T - warmup)] = 1.0
    decades[10, warmup:100] = 1.0
    ratios, losses = 10.0**decades, rng.uniform(0.1, 2.3, (len(rows), T))
    losses[7, -5:], ratios[8, -5:] = np.inf, np.nan
    order = rng.permutation(len(rows))
    return np.stack([losses[order], ratios[order]])


@exercise(
    points=3,
    inputs={"records": "2 K T", "warmup": "int", "low": "", "high": ""},
    outputs={
        "verdicts": "K int",
        "verdicts_in_a_range": "K int",
        "verdicts_by_default": "K int",
        "refuses": "bool",
    },
    given={
        "records": training_records,
        "warmup": lambda rng, sizes: 45,
        "low": lambda rng, sizes: 2.7e-3,
        "high": lambda rng, sizes: 0.12,
    },
    sizes={"K": (11, 11), "T": (140, 160)},
)
def diagnose_lr(student, records, warmup, low, high):
    """low is -1, ok 0, high 1, anything else 9. With the usual range, another one, and the usual warm-up too."""
    histories = [
        {"loss": losses, "update_ratio": ratios} for losses, ratios in zip(*records, strict=True)
    ]

    def verdicts(*settings):
        return np.array(
            [VERDICTS.get(student.diagnose_lr(history, *settings), 9) for history in histories]
        )

    try:
        student.diagnose_lr(histories[0], len(records[0][0]))
        refuses = False
    except ValueError:
        refuses = True
    return {
        "verdicts": verdicts(warmup),
        "verdicts_in_a_range": verdicts(warmup, low, high),
        "verdicts_by_default": verdicts(),
        "refuses": refuses,
    }


def plain_verdicts(trial):
    """Steady runs, whose verdict nobody would dispute."""
    wanted = {1e-6: "low", 1e-3: "ok", 0.5: "high"}
    ratios = np.repeat(np.array([*wanted])[:, None], 150, axis=1)
    ratios[:, :45] = 10.0
    losses = np.linspace(2.3, 0.5, 150) * np.ones((3, 1))
    _, out = trial.ask(records=np.stack([losses, ratios]))
    for (ratio, word), got in zip(wanted.items(), out["verdicts"], strict=True):
        if int(got) != VERDICTS[word]:
            return f"after a warm-up of 45 steps a ratio of {ratio:g} at every step must be called '{word}'."
    losses[1, -1] = np.nan
    _, out = trial.ask(records=np.stack([losses, ratios]))
    return unless(
        int(out["verdicts"][1]) == 1, "a run whose loss ends in nan must be called 'high'."
    )


def factors_cancel(trial):
    """A hundred times too large as often as a hundred times too small."""
    ratios = 1e-3 * 100.0 ** np.resize([1.0, -1.0], (1, 150))
    _, out = trial.ask(records=np.stack([np.ones((1, 150)), ratios]), warmup=10)
    return unless(
        int(out["verdicts"][0]) == 0,
        "ratios that alternate between 0.1 and 0.00001 have the geometric mean 0.001: 'ok'.",
    )


def nothing_left(trial):
    """No evidence, no verdict."""
    _, out = trial.ask()
    return unless(
        out["refuses"], "when the warm-up is as long as the record, ValueError must be raised."
    )


diagnose_lr.checks = [
    Dimensions(share=0.25),
    Property("Plain verdicts", plain_verdicts, share=0.75),
    Property("Factors cancel", factors_cancel, share=0.25),
    Property("Nothing left is refused", nothing_left, share=0.25),
    Reference(share=1.5),
]


# --- second order -----------------------------------------------------------------------------------------------------


def positive_definite(rng, n):
    """A Hessian of a bowl, with slopes that are not along the axes."""
    A = rng.standard_normal((n, n))
    return A @ A.T + np.eye(n)


@exercise(
    points=2,
    inputs={"grad": "n", "H": "n n"},
    outputs={"step": "n"},
    given={"H": lambda rng, sizes: positive_definite(rng, sizes["n"])},
    cases=[
        case("one parameter", sizes={"n": 1}),
        case("a saddle", sizes={"n": 4}, H=np.diag([3.0, -2.0, 1.0, 0.5]) + 0.3),
        case(
            "a long narrow valley",
            sizes={"n": 3},
            H=np.array([[1e4, 1.0, 2.0], [1.0, 1.0, 0.05], [2.0, 0.05, 1e-2]]),
        ),
    ],
)
def newton_step(student, grad, H):
    """One step."""
    return {"step": student.newton_step(grad, H)}


def one_step_to_the_bottom(trial):
    """Of a quadratic, from anywhere."""
    n = int(trial.rng.integers(3, 7))
    H, bottom, x = (
        positive_definite(trial.rng, n),
        trial.rng.standard_normal(n),
        trial.rng.standard_normal(n),
    )
    _, out = trial.ask(grad=H @ (x - bottom), H=H)
    if close(x + out["step"], bottom):
        return None
    away = np.linalg.norm(x + out["step"] - bottom) / np.linalg.norm(x - bottom)
    return f"one step must lead to the bottom of a quadratic bowl; yours ends {away:.2g} times as far from it as it began."


newton_step.checks = [
    Dimensions(share=0.25),
    Property("One step to the bottom", one_step_to_the_bottom, share=0.75),
    Reference(share=1),
]


@exercise(points=3, inputs={}, outputs={"grad": "any", "H": "any any"})
def newton_counterexample(student):
    """The quadratic model that refutes the praise."""
    grad, H = student.newton_counterexample()
    return {"grad": np.asarray(grad, dtype=float), "H": np.asarray(H, dtype=float)}


SAFE = 1e-3


def model(trial):
    """What was handed in, or a sentence why it is no gradient and Hessian."""
    _, out = trial.ask()
    grad, H = out["grad"], out["H"]
    if grad.ndim != 1 or len(grad) < 2 or H.shape != (len(grad), len(grad)):
        return "grad must be (n,) and H (n, n), with n at least 2."
    if not (np.isfinite(grad).all() and np.isfinite(H).all()):
        return "all entries must be finite."
    return grad, H


def symmetric(trial):
    """The order of two derivatives does not matter."""
    if isinstance(found := model(trial), str):
        return found
    return unless(close(found[1], found[1].T, 1e-12), "H is not symmetric, so it is no Hessian.")


def curves(sign, words):
    """A property: H curves in that direction somewhere, and nowhere not at all."""

    def holds(trial):
        if isinstance(found := model(trial), str):
            return found
        values = np.linalg.eigvalsh((found[1] + found[1].T) / 2)
        if np.abs(values).min() < SAFE:
            return f"H has the eigenvalue {values[np.abs(values).argmin()]:.2g}, too near 0 to be sure of."
        return unless((sign * values).max() >= SAFE, f"H curves {words} in every direction.")

    return holds


def the_step_goes_up(trial):
    """What the praise did not mention."""
    if isinstance(found := model(trial), str):
        return found
    grad, H = found
    if abs(np.linalg.det(H)) < SAFE**2:
        return "H cannot be inverted safely."
    rise = -0.5 * grad @ np.linalg.solve(H, grad)
    return unless(
        rise >= SAFE, f"the Newton step changes the model by {rise:.4g}: it does not go up."
    )


newton_counterexample.checks = [
    Dimensions(share=0.25),
    Property(
        "H is symmetric",
        symmetric,
        share=0.25,
        hint="A Hessian is symmetric: the order of the two derivatives does not matter.",
    ),
    Property(
        "It curves up somewhere",
        curves(1, "down"),
        share=0.5,
        hint="Your Hessian curves down everywhere; let it curve up in one direction and down in another.",
    ),
    Property(
        "It curves down somewhere",
        curves(-1, "up"),
        share=0.5,
        hint="A Hessian that curves up everywhere is Newton's home ground: let it curve down in one direction.",
    ),
    Property(
        "The step goes up",
        the_step_goes_up,
        share=1.5,
        hint="Your step goes down: let the gradient point along the direction in which H curves down. Newton then "
        "climbs to where the slope is 0.",
    ),
]


@exercise(
    points=1,
    inputs={"n": "int"},
    outputs={"float16": "int", "float32": "int", "float64": "int", "by_default": "int"},
    given={"n": lambda rng, sizes: int(rng.integers(1000, 10**6))},
    cases=[
        case("a million parameters", n=10**6),
        case("VGG-16", n=138_357_544),
        case("one parameter", n=1),
    ],
)
def hessian_bytes(student, n):
    """In three types, and by default."""
    return {
        **{name: student.hessian_bytes(n, name) for name in ("float16", "float32", "float64")},
        "by_default": student.hessian_bytes(n),
    }


def a_million_parameters(trial):
    """3725 GiB, whoever may have them."""
    _, out = trial.ask(n=10**6)
    got = int(out["float32"])
    if got == 4 * 10**12:
        return None
    return f"a million parameters in float32 need 4e12 bytes (3725 GiB) for their Hessian; yours is {got:g}."


hessian_bytes.checks = [
    Dimensions(share=0.25),
    Property("A million parameters", a_million_parameters, share=0.25),
    Reference(share=0.5),
]


def flips(*flags):
    """Which pairs are turned to negative curvature."""
    return {"sizes": {"m": len(flags), "n": 5}, "flipped": np.array(flags, dtype=bool)}


@exercise(
    points=5,
    inputs={"grad": "n", "A": "n n", "S": "m n", "flipped": "m bool"},
    outputs={"direction": "n"},
    given={
        "A": lambda rng, sizes: positive_definite(rng, sizes["n"]),
        "flipped": lambda rng, sizes: np.zeros(sizes["m"], dtype=bool),
    },
    cases=[
        case("no pair yet", sizes={"m": 0}),
        case("one pair", sizes={"m": 1}),
        case("more pairs than parameters", sizes={"m": 9, "n": 4}),
        case("a pair of negative curvature", **flips(False, True, False)),
        case("the newest pair has negative curvature", **flips(False, False, True)),
        case("the oldest pair has negative curvature", **flips(True, False, False)),
        case("all pairs have negative curvature", **flips(True, True)),
        case(
            "steps a thousand times as long",
            sizes={"m": 3, "n": 5},
            S=lambda rng, _: 1e3 * rng.standard_normal((3, 5)),
        ),
    ],
)
def lbfgs_direction(student, grad, A, S, flipped):
    """On a quadratic with the Hessian A, along which the gradient changes by A s; turned around where flipped."""
    Y = S @ A * np.where(flipped, -1.0, 1.0)[:, None]
    return {"direction": student.lbfgs_direction(grad, S, Y)}


def pairs_of_a_bowl(trial, m, n=5):
    """A bowl's Hessian and m steps in it."""
    return {
        "A": positive_definite(trial.rng, n),
        "S": trial.rng.standard_normal((m, n)),
        "flipped": np.zeros(m, dtype=bool),
    }


def newest_pair_is_exact(trial):
    """The secant equation: what the newest step did to the gradient, the direction undoes."""
    inputs = pairs_of_a_bowl(trial, 4)
    step = inputs["S"][-1]
    _, out = trial.ask(**inputs, grad=inputs["A"] @ step)
    return unless(
        close(out["direction"], -step),
        "asked for the gradient change of the newest step, the answer must be minus that step, exactly.",
    )


def newton_after_enough_pairs(trial):
    """n steps along conjugate directions tell everything about a quadratic."""
    inputs = pairs_of_a_bowl(trial, 5)
    lengths = trial.rng.uniform(0.5, 2, (5, 1))
    inputs |= {
        "S": lengths * np.linalg.eigh(inputs["A"])[1].T,
        "grad": trial.rng.standard_normal(5),
    }
    _, out = trial.ask(**inputs)
    return unless(
        close(out["direction"], -np.linalg.solve(inputs["A"], inputs["grad"])),
        "after steps along all 5 principal axes of a quadratic bowl, the direction must be Newton's.",
    )


def always_downhill(trial):
    """Also when some pairs know nothing good."""
    for flipped in (
        np.zeros(4, dtype=bool),
        np.array([False, True, False, True]),
        np.ones(4, dtype=bool),
    ):
        inputs, out = trial.ask(
            **{
                **pairs_of_a_bowl(trial, 4),
                "flipped": flipped,
                "grad": trial.rng.standard_normal(5),
            }
        )
        if not inputs["grad"] @ out["direction"] < 0:
            return f"with {flipped.sum()} of 4 pairs of negative curvature, the direction does not point downhill."
    return None


def done_by_hand(trial):
    """Nothing known, nothing presumed; and one pair in two dimensions."""
    inputs, out = trial.ask(**pairs_of_a_bowl(trial, 0), grad=trial.rng.standard_normal(5))
    if not close(out["direction"], -inputs["grad"]):
        return "without any pair, the direction must be -grad."
    bowl = {
        "A": np.array([[2.0, 1.0], [1.0, 3.0]]),
        "S": np.array([[1.0, 0.0]]),
        "flipped": np.array([False]),
    }
    _, out = trial.ask(**bowl, grad=np.array([0.0, 1.0]))
    return unless(
        close(out["direction"], np.array([0.2, -0.4])),
        "for the one pair S = (1, 0), Y = (2, 1) and the gradient (0, 1) the direction is (0.2, -0.4): gamma is 2/5, "
        f"a is 0, b is 1/5. Yours is {out['direction']}.",
    )


lbfgs_direction.checks = [
    Dimensions(share=0.25),
    Property("No pair, and one by hand", done_by_hand, share=0.5),
    Property("The newest pair is undone", newest_pair_is_exact, share=0.75),
    Property("Newton's direction after enough pairs", newton_after_enough_pairs, share=1),
    Property("Always downhill", always_downhill, share=0.75),
    Reference(share=1.75),
]


# --- averages ---------------------------------------------------------------------------------------------------------

DECAY = {"decay": lambda rng, sizes: float(rng.uniform(0.6, 0.95))}


@exercise(
    points=2,
    inputs={"x_test": "N D", "x": "N D", "decay": ""},
    outputs={"average": "N D", "average_from_the_same": "N D", "average_by_default": "N D"},
    given=DECAY,
    cases=[case("no memory", decay=0.0), case("one parameter", sizes={"N": 1, "D": 1})],
)
def ema_update(student, x_test, x, decay):
    """Twice from the same average, which must still be there; and with the default decay."""
    return {
        "average": np.array(student.ema_update(x_test, x, decay)),
        "average_from_the_same": np.array(student.ema_update(x_test, x, decay)),
        "average_by_default": np.array(student.ema_update(x_test, x)),
    }


def constant_stays(trial):
    """What has converged is its own average."""
    inputs, _ = trial.ask()
    _, out = trial.ask(x_test=inputs["x"], x=inputs["x"])
    return unless(
        close(out["average"], inputs["x"]),
        "when x is the average already, the average must not change.",
    )


def half_life(trial):
    """0.995 to the power 138 is just above one half, to the power 139 just below."""
    x_test, x = np.ones((2, 3)), np.zeros((2, 3))
    for step in range(1, 140):
        _, out = trial.ask(x_test=x_test, x=x)
        x_test = out["average_by_default"]
        if step == 138 and not (x_test > 0.5).all():
            return "with decay 0.995 a value must weigh more than one half after 138 steps."
    return unless(
        (x_test < 0.5).all(),
        "with decay 0.995 a value must weigh less than one half after 139 steps.",
    )


ema_update.checks = [
    Dimensions(share=0.25),
    Property("A constant stays", constant_stays, share=0.25),
    Property("Half is forgotten in 138 steps", half_life, share=0.5),
    Reference(share=1),
]


@exercise(
    points=2,
    inputs={"x_test": "N D", "t": "int", "decay": ""},
    outputs={"corrected": "N D", "corrected_by_default": "N D"},
    given={**DECAY, "t": lambda rng, sizes: int(rng.integers(2, 20))},
    cases=[
        case("the first step", t=1),
        case("after 1000 steps", t=1000),
        case("a long memory", decay=0.999),
    ],
)
def ema_corrected(student, x_test, t, decay):
    """With a decay of its own and the default."""
    return {
        "corrected": student.ema_corrected(x_test, t, decay),
        "corrected_by_default": student.ema_corrected(x_test, t),
    }


def right_for_a_constant(trial):
    """The average of one value, again and again, is that value: from the first step on."""
    c = trial.rng.standard_normal((3, 4))
    decay, average = float(trial.rng.uniform(0.6, 0.95)), np.zeros((3, 4))
    for t in range(1, 6):
        average = average + (1 - decay) * (c - average)
        _, out = trial.ask(x_test=average, t=t, decay=decay)
        if not close(out["corrected"], c):
            return f"after {t} updates with the same x, started at zero, the corrected average must be that x."
    return None


ema_corrected.checks = [
    Dimensions(share=0.25),
    Property("Right for a constant", right_for_a_constant, share=0.75),
    Reference(share=1),
]


@exercise(
    points=1,
    inputs={"decay": ""},
    outputs={"time_constant": "", "half_life": ""},
    given=DECAY,
    cases=[case("the usual decay", decay=0.995), case("a thousand steps", decay=0.999)],
)
def ema_memory(student, decay):
    """Both numbers."""
    time_constant, half_life = student.ema_memory(decay)
    return {"time_constant": time_constant, "half_life": half_life}


def of_0_995(trial):
    """The numbers of the lecture."""
    _, out = trial.ask(decay=0.995)
    if close(out["time_constant"], 200.0) and abs(out["half_life"] - 138.28) < 0.01:
        return None
    return (
        f"a decay of 0.995 has the time constant 200 and the half-life 138.28 steps; "
        f"yours are {out['time_constant']:.6g} and {out['half_life']:.6g}."
    )


ema_memory.checks = [
    Dimensions(share=0.25),
    Property("200 and 138.28", of_0_995, share=0.25),
    Reference(share=0.5),
]


def distributions(rng, sizes):
    """Some models' probabilities."""
    return probabilities(2 * rng.standard_normal((sizes["M"], sizes["N"], sizes["C"])))


@exercise(
    points=2,
    inputs={"models": "M N C"},
    outputs={"p": "N C"},
    given={"models": distributions},
    cases=[
        case("one model", sizes={"M": 1}),
        case("one example", sizes={"N": 1}),
        case(
            "models that are certain, and disagree",
            sizes={"M": 2, "N": 3, "C": 4},
            models=np.stack([np.eye(4)[[0, 1, 2]], np.eye(4)[[1, 1, 3]]]) * (1 - 4e-9) + 1e-9,
        ),
    ],
)
def average_predictions(student, models):
    """Of a list of models."""
    return {"p": student.average_predictions(list(models))}


def no_worse_than_the_mean_model(trial):
    """-log is convex: the loss of the mean is at most the mean of the losses."""
    inputs, out = trial.ask()
    if not close(out["p"].sum(axis=-1), np.ones(out["p"].shape[0])):
        return "the rows of the average must sum to 1."
    for label in range(out["p"].shape[1]):
        with np.errstate(all="ignore"):
            alone, together = (
                -np.log(inputs["models"][:, :, label]).mean(axis=0),
                -np.log(out["p"][:, label]),
            )
        if not (together <= alone + 1e-12).all():
            return "for some example and label the average has a larger loss than its members have on average."
    return None


average_predictions.checks = [
    Dimensions(share=0.25),
    Property("No worse than its members on average", no_worse_than_the_mean_model, share=0.75),
    Reference(share=1),
]


@exercise(
    points=2,
    inputs={"W": "M D C", "b": "M C"},
    outputs={"W_mean": "D C", "b_mean": "C", "W_mean_again": "D C"},
    cases=[case("one checkpoint", sizes={"M": 1}), case("many checkpoints", sizes={"M": 20})],
)
def average_weights(student, W, b):
    """Of a list of checkpoints, and once more of the same list, which must still be what it was."""
    params = [{"W": one, "b": bias} for one, bias in zip(W, b, strict=True)]
    average = student.average_weights(params)
    first = {name: np.array(average[name]) for name in ("W", "b")}
    return {
        "W_mean": first["W"],
        "b_mean": first["b"],
        "W_mean_again": np.array(student.average_weights(params)["W"]),
    }


def averages_scores(trial):
    """Scores are linear in the parameters: for a linear classifier, mean weights give mean scores."""
    inputs, out = trial.ask()
    X = trial.rng.standard_normal((7, inputs["W"].shape[1]))
    wanted = np.mean(X @ inputs["W"] + inputs["b"][:, None], axis=0)
    return unless(
        close(X @ out["W_mean"] + out["b_mean"], wanted),
        "the scores X @ W + b of your average must be the mean of the checkpoints' scores.",
    )


average_weights.checks = [
    Dimensions(share=0.25),
    Property("Mean weights give mean scores", averages_scores, share=0.75),
    Reference(share=1),
]


# --- find the errors: three lines of old notes ------------------------------------------------------------------------


@exercise(
    points=4,
    inputs={},
    outputs={
        "about_the_loss": "3 bool",
        "about_the_ratio": "3 bool",
        "about_second_order": "3 bool",
    },
)
def notes_errata(student):
    """True or False for each claim, in order, three by three."""
    claims = student.notes_errata()
    quotes = {"about_the_loss": "abc", "about_the_ratio": "def", "about_second_order": "ghi"}
    return {
        name: np.array([claims[letter] for letter in letters]) for name, letters in quotes.items()
    }


notes_errata.checks = [
    Dimensions(share=0.25),
    Reference(share=1.25, outputs=("about_the_loss",), title="About the loss"),
    Reference(share=1.25, outputs=("about_the_ratio",), title="About the ratio"),
    Reference(share=1.25, outputs=("about_second_order",), title="About second order"),
]


# --- the same in torch ------------------------------------------------------------------------------------------------


@exercise(
    points=5,
    inputs={
        **{
            "X": "N D",
            "y": "N int<C",
            "X_new": "M D",
            "num_classes": "int",
            "steps": "int",
            "batch_size": "int",
        },
        **{
            "learning_rate": "",
            "reg": "",
            "seed": "int",
            "device": "str",
            "precision": "str",
            "watched": "bool",
        },
    },
    outputs={
        **{"W": "D C", "b": "C", "losses": "T", "scores": "M C", "keeps_dtype": "bool"},
        **{"reads": "int", "tensors_kept": "int"},
    },
    given={
        "num_classes": lambda rng, sizes: sizes["C"],
        "steps": lambda rng, sizes: sizes["T"],
        "batch_size": lambda rng, sizes: int(rng.integers(3, 6)),
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.2, 0.5)),
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
        "watched": lambda rng, sizes: False,
    },
    sizes={"N": (12, 20), "T": (4, 6)},
    cases=[
        case("no regularisation", reg=0.0),
        case("strong regularisation", reg=2.5, learning_rate=0.05),
        case("two classes", sizes={"C": 2}),
        case("one step", sizes={"T": 1}),
        case(
            "examples of very different size",
            X=lambda rng, inputs: 30 * rng.standard_normal((len(inputs["y"]), 6)),
            X_new=lambda rng, inputs: rng.standard_normal((7, 6)),
            sizes={"D": 6, "M": 7},
        ),
    ],
    seconds=60,
    accelerated=True,
)
def softmax_regression_torch(
    student,
    X,
    y,
    X_new,
    num_classes,
    steps,
    batch_size,
    learning_rate,
    reg,
    seed,
    device,
    precision,
    watched,
):
    """In float64; where a precision is named, in float32 or mixed; watched, what the steps read and keep is counted."""
    import torch

    where = training.device(device)
    if precision:
        X, X_new = X.astype(np.float32), X_new.astype(np.float32)
    settings = (
        X,
        y,
        num_classes,
        steps,
        batch_size,
        learning_rate,
        reg,
        seed,
        where,
        precision or "float32",
    )
    run = training.Observed()
    if watched:
        with training.observed(where) as run:
            W, b, losses = student.softmax_regression_torch(*settings)
    else:
        W, b, losses = student.softmax_regression_torch(*settings)
    if not all(isinstance(one, torch.Tensor) for one in (W, b, losses)):
        raise TypeError("W, b and losses must be tensors")
    dtypes = {str(one.dtype).removeprefix("torch.") for one in (W, b, losses)}
    there = torch.from_numpy(X_new).to(where)
    arrays = {
        "W": W,
        "b": b,
        "losses": losses,
        "scores": there.to(W.dtype) @ W.detach() + b.detach(),
    }
    return {
        **{name: one.detach().cpu().double().numpy() for name, one in arrays.items()},
        **{
            "keeps_dtype": dtypes == {X.dtype.name},
            "reads": run.synchronisations,
            "tensors_kept": run.tensors_kept,
        },
    }


def first_loss_is_log_C(trial):
    """From weights that are 0, whatever reg is; and it falls."""
    inputs, out = trial.ask(steps=60, batch_size=50, learning_rate=0.3, reg=0.0)
    C, losses = int(inputs["num_classes"]), out["losses"]
    if not close(losses[0], np.log(C), 1e-6):
        return f"all weights start at 0, so the first loss must be ln {C} = {np.log(C):.4g}; yours is {losses[0]:.4g}."
    return unless(
        losses[-10:].mean() < losses[:10].mean(),
        f"a few examples must be learnt in 60 steps; the loss goes from {losses[0]:.4g} to {losses[-1]:.4g}.",
    )


def numpy_says_the_same(trial):
    """The same steps on the same mini-batches, with the gradient written by hand."""
    import torch

    inputs, out = trial.ask()
    N, D, C = *inputs["X"].shape, int(inputs["num_classes"])
    drawing = torch.Generator().manual_seed(inputs["seed"])
    batches = torch.randint(N, (inputs["steps"], inputs["batch_size"]), generator=drawing).numpy()
    W, b = np.zeros((D, C)), np.zeros(C)
    for rows in batches:
        error = (probabilities(inputs["X"][rows] @ W + b) - np.eye(C)[inputs["y"][rows]]) / len(
            rows
        )
        slope = inputs["X"][rows].T @ error + 2 * inputs["reg"] * W
        W, b = W - inputs["learning_rate"] * slope, b - inputs["learning_rate"] * error.sum(axis=0)
    for name, wanted in (("W", W), ("b", b)):
        if not close(out[name], wanted, 1e-9):
            return f"after {len(batches)} steps in float64 your {name} and one computed with NumPy are not the same."
    return None


def nothing_is_read_or_kept(trial):
    """The loop hands out orders and takes nothing back, and no step leaves anything behind."""
    _, out = trial.ask(steps=60, watched=True)
    if out["reads"]:
        return (
            f"in 60 steps tensors are read into Python {int(out['reads'])} times (.item(), float(...), if ..., .cpu()): "
            "an accelerator waits each time."
        )
    kept = int(
        out["tensors_kept"]
    )  # W, b and losses, and perhaps their gradients and an optimiser's
    return unless(
        kept <= 12,
        f"after 60 steps {kept} tensors stay alive: memory grows (losses with their graphs?).",
    )


def digits_to_learn(rng, device):
    """Digits under new names, in float32; the labels of those not seen stay here."""
    X, y = digits()
    X, names, order = X[:, :-1].astype(np.float32), rng.permutation(10), rng.permutation(len(y))
    known, held_out = order[: 1400 if device else 1000], order[1400:]
    inputs = {"X": X[known], "y": names[y[known]], "X_new": X[held_out], "num_classes": 10}
    settings = {
        "steps": 1500 if device else 250,
        "batch_size": 100,
        "learning_rate": 0.3,
        "reg": 1e-4,
    }
    words = {
        "seed": int(rng.integers(2**31)),
        "device": device,
        "precision": "float32",
        "watched": False,
    }
    return Task({**inputs, **settings, **words}, names[y[held_out]])


softmax_regression_torch.checks = [
    AllowedMeans(allowed=("torch",)),
    Dimensions(share=0.25),
    Reference(share=1.5, outputs=("W", "b", "losses", "scores"), tolerance=1e-9),
    Reference(share=0.25, outputs=("keeps_dtype",), title="The dtype of X"),
    Property("Starts at ln C, and falls", first_loss_is_log_C, share=0.25),
    Property("NumPy says the same", numpy_says_the_same, share=0.75),
    Property("The seed decides", deterministic("losses"), share=0.25),
    Property("In bfloat16, too", precision_agrees("losses", steps=40, reg=0.01), share=0.5),
    Property("Nothing is read or kept", nothing_is_read_or_kept, share=0.5),
    Training(digits_to_learn, at_least=0.85, share=0.75, title="Learns the digits"),
]
