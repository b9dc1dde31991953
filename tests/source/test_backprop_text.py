"""What the backprop notebook says is true: every erratum of old notes, and every number in its
text.
"""

import numpy as np
import pytest
from lectures import LECTURES

from coursekit import figures
from coursekit.widgets.sabotage import BUGS, sabotage_picture

LECTURE = LECTURES["backprop"]
RNG = np.random.default_rng(231)


def answer(name):
    """The reference's function or class."""
    return LECTURE.answers[name]


# --- errata ---------------------------------------------------------------------------------------


def test_weights_have_a_price_without_a_half_and_biases_have_none():
    LECTURE.said(r"$\text{reg} \sum W^2$ throughout", r"$2\,\text{reg}\,W$", "biases are free")
    LECTURE.somewhere(r"Large weights cost $\text{reg} \sum W^2$ throughout")
    X, y = RNG.standard_normal((6, 4)), RNG.integers(0, 3, 6)
    for model in (
        answer("TwoLayerNet")(4, 5, 3, weight_scale=1.0, rng=np.random.default_rng(0)),
        answer("FullyConnectedNet")([5], 4, 3, weight_scale=1.0, rng=np.random.default_rng(0)),
    ):
        model.params["b1"] = np.ones(5)
        bare, bare_grads = model.loss(X, y)
        model.reg = 0.3
        loss, grads = model.loss(X, y)
        W1, W2 = model.params["W1"], model.params["W2"]
        assert loss - bare == pytest.approx(0.3 * (np.sum(W1**2) + np.sum(W2**2)))
        np.testing.assert_allclose(grads["W1"] - bare_grads["W1"], 0.6 * W1)
        np.testing.assert_array_equal(grads["b1"], bare_grads["b1"])


def test_the_multiply_gate_switches_its_inputs():
    LECTURE.said("`dx` is `y * dout`, never `x * dout`")
    LECTURE.somewhere("`dx` is `y * dout`, never `x * dout`")
    x, y, dout = RNG.standard_normal((3, 5))
    dx, dy = answer("mul_backward")(dout, answer("mul_forward")(x, y)[1])
    np.testing.assert_allclose(dx, y * dout)
    np.testing.assert_allclose(dy, x * dout)
    h = 1e-6
    np.testing.assert_allclose(((x + h) * y - (x - h) * y) / (2 * h) * dout, dx, rtol=1e-6)


def test_at_a_tie_both_shares_together_are_the_slope():
    LECTURE.said(
        "Any split of `dout`", "the two add up to `dout`", "it promises twice the slope there is"
    )
    LECTURE.somewhere("Any split of `dout` is right as long as no share is negative")
    tie = np.array([2.0])
    shares = answer("max_backward")(np.array([3.0]), answer("max_forward")(tie, tie.copy())[1])
    h = 1e-3
    together = 3 * (np.maximum(tie + h, tie + h) - np.maximum(tie, tie)) / h  # both inputs move
    assert sum(shares) == pytest.approx(together)
    assert min(shares) >= 0
    assert pytest.approx(2 * together) == 2 * 3.0  # the whole to both promises this


def test_broadcasting_is_a_fan_out():
    LECTURE.said("Broadcasting draws no arrows", "`db` comes out as `(N, M)`")
    LECTURE.somewhere("then `db` comes out as `(N, M)`")
    dout = RNG.standard_normal((6, 3))
    db = answer("affine_backward")(
        dout, answer("affine_forward")(np.ones((6, 2)), np.ones((2, 3)), np.zeros(3))[1]
    )[2]
    np.testing.assert_allclose(db, answer("unbroadcast")(dout, (3,)))
    np.testing.assert_allclose(db, dout.sum(axis=0))


