"""What several of the exercises ask with: situations, refusals, the digits as images."""

from autograder import case
from autograder.checks import AllowedMeans
from coursekit.exercises.digits import digits

TORCH = AllowedMeans(allowed=("torch",))


def situations(ask):
    """A random example and every case in which the answer works, and how messages name each: `` (stride 2)``."""
    cases = [one.case for one in ask.trial.working() if one.case.title != "a random example"]
    return [(case("a random example"), ""), *((one, f" ({one.title})") for one in cases)]


def digit_images():
    """Images (1797, 1, 8, 8) of digits, scaled to [-1/2, 1/2], and their labels (1797,)."""
    X, y = digits()
    return X.reshape(-1, 1, 8, 8), y
