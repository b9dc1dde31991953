"""The CNN references: every gradient against torch, every corrected statement and figure against
numbers.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
import pickle
from itertools import product

import numpy as np
import pytest

from coursekit.data import read_digits

from .conftest import COURSE

torch = pytest.importorskip("torch")
h5py = pytest.importorskip("h5py")
F = torch.nn.functional


def drawn(*shape, seed: int = 0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def derived(f, *arrays, upstream=None):
    """f's value in torch, and its gradients with respect to ``arrays`` for an upstream gradient."""
    tensors = [torch.from_numpy(np.array(one, dtype=float)).requires_grad_() for one in arrays]
    out = f(*tensors)
    out.backward(
        torch.ones_like(out) if upstream is None else torch.from_numpy(np.asarray(upstream))
    )
    return out.detach().numpy(), [one.grad.numpy() for one in tensors]


def agree(ours, theirs, tolerance=1e-11):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# --- sizes and counts -----------------------------------------------------------------------------


@pytest.mark.parametrize(("stride", "pad"), [*product((1, 2, 3, 4), (0, 1, 2))])
def test_sizes_are_those_of_torch(cnn, stride, pad):
    for W, size in product((5, 7, 8, 12, 13), (1, 2, 3, 5)):
        out = F.conv1d(torch.zeros(1, 1, W), torch.zeros(1, 1, size), stride=stride, padding=pad)
        assert cnn.conv_output_size(W, size, stride, pad) == out.shape[-1]
        for ceil_mode in (False, True):
            pooled = F.max_pool1d(torch.zeros(1, 1, W), size, stride, ceil_mode=ceil_mode)
            assert cnn.pool_output_size(W, size, stride, ceil_mode) == pooled.shape[-1]


def test_45_a_stride_that_does_not_divide_is_refused_only_if_asked(cnn):
    assert [cnn.conv_output_size(7, 3, S, strict=True) for S in (1, 2)] == [5, 3]
    assert cnn.conv_output_size(7, 3, 3) == 2
    for W, size, S, P in ((7, 3, 3, 0), (224, 11, 4, 0)):
        with pytest.raises(ValueError, match="edge"):
            cnn.conv_output_size(W, size, S, P, strict=True)
    for strict in (False, True):
        with pytest.raises(ValueError, match="does not fit"):
            cnn.conv_output_size(3, 6, 1, 1, strict)
    assert cnn.conv_output_size(4, 6, 1, 1) == 1


def test_49_same_padding_keeps_the_size_at_stride_1_and_odd_filters_alone(cnn):
    for size in (1, 3, 5, 7, 11):
        assert cnn.conv_output_size(32, size, 1, cnn.same_padding(size)) == 32
    assert cnn.conv_output_size(32, 3, 2, cnn.same_padding(3)) == 16
    for size in (2, 4):
        with pytest.raises(ValueError, match="no padding"):
            cnn.same_padding(size)
        assert 32 not in {cnn.conv_output_size(32, size, 1, P) for P in range(4)}


def test_50_58_59_the_figures_of_the_lecture(cnn):
    assert cnn.conv_output_size(32, 5, 1, 2, strict=True) == 32
    assert cnn.conv_param_count(5, 3, 10) == 760
    assert cnn.conv_output_size(227, 11, 4, strict=True) == 55
    assert cnn.conv_param_count(11, 3, 96) == 34_944
    assert cnn.pool_output_size(55, 3, 2) == 27


def test_54_alexnet_without_weight_sharing(cnn):
    assert 55 * 55 * 96 == 290_400
    assert 290_400 * cnn.conv_param_count(11, 3, 1) == 105_705_600


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_43_a_filter_is_as_deep_as_its_group_of_its_own_input(cnn, groups):
    layer = torch.nn.Conv2d(8, 12, 3, groups=groups)
    assert layer.weight.shape[1] == 8 // groups
    assert cnn.conv_param_count(3, 8, 12, groups) == sum(one.numel() for one in layer.parameters())


VGG = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]


def vgg_layers():
    layers = []
    for repeats, K in VGG:
        layers += [{"kind": "conv", "F": 3, "K": K, "S": 1, "P": 1}] * repeats + [
            {"kind": "pool", "F": 2, "S": 2}
        ]
    return layers + [{"kind": "fc", "K": K} for K in (4096, 4096, 1000)]


def test_60_61_vgg_in_figures(cnn):
    rows, totals = cnn.network_summary(vgg_layers(), (3, 224, 224))
    assert totals["params"] == 138_357_544
    assert totals["activations"] == 15_237_608
    assert totals["mebibytes"] == pytest.approx(58.1, abs=0.05)
    assert 4 * totals["activations"] / 1e6 == pytest.approx(
        60.95, abs=0.005
    )  # in MB: neither unit gives 93
    assert totals["macs"] == pytest.approx(15.47e9, rel=1e-4)
    assert sum(row["params"] for row in rows if row["kind"] == "conv") == 14_714_688
    assert next(row["params"] for row in rows if row["kind"] == "fc") == pytest.approx(
        102.8e6, rel=1e-3
    )
    biases = sum(row["shape"][0] for row in rows if row["kind"] in ("conv", "fc"))
    assert (totals["params"] - biases, biases) == (138_344_128, 13_416)
    maps = sum(row["activations"] for row in rows if row["kind"] == "conv")
    assert 4 * maps / 2**20 == pytest.approx(51.7, abs=0.05)


