"""The softmax references: gradients and update rules against torch, every corrected statement of
the old notes.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect
from itertools import pairwise

import numpy as np
import pytest

from coursekit.data import read_digits

from .conftest import COURSE

torch = pytest.importorskip("torch")


def problem(seed: int, N: int = 7, D: int = 5, C: int = 4, scale: float = 1.0, offset: float = 0.0):
    rng = np.random.default_rng(seed)
    W, X, y = (
        scale * rng.standard_normal((D, C)),
        rng.standard_normal((N, D)),
        rng.integers(0, C, N),
    )
    if offset:
        W[-1], X[:, -1] = 1.0, np.resize([offset, -offset, 0.0], N)
    return W, X, y


SITUATIONS = [
    pytest.param({}, 0.3, id="usual"),
    pytest.param({}, 0.0, id="no regularisation"),
    pytest.param({}, 2.5, id="strong regularisation"),
    pytest.param({"N": 1}, 0.3, id="one example"),
    pytest.param({"C": 2}, 0.3, id="two classes"),
    pytest.param({"N": 60, "D": 3}, 0.3, id="many examples"),
    pytest.param({"scale": 1e4}, 0.0, id="scores of ten thousands"),
    pytest.param({"offset": 1e3}, 0.3, id="rows a thousand apart"),
]


def by_torch(scores, y):
    return torch.nn.functional.cross_entropy(scores, torch.from_numpy(np.asarray(y)))


@pytest.mark.parametrize(("shape", "reg"), SITUATIONS)
@pytest.mark.parametrize("name", ["softmax_loss_naive", "softmax_loss_vectorized"])
def test_losses_and_gradients_agree_with_torch(softmax, name, shape, reg):
    for seed in range(3):
        W, X, y = problem(seed, **shape)
        weights = torch.from_numpy(W).requires_grad_()
        expected = by_torch(torch.from_numpy(X) @ weights, y) + reg * (weights**2).sum()
        expected.backward()
        loss, dW = getattr(softmax, name)(W, X, y, reg)
        assert loss == pytest.approx(expected.item(), rel=1e-11)
        np.testing.assert_allclose(dW, weights.grad.numpy(), rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("dtype", "near"), [(np.float64, 1e-10), (np.float32, 1e-5)])
@pytest.mark.parametrize("reg", [0.0, 0.3])
def test_training_in_torch_takes_the_steps_of_numpy(softmax, dtype, near, reg):
    """The mini-batches are torch's; everything else is the assignment's own loss on weights with a
    bias row.
    """
    _, X, y = problem(8, N=30)
    C, steps, rate = y.max() + 1, 12, 0.2
    W, b, losses = softmax.softmax_regression_torch(
        X.astype(dtype), y, C, steps, 6, rate, reg, 5, torch.device("cpu")
    )
    batches = torch.randint(len(X), (steps, 6), generator=torch.Generator().manual_seed(5)).numpy()
    V, expected = np.zeros((X.shape[1] + 1, C)), []
    for rows in batches:
        ones = np.ones((len(rows), 1))
        loss, dV = softmax.softmax_loss_vectorized(V, np.hstack([X[rows], ones]), y[rows], 0.0)
        expected.append(loss + reg * np.sum(V[:-1] ** 2))
        dV[:-1] += 2 * reg * V[:-1]
        V = V - rate * dV
    assert not any(one.requires_grad for one in (W, b, losses))
    assert {W.numpy().dtype, b.numpy().dtype, losses.numpy().dtype} == {np.dtype(dtype)}
    np.testing.assert_allclose(losses.numpy(), expected, rtol=near)
    np.testing.assert_allclose(np.vstack([W.numpy(), b.numpy()]), V, atol=near)


def test_mixed_precision_ends_near_full_precision_and_keeps_its_weights(softmax):
    _, X, y = problem(9, N=200, D=8)
    runs = [
        softmax.softmax_regression_torch(
            X.astype(np.float32), y, 4, 80, 50, 0.3, 1e-3, 1, torch.device("cpu"), precision
        )
        for precision in ("float32", "bfloat16")
    ]
    (W, _, losses), (W_mixed, b_mixed, losses_mixed) = runs
    assert W_mixed.dtype == b_mixed.dtype == losses_mixed.dtype == torch.float32
    assert not torch.equal(W, W_mixed)
    assert losses[0].item() == pytest.approx(np.log(4), rel=1e-6)
    assert losses_mixed[-1].item() == pytest.approx(losses[-1].item(), rel=0.02)


@pytest.mark.parametrize("shape", [{}, {"N": 1}, {"C": 2}, {"scale": 1e4}, {"offset": 1e3}])
def test_the_layers_agree_with_torch(softmax, shape):
    W, X, y = problem(5, **shape)
    scores = torch.from_numpy(X @ W).requires_grad_()
    expected = by_torch(scores, y)
    expected.backward()
    loss, dx = softmax.softmax_loss(X @ W, y)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(dx, scores.grad.numpy(), atol=1e-12)

    p = torch.softmax(scores, dim=1)
    dout = np.random.default_rng(1).standard_normal(p.shape)
    (ds,) = torch.autograd.grad(p, scores, torch.from_numpy(dout))
    np.testing.assert_allclose(softmax.softmax(X @ W), p.detach().numpy(), atol=1e-12)
    np.testing.assert_allclose(softmax.softmax_vjp(dout, X @ W), ds.numpy(), atol=1e-12)
    np.testing.assert_allclose(
        softmax.log_softmax(X @ W), torch.log_softmax(scores, 1).detach().numpy(), rtol=1e-12
    )
    for row in X @ W:
        J = torch.autograd.functional.jacobian(
            lambda s: torch.softmax(s, dim=0), torch.from_numpy(row)
        )
        np.testing.assert_allclose(softmax.softmax_jacobian(row), J.numpy(), atol=1e-12)


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.6, 1.0])
@pytest.mark.parametrize("shape", [{}, {"N": 1}, {"C": 2}, {"scale": 1e4}, {"offset": 1e3}])
def test_smoothed_labels_agree_with_torch(softmax, shape, eps):
    W, X, y = problem(6, **shape)
    scores = torch.from_numpy(X @ W).requires_grad_()
    expected = torch.nn.functional.cross_entropy(scores, torch.from_numpy(y), label_smoothing=eps)
    expected.backward()
    loss, dx = softmax.label_smoothing_loss(X @ W, y, eps)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(dx, scores.grad.numpy(), atol=1e-12)


def test_logsumexp_agrees_with_torch_also_at_minus_infinity(softmax):
    x = 1e5 * np.random.default_rng(0).standard_normal((3, 4, 5))
    x[0, 1, 2] = x[:, 2, 3] = -np.inf
    for axis in (0, 1, 2, -1):
        expected = torch.logsumexp(torch.from_numpy(x), dim=axis).numpy()
        np.testing.assert_allclose(softmax.logsumexp(x, axis), expected, rtol=1e-12)
    assert np.isneginf(softmax.logsumexp(x, 0)[2, 3])


def test_no_argument_is_changed(softmax):
    W, X, y = problem(7)
    scores, dout = X @ W, np.ones((7, 4))
    kept = [one.copy() for one in (W, X, y, scores, dout)]
    softmax.softmax_loss_naive(W, X, y, 0.1)
    softmax.softmax_loss_vectorized(W, X, y, 0.1)
    softmax.softmax_loss(scores, y)
    softmax.label_smoothing_loss(scores, y, 0.1)
    softmax.softmax(scores)
    softmax.log_softmax(scores)
    softmax.softmax_vjp(dout, scores)
    softmax.average_weights([{"W": W}, {"W": 2 * W}])
    rules = softmax.sgd, softmax.sgd_momentum, softmax.rmsprop, softmax.adam, softmax.adamw
    for rule in rules:
        config = {"learning_rate": 0.1}
        rule(W, dout[:5], config)
        assert config == {"learning_rate": 0.1}
    for now, then in zip((W, X, y, scores, dout), kept, strict=True):
        assert np.array_equal(now, then)


# --- update rules against torch.optim -------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "config", "optimiser"),
    [
        ("sgd", {"learning_rate": 0.1}, lambda p: torch.optim.SGD(p, lr=0.1)),
        (
            "sgd_momentum",
            {"learning_rate": 0.1, "momentum": 0.8},
            lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.8),
        ),
        (
            "rmsprop",
            {"learning_rate": 0.1, "decay_rate": 0.9},
            lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9),
        ),
        ("rmsprop", None, lambda p: torch.optim.RMSprop(p, lr=0.01, alpha=0.99)),
        (
            "adam",
            {"learning_rate": 0.1, "beta1": 0.7},
            lambda p: torch.optim.Adam(p, lr=0.1, betas=(0.7, 0.999)),
        ),
        ("adam", None, lambda p: torch.optim.Adam(p)),
        (
            "adamw",
            {"learning_rate": 0.1, "beta1": 0.7, "weight_decay": 0.4},
            lambda p: torch.optim.AdamW(p, lr=0.1, betas=(0.7, 0.999), weight_decay=0.4),
        ),
        ("adamw", None, lambda p: torch.optim.AdamW(p)),
    ],
)
@pytest.mark.parametrize("size", [1e-6, 1.0, 1e4])
def test_update_rules_walk_with_torch(softmax, rule, config, optimiser, size):
    rng = np.random.default_rng(0)
    w = rng.standard_normal((4, 3))
    theirs = torch.nn.Parameter(torch.from_numpy(w.copy()))
    steps = optimiser([theirs])
    for _ in range(6):
        dw = size * rng.standard_normal(w.shape)
        theirs.grad = torch.from_numpy(dw.copy())
        steps.step()
        w, config = getattr(softmax, rule)(w, dw, config)
        np.testing.assert_allclose(w, theirs.detach().numpy(), rtol=1e-10)


def test_without_decay_adamw_is_adam_and_l2_inside_adam_is_another_rule(softmax):
    """torch's Adam with weight_decay is L2 in the gradient; its AdamW is not."""
    rng = np.random.default_rng(1)
    w, dw = rng.standard_normal((2, 4, 3))
    settings = {"learning_rate": 0.1, "weight_decay": 0.4}
    theirs = torch.nn.Parameter(torch.from_numpy(w.copy()))
    inside, steps = w, torch.optim.Adam([theirs], lr=0.1, weight_decay=0.4)
    by_adam, by_adamw, config = w, w, [{"learning_rate": 0.1}, {**settings, "weight_decay": 0.0}]
    beside, beside_config, inside_config = w, settings, {"learning_rate": 0.1}
    for scale in (1.0, -0.5, 2.0):
        theirs.grad = torch.from_numpy(scale * dw)
        steps.step()
        inside, inside_config = softmax.adam(inside, scale * dw + 0.4 * inside, inside_config)
        beside, beside_config = softmax.adamw(beside, scale * dw, beside_config)
        by_adam, config[0] = softmax.adam(by_adam, scale * dw, config[0])
        by_adamw, config[1] = softmax.adamw(by_adamw, scale * dw, config[1])
    np.testing.assert_allclose(inside, theirs.detach().numpy(), rtol=1e-10)
    np.testing.assert_array_equal(by_adam, by_adamw)
    assert np.abs(beside - inside).max() > 0.01


