"""What several of the exercises ask with: cases, weights from state to state, gradients by name."""

import numpy as np

from autograder import case
from autograder.checks import Gradient

STEP_CASES = [case("one example", sizes={"N": 1}), case("one hidden unit", sizes={"H": 1})]
SHORT_CASES = [case("a single step", sizes={"T": 1}), case("one example", sizes={"N": 1})]
SEQUENCE_CASES = [*SHORT_CASES, case("a long sequence", sizes={"T": 25})]


def recurrent_weights(blocks, *layers):
    """Draws weights (H, blocks * H) that carry a state on without soon losing or exploding it; for
    each of some layers where axes or numbers of them are named.
    """

    def draw(rng, sizes):
        H = sizes["H"]
        shape = [*(sizes.get(axis, axis) for axis in layers), H, blocks * H]
        return rng.standard_normal(shape) / np.sqrt(H)

    return draw


LSTM_GIVEN = {"Wh": recurrent_weights(4)}


def with_gate(b, gate, bias):
    """Biases (..., 4H), those of one gate all set to ``bias``."""
    blocks = np.arange(b.shape[-1]) * 4 // b.shape[-1]
    return np.where(blocks == "ifog".index(gate), bias, b)


def gradient_dims(params):
    """The dimensions of dW, db, ... for those of W, b, ..."""
    return {f"d{name}": dims for name, dims in params.items()}


def gradient_of(output, params, share, upstream=(), called=""):
    """The check that dW, db, ... are the gradients of an output with respect to W, b, ..."""
    claimed = tuple(f"d{name}" for name in params)
    return Gradient(output, tuple(params), claimed, upstream, share, called=called)
