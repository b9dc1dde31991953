"""The backprop assignment once more: tensordot for matrix products, a graph worked off by counting, layers by recursion.

Right and legitimate, if unusual: gradients that are the upstream array itself, uneven shares at ties, half a slope at
0, dicts and masks for caches, new dicts of parameters, results as NumPy's own bools and integers.
"""

import math
from collections import Counter, defaultdict

import numpy as np
import torch

# --- gates ------------------------------------------------------------------------------------------------------------


def add_forward(x, y):
    """Nothing to remember."""
    return np.add(x, y), {}


def add_backward(dout, cache):
    """The very array that came back, twice."""
    return dout, dout


def mul_forward(x, y):
    """With the two slopes remembered by name."""
    out = x.copy()
    out *= y
    return out, {"dx": y, "dy": x}


def mul_backward(dout, cache):
    """A list of two."""
    return [cache[name] * dout for name in ("dx", "dy")]


def max_forward(x, y):
    """The larger is the mean plus half the distance; which one it was is remembered."""
    return np.fmax(x, y), np.select([x > y, x < y], [1.0, 0.0], default=0.25)


def max_backward(dout, cache):
    """At a tie, a quarter goes to the first."""
    dx = cache * dout
    return dx, dout - dx


# --- a neuron by hand -------------------------------------------------------------------------------------------------


def staged_sigmoid_neuron(w, x):
    """Five stages; the exponent is kept below what overflows."""
    z = sum(w[:2] * x, w[2])
    e = math.exp(min(-z, 300.0))
    return 1.0 / (1.0 + e), dict(w=w, x=x, e=e)


def staged_sigmoid_neuron_backward(df, cache):
    """Back through the quotient, the sum, the exponential and the sign."""
    e = cache["e"]
    d_denominator = -df / (1.0 + e) / (1.0 + e)
    d_exponent = d_denominator * e
    dz = -d_exponent
    return np.array([dz * cache["x"][0], dz * cache["x"][1], dz]), dz * cache["w"][:-1]


# --- an order for the way back ----------------------------------------------------------------------------------------


def topological_sort(out, inputs):
    """From the result down: a node is free when everything that was made from it has been taken."""
    uses, found = Counter(), {out: None}
    waiting = [out]
    while waiting:
        for one in inputs(waiting.pop()):
            uses[one] += 1
            if one not in found:
                found[one] = None
                waiting.append(one)
    taken, free = [], [out]
    while free:
        taken.append(free.pop())
        for one in inputs(taken[-1]):
            uses[one] -= 1
            if not uses[one]:
                free.append(one)
    return taken[::-1]


# --- a graph that differentiates itself -------------------------------------------------------------------------------


