"""A graph that differentiates itself: an order to go back in, and slopes of slopes. And broadcasting,
which is a fan-out.
"""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close

from .shared import beyond

# --- an order for the way back ------------------------------------------------------------------

LETTERS = "abcdefghijkl"
ROUND_ABOUT = np.array([[0, 0, 0, 0], [2, 0, 0, 0], [0, 3, 0, 0], [5, 0, 7, 0]], dtype=float)
"""b is made from a, c from b, and d from a and c: a short way to a, and a long one."""


def drawn_graph(rng, sizes):
    """Local slopes: node k is made from the one before and, most often, from one long before."""
    count = sizes["N"]
    local = np.diag(rng.uniform(0.5, 1.5, count - 1), -1) if count > 1 else np.zeros((1, 1))
    for k in range(2, count):
        if k == count - 1 or rng.random() < 0.7:
            local[k, rng.integers(0, k - 1)] = rng.uniform(0.5, 1.5)
    order = rng.permutation(count)  # the letters say nothing of the order
    return local[np.ix_(order, order)]


def result_of(local):
    """The node that nothing is made from."""
    return int(np.flatnonzero(~np.any(local, axis=0))[0])


def ordered(student, out, inputs):
    """The answer's order, as a list."""
    order = student.topological_sort(out, inputs)
    if not isinstance(order, list | tuple):
        raise TypeError(
            f"topological_sort must return a list of nodes, not a {type(order).__name__}"
        )
    return list(order)


def slopes_in(order, out, inputs, local):
    """Gradients, when the way back takes an order from its end: what has come by then goes on."""
    grads = {out: 1.0}
    for node in reversed(order):
        for one in inputs(node):
            grads[one] = grads.get(one, 0.0) + local(node, one) * grads.get(node, 0.0)
    return grads


def way_back(student, local, reverse=False):
    """The order of a graph of letters, and the gradients that the way back gives in it."""
    count = len(local)
    made_from = {
        LETTERS[k]: [LETTERS[j] for j in np.flatnonzero(local[k])[:: -1 if reverse else 1]]
        for k in range(count)
    }

    def slope(node, one):
        return local[LETTERS.index(node), LETTERS.index(one)]

    out = LETTERS[result_of(local)]
    order = ordered(student, out, lambda node: tuple(made_from[node]))
    known = [node for node in order if node in made_from]
    grads = slopes_in(known, out, made_from.__getitem__, slope)
    return made_from, order, np.array([grads.get(LETTERS[k], 0.0) for k in range(count)])


def faults(made_from, order):
    """How many nodes are missing, stand there twice, or stand before what they were made from."""
    first = {}
    for place, node in enumerate(order):
        first.setdefault(node, place)
    early = [
        node
        for node, place in first.items()
        if any(first.get(one, -1) > place for one in made_from.get(node, ()))
    ]
    return len(set(made_from) - set(first)), len(order) - len(first), len(early)


def row_of_nodes(student, slope, length):
    """The gradient at the far end of a chain; nan when it is too long."""
    made_from = {f"n{k}": (f"n{k - 1}",) if k else () for k in range(length + 1)}
    try:
        order = ordered(student, f"n{length}", made_from.__getitem__)
    except RecursionError:
        return np.nan
    factor = slope ** (1 / length)
    known = [node for node in order if node in made_from]
    grads = slopes_in(known, f"n{length}", made_from.__getitem__, lambda *edge: factor)
    return grads.get("n0", 0.0)


def storeys(student, slope, height):
    """A tower in which each storey is made from the one below, twice: the gradient at its foot, and
    how often the inputs of a node were asked for, for each node.
    """
    asked = 0

    def inputs(node):
        nonlocal asked
        asked += 1
        return (node - 1, node - 1) if node else ()

    order = ordered(student, height, inputs)
    calls = asked / (height + 1)
    known = [node for node in order if node in range(height + 1)]
    grads = slopes_in(known, height, inputs, lambda *edge: slope / 2)
    return grads.get(0, 0.0), calls


