"""A loss and its gradient."""

from shared import SECONDS

from autograder.checks import Dimensions, Gradient, Reference
from autograder.exercise import exercise


@exercise(points=6, inputs={"x": "N D", "w": "D"}, outputs={"loss": "", "dw": "D"}, seconds=SECONDS)
def half_square(student, x, w):
    """The loss 0.5 * mean((x @ w) ** 2) and its gradient."""
    loss, dw = student.half_square(x, w)
    return {"loss": loss, "dw": dw}


half_square.checks = [
    Dimensions(share=1),
    Reference(share=2),
    Gradient("loss", wrt="w", claimed="dw", share=3),
]
