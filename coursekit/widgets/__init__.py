"""Widgets: figures with controls, one module each. ``explorer`` is what they share.

A module holds a function of the settings that returns a Picture, and a small one, exported here, that puts controls on it.
"""

from .explorer import Explorer
from .hinge import hinge_explorer
from .kink import kink_demo
from .plane import plane_explorer
from .search_map import search_map

__all__ = ["Explorer", "hinge_explorer", "kink_demo", "plane_explorer", "search_map"]
