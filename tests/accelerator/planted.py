"""Answers that are right on a processor and wrong on a card, each in one way; and those that only
look so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

functional = nn.functional


def train_cnn(fault: str) -> Callable[..., Any]:
    """A training loop with one fault, or none."""

    def train(
        model: Any, optimizer: Any, loaders: Any, epochs: int, device: Any = "cpu",
        precision: str = "float32",
    ) -> dict[str, list[float]]:  # fmt: skip
        if precision not in ("float32", "bfloat16", "float16"):
            raise ValueError(precision)
        where = torch.device(fault if fault.startswith("cuda") else device)
        dtype = getattr(torch, precision)
        scaler = torch.amp.GradScaler(
            where.type, enabled=dtype is torch.float16 and fault != "float16 unscaled"
        )
        if fault == "buffers left behind":
            for parameter in model.parameters():
                parameter.data = parameter.data.to(where)
        else:
            model.to(where)
        train, val = loaders
        if fault == "workers move batches":
            train = torch.utils.data.DataLoader(
                Moving(train, where), batch_size=None, num_workers=1
            )
        noise = torch.Generator()
        noise.seed()
        told: dict[str, list[Any]] = {"train_loss": [], "val_accuracy": []}
        for _ in range(epochs):
            model.train()
            losses: list[Any] = []
            held: list[Any] = []
            for images, labels in train:
                images, labels = images.to(where), labels.to(where)
                if fault == "noise":
                    images = images + 0.01 * torch.randn(images.shape, generator=noise).to(where)
                with torch.autocast(where.type, dtype, enabled=dtype is not torch.float32):
                    scores = model(images)
                    loss = functional.cross_entropy(scores, labels)
                if fault != "gradients kept":
                    optimizer.zero_grad()
                scaler.scale(loss).backward(retain_graph=fault in ("graphs kept", HELD))
                scaler.step(optimizer)
                scaler.update()
                if fault == MASK:
                    scores.detach()[scores.argmax(1) != labels].sum()
                if fault == HELD:
                    held.append(loss)
                if fault == "read by .cpu()":
                    loss = loss.cpu()
                losses.append(
                    loss.item()
                    if fault == "read by .item()"
                    else loss
                    if fault == "graphs kept"
                    else loss.detach()
                )
            model.eval()
            with torch.no_grad(), torch.autocast(
                where.type, dtype, enabled=dtype is not torch.float32
            ):  # fmt: skip
                hits = [(model(x.to(where)).argmax(1) == y.to(where)).sum() for x, y in val]
            if fault == "graphs kept":
                model.__dict__.setdefault("kept", []).extend(losses)
            told["train_loss"] += [float(one) for one in losses]
            told["val_accuracy"].append(float(sum(hits)) / sum(len(y) for _, y in val))
        return told

    return train


class Moving(torch.utils.data.Dataset):
    """Batches that a worker moves to the device."""

    def __init__(self, batches: Any, where: torch.device) -> None:
        self.batches, self.where = batches, where

    def __len__(self) -> int:
        return len(self.batches)

    def __getitem__(self, k: int) -> Any:
        if k >= len(self):
            raise IndexError(k)
        return tuple(one.to(self.where) for one in self.batches[k])


def regression(fault: str) -> Callable[..., Any]:
    """A softmax regression with one fault, or none."""

    def train(
        X: Any, y: Any, num_classes: int, steps: int, batch_size: int, learning_rate: float,
        reg: float, seed: int, device: Any, precision: str = "float32",
    ) -> Any:  # fmt: skip
        drawn = torch.Generator().manual_seed(seed)
        batches = torch.randint(len(X), (steps, batch_size), generator=drawn).to(device)
        X, y = torch.from_numpy(X).to(device), torch.from_numpy(y).to(device)
        made = "cpu" if fault else device
        W = torch.zeros(X.shape[1], num_classes, dtype=X.dtype, device=made, requires_grad=True)
        b = torch.zeros(num_classes, dtype=X.dtype, device=made, requires_grad=True)
        optimizer = torch.optim.SGD([W, b], learning_rate)
        if fault == "an optimizer made before the move":
            W, b = W.to(device), b.to(device)
        losses = torch.zeros(steps, dtype=X.dtype, device=device)
        for step, batch in enumerate(batches):
            with torch.autocast(
                device.type, torch.bfloat16, enabled=precision == "bfloat16"
            ):  # fmt: skip
                loss = functional.cross_entropy(X[batch] @ W + b, y[batch]) + reg * (W * W).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses[step] = loss.detach()
        return W.detach(), b.detach(), losses

    return train


@dataclass(frozen=True)
class Planted:
    """An answer, the check that must fail it, and words of what it must say. ``training``: by the
    training, which is on the accelerator; else by a property, asked there. ``falls``: whether the
    loss is asked to fall in the few steps of a test.
    """

    exercise: str
    answer: Callable[..., Any]
    check: str
    words: str
    training: bool = False
    falls: bool = True


MASK = "a mask in every step"
HELD = "graphs held until the epoch is over"
WAITS, DIGITS = "No step waits for the device", "Learns digits"
PLANTED = {
    'a device by name: "cuda"': Planted(
        "train_cnn", train_cnn("cuda"), DIGITS, 'there is no "cuda" on this machine', True
    ),
    'a device by name: "cuda:0"': Planted(
        "train_cnn", train_cnn("cuda:0"), DIGITS, 'there is no "cuda" on this machine', True
    ),
    "tensors left on the processor": Planted(
        "softmax_regression_torch",
        regression("left on the processor"),
        "Learns the digits",
        "some tensors are on one device and some on another",
        True,
    ),
    ".item() in every step": Planted(
        "train_cnn", train_cnn("read by .item()"), WAITS, "read into Python"
    ),
    ".cpu() in every step": Planted(
        "train_cnn", train_cnn("read by .cpu()"), WAITS, "read into Python"
    ),
    MASK: Planted("train_cnn", train_cnn(MASK), WAITS, "x[mask]"),
    "a model moved and its buffers not": Planted(
        "train_cnn", train_cnn("buffers left behind"), DIGITS, "the running mean of a layer", True
    ),
    "nondeterminism": Planted("train_cnn", train_cnn("noise"), "The same again", "same seed"),
    "float16 without loss scaling": Planted(
        "train_cnn", train_cnn("float16 unscaled"), "Mixed precision", "the loss must be scaled"
    ),
    "an optimizer made before the move": Planted(
        "softmax_regression_torch",
        regression("an optimizer made before the move"),
        "Learns the digits",
        "does the optimizer change the very tensors",
        True,
    ),
    "gradients kept between steps": Planted(
        "train_cnn", train_cnn("gradients kept"), "Right values", "clear the gradients"
    ),
    "memory that grows step by step": Planted(
        "train_cnn", train_cnn("graphs kept"), "Nothing is kept", "stay alive"
    ),
    "memory that is free again when somebody looks": Planted(
        "train_cnn",
        train_cnn(HELD),
        DIGITS,
        "times the reference's memory on the device",
        training=True,
        falls=False,
    ),
    "workers of a DataLoader touch the device": Planted(
        "train_cnn", train_cnn("workers move batches"), DIGITS, "a worker of a DataLoader", True
    ),
}
HONEST = {
    "train_cnn": train_cnn(""),
    "softmax_regression_torch": regression(""),
}
