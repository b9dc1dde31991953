"""A photograph to convolve: a palace, one of the files in ``shipped/``."""

from __future__ import annotations

import numpy as np

from .shipped import SHIPPED

CREDIT = "Photograph: danielbuechele on Flickr, CC BY 2.0."


def load_photo(shrink: int = 4) -> np.ndarray:
    """The photograph as (3, H, W) floats in [0, 1], each pixel the mean of shrink x shrink of its
    own; says whose it is.
    """
    from matplotlib.image import imread

    pixels = np.asarray(imread(str(SHIPPED / "china.jpg"))) / 255.0
    high, wide = (side // shrink for side in pixels.shape[:2])
    blocks = pixels[: high * shrink, : wide * shrink].reshape(high, shrink, wide, shrink, 3)
    print(CREDIT)
    return blocks.mean(axis=(1, 3)).transpose(2, 0, 1)
