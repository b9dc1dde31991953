"""One gate with two inputs: what comes in, what goes out, and what comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..expressions import parse
from ..figures import palette
from ..figures.chart import Chart, Panel, around
from ..figures.marks import Arrow, Box, Line, Mark, Points, Words
from ..figures.picture import Picture, number
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
    back_to = [("x", x, f"dx = {shown[0]}"), ("y", y, f"dy = {shown[1]}")]
    left = Panel(
        _boxes(back_to, gate, out, dout),
        verdict,
        *((-0.95, 3.6), (-1.4, 1.4)),
        bare=True,
        title_colour=palette.INK if fine else palette.VERMILION,
    )
    moves, lines = np.linspace(-1, 1, 41), []
    for name, colour, dash in (("x", palette.BLUE, "-"), ("y", palette.ORANGE, "--")):
        line = [parse(_moved(gate, x, y, name, move)).values()[-1] for move in moves]
        lines.append(Line(moves, line, colour, 2, dash, f"{name} moves"))
    right = Panel(
        [*lines, Points([0], [out], palette.INK, "s", 6)],
        "what the output does",
        *((-1.1, 1.1), around(*(line.y for line in lines))),
        *("moved by", "out"),
        share=1.15,
    )
    chart = Chart(8.2, 2.9, [left, right])
    return Picture(
        chart,
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


def _boxes(inputs: list[tuple[str, float, str]], gate: str, out: float, dout: float) -> list[Mark]:
    places = [(0.0, 0.8), (0.0, -0.8), (2.6, 0.0)]
    texts = [
        *((f"{name} = {number(value)}", back) for name, value, back in inputs),
        (f"{gate}: {number(out)}", f"dout = {number(dout)}"),
    ]
    marks: list[Mark] = []
    for k, ((x, y), (forward, backward)) in enumerate(zip(places, texts, strict=True)):
        marks += [
            Box(x, y, 1.66, 0.88, palette.SKY if k == 2 else ""),
            Words(x, y + 0.19, forward, palette.BLUE),
            Words(x, y - 0.21, backward, palette.VERMILION, 9),
        ]
    for _, y in places[:2]:
        start, end = (0.86, y * 0.8 + 0.06), (1.75, y * 0.18 + 0.06)
        marks += [
            Arrow(start, end, palette.BLUE),
            Arrow((end[0], end[1] - 0.16), (start[0], start[1] - 0.16), palette.VERMILION),
        ]
    return marks


def _moved(gate: str, x: float, y: float, name: str, move: float) -> str:
    return f"x = {x + move * (name == 'x')}; y = {y + move * (name == 'y')}; {GATES[gate]}"


def _range(low: float, high: float) -> str:
    low, high = (0.0 if abs(one) < 1e-9 else one for one in (low, high))
    return number((low + high) / 2) if high - low < 1e-6 else f"{number(low)} to {number(high)}"