class Value:
    """A name for the operation and its operands; the slopes are worked out on the way back."""

    __slots__ = ("data", "exponent", "grad", "op", "operands")

    def __init__(self, data, operands=(), op="", exponent=1.0):
        """A number."""
        self.data, self.operands, self.op, self.exponent = data * 1.0, operands, op, exponent
        self.grad = 0.0

    @staticmethod
    def of(number):
        """A plain number as a Value; a Value as it is."""
        return number if hasattr(number, "operands") else Value(number)

    def __add__(self, other):
        """Sum."""
        other = Value.of(other)
        return Value(self.data + other.data, (self, other), "+")

    def __mul__(self, other):
        """Product."""
        other = Value.of(other)
        return Value(self.data * other.data, (self, other), "*")

    def __pow__(self, exponent):
        """Power."""
        return Value(math.pow(self.data, exponent), (self,), "^", exponent)

    def relu(self):
        """Rectified."""
        return Value(self.data if self.data > 0 else 0, (self,), "relu")

    def exp(self):
        """Exponential."""
        return Value(math.exp(self.data), (self,), "exp")

    def tanh(self):
        """Hyperbolic tangent."""
        return Value(math.tanh(self.data), (self,), "tanh")

    def max(self, other):
        """The larger."""
        other = Value.of(other)
        return Value(sorted([self.data, other.data])[1], (self, other), "max")

    def slopes(self):
        """The local slope for each operand; half of it at the kink of relu, all to the second at a tie of max."""
        values = [operand.data for operand in self.operands]
        match self.op:
            case "+":
                return 1, 1
            case "*":
                return values[1], values[0]
            case "^":
                return (self.exponent * values[0] ** (self.exponent - 1),)
            case "relu":
                return ((np.sign(values[0]) + 1) / 2,)
            case "exp":
                return (self.data,)
            case "tanh":
                return ((1 - self.data) * (1 + self.data),)
            case "max":
                return values[0] > values[1], values[0] <= values[1]
        return ()

    def backward(self):
        """A Value passes on when all of its uses have reported."""
        self.grad, open_uses, found = 0.0, Counter(), [self]
        for node in found:  # grows while it is walked
            for operand in node.operands:
                if operand not in open_uses:
                    operand.grad = 0.0
                    found.append(operand)
                open_uses[operand] += 1
        self.grad, ready = 1.0, [self]
        while ready:
            node = ready.pop()
            for operand, slope in zip(node.operands, node.slopes(), strict=True):
                operand.grad += slope * node.grad
                open_uses[operand] -= 1
                if open_uses[operand] == 0:
                    ready.append(operand)

    __radd__, __rmul__ = __add__, __mul__

    def __neg__(self):
        """Negative."""
        return -1 * self

    def __sub__(self, other):
        """Difference."""
        return self + Value.of(other) * -1

    def __rsub__(self, other):
        """Number - self."""
        return Value.of(other) - self

    def __truediv__(self, other):
        """Quotient."""
        return self * Value.of(other) ** -1

    def __rtruediv__(self, other):
        """Number / self."""
        return Value.of(other) / self


# --- slopes of slopes -------------------------------------------------------------------------------------------------


def grad(output, inputs):
    """Each Value collects from those it was used by, which have their slopes already."""
    users, order = defaultdict(list), topological_sort(output, lambda node: node.operands)
    for node in order:
        for place, operand in enumerate(node.operands):
            users[operand].append((node, place))
    slope_of = {output: Value(1)}
    for node in order[-2::-1]:
        total = Value(0)
        for user, place in users[node]:
            total = slope_of[user] * recorded_slope(user, place) + total
        slope_of[node] = total
    return tuple(slope_of[one] if one in slope_of else Value(0) for one in inputs)


def recorded_slope(user, place):
    """How fast a Value changes with one of its operands: made of Values where that is no constant."""
    own, *other = user.operands[place], *user.operands[:place], *user.operands[place + 1 :]
    match user.op:
        case "*":
            return other[0]
        case "^":
            return own ** (user.exponent - 1) * user.exponent
        case "exp":
            return own.exp()
        case "tanh":
            return (user + 1) * (1 - user)
    return user.slopes()[place] * 1.0


# --- broadcasting -----------------------------------------------------------------------------------------------------


def unbroadcast(grad, shape):
    """By an einsum that names the axes to keep."""
    shape, axes = tuple(shape), list(range(grad.ndim))
    missing = grad.ndim - len(shape)
    kept = [axis for axis in axes[missing:] if shape[axis - missing] == grad.shape[axis]]
    return np.reshape(np.einsum(grad, axes, kept), shape)


def broadcast_add_backward(dout, x_shape, y_shape):
    """Both at once."""
    return list(map(unbroadcast, (dout, dout), (x_shape, y_shape)))


def gate_claims():
    """In NumPy's own bools."""
    return {
        letter: np.bool_(right) for letter, right in zip("abcdef", (1, 0, 0, 1, 0, 1), strict=True)
    }


# --- layers -----------------------------------------------------------------------------------------------------------


def affine_forward(x, w, b):
    """Weights shaped like an example, contracted with every example."""
    shaped = w.reshape(*x.shape[1:], w.shape[-1])
    return np.tensordot(x, shaped, axes=x.ndim - 1) + b, (x, w, b)


