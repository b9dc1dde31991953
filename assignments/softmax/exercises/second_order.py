"""Second order: Newton's step, where it fails, what a Hessian costs, and L-BFGS."""

import numpy as np

from autograder import case, draws, exercise, function, must, property_of
from autograder.checks import Dimensions, Reference, close


def positive_definite(rng, n):
    """A Hessian of a bowl, with slopes that are not along the axes."""
    A = rng.standard_normal((n, n))
    return A @ A.T + np.eye(n)


def bowl(rng, sizes):
    """A bowl's Hessian, n by n."""
    return positive_definite(rng, sizes["n"])


# --- Newton's step ------------------------------------------------------------------------------

newton_step = function(
    "newton_step",
    "grad: n, H: n n -> step: n",
    points=2,
    given={"H": bowl},
    cases=[
        case("one parameter", sizes={"n": 1}),
        case("a saddle", sizes={"n": 4}, H=np.diag([3.0, -2.0, 1.0, 0.5]) + 0.3),
        case(
            "a long narrow valley",
            sizes={"n": 3},
            H=np.array([[1e4, 1.0, 2.0], [1.0, 1.0, 0.05], [2.0, 0.05, 1e-2]]),
        ),
    ],
    checks=[Dimensions(0.25), ..., Reference(1)],
)


@property_of(newton_step, "One step to the bottom", 0.75)
def one_step_to_the_bottom(ask):
    """Of a quadratic, from anywhere."""
    n = int(ask.rng.integers(3, 7))
    H = positive_definite(ask.rng, n)
    bottom, x = ask.rng.standard_normal((2, n))
    _, out = ask(grad=H @ (x - bottom), H=H)
    end = x + out["step"]
    away = np.linalg.norm(end - bottom) / np.linalg.norm(x - bottom)
    if not close(end, bottom):
        return (
            "one step must lead to the bottom of a quadratic bowl; "
            f"yours ends {away:.2g} times as far from it as it began."
        )


# --- find the error: where Newton's step climbs -------------------------------------------------


@exercise("-> grad: any, H: any any", points=3, checks=[Dimensions(0.25)])
def newton_counterexample(student):
    """The quadratic model that refutes the praise."""
    grad, H = student.newton_counterexample()
    return {"grad": np.asarray(grad, dtype=float), "H": np.asarray(H, dtype=float)}


SAFE = 1e-3


def model(ask):
    """What was handed in, if it is a gradient and a Hessian."""
    _, out = ask()
    grad, H = out["grad"], out["H"]
    must(
        grad.ndim == 1 and len(grad) >= 2 and H.shape == (len(grad), len(grad)),
        "grad must be (n,) and H (n, n), with n at least 2.",
    )
    must(np.isfinite(grad).all() and np.isfinite(H).all(), "all entries must be finite.")
    return grad, H


def curvatures(ask):
    """The eigenvalues of what was handed in, if none is near 0."""
    _, H = model(ask)
    values = np.linalg.eigvalsh((H + H.T) / 2)
    nearest = values[np.abs(values).argmin()]
    must(abs(nearest) >= SAFE, f"H has the eigenvalue {nearest:.2g}, too near 0 to be sure of.")
    return values


@property_of(
    newton_counterexample,
    "H is symmetric",
    0.25,
    "A Hessian is symmetric: the order of the two derivatives does not matter.",
)
def symmetric(ask):
    _, H = model(ask)
    must(close(H, H.T, 1e-12), "H is not symmetric, so it is no Hessian.")


@property_of(
    newton_counterexample,
    "It curves up somewhere",
    0.5,
    "Your Hessian curves down everywhere; let it curve up in one direction and down in another.",
)
def curves_up(ask):
    must(curvatures(ask).max() >= SAFE, "H curves down in every direction.")


@property_of(
    newton_counterexample,
    "It curves down somewhere",
    0.5,
    "A Hessian that curves up everywhere is Newton's home ground: let it curve down in one "
    "direction.",
)
def curves_down(ask):
    must(curvatures(ask).min() <= -SAFE, "H curves up in every direction.")


@property_of(
    newton_counterexample,
    "The step goes up",
    1.5,
    "Your step goes down: let the gradient point along the direction in which H curves down. "
    "Newton then climbs to where the slope is 0.",
)
def the_step_goes_up(ask):
    """What the praise did not mention."""
    grad, H = model(ask)
    must(abs(np.linalg.det(H)) >= SAFE**2, "H cannot be inverted safely.")
    rise = -0.5 * grad @ np.linalg.solve(H, grad)
    must(rise >= SAFE, f"the Newton step changes the model by {rise:.4g}: it does not go up.")


# --- what a Hessian costs -----------------------------------------------------------------------


