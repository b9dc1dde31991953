"""What the softmax notebook says is true: every erratum of old notes, every figure, with the
fact that proves it.
"""

import itertools

import numpy as np
import pytest
import torch
from lectures import LECTURES

from coursekit.widgets import race

SOFTMAX = LECTURES["softmax"]
ANSWERS = SOFTMAX.answers
RNG = np.random.default_rng(231)
N, D, C = 7, 5, 4
W, X, y = RNG.standard_normal((D, C)), RNG.standard_normal((N, D)), RNG.integers(0, C, N)
loss_and_gradient = ANSWERS["softmax_loss_vectorized"]


# --- errata ---------------------------------------------------------------------------------------


def test_the_loss_is_one_of_C_logarithms():
    SOFTMAX.said(
        r"$L_i = -\log(\text{softmax}(s_i))$",
        "vector of C numbers",
        r"-\log(\text{softmax}(s_i)_{y_i})",
    )
    SOFTMAX.somewhere("Of the C logarithms only *one* counts, the $y_i$-th")
    vectors = -np.log(ANSWERS["softmax"](X @ W))
    assert vectors.shape == (N, C)
    loss, _ = loss_and_gradient(W, X, y, 0.3)
    assert loss == pytest.approx(
        np.mean([vector[label] for vector, label in zip(vectors, y, strict=True)])
        + 0.3 * np.sum(W * W)
    )


def test_the_first_loss_is_log_C_for_small_scores_only():
    SOFTMAX.said(
        r"$-\log(1/C)$ for any fresh classifier", "scores are small and the regularisation is off"
    )
    SOFTMAX.somewhere("while the scores are small and the regularisation is off")
    first = ANSWERS["expected_initial_loss"](C)
    assert loss_and_gradient(1e-4 * W, X, y, 0.0)[0] == pytest.approx(first, abs=1e-3)
    assert loss_and_gradient(1e-4 * W, X, y, 1e8)[0] > first + 1
    assert loss_and_gradient(50 * W, X, y, 0.0)[0] > first + 1
    assert loss_and_gradient(1e-4 * W, 1e6 * X, y, 0.0)[0] > first + 1


def test_the_ratio_is_a_thousandth_and_means_something_after_a_warm_up_only():
    SOFTMAX.said("`-1e-3`", "never negative", "it is 1e-3", "judge after a warm-up")
    SOFTMAX.somewhere("A ratio near **0.001** is healthy")
    SOFTMAX.somewhere("Judge it after a warm-up")
    assert ANSWERS["update_ratio"](W, -1e-3 * W) == pytest.approx(1e-3)

    def loss_fn(W, X, y):
        return loss_and_gradient(W, X, y, 0.0)

    rng = np.random.default_rng(0)
    examples, start = rng.standard_normal((200, 20)), 1e-3 * rng.standard_normal((20, C))
    labels = np.argmax(examples @ rng.standard_normal((20, C)), axis=1)
    settings = {"learning_rate": 0.2}
    _, history = ANSWERS["train_with_monitor"](
        loss_fn, start, examples, labels, ANSWERS["sgd"], settings, 400, rng=rng
    )
    assert history["update_ratio"][0] > 1
    assert ANSWERS["diagnose_lr"](history) == "ok"
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_newton_has_no_learning_rate_and_may_go_up():
    SOFTMAX.said('"faster convergence, and no hyperparameter"')
    SOFTMAX.somewhere("which has no *learning rate*")
    grad, H = ANSWERS["newton_counterexample"]()
    step = ANSWERS["newton_step"](grad, H)
    assert grad @ step + step @ H @ step / 2 > 0
    bowl = H @ H + np.eye(len(H))
    step = ANSWERS["newton_step"](grad, bowl)
    np.testing.assert_allclose(grad + bowl @ step, 0, atol=1e-12)  # at the bottom after one step


def lbfgs_heights(noise, luck):
    H = race.valley(40)
    walker = race._by_lbfgs(ANSWERS["lbfgs_direction"], 0.5 / 40)
    return race.height(race.walk(walker, H, 80, noise, luck), H)


