"""The LSTM assignment's exercises: how each answer is called, and what must be true of it. (Students may read it.)"""

import contextlib

import numpy as np

from autograder import case, exercise, training
from autograder.checks import (
    AllowedMeans,
    AnswerFailed,
    Dimensions,
    Gradient,
    Property,
    Reference,
    Task,
    Training,
    Vectorised,
    close,
)
from autograder.checks.training import NotMeasurable, precision_agrees

# --- what several exercises share -------------------------------------------------------------------------------------


def number(low, high):
    """Draws a number between low and high."""
    return lambda rng, sizes: float(rng.uniform(low, high))


def some_int(low, high):
    """Draws an int in [low, high]."""
    return lambda rng, sizes: int(rng.integers(low, high + 1))


def seed(rng, sizes):
    """Draws a seed."""
    return int(rng.integers(2**31))


def zeros(like):
    """Zeros of the shape of another input."""
    return lambda rng, inputs: np.zeros_like(inputs[like])


def larger(like, factor):
    """Numbers of the shape of another input, ``factor`` times as large as usual."""
    return lambda rng, inputs: factor * rng.standard_normal(inputs[like].shape)


def gradients(grads, params):
    """The gradients in a dict as outputs dE, dWx, ...: nan where a parameter's gradient is missing."""
    return {f"d{name}": np.array(grads.get(name, np.full(np.shape(value), np.nan))) for name, value in params.items()}


def claims(names):
    """dW, db for W, b."""
    return tuple(f"d{name}" for name in names)


class Adam:
    """Adam's steps for a dict of parameters, on gradients that are first clipped to length 1 at most."""

    def __init__(self, params, learning_rate):
        """Moments at 0."""
        self.params, self.rate, self.steps = dict(params), learning_rate, 0
        self.m = {name: np.zeros_like(value) for name, value in params.items()}
        self.v = {name: np.zeros_like(value) for name, value in params.items()}

    def step(self, grads):
        """Move every parameter, into a new array."""
        self.steps += 1
        shorter = max(1.0, np.sqrt(sum(np.sum(np.square(grads[name])) for name in self.params)))
        for name, value in self.params.items():
            grad = grads[name] / shorter
            self.m[name] = 0.9 * self.m[name] + 0.1 * grad
            self.v[name] = 0.999 * self.v[name] + 0.001 * grad**2
            m, v = self.m[name] / (1 - 0.9**self.steps), self.v[name] / (1 - 0.999**self.steps)
            self.params[name] = value - self.rate * m / (np.sqrt(v) + 1e-8)


def batches(rng, examples, size, steps):
    """For each step, which ``size`` of the examples it sees."""
    return rng.integers(0, examples, (steps, size))


# --- a step of a recurrent network ------------------------------------------------------------------------------------

STEP_CASES = [case("one example", sizes={"N": 1}), case("one hidden unit", sizes={"H": 1})]


@exercise(
    points=5,
    inputs={"x": "N D", "prev_h": "N H", "Wx": "D H", "Wh": "H H", "b": "H", "dnext_h": "N H"},
    outputs={"next_h": "N H", "dx": "N D", "dprev_h": "N H", "dWx": "D H", "dWh": "H H", "db": "H"},
    answers=("rnn_step_forward", "rnn_step_backward"),
    cases=[*STEP_CASES, case("no state yet", sizes={"N": 5, "H": 4}, prev_h=np.zeros((5, 4)))],
)
def rnn_step(student, x, prev_h, Wx, Wh, b, dnext_h):
    """Forward and back."""
    next_h, cache = student.rnn_step_forward(x, prev_h, Wx, Wh, b)
    dx, dprev_h, dWx, dWh, db = student.rnn_step_backward(dnext_h, cache)
    return {"next_h": next_h, "dx": dx, "dprev_h": dprev_h, "dWx": dWx, "dWh": dWh, "db": db}


def bounded_and_nearly_linear(trial):
    """tanh is the identity near 0 and 1 far from it."""
    inputs, _ = trial.ask()
    small = {name: 1e-5 * inputs[name] for name in ("x", "prev_h", "b")}
    large = {name: 1e5 * inputs[name] for name in ("x", "prev_h", "b")}
    near, far = trial.arrays([{**inputs, **small}, {**inputs, **large}])
    a = inputs["x"] @ inputs["Wx"] + inputs["prev_h"] @ inputs["Wh"] + inputs["b"]
    if not close(near["next_h"] / 1e-5, a, 1e-6):
        return "for tiny x, prev_h and b the new state must be x @ Wx + prev_h @ Wh + b: near 0 tanh changes nothing."
    if not close(far["next_h"], np.sign(a), 1e-3):
        return "for huge inputs every entry of the new state must be near -1 or 1: tanh goes no further."
    return None


rnn_step.checks = [
    Dimensions(share=0.5),
    Property("Linear near 0, never beyond 1", bounded_and_nearly_linear, share=0.5),
    Gradient(
        "next_h",
        wrt=("x", "prev_h", "Wx", "Wh", "b"),
        claimed=("dx", "dprev_h", "dWx", "dWh", "db"),
        upstream="dnext_h",
        share=1.75,
    ),
    Reference(share=1.75),
    Vectorised(over="N", share=0.5),
]


# --- a sequence of steps ----------------------------------------------------------------------------------------------

SEQUENCE_CASES = [
    case("a single step", sizes={"T": 1}),
    case("one example", sizes={"N": 1}),
    case("a long sequence", sizes={"T": 25}),
]


@exercise(
    points=6,
    inputs={"x": "N T D", "h0": "N H", "Wx": "D H", "Wh": "H H", "b": "H", "dh": "N T H"},
    outputs={"h": "N T H", "dx": "N T D", "dh0": "N H", "dWx": "D H", "dWh": "H H", "db": "H"},
    answers=("rnn_forward", "rnn_backward"),
    given={"Wh": lambda rng, sizes: rng.standard_normal((sizes["H"],) * 2) / np.sqrt(sizes["H"])},
    cases=SEQUENCE_CASES,
)
def rnn(student, x, h0, Wx, Wh, b, dh):
    """Forward and back."""
    return there_and_back(student.rnn_forward, student.rnn_backward, x, h0, Wx, Wh, b, dh)


def there_and_back(forward, backward, x, h0, Wx, Wh, b, dh):
    """A sequence forward, and its gradients back."""
    h, cache = forward(x, h0, Wx, Wh, b)
    dx, dh0, dWx, dWh, db = backward(dh, cache)
    return {"h": h, "dx": dx, "dh0": dh0, "dWx": dWx, "dWh": dWh, "db": db}


def only_forward_in_time(trial):
    """The future does not change the past, and a gradient at one step does not reach the inputs after it."""
    inputs, out = trial.ask()
    T = inputs["x"].shape[1]
    at = T // 2
    other, early = inputs["x"].copy(), inputs["dh"].copy()
    other[:, at:] += 1.0
    early[:, at:] = 0.0
    with_other_future, with_early_loss = trial.arrays([{**inputs, "x": other}, {**inputs, "dh": early}])
    if not close(with_other_future["h"][:, :at], out["h"][:, :at]):
        return f"the inputs from step {at} on change the states before it: time runs forward only."
    if with_early_loss["dx"][:, at:].any():
        return f"a loss that looks at the steps before {at} only depends on no later input, but dx is not 0 there."
    if at and not with_early_loss["dx"][:, 0].any():
        return "a loss at later steps depends on the first input, through the states, but dx is 0 there."
    return None


def adds_over_steps(trial):
    """Gradients are linear in dh: the sum over the steps of what each step's own loss gives."""
    inputs, out = trial.ask()
    single = []
    for t in range(inputs["x"].shape[1]):
        alone = np.zeros_like(inputs["dh"])
        alone[:, t] = inputs["dh"][:, t]
        single.append({**inputs, "dh": alone})
    answers = trial.arrays(single)
    for name in ("dx", "dh0", "dWx", "dWh", "db"):
        if not close(out[name], sum(one[name] for one in answers)):
            return f"the gradients of the single steps' losses must add up to {name}; yours do not."
    return None


def in_two_parts(trial):
    """Cut in two: the second part starts from the first one's last state, and sends its dh0 back there."""
    inputs, out = trial.ask()
    at = inputs["x"].shape[1] // 2
    first = {**inputs, "x": inputs["x"][:, :at], "dh": inputs["dh"][:, :at].copy()}
    second = {**inputs, "x": inputs["x"][:, at:], "dh": inputs["dh"][:, at:], "h0": out["h"][:, at - 1].copy()}
    (later,) = trial.arrays([second])
    if not close(later["h"], out["h"][:, at:]):
        return (
            f"the second part of the sequence, started from the state after step {at - 1}, must give the same states."
        )
    first["dh"][:, -1] += later["dh0"]
    (earlier,) = trial.arrays([first])
    for name in ("dWx", "dWh", "db"):
        if not close(out[name], earlier[name] + later[name]):
            return (
                f"cut in two, with dh0 of the second part added to the last dh of the first, {name} must be the same."
            )
    return None


rnn.checks = [
    Dimensions(share=0.5),
    Property("Time runs forward", only_forward_in_time, share=0.5),
    Property("Gradients add over the steps", adds_over_steps, share=0.5),
    Property("In two parts", in_two_parts, share=0.5),
    Gradient(
        "h",
        wrt=("x", "h0", "Wx", "Wh", "b"),
        claimed=("dx", "dh0", "dWx", "dWh", "db"),
        upstream="dh",
        share=1.75,
    ),
    Reference(share=1.75),
    Vectorised(over="N", share=0.5),
]


# --- words ------------------------------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"x": "N T int<V", "W": "V D", "dout": "N T D"},
    outputs={"out": "N T D", "dW": "V D"},
    answers=("word_embedding_forward", "word_embedding_backward"),
    cases=[
        case("one word all over", sizes={"N": 4, "T": 6, "V": 5}, x=np.full((4, 6), 3)),
        case("most words never occur", sizes={"V": 60}),
        case("one word", sizes={"N": 1, "T": 1}),
    ],
)
def word_embedding(student, x, W, dout):
    """Forward and back."""
    out, cache = student.word_embedding_forward(x, W)
    return {"out": out, "dW": student.word_embedding_backward(dout, cache)}


def each_place_counts(trial):
    """The entries of dW add up to those of dout, and words that do not occur get nothing."""
    inputs, out = trial.ask(trial.exercise.cases[1])
    absent = np.setdiff1d(np.arange(len(inputs["W"])), inputs["x"])
    if out["dW"][absent].any():
        return "the row of dW of a word that does not occur must be 0."
    if not close(out["dW"].sum(axis=0), inputs["dout"].sum(axis=(0, 1))):
        return "the rows of dW must add up to the sum of dout over all places: every place counts, repeated words too."
    return None


word_embedding.checks = [
    Dimensions(share=0.25),
    Property("Every place counts", each_place_counts, share=0.5),
    Gradient("out", wrt="W", claimed="dW", upstream="dout", share=0.75),
    Reference(share=1),
    Vectorised(over="N", share=0.5),
]