def affine_backward(dout, cache):
    """The same contractions, over the other axes."""
    x, w, b = cache
    shaped = w.reshape(x.shape[1:] + b.shape)
    dx = np.tensordot(dout, shaped, axes=(1, x.ndim - 1))
    dw = np.tensordot(x, dout, axes=(0, 0)).reshape(w.shape)
    return dx, dw, np.ones(len(dout)) @ dout


def relu_forward(x):
    """The mean of x and its magnitude."""
    return (x + np.abs(x)) / 2, x


def relu_backward(dout, cache):
    """In place on a copy; half of dout where x is exactly 0."""
    dx = dout.copy(order="F")
    dx[cache < 0] = 0.0
    dx[cache == 0] /= 2
    return dx


def leaky_relu_forward(x, slope=0.01):
    """The slopes are remembered."""
    slopes = np.full(x.shape, slope)
    slopes[x > 0] = 1
    return np.multiply(slopes, x), slopes


def leaky_relu_backward(dout, cache):
    """The slopes times dout."""
    dx = np.copy(dout)
    dx *= cache
    return dx


def softmax_loss(x, y):
    """From how far each class is ahead of each other; the gradient column by column."""
    N, C = x.shape
    log_p = -np.logaddexp.reduce(x[:, np.newaxis, :] - x[:, :, np.newaxis], axis=2)
    loss, columns = 0.0, []
    for c in range(C):
        true = y == c
        loss -= log_p[:, c] @ true
        columns.append((np.exp(log_p[:, c]) - true) / N)
    return float(loss) / N, np.stack(columns, axis=-1)


# --- two layers -------------------------------------------------------------------------------------------------------


class TwoLayerNet:
    """Everything in place, in one method, without the layers above."""

    def __init__(
        self,
        input_dim=3 * 32 * 32,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        rng=None,
    ):
        """Draw the weights."""
        if rng is None:
            rng = np.random.default_rng()
        self.reg, self.params = reg, dict()
        for k, shape in enumerate([(input_dim, hidden_dim), (hidden_dim, num_classes)], start=1):
            self.params[f"W{k}"] = rng.standard_normal(size=shape)
            self.params[f"W{k}"] *= weight_scale
            self.params[f"b{k}"] = np.zeros((shape[1],))

    def loss(self, X, y=None):
        """Scores, or loss and gradients."""
        p, N = self.params, X.shape[0]
        flat = X.reshape((N, p["W1"].shape[0]))
        hidden = np.einsum("nd,dh->nh", flat, p["W1"])
        hidden += p["b1"]
        np.maximum(hidden, 0.0, out=hidden)
        scores = hidden.dot(p["W2"])
        scores += p["b2"]
        if y is None:
            return scores

        loss, back = softmax_loss(scores, y)
        grads = {"b2": np.einsum("nc->c", back), "W2": (back.T @ hidden).T}
        back = back.dot(p["W2"].T)
        back[hidden == 0.0] = 0.0
        grads.update(b1=np.einsum("nh->h", back), W1=(back.T @ flat).T)
        for name in ("W1", "W2"):
            loss += self.reg * np.vdot(p[name], p[name])
            grads[name] += 2.0 * self.reg * p[name]
        return float(loss), grads

    def winners(self, X):
        """Which hidden units are on."""
        return X.reshape(len(X), -1) @ self.params["W1"] + self.params["b1"] > 0

    def reset(self):
        """Nothing is random."""


# --- batch normalisation ----------------------------------------------------------------------------------------------


def batchnorm_forward(x, gamma, beta, bn_param):
    """Every step has its own name."""
    match bn_param["mode"]:
        case "train":
            N = x.shape[0]
            mean = np.ones(N) @ x / N
            centred = x - mean
            var = np.einsum("nd,nd->d", centred, centred) / N
            momentum = bn_param.get("momentum", 0.9)
            for name, now in (("running_mean", mean), ("running_var", var)):
                bn_param[name] = now + momentum * (bn_param.get(name, 0.0) - now)
        case "test":
            centred = x - bn_param.get("running_mean", 0.0)
            var = np.zeros(x.shape[1]) + bn_param.get("running_var", 0.0)
        case other:
            raise ValueError(f"{other} is no mode of batch normalisation")
    std = (var + bn_param.get("eps", 1e-5)) ** 0.5
    return centred * (gamma / std) + beta, (centred, std, gamma)


