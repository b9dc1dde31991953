"""Well-known wrong answers to the softmax assignment.

Each function takes a keyword-only ``wrong``, a set of names; empty, it is a right answer in another
style than the reference's. HINTS[answer][name] is what a student who made that mistake reads.
"""

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


# --- probabilities --------------------------------------------------------------------------------


def _shifted(s, wrong):
    """The scores, moved so that no exponential overflows."""
    if "no_shift" in wrong:
        return s
    if "global_shift" in wrong:
        return s - s.max()
    if "mean_shift" in wrong:
        return s - s.mean(axis=1, keepdims=True)
    if "clipped" in wrong:
        return np.clip(s, -300, 300)
    return s - np.sort(s, axis=1)[:, -1:]


def softmax(s, *, wrong=NOTHING):
    """By sorting for the largest score, and transposing."""
    if "reversed" in wrong:
        s = -s
    e = np.exp(_shifted(s, wrong)).T  # (C, N)
    if "not_normalised" in wrong:
        return np.ascontiguousarray(e.T)
    if "over_batch" in wrong:
        total = e.sum(axis=1)[:, None]
    elif "over_everything" in wrong:
        total = e.sum()
    else:
        total = np.add.reduce(e)
    if "eps_in_denominator" in wrong:
        total = total + 1e-8
    if "by_the_norm" in wrong:
        total = np.sqrt(np.sum(e * e, axis=0))
    return np.ascontiguousarray((e / total).T)


def logsumexp(x, axis, *, wrong=NOTHING):
    """By adding up two terms at a time."""
    if "axis_ignored" in wrong:
        axis = -1
    slices = np.moveaxis(x, axis, 0)
    top = np.max(slices, axis=0)
    if "largest_only" in wrong:
        return top
    if "no_shift" in wrong:
        return np.log(np.sum(np.exp(slices), axis=0))
    if "global_shift" in wrong:
        return np.log(np.sum(np.exp(slices - x.max()), axis=0)) + x.max()
    if "shift_not_added" in wrong:
        return np.log(np.sum(np.exp(slices - top), axis=0))
    if "shift_subtracted" in wrong:
        return np.log(np.sum(np.exp(slices - top), axis=0)) - top
    if "empty_is_nan" in wrong:
        return np.log(np.sum(np.exp(slices - top), axis=0)) + top
    total = np.logaddexp.reduce(slices, axis=0)
    if "mean_of_exponentials" in wrong:
        total = total - np.log(len(slices))
    if "log10" in wrong:
        total = total / np.log(10)
    if "no_log" in wrong:
        total = np.exp(total)
    return np.expand_dims(total, axis) if "axis_kept" in wrong else total


def log_softmax(x, *, wrong=NOTHING):
    """Row by row."""
    if wrong & {"log_of_softmax", "log_of_softmax_and_eps"}:
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return np.log(
            e / e.sum(axis=1, keepdims=True) + (1e-12 if "log_of_softmax_and_eps" in wrong else 0.0)
        )
    if "no_shift" in wrong:
        return x - np.log(np.exp(x).sum(axis=1, keepdims=True))
    if "global_shift" in wrong:
        return x - x.max() - np.log(np.exp(x - x.max()).sum(axis=1, keepdims=True))
    if "over_batch" in wrong:
        return x - np.logaddexp.reduce(x, axis=0)
    done = np.empty_like(x, dtype=float)
    for row, out in zip(x, done, strict=True):
        out[:] = row - np.logaddexp.reduce(row)
        if "shift_left_out" in wrong:
            out += row.max()
        if "largest_subtracted_only" in wrong:
            out[:] = row - row.max()
    if "positive" in wrong:
        done = -done
    return done / np.log(10) if "log10" in wrong else done


# --- the cross-entropy loss -----------------------------------------------------------------------


def _cross_entropy(scores, y, wrong):
    """The sum of the losses of all examples and its gradient with respect to the scores, neither
    averaged yet.
    """
    truth = np.eye(scores.shape[1])[y]
    shifted = scores - scores.max(axis=1, keepdims=True)
    if "no_shift" in wrong:
        shifted = scores
    if "global_shift" in wrong:
        shifted = scores - scores.max()
    e = np.exp(shifted)
    total = e.sum(axis=0, keepdims=True) if "over_batch" in wrong else e.sum(axis=1, keepdims=True)
    p = e / total
    log_p = shifted - np.log(total)
    if wrong & {"no_shift", "global_shift"}:
        log_p = np.log(p)  # what people write then
    if "log_of_p" in wrong:
        log_p = np.log(p)
    if eps := _number(wrong, "eps_in_log", 1e-8 if "eps_in_log" in wrong else 0):
        log_p = np.log(p + eps)
    if floor := _number(wrong, "p_floored", 1e-12 if "p_floored" in wrong else 0):
        log_p = np.log(np.maximum(p, floor))
    if "log10" in wrong:
        log_p = log_p / np.log(10)
    losses = -log_p[np.arange(len(y)), y]
    if "p_changed_first" in wrong:
        losses = -np.log((p - truth)[np.arange(len(y)), y])
    if "no_minus" in wrong:
        losses = -losses
    if "probability_not_log" in wrong:
        losses = 1 - (p * truth).sum(axis=1)
    if "sum_over_classes" in wrong:
        losses = -log_p.sum(axis=1)
    return losses.sum(), _slopes(p, truth, wrong)


def _slopes(p, truth, wrong):
    """The gradient of the summed loss with respect to the scores."""
    if "no_one_hot" in wrong:
        return p
    if "one_hot_for_each_class" in wrong:
        return p - truth * truth.shape[1]
    if "true_class_only" in wrong:
        return (p - 1) * truth
    if "true_probability_everywhere" in wrong:
        return (p * truth).sum(axis=1, keepdims=True) - truth
    if "true_class_sign" in wrong:
        return p + truth
    if "uphill" in wrong:
        return truth - p
    return p - truth


def _regularised(W, X, y, reg, wrong):
    """Average, and add the regularisation to both."""
    total, dscores = _cross_entropy(np.dot(X, W), y, wrong)
    N, C = len(X), W.shape[1]
    dtotal = np.einsum("nd,nc->dc", X, dscores)
    loss = total if "loss_not_averaged" in wrong else total / N
    dW = dtotal if "gradient_not_averaged" in wrong else dtotal / N
    if "gradient_averaged_twice" in wrong:
        dW = dW / N
    if "mean_over_entries" in wrong:
        loss, dW = loss / C, dW / C
    penalty, dpenalty = _penalty(W, N, wrong)
    strength = 1.0 if "strength_forgotten" in wrong else reg
    push = 1.0 if "strength_forgotten_in_gradient" in wrong else reg
    return loss + strength * penalty, dW + push * dpenalty


def _penalty(W, N, wrong):
    """The sum of the squares and its gradient."""
    penalty, dpenalty = np.square(W).sum(), 2 * W
    if "bias_spared" in wrong:
        penalty = np.square(W[:-1]).sum()
        dpenalty = np.vstack([2 * W[:-1], np.zeros((1, W.shape[1]))])
    if "penalty_in_gradient" in wrong:
        dpenalty = np.full(W.shape, penalty)
    if "norm_not_squared" in wrong:
        penalty, dpenalty = np.sqrt(penalty), W / np.sqrt(penalty)
    if wrong & {"half_convention", "half_reg_loss"}:
        penalty = penalty / 2
    if wrong & {"half_convention", "half_reg_gradient"}:
        dpenalty = W
    if "double_reg_gradient" in wrong:
        dpenalty = 4 * W
    if "reg_gradient_of_sum" in wrong:
        dpenalty = np.full(W.shape, W.sum())
    if "reg_for_each_example" in wrong:
        penalty, dpenalty = penalty * N, dpenalty * N
    if wrong & {"reg_divided_by_N", "reg_loss_divided_by_N"}:
        penalty = penalty / N
    if wrong & {"reg_divided_by_N", "reg_gradient_divided_by_N"}:
        dpenalty = dpenalty / N
    if wrong & {"no_reg_loss", "no_reg"}:
        penalty = 0.0
    if wrong & {"no_reg_gradient", "no_reg"}:
        dpenalty = np.zeros(W.shape)
    return penalty, dpenalty


def softmax_loss_naive(W, X, y, reg, *, wrong=NOTHING):
    """By a matrix of ones for the true classes, without a loop."""
    return _regularised(W, X, y, reg, wrong)


def softmax_loss_vectorized(W, X, y, reg, *, wrong=NOTHING):
    """The same."""
    return _regularised(W, X, y, reg, wrong)


def softmax_loss(x, y, *, wrong=NOTHING):
    """The loss as a layer."""
    total, dx = _cross_entropy(x, y, wrong)
    N, C = x.shape
    loss = total if "loss_not_averaged" in wrong else total / N
    dx = dx if "gradient_not_averaged" in wrong else dx / N
    if "gradient_averaged_twice" in wrong:
        dx = dx / N
    return (loss / C, dx / C) if "mean_over_entries" in wrong else (loss, dx)


def softmax_jacobian(s, *, wrong=NOTHING):
    """Entry by entry from p[j] * ((j == k) - p[k])."""
    p = softmax(s.reshape(1, -1), wrong=wrong & {"no_shift"}).ravel()
    same, C = np.eye(len(p)), len(p)
    if "scores_for_probabilities" in wrong:
        p = s
    if "diagonal_only" in wrong:
        return same * p
    if "own_slopes_only" in wrong:
        return same * p * (1 - p)
    if "product_added" in wrong:
        return same * p + p[:, None] * p
    if "no_diagonal" in wrong:
        return -p[:, None] * p
    if "of_the_logarithm" in wrong:
        return same - np.ones((C, 1)) * p
    if "of_the_loss" in wrong:
        return np.ones((C, 1)) * p - same
    if "negative" in wrong:
        return p[:, None] * (p - same)
    return p[:, None] * (same - p)


