"""Well-known wrong answers to the LSTM assignment.

Each function takes a keyword-only ``wrong``, a set of names; empty, it is a right answer in another
style than the reference's. HINTS[answer][name] is what a student who made that mistake reads.
Forward and backward passes share their caches with the reference, so that either may be wrong on
its own."""

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


# --- a step, and a sequence of steps --------------------------------------------------------------


def rnn_step_forward(x, prev_h, Wx, Wh, b, *, wrong=NOTHING):
    """With input and state side by side, and one matrix."""
    both = np.concatenate([x, prev_h], axis=1)
    if "input_forgotten" in wrong:
        both[:, : x.shape[1]] = 0
    if "state_forgotten" in wrong:
        both[:, x.shape[1] :] = 0
    a = both @ np.concatenate([Wx, Wh.T if "wh_transposed" in wrong else Wh])
    if "bias_missing" not in wrong:
        a = a + b
    if "sigmoid" in wrong:
        next_h = 1 / (1 + np.exp(-a))
    elif "relu" in wrong:
        next_h = np.maximum(a, 0)
    else:
        next_h = a if "tanh_missing" in wrong else np.tanh(a)
    return next_h, (x, prev_h, Wx, Wh, a if "cache_holds_a" in wrong else next_h)


def rnn_step_backward(dnext_h, cache, *, wrong=NOTHING):
    """By einsum."""
    x, prev_h, Wx, Wh, next_h = cache
    slope = (1 - next_h) * (1 + next_h)
    if "slope_not_squared" in wrong:
        slope = 1 - next_h
    if "slope_missing" in wrong:
        slope = np.ones_like(next_h)
    if "slope_of_sigmoid" in wrong:
        slope = next_h * (1 - next_h)
    da = slope if "upstream_dropped" in wrong else dnext_h * slope
    dx, dprev_h = np.einsum("nh,dh->nd", da, Wx), np.einsum("nh,kh->nk", da, Wh)
    dWx, dWh, db = (
        np.einsum("nd,nh->dh", x, da),
        np.einsum("nk,nh->kh", prev_h, da),
        np.einsum("nh->h", da),
    )
    if "dprev_h_untransposed" in wrong:
        dprev_h = da @ Wh
    if "dwh_from_next_h" in wrong:
        dWh = next_h.T @ da
    if "dwh_transposed" in wrong:
        dWh = dWh.T
    if "dwx_transposed" in wrong:
        dWx = da.T @ x
    if "averaged" in wrong:
        dWx, dWh, db = (grad / len(x) for grad in (dWx, dWh, db))
    if "db_averaged" in wrong:
        db = da.mean(axis=0)
    if "db_kept_axis" in wrong:
        db = db[None]
    return dx, dprev_h, dWx, dWh, db


def rnn_forward(x, h0, Wx, Wh, b, *, wrong=NOTHING):
    """Written out, with the inputs' part made for all steps at once."""
    N, T, _ = x.shape
    if "backwards_in_time" in wrong:
        x = x[:, ::-1]
    driven = x @ Wx + b
    before = np.zeros_like(h0) if "h0_ignored" in wrong else h0
    h, cache = np.zeros((N, T, len(Wh))), []
    for t in range(T):
        now = np.tanh(driven[:, t] + before @ Wh)
        h[:, t] = now
        cache.append((x[:, t], before, Wx, Wh, now))
        if "state_not_carried" not in wrong:
            before = now
    if "only_last" in wrong:
        h[:, :-1] = 0
    return (h.transpose(1, 0, 2) if "axes_swapped" in wrong else h), cache


def rnn_backward(dh, cache, *, wrong=NOTHING):
    """Written out, with the gradients before tanh kept and the weights' made at the end."""
    N, T, H = dh.shape
    Wx, Wh = cache[0][2:4]
    x, before, h = (np.stack([step[k] for step in cache], axis=1) for k in (0, 1, 4))
    da, carried = np.zeros((N, T, H)), np.zeros((N, H))
    if "loop_forwards" in wrong:
        for t in range(T):
            da[:, t] = (dh[:, t] + carried) * (1 - h[:, t] ** 2)
            carried = da[:, t] @ Wh.T
    else:
        for t in range(T - 1, -1, -1):
            upstream = dh[:, t] + carried
            if "dh_not_added" in wrong and t < T - 1:
                upstream = carried
            if "carried_dropped" in wrong:
                upstream = dh[:, t]
            da[:, t] = upstream * (1 - h[:, t] ** 2)
            carried = da[:, t] @ Wh.T
            if "carried_twice" in wrong:
                carried = carried + dh[:, t]
    dx = np.einsum("nth,dh->ntd", da, Wx)
    used = da
    if "overwritten" in wrong:
        used = np.where(np.arange(T)[:, None] == 0, da, 0.0)
    if "averaged_over_steps" in wrong:
        used = da / T
    dWx, dWh, db = (
        np.tensordot(x, used, ((0, 1), (0, 1))),
        np.tensordot(before, used, ((0, 1), (0, 1))),
        used.sum((0, 1)),
    )
    if "dx_reversed" in wrong:
        dx = dx[:, ::-1].copy()
    if "dx_axes_swapped" in wrong:
        dx = dx.transpose(1, 0, 2)
    return dx, np.zeros((N, H)) if "dh0_zero" in wrong else carried, dWx, dWh, db


# --- words, and losses at every step --------------------------------------------------------------


def word_embedding_forward(x, W, *, wrong=NOTHING):
    """By a product with 0/1 rows."""
    ids = x
    if "off_by_one" in wrong:
        ids = (x - 1) % len(W)
    if "first_word_only" in wrong:
        ids = np.repeat(x[:, :1], x.shape[1], axis=1)
    out = np.eye(len(W))[ids] @ W
    if "normalised" in wrong:
        out = out / np.linalg.norm(out, axis=-1, keepdims=True)
    return out, (x, W)


def word_embedding_backward(dout, cache, *, wrong=NOTHING):
    """The same product, transposed."""
    x, W = cache
    if "repeats_lost" in wrong:
        dW = np.zeros_like(W)
        dW[x] += dout
        return dW
    chosen = np.eye(len(W))[x]
    dW = np.einsum(
        "ntv,ntd->vd", chosen, np.ones_like(dout) if "upstream_dropped" in wrong else dout
    )
    if "averaged" in wrong:
        dW = dW / np.maximum(chosen.sum((0, 1)), 1)[:, None]
    if "per_example" in wrong:
        dW = dW / len(x)
    return dW


def temporal_affine_forward(x, w, b, *, wrong=NOTHING):
    """As one affine layer over N * T rows."""
    N, T, D = x.shape
    rows = x.reshape(N * T, D)
    if "steps_mixed" in wrong:
        rows = x.transpose(1, 0, 2).reshape(N * T, D)
    out = rows.dot(w)
    if "bias_missing" not in wrong:
        out = out + b
    if "tanh" in wrong:
        out = np.tanh(out)
    return out.reshape(N, T, -1), (x, w)


def temporal_affine_backward(dout, cache, *, wrong=NOTHING):
    """The same."""
    x, w = cache
    N, T, D = x.shape
    rows, back = x.reshape(N * T, D), dout.reshape(N * T, -1)
    dx, dw, db = back.dot(w.T).reshape(N, T, D), rows.T.dot(back), back.sum(axis=0)
    if "last_step_only" in wrong:
        dw, db = x[:, -1].T @ dout[:, -1], dout[:, -1].sum(axis=0)
    if "averaged_over_steps" in wrong:
        dw, db = dw / T, db / T
    if "averaged" in wrong:
        dw, db = dw / N, db / N
    if "db_not_summed" in wrong:
        db = dout.sum(axis=0)
    if "dw_transposed" in wrong:
        dw = dw.T
    return dx, dw, db


def temporal_softmax_loss(x, y, mask, *, wrong=NOTHING):
    """Over the rows of a flattened batch."""
    N, T, V = x.shape
    if "targets_shifted" in wrong:
        y = np.roll(y, -1, axis=1)
    rows, right, real = x.reshape(-1, V), y.ravel(), mask.ravel().astype(float)
    if "null_counts_as_mask" in wrong:
        real = real * (right != 0)
    shift = rows.max(axis=1, keepdims=True)
    if "no_shift" in wrong:
        shift = 0.0
    if "global_shift" in wrong:
        shift = rows.max()
    e = np.exp(rows - shift)
    p = e / e.sum(axis=1, keepdims=True)
    if floor := _number(wrong, "overflow_clipped", 1e-12 if "overflow_clipped" in wrong else 0):
        p = np.maximum(p, floor)
        cost = -np.log(p[np.arange(N * T), right])
    elif eps := _number(wrong, "eps_in_log", 1e-8 if "eps_in_log" in wrong else 0):
        cost = -np.log(p[np.arange(N * T), right] + eps)
    elif wrong & {"no_shift", "global_shift", "log_of_p"}:
        cost = -np.log(p[np.arange(N * T), right])
    else:
        cost = np.log(e.sum(axis=1)) - (rows - shift)[np.arange(N * T), right]
    count = float(N)
    if "mean_over_words" in wrong:
        count = float(N * T)
    if "mean_over_real_words" in wrong:
        count = max(real.sum(), 1.0)
    if "sum_over_sequences" in wrong:
        count = 1.0
    in_loss = np.ones(N * T) if wrong & {"mask_ignored", "mask_only_in_gradient"} else real
    in_gradient = np.ones(N * T) if wrong & {"mask_ignored", "mask_only_in_loss"} else real
    loss = float(np.sum(cost * in_loss)) / count
    if "log10" in wrong:
        loss = loss / np.log(10)
    dx = p.copy()
    if "truth_not_subtracted" not in wrong:
        dx[np.arange(N * T), right] -= 1
    dx = dx * in_gradient[:, None] / (1.0 if "gradient_not_averaged" in wrong else count)
    return loss, dx.reshape(N, T, V)