# --- losses at every step ---------------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"x": "N T D", "w": "D M", "b": "M", "dout": "N T M"},
    outputs={"out": "N T M", "dx": "N T D", "dw": "D M", "db": "M"},
    answers=("temporal_affine_forward", "temporal_affine_backward"),
    cases=[case("a single step", sizes={"T": 1}), case("one example", sizes={"N": 1})],
)
def temporal_affine(student, x, w, b, dout):
    """Forward and back."""
    out, cache = student.temporal_affine_forward(x, w, b)
    dx, dw, db = student.temporal_affine_backward(dout, cache)
    return {"out": out, "dx": dx, "dw": dw, "db": db}


temporal_affine.checks = [
    Dimensions(share=0.5),
    Gradient("out", wrt=("x", "w", "b"), claimed=("dx", "dw", "db"), upstream="dout", share=0.75),
    Reference(share=1),
    Vectorised(over="N", share=0.5),
    Vectorised(over="T", share=0.25),
]


def some_steps(rng, sizes):
    """About two thirds of the steps are real, one of them surely."""
    mask = rng.random((sizes["N"], sizes["T"])) < 2 / 3
    mask[0, 0] = True
    return mask


def ragged(rng, inputs):
    """Sequences of different lengths, filled up; one of them is filling throughout."""
    return np.arange(5) < np.array([[5], [2], [0], [4]])


def scattered(rng, inputs):
    """Rows of scores that lie thousands apart."""
    return rng.standard_normal((4, 5, 3)) + 3e3 * rng.integers(-3, 4, (4, 5, 1))


FEW = {"N": 4, "T": 5, "V": 3}


@exercise(
    points=5,
    inputs={"x": "N T V", "y": "N T int<V", "mask": "N T bool"},
    outputs={"loss": "", "dx": "N T V"},
    given={"mask": some_steps},
    cases=[
        case("every step is real", sizes=FEW, mask=np.ones((4, 5), dtype=bool)),
        case("no step is real", sizes=FEW, mask=np.zeros((4, 5), dtype=bool)),
        case("sequences of different lengths", sizes=FEW, mask=ragged),
        case("a single step", sizes={"T": 1}),
        case("one sequence", sizes={"N": 1}),
        case("scores of tens of thousands", sizes=FEW, x=lambda rng, inputs: 1e4 * rng.standard_normal((4, 5, 3))),
        case("rows that lie thousands apart", sizes=FEW, x=scattered),
    ],
)
def temporal_softmax_loss(student, x, y, mask):
    """Loss and gradient."""
    loss, dx = student.temporal_softmax_loss(x, y, mask)
    return {"loss": loss, "dx": dx}


def filling_is_silent(trial):
    """What stands at masked steps changes nothing, and gets no gradient."""
    inputs, out = trial.ask()
    mask, rng = inputs["mask"], trial.rng
    if out["dx"][~mask].any():
        return "at steps where mask is False dx must be 0."
    x = np.where(mask[:, :, None], inputs["x"], rng.standard_normal(inputs["x"].shape))
    y = np.where(mask, inputs["y"], (inputs["y"] + 1) % inputs["x"].shape[2])
    (other,) = trial.arrays([{**inputs, "x": x, "y": y}])
    if close(other["loss"], out["loss"]) and close(other["dx"], out["dx"]):
        return None
    return "other scores and words at steps where mask is False change the result: they must not count."


def sum_over_steps_mean_over_sequences(trial):
    """Equal scores cost log V a step; twice the steps cost twice as much, twice the sequences the same."""
    inputs, _ = trial.ask()
    inputs["mask"] = np.ones(inputs["y"].shape, dtype=bool)
    T, V = inputs["x"].shape[1:]
    equal = {**inputs, "x": np.zeros_like(inputs["x"])}
    longer, more = ({k: np.concatenate([v, v], axis=axis) for k, v in inputs.items()} for axis in (1, 0))
    out, of_equal, of_longer, of_more = trial.arrays([inputs, equal, longer, more])
    if not close(of_equal["loss"], T * np.log(V)):
        return (
            f"with equal scores each of the T = {T} steps costs log V = {np.log(V):.4g}, so the loss must be "
            f"{T * np.log(V):.4g}, not {float(of_equal['loss']):.4g}."
        )
    if not close(of_longer["loss"], 2 * out["loss"]):
        return "the same steps once more must double the loss: it is a sum over the steps."
    if not close(of_more["loss"], out["loss"]):
        return "the same sequences once more must leave the loss as it is: it is a mean over the sequences."
    return None


def rows_sum_to_zero(trial):
    """What pushes the wrong words down pushes the right one up, by as much."""
    inputs, out = trial.ask()
    if close(out["dx"].sum(axis=-1), np.zeros(inputs["y"].shape)):
        return None
    return "at every step the entries of dx must add up to 0: equal scores added to a step change nothing."


temporal_softmax_loss.checks = [
    Dimensions(share=0.5),
    Property("Filling is silent", filling_is_silent, share=0.75),
    Property("A sum over steps, a mean over sequences", sum_over_steps_mean_over_sequences, share=0.75),
    Property("The entries of dx sum to 0", rows_sum_to_zero, share=0.25),
    Gradient("loss", wrt="x", claimed="dx", share=1),
    Reference(share=1.25),
    Vectorised(over="N", share=0.5),
]


# --- a step of an LSTM ------------------------------------------------------------------------------------------------


@exercise(
    points=7,
    inputs={
        **{"x": "N D", "prev_h": "N H", "prev_c": "N H"},
        **{"Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H"},
        **{"dnext_h": "N H", "dnext_c": "N H"},
    },
    outputs={
        **{"next_h": "N H", "next_c": "N H"},
        **{"dx": "N D", "dprev_h": "N H", "dprev_c": "N H", "dWx": "D 4*H", "dWh": "H 4*H", "db": "4*H"},
        "upstream_kept": "bool",
    },
    answers=("lstm_step_forward", "lstm_step_backward"),
    cases=[
        *STEP_CASES,
        case("nothing remembered yet", sizes={"N": 5, "H": 4}, prev_h=np.zeros((5, 4)), prev_c=np.zeros((5, 4))),
        case("large cell states", sizes={"N": 5, "H": 4}, prev_c=lambda rng, inputs: 3 * rng.standard_normal((5, 4))),
        case("gates fully open or shut", sizes={"H": 4}, b=np.repeat([1e4, -1e4, 1e4, -1e4, 1e4, 0, 0, 0.5], 2)),
    ],
)
def lstm_step(student, x, prev_h, prev_c, Wx, Wh, b, dnext_h, dnext_c):
    """Forward and back."""
    next_h, next_c, cache = student.lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
    held = dnext_h.copy(), dnext_c.copy()
    dx, dprev_h, dprev_c, dWx, dWh, db = student.lstm_step_backward(dnext_h, dnext_c, cache)
    kept = np.array_equal(held[0], dnext_h) and np.array_equal(held[1], dnext_c)
    return {
        **{"next_h": next_h, "next_c": next_c},
        **{"dx": dx, "dprev_h": dprev_h, "dprev_c": dprev_c, "dWx": dWx, "dWh": dWh, "db": db},
        "upstream_kept": kept,
    }


def gates_do_what_they_say(trial):
    """With the gates set by hand the cell keeps, takes in, and shows."""
    inputs, _ = trial.ask()
    N, H = inputs["prev_h"].shape
    quiet = {name: 0 * inputs[name] for name in ("x", "prev_h")}
    proposal = trial.rng.uniform(-2, 2, H)

    def gates(i, f, o):
        return {**inputs, **quiet, "b": np.concatenate([np.full(H, 50.0 * sign) for sign in (i, f, o)] + [proposal])}

    keeping, taking, hiding, shut = trial.arrays([gates(-1, 1, 1), gates(1, -1, 1), gates(1, 1, -1), gates(-1, -1, 1)])
    if not close(keeping["next_c"], inputs["prev_c"]):
        return "with the input gate shut and the forget gate open (i = 0, f = 1), next_c must be prev_c."
    if not close(keeping["next_h"], np.tanh(inputs["prev_c"])):
        return "with i = 0, f = 1 and the output gate open (o = 1), next_h must be tanh(prev_c)."
    if not close(taking["next_c"], np.tanh(np.tile(proposal, (N, 1)))):
        return "with the input gate open and the forget gate shut (i = 1, f = 0), next_c must be g = tanh(a_g)."
    if not close(hiding["next_h"], np.zeros((N, H))):
        return "with the output gate shut (o = 0), next_h must be 0."
    return None if close(shut["next_c"], np.zeros((N, H))) else "with i = 0 and f = 0, next_c must be 0."


def straight_back_along_the_cell(trial):
    """With gates that do not move, the gradient in c is multiplied by f, and by nothing else."""
    inputs, _ = trial.ask()
    still = {"x": 0 * inputs["x"], "prev_h": 0 * inputs["prev_h"], "dnext_h": 0 * inputs["dnext_h"]}
    _, out = trial.ask(**{**inputs, **still})
    H = inputs["prev_h"].shape[1]
    f = 1 / (1 + np.exp(-inputs["b"][H : 2 * H]))
    if close(out["dprev_c"], inputs["dnext_c"] * f):
        return None
    return "with dnext_h = 0, dprev_c must be dnext_c times the forget gate: the straight way back along the cell."


def upstream_left_alone(trial):
    """The caller still holds what it handed in."""
    _, out = trial.ask()
    return None if out["upstream_kept"] else "dnext_h or dnext_c is changed in place; the caller may still need it."


lstm_step.checks = [
    Dimensions(share=0.5),
    Property("The gates do what they say", gates_do_what_they_say, share=1),
    Property("Straight back along the cell", straight_back_along_the_cell, share=0.5),
    Gradient(
        ("next_h", "next_c"),
        wrt=("x", "prev_h", "prev_c", "Wx", "Wh", "b"),
        claimed=("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db"),
        upstream=("dnext_h", "dnext_c"),
        share=2,
    ),
    Reference(share=1, outputs=("next_h", "next_c"), title="Right states"),
    Reference(share=1.25, outputs=("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db"), title="Right gradients"),
    Property("The upstream gradients are left alone", upstream_left_alone, share=0.125),
    Reference(share=0.125, outputs=("upstream_kept",), title="Nothing changed in place"),
    Vectorised(over="N", share=0.5),
]


# --- an LSTM over a sequence ------------------------------------------------------------------------------------------

LSTM_GIVEN = {"Wh": lambda rng, sizes: rng.standard_normal((sizes["H"], 4 * sizes["H"])) / np.sqrt(sizes["H"])}


@exercise(
    points=6,
    inputs={"x": "N T D", "h0": "N H", "Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H", "dh": "N T H"},
    outputs={"h": "N T H", "dx": "N T D", "dh0": "N H", "dWx": "D 4*H", "dWh": "H 4*H", "db": "4*H"},
    answers=("lstm_forward", "lstm_backward"),
    given=LSTM_GIVEN,
    cases=[*SEQUENCE_CASES, case("no state yet", sizes={"N": 5, "H": 4}, h0=np.zeros((5, 4)))],
)
def lstm(student, x, h0, Wx, Wh, b, dh):
    """Forward and back."""
    return there_and_back(student.lstm_forward, student.lstm_backward, x, h0, Wx, Wh, b, dh)


