"""Sequence to sequence: one network reads, another one writes."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, Task, Training, Vectorised, close
from autograder.checks.training import NotMeasurable
from coursekit.exercises.params import gradients_in, params_in_words

from .adam import NO_TRAINING, TRAINED_WORDS, trained
from .shared import gradient_dims, gradient_of, with_gate


def backwards(rng, device):
    """Digits to be written backwards, in ten signs that stand for them in an unknown order."""
    from coursekit.sequences import reversed_digits

    V, S, D, H = 10, 3, 12, 24
    x, y = reversed_digits(rng, 1500, S)
    y, bound = rng.permutation(V)[y], 0.2
    b = np.repeat([0.0, 1.0, 0.0, 0.0], H)
    coders = {
        f"{whose}_{name}": rng.uniform(-bound, bound, shape)
        for whose in ("enc", "dec")
        for name, shape in (("Wx", (D, 4 * H)), ("Wh", (H, 4 * H)))
    }
    inputs = {
        **{"x": x[:1200], "y": y[:1200], "E": 0.5 * rng.standard_normal((V + 1, D))},
        **{**coders, "enc_b": b, "dec_b": b},
        **{"Wy": rng.uniform(-bound, bound, (H, V)), "by": np.zeros(V), "n": S},
        **{"held_out": x[1200:], "order": rng.integers(0, 1200, (150, 48)), "rate": 1e-2},
    }
    return Task(inputs, y[1200:])


def only_by_the_parameters(decode, params, x, n, written):
    """Whether renamed symbols are written under their new names, and who reads nothing knows nothing.

    A table of what was told in training does neither.
    """
    V, written = len(params["by"]), np.asarray(written)
    if written.dtype.kind not in "iu" or not np.isin(written, np.arange(V)).all():
        return False
    called = np.roll(np.arange(V), 1)  # symbol v is called called[v]
    stood_for = np.argsort(called)
    renamed = {"E": params["E"][[*stood_for, V]]}
    renamed |= {name: params[name][..., stood_for] for name in ("Wy", "by")}
    again = decode({**params, **renamed}, called[x], n)
    alike = np.asarray(decode({**params, "enc_Wx": 0 * params["enc_Wx"]}, x, n))
    return np.array_equal(again, called[written]) and bool(np.all(alike == alike[:1]))


def digits_right(outputs, right):
    """The share of digits that are written rightly, by the parameters and nothing else."""
    if not outputs.get("by_the_parameters"):
        raise NotMeasurable(
            "what is decoded must come from params: symbols renamed there and in x must be written "
            "under their new names, and with enc_Wx = 0 all rows of x must give the same"
        )
    written = outputs.get("written_from_held_out")
    if written is None or written.shape != right.shape:
        raise NotMeasurable(f"what is decoded must have one symbol for each of {right.shape}")
    return float(np.mean(written == right))


def counting():
    """A decoder of V = 7, D = 9, H = 10 that writes 2, 3, 4, 5, 6, 0, ...: each symbol the next."""
    dec_Wx, follows = np.zeros((9, 40)), [*((np.arange(7) + 1) % 7), 2]
    dec_Wx[np.arange(8), 30 + np.array(follows)] = 5.0
    return {
        **{"E": np.eye(8, 9), "Wy": 5 * np.eye(10, 7), "by": np.zeros(7), "dec_Wx": dec_Wx},
        **{"dec_Wh": np.zeros((10, 40)), "dec_b": np.repeat([3.0, -3.0, 3.0, 0.0], 10)},
    }


ENCODER = {"enc_Wx": "D 4*H", "enc_Wh": "H 4*H", "enc_b": "4*H"}
DECODER = {"dec_Wx": "D 4*H", "dec_Wh": "H 4*H", "dec_b": "4*H"}
SEQ2SEQ = {"E": "V+1 D", **ENCODER, **DECODER, "Wy": "H V", "by": "V"}
REST = {name: dims for name, dims in SEQ2SEQ.items() if name not in ENCODER}
A_FEW = case("a few", sizes={"N": 4, "S": 3, "T": 5, "V": 6})


@exercise(
    points=5,
    inputs={
        **{"x": "N S int<V", "y": "N T int<V", **SEQ2SEQ, "n": "int"},
        **{"held_out": "M S int<V", "order": "any any int", "rate": ""},
    },
    outputs={
        **{"loss": "", **gradient_dims(SEQ2SEQ), "written": "N any int"},
        **{"losses": "any", "written_from_held_out": "M any int", "by_the_parameters": "bool"},
    },
    answers=("seq2seq_loss", "seq2seq_decode"),
    given={"n": draws.whole(2, 6), "order": NO_TRAINING},
    sizes={name: (2, 10) for name in "NSTDHVM"},
    cases=[
        case("one example, one symbol", sizes={"N": 1, "S": 1, "T": 1}),
        case(
            "the same symbol throughout",
            sizes={"N": 4, "S": 3, "T": 5, "V": 6},
            **{"y": np.full((4, 5), 2), "n": 5},
        ),
        case(
            "strong opinions",
            sizes={"N": 10, "S": 5, "V": 8, "D": 6, "H": 7},
            E=draws.normal(9, 6, scale=3),
            dec_Wh=draws.normal(7, 28, scale=2),
            Wy=draws.normal(7, 8, scale=3),  # stronger than by: more than one symbol is written
            n=8,
        ),
        case(
            "a decoder that counts",
            sizes={"N": 3, "S": 2, "T": 4, "V": 7, "D": 9, "H": 10},
            **{"n": 5, **counting()},
        ),
    ],
    seconds=60,
    words={
        **params_in_words(*SEQ2SEQ),
        **TRAINED_WORDS,
        "written": "what seq2seq_decode returns",
        "written_from_held_out": "what seq2seq_decode returns once it is trained",
        "by_the_parameters": "whether what is decoded comes from params",
    },
    checks=[
        Dimensions(0.25),
        gradient_of("loss", REST, 0.75, called="of all but the encoder"),
        gradient_of("loss", ENCODER, 0.5, called="of the encoder"),
        Reference(0.75, ("loss", *gradient_dims(SEQ2SEQ)), title="Right loss and gradients"),
        Reference(0.5, ("written",), title="Right words"),
        Training(
            backwards,
            at_least=0.6,
            measure=digits_right,
            measured="digits right",
            share=0.5,
            title="Writes digits backwards",
        ),
        Vectorised("N", 0.25, case=case("four symbols", n=4)),
    ],
)
def seq2seq(student, x, y, n, held_out, order, rate, **params):
    """Once; then, after as many steps of Adam as ``order`` has rows, what is decoded of others."""
    loss, grads = student.seq2seq_loss(params, x, y)
    written = student.seq2seq_decode(params, x, n)
    after, losses = trained(student.seq2seq_loss, params, x, y, order, rate)
    decode, T = student.seq2seq_decode, y.shape[1]
    of_held_out = decode(after, held_out, T)
    return {
        **{"loss": loss, **gradients_in(grads, params), "written": written},
        **{"losses": losses, "written_from_held_out": of_held_out},
        "by_the_parameters": len(order) == 0
        or only_by_the_parameters(decode, after, held_out, T, of_held_out),
    }


@property_of(seq2seq, "Each symbol is the best", 0.5)
def each_symbol_is_the_best(ask):
    """What is decoded, against the losses of everything that could have been written there."""
    for drawn in ask.trial.working():
        V, T = len(drawn.inputs["by"]), 3
        inputs = {**drawn.inputs, "x": drawn.inputs["x"][:1], "y": drawn.inputs["y"][:1], "n": T}
        written = ask(inputs)[1]["written"]
        if written.shape != (1, T):
            return f"for one row of x and n = {T} what is decoded must be (1, {T}); yours is {written.shape}."
        for t in range(T):
            could_be = [np.append(written[:, :t], [[v]], axis=1) for v in range(V)]
            costs = [one["loss"] for one in ask.all([{**inputs, "y": y} for y in could_be])]
            if int(written[0, t]) != int(np.argmin(costs)):
                return (
                    f"at step {t}, after what your decoder wrote itself, seq2seq_loss says that symbol "
                    f"{np.argmin(costs)} is the likeliest; seq2seq_decode writes {written[0, t]}."
                )


@property_of(seq2seq, "What the decoder is told", 0.5)
def one_step_is_told(ask):
    """The right symbol of one step reaches the scores of the next; that of the last none."""
    T, V = 5, 7
    inputs = ask.draw(case("a few", sizes={"N": 4, "S": 3, "T": T, "V": V}))
    x, y = inputs["x"] % (V - 3), inputs["y"] % (V - 3)
    y[:, 0], y[:, -1] = V - 3, V - 1  # told once; written last, so told to nobody; V - 2 is nowhere
    told = {**inputs, "x": x, "y": y}
    out, level = ask.all([told, {**told, "Wy": 0 * inputs["Wy"], "by": 0 * inputs["by"]}])
    if not close(level["loss"], T * np.log(V)):
        return f"with equal scores each of {T} steps costs log V = {np.log(V):.4g}: the loss must be {T * np.log(V):.4g}."
    if out["dE"][V - 2 : V].any():
        return "an embedding that is read nowhere has no gradient; the last symbol of y is written but never read."
    if not out["dE"][V - 3].any():
        return "after each step the decoder must be told the right symbol; the one that stands first in y is never read."
    must(out["ddec_Wx"].any(), 'the decoder has weights of its own; grads["dec_Wx"] is 0.')
    if not out["dE"][V].any():
        return "the decoder's first step must read the start symbol, whose embedding is row V of E: its gradient is 0."


@property_of(seq2seq, "All it knows of x", 0.5)
def all_it_knows_of_x(ask):
    """The decoder hears of x through the encoder's last hidden state only."""
    inputs, out = ask(A_FEW)
    b, others = inputs["enc_b"], (inputs["x"] + 1) % 6
    silent = {**inputs, "enc_b": with_gate(b, "o", -1e3)}
    forgetful = {**inputs, "enc_Wh": 0 * inputs["enc_Wh"], "enc_b": with_gate(b, "f", -1e3)}
    first, last = inputs["x"].copy(), inputs["x"].copy()
    first[:, 0], last[:, -1] = others[:, 0], others[:, -1]
    one, other = ask.all([silent, {**silent, "x": others}])
    now, with_first, with_last = ask.all(
        [forgetful, {**forgetful, "x": first}, {**forgetful, "x": last}]
    )
    if not (close(now["loss"], with_first["loss"]) and not close(now["loss"], with_last["loss"])):
        return "an encoder that forgets everything at each step hands over what it knows of the last symbol, and only that."
    if not close(one["loss"], other["loss"]):
        return "with the encoder's output gates shut nothing is known of x: the loss must not depend on it."
    if not out["denc_Wx"].any():
        return "the decoder's gradient must reach the encoder through the state it is handed; its weights get 0."
    written, n = one["written"], int(inputs["n"])
    if not (written.shape == (4, n) and written.min() >= 0 and written.max() < 6):
        return "seq2seq_decode must write n symbols for each row of x, each of them in [0, V): never the start symbol."
    if not np.array_equal(written, other["written"]):
        return "what is decoded must depend on x through that state only."
