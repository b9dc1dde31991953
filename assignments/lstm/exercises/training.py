"""Training a character model in torch: what a step costs, carries and cuts; what is learnt."""

import numpy as np

from autograder import case, devices, draws, exercise, must, property_of
from autograder.checks import (
    AllowedMeans,
    AnswerFailed,
    Dimensions,
    Reference,
    Task,
    Training,
    close,
)
from autograder.checks.training import NotMeasurable, precision_agrees

from .frameworks import CHAR_LSTM, with_weights
from .observed import COSTS, UNWATCHED, watch_training
from .shared import LSTM_GIVEN


def a_text(rng, device):
    """A real text in an alphabet of its own: which character has which id is drawn at random."""
    from coursekit.text import find_text

    found = find_text()
    V = len(found.characters)
    N, D, H, T, steps = (128, 64, 256, 64, 300) if device else (16, 32, 48, 24, 100)
    ids = rng.permutation(V)[found.ids]
    at = len(ids) * 9 // 10
    length = at // N
    starts = rng.integers(at, len(ids) - 33, 400)
    windows = np.stack([ids[start : start + 33] for start in starts])
    inputs = {
        **{"data": ids[: N * length].reshape(N, length), "windows": windows[:, :-1]},
        **{"E": np.zeros((V, D)), "Wx": np.zeros((D, 4 * H)), "Wh": np.zeros((H, 4 * H))},
        **{"b": np.zeros(4 * H), "Wy": np.zeros((H, V)), "by": np.zeros(V)},
        **{"steps": steps, "seq_len": T, "learning_rate": 5e-3 if device else 2e-2},
        **{"max_norm": 1.0, "seed": int(rng.integers(2**31))},
        **{"device": device, "precision": "float32", "watched": False},
    }
    return Task(inputs, windows[:, -1])


def saved_on_frequencies(outputs, following):
    """By what share a character costs less than the unigram entropy, the cost of its frequency."""
    from scipy.special import log_softmax

    scores = outputs.get("scores")
    N = len(following)
    if scores is None or scores.ndim != 2 or len(scores) != N or not np.isfinite(scores).all():
        raise NotMeasurable(
            "the scores after training are not finite, or not one row for each text"
        )
    if not outputs.get("by_the_head"):
        raise NotMeasurable("the scores must be those of model.head, for what model.lstm puts out")
    costs = log_softmax(scores, axis=1)[np.arange(N), following]
    frequencies = np.unique(following, return_counts=True)[1] / N
    unigram = -np.sum(frequencies * np.log(frequencies))
    return float(1 + np.mean(costs) / unigram)


FEW_STEPS = {
    **{"N": (2, 4), "M": (10, 13), "V": (5, 9), "D": (3, 6)},
    **{"H": (4, 8), "K": (3, 5), "L": (4, 6)},
}


