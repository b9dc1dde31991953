"""Two exercises, the smallest course that has everything: a gradient, a vectorised sum, a case."""

from autograder.checks import Dimensions, Gradient, Reference, Vectorised
from autograder.exercise import exercise


@exercise(points=6, inputs={"x": "N D", "w": "D"}, outputs={"loss": "", "dw": "D"}, seconds=3)
def half_square(student, x, w):
    """The loss 0.5 * mean((x @ w) ** 2) and its gradient."""
    loss, dw = student.half_square(x, w)
    return {"loss": loss, "dw": dw}


half_square.checks = [Dimensions(share=1), Reference(share=2), Gradient("loss", wrt="w", claimed="dw", share=3)]


@exercise(points=4, inputs={"x": "N D"}, outputs={"total": "N"}, seconds=3)
def row_sums(student, x):
    """The sum of every row."""
    return {"total": student.row_sums(x)}


row_sums.checks = [Dimensions(share=1), Reference(share=2), Vectorised(over="N", share=1)]
