"""One LSTM cell with a single unit: four sliders open its gates, and the cell state runs
through.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Control, Explorer, Slider

Step = Callable[..., Any]

GATES = ("i", "f", "o")


def cell_inspector(yours: Step | None = None) -> Explorer:
    """Sliders for what goes into the three gates and the proposal, for the old cell state, and for
    a number of steps.

    yours: your ``lstm_step_forward``, whose answers are compared with what is drawn.
    """

    def draw(a_i: float, a_f: float, a_o: float, a_g: float, prev_c: float, steps: int) -> Picture:
        return cell_picture({"i": a_i, "f": a_f, "o": a_o, "g": a_g}, prev_c, steps, yours)

    controls: dict[str, Control] = {
        "a_i": Slider("a_i, let in", -8.0, 8.0, 0.1, -1.0),
        "a_f": Slider("a_f, keep", -8.0, 8.0, 0.1, 1.0),
        "a_o": Slider("a_o, show", -8.0, 8.0, 0.1, 2.0),
        "a_g": Slider("a_g, proposal", -4.0, 4.0, 0.1, 1.0),
        "prev_c": Slider("prev_c", -2.0, 2.0, 0.1, 1.5),
        "steps": Slider("steps", 1, 80, 1, 40),
    }
    return Explorer(draw, controls)


def cell_picture(
    pushed: Mapping[str, float], prev_c: float, steps: int, yours: Step | None = None
) -> Picture:
    """Left the cell with its numbers; right its state, should the gates stay as they are, and the
    gradient's share.
    """
    opened = {gate: float(1 / (1 + np.exp(-pushed[gate]))) for gate in GATES}
    proposal = float(np.tanh(pushed["g"]))
    states = [prev_c]
    for _ in range(steps):
        states.append(opened["f"] * states[-1] + opened["i"] * proposal)
    shown = float(opened["o"] * np.tanh(states[1]))
    share = opened["f"] ** np.arange(steps + 1)
    verdict, fine = _compared(pushed, prev_c, states[1], shown, yours)
    with drawing():
        figure, (left, middle, right) = canvas(9.8, 2.9, columns=3, width_ratios=[2.1, 1, 1])
        _cell(left, opened, proposal, prev_c, states[1], shown)
        said = verdict or "greener: the gate is more open"
        left.set_title(said, fontsize=9, color=palette.INK if fine else palette.VERMILION)
        middle.plot(states, color=palette.BLUE, linewidth=2)
        middle.axhline(0, color=palette.GREY, linewidth=0.8)
        middle.set(title="c, were the gates to stay", xlabel="step", ylabel="c")
        right.plot(share, color=palette.VERMILION, linewidth=2)
        right.set(
            title="share of a gradient in c left",
            xlabel="steps back",
            ylabel="share",
            yscale="log",
            ylim=(1e-16, 3),
        )
    said = f" Your lstm_step_forward: {verdict}." if verdict else ""
    gates = ", ".join(f"{gate} = {number(opened[gate])}" for gate in GATES)
    return Picture(
        figure,
        f"An LSTM cell: {gates}, g = {number(proposal)}; the cell state goes from "
        f"{number(prev_c)} to {number(states[1])} in a step and to {number(states[-1])} in "
        f"{steps}, the hidden state is {number(shown)}. Of a gradient {number(float(share[-1]))} "
        f"is left after {steps} steps back along the cell state.{said}",
    )


def _compared(
    pushed: Mapping[str, float], prev_c: float, next_c: float, next_h: float, yours: Step | None
) -> tuple[str, bool]:
    if yours is None:
        return "", True
    b = np.array([pushed[gate] for gate in "ifog"])
    nothing = np.zeros((1, 1))
    h, c, _ = yours(nothing, nothing, np.array([[prev_c]]), np.zeros((1, 4)), np.zeros((1, 4)), b)
    h, c = float(np.ravel(h)[0]), float(np.ravel(c)[0])
    said = f"yours says c = {number(c)}, h = {number(h)}"
    if np.allclose([h, c], [next_h, next_c], atol=1e-9):
        return f"{said}: as drawn", True
    return f"{said}; drawn are c = {number(next_c)}, h = {number(next_h)}", False


def _cell(
    axes: Any,
    opened: Mapping[str, float],
    proposal: float,
    prev_c: float,
    next_c: float,
    next_h: float,
) -> None:
    """The highway of the cell state on top; each valve is as bright as its gate is open."""

    def line(
        start: tuple[float, float],
        end: tuple[float, float],
        width: float = 1.6,
        colour: str = palette.GREY,
    ) -> None:
        style = {
            "arrowstyle": "-|>",
            "linewidth": width,
            "color": colour,
            "shrinkA": 0,
            "shrinkB": 0,
        }
        axes.annotate("", end, start, arrowprops=style)

    def knot(x: float, y: float, sign: str, open_by: float | None = None) -> None:
        from matplotlib.patches import Circle

        edge = {"edgecolor": palette.GREY, "zorder": 3}
        axes.add_patch(Circle((x, y), 0.34, facecolor=palette.PAPER, **edge))
        if open_by is not None:
            axes.add_patch(Circle((x, y), 0.34, facecolor=(palette.GREEN, open_by), **edge))
        axes.text(x, y, sign, ha="center", va="center", fontsize=11, zorder=4)

    def label(x: float, y: float, text: str, colour: str = palette.INK, **where: str) -> None:
        axes.text(x, y, text, color=colour, fontsize=9, **{"ha": "center", "va": "center", **where})

    line((0, 3), (9, 3), 1 + 5 * opened["f"], palette.BLUE)
    label(-0.1, 3, f"prev_c\n{number(prev_c)}", palette.BLUE, ha="right")
    label(9.15, 3, f"next_c\n{number(next_c)}", palette.BLUE, ha="left")
    knot(1.8, 3, "×", opened["f"])
    line((1.8, 1.4), (1.8, 2.66))
    label(1.8, 1.1, f"f = {opened['f']:.2f}")
    knot(4.2, 3, "+")
    line((4.2, 1.84), (4.2, 2.66))
    knot(4.2, 1.5, "×", opened["i"])
    line((3.3, 0.5), (3.95, 1.24))
    line((5.0, 0.5), (4.45, 1.24))
    label(3.0, 0.2, f"i = {opened['i']:.2f}")
    label(5.1, 0.2, f"g = {proposal:.2f}")
    line((7.2, 3), (7.2, 1.84))
    label(7.3, 2.4, "tanh", ha="left")
    knot(7.2, 1.5, "×", opened["o"])
    line((7.2, 0.5), (7.2, 1.16))
    label(7.3, 0.2, f"o = {opened['o']:.2f}")
    line((7.54, 1.5), (9, 1.5), 1.6, palette.BLUE)
    label(9.15, 1.5, f"next_h\n{number(next_h)}", palette.BLUE, ha="left")
    axes.set(xlim=(-1.4, 10.6), ylim=(-0.2, 3.9), aspect="equal")
    axes.axis("off")
