"""What the audits know of each assignment by name: pairs of mistakes, what a laptop cannot see,
answers of zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .conftest import load

COPYABLE = {
    "zero_one_counterexample",
    "notes_errata",
    "newton_counterexample",
    "gate_claims",
    "batchnorm_impostor",
    "conv_claims",
    "exploding_counterexample",
    "sequence_claims",
}
"""Claims, and examples that an answer makes up: what is right there could be copied from a
release.
"""


@dataclass(frozen=True)
class Particulars:
    """What is asked of one assignment in tests that are the same for all.

    ``pairs``: mistakes that are both named when made together. ``only_with_the_reference``:
        mistakes
    that no laptop sees. ``zeros``: answers of the right shape, worth ``zeros_earn`` of the points
    at most. ``nonsense_earns``: what is left where one of several answers is nonsense. ``many``:
    outputs of which there are many right ones. ``near``: how far right answers are apart,
    relatively.
    ``loops``: what the mistakes' right answers loop over on purpose. ``draws``: how often
    `make test-long` judges a right answer.
    """

    pairs: tuple[tuple[str, tuple[str, str]], ...]
    only_with_the_reference: frozenset[tuple[str, str]]
    zeros: Mapping[str, Callable[..., Any]]
    zeros_earn: float
    nonsense_earns: float = 0.4
    many: frozenset[tuple[str, str]] = frozenset()
    near: float = 1e-6
    loops: Mapping[str, set[str]] = field(default_factory=dict)
    draws: int = 200


def zero_loss(W, X, y, reg):
    return 0.0, np.zeros_like(W)


def times_zero(answer):
    """What the LSTM's reference gives, times zero."""

    def zeros(*args):
        found = getattr(load("solutions/lstm.py"), answer)(*args)
        return tuple(0 * one for one in found) if isinstance(found, tuple) else 0 * found

    return zeros


SVM_ONLY_WITH_THE_REFERENCE = {
    *(("L_i_vectorized", name) for name in ("squared", "worst_class_only", "mean_over_classes")),
    *(
        (loss, name)
        for loss in ("svm_loss_naive", "svm_loss_vectorized", "squared_hinge_loss")
        for name in (
            "no_reg",
            "half_convention",
            "reg_divided_by_N",
            "reg_for_each_example",
            "norm_not_squared",
            "bias_spared",
        )
    ),
    ("svm_loss_naive", "worst_class_only"),
    ("svm_loss_vectorized", "worst_class_only"),
    *(
        ("svm_loss", name)
        for name in ("loss_counts_true", "mean_over_entries", "no_margin", "worst_class_only")
    ),
    ("eval_numerical_gradient", "integers_kept"),
    *(
        ("rel_error", name)
        for name in ("floor_added", "mean", "absolute", "signed", "larger_of_two", "whole_tensor")
    ),
    *(
        ("grad_check_sparse", name)
        for name in ("forward", "steps_pile_up", "step_ignored", "first_entries")
    ),
    *(("grad_check_sparse", name) for name in ("columns_first", "copy_stepped", "mean")),
    ("is_at_boundary", "frac_ignored"),
    *(
        ("coarse_to_fine_search", name)
        for name in ("coarse_only", "fine_only", "boundary_of_fine_range")
    ),
    *(
        ("LinearSVM", name)
        for name in ("without_replacement", "reg_ignored", "starts_again", "starts_at_zero")
    ),
    *(("notes_errata", letter) for letter in "abcdef"),
    *(
        ("svm_loss_torch", name)
        for name in ("true_class_counted", "mean_over_entries", "no_reg", "half_convention")
    ),
}

SOFTMAX_ONLY_WITH_THE_REFERENCE = {
    ("initial_loss_ok", "tol_relative"),
    *(
        ("Softmax", name)
        for name in ("one_batch", "without_replacement", "reg_ignored", "starts_again")
    ),
    *(
        ("Softmax", name)
        for name in ("starts_at_zero", "scores_for_probabilities", "probabilities_over_batch")
    ),
    *(
        ("overfit_small", name)
        for name in ("first_examples", "with_replacement", "labels_not_sampled")
    ),
    *(("overfit_small", name) for name in ("mini_batches", "starts_at_zero", "loss_after_step")),
    ("overfit_small", "accuracy_before_last_step"),
    ("rmsprop", "not_stored"),
    *((rule, "rate_default") for rule in ("sgd", "sgd_momentum", "rmsprop", "adam", "adamw")),
    ("sgd_momentum", "momentum_default"),
    *(("rmsprop", name) for name in ("decay_default", "eps_default")),
    *(("adam", name) for name in ("beta1_default", "beta2_default", "eps_default")),
    ("adamw", "decay_default"),
    ("adam", "betas_swapped"),
    ("adam", "betas_fixed"),
    *(
        ("train_with_monitor", name)
        for name in ("one_batch", "ratio_to_the_start", "start_returned", "labels_not_sampled")
    ),
    ("train_with_monitor", "without_replacement"),
    ("softmax_regression_torch", "one_batch"),
    *(("diagnose_lr", name) for name in ("warmup_fixed", "loss_only", "bounds_fixed")),
    ("newton_step", "curvature_made_positive"),
    ("hessian_bytes", "dtype_ignored"),
    ("lbfgs_direction", "gamma_of_oldest"),
    ("lbfgs_direction", "curvature_made_positive"),
    ("ema_update", "decay_fixed"),
    ("average_predictions", "logits_averaged"),
    *(("notes_errata", letter) for letter in "abcdefghi"),
}

