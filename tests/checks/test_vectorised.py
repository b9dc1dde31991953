"""Vectorised: loops are seen however they are hidden, array code passes, and no clock is
involved.
"""

from __future__ import annotations

import functools
import gc
import sys
from typing import Any, cast

import numpy as np
import pytest

from autograder.checks import Vectorised
from autograder.checks.vectorised import INSTEAD
from autograder.judge import judge, watched_ahead
from autograder.language.verdict import Evaluation, Failure
from autograder.watch.evaluate import local

from .layers import posed


def judged(answer, helpers=None):
    exercise, namespace = posed(answer, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    return judge(exercise, local(exercise, namespace | (helpers or {}))).findings[0]


def _recursive(X):
    return np.array([]) if len(X) == 0 else np.concatenate([X[:1].sum(axis=1), _recursive(X[1:])])


def _while(X):
    out, k = np.zeros(len(X)), 0
    while k < len(X):
        out[k] = X[k].sum()
        k += 1
    return out


LOOPS = {
    "for": lambda X: np.array([row.sum() for row in X]),
    "while": _while,
    "map": lambda X: np.array(list(map(np.sum, X))),
    "np.vectorize": lambda X: np.vectorize(lambda k: X[k].sum(), otypes=[float])(np.arange(len(X))),
    "apply_along_axis": lambda X: np.apply_along_axis(lambda row: row.sum(), 1, X),
    "generator": lambda X: np.fromiter((row.sum() for row in X), float),
    "recursion": _recursive,
    "map of a ufunc's method": lambda X: np.array([*map(np.add.reduce, X)]),
    "sum over the examples": lambda X: sum(X) @ np.ones(X.shape[1]) + np.zeros(len(X)),
    "sum with a start": lambda X: (
        sum(X, np.zeros(X.shape[1])) @ np.ones(X.shape[1]) + np.zeros(len(X))
    ),
    "reduce": lambda X: functools.reduce(np.add, X) @ np.ones(X.shape[1]) + np.zeros(len(X)),
    "apply_along_axis of NumPy's own": lambda X: np.apply_along_axis(cast(Any, np.ptp), 1, X),
    "largest of pairs": lambda X: X[:, 0] + max(zip(X[:, 0], X[:, 1], strict=True))[0],
    "choose in a loop": lambda X: np.array([np.choose(0, [row.sum()]) for row in X]),
    "sum of rows": lambda X: np.array([*map(lambda row: row @ np.ones(len(row)), X)]),
}

BUILTINS = {
    **{"map": "map", "map of a ufunc's method": "map", "sum of rows": "map", "reduce": "reduce"},
    **{"sum over the examples": "sum", "sum with a start": "sum", "largest of pairs": "max"},
}
"""Loops that are a builtin's, and whose."""

ARRAYS = {
    "sum": lambda X: X.sum(axis=1),
    "matrix product": lambda X: X @ np.ones(X.shape[1]),
    "loop over the other axis": lambda X: sum(X[:, k] for k in range(X.shape[1])),
    "builtins over the other axis": lambda X: (
        X @ np.ones(X.shape[1]) * max(map(float, range(X.shape[1])))
    ),
    "einsum": lambda X: np.einsum("nd->n", X),
    "choose": lambda X: np.choose(np.zeros(X.shape[1], int), X)[0] + X[:, 0],
    "choose by example": lambda X: np.choose(np.zeros(len(X), int), X.T[:3]),
    "select": lambda X: np.select(list(X > 0), list(X), 0.0)[0] + X[:, 0],
    "stack": lambda X: np.stack((*X,)).sum(axis=1),
    "fancy indexing": lambda X: X[np.arange(len(X)), :].sum(axis=1),
}


@pytest.mark.parametrize("loop", LOOPS)
def test_a_loop_is_seen(loop):
    finding = judged(LOOPS[loop])
    assert finding.passed is False
    builtin = BUILTINS.get(loop)
    if builtin is None:
        assert "something still runs once for each of N" in finding.message
    else:
        assert (
            f"Python's {builtin} takes the entries of N one by one: 11 for N = 11"
            in finding.message
        )
        assert INSTEAD[builtin] in finding.hint


def test_the_sum_of_python_is_told_from_the_sum_of_numpy():
    assert "np.sum" in judged(LOOPS["sum over the examples"]).hint


@pytest.mark.parametrize("style", ARRAYS)
def test_array_code_passes(style):
    finding = judged(ARRAYS[style])
    assert finding.passed is True, finding.message


def test_a_garbage_collection_in_between_is_not_counted():
    seen = []

    def notice(phase, info):
        seen.append(phase)

    thresholds = gc.get_threshold()
    gc.callbacks.append(notice)
    gc.set_threshold(1)
    try:
        findings = [judged(lambda X: np.array([X.sum(axis=1)] * 3)[0]) for _ in range(5)]
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(notice)
    assert seen
    assert all(finding.passed for finding in findings)


def test_switching_the_counting_off_is_no_way_out():
    def answer(X):
        sys.settrace(None)
        if hasattr(sys, "monitoring"):
            for tool in range(6):
                sys.monitoring.free_tool_id(tool)  # type: ignore[attr-defined]
        return np.array([row.sum() for row in X])

    before = sys.gettrace()
    try:
        finding = judged(answer)
    finally:
        sys.settrace(before)
    assert finding.passed is False


def test_an_empty_answer_is_not_vectorised():
    exercise, namespace = posed(
        lambda X: np.zeros(len(X)), {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")]
    )
    right = local(exercise, {"answer": lambda X: X.sum(axis=1)})
    finding = judge(exercise, local(exercise, namespace), reference=right).findings[0]
    assert finding.passed is False
    assert "no output depends on the inputs" in finding.message


def test_random_numbers_are_no_work():
    exercise, namespace = posed(
        lambda X: np.random.default_rng().random(len(X)),
        {"X": "N D"},
        {"out": "N"},
        [Vectorised(over="N")],
    )
    right = local(exercise, {"answer": lambda X: X.sum(axis=1)})
    finding = judge(exercise, local(exercise, namespace), reference=right).findings[0]
    assert finding.passed is False


def test_wrong_values_without_a_loop_are_vectorised():
    exercise, namespace = posed(
        lambda X: 0.5 * X.sum(axis=1), {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")]
    )
    right = local(exercise, {"answer": lambda X: X.sum(axis=1)})
    finding = judge(exercise, local(exercise, namespace), reference=right).findings[0]
    assert finding.passed is True


@pytest.mark.parametrize("failure", ["error", "timeout"])
def test_the_second_try_is_never_an_error(failure):
    """An answer that loops, and cannot do ten times as many, is told of its loop."""
    exercise, namespace = posed(LOOPS["for"], {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    at_hand = local(exercise, namespace)

    def limited(batch, /, *, count_work=False):
        if max(len(inputs["X"]) for inputs in batch) < 100:
            return at_hand(batch, count_work=count_work)
        return [Evaluation(failure=Failure(failure, "too many"))] * len(batch)

    finding = judge(exercise, limited).findings[0]
    assert "something still runs once for each of N" in finding.message


def test_what_would_take_long_at_ten_times_the_sizes_is_not_tried():
    def slowly(X):
        assert len(X) < 100
        return np.array([sum(k for k in range(3000)) * 0 + row.sum() for row in X])

    assert "something still runs" in judged(slowly).message


@pytest.mark.parametrize("loop", ["for", "while", "generator"])
def test_a_plain_loop_is_not_counted_at_the_largest_size(loop):
    exercise, namespace = posed(LOOPS[loop], {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    calls, largest = local(exercise, namespace), 0

    def noting(batch, /, *, count_work=False):
        nonlocal largest
        largest = max(largest, *(len(inputs["X"]) for inputs in batch))
        return calls(batch, count_work=count_work)

    assert judge(exercise, noting).findings[0].passed is False
    assert largest == 10 * Vectorised(over="N").sizes[0]


def by_class(X, y):
    """A loop over the classes, with a shortcut for those that do not occur."""
    out = np.zeros(len(X))
    for c in range(int(y.max()) + 1):
        if (y == c).any():
            out[y == c] = X[y == c].sum(axis=1) * c
    return out


@pytest.mark.parametrize("seed", range(20))
def test_a_loop_over_the_classes_may_skip_some(seed):
    exercise, namespace = posed(
        by_class, {"X": "N D", "y": "N int<C"}, {"out": "N"}, [Vectorised(over="N")]
    )
    assert judge(exercise, local(exercise, namespace), seed=seed).findings[0].passed is True


def _rows_summed(X):
    return X.sum(axis=1)


@pytest.mark.parametrize("answer", [_rows_summed, _while], ids=["array", "loop"])
def test_who_was_watched_ahead_is_told_the_same(answer):
    exercise, namespace = posed(answer, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    calls = local(exercise, namespace)
    seen = watched_ahead(exercise, calls, seed=3)
    ahead, alone = judge(exercise, calls, seed=4, seen=seen), judge(exercise, calls, seed=4)
    assert (ahead.score, ahead.findings[0].message) == (alone.score, alone.findings[0].message)


def test_what_is_seen_ahead_against_an_answer_is_looked_at_alone():
    exercise, namespace = posed(_rows_summed, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    looping = local(exercise, {**namespace, **dict.fromkeys(exercise.answers, _while)})
    seen = watched_ahead(exercise, looping, seed=3)
    (_, small), (_, large) = seen.asked["Vectorised over N"]
    assert small.work != large.work
    verdict = judge(exercise, local(exercise, namespace), seen=seen)
    assert verdict.findings[0].passed


def test_what_is_seen_ahead_for_an_answer_is_not_looked_at_again():
    exercise, namespace = posed(_rows_summed, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    calls, watched = local(exercise, namespace), []

    def noting(batch, /, *, count_work=False):
        watched.append(count_work)
        return calls(batch, count_work=count_work)

    seen = watched_ahead(exercise, calls, seed=3)
    assert judge(exercise, noting, seen=seen).score == exercise.points
    assert watched
    assert not any(watched)


def somebody_counts():
    monitoring: Any = getattr(sys, "monitoring", None)
    if monitoring is None:
        return sys.gettrace() is not None
    return any(monitoring.get_tool(tool) == "chainrule-work" for tool in range(6))


def pretending(sizes, work):
    """Works by a loop, but gives nothing worth it at these sizes while somebody counts."""

    def answer(X):
        return work(X) if len(X) in sizes and somebody_counts() else _while(X)

    return answer


@pytest.mark.parametrize(
    "answer",
    [
        pretending({11, 29}, lambda X: np.zeros(len(X))),
        pretending({110, 290}, lambda X: np.zeros(len(X))),
    ],
    ids=["at the sizes tried", "at ten times these"],
)
def test_who_works_only_when_nobody_counts_is_found_out(answer):
    exercise, namespace = posed(answer, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    right = local(exercise, {"answer": _rows_summed})
    finding = judge(exercise, local(exercise, namespace), reference=right, seed=1).findings[0]
    assert finding.passed is False
    assert finding.message == "the answer is another one when its work is counted."


@pytest.mark.parametrize("seed", range(8))
def test_zeros_have_no_loops_that_could_be_counted(seed):
    """Whatever the sizes of what is not counted, which the shape of an output hangs on."""
    exercise, namespace = posed(
        lambda X: 0 * X, {"X": "N D"}, {"out": "N D"}, [Vectorised(over="N")]
    )
    right = local(exercise, {"answer": lambda X: 2 * X})
    calls = local(exercise, namespace)
    finding = judge(exercise, calls, reference=right, seed=seed).findings[0]
    assert finding.message.startswith("no output depends on the inputs")


def test_a_wrong_answer_may_work_without_a_loop():
    exercise, namespace = posed(
        lambda X: 2 * X.sum(axis=1), {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")]
    )
    right = local(exercise, {"answer": _rows_summed})
    assert judge(exercise, local(exercise, namespace), reference=right).findings[0].passed


def test_a_right_answer_is_asked_nothing_besides():
    exercise, namespace = posed(_rows_summed, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    calls, asked = local(exercise, namespace), []

    def noting(batch, /, *, count_work=False):
        asked.append((len(batch), count_work))
        return calls(batch, count_work=count_work)

    seen = watched_ahead(exercise, noting, seed=3)
    assert asked == [(3, True)]  # a second pair only where the first differs
    assert judge(exercise, noting, reference=calls, seed=3, seen=seen).score == exercise.points
    assert asked == [(3, True), (2, False)]


def test_a_second_pair_is_watched_where_the_first_differs():
    tables: dict[int, list[int]] = {}

    def answer(X):
        if len(X) not in tables:
            tables[len(X)] = [k for k in range(len(X)) if k >= 0]
        return X.sum(axis=1)

    exercise, namespace = posed(answer, {"X": "N D"}, {"out": "N"}, [Vectorised(over="N")])
    calls, watched = local(exercise, namespace), []

    def noting(batch, /, *, count_work=False):
        watched.extend([len(inputs["X"]) for inputs in batch] if count_work else [])
        return calls(batch, count_work=count_work)

    seen = watched_ahead(exercise, noting, seed=3)
    assert judge(exercise, noting, seed=3, seen=seen).score == exercise.points
    assert watched[1:] == [11, 29, 11, 29]
