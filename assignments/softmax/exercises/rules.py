"""Update rules: plain descent, momentum, RMSProp, Adam, AdamW."""

import numpy as np

from autograder import case, draws, exercise, named, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises.shapes import ANY_SHAPE, any_number_of_axes


def walk(student, name, w, gradients, config):
    """Step after step with one config: where w was after each step, and the last config."""
    path, rule = [], getattr(student, name)
    for dw in gradients:
        returned = rule(w, dw, config)
        w, config = named(name, returned, ("next_w", "config"), needed=("next_w",)).values()
        path.append(np.array(w))
    return np.array(path), config or {}


def walks(student, name, w, gradients, settings, start):
    """The paths of a rule: from rest, with the defaults, from a config that also holds ``start``;
    and the last config of the first.
    """
    path, config = walk(student, name, w, gradients, dict(settings))
    paths = {
        "path": path,
        "path_by_default": walk(student, name, w, gradients, None)[0],
        "path_with_a_start": walk(student, name, w, gradients, {**settings, **start})[0],
    }
    return paths, config


def steps_of(inputs, path):
    """What each step of a path adds to w."""
    return np.diff(np.concatenate([inputs["w"][None], path]), axis=0)


RULE = "w: N D, gradients: T N D, learning_rate"
PATHS = "path: T N D, path_by_default: T N D, path_with_a_start: T N D"
RULE_SIZES = {"T": (3, 5)}
WORDS = {
    "path": "w after each step",
    "path_by_default": "w after each step, with the default settings,",
    "path_with_a_start": "w after each step, from a config that already holds a start,",
    "velocity": 'config["velocity"]',
    "cache": 'config["cache"]',
    **{f"{name}_after": f'config["{name}"] after the last step' for name in ("m", "v", "t")},
    "first_step_over_rate": "the first step over the learning rate",
}
SHORT_STEPS = {"learning_rate": draws.number(0.02, 0.2)}
ONE_STEP = case("one step", sizes={"T": 1})

# --- plain descent, and with momentum -----------------------------------------------------------


@exercise(
    f"{RULE} -> path: T N D, path_by_default: T N D",
    points=1,
    sizes=RULE_SIZES,
    words=WORDS,
    given=SHORT_STEPS,
    checks=[Dimensions(0.25), Reference(0.25)],
)
def sgd(student, w, gradients, learning_rate):
    """A few steps, once with a learning rate of their own, once with the default."""
    return {
        "path": walk(student, "sgd", w, gradients, {"learning_rate": learning_rate})[0],
        "path_by_default": walk(student, "sgd", w, gradients, None)[0],
    }


@exercise(
    f"{RULE}, momentum, start: N D -> {PATHS}, velocity: N D",
    points=3,
    sizes=RULE_SIZES,
    words=WORDS,
    given={**SHORT_STEPS, "momentum": draws.number(0.3, 0.8)},
    cases=[case("no momentum", momentum=0.0), ONE_STEP],
    checks=[Dimensions(0.25), Reference(1.25)],
)
def sgd_momentum(student, w, gradients, learning_rate, momentum, start):
    """A few steps from rest; with the defaults; and with a velocity to start from."""
    settings = {"learning_rate": learning_rate, "momentum": momentum}
    moving = {"velocity": start.copy()}
    paths, config = walks(student, "sgd_momentum", w, gradients, settings, moving)
    return {**paths, "velocity": config.get("velocity")}


@property_of(sgd, ANY_SHAPE, 0.25)
@property_of(sgd_momentum, ANY_SHAPE, 0.25)
def parameters_of_any_shape(ask):
    """A rule moves each parameter alone: a matrix, or a row of biases."""
    moved = ["w", *(name for name in ("start", "m", "v") if name in ask.trial.exercise.inputs)]
    outputs = tuple(name for name in ask.trial.exercise.outputs if name.startswith("path"))
    any_number_of_axes(ask, *moved, outputs=outputs, steps="gradients")


@property_of(sgd, "Downhill, by the learning rate", 0.25)
@property_of(sgd_momentum, "The first step is plain descent", 0.5)
def first_step_is_plain(ask):
    """From rest, everything there is to follow is the gradient."""
    inputs, out = ask()
    if not close(out["path"][0] - inputs["w"], -inputs["learning_rate"] * inputs["gradients"][0]):
        return "from rest, the first step must be minus learning_rate times gradient."


@property_of(sgd_momentum, "It coasts", 0.75)
def coasts(ask):
    """On flat ground the velocity fades like momentum to the power of t, and carries w on."""
    inputs = ask.draw()
    _, out = ask(inputs, gradients=np.zeros_like(inputs["gradients"]))
    steps = steps_of(inputs, out["path_with_a_start"])
    fading = inputs["momentum"] ** np.arange(1, len(steps) + 1)[:, None, None] * inputs["start"]
    if not close(steps, fading):
        return (
            "with a velocity to start from and no gradient, step t must be momentum**t times that "
            "velocity."
        )