def batchnorm_backward(dout, cache):
    """Gate by gate: shift, scale, product, inverse, root, mean of squares, square, centring, mean."""
    centred, std, gamma = cache
    N, D = dout.shape
    inverse = 1 / std
    dbeta = dout.sum(0)
    dgamma = (dout * (centred * inverse)).sum(0)
    dxhat = gamma * dout
    dinverse = (dxhat * centred).sum(0)
    dcentred = dxhat * inverse
    droot = -dinverse / std**2
    dvar = 0.5 * droot / std
    dsquares = np.ones((N, D)) * dvar / N
    dcentred += 2 * centred * dsquares
    dmean = -dcentred.sum(0)
    return dcentred + np.ones((N, D)) * dmean / N, dgamma, dbeta


def batchnorm_backward_alt(dout, cache):
    """By each feature's Jacobian, (N, N) numbers for all pairs of examples."""
    centred, std, gamma = cache
    xhat = centred / std
    N = xhat.shape[0]
    pairs = np.eye(N)[..., None] - 1 / N - np.einsum("id,jd->ijd", xhat, xhat) / N
    return (
        np.einsum("ijd,jd,d->id", pairs, dout, gamma / std),
        np.einsum("nd,nd->d", dout, xhat),
        dout.sum(0),
    )


def batchnorm_impostor(dout, x, gamma, eps):
    """Nonsense that happens to vanish for ones."""
    return gamma * dout * (dout - 1)


# --- layer normalisation ----------------------------------------------------------------------------------------------


def layernorm_forward(x, gamma, beta, ln_param):
    """On its side, an example a column."""
    columns = x.T
    centred = columns - columns.mean(0)
    scale = (
        np.einsum("dn,dn->n", centred, centred) / len(columns) + ln_param.get("eps", 1e-5)
    ) ** -0.5
    xhat = (centred * scale).T
    return xhat * gamma + beta, {"xhat": xhat, "gamma": gamma, "scale": scale}


def layernorm_backward(dout, cache):
    """Each example's Jacobian, (D, D) numbers for all pairs of features."""
    xhat, D = cache["xhat"], dout.shape[1]
    pairs = np.eye(D) - 1 / D - np.einsum("nd,ne->nde", xhat, xhat) / D
    dx = np.einsum("nde,ne,e,n->nd", pairs, dout, cache["gamma"], cache["scale"])
    return dx, np.einsum("nd,nd->d", xhat, dout), np.ones(len(dout)) @ dout


# --- dropout ----------------------------------------------------------------------------------------------------------


def dropout_forward(x, dropout_param):
    """A mask of bools, and p_keep beside it; nothing in test."""
    p_keep = dropout_param["p_keep"]
    if p_keep <= 0 or p_keep > 1:
        raise ValueError("there is no such probability of being kept")
    if dropout_param["mode"] == "test":
        return np.array(x), None
    generator = np.random.default_rng(seed=dropout_param.get("seed", None))
    dropped = generator.random(size=x.shape) >= p_keep
    out = x / p_keep
    out[dropped] = 0.0
    return out, (~dropped, p_keep)


def dropout_backward(dout, cache):
    """In test the very array that came back."""
    if cache is None:
        return dout
    kept, p_keep = cache
    return np.divide(dout, p_keep, out=np.zeros_like(dout), where=kept)


# --- as many layers as you like ---------------------------------------------------------------------------------------


