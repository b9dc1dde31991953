"""What the CNN notebook says is true: every erratum of old notes, and every number in its
text.
"""

import numpy as np
import pytest
import torch
from lectures import LECTURES
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from coursekit.widgets import architecture

LECTURE = LECTURES["cnn"]
RNG = np.random.default_rng(231)


def answer(name):
    """The reference's function or class."""
    return LECTURE.answers[name]


def parameters(module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def convolved(x, w, stride=1, pad=0):
    """One channel, one filter."""
    settings = {"stride": stride, "pad": pad}
    return answer("conv_forward_naive")(x[None, None], w[None, None], np.zeros(1), settings)[0][
        0, 0
    ]


# --- errata ---------------------------------------------------------------------------------------


def test_padding_keeps_the_size_at_stride_1_and_for_odd_filters():
    LECTURE.said("It does at stride 1, and for odd $F$", "same padding halves the size, rounded up")
    LECTURE.somewhere("preserves the size at stride 1, and for odd $F$")
    size = answer("conv_output_size")
    for F in (1, 3, 5, 7):
        assert size(20, F, 1, (F - 1) // 2) == 20
        assert [size(side, F, 2, (F - 1) // 2) for side in (20, 19, 5)] == [10, 10, 3]
    for F in (2, 4):
        assert 20 not in [size(20, F, 1, P) for P in range(10)]
        with pytest.raises(ValueError, match=str(F)):
            answer("same_padding")(F)


def test_vgg_16_takes_58_mebibytes():
    LECTURE.said("93 MB", "15 237 608 values: 60.95 MB, or 58.1 MiB", "138 357 544")
    LECTURE.somewhere("the activations come to 58.1 MiB an image in float32")
    _, totals = answer("network_summary")(architecture.layers(architecture.VGG_16), (3, 224, 224))
    assert totals["activations"] == 15_237_608
    assert totals["params"] == 138_357_544
    assert round(4 * totals["activations"] / 1e6, 2) == 60.95
    assert round(totals["mebibytes"], 1) == 58.1
    LECTURE.somewhere("Its 138 million parameters take 528 MiB")
    LECTURE.somewhere("from ten on, the activations take more")
    parameters_take = 4 * 138_357_544 / 2**20
    assert round(parameters_take) == 528
    assert 9 * totals["mebibytes"] < parameters_take < 10 * totals["mebibytes"]


def test_resnet_152_has_sixty_million_parameters_and_googlenet_some_five():
    LECTURE.said(
        "about five million parameters", "60 192 808", "GoogLeNet, and there it was roughly right"
    )
    LECTURE.somewhere("For ResNet-152 that makes 60 192 808")
    assert answer("resnet_param_count")((3, 8, 36, 3)) == 60_192_808
    Inception, count = answer("InceptionModule"), 0
    for shape in (
        (192, 64, 96, 128, 16, 32, 32),
        (256, 128, 128, 192, 32, 96, 64),
        (480, 192, 96, 208, 16, 48, 64),
        (512, 160, 112, 224, 24, 64, 64),
        (512, 128, 128, 256, 24, 64, 64),
        (512, 112, 144, 288, 32, 64, 64),
        (528, 256, 160, 320, 32, 128, 128),
        (832, 256, 160, 320, 32, 128, 128),
        (832, 384, 192, 384, 48, 128, 128),
    ):
        count += parameters(Inception(*shape))
    stem = answer("conv_param_count")
    count += stem(7, 3, 64) + stem(1, 64, 64) + stem(3, 64, 192) + 1025 * 1000
    assert 5e6 < count < 8e6


def test_a_filter_is_as_deep_as_its_input_and_slides_in_two_directions():
    LECTURE.said(
        "64 channels in VGG's second layer",
        "only a part of them where layers work in groups",
        "sums over the third",
    )
    LECTURE.somewhere("A filter is as deep as *its input*")
    rows, _ = answer("network_summary")(architecture.layers(architecture.VGG_16), (3, 224, 224))
    assert rows[2]["params"] == 64 * (9 * 64 + 1)
    assert answer("conv_param_count")(3, 64, 64, groups=4) == 64 * (9 * 16 + 1)
    x, w = RNG.standard_normal((1, 5, 6, 7)), RNG.standard_normal((2, 5, 3, 3))
    out, _ = answer("conv_forward_naive")(x, w, np.zeros(2), {"stride": 1, "pad": 0})
    assert out.shape == (1, 2, 4, 5)
    np.testing.assert_allclose(out[0, 1], sum(convolved(x[0, c], w[1, c]) for c in range(5)))


def test_pooling_has_no_depth():
    LECTURE.said("3 × 3, in each channel by itself", "Its stride is 2, so its windows overlap")
    LECTURE.somewhere("each channel by itself")
    x = RNG.standard_normal((1, 4, 55, 55))
    settings = {"pool_height": 3, "pool_width": 3, "stride": 2}
    out, _ = answer("max_pool_forward")(x, settings)
    assert out.shape == (1, 4, 27, 27)
    np.testing.assert_array_equal(out[:, 2:3], answer("max_pool_forward")(x[:, 2:3], settings)[0])


def test_the_theorem_is_about_circular_flipped_convolution():
    LECTURE.said(
        "*circular*, *flipped* convolution", "conjugate one factor", "A stride is taken afterwards"
    )
    LECTURE.somewhere("the theorem speaks of *circular*, *flipped* convolution")
    x, w = RNG.standard_normal((8, 9)), RNG.standard_normal((3, 4))
    product = np.fft.irfft2(np.fft.rfft2(x) * np.fft.rfft2(w, s=x.shape), s=x.shape)
    flipped_and_round = sum(w[p, q] * np.roll(x, (p, q), (0, 1)) for p, q in np.ndindex(3, 4))
    np.testing.assert_allclose(product, flipped_and_round)
    conjugate = np.fft.irfft2(np.fft.rfft2(x) * np.fft.rfft2(w, s=x.shape).conj(), s=x.shape)
    np.testing.assert_allclose(conjugate[:6, :6], convolved(x, w))
    np.testing.assert_allclose(conjugate[:6:2, :6:2], convolved(x, w, stride=2))


def test_winograd_saves_a_factor_that_strassen_has_nothing_to_do_with():
    LECTURE.said("Winograd's minimal filtering: 2.25 times fewer", "4 times for tiles of 4 × 4")
    LECTURE.somewhere("That is 2.25 times fewer, and 4 times for tiles of 4 × 4")
    BT, _, AT = answer("winograd_matrices")()
    assert set(np.abs([*BT.ravel(), *AT.ravel()])) <= {0, 1}
    assert 36 / BT.shape[0] ** 2 == 2.25
    assert 4 * 4 * 9 / 6**2 == 4
    LECTURE.somewhere(r"$4 \cdot 4 = 16$ multiplications for $6 \cdot 6 = 36$")


def test_only_rank_1_comes_apart():
    LECTURE.said("Only a filter of rank 1 can", "$6 C^2$ weights for $9 C^2$")
    LECTURE.somewhere("Those of rank 1")
    for kernel in RNG.standard_normal((20, 3, 3)):
        col, row, error = answer("separate_kernel")(kernel)
        assert error > 1e-3
        assert error == pytest.approx(np.linalg.norm(kernel - np.outer(col, row), 2))
    assert (
        answer("separate_kernel")(np.outer(RNG.standard_normal(3), RNG.standard_normal(3)))[2]
        < 1e-12
    )
    params = answer("stack_params")
    assert (params("separable", 12, 3), params("single", 12, 3)) == (6 * 144, 9 * 144)


def test_a_dense_block_puts_maps_side_by_side():
    LECTURE.said("*later* layer", "$L (L + 1) / 2$ connections", "side by side, not added")
    LECTURE.somewhere("The maps are put side by side, not added")
    block = answer("DenseBlock")(8, 4, 3).eval()
    x = torch.randn(1, 8, 5, 5)
    out = block(x)
    assert out.shape == (1, 8 + 3 * 4, 5, 5)
    assert torch.equal(out[:, :8], x)
    seen = [layer[0].num_features for layer in block.layers]
    assert seen == [8, 12, 16]  # what came in, and what each earlier layer made
    assert sum(1 + k for k in range(3)) == 3 * 4 // 2


def test_what_only_the_literature_can_tell_is_said():
    LECTURE.said("Inside most networks it does not, and has fallen out of use")
    LECTURE.somewhere("Inside a network the mean has fallen out of use")
    LECTURE.said("Inception-v4 has no residual connections", "Inception-ResNet", "some 80 % top-1")
    LECTURE.somewhere("Inception-v4 still has no residual connections")


def test_the_quoted_sentences_are_among_the_false_or_mended_ones():
    LECTURE.said("keeps the size", "five million parameters", "93 MB", "everything is added up")
    assert {key for key, fine in answer("conv_claims")().items() if fine} == {"b", "e", "i"}
    LECTURE.somewhere("Ten of them stand in the docstring below, and three are right")
    docstring = answer("conv_claims").__doc__
    for phrase in (
        "keeps the size, whatever the stride",
        "about 5 million parameters",
        "93 MB",
        "are added up",
    ):
        assert phrase in docstring


# --- other facts and numbers ----------------------------------------------------------------------


def test_alexnets_first_layer():
    LECTURE.somewhere("34 944 parameters")
    LECTURE.somewhere("105 705 600")
    LECTURE.somewhere("its paper says 224 where its numbers need 227")
    count, size = answer("conv_param_count")(11, 3, 96), answer("conv_output_size")
    assert (count, 55 * 55 * count) == (34_944, 105_705_600)
    assert size(227, 11, 4, strict=True) == 55
    with pytest.raises(ValueError, match="edge"):
        size(224, 11, 4, strict=True)


def test_resnet_152_is_nine_times_as_deep_with_less_than_half_the_parameters():
    LECTURE.somewhere("nine times as deep as VGG-16 and has less than half its parameters")
    assert 9 < 152 / 16 < 10
    assert 60_192_808 < 138_357_544 / 2
    LECTURE.somewhere("Most of what VGG-16 has is one single matrix")
    assert 25088 * 4096 > 0.7 * 138_357_544


def test_shuffled_pixels_are_all_the_same_to_a_fully_connected_layer():
    LECTURE.somewhere("Shuffle the pixels of all images in the same way")
    X, W, order = RNG.standard_normal((5, 12)), RNG.standard_normal((12, 3)), RNG.permutation(12)
    np.testing.assert_allclose(X @ W, X[:, order] @ W[order])


def test_the_derivation_has_an_answer():
    LECTURE.somewhere("Those prints are a convolution themselves")
    x, w = RNG.standard_normal((1, 11)), RNG.standard_normal((1, 4))
    for stride in (1, 2, 3):
        out, cache = answer("conv_forward_naive")(
            x[None, None], w[None, None], np.zeros(1), {"stride": stride, "pad": 0}
        )
        dout = RNG.standard_normal(out.shape)
        dx, dw, _ = answer("conv_backward_naive")(dout, cache)
        spread = np.zeros((1, stride * (out.shape[3] - 1) + 1))
        spread[:, ::stride] = dout[0, 0]
        padded = np.pad(spread, ((0, 0), (3, 3)))
        full = convolved(padded, w[:, ::-1])
        np.testing.assert_allclose(full[0], dx[0, 0, 0, : full.shape[1]])
        np.testing.assert_allclose(dx[0, 0, 0, full.shape[1] :], 0)
        np.testing.assert_allclose(convolved(x, spread)[0, :4], dw[0, 0, 0])
        if stride == 1:
            assert full.shape == x.shape


def test_what_treats_all_places_alike_is_a_convolution():
    LECTURE.somewhere("Show that $(T x)_l = \\sum_k x_k\\, g_{l - k}$")
    LECTURE.somewhere("What takes the place of $T(R x) = R(T x)$?")
    n, x, g = 8, RNG.standard_normal(8), RNG.standard_normal(8)
    R = np.roll(np.eye(n), 1, axis=0)
    np.testing.assert_array_equal(R @ x, np.roll(x, 1))
    # Of all matrices those that may be exchanged with R are what is left of n * n unknowns.
    kept = np.kron(np.eye(n), R) - np.kron(R.T, np.eye(n))
    assert n * n - np.linalg.matrix_rank(kept) == n  # one filter
    T = np.column_stack([np.roll(g, k) for k in range(n)])
    np.testing.assert_allclose(T @ R, R @ T)
    np.testing.assert_allclose(T @ np.eye(n)[0], g)
    place, k = np.indices((n, n))
    np.testing.assert_allclose(T @ x, (x * g[(place - k) % n]).sum(axis=1))
    for m in range(n):
        u = np.exp(2j * np.pi * m * np.arange(n) / n)
        np.testing.assert_allclose(T @ u, np.fft.fft(g)[m] * u)
    np.testing.assert_allclose(np.fft.fft(T @ x), np.fft.fft(g) * np.fft.fft(x))
    half = T[::2]
    np.testing.assert_allclose(half @ R @ R @ x, np.roll(half @ x, 1))
    assert np.abs(half @ R @ x - np.roll(half @ x, 1)).max() > 0.1
    # On a row with ends: the places whose windows stay inside, before and after.
    w = RNG.standard_normal(3)
    row, moved = x[None], np.concatenate([[0.5], x[:-1]])[None]
    before, after = (convolved(one, w[None], pad=0)[0] for one in (row, moved))
    np.testing.assert_allclose(after[1:], before[:-1])
    padded = [np.pad(one, ((0, 0), (1, 1))) for one in (row, moved)]
    before, after = (convolved(one, w[None])[0] for one in padded)
    np.testing.assert_allclose(after[2:-1], before[1:-2])
    assert abs(after[1] - before[0]) > 1e-3
    assert abs(after[-1] - before[-2]) > 1e-3


def test_the_padding_that_is_empty_at_zero():
    LECTURE.somewhere("a slice `[pad:-pad]` is then empty")
    assert np.arange(5)[0:-0].size == 0


def test_a_vgg_layer_in_columns():
    LECTURE.somewhere("for a 3 × 3 filter nine times")
    LECTURE.somewhere("sum over channels and window")
    x = np.zeros((1, 2, 20, 20))
    assert answer("im2col")(x, 3, 3, 1, 1).size == 9 * x.size
    assert round(9 * 4 * 64 * 224 * 224 / 2**20) == 110


def test_strassen_saves_3_80_times_at_1024():
    LECTURE.somewhere("At 1024 it is 3.80 times fewer")
    assert round(1024**3 / 7**10, 2) == 3.80
    LECTURE.somewhere(r"\approx n^{2.807}")
    assert round(np.log2(7), 3) == 2.807


def test_three_layers_of_3_see_7_and_the_middle_counts_most():
    LECTURE.somewhere("three layers of 3 × 3 see 7 × 7")
    assert answer("receptive_field")([(3, 1)] * 3)[0] == answer("receptive_field")([(7, 1)])[0] == 7
    LECTURE.somewhere(r"$3 \cdot 9 C^2 = 27 C^2$ instead of $49 C^2$")
    params = answer("stack_params")
    assert [params(kind, 8, 7) / 64 for kind in ("stack", "single", "separable")] == [27, 49, 14]


def test_a_block_that_learned_nothing_is_the_identity_of_what_is_positive():
    LECTURE.somewhere("With weights of zero it is the identity (of what is positive)")
    x, zero = RNG.standard_normal((2, 3, 5, 5)), np.zeros((3, 3, 3, 3))
    out, cache = answer("residual_block_forward")(x, zero, np.zeros(3), zero, np.zeros(3))
    np.testing.assert_array_equal(out, np.maximum(0, x))
    dout = RNG.standard_normal(x.shape)
    np.testing.assert_array_equal(answer("residual_block_backward")(dout, cache)[0], dout * (x > 0))


def test_a_convolution_among_256_channels():
    LECTURE.somewhere("has 590 000 weights")
    assert round(9 * 256 * 256, -4) == 590_000
    LECTURE.somewhere("differ by one part in a hundred")
    Bottleneck = answer("Bottleneck")
    narrow, grouped = (
        parameters(Bottleneck(256, 64, 256)),
        parameters(Bottleneck(256, 128, 256, groups=32)),
    )
    assert 0.005 < grouped / narrow - 1 < 0.015


def test_densenet_121_is_a_seventeenth_of_vgg():
    LECTURE.somewhere("7 978 856 parameters, a seventeenth of VGG-16's")
    assert round(138_357_544 / 7_978_856) == 17


def test_a_wide_window_would_be_dear():
    LECTURE.somewhere("would alone have nearly as many parameters as the whole")
    whole = parameters(answer("InceptionModule")(192, 64, 96, 128, 16, 32, 32))
    assert 0.9 < answer("conv_param_count")(5, 192, 32) / whole < 1


def test_what_sixteen_bits_keep():
    LECTURE.somewhere(r"smaller than about $3 \cdot 10^{-8}$ is 0")
    assert float(torch.tensor(2.9e-8).half()) == 0
    assert float(torch.tensor(3.1e-8).half()) > 0
    LECTURE.somewhere("bfloat16 has float32's range and fewer digits")
    assert torch.finfo(torch.bfloat16).max > 1e38
    assert torch.finfo(torch.bfloat16).eps > torch.finfo(torch.float16).eps


def test_an_examples_chunk():
    LECTURE.somewhere("How many chunks does one example need?")
    assert answer("write_hdf5").__doc__ is not None
    rows, columns = np.indices((8, 8)) // 4
    assert len(set(rows[0])) == 1
    assert len(set((2 * rows + columns)[0])) == 2


# --- worked by hand, and asked --------------------------------------------------------------------


def test_places_and_prices_by_hand():
    LECTURE.somewhere("it stands at the entries 1–3, 3–5 and 5–7")
    assert [answer("conv_output_size")(7, 3, 2, pad) for pad in (0, 1)] == [3, 4]
    assert [len(sliding_window_view(np.zeros(size), 3)[::2]) for size in (7, 8)] == [3, 3]
    LECTURE.somewhere("$(10 - 4 + 2) / 2 + 1 = 5$")
    assert answer("conv_output_size")(10, 4, 2, 1) == 5
    LECTURE.somewhere("140 parameters. Each makes 100 outputs: 500 activations")
    LECTURE.somewhere("Each output takes 27 multiplications: 13 500")
    layer = torch.nn.Conv2d(3, 5, 3)
    assert (parameters(layer), layer(torch.zeros(3, 12, 12)).numel(), 500 * 27) == (
        140,
        500,
        13_500,
    )
    LECTURE.somewhere(r"$10 \cdot (75 + 1) = 760$ on both")
    assert parameters(torch.nn.Conv2d(3, 10, 5)) == 760
    LECTURE.somewhere("Together 68. A 3 × 3 straight from 8 channels to 8 has 576")
    sides = ((8, 2, 1), (2, 2, 3), (2, 8, 1))
    assert sum(parameters(torch.nn.Conv2d(*side, bias=False)) for side in sides) == 68
    assert parameters(torch.nn.Conv2d(8, 8, 3, bias=False)) == 576
    LECTURE.somewhere("0. It answers to differences only")
    assert not convolved(np.ones((5, 5)), np.array([[1.0, 0, -1]] * 3)).any()


def test_a_filter_on_every_place_by_hand_and_back():
    LECTURE.somewhere("sums $1 + 1 = 2$, next to it $2 + 3 = 5$, below $0 + 0 = 0$ and $1 + 1 = 2$")
    image = np.array([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]])
    np.testing.assert_array_equal(convolved(image, np.eye(2)), [[2, 5], [0, 2]])
    LECTURE.somewhere("in the middle they meet: $(4, 45, 50)$")
    LECTURE.somewhere(r"$1 \cdot (1, 2) + 10 \cdot (2, 3) = (21, 32)$")
    row, filters = np.array([[[[1.0, 2, 3]]]]), np.array([[[[4.0, 5]]]])
    settings = {"stride": 1, "pad": 0}
    out, cache = answer("conv_forward_naive")(row, filters, np.zeros(1), settings)
    dx, dw, _ = answer("conv_backward_naive")(np.array([[[[1.0, 10]]]]), cache)
    assert [each.ravel().tolist() for each in (out, dx, dw)] == [[14, 23], [4, 45, 50], [21, 32]]


def test_pools_by_hand():
    LECTURE.somewhere("the 5 gets 7, its neighbours nothing")
    LECTURE.somewhere("each of the four gets 2")
    row = np.array([[[[1.0, 5, 2]]]])
    settings = {"pool_height": 1, "pool_width": 2, "stride": 1}
    _, cache = answer("max_pool_forward")(row, settings)
    dx = answer("max_pool_backward")(np.array([[[[3.0, 4]]]]), cache)
    assert dx.ravel().tolist() == [0, 7, 0]
    window = np.array([[[[1.0, 3], [5, 7]]]])
    settings = {"pool_height": 2, "pool_width": 2, "stride": 2}
    out, cache = answer("avg_pool_forward")(window, settings)
    dx = answer("avg_pool_backward")(np.full((1, 1, 1, 1), 8.0), cache)
    assert (out.item(), dx.ravel().tolist()) == (4, [2, 2, 2, 2])
    LECTURE.somewhere("In one with stride 2, in two with stride 1")
    windows = sliding_window_view(np.arange(6), 2)
    assert (np.bincount(windows[::2].ravel()) == 1).all()
    assert (np.bincount(windows.ravel())[1:-1] == 2).all()


def test_columns_by_hand():
    LECTURE.somewhere("The first window holds 1, 2, 4, 5; the next 2, 3, 5, 6")
    LECTURE.somewhere("sixteen numbers for nine pixels, and the 5 is there four times")
    columns = answer("im2col")(np.arange(1.0, 10).reshape(1, 1, 3, 3), 2, 2)
    expected = [[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]
    assert columns.T.tolist() == expected
    assert (columns.size, (columns == 5).sum()) == (16, 4)
    LECTURE.somewhere("$1 + 5 = 6$, $2 + 6 = 8$, $4 + 8 = 12$ and $5 + 9 = 14$")
    assert (np.array([1, 0, 0, 1]) @ columns).tolist() == [6, 8, 12, 14]
    LECTURE.somewhere(r"36 rows and 36 columns: $4 \cdot 9$ entries a window, $6 \cdot 6$ windows")
    assert answer("im2col")(np.zeros((1, 4, 8, 8)), 3, 3).shape == (36, 36)


def test_strides_and_einsum_do_what_is_said():
    LECTURE.somewhere("has the strides $(24, 8)$")
    LECTURE.somewhere("the strides are $(8, 24)$. Nothing was moved")
    array = np.zeros((2, 3))
    assert (array.strides, array.T.strides) == ((24, 8), (8, 24))
    LECTURE.somewhere(r"0 & 1 & 2 \\ 1 & 2 & 3 \\ 2 & 3 & 4")
    row = np.arange(5.0)
    view = sliding_window_view(row, 3)
    assert view.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    assert view.tolist() == as_strided(row, (3, 3), (8, 8), writeable=False).tolist()
    LECTURE.somewhere('`"nj->j"` gives $(4, 6)$')
    LECTURE.somewhere("$1 + 4 + 9 + 16 = 30$")
    A, B = np.array([[1, 2], [3, 4]]), np.array([[0, 1], [5, 2]])
    assert np.einsum("nj->j", A).tolist() == [4, 6]
    assert np.einsum("ij,ij->", A, A) == 30
    np.testing.assert_array_equal(np.einsum("ij,jk->ik", A, B), A @ B)
    np.testing.assert_array_equal(np.einsum("i,j->ij", A[0], B[1]), np.outer(A[0], B[1]))
    LECTURE.somewhere("With a batch of five you get 5 numbers")
    assert np.einsum("nij->n", np.ones((5, 2, 2))).tolist() == [4] * 5


def test_filters_with_holes_by_hand_and_their_reach():
    LECTURE.somewhere("says $1 + 30 + 500 = 531$, at the next it meets 2, 4 and 6 and says 642")
    dilated, row = answer("conv_forward_dilated"), np.array([[[[1.0, 2, 3, 4, 5, 6]]]])
    settings = {"stride": 1, "pad": 0, "dilation": 2}
    out = dilated(row, np.array([[[[1.0, 10, 100]]]]), np.zeros(1), settings)
    assert out.ravel().tolist() == [531, 642]
    LECTURE.somewhere("with dilations of 1, 2, 4 and 8 see 31 × 31 together")
    x, one = np.zeros((1, 1, 41, 41)), np.ones((1, 1, 3, 3))
    x[0, 0, 20, 20] = 1
    for D in (1, 2, 4, 8):
        x = dilated(x, one, np.zeros(1), {"stride": 1, "pad": D, "dilation": D})
    assert np.count_nonzero(x) == 31 * 31
    LECTURE.somewhere("what goes wrong where all dilations have a factor in common")
    x = np.zeros((1, 1, 19, 19))
    x[0, 0, 9, 9] = 1
    for _ in range(3):
        x = dilated(x, one, np.zeros(1), {"stride": 1, "pad": 2, "dilation": 2})
    assert np.count_nonzero(x) == 7 * 7
    assert not x[0, 0, ::2].any()


def test_prints_and_the_checkerboard_by_hand():
    LECTURE.somewhere("In the middle they meet: $(3, 4, 11, 8, 10)$")
    settings, zero = {"stride": 2, "pad": 0}, np.zeros(1)
    up = answer("conv_transpose")
    row = up(np.array([[[[1.0, 2]]]]), np.array([[[[3.0, 4, 5]]]]), zero, settings)
    assert row.ravel().tolist() == [3, 4, 11, 8, 10]
    LECTURE.somewhere("Where the stride does not divide the filter's side")
    y = np.ones((1, 1, 6, 6))
    for side, even in ((2, True), (3, False), (4, True), (5, False)):
        inner = up(y, np.ones((1, 1, side, side)), zero, settings)[0, 0, 4:-4, 4:-4]
        assert bool(np.ptp(inner) == 0) is even
    LECTURE.somewhere("so that the prints add up evenly")
    tent = np.outer([1, 3, 3, 1], [1, 3, 3, 1])[None, None] / 16
    inner = up(y, tent, zero, {"stride": 2, "pad": 1})[0, 0, 1:-1, 1:-1]
    np.testing.assert_allclose(inner, 1)


def test_whose_mean_by_hand():
    LECTURE.somewhere(
        "Batch normalisation takes a mean for each channel: $(0 + 2 + 10 + 12) / 4 = 6$, and 10"
    )
    LECTURE.somewhere(
        "takes one for each image, 3 and 13. Instance normalisation takes four: 1, 5, 11"
    )
    x = np.array([[[[0.0, 2]], [[4, 6]]], [[[10, 12]], [[14, 16]]]])
    assert x.mean(axis=(0, 2, 3)).tolist() == [6, 10]
    assert x.mean(axis=(1, 2, 3)).tolist() == [3, 13]
    assert x.mean(axis=(2, 3)).ravel().tolist() == [1, 5, 11, 15]
    LECTURE.somewhere(
        "the means are 2 and 12, the deviations 1 and 2, and out come −1, 1, −1 and 1"
    )
    LECTURE.somewhere("the mean is 7 and the deviation 5.24: −1.14, −0.76, 0.57 and 1.33")
    x, plain = np.array([1.0, 3, 10, 14]).reshape(1, 4, 1, 1), (np.ones(4), np.zeros(4))
    normed = answer("spatial_groupnorm_forward")
    for G, expected in ((2, [-1, 1, -1, 1]), (1, [-1.14, -0.76, 0.57, 1.33])):
        out = normed(x, *plain, G, {"eps": 0.0})[0]
        np.testing.assert_allclose(out.ravel(), expected, atol=0.005)
    assert (x.mean(), round(x.std(), 2)) == (7, 5.24)


def test_pieces_and_mirrors_by_hand():
    LECTURE.somewhere("$(0, 1, 2)$, $(1, 2, 3)$ and $(2, 3, 0)$. Read each backwards as well")
    LECTURE.somewhere(r"$3 \cdot 3 \cdot 2 = 18$ of one image; with four zeros on each side")
    LECTURE.somewhere(r"$9 \cdot 9 \cdot 2 = 162$")
    pieces = sliding_window_view(np.pad([1, 2, 3], 1), 3)
    assert pieces.tolist() == [[0, 1, 2], [1, 2, 3], [2, 3, 0]]
    LECTURE.somewhere("18. And 9: the mirrored pieces are then among the others")
    draw = answer("random_flip_crop")
    lopsided, symmetric = np.arange(1.0, 10).reshape(3, 3), np.array([[1.0, 2, 1]] * 3)
    symmetric *= np.array([[1.0], [3], [5]])
    for image, pad, count in ((lopsided, 1, 18), (symmetric, 1, 9), (lopsided, 4, 162)):
        # At a padding of 4 many pieces are empty; a larger image tells all of them apart.
        image = np.arange(1.0, 101).reshape(10, 10) if pad == 4 else image
        many = draw(np.tile(image, (4000, 1, 1, 1)), pad, np.random.default_rng(0))
        assert len(np.unique(many.reshape(4000, -1), axis=0)) == count


def test_sums_and_means_that_are_asked():
    LECTURE.somewhere(r"$8 \cdot 100 = 800$, and $4 \cdot 100 = 400$")
    x = np.zeros((8, 16, 10, 10))
    assert x[:, 0].size == 800
    assert x.reshape(8, 4, -1).shape[2] == 400
    LECTURE.somewhere(r"so $\sqrt{2^{10}} = 32$ times the size")
    signal = RNG.standard_normal(200_000)
    for _ in range(10):
        learned = signal.std() * RNG.standard_normal(len(signal))
        signal = signal + learned
    assert signal.std() == pytest.approx(32, rel=0.05)


def test_circles_and_fields_by_hand():
    LECTURE.somewhere("$(1, 3, 5, 3)$, four numbers. In a circle of three places")
    LECTURE.somewhere("added there: $(4, 3, 5)$")
    assert np.convolve([1, 2, 3], [1, 1]).tolist() == [1, 3, 5, 3]
    for size, expected in ((3, [4, 3, 5]), (4, [1, 3, 5, 3])):
        turned = np.fft.rfft([1, 2, 3], size) * np.fft.rfft([1, 1], size)
        np.testing.assert_allclose(np.fft.irfft(turned, size), expected)
    LECTURE.somewhere(r"$3 + 2 \cdot 2 = 7$, the third $7 + 2 \cdot 2 = 11$")
    LECTURE.somewhere("$5 + 4 = 9$ pixels in each direction")

    def field(*layers):
        seen, jump = 1, 1
        for side, stride in layers:
            seen, jump = seen + (side - 1) * jump, jump * stride
        return seen

    assert [field(*[(3, 1)] * count) for count in (1, 2, 3)] == [3, 5, 7]
    assert [field((3, 2), *[(3, 1)] * count) for count in (1, 2)] == [7, 11]
    assert field((5, 1), (5, 1)) == 9
    LECTURE.somewhere(r"$18\,C^2$ against $25\,C^2$")
    assert (2 * 3 * 3, 5 * 5, field((3, 1), (3, 1)), field((5, 1))) == (18, 25, 5, 5)


def test_separable_residual_and_dense_by_hand():
    LECTURE.somewhere("is a filter with the rows $(3, 4)$ and $(6, 8)$")
    assert np.outer([1, 2], [3, 4]).tolist() == [[3, 4], [6, 8]]
    LECTURE.somewhere("The first is: its rank is 1. The second is not: its rank is 2")
    ranks = [np.linalg.matrix_rank(w) for w in ([[3, 4], [6, 9]], [[1, 2], [2, 4]], np.eye(2))]
    assert ranks == [2, 1, 2]
    LECTURE.somewhere(r"$1.1^{20} \approx 6.7$")
    assert (f"{1.1**20:.1f}", 0.1**20 < 1e-19) == ("6.7", True)
    LECTURE.somewhere("$(3, 0)$: the sum is the input")
    assert np.maximum(0, np.array([3, -2]) + 0).tolist() == [3, 0]
    LECTURE.somewhere("a quarter, 9216.")
    grouped = [parameters(torch.nn.Conv2d(64, 64, 3, groups=g, bias=False)) for g in (1, 4)]
    assert grouped == [36_864, 9216]
    LECTURE.somewhere(r"$9 \cdot 32 = 288$ instead of 9216")
    grouped = [parameters(torch.nn.Conv2d(32, 32, 3, groups=g, bias=False)) for g in (32, 1)]
    assert grouped == [288, 9216]
    LECTURE.somewhere("They read 6, 9, 12 and 15 maps, and 18 go out")
    assert [6 + 3 * layer for layer in range(5)] == [6, 9, 12, 15, 18]
    LECTURE.somewhere(r"$64 + 6 \cdot 32 = 256$")
    assert 64 + 6 * 32 == 256


def test_what_is_asked_at_the_end():
    LECTURE.somewhere("32 maps of 14 × 14: they stand side by side")
    assert 8 + 16 + 4 + 4 == 32
    LECTURE.somewhere("one example costs one chunk, and 64 neighbours cost one or two")
    assert {len({k // 64 for k in range(first, first + 64)}) for first in range(200)} == {1, 2}
    LECTURE.somewhere("16 chunks, the last one not full. Two are read: examples 10 to 73")
    assert (-(-1000 // 64), 1000 % 64 > 0) == (16, True)
    assert {example // 64 for example in range(10, 74)} == {0, 1}
