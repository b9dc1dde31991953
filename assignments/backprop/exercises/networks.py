"""Networks: two layers, and as many as you like."""

import numpy as np

from autograder import Absent, case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close
from coursekit.exercises.params import given_in_words, gradients_in, params_in_words, starts_small


def gradients(names):
    """What the gradients are called."""
    return tuple(f"d{name}" for name in names)


def gradient_of_loss(names, share):
    """The check that dW1, db1, ... are the gradients of the loss with respect to W1, b1, ..."""
    return Gradient("loss", wrt=names, claimed=gradients(names), share=share)


def only_weights_are_regularised(ask, names, **fixed):
    """With reg the loss changes by reg * sum(W**2), and the gradients of the weights alone."""
    inputs, with_reg = ask(reg=1.5, **fixed)
    _, without = ask(inputs, reg=0.0)
    weights = [name for name in names if name.startswith("W")]
    for name in names:
        difference = with_reg[f"d{name}"] - without[f"d{name}"]
        moved = not close(difference, np.zeros_like(inputs[name]))
        if name in weights:
            must(moved, f"reg does not reach the gradient of {name}.")
        else:
            changed = f"reg changes the gradient of {name}: only weight matrices are regularised."
            must(not moved, changed)
    must(
        close(
            with_reg["loss"] - without["loss"], 1.5 * sum(np.sum(inputs[W] ** 2) for W in weights)
        ),
        "the regularisation must add reg times the sum of all squared weights to the loss, no more and no less.",
    )


# --- two layers ---------------------------------------------------------------------------------

TWO_LAYERS = ("W1", "b1", "W2", "b2")
AT_START = tuple(f"{name}_at_start" for name in TWO_LAYERS)


@exercise(
    "X: N D, y: N int<C, W1: D H, b1: H, W2: H C, b2: C, reg, weight_scale, seed: int"
    " -> loss, dW1: D H, db1: H, dW2: H C, db2: C, scores: N C, scores_of_images: N C,"
    " W1_at_start: D H, b1_at_start: H, W2_at_start: H C, b2_at_start: C,"
    " reg_by_default, scale_by_default, gradients_given: 4 bool",
    points=5,
    inside=True,
    given={"seed": draws.seed},
    cases=[
        case("strong regularisation", reg=2.5),
        case("no regularisation", reg=0.0),
        case("one example", sizes={"N": 1}),
        case("two classes and one hidden unit", sizes={"C": 2, "H": 1}),
        case("many examples", sizes={"N": 40}),
    ],
    words={
        **params_in_words(*TWO_LAYERS),
        "scores_of_images": "the scores of images",
        "scale_by_default": "the largest entry of W1 at the start, with the default settings",
    },
    entries={"gradients_given": given_in_words(*TWO_LAYERS)},
    checks=[
        Dimensions(0.25),
        ...,
        Reference(0.75, ("scores", "scores_of_images", "loss"), title="Right scores and loss"),
        gradient_of_loss(TWO_LAYERS, 0.75),
        Reference(0.75, (*gradients(TWO_LAYERS), "gradients_given"), title="Right gradients"),
        ...,
        Reference(0.5, (*AT_START, "reg_by_default", "scale_by_default"), title="Right start"),
        Vectorised("N", 0.5),
    ],
)
def TwoLayerNet(student, X, y, reg, weight_scale, seed, **params):
    """As it starts, then with parameters of its owner's choice."""
    (D, H), C, N = params["W1"].shape, len(params["b2"]), len(X)
    model = student.TwoLayerNet(D, H, C, weight_scale, reg, np.random.default_rng(seed))
    usual = student.TwoLayerNet(D, H, C, rng=np.random.default_rng(seed))
    start = {f"{name}_at_start": np.array(model.params[name]) for name in TWO_LAYERS}
    model.params.update(params)
    scores = model.loss(X)
    loss, grads = model.loss(X, y)
    return {
        **{"loss": loss, **gradients_in(grads, params)},
        **{"scores": scores, "scores_of_images": model.loss(X.reshape(N, D, 1))},
        **start,
        "reg_by_default": usual.reg,
        "scale_by_default": np.max(np.abs(usual.params["W1"])),
        "gradients_given": np.array([name in grads for name in params]),
    }


@property_of(TwoLayerNet, "Two layers, one fold", 0.5)
def folds_once(ask):
    """Without biases: turning W2 around turns the scores around, turning X around does not."""
    inputs, _ = ask()
    inputs |= {"b1": 0 * inputs["b1"], "b2": 0 * inputs["b2"]}
    turned = [{**inputs, name: -inputs[name]} for name in ("W2", "X")]
    out, other_W2, other_X = ask.all([inputs, *turned])
    if not close(other_W2["scores"], -out["scores"]):
        return "without biases -W2 must give the negative of all scores: nothing comes after the last affine layer."
    if close(other_X["scores"], -out["scores"]):
        return "without biases -X gives the negative of all scores: your two layers are one, nothing between them folds."


