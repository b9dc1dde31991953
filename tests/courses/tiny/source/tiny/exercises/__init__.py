"""Two exercises, the smallest course that has everything: a gradient and a vectorised sum."""

from .gradients import half_square
from .sums import row_sums

__all__ = ["half_square", "row_sums"]
