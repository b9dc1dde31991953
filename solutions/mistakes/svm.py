"""Well-known wrong answers to the SVM assignment.

Each function takes a keyword-only ``wrong``, a set of names; empty, it is a right answer in another
style than the reference's. HINTS[answer][name] is what a student who made that mistake reads.
"""

import numpy as np
import torch

NOTHING = frozenset()


# --- the hinge losses -----------------------------------------------------------------------------


def L_i_vectorized(x, y, W, delta=1.0, *, wrong=NOTHING):
    """The loss of one example, by deleting the true class's score."""
    scores = W.dot(x)
    if "delta_dropped" in wrong:
        delta = 0.0
    if "delta_fixed" in wrong:
        delta = 1.0
    others = scores if "true_class_counted" in wrong else np.delete(scores, y)
    leads = scores[y] - others if "reversed" in wrong else others - scores[y]
    shortfalls = leads + delta
    if "no_clip" not in wrong:
        shortfalls = np.where(shortfalls > 0, shortfalls, 0.0)
    if "squared" in wrong:
        shortfalls = shortfalls**2
    if "worst_class_only" in wrong:
        return shortfalls.max()
    return np.mean(shortfalls) if "mean_over_classes" in wrong else np.sum(shortfalls)


def _margins(scores, y, wrong):
    """Shortfalls before clipping (N, C), and the true classes as a 0/1 matrix."""
    N, C = scores.shape
    truth = np.eye(C)[y]
    own = np.sum(scores * truth, axis=1, keepdims=True)
    if "stale_row" in wrong:
        own = np.roll(own, 1, axis=0)
    if "wrong_row" in wrong:
        own = scores[np.minimum(y, N - 1)]
    shortfalls = own - scores if "reversed" in wrong else scores - own
    return shortfalls + (0.0 if "no_margin" in wrong else 1.0), truth


def _hinge(scores, y, wrong):
    """The sum of the shortfalls of all examples and its gradient with respect to the scores,
    neither averaged yet.
    """
    shortfalls, truth = _margins(scores, y, wrong)
    violated = np.where(truth > 0, False, shortfalls > 0)
    if "worst_class_only" in wrong:
        rivals = np.where(truth > 0, -np.inf, shortfalls)
        violated = violated & (rivals == rivals.max(axis=1, keepdims=True))
    slopes = violated.astype(float)
    counted = (truth == 0) if "no_clip" in wrong else violated
    total = np.sum(shortfalls * counted)
    if "loss_counts_true" in wrong:
        total += len(y)
    if "negatives_in_mask" in wrong:
        slopes = np.where(violated, 1.0, shortfalls) * (1 - truth)
    if "shortfall_as_slope" in wrong:
        slopes = shortfalls * violated
    return total, _with_true_class(slopes, truth, wrong)


def _with_true_class(slopes, truth, wrong):
    """The gradient's entries for the true classes, from those of the others."""
    pull = slopes.sum(axis=1, keepdims=True)
    if "true_class_once" in wrong:
        pull = np.ones_like(pull)
    if "count_includes_true" in wrong:
        pull = pull + 1
    if "true_class_sign" in wrong:
        pull = -pull
    return slopes if "no_true_class" in wrong else slopes - truth * pull


def _squared_hinge(scores, y, wrong):
    """The same for squared shortfalls."""
    shortfalls, truth = _margins(scores, y, wrong)
    kept = shortfalls * (1 - truth)
    if "negatives_squared" not in wrong:
        kept = np.clip(kept, 0, None)
    total = np.sum(kept**2)
    slopes = 2 * kept
    if "squared_after_sum" in wrong:
        total = np.sum(kept.sum(axis=1) ** 2)
        slopes = 2 * kept.sum(axis=1, keepdims=True) * (kept > 0)
    if "not_squared" in wrong:
        total = np.sum(kept)
    if "loss_counts_true" in wrong:
        total += len(y)
    if "no_factor_two" in wrong:
        slopes = kept
    if "slope_of_plain_hinge" in wrong:
        slopes = (kept > 0).astype(float)
    return total, _with_true_class(slopes, truth, wrong)


def _regularised(data, W, X, y, reg, wrong):
    """Average, and add the regularisation to both."""
    total, dscores = data(np.dot(X, W), y, wrong)
    N, C = len(X), W.shape[1]
    dtotal = np.einsum("nd,nc->dc", X, dscores)
    loss = total if "loss_not_averaged" in wrong else total / N
    dW = dtotal if "gradient_not_averaged" in wrong else dtotal / N
    if "mean_over_entries" in wrong:
        loss, dW = loss / C, dW / C
    if "gradient_averaged_twice" in wrong:
        dW = dW / N
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


