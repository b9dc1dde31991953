"""Allowed means: derivations pass, libraries that derive and finite differences do not."""

from __future__ import annotations

import functools
import threading
from collections.abc import Sized
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from scipy import special
from scipy.stats import qmc

from autograder.checks import AllowedMeans, Gradient, Reference
from autograder.judge import judge, watched_ahead
from autograder.watch.evaluate import local

from .families import SVM, families
from .layers import posed, svm


def loss_of(W, X, y, reg):
    """The SVM loss of weights of any dtype."""
    scores = X @ W
    margins = scores - scores[np.arange(len(y)), y][:, None] + 1
    margins[np.arange(len(y)), y] = 0
    return (margins * (margins.real > 0)).sum() / len(y) + reg * (W * W).sum()


def central(W, X, y, reg):
    dW = np.zeros_like(W)
    for k in np.ndindex(*W.shape):
        step = np.zeros_like(W)
        step[k] = 1e-5
        up, down = W + step, W - step
        dW[k] = (loss_of(up, X, y, reg) - loss_of(down, X, y, reg)) / 2e-5
    return loss_of(W, X, y, reg), dW


def in_place(W, X, y, reg):
    dW, model = np.zeros_like(W), {"W": W.copy()}
    for k in np.ndindex(*W.shape):
        slopes = 0.0
        for sign in (1, -1):
            model["W"][k] = W[k] + sign * 1e-6
            slopes += sign * loss_of(model["W"], X, y, reg)
        model["W"][k] = W[k]
        dW[k] = slopes / 2e-6
    return loss_of(W, X, y, reg), dW


def complex_step(W, X, y, reg):
    dW = np.zeros_like(W)
    for k in np.ndindex(*W.shape):
        moved = W.astype(complex)
        moved[k] += 1e-30j
        dW[k] = loss_of(moved, X, y, reg).imag / 1e-30
    return loss_of(W, X, y, reg), dW


def in_long_doubles(W, X, y, reg):
    dW, wide = np.zeros_like(W), X.astype(np.longdouble)
    for k in np.ndindex(*W.shape):
        step = np.zeros(W.shape, np.longdouble)
        step[k] = 1e-7
        rise = loss_of(W + step, wide, y, reg) - loss_of(W - step, wide, y, reg)
        dW[k] = rise / (2 * step[k])
    return loss_of(W, X, y, reg), dW


def richardson(W, X, y, reg):
    def slope(k, h):
        step = np.zeros_like(W)
        step[k] = h
        return (loss_of(W + step, X, y, reg) - loss_of(W - step, X, y, reg)) / (2 * h)

    dW = np.zeros_like(W)
    for k in np.ndindex(*W.shape):
        dW[k] = (4 * slope(k, 1e-4) - slope(k, 2e-4)) / 3
    return loss_of(W, X, y, reg), dW


def all_at_once(W, X, y, reg):
    moved = W + 1e-5 * np.eye(W.size).reshape(W.size, *W.shape)
    base = loss_of(W, X, y, reg)
    slopes = [(loss_of(one, X, y, reg) - loss_of(2 * W - one, X, y, reg)) / 2e-5 for one in moved]
    return base, np.reshape(slopes, W.shape)


def without_a_name(W, X, y, reg):
    """Differences of an expression: the neighbours have no name, the step to them has."""
    dW, scores = np.zeros_like(W), X @ W
    at = np.arange(len(y))
    for k in np.ndindex(*W.shape):
        step = np.zeros_like(W)
        step[k] = 1e-5
        pair = [
            np.maximum(0, z - z[at, y][:, None] + 1).sum() / len(y) - 1 + reg * r
            for z, r in (
                (scores + X @ step, ((W + step) ** 2).sum()),
                (scores - X @ step, ((W - step) ** 2).sum()),
            )
        ]
        dW[k] = (pair[0] - pair[1]) / 2e-5
    return loss_of(W, X, y, reg), dW


def never_in_hand(W, X, y, reg):
    """Central differences whose neighbours of W never have a name, nor its size."""
    scores = X @ W
    rows = np.arange(len(y))

    def losses(sign):
        moved = scores[..., None, None, :] + sign * 1e-5 * np.einsum(
            "nd,ce->ndce", X, np.eye(W.shape[1])
        )
        right = moved[rows, ..., y]
        margins = np.maximum(0, moved - right[..., None] + 1).sum(-1) - 1
        norms = (W * W).sum() + sign * 2e-5 * W + 1e-10
        return margins.mean(0) + reg * norms

    return loss_of(W, X, y, reg), (losses(1) - losses(-1)) / 2e-5