BACKPROP_ONLY_WITH_THE_REFERENCE = {
    *(("batchnorm_forward", name) for name in ("eps_default", "momentum_default")),
    ("layernorm_forward", "eps_default"),
    *(("gate_claims", letter) for letter in "abcdef"),
    ("gradient_check_model", "step_ignored"),
    *(("init_weights", name) for name in ("uniform", "rng_ignored")),
    *(
        ("FullyConnectedNet", name)
        for name in (
            "norm_after_relu",
            "gamma_starts_at_0",
            "averages_forgotten",
            "dropout_on_scores",
            "one_seed",
            "weights_not_scaled",
        )
    ),
}

CNN_ONLY_WITH_THE_REFERENCE = {
    *(("conv_claims", letter) for letter in "abcdefghij"),
    ("conv_param_count", "groups_ignored"),
    ("network_summary", "sides_swapped"),
    *(
        ("conv_cost", name)
        for name in ("tiles_rounded_down", "no_room", "natural_log", "products_forgotten")
    ),
    ("strassen_matmul", "leaf_ignored"),
    ("stack_params", "not_by_channel"),
    *(("spatial_batchnorm_forward", name) for name in ("eps_default", "momentum_default")),
    ("spatial_groupnorm_forward", "eps_default"),
    *(("random_flip_crop", name) for name in ("mirrored_above", "columns_first")),
    ("residual_block_forward", "stride_in_second"),
    *(
        ("ThreeLayerConvNet", name)
        for name in ("first_relu_missing", "second_relu_missing", "channels_last")
    ),
    ("ThreeLayerConvNet", "average_pooling"),
    ("ResidualBlock", "stride_in_second"),
    ("ResidualBlock", "relu_1_missing"),
    *(("Bottleneck", name) for name in ("stride_in_first", "relu_1_missing", "relu_2_missing")),
    ("DenseBlock", "relu_missing"),
    *(
        ("InceptionModule", name)
        for name in ("average_pooling", "inner_relu_missing", "another_order")
    ),
    *(
        ("train_cnn", name)
        for name in ("softmax_twice", "summed", "mean_of_batches", "counts_returned")
    ),
    *(("train_cnn", name) for name in ("gradients_added", "one_loss_an_epoch", "last_epoch_only")),
}

LSTM_ONLY_WITH_THE_REFERENCE = {
    ("init_lstm", "wh_first"),
    *(("sequence_claims", letter) for letter in "abcdefgh"),
    ("train_char_lm", "gradients_not_zeroed"),
}

SVM_PAIRS = (("svm_loss_vectorized", ("no_true_class", "no_reg_gradient")),)
SOFTMAX_PAIRS = (
    ("softmax_loss_vectorized", ("no_one_hot", "no_reg_gradient")),
    ("softmax_loss_vectorized", ("eps_in_log", "gradient_not_averaged")),
    ("softmax_loss_naive", ("log10", "half_reg_gradient")),
    ("label_smoothing_loss", ("true_class_keeps_all", "loss_of_hard_labels")),
    ("rmsprop", ("decay_swapped", "eps_in_root")),
    ("adam", ("no_correction", "uphill")),
    ("adamw", ("l2_in_gradient", "uphill")),
    ("train_with_monitor", ("gradient_for_update", "norm_squared")),
    ("warmup_cosine_decay", ("starts_at_zero", "progress_over_total")),
    ("lbfgs_direction", ("order_reversed", "gamma_missing")),
    ("lbfgs_direction", ("no_minus", "second_loop_adds")),
    ("notes_errata", ("c", "e")),
    ("notes_errata", ("d", "f")),
)