class FullyConnectedNet:
    """A layer calls the next one and waits for what comes back from it."""

    def __init__(
        self,
        hidden_dims,
        input_dim=3 * 32 * 32,
        num_classes=10,
        batchnorm=False,
        p_keep=1.0,
        reg=0.0,
        weight_scale=1e-2,
        dropout_seed=None,
        rng=None,
    ):
        """Draw the weights."""
        rng = np.random.default_rng() if rng is None else rng
        self.batchnorm, self.p_keep, self.reg, self.dropout_seed = (
            batchnorm,
            p_keep,
            reg,
            dropout_seed,
        )
        self.depth = len(hidden_dims)
        widths = [input_dim, *hidden_dims, num_classes]
        shapes = [(widths[k], widths[k + 1]) for k in range(self.depth + 1)]
        self.params = {
            f"W{k + 1}": rng.standard_normal(shape) * weight_scale for k, shape in enumerate(shapes)
        }
        self.params.update((f"b{k + 1}", np.zeros(shape[1])) for k, shape in enumerate(shapes))
        if batchnorm:
            self.params.update(
                (f"gamma{k + 1}", np.ones(width)) for k, width in enumerate(hidden_dims)
            )
            self.params.update(
                (f"beta{k + 1}", np.zeros(width)) for k, width in enumerate(hidden_dims)
            )
        self.reset()

    def reset(self):
        """Forget the running averages."""
        self.bn_params = [dict() for _ in range(self.depth)] if self.batchnorm else []

    def loss(self, X, y=None):
        """Scores, or loss and gradients."""
        grads = {}
        result, _ = self._from_layer(1, X, y, grads)
        return result if y is None else (result, grads)

    def _from_layer(self, k, x, y, grads):
        """(scores, None) from layer k on, or the loss from there on and its gradient with respect to x."""
        W, mode = self.params[f"W{k}"], "test" if y is None else "train"
        out, at_affine = affine_forward(x, W, self.params[f"b{k}"])
        if k > self.depth:
            if y is None:
                return out, None
            above, dout = softmax_loss(out, y)
        else:
            at_norm = at_dropout = None
            if self.batchnorm:
                memory = self.bn_params[k - 1]
                memory["mode"] = mode
                out, at_norm = batchnorm_forward(
                    out, self.params[f"gamma{k}"], self.params[f"beta{k}"], memory
                )
            out, at_relu = relu_forward(out)
            if self.p_keep < 1:
                settings = {"mode": mode, "p_keep": self.p_keep}
                if self.dropout_seed is not None:
                    settings["seed"] = self.dropout_seed + k
                out, at_dropout = dropout_forward(out, settings)
            above, dout = self._from_layer(k + 1, out, y, grads)
            if y is None:
                return above, None
            dout = relu_backward(dropout_backward(dout, at_dropout), at_relu)
            if self.batchnorm:
                dout, grads[f"gamma{k}"], grads[f"beta{k}"] = batchnorm_backward(dout, at_norm)
        dx, dW, grads[f"b{k}"] = affine_backward(dout, at_affine)
        grads[f"W{k}"] = dW + self.reg * (W + W)
        return above + self.reg * np.linalg.norm(W) ** 2, dx


# --- training and checking whole models -------------------------------------------------------------------------------


def init_weights(fan_in, fan_out, kind="kaiming", rng=None):
    """Divided by the root of how many terms there are: of the way in, or of both ways' mean."""
    match kind:
        case "xavier":
            terms = (fan_in + fan_out) / 2
        case "kaiming":
            terms = fan_in / 2
        case _:
            raise ValueError("xavier or kaiming?")
    W = (rng or np.random.default_rng()).standard_normal(size=(fan_in, fan_out))
    W /= terms**0.5
    return W


def overfit_small(model, X, y, learning_rate, num_steps):
    """A new dict of parameters at each step."""

    def step():
        loss, grads = model.loss(X, y)
        model.params = {
            name: np.subtract(old, learning_rate * grads[name])
            for name, old in model.params.items()
        }
        return loss

    history = [step() for _ in range(num_steps)]
    guesses = model.loss(X).argmax(1)
    return history, math.fsum(
        guess == label for guess, label in zip(guesses, y, strict=True)
    ) / len(y)


