"""Symbols in, scores at every step and their cost; a model that learns a text and writes one."""

import numpy as np

from autograder import case, draws, exercise, function, layer, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close
from coursekit.exercises.params import gradients_in, params_in_words

from .shared import SHORT_CASES, gradient_dims, gradient_of, recurrent_weights

MOST_NEVER_OCCUR = case("most words never occur", sizes={"V": 60})

word_embedding = layer(
    "word_embedding",
    "x: N T int<V, W: V D -> out: N T D",
    points=3,
    shares=(0.25, 0.75, 1),
    cases=[
        case("one word all over", sizes={"N": 4, "T": 6, "V": 5}, x=np.full((4, 6), 3)),
        MOST_NEVER_OCCUR,
        case("one word", sizes={"N": 1, "T": 1}),
    ],
    checks=[Vectorised("N", 0.5)],
)


@property_of(word_embedding, "Every place counts", 0.5)
def each_place_counts(ask):
    """The entries of dW add up to those of dout, and words that do not occur get nothing."""
    inputs, out = ask(MOST_NEVER_OCCUR)
    absent = np.setdiff1d(np.arange(len(inputs["W"])), inputs["x"])
    must(not out["dW"][absent].any(), "the row of dW of a word that does not occur must be 0.")
    must(
        close(out["dW"].sum(axis=0), inputs["dout"].sum(axis=(0, 1))),
        "the rows of dW must add up to the sum of dout over all places: every place counts, repeated words too.",
    )


temporal_affine = layer(
    "temporal_affine",
    "x: N T D, w: D M, b: M -> out: N T M",
    points=3,
    shares=(0.5, 0.75, 1),
    cases=SHORT_CASES,
    checks=[Vectorised("N", 0.5), Vectorised("T", 0.25)],
)


def some_steps(rng, sizes):
    """About two thirds of the steps are real, one of them surely."""
    mask = rng.random((sizes["N"], sizes["T"])) < 2 / 3
    mask[0, 0] = True
    return mask


def scattered(rng, inputs):
    """Rows of scores that lie thousands apart."""
    return rng.standard_normal((4, 5, 3)) + 3e3 * rng.integers(-3, 4, (4, 5, 1))


FEW = {"N": 4, "T": 5, "V": 3}
RAGGED = np.arange(5) < np.array([[5], [2], [0], [4]])  # one sequence is filling throughout

temporal_softmax_loss = function(
    "temporal_softmax_loss",
    "x: N T V, y: N T int<V, mask: N T bool -> loss, dx: N T V",
    points=4,
    given={"mask": some_steps},
    cases=[
        case("every step is real", sizes=FEW, mask=np.ones((4, 5), dtype=bool)),
        case("no step is real", sizes=FEW, mask=np.zeros((4, 5), dtype=bool)),
        case("sequences of different lengths", sizes=FEW, mask=RAGGED),
        case("a single step", sizes={"T": 1}),
        case("one sequence", sizes={"N": 1}),
        case("scores of tens of thousands", sizes=FEW, x=draws.normal(4, 5, 3, scale=1e4)),
        case("rows that lie thousands apart", sizes=FEW, x=scattered),
    ],
    checks=[
        Dimensions(0.25),
        Gradient("loss", wrt="x", claimed="dx", share=0.75),
        Reference(1),
        Vectorised("N", 0.25),
    ],
)


@property_of(temporal_softmax_loss, "Filling is silent", 0.75)
def filling_is_silent(ask):
    """What stands at masked steps changes nothing, and gets no gradient."""
    inputs, out = ask()
    mask = inputs["mask"]
    must(not out["dx"][~mask].any(), "at steps where mask is False dx must be 0.")
    noise = ask.rng.standard_normal(inputs["x"].shape)
    x = np.where(mask[:, :, None], inputs["x"], noise)
    y = np.where(mask, inputs["y"], (inputs["y"] + 1) % inputs["x"].shape[2])
    _, other = ask(inputs, x=x, y=y)
    must(
        close(other["loss"], out["loss"]) and close(other["dx"], out["dx"]),
        "other scores and words at steps where mask is False change the result: they must not count.",
    )