BACKPROP_PAIRS = (
    ("Value", ("tanh_of_input", "max_to_both")),
    ("Value", ("assigned", "mul_not_swapped")),
    ("grad", ("mul_not_swapped", "tanh_not_squared")),
    ("topological_sort", ("reversed", "leaves_missing")),
    ("unbroadcast", ("averaged", "leading_kept")),
    ("affine_backward", ("dx_not_reshaped", "db_averaged")),
    ("affine_backward", ("db_kept_axis", "dw_of_unflattened")),
    ("relu_backward", ("mask_of_dout", "upstream_dropped")),
    ("TwoLayerNet", ("biases_regularised", "relu_mask_missing")),
    ("TwoLayerNet", ("b1_missing", "half_convention")),
    ("batchnorm_forward", ("momentum_swapped", "ddof")),
    ("batchnorm_backward", ("mean_path_missing", "gamma_missing")),
    ("layernorm_forward", ("over_everything", "eps_outside_root")),
    ("layernorm_backward", ("gamma_missing", "parameters_averaged")),
    ("dropout_forward", ("drop_for_keep", "no_error")),
    ("FullyConnectedNet", ("dropout_in_test", "half_reg_gradient")),
    ("init_weights", ("relu_ignored", "half_of_xavier")),
    ("gate_claims", ("b", "e")),
    ("gradient_accumulate", ("mean_of_means", "last_loss")),
)

CNN_PAIRS = (
    ("conv_param_count", ("bias_missing", "groups_ignored")),
    ("network_summary", ("eight_bytes", "bias_missing")),
    ("resnet_param_count", ("projection_missing", "batchnorm_missing")),
    ("conv_claims", ("f", "j")),
    ("conv_forward_naive", ("flipped", "bias_missing")),
    ("conv_backward_naive", ("assigned", "db_averaged")),
    ("conv_backward_naive", ("one_cut_off", "dw_averaged")),
    ("max_pool_backward", ("assigned", "divided")),
    ("col2im", ("overwritten", "channels_last")),
    ("conv_forward_im2col", ("flipped", "bias_missing")),
    ("conv_backward_im2col", ("dw_not_reshaped", "overwritten")),
    ("conv_forward_fft", ("not_flipped", "bias_missing")),
    ("conv_cost", ("natural_log", "products_forgotten")),
    ("receptive_field", ("strides_ignored", "strides_added")),
    ("separate_kernel", ("length_lost", "largest_value")),
    ("conv_forward_dilated", ("flipped", "bias_missing")),
    ("conv_transpose", ("overwritten", "bias_missing")),
    ("residual_block_backward", ("outer_mask_missing", "inner_mask_missing")),
    ("spatial_batchnorm_backward", ("mean_path_missing", "parameters_averaged")),
    ("spatial_groupnorm_backward", ("gamma_outside", "parameters_averaged")),
    ("ThreeLayerConvNet", ("reg_gradient_missing", "biases_averaged")),
    ("random_flip_crop", ("upside_down", "edge_repeated")),
    ("Bottleneck", ("relu_1_missing", "outer_relu_missing")),
    ("HDF5Dataset", ("opened_at_start", "always_scaled")),
)

LSTM_PAIRS = (
    ("rnn_step_backward", ("slope_not_squared", "db_averaged")),
    ("rnn_backward", ("dh_not_added", "dx_reversed")),
    ("temporal_softmax_loss", ("mask_ignored", "log10")),
    ("temporal_softmax_loss", ("targets_shifted", "mean_over_words")),
    ("lstm_step_forward", ("sigmoid_on_g", "tanh_of_c_missing")),
    ("lstm_step_backward", ("f_missing", "sigmoid_on_g")),
    ("lstm_backward", ("carried_c_dropped", "averaged_over_steps")),
    ("gru_step_forward", ("reset_before_product", "update_swapped")),
    ("init_lstm", ("wh_first", "on_input_gate")),
    ("clip_grad_norm", ("lengthened", "norm_after")),
    ("stacked_lstm_backward", ("top_first", "last_layer_only")),
    ("bidirectional_lstm", ("filling_read_first", "halves_swapped")),
    ("char_rnn_train_step", ("state_reset", "mean_over_words")),
    ("sample", ("seed_counts", "temperature_ignored")),
    ("beam_search", ("first_counts", "least_first")),
    ("gradient_norm_profile", ("tanh_ignored", "without_start")),
    ("seq2seq_loss", ("mean_over_words", "start_is_0")),
    ("sequence_claims", ("a", "e")),
    ("CharLSTM", ("on_input_gate", "head_bias_missing")),
    ("train_char_lm", ("sgd", "state_reset")),
)