def nothing_to_forget_at_first(trial):
    """c0 = 0: at the first step the forget gate has nothing to keep; later it has."""
    inputs, _ = trial.ask()
    H = inputs["h0"].shape[1]
    shut, opened = inputs["b"].copy(), inputs["b"].copy()
    shut[H : 2 * H], opened[H : 2 * H] = -50.0, 50.0
    one, other = trial.arrays([{**inputs, "b": shut}, {**inputs, "b": opened}])
    if not close(one["h"][:, 0], other["h"][:, 0]):
        return "the first state must not depend on the forget gate: the cell state starts at 0, so nothing can be kept."
    if close(one["h"][:, 1], other["h"][:, 1]):
        return "from the second step on the forget gate must matter: the cell state is not carried to the next step."
    return None


def a_long_memory(trial):
    """Written at the first step, then all gates stand still: 30 steps later it is all there, and so is the way back."""
    N, D, H, T = 2, 3, 4, 30
    Wx, b = np.zeros((D, 4 * H)), np.zeros(4 * H)
    b[:H], b[H : 3 * H] = -40.0, 40.0
    Wx[0, :H] = 80.0  # input 0 opens the input gate
    Wx[1, 3 * H :] = 1.0  # input 1 is what gets in
    x = np.zeros((N, T, D))
    x[:, 0] = 1.0
    dh = np.zeros((N, T, H))
    dh[:, -1] = 1.0
    inputs = {"x": x, "h0": np.zeros((N, H)), "Wx": Wx, "Wh": np.zeros((H, 4 * H)), "b": b, "dh": dh}
    (out,) = trial.arrays([inputs])
    kept = np.tanh(np.tanh(1.0))
    if not close(out["h"][:, -1], np.full((N, H), kept)):
        return (
            "what is written into the cell at the first step must still be there 30 steps later, if no gate forgets it."
        )
    back = (1 - kept**2) * (1 - np.tanh(1.0) ** 2) * H
    if not close(out["dx"][:, 0, 1], np.full(N, back), 1e-6):
        return "30 steps later, with every forget gate open, the gradient must reach the first input undiminished."
    return None


lstm.checks = [
    Dimensions(share=0.5),
    Property("Time runs forward", only_forward_in_time, share=0.25),
    Property("Gradients add over the steps", adds_over_steps, share=0.25),
    Property("Nothing to forget at first", nothing_to_forget_at_first, share=0.5),
    Property("A long memory", a_long_memory, share=0.5),
    Gradient(
        "h",
        wrt=("x", "h0", "Wx", "Wh", "b"),
        claimed=("dx", "dh0", "dWx", "dWh", "db"),
        upstream="dh",
        share=1.75,
    ),
    Reference(share=1.75),
    Vectorised(over="N", share=0.5),
]


# --- shapes -----------------------------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"Wx": "D 4*H", "Wh": "H 4*H", "layer": "int"},
    outputs={"shape": "2 int", "shape_below": "2 int", "packed": "4*H any", "refuses": "2 bool"},
    answers=("lstm_weight_shape", "pack_ifog"),
    given={"layer": some_int(2, 4)},
    sizes={"D": (3, 6), "H": (7, 9)},
    cases=[case("as many inputs as units", Wx=lambda rng, inputs: rng.standard_normal(inputs["Wh"].shape))],
)
def lstm_packing(student, Wx, Wh, layer):
    """The shape of the first layer and of a higher one, and the matrix itself."""
    D, H = len(Wx), len(Wh)
    return {
        "shape": np.array(student.lstm_weight_shape(D, H, 1)),
        "shape_below": np.array(student.lstm_weight_shape(D, H, layer)),
        "packed": student.pack_ifog(Wx, Wh),
        "refuses": np.array([refuses(student.lstm_weight_shape, D, H, bad) for bad in (0, -1)]),
    }


def refuses(call, *arguments):
    """Whether a call raises ValueError."""
    try:
        call(*arguments)
    except ValueError:
        return True
    return False


def packed_is_the_lectures(trial):
    """W @ (x on top of h) = x @ Wx + h @ Wh, and W has the shape that was promised for the first layer."""
    inputs, out = trial.ask()
    D, H = len(inputs["Wx"]), len(inputs["Wh"])
    if out["packed"].shape != (4 * H, D + H):
        return f"with D = {D} inputs and H = {H} units W must be (4H, D + H) = {(4 * H, D + H)}."
    x, h = trial.rng.standard_normal(D), trial.rng.standard_normal(H)
    if close(out["packed"] @ np.concatenate([x, h]), x @ inputs["Wx"] + h @ inputs["Wh"]):
        return None
    return "W @ (x on top of h) must be x @ Wx + h @ Wh, for every x and h."


def shapes_follow_from_what_is_read(trial):
    """4 H rows; columns for what the layer reads, and for its own state."""
    inputs, out = trial.ask()
    D, H = len(inputs["Wx"]), len(inputs["Wh"])
    for name, reads, whose in (("shape", D, "the first layer"), ("shape_below", H, "a layer above the first")):
        if not np.array_equal(out[name], (4 * H, reads + H)):
            return (
                f"with D = {D} inputs and H = {H} units {whose} has {4 * H} rows (four blocks of H) and {reads + H} "
                f"columns ({reads} for what it reads, {H} for its state); yours is {tuple(map(int, out[name]))}."
            )
    return None if out["refuses"].all() else "there is no layer below 1: raise ValueError."


lstm_packing.checks = [
    Dimensions(share=0.5),
    Property("Shapes follow from what is read", shapes_follow_from_what_is_read, share=0.5),
    Property("The matrix of the lectures", packed_is_the_lectures, share=0.5),
    Reference(share=1.5),
]


# --- the start --------------------------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"D": "int", "H": "int", "forget_bias": "", "seed": "int"},
    outputs={"Wx": "any any", "Wh": "any any", "b": "any", "b_by_default": "any", "others_draw_others": "bool"},
    given={"D": some_int(3, 5), "H": some_int(6, 9), "forget_bias": number(1.5, 4), "seed": seed},
    cases=[case("no forget bias", forget_bias=0.0), case("a wide layer", D=50, H=64)],
)
def init_lstm(student, D, H, forget_bias, seed):
    """With a bias of one's own, and by default; and whether without a generator each call draws others."""
    Wx, Wh, b = student.init_lstm(D, H, forget_bias, np.random.default_rng(seed))
    one, other = (student.init_lstm(D, H) for _ in range(2))
    return {
        **{"Wx": Wx, "Wh": Wh, "b": b, "b_by_default": one[2]},
        "others_draw_others": not np.array_equal(one[0], other[0]),
    }


def forget_bias_where_it_belongs(trial):
    """Columns H to 2H, and only there."""
    inputs, out = trial.ask()
    H = inputs["H"]
    for name, bias in (("b", inputs["forget_bias"]), ("b_by_default", 1.0)):
        if out[name].shape != (4 * H,):
            return f"the biases must be (4H,) = {(4 * H,)}; yours are {out[name].shape}."
        i, f, o, g = np.split(out[name], 4)
        if not close(f, np.full(H, bias)):
            return f"the forget gate's biases, the second block of H, must all be {bias:.4g}."
        if i.any() or o.any() or g.any():
            return "the biases of the other gates and of the proposal start at 0."
    return None


def right_scale(trial):
    """Uniform within 1/sqrt(H) of 0, whatever D is."""
    _, out = trial.ask(D=50, H=64)
    bound = 1 / np.sqrt(64)
    for name, rows in (("Wx", 50), ("Wh", 64)):
        if out[name].shape != (rows, 256):
            return f"with D = 50 and H = 64 {name} must be {(rows, 256)}; yours is {out[name].shape}."
        if not 0.98 * bound < np.abs(out[name]).max() <= bound or not 0.9 < np.sqrt(3) * out[name].std() / bound < 1.1:
            return f"with H = 64 the entries of {name} must lie between -1/8 and 1/8, spread evenly."
    return None if out["others_draw_others"] else "without rng each call must draw other weights."


init_lstm.checks = [
    Dimensions(share=0.5),
    Property("The forget bias is where it belongs", forget_bias_where_it_belongs, share=0.75),
    Property("The right scale", right_scale, share=0.75),
    Reference(share=1),
]


# --- many to one ------------------------------------------------------------------------------------------------------

MANY_TO_ONE = {"Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H", "Wy": "H C", "by": "C"}


@exercise(
    points=4,
    inputs={
        **{"x": "N T D", "y": "N int<C", **MANY_TO_ONE},
        **{"held_out": "N T D", "order": "any any int", "learning_rate": ""},
    },
    outputs={
        **{"loss": "", "scores_now": "N C", **{f"d{name}": dims for name, dims in MANY_TO_ONE.items()}},
        **{"losses": "any", "scores": "any any"},
    },
    given={"order": lambda rng, sizes: np.zeros((0, 1), dtype=int), **LSTM_GIVEN},
    cases=SEQUENCE_CASES[:2],
    seconds=60,
)
def many_to_one_loss(student, x, y, Wx, Wh, b, Wy, by, held_out, order, learning_rate):
    """Once; then, where ``order`` has rows, one step of Adam for each row, on the examples that it names."""
    params = {"Wx": Wx, "Wh": Wh, "b": b, "Wy": Wy, "by": by}
    loss, grads, scores = student.many_to_one_loss(params, x, y)
    adam, losses = Adam(params, learning_rate), []
    for some in order:
        at, step_grads, _ = student.many_to_one_loss(adam.params, x[some], y[some])
        losses.append(at)
        adam.step(step_grads)
    _, _, of_held_out = student.many_to_one_loss(adam.params, held_out, np.zeros(len(held_out), dtype=int))
    return {
        **{"loss": loss, "scores_now": scores, **gradients(grads, params)},
        **{"losses": np.array(losses, dtype=float), "scores": of_held_out},
    }


def recall(rng, device):
    """Told once, asked 11 steps later; classes renamed at random; the cell starts with open forget gates."""
    from coursekit.sequences import delayed_recall

    x, y = delayed_recall(rng, 600 + 300, 12)
    (_, _, D), C, H = x.shape, 8, 24
    y, bound = rng.permutation(C)[y], 1 / np.sqrt(H)
    inputs = {
        **{"x": x[:600], "y": y[:600], "held_out": x[600:], "learning_rate": 1e-2},
        "Wx": rng.uniform(-bound, bound, (D, 4 * H)),
        "Wh": rng.uniform(-bound, bound, (H, 4 * H)),
        **{"b": np.repeat([0.0, 3.0, 0.0, 0.0], H), "Wy": rng.uniform(-bound, bound, (H, C)), "by": np.zeros(C)},
        "order": batches(rng, 600, 32, 80),
    }
    return Task(inputs, y[600:])


