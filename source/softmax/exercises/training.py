"""Before training, training, and three lines of old notes."""

from functools import partial

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises import linear
from coursekit.exercises.digits import digits_with_bias
from coursekit.exercises.refusals import OTHER_KINDS, only_kinds, refuses

# --- before training ----------------------------------------------------------------------------


@exercise(
    "C: int -> softmax, softmax_by_default, hinge, refuses_other_kinds: bool",
    points=1,
    given={"C": draws.whole(3, 59)},
    cases=[case("CIFAR-10", C=10), case("ImageNet", C=1000), case("two classes", C=2)],
    words={
        "softmax": 'the loss of kind "softmax"',
        "softmax_by_default": "the loss of the default kind",
        "hinge": 'the loss of kind "hinge"',
    },
    checks=[Dimensions(0.125), ..., Reference(0.375)],
)
def expected_initial_loss(student, C):
    """Both kinds, and one that there is not."""
    loss = student.expected_initial_loss
    return {
        "softmax": loss(C, "softmax"),
        "softmax_by_default": loss(C),
        "hinge": loss(C, "hinge"),
        "refuses_other_kinds": refuses(loss, C, "perceptron"),
    }


@property_of(expected_initial_loss, "The loss of equal scores", 0.375)
def equals_the_loss_of_equal_scores(ask):
    """For ten classes 2.302585 and 9; from there, what more classes must add."""
    _, ten = ask(C=10)
    for name, wanted in (("softmax", 2.302585), ("hinge", 9.0)):
        if not close(ten[name], wanted, 1e-6):
            return (
                f"10 classes with equal scores have a {name} loss of {wanted:.6g}, not "
                f"{float(ten[name]):.6g}."
            )
    few, more = (int(C) for C in ask.rng.integers(3, 25, 2))
    one, other, each_of_each, together = ask.all(
        [{"C": C} for C in (few, more, few * more, few + more)]
    )
    if not close(each_of_each["softmax"], one["softmax"] + other["softmax"]):
        return (
            f"equal scores for {few * more} classes are {more} equal classes in each of {few}: their "
            f"softmax loss must be that of {few} plus that of {more}."
        )
    if not close(together["hinge"], one["hinge"] + other["hinge"] + 1):
        return "with equal scores every wrong class must cost the margin, 1, in the hinge loss."


property_of(expected_initial_loss, OTHER_KINDS, 0.125)(only_kinds("softmax", "hinge"))


def planned(start, slope, unit):
    """A loss that starts so many units from ln C, and answers so to the regularisation."""

    def loss_fn(W, X, y, reg):
        return np.log(W.shape[1]) + start * unit + slope * reg * np.sum(W * W), np.zeros_like(W)

    return loss_fn


STARTS = [-9.0, -1.5, -0.9, -0.3, 0.0, 0.5, 0.9, 1.2, 9.0, np.nan]
SLOPES = np.resize([1.0, 0.0, -1.0, 0.02], len(STARTS))


@exercise(
    "W: D C, X: N D, y: N int<C, starts: K, slopes: K, reg, tol "
    "-> starts_right: K bool, reg_raises_it: K bool, starts_right_by_default: K bool",
    points=3,
    given={
        "starts": lambda rng, sizes: rng.permutation(STARTS),
        "slopes": lambda rng, sizes: rng.permutation(SLOPES),
        "tol": draws.one_of(0.02, 0.04, 0.3),
        "W": draws.normal("D", "C", scale=0.1),
    },
    sizes={"K": (10, 10)},
    cases=[
        case("a thousand classes", sizes={"C": 1000}),
        case("as many examples as classes", sizes={"C": 6, "N": 6}),
    ],
    words={
        "starts_right_by_default": "starts_right with the default settings",
        "starts": "how far the losses start from where they must, over tol,",
        "slopes": "how fast the losses rise with reg",
    },
    checks=[Dimensions(0.5), ..., Reference(1.5)],
)
def initial_loss_ok(student, W, X, y, starts, slopes, reg, tol):
    """Asked about losses that start and answer as planned, with a tol of its own and with the defaults."""
    ok, plans = student.initial_loss_ok, list(zip(starts, slopes, strict=True))
    verdicts = [ok(planned(*plan, tol), W, X, y, reg, tol) for plan in plans]
    by_default = [ok(planned(*plan, 0.1), W, X, y) for plan in plans]
    return {
        "starts_right": np.array([verdict[0] for verdict in verdicts]),
        "reg_raises_it": np.array([verdict[1] for verdict in verdicts]),
        "starts_right_by_default": np.array([verdict[0] for verdict in by_default]),
    }


PLANS = {
    "starts at ln C and rises": ((0.0, 1.0), (True, True)),
    "starts five tolerances below ln C": ((-5.0, 1.0), (False, True)),
    "starts five tolerances above ln C": ((5.0, 1.0), (False, True)),
    "ignores the regularisation": ((0.0, 0.0), (True, False)),
    "falls with the regularisation": ((0.0, -1.0), (True, False)),
    "is nan": ((np.nan, 1.0), (False, False)),
}