# --- an LSTM --------------------------------------------------------------------------------------


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b, *, wrong=NOTHING):
    """Gate by gate."""
    H = prev_h.shape[1]

    def gate(k):
        columns = slice(k * H, (k + 1) * H)
        a = prev_h @ Wh[:, columns]
        if "input_forgotten" not in wrong:
            a = a + x @ Wx[:, columns]
        if "state_forgotten" in wrong:
            a = x @ Wx[:, columns]
        return a if "bias_missing" in wrong else a + b[columns]

    def sigmoid(a):
        if "overflows" in wrong:
            return np.exp(a) / (1 + np.exp(a))
        e = np.exp(-np.abs(a))
        return np.where(a >= 0, 1.0, e) / (1 + e)

    order = (0, 1, 2, 3)
    if "torch_order" in wrong:
        order = (0, 1, 3, 2)
    if "f_before_i" in wrong:
        order = (1, 0, 2, 3)
    if "o_before_f" in wrong:
        order = (0, 2, 1, 3)
    i, f, o = (sigmoid(gate(k)) for k in order[:3])
    g = sigmoid(gate(order[3])) if "sigmoid_on_g" in wrong else np.tanh(gate(order[3]))
    next_c = f * prev_c + i * g
    if "gates_swapped" in wrong:
        next_c = i * prev_c + f * g
    if "tied_gates" in wrong:
        next_c = f * prev_c + (1 - f) * g
    next_h = o * (next_c if "tanh_of_c_missing" in wrong else np.tanh(next_c))
    return next_h, next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache, *, wrong=NOTHING):
    """Path by path, in the order of the columns."""
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    shown = np.tanh(next_c)
    bend = 1 - (next_c**2 if "bend_of_c" in wrong else shown**2)
    through_h = dnext_h * o * (1.0 if "tanh_of_c_missing" in wrong else bend)
    if "in_place" in wrong:
        dnext_c += through_h
        dc = dnext_c
    else:
        dc = through_h + dnext_c
    if "dnext_c_dropped" in wrong:
        dc = through_h
    if "h_path_dropped" in wrong:
        dc = dnext_c.copy()
    di, df, do, dg = dc * g, dc * prev_c, dnext_h * shown, dc * i
    if "do_without_tanh" in wrong:
        do = dnext_h * next_c
    slope_g = g * (1 - g) if "sigmoid_on_g" in wrong else (1 - g) * (1 + g)
    parts = [di * (i - i * i), df * (f - f * f), do * (o - o * o), dg * slope_g]
    if "gate_slopes_missing" in wrong:
        parts = [di, df, do, dg]
    if "torch_order" in wrong:
        parts = [parts[k] for k in (0, 1, 3, 2)]
    da = np.stack(parts, axis=1).reshape(len(x), -1)
    dprev_c = f * dc
    if "f_missing" in wrong:
        dprev_c = dc.copy()
    if "only_straight" in wrong:
        dprev_c = f * dnext_c
    dWx, dWh, db = np.tensordot(x, da, (0, 0)), np.tensordot(prev_h, da, (0, 0)), np.add.reduce(da)
    if "averaged" in wrong:
        dWx, dWh, db = dWx / len(x), dWh / len(x), db / len(x)
    return da.dot(Wx.T), da.dot(Wh.T), dprev_c, dWx, dWh, db


def lstm_forward(x, h0, Wx, Wh, b, *, wrong=NOTHING):
    """Written out, with the inputs' part made for all steps at once."""
    (N, T, _), H = x.shape, h0.shape[1]
    if "backwards_in_time" in wrong:
        x = x[:, ::-1]
    driven = np.einsum("ntd,dk->ntk", x, Wx) + b
    h, c = (np.zeros_like(h0) if "h0_ignored" in wrong else h0), np.zeros((N, H))
    if "c0_is_h0" in wrong:
        c = h0.copy()
    states, cache = np.empty((N, T, H)), []
    for t in range(T):
        before_h, before_c = h, c
        a = (driven[:, t] + before_h @ Wh).reshape(N, 4, H)
        i, f, o = (1 + np.tanh(a[:, :3].swapaxes(0, 1) / 2)) / 2
        g = np.tanh(a[:, 3])
        c = f * before_c + i * g
        h = o * np.tanh(c)
        states[:, t] = c if "cell_handed_out" in wrong else h
        cache.append((x[:, t], before_h, before_c, Wx, Wh, i, f, o, g, c))
        if "state_not_carried" in wrong:
            h = h0
        if "cell_not_carried" in wrong:
            c = np.zeros((N, H))
    return states, cache


def lstm_backward(dh, cache, *, wrong=NOTHING):
    """By the step's backward pass, with everything collected first and summed at the end."""
    N, T, H = dh.shape
    carried_h, carried_c, steps = np.zeros((N, H)), np.zeros((N, H)), []
    for t in range(T - 1, -1, -1):
        upstream = dh[:, t] + carried_h
        if "dh_not_added" in wrong and t < T - 1:
            upstream = carried_h
        if "carried_h_dropped" in wrong:
            upstream = dh[:, t].copy()
        dc = np.zeros((N, H)) if "carried_c_dropped" in wrong else carried_c
        if "last_c_like_h" in wrong and t == T - 1:
            dc = dh[:, t].copy()
        used = cache[-1] if "last_cache" in wrong else cache[t]
        step = lstm_step_backward(upstream, dc, used)
        carried_h, carried_c = step[1], step[2]
        steps.append(step)
    steps.reverse()
    dx = np.array([step[0] for step in steps]).swapaxes(0, 1)
    totals = [np.sum([step[k] for step in steps], axis=0) for k in (3, 4, 5)]
    if "overwritten" in wrong:
        totals = list(steps[0][3:])
    if "averaged_over_steps" in wrong:
        totals = [one / T for one in totals]
    if "dx_reversed" in wrong:
        dx = dx[:, ::-1]
    dh0 = (
        np.zeros((N, H))
        if "dh0_zero" in wrong
        else carried_c
        if "dh0_is_dc0" in wrong
        else carried_h
    )
    return dx.copy(), dh0, *totals


# --- a GRU ----------------------------------------------------------------------------------------


def gru_step_forward(x, prev_h, Wx, Wh, bx, bh, *, wrong=NOTHING):
    """Block by block."""
    H = prev_h.shape[1]

    def sigmoid(a):
        if "overflows" in wrong:
            return np.exp(a) / (1 + np.exp(a))
        e = np.exp(-np.abs(a))
        return np.where(a >= 0, 1.0, e) / (1 + e)

    def columns(k):
        return slice(k * H, (k + 1) * H)

    def read(k):
        return x @ Wx[:, columns(k)] + bx[columns(k)]

    def held(k, state=prev_h):
        told = state @ (Wh[:, columns(k)].T if "wh_transposed" in wrong else Wh[:, columns(k)])
        return told if "bh_missing" in wrong else told + bh[columns(k)]

    def gate(k):
        return sigmoid(read(k) if "gates_without_state" in wrong else read(k) + held(k))

    at = (1, 0) if "gates_swapped" in wrong else (0, 1)
    r, z = gate(at[0]), gate(at[1])
    u_n = held(2)
    inside = read(2) + r * u_n
    if "reset_before_product" in wrong:
        inside = read(2) + held(2, r * prev_h)
    if "bh_outside" in wrong:
        inside = read(2) + r * (u_n - bh[columns(2)]) + bh[columns(2)]
    if "reset_ignored" in wrong:
        inside = read(2) + u_n
    if "reset_on_input" in wrong:
        inside = r * (read(2) + u_n)
    n = sigmoid(inside) if "sigmoid_on_n" in wrong else np.tanh(inside)
    next_h = n + z * (prev_h - n)
    if "update_swapped" in wrong:
        next_h = prev_h + z * (n - prev_h)
    if "not_shared" in wrong:
        next_h = n + z * prev_h
    return next_h, (x, prev_h, Wx, Wh, r, z, n, u_n)


def gru_step_backward(dnext_h, cache, *, wrong=NOTHING):
    """Path by path, in the order of the columns."""
    x, prev_h, Wx, Wh, r, z, n, u_n = cache
    slope_n = n * (1 - n) if "sigmoid_on_n" in wrong else (1 - n) * (1 + n)
    dn, dz = (1 - z) * dnext_h, (prev_h - n) * dnext_h
    if "update_swapped" in wrong:
        dn = z * dnext_h
    if "dz_negated" in wrong:
        dz = -dz
    if "dz_of_state_only" in wrong:
        dz = prev_h * dnext_h
    at_n = slope_n * dn
    dr = at_n * (prev_h if "dr_times_state" in wrong else u_n)
    at_r, at_z = dr * (r - r * r), dz * (z - z * z)
    if "gate_slopes_missing" in wrong:
        at_r, at_z = dr, dz
    through = at_n if "reset_forgotten" in wrong else r * at_n
    da, du = np.concatenate([at_r, at_z, at_n], axis=1), np.concatenate([at_r, at_z, through], 1)
    straight, around = z * dnext_h, np.einsum("nk,hk->nh", du, Wh)
    if "straight_dropped" in wrong:
        straight = 0 * straight
    if "only_straight" in wrong:
        around = 0 * around
    dbx, dbh = da.sum(0), du.sum(0)
    if "one_bias" in wrong:
        dbh = dbx.copy()
    dWx, dWh = np.tensordot(x, da, (0, 0)), np.tensordot(prev_h, du, (0, 0))
    if "averaged" in wrong:
        dWx, dWh, dbx, dbh = (one / len(x) for one in (dWx, dWh, dbx, dbh))
    return da.dot(Wx.T), straight + around, dWx, dWh, dbx, dbh


# --- shapes, the start, many to one ---------------------------------------------------------------


def lstm_weight_shape(D, H, layer, *, wrong=NOTHING):
    """By a list of what each layer reads."""
    if layer <= 0 and "no_error" not in wrong:
        raise ValueError("there is no such layer")
    reads = {1: D}.get(layer, H)
    if "always_2h" in wrong:
        reads = H
    if "always_d" in wrong:
        reads = D
    shape = (4 * H, reads + H)
    if "state_forgotten" in wrong:
        shape = (4 * H, reads)
    if "one_gate" in wrong:
        shape = (H, reads + H)
    return shape[::-1] if "transposed" in wrong else shape


def pack_ifog(Wx, Wh, *, wrong=NOTHING):
    """Column by column."""
    D, H = len(Wx), len(Wh)
    W = np.zeros((4 * H, D + H))
    W[:, :D], W[:, D:] = Wx.T, Wh.T
    if "transposed" in wrong:
        return W.T.copy()
    if "state_first" in wrong:
        return np.hstack([Wh.T, Wx.T])
    if "torch_order" in wrong:
        return np.vstack([W[: 2 * H], W[3 * H :], W[2 * H : 3 * H]])
    return W