def test_summaries_agree_with_torch(cnn):
    layers = [
        {"kind": "conv", "F": 5, "K": 6, "S": 2, "P": 1},
        {"kind": "pool", "F": 3, "S": 2},
        {"kind": "conv", "F": 2, "K": 4, "S": 1, "P": 0},
        {"kind": "fc", "K": 7},
        {"kind": "fc", "K": 3},
    ]
    rows, totals = cnn.network_summary(layers, (2, 31, 40))
    nn, sizes = torch.nn, []
    net = nn.Sequential(
        *(nn.Conv2d(2, 6, 5, 2, 1), nn.MaxPool2d(3, 2), nn.Conv2d(6, 4, 2)),
        *(nn.Flatten(), nn.LazyLinear(7), nn.Linear(7, 3)),
    )
    x = torch.zeros(1, 2, 31, 40)
    for layer in net:
        x = layer(x)
        if not isinstance(layer, nn.Flatten):
            sizes.append(tuple(x.shape[1:]))
    assert [row["shape"] for row in rows] == [(2, 31, 40), *sizes]
    assert totals["params"] == sum(one.numel() for one in net.parameters())


RESNETS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}


@pytest.mark.parametrize(
    ("depth", "count"), [(50, 25_557_032), (101, 44_549_160), (152, 60_192_808)]
)
def test_62_resnets_in_figures_by_formula_and_by_blocks(cnn, depth, count):
    assert cnn.resnet_param_count(RESNETS[depth]) == count
    nn, c_in, net = torch.nn, 64, []
    with torch.device("meta"):
        net += [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)]
        for stage, repeats in enumerate(RESNETS[depth]):
            width = 64 * 2**stage
            for k in range(repeats):
                stride = 2 if k == 0 and stage > 0 else 1
                net.append(cnn.Bottleneck(c_in, width, 4 * width, stride))
                c_in = 4 * width
        net.append(nn.Linear(2048, 1000))
    assert sum(one.numel() for part in net for one in part.parameters()) == count