def test_noise_makes_lbfgs_unreliable_rather_than_impossible():
    SOFTMAX.said(
        "a memory length, a line search and tolerances", "*unreliable* rather than impossible"
    )
    SOFTMAX.somewhere("Mini-batches make it *unreliable* rather than impossible")
    SOFTMAX.somewhere("L-BFGS is now and then thrown out of the valley")
    assert lbfgs_heights(0.0, 0)[8] < 1e-12
    runs = [lbfgs_heights(1.0, luck) for luck in range(10)]
    thrown = [run.max() > 1.01 * run[0] for run in runs]
    assert 3 <= sum(thrown) <= 9
    assert all(run[-1] < run[0] / 50 for run in runs)  # and yet it comes down again


def test_an_average_started_at_zero_is_too_small_for_hundreds_of_steps():
    SOFTMAX.said("without a starting value", "Start it at the first `x`, or correct it")
    SOFTMAX.somewhere("the average is much too small for hundreds of steps")
    from_zero, from_first = np.zeros(3), np.ones(3)
    for t in range(1, 301):
        from_zero, from_first = (
            ANSWERS["ema_update"](average, np.ones(3)) for average in (from_zero, from_first)
        )
        np.testing.assert_allclose(ANSWERS["ema_corrected"](from_zero, t), 1)
    assert from_zero.max() < 0.8
    np.testing.assert_allclose(from_first, 1)


def test_averaging_weights_is_averaging_scores_for_a_linear_model_only():
    SOFTMAX.said("*predictions* is always safe", "*weights* is meant for checkpoints of one run")
    SOFTMAX.somewhere("*weights* is meant for checkpoints of one run")
    many = [RNG.standard_normal((D, C)) for _ in range(3)]
    mean = ANSWERS["average_weights"]([{"W": one} for one in many])["W"]
    np.testing.assert_allclose(X @ mean, np.mean([X @ one for one in many], axis=0))
    # A network and its mirror image compute the same; their mean computes nothing.
    first, second = RNG.standard_normal((D, 6)), RNG.standard_normal((6, C))

    def network(V, U):
        return np.tanh(X @ V) @ U

    np.testing.assert_allclose(network(first, second), network(-first, -second))
    assert np.abs(network((first - first) / 2, (second - second) / 2)).max() == 0


def test_the_claims_about_the_three_lines():
    """What each claim says, decided by the answers above it."""
    claims = ANSWERS["notes_errata"]()
    one_row = ANSWERS["log_softmax"](X[:1] @ W)
    loss = loss_and_gradient(W, X[:1], y[:1], 0.0)[0]
    assert claims["a"] == (one_row.size == C)
    assert claims["b"] == bool(np.isclose(loss, -one_row[0, y[0]]))
    assert claims["c"] == bool(np.isclose(loss, -one_row.sum()))
    assert claims["d"] == (ANSWERS["update_ratio"](W, -1e-3 * W) > 0)
    assert (claims["e"], claims["f"]) == (False, False)  # proved with the ratio's box
    assert (claims["g"], claims["h"], claims["i"]) == (
        True,
        False,
        False,
    )  # with Newton's and L-BFGS's


# --- the figures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "said"), [(10, "2.303 for ten classes"), (1000, "6.908 for a thousand")]
)
def test_first_losses(classes, said):
    SOFTMAX.somewhere(said)
    assert f"{ANSWERS['expected_initial_loss'](classes):.3f}" == said.split()[0]
    assert ANSWERS["expected_initial_loss"](classes, "hinge") == classes - 1


def test_where_floating_point_ends():
    SOFTMAX.somewhere("$e^{710}$ is infinity")
    SOFTMAX.somewhere("The curve ends near 745")
    with np.errstate(over="ignore", under="ignore"):
        assert np.exp(709.0) < np.inf == np.exp(710.0)
        assert np.exp(-745.0) > 0 == np.exp(-746.0) == np.exp(-800.0)


