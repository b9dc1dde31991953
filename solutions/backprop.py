"""The backprop assignment's answers, in the notebook's order. Each uses NumPy and the answers above it, nothing else;
the last one uses torch."""

# pyright: reportIncompatibleMethodOverride=false

import numpy as np
import torch


def add_forward(x, y):
    """An add gate: out = x + y, entry by entry.

    Arguments:
        x, y: float arrays of one shape.

    Returns:
        out: float array of that shape.
        cache: whatever add_backward needs (it may be None).

    x and y are not changed.
    """
    return x + y, None


def add_backward(dout, cache):
    """The backward pass of the add gate: from the gradient of some loss at its output to those at its inputs.

    Arguments:
        dout: float array, d loss / d out, of out's shape.
        cache: what add_forward returned.

    Returns:
        dx, dy: float arrays of dout's shape, d loss / d x and d loss / d y.

    dout is not changed. Source: CS231n, "Backpropagation" (patterns in backward flow).
    """
    return dout.copy(), dout.copy()


def mul_forward(x, y):
    """A multiply gate: out = x * y, entry by entry.

    Arguments:
        x, y: float arrays of one shape.

    Returns:
        out: float array of that shape.
        cache: whatever mul_backward needs.

    x and y are not changed.
    """
    return x * y, (x, y)


def mul_backward(dout, cache):
    """The backward pass of the multiply gate.

    Arguments:
        dout: float array, d loss / d out.
        cache: what mul_forward returned.

    Returns:
        dx, dy: float arrays of dout's shape, d loss / d x and d loss / d y. Inputs may be 0: that is no special case.

    dout is not changed. Source: CS231n, "Backpropagation" (patterns in backward flow).
    """
    x, y = cache
    return y * dout, x * dout


def max_forward(x, y):
    """A max gate: out = max(x, y), entry by entry.

    Arguments:
        x, y: float arrays of one shape.

    Returns:
        out: float array of that shape.
        cache: whatever max_backward needs.

    x and y are not changed.
    """
    return np.maximum(x, y), (x, y)


def max_backward(dout, cache):
    """The backward pass of the max gate.

    Arguments:
        dout: float array, d loss / d out.
        cache: what max_forward returned.

    Returns:
        dx, dy: float arrays of dout's shape, d loss / d x and d loss / d y. Where x and y are equal, dout may be shared
            between them in any way, all of it to one of them included, as long as no share is negative and the two
            shares add up to dout.

    dout is not changed. Source: CS231n, "Backpropagation" (patterns in backward flow).
    """
    x, y = cache
    x_wins = x >= y
    return dout * x_wins, dout * ~x_wins


def staged_sigmoid_neuron(w, x):
    """A neuron with two inputs and a bias, in stages small enough to differentiate at sight.

        z = w[0] * x[0] + w[1] * x[1] + w[2],      f = 1 / (1 + exp(-z))

    Arguments:
        w: (3,) float, two weights and the bias.
        x: (2,) float, the inputs.

    Returns:
        f: a number in [0, 1].
        cache: whatever staged_sigmoid_neuron_backward needs.

    z may be as large as +-1e4: f is then 0 or 1 to the last digit, never nan. w and x are not changed.
    Source: CS231n, "Backpropagation" (the neuron with w = (2, -3, -3) and x = (-1, -2)).
    """
    z = w[0] * x[0] + w[1] * x[1] + w[2]
    with np.errstate(over="ignore"):  # exp(1e4) is inf, and 1 / (1 + inf) the right 0
        f = 1 / (1 + np.exp(-z))
    return f, (w, x, f)


def staged_sigmoid_neuron_backward(df, cache):
    """The backward pass of the neuron, stage by stage.

    Arguments:
        df: float, d loss / d f.
        cache: what staged_sigmoid_neuron returned.

    Returns:
        dw: (3,) float, d loss / d w.
        dx: (2,) float, d loss / d x.

    Finite for every z, however large: a saturated neuron has gradient 0.
    Source: CS231n, "Backpropagation" (modularity: the sigmoid example).
    """
    w, x, f = cache
    dz = f * (1 - f) * df
    return dz * np.array([x[0], x[1], 1.0]), dz * np.array([w[0], w[1]])


