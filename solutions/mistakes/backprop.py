"""Well-known wrong answers to the backprop assignment.

Each function takes a keyword-only ``wrong``, a set of names; empty, it is a right answer in another
style than the reference's. HINTS[answer][name] is what a student who made that mistake reads.
Forward and backward passes share their caches with the reference, so that either may be wrong on
its own."""

# pyright: reportIncompatibleMethodOverride=false

import numpy as np
import torch

NOTHING = frozenset()
CAPPED = (
    "A small number keeps your logarithm away from log 0: that caps the loss of an example that "
    "is badly wrong. The log of a probability can be had without the probability."
)


def _number(wrong, name, otherwise):
    """The number that a mistake comes with, as in "name=1e-12"; ``otherwise`` where it has none."""
    for one in wrong:
        if one.startswith(name + "="):
            return float(one.partition("=")[2])
    return otherwise


def _default(wrong, mistake, right, another):
    """A setting's default: the right one, or where that mistake is made another, or the number it
    comes with.
    """
    return _number(wrong, mistake, another if mistake in wrong else right)


# --- gates ----------------------------------------------------------------------------------------


def add_forward(x, y, *, wrong=NOTHING):
    """By a stacked sum."""
    if "subtracted" in wrong:
        return x - y, None
    if "everything_summed" in wrong:
        return np.sum(x + y), None
    out = np.sum([x, y], axis=0)
    return (out / 2 if "averaged" in wrong else out), None


def add_backward(dout, cache, *, wrong=NOTHING):
    """By multiplying with the local slopes, 1 and 1."""
    slope = np.full(dout.shape, 0.5 if "shared" in wrong else 1.0)
    if "upstream_dropped" in wrong:
        return slope, slope.copy()
    return slope * dout, -slope * dout if "second_negative" in wrong else slope * dout


def mul_forward(x, y, *, wrong=NOTHING):
    """By einsum."""
    if "added" in wrong:
        return x + y, (x, y)
    if "everything_summed" in wrong:
        return np.sum(x * y), (x, y)
    if "squared" in wrong:
        return x * x, (x, y)
    return np.einsum("...,...->...", x, y), (x, y)


def mul_backward(dout, cache, *, wrong=NOTHING):
    """The same."""
    x, y = cache
    if "not_swapped" in wrong:
        return x * dout, y * dout
    if "upstream_dropped" in wrong:
        return y.copy(), x.copy()
    if "by_division" in wrong:
        return dout * (x * y) / x, dout * (x * y) / y
    if "handed_on" in wrong:
        return dout.copy(), dout.copy()
    return tuple(np.einsum("...,...->...", dout, other) for other in (y, x))


def max_forward(x, y, *, wrong=NOTHING):
    """By a comparison."""
    if "smaller" in wrong:
        return np.minimum(x, y), (x, y)
    if "by_magnitude" in wrong:
        return np.where(abs(x) > abs(y), x, y), (x, y)
    if "largest_of_all" in wrong:
        return np.max([x.max(), y.max()]) + 0 * x, (x, y)
    return np.where(x > y, x, y), (x, y)


def max_backward(dout, cache, *, wrong=NOTHING):
    """Ties are split evenly."""
    x, y = cache
    gap = np.sign(x - y)
    share = (1 + gap) / 2
    dx, dy = share * dout, (1 - share) * dout
    if "to_smaller" in wrong:
        return dy, dx
    if "to_both" in wrong:
        return dout.copy(), dout.copy()
    if "ties_to_both" in wrong:
        return dout * (gap >= 0), dout * (gap <= 0)
    if "ties_to_neither" in wrong:
        return dout * (gap > 0), dout * (gap < 0)
    if "upstream_dropped" in wrong:
        return share, 1 - share
    return (dx * x, dy * y) if "times_winner" in wrong else (dx, dy)


# --- a neuron by hand -----------------------------------------------------------------------------


def staged_sigmoid_neuron(w, x, *, wrong=NOTHING):
    """By the hyperbolic tangent, which cannot overflow."""
    z = np.dot(w[:2], x) + (0.0 if "bias_missing" in wrong else w[2])
    if "sign_of_exponent" in wrong:
        z = -z
    f = 0.5 * (1 + np.tanh(z / 2))
    if "overflows" in wrong:
        f = np.exp(z) / (1 + np.exp(z))
    return (np.tanh(z) if "tanh" in wrong else f), (w, x, f)


def staged_sigmoid_neuron_backward(df, cache, *, wrong=NOTHING):
    """By the slope of f at the dot product."""
    w, x, f = cache
    z = w[0] * x[0] + w[1] * x[1] + w[2]
    slope = f - f * f
    if "one_minus_f_missing" in wrong:
        slope = f
    if "slope_of_input" in wrong:
        slope = z * (1 - z)
    if "overflows" in wrong:
        slope = np.exp(-z) / (1 + np.exp(-z)) ** 2
    dz = slope if "upstream_dropped" in wrong else slope * df
    if "not_swapped" in wrong:
        return dz * w, dz * x
    to_bias = 0.0 if "bias_forgotten" in wrong else w[2] if "bias_scaled" in wrong else 1.0
    return dz * np.append(x, to_bias), dz * w[:2]


# --- an order for the way back ---------------------------------------------------------------------


def topological_sort(out, inputs, *, wrong=NOTHING):
    """By a path of nodes, each with those of its inputs that are still to be looked at."""
    if "recursive" in wrong:
        return _recursive_order(out, inputs, set())
    if "first_met" in wrong:
        return _first_met(out, inputs)
    if "breadth_first" in wrong:
        return _breadth_first(out, inputs)
    if "marked_too_early" in wrong:
        return _marked_too_early(out, inputs)
    if "path_by_path" in wrong:
        return list(dict.fromkeys(_path_by_path(out, inputs)))
    order, seen, path = [], {out}, [(out, iter(inputs(out)))]
    while path:
        node, rest = path[-1]
        one = next(rest, None)
        if one is None:
            order.append(node)
            path.pop()
        elif one not in seen or "visited_missing" in wrong:
            seen.add(one)
            path.append((one, iter(inputs(one))))
    if "leaves_missing" in wrong:
        order = [node for node in order if inputs(node)]
    if "result_missing" in wrong:
        order.pop()
    return order[::-1] if "reversed" in wrong else order


def _recursive_order(node, inputs, seen):
    if node in seen:
        return []
    seen.add(node)
    below = [one for each in inputs(node) for one in _recursive_order(each, inputs, seen)]
    return [*below, node]


def _first_met(out, inputs):
    """Written down at the first meeting, depth first, and turned around."""
    order, waiting = {}, [out]
    while waiting:
        node = waiting.pop()
        if node not in order:
            order[node] = None
            waiting.extend(inputs(node))
    return list(order)[::-1]


def _breadth_first(out, inputs):
    """By the shortest distance from the result."""
    order, seen = [out], {out}
    for node in order:  # grows while it is walked
        further = [one for one in dict.fromkeys(inputs(node)) if one not in seen]
        order.extend(further)
        seen.update(further)
    return order[::-1]


def _marked_too_early(out, inputs):
    """Marked when put on the stack, though it may be needed deeper down before its turn comes."""
    order, seen, stack = [], {out}, [(out, False)]
    while stack:
        node, inputs_done = stack.pop()
        if inputs_done:
            order.append(node)
            continue
        stack.append((node, True))
        for one in inputs(node):
            if one not in seen:
                seen.add(one)
                stack.append((one, False))
    return order


def _path_by_path(out, inputs):
    """Every node as often as there are paths to it."""
    found = [[out]]
    for ends in found:  # grows while it is walked
        if further := [one for node in ends for one in inputs(node)]:
            found.append(further)
    return [node for ends in reversed(found) for node in ends]


# --- a graph that differentiates itself -----------------------------------------------------------


class Value:
    """Each result keeps, for each operand, a function from its own gradient to what the operand
    receives.
    """

    def __init__(self, data, operands=(), op="", *, wrong=NOTHING):
        """Start with gradient 0."""
        self.data, self.grad = float(data), 0.0
        self.operands, self.op = tuple(operands), op
        self.wrong, self.slopes, self.exponent = wrong, (), 1.0

    def _made(self, data, op, *edges):
        """A new Value from (operand, slope) pairs, a slope being a number or a function of the
        gradient.
        """
        out = Value(data, [operand for operand, _ in edges], op, wrong=self.wrong)
        out.slopes = [slope for _, slope in edges]
        return out

    def _lifted(self, other):
        return other if isinstance(other, Value) else Value(other, wrong=self.wrong)

    def __add__(self, other):
        """Sum."""
        other = self._lifted(other)
        return self._made(self.data + other.data, "+", (self, 1.0), (other, 1.0))

    def __mul__(self, other):
        """Product."""
        other = self._lifted(other)
        slopes = (other.data, self.data)
        if "mul_not_swapped" in self.wrong:
            slopes = slopes[::-1]
        return self._made(self.data * other.data, "*", (self, slopes[0]), (other, slopes[1]))

    def __pow__(self, exponent):
        """Power with a number."""
        factor = 1.0 if "pow_factor_missing" in self.wrong else exponent
        reduced = exponent if "pow_exponent_kept" in self.wrong else exponent - 1
        out = self._made(self.data**exponent, "**", (self, factor * self.data**reduced))
        out.exponent = exponent
        return out

    def relu(self):
        """Rectified."""
        if "relu_of_gradient" in self.wrong:
            return self._made(max(self.data, 0.0), "relu", (self, lambda g: g * (g > 0)))
        slope = 1.0 if self.data > 0 or "relu_passes_all" in self.wrong else 0.0
        return self._made(max(self.data, 0.0), "relu", (self, slope))

    def exp(self):
        """Exponential."""
        value = np.exp(self.data)
        return self._made(
            value,
            "exp",
            (self, self.data * value / np.e if "exp_as_power" in self.wrong else value),
        )

    def tanh(self):
        """Hyperbolic tangent."""
        value = np.tanh(self.data)
        slope = 1 / np.cosh(self.data) ** 2
        if "tanh_of_input" in self.wrong:
            slope = 1 - self.data**2
        return self._made(
            value, "tanh", (self, 1 - value if "tanh_not_squared" in self.wrong else slope)
        )

    def max(self, other):
        """The larger; a tie is split evenly."""
        other = self._lifted(other)
        gap = np.sign(self.data - other.data)
        shares = [(1 + gap) / 2, (1 - gap) / 2]
        if "max_to_smaller" in self.wrong:
            shares.reverse()
        if "max_to_both" in self.wrong or ("max_ties_to_both" in self.wrong and gap == 0):
            shares = [1.0, 1.0]
        return self._made(max(self.data, other.data), "max", (self, shares[0]), (other, shares[1]))

    def _hand_down(self, gradient):
        """(operand, what it receives) for each operand."""
        g = 1.0 if "upstream_dropped" in self.wrong else gradient
        return [
            (operand, slope(g) if callable(slope) else slope * g)
            for operand, slope in zip(self.operands, self.slopes, strict=True)
        ]

    def _postorder(self):
        """Operands before what was made from them, by a stack of iterators."""
        order, seen, path = [], {self}, [(self, iter(self.operands))]
        while path:
            node, rest = path[-1]
            operand = next(rest, None)
            if operand is None:
                order.append(node)
                path.pop()
            elif operand not in seen or "visited_missing" in self.wrong:
                seen.add(operand)
                path.append((operand, iter(operand.operands)))
        return order

    def _preorder(self):
        """Everything before its operands, but not after everything that was made from it."""
        order, seen, waiting = [], set(), [self]
        while waiting:
            node = waiting.pop()
            if node not in seen:
                seen.add(node)
                order.append(node)
                waiting.extend(reversed(node.operands))
        return order

    def _recursive_postorder(self, seen):
        if self in seen:
            return []
        seen.add(self)
        return [one for operand in self.operands for one in operand._recursive_postorder(seen)] + [
            self
        ]

    def backward(self):
        """From the result to its operands, in reverse order of their making."""
        wrong = self.wrong
        order = self._recursive_postorder(set()) if "recursive" in wrong else self._postorder()
        if "order_not_reversed" not in wrong:
            order.reverse()
        if "no_topological_order" in wrong:
            order = self._preorder()
        if "grads_kept" not in wrong:
            for node in order:
                node.grad = 0.0
        if "path_by_path" in wrong:
            paths = [(self, 1.0)]
            while paths:
                node, gradient = paths.pop()
                node.grad += gradient
                paths.extend(node._hand_down(gradient))
            return
        if "seed_missing" not in wrong:
            self.grad = self.data if "seed_is_value" in wrong else 1.0
        for node in order:
            for operand, received in node._hand_down(node.grad):
                operand.grad = received if "assigned" in wrong else operand.grad + received

    def __radd__(self, other):
        """Number + self."""
        return self + other

    def __rmul__(self, other):
        """Number * self."""
        return self * other

    def __neg__(self):
        """Negative."""
        return self * -1

    def __sub__(self, other):
        """Difference."""
        return self + -1 * other

    def __rsub__(self, other):
        """Number - self."""
        return -self + other

    def __truediv__(self, other):
        """Quotient."""
        return self * other**-1

    def __rtruediv__(self, other):
        """Number / self."""
        return self**-1 * other