@exercise(
    inputs={
        **{"data": "N M int<V", **CHAR_LSTM, "windows": "K L int<V"},
        **{"steps": "int", "seq_len": "int", "learning_rate": "", "max_norm": ""},
        **{"seed": "int", "device": "str", "precision": "str", "watched": "bool"},
    },
    outputs={
        **{"losses": "any", "scores": "K V", "Wh_after": "any any", "E_after": "any any"},
        **dict.fromkeys(COSTS, "bool"),
        **{"states_given": "any int", "longest_gradient": ""},
        **{"losses_told": "bool", "by_the_head": "bool"},
    },
    points=5,
    inside=True,
    given={
        **{**LSTM_GIVEN, "steps": draws.always(5), "seq_len": draws.always(4)},
        **{"learning_rate": draws.number(0.02, 0.05), "max_norm": draws.number(0.05, 0.2)},
        **{"seed": draws.always(-1), "watched": draws.always(False)},
    },
    sizes=FEW_STEPS,
    cases=[
        case("no clipping", max_norm=1e3),
        case("one piece, again and again", seq_len=100, steps=3),
        case("one step", steps=1),
        case("watched", steps=4, watched=True),
    ],
    seconds=60,
    accelerated=True,
    words={
        **{name: f"the model's {name}" for name in CHAR_LSTM},
        "losses_told": "whether every loss is that of what the model put out at that step",
        "by_the_head": "whether twice the weights and biases of model.head give twice the scores",
        "scores": "the scores that the trained model gives",
        "Wh_after": "model.lstm.weight_hh_l0 after training",
        "E_after": "model.embedding.weight after training",
        "reads_in_each_step": "whether each step reads a number back from the device",
        "keeps_in_each_step": "whether each step leaves tensors behind",
        "rounds": 'whether precision "bfloat16" changes a loss',
        "states_given": "the kinds of state that the model is given",
        "longest_gradient": "the length of the longest gradient, over max_norm,",
        "windows": "pieces of text",
        "watched": "whether it is watched",
    },
    checks=[
        AllowedMeans(allowed=("torch",)),
        Dimensions(0.25),
        Reference(1.5, ("losses", "scores", "Wh_after", "E_after"), tolerance=1e-6),
        Reference(0.25, COSTS, title="What a step costs"),
        Training(
            a_text,
            at_least=0.12,
            measure=saved_on_frequencies,
            measured="share saved on the unigram entropy",
            margin=0.1,
            share=1.25,
            title="Learns a language",
            ranked=True,
        ),
    ],
)
def train_char_lm(
    student, data, E, Wx, Wh, b, Wy, by, windows,
    steps, seq_len, learning_rate, max_norm, seed, device, precision, watched,
):  # fmt: skip
    """From given weights in float64, or from the class's own start after ``seed``.

    Then scores at the end of windows; and where ``watched``, what a step costs.
    """
    import torch

    where = devices.device(device)

    def train(steps, precision=precision, watch=None, listen=None):
        if seed >= 0:
            torch.manual_seed(seed)
        model = student.CharLSTM(*E.shape, len(Wh))
        if seed < 0:
            model = with_weights(model, E, Wx, Wh, b, Wy, by)
        model = model.float() if precision else model
        if watch is not None:
            model.register_forward_pre_hook(watch, with_kwargs=True)
        heard = None if listen is None else model.register_forward_hook(listen)
        terms = steps, seq_len, learning_rate, max_norm, where, precision or "float32"
        with devices.kernels_for(
            "bfloat16"
        ):  # the same for all, so that only the precision differs
            losses = student.train_char_lm(model, data, *terms)
        if heard is not None:
            heard.remove()
        return model, losses

    seen = watch_training(train, steps, where, max_norm) if watched else UNWATCHED
    put_out = []
    model, losses = train(steps, listen=lambda *call: put_out.append(call[-1][0].detach()))
    losses, there = np.array(losses, dtype=float), torch.from_numpy(windows).to(where)
    with torch.no_grad():
        scores = model(there)[0][:, -1]
    after = {name: p.detach().cpu().double().numpy() for name, p in model.named_parameters()}
    with torch.no_grad():
        for parameter in model.head.parameters():
            parameter.mul_(2.0)
        doubled = model(there)[0][:, -1]
    losses_told = same_costs(losses, put_out, data, seq_len)
    by_the_head = bool(torch.allclose(doubled, 2 * scores, rtol=1e-3, atol=1e-5))
    return {
        **{"losses": losses, "scores": scores.cpu().double().numpy()},
        **{"losses_told": losses_told, "by_the_head": by_the_head},
        **{"steps": len(put_out), "parameters": sum(map(np.size, after.values()))},
        "genuine": losses_told and by_the_head,
        **{"Wh_after": after["lstm.weight_hh_l0"], "E_after": after["embedding.weight"], **seen},
    }


