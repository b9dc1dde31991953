"""What several exercises share: situations, and probabilities that a library gives."""

import numpy as np

from autograder import case


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


def probabilities(s):
    """The softmax of rows, or of one row, where a probe needs one that is not the student's."""
    from scipy.special import softmax

    return softmax(s, axis=-1)