@property_of(temporal_softmax_loss, "A sum over steps, a mean over sequences", 0.75)
def sum_over_steps_mean_over_sequences(ask):
    """Equal scores cost log V a step; twice the steps cost twice, twice the sequences the same."""
    drawn = ask.draw()
    inputs = {**drawn, "mask": np.ones(drawn["y"].shape, dtype=bool)}
    T, V = inputs["x"].shape[1:]
    equal = {**inputs, "x": np.zeros_like(inputs["x"])}
    longer, more = (
        {name: np.concatenate([value, value], axis=axis) for name, value in inputs.items()}
        for axis in (1, 0)
    )
    out, of_equal, of_longer, of_more = ask.all([inputs, equal, longer, more])
    must(
        close(of_equal["loss"], T * np.log(V)),
        f"with equal scores each of the T = {T} steps costs log V = {np.log(V):.4g}, "
        f"so the loss must be {T * np.log(V):.4g}, not {float(of_equal['loss']):.4g}.",
    )
    holds = close(of_longer["loss"], 2 * out["loss"])
    must(holds, "the same steps once more must double the loss: it is a sum over the steps.")
    must(
        close(of_more["loss"], out["loss"]),
        "the same sequences once more must leave the loss as it is: it is a mean over the sequences.",
    )


@property_of(temporal_softmax_loss, "The entries of dx sum to 0", 0.25)
def rows_sum_to_zero(ask):
    """What pushes the wrong words down pushes the right one up, by as much."""
    inputs, out = ask()
    must(
        close(out["dx"].sum(axis=-1), np.zeros(inputs["y"].shape)),
        "at every step the entries of dx must add up to 0: equal scores added to a step change nothing.",
    )


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
        holds = np.array_equal(out["inputs"], inputs["data"][:, :-1])
        must(holds, "put together, the inputs must be the text without its last symbol.")
        must(
            np.array_equal(out["targets"], inputs["data"][:, 1:]),
            "put together, the targets must be the text without its first symbol: each is the symbol after its input.",
        )
        must(
            (out["lengths"] <= seq_len).all() and (out["lengths"][:-1] == seq_len).all(),
            f"every piece but the last must have {seq_len} steps; yours have {out['lengths'].tolist()}.",
        )


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
def char_rnn_train_step(student, inputs, targets, h_prev, E, Wx, Wh, b, Wy, by):
    """Once."""
    params = {"E": E, "Wx": Wx, "Wh": Wh, "b": b, "Wy": Wy, "by": by}
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
    must(
        close(out["loss"], T * np.log(V)),
        f"with equal scores each of {T} steps costs log V = {np.log(V):.4g}: the loss must be {T * np.log(V):.4g}.",
    )
    must(
        close(favouring["loss"], -log_p[inputs["targets"]].sum() / N),
        "with Wy = 0 each step must cost -log softmax(by)[target]: the targets are what has to be predicted.",
    )


@property_of(char_rnn_train_step, "The state is carried, the gradient is cut", 0.75)
def state_carried_gradient_cut(ask):
    """Two pieces cost what the whole costs; their gradients do not add up to the whole's."""
    inputs, whole = ask()
    x, y = inputs["inputs"], inputs["targets"]
    at = x.shape[1] // 2
    _, first = ask(inputs, inputs=x[:, :at], targets=y[:, :at])
    _, second = ask(inputs, inputs=x[:, at:], targets=y[:, at:], h_prev=first["h_last"])
    must(
        close(first["loss"] + second["loss"], whole["loss"]),
        "two pieces, the second started from the h_last of the first, must cost together what the whole text costs.",
    )
    holds = close(second["h_last"], whole["h_last"])
    must(holds, "after the second piece the state must be that after the whole text.")
    holds = not close(first["dWh"] + second["dWh"], whole["dWh"], 1e-6)
    must(holds, "the gradient of a piece must stop at its seam: h_prev counts as a constant.")


