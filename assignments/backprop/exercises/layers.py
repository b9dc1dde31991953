"""Layers, forward and back: affine, ReLU and its leaky relative, softmax loss, dropout."""

import numpy as np

from autograder import Absent, case, draws, exercise, function, must, named_back, property_of
from autograder.checks import AnswerFailed, Dimensions, Gradient, Reference, Vectorised, close
from coursekit.exercises.refusals import refuses
from coursekit.exercises.shapes import ANY_SHAPE, any_number_of_axes

from .shared import beyond


def gradient_of_x(share):
    """The check that dx is the gradient of out."""
    return Gradient("out", wrt="x", claimed="dx", upstream="dout", share=share)


# --- affine -------------------------------------------------------------------------------------

AFFINE = {
    "sizes": {"A": (2, 2), "B": (3, 3), "D": (6, 6)},
    "cases": [
        case("one example", sizes={"N": 1}),
        case("one output", sizes={"M": 1}),
        case("another image size", sizes={"A": 4, "B": 5, "D": 20}),
    ],
}


@exercise(
    "x: N A B, w: D M, b: M -> out: N M, out_of_rows: N M, out_of_colour_images: N M",
    points=3,
    **AFFINE,
    words={
        "out_of_rows": "out for flat rows",
        "out_of_colour_images": "out for images with a channel",
    },
    checks=[Dimensions(0.5), ..., Reference(1), Vectorised("N", 0.5)],
)
def affine_forward(student, x, w, b):
    """The same examples as (A, B), as flat rows and as (1, A, B)."""
    N, A, B = x.shape
    return {
        "out": student.affine_forward(x, w, b)[0],
        "out_of_rows": student.affine_forward(x.reshape(N, A * B), w, b)[0],
        "out_of_colour_images": student.affine_forward(x.reshape(N, 1, A, B), w, b)[0],
    }


@property_of(affine_forward, "One number picks one row", 0.5)
def one_number_picks_one_row(ask):
    """An example that is 0 but for a single 1 picks the row of w that belongs to its place."""
    inputs = ask.draw()
    (_, A, B), D = inputs["x"].shape, len(inputs["w"])
    places = ask.rng.integers(0, D, 4)
    _, out = ask(inputs, x=np.eye(D)[places].reshape(4, A, B))
    if not close(out["out"], inputs["w"][places] + inputs["b"]):
        return "an example that is 0 but for one 1, at place k of its flat row, must give w[k] + b."


@property_of(affine_forward, "The shape of an example does not matter", 0.5)
def shape_does_not_matter(ask):
    """An example is its numbers in their usual order, in whatever shape they come."""
    _, out = ask()
    if not (
        close(out["out"], out["out_of_rows"]) and close(out["out"], out["out_of_colour_images"])
    ):
        return (
            "examples of shape (A, B), (1, A, B) and (A*B,) with the same numbers in the same order "
            "give different outputs."
        )


@exercise(
    "x: N A B, w: D M, b: M, dout: N M -> out: N M, dx: N A B, dw: D M, db: M, dx_of_rows: N D",
    points=4,
    **AFFINE,
    words={"dx_of_rows": "dx for flat rows"},
    checks=[
        Dimensions(0.5),
        Gradient("out", ("x", "w", "b"), ("dx", "dw", "db"), "dout", share=1.5),
        Reference(1.5),
        Vectorised("N", 0.5),
    ],
)
def affine_backward(student, x, w, b, dout):
    """Forward and back, and back once more for flat rows."""
    out, cache = student.affine_forward(x, w, b)
    dx, dw, db = student.affine_backward(dout, cache)
    _, cache = student.affine_forward(x.reshape(len(x), -1), w, b)
    dx_of_rows = student.affine_backward(dout, cache)[0]
    return {"out": out, "dx": dx, "dw": dw, "db": db, "dx_of_rows": dx_of_rows}


# --- ReLU ---------------------------------------------------------------------------------------


def back_at_0(answer, returned, dout, low=0.0, high=1.0):
    """Which share of dout came back at x = 0, judged by how far it lies outside what is allowed."""
    ((name, back),) = named_back(answer, returned, ("beyond_at_0",)).items()
    return {name: back if isinstance(back, Absent) else beyond(back / dout, low, high)}


