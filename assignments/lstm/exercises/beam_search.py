"""A model writes: several lines at once, of which the most probable are kept."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close


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


SPEAKER = {"E": "V H", "A": "H H", "Wy": "H V", "by": "V"}
ALL_ALIKE = {
    "E": np.zeros((3, 2)),
    "A": np.zeros((2, 2)),
    "Wy": np.zeros((2, 3)),
    "by": np.zeros(3),
}
NO_END = -1


@exercise(
    inputs={**{**SPEAKER, "h0": "H", "first": "int<V"}, **{"k": "int", "n": "int", "end": "int"}},
    outputs={"symbols": "any any int", "log_p": "any"},
    points=4,
    given={
        **{"Wy": draws.normal("H", "V", scale=2), "k": draws.whole(2, 4)},
        **{"n": draws.whole(3, 5), "end": lambda rng, sizes: int(rng.integers(sizes["V"]))},
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
        if len(out["symbols"]) != 1:
            return f"with k = 1 one line must be returned; yours are {len(out['symbols'])}."
        if shown(out["symbols"][0]) != shown(wanted):
            return (
                "with k = 1 the likeliest symbol must be taken at every step, until it is the end symbol: "
                f"{shown(wanted)}; yours is {shown(out['symbols'][0])}."
            )
        if not close(out["log_p"], [log_p]):
            return (
                f"the log-probabilities of the symbols of {shown(wanted)} add up to {log_p:.4g}; "
                f"you return {float(out['log_p'][0]):.4g}."
            )


@property_of(beam_search, "Wide enough, it is exact", 0.5)
def wide_enough_it_is_exact(ask):
    """With room for every line, all lines are kept, in the order of their probabilities."""
    for end in (1, NO_END):
        inputs, out = ask(case("three symbols", sizes={"V": 3, "H": 4}), k=99, n=3, end=end)
        lines = sorted(all_lines(inputs, 3), key=lambda one: -one[1])
        if len(out["symbols"]) != len(lines):
            return (
                f"of 3 symbols {len(lines)} lines can be made here, and k = 99 has room for all; you return "
                f"{len(out['symbols'])}."
            )
        best, log_p = lines[0]
        if not (shown(out["symbols"][0]) == shown(best) and close(out["log_p"][0], log_p)):
            return (
                f"with room for every line, the first must be the most probable of all: {shown(best)}, of "
                f"log-probability {log_p:.4g}; yours is {shown(out['symbols'][0])}, {float(out['log_p'][0]):.4g}."
            )
        if not (
            close(out["log_p"], [log_p for _, log_p in lines])
            and {shown(row) for row in out["symbols"]} == {shown(line) for line, _ in lines}
        ):
            return (
                "with room for every line, all of them must be returned with their "
                "log-probabilities, the most probable first."
            )


@property_of(beam_search, "What the greedy line misses", 0.5)
def what_the_greedy_line_misses(ask):
    """A second-best beginning whose continuation is nearly certain."""
    given = {**table_speaker(MISSED), "n": 2, "end": NO_END}
    narrow, wide = (first_of(one) for one in ask.all([ask.draw(**given, k=k) for k in (1, 2)]))
    if not close(wide, np.log(MISSED[0, 2] * MISSED[2, 3])):
        return (
            "after 0 come 1 (0.6) or 2 (0.4); after 1 nothing is likely, after 2 comes 3 for certain. With k = 2 the "
            f"line 2 3 must be found, of probability 0.4; your first has {np.exp(wide):.3g}."
        )
    if not close(narrow, np.log(MISSED[0, 1] * MISSED[1, 2])):
        return (
            "and with k = 1 it must be missed: the line 1 2, of probability 0.24, is found; "
            f"yours has {np.exp(narrow):.3g}."
        )


@property_of(beam_search, "What falls out is lost", 0.5)
def what_falls_out_is_lost(ask):
    """A beam is no exhaustive search; and a finished line takes one of its places."""
    _, out = ask(**table_speaker(LOST), k=2, n=3, end=NO_END)
    wanted = LOST[0, 1] * LOST[1, 1] ** 2
    if not close(first_of(out), np.log(wanted)):
        return (
            "with k = 2, a beginning that is third after two symbols is dropped, even if its line would turn out best; "
            f"the first line must have probability {wanted:.3g}, yours has {np.exp(first_of(out)):.3g}."
        )
    _, out = ask(**table_speaker(ENDED), k=2, n=2, end=3)
    first_of(out)
    wanted = np.log([ENDED[0, 3], ENDED[0, 1] / 4])
    if not close(out["log_p"], wanted):
        return (
            "a finished line keeps its place: with k = 2 there is room for one other beside it. Lines of probabilities "
            f"0.4 and 0.0875 must be returned; yours have {', '.join(f'{p:.3g}' for p in np.exp(out['log_p'][:4]))}."
        )


@property_of(beam_search, "Ties by order", 0.5)
def ties_by_order(ask):
    """Where all lines are equally probable, the first of them are kept."""
    _, out = ask(case("alike", sizes={"V": 3, "H": 2}), **ALL_ALIKE, k=4, n=3, end=NO_END)
    wanted = ["0 0 0", "0 0 1", "0 0 2", "0 1 0"]
    yours = [shown(row) for row in out["symbols"]]
    if yours != wanted:
        return (
            f"with three symbols that are always equally likely, k = 4 and n = 3 the lines must be "
            f"{', '.join(wanted)}; yours are {', '.join(yours[:6]) or 'none'}."
        )
