"""The SVM assignment's exercises: how each answer is called, and what must be true of it. (Students may read it.)"""

import functools
import math

import numpy as np

from autograder import case, exercise, placement, training
from autograder.checks import AllowedMeans, Dimensions, Gradient, Property, Reference, Task, Training, Vectorised, close

# --- what several exercises share -------------------------------------------------------------------------------------


def last_class_only(rng, inputs):
    """Labels that name one class alone: a loss that forgets a class shows here."""
    return np.full(len(inputs["X"]), inputs["W"].shape[1] - 1)


def huge_examples(rng, inputs):
    """Examples that make scores of tens of thousands."""
    return 1e4 * rng.standard_normal((len(inputs["y"]), len(inputs["W"])))


LOSS_CASES = [
    case("strong regularisation", reg=2.5),
    case("no regularisation", reg=0.0),
    case("one example", sizes={"N": 1}),
    case("two classes", sizes={"C": 2}),
    case("one label for all", y=last_class_only),
    case("many more examples than classes", sizes={"N": 40}),
]
LARGE_SCORES = case("large scores", reg=0.0, X=huge_examples)


def hinge(scores, y, delta=1.0, power=1):
    """The mean hinge loss of scores, for the properties below."""
    shortfalls = np.maximum(0, scores - np.take_along_axis(scores, y[:, None], 1) + delta)
    np.put_along_axis(shortfalls, y[:, None], 0, 1)
    return (shortfalls**power).sum() / len(y)


def starts_at_classes_minus_one(trial):
    """With no weights, every wrong class falls short by exactly the margin."""
    inputs, _ = trial.exercise.draw(trial.rng)
    W = np.zeros_like(inputs["W"])
    _, out = trial.ask(W=W, X=inputs["X"], y=inputs["y"])
    if close(out["loss"], W.shape[1] - 1):
        return None
    return f"with W = 0 every score is equal and the loss must be C - 1 = {W.shape[1] - 1}; yours is {out['loss']:.6g}."


def separable(rng, lead):
    """Data and weights whose every true class leads by exactly ``lead``: a (D, C) W, X and y."""
    classes = int(rng.integers(3, 7))
    y = rng.permutation(np.arange(3 * classes) % classes)
    X = np.eye(classes + 1)[y] * rng.uniform(1, 2, (len(y), 1))
    W = lead * np.eye(classes + 1, classes)
    return W, X, y


def nothing_to_learn(trial):
    """Once every margin is met the data loss is zero, and so is its gradient."""
    W, X, y = separable(trial.rng, lead=trial.rng.uniform(1.5, 3))
    _, out = trial.ask(W=W, X=X, y=y, reg=0.0)
    if not close(out["loss"], 0):
        return f"every true class leads by more than the margin, so the loss must be 0; yours is {out['loss']:.6g}."
    if not close(out["dW"], np.zeros_like(W)):
        return "every margin is met with reg = 0, so dW must be 0."
    _, out = trial.ask(W=0.1 * W, X=X, y=y, reg=0.0)
    if np.abs(out["loss"]) > 0 and np.abs(out["dW"]).max() > 0:
        return None
    return "with a tenth of these weights no margin is met any more: neither the loss nor dW can be 0."


def blind_to_a_common_shift(trial):
    """Adding one vector to the weights of every class moves all scores of an example alike."""
    inputs, out = trial.ask(reg=0.0)
    shift = trial.rng.standard_normal((inputs["W"].shape[0], 1))
    _, moved = trial.ask(**{**inputs, "W": inputs["W"] + shift})
    if not (close(moved["loss"], out["loss"]) and close(moved["dW"], out["dW"])):
        return (
            "one vector added to the weights of every class changes no difference of scores, yet your answer changes."
        )
    W, X, y = inputs["W"].copy(), inputs["X"], inputs["y"]
    enough = len(y) * hinge(X @ W, y) + np.ptp(X[0] @ W) + 1
    W[:, y[0]] -= enough * X[0] / np.sum(X[0] ** 2)
    _, moved = trial.ask(**{**inputs, "W": W})
    return None if moved["loss"] > out["loss"] else "an example whose true class scores far lower must cost more."


# --- the loss of one example ------------------------------------------------------------------------------------------


@exercise(
    points=5,
    inputs={"x": "D", "y": "int<C", "W": "C D", "delta": ""},
    outputs={"loss": "", "loss_at_margin_1": ""},
    cases=[
        case("a large margin", delta=25.0),
        case("two classes", sizes={"C": 2}),
        case("one feature", sizes={"D": 1}),
        case("large scores", x=lambda rng, inputs: 1e4 * rng.standard_normal(inputs["W"].shape[1])),
    ],
)
def L_i_vectorized(student, x, y, W, delta):
    """Once with a margin of its own, once with the default."""
    return {"loss": student.L_i_vectorized(x, y, W, delta), "loss_at_margin_1": student.L_i_vectorized(x, y, W)}


def zero_when_the_margin_is_met(trial):
    """A lead of more than delta costs nothing."""
    W, X, y = separable(trial.rng, lead=3.0)
    _, out = trial.ask(x=X[0], y=int(y[0]), W=W.T.copy(), delta=2.0)
    if not close(out["loss"], 0):
        return (
            f"the true class leads every other by 3 or more and delta is 2: the loss must be 0, not {out['loss']:.6g}."
        )
    _, out = trial.ask(x=X[0], y=int(y[0]), W=W.T.copy(), delta=20.0)
    return None if out["loss"] > 0 else "no class leads by 20, so with delta = 20 the loss must be positive."


def same_for_a_common_shift(trial):
    """Only differences of scores count."""
    inputs, out = trial.ask()
    shift = trial.rng.standard_normal(inputs["W"].shape[1])
    _, moved = trial.ask(**{**inputs, "W": inputs["W"] + shift})
    if not close(moved["loss"], out["loss"]):
        return "the same vector added to every row of W moves all scores alike and must not change the loss."
    W, x = inputs["W"].copy(), inputs["x"]
    W[int(inputs["y"])] -= (np.ptp(W @ x) + 1) * x / np.sum(x**2)
    _, moved = trial.ask(**{**inputs, "W": W})
    return None if moved["loss"] > out["loss"] else "a true class that scores far lower must cost more."