def same_costs(losses, put_out, data, seq_len):
    """Whether losses are the mean costs of what a model put out for one piece after the other."""
    import torch

    if losses.shape != (len(put_out),):
        return False
    pieces = -(-(data.shape[1] - 1) // seq_len)
    for step, scores in enumerate(put_out):
        first = step % pieces * seq_len + 1
        following = torch.from_numpy(data[:, first : first + scores.shape[1]])
        if following.shape != scores.shape[:2]:
            return False
        costs = torch.nn.functional.cross_entropy(scores.cpu().double().transpose(1, 2), following)
        if not abs(losses[step] - float(costs)) <= 0.01 * max(1.0, float(costs)):
            return False
    return True


def trained(ask, *cases, **asked):
    """Inputs and outputs of a training whose losses are those of what the model put out."""
    inputs, out = ask(*cases, **asked)
    must(
        out["losses_told"],
        "losses must hold, for each step, the mean cross-entropy of what the model put out for that "
        "piece; yours are others.",
    )
    return inputs, out


@property_of(train_char_lm, "Starts where it should, and learns by heart", 0.5)
def starts_and_falls(ask):
    """The first loss is that of the weights handed in, a mean over all predictions."""
    inputs, out = trained(ask, steps=1, seq_len=5)
    V, losses = len(inputs["by"]), out["losses"]
    if losses.shape != (1,):
        return f"losses must hold one loss for each step; for one step yours holds {losses.size}."
    _, equal = ask(inputs, Wy=0 * inputs["Wy"], by=0 * inputs["by"])
    if not close(equal["losses"], [np.log(V)], 1e-6):
        return (
            f"with equal scores the mean cross-entropy must be log V = {np.log(V):.4g}, "
            f"not {float(equal['losses'][0]):.4g}."
        )
    _, learnt = trained(ask, steps=60, seq_len=8, learning_rate=0.03, max_norm=1.0)
    first, last = learnt["losses"][[0, -1]]
    if last > 0.5 * first:
        return f"a few dozen characters must be learnt by heart; in 60 steps the loss goes from {first:.3g} to {last:.3g}."


@property_of(train_char_lm, "Every step costs the same", 0.25)
def every_step_costs_the_same(ask):
    """Neither reads nor tensors grow with the steps, and the same call gives the same."""
    watched = next(one for one in ask.trial.draws() if one.case.title == "watched")
    if watched.evaluation.failure is not None:
        raise AnswerFailed(watched.evaluation.failure, watched.case)
    once = watched.evaluation.arrays()
    _, again = trained(ask, watched.inputs, watched=False)
    if not np.array_equal(once["losses"], again["losses"]):
        return "the same weights and data give other losses at a second call: nothing in this training is random."
    if once["reads_in_each_step"]:
        return "with more steps more tensors are read into Python: an accelerator waits each time; read once, at the end."
    must(not once["keeps_in_each_step"], "with more steps more tensors stay alive afterwards.")


@property_of(train_char_lm, "Carried, cut and clipped", 0.5)
def carried_cut_and_clipped(ask):
    """The states given to the LSTM from step to step; the gradients that the optimiser meets."""
    inputs, out = trained(ask, steps=5, seq_len=4, max_norm=0.02, watched=True)
    pieces = -(-(inputs["data"].shape[1] - 1) // 4)
    for step, given in enumerate(out["states_given"]):
        begins = step % pieces == 0
        if not (given == 0 or not begins):
            return f"at step {step} the text begins again: the state must be None there."
        if not (given != 0 or begins):
            return f"at step {step} the text goes on: the state of the step before must be carried there, detached."
        if given == 2:
            return f"at step {step} the state still hangs on its past: detach it, or the gradient crosses the seam."
    longest = float(out["longest_gradient"])
    if not (longest > 0 and len(out["states_given"]) == 5):
        return "each of 5 steps must read a piece once and take a step of the optimiser."
    if not longest <= 1 + 1e-4:
        return f"when the optimiser steps, the gradients, all together, are {longest:.3g} times as long as max_norm."


@property_of(train_char_lm, "Learns what comes next", 0.25)
def learns_what_comes_next(ask):
    """On a text that runs in a circle, 0 1 2 ... 0 1 2 ..., the next symbol must be named."""
    V = 5
    _, out = ask(
        case("a circle", sizes={"V": V, "K": 4, "L": 6}),
        data=(np.arange(3)[:, None] + np.arange(25)) % V,
        windows=(np.arange(4)[:, None] + np.arange(6)) % V,
        **{"steps": 80, "seq_len": 8, "learning_rate": 0.03, "max_norm": 1.0},
    )
    scores, wanted = out["scores"], (np.arange(4) + 6) % V
    if not (scores.shape == (4, V) and np.array_equal(scores.argmax(axis=1), wanted)):
        return "after 80 steps on 0 1 2 3 4 0 1 2 3 4 ... the highest score must be at the symbol that comes next."


precise = precision_agrees("losses", within=0.05, steps=10, max_norm=1.0, learning_rate=0.01)


@property_of(train_char_lm, "In bfloat16, too", 0.25)
def in_bfloat16_too(ask):
    trained(ask)
    return precise(ask.trial)