@pytest.mark.parametrize(
    ("peak", "warmup", "total", "end"),
    [(0.1, 5, 40, 0.0), (2.0, 1, 12, 0.3), (0.5, 0, 9, 0.01), (1e-3, 9, 10, 1e-5)],
)
def test_the_schedule_is_torchs_linear_warm_up_and_its_cosine(softmax, peak, warmup, total, end):
    schedulers = torch.optim.lr_scheduler
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=peak)
    falling = schedulers.CosineAnnealingLR(optimiser, total - warmup, end)
    plan = falling
    if warmup:
        rising = schedulers.LinearLR(optimiser, 1 / warmup, total_iters=max(1, warmup - 1))
        plan = schedulers.SequentialLR(optimiser, [rising, falling], [warmup])
    for step in range(total + 1):
        (theirs,) = plan.get_last_lr()
        assert softmax.warmup_cosine_decay(step, peak, warmup, total, end) == pytest.approx(theirs)
        optimiser.step()
        plan.step()
    assert softmax.warmup_cosine_decay(10 * total, peak, warmup, total, end) == pytest.approx(end)


# --- the old notes, corrected: E12 to E14, and the numbers of lectures 3, 5 and 6 -----------------


def test_e12_the_loss_is_one_component_of_a_vector(softmax):
    scores, y = np.random.default_rng(0).standard_normal((1, 5)), np.array([3])
    as_written = -np.log(softmax.softmax(scores))[0]
    assert as_written.shape == (5,)  # (a)
    loss, _ = softmax.softmax_loss(scores, y)
    assert loss == pytest.approx(as_written[3])  # (b)
    assert loss != pytest.approx(as_written.sum())  # (c)
    assert [softmax.notes_errata()[claim] for claim in "abc"] == [True, True, False]


