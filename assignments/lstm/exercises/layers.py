"""Layers that read a sequence step by step, and the gradients' way back through time."""

import numpy as np

from autograder import case, exercise, layer, must, property_of
from autograder.checks import Dimensions, Reference, Vectorised, close

from .shared import (
    LSTM_GIVEN,
    SEQUENCE_CASES,
    gradient_dims,
    gradient_of,
    recurrent_weights,
    with_gate,
)

rnn = layer(
    "rnn",
    "x: N T D, h0: N H, Wx: D H, Wh: H H, b: H -> h: N T H",
    points=5,
    shares=(0.5, 1.25, 1.25),
    given={"Wh": recurrent_weights(1)},
    cases=SEQUENCE_CASES,
    checks=[Vectorised("N", 0.5)],
)

lstm = layer(
    "lstm",
    "x: N T D, h0: N H, Wx: D 4*H, Wh: H 4*H, b: 4*H -> h: N T H",
    points=5,
    shares=(0.5, 1.25, 1.25),
    given=LSTM_GIVEN,
    cases=[*SEQUENCE_CASES, case("no state yet", sizes={"N": 5, "H": 4}, h0=np.zeros((5, 4)))],
    checks=[Vectorised("N", 0.5)],
)


@property_of(rnn, "Time runs forward", 0.5)
@property_of(lstm, "Time runs forward", 0.25)
def only_forward_in_time(ask):
    """The future leaves the past alone; a gradient at one step reaches no input after it."""
    inputs, out = ask()
    at = inputs["x"].shape[1] // 2
    other, early = inputs["x"].copy(), inputs["dh"].copy()
    other[:, at:] += 1.0
    early[:, at:] = 0.0
    with_other_future, with_early_loss = ask.all([{**inputs, "x": other}, {**inputs, "dh": early}])
    if not close(with_other_future["h"][:, :at], out["h"][:, :at]):
        return f"the inputs from step {at} on change the states before it: time runs forward only."
    if with_early_loss["dx"][:, at:].any():
        return f"a loss that looks at the steps before {at} only depends on no later input, but dx is not 0 there."
    if at and not with_early_loss["dx"][:, 0].any():
        return "a loss at later steps depends on the first input, through the states, but dx is 0 there."


@property_of(rnn, "Gradients add over the steps", 0.5)
@property_of(lstm, "Gradients add over the steps", 0.25)
def adds_over_steps(ask):
    """Gradients are linear in dh: the sum over the steps of what each step's own loss gives."""
    inputs, out = ask()
    steps = np.arange(inputs["x"].shape[1])[:, None]
    single = [{**inputs, "dh": np.where(steps == t, inputs["dh"], 0.0)} for t in range(len(steps))]
    answers = ask.all(single)
    for name in ("dx", "dh0", "dWx", "dWh", "db"):
        if not close(out[name], sum(one[name] for one in answers)):
            return f"the gradients of the single steps' losses must add up to {name}; yours do not."


@property_of(rnn, "In two parts", 0.5)
def in_two_parts(ask):
    """The second part starts from the first one's last state, and sends its dh0 back there."""
    inputs, out = ask()
    at = inputs["x"].shape[1] // 2
    first = {**inputs, "x": inputs["x"][:, :at], "dh": inputs["dh"][:, :at].copy()}
    _, later = ask(
        inputs, x=inputs["x"][:, at:], dh=inputs["dh"][:, at:], h0=out["h"][:, at - 1].copy()
    )
    if not close(later["h"], out["h"][:, at:]):
        return f"the second part of the sequence, started from the state after step {at - 1}, must give the same states."
    first["dh"][:, -1] += later["dh0"]
    _, earlier = ask(first)
    for name in ("dWx", "dWh", "db"):
        if not close(out[name], earlier[name] + later[name]):
            return f"cut in two, with dh0 of the second part added to the last dh of the first, {name} must be the same."


@property_of(lstm, "Nothing to forget at first", 0.5)
def nothing_to_forget_at_first(ask):
    """c0 = 0: at the first step the forget gate has nothing to keep; later it has."""
    inputs = ask.draw()
    one, other = ask.all(
        [{**inputs, "b": with_gate(inputs["b"], "f", bias)} for bias in (-50.0, 50.0)]
    )
    if not close(one["h"][:, 0], other["h"][:, 0]):
        return "the first state must not depend on the forget gate: the cell state starts at 0, so nothing can be kept."
    if close(one["h"][:, 1], other["h"][:, 1]):
        return "from the second step on the forget gate must matter: the cell state is not carried to the next step."