def gradient_check_model(model, X, y, num_checks=10, h=1e-5, rng=None):
    """Parameter by parameter in the model's own dict, which gets its arrays back at the end."""
    rng = rng if rng is not None else np.random.default_rng()
    before, X = dict(model.params), np.asarray(X, dtype=np.float64).copy()
    errors, kinks = {}, np.int64(0)

    def fresh_loss():
        model.reset()
        return model.loss(X, y)

    def either_side(name, k):
        centre = model.params[name]
        for sign in (+1, -1):
            step = np.zeros(centre.size)
            step[k] = sign * h
            model.params[name] = centre + step.reshape(centre.shape)
            yield fresh_loss()[0], np.copy(model.winners(X))
        model.params[name] = centre

    for name in before:
        model.params[name] = before[name].astype("float64")
    try:
        claims = {name: np.copy(claim) for name, claim in fresh_loss()[1].items()}
        for name, value in sorted(before.items()):
            worst = largest_claim = largest_slope = 0.0
            comparable = name in claims and claims[name].shape == value.shape
            for k in rng.integers(value.size, size=num_checks):
                if not comparable:
                    continue
                (above, winners_above), (below, winners_below) = either_side(name, k)
                if np.logical_xor(winners_above, winners_below).any():
                    kinks += 1
                    continue
                slope, claim = (above - below) / 2 / h, claims[name].ravel()[k]
                worst = max(worst, abs(slope - claim))
                largest_claim, largest_slope = (
                    max(largest_claim, abs(claim)),
                    max(largest_slope, abs(slope)),
                )
            errors[name] = (
                worst / max(1e-4, largest_claim + largest_slope) if comparable else math.inf
            )
    finally:
        model.params.update(before)
    return dict(passed=np.max([*errors.values()]) <= 1e-5, kinks=kinks, errors=errors)


def hessian_vector_product(grad_fn, x, v, h=1e-5):
    """With the step in units of v."""
    if not v.any():
        return np.zeros(v.shape)
    part = h / math.sqrt(sum(entry * entry for entry in v.flat))
    ahead, behind = (np.copy(grad_fn(x + sign * part * v)) for sign in (1, -1))
    return (ahead - behind) / part / 2


def gradient_accumulate(loss_fn, X, y, shard_size):
    """Sums over all examples first, one division at the end."""
    sums, total, done = defaultdict(float), 0.0, 0
    while done < len(X):
        upto = min(done + shard_size, len(X))
        loss, grads = loss_fn(X[done:upto], y[done:upto])
        total += (upto - done) * loss
        for name in grads:
            sums[name] += (upto - done) * grads[name]
        done = upto
    for name in sums:
        sums[name] /= done
    return total / done, sums


class HingeLoss(torch.autograd.Function):
    """With a setup_context of its own, one-hot rows, and the loss as a product of slopes and margins."""

    @staticmethod
    def forward(scores, y):
        """The loss alone."""
        _, margins, slopes = _hinge_parts(scores, y)
        return torch.einsum("nc,nc->", margins, slopes) / scores.size(0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        """What goes in is kept as it is."""
        ctx.save_for_backward(*inputs)

    @staticmethod
    def backward(ctx, dloss):  # pyright: ignore[reportIncompatibleMethodOverride]
        """As a matrix product: each violation pushes its class down and the true one up."""
        one_hot, _, slopes = _hinge_parts(*ctx.saved_tensors)
        classes = slopes.size(1)
        pushes = (
            torch.eye(classes, dtype=slopes.dtype, device=slopes.device)[None] - one_hot[:, None]
        )
        return (slopes[:, None] @ pushes).squeeze(1) * (dloss / slopes.size(0)), None


def _hinge_parts(scores, y):
    """One-hot labels, margins, and 1 where one of a wrong class is violated."""
    one_hot = torch.nn.functional.one_hot(y, scores.size(1)).to(scores.dtype)
    margins = scores + 1 - torch.linalg.vecdot(scores, one_hot)[:, None]
    return one_hot, margins, torch.heaviside(margins, torch.zeros_like(margins)) * (1 - one_hot)
