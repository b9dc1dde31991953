"""The backprop assignment's exercises: how each answer is called, and what must be true of it. (Students may read it.)"""

import functools

import numpy as np

from autograder import case, exercise, placement, training
from autograder.checks import (
    AllowedMeans,
    Dimensions,
    Gradient,
    Property,
    Reference,
    Task,
    Training,
    Vectorised,
    close,
)

# --- what several exercises share -------------------------------------------------------------------------------------


def beyond(shares, low=0.0, high=1.0):
    """How far the worst of some shares of a gradient lies outside what is allowed: 0 for any right answer."""
    return np.max(np.maximum(0, np.maximum(low - shares, shares - high)))


def kept(call, array):
    """What ``call`` makes of a copy of ``array``, and whether it left the copy alone."""
    copy = array.copy()
    return call(copy), np.array_equal(copy, array)


def with_zeros(rng, inputs):
    """Numbers of which about half are exactly 0."""
    return rng.standard_normal((5, 7)) * (rng.random((5, 7)) < 0.5)


def normal(*axes, scale=1.0, centre=0.0):
    """Draws floats around ``centre`` with the sizes of the named dimensions."""
    return lambda rng, sizes: centre + scale * rng.standard_normal([sizes[axis] for axis in axes])


def number(low, high):
    """Draws a number between low and high."""
    return lambda rng, sizes: float(rng.uniform(low, high))


def some_int(rng, sizes):
    """Draws a seed."""
    return int(rng.integers(2**31))


def every_class(rng, sizes):
    """Draws labels that name every class."""
    return rng.permutation(np.arange(sizes["N"]) % sizes["C"])


def claimed(grads, params):
    """The gradients in a model's dict as outputs dW1, db1, ...: nan where a parameter's gradient is missing."""
    return {
        f"d{name}": np.array(grads.get(name, np.full(np.shape(value), np.nan)))
        for name, value in params.items()
    }


# --- gates ------------------------------------------------------------------------------------------------------------

GATE_INPUTS = {"x": "N D", "y": "N D", "dout": "N D"}
GATE_OUTPUTS = {"out": "N D", "dx": "N D", "dy": "N D"}


def gate(forward, backward, x, y, dout):
    """Once forward, once back."""
    out, cache = forward(x, y)
    dx, dy = backward(dout, cache)
    return {"out": out, "dx": dx, "dy": dy}


@exercise(
    points=2, inputs=GATE_INPUTS, outputs=GATE_OUTPUTS, answers=("add_forward", "add_backward")
)
def add_gate(student, x, y, dout):
    """Forward and back."""
    return gate(student.add_forward, student.add_backward, x, y, dout)


add_gate.checks = [
    Dimensions(share=0.5),
    Gradient("out", wrt=("x", "y"), claimed=("dx", "dy"), upstream="dout", share=0.5),
    Reference(share=1),
]


@exercise(
    points=3,
    inputs=GATE_INPUTS,
    outputs=GATE_OUTPUTS,
    answers=("mul_forward", "mul_backward"),
    cases=[case("inputs that are exactly 0", sizes={"N": 5, "D": 7}, x=with_zeros, y=with_zeros)],
)
def mul_gate(student, x, y, dout):
    """Forward and back."""
    return gate(student.mul_forward, student.mul_backward, x, y, dout)


mul_gate.checks = [
    Dimensions(share=0.5),
    Gradient("out", wrt=("x", "y"), claimed=("dx", "dy"), upstream="dout", share=1),
    Reference(share=1.5),
]


@exercise(
    points=3,
    inputs=GATE_INPUTS,
    outputs=GATE_OUTPUTS | {"passed_on_at_ties": "N D", "beyond_at_ties": ""},
    answers=("max_forward", "max_backward"),
    cases=[
        case(
            "negative inputs", y=lambda rng, inputs: -np.abs(rng.standard_normal(inputs["x"].shape))
        )
    ],
)
def max_gate(student, x, y, dout):
    """Forward and back, once as drawn and once with both inputs equal: there, what share of dout is passed on in all."""
    _, cache = student.max_forward(x, x.copy())
    shares = np.array([np.asarray(one) / dout for one in student.max_backward(dout, cache)])
    return gate(student.max_forward, student.max_backward, x, y, dout) | {
        "passed_on_at_ties": shares.sum(axis=0),
        "beyond_at_ties": beyond(shares),
    }


def ties_share_dout(trial):
    """Any split is a subgradient; a sum that is not dout is none."""
    _, out = trial.ask()
    passed_on = out["passed_on_at_ties"]
    if not close(passed_on, np.ones_like(passed_on)):
        return f"where x and y are equal, dx + dy must be dout; yours is {np.ravel(passed_on)[0]:.3g} times dout."
    return (
        None
        if out["beyond_at_ties"] < 1e-9
        else "where x and y are equal, neither share of dout may be negative."
    )


max_gate.checks = [
    Dimensions(share=0.5),
    Gradient("out", wrt=("x", "y"), claimed=("dx", "dy"), upstream="dout", share=0.5),
    Property("Ties share dout", ties_share_dout, share=0.75),
    Reference(share=1),
    Vectorised(over="N", share=0.25),
]


# --- a neuron by hand -------------------------------------------------------------------------------------------------


@exercise(
    points=4,
    inputs={"w": "3", "x": "2", "df": ""},
    outputs={"f": "", "dw": "3", "dx": "2"},
    answers=("staged_sigmoid_neuron", "staged_sigmoid_neuron_backward"),
    cases=[
        case("a neuron that is fully on", w=np.array([3e3, 1e3, 50.0]), x=np.array([2.0, 3.0])),
        case("a neuron that is fully off", w=np.array([-3e3, 1e3, -50.0]), x=np.array([2.0, 3.0])),
        case("a dead input", x=np.array([0.0, 1.5])),
    ],
)
def staged_sigmoid_neuron(student, w, x, df):
    """Forward and back."""
    f, cache = student.staged_sigmoid_neuron(w, x)
    dw, dx = student.staged_sigmoid_neuron_backward(df, cache)
    return {"f": f, "dw": settled(dw), "dx": settled(dx)}


def settled(gradient):
    """The gradient with 0 for what is 0 to the last digit: an exponent clipped at 500 leaves 1e-217 of it."""
    if not isinstance(gradient, np.ndarray) or gradient.dtype.kind != "f":
        return gradient
    return np.where(np.abs(gradient) < 1e-15, 0.0, gradient)


def known_neuron(trial):
    """The numbers of the lecture: 0.73 forward, 0.20 at the dot product on the way back."""
    _, out = trial.ask(w=np.array([2.0, -3.0, -3.0]), x=np.array([-1.0, -2.0]), df=1.0)
    if not close(out["f"], 0.7311, 1e-4):
        return f"for w = (2, -3, -3) and x = (-1, -2) the neuron gives 0.73, not {float(out['f']):.4g}."
    for name, wanted in (("dw", [-0.1966, -0.3932, 0.1966]), ("dx", [0.3932, -0.5898])):
        if not close(out[name], wanted, 1e-4):
            rounded = ", ".join(f"{one:.2f}" for one in wanted)
            return f"for w = (2, -3, -3), x = (-1, -2) and df = 1 the gradient {name} is ({rounded}); yours differs."
    return None


staged_sigmoid_neuron.checks = [
    Dimensions(share=0.5),
    Property("The lecture's neuron", known_neuron, share=1),
    Gradient("f", wrt=("w", "x"), claimed=("dw", "dx"), upstream="df", share=1),
    Reference(share=1.5),
]


# --- a graph that differentiates itself -------------------------------------------------------------------------------

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
    "u + exp(u), u = a * b": lambda a, b: (lambda u: u + u.exp())(a * b),
    "tanh(u) * u, u = a + b": lambda a, b: (lambda u: u.tanh() * u)(a + b),
    "max(a, b) * a": lambda a, b: a.max(b) * a,
    "v * w + u, v = u * a, w = u * b, u = a + b": lambda a, b: (lambda u: (u * a) * (u * b) + u)(
        a + b
    ),
}
WEIGHT = -1.7  # what every gate's output is multiplied by, so that an upstream gradient of 1 is not all that is tried


def slopes(Value, make, a, b):
    """The number an expression makes of a and b, and the slopes of WEIGHT times it."""
    leaves = Value(a), Value(b)
    out = make(*leaves)
    (out * WEIGHT).backward()
    return out.data, [leaf.grad for leaf in leaves]


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


@exercise(
    points=12,
    inputs={"a": "", "b": "", "length": "int", "height": "int"},
    outputs={
        "gates": f"{len(GATES)}",
        "gate_slopes": f"{len(GATES)} 2",
        "fan_outs": f"{len(FAN_OUTS)}",
        "fan_out_slopes": f"{len(FAN_OUTS)} 2",
        "net": "",
        "da": "",
        "db": "",
        "inside": "",
        "again": "2",
        "another": "",
        "distinct": "int",
        "relu_beyond_at_0": "",
        "passed_on_at_tie": "",
        "max_beyond_at_tie": "",
        "chain": "",
        "tower": "",
    },
    given={
        "a": number(0.5, 1.5),
        "b": number(-1.5, -0.5),
        "length": lambda rng, sizes: int(rng.integers(20, 40)),
        "height": lambda rng, sizes: int(rng.integers(3, 6)),
    },
)
def Value(student, a, b, length, height):
    """Every gate, fan-outs, a network; then the same graph twice, another one on the same leaves, and extreme graphs."""
    V = student.Value
    gates = [slopes(V, make, a, b) for make in GATES.values()]
    fan_outs = [slopes(V, make, a, b) for make in FAN_OUTS.values()]

    x, y = V(a), V(b)
    net = network(x, y)
    net.backward()
    da, db = x.grad, y.grad
    net.backward()
    again = [x.grad, y.grad]
    u = x * 3
    (u * u + u).backward()
    another, inside = x.grad, u.grad

    zero, left, right = V(0.0), V(a), V(a)
    (zero.relu() * 2).backward()
    (left.max(right) * 2).backward()
    return {
        "gates": np.array([value for value, _ in gates], dtype=float),
        "gate_slopes": np.array([slope for _, slope in gates], dtype=float),
        "fan_outs": np.array([value for value, _ in fan_outs], dtype=float),
        "fan_out_slopes": np.array([slope for _, slope in fan_outs], dtype=float),
        "net": net.data,
        "da": da,
        "db": db,
        "inside": inside,
        "again": np.array(again, dtype=float),
        "another": another,
        "distinct": distinct((lambda u: u + u * x)(x * y)),
        "relu_beyond_at_0": beyond(zero.grad / 2),
        "passed_on_at_tie": (left.grad + right.grad) / 2,
        "max_beyond_at_tie": beyond(np.array([left.grad, right.grad]) / 2),
        "chain": chain(V, a, length),
        "tower": tower(V, a, height),
    }