def test_e13_the_ratio_is_positive_and_tells_nothing_at_the_first_step(softmax):
    w = np.random.default_rng(0).standard_normal((6, 4))
    for update in (1e-3 * w, -1e-3 * w):
        assert softmax.update_ratio(w, update) == pytest.approx(1e-3)  # (d), (e)
    X, y = digits(softmax)
    rng = np.random.default_rng(0)

    def loss_fn(W, X, y):
        return softmax.softmax_loss_vectorized(W, X, y, 1e-4)

    W = 1e-3 * rng.standard_normal((65, 10))
    W, history = softmax.train_with_monitor(
        loss_fn, W, X, y, softmax.sgd, {"learning_rate": 0.5}, 1000, 200, rng
    )
    ratio = history["update_ratio"]
    assert ratio[0] > 1  # (f): enormous, in a run that ends well
    assert 1e-4 < np.exp(np.log(ratio[400:]).mean()) < 2e-2
    assert softmax.diagnose_lr(history) == "ok"
    assert np.mean(np.argmax(X @ W, axis=1) == y) > 0.93
    assert [softmax.notes_errata()[claim] for claim in "def"] == [True, False, False]


def test_e14_newton_has_no_learning_rate_but_may_climb(softmax):
    grad, H = softmax.newton_counterexample()
    step = softmax.newton_step(grad, H)
    assert list(inspect.signature(softmax.newton_step).parameters) == ["grad", "H"]  # (g)
    assert grad @ step + step @ H @ step / 2 == pytest.approx(0.5)  # (i)
    np.testing.assert_allclose(np.linalg.eigvalsh(H), [-1, 1])
    assert [softmax.notes_errata()[claim] for claim in "ghi"] == [True, False, False]


