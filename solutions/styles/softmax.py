"""The softmax assignment once more: ratios of exponentials, gradients staged through every intermediate value, recursion.

Right and legitimate, if unusual: infinite terms that are meant to vanish, results as Python numbers and as 0-d arrays,
outputs that lie in memory column by column, a config and its arrays changed in place.
"""

import math
from itertools import count
from typing import Any

import numpy as np
import torch

# --- probabilities ----------------------------------------------------------------------------------------------------


def softmax(s):
    """Without a shift: 1 over the sum of exp(s[k] - s[j]), where a rival far ahead makes the sum infinite and p 0."""
    with np.errstate(over="ignore"):
        return 1.0 / np.exp(s[:, np.newaxis, :] - s[:, :, np.newaxis]).sum(axis=-1)


def logsumexp(x, axis):
    """Slice by slice, in plain Python."""

    def of_one(values):
        top = max(values)
        if math.isinf(top):
            return top
        return top + math.log(math.fsum(math.exp(value - top) for value in values))

    return np.apply_along_axis(of_one, axis, x)


def log_softmax(x):
    """Minus the logarithm of 1 / p, which is a sum of positive terms."""
    apart = x[:, None] - x[..., None]  # (N, C, C): how far k is ahead of j
    return -np.logaddexp.reduce(apart, axis=2)


# --- the cross-entropy loss -------------------------------------------------------------------------------------------


def softmax_loss_naive(W, X, y, reg):
    """One example after the other, and back through each step of its loss, the largest score included."""
    D, C = W.shape
    loss, dW = 0.0, reg * 2 * W
    for x, label in zip(X, y, strict=True):
        scores = [float(sum(x[d] * W[d, c] for d in range(D))) for c in range(C)]
        best = max(range(C), key=lambda c: scores[c])
        shifted = [score - scores[best] for score in scores]
        terms = [math.exp(value) for value in shifted]
        total = sum(terms)
        loss += (math.log(total) - shifted[label]) / len(y)

        dtotal = 1 / len(y) / total
        dshifted = [dtotal * term for term in terms]
        dshifted[label] -= 1 / len(y)
        dscores = list(dshifted)
        dscores[best] -= sum(dshifted)
        dW += x.reshape(-1, 1) * dscores
    for row in W:
        for weight in row:
            loss += reg * weight**2
    return float(loss), dW


def softmax_loss(x, y):
    """By a mask of the true classes; what they lack to certainty comes from expm1."""
    N, C = x.shape
    truth = np.arange(C) == y[:, np.newaxis]
    log_p = log_softmax(x)
    slopes = np.where(truth, np.expm1(log_p), np.exp(log_p))
    return np.asarray(np.where(truth, log_p, 0.0).sum() / -N), slopes / N


def softmax_loss_vectorized(W, X, y, reg):
    """Every stage forwards has its stage backwards."""
    N = y.size
    labels, rows = np.expand_dims(y, 1), np.arange(N)
    scores = np.tensordot(X, W, axes=1)
    best = scores.argmax(axis=1)
    shifted = scores - np.take_along_axis(scores, best[:, None], 1)
    terms = np.exp(shifted)
    totals = np.einsum("nc->n", terms)
    losses = np.log(totals) - np.take_along_axis(shifted, labels, 1).ravel()
    loss = losses.mean() + reg * np.linalg.norm(W) ** 2

    dlosses = np.full(N, 1 / N)
    dtotals = dlosses / totals
    dshifted = terms * dtotals[:, None]
    np.subtract.at(dshifted, (rows, y), dlosses)
    dscores = dshifted.copy()
    np.subtract.at(dscores, (rows, best), dshifted.sum(axis=1))
    dW = np.matmul(dscores.T, X).T
    dW += reg * 2.0 * W
    return loss, dW


def softmax_jacobian(s):
    """The quotient rule: numerator exp(s[j]), denominator their sum."""
    terms = np.exp(s - max(s.max(), -math.inf))
    total = terms.sum()
    J = np.multiply.outer(terms, -terms)
    J.flat[:: len(s) + 1] += terms * total
    J /= total**2
    return J.T