def test_one_shift_for_all_rows_is_not_enough():
    SOFTMAX.somewhere("A shift belongs to a row")
    rows = np.array([[1000.0, 999.0], [0.0, 1.0]])
    with np.errstate(under="ignore"):
        assert np.exp(rows - rows.max())[1].sum() == 0
    assert np.isfinite(ANSWERS["softmax_loss"](rows, np.array([0, 1]))[0])


def test_the_loss_keeps_the_promise_of_its_gradient():
    SOFTMAX.somewhere("the loss falls by $|dW|^2$ for every unit of the way")
    loss, dW = ANSWERS["softmax_loss_naive"](W, X, y, 0.1)
    after = ANSWERS["softmax_loss_naive"](W - 1e-6 * dW, X, y, 0.1)[0]
    assert (loss - after) / 1e-6 == pytest.approx(np.sum(dW**2), rel=1e-4)


def test_the_derivation_has_an_answer():
    SOFTMAX.somewhere("The columns of `dW`, without the regularisation, sum to the zero vector")
    np.testing.assert_allclose(loss_and_gradient(W, X, y, 0.0)[1].sum(axis=1), 0, atol=1e-12)
    shifted = W + RNG.standard_normal((D, 1))
    assert loss_and_gradient(shifted, X, y, 0.0)[0] == pytest.approx(
        loss_and_gradient(W, X, y, 0.0)[0]
    )
    s = X[0] @ W
    p = ANSWERS["softmax"](s[None])[0]
    through_p = -1 / p[y[0]] * ANSWERS["softmax_jacobian"](s)[y[0]]
    np.testing.assert_allclose(through_p, p - np.eye(C)[y[0]])


def test_the_loss_curves_down_nowhere_and_newtons_step_is_one_number():
    SOFTMAX.somewhere("Show that $v \\cdot H v$ is never negative. Where is it 0?")
    SOFTMAX.somewhere("by a step that moves the true class's score alone")
    s, label = RNG.standard_normal(C), 2
    p, H = ANSWERS["softmax"](s[None])[0], ANSWERS["softmax_jacobian"](s)

    def slopes(scores):
        return ANSWERS["softmax_loss"](scores[None], np.array([label]))[1][0]

    measured = [(slopes(s + e) - slopes(s - e)) / 2e-5 for e in 1e-5 * np.eye(C)]
    np.testing.assert_allclose(measured, H, atol=1e-9)
    for v in RNG.standard_normal((5, C)):
        assert v @ H @ v == pytest.approx(p @ v**2 - (p @ v) ** 2)
        assert v @ H @ v > 1e-3
    np.testing.assert_allclose(H @ np.ones(C), 0, atol=1e-12)
    step = np.eye(C)[label] / p[label]
    np.testing.assert_allclose(H @ step, -slopes(s))
    np.testing.assert_allclose(H @ (step + 3), -slopes(s))
    trailing = s - 12 * np.eye(C)[label]  # its chance is tiny
    q = ANSWERS["softmax"](trailing[None])[0, label]
    assert 1 / q > 1000 * 12  # and a lead of a dozen would have done
    for share in (0.2, 0.5, 0.9):
        other = RNG.standard_normal(W.shape)
        losses = [loss_and_gradient(one, X, y, 0.3)[0] for one in (W, other)]
        between = loss_and_gradient(share * W + (1 - share) * other, X, y, 0.3)[0]
        assert between < share * losses[0] + (1 - share) * losses[1]


def test_a_vocabulary_squared():
    SOFTMAX.somewhere("$J$ has 2.5 billion entries *per example*")
    assert 50_000**2 == 2.5e9


def test_momentum_makes_ten_steps_of_one():
    SOFTMAX.somewhere("*ten* times the plain step")
    place = before = np.zeros(1)
    config = {"learning_rate": 1.0, "momentum": 0.9}
    for _ in range(200):
        before = place
        place, config = ANSWERS["sgd_momentum"](place, np.ones(1), config)
    assert before - place == pytest.approx(10)