@exercise(
    inputs={
        **{**CHAR_RNN, "h0": "1 H", "seed_ix": "int<V"},
        **{"n": "int", "temperature": "", "seed": "int"},
    },
    outputs={"written": "any int"},
    points=4,
    given={"n": draws.whole(20, 30), "temperature": draws.number(0.5, 1.5), "seed": draws.seed},
    cases=[
        case("always the best", temperature=0.0),
        case("nearly always the best", temperature=1e-8),
        case("nearly at random", temperature=100.0),
        case("confident scores", sizes={"H": 5, "V": 7}, Wy=draws.normal(5, 7, scale=500)),
        case("nothing to write", n=0),
    ],
    words={**params_in_words(*CHAR_RNN), "written": "what you return"},
    checks=[Dimensions(0.5), Reference(1.5)],
)
def sample(student, E, Wx, Wh, b, Wy, by, h0, seed_ix, n, temperature, seed):
    """Written from a seed."""
    params = {"E": E, "Wx": Wx, "Wh": Wh, "b": b, "Wy": Wy, "by": by}
    rng = np.random.default_rng(seed)
    return {"written": student.sample(params, h0, seed_ix, n, temperature, rng)}


def model_of_zeros(V, H):
    """All weights of a model with as many features as units, but for the biases of the scores."""
    return {
        **{"E": np.zeros((V, H)), "Wx": np.zeros((H, H)), "Wh": np.zeros((H, H))},
        **{"b": np.zeros(H), "Wy": np.zeros((H, V)), "h0": np.zeros((1, H)), "seed_ix": 0},
    }


@property_of(sample, "It reads what it writes", 0.75)
def reads_what_it_writes(ask):
    """A model that wants the next symbol of a circle: from any seed it must walk the circle."""
    V = 6
    circle = np.roll(np.eye(V), 1, axis=1)  # row v wants v + 1
    empty = {**model_of_zeros(V, V), "E": np.eye(V), "by": np.zeros(V), "n": 9}
    # it walks in its state, and reads nothing
    by_heart = {**empty, "Wh": 4 * circle, "Wy": np.eye(V), "h0": np.eye(V)[[2]]}
    _, out = ask(**by_heart, temperature=0.0)
    must(
        np.array_equal(out["written"], (3 + np.arange(9)) % V),
        "a model that counts in its state must go on counting: the state is carried from symbol to symbol.",
    )
    reader = {**empty, "Wx": 4 * np.eye(V), "Wy": circle}
    for start in (0, 4):
        for temperature in (0.0, 0.01):
            _, out = ask(**{**reader, "seed_ix": start, "temperature": temperature})
            wanted = (start + 1 + np.arange(9)) % V
            yours = " ".join(map(str, np.ravel(out["written"])[:12].tolist()))
            must(
                np.array_equal(out["written"], wanted),
                "a model that after each symbol wants the next of 0 1 2 3 4 5 0 1 ..., "
                f"started from {start}, must write {' '.join(map(str, wanted))}; "
                f"yours writes {yours}.",
            )


@property_of(sample, "Draws from the softmax", 0.75)
def draws_from_the_softmax(ask):
    """A model without memory draws from one distribution, that of softmax(by / temperature)."""
    V, n = 5, 3000
    by = ask.rng.permutation(np.array([0.0, 0.7, 1.2, 2.0, -0.5]))
    for temperature in (1.0, 2.5, 0.4):
        _, out = ask(**model_of_zeros(V, 3), by=by, n=n, temperature=temperature)
        written = out["written"]
        holds = written.shape == (n,) and written.min() >= 0 and written.max() < V
        must(holds, f"{n} symbols were asked for, each an int in [0, {V}).")
        p = np.exp(by / temperature) / np.exp(by / temperature).sum()
        seen = np.bincount(written, minlength=V) / n
        worst = int(np.argmax(np.abs(seen - p)))
        must(
            (np.abs(seen - p) <= 6 * np.sqrt(p * (1 - p) / n) + 1e-3).all(),
            f"at temperature {temperature:g} a symbol of probability {p[worst]:.3f} = "
            f"softmax(scores / temperature) is drawn in {seen[worst]:.1%} of {n} cases.",
        )