def test_68_densenet_121_in_figures_and_layers_connect_to_all_later_ones(cnn):
    nn, channels, net = torch.nn, 64, []
    with torch.device("meta"):
        net += [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)]
        for k, layers in enumerate((6, 12, 24, 16)):
            net.append(cnn.DenseBlock(channels, 32, layers))
            channels += 32 * layers
            net.append(nn.BatchNorm2d(channels))
            if k < 3:
                net.append(nn.Conv2d(channels, channels // 2, 1, bias=False))
                channels //= 2
        net.append(nn.Linear(channels, 1000))
    assert sum(one.numel() for part in net for one in part.parameters()) == 7_978_856
    L = 5
    seen = [layer[0].num_features for layer in cnn.DenseBlock(10, 3, L).layers]
    assert seen == [10 + 3 * k for k in range(L)]
    assert (
        sum((one - 10) // 3 for one in seen) + L == L * (L + 1) // 2
    )  # connections, those from the input included


def test_the_ten_sentences_are_judged_by_the_answers_themselves(cnn):
    x, w = drawn(1, 1, 6, 7), drawn(1, 1, 3, 3)
    layer = cnn.conv_forward_naive(x, w, np.zeros(1), {"stride": 1, "pad": 0})[0]
    circular = np.fft.irfft2(np.fft.rfft2(x) * np.fft.rfft2(w, s=(6, 7)), s=(6, 7))
    truths = {
        "a": torch.nn.Conv2d(64, 8, 3).weight.shape[1] == 3,
        "b": 55 * 55 * 96 * cnn.conv_param_count(11, 3, 1) == 105_705_600
        and cnn.conv_param_count(11, 3, 96) == 34_944,
        "c": all(cnn.conv_output_size(32, 3, S, cnn.same_padding(3)) == 32 for S in (1, 2)),
        "d": F.max_pool2d(torch.zeros(1, 96, 55, 55), 3, 2).shape[1] == 1,
        "e": round(cnn.network_summary(vgg_layers(), (3, 224, 224))[1]["mebibytes"]) == 58,
        "f": cnn.resnet_param_count((3, 8, 36, 3)) < 6e6,
        "g": cnn.separate_kernel(drawn(7, 7))[2] < 1e-9,
        "h": circular.shape == layer.shape or np.allclose(circular[:, :, :4, :5], layer),
        "i": 36 * cnn.conv_cost("winograd", 8, 8, 3, 4, 3)
        == 16 * cnn.conv_cost("direct", 8, 8, 3, 4, 3),
        "j": cnn.DenseBlock(8, 4, 2).layers[1][0].num_features == 8,
    }
    assert cnn.conv_claims() == truths


# --- convolution ----------------------------------------------------------------------------------

GRID = [
    (N, H, W, HH, WW, stride, pad)
    for (H, W), (HH, WW), stride, pad, N in product(
        [(7, 5), (6, 9)], [(3, 3), (1, 1), (2, 4)], (1, 2, 3), (0, 1, 2), (1, 2)
    )
]


@pytest.mark.parametrize("way", ["naive", "im2col"])
@pytest.mark.parametrize(("stride", "pad"), [*product((1, 2, 3), (0, 1, 2))])
def test_convolution_agrees_with_torch(cnn, way, stride, pad):
    forward, backward = getattr(cnn, f"conv_forward_{way}"), getattr(cnn, f"conv_backward_{way}")
    for N, H, W, HH, WW, S, P in GRID:
        if (stride, pad) != (S, P):
            continue
        x, w, b = drawn(N, 3, H, W), drawn(4, 3, HH, WW), drawn(4)
        out, cache = forward(x, w, b, {"stride": stride, "pad": pad})
        dout = drawn(*out.shape, seed=1)
        value, gradients = derived(
            lambda x, w, b: F.conv2d(x, w, b, stride=stride, padding=pad), x, w, b, upstream=dout
        )
        agree([out, *backward(dout, cache)], [value, *gradients])


def test_43_47_depth_is_summed_over_not_slid_along(cnn):
    x, w = drawn(1, 5, 6, 6), drawn(2, 5, 3, 3)
    flat = cnn.conv_forward_naive(x, w, np.zeros(2), {"stride": 1, "pad": 0})[0]
    deep = F.conv3d(torch.from_numpy(x)[:, None], torch.from_numpy(w[:, None, :3]))
    assert flat.shape == (1, 2, 4, 4)
    assert deep.shape == (
        1,
        2,
        3,
        4,
        4,
    )  # a filter less deep than its input would slide in three directions


def test_im2col_keeps_the_precision_it_is_given(cnn):
    x, w, b = (one.astype(np.float32) for one in (drawn(2, 3, 6, 5), drawn(4, 3, 3, 3), drawn(4)))
    out, cache = cnn.conv_forward_im2col(x, w, b, {"stride": 1, "pad": 1})
    assert {one.dtype for one in (out, *cnn.conv_backward_im2col(out, cache))} == {
        np.dtype(np.float32)
    }


@pytest.mark.parametrize(("stride", "pad"), [*product((1, 2, 3), (0, 1, 2))])
def test_im2col_and_col2im_agree_with_unfold_and_fold(cnn, stride, pad):
    x = drawn(2, 3, 7, 8)
    cols = cnn.im2col(x, 3, 2, stride, pad)
    theirs = F.unfold(
        torch.from_numpy(x), (3, 2), stride=stride, padding=pad
    ).numpy()  # (N, C HH WW, places)
    agree([cols], [theirs.transpose(1, 0, 2).reshape(18, -1)])
    c = drawn(*cols.shape)
    back = F.fold(
        torch.from_numpy(c.reshape(18, 2, -1).transpose(1, 0, 2).copy()),
        (7, 8),
        (3, 2),
        stride=stride,
        padding=pad,
    )
    agree([cnn.col2im(c, x.shape, 3, 2, stride, pad)], [back.numpy()])


def test_73_im2col_takes_nine_times_the_memory_at_3x3(cnn):
    x = drawn(2, 3, 10, 12)
    assert cnn.im2col(x, 3, 3, 1, 1).size == 9 * x.size
    assert pytest.approx(110, abs=0.5) == 9 * 224 * 224 * 64 * 4 / 2**20


def test_a_col2im_that_overwrites_fails_only_where_windows_overlap(cnn):
    x = drawn(1, 2, 6, 6)
    agree([cnn.col2im(cnn.im2col(x, 2, 2, 2), x.shape, 2, 2, 2)], [x])
    counts = cnn.col2im(cnn.im2col(np.ones_like(x), 3, 3, 1), x.shape, 3, 3, 1)
    assert counts.max() == 9


# --- spread out, and transposed -------------------------------------------------------------------


@pytest.mark.parametrize(("HH", "WW"), [(1, 1), (3, 3), (2, 4)])
@pytest.mark.parametrize(("stride", "pad", "dilation"), [*product((1, 2, 3), (0, 1, 2), (1, 2, 3))])
def test_a_dilated_convolution_agrees_with_torch(cnn, HH, WW, stride, pad, dilation):
    x, w, b = drawn(2, 3, 9, 11), drawn(4, 3, HH, WW), drawn(4)
    settings = {"stride": stride, "pad": pad, "dilation": dilation}
    theirs = F.conv2d(*map(torch.from_numpy, (x, w, b)), stride, pad, dilation)
    agree([cnn.conv_forward_dilated(x, w, b, settings)], [theirs])
    if dilation == 1:
        agree([cnn.conv_forward_naive(x, w, b, settings)[0]], [theirs])


@pytest.mark.parametrize(("HH", "WW"), [(3, 3), (2, 5), (4, 4)])
@pytest.mark.parametrize(("stride", "pad"), [*product((1, 2, 3), (0, 1))])
def test_a_transposed_convolution_agrees_with_torch_and_is_the_way_back_of_one(
    cnn, HH, WW, stride, pad
):
    y, w, b = drawn(2, 4, 5, 3), drawn(4, 3, HH, WW), drawn(3)
    settings = {"stride": stride, "pad": pad}
    out = cnn.conv_transpose(y, w, b, settings)
    theirs = F.conv_transpose2d(*map(torch.from_numpy, (y, w, b)), stride=stride, padding=pad)
    agree([out], [theirs])
    x, without = drawn(*out.shape), cnn.conv_transpose(y, w, np.zeros(3), settings)
    seen, (dx,) = derived(
        lambda x: F.conv2d(x, torch.from_numpy(w), stride=stride, padding=pad), x, upstream=y
    )
    agree([without], [dx])
    assert np.sum(seen * y) == pytest.approx(np.sum(x * without), rel=1e-11)
    smaller = cnn.conv_output_size(out.shape[2] - 1, HH, stride, pad)
    assert (cnn.conv_output_size(out.shape[2], HH, stride, pad), smaller) == (5, 4)


# --- pooling --------------------------------------------------------------------------------------

POOLS = [(2, 2, 2), (3, 3, 2), (3, 3, 1), (2, 3, 2), (1, 2, 3), (4, 2, 3)]


@pytest.mark.parametrize(("height", "width", "stride"), POOLS)
@pytest.mark.parametrize("shape", [(2, 3, 7, 8), (1, 1, 6, 5)])
def test_pooling_agrees_with_torch(cnn, height, width, stride, shape):
    param = {"pool_height": height, "pool_width": width, "stride": stride}
    for name, theirs in (("max", F.max_pool2d), ("avg", F.avg_pool2d)):
        for x in (
            drawn(*shape),
            np.round(drawn(*shape, seed=2)),
            -5 - drawn(*shape, seed=3) ** 2,
        ):  # the second ties
            out, cache = getattr(cnn, f"{name}_pool_forward")(x, param)
            dout = drawn(*out.shape, seed=1)
            value, gradients = derived(
                lambda x, f=theirs: f(x, (height, width), stride), x, upstream=dout
            )
            agree([out, getattr(cnn, f"{name}_pool_backward")(dout, cache)], [value, *gradients])


def test_the_global_mean_agrees_with_torch(cnn):
    x, dout = drawn(3, 4, 5, 6), drawn(3, 4)
    out, cache = cnn.global_avg_pool_forward(x)
    value, gradients = derived(lambda x: F.adaptive_avg_pool2d(x, 1).flatten(1), x, upstream=dout)
    agree([out, cnn.global_avg_pool_backward(dout, cache)], [value, *gradients])


def test_59_pooling_treats_each_channel_by_itself(cnn):
    x = drawn(2, 5, 6, 6)
    param = {"pool_height": 3, "pool_width": 3, "stride": 2}
    together = cnn.max_pool_forward(x, param)[0]
    apart = np.concatenate(
        [cnn.max_pool_forward(x[:, c : c + 1], param)[0] for c in range(5)], axis=1
    )
    agree([together], [apart])


# --- normalisation --------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(3, 4, 5, 6), (1, 2, 3, 4), (5, 3, 1, 1)])
def test_spatial_batch_normalisation_agrees_with_torch(cnn, shape):
    C = shape[1]
    x, gamma, beta, dout = drawn(*shape), drawn(C, seed=1), drawn(C, seed=2), drawn(*shape, seed=3)
    mean, var = drawn(C, seed=4), drawn(C, seed=5) ** 2
    param = {"mode": "train", "eps": 0.1, "running_mean": mean, "running_var": var}
    out, cache = cnn.spatial_batchnorm_forward(x, gamma, beta, param)
    value, gradients = derived(
        lambda x, gamma, beta: F.batch_norm(x, None, None, gamma, beta, training=True, eps=0.1),
        *(x, gamma, beta),
        upstream=dout,
    )
    agree([out, *cnn.spatial_batchnorm_backward(dout, cache)], [value, *gradients])
    agree([param["running_mean"]], [0.9 * mean + 0.1 * x.mean(axis=(0, 2, 3))])
    agree([param["running_var"]], [0.9 * var + 0.1 * x.var(axis=(0, 2, 3))])
    param["mode"] = "test"
    averages = (torch.from_numpy(param[name]) for name in ("running_mean", "running_var"))
    theirs = F.batch_norm(
        *map(torch.from_numpy, (x,)), *averages, *map(torch.from_numpy, (gamma, beta)), eps=0.1
    )
    agree([cnn.spatial_batchnorm_forward(x, gamma, beta, param)[0]], [theirs])


@pytest.mark.parametrize("G", [1, 2, 3, 6])
def test_group_normalisation_agrees_with_torch_and_at_its_ends_has_other_names(cnn, G):
    shape = (3, 6, 4, 5)
    x, gamma, beta, dout = drawn(*shape), drawn(6, seed=1), drawn(6, seed=2), drawn(*shape, seed=3)
    out, cache = cnn.spatial_groupnorm_forward(x, gamma, beta, G, {"eps": 0.1})
    value, gradients = derived(
        lambda x, gamma, beta: F.group_norm(x, G, gamma, beta, 0.1),
        *(x, gamma, beta),
        upstream=dout,
    )
    agree([out, *cnn.spatial_groupnorm_backward(dout, cache)], [value, *gradients])
    plain = cnn.spatial_groupnorm_forward(x, np.ones(6), np.zeros(6), G, {})[0]
    if G == 1:
        agree([plain], [F.layer_norm(torch.from_numpy(x), shape[1:])])
    if G == 6:
        agree([plain], [F.instance_norm(torch.from_numpy(x))])
        one = x[:1], np.ones(6), np.zeros(6)
        agree([plain[:1]], [cnn.spatial_batchnorm_forward(*one, {"mode": "train"})[0]])


# --- augmentation ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pad", [0, 1, 4])
def test_flips_and_crops_agree_with_torch_and_draw_as_they_say(cnn, pad):
    x, upstream = drawn(6, 3, 5, 7), drawn(6, 3, 5, 7, seed=1)
    out = cnn.random_flip_crop(x, pad, np.random.default_rng(3))
    rng = np.random.default_rng(3)
    mirrored = rng.random(6) < 0.5
    tops, lefts = rng.integers(0, 2 * pad + 1, 6), rng.integers(0, 2 * pad + 1, 6)

    def theirs(x):
        room = F.pad(x, (pad,) * 4)
        rolled = zip(room, tops.tolist(), lefts.tolist(), mirrored.tolist(), strict=True)
        cut = [
            torch.flip(one[:, i : i + 5, j : j + 7], (2,)) if flip else one[:, i : i + 5, j : j + 7]
            for one, i, j, flip in rolled
        ]
        return torch.stack(cut)

    value, (dx,) = derived(theirs, x, upstream=upstream)
    agree([out], [value])
    assert 0 < mirrored.sum() < 6
    assert np.sum(dx * x) == pytest.approx(np.sum(out * upstream))  # linear: it moves, no more


# --- faster ways ----------------------------------------------------------------------------------


@pytest.mark.parametrize("pad", [0, 1, 3])
@pytest.mark.parametrize(("HH", "WW"), [(1, 1), (3, 3), (2, 5), (7, 6)])
def test_the_fourier_way_agrees_with_torch(cnn, HH, WW, pad):
    x, w, b = drawn(2, 3, 9, 8), drawn(4, 3, HH, WW), drawn(4)
    theirs = F.conv2d(*map(torch.from_numpy, (x, w, b)), padding=pad)
    agree([cnn.conv_forward_fft(x, w, b, pad)], [theirs], 1e-10)


def test_75_a_product_of_transforms_is_circular_and_true(cnn):
    x, w = drawn(1, 1, 6, 6), drawn(1, 1, 3, 3)
    product = np.fft.irfft2(np.fft.rfft2(x) * np.fft.rfft2(w, s=(6, 6)), s=(6, 6))
    around = np.pad(
        x, ((0, 0), (0, 0), (2, 0), (2, 0)), mode="wrap"
    )  # what leaves at one edge comes back at the other
    flipped = w[:, :, ::-1, ::-1]
    agree(
        [product],
        [cnn.conv_forward_naive(around, flipped, np.zeros(1), {"stride": 1, "pad": 0})[0]],
    )


def test_76_fourier_loses_at_3x3_and_wins_at_large_filters(cnn):
    costs = {
        K: [cnn.conv_cost(way, 32, 32, 64, 64, K) for way in ("direct", "fft")]
        for K in (1, 3, 5, 7, 11)
    }
    assert [direct < fft for direct, fft in costs.values()] == [True, True, False, False, False]


@pytest.mark.parametrize(("m", "k", "n"), [(8, 8, 8), (7, 5, 9), (1, 6, 4), (33, 20, 17)])
@pytest.mark.parametrize("leaf", [1, 3, 64])
def test_strassen_multiplies(cnn, m, k, n, leaf):
    A, B = drawn(m, k), drawn(k, n)
    C, n_mults = cnn.strassen_matmul(A, B, leaf)
    np.testing.assert_allclose(C, A @ B, atol=1e-9)
    assert n_mults == m * k * n or min(m, k, n) > leaf


@pytest.mark.audit
def test_77_seven_to_the_k_and_its_price_in_accuracy(cnn):
    for k in range(5):
        assert cnn.strassen_matmul(np.ones((2**k, 2**k)), np.ones((2**k, 2**k)), 1)[1] == 7**k
    assert pytest.approx(3.80, abs=0.005) == 1024**3 / 7**10
    assert np.log2(7) == pytest.approx(2.807, abs=5e-4)
    A, B = drawn(128, 128), drawn(128, 128, seed=1)
    small = A.astype(np.float32), B.astype(np.float32)
    assert (
        np.abs(cnn.strassen_matmul(*small, 2)[0] - A @ B).max()
        > 3 * np.abs(small[0] @ small[1] - A @ B).max()
    )


@pytest.mark.parametrize(("H", "W"), [(3, 3), (4, 4), (5, 4), (8, 11)])
@pytest.mark.parametrize("N", [1, 3])
def test_winograd_agrees_with_torch(cnn, N, H, W):
    x, w = drawn(N, 3, H, W), drawn(5, 3, 3, 3)
    agree([cnn.winograd_f2x2_3x3(x, w)], [F.conv2d(torch.from_numpy(x), torch.from_numpy(w))])


def test_78_sixteen_for_thirty_six_and_four_for_six(cnn):
    BT, G, AT = cnn.winograd_matrices()
    assert len(BT) == len(G) == AT.shape[1] == 4
    for d, g in zip(drawn(5, 4), drawn(5, 3), strict=True):
        agree([AT @ ((G @ g) * (BT @ d))], [np.correlate(d, g)])
    assert (
        cnn.conv_cost("direct", 8, 8, 3, 4, 3) / cnn.conv_cost("winograd", 8, 8, 3, 4, 3) == 36 / 16
    )
    assert cnn.conv_cost("winograd", 7, 7, 3, 4, 3) == cnn.conv_cost("winograd", 8, 8, 3, 4, 3)


def test_winograd_costs_accuracy(cnn):
    x, w = drawn(2, 16, 16, 16), drawn(16, 16, 3, 3)
    exact = F.conv2d(torch.from_numpy(x), torch.from_numpy(w)).numpy()
    BT, G, AT = (one.astype(np.float32) for one in cnn.winograd_matrices())
    pieces = np.lib.stride_tricks.sliding_window_view(x.astype(np.float32), (4, 4), axis=(2, 3))[
        :, :, ::2, ::2
    ]
    products = np.einsum("nchwij,fcij->nfhwij", BT @ pieces @ BT.T, G @ w.astype(np.float32) @ G.T)
    tiles = (AT @ products @ AT.T).transpose(0, 1, 2, 4, 3, 5).reshape(exact.shape)
    direct, _ = cnn.conv_forward_naive(
        x.astype(np.float32), w.astype(np.float32), np.zeros(16), {"stride": 1, "pad": 0}
    )
    assert np.abs(tiles - exact).mean() > 1.2 * np.abs(direct - exact).mean()


# --- stacks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "layers", [[(3, 1)] * 3, [(3, 2), (3, 1), (2, 2)], [(7, 2), (1, 3)], [(5, 3), (3, 2), (3, 1)]]
)
def test_receptive_fields_are_what_gradients_reach(cnn, layers):
    field, jump = cnn.receptive_field(layers)
    x = torch.zeros(1, 1, 80, requires_grad=True)
    out = x
    for size, stride in layers:
        out = F.conv1d(out, torch.ones(1, 1, size), stride=stride)
    reached = [
        torch.autograd.grad(out[0, 0, k], x, retain_graph=True)[0].nonzero()[:, -1] for k in (0, 1)
    ]
    assert len(range(int(reached[0][0]), int(reached[0][-1]) + 1)) == field
    assert reached[1][0] - reached[0][0] == jump


def test_69_to_71_stacks_in_figures(cnn):
    C = 48
    in_units = {
        ("single", 7): 49,
        ("stack", 7): 27,
        ("single", 5): 25,
        ("stack", 5): 18,
        ("bottleneck", 3): 3.25,
        ("separable", 3): 6,
        ("separable", 7): 14,
    }
    for (kind, N), units in in_units.items():
        assert cnn.stack_params(kind, C, N) == units * C * C
    assert cnn.stack_params("bottleneck", C, 3, 4) == 1.0625 * C * C
    depthwise = torch.nn.Conv2d(C, C, 5, groups=C, bias=False), torch.nn.Conv2d(C, C, 1, bias=False)
    assert cnn.stack_params("depthwise", C, 5) == sum(one.weight.numel() for one in depthwise)
    with pytest.raises(ValueError, match="none of"):
        cnn.stack_params("magic", C, 3)
    assert cnn.receptive_field([(3, 1)] * 3)[0] == 7


@pytest.mark.parametrize("shape", [(3, 3), (7, 5), (1, 4), (4, 1)])
def test_71_separable_exactly_at_rank_1_and_else_by_the_second_singular_value(cnn, shape):
    kernel, x = drawn(*shape), drawn(12, 13)
    col, row, error = cnn.separate_kernel(kernel)
    values = [*np.linalg.svd(kernel, compute_uv=False), 0.0]
    assert error == pytest.approx(values[1], abs=1e-12)
    assert np.linalg.norm(kernel - np.outer(col, row), 2) == pytest.approx(values[1], abs=1e-12)
    rank_1 = np.outer(drawn(shape[0]), drawn(shape[1], seed=1))
    agree([np.outer(*cnn.separate_kernel(rank_1)[:2])], [rank_1])
    layer, _ = cnn.conv_forward_naive(
        x[None, None], np.outer(col, row)[None, None], np.zeros(1), {"stride": 1, "pad": 0}
    )
    agree([cnn.separable_conv(x, col, row)], [layer[0, 0]])


# --- a residual block, and a whole network --------------------------------------------------------


@pytest.mark.parametrize(("stride", "H", "W"), [(1, 5, 6), (2, 5, 7), (2, 6, 8)])
@pytest.mark.parametrize("projected", [True, False])
def test_the_residual_block_agrees_with_torch(cnn, stride, H, W, projected):
    if stride > 1 and not projected:
        return
    filters = 4 if projected else 3
    x, w1, w2 = drawn(2, 3, H, W), drawn(filters, 3, 3, 3), drawn(filters, filters, 3, 3)
    b1, b2, ws = drawn(filters), drawn(filters, seed=1), drawn(filters, 3, 1, 1)

    def theirs(x, w1, b1, w2, b2, *ws):
        learned = F.conv2d(F.relu(F.conv2d(x, w1, b1, stride, 1)), w2, b2, 1, 1)
        return F.relu(learned + (F.conv2d(x, ws[0], None, stride) if ws else x))

    parameters = [w1, b1, w2, b2, *([ws] if projected else [])]
    out, cache = cnn.residual_block_forward(x, w1, b1, w2, b2, ws if projected else None, stride)
    dout = drawn(*out.shape, seed=2)
    value, gradients = derived(theirs, x, *parameters, upstream=dout)
    ours = cnn.residual_block_backward(dout, cache)
    agree([out, *(one for one in ours if one is not None)], [value, *gradients], 1e-10)
    assert (ours[-1] is None) != projected


def test_63_a_block_that_has_learned_nothing_hands_dout_back(cnn):
    x, dout, zeros = drawn(2, 3, 5, 6), drawn(2, 3, 5, 6, seed=1), np.zeros((3, 3, 3, 3))
    out, cache = cnn.residual_block_forward(x, zeros, np.zeros(3), zeros, np.zeros(3))
    agree([out, cnn.residual_block_backward(dout, cache)[0]], [np.maximum(0, x), dout * (x > 0)])


def net_with_parameters(cnn, shape=(2, 7, 6), reg=0.3):
    net = cnn.ThreeLayerConvNet(shape, 3, 3, 5, 4, reg=reg)
    net.params = {name: drawn(*value.shape, seed=4) for name, value in net.params.items()}
    return net


@pytest.mark.parametrize("shape", [(2, 7, 6), (1, 4, 5)])
@pytest.mark.parametrize("N", [1, 6])
@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_the_three_layer_net_agrees_with_torch(cnn, shape, N, reg):
    net, X, y = net_with_parameters(cnn, shape, reg), drawn(N, *shape), np.arange(N) % 4
    names = list(net.params)

    def theirs(*tensors):
        p = dict(zip(names, tensors, strict=True))
        maps = F.max_pool2d(F.relu(F.conv2d(torch.from_numpy(X), p["W1"], p["b1"], padding=1)), 2)
        scores = F.relu(maps.flatten(1) @ p["W2"] + p["b2"]) @ p["W3"] + p["b3"]
        return F.cross_entropy(scores, torch.from_numpy(y)) + reg * sum(
            (p[f"W{k}"] ** 2).sum() for k in (1, 2, 3)
        )

    loss, grads = net.loss(X, y)
    value, gradients = derived(theirs, *net.params.values())
    agree([loss, *(grads[name] for name in names)], [value, *gradients], 1e-10)


def test_the_three_layer_net_starts_at_log_c_in_the_stated_order_and_learns_by_heart(cnn):
    X, y = read_digits()
    X, y = X[:50].reshape(-1, 1, 8, 8) / 16 - 0.5, y[:50]
    net = cnn.ThreeLayerConvNet((1, 8, 8), 8, 3, 30, 10, rng=np.random.default_rng(5))
    rng = np.random.default_rng(5)
    for name, shape in (("W1", (8, 1, 3, 3)), ("W2", (128, 30)), ("W3", (30, 10))):
        assert np.array_equal(net.params[name], 1e-3 * rng.standard_normal(shape))
    assert net.loss(X, y)[0] == pytest.approx(np.log(10), abs=1e-3)
    net = cnn.ThreeLayerConvNet(
        (1, 8, 8), 8, 3, 30, 10, weight_scale=0.2, rng=np.random.default_rng(5)
    )
    for _ in range(200):
        _, grads = net.loss(X, y)
        net.params = {name: value - 0.15 * grads[name] for name, value in net.params.items()}
    assert net.loss(X, y)[0] < 0.1
    assert (net.loss(X).argmax(axis=1) == y).all()


# --- PyTorch --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("c_out", "stride"), [(4, 2), (3, 1)])
def test_the_torch_block_with_numpys_weights_is_numpys_block(cnn, c_out, stride):
    block = cnn.ResidualBlock(3, c_out, stride).double().eval()
    for norm in (one for one in block.modules() if isinstance(one, torch.nn.BatchNorm2d)):
        norm.eps = 0.0  # with mean 0 and variance 1 a normalisation that does nothing
    weights = {name: value.detach().numpy() for name, value in block.named_parameters()}
    zeros = np.zeros(c_out)
    ws = weights.get("shortcut.0.weight")
    x = drawn(2, 3, 5, 6)
    ours, _ = cnn.residual_block_forward(
        x, weights["conv1.weight"], zeros, weights["conv2.weight"], zeros, ws, stride
    )
    with torch.no_grad():
        np.testing.assert_allclose(block(torch.from_numpy(x)), ours, rtol=1e-10, atol=1e-12)


def test_67_groups_and_68_branches_in_figures(cnn):
    def count(module):
        return sum(one.numel() for one in module.parameters())

    assert count(cnn.Bottleneck(256, 64, 256)) == 70_400
    assert count(cnn.Bottleneck(256, 128, 256, groups=32)) == 71_168  # ResNeXt-50 32x4d
    assert count(cnn.DenseBlock(64, 32, 6)) == 335_040
    assert count(cnn.InceptionModule(192, 64, 96, 128, 16, 32, 32)) == 163_696  # GoogLeNet, 3a
    x = torch.zeros(2, 192, 5, 6)
    assert cnn.InceptionModule(192, 64, 96, 128, 16, 32, 32)(x).shape == (2, 256, 5, 6)
    assert cnn.DenseBlock(192, 8, 3)(x).shape == (2, 216, 5, 6)
    assert cnn.Bottleneck(192, 16, 64, 2)(x).shape == (2, 64, 3, 3)


def loaders(images, labels, size=10):
    batches = [(images[k : k + size], labels[k : k + size]) for k in range(0, len(images), size)]
    return batches, batches[:2]


def small_net(seed=0):
    torch.manual_seed(seed)
    nn = torch.nn
    return nn.Sequential(
        *(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2)),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


@pytest.fixture(scope="module")
def fifty():
    X, y = read_digits()
    return torch.from_numpy(X[:50].reshape(-1, 1, 8, 8) / 16 - 0.5).float(), torch.from_numpy(
        y[:50]
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_training_learns_by_heart_in_every_precision(cnn, fifty, precision):
    net = small_net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    history = cnn.train_cnn(net, optimizer, loaders(*fifty), 15, precision=precision)
    assert len(history["train_loss"]) == 75
    assert len(history["val_accuracy"]) == 15
    assert history["train_loss"][0] == pytest.approx(np.log(10), abs=0.6)
    assert np.mean(history["train_loss"][-5:]) < 0.05
    assert history["val_accuracy"][-1] == 1
    assert not net.training
    assert all(one.dtype == torch.float32 for one in net.parameters())


def test_one_step_of_training_is_one_step_of_torch(cnn, fifty):
    images, labels = fifty
    ours, theirs = small_net(), small_net()
    cnn.train_cnn(
        ours,
        torch.optim.SGD(ours.parameters(), lr=0.3),
        ([(images, labels)], [(images, labels)]),
        1,
    )
    F.cross_entropy(theirs(images), labels).backward()
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(one, other - 0.3 * other.grad)


def test_the_same_seed_trains_to_the_same_numbers(cnn, fifty):
    runs = []
    for seed in (1, 1, 2):
        net = small_net(seed)
        runs.append(cnn.train_cnn(net, torch.optim.Adam(net.parameters()), loaders(*fifty), 2))
    assert runs[0] == runs[1] != runs[2]
    with pytest.raises(ValueError, match="float8"):
        cnn.train_cnn(small_net(), None, ([], []), 1, precision="float8")


# --- a data set on disk ---------------------------------------------------------------------------


@pytest.fixture
def written(cnn, tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.integers(0, 256, (23, 3, 4, 5), dtype=np.uint8), rng.integers(0, 10, 23)
    cnn.write_hdf5(X, y, tmp_path / "some.h5", chunk_rows=8)
    return tmp_path / "some.h5", X, y


def test_80_a_batch_is_one_piece_of_the_file(cnn, written, tmp_path):
    path, X, y = written
    with h5py.File(path) as file:
        assert file["X"].chunks == (8, 3, 4, 5)
        assert file["X"].dtype == np.uint8
        assert file["X"].id.get_num_chunks() == 3  # as many reads as there are batches of 8
        assert np.array_equal(file["X"], X)
        assert np.array_equal(file["y"], y)
    cnn.write_hdf5(X[:2], y[:2], path, chunk_rows=8)
    with h5py.File(path) as file:
        assert file["X"].chunks == file["X"].shape == (2, 3, 4, 5)


@pytest.mark.parametrize("workers", [0, 2])
def test_the_data_set_feeds_workers(cnn, written, workers):
    path, X, y = written
    dataset = cnn.HDF5Dataset(path)
    dataset[0]  # open in this process before the workers start
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=5, num_workers=workers, multiprocessing_context=None
    )
    images, labels = zip(*loader, strict=True)
    assert images[0].dtype == torch.float32
    np.testing.assert_allclose(torch.cat(images), X / 255, rtol=1e-6)
    assert torch.cat(labels).tolist() == y.tolist()


def test_the_data_set_opens_late_and_leaves_its_file_behind(cnn, written):
    path, _, _ = written
    dataset = cnn.HDF5Dataset(path)
    path.rename(path.with_suffix(".away"))
    with pytest.raises(OSError, match="open"):
        dataset[0]
    path.with_suffix(".away").rename(path)
    dataset[0]
    state = pickle.loads(pickle.dumps(dataset.__getstate__()))
    assert state["file"] is None
    assert dataset.file
    assert len(dataset) == 23
    for outside in (23, -1):
        with pytest.raises(IndexError, match="23 examples"):
            dataset[outside]


# --- the file itself ------------------------------------------------------------------------------


def test_answers_use_the_stated_libraries_and_the_answers_above_them_and_nothing_else(cnn):
    """The notebook defines them in this order, with only these names before."""
    known = {"np", "sliding_window_view", *vars(builtins)}
    started = False
    for node in ast.parse((COURSE / "solutions/cnn.py").read_text()).body:
        if not isinstance(node, ast.FunctionDef | ast.ClassDef):
            assert not started, "only answers: no helpers, no constants"
            continue
        started = True
        known |= (
            {"torch", "nn"}
            if node.name == "ResidualBlock"
            else {"h5py"}
            if node.name == "write_hdf5"
            else set()
        )
        assert ast.get_docstring(node)
        answer = getattr(cnn, node.name)
        methods = (
            [one for one in vars(answer).values() if inspect.isfunction(one)]
            if inspect.isclass(answer)
            else [answer]
        )
        for method in methods:
            assert method.__doc__
            outside = set(_global_names(method.__code__)) - {node.name}
            assert outside <= known, f"{node.name} uses {sorted(outside - known)}"
        known.add(node.name)


def _global_names(code):
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _global_names(constant)


def test_no_argument_is_changed(cnn):
    x, w, b = drawn(2, 3, 6, 7), drawn(3, 3, 3, 3), drawn(3)
    held = [one.copy() for one in (x, w, b)]
    conv, pool = {"stride": 1, "pad": 1}, {"pool_height": 2, "pool_width": 2, "stride": 2}
    for forward, backward in (
        (lambda: cnn.conv_forward_naive(x, w, b, conv), cnn.conv_backward_naive),
        (lambda: cnn.conv_forward_im2col(x, w, b, conv), cnn.conv_backward_im2col),
        (lambda: cnn.max_pool_forward(x, pool), cnn.max_pool_backward),
        (lambda: cnn.avg_pool_forward(x, pool), cnn.avg_pool_backward),
        (lambda: cnn.global_avg_pool_forward(x), cnn.global_avg_pool_backward),
        (lambda: cnn.residual_block_forward(x, w, b, w, b), cnn.residual_block_backward),
    ):
        out, cache = forward()
        result = backward(out.copy(), cache)
        out += 1
        for one in result if isinstance(result, tuple) else (result,):
            if one is not None:
                one += 1
        assert all(np.array_equal(now, then) for now, then in zip((x, w, b), held, strict=True))
    for one in (
        cnn.im2col(x, 1, 1),
        cnn.im2col(x[:1], 1, 1),
        cnn.conv_forward_fft(x, w, b),
        cnn.winograd_f2x2_3x3(x, w),
    ):
        one += 1
    assert np.array_equal(x, held[0])