def svm_loss_naive(W, X, y, reg, *, wrong=NOTHING):
    """By a matrix of ones for the true classes, without a loop."""
    return _regularised(_hinge, W, X, y, reg, wrong)


def svm_loss_vectorized(W, X, y, reg, *, wrong=NOTHING):
    """The same."""
    return _regularised(_hinge, W, X, y, reg, wrong)


def squared_hinge_loss(W, X, y, reg, *, wrong=NOTHING):
    """The same on squared shortfalls."""
    return _regularised(_squared_hinge, W, X, y, reg, wrong)


def svm_loss(x, y, *, wrong=NOTHING):
    """The loss as a layer."""
    total, dx = _hinge(x, y, wrong)
    N, C = x.shape
    loss = total if "loss_not_averaged" in wrong else total / N
    dx = dx if "gradient_not_averaged" in wrong else dx / N
    if "gradient_averaged_twice" in wrong:
        dx = dx / N
    return (loss / C, dx / C) if "mean_over_entries" in wrong else (loss, dx)


def margin_violations(scores, y, delta=1.0, *, wrong=NOTHING):
    """By comparing with the true class's score, example by example."""
    if "delta_dropped" in wrong:
        delta = 0.0
    if "delta_fixed" in wrong:
        delta = 1.0
    mask = np.zeros(scores.shape, dtype=bool)
    short = np.zeros(len(y))
    for i, label in enumerate(y):
        shortfalls = scores[i] - scores[i, label] + delta
        if "reversed" in wrong:
            shortfalls = scores[i, label] - scores[i] + delta
        mask[i] = shortfalls > 0
        if "true_class_marked" not in wrong:
            mask[i, label] = False
        short[i] = shortfalls[mask[i]].sum()
    if "shortfalls_summed" in wrong:
        return mask, short
    if "counted_by_class" in wrong:
        return mask, mask.sum(axis=0)
    counts = np.array([np.count_nonzero(row) for row in mask])
    return mask, counts + 1 if "true_class_counted" in wrong else counts


def zero_one_counterexample(*, wrong=NOTHING):
    """Four classes that all come a little too close."""
    if "misclassified" in wrong:
        return np.array([1.0, 1.25, 0.0]), 0
    if "zero_loss" in wrong:
        return np.array([3.0, 1.5, 0.0]), 0
    if "whole_number" in wrong:
        return np.array([2.0, 1.5, 1.5]), 0
    return np.array([0.1, 0.2, 0.3, 0.9]), 3


# --- scale ----------------------------------------------------------------------------------------


def scaling_experiment(W, X, y, alphas, reg, *, wrong=NOTHING):
    """By scaling the scores."""
    scores, penalty = X @ W, reg * np.linalg.norm(W) ** 2
    factors = np.cumprod(alphas) if "factors_pile_up" in wrong else np.asarray(alphas, dtype=float)
    data = np.array([_hinge(a * scores, y, NOTHING)[0] / len(y) for a in factors])
    if "loss_scaled" in wrong:
        data = factors * _hinge(scores, y, NOTHING)[0] / len(y)
    power = 0 if "penalty_not_scaled" in wrong else 1 if "penalty_linear" in wrong else 2
    reg_losses = penalty * factors**power
    if "half_convention" in wrong:
        reg_losses = reg_losses / 2
    return (data + reg_losses if "penalty_in_data_loss" in wrong else data), reg_losses


def rescale_margin(W, c, *, wrong=NOTHING):
    """Entry by entry."""
    if "unchanged" in wrong:
        return W.copy()
    if "divided" in wrong:
        return W / c
    if "squared" in wrong:
        return W * c**2
    return W + c if "shifted" in wrong else np.multiply(W, c)


# --- gradient checks ------------------------------------------------------------------------------


def _difference(f, point, index, h, wrong):
    """The slope of f along one coordinate of ``point``."""
    above, below = point.copy(), point.copy()
    above[index] += h
    below[index] -= h
    if "forward" in wrong:
        return (f(above) - f(point)) / h
    if "not_halved" in wrong:
        return (f(above) - f(below)) / h
    return (f(above) - f(below)) / (h + h)


