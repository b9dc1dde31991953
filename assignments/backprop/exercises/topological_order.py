"""An order for the way back: every node after those that it is made from."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close

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
    checks=[Dimensions(0.25), ..., Reference(0.75)],
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
    if ask(round_about)[1]["early"]:
        return (
            "b is made from a, c from b, and d from a and c: in your order of these four a node stands "
            "before one of its inputs."
        )
    for _ in range(3):
        inputs, out = ask()
        if out["early"]:
            return f"in a graph of {len(inputs['local'])} nodes a node stands before one of its inputs."


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
    if not close(out["chain"], inputs["slope"], 1e-6):
        return "in your order of 10 000 nodes in a row what goes back does not reach the first."


@property_of(topological_sort, "Not path by path", 0.25)
def not_path_by_path(ask):
    """A tower of 12 storeys has 4096 paths and 13 nodes."""
    inputs, out = ask(height=12)
    if out["again"]:
        return "in a graph of 13 nodes and 4096 paths inputs is called over and over for the same nodes."
    if not close(out["tower"], inputs["slope"] ** 12):
        return "where every node is made from the one before, twice, the way back in your order goes wrong."
