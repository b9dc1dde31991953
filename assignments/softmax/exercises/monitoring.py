"""Watching training: the ratio of updates to weights, a record of it, and the verdict on the rate."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises import linear
from coursekit.exercises.refusals import refuses


def updates_of_any_size(rng, sizes):
    """Updates from a ten-thousandth of the weights' size to a tenth."""
    return 10 ** rng.uniform(-4, -1) * rng.standard_normal((sizes["N"], sizes["D"]))


@exercise(
    "w: N D, update: N D -> ratio, ratio_of_biases",
    points=2,
    given={"update": updates_of_any_size},
    cases=[
        case("an update against the weights", update=lambda rng, inputs: -1e-3 * inputs["w"]),
        case("a large update", update=draws.normal_like("w", scale=20)),
        case("one weight", sizes={"N": 1, "D": 1}),
    ],
    words={"ratio_of_biases": "ratio of a row of biases"},
    checks=[Dimensions(0.25), ..., Reference(1)],
)
def update_ratio(student, w, update):
    """Of a matrix and of a row of biases."""
    return {
        "ratio": student.update_ratio(w, update),
        "ratio_of_biases": student.update_ratio(w[0], update[0]),
    }


@property_of(update_ratio, "A thousandth", 0.75)
def a_thousandth(ask):
    """The number to look for: of weights as long as 5, an update as long as 0.005."""
    w = np.array([[3.0, 4.0]])
    for update in (1e-3 * w, -1e-3 * w, np.array([[0.005, 0.0]]), np.array([[0.003, -0.004]])):
        ratio = ask(w=w, update=update)[1]["ratio"]
        if not close(ratio, 1e-3, 1e-12):
            return (
                f"of the weights 3, 4 and the update {update[0].tolist()} the ratio is 0.001; yours is "
                f"{ratio:.6g}."
            )


# --- a record of training -----------------------------------------------------------------------


def fading(w, dw, config):
    """An update rule with a memory: plain steps that get shorter. It makes a new config every time."""
    config["seen"].append(config["taken"])
    taken = config["taken"]
    return w - config["learning_rate"] / (1 + 0.3 * taken) * dw, {**config, "taken": taken + 1}


RECORD = ("loss", "update_ratio", "grad_norm")


def recorded(history, name):
    """One line of the record as an array; None when it is missing."""
    return np.asarray(history[name], dtype=float) if name in history else None


@exercise(
    "W: D C, X: N D, y: N int<C, learning_rate, num_iters: int, batch_size: int, seed: int "
    "-> W_after: D C, loss: T, update_ratio: T, grad_norm: T, losses_told: bool, "
    "slopes_squared: any, moves_squared: any, steps_counted: any int",
    points=4,
    given={
        "learning_rate": draws.number(0.05, 0.2),
        "num_iters": draws.size("T"),
        "batch_size": draws.whole(5, 9),
        "seed": draws.seed,
    },
    sizes={"N": (20, 30), "T": (10, 15)},
    cases=[
        case("one step", sizes={"T": 1}),
        case("batches as large as the data", sizes={"N": 25}, batch_size=25),
        case("tiny weights", W=draws.normal(7, 4, scale=1e-3), sizes={"D": 7, "C": 4}),
    ],
    words={
        "W_after": "W after the last step",
        "losses_told": "whether every loss is one that loss_fn gave",
        "slopes_squared": "the squares of the gradients' lengths",
        "moves_squared": "the squares of the steps' lengths over those of W",
        "steps_counted": "the steps that the update rule has counted",
        **{name: f'history["{name}"]' for name in RECORD},
        "learning_rate": "the learning rate",
    },
    checks=[
        Dimensions(0.5),
        ...,
        Reference(0.75, RECORD, title="Right record"),
        Reference(0.75, ("W_after",), title="Right weights"),
    ],
)
def train_with_monitor(student, W, X, y, learning_rate, num_iters, batch_size, seed):
    """With a loss and an update rule of our own."""
    config = {"learning_rate": learning_rate, "taken": 0, "seen": []}
    rng, watched = np.random.default_rng(seed), linear.Descent(linear.squared_distance)
    W_after, history = student.train_with_monitor(
        watched, W, X, y, fading, config, num_iters, batch_size, rng
    )
    told = {name: recorded(history, name) for name in RECORD}
    return {
        **{"W_after": W_after, **told, "losses_told": watched.told(told["loss"])},
        "slopes_squared": np.array([np.vdot(slope, slope) for slope in watched.slopes]),
        "moves_squared": watched.moves_squared(W_after),
        "steps_counted": np.array(config["seen"], dtype=int),
    }


@property_of(train_with_monitor, "The record of every step", 1)
def record_of_every_step(ask):
    """What the loss said in that very call, and how far the weights moved, against its squares."""
    for steps in (1, 5):
        _, out = ask(num_iters=steps)
        must(out["losses_told"], "'loss' must hold what loss_fn said at each step, in order.")
        for name, squared in (("grad_norm", "slopes_squared"), ("update_ratio", "moves_squared")):
            if not (close(out[name] ** 2, out[squared]) and (out[name] >= 0).all()):
                return f"in a record of {steps} steps '{name}' must be {out[squared] ** 0.5}; it is {out[name]}."


