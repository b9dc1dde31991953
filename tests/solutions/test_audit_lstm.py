"""The LSTM assignment, beyond what test_audit.py asks of each: other right styles, pairs of mistakes, nonsense."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from autograder.checks import Training
from autograder.exercise.mistakes import Mistakes
from autograder.exercise.trial import RANDOM_EXAMPLES
from autograder.judge import judge
from autograder.language.probe import USUAL, Answers
from autograder.watch.evaluate import local
from autograder.watch.remembered import Remembered

from .audited import audited, failed
from .conftest import COURSE

torch = pytest.importorskip("torch")
AUDIT = audited("lstm")
EXERCISES, RIGHT, WRONG, MISTAKES = AUDIT.exercises, AUDIT.right, AUDIT.wrong, AUDIT.mistakes
ANSWERS = AUDIT.answers
KNOWN = AUDIT.known
verdict = AUDIT.verdict
in_another_style = AUDIT.in_another_style
TRAINED = [
    name for name, exercise in EXERCISES.items() if any(isinstance(check, Training) for check in exercise.checks)
]


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("seed", range(2))
def test_an_answer_in_another_style_passes(name, seed):
    judged = verdict(name, in_another_style(name), seed)
    assert judged.status == "passed", judged.sentence()


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("style", ["reference", "another"])
def test_right_answers_learn(name, style):
    judged = verdict(name, RIGHT if style == "reference" else in_another_style(name), 1, train=True)
    assert judged.status == "passed", judged.sentence()


@pytest.mark.parametrize(
    ("name", "answer", "mistake"),
    [
        ("many_to_one_loss", "many_to_one_loss", "lstm_not_trained"),
        ("seq2seq", "seq2seq_loss", "nothing_handed_over"),
        ("train_char_lm", "train_char_lm", "targets_not_shifted"),
    ],
)
def test_a_model_that_cannot_know_does_not_learn(name, answer, mistake):
    judged = verdict(name, dict(MISTAKES.commit(answer, (mistake,)).namespace), 1, train=True)
    titles = {check.title for check in EXERCISES[name].checks if isinstance(check, Training)}
    assert titles <= failed(judged)


def test_a_model_that_knows_the_text_by_heart_in_its_own_alphabet_scores_at_chance():
    """Weights that were made elsewhere know nothing of the alphabet drawn here: simulated by training on another one."""

    def in_another_alphabet(model, data, *rest):
        return RIGHT["train_char_lm"](model, np.random.default_rng(0).permutation(data.max() + 1)[data], *rest)

    judged = verdict("train_char_lm", {**RIGHT, "train_char_lm": in_another_alphabet}, 1, train=True)
    assert "Learns a language" in failed(judged)


@pytest.mark.parametrize("name", EXERCISES)
def test_without_mistakes_both_styles_give_the_same(name):
    exercise, rng = EXERCISES[name], np.random.default_rng(3)
    for one in (USUAL, USUAL, *exercise.cases):
        inputs, _ = exercise.draw(rng, one)
        ours = exercise.call(Answers(RIGHT), inputs)
        theirs = exercise.call(Answers(in_another_style(name)), inputs)
        for output, value in ours.items():
            if (name, output) == ("exploding_counterexample", "W"):
                continue  # there are many
            np.testing.assert_allclose(theirs[output], value, rtol=1e-6, atol=1e-9, err_msg=f"{output} ({one.title})")


@pytest.mark.parametrize(
    ("answer", "names"),
    [
        ("rnn_step_backward", ("slope_not_squared", "db_averaged")),
        ("rnn_backward", ("dh_not_added", "dx_reversed")),
        ("temporal_softmax_loss", ("mask_ignored", "log10")),
        ("temporal_softmax_loss", ("targets_shifted", "mean_over_words")),
        ("lstm_step_forward", ("sigmoid_on_g", "tanh_of_c_missing")),
        ("lstm_step_backward", ("f_missing", "sigmoid_on_g")),
        ("lstm_backward", ("carried_c_dropped", "averaged_over_steps")),
        ("init_lstm", ("wh_first", "on_input_gate")),
        ("clip_grad_norm", ("lengthened", "norm_after")),
        ("stacked_lstm_backward", ("top_first", "last_layer_only")),
        ("char_rnn_train_step", ("state_reset", "mean_over_words")),
        ("sample", ("seed_counts", "temperature_ignored")),
        ("gradient_norm_profile", ("tanh_ignored", "without_start")),
        ("seq2seq_loss", ("mean_over_words", "start_is_0")),
        ("sequence_claims", ("a", "e")),
        ("CharLSTM", ("on_input_gate", "head_bias_missing")),
        ("train_char_lm", ("sgd", "state_reset")),
    ],
)
def test_two_mistakes_at_once_are_both_named(answer, names):
    judged = verdict(ANSWERS[answer].name, dict(MISTAKES.commit(answer, names).namespace), 5)
    hints = " ".join(finding.hint for finding in judged.findings)
    for name in names:
        assert WRONG.HINTS[answer][name] in hints, name


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
        nonsense = {**RIGHT, "train_char_lm": lambda model, data, steps, *_, said=said: [said] * steps}
        with torch.backends.mkldnn.flags(enabled=False):  # not every processor's knows bfloat16
            judged = judge(
                exercise, local(exercise, nonsense), reference=local(exercise, RIGHT), mistakes=mistakes, seed=7
            )
        assert {"Right values", "What a step costs"} <= failed(judged)
        assert judged.failure == judged.note == ""
        assert least <= mistakes.kept.worked_out <= most


# --- without the reference, on a laptop -------------------------------------------------------------------------------

ONLY_WITH_THE_REFERENCE = {
    ("init_lstm", "wh_first"),
    *(("sequence_claims", letter) for letter in "abcdefgh"),
    ("train_char_lm", "gradients_not_zeroed"),
}


@pytest.mark.parametrize(("answer", "name"), KNOWN, ids=[f"{answer}-{name}" for answer, name in KNOWN])
def test_a_laptop_without_the_reference_sees_most_mistakes(answer, name):
    exercise = AUDIT.posed(ANSWERS[answer].name)
    judged = judge(exercise, local(exercise, MISTAKES.commit(answer, (name,)).namespace), seed=4)
    seen = any(finding.passed is False for finding in judged.findings)
    assert seen or (answer, name) in ONLY_WITH_THE_REFERENCE


# --- right answers of other styles ------------------------------------------------------------------------------------


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
        h, _ = RIGHT["rnn_step_forward"](params["E"][[last]], h, params["Wx"], params["Wh"], params["b"])
        scores = (h @ params["Wy"] + params["by"])[0]
        if temperature == 0:
            last = int(np.argmax(scores))
        else:
            e = np.exp((scores - scores.max()) / temperature)
            below = np.cumsum(e / e.sum())
            last = int(np.argmax(below / below[-1] > rng.random()))
        out.append(last)
    return np.array(out, dtype=int)


@pytest.mark.parametrize(
    ("answer", "other", "loops"),
    [
        ("word_embedding_backward", embedding_by_loops, {"Vectorised over N"}),
        ("sample", sampled_by_inversion, set()),
        ("exploding_counterexample", lambda H, rho: np.diag(np.full(H - 1, 2.5), -1), set()),
        ("exploding_counterexample", lambda H, rho: rho * np.eye(H) + np.diag(np.full(H - 1, 1.5), -1), set()),
    ],
)
def test_other_styles_are_right_too(answer, other, loops):
    name = ANSWERS[answer].name
    for seed in range(3):
        assert failed(verdict(name, {**RIGHT, answer: other}, seed)) == loops


def test_changing_the_upstream_gradient_in_place_costs_little_and_is_named():
    wrong = MISTAKES.commit("lstm_step_backward", ("in_place",))
    judged = verdict("lstm_step", dict(wrong.namespace), 1)
    assert failed(judged) == {"The upstream gradients are left alone", "Nothing changed in place"}
    assert judged.score == 6.75


def test_an_overflow_in_sampling_is_seen():
    """numpy's choice refuses probabilities that are nan: an error, so nothing can be named but the error itself."""

    def unshifted(params, h0, seed_ix, n, temperature, rng):
        h, last, out = h0, seed_ix, []
        for _ in range(n):
            h, _ = RIGHT["rnn_step_forward"](params["E"][[last]], h, params["Wx"], params["Wh"], params["b"])
            scores = (h @ params["Wy"] + params["by"])[0]
            e = np.exp(scores / temperature) if temperature else np.eye(len(scores))[scores.argmax()]
            last = rng.choice(len(e), p=e / e.sum()) if temperature else e.argmax()
            out.append(last)
        return np.array(out, dtype=int)

    judged = verdict("sample", {**RIGHT, "sample": unshifted}, 1)
    assert judged.score <= judged.points / 2
    assert "contain NaN" in " ".join(finding.message for finding in judged.findings)


