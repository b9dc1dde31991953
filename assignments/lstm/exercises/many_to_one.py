"""A network that reads a whole sequence before it answers."""

import numpy as np

from autograder import exercise, property_of
from autograder.checks import Dimensions, Reference, Task, Training, Vectorised, close
from autograder.checks.training import NotMeasurable, accuracy
from coursekit.exercises.params import gradients_in, params_in_words

from .adam import NO_TRAINING, TRAINED_WORDS, trained
from .shared import LSTM_GIVEN, SHORT_CASES, gradient_dims, gradient_of, with_gate


def recall(rng, device):
    """Told once, asked 11 steps later; classes renamed; the cell starts with open forget gates."""
    from coursekit.sequences import delayed_recall

    x, y = delayed_recall(rng, 600 + 300, 12)
    (_, _, D), C, H = x.shape, 8, 24
    y, bound, shapes = rng.permutation(C)[y], 0.2, {"Wx": (D, 4 * H), "Wh": (H, 4 * H)}
    inputs = {
        **{"x": x[:600], "y": y[:600], "held_out": x[600:], "rate": 1e-2},
        **{name: rng.uniform(-bound, bound, rows) for name, rows in shapes.items()},
        "b": np.repeat([0.0, 3.0, 0.0, 0.0], H),
        **{"Wy": rng.uniform(-bound, bound, (H, C)), "by": np.zeros(C)},
        "order": rng.integers(0, 600, (80, 32)),
    }
    return Task(inputs, y[600:])


def recalled(outputs, labels):
    """The share of examples whose class is recalled, by scores that the parameters give."""
    if not outputs.get("by_the_head"):
        raise NotMeasurable("the scores must be the last state times Wy, plus by")
    if not outputs.get("through_the_states"):
        raise NotMeasurable("with Wx = 0 no state knows of x: the scores must be the same for all")
    return accuracy(outputs, labels)


MANY_TO_ONE = {"Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H", "Wy": "H C", "by": "C"}


@exercise(
    points=3,
    inputs={
        **{"x": "N T D", "y": "N int<C", **MANY_TO_ONE},
        **{"held_out": "N T D", "order": "any any int", "rate": ""},
    },
    outputs={
        **{"loss": "", "scores_now": "N C", **gradient_dims(MANY_TO_ONE)},
        **{"losses": "any", "scores": "any any"},
        **{"by_the_head": "bool", "through_the_states": "bool"},
    },
    given={"order": NO_TRAINING, **LSTM_GIVEN},
    cases=SHORT_CASES,
    seconds=60,
    words={
        **params_in_words(*MANY_TO_ONE),
        "by_the_head": "whether twice Wy and by, their classes turned around, give such scores",
        "through_the_states": "whether with Wx = 0 all have the same scores",
        **TRAINED_WORDS,
        "scores_now": "scores",
        "scores": "the scores of others once it is trained",
    },
    checks=[
        Dimensions(0.25),
        gradient_of("loss", MANY_TO_ONE, 0.75),
        Reference(0.75),
        Training(recall, at_least=0.7, measure=recalled, share=0.5, title="Recalls after 11 steps"),
        Vectorised("N", 0.25),
    ],
)
def many_to_one_loss(student, x, y, held_out, order, rate, **params):
    """Once; then, after as many steps of Adam as ``order`` has rows, the scores of others."""
    loss, grads, scores = student.many_to_one_loss(params, x, y)
    after, losses = trained(student.many_to_one_loss, params, x, y, order, rate)
    unknown = np.zeros(len(held_out), dtype=int)
    _, _, of_held_out = student.many_to_one_loss(after, held_out, unknown)
    turned = {**after, **{name: 2 * after[name][..., ::-1] for name in ("Wy", "by")}}
    _, _, doubled = student.many_to_one_loss(turned, held_out, unknown)
    through = True
    if len(order):  # scores after training might come from a table of what was told
        blind = {**after, "Wx": 0 * after["Wx"]}
        _, _, alike = student.many_to_one_loss(blind, held_out, unknown)
        through = bool(np.allclose(alike, np.atleast_1d(alike)[:1]))
    return {
        "by_the_head": bool(np.allclose(doubled, 2 * np.atleast_1d(of_held_out)[..., ::-1])),
        "through_the_states": through,
        **{"loss": loss, "scores_now": scores, **gradients_in(grads, params)},
        **{"losses": losses, "scores": of_held_out},
    }


@property_of(many_to_one_loss, "Only the last state is scored", 0.5)
def only_the_last_state_is_scored(ask):
    """With output gates that are shut the scores are by; the loss is a mean, of one step each."""
    inputs = ask.draw()
    N, C = len(inputs["y"]), len(inputs["by"])
    _, silent = ask(inputs, b=with_gate(inputs["b"], "o", -1e3))
    if not close(silent["scores_now"], np.tile(inputs["by"], (N, 1))):
        return "with every output gate shut the last state is 0 and the scores must be by."
    forgetful = {**inputs, "Wh": 0 * inputs["Wh"], "b": with_gate(inputs["b"], "f", -1e3)}
    early, late = inputs["x"].copy(), inputs["x"].copy()
    early[:, 0] += 1.0
    late[:, -1] += 1.0
    now, with_early, with_late = (
        one["scores_now"]
        for one in ask.all([forgetful, {**forgetful, "x": early}, {**forgetful, "x": late}])
    )
    if not (close(with_early, now) and not close(with_late, now)):
        return "an LSTM that forgets everything at each step knows the last input only; your scores look at other states."
    _, equal = ask(inputs, Wy=0 * inputs["Wy"], by=0 * inputs["by"])
    if not close(equal["loss"], np.log(C)):
        return f"with equal scores the loss must be log C = {np.log(C):.4g}, however many steps and sequences there are."