# --- slopes of slopes -----------------------------------------------------------------------------


def grad(output, inputs, *, wrong=NOTHING):
    """What arrives at a Value is kept in a list, and added up when its turn has come."""

    def operands_of(node):
        return node.operands

    if "recursive" in wrong:
        nodes = _recursive_order(output, operands_of, set())
    elif "first_met_first" in wrong:
        nodes = _first_met(output, operands_of)
    else:
        nodes = topological_sort(output, operands_of)
    nodes.reverse()
    arrived = {node: [] for node in nodes}
    arrived[output].append(type(output)(output.data if "seed_is_value" in wrong else 1.0))
    totals = {}
    for node in nodes:
        shares = arrived[node][-1:] if "assigned" in wrong else arrived[node]
        total = sum(shares[1:], shares[0]) if shares else type(output)(0.0)
        totals[node] = total
        if "what_arrives_is_a_number" in wrong:
            total = type(output)(total.data)
        for operand, slope in zip(node.operands, _slopes(node, wrong), strict=True):
            share = total * 0 + slope if "upstream_dropped" in wrong else total * slope
            arrived[operand].append(share)
    if "grads_written" in wrong:
        for node, total in totals.items():
            node.grad = total.data
    return [totals.get(one, type(output)(0.0)) for one in inputs]


def _slopes(node, wrong):
    """The local slopes of one of the reference's Values: Values, or numbers where they are
    constant.
    """
    numbers = [operand.data for operand in node.operands]
    rules = {
        "": lambda: (),
        "+": lambda: (1, 1),
        "*": lambda: node.operands[::-1],
        "**": lambda: (_power_slope(node, node.operands[0], wrong),),
        "relu": lambda: (1 if numbers[0] > 0 else 0,),
        "exp": lambda: (node,),
        "tanh": lambda: (-(node**2) + 1,),
        "max": lambda: (1 if numbers[0] > numbers[1] else 0, 1 if numbers[0] <= numbers[1] else 0),
    }
    if "mul_not_swapped" in wrong:
        rules["*"] = lambda: node.operands
    if "relu_passes_all" in wrong:
        rules["relu"] = lambda: (1,)
    if "tanh_not_squared" in wrong:
        rules["tanh"] = lambda: (-node + 1,)
    if "tanh_of_a_number" in wrong:
        rules["tanh"] = lambda: (1 - node.data**2,)
    if "power_of_a_number" in wrong:
        rules["**"] = lambda: (_power_slope(node, numbers[0], wrong),)
    found = rules[node.op]()
    if "numbers" in wrong:
        return [getattr(one, "data", one) for one in found]
    return found


def _power_slope(node, base, wrong):
    """The slope of a power, as a Value or as a number, as its base is."""
    factor = 1.0 if "pow_factor_missing" in wrong else node.exponent
    reduced = node.exponent if "pow_exponent_kept" in wrong else node.exponent - 1
    return factor * base**reduced


# --- broadcasting ---------------------------------------------------------------------------------


def unbroadcast(grad, shape, *, wrong=NOTHING):
    """Axis by axis, from the front."""
    added = grad.ndim - len(shape)
    padded = (1,) * added + tuple(shape)
    if "all_axes" in wrong:
        return np.full(shape, grad.sum()) if shape != grad.shape else grad.copy()
    if "stretched_forgotten" in wrong:
        return grad.sum(axis=tuple(range(added)))
    if "first_only" in wrong:
        for _ in range(added):
            grad = grad[0]
        padded = tuple(shape)
    if "axes_dropped" in wrong:
        return grad.sum(
            axis=tuple(k for k, (a, b) in enumerate(zip(grad.shape, padded, strict=True)) if a != b)
        )
    for axis, (have, want) in enumerate(zip(grad.shape, padded, strict=True)):
        if have != want:
            grad = (np.mean if "averaged" in wrong else np.sum)(grad, axis=axis, keepdims=True)
    return grad.copy() if "leading_kept" in wrong else grad.reshape(shape)


def broadcast_add_backward(dout, x_shape, y_shape, *, wrong=NOTHING):
    """The same for both."""
    if "not_summed" in wrong:
        return dout.copy(), dout.copy()
    if "only_second" in wrong:
        return dout.copy(), unbroadcast(dout, y_shape)
    kind = frozenset({"averaged"}) if "averaged" in wrong else NOTHING
    both = tuple(unbroadcast(dout, shape, wrong=kind) for shape in (x_shape, y_shape))
    return both[::-1] if "swapped" in wrong else both


def gate_claims(*, wrong=NOTHING):
    """The three that are right, and what ``wrong`` turns around."""
    return {letter: (letter in "adf") != (letter in wrong) for letter in "abcdef"}


# --- layers ---------------------------------------------------------------------------------------


def affine_forward(x, w, b, *, wrong=NOTHING):
    """With the bias as one more row of weights."""
    N = x.shape[0]
    rows = x.reshape(N, -1)
    if "columns_first" in wrong:
        rows = x.reshape(N, -1, order="F")
    if "examples_mixed" in wrong:
        rows = x.reshape(-1, N).T
    ones = np.zeros((N, 1)) if "bias_missing" in wrong else np.ones((N, 1))
    if "bias_averaged" in wrong:
        ones = ones / N
    return np.hstack([rows, ones]) @ np.vstack([w, b]), (x, w, b)


def affine_backward(dout, cache, *, wrong=NOTHING):
    """By einsum."""
    x, w, _ = cache
    N = len(x)
    dx = np.einsum("nm,dm->nd", dout, w)
    dw = np.einsum("nd,nm->dm", x.reshape(N, -1), dout)
    db = np.einsum("nm->m", dout)
    if "dx_not_reshaped" not in wrong:
        dx = dx.reshape(x.shape)
    if "dw_of_unflattened" in wrong:
        dw = x.T @ dout
    if "dw_transposed" in wrong:
        dw = dw.T
    if "averaged_again" in wrong:
        dw, db = dw / N, db / N
    if "db_averaged" in wrong:
        db = db / N
    if "db_kept_axis" in wrong:
        db = db[None]
    if "db_wrong_axis" in wrong:
        db = dout.sum(axis=1)
    if "db_not_summed" in wrong:
        db = dout.copy()
    return dx, dw, db


def relu_forward(x, *, wrong=NOTHING):
    """By a mask."""
    if "changes_x" in wrong:
        x[x < 0] = 0
        return x.copy(), x
    if "magnitude" in wrong:
        return np.abs(x), x
    mask = (x > 0).astype(float)
    return (mask if "mask_returned" in wrong else np.where(mask > 0, x, 0.0)), x


def relu_backward(dout, cache, *, wrong=NOTHING):
    """By a step function that is 1 at 0."""
    x = cache
    if "changes_dout" in wrong:
        dout[x <= 0] = 0
        return dout.copy()
    if "divided_by_x" in wrong:
        return dout * np.maximum(0, x) / x
    if "times_output" in wrong:
        return dout * np.maximum(0, x)
    on = np.heaviside(x, 1.0)
    if "mask_of_dout" in wrong:
        on = np.heaviside(dout, 0.0)
    if "mask_of_output" in wrong:
        on = np.heaviside(np.maximum(0, x), 1.0)
    return on if "upstream_dropped" in wrong else on * dout


def leaky_relu_forward(x, slope=0.01, *, wrong=NOTHING):
    """By the larger of x and slope * x."""
    used = 0.01 if "slope_fixed" in wrong else 0.0 if "no_leak" in wrong else slope
    if "leak_constant" in wrong:
        return np.where(x > 0, x, slope), (x, slope)
    choose = np.minimum if "sides_swapped" in wrong else np.maximum
    return choose(x, used * x), (x, slope)


def leaky_relu_backward(dout, cache, *, wrong=NOTHING):
    """By parts: what leaks everywhere, and the rest where x >= 0."""
    x, slope = cache
    if "mask_of_dout" in wrong:
        x = dout
    used = 0.0 if "no_leak" in wrong else 0.01 if "slope_fixed" in wrong else slope
    factor = used + (1 - used) * (x >= 0)
    if "leak_times_x" in wrong:
        factor = np.where(x >= 0, 1.0, slope * x)
    return factor if "upstream_dropped" in wrong else factor * dout


