"""What the CNN notebook says is true: every erratum of old notes, and every number in its
text.
"""

import numpy as np
import pytest
import torch
from lectures import LECTURES

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
