"""The same in torch: softmax regression on any device, in any precision, without waiting."""

import numpy as np

from autograder import case, devices, draws, exercise, must, property_of
from autograder.checks import AllowedMeans, Dimensions, Reference, Task, Training, close
from autograder.checks.training import deterministic, precision_agrees
from coursekit.exercises.digits import digits_in_disguise
from coursekit.exercises.tensors import array


def digits_to_learn(rng, device):
    """Digits in disguise, in float32; the labels of those not seen stay here."""
    X, y = digits_in_disguise(rng)
    X, order = X[:, :-1].astype(np.float32), rng.permutation(len(y))
    known, held_out = order[: 1400 if device else 1000], order[1400:]
    inputs = {"X": X[known], "y": y[known], "X_new": X[held_out], "num_classes": 10}
    steps = {"steps": 1500 if device else 250, "batch_size": 100, "learning_rate": 0.3, "reg": 1e-4}
    words = {"seed": draws.seed(rng, {}), "device": device, "precision": "float32"}
    return Task({**inputs, **steps, **words, "watched": False}, y[held_out])


@exercise(
    "X: N D, y: N int<C, X_new: M D, num_classes: int, steps: int, batch_size: int, learning_rate, "
    "reg,"
    " seed: int, device: str, precision: str, watched: bool"
    " -> W: D C, b: C, losses: T, scores: M C, keeps_dtype: bool, reads: int, tensors_kept: int",
    points=4,
    inside=True,
    given={
        "num_classes": draws.size("C"),
        "steps": draws.size("T"),
        "batch_size": draws.whole(3, 5),
        "learning_rate": draws.number(0.2, 0.5),
        "seed": draws.seed,
        "watched": draws.always(False),
    },
    sizes={"N": (12, 20), "T": (4, 6)},
    cases=[
        case("no regularisation", reg=0.0),
        case("strong regularisation", reg=2.5, learning_rate=0.05),
        case("two classes", sizes={"C": 2}),
        case("one step", sizes={"T": 1}),
        case(
            "examples of very different size",
            sizes={"D": 6, "M": 7},
            X=lambda rng, inputs: 30 * rng.standard_normal((len(inputs["y"]), 6)),
            X_new=draws.normal(7, 6),
        ),
    ],
    seconds=60,
    accelerated=True,
    words={
        "scores": "the scores X W + b of other examples",
        "keeps_dtype": "whether W, b and losses have the dtype of X",
        "reads": "how often a number is read back from the device",
        "tensors_kept": "the number of tensors that stay alive",
        "X_new": "other examples",
        "watched": "whether reads are counted",
    },
    checks=[
        AllowedMeans(allowed=("torch",)),
        Dimensions(0.25),
        Reference(1, ("W", "b", "losses", "scores"), tolerance=1e-9),
        Reference(0.25, ("keeps_dtype",), title="The dtype of X"),
        ...,
        Training(digits_to_learn, at_least=0.85, share=0.5, title="Learns the digits"),
    ],
)
def softmax_regression_torch(student, X, y, X_new, device, precision, watched, **settings):
    """In float64; where a precision is named, in float32 or mixed; watched, reads and tensors count."""
    import torch

    where, fit = devices.device(device), student.softmax_regression_torch
    if precision:
        X, X_new = X.astype(np.float32), X_new.astype(np.float32)
    given = (X, y, *settings.values(), where, precision or "float32")
    run = devices.Observed()
    if watched:
        with devices.observed(where) as run:
            W, b, losses = fit(*given)
    else:
        W, b, losses = fit(*given)
    fitted = W, b, losses
    if not all(isinstance(one, torch.Tensor) for one in fitted):
        raise TypeError("W, b and losses must be tensors")
    there = torch.from_numpy(X_new).to(where)
    return {
        **{"W": array(W), "b": array(b), "losses": array(losses)},
        "scores": array(there.to(W.dtype) @ W.detach() + b.detach()),
        "keeps_dtype": {one.dtype for one in fitted} == {torch.from_numpy(X).dtype},
        **{"reads": run.synchronisations, "tensors_kept": run.tensors_kept},
    }


@property_of(softmax_regression_torch, "Starts at ln C, and falls", 0.25)
def first_loss_is_log_C(ask):
    """From weights that are 0, whatever reg is; and it falls."""
    did_the_training(ask)
    inputs, out = ask(steps=60, batch_size=50, learning_rate=0.3, reg=0.0)
    C, losses = int(inputs["num_classes"]), out["losses"]
    if not close(losses[0], np.log(C), 1e-6):
        return (
            f"all weights start at 0, so the first loss must be ln {C} = {np.log(C):.4g}; yours is "
            f"{losses[0]:.4g}."
        )
    if not losses[-10:].mean() < losses[:10].mean():
        return (
            "a few examples must be learnt in 60 steps; "
            f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g}."
        )