def topological_sort(out, inputs):
    """An order of a graph in which every node comes after its inputs.

    Arguments:
        out: a node, the result. Nodes are whatever can be put in a set: strings, numbers, objects.
        inputs: a function; inputs(node) is a list or tuple of the nodes that this one was made from, empty for one that
            was not computed. A node that was used twice stands in it twice.

    Returns:
        order: list of out and of every node that it was made from, near or far: each once, and after all of its inputs,
            so that out comes last. Where several orders are right, any of them.

    The graph has no circle, but it may be large: a chain of 10 000 nodes, each made from the one before, is far deeper
    than Python lets functions call themselves (about 1000 times). And it may have many more paths than nodes: call
    inputs a few times for each node, not once for each path. Source: Cormen, Leiserson, Rivest and Stein,
    "Introduction to Algorithms" (topological sort); CS231n, "Backpropagation".
    """
    order, seen, stack = [], set(), [(out, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((one, False) for one in inputs(node))
    return order


class Value:
    """A number that remembers how it was made, so that it can say how fast it changes with everything it was made from.

        a, b = Value(2.0), Value(-3.0)
        f = (a * b + a).relu()
        f.backward()            # now a.grad is df/da, b.grad is df/db

    data: float, the number.
    grad: float, d(the Value whose backward() was called last) / d(this one); 0.0 before.
    operands: tuple of the Values it was made from; empty for a number that was not computed. When one Value is used
        twice in one operation (a + a), it stands there twice.
    op: str, how it was made ("+", "*", "relu", ...; "" for a number that was not computed). Names are up to you.
    exponent: in a power the exponent, else None. Going back once can do without; slopes of slopes will need it.

    Every operation makes a *new* Value and fills in operands and op. What passes gradients back from a result to its
    operands is up to you: a function stored in _backward, say, which adds to each operand's grad.
    Source: CS231n, "Backpropagation"; micrograd.
    """

    def __init__(self, data, operands=(), op=""):  # given
        """A number, and what it was made from, if it was."""
        self.data = float(data)
        self.grad = 0.0
        self.operands = tuple(operands)
        self.op = op
        self.exponent = None
        self._backward = lambda: None

    def __add__(self, other):
        """self + other, where other is a Value or a plain number."""
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other), "+")

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    def __mul__(self, other):
        """self * other, where other is a Value or a plain number."""
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    def __pow__(self, exponent):
        """self ** exponent, where exponent is a plain number (int or float), not a Value."""
        out = Value(self.data**exponent, (self,), "**")
        out.exponent = exponent

        def _backward():
            self.grad += exponent * self.data ** (exponent - 1) * out.grad

        out._backward = _backward
        return out

    def relu(self):
        """max(0, self). At exactly 0 any slope from 0 to 1 is right."""
        out = Value(max(0.0, self.data), (self,), "relu")

        def _backward():
            self.grad += (self.data > 0) * out.grad

        out._backward = _backward
        return out

    def exp(self):
        """e ** self."""
        out = Value(np.exp(self.data), (self,), "exp")

        def _backward():
            self.grad += out.data * out.grad

        out._backward = _backward
        return out

    def tanh(self):
        """The hyperbolic tangent of self."""
        out = Value(np.tanh(self.data), (self,), "tanh")

        def _backward():
            self.grad += (1 - out.data**2) * out.grad

        out._backward = _backward
        return out

    def max(self, other):
        """The larger of self and other, where other is a Value or a plain number.

        Where the two are equal, any split of the gradient is right that gives neither a negative share and adds up to
        the whole.
        """
        other = other if isinstance(other, Value) else Value(other)
        out = Value(max(self.data, other.data), (self, other), "max")

        def _backward():
            winner = self if self.data >= other.data else other
            winner.grad += out.grad

        out._backward = _backward
        return out

    def backward(self):
        """Fill in grad, d(self)/d(that one), of every Value that self was made from, and 1.0 for self's own.

        All these grads start from 0, whatever they held: a second call gives the same numbers again. A Value used in
        several places receives from all of them before it passes anything on, and passes on once; so each is visited
        once, after everything that was made from it. Graphs may be many thousands of operations deep, far deeper than
        Python lets functions call themselves (about 1000 times).
        """
        order = topological_sort(self, lambda node: node.operands)
        for node in order:
            node.grad = 0.0
        self.grad = 1.0
        for node in reversed(order):
            node._backward()

    def __radd__(self, other):  # given
        """Plain number + self."""
        return self + other

    def __rmul__(self, other):  # given
        """Plain number * self."""
        return self * other

    def __neg__(self):  # given
        """-self."""
        return self * -1

    def __sub__(self, other):  # given
        """self - other."""
        return self + -1 * other

    def __rsub__(self, other):  # given
        """Plain number - self."""
        return -self + other

    def __truediv__(self, other):  # given
        """self / other."""
        return self * other**-1

    def __rtruediv__(self, other):  # given
        """Plain number / self."""
        return self**-1 * other

    def __repr__(self):  # given
        """As in Value(data=2, grad=-1)."""
        return f"Value(data={self.data:.6g}, grad={self.grad:.6g})"


def grad(output, inputs):
    """The slopes of one Value in others, as Values again: they remember how they were made, so that they have slopes too.

        x = Value(2.0)
        f = x * x * x
        (df,) = grad(f, [x])        # df.data is 12.0, the slope 3 x**2
        (ddf,) = grad(df, [x])      # ddf.data is 12.0, the slope 6 x of the slope

    It goes back as Value.backward does, but what it hands on is computed with Values: each local slope is made from the
    operands (or from the result) by operations that are recorded, and so is its product with what arrives.

    Arguments:
        output: a Value.
        inputs: list of Values that your class made, results on the way and output itself included. One that output was
            not made from has slope 0.

    Returns:
        slopes: list of new Values, d(output)/d(each of inputs), in the order of inputs.

    At the kinks of relu and max the rules of Value hold; their slopes are constants, and the slope of a constant is 0.
    Nothing is written into the graph: data and grad of every Value stay as they are. Graphs may be many thousands of
    operations deep. Source: torch.autograd.grad with create_graph=True.
    """
    slopes = {output: Value(1.0)}
    for node in reversed(topological_sort(output, lambda node: node.operands)):
        operands = node.operands
        if node.op == "+":
            local = [1, 1]
        elif node.op == "*":
            local = [operands[1], operands[0]]
        elif node.op == "**":
            local = [node.exponent * operands[0] ** (node.exponent - 1)]
        elif node.op == "relu":
            local = [float(operands[0].data > 0)]
        elif node.op == "exp":
            local = [node]
        elif node.op == "tanh":
            local = [1 - node * node]
        elif node.op == "max":
            first_wins = operands[0].data >= operands[1].data
            local = [float(first_wins), float(not first_wins)]
        else:
            local = []
        for operand, slope in zip(operands, local, strict=True):
            share = slopes[node] * slope
            slopes[operand] = slopes[operand] + share if operand in slopes else share
    return [slopes.get(one, Value(0.0)) for one in inputs]


