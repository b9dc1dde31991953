"""What several exercises share: situations, and the loss itself for the properties."""

import numpy as np

from autograder import case


def last_class_only(rng, inputs):
    """Labels that name one class alone: a loss that forgets a class shows here."""
    return np.full(len(inputs["X"]), inputs["W"].shape[1] - 1)


def huge_examples(rng, inputs):
    """Examples that make scores of tens of thousands."""
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
LARGE_SCORES = case("large scores", reg=0.0, X=huge_examples)


def hinge(scores, y, delta=1.0, power=1):
    """The mean hinge loss of scores, for the properties."""
    shortfalls = np.maximum(0, scores - np.take_along_axis(scores, y[:, None], 1) + delta)
    np.put_along_axis(shortfalls, y[:, None], 0, 1)
    return (shortfalls**power).sum() / len(y)


def separable(rng, lead):
    """Data and weights whose every true class leads by exactly ``lead``: a (D, C) W, X and y."""
    classes = int(rng.integers(3, 7))
    y = rng.permutation(np.arange(3 * classes) % classes)
    X = np.eye(classes + 1)[y] * rng.uniform(1, 2, (len(y), 1))
    return lead * np.eye(classes + 1, classes), X, y