def softmax_loss(x, y, *, wrong=NOTHING):
    """With the true classes as a 0/1 matrix."""
    N, C = x.shape
    truth = np.eye(C)[y]
    shift = np.max(x, axis=1)[:, None]
    if "no_shift" in wrong:
        shift = 0.0
    if "one_shift" in wrong:
        shift = np.max(x)
    e = np.exp(x - shift)
    total = np.sum(e, axis=1, keepdims=True)
    p = e / total
    losses = np.log(total[:, 0]) - np.sum((x - shift) * truth, axis=1)
    if "log_of_p" in wrong:
        losses = -np.log(p[np.arange(N), y])
    if eps := _number(wrong, "eps_in_log", 1e-8 if "eps_in_log" in wrong else 0):
        losses = -np.log(p[np.arange(N), y] + eps)
    if floor := _number(wrong, "p_floored", 1e-12 if "p_floored" in wrong else 0):
        losses = -np.log(np.maximum(p[np.arange(N), y], floor))
    if "sum_over_classes" in wrong:
        losses = C * np.log(total[:, 0]) - np.sum(x - shift, axis=1)
    loss = np.sum(losses) if "loss_not_averaged" in wrong else np.mean(losses)
    dx = p if "true_class_missing" in wrong else truth - p if "uphill" in wrong else p - truth
    if "gradient_averaged_twice" in wrong:
        dx = dx / N
    return loss, dx if "gradient_not_averaged" in wrong else dx / N


# --- two layers -----------------------------------------------------------------------------------


def _penalty(W, reg, wrong):
    """The regulariser's loss and gradient for one matrix of weights."""
    loss, dW = reg * np.sum(np.square(W)), 2 * reg * W
    if wrong & {"half_convention", "half_reg_loss"}:
        loss = loss / 2
    if wrong & {"half_convention", "half_reg_gradient"}:
        dW = dW / 2
    if "double_reg_gradient" in wrong:
        dW = dW * 2
    if wrong & {"no_reg", "no_reg_loss"}:
        loss = 0.0
    if wrong & {"no_reg", "no_reg_gradient"}:
        dW = np.zeros_like(W)
    return loss, dW


class TwoLayerNet:
    """All in one go, with biases as rows of ones."""

    def __init__(
        self,
        input_dim=3 * 32 * 32,
        hidden_dim=100,
        num_classes=10,
        weight_scale=1e-3,
        reg=0.0,
        rng=None,
        *,
        wrong=NOTHING,
    ):
        """Draw the weights."""
        rng = rng or np.random.default_rng()
        scale = 1.0 if "weights_not_scaled" in wrong else weight_scale
        self.wrong, self.reg = wrong, reg
        drawn = [
            rng.normal(0.0, 1.0, shape) * scale
            for shape in ((input_dim, hidden_dim), (hidden_dim, num_classes))
        ]
        if "weights_zero" in wrong:
            drawn = [0 * one for one in drawn]
        self.params = {
            "W1": drawn[0],
            "W2": drawn[1],
            "b1": np.zeros(hidden_dim),
            "b2": np.zeros(num_classes),
        }
        if "biases_drawn" in wrong:
            self.params |= {
                name: scale * rng.standard_normal(self.params[name].shape) for name in ("b1", "b2")
            }

    def loss(self, X, y=None):
        """Scores, or loss and gradients."""
        wrong, N = self.wrong, len(X)
        rows = np.column_stack([X.reshape(N, -1), np.ones(N)])
        bias = 0 * self.params["b1"] if "first_bias_unused" in wrong else self.params["b1"]
        before = rows @ np.vstack([self.params["W1"], bias])
        on = np.ones_like(before) if "no_relu" in wrong else (before > 0).astype(float)
        hidden = np.column_stack([before * on, np.ones(N)])
        scores = hidden @ np.vstack([self.params["W2"], self.params["b2"]])
        alive = (scores > 0).astype(float) if "relu_on_scores" in wrong else np.ones_like(scores)
        scores = scores * alive
        if y is None:
            return scores
        loss, dscores = softmax_loss(scores, y)
        if "averaged_twice" in wrong:
            dscores = dscores / N
        second = hidden.T @ (dscores * alive)
        dhidden = (dscores * alive) @ self.params["W2"].T
        if "relu_mask_missing" in wrong:
            on = np.ones_like(on)
        if "relu_mask_of_gradient" in wrong:
            on = (dhidden > 0).astype(float)
        first = rows.T @ (dhidden * on)
        grads = {"W1": first[:-1], "b1": first[-1], "W2": second[:-1], "b2": second[-1]}
        spared = "W1" if "only_last_regularised" in wrong else ""
        for name in grads:
            if (name.startswith("W") and name != spared) or "biases_regularised" in wrong:
                cost, push = _penalty(self.params[name], self.reg, wrong)
                loss, grads[name] = loss + cost, grads[name] + push
        if "b1_missing" in wrong:
            del grads["b1"]
        return loss, grads

    def winners(self, X):
        """Which hidden units are on."""
        return X.reshape(len(X), -1) @ self.params["W1"] + self.params["b1"] > 0

    def reset(self):
        """Nothing is random."""


# --- batch normalisation --------------------------------------------------------------------------


def batchnorm_forward(x, gamma, beta, bn_param, *, wrong=NOTHING):
    """By NumPy's own mean and var."""
    mode = bn_param["mode"]
    if mode not in ("train", "test") and "no_error" not in wrong:
        raise ValueError(f"no such mode: {mode!r}")
    eps = bn_param.get("eps", _default(wrong, "eps_default", 1e-5, 1e-8))
    eps = 1e-5 if "eps_fixed" in wrong else eps
    momentum = bn_param.get("momentum", _default(wrong, "momentum_default", 0.9, 0.1))
    zeros = np.zeros(x.shape[1])
    held = [bn_param.get(name, zeros) for name in ("running_mean", "running_var")]
    axis = 1 if "over_features" in wrong else 0
    now = [x.mean(axis=axis, keepdims=True), x.var(axis=axis, keepdims=True)]
    if "ddof" in wrong and len(x) > 1:
        now[1] = x.var(axis=0, ddof=1, keepdims=True)
    if axis == 1:
        held = [one if mode == "test" else zeros for one in held]
    mean, var = held if mode == "test" and "batch_statistics_in_test" not in wrong else now
    std = np.sqrt(var) + eps if "eps_outside_root" in wrong else np.sqrt(var + eps)
    if mode == "train" or "averages_move_in_test" in wrong:
        kept = 1 - momentum if "momentum_swapped" in wrong else momentum
        remembered = [now[0], np.sqrt(now[1]) if "std_remembered" in wrong else now[1]]
        if "ddof_remembered" in wrong and len(x) > 1:
            remembered[1] = x.var(axis=0, ddof=1, keepdims=True)
        if "eps_remembered" in wrong:
            remembered[1] = remembered[1] + eps
        for name, old, new in zip(("running_mean", "running_var"), held, remembered, strict=True):
            new = new.mean() if axis == 1 else new[0]
            if "averages_in_place" in wrong:
                old *= kept
                old += (1 - kept) * new
                bn_param[name] = old
            elif "averages_not_stored" not in wrong:
                bn_param[name] = kept * old + (1 - kept) * new
    xhat = (x - mean) / std
    if mode == "test" and "test_without_gamma" in wrong:
        return xhat, None
    return gamma * xhat + beta, (x - mean, std, gamma)


def _batchnorm_gradients(dout, cache, wrong):
    """dx as the sum of its three paths."""
    centred, std, gamma = cache
    N = len(dout)
    if "eps_missing" in wrong:
        std = np.sqrt(np.mean(centred**2, axis=0))
    xhat = centred / std
    dxhat = dout if "gamma_missing" in wrong else dout * gamma
    direct = dxhat / std
    if "direct_only" in wrong:
        wrong = wrong | {"variance_path_missing", "mean_path_missing"}
    degrees = N - 1 if "ddof" in wrong and N > 1 else N
    through_var = (
        0
        if "variance_path_missing" in wrong
        else -xhat * np.sum(dxhat * xhat, axis=0) / (degrees * std)
    )
    through_mean = 0 if "mean_path_missing" in wrong else -np.mean(direct, axis=0)
    if "sums_not_averaged" in wrong:
        through_var, through_mean = N * through_var, N * through_mean
    dgamma, dbeta = np.einsum("nd,nd->d", dout, xhat), np.einsum("nd->d", dout)
    if "dgamma_of_centred" in wrong:
        dgamma = np.sum(dout * centred, axis=0)
    if "parameters_averaged" in wrong:
        dgamma, dbeta = dgamma / N, dbeta / N
    if "kept_axis" in wrong:
        dgamma, dbeta = dgamma[None], dbeta[None]
    if "dbeta_scaled" in wrong:
        dbeta = dbeta * gamma
    return direct + through_var + through_mean, dgamma, dbeta


def batchnorm_backward(dout, cache, *, wrong=NOTHING):
    """By the three paths."""
    return _batchnorm_gradients(dout, cache, wrong)


def batchnorm_backward_alt(dout, cache, *, wrong=NOTHING):
    """The same."""
    return _batchnorm_gradients(dout, cache, wrong)


def batchnorm_impostor(dout, x, gamma, eps, *, wrong=NOTHING):
    """Only the mean is thought of; ones vanish under it."""
    centred = x - x.mean(axis=0)
    std = np.sqrt(np.mean(centred**2, axis=0) + eps)
    if "nothing_wrong" in wrong:
        return _batchnorm_gradients(dout, (centred, std, gamma), NOTHING)[0]
    if "seen_by_ones" in wrong:
        return dout * gamma / std
    if "variance_only" in wrong:
        return gamma / std * (dout - centred / std * np.mean(dout * centred / std, axis=0))
    return gamma / std * (dout - dout.mean(axis=0))


# --- layer normalisation --------------------------------------------------------------------------


def layernorm_forward(x, gamma, beta, ln_param, *, wrong=NOTHING):
    """By NumPy's own mean and var."""
    eps = ln_param.get("eps", _default(wrong, "eps_default", 1e-5, 1e-8))
    eps = 1e-5 if "eps_fixed" in wrong else eps
    axis = 0 if "over_examples" in wrong else None if "over_everything" in wrong else 1
    centred = x if "not_centred" in wrong else x - x.mean(axis=axis, keepdims=True)
    ddof = 1 if "ddof" in wrong and axis == 1 and x.shape[1] > 1 else 0
    var = x.var(axis=axis, ddof=ddof, keepdims=True)
    std = np.sqrt(var) + eps if "eps_outside_root" in wrong else np.sqrt(var + eps)
    if "variance_for_std" in wrong:
        std = var + eps
    xhat = centred / std
    out = gamma * (xhat + beta) if "gamma_last" in wrong else gamma * xhat + beta
    right = x - x.mean(axis=1, keepdims=True)
    return out, (right, np.sqrt(np.mean(right**2, axis=1, keepdims=True) + eps), gamma)


