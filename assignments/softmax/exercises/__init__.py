"""The softmax assignment's exercises: how each answer is called, and what must be true of it.

In the notebook's order. Students may read it.
"""

# ruff: noqa: F401, I001 - imported to be found, in the notebook's order
from .scores import softmax, logsumexp, log_softmax
from .loss import softmax_loss_naive, softmax_loss, softmax_loss_vectorized
from .backwards import softmax_jacobian, softmax_vjp
from .training import expected_initial_loss, initial_loss_ok, Softmax
from .loss import label_smoothing_loss
from .training import overfit_small
from .rules import sgd, sgd_momentum, rmsprop, adam, adamw
from .monitoring import update_ratio, train_with_monitor, diagnose_lr
from .schedules import warmup_cosine_decay
from .second_order import newton_step, newton_counterexample, hessian_bytes, lbfgs_direction
from .averages import ema_update, ema_corrected, ema_memory, average_predictions, average_weights
from .training import notes_errata
from .in_torch import softmax_regression_torch