@exercise(
    "n: int -> float16: int, float32: int, float64: int, by_default: int",
    points=1,
    given={"n": draws.whole(1000, 10**6 - 1)},
    cases=[
        case("a million parameters", n=10**6),
        case("VGG-16", n=138_357_544),
        case("one parameter", n=1),
    ],
    words={
        **{name: f"bytes for {name}" for name in ("float16", "float32", "float64")},
        "by_default": "bytes with the default settings",
    },
    checks=[Dimensions(0.25), ..., Reference(0.5)],
)
def hessian_bytes(student, n):
    """In three types, and by default."""
    return {
        **{name: student.hessian_bytes(n, name) for name in ("float16", "float32", "float64")},
        "by_default": student.hessian_bytes(n),
    }


@property_of(hessian_bytes, "A million parameters", 0.25)
def a_million_parameters(ask):
    """3725 GiB, whoever may have them."""
    got = int(ask(n=10**6)[1]["float32"])
    if got != 4 * 10**12:
        return (
            "a million parameters in float32 need 4e12 bytes (3725 GiB) for their Hessian; yours is "
            f"{got:g}."
        )


# --- L-BFGS -------------------------------------------------------------------------------------


def flips(*flags):
    """Which pairs are turned to negative curvature."""
    return {"sizes": {"m": len(flags), "n": 5}, "flipped": np.array(flags, dtype=bool)}


@exercise(
    "grad: n, A: n n, S: m n, flipped: m bool -> direction: n",
    points=3,
    given={"A": bowl, "flipped": lambda rng, sizes: np.zeros(sizes["m"], dtype=bool)},
    cases=[
        case("no pair yet", sizes={"m": 0}),
        case("one pair", sizes={"m": 1}),
        case("more pairs than parameters", sizes={"m": 9, "n": 4}),
        case("a pair of negative curvature", **flips(False, True, False)),
        case("the newest pair has negative curvature", **flips(False, False, True)),
        case("the oldest pair has negative curvature", **flips(True, False, False)),
        case("all pairs have negative curvature", **flips(True, True)),
        case(
            "steps a thousand times as long",
            sizes={"m": 3, "n": 5},
            S=draws.normal(3, 5, scale=1e3),
        ),
    ],
    words={"A": "the Hessian", "flipped": "which pairs have negative curvature"},
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def lbfgs_direction(student, grad, A, S, flipped):
    """On a quadratic with the Hessian A: the gradient changes by A s along s; turned where flipped."""
    Y = S @ A * np.where(flipped, -1.0, 1.0)[:, None]
    return {"direction": student.lbfgs_direction(grad, S, Y)}


def pairs_of_a_bowl(ask, m, n=5):
    """A bowl's Hessian, m steps in it, and a gradient."""
    return {
        "A": positive_definite(ask.rng, n),
        "S": ask.rng.standard_normal((m, n)),
        "flipped": np.zeros(m, dtype=bool),
        "grad": ask.rng.standard_normal(n),
    }


@property_of(lbfgs_direction, "No pair, and one by hand", 0.5)
def done_by_hand(ask):
    """Nothing known, nothing presumed; and one pair in two dimensions."""
    inputs, out = ask(pairs_of_a_bowl(ask, 0))
    must(close(out["direction"], -inputs["grad"]), "without any pair, the direction must be -grad.")
    A, S = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[1.0, 0.0]])
    _, out = ask(A=A, S=S, flipped=np.array([False]), grad=np.array([0.0, 1.0]))
    if not close(out["direction"], np.array([0.2, -0.4])):
        return (
            "for the one pair S = (1, 0), Y = (2, 1) and the gradient (0, 1) the direction is (0.2, "
            f"-0.4): gamma is 2/5, a is 0, b is 1/5. Yours is {out['direction']}."
        )


@property_of(lbfgs_direction, "The newest pair is undone", 0.5)
def newest_pair_is_exact(ask):
    """The secant equation: what the newest step did to the gradient, the direction undoes."""
    inputs = pairs_of_a_bowl(ask, 4)
    step = inputs["S"][-1]
    _, out = ask(inputs, grad=inputs["A"] @ step)
    if not close(out["direction"], -step):
        return (
            "asked for the gradient change of the newest step, the answer must be minus that step, "
            "exactly."
        )


@property_of(lbfgs_direction, "Newton's direction after enough pairs", 0.5)
def newton_after_enough_pairs(ask):
    """n steps along conjugate directions tell everything about a quadratic."""
    inputs = pairs_of_a_bowl(ask, 5)
    axes = np.linalg.eigh(inputs["A"])[1].T
    _, out = ask(inputs, S=ask.rng.uniform(0.5, 2, (5, 1)) * axes)
    if not close(out["direction"], -np.linalg.solve(inputs["A"], inputs["grad"])):
        return (
            "after steps along all 5 principal axes of a quadratic bowl, the direction must be "
            "Newton's."
        )


@property_of(lbfgs_direction, "Always downhill", 0.25)
def always_downhill(ask):
    """Also when some pairs know nothing good."""
    for flags in ([False] * 4, [False, True, False, True], [True] * 4):
        inputs, out = ask(pairs_of_a_bowl(ask, 4), flipped=np.array(flags))
        if not inputs["grad"] @ out["direction"] < 0:
            return (
                f"with {sum(flags)} of 4 pairs of negative curvature, the direction does not point "
                "downhill."
            )