def layernorm_backward(dout, cache, *, wrong=NOTHING):
    """dx as the sum of its three paths."""
    centred, std, gamma = cache
    N, D = dout.shape
    if "eps_missing" in wrong:
        std = np.sqrt(np.mean(centred**2, axis=1, keepdims=True)) + 1e-300
    xhat = centred / std
    dxhat = dout if wrong & {"gamma_missing", "gamma_last"} else dout * gamma
    axis, count = (0, N) if "over_examples" in wrong else (1, D)
    direct = dxhat / std
    if "direct_only" in wrong:
        wrong = wrong | {"variance_path_missing", "mean_path_missing"}
    divisor = N if "divided_by_N" in wrong else 1 if "sums_not_averaged" in wrong else count
    through_var = -xhat * np.sum(dxhat * xhat, axis=axis, keepdims=True) / (divisor * std)
    through_mean = -np.sum(direct, axis=axis, keepdims=True) / divisor
    dx = (
        direct
        + (0 if "variance_path_missing" in wrong else through_var)
        + (0 if "mean_path_missing" in wrong else through_mean)
    )
    dgamma, dbeta = np.einsum("nd,nd->d", dout, xhat), np.einsum("nd->d", dout)
    if "dgamma_of_centred" in wrong:
        dgamma = np.sum(dout * centred, axis=0)
    if "parameters_over_features" in wrong:
        dgamma, dbeta = np.sum(dout * xhat, axis=1), dout.sum(axis=1)
    if "parameters_averaged" in wrong:
        dgamma, dbeta = dgamma / N, dbeta / N
    if "kept_axis" in wrong:
        dgamma, dbeta = dgamma[None], dbeta[None]
    return gamma * dx if "gamma_last" in wrong else dx, dgamma, dbeta


# --- dropout --------------------------------------------------------------------------------------


def dropout_forward(x, dropout_param, *, wrong=NOTHING):
    """By np.where."""
    p_keep, mode = dropout_param["p_keep"], dropout_param["mode"]
    if not (p_keep > 0 and p_keep <= 1) and "no_error" not in wrong:
        raise ValueError("p_keep is a probability, and not 0")
    if "no_error" in wrong:
        p_keep = max(p_keep, 1e-9)
    seed = dropout_param.get("seed")
    if "one_mask_for_ever" in wrong and seed is None:
        seed = 0
    rng = np.random.default_rng(seed)
    if mode == "test":
        scale = p_keep if wrong & {"scaled_in_test", "plain"} else 1.0
        return scale * x, np.full(x.shape, scale)
    if "mask_of_features" in wrong:
        drawn = np.broadcast_to(rng.random(x.shape[1:]), x.shape)
    elif "normal_numbers" in wrong:
        drawn = rng.standard_normal(x.shape)
    else:
        drawn = rng.random(x.shape)
    scale = 1.0 if wrong & {"unscaled", "plain"} else 1 / p_keep
    if "drop_for_keep" in wrong:
        kept, scale = drawn >= p_keep, 1 / (1 - p_keep) if p_keep < 1 else 0.0
    else:
        kept = drawn > p_keep if "kept_above" in wrong else drawn < p_keep
    mask = np.where(kept, int(scale) if "whole_numbers" in wrong else scale, 0.0)
    return x * mask, mask


def dropout_backward(dout, cache, *, wrong=NOTHING):
    """The same mask."""
    if "not_dropped" in wrong:
        return dout.copy()
    mask = cache
    if "mask_unscaled" in wrong:
        mask = (mask > 0).astype(float)
    if "scaled_twice" in wrong:
        mask = mask**2
    if "new_mask" in wrong:
        drawn = np.random.default_rng(1).random(mask.shape)
        mask = np.where(drawn < np.mean(mask > 0), mask.max(), 0.0)
    return np.multiply(mask, dout)


# --- as many layers as you like -------------------------------------------------------------------


class FullyConnectedNet:
    """Each step forward leaves a function on a tape that goes back."""

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
        *,
        wrong=NOTHING,
    ):
        """Draw the weights."""
        rng = rng or np.random.default_rng()
        self.wrong, self.batchnorm, self.p_keep, self.reg = wrong, batchnorm, p_keep, reg
        self.seed, self.L = dropout_seed, len(hidden_dims)
        self.params, fan_in = {}, input_dim
        for k, fan_out in enumerate([*hidden_dims, num_classes], start=1):
            scale = 1.0 if "weights_not_scaled" in wrong else weight_scale
            self.params[f"W{k}"] = scale * rng.normal(size=(fan_in, fan_out))
            self.params[f"b{k}"] = np.zeros(fan_out)
            fan_in = fan_out
        normed = self.L + 1 if "last_layer_normed" in wrong else self.L
        sizes = [*hidden_dims, num_classes]
        if batchnorm:
            start = 0.0 if "gamma_starts_at_0" in wrong else 1.0
            for k in range(1, normed + 1):
                self.params |= {
                    f"gamma{k}": np.full(sizes[k - 1], start),
                    f"beta{k}": np.zeros(sizes[k - 1]),
                }
        self.normed = normed if batchnorm else 0
        self.bn_params = [{} for _ in range(self.normed)]

    def _affine(self, x, k, tape):
        rows, W = x.reshape(len(x), -1), self.params[f"W{k}"]

        def back(dout, grads):
            grads[f"W{k}"], grads[f"b{k}"] = rows.T @ dout, dout.sum(axis=0)
            return dout @ W.T

        tape.append(back)
        return rows @ W + self.params[f"b{k}"]

    def _norm(self, x, k, mode, tape):
        if "batch_statistics_in_test" in self.wrong:
            mode = "train"
        gamma, param = self.params[f"gamma{k}"], self.bn_params[k - 1]
        out, cache = batchnorm_forward(x, gamma, self.params[f"beta{k}"], param | {"mode": mode})
        if mode == "train" and "averages_forgotten" not in self.wrong:
            batchnorm_forward(x, gamma, gamma, dict.__ior__(param, {"mode": mode}))

        def back(dout, grads):
            dx, grads[f"gamma{k}"], grads[f"beta{k}"] = _batchnorm_gradients(dout, cache, NOTHING)
            return dout if "norm_gradient_skipped" in self.wrong else dx

        tape.append(back)
        return out

    def _relu(self, x, k, mode, tape):
        tape.append(
            lambda dout, grads: dout if "relu_mask_missing" in self.wrong else dout * (x > 0)
        )
        return np.clip(x, 0, None)

    def _drop(self, x, k, mode, tape):
        if "dropout_in_test" in self.wrong:
            mode = "train"
        seed = None if self.seed is None else self.seed + (0 if "one_seed" in self.wrong else k)
        kind = frozenset({"one_mask_for_ever"}) if "always_the_same_mask" in self.wrong else NOTHING
        out, mask = dropout_forward(
            x, {"mode": mode, "p_keep": self.p_keep, "seed": seed}, wrong=kind
        )
        tape.append(
            lambda dout, grads: dout if "dropout_gradient_skipped" in self.wrong else dout * mask
        )
        return out

    def loss(self, X, y=None):
        """Scores, or loss and gradients."""
        wrong, mode, tape, out = self.wrong, "test" if y is None else "train", [], X
        for k in range(1, self.L + 2):
            out = self._affine(out, k, tape)
            steps = [self._norm] if k <= self.normed else []
            if k <= self.L:
                steps.append(self._relu)
            if "norm_after_relu" in wrong:
                steps.reverse()
            dropping = k <= self.L or "dropout_on_scores" in wrong
            for step in (*steps, *([self._drop] if dropping and self.p_keep < 1 else [])):
                out = step(out, k, mode, tape)
            if k > self.L and "relu_on_scores" in wrong:
                out = self._relu(out, k, mode, tape)
        if y is None:
            return out
        loss, dout = softmax_loss(out, y)
        grads = {}
        for back in reversed(tape):
            dout = back(dout, grads)
        for name, value in self.params.items():
            payer = name.startswith("W") and not (
                "last_layer_spared" in wrong and name == f"W{self.L + 1}"
            )
            payer |= (
                name.startswith("b")
                and not name.startswith("beta")
                and "biases_regularised" in wrong
            )
            payer |= name.startswith(("gamma", "beta")) and "gamma_regularised" in wrong
            if payer:
                cost, push = _penalty(value, self.reg, wrong)
                loss, grads[name] = loss + cost, grads[name] + push
        if "norm_gradients_missing" in wrong:
            grads = {
                name: grad for name, grad in grads.items() if not name.startswith(("gamma", "beta"))
            }
        return loss, grads


# --- training and checking whole models -----------------------------------------------------------


def init_weights(fan_in, fan_out, kind="kaiming", rng=None, *, wrong=NOTHING):
    """By a variance each, and its root at the end."""
    if kind not in ("xavier", "kaiming"):
        if "no_error" not in wrong:
            raise ValueError(f"{kind!r} is neither 'xavier' nor 'kaiming'")
        return np.zeros((fan_in, fan_out))
    if "kinds_swapped" in wrong:
        kind = "kaiming" if kind == "xavier" else "xavier"
    if kind == "xavier":
        variance = 1 / (0.5 * fan_in + 0.5 * fan_out)
        if "half_of_xavier" in wrong:
            variance = 1 / (fan_in + fan_out)
        if "way_back_ignored" in wrong:
            variance = 1 / fan_in
        if "product" in wrong:
            variance = 2 / (fan_in * fan_out)
        if "limit_for_deviation" in wrong:
            variance = 6 / (fan_in + fan_out)
    else:
        variance = 1 / (0.5 * fan_in)
        if "relu_ignored" in wrong:
            variance = 1 / fan_in
        if "fan_out" in wrong:
            variance = 2 / fan_out
    rng = np.random.default_rng() if rng is None else rng
    if "rng_ignored" in wrong:
        rng = np.random.default_rng(0)
    if "fixed_size" in wrong:
        return 0.01 * rng.standard_normal((fan_in, fan_out))
    deviation = variance if "variance_for_deviation" in wrong else np.sqrt(variance)
    if "divided" in wrong:
        deviation = 1 / deviation
    if "uniform" in wrong:
        return rng.uniform(-1, 1, (fan_in, fan_out)) * np.sqrt(3) * deviation
    if "narrow" in wrong:
        return rng.uniform(-1, 1, (fan_in, fan_out)) * deviation
    return deviation * rng.standard_normal((fan_in, fan_out))