def chain(V, a, length):
    """The slope at the far end of ``length`` multiplications by 1.0005; nan when they are too many for the answer."""
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


def each_gates_slopes(trial):
    """Every gate's slopes against differences of its own values."""
    inputs, out = trial.ask()
    h = 1e-5
    for side, name in enumerate("ab"):
        above, below = trial.arrays([{**inputs, name: inputs[name] + step} for step in (h, -h)])
        for kind in ("gate", "fan_out"):
            measured = WEIGHT * (above[f"{kind}s"] - below[f"{kind}s"]) / (2 * h)
            wrong = np.abs(out[f"{kind}_slopes"][:, side] - measured) > 1e-6
            wrong |= ~np.isfinite(out[f"{kind}_slopes"][:, side])
            if wrong.any():
                k = int(np.argmax(wrong))
                label = list(GATES if kind == "gate" else FAN_OUTS)[k]
                yours = out[f"{kind}_slopes"][k, side]
                return (
                    f"f = {WEIGHT} * ({label}) at a = {inputs['a']:.3g}, b = {inputs['b']:.3g}: {name}.grad is "
                    f"{yours:.6g}, but f changes {measured[k]:.6g} times as fast as {name}."
                )
    if not close(out["passed_on_at_tie"], 1) or out["max_beyond_at_tie"] > 1e-9:
        return "where both operands of max are equal, what they receive must add up to the whole gradient."
    return (
        None
        if out["relu_beyond_at_0"] < 1e-9
        else "the slope of relu at 0 must lie between 0 and 1."
    )


def starts_afresh(trial):
    """A second backward says the same as the first, and one from another result on the same leaves is not disturbed."""
    inputs, out = trial.ask()
    if not close(out["again"], np.array([out["da"], out["db"]])):
        return "a second call of backward() gives other gradients than the first: the grads have to start from 0."
    if not close(out["another"], 18 * inputs["a"] + 3):
        return "f.backward() followed by g.backward(): a.grad must be dg/da, without anything left over from f."
    return None


def survives_a_long_chain(trial):
    """Five thousand gates in a row."""
    _, out = trial.ask(length=5000)
    if np.isnan(out["chain"]):
        return "backward() fails on 5000 multiplications in a row (RecursionError)."
    wanted = 1.0005**5000
    if close(out["chain"], wanted, 1e-6):
        return None
    return f"through 5000 multiplications by 1.0005 the slope is {wanted:.6g}; yours is {out['chain']:.6g}."


def visits_each_once(trial):
    """A tower of 12 storeys has 4096 paths and 37 Values; the work counted must grow with the Values."""
    inputs, _ = trial.ask(height=4)
    counted = trial.evaluate(
        [{**inputs, "height": height} for height in (4, 8, 12)], count_work=True
    )
    low, middle, high = (0 if one.work is None else one.work for one in counted)
    if low and middle and high and high - middle < 2 * (middle - low):
        return None
    return "backward() does more and more work for each storey of t -> 0.5 * (t + t): every Value must be visited once."


Value.checks = [
    Dimensions(share=0.5),
    Property("Each gate's slopes", each_gates_slopes, share=2.5),
    Gradient("net", wrt=("a", "b"), claimed=("da", "db"), share=2),
    Property("backward starts afresh", starts_afresh, share=1),
    Property(
        "5000 gates in a row",
        survives_a_long_chain,
        share=1.5,
        hint="Your backward calls itself once for each gate on the way, and Python stops such calls at a depth of about "
        "1000: keep the Values that are still to be visited in a list of your own.",
    ),
    Property(
        "Each Value once",
        visits_each_once,
        share=1,
        hint="Your backward walks along every path separately, and their number doubles with each reuse: collect the "
        "whole gradient of a Value first, then pass it on once.",
    ),
    Reference(share=3.5),
]


# --- broadcasting is a fan-out ----------------------------------------------------------------------------------------

SHAPES = {
    "as_it_is": ("N C D", lambda N, C, D: (N, C, D)),
    "last": ("D", lambda N, C, D: (D,)),
    "last_two": ("C D", lambda N, C, D: (C, D)),
    "kept_first": ("1 C D", lambda N, C, D: (1, C, D)),
    "kept_last": ("N C 1", lambda N, C, D: (N, C, 1)),
    "column": ("C 1", lambda N, C, D: (C, 1)),
    "middle": ("1 C 1", lambda N, C, D: (1, C, 1)),
    "one": ("1", lambda N, C, D: (1,)),
    "scalar": ("", lambda N, C, D: ()),
}


@exercise(
    points=4,
    inputs={"grad": "N C D"},
    outputs={name: dims for name, (dims, _) in SHAPES.items()},
    cases=[case("an axis of length 1 that was never stretched", sizes={"C": 1})],
)
def unbroadcast(student, grad):
    """To every kind of shape that broadcasts to grad's."""
    return {
        name: student.unbroadcast(grad, shape(*grad.shape)) for name, (_, shape) in SHAPES.items()
    }


def nothing_is_lost(trial):
    """Summing moves gradient, it makes none and loses none."""
    inputs, out = trial.ask()
    for name, (dims, _) in SHAPES.items():
        if not close(np.sum(out[name]), np.sum(inputs["grad"])):
            return f"the entries must add up to those of grad, whatever the shape; for ({', '.join(dims.split())}) not."
    return None


unbroadcast.checks = [
    Dimensions(share=1),
    Property("Nothing is lost", nothing_is_lost, share=0.5),
    Reference(share=2),
    Vectorised(over="N", share=0.5),
]


@exercise(
    points=2,
    inputs={"x": "N D", "bias": "D", "column": "N 1", "row": "1 D", "dout": "N D"},
    outputs={
        "rows": "N D",
        "dx": "N D",
        "dbias": "D",
        "table": "N D",
        "dcolumn": "N 1",
        "drow": "1 D",
    },
    cases=[case("one example", sizes={"N": 1})],
)
def broadcast_add_backward(student, x, bias, column, row, dout):
    """A bias added to every row; then a column and a row added to make a table, where both are stretched."""
    dx, dbias = student.broadcast_add_backward(dout, x.shape, bias.shape)
    drow, dcolumn = student.broadcast_add_backward(dout, row.shape, column.shape)
    return {
        "rows": x + bias,
        "dx": dx,
        "dbias": dbias,
        "table": row + column,
        "dcolumn": dcolumn,
        "drow": drow,
    }


broadcast_add_backward.checks = [
    Dimensions(share=0.5),
    Gradient("rows", wrt=("x", "bias"), claimed=("dx", "dbias"), upstream="dout", share=0.5),
    Gradient(
        "table", wrt=("column", "row"), claimed=("dcolumn", "drow"), upstream="dout", share=0.5
    ),
    Reference(share=0.5),
]


# --- find the errors: six sentences -----------------------------------------------------------------------------------


@exercise(points=2, inputs={}, outputs={"claims": "6 bool"})
def gate_claims(student):
    """True or False for each sentence, in order."""
    claims = student.gate_claims()
    return {"claims": np.array([claims[letter] for letter in "abcdef"])}


gate_claims.checks = [
    Dimensions(share=0.25),
    Reference(share=1.75),
]


# --- layers -----------------------------------------------------------------------------------------------------------

AFFINE_SIZES = {"A": (2, 2), "B": (3, 3), "D": (6, 6)}
AFFINE_CASES = [
    case("one example", sizes={"N": 1}),
    case("one output", sizes={"M": 1}),
    case("another image size", sizes={"A": 4, "B": 5, "D": 20}),
]


@exercise(
    points=3,
    inputs={"x": "N A B", "w": "D M", "b": "M"},
    outputs={"out": "N M", "out_of_rows": "N M", "out_of_colour_images": "N M"},
    sizes=AFFINE_SIZES,
    cases=AFFINE_CASES,
)
def affine_forward(student, x, w, b):
    """The same examples as (A, B), as flat rows and as (1, A, B)."""
    N, A, B = x.shape
    return {
        "out": student.affine_forward(x, w, b)[0],
        "out_of_rows": student.affine_forward(x.reshape(N, A * B), w, b)[0],
        "out_of_colour_images": student.affine_forward(x.reshape(N, 1, A, B), w, b)[0],
    }


def shape_does_not_matter(trial):
    """An example is its numbers in their usual order, in whatever shape they come."""
    _, out = trial.ask()
    if close(out["out"], out["out_of_rows"]) and close(out["out"], out["out_of_colour_images"]):
        return None
    return "examples of shape (A, B), (1, A, B) and (A*B,) with the same numbers in the same order give different outputs."


def one_number_picks_one_row(trial):
    """Examples that are 0 but for a single 1: each picks the row of w that belongs to its place, plus b."""
    inputs, _ = trial.ask()
    (_, A, B), D = inputs["x"].shape, len(inputs["w"])
    places = trial.rng.integers(0, D, 4)
    _, out = trial.ask(**{**inputs, "x": np.eye(D)[places].reshape(4, A, B)})
    if close(out["out"], inputs["w"][places] + inputs["b"]):
        return None
    return "an example that is 0 but for one 1, at place k of its flat row, must give w[k] + b."


affine_forward.checks = [
    Dimensions(share=0.5),
    Property("One number picks one row", one_number_picks_one_row, share=0.5),
    Property("The shape of an example does not matter", shape_does_not_matter, share=0.5),
    Reference(share=1),
    Vectorised(over="N", share=0.5),
]