def softmax_vjp(dout, s, *, wrong=NOTHING):
    """Upstream gradients measured from their mean, weighted by the probabilities."""
    p = softmax(s, wrong=wrong & {"no_shift"})
    if "jacobian_built" in wrong:
        return np.einsum(
            "nj,njk->nk",
            dout,
            np.einsum("nj,jk->njk", p, np.eye(s.shape[1])) - p[:, :, None] * p[:, None],
        )
    weights = p
    if "mean_not_weighted" in wrong:
        weights = np.ones_like(p) / p.shape[1]
    if "sum_not_weighted" in wrong:
        weights = np.ones_like(p)
    centre = np.einsum("nc,nc->n", weights, dout)[:, None]
    if "over_batch" in wrong:
        centre = np.einsum("nc,nc->c", weights, dout)[None, :]
    if "over_everything" in wrong:
        centre = np.einsum("nc,nc->", weights, dout)
    if "diagonal_only" in wrong:
        centre = 0.0
    if "own_slopes_only" in wrong:
        centre = p * dout
    if "sum_added" in wrong:
        centre = -centre
    if "not_weighted" in wrong:
        return dout - centre
    return -p * (dout - centre) if "negative" in wrong else p * (dout - centre)


# --- before training, and the first training ------------------------------------------------------


def expected_initial_loss(C, kind="softmax", *, wrong=NOTHING):
    """From the probability of one class among equals."""
    if kind not in ("softmax", "hinge") and "no_error" not in wrong:
        raise ValueError(f"{kind!r} is neither 'softmax' nor 'hinge'")
    if kind == "hinge":
        return float(C) if "true_class_counted" in wrong else float(C - 1)
    if "probability" in wrong:
        return 1 / C
    base = 10 if "log10" in wrong else 2 if "log2" in wrong else np.e
    wrong_classes = C - 1 if "one_class_less" in wrong else C
    loss = -np.log(1 / wrong_classes) / np.log(base)
    return -loss if "negative" in wrong else loss


def initial_loss_ok(loss_fn, W, X, y, reg=1.0, tol=0.1, *, wrong=NOTHING):
    """Comparing with an interval around the log of the number of classes."""
    if "with_zero_weights" in wrong:
        W = np.zeros_like(W)
    off, on = (loss_fn(W, X, y, strength)[0] for strength in (0.0, reg))
    start = np.log(len(y) if "examples_for_classes" in wrong else W.shape[1])
    if "log10" in wrong:
        start = start / np.log(10)
    if "tol_fixed" in wrong:
        tol = 0.1
    width = tol * start if "tol_relative" in wrong else tol
    seen = on if "reg_left_on" in wrong else off
    starts_right = start - width < seen < start + width
    if "one_sided" in wrong:
        starts_right = seen < start + width
    if "nan_passes" in wrong:
        starts_right = not abs(seen - start) >= width
    rises = off < on
    if "equal_is_enough" in wrong:
        rises = off <= on
    if "any_change_counts" in wrong:
        rises = on != off
    return bool(starts_right), bool(rises)


