"""Break a network that works, and see which check notices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Choice, Explorer

N, D, H, C, REG = 20, 12, 24, 5, 0.01
STEPS, RATE = 300, 0.5

Grads = dict[str, np.ndarray]


@dataclass(frozen=True)
class Bug:
    """What is wrong, and how it is done to a right network: to its loss, its gradients, its
    labels.
    """

    title: str
    loss: Callable[[float, dict[str, np.ndarray]], float] = lambda loss, params: loss
    grads: Callable[[Grads, dict[str, np.ndarray], int], Grads] = lambda grads, params, n: grads
    labels: Callable[[np.ndarray], np.ndarray] = lambda y: y


def _weights(grads: Grads, params: dict[str, np.ndarray], change: float) -> Grads:
    """The weights' gradients, moved by some multiple of reg * W."""
    return {**grads, **{name: grads[name] + change * REG * params[name] for name in ("W1", "W2")}}


def _without_row(grads: Grads) -> Grads:
    changed = grads["W1"].copy()
    changed[0] = 0
    return {**grads, "W1": changed}


BUGS = {
    bug.title: bug
    for bug in (
        Bug("nothing"),
        Bug("b1: mean over the batch, not sum", grads=lambda g, p, n: {**g, "b1": g["b1"] / n}),
        Bug("W2: the sign", grads=lambda g, p, n: {**g, "W2": -g["W2"]}),
        Bug("b2: a row, shape (1, C)", grads=lambda g, p, n: {**g, "b2": g["b2"][None]}),
        Bug("W1: nothing for the first input", grads=lambda g, p, n: _without_row(g)),
        Bug("no gradient of the regulariser", grads=lambda g, p, n: _weights(g, p, -2)),
        Bug("half the gradient of the regulariser", grads=lambda g, p, n: _weights(g, p, -1)),
        Bug("a constant in the loss", loss=lambda loss, p: loss + 1),
        Bug(
            "half the regulariser, in both",
            loss=lambda loss, p: loss - REG / 2 * (np.sum(p["W1"] ** 2) + np.sum(p["W2"] ** 2)),
            grads=lambda g, p, n: _weights(g, p, -1),
        ),
        Bug("labels one off, in both", labels=lambda y: (y + 1) % C),
    )
}


class Sabotaged:
    """A network with a bug put on top; everything else is the network's own."""

    def __init__(self, model: Any, bug: Bug) -> None:
        self.model, self.bug = model, bug

    @property
    def params(self) -> dict[str, np.ndarray]:
        """The network's parameters."""
        return self.model.params

    @params.setter
    def params(self, params: dict[str, np.ndarray]) -> None:
        self.model.params = params

    def loss(self, X: np.ndarray, y: np.ndarray | None = None) -> Any:
        """The network's loss and gradients, with the bug."""
        if y is None:
            return self.model.loss(X)
        loss, grads = self.model.loss(X, self.bug.labels(y))
        grads = self.bug.grads(
            {name: np.array(grad) for name, grad in grads.items()}, self.params, len(X)
        )
        return self.bug.loss(float(loss), self.params), grads

    def winners(self, X: np.ndarray) -> Any:
        """What the network's winners are."""
        return self.model.winners(X)

    def reset(self) -> None:
        """Reset the network."""
        self.model.reset()


def broken_backward(
    net: Callable[..., Any], overfit: Callable[..., Any], yours: Callable[..., Any] | None = None
) -> Explorer:
    """A choice of bugs, and what the checks say about each.

    net: your ``TwoLayerNet``, the network to break. overfit: your ``overfit_small``, which trains
    it. yours: your ``gradient_check_model``, for one more check.
    """

    def draw(bug: str) -> Picture:
        return sabotage_picture(BUGS[bug], net, overfit, yours)

    return Explorer(
        draw,
        {
            "bug": Choice(
                "what is broken",
                {title: title for title in BUGS},
                "b1: mean over the batch, not sum",
            )
        },
    )


