"""What the assignments on linear classifiers, SVM and softmax, ask of losses and of training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from autograder import case, draws, must
from autograder.checks import Check, Dimensions, Gradient, Reference, close
from coursekit.exercises.digits import digits_in_disguise, digits_with_bias


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


def loss_checks(wrt: str, *shares: float) -> list[Check]:
    """What is asked of a loss and of its gradient: dimensions, the loss, slopes, the gradient's
    values; their shares in this order.
    """
    dimensions, loss, slopes, gradient = shares
    return [
        Dimensions(dimensions),
        Reference(loss, ("loss",), title="Right loss"),
        Gradient("loss", wrt=wrt, claimed=f"d{wrt}", share=slopes),
        Reference(gradient, (f"d{wrt}",), title="Right gradient"),
    ]


MODEL_SIGNATURE = (
    "X: N D, y: N int<C, X_new: M D, learning_rate, reg, num_iters: int, num_iters_again: int, "
    "batch_size: int, seed: int"
)
"""What ``trained_twice`` takes."""

TRAINED = "losses_told: bool, steps_taken: bool"
"""What ``Descent`` adds to the outputs of a probe."""
TRAINED_WORDS = {
    "losses_told": "whether every loss returned is one that the loss function gave in that call",
    "steps_taken": "whether the weights move by the learning rate times the gradient, and only so",
}

MODEL_WORDS = {
    **TRAINED_WORDS,
    "losses": "what train returns",
    "losses_of_a_second_call": "what a second call of train returns",
    "W": "W after train",
    "W_after_it": "W after a second call of train",
    "num_iters_again": "the num_iters of a second call of train",
    "predictions": "what predict returns",
    "X_new": "the X to predict",
}
MODEL_GIVEN = {
    "y": draws.every_class("C"),
    "num_iters": draws.size("T"),
    "num_iters_again": draws.size("S"),
    "batch_size": draws.whole(5, 9),
    "seed": draws.seed,
}
MODEL_SIZES = {"N": (30, 40), "C": (3, 5), "D": (6, 9), "T": (15, 20), "S": (10, 14), "M": (21, 29)}


def squared_distance(
    W: np.ndarray, X: np.ndarray, y: np.ndarray, reg: float = 0.0
) -> tuple[float, np.ndarray]:
    """A loss to train on that is nobody's answer, and its slope: a quadratic in W, 1/2 at W = 0.

    It is half the mean squared distance of the scores to one-hot labels, plus ``reg`` sum(W**2).
    """
    pull = X.T @ (X @ W) / len(X) + 2 * reg * W
    tilt = X.T @ np.eye(W.shape[1])[y] / len(X)
    return 0.5 + float(np.vdot(W, pull / 2 - tilt)), pull - tilt


class Descent:
    """What a loss was asked, call by call: for which weights, and what it said."""

    def __init__(self, loss: Callable[..., tuple[Any, np.ndarray]], rate: float = 1.0) -> None:
        self._loss, self._rate = loss, rate
        self._weights: list[np.ndarray] = []
        self._said: list[tuple[float, np.ndarray]] = []

    def __call__(self, W: np.ndarray, *given: Any, **named: Any) -> tuple[Any, np.ndarray]:
        """The loss and its slope."""
        said = self._loss(W, *given, **named)
        self._weights.append(np.array(W))
        self._said.append((float(said[0]), np.array(said[1])))
        return said

    @property
    def slopes(self) -> list[np.ndarray]:
        """The gradient of every call."""
        return [slope for _, slope in self._said]

    def told(self, losses: Any) -> bool:
        """Whether these losses are what was said, in this order; what was asked besides may lack."""
        left = iter(loss for loss, _ in self._said)
        asked = np.ravel(losses).tolist()
        return all(any(one == loss or close(one, loss, 1e-12) for loss in left) for one in asked)

    def moves_squared(self, after: np.ndarray) -> np.ndarray:
        """For each call, how far the weights went from there, over their length; squared."""
        weights = [*self._weights, np.asarray(after)]
        moves = [(np.linalg.norm(b - a), np.linalg.norm(a)) for a, b in pairwise(weights)]
        return np.array([(move / length) ** 2 for move, length in moves])

    def taken(self, after: np.ndarray | None = None) -> bool:
        """Whether weights stand still or move down a slope that was told there, up to ``after``."""
        weights = self._weights if after is None else [*self._weights, np.array(after)]
        slopes: list[np.ndarray] = []
        for k, (here, there) in enumerate(pairwise(weights)):
            slopes.append(self._said[k][1])
            if np.array_equal(here, there):
                continue
            if here.shape != there.shape or not any(
                self._leads(here, there, slope) for slope in slopes
            ):
                return False
            slopes = []
        return bool(weights)

    def _leads(self, here: np.ndarray, there: np.ndarray, slope: np.ndarray) -> bool:
        """Whether one step down a slope leads from here to there, up to rounding."""
        if slope.shape != here.shape:
            return False
        exactly = np.array_equal(there, here - self._rate * slope)
        return exactly or close((here - there) / self._rate, slope, 1e-6)


def trained_twice(
    model: Any,
    X_new: np.ndarray,
    seed: int,
    predicted: tuple[str, ...] = ("predictions",),
    **given: Any,
) -> dict[str, Any]:
    """Train a model on a loss of the check's own (training is judged, not the loss), and train on.

    ``given`` is what train takes; ``steps`` among it those of both calls. ``predicted`` names what
    the model says of ``X_new`` in between: predictions, probabilities.
    """
    words = {"predictions": "predict", "probabilities": "probabilities"}
    rng, first, second = (
        np.random.default_rng(seed),
        *(Descent(squared_distance, given["rate"]) for _ in range(2)),
    )
    model.loss = lambda X, y, reg: first(model.W, X, y, reg)
    once, again = ({**given, "steps": steps}.values() for steps in given["steps"])
    losses, W = np.array(model.train(*once, rng), dtype=float), np.array(model.W)
    said = {name: getattr(model, words[name])(X_new) for name in predicted}
    model.loss = lambda X, y, reg: second(model.W, X, y, reg)
    more = np.array(model.train(*again, rng), dtype=float)
    return {
        "losses": losses,
        "W": W,
        **said,
        "losses_of_a_second_call": more,
        "W_after_it": np.array(model.W),
        "losses_told": first.told(losses) and second.told(more),
        "steps_taken": first.taken(W) and second.taken(model.W),
    }


def did_the_training(out: Mapping[str, np.ndarray]) -> None:
    """Losses that were made up, and weights that come from elsewhere, are no training."""
    must(
        out["losses_told"],
        "the losses returned must be those that the loss function gave, step by step; yours are others.",
    )
    must(
        out["steps_taken"],
        "each step must move W down the slope that the loss function gave, by the learning rate; yours "
        "moves otherwise.",
    )


ON_DIGITS = {"learning_rate": 0.2, "reg": 1e-4, "batch_size": 50, "num_iters_again": 1}
"""How a linear model learns the digits; that it goes on where it stopped is seen on less."""


def learns_the_digits(ask: Any, steps: int) -> None:
    """Two thirds of the digits to train on; the labels of the last third never leave this function.

    Pixels are mixed and classes renamed, other ones each time: they can be learned, not looked up.
    """
    X, y = digits_in_disguise(ask.rng)
    order = ask.rng.permutation(len(y))
    known, held_out = order[:1200], order[1200:]
    settings = {"num_iters": steps, **ON_DIGITS}
    _, out = ask(X=X[known], y=y[known], X_new=X[held_out], **settings)
    did_the_training(out)
    predictions, asked = out["predictions"], len(held_out)
    must(
        predictions.shape == (asked,),
        f"predict must give one class for each of {asked} examples, not {predictions.shape}.",
    )
    scores = X[held_out] @ out["W"]
    named = np.arange(scores.shape[1]) == predictions[:, None]
    must(
        close(scores[named], scores.max(axis=1)),
        "predict must name the class to which W gives the highest score.",
    )
    accuracy = np.mean(predictions == y[held_out])
    must(
        accuracy >= 0.85,  # measured with these losses: 0.93 on average, never below 0.90
        f"after {steps} steps {accuracy:.0%} of 597 unseen digits are right; 85% can be reached.",
    )


def loss_falls(ask: Any) -> None:
    """The check's loss starts at 1/2, for weights near zero, and falls below 0.3 in 200 steps."""
    X, y = digits_with_bias()
    _, out = ask(X=X, y=y, X_new=X[:5], num_iters=200, **ON_DIGITS)
    losses = out["losses"]
    did_the_training(out)
    must(
        losses.shape == (200,),
        f"train must return the loss of each of its 200 steps; it returned {losses.size}.",
    )
    must(
        abs(losses[0] - 0.5) < 0.05,
        f"with weights near 0 the check's first loss is near 0.5; yours is {losses[0]:.4g}.",
    )
    ends = losses[-20:].mean()
    must(
        ends < 0.3,
        "the check's loss must fall from 0.5 to below 0.3 in 200 steps; the last 20 "
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