L_i_vectorized.checks = [
    Dimensions(share=0.5),
    Reference(share=2.75),
    Property("Zero when the margin is met", zero_when_the_margin_is_met, share=0.5),
    Property("Only differences of scores count", same_for_a_common_shift, share=0.5),
    Vectorised(over="C", share=0.75),
]


# --- the loss of a mini-batch and its gradient ------------------------------------------------------------------------


@exercise(
    points=10,
    inputs={"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
    outputs={"loss": "", "dW": "D C"},
    cases=[*LOSS_CASES, LARGE_SCORES],
)
def svm_loss_naive(student, W, X, y, reg):
    """Loss and gradient."""
    loss, dW = student.svm_loss_naive(W, X, y, reg)
    return {"loss": loss, "dW": dW}


svm_loss_naive.checks = [
    Dimensions(share=0.5),
    Reference(share=3.5, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="W", claimed="dW", share=1.5),
    Reference(share=2.5, outputs=("dW",), title="Right gradient"),
    Property("C - 1 at the start", starts_at_classes_minus_one, share=1),
    Property("Nothing to learn once every margin is met", nothing_to_learn, share=1),
]


@exercise(
    points=12,
    inputs={"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
    outputs={"loss": "", "dW": "D C"},
    cases=[*LOSS_CASES, LARGE_SCORES],
)
def svm_loss_vectorized(student, W, X, y, reg):
    """Loss and gradient."""
    loss, dW = student.svm_loss_vectorized(W, X, y, reg)
    return {"loss": loss, "dW": dW}


svm_loss_vectorized.checks = [
    Dimensions(share=0.5),
    Reference(share=3.5, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="W", claimed="dW", share=1),
    Reference(share=3.5, outputs=("dW",), title="Right gradient"),
    Vectorised(over="N", share=1.5),
    Vectorised(over="C", share=0.5),
    Property("C - 1 at the start", starts_at_classes_minus_one, share=0.5),
    Property("Nothing to learn once every margin is met", nothing_to_learn, share=0.5),
    Property("Only differences of scores count", blind_to_a_common_shift, share=0.5),
]


# --- the loss as a layer ----------------------------------------------------------------------------------------------


@exercise(
    points=7,
    inputs={"x": "N C", "y": "N int<C"},
    outputs={"loss": "", "dx": "N C"},
    cases=[
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("large scores", sizes={"N": 8, "C": 5}, x=lambda rng, inputs: 1e4 * rng.standard_normal((8, 5))),
        case("one label for all", y=lambda rng, inputs: np.full(len(inputs["x"]), inputs["x"].shape[1] - 1)),
    ],
)
def svm_loss(student, x, y):
    """Loss and the gradient that goes back into the scores."""
    loss, dx = student.svm_loss(x, y)
    return {"loss": loss, "dx": dx}


def rows_sum_to_zero(trial):
    """What pushes the wrong classes down pushes the true one up, by as much."""
    inputs, _ = trial.exercise.draw(trial.rng)
    inputs, out = trial.ask(x=inputs["x"] / (4 * np.abs(inputs["x"]).max()), y=inputs["y"])
    if not np.abs(out["dx"]).max() > 0:
        return "every wrong class comes closer than 1 to the true one, so dx cannot be 0 everywhere."
    if close(out["dx"].sum(axis=-1), np.zeros(len(inputs["x"]))):
        return None
    row = int(np.argmax(np.abs(np.nan_to_num(out["dx"].sum(axis=-1), nan=np.inf))))
    return f"every row of dx must sum to 0 (equal scores added to a row change nothing); row {row} does not."


svm_loss.checks = [
    Dimensions(share=0.5),
    Reference(share=2, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="x", claimed="dx", share=1),
    Reference(share=1.5, outputs=("dx",), title="Right gradient"),
    Property("The rows of dx sum to 0", rows_sum_to_zero, share=1),
    Vectorised(over="N", share=1),
]


@exercise(
    points=5,
    inputs={"scores": "N C", "y": "N int<C", "delta": ""},
    outputs={"mask": "N C bool", "counts": "N int", "mask_at_margin_1": "N C bool"},
    cases=[
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("a margin that everything violates", delta=100.0),
        case("many examples", sizes={"N": 40}),
    ],
)
def margin_violations(student, scores, y, delta):
    """Once with a margin of its own, once with the default."""
    mask, counts = student.margin_violations(scores, y, delta)
    return {"mask": mask, "counts": counts, "mask_at_margin_1": student.margin_violations(scores, y)[0]}


def never_the_true_class(trial):
    """The true class cannot come too close to itself; all others can, if the margin is wide enough."""
    inputs, out = trial.ask(delta=1000.0)
    own = np.take_along_axis(out["mask"], inputs["y"][:, None], 1)
    if own.any():
        return "mask marks the true class of some examples: no class violates its own margin."
    others = out["mask"].size - len(own)
    return (
        None if out["mask"].sum() == others else "with delta = 1000 every class but the true one violates the margin."
    )


def counts_count_the_mask(trial):
    """Two views of one thing."""
    _, out = trial.ask(delta=4.0)
    if not out["mask"].any():
        return "with delta = 4 some classes violate the margin, but mask marks none."
    if np.array_equal(out["counts"], out["mask"].sum(axis=1)):
        return None
    return "counts[i] must be the number of True in row i of mask."


margin_violations.checks = [
    Dimensions(share=0.5),
    Reference(share=2.75),
    Property("Never the true class", never_the_true_class, share=0.5),
    Property("counts counts the mask", counts_count_the_mask, share=0.5),
    Vectorised(over="N", share=0.75),
]


# --- find the error: is the loss a count? -----------------------------------------------------------------------------


@exercise(points=4, inputs={}, outputs={"scores": "any", "y": "int"})
def zero_one_counterexample(student):
    """The example that refutes the sentence."""
    scores, y = student.zero_one_counterexample()
    return {"scores": np.asarray(scores, dtype=float), "y": y}


SAFE = 1e-3


def counterexample(trial):
    """What was handed in: the true class's lead over the best other and the loss, or a sentence why there is none."""
    _, out = trial.ask()
    scores, y = np.asarray(out["scores"], dtype=float), int(out["y"])
    if scores.ndim != 1 or len(scores) < 3 or not np.isfinite(scores).all():
        return "scores must be one example's: a one-dimensional array of at least three finite numbers."
    if not 0 <= y < len(scores):
        return f"y must name one of the {len(scores)} classes, 0 to {len(scores) - 1}; it is {y}."
    others = np.delete(scores, y)
    return scores[y] - others.max(), np.maximum(0, others - scores[y] + 1).sum()


def nobody_is_misclassified(trial):
    """The true class wins."""
    found = counterexample(trial)
    if isinstance(found, str):
        return found
    lead, _ = found
    if lead >= SAFE:
        return None
    return f"the best other class is {-lead:.4g} above the true one: this example may well count as incorrect."


def the_loss_is_positive(trial):
    """And yet it costs something."""
    found = counterexample(trial)
    if isinstance(found, str):
        return found
    _, loss = found
    return None if loss >= SAFE else "the hinge loss of your example is 0: no class comes closer than the margin 1."


def the_loss_is_no_count(trial):
    """Shortfalls add up to any number."""
    found = counterexample(trial)
    if isinstance(found, str):
        return found
    _, loss = found
    if abs(loss - round(loss)) >= SAFE:
        return None
    return f"the hinge loss of your example is {loss:.4g}, a whole number: it could still be a count of something."


zero_one_counterexample.checks = [
    Dimensions(share=0.25),
    Property(
        "Nobody is misclassified",
        nobody_is_misclassified,
        share=1.25,
        hint="Let the true class have the highest score: then no class is incorrect, and only the margin is left to "
        "cost anything.",
    ),
    Property(
        "And yet the loss is positive",
        the_loss_is_positive,
        share=0.75,
        hint="A class costs as soon as it comes closer to the true one than the margin; it need not overtake it.",
    ),
    Property(
        "The loss is no whole number",
        the_loss_is_no_count,
        share=1.75,
        hint="Each class adds its shortfall, any real number and not a 1: their sum need not be whole.",
    ),
]


# --- squared hinge ----------------------------------------------------------------------------------------------------


@exercise(
    points=7,
    inputs={"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
    outputs={"loss": "", "dW": "D C"},
    cases=LOSS_CASES,
)
def squared_hinge_loss(student, W, X, y, reg):
    """Loss and gradient."""
    loss, dW = student.squared_hinge_loss(W, X, y, reg)
    return {"loss": loss, "dW": dW}


squared_hinge_loss.checks = [
    Dimensions(share=0.5),
    Reference(share=2, outputs=("loss",), title="Right loss"),
    Gradient("loss", wrt="W", claimed="dW", share=1),
    Reference(share=1.5, outputs=("dW",), title="Right gradient"),
    Vectorised(over="N", share=1),
    Property("C - 1 at the start", starts_at_classes_minus_one, share=0.5),
    Property("Nothing to learn once every margin is met", nothing_to_learn, share=0.5),
]


# --- scale: why regularise, and why the margin may be 1 ---------------------------------------------------------------


@exercise(
    points=4,
    inputs={"W": "D C", "X": "N D", "y": "N int<C", "alphas": "K", "reg": ""},
    outputs={"data_losses": "K", "reg_losses": "K"},
    given={"alphas": lambda rng, sizes: rng.uniform(0.2, 5, sizes["K"])},
    cases=[
        case("no regularisation", reg=0.0),
        case("strong regularisation", reg=2.5),
        case("weights turned around", alphas=lambda rng, inputs: -rng.uniform(0.2, 5, 4), sizes={"K": 4}),
    ],
    answers=("scaling_experiment",),
)
def scaling_experiment(student, W, X, y, alphas, reg):
    """Both parts for every factor."""
    data_losses, reg_losses = student.scaling_experiment(W, X, y, alphas, reg)
    return {"data_losses": data_losses, "reg_losses": reg_losses}


def zero_stays_zero(trial):
    """A loss of zero is kept by every larger W: this is what regularisation has to decide."""
    W, X, y = separable(trial.rng, lead=1.5)
    alphas = np.concatenate([[0.1, 1.0], trial.rng.uniform(1, 50, 5)])
    _, out = trial.ask(W=W, X=X, y=y, alphas=alphas)
    if not close(out["data_losses"][1:], np.zeros(len(alphas) - 1)):
        return "W meets every margin, so a * W meets them for every a >= 1 and the data loss must stay 0."
    if out["data_losses"][0] > 0:
        return None
    return "a tenth of W meets no margin any more: its data loss must be positive."


def grows_with_the_square(trial):
    """The penalty of a * W is a**2 times the penalty of W."""
    inputs, out = trial.ask()
    if close(out["reg_losses"], inputs["alphas"] ** 2 * inputs["reg"] * np.sum(inputs["W"] ** 2)):
        return None
    return "the regularisation loss of a * W must be a**2 times that of W."


scaling_experiment.checks = [
    Dimensions(share=0.5),
    Reference(share=2),
    Property("A data loss of 0 stays 0", zero_stays_zero, share=0.75),
    Property("The penalty grows with a squared", grows_with_the_square, share=0.75),
]


@exercise(
    points=2,
    inputs={"W": "D C", "c": ""},
    outputs={"W2": "D C"},
    given={"c": lambda rng, sizes: float(rng.uniform(1.5, 4))},
    cases=[case("a smaller margin", c=0.25)],
)
def rescale_margin(student, W, c):
    """New weights."""
    return {"W2": student.rescale_margin(W, c)}


def the_loss_scales(trial):
    """L(W2; c delta) = c L(W; delta) on fresh data, for several margins."""
    inputs, out = trial.ask()
    W, c, W2 = inputs["W"], float(inputs["c"]), out["W2"]
    X = trial.rng.standard_normal((20, W.shape[0]))
    y = trial.rng.integers(0, W.shape[1], 20)
    for delta in (0.5, 1.0, 3.0):
        wanted, got = c * hinge(X @ W, y, delta), hinge(X @ W2, y, c * delta)
        if not close(got, wanted):
            return (
                f"for delta = {delta:g}, c = {c:.3g}: c * L(W; delta) = {wanted:.6g} but L(W2; c * delta) = {got:.6g}."
            )
    return None


rescale_margin.checks = [
    Dimensions(share=0.25),
    Property("The loss scales with the margin", the_loss_scales, share=1),
    Reference(share=0.75),
]


# --- checking a gradient ----------------------------------------------------------------------------------------------


def wavy(a):
    """A smooth function of an array like ``a``, in which every coordinate matters to every other's slope."""
    return lambda p: float(np.sum(a * np.sin(p)) + 0.5 * np.sum(a * p) ** 2)


def slope_of_wavy(a, p):
    """Its exact gradient."""
    return a * np.cos(p) + a * np.sum(a * p)


@exercise(
    points=4,
    inputs={"x": "N D", "a": "N D", "h": ""},
    outputs={"grad": "N D", "grad_with_default_h": "N D", "grad_of_a_column": "N"},
    given={"h": lambda rng, sizes: float(rng.uniform(0.01, 0.05))},
    cases=[
        case("whole numbers", x=lambda rng, inputs: rng.integers(-3, 4, inputs["a"].shape)),
        case("one number", sizes={"N": 1, "D": 1}),
    ],
)
def eval_numerical_gradient(student, x, a, h):
    """f(p) = sum(a * sin(p)) + sum(a * p)**2 / 2 at x, and the same for the first column of x alone, a view."""
    return {
        "grad": student.eval_numerical_gradient(wavy(a), x, h),
        "grad_with_default_h": student.eval_numerical_gradient(wavy(a), x),
        "grad_of_a_column": student.eval_numerical_gradient(wavy(a[:, 0]), x[:, 0], h),
    }


def error_falls_with_h_squared(trial):
    """Half the step, a quarter of the error: what makes a difference a centred one."""
    inputs, coarse = trial.ask(h=0.02)
    _, fine = trial.ask(**{**inputs, "h": 0.01})
    exact = slope_of_wavy(inputs["a"], inputs["x"])
    errors = [np.linalg.norm(out["grad"] - exact) for out in (coarse, fine)]
    ratio = errors[0] / max(errors[1], 1e-300)
    if 3.8 < ratio < 4.2:
        return None
    return f"half the step must leave a quarter of the error, as h**2 says; yours falls {ratio:.3g} times."


eval_numerical_gradient.checks = [
    Dimensions(share=0.5),
    Property("The error falls like h squared", error_falls_with_h_squared, share=1.5),
    Reference(share=2),
]


def some_zeros(rng, inputs):
    """A gradient some of whose entries vanish."""
    return rng.standard_normal((4, 6)) * (rng.random((4, 6)) < 0.5)


def a_little_more(rng, inputs):
    """The same gradient, each entry up to a thousandth further from zero."""
    return inputs["a"] * (1 + 1e-3 * rng.random(inputs["a"].shape))


@exercise(
    points=2,
    inputs={"a": "N D", "b": "N D"},
    outputs={"error": "", "error_of_zeros": "", "error_of_numbers": ""},
    cases=[
        case(
            "tiny entries",
            sizes={"N": 4, "D": 6},
            a=lambda rng, inputs: 3e-9 * rng.standard_normal((4, 6)),
            b=lambda rng, inputs: 2e-9 * rng.standard_normal((4, 6)),
        ),
        case("some entries zero in both", sizes={"N": 4, "D": 6}, a=some_zeros, b=a_little_more),
        case("nearly equal", sizes={"N": 4, "D": 6}, a=lambda rng, inputs: rng.uniform(1, 2, (4, 6)), b=a_little_more),
    ],
)
def rel_error(student, a, b):
    """Of two arrays, of nothing but zeros, and of two plain numbers."""
    return {
        "error": student.rel_error(a, b),
        "error_of_zeros": student.rel_error(np.zeros(3), np.zeros(3)),
        "error_of_numbers": student.rel_error(float(a.flat[0]), float(b.flat[0])),
    }


def order_does_not_matter(trial):
    """Neither of the two gradients is the right one by definition."""
    inputs, out = trial.ask()
    _, turned = trial.ask(a=inputs["b"], b=inputs["a"])
    return None if close(turned["error"], out["error"]) else "rel_error(a, b) and rel_error(b, a) must be equal."


rel_error.checks = [
    Dimensions(share=0.5),
    Property("Order does not matter", order_does_not_matter, share=0.25),
    Reference(share=1.25),
]


@exercise(
    points=4,
    inputs={"x": "N D", "a": "N D", "off": "N D", "num_checks": "int", "h": "", "seed": "int"},
    outputs={
        "numeric": "K",
        "analytic": "K",
        "rel_error": "K",
        "max_rel_error": "",
        "numeric_at_transposed_x": "K",
        "checks_by_default": "int",
    },
    given={
        "num_checks": lambda rng, sizes: sizes["K"],
        "h": lambda rng, sizes: float(rng.uniform(0.01, 0.05)),
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
        "off": lambda rng, sizes: rng.uniform(-0.5, 0.5, (sizes["N"], sizes["D"])),
    },
    sizes={"K": (10, 20)},
    cases=[
        case("a flat function: every slope 0", a=lambda rng, inputs: np.zeros(inputs["x"].shape)),
        case("dead pixels", a=lambda rng, inputs: (rng.random(inputs["x"].shape) < 0.5) * 1.5),
    ],
)
def grad_check_sparse(student, x, a, off, num_checks, h, seed):
    """The gradient to be checked is the true one times (1 + off): right where off is 0."""
    claimed = slope_of_wavy(a, x) * (1 + off)
    report = student.grad_check_sparse(wavy(a), x, claimed, num_checks, h, np.random.default_rng(seed))
    turned = student.grad_check_sparse(wavy(a.T), x.T, claimed.T, num_checks, h, np.random.default_rng(seed))
    return {
        "numeric": report["numeric"],
        "analytic": report["analytic"],
        "rel_error": report["rel_error"],
        "max_rel_error": report["max_rel_error"],
        "numeric_at_transposed_x": turned["numeric"],
        "checks_by_default": len(student.grad_check_sparse(wavy(a), x, claimed)["numeric"]),
    }


def twice_the_slope_is_a_third(trial):
    """|2g - g| / (|2g| + |g|) = 1/3, wherever the slope is not nearly 0."""
    inputs, _ = trial.exercise.draw(trial.rng)
    _, out = trial.ask(**{**inputs, "off": np.ones_like(inputs["x"]), "h": 1e-4})
    if not close(np.median(out["rel_error"]), 1 / 3, 1e-3):
        return "a gradient twice too large has relative error |2g - g| / (|2g| + |g|) = 1/3; yours differs."
    return None if close(out["max_rel_error"], out["rel_error"].max()) else "max_rel_error must be the largest of them."


def zeros_agree(trial):
    """A pixel that is black in every image has slope 0 both ways, and that is no error."""
    inputs, _ = trial.exercise.draw(trial.rng)
    _, out = trial.ask(**{**inputs, "a": np.zeros_like(inputs["x"])})
    return None if close(out["max_rel_error"], 0) else "where both slopes are 0 the relative error must be 0, not 0/0."


grad_check_sparse.checks = [
    Dimensions(share=0.5),
    Property("Two zeros agree", zeros_agree, share=0.5),
    Property("Twice the slope is an error of 1/3", twice_the_slope_is_a_third, share=1),
    Reference(share=2),
]


# --- the first number to look at --------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"C": "int", "delta": ""},
    outputs={"hinge": "", "squared_hinge": "", "hinge_at_margin_1": "", "refuses_other_kinds": "bool"},
    given={
        "C": lambda rng, sizes: int(rng.integers(3, 60)),
        "delta": lambda rng, sizes: float(rng.uniform(2, 5)),
    },
    cases=[case("CIFAR-10", C=10, delta=1.0), case("two classes and a small margin", C=2, delta=0.25)],
)
def expected_initial_loss(student, C, delta):
    """Both kinds, and one that there is not."""
    answers = {
        "hinge": student.expected_initial_loss(C, "hinge", delta),
        "squared_hinge": student.expected_initial_loss(C, "squared_hinge", delta),
        "hinge_at_margin_1": student.expected_initial_loss(C, "hinge"),
    }
    try:
        student.expected_initial_loss(C, "perceptron", delta)
    except ValueError:
        return {**answers, "refuses_other_kinds": True}
    return {**answers, "refuses_other_kinds": False}


def refuses_other_kinds(trial):
    """A silent answer to a question not understood is worse than none."""
    _, out = trial.ask()
    return (
        None if out["refuses_other_kinds"] else "a kind other than 'hinge' and 'squared_hinge' must raise ValueError."
    )


def equals_the_loss_of_equal_scores(trial):
    """What the formula of the loss says for scores that are all zero."""
    inputs, out = trial.ask(delta=float(trial.rng.uniform(2, 5)))
    C, delta = int(inputs["C"]), float(inputs["delta"])
    for name, power in (("hinge", 1), ("squared_hinge", 2)):
        wanted = hinge(np.zeros((1, C)), np.zeros(1, dtype=int), delta, power)
        if not close(out[name], wanted):
            kind = name.replace("_", " ")
            return f"{C} classes with equal scores and delta = {delta:.3g}: the {kind} loss is not {out[name]:.6g}."
    return None


expected_initial_loss.checks = [
    Dimensions(share=0.5),
    Property("The loss of equal scores", equals_the_loss_of_equal_scores, share=1),
    Property("Other kinds are refused", refuses_other_kinds, share=0.5),
    Reference(share=1),
]


# --- searching for hyperparameters ------------------------------------------------------------------------------------


@exercise(
    points=2,
    inputs={"positions": "K", "low": "", "high": "", "frac": ""},
    outputs={"at_boundary": "K bool", "at_boundary_by_default": "K bool"},
    given={
        "positions": lambda rng, sizes: rng.permutation(
            np.concatenate([[0.01, 0.99], rng.uniform(0, 1, sizes["K"] - 2)])
        ),
        "low": lambda rng, sizes: float(10 ** rng.uniform(-8, -5)),
        "high": lambda rng, sizes: float(10 ** rng.uniform(-2, 2)),
        "frac": lambda rng, sizes: float(rng.uniform(0.1, 0.3)),
    },
    sizes={"K": (60, 80)},
)
def is_at_boundary(student, positions, low, high, frac):
    """Asked for values at the given positions between low (0) and high (1) on the log scale."""
    values = low * (high / low) ** positions
    return {
        "at_boundary": np.array([student.is_at_boundary(value, (low, high), frac) for value in values]),
        "at_boundary_by_default": np.array([student.is_at_boundary(value, (low, high)) for value in values]),
    }


def both_ends_flagged(trial):
    """1e-6 and 1e-1 are the ends of a range; 3e-4 lies in its middle."""
    values = np.array([0.0, 0.04, 0.5, 0.96, 1.0])
    _, out = trial.ask(positions=values, low=1e-6, high=1e-1)
    got = out["at_boundary_by_default"]
    for value, flag, wanted in zip(values, got, [True, True, False, True, True], strict=True):
        if bool(flag) != wanted:
            lies = "at the boundary" if wanted else "well inside"
            return f"{1e-6 * 1e5**value:.2g} is {lies} in the range from 1e-6 to 1e-1; yours says otherwise."
    return None


is_at_boundary.checks = [
    Dimensions(share=0.5),
    Property("Both ends, and not the middle", both_ends_flagged, share=0.5),
    Reference(share=1),
]


@exercise(
    points=5,
    inputs={
        "peak": "2",
        "decoy": "2",
        "lr_low": "",
        "lr_high": "",
        "reg_low": "",
        "reg_high": "",
        "n_coarse": "int",
        "n_fine": "int",
        "seed": "int",
    },
    outputs={"coarse": "K 4", "fine": "F 4", "best": "4", "boundary": "2 bool", "evaluations": "int"},
    given={
        "peak": lambda rng, sizes: rng.uniform(0.25, 0.75, 2),
        "decoy": lambda rng, sizes: rng.choice([0.0, 1.0], 2),
        "lr_low": lambda rng, sizes: float(10 ** rng.uniform(-7, -5)),
        "lr_high": lambda rng, sizes: float(10 ** rng.uniform(-2, 0)),
        "reg_low": lambda rng, sizes: float(10 ** rng.uniform(-5, -3)),
        "reg_high": lambda rng, sizes: float(10 ** rng.uniform(3, 5)),
        "n_coarse": lambda rng, sizes: sizes["K"],
        "n_fine": lambda rng, sizes: sizes["F"],
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
    },
    sizes={"K": (12, 20), "F": (6, 11)},
    cases=[
        case("a best learning rate below the range", sizes={"K": 100, "F": 101}, peak=np.array([-0.5, 0.5])),
        case("a best regularisation above the range", sizes={"K": 100, "F": 101}, peak=np.array([0.5, 1.5])),
        # a first point that lies at (0.74, 0.75) on the log scales, far from the peak: the fine range ends before
        # it
        case("one coarse point", sizes={"K": 1, "F": 100}, peak=np.array([0.5, 0.5]), seed=47),
        # many coarse points and a single fine one, which is worse
        case("one fine point", sizes={"K": 100, "F": 1}, peak=np.array([0.5, 0.5]), seed=4),
    ],
)
def coarse_to_fine_search(student, peak, decoy, lr_low, lr_high, reg_low, reg_high, n_coarse, n_fine, seed):
    """Validation accuracy peaks at ``peak``, training accuracy at ``decoy`` (positions in the ranges, log scale)."""
    evaluations = []
    width = math.log(lr_high / lr_low), math.log(reg_high / reg_low)
    hills = [tuple(map(float, decoy)), tuple(map(float, peak))]

    def eval_fn(lr, reg):
        positive = lr > 0 and reg > 0
        a = math.log(lr / lr_low) / width[0] if positive else math.nan
        b = math.log(reg / reg_low) / width[1] if positive else math.nan
        evaluations.append((a, b))
        train, validation = (math.exp(-((a - top[0]) ** 2) - (b - top[1]) ** 2) for top in hills)
        return train, validation

    results, best, boundary = student.coarse_to_fine_search(
        eval_fn, (lr_low, lr_high), (reg_low, reg_high), n_coarse, n_fine, np.random.default_rng(seed)
    )
    table = np.array([list(row) for row in results], dtype=float)
    return {
        "coarse": table[:n_coarse],
        "fine": table[n_coarse:],
        "best": np.array(list(best), dtype=float),
        "boundary": np.array(list(boundary)),
        "evaluations": len(evaluations),
    }


def log_positions(inputs, table):
    """Learning rates and regularisation strengths of a table as positions in their ranges, 0 to 1, on the log scale."""
    low = np.log([float(inputs["lr_low"]), float(inputs["reg_low"])])
    high = np.log([float(inputs["lr_high"]), float(inputs["reg_high"])])
    with np.errstate(all="ignore"):
        return (np.log(np.atleast_2d(table)[:, :2]) - low) / (high - low)


def log_uniform(trial):
    """Kolmogorov and Smirnov's distance from uniform; a right answer exceeds 0.15 less than once in 10**11 times."""
    inputs, out = trial.ask(n_coarse=600, n_fine=1)
    for name, positions in zip(
        ("learning rates", "regularisation strengths"), log_positions(inputs, out["coarse"]).T, strict=True
    ):
        ordered, steps = np.sort(positions), np.arange(len(positions) + 1) / len(positions)
        apart = max(np.abs(ordered - steps[1:]).max(), np.abs(ordered - steps[:-1]).max())
        if not apart < 0.15:
            below = np.mean(positions < 0.5)
            return (
                f"{below:.0%} of the {name} lie in the lower half of the range on the log scale; it must be about half."
            )
    return None


def fine_around_the_best(trial):
    """The second round looks where the first did best, in an eighth of the range to either side, and never outside."""
    for peak in (np.array([0.5, 0.5]), np.array([0.0, 1.0])):
        inputs, out = trial.ask(peak=peak, n_coarse=100, n_fine=100)
        winner = out["coarse"][int(np.argmax(out["coarse"][:, 3]))]
        centre, tried = log_positions(inputs, winner), log_positions(inputs, out["fine"])
        if not (np.abs(tried - centre) <= 1 / 8 + 1e-9).all():
            return "a fine point lies more than an eighth of the range (log scale) away from the best coarse point."
        if not ((tried >= -1e-9) & (tried <= 1 + 1e-9)).all():
            return "a fine point lies outside the range that was given."
        reach = np.minimum(centre + 1 / 8, 1) - np.maximum(centre - 1 / 8, 0)
        if not (np.ptp(tried, axis=0) > 0.75 * reach).all():
            return "the fine round uses only a part of the fine range."
    return None


def edge_is_reported(trial):
    """An optimum planted outside one end of one range must raise that flag, one in the middle none."""
    for peak, wanted in (((-0.5, 0.5), (True, False)), ((0.5, 1.5), (False, True)), ((0.5, 0.5), (False, False))):
        _, out = trial.ask(peak=np.array(peak), n_coarse=200, n_fine=200)
        if tuple(bool(flag) for flag in out["boundary"]) != wanted:
            where = "in the middle of both ranges" if not any(wanted) else "outside one end of one range"
            return f"the best values lie {where}: boundary must be {wanted}."
    return None


coarse_to_fine_search.checks = [
    Dimensions(share=0.5),
    Property("Log-uniform", log_uniform, share=1),
    Property("Fine around the best", fine_around_the_best, share=1),
    Property("The edge is reported", edge_is_reported, share=1),
    Reference(share=1.5),
]


# --- preprocessing ----------------------------------------------------------------------------------------------------


def pixels(name):
    """Draws images as they come: whole numbers 0 to 255 in a byte."""
    rows = {"X_train": 23, "X_val": 17, "X_test": 19}[name]
    return lambda rng, inputs: rng.integers(0, 256, (rows, 11)).astype(np.uint8)


@exercise(
    points=4,
    inputs={"X_train": "N D", "X_val": "M D", "X_test": "K D"},
    outputs={"train": "N D+1", "val": "M D+1", "test": "K D+1"},
    given={
        "X_train": lambda rng, sizes: rng.standard_normal((sizes["N"], sizes["D"])) + 3,
        "X_val": lambda rng, sizes: 2 * rng.standard_normal((sizes["M"], sizes["D"])) - 1,
    },
    cases=[
        case(
            "pixels",
            sizes={"N": 23, "M": 17, "K": 19, "D": 11},
            **{name: pixels(name) for name in ("X_train", "X_val", "X_test")},
        ),
        case("one example to predict", sizes={"K": 1}),
    ],
)
def preprocess(student, X_train, X_val, X_test):
    """All three sets at once."""
    train, val, test = student.preprocess(X_train, X_val, X_test)
    return {"train": train, "val": val, "test": test}


def train_is_centred(trial):
    """Every feature of the training set, and nothing else happens to them."""
    inputs, out = trial.ask()
    features, mean = out["train"][:, :-1], inputs["X_train"].mean(axis=0)
    if not close(features.mean(axis=0), np.zeros(len(mean))):
        return "every feature of the training set must have mean 0."
    return (
        None if close(features + mean, inputs["X_train"]) else "centring moves the examples and changes nothing else."
    )


def validation_keeps_its_offset(trial):
    """It is measured from the training set's mean: its own must not be looked at."""
    inputs, out = trial.ask()
    wanted = inputs["X_val"].mean(axis=0) - inputs["X_train"].mean(axis=0)
    if close(out["val"][:, :-1].mean(axis=0), wanted):
        return None
    return "the mean of the validation set must be its own minus the training set's; it is not there to be set to 0."


def bias_is_one(trial):
    """The bias feature is appended after centring."""
    _, out = trial.ask()
    for name, table in out.items():
        if not close(table[:, -1], np.ones(len(table))):
            return f"the last column of {name} must hold ones."
    return None


preprocess.checks = [
    Dimensions(share=0.5),
    Property("The training set is centred", train_is_centred, share=0.75),
    Property("The validation set is not", validation_keeps_its_offset, share=0.75),
    Property("The last column holds ones", bias_is_one, share=0.5),
    Reference(share=1),
    Vectorised(over="N", share=0.5),
]


# --- training ---------------------------------------------------------------------------------------------------------


def squared_errors(W, X, y, reg):
    """A loss that anything can be trained on: the scores should be 1 for the true class and 0 for the others."""
    error = X @ W
    error[np.arange(len(y)), y] -= 1
    return np.vdot(error, error) / len(y) + reg * np.vdot(W, W), 2 * (X.T @ error / len(y) + reg * W)


@exercise(
    points=7,
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
    outputs={"losses": "T", "W": "D C", "predictions": "M int", "losses_of_a_second_call": "T", "W_after_it": "D C"},
    given={
        "y": lambda rng, sizes: rng.permutation(np.arange(sizes["N"]) % sizes["C"]),
        "learning_rate": lambda rng, sizes: float(rng.uniform(0.02, 0.08)),
        "num_iters": lambda rng, sizes: sizes["T"],
        "batch_size": lambda rng, sizes: int(rng.integers(5, 10)),
        "seed": lambda rng, sizes: int(rng.integers(2**31)),
    },
    sizes={"N": (30, 40), "C": (3, 5), "D": (6, 9), "T": (15, 20), "M": (21, 29)},
    cases=[
        case("no regularisation", reg=0.0),
    ],
    seconds=20,
)
def LinearSVM(student, X, y, X_new, learning_rate, reg, num_iters, batch_size, seed):
    """Train on squared errors (training is judged here, not the hinge loss), predict, train on."""
    model, rng = student.LinearSVM(), np.random.default_rng(seed)
    model.loss = lambda X, y, reg: squared_errors(model.W, X, y, reg)
    losses = model.train(X, y, learning_rate, reg, num_iters, batch_size, rng)
    W, predictions = np.array(model.W), model.predict(X_new)
    more = model.train(X, y, learning_rate, reg, num_iters, batch_size, rng)
    return {
        "losses": np.array(losses, dtype=float),
        "W": W,
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
    """250 steps on two thirds of the digits; the labels of the last third never leave this function."""
    X, y = digits()
    order = trial.rng.permutation(len(y))
    known, held_out = order[:1200], order[1200:]
    _, out = trial.ask(
        X=X[known],
        y=y[known],
        X_new=X[held_out],
        learning_rate=0.2,
        reg=1e-4,
        num_iters=250,
        batch_size=100,
    )
    if out["predictions"].shape != (len(held_out),):
        return f"predict must give one class for each of {len(held_out)} examples, not {out['predictions'].shape}."
    accuracy = np.mean(out["predictions"] == y[held_out])
    if accuracy >= 0.85:  # measured with this loss: 0.93 on average, never below 0.90
        return None
    return f"after 250 steps {accuracy:.0%} of 597 unseen digits are right; 85% is easily reached."


def loss_falls(trial):
    """From 1, the squared error of weights near zero, down."""
    X, y = digits()
    _, out = trial.ask(X=X, y=y, X_new=X[:5], learning_rate=0.1, reg=1e-4, num_iters=200, batch_size=100)
    losses = out["losses"]
    if losses.shape != (200,):
        return f"train must return the loss of each of its 200 steps; it returned {losses.size}."
    if not abs(losses[0] - 1) < 0.1:
        return f"with weights near 0 the check's first loss is near 1; yours is {losses[0]:.4g}."
    if not losses[-20:].mean() < 0.6:
        return f"the check's loss must fall from 1 to below 0.6 in 200 steps; the last 20 average {losses[-20:].mean():.3g}."
    return None


LinearSVM.checks = [
    Dimensions(share=1),
    Reference(share=2.5),
    Property("The loss falls", loss_falls, share=1.5),
    Property("It reads digits it has not seen", learns_the_digits, share=2),
]


# --- find the error: three lines of old notes -------------------------------------------------------------------------


@exercise(points=4, inputs={}, outputs={"claims": "6 bool"})
def notes_errata(student):
    """True or False for each claim, in order."""
    claims = student.notes_errata()
    return {"claims": np.array([claims[letter] for letter in "abcdef"])}


notes_errata.checks = [
    Dimensions(share=0.5),
    Reference(share=3.5),
]


# --- the loss in torch ------------------------------------------------------------------------------------------------


def with_gradient(student, W, X, y, reg):
    """The answer's loss, and the gradient that autograd finds for W: zeros where the loss does not hang on W."""
    import torch

    W = W.detach().requires_grad_()
    loss = student.svm_loss_torch(W, X, y, reg)
    if isinstance(loss, float):  # a number that has been read has lost its gradient, and is told so by dW
        loss = torch.tensor(loss, dtype=torch.float64)
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"the loss must be a tensor, not a {type(loss).__name__}")
    (dW,) = torch.autograd.grad(loss.sum(), W, allow_unused=True) if loss.requires_grad else (None,)
    return loss.detach(), torch.zeros_like(W) if dW is None else dW


@exercise(
    points=5,
    inputs={
        **{"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
        **{"X_new": "M D", "steps": "int", "rate": "", "device": "str", "examined": "bool"},
    },
    outputs={
        **{"loss": "", "dW": "D C", "losses": "T", "scores": "M C"},
        **{"keeps_dtype": "bool", "keeps_device": "bool", "waits": "bool"},
    },
    given={
        "steps": lambda rng, sizes: sizes["T"],
        "rate": lambda rng, sizes: float(rng.uniform(0.02, 0.05)),
        "examined": lambda rng, sizes: False,
    },
    sizes={"T": (2, 3)},
    cases=[*LOSS_CASES, case("elsewhere, and in fewer bits", examined=True)],
    seconds=60,
    accelerated=True,
)
def svm_loss_torch(student, W, X, y, reg, X_new, steps, rate, device, examined):
    """Loss and gradient; weights that go downhill from W by this gradient; if examined, whether it follows its tensors."""
    import torch

    where = training.device(device)
    W, X, y, X_new = (torch.from_numpy(one).to(where) for one in (W, X, y, X_new))
    loss, dW = with_gradient(student, W, X, y, reg)
    keeps_dtype, followed = True, placement.Followed(stays=True, waits=False)
    if examined:
        dtypes = torch.float32, torch.bfloat16
        keeps_dtype = placement.keeps_dtype(student.svm_loss_torch, dtypes, W, X, y, reg)
        followed = placement.followed(student.svm_loss_torch, W, X, y, reg)
    losses = []
    for _ in range(steps):
        now, slope = with_gradient(student, W, X, y, reg)
        losses.append(now)
        W = W - rate * slope
    return {
        **{"loss": loss.cpu().double().numpy(), "dW": dW.cpu().double().numpy()},
        **{"losses": torch.stack(losses).cpu().double().numpy(), "scores": (X_new @ W).cpu().double().numpy()},
        **{"keeps_dtype": keeps_dtype, "keeps_device": followed.stays, "waits": followed.waits},
    }


def dtype_is_kept(trial):
    """Half the bits in, half the bits out."""
    _, out = trial.ask(examined=True)
    if out["keeps_dtype"]:
        return None
    return "for arguments in float32 or bfloat16 the loss must be a tensor of that dtype, and no step may mix dtypes."


def device_is_kept(trial):
    """Nothing is made where the arguments are not, and nothing is asked of them."""
    _, out = trial.ask(examined=True)
    if not out["keeps_device"]:
        return "on another device it stops: some tensor is made on the processor, or the loss leaves its arguments."
    if out["waits"]:
        return (
            "a number is read from a tensor, or entries are picked by a mask: an accelerator would have to wait for it."
        )
    return None


def digits_to_learn(rng, device):
    """Digits under new names, in float32, to be learnt by plain descent; the labels of those not seen stay here."""
    X, y = digits()
    order, names = rng.permutation(len(y)), rng.permutation(10)
    known, held_out = order[: 1400 if device else 500], order[1400:]
    X, y = X.astype(np.float32), names[y]
    W = 1e-3 * rng.standard_normal((X.shape[1], 10)).astype(np.float32)
    inputs = {"W": W, "X": X[known], "y": y[known], "reg": 1e-4, "X_new": X[held_out]}
    return Task(
        {**inputs, "steps": 300 if device else 25, "rate": 0.1 if device else 0.3, "device": device, "examined": False},
        y[held_out],
    )


svm_loss_torch.checks = [
    AllowedMeans(allowed=("torch",)),
    Dimensions(share=0.25),
    Reference(share=2, outputs=("loss", "dW", "losses", "scores")),
    Gradient("loss", wrt="W", claimed="dW", share=0.5),
    Property("Any dtype", dtype_is_kept, share=0.25),
    Property("Any device, and no waiting", device_is_kept, share=0.5),
    Reference(share=0.25, outputs=("keeps_dtype", "keeps_device", "waits"), title="Follows its tensors"),
    Vectorised(over="N", share=0.5),
    Training(digits_to_learn, at_least=0.85, share=0.75, title="Learns the digits"),
]