@property_of(sample, "Chance comes from the generator", 0.5)
def chance_comes_from_the_generator(ask):
    """The same generator, the same text; another, another."""
    inputs, out = ask(n=40, temperature=2.0)
    again, other = ask.all([inputs, {**inputs, "seed": inputs["seed"] + 1}])
    holds = np.array_equal(out["written"], again["written"])
    must(holds, "the same generator must give the same text: all chance has to come from rng.")
    holds = not np.array_equal(out["written"], other["written"])
    must(holds, "another generator gives the very same text.")


def speaker(E, A, Wy, by):
    """A small model as beam_search takes it: what it read last adds to what it holds, and bends."""

    def step(h, symbol):
        h = np.tanh(E[symbol] + h @ A)
        scores = h @ Wy + by
        scores = scores - scores.max()
        return scores - np.log(np.exp(scores).sum()), h

    return step


def table_speaker(chances):
    """The parts of a speaker whose next symbol depends on the last one by a table of chances."""
    V = len(chances)
    return {
        **{"E": 20 * np.eye(V), "A": np.zeros((V, V)), "Wy": np.log(chances), "by": np.zeros(V)},
        **{"h0": np.zeros(V), "first": 0},
    }


TINY = 1e-6
EVEN = [0.25] * 4
MISSED = np.array(
    [
        [TINY, 0.6 - TINY, 0.4 - TINY, TINY],
        [0.3, 0.1, 0.4, 0.2],
        [TINY, TINY, TINY, 1 - 3 * TINY],
        EVEN,
    ]
)
"""After 0 come 1 or 2; after 1 nothing is likely, after 2 comes 3."""
LOST = np.array(
    [
        [TINY, 0.6 - TINY, 0.4 - TINY, TINY],
        [0.025, 0.5, 0.025, 0.45],
        [0.05, 0.05, 0.65, 0.25],
        EVEN,
    ]
)
"""The most probable line of three, 2 2 2, is only third after two symbols."""
ENDED = np.array([[TINY, 0.35, 0.25 - TINY, 0.4], EVEN, [TINY, TINY, TINY, 1 - 3 * TINY], EVEN])
"""After 0 comes most likely 3, the end; after 2 it is certain."""
FOUR = {"V": 4, "H": 4}


def one_symbol(rng, sizes):
    """Some symbol, as an int."""
    return int(rng.integers(sizes["V"]))


SPEAKER = {"E": "V H", "A": "H H", "Wy": "H V", "by": "V"}
ALL_ALIKE = {
    "E": np.zeros((3, 2)),
    "A": np.zeros((2, 2)),
    "Wy": np.zeros((2, 3)),
    "by": np.zeros(3),
}
NO_END = -1