@exercise(
    "local: N N, length: int, height: int, slope"
    " -> grads: N, mirrored: N, missing: int, repeated: int, early: int, chain, tower,"
    " again: bool",
    points=3,
    inside=True,
    sizes={"N": (5, 9)},
    given={
        "local": drawn_graph,
        "length": draws.whole(20, 39),
        "height": draws.whole(3, 5),
        "slope": draws.number(0.5, 0.9),
    },
    cases=[
        case("a short way and a long one", sizes={"N": 4}, local=ROUND_ABOUT),
        case("a node that was not computed", sizes={"N": 1}),
        case("10 000 nodes in a row", length=10_000),
        case("12 storeys", height=12),
    ],
    words={
        "local": "the local slopes, 0 where a node was not made from the other",
        "grads": "what arrives at each node when the way back takes your order from its end",
        "mirrored": "what arrives at each node when all inputs are listed the other way around",
        "missing": "the number of nodes that are missing from order",
        "repeated": "the number of entries of order that were there before",
        "early": "the number of nodes in order that stand before one of their inputs",
        "chain": "what arrives at the far end of a chain",
        "tower": "what arrives at the foot of a tower, each storey made from the one below, twice",
        "again": "whether inputs is called more than 4 times for each node",
        "length": "the length of the chain",
        "height": "the number of storeys",
        "slope": "the slope of the chain and of each storey",
    },
    checks=[Dimensions(0.25)],
)
def topological_sort(student, local, length, height, slope):
    """Any order that is right: what is wrong with it is counted, and the way back taken in it."""
    made_from, order, grads = way_back(student, local)
    _, mirrored_order, mirrored = way_back(student, local, reverse=True)
    missing, repeated, early = (
        one + other
        for one, other in zip(
            faults(made_from, order), faults(made_from, mirrored_order), strict=True
        )
    )
    tower, calls = storeys(student, slope, height)
    return {
        **{"grads": grads, "mirrored": mirrored},
        **{"missing": missing, "repeated": repeated, "early": early},
        **{"chain": row_of_nodes(student, slope, length), "tower": tower, "again": calls > 4},
    }


@property_of(topological_sort, "Inputs first", 0.75)
def inputs_first(ask):
    """In a graph with a short way and a long one, and in others."""
    round_about = case("", sizes={"N": 4}, local=ROUND_ABOUT)
    must(
        not ask(round_about)[1]["early"],
        "b is made from a, c from b, and d from a and c: in your order of these four a node stands "
        "before one of its inputs.",
    )
    for _ in range(3):
        inputs, out = ask()
        must(
            not out["early"],
            f"in a graph of {len(inputs['local'])} nodes a node stands before one of its inputs.",
        )


@property_of(topological_sort, "All of them, each once", 0.5)
def each_once(ask):
    for drawn in (case("", sizes={"N": 4}, local=ROUND_ABOUT), case(""), case("", sizes={"N": 1})):
        inputs, out = ask(drawn)
        which = f"of a graph of {len(inputs['local'])} nodes"
        must(not out["missing"], f"{which} not all are in your order; out is a node, too.")
        must(not out["repeated"], f"{which} one stands in your order twice.")


@property_of(topological_sort, "10 000 nodes in a row", 0.5)
def survives_a_long_row(ask):
    inputs, out = ask(length=10_000)
    failed = "topological_sort fails on 10 000 nodes in a row (RecursionError)."
    must(not np.isnan(out["chain"]), failed)
    must(
        close(out["chain"], inputs["slope"], 1e-6),
        "in your order of 10 000 nodes in a row what goes back does not reach the first.",
    )


@property_of(topological_sort, "Not path by path", 0.25)
def not_path_by_path(ask):
    """A tower of 12 storeys has 4096 paths and 13 nodes."""
    inputs, out = ask(height=12)
    must(
        not out["again"],
        "in a graph of 13 nodes and 4096 paths inputs is called over and over for the same nodes.",
    )
    must(
        close(out["tower"], inputs["slope"] ** 12),
        "where every node is made from the one before, twice, the way back in your order goes wrong.",
    )


topological_sort.checks = [*topological_sort.checks, Reference(0.75)]

# --- a graph that differentiates itself ---------------------------------------------------------

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
    checks=[Dimensions(0.5)],
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
            must(
                not wrong.any(),
                f"f = {WEIGHT} * ({labels[k]}) {at}: {name}.grad is {yours[k]:.6g}, "
                f"but f changes {measured[k]:.6g} times as fast as {name}.",
            )
    must(
        close(out["passed_on_at_tie"], 1) and out["max_beyond_at_tie"] <= 1e-9,
        "where both operands of max are equal, what they receive must add up to the whole gradient.",
    )
    must(out["relu_beyond_at_0"] < 1e-9, "the slope of relu at 0 must lie between 0 and 1.")


Value.checks = [*Value.checks, Gradient("net", wrt=("a", "b"), claimed=("da", "db"), share=1.5)]


@property_of(Value, "backward starts afresh", 1)
def starts_afresh(ask):
    """A second backward says the same, and one from another result is not disturbed."""
    inputs, out = ask()
    must(
        close(out["again"], np.array([out["da"], out["db"]])),
        "a second call of backward() gives other gradients than the first: the grads have to start from 0.",
    )
    must(
        close(out["another"], 18 * inputs["a"] + 3),
        "f.backward() followed by g.backward(): a.grad must be dg/da, without anything left over from f.",
    )


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
    must(
        close(slope, wanted, 1e-6),
        f"through 5000 multiplications by 1.0005 the slope is {wanted:.6g}; yours is {slope:.6g}.",
    )


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
    must(
        low and middle and high and high - middle < 2 * (middle - low),
        "backward() does more and more work for each storey of t -> 0.5 * (t + t): every Value must be visited once.",
    )