@exercise(
    points=5,
    inputs={"x": "N A B", "w": "D M", "b": "M", "dout": "N M"},
    outputs={"out": "N M", "dx": "N A B", "dw": "D M", "db": "M", "dx_of_rows": "N D"},
    sizes=AFFINE_SIZES,
    cases=AFFINE_CASES,
)
def affine_backward(student, x, w, b, dout):
    """Forward and back, and back once more for flat rows."""
    out, cache = student.affine_forward(x, w, b)
    dx, dw, db = student.affine_backward(dout, cache)
    _, cache_of_rows = student.affine_forward(x.reshape(len(x), -1), w, b)
    return {
        "out": out,
        "dx": dx,
        "dw": dw,
        "db": db,
        "dx_of_rows": student.affine_backward(dout, cache_of_rows)[0],
    }


affine_backward.checks = [
    Dimensions(share=0.75),
    Gradient("out", wrt=("x", "w", "b"), claimed=("dx", "dw", "db"), upstream="dout", share=2),
    Reference(share=1.75),
    Vectorised(over="N", share=0.5),
]


def inputs_left_alone(trial):
    """Someone else still holds the arrays that a layer is given."""
    _, out = trial.ask()
    for name, whose in (("x_kept", "x"), ("dout_kept", "dout")):
        if not out[name]:
            return f"{whose} is changed in place; another part of the network may still need it."
    return None


@exercise(
    points=3,
    inputs={"x": "N A B", "dout": "N A B"},
    outputs={
        "out": "N A B",
        "dx": "N A B",
        "beyond_at_0": "",
        "x_kept": "bool",
        "dout_kept": "bool",
    },
    answers=("relu_forward", "relu_backward"),
    cases=[case("a single row", sizes={"N": 1, "A": 1})],
)
def relu(student, x, dout):
    """Forward and back, once as drawn and once with x = 0 everywhere: which shares of dout come back there."""
    _, cache = student.relu_forward(np.zeros_like(x))
    share_at_0 = student.relu_backward(dout.copy(), cache) / dout
    (out, cache), x_kept = kept(student.relu_forward, x)
    dx, dout_kept = kept(lambda one: student.relu_backward(one, cache), dout)
    return {
        "out": out,
        "dx": dx,
        "beyond_at_0": beyond(share_at_0),
        "x_kept": x_kept,
        "dout_kept": dout_kept,
    }


relu.checks = [
    Dimensions(share=0.5),
    Gradient("out", wrt="x", claimed="dx", upstream="dout", share=0.75),
    Reference(share=1, outputs=("out", "dx", "beyond_at_0")),
    Property("Inputs are left alone", inputs_left_alone, share=0.25),
    Reference(share=0.25, outputs=("x_kept", "dout_kept"), title="Nothing changed in place"),
    Vectorised(over="N", share=0.25),
]


@exercise(
    points=2,
    inputs={"x": "N D", "dout": "N D", "slope": ""},
    outputs={
        "out": "N D",
        "dx": "N D",
        "out_by_default": "N D",
        "dx_by_default": "N D",
        "beyond_at_0": "",
    },
    answers=("leaky_relu_forward", "leaky_relu_backward"),
    given={"slope": number(0.1, 0.5)},
    cases=[case("no leak", slope=0.0)],
)
def leaky_relu(student, x, dout, slope):
    """With a slope of its own, with the default, and at x = 0."""
    out, cache = student.leaky_relu_forward(x, slope)
    usual, usual_cache = student.leaky_relu_forward(x)
    _, cache_of_0 = student.leaky_relu_forward(np.zeros_like(x), slope)
    share_at_0 = student.leaky_relu_backward(dout.copy(), cache_of_0) / dout
    return {
        "out": out,
        "dx": student.leaky_relu_backward(dout, cache),
        "out_by_default": usual,
        "dx_by_default": student.leaky_relu_backward(dout, usual_cache),
        "beyond_at_0": beyond(share_at_0, slope - 1e-12, 1 + 1e-12),
    }


leaky_relu.checks = [
    Dimensions(share=0.5),
    Gradient("out", wrt="x", claimed="dx", upstream="dout", share=0.5),
    Reference(share=0.75),
    Vectorised(over="N", share=0.25),
]


@exercise(
    points=2,
    inputs={"x": "N C", "y": "N int<C"},
    outputs={"loss": "", "dx": "N C"},
    cases=[
        case("one example", sizes={"N": 1}),
        case(
            "huge scores",
            sizes={"N": 6, "C": 4},
            x=lambda rng, inputs: 1e4 + rng.standard_normal((6, 4)),
        ),
        case(
            "rows that differ by thousands",
            sizes={"N": 6, "C": 4},
            x=lambda rng, inputs: 1e3 * rng.integers(-3, 4, (6, 1)) + rng.standard_normal((6, 4)),
        ),
        case(
            "hopeless scores",
            sizes={"N": 6, "C": 4},
            x=lambda rng, inputs: 3e3 * rng.standard_normal((6, 4)),
        ),
    ],
)
def softmax_loss(student, x, y):
    """Loss and the gradient that goes back into the scores."""
    loss, dx = student.softmax_loss(x, y)
    return {"loss": loss, "dx": dx}


def rows_sum_to_zero(trial):
    """What pushes the wrong classes down pushes the true one up, by as much."""
    inputs, out = trial.ask()
    if close(out["dx"].sum(axis=-1), np.zeros(len(inputs["x"]))):
        return None
    return "every row of dx must sum to 0: equal scores added to a row change nothing."


softmax_loss.checks = [
    Dimensions(share=0.25),
    Gradient("loss", wrt="x", claimed="dx", share=0.5),
    Reference(share=0.75),
    Property("The rows of dx sum to 0", rows_sum_to_zero, share=0.25),
    Vectorised(over="N", share=0.25),
]


# --- two layers -------------------------------------------------------------------------------------------------------

TWO_LAYERS = {"W1": "D H", "b1": "H", "W2": "H C", "b2": "C"}


@exercise(
    points=7,
    inputs={"X": "N D", "y": "N int<C", **TWO_LAYERS, "reg": "", "weight_scale": "", "seed": "int"},
    outputs={
        "loss": "",
        **{f"d{name}": dims for name, dims in TWO_LAYERS.items()},
        "scores": "N C",
        "scores_of_images": "N C",
        **{f"{name}_at_start": dims for name, dims in TWO_LAYERS.items()},
        "reg_by_default": "",
        "scale_by_default": "",
        "gradients_given": "4 bool",
    },
    given={"seed": some_int},
    cases=[
        case("strong regularisation", reg=2.5),
        case("no regularisation", reg=0.0),
        case("one example", sizes={"N": 1}),
        case("two classes and one hidden unit", sizes={"C": 2, "H": 1}),
        case("many examples", sizes={"N": 40}),
    ],
)
def TwoLayerNet(student, X, y, W1, b1, W2, b2, reg, weight_scale, seed):
    """As it starts, then with parameters of its owner's choice."""
    (D, H), C, N = W1.shape, W2.shape[1], len(X)
    model = student.TwoLayerNet(D, H, C, weight_scale, reg, np.random.default_rng(seed))
    usual = student.TwoLayerNet(D, H, C, rng=np.random.default_rng(seed))
    start = {f"{name}_at_start": np.array(model.params[name]) for name in TWO_LAYERS}
    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
    model.params.update(params)
    scores = model.loss(X)
    loss, grads = model.loss(X, y)
    return {
        "loss": loss,
        **claimed(grads, params),
        "scores": scores,
        "scores_of_images": model.loss(X.reshape(N, D, 1)),
        **start,
        "reg_by_default": usual.reg,
        "scale_by_default": np.max(np.abs(usual.params["W1"])),
        "gradients_given": np.array([name in grads for name in params]),
    }


def starts_at_log_c(trial):
    """Tiny weights make equal scores, and equal scores a loss of log C."""
    inputs, _ = trial.exercise.draw(trial.rng)
    tiny = {name: 1e-6 * inputs[name] for name in TWO_LAYERS}
    _, out = trial.ask(**{**inputs, **tiny, "reg": 0.0})
    C = inputs["W2"].shape[1]
    if close(out["loss"], np.log(C), 1e-3):
        return None
    return f"with tiny weights all scores are equal and the loss must be log C = {np.log(C):.4g}, not {out['loss']:.4g}."


def only_weights_pay(names, **fixed):
    """What changes when reg does: the loss by reg * sum(W**2), and the gradients of the weights alone."""

    def holds(trial):
        inputs, with_reg = trial.ask(reg=1.5, **fixed)
        _, without = trial.ask(**{**inputs, "reg": 0.0})
        for name in names:
            moved = with_reg[f"d{name}"] - without[f"d{name}"]
            if not name.startswith("W") and not close(moved, np.zeros_like(inputs[name])):
                return f"reg changes the gradient of {name}: only weight matrices are regularised."
            if name.startswith("W") and close(moved, np.zeros_like(inputs[name])):
                return f"reg does not reach the gradient of {name}."
        penalty = 1.5 * sum(np.sum(inputs[name] ** 2) for name in names if name.startswith("W"))
        if close(with_reg["loss"] - without["loss"], penalty):
            return None
        return "the regularisation must add reg times the sum of all squared weights to the loss, no more and no less."

    return holds


def folds_once(trial):
    """Without biases: turning W2 around turns the scores around, turning X around does not."""
    inputs, _ = trial.ask()
    inputs |= {"b1": 0 * inputs["b1"], "b2": 0 * inputs["b2"]}
    out, other_W2, other_X = trial.arrays(
        [inputs, {**inputs, "W2": -inputs["W2"]}, {**inputs, "X": -inputs["X"]}]
    )
    if not close(other_W2["scores"], -out["scores"]):
        return "without biases -W2 must give the negative of all scores: nothing comes after the last affine layer."
    if close(other_X["scores"], -out["scores"]):
        return "without biases -X gives the negative of all scores: your two layers are one, nothing between them folds."
    return None


