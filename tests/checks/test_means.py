"""Allowed means: derivations pass, libraries that derive and finite differences do not."""

from __future__ import annotations

import threading
from importlib import import_module

import numpy as np
import pytest

from autograder.checks import AllowedMeans, Gradient, Reference
from autograder.judge import judge
from autograder.watch.evaluate import local

from .families import SVM, families
from .layers import posed, svm


def numeric(W, X, y, reg):
    loss, dW = svm(W, X, y, reg)[0], np.zeros_like(W)
    for k in np.ndindex(*W.shape):
        step = np.zeros_like(W)
        step[k] = 1e-5
        dW[k] = (svm(W + step, X, y, reg)[0] - svm(W - step, X, y, reg)[0]) / 2e-5
    return loss, dW


def by_torch(W, X, y, reg):
    import torch

    weights = torch.tensor(W, requires_grad=True)
    scores = torch.tensor(X) @ weights
    rows, labels = torch.arange(len(X)), torch.tensor(y)
    margins = torch.clamp(scores - scores[rows, labels][:, None] + 1, min=0)
    margins[rows, labels] = 0
    loss = margins.sum() / len(X) + reg * (weights * weights).sum()
    loss.backward()
    assert weights.grad is not None
    return float(loss), weights.grad.numpy()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (numeric, "finite differences"),
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
    assert "calls scipy.optimize" in verdict.findings[-1].message


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
    """An exercise of one product, which torch could take over in C++ without a line of Python of its own."""
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