def only_the_last_state_is_scored(trial):
    """With output gates that are shut the scores are by; the loss is a mean over sequences, of one step each."""
    inputs, _ = trial.ask()
    H = len(inputs["Wh"])
    shut = inputs["b"].copy()
    shut[2 * H : 3 * H] = -1e3
    (silent,) = trial.arrays([{**inputs, "b": shut}])
    N, C = len(inputs["y"]), len(inputs["by"])
    if not close(silent["scores_now"], np.tile(inputs["by"], (N, 1))):
        return "with every output gate shut the last state is 0 and the scores must be by."
    forgetful = {**inputs, "Wh": 0 * inputs["Wh"], "b": np.where(np.arange(4 * H) // H == 1, -1e3, inputs["b"])}
    early, late = inputs["x"].copy(), inputs["x"].copy()
    early[:, 0] += 1.0
    late[:, -1] += 1.0
    now, with_early, with_late = trial.arrays([forgetful, {**forgetful, "x": early}, {**forgetful, "x": late}])
    if not close(with_early["scores_now"], now["scores_now"]) or close(with_late["scores_now"], now["scores_now"]):
        return (
            "an LSTM that forgets everything at each step knows the last input only; your scores look at other states."
        )
    level, right = {**inputs, "Wy": 0 * inputs["Wy"], "by": 0 * inputs["by"]}, np.log(C)
    (equal,) = trial.arrays([level])
    if not close(equal["loss"], right):
        return f"with equal scores the loss must be log C = {right:.4g}, however many steps and sequences there are."
    return None


many_to_one_loss.checks = [
    Dimensions(share=0.25),
    Property("Only the last state is scored", only_the_last_state_is_scored, share=0.5),
    Gradient("loss", wrt=tuple(MANY_TO_ONE), claimed=claims(MANY_TO_ONE), share=1),
    Reference(share=1),
    Training(recall, at_least=0.7, share=0.75, title="Recalls after 11 steps"),
    Vectorised(over="N", share=0.5),
]


# --- clipping ---------------------------------------------------------------------------------------------------------

CLIPPED = {"A": "N D", "B": "D", "c": "M"}


@exercise(
    points=4,
    inputs={**CLIPPED, "limit": ""},
    outputs={
        **{"norm": "", **{f"{name}_by_norm": dims for name, dims in CLIPPED.items()}},
        **{f"{name}_by_value": dims for name, dims in CLIPPED.items()},
        **{"refuses": "2 bool", "kept_when_refused": "bool"},
    },
    answers=("clip_grad_norm", "clip_grad_value"),
    given={"limit": number(0.3, 0.9)},
    cases=[
        case("short gradients", limit=1e3),
        case("gradients of 0", sizes={"N": 4, "D": 3, "M": 5}, A=np.zeros((4, 3)), B=np.zeros(3), c=np.zeros(5)),
        case("one huge entry", sizes={"D": 3}, B=np.array([0.1, -1e6, 0.2])),
    ],
)
def clipping(student, A, B, c, limit):
    """Both on copies of their own; what is looked at is the arrays that were handed in, not the dict."""
    by_norm, by_value = ({"A": A.copy(), "B": B.copy(), "c": c.copy()} for _ in range(2))
    norm = student.clip_grad_norm(dict(by_norm), limit)
    student.clip_grad_value(dict(by_value), limit)
    held = A.copy()
    broken = [np.array([1.0, bad]) for bad in (np.nan, np.inf)]
    return {
        "norm": norm,
        **{f"{name}_by_norm": value for name, value in by_norm.items()},
        **{f"{name}_by_value": value for name, value in by_value.items()},
        "refuses": np.array([refuses(student.clip_grad_norm, {"A": held, "bad": bad}, limit) for bad in broken]),
        "kept_when_refused": np.array_equal(held, A),
    }


def norm_keeps_the_direction(trial):
    """All arrays together are shortened by one factor, to the length asked for; short ones not at all."""
    inputs, out = trial.ask()
    flat, clipped = (
        np.concatenate([np.ravel(one[name + end]) for name in CLIPPED])
        for one, end in ((inputs, ""), (out, "_by_norm"))
    )
    length, limit = np.linalg.norm(flat), inputs["limit"]
    if not close(out["norm"], length):
        return f"the norm of all arrays together was {length:.6g} before clipping; you return {float(out['norm']):.6g}."
    if np.array_equal(clipped, flat):
        return "gradients that are too long are not changed; the arrays in the dict must be changed in place."
    if not close(np.linalg.norm(clipped), limit, 1e-4):
        return (
            f"clipped by norm the gradients together must be {limit:.4g} long; yours are {np.linalg.norm(clipped):.4g}."
        )
    if not close(clipped / limit, flat / length, 1e-4):
        return "clipping by norm must keep the direction: one factor for all entries of all arrays."
    _, short = trial.ask(**{**inputs, "limit": 2 * length})
    if not all(np.array_equal(short[f"{name}_by_norm"], inputs[name]) for name in CLIPPED):
        return "gradients that are not too long must be left exactly as they are."
    return None


def value_clips_each_entry(trial):
    """Entries inside the limits stay, the others stop there."""
    inputs, out = trial.ask()
    limit = inputs["limit"]
    for name in CLIPPED:
        if np.abs(out[f"{name}_by_value"]).max() > limit:
            return f"clipped by value, in place, no entry may lie outside [-limit, limit], but {name} has one."
        inside = np.abs(inputs[name]) <= limit
        if not np.array_equal(out[f"{name}_by_value"][inside], inputs[name][inside]):
            return "entries inside [-limit, limit] must stay as they are."
        if not close(np.abs(out[f"{name}_by_value"][~inside]), np.full((~inside).sum(), limit)):
            return "entries outside [-limit, limit] must stop at the limit that they are beyond."
    return None


def a_broken_norm_is_refused(trial):
    """nan and inf are an error, and nothing has happened yet."""
    _, out = trial.ask()
    if not out["refuses"].all():
        return "gradients with a nan or an inf in them have no length to clip to: raise ValueError."
    return None if out["kept_when_refused"] else "when the norm is nan or inf, no gradient may have been changed."


clipping.checks = [
    Dimensions(share=0.5),
    Property("Clipping by norm keeps the direction", norm_keeps_the_direction, share=1),
    Property("Clipping by value clips each entry", value_clips_each_entry, share=0.5),
    Property("A broken norm is refused", a_broken_norm_is_refused, share=0.5),
    Reference(share=1.5, tolerance=1e-5),  # whoever divides by norm + 1e-6 is right, too
]


# --- layer upon layer -------------------------------------------------------------------------------------------------

STACK = {"x": "N T D", "h0": "L N H", "Wx1": "D 4*H", "Wx": "L-1 H 4*H", "Wh": "L H 4*H", "b": "L 4*H"}


@exercise(
    points=5,
    inputs={**STACK, "dh": "N T H"},
    outputs={"h": "N T H", **{f"d{name}": dims for name, dims in STACK.items()}},
    answers=("stacked_lstm_forward", "stacked_lstm_backward"),
    given={
        "Wh": lambda rng, sizes: rng.standard_normal([sizes["L"], sizes["H"], 4 * sizes["H"]]) / np.sqrt(sizes["H"])
    },
    sizes={"L": (2, 4), "N": (3, 6), "T": (3, 7)},
    cases=[
        case("as many inputs as units", sizes={"D": 7, "H": 7}),
        case("one example, one step", sizes={"N": 1, "T": 1}),
    ],
)
def stacked_lstm(student, x, h0, Wx1, Wx, Wh, b, dh):
    """Forward and back."""
    layers = [(wx, wh, bias) for wx, wh, bias in zip([Wx1, *Wx], Wh, b, strict=True)]
    h, cache = student.stacked_lstm_forward(x, list(h0), layers)
    dx, dh0, grads = student.stacked_lstm_backward(dh, cache)
    dWx, dWh, db = zip(*grads, strict=True)
    return {
        **{"h": h, "dx": dx, "dh0": np.array(dh0), "dWx1": dWx[0]},
        **{"dWx": np.array(dWx[1:]), "dWh": np.array(dWh), "db": np.array(db)},
    }


def layer_by_layer(trial):
    """A shut layer hides everything below it, and lets no gradient through to it."""
    inputs, _ = trial.ask()
    H = inputs["h0"].shape[2]
    b, h0 = inputs["b"].copy(), inputs["h0"].copy()
    b[0, 2 * H : 3 * H] = -1e3  # the first layer shows nothing
    other = inputs["x"] + 1.0
    out, changed = trial.arrays([{**inputs, "b": b}, {**inputs, "b": b, "x": other}])
    if not close(out["h"], changed["h"]):
        return "with the first layer's output gates shut the last layer must not see x: each layer reads the one below."
    if out["dx"].any():
        return "with the first layer's output gates shut no gradient can reach x, but dx is not 0."
    h0[0] += 1.0
    base, moved = trial.arrays([inputs, {**inputs, "h0": h0}])
    if close(base["h"], moved["h"]):
        return "the first entry of h0 is the first layer's start, and must matter to the last layer."
    return None


stacked_lstm.checks = [
    Dimensions(share=0.5),
    Property("Layer by layer", layer_by_layer, share=0.5),
    Gradient(
        "h",
        wrt=tuple(STACK),
        claimed=claims(STACK),
        upstream="dh",
        share=1.75,
    ),
    Reference(share=1.75),
    Vectorised(over="N", share=0.5),
]


# --- truncated backpropagation through time ---------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={"data": "N M int", "seq_len": "int"},
    outputs={"inputs": "N M-1 int", "targets": "N M-1 int", "lengths": "any int"},
    given={"data": lambda rng, sizes: rng.integers(0, 1000, (sizes["N"], sizes["M"])), "seq_len": some_int(4, 6)},
    sizes={"M": (20, 29)},
    cases=[
        case("pieces that come out even", sizes={"M": 21}, seq_len=5),
        case("one symbol left over for the last piece", sizes={"M": 22}, seq_len=5),
        case("one piece for all", seq_len=100),
        case("one symbol at a time", seq_len=1),
        case("one text of two symbols", sizes={"N": 1, "M": 2}),
    ],
)
def bptt_chunks(student, data, seq_len):
    """All pieces side by side, and how long each of them is."""
    pairs = list(student.bptt_chunks(data, seq_len))
    return {
        "inputs": np.concatenate([inputs for inputs, _ in pairs], axis=1),
        "targets": np.concatenate([targets for _, targets in pairs], axis=1),
        "lengths": np.array([targets.shape[1] for _, targets in pairs]),
    }


def every_symbol_is_predicted_once(trial):
    """The seams included."""
    for seq_len in (3, 5, 1000):
        inputs, out = trial.ask(seq_len=seq_len)
        data = inputs["data"]
        if not np.array_equal(out["inputs"], data[:, :-1]):
            return "put together, the inputs must be the text without its last symbol."
        if not np.array_equal(out["targets"], data[:, 1:]):
            return "put together, the targets must be the text without its first symbol: each is the symbol after its input."
        if (out["lengths"] > seq_len).any() or (out["lengths"][:-1] != seq_len).any():
            return f"every piece but the last must have {seq_len} steps; yours have {out['lengths'].tolist()}."
    return None


bptt_chunks.checks = [
    Dimensions(share=0.5),
    Property("Every symbol is predicted once", every_symbol_is_predicted_once, share=1),
    Reference(share=1.5),
]

CHAR_RNN = {"E": "V D", "Wx": "D H", "Wh": "H H", "b": "H", "Wy": "H V", "by": "V"}


@exercise(
    points=5,
    inputs={"inputs": "N T int<V", "targets": "N T int<V", "h_prev": "N H", **CHAR_RNN},
    outputs={"loss": "", **{f"d{name}": dims for name, dims in CHAR_RNN.items()}, "h_last": "N H"},
    given={"Wh": lambda rng, sizes: rng.standard_normal((sizes["H"],) * 2) / np.sqrt(sizes["H"])},
    cases=[*SEQUENCE_CASES[:2], case("the first piece of a text", sizes={"N": 3, "H": 5}, h_prev=np.zeros((3, 5)))],
)
def char_rnn_train_step(student, inputs, targets, h_prev, E, Wx, Wh, b, Wy, by):
    """Once."""
    params = {"E": E, "Wx": Wx, "Wh": Wh, "b": b, "Wy": Wy, "by": by}
    loss, grads, h_last = student.char_rnn_train_step(params, inputs, targets, h_prev)
    return {"loss": loss, **gradients(grads, params), "h_last": h_last}


def state_carried_gradient_cut(trial):
    """Two pieces with the state carried cost what the whole costs; their gradients do not add up to the whole's."""
    inputs, whole = trial.ask()
    at = inputs["inputs"].shape[1] // 2
    halves = [
        {**inputs, **{name: inputs[name][:, part] for name in ("inputs", "targets")}}
        for part in (slice(0, at), slice(at, None))
    ]
    (first,) = trial.arrays(halves[:1])
    (second,) = trial.arrays([{**halves[1], "h_prev": first["h_last"]}])
    if not close(first["loss"] + second["loss"], whole["loss"]):
        return (
            "two pieces, the second started from the h_last of the first, must cost together what the whole text costs."
        )
    if not close(second["h_last"], whole["h_last"]):
        return "after the second piece the state must be that after the whole text."
    if close(first["dWh"] + second["dWh"], whole["dWh"], 1e-6):
        return "the gradient of a piece must stop at its seam: h_prev counts as a constant."
    return None


def starts_at_log_v(trial):
    """Equal scores cost log V at every step."""
    inputs, _ = trial.ask()
    blind = {**inputs, "Wy": 0 * inputs["Wy"]}
    out, favouring = trial.arrays([{**blind, "by": 0 * inputs["by"]}, blind])
    (N, T), V = inputs["inputs"].shape, len(inputs["by"])
    log_p = inputs["by"] - np.log(np.exp(inputs["by"]).sum())
    if close(out["loss"], T * np.log(V)):
        if close(favouring["loss"], -log_p[inputs["targets"]].sum() / N):
            return None
        return "with Wy = 0 each step must cost -log softmax(by)[target]: the targets are what has to be predicted."
    return f"with equal scores each of {T} steps costs log V = {np.log(V):.4g}: the loss must be {T * np.log(V):.4g}."


char_rnn_train_step.checks = [
    Dimensions(share=0.5),
    Property("log V a step at the start", starts_at_log_v, share=0.25),
    Property("The state is carried, the gradient is cut", state_carried_gradient_cut, share=0.75),
    Gradient("loss", wrt=tuple(CHAR_RNN), claimed=claims(CHAR_RNN), share=1.5),
    Reference(share=1.5),
    Vectorised(over="N", share=0.5),
]


# --- a model that writes ----------------------------------------------------------------------------------------------


@exercise(
    points=4,
    inputs={**CHAR_RNN, "h0": "1 H", "seed_ix": "int<V", "n": "int", "temperature": "", "seed": "int"},
    outputs={"written": "any int"},
    given={"n": some_int(20, 30), "temperature": number(0.5, 1.5), "seed": seed},
    cases=[
        case("always the best", temperature=0.0),
        case("nearly always the best", temperature=1e-8),
        case("nearly at random", temperature=100.0),
        case("confident scores", sizes={"H": 5, "V": 7}, Wy=lambda rng, inputs: 500 * rng.standard_normal((5, 7))),
        case("nothing to write", n=0),
    ],
)
def sample(student, E, Wx, Wh, b, Wy, by, h0, seed_ix, n, temperature, seed):
    """Written from a seed."""
    params = {"E": E, "Wx": Wx, "Wh": Wh, "b": b, "Wy": Wy, "by": by}
    return {"written": student.sample(params, h0, seed_ix, n, temperature, np.random.default_rng(seed))}


def reads_what_it_writes(trial):
    """A model that always wants the next symbol of a circle: from any seed it must walk the circle."""
    V = 6
    circle = np.roll(np.eye(V), 1, axis=1)  # row v wants v + 1
    model = {
        "E": np.eye(V),
        "Wx": 4 * np.eye(V),
        "Wh": np.zeros((V, V)),
        "b": np.zeros(V),
        "Wy": circle,
        "by": np.zeros(V),
    }
    by_heart = {
        **model,
        "Wx": np.zeros((V, V)),
        "Wh": 4 * circle,
        "Wy": np.eye(V),
    }  # it walks in its state, and reads nothing
    _, out = trial.ask(**by_heart, h0=np.eye(V)[[2]], seed_ix=0, n=9, temperature=0.0)
    if not np.array_equal(out["written"], (3 + np.arange(9)) % V):
        return "a model that counts in its state must go on counting: the state is carried from symbol to symbol."
    for start in (0, 4):
        for temperature in (0.0, 0.01):
            _, out = trial.ask(**model, h0=np.zeros((1, V)), seed_ix=start, n=9, temperature=temperature)
            wanted = (start + 1 + np.arange(9)) % V
            if not np.array_equal(out["written"], wanted):
                yours = " ".join(map(str, np.ravel(out["written"])[:12].tolist()))
                return (
                    f"a model that after each symbol wants the next of 0 1 2 3 4 5 0 1 ..., started from {start}, must "
                    f"write {' '.join(map(str, wanted))}; yours writes {yours}."
                )
    return None


def draws_from_the_softmax(trial):
    """A model without memory draws from one distribution; its frequencies must be those of softmax(by / temperature)."""
    V, H, n = 5, 3, 3000
    by = trial.rng.permutation(np.array([0.0, 0.7, 1.2, 2.0, -0.5]))
    blind = {
        "E": np.zeros((V, H)),
        "Wx": np.zeros((H, H)),
        "Wh": np.zeros((H, H)),
        "b": np.zeros(H),
        "Wy": np.zeros((H, V)),
    }
    for temperature in (1.0, 2.5, 0.4):
        _, out = trial.ask(**blind, by=by, h0=np.zeros((1, H)), seed_ix=0, n=n, temperature=temperature)
        if out["written"].shape != (n,) or out["written"].min() < 0 or out["written"].max() >= V:
            return f"{n} symbols were asked for, each an int in [0, {V})."
        p = np.exp(by / temperature) / np.exp(by / temperature).sum()
        seen = np.bincount(out["written"], minlength=V) / n
        if (np.abs(seen - p) > 6 * np.sqrt(p * (1 - p) / n) + 1e-3).any():
            worst = int(np.argmax(np.abs(seen - p)))
            return (
                f"at temperature {temperature:g} a symbol of probability {p[worst]:.3f} = softmax(scores / temperature) is "
                f"drawn in {seen[worst]:.1%} of {n} cases."
            )
    return None


def chance_comes_from_the_generator(trial):
    """The same generator, the same text; another, another."""
    inputs, out = trial.ask(n=40, temperature=2.0)
    again, other = trial.arrays([inputs, {**inputs, "seed": inputs["seed"] + 1}])
    if not np.array_equal(out["written"], again["written"]):
        return "the same generator must give the same text: all chance has to come from rng."
    return "another generator gives the very same text." if np.array_equal(out["written"], other["written"]) else None


sample.checks = [
    Dimensions(share=0.5),
    Property("It reads what it writes", reads_what_it_writes, share=0.75),
    Property("Draws from the softmax", draws_from_the_softmax, share=0.75),
    Property("Chance comes from the generator", chance_comes_from_the_generator, share=0.5),
    Reference(share=1.5),
]


# --- what becomes of a gradient ---------------------------------------------------------------------------------------


def turning(rng, inputs):
    """Rotations, shortened or lengthened: complex eigenvalues, none of them real."""
    out = np.zeros((6, 6))
    for k, (length, angle) in enumerate(zip((0.5, 1.2, 0.9), rng.uniform(0.5, 2.5, 3), strict=True)):
        cos, sin = length * np.cos(angle), length * np.sin(angle)
        out[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[cos, -sin], [sin, cos]]
    return out


def sheared(rng, inputs):
    """Eigenvalues of 0.9 all over, and much more length than that in one step."""
    return 0.9 * np.eye(6) + 2.0 * np.eye(6, k=1)


@exercise(
    points=2,
    inputs={"W": "H H"},
    outputs={"radius": "", "norm": ""},
    answers=("spectral_radius", "spectral_norm"),
    cases=[
        case("complex eigenvalues", sizes={"H": 6}, W=turning),
        case("a negative eigenvalue leads", sizes={"H": 4}, W=np.diag([0.5, -2.0, 1.0, 0.1])),
        case("sheared", sizes={"H": 6}, W=sheared),
        case("symmetric", sizes={"H": 5}, W=lambda rng, inputs: (lambda A: A + A.T)(rng.standard_normal((5, 5)))),
        case("one unit", sizes={"H": 1}),
    ],
)
def spectral(student, W):
    """Both."""
    return {"radius": student.spectral_radius(W), "norm": student.spectral_norm(W)}


def growth_and_its_bound(trial):
    """The radius is the rate of growth in the end; the norm bounds every step, and some direction reaches it."""
    for drawn in trial.draws():
        (out,) = trial.arrays([drawn.inputs])
        W, radius, norm = drawn.inputs["W"], float(out["radius"]), float(out["norm"])
        if radius > norm * (1 + 1e-9):
            return f"no eigenvalue is larger than the spectral norm; your radius is {radius:.4g}, your norm {norm:.4g}."
        power, grown = np.eye(len(W)), [0.0]
        for _ in range(800):
            power = power @ W
            length = np.linalg.norm(power)
            power = power / length
            grown.append(grown[-1] + np.log(length))
        rate = np.exp((grown[800] - grown[400]) / 400)
        if not 0.97 < radius / rate < 1.03:
            return f"W times W times W ... grows by {rate:.4g} a step in the end; your spectral radius is {radius:.4g}."
        v = trial.rng.standard_normal(len(W))
        for _ in range(1000):  # power iteration on W.T @ W
            v = W.T @ (W @ v)
            v /= np.linalg.norm(v)
        longest = np.linalg.norm(W @ v)
        if not 0.97 < norm / longest < 1.03:
            return f"some vector of length 1 becomes {longest:.4g} long in one step; your spectral norm is {norm:.4g}."
    return None


spectral.checks = [
    Dimensions(share=0.25),
    Property("Growth, and its bound", growth_and_its_bound, share=0.75),
    Reference(share=1),
]


@exercise(
    points=4,
    inputs={"W": "H H", "h0": "H", "g": "H", "nonlinearity": "str", "T": "int"},
    outputs={"norms": "any", "refuses": "bool"},
    given={
        "W": lambda rng, sizes: rng.standard_normal((sizes["H"],) * 2) / np.sqrt(sizes["H"]),
        "nonlinearity": lambda rng, sizes: "tanh",
        "T": some_int(6, 9),
    },
    cases=[
        case("linear", nonlinearity="linear"),
        case("no step", T=0),
        case("a hundred steps", sizes={"H": 6}, W=sheared, nonlinearity="linear", T=100),
        case(
            "saturated units",
            h0=larger("g", 30.0),
            W=lambda rng, inputs: 2 * rng.standard_normal(2 * inputs["g"].shape),
        ),
    ],
)
def gradient_norm_profile(student, W, h0, g, nonlinearity, T):
    """And whether another nonlinearity is refused."""
    return {
        "norms": student.gradient_norm_profile(W, h0, g, nonlinearity, T),
        "refuses": refuses(student.gradient_norm_profile, W, h0, g, "relu", T),
    }


def radius_in_the_end_norm_in_each_step(trial):
    """Turned without change by a rotation; never beyond the norm; in the end at the rate of the radius."""
    H, T = 6, 400
    rotation = np.linalg.qr(trial.rng.standard_normal((H, H)))[0]
    _, out = trial.ask(W=rotation, h0=np.ones(H), g=np.ones(H), nonlinearity="linear", T=50)
    if not close(out["norms"], np.full(51, np.sqrt(H))):
        return "through an orthogonal W and without a nonlinearity the length of a gradient never changes."
    symmetric = rotation * np.linspace(-1.05, 0.8, H) @ rotation.T  # its norm is its radius, 1.05
    _, out = trial.ask(W=symmetric, h0=np.ones(H), g=np.ones(H), nonlinearity="linear", T=T)
    if out["norms"].shape != (T + 1,):
        return f"norms must hold T + 1 numbers, from that of g to that at h0; yours hold {out['norms'].size}."
    if not close(out["norms"][-1] / out["norms"][-2], 1.05, 1e-3):
        return "with a spectral radius of 1.05 a gradient must in the end grow by 1.05 a step, without a nonlinearity."
    inputs, out = trial.ask()
    bound = np.linalg.norm(inputs["W"], 2) ** np.arange(len(out["norms"])) * np.linalg.norm(inputs["g"])
    if (out["norms"] > bound * (1 + 1e-9)).any():
        return "k steps back no gradient can be longer than the spectral norm to the k times its first length."
    return None if out["refuses"] else 'a nonlinearity other than "linear" and "tanh" must be refused with ValueError.'


def slope_of_the_last_state(trial):
    """The gradient at h0 against differences of g . h_T, from states large enough for tanh to bend."""
    H = 5
    W, h0, g = trial.rng.standard_normal((H, H)), trial.rng.standard_normal(H), trial.rng.standard_normal(H)

    def at(h, T):
        for _ in range(T):
            h = np.tanh(h @ W)
        return g @ h

    for T in (1, 4):
        _, out = trial.ask(W=W, h0=h0, g=g, nonlinearity="tanh", T=T)
        slopes = [(at(h0 + step, T) - at(h0 - step, T)) / 2e-6 for step in 1e-6 * np.eye(H)]
        if not close(out["norms"][-1], np.linalg.norm(slopes), 1e-5):
            return (
                f"after {T} tanh step{'s' if T > 1 else ''} the slopes of g . h_T in h0 have length "
                f"{np.linalg.norm(slopes):.6g}; your last norm is {float(out['norms'][-1]):.6g}."
            )
    return None


gradient_norm_profile.checks = [
    Dimensions(share=0.5),
    Property("The radius in the end, the norm in each step", radius_in_the_end_norm_in_each_step, share=1),
    Property("The slope of the last state", slope_of_the_last_state, share=1),
    Reference(share=1.5),
]


@exercise(
    points=2,
    inputs={"H": "int", "rho": ""},
    outputs={"W": "any any", "fitting": "bool", "radius_kept": "bool", "norm_kept": "bool", "grows": "bool"},
    given={"H": some_int(16, 32), "rho": number(0.6, 0.95)},
    cases=[case("the smallest that is asked for", H=16, rho=0.5), case("slowly dying", H=24, rho=0.99)],
)
def exploding_counterexample(student, H, rho):
    """The matrix, and what is true of it."""
    W = np.array(student.exploding_counterexample(H, rho), dtype=float)
    if W.shape != (H, H) or not np.isfinite(W).all():
        return {"W": W, **dict.fromkeys(("fitting", "radius_kept", "norm_kept", "grows"), False)}
    power, longest = np.eye(H), 0.0
    for _ in range(4 * H):
        power = power @ W
        longest = max(longest, np.linalg.norm(power, 2))
    return {
        "W": W,
        "fitting": True,
        "radius_kept": np.abs(np.linalg.eigvals(W)).max()
        <= rho + 0.01,  # eigenvalues of such matrices are hard to compute
        "norm_kept": np.linalg.norm(W, 2) <= 2.5 + 1e-9,
        "grows": longest > 1000,
    }


def a_proof(trial):
    """Small eigenvalues, small steps, and a thousandfold growth."""
    for _ in range(2):
        inputs, out = trial.ask()
        rho, H = inputs["rho"], inputs["H"]
        if not out["fitting"]:
            return f"W must be (H, H) = {(H, H)}, and finite."
        if not out["radius_kept"]:
            return f"an eigenvalue of your W is larger than {rho:.3g}: then growing is no surprise."
        if not out["norm_kept"]:
            return "your W can lengthen a vector more than 2.5 times in a single step."
        if not out["grows"]:
            return f"no gradient becomes 1000 times as long within {4 * H} steps."
    return None


exploding_counterexample.checks = [
    Property("A proof", a_proof, share=1.5),
    Reference(share=0.5, outputs=("fitting", "radius_kept", "norm_kept", "grows"), title="For every size"),
]


@exercise(points=2, inputs={}, outputs={"claims": "8 bool"})
def sequence_claims(student):
    """True or False for each sentence, in order."""
    said = student.sequence_claims()
    return {"claims": np.array([said[letter] for letter in "abcdefgh"])}


sequence_claims.checks = [
    Dimensions(share=0.25),
    Reference(share=1.75),
]


# --- from sequence to sequence ----------------------------------------------------------------------------------------

CODER = {"Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H"}
SEQ2SEQ = {
    "E": "V+1 D",
    **{f"enc_{name}": dims for name, dims in CODER.items()},
    **{f"dec_{name}": dims for name, dims in CODER.items()},
    **{"Wy": "H V", "by": "V"},
}
ENCODER = tuple(name for name in SEQ2SEQ if name.startswith("enc"))
REST = tuple(name for name in SEQ2SEQ if not name.startswith("enc"))


def counting():
    """A decoder of V = 7, D = 9, H = 10 that writes 2, 3, 4, 5, 6, 0, ...: from each symbol to the next, around."""
    dec_Wx, follows = np.zeros((9, 40)), [*((np.arange(7) + 1) % 7), 2]
    dec_Wx[np.arange(8), 30 + np.array(follows)] = 5.0
    weights = {
        "E": np.eye(8, 9),
        "dec_Wx": dec_Wx,
        "dec_Wh": np.zeros((10, 40)),
        "Wy": 5 * np.eye(10, 7),
        "by": np.zeros(7),
    }
    return {**weights, "dec_b": np.repeat([3.0, -3.0, 3.0, 0.0], 10)}


@exercise(
    points=7,
    inputs={
        **{"x": "N S int<V", "y": "N T int<V", **SEQ2SEQ, "n": "int"},
        **{"held_out": "M S int<V", "order": "any any int", "learning_rate": ""},
    },
    outputs={
        **{"loss": "", **{f"d{name}": dims for name, dims in SEQ2SEQ.items()}, "written": "N any int"},
        **{"losses": "any", "written_from_held_out": "M any int"},
    },
    answers=("seq2seq_loss", "seq2seq_decode"),
    given={"n": some_int(2, 6), "order": lambda rng, sizes: np.zeros((0, 1), dtype=int)},
    sizes={name: (2, 10) for name in "NSTDHVM"},
    cases=[
        case("one example, one symbol", sizes={"N": 1, "S": 1, "T": 1}),
        case("the same symbol throughout", sizes={"N": 4, "S": 3, "T": 5, "V": 6}, y=np.full((4, 5), 2), n=5),
        case(
            "strong opinions",
            sizes={"N": 10, "S": 5, "V": 8, "D": 6, "H": 7},
            E=lambda rng, inputs: 3 * rng.standard_normal((9, 6)),
            dec_Wh=lambda rng, inputs: 2 * rng.standard_normal((7, 28)),
            Wy=lambda rng, inputs: 3 * rng.standard_normal((7, 8)),  # stronger than by: more than one symbol is written
            n=8,
        ),
        case("a decoder that counts", sizes={"N": 3, "S": 2, "T": 4, "V": 7, "D": 9, "H": 10}, n=5, **counting()),
    ],
    seconds=60,
)
def seq2seq(student, x, y, E, enc_Wx, enc_Wh, enc_b, dec_Wx, dec_Wh, dec_b, Wy, by, n, held_out, order, learning_rate):
    """Once; then, where ``order`` has rows, one step of Adam for each row, on the examples that it names."""
    weights = enc_Wx, enc_Wh, enc_b, dec_Wx, dec_Wh, dec_b
    params = {"E": E, **dict(zip((*ENCODER, *REST[1:4]), weights, strict=True)), "Wy": Wy, "by": by}
    loss, grads = student.seq2seq_loss(params, x, y)
    written = student.seq2seq_decode(params, x, n)
    adam, losses = Adam(params, learning_rate), []
    for some in order:
        at, step_grads = student.seq2seq_loss(adam.params, x[some], y[some])
        losses.append(at)
        adam.step(step_grads)
    return {
        **{"loss": loss, **gradients(grads, params), "written": written, "losses": np.array(losses, dtype=float)},
        "written_from_held_out": student.seq2seq_decode(adam.params, held_out, y.shape[1]),
    }


def backwards(rng, device):
    """Digits to be written backwards, in a script of their own: ten signs that stand for them in an unknown order."""
    from coursekit.sequences import reversed_digits

    V, S, D, H = 10, 3, 12, 24
    x, y = reversed_digits(rng, 1500, S)
    y, bound = rng.permutation(V)[y], 1 / np.sqrt(H)
    b = np.repeat([0.0, 1.0, 0.0, 0.0], H)
    coders = {
        f"{whose}_{name}": rng.uniform(-bound, bound, (rows, 4 * H))
        for whose in ("enc", "dec")
        for name, rows in (("Wx", D), ("Wh", H))
    }
    inputs = {
        **{"x": x[:1200], "y": y[:1200], "E": 0.5 * rng.standard_normal((V + 1, D)), **coders, "enc_b": b, "dec_b": b},
        **{"Wy": rng.uniform(-bound, bound, (H, V)), "by": np.zeros(V), "n": S},
        **{"held_out": x[1200:], "order": batches(rng, 1200, 48, 150), "learning_rate": 1e-2},
    }
    return Task(inputs, y[1200:])


def digits_right(outputs, right):
    """The share of digits that are written rightly."""
    written = outputs.get("written_from_held_out")
    if written is None or written.shape != right.shape:
        raise NotMeasurable(f"what is decoded must have one symbol for each of {right.shape}")
    return float(np.mean(written == right))


def one_step_is_told(trial):
    """Teacher forcing: the right symbol of one step reaches the scores of the next; that of the last reaches none."""
    T, V = 5, 7
    inputs, _ = trial.ask(case("a few", sizes={"N": 4, "S": 3, "T": T, "V": V}))
    inputs["x"], inputs["y"] = inputs["x"] % (V - 3), inputs["y"] % (V - 3)
    inputs["y"][:, 0], inputs["y"][:, -1] = V - 3, V - 1  # told once; written last, so told to nobody; V - 2 is nowhere
    (out,) = trial.arrays([inputs])
    equal = {**inputs, "Wy": 0 * inputs["Wy"], "by": 0 * inputs["by"]}
    (level,) = trial.arrays([equal])
    if not close(level["loss"], T * np.log(V)):
        return (
            f"with equal scores each of {T} steps costs log V = {np.log(V):.4g}: the loss must be {T * np.log(V):.4g}."
        )
    if out["dE"][V - 2 : V].any():
        return "an embedding that is read nowhere has no gradient; the last symbol of y is written but never read."
    if not out["dE"][V - 3].any():
        return (
            "after each step the decoder must be told the right symbol; the one that stands first in y is never read."
        )
    if not out["ddec_Wx"].any():
        return "the decoder has weights of its own; ddec_Wx is 0."
    if not out["dE"][V].any():
        return "the decoder's first step must read the start symbol, whose embedding is row V of E: its gradient is 0."
    return None


def all_it_knows_of_x(trial):
    """The decoder hears of x through the encoder's last hidden state only."""
    inputs, _ = trial.ask(case("a few", sizes={"N": 4, "S": 3, "T": 5, "V": 6}))
    H = len(inputs["Wy"])
    block, others = np.arange(4 * H) // H, (inputs["x"] + 1) % 6
    silent = {**inputs, "enc_b": np.where(block == 2, -1e3, inputs["enc_b"])}
    forgetful = {**inputs, "enc_Wh": 0 * inputs["enc_Wh"], "enc_b": np.where(block == 1, -1e3, inputs["enc_b"])}
    first, last = inputs["x"].copy(), inputs["x"].copy()
    first[:, 0], last[:, -1] = others[:, 0], others[:, -1]
    out, one, other = trial.arrays([inputs, silent, {**silent, "x": others}])
    now, with_first, with_last = trial.arrays([forgetful, {**forgetful, "x": first}, {**forgetful, "x": last}])
    if not close(now["loss"], with_first["loss"]) or close(now["loss"], with_last["loss"]):
        return "an encoder that forgets everything at each step hands over what it knows of the last symbol, and only that."
    if not close(one["loss"], other["loss"]):
        return "with the encoder's output gates shut nothing is known of x: the loss must not depend on it."
    if not out["denc_Wx"].any():
        return "the decoder's gradient must reach the encoder, through the state that is handed over; denc_Wx is 0."
    if one["written"].shape != (4, int(inputs["n"])) or one["written"].min() < 0 or one["written"].max() >= 6:
        return "seq2seq_decode must write n symbols for each row of x, each of them in [0, V): never the start symbol."
    return (
        None
        if np.array_equal(one["written"], other["written"])
        else "what is decoded must depend on x through that state only."
    )


def each_symbol_is_the_best(trial):
    """What is decoded, step by step, against the losses of everything that could have been written there."""
    for drawn in trial.draws():
        V, T = len(drawn.inputs["by"]), 3
        some = {**drawn.inputs, "x": drawn.inputs["x"][:1], "y": drawn.inputs["y"][:1], "n": T}
        (out,) = trial.arrays([some])
        if out["written"].shape != (1, T):
            return f"for one row of x and n = {T} what is decoded must be (1, {T}); yours is {out['written'].shape}."
        for t in range(T):
            could_be = [np.append(out["written"][:, :t], [[v]], axis=1) for v in range(V)]
            costs = [one["loss"] for one in trial.arrays([{**some, "y": y} for y in could_be])]
            if int(out["written"][0, t]) != int(np.argmin(costs)):
                return (
                    f"at step {t}, after what your decoder wrote itself, seq2seq_loss says that symbol "
                    f"{np.argmin(costs)} is the likeliest; seq2seq_decode writes {out['written'][0, t]}."
                )
    return None


seq2seq.checks = [
    Dimensions(share=0.5),
    Property("Each symbol is the best", each_symbol_is_the_best, share=0.5),
    Property("What the decoder is told", one_step_is_told, share=0.5),
    Property("All it knows of x", all_it_knows_of_x, share=0.5),
    Gradient("loss", wrt=REST, claimed=claims(REST), share=1),
    Gradient("loss", wrt=ENCODER, claimed=claims(ENCODER), share=1),
    Reference(share=1.25, outputs=("loss", *claims(SEQ2SEQ)), title="Right loss and gradients"),
    Reference(share=0.5, outputs=("written",), title="Right words"),
    Training(
        backwards,
        at_least=0.6,
        measure=digits_right,
        measured="digits right",
        share=0.75,
        title="Writes digits backwards",
    ),
    Vectorised(over="N", share=0.5, case=case("four symbols", n=4)),
]


# --- the same in torch ------------------------------------------------------------------------------------------------


def as_torch(Wx, Wh, b):
    """Weights with the gates i, f, o, g as torch wants them: i, f, g, o, for columns, and a second bias of 0."""
    import torch

    i, f, o, g = (np.arange(k * len(Wh), (k + 1) * len(Wh)) for k in range(4))
    order = np.concatenate([i, f, g, o])
    arrays = Wx[:, order].T, Wh[:, order].T, b[order], 0 * b
    names = "weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"
    return {name: torch.from_numpy(array.copy()) for name, array in zip(names, arrays, strict=True)}


@exercise(
    points=3,
    inputs={"x": "N T D", "h0": "N H", "Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H"},
    outputs={"h": "N T H", "own_h": "N T H", "is_lstm": "bool"},
    cases=[case("as many inputs as units", sizes={"D": 5, "H": 5}), case("one example", sizes={"N": 1})],
    seconds=60,
)
def to_torch_lstm(student, x, h0, Wx, Wh, b):
    """The states that torch's LSTM gives, and those of lstm_forward."""
    import torch

    module = student.to_torch_lstm(Wx.copy(), Wh.copy(), b.copy())
    start = torch.from_numpy(h0)[None]
    with torch.no_grad():
        h, _ = module(torch.from_numpy(x), (start, torch.zeros_like(start)))
    own, _ = student.lstm_forward(x, h0, Wx, Wh, b)
    return {"h": h.numpy(), "own_h": own, "is_lstm": isinstance(module, torch.nn.LSTM)}


def both_say_the_same(trial):
    """NumPy and torch, to ten digits."""
    for one in (trial.exercise.cases[0], trial.exercise.cases[1]):
        _, out = trial.ask(one)
        if not out["is_lstm"]:
            return "what is asked for is a torch.nn.LSTM."
        if not close(out["h"], out["own_h"], 1e-10):
            gap = np.abs(out["h"] - out["own_h"]).max() if out["h"].shape == out["own_h"].shape else np.inf
            return f"torch's states and those of your lstm_forward must agree; they differ by up to {gap:.3g}."
    return None


to_torch_lstm.checks = [
    AllowedMeans(allowed=("torch",)),
    Dimensions(share=0.5),
    Property("Both say the same", both_say_the_same, share=1),
    Reference(share=1.5, outputs=("h", "is_lstm")),
]

CHAR_LSTM = {"E": "V D", "Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H", "Wy": "H V", "by": "V"}


def with_weights(model, E, Wx, Wh, b, Wy, by):
    """The weights put into a model's three modules, in float64."""
    import torch

    model = model.double()
    state = {
        "embedding.weight": torch.from_numpy(E),
        **{f"lstm.{name}": value for name, value in as_torch(Wx, Wh, b).items()},
        **{"head.weight": torch.from_numpy(Wy.T.copy()), "head.bias": torch.from_numpy(by)},
    }
    model.load_state_dict(state)
    return model


@exercise(
    points=4,
    inputs={"ids": "N T int<V", **CHAR_LSTM, "h0": "N H", "c0": "N H", "forget_bias": "", "layers": "int"},
    outputs={
        **{
            "scores": "N T V",
            "scores_from_state": "N T V",
            "scores_in_parts": "N T V",
            "h_last": "N H",
            "c_last": "N H",
        },
        **{"biases": "any 4*H", "biases_by_default": "any 4*H", "random_weights": "bool", "own_scores": "N T V"},
    },
    answers=("CharLSTM",),
    given={**LSTM_GIVEN, "forget_bias": number(1.5, 4), "layers": some_int(2, 3)},
    cases=[case("one text, one step", sizes={"N": 1, "T": 1})],
    seconds=60,
)
def char_lstm(student, ids, E, Wx, Wh, b, Wy, by, h0, c0, forget_bias, layers):
    """With given weights: from nothing, and from a state; then the biases that a fresh model starts with."""
    import torch

    (V, D), H = E.shape, len(Wh)
    model = with_weights(student.CharLSTM(V, D, H), E, Wx, Wh, b, Wy, by)
    start = tuple(torch.from_numpy(one)[None] for one in (h0, c0))
    with torch.no_grad():
        scores, (h_last, c_last) = model(torch.from_numpy(ids))
        from_state, _ = model(torch.from_numpy(ids), start)
        half, carried = model(torch.from_numpy(ids[:, :1]))
        rest = [model(torch.from_numpy(ids[:, 1:]), carried)[0]] if ids.shape[1] > 1 else []
    own, _ = student.lstm_forward(E[ids], np.zeros_like(h0), Wx, Wh, b)
    fresh = student.CharLSTM(V, D, H, layers, forget_bias)
    return {
        **{"scores": scores.numpy(), "scores_from_state": from_state.numpy()},
        "scores_in_parts": torch.cat([half, *rest], dim=1).numpy(),
        **{"h_last": h_last[-1].numpy(), "c_last": c_last[-1].numpy(), "own_scores": own @ Wy + by},
        **{"biases": summed_biases(fresh), "biases_by_default": summed_biases(student.CharLSTM(V, D, H))},
        "random_weights": bool(fresh.lstm.weight_hh_l0.std() > 0),
    }


def summed_biases(model):
    """For each layer the sum of both bias vectors, in torch's order i, f, g, o."""
    biases = [
        [p.detach().double().numpy() for name, p in model.lstm.named_parameters() if part in name]
        for part in ("bias_ih", "bias_hh")
    ]
    return np.array(biases[0]) + np.array(biases[1])


def numpy_says_the_same(trial):
    """The class against lstm_forward and a product, to ten digits; and in two parts."""
    _, out = trial.ask(case("a few", sizes={"N": 3, "T": 6}))
    if not close(out["scores"], out["own_scores"], 1e-10):
        return "with the same weights the scores must be those of embedding, lstm_forward and an affine layer in NumPy."
    if close(out["scores_from_state"], out["scores"]):
        return "the state that is handed in must be where the LSTM starts; yours changes nothing."
    if not close(out["scores_in_parts"], out["scores"], 1e-10):
        return "read in two parts, with the state handed from one to the other, a text must get the same scores."
    return None


def forget_gates_start_open(trial):
    """In every layer, once."""
    inputs, out = trial.ask()
    H = len(inputs["Wh"])
    for name, bias, layers in (("biases", inputs["forget_bias"], inputs["layers"]), ("biases_by_default", 1.0, 1)):
        if len(out[name]) != layers:
            return f"a model of {layers} layers was asked for; yours has {len(out[name])}."
        wanted = np.tile(np.repeat([0.0, bias, 0.0, 0.0], H), (layers, 1))
        if not close(out[name], wanted, 1e-6):
            gate = "ifgo"[int(np.argmax(np.abs(out[name] - wanted).max(axis=0))) // H]
            return (
                f"the two bias vectors of each layer must add up to {bias:.4g} for the forget gate and to 0 for the others; "
                f"yours differ for gate {gate}."
            )
    return None if out["random_weights"] else "the weights themselves must start at random."


char_lstm.checks = [
    AllowedMeans(allowed=("torch",)),
    Dimensions(share=0.5),
    Property("NumPy says the same", numpy_says_the_same, share=1),
    Property("Forget gates start open", forget_gates_start_open, share=1),
    Reference(share=1.5, tolerance=1e-6),
]


# --- training a character model ---------------------------------------------------------------------------------------

FEW_STEPS = {"N": (2, 4), "M": (10, 13), "V": (5, 9), "D": (3, 6), "H": (4, 8), "K": (3, 5), "L": (4, 6)}


@exercise(
    points=6,
    inputs={
        **{"data": "N M int<V", **CHAR_LSTM, "windows": "K L int<V"},
        **{"steps": "int", "seq_len": "int", "learning_rate": "", "max_norm": ""},
        **{"seed": "int", "device": "str", "precision": "str", "watched": "bool"},
    },
    outputs={
        **{"losses": "any", "scores": "K V", "Wh_after": "any any", "E_after": "any any"},
        **{"reads_in_each_step": "bool", "keeps_in_each_step": "bool", "rounds": "bool"},
        **{"states_given": "any int", "longest_gradient": ""},
    },
    given={
        **{**LSTM_GIVEN, "steps": lambda rng, sizes: 5, "seq_len": lambda rng, sizes: 4, "max_norm": number(0.05, 0.2)},
        **{"learning_rate": number(0.02, 0.05), "seed": lambda rng, sizes: -1, "watched": lambda rng, sizes: False},
    },
    sizes=FEW_STEPS,
    cases=[
        case("no clipping", max_norm=1e3),
        case("one piece, again and again", seq_len=100, steps=3),
        case("one step", steps=1),
        case("watched", steps=4, watched=True),
    ],
    seconds=60,
    accelerated=True,
)
def train_char_lm(
    student,
    data,
    E,
    Wx,
    Wh,
    b,
    Wy,
    by,
    windows,
    steps,
    seq_len,
    learning_rate,
    max_norm,
    seed,
    device,
    precision,
    watched,
):
    """From given weights in float64, or from the class's own start after ``seed``; then scores at the end of windows.

    Where ``watched``, once more with three times the steps: does it read or keep more tensors then? And in bfloat16: does
    that round anything? And for each step: was the state given None (0), cut off from its past (1) or not (2), and how long
    were the gradients that the optimiser saw, as a multiple of max_norm?
    """
    import torch

    where = training.device(device)

    def trained(steps, precision=precision, watch=None):
        if seed >= 0:
            torch.manual_seed(seed)
        model = student.CharLSTM(*E.shape, len(Wh))
        if seed < 0:
            model = with_weights(model, E, Wx, Wh, b, Wy, by)
        model = model.float() if precision else model
        precise = precision or "float32"
        if watch is not None:
            model.register_forward_pre_hook(watch, with_kwargs=True)
        return model, student.train_char_lm(model, data, steps, seq_len, learning_rate, max_norm, where, precise)

    reads, keeps, rounds, states, lengths = (0, 0), (0, 0), False, [], [0.0]
    if watched:
        with training.observed(where) as few:
            trained(steps)
        with training.observed(where) as many:
            trained(3 * steps)
        rounds = trained(steps, "float32")[1] != trained(steps, "bfloat16")[1]
        reads, keeps = ((few.synchronisations, many.synchronisations), (few.tensors_kept, many.tensors_kept))
        with gradients_met(lengths, max_norm):
            trained(steps, watch=lambda model, args, named: states.append(kind_of_state(*args, **named)))
    model, losses = trained(steps)
    with torch.no_grad():
        scores = model(torch.from_numpy(windows).to(where))[0][:, -1]
    after = {name: p.detach().cpu().double().numpy() for name, p in model.named_parameters()}
    return {
        **{"losses": np.array(losses, dtype=float), "scores": scores.cpu().double().numpy()},
        **{"Wh_after": after["lstm.weight_hh_l0"], "E_after": after["embedding.weight"]},
        **{"reads_in_each_step": reads[1] > reads[0], "keeps_in_each_step": keeps[1] > keeps[0]},
        **{"rounds": bool(rounds), "states_given": np.array(states, dtype=int), "longest_gradient": max(lengths)},
    }


def kind_of_state(ids, state=None):
    """0 for None, 1 for a state that is cut off from its past, 2 for one that is not."""
    return 0 if state is None else 2 if any(one.requires_grad for one in state) else 1


@contextlib.contextmanager
def gradients_met(lengths, max_norm):
    """While it lasts, how long the gradients are that an optimiser steps with, as a multiple of max_norm."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    def met(optimiser, arguments, named):
        grads = [p.grad for group in optimiser.param_groups for p in group["params"] if p.grad is not None]
        lengths.append(float(torch.stack([grad.norm() for grad in grads]).norm()) / max_norm)

    handle = register_optimizer_step_pre_hook(met)
    try:
        yield
    finally:
        handle.remove()


def a_text(rng, device):
    """A real text in an alphabet of its own: which character has which id is drawn at random."""
    from coursekit.text import find_text

    found = find_text()
    V = len(found.characters)
    N, D, H, T, steps = (128, 64, 256, 64, 300) if device else (16, 32, 48, 24, 100)
    ids = rng.permutation(V)[found.ids]
    at = len(ids) * 9 // 10
    length = at // N
    starts = rng.integers(at, len(ids) - 33, 400)
    windows = np.stack([ids[start : start + 33] for start in starts])
    empty = {
        "Wx": np.zeros((D, 4 * H)),
        "Wh": np.zeros((H, 4 * H)),
        "b": np.zeros(4 * H),
        "Wy": np.zeros((H, V)),
        "by": np.zeros(V),
    }
    inputs = {
        **{"data": ids[: N * length].reshape(N, length), "E": np.zeros((V, D)), **empty, "windows": windows[:, :-1]},
        **{"steps": steps, "seq_len": T, "learning_rate": 2e-2 if not device else 5e-3, "max_norm": 1.0},
        **{"seed": int(rng.integers(2**31)), "device": device, "precision": "float32", "watched": False},
    }
    return Task(inputs, windows[:, -1])


def saved_on_frequencies(outputs, following):
    """By what share the cost of a character lies below its unigram entropy: 0 for who knows only the frequencies."""
    scores = outputs.get("scores")
    if scores is None or scores.ndim != 2 or len(scores) != len(following) or not np.isfinite(scores).all():
        raise NotMeasurable("the scores after training are not finite, or not one row for each text")
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    frequencies = np.unique(following, return_counts=True)[1] / len(following)
    unigram = -np.sum(frequencies * np.log(frequencies))
    return float(1 + log_p[np.arange(len(following)), following].mean() / unigram)


def starts_and_falls(trial):
    """The first loss is that of the weights handed in, as a mean over all predictions; the loss of a text by heart falls."""
    inputs, out = trial.ask(steps=1, seq_len=5)
    if out["losses"].shape != (1,):
        return f"losses must hold one loss for each step; for one step yours holds {out['losses'].size}."
    level = {**inputs, "Wy": 0 * inputs["Wy"], "by": 0 * inputs["by"]}
    (equal,) = trial.arrays([level])
    V = len(inputs["by"])
    if not close(equal["losses"], [np.log(V)], 1e-6):
        yours = float(equal["losses"][0])
        return f"with equal scores the mean cross-entropy must be log V = {np.log(V):.4g}, not {yours:.4g}."
    _, learnt = trial.ask(steps=60, seq_len=8, learning_rate=0.03, max_norm=1.0)
    first, last = learnt["losses"][[0, -1]]
    if last > 0.5 * first:
        return (
            f"a few dozen characters must be learnt by heart; in 60 steps the loss goes from {first:.3g} to {last:.3g}."
        )
    return None


def every_step_costs_the_same(trial):
    """Neither reads nor tensors grow with the steps, and the same call gives the same."""
    (watched,) = (drawn for drawn in trial.draws() if drawn.case.title == "watched")
    if watched.evaluation.failure is not None:
        raise AnswerFailed(watched.evaluation.failure, watched.case)
    once = watched.evaluation.arrays()
    (again,) = trial.arrays([{**watched.inputs, "watched": False}])
    if not np.array_equal(once["losses"], again["losses"]):
        return "the same weights and data give other losses at a second call: nothing in this training is random."
    if once["reads_in_each_step"]:
        return (
            "with more steps more tensors are read into Python: an accelerator waits each time; read once, at the end."
        )
    return "with more steps more tensors stay alive afterwards." if once["keeps_in_each_step"] else None


def carried_cut_and_clipped(trial):
    """The states given to the LSTM from step to step, and the gradients that the optimiser meets."""
    inputs, out = trial.ask(steps=5, seq_len=4, max_norm=0.02, watched=True)
    pieces = -(-(inputs["data"].shape[1] - 1) // 4)
    for step, given in enumerate(out["states_given"]):
        if step % pieces == 0 and given != 0:
            return f"at step {step} the text begins again: the state must be None there."
        if step % pieces and given == 0:
            return f"at step {step} the text goes on: the state of the step before must be carried there, detached."
        if given == 2:
            return f"at step {step} the state still hangs on its past: detach it, or the gradient crosses the seam."
    longest = float(out["longest_gradient"])
    if longest > 1 + 1e-4:
        return f"when the optimiser steps, the gradients, all together, are {longest:.3g} times as long as max_norm."
    return None


def learns_what_comes_next(trial):
    """On a text that runs in a circle, 0 1 2 ... 0 1 2 ..., the next symbol must be named."""
    V = 5
    circle = (np.arange(3)[:, None] + np.arange(25)) % V
    _, out = trial.ask(
        case("a circle", sizes={"V": V, "K": 4, "L": 6}),
        **{"data": circle, "windows": (np.arange(4)[:, None] + np.arange(6)) % V},
        **{"steps": 80, "seq_len": 8, "learning_rate": 0.03, "max_norm": 1.0},
    )
    wanted = (np.arange(4) + 6) % V
    if out["scores"].shape == (4, V) and np.array_equal(out["scores"].argmax(axis=1), wanted):
        return None
    return "after 80 steps on 0 1 2 3 4 0 1 2 3 4 ... the highest score must be at the symbol that comes next."


def bfloat16_agrees(trial):
    """Under autocast the run ends about where it ends without."""
    return precision_agrees("losses", within=0.05, steps=10, max_norm=1.0, learning_rate=0.01)(trial)


train_char_lm.checks = [
    AllowedMeans(allowed=("torch",)),
    Dimensions(share=0.5),
    Property("Starts where it should, and learns by heart", starts_and_falls, share=0.5),
    Property("Every step costs the same", every_step_costs_the_same, share=0.25),
    Property("Carried, cut and clipped", carried_cut_and_clipped, share=0.5),
    Property("Learns what comes next", learns_what_comes_next, share=0.25),
    Property("In bfloat16, too", bfloat16_agrees, share=0.25),
    Reference(share=2, outputs=("losses", "scores", "Wh_after", "E_after"), tolerance=1e-6),
    Reference(share=0.25, outputs=("reads_in_each_step", "keeps_in_each_step", "rounds"), title="What a step costs"),
    Training(
        a_text,
        at_least=0.12,
        measure=saved_on_frequencies,
        measured="share saved on the unigram entropy",
        margin=0.1,
        share=1.5,
        title="Learns a language",
    ),
]
