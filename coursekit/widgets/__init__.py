"""Widgets: figures with controls, one module each. ``explorer`` is what they share.

A module holds a function of the settings that returns a Picture, and a small one, exported here, that puts controls on it.
"""

from .average import average_explorer
from .explorer import Explorer
from .gates import gate_playground
from .graph_stepper import graph_stepper
from .hinge import hinge_explorer
from .kink import kink_demo
from .monitor import TrainingMonitor, rate_explorer
from .plane import plane_explorer
from .race import optimiser_race
from .sabotage import broken_backward
from .search_map import search_map
from .signals import signal_explorer
from .softmax import softmax_explorer

__all__ = [
    "Explorer",
    "TrainingMonitor",
    "average_explorer",
    "broken_backward",
    "gate_playground",
    "graph_stepper",
    "hinge_explorer",
    "kink_demo",
    "optimiser_race",
    "plane_explorer",
    "rate_explorer",
    "search_map",
    "signal_explorer",
    "softmax_explorer",
]
