"""The SVM references: every gradient against torch, every corrected statement of the old notes
against numbers.
"""

from __future__ import annotations

import ast
import builtins
import inspect

import numpy as np
import pytest

from coursekit.data import read_digits

from .conftest import COURSE

torch = pytest.importorskip("torch")


def problem(seed: int, N: int = 7, D: int = 5, C: int = 4, scale: float = 1.0):
    rng = np.random.default_rng(seed)
    return scale * rng.standard_normal((D, C)), rng.standard_normal((N, D)), rng.integers(0, C, N)


SITUATIONS = [
    pytest.param({}, 0.3, id="usual"),
    pytest.param({}, 0.0, id="no regularisation"),
    pytest.param({}, 2.5, id="strong regularisation"),
    pytest.param({"N": 1}, 0.3, id="one example"),
    pytest.param({"C": 2}, 0.3, id="two classes"),
    pytest.param({"N": 60, "D": 3}, 0.3, id="many examples"),
    pytest.param({"scale": 1e4}, 0.0, id="large scores"),
]


def torch_hinge(scores, y, power: int = 1):
    """The mean hinge loss, by torch's own multi-margin loss (which divides by C)."""
    labels = torch.from_numpy(np.asarray(y))
    return torch.nn.functional.multi_margin_loss(scores, labels, p=power) * scores.shape[1]


@pytest.mark.parametrize(("shape", "reg"), SITUATIONS)
@pytest.mark.parametrize(
    ("name", "power"),
    [("svm_loss_naive", 1), ("svm_loss_vectorized", 1), ("squared_hinge_loss", 2)],
)
def test_losses_and_gradients_agree_with_torch(svm, name, power, shape, reg):
    for seed in range(3):
        W, X, y = problem(seed, **shape)
        weights = torch.from_numpy(W).requires_grad_()
        expected = torch_hinge(torch.from_numpy(X) @ weights, y, power) + reg * (weights**2).sum()
        expected.backward()
        loss, dW = getattr(svm, name)(W, X, y, reg)
        assert loss == pytest.approx(expected.item(), rel=1e-12)
        np.testing.assert_allclose(dW, weights.grad.numpy(), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("shape", "reg"), SITUATIONS)
@pytest.mark.parametrize(
    ("dtype", "near"), [(torch.float64, 1e-12), (torch.float32, 1e-5), (torch.bfloat16, 5e-2)]
)
def test_the_loss_in_torch_is_that_in_numpy_and_so_is_its_gradient(svm, dtype, near, shape, reg):
    arrays = problem(7, **shape)
    if (
        dtype == torch.bfloat16
    ):  # margins that the coarse format puts on the other side of 0 are another loss's
        arrays = (0.0 * arrays[0], *arrays[1:])
    weights, X, y = (torch.from_numpy(one) for one in arrays)
    weights, X = weights.to(dtype).requires_grad_(), X.to(dtype)
    loss = svm.svm_loss_torch(weights, X, y, reg)
    loss.backward()
    expected, dW = svm.svm_loss_vectorized(*arrays, reg)
    assert loss.shape == ()
    assert loss.dtype == weights.grad.dtype == dtype
    assert loss.item() == pytest.approx(expected, rel=near)
    np.testing.assert_allclose(weights.grad.double().numpy(), dW, atol=near * np.abs(dW).max())