def init_lstm(D, H, forget_bias=1.0, rng=None, *, wrong=NOTHING):
    """With unit draws that are stretched."""
    rng = np.random.default_rng(0 if "fixed_seed" in wrong else None) if rng is None else rng

    def draw(rows):
        if "normal" in wrong:
            return rng.standard_normal((rows, 4 * H)) / np.sqrt(H)
        between = 2 * rng.random((rows, 4 * H)) - 1
        if "only_positive" in wrong:
            between = (between + 1) / 2
        return (
            between
            if "not_scaled" in wrong
            else between / np.sqrt(rows if "by_rows" in wrong else H)
        )

    if "wh_first" in wrong:
        Wh, Wx = draw(H), draw(D)
    else:
        Wx, Wh = draw(D), draw(H)
    if "zero_weights" in wrong:
        Wx, Wh = 0 * Wx, 0 * Wh
    bias = 1.0 if "always_1" in wrong else forget_bias
    place = [0, 1, 0, 0]
    if "on_input_gate" in wrong:
        place = [1, 0, 0, 0]
    if "on_all_gates" in wrong:
        place = [1, 1, 1, 1]
    if "on_third_block" in wrong:
        place = [0, 0, 1, 0]
    if "no_bias" in wrong:
        place = [0, 0, 0, 0]
    return Wx, Wh, np.repeat(np.array(place, dtype=float), H) * bias


def many_to_one_loss(params, x, y, *, wrong=NOTHING):
    """With its own softmax on the last state."""
    p, N, H = params, len(x), len(params["Wh"])
    h, cache = lstm_forward(x, np.zeros((N, H)), p["Wx"], p["Wh"], p["b"])
    read = h[:, -1]
    if "mean_of_states" in wrong:
        read = h.mean(axis=1)
    if "first_state" in wrong:
        read = h[:, 0]
    scores = read @ p["Wy"] + (0 if "by_missing" in wrong else p["by"])
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    truth = np.eye(len(p["by"]))[y]
    loss = (
        np.log(e.sum(axis=1)).mean()
        - ((scores - scores.max(axis=1, keepdims=True)) * truth).sum() / N
    )
    ds = (e / e.sum(axis=1, keepdims=True) - truth) / N
    if "not_averaged" in wrong:
        loss, ds = loss * N, ds * N
    dh, back = np.zeros_like(h), ds @ p["Wy"].T
    if "mean_of_states" in wrong:
        dh += back[:, None] / h.shape[1]
    elif "first_state" in wrong:
        dh[:, 0] = back
    elif "gradient_at_every_step" in wrong:
        dh += back[:, None]
    else:
        dh[:, -1] = back
    _, _, dWx, dWh, db = lstm_backward(dh, cache)
    if "lstm_not_trained" in wrong:
        dWx, dWh, db = 0 * dWx, 0 * dWh, 0 * db
    grads = {"Wx": dWx, "Wh": dWh, "b": db, "Wy": read.T @ ds, "by": ds.sum(axis=0)}
    return loss, grads, e / e.sum(axis=1, keepdims=True) if "probabilities" in wrong else scores


# --- clipping -------------------------------------------------------------------------------------


def clip_grad_norm(grads, max_norm, *, wrong=NOTHING):
    """By a factor that is at most 1."""
    lengths = {name: np.linalg.norm(grad) for name, grad in grads.items()}
    norm = np.linalg.norm(list(lengths.values()))
    if not np.isfinite(norm) and "no_error" not in wrong:
        raise ValueError("no length")
    if "by_value" in wrong:
        for grad in grads.values():
            grad[...] = np.clip(grad, -max_norm, max_norm)
        return norm
    if "largest_entry" in wrong:
        norm = max(np.abs(grad).max() for grad in grads.values())
    if "sum_of_norms" in wrong:
        norm = sum(lengths.values())
    if "not_rooted" in wrong:
        norm = norm**2
    factor = min(1.0, max_norm / norm) if norm > 0 else 1.0
    if "lengthened" in wrong and norm > 0:
        factor = max_norm / norm
    if "divided_by_zero" in wrong:
        factor = np.float64(max_norm) / np.float64(norm)
        factor = 1.0 if factor > 1 and norm else factor
        if norm == 0:
            factor = np.nan
    for name in list(grads):
        if "per_array" in wrong:
            factor = min(1.0, max_norm / (lengths[name] or 1.0))
        if "new_arrays" in wrong:
            grads[name] = factor * grads[name]
        elif factor != 1.0:
            np.multiply(grads[name], factor, out=grads[name])
    return min(norm, max_norm) if "norm_after" in wrong else norm


def clip_grad_value(grads, limit, *, wrong=NOTHING):
    """From both sides, one after the other."""
    for name, grad in list(grads.items()):
        clipped = np.minimum(np.maximum(grad, -limit), limit)
        if "only_above" in wrong:
            clipped = np.minimum(grad, limit)
        if "by_norm" in wrong:
            clipped = grad * min(1.0, limit / (np.linalg.norm(grad) or 1.0))
        if "dropped" in wrong:
            clipped = np.where(np.abs(grad) > limit, 0.0, grad)
        if "squashed" in wrong:
            clipped = limit * np.tanh(grad / limit)
        if "new_arrays" in wrong:
            grads[name] = clipped
        else:
            grad[...] = clipped


# --- layer upon layer -----------------------------------------------------------------------------


def stacked_lstm_forward(x, h0, params, *, wrong=NOTHING):
    """By index."""
    below, cache = x, []
    for layer in range(len(params)):
        start = h0[0] if "one_start" in wrong else h0[layer]
        if "h0_ignored" in wrong:
            start = np.zeros_like(start)
        if "h0_reversed" in wrong:
            start = h0[-1 - layer]
        weights = params[layer]
        if "one_layers_weights" in wrong and layer > 1:
            weights = params[1]
        h, kept = lstm_forward(below, start, *weights)
        cache.append(kept)
        below = h + below if "residual" in wrong and layer else h
    return below, cache


def stacked_lstm_backward(dh, cache, *, wrong=NOTHING):
    """By index, from the top."""
    L = len(cache)
    dh0: list = [None] * L
    grads: list = [None] * L
    down = dh
    for layer in range(L - 1, -1, -1):
        down, dh0[layer], *rest = lstm_backward(
            dh if "dh_for_every_layer" in wrong else down, cache[layer]
        )
        grads[layer] = tuple(rest)
        if "dh_added" in wrong and layer:
            down = down + dh
    if "top_first" in wrong:
        dh0.reverse()
    if "dh0_zero" in wrong:
        dh0 = [np.zeros_like(one) for one in dh0]
    if "last_layer_only" in wrong:
        grads = [tuple(0 * one for one in layer) for layer in grads[:-1]] + grads[-1:]
    return down, dh0, grads


# --- both ways ------------------------------------------------------------------------------------


def bidirectional_lstm(x, lengths, there, back, *, wrong=NOTHING):
    """By rows that are moved to the end before they are read backwards."""
    N, T, _ = x.shape
    H = len(there[1])
    real = np.repeat(np.arange(T)[None], N, axis=0) < np.reshape(lengths, (N, 1))
    rows = np.arange(N)[:, None]
    if "same_weights" in wrong:
        back = there
    if "weights_swapped" in wrong:
        there, back = back, there
    # where each row of x goes when its sequence is turned around; the filling stays
    turned = np.where(real, np.cumsum(real[:, ::-1], axis=1)[:, ::-1] - 1, np.arange(T))
    h0 = np.zeros((N, H))
    onward, _ = lstm_forward(x, h0, *there)
    if wrong & {"filling_read_first", "zeros_read_first"}:
        read = x * real[:, :, None] if "zeros_read_first" in wrong else x
        backward = lstm_forward(read[:, ::-1], h0, *back)[0][:, ::-1]
    elif "second_reads_onward" in wrong:
        backward = lstm_forward(x, h0, *back)[0]
    else:
        start = onward[rows[:, 0], lengths - 1] if "state_handed_over" in wrong else h0
        backward = lstm_forward(x[rows, turned], start, *back)[0]
        if "whole_turned_back" in wrong:
            backward = backward[:, ::-1]
        elif "not_turned_back" not in wrong:
            backward = backward[rows, turned]
    h = np.zeros((N, T, 2 * H))
    first, second = (H, 0) if "halves_swapped" in wrong else (0, H)
    h[:, :, first : first + H], h[:, :, second : second + H] = onward, backward
    if "filling_kept" not in wrong:
        h[~real] = 0
    return h[:, :, :H] + h[:, :, H:] if "added" in wrong else h


# --- truncated backpropagation --------------------------------------------------------------------


