"""The LSTM assignment once more: gates by name, caches as dicts, recursion over time, sparse counts for words.

Right and legitimate, if unusual: steps as closures that know their own way back, results as lists or NumPy's own scalars,
gradients that are views, torch cells instead of torch layers on the way to the answer.
"""

from collections import deque
from itertools import pairwise

import numpy as np
import torch

# --- a step, and a sequence of steps ----------------------------------------------------------------------------------


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """tanh as a difference of sigmoids."""
    a = np.einsum("nd,dh->nh", x, Wx)
    a += np.einsum("nk,kh->nh", prev_h, Wh)
    a += b
    with np.errstate(over="ignore"):
        next_h = 2 / (1 + np.exp(-2 * a)) - 1
    return next_h, {
        "in": np.hstack([x, prev_h]),
        "W": np.vstack([Wx, Wh]),
        "out": next_h,
        "D": x.shape[1],
    }


def rnn_step_backward(dnext_h, cache):
    """The two matrices as one."""
    da = dnext_h - dnext_h * cache["out"] ** 2
    both, dW, D = da @ cache["W"].T, cache["in"].T @ da, cache["D"]
    return [both[:, :D], both[:, D:], dW[:D], dW[D:], np.ones(len(da)) @ da]


def rnn_forward(x, h0, Wx, Wh, b):
    """Steps first, examples second."""
    states, caches = [h0], deque()
    for now in np.moveaxis(x, 1, 0):
        h, kept = rnn_step_forward(now, states[-1], Wx, Wh, b)
        states.append(h)
        caches.appendleft(kept)
    return np.moveaxis(np.array(states[1:]), 0, 1).copy(), caches


def rnn_backward(dh, cache):
    """Each step's gradients are put into lists, last step first."""
    back, carried = [], 0.0
    for own, kept in zip(np.moveaxis(dh, 1, 0)[::-1], cache, strict=True):
        back.append(rnn_step_backward(own + carried, kept))
        carried = back[-1][1]
    dx, _, dWx, dWh, db = zip(*back, strict=True)
    return (
        np.stack(dx[::-1], axis=1),
        carried,
        np.add.reduce(dWx),
        np.add.reduce(dWh),
        np.add.reduce(db),
    )


# --- words, and losses at every step ----------------------------------------------------------------------------------


def word_embedding_forward(x, W):
    """By take."""
    return W.take(x, axis=0), (x.ravel(), W.shape)


def word_embedding_backward(dout, cache):
    """Sorted by word, then summed from each word's first place on."""
    words, shape = cache
    order = np.argsort(words, kind="stable")
    found, first = np.unique(words[order], return_index=True)
    dW = np.zeros(shape)
    dW[found] = np.add.reduceat(dout.reshape(-1, shape[1])[order], first)
    return dW


def temporal_affine_forward(x, w, b):
    """By tensordot, onto the biases."""
    out = np.tensordot(x, w, axes=1)
    out += b
    return out, {"x": x, "w": w}


def temporal_affine_backward(dout, cache):
    """By tensordot over all axes but the last."""
    return (
        np.tensordot(dout, cache["w"], axes=(2, 1)),
        np.tensordot(cache["x"], dout, axes=([0, 1], [0, 1])),
        np.einsum("ntm->m", dout),
    )


def temporal_softmax_loss(x, y, mask):
    """By logaddexp, at the real steps only."""
    n, t = np.nonzero(mask)
    scores, right = x[n, t], y[n, t]
    log_p = scores - np.logaddexp.reduce(scores, axis=1)[:, None]
    at = np.arange(len(n))
    p = np.exp(log_p)
    p[at, right] -= 1
    dx = np.zeros(x.shape)
    dx[n, t] = p / x.shape[0]
    return np.asarray(-log_p[at, right].sum() / x.shape[0]), dx


# --- an LSTM ----------------------------------------------------------------------------------------------------------


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """The gates by name."""
    a = np.concatenate([x, prev_h], axis=1) @ np.concatenate([Wx, Wh]) + b
    gate = dict(zip("ifog", np.hsplit(a, 4), strict=True))
    with np.errstate(over="ignore"):
        for name in "ifo":
            gate[name] = 1 / (1 + np.exp(-gate[name]))
    gate["g"] = np.tanh(gate["g"])
    next_c = gate["f"] * prev_c
    next_c += gate["i"] * gate["g"]
    shown = np.tanh(next_c)
    return (
        gate["o"] * shown,
        next_c,
        {**gate, "x": x, "h": prev_h, "c": prev_c, "Wx": Wx, "Wh": Wh, "shown": shown},
    )