@property_of(lstm, "A long memory", 0.5)
def a_long_memory(ask):
    """Written at the first step, then all gates stand still: 30 steps later it is all there."""
    N, D, H, T = 2, 3, 4, 30
    Wx, b = np.zeros((D, 4 * H)), np.zeros(4 * H)
    b[:H], b[H : 3 * H] = -40.0, 40.0
    Wx[0, :H] = 80.0  # input 0 opens the input gate
    Wx[1, 3 * H :] = 1.0  # input 1 is what gets in
    x, dh = np.zeros((N, T, D)), np.zeros((N, T, H))
    x[:, 0], dh[:, -1] = 1.0, 1.0
    _, out = ask(x=x, h0=np.zeros((N, H)), Wx=Wx, Wh=np.zeros((H, 4 * H)), b=b, dh=dh)
    kept = np.tanh(np.tanh(1.0))
    if not close(out["h"][:, -1], np.full((N, H), kept)):
        return "what is written into the cell at the first step must still be there 30 steps later, if no gate forgets it."
    back = (1 - kept**2) * (1 - np.tanh(1.0) ** 2) * H
    if not close(out["dx"][:, 0, 1], np.full(N, back), 1e-6):
        return "30 steps later, with every forget gate open, the gradient must reach the first input undiminished."


STACK = {
    **{"x": "N T D", "h0": "L N H"},
    **{"Wx1": "D 4*H", "Wx": "L-1 H 4*H", "Wh": "L H 4*H", "b": "L 4*H"},
}


@exercise(
    points=4,
    inputs={**STACK, "dh": "N T H"},
    outputs={"h": "N T H", **gradient_dims(STACK)},
    answers=("stacked_lstm_forward", "stacked_lstm_backward"),
    given={"Wh": recurrent_weights(4, "L")},
    sizes={"L": (2, 4), "N": (3, 6), "T": (3, 7)},
    cases=[
        case("as many inputs as units", sizes={"D": 7, "H": 7}),
        case("one example, one step", sizes={"N": 1, "T": 1}),
    ],
    words={
        "Wx1": "Wx of the first layer",
        "dWx1": "dWx of the first layer",
        "Wx": "Wx of the layers above",
        "dWx": "dWx of the layers above",
    },
    checks=[
        Dimensions(0.25),
        gradient_of("h", STACK, 1.5, upstream="dh"),
        Reference(1.25),
        Vectorised("N", 0.5),
    ],
)
def stacked_lstm(student, x, h0, Wx1, Wx, Wh, b, dh):
    """Forward and back."""
    layers = list(zip([Wx1, *Wx], Wh, b, strict=True))
    h, cache = student.stacked_lstm_forward(x, list(h0), layers)
    dx, dh0, grads = student.stacked_lstm_backward(dh, cache)
    dWx, dWh, db = zip(*grads, strict=True)
    return {
        **{"h": h, "dx": dx, "dh0": np.array(dh0), "dWx1": dWx[0]},
        **{"dWx": np.array(dWx[1:]), "dWh": np.array(dWh), "db": np.array(db)},
    }


@property_of(stacked_lstm, "Layer by layer", 0.5)
def layer_by_layer(ask):
    """A shut layer hides everything below it, and lets no gradient through to it."""
    inputs = ask.draw()
    b, h0 = inputs["b"].copy(), inputs["h0"].copy()
    b[0] = with_gate(b[0], "o", -1e3)  # the first layer shows nothing
    h0[0] += 1.0
    shut = {**inputs, "b": b}
    out, changed, base, moved = ask.all(
        [shut, {**shut, "x": inputs["x"] + 1.0}, inputs, {**inputs, "h0": h0}]
    )
    if not close(out["h"], changed["h"]):
        return "with the first layer's output gates shut the last layer must not see x: each layer reads the one below."
    if out["dx"].any():
        return "with the first layer's output gates shut no gradient can reach x, but dx is not 0."
    if close(base["h"], moved["h"]):
        return (
            "the first entry of h0 is the first layer's start, and must matter to the last layer."
        )


def some_lengths(rng, sizes):
    """A length in [1, T] for each sequence; the first one is filled up, the last one is not."""
    lengths = rng.integers(1, sizes["T"] + 1, sizes["N"])
    lengths[0], lengths[-1] = (sizes["T"] + 1) // 2, sizes["T"]
    return lengths


