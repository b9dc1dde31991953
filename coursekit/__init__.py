"""What the notebooks import besides the engine.

``data`` finds the images, ``figures`` draws them and what is learned from them, ``widgets`` are
figures with controls, and ``once_written`` lets a demonstration wait politely for the function it
needs. Nothing here solves an exercise."""

import sys

from . import figures, widgets
from .data import ImageData, load_images
from .photos import load_photo
from .waiting import once_written

if sys.platform == "emscripten":
    from . import tab

    tab.prepare()

__all__ = ["ImageData", "figures", "load_images", "load_photo", "once_written", "widgets"]