def starts_small(trial):
    """Weights as large as they were asked to be, biases at 0."""
    inputs, out = trial.ask(weight_scale=0.5)
    _, other = trial.ask(**{**inputs, "weight_scale": 1e-4})
    for name in ("W1", "W2"):
        if not out[f"{name}_at_start"].any() or not close(
            5000 * other[f"{name}_at_start"], out[f"{name}_at_start"]
        ):
            return f"{name} must start at random, with weight_scale as its standard deviation."
    return (
        None if not (out["b1_at_start"].any() or out["b2_at_start"].any()) else "biases start at 0."
    )


TwoLayerNet.checks = [
    Dimensions(share=0.5),
    Property("Two layers, one fold", folds_once, share=0.5),
    Reference(
        share=1, outputs=("scores", "scores_of_images", "loss"), title="Right scores and loss"
    ),
    Gradient("loss", wrt=("W1", "b1", "W2", "b2"), claimed=("dW1", "db1", "dW2", "db2"), share=1.5),
    Reference(
        share=1, outputs=("dW1", "db1", "dW2", "db2", "gradients_given"), title="Right gradients"
    ),
    Property("log C at the start", starts_at_log_c, share=0.5),
    Property("Only weights pay", only_weights_pay(TWO_LAYERS), share=0.5),
    Property("A small start", starts_small, share=0.5),
    Reference(
        share=0.5,
        outputs=(
            *(f"{name}_at_start" for name in TWO_LAYERS),
            "reg_by_default",
            "scale_by_default",
        ),
        title="Right start",
    ),
    Vectorised(over="N", share=0.5),
]


# --- batch normalisation ----------------------------------------------------------------------------------------------

BATCHNORM_INPUTS = {"x": "N D", "gamma": "D", "beta": "D", "eps": ""}
BATCHNORM_GIVEN = {"x": normal("N", "D", scale=1.5, centre=2.0), "eps": number(0.02, 0.2)}
BATCHNORM_CASES = [
    case("one example", sizes={"N": 1}),
    case("two examples", sizes={"N": 2}),
    case("a tiny eps", eps=1e-10),
    case(
        "a feature that never changes",
        sizes={"N": 7, "D": 4},
        x=lambda rng, inputs: with_a_constant(rng),
    ),
]


def with_a_constant(rng):
    """Seven examples of four features, the second of them the same for all."""
    x = rng.standard_normal((7, 4))
    x[:, 1] = 3.0
    return x


@exercise(
    points=4,
    inputs={**BATCHNORM_INPUTS, "running_mean": "D", "running_var": "D", "momentum": ""},
    outputs={
        "out": "N D",
        "new_mean": "D",
        "new_var": "D",
        "out_in_test": "N D",
        "mean_after_test": "D",
        "out_by_default": "N D",
        "mean_by_default": "D",
        "var_by_default": "D",
        "averages_kept": "bool",
        "refuses_other_modes": "bool",
    },
    given={
        **BATCHNORM_GIVEN,
        "running_var": lambda rng, sizes: rng.uniform(0.3, 3, sizes["D"]),
        "momentum": number(0.6, 0.8),
    },
    cases=BATCHNORM_CASES,
)
def batchnorm_forward(student, x, gamma, beta, eps, running_mean, running_var, momentum):
    """Train, then test with the averages that training left; then train with nothing but a mode."""
    held = running_mean.copy(), running_var.copy()
    param = {
        "mode": "train",
        "eps": eps,
        "momentum": momentum,
        "running_mean": held[0],
        "running_var": held[1],
    }
    out = student.batchnorm_forward(x, gamma, beta, param)[0]
    averages_kept = np.array_equal(held[0], running_mean) and np.array_equal(held[1], running_var)
    new_mean, new_var = np.array(param["running_mean"]), np.array(param["running_var"])
    param = {
        "mode": "test",
        "eps": eps,
        "momentum": momentum,
        "running_mean": new_mean,
        "running_var": new_var,
    }
    out_in_test = student.batchnorm_forward(x[:1].repeat(len(x), axis=0) + 1, gamma, beta, param)[0]
    usual = {"mode": "train"}
    out_by_default = student.batchnorm_forward(x, gamma, beta, usual)[0]
    try:
        student.batchnorm_forward(x, gamma, beta, {"mode": "testing"})
        refuses = False
    except ValueError:
        refuses = True
    return {
        "out": out,
        "new_mean": new_mean,
        "new_var": new_var,
        "out_in_test": out_in_test,
        "mean_after_test": np.array(param["running_mean"]),
        "out_by_default": out_by_default,
        "mean_by_default": np.array(usual.get("running_mean", np.zeros(x.shape[1]))),
        "var_by_default": np.array(usual.get("running_var", np.zeros(x.shape[1]))),
        "averages_kept": averages_kept,
        "refuses_other_modes": refuses,
    }


def mean_0_and_variance_1(trial):
    """In training, of every feature; then gamma and beta make of it what they like."""
    inputs, _ = trial.exercise.draw(trial.rng)
    D = inputs["x"].shape[1]
    _, out = trial.ask(**{**inputs, "gamma": np.ones(D), "beta": np.zeros(D), "eps": 1e-12})
    if not close(out["out"].mean(axis=0), np.zeros(D), 1e-8):
        return "with gamma = 1 and beta = 0 every feature must come out with mean 0 over the mini-batch."
    _, out = trial.ask(**{**inputs, "gamma": np.ones(D), "eps": 0.5})
    var = inputs["x"].var(axis=0)
    if close(out["out"].var(axis=0), var / (var + 0.5)):
        return None
    return "with gamma = 1 a feature's variance must come out as var / (var + eps): eps is added to it under the root."


def the_batch_does_not_matter(trial):
    """In mode "test" an example's output depends on nobody else's: that is what the running averages are for."""
    inputs, out = trial.ask()
    if np.ptp(out["out_in_test"], axis=0).max() > 1e-9:
        return 'in mode "test" equal examples must come out equal.'
    if close(out["out_in_test"], np.tile(inputs["beta"], (len(inputs["x"]), 1))):
        return 'in mode "test" the running averages must be used, not the statistics of the batch at hand.'
    _, out = trial.ask(**{**inputs, "gamma": 0 * inputs["gamma"]})
    if close(out["out_in_test"], np.tile(inputs["beta"], (len(inputs["x"]), 1))):
        return None
    return 'in mode "test" gamma and beta do their work as well: with gamma = 0 the output must be beta.'


def averages_move_by_momentum(trial):
    """What is remembered, how fast, and that nothing else moves."""
    inputs, out = trial.ask()
    x, momentum = inputs["x"], float(inputs["momentum"])
    for name, now in (("mean", x.mean(axis=0)), ("var", x.var(axis=0))):
        if not close(
            out[f"new_{name}"], momentum * inputs[f"running_{name}"] + (1 - momentum) * now
        ):
            return f"running_{name} must become momentum times what it was plus (1 - momentum) times the batch's {name}."
    if not out["averages_kept"]:
        return "the arrays of the caller's running averages are written into; put new ones into bn_param."
    if not close(out["mean_after_test"], out["new_mean"]):
        return 'in mode "test" the running averages must stay as they are.'
    return (
        None
        if out["refuses_other_modes"]
        else "a mode other than 'train' and 'test' must raise ValueError."
    )


batchnorm_forward.checks = [
    Dimensions(share=0.5),
    Property("Mean 0, variance 1", mean_0_and_variance_1, share=0.5),
    Property("In test the batch does not matter", the_batch_does_not_matter, share=0.5),
    Property("Averages move by momentum", averages_move_by_momentum, share=0.5),
    Reference(share=1.75),
    Vectorised(over="N", share=0.25),
]


def batchnorm_both_ways(student, backward, x, gamma, beta, eps, dout):
    """Forward in training, and back."""
    out, cache = student.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": eps})
    dx, dgamma, dbeta = backward(dout, cache)
    return {"out": out, "dx": dx, "dgamma": dgamma, "dbeta": dbeta}


def dx_moves_neither_mean_nor_scale(trial):
    """What shifts or stretches all examples of a feature alike, batch normalisation takes off again."""
    inputs, out = trial.ask(eps=1e-13)
    D = inputs["x"].shape[1]
    if not close(out["dx"].sum(axis=0), np.zeros(D), 1e-8):
        return "every column of dx must sum to 0: a feature shifted for all examples alike changes no output."
    centred = inputs["x"] - inputs["x"].mean(axis=0)
    if not close(np.sum(out["dx"] * centred, axis=0), np.zeros(D), 1e-8):
        return "with a tiny eps every column of dx must be orthogonal to x - mean: stretching a feature changes no output."
    return None


BATCHNORM_BACKWARD = {
    "inputs": {**BATCHNORM_INPUTS, "dout": "N D"},
    "outputs": {"out": "N D", "dx": "N D", "dgamma": "D", "dbeta": "D"},
    "given": BATCHNORM_GIVEN,
    "cases": BATCHNORM_CASES,
}
BATCHNORM_GRADIENT = Gradient(
    "out", wrt=("x", "gamma", "beta"), claimed=("dx", "dgamma", "dbeta"), upstream="dout", share=2
)


@exercise(points=5, **BATCHNORM_BACKWARD)
def batchnorm_backward(student, x, gamma, beta, eps, dout):
    """Forward in training, and back by stages."""
    return batchnorm_both_ways(student, student.batchnorm_backward, x, gamma, beta, eps, dout)


batchnorm_backward.checks = [
    Dimensions(share=0.25),
    BATCHNORM_GRADIENT,
    Property("dx moves neither mean nor scale", dx_moves_neither_mean_nor_scale, share=0.75),
    Reference(share=1.5),
    Vectorised(over="N", share=0.5),
]


@exercise(points=2, **BATCHNORM_BACKWARD)
def batchnorm_backward_alt(student, x, gamma, beta, eps, dout):
    """Forward in training, and back by one formula."""
    return batchnorm_both_ways(student, student.batchnorm_backward_alt, x, gamma, beta, eps, dout)


batchnorm_backward_alt.checks = [
    Dimensions(share=0.25),
    Gradient(
        "out",
        wrt=("x", "gamma", "beta"),
        claimed=("dx", "dgamma", "dbeta"),
        upstream="dout",
        share=0.5,
    ),
    Property("dx moves neither mean nor scale", dx_moves_neither_mean_nor_scale, share=0.25),
    Reference(share=0.75),
    Vectorised(over="N", share=0.25),
]


