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


# --- worked by hand, and asked --------------------------------------------------------------------


def of_scores(scores, label, delta=1.0):
    """The reference's loss of one row of scores."""
    return SVM.answers["L_i_vectorized"](np.array(scores), label, np.eye(len(scores)), delta)


def test_margins_by_hand():
    SVM.somewhere("falls short by $5.1 - 3.2 + 1 = 2.9$")
    assert of_scores([3.2, 5.1, -1.7], 0) == pytest.approx(2.9)
    SVM.somewhere("The margins of the others are 1.5, 3 and −1: two are violated")
    SVM.somewhere("So the loss falls by 0.2: its slope is −2")
    assert SVM.answers["margin_violations"](np.array([[2, 2.5, 4, 0]]), np.array([0]))[1] == 2
    fallen = of_scores([2, 2.5, 4.0, 0], 0) - of_scores([2.1, 2.5, 4.0, 0], 0)
    assert fallen == pytest.approx(0.2)
    SVM.somewhere("Margins $1 - 3 + 2 = 0$ and $2 - 3 + 2 = 1$: the loss is 1")
    assert of_scores([1.0, 3.0, 2.0], 1, 2.0) == 1
    SVM.somewhere("Nothing: only differences of scores count")
    assert of_scores([101.0, 103.0, 102.0], 1, 2.0) == 1
    SVM.somewhere("the margins are $5 - 7 + 2 = 0$ and $4 - 7 + 2 = -1$")
    assert of_scores([7.0, 5.0, 4.0], 0, 2.0) == 0


def test_a_line_for_every_class_by_hand():
    SVM.somewhere("The image $(3, 4)$ scores $9 + 16 - 5 = 20$")
    SVM.somewhere("$(0.6, 0.8)$ scores $1.8 + 3.2 - 5 = 0$")
    SVM.somewhere("passes the origin at a distance of $5 / 5 = 1$")
    row, bias, foot = np.array([3.0, 4.0]), -5.0, np.array([0.6, 0.8])
    assert row @ row + bias == 20
    assert row @ foot + bias == pytest.approx(0)
    assert np.linalg.norm(foot) == pytest.approx(1)
    assert abs(np.cross([*row, 0], [*foot, 0])).max() == pytest.approx(0)  # the nearest place
    SVM.somewhere("by the row's length for each step of length 1")
    SVM.somewhere(r"\text{distance from the line} = \frac{|s_j|}{|w_j|}")
    along = row / np.linalg.norm(row)
    for x in RNG.standard_normal((4, 2)):
        score, length = row @ x + bias, np.linalg.norm(row)
        assert row @ (x + along) + bias - score == pytest.approx(length)
        assert row @ (x - score / length * along) + bias == pytest.approx(0)
    SVM.somewhere("there is a line as well, with the row $w_j - w_k$")
    one, other = RNG.standard_normal((2, 2))
    between = np.array([-(one - other)[1], (one - other)[0]])
    assert one @ between == pytest.approx(other @ between)


def test_a_whole_loss_by_hand():
    SVM.somewhere("the margins of the two wrong classes are 1.5 and −1")
    SVM.somewhere("the mean is 0.75 and all slopes are halved")
    image = np.array([[2.0, 1.0]])
    weights = np.linalg.pinv(image) @ np.array([[0, 0.5, -2]])
    loss, dW = SVM.answers["svm_loss_naive"](weights, image, np.array([0]), 0.0)
    assert loss == pytest.approx(1.5)
    np.testing.assert_allclose(dW.T, [[-2, -1], [2, 1], [0, 0]])
    both = np.vstack([image, -image])  # the second one's scores are the first one's, negative
    loss, dW = SVM.answers["svm_loss_naive"](weights, both, np.array([0, 2]), 0.0)
    assert loss == pytest.approx(0.75)
    np.testing.assert_allclose(dW.T, [[-1, -0.5], [1, 0.5], [0, 0]])
    SVM.somewhere(r"Every weight of 3 adds $\text{reg} \cdot 9$")
    assert 3**2 == 9