def test_e14_newton_converges_quadratically_near_a_minimum(softmax):
    x, away = np.array([0.4, -0.3]), []
    for _ in range(4):  # cosh(x0) + cosh(x1) + a little coupling, with its lowest point at 0
        grad = np.sinh(x) + 0.5 * x[::-1]
        H = np.diag(np.cosh(x)) + 0.5 * np.array([[0.0, 1.0], [1.0, 0.0]])
        x = x + softmax.newton_step(grad, H)
        away.append(np.linalg.norm(x))
    assert away[-1] < 1e-12
    assert all(after <= 2 * before**2 + 1e-12 for before, after in pairwise(away))


def test_e14_the_memory_length_of_lbfgs_is_a_choice_that_matters(softmax):
    """(h): the same pairs, more or fewer of them remembered, give other directions."""
    rng = np.random.default_rng(0)
    S = rng.standard_normal((6, 5))
    A = np.diag([1.0, 2.0, 3.0, 5.0, 8.0])
    Y, grad = S @ A, rng.standard_normal(5)
    directions = [softmax.lbfgs_direction(grad, S[-m:], Y[-m:]) for m in (1, 3, 6)]
    assert np.abs(directions[0] - directions[1]).max() > 0.01
    assert np.abs(directions[1] - directions[2]).max() > 0.01


def test_the_hessian_of_a_million_parameters(softmax):
    assert softmax.hessian_bytes(10**6) == 4 * 10**12
    assert round(softmax.hessian_bytes(10**6, "float32") / 2**30) == 3725
    assert (
        softmax.hessian_bytes(138_357_544, "float64") == 8 * 138_357_544**2
    )  # above what a float holds exactly


def test_initial_losses(softmax):
    assert softmax.expected_initial_loss(10) == pytest.approx(2.302585, abs=1e-6)
    assert softmax.expected_initial_loss(1000) == pytest.approx(6.907755, abs=1e-6)
    assert softmax.expected_initial_loss(10, "hinge") == 9
    with pytest.raises(ValueError, match="perceptron"):
        softmax.expected_initial_loss(10, "perceptron")
    X, y = digits(softmax)
    W = 1e-3 * np.random.default_rng(0).standard_normal((65, 10))
    assert softmax.softmax_loss_vectorized(W, X, y, 0.0)[0] == pytest.approx(np.log(10), abs=0.01)
    assert softmax.initial_loss_ok(softmax.softmax_loss_vectorized, W, X, y) == (True, True)
    # the condition of the old rule: the scores must be small; large weights alone spoil it
    assert softmax.initial_loss_ok(softmax.softmax_loss_vectorized, 1e3 * W, X, y) == (False, True)
    assert softmax.initial_loss_ok(lambda W, X, y, reg: (np.nan, W), W, X, y) == (False, False)