# --- find the error: does a check with ones prove anything? -----------------------------------------------------------


@exercise(
    points=2,
    inputs={"dout": "N D", "x": "N D", "gamma": "D", "eps": ""},
    outputs={"dx": "N D", "dx_of_ones": "N D", "out": "N D"},
    given=BATCHNORM_GIVEN,
)
def batchnorm_impostor(student, dout, x, gamma, eps):
    """For a random dout, and for ones; and the forward pass that it pretends to come back through."""
    return {
        "dx": student.batchnorm_impostor(dout, x, gamma, eps),
        "dx_of_ones": student.batchnorm_impostor(np.ones_like(dout), x, gamma, eps),
        "out": student.batchnorm_forward(x, gamma, 0 * gamma, {"mode": "train", "eps": eps})[0],
    }


def ones_do_not_find_it_out(trial):
    """The right dx for ones is 0: out.sum() does not depend on x at all."""
    for _ in range(3):
        inputs, out = trial.ask()
        if not close(out["dx_of_ones"], np.zeros_like(inputs["x"]), 1e-8):
            worst = np.max(np.abs(out["dx_of_ones"]))
            return f"a check with ones finds your impostor out: out.sum() has slope 0 everywhere, yours is {worst:.3g}."
    return None


def a_random_dout_does(trial):
    """The slope of sum(dout * out) along random directions, by differences, against what the impostor claims."""
    for _ in range(3):
        inputs, out = trial.ask()
        away = 0.0
        for _ in range(4):
            v = trial.rng.standard_normal(inputs["x"].shape)
            above, below = trial.arrays(
                [{**inputs, "x": inputs["x"] + step * v} for step in (1e-5, -1e-5)]
            )
            slope = np.sum(inputs["dout"] * (above["out"] - below["out"])) / 2e-5
            away = max(away, abs(slope - np.sum(out["dx"] * v)) / np.linalg.norm(v))
        if not away > 1e-3:
            return "your dx is the right one for a random dout, too: the impostor has to be wrong somewhere."
    return None


batchnorm_impostor.checks = [
    Dimensions(share=0.5),
    Property(
        "A check with ones is fooled",
        ones_do_not_find_it_out,
        share=0.75,
        hint="With dout = ones the loss is out.sum(), and every feature of out sums to N * beta, whatever x is: your dx "
        "must vanish for ones.",
    ),
    Property(
        "And yet it is wrong",
        a_random_dout_does,
        share=0.75,
        hint="Your dx is no impostor, it is the right gradient: leave something out that only a dout with different "
        "entries can see.",
    ),
]


# --- dropout ----------------------------------------------------------------------------------------------------------


@exercise(
    points=4,
    inputs={"x": "N D", "dout": "N D", "p_keep": "", "seed": "int"},
    outputs={
        "out": "N D",
        "dx": "N D",
        "out_in_test": "N D",
        "dx_in_test": "N D",
        "differs_without_seed": "bool",
        "refuses": "2 bool",
    },
    answers=("dropout_forward", "dropout_backward"),
    given={"p_keep": number(0.55, 0.85), "seed": some_int},
    cases=[
        case("few are kept", p_keep=0.15),
        case("all are kept", p_keep=1.0),
        case("many entries", sizes={"N": 60, "D": 50}),
    ],
)
def dropout(student, x, dout, p_keep, seed):
    """With a seed in training and in test; twice without one; and with a p_keep that is no probability."""
    out, cache = student.dropout_forward(x, {"mode": "train", "p_keep": p_keep, "seed": seed})
    dx = student.dropout_backward(dout, cache)
    out_in_test, cache = student.dropout_forward(
        x, {"mode": "test", "p_keep": p_keep, "seed": seed}
    )
    dx_in_test = student.dropout_backward(dout, cache)
    many = np.ones((30, 40))
    twice = [student.dropout_forward(many, {"mode": "train", "p_keep": 0.5})[0] for _ in range(2)]
    return {
        "out": out,
        "dx": dx,
        "out_in_test": out_in_test,
        "dx_in_test": dx_in_test,
        "differs_without_seed": not np.array_equal(*twice),
        "refuses": np.array([refuses_p_keep(student, wrong) for wrong in (0.0, 1.5)]),
    }


def refuses_p_keep(student, p_keep):
    """Whether a p_keep outside (0, 1] raises ValueError."""
    try:
        student.dropout_forward(np.ones((2, 2)), {"mode": "train", "p_keep": p_keep})
    except ValueError:
        return True
    return False


def as_many_as_promised(trial):
    """Of 20 000 ones; a right answer is more than 6 standard deviations off less than once in 10**8 times."""
    ones = np.ones((200, 100))
    for p_keep in (0.25, 0.7):
        _, out = trial.ask(x=ones, dout=ones, p_keep=p_keep)
        fraction, spread = np.mean(out["out"] != 0), 6 * np.sqrt(p_keep * (1 - p_keep) / ones.size)
        if abs(fraction - p_keep) > spread:
            return f"with p_keep = {p_keep} you keep {fraction:.0%} of the entries."
        if not abs(out["out"].mean() - 1) < spread / p_keep:
            return f"dropout must keep the mean: of ones it is {out['out'].mean():.3g} with p_keep = {p_keep}, not 1."
    return None


def identity_in_test(trial):
    """Nothing is dropped, and nothing scaled: that was done in training."""
    inputs, out = trial.ask()
    return (
        None
        if close(out["out_in_test"], inputs["x"])
        else 'in mode "test" out must be x itself, unscaled.'
    )


def same_mask_both_ways(trial):
    """The gradient flows exactly where the numbers did, enlarged as they were."""
    ones = np.ones((30, 20))
    _, out = trial.ask(x=ones, dout=ones)
    if np.array_equal(out["out"] != 0, out["dx"] != 0):
        return None
    return "entries that were dropped on the way forward get a gradient, or kept ones get none."


def draws_anew_and_refuses(trial):
    """Without a seed every call drops others; a p_keep that is no probability is no p_keep."""
    _, out = trial.ask()
    if not out["differs_without_seed"]:
        return "without a seed two calls drop the same entries."
    return None if out["refuses"].all() else "p_keep = 0 and p_keep = 1.5 must raise ValueError."


dropout.checks = [
    Dimensions(share=0.5),
    Property("As many as promised, with the same mean", as_many_as_promised, share=0.75),
    Property("Identity in test", identity_in_test, share=0.25),
    Property("One mask for both ways", same_mask_both_ways, share=0.5),
    Property("Drawn anew, and only for probabilities", draws_anew_and_refuses, share=0.25),
    Gradient("out", wrt="x", claimed="dx", upstream="dout", share=0.5),
    Reference(share=1),
    Vectorised(over="N", share=0.25),
]


# --- as many layers as you like ---------------------------------------------------------------------------------------

DEEP = {
    "W1": "D H",
    "b1": "H",
    "gamma1": "H",
    "beta1": "H",
    "W2": "H K",
    "b2": "K",
    "gamma2": "K",
    "beta2": "K",
    "W3": "K C",
    "b3": "C",
}
NORMS = ("gamma1", "beta1", "gamma2", "beta2")
AFFINES = tuple(name for name in DEEP if name not in NORMS)


@exercise(
    points=6,
    inputs={
        "X": "N D",
        "y": "N int<C",
        **DEEP,
        "reg": "",
        "p_keep": "",
        "seed": "int",
        "batchnorm": "bool",
    },
    outputs={
        "loss": "",
        **{f"d{name}": dims for name, dims in DEEP.items()},
        "scores": "N C",
        "scores_of_one": "1 C",
        "deeper_loss": "",
        "deeper_scores": "N C",
        "no_hidden_scores": "N C",
        "names_right": "3 bool",
        "gradients_given": "10 bool",
        "varies_without_seed": "bool",
    },
    given={
        "y": every_class,
        "reg": number(0.05, 0.2),
        "p_keep": lambda rng, sizes: 1.0,
        "seed": some_int,
        "batchnorm": lambda rng, sizes: False,
        **{
            f"gamma{k}": (lambda rng, sizes, axis=axis: rng.uniform(0.5, 1.5, sizes[axis]))
            for k, axis in ((1, "H"), (2, "K"))
        },
    },
    sizes={"N": (10, 14), "C": (3, 5)},
    cases=[
        case("with batch normalisation", batchnorm=True),
        case("with dropout", p_keep=0.7),
        case("with both", batchnorm=True, p_keep=0.7),
        case("strong regularisation", reg=2.5),
    ],
)
def FullyConnectedNet(
    student,
    X,
    y,
    W1,
    b1,
    gamma1,
    beta1,
    W2,
    b2,
    gamma2,
    beta2,
    W3,
    b3,
    reg,
    p_keep,
    seed,
    batchnorm,
):
    """Two hidden layers with parameters of their owner's choice; then three and none, as they start."""
    (D, H), (K, C) = W1.shape, W3.shape
    options = {
        "input_dim": D,
        "num_classes": C,
        "batchnorm": batchnorm,
        "p_keep": p_keep,
        "reg": reg,
    }

    def made(hidden_dims, **more):
        rng = np.random.default_rng(seed)
        return student.FullyConnectedNet(
            hidden_dims, weight_scale=0.4, rng=rng, **{**options, **more}
        )

    model = made([H, K], dropout_seed=seed)
    params = {"W1": W1, "b1": b1, "W2": W2, "b2": b2, "W3": W3, "b3": b3}
    if batchnorm:
        params |= {"gamma1": gamma1, "beta1": beta1, "gamma2": gamma2, "beta2": beta2}
    model.params.update(params)
    loss, grads = model.loss(X, y)
    scores, scores_of_one = (
        model.loss(X),
        model.loss(X[:1]),
    )  # after training once, so that running averages show

    zeros = dict.fromkeys(("gamma1", "beta1"), np.zeros(H)) | dict.fromkeys(
        ("gamma2", "beta2"), np.zeros(K)
    )
    deeper, without = made([K, H, K], dropout_seed=seed), made([])
    deeper_loss = deeper.loss(X, y)[0]
    unseeded = made([40], p_keep=0.5)
    return {
        "loss": loss,
        **({} if batchnorm else {f"d{name}": zero for name, zero in zeros.items()}),
        **{
            name: np.where(np.abs(grad) < 1e-12, 0.0, grad)
            for name, grad in claimed(grads, params).items()
        },
        "scores": scores,
        "scores_of_one": scores_of_one,
        "deeper_loss": deeper_loss,
        "deeper_scores": deeper.loss(X),
        "no_hidden_scores": without.loss(X),
        "names_right": np.array(
            [
                set(one.params) == names_of(count, batchnorm)
                for one, count in ((model, 2), (deeper, 3), (without, 0))
            ]
        ),
        "gradients_given": np.array([name in grads or name not in params for name in DEEP]),
        "varies_without_seed": unseeded.loss(X, y)[0] != unseeded.loss(X, y)[0],
    }


