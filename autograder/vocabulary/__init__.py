"""What exercises are named_back with: draws with names, properties where they are stated, functions
and layers in a line.
"""

from . import draws
from .functions import claims, function, layer, named, named_back
from .properties import Ask, must, property_of

__all__ = [
    "Ask",
    "claims",
    "draws",
    "function",
    "layer",
    "must",
    "named",
    "named_back",
    "property_of",
]