@pytest.mark.parametrize("shape", [{}, {"N": 1}, {"C": 2}, {"scale": 1e4}])
def test_the_layer_agrees_with_torch(svm, shape):
    W, X, y = problem(5, **shape)
    scores = torch.from_numpy(X @ W).requires_grad_()
    expected = torch_hinge(scores, y)
    expected.backward()
    loss, dx = svm.svm_loss(X @ W, y)
    assert loss == pytest.approx(expected.item(), rel=1e-12)
    np.testing.assert_allclose(dx, scores.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("name", ["svm_loss_naive", "svm_loss_vectorized", "squared_hinge_loss"])
def test_column_stored_inputs_and_one_label_for_all(svm, name):
    W, X, _ = problem(6)
    y = np.full(len(X), 3)
    loss, dW = getattr(svm, name)(W, X, y, 0.1)
    again, dW_again = getattr(svm, name)(np.asfortranarray(W), np.asfortranarray(X), y, 0.1)
    assert again == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(dW_again, dW, rtol=1e-12, atol=1e-12)


def test_no_argument_is_changed(svm):
    W, X, y = problem(7)
    before = W.copy(), X.copy(), y.copy()
    scores = X @ W
    kept = scores.copy()
    svm.svm_loss_naive(W, X, y, 0.1)
    svm.svm_loss_vectorized(W, X, y, 0.1)
    svm.squared_hinge_loss(W, X, y, 0.1)
    svm.scaling_experiment(W, X, y, [0.5, 2.0], 0.1)
    svm.preprocess(X, X, X)
    svm.svm_loss(scores, y)
    svm.margin_violations(scores, y)
    svm.eval_numerical_gradient(lambda w: svm.svm_loss_vectorized(w, X, y, 0.1)[0], W)
    svm.grad_check_sparse(lambda w: svm.svm_loss_vectorized(w, X, y, 0.1)[0], W, W)
    for now, then in zip((W, X, y, scores), (*before, kept), strict=True):
        assert np.array_equal(now, then)


# --- the old notes, corrected: E1 to E11 ----------------------------------------------------------


def test_e1_both_conventions_of_W_give_one_loss(svm):
    W, X, y = problem(10)
    by_rows = np.mean([svm.L_i_vectorized(x, label, W.T) for x, label in zip(X, y, strict=True)])
    assert by_rows == pytest.approx(svm.svm_loss_vectorized(W, X, y, 0.0)[0])


def test_e2_the_margin_scales_with_the_weights_and_only_its_ratio_to_reg_matters(svm):
    W, X, y = problem(11)

    def full(weights, delta, reg):
        data = np.mean(
            [svm.L_i_vectorized(x, label, weights.T, delta) for x, label in zip(X, y, strict=True)]
        )
        return data + reg * np.sum(weights**2)

    for c in (0.25, 3.0):
        assert full(svm.rescale_margin(W, c), c * 0.7, 0.0) == pytest.approx(c * full(W, 0.7, 0.0))
        # with regularisation the same W trade-off returns when reg shrinks as the margin grows, and
        # not otherwise
        assert full(c * W, c * 0.7, 0.4 / c) == pytest.approx(c * full(W, 0.7, 0.4))
        assert full(c * W, c * 0.7, 0.4) != pytest.approx(c * full(W, 0.7, 0.4))


def test_e3_the_full_loss_is_a_mean_and_has_a_penalty(svm):
    W, X, y = problem(12)
    loss, _ = svm.svm_loss_vectorized(W, X, y, 0.4)
    twice, _ = svm.svm_loss_vectorized(W, np.concatenate([X, X]), np.concatenate([y, y]), 0.4)
    assert twice == pytest.approx(loss)
    assert loss - svm.svm_loss_vectorized(W, X, y, 0.0)[0] == pytest.approx(0.4 * np.sum(W**2))


def separable():
    y = np.arange(12) % 4
    return 1.5 * np.eye(5, 4), np.eye(5)[y], y


def test_e4_scaling_up_keeps_a_zero_loss_though_not_the_scores(svm):
    W, X, y = separable()
    factors = np.array([1.0, 1.7, 40.0])
    data, penalty = svm.scaling_experiment(W, X, y, factors, 0.1)
    assert np.array_equal(data, np.zeros(3))
    np.testing.assert_allclose(penalty, factors**2 * 0.1 * np.sum(W**2))
    assert not np.allclose(X @ (1.7 * W), X @ W)
    assert svm.scaling_experiment(W, X, y, [0.5], 0.1)[0][0] > 0


def test_e4_one_vector_for_all_classes_changes_no_margin(svm):
    W, X, y = problem(13)
    moved = W + np.arange(5.0)[:, None]
    assert svm.svm_loss_vectorized(moved, X, y, 0.0)[0] == pytest.approx(
        svm.svm_loss_vectorized(W, X, y, 0.0)[0]
    )


def test_e5_the_gradient_of_the_penalty(svm):
    W, X, y = problem(14)
    with_reg, without = (svm.svm_loss_vectorized(W, X, y, reg)[1] for reg in (0.4, 0.0))
    np.testing.assert_allclose(with_reg - without, 2 * 0.4 * W)


def test_e6_the_score_of_class_j_uses_x_i(svm):
    W, X, y = problem(15)
    scores = np.array([[W[:, j] @ X[i] for j in range(W.shape[1])] for i in range(len(X))])
    assert svm.svm_loss(scores, y)[0] == pytest.approx(svm.svm_loss_naive(W, X, y, 0.0)[0])


def test_e7_the_true_class_in_the_sum_would_add_delta(svm):
    W, X, y = problem(16)
    for delta in (1.0, 2.5):
        scores = W.T @ X[0]
        over_all = np.maximum(0, scores - scores[y[0]] + delta).sum()
        assert over_all == pytest.approx(svm.L_i_vectorized(X[0], y[0], W.T, delta) + delta)


def test_e8_the_loss_sums_shortfalls_and_is_no_count(svm):
    scores, y = svm.zero_one_counterexample()
    assert np.argmax(scores) == y
    assert np.sum(scores >= scores[y]) == 1
    loss, _ = svm.svm_loss(scores[None], np.array([y]))
    assert loss == pytest.approx(1.25)
    mask, counts = svm.margin_violations(scores[None], np.array([y]))
    assert counts[0] == 2
    assert loss == pytest.approx((scores - scores[y] + 1)[mask[0]].sum())


def test_e8_the_count_is_the_coefficient_of_the_true_class(svm):
    W, X, y = problem(17, N=4, D=4)
    X = np.eye(4)  # example i alone reaches row i of dW
    _, counts = svm.margin_violations(X @ W, y)
    _, dW = svm.svm_loss_vectorized(W, X, y, 0.0)
    np.testing.assert_allclose(dW[np.arange(4), y], -counts / 4)
    assert counts.max() > 0


def test_e9_the_true_class_entry_is_minus_the_row_sum(svm):
    W, X, y = problem(18)
    mask, counts = svm.margin_violations(X @ W, y)
    _, dx = svm.svm_loss(X @ W, y)
    assert not mask[np.arange(7), y].any()
    np.testing.assert_allclose(7 * dx[np.arange(7), y], -counts)
    np.testing.assert_allclose(dx.sum(axis=1), 0, atol=1e-12)


def test_e10_dW_is_X_transposed_times_ds_and_has_the_shape_of_W(svm):
    W, X, y = problem(19)
    _, dx = svm.svm_loss(X @ W, y)
    _, dW = svm.svm_loss_vectorized(W, X, y, 0.0)
    assert dW.shape == W.shape == (5, 4)
    assert dx.shape == (7, 4)
    np.testing.assert_allclose(X.T @ dx, dW, atol=1e-12)


def test_e11_the_claims_are_judged_by_repairing_the_three_lines(svm):
    W, X, y = problem(20)
    reg, N = 0.3, len(X)
    loss, dW = svm.svm_loss_vectorized(W, X, y, reg)
    margins = np.maximum(0, X @ W - (X @ W)[np.arange(N), y][:, None] + 1)
    margins[np.arange(N), y] = 0

    def repaired(*claims):
        """The notes' three lines with the named claims taken as corrections."""
        ds = np.broadcast_to((margins if "a" in claims else loss) > 0, margins.shape).astype(float)
        if "f" in claims:
            ds = margins.copy()
        if "b" in claims:
            ds[np.arange(N), y] = 0
            ds[np.arange(N), y] = -ds.sum(axis=1)
        product = X.T @ ds / (N if "c" in claims else 1)
        return product + (2 * reg * W if "e" in claims else 0)

    np.testing.assert_allclose(repaired(*"abce"), dW)
    for claim in "abce":
        assert not np.allclose(repaired(*"abce".replace(claim, "")), dW), (
            f"({claim}) would be no error"
        )
    assert not np.allclose(repaired(*"abcef"), dW)
    with pytest.raises(ValueError, match="matmul"):
        _ = X @ margins  # (d): the shapes (N, D) and (N, C) do not even fit
    assert svm.notes_errata() == {
        "a": True,
        "b": True,
        "c": True,
        "d": False,
        "e": True,
        "f": False,
    }


# --- numbers --------------------------------------------------------------------------------------


def test_the_initial_loss_of_ten_classes_is_nine(svm):
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((200, 30)), rng.integers(0, 10, 200)
    W = 1e-4 * rng.standard_normal((30, 10))
    assert (
        svm.expected_initial_loss(10, "hinge")
        == svm.expected_initial_loss(10, "squared_hinge")
        == 9
    )
    assert svm.svm_loss_vectorized(W, X, y, 0.0)[0] == pytest.approx(9, abs=0.01)
    assert svm.squared_hinge_loss(W, X, y, 0.0)[0] == pytest.approx(9, abs=0.02)
    assert svm.expected_initial_loss(10, "squared_hinge", 3.0) == 81
    with pytest.raises(ValueError, match="perceptron"):
        svm.expected_initial_loss(10, "perceptron")


def test_the_squared_hinge_is_another_objective_without_kinks(svm):
    W, X, y = problem(21)
    ratios = [
        svm.squared_hinge_loss(a * W, X, y, 0.0)[0] / svm.svm_loss_vectorized(a * W, X, y, 0.0)[0]
        for a in (0.1, 1, 3)
    ]
    assert np.ptp(ratios) > 0.1  # no rescaling of the hinge
    scores, label = np.array([[0.0, 1.0, 5.0]]), np.array([1])
    near = [
        np.array([[0.0 + shift, 1.0, -5.0]]) for shift in (-1e-9, 1e-9)
    ]  # class 0 on either side of its margin
    slopes = [svm.squared_hinge_loss(np.eye(3), one, label, 0.0)[1] for one in near]
    np.testing.assert_allclose(slopes[0], slopes[1], atol=1e-8)
    jumps = [svm.svm_loss(one, label)[1] for one in near]
    assert np.abs(jumps[0] - jumps[1]).max() == 1
    assert svm.svm_loss(scores, label)[0] == 5


def test_numerical_gradients(svm):
    W, X, y = problem(22)

    def f(w):
        return svm.squared_hinge_loss(w, X, y, 0.1)[0]

    _, dW = svm.squared_hinge_loss(W, X, y, 0.1)
    assert svm.rel_error(svm.eval_numerical_gradient(f, W), dW) < 1e-6
    report = svm.grad_check_sparse(f, np.asfortranarray(W), dW, 30, rng=np.random.default_rng(0))
    assert report["numeric"].shape == (30,)
    assert report["max_rel_error"] < 1e-6
    whole = svm.eval_numerical_gradient(lambda p: float(np.sum(p**3)), np.array([2, -1]))
    np.testing.assert_allclose(whole, [12, 3], atol=1e-8)
    assert svm.eval_numerical_gradient(lambda p: float(p) ** 2, np.array(3.0)) == pytest.approx(6)


def test_dead_pixels_of_the_digits_agree(svm):
    X, y = read_digits()
    dead = np.flatnonzero(~X.any(axis=0))
    assert dead.tolist() == [0, 32, 39]
    W = np.zeros((64, 10))
    _, dW = svm.svm_loss_vectorized(W, X, y, 0.0)
    report = svm.grad_check_sparse(
        lambda w: svm.svm_loss_vectorized(np.vstack([w, W[1:]]), X, y, 0.0)[0],
        W[:1],
        dW[:1],
        rng=np.random.default_rng(0),
    )
    assert not dW[dead].any()
    assert report["max_rel_error"] == 0


def test_the_search_finds_a_planted_optimum_and_reports_edges(svm):
    def accuracies(peak):
        return lambda lr, reg: (1.0, -((np.log10(lr) - peak) ** 2) - np.log10(reg) ** 2)

    rng = np.random.default_rng(0)
    results, best, boundary = svm.coarse_to_fine_search(
        accuracies(-3), (1e-6, 1.0), (1e-3, 1e3), 50, 50, rng
    )
    assert len(results) == 100
    assert best in results
    assert boundary == (False, False)
    assert abs(np.log10(best[0]) + 3) < 0.5
    assert abs(np.log10(best[1])) < 0.5
    *_, boundary = svm.coarse_to_fine_search(accuracies(1), (1e-6, 1.0), (1e-3, 1e3), 50, 50, rng)
    assert boundary == (True, False)


@pytest.mark.parametrize(
    ("value", "at_boundary"),
    [(1e-6, True), (1.7e-6, True), (1.9e-6, False), (3e-4, False), (0.05, False), (0.06, True)],
)
def test_boundaries_are_measured_on_the_log_scale(svm, value, at_boundary):
    assert svm.is_at_boundary(value, (1e-6, 1e-1)) is at_boundary


def test_preprocessing_takes_its_mean_from_the_training_set_alone(svm):
    rng = np.random.default_rng(0)
    train, val, test = (rng.integers(0, 256, (n, 6)).astype(np.uint8) for n in (20, 11, 9))
    done = svm.preprocess(train, val, test)
    np.testing.assert_allclose(done[0][:, :-1].mean(axis=0), 0, atol=1e-12)
    for raw, out in zip((train, val, test), done, strict=True):
        np.testing.assert_allclose(
            out, np.column_stack([raw.astype(float) - train.mean(axis=0), np.ones(len(raw))])
        )


def test_a_linear_svm_reads_nine_digits_of_ten(svm):
    X, y = read_digits()
    X_train, X_val, _ = svm.preprocess(X[:1200] / 16, X[1200:] / 16, X[:1])
    rng = np.random.default_rng(0)
    model = svm.LinearSVM()
    history = model.train(X_train, y[:1200], 0.1, 1e-4, 500, 100, rng)
    assert len(history) == 500
    assert history[0] == pytest.approx(9, abs=0.1)
    assert np.mean(history[-50:]) < 0.5
    assert (
        np.mean(model.predict(X_val) == y[1200:]) >= 0.85
    )  # the last third was written by other hands
    shuffled = rng.permutation(len(y))
    X, y = np.concatenate([X_train, X_val])[shuffled], y[shuffled]
    model = svm.LinearSVM()
    model.train(X[:1200], y[:1200], 0.1, 1e-4, 500, 100, rng)
    assert np.mean(model.predict(X[1200:]) == y[1200:]) >= 0.90


# --- the file itself ------------------------------------------------------------------------------


def test_answers_use_numpy_and_the_answers_above_them_and_the_last_one_torch(svm):
    """The notebook defines them in this order, with only ``np`` and ``torch`` before."""
    known = {"np", *vars(builtins)}
    body = ast.parse((COURSE / "solutions/svm.py").read_text()).body
    for node in body[3:]:  # after the docstring and the imports
        assert isinstance(node, ast.FunctionDef | ast.ClassDef), (
            "only answers: no helpers, no constants"
        )
        assert not node.name.startswith("_")
        assert ast.get_docstring(node)
        answer = getattr(svm, node.name)
        methods = [one for _, one in inspect.getmembers(answer, inspect.isfunction)] or [answer]
        for method in methods:
            assert method.__doc__
            outside = set(_global_names(method.__code__))
            assert ("torch" in outside) == (node is body[-1])
            assert outside - {"torch"} <= known, f"{node.name} uses {sorted(outside - known)}"
        known.add(node.name)


def _global_names(code):
    import dis

    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _global_names(constant)
