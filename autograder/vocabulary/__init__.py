"""What exercises are written with: draws with names, properties where they are stated, functions and layers in a line."""

from . import draws
from .functions import function, layer
from .properties import Ask, must, property_of

__all__ = ["Ask", "draws", "function", "layer", "must", "property_of"]
