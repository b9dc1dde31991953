"""The error of an output as a small picture: which rows and columns are wrong, at a glance."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np

from ..language.verdict import Evidence, Verdict

if TYPE_CHECKING:
    from PIL.Image import Image

GREY = (128, 128, 128, 255)  # readable on white and on black
LARGEST = 64
"""Longer axes are thinned to this many entries, keeping the worst of each group."""


def heat_map_png(verdict: Verdict) -> bytes | None:
    """The first failed check's error as a PNG on a transparent background; None when there is
    nothing to see.
    """
    shown = next(
        (f.evidence for f in verdict.findings if f.evidence and f.evidence.error is not None), None
    )
    if shown is None or shown.error is None or shown.error.size < 2:
        return None
    return _draw(shown, _thin(shown.error))


def _thin(error: np.ndarray) -> np.ndarray:
    for axis in (0, 1):
        length = error.shape[axis]
        if length > LARGEST:
            groups = np.array_split(error, LARGEST, axis=axis)
            error = np.stack([group.max(axis=axis) for group in groups], axis=axis)
    return error


def _draw(shown: Evidence, error: np.ndarray) -> bytes:
    """Cells, ticks and a colour bar, drawn directly: a plotting library would take a hundred times
    as long a picture.
    """
    from PIL import Image, ImageDraw, ImageFont

    finite = error[np.isfinite(error)]
    top = float(finite.max()) if finite.size and finite.max() > 0 else 1.0
    levels = np.clip(np.where(np.isfinite(error), error, top) / top, 0.0, 1.0)
    rows, columns = error.shape
    size = max(4, min(26, 240 // max(rows, columns)))
    font, left, up = ImageFont.load_default(12), 46, 24
    width, height = columns * size, rows * size
    picture = Image.new("RGBA", (left + width + 84, up + max(height, 52) + 40), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    picture.paste(_image(levels, size), (left, up))
    draw.rectangle((left - 1, up - 1, left + width, up + height), outline=GREY)
    row_name, column_name = (*shown.axes, "", "")[:2]
    draw.text((left, 4), f"error in {shown.output}", GREY, font)
    draw.text((left + width // 2, up + height + 28), column_name, GREY, font, anchor="mm")
    draw.text((12, up + height // 2), row_name, GREY, font, anchor="mm")
    for k in _ticks(columns, size):
        draw.text((left + k * size + size // 2, up + height + 11), str(k), GREY, font, anchor="mm")
    if row_name:
        for k in _ticks(rows, size):
            draw.text((left - 6, up + k * size + size // 2), str(k), GREY, font, anchor="rm")
    bar = max(height, 52)
    ramp = np.linspace(1.0, 0.0, bar)[:, None].repeat(10, axis=1)
    picture.paste(_image(ramp, 1), (left + width + 14, up))
    draw.text((left + width + 29, up + 5), f"{top:.2g}", GREY, font, anchor="lm")
    draw.text((left + width + 29, up + bar - 6), "0", GREY, font, anchor="lm")
    kept = BytesIO()
    picture.save(kept, format="png")
    return kept.getvalue()


def _image(levels: np.ndarray, size: int) -> Image:
    """Entries in [0, 1] as squares of cividis, which reads alike for every common colour
    blindness.
    """
    from matplotlib import colormaps
    from PIL import Image

    colours = (colormaps["cividis"](levels) * 255).astype(np.uint8)
    return Image.fromarray(colours.repeat(size, axis=0).repeat(size, axis=1), "RGBA")


def _ticks(count: int, size: int) -> range:
    return range(0, count, max(1, -(-16 // size)))