@exercise(
    "x: N A B, dout: N A B -> out: N A B, dx: N A B, beyond_at_0, x_kept: bool, dout_kept: bool",
    points=3,
    answers=("relu_forward", "relu_backward"),
    cases=[case("a single row", sizes={"N": 1, "A": 1})],
    checks=[
        Dimensions(0.25),
        gradient_of_x(0.75),
        Reference(1, ("out", "dx", "beyond_at_0")),
        ...,
        Reference(0.25, ("x_kept", "dout_kept"), title="Nothing changed in place"),
        Vectorised("N", 0.25),
    ],
)
def relu(student, x, dout):
    """Once as drawn and once with x = 0 everywhere: which shares of dout come back there."""
    _, cache = student.relu_forward(np.zeros_like(x))
    at_0 = back_at_0("relu_backward", student.relu_backward(dout.copy(), cache), dout)
    own_x, own_dout = x.copy(), dout.copy()
    out, cache = student.relu_forward(own_x)
    x_kept = np.array_equal(own_x, x)
    dx = named_back("relu_backward", student.relu_backward(own_dout, cache), ("dx",))
    kept = {"x_kept": x_kept, "dout_kept": np.array_equal(own_dout, dout)}
    return {"out": out, **dx, **at_0, **kept}


@property_of(relu, "Inputs are left alone", 0.25)
def inputs_left_alone(ask):
    """Someone else still holds the arrays that a layer is given."""
    _, out = ask()
    for whose in ("x", "dout"):
        changed = f"{whose} is changed in place; another part of the network may still need it."
        must(out[f"{whose}_kept"], changed)


@property_of(relu, ANY_SHAPE, 0.25)
def rectifies_in_any_shape(ask):
    drawn = case("24 numbers", sizes={"N": 4, "A": 2, "B": 3})
    any_number_of_axes(ask, "x", "dout", outputs=("out", "dx"), drawn=drawn)


@exercise(
    "x: N D, dout: N D, slope -> out: N D, dx: N D, out_by_default: N D, dx_by_default: N D, beyond_at_0",
    points=2,
    answers=("leaky_relu_forward", "leaky_relu_backward"),
    given={"slope": draws.number(0.1, 0.5)},
    cases=[case("no leak", slope=0.0)],
    checks=[Dimensions(0.25), gradient_of_x(0.5), Reference(0.75), Vectorised("N", 0.25)],
)
def leaky_relu(student, x, dout, slope):
    """With a slope of its own, with the default, and at x = 0."""
    out, cache = student.leaky_relu_forward(x, slope)
    usual, usual_cache = student.leaky_relu_forward(x)
    _, cache_of_0 = student.leaky_relu_forward(np.zeros_like(x), slope)
    name, back = "leaky_relu_backward", student.leaky_relu_backward
    return {
        "out": out,
        **named_back(name, back(dout, cache), ("dx",)),
        "out_by_default": usual,
        **named_back(name, back(dout, usual_cache), ("dx_by_default",)),
        **back_at_0(name, back(dout.copy(), cache_of_0), dout, slope - 1e-12, 1 + 1e-12),
    }


# --- softmax loss -------------------------------------------------------------------------------


def rows_far_apart(rng, inputs):
    """Scores that agree in a row, more or less, and differ by thousands between rows."""
    return 1e3 * rng.integers(-3, 4, (6, 1)) + rng.standard_normal((6, 4))


@property_of(leaky_relu, ANY_SHAPE, 0.25)
def leaks_in_any_shape(ask):
    outputs = ("out", "dx", "out_by_default", "dx_by_default")
    any_number_of_axes(ask, "x", "dout", outputs=outputs)


SIX_OF_FOUR = {"N": 6, "C": 4}

softmax_loss = function(
    "softmax_loss",
    "x: N C, y: N int<C -> loss, dx: N C",
    points=2,
    cases=[
        case("one example", sizes={"N": 1}),
        case("huge scores", sizes=SIX_OF_FOUR, x=draws.normal(6, 4, centre=1e4)),
        case("rows that differ by thousands", sizes=SIX_OF_FOUR, x=rows_far_apart),
        case("hopeless scores", sizes=SIX_OF_FOUR, x=draws.normal(6, 4, scale=3e3)),
    ],
    checks=[
        Dimensions(0.25),
        Gradient("loss", wrt="x", claimed="dx", share=0.5),
        Reference(0.75),
        ...,
        Vectorised("N", 0.25),
    ],
)


@property_of(softmax_loss, "The rows of dx sum to 0", 0.25)
def rows_sum_to_zero(ask):
    """What pushes the wrong classes down pushes the true one up, by as much."""
    inputs, out = ask()
    if not close(out["dx"].sum(axis=-1), np.zeros(len(inputs["x"]))):
        return "every row of dx must sum to 0: equal scores added to a row change nothing."


# --- dropout ------------------------------------------------------------------------------------


