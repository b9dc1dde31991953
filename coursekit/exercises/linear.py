"""What the assignments on linear classifiers, SVM and softmax, ask of losses and of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograder import case, draws, must
from autograder.checks import close
from coursekit.exercises.digits import digits_with_bias


def last_class_only(rng: np.random.Generator, inputs: Mapping[str, Any]) -> np.ndarray:
    """Labels (N,) that name one class alone: a loss that forgets a class shows here."""
    return np.full(len(inputs["X"]), inputs["W"].shape[1] - 1)


def huge_examples(rng: np.random.Generator, inputs: Mapping[str, Any]) -> np.ndarray:
    """Examples (N, D) that make scores of tens of thousands."""
    return 1e4 * rng.standard_normal((len(inputs["y"]), len(inputs["W"])))


LOSS = "W: D C, X: N D, y: N int<C, reg -> loss, dW: D C"
LOSS_CASES = [
    case("strong regularisation", reg=2.5),
    case("no regularisation", reg=0.0),
    case("one example", sizes={"N": 1}),
    case("two classes", sizes={"C": 2}),
    case("one label for all", y=last_class_only),
    case("many more examples than classes", sizes={"N": 40}),
]
"""What any loss of a mini-batch must master."""

MODEL_SIGNATURE = (
    "X: N D, y: N int<C, X_new: M D, learning_rate, reg, num_iters: int, batch_size: int, seed: int"
)
"""What ``trained_twice`` takes."""

MODEL_WORDS = {
    "losses": "what train returns",
    "losses_of_a_second_call": "what a second call of train returns",
    "W": "W after train",
    "W_after_it": "W after a second call of train",
    "predictions": "what predict returns",
    "X_new": "the X to predict",
}
MODEL_GIVEN = {
    "y": draws.every_class("C"),
    "num_iters": draws.size("T"),
    "batch_size": draws.whole(5, 9),
    "seed": draws.seed,
}
MODEL_SIZES = {"N": (30, 40), "C": (3, 5), "D": (6, 9), "T": (15, 20), "M": (21, 29)}


def trained_twice(
    model: Any,
    loss: Callable[..., Any],
    X_new: np.ndarray,
    seed: int,
    predicted: tuple[str, ...] = ("predictions",),
    **given: Any,
) -> dict[str, Any]:
    """Train a model on a loss of the check's own (training is judged, not the loss), and train on.

    ``predicted`` names what the model says of ``X_new`` in between: predictions, probabilities.
    """
    words = {"predictions": "predict", "probabilities": "probabilities"}
    rng = np.random.default_rng(seed)
    model.loss = lambda X, y, reg: loss(model.W, X, y, reg)
    losses, W = model.train(*given.values(), rng), np.array(model.W)
    said = {name: getattr(model, words[name])(X_new) for name in predicted}
    more = model.train(*given.values(), rng)
    return {
        "losses": np.array(losses, dtype=float),
        "W": W,
        **said,
        "losses_of_a_second_call": np.array(more, dtype=float),
        "W_after_it": np.array(model.W),
    }


def learns_the_digits(ask: Any, steps: int) -> None:
    """Two thirds of the digits to train on; the labels of the last third never leave this function."""
    X, y = digits_with_bias()
    order = ask.rng.permutation(len(y))
    known, held_out = order[:1200], order[1200:]
    settings = {"learning_rate": 0.2, "reg": 1e-4, "num_iters": steps, "batch_size": 100}
    _, out = ask(X=X[known], y=y[known], X_new=X[held_out], **settings)
    predictions, asked = out["predictions"], len(held_out)
    must(
        predictions.shape == (asked,),
        f"predict must give one class for each of {asked} examples, not {predictions.shape}.",
    )
    accuracy = np.mean(predictions == y[held_out])
    must(
        accuracy >= 0.85,  # measured with these losses: 0.93 on average, never below 0.90
        f"after {steps} steps {accuracy:.0%} of 597 unseen digits are right; 85% can be reached.",
    )


def loss_falls(ask: Any, first: float, near: float, last: float, rate: float) -> None:
    """The check's loss starts at ``first``, for weights near zero, and falls below ``last`` in 200 steps."""
    X, y = digits_with_bias()
    settings = {"learning_rate": rate, "reg": 1e-4, "num_iters": 200, "batch_size": 100}
    _, out = ask(X=X, y=y, X_new=X[:5], **settings)
    losses = out["losses"]
    must(
        losses.shape == (200,),
        f"train must return the loss of each of its 200 steps; it returned {losses.size}.",
    )
    must(
        abs(losses[0] - first) < near,
        f"with weights near 0 the check's first loss is near {first:g}; yours is {losses[0]:.4g}.",
    )
    ends = losses[-20:].mean()
    must(
        ends < last,
        f"the check's loss must fall from {first:g} to below {last:g} in 200 steps; the last 20 "
        f"average {ends:.3g}.",
    )


def same_for_a_common_shift(ask: Any) -> tuple[dict[str, Any], Mapping[str, np.ndarray]]:
    """One vector added to the weights of every class moves all scores of an example alike.

    Gives the inputs and outputs without the shift.
    """
    inputs, out = ask(reg=0.0)
    shift = ask.rng.standard_normal((inputs["W"].shape[0], 1))
    _, moved = ask(inputs, W=inputs["W"] + shift)
    must(
        close(moved["loss"], out["loss"]) and close(moved["dW"], out["dW"]),
        "one vector added to the weights of every class changes no difference of scores, yet your "
        "answer changes.",
    )
    return inputs, out


def rows_sum_to_zero(dx: np.ndarray) -> None:
    """What pushes the wrong classes down pushes the true one up, by as much."""
    sums = dx.sum(axis=-1)
    row = int(np.argmax(np.abs(np.nan_to_num(sums, nan=np.inf))))
    must(
        close(sums, np.zeros(len(dx))),
        f"every row of dx must sum to 0 (equal scores added to a row change nothing); row {row} "
        "does not.",
    )


def refused(call: Callable[..., Any], *arguments: Any) -> bool:
    """Whether a call raises ValueError."""
    try:
        call(*arguments)
    except ValueError:
        return True
    return False