@exercise(
    inputs={
        **{**SPEAKER, "h0": "H", "first": "int<V"},
        **{"k": "int", "n": "int", "end": "int"},
    },
    outputs={"symbols": "any any int", "log_p": "any"},
    points=4,
    given={
        **{"Wy": draws.normal("H", "V", scale=2), "k": draws.whole(2, 4)},
        **{"n": draws.whole(3, 5), "end": one_symbol},
    },
    sizes={"V": (4, 7), "H": (4, 6)},
    cases=[
        case("no end symbol", end=NO_END),
        case("a wider beam", sizes={"V": 6, "H": 5}, k=6, n=5),
        case("width 1", k=1),
        case("one symbol at most", n=1),
        case("nothing to write", n=0),
        case("all symbols alike", sizes={"V": 3, "H": 2}, **ALL_ALIKE, k=4, n=3, end=NO_END),
        case(
            "all symbols alike, and an end",
            sizes={"V": 3, "H": 2},
            **{**ALL_ALIKE, "k": 5, "n": 4, "end": 1},
        ),
        case(
            "an end that is likely",
            sizes={"V": 5, "H": 4},
            by=np.array([0.0, 0.0, 3.0, 0.0, 0.0]),
            **{"k": 3, "n": 6, "end": 2},
        ),
        case("a beginning that is lost", sizes=FOUR, **table_speaker(LOST), k=2, n=3, end=NO_END),
        case("an end that takes a place", sizes=FOUR, **table_speaker(ENDED), k=2, n=2, end=3),
        case("wider than there are lines", sizes={"V": 3, "H": 4}, k=50, n=2, end=NO_END),
    ],
    words={
        **{name: f"the model's {name}" for name in SPEAKER},
        "h0": "the state at the start",
        "symbols": "the symbols of what is kept, filled up with -1,",
        "log_p": "the log-probabilities of what is kept",
        "end": "the end symbol (-1 for None)",
    },
    checks=[Dimensions(0.25), Reference(1.25)],
)
def beam_search(student, E, A, Wy, by, h0, first, k, n, end):
    """What is kept, as a table."""
    step = speaker(E, A, Wy, by)
    kept = student.beam_search(step, h0, first, k, n, None if end == NO_END else end)
    lines = [[int(symbol) for symbol in symbols] for symbols, _ in kept]
    table = np.full((len(lines), max([n, *map(len, lines)])), -1)
    for row, line in zip(table, lines, strict=True):
        row[: len(line)] = line
    return {"symbols": table, "log_p": np.array([log_p for _, log_p in kept], dtype=float)}


def first_of(out):
    """The log-probability of the first line, if there is one."""
    must(len(out["log_p"]), "at least one line must be returned.")
    return float(out["log_p"][0])


def shown(row):
    """A row of the table as people read it."""
    return " ".join(str(symbol) for symbol in row if symbol >= 0) or "nothing"


def all_lines(inputs, n):
    """Every line that ends with the end symbol or has n symbols, with its log-probability."""
    step = speaker(*(inputs[name] for name in SPEAKER))
    found, open_lines = [], [((), 0.0, inputs["h0"])]
    for at in range(n):
        longer = []
        for line, log_p, h in open_lines:
            of_next, after = step(h, line[-1] if line else inputs["first"])
            longer += [((*line, v), log_p + of_next[v], after) for v in range(len(of_next))]
        done = [at == n - 1 or line[-1] == inputs["end"] for line, _, _ in longer]
        found += [one[:2] for one, is_done in zip(longer, done, strict=True) if is_done]
        open_lines = [one for one, is_done in zip(longer, done, strict=True) if not is_done]
    return found


@property_of(beam_search, "Width 1 is greedy", 0.5)
def width_1_is_greedy(ask):
    """One hypothesis that takes the likeliest symbol each time, until it has written the end."""
    for end in (None, NO_END):
        inputs = ask.draw(k=1, n=6)
        inputs = inputs if end is None else {**inputs, "end": end}
        _, out = ask(inputs)
        step, h, symbol = (
            speaker(*(inputs[name] for name in SPEAKER)),
            inputs["h0"],
            inputs["first"],
        )
        wanted, log_p = [], 0.0
        while len(wanted) < 6 and not (wanted and symbol == inputs["end"]):
            of_next, h = step(h, symbol)
            symbol = int(np.argmax(of_next))
            wanted, log_p = [*wanted, symbol], log_p + of_next[symbol]
        must(
            len(out["symbols"]) == 1,
            f"with k = 1 one line must be returned; yours are {len(out['symbols'])}.",
        )
        must(
            shown(out["symbols"][0]) == shown(wanted),
            "with k = 1 the likeliest symbol must be taken at every step, until it is the end symbol: "
            f"{shown(wanted)}; yours is {shown(out['symbols'][0])}.",
        )
        must(
            close(out["log_p"], [log_p]),
            f"the log-probabilities of the symbols of {shown(wanted)} add up to {log_p:.4g}; "
            f"you return {float(out['log_p'][0]):.4g}.",
        )


