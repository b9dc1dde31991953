"""Figures: each function takes numbers and returns a Picture, which shows itself and says in words what it shows.

images.py    data sets, templates, confusions          losses.py    losses as curves, training histories
margins.py   scores, margins, violations               matrices.py  coloured grids, shapes of products, chains of steps
slopes.py    numeric against analytic gradients        search.py    hyperparameter searches
picture.py   what they are made of                     palette.py   the colours
"""

from .images import centring, confusion, contributions, examples, templates
from .losses import curves, hinge_shapes, history
from .margins import count_against_loss, margin_bars, margin_histogram, score_lines, violations
from .matrices import chain, heat_maps, product_shapes
from .picture import Picture
from .search import accuracy_map, sampling, trials
from .slopes import gradient_agreement, kink, step_error

__all__ = [
    "Picture",
    "accuracy_map",
    "centring",
    "chain",
    "confusion",
    "contributions",
    "count_against_loss",
    "curves",
    "examples",
    "gradient_agreement",
    "heat_maps",
    "hinge_shapes",
    "history",
    "kink",
    "margin_bars",
    "margin_histogram",
    "product_shapes",
    "sampling",
    "score_lines",
    "step_error",
    "templates",
    "trials",
    "violations",
]
