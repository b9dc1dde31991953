"""Gates and a neuron, once forward and once back; and six sentences about gates."""

import numpy as np

from autograder import case, claims, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close
from coursekit.exercises.shapes import ANY_SHAPE, any_number_of_axes

from .shared import beyond

# --- add, multiply, maximum ---------------------------------------------------------------------

GATE = "x: N D, y: N D, dout: N D -> out: N D, dx: N D, dy: N D"


def gate(forward, backward, x, y, dout):
    """Once forward, once back."""
    out, cache = forward(x, y)
    dx, dy = backward(dout, cache)
    return {"out": out, "dx": dx, "dy": dy}


def gradient(share):
    """The check that dx and dy are the gradients of out."""
    return Gradient("out", wrt=("x", "y"), claimed=("dx", "dy"), upstream="dout", share=share)


@exercise(
    GATE,
    points=2,
    answers=("add_forward", "add_backward"),
    checks=[Dimensions(0.25), gradient(0.5), Reference(1)],
)
def add_gate(student, x, y, dout):
    return gate(student.add_forward, student.add_backward, x, y, dout)


def with_zeros(rng, inputs):
    """Numbers of which about half are exactly 0."""
    return rng.standard_normal((5, 7)) * (rng.random((5, 7)) < 0.5)


@exercise(
    GATE,
    points=2,
    answers=("mul_forward", "mul_backward"),
    cases=[case("inputs that are exactly 0", sizes={"N": 5, "D": 7}, x=with_zeros, y=with_zeros)],
    checks=[Dimensions(0.25), gradient(0.75), Reference(0.75)],
)
def mul_gate(student, x, y, dout):
    return gate(student.mul_forward, student.mul_backward, x, y, dout)


@exercise(
    f"{GATE}, passed_on_at_ties: N D, beyond_at_ties",
    points=2,
    answers=("max_forward", "max_backward"),
    cases=[case("negative inputs", y=lambda rng, i: -np.abs(rng.standard_normal(i["x"].shape)))],
    checks=[Dimensions(0.25), gradient(0.25), ..., Reference(0.5), Vectorised("N", 0.25), ...],
)
def max_gate(student, x, y, dout):
    """As drawn, and with both inputs equal: there, what share of dout is passed on in all."""
    _, cache = student.max_forward(x, x.copy())
    shares = np.array([np.asarray(one) / dout for one in student.max_backward(dout, cache)])
    return {
        **gate(student.max_forward, student.max_backward, x, y, dout),
        "passed_on_at_ties": shares.sum(axis=0),
        "beyond_at_ties": beyond(shares),
    }


@property_of(max_gate, "Ties share dout", 0.5)
def ties_share_dout(ask):
    """Any split is a subgradient; a sum that is not dout is none."""
    _, out = ask()
    passed_on = out["passed_on_at_ties"]
    if not close(passed_on, np.ones_like(passed_on)):
        return f"where x and y are equal, dx + dy must be dout; yours is {np.ravel(passed_on)[0]:.3g} times dout."
    nowhere_negative = out["beyond_at_ties"] < 1e-9
    must(nowhere_negative, "where x and y are equal, neither share of dout may be negative.")


@property_of(add_gate, ANY_SHAPE, 0.25)
@property_of(mul_gate, ANY_SHAPE, 0.25)
@property_of(max_gate, ANY_SHAPE, 0.25)
def entry_by_entry(ask):
    """A gate does not ask how its entries stand."""
    any_number_of_axes(ask, "x", "y", "dout", outputs=("out", "dx", "dy"))


# --- a neuron by hand ---------------------------------------------------------------------------

SOME_INPUT = np.array([2.0, 3.0])


@exercise(
    "w: 3, x: 2, df -> f, dw: 3, dx: 2",
    points=3,
    answers=("staged_sigmoid_neuron", "staged_sigmoid_neuron_backward"),
    cases=[
        case("a neuron that is fully on", w=np.array([3e3, 1e3, 50.0]), x=SOME_INPUT),
        case("a neuron that is fully off", w=np.array([-3e3, 1e3, -50.0]), x=SOME_INPUT),
        case("a dead input", x=np.array([0.0, 1.5])),
    ],
    checks=[
        Dimensions(0.25),
        ...,
        Gradient("f", wrt=("w", "x"), claimed=("dw", "dx"), upstream="df", share=0.75),
        Reference(1.25),
    ],
)
def staged_sigmoid_neuron(student, w, x, df):
    f, cache = student.staged_sigmoid_neuron(w, x)
    dw, dx = student.staged_sigmoid_neuron_backward(df, cache)
    return {"f": f, "dw": settled(dw), "dx": settled(dx)}


def settled(gradient):
    """With 0 for what is 0 to the last digit: an exponent clipped at 500 leaves 1e-217 of it."""
    if not isinstance(gradient, np.ndarray) or gradient.dtype.kind != "f":
        return gradient
    return np.where(np.abs(gradient) < 1e-15, 0.0, gradient)


@property_of(staged_sigmoid_neuron, "The lecture's neuron", 0.75)
def known_neuron(ask):
    """The numbers of the lecture: 0.73 forward, 0.20 at the dot product on the way back."""
    _, out = ask(w=np.array([2.0, -3.0, -3.0]), x=np.array([-1.0, -2.0]), df=1.0)
    if not close(out["f"], 0.7311, 1e-4):
        return f"for w = (2, -3, -3) and x = (-1, -2) the neuron gives 0.73, not {float(out['f']):.4g}."
    for name, wanted in (("dw", [-0.1966, -0.3932, 0.1966]), ("dx", [0.3932, -0.5898])):
        rounded = ", ".join(f"{one:.2f}" for one in wanted)
        if not close(out[name], wanted, 1e-4):
            return f"for w = (2, -3, -3), x = (-1, -2) and df = 1 the gradient {name} is ({rounded}); yours differs."


# --- find the errors: six sentences -------------------------------------------------------------


gate_claims = claims("gate_claims", "abcdef", points=2, shares=(0.25, 1.75))