# --- steps of one size --------------------------------------------------------------------------


def tiny_gradients(rng, inputs):
    """A millionth of the usual size: a misplaced epsilon shows here."""
    return 1e-6 * rng.standard_normal((3, *inputs["w"].shape))


@exercise(
    f"{RULE}, decay_rate, start: N D -> {PATHS}, cache: N D",
    points=3,
    sizes=RULE_SIZES,
    words=WORDS,
    given={
        **SHORT_STEPS,
        "decay_rate": draws.number(0.6, 0.95),
        "start": draws.uniform(0.5, 2, "N", "D"),
    },
    cases=[
        ONE_STEP,
        case("tiny gradients", sizes={"T": 3}, start=np.array(0.0), gradients=tiny_gradients),
    ],
    checks=[Dimensions(0.25), Reference(1.25)],
)
def rmsprop(student, w, gradients, learning_rate, decay_rate, start):
    """A few steps from an empty cache; with the defaults; and with a cache to start from."""
    settings = {"learning_rate": learning_rate, "decay_rate": decay_rate}
    filled = {"cache": np.broadcast_to(start, w.shape).copy()}
    paths, config = walks(student, "rmsprop", w, gradients, settings, filled)
    return {**paths, "cache": config.get("cache")}


def away_from_zero(rng, sizes):
    """Gradients not near zero: there the two usual places of epsilon would differ, and both are right."""
    shape = sizes["T"], sizes["N"], sizes["D"]
    return rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape)


MOMENTS = {
    "beta1": draws.number(0.5, 0.85),
    "beta2": draws.number(0.9, 0.99),
    "gradients": away_from_zero,
    "v": draws.uniform(0.5, 2, "N", "D"),
    "t": draws.whole(2, 8),
}
"""What Adam and AdamW are given: their factors, gradients, and a start on the way."""


@exercise(
    f"{RULE}, beta1, beta2, m: N D, v: N D, t: int "
    f"-> {PATHS}, m_after: N D, v_after: N D, t_after: int, first_step_over_rate: 5",
    points=4,
    sizes=RULE_SIZES,
    words=WORDS,
    given={"learning_rate": draws.number(0.01, 0.03), **MOMENTS},
    cases=[ONE_STEP],
    checks=[Dimensions(0.25), Reference(1.75, tolerance=1e-6)],
)
def adam(student, w, gradients, learning_rate, beta1, beta2, m, v, t):
    """A few steps from rest; by default; going on from step t; first steps at slopes of 1e-5 to 1e5."""
    settings = {"learning_rate": learning_rate, "beta1": beta1, "beta2": beta2}
    going_on = {"m": m.copy(), "v": v.copy(), "t": t}
    paths, config = walks(student, "adam", w, gradients, settings, going_on)
    slopes = np.array([1e-5, 1e-3, 1.0, 1e3, 1e5])
    first = student.adam(np.zeros(5), slopes, {"learning_rate": 0.5})[0]
    return {
        **paths,
        **{f"{name}_after": config.get(name) for name in going_on},
        # to one digit: whether epsilon is scaled with the correction or not makes 3% here, inside
        # the root ten times
        "first_step_over_rate": np.round(-np.asarray(first, dtype=float) / 0.5, 1),
    }


property_of(rmsprop, ANY_SHAPE, 0.25)(parameters_of_any_shape)
property_of(adam, ANY_SHAPE, 0.25)(parameters_of_any_shape)


@property_of(rmsprop, "Downhill", 0.25)
@property_of(adam, "Downhill", 0.25)
def goes_downhill(ask):
    """Against the gradient, in every entry, at the first step."""
    inputs, out = ask()
    if not ((out["path"][0] - inputs["w"]) * inputs["gradients"][0] < 0).all():
        return (
            "the first step must lower w where the gradient is positive and raise it where it is "
            "negative."
        )


@property_of(rmsprop, "Steps of one size", 1)
def one_size_for_all_gradients(ask):
    """From an empty cache the first step is learning_rate / sqrt(1 - decay_rate), however steep."""
    inputs = ask.draw()
    signs = np.sign(inputs["gradients"])
    for size in (1e-3, 1e3):
        _, out = ask(inputs, gradients=size * signs * ask.rng.uniform(0.5, 2, signs.shape))
        wanted = -signs[0] * inputs["learning_rate"] / np.sqrt(1 - inputs["decay_rate"])
        if not close(out["path"][0] - inputs["w"], wanted, 1e-3):
            return (
                f"for gradients of size {size:g} and an empty cache, every entry's first step must be "
                "learning_rate / sqrt(1 - decay_rate) long."
            )