def softmax_vjp(dout, s):
    """Back through the quotient: numerators first, then the denominator that they share."""
    terms = np.exp(s - np.amax(s, 1)[:, None])
    totals = terms.sum(1)[:, None]
    dterms = dout / totals
    dtotals = np.einsum("ij,ij->i", dout, terms)[:, None] / -np.square(totals)
    dterms += dtotals
    dterms *= terms
    return dterms


# --- before training, and the first training --------------------------------------------------------------------------


def expected_initial_loss(C, kind="softmax"):
    """In Python's own numbers, whole ones included."""
    match kind:
        case "softmax":
            return math.log(C)
        case "hinge":
            return C - 1
        case _:
            raise ValueError("softmax or hinge?")


def initial_loss_ok(loss_fn, W, X, y, reg=1.0, tol=0.1):
    """The regularisation by its name; NumPy's bools."""
    start, _ = loss_fn(W, X, y, reg=0.0)
    regularised, _ = loss_fn(W, X, y, reg=reg)
    return np.less(np.abs(start - expected_initial_loss(C=W.shape[1])), tol), np.greater(
        regularised, start
    )


class Softmax:
    """Weights that are moved in place."""

    W: Any = None

    def __init__(self):
        """Start untrained."""

    def loss(self, X, y, reg):
        """The loss to train on."""
        return softmax_loss_vectorized(self.W, X, y, reg)

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, rng=None):
        """The losses come from a generator of steps."""
        if rng is None:
            rng = np.random.default_rng()
        if self.W is None:
            self.W = rng.standard_normal((len(X.T), len(set(range(max(y) + 1))))) / 1000

        def steps():
            for _ in range(num_iters):
                batch = rng.choice(len(y), size=batch_size)
                loss, dW = self.loss(X[batch, :], y[batch], reg)
                self.W -= learning_rate * dW
                yield loss

        return list(steps())

    def probabilities(self, X):
        """Class by class: every column of scores against all the others."""
        scores = np.matmul(X, self.W)
        with np.errstate(over="ignore"):
            return np.stack(
                [1 / np.exp(scores - one[:, None]).sum(axis=1) for one in scores.T], axis=1
            )

    def predict(self, X):
        """By sorting the probabilities."""
        return np.argsort(self.probabilities(X), axis=1)[:, -1]


def label_smoothing_loss(x, y, eps):
    """Two losses mixed: of the labels as they are, and of every class in turn for all examples."""
    loss, dx = softmax_loss(x, y)
    loss, dx = (1 - eps) * loss, (1 - eps) * dx
    C = x.shape[1]
    for label in range(C):
        of_label, slopes = softmax_loss(x, np.repeat(label, len(y)))
        loss = loss + eps / C * of_label
        dx = dx + eps / C * slopes
    return float(loss), dx


def overfit_small(loss_fn, X, y, num_examples=20, learning_rate=0.1, num_iters=200, rng=None):
    """In place, with the history filled by an iterator."""
    rng = rng if rng is not None else np.random.default_rng()
    chosen = rng.choice(y.shape[0], size=num_examples, replace=False)
    mine, labels = X.take(chosen, axis=0), y.take(chosen)
    W = rng.normal(size=(X.shape[1], int(np.max(y)) + 1))
    W /= 1e3

    def one_step():
        nonlocal W
        loss, dW = loss_fn(W, mine, labels, reg=0.0)
        W -= np.multiply(dW, learning_rate)
        return loss

    history = np.fromiter((one_step() for _ in range(num_iters)), dtype=np.float64)
    guesses = [int(np.argmax(x @ W)) for x in mine]
    return history, sum(
        guess == label for guess, label in zip(guesses, labels, strict=True)
    ) / num_examples


# --- update rules -----------------------------------------------------------------------------------------------------


def sgd(w, dw, config=None):
    """One dict, filled in place."""
    if config is None:
        config = {}
    config.setdefault("learning_rate", 1e-2)
    next_w = w.copy()
    next_w -= config["learning_rate"] * dw
    return next_w, config


def sgd_momentum(w, dw, config=None):
    """One dict and one array of velocities, both changed in place."""
    config = {} if config is None else config
    config.setdefault("learning_rate", 1e-2)
    velocity = config.setdefault("velocity", np.zeros_like(w))
    velocity *= config.setdefault("momentum", 0.9)
    velocity -= config["learning_rate"] * dw
    return np.add(w, velocity), config


