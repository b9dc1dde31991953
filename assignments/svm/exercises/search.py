"""The first number to look at, and the search for hyperparameters."""

import math

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises.refusals import OTHER_KINDS, only_kinds, refuses

# --- the loss at the start ----------------------------------------------------------------------


@exercise(
    "C: int, delta -> hinge, squared_hinge, hinge_at_margin_1, refuses_other_kinds: bool",
    points=3,
    given={"C": draws.whole(3, 59), "delta": draws.number(2, 5)},
    cases=[
        case("CIFAR-10", C=10, delta=1.0),
        case("two classes and a small margin", C=2, delta=0.25),
    ],
    words={
        "hinge": 'the loss of kind "hinge"',
        "squared_hinge": 'the loss of kind "squared_hinge"',
        "hinge_at_margin_1": 'the loss of kind "hinge" with the default delta',
    },
    checks=[Dimensions(0.5), ..., Reference(1)],
)
def expected_initial_loss(student, C, delta):
    """Both kinds, and one that there is not."""
    loss = student.expected_initial_loss
    return {
        "hinge": loss(C, "hinge", delta),
        "squared_hinge": loss(C, "squared_hinge", delta),
        "hinge_at_margin_1": loss(C, "hinge"),
        "refuses_other_kinds": refuses(loss, C, "perceptron", delta),
    }


@property_of(expected_initial_loss, "The loss of equal scores", 1)
def equals_the_loss_of_equal_scores(ask):
    """One wrong class costs as much as another, and how much hangs on the margin alone."""
    some, more, delta = (int(n) for n in ask.rng.integers([3, 20, 2], [20, 50, 6]))
    asked = [(2, 1), (2, delta), (some, delta), (more, delta), (some + more - 1, delta)]
    unit, two, *three = ask.all([{"C": C, "delta": float(margin)} for C, margin in asked])
    for name, power in (("hinge", 1), ("squared_hinge", 2)):
        said = f"the {name.replace('_', ' ')} loss of equal scores"
        must(close(unit[name], 1.0), f"{said} is 1 for two classes and the margin 1.")
        if not close(two[name], float(delta) ** power):
            return f"{said} is not {float(two[name]):.6g} for two classes and the margin {delta}."
        left, right, both = (float(out[name]) for out in three)
        if not close(left + right, both):
            return (
                f"every wrong class costs the same: what {some - 1} and {more - 1} wrong classes cost must "
                f"add up to {said} with {some + more - 2}."
            )


property_of(expected_initial_loss, OTHER_KINDS, 0.5)(only_kinds("hinge", "squared_hinge"))


# --- the ends of a range ------------------------------------------------------------------------


def positions_with_both_ends(rng, sizes):
    """Positions in a range, 0 to 1, two of them near its ends."""
    inner = rng.uniform(0, 1, sizes["K"] - 2)
    return rng.permutation(np.concatenate([[0.01, 0.99], inner]))


@exercise(
    "positions: K, low, high, frac -> at_boundary: K bool, at_boundary_by_default: K bool",
    points=2,
    given={
        "positions": positions_with_both_ends,
        "low": draws.power_of_ten(-8, -5),
        "high": draws.power_of_ten(-2, 2),
        "frac": draws.number(0.1, 0.3),
    },
    sizes={"K": (60, 80)},
    words={
        "at_boundary_by_default": "at_boundary with the default frac",
        "positions": "the positions in the range",
    },
    checks=[Dimensions(0.5), ..., Reference(1)],
)
def is_at_boundary(student, positions, low, high, frac):
    """Asked for values at the given positions between low (0) and high (1) on the log scale."""
    values, ends = low * (high / low) ** positions, (low, high)
    return {
        "at_boundary": np.array([student.is_at_boundary(one, ends, frac) for one in values]),
        "at_boundary_by_default": np.array([student.is_at_boundary(one, ends) for one in values]),
    }


@property_of(is_at_boundary, "Both ends, and not the middle", 0.5)
def both_ends_flagged(ask):
    """1e-6 and 1e-1 are the ends of a range; 3e-4 lies in its middle."""
    values = np.array([0.0, 0.04, 0.5, 0.96, 1.0])
    _, out = ask(positions=values, low=1e-6, high=1e-1)
    flags = out["at_boundary_by_default"]
    for value, flag, wanted in zip(values, flags, [True, True, False, True, True], strict=True):
        if bool(flag) != wanted:
            return f"for {1e-6 * 1e5**value:.2g} in the range from 1e-6 to 1e-1 your answer is not right."


# --- coarse to fine -----------------------------------------------------------------------------

MANY = {"K": 100, "F": 101}