def lstm_step_backward(dnext_h, dnext_c, cache):
    """Each gate's gradient into its own block of columns."""
    N, H = cache["h"].shape
    dc = cache["o"] * dnext_h
    dc -= dc * cache["shown"] ** 2
    dc = dc + dnext_c
    da = np.empty((N, 4, H))
    for k, (name, received) in enumerate(
        {"i": dc * cache["g"], "f": dc * cache["c"], "o": dnext_h * cache["shown"]}.items()
    ):
        da[:, k] = received * cache[name] * (1 - cache[name])
    da[:, 3] = dc * cache["i"] - dc * cache["i"] * cache["g"] ** 2
    da = da.reshape(N, 4 * H)
    return (
        da.dot(cache["Wx"].T),
        da.dot(cache["Wh"].T),
        np.multiply(dc, cache["f"]),
        cache["x"].T.dot(da),
        cache["h"].T.dot(da),
        da.sum(0),
    )


def lstm_forward(x, h0, Wx, Wh, b):
    """Into an array made before."""
    T, h, c, caches = x.shape[1], h0, 0.0 * h0, {}
    out = np.empty((T, *h0.shape))
    for t in range(T):
        h, c, caches[t] = lstm_step_forward(x[:, t, :], h, c, Wx, Wh, b)
        out[t] = h
    return out.transpose(1, 0, 2), caches


def lstm_backward(dh, cache):
    """Totals in place."""
    first = cache[0]
    dx = np.empty((*dh.shape[:2], first["x"].shape[1]))
    dWx, dWh, db = (
        np.zeros(first["Wx"].shape),
        np.zeros(first["Wh"].shape),
        np.zeros(first["Wx"].shape[1]),
    )
    back_h, back_c = np.zeros((2, *dh[:, 0].shape))
    for t in sorted(cache, reverse=True):
        dx[:, t], back_h, back_c, *step = lstm_step_backward(
            np.add(dh[:, t], back_h), back_c, cache[t]
        )
        for total, one in zip((dWx, dWh, db), step, strict=True):
            total += one
    return [dx, back_h, dWx, dWh, db]


# --- a GRU ------------------------------------------------------------------------------------------------------------


def gru_step_forward(x, prev_h, Wx, Wh, bx, bh):
    """Both gates at once, and the state moved towards the proposal."""
    H = prev_h.shape[-1]
    told = np.einsum("nd,dk->nk", x, Wx)
    told += bx
    recalled = prev_h.dot(Wh)
    recalled += bh
    with np.errstate(over="ignore"):
        gates = np.reciprocal(1 + np.exp(-told[:, : 2 * H] - recalled[:, : 2 * H]))
    reset, update = gates[:, :H], gates[:, H:]
    proposal = np.tanh(reset * recalled[:, 2 * H :] + told[:, 2 * H :])
    kept = {"x": x, "h": prev_h, "W": (Wx, Wh), "gates": gates, "n": proposal}
    return prev_h + (proposal - prev_h) * (1 - update), {**kept, "recalled": recalled[:, 2 * H :]}


def gru_step_backward(dnext_h, cache):
    """One array of gradients for all three blocks, mended in the last one for what the state sent."""
    h, gates, n = cache["h"], cache["gates"], cache["n"]
    (N, H), (Wx, Wh) = h.shape, cache["W"]
    da = np.empty((N, 3 * H))
    da[:, 2 * H :] = dnext_h * (1 - gates[:, H:])
    da[:, 2 * H :] -= da[:, 2 * H :] * n**2
    slopes = gates - gates**2
    da[:, :H] = da[:, 2 * H :] * cache["recalled"] * slopes[:, :H]
    da[:, H : 2 * H] = (h - n) * dnext_h * slopes[:, H:]
    du = da.copy()
    du[:, 2 * H :] *= gates[:, :H]
    back = du.dot(Wh.T)
    back += dnext_h * gates[:, H:]
    ones = np.ones(N)
    return [da.dot(Wx.T), back, cache["x"].T.dot(da), h.T.dot(du), ones @ da, ones @ du]


# --- shapes, the start, many to one -----------------------------------------------------------------------------------


def lstm_weight_shape(D, H, layer):
    """As a list of two."""
    if not layer >= 1:
        raise ValueError(layer)
    return [H << 2, [D, H][layer > 1] + H]


