"""Figures: each function takes numbers and returns a Picture, which shows itself and says in words
what it shows.

images.py    data sets, templates, confusions          losses.py    losses as curves, training histories
margins.py   scores, margins, violations               matrices.py  coloured grids, shapes of products, chains of steps
slopes.py    numeric against analytic gradients        search.py    hyperparameter searches
gates.py     gates as geometry                         graphs.py    computational graphs
beliefs.py   probabilities and their cost              training.py  what to watch in a training run, ensembles
landscapes.py  walks downhill, quadratic models       layers.py    feature maps, volumes, what methods cost
unrolled.py  networks drawn out in time                gate_blocks.py  an LSTM's weights, gate by gate
writing.py   text, letter by letter                    spectra.py   eigenvalues, what becomes of a gradient
trees.py     what a search kept                       hyperplanes.py  two features, a line for each class
products.py  one entry of a matrix product
picture.py   what they are made of                     palette.py   the colours
chart.py     charts that a browser draws               marks.py     what is on a chart
"""

from .beliefs import beliefs, lead_losses
from .gate_blocks import gate_blocks
from .gates import rectangle
from .graphs import Arrow, Node, computation_graph
from .hyperplanes import hyperplanes
from .images import centring, confusion, contributions, examples, templates
from .landscapes import paths, quadratic_model
from .layers import bars, crossover, maps, shared_means, volumes
from .losses import curves, hinge_shapes, history
from .margins import count_against_loss, margin_bars, margin_histogram, score_lines, violations
from .matrices import chain, heat_maps, product_shapes
from .picture import Picture
from .products import product_entry
from .search import accuracy_map, sampling, trials
from .slopes import gradient_agreement, kink, parameter_errors, step_error
from .spectra import eigenvalues, fates, stretch
from .training import ensemble, monitor
from .trees import search_tree
from .unrolled import unrolled
from .writing import character_bars, letters, passages, visible

__all__ = [
    "Arrow",
    "Node",
    "Picture",
    "accuracy_map",
    "bars",
    "beliefs",
    "centring",
    "chain",
    "character_bars",
    "computation_graph",
    "confusion",
    "contributions",
    "count_against_loss",
    "crossover",
    "curves",
    "eigenvalues",
    "ensemble",
    "examples",
    "fates",
    "gate_blocks",
    "gradient_agreement",
    "heat_maps",
    "hinge_shapes",
    "history",
    "hyperplanes",
    "kink",
    "lead_losses",
    "letters",
    "maps",
    "margin_bars",
    "margin_histogram",
    "monitor",
    "parameter_errors",
    "passages",
    "paths",
    "product_entry",
    "product_shapes",
    "quadratic_model",
    "rectangle",
    "sampling",
    "score_lines",
    "search_tree",
    "shared_means",
    "step_error",
    "stretch",
    "templates",
    "trials",
    "unrolled",
    "violations",
    "visible",
    "volumes",
]
