"""The Gradient check: no false failure, no wrong gradient passes, and the sentence says where."""

from __future__ import annotations

import numpy as np
import pytest

from autograder import case
from autograder.checks import Gradient
from autograder.checks.gradient import CALLS
from autograder.judge import judge
from autograder.watch.evaluate import local

from .families import ROUTED, SVM, families
from .layers import max_all, network, posed, svm, whole

FAMILIES = families()


@pytest.mark.parametrize("name", FAMILIES)
def test_a_right_gradient_never_fails(name):
    exercise, namespace = FAMILIES[name]
    for seed in range(8):
        verdict = judge(exercise, local(exercise, namespace), seed=seed)
        assert verdict.status == "passed", (seed, verdict.findings)


def test_a_point_within_a_hair_of_a_kink_is_left_for_another():
    """In this draw one of a thousand margins lies so near zero that every step crosses it."""
    exercise, namespace = FAMILIES["svm, X of size 50, W of size 0.01"]
    assert judge(exercise, local(exercise, namespace), seed=5994).status == "passed"


def counted(evaluate):
    """The same, and the numbers of inputs that it was asked for."""
    sizes: list[int] = []

    def counting(batch, /, *, count_work=False):
        sizes.append(0 if count_work else len(batch))
        return evaluate(batch, count_work=count_work)

    return counting, sizes


def test_what_is_the_references_in_every_situation_is_not_measured():
    exercise, namespace = loss_and(lambda dW, W, X, y, reg: dW)
    reference = local(exercise, namespace)
    calls, sizes = counted(reference)
    verdict = judge(exercise, calls, reference=reference, seed=1)
    assert verdict.findings[0].message == "equal to the reference in 2 situations, loss too"
    measured, alone = counted(reference)
    assert judge(exercise, measured, seed=1).status == "passed"
    assert sum(alone) > sum(sizes)


def only_once(change):
    """``change`` of what the answer gives, the first time that it is called."""
    calls = []

    def changed(loss, dW):
        calls.append(1)
        return change(loss, dW) if len(calls) == 1 else (loss, dW)

    return changed


@pytest.mark.parametrize(
    "change",
    [lambda loss, dW: (loss, dW * (1 + 1e-5)), lambda loss, dW: (loss * (1 + 1e-6), dW)],
    ids=["gradient", "loss"],
)
def test_one_situation_that_differs_is_enough_to_measure(change):
    exercise, namespace = loss_and(lambda dW, W, X, y, reg: dW)
    changed = only_once(change)
    answer = namespace["answer"]
    other = {"answer": lambda **given: changed(*answer(**given))}
    calls, sizes = counted(local(exercise, other))
    judge(exercise, calls, reference=local(exercise, namespace), seed=1)
    assert sum(sizes) > 2 + 4


@pytest.mark.long
@pytest.mark.parametrize("name", FAMILIES)
def test_a_right_gradient_never_fails_in_ten_thousand_draws(name):
    exercise, namespace = FAMILIES[name]
    failed = [
        seed
        for seed in range(10_000)
        if judge(exercise, local(exercise, namespace), seed=seed).status != "passed"
    ]
    assert failed == []


def loss_and(change):
    """The SVM answer with its gradient changed."""

    def answer(W, X, y, reg):
        loss, dW = svm(W, X, y, reg)
        return loss, change(dW, W, X, y, reg)

    return posed(answer, SVM, {"loss": "", "dW": "D C"}, [Gradient("loss", wrt="W", claimed="dW")])


def one_entry(dW, W, X, y, reg):
    dW[1, 2] *= 1.001
    return dW