Value.checks = [*Value.checks, Reference(2.5)]

# --- slopes of slopes ---------------------------------------------------------------------------

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
    checks=[Dimensions(0.25)],
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
            must(
                not wrong.any(),
                f"{at} {said.format(list(ALL)[k], name)} is {yours[k]:.6g} by your grad, "
                f"and {measured[k]:.6g} when it is measured.",
            )


grad.checks = [
    *grad.checks,
    Gradient("da", wrt=("a", "b"), claimed=("daa", "dab"), share=0.75),
]


@property_of(grad, "Any Value may be asked for", 0.5)
def any_value(ask):
    """In the middle, output itself, and one that has nothing to do with it."""
    inputs, out = ask()
    must(close(out["itself"], 1), "output's slope in output itself must be 1.")
    must(
        close(out["unused"], 0, 1e-12),
        "the slope in a Value that output was not made from must be 0.",
    )
    u = inputs["a"] * inputs["b"]
    must(
        close(out["inside"], (2 * u + 1) * inputs["a"]),
        "with u = a * b, the slope of (u * u + u) * a in u must be (2 * u + 1) * a.",
    )
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


grad.checks = [*grad.checks, Reference(1.25)]

# --- broadcasting is a fan-out ------------------------------------------------------------------

SHAPES = {
    "as_it_is": "N C D",
    "last": "D",
    "last_two": "C D",
    "kept_first": "1 C D",
    "kept_last": "N C 1",
    "column": "C 1",
    "middle": "1 C 1",
    "one": "1",
    "scalar": "",
}


def shape_in_words(dims):
    """``(C, 1)``, as Python writes it."""
    return f"({', '.join(dims.split())}{',' if len(dims) == 1 else ''})"


@exercise(
    points=3,
    inputs={"grad": "N C D"},
    outputs=SHAPES,
    cases=[case("an axis of length 1 that was never stretched", sizes={"C": 1})],
    words={
        name: f"grad brought back to the shape {shape_in_words(dims)}"
        for name, dims in SHAPES.items()
    },
    checks=[Dimensions(0.5)],
)
def unbroadcast(student, grad):
    """To every kind of shape that broadcasts to grad's."""
    sizes = dict(zip("NCD", grad.shape, strict=True))
    shapes = {
        name: tuple(sizes.get(axis, 1) for axis in dims.split()) for name, dims in SHAPES.items()
    }
    return {name: student.unbroadcast(grad, shape) for name, shape in shapes.items()}


@property_of(unbroadcast, "Nothing is lost", 0.5)
def nothing_is_lost(ask):
    """Summing moves gradient, it makes none and loses none."""
    inputs, out = ask()
    for name, dims in SHAPES.items():
        must(
            close(np.sum(out[name]), np.sum(inputs["grad"])),
            f"the entries must add up to those of grad, whatever the shape; for ({', '.join(dims.split())}) not.",
        )


unbroadcast.checks = [*unbroadcast.checks, Reference(1.5), Vectorised("N", 0.5)]


@exercise(
    "x: N D, bias: D, column: N 1, row: 1 D, dout: N D"
    " -> rows: N D, dx: N D, dbias: D, table: N D, dcolumn: N 1, drow: 1 D",
    points=2,
    cases=[case("one example", sizes={"N": 1})],
    words={
        "rows": "x + y, where y is a bias",
        "dbias": "dy of a bias",
        "table": "x + y, of a row and a column",
        "drow": "dx of a row",
        "dcolumn": "dy of a column",
        "bias": "the bias",
        "row": "the row",
        "column": "the column",
    },
    checks=[
        Dimensions(0.5),
        Gradient("rows", ("x", "bias"), ("dx", "dbias"), "dout", share=0.5),
        Gradient("table", ("column", "row"), ("dcolumn", "drow"), "dout", share=0.5),
        Reference(0.5),
    ],
)
def broadcast_add_backward(student, x, bias, column, row, dout):
    """A bias added to every row; a column and a row that make a table, where both are stretched."""
    dx, dbias = student.broadcast_add_backward(dout, x.shape, bias.shape)
    drow, dcolumn = student.broadcast_add_backward(dout, row.shape, column.shape)
    return {
        **{"rows": x + bias, "dx": dx, "dbias": dbias},
        **{"table": row + column, "dcolumn": dcolumn, "drow": drow},
    }