@property_of(TwoLayerNet, "log C at the start", 0.25)
def starts_at_log_c(ask):
    """Tiny weights make equal scores, and equal scores a loss of log C."""
    inputs = ask.draw()
    _, out = ask(inputs, reg=0.0, **{name: 1e-6 * inputs[name] for name in TWO_LAYERS})
    wanted = np.log(inputs["W2"].shape[1])
    if not close(out["loss"], wanted, 1e-3):
        return f"with tiny weights all scores are equal and the loss must be log C = {wanted:.4g}, not {out['loss']:.4g}."


@property_of(TwoLayerNet, "Only weights pay", 0.5)
def only_two_weights_pay(ask):
    only_weights_are_regularised(ask, TWO_LAYERS)


property_of(TwoLayerNet, "A small start", 0.25)(starts_small(*TWO_LAYERS))


# --- as many layers as you like -----------------------------------------------------------------

NORMS = ("gamma1", "beta1", "gamma2", "beta2")
AFFINES = ("W1", "b1", "W2", "b2", "W3", "b3")
DEEP = ("W1", "b1", "gamma1", "beta1", "W2", "b2", "gamma2", "beta2", "W3", "b3")


@exercise(
    "X: N D, y: N int<C, W1: D H, b1: H, gamma1: H, beta1: H, W2: H K, b2: K, gamma2: K, beta2: K,"
    " W3: K C, b3: C, reg, p_keep, seed: int, batchnorm: bool"
    " -> loss, dW1: D H, db1: H, dgamma1: H, dbeta1: H, dW2: H K, db2: K, dgamma2: K, dbeta2: K,"
    " dW3: K C, db3: C, scores: N C, scores_of_one: 1 C, deeper_loss, deeper_scores: N C,"
    " no_hidden_scores: N C, names_right: 3 bool, gradients_given: 10 bool, varies_without_seed: bool",
    points=5,
    inside=True,
    given={
        "y": draws.every_class("C"),
        "reg": draws.number(0.05, 0.2),
        "p_keep": draws.always(1.0),
        "seed": draws.seed,
        "batchnorm": draws.always(False),
        "gamma1": draws.uniform(0.5, 1.5, "H"),
        "gamma2": draws.uniform(0.5, 1.5, "K"),
    },
    sizes={"N": (10, 14), "C": (3, 5)},
    cases=[
        case("with batch normalisation", batchnorm=True),
        case("with dropout", p_keep=0.7),
        case("with both", batchnorm=True, p_keep=0.7),
        case("strong regularisation", reg=2.5),
    ],
    words={
        **params_in_words(*DEEP),
        "scores_of_one": "the scores of one example alone",
        "deeper_loss": "the loss of a network with a layer more",
        "deeper_scores": "the scores of a network with a layer more",
        "no_hidden_scores": "the scores of a network without hidden layers",
        "names_right": "whether params has the right names",
        "varies_without_seed": "whether two calls without a dropout_seed drop different units",
    },
    entries={
        "gradients_given": given_in_words(*DEEP),
        "names_right": [
            f"whether params of {hidden} hidden layers has the right names" for hidden in (2, 3, 0)
        ],
    },
    checks=[
        Dimensions(0.5),
        gradient_of_loss(AFFINES, 0.75),
        gradient_of_loss(NORMS, 0.5),
        ...,
        Reference(1),
        Vectorised("N", 0.5, sizes=(12, 29)),
    ],
)
def FullyConnectedNet(student, X, y, reg, p_keep, seed, batchnorm, **given):
    """Two hidden layers with parameters of their owner's choice; three and none as they start."""
    (D, H), (K, C) = given["W1"].shape, given["W3"].shape
    options = {
        **{"input_dim": D, "num_classes": C},
        **{"batchnorm": batchnorm, "p_keep": p_keep, "reg": reg},
    }

    def made(hidden_dims, **more):
        settings = {**options, "weight_scale": 0.4, "rng": np.random.default_rng(seed), **more}
        return student.FullyConnectedNet(hidden_dims, **settings)

    model = made([H, K], dropout_seed=seed)
    params, norms = ({name: given[name] for name in names} for names in (AFFINES, NORMS))
    params |= norms if batchnorm else {}
    model.params.update(params)
    loss, grads = model.loss(X, y)
    # after training once, so that running averages show
    scores, scores_of_one = model.loss(X), model.loss(X[:1])

    deeper, without = made([K, H, K], dropout_seed=seed), made([])
    deeper_loss = deeper.loss(X, y)[0]
    unseeded = made([40], p_keep=0.5)
    hidden = ((2, model), (3, deeper), (0, without))
    return {
        "loss": loss,
        # for lack of a layer
        **{f"d{name}": np.zeros(len(value)) for name, value in norms.items()},
        **{name: settled(grad) for name, grad in gradients_in(grads, params).items()},
        **{"scores": scores, "scores_of_one": scores_of_one, "no_hidden_scores": without.loss(X)},
        **{"deeper_loss": deeper_loss, "deeper_scores": deeper.loss(X)},
        "names_right": np.array([set(one.params) == names_of(n, batchnorm) for n, one in hidden]),
        "gradients_given": np.array([name in grads or name not in params for name in DEEP]),
        "varies_without_seed": unseeded.loss(X, y)[0] != unseeded.loss(X, y)[0],
    }