def by_torch(W, X, y, reg):
    import torch

    weights = torch.tensor(W, requires_grad=True)
    scores = torch.tensor(X) @ weights
    rows, labels = torch.arange(len(X)), torch.tensor(y)
    margins = torch.clamp(scores - scores[rows, labels][:, None] + 1, min=0)
    margins[rows, labels] = 0
    loss = margins.sum() / len(X) + reg * (weights * weights).sum()
    loss.backward()
    return float(loss), weights.grad.numpy()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (central, "finite differences"),
        (in_place, "finite differences"),
        (complex_step, "finite differences"),
        (in_long_doubles, "finite differences"),
        (richardson, "finite differences"),
        (all_at_once, "finite differences"),
        (without_a_name, "finite differences"),
        (never_in_hand, "finite differences"),
        pytest.param(by_torch, "calls torch", marks=pytest.mark.needs("torch")),
    ],
)
def test_a_way_around_the_derivation_earns_nothing(answer, words):
    exercise, namespace = posed(
        answer,
        SVM,
        {"loss": "", "dW": "D C"},
        [Gradient("loss", wrt="W", claimed="dW"), Reference()],
    )
    verdict = judge(
        exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm}), seed=2
    )
    assert (verdict.status, verdict.score) == ("failed", 0)
    assert words in verdict.findings[-1].message


def in_single_precision(W, X, y, reg):
    loss, dW = svm(W, X, y, reg)
    total = np.zeros(W.shape, np.float32)
    total += dW
    return loss, total.astype(np.float64)


def with_an_epsilon(W, X, y, reg):
    loss, dW = svm(W, X, y, 0.0)
    weight = reg / (1 + 1e-8)
    return loss + weight * (W * W).sum(), dW + 2 * weight * W


def entry_by_entry(W, X, y, reg):
    """A derivation in loops, whose sums are in single precision, with a function for each entry."""
    loss, dW = svm(W, X, y, 0.0)
    out = np.zeros(W.shape, np.float32)

    def entry(d, c):
        return dW[d, c] + 2 * reg * W[d, c]

    for d, c in np.ndindex(*W.shape):
        out[d, c] += entry(d, c)
    return loss + reg * (W * W).sum(), out.astype(np.float64)


@pytest.mark.parametrize("answer", [in_single_precision, with_an_epsilon, entry_by_entry])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_nearly_right_is_not_called_differences(answer, seed):
    """It may fail the check of its values, and loses nothing else."""
    exercise, namespace = posed(
        answer,
        SVM,
        {"loss": "", "dW": "D C"},
        [Gradient("loss", wrt="W", claimed="dW"), Reference(tolerance=1e-10)],
    )
    reference = local(exercise, {"answer": svm})
    verdict = judge(exercise, local(exercise, namespace), reference=reference, seed=seed)
    assert [one.check for one in verdict.findings if not one.passed] == ["Right values"]
    assert verdict.score == exercise.points / 2


def by_torch_and_scipy(W, X, y, reg):
    from scipy.optimize import approx_fprime

    loss, _ = by_torch(W, X, y, reg)
    slopes = approx_fprime(W.ravel(), lambda w: svm(w.reshape(W.shape), X, y, reg)[0])
    return loss, np.asarray(slopes).reshape(W.shape)


@pytest.mark.needs("torch")
def test_where_one_library_is_allowed_the_others_are_not():
    exercise, namespace = posed(
        by_torch, SVM, {"loss": "", "dW": "D C"}, [Reference(), AllowedMeans(("torch",))]
    )
    assert (
        judge(
            exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm})
        ).status
        == "passed"
    )
    exercise, namespace = posed(
        by_torch_and_scipy,
        SVM,
        {"loss": "", "dW": "D C"},
        [Reference(tolerance=1e-3), AllowedMeans(("torch",))],
    )
    verdict = judge(
        exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm})
    )
    assert verdict.score == 0
    assert "calls scipy: " in verdict.findings[-1].message


def probabilities(x):
    """A softmax of one's own."""
    powers = np.exp(x - x.max())
    return powers / powers.sum()


def by_a_special_function(x):
    return special.softmax(x)


def by_a_compiled_function(x):
    return probabilities(x) + 0 * special.expit(x)


def by_a_class_after_one_of_python(x, classes=(Sized, qmc.QMCEngine)):
    """Both are of the kind ABCMeta, which tells nothing of where they are from."""
    for one in classes:
        x = x if one else -x
    return probabilities(x)