def names_of(hidden, batchnorm):
    """The parameters of a network with so many hidden layers."""
    names = {f"{kind}{k}" for kind in ("W", "b") for k in range(1, hidden + 2)}
    return names | {
        f"{kind}{k}" for kind in ("gamma", "beta") for k in range(1, hidden + 1) if batchnorm
    }


def nothing_left_to_chance(trial):
    """Scores come out of a network in which nothing is dropped, and examples do not know of each other."""
    inputs, out = trial.ask(batchnorm=False, p_keep=0.5)
    _, other = trial.ask(**{**inputs, "seed": int(inputs["seed"]) + 1})
    if not close(out["scores"], other["scores"]):
        return "without y the network runs in test mode: its scores must not depend on which units dropout would take."
    if not out["varies_without_seed"]:
        return "without a dropout_seed two calls in training drop the same units."
    _, out = trial.ask(batchnorm=True)
    if close(out["scores"][:1], out["scores_of_one"]):
        return None
    return "without y the network runs in test mode: an example's scores must not depend on the rest of the batch."


def built_as_asked(trial):
    """The parameters by their names, and scores that are affine and nothing else."""
    for batchnorm in (False, True):
        inputs, out = trial.ask(batchnorm=batchnorm)
        for hidden, right in zip((2, 3, 0), out["names_right"], strict=True):
            if not right:
                names = ", ".join(sorted(names_of(hidden, batchnorm)))
                return f"with {hidden} hidden layers and batchnorm={batchnorm} the names of params must be {names}."
        if not out["gradients_given"].all():
            missing = ", ".join(
                name for name, given in zip(DEEP, out["gradients_given"], strict=True) if not given
            )
            return f"grads lacks {missing}."
    inputs |= {"batchnorm": False, "b3": 0 * inputs["b3"]}
    out, other = trial.arrays([inputs, {**inputs, "W3": -inputs["W3"]}])
    if close(other["scores"], -out["scores"]):
        return None
    return "with b3 = 0, -W3 must give the negative of all scores: nothing comes after the last affine layer."


def learns_with_everything_on(trial):
    """The mean loss along the negative gradient must fall, by about as much as the gradient promises."""
    inputs, out = trial.ask(batchnorm=True, p_keep=0.8)
    total = sum(np.sum(out[f"d{name}"] ** 2) for name in DEEP)
    step = 1e-5 / max(np.sqrt(total), 1e-12)
    moved = {name: inputs[name] - step * out[f"d{name}"] for name in DEEP}
    _, after = trial.ask(**{**inputs, **moved})
    fall, promised = out["loss"] - after["loss"], step * total
    if abs(fall - promised) < 0.02 * promised:
        return None
    return f"your gradients promise that a small step downhill lowers the loss by {promised:.3g}; it falls by {fall:.3g}."


FullyConnectedNet.checks = [
    Dimensions(share=0.5),
    Gradient("loss", wrt=AFFINES, claimed=tuple(f"d{name}" for name in AFFINES), share=1),
    Gradient("loss", wrt=NORMS, claimed=tuple(f"d{name}" for name in NORMS), share=0.5),
    Property("A step downhill keeps its promise", learns_with_everything_on, share=0.5),
    Property("Scores are not left to chance", nothing_left_to_chance, share=0.5),
    Property("Built as asked", built_as_asked, share=0.5),
    Property("Only weights pay", only_weights_pay(DEEP, batchnorm=True), share=0.5),
    Reference(share=1.5),
    Vectorised(over="N", share=0.5, sizes=(12, 29)),
]


# --- models for trying things on --------------------------------------------------------------------------------------


class FoldedNet:
    """scores = |X A + c| V, with a squared loss: small, with kinks, and nobody's answer. ``spoil`` plants a bug in its
    gradients; with a ``seed`` each example's loss has a random weight, drawn anew in every call until reset()."""

    def __init__(self, A, c, V, reg=0.0, spoil=None, seed=None):
        self.params = {"A": A.copy(), "c": c.copy(), "V": V.copy()}
        self.reg, self.spoil, self.seed = reg, spoil, seed
        self.reset()

    def reset(self):
        """Back to the first random numbers."""
        self.rng = np.random.default_rng(self.seed)

    def winners(self, X):
        """On which side of its fold every unit is."""
        return X @ self.params["A"] + self.params["c"] > 0

    def loss(self, X, y=None):
        """Scores, or loss and gradients."""
        A, c, V = (self.params[name] for name in ("A", "c", "V"))
        sides = np.where(self.winners(X), 1, -1).astype(X.dtype)
        folded = sides * (X @ A + c)
        scores = folded @ V
        if y is None:
            return scores
        weights = np.full(len(X), 2 / len(X), X.dtype)
        if self.seed is not None:
            weights *= self.rng.uniform(0.5, 1.5, len(X)).astype(X.dtype)
        off = scores - np.eye(V.shape[1], dtype=X.dtype)[y]
        pull = weights[:, None] * off
        loss = np.sum(pull * off) / 2 + self.reg * (np.sum(A * A) + np.sum(V * V))
        through = np.einsum("ik,hk,ih->ih", pull, V, sides)
        grads = {
            "A": np.einsum("id,ih->dh", X, through) + 2 * self.reg * A,
            "c": through.sum(0),
            "V": np.einsum("ih,ik->hk", folded, pull) + 2 * self.reg * V,
        }
        return loss, grads if self.spoil is None else self.spoil(grads, self, X)


FOLDED = {"X": "N D", "y": "N int<C", "A": "D H", "c": "H", "V": "H C"}


# --- by heart ---------------------------------------------------------------------------------------------------------


@exercise(
    points=3,
    inputs={**FOLDED, "learning_rate": "", "num_steps": "int", "own_network": "bool"},
    outputs={
        "losses": "T",
        "accuracy": "",
        "A_after": "D H",
        "c_after": "H",
        "V_after": "H C",
        "arrays_kept": "bool",
    },
    given={
        "y": every_class,
        "A": normal("D", "H", scale=0.3),
        "V": normal("H", "C", scale=0.3),
        "learning_rate": number(0.02, 0.05),
        "num_steps": lambda rng, sizes: sizes["T"],
        "own_network": lambda rng, sizes: False,
    },
    sizes={"T": (15, 25), "N": (8, 14)},
    cases=[case("one step", sizes={"T": 1})],
)
def overfit_small(student, X, y, A, c, V, learning_rate, num_steps, own_network):
    """On a model of this file's own; or on the answer's TwoLayerNet."""
    if own_network:
        model = student.TwoLayerNet(
            X.shape[1], 50, int(y.max()) + 1, weight_scale=0.1, rng=np.random.default_rng(0)
        )
    else:
        model = FoldedNet(A, c, V, reg=1e-3)
    given, held = {"A": A, "c": c, "V": V}, dict(model.params)
    losses, accuracy = student.overfit_small(model, X, y, learning_rate, num_steps)
    return {
        "losses": np.array(losses, dtype=float),
        "accuracy": accuracy,
        **{
            f"{name}_after": np.array(model.params.get(name, value))
            for name, value in given.items()
        },
        "arrays_kept": own_network
        or all(np.array_equal(held[name], value) for name, value in given.items()),
    }


@functools.cache
def digits():
    """Scikit-learn's 1797 digits of 8x8 pixels, scaled to [-1/2, 1/2], and their labels."""
    from coursekit.data import read_digits

    X, y = read_digits()
    return X / 16 - 0.5, y


def learns_by_heart(trial):
    """Fifty digits, two hundred steps: a network that cannot learn them by heart has a bug."""
    X, y = digits()
    some = trial.rng.choice(len(y), 50, replace=False)
    _, out = trial.ask(X=X[some], y=y[some], learning_rate=0.5, num_steps=200, own_network=True)
    if out["losses"].shape != (200,):
        return (
            f"loss_history must hold the loss of each of 200 steps; it holds {out['losses'].size}."
        )
    if not abs(out["losses"][0] - np.log(10)) < 0.5:
        return f"your TwoLayerNet must start near log 10 = 2.3; the first loss is {out['losses'][0]:.4g}."
    if not (out["losses"][-1] < 0.1 and out["accuracy"] == 1):
        return (
            f"200 steps must teach your TwoLayerNet 50 digits by heart; it knows {float(out['accuracy']):.0%} of them, "
            f"and the loss is {out['losses'][-1]:.3g}."
        )
    return None


def one_step_downhill(trial):
    """Every parameter, by learning_rate times its gradient, into a new array."""
    inputs, out = trial.ask(num_steps=1)
    loss, grads = FoldedNet(inputs["A"], inputs["c"], inputs["V"], reg=1e-3).loss(
        inputs["X"], inputs["y"]
    )
    if not close(out["losses"], [loss]):
        return "after one step loss_history must hold the loss before the step, and nothing else."
    for name, grad in grads.items():
        if not close(out[f"{name}_after"], inputs[name] - inputs["learning_rate"] * grad):
            return f"one step must move every parameter by -learning_rate times its gradient; {name} moves otherwise."
    return (
        None
        if out["arrays_kept"]
        else "the parameters' arrays are changed in place; put new ones into model.params."
    )


overfit_small.checks = [
    Dimensions(share=0.5),
    Property("One step downhill", one_step_downhill, share=0.5),
    Property("50 digits by heart", learns_by_heart, share=1),
    Reference(share=1),
]