def rmsprop(w, dw, config=None):
    """The cache as a weighted average of what it was and the news."""
    known = {} if config is None else config
    rate, decay = known.get("learning_rate", 1e-2), known.get("decay_rate", 0.99)
    eps = known.get("epsilon", 1e-8)
    old = known.get("cache")
    old = np.zeros(np.shape(w)) if old is None else old
    cache = np.average(np.stack([old, dw**2]), axis=0, weights=[decay, 1 - decay])
    speed = rate * np.reciprocal(np.sqrt(cache) + eps)
    return w - speed * dw, dict(learning_rate=rate, decay_rate=decay, epsilon=eps, cache=cache)


def adam(w, dw, config=None):
    """As torch does it: the step size takes one correction, the denominator the other."""
    config = config if config is not None else dict()
    for name, value in dict(learning_rate=1e-3, beta1=0.9, beta2=0.999, epsilon=1e-8, t=0).items():
        config.setdefault(name, value)
    for name in "mv":
        config.setdefault(name, np.zeros(w.shape, w.dtype))
    config["t"] += 1
    config["m"] = config["m"] + (dw - config["m"]) * (1 - config["beta1"])
    config["v"] = config["v"] + (np.square(dw) - config["v"]) * (1 - config["beta2"])
    step_size = config["learning_rate"] / -math.expm1(config["t"] * math.log(config["beta1"]))
    denominator = np.sqrt(config["v"])
    denominator /= math.sqrt(1 - config["beta2"] ** config["t"])
    denominator += config["epsilon"]
    return w - step_size * config["m"] / denominator, config


def adamw(w, dw, config=None):
    """The weights shrink first, as in torch; Adam's move, the same anywhere, comes from zero."""
    settings = {"weight_decay": 0.01, "learning_rate": 0.001} | (config or {})
    keep = 1 - settings["learning_rate"] * settings["weight_decay"]
    move, settings = adam(np.zeros(w.shape), dw, settings)
    next_w = w.copy()
    next_w *= keep
    next_w += move
    return next_w, settings


# --- watching training ------------------------------------------------------------------------------------------------


def update_ratio(w, update):
    """Pythagoras in as many dimensions as there are weights."""
    return math.hypot(*update.ravel()) / math.hypot(*w.ravel())


def train_with_monitor(loss_fn, W, X, y, update_rule, config, num_iters, batch_size=200, rng=None):
    """Everything a step leaves is kept, and measured after training."""
    rng = np.random.default_rng() if rng is None else rng
    visited, gradients, losses = [W.copy()], [], []
    for _ in range(num_iters):
        batch = rng.choice(y.shape[0], batch_size, replace=True)
        loss, dW = loss_fn(visited[-1], X[batch], y[batch])
        following, config = update_rule(visited[-1], dW, config)
        visited.append(following)
        gradients.append(dW)
        losses.append(loss)
    path = np.stack(visited)
    lengths = np.sqrt(np.einsum("tdc,tdc->t", path[:-1], path[:-1]))
    moves = np.linalg.norm(path[1:] - path[:-1], axis=(1, 2))
    return path[-1], {
        "update_ratio": moves / lengths,
        "grad_norm": np.linalg.norm(np.stack(gradients), axis=(1, 2)),
        "loss": np.array(losses),
    }


def diagnose_lr(history, warmup=100, low=1e-4, high=3e-2):
    """The geometric mean as a product of roots, step by step."""
    steps = [*zip(history["loss"][warmup:], history["update_ratio"][warmup:], strict=True)]
    if not steps:
        raise ValueError("the warm-up is as long as the record")
    typical = 1.0
    for loss, ratio in steps:
        if not (math.isfinite(loss) and math.isfinite(ratio)):
            return "high"
        typical *= ratio ** (1 / len(steps))
    if low <= typical <= high:
        return "ok"
    return ["low", "high"][int(typical > high)]


