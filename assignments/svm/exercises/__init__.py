"""The SVM assignment's exercises: how each answer is called, and what must be true of it. (Students may read it.)"""

# ruff: noqa: F401 - imported to be found
from .gradients import eval_numerical_gradient, grad_check_sparse, rel_error
from .hinge import (
    L_i_vectorized,
    margin_violations,
    squared_hinge_loss,
    svm_loss,
    svm_loss_naive,
    svm_loss_vectorized,
    zero_one_counterexample,
)
from .in_torch import svm_loss_torch
from .scale import rescale_margin, scaling_experiment
from .search import coarse_to_fine_search, expected_initial_loss, is_at_boundary
from .training import LinearSVM, notes_errata, preprocess
