"""A photograph to convolve: the one of a palace that comes with scikit-learn."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np

CREDIT = "Photograph: danielbuechele on Flickr, CC BY 2.0, from scikit-learn."


def load_photo(shrink: int = 4) -> np.ndarray:
    """The photograph as (3, H, W) floats in [0, 1], each pixel the mean of shrink x shrink of its own; says whose it is."""
    from matplotlib.image import imread

    # From its file: importing scikit-learn would cost a second or more.
    spec = importlib.util.find_spec("sklearn")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the photograph comes with scikit-learn: install it again")
    pixels = (
        np.asarray(imread(str(Path(spec.origin).parent / "datasets" / "images" / "china.jpg")))
        / 255.0
    )
    high, wide = (side // shrink for side in pixels.shape[:2])
    blocks = pixels[: high * shrink, : wide * shrink].reshape(high, shrink, wide, shrink, 3)
    print(CREDIT)
    return blocks.mean(axis=(1, 3)).transpose(2, 0, 1)