def test_measured_slopes_by_hand():
    SVM.somewhere("$(9.261 - 8) / 0.1 = 12.61$")
    SVM.somewhere("$(9.261 - 6.859) / 0.2 = 12.01$")
    SVM.somewhere("made the error sixty times as small")
    one, both = (2.1**3 - 2**3) / 0.1, (2.1**3 - 1.9**3) / 0.2
    assert (f"{one:.2f}", f"{both:.2f}") == ("12.61", "12.01")
    assert 60 <= (one - 12) / (both - 12) < 62
    SVM.somewhere("The relative error is about 0.0005. Claimed 0.002, measured 0 gives 1")
    rel_error = SVM.answers["rel_error"]
    assert f"{rel_error(np.array([2.002]), np.array([2.0])):.4f}" == "0.0005"
    assert rel_error(np.array([0.002]), np.array([0.0])) == 1
    SVM.somewhere("$2 / 2 = 1$, the largest it can be")
    assert rel_error(np.array([1.0]), np.array([-1.0])) == 1
    SVM.somewhere("$16 - 9 = 7$, and $(16 - 4) / 2 = 6$")
    assert (4**2 - 3**2, (4**2 - 2**2) / 2) == (7, 6)


def test_slopes_of_scores_and_of_weights_by_hand():
    SVM.somewhere("the slopes of the first image's scores are ½, ½ and −1")
    _, dx = SVM.answers["svm_loss"](np.array([[0.0, 0, 0], [0, 0, 5]]), np.array([2, 2]))
    np.testing.assert_allclose(dx, [[0.5, 0.5, -1], [0, 0, 0]])
    SVM.somewhere("together $(-1, 1)$. The second class's gets $(1, -1)$")
    sent = np.array([[-0.5, 0.5], [0.5, -0.5]])
    np.testing.assert_allclose((np.array([[2.0, 1], [0, 3]]).T @ sent).T, [[-1, 1], [1, -1]])
    SVM.somewhere("Four columns: three and the true one, which it enters three times")
    scores = np.array([[3.0, 3, 3, 2.5, 0, 0, 0, 0, 0, 0]])
    _, dx = SVM.answers["svm_loss"](scores, np.array([3]))
    assert ((dx != 0).sum(), dx[0, 3]) == (4, -3)
    SVM.somewhere("50 × 4, 50 × 4 and 8 × 4")
    features, labels = RNG.standard_normal((50, 8)), RNG.integers(0, 4, 50)
    weights = RNG.standard_normal((8, 4))
    assert SVM.answers["svm_loss"](features @ weights, labels)[1].shape == (50, 4)
    assert SVM.answers["svm_loss_vectorized"](weights, features, labels, 0.0)[1].shape == (8, 4)
    SVM.somewhere("¼ twice, −½ at the true class")
    scores = np.vstack([[3.0, 3, 3, 0], np.tile([9.0, 0, 0, 0], (3, 1))])
    _, dx = SVM.answers["svm_loss"](scores, np.zeros(4, dtype=int))
    np.testing.assert_allclose(dx[0], [-0.5, 0.25, 0.25, 0])