def sabotage_picture(
    bug: Bug,
    net: Callable[..., Any],
    overfit: Callable[..., Any],
    yours: Callable[..., Any] | None = None,
) -> Picture:
    """The verdict of every check, and how the broken network learns twenty examples by heart."""
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((N, D)), rng.integers(0, C, N)

    def fresh(weight_scale: float, reg: float) -> Sabotaged:
        return Sabotaged(
            net(D, H, C, weight_scale=weight_scale, reg=reg, rng=np.random.default_rng(1)), bug
        )

    checks = [
        _shapes(fresh(0.5, REG), X, y),
        _slopes(fresh(0.5, REG), X, y),
        _first_loss(fresh(1e-4, 0.0), X, y),
    ]
    history, accuracy = overfit(fresh(0.5, REG), X, y, RATE, STEPS)
    checks.append(
        (
            "learns 20 examples by heart",
            accuracy == 1.0,
            f"{accuracy:.0%} right after {STEPS} steps",
        )
    )
    if yours is not None:
        checks.append(_by_yours(fresh(0.5, REG), X, y, yours))
    return _draw(bug, checks, history)


Outcome = tuple[str, bool, str]
"""What was checked, whether it is fine, and a few words."""


def _shapes(model: Sabotaged, X: np.ndarray, y: np.ndarray) -> Outcome:
    grads = model.loss(X, y)[1]
    wrong = [
        name for name, value in model.params.items() if np.shape(grads.get(name)) != value.shape
    ]
    told = ", ".join(f"{name}: {np.shape(grads.get(name))}" for name in wrong)
    return "shapes of the gradients", not wrong, told or "as the parameters'"


def _slopes(model: Sabotaged, X: np.ndarray, y: np.ndarray) -> Outcome:
    """Each parameter moved along one random direction, there and back."""
    rng, h, worst, where = np.random.default_rng(2), 1e-5, 0.0, "W1"
    grads = model.loss(X, y)[1]
    for name, value in list(model.params.items()):
        direction = rng.standard_normal(value.shape)
        losses = []
        for step in (h, -h):
            model.params = {**model.params, name: value + step * direction}
            losses.append(model.loss(X, y)[0])
        model.params = {**model.params, name: value}
        measured, claimed = (
            (losses[0] - losses[1]) / (2 * h),
            float(np.sum(grads[name] * direction)),
        )
        error = abs(measured - claimed) / max(1e-8, abs(measured) + abs(claimed))
        if error > worst:
            worst, where = error, name
    return (
        "slopes along random directions",
        worst < 1e-5,
        f"worst {where}: relative error {worst:.0e}",
    )


def _first_loss(model: Sabotaged, X: np.ndarray, y: np.ndarray) -> Outcome:
    loss = float(model.loss(X, y)[0])
    return (
        "first loss, without reg",
        abs(loss - np.log(C)) < 0.01,
        f"{loss:.3f}; ln {C} = {np.log(C):.3f}",
    )


def _by_yours(model: Sabotaged, X: np.ndarray, y: np.ndarray, yours: Callable[..., Any]) -> Outcome:
    report = yours(model, X, y, rng=np.random.default_rng(3))
    worst = max(report["errors"], key=lambda name: report["errors"][name])
    told = f"worst {worst}: {report['errors'][worst]:.0e}, kinks left out: {report['kinks']}"
    return "your gradient_check_model", bool(report["passed"]), told


def _draw(bug: Bug, checks: list[Outcome], history: Any) -> Picture:
    history = np.asarray(history, dtype=float)
    noticed = [name for name, fine, _ in checks if not fine]
    with drawing():
        figure, (left, right) = canvas(9.4, 3.0, columns=2, width_ratios=[1.6, 1])
        for row, (name, fine, told) in enumerate(checks):
            colour = palette.BLUE if fine else palette.VERMILION
            left.text(
                0.0,
                -row,
                "fine" if fine else "FAILS",
                color=colour,
                fontweight="bold",
                va="center",
                fontsize=9,
            )
            left.text(0.85, -row, name, va="center", fontsize=9)
            left.text(4.35, -row, told, va="center", fontsize=8, color=palette.GREY)
        left.set(xlim=(-0.1, 7.4), ylim=(-len(checks) + 0.4, 0.6), title=f"broken: {bug.title}")
        left.axis("off")
        right.plot(history, color=palette.BLUE, linewidth=1.8)
        right.axhline(np.log(C), color=palette.GREY, linestyle=":", linewidth=1)
        right.set(
            title="learning by heart",
            xlabel="step",
            ylabel="loss",
            ylim=(0, max(3.0, min(8.0, history.max()))),
        )
    said = "; ".join(
        f"{name} {'is fine' if fine else 'fails'} ({told})" for name, fine, told in checks
    )
    return Picture(
        figure,
        f"Broken: {bug.title}. {len(noticed)} of {len(checks)} checks notice: {said}. Learning by "
        f"heart, the loss goes from {number(history[0])} to {number(history[-1])}.",
    )
