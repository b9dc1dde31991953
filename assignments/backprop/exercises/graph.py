"""A graph that differentiates itself."""

import numpy as np

from autograder import draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, close

from .shared import beyond

GATES = {
    "a + b": lambda a, b: a + b,
    "a + 2.5": lambda a, b: a + 2.5,
    "a - b": lambda a, b: a - b,
    "a * b": lambda a, b: a * b,
    "3 * b": lambda a, b: 3 * b,
    "a / b": lambda a, b: a / b,
    "b ** 3": lambda a, b: b**3,
    "a ** -0.5": lambda a, b: a**-0.5,
    "a.relu()": lambda a, b: a.relu(),
    "b.relu()": lambda a, b: b.relu(),
    "a.exp()": lambda a, b: a.exp(),
    "b.tanh()": lambda a, b: b.tanh(),
    "a.max(b)": lambda a, b: a.max(b),
    "b.max(a)": lambda a, b: b.max(a),
    "b.max(-9)": lambda a, b: b.max(-9),
}
FAN_OUTS = {
    "a + a": lambda a, b: a + a,
    "a * a * a": lambda a, b: a * a * a,
    "u + exp(u), u = a * b": lambda a, b: (u := a * b) + u.exp(),
    "tanh(u) * u, u = a + b": lambda a, b: (u := a + b).tanh() * u,
    "max(a, b) * a": lambda a, b: a.max(b) * a,
    "v * w + u, v = u * a, w = u * b, u = a + b": lambda a, b: ((u := a + b) * a) * (u * b) + u,
}
WEIGHT = -1.7
"""What every gate's output is multiplied by: an upstream gradient of 1 is not all that is tried."""


def slopes(V, expressions, a, b):
    """The numbers that expressions make of a and b, and the slopes of WEIGHT times them."""
    values, grads = [], []
    for make in expressions.values():
        leaves = V(a), V(b)
        out = make(*leaves)
        (out * WEIGHT).backward()
        values.append(out.data)
        grads.append([leaf.grad for leaf in leaves])
    return np.array(values, dtype=float), np.array(grads, dtype=float)


def network(a, b):
    """An expression in which everything is used more than once."""
    u = (a * b + b**2).tanh()
    v = (u * a - b / 3).relu() + u.max(b)
    return (u + v * a).exp() / (1 + v * v) + u * v * v


def distinct(out):
    """How many different Values an expression consists of, itself and its leaves included."""
    found, waiting = {}, [out]
    while waiting:
        one = waiting.pop()
        if id(one) not in found:
            found[id(one)] = one
            waiting.extend(one.operands)
    return len(found)


def on_the_same_leaves(V, a, b):
    """A network; the same graph once more; another one on the same leaves."""
    x, y = V(a), V(b)
    net = network(x, y)
    net.backward()
    first = {"net": net.data, "da": x.grad, "db": y.grad}
    net.backward()
    again = np.array([x.grad, y.grad], dtype=float)
    u = x * 3
    (u * u + u).backward()
    another, inside = x.grad, u.grad
    v = x * y
    seen = {"again": again, "another": another, "inside": inside, "distinct": distinct(v + v * x)}
    return {**first, **seen}


def at_kinks(V, a):
    """What relu passes on at 0, and max where its operands are equal."""
    zero, left, right = V(0.0), V(a), V(a)
    (zero.relu() * 2).backward()
    (left.max(right) * 2).backward()
    return {
        "relu_beyond_at_0": beyond(zero.grad / 2),
        "passed_on_at_tie": (left.grad + right.grad) / 2,
        "max_beyond_at_tie": beyond(np.array([left.grad, right.grad]) / 2),
    }


def chain(V, a, length):
    """The slope at the far end of ``length`` multiplications by 1.0005; nan when they are too many."""
    start = end = V(a)
    for _ in range(length):
        end = end * 1.0005
    try:
        end.backward()
    except RecursionError:
        return np.nan
    return start.grad


def tower(V, a, height):
    """The slope through ``height`` storeys t -> 0.5 * (t + t): it is 1, along 2**height paths."""
    start = top = V(a)
    for _ in range(height):
        top = (top + top) * 0.5
    top.backward()
    return start.grad