def pack_ifog(Wx, Wh):
    """Transposed last."""
    return np.ascontiguousarray(np.r_[Wx, Wh].T)


def init_lstm(D, H, forget_bias=1.0, rng=None):
    """With the bias drawn out of zeros and ones."""
    rng = rng or np.random.default_rng()
    Wx, Wh = (rng.uniform(-(H**-0.5), H**-0.5, size=(rows, 4 * H)) for rows in (D, H))
    return [Wx, Wh, np.kron([0.0, 1.0, 0.0, 0.0], np.full(H, float(forget_bias)))]


def many_to_one_loss(params, x, y):
    """As a loss at every step, of which all but the last are masked."""
    N, T, _ = x.shape
    h, kept = lstm_forward(
        x, np.zeros((N, params["Wh"].shape[0])), params["Wx"], params["Wh"], params["b"]
    )
    scores, affine = temporal_affine_forward(h, params["Wy"], params["by"])
    mask = np.zeros((N, T), dtype=bool)
    mask[:, T - 1] = True
    loss, dscores = temporal_softmax_loss(scores, np.tile(y[:, None], T), mask)
    dh, dWy, dby = temporal_affine_backward(dscores, affine)
    _, _, dWx, dWh, db = lstm_backward(dh, kept)
    return loss, dict(Wx=dWx, Wh=dWh, b=db, Wy=dWy, by=dby), scores[:, T - 1].copy()


# --- clipping, stacks, pieces -----------------------------------------------------------------------------------------


def clip_grad_norm(grads, max_norm):
    """As torch does it, with a little something in the denominator."""
    norm = float(np.sqrt(sum(float(np.vdot(grad, grad)) for grad in grads.values())))
    if norm != norm or norm == float("inf"):
        raise ValueError("nan or inf")
    factor = max_norm / (norm + 1e-6)
    if norm > max_norm:
        for grad in grads.values():
            np.multiply(grad, factor, out=grad)
    return norm


def clip_grad_value(grads, limit):
    """By masks; the dict is handed back as well."""
    for grad in grads.values():
        grad[grad > limit] = limit
        grad[grad < -limit] = -limit
    return grads


def stacked_lstm_forward(x, h0, params):
    """From the first layer up, by recursion."""
    if not len(params):
        return x, []
    h, kept = lstm_forward(x, h0[0], *params[0])
    top, above = stacked_lstm_forward(h, h0[1:], params[1:])
    return top, [kept, *above]


def stacked_lstm_backward(dh, cache):
    """From the last layer down, by recursion."""
    if not cache:
        return dh, [], []
    *below, top = cache
    dx, dh0, *grads = lstm_backward(dh, top)
    down, starts, layers = stacked_lstm_backward(dx, below)
    return down, [*starts, dh0], [*layers, grads]


def bidirectional_lstm(x, lengths, there, back):
    """Every sequence is pushed to the right end, so that all turn around at once."""
    N, T = x.shape[:2]
    gap = T - np.asarray(lengths)[:, None]
    pushed = (np.arange(T)[None] - gap) % T  # the filling, in front, is read by nobody in the end
    unpushed = (np.arange(T)[None] + gap) % T
    rows = np.arange(N).reshape(-1, 1)

    def read(sequences, weights):
        return lstm_forward(sequences, np.zeros((N, weights[1].shape[0])), *weights)[0]

    from_the_right = x[rows, pushed][:, ::-1]
    heard = read(from_the_right, back)[:, ::-1]
    out = np.dstack([read(x, there), heard[rows, unpushed]])
    out[np.arange(T)[None].repeat(N, 0) >= T - gap] = 0.0
    return out


def bptt_chunks(data, seq_len):
    """By the places of the seams."""
    last = data.shape[1] - 1
    seams = [*range(0, last, seq_len), last]
    return [[data[:, a:b], data[:, a + 1 : b + 1]] for a, b in pairwise(seams)]


def char_rnn_train_step(params, inputs, targets, h_prev):
    """By the layers of this file."""
    E, Wx, Wh, b, Wy, by = (params[name] for name in ("E", "Wx", "Wh", "b", "Wy", "by"))
    x, seen = word_embedding_forward(inputs, E)
    h, steps = rnn_forward(x, h_prev, Wx, Wh, b)
    scores, affine = temporal_affine_forward(h, Wy, by)
    loss, back = temporal_softmax_loss(scores, targets, inputs == inputs)
    dh, dWy, dby = temporal_affine_backward(back, affine)
    dx, _, dWx, dWh, db = rnn_backward(dh, steps)
    return (
        loss,
        {
            "by": dby,
            "Wy": dWy,
            "b": db,
            "Wh": dWh,
            "Wx": dWx,
            "E": word_embedding_backward(dx, seen),
        },
        h[:, -1],
    )