def bptt_chunks(data, seq_len, *, wrong=NOTHING):
    """By cutting inputs and targets at the same places."""
    inputs, targets = data[:, :-1], data[:, 1:]
    if "not_shifted" in wrong:
        targets = inputs
    if "shifted_back" in wrong:
        inputs, targets = targets, inputs
    if "shifted_by_two" in wrong:
        targets = np.roll(targets, -1, axis=1)
    M = inputs.shape[1]
    if "rest_dropped" in wrong:
        M = max(M - M % seq_len, min(M, seq_len))
    step = (
        seq_len + 1
        if "seams_dropped" in wrong
        else max(1, seq_len // 2)
        if "overlapping" in wrong
        else seq_len
    )
    cuts = range(0, M, step)
    pieces = [
        (inputs[:, k : min(k + seq_len, M)], targets[:, k : min(k + seq_len, M)]) for k in cuts
    ]
    if "one_less" in wrong and seq_len > 1:
        pieces = [
            (inputs[:, k : k + seq_len - 1], targets[:, k : k + seq_len - 1])
            for k in range(0, M, seq_len - 1)
        ]
    return pieces


def char_rnn_train_step(params, inputs, targets, h_prev, *, wrong=NOTHING):
    """With its own embedding and softmax."""
    p, (N, T), V = params, inputs.shape, len(params["by"])
    if "state_reset" in wrong:
        h_prev = np.zeros_like(h_prev)
    one_hot = np.eye(V)[inputs]
    h, cache = rnn_forward(one_hot @ p["E"], h_prev, p["Wx"], p["Wh"], p["b"])
    scores = h @ p["Wy"] + p["by"]
    shifted = scores - scores.max(axis=2, keepdims=True)
    prob = np.exp(shifted) / np.exp(shifted).sum(axis=2, keepdims=True)
    truth = np.eye(V)[inputs if "inputs_as_targets" in wrong else targets]
    count = N * T if "mean_over_words" in wrong else 1 if "sum_over_texts" in wrong else N
    costs = (prob - truth) ** 2 if "difference_as_loss" in wrong else -np.log(prob) * truth
    loss = np.sum(costs) / count
    ds = (prob - truth) / count
    dh = ds @ p["Wy"].T
    if "last_step_only" in wrong:
        dh[:, :-1] = 0
    dwords, _, dWx, dWh, db = rnn_backward(dh, cache)
    chosen = one_hot
    dE = np.einsum("ntv,ntd->vd", chosen, dwords)
    if "repeats_lost" in wrong:
        dE = np.zeros_like(p["E"])
        dE[inputs] += dwords
    if "embedding_not_trained" in wrong:
        dE = np.zeros_like(p["E"])
    grads = {
        "E": dE,
        "Wx": dWx,
        "Wh": dWh,
        "b": db,
        "Wy": np.einsum("nth,ntv->hv", h, ds),
        "by": ds.sum((0, 1)),
    }
    last = (
        h[:, 0]
        if "first_state_handed_on" in wrong
        else h_prev
        if "state_not_handed_on" in wrong
        else h[:, -1].copy()
    )
    return loss, grads, last


def sample(params, h0, seed_ix, n, temperature, rng, *, wrong=NOTHING):
    """With the cumulated probabilities, as a choice makes them."""
    p, h, symbol, written = params, h0[0], int(seed_ix), []
    if "legacy_generator" in wrong:
        rng = np.random.default_rng(0)
    for k in range(n + ("seed_counts" in wrong)):
        if "seed_counts" in wrong and k == 0:
            written.append(symbol)
            continue
        if not ("seed_not_read" in wrong and k == 0):
            h = np.tanh(p["E"][symbol] @ p["Wx"] + h @ p["Wh"] + p["b"])
        scores = h @ p["Wy"] + p["by"]
        if temperature == 0 or "always_the_best" in wrong:
            symbol = int(scores.argmax())
            if "not_fed_back" in wrong:
                written.append(symbol)
                symbol = int(seed_ix)
                continue
        else:
            if "temperature_multiplies" in wrong:
                z = scores * temperature
            elif "temperature_ignored" in wrong:
                z = scores
            else:
                z = scores / temperature
            e = np.exp(z - z.max())
            cumulated = np.cumsum(e / e.sum())
            symbol = int(np.searchsorted(cumulated / cumulated[-1], rng.random(), side="right"))
        written.append(symbol)
        if "not_fed_back" in wrong:
            symbol = int(seed_ix)
        if "state_reset" in wrong:
            h = h0[0]
    return np.array(written[:n] if "seed_counts" in wrong else written, dtype=int)


def beam_search(step, state, first, k, n, end=None, *, wrong=NOTHING):
    """With hypotheses as dicts, and ranks that hold the order where probabilities are equal."""
    if "greedy" in wrong:
        k = 1
    start = {"line": (), "log_p": 0.0, "state": state, "parent": 0}
    if "first_counts" in wrong:
        start["line"] = (first,)
    beam, aside = [start], []

    def finished(one):
        written = one["line"][1:] if "first_counts" in wrong else one["line"]
        return end is not None and "end_ignored" not in wrong and written[-1:] == (end,)

    def rank(numbered):
        at, one = numbered
        log_p = one["log_p"]
        if "per_symbol" in wrong:
            log_p = log_p / max(1, len(one["line"]))
        if "least_probable" in wrong:
            log_p = -log_p
        return -log_p, -at if "ties_to_the_last" in wrong else at

    def best(ones, count):
        ranked = sorted(enumerate(ones), key=rank)
        return [one for _, one in ranked[:count]]

    for round_number in range(n):
        candidates, afters = [], []
        for parent, one in enumerate(beam):
            if finished(one):
                if "finished_dropped" not in wrong:
                    candidates.append({**one, "parent": parent})
                afters.append(one["state"])
                continue
            reads = one["line"][-1] if one["line"] else first
            if "first_not_read" in wrong and round_number == 0:
                reads = 0
            held = beam[0]["state"] if "one_state" in wrong else one["state"]
            log_ps, after = step(held, reads)
            afters.append(after)
            children = []
            for symbol, gain in enumerate(log_ps):
                log_p = one["log_p"] + gain
                if "last_symbol_only" in wrong:
                    log_p = gain
                if "probabilities_added" in wrong:
                    log_p = one["log_p"] + np.exp(gain)
                children.append(
                    {
                        **{"line": (*one["line"], symbol), "log_p": log_p},
                        **{"state": after, "parent": parent},
                    }
                )
            if "best_of_each" in wrong and round_number > 0:
                children = best(children, 1)
            if "k_of_each" in wrong:
                children = best(children, k)
            candidates += children
        if not candidates:
            break
        beam = candidates if "k_of_each" in wrong else best(candidates, k)
        if "finished_aside" in wrong:
            live = [one for one in candidates if not finished(one)]
            aside += [one for one in candidates if finished(one)]
            beam = best(live, k)
        if "states_left_behind" in wrong:
            beam = [
                {**one, "state": afters[min(at, len(afters) - 1)]} for at, one in enumerate(beam)
            ]
        if all(finished(one) for one in beam):
            break
    kept = best([*aside, *beam], k)
    if "least_first" in wrong:
        kept = kept[::-1]
    lines = [
        one["line"][:-1] if "end_left_out" in wrong and finished(one) else one["line"]
        for one in kept
    ]
    return [(list(line), np.float64(one["log_p"])) for line, one in zip(lines, kept, strict=True)]


# --- what becomes of a gradient -------------------------------------------------------------------


def spectral_radius(W, *, wrong=NOTHING):
    """From the complex eigenvalues' two parts."""
    values = np.linalg.eig(W)[0]
    if "largest_real_part" in wrong:
        return float(np.real(values).max())
    if "real_parts_only" in wrong:
        return float(np.abs(np.real(values)).max())
    if "largest_entry" in wrong:
        return float(np.abs(W).max())
    if "norm_instead" in wrong:
        return float(np.linalg.svd(W, compute_uv=False)[0])
    if "determinant" in wrong:
        return float(np.abs(np.linalg.det(W)) ** (1 / len(W)))
    return float(np.max(np.hypot(np.real(values), np.imag(values))))


def spectral_norm(W, *, wrong=NOTHING):
    """From the eigenvalues of W.T @ W."""
    if "frobenius" in wrong:
        return float(np.sqrt(np.sum(W**2)))
    if "radius_instead" in wrong:
        return float(np.abs(np.linalg.eigvals(W)).max())
    if "row_sums" in wrong:
        return float(np.abs(W).sum(axis=1).max())
    largest = float(np.linalg.eigvalsh(W.T @ W)[-1])
    return largest if "not_rooted" in wrong else np.sqrt(largest)


def gradient_norm_profile(W, h0, g, nonlinearity, T, *, wrong=NOTHING):
    """With the Jacobian of each step as a matrix."""
    if nonlinearity not in {"linear", "tanh"} and "no_error" not in wrong:
        raise ValueError("unknown nonlinearity")
    states = [h0]
    for _ in range(T):
        a = states[-1] @ W
        states.append(np.tanh(a) if nonlinearity != "linear" else a)
    jacobians = []
    for k in range(T):
        after = states[k + 1]
        slope = (
            np.ones_like(after)
            if nonlinearity == "linear" or "tanh_ignored" in wrong
            else 1 - after**2
        )
        if "slope_not_squared" in wrong and nonlinearity != "linear":
            slope = 1 - after
        if "slope_of_state_before" in wrong and nonlinearity != "linear":
            slope = 1 - states[k] ** 2
        if "slope_once_more" in wrong and nonlinearity != "linear":
            slope = slope**2
        jacobians.append((W.T if "w_not_transposed" in wrong else W) * slope)
    if "forwards" not in wrong:
        jacobians.reverse()
    norms, gradient = [np.sqrt(np.sum(g**2))], g
    for jacobian in jacobians:
        gradient = jacobian @ gradient
        norms.append(np.sqrt(np.sum(gradient**2)))
    norms = np.array(norms)
    if "squared" in wrong:
        norms = norms**2
    if "without_start" in wrong:
        norms = norms[1:]
    if "relative" in wrong:
        norms = norms / norms[0]
    return norms[::-1].copy() if "in_order_of_time" in wrong else norms


def exploding_counterexample(H, rho, *, wrong=NOTHING):
    """A lower triangle with nothing but one diagonal beside the main one."""
    W = 0.5 * rho * np.eye(H) + np.diag(np.full(H - 1, 2.0), -1)
    if "large_radius" in wrong:
        W = 1.2 * np.eye(H) + np.diag(np.full(H - 1, 1.0), -1)
    if "normal" in wrong:
        W = rho * np.eye(H)
    if "one_huge_step" in wrong:
        W = rho * np.eye(H) + np.diag(np.full(H - 1, 1e4), -1)
    if "too_gentle" in wrong:
        W = rho * np.eye(H) + np.diag(np.full(H - 1, 0.05 * (1 - rho)), -1)
    return W


def sequence_claims(*, wrong=NOTHING):
    """The four that are right, and what ``wrong`` turns around."""
    return {letter: (letter in "bcfh") != (letter in wrong) for letter in "abcdefgh"}


# --- from sequence to sequence --------------------------------------------------------------------


def seq2seq_loss(params, x, y, *, wrong=NOTHING):
    """With 0/1 rows for words, and its own softmax."""
    p, N, T = params, len(x), y.shape[1]
    V, H = len(p["by"]), len(p["Wy"])
    rows = np.eye(V + 1)
    read = rows[x]
    start = 0 if "start_is_0" in wrong else V
    told = np.concatenate([np.full((N, 1), start), y[:, :-1]], axis=1)
    if "target_told" in wrong:
        told = y
    if "nothing_told" in wrong:
        told = np.full((N, T), V)
    told = rows[told]
    enc = lstm_forward(read @ p["E"], np.zeros((N, H)), p["enc_Wx"], p["enc_Wh"], p["enc_b"])
    context = enc[0][:, -1]
    if "first_state_handed_over" in wrong:
        context = enc[0][:, 0]
    if "mean_handed_over" in wrong:
        context = enc[0].mean(axis=1)
    if "nothing_handed_over" in wrong:
        context = np.zeros((N, H))
    weights = [p[f"{'enc' if 'one_lstm' in wrong else 'dec'}_{name}"] for name in ("Wx", "Wh", "b")]
    dec = lstm_forward(told @ p["E"], context, *weights)
    scores = dec[0] @ p["Wy"] + p["by"]
    shifted = scores - scores.max(axis=2, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=2, keepdims=True))
    truth = np.eye(V)[y]
    count = N * T if "mean_over_words" in wrong else N
    loss = -np.sum(log_p * truth) / count
    ds = (np.exp(log_p) - truth) / count
    dtold, dcontext, *ddec = lstm_backward(ds @ p["Wy"].T, dec[1])
    denc_h = np.zeros((N, x.shape[1], H))
    if "first_state_handed_over" in wrong:
        denc_h[:, 0] = dcontext
    elif "mean_handed_over" in wrong:
        denc_h += dcontext[:, None] / x.shape[1]
    elif not wrong & {"nothing_handed_over", "gradient_not_handed_back"}:
        denc_h[:, -1] = dcontext
    if "gradient_to_every_state" in wrong:
        denc_h[:] = dcontext[:, None]
    dread, _, *denc = lstm_backward(denc_h, enc[1])
    dE = np.einsum("ntv,ntd->vd", told, dtold)
    if "embedding_of_decoder_only" not in wrong:
        dE = dE + np.einsum("nsv,nsd->vd", read, dread)
    grads = {"E": dE, "Wy": np.einsum("nth,ntv->hv", dec[0], ds), "by": ds.sum((0, 1))}
    if "one_lstm" in wrong:
        denc, ddec = [a + b for a, b in zip(denc, ddec, strict=True)], [0 * one for one in ddec]
    for whose, parts in (("enc", denc), ("dec", ddec)):
        grads.update(
            {f"{whose}_{name}": part for name, part in zip(("Wx", "Wh", "b"), parts, strict=True)}
        )
    return loss, grads


