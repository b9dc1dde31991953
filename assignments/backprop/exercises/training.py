"""Training: learning a few examples by heart, and batches that do not fit."""

from typing import Any

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises.digits import digits
from coursekit.exercises.params import params_in_words

from .shared import FOLDED, FoldedNet

# --- by heart -----------------------------------------------------------------------------------


@exercise(
    f"{FOLDED}, learning_rate, num_steps: int, own_network: bool"
    " -> losses: T, accuracy, A_after: D H, c_after: H, V_after: H C, arrays_kept: bool, told: bool,"
    " known",
    points=3,
    inside=True,
    given={
        "y": draws.every_class("C"),
        "A": draws.normal("D", "H", scale=0.3),
        "V": draws.normal("H", "C", scale=0.3),
        "learning_rate": draws.number(0.02, 0.05),
        "num_steps": draws.size("T"),
        "own_network": draws.always(False),
    },
    sizes={"T": (15, 25), "N": (8, 14)},
    cases=[case("one step", sizes={"T": 1})],
    words={
        **params_in_words("A", "c", "V", of="model.params"),
        "losses": "loss_history",
        "told": "whether every loss returned is one that model.loss gave",
        "known": "the part of the examples that the model knows in the end",
        "arrays_kept": "whether the arrays that model.params held are left as they were",
        "own_network": "on your own TwoLayerNet",
    },
    checks=[Dimensions(0.5), ..., Reference(1)],
)
def overfit_small(student, X, y, A, c, V, learning_rate, num_steps, own_network):
    """On a model of this file's own; or on the answer's TwoLayerNet."""
    if own_network:
        sizes, rng = (X.shape[1], 50, int(y.max()) + 1), np.random.default_rng(0)
        model = student.TwoLayerNet(*sizes, weight_scale=0.1, rng=rng)
    else:
        model = FoldedNet(A, c, V, reg=1e-3)
    given, held, told = {"A": A, "c": c, "V": V}, dict(model.params), []
    loss_of = model.loss

    def listened(X, y=None):
        said = loss_of(X, y)
        told.extend([] if y is None else [float(said[0])])
        return said

    model.loss = listened
    losses, accuracy = student.overfit_small(model, X, y, learning_rate, num_steps)
    losses = np.array(losses, dtype=float)
    in_the_end: Any = loss_of(X)
    known = [int(label == np.argmax(row)) for row, label in zip(in_the_end, y, strict=True)]
    kept = own_network or all(np.array_equal(held[name], value) for name, value in given.items())
    return {
        **{"losses": losses, "accuracy": accuracy, "arrays_kept": kept},
        **{"told": {*losses.ravel().tolist()} <= {*told}, "known": float(np.mean(known))},
        **{f"{name}_after": np.array(model.params.get(name, one)) for name, one in given.items()},
    }


@property_of(overfit_small, "One step downhill", 0.5)
def one_step_downhill(ask):
    inputs, out = ask(num_steps=1)
    model = FoldedNet(inputs["A"], inputs["c"], inputs["V"], reg=1e-3)
    loss, grads = model.loss(inputs["X"], inputs["y"])
    if not close(out["losses"], [loss]):
        return "after one step loss_history must hold the loss before the step, and nothing else."
    for name, grad in grads.items():
        if not close(out[f"{name}_after"], inputs[name] - inputs["learning_rate"] * grad):
            return f"one step must move every parameter by -learning_rate times its gradient; {name} moves otherwise."
    if not out["arrays_kept"]:
        return "the parameters' arrays are changed in place; put new ones into model.params."


@property_of(overfit_small, "50 digits by heart", 1)
def learns_by_heart(ask):
    """Fifty digits, two hundred steps: a network that cannot learn them by heart has a bug."""
    X, y = digits()
    some = ask.rng.choice(len(y), 50, replace=False)
    _, out = ask(X=X[some], y=y[some], learning_rate=0.5, num_steps=200, own_network=True)
    losses, accuracy = out["losses"], float(out["accuracy"])
    if not out["told"]:
        return "loss_history must hold what model.loss said at each step; yours holds others."
    if not close(accuracy, out["known"]):
        return f"the model knows {out['known']:.0%} of the digits in the end, not {accuracy:.0%}."
    if losses.shape != (200,):
        return f"loss_history must hold the loss of each of 200 steps; it holds {losses.size}."
    if not abs(losses[0] - np.log(10)) < 0.5:
        return f"your TwoLayerNet must start near log 10 = 2.3; the first loss is {losses[0]:.4g}."
    if not (losses[-1] < 0.1 and accuracy == 1):
        return (
            f"200 steps must teach your TwoLayerNet 50 digits by heart; it knows {accuracy:.0%} of them, "
            f"and the loss is {losses[-1]:.3g}."
        )


# --- batches that do not fit --------------------------------------------------------------------


@exercise(
    f"{FOLDED}, reg, shard_size: int -> loss, dA: D H, dc: H, dV: H C, shards: int, largest: int, seen: int",
    points=2,
    given={"shard_size": draws.always(4)},
    sizes={"N": (13, 15)},
    cases=[
        case("shards that divide the batch", sizes={"N": 12}),
        case("one example at a time", shard_size=1),
        case("one shard for all", shard_size=100),
        case("strong regularisation", reg=2.5),
    ],
    words={
        **params_in_words("A", "c", "V", of="the model's params"),
        "reg": "the model's reg",
        "shards": "the number of calls of loss_fn",
        "largest": "the number of examples in the largest shard",
        "seen": "the number of examples that loss_fn sees",
    },
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def gradient_accumulate(student, X, y, A, c, V, reg, shard_size):
    """On a model of this file's own, which hands out the same arrays each time."""
    handed = {"A": np.empty_like(A), "c": np.empty_like(c), "V": np.empty_like(V)}
    sizes = []

    def loss_fn(X_shard, y_shard):
        sizes.append(len(X_shard))
        loss, grads = FoldedNet(A, c, V, reg).loss(X_shard, y_shard)
        for name, grad in grads.items():
            handed[name][...] = grad
        return loss, dict(handed)

    loss, grads = student.gradient_accumulate(loss_fn, X, y, shard_size)
    return {
        "loss": loss,
        **{f"d{name}": np.array(grads[name]) for name in handed},
        **{"shards": len(sizes), "largest": max(sizes), "seen": sum(sizes)},
    }


@property_of(gradient_accumulate, "As if in one piece", 0.75)
def equals_the_whole(ask):
    inputs, out = ask()
    _, whole = ask(inputs, shard_size=1000)
    shards = f"{len(inputs['X'])} examples in shards of {int(inputs['shard_size'])}"
    for name in ("loss", "dA", "dc", "dV"):
        same = close(out[name], whole[name])
        said = gradient_accumulate.said(name)
        must(same, f"{shards} give another {said} than all of them in one.")
