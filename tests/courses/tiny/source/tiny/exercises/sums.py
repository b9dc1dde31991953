"""A sum without a loop."""

from shared import SECONDS

from autograder.checks import Dimensions, Reference, Vectorised
from autograder.exercise import exercise


@exercise(points=4, inputs={"x": "N D"}, outputs={"total": "N"}, seconds=SECONDS)
def row_sums(student, x):
    """The sum of every row."""
    return {"total": student.row_sums(x)}


row_sums.checks = [Dimensions(share=1), Reference(share=2), Vectorised(over="N", share=1)]