@property_of(beam_search, "Wide enough, it is exact", 0.5)
def wide_enough_it_is_exact(ask):
    """With room for every line, all lines are kept, in the order of their probabilities."""
    for end in (1, NO_END):
        inputs, out = ask(case("three symbols", sizes={"V": 3, "H": 4}), k=99, n=3, end=end)
        lines = sorted(all_lines(inputs, 3), key=lambda one: -one[1])
        must(
            len(out["symbols"]) == len(lines),
            f"of 3 symbols {len(lines)} lines can be made here, and k = 99 has room for all; you return "
            f"{len(out['symbols'])}.",
        )
        best, log_p = lines[0]
        must(
            shown(out["symbols"][0]) == shown(best) and close(out["log_p"][0], log_p),
            f"with room for every line, the first must be the most probable of all: {shown(best)}, of "
            f"log-probability {log_p:.4g}; yours is {shown(out['symbols'][0])}, {float(out['log_p'][0]):.4g}.",
        )
        must(
            close(out["log_p"], [log_p for _, log_p in lines])
            and {shown(row) for row in out["symbols"]} == {shown(line) for line, _ in lines},
            "with room for every line, all of them must be returned with their log-probabilities, the most probable first.",
        )


@property_of(beam_search, "What the greedy line misses", 0.5)
def what_the_greedy_line_misses(ask):
    """A second-best beginning whose continuation is nearly certain."""
    given = {**table_speaker(MISSED), "n": 2, "end": NO_END}
    narrow, wide = (first_of(one) for one in ask.all([ask.draw(**given, k=k) for k in (1, 2)]))
    must(
        close(wide, np.log(MISSED[0, 2] * MISSED[2, 3])),
        "after 0 come 1 (0.6) or 2 (0.4); after 1 nothing is likely, after 2 comes 3 for certain. With k = 2 the "
        f"line 2 3 must be found, of probability 0.4; your first has {np.exp(wide):.3g}.",
    )
    must(
        close(narrow, np.log(MISSED[0, 1] * MISSED[1, 2])),
        f"and with k = 1 it must be missed: the line 1 2, of probability 0.24, is found; yours has {np.exp(narrow):.3g}.",
    )


@property_of(beam_search, "What falls out is lost", 0.5)
def what_falls_out_is_lost(ask):
    """A beam is no exhaustive search; and a finished line takes one of its places."""
    _, out = ask(**table_speaker(LOST), k=2, n=3, end=NO_END)
    wanted = LOST[0, 1] * LOST[1, 1] ** 2
    must(
        close(first_of(out), np.log(wanted)),
        "with k = 2, a beginning that is third after two symbols is dropped, even if its line would turn out best; "
        f"the first line must have probability {wanted:.3g}, yours has {np.exp(first_of(out)):.3g}.",
    )
    _, out = ask(**table_speaker(ENDED), k=2, n=2, end=3)
    first_of(out)
    wanted = np.log([ENDED[0, 3], ENDED[0, 1] / 4])
    must(
        close(out["log_p"], wanted),
        "a finished line keeps its place: with k = 2 there is room for one other beside it. Lines of probabilities "
        f"0.4 and 0.0875 must be returned; yours have {', '.join(f'{p:.3g}' for p in np.exp(out['log_p'][:4]))}.",
    )


@property_of(beam_search, "Ties by order", 0.5)
def ties_by_order(ask):
    """Where all lines are equally probable, the first of them are kept."""
    _, out = ask(case("alike", sizes={"V": 3, "H": 2}), **ALL_ALIKE, k=4, n=3, end=NO_END)
    wanted = ["0 0 0", "0 0 1", "0 0 2", "0 1 0"]
    yours = [shown(row) for row in out["symbols"]]
    must(
        yours == wanted,
        f"with three symbols that are always equally likely, k = 4 and n = 3 the lines must be "
        f"{', '.join(wanted)}; yours are {', '.join(yours[:6]) or 'none'}.",
    )
