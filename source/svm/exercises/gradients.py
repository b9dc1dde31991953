"""Checking a gradient: centred differences, the relative error, a check of a few entries."""

import numpy as np

from autograder import case, draws, exercise, property_of
from autograder.checks import Dimensions, Reference, close


def wavy(a):
    """A smooth function of an array like ``a``: every coordinate matters to every other's slope."""
    return lambda p: float(np.vdot(a, np.sin(p)) + 0.5 * (a * p).sum() ** 2)


def slope_of_wavy(a, p):
    """Its exact gradient."""
    return a * np.cos(p) + a * np.sum(a * p)


@exercise(
    "x: N D, a: N D, h -> grad: N D, grad_with_default_h: N D, grad_of_a_column: N",
    points=4,
    given={"h": draws.number(0.01, 0.05)},
    sizes={"N": (3, 6), "D": (3, 6)},
    cases=[
        case("whole numbers", x=lambda rng, inputs: rng.integers(-3, 4, inputs["a"].shape)),
        case("one number", sizes={"N": 1, "D": 1}),
    ],
    words={
        "grad_with_default_h": "grad with the default h",
        "grad_of_a_column": "grad of a column of x",
        "a": "the constants in f",
    },
    checks=[Dimensions(0.5), ..., Reference(2)],
)
def eval_numerical_gradient(student, x, a, h):
    """sum(a * sin(p)) + sum(a * p)**2 / 2 at x; the same for the first column of x alone, a view."""
    return {
        "grad": student.eval_numerical_gradient(wavy(a), x, h),
        "grad_with_default_h": student.eval_numerical_gradient(wavy(a), x),
        "grad_of_a_column": student.eval_numerical_gradient(wavy(a[:, 0]), x[:, 0], h),
    }


@property_of(eval_numerical_gradient, "The error falls like h squared", 1.5)
def error_falls_with_h_squared(ask):
    """Half the step, a quarter of the error: what makes a difference a centred one."""
    inputs, coarse = ask(h=0.02)
    _, fine = ask(inputs, h=0.01)
    exact = slope_of_wavy(inputs["a"], inputs["x"])
    errors = [np.linalg.norm(out["grad"] - exact) for out in (coarse, fine)]
    ratio = errors[0] / max(errors[1], 1e-300)
    if not 3.8 < ratio < 4.2:
        return f"half the step must leave a quarter of the error, as h**2 says; yours falls {ratio:.3g} times."


def some_zeros(rng, inputs):
    """A gradient some of whose entries vanish."""
    return rng.standard_normal((4, 6)) * (rng.random((4, 6)) < 0.5)


def a_little_more(rng, inputs):
    """The same gradient, each entry up to a thousandth further from zero."""
    return inputs["a"] * (1 + 1e-3 * rng.random(inputs["a"].shape))


FOUR_BY_SIX = {"N": 4, "D": 6}


@exercise(
    "a: N D, b: N D -> error, error_of_zeros, error_of_numbers",
    points=2,
    cases=[
        case(
            "tiny entries",
            sizes=FOUR_BY_SIX,
            a=draws.normal(4, 6, scale=3e-9),
            b=draws.normal(4, 6, scale=2e-9),
        ),
        case("some entries zero in both", sizes=FOUR_BY_SIX, a=some_zeros, b=a_little_more),
        case("nearly equal", sizes=FOUR_BY_SIX, a=draws.uniform(1, 2, 4, 6), b=a_little_more),
    ],
    words={"error_of_zeros": "error of zeros", "error_of_numbers": "error of two numbers"},
    checks=[Dimensions(0.5), ..., Reference(1.25)],
)
def rel_error(student, a, b):
    """Of two arrays, of nothing but zeros, and of two plain numbers."""
    return {
        "error": student.rel_error(a, b),
        "error_of_zeros": student.rel_error(np.zeros(3), np.zeros(3)),
        "error_of_numbers": student.rel_error(float(a.flat[0]), float(b.flat[0])),
    }


@property_of(rel_error, "Order does not matter", 0.25)
def order_does_not_matter(ask):
    """Neither of the two gradients is the right one by definition."""
    inputs, out = ask()
    _, turned = ask(a=inputs["b"], b=inputs["a"])
    if not close(turned["error"], out["error"]):
        return "rel_error(a, b) and rel_error(b, a) must be equal."


@exercise(
    "x: N D, a: N D, off: N D, num_checks: int, h, seed: int -> numeric: K, analytic: K, "
    "rel_error: K, max_rel_error, numeric_at_transposed_x: K, checks_by_default: int",
    points=4,
    given={
        "num_checks": draws.size("K"),
        "h": draws.number(0.01, 0.05),
        "seed": draws.seed,
        "off": draws.uniform(-0.5, 0.5, "N", "D"),
    },
    sizes={"K": (10, 20)},
    cases=[
        case("a flat function: every slope 0", a=draws.zeros_like("x")),
        case("dead pixels", a=lambda rng, inputs: (rng.random(inputs["x"].shape) < 0.5) * 1.5),
    ],
    words={
        "numeric": '"numeric"',
        "analytic": '"analytic"',
        "rel_error": '"rel_error"',
        "max_rel_error": '"max_rel_error"',
        "numeric_at_transposed_x": '"numeric" at x.T',
        "checks_by_default": "the number of checks with the default settings",
        "a": "the constants in f",
        "off": "the relative errors of analytic_grad",
    },
    checks=[Dimensions(0.5), ..., Reference(2)],
)
def grad_check_sparse(student, x, a, off, num_checks, h, seed):
    """The gradient to be checked is the true one times (1 + off): right where off is 0."""
    check, rng = student.grad_check_sparse, np.random.default_rng
    claimed = slope_of_wavy(a, x) * (1 + off)
    report = check(wavy(a), x, claimed, num_checks, h, rng(seed))
    turned = check(wavy(a.T), x.T, claimed.T, num_checks, h, rng(seed))
    return {
        "numeric": report["numeric"],
        "analytic": report["analytic"],
        "rel_error": report["rel_error"],
        "max_rel_error": report["max_rel_error"],
        "numeric_at_transposed_x": turned["numeric"],
        "checks_by_default": len(check(wavy(a), x, claimed)["numeric"]),
    }


@property_of(grad_check_sparse, "Two zeros agree", 0.5)
def zeros_agree(ask):
    """A pixel that is black in every image has slope 0 both ways, and that is no error."""
    inputs = ask.draw()
    _, out = ask(inputs, a=np.zeros_like(inputs["x"]))
    if not close(out["max_rel_error"], 0):
        return "where both slopes are 0 the relative error must be 0, not 0/0."


@property_of(grad_check_sparse, "Twice the slope is an error of 1/3", 1)
def twice_the_slope_is_a_third(ask):
    """|2g - g| / (|2g| + |g|) = 1/3, wherever the slope is not nearly 0."""
    inputs = ask.draw()
    _, out = ask(inputs, off=np.ones_like(inputs["x"]), h=1e-4)
    if not close(np.median(out["rel_error"]), 1 / 3, 1e-3):
        return "a gradient twice too large has relative error |2g - g| / (|2g| + |g|) = 1/3; yours differs."
    if not close(out["max_rel_error"], out["rel_error"].max()):
        return "max_rel_error must be the largest of them."