def sample(params, h0, seed_ix, n, temperature, rng):
    """As a generator of symbols."""

    def write():
        h, last = h0, seed_ix
        for _ in range(n):
            h, _ = rnn_step_forward(
                params["E"][last : last + 1], h, params["Wx"], params["Wh"], params["b"]
            )
            scores = np.ravel(h @ params["Wy"]) + params["by"]
            if temperature:
                log_p = scores / temperature
                log_p -= np.logaddexp.reduce(log_p)
                last = int(rng.choice(scores.size, p=np.exp(log_p)))
            else:
                last = int(np.argmax(scores))
            yield last

    return np.fromiter(write(), dtype=np.int64)


def beam_search(step, state, first, k, n, end=None):
    """By recursion over the length, on one table of all continuations, flattened and sorted at once."""
    stop = -1 if end is None else end

    def lengthen(lines, totals, states, left):
        live = np.array([not line or line[-1] != stop for line in lines])
        if not left or not live.any():
            return [(line, total) for line, total in zip(lines, totals, strict=True)]
        read = [
            step(held, line[-1] if line else first) if alive else None
            for line, held, alive in zip(lines, states, live, strict=True)
        ]
        V = max(len(one[0]) for one in read if one is not None)
        gains = np.array([np.eye(1, V)[0] * 0 if one is None else one[0] for one in read])
        there = live[:, None] | (np.arange(V) == 0)  # a finished one goes on once, as it is
        table = (np.array(totals)[:, None] + gains)[there]
        chosen = np.argsort(-table, kind="stable")[:k]
        parents, symbols = (where[chosen].tolist() for where in np.nonzero(there))
        return lengthen(
            [
                lines[p] + [v] if live[p] else lines[p]
                for p, v in zip(parents, symbols, strict=True)
            ],
            table[chosen].tolist(),
            [read[p][1] if live[p] else states[p] for p in parents],
            left - 1,
        )

    return lengthen([[]], [0.0], [state], n)


# --- what becomes of a gradient ---------------------------------------------------------------------------------------


def spectral_radius(W):
    """The root of the largest product of an eigenvalue with its conjugate."""
    values = np.linalg.eigvals(W)
    return float(np.sqrt((values * values.conj()).real.max()))


def spectral_norm(W):
    """The first of the singular values."""
    return np.linalg.svd(W, compute_uv=False)[0]


def gradient_norm_profile(W, h0, g, nonlinearity, T):
    """By recursion: what comes after a step is known when it is undone."""
    try:
        phi, slope = {
            "linear": (lambda a: a, lambda h: 1.0),
            "tanh": (np.tanh, lambda h: 1 - h * h),
        }[nonlinearity]
    except KeyError:
        raise ValueError(nonlinearity) from None

    def back(h, steps):
        if not steps:
            return [g]
        after = phi(W.T @ h)
        later = back(after, steps - 1)
        return [*later, W @ (later[-1] * slope(after))]

    return np.linalg.norm(back(h0, T), axis=1)


def exploding_counterexample(H, rho):
    """Nothing on the diagonal: it explodes, and then it is over."""
    return np.diag([2.5] * (H - 1), 1)


def sequence_claims():
    """In NumPy's own bools."""
    return {
        letter: np.bool_(right)
        for letter, right in zip("abcdefgh", (0, 1, 1, 0, 0, 1, 0, 1), strict=True)
    }


# --- from sequence to sequence ----------------------------------------------------------------------------------------