def test_averages_forget_as_the_lecture_says(softmax):
    time_constant, half_life = softmax.ema_memory(0.995)
    assert time_constant == pytest.approx(200)
    assert half_life == pytest.approx(138.28, abs=0.005)
    age = np.arange(1, 20_000)
    assert time_constant == pytest.approx(np.sum(age * 0.005 * 0.995 ** (age - 1)))
    assert 0.995**138 > 0.5 > 0.995**139
    x, average = np.array([2.0, -3.0]), np.zeros(2)
    for t in range(1, 300):
        average = softmax.ema_update(average, x)
        np.testing.assert_allclose(softmax.ema_corrected(average, t), x)
    assert np.all(
        np.abs(average) < np.abs(x)
    )  # started at zero it is biased: at 300 steps still by a fifth
    assert average[0] / x[0] == pytest.approx(1 - 0.995**299)


def test_a_parameter_started_as_its_own_average_needs_no_correction(softmax):
    x = np.array([2.0, -3.0])
    np.testing.assert_allclose(softmax.ema_update(x, x), x)


# --- ensembles ------------------------------------------------------------------------------------


def test_the_mean_prediction_costs_no_more_than_its_members(softmax):
    rng = np.random.default_rng(0)
    y = rng.integers(0, 4, 50)
    members = [softmax.softmax(3 * rng.standard_normal((50, 4))) for _ in range(5)]
    costs = [-np.log(p[np.arange(50), y]).mean() for p in members]
    together = -np.log(softmax.average_predictions(members)[np.arange(50), y]).mean()
    assert together < np.mean(costs)


def test_mean_weights_are_mean_logits_for_a_linear_model_and_not_mean_probabilities(softmax):
    rng = np.random.default_rng(0)
    X, checkpoints = (
        rng.standard_normal((9, 5)),
        [{"W": rng.standard_normal((5, 3))} for _ in range(4)],
    )
    W = softmax.average_weights(checkpoints)["W"]
    scores = [X @ one["W"] for one in checkpoints]
    np.testing.assert_allclose(X @ W, np.mean(scores, axis=0), atol=1e-12)
    by_predictions = softmax.average_predictions([softmax.softmax(one) for one in scores])
    assert np.abs(softmax.softmax(X @ W) - by_predictions).max() > 0.01


# --- second order, and training -------------------------------------------------------------------


def test_lbfgs_is_the_dense_formula_and_always_points_downhill(softmax):
    rng = np.random.default_rng(0)
    for seed in range(20):
        S, Y, grad = (
            rng.standard_normal((4, 6)),
            rng.standard_normal((4, 6)),
            rng.standard_normal(6),
        )
        usable = [(s, y) for s, y in zip(S, Y, strict=True) if s @ y > 0]
        direction = softmax.lbfgs_direction(grad, S, Y)
        assert grad @ direction < 0, seed
        if usable:
            s, y = usable[-1]
            H = (s @ y) / (y @ y) * np.eye(6)
            for s, y in usable:
                left = np.eye(6) - np.outer(s, y) / (y @ s)
                H = left @ H @ left.T + np.outer(s, s) / (y @ s)
            np.testing.assert_allclose(direction, -H @ grad, rtol=1e-8)
        else:
            np.testing.assert_array_equal(direction, -grad)


def minimise(softmax, X, y, evaluations, batch_size, rng, memory=10):
    """L-BFGS with a halving line search on the softmax loss; every loss evaluated counts. The last
    loss on all data.
    """

    def f(w, rows):
        loss, dW = softmax.softmax_loss_vectorized(w.reshape(65, 10), X[rows], y[rows], 1e-3)
        return loss, dW.ravel()

    w, S, Y, spent, everything = np.zeros(650), [], [], 0, np.arange(len(y))
    previous = None
    while spent < evaluations:
        rows = everything if batch_size is None else rng.choice(len(y), batch_size, replace=False)
        loss, grad = f(w, rows)
        spent += len(rows)
        if previous is not None:
            S, Y = [*S, w - previous[0]][-memory:], [*Y, grad - previous[1]][-memory:]
        direction = softmax.lbfgs_direction(
            grad, np.array(S).reshape(-1, 650), np.array(Y).reshape(-1, 650)
        )
        step = 1.0
        while step > 1e-6:
            spent += len(rows)
            if f(w + step * direction, rows)[0] <= loss + 1e-4 * step * (grad @ direction):
                break
            step /= 2
        previous = w, grad
        w = w + step * direction
    return f(w, everything)[0]


