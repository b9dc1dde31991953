"""What the SVM notebook says is true: every erratum of old notes, with the fact that proves it."""

import numpy as np
import pytest
from lectures import LECTURES

from coursekit.doodles import doodles

SVM = LECTURES["svm"]
RNG = np.random.default_rng(231)
N, D, C = 7, 5, 4
W, X, y = RNG.standard_normal((D, C)), RNG.standard_normal((N, D)), RNG.integers(0, C, N)


def data_loss(W, delta=1.0):
    return np.mean(
        [SVM.answers["L_i_vectorized"](x, label, W.T, delta) for x, label in zip(X, y, strict=True)]
    )


def test_two_orientations_of_W_give_the_same_loss():
    SVM.said("`(C, D)`", "`(D, C)`", "only Section 1")
    SVM.somewhere("Section 1 alone writes `W` the other way round, as `(C, D)`")
    assert data_loss(W) == pytest.approx(SVM.answers["svm_loss_vectorized"](W, X, y, 0.0)[0])


def test_with_the_true_class_the_count_is_one_too_high():
    SVM.said("$dz$", "one too high")
    SVM.somewhere("its indicator would always be 1, and every count one too high")
    scores = X @ W
    everyone = (scores - scores[range(N), y][:, None] + 1 > 0).sum(axis=1)
    np.testing.assert_array_equal(everyone, SVM.answers["margin_violations"](scores, y)[1] + 1)


def test_the_loss_counts_nothing():
    SVM.said("just counts the incorrect classes")
    scores, true_class = SVM.answers["zero_one_counterexample"]()
    assert np.argmax(scores) == true_class
    loss = SVM.answers["L_i_vectorized"](np.ones(1), true_class, scores[:, None])
    assert loss > 0
    assert loss != round(loss)


def test_the_loss_is_a_mean_with_a_price_on_the_weights():
    SVM.said("neither $1/N$ nor a regulariser", "the same $X_i$ for all classes")
    SVM.somewhere("we take the *mean*, and we add a price on large weights")
    loss, _ = SVM.answers["svm_loss_naive"](W, X, y, 0.3)
    assert loss == pytest.approx(data_loss(W) + 0.3 * np.sum(W * W))


def test_the_true_classes_part_is_the_counts_with_a_minus_sign():
    SVM.said("`N` counts", "minus sign", "`[i, y[i]]`")
    SVM.somewhere("with a minus sign, go into the entries `[i, y[i]]`")
    scores = X @ W
    mask, counts = SVM.answers["margin_violations"](scores, y)
    dx = mask.astype(float)
    dx[range(N), y] = -counts
    np.testing.assert_allclose(SVM.answers["svm_loss"](scores, y)[1], dx / N)


def test_the_gradient_has_the_shape_of_the_weights():
    SVM.said("`(N, C)` and `(N, 1)`", "`dW` is `(D, C)`")
    SVM.somewhere("A gradient has the shape of what it is the gradient of")
    dscores = SVM.answers["svm_loss"](X @ W, y)[1]
    product = X.T @ dscores
    assert product.shape == (D, C)
    np.testing.assert_allclose(
        product + 2 * 0.3 * W, SVM.answers["svm_loss_vectorized"](W, X, y, 0.3)[1]
    )


def test_scaling_keeps_a_zero_loss_and_not_the_scores():
    SVM.said("Every score changes by the factor $a$", "*zero loss*", r"2\,\text{reg}\,W")
    SVM.somewhere("Every score changes by the factor $a$; what stays is the *zero loss*")
    apart = 10 * np.eye(3)
    losses, price = SVM.answers["scaling_experiment"](
        apart, np.eye(3), np.arange(3), np.array([1.0, 2.0, 5.0]), 0.1
    )
    np.testing.assert_array_equal(losses, 0)
    np.testing.assert_allclose(price / price[0], [1, 4, 25])


def test_delta_and_reg_set_one_trade_off():
    SVM.said("That is half of it", "*one* trade-off")
    SVM.somewhere("so `delta` and `reg` together set *one* trade-off")
    c, reg = 2.5, 0.3
    assert data_loss(c * W, c) == pytest.approx(c * data_loss(W))

    def objective(W, delta, reg):
        return data_loss(W, delta) + reg * np.sum(W * W)

    # With the margin c times as wide and reg divided by c, the whole objective is only multiplied
    # by c.
    assert objective(c * W, c, reg / c) == pytest.approx(c * objective(W, 1.0, reg))
    assert objective(c * W, c, reg) != pytest.approx(c * objective(W, 1.0, reg))


def test_the_three_lines_of_code_have_the_four_errors_the_answer_says():
    assert SVM.answers["notes_errata"]() == {
        "a": True,
        "b": True,
        "c": True,
        "d": False,
        "e": True,
        "f": False,
    }
    loss, dW = SVM.answers["svm_loss_vectorized"](W, X, y, 0.3)
    assert np.shape(loss > 0) == ()  # a: the loss is one number
    mask, counts = SVM.answers["margin_violations"](X @ W, y)
    ds = mask.astype(float)
    ds[range(N), y] = -counts  # b
    np.testing.assert_allclose(
        X.T @ ds / N + 2 * 0.3 * W, dW
    )  # c and e, with X.T (not d) and ones (not f)


@pytest.mark.parametrize("kind", ["hinge", "squared_hinge"])
def test_ten_classes_start_at_nine(kind):
    SVM.somewhere("which makes 9 for ten classes")
    assert SVM.answers["expected_initial_loss"](10, kind) == 9


def test_a_colour_image_has_more_than_sixty_thousand_evaluations():
    assert 2 * (3072 + 1) * 10 > 60_000
    SVM.somewhere("more than sixty thousand for CIFAR-10")


def test_the_moons_template_is_a_ring_and_the_suns_is_yellow():
    SVM.somewhere("The sun's is yellow, the tree's green")
    SVM.somewhere("And the moon's is a ring!")
    X, y = doodles(2000)
    small = X.reshape(-1, 16, 2, 16, 2, 3).mean(axis=(2, 4)).reshape(len(X), -1) / 255
    centred = small - small.mean(axis=0)
    model = SVM.answers["LinearSVM"]()
    rate = 1 / np.mean(np.sum(centred**2, axis=1))
    model.train(centred, y, rate, 1e-2, 200, rng=np.random.default_rng(0))
    sun, moon, tree = (model.W[:, c].reshape(16, 16, 3) for c in (0, 1, 3))
    inside, left, right = (
        moon[6:10, at].mean() for at in (slice(7, 9), slice(2, 5), slice(11, 14))
    )
    assert inside < min(left, right)
    red, green, blue = sun[6:10, 6:10].mean(axis=(0, 1))
    assert blue < min(red, green)
    red, green, blue = tree[4:9, 6:10].mean(axis=(0, 1))
    assert green > max(red, blue)