@property_of(adam, "The first step is the learning rate", 1)
def first_step_is_the_rate(ask):
    """Corrected, m over the root of v is the gradient over its own size."""
    inputs, out = ask()
    shown = ", ".join(f"{value:g}" for value in out["first_step_over_rate"])
    if not close(out["first_step_over_rate"], np.ones(5)):
        return (
            "for slopes of 1e-5, 1e-3, 1, 1e3 and 1e5 the first step must be 1 times the learning "
            f"rate; yours is {shown} times."
        )
    wanted = -inputs["learning_rate"] * np.sign(inputs["gradients"][0])
    if not close(out["path"][0] - inputs["w"], wanted, 1e-6):
        return (
            "the first step must be the learning rate times minus the gradient's sign, whatever beta1 "
            "and beta2 are."
        )


@property_of(adam, "Equal slopes, equal steps", 0.5)
def constant_slope_constant_step(ask):
    """While the gradient stays the same, both corrected means are exact: all steps are equally long."""
    inputs = ask.draw()
    gradients = np.broadcast_to(inputs["gradients"][0], inputs["gradients"].shape).copy()
    _, out = ask(inputs, gradients=gradients)
    steps = steps_of(inputs, out["path"])
    if not (
        close(steps, np.broadcast_to(steps[0], steps.shape), 1e-6) and out["t_after"] == len(steps)
    ):
        return (
            "while the gradient stays the same, every step must be as long as the first, and t must "
            "count the steps."
        )


# --- a decay beside Adam's step -----------------------------------------------------------------


@exercise(
    f"{RULE}, beta1, beta2, weight_decay, m: N D, v: N D, t: int "
    f"-> {PATHS}, m_after: N D, v_after: N D, t_after: int",
    points=3,
    sizes=RULE_SIZES,
    words=WORDS,
    given={
        "learning_rate": draws.number(0.01, 0.03),
        "weight_decay": draws.number(0.5, 2),
        **MOMENTS,
    },
    cases=[ONE_STEP, case("no decay", weight_decay=0.0)],
    checks=[Dimensions(0.25), Reference(1, tolerance=1e-6)],
)
def adamw(student, w, gradients, learning_rate, beta1, beta2, weight_decay, m, v, t):
    """A few steps from rest; with the defaults; and going on from step t."""
    settings = {
        **{"learning_rate": learning_rate, "weight_decay": weight_decay},
        **{"beta1": beta1, "beta2": beta2},
    }
    going_on = {"m": m.copy(), "v": v.copy(), "t": t}
    paths, config = walks(student, "adamw", w, gradients, settings, going_on)
    return {**paths, **{f"{name}_after": config.get(name) for name in going_on}}


property_of(adamw, ANY_SHAPE, 0.25)(parameters_of_any_shape)


@property_of(adamw, "The decay knows no slope", 0.75)
def decay_knows_no_slope(ask):
    """What it takes off depends on the weights alone, on steep ground and on flat."""
    inputs = ask.draw()
    rate, strength, w = inputs["learning_rate"], inputs["weight_decay"], inputs["w"]
    for size in (1e-2, 1.0, 1e2):
        gradients = size * inputs["gradients"]
        _, with_decay = ask(inputs, gradients=gradients)
        _, without = ask(inputs, gradients=gradients, weight_decay=0.0)
        if not close(without["path"][0] - with_decay["path"][0], rate * strength * w, 1e-6):
            return (
                f"for slopes of about {size:g}, the decay must take learning_rate * weight_decay * w "
                "off at the first step: the same for slopes of every size."
            )


@property_of(adamw, "On flat ground all weights shrink alike", 0.25)
def all_shrink_alike(ask):
    """Without a gradient nothing but the decay is left: a geometric sequence."""
    inputs = ask.draw()
    _, out = ask(inputs, gradients=np.zeros_like(inputs["gradients"]))
    keeps = 1 - inputs["learning_rate"] * inputs["weight_decay"]
    left = keeps ** np.arange(1, len(out["path"]) + 1)[:, None, None] * inputs["w"]
    if not close(out["path"], left, 1e-6):
        return "where all gradients are 0, every weight must lose the same part of itself at each step."


@property_of(adamw, "Without decay it steps like Adam", 0.5)
def steps_like_adam(ask):
    """And remembers like it: only then are all steps equally long under one slope."""
    inputs = ask.draw(weight_decay=0.0)
    slope = inputs["gradients"][0]
    gradients = np.broadcast_to(slope, inputs["gradients"].shape).copy()
    _, out = ask(inputs, gradients=gradients)
    wanted = np.broadcast_to(-inputs["learning_rate"] * np.sign(slope), gradients.shape)
    if not close(steps_of(inputs, out["path"]), wanted, 1e-6):
        return (
            "without decay, and while the gradient stays the same, every step must be the learning "
            "rate times minus the gradient's sign."
        )