@property_of(initial_loss_ok, "Good and bad starts", 1)
def tells_good_from_bad(ask):
    """A right start, a half-blind one, a dead regulariser, one that lowers the loss, and nan."""
    starts, slopes = np.array([plan for plan, _ in PLANS.values()]).T
    _, out = ask(starts=starts, slopes=slopes, reg=0.5, tol=0.01)
    verdicts = zip(out["starts_right"], out["reg_raises_it"], strict=True)
    for (title, (_, wanted)), verdict in zip(PLANS.items(), verdicts, strict=True):
        got = tuple(map(bool, verdict))
        must(got == wanted, f"for a loss that {title} your answer {got} is not right.")


# --- training -----------------------------------------------------------------------------------


@exercise(
    f"{linear.MODEL_SIGNATURE} -> losses: T, W: D C, probabilities: M C, predictions: M int,"
    f" losses_of_a_second_call: S, W_after_it: D C, {linear.TRAINED}",
    points=4,
    inside=True,
    given={**linear.MODEL_GIVEN, "learning_rate": draws.number(0.05, 0.15)},
    sizes=linear.MODEL_SIZES,
    cases=[case("no regularisation", reg=0.0)],
    seconds=20,
    words={**linear.MODEL_WORDS, "probabilities": "what probabilities returns"},
    checks=[Dimensions(0.25), Reference(1.75)],
)
def Softmax(student, X, y, X_new, learning_rate, reg, num_iters, num_iters_again, batch_size, seed):
    """Train on a loss of the check's own (training is judged here), predict, train on."""
    steps = num_iters, num_iters_again
    settings = {"rate": learning_rate, "reg": reg, "steps": steps, "batch": batch_size}
    predicted = ("probabilities", "predictions")
    return linear.trained_twice(student.Softmax(), X_new, seed, predicted, X=X, y=y, **settings)


property_of(Softmax, "The loss falls", 1)(linear.loss_falls)
property_of(Softmax, "It reads digits it has not seen", 1)(
    partial(linear.learns_the_digits, steps=500)
)


@exercise(
    "X: N D, y: N int<C, num_examples: int, learning_rate, num_iters: int, seed: int "
    f"-> losses: T, accuracy, {linear.TRAINED}",
    points=3,
    given={
        "y": draws.every_class("C"),
        "num_examples": draws.whole(9, 12),
        "learning_rate": draws.number(0.02, 0.1),
        "num_iters": draws.size("T"),
        "seed": draws.seed,
    },
    sizes={"N": (30, 40), "C": (4, 6), "D": (7, 9), "T": (2, 3)},
    cases=[
        case("one step", sizes={"T": 1}),
        case("one step, again", sizes={"T": 1}),
        case("many steps", sizes={"T": 60}),
    ],
    words={**linear.TRAINED_WORDS, "losses": "loss_history"},
    checks=[Dimensions(0.5), ..., Reference(1.5)],
)
def overfit_small(student, X, y, num_examples, learning_rate, num_iters, seed):
    """With a loss of our own."""
    settings = num_examples, learning_rate, num_iters, np.random.default_rng(seed)
    watched = linear.Descent(linear.squared_distance, learning_rate)
    losses, accuracy = student.overfit_small(watched, X, y, *settings)
    losses = np.array(losses, dtype=float)
    told = {"losses_told": watched.told(losses), "steps_taken": watched.taken()}
    return {"losses": losses, "accuracy": accuracy, **told}


@property_of(overfit_small, "Learned by heart", 1)
def learns_by_heart(ask):
    """Twenty digits are no match for 650 weights."""
    X, y = digits_with_bias()
    _, out = ask(X=X, y=y, num_examples=20, learning_rate=0.2, num_iters=1000)
    losses = out["losses"]
    linear.did_the_training(out)
    if losses.shape != (1000,):
        return (
            f"the loss of each of 1000 steps must be returned; yours has the shape {losses.shape}."
        )
    if not losses[-1] < 0.02 * losses[0]:
        return (
            f"the loss of 20 examples must all but vanish; yours goes from {losses[0]:.3g} to "
            f"{losses[-1]:.3g}."
        )
    if not close(out["accuracy"], 1.0):
        return f"all 20 examples are learned by heart: accuracy 1, not {out['accuracy']:.3g}."
    twice = {"X": np.tile(X[:1], (2, 1)), "y": np.arange(2)}
    _, out = ask(**twice, num_examples=2, learning_rate=0.2, num_iters=5)
    if not close(out["accuracy"], 0.5):
        return (
            "of two equal examples with different labels one at most can be right: accuracy 0.5, not "
            f"{out['accuracy']:.3g}."
        )


# --- find the errors: three lines of old notes --------------------------------------------------

QUOTES = {"about_the_loss": "abc", "about_the_ratio": "def", "about_second_order": "ghi"}


@exercise(
    "-> about_the_loss: 3 bool, about_the_ratio: 3 bool, about_second_order: 3 bool",
    points=3,
    words={name: f"the claims {name.replace('_', ' ')}" for name in QUOTES},
    entries={name: [f"claim ({letter})" for letter in letters] for name, letters in QUOTES.items()},
    checks=[
        Dimensions(0.25),
        Reference(1, ("about_the_loss",), title="About the loss"),
        Reference(1, ("about_the_ratio",), title="About the ratio"),
        Reference(0.75, ("about_second_order",), title="About second order"),
    ],
)
def notes_errata(student):
    """True or False for each claim, in order, three by three."""
    claims = student.notes_errata()
    return {
        name: np.array([claims[letter] for letter in letters]) for name, letters in QUOTES.items()
    }