WRONG = {
    "no regularisation": lambda dW, W, X, y, reg: dW - 2 * reg * W,
    "half the regularisation": lambda dW, W, X, y, reg: dW - reg * W,
    "not divided by N": lambda dW, W, X, y, reg: len(X) * dW,
    "sign": lambda dW, W, X, y, reg: -dW,
    "zeros": lambda dW, W, X, y, reg: 0 * dW,
    "one entry, by a thousandth": one_entry,
    "last row": lambda dW, W, X, y, reg: np.vstack([dW[:-1], 0 * dW[-1:]]),
    "tiny": lambda dW, W, X, y, reg: 1e-8 * dW,
    "off by 1e-4": lambda dW, W, X, y, reg: dW * (1 + 1e-4),
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("seed", range(10))
def test_a_wrong_gradient_never_passes(wrong, seed):
    exercise, namespace = loss_and(WRONG[wrong])
    assert judge(exercise, local(exercise, namespace), seed=seed).status == "failed"


def sentence(exercise, namespace, seed=5):
    finding = judge(exercise, local(exercise, namespace), seed=seed).findings[0]
    assert finding.passed is False
    return finding


def test_a_constant_ratio_is_named():
    assert (
        "(N times) what it should be, everywhere"
        in sentence(*loss_and(WRONG["not divided by N"])).message
    )
    assert "exactly the negative of" in sentence(*loss_and(WRONG["sign"])).message


def test_zeros_are_called_zeros():
    assert "dW is all zeros, but loss changes with W" in sentence(*loss_and(WRONG["zeros"])).message


def test_one_wrong_entry_is_found_with_both_values():
    finding = sentence(*loss_and(one_entry))
    assert "dW[1, 2] is " in finding.message
    assert finding.evidence is not None
    assert finding.evidence.index == (1, 2)
    assert finding.evidence.expected is not None
    assert finding.evidence.yours == pytest.approx(1.001 * finding.evidence.expected, rel=1e-6)


def test_the_row_is_named_when_one_row_is_wrong():
    def second_class(dW, W, X, y, reg):
        dW[:, 1] += 0.5
        return dW

    def second_pixel(dW, W, X, y, reg):
        dW[1] += 0.5
        return dW

    messages = [
        sentence(*loss_and(change), seed=seed).message
        for change in (second_class, second_pixel)
        for seed in range(4)
    ]
    assert any("wrong for C = 1 only" in message for message in messages[:4])
    assert any("wrong for D = 1 only" in message for message in messages[4:])


def test_the_parameter_is_named_when_one_of_several_is_wrong():
    def answer(x, w1, w2, y):
        loss, dx, dw1, dw2 = network(x, w1, w2, y)
        return loss, dx, dw1 * 1.5, dw2

    exercise, namespace = posed(
        answer,
        {"x": "N D", "w1": "D H", "w2": "H C", "y": "N int<C"},
        {"loss": "", "dx": "N D", "dw1": "D H", "dw2": "H C"},
        [Gradient("loss", wrt=("x", "w1", "w2"), claimed=("dx", "dw1", "dw2"))],
    )
    assert (
        "dw1 is not the gradient of loss with respect to w1: it is 1.5 times"
        in sentence(exercise, namespace).message
    )


@pytest.mark.parametrize(("sign", "status"), [(1, "passed"), (-1, "failed")])
def test_a_saturated_parameter_is_not_moved_out_of_this_world(sign, status):
    """A gradient of 1e-35 is as good as none: where it would show, the function is another one, and
    hides the others.
    """

    def answer(x, b):
        return (
            np.sum(x**2) + np.sum(np.logaddexp(0, b - 80)),
            2 * np.abs(x),
            1 / (1 + np.exp(80 - b)),
        )

    exercise, namespace = posed(
        answer,
        {"x": "N", "b": "M"},
        {"loss": "", "dx": "N", "db": "M"},
        [Gradient("loss", wrt=("x", "b"), claimed=("dx", "db"))],
        given={"x": lambda rng, sizes: rng.uniform(1, 2, sizes["N"])},
        cases=[case("all parameters together", sizes={"N": 5}, x=sign * np.arange(1.0, 6.0))],
    )
    for seed in range(5):
        verdict = judge(exercise, local(exercise, namespace), seed=seed)
        assert verdict.findings[0].passed is (status == "passed"), verdict.findings


def test_a_tie_that_pays_everyone_in_full_is_caught():
    exercise, namespace = posed(
        max_all,
        ROUTED,
        {"out": "N", "dx": "N D"},
        [Gradient("out", wrt="x", claimed="dx", upstream="dout")],
        given={"x": whole("N", "D")},
        sizes={"N": (8, 12), "D": (8, 13)},
    )
    assert all(
        judge(exercise, local(exercise, namespace), seed=seed).status == "failed"
        for seed in range(20)
    )


@pytest.mark.parametrize("change", [None, *WRONG])
def test_the_number_of_calls_is_bounded_whatever_the_number_of_parameters(change):
    exercise, namespace = loss_and(WRONG[change] if change else lambda dW, *_: dW)
    exercise.ranges = {"N": (40, 50), "D": (200, 300), "C": (10, 12)}
    inner, calls = local(exercise, namespace), 0

    def counted(batch, /, *, count_work=False):
        nonlocal calls
        calls += len(batch)
        return inner(batch, count_work=count_work)

    judge(exercise, counted, seed=1)
    cases = 2  # drawn once for all checks of an exercise
    assert 4 <= calls - cases <= CALLS


def several_situations(answer):
    """The SVM answer in many situations, and a list of the sizes of the batches it is asked."""
    exercise, namespace = posed(
        answer,
        SVM,
        {"loss": "", "dW": "D C"},
        [Gradient("loss", wrt="W", claimed="dW")],
        cases=[case(f"reg of {reg:g}", reg=reg) for reg in (0.0, 0.5, 1.0, 2.0)],
    )
    inner, batches = local(exercise, namespace), []

    def noted(batch, /, *, count_work=False):
        batches.append(len(batch))
        return inner(batch, count_work=count_work)

    return exercise, noted, batches


def test_many_situations_are_asked_in_few_batches():
    exercise, noted, batches = several_situations(svm)
    assert judge(exercise, noted, seed=1).status == "passed"
    _, first, together, *_ = [size for size in batches if size > 2]
    assert (first, together) == (4, 16)


def test_a_situation_in_which_the_answer_stops_when_it_is_moved_costs_no_other():
    drawn = []

    def stops(W, X, y, reg):
        if reg == 1.0:
            drawn.append(W.copy())
            if not np.array_equal(W, drawn[0]):
                raise ValueError("moved")
        return svm(W, X, y, reg)

    exercise, noted, batches = several_situations(stops)
    finding = judge(exercise, noted, seed=1).findings[0]
    assert finding.message.startswith("ValueError: moved")
    together = batches.index(16)
    assert batches[together + 1 : together + 4] == [4, 4, 4]  # each by itself, until one stops


def test_an_answer_that_changes_from_call_to_call_is_told_so():
    rng = np.random.default_rng(0)
    exercise, namespace = posed(
        lambda x: (float(np.sum(x * rng.standard_normal(x.shape))), x),
        {"x": "N"},
        {"loss": "", "dx": "N"},
        [Gradient("loss", wrt="x", claimed="dx")],
    )
    assert "the same inputs must give the same output" in sentence(exercise, namespace).message


def test_an_empty_answer_has_no_right_gradient():
    exercise, namespace = posed(
        lambda x: (0.0, np.zeros_like(x)),
        {"x": "N"},
        {"loss": "", "dx": "N"},
        [Gradient("loss", wrt="x", claimed="dx")],
    )
    assert "loss does not change with x at all" in sentence(exercise, namespace).message


def test_a_function_of_one_s_own_and_its_gradient_earn_nothing():
    """Whatever is returned has a gradient: it counts where the function is the one asked for."""
    own = loss_and(lambda dW, *_: dW)
    exercise, right = own
    (answer,) = exercise.answers
    trivial = {answer: lambda W, X, y, reg: (W.sum(), np.ones_like(W))}
    assert judge(exercise, local(exercise, trivial), seed=1).status == "passed"
    verdict = judge(exercise, local(exercise, trivial), reference=local(exercise, right), seed=1)
    assert verdict.score == 0
    assert verdict.findings[0].message == (
        "loss is right in none of the situations: a gradient counts once it is."
    )


def test_a_right_gradient_of_a_function_that_is_right_somewhere_counts():
    exercise, right = loss_and(lambda dW, *_: dW)
    exercise.cases = (case("no regularisation", reg=0.0),)
    (answer,) = exercise.answers

    def half(W, X, y, reg):
        return svm(W, X, y, reg / 2)

    verdict = judge(
        exercise, local(exercise, {answer: half}), reference=local(exercise, right), seed=1
    )
    assert verdict.status == "passed"


def test_a_right_gradient_is_not_blamed_for_a_loss_that_is_wrong():
    exercise, right = loss_and(lambda dW, *_: dW)
    exercise.cases = (case("no regularisation", reg=0.0),)
    (answer,) = exercise.answers

    def half_in_the_loss(W, X, y, reg):
        return svm(W, X, y, reg / 2)[0], svm(W, X, y, reg)[1]

    wrong = local(exercise, {answer: half_in_the_loss})
    assert judge(exercise, wrong, reference=local(exercise, right), seed=1).status == "passed"
    assert judge(exercise, wrong, seed=1).status == "failed"