def test_full_batch_lbfgs_beats_mini_batch_lbfgs_on_the_same_budget(softmax):
    """As it is, it stalls on mini-batches, far above the optimum; it does not fall apart ("hard",
    not "impossible").
    """
    X, y = digits(softmax)
    X, y = X[:1000], y[:1000]
    lowest = minimise(softmax, X, y, 200 * len(y), None, np.random.default_rng(0))
    full = minimise(softmax, X, y, 60 * len(y), None, np.random.default_rng(0))
    assert full - lowest < 1e-6
    for seed in range(3):
        parts = minimise(softmax, X, y, 60 * len(y), 50, np.random.default_rng(seed))
        assert 1e-3 < parts - lowest < 0.5


def digits(softmax):
    X, y = read_digits()
    X = X / 16
    return np.hstack([X - X.mean(axis=0), np.ones((len(X), 1))]), y


def test_a_softmax_classifier_reads_nine_digits_of_ten(softmax):
    X, y = digits(softmax)
    rng = np.random.default_rng(0)
    order = rng.permutation(len(y))
    known, held_out = order[:1200], order[1200:]
    model = softmax.Softmax()
    history = model.train(X[known], y[known], 0.5, 1e-4, 500, 100, rng)
    assert len(history) == 500
    assert history[0] == pytest.approx(np.log(10), abs=0.05)
    assert np.mean(history[-50:]) < 0.5
    assert np.mean(model.predict(X[held_out]) == y[held_out]) >= 0.90
    p = model.probabilities(X[held_out])
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_array_equal(p.argmax(axis=1), model.predict(X[held_out]))


def test_twenty_digits_are_learned_by_heart(softmax):
    X, y = digits(softmax)
    losses, accuracy = softmax.overfit_small(
        softmax.softmax_loss_vectorized,
        X,
        y,
        learning_rate=1.0,
        num_iters=500,
        rng=np.random.default_rng(0),
    )
    assert losses[0] == pytest.approx(np.log(10), abs=0.05)
    assert losses[-1] < 0.02
    assert accuracy == 1


@pytest.mark.parametrize(("rate", "verdict"), [(1e-5, "low"), (0.5, "ok"), (1e3, "high")])
def test_the_diagnosis_fits_the_learning_rate(softmax, rate, verdict):
    X, y = digits(softmax)
    rng = np.random.default_rng(0)

    def loss_fn(W, X, y):
        return softmax.softmax_loss_vectorized(W, X, y, 1e-3)

    W = 0.1 * rng.standard_normal((65, 10))
    _, history = softmax.train_with_monitor(
        loss_fn, W, X, y, softmax.sgd, {"learning_rate": rate}, 300, 100, rng
    )
    assert {name: line.shape for name, line in history.items()} == dict.fromkeys(
        ("loss", "update_ratio", "grad_norm"), (300,)
    )
    np.testing.assert_allclose(
        history["grad_norm"][0] * rate / np.linalg.norm(W), history["update_ratio"][0]
    )
    assert softmax.diagnose_lr(history) == verdict
    with pytest.raises(ValueError, match="warm-up"):
        softmax.diagnose_lr(history, warmup=300)


# --- the file itself ------------------------------------------------------------------------------


def test_answers_use_numpy_and_the_answers_above_them_and_the_last_one_torch(softmax):
    """The notebook defines them in this order, with only ``np`` and ``torch`` before."""
    known = {"np", *vars(builtins)}
    body = ast.parse((COURSE / "solutions/softmax.py").read_text()).body
    for node in body[3:]:  # after the docstring and the imports
        assert isinstance(node, ast.FunctionDef | ast.ClassDef), (
            "only answers: no helpers, no constants"
        )
        assert not node.name.startswith("_")
        assert ast.get_docstring(node)
        answer = getattr(softmax, node.name)
        methods = [one for _, one in inspect.getmembers(answer, inspect.isfunction)] or [answer]
        for method in methods:
            assert method.__doc__
            outside = set(_global_names(method.__code__))
            assert ("torch" in outside) == (node is body[-1])
            assert outside - {"torch"} <= known, f"{node.name} uses {sorted(outside - known)}"
        known.add(node.name)


def _global_names(code):
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _global_names(constant)