def did_the_training(ask):
    """Of two classes, with one example again and again: each loss tells the gap between its scores.

    A loss is -ln p, and a step widens the gap by what can be said of 1 - p; in the end the gap is that
    of the weights.
    """
    x, rate = ask.rng.standard_normal(4), float(ask.rng.uniform(0.1, 0.3))
    alike = {"X": np.tile(x, (6, 1)), "y": np.zeros(6, dtype=int), "num_classes": 2}
    _, out = ask(**alike, X_new=x[None], steps=5, learning_rate=rate, reg=0.0)
    losses = out["losses"]
    must(losses.shape == (5,), f"5 steps must leave 5 losses, not {losses.size}.")
    with np.errstate(all="ignore"):
        gaps, widened = -np.log(np.expm1(losses)), -2 * rate * (x @ x + 1) * np.expm1(-losses)
    (first, second), after = out["scores"][0], gaps + widened
    must(
        close([0.0, *after], [*gaps, first - second], 1e-6),
        "for one example again and again the losses must be those of the weights, step by step, and W "
        "and b those after the last step; yours do not fit together.",
    )


@property_of(softmax_regression_torch, "The losses are the weights' own", 0.5)
def losses_of_the_weights(ask):
    """And what pushes one class up pushes the others down: W and b stay balanced, shrunk or not."""
    did_the_training(ask)
    _, out = ask(steps=7)
    for name, sums in (("W", out["W"].sum(axis=1)), ("b", out["b"].sum(keepdims=True))):
        if not close(sums, np.zeros(len(sums))):
            return (
                f"from 0, steps push the classes up and down by equal sums: those of {name} over the "
                "classes must stay 0."
            )
    alone = out_of_reach(ask)
    must(not alone.any(), "what no example has, a feature of 0, must leave its row of W at 0.")


@property_of(softmax_regression_torch, "The price of large weights", 0.25)
def price_of_large_weights(ask):
    """What reg adds at the second step, to the loss and, as Euler says of squares, to the slope."""
    inputs = ask.draw(reg=0.0, steps=2)
    reg, rate = float(ask.rng.uniform(0.5, 2)), float(inputs["learning_rate"])
    first, free, priced = ask.all([{**inputs, "steps": 1}, inputs, {**inputs, "reg": reg}])
    price = priced["losses"][-1] - free["losses"][-1]
    if not close(price, reg * np.linalg.norm(first["W"]) ** 2, 1e-6):
        return f"reg = {reg:.3g} must add {reg:.3g} times the sum of all squared weights to a loss."
    if not (
        close(np.vdot(free["W"] - priced["W"], first["W"]), 2 * rate * price, 1e-6)
        and close(free["b"], priced["b"], 1e-6)
    ):
        return (
            "reg must add the gradient of reg * sum(W**2) to that of W, and nothing to that of b."
        )


def out_of_reach(ask):
    """The row of W that belongs to a feature of 0."""
    inputs = ask.draw()
    inputs["X"][:, 1] = 0.0
    return ask(inputs)[1]["W"][1]


def after_training(holds):
    """A fact about a training run, asked once it is clear that there was one."""

    def fact(ask):
        did_the_training(ask)
        return holds(ask.trial)

    return fact


precise = precision_agrees("losses", steps=40, reg=0.01)
for title, share, holds in (
    ("The seed decides", 0.25, deterministic("losses")),
    ("In bfloat16, too", 0.25, precise),
):
    property_of(softmax_regression_torch, title, share)(after_training(holds))


@property_of(softmax_regression_torch, "Nothing is read or kept", 0.5)
def nothing_is_read_or_kept(ask):
    """The loop hands out orders and takes nothing back, and no step leaves anything behind."""
    did_the_training(ask)
    _, out = ask(steps=60, watched=True)
    reads, kept = int(out["reads"]), int(out["tensors_kept"])
    if reads:
        return (
            f"in 60 steps tensors are read into Python {reads} times (.item(), float(...), if ..., "
            ".cpu()): an accelerator waits each time."
        )
    must(
        kept <= 12,  # W, b and losses, and perhaps their gradients and an optimiser's
        f"after 60 steps {kept} tensors stay alive: memory grows (losses with their graphs?).",
    )