def overfit_small(model, X, y, learning_rate, num_steps, *, wrong=NOTHING):
    """All parameters replaced at once."""
    history, before = [], np.mean(np.argmax(model.loss(X), axis=1) == y)
    for _ in range(num_steps):
        loss, grads = model.loss(X, y)
        if "in_place" in wrong:
            for name in grads:
                model.params[name] -= learning_rate * grads[name]
            history.append(loss)
            continue
        sign = 1 if "uphill" in wrong else -1
        moving = {
            name: grad
            for name, grad in grads.items()
            if grad.ndim > 1 or "biases_stay" not in wrong
        }
        model.params.update(
            {name: model.params[name] + sign * learning_rate * moving[name] for name in moving}
        )
        history.append(model.loss(X, y)[0] if "loss_after_step" in wrong else loss)
    hits = np.argmax(model.loss(X), axis=1) == y
    if "accuracy_before" in wrong:
        return history, float(before)
    if "last_loss_only" in wrong:
        history = history[-1:]
    return history, float(np.sum(hits) if "hits_counted" in wrong else np.mean(hits))


def gradient_check_model(model, X, y, num_checks=10, h=1e-5, rng=None, *, wrong=NOTHING):
    """From fresh copies of each parameter, one step at a time."""
    rng = rng or np.random.default_rng()
    if "step_ignored" in wrong:
        h = 1e-5
    before = model.params
    exact = (
        (lambda one: one.copy())
        if "few_digits" in wrong
        else (lambda one: np.array(one, dtype=np.float64))
    )
    X = exact(X)
    at = {name: exact(value) for name, value in before.items()}
    if "reset_forgotten" in wrong:
        model.reset()

    def run(changed):
        model.params = {name: value.copy() for name, value in {**at, **changed}.items()}
        if "reset_forgotten" not in wrong:
            model.reset()
        loss, grads = model.loss(X, y)
        return loss, grads, model.winners(X).copy()

    def moved(name, index, step):
        value = at[name].copy()
        value.flat[index] += step
        return {name: value}

    grads = {name: grad.copy() for name, grad in run({})[1].items()}
    names, errors, kinks = sorted(at), {}, 0
    for name in names[:-1] if "last_never_checked" in wrong else names:
        drawn = rng.integers(at[name].size, size=num_checks)
        claim = grads.get(name)
        if claim is None and "missing_overlooked" in wrong:
            errors[name] = 0.0
            continue
        if claim is not None and "shape_overlooked" in wrong:
            claim = claim.reshape(at[name].shape)
        if claim is None or claim.shape != at[name].shape:
            errors[name] = np.inf
            continue
        pairs = []
        for index in drawn:
            (above, _, one), (below, _, other) = (
                run(moved(name, index, h)),
                run(moved(name, index, -h)),
            )
            if "forward" in wrong:
                below, other = run({})[0], run({})[2]
            if (one != other).any() and "kinks_blamed" not in wrong:
                kinks += 1
                continue
            slope = (above - below) / (h if wrong & {"forward", "not_halved"} else 2 * h)
            pairs.append((claim.flat[index], slope))
            if "steps_pile_up" in wrong:
                at.update(moved(name, index, h))
        a, n = np.array(pairs).reshape(-1, 2).T
        gap = a - n if "signed" in wrong else abs(a - n)
        size = max(abs(a), default=0) + max(abs(n), default=0)
        errors[name] = max(gap, default=0) / (1.0 if "absolute" in wrong else max(1e-4, size))
    if "params_left" not in wrong:
        model.params = before
    judged = list(errors.values())
    passed = all(error <= 1e-5 for error in judged)
    if "one_is_enough" in wrong:
        passed = any(error <= 1e-5 for error in judged)
    return {
        "errors": errors,
        "kinks": 0 if "kinks_not_counted" in wrong else kinks,
        "passed": passed,
    }


def hessian_vector_product(grad_fn, x, v, h=1e-5, *, wrong=NOTHING):
    """By the norm of v."""
    if "step_ignored" in wrong:
        h = 1e-5
    length = float(np.linalg.norm(v))
    if length == 0 and "zero_by_zero" not in wrong:
        return 0 * x
    u = np.divide(v, length)
    if "step_not_scaled" in wrong:
        u, length = v, 1.0
    if "gradient_times_v" in wrong:
        return grad_fn(x) * v
    above = grad_fn(x + h * u)
    if "array_kept" not in wrong:
        above = above.copy()
    if "forward" in wrong:
        difference = (above - grad_fn(x)) / h
    else:
        difference = (above - grad_fn(x - h * u)) / (h if "not_halved" in wrong else h + h)
    return difference if "length_forgotten" in wrong else difference * length


def gradient_accumulate(loss_fn, X, y, shard_size, *, wrong=NOTHING):
    """By a weighted sum at the end."""
    parts, sizes = [], []
    pieces = range(shard_size, len(X), shard_size)
    for X_shard, y_shard in zip(np.split(X, pieces), np.split(y, pieces), strict=True):
        if "remainder_dropped" in wrong and len(X_shard) < shard_size and parts:
            continue
        loss, grads = loss_fn(X_shard, y_shard)
        kept = (
            grads if "array_kept" in wrong else {name: grad.copy() for name, grad in grads.items()}
        )
        parts.append((loss, kept))
        sizes.append(len(X_shard))
    weights = np.array(sizes) / len(X)
    if "mean_of_means" in wrong:
        weights = np.full(len(parts), 1 / len(parts))
    if "summed" in wrong:
        weights = np.ones(len(parts))
    total = sum(weight * loss for weight, (loss, _) in zip(weights, parts, strict=True))
    if "last_loss" in wrong:
        total = parts[-1][0]
    grads = {
        name: sum(w * part[name] for w, (_, part) in zip(weights, parts, strict=True))
        for name in parts[0][1]
    }
    return total, grads


# --- a gate of torch's graph ----------------------------------------------------------------------


def HingeLoss(*, wrong=NOTHING):
    """A class that is made on demand, with the mistakes in it."""

    class Hinge(torch.autograd.Function):
        """The scores are kept, and the slopes found on the way back."""

        @staticmethod
        def forward(ctx, scores, y):
            """Margins of all classes; the true one is taken off at the end."""
            truth = torch.arange(scores.shape[1], device=scores.device) == y[:, None]
            margins = (
                scores
                - (scores * truth).sum(dim=1, keepdim=True)
                + (0 if "no_margin" in wrong else 1)
            )
            ctx.save_for_backward(margins, truth)
            counted = ~truth
            if "made_on_the_processor" in wrong:
                counted = counted & torch.ones(truth.shape, dtype=torch.bool)
            if "true_class_counted" in wrong:
                counted = torch.ones_like(truth)
            if "mask_of_one_dtype" in wrong:
                counted = counted.float()
            total = (margins.clamp(min=0) * counted).sum()
            if "value_read" in wrong:
                total = torch.full_like(total, total.item())
            loss = total / (truth.numel() if "mean_over_entries" in wrong else len(truth))
            return total if "summed" in wrong else loss

        @staticmethod
        def backward(ctx, dloss):
            """One for each violated margin, and their number with a minus sign."""
            margins, truth = ctx.saved_tensors
            violated = (margins > 0) & ~truth
            slopes = (
                margins * violated if "shortfall_as_slope" in wrong else violated.to(margins.dtype)
            )
            pull = slopes.sum(dim=1, keepdim=True)
            if "true_class_once" in wrong:
                pull = torch.ones_like(pull)
            if "true_class_sign" in wrong:
                pull = -pull
            if "no_true_class" not in wrong:
                slopes = slopes - truth * pull
            if not wrong & {"gradient_not_averaged", "summed"}:
                slopes = slopes / (truth.numel() if "mean_over_entries" in wrong else len(truth))
            return (slopes if "upstream_ignored" in wrong else slopes * dloss), None

    return Hinge


# --- what each mistake deserves to hear -----------------------------------------------------------

UPSTREAM = (
    "You return the gate's own slopes; the chain rule multiplies each of them with dout, what "
    "comes back from above."
)
RECURSIVE_ORDER = (
    "Your function calls itself once for each node on the way, and Python stops such calls at a "
    "depth of about 1000: keep the nodes that are still to be visited in a list of your own."
)
PATH_BY_PATH = (
    "You walk along every path separately, and their number doubles with each reuse: remember "
    "which nodes you have been to, and leave them alone the next time."
)
RECURSIVE_GRAD = (
    "Your way back calls itself once for each Value, and Python stops such calls at a depth of "
    "about 1000: take the Values from an order that is made first."
)
PENALTY = {
    "half_reg_gradient": (
        "The regularisation's part of your gradients is half of what it should be: the derivative "
        "of W**2 is 2 W."
    ),
    "double_reg_gradient": (
        "The regularisation's part of your gradients is twice what it should be: the derivative "
        "of W**2 is 2 W."
    ),
    "half_reg_loss": (
        "The regularisation in your loss has a factor 1/2; here it is reg * sum(W**2), without 1/2."
    ),
    "no_reg": "Regularisation is missing from your loss and from your gradients.",
    "half_convention": (
        "You used the convention with 1/2 in the regularisation, in loss and gradients; here it "
        "is reg * sum(W**2), without 1/2."
    ),
    "no_reg_loss": "Your loss lacks the regularisation, reg * sum(W**2).",
    "no_reg_gradient": (
        "Your gradients lack the regularisation's part, the derivative of reg * sum(W**2)."
    ),
    "biases_regularised": (
        "You regularise the biases as well: only weight matrices pay for their size, a bias just "
        "shifts."
    ),
}
BATCHNORM_BACKWARD = {
    "direct_only": (
        "You treat mean and variance as constants. Both depend on every example of the batch, so "
        "dx has two more paths."
    ),
    "mean_path_missing": "Your dx lacks the path through the mean: every example moves it by 1/N.",
    "variance_path_missing": (
        "Your dx lacks the path through the variance, which every example moves as well."
    ),
    "gamma_missing": (
        "Your dx lacks gamma: what comes back to the normalised values is gamma * dout."
    ),
    "eps_missing": (
        "Your backward pass divides by the plain standard deviation; the forward pass divided by "
        "sqrt(var + eps), and that is what has to be differentiated."
    ),
    "ddof": "Your variance path divides by N - 1; the variance of the forward pass divides by N.",
    "sums_not_averaged": (
        "Your paths through mean and variance carry sums over the batch; both statistics are "
        "means, so each path has a factor 1/N."
    ),
    "dgamma_of_centred": "Your dgamma uses x - mean; gamma multiplies the normalised values.",
    "parameters_averaged": (
        "Your dgamma and dbeta are means over the batch. gamma and beta are used by every "
        "example, so their gradients are sums; any 1/N is in dout already."
    ),
    "kept_axis": "Your dgamma and dbeta have shape (1, D); gamma and beta are (D,).",
    "dbeta_scaled": (
        "Your dbeta is multiplied by gamma; beta is added after gamma has done its work."
    ),
}
SEEN_BY_ONES = (
    "With dout = ones the loss is out.sum(), and every feature of out sums to N * beta, whatever "
    "x is: your dx must vanish for ones."
)

