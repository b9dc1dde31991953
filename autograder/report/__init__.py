"""A verdict made readable: as HTML for notebooks and feedback, as text for a terminal, its error as
a picture.
"""

from .heatmap import heat_map_png
from .html import to_html
from .text import in_encoding, to_text

__all__ = ["heat_map_png", "in_encoding", "to_html", "to_text"]