def test_losses_with_their_graphs_backward_a_second_time_says_so():
    """Undetached state: torch itself refuses, and its sentence reaches the student."""
    source = (COURSE / "solutions/lstm.py").read_text().replace("tuple(one.detach() for one in state)", "state")
    fresh: dict[str, Any] = {}
    exec(source, fresh)
    judged = verdict("train_char_lm", {**RIGHT, "train_char_lm": fresh["train_char_lm"]}, 1)
    assert judged.score < 1
    assert "second time" in " ".join(finding.message for finding in judged.findings)


# --- wrong beyond any catalogue ---------------------------------------------------------------------------------------

NONSENSE = {
    "nothing": lambda *args, **named: None,
    "a number": lambda *args, **named: 3.0,
    "six numbers": lambda *args, **named: (1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
    "nan": lambda *args, **named: np.full((3, 4), np.nan),
    "objects": lambda *args, **named: np.array([None]),
    "too many axes": lambda *args, **named: np.zeros((3, 3, 3)),
    "a string": lambda *args, **named: "abc",
    "its arguments": lambda *args, **named: args,
    "an exit": lambda *args, **named: sys.exit(0),
}


@pytest.mark.parametrize("kind", NONSENSE)
@pytest.mark.parametrize("answer", ANSWERS)
def test_nonsense_is_the_answers_fault_and_earns_little(answer, kind):
    judged = verdict(ANSWERS[answer].name, {**RIGHT, answer: NONSENSE[kind]}, 1)
    assert judged.note == "", "a check broke"
    assert judged.status != "passed"
    assert judged.score <= 0.7 * judged.points


@pytest.mark.parametrize("answer", ["rnn_backward", "lstm_backward", "word_embedding_backward", "lstm_step_backward"])
def test_zeros_of_the_right_shape_earn_no_more_than_half(answer):
    def zeros(*args):
        found = RIGHT[answer](*args)
        return tuple(0 * one for one in found) if isinstance(found, tuple) else 0 * found

    judged = verdict(ANSWERS[answer].name, {**RIGHT, answer: zeros}, 1)
    assert judged.score <= judged.points / 2


@pytest.mark.long
@pytest.mark.parametrize("name", EXERCISES)
def test_no_right_answer_is_ever_failed(name):
    for seed in range(20 if name in ("train_char_lm", "char_lstm") else 200):
        judged = verdict(name, RIGHT, seed)
        assert judged.status == "passed", f"seed {seed}: {judged.sentence()}"