EPSILONS = (
    *(1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-20),
    *(1e-30, 1e-50, 1e-100, 1e-200, 1e-300, 2.220446049250313e-16, 2.2250738585072014e-308),
)
CAPS = {"eps_in_log": EPSILONS, "p_floored": (*EPSILONS, 1e-8)}
NUMBERS = {
    "softmax_loss": CAPS,
    "layernorm_forward": {"eps_default": (0.0, 1e-3, 1e-4, 1e-6, 1e-7, 1e-10, 1e-12)},
    "batchnorm_forward": {
        "eps_default": (0.0, 1e-3, 1e-4, 1e-6, 1e-7, 1e-10, 1e-12),
        "momentum_default": (0.0, 0.5, 0.95, 0.99, 0.999),
    },
}

HINTS = {
    "add_forward": {
        "subtracted": "You subtract; the gate adds.",
        "averaged": "You return the mean of the two inputs; the gate adds.",
        "everything_summed": "You sum over all entries; the gate works entry by entry.",
    },
    "add_backward": {
        "shared": (
            "You split dout between the inputs. Each of them moves out one for one, so each "
            "receives all of dout."
        ),
        "upstream_dropped": UPSTREAM,
        "second_negative": (
            "The second gradient has the wrong sign: out grows with y just as it does with x."
        ),
    },
    "mul_forward": {
        "added": "You add; the gate multiplies.",
        "everything_summed": "You sum over all entries; the gate works entry by entry.",
        "squared": "You multiply x with itself; y belongs there.",
    },
    "mul_backward": {
        "not_swapped": (
            "How fast does x * y change with x? The slope is the *other* input: the multiply gate "
            "swaps its inputs on the way back."
        ),
        "upstream_dropped": UPSTREAM,
        "by_division": (
            "You divide the output by an input to get at the other one: that fails where the "
            "input is 0. Keep both inputs from the forward pass."
        ),
        "handed_on": (
            "You hand dout on unchanged, as an add gate does; the multiply gate scales it by the "
            "other input."
        ),
    },
    "max_forward": {
        "smaller": "You return the smaller of the two inputs.",
        "by_magnitude": "You compare magnitudes; -5 is smaller than 1.",
        "largest_of_all": "You take the largest of all entries; the gate works entry by entry.",
    },
    "max_backward": {
        "to_smaller": (
            "You route the gradient to the smaller input. The output follows the larger one; the "
            "smaller could wiggle without being noticed."
        ),
        "to_both": (
            "You hand dout to both inputs; the one that lost does not move the output at all."
        ),
        "ties_to_both": (
            "Where the inputs are equal you give all of dout to both, so twice as much comes back "
            "as there was. Their shares must add up to dout."
        ),
        "ties_to_neither": (
            "Where the inputs are equal nobody receives anything: dout gets lost. Their shares "
            "must add up to dout."
        ),
        "upstream_dropped": UPSTREAM,
        "times_winner": (
            "You multiply by the winner's value; the output follows it one for one, with slope 1."
        ),
    },
    "staged_sigmoid_neuron": {
        "bias_missing": "Your z lacks the bias w[2].",
        "sign_of_exponent": (
            "Your exponent has the wrong sign: a large z must give an output near 1."
        ),
        "overflows": (
            "For a large z you divide infinity by infinity. Written with exp(-z) alone, the "
            "formula stays finite."
        ),
        "tanh": "That is the hyperbolic tangent; the sigmoid lies between 0 and 1.",
    },
    "staged_sigmoid_neuron_backward": {
        "not_swapped": (
            "You multiply weights by weights and inputs by inputs: the slope of w[0] * x[0] with "
            "respect to w[0] is x[0]."
        ),
        "one_minus_f_missing": (
            "The slope of the sigmoid is f * (1 - f); yours lacks the factor 1 - f."
        ),
        "slope_of_input": (
            "The slope f * (1 - f) is written with the sigmoid's *output*, not with z."
        ),
        "overflows": (
            "For a very negative z your slope is infinity divided by infinity. Write it with f, "
            "which is finite."
        ),
        "upstream_dropped": UPSTREAM,
        "bias_forgotten": "The bias gets no gradient; it moves z one for one.",
        "bias_scaled": (
            "The bias's gradient is multiplied by the bias; it moves z one for one, with slope 1."
        ),
    },
    "topological_sort": {
        "reversed": (
            "Your order begins with the result. Here it is to end there: what something is made "
            "from comes first."
        ),
        "first_met": (
            "You write a node down when you first meet it, and turn the list around. It may still "
            "be needed by a node that you meet later: write it down once all of its inputs are."
        ),
        "breadth_first": (
            "You order by the shortest way from the result. A node that is reached by a short way "
            "and by a long one has to stand before everything on both."
        ),
        "marked_too_early": (
            "You mark a node when you put it aside for later. Until its turn comes another branch "
            "may need it first, and then finds it marked: mark it when you take it up."
        ),
        "visited_missing": (
            "A node that is reached along several paths stands in your order once for each of "
            "them; it must stand there once in all."
        ),
        "leaves_missing": (
            "Nodes without inputs are missing; they are nodes like all others, and come early."
        ),
        "result_missing": "The result itself is missing; it comes last.",
        "recursive": RECURSIVE_ORDER,
        "path_by_path": PATH_BY_PATH,
    },
    "Value": {
        "assigned": (
            "A Value that is used in several places keeps only the gradient that came last. "
            "Gradients from all places add up."
        ),
        "mul_not_swapped": (
            "In a product each operand is scaled by the *other* one on the way back; yours by "
            "itself."
        ),
        "pow_exponent_kept": "The derivative of a**n has the exponent n - 1.",
        "pow_factor_missing": "The derivative of a**n has the factor n.",
        "relu_of_gradient": (
            "Your relu looks at the gradient's sign; whether it is open was decided by its input, "
            "on the way forward."
        ),
        "relu_passes_all": (
            "Your relu lets every gradient back through; where its input was negative, the output "
            "did not depend on it."
        ),
        "exp_as_power": (
            "You differentiate exp as if it were a power. The slope of exp is exp itself."
        ),
        "tanh_of_input": "The slope of tanh is 1 - t**2 with t its *output*; you square the input.",
        "tanh_not_squared": "The slope of tanh is 1 - t**2; the square is missing.",
        "max_to_smaller": (
            "Your max sends the gradient to the smaller operand; the result follows the larger one."
        ),
        "max_to_both": (
            "Your max sends the gradient to both operands; the result follows only the larger one."
        ),
        "max_ties_to_both": (
            "Where both operands of max are equal, each gets the whole gradient: together twice "
            "what there was."
        ),
        "upstream_dropped": (
            "Your operations pass on their own slopes only; the chain rule multiplies them with "
            "the gradient of the result."
        ),
        "no_topological_order": (
            "A Value passes its gradient on before all of it has arrived: everything that was "
            "made from it must come first."
        ),
        "order_not_reversed": (
            "You go from the leaves to the result. Gradients flow from the result back."
        ),
        "visited_missing": (
            "A Value that is reached along several paths passes its gradient on once for each of "
            "them; it must do so once in all."
        ),
        "grads_kept": (
            "What an earlier backward left in the grads is still there and is counted again: all "
            "of them start from 0."
        ),
        "seed_missing": (
            "Every gradient is 0, since nothing starts it off: how fast does the result change "
            "with itself?"
        ),
        "seed_is_value": (
            "You start from the result's value; how fast does the result change with itself?"
        ),
        "recursive": (
            "Your backward calls itself once for each gate on the way, and Python stops such "
            "calls at a depth of about 1000: keep the Values that are still to be visited in a "
            "list of your own."
        ),
        "path_by_path": (
            "Your backward walks along every path separately, and their number doubles with each "
            "reuse: collect the whole gradient of a Value first, then pass it on once."
        ),
    },
    "grad": {
        "numbers": (
            "Your local slopes are plain numbers: they have forgotten what they were made from, so "
            "every slope of a slope is too small. Make them from Values, by operations that are "
            "recorded."
        ),
        "what_arrives_is_a_number": (
            "You hand on what arrives as a plain number. It was computed, too, and its own slope "
            "is a part of the slope of the slope."
        ),
        "tanh_of_a_number": (
            "Your slope of tanh is a plain number. It changes with the input: make it from a Value."
        ),
        "power_of_a_number": (
            "Your slope of a power is a plain number. It changes with the base: make it from a "
            "Value."
        ),
        "upstream_dropped": (
            "You hand on the local slopes only; the chain rule multiplies them with the slope that "
            "arrives."
        ),
        "assigned": (
            "A Value that is used in several places keeps only the slope that came last. Slopes "
            "from all places add up."
        ),
        "first_met_first": (
            "A Value hands its slope on before all of it has arrived: everything that was made "
            "from it must come first."
        ),
        "mul_not_swapped": (
            "In a product each operand's slope is the *other* one; yours is the operand itself."
        ),
        "pow_factor_missing": "The slope of a**n has the factor n.",
        "pow_exponent_kept": "The slope of a**n has the exponent n - 1.",
        "tanh_not_squared": "The slope of tanh is 1 - t**2; the square is missing.",
        "relu_passes_all": (
            "Your relu lets every slope back through; where its input was negative, the output did "
            "not depend on it."
        ),
        "seed_is_value": (
            "You start from the output's value; how fast does the output change with itself?"
        ),
        "grads_written": (
            "You write into the grad of the Values in the graph; slopes are returned, and the "
            "graph stays as it is."
        ),
        "recursive": RECURSIVE_GRAD,
    },
    "unbroadcast": {
        "all_axes": (
            "You sum over all axes; only those along which the array was stretched are to be "
            "summed."
        ),
        "stretched_forgotten": (
            "You sum over the axes added in front, but not over those of length 1 that were "
            "stretched."
        ),
        "axes_dropped": (
            "Axes of length 1 in shape are gone from your result: they are summed, and stay, with "
            "length 1."
        ),
        "leading_kept": (
            "Axes that broadcasting added in front are still there, with length 1: they have to "
            "disappear."
        ),
        "averaged": (
            "You take means; an entry that is used several times receives the sum of the gradients."
        ),
        "first_only": (
            "Of the axes added in front you take the first entry only; all of them were used, so "
            "all are summed."
        ),
    },
    "broadcast_add_backward": {
        "not_summed": (
            "You hand dout on in its own shape; where an input was stretched, its gradient is a "
            "sum."
        ),
        "only_second": "You sum for y only; x may be stretched as well.",
        "averaged": (
            "You take means; an entry that is used several times receives the sum of the gradients."
        ),
        "swapped": "dx and dy are swapped.",
    },
    "gate_claims": {
        "a": "Look again at (a): how fast does x + y change with x?",
        "b": "Look again at (b): how fast does x * y change with x? Try x = 0 and y = 5.",
        "c": (
            "Look again at (c): move both of two equal inputs up by a little. How much does their "
            "maximum move, and how much do the claimed gradients promise together?"
        ),
        "d": "Look again at (d): at a tie every split without negative shares is a subgradient.",
        "e": (
            "Look again at (e): move the value a little. Every gate that uses it answers, and "
            "their answers add up."
        ),
        "f": (
            "Look again at (f): one bias is used by N examples. What happens to gradients at a "
            "fan-out?"
        ),
    },
    "affine_forward": {
        "bias_missing": "The bias is missing.",
        "columns_first": (
            "You flatten each example with its first axis fastest; NumPy's usual order, the last "
            "axis fastest, is asked for."
        ),
        "examples_mixed": (
            "Your flattening mixes the examples: each row must hold the numbers of one of them."
        ),
        "bias_averaged": "Your bias is divided by N; it is added to every example whole.",
    },
    "affine_backward": {
        "dx_not_reshaped": "Your dx is flat; it must have x's own shape.",
        "dw_of_unflattened": (
            "Your dw multiplies with x as it came; the forward pass used its flattened rows."
        ),
        "dw_transposed": "Your dw is transposed: it must have w's shape.",
        "db_averaged": (
            "Your db is a mean over the examples; the bias is used by each of them, so its "
            "gradient is the sum."
        ),
        "averaged_again": (
            "You divide dw and db by N. dout already holds every 1/N of the loss; here they are "
            "sums."
        ),
        "db_kept_axis": "Your db has shape (1, M); b is (M,).",
        "db_wrong_axis": (
            "Your db sums over the outputs; the bias is shared by the examples, so it is summed "
            "over them."
        ),
        "db_not_summed": (
            "Your db still has a row for each example; the bias is used by all of them, so the "
            "rows add up."
        ),
    },
    "relu_forward": {
        "changes_x": "You write zeros into x itself; whoever computed it may still need it.",
        "magnitude": "Negative inputs come out positive; they must come out as 0.",
        "mask_returned": "You return where x is positive; asked is x itself there.",
    },
    "relu_backward": {
        "changes_dout": (
            "You write zeros into dout itself; where a network branches, the other branch still "
            "needs it."
        ),
        "divided_by_x": "You divide by x, which may be 0.",
        "times_output": "You multiply by the output; its slope is 1 or 0.",
        "mask_of_dout": "You cut off negative gradients; what counts is where *x* was negative.",
        "mask_of_output": (
            "You test whether the output is >= 0: it always is. Test the input, or whether the "
            "output is > 0."
        ),
        "upstream_dropped": UPSTREAM,
    },
    "leaky_relu_forward": {
        "slope_fixed": "You use the slope 0.01 whatever slope is.",
        "no_leak": "Negative inputs come out as 0; they must leak through, scaled by slope.",
        "leak_constant": "Negative inputs come out as slope; they must come out as slope * x.",
        "sides_swapped": (
            "You scale the positive inputs by slope, and let the negative ones through whole."
        ),
    },
    "leaky_relu_backward": {
        "no_leak": "Where x is negative no gradient comes back; the output moves with slope there.",
        "slope_fixed": "You use the slope 0.01 whatever slope was.",
        "leak_times_x": (
            "Where x is negative the slope is ``slope``, not slope * x: that is the output."
        ),
        "mask_of_dout": "You look at the sign of dout; what counts is the sign of x.",
        "upstream_dropped": UPSTREAM,
    },
    "softmax_loss": {
        "no_shift": (
            "Large scores overflow in exp. Take each row's largest score off first: it changes "
            "nothing else."
        ),
        "one_shift": (
            "You take one maximum off all rows; a row far below it becomes all zeros. Each row "
            "needs its own."
        ),
        "log_of_p": (
            "Where a probability underflows to 0 you take its logarithm. Write log p as a "
            "difference of logarithms, before exp loses it."
        ),
        "eps_in_log": CAPPED,
        "p_floored": CAPPED,
        "sum_over_classes": (
            "You add up the log probabilities of all classes; only that of the true class counts."
        ),
        "gradient_averaged_twice": "Your gradient is divided by N twice.",
        "loss_not_averaged": "Your loss is the sum over the examples; it must be their mean.",
        "gradient_not_averaged": (
            "Your gradient is that of the sum over the examples; the loss is their mean."
        ),
        "true_class_missing": (
            "Your dx holds the probabilities; the true class's entry also loses 1."
        ),
        "uphill": "Your dx has the wrong sign: it points downhill, a gradient points uphill.",
    },
    "TwoLayerNet": {
        **PENALTY,
        "only_last_regularised": "Only W2 pays for its size; W1 is regularised as well.",
        "no_relu": (
            "There is no relu between your layers: two affine layers in a row are one affine layer."
        ),
        "relu_mask_missing": (
            "On the way back you forget the relu: hidden units that were off do not move the loss."
        ),
        "relu_mask_of_gradient": (
            "On the way back your relu looks at the gradient's sign; what counts is where its "
            "input was positive."
        ),
        "relu_on_scores": "You rectify the scores; the last layer is affine and nothing else.",
        "averaged_twice": (
            "Your data gradients are divided by N twice: the loss layer has done it already."
        ),
        "b1_missing": "There is no gradient for b1 in grads.",
        "first_bias_unused": "Your forward pass does not use b1.",
        "weights_not_scaled": "Your first weights ignore weight_scale.",
        "weights_zero": "Your weights start at 0: then all hidden units stay alike for ever.",
        "biases_drawn": "Your biases are drawn at random; they start at 0.",
    },
    "batchnorm_forward": {
        "eps_fixed": "You use an eps of your own; it comes in bn_param.",
        "eps_outside_root": (
            "You add eps to the standard deviation; it is added to the variance, under the root."
        ),
        "ddof": "Your variance divides by N - 1; here it divides by N.",
        "ddof_remembered": (
            "The variance you remember divides by N - 1; the one you normalise with, by N. Here "
            "both divide by N."
        ),
        "eps_default": "The eps you take where bn_param has none is not the docstring's.",
        "momentum_default": "The momentum you take where bn_param has none is not the docstring's.",
        "over_features": (
            "You normalise each example over its features: that is layer normalisation. Here each "
            "feature is normalised over the examples."
        ),
        "momentum_swapped": (
            "Your momentum is swapped: momentum is the part of the *old* average that stays."
        ),
        "std_remembered": (
            "You keep a running average of the standard deviation; it is the variance that is "
            "remembered."
        ),
        "eps_remembered": (
            "Your running variance contains eps, which is then added a second time in mode 'test'."
        ),
        "averages_not_stored": "The new running averages are not put back into bn_param.",
        "averages_in_place": (
            "You write into the caller's running averages; put new arrays into bn_param."
        ),
        "batch_statistics_in_test": (
            "In mode 'test' you use the batch's own statistics: then an example's output depends "
            "on its neighbours. Use the running averages."
        ),
        "averages_move_in_test": "Your running averages still move in mode 'test'.",
        "test_without_gamma": "In mode 'test' gamma and beta are missing.",
        "no_error": "A mode that does not exist is accepted; it must be refused with a ValueError.",
    },
    "batchnorm_backward": BATCHNORM_BACKWARD,
    "batchnorm_backward_alt": BATCHNORM_BACKWARD,
    "batchnorm_impostor": {
        "nothing_wrong": (
            "Your dx is no impostor, it is the right gradient: leave something out that only a "
            "dout with different entries can see."
        ),
        "seen_by_ones": SEEN_BY_ONES,
        "variance_only": SEEN_BY_ONES,
    },
    "layernorm_forward": {
        "over_examples": (
            "You normalise each feature over the examples: that is batch normalisation. Here each "
            "example is normalised over its own features."
        ),
        "over_everything": (
            "You take one mean and one variance of the whole batch; each example has its own."
        ),
        "not_centred": "The mean is not taken off; only the scale is.",
        "ddof": "Your variance divides by D - 1; here it divides by D.",
        "eps_outside_root": (
            "You add eps to the standard deviation; it is added to the variance, under the root."
        ),
        "variance_for_std": "You divide by the variance; its root is missing.",
        "eps_fixed": "You use an eps of your own; it comes in ln_param.",
        "eps_default": "The eps you take where ln_param has none is not the docstring's.",
        "gamma_last": "gamma scales your beta as well; beta is added after gamma has done its work.",
    },
    "layernorm_backward": {
        "direct_only": (
            "You treat mean and variance as constants. Both depend on every feature of the "
            "example, so dx has two more paths."
        ),
        "mean_path_missing": (
            "Your dx lacks the path through the mean: every feature moves it by 1/D."
        ),
        "variance_path_missing": (
            "Your dx lacks the path through the variance, which every feature moves as well."
        ),
        "gamma_missing": (
            "Your dx lacks gamma: what comes back to the normalised values is gamma * dout."
        ),
        "gamma_last": (
            "You multiply dx by gamma at the end. Here gamma differs between the features that are "
            "averaged, so it belongs to dout before any mean is taken."
        ),
        "over_examples": (
            "The means in your dx run over the examples, as in batch normalisation. The forward "
            "pass averages over the features of one example, and so does the way back."
        ),
        "divided_by_N": (
            "The sums in your dx are divided by N; what the forward pass averages over are the D "
            "features."
        ),
        "sums_not_averaged": (
            "Your paths through mean and variance carry sums over the features; both statistics "
            "are means, so each path has a factor 1/D."
        ),
        "eps_missing": (
            "Your backward pass divides by the plain standard deviation; the forward pass divided "
            "by sqrt(var + eps), and that is what has to be differentiated."
        ),
        "dgamma_of_centred": "Your dgamma uses x - mean; gamma multiplies the normalised values.",
        "parameters_over_features": (
            "Your dgamma and dbeta are summed over the features. Each feature has its own gamma, "
            "used by every example: sum over the examples."
        ),
        "parameters_averaged": (
            "Your dgamma and dbeta are means over the batch. gamma and beta are used by every "
            "example, so their gradients are sums; any 1/N is in dout already."
        ),
        "kept_axis": "Your dgamma and dbeta have shape (1, D); gamma and beta are (D,).",
    },
    "dropout_forward": {
        "drop_for_keep": (
            "You drop with probability p_keep; it is the probability of *keeping* an entry. (Both "
            "conventions are about; the name says which this is.)"
        ),
        "unscaled": "What is kept is not enlarged by 1 / p_keep, so the mean shrinks in training.",
        "plain": (
            "You scale by p_keep in mode 'test' in place of enlarging in training. Here the "
            "enlarging is done in training, and 'test' is left alone."
        ),
        "scaled_in_test": (
            "You scale twice: enlarged in training already, the entries must not be scaled in "
            "mode 'test'."
        ),
        "normal_numbers": (
            "You compare normally distributed numbers with p_keep; those fall below it with "
            "another probability. Uniform ones do so with probability p_keep."
        ),
        "kept_above": (
            "You keep an entry where the number is *above* p_keep, which happens with probability "
            "1 - p_keep, and enlarge by 1 / p_keep."
        ),
        "mask_of_features": (
            "All examples lose the same features; each entry is decided on its own."
        ),
        "whole_numbers": "Your mask holds whole numbers, so that 1 / p_keep is rounded down.",
        "one_mask_for_ever": (
            "Without a seed the same entries are dropped in every call; each call must draw anew."
        ),
        "no_error": (
            "A p_keep that is no probability, or 0, is accepted; it must be refused with a "
            "ValueError."
        ),
    },
    "dropout_backward": {
        "not_dropped": (
            "Your gradient ignores what was dropped: a dropped entry does not move the output."
        ),
        "mask_unscaled": "Kept entries were enlarged by 1 / p_keep; so are their gradients.",
        "scaled_twice": "Your gradient is enlarged twice.",
        "new_mask": (
            "Your backward pass draws another mask; the gradient flows exactly where the numbers "
            "did."
        ),
    },
    "FullyConnectedNet": {
        **PENALTY,
        "last_layer_spared": (
            "The last layer's weights are not regularised; all weight matrices are."
        ),
        "gamma_regularised": (
            "You regularise gamma and beta as well; only weight matrices pay for their size."
        ),
        "relu_mask_missing": (
            "On the way back you forget the relus: units that were off do not move the loss."
        ),
        "relu_on_scores": "You rectify the scores; the last layer is affine and nothing else.",
        "norm_after_relu": "You normalise after the relu; here it comes before.",
        "last_layer_normed": (
            "You normalise the scores as well; the last layer is affine and nothing else."
        ),
        "norm_gradient_skipped": (
            "On the way back you skip batch normalisation: its dx is not dout."
        ),
        "norm_gradients_missing": "There are no gradients for gamma and beta in grads.",
        "gamma_starts_at_0": (
            "gamma starts at 0, which makes every hidden layer's output the same; it starts at 1."
        ),
        "averages_forgotten": (
            "The running averages are lost after each call: keep one dict for each layer."
        ),
        "batch_statistics_in_test": "Without y, batch normalisation has to run in mode 'test'.",
        "dropout_in_test": "Without y, dropout has to run in mode 'test'.",
        "dropout_on_scores": "You drop scores as well; the last layer is affine and nothing else.",
        "dropout_gradient_skipped": (
            "On the way back you skip dropout: a unit that was dropped did not move the loss."
        ),
        "one_seed": "All layers drop with the same seed; layer k takes dropout_seed + k.",
        "always_the_same_mask": "Without a seed the same units are dropped in every call.",
        "weights_not_scaled": "Your first weights ignore weight_scale.",
    },
    "init_weights": {
        "variance_for_deviation": (
            "You multiply by the variance; normal numbers are multiplied by its root, the standard "
            "deviation."
        ),
        "divided": (
            "Your weights grow with the size of the layer: the standard deviation is upside down."
        ),
        "fixed_size": "Your weights have the same size whatever the layer's is.",
        "relu_ignored": (
            "Your weights of kind 'kaiming' lose half of the mean square at each ReLU, which sets "
            "half of all numbers to 0."
        ),
        "fan_out": (
            "For 'kaiming' you count what goes out; the sum that must keep its size has a term for "
            "each number that comes in."
        ),
        "half_of_xavier": (
            "Your variance for 'xavier' is half of what it should be: the mean of the two sizes "
            "counts, not their sum."
        ),
        "way_back_ignored": (
            "Your 'xavier' looks at the way forward alone; it lies between what is best forward "
            "and what is best on the way back."
        ),
        "product": "For 'xavier' you multiply the two sizes; they are added.",
        "limit_for_deviation": (
            "Your 'xavier' takes the limit of a uniform draw for the standard deviation of a "
            "normal one: its weights are too large."
        ),
        "kinds_swapped": "Your two kinds have changed places.",
        "uniform": (
            "Your weights have the right size, but are drawn from a uniform distribution; here the "
            "normal one is asked."
        ),
        "narrow": (
            "You draw uniformly between plus and minus the standard deviation: such weights are "
            "too small, and normal ones are asked."
        ),
        "rng_ignored": "Your weights are not drawn from the rng that was given.",
        "no_error": (
            "A kind that does not exist gets weights; it must be refused with a ValueError."
        ),
    },
    "overfit_small": {
        "uphill": (
            "You add the gradient to the parameters: that climbs. Downhill is against the gradient."
        ),
        "biases_stay": "Only the matrices move; biases are parameters, too.",
        "loss_after_step": (
            "You record the loss after the parameters have moved; record the one whose gradients "
            "moved them."
        ),
        "in_place": (
            "You change the parameters' arrays themselves, which may be shared; put new arrays "
            "into model.params."
        ),
        "accuracy_before": "Your accuracy is that of the model before it learned anything.",
        "hits_counted": "You return the number of right answers; asked is their fraction.",
        "last_loss_only": "loss_history must hold the loss of every step.",
    },
    "gradient_check_model": {
        "kinks_blamed": (
            "You blame the model for its kinks: where winners changes between +h and -h, the "
            "difference straddles two slopes and proves nothing."
        ),
        "kinks_not_counted": "You leave coordinates out at kinks, but do not count them.",
        "reset_forgotten": (
            "Random layers draw other numbers at +h than at -h, and you compare two different "
            "functions: reset the model before every evaluation."
        ),
        "few_digits": (
            "In float32 a step of this size drowns in rounding: parameters and X must be float64 "
            "copies while you check."
        ),
        "last_never_checked": "The last parameter is never sampled; a bug in it stays hidden.",
        "missing_overlooked": (
            "A parameter without a gradient passes; it must count as an infinite error."
        ),
        "shape_overlooked": (
            "A gradient of another shape passes, because it broadcasts or has as many entries: "
            "its error must be infinite."
        ),
        "forward": (
            "You compare the loss one step ahead with that at the point itself; a centred "
            "difference steps to either side."
        ),
        "not_halved": "The two points are 2h apart: your slopes are twice too large.",
        "step_ignored": "You use a step of your own, not h.",
        "steps_pile_up": (
            "Your steps pile up: the parameter has to return to where it was before the next "
            "coordinate."
        ),
        "signed": (
            "Your differences keep their sign, so a gradient that is too small passes: take "
            "magnitudes."
        ),
        "absolute": (
            "You judge by the absolute difference; it has to be divided by the size of the "
            "gradients."
        ),
        "params_left": "After the check model.params no longer holds the arrays it held before.",
        "one_is_enough": "A model passes as soon as one of its parameters does; all have to.",
    },
    "hessian_vector_product": {
        "step_not_scaled": (
            "Your step is h * v, which is huge for a long v and lost in rounding for a short one: "
            "step along v's direction, and multiply by its length afterwards."
        ),
        "length_forgotten": (
            "You return H times the direction of v; it still has to be multiplied by v's length."
        ),
        "zero_by_zero": "For v = 0 you divide 0 by 0; H times nothing is nothing.",
        "forward": (
            "You compare the gradient one step ahead with that at the point itself; a centred "
            "difference steps to either side."
        ),
        "not_halved": "The two points are 2h apart: your product is twice too large.",
        "step_ignored": "You use a step of your own, not h.",
        "array_kept": (
            "grad_fn writes into the same array at its second call, so that you subtract it from "
            "itself: copy the first result."
        ),
        "gradient_times_v": (
            "You multiply the gradient by v; asked is how the gradient *changes* along v."
        ),
    },
    "gradient_accumulate": {
        "mean_of_means": (
            "Every shard counts the same in yours; the last one may be smaller, so each has to be "
            "weighted by its number of examples."
        ),
        "summed": "You add up means: weight each by its share of the examples.",
        "remainder_dropped": "The examples that do not fill a shard are left out.",
        "array_kept": (
            "loss_fn writes into the same arrays at each call, so all your parts are the last "
            "one: add each up before the next call."
        ),
        "last_loss": "Your loss is that of the last shard.",
    },
    "HingeLoss": {
        "upstream_ignored": (
            "Your backward forgets what arrives: local slope times dloss, as at every gate. It "
            "shows only where something follows the loss."
        ),
        "no_true_class": (
            "Every violated margin contains the true class's score, with a minus sign: its entry "
            "of dscores is missing."
        ),
        "true_class_once": (
            "The true class's slope is the *number* of violated margins, with a minus sign, not "
            "one."
        ),
        "true_class_sign": "The true class's score lowers every margin: its slope is negative.",
        "gradient_not_averaged": (
            "Your gradient is not divided by the number of examples; the loss is their mean."
        ),
        "summed": "You sum over the examples; the loss is their mean.",
        "mean_over_entries": (
            "You take the mean over examples and classes. It is a sum over the classes and a mean "
            "over the examples."
        ),
        "true_class_counted": (
            "Your loss includes the true class: every example costs the margin 1 too much. The "
            "gradient does not notice."
        ),
        "no_margin": (
            "Your margin is 0: a wrong class costs only when it overtakes. It is to cost as soon "
            "as it comes closer than 1."
        ),
        "shortfall_as_slope": (
            "Your slopes are the shortfalls. The hinge is as steep for a small one as for a large "
            "one: 1 where the margin is violated, else 0."
        ),
        "mask_of_one_dtype": (
            "Your mask has a dtype of its own: multiplied with it, numbers of fewer bits take it "
            "on."
        ),
        "made_on_the_processor": (
            "You make a tensor without saying where. It lies on the processor, and cannot meet "
            "those of another device."
        ),
        "value_read": (
            "A number is read into Python on the way, or entries are picked by a mask, whose "
            "number is known to the device alone: everything waits until it has answered."
        ),
    },
}