def test_adams_first_step_is_the_learning_rate():
    SOFTMAX.somewhere("the first step of every parameter is just the learning rate")
    for slope in (1e-3, 1.0, -1e6):
        place, _ = ANSWERS["adam"](np.zeros(1), np.array([slope]), {"learning_rate": 0.1})
        assert place[0] == pytest.approx(-0.1 * np.sign(slope), rel=1e-4)


def test_an_average_holds_so_many_values_and_their_mean_age_is_one_less():
    SOFTMAX.somewhere("each counted by what is left of it")
    SOFTMAX.somewhere("their mean age is one step less")
    ages = np.arange(20_000)
    for decay in (0.9, 0.995):
        left, (held, _) = decay**ages, ANSWERS["ema_memory"](decay)
        assert held == pytest.approx(left.sum())
        assert (ages * left).sum() / left.sum() == pytest.approx(held - 1)


def test_newton_takes_a_third_of_the_way_where_the_curvature_vanishes():
    SOFTMAX.somewhere("In $w^4$ it cannot, at 0: there each step only takes a third of the way")
    for w in (1.0, 0.03):
        step = ANSWERS["newton_step"](np.array([4 * w**3]), np.array([[12 * w**2]]))
        assert step == pytest.approx(-w / 3)


def test_newton_doubles_the_digits():
    SOFTMAX.somewhere("the number of correct digits doubles at every step")
    root, sizes = np.array([1.0]), []  # of the slope of exp(w) - 2w
    for _ in range(4):
        root = root + ANSWERS["newton_step"](np.exp(root) - 2, np.diag(np.exp(root)))
        sizes.append(-np.log10(abs(root[0] - np.log(2))))
    assert all(after > 1.9 * before for before, after in itertools.pairwise(sizes))


def test_a_million_parameters():
    SOFTMAX.somewhere("takes 3725 GiB")
    assert ANSWERS["hessian_bytes"](10**6) == 4 * 10**12
    assert 4 * 10**12 // 2**30 == 3725


def test_how_long_0_995_remembers():
    SOFTMAX.somewhere("For 0.995 they are 200 and about 138")
    time_constant, half_life = ANSWERS["ema_memory"](0.995)
    assert time_constant == pytest.approx(200)
    assert round(half_life) == 138


def test_a_vote_is_no_worse_than_its_voters():
    SOFTMAX.somewhere("the loss of the mean is never above the mean of the losses")
    voters = RNG.dirichlet(np.ones(C), (5, N))
    losses = -np.log(voters[:, range(N), y]).mean(axis=1)
    assert (
        -np.log(ANSWERS["average_predictions"](list(voters))[range(N), y]).mean() <= losses.mean()
    )
    SOFTMAX.somewhere("A model that says 0.05 and one that says 0.75")
    assert -np.log(0.4) < (-np.log(0.05) - np.log(0.75)) / 2


def test_a_small_step_is_lost_beside_a_weight_of_one_in_bfloat16():
    SOFTMAX.somewhere("8 of its 24 bits")
    SOFTMAX.somewhere("next to a weight of 1, a step of 0.001 rounds to nothing")
    assert torch.finfo(torch.bfloat16).eps == 2.0**-7  # eight bits, the leading one included
    assert torch.finfo(torch.float32).eps == 2.0**-23
    assert torch.finfo(torch.bfloat16).max > 3e38
    for dtype, moves in ((torch.bfloat16, False), (torch.float16, True), (torch.float32, True)):
        weight = torch.ones((), dtype=dtype)
        assert bool(weight + torch.tensor(0.001, dtype=dtype) > weight) == moves


def test_a_softmax_before_cross_entropy_is_a_second_one():
    SOFTMAX.somewhere("a softmax before it would be a second one")
    scores, y = (
        torch.randn(5, 3, generator=torch.Generator().manual_seed(1)),
        torch.tensor([0, 2, 1, 0, 1]),
    )
    once = torch.nn.functional.cross_entropy(scores, y)
    assert once.item() == pytest.approx(
        SOFTMAX.answers["softmax_loss"](scores.double().numpy(), y.numpy())[0], rel=1e-5
    )
    assert torch.nn.functional.cross_entropy(20 * torch.eye(3)[y], y) < 1e-6
    assert torch.nn.functional.cross_entropy(torch.softmax(20 * torch.eye(3)[y], dim=1), y) > 0.5


