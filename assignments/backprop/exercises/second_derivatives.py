"""Slopes of slopes: a gradient that is a graph again."""

import numpy as np

from autograder import draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, close

from .graph import FAN_OUTS, GATES, network

ONCE_IS_ENOUGH = {"a + 2.5", "a - b", "3 * b", "b.max(a)", "b.max(-9)"}
"""Gates that bring nothing new when slopes are asked for slopes."""
ALL = {**{k: gate for k, gate in GATES.items() if k not in ONCE_IS_ENOUGH}, **FAN_OUTS}


def asked_for(student, output, inputs):
    """What grad gives, which must be Values."""
    try:
        found = student.grad(output, inputs)
    except KeyError:
        raise ValueError(
            "grad stops with a KeyError: one of inputs may be no part of output; then its slope is 0"
        ) from None
    if not isinstance(found, list | tuple):
        raise TypeError(f"grad must return a list of Values, not a {type(found).__name__}")
    if len(found) != len(inputs):
        raise ValueError(f"grad must return {len(inputs)} slopes for {len(inputs)} inputs")
    for one in found:
        if not hasattr(one, "operands"):
            raise TypeError(f"grad must return Values; there is a {type(one).__name__} among them")
    return list(found)


def slopes_of_slopes(student, make, a, b):
    """The value, both slopes, and both slopes of each of them."""
    leaves = [student.Value(a), student.Value(b)]
    out = make(*leaves)
    first = asked_for(student, out, leaves)
    second = [asked_for(student, one, leaves) for one in first]
    return out.data, [one.data for one in first], [[one.data for one in row] for row in second]


def asked_of_one_graph(student, a, b):
    """Results on the way, output itself, what has nothing to do with it; and what becomes of it."""
    x, y, alone = (student.Value(one) for one in (a, b, 2.0))
    u = x * y
    f = (u * u + u) * x
    others = [x, y, alone, u, f]
    for one in others:
        one.grad = 7.0
    before = [one.data for one in others]
    inside, itself, unused = asked_for(student, f, [u, f, alone])
    kept = all(one.grad == 7.0 for one in others) and before == [one.data for one in others]
    third = x.tanh() * x
    for _ in range(3):
        (third,) = asked_for(student, third, [x])
    return {
        **{"inside": inside.data, "itself": itself.data, "unused": unused.data, "kept": kept},
        "third": third.data,
    }


def slope_of_a_row(student, a, length):
    """The slope at the far end of multiplications by 1.0005; nan when they are too many."""
    start = end = student.Value(a)
    for _ in range(length):
        end = end * 1.0005
    try:
        return asked_for(student, end, [start])[0].data
    except RecursionError:
        return np.nan


@exercise(
    f"a, b, length: int -> values: {len(ALL)}, slopes: {len(ALL)} 2, second: {len(ALL)} 2 2,"
    " net, da, db, daa, dab, dba, dbb, inside, itself, unused, third, kept: bool, chain",
    points=4,
    inside=True,
    given={
        "a": draws.number(0.5, 1.5),
        "b": draws.number(-1.5, -0.5),
        "length": draws.whole(20, 39),
    },
    words={
        "values": "the values of some formulas",
        "slopes": "the slopes of some formulas in a and in b",
        "second": "the slopes of slopes of some formulas",
        "net": "the value of a network",
        "da": "the slope of a network in a",
        "db": "the slope of a network in b",
        "daa": "the slope in a of a network's slope in a",
        "dab": "the slope in b of a network's slope in a",
        "dba": "the slope in a of a network's slope in b",
        "dbb": "the slope in b of a network's slope in b",
        "inside": "the slope in a Value in the middle of a graph",
        "itself": "the slope of output in output",
        "unused": "the slope in a Value that output was not made from",
        "third": "the slope of the slope of the slope of tanh(a) * a",
        "kept": "whether data and grad in the graph stay as they are",
        "chain": "the slope through many multiplications in a row",
        "length": "the number of multiplications",
    },
    entries={
        "values": [f"the value of {one}" for one in ALL],
        "slopes": [f"the slopes of {one}" for one in ALL],
        "second": [f"the slopes of slopes of {one}" for one in ALL],
    },
    checks=[
        Dimensions(0.25),
        ...,
        Gradient("da", wrt=("a", "b"), claimed=("daa", "dab"), share=0.75),
        ...,
        Reference(1.25),
    ],
)
def grad(student, a, b, length):
    """Every gate and fan-out, twice over; a network; other inputs; a third time; a long row."""
    made = [slopes_of_slopes(student, make, a, b) for make in ALL.values()]
    values, first, second = (np.array(one, dtype=float) for one in zip(*made, strict=True))
    net, (da, db), ((daa, dab), (dba, dbb)) = slopes_of_slopes(student, network, a, b)
    return {
        **{"values": values, "slopes": first, "second": second},
        **{"net": net, "da": da, "db": db},
        **{"daa": daa, "dab": dab, "dba": dba, "dbb": dbb},
        **asked_of_one_graph(student, a, b),
        "chain": slope_of_a_row(student, a, length),
    }


@property_of(grad, "Each formula, twice over", 1)
def twice_over(ask):
    """Slopes against differences of values, slopes of slopes against differences of slopes."""
    inputs, out = ask()
    h, at = 1e-5, f"at a = {inputs['a']:.3g}, b = {inputs['b']:.3g}"
    for side, name in enumerate("ab"):
        above, below = ask.all([{**inputs, name: inputs[name] + step} for step in (h, -h)])
        for yours, kind, said in (
            (out["slopes"][:, side], "values", "the slope of {} in {}"),
            (out["second"][:, 0, side], "slopes", "the slope in {1} of the slope of {0} in a"),
        ):
            change = (above[kind] - below[kind]) / (2 * h)
            measured = change if kind == "values" else change[:, 0]
            wrong = (np.abs(yours - measured) > 1e-6) | ~np.isfinite(yours)
            k = int(np.argmax(wrong))
            if wrong.any():
                return (
                    f"{at} {said.format(list(ALL)[k], name)} is {yours[k]:.6g} by your grad, "
                    f"and {measured[k]:.6g} when it is measured."
                )


@property_of(grad, "Any Value may be asked for", 0.5)
def any_value(ask):
    """In the middle, output itself, and one that has nothing to do with it."""
    inputs, out = ask()
    must(close(out["itself"], 1), "output's slope in output itself must be 1.")
    if not close(out["unused"], 0, 1e-12):
        return "the slope in a Value that output was not made from must be 0."
    u = inputs["a"] * inputs["b"]
    if not close(out["inside"], (2 * u + 1) * inputs["a"]):
        return "with u = a * b, the slope of (u * u + u) * a in u must be (2 * u + 1) * a."
    must(out["kept"], "data and grad of the Values in the graph must stay as they are.")


@property_of(
    grad,
    "5000 gates in a row",
    0.25,
    "Your way back calls itself once for each Value, and Python stops such calls at a depth of about "
    "1000: take the Values from an order that is made first.",
)
def slopes_of_a_long_row(ask):
    _, out = ask(length=5000)
    failed = "grad fails on 5000 multiplications in a row (RecursionError)."
    must(not np.isnan(out["chain"]), failed)
