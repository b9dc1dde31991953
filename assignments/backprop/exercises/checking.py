"""Gradients that check one another: a check that can be trusted, and second derivatives."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises.params import params_in_words

from .shared import FOLDED, FoldedNet

# --- a check that can be trusted ----------------------------------------------------------------

TWICE = "A's gradient twice too large"
PLANTED = {
    TWICE: lambda grads, model, X: {**grads, "A": 2 * grads["A"]},
    "c's gradient averaged over the examples": (
        lambda grads, model, X: {**grads, "c": grads["c"] / len(X)}
    ),
    "A's gradient without the regulariser's part": (
        lambda grads, model, X: {**grads, "A": grads["A"] - 2 * model.reg * model.params["A"]}
    ),
    "V's gradient 0.1 too low everywhere": lambda grads, model, X: {**grads, "V": grads["V"] - 0.1},
    "no gradient for c": lambda grads, model, X: {name: grads[name] for name in "AV"},
    "c's gradient of shape (1, H)": lambda grads, model, X: {**grads, "c": grads["c"][None]},
}
RIGHT_MODELS = (
    "a right model",
    "a right model next to its kinks",
    "a right model with random numbers in it",
    "a right model in float32",
)


def near_the_kinks(X, A, c, h):
    """Example k within a step of unit k's fold, or much nearer: every step in c crosses a kink."""
    near = X.copy()
    for k in range(A.shape[1]):
        distance = h / 3 if k % 2 else 2e-6
        near[k] -= (X[k] @ A[:, k] + c[k] - distance) * A[:, k] / (A[:, k] @ A[:, k])
    return near


@exercise(
    f"{FOLDED}, reg, num_checks: int, h, seed: int"
    " -> passes: 4 bool, found: 6 bool, blamed: 6 3 bool, kinks: int, kinks_elsewhere: int,"
    " error_of_twice, arrays_kept: bool, passes_by_default: bool",
    points=4,
    inside=True,
    given={
        "num_checks": draws.whole(3, 4),
        "h": draws.power_of_ten(-4.2, -3.8),
        "seed": draws.seed,
    },
    sizes={"N": (9, 12), "C": (3, 4), "H": (4, 6), "D": (4, 7)},
    words={
        **params_in_words("A", "c", "V", of="model.params"),
        "reg": "model.reg",
        "passes": "which right models pass",
        "found": "which planted bugs are found",
        "blamed": "which parameters the errors blame",
        "kinks": 'the report\'s "kinks" next to kinks',
        "kinks_elsewhere": 'the report\'s "kinks" elsewhere',
        "error_of_twice": "the error of a gradient twice too large",
        "arrays_kept": "whether model.params holds the arrays it held before",
        "passes_by_default": "whether a right model passes with the default settings",
    },
    entries={
        "passes": [f"whether {one} passes" for one in RIGHT_MODELS],
        "found": [f"whether this bug is found: {one}" for one in PLANTED],
        "blamed": [f"whether a parameter is blamed for this: {one}" for one in PLANTED],
    },
    checks=[Dimensions(0.25), ..., Reference(0.75, tolerance=1e-5)],
)
def gradient_check_model(student, X, y, A, c, V, reg, num_checks, h, seed):
    """Four right models, and six with a planted bug each."""

    def report(model, X=X, h=h):
        return student.gradient_check_model(model, X, y, num_checks, h, np.random.default_rng(seed))

    spoiled = [report(FoldedNet(A, c, V, reg, spoil)) for spoil in PLANTED.values()]
    usual, values = FoldedNet(A, c, V, reg), {"A": A, "c": c, "V": V}
    held = dict(usual.params)
    on_usual = report(usual)
    kept = all(usual.params.get(name) is one for name, one in held.items())
    kept = kept and all(np.array_equal(held[name], one) for name, one in values.items())

    on_kinks = report(FoldedNet(A, c, V, reg), near_the_kinks(X, A, c, h))
    on_random = report(FoldedNet(A, c, V, reg, seed=seed))
    small = [one.astype(np.float32) for one in (A, c, V)]
    on_small = report(FoldedNet(*small, reg=reg), X.astype(np.float32))
    far = report(FoldedNet(A, c, V, reg, PLANTED[TWICE]), h=0.03)
    # which coordinates are drawn by default is left to chance, and so is what a wrong check says
    check, rng = student.gradient_check_model, np.random.default_rng(seed)
    by_default = check(FoldedNet(A, c, V, reg), X, y, rng=rng)
    says = "passed" in check(FoldedNet(A, c, V, reg), X, y)
    right = on_usual, on_kinks, on_random, on_small
    blamed = [[not one["errors"].get(name, 0) <= 1e-5 for name in "AVc"] for one in spoiled]
    return {
        "passes": np.array([bool(one["passed"]) for one in right]),
        "found": np.array([not one["passed"] for one in spoiled]),
        "blamed": np.array(blamed),
        **{"kinks": on_kinks["kinks"], "kinks_elsewhere": on_usual["kinks"]},
        **{"error_of_twice": far["errors"].get("A", 0.0), "arrays_kept": kept},
        "passes_by_default": says and bool(by_default["passed"]),
    }