def eval_numerical_gradient(f, x, h=1e-5, *, wrong=NOTHING):
    """From fresh copies of the point."""
    if "step_ignored" in wrong:
        h = 1e-5
    point = np.array(x) if "integers_kept" in wrong else np.array(x, dtype=float)
    grad = np.empty(point.shape)
    for index in np.ndindex(point.shape):
        grad[index] = _difference(f, point, index, h, wrong)
        if "steps_pile_up" in wrong:
            point[index] += h
    return grad


def rel_error(a, b, *, wrong=NOTHING):
    """By comparing sums of magnitudes with the floor."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    gap, size = abs(a - b), abs(a) + abs(b)
    if "signed" in wrong:
        gap = a - b
    if "absolute" in wrong:
        return gap.max()
    if "whole_tensor" in wrong:
        return np.linalg.norm(gap) / max(1e-8, np.linalg.norm(a) + np.linalg.norm(b))
    if "larger_of_two" in wrong:
        size = np.where(abs(a) > abs(b), abs(a), abs(b))
    if "one_sided" in wrong:
        size = abs(b)
    if "floor_added" in wrong:
        size = size + 1e-8
    elif "no_floor" not in wrong:
        size = np.where(size > 1e-8, size, 1e-8)
    errors = gap / size
    return errors.mean() if "mean" in wrong else errors.max()


def grad_check_sparse(f, x, analytic_grad, num_checks=10, h=1e-5, rng=None, *, wrong=NOTHING):
    """By unravelling the drawn numbers into indices."""
    rng = rng or np.random.default_rng()
    if "step_ignored" in wrong:
        h = 1e-5
    drawn = rng.integers(x.size, size=num_checks)
    if "first_entries" in wrong:
        drawn = np.arange(num_checks) % x.size
    shape = x.shape[::-1] if "columns_first" in wrong else x.shape
    point, numeric, analytic = np.array(x, dtype=float), [], []
    lost = "copy_stepped" in wrong and not x.flags.c_contiguous
    for index in zip(*np.unravel_index(drawn, shape), strict=True):
        index = index[::-1] if "columns_first" in wrong else index
        numeric.append(0.0 if lost else _difference(f, point, index, h, wrong))
        analytic.append(analytic_grad[index])
        if "steps_pile_up" in wrong:
            point[index] += h
    numeric, analytic = np.array(numeric), np.array(analytic)
    floor = 0.0 if "zero_over_zero" in wrong else 1e-8
    errors = np.abs(analytic - numeric) / np.maximum(np.abs(analytic) + np.abs(numeric), floor)
    overall = errors.mean() if "mean" in wrong else errors.max()
    return {"numeric": numeric, "analytic": analytic, "rel_error": errors, "max_rel_error": overall}


def expected_initial_loss(C, kind, delta=1.0, *, wrong=NOTHING):
    """By summing over the wrong classes."""
    if kind not in ("hinge", "squared_hinge") and "no_error" not in wrong:
        raise ValueError(f"{kind!r} is neither 'hinge' nor 'squared_hinge'")
    if "softmax" in wrong:
        return np.log(C)
    if "delta_fixed" in wrong:
        delta = 1.0
    shortfall = (
        delta * delta if kind == "squared_hinge" and "delta_not_squared" not in wrong else delta
    )
    wrong_classes = C if "true_class_counted" in wrong else C - 1
    return shortfall if "one_class" in wrong else sum(shortfall for _ in range(wrong_classes))


# --- searching ------------------------------------------------------------------------------------


def is_at_boundary(best, value_range, frac=0.05, *, wrong=NOTHING):
    """By the distance to either end."""
    low, high = value_range
    if "frac_ignored" in wrong:
        frac = 0.05
    if "frac_shared" in wrong:
        frac = frac / 2
    if "linear" in wrong:
        to_low, to_high = (best - low) / (high - low), (high - best) / (high - low)
    else:
        to_low, to_high = (
            np.log10(one) / np.log10(high / low) for one in (best / low, high / best)
        )
    near = [to_low] * ("upper_only" not in wrong) + [to_high] * ("lower_only" not in wrong)
    return bool((min(near) <= frac) != ("inverted" in wrong))


def coarse_to_fine_search(eval_fn, lr_range, reg_range, n_coarse, n_fine, rng, *, wrong=NOTHING):
    """All points of a round in one draw, as a table."""
    ends = np.log(np.array([lr_range, reg_range]))  # one row for each value: low, high
    chosen_by = 2 if "by_training_accuracy" in wrong else 3

    def tried(bounds, count):
        if "linear" in wrong:
            points = rng.uniform(*np.exp(bounds).T, size=(count, 2))
        else:
            points = np.exp(rng.uniform(*bounds.T, size=(count, 2)))
        return np.array([[*point, *eval_fn(*point)] for point in points]).reshape(count, 4)

    def winner(table):
        column = table[:, chosen_by]
        return table[np.argmin(column) if "lowest" in wrong else np.argmax(column)]

    coarse = tried(ends, n_coarse)
    reach = np.ptp(ends, axis=1) * (1 / 4 if "fine_too_wide" in wrong else 1 / 8)
    centre = np.mean(ends, axis=1) if "fine_in_the_middle" in wrong else np.log(winner(coarse)[:2])
    around = np.stack([centre - reach, centre + reach], axis=1)
    if "fine_outside" not in wrong:
        around = np.clip(around, ends[:, :1], ends[:, 1:])
    if "fine_everywhere" in wrong:
        around = ends
    fine = tried(around, n_fine)
    everything = np.concatenate([coarse, fine])
    judged = coarse if "coarse_only" in wrong else fine if "fine_only" in wrong else everything
    best = winner(judged)
    ranges = np.exp(around if "boundary_of_fine_range" in wrong else ends)
    boundary = tuple(
        is_at_boundary(value, tuple(bounds)) for value, bounds in zip(best[:2], ranges, strict=True)
    )
    if "boundary_never" in wrong:
        boundary = (False, False)
    if "boundary_swapped" in wrong:
        boundary = boundary[::-1]
    return [tuple(row) for row in everything], tuple(best), boundary


# --- preprocessing and training -------------------------------------------------------------------


def preprocess(X_train, X_val, X_test, *, wrong=NOTHING):
    """By filling arrays of ones."""
    sets = [np.asarray(X, dtype=float) for X in (X_train, X_val, X_test)]
    if "mean_of_everything" in wrong:
        means = [np.concatenate(sets).mean(axis=0)] * 3
    elif "mean_with_validation" in wrong:
        means = [np.concatenate(sets[:2]).mean(axis=0)] * 3
    elif "own_means" in wrong:
        means = [X.mean(axis=0) for X in sets]
    elif "one_mean" in wrong:
        means = [sets[0].mean()] * 3
    elif "not_centred" in wrong:
        means = [0.0] * 3
    else:
        means = [sets[0].mean(axis=0)] * 3
    if "train_only_centred" in wrong:
        means[1:] = [0.0, 0.0]
    done = []
    for X, mean in zip(sets, means, strict=True):
        out = np.ones((X.shape[0], X.shape[1] + 1))
        features = X - mean
        if "standardised" in wrong:
            features = features / sets[0].std(axis=0)
        if "bias_first" in wrong:
            out[:, 1:] = features
        else:
            out[:, :-1] = features
        if "bias_centred" in wrong:
            out[:, -1] = 0.0
        done.append(out)
    return tuple(done)


class LinearSVM:
    """Weights kept from call to call, one step at a time."""

    def __init__(self, *, wrong=NOTHING):
        """Start untrained."""
        self.wrong = wrong
        self.W = None

    def loss(self, X, y, reg):
        """The loss to train on."""
        return svm_loss_vectorized(self.W, X, y, reg)

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

    def predict(self, X):
        """The best class."""
        scores = X.dot(self.W)
        if "scores_returned" in self.wrong:
            return scores
        if "best_example" in self.wrong:
            return scores.argmax(axis=0)
        if "lowest_score" in self.wrong:
            return scores.argmin(axis=1)
        return scores.argmax(axis=1)


def notes_errata(*, wrong=NOTHING):
    """The four that are right, and what ``wrong`` turns around."""
    return {letter: (letter in "abce") != (letter in wrong) for letter in "abcdef"}


# --- what each mistake deserves to hear -----------------------------------------------------------

DATA = {
    "no_true_class": (
        "Your gradient lacks the term of the true class: every violated margin also contains "
        "-s[y], so the true class's gradient is -x_i times the number of violated margins."
    ),
    "true_class_once": (
        "The true class's gradient gets -x_i once for each violated margin of the example; yours "
        "gets it once for each example."
    ),
    "count_includes_true": (
        "Your count of violated margins includes the true class itself, so its coefficient is one "
        "too large in magnitude: -(count + 1) where -count is meant."
    ),
    "loss_counts_true": (
        "Your loss also adds the true class's own term, s[y] - s[y] + 1 = 1, for each example; "
        "the sum runs over j != y only. (The gradient cannot show it: the term is constant.)"
    ),
    "gradient_averaged_twice": "The data's part of your gradient is divided by N twice.",
    "gradient_not_averaged": (
        "Your gradient is the one of the sum over the examples; the loss is their mean, so the "
        "gradient needs the factor 1/N too."
    ),
    "loss_not_averaged": "Your data loss is the sum over the examples; it must be their mean.",
    "mean_over_entries": (
        "You average over all N * C margins; the loss sums over the classes and averages over the "
        "examples only."
    ),
    "true_class_sign": (
        "The true class's score enters every margin with a minus sign, so its gradient does too: "
        "yours has the opposite sign there."
    ),
    "no_margin": (
        "Your margins lack the + 1: the true class has to lead by the margin, not just to win."
    ),
    "reversed": (
        "Your margins have the two scores the wrong way round: a class costs when its own score "
        "is high, so it is s[j] - s[y] + 1."
    ),
}
PLAIN = {
    "negatives_in_mask": (
        "Classes that keep the margin still have a negative number in your gradient with respect "
        "to the scores: they must be 0 there before the row sum of the true class is taken."
    ),
    "shortfall_as_slope": (
        "You weigh each violation by its shortfall. The hinge max(0, z) has slope 1 wherever z > "
        "0, however large z is."
    ),
    "worst_class_only": (
        "You count only the class that violates the margin most (that is Crammer and Singer's "
        "loss); this loss sums over all of them."
    ),
    "no_clip": (
        "Your loss adds negative margins as well: a class that keeps its distance must contribute "
        "0, not a reward."
    ),
}
STALE_ROW = {
    "stale_row": (
        "The true class's score in your margins belongs to another example: it must be taken from "
        "the example's own scores."
    ),
}
WRONG_ROW = {
    "wrong_row": (
        "You take the true class's score from the y[i]-th row of the scores: it is the entry in "
        "row i and column y[i], one number for each example."
    ),
}
REGULARISATION = {
    "no_reg": "Regularisation is missing from your loss and from your gradient.",
    "no_reg_gradient": (
        "Your gradient lacks the regularisation term, the gradient of reg * sum(W**2)."
    ),
    "no_reg_loss": "Your loss lacks the regularisation, reg * sum(W**2).",
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
    "strength_forgotten": "Your loss adds sum(W**2) without its factor reg.",
    "norm_not_squared": (
        "You penalise the norm of W; the penalty is the squared norm, the plain sum of the squares."
    ),
    "bias_spared": (
        "You leave the last row of W, the bias, out of the regularisation; here every row is in it."
    ),
}

# --- the loss in torch ----------------------------------------------------------------------------


def svm_loss_torch(W, X, y, reg, *, wrong=NOTHING):
    """By a mask of the wrong classes, from comparing names."""
    scores = torch.mm(X, W)
    classes = torch.arange(W.shape[1], device=W.device)
    others = classes[None, :] != y[:, None]
    own = torch.where(others, torch.zeros_like(scores), scores).sum(dim=1, keepdim=True)
    shortfalls = scores - own + 1
    if "scores_detached" in wrong:
        shortfalls = shortfalls.detach()
    if "made_on_the_processor" in wrong:
        others = others & torch.ones(others.shape, dtype=torch.bool)
    if "mask_of_one_dtype" in wrong:
        others = others.float()
    if "picked_by_mask" in wrong:
        data = shortfalls[others & (shortfalls > 0)].sum()
    else:
        data = (shortfalls.clamp(min=0) * others).sum()
    if "true_class_counted" in wrong:
        data = data + len(y)
    data = data / (scores.numel() if "mean_over_entries" in wrong else len(y))
    penalty = W.square().sum()
    if "penalty_detached" in wrong:
        penalty = penalty.detach()
    if "penalty_read" in wrong:
        penalty = penalty.item()
    if "half_convention" in wrong:
        penalty = penalty / 2
    if "no_reg" in wrong:
        return data
    loss = data + reg * penalty
    return loss.item() if "loss_read" in wrong else loss


HINTS = {
    "L_i_vectorized": {
        "true_class_counted": (
            "You count the true class as well: its own term is s[y] - s[y] + delta = delta, and "
            "the sum runs over j != y."
        ),
        "delta_fixed": "You use the margin 1 whatever delta is.",
        "delta_dropped": (
            "Your margins lack delta: the true class has to lead by the margin, not just to win."
        ),
        "reversed": (
            "Your margins have the two scores the wrong way round: a class costs when its own "
            "score is high, so it is s[j] - s[y] + delta."
        ),
        "no_clip": (
            "You add negative margins as well: a class that keeps its distance must contribute 0, "
            "not a reward."
        ),
        "squared": "You square the shortfalls: that is the squared hinge loss, which comes later.",
        "worst_class_only": (
            "You keep only the class that violates the margin most; the loss sums over all of them."
        ),
        "mean_over_classes": "You average over the classes; the loss is a sum over them.",
    },
    "svm_loss_naive": {**DATA, **PLAIN, **STALE_ROW, **REGULARISATION},
    "svm_loss_vectorized": {**DATA, **PLAIN, **WRONG_ROW, **REGULARISATION},
    "svm_loss": {**DATA, **PLAIN, **WRONG_ROW},
    "margin_violations": {
        "true_class_marked": (
            "Your mask marks the true class: s[y] - s[y] + delta = delta is always positive, but "
            "a class cannot violate its own margin."
        ),
        "true_class_counted": (
            "Your counts are one too large: they count the true class, which your mask leaves out."
        ),
        "delta_dropped": (
            "You mark only the classes that overtake the true one; a class violates the margin as "
            "soon as it comes closer than delta."
        ),
        "delta_fixed": "You use the margin 1 whatever delta is.",
        "reversed": (
            "You compare the wrong way round: the margin is violated when the other class's score "
            "is high."
        ),
        "shortfalls_summed": (
            "Your counts are sums of shortfalls: that is the loss. The count is how many classes "
            "fall short, not by how much."
        ),
        "counted_by_class": (
            "You count the violations of each class over the examples; asked is the number for "
            "each example, over the classes."
        ),
    },
    "zero_one_counterexample": {
        "misclassified": (
            "Let the true class have the highest score: then no class is incorrect, and only the "
            "margin is left to cost anything."
        ),
        "zero_loss": (
            "A class costs as soon as it comes closer to the true one than the margin; it need "
            "not overtake it."
        ),
        "whole_number": (
            "Each class adds its shortfall, any real number and not a 1: their sum need not be "
            "whole."
        ),
    },
    "squared_hinge_loss": {
        **DATA,
        **WRONG_ROW,
        **REGULARISATION,
        "no_factor_two": (
            "The derivative of max(0, z)**2 is 2 max(0, z): the data part of your gradient lacks "
            "the factor 2."
        ),
        "squared_after_sum": (
            "You square the sum of an example's shortfalls; each shortfall is squared first, then "
            "they are summed."
        ),
        "negatives_squared": (
            "You square negative margins too, which turns a safe distance into a cost: clip at "
            "zero before squaring."
        ),
        "not_squared": (
            "Your loss is the plain hinge: its shortfalls are not squared, though your gradient "
            "is that of the squares."
        ),
        "slope_of_plain_hinge": (
            "Your gradient is that of the plain hinge, slope 1 for each violation; the slope of "
            "max(0, z)**2 grows with the shortfall."
        ),
    },
    "scaling_experiment": {
        "penalty_in_data_loss": (
            "Your data losses contain the regularisation: measure the two parts apart."
        ),
        "penalty_not_scaled": (
            "Your regularisation losses are those of W itself; they belong to a * W."
        ),
        "penalty_linear": (
            "Your regularisation losses grow like a; a sum of squares of a * W grows like a "
            "squared."
        ),
        "half_convention": (
            "You used the convention with 1/2 in the regularisation; here it is reg * sum(W**2)."
        ),
        "loss_scaled": (
            "You multiplied the loss by a; what is scaled is W, and the margin stays 1, so the "
            "loss answers in another way."
        ),
        "factors_pile_up": (
            "Each factor multiplies what the last one left: start from the given W for every a."
        ),
    },
    "rescale_margin": {
        "unchanged": (
            "With the same weights a larger margin costs more; ask which weights stretch every "
            "difference of scores as much as the margin."
        ),
        "divided": (
            "You shrink the scores while the margin grows: their differences must be stretched by "
            "the same factor."
        ),
        "squared": (
            "Scores are linear in W, not quadratic: your factor stretches their differences too "
            "much."
        ),
        "shifted": (
            "Adding a number to the weights moves all classes' scores alike; their differences "
            "must be multiplied."
        ),
    },
    "eval_numerical_gradient": {
        "forward": (
            "You compare f one step ahead with f at the point itself: the error of that falls "
            "like h; a step to either side makes it fall like h squared."
        ),
        "not_halved": "The two points are 2h apart: your slopes are twice too large.",
        "steps_pile_up": (
            "Your steps pile up: after each coordinate the point has to return to where it was "
            "before the next one moves."
        ),
        "integers_kept": (
            "At a point of whole numbers your step is rounded away, since the copy you move holds "
            "integers too."
        ),
        "step_ignored": "You use a step of your own, not h.",
    },
    "rel_error": {
        "no_floor": "Where both are 0 your error is 0/0: the denominator needs its floor of 1e-8.",
        "floor_added": (
            "You add 1e-8 to the denominator; it is a floor, the larger of the two, and changes "
            "nothing above."
        ),
        "mean": (
            "You average the errors; one wrong entry then hides among many right ones: take the "
            "largest."
        ),
        "absolute": (
            "You return the absolute difference: it has to be divided by the size of the entries."
        ),
        "signed": (
            "Your difference keeps its sign, so an entry that is too small never counts: take its "
            "magnitude."
        ),
        "one_sided": (
            "You divide by the size of one of the two alone; here it is the sum of both magnitudes."
        ),
        "larger_of_two": "You divide by the larger of the two magnitudes; here it is their sum.",
        "whole_tensor": (
            "You compare the arrays as wholes, by their norms; here each entry is compared on its "
            "own, and the largest error counts."
        ),
    },
    "grad_check_sparse": {
        "zero_over_zero": (
            "Where both slopes are 0 your relative error is 0/0, though they agree perfectly: the "
            "denominator needs its floor of 1e-8."
        ),
        "forward": (
            "You compare f one step ahead with f at the point itself; a centred difference steps "
            "to either side."
        ),
        "not_halved": (
            "The two points of a centred difference are 2h apart: your numeric slopes are twice "
            "too large."
        ),
        "steps_pile_up": (
            "Your steps pile up: the point has to return to where it was before the next "
            "coordinate is tried."
        ),
        "step_ignored": "You use a step of your own, not h.",
        "first_entries": (
            "You check the first entries; they must be drawn at random, or a mistake at the end "
            "is never seen."
        ),
        "columns_first": (
            "You count the entries of x column by column; the k-th entry is counted row by row."
        ),
        "copy_stepped": (
            "When x is not stored row by row (a transposed view, say), your steps go into a copy "
            "that f never sees, and every numeric slope is 0."
        ),
        "mean": "The overall error must be the largest of the relative errors, not their mean.",
    },
    "expected_initial_loss": {
        "softmax": (
            "log C is what the softmax loss starts at; the hinge adds delta for every wrong class."
        ),
        "true_class_counted": "You count C wrong classes; there are C - 1.",
        "one_class": (
            "You count one wrong class; equal scores fall short of the margin for every class but "
            "the true one."
        ),
        "delta_fixed": "With equal scores each wrong class falls short by delta, not by 1.",
        "delta_not_squared": "The squared hinge squares each shortfall, delta, as well.",
        "no_error": (
            "A kind that does not exist gets an answer; it must be refused with a ValueError."
        ),
    },
    "is_at_boundary": {
        "linear": (
            "You measure the distance on the linear scale, where nearly the whole range lies at "
            "its upper end; learning rates live on the log scale."
        ),
        "upper_only": (
            "You watch the upper end alone; the best value may lie below the range as well."
        ),
        "lower_only": (
            "You watch the lower end alone; the best value may lie above the range as well."
        ),
        "frac_ignored": "You use 0.05 whatever frac is.",
        "frac_shared": (
            "You split frac between the two ends; each of them has a boundary as wide as frac."
        ),
        "inverted": "You answer True in the middle of the range and False at its ends.",
    },
    "coarse_to_fine_search": {
        "linear": (
            "You draw uniformly on the linear scale, where nine tenths of the points fall into "
            "the highest decade; draw the exponent uniformly."
        ),
        "by_training_accuracy": (
            "You choose by training accuracy, which rewards learning by heart. Let the validation "
            "accuracy decide."
        ),
        "lowest": "You keep the point with the lowest accuracy; the highest wins.",
        "fine_everywhere": (
            "Your second round searches the whole range again; it should look around the best "
            "coarse point."
        ),
        "fine_in_the_middle": (
            "Your second round is centred on the middle of the range, not on the best coarse point."
        ),
        "fine_too_wide": (
            "Your fine range is half as wide as the coarse one; it is to be a quarter of it, an "
            "eighth to either side."
        ),
        "fine_outside": (
            "Your fine range sticks out of the coarse one when the best point lies near an end: "
            "cut it off there."
        ),
        "coarse_only": (
            "Your best is the best of the coarse round; the fine round's points compete too."
        ),
        "fine_only": "Your best is the best of the fine round; a coarse point may still be better.",
        "boundary_never": (
            "You never report the boundary: a best value at the end of its range says that the "
            "range was wrong."
        ),
        "boundary_of_fine_range": (
            "You compare the best values with the ends of the fine range; what matters is whether "
            "they lie at the ends of the range that was given."
        ),
        "boundary_swapped": "The two flags are swapped: the learning rate's comes first.",
    },
    "preprocess": {
        "own_means": (
            "You centre each set on its own mean; all three are measured from the mean of the "
            "training set."
        ),
        "mean_of_everything": (
            "Your mean looks at the validation and test sets too: what you will be judged on must "
            "not leak into the preprocessing."
        ),
        "mean_with_validation": (
            "Your mean is taken over training and validation set together; it belongs to the "
            "training set alone."
        ),
        "one_mean": "You subtract one number from everything; each feature has a mean of its own.",
        "not_centred": "You append the bias but do not subtract the mean.",
        "train_only_centred": (
            "You centre the training set only; the same mean comes off the other two."
        ),
        "standardised": (
            "You also divide by the standard deviation; only the mean is to be subtracted."
        ),
        "bias_centred": (
            "Your bias feature was centred along with the others and became 0: append the ones "
            "afterwards."
        ),
        "bias_first": "Your ones come first; the bias is the last feature.",
    },
    "LinearSVM": {
        "labels_not_sampled": (
            "The labels of your mini-batch do not belong to its examples: both must be taken at "
            "the same drawn indices."
        ),
        "first_examples": (
            "Your mini-batches are drawn from the first examples only; the others are never seen."
        ),
        "one_batch": "You draw one mini-batch and use it at every step; each step draws anew.",
        "without_replacement": (
            "Your mini-batches are drawn without replacement; here an example may come twice."
        ),
        "uphill": (
            "You add the gradient to the weights: that climbs. Downhill is against the gradient."
        ),
        "reg_ignored": "You train without the regularisation that was asked for.",
        "loss_after_step": (
            "You record the loss after the weights have moved; record the one whose gradient "
            "moved them."
        ),
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
            "Your first weights are a thousand times too large: the loss should start near C - 1."
        ),
        "scores_returned": "predict returns the scores; asked is the class with the highest one.",
        "best_example": (
            "predict looks for the best example of each class; asked is the best class for each "
            "example."
        ),
        "lowest_score": "predict chooses the class with the lowest score.",
    },
    "svm_loss_torch": {
        "true_class_counted": (
            "Your loss includes the true class: every example costs the margin 1 too much. The "
            "gradient does not notice."
        ),
        "mean_over_entries": (
            "Your data loss is a mean over examples and classes. It is a sum over the classes and "
            "a mean over the examples."
        ),
        "no_reg": "Your loss has no regularisation.",
        "half_convention": (
            "You use half the sum of the squares; here the regularisation has no factor 1/2."
        ),
        "penalty_detached": (
            "The regularisation is in your loss, but autograd finds no way from it back to W: it "
            "was cut off from its graph."
        ),
        "scores_detached": (
            "Autograd finds no way from your data loss back to W: it was cut off from its graph."
        ),
        "penalty_read": (
            "The regularisation enters your loss as a plain Python number: its gradient is lost, "
            "and the device has to be waited for."
        ),
        "loss_read": "You return a plain number. The way back to W is lost with the tensor.",
        "mask_of_one_dtype": (
            "Your mask has a dtype of its own: multiplied with it, numbers of fewer bits take it "
            "on."
        ),
        "made_on_the_processor": (
            "You make a tensor without saying where. It lies on the processor, and cannot meet "
            "those of another device."
        ),
        "picked_by_mask": (
            "Entries are picked by a mask, or a number is read from a tensor. How many or how "
            "large it is, is known to the device alone, and everything waits until it has "
            "answered."
        ),
    },
    "notes_errata": {
        "a": (
            "Look again at (a): the loss is one number, so that comparison gives one answer for "
            "all examples and classes, while a violation belongs to one class of one example."
        ),
        "b": (
            "Look again at (b): every violated margin contains -s[y] too, so the true class's "
            "entry is minus their number."
        ),
        "c": "Look again at (c): the loss is a mean over the examples.",
        "d": (
            "Look again at (d) with the shapes in mind: X is (N, D) and ds is (N, C); which "
            "product has shape (D, C)?"
        ),
        "e": "Look again at (e): the loss that is differentiated contains reg * sum(W**2).",
        "f": (
            "Look again at (f): how steep is max(0, z) where z > 0? That the slope grows with the "
            "violation is true of the squared hinge only."
        ),
    },
}
