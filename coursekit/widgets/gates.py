"""One gate with two inputs: what comes in, what goes out, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..expressions import parse
from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Choice, Explorer, Slider

GATES = {"add": "x + y", "multiply": "x * y", "max": "max(x, y)"}

Pass = Callable[..., Any]


def gate_playground(yours: tuple[Pass, Pass] | None = None, gate: str = "add") -> Explorer:
    """Sliders for a gate's two inputs and for the gradient that arrives at its output.

    gate: "add", "multiply" or "max", to begin with. yours: your forward and backward of that gate,
    whose answers are compared with what measuring gives; then the gate stays as it is.
    """

    def draw(x: float, y: float, dout: float, gate: str = gate) -> Picture:
        back = None
        if yours is not None:
            forward, backward = yours
            _, cache = forward(np.array([x]), np.array([y]))
            back = tuple(float(np.ravel(one)[0]) for one in backward(np.array([dout]), cache))
        return gate_picture(gate, x, y, dout, back)

    controls: dict[str, Any] = {
        "x": Slider("x", -4.0, 4.0, 0.1, 3.0),
        "y": Slider("y", -4.0, 4.0, 0.1, -2.0),
        "dout": Slider("dout", -3.0, 3.0, 0.1, 2.0),
    }
    if yours is None:
        controls = {"gate": Choice("gate", {name: name for name in GATES}, gate), **controls}
    return Explorer(draw, controls)


def gate_picture(
    gate: str, x: float, y: float, dout: float, back: tuple[float, ...] | None = None
) -> Picture:
    """Left the gate with its numbers, right what its output does while one input moves and the
    other stays.

    back: dx and dy as somebody claims them; without it, as measured.
    """
    expression = parse(f"x = {x}; y = {y}; {GATES[gate]}")
    values = expression.values()
    out = values[expression.result]
    slopes = [
        expression.slope(next(k for k, step in enumerate(expression.steps) if step.name == name))
        for name in "xy"
    ]
    tie = any(high - low > 0.5 for low, high in slopes)
    ranges = [sorted((low * dout, high * dout)) for low, high in slopes]
    measured = [_range(low, high) for low, high in ranges]
    shown = measured if back is None else [number(one) for one in back]
    verdict, fine = _verdict(dout, ranges, tie, back)
    with drawing():
        figure, (left, right) = canvas(8.2, 2.9, columns=2, width_ratios=[1.25, 1])
        _boxes(left, [("x", x, f"dx = {shown[0]}"), ("y", y, f"dy = {shown[1]}")], gate, out, dout)
        left.set_title(verdict, color="black" if fine else palette.VERMILION, fontsize=9)
        moves = np.linspace(-1, 1, 41)
        for name, colour, dash in (("x", palette.BLUE, "-"), ("y", palette.ORANGE, "--")):
            line = [parse(_moved(gate, x, y, name, move)).values()[-1] for move in moves]
            right.plot(moves, line, dash, color=colour, linewidth=2, label=f"{name} moves")
        right.plot(0, out, "s", color="black", markersize=6)
        right.set(title="what the output does", xlabel="moved by", ylabel="out")
        right.legend()
    return Picture(
        figure,
        f"A gate, {GATES[gate]}, with x = {number(x)}, y = {number(y)}, output {number(out)}; "
        f"dout = {number(dout)} arrives, dx = {shown[0]} and dy = {shown[1]} go back. "
        f"{verdict[0].upper()}{verdict[1:]}.",
    )


def _verdict(
    dout: float, ranges: list[list[float]], tie: bool, back: tuple[float, ...] | None
) -> tuple[str, bool]:
    if back is None:
        return ("a tie: any split that adds up to dout" if tie else "measured, times dout"), True
    slack = 1e-4 * max(1.0, abs(dout))
    inside = all(
        low - slack <= one <= high + slack for one, (low, high) in zip(back, ranges, strict=True)
    )
    if tie and inside and abs(sum(back) - dout) > slack:
        return f"yours: at a tie the shares have to add up to dout, {number(dout)}", False
    if inside:
        return "yours, as measured", True
    wanted = [_range(low, high) for low, high in ranges]
    return f"yours; measured are dx = {wanted[0]} and dy = {wanted[1]}", False


def _boxes(
    axes: Any, inputs: list[tuple[str, float, str]], gate: str, out: float, dout: float
) -> None:
    from matplotlib.patches import FancyBboxPatch

    places = [(0.0, 0.8), (0.0, -0.8), (2.6, 0.0)]
    texts = [
        *((f"{name} = {number(value)}", back) for name, value, back in inputs),
        (f"{gate}: {number(out)}", f"dout = {number(dout)}"),
    ]
    for k, ((x, y), (forward, backward)) in enumerate(zip(places, texts, strict=True)):
        axes.add_patch(
            FancyBboxPatch(
                (x - 0.75, y - 0.36),
                1.5,
                0.72,
                boxstyle="round,pad=0.08",
                facecolor="#EAF4FB" if k == 2 else "white",
                edgecolor="0.35",
            )
        )
        axes.text(x, y + 0.17, forward, ha="center", va="center", color=palette.BLUE)
        axes.text(
            x, y - 0.2, backward, ha="center", va="center", color=palette.VERMILION, fontsize=9
        )
    for _, y in places[:2]:
        style = {"arrowstyle": "-|>", "linewidth": 1.4}
        axes.annotate(
            "",
            (1.76, y * 0.18 + 0.06),
            (0.84, y * 0.8 + 0.06),
            arrowprops={**style, "color": palette.BLUE},
        )
        axes.annotate(
            "",
            (0.84, y * 0.8 - 0.1),
            (1.76, y * 0.18 - 0.1),
            arrowprops={**style, "color": palette.VERMILION},
        )
    axes.set(xlim=(-0.95, 3.6), ylim=(-1.4, 1.4))
    axes.axis("off")


def _moved(gate: str, x: float, y: float, name: str, move: float) -> str:
    return f"x = {x + move * (name == 'x')}; y = {y + move * (name == 'y')}; {GATES[gate]}"


def _range(low: float, high: float) -> str:
    low, high = (0.0 if abs(one) < 1e-9 else one for one in (low, high))
    return number((low + high) / 2) if high - low < 1e-6 else f"{number(low)} to {number(high)}"