# --- worked by hand, and asked --------------------------------------------------------------------


def chances(*scores):
    """The reference's softmax of one row."""
    return ANSWERS["softmax"](np.array([scores], dtype=float))[0]


def test_scores_and_chances_by_hand():
    SOFTMAX.somewhere("the probabilities are ⅛, ¼ and ⅝")
    np.testing.assert_allclose(chances(*np.log([1, 2, 5])), [1 / 8, 1 / 4, 5 / 8])
    np.testing.assert_allclose(chances(*np.log([10, 20, 50])), [1 / 8, 1 / 4, 5 / 8])
    SOFTMAX.somewhere(r"$1000 + \ln 2 \approx 1000.69$")
    assert f"{ANSWERS['logsumexp'](np.full((1, 2), 1000.0), axis=1)[0]:.2f}" == "1000.69"
    SOFTMAX.somewhere("9 to 1: 0.9 and 0.1")
    np.testing.assert_allclose(chances(np.log(9), 0), [0.9, 0.1])


def cost_and_slopes(p, label):
    """Of one example with such chances."""
    loss, dx = ANSWERS["softmax_loss"](np.log([p]), np.array([label]))
    return loss, dx[0]


def test_costs_and_slopes_by_hand():
    SOFTMAX.somewhere(r"the first pays $\ln 2 \approx 0.69$, the second $\ln 8 \approx 2.08$")
    assert (f"{np.log(2):.2f}", f"{np.log(8):.2f}") == ("0.69", "2.08")
    SOFTMAX.somewhere("$(0.5, 0.25)$; so does the third. The first gets half of it less the whole")
    example = np.array([[2.0, 1.0]])
    weights = np.linalg.pinv(example) @ np.log([[1 / 2, 1 / 4, 1 / 4]])
    _, dW = ANSWERS["softmax_loss_naive"](weights, example, np.array([0]), 0.0)
    np.testing.assert_allclose(dW.T, [[-1, -0.5], [0.5, 0.25], [0.5, 0.25]])
    SOFTMAX.somewhere(r"The loss is $-\ln 0.2 \approx 1.61$")
    SOFTMAX.somewhere("compute it all again: 1.616. So its slope is about 0.7")
    loss, slopes = cost_and_slopes([0.7, 0.2, 0.1], 1)
    np.testing.assert_allclose(slopes, [0.7, -0.8, 0.1])
    raised = np.log([[0.7, 0.2, 0.1]]) + np.array([0.01, 0, 0])
    again, _ = ANSWERS["softmax_loss"](raised, np.array([1]))
    assert (f"{loss:.2f}", f"{again:.3f}", f"{(again - loss) / 0.01:.1f}") == (
        "1.61",
        "1.616",
        "0.7",
    )
    SOFTMAX.somewhere("= 1.25$, the second's $-1.75$, the third's $0.5$")
    features, sent = np.array([[3.0], [-1.0]]), np.array([[0.5, -0.5, 0], [0.25, 0.25, -0.5]])
    np.testing.assert_allclose(features.T @ sent, [[1.25, -1.75, 0.5]])
    SOFTMAX.somewhere(r"$(2 + 2 + 2 + 1) / 4 = 1.75$")
    assert np.mean(-np.log2([1 / 4, 1 / 4, 1 / 4, 1 / 2])) == 1.75
    SOFTMAX.somewhere("−0.4 and 0.4.")
    np.testing.assert_allclose(cost_and_slopes([0.6, 0.4], 0)[1], [-0.4, 0.4])


