"""A training loop in PyTorch: modes and gradients, precision, what waits and what is kept."""

from contextlib import nullcontext

import numpy as np

from autograder import case, devices, draws, exercise, must, property_of
from autograder.checks import Contest, Dimensions, Reference, Training
from autograder.checks.training import (
    deterministic,
    keeps_nothing,
    no_synchronisation,
    precision_agrees,
)
from coursekit.exercises.refusals import refuses

from .digits import digits_in_clutter, digits_to_tell_apart
from .observed import Watched
from .shared import TORCH


def small_network(C, L, seed):
    """Two convolutions, one of them normalised, a maximum over the image, and a classifier."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    return nn.Sequential(
        *(nn.Conv2d(C, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.AdaptiveMaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(64, L)),
    )


def number(one):
    """A float, also of a tensor that still keeps its graph."""
    return float(one.detach() if hasattr(one, "detach") else one)


def batches(images, labels, size):
    """Neighbouring examples together; the last batch may be smaller."""
    import torch

    images = torch.from_numpy(images.astype(np.float32))
    labels = torch.from_numpy(np.asarray(labels, dtype=np.int64))
    return [(images[k : k + size], labels[k : k + size]) for k in range(0, len(images), size)]


@exercise(
    "images: N C H W, labels: N int<L, held_out: M C H W, held_labels: M int<L, batch: int, "
    "epochs: int, learning_rate, seed: int, device: str, precision: str, observe: bool "
    "-> losses: any, val_accuracy: any, plain_numbers: bool, scores: M L, modes_right: bool, "
    "gradients_right: bool, ends_in_evaluation: bool, lower_precision: bool, scaled: bool, "
    "parameters_in_float32: bool, synchronisations: int, tensors_kept: int, refuses: bool, "
    "losses_told: bool, knows_told: bool, steps: int",
    points=6,
    inside=True,
    given={
        **{"labels": draws.every_class("L"), "batch": draws.whole(4, 5)},
        **{"epochs": draws.whole(2, 3), "learning_rate": draws.number(0.05, 0.1)},
        **{"seed": draws.seed, "observe": draws.always(False)},
    },
    sizes={**{"N": (11, 14), "C": (1, 3), "H": (5, 8)}, **{"W": (5, 9), "M": (6, 10), "L": (3, 4)}},
    cases=[
        case("bfloat16", precision="bfloat16"),
        case("float16", precision="float16"),
        # more batches to train on than to validate with: reads in one are not those in the other
        case("every read counted", sizes={"N": 14, "M": 6}, batch=3, observe=True),
    ],
    seconds=60.0,
    accelerated=True,
    words={
        "losses": 'history["train_loss"]',
        "val_accuracy": 'history["val_accuracy"]',
        "losses_told": "whether every loss is that of what the model put out",
        "knows_told": "whether every accuracy is that of what the model put out",
        "steps": "the number of steps of the optimizer",
        "plain_numbers": "whether history holds plain floats",
        "modes_right": "whether the model is in the right mode in each call",
        "gradients_right": "whether gradients are recorded in training only",
        "ends_in_evaluation": "whether the model ends in evaluation mode",
        "lower_precision": "whether scores are computed in the precision asked for",
        "scaled": "whether the loss is scaled",
        "parameters_in_float32": "whether the parameters stay in float32",
        "synchronisations": "how often a number is read back from the device",
        "tensors_kept": "the number of tensors that stay alive",
        "refuses": "whether another precision is refused",
        "held_out": "the validation images",
        "held_labels": "the validation labels",
        "learning_rate": "the learning rate",
        "observe": "whether every read is counted",
    },
    checks=[
        Dimensions(0.5),
        ...,
        Reference(1, tolerance=1e-2),
        Training(
            digits_to_tell_apart,
            at_least=0.6,
            share=1,
            title="Learns digits",
            ranked=True,
            contest=Contest(digits_in_clutter, "accuracy on digits in clutter"),
        ),
        TORCH,
    ],
)
def train_cnn(
    student, images, labels, held_out, held_labels,
    batch, epochs, learning_rate, seed, device, precision, observe,
):  # fmt: skip
    """A small network, watched while it is trained; then its scores for what was held out.

    Observing takes its time.
    """
    import torch

    where, precision = devices.device(device), precision or "float32"
    loaders = train, val = batches(images, labels, batch), batches(held_out, held_labels, 4)
    model = small_network(images.shape[1], int(labels.max()) + 1, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    with devices.observed(where) if observe else nullcontext(devices.Observed()) as run:
        watched = Watched(model, run)
        counted = optimizer.register_step_post_hook(watched.step_taken)
        history = student.train_cnn(
            model, optimizer, loaders, epochs, device=where, precision=precision
        )
        ends_in_evaluation = not model.training
        optimizer.zero_grad()
        optimizer.state.clear()
        counted.remove()
        watched.stop()
    modes = ([True] * len(train) + [False] * len(val)) * epochs
    said = told(history)
    losses_told, knows_told = watched.fits(said["losses"], said["val_accuracy"], loaders, epochs)
    scores = scores_of(model.float().eval(), held_out, where, batch)
    fresh = small_network(images.shape[1], int(labels.max()) + 1, seed).to(where)
    same = losses_told and knows_told and watched.training == modes and watched.only_steps
    return {
        **said,
        **{"losses_told": losses_told, "knows_told": knows_told, "steps": watched.steps},
        **watched.report(modes, getattr(torch, precision)),
        "ends_in_evaluation": ends_in_evaluation,
        "parameters_in_float32": all(one.dtype == torch.float32 for one in model.parameters()),
        "tensors_kept": run.tensors_kept,
        "scores": scores,
        "parameters": sum(one.numel() for one in model.state_dict().values()),
        "genuine": bool(same and scores_again(fresh, model, held_out, where, batch, scores)),
        "refuses": refuses(student.train_cnn, model, optimizer, loaders, 1, precision="int8"),
    }


def told(history):
    """The history as arrays, and whether it consists of plain floats."""
    losses, accuracies = history["train_loss"], history["val_accuracy"]
    return {
        "losses": np.array([number(one) for one in losses]),
        "val_accuracy": np.array([number(one) for one in accuracies]),
        "plain_numbers": all(isinstance(one, float) for one in (*losses, *accuracies)),
    }


def scores_of(model, images, where, size):
    """The scores of a model for images, in float64; as many at a time as in training, which is
    what the memory of the device is judged by.
    """
    import torch

    images = torch.from_numpy(images.astype(np.float32))
    with torch.no_grad():
        scores = [model(part.to(where)).cpu() for part in images.split(size)]
    return torch.cat(scores).numpy().astype(float)


def scores_again(fresh, model, images, where, size, scores):
    """Whether an untouched network with the numbers of the trained one gives the same scores."""
    try:
        fresh.load_state_dict(model.state_dict())
    except RuntimeError:  # other layers, or more of them
        return False
    again = scores_of(fresh.eval(), images, where, size)
    return np.allclose(again, scores, rtol=0.0, atol=1e-2 * np.abs(again).max())


def trained(ask, **asked):
    """What a run gives in which there was training: a step for each loss, and losses of the model."""
    inputs, out = ask(**asked)
    batches = -(-len(inputs["images"]) // int(inputs["batch"])) * int(inputs["epochs"])
    must(
        0 < out["steps"] <= batches == len(out["losses"]),  # float16 may leave out a few
        f"{batches} batches must leave as many losses and steps of the optimizer; yours leave "
        f"{len(out['losses'])} and {int(out['steps'])}.",
    )
    must(
        out["losses_told"] and out["knows_told"],
        "the history must hold the loss and the accuracy of what the model put out in that very call; "
        "yours holds other numbers.",
    )
    return out


@property_of(train_cnn, "Modes and gradients", 0.75)
def lectures_of_a_loop(ask):
    out = trained(ask)
    if not out["modes_right"]:
        return (
            "each step must see the model in training mode, each validation batch in evaluation mode, "
            "once an epoch."
        )
    recorded = out["gradients_right"]
    must(recorded, "in validation no gradients may be recorded; in a step they must be.")
    must(out["ends_in_evaluation"], "the model must be left in evaluation mode.")
    if not out["plain_numbers"]:
        return "the history must hold plain floats, no tensors: these keep what they were computed from."
    must(out["refuses"], "a precision that does not exist must raise ValueError.")


@property_of(train_cnn, "Mixed precision", 0.75)
def precision_is_lowered(ask):
    """And in float16 the loss is scaled, whereas the parameters stay as they are."""
    for precision in ("float32", "bfloat16", "float16"):
        out = trained(ask, precision=precision)
        said = f'with precision "{precision}"'
        must(out["lower_precision"], f"{said} the first convolution must put out {precision}.")
        must(out["parameters_in_float32"], f"{said} the parameters must stay in float32.")
        right = bool(out["scaled"]) == (precision == "float16")
        verb = "must" if precision == "float16" else "need not"
        must(right, f"{said} the loss {verb} be scaled before its gradient is taken.")
        must(np.isfinite(out["losses"]).all(), f"{said} the losses must be finite.")


def after_training(holds):
    """A fact about a training run, asked once it is clear that there was one."""

    def fact(ask):
        trained(ask)
        return holds(ask.trial)

    return fact


precise = precision_agrees("losses", within=0.25, learning_rate=0.02)
for title, holds in (
    ("bfloat16 ends where float32 does", precise),
    ("The same again", deterministic("losses")),
    ("No step waits for the device", no_synchronisation(observe=True)),
    ("Nothing is kept", keeps_nothing(observe=True)),
):
    property_of(train_cnn, title, 0.5)(after_training(holds))