def seq2seq_decode(params, x, n, *, wrong=NOTHING):
    """By running the decoder anew over everything written so far."""
    p, N, V = params, len(x), len(params["by"])
    H = len(p["Wy"])
    enc, _ = lstm_forward(p["E"][x], np.zeros((N, H)), p["enc_Wx"], p["enc_Wh"], p["enc_b"])
    context = enc[:, 0] if "first_state_handed_over" in wrong else enc[:, -1]
    if "nothing_handed_over" in wrong:
        context = np.zeros((N, H))
    told = np.full((N, 1), 0 if "start_is_0" in wrong else V)
    written = np.zeros((N, 0), dtype=int)
    for _ in range(n):
        if "state_reset" in wrong:
            told = told[:, -1:]
        h, _ = lstm_forward(p["E"][told], context, p["dec_Wx"], p["dec_Wh"], p["dec_b"])
        scores = h[:, -1] @ p["Wy"] + p["by"]
        best = np.argmin(scores, axis=1) if "worst" in wrong else np.argmax(scores, axis=1)
        written = np.concatenate([written, best[:, None]], axis=1)
        told = np.concatenate(
            [told, told[:, :1] if "not_fed_back" in wrong else best[:, None]], axis=1
        )
    return written[:, ::-1].copy() if "backwards" in wrong else written


# --- torch ----------------------------------------------------------------------------------------


def to_torch_lstm(Wx, Wh, b, *, wrong=NOTHING):
    """By a dict of state, block by block."""

    def moved(rows):
        i, f, o, g = np.split(rows, 4)
        order = [i, f, g, o]
        if "order_kept" in wrong:
            order = [i, f, o, g]
        if "f_before_i" in wrong:
            order = [f, i, g, o]
        return torch.tensor(np.concatenate(order))

    module = torch.nn.LSTM(Wx.shape[0], Wh.shape[0], batch_first=True).double()
    half = 0.0
    if "bias_twice" in wrong:
        half = 1.0
    first = 0.0 if "bias_missing" in wrong else 1.0
    hidden = moved(Wh.T)
    if "wh_transposed" in wrong:
        hidden = torch.cat([block.T for block in hidden.chunk(4)])
    state = {"weight_ih_l0": moved(Wx.T), "weight_hh_l0": hidden}
    state |= {"bias_ih_l0": first * moved(b), "bias_hh_l0": half * moved(b)}
    if "second_bias_left" in wrong:
        state["bias_hh_l0"] = torch.full((len(b),), 0.1, dtype=torch.float64)
    module.load_state_dict(state)
    return module


class CharLSTM(torch.nn.Module):
    """The biases are filled block by block, and the state is kept apart."""

    def __init__(self, vocab, embed, hidden, layers=1, forget_bias=1.0, *, wrong=NOTHING):
        """Make the modules."""
        super().__init__()
        self.wrong = wrong
        self.embedding = torch.nn.Embedding(vocab, embed)
        self.lstm = torch.nn.LSTM(
            input_size=embed,
            hidden_size=hidden,
            num_layers=1 if "one_layer" in wrong else layers,
            batch_first=True,
        )
        self.head = torch.nn.Linear(hidden, vocab)
        bias = 1.0 if "always_1" in wrong else forget_bias
        first = [0.0, bias, 0.0, 0.0]
        if "on_input_gate" in wrong:
            first = [bias, 0.0, 0.0, 0.0]
        if "our_order" in wrong:
            first = [0.0, 0.0, bias, 0.0]
        if "on_all_gates" in wrong:
            first = [bias] * 4
        if "no_forget_bias" in wrong:
            first = [0.0] * 4
        for layer in range(self.lstm.num_layers):
            if "first_layer_only" in wrong and layer:
                first = [0.0] * 4
            filled = torch.tensor(first).repeat_interleave(hidden)
            second = filled if "forget_bias_twice" in wrong else torch.zeros(4 * hidden)
            for name, values in ((f"bias_ih_l{layer}", filled), (f"bias_hh_l{layer}", second)):
                getattr(self.lstm, name).data.copy_(values)

    def forward(self, ids, state=None):
        """Step by step in one call."""
        inputs = self.embedding(ids)
        if "state_ignored" in self.wrong:
            state = None
        if "read_backwards" in self.wrong:
            inputs = inputs.flip(1)
        h, (h_last, c_last) = self.lstm(inputs) if state is None else self.lstm(inputs, state)
        scores = torch.einsum("nth,vh->ntv", h, self.head.weight)
        if "head_bias_missing" not in self.wrong:
            scores = scores + self.head.bias
        if "probabilities" in self.wrong:
            scores = scores.softmax(dim=-1)
        if "state_swapped" in self.wrong:
            h_last, c_last = c_last, h_last
        return scores, (h_last, c_last)


def train_char_lm(
    model,
    data,
    steps,
    seq_len,
    learning_rate,
    max_norm,
    device,
    precision="float32",
    *,
    wrong=NOTHING,
):
    """With clipping by hand, and places in the text instead of pieces."""
    model = model.to(device)
    ids = torch.as_tensor(data, device=device)
    rate = learning_rate / 10 if "rate_too_small" in wrong else learning_rate
    kind = torch.optim.SGD if "sgd" in wrong else torch.optim.Adam
    optimiser = kind(model.parameters(), lr=rate)
    amount = (
        torch.bfloat16 if precision == "bfloat16" and "precision_ignored" not in wrong else None
    )
    losses, at, state, last = [], 0, None, ids.shape[1] - 1
    for _ in range(steps):
        until = min(at + seq_len, last)
        inputs, targets = ids[:, at:until], ids[:, at + 1 : until + 1]
        if "targets_not_shifted" in wrong:
            targets = inputs
        with torch.autocast(
            device.type, dtype=amount or torch.bfloat16, enabled=amount is not None
        ):
            scores, state = model(inputs, state)
            log_p = torch.log_softmax(scores, dim=-1)
            costs = -log_p.gather(2, targets.unsqueeze(2))
            loss = costs.sum() / len(ids) if "sum_over_steps" in wrong else costs.mean()
        state = None if "state_reset" in wrong else [one.detach() for one in state]
        if "gradients_not_zeroed" not in wrong:
            for parameter in model.parameters():
                parameter.grad = None
        loss.backward()
        gradients = [
            parameter.grad for parameter in model.parameters() if parameter.grad is not None
        ]
        if "clipped_after_the_step" in wrong:
            optimiser.step()
        if "by_value" in wrong:
            for gradient in gradients:
                gradient.clamp_(-max_norm, max_norm)
        elif "per_array" in wrong:
            for gradient in gradients:
                gradient.mul_((max_norm / gradient.norm()).clamp(max=1.0))
        else:
            norm = torch.linalg.vector_norm(
                torch.stack([torch.linalg.vector_norm(one) for one in gradients])
            )
            factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
            for gradient in gradients:
                gradient.mul_(factor)
        if "clipped_after_the_step" not in wrong:
            optimiser.step()
        losses.append(loss.item() if "read_in_every_step" in wrong else loss.detach())
        at = until
        if at == last and "starts_over_with_state" in wrong:
            at = 0
        elif at == last:
            at, state = 0, None
        if "always_the_first_piece" in wrong:
            at, state = 0, None
    return losses if "read_in_every_step" in wrong else torch.stack(losses).cpu().tolist()


EPSILONS = (
    *(1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14, 1e-15, 1e-16, 1e-20),
    *(1e-30, 1e-50, 1e-100, 1e-200, 1e-300, 2.220446049250313e-16, 2.2250738585072014e-308),
)
CAPS = {"eps_in_log": EPSILONS, "overflow_clipped": (*EPSILONS, 1e-8)}
NUMBERS = {"temporal_softmax_loss": CAPS}

