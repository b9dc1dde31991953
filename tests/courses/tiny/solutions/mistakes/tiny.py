"""Well-known wrong answers of the tiny course."""

import numpy as np

HINTS = {
    "half_square": {
        "not_averaged": "dw is summed over the examples; divide by N as the loss does."
    },
    "row_sums": {"columns": "These are the sums of the columns: sum over axis 1."},
}


def half_square(x, w, *, wrong: frozenset[str] = frozenset()):
    scores = x.dot(w)
    dw = scores.dot(x)
    return 0.5 * float((scores * scores).mean()), dw if "not_averaged" in wrong else dw / x.shape[0]


def row_sums(x, *, wrong: frozenset[str] = frozenset()):
    return np.einsum("nd->d" if "columns" in wrong else "nd->n", x)