def unbroadcast(grad, shape):
    """The gradient of an array of ``shape`` that broadcasting stretched to grad's shape.

    Broadcasting is a fan-out: one entry is used in many places, so its gradient is the sum over all of them. Shapes are
    aligned at their last axes: axes that were added in front disappear again, and an axis of length 1 that was stretched
    has length 1 again.

    Arguments:
        grad: float array, the gradient with respect to the stretched array.
        shape: tuple of ints, a shape that broadcasts to grad.shape. It may be equal to it, or () for a single number.

    Returns:
        float array of ``shape`` (a number where shape is ()).

    grad is not changed. Source: NumPy, "Broadcasting".
    """
    grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
    stretched = tuple(axis for axis, size in enumerate(shape) if size == 1)
    return grad.sum(axis=stretched, keepdims=True)


def broadcast_add_backward(dout, x_shape, y_shape):
    """The backward pass of out = x + y where x, y or both are broadcast.

    Arguments:
        dout: float array, d loss / d out, of the shape that x_shape and y_shape broadcast to.
        x_shape, y_shape: tuples of ints, the shapes of x and y.

    Returns:
        dx: float array of x_shape.
        dy: float array of y_shape.

    dout is not changed.
    """
    return unbroadcast(dout, x_shape), unbroadcast(dout, y_shape)


def gate_claims():
    """Find the errors: which of these six sentences about gradients, all found in lecture notes, are true?

        (a) An add gate hands dout on to both of its inputs, whatever their values are.
        (b) A multiply gate hands each input its own value times dout: dx = x * dout.
        (c) When the two inputs of a max gate are equal, both are the largest, and both receive the whole of dout.
        (d) When the two inputs of a max gate are equal, giving all of dout to the first and nothing to the second is
            right.
        (e) Where one value is used by several gates, the largest of the gradients that come back from them counts.
        (f) A bias of shape (M,) added to a batch of shape (N, M) is used N times: its gradient is the sum of the N rows.

    Returns:
        claims: dict from "a", "b", "c", "d", "e", "f" to True (the sentence is right) or False.
    """
    return {"a": True, "b": False, "c": False, "d": True, "e": False, "f": True}


def affine_forward(x, w, b):
    """An affine (fully connected) layer: every example is flattened to a row of D numbers, then out = rows @ w + b.

    Arguments:
        x: (N, d_1, ..., d_k) float, N examples of any shape with d_1 * ... * d_k = D; flattened in NumPy's usual order,
            the last axis fastest.
        w: (D, M) float, the weights.
        b: (M,) float, the biases.

    Returns:
        out: (N, M) float.
        cache: (x, w, b), for affine_backward.

    x, w and b are not changed. Source: CS231n, assignment 2.
    """
    return x.reshape(len(x), -1) @ w + b, (x, w, b)


