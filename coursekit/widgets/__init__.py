"""Widgets: figures with controls, one module each. ``explorer`` is what they share.

A module holds a function of the settings that returns a Picture, and a small one, exported here,
that puts controls on it."""

from .architecture import architecture_builder
from .average import average_explorer
from .cell import cell_inspector
from .clipping import clip_arrows
from .columns import im2col_explorer
from .cost import cost_explorer
from .explorer import Explorer
from .fate import gradient_fate
from .gates import gate_playground
from .graph_stepper import graph_stepper
from .hinge import hinge_explorer
from .hyperplanes import hyperplane_explorer
from .kink import kink_demo
from .layer_sizes import layer_calculator
from .monitor import TrainingMonitor, rate_explorer
from .plane import plane_explorer
from .pooling import pooling_router
from .product import product_explorer
from .progress import TrainingProgress
from .race import optimiser_race
from .reach import receptive_field_explorer
from .sabotage import broken_backward
from .sampler import temperature_bars, text_sampler
from .search_map import search_map
from .signals import signal_explorer
from .softmax import softmax_explorer
from .unroller import bptt_unroller
from .watched import WatchedTraining
from .window import sliding_window

__all__ = [
    "Explorer",
    "TrainingMonitor",
    "TrainingProgress",
    "WatchedTraining",
    "architecture_builder",
    "average_explorer",
    "bptt_unroller",
    "broken_backward",
    "cell_inspector",
    "clip_arrows",
    "cost_explorer",
    "gate_playground",
    "gradient_fate",
    "graph_stepper",
    "hinge_explorer",
    "hyperplane_explorer",
    "im2col_explorer",
    "kink_demo",
    "layer_calculator",
    "optimiser_race",
    "plane_explorer",
    "pooling_router",
    "product_explorer",
    "rate_explorer",
    "receptive_field_explorer",
    "search_map",
    "signal_explorer",
    "sliding_window",
    "softmax_explorer",
    "temperature_bars",
    "text_sampler",
]
