"""Reference: right values pass, wrong ones are located, and known mistakes, alone or together, are
named.
"""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import cast

import numpy as np
import pytest

from autograder import case, exercise
from autograder.checks import Reference
from autograder.exercise.mistakes import Mistakes
from autograder.judge import judge
from autograder.watch.evaluate import local

from .layers import posed, svm


def known(W, X, y, reg, *, wrong=frozenset()):
    loss, dW = svm(W, X, y, reg)
    if "loss of N" in wrong:
        loss = loss * len(X)
    if "no regularisation" in wrong:
        dW = dW - 2 * reg * W
    if "sign" in wrong:
        dW = -dW
    return loss, dW


HINTS = {"answer": {"loss of N": "HINT-N", "no regularisation": "HINT-REG", "sign": "HINT-SIGN"}}
CATALOGUE = Mistakes(cast(ModuleType, SimpleNamespace(answer=known, HINTS=HINTS)), {})


def judged(answer, **settings):
    exercise, namespace = posed(
        answer,
        {"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
        {"loss": "", "dW": "D C"},
        [Reference()],
        cases=[case("strong regularisation", reg=2.5)],
        **settings,
    )
    return judge(
        exercise,
        local(exercise, namespace),
        reference=local(exercise, {"answer": svm}),
        mistakes=CATALOGUE,
        seed=4,
    )


def mistaken(*wrong):
    return judged(lambda W, X, y, reg: known(W, X, y, reg, wrong=frozenset(wrong))).findings[0].hint


def test_another_right_way_passes():
    def loops(W, X, y, reg):
        parts = [svm(W, X[k : k + 1], y[k : k + 1], 0.0) for k in range(len(X))]
        return (
            sum(loss for loss, _ in parts) / len(X) + reg * np.sum(W * W),
            sum(dW for _, dW in parts) / len(X) + 2 * reg * W,
        )

    assert judged(loops).status == "passed"


def test_each_mistake_is_named():
    assert mistaken("loss of N") == "HINT-N"
    assert mistaken("no regularisation") == "HINT-REG"
    assert mistaken("sign") == "HINT-SIGN"


def test_two_mistakes_are_both_named():
    assert mistaken("loss of N", "sign") == "HINT-N And: HINT-SIGN"
    assert mistaken("no regularisation", "sign") == "HINT-REG And: HINT-SIGN"


def test_names_are_for_the_record_and_not_for_students():
    wrong = frozenset({"loss of N", "sign"})
    finding = judged(lambda W, X, y, reg: known(W, X, y, reg, wrong=wrong)).findings[0]
    assert set(finding.mistakes) == {("answer", "loss of N"), ("answer", "sign")}
    assert finding.public().keys() == {"check", "passed", "message", "hint", "part"}


@pytest.mark.parametrize(
    ("default", "elsewhere", "named"), [(0.2, 1, True), (0.1, 2, False), (0.2, 2, False)]
)
def test_wrong_defaults_are_told_where_nothing_else_is_wrong(default, elsewhere, named):
    """A step by a rate that is given, and by 0.1 where none is."""

    def steps(default, elsewhere):
        return lambda w, slope, by: (w - elsewhere * by * slope, w - default * slope)

    exercise, namespace = posed(
        steps(default, elsewhere),
        {"w": "N D", "slope": "N D", "by": ""},
        {"next_w": "N D", "next_w_by_default": "N D"},
        [Reference()],
    )
    reference = local(exercise, {"answer": steps(0.1, 1)})
    finding = judge(exercise, local(exercise, namespace), reference=reference, seed=1).findings[0]
    said = "Every value is right but those with the default settings: look at the defaults."
    assert finding.passed is False
    assert (finding.hint == said) is named


def test_an_unknown_mistake_is_located_and_gets_no_wrong_name():
    def answer(W, X, y, reg):
        loss, dW = svm(W, X, y, reg)
        dW[2, 1] += 0.25
        return loss, dW

    finding = judged(answer).findings[0]
    assert finding.passed is False
    assert finding.hint == ""
    assert finding.message.startswith("dW at [2, 1] is ")
    assert finding.evidence is not None
    assert finding.evidence.yours is not None
    assert finding.evidence.expected is not None
    assert abs(finding.evidence.yours - finding.evidence.expected - 0.25) < 1e-12
    assert finding.evidence.error is not None
    assert np.argwhere(finding.evidence.error > 0.2).tolist() == [[2, 1]]
    assert finding.evidence.axes == ("D", "C")


def test_without_a_reference_the_check_waits():
    exercise, namespace = posed(lambda x: x, {"x": "N"}, {"out": "N"}, [Reference()])
    verdict = judge(exercise, local(exercise, namespace))
    assert [finding.passed for finding in verdict.findings] == [None]
    assert verdict.score == 0


@exercise("-> claims: 3 bool", points=1, checks=[Reference()])
def claims(student):
    return {"claims": np.array(student.claims())}


@exercise("x: N -> kinds: N int, positive: N bool", points=1, checks=[Reference()])
def kinds(student, x):
    kinds, positive = student.kinds(x)
    return {"kinds": kinds, "positive": positive}


def sides(x):
    return np.sign(x).astype(int), x > 0


def told(asked, right, answer):
    (finding,) = judge(
        asked,
        local(asked, {asked.name: answer}),
        reference=local(asked, {asked.name: right}),
        seed=2,
    ).findings
    assert finding.passed is False
    assert finding.evidence is None or not finding.evidence.example
    return finding.message, finding.evidence


def test_of_few_values_it_is_not_told_which_one_is_right():
    message, evidence = told(claims, lambda: [True, False, True], lambda: [True, True, True])
    assert (message, evidence) == ("Not every entry of claims is right.", None)
    message, evidence = told(kinds, sides, lambda x: (0 * sides(x)[0], sides(x)[1]))
    assert message == "kinds at [0] is wrong."
    assert evidence is not None
    assert evidence.expected is None
    message, _ = told(kinds, sides, lambda x: (sides(x)[0], x < 0))
    assert message == "positive at [0] is wrong."
