"""The same in torch: softmax regression on any device, in any precision, without waiting."""

import numpy as np

from autograder import case, devices, draws, exercise, must, property_of
from autograder.checks import AllowedMeans, Dimensions, Property, Reference, Task, Training, close
from autograder.checks.training import deterministic, precision_agrees
from coursekit.exercises.digits import digits_with_bias
from coursekit.exercises.tensors import array

from .shared import probabilities


@exercise(
    "X: N D, y: N int<C, X_new: M D, num_classes: int, steps: int, batch_size: int, learning_rate, "
    "reg,"
    " seed: int, device: str, precision: str, watched: bool"
    " -> W: D C, b: C, losses: T, scores: M C, keeps_dtype: bool, reads: int, tensors_kept: int",
    points=5,
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
            X_new=lambda rng, inputs: rng.standard_normal((7, 6)),
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
        Reference(1.5, ("W", "b", "losses", "scores"), tolerance=1e-9),
        Reference(0.25, ("keeps_dtype",), title="The dtype of X"),
    ],
)
def softmax_regression_torch(
    student,
    X,
    y,
    X_new,
    num_classes,
    steps,
    batch_size,
    learning_rate,
    reg,
    seed,
    device,
    precision,
    watched,
):
    """In float64; where a precision is named, in float32 or mixed; watched, reads and tensors count."""
    import torch

    where, fit = devices.device(device), student.softmax_regression_torch
    if precision:
        X, X_new = X.astype(np.float32), X_new.astype(np.float32)
    data, settings = (X, y, num_classes), (steps, batch_size, learning_rate, reg, seed)
    given, run = (*data, *settings, where, precision or "float32"), devices.Observed()
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
    inputs, out = ask(steps=60, batch_size=50, learning_rate=0.3, reg=0.0)
    C, losses = int(inputs["num_classes"]), out["losses"]
    must(
        close(losses[0], np.log(C), 1e-6),
        f"all weights start at 0, so the first loss must be ln {C} = {np.log(C):.4g}; yours is "
        f"{losses[0]:.4g}.",
    )
    must(
        losses[-10:].mean() < losses[:10].mean(),
        "a few examples must be learnt in 60 steps; "
        f"the loss goes from {losses[0]:.4g} to {losses[-1]:.4g}.",
    )


def fitted_with_numpy(X, y, num_classes, steps, batch_size, learning_rate, reg, seed, **rest):
    """W and b after the same steps on the same mini-batches, with the gradient written by hand."""
    import torch

    drawing = torch.Generator().manual_seed(seed)
    batches = torch.randint(len(X), (steps, batch_size), generator=drawing).numpy()
    W, b = np.zeros((X.shape[1], num_classes)), np.zeros(num_classes)
    for rows in batches:
        error = probabilities(X[rows] @ W + b) - np.eye(num_classes)[y[rows]]
        slope = X[rows].T @ error / batch_size + 2 * reg * W
        W, b = W - learning_rate * slope, b - learning_rate * error.mean(axis=0)
    return {"W": W, "b": b}


@property_of(softmax_regression_torch, "NumPy says the same", 0.75)
def numpy_says_the_same(ask):
    inputs, out = ask()
    for name, wanted in fitted_with_numpy(**inputs).items():
        must(
            close(out[name], wanted, 1e-9),
            f"after {inputs['steps']} steps in float64 your {name} and one computed with NumPy are "
            "not the same.",
        )


softmax_regression_torch.checks += [
    Property("The seed decides", deterministic("losses"), share=0.25),
    Property("In bfloat16, too", precision_agrees("losses", steps=40, reg=0.01), share=0.5),
]


@property_of(softmax_regression_torch, "Nothing is read or kept", 0.5)
def nothing_is_read_or_kept(ask):
    """The loop hands out orders and takes nothing back, and no step leaves anything behind."""
    _, out = ask(steps=60, watched=True)
    reads, kept = int(out["reads"]), int(out["tensors_kept"])
    must(
        not reads,
        f"in 60 steps tensors are read into Python {reads} times (.item(), float(...), if ..., "
        ".cpu()): "
        "an accelerator waits each time.",
    )
    must(
        kept <= 12,  # W, b and losses, and perhaps their gradients and an optimiser's
        f"after 60 steps {kept} tensors stay alive: memory grows (losses with their graphs?).",
    )


def digits_to_learn(rng, device):
    """Digits under new names, in float32; the labels of those not seen stay here."""
    X, y = digits_with_bias()
    X, names, order = X[:, :-1].astype(np.float32), rng.permutation(10), rng.permutation(len(y))
    known, held_out = order[: 1400 if device else 1000], order[1400:]
    inputs = {"X": X[known], "y": names[y[known]], "X_new": X[held_out], "num_classes": 10}
    steps = {"steps": 1500 if device else 250, "batch_size": 100, "learning_rate": 0.3, "reg": 1e-4}
    words = {"seed": draws.seed(rng, {}), "device": device, "precision": "float32"}
    return Task({**inputs, **steps, **words, "watched": False}, names[y[held_out]])


softmax_regression_torch.checks += [
    Training(digits_to_learn, at_least=0.85, share=0.75, title="Learns the digits"),
]