class Softmax:
    """Weights kept from call to call, one step at a time."""

    def __init__(self, *, wrong=NOTHING):
        """Start untrained."""
        self.wrong = wrong
        self.W = None

    def loss(self, X, y, reg):
        """The loss to train on."""
        return softmax_loss_vectorized(self.W, X, y, reg)

    def train(self, X, y, learning_rate=1e-3, reg=1e-5, num_iters=100, batch_size=200, rng=None):
        """Stochastic gradient descent."""
        wrong, N = self.wrong, len(y)
        rng = rng or np.random.default_rng()
        if self.W is None or "starts_again" in wrong:
            self.W = rng.standard_normal((X.shape[1], 1 + np.max(y)))
            self.W *= 0.0 if "starts_at_zero" in wrong else 1.0 if "starts_large" in wrong else 1e-3
        history, picked = [], None
        for step in range(num_iters):
            if picked is None or "one_batch" not in wrong:
                pool = min(batch_size, N) if "first_examples" in wrong else N
                picked = rng.choice(
                    pool,
                    batch_size,
                    replace="without_replacement" not in wrong or batch_size > pool,
                )
            labels = y[np.arange(batch_size) % N] if "labels_not_sampled" in wrong else y[picked]
            strength = 0.0 if "reg_ignored" in wrong else reg
            loss, dW = self.loss(X[picked], labels, strength)
            self.W = (
                self.W + learning_rate * dW if "uphill" in wrong else self.W - learning_rate * dW
            )
            if "loss_after_step" in wrong:
                loss = self.loss(X[picked], labels, strength)[0]
            if "loss_of_epochs" not in wrong or step % max(1, N // batch_size) == 0:
                history.append(float(loss))
        return history

    def probabilities(self, X):
        """Of every class."""
        scores = X.dot(self.W)
        if "scores_for_probabilities" in self.wrong:
            return scores
        return softmax(scores.T).T if "probabilities_over_batch" in self.wrong else softmax(scores)

    def predict(self, X):
        """The best class."""
        scores = X.dot(self.W)
        if "best_example" in self.wrong:
            return scores.argmax(axis=0)
        if "lowest_score" in self.wrong:
            return scores.argmin(axis=1)
        return (
            softmax(scores).max(axis=1)
            if "certainty_returned" in self.wrong
            else scores.argmax(axis=1)
        )


def label_smoothing_loss(x, y, eps, *, wrong=NOTHING):
    """The true class's part and what the others lack, from the identity matrix."""
    (N, C), truth = x.shape, np.eye(x.shape[1])[y]
    shifted = x - x.max() if "global_shift" in wrong else x - x.max(axis=1, keepdims=True)
    if "no_shift" in wrong:
        shifted = x
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    log_p = shifted - np.log(e.sum(axis=1, keepdims=True))
    if wrong & {"no_shift", "global_shift", "log_of_p"}:
        log_p = np.log(p)
    if small := _number(wrong, "eps_in_log", 1e-8 if "eps_in_log" in wrong else 0):
        log_p = np.log(p + small)
    if floor := _number(wrong, "p_floored", 1e-12 if "p_floored" in wrong else 0):
        log_p = np.log(np.maximum(p, floor))
    q = _smoothed(truth, eps, C, wrong)
    cost = truth if "loss_of_hard_labels" in wrong else q
    loss = -np.einsum("nc,nc->", cost, log_p)
    slopes = p - (truth if "gradient_of_hard_labels" in wrong else q)
    if "sum_not_one" in wrong:
        slopes = p * q.sum(axis=1, keepdims=True) - q
    if "prediction_smoothed" in wrong:
        mixed = (1 - eps) * p + eps / C
        own = mixed[np.arange(N), y]
        loss, slopes = (
            -np.log(own).sum(),
            ((1 - eps) * p[np.arange(N), y] / own)[:, None] * (p - truth),
        )
    if "divergence" in wrong:
        loss = loss + np.sum(q * np.log(np.maximum(q, 1e-300)))
    if "true_class_only" in wrong:
        loss, slopes = -np.sum(q * truth * log_p), slopes * truth
    if "uphill" in wrong:
        slopes = -slopes
    if "no_minus" in wrong:
        loss = -loss
    over = N * C if "mean_over_entries" in wrong else N
    loss = loss if "loss_not_averaged" in wrong else loss / over
    return loss, slopes if "gradient_not_averaged" in wrong else slopes / over


def _smoothed(truth, eps, C, wrong):
    """The labels with a part of each shared out."""
    if "eps_ignored" in wrong:
        return truth
    if "shared_by_the_others" in wrong:
        return (1 - eps) * truth + eps / (C - 1) * (1 - truth)
    if "not_shared" in wrong:
        return (1 - eps) * truth + eps
    if wrong & {"true_class_keeps_all", "sum_not_one"}:
        return truth + eps / C
    if "nothing_for_the_true" in wrong:
        return (1 - eps) * truth + eps / C * (1 - truth)
    if "eps_swapped" in wrong:
        return eps * truth + (1 - eps) / C
    return truth + eps * (1 / C - truth)


def overfit_small(
    loss_fn, X, y, num_examples=20, learning_rate=0.1, num_iters=200, rng=None, *, wrong=NOTHING
):
    """With the weights' steps added up."""
    rng = rng or np.random.default_rng()
    if "first_examples" in wrong:
        few = np.arange(num_examples)
    elif "with_replacement" in wrong:
        few = rng.choice(len(y), num_examples)
    else:
        few = rng.choice(len(y), num_examples, replace=False)
    X_few, y_few = X[few], y[np.arange(num_examples)] if "labels_not_sampled" in wrong else y[few]
    W = rng.standard_normal((X.shape[1], max(y) + 1)) * (0.0 if "starts_at_zero" in wrong else 1e-3)
    reg = 0.1 if "reg_left_on" in wrong else 0.0
    losses, earlier = [], W
    for _ in range(num_iters):
        batch = rng.choice(num_examples, num_examples) if "mini_batches" in wrong else slice(None)
        loss, dW = loss_fn(W, X_few[batch], y_few[batch], reg)
        earlier, W = W, W - learning_rate * dW
        losses.append(loss_fn(W, X_few, y_few, reg)[0] if "loss_after_step" in wrong else loss)
    if "accuracy_before_last_step" in wrong:
        W = earlier
    judged = (X, y) if "accuracy_on_everything" in wrong else (X_few, y_few)
    right = np.count_nonzero(np.argmax(judged[0] @ W, axis=1) == judged[1])
    return np.array(losses), float(right) if "right_counted" in wrong else right / len(judged[1])


# --- update rules ---------------------------------------------------------------------------------


def _settings(config, defaults):
    """The config with its defaults, as a dict of its own."""
    settings = dict(config) if config else {}
    for name, value in defaults.items():
        settings.setdefault(name, value)
    return settings


def _default(wrong, mistake, right, another):
    """A setting's default: the right one, or where that mistake is made another, or the number it
    comes with.
    """
    return _number(wrong, mistake, another if mistake in wrong else right)


def sgd(w, dw, config=None, *, wrong=NOTHING):
    """By adding the negative."""
    config = _settings(config, {"learning_rate": _default(wrong, "rate_default", 0.01, 0.1)})
    rate = 0.01 if "rate_fixed" in wrong else config["learning_rate"]
    if "sign_only" in wrong:
        dw = np.sign(dw)
    return (w + rate * dw if "uphill" in wrong else w + -rate * dw), config


def sgd_momentum(w, dw, config=None, *, wrong=NOTHING):
    """With the step subtracted from the decayed velocity."""
    defaults = {
        "learning_rate": _default(wrong, "rate_default", 0.01, 0.1),
        "momentum": _default(wrong, "momentum_default", 0.9, 0.5),
    }
    config = _settings(config, {**defaults, "velocity": 0 * w})
    rate, mu, old = config["learning_rate"], config["momentum"], config["velocity"]
    if "momentum_fixed" in wrong:
        mu = 0.9
    gain = 1 - mu if "averaged" in wrong else 1.0
    if "torch_form" in wrong:
        velocity = mu * old + dw
        return w - rate * velocity, {**config, "velocity": velocity}
    velocity = mu * old + gain * rate * dw if "uphill" in wrong else mu * old - gain * rate * dw
    step = velocity
    if "nesterov" in wrong:
        step = mu * velocity - rate * dw
    if "old_velocity" in wrong:
        step = old
    if "velocity_and_gradient" in wrong:
        step = velocity - rate * dw
    return w + step, config if "not_stored" in wrong else {**config, "velocity": velocity}


def rmsprop(w, dw, config=None, *, wrong=NOTHING):
    """With a power instead of the root."""
    defaults = {
        "learning_rate": _default(wrong, "rate_default", 0.01, 0.1),
        "decay_rate": _default(wrong, "decay_default", 0.99, 0.9),
        "epsilon": _default(wrong, "eps_default", 1e-8, 1e-7),
    }
    config = _settings(config, {**defaults, "cache": 0 * w})
    keep, old, eps = config["decay_rate"], config["cache"], config["epsilon"]
    if "decay_fixed" in wrong:
        keep = 0.99
    if "decay_swapped" in wrong:
        keep = 1 - keep
    news = np.abs(dw) if "not_squared" in wrong else dw * dw
    cache = old + news if "summed" in wrong else old + (1 - keep) * (news - old)
    used = old if "old_cache" in wrong else cache
    size = used**0.5 + eps
    if "eps_in_root" in wrong:
        size = (used + eps) ** 0.5
    if "no_root" in wrong:
        size = used + eps
    step = config["learning_rate"] * dw / size
    return (w + step if "uphill" in wrong else w - step), config if "not_stored" in wrong else {
        **config,
        "cache": cache,
    }


def adam(w, dw, config=None, *, wrong=NOTHING):
    """In the form that corrects the learning rate (epsilon is scaled with it, which no gradient of
    ordinary size feels).
    """
    defaults = {
        "learning_rate": _default(wrong, "rate_default", 0.001, 0.01),
        "beta1": _default(wrong, "beta1_default", 0.9, 0.99),
        "beta2": _default(wrong, "beta2_default", 0.999, 0.99),
        "epsilon": _default(wrong, "eps_default", 1e-8, 1e-5),
        "m": 0 * w,
        "v": 0 * w,
        "t": 1 if wrong & {"t_starts_at_1", "t_counted_after"} else 0,
    }
    config = _settings(config, defaults)
    b1, b2, t = config["beta1"], config["beta2"], config["t"] + 1
    if "betas_swapped" in wrong:
        b1, b2 = b2, b1
    if "betas_fixed" in wrong:
        b1, b2 = 0.9, 0.999
    m = b1 * config["m"] + (1 - b1) * dw
    v = b2 * config["v"] + (1 - b2) * (m if "v_of_m" in wrong else dw) ** 2
    if "sums_for_means" in wrong:
        m, v = b1 * config["m"] + dw, b2 * config["v"] + dw**2
    counted = t - 1 if wrong & {"t_late", "t_counted_after"} else t
    first, second = 1 - np.float64(b1) ** counted, 1 - np.float64(b2) ** counted
    if wrong & {"no_correction", "first_only"}:
        second = 1.0
    if wrong & {"no_correction", "second_only"}:
        first = 1.0
    rate = config["learning_rate"] * second**0.5 / first
    size = v**0.5 + config["epsilon"]
    if "eps_in_root" in wrong:
        rate, size = config["learning_rate"] / first, (v / second + config["epsilon"]) ** 0.5
    if "no_root" in wrong:
        rate, size = config["learning_rate"] * second / first, v + config["epsilon"]
    kept = {"m": m, "v": v, "t": config["t"] if "t_not_stored" in wrong else t}
    if "t_stored_ahead" in wrong:
        kept["t"] = t + 1
    if "corrected_stored" in wrong:
        kept |= {"m": m / first, "v": v / second}
    if "not_stored" in wrong:
        kept = {"t": t}
    return (w + rate * m / size if "uphill" in wrong else w - rate * m / size), {**config, **kept}


def adamw(w, dw, config=None, *, wrong=NOTHING):
    """Adam's step and the decay, added up before either is taken."""
    defaults = {
        "learning_rate": _default(wrong, "rate_default", 0.001, 0.01),
        "weight_decay": _default(wrong, "decay_default", 0.01, 0.1),
        **{"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8},
    }
    config = _settings(config, defaults)
    rate, strength = config["learning_rate"], config["weight_decay"]
    if "decay_fixed" in wrong:
        strength = 0.01
    if "factor_two" in wrong:
        strength = 2 * strength
    if "decay_missing" in wrong:
        strength = 0.0
    slope = dw + strength * w if wrong & {"l2_in_gradient", "counted_twice"} else dw
    by_adam = wrong & {"no_correction", "t_not_stored", "not_stored", "uphill"}
    moved, after = adam(w, slope, config, wrong=by_adam)
    lost = rate * strength * w
    if "without_rate" in wrong:
        lost = strength * w
    if "l1" in wrong:
        lost = rate * strength * np.sign(w)
    if "in_fraction" in wrong:
        size = np.sqrt(after["v"] / (1 - config["beta2"] ** after["t"])) + config["epsilon"]
        lost = lost / size
    if "after_the_step" in wrong:
        lost = rate * strength * moved
    if "l2_in_gradient" in wrong:
        lost = 0.0
    return (moved + lost if "grows" in wrong else moved - lost), after


# --- watching training ----------------------------------------------------------------------------


def update_ratio(w, update, *, wrong=NOTHING):
    """By the norms of all entries in one row."""
    w, update = np.ravel(w), np.ravel(update)
    ratio = np.linalg.norm(update) / np.linalg.norm(w)
    if "of_sums" in wrong:
        return abs(update.sum() / w.sum())
    if "mean_of_ratios" in wrong:
        return np.mean(np.abs(update / w))
    if "of_means" in wrong:
        return np.mean(np.abs(update)) / np.mean(np.abs(w))
    if "of_largest" in wrong:
        return np.max(np.abs(update)) / np.max(np.abs(w))
    if "inverted" in wrong:
        return 1 / ratio
    if "squared" in wrong:
        return ratio**2
    if "logarithm" in wrong:
        return np.log10(ratio)
    if "after_the_step" in wrong:
        return np.linalg.norm(update) / np.linalg.norm(w + update)
    return -ratio if "negative" in wrong else ratio


def train_with_monitor(
    loss_fn, W, X, y, update_rule, config, num_iters, batch_size=200, rng=None, *, wrong=NOTHING
):
    """One row of numbers for each step, turned into columns at the end."""
    rng, N = rng or np.random.default_rng(), len(y)
    start, first_config, rows, picked = W, config, [], None
    for _ in range(num_iters):
        if picked is None or "one_batch" not in wrong:
            picked = rng.choice(
                N, batch_size, replace="without_replacement" not in wrong or batch_size > N
            )
        labels = y[:batch_size] if "labels_not_sampled" in wrong else y[picked]
        loss, dW = loss_fn(W, X[picked], labels)
        after, config = update_rule(
            W, dW, first_config if "config_not_passed_on" in wrong else config
        )
        update = dW if "gradient_for_update" in wrong else after - W
        base = (
            start
            if "ratio_to_the_start" in wrong
            else after
            if "ratio_to_new_weights" in wrong
            else W
        )
        ratio = np.linalg.norm(update) / np.linalg.norm(base)
        if "ratio_of_sums" in wrong:
            ratio = np.abs(update).sum() / np.abs(base).sum()
        if "ratio_negative" in wrong:
            ratio = -ratio
        if "loss_after_step" in wrong:
            loss = loss_fn(after, X[picked], labels)[0]
        norm = np.sum(dW * dW) if "norm_squared" in wrong else np.sqrt(np.sum(dW * dW))
        if "norm_largest" in wrong:
            norm = np.abs(dW).max()
        if "norm_of_update" in wrong:
            norm = np.linalg.norm(after - W)
        rows.append((loss, ratio, norm))
        W = after
    if "start_returned" in wrong:
        W = start.copy()
    losses, ratios, norms = np.array(rows).T
    return W, {"loss": losses, "update_ratio": ratios, "grad_norm": norms}


def diagnose_lr(history, warmup=100, low=1e-4, high=3e-2, *, wrong=NOTHING):
    """With decades instead of natural logarithms."""
    losses, ratios = (np.asarray(history[name]) for name in ("loss", "update_ratio"))
    if warmup >= len(ratios) and "no_error" not in wrong:
        raise ValueError("nothing is left after the warm-up")
    if "warmup_fixed" in wrong:
        warmup = 100
    if "warmup_counted" not in wrong:
        losses, ratios = losses[warmup:], ratios[warmup:]
    if "warmup_only" in wrong:
        losses, ratios = losses, np.asarray(history["update_ratio"])[:warmup]
    seen = (
        losses
        if "loss_only" in wrong
        else ratios
        if "ratio_only" in wrong
        else np.concatenate([losses, ratios])
    )
    if not np.isfinite(seen).all() and "blown_up_is_ok" not in wrong:
        return "high"
    if len(ratios) == 0:
        return "ok"
    typical = 10 ** np.mean(np.log10(ratios))
    if "arithmetic_mean" in wrong:
        typical = np.mean(ratios)
    if "median" in wrong:
        typical = np.median(ratios)
    if "last_step" in wrong:
        typical = ratios[-1]
    if "bounds_fixed" in wrong:
        low, high = 1e-4, 3e-2
    if typical < low:
        return "high" if "swapped" in wrong else "low"
    if typical > high:
        return "low" if "swapped" in wrong else "high"
    return "ok"


def warmup_cosine_decay(step, peak, warmup_steps, total_steps, end=0.0, *, wrong=NOTHING):
    """The part of the height that is left, times the height."""
    if "no_warmup" in wrong:
        warmup_steps = 0
    if "end_ignored" in wrong:
        end = 0.0
    if step < warmup_steps:
        start = end if "warmup_from_end" in wrong else 0.0
        counted = step if "starts_at_zero" in wrong else step + 1
        return start + (peak - start) * counted / warmup_steps
    gone = (step - warmup_steps) / (total_steps - warmup_steps)
    if "progress_from_start" in wrong:
        gone = step / total_steps
    if "progress_over_total" in wrong:
        gone = (step - warmup_steps) / total_steps
    if "one_step_ahead" in wrong:
        gone = (step + 1 - warmup_steps) / (total_steps - warmup_steps)
    if "rises_again" not in wrong:
        gone = min(gone, 1.0)
    turn = 2.0 if "whole_turn" in wrong else 0.5 if "quarter_turn" in wrong else 1.0
    cosine = np.cos(turn * np.pi * gone)
    left = 0.5 + 0.5 * cosine
    if "straight" in wrong:
        left = 1 - gone
    if "upwards" in wrong:
        left = 0.5 - 0.5 * cosine
    if wrong & {"quarter_turn", "cosine_alone"}:
        left = cosine
    if "not_halved" in wrong:
        left = 1 + cosine
    height = peak if "end_added" in wrong else peak - end
    return end + height * left


# --- second order ---------------------------------------------------------------------------------


def newton_step(grad, H, *, wrong=NOTHING):
    """Along the Hessian's eigenvectors."""
    if "not_inverted" in wrong:
        return -H @ grad
    if "diagonal_only" in wrong:
        return -grad / np.diag(H)
    if "entries_inverted" in wrong:
        return -(1 / H) @ grad
    if "gradient_step" in wrong:
        return -grad
    values, vectors = np.linalg.eigh(H)
    if "curvature_made_positive" in wrong:
        values = np.abs(values)
    step = -vectors @ ((vectors.T @ grad) / values)
    if "half_a_step" in wrong:
        step = step / 2
    return -step if "no_minus" in wrong else step


def newton_counterexample(*, wrong=NOTHING):
    """In three dimensions, turned."""
    if "convex" in wrong:
        return np.array([1.0, 2.0]), np.array([[3.0, 1.0], [1.0, 2.0]])
    if "no_valley" in wrong:
        return np.array([1.0, 2.0]), -np.array([[3.0, 1.0], [1.0, 2.0]])
    if "downhill" in wrong:
        return np.array([1.0, 0.0]), np.array([[2.0, 0.0], [0.0, -1.0]])
    if "not_symmetric" in wrong:
        return np.array([0.0, 1.0]), np.array([[1.0, 1.0], [0.0, -1.0]])
    turn = np.array([[1.0, 2.0, 2.0], [2.0, 1.0, -2.0], [2.0, -2.0, 1.0]]) / 3
    H = turn @ np.diag([2.0, 1.0, -0.5]) @ turn.T
    return turn @ np.array([0.1, 0.2, 1.0]), (H + H.T) / 2


def hessian_bytes(n, dtype="float32", *, wrong=NOTHING):
    """Entries times the size of one."""
    each = np.zeros(1, dtype=dtype).nbytes
    if "dtype_ignored" in wrong:
        each = 4
    if "bits" in wrong:
        each = 8 * each
    entries = n if "gradient" in wrong else n * (n + 1) // 2 if "half_of_it" in wrong else n * n
    if "entries" in wrong:
        return entries
    return (
        entries * each // (2**30 if "gibibytes" in wrong else 10**9 if "gigabytes" in wrong else 1)
    )


def lbfgs_direction(grad, S, Y, *, wrong=NOTHING):
    """By the BFGS formula on a dense inverse Hessian; the two loops where they are to be wrong."""
    if "curvature_unchecked" in wrong:
        kept = np.arange(len(S))
    elif "curvature_made_positive" in wrong:
        kept, Y = np.arange(len(S)), Y * np.where(np.sum(S * Y, axis=1) > 0, 1, -1)[:, None]
    else:
        kept = np.flatnonzero(np.einsum("kn,kn->k", S, Y) > 0)
    if len(kept) == 0:
        return grad.copy() if "no_minus" in wrong else -grad
    if "last_pair_only" in wrong:
        kept = kept[-1:]
    if "order_reversed" in wrong:
        kept = kept[::-1]
    first, last = kept[0], kept[-1]
    chosen = first if "gamma_of_oldest" in wrong else last
    gamma = (S[chosen] @ Y[chosen]) / (Y[chosen] @ Y[chosen])
    if "gamma_inverted" in wrong:
        gamma = 1 / gamma
    if "gamma_missing" in wrong:
        gamma = 1.0
    if wrong & LOOPS:
        return _two_loops(grad, S[kept], Y[kept], gamma, wrong)
    n = len(grad)
    H = gamma * np.eye(n)
    for s, y in zip(S[kept], Y[kept], strict=True):
        left = np.eye(n) - np.outer(s, y) / (s @ y)
        H = left @ H @ left.T + np.outer(s, s) / (s @ y)
    return H @ grad if "no_minus" in wrong else -H @ grad


LOOPS = frozenset(
    {"rho_of_s", "rho_of_y", "second_loop_adds", "second_loop_backwards", "pairs_exchanged"}
)


def _two_loops(grad, S, Y, gamma, wrong):
    """The two loops with one of their steps wrong."""
    if "pairs_exchanged" in wrong:
        S, Y = Y, S
    rho = 1 / np.sum(S * Y, axis=1)
    if "rho_of_s" in wrong:
        rho = 1 / np.sum(S * S, axis=1)
    if "rho_of_y" in wrong:
        rho = 1 / np.sum(Y * Y, axis=1)
    m, q = len(S), grad.copy()
    a = np.zeros(m)
    for k in range(m - 1, -1, -1):
        a[k] = rho[k] * (S[k] @ q)
        q = q - a[k] * Y[k]
    r = gamma * q
    for k in range(m - 1, -1, -1) if "second_loop_backwards" in wrong else range(m):
        b = rho[k] * (Y[k] @ r)
        r = r + (a[k] + b if "second_loop_adds" in wrong else a[k] - b) * S[k]
    return r if "no_minus" in wrong else -r


# --- averages -------------------------------------------------------------------------------------


def ema_update(x_test, x, decay=0.995, *, wrong=NOTHING):
    """A small step towards the new parameters."""
    if "decay_fixed" in wrong:
        decay = 0.995
    if "in_place" in wrong:
        x_test *= decay
        x_test += (1 - decay) * x
        return x_test
    if "not_weighted" in wrong:
        return decay * x_test + x
    if "plain_mean" in wrong:
        return (x_test + x) / 2
    if "latest" in wrong:
        return x.copy()
    way = decay if "decay_swapped" in wrong else 1 - decay
    return x_test + way * (x - x_test)


def ema_corrected(x_test, t, decay=0.995, *, wrong=NOTHING):
    """Divided by the weights, added up one by one."""
    if "not_corrected" in wrong:
        return x_test.copy()
    if "decay_fixed" in wrong:
        decay = 0.995
    if "one_step_more" in wrong:
        t = t + 1
    if "one_step_only" in wrong:
        t = 1
    total = sum((1 - decay) * decay**k for k in range(t))
    if "weight_of_the_start" in wrong:
        total = decay**t
    return x_test * total if "multiplied" in wrong else x_test / total


def ema_memory(decay, *, wrong=NOTHING):
    """From the logarithm to base two."""
    time_constant, half_life = 1 / (1 - decay), -1 / np.log2(decay)
    if "from_the_time_constant" in wrong:
        half_life = np.log(2) * time_constant
    if "half_the_time_constant" in wrong:
        half_life = time_constant / 2
    if "to_1_over_e" in wrong:
        half_life = -1 / np.log(decay)
    if "by_the_logarithm" in wrong:
        time_constant = -1 / np.log(decay)
    if "one_less" in wrong:
        time_constant = time_constant - 1
    if "rounded" in wrong:
        half_life = np.ceil(half_life)
    return (half_life, time_constant) if "exchanged" in wrong else (time_constant, half_life)


def average_predictions(probabilities, *, wrong=NOTHING):
    """One model after the other."""
    M = len(probabilities)
    if "logits_averaged" in wrong:
        return softmax(sum(np.log(p) for p in probabilities) / M)
    if "product" in wrong:
        return softmax(sum(np.log(p) for p in probabilities))
    if "votes" in wrong:
        return sum(np.eye(p.shape[1])[p.argmax(axis=1)] for p in probabilities) / M
    if "most_certain" in wrong:
        return np.max(probabilities, axis=0)
    if "last_model" in wrong:
        return probabilities[-1].copy()
    if "over_examples" in wrong:
        return np.stack([p.mean(axis=0) for p in probabilities])
    total = np.zeros_like(probabilities[0])
    for p in probabilities:
        total = total + p
    return total if "sum" in wrong else total / M


def average_weights(params, *, wrong=NOTHING):
    """Name by name, added up."""
    average = {name: np.array(value, dtype=float) for name, value in params[0].items()}
    if "in_place" in wrong:
        average = params[0]
    if "last_model" in wrong:
        return {name: value.copy() for name, value in params[-1].items()}
    names = [
        name for name in average if "first_name_only" not in wrong or name == next(iter(average))
    ]
    for one in params[1:]:
        for name in names:
            average[name] += one[name]
            if "running_mean" in wrong:
                average[name] /= 2
    if wrong & {"sum", "running_mean"}:
        return average
    count = len(params) - 1 if "one_less" in wrong else len(params)
    if "one_number" in wrong:
        return {name: np.full(value.shape, value.mean() / count) for name, value in average.items()}
    for name in names:
        average[name] /= count
    return average


def notes_errata(*, wrong=NOTHING):
    """The four that are right, and what ``wrong`` turns around."""
    return {letter: (letter in "abdg") != (letter in wrong) for letter in "abcdefghi"}


# --- the same in torch ----------------------------------------------------------------------------


def softmax_regression_torch(
    X,
    y,
    num_classes,
    steps,
    batch_size,
    learning_rate,
    reg,
    seed,
    device,
    precision="float32",
    *,
    wrong=NOTHING,
):
    """With an optimiser's loop: parameters that collect their gradients."""
    generator = torch.Generator().manual_seed(0 if "seed_ignored" in wrong else seed)
    batches = torch.randint(len(X), (steps, batch_size), generator=generator)
    dtype = torch.float32 if "single_precision" in wrong else torch.as_tensor(X).dtype
    X, y, batches = (
        torch.as_tensor(X, device=device, dtype=dtype),
        torch.as_tensor(y, device=device),
        batches.to(device),
    )
    W, b = (
        torch.zeros(*shape, dtype=dtype, device=device)
        for shape in ((X.shape[1], num_classes), (num_classes,))
    )
    if "starts_at_random" in wrong:
        W = 1e-2 * torch.randn(
            W.shape, generator=torch.Generator().manual_seed(seed), dtype=dtype
        ).to(device)
    parameters, losses = [W.requires_grad_(), b.requires_grad_()], []
    mixed = torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16")
    for step in range(steps):
        rows = batches[0 if "one_batch" in wrong else step]
        targets = y[:batch_size] if "labels_not_sampled" in wrong else y[rows]
        with mixed:
            scores = torch.addmm(b, X[rows], W)
            loss = _surprise(
                torch.softmax(scores, dim=1) if "softmax_twice" in wrong else scores, targets, wrong
            )
            penalty = W.pow(2).sum() + (b.pow(2).sum() if "bias_regularised" in wrong else 0)
            if "no_reg" not in wrong:
                loss = loss + (0.5 * reg if "half_convention" in wrong else reg) * penalty
        loss.backward()
        losses.append(loss.detach())
        with torch.no_grad():
            for parameter in parameters:
                if "bias_forgotten" in wrong and parameter is b:
                    continue
                step = learning_rate if "uphill" in wrong else -learning_rate
                parameter.add_(parameter.grad, alpha=step)  # pyright: ignore[reportArgumentType]
                if "gradients_pile_up" not in wrong:
                    parameter.grad = None
    return W.detach(), b.detach(), torch.stack(losses).to(dtype)


def _surprise(scores, targets, wrong):
    """The mean of -log p, or what is taken for it."""
    log_p = torch.log_softmax(scores, dim=0 if "normalised_over_examples" in wrong else 1)
    own = -torch.take_along_dim(log_p, targets[:, None], dim=1)
    return own.sum() if "summed" in wrong else own.mean()


# --- what each mistake deserves to hear -----------------------------------------------------------

OVERFLOW = {
    "no_shift": (
        "The exponential of a large score overflows. Probabilities do not change when one number "
        "is taken off all scores of an example: take off the largest."
    ),
    "global_shift": (
        "You take the largest score of all examples off every row. A row that lies far below it "
        "then has nothing but zeros: each row needs its own largest score."
    ),
}
DATA = {
    **OVERFLOW,
    "eps_in_log": CAPPED,
    "p_floored": CAPPED,
    "log_of_p": (
        "Where a probability rounds to 0 you take the logarithm of 0. The log of a probability "
        "can be had without the probability: as a difference, before exp loses it."
    ),
    "p_changed_first": (
        "Your loss is read from the probabilities after the 1 was taken off the true class, so it "
        "is the log of a negative number."
    ),
    "log10": (
        "You use the logarithm to base 10; the loss is the natural logarithm, which starts at ln C."
    ),
    "no_minus": "Your loss is the log probability itself: it lacks the minus sign.",
    "probability_not_log": (
        "Your loss is one minus the true class's probability; it is minus its logarithm, which "
        "has no upper bound."
    ),
    "sum_over_classes": (
        "You add up the log probabilities of all classes; only that of the true class counts."
    ),
    "over_batch": (
        "Your probabilities sum to 1 over the examples of a class; they must sum to 1 over the "
        "classes of an example."
    ),
    "no_one_hot": "Your gradient of the scores is p alone: the true class's entry lacks its - 1.",
    "one_hot_for_each_class": (
        "You take the example off the true class's column once for every class; it comes off "
        "exactly once."
    ),
    "true_class_only": (
        "Only the true class's score gets a gradient from you. The denominator is a sum over all "
        "classes: what flows back into it is handed to every one of them."
    ),
    "true_probability_everywhere": (
        "You use the true class's probability for all columns; column j is weighed by the "
        "probability of class j."
    ),
    "true_class_sign": (
        "You add 1 to the true class's probability; the score of the true class enters the loss "
        "with a minus sign, so 1 is taken off."
    ),
    "uphill": "Your gradient has the opposite sign everywhere.",
    "gradient_averaged_twice": "The data's part of your gradient is divided by N twice.",
    "gradient_not_averaged": (
        "Your gradient is the one of the sum over the examples; the loss is their mean, so the "
        "gradient needs the factor 1/N too."
    ),
    "loss_not_averaged": "Your data loss is the sum over the examples; it must be their mean.",
    "mean_over_entries": (
        "You average over all N * C entries; the loss is a mean over the examples only."
    ),
}
REGULARISATION = {
    "no_reg": "Regularisation is missing from your loss and from your gradient.",
    "no_reg_gradient": (
        "Your gradient lacks the regularisation term, the gradient of reg * sum(W**2)."
    ),
    "no_reg_loss": "Your loss lacks the regularisation, reg * sum(W**2).",
    "norm_not_squared": (
        "You penalise the norm of W; the penalty is the squared norm, the plain sum of the squares."
    ),
    "strength_forgotten": "Your loss adds sum(W**2) without its factor reg.",
    "half_reg_gradient": (
        "The regularisation's part of your gradient is half of what it should be: the derivative "
        "of W**2 is 2 W."
    ),
    "half_reg_loss": (
        "The regularisation in your loss has a factor 1/2; here it is reg * sum(W**2), without 1/2."
    ),
    "half_convention": (
        "You used the convention with 1/2 in the regularisation, in loss and gradient; here it is "
        "reg * sum(W**2), without 1/2."
    ),
    "double_reg_gradient": (
        "The regularisation's part of your gradient is twice what it should be: the derivative of "
        "W**2 is 2 W."
    ),
    "reg_loss_divided_by_N": (
        "In your loss the regularisation is divided by N; only the data loss is a mean over the "
        "examples."
    ),
    "reg_gradient_divided_by_N": (
        "In your gradient the regularisation's part is divided by N; only the data's part is a "
        "mean over the examples."
    ),
    "reg_for_each_example": (
        "You add the regularisation once for every example, N times in all; it comes once."
    ),
    "penalty_in_gradient": (
        "You add the regularisation itself, one number, to your gradient; its derivative with "
        "respect to each weight belongs there."
    ),
    "strength_forgotten_in_gradient": (
        "Your gradient adds the derivative of sum(W**2) without its factor reg."
    ),
    "reg_divided_by_N": (
        "You divide the regularisation by N as well; only the data loss is a mean over the "
        "examples."
    ),
    "reg_gradient_of_sum": (
        "The regularisation's part of your gradient is one number for all weights, from the sum "
        "of W; the derivative of sum(W**2) differs from entry to entry."
    ),
    "bias_spared": (
        "You leave the last row of W, the bias, out of the regularisation; here every row is in it."
    ),
}
BATCHES = {
    "labels_not_sampled": (
        "The labels of your mini-batch do not belong to its examples: both must be taken at the "
        "same drawn indices."
    ),
    "one_batch": "You draw one mini-batch and use it at every step; each step draws anew.",
    "without_replacement": (
        "Your mini-batches are drawn without replacement; here an example may come twice."
    ),
    "loss_after_step": (
        "You record the loss after the weights have moved; record the one whose gradient moved "
        "them."
    ),
}
DEFAULTS = {
    "rate_default": "The learning rate you take where config has none is not the docstring's.",
}
RULES = {
    "uphill": (
        "You add the gradient to the parameters: that climbs. Downhill is against the gradient."
    )
}

EPSILONS = (
    *(1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-20),
    *(1e-30, 1e-50, 1e-100, 1e-200, 1e-300, 2.220446049250313e-16, 2.2250738585072014e-308),
)
CAPS = {"eps_in_log": EPSILONS, "p_floored": (*EPSILONS, 1e-8)}
RATES = (1.0, 0.5, 0.05, 0.02, 0.01, 0.005, 0.002, 1e-3, 5e-4, 1e-4, 1e-5, 1e-6)
PARTS = (0.0, 0.5, 0.8, 0.95, 0.98, 0.99, 0.999, 1.0)
NUMBERS = {
    "softmax_loss_naive": CAPS,
    "softmax_loss_vectorized": CAPS,
    "softmax_loss": CAPS,
    "label_smoothing_loss": CAPS,
    "sgd": {"rate_default": RATES},
    "sgd_momentum": {"rate_default": RATES, "momentum_default": PARTS},
    "rmsprop": {
        "rate_default": RATES,
        "decay_default": (*PARTS, 0.9),
        "eps_default": (0.0, 1e-3, 1e-4, 1e-5, 1e-6, 1e-9, 1e-10, 1e-12, 1e-15),
    },
    "adam": {
        "rate_default": (*RATES, 0.1),
        "beta1_default": PARTS,
        "beta2_default": (*PARTS, 0.9, 0.9999),
        "eps_default": (1e-3, 1e-4, 1e-6, 1e-7),
    },
    "adamw": {"rate_default": (*RATES, 0.1), "decay_default": (0.0, 0.05, 1e-3, 1e-4, 5e-4, 1.0)},
}
HINTS = {
    "softmax": {
        **OVERFLOW,
        "mean_shift": (
            "You take the mean off every row; the largest score still lies far above it. Take off "
            "the largest."
        ),
        "clipped": (
            "You clip the scores: where two of them are cut off, their difference is lost. Shift "
            "each row instead, which changes no probability."
        ),
        "reversed": (
            "Your probabilities fall as the scores rise: there is a minus sign in the exponent."
        ),
        "over_batch": (
            "You divide by sums over the examples of a class; each example's own classes must sum "
            "to 1."
        ),
        "over_everything": (
            "You divide by the sum over the whole array; each row must sum to 1 on its own."
        ),
        "not_normalised": (
            "You return the exponentials; they must be divided by their sum over the row."
        ),
        "eps_in_denominator": (
            "You add a small number to the denominator, so that the rows sum to a little less "
            "than 1. It is not needed: the largest score of a row contributes 1."
        ),
        "by_the_norm": (
            "You divide by the root of the sum of squares; probabilities are divided by the plain "
            "sum."
        ),
    },
    "logsumexp": {
        "no_shift": (
            "The exponential of a large entry overflows, and those of very negative ones all "
            "round to 0. Take the largest entry out of the sum as a factor first."
        ),
        "global_shift": (
            "You take the largest entry of the whole array out of every sum; a slice far below it "
            "rounds to an empty sum. Each slice needs its own largest entry."
        ),
        "shift_not_added": (
            "You take the largest entry out of the sum and never put it back: as a factor of the "
            "sum it is a term of the logarithm."
        ),
        "shift_subtracted": (
            "You subtract the largest entry from the logarithm; as a factor of the sum, it has to "
            "be added."
        ),
        "empty_is_nan": (
            "Where all entries are -inf you get nan: -inf minus -inf is undefined, though the sum "
            "of nothing is 0 and its logarithm -inf."
        ),
        "largest_only": "You return the largest entry; the others add to the sum as well.",
        "mean_of_exponentials": (
            "You take the logarithm of the mean of the exponentials; asked is their sum."
        ),
        "log10": "You use the logarithm to base 10; here it is the natural one.",
        "no_log": "You return the sum of the exponentials; its logarithm is asked for.",
        "axis_ignored": "You always sum over the last axis; the axis is an argument.",
        "axis_kept": "Your result still has the summed axis, with length 1.",
    },
    "log_softmax": {
        "log_of_softmax": (
            "You take the logarithm of the probabilities. Where one rounds to 0 that gives -inf, "
            "though its logarithm is a perfectly ordinary number: it can be had without the "
            "probability."
        ),
        "log_of_softmax_and_eps": (
            "You add a small number to the probabilities before the logarithm. The logarithm of a "
            "small probability is then lost; it can be had without the probability."
        ),
        "no_shift": (
            "The exponential of a large score overflows: use your logsumexp, which does not."
        ),
        "global_shift": (
            "You shift by the largest score of all rows; a row far below it then has an empty "
            "sum. Each row needs its own."
        ),
        "over_batch": (
            "You sum over the examples of a class; each example's own classes are to be summed."
        ),
        "shift_left_out": (
            "The largest score, taken out of the sum as a factor, must come back as a term of its "
            "logarithm."
        ),
        "largest_subtracted_only": (
            "You subtract the largest score in place of the log of the sum: probabilities would "
            "then sum to more than 1."
        ),
        "positive": (
            "Your signs are turned around: the logarithm of a probability is never positive."
        ),
        "log10": "You use the logarithm to base 10; here it is the natural one.",
    },
    "softmax_loss_naive": {**DATA, **REGULARISATION},
    "softmax_loss": DATA,
    "softmax_loss_vectorized": {**DATA, **REGULARISATION},
    "softmax_jacobian": {
        "diagonal_only": (
            "You differentiate the numerator alone; every score is in the denominator too, which "
            "adds -p[j] p[k] everywhere."
        ),
        "own_slopes_only": (
            "Your Jacobian is 0 off the diagonal, but when one probability rises the others must "
            "fall."
        ),
        "product_added": (
            "The product p[j] p[k] has the wrong sign: raising one score lowers the other "
            "probabilities."
        ),
        "no_diagonal": "The diagonal lacks p[j]: there the score is in the numerator as well.",
        "of_the_logarithm": "This is the Jacobian of log p; the one of p has a factor p[j] more.",
        "of_the_loss": (
            "These are the slopes of the loss -log p[j]; asked are those of p[j] itself."
        ),
        "scores_for_probabilities": (
            "You put the scores into the formula; its p are the probabilities."
        ),
        "negative": (
            "Every entry has the opposite sign: raising a score raises its own probability."
        ),
        "no_shift": "The exponential of a large score overflows: shift the scores as in softmax.",
    },
    "softmax_vjp": {
        "diagonal_only": (
            "You use only the diagonal part of the Jacobian, p; the part -p[j] p[k] couples every "
            "class to all others."
        ),
        "own_slopes_only": (
            "You multiply by the slope of each probability in its own score; every probability "
            "answers to every score of its row."
        ),
        "mean_not_weighted": (
            "You take off the plain mean of the upstream gradient; it is a mean weighted by the "
            "probabilities."
        ),
        "sum_not_weighted": (
            "You take off the plain sum of the upstream gradient; each term is weighted by its "
            "probability."
        ),
        "over_batch": "Your sum runs over the examples; it runs over the classes of one example.",
        "over_everything": "Your sum runs over all examples together; each row has its own.",
        "sum_added": "The sum has the wrong sign: it comes from the denominator.",
        "not_weighted": (
            "Your result lacks its factor p: a class with no probability does not answer to "
            "anything."
        ),
        "negative": "Your result has the opposite sign everywhere.",
        "no_shift": "The exponential of a large score overflows: shift the scores as in softmax.",
        "jacobian_built": (
            "Your values are right, but you build C * C numbers for an example. Put the "
            "Jacobian's formula into the sum: one part picks a single term, the other factors."
        ),
    },
    "expected_initial_loss": {
        "log10": "You use the logarithm to base 10; the loss uses the natural one.",
        "log2": "You use the logarithm to base 2; the loss uses the natural one.",
        "negative": "The loss is minus the logarithm of 1/C, a positive number.",
        "probability": "1/C is the probability of the true class; the loss is minus its logarithm.",
        "one_class_less": (
            "C - 1 is how many wrong classes there are; the true one has a share in the "
            "probability too."
        ),
        "true_class_counted": "For the hinge you count C wrong classes; there are C - 1.",
        "no_error": (
            "A kind that does not exist gets an answer; it must be refused with a ValueError."
        ),
    },
    "initial_loss_ok": {
        "reg_left_on": (
            "You look at the start with the regularisation on; ln C is what the data loss starts "
            "at."
        ),
        "one_sided": (
            "You accept a loss that is far too low; it must be near ln C from either side."
        ),
        "nan_passes": (
            "A loss that is nan passes your test, since every comparison with nan is false: ask "
            "whether it is near, not whether it is far."
        ),
        "examples_for_classes": (
            "You compare with the log of the number of examples; the number of classes counts."
        ),
        "log10": "You compare with the logarithm to base 10; the loss uses the natural one.",
        "tol_fixed": "You use 0.1 whatever tol is.",
        "tol_relative": "You take tol as a part of the loss; it is the difference itself.",
        "equal_is_enough": (
            "A loss that ignores the regularisation passes your second test: it has to rise."
        ),
        "any_change_counts": (
            "A loss that falls when the regularisation is switched on passes your second test: it "
            "has to rise."
        ),
        "with_zero_weights": (
            "You ask about weights of zero, for which the regularisation is 0 whatever its "
            "strength: use the weights given."
        ),
    },
    "Softmax": {
        **BATCHES,
        **RULES,
        "first_examples": (
            "Your mini-batches are drawn from the first examples only; the others are never seen."
        ),
        "reg_ignored": "You train without the regularisation that was asked for.",
        "loss_of_epochs": (
            "You record one loss for each pass over the data; asked is one for each step."
        ),
        "starts_again": (
            "A second call of train starts from new weights; it must go on from those there are."
        ),
        "starts_at_zero": (
            "You start from weights that are all zero; they are to be drawn, small but not zero."
        ),
        "starts_large": (
            "Your first weights are a thousand times too large: the loss should start near ln C."
        ),
        "scores_for_probabilities": (
            "probabilities returns the scores; a softmax turns them into probabilities."
        ),
        "probabilities_over_batch": (
            "Your probabilities sum to 1 over the examples; those of one example must."
        ),
        "certainty_returned": (
            "predict returns how probable the best class is; asked is which class it is."
        ),
        "best_example": (
            "predict looks for the best example of each class; asked is the best class for each "
            "example."
        ),
        "lowest_score": "predict chooses the class with the lowest score.",
    },
    "label_smoothing_loss": {
        **OVERFLOW,
        **{
            name: DATA[name]
            for name in (
                *("eps_in_log", "p_floored", "log_of_p", "no_minus", "uphill"),
                *("gradient_not_averaged", "loss_not_averaged", "mean_over_entries"),
            )
        },
        "eps_ignored": "Your labels are sure: eps changes nothing.",
        "loss_of_hard_labels": (
            "Your loss is that of sure labels; only your gradient knows that they are smoothed."
        ),
        "gradient_of_hard_labels": (
            "Your gradient is that of sure labels; only your loss knows that they are smoothed."
        ),
        "shared_by_the_others": (
            "You share eps out over the wrong classes alone; the true class gets its part as well."
        ),
        "nothing_for_the_true": (
            "Your labels sum to less than 1: of what is shared out, the true class lacks its part."
        ),
        "not_shared": (
            "Every class gets the whole of eps from you; it is shared out among the classes."
        ),
        "true_class_keeps_all": (
            "Your labels sum to more than 1: what is shared out must first be taken off the true "
            "class."
        ),
        "sum_not_one": (
            "Your labels sum to more than 1, in loss and gradient: what is shared out must first "
            "be taken off the true class."
        ),
        "eps_swapped": "eps is the part that is shared out; you share out all but eps.",
        "prediction_smoothed": (
            "You smooth the probabilities, which makes the loss blunter; it is the labels that are "
            "smoothed."
        ),
        "divergence": (
            "Your loss lacks the labels' own entropy: it is 0 where p is q, as a divergence is. "
            "The cross-entropy is not."
        ),
        "true_class_only": (
            "You keep the true class's term alone; with smoothed labels every class has a part in "
            "the loss."
        ),
    },
    "overfit_small": {
        "first_examples": "You take the first examples; the handful is to be drawn.",
        "with_replacement": (
            "Your handful may hold an example twice: it is drawn without replacement."
        ),
        "labels_not_sampled": (
            "The labels of your handful do not belong to its examples: both must be taken at the "
            "same drawn indices."
        ),
        "reg_left_on": (
            "You leave the regularisation on; it keeps the loss from reaching zero, which is the "
            "test."
        ),
        "mini_batches": "You draw mini-batches out of the handful; each step uses the whole of it.",
        "starts_at_zero": (
            "You start from weights that are all zero; they are to be drawn, small but not zero."
        ),
        "loss_after_step": BATCHES["loss_after_step"],
        "accuracy_on_everything": (
            "Your accuracy is that on all examples; asked is the one on the handful."
        ),
        "accuracy_before_last_step": "Your accuracy is that of the weights before the last step.",
        "right_counted": "You return how many are right; asked is which part of them.",
    },
    "sgd": {
        **RULES,
        **DEFAULTS,
        "rate_fixed": "You use one learning rate whatever config says.",
        "sign_only": "You step by the gradient's sign; the step is proportional to the gradient.",
    },
    "sgd_momentum": {
        **RULES,
        "not_stored": (
            "The new velocity is never stored, so every step starts from the old one: momentum is "
            "what remembers."
        ),
        "averaged": (
            "You weigh the gradient with 1 - momentum, as in a mean; here the velocity is a sum, "
            "and the gradient enters with the full learning rate."
        ),
        "torch_form": (
            "Your velocity sums gradients and meets the learning rate only in the step, as in "
            "PyTorch; here the learning rate is already in the velocity."
        ),
        "nesterov": (
            "This is Nesterov's momentum, which looks one step ahead; the plain one moves by v."
        ),
        "old_velocity": (
            "You move by the old velocity; the gradient of this step must already be in it."
        ),
        "velocity_and_gradient": "The gradient counts twice: it is already in the velocity.",
        **DEFAULTS,
        "momentum_default": "The momentum you take where config has none is not the docstring's.",
        "momentum_fixed": "You use 0.9 whatever config says.",
    },
    "rmsprop": {
        **RULES,
        "not_stored": (
            "The new cache is never stored, so the recent past is forgotten at every step."
        ),
        "old_cache": (
            "You divide by the old cache; the gradient of this step must already be in it."
        ),
        "decay_swapped": (
            "decay_rate weighs the old cache and 1 - decay_rate the new square, not the other way "
            "round."
        ),
        **DEFAULTS,
        "decay_default": "The decay_rate you take where config has none is not the docstring's.",
        "eps_default": (
            "The epsilon you take where config has none is not the docstring's: tiny gradients "
            "show it."
        ),
        "decay_fixed": "You use 0.99 whatever config says.",
        "eps_in_root": (
            "Your epsilon stands inside the root, where 1e-8 becomes 1e-4 and swallows small "
            "gradients; it is added to the root."
        ),
        "no_root": "You divide by the mean square; its root has the size of a gradient.",
        "summed": "You add up the squares for ever (that is Adagrad); here the cache forgets.",
        "not_squared": "The cache gathers the squares of the gradient, not its magnitudes.",
    },
    "adam": {
        **RULES,
        "no_correction": (
            "m and v start at zero and are far too small during the first steps: both need their "
            "correction by 1 - beta**t."
        ),
        "first_only": "You correct m but not v, which starts at zero just the same.",
        "second_only": "You correct v but not m, which starts at zero just the same.",
        "t_starts_at_1": (
            "Without a t in config yours starts at 1 and is counted up before it is used, so the "
            "first step is corrected like the second: t counts the steps taken so far."
        ),
        "t_counted_after": (
            "You use t and count it up afterwards, from 1. A config that says t steps were taken "
            "is then corrected as if this were step t; it is step t + 1."
        ),
        "t_stored_ahead": (
            "The t you store runs one ahead: it counts the steps taken, so each call adds 1."
        ),
        **DEFAULTS,
        "beta1_default": "The beta1 you take where config has none is not the docstring's.",
        "beta2_default": "The beta2 you take where config has none is not the docstring's.",
        "eps_default": "The epsilon you take where config has none is not the docstring's.",
        "t_late": (
            "Your t is counted up after it is used: at the first step 1 - beta**0 is 0, and you "
            "divide by it."
        ),
        "t_not_stored": (
            "t never grows from step to step, so every step is corrected like the first."
        ),
        "not_stored": "m and v are forgotten from step to step.",
        "corrected_stored": (
            "You store the corrected m and v and average on from them; the correction is for the "
            "step only."
        ),
        "v_of_m": "v gathers the squares of m; it is the mean square of the gradient.",
        "sums_for_means": (
            "The gradient enters m and v with full weight; with 1 - beta they are means, which is "
            "what the correction supposes."
        ),
        "betas_swapped": "beta1 belongs to m and beta2 to v, not the other way round.",
        "betas_fixed": "You use 0.9 and 0.999 whatever config says.",
        "eps_in_root": (
            "Your epsilon stands inside the root, where 1e-8 becomes 1e-4 and swallows small "
            "gradients; it is added to the root."
        ),
        "no_root": "You divide by the mean square; its root has the size of a gradient.",
    },
    "adamw": {
        "uphill": (
            "Adam's part adds the gradient to the parameters: that climbs. Downhill is against the "
            "gradient."
        ),
        **DEFAULTS,
        "decay_default": "The weight_decay you take where config has none is not the docstring's.",
        "decay_fixed": "Your decay has the same strength whatever config says.",
        "decay_missing": "This is Adam alone: no weight decays.",
        "l2_in_gradient": (
            "You add the decay to the gradient, so that Adam divides it by the gradient's size: "
            "that is Adam with an L2 penalty. The decay is to stay outside m and v."
        ),
        "counted_twice": (
            "Your decay counts twice: beside the step, and in the gradient that Adam follows."
        ),
        "in_fraction": (
            "Your decay is divided by the root of v together with m: weights with steep slopes "
            "then hardly decay. No division is to reach it."
        ),
        "without_rate": (
            "Your decay takes weight_decay times w off at every step; here the learning rate is a "
            "factor of it too."
        ),
        "factor_two": (
            "Your decay is twice as strong as asked: the 2 is from the derivative of w**2, and "
            "here no square is differentiated."
        ),
        "l1": "Every weight loses the same amount with you; it is to lose the same part of itself.",
        "after_the_step": (
            "Your decay takes its part of the weights after Adam's step; both start from the w "
            "before it."
        ),
        "grows": "Your decay has the wrong sign: the weights grow.",
        "no_correction": (
            "m and v start at zero and are far too small during the first steps: both need their "
            "correction by 1 - beta**t, as in adam."
        ),
        "t_not_stored": (
            "t never grows from step to step, so every step is corrected like the first."
        ),
        "not_stored": "m and v are forgotten from step to step.",
    },
    "update_ratio": {
        "negative": "A ratio of two norms is never negative, whichever way the update points.",
        "of_sums": (
            "You divide sums of entries, in which plus and minus cancel; the norm is the root of "
            "the sum of squares."
        ),
        "mean_of_ratios": (
            "You average the ratios of single entries, which one tiny weight can blow up; divide "
            "the norms of the whole arrays."
        ),
        "of_means": "You compare mean magnitudes; asked are norms, roots of sums of squares.",
        "of_largest": "You compare the largest entries; the norm looks at all of them.",
        "inverted": "Your ratio is upside down: the update is above, the parameters below.",
        "squared": "You divide sums of squares and forgot the root.",
        "logarithm": "You return the logarithm of the ratio; asked is the ratio.",
        "after_the_step": (
            "You divide by the parameters after the step; the ratio is to those before it."
        ),
    },
    "train_with_monitor": {
        **BATCHES,
        "gradient_for_update": (
            "Your ratio compares the gradient with the weights; what counts is the update, which "
            "the rule makes of the gradient."
        ),
        "ratio_to_the_start": (
            "Your ratio compares with the first weights of all; it is to those before each step."
        ),
        "ratio_to_new_weights": (
            "Your ratio compares with the weights after the step; it is to those before it."
        ),
        "ratio_of_sums": (
            "Your ratio divides sums of magnitudes; norms are roots of sums of squares."
        ),
        "ratio_negative": "A ratio of two norms is never negative.",
        "norm_squared": "Your gradient norm lacks the root.",
        "norm_largest": (
            "Your gradient norm is the largest entry; asked is the root of the sum of squares."
        ),
        "norm_of_update": "You record the norm of the update; asked is that of the gradient.",
        "config_not_passed_on": (
            "Every step gets the first config: what the rule remembers is lost. Hand on the "
            "config that the step before returned."
        ),
        "start_returned": (
            "You return the weights you started from; asked are those after the last step."
        ),
    },
    "diagnose_lr": {
        "warmup_counted": (
            "The warm-up is in your mean: fresh weights are small, and any step is large beside "
            "them."
        ),
        "warmup_only": "You look at the warm-up; it is the steps after it that tell.",
        "warmup_fixed": "You leave out 100 steps whatever warmup is.",
        "arithmetic_mean": (
            "You take the arithmetic mean, in which a few large ratios outweigh all small ones; "
            "ratios differ by factors, so average their logarithms."
        ),
        "median": "You take the median; asked is the geometric mean.",
        "last_step": "You look at the last step alone, which is one noisy number.",
        "blown_up_is_ok": (
            "A run whose loss is no longer finite gets another verdict than 'high' from you."
        ),
        "loss_only": "You look for nan and inf in the losses alone; the ratios can blow up too.",
        "ratio_only": (
            "You look for nan and inf in the ratios alone; the loss can blow up before them."
        ),
        "swapped": "Your verdicts are swapped: a small ratio comes from a low learning rate.",
        "bounds_fixed": "You use the default range whatever low and high are.",
        "no_error": (
            "With no step left after the warm-up there is nothing to judge: refuse with a "
            "ValueError."
        ),
    },
    "warmup_cosine_decay": {
        "no_warmup": "You leave the warm-up out: the fall begins at the first step.",
        "starts_at_zero": (
            "Your warm-up starts at a rate of 0, and its first step moves nothing. The first step "
            "already has its share of the peak."
        ),
        "warmup_from_end": (
            "Your warm-up rises from end; it rises from 0. The end belongs to the fall alone."
        ),
        "end_ignored": "Your rate falls to 0 whatever end is.",
        "end_added": (
            "Your fall begins above the peak: end is added to the whole peak. The height of the "
            "fall is the distance between the two."
        ),
        "progress_from_start": (
            "Your progress counts from the first step of all, so that the rate jumps where the "
            "warm-up ends. It is 0 there."
        ),
        "progress_over_total": (
            "Your progress never reaches 1: the fall has fewer steps than the whole training, by "
            "those of the warm-up."
        ),
        "one_step_ahead": (
            "Your progress is one step ahead: at the first step after the warm-up it is 0."
        ),
        "rises_again": "Beyond total_steps your rate climbs the cosine again; it stays at end.",
        "straight": "Your rate falls along a straight line; here it follows a cosine.",
        "quarter_turn": (
            "You take a quarter of a turn, which falls fastest at its end; half a turn is flat at "
            "both ends."
        ),
        "whole_turn": "You take a whole turn, which comes back to the peak; half a turn ends low.",
        "cosine_alone": (
            "A cosine goes from 1 to -1, and your rate below its end; lift it and halve it, so "
            "that it goes from 1 to 0."
        ),
        "not_halved": "Your fall begins at twice its height: 1 + cos goes from 2 to 0.",
        "upwards": "After the warm-up your rate begins at end and rises; the fall is upside down.",
    },
    "newton_step": {
        "no_minus": "Your step has the wrong sign: on a bowl it climbs.",
        "not_inverted": "You multiply by the Hessian; the step undoes it.",
        "diagonal_only": (
            "You divide by the Hessian's diagonal; its other entries couple the parameters."
        ),
        "entries_inverted": (
            "You invert the Hessian entry by entry; meant is the inverse of the matrix."
        ),
        "gradient_step": "You step along the negative gradient; the Hessian plays no part.",
        "half_a_step": "You step half the way; with the full step a quadratic is solved at once.",
        "curvature_made_positive": (
            "You take the curvature's magnitude. That makes a better method, but the pure Newton "
            "step follows the model to a saddle too, as the next exercise shows."
        ),
    },
    "newton_counterexample": {
        "convex": (
            "A Hessian that curves up everywhere is Newton's home ground: let it curve down in "
            "one direction."
        ),
        "no_valley": (
            "Your Hessian curves down everywhere; let it curve up in one direction and down in "
            "another."
        ),
        "downhill": (
            "Your step goes down: let the gradient point along the direction in which H curves "
            "down. Newton then climbs to where the slope is 0."
        ),
        "not_symmetric": (
            "A Hessian is symmetric: the order of the two derivatives does not matter."
        ),
    },
    "hessian_bytes": {
        "gradient": (
            "So many entries has the gradient; the Hessian has one for every *pair* of parameters."
        ),
        "half_of_it": (
            "You store one half of the symmetric matrix; asked is the memory of all entries."
        ),
        "entries": "You count the entries; each takes several bytes.",
        "bits": "You count bits; asked are bytes, of 8 bits each.",
        "dtype_ignored": "You take 4 bytes an entry whatever the dtype is.",
        "gibibytes": "You divide by 2**30; asked are bytes.",
        "gigabytes": "You divide by 10**9; asked are bytes.",
    },
    "lbfgs_direction": {
        "no_minus": "Your direction climbs: the sign is missing at the end.",
        "order_reversed": (
            "You take the newest pair for the oldest: the first loop goes from the newest back, "
            "the second from the oldest forward."
        ),
        "second_loop_backwards": (
            "Your second loop runs in the order of the first; it undoes it, so it runs the other "
            "way."
        ),
        "second_loop_adds": "In the second loop b is taken off a, not added.",
        "rho_of_s": "Your rho divides by S . S; it is the curvature, Y . S, that counts.",
        "rho_of_y": "Your rho divides by Y . Y; it is the curvature, Y . S, that counts.",
        "pairs_exchanged": (
            "S and Y have changed places: q loses multiples of Y, and r gains multiples of S."
        ),
        "gamma_missing": (
            "Between the loops q must be scaled by gamma: without it the first guess of the "
            "Hessian has the wrong size."
        ),
        "gamma_inverted": (
            "gamma is upside down: it guesses the inverse of the Hessian, S . Y over Y . Y."
        ),
        "gamma_of_oldest": "gamma comes from the newest pair, which knows the present place best.",
        "curvature_unchecked": (
            "A pair with Y . S <= 0 says that the function curves down there; with it the "
            "direction may climb. Leave it out, everywhere."
        ),
        "curvature_made_positive": (
            "You turn a pair with negative curvature around; it is to be left out."
        ),
        "last_pair_only": "You use the newest pair alone; all that remain take part.",
    },
    "ema_update": {
        "decay_swapped": (
            "decay weighs the old average and 1 - decay the new parameters, not the other way "
            "round: yours forgets nearly everything at every step."
        ),
        "not_weighted": "The new parameters enter with full weight: the two weights must sum to 1.",
        "plain_mean": (
            "You take the plain mean of the two; decay says how much of the old one stays."
        ),
        "latest": "You return the new parameters; the average is lost.",
        "decay_fixed": "You use 0.995 whatever decay is.",
        "in_place": (
            "You change the caller's array: whoever still holds the old average, or let x_test "
            "start as x itself, finds it overwritten."
        ),
    },
    "ema_corrected": {
        "not_corrected": (
            "Started at zero, the average is still too small after t steps: its weights do not "
            "sum to 1."
        ),
        "one_step_only": (
            "Your correction does not depend on t; after many steps there is nothing left to "
            "correct."
        ),
        "one_step_more": "Your sum has t + 1 weights; after t updates there are t.",
        "weight_of_the_start": (
            "decay**t is the weight of the zero at the start; divide by what the others weigh."
        ),
        "multiplied": "You multiply by the sum of the weights; that makes a small average smaller.",
        "decay_fixed": "You use 0.995 whatever decay is.",
    },
    "ema_memory": {
        "from_the_time_constant": (
            "ln 2 times the time constant is close, but the exact half-life solves decay**k = 1/2."
        ),
        "half_the_time_constant": (
            "Half the time constant is not the half-life: the weights fall like a power, not "
            "along a line."
        ),
        "to_1_over_e": "After so many steps the weight has fallen to 1/e; asked is one half.",
        "by_the_logarithm": (
            "Your time constant is that of a continuous decay, close but not equal; here it is 1 "
            "/ (1 - decay)."
        ),
        "one_less": "Your time constant counts the latest value as age 0; here its age is 1.",
        "rounded": "You round the half-life; it need not be a whole number.",
        "exchanged": "The two are exchanged: the time constant comes first.",
    },
    "average_predictions": {
        "logits_averaged": (
            "You average the logarithms of the probabilities; asked is the mean of the "
            "probabilities themselves."
        ),
        "product": (
            "You multiply the probabilities, as if the models were independent witnesses; asked "
            "is their mean."
        ),
        "votes": (
            "You let each model cast one vote; its doubts are lost. Average the probabilities."
        ),
        "most_certain": (
            "You take the largest probability of each class: such rows do not sum to 1."
        ),
        "last_model": "You return the last model's probabilities.",
        "over_examples": "You average over the examples; average over the models.",
        "sum": "You add up the probabilities; their mean sums to 1.",
    },
    "average_weights": {
        "sum": "You add up the parameters; asked is their mean.",
        "running_mean": (
            "You halve after each addition, so that the last checkpoint weighs as much as all "
            "before it."
        ),
        "one_less": "You divide by one less than the number of checkpoints.",
        "last_model": "You return the last checkpoint.",
        "first_name_only": (
            "Only the first name's parameters are averaged; the biases need it as well."
        ),
        "one_number": "You average over the entries too; each entry has its own mean.",
        "in_place": "The first checkpoint is overwritten with the average.",
    },
    "softmax_regression_torch": {
        "softmax_twice": (
            "Your scores go through a softmax before a cross-entropy that applies one itself: "
            "probabilities are taken for scores, and no loss can get near 0."
        ),
        "gradients_pile_up": (
            "Each backward pass adds to the gradients of the one before. They must be cleared at "
            "every step."
        ),
        "summed": "Your loss is summed over the mini-batch; it is to be the mean.",
        "normalised_over_examples": (
            "Your probabilities sum to 1 over the examples of a batch; they must do so over the "
            "classes."
        ),
        "no_reg": "Your loss has no regularisation.",
        "half_convention": (
            "You use half the sum of the squares; here the regularisation has no factor 1/2."
        ),
        "bias_regularised": "You regularise b as well; only W has a price here.",
        "bias_forgotten": "Your b never moves: it needs its step too.",
        "uphill": (
            "You add the gradient to the parameters: that climbs. Downhill is against the gradient."
        ),
        "one_batch": (
            "You train on the first mini-batch again and again; each step has a row of its own."
        ),
        "labels_not_sampled": (
            "The labels of your mini-batch do not belong to its examples: both must be taken at "
            "the same drawn indices."
        ),
        "seed_ignored": "Your mini-batches are drawn without the seed that was given.",
        "starts_at_random": (
            "Your W starts at random numbers; here it starts at 0, as the problem has a single "
            "valley."
        ),
        "single_precision": (
            "You compute in float32 though X is float64: parameters keep the dtype of X."
        ),
    },
    "notes_errata": {
        "a": "Look again at (a): a softmax of C scores is C probabilities.",
        "b": "Look again at (b): which of the probabilities should be high?",
        "c": "Look again at (c): a sum over all classes would not know which one is true.",
        "d": "Look again at (d): can a length be negative?",
        "e": "Look again at (e): a direction is lost when a norm is taken.",
        "f": (
            "Look again at (f): weights of size 1e-3 have hardly any length, so any useful step "
            "is long beside them."
        ),
        "g": "Look again at (g): count the numbers that one has to choose in -H^{-1} grad.",
        "h": "Look again at (h): how many pairs does it remember, and who chose that?",
        "i": (
            "Look again at (i): think of a Hessian that curves down somewhere, as in your "
            "counterexample."
        ),
    },
}
