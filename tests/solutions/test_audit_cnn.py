"""The CNN assignment, beyond what test_audit.py asks of each: other right styles, pairs of mistakes, nonsense."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from autograder.judge import judge
from autograder.language.probe import USUAL, Answers
from autograder.watch.evaluate import local

from .audited import audited, failed
from .conftest import load

pytest.importorskip("torch")
pytest.importorskip("h5py")

AUDIT = audited("cnn")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
ANSWERS = AUDIT.answers
KNOWN = AUDIT.known
verdict = AUDIT.verdict
in_another_style = AUDIT.in_another_style
STYLE = vars(load("solutions/styles/cnn.py"))


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("seed", range(2))
def test_answers_in_two_other_styles_pass(name, seed):
    for namespace in (in_another_style(name), {**RIGHT, **STYLE}):
        judged = verdict(name, namespace, seed)
        assert judged.status == "passed", judged.sentence()


def as_numbers(value):
    return np.asarray(value, dtype=float)


@pytest.mark.parametrize("name", EXERCISES)
def test_without_mistakes_both_styles_give_the_same(name):
    exercise, rng = EXERCISES[name], np.random.default_rng(3)
    for one in (USUAL, USUAL, *exercise.cases):
        inputs, _ = exercise.draw(rng, one)
        ours = exercise.call(Answers(RIGHT), inputs)
        theirs = exercise.call(Answers(in_another_style(name)), inputs)
        for output, value in ours.items():
            if name == "winograd" and output in ("BT", "G", "AT"):
                continue  # there are many
            near = 1e-2 if name == "train_cnn" else 1e-6
            message = f"{output} ({one.title})"
            np.testing.assert_allclose(
                as_numbers(theirs[output]), as_numbers(value), near, near / 1000, err_msg=message
            )


@pytest.mark.parametrize(
    ("answer", "names"),
    [
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
        ("residual_block_backward", ("outer_mask_missing", "inner_mask_missing")),
        ("ThreeLayerConvNet", ("reg_gradient_missing", "biases_averaged")),
        ("Bottleneck", ("relu_1_missing", "outer_relu_missing")),
        ("train_cnn", ("gradients_added", "mean_of_batches")),
        ("HDF5Dataset", ("opened_at_start", "always_scaled")),
    ],
)
def test_two_mistakes_at_once_are_both_named(answer, names):
    judged = verdict(ANSWERS[answer].name, dict(MISTAKES.commit(answer, names).namespace), 5)
    hints = " ".join(finding.hint for finding in judged.findings)
    for name in names:
        assert WRONG.HINTS[answer][name] in hints, name


# --- without the reference, on a laptop -------------------------------------------------------------------------------

ONLY_WITH_THE_REFERENCE = {
    *(("conv_claims", letter) for letter in "abcdefghij"),
    ("conv_param_count", "groups_ignored"),
    ("network_summary", "sides_swapped"),
    *(("conv_cost", name) for name in ("tiles_rounded_down", "no_room", "natural_log", "products_forgotten")),
    ("strassen_matmul", "leaf_ignored"),
    ("stack_params", "not_by_channel"),
    ("residual_block_forward", "stride_in_second"),
    *(("ThreeLayerConvNet", name) for name in ("first_relu_missing", "second_relu_missing", "channels_last")),
    ("ThreeLayerConvNet", "average_pooling"),
    ("ResidualBlock", "stride_in_second"),
    ("ResidualBlock", "relu_1_missing"),
    *(("Bottleneck", name) for name in ("stride_in_first", "relu_1_missing", "relu_2_missing")),
    ("DenseBlock", "relu_missing"),
    *(("InceptionModule", name) for name in ("average_pooling", "inner_relu_missing", "another_order")),
    *(("train_cnn", name) for name in ("softmax_twice", "summed", "mean_of_batches", "counts_returned")),
    *(("train_cnn", name) for name in ("gradients_added", "one_loss_an_epoch", "last_epoch_only")),
}


@pytest.mark.parametrize(("answer", "name"), KNOWN, ids=[f"{answer}-{name}" for answer, name in KNOWN])
def test_a_laptop_without_the_reference_sees_most_mistakes(answer, name):
    exercise = ANSWERS[answer]
    judged = judge(exercise, local(exercise, MISTAKES.commit(answer, (name,)).namespace), seed=4)
    seen = any(finding.passed is False for finding in judged.findings)
    assert seen or (answer, name) in ONLY_WITH_THE_REFERENCE


# --- right answers of other styles, and wrong ways to right values ----------------------------------------------------


def equal_shares(dout, cache):
    """Max pooling whose ties are split evenly."""
    return WRONG.max_pool_backward(dout, cache)


def loops_over_images(x, HH, WW, stride=1, pad=0):
    return np.concatenate([RIGHT["im2col"](one[None], HH, WW, stride, pad) for one in x], axis=1)


def conv_by_naive_means(x, w, b, pad=0):
    return RIGHT["conv_forward_naive"](x, w, b, {"stride": 1, "pad": pad})[0]


def winograd_by_naive_means(x, w):
    return RIGHT["conv_forward_naive"](x, w, np.zeros(len(w)), {"stride": 1, "pad": 0})[0]


def strassen_by_counting_only(A, B, leaf=64):
    return A @ B, RIGHT["strassen_matmul"](A, B, leaf)[1]


@pytest.mark.parametrize(
    ("answer", "other", "lost"),
    [
        ("max_pool_backward", equal_shares, set()),
        ("im2col", loops_over_images, {"Vectorised over N"}),
        ("conv_forward_fft", conv_by_naive_means, {"By way of the frequencies", "Vectorised over N"}),
        ("winograd_f2x2_3x3", winograd_by_naive_means, {"By way of the tiles", "Vectorised over N"}),
        ("strassen_matmul", strassen_by_counting_only, {"Sums of blocks are multiplied"}),
    ],
)
def test_other_ways_to_the_right_values_keep_what_they_earned(answer, other, lost):
    assert failed(verdict(ANSWERS[answer].name, {**RIGHT, answer: other}, 0)) == lost


def conv_by_torch(x, w, b, conv_param):
    import torch

    x, w, b = map(torch.from_numpy, (x, w, b))
    out = torch.nn.functional.conv2d(x, w, b, conv_param["stride"], conv_param["pad"])
    return out.numpy(), None


def test_a_convolution_by_torch_earns_nothing():
    judged = verdict("conv_forward_naive", {**RIGHT, "conv_forward_naive": conv_by_torch}, 1)
    assert judged.score == 0
    assert "calls torch" in judged.findings[-1].message


# --- wrong beyond any catalogue ---------------------------------------------------------------------------------------


class Nonsense:
    """A model, a block or a data set that knows nothing and says so."""

    params: dict[str, Any] = {}  # noqa: RUF012

    def __init__(self, *args, **named):
        pass

    def loss(self, *args):
        return None

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError
        return "seven"


NONSENSE = {
    "nothing": lambda *args, **named: None,
    "two nothings": lambda *args, **named: (None, None),
    "three nothings": lambda *args, **named: (None, None, None),
    "a number": lambda *args, **named: 3.0,
    "two numbers": lambda *args, **named: (1.0, 2.0),
    "lists": lambda *args, **named: ([1, 2], [[3]]),
    "nan": lambda *args, **named: (np.nan, np.full((3, 4), np.nan)),
    "objects": lambda *args, **named: (np.array([None]), np.array(["a"])),
    "complex": lambda *args, **named: (1j, 1j * np.ones((3, 3))),
    "too many axes": lambda *args, **named: np.zeros((3, 3, 3, 3, 3)),
    "a string": lambda *args, **named: "abc",
    "a dict": lambda *args, **named: {},
    "its arguments": lambda *args, **named: args,
    "a model": Nonsense,
    "an exit": lambda *args, **named: sys.exit(0),
}


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("answer", ANSWERS)
def test_nonsense_is_the_answers_fault_and_earns_little(answer, kind):
    judged = verdict(ANSWERS[answer].name, {**RIGHT, answer: NONSENSE[kind]}, 1)
    assert judged.note == "", "a check broke"
    assert judged.status != "passed"
    # several answers share some exercises: what the others earn stays
    assert judged.score <= (0.4 if len(ANSWERS[answer].answers) == 1 else 0.75) * judged.points


@pytest.mark.parametrize(
    ("answer", "zeros"),
    [
        ("conv_backward_naive", lambda dout, cache: tuple(map(np.zeros_like, cache[:3]))),
        ("max_pool_backward", lambda dout, cache: np.zeros_like(cache[0])),
        ("avg_pool_backward", lambda dout, cache: np.zeros(cache[0])),
    ],
)
def test_zeros_of_the_right_shape_earn_no_more_than_half(answer, zeros):
    judged = verdict(ANSWERS[answer].name, {**RIGHT, answer: zeros}, 1)
    assert judged.score <= judged.points / 2


@pytest.mark.long
@pytest.mark.parametrize("name", EXERCISES)
def test_no_right_answer_is_ever_failed(name):
    for seed in range(20 if name == "train_cnn" else 200):
        judged = verdict(name, RIGHT, seed)
        assert judged.status == "passed", f"seed {seed}: {judged.sentence()}"