# --- a check that can be trusted --------------------------------------------------------------------------------------


def averaged_bias(grads, model, X):
    """The gradient of c as a mean over the examples."""
    return {**grads, "c": grads["c"] / len(X)}


def penalty_forgotten(grads, model, X):
    """The regulariser's part is missing from A's gradient."""
    return {**grads, "A": grads["A"] - 2 * model.reg * model.params["A"]}


PLANTED = {
    "A's gradient twice too large": lambda grads, model, X: {**grads, "A": 2 * grads["A"]},
    "c's gradient averaged over the examples": averaged_bias,
    "A's gradient without the regulariser's part": penalty_forgotten,
    "V's gradient 0.1 too low everywhere": lambda grads, model, X: {**grads, "V": grads["V"] - 0.1},
    "no gradient for c": lambda grads, model, X: {
        name: grad for name, grad in grads.items() if name != "c"
    },
    "c's gradient of shape (1, H)": lambda grads, model, X: {**grads, "c": grads["c"][None]},
}
RIGHT_MODELS = (
    "a right model",
    "a right model next to its kinks",
    "a right model with random numbers in it",
    "a right model in float32",
)


@exercise(
    points=5,
    inputs={**FOLDED, "reg": "", "num_checks": "int", "h": "", "seed": "int"},
    outputs={
        "passes": "4 bool",
        "found": "6 bool",
        "blamed": "6 3 bool",
        "kinks": "int",
        "kinks_elsewhere": "int",
        "error_of_twice": "",
        "arrays_kept": "bool",
        "passes_by_default": "bool",
    },
    given={
        "num_checks": lambda rng, sizes: int(rng.integers(3, 5)),
        "h": lambda rng, sizes: float(10 ** rng.uniform(-4.2, -3.8)),
        "seed": some_int,
    },
    sizes={"N": (9, 12), "C": (3, 4), "H": (4, 6), "D": (4, 7)},
)
def gradient_check_model(student, X, y, A, c, V, reg, num_checks, h, seed):
    """Four right models, and six with a planted bug each."""

    def report(model, X=X, h=h):
        return student.gradient_check_model(model, X, y, num_checks, h, np.random.default_rng(seed))

    spoiled = [report(FoldedNet(A, c, V, reg, spoil)) for spoil in PLANTED.values()]
    usual = FoldedNet(A, c, V, reg)
    held = dict(usual.params)
    on_usual = report(usual)
    arrays_kept = all(usual.params.get(name) is held[name] for name in held)
    arrays_kept = arrays_kept and all(
        np.array_equal(held[name], value) for name, value in zip("AcV", (A, c, V), strict=True)
    )

    # shift example k to within a step of unit k's fold, or much less: every step in c crosses a kink
    near = X.copy()
    for k in range(A.shape[1]):
        distance = h / 3 if k % 2 else 2e-6
        near[k] -= (X[k] @ A[:, k] + c[k] - distance) * A[:, k] / (A[:, k] @ A[:, k])
    on_kinks = report(FoldedNet(A, c, V, reg), near)
    on_random = report(FoldedNet(A, c, V, reg, seed=seed))
    small = [one.astype(np.float32) for one in (A, c, V)]
    on_small = report(FoldedNet(*small, reg=reg), X.astype(np.float32))
    far = report(FoldedNet(A, c, V, reg, PLANTED["A's gradient twice too large"]), h=0.03)
    by_default = student.gradient_check_model(FoldedNet(A, c, V, reg), X, y)
    return {
        "passes": np.array(
            [bool(one["passed"]) for one in (on_usual, on_kinks, on_random, on_small)]
        ),
        "found": np.array([not one["passed"] for one in spoiled]),
        "blamed": np.array(
            [[not one["errors"].get(name, 0) <= 1e-5 for name in "AVc"] for one in spoiled]
        ),
        "kinks": on_kinks["kinks"],
        "kinks_elsewhere": on_usual["kinks"],
        "error_of_twice": far["errors"].get("A", 0.0),
        "arrays_kept": arrays_kept,
        "passes_by_default": bool(by_default["passed"]),
    }


def right_models_pass(trial):
    """No false alarm: not at kinks, not for random numbers, not for few digits."""
    for _ in range(2):
        _, out = trial.ask()
        for name, passed in zip(RIGHT_MODELS, out["passes"], strict=True):
            if not passed:
                return f"{name} is failed: its gradients are right."
        if not out["passes_by_default"]:
            return "a right model is failed when num_checks, h and rng are not given."
    return None


def bugs_are_found(trial):
    """All six, and the right parameter is blamed."""
    where = [[name == bug[0] or bug.endswith("for " + name) for name in "AVc"] for bug in PLANTED]
    for _ in range(2):
        _, out = trial.ask()
        for bug, found, blamed, wanted in zip(
            PLANTED, out["found"], out["blamed"], where, strict=True
        ):
            if not found:
                return f"a planted bug is not found: {bug}."
            if list(blamed) != wanted:
                return f"a planted bug is found, but the errors blame the wrong parameters: {bug}."
    return None


def counts_and_cleans_up(trial):
    """Kinks are counted, a factor of 2 is an error of 1/3, and the model is left as it was."""
    _, out = trial.ask()
    if not out["kinks"] > 0:
        return 'next to kinks coordinates have to be left out, and counted in "kinks".'
    if out["error_of_twice"] != 0 and not close(out["error_of_twice"], 1 / 3, 1e-5):
        return (
            "a gradient twice too large has the error |2g - g| / (|2g| + |g|) = 1/3; yours differs."
        )
    return (
        None
        if out["arrays_kept"]
        else "after the check model.params must hold the very arrays it held before."
    )


gradient_check_model.checks = [
    Dimensions(share=0.25),
    Property("No false alarm", right_models_pass, share=1.25),
    Property("Six planted bugs are found", bugs_are_found, share=1.75),
    Property("Counts, and cleans up", counts_and_cleans_up, share=0.5),
    Reference(share=1.25, tolerance=1e-5),
]


# --- second derivatives, and batches that do not fit ------------------------------------------------------------------


class Wavy:
    """f(p) = sum(a sin p) + (sum a p)**2 / 2: its gradient, always in the same array, and its Hessian times a vector."""

    def __init__(self, a):
        self.a, self.grad = a, np.empty(a.shape)

    def __call__(self, p):
        """The gradient at p."""
        self.grad[...] = self.a * np.cos(p) + self.a * np.sum(self.a * p)
        return self.grad

    def times(self, x, v):
        """The Hessian at x times v, exactly."""
        return -self.a * np.sin(x) * v + self.a * np.sum(self.a * v)


@exercise(
    points=3,
    inputs={"x": "N D", "v": "N D", "u": "N D", "a": "N D", "h": ""},
    outputs={"Hv": "N D", "Hu": "N D", "Hv_with_h": "N D", "H_times_0": "N D"},
    given={"h": number(0.05, 0.2)},
    cases=[
        case("a long vector", v=lambda rng, inputs: 1e6 * rng.standard_normal(inputs["a"].shape)),
        case("a short vector", v=lambda rng, inputs: 1e-9 * rng.standard_normal(inputs["a"].shape)),
    ],
)
def hessian_vector_product(student, x, v, u, a, h):
    """Of a function whose Hessian is known: two vectors, another step, and a vector of zeros."""
    return {
        "Hv": student.hessian_vector_product(Wavy(a), x, v),
        "Hu": student.hessian_vector_product(Wavy(a), x, u),
        "Hv_with_h": student.hessian_vector_product(Wavy(a), x, v, h),
        "H_times_0": student.hessian_vector_product(Wavy(a), x, np.zeros_like(v)),
    }


def hessian_is_symmetric(trial):
    """u . H v = v . H u, whatever the function."""
    inputs, out = trial.ask()
    left, right = np.sum(inputs["u"] * out["Hv"]), np.sum(inputs["v"] * out["Hu"])
    if abs(left - right) <= 1e-6 * max(abs(left), abs(right), 1.0):
        return None
    return f"a Hessian is symmetric, so u . Hv = v . Hu; yours give {left:.6g} and {right:.6g}."


def agrees_with_the_hessian(trial):
    """For vectors of every length."""
    for length in (1.0, 1e5, 1e-8):
        inputs, _ = trial.exercise.draw(trial.rng)
        v = length * inputs["v"]
        _, out = trial.ask(**{**inputs, "v": v})
        exact = Wavy(inputs["a"]).times(inputs["x"], v)
        if not close(out["Hv"] / length, exact / length, 1e-6):
            return f"for a vector of length {np.linalg.norm(v):.2g} your Hv is not the Hessian times v."
    errors = []
    for h in (0.1, 0.2):
        _, out = trial.ask(**{**inputs, "h": h})
        errors.append(
            np.linalg.norm(out["Hv_with_h"] - Wavy(inputs["a"]).times(inputs["x"], inputs["v"]))
        )
    if 3.5 < errors[1] / max(errors[0], 1e-300) < 4.5:
        return None
    return "twice the step h must leave four times the error, as h**2 says."


hessian_vector_product.checks = [
    Dimensions(share=0.5),
    Property("The Hessian is symmetric", hessian_is_symmetric, share=0.5),
    Property("Vectors of every length", agrees_with_the_hessian, share=1),
    Reference(share=1, tolerance=1e-6),
]


@exercise(
    points=3,
    inputs={**FOLDED, "reg": "", "shard_size": "int"},
    outputs={
        "loss": "",
        "dA": "D H",
        "dc": "H",
        "dV": "H C",
        "shards": "int",
        "largest": "int",
        "seen": "int",
    },
    given={"shard_size": lambda rng, sizes: 4},
    sizes={"N": (13, 15)},
    cases=[
        case("shards that divide the batch", sizes={"N": 12}),
        case("one example at a time", shard_size=1),
        case("one shard for all", shard_size=100),
        case("strong regularisation", reg=2.5),
    ],
)
def gradient_accumulate(student, X, y, A, c, V, reg, shard_size):
    """On a model of this file's own, which hands out the same arrays each time."""
    handed, sizes = {"A": np.empty_like(A), "c": np.empty_like(c), "V": np.empty_like(V)}, []

    def loss_fn(X_shard, y_shard):
        sizes.append(len(X_shard))
        loss, grads = FoldedNet(A, c, V, reg).loss(X_shard, y_shard)
        for name, grad in grads.items():
            handed[name][...] = grad
        return loss, dict(handed)

    loss, grads = student.gradient_accumulate(loss_fn, X, y, shard_size)
    return {
        "loss": loss,
        **{f"d{name}": np.array(grads[name]) for name in handed},
        "shards": len(sizes),
        "largest": max(sizes),
        "seen": sum(sizes),
    }