def test_smoothed_labels_by_hand():
    SOFTMAX.somewhere(
        "every class gets $0.4 / 4 = 0.1$, and the true one keeps 0.6 on top of it, 0.7"
    )
    SOFTMAX.somewhere("is $0.25 - 0.7 = -0.45$, those of the others are $0.25 - 0.1 = 0.15$")
    y = np.array([0])
    _, slopes = ANSWERS["label_smoothing_loss"](np.zeros((1, 4)), y, 0.4)
    np.testing.assert_allclose(slopes, [[-0.45, 0.15, 0.15, 0.15]])
    SOFTMAX.somewhere(r"a lead of $\ln 7 \approx 1.95$ is enough. The loss is 0.94 there, not 0")
    loss, slopes = ANSWERS["label_smoothing_loss"](np.array([[np.log(7), 0, 0, 0]]), y, 0.4)
    np.testing.assert_allclose(slopes, 0, atol=1e-12)
    assert (f"{np.log(7):.2f}", f"{loss:.2f}") == ("1.95", "0.94")


def test_what_is_drawn_of_smoothed_labels_is_their_loss():
    SOFTMAX.somewhere("cost against the true score's lead over the other three")
    for eps in (0.0, 0.1, 0.4):
        for lead in (-2.0, 1.5, 8.0):
            scores = np.array([[lead, 0, 0, 0]])
            loss, _ = ANSWERS["label_smoothing_loss"](scores, np.array([0]), eps)
            drawn = np.logaddexp(lead, np.log(3)) - (1 - 0.75 * eps) * lead
            assert loss == pytest.approx(drawn)


def test_a_table_of_slopes_by_hand():
    SOFTMAX.somewhere("becomes 0.7519, the second 0.2481. So the slopes are about 0.19 and −0.19")
    assert [f"{p:.4f}" for p in chances(np.log(3) + 0.01, 0)] == ["0.7519", "0.2481"]
    J = ANSWERS["softmax_jacobian"](np.array([np.log(3), 0.0]))
    np.testing.assert_allclose(J[:, 0].round(2), [0.19, -0.19])
    SOFTMAX.somewhere(r"the scores get $4 \cdot 0.25 = 1$ and $4 \cdot (-0.25) = -1$")
    even = np.zeros((1, 2))
    np.testing.assert_allclose(ANSWERS["softmax_jacobian"](even[0]), [[0.25, -0.25], [-0.25, 0.25]])
    np.testing.assert_allclose(ANSWERS["softmax_vjp"](np.array([[4.0, 0.0]]), even), [[1, -1]])
    np.testing.assert_allclose(ANSWERS["softmax_vjp"](np.array([[4.0, 4.0]]), even), 0, atol=1e-12)
    SOFTMAX.somewhere(r"$\frac12 \cdot 4 + \frac12 \cdot 0 = 2$")
    assert 0.5 * 4 + 0.5 * 0 == 2


def walk(rule, slopes, **config):
    """Where a rule goes from 1 under slopes that depend on the place, or are given."""
    places, at = [1.0], np.ones(1)
    for k in range(3):
        dw = slopes(at) if callable(slopes) else np.full(1, slopes[k])
        at, config = ANSWERS[rule](at, dw, config)
        places.append(at.item())
    return np.array(places)


def test_steps_by_hand():
    SOFTMAX.somewhere("takes you to 0.8, then to 0.64: each step leaves")
    SOFTMAX.somewhere("And 1.5 takes you to −2, then to 4")
    for rate, ends in ((0.1, (0.8, 0.64)), (1.0, (-1, 1)), (1.5, (-2, 4))):
        np.testing.assert_allclose(walk("sgd", lambda w: 2 * w, learning_rate=rate)[1:3], ends)
    SOFTMAX.somewhere(r"The velocity is 4, then $2 + 4 = 6$, then $3 + 4 = 7$")
    SOFTMAX.somewhere("then $2 - 4 = -2$, then $-1 + 4 = 3$")
    setting = {"learning_rate": 1.0, "momentum": 0.5}
    steady = np.diff(walk("sgd_momentum", (-4, -4, -4), **setting))
    np.testing.assert_allclose(steady, [4, 6, 7])
    np.testing.assert_allclose(np.diff(walk("sgd_momentum", (-4, 4, -4), **setting)), [4, -2, 3])
    assert 4 / (1 - 0.5) == 8
    SOFTMAX.somewhere("ten thousand times as short")
    assert pytest.approx(10_000) == 100 / 0.01
    SOFTMAX.somewhere("It is 0.5 after the first, then 0.95, then 1.355")
    SOFTMAX.somewhere("add up to 0.1, 0.19 and 0.271")
    mean = 0.0
    for k, (value, total) in enumerate(((0.5, 0.1), (0.95, 0.19), (1.355, 0.271)), 1):
        mean = 0.9 * mean + 0.1 * 5
        assert (mean, 1 - 0.9**k, mean / total) == tuple(map(pytest.approx, (value, total, 5)))
    SOFTMAX.somewhere(r"To 0: the slope is 6, and $3 - 0.5 \cdot 6 = 0$")
    assert 3 - 0.5 * (2 * 3) == 0
    SOFTMAX.somewhere("$1 / (1 - 0.8) = 5$")
    assert pytest.approx(5) == 1 / (1 - 0.8)
    SOFTMAX.somewhere("0.001 for both.")
    for slope in (100.0, 0.01):
        moved = walk("adam", (slope,) * 3, learning_rate=1e-3)
        assert moved[0] - moved[1] == pytest.approx(1e-3, rel=1e-5)


