"""Figures: each function takes numbers and returns a Picture, which shows itself and says in words what it shows.

images.py    data sets, templates, confusions          losses.py    losses as curves, training histories
margins.py   scores, margins, violations               matrices.py  coloured grids, shapes of products, chains of steps
slopes.py    numeric against analytic gradients        search.py    hyperparameter searches
gates.py     gates as geometry                         graphs.py    computational graphs
beliefs.py   probabilities and their cost              training.py  what to watch in a training run, ensembles
landscapes.py  walks downhill, quadratic models
picture.py   what they are made of                     palette.py   the colours
"""

from .beliefs import beliefs, lead_losses
from .gates import rectangle
from .graphs import Arrow, Node, computation_graph
from .images import centring, confusion, contributions, examples, templates
from .landscapes import paths, quadratic_model
from .losses import curves, hinge_shapes, history
from .margins import count_against_loss, margin_bars, margin_histogram, score_lines, violations
from .matrices import chain, heat_maps, product_shapes
from .picture import Picture
from .search import accuracy_map, sampling, trials
from .slopes import gradient_agreement, kink, parameter_errors, step_error
from .training import ensemble, monitor

__all__ = [
    "Arrow",
    "Node",
    "Picture",
    "accuracy_map",
    "beliefs",
    "centring",
    "chain",
    "computation_graph",
    "confusion",
    "contributions",
    "count_against_loss",
    "curves",
    "ensemble",
    "examples",
    "gradient_agreement",
    "heat_maps",
    "hinge_shapes",
    "history",
    "kink",
    "lead_losses",
    "margin_bars",
    "margin_histogram",
    "monitor",
    "parameter_errors",
    "paths",
    "product_shapes",
    "quadratic_model",
    "rectangle",
    "sampling",
    "score_lines",
    "step_error",
    "templates",
    "trials",
    "violations",
]
