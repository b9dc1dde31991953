"""Truncated backpropagation through time: a text in pieces, and a step of training on one."""

import numpy as np

from autograder import case, draws, exercise, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close
from coursekit.exercises.params import gradients_in, params_in_words

from .shared import SHORT_CASES, gradient_dims, gradient_of, recurrent_weights


@exercise(
    "data: N M int, seq_len: int -> inputs: N M-1 int, targets: N M-1 int, lengths: any int",
    points=3,
    given={"data": draws.whole(0, 999, "N", "M"), "seq_len": draws.whole(4, 6)},
    sizes={"M": (20, 29)},
    cases=[
        case("pieces that come out even", sizes={"M": 21}, seq_len=5),
        case("one symbol left over for the last piece", sizes={"M": 22}, seq_len=5),
        case("one piece for all", seq_len=100),
        case("one symbol at a time", seq_len=1),
        case("one text of two symbols", sizes={"N": 1, "M": 2}),
    ],
    words={
        "inputs": "all inputs in a row",
        "targets": "all targets in a row",
        "lengths": "the lengths of the pieces",
    },
    checks=[Dimensions(0.5), Reference(1.5)],
)
def bptt_chunks(student, data, seq_len):
    """All pieces side by side, and how long each of them is."""
    pairs = list(student.bptt_chunks(data, seq_len))
    return {
        "inputs": np.concatenate([inputs for inputs, _ in pairs], axis=1),
        "targets": np.concatenate([targets for _, targets in pairs], axis=1),
        "lengths": np.array([targets.shape[1] for _, targets in pairs]),
    }


@property_of(bptt_chunks, "Every symbol is predicted once", 1)
def every_symbol_is_predicted_once(ask):
    """The seams included."""
    for seq_len in (3, 5, 1000):
        inputs, out = ask(seq_len=seq_len)
        if not np.array_equal(out["inputs"], inputs["data"][:, :-1]):
            return "put together, the inputs must be the text without its last symbol."
        if not np.array_equal(out["targets"], inputs["data"][:, 1:]):
            return "put together, the targets must be the text without its first symbol: each is the symbol after its input."
        if not ((out["lengths"] <= seq_len).all() and (out["lengths"][:-1] == seq_len).all()):
            return f"every piece but the last must have {seq_len} steps; yours have {out['lengths'].tolist()}."


CHAR_RNN = {"E": "V D", "Wx": "D H", "Wh": "H H", "b": "H", "Wy": "H V", "by": "V"}
FIRST_PIECE = case("the first piece of a text", sizes={"N": 3, "H": 5}, h_prev=np.zeros((3, 5)))


@exercise(
    points=4,
    inputs={"inputs": "N T int<V", "targets": "N T int<V", "h_prev": "N H", **CHAR_RNN},
    outputs={"loss": "", **gradient_dims(CHAR_RNN), "h_last": "N H"},
    given={"Wh": recurrent_weights(1)},
    cases=[*SHORT_CASES, FIRST_PIECE],
    words=params_in_words(*CHAR_RNN),
    checks=[
        Dimensions(0.25),
        gradient_of("loss", CHAR_RNN, 1.25),
        Reference(1.25),
        Vectorised("N", 0.25),
    ],
)
def char_rnn_train_step(student, inputs, targets, h_prev, **params):
    """Once."""
    loss, grads, h_last = student.char_rnn_train_step(params, inputs, targets, h_prev)
    return {"loss": loss, **gradients_in(grads, params), "h_last": h_last}


@property_of(char_rnn_train_step, "log V a step at the start", 0.25)
def starts_at_log_v(ask):
    """Equal scores cost log V at every step."""
    inputs = ask.draw()
    blind = {**inputs, "Wy": 0 * inputs["Wy"]}
    out, favouring = ask.all([{**blind, "by": 0 * inputs["by"]}, blind])
    (N, T), V = inputs["inputs"].shape, len(inputs["by"])
    log_p = inputs["by"] - np.log(np.exp(inputs["by"]).sum())
    if not close(out["loss"], T * np.log(V)):
        return f"with equal scores each of {T} steps costs log V = {np.log(V):.4g}: the loss must be {T * np.log(V):.4g}."
    if not close(favouring["loss"], -log_p[inputs["targets"]].sum() / N):
        return "with Wy = 0 each step must cost -log softmax(by)[target]: the targets are what has to be predicted."


@property_of(char_rnn_train_step, "The state is carried, the gradient is cut", 0.75)
def state_carried_gradient_cut(ask):
    """Two pieces cost what the whole costs; their gradients do not add up to the whole's."""
    inputs, whole = ask()
    x, y = inputs["inputs"], inputs["targets"]
    at = x.shape[1] // 2
    _, first = ask(inputs, inputs=x[:, :at], targets=y[:, :at])
    _, second = ask(inputs, inputs=x[:, at:], targets=y[:, at:], h_prev=first["h_last"])
    if not close(first["loss"] + second["loss"], whole["loss"]):
        return "two pieces, the second started from the h_last of the first, must cost together what the whole text costs."
    if not close(second["h_last"], whole["h_last"]):
        return "after the second piece the state must be that after the whole text."
    if close(first["dWh"] + second["dWh"], whole["dWh"], 1e-6):
        return "the gradient of a piece must stop at its seam: h_prev counts as a constant."