def test_a_decay_by_hand_and_where_it_is_divided():
    SOFTMAX.somewhere(r"$0.5 \cdot 0.2 / 100 = 0.001$ for the first, and $0.5 \cdot 0.2 / 1 = 0.1$")
    SOFTMAX.somewhere(r"Taken off directly, it is $0.5 \cdot 0.2 = 0.1$ for both")
    w, sizes, rate, strength = np.full(2, 2.0), np.array([100.0, 1.0]), 0.5, 0.1
    np.testing.assert_allclose(rate * strength * w / sizes, [0.001, 0.1])
    settings = {"learning_rate": rate, "weight_decay": strength}
    with_decay, _ = ANSWERS["adamw"](w, sizes, settings)
    without, _ = ANSWERS["adamw"](w, sizes, {**settings, "weight_decay": 0.0})
    np.testing.assert_allclose(without - with_decay, [0.1, 0.1])
    SOFTMAX.somewhere("For plain SGD the two ways are one")
    by_gradient, _ = ANSWERS["sgd"](w, sizes + strength * w, {"learning_rate": rate})
    beside = ANSWERS["sgd"](w, sizes, {"learning_rate": rate})[0] - rate * strength * w
    np.testing.assert_allclose(by_gradient, beside)


def test_only_the_decay_beside_adam_is_the_same_for_steep_and_flat():
    SOFTMAX.somewhere("Weights with steep slopes hardly feel it")
    SOFTMAX.somewhere("how strongly a weight decays no longer depends on how steep the loss is")
    sizes, left = np.array([0.1, 1.0, 100.0]), {}
    for rule, in_gradient, beside in (("adam", 0.1, 0.0), ("adamw", 0.0, 0.1)):
        w, config = np.ones(3), {"learning_rate": 0.01, "weight_decay": beside}
        for step in range(400):
            w, config = ANSWERS[rule](w, (-1) ** step * sizes + in_gradient * w, config)
        left[rule] = w
    assert left["adam"][0] < 0.1 < 0.6 < left["adam"][1] < 0.9 < left["adam"][2]
    assert np.ptp(left["adamw"]) < 1e-5
    assert left["adamw"][0] == pytest.approx(0.999**400, abs=0.03)


def test_a_plan_for_the_rate_by_hand():
    SOFTMAX.somewhere("Steps 0 to 3 have 0.2, 0.4, 0.6 and 0.8")
    SOFTMAX.somewhere("it is still at 0.68; half-way, at step 8, at 0.4; at step 10 at 0.12")
    rate = ANSWERS["warmup_cosine_decay"]
    rates = [rate(step, 0.8, 4, 12) for step in range(13)]
    np.testing.assert_allclose(rates[:5], [0.2, 0.4, 0.6, 0.8, 0.8])
    assert [f"{rates[step]:.2f}" for step in (6, 8, 10, 12)] == ["0.68", "0.40", "0.12", "0.00"]