def test_three_quoted_sentences_are_among_the_false_ones():
    LECTURE.said("its own value times `dout`", "both receive the whole", "the largest counts")
    claims = answer("gate_claims")()
    assert {key for key, fine in claims.items() if not fine} == {"b", "c", "e"}
    docstring = answer("gate_claims").__doc__
    for phrase in (
        "its own value times dout",
        "both receive the whole of dout",
        "the largest of the gradients",
    ):
        assert phrase in docstring


def test_a_fresh_network_starts_at_ln_C_only_while_its_scores_are_small():
    LECTURE.said(r"$\ln C$ for ten classes", "With larger weights it starts higher", "`reg` is off")
    LECTURE.somewhere("With larger weights it starts higher")
    X, y = RNG.standard_normal((200, 30)), RNG.integers(0, 10, 200)

    def first(weight_scale, reg=0.0):
        return answer("TwoLayerNet")(
            30, 50, 10, weight_scale, reg, rng=np.random.default_rng(1)
        ).loss(X, y)[0]

    assert round(np.log(10), 1) == 2.3
    assert first(1e-3) == pytest.approx(np.log(10), abs=1e-3)
    assert first(1.0) > 2 * np.log(10)
    assert first(1e-3, reg=100.0) > first(1e-3) + 0.1


def test_the_sum_of_normalised_outputs_is_a_constant():
    LECTURE.said("sum the outputs", "`out.sum()`")
    LECTURE.somewhere(r"each feature of `out` adds up to $N \beta$")
    gamma, beta = RNG.standard_normal((2, 4))
    for _ in range(3):
        x = RNG.standard_normal((12, 4)) * 5
        out, cache = answer("batchnorm_forward")(x, gamma, beta, {"mode": "train"})
        np.testing.assert_allclose(out.sum(axis=0), 12 * beta, atol=1e-12)
        ones = np.ones((12, 4))
        np.testing.assert_allclose(answer("batchnorm_backward")(ones, cache)[0], 0, atol=1e-12)
        np.testing.assert_allclose(
            answer("batchnorm_impostor")(ones, x, gamma, 1e-5), 0, atol=1e-12
        )
        dout = RNG.standard_normal((12, 4))
        gap = answer("batchnorm_backward")(dout, cache)[0] - answer("batchnorm_impostor")(
            dout, x, gamma, 1e-5
        )
        assert np.abs(gap).max() > 1e-2


def test_p_keep_is_the_probability_of_keeping_and_the_test_does_nothing():
    LECTURE.said("`p_keep`", "test mode is the identity")
    LECTURE.somewhere("At test time the layer does nothing at all")
    x = np.ones(100_000)
    out, _ = answer("dropout_forward")(x, {"mode": "train", "p_keep": 0.8, "seed": 1})
    assert np.mean(out != 0) == pytest.approx(0.8, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(
        answer("dropout_forward")(x, {"mode": "test", "p_keep": 0.8})[0], x
    )


def test_a_hundredth_hides_a_forgotten_regulariser():
    LECTURE.said("relative error of 0.01", "forgotten regulariser", "$10^{-5}$")
    LECTURE.somewhere("An error of 0.01 can hide a forgotten regulariser")

    class Forgetful(answer("TwoLayerNet")):
        def loss(self, X, y=None):
            loss, grads = super().loss(X, y)
            return loss, grads | {
                name: grads[name] - 2 * self.reg * self.params[name] for name in ("W1", "W2")
            }

    X, y = RNG.standard_normal((30, 20)), RNG.integers(0, 5, 30)
    worst = {}
    for kind in (answer("TwoLayerNet"), Forgetful):
        model = kind(20, 25, 5, 0.3, 1e-3, rng=np.random.default_rng(1))
        report = answer("gradient_check_model")(model, X, y, rng=np.random.default_rng(2))
        worst[kind.__name__] = max(report["errors"].values())
    assert worst["TwoLayerNet"] < 1e-5 < worst["Forgetful"] < 0.01


# --- other facts and numbers ----------------------------------------------------------------------


def test_the_textbook_neuron():
    LECTURE.somewhere("Find the 0.73 and the 0.2")
    w, x = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])
    f, cache = answer("staged_sigmoid_neuron")(w, x)
    dw, _ = answer("staged_sigmoid_neuron_backward")(1.0, cache)
    assert f == pytest.approx(0.73, abs=0.005)
    assert dw[2] == pytest.approx(0.2, abs=0.005)