def settled(grad):
    """With 0 for what is 0 but for rounding: that of a bias before batch normalisation."""
    return grad if isinstance(grad, Absent) else np.where(np.abs(grad) < 1e-12, 0.0, grad)


def names_of(hidden, batchnorm):
    """The parameters of a network with so many hidden layers."""
    names = {f"{kind}{k}" for kind in ("W", "b") for k in range(1, hidden + 2)}
    norms = {f"{kind}{k}" for kind in ("gamma", "beta") for k in range(1, hidden + 1)}
    return names | norms if batchnorm else names


@property_of(FullyConnectedNet, "A step downhill keeps its promise", 0.5)
def learns_with_everything_on(ask):
    """The loss along the negative gradient must fall, by about as much as the gradient promises."""
    inputs, out = ask(batchnorm=True, p_keep=0.8)
    total = sum(np.sum(out[name] ** 2) for name in gradients(DEEP))
    step = 1e-5 / max(np.sqrt(total), 1e-12)
    _, after = ask(inputs, **{name: inputs[name] - step * out[f"d{name}"] for name in DEEP})
    fall, promised = out["loss"] - after["loss"], step * total
    if not abs(fall - promised) < 0.02 * promised:
        return (
            "your gradients promise that a small step downhill lowers the loss by "
            f"{promised:.3g}; it falls by {fall:.3g}."
        )


def all_awake(inputs):
    """The inputs with numbers above 0 up to the last layer: every unit passes something on."""
    return {**inputs, **{name: np.abs(inputs[name]) for name in ("X", "W1", "b1", "W2", "b2")}}


@property_of(FullyConnectedNet, "Scores are not left to chance", 0.5)
def nothing_left_to_chance(ask):
    """Scores come out of a network that drops nothing, and examples do not know of each other."""
    inputs = all_awake(ask.draw(batchnorm=False, p_keep=0.5))
    out, other = ask.all([inputs, {**inputs, "seed": int(inputs["seed"]) + 1}])
    alike = np.broadcast_to(out["scores"][:1], out["scores"].shape)
    must(not close(out["scores"], alike), "the scores are the same for every example.")
    if not close(out["scores"], other["scores"]):
        return "without y the network runs in test mode: its scores must not depend on which units dropout would take."
    if not out["varies_without_seed"]:
        return "without a dropout_seed two calls in training drop the same units."
    _, out = ask(batchnorm=True)
    if not close(out["scores"][:1], out["scores_of_one"]):
        return "without y the network runs in test mode: an example's scores must not depend on the rest of the batch."


@property_of(FullyConnectedNet, "Built as asked", 0.5)
def built_as_asked(ask):
    """The parameters by their names, and scores that are affine and nothing else."""
    for batchnorm in (False, True):
        inputs, out = ask(batchnorm=batchnorm)
        for hidden, right in zip((2, 3, 0), out["names_right"], strict=True):
            names = ", ".join(sorted(names_of(hidden, batchnorm)))
            if not right:
                return f"with {hidden} hidden layers and batchnorm={batchnorm} the names of params must be {names}."
        given = zip(DEEP, out["gradients_given"], strict=True)
        missing = ", ".join(name for name, there in given if not there)
        must(not missing, f"grads lacks {missing}.")
    inputs = all_awake({**inputs, "batchnorm": False, "b3": 0 * inputs["b3"]})
    out, other = ask.all([inputs, {**inputs, "W3": -inputs["W3"]}])
    must(out["scores"].any(), "the scores are 0, whatever the last layer is given.")
    if not close(other["scores"], -out["scores"]):
        return "with b3 = 0, -W3 must give the negative of all scores: nothing comes after the last affine layer."


@property_of(FullyConnectedNet, "Only weights pay", 0.25)
def only_deep_weights_pay(ask):
    only_weights_are_regularised(ask, DEEP, batchnorm=True)