@exercise(
    "x: N D, dout: N D, p_keep, seed: int -> out: N D, dx: N D, out_in_test: N D, dx_in_test: N D,"
    " differs_without_seed: bool, refuses: 2 bool",
    points=3,
    answers=("dropout_forward", "dropout_backward"),
    given={"p_keep": draws.number(0.55, 0.85), "seed": draws.seed},
    cases=[
        case("few are kept", p_keep=0.15),
        case("all are kept", p_keep=1.0),
        case("many entries", sizes={"N": 60, "D": 50}),
    ],
    words={"differs_without_seed": "whether two calls without a seed drop different entries"},
    entries={"refuses": [f"whether p_keep = {wrong} is refused" for wrong in (0, 1.5)]},
    checks=[Dimensions(0.25), ..., gradient_of_x(0.25), Reference(0.75), Vectorised("N", 0.25)],
)
def dropout(student, x, dout, p_keep, seed):
    """With a seed in training and in test; twice without one; with p_keep that is no probability."""

    def forward(x, mode, p_keep, **more):
        return student.dropout_forward(x, {"mode": mode, "p_keep": p_keep, **more})

    out, cache = forward(x, "train", p_keep, seed=seed)
    dx = student.dropout_backward(dout, cache)
    out_in_test, cache = forward(x, "test", p_keep, seed=seed)
    dx_in_test = student.dropout_backward(dout, cache)
    once, twice = (forward(np.ones((30, 40)), "train", 0.5)[0] for _ in range(2))
    refused = [refuses(forward, np.ones((2, 2)), "train", wrong) for wrong in (0.0, 1.5)]
    return {
        **{"out": out, "dx": dx, "out_in_test": out_in_test, "dx_in_test": dx_in_test},
        **{"differs_without_seed": not np.array_equal(once, twice), "refuses": np.array(refused)},
    }


@property_of(dropout, "As many as promised, with the same mean", 0.25)
def as_many_as_promised(ask):
    """Of 20 000 ones; a right answer is 6 standard deviations off less than once in 10**8 times."""
    ones = np.ones((200, 100))
    for p_keep in (0.25, 0.7):
        out = ask(x=ones, dout=ones, p_keep=p_keep)[1]["out"]
        fraction, mean = np.mean(out != 0), out.mean()
        spread = 6 * np.sqrt(p_keep * (1 - p_keep) / ones.size)
        if not abs(fraction - p_keep) <= spread:
            return f"with p_keep = {p_keep} you keep {fraction:.0%} of the entries."
        if not abs(mean - 1) < spread / p_keep:
            return f"dropout must keep the mean: of ones it is {mean:.3g} with p_keep = {p_keep}, not 1."


@property_of(dropout, "Identity in test", 0.25)
def identity_in_test(ask):
    """Nothing is dropped, and nothing scaled: that was done in training."""
    inputs, out = ask()
    same = close(out["out_in_test"], inputs["x"])
    must(same, 'in mode "test" out must be x itself, unscaled.')


@property_of(dropout, "One mask for both ways", 0.5)
def same_mask_both_ways(ask):
    """The gradient flows exactly where the numbers did, enlarged as they were."""
    ones = np.ones((30, 20))
    _, out = ask(x=ones, dout=ones)
    if not np.array_equal(out["out"] != 0, out["dx"] != 0):
        return "entries that were dropped on the way forward get a gradient, or kept ones get none."


@property_of(dropout, "Drawn anew, and only for probabilities", 0.25)
def draws_anew_and_refuses(ask):
    """Without a seed every call drops others; a p_keep that is no probability is no p_keep."""
    _, out = ask()
    must(out["differs_without_seed"], "without a seed two calls drop the same entries.")
    must(out["refuses"].all(), "p_keep = 0 and p_keep = 1.5 must raise ValueError.")


@property_of(dropout, ANY_SHAPE, 0.25)
def drops_in_any_shape(ask):
    """What drops entries does not ask how they stand."""
    for shape in ((7,), (4, 3, 5), (2, 3, 4, 5)):
        said = f"x may have any shape; in the shape {shape}"
        x, dout = (1 + ask.rng.random(shape) for _ in range(2))
        try:
            inputs, out = ask(x=x, dout=dout)
        except AnswerFailed as failed:
            if failed.failure.kind == "error":
                return f"{said} your code stops: {failed.failure.message}"
            raise
        must(np.shape(out["out"]) == shape, f"{said} out must have that shape too.")
        kept = out["out"] != 0
        if not close(out["out"], kept * x / inputs["p_keep"]):
            return f"{said} every entry of out must be 0 or x / p_keep."
        must(np.shape(out["dx"]) == shape, f"{said} dx must have that shape too.")
        if not close(out["dx"], kept * dout / inputs["p_keep"]):
            return f"{said} dx must be dout / p_keep where x was kept, and else 0."
        must(close(out["out_in_test"], x), f'{said} in mode "test" out must be x.')
