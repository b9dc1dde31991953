"""Averages: of weights along the way, of models' predictions, of checkpoints."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close

# --- moving averages ----------------------------------------------------------------------------

DECAY = {"decay": draws.number(0.6, 0.95)}


@exercise(
    "x_test: N D, x: N D, decay -> average: N D, average_from_the_same: N D, average_by_default: N "
    "D",
    points=2,
    given=DECAY,
    cases=[case("no memory", decay=0.0), case("one parameter", sizes={"N": 1, "D": 1})],
    words={
        "average": "the average",
        "average_from_the_same": "the average from the same x_test again",
        "average_by_default": "the average with the default decay",
    },
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def ema_update(student, x_test, x, decay):
    """Twice from the same average, which must still be there; and with the default decay."""
    return {
        "average": np.array(student.ema_update(x_test, x, decay)),
        "average_from_the_same": np.array(student.ema_update(x_test, x, decay)),
        "average_by_default": np.array(student.ema_update(x_test, x)),
    }


@property_of(ema_update, "A constant stays", 0.25)
def constant_stays(ask):
    """What has converged is its own average."""
    inputs = ask.draw()
    _, out = ask(inputs, x_test=inputs["x"])
    if not close(out["average"], inputs["x"]):
        return "when x is the average already, the average must not change."


@property_of(ema_update, "Half is forgotten in 138 steps", 0.5)
def half_life(ask):
    """0.995 to the power 138 is just above one half, to the power 139 just below."""
    _, out = ask(x_test=np.ones((2, 3)), x=np.zeros((2, 3)))
    kept = out["average_by_default"]
    if not ((kept > 0).all() and (kept**138 > 0.5).all()):
        return "with decay 0.995 a value must weigh more than one half after 138 steps."
    if not (kept**139 < 0.5).all():
        return "with decay 0.995 a value must weigh less than one half after 139 steps."


@exercise(
    "x_test: N D, t: int, decay -> corrected: N D, corrected_by_default: N D",
    points=2,
    given={**DECAY, "t": draws.whole(2, 19)},
    cases=[
        case("the first step", t=1),
        case("after 1000 steps", t=1000),
        case("a long memory", decay=0.999),
    ],
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def ema_corrected(student, x_test, t, decay):
    """With a decay of its own and the default."""
    return {
        "corrected": student.ema_corrected(x_test, t, decay),
        "corrected_by_default": student.ema_corrected(x_test, t),
    }


@property_of(ema_corrected, "Right for a constant", 0.75)
def right_for_a_constant(ask):
    """The average of one value, again and again, is that value: from the first step on."""
    c = ask.rng.standard_normal((3, 4))
    decay, average = float(ask.rng.uniform(0.6, 0.95)), np.zeros((3, 4))
    for t in range(1, 6):
        average = average + (1 - decay) * (c - average)
        _, out = ask(x_test=average, t=t, decay=decay)
        if not close(out["corrected"], c):
            return (
                f"after {t} updates with the same x, started at zero, the corrected average must be "
                "that x."
            )


@exercise(
    "decay -> time_constant, half_life",
    points=1,
    given=DECAY,
    cases=[case("the usual decay", decay=0.995), case("a thousand steps", decay=0.999)],
    checks=[Dimensions(0.25), ..., Reference(0.5)],
)
def ema_memory(student, decay):
    """Both numbers."""
    time_constant, half_life = student.ema_memory(decay)
    return {"time_constant": time_constant, "half_life": half_life}


@property_of(ema_memory, "200 and 138.28", 0.25)
def of_0_995(ask):
    """The numbers of the lecture."""
    _, out = ask(decay=0.995)
    if not (close(out["time_constant"], 200.0) and abs(out["half_life"] - 138.28) < 0.01):
        return (
            "a decay of 0.995 has the time constant 200 and the half-life 138.28 steps; "
            f"yours are {out['time_constant']:.6g} and {out['half_life']:.6g}."
        )


# --- several models -----------------------------------------------------------------------------


def distributions(rng, sizes):
    """Some models' probabilities."""
    return rng.dirichlet(np.full(sizes["C"], 0.7), (sizes["M"], sizes["N"]))


@exercise(
    "models: M N C -> p: N C",
    points=2,
    given={"models": distributions},
    cases=[
        case("one model", sizes={"M": 1}),
        case("one example", sizes={"N": 1}),
        case(
            "models that are certain, and disagree",
            sizes={"M": 2, "N": 3, "C": 4},
            models=np.stack([np.eye(4)[[0, 1, 2]], np.eye(4)[[1, 1, 3]]]) * (1 - 4e-9) + 1e-9,
        ),
    ],
    words={"models": "probabilities"},
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def average_predictions(student, models):
    """Of a list of models."""
    return {"p": student.average_predictions(list(models))}


@property_of(average_predictions, "No worse than its members on average", 0.75)
def no_worse_than_the_mean_model(ask):
    """-log is convex: the loss of the mean is at most the mean of the losses."""
    inputs, out = ask()
    p = out["p"]
    must(close(p.sum(axis=-1), np.ones(len(p))), "the rows of the average must sum to 1.")
    with np.errstate(all="ignore"):
        alone, together = -np.log(inputs["models"]).mean(axis=0), -np.log(p)
    if not (together <= alone + 1e-12).all():
        return (
            "for some example and label the average has a larger loss than its members have on "
            "average."
        )


@exercise(
    "W: M D C, b: M C -> W_mean: D C, b_mean: C, W_mean_again: D C",
    points=2,
    cases=[case("one checkpoint", sizes={"M": 1}), case("many checkpoints", sizes={"M": 20})],
    words={
        "W_mean": 'average["W"]',
        "b_mean": 'average["b"]',
        "W_mean_again": 'average["W"] of the same params again',
        "W": 'params[...]["W"]',
        "b": 'params[...]["b"]',
    },
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def average_weights(student, W, b):
    """Of a list of checkpoints, and once more of the same list, which must still be what it was."""
    params = [{"W": one, "b": bias} for one, bias in zip(W, b, strict=True)]
    average = student.average_weights(params)
    W_mean, b_mean = np.array(average["W"]), np.array(average["b"])
    again = np.array(student.average_weights(params)["W"])
    return {"W_mean": W_mean, "b_mean": b_mean, "W_mean_again": again}


@property_of(average_weights, "Mean weights give mean scores", 0.75)
def averages_scores(ask):
    """Scores are linear in the parameters: for a linear classifier, mean weights give mean scores."""
    inputs, out = ask()
    X = ask.rng.standard_normal((7, inputs["W"].shape[1]))
    wanted = np.mean(X @ inputs["W"] + inputs["b"][:, None], axis=0)
    if not close(X @ out["W_mean"] + out["b_mean"], wanted):
        return "the scores X @ W + b of your average must be the mean of the checkpoints' scores."