def equals_the_whole(trial):
    """The same numbers as one call on everything."""
    inputs, out = trial.ask()
    _, whole = trial.ask(**{**inputs, "shard_size": 1000})
    for name in ("loss", "dA", "dc", "dV"):
        if not close(out[name], whole[name]):
            shards = f"{len(inputs['X'])} examples in shards of {int(inputs['shard_size'])}"
            return f"{shards} give another {name} than all of them in one."
    return None


gradient_accumulate.checks = [
    Dimensions(share=0.5),
    Property("As if in one piece", equals_the_whole, share=1),
    Reference(share=1.5),
]


# --- a gate of torch's graph ------------------------------------------------------------------------------------------


def off_the_kinks(rng, sizes):
    """Scores whose differences keep away from 1, where the slope jumps."""
    shape = sizes["N"], sizes["C"]
    return 0.3 * rng.integers(-8, 9, shape) + rng.uniform(-0.02, 0.02, shape)


def scaled(*axes):
    """Draws weights that keep signals at their size."""
    return lambda rng, sizes: (
        rng.standard_normal([sizes[axis] for axis in axes]) / np.sqrt(sizes[axes[0]])
    )


def descend(apply, X, labels, parameters, steps, rate):
    """Two layers and the answer on top of them, trained on all examples with momentum: the losses, and the parameters."""
    import torch

    parameters = [one.clone().requires_grad_() for one in parameters]
    velocities = [torch.zeros_like(one) for one in parameters]
    losses = []
    for _ in range(steps):
        loss = apply(two_layers(X, parameters), labels)
        slopes = torch.autograd.grad(loss, parameters)
        losses.append(loss.detach())
        with torch.no_grad():
            for parameter, velocity, slope in zip(parameters, velocities, slopes, strict=True):
                velocity.mul_(0.9).sub_(slope, alpha=rate)
                parameter.add_(velocity)
    return torch.stack(losses), [one.detach() for one in parameters]


def two_layers(X, parameters):
    """Scores of a network with one fold."""
    W1, b1, W2, b2 = parameters
    return (X @ W1 + b1).relu() @ W2 + b2


@exercise(
    points=5,
    inputs={
        **{"scores": "N C", "y": "N int<C", "dloss": "", "examined": "bool"},
        **{
            "X": "K D",
            "labels": "K int<C",
            "X_new": "M D",
            "W1": "D H",
            "b1": "H",
            "W2": "H C",
            "b2": "C",
        },
        **{"steps": "int", "rate": "", "device": "str"},
    },
    outputs={
        **{"loss": "", "dscores": "N C", "losses": "T", "scores_after": "M C"},
        **{
            "passes_gradcheck": "bool",
            "keeps_dtype": "bool",
            "keeps_device": "bool",
            "waits": "bool",
        },
    },
    given={
        **{"scores": off_the_kinks, "dloss": number(2, 5), "examined": lambda rng, sizes: False},
        **{"W1": scaled("D", "H"), "W2": scaled("H", "C")},
        **{"steps": lambda rng, sizes: sizes["T"], "rate": number(0.02, 0.05)},
    },
    sizes={"K": (10, 14), "T": (3, 5), "D": (4, 10)},
    cases=[
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("a gradient of the other sign arrives", dloss=-2.5),
        case(
            "every margin is met",
            scores=lambda rng, inputs: np.diag(np.full(5, 3.0)),
            sizes={"N": 5, "C": 5},
            y=lambda rng, inputs: np.arange(5),
        ),
        case("examined", examined=True),
    ],
    seconds=60,
    accelerated=True,
)
def HingeLoss(
    student, scores, y, dloss, examined, X, labels, X_new, W1, b1, W2, b2, steps, rate, device
):
    """The loss and its gradient on scores; a network trained with it; if examined, gradcheck, and whether it follows."""
    import torch

    where = training.device(device)
    kind = student.HingeLoss
    apply = (
        kind if isinstance(kind, type) else kind()
    ).apply  # in the catalogue of mistakes it is made on demand
    there = [
        torch.from_numpy(one).to(where) for one in (scores, y, X, labels, X_new, W1, b1, W2, b2)
    ]
    scores, y, X, labels, X_new, *parameters = there
    loss, dscores = both_ways(apply, scores, y, dloss)
    losses, trained = descend(apply, X, labels, parameters, steps, rate)
    passes, kept, followed = True, True, placement.Followed(stays=True, waits=False)
    if examined:
        point = scores.cpu().double().requires_grad_()
        passes = torch.autograd.gradcheck(lambda s: apply(s, y.cpu()), point, raise_exception=False)
        kept = placement.keeps_dtype(apply, (torch.float32, torch.bfloat16), scores, y)
        followed = placement.followed(
            lambda one, labels: both_ways(apply, one, labels, 1.0)[1], scores, y
        )
    arrays = {
        "loss": loss,
        "dscores": dscores,
        "losses": losses,
        "scores_after": two_layers(X_new, trained),
    }
    return {
        **{name: one.detach().cpu().double().numpy() for name, one in arrays.items()},
        **{"passes_gradcheck": passes, "keeps_dtype": kept},
        **{"keeps_device": followed.stays, "waits": followed.waits},
    }


def both_ways(apply, scores, y, dloss):
    """The loss, and what it sends back into the scores when dloss arrives."""
    import torch

    scores = scores.detach().requires_grad_()
    loss = apply(scores, y)
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"the loss must be a tensor, not a {type(loss).__name__}")
    (dscores,) = torch.autograd.grad(loss, scores, torch.full_like(loss, dloss))
    return loss, dscores


def torch_agrees(trial):
    """Torch's own gradient check, which also asks what comes back when nothing arrives."""
    _, out = trial.ask(examined=True)
    if out["passes_gradcheck"]:
        return None
    return (
        "torch.autograd.gradcheck refuses it in float64: dscores is not the slope of the loss, or it does not follow the "
        "gradient that arrives."
    )


def arriving_gradient_counts(trial):
    """Twice the gradient in, twice the gradient out."""
    inputs, out = trial.ask()
    _, doubled = trial.ask(**{**inputs, "dloss": 2 * inputs["dloss"]})
    if close(doubled["dscores"], 2 * out["dscores"]) and np.abs(out["dscores"]).max() > 0:
        return None
    return "twice the dloss must give twice the dscores: your gate is seldom the last one."


def follows_its_tensors(trial):
    """In fewer bits, and where there are no numbers."""
    _, out = trial.ask(examined=True)
    if not out["keeps_dtype"]:
        return "for scores in float32 or bfloat16 the loss must be a tensor of that dtype."
    if not out["keeps_device"]:
        return "on another device it stops: some tensor is made on the processor."
    if out["waits"]:
        return "a number is read from a tensor, or entries are picked by a mask: an accelerator would have to wait for it."
    return None


def starts_at_classes_minus_one_and_learns_by_heart(trial):
    """A last layer of zeros makes all scores equal; fifty examples with random labels can be learnt without a rest."""
    fifty = case("fifty examples", sizes={"K": 50, "D": 10, "H": 60, "C": 4})
    inputs, _ = trial.exercise.draw(trial.rng, fifty)
    level = {"W2": 0 * inputs["W2"], "b2": 0 * inputs["b2"]}
    equal, learnt = trial.arrays(
        [{**inputs, **level, "steps": 1}, {**inputs, "steps": 400, "rate": 0.1}]
    )
    if not close(equal["losses"], [3.0]):
        return f"with equal scores for 4 classes the loss must be 3, not {float(equal['losses'][0]):.4g}."
    if learnt["losses"][-20:].max() < 0.01:
        return None
    return (
        "a network with your loss must learn fifty random labels by heart; after 400 steps its loss is still "
        f"{float(learnt['losses'][-20:].max()):.3g}."
    )


def digits_to_learn(rng, device):
    """Digits under new names, in float32, and a fresh network; the labels of those not seen stay here."""
    X, y = digits()
    order, names, H = rng.permutation(len(y)), rng.permutation(10), 512 if device else 50
    known, held_out = order[: 1400 if device else 800], order[1400:]
    X, y = X.astype(np.float32), names[y]
    W1, W2 = (rng.standard_normal(shape) * np.sqrt(2 / shape[0]) for shape in ((64, H), (H, 10)))
    network = {"W1": W1, "b1": np.zeros(H), "W2": W2, "b2": np.zeros(10)}
    inputs = {
        **{"scores": np.zeros((2, 10)), "y": np.arange(2), "dloss": 1.0, "examined": False},
        **{"X": X[known], "labels": y[known], "X_new": X[held_out]},
        **{name: one.astype(np.float32) for name, one in network.items()},
        **{"steps": 300 if device else 60, "rate": 0.05, "device": device},
    }
    return Task(inputs, y[held_out])


HingeLoss.checks = [
    AllowedMeans(allowed=("torch",)),
    Dimensions(share=0.25),
    Reference(share=1.75, outputs=("loss", "dscores", "losses", "scores_after")),
    Property("gradcheck", torch_agrees, share=0.5),
    Property("What arrives counts", arriving_gradient_counts, share=0.25),
    Property("Any dtype, any device, no waiting", follows_its_tensors, share=0.5),
    Reference(
        share=0.25,
        outputs=("passes_gradcheck", "keeps_dtype", "keeps_device", "waits"),
        title="Follows its tensors",
    ),
    Property(
        "C - 1 at the start, and by heart",
        starts_at_classes_minus_one_and_learns_by_heart,
        share=0.5,
    ),
    Vectorised(over="N", share=0.25),
    Training(
        digits_to_learn, at_least=0.85, scores="scores_after", share=0.75, title="Learns the digits"
    ),
]
