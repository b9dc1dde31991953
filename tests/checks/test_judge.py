"""The judge: points add up, failures stay apart, a defect of ours is nobody's traceback."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from autograder.checks import Dimensions, Property
from autograder.judge import judge
from autograder.language.verdict import Evaluation, Failure
from autograder.watch.evaluate import local

from .layers import posed


def judged(answer, checks=(), namespace=None):
    exercise, own = posed(answer, {"x": "N"}, {"out": "N"}, [Dimensions(share=1), *checks])
    return judge(exercise, local(exercise, own if namespace is None else namespace), seed=1)


def double(trial):
    inputs, out = trial.ask()
    return None if (out["out"] == 2 * inputs["x"]).all() else "out is not twice x."


def test_partial_credit_follows_the_shares():
    verdict = judged(lambda x: x, [Property("doubles", double, share=3)])
    assert (verdict.status, verdict.score) == ("partial", 2.5)
    assert judged(lambda x: 2 * x, [Property("doubles", double, share=3)]).score == 10


def test_what_is_not_written_is_not_attempted():
    def stub(x):
        raise NotImplementedError

    assert judged(stub).status == "not_attempted"
    missing = judged(stub, namespace={})
    assert missing.status == "not_attempted"
    assert "answer is not defined yet" in missing.findings[0].message


def test_an_exception_is_told_in_one_sentence_with_the_line():
    def broken(x):
        return x + np.ones(99)

    verdict = judged(broken)
    assert (verdict.status, verdict.score) == ("error", 0)
    assert verdict.findings[0].message.startswith("ValueError: operands could not be broadcast")
    assert "in broken, line" in verdict.findings[0].message


def test_a_module_that_is_missing_is_told_with_the_line_that_asked_for_it():
    def asking(x):
        return import_module("no_such_module").layer(x)

    message = judged(asking).findings[0].message
    assert message.startswith(
        "ModuleNotFoundError: No module named 'no_such_module' in asking, line"
    )


def test_sys_exit_and_lying_exceptions_are_errors_like_any_other():
    class Liar(Exception):
        def __str__(self):
            raise RuntimeError

    def leave(x):
        raise SystemExit(0)

    def lie(x):
        raise Liar

    assert judged(leave).status == "error"
    assert judged(lie).status == "error"


def test_a_timeout_stops_the_other_checks():
    calls = 0

    def hangs(batch, /, *, count_work=False):
        nonlocal calls
        calls += 1
        return [Evaluation(failure=Failure("timeout", "stopped after 10 s"))] * len(batch)

    exercise, _ = posed(
        lambda x: x, {"x": "N"}, {"out": "N"}, [Dimensions(), Property("doubles", double)]
    )
    verdict = judge(exercise, hangs)
    assert (verdict.status, verdict.score, calls) == ("timeout", 0, 1)
    assert all(finding.message == "stopped after 10 s" for finding in verdict.findings)


def test_a_check_of_ours_that_breaks_is_on_the_record():
    def defect(trial):
        raise ZeroDivisionError("ours")

    verdict = judged(lambda x: x, [Property("defect", defect)])
    assert verdict.status == "partial"
    assert "needs the instructor" in verdict.note
    assert "ZeroDivisionError" not in verdict.findings[1].message


def test_the_seed_draws_the_same_again():
    seen = []

    def answer(x):
        seen[-1].append(x.copy())
        return x

    exercise, namespace = posed(answer, {"x": "N"}, {"out": "N"}, [Dimensions()])
    seeds = []
    for seed in (7, 7, None, None):
        seen.append([])
        seeds.append(judge(exercise, local(exercise, namespace), seed=seed).seed)
    assert seeds[2] != seeds[3]
    first, again = seen[:2]
    assert all((one == other).all() for one, other in zip(first, again, strict=True))


def test_what_a_check_draws_does_not_hang_on_what_others_drew():
    drawn = []

    def draws(trial):
        drawn.append(trial.ask()[0]["x"])

    def draws_more(trial):
        for _ in range(3):
            trial.ask()

    for first in (draws, draws_more):
        judged(lambda x: x, [Property("first", first, share=1), Property("draws", draws, share=1)])
    one, other = drawn[1], drawn[-1]
    assert np.array_equal(one, other)
    assert not np.array_equal(drawn[0], one)


def test_situations_are_the_same_whichever_check_asks_first():
    seen = []

    def looks(trial):
        seen.append([drawn.inputs["x"] for drawn in trial.draws()])

    def draws(trial):
        trial.ask()

    exercise, own = posed(lambda x: x, {"x": "N"}, {"out": "N"}, [Property("looks", looks)])
    for _ in range(2):
        judge(exercise, local(exercise, own), seed=1)
        exercise.checks.insert(0, Property("draws", draws))
    for one, other in zip(*seen, strict=True):
        assert np.array_equal(one, other)