RAGGED = {"lengths": np.array([6, 4, 5])}
THREE = {"N": 3, "T": 6}
READERS = ("the reader from first to last", "the reader from last to first")


@exercise(
    "x: N T D, lengths: N int, Wx: 2 D 4*H, Wh: 2 H 4*H, b: 2 4*H -> h: N T 2*H",
    points=3,
    given={"lengths": some_lengths, "Wh": recurrent_weights(4, 2)},
    sizes={"N": (3, 6), "T": (4, 7)},
    cases=[
        case("no filling", sizes=THREE, lengths=np.full(3, 6)),
        case("nothing but first steps", sizes=THREE, lengths=np.ones(3, dtype=int)),
        case("one example", sizes={"N": 1, "T": 5}, lengths=np.array([3])),
        case("a single step", sizes={"N": 3, "T": 1}, lengths=np.ones(3, dtype=int)),
    ],
    words={name: f"{name} of both readers" for name in ("Wx", "Wh", "b")},
    checks=[Dimensions(0.25), Reference(1), Vectorised("N", 0.25)],
)
def bidirectional_lstm(student, x, lengths, Wx, Wh, b):
    """Once."""
    there, back = zip(Wx, Wh, b, strict=True)
    return {"h": student.bidirectional_lstm(x, lengths, there, back)}


@property_of(bidirectional_lstm, "Filling is silent", 0.5)
def filling_is_heard_by_nobody(ask):
    """What stands there changes nothing, and what comes out there is 0."""
    inputs, out = ask()
    filling = np.arange(inputs["x"].shape[1]) >= inputs["lengths"][:, None]
    must(not out["h"][filling].any(), "at filling steps h must be 0.")
    other = np.where(filling[:, :, None], inputs["x"] + 1.0, inputs["x"])
    if not close(ask(inputs, x=other)[1]["h"], out["h"]):
        return "other numbers at filling steps change h at real ones: a reader has heard of them."
    longer = np.concatenate([inputs["x"], inputs["x"]], axis=1)
    if not close(ask(inputs, x=longer)[1]["h"][:, : len(filling[0])], out["h"]):
        return "more filling behind the same sequences changes h: a reader has heard of it, if only of its length."


@property_of(bidirectional_lstm, "Each reader knows its side", 0.5)
def each_reader_knows_its_side(ask):
    """Another input at one step reaches the one half from there on, the other up to there."""
    T, at = 6, 2
    inputs, out = ask(case("three sequences", sizes=THREE), **RAGGED)
    other = inputs["x"].copy()
    other[:, at] += 1.0
    moved = np.abs(ask(inputs, x=other)[1]["h"] - out["h"])
    real = np.arange(T) < inputs["lengths"][:, None]
    sides = np.arange(T) >= at, np.arange(T) <= at
    for whose, half, side in zip(READERS, np.split(moved, 2, axis=2), sides, strict=True):
        heard = half.max(axis=2) > 0
        if heard[:, ~side].any():
            return f"another input at step {at} changes what {whose} says at a step that it reads before."
        if not heard[real & side].all():
            return (
                f"another input at step {at} must change what {whose} says there, and at all real "
                "steps that it reads later."
            )


@property_of(bidirectional_lstm, "Each reader has its weights", 0.5)
def each_reader_has_its_weights(ask):
    """A reader that shows nothing leaves its half 0; turned around and exchanged they are the same."""
    inputs, out = ask(case("no filling", sizes=THREE), lengths=np.full(3, 6))
    turned = {name: inputs[name][::-1] for name in ("Wx", "Wh", "b")}
    _, other = ask({**inputs, **turned, "x": inputs["x"][:, ::-1]})
    ours, theirs = np.split(out["h"], 2, axis=2), np.split(other["h"][:, ::-1], 2, axis=2)
    if not (close(ours[0], theirs[1]) and close(ours[1], theirs[0])):
        return (
            "with all sequences turned around and the two readers' weights exchanged, h must be turned around, "
            "its halves exchanged."
        )
    shown, silent = np.split(
        ask(inputs, b=np.stack([inputs["b"][0], with_gate(inputs["b"][1], "o", -1e3)]))[1]["h"],
        *(2, 2),
    )
    if not (close(shown, ours[0]) and not silent.any()):
        return "with the output gates in back shut, the second half of h must be 0 and the first as it was."