def affine_backward(dout, cache):
    """The backward pass of the affine layer.

    Arguments:
        dout: (N, M) float, d loss / d out. It already holds every 1/N of the loss.
        cache: (x, w, b), what affine_forward returned.

    Returns:
        dx: (N, d_1, ..., d_k) float, of x's own shape.
        dw: (D, M) float.
        db: (M,) float.

    No loop over the examples; nothing is changed in place. Source: CS231n, assignment 2.
    """
    x, w, _ = cache
    return (dout @ w.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(axis=0)


def relu_forward(x):
    """The rectified linear unit: out = max(0, x), entry by entry.

    Arguments:
        x: float array of any shape.

    Returns:
        out: float array of x's shape, a new one.
        cache: x, for relu_backward.

    x is not changed: whoever made it may still need it. Source: CS231n, assignment 2.
    """
    return np.maximum(0, x), x


def relu_backward(dout, cache):
    """The backward pass of the rectified linear unit.

    Arguments:
        dout: float array of x's shape, d loss / d out.
        cache: x, what relu_forward returned.

    Returns:
        dx: float array of x's shape. Where x is exactly 0, any share of dout from none to all is right.

    dout is not changed: where a network branches, another branch still needs it. Source: CS231n, assignment 2.
    """
    return dout * (cache > 0)


def leaky_relu_forward(x, slope=0.01):
    """The leaky rectified linear unit: out = x where x > 0, and slope * x elsewhere.

    Arguments:
        x: float array of any shape.
        slope: float, 0 <= slope < 1.

    Returns:
        out: float array of x's shape, a new one.
        cache: whatever leaky_relu_backward needs.

    x is not changed. Source: Maas, Hannun and Ng 2013.
    """
    return np.where(x > 0, x, slope * x), (x, slope)


def leaky_relu_backward(dout, cache):
    """The backward pass of the leaky rectified linear unit.

    Arguments:
        dout: float array of x's shape, d loss / d out.
        cache: what leaky_relu_forward returned.

    Returns:
        dx: float array of x's shape. Where x is exactly 0, any share of dout from ``slope`` to all is right.

    dout is not changed.
    """
    x, slope = cache
    return dout * np.where(x > 0, 1.0, slope)


def softmax_loss(x, y):
    """The softmax loss as a layer: it starts from the scores and hands the gradient back to them.

        p[i] = exp(x[i]) / sum over j of exp(x[i, j]),      loss = -(1/N) sum over i of log p[i, y[i]]

    You know it from the last assignment; the networks below end in it.

    Arguments:
        x: (N, C) float, the scores of N examples. They may be huge, and differ from row to row by thousands: the loss
            stays finite, and exact.
        y: (N,) int in [0, C), the true classes.

    Returns:
        loss: a number. There is no regularisation in it.
        dx: (N, C) float, the gradient of the loss with respect to the scores.

    No loop over the examples; x and y are not changed. Source: CS231n, layers of assignment 2.
    """
    rows = np.arange(len(x))
    shifted = x - x.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    dx = np.exp(log_p)
    dx[rows, y] -= 1
    return -log_p[rows, y].mean(), dx / len(x)


class TwoLayerNet:
    """A network with one hidden layer: affine, relu, affine, softmax.

    params: dict of float arrays, "W1" (D, H), "b1" (H,), "W2" (H, C), "b2" (C,). Their owner may replace or change them
        between two calls.
    reg: float, the strength of the regularisation.
    """

    def __init__(
        self,
        input_dim=3 * 32 * 32,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        rng=None,
    ):
        """Draw the weights and set the biases to 0.

        W1 is weight_scale * rng.standard_normal((D, H)); W2, drawn after it, weight_scale *
        rng.standard_normal((H, C)). Nothing else is drawn.

        Arguments:
            input_dim, hidden_dim, num_classes: int, D, H and C.
            weight_scale: float, the standard deviation of the weights.
            reg: float.
            rng: numpy.random.Generator, or None for a fresh np.random.default_rng().
        """
        rng = np.random.default_rng() if rng is None else rng
        self.reg = reg
        self.params = {
            "W1": weight_scale * rng.standard_normal((input_dim, hidden_dim)),
            "b1": np.zeros(hidden_dim),
            "W2": weight_scale * rng.standard_normal((hidden_dim, num_classes)),
            "b2": np.zeros(num_classes),
        }

    def loss(self, X, y=None):
        """The scores of a mini-batch, or its loss and the gradients of all parameters.

            loss = softmax_loss of the scores  +  reg * (sum of W1**2 + sum of W2**2)

        There is no factor 1/2, and biases are not regularised.

        Arguments:
            X: (N, d_1, ..., d_k) float, examples of any shape with D numbers each.
            y: (N,) int in [0, C), their classes, or None.

        Returns:
            scores: (N, C) float, when y is None. Otherwise
            loss: a number, and
            grads: dict with the names of params, each the gradient of the loss and of its parameter's shape.

        No loop over the examples; X and the parameters are not changed. Source: CS231n, assignment 2.
        """
        W1, b1, W2, b2 = (self.params[name] for name in ("W1", "b1", "W2", "b2"))
        hidden, first = affine_forward(X, W1, b1)
        active, gate = relu_forward(hidden)
        scores, second = affine_forward(active, W2, b2)
        if y is None:
            return scores
        data_loss, dscores = softmax_loss(scores, y)
        dactive, dW2, db2 = affine_backward(dscores, second)
        _, dW1, db1 = affine_backward(relu_backward(dactive, gate), first)
        loss = data_loss + self.reg * (np.sum(W1 * W1) + np.sum(W2 * W2))
        return loss, {
            "W1": dW1 + 2 * self.reg * W1,
            "b1": db1,
            "W2": dW2 + 2 * self.reg * W2,
            "b2": db2,
        }

    def winners(self, X):  # given
        """Which hidden units are on, for each example: (N, H) bool. (What every max(0, .) of the network decided.)"""
        return X.reshape(len(X), -1) @ self.params["W1"] + self.params["b1"] > 0

    def reset(self):  # given
        """Put all that is random or remembered back to where it started. Here nothing is."""


def batchnorm_forward(x, gamma, beta, bn_param):
    """Batch normalisation: every feature is centred and scaled over the mini-batch, then given a scale of its own.

        mode "train":   mean = mean of x over the N examples,    var = mean of (x - mean)**2 over them (divided by N)
                        out  = gamma * (x - mean) / sqrt(var + eps) + beta
                        running_mean <- momentum * running_mean + (1 - momentum) * mean, and running_var likewise with var
        mode "test":    out  = gamma * (x - running_mean) / sqrt(running_var + eps) + beta

    Arguments:
        x: (N, D) float.
        gamma, beta: (D,) float.
        bn_param: dict with "mode", "train" or "test", and optionally "eps" (1e-5), "momentum" (0.9), "running_mean" and
            "running_var" (both (D,) float; zeros when they are not there). In mode "train" the entries "running_mean"
            and "running_var" are set to *new* arrays; those that were there stay as they are, and so does everything in
            mode "test".

    Returns:
        out: (N, D) float.
        cache: whatever the backward passes need (in mode "test" it may be None).

    Raises ValueError for another mode. No loop over the examples; x, gamma and beta are not changed.
    Source: Ioffe and Szegedy 2015; CS231n, assignment 2.
    """
    mode, eps, momentum = bn_param["mode"], bn_param.get("eps", 1e-5), bn_param.get("momentum", 0.9)
    running_mean = bn_param.get("running_mean", np.zeros(x.shape[1]))
    running_var = bn_param.get("running_var", np.zeros(x.shape[1]))
    if mode == "test":
        return gamma * (x - running_mean) / np.sqrt(running_var + eps) + beta, None
    if mode != "train":
        raise ValueError(f"bn_param['mode'] must be 'train' or 'test', not {mode!r}")
    mean = x.mean(axis=0)
    centred = x - mean
    var = np.mean(centred**2, axis=0)
    bn_param["running_mean"] = momentum * running_mean + (1 - momentum) * mean
    bn_param["running_var"] = momentum * running_var + (1 - momentum) * var
    std = np.sqrt(var + eps)
    return gamma * centred / std + beta, (centred, std, gamma)


def batchnorm_backward(dout, cache):
    """The backward pass of batch normalisation (mode "train"), stage by stage through the graph of the forward pass.

    The mean and the variance depend on every example, so dx has three paths back: directly, through the variance, and
    through the mean.

    Arguments:
        dout: (N, D) float, d loss / d out.
        cache: what batchnorm_forward returned.

    Returns:
        dx: (N, D) float.
        dgamma, dbeta: (D,) float.

    No loop over the examples; dout is not changed. Source: Ioffe and Szegedy 2015.
    """
    centred, std, gamma = cache
    N = len(dout)
    dxhat = dout * gamma
    dstd = -np.sum(dxhat * centred, axis=0) / std**2
    dvar = dstd / (2 * std)
    dcentred = dxhat / std + dvar * 2 * centred / N
    dmean = -dcentred.sum(axis=0)
    return dcentred + dmean / N, np.sum(dout * centred / std, axis=0), dout.sum(axis=0)


def batchnorm_backward_alt(dout, cache):
    """The same gradients as batchnorm_backward, from one formula for dx that you simplify on paper first.

    Arguments:
        dout: (N, D) float, d loss / d out.
        cache: what batchnorm_forward returned.

    Returns:
        dx: (N, D) float.
        dgamma, dbeta: (D,) float.

    No loop over the examples; dout is not changed. Source: CS231n, assignment 2.
    """
    centred, std, gamma = cache
    N, xhat = len(dout), centred / std
    dgamma, dbeta = np.sum(dout * xhat, axis=0), dout.sum(axis=0)
    return gamma / std * (dout - dbeta / N - xhat * dgamma / N), dgamma, dbeta


def batchnorm_impostor(dout, x, gamma, eps):
    """Find the error: "I compared my batchnorm backward with numeric gradients of out.sum(), and the error was 1e-16".

    The gradient of out.sum() is what a backward pass gives for a dout of ones. Refute the sentence: write a *wrong* dx
    of batch normalisation (mode "train") that agrees with the right one whenever all entries of dout are 1.

        - For dout = ones your dx is that of batchnorm_backward, up to rounding, for every x, gamma and eps.
        - For a random dout it is far from it.

    Arguments:
        dout: (N, D) float.
        x: (N, D) float.
        gamma: (D,) float.
        eps: float.

    Returns:
        dx: (N, D) float, wrong, and not to be found out by ones.
    """
    return np.zeros_like(
        dout
    )  # ones move every entry of a feature alike, and centring takes that off again


def layernorm_forward(x, gamma, beta, ln_param):
    """Layer normalisation: every example is centred and scaled over its own features, then each feature gets a scale.

        mean = mean of x[i] over its D features,    var = mean of (x[i] - mean)**2 over them (divided by D)
        out[i] = gamma * (x[i] - mean) / sqrt(var + eps) + beta

    An example's output depends on that example alone: there is no mode, and there are no running averages.

    Arguments:
        x: (N, D) float.
        gamma, beta: (D,) float, one number for each feature.
        ln_param: dict, optionally with "eps" (1e-5). It is not changed.

    Returns:
        out: (N, D) float.
        cache: whatever layernorm_backward needs.

    No loop over the examples; x, gamma and beta are not changed.
    Source: Ba, Kiros and Hinton 2016; CS231n, assignment 2.
    """
    centred = x - x.mean(axis=1, keepdims=True)
    std = np.sqrt(np.mean(centred**2, axis=1, keepdims=True) + ln_param.get("eps", 1e-5))
    return gamma * centred / std + beta, (centred, std, gamma)


def layernorm_backward(dout, cache):
    """The backward pass of layer normalisation.

    Arguments:
        dout: (N, D) float, d loss / d out.
        cache: what layernorm_forward returned.

    Returns:
        dx: (N, D) float.
        dgamma, dbeta: (D,) float.

    No loop over the examples; dout is not changed. Source: Ba, Kiros and Hinton 2016; CS231n, assignment 2.
    """
    centred, std, gamma = cache
    xhat, dxhat = centred / std, dout * gamma
    along_ones = dxhat.mean(axis=1, keepdims=True)
    along_xhat = np.mean(dxhat * xhat, axis=1, keepdims=True)
    dx = (dxhat - along_ones - xhat * along_xhat) / std
    return dx, np.sum(dout * xhat, axis=0), dout.sum(axis=0)


def dropout_forward(x, dropout_param):
    """Inverted dropout: in training every entry is kept with probability p_keep, and enlarged to make up for the rest.

        mode "train":   out = x / p_keep where the entry is kept, 0 elsewhere
        mode "test":    out = x

    One call rng.random(x.shape) decides in mode "train": an entry is kept where the number is < p_keep. With a "seed",
    rng is np.random.default_rng(seed), so that the same entries are kept in every call; else a fresh
    np.random.default_rng().

    Arguments:
        x: float array of any shape.
        dropout_param: dict with "mode", "train" or "test"; "p_keep", float in (0, 1], the probability of *keeping* an
            entry; and optionally "seed", an int or None.

    Returns:
        out: float array of x's shape, a new one.
        cache: whatever dropout_backward needs.

    Raises ValueError for a p_keep that is not in (0, 1], in either mode. x is not changed.
    Source: Srivastava et al. 2014; CS231n, "Neural networks 2".
    """
    p_keep = dropout_param["p_keep"]
    if not 0 < p_keep <= 1:
        raise ValueError(f"p_keep must be in (0, 1], not {p_keep}")
    if dropout_param["mode"] == "test":
        return x.copy(), np.ones_like(x)
    rng = np.random.default_rng(dropout_param.get("seed"))
    mask = (rng.random(x.shape) < p_keep) / p_keep
    return x * mask, mask


def dropout_backward(dout, cache):
    """The backward pass of dropout, in the mode that dropout_forward ran in.

    Arguments:
        dout: float array of x's shape, d loss / d out.
        cache: what dropout_forward returned.

    Returns:
        dx: float array of x's shape.

    dout is not changed.
    """
    return dout * cache


class FullyConnectedNet:
    """A network with any number of hidden layers, with batch normalisation and dropout where they are asked for.

    Every hidden layer is affine, [batch normalisation], relu, [dropout]; the last layer is affine, and nothing else.
    With L hidden layers:

    params: dict of float arrays, "W1", "b1" to "W<L+1>", "b<L+1>"; with batch normalisation also "gamma1", "beta1" to
        "gamma<L>", "beta<L>". Their owner may replace or change them between two calls.
    bn_params: list of L dicts as batchnorm_forward takes them (their running averages), empty without batch
        normalisation.
    reg, p_keep, dropout_seed: as given.
    """

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
        """Draw the weights; biases and beta start at 0, gamma at 1.

        W1, W2, ... are drawn in this order, each as weight_scale * rng.standard_normal(its shape). Nothing else is
        drawn.

        Arguments:
            hidden_dims: list of L ints, the sizes of the hidden layers; it may be empty.
            input_dim, num_classes: int, D and C.
            batchnorm: bool, whether hidden layers are batch-normalised (eps and momentum at their usual values).
            p_keep: float in (0, 1], the probability of keeping a unit in dropout; 1 is no dropout.
            reg: float, the strength of the regularisation.
            weight_scale: float, the standard deviation of the weights.
            dropout_seed: int or None. With an int, hidden layer k (from 1) gives dropout_forward the seed
                dropout_seed + k, at every call; with None each call drops other units.
            rng: numpy.random.Generator, or None for a fresh np.random.default_rng().
        """
        rng = np.random.default_rng() if rng is None else rng
        self.hidden, self.batchnorm, self.p_keep = len(hidden_dims), batchnorm, p_keep
        self.reg, self.dropout_seed = reg, dropout_seed
        self.params = {}
        sizes = [input_dim, *hidden_dims, num_classes]
        for k, fan_out in enumerate(sizes[1:], start=1):
            fan_in = sizes[k - 1]
            self.params[f"W{k}"] = weight_scale * rng.standard_normal((fan_in, fan_out))
            self.params[f"b{k}"] = np.zeros(fan_out)
            if batchnorm and k <= self.hidden:
                self.params[f"gamma{k}"], self.params[f"beta{k}"] = (
                    np.ones(fan_out),
                    np.zeros(fan_out),
                )
        self.bn_params = [{} for _ in hidden_dims] if batchnorm else []

    def loss(self, X, y=None):
        """The scores of a mini-batch, or its loss and the gradients of all parameters.

            loss = softmax_loss of the scores  +  reg * (sum of the squares of W1, ..., W<L+1>)

        There is no factor 1/2; biases, gamma and beta are not regularised.

        Arguments:
            X: (N, d_1, ..., d_k) float, examples of any shape with D numbers each.
            y: (N,) int in [0, C), their classes, or None. Without y, batch normalisation and dropout run in mode "test";
                with y in mode "train".

        Returns:
            scores: (N, C) float, when y is None. Otherwise
            loss: a number, and
            grads: dict with the names of params, each the gradient of the loss and of its parameter's shape.

        No loop over the examples; X and the parameters are not changed. Source: CS231n, assignment 2.
        """
        mode, params, last = "test" if y is None else "train", self.params, self.hidden + 1
        out, caches = X, []
        for k in range(1, last):
            out, affine = affine_forward(out, params[f"W{k}"], params[f"b{k}"])
            norm = None
            if self.batchnorm:
                self.bn_params[k - 1]["mode"] = mode
                out, norm = batchnorm_forward(
                    out, params[f"gamma{k}"], params[f"beta{k}"], self.bn_params[k - 1]
                )
            out, gate = relu_forward(out)
            seed = None if self.dropout_seed is None else self.dropout_seed + k
            out, mask = dropout_forward(out, {"mode": mode, "p_keep": self.p_keep, "seed": seed})
            caches.append((affine, norm, gate, mask))
        scores, affine = affine_forward(out, params[f"W{last}"], params[f"b{last}"])
        if y is None:
            return scores

        loss, dout = softmax_loss(scores, y)
        grads = {}
        dout, grads[f"W{last}"], grads[f"b{last}"] = affine_backward(dout, affine)
        for k in range(last - 1, 0, -1):
            affine, norm, gate, mask = caches[k - 1]
            dout = relu_backward(dropout_backward(dout, mask), gate)
            if self.batchnorm:
                dout, grads[f"gamma{k}"], grads[f"beta{k}"] = batchnorm_backward_alt(dout, norm)
            dout, grads[f"W{k}"], grads[f"b{k}"] = affine_backward(dout, affine)
        for k in range(1, last + 1):
            loss += self.reg * np.sum(params[f"W{k}"] ** 2)
            grads[f"W{k}"] = grads[f"W{k}"] + 2 * self.reg * params[f"W{k}"]
        return loss, grads

    def reset(self):  # given
        """Forget the running averages of batch normalisation."""
        self.bn_params = [{} for _ in self.bn_params]


def init_weights(fan_in, fan_out, kind="kaiming", rng=None):
    """Fresh weights of one layer, drawn so large that signals neither fade nor explode.

        "xavier":    the variance of a weight is 2 / (fan_in + fan_out)
        "kaiming":   the variance of a weight is 2 / fan_in

    W is drawn by one call rng.standard_normal((fan_in, fan_out)), times the standard deviation that
    goes with this variance. Nothing else is drawn.

    Arguments:
        fan_in: int, how many numbers come into the layer.
        fan_out: int, how many go out.
        kind: "xavier", for layers that let signals pass nearly as they are; or "kaiming", for
            layers before a ReLU.
        rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

    Returns:
        W: (fan_in, fan_out) float, as affine_forward takes it.

    Raises ValueError for any other kind.
    Sources: Glorot and Bengio 2010 ("xavier"); He et al. 2015 ("kaiming").
    """
    variances = {"xavier": 2 / (fan_in + fan_out), "kaiming": 2 / fan_in}
    if kind not in variances:
        raise ValueError(f"kind must be 'xavier' or 'kaiming', not {kind!r}")
    rng = np.random.default_rng() if rng is None else rng
    return np.sqrt(variances[kind]) * rng.standard_normal((fan_in, fan_out))


def overfit_small(model, X, y, learning_rate, num_steps):
    """The first thing to ask of a new network: can it learn a handful of examples by heart?

    Plain gradient descent on all of X and y at once. Each step computes loss and gradients, then moves *every*
    parameter by learning_rate times its gradient, downhill.

    Arguments:
        model: a network with params and loss(X, y), like TwoLayerNet.
        X: (N, ...) float, a few examples.
        y: (N,) int, their classes.
        learning_rate: float.
        num_steps: int.

    Returns:
        loss_history: list of num_steps numbers, the loss at each step, before the parameters move.
        accuracy: float, the fraction of X that model.loss(X), its scores, classify rightly after the last step.

    The arrays in model.params and in the gradients may be shared with others: leave them as they are and put new arrays
    into model.params. Source: CS231n, "Neural networks 3" (sanity checks).
    """
    loss_history = []
    for _ in range(num_steps):
        loss, grads = model.loss(X, y)
        loss_history.append(loss)
        for name, grad in grads.items():
            model.params[name] = model.params[name] - learning_rate * grad
    return loss_history, float(np.mean(model.loss(X).argmax(axis=1) == y))


def gradient_check_model(model, X, y, num_checks=10, h=1e-5, rng=None):
    """Check the gradients of a whole model, parameter by parameter, without blaming it for its kinks.

    1. In float64: while the check runs, every array in model.params and X are float64 copies; afterwards model.params
       holds the arrays it held before, unchanged.
    2. Call model.reset() before *every* model.loss: random layers then draw the same numbers each time, and running
       averages start from the same place.
    3. For every name in sorted(model.params), draw num_checks coordinates by one call
       rng.integers(size, size=num_checks), where size is the number of entries (counted row by row, as in ravel()).
       Nothing else is drawn.
    4. At each of them compare the model's gradient a with the centred difference n = (loss at +h - loss at -h) / (2 h).
       If model.winners(X) at +h differs anywhere from that at -h, the step crossed a kink: leave this coordinate out.
    5. The error of a parameter is max |a - n| / max(1e-4, max |a| + max |n|), the maxima over its coordinates that were
       not left out; 0 if all were.

    Arguments:
        model: has params, a dict of float arrays; loss(X, y) -> (loss, grads); winners(X) -> bool array, what every max
            in the model decided; reset().
        X: (N, ...) float.
        y: (N,), whatever the model takes.
        num_checks: int.
        h: float.
        rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

    Returns a dict with
        "errors": dict from each name in params to its error; np.inf for a gradient that is missing from grads, or does
            not have its parameter's shape, even if it could be broadcast to it (its coordinates are drawn all the same).
        "kinks": int, how many coordinates were left out, over all parameters.
        "passed": bool, whether every error is at most 1e-5.

    Source: CS231n, "Neural networks 3" (gradient checks).
    """
    rng = np.random.default_rng() if rng is None else rng
    held, X = model.params, X.astype(float)
    errors, kinks = {}, 0
    try:
        model.params = {
            name: np.array(value, dtype=float, order="C") for name, value in held.items()
        }

        def evaluate():
            model.reset()
            loss, grads = model.loss(X, y)
            return loss, grads, np.array(model.winners(X))

        grads = {name: np.array(grad) for name, grad in evaluate()[1].items()}
        for name in sorted(model.params):
            flat = model.params[name].ravel()  # a view: a step in flat is a step in the parameter
            analytic, numeric = [], []
            chosen = rng.integers(flat.size, size=num_checks)
            if name not in grads or grads[name].shape != model.params[name].shape:
                errors[name] = np.inf
                continue
            for index in chosen:
                old = flat[index]
                flat[index] = old + h
                above, _, on_above = evaluate()
                flat[index] = old - h
                below, _, on_below = evaluate()
                flat[index] = old
                if not np.array_equal(on_above, on_below):
                    kinks += 1
                    continue
                analytic.append(grads[name].ravel()[index])
                numeric.append((above - below) / (2 * h))
            a, n = np.array(analytic), np.array(numeric)
            size = np.abs(a).max(initial=0) + np.abs(n).max(initial=0)
            errors[name] = np.abs(a - n).max(initial=0) / max(1e-4, size)
    finally:
        model.params = held
    return {
        "errors": errors,
        "kinks": kinks,
        "passed": all(error <= 1e-5 for error in errors.values()),
    }


def hessian_vector_product(grad_fn, x, v, h=1e-5):
    """The Hessian of a function times a vector, from two gradients and without the Hessian.

    With u = v / |v|, the direction of v,

        H v  ~  |v| * ( g(x + h u) - g(x - h u) ) / (2 h)

    so that the step has length h whatever the length of v. |v| is the root of the sum of all squared entries.

    Arguments:
        grad_fn: a function of one array of x's shape that returns the gradient g there, of the same shape. The array it
            returns may be one that its next call writes to again.
        x: float array of any shape: the point.
        v: float array of x's shape. It may be all zeros: H v is then zero, too.
        h: float, the length of the step.

    Returns:
        Hv: float array of x's shape.

    x and v are not changed. Source: Pearlmutter 1994.
    """
    length = np.sqrt(np.sum(v * v))
    if length == 0:
        return np.zeros_like(x)
    step = h * v / length
    above = np.array(grad_fn(x + step))
    return length * (above - grad_fn(x - step)) / (2 * h)


def gradient_accumulate(loss_fn, X, y, shard_size):
    """The loss and gradients of a batch that is too large to fit: computed shard by shard, and added up.

    The examples are taken in order, shard_size at a time; the last shard holds what is left and may be smaller. loss_fn
    returns *means* over the examples it is given (a regulariser, which does not depend on them, included), so that the
    shards have to be weighted for the result to be exactly that of one call on everything.

    Arguments:
        loss_fn: loss_fn(X_shard, y_shard) -> (loss, grads), a number and a dict of float arrays. The arrays belong to
            loss_fn, which writes to the same ones at its next call; they must not be changed.
        X: (N, ...) float.
        y: (N, ...), the labels or targets.
        shard_size: int >= 1, the most examples for one call of loss_fn; it may be larger than N.

    Returns:
        loss: a number, the same as of loss_fn(X, y).
        grads: dict of new float arrays, likewise.
    """
    total, grads = 0.0, {}
    for start in range(0, len(X), shard_size):
        X_shard, y_shard = X[start : start + shard_size], y[start : start + shard_size]
        part, part_grads = loss_fn(X_shard, y_shard)
        weight = len(X_shard) / len(X)
        total += weight * part
        for name, grad in part_grads.items():
            grads[name] = grads.get(name, 0.0) + weight * grad
    return total, grads


class HingeLoss(torch.autograd.Function):
    """The multiclass hinge loss as a gate of torch's graph, with a backward pass of your own. The margin is 1.

        loss = (1/N) sum over i, sum over j != y[i] of max(0, scores[i, j] - scores[i, y[i]] + 1)

    One calls HingeLoss.apply(scores, y); torch then calls forward, and on the way back, backward. Both run as they stand
    on every device and in every floating-point dtype, and read no number from a tensor into Python.
    """

    @staticmethod
    def forward(ctx, scores, y):
        """The loss, and what backward will need. Torch records nothing in here: the way back is what you make of it.

        Arguments:
            ctx: the cache. ctx.save_for_backward(...) keeps tensors.
            scores: (N, C) float tensor.
            y: (N,) int64 tensor, entries in [0, C).

        Returns:
            loss: tensor without axes, of scores' dtype and on its device.
        """
        shortfalls = torch.relu(scores - scores.gather(1, y[:, None]) + 1).scatter(1, y[:, None], 0)
        slopes = (shortfalls > 0).to(scores.dtype)
        ctx.save_for_backward(slopes.scatter(1, y[:, None], -slopes.sum(dim=1, keepdim=True)))
        return shortfalls.sum() / len(scores)

    @staticmethod
    def backward(ctx, dloss):
        """The gradient for each of forward's arguments. Write it out: no autograd in here.

        Arguments:
            ctx: the cache. ctx.saved_tensors is the tuple of the tensors kept.
            dloss: tensor without axes, the gradient of whatever comes after with respect to the loss.

        Returns:
            dscores: (N, C) tensor, the gradient with respect to scores.
            None: labels have no gradient.
        """
        (slopes,) = ctx.saved_tensors
        return dloss * slopes / len(slopes), None
