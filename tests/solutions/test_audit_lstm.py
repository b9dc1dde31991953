"""The LSTM assignment, beyond what test_audit.py asks of each: single answers, and what they must
cost.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.checks import Training
from autograder.exercise.mistakes import Mistakes
from autograder.exercise.trial import RANDOM_EXAMPLES
from autograder.judge import judge
from autograder.watch.evaluate import CountedCalls, local
from autograder.watch.remembered import Remembered

from .audited import audited, failed, few_draws
from .conftest import COURSE

torch = pytest.importorskip("torch")
AUDIT = audited("lstm")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
ANSWERS = AUDIT.answers
verdict = AUDIT.verdict
in_another_style = AUDIT.in_another_style


@pytest.mark.audit
@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("many_to_one_loss", "many_to_one_loss", "lstm_not_trained"),
        pytest.param("seq2seq", "seq2seq_loss", "nothing_handed_over", marks=pytest.mark.audit),
        pytest.param(
            "train_char_lm", "train_char_lm", "targets_not_shifted", marks=pytest.mark.audit
        ),
    ],
)
def test_a_model_that_cannot_know_does_not_learn(name, answer, mistake):
    judged = verdict(name, dict(MISTAKES.commit(answer, (mistake,)).namespace), 1, train=True)
    titles = {check.title for check in EXERCISES[name].checks if isinstance(check, Training)}
    assert titles <= failed(judged)


@pytest.mark.audit
def test_a_model_that_knows_the_text_by_heart_in_its_own_alphabet_scores_at_chance():
    """Weights that were made elsewhere know nothing of the alphabet drawn here: simulated by
    training on another one.
    """

    def in_another_alphabet(model, data, *rest):
        return RIGHT["train_char_lm"](
            model, np.random.default_rng(0).permutation(data.max() + 1)[data], *rest
        )

    judged = verdict(
        "train_char_lm", {**RIGHT, "train_char_lm": in_another_alphabet}, 1, train=True
    )
    assert "Learns a language" in failed(judged)


class Counted(Remembered):
    """Counts what had to be worked out."""

    worked_out = 0

    def get(self, key, work_out):
        def counted():
            self.worked_out += 1
            return work_out()

        return super().get(key, counted)


def test_nonsense_costs_a_class_a_few_evaluations_of_known_mistakes_once():
    """Of 91 mistakes and pairs of them, each a training."""
    exercise = AUDIT.posed("train_char_lm")
    mistakes = Mistakes(WRONG, RIGHT, Counted(1 << 20))
    assert isinstance(mistakes.kept, Counted)
    situations = RANDOM_EXAMPLES + len(exercise.cases)
    singles = len(MISTAKES.names("train_char_lm"))
    for said, least, most in ((3.0, singles, singles + situations + 1), (4.0, 0, 0)):
        mistakes.kept.worked_out = 0
        nonsense = {
            **RIGHT,
            "train_char_lm": lambda model, data, steps, *_, said=said: [said] * steps,
        }
        with torch.backends.mkldnn.flags(enabled=False):  # not every processor's knows bfloat16
            judged = judge(
                exercise,
                local(exercise, nonsense),
                reference=local(exercise, RIGHT),
                mistakes=mistakes,
                seed=7,
            )
        assert {"Right values", "What a step costs"} <= failed(judged)
        assert judged.failure == judged.note == ""
        assert least <= mistakes.kept.worked_out <= most


def nothing_learned(model, data, steps, *_):
    """Losses, and no training."""
    return [3.0] * steps


def a_hundredth_too_fast(model, data, steps, seq_len, learning_rate, *rest):
    """Wrong in every number, and no known mistake."""
    return RIGHT["train_char_lm"](model, data, steps, seq_len, 1.01 * learning_rate, *rest)


def losses_of_another(*given):
    """Trained as asked, and told otherwise."""
    return [loss + 0.1 for loss in RIGHT["train_char_lm"](*given)]


@pytest.mark.audit
@pytest.mark.parametrize("answer", [nothing_learned, a_hundredth_too_fast, losses_of_another])
def test_a_wrong_answer_costs_at_most_twice_the_evaluations_of_a_right_one(answer):
    """Its own, the reference's and the known mistakes' together: each is a training."""
    exercise = AUDIT.posed("train_char_lm")

    def evaluations(namespace) -> int:
        mistakes = Mistakes(WRONG, RIGHT, Counted(1 << 20))
        assert isinstance(mistakes.kept, Counted)
        ours, theirs = (CountedCalls(local(exercise, one)) for one in (RIGHT, namespace))
        with torch.backends.mkldnn.flags(enabled=False):  # not every processor's knows bfloat16
            judge(exercise, theirs, reference=ours, mistakes=mistakes, seed=7)
        return ours.calls + theirs.calls + mistakes.kept.worked_out

    most = 2 * evaluations(RIGHT)
    assert evaluations({**RIGHT, "train_char_lm": answer}) <= most


def embedding_by_loops(dout, cache):
    x, W = cache
    dW = np.zeros_like(W)
    for n in range(len(x)):
        for t in range(x.shape[1]):
            dW[x[n, t]] += dout[n, t]
    return dW


def sampled_by_inversion(params, h0, seed_ix, n, temperature, rng):
    """Without choice: the first symbol whose cumulated probability lies above a uniform number."""
    h, last, out = h0, seed_ix, []
    for _ in range(n):
        h, _ = RIGHT["rnn_step_forward"](
            params["E"][[last]], h, params["Wx"], params["Wh"], params["b"]
        )
        scores = (h @ params["Wy"] + params["by"])[0]
        if temperature == 0:
            last = int(np.argmax(scores))
        else:
            e = np.exp((scores - scores.max()) / temperature)
            below = np.cumsum(e / e.sum())
            last = int(np.argmax(below / below[-1] > rng.random()))
        out.append(last)
    return np.array(out, dtype=int)


@few_draws
@pytest.mark.parametrize(
    ("answer", "other", "loops"),
    [
        ("word_embedding_backward", embedding_by_loops, {"Vectorised over N"}),
        ("sample", sampled_by_inversion, set()),
        ("exploding_counterexample", lambda H, rho: np.diag(np.full(H - 1, 2.5), -1), set()),
        (
            "exploding_counterexample",
            lambda H, rho: rho * np.eye(H) + np.diag(np.full(H - 1, 1.5), -1),
            set(),
        ),
    ],
)
def test_other_styles_are_right_too(answer, other, loops, seeds):
    name = ANSWERS[answer].name
    for seed in seeds:
        assert failed(verdict(name, {**RIGHT, answer: other}, seed)) == loops


def test_changing_the_upstream_gradient_in_place_costs_little_and_is_named():
    wrong = MISTAKES.commit("lstm_step_backward", ("in_place",))
    judged = verdict("lstm_step", dict(wrong.namespace), 1)
    assert failed(judged) == {"The upstream gradients are left alone", "Nothing changed in place"}
    assert judged.score == 5.75


def test_an_overflow_in_sampling_is_seen():
    """numpy's choice refuses probabilities that are nan: an error, so nothing can be named but the
    error itself.
    """

    def unshifted(params, h0, seed_ix, n, temperature, rng):
        h, last, out = h0, seed_ix, []
        for _ in range(n):
            h, _ = RIGHT["rnn_step_forward"](
                params["E"][[last]], h, params["Wx"], params["Wh"], params["b"]
            )
            scores = (h @ params["Wy"] + params["by"])[0]
            e = (
                np.exp(scores / temperature)
                if temperature
                else np.eye(len(scores))[scores.argmax()]
            )
            last = rng.choice(len(e), p=e / e.sum()) if temperature else e.argmax()
            out.append(last)
        return np.array(out, dtype=int)

    judged = verdict("sample", {**RIGHT, "sample": unshifted}, 1)
    assert judged.status == "partial"  # the situations in which nothing overflows count
    assert "contain NaN" in " ".join(finding.message for finding in judged.findings)


def test_losses_with_their_graphs_backward_a_second_time_says_so():
    """Undetached state: torch itself refuses, and its sentence reaches the student."""
    source = (
        (COURSE / "solutions/lstm.py")
        .read_text()
        .replace("tuple(one.detach() for one in state)", "state")
    )
    fresh: dict[str, Any] = {}
    exec(source, fresh)
    judged = verdict("train_char_lm", {**RIGHT, "train_char_lm": fresh["train_char_lm"]}, 1)
    assert judged.score < 1
    assert "second time" in " ".join(finding.message for finding in judged.findings)
