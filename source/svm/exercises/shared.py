"""What several exercises share: situations, and data whose every margin is known."""

import numpy as np

from autograder import case
from coursekit.exercises import linear

LARGE_SCORES = case("large scores", reg=0.0, X=linear.huge_examples)


def separable(rng, lead):
    """Data and weights whose every true class leads by exactly ``lead``: a (D, C) W, X and y."""
    classes = int(rng.integers(3, 7))
    y = rng.permutation(np.arange(3 * classes) % classes)
    X = np.eye(classes + 1)[y] * rng.uniform(1, 2, (len(y), 1))
    return lead * np.eye(classes + 1, classes), X, y