@property_of(train_with_monitor, "The rule remembers", 1)
def the_rule_remembers(ask):
    """A rule that shortens its steps by its own count must be given its own config back."""
    _, out = ask(num_iters=4)
    counted = out["steps_counted"].tolist()
    if counted != [0, 1, 2, 3]:
        return (
            "the rule counts its steps in its config: in four of them it must count 0, 1, 2, 3, and with "
            f"yours it counts {counted}."
        )


# --- the verdict on a learning rate -------------------------------------------------------------

VERDICTS = {"low": -1, "ok": 0, "high": 1}
WARMUP = 45
RUNS = [
    # level and spread of the ratios (decades), level of the warm-up
    (-3.0, 0.1, 0.0),
    (-2.0, 0.1, 2.0),  # too high if the warm-up counts
    (-3.5, 0.1, -7.0),  # too low if it does
    (-2.6, 1.2, -2.6),  # a geometric mean in order, an arithmetic one far too high
    (-5.0, 0.1, 0.0),
    (-0.5, 0.1, 0.0),
    (-3.0, 0.1, -3.0),  # its last step is a large one
    (-3.0, 0.1, -3.0),  # its loss blows up
    (-3.0, 0.1, -3.0),  # its ratio does
    (-3.0, 0.0, 0.0),  # two fifths of its steps are large: a median does not see it
    (-3.47, 0.0, 0.0),  # its first 100 steps are large, not just the first 45
]


def training_records(rng, sizes):
    """Losses and update ratios of 11 runs, each with a warm-up unlike the rest."""
    T = sizes["T"]
    level, spread, before = np.array(RUNS).T[:, :, None]
    decades = level + spread * rng.standard_normal((len(RUNS), T))
    decades[:, :WARMUP] = before + 0.1 * rng.standard_normal((len(RUNS), WARMUP))
    decades[6, -1] = 0.5
    decades[9, WARMUP:][rng.permutation(T - WARMUP) < 0.4 * (T - WARMUP)] = 1.0
    decades[10, WARMUP:100] = 1.0
    ratios, losses = 10.0**decades, rng.uniform(0.1, 2.3, (len(RUNS), T))
    losses[7, -5:], ratios[8, -5:] = np.inf, np.nan
    order = rng.permutation(len(RUNS))
    return np.stack([losses[order], ratios[order]])


@exercise(
    "records: 2 K T, warmup: int, low, high "
    "-> verdicts: K int, verdicts_in_a_range: K int, verdicts_by_default: K int, refuses: bool",
    points=3,
    given={
        "records": training_records,
        "warmup": draws.always(WARMUP),
        "low": draws.always(2.7e-3),
        "high": draws.always(0.12),
    },
    sizes={"K": (11, 11), "T": (140, 160)},
    words={
        "verdicts": "the verdicts (-1 low, 0 ok, 1 high)",
        "verdicts_in_a_range": "the verdicts for another range (-1 low, 0 ok, 1 high)",
        "verdicts_by_default": "the verdicts with the default settings (-1 low, 0 ok, 1 high)",
        "refuses": "whether a record without steps after the warm-up is refused",
        "records": "the records",
    },
    checks=[Dimensions(0.25), ..., Reference(1.5)],
)
def diagnose_lr(student, records, warmup, low, high):
    """low is -1, ok 0, high 1, anything else 9. In the usual range, in another, after the usual warm-up."""
    diagnose = student.diagnose_lr
    runs = [{"loss": loss, "update_ratio": ratio} for loss, ratio in zip(*records, strict=True)]

    def verdicts(*settings):
        return np.array([VERDICTS.get(diagnose(run, *settings), 9) for run in runs])

    return {
        "verdicts": verdicts(warmup),
        "verdicts_in_a_range": verdicts(warmup, low, high),
        "verdicts_by_default": verdicts(),
        "refuses": refuses(diagnose, runs[0], len(records[0][0])),
    }


@property_of(diagnose_lr, "Plain verdicts", 0.75)
def plain_verdicts(ask):
    """Steady runs, whose verdict nobody would dispute."""
    wanted = {1e-6: "low", 1e-3: "ok", 0.5: "high"}
    ratios = np.repeat(np.array([*wanted])[:, None], 150, axis=1)
    ratios[:, :WARMUP] = 10.0
    losses = np.linspace(2.3, 0.5, 150) * np.ones((3, 1))
    _, out = ask(records=np.stack([losses, ratios]))
    for (ratio, word), got in zip(wanted.items(), out["verdicts"], strict=True):
        if int(got) != VERDICTS[word]:
            return (
                f"after a warm-up of 45 steps your verdict on a ratio of {ratio:g} at every step is not "
                "right."
            )
    losses[1, -1] = np.nan
    _, out = ask(records=np.stack([losses, ratios]))
    must(int(out["verdicts"][1]) == 1, "your verdict on a run whose loss ends in nan is not right.")


@property_of(diagnose_lr, "Factors cancel", 0.25)
def factors_cancel(ask):
    """A hundred times too large as often as a hundred times too small."""
    ratios = 1e-3 * 100.0 ** np.resize([1.0, -1.0], (1, 150))
    _, out = ask(records=np.stack([np.ones((1, 150)), ratios]), warmup=10)
    if int(out["verdicts"][0]) != 0:
        return (
            "ratios that alternate between 0.1 and 0.00001 have the geometric mean 0.001; your verdict is "
            "that on another."
        )


@property_of(diagnose_lr, "Nothing left is refused", 0.25)
def nothing_left(ask):
    """No evidence, no verdict."""
    if not ask()[1]["refuses"]:
        return "when the warm-up is as long as the record, ValueError must be raised."
