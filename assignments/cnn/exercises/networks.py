"""In NumPy: a residual block, and a whole network with its gradients."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, close
from coursekit.exercises.params import given_in_words, gradients_in, params_in_words, starts_small

from .shared import digit_images


def slopes_of(params):
    """The dimensions of dw, db, ... for those of w, b, ..."""
    return {f"d{name}": dims for name, dims in params.items()}


# --- a residual block ---------------------------------------------------------------------------


def block_image(rng, sizes):
    """An image of which 3 x 3 filters with padding 1 make (Ho, Wo)."""
    S, spare = sizes.get("S", 1), sizes.get("spare", 0)
    H, W = ((sizes[out] - 1) * S + 1 + spare for out in ("Ho", "Wo"))
    return rng.standard_normal((sizes["N"], sizes["C"], H, W))


def block_gradient(out, claimed, params, upstream, called=""):
    """The check of x's gradient and of those of all parameters."""
    return Gradient(out, ("x", *params), claimed, upstream, share=0.75, called=called)


PROJECTED = {"w1": "F C 3 3", "b1": "F", "w2": "F F 3 3", "b2": "F", "ws": "F C 1 1"}
PLAIN = {"v1": "C C 3 3", "c1": "C", "v2": "C C 3 3", "c2": "C"}


@exercise(
    inputs={
        **{"x": "N C any any", **PROJECTED, "stride": "int", "dout": "N F Ho Wo"},
        **{**PLAIN, "dplain": "N C any any"},
    },
    outputs={
        **{"out": "N F Ho Wo", "dx": "N C any any", **slopes_of(PROJECTED)},
        **{"plain": "N C any any", "plain_dx": "N C any any", **slopes_of(PLAIN)},
        "no_dws": "bool",
    },
    points=5,
    answers=("residual_block_forward", "residual_block_backward"),
    given={
        **{"x": block_image, "stride": draws.size("S", 1), "dplain": block_image},
        "w2": draws.normal("F", "F", 3, 3, scale=0.4),
        "v2": draws.normal("C", "C", 3, 3, scale=0.4),
    },
    sizes={"N": (2, 3), "C": (2, 4), "F": (2, 5), "Ho": (3, 6), "Wo": (3, 7)},
    cases=[
        case("stride 2", sizes={"S": 2}),
        case("stride 2, even sizes", sizes={"S": 2, "spare": 1}),
        case("one example", sizes={"N": 1}),
    ],
    words={
        "plain": "out without ws",
        "plain_dx": "dx without ws",
        "dplain": "dout without ws",
        **{
            f"{d}{name}": f"{d}{like} without ws"
            for name, like in zip(PLAIN, PROJECTED, strict=False)
            for d in ("", "d")
        },
        "no_dws": "whether dws is None without ws",
    },
    checks=[
        Dimensions(0.5),
        ...,
        block_gradient("out", ("dx", *slopes_of(PROJECTED)), PROJECTED, "dout"),
        block_gradient("plain", ("plain_dx", *slopes_of(PLAIN)), PLAIN, "dplain", "without ws"),
        Reference(2),
    ],
)
def residual_block(student, x, w1, b1, w2, b2, ws, stride, dout, v1, c1, v2, c2, dplain):
    """A block that changes the number of channels, and one that does not: forward and back."""
    out, cache = student.residual_block_forward(x, w1, b1, w2, b2, ws, stride)
    dx, dw1, db1, dw2, db2, dws = student.residual_block_backward(dout, cache)
    plain, cache = student.residual_block_forward(x, v1, c1, v2, c2)
    plain_dx, dv1, dc1, dv2, dc2, nothing = student.residual_block_backward(dplain, cache)
    return {
        **{"out": out, "dx": dx, "dw1": dw1, "db1": db1, "dw2": dw2, "db2": db2, "dws": dws},
        **{"plain": plain, "plain_dx": plain_dx, "dv1": dv1, "dc1": dc1, "dv2": dv2, "dc2": dc2},
        "no_dws": nothing is None,
    }


@property_of(residual_block, "Nothing learned changes nothing", 1)
def nothing_learned_changes_nothing(ask):
    """With weights of zero the block is relu(x), and hands dout back to x wherever x > 0."""
    inputs = ask.draw()
    _, out = ask(inputs, **{name: np.zeros_like(inputs[name]) for name in PLAIN})
    if not close(out["plain"], np.maximum(0, inputs["x"])):
        return (
            "with weights and biases of zero the block must put out relu(x): "
            "what comes in, rectified once."
        )
    if not close(out["plain_dx"], inputs["dplain"] * (inputs["x"] > 0)):
        return "with weights and biases of zero dx must be dout wherever x > 0, and 0 elsewhere."
    must(out["no_dws"], "without a projection there is no dws: return None for it.")


# --- a whole network ----------------------------------------------------------------------------


