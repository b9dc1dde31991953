"""A model writes: one symbol after the other, drawn from its softmax."""

import numpy as np

from autograder import case, draws, exercise, property_of
from autograder.checks import Dimensions, Reference
from coursekit.exercises.params import params_in_words

from .bptt import CHAR_RNN


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
def sample(student, h0, seed_ix, n, temperature, seed, **params):
    """Written from a seed."""
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
    if not np.array_equal(out["written"], (3 + np.arange(9)) % V):
        return "a model that counts in its state must go on counting: the state is carried from symbol to symbol."
    reader = {**empty, "Wx": 4 * np.eye(V), "Wy": circle}
    for start in (0, 4):
        for temperature in (0.0, 0.01):
            _, out = ask(**{**reader, "seed_ix": start, "temperature": temperature})
            wanted = (start + 1 + np.arange(9)) % V
            yours = " ".join(map(str, np.ravel(out["written"])[:12].tolist()))
            if not np.array_equal(out["written"], wanted):
                return (
                    "a model that after each symbol wants the next of 0 1 2 3 4 5 0 1 ..., started "
                    f"from {start}, must write {' '.join(map(str, wanted))}; yours writes {yours}."
                )


@property_of(sample, "Draws from the softmax", 0.75)
def draws_from_the_softmax(ask):
    """A model without memory draws from one distribution, that of softmax(by / temperature)."""
    V, n = 5, 1500
    by = ask.rng.permutation(np.array([0.0, 0.7, 1.2, 2.0, -0.5]))
    for temperature in (1.0, 2.5, 0.4):
        _, out = ask(**model_of_zeros(V, 3), by=by, n=n, temperature=temperature)
        written = out["written"]
        if not (written.shape == (n,) and written.min() >= 0 and written.max() < V):
            return f"{n} symbols were asked for, each an int in [0, {V})."
        p = np.exp(by / temperature) / np.exp(by / temperature).sum()
        seen = np.bincount(written, minlength=V) / n
        worst = int(np.argmax(np.abs(seen - p)))
        if not (np.abs(seen - p) <= 6 * np.sqrt(p * (1 - p) / n) + 1e-3).all():
            return (
                f"at temperature {temperature:g} a symbol of probability {p[worst]:.3f} = "
                f"softmax(scores / temperature) is drawn in {seen[worst]:.1%} of {n} cases."
            )


@property_of(sample, "Chance comes from the generator", 0.5)
def chance_comes_from_the_generator(ask):
    """The same generator, the same text; another, another."""
    inputs, out = ask(n=40, temperature=2.0)
    again, other = ask.all([inputs, {**inputs, "seed": inputs["seed"] + 1}])
    if not np.array_equal(out["written"], again["written"]):
        return "the same generator must give the same text: all chance has to come from rng."
    if np.array_equal(out["written"], other["written"]):
        return "another generator gives the very same text."