@exercise(
    f"a, b, length: int, height: int -> gates: {len(GATES)}, gate_slopes: {len(GATES)} 2,"
    f" fan_outs: {len(FAN_OUTS)}, fan_out_slopes: {len(FAN_OUTS)} 2, net, da, db,"
    " inside, again: 2, another, distinct: int,"
    " relu_beyond_at_0, passed_on_at_tie, max_beyond_at_tie, chain, tower",
    points=10,
    inside=True,
    given={
        "a": draws.number(0.5, 1.5),
        "b": draws.number(-1.5, -0.5),
        "length": draws.whole(20, 39),
        "height": draws.whole(3, 5),
    },
    words={
        "gates": "the values of single operations",
        "gate_slopes": "a.grad and b.grad of single operations",
        "fan_outs": "the values of graphs that use a Value twice",
        "fan_out_slopes": "a.grad and b.grad in graphs that use a Value twice",
        "net": "the value of a network",
        "da": "a.grad in a network",
        "db": "b.grad in a network",
        "again": "a.grad and b.grad after a second backward()",
        "another": "a.grad after backward() of another graph",
        "inside": "the grad of a Value in the middle of a graph",
        "distinct": "the number of Values in a graph",
        "relu_beyond_at_0": "how far the slope of relu at 0 lies outside 0 to 1",
        "passed_on_at_tie": "the part of the gradient that max passes on at a tie",
        "max_beyond_at_tie": "how far a part that max passes on at a tie lies outside 0 to 1",
        "chain": "the slope through many multiplications in a row",
        "tower": "the slope through many storeys of t -> 0.5 * (t + t)",
        "length": "the number of multiplications",
        "height": "the number of storeys",
    },
    entries={
        "gates": [f"the value of {one}" for one in GATES],
        "gate_slopes": [f"the slopes of {one}" for one in GATES],
        "fan_outs": [f"the value of {one}" for one in FAN_OUTS],
        "fan_out_slopes": [f"the slopes of {one}" for one in FAN_OUTS],
    },
    checks=[
        Dimensions(0.5),
        ...,
        Gradient("net", wrt=("a", "b"), claimed=("da", "db"), share=1.5),
        ...,
        Reference(2.5),
    ],
)
def Value(student, a, b, length, height):
    """Every gate, fan-outs, a network; the same leaves again; kinks; and extreme graphs."""
    V = student.Value
    gates, gate_slopes = slopes(V, GATES, a, b)
    fan_outs, fan_out_slopes = slopes(V, FAN_OUTS, a, b)
    return {
        **{"gates": gates, "gate_slopes": gate_slopes},
        **{"fan_outs": fan_outs, "fan_out_slopes": fan_out_slopes},
        **on_the_same_leaves(V, a, b),
        **at_kinks(V, a),
        **{"chain": chain(V, a, length), "tower": tower(V, a, height)},
    }


@property_of(Value, "Each gate's slopes", 2)
def each_gates_slopes(ask):
    """Every gate's slopes against differences of its own values."""
    inputs, out = ask()
    h, at = 1e-5, f"at a = {inputs['a']:.3g}, b = {inputs['b']:.3g}"
    for side, name in enumerate("ab"):
        above, below = ask.all([{**inputs, name: inputs[name] + step} for step in (h, -h)])
        for kind, labels in (("gate", list(GATES)), ("fan_out", list(FAN_OUTS))):
            measured = WEIGHT * (above[f"{kind}s"] - below[f"{kind}s"]) / (2 * h)
            yours = out[f"{kind}_slopes"][:, side]
            wrong = (np.abs(yours - measured) > 1e-6) | ~np.isfinite(yours)
            k = int(np.argmax(wrong))
            if wrong.any():
                return (
                    f"f = {WEIGHT} * ({labels[k]}) {at}: {name}.grad is {yours[k]:.6g}, "
                    f"but f changes {measured[k]:.6g} times as fast as {name}."
                )
    if not (close(out["passed_on_at_tie"], 1) and out["max_beyond_at_tie"] <= 1e-9):
        return "where both operands of max are equal, what they receive must add up to the whole gradient."
    must(out["relu_beyond_at_0"] < 1e-9, "the slope of relu at 0 must lie between 0 and 1.")


@property_of(Value, "backward starts afresh", 1)
def starts_afresh(ask):
    """A second backward says the same, and one from another result is not disturbed."""
    inputs, out = ask()
    if not close(out["again"], np.array([out["da"], out["db"]])):
        return "a second call of backward() gives other gradients than the first: the grads have to start from 0."
    if not close(out["another"], 18 * inputs["a"] + 3):
        return "f.backward() followed by g.backward(): a.grad must be dg/da, without anything left over from f."


@property_of(
    Value,
    "5000 gates in a row",
    1.5,
    "Your backward calls itself once for each gate on the way, and Python stops such calls at a depth "
    "of about 1000: keep the Values that are still to be visited in a list of your own.",
)
def survives_a_long_chain(ask):
    _, out = ask(length=5000)
    slope, wanted = out["chain"], 1.0005**5000
    failed = "backward() fails on 5000 multiplications in a row (RecursionError)."
    must(not np.isnan(slope), failed)
    if not close(slope, wanted, 1e-6):
        return f"through 5000 multiplications by 1.0005 the slope is {wanted:.6g}; yours is {slope:.6g}."


@property_of(
    Value,
    "Each Value once",
    1,
    "Your backward walks along every path separately, and their number doubles with each reuse: "
    "collect the whole gradient of a Value first, then pass it on once.",
)
def visits_each_once(ask):
    """A tower of 12 storeys has 4096 paths and 37 Values; the work counted must grow with the Values."""
    inputs, _ = ask(height=4)
    towers = [{**inputs, "height": height} for height in (4, 8, 12)]
    low, middle, high = (one.work or 0 for one in ask.trial.evaluate(towers, count_work=True))
    if not (low and middle and high and high - middle < 2 * (middle - low)):
        return "backward() does more and more work for each storey of t -> 0.5 * (t + t): every Value must be visited once."