def seen(ask):
    """The outputs in the situations that are drawn anyway: a call is ten whole checks."""
    return [drawn.evaluation.arrays() for drawn in ask.trial.working()]


@property_of(gradient_check_model, "No false alarm", 1)
def right_models_pass(ask):
    """Not at kinks, not for random numbers, not for few digits."""
    for out in seen(ask):
        for name, passed in zip(RIGHT_MODELS, out["passes"], strict=True):
            must(passed, f"{name} is failed: its gradients are right.")
        if not out["passes_by_default"]:
            return "a right model is failed when num_checks and h are not given."


@property_of(gradient_check_model, "Six planted bugs are found", 1.5)
def bugs_are_found(ask):
    for out in seen(ask):
        for bug, found, blamed in zip(PLANTED, out["found"], out["blamed"], strict=True):
            must(found, f"a planted bug is not found: {bug}.")
            if list(blamed) != [name == bug[0] or bug.endswith("for " + name) for name in "AVc"]:
                return f"a planted bug is found, but the errors blame the wrong parameters: {bug}."


@property_of(gradient_check_model, "Counts, and cleans up", 0.5)
def counts_and_cleans_up(ask):
    """Kinks are counted, a factor of 2 is an error of 1/3, and the model is left as it was."""
    for out in seen(ask):
        counted = out["kinks"] > 0
        must(counted, 'next to kinks coordinates have to be left out, and counted in "kinks".')
        error = out["error_of_twice"]
        if not (error == 0 or close(error, 1 / 3, 1e-5)):
            return "a gradient twice too large has the error |2g - g| / (|2g| + |g|) = 1/3; yours differs."
        if not out["arrays_kept"]:
            return "after the check model.params must hold the very arrays it held before."


# --- second derivatives -------------------------------------------------------------------------


class Wavy:
    """f(p) = sum(a sin p) + (sum a p)**2 / 2: its gradient, in one and the same array; its Hessian."""

    def __init__(self, a):
        self.a, self.grad = a, np.empty(a.shape)

    def __call__(self, p):
        """The gradient at p."""
        self.grad[...] = self.a * np.cos(p) + self.a * np.sum(self.a * p)
        return self.grad

    def times(self, x, v):
        """The Hessian at x times v, exactly."""
        return -self.a * np.sin(x) * v + self.a * np.sum(self.a * v)


@exercise(
    "x: N D, v: N D, u: N D, a: N D, h -> Hv: N D, Hu: N D, Hv_with_h: N D, H_times_0: N D",
    points=3,
    given={"h": draws.number(0.05, 0.2)},
    cases=[
        case("a long vector", v=draws.normal_like("a", 1e6)),
        case("a short vector", v=draws.normal_like("a", 1e-9)),
    ],
    words={
        "Hu": "Hv of another v",
        "Hv_with_h": "Hv with another h",
        "H_times_0": "Hv of a v of zeros",
        "u": "another v",
        "a": "the constants in the function",
    },
    checks=[Dimensions(0.5), ..., Reference(1, tolerance=1e-6)],
)
def hessian_vector_product(student, x, v, u, a, h):
    """Of a function whose Hessian is known: two vectors, another step, and a vector of zeros."""
    return {
        "Hv": student.hessian_vector_product(Wavy(a), x, v),
        "Hu": student.hessian_vector_product(Wavy(a), x, u),
        "Hv_with_h": student.hessian_vector_product(Wavy(a), x, v, h),
        "H_times_0": student.hessian_vector_product(Wavy(a), x, np.zeros_like(v)),
    }


@property_of(hessian_vector_product, "The Hessian is symmetric", 0.5)
def hessian_is_symmetric(ask):
    inputs, out = ask()
    left, right = np.sum(inputs["u"] * out["Hv"]), np.sum(inputs["v"] * out["Hu"])
    if not abs(left - right) <= 1e-6 * max(abs(left), abs(right), 1.0):
        return f"a Hessian is symmetric, so u . Hv = v . Hu; yours give {left:.6g} and {right:.6g}."


@property_of(hessian_vector_product, "Vectors of every length", 1)
def agrees_with_the_hessian(ask):
    for length in (1.0, 1e5, 1e-8):
        inputs = ask.draw()
        v = length * inputs["v"]
        _, out = ask(inputs, v=v)
        exact = Wavy(inputs["a"]).times(inputs["x"], v)
        if not close(out["Hv"] / length, exact / length, 1e-6):
            return f"for a vector of length {np.linalg.norm(v):.2g} your Hv is not the Hessian times v."
    exact = Wavy(inputs["a"]).times(inputs["x"], inputs["v"])
    near, far = (np.linalg.norm(ask(inputs, h=h)[1]["Hv_with_h"] - exact) for h in (0.1, 0.2))
    if not 3.5 < far / max(near, 1e-300) < 4.5:
        return "twice the step h must leave four times the error, as h**2 says."