SOFTMAX_ZEROS = {
    "softmax": lambda s: np.zeros_like(s),
    "logsumexp": lambda x, axis: np.zeros_like(x).sum(axis=axis),
    "log_softmax": lambda x: np.zeros_like(x),
    "softmax_loss_naive": zero_loss,
    "softmax_loss_vectorized": zero_loss,
    "softmax_loss": lambda x, y: (0.0, np.zeros_like(x)),
    "label_smoothing_loss": lambda x, y, eps: (0.0, np.zeros_like(x)),
    "softmax_jacobian": lambda s: np.zeros((len(s), len(s))),
    "softmax_vjp": lambda dout, s: np.zeros_like(s),
    "sgd_momentum": lambda w, dw, config=None: (w, {"velocity": 0 * w}),
    "rmsprop": lambda w, dw, config=None: (w, {"cache": 0 * w}),
    "adam": lambda w, dw, config=None: (w, {"m": 0 * w, "v": 0 * w, "t": 0}),
    "adamw": lambda w, dw, config=None: (w, {"m": 0 * w, "v": 0 * w, "t": 0}),
    "warmup_cosine_decay": lambda step, peak, warmup_steps, total_steps, end=0.0: 0.0,
    "newton_step": lambda grad, H: 0 * grad,
    "lbfgs_direction": lambda grad, S, Y: 0 * grad,
    "ema_update": lambda x_test, x, decay=0.995: 0 * x,
    "average_predictions": lambda probabilities: 0 * probabilities[0],
}

BACKPROP_ZEROS = {
    "affine_backward": lambda dout, cache: tuple(map(np.zeros_like, cache)),
    "relu_backward": lambda dout, cache: np.zeros_like(dout),
    "batchnorm_backward": lambda dout, cache: (0 * dout, 0 * cache[2], 0 * cache[2]),
    "layernorm_backward": lambda dout, cache: (0 * dout, 0 * cache[2], 0 * cache[2]),
    "dropout_backward": lambda dout, cache: 0 * dout,
    "mul_backward": lambda dout, cache: (0 * dout, 0 * dout),
}

CNN_ZEROS = {
    "conv_backward_naive": lambda dout, cache: tuple(map(np.zeros_like, cache[:3])),
    "max_pool_backward": lambda dout, cache: np.zeros_like(cache[0]),
    "avg_pool_backward": lambda dout, cache: np.zeros(cache[0]),
}


PARTICULARS = {
    "svm": Particulars(
        pairs=SVM_PAIRS,
        only_with_the_reference=frozenset(SVM_ONLY_WITH_THE_REFERENCE),
        zeros=dict.fromkeys(
            ["svm_loss_naive", "svm_loss_vectorized", "squared_hinge_loss"], zero_loss
        ),
        zeros_earn=1 / 3,
        many=frozenset({("zero_one_counterexample", "")}),
        near=1e-8,
        loops={"margin_violations": {"Vectorised over N"}},
        draws=500,
    ),
    "softmax": Particulars(
        pairs=SOFTMAX_PAIRS,
        only_with_the_reference=frozenset(SOFTMAX_ONLY_WITH_THE_REFERENCE),
        zeros=SOFTMAX_ZEROS,
        zeros_earn=1 / 3,
        many=frozenset({("newton_counterexample", "")}),
        near=1e-7,
        loops={"log_softmax": {"Vectorised over N"}},
        draws=500,
    ),
    "backprop": Particulars(
        pairs=BACKPROP_PAIRS,
        only_with_the_reference=frozenset(BACKPROP_ONLY_WITH_THE_REFERENCE),
        zeros=BACKPROP_ZEROS,
        zeros_earn=1 / 2,
        many=frozenset({("batchnorm_impostor", "")}),
        draws=300,
    ),
    "cnn": Particulars(
        pairs=CNN_PAIRS,
        only_with_the_reference=frozenset(CNN_ONLY_WITH_THE_REFERENCE),
        zeros=CNN_ZEROS,
        zeros_earn=1 / 2,
        nonsense_earns=0.75,
        many=frozenset({("winograd", "BT"), ("winograd", "G"), ("winograd", "AT")}),
    ),
    "lstm": Particulars(
        pairs=LSTM_PAIRS,
        only_with_the_reference=frozenset(LSTM_ONLY_WITH_THE_REFERENCE),
        zeros={
            answer: times_zero(answer)
            for answer in (
                "rnn_backward",
                "lstm_backward",
                "word_embedding_backward",
                "lstm_step_backward",
            )
        },
        zeros_earn=1 / 2,
        nonsense_earns=0.7,
        many=frozenset({("exploding_counterexample", "W")}),
    ),
}
DRAWN_LESS = {
    ("softmax", "notes_errata"): 20,
    ("softmax", "overfit_small"): 20,
    ("softmax", "Softmax"): 20,
    ("cnn", "train_cnn"): 20,
    ("lstm", "train_char_lm"): 20,
    ("lstm", "char_lstm"): 20,
}
"""Right answers that take long: how often `make test-long` judges these."""

PARTLY_RIGHT = {
    (answer, "its first argument")
    for answer in ("relu_backward", "batchnorm_impostor", "dropout_backward", "log_softmax")
}
"""Handing the upstream gradient or the scores on is wrong, but has the shape, the kind and some
properties of what is right.
"""
