"""Text as a picture: what was written, letters coloured by a number each, and how likely each
letter is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np

from . import palette
from .losses import COLOURS
from .picture import Numbers, Picture, canvas, drawing, number

_LETTERS_A_LINE = 84
_SHOWN = {"\n": "↵", " ": "␣"}
_HATCHES = ("", "//", "..", "xx")


def visible(character: str) -> str:
    """A character as it can be seen in a figure: the ends of lines and blanks have signs of their
    own.
    """
    return _SHOWN.get(character, character)


def passages(written: Mapping[str, str], lines: int = 6) -> Picture:
    """Pieces of text, each under its title, as a typewriter would set them; ``lines`` of each at
    most.
    """
    pages = {title: _set(text)[:lines] for title, text in written.items()}
    rows = sum(len(page) + 2 for page in pages.values())
    with drawing():
        figure, (axes,) = canvas(8.4, 0.19 * rows + 0.1)
        at = 0.0
        for title, page in pages.items():
            axes.text(0, -at, title, fontsize=10, fontweight="bold", color=palette.BLUE, va="top")
            for k, line in enumerate(page):
                # A dollar sign would begin a formula.
                shown = line.replace("$", r"\$")
                axes.text(0, -at - k - 1.15, shown, fontsize=9, family="monospace", va="top")
            at += len(page) + 2
        axes.set(xlim=(0, 1), ylim=(-rows, 0.2))
        axes.axis("off")
    told = " ".join(
        f"{title}: “{' '.join(' '.join(page).split())[:240]}”." for title, page in pages.items()
    )
    return Picture(figure, f"Pieces of text. {told}")


def _set(text: str) -> list[str]:
    """In lines that fit; empty ones are left out, for a model's first lesson is that lines end."""
    return [
        part
        for line in text.split("\n")
        for part in wrap(line, _LETTERS_A_LINE, replace_whitespace=False)
    ]


def letters(
    text: str, rows: Mapping[str, Numbers], what: str, signed: bool = True, width: int = 64
) -> Picture:
    """A text above strips of colour: in each row one number for every letter.

    signed: purple positive, white zero, orange negative; else from dark (0) to bright (the
        largest).
    """
    shown = text[:width]
    grid = np.array([np.asarray(values, dtype=float)[:width] for values in rows.values()])
    limit = float(np.abs(grid).max()) or 1.0
    low, colours = (-limit, palette.DIVERGING) if signed else (0.0, palette.SEQUENTIAL)
    with drawing():
        figure, (axes,) = canvas(9.4, 0.95 + 0.3 * len(rows))
        image = axes.imshow(grid, cmap=colours, vmin=low, vmax=limit, aspect="auto")
        axes.set_yticks(range(len(rows)), list(rows), fontsize=8)
        axes.set_xticks(
            range(len(shown)), [visible(one).replace("$", r"\$") for one in shown], fontsize=9
        )
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        for label in axes.get_xticklabels():
            label.set_fontfamily("monospace")
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        bar = figure.colorbar(image, ax=axes, fraction=0.02, pad=0.01)
        bar.ax.tick_params(labelsize=7)
        figure.suptitle(what, fontsize=9)
    told = "; ".join(_peak(name, values, shown) for name, values in zip(rows, grid, strict=True))
    return Picture(
        figure,
        f"{what}, one strip of colour a row, over the text “{' '.join(shown.split())}”: {told}.",
    )


def _peak(name: str, values: np.ndarray, text: str) -> str:
    high, low = int(values.argmax()), int(values.argmin())
    return (
        f"{name} from {number(float(values[low]))} at letter {low + 1}, {text[low]!r}, "
        f"to {number(float(values[high]))} at letter {high + 1}, {text[high]!r}"
    )


def character_bars(
    characters: Sequence[str], bars: Mapping[str, Numbers], ylabel: str, most: int = 24
) -> Picture:
    """Bars for single characters, those with the largest values first; several named bars side by
    side.
    """
    values = {name: np.asarray(heights, dtype=float) for name, heights in bars.items()}
    first = next(iter(values.values()))
    order = np.argsort(-first, kind="stable")[:most]
    share = 0.8 / len(values)
    with drawing():
        figure, (axes,) = canvas(8.2, 2.6)
        for k, ((name, heights), colour, hatch) in enumerate(
            zip(values.items(), COLOURS, _HATCHES, strict=False)
        ):
            places = np.arange(len(order)) + (k - (len(values) - 1) / 2) * share
            axes.bar(
                places,
                heights[order],
                share,
                color=colour,
                label=name,
                hatch=hatch,
                edgecolor=palette.PAPER,
                linewidth=0,
            )
        names = [visible(characters[int(k)]).replace("$", r"\$") for k in order]
        axes.set_xticks(range(len(order)), names, family="monospace")
        axes.set(title=f"{ylabel} of each character", ylabel=ylabel, xlabel="character")
        if len(values) > 1:
            axes.legend()
    told = "; ".join(
        f"{name}: " + ", ".join(f"{characters[k]!r} {number(float(heights[k]))}" for k in order[:6])
        for name, heights in values.items()
    )
    return Picture(
        figure, f"Bars of {ylabel} for {len(order)} characters; the first of them, {told}."
    )