HINTS = {
    "rnn_step_forward": {
        "bias_missing": "The bias b is missing from your sum.",
        "tanh_missing": "Your new state is the sum itself; it has to go through tanh.",
        "sigmoid": (
            "Your nonlinearity is the sigmoid, between 0 and 1; a vanilla RNN uses tanh, between "
            "-1 and 1."
        ),
        "relu": "Your nonlinearity cuts negative sums off; a vanilla RNN uses tanh.",
        "input_forgotten": (
            "Your new state does not depend on x: the input's part x @ Wx is missing."
        ),
        "state_forgotten": (
            "Your new state does not depend on the old one: the part prev_h @ Wh is missing."
        ),
        "wh_transposed": "Your state meets Wh transposed: entry (j, k) of Wh leads from "
        "unit j of the old state to unit k.",
        "cache_holds_a": (
            "Your slope is 1 - a**2 with the sum a before tanh: it is 1 - h**2 with the value "
            "after it, which your forward pass has to keep."
        ),
    },
    "rnn_step_backward": {
        "slope_not_squared": "Your slope of tanh is 1 - h; it is 1 - h**2.",
        "slope_missing": "Your gradient passes tanh unchanged; its slope 1 - h**2 is missing.",
        "slope_of_sigmoid": "Your slope h * (1 - h) is the sigmoid's; that of tanh is 1 - h**2.",
        "upstream_dropped": (
            "Your gradients do not depend on dnext_h: the chain rule multiplies by it."
        ),
        "dprev_h_untransposed": "Your dprev_h goes through Wh the way the state came; on "
        "the way back it is Wh transposed.",
        "dwh_from_next_h": (
            "Your dWh is made with the new state; Wh was multiplied by the old one, prev_h."
        ),
        "dwh_transposed": (
            "Your dWh is transposed: its rows belong to the old state, its columns to the new one."
        ),
        "dwx_transposed": "Your dWx is transposed: it must have the shape of Wx.",
        "averaged": (
            "Your weights' gradients are divided by N; dnext_h already holds every 1/N of the loss."
        ),
        "db_averaged": (
            "Your db is the mean over the examples; b is used by every example, so it is the sum."
        ),
        "db_kept_axis": "Your db has an axis too many: b is (H,).",
    },
    "rnn_forward": {
        "h0_ignored": "Your sequence starts from 0 whatever h0 is.",
        "state_not_carried": "Every step of yours starts from h0; it has to start from the "
        "state that the step before left.",
        "backwards_in_time": "You read the sequence from its end.",
        "only_last": "Only your last state is filled in; the state after every step is asked for.",
        "axes_swapped": "Your states have time first; the examples come first, then the steps.",
    },
    "rnn_backward": {
        "dh_not_added": (
            "Before the last step you follow the carried gradient only: at every step dh[:, t] is "
            "added."
        ),
        "carried_dropped": (
            "Each step of yours takes dh[:, t] only: what the step after it sends back has to be "
            "added."
        ),
        "carried_twice": "You add dh[:, t] once more to what goes on to the step before: it "
        "has passed through the step already.",
        "loop_forwards": "Your loop runs from the first step to the last; gradients come "
        "back from the last to the first.",
        "overwritten": "Your weights' gradients are those of the first step alone: the "
        "same weights serve every step, so sum.",
        "averaged_over_steps": "Your weights' gradients are divided by T: they are the "
        "sum over the steps, not the mean.",
        "dh0_zero": "Your dh0 is 0: what the first step sends back is the gradient of h0.",
        "dx_reversed": (
            "Your dx stands in reverse order of time: the loop runs backwards, the array does not."
        ),
        "dx_axes_swapped": "Your dx has time first; it must have the axes of x.",
    },
    "word_embedding_forward": {
        "off_by_one": "Your ids are counted from 1: id 0 is row 0 of W.",
        "first_word_only": "You look up the first word of each sequence only.",
        "normalised": (
            "Your vectors are brought to length 1: a word's vector is its row of W as it is."
        ),
    },
    "word_embedding_backward": {
        "repeats_lost": "Where a word occurs several times your dW keeps one place only: "
        "all of them have to be added up.",
        "upstream_dropped": (
            "Your dW counts how often a word occurs; what is summed is dout at these places."
        ),
        "averaged": "Your dW is the mean over a word's places; it is their sum.",
        "per_example": "Your dW is divided by N; dout already holds every 1/N of the loss.",
    },
    "temporal_affine_forward": {
        "bias_missing": "The bias b is missing.",
        "tanh": "Nothing comes after the sum: scores are not squashed.",
        "steps_mixed": "Steps and examples change places in your result: flattening N and "
        "T must be undone in the same order.",
    },
    "temporal_affine_backward": {
        "last_step_only": (
            "Your dw and db come from the last step alone: the layer is used at every step."
        ),
        "averaged_over_steps": "Your dw and db are divided by T: they are sums over the steps.",
        "averaged": "Your dw and db are divided by N; dout already holds every 1/N of the loss.",
        "db_not_summed": "Your db is summed over the examples, and not over the steps.",
        "dw_transposed": "Your dw is transposed: it must have the shape of w.",
    },
    "temporal_softmax_loss": {
        "targets_shifted": (
            "Your targets are shifted by a step: y[:, t] is already the word that x[:, t] has to "
            "name."
        ),
        "null_counts_as_mask": (
            "You leave out word 0; what is left out is what the mask says, nothing else."
        ),
        "no_shift": (
            "exp overflows for large scores: subtract the largest score of each step first."
        ),
        "global_shift": "You subtract the largest of all scores: steps that lie far below "
        "it vanish. Each step needs its own.",
        "log_of_p": (
            "Where a probability rounds to 0 you take the logarithm of 0. The log of a "
            "probability can be had without the probability: as a difference, before exp loses it."
        ),
        "eps_in_log": CAPPED,
        "overflow_clipped": CAPPED,
        "mean_over_words": "Your loss is the mean over all N * T places: it is a sum over the "
        "steps, a mean over the sequences.",
        "mean_over_real_words": (
            "You divide by the number of real steps: the loss is a sum over them, divided by N."
        ),
        "sum_over_sequences": "Your loss is not divided by N.",
        "mask_ignored": "Your loss and gradient count the steps where mask is False.",
        "mask_only_in_gradient": "Your loss counts the steps where mask is False.",
        "mask_only_in_loss": "Your gradient is not 0 where mask is False.",
        "log10": "Your logarithm has base 10; it is the natural one.",
        "truth_not_subtracted": (
            "Your dx is the probabilities: 1 has to be subtracted at the right word."
        ),
        "gradient_not_averaged": "Your dx is not divided by N, the loss is.",
    },
    "lstm_step_forward": {
        "bias_missing": "The bias b is missing from your gates.",
        "input_forgotten": "Your gates do not look at x: they are made from x and prev_h.",
        "state_forgotten": "Your gates do not look at prev_h: they are made from x and prev_h.",
        "overflows": (
            "exp(a) / (1 + exp(a)) is inf / inf for large a: write the sigmoid so that large a "
            "give 1."
        ),
        "torch_order": (
            "Your blocks are in the order i, f, g, o (as in torch); here it is i, f, o, g."
        ),
        "f_before_i": "Your first block is the forget gate; here the order is i, f, o, g.",
        "o_before_f": "Your second block is the output gate; here the order is i, f, o, g.",
        "sigmoid_on_g": "Your proposal g goes through the sigmoid, as the old notes have it: it "
        "must be tanh, or a cell can only grow.",
        "gates_swapped": "Your input gate keeps the old cell state and your forget gate lets the "
        "proposal in: next_c = f * prev_c + i * g.",
        "tied_gates": "You let in 1 - f of the proposal; the input gate i is of its own.",
        "tanh_of_c_missing": (
            "Your next_h is o * next_c: the cell state has to go through tanh before it is shown."
        ),
    },
    "lstm_step_backward": {
        "dnext_c_dropped": "Your dnext_c is lost: next_c is also used by the next step.",
        "h_path_dropped": "The way from next_h to next_c is missing: next_h = o * "
        "tanh(next_c) adds to the gradient of next_c.",
        "f_missing": "Your dprev_c lacks the forget gate: next_c = f * prev_c + ...",
        "only_straight": (
            "Your dprev_c is dnext_c * f: what reaches next_c by way of next_h has to be in it, "
            "too."
        ),
        "bend_of_c": "Your slope of tanh is 1 - c**2; it is 1 - tanh(c)**2.",
        "tanh_of_c_missing": "From next_h to next_c the slope 1 - tanh(c)**2 is missing.",
        "do_without_tanh": (
            "The output gate multiplies tanh(next_c), not next_c itself: that is its gradient's "
            "factor."
        ),
        "sigmoid_on_g": (
            "Your slope of the proposal is g * (1 - g), the sigmoid's; g is made by tanh: 1 - g**2."
        ),
        "gate_slopes_missing": "The slopes of the gates' sigmoids, s * (1 - s), and of "
        "the proposal's tanh are missing.",
        "torch_order": "Your gates' gradients are put together in the order i, f, g, o; "
        "the columns' order is i, f, o, g.",
        "averaged": "Your weights' gradients are divided by N; the upstream gradients "
        "already hold every 1/N of the loss.",
        "in_place": "You add to the caller's dnext_c in place: work on a sum of your own.",
    },
    "lstm_forward": {
        "h0_ignored": "Your sequence starts from 0 whatever h0 is.",
        "c0_is_h0": "Your cell state starts at h0: it starts at 0.",
        "state_not_carried": (
            "Every step of yours sees h0; it has to see the hidden state that the step before left."
        ),
        "cell_not_carried": (
            "Your cell state starts at 0 in every step: it has to be carried from step to step."
        ),
        "cell_handed_out": "You hand out cell states; the hidden states are asked for.",
        "backwards_in_time": "You read the sequence from its end.",
    },
    "lstm_backward": {
        "dh_not_added": (
            "Before the last step you follow the carried gradient only: at every step dh[:, t] is "
            "added."
        ),
        "carried_h_dropped": "Each step of yours takes dh[:, t] only: what the next step "
        "sends back in h has to be added.",
        "carried_c_dropped": "The gradient in the cell state is lost between your steps: "
        "it travels back beside that in h.",
        "last_c_like_h": (
            "No loss looks at the last cell state: its gradient from outside starts at 0."
        ),
        "last_cache": (
            "Every step of yours goes back through what the last step kept: each has its own cache."
        ),
        "overwritten": (
            "Your weights' gradients are those of the first step alone: sum over the steps."
        ),
        "averaged_over_steps": (
            "Your weights' gradients are divided by T: they are the sum over the steps."
        ),
        "dx_reversed": (
            "Your dx stands in reverse order of time: the loop runs backwards, the array does not."
        ),
        "dh0_zero": "Your dh0 is 0: what the first step sends back in h is the gradient of h0.",
        "dh0_is_dc0": (
            "Your dh0 is the gradient of the first cell state; that of the hidden state is asked "
            "for."
        ),
    },
    "gru_step_forward": {
        "reset_before_product": (
            "Your reset gate acts on the old state before it meets Wh, as in the paper; here it "
            "acts on what the product gives, as in torch."
        ),
        "bh_outside": (
            "Your reset gate leaves the last block of bh alone: it acts on all that the old state "
            "says to the proposal, this bias included."
        ),
        "reset_ignored": "Your reset gate has no effect on the proposal.",
        "reset_on_input": (
            "Your reset gate shuts out the input as well; it only shuts out the old state."
        ),
        "update_swapped": (
            "Your update gate lets the proposal in; here it says how much of the old state stays. "
            "Both are found in papers."
        ),
        "not_shared": (
            "Your proposal comes in whole: the update gate keeps a share of the old state, and "
            "what is left is the proposal's share."
        ),
        "gates_swapped": (
            "Your first block is the update gate; the order is r, z, n: reset comes first."
        ),
        "sigmoid_on_n": (
            "Your proposal goes through a sigmoid and can never be negative; it takes tanh."
        ),
        "gates_without_state": (
            "Your gates look at x only; each of them looks at the old state, too."
        ),
        "bh_missing": "The biases bh are missing from your sums.",
        "wh_transposed": (
            "Your state meets the blocks of Wh transposed: row j of Wh is what unit j of the old "
            "state says."
        ),
        "overflows": (
            "Where a sum is large your sigmoid becomes nan: exponentiate what is never positive."
        ),
    },
    "gru_step_backward": {
        "straight_dropped": (
            "The straight way back is missing from your dprev_h: the old state also goes into "
            "next_h as it is, by the share that stays."
        ),
        "only_straight": (
            "Your dprev_h knows the straight way only: the old state is heard by both gates and "
            "by the proposal, too."
        ),
        "update_swapped": (
            "Your gradient reaches the proposal by the share of the old state; the proposal has "
            "the other share."
        ),
        "dz_negated": (
            "Your gradient at the update gate has the wrong sign: more of it means more of the "
            "old state, and less of the proposal."
        ),
        "dz_of_state_only": (
            "Your gradient at the update gate hears of the old state only: the same gate takes "
            "from the proposal."
        ),
        "dr_times_state": (
            "Your reset gate's gradient is multiplied by the old state; the gate acts after the "
            "product, so what it multiplies is that."
        ),
        "reset_forgotten": (
            "Behind the reset gate your gradient is as long as before it: what goes on to Wh, bh "
            "and the old state passes through the gate."
        ),
        "one_bias": (
            "Your bx and bh have the same gradient; in the proposal's block the reset gate stands "
            "between them."
        ),
        "gate_slopes_missing": (
            "Your gradients pass both gates' sigmoids unchanged: their slope s * (1 - s) is missing."
        ),
        "sigmoid_on_n": ("Your proposal's slope is that of a sigmoid; the proposal is a tanh."),
        "averaged": (
            "Your gradients of weights and biases are averaged over the examples: they are sums."
        ),
    },
    "lstm_weight_shape": {
        "always_2h": (
            "2H columns hold only where a layer reads H numbers: the first layer reads D inputs."
        ),
        "always_d": (
            "Only the first layer reads the D inputs: a layer above reads the H states of the one "
            "below."
        ),
        "state_forgotten": (
            "The columns of its own state are missing: every layer reads its input and its last "
            "state."
        ),
        "one_gate": "There are four blocks of H rows: i, f, o and g.",
        "transposed": (
            "Your shape is transposed: in the lectures W stands on the left, so rows are outputs."
        ),
        "no_error": "A layer below 1 has to be refused.",
    },
    "pack_ifog": {
        "transposed": (
            "Your W is transposed, made for rows: the lectures' stands on the left of a column."
        ),
        "state_first": "Your W has the state's columns first: x stands on top of h.",
        "torch_order": (
            "Your rows are in the order i, f, g, o; they must stay in the order i, f, o, g."
        ),
    },
    "init_lstm": {
        "normal": (
            "Your weights are drawn from a normal distribution; the docstring asks for a uniform "
            "one."
        ),
        "only_positive": "Your weights are all positive: they must be spread evenly around 0.",
        "not_scaled": "Your weights lie between -1 and 1; they must lie within 1 / sqrt(H).",
        "by_rows": "You scale each matrix by its own number of rows; both are scaled by H.",
        "wh_first": "You draw Wh before Wx.",
        "zero_weights": "Weights that all start at 0 stay alike for ever: draw them.",
        "always_1": "Your forget bias is 1 whatever was asked for.",
        "on_input_gate": (
            "Your bias is on the first block, the input gate: the forget gate is the second."
        ),
        "on_all_gates": "Your bias is on all blocks: only the forget gate's starts above 0.",
        "on_third_block": (
            "Your bias is on the third block, the output gate: the forget gate is the second."
        ),
        "no_bias": "The forget gate's bias is missing.",
        "fixed_seed": "Without rng each call of yours draws the same weights.",
    },
    "many_to_one_loss": {
        "mean_of_states": (
            "Your scores are made from the mean of all states; only the last one is asked for."
        ),
        "first_state": (
            "Your scores are made from the first state; the last one has seen the whole sequence."
        ),
        "by_missing": "The bias by is missing from your scores.",
        "not_averaged": "Your loss is summed over the sequences: it is their mean.",
        "gradient_at_every_step": "Your dh hands the gradient to every step: only the last state "
        "makes scores, the others get 0.",
        "lstm_not_trained": "The gradient does not reach the LSTM's weights.",
        "probabilities": "You return probabilities; the scores are asked for.",
    },
    "clip_grad_norm": {
        "no_error": "Gradients with nan or inf in them must be refused with ValueError.",
        "by_value": (
            "You clip entry by entry, which turns the gradient; by norm all entries are scaled by "
            "one factor."
        ),
        "largest_entry": (
            "You take the largest entry for the norm; it is the root of the sum of all squares."
        ),
        "sum_of_norms": "You add up the arrays' norms; the norm of all together is the "
        "root of the sum of their squares.",
        "not_rooted": "Your norm is the sum of the squares: the root is missing.",
        "lengthened": (
            "You scale gradients up that are shorter than max_norm; they must be left alone."
        ),
        "divided_by_zero": (
            "Gradients of 0 become nan: there is nothing to divide by, and nothing to clip."
        ),
        "per_array": "You clip each array by its own norm; the norm is that of all arrays "
        "together, or the direction changes.",
        "new_arrays": (
            "You put new arrays into the dict; the ones that are there have to be changed in place."
        ),
        "norm_after": "You return the norm after clipping; the one before is asked for.",
    },
    "clip_grad_value": {
        "only_above": "You clip above limit only: entries below -limit have to be raised.",
        "by_norm": "You scale whole arrays; by value each entry is clipped by itself.",
        "dropped": "Entries outside the limits become 0 in yours; they stop at the limit.",
        "squashed": "You bend all entries; those inside the limits must stay as they are.",
        "new_arrays": (
            "You put new arrays into the dict; the ones that are there have to be changed in place."
        ),
    },
    "stacked_lstm_forward": {
        "one_start": "All your layers start from the first layer's h0: each has its own.",
        "h0_ignored": "Your layers start from 0 whatever h0 is.",
        "h0_reversed": "Your layers take their starts in reverse order.",
        "one_layers_weights": (
            "All layers above the first use the second one's weights in yours: each has its own."
        ),
        "residual": (
            "You add a layer's input to its output; a plain stack hands on the hidden states only."
        ),
    },
    "stacked_lstm_backward": {
        "dh_for_every_layer": "Every layer of yours gets dh: only the last one does, each other "
        "gets the dx of the layer above it.",
        "dh_added": "You add dh at every layer: the loss looks at the last layer only.",
        "top_first": "Your dh0 lists the last layer first.",
        "dh0_zero": "Your dh0 is 0: each layer's LSTM sends the gradient of its own start back.",
        "last_layer_only": "Only the last layer's weights get a gradient in yours.",
    },
    "bidirectional_lstm": {
        "filling_read_first": (
            "Your second reader begins in the filling of shorter sequences; it begins at the last "
            "real step."
        ),
        "zeros_read_first": (
            "Your second reader begins in the filling, made 0. Zeros are read like any numbers: "
            "the biases change its state."
        ),
        "not_turned_back": (
            "What your second reader says stands in the order of its reading; it belongs beside "
            "the steps that it was said at."
        ),
        "whole_turned_back": (
            "You turn around all T steps of what the second reader says; of a shorter sequence "
            "only the real steps are turned."
        ),
        "second_reads_onward": (
            "Both your readers go from first to last; the second one goes from last to first."
        ),
        "state_handed_over": (
            "Your second reader starts from the first one's last state; both start at 0."
        ),
        "same_weights": "Both your readers have the same weights; the second one has its own.",
        "weights_swapped": "Each of your readers has the other one's weights.",
        "halves_swapped": (
            "Your halves are swapped: what the reader from first to last says comes first."
        ),
        "added": (
            "You add what the two readers say; both are kept, side by side, and h is 2H wide."
        ),
        "filling_kept": "At filling steps your h still holds what the readers made of them.",
    },
    "bptt_chunks": {
        "not_shifted": (
            "Your targets are the inputs themselves: each target is the symbol after its input."
        ),
        "shifted_back": (
            "Your targets are the symbols before the inputs; they are the symbols after them."
        ),
        "shifted_by_two": "Your targets lie two symbols ahead: the next one is asked for.",
        "rest_dropped": "You drop what is left at the end: it makes a last, shorter piece.",
        "seams_dropped": (
            "A symbol is lost at every seam: the last target of a piece is the first input of the "
            "next."
        ),
        "overlapping": "Your pieces overlap: each symbol is a target once.",
        "one_less": (
            "Your pieces have seq_len symbols in all; they must have seq_len inputs, and as many "
            "targets."
        ),
    },
    "char_rnn_train_step": {
        "state_reset": "Your piece starts from 0: the state of the piece before is carried on.",
        "inputs_as_targets": "You score the inputs: what has to be predicted is the targets.",
        "mean_over_words": (
            "Your loss is the mean over all places: it is a sum over the steps, a mean over the "
            "texts."
        ),
        "sum_over_texts": "Your loss is not divided by the number of texts.",
        "difference_as_loss": (
            "Your loss is a squared difference: the loss of a step is -log softmax(scores)[target]."
        ),
        "last_step_only": "Only the last step's loss reaches the RNN: every step has one.",
        "repeats_lost": (
            "Where a symbol occurs several times dE keeps one place only: all of them have to be "
            "added up."
        ),
        "embedding_not_trained": "The gradient does not reach the embedding.",
        "first_state_handed_on": (
            "You hand on the state after the first step; the one after the last is asked for."
        ),
        "state_not_handed_on": (
            "You hand on the state that came in; the one after the last step is asked for."
        ),
    },
    "sample": {
        "always_the_best": (
            "You always take the best symbol: draw from the probabilities, unless the temperature "
            "is 0."
        ),
        "temperature_multiplies": (
            "Your temperature multiplies the scores: it divides them, so that hot is random."
        ),
        "temperature_ignored": (
            "Your temperature has no effect: it has to divide the scores. Dividing probabilities "
            "is undone by normalising."
        ),
        "seed_not_read": (
            "Your model never reads the seed: it is read before the first symbol is drawn."
        ),
        "seed_counts": "Your text begins with the seed: that is no part of what is written.",
        "not_fed_back": (
            "Your model goes on reading the seed: it has to read what it has just written."
        ),
        "state_reset": "Your state starts anew at every symbol: it has to be carried on.",
        "legacy_generator": "You draw from a generator of your own: all chance comes from rng.",
    },
    "beam_search": {
        "greedy": "Your beam holds one hypothesis, whatever k is.",
        "last_symbol_only": (
            "You rank by the last symbol alone: the log-probability of a line is the sum of those "
            "of all its symbols."
        ),
        "probabilities_added": (
            "You add probabilities: those of a line are multiplied, so it is their logarithms that "
            "are added."
        ),
        "per_symbol": (
            "You rank by the mean over the symbols; here the whole line's log-probability decides."
        ),
        "least_probable": "You keep the least probable hypotheses.",
        "least_first": "What you return begins with the least probable; the best comes first.",
        "best_of_each": (
            "You keep one continuation of each hypothesis; two of the best may have the same "
            "beginning."
        ),
        "k_of_each": (
            "You keep k continuations of every hypothesis, so that your beam grows and grows: k of "
            "all together are kept."
        ),
        "end_ignored": "Your lines go on behind the end symbol.",
        "finished_dropped": (
            "Your finished hypotheses are lost at the next step: they stay in the race as they are."
        ),
        "finished_aside": (
            "You put finished hypotheses aside and fill their places; here they compete for the k "
            "places with all others."
        ),
        "end_left_out": "The end symbol is missing in what you return: it was written.",
        "one_state": (
            "All your hypotheses are read in the state of the best; each goes on in its own."
        ),
        "states_left_behind": (
            "After the choice your hypotheses have the states of others: each takes that of the "
            "one it continues."
        ),
        "first_counts": "Your lines begin with first: it is read and no part of them.",
        "first_not_read": "At the start your model reads symbol 0; it reads first.",
        "ties_to_the_last": (
            "Of equally probable continuations you take the last; the first come first."
        ),
    },
    "spectral_radius": {
        "largest_real_part": "You take the largest real part: a negative or complex "
        "eigenvalue may be larger in magnitude.",
        "real_parts_only": (
            "You drop the imaginary parts: the magnitude of a + bi is the root of a**2 + b**2."
        ),
        "largest_entry": "You take the largest entry of W: the eigenvalues are meant.",
        "norm_instead": "That is the largest singular value: it bounds one step, the "
        "radius says what happens in the end.",
        "determinant": "The determinant mixes all eigenvalues: the largest one is meant.",
    },
    "spectral_norm": {
        "frobenius": "That is the root of the sum of all squares: no vector is "
        "lengthened that much, unless W has rank 1.",
        "radius_instead": (
            "That is the spectral radius: in one step W may lengthen a vector by more."
        ),
        "row_sums": (
            "That is the largest row sum, another norm: the largest singular value is meant."
        ),
        "not_rooted": (
            "The largest eigenvalue of W.T @ W is the singular value squared: the root is missing."
        ),
    },
    "gradient_norm_profile": {
        "no_error": "Any other nonlinearity has to be refused: raise ValueError.",
        "tanh_ignored": "Your gradient passes tanh unchanged: its slope shrinks it at every step.",
        "slope_not_squared": "Your slope of tanh is 1 - h; it is 1 - h**2.",
        "slope_of_state_before": "Your slope is taken at the state before the step; it is 1 "
        "- h_t**2 of the state after it.",
        "slope_once_more": "Your slope is applied twice.",
        "w_not_transposed": (
            "Your gradient goes through W the way the state came; on the way back it is W "
            "transposed."
        ),
        "forwards": (
            "Your steps are taken from the first to the last; the gradient meets the last step "
            "first."
        ),
        "squared": "Your lengths are squared.",
        "without_start": "The length of g itself is missing: it is the first of T + 1 numbers.",
        "relative": "Your lengths are divided by that of g.",
        "in_order_of_time": "Your list begins at h0; it begins with g, and goes back in time.",
    },
    "exploding_counterexample": {
        "large_radius": "Your W has eigenvalues above rho: that it explodes is no surprise then.",
        "normal": "Your W is a multiple of the identity: its norm is its radius, and "
        "nothing can grow. Use the triangle.",
        "one_huge_step": (
            "Your W lengthens a vector enormously in one step: many small steps are asked for."
        ),
        "too_gentle": "Beside its diagonal your W is too small for anything to grow.",
    },
    "sequence_claims": {
        "a": (
            "(a) A difference of vectors is no loss: it is -log softmax(scores)[target], one "
            "number."
        ),
        "b": "(b) One matrix, used T times: T contributions, and fan-out adds them.",
        "c": (
            "(c) The encoder's last hidden state is the decoder's first one: that is all that is "
            "handed over."
        ),
        "d": "(d) The state is carried from piece to piece; only the gradient is cut there.",
        "e": "(e) Every gate looks at both, x_t and h_{t-1}.",
        "f": "(f) c_t = f * c_{t-1} + i * g: straight along the cell there is f, and no matrix.",
        "g": "(g) 2H columns hold only where D = H, or above the first layer.",
        "h": "(h) One common factor keeps the direction; cutting entries by themselves does not.",
    },
    "seq2seq_loss": {
        "start_is_0": "Your decoder begins by reading symbol 0; the start symbol's id is V.",
        "target_told": (
            "Your decoder reads the very symbol that it has to write: it reads that of the step "
            "before."
        ),
        "nothing_told": "Your decoder reads the start symbol at every step: later it reads "
        "the right symbol of the step before.",
        "first_state_handed_over": (
            "You hand over the encoder's first state: only the last one has read everything."
        ),
        "mean_handed_over": (
            "You hand over the mean of the encoder's states: the last one is asked for."
        ),
        "nothing_handed_over": "Your decoder starts from 0 and knows nothing of x: it starts "
        "from the encoder's last hidden state.",
        "one_lstm": "Your decoder uses the encoder's weights; it has its own.",
        "mean_over_words": "Your loss is the mean over all places: it is a sum over the "
        "steps, a mean over the sequences.",
        "gradient_not_handed_back": "Your encoder gets no gradient: the decoder's dh0 is "
        "that of the encoder's last state.",
        "gradient_to_every_state": "The decoder's dh0 goes to the encoder's last state only: the "
        "others are handed over to nobody.",
        "embedding_of_decoder_only": "Your dE lacks what comes from the encoder: both read the "
        "same embedding, and fan-out adds.",
    },
    "seq2seq_decode": {
        "first_state_handed_over": (
            "You hand over the encoder's first state: only the last one has read everything."
        ),
        "nothing_handed_over": "Your decoder starts from 0 and knows nothing of x.",
        "start_is_0": "Your decoder begins by reading symbol 0; the start symbol's id is V.",
        "state_reset": "Your decoder's state starts anew at every step: it has to be carried on.",
        "not_fed_back": (
            "Your decoder reads the start symbol at every step: it reads what it has just written."
        ),
        "worst": "You take the symbol with the lowest score.",
        "backwards": "Your symbols stand in reverse order: the first one written comes first.",
    },
    "to_torch_lstm": {
        "order_kept": "Your blocks stand in our order, i, f, o, g; torch's is i, f, g, o.",
        "f_before_i": "Your first block is the forget gate; torch's order is i, f, g, o.",
        "bias_twice": "Both of torch's bias vectors hold b, and torch adds them: b counts twice.",
        "bias_missing": "The biases are not carried over.",
        "second_bias_left": (
            "One of torch's two bias vectors is still what it was: their sum has to be b."
        ),
        "wh_transposed": (
            "The blocks of your recurrent matrix are transposed: torch's rows are outputs."
        ),
    },
    "CharLSTM": {
        "forget_bias_twice": (
            "Both bias vectors hold the forget bias, and torch adds them: it counts twice."
        ),
        "on_input_gate": "Your bias is on the first block, the input gate: in torch the "
        "forget gate is the second, too.",
        "our_order": (
            "Your bias is on the third block, in torch the proposal: the forget gate is the second."
        ),
        "on_all_gates": "Your bias is on all blocks: only the forget gate's starts above 0.",
        "no_forget_bias": "The forget gate's bias is missing.",
        "always_1": "Your forget bias is 1 whatever was asked for.",
        "first_layer_only": (
            "Only your first layer's forget gates start open: every layer has them."
        ),
        "one_layer": "Your model has one layer, however many were asked for.",
        "state_ignored": (
            "The state that is handed in changes nothing: your LSTM always starts from 0."
        ),
        "read_backwards": "Your model reads from the end: it sees what it has to predict.",
        "head_bias_missing": "The bias of the last layer is missing from your scores.",
        "probabilities": "You return probabilities: the cross-entropy takes scores.",
        "state_swapped": "Your state is returned as (c, h): it is (h, c).",
    },
    "train_char_lm": {
        "rate_too_small": (
            "Your steps are ten times too small: the learning rate is the one that is given."
        ),
        "sgd": "Your steps are those of plain gradient descent: Adam is asked for.",
        "precision_ignored": (
            "In bfloat16 your run is that of float32: autocast never comes into force."
        ),
        "targets_not_shifted": "Your targets are the inputs themselves: the model learns "
        "to repeat what it has just read.",
        "sum_over_steps": (
            "Your loss is summed over the steps; here it is the mean over all predictions."
        ),
        "state_reset": (
            "Your state starts from 0 at every piece: it has to be carried on, detached."
        ),
        "gradients_not_zeroed": (
            "Gradients of earlier steps are still in yours: torch adds, unless they are zeroed."
        ),
        "clipped_after_the_step": "Your clipping has no effect: it is missing, or comes after "
        "the step, when it is too late.",
        "by_value": (
            "You clip entry by entry, which turns the gradient; by norm all are scaled by one "
            "factor."
        ),
        "per_array": (
            "You clip each array by its own norm; the norm is that of all of them together."
        ),
        "read_in_every_step": "You read the loss in every step: an accelerator has to wait "
        "each time. Read them all at the end.",
        "starts_over_with_state": (
            "When the text starts over your state is that of its end: it has to be None again."
        ),
        "always_the_first_piece": (
            "Your steps always see the first piece: the next step takes the next piece."
        ),
    },
}