@exercise(
    "peak: 2, decoy: 2, lr_low, lr_high, reg_low, reg_high, n_coarse: int, n_fine: int, seed: int "
    "-> coarse: K 4, fine: F 4, best: 4, boundary: 2 bool, evaluations: int, told: bool",
    points=5,
    given={
        "peak": draws.uniform(0.25, 0.75, 2),
        "decoy": lambda rng, sizes: rng.choice([0.0, 1.0], 2),
        "lr_low": draws.power_of_ten(-7, -5),
        "lr_high": draws.power_of_ten(-2, 0),
        "reg_low": draws.power_of_ten(-5, -3),
        "reg_high": draws.power_of_ten(3, 5),
        "n_coarse": draws.size("K"),
        "n_fine": draws.size("F"),
        "seed": draws.seed,
    },
    sizes={"K": (12, 20), "F": (6, 11)},
    cases=[
        case("a best learning rate below the range", sizes=MANY, peak=np.array([-0.5, 0.5])),
        case("a best regularisation above the range", sizes=MANY, peak=np.array([0.5, 1.5])),
        # a first point that lies at (0.74, 0.75) on the log scales, far from the peak: the fine
        # range ends before it
        case("one coarse point", sizes={"K": 1, "F": 100}, peak=np.array([0.5, 0.5]), seed=47),
        # many coarse points and a single fine one, which is worse
        case("one fine point", sizes={"K": 100, "F": 1}, peak=np.array([0.5, 0.5]), seed=4),
    ],
    words={
        "coarse": "the coarse results",
        "told": "whether every row of results is a point with what eval_fn said of it",
        "fine": "the fine results",
        "evaluations": "the number of calls of eval_fn",
        "peak": "where the validation accuracy is highest",
        "decoy": "where the training accuracy is highest",
        **{
            f"{which}_{end}": f"the {end} end of {which}_range"
            for which in ("lr", "reg")
            for end in ("low", "high")
        },
    },
    checks=[Dimensions(0.5), ..., Reference(1.5)],
)
def coarse_to_fine_search(
    student, peak, decoy, lr_low, lr_high, reg_low, reg_high, n_coarse, n_fine, seed
):
    """Validation accuracy peaks at ``peak``, training accuracy at ``decoy`` (in the ranges, log scale)."""
    evaluations: list[tuple[float, ...]] = []
    width = math.log(lr_high / lr_low), math.log(reg_high / reg_low)
    hills = [tuple(map(float, decoy)), tuple(map(float, peak))]

    def eval_fn(lr, reg):
        positive = lr > 0 and reg > 0
        a = math.log(lr / lr_low) / width[0] if positive else math.nan
        b = math.log(reg / reg_low) / width[1] if positive else math.nan
        train, validation = (math.exp(-((a - top[0]) ** 2) - (b - top[1]) ** 2) for top in hills)
        evaluations.append((float(lr), float(reg), train, validation))
        return train, validation

    ranges, rng = ((lr_low, lr_high), (reg_low, reg_high)), np.random.default_rng(seed)
    results, best, boundary = student.coarse_to_fine_search(eval_fn, *ranges, n_coarse, n_fine, rng)
    table = np.array([list(row) for row in results], dtype=float)
    return {
        "coarse": table[:n_coarse],
        "fine": table[n_coarse:],
        "best": np.array(list(best), dtype=float),
        "boundary": np.array(list(boundary)),
        "evaluations": len(evaluations),
        "told": {*map(tuple, table.tolist())} <= {*evaluations},
    }


def evaluated(ask, **asked):
    """Inputs and outputs of a search whose results are what eval_fn said."""
    inputs, out = ask(**asked)
    must(
        out["told"],
        "every row of results must hold a learning rate and a strength that eval_fn was asked for, and "
        "the two accuracies that it gave.",
    )
    return inputs, out


def log_positions(inputs, table):
    """Rates and strengths of a table as positions in their ranges, 0 to 1, on the log scale."""
    low = np.log([float(inputs["lr_low"]), float(inputs["reg_low"])])
    high = np.log([float(inputs["lr_high"]), float(inputs["reg_high"])])
    with np.errstate(all="ignore"):
        return (np.log(np.atleast_2d(table)[:, :2]) - low) / (high - low)


@property_of(coarse_to_fine_search, "Log-uniform", 1)
def log_uniform(ask):
    """Kolmogorov and Smirnov's distance from uniform; a right answer exceeds 0.15 once in 10**11 times."""
    inputs, out = evaluated(ask, n_coarse=600, n_fine=1)
    tried = log_positions(inputs, out["coarse"]).T
    for name, positions in zip(("learning rates", "regularisation strengths"), tried, strict=True):
        ordered, steps = np.sort(positions), np.arange(len(positions) + 1) / len(positions)
        apart = max(np.abs(ordered - steps[1:]).max(), np.abs(ordered - steps[:-1]).max())
        if not apart < 0.15:
            return (
                f"{np.mean(positions < 0.5):.0%} of the {name} lie in the lower half of the range on the "
                "log scale; it must be about half."
            )


@property_of(coarse_to_fine_search, "Fine around the best", 1)
def fine_around_the_best(ask):
    """The second round looks in an eighth of the range around the best, and never outside."""
    for peak in (np.array([0.5, 0.5]), np.array([0.0, 1.0])):
        inputs, out = evaluated(ask, peak=peak, n_coarse=100, n_fine=100)
        winner = out["coarse"][int(np.argmax(out["coarse"][:, 3]))]
        centre, tried = log_positions(inputs, winner), log_positions(inputs, out["fine"])
        if not (np.abs(tried - centre) <= 1 / 8 + 1e-9).all():
            return "a fine point lies more than an eighth of the range (log scale) away from the best coarse point."
        if not ((tried >= -1e-9) & (tried <= 1 + 1e-9)).all():
            return "a fine point lies outside the range that was given."
        reach = np.minimum(centre + 1 / 8, 1) - np.maximum(centre - 1 / 8, 0)
        if not (np.ptp(tried, axis=0) > 0.75 * reach).all():
            return "the fine round uses only a part of the fine range."


ENDS = (((-0.5, 0.5), (True, False)), ((0.5, 1.5), (False, True)), ((0.5, 0.5), (False, False)))


@property_of(coarse_to_fine_search, "The edge is reported", 1)
def edge_is_reported(ask):
    """An optimum planted outside one end of one range must raise that flag, one in the middle none."""
    for peak, wanted in ENDS:
        _, out = evaluated(ask, peak=np.array(peak), n_coarse=200, n_fine=200)
        where = "outside one end of one range" if any(wanted) else "in the middle of both ranges"
        if tuple(bool(flag) for flag in out["boundary"]) != wanted:
            return f"the best values lie {where}, and boundary does not say so."