@pytest.mark.parametrize(
    ("answer", "score"),
    [
        (probabilities, 1),
        (by_a_class_after_one_of_python, 0),
        (special.softmax, 0),
        (functools.partial(special.softmax, axis=0), 0),
        (by_a_special_function, 0),
        (by_a_compiled_function, 0),
    ],
)
def test_a_library_is_known_by_what_it_is(answer, score):
    exercise, namespace = posed(answer, {"x": "N"}, {"out": "N"}, [Reference()])
    reference = local(exercise, {"answer": probabilities})
    verdict = judge(exercise, local(exercise, namespace), reference=reference)
    assert verdict.score == score * exercise.points
    assert score or "calls scipy: " in verdict.findings[-1].message


@pytest.mark.parametrize("answer", [by_a_special_function, by_a_compiled_function])
def test_a_module_that_the_exercise_names_may_be_used(answer):
    allowed = AllowedMeans(("scipy.special",))
    exercise, namespace = posed(answer, {"x": "N"}, {"out": "N"}, [Reference(), allowed])
    reference = local(exercise, {"answer": probabilities})
    assert judge(exercise, local(exercise, namespace), reference=reference).status == "passed"


def test_a_library_is_refused_kindly_with_what_it_costs_and_what_to_use_instead():
    exercise, namespace = posed(by_a_special_function, {"x": "N"}, {"out": "N"}, [Reference()])
    reference = local(exercise, {"answer": probabilities})
    refused = judge(exercise, local(exercise, namespace), reference=reference).findings[-1]
    assert refused.message == (
        "the answer calls scipy: this exercise is to be solved in Python and NumPy alone, and earns "
        "its points once the answer does without scipy."
    )
    assert refused.hint == "NumPy has all it takes: np.exp, np.log, np.maximum, np.linalg."


def test_what_was_imported_before_and_is_not_called_costs_nothing():
    def answer(x):
        return probabilities(x)

    exercise, namespace = posed(answer, {"x": "N"}, {"out": "N"}, [Reference()])
    namespace = {**namespace, "special": special}
    reference = local(exercise, {"answer": probabilities})
    assert judge(exercise, local(exercise, namespace), reference=reference).status == "passed"


def test_a_list_that_is_in_itself_is_looked_at_once():
    def answer(x):
        knot: list[Any] = []
        knot.append(knot)
        return probabilities(x)

    exercise, namespace = posed(answer, {"x": "N"}, {"out": "N"}, [Reference()])
    reference = local(exercise, {"answer": probabilities})
    assert judge(exercise, local(exercise, namespace), reference=reference).status == "passed"


FAMILIES = {name: one for name, one in families().items() if "ties" not in name}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("seed", range(5))
def test_a_derivation_is_never_taken_for_differences(name, seed):
    exercise, namespace = FAMILIES[name]

    def other_rounding(batch, /, *, count_work=False):
        """The same answer on inputs whose last bits differ: an upper bound on rounding."""
        nudged = [
            {
                key: value * (1 + 2e-16)
                if isinstance(value, np.ndarray) and value.dtype == float
                else value
                for key, value in inputs.items()
            }
            for inputs in batch
        ]
        return local(exercise, namespace)(nudged, count_work=count_work)

    verdict = judge(exercise, local(exercise, namespace), reference=other_rounding, seed=seed)
    assert verdict.status == "passed", verdict.findings


def products():
    """An exercise of one product, which torch could take over in C++ without a line of Python of
    its own.
    """
    return posed(
        lambda W, X, y, reg: (float((X @ W).sum()), X.T @ X @ W),
        SVM,
        {"loss": "", "dW": "D C"},
        [Reference()],
    )


def in_c(W, X, y, reg):
    torch = import_module("torch")

    weights, rows = torch.from_numpy(W), torch.from_numpy(X)
    return float(X.dot(W).sum()), torch.matmul(rows.T, torch.matmul(rows, weights)).numpy()


def in_c_unseen(W, X, y, reg):
    torch = import_module("torch")

    with torch._C.DisableTorchFunction(), torch._C._DisableTorchDispatch():
        return in_c(W, X, y, reg)


def in_c_unprofiled(W, X, y, reg):
    torch = import_module("torch")

    torch.autograd._disable_profiler_legacy()
    return in_c(W, X, y, reg)


def in_c_with_a_record_of_its_own(W, X, y, reg):
    torch = import_module("torch")

    torch.autograd._disable_profiler_legacy()
    results = in_c(W, X, y, reg)
    kind, off = torch.autograd.ProfilerState.CPU, (False,) * 5
    torch.autograd._enable_profiler_legacy(
        torch.autograd.ProfilerConfig(kind, *off, torch._C._profiler._ExperimentalConfig())
    )
    return results