def test_squares_and_first_losses_by_hand():
    SVM.somewhere("$0.25 + 1 + 9 = 10.25$")
    SVM.somewhere("the squared one by $9 - 8.41 = 0.59$")
    short = np.array([[0.0, -0.5, 0.0, 2.0]])  # shortfalls of 0.5, 1 and 3
    squared = SVM.answers["squared_hinge_loss"]
    assert of_scores(short[0], 0) == pytest.approx(4.5)
    assert squared(np.eye(4), short, np.array([0]), 0.0)[0] == pytest.approx(10.25)
    less = squared(np.eye(4), short - [0, 0, 0, 0.1], np.array([0]), 0.0)[0]
    assert 10.25 - less == pytest.approx(0.59)
    SVM.somewhere("$16$ against $10$. Under the plain hinge it is 4 against 10")
    assert (4**2, 10 * 1**2) == (16, 10)
    SVM.somewhere("falls short by exactly 1: the loss is 3")
    assert of_scores([0.0] * 4, 0) == 3 == SVM.answers["expected_initial_loss"](4, "hinge")
    SVM.somewhere("99. With 50 the weights are not tiny")
    assert SVM.answers["expected_initial_loss"](100, "hinge") == 99


def test_scales_and_settings_by_hand():
    SVM.somewhere("Double all weights: 6 and 2, a lead of 4, loss 0 still")
    SVM.somewhere("1.5 and 0.5, a lead of 1, just enough")
    assert [of_scores([3.0 * a, 1.0 * a], 0) for a in (1, 2, 0.5)] == [0, 0, 0]
    assert of_scores([3.0 * 0.49, 1.0 * 0.49], 0) > 0
    SVM.somewhere("scores 3 and 1 and a margin of 4 lack 2. With a margin of 8 the lack shall be 4")
    assert of_scores([3.0, 1.0], 0, 4.0) == 2
    SVM.somewhere("centred they are −20, 0 and 20. A validation pixel of 150 becomes 30")
    train = np.array([[100.0], [120], [140]])
    parts = SVM.answers["preprocess"](train, np.array([[150.0]]), np.array([[150.0]]))
    np.testing.assert_array_equal(parts[0][:, 0], [-20, 0, 20])
    assert parts[1][0, 0] == 30
    SVM.somewhere(r"$3 - 0.1 \cdot 4 = 2.6$")
    SVM.somewhere(r"$3 - 0.1 \cdot (-2) = 3.2$")
    assert (3 - 0.1 * 4, 3 - 0.1 * -2) == (2.6, 3.2)
    SVM.somewhere("at ¾ of the way. On a plain ruler it would sit at a tenth")
    assert np.log(1 / 0.001) / np.log(10 / 0.001) == pytest.approx(3 / 4)
    assert f"{(1 - 0.001) / (10 - 0.001):.1f}" == "0.1"
    SVM.somewhere("0.5 lies 0.3 of one below its end: position 0.92. It is 8 % away")
    assert f"{np.log(0.5 / 1e-4) / np.log(1e4):.2f}" == "0.92"
    assert not SVM.answers["is_at_boundary"](0.5, (1e-4, 1.0))


def test_the_squared_hinge_is_smooth_and_convex_as_is_to_be_proven():
    SVM.somewhere(r"Show that $\max(0, z)^2$ has a slope at *every* z, also at 0")
    SVM.somewhere("Show that $L_i$ is convex in $W$")
    squared, plain = SVM.answers["squared_hinge_loss"], SVM.answers["svm_loss_naive"]
    h = 1e-7
    sides = [max(0.0, step) ** 2 / step for step in (h, -h)]
    assert sides == pytest.approx([0, 0], abs=2 * h)
    assert [max(0.0, step) / step for step in (h, -h)] == [1, 0]
    x, label = X[:1], y[:1]
    z = (x @ W - (x @ W)[:, label] + 1).ravel()
    z[label] = 0
    slopes = 2 * np.maximum(0, z) * x.T
    slopes[:, label] = -2 * np.maximum(0, z).sum() * x.T
    np.testing.assert_allclose(squared(W, x, label, 0.0)[1], slopes)
    for loss in (squared, plain):
        for share in (0.1, 0.5, 0.8):
            other = RNG.standard_normal(W.shape)
            between = loss(share * W + (1 - share) * other, X, y, 0.0)[0]
            line = share * loss(W, X, y, 0.0)[0] + (1 - share) * loss(other, X, y, 0.0)[0]
            assert between <= line