def test_root_two_keeps_the_size_of_a_signal_through_relu():
    LECTURE.somewhere(r"(For ReLU it is $\sqrt 2$.")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 1000))
    for size, kept in (
        (np.sqrt(2), 1.0),
        (1.0, 0.5),
    ):  # relu keeps half of the mean square, which the 2 makes up for
        w = size * rng.standard_normal((1000, 1000)) / np.sqrt(1000)
        out, _ = answer("relu_forward")(answer("affine_forward")(x, w, np.zeros(1000))[0])
        assert np.mean(out**2) / np.mean(x**2) == pytest.approx(kept, rel=0.05)


def test_dx_of_batch_normalisation_lies_along_neither_ones_nor_xhat():
    LECTURE.somewhere(r"`dx` has no part along $\hat x$ (up to `eps`)")
    x, dout = RNG.standard_normal((2, 12, 4))
    xhat, cache = answer("batchnorm_forward")(
        x, np.ones(4), np.zeros(4), {"mode": "train", "eps": 1e-12}
    )
    dx = answer("batchnorm_backward_alt")(dout, cache)[0]
    np.testing.assert_allclose([dx.sum(axis=0), (dx * xhat).sum(axis=0)], 0, atol=1e-9)


def test_x_is_used_twice_and_so_is_what_is_centred():
    """The framed boxes of the graph of batch normalisation are those with two arrows leaving."""
    source = next(
        cell.source for cell in LECTURE.text.cells if "figures.computation_graph" in cell.source
    )
    space: dict = {"figures": figures}
    exec(source.replace("figures.computation_graph", "made = "), space)
    nodes, arrows = space["made"]
    for k, node in enumerate(nodes):
        assert node.framed == (sum(arrow.start == k for arrow in arrows) == 2)


def test_a_million_parameters_have_a_million_million_second_derivatives():
    LECTURE.somewhere("For a million parameters it has $10^{12}$ entries")
    assert (10**6) ** 2 == 10**12


def test_ten_examples_in_shards_of_four_weigh_alike_only_by_their_size():
    LECTURE.somewhere("Ten examples in shards of four")
    X, y = RNG.standard_normal((10, 6)), RNG.integers(0, 3, 10)
    net = answer("TwoLayerNet")(6, 5, 3, 1.0, rng=np.random.default_rng(0))
    whole, grads = net.loss(X, y)
    loss, added = answer("gradient_accumulate")(net.loss, X, y, 4)
    assert loss == pytest.approx(whole)
    np.testing.assert_allclose(added["W1"], grads["W1"], atol=1e-12)
    alike = np.mean([net.loss(X[k : k + 4], y[k : k + 4])[0] for k in (0, 4, 8)])
    assert alike != pytest.approx(whole, rel=1e-3)


def test_three_bugs_escape_the_gradient_check_and_one_escapes_all():
    LECTURE.somewhere("Three of these no gradient check can find")
    LECTURE.somewhere("One bug is noticed by nobody")
    parts = [answer(name) for name in ("TwoLayerNet", "overfit_small", "gradient_check_model")]
    told = {
        title: sabotage_picture(bug, *parts).alt
        for title, bug in BUGS.items()
        if title != "nothing"
    }
    unseen = {title for title, alt in told.items() if "your gradient_check_model is fine" in alt}
    assert unseen == {
        "a constant in the loss",
        "half the regulariser, in both",
        "labels one off, in both",
    }
    assert {title for title, alt in told.items() if " 0 of " in alt} == {
        "half the regulariser, in both"
    }
