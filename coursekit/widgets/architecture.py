"""A network typed as a line, and what its layers cost: parameters, memory, multiplications."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..figures import palette
from ..figures.picture import Picture, canvas, drawing
from .explorer import Choice, Explorer, Slider, Text

VGG_16 = "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M fc4096 fc4096 fc1000"
NETWORKS: Mapping[str, str] = {
    "the line below": "",
    "VGG-16": VGG_16,
    "VGG-11": "64 M 128 M 256 256 M 512 512 M 512 512 M fc4096 fc4096 fc1000",
    "VGG-16 without hidden fc layers": VGG_16.replace("fc4096 fc4096 ", ""),
    "AlexNet on one tower": "96:11/4+0 M3 256:5+2 M3 384 384 256 M3 fc4096 fc4096 fc1000",
}
_CONV = re.compile(r"(\d{1,5})(?::(\d{1,2})(?:/(\d{1,2}))?(?:\+(\d{1,2}))?)?")
MOST = 40

Summary = Callable[..., tuple[Sequence[Mapping[str, Any]], Mapping[str, Any]]]


def architecture_builder(summary: Summary) -> Explorer:
    """A network to type or to choose, and the side of its images. summary: your
    ``network_summary``.

    ``64`` is 64 filters of 3 x 3 that keep the size, ``96:11/4+0`` 96 filters of 11 x 11 at stride
    4 with padding 0, ``M`` max pooling of 2 x 2, ``M3`` of 3 x 3 (both at stride 2), ``fc100`` a
    fully connected layer."""

    def draw(known: str, typed: str, side: int) -> Picture:
        line = known or typed
        try:
            rows, totals = summary(layers(line), (3, side, side))
        except ValueError as problem:
            return _complaint(line, str(problem))
        return architecture_picture(rows, totals)

    return Explorer(
        draw,
        {
            "known": Choice("network", NETWORKS, VGG_16),
            "side": Slider("side of the images", 16, 300, 1, 224),
            "typed": Text("layers", "32 32 M 64 64 M fc100 fc10"),
        },
    )


def layers(line: str) -> list[dict[str, Any]]:
    """The layers of a line, as network_summary takes them. Raises ValueError for a word that is
    none.
    """
    found: list[dict[str, Any]] = []
    words = line.split()
    if not 0 < len(words) <= MOST:
        raise ValueError(f"there must be 1 to {MOST} layers")
    for word in words:
        if word in ("M", "M3"):
            found.append({"kind": "pool", "F": 3 if word == "M3" else 2, "S": 2})
        elif re.fullmatch(r"fc\d{1,5}", word) and int(word[2:]):
            found.append({"kind": "fc", "K": int(word[2:])})
        elif (
            (match := _CONV.fullmatch(word))
            and int(match[1])
            and match[2] != "0"
            and match[3] != "0"
        ):
            size = int(match[2] or 3)
            pad = int(match[4]) if match[4] is not None else size // 2
            found.append(
                {"kind": "conv", "F": size, "K": int(match[1]), "S": int(match[3] or 1), "P": pad}
            )
        else:
            raise ValueError(f"{word!r} is no layer: write 64, 96:11/4+0, M, M3 or fc100")
    first_fc = next((k for k, layer in enumerate(found) if layer["kind"] == "fc"), len(found))
    if any(layer["kind"] != "fc" for layer in found[first_fc:]):
        raise ValueError(
            "after a fully connected layer there are no images left to convolve or pool"
        )
    return found


def architecture_picture(rows: Sequence[Mapping[str, Any]], totals: Mapping[str, Any]) -> Picture:
    """A row for each layer, with bars for its share of the parameters, the activations and the
    multiplications.
    """
    names = [
        f"{row['kind']}  {'x'.join(map(str, (*row['shape'][1:], row['shape'][0])))}" for row in rows
    ]
    parts = {"params": "parameters", "activations": "activations", "macs": "multiplications"}
    with drawing():
        figure, axes = canvas(8.8, 0.9 + 0.17 * len(rows), columns=3)
        for box, (key, title), colour in zip(
            axes, parts.items(), (palette.BLUE, palette.ORANGE, palette.GREEN), strict=True
        ):
            values = [row[key] for row in rows]
            box.barh(range(len(rows)), values, color=colour, height=0.75)
            whole = f"{totals[key]:,}" + (
                f", {totals['mebibytes']:.1f} MiB" if key == "activations" else ""
            )
            box.set(title=f"{title}\n{whole}", xlabel="in this layer", yticks=[])
            box.invert_yaxis()
            box.ticklabel_format(axis="x", style="sci", scilimits=(0, 0))
        axes[0].set_yticks(range(len(rows)), names, fontsize=7)
    heaviest = {
        key: names[max(range(len(rows)), key=lambda k, key=key: rows[k][key])] for key in parts
    }
    told = "; ".join(
        f"{totals[key]:,} {title}, most of them in {heaviest[key]}" for key, title in parts.items()
    )
    return Picture(
        figure,
        f"A network of {len(rows) - 1} layers: {told}. The activations of one image take "
        f"{totals['mebibytes']:.1f} MiB.",
    )


def _complaint(line: str, problem: str) -> Picture:
    with drawing():
        figure, (axes,) = canvas(7.6, 0.8)
        axes.axis("off")
        axes.text(0, 0.5, problem, color=palette.VERMILION, va="center")
    return Picture(figure, f"The line {line!r} cannot be drawn as a network: {problem}.")
