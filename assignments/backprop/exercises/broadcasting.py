"""Broadcasting, which is a fan-out: on the way back what was stretched is summed."""

import numpy as np

from autograder import case, exercise, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close

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
    checks=[Dimensions(0.5), ..., Reference(1.5), Vectorised("N", 0.5)],
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
        if not close(np.sum(out[name]), np.sum(inputs["grad"])):
            return f"the entries must add up to those of grad, whatever the shape; for ({', '.join(dims.split())}) not."


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