def in_a_thread(W, X, y, reg):
    results = []
    worker = threading.Thread(target=lambda: results.append(in_c(W, X, y, reg)))
    worker.start()
    worker.join()
    return results[0]


BEGIN = vars(threading.Thread)["_bootstrap_inner"]


def in_a_thread_of_no_record(W, X, y, reg):
    results = []
    worker = type("Worker", (threading.Thread,), {"_bootstrap_inner": BEGIN})(
        target=lambda: results.append(in_c(W, X, y, reg))
    )
    worker.start()
    worker.join()
    return results[0]


POOL = []


@pytest.fixture
def no_thread_is_left():
    yield
    while POOL:
        POOL.pop().shutdown()


def in_a_thread_of_before(W, X, y, reg):
    from concurrent.futures import ThreadPoolExecutor

    if not POOL:
        POOL.append(ThreadPoolExecutor(1))
    return POOL[0].submit(in_c, W, X, y, reg).result()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (in_c, "calls torch"),
        (in_c_unseen, "calls torch"),
        (in_c_unprofiled, "hides what it runs"),
        (in_c_with_a_record_of_its_own, "hides what it runs"),
        (in_a_thread, "calls torch"),
        (in_a_thread_of_no_record, "hides what it runs"),
        (in_a_thread_of_before, "hides what it runs"),
    ],
)
@pytest.mark.usefixtures("no_thread_is_left")
@pytest.mark.needs("torch")
def test_torch_is_seen_in_c_plus_plus_too(answer, words):
    right, namespace = products()
    reference = local(right, namespace)
    assert judge(right, local(right, namespace), reference=reference, seed=2).status == "passed"
    exercise, namespace = posed(answer, SVM, {"loss": "", "dW": "D C"}, [Reference()])
    verdict = judge(exercise, local(exercise, namespace), reference=reference, seed=2)
    assert verdict.score == 0
    assert words in verdict.findings[-1].message


def test_a_progress_bar_hides_nothing():
    from tqdm import tqdm

    def barred(W, X, y, reg):
        return next(svm(W, X, y, reg) for _ in tqdm(range(1), mininterval=0))

    tqdm.monitor_interval = 10
    exercise, namespace = posed(barred, SVM, {"loss": "", "dW": "D C"}, [Reference()])
    for thread in [tqdm.monitor] if tqdm.monitor else []:
        thread.exit()
        tqdm.monitor = None
    verdict = judge(
        exercise, local(exercise, namespace), reference=local(exercise, {"answer": svm}), seed=2
    )
    assert verdict.status == "passed", verdict.findings
    assert tqdm.monitor is not None


def test_who_was_watched_ahead_is_not_called_once_more_for_it():
    exercise, namespace = posed(
        lambda x: 2 * x, {"x": "N"}, {"out": "N"}, [Reference(), AllowedMeans()]
    )
    calls, asked = local(exercise, namespace), []

    def noting(batch, /, *, count_work=False):
        asked.append((len(batch), count_work))
        return calls(batch, count_work=count_work)

    seen = watched_ahead(exercise, noting, seed=3)
    assert judge(exercise, noting, reference=calls, seed=3, seen=seen).status == "passed"
    assert asked == [(1, True), (2, False)]


def test_who_was_watched_ahead_and_differs_is_found_out():
    exercise, namespace = posed(
        lambda x: 2 * x, {"x": "N"}, {"out": "N"}, [Reference(), AllowedMeans()]
    )
    calls = local(exercise, namespace)
    watched = local(exercise, {"answer": lambda x: 3 * x})
    seen = watched_ahead(exercise, watched, seed=3)

    def differing(batch, /, *, count_work=False):
        return (watched if count_work else calls)(batch, count_work=count_work)

    verdict = judge(exercise, differing, reference=calls, seed=3, seen=seen)
    assert verdict.score == 0
    assert "another one when it is watched" in verdict.findings[-1].message


def test_what_an_answer_varies_matters_where_a_gradient_is_asked_for():
    of_W = Gradient("loss", wrt="W", claimed="dW")
    asked, namespace = posed(central, SVM, {"loss": "", "dW": "D C"}, [of_W])
    unasked, _ = posed(central, SVM, {"loss": "", "dW": "D C"}, [])
    assert (set(asked.differentiated), set(unasked.differentiated)) == ({"W"}, set())
    seen = [watched_ahead(one, local(one, namespace), seed=3) for one in (asked, unasked)]
    assert [one.evaluation.varied for one in seen] == [("W",), ()]
