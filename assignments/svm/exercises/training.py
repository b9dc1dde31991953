"""Preprocessing, training, and three lines of old notes."""

from functools import partial

import numpy as np

from autograder import case, claims, draws, exercise, function, must, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close
from coursekit.exercises import linear

# --- preprocessing ------------------------------------------------------------------------------


def pixels(rows):
    """Draws images as they come: whole numbers 0 to 255 in a byte."""
    return lambda rng, inputs: rng.integers(0, 256, (rows, 11)).astype(np.uint8)


preprocess = function(
    "preprocess",
    "X_train: N D, X_val: M D, X_test: K D -> train: N D+1, val: M D+1, test: K D+1",
    points=4,
    given={
        "X_train": draws.normal("N", "D", centre=3),
        "X_val": draws.normal("M", "D", scale=2, centre=-1),
    },
    cases=[
        case(
            "pixels",
            sizes={"N": 23, "M": 17, "K": 19, "D": 11},
            X_train=pixels(23),
            X_val=pixels(17),
            X_test=pixels(19),
        ),
        case("one example to predict", sizes={"K": 1}),
    ],
    words={name: f"X_{name}, centred," for name in ("train", "val", "test")},
    checks=[Dimensions(0.5), ..., Reference(1), Vectorised("N", 0.5)],
)


@property_of(preprocess, "The training set is centred", 0.75)
def train_is_centred(ask):
    """Every feature of the training set, and nothing else happens to them."""
    inputs, out = ask()
    features, mean = out["train"][:, :-1], inputs["X_train"].mean(axis=0)
    if not close(features.mean(axis=0), np.zeros(len(mean))):
        return "every feature of the training set must have mean 0."
    if not close(features + mean, inputs["X_train"]):
        return "centring moves the examples and changes nothing else."


@property_of(preprocess, "The validation set is not", 0.75)
def validation_keeps_its_offset(ask):
    """It is measured from the training set's mean: its own must not be looked at."""
    inputs, out = ask()
    if not close(
        out["val"][:, :-1].mean(axis=0),
        inputs["X_val"].mean(axis=0) - inputs["X_train"].mean(axis=0),
    ):
        return "the mean of the validation set must be its own minus the training set's; it is not there to be set to 0."


@property_of(preprocess, "The last column holds ones", 0.5)
def bias_is_one(ask):
    """The bias feature is appended after centring."""
    for name, table in ask()[1].items():
        must(close(table[:, -1], np.ones(len(table))), f"the last column of {name} must hold ones.")


# --- training -----------------------------------------------------------------------------------


@exercise(
    f"{linear.MODEL_SIGNATURE} -> losses: T, W: D C, predictions: M int, losses_of_a_second_call: S,"
    f" W_after_it: D C, {linear.TRAINED}",
    points=7,
    inside=True,
    given={**linear.MODEL_GIVEN, "learning_rate": draws.number(0.04, 0.16)},
    sizes=linear.MODEL_SIZES,
    cases=[case("no regularisation", reg=0.0)],
    seconds=20,
    words=linear.MODEL_WORDS,
    checks=[Dimensions(1), Reference(2.5)],
)
def LinearSVM(
    student, X, y, X_new, learning_rate, reg, num_iters, num_iters_again, batch_size, seed
):
    """Train on a loss of the check's own (training is judged here), predict, train on."""
    steps = num_iters, num_iters_again
    settings = {"rate": learning_rate, "reg": reg, "steps": steps, "batch": batch_size}
    return linear.trained_twice(student.LinearSVM(), X_new, seed, X=X, y=y, **settings)


property_of(LinearSVM, "The loss falls", 1.5)(linear.loss_falls)
property_of(LinearSVM, "It reads digits it has not seen", 2)(
    partial(linear.learns_the_digits, steps=250)
)


# --- find the error: three lines of old notes ---------------------------------------------------


notes_errata = claims("notes_errata", "abcdef", points=4, shares=(0.5, 3.5))