def seq2seq_loss(params, x, y):
    """Encoder and decoder as two functions that know their way back."""

    def coder(whose, words, start):
        embedded, seen = word_embedding_forward(words, params["E"])
        h, kept = lstm_forward(
            embedded, start, *(params[f"{whose}_{name}"] for name in ("Wx", "Wh", "b"))
        )

        def back(dh):
            dembedded, dstart, *rest = lstm_backward(dh, kept)
            grads = dict(zip([f"{whose}_{name}" for name in ("Wx", "Wh", "b")], rest, strict=True))
            return word_embedding_backward(dembedded, seen), dstart, grads

        return h, back

    V, H = params["by"].size, params["Wy"].shape[0]
    enc, enc_back = coder("enc", x, np.zeros((x.shape[0], H)))
    dec, dec_back = coder("dec", np.insert(y, 0, V, axis=1)[:, :-1], enc[:, -1])
    scores, affine = temporal_affine_forward(dec, params["Wy"], params["by"])
    loss, dscores = temporal_softmax_loss(scores, y, np.full(y.shape, True))
    ddec, dWy, dby = temporal_affine_backward(dscores, affine)
    dE, dstart, dec_grads = dec_back(ddec)
    last = np.zeros((x.shape[1], 1))
    last[-1] = 1.0
    dE_too, _, enc_grads = enc_back(last * dstart[:, None, :])
    return loss, {"E": dE + dE_too, "Wy": dWy, "by": dby, **enc_grads, **dec_grads}


def seq2seq_decode(params, x, n):
    """Into an array made before."""
    N, V = x.shape[0], params["by"].size
    h, c = np.zeros((2, N, params["Wy"].shape[0]))
    for words in x.T:
        h, c, _ = lstm_step_forward(
            params["E"][words], h, c, params["enc_Wx"], params["enc_Wh"], params["enc_b"]
        )
    c = np.zeros(h.shape)
    written = np.full((N, n + 1), V)
    for t in range(n):
        told = params["E"][written[:, t]]
        h, c, _ = lstm_step_forward(told, h, c, params["dec_Wx"], params["dec_Wh"], params["dec_b"])
        written[:, t + 1] = np.argmax(params["Wy"].T @ h.T + params["by"][:, None], axis=0)
    return written[:, 1:]


# --- torch ------------------------------------------------------------------------------------------------------------


def to_torch_lstm(Wx, Wh, b):
    """The biases shared evenly by the two vectors."""
    layer = torch.nn.LSTM(Wx.shape[0], Wh.shape[0], 1, True, True).to(torch.float64)
    blocks = [0, 1, 3, 2]
    for parameter, ours in zip(layer.parameters(), (Wx, Wh, b / 2, b / 2), strict=True):
        shaped = torch.from_numpy(np.ascontiguousarray(ours.T)).unflatten(0, (4, -1))
        parameter.data = shaped[blocks].flatten(0, 1).contiguous()
    return layer


class CharLSTM(torch.nn.Module):
    """The forget bias is shared by the two vectors, and the head is a function."""

    def __init__(self, vocab, embed, hidden, layers=1, forget_bias=1.0):
        """Make the modules."""
        torch.nn.Module.__init__(self)
        self.embedding, self.head = torch.nn.Embedding(vocab, embed), torch.nn.Linear(hidden, vocab)
        self.lstm = torch.nn.LSTM(embed, hidden, num_layers=layers, batch_first=True)
        for weights in self.lstm.all_weights:
            for bias in weights[2:]:
                torch.nn.init.zeros_(bias)
                torch.nn.init.constant_(bias.view(4, hidden)[1], forget_bias / 2)

    def forward(self, ids, state=None):
        """Embedding, LSTM, head."""
        out = self.lstm(self.embedding.weight[ids], state)
        return torch.nn.functional.linear(out[0], self.head.weight, self.head.bias), out[1]


def train_char_lm(
    model, data, steps, seq_len, learning_rate, max_norm, device, precision="float32"
):
    """By a generator of pieces that knows where the text begins; losses in one tensor."""
    model = model.to(device).train()
    text = torch.tensor(data).to(device)

    def pieces():
        while True:
            for at in range(0, text.size(1) - 1, seq_len):
                piece = text[:, at : at + seq_len + 1]
                yield at == 0, piece[:, :-1], piece[:, 1:]

    optimiser = torch.optim.Adam(list(model.parameters()), learning_rate)
    losses, state = torch.zeros(steps, device=device, dtype=next(model.parameters()).dtype), None
    for step, (begins, inputs, targets) in zip(range(steps), pieces(), strict=False):
        optimiser.zero_grad(set_to_none=False)
        held = None if begins or state is None else (state[0].detach(), state[1].detach())
        with torch.autocast(device.type, torch.bfloat16, enabled=precision != "float32"):
            scores, state = model(inputs, held)
            loss = torch.nn.functional.cross_entropy(scores.transpose(1, 2), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(model.parameters()), max_norm, foreach=False)
        optimiser.step()
        losses[step] = loss.detach()
    return losses.cpu().numpy().tolist()