def behind_pooling(rng, sizes):
    """Weights under which outputs are about as large as the pooled features that come in."""
    features = sizes["F"] * (sizes["A"] // 2) * (sizes["B"] // 2)
    return rng.standard_normal((features, sizes["M"])) / np.sqrt(features)


THREE_LAYERS = {"W1": "F C K K", "b1": "F", "W2": "any M", "b2": "M", "W3": "M L", "b3": "L"}
SLOPES = slopes_of(THREE_LAYERS)
AT_START = {f"{name}_at_start": dims for name, dims in THREE_LAYERS.items()}


@exercise(
    inputs={
        **{"X": "N C A B", "y": "N int<L", **THREE_LAYERS, "reg": "", "weight_scale": ""},
        **{"seed": "int", "learning_rate": "", "num_steps": "int"},
    },
    outputs={
        **{"loss": "", **SLOPES, "scores": "N L", **AT_START},
        **{"reg_by_default": "", "scale_by_default": "", "gradients_given": "6 bool"},
        **{"losses": "any", "accuracy": ""},
    },
    points=5,
    inside=True,
    given={
        **{"y": draws.every_class("L"), "W1": draws.normal("F", "C", "K", "K", scale=0.5)},
        **{"W2": behind_pooling, "W3": draws.scaled("M", "L")},
        **{"seed": draws.seed, "num_steps": draws.whole(1, 3)},
    },
    sizes={
        **{"N": (4, 9), "C": (1, 2), "A": (4, 7), "B": (4, 8)},
        **{"F": (1, 5), "K": (3, 3), "M": (2, 10), "L": (2, 11)},
    },
    cases=[
        case("strong regularisation", reg=2.5),
        case("no regularisation, 5 x 5 filters", sizes={"K": 5}, reg=0.0),
        case("one example", sizes={"N": 1, "L": 4}),
        case("huge scores", sizes={"L": 3, "M": 4}, W3=draws.normal(4, 3, scale=1e5)),
    ],
    words={
        **params_in_words(*THREE_LAYERS),
        "scale_by_default": "the largest entry of W1 at the start, with the default settings",
        "losses": "the losses while it is trained",
        "accuracy": "the accuracy once it is trained",
        "learning_rate": "the learning rate",
        "num_steps": "the number of steps",
    },
    entries={"gradients_given": given_in_words(*THREE_LAYERS)},
    checks=[
        Dimensions(0.5),
        Reference(1, outputs=("scores", "loss"), title="Right scores and loss"),
        Gradient("loss", wrt=tuple(THREE_LAYERS), claimed=tuple(SLOPES), share=1),
        Reference(1, outputs=(*SLOPES, "gradients_given"), title="Right gradients"),
        ...,
        Reference(
            0.25, outputs=(*AT_START, "reg_by_default", "scale_by_default"), title="Right start"
        ),
    ],
)
def ThreeLayerConvNet(student, X, y, reg, weight_scale, seed, learning_rate, num_steps, **params):
    """As it starts, then with parameters of its owner's choice, then some steps of descent."""
    filters, M, L = params["W1"], len(params["b2"]), len(params["b3"])
    sizes = (X.shape[1:], len(filters), filters.shape[2], M, L)
    model = student.ThreeLayerConvNet(*sizes, weight_scale, reg, np.random.default_rng(seed))
    usual = student.ThreeLayerConvNet(*sizes, rng=np.random.default_rng(seed))
    start = {f"{name}_at_start": np.array(model.params[name]) for name in params}
    model.params.update(params)
    scores = model.loss(X)
    loss, grads = model.loss(X, y)
    return {
        **{"loss": loss, "scores": scores, **start, "reg_by_default": usual.reg},
        **gradients_in(grads, params),
        "scale_by_default": np.max(np.abs(usual.params["W1"])),
        "gradients_given": np.array([name in grads for name in params]),
        "losses": descend(model, X, y, learning_rate, num_steps),
        "accuracy": np.mean(np.argmax(model.loss(X), axis=1) == y),
    }


def descend(model, X, y, learning_rate, num_steps):
    """The loss at each step of gradient descent on the whole batch."""
    losses = []
    for _ in range(num_steps):
        loss, grads = model.loss(X, y)
        losses.append(loss)
        steps = {name: learning_rate * grads.get(name, 0.0) for name in model.params}
        model.params = {name: value - steps[name] for name, value in model.params.items()}
    return np.array(losses, dtype=float)


@property_of(ThreeLayerConvNet, "log C at the start", 0.5)
def starts_at_log_c(ask):
    """Tiny weights make equal scores, and equal scores a loss of log C; the penalty adds to it."""
    inputs = ask.draw(reg=0.0)
    _, out = ask(inputs, **{name: 1e-6 * inputs[name] for name in THREE_LAYERS})
    log_c, loss = np.log(inputs["W3"].shape[1]), float(out["loss"])
    near = close(loss, log_c, 1e-3)
    must(near, f"with tiny weights the loss must be log C = {log_c:.4g}, not {loss:.4g}.")
    _, out = ask(inputs)
    _, more = ask(inputs, reg=1.5)
    penalty = 1.5 * sum(np.linalg.norm(inputs[f"W{k}"]) ** 2 for k in (1, 2, 3))
    if not close(more["loss"] - out["loss"], penalty):
        return (
            "the regularisation must add reg times the sum of all squared weights to the loss, "
            "no more and no less."
        )


property_of(ThreeLayerConvNet, "A small start", 0.25)(starts_small(*THREE_LAYERS))


@property_of(ThreeLayerConvNet, "50 digits by heart", 0.5)
def fifty_by_heart(ask):
    """A network that cannot learn them in a hundred and fifty steps has a bug."""
    X, y = digit_images()
    chosen, normal = ask.rng.choice(len(y), 50, replace=False), ask.rng.standard_normal
    _, out = ask(
        **{"X": X[chosen], "y": y[chosen], "reg": 0.0, "learning_rate": 0.15, "num_steps": 150},
        **{"W1": 0.3 * normal((8, 1, 3, 3)), "b1": np.zeros(8)},
        **{"W2": 0.1 * normal((128, 30)), "b2": np.zeros(30)},
        **{"W3": 0.2 * normal((30, 10)), "b3": np.zeros(10)},
    )
    accuracy, loss = float(out["accuracy"]), out["losses"][-1]
    if not (accuracy == 1 and loss < 0.2):
        return (
            "150 steps must teach your network 50 digits by heart; "
            f"it knows {accuracy:.0%} of them, and the loss is {loss:.3g}."
        )
