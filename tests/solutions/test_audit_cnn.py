"""The CNN assignment, beyond what test_audit.py asks of each: single answers, and what they must
cost.
"""

from __future__ import annotations

import numpy as np
import pytest

from .audited import audited, failed

pytest.importorskip("torch")
pytest.importorskip("h5py")

AUDIT = audited("cnn")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
ANSWERS = AUDIT.answers
verdict = AUDIT.verdict
in_another_style = AUDIT.in_another_style


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


@pytest.mark.audit
@pytest.mark.parametrize(
    ("answer", "other", "lost"),
    [
        ("max_pool_backward", equal_shares, set()),
        ("im2col", loops_over_images, {"Vectorised over N"}),
        (
            "conv_forward_fft",
            conv_by_naive_means,
            {"By way of the frequencies", "Vectorised over N"},
        ),
        (
            "winograd_f2x2_3x3",
            winograd_by_naive_means,
            {"By way of the tiles", "Vectorised over N"},
        ),
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