def test_a_high_rate_never_settles_a_low_one_is_late_and_a_plan_has_both():
    SOFTMAX.somewhere("A high one comes near quickly; there mini-batches throw the weights about")
    SOFTMAX.somewhere("A low one settles, but is long on its way")
    SOFTMAX.somewhere("During the warm-up it is behind the high rate")
    far = {}
    plan = ANSWERS["warmup_cosine_decay"]
    plans = {
        "high": lambda step: 0.5,
        "low": lambda step: 0.02,
        "plan": lambda step: plan(step, 0.5, 20, 200),
    }
    for name, rate in plans.items():
        w, rng, far[name] = np.full(300, 10.0), np.random.default_rng(0), []
        for step in range(200):
            far[name].append(np.sqrt(np.mean(w**2)))
            noisy_slope = w + rng.standard_normal(300)
            w, _ = ANSWERS["sgd"](w, noisy_slope, {"learning_rate": rate(step)})
    assert far["high"][5] < far["plan"][5]
    assert far["plan"][30] < far["low"][30] / 2
    assert far["plan"][-1] < 0.8 * far["low"][-1]
    assert far["low"][-1] < 0.5 * far["high"][-1]


def test_ratios_curvature_and_averages_by_hand():
    SOFTMAX.somewhere("A step of $(0.003, 0.004)$ has the length 0.005")
    ratio = ANSWERS["update_ratio"](np.array([3.0, 4.0]), np.array([0.003, 0.004]))
    assert ratio == pytest.approx(0.001)
    SOFTMAX.somewhere("after $12 / 6 = 2$ units")
    assert ANSWERS["newton_step"](np.array([12.0]), np.array([[6.0]])) == pytest.approx(-2)
    SOFTMAX.somewhere("A gradient of 6 must give a direction of −3")
    pair = [np.array([1.0])], [np.array([2.0])]
    assert ANSWERS["lbfgs_direction"](np.array([6.0]), *pair) == pytest.approx(-3)
    SOFTMAX.somewhere("From 0 the average goes to 4, 6, 7")
    average = np.zeros(1)
    for t, value in enumerate((4, 6, 7), 1):
        average = ANSWERS["ema_update"](average, np.full(1, 8.0), 0.5)
        assert average == pytest.approx(value)
        assert ANSWERS["ema_corrected"](average, t, 0.5) == pytest.approx(8)
    SOFTMAX.somewhere("Their losses are 0.29 and 1.39, on average 0.84")
    each = -np.log([0.75, 0.25])
    assert [f"{one:.2f}" for one in (*each, each.mean(), np.log(2))] == [
        *("0.29", "1.39", "0.84", "0.69")
    ]
    SOFTMAX.somewhere(r"$1000^2 = 10^6$ numbers of 4 bytes: 4 MB")
    assert ANSWERS["hessian_bytes"](1000) == 4_000_000
    SOFTMAX.somewhere(r"10 steps; $0.9^7 \approx 0.48$, just under half")
    assert (f"{1 / (1 - 0.9):.0f}", f"{0.9**7:.2f}") == ("10", "0.48")
    SOFTMAX.somewhere("With the settings 1 and −1 the mean is 0")
    assert (1 + -1) / 2 == 0


def test_first_losses_asked():
    SOFTMAX.somewhere(r"$\ln 4 \approx 1.39$, and 3.")
    start = ANSWERS["expected_initial_loss"]
    assert (f"{start(4):.2f}", start(4, "hinge")) == ("1.39", 3)
    SOFTMAX.somewhere(r"untrained it should be $\ln 10 \approx 2.30$")
    assert f"{start(10):.2f}" == "2.30"
    SOFTMAX.somewhere(r"a lead of 2 costs $\ln(1 + e^{-2}) \approx 0.127$, a lead of 4 only 0.018")
    costs = [ANSWERS["softmax_loss"](np.array([[lead, 0.0]]), np.array([0]))[0] for lead in (2, 4)]
    assert [f"{cost:.3f}" for cost in costs] == ["0.127", "0.018"]