def warmup_cosine_decay(step, peak, warmup_steps, total_steps, end=0.0):
    """The whole plan as a list, of which one entry is read; a cosine of half the angle, squared."""
    falling = total_steps - warmup_steps
    plan = [float(rate) for rate in np.linspace(0, peak, warmup_steps + 1)[1:]]
    plan += [
        peak * math.cos(k * math.pi / (2 * falling)) ** 2
        + end * math.sin(k * math.pi / (2 * falling)) ** 2
        for k in range(falling)
    ]
    return plan[step] if step < total_steps else end


# --- second order -----------------------------------------------------------------------------------------------------


def newton_step(grad, H):
    """By the inverse, needed or not."""
    return np.linalg.inv(H).dot(np.negative(grad))


def newton_counterexample():
    """A saddle with no curvature along the axes at all; whole numbers."""
    return [1, -1], [[0, 1], [1, 0]]


def hessian_bytes(n, dtype="float32"):
    """Row after row."""
    row = np.finfo(dtype).bits // 8 * n
    return row * n


def lbfgs_direction(grad, S, Y):
    """The two loops as one recursion: down to the oldest pair, and up again."""
    upward = np.einsum("mn,mn->m", S, Y) > 0
    S, Y = S[upward], Y[upward]

    def inverse_hessian_times(q, newest):
        if newest < 0:
            return q * np.vdot(S[-1], Y[-1]) / np.vdot(Y[-1], Y[-1])
        s, y = S[newest], Y[newest]
        a = s.dot(q) / s.dot(y)
        r = inverse_hessian_times(q - a * y, newest - 1)
        return r + (a - y.dot(r) / s.dot(y)) * s

    return np.negative(inverse_hessian_times(grad, len(S) - 1) if len(S) else grad)


# --- averages ---------------------------------------------------------------------------------------------------------


def ema_update(x_test, x, decay=0.995):
    """In place, on a copy."""
    average = np.array(x_test)
    average *= decay
    average += x * (1 - decay)
    return average


def ema_corrected(x_test, t, decay=0.995):
    """1 - decay**t without its rounding error."""
    return np.divide(x_test, -np.expm1(t * np.log(decay)))


def ema_memory(decay):
    """The mean age, the newest value's being 1, summed until nothing is added; the half-life from log1p."""
    age, weight = 0.0, 1 - decay
    for k in count(1):
        if k * weight < 1e-18 * age:
            break
        age += k * weight
        weight *= decay
    return age, math.log(2) / -math.log1p(decay - 1)


def average_predictions(probabilities):
    """All models in one array."""
    return np.einsum("mnc->nc", np.array(probabilities)) / len(probabilities)


def average_weights(params):
    """Columns of a table: one row for each checkpoint, one column for each name."""
    table = zip(*(tuple(one[name] for name in params[0]) for one in params), strict=True)
    return {
        name: np.stack(values, axis=-1).mean(axis=-1)
        for name, values in zip(params[0], table, strict=True)
    }


def notes_errata():
    """Each claim with its verdict."""
    return dict(a=True, b=True, c=False, d=True, e=False, f=False, g=True, h=False, i=False)


def softmax_regression_torch(
    X, y, num_classes, steps, batch_size, learning_rate, reg, seed, device, precision="float32"
):
    """A module and an optimiser, each as torch has it; the weights stand in rows until the end."""
    X, y = torch.tensor(X), torch.tensor(y)
    model = torch.nn.Linear(X.size(1), num_classes, dtype=X.dtype, device=device)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    # the gradient of reg * sum(w**2) is 2 * reg * w: a decay of the weights, not of the bias
    groups = [{"params": [model.weight], "weight_decay": 2 * reg}, {"params": [model.bias]}]
    optimiser = torch.optim.SGD(groups, lr=learning_rate)
    drawn = torch.randint(
        len(y), (steps, batch_size), generator=torch.Generator().manual_seed(seed)
    )
    losses = []
    for inputs, labels in zip(X[drawn].to(device), y[drawn].to(device), strict=True):
        with torch.autocast(device.type, enabled=precision != "float32", dtype=torch.bfloat16):
            surprise = torch.nn.CrossEntropyLoss()(model(inputs), labels)
        optimiser.zero_grad()
        surprise.backward()
        losses.append((surprise + reg * model.weight.square().sum()).detach())
        optimiser.step()
    return model.weight.detach().t(), model.bias.detach(), torch.stack(losses)
