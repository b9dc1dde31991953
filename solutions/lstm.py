"""The LSTM assignment's answers, in the notebook's order. NumPy and the answers above, and torch in the last three."""

import numpy as np
import torch


def rnn_step_forward(x, prev_h, Wx, Wh, b):
    """One time step of a vanilla recurrent network:

        next_h = tanh(x @ Wx + prev_h @ Wh + b)

    Arguments:
        x: (N, D) float, the input at this step.
        prev_h: (N, H) float, the hidden state that the step before left.
        Wx: (D, H) float, the weights from input to hidden.
        Wh: (H, H) float, the weights from hidden to hidden.
        b: (H,) float, the biases.

    Returns:
        next_h: (N, H) float.
        cache: whatever rnn_step_backward needs.

    No loop over the examples; nothing is changed in place. Source: CS231n, assignment 3.
    """
    next_h = np.tanh(x @ Wx + prev_h @ Wh + b)
    return next_h, (x, prev_h, Wx, Wh, next_h)


def rnn_step_backward(dnext_h, cache):
    """The backward pass of one step: from the gradient of some loss at next_h to those at everything that made it.

    The slope of tanh can be had from its value: tanh'(a) = 1 - tanh(a)**2.

    Arguments:
        dnext_h: (N, H) float, d loss / d next_h.
        cache: what rnn_step_forward returned.

    Returns:
        dx: (N, D), dprev_h: (N, H), dWx: (D, H), dWh: (H, H), db: (H,), all float, in this order.

    No loop over the examples; nothing is changed in place. Source: CS231n, assignment 3.
    """
    x, prev_h, Wx, Wh, next_h = cache
    da = dnext_h * (1 - next_h**2)
    return da @ Wx.T, da @ Wh.T, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def rnn_forward(x, h0, Wx, Wh, b):
    """A vanilla recurrent network over a whole sequence: the *same* weights at every step, each step's state to the next.

    Arguments:
        x: (N, T, D) float, N sequences of T steps.
        h0: (N, H) float, the hidden state before the first step. It need not be 0.
        Wx: (D, H), Wh: (H, H), b: (H,) float.

    Returns:
        h: (N, T, H) float, the hidden state after every step.
        cache: whatever rnn_backward needs.

    A loop over the T steps is fine, one over the examples is not. Nothing is changed in place.
    Source: CS231n, assignment 3.
    """
    h, states, caches = h0, [], []
    for t in range(x.shape[1]):
        h, cache = rnn_step_forward(x[:, t], h, Wx, Wh, b)
        states.append(h)
        caches.append(cache)
    return np.stack(states, axis=1), caches


def rnn_backward(dh, cache):
    """The backward pass of the whole sequence: backpropagation through time.

    A hidden state is used twice: by the loss at its own step, which sends dh[:, t], and by the next step, which sends its
    dprev_h. And the weights are used T times.

    Arguments:
        dh: (N, T, H) float, d loss / d h as it comes from the losses of the single steps *only*: without what one step
            hands back to the step before, which is for you to add.
        cache: what rnn_forward returned.

    Returns:
        dx: (N, T, D), dh0: (N, H), dWx: (D, H), dWh: (H, H), db: (H,), all float, in this order.

    dh is not changed. Source: CS231n, assignment 3.
    """
    T = dh.shape[1]
    dx, carried, totals = [None] * T, 0.0, [0.0, 0.0, 0.0]
    for t in reversed(range(T)):
        dx[t], carried, *grads = rnn_step_backward(dh[:, t] + carried, cache[t])
        totals = [total + grad for total, grad in zip(totals, grads, strict=True)]
    return np.stack(dx, axis=1), carried, *totals


def word_embedding_forward(x, W):
    """Words as vectors: each id is replaced by its own row of W.

    Arguments:
        x: (N, T) int in [0, V), the ids. One id may occur many times, another never.
        W: (V, D) float, a vector for every id.

    Returns:
        out: (N, T, D) float.
        cache: whatever word_embedding_backward needs.

    No loop over the examples. Source: CS231n, assignment 3.
    """
    return W[x], (x, W)


def word_embedding_backward(dout, cache):
    """The backward pass of the embedding. Ids are no numbers to differentiate by; W is.

    Arguments:
        dout: (N, T, D) float, d loss / d out.
        cache: what word_embedding_forward returned.

    Returns:
        dW: (V, D) float: row v is the sum of dout over *all* places where id v stands; 0 where it stands nowhere.

    No loop over the examples; dout is not changed. Source: CS231n, assignment 3.
    """
    x, W = cache
    dW = np.zeros_like(W)
    np.add.at(dW, x, dout)
    return dW


def temporal_affine_forward(x, w, b):
    """An affine layer that treats every step of every sequence alike: out[n, t] = x[n, t] @ w + b.

    Arguments:
        x: (N, T, D) float.
        w: (D, M) float.
        b: (M,) float.

    Returns:
        out: (N, T, M) float.
        cache: whatever temporal_affine_backward needs.

    No loop over examples or steps. Source: CS231n, assignment 3.
    """
    return x @ w + b, (x, w)


def temporal_affine_backward(dout, cache):
    """The backward pass of the temporal affine layer.

    Arguments:
        dout: (N, T, M) float, d loss / d out.
        cache: what temporal_affine_forward returned.

    Returns:
        dx: (N, T, D), dw: (D, M), db: (M,), all float, in this order.

    No loop over examples or steps; dout is not changed. Source: CS231n, assignment 3.
    """
    x, w = cache
    return dout @ w.T, np.einsum("ntd,ntm->dm", x, dout), dout.sum(axis=(0, 1))


def temporal_softmax_loss(x, y, mask):
    """The loss of predicting a word at every step: one softmax loss per step, and a difference of vectors is none.

        loss = (1 / N) * sum over n and t of  mask[n, t] * ( -log softmax(x[n, t])[y[n, t]] )

    A sum over the steps, a mean over the sequences. Sequences of different lengths are filled up to the same T; the mask
    says which steps are real.

    Arguments:
        x: (N, T, V) float, the scores. They may be as large as +-1e4, and rows may lie far apart.
        y: (N, T) int in [0, V), the right words. Where mask is False they mean nothing.
        mask: (N, T) bool, False where a step is filling. It may be False everywhere: the loss is then 0.

    Returns:
        loss: a number.
        dx: (N, T, V) float, d loss / d x.

    No loop over examples or steps; nothing is changed in place. Source: CS231n, assignment 3.
    """
    N, _, V = x.shape
    shifted = x - x.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    truth = np.arange(V) == y[:, :, None]
    real = mask[:, :, None] / N
    return -np.sum(log_p * truth * real), (np.exp(log_p) - truth) * real


def lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b):
    """One time step of an LSTM. Three gates and a proposal, all made from x *and* prev_h:

        a = x @ Wx + prev_h @ Wh + b        (N, 4H), cut into four blocks of H columns: a_i, a_f, a_o, a_g, in this order

        i = sigmoid(a_i)    how much of the proposal is let in
        f = sigmoid(a_f)    how much of the old cell state is kept
        o = sigmoid(a_o)    how much of the cell state is shown
        g = tanh(a_g)       the proposal

        next_c = f * prev_c + i * g
        next_h = o * tanh(next_c)

    with sigmoid(a) = 1 / (1 + exp(-a)); entries of a may be as large as +-1e4, which leaves a gate fully open or shut.

    Arguments:
        x: (N, D) float, the input at this step.
        prev_h: (N, H) float, the hidden state that the step before left.
        prev_c: (N, H) float, the cell state that the step before left.
        Wx: (D, 4H), Wh: (H, 4H), b: (4H,) float.

    Returns:
        next_h: (N, H) float.
        next_c: (N, H) float.
        cache: whatever lstm_step_backward needs.

    No loop over the examples; nothing is changed in place. Source: CS231n, assignment 3; Hochreiter and Schmidhuber 1997.
    """
    H = prev_h.shape[1]
    a = x @ Wx + prev_h @ Wh + b
    i, f, o = np.split(
        0.5 * (1 + np.tanh(a[:, : 3 * H] / 2)), 3, axis=1
    )  # sigmoid, and nothing can overflow
    g = np.tanh(a[:, 3 * H :])
    next_c = f * prev_c + i * g
    return o * np.tanh(next_c), next_c, (x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c)


def lstm_step_backward(dnext_h, dnext_c, cache):
    """The backward pass of one LSTM step.

    next_c is used twice: it goes on to the next step, which sends dnext_c, and it makes next_h. The slope of the sigmoid
    can be had from its value: s * (1 - s).

    Arguments:
        dnext_h: (N, H) float, d loss / d next_h.
        dnext_c: (N, H) float, d loss / d next_c by way of the next step only.
        cache: what lstm_step_forward returned.

    Returns:
        dx: (N, D), dprev_h: (N, H), dprev_c: (N, H), dWx: (D, 4H), dWh: (H, 4H), db: (4H,), all float, in this order.

    No loop over the examples; dnext_h and dnext_c are not changed: the caller may still need them.
    Source: CS231n, assignment 3.
    """
    x, prev_h, prev_c, Wx, Wh, i, f, o, g, next_c = cache
    shown = np.tanh(next_c)
    dc = dnext_c + dnext_h * o * (1 - shown**2)
    da = np.hstack(
        [
            dc * g * i * (1 - i),
            dc * prev_c * f * (1 - f),
            dnext_h * shown * o * (1 - o),
            dc * i * (1 - g**2),
        ]
    )
    return da @ Wx.T, da @ Wh.T, dc * f, x.T @ da, prev_h.T @ da, da.sum(axis=0)


def lstm_forward(x, h0, Wx, Wh, b):
    """An LSTM over a whole sequence. The cell state starts at 0; only the hidden states are handed out.

    Arguments:
        x: (N, T, D) float, N sequences of T steps.
        h0: (N, H) float, the hidden state before the first step. It need not be 0.
        Wx: (D, 4H), Wh: (H, 4H), b: (4H,) float, the columns in the order i, f, o, g.

    Returns:
        h: (N, T, H) float, the hidden state after every step.
        cache: whatever lstm_backward needs.

    A loop over the T steps is fine, one over the examples is not. Nothing is changed in place.
    Source: CS231n, assignment 3.
    """
    h, c, states, caches = h0, np.zeros_like(h0), [], []
    for t in range(x.shape[1]):
        h, c, cache = lstm_step_forward(x[:, t], h, c, Wx, Wh, b)
        states.append(h)
        caches.append(cache)
    return np.stack(states, axis=1), caches


def lstm_backward(dh, cache):
    """The backward pass of the whole LSTM sequence: two gradients travel back, one in h and one in c.

    Arguments:
        dh: (N, T, H) float, d loss / d h as it comes from the losses of the single steps only.
        cache: what lstm_forward returned.

    Returns:
        dx: (N, T, D), dh0: (N, H), dWx: (D, 4H), dWh: (H, 4H), db: (4H,), all float, in this order.

    Nobody but the next step uses a cell state, and the last step has none after it. dh is not changed.
    Source: CS231n, assignment 3.
    """
    T = dh.shape[1]
    dx, carried_h, carried_c, totals = [None] * T, 0.0, np.zeros_like(dh[:, 0]), [0.0, 0.0, 0.0]
    for t in reversed(range(T)):
        dx[t], carried_h, carried_c, *grads = lstm_step_backward(
            dh[:, t] + carried_h, carried_c, cache[t]
        )
        totals = [total + grad for total, grad in zip(totals, grads, strict=True)]
    return np.stack(dx, axis=1), carried_h, *totals


def gru_step_forward(x, prev_h, Wx, Wh, bx, bh):
    """One time step of a GRU: two gates, a proposal, and no second state.

        a = x @ Wx + bx,   u = prev_h @ Wh + bh      (N, 3H) each, cut into three blocks of H columns, in the order r, z, n

        r = sigmoid(a_r + u_r)       the reset gate: how much of the old state the proposal hears
        z = sigmoid(a_z + u_z)       the update gate: how much of the old state stays
        n = tanh(a_n + r * u_n)      the proposal

        next_h = (1 - z) * n + z * prev_h

    The reset gate acts *after* the matrix product, on the whole of u_n, its bias included; so do torch and cuDNN. In the
    paper it acts on prev_h before the product: another network. Entries of a and u may be as large as +-1e4.

    Arguments:
        x: (N, D) float, the input at this step.
        prev_h: (N, H) float, the state that the step before left.
        Wx: (D, 3H), Wh: (H, 3H), bx: (3H,), bh: (3H,) float.

    Returns:
        next_h: (N, H) float.
        cache: whatever gru_step_backward needs.

    No loop over the examples; nothing is changed in place. Source: Cho et al. 2014; torch.nn.GRUCell.
    """
    a, u = x @ Wx + bx, prev_h @ Wh + bh
    (a_r, a_z, a_n), (u_r, u_z, u_n) = np.split(a, 3, axis=1), np.split(u, 3, axis=1)
    r, z = (0.5 * (1 + np.tanh((one + other) / 2)) for one, other in ((a_r, u_r), (a_z, u_z)))
    n = np.tanh(a_n + r * u_n)
    return (1 - z) * n + z * prev_h, (x, prev_h, Wx, Wh, r, z, n, u_n)


def gru_step_backward(dnext_h, cache):
    """The backward pass of one GRU step.

    prev_h is used in four places: straight in next_h, and in each of the three blocks of u. In the block of the proposal
    a and u have different gradients, for r stands between them; so bx and bh have, too.

    Arguments:
        dnext_h: (N, H) float, d loss / d next_h.
        cache: what gru_step_forward returned.

    Returns:
        dx: (N, D), dprev_h: (N, H), dWx: (D, 3H), dWh: (H, 3H), dbx: (3H,), dbh: (3H,), all float, in this order.

    No loop over the examples; dnext_h is not changed. Source: Cho et al. 2014; torch.nn.GRUCell.
    """
    x, prev_h, Wx, Wh, r, z, n, u_n = cache
    da_n = dnext_h * (1 - z) * (1 - n**2)
    da_z = dnext_h * (prev_h - n) * z * (1 - z)
    da_r = da_n * u_n * r * (1 - r)
    da, du = np.hstack([da_r, da_z, da_n]), np.hstack([da_r, da_z, da_n * r])
    dprev_h = dnext_h * z + du @ Wh.T
    return da @ Wx.T, dprev_h, x.T @ da, prev_h.T @ du, da.sum(axis=0), du.sum(axis=0)


def lstm_weight_shape(D, H, layer):
    """The shape of *the* weight matrix W of an LSTM layer, written as the lectures do: a = W @ (x on top of h) + b.

    Layer 1 reads the input, every layer above it reads the hidden states of the layer below.

    Arguments:
        D: int, the number of inputs.
        H: int, the number of hidden units, of every layer.
        layer: int, counted from 1.

    Returns:
        (rows, columns), a tuple of two ints.

    Raises ValueError for a layer below 1.
    """
    if layer < 1:
        raise ValueError(f"layers are counted from 1, not {layer}")
    return 4 * H, (D if layer == 1 else H) + H


def pack_ifog(Wx, Wh):
    """Our two weight matrices as the one of the lectures, for columns instead of rows.

        x @ Wx + h @ Wh  =  W @ (x on top of h)       for every x (D,) and h (H,)

    Arguments:
        Wx: (D, 4H) float.
        Wh: (H, 4H) float.

    Returns:
        W: (4H, D + H) float, a new array, the rows in the order i, f, o, g.
    """
    return np.hstack([Wx.T, Wh.T])


def init_lstm(D, H, forget_bias=1.0, rng=None):
    """The weights that an LSTM starts from.

    First Wx, then Wh is drawn, each by one call of rng.uniform with its whole shape, between -1/sqrt(H) and 1/sqrt(H).
    Nothing else is drawn. The biases are 0, but for those of the *forget* gate, which are forget_bias: at first the cell
    should rather remember than forget, or no gradient ever comes back to teach it.

    Arguments:
        D, H: int, the numbers of inputs and of hidden units.
        forget_bias: float.
        rng: numpy.random.Generator, or None for a fresh np.random.default_rng().

    Returns:
        Wx: (D, 4H), Wh: (H, 4H), b: (4H,), all float, the columns in the order i, f, o, g.

    Source: Jozefowicz, Zaremba and Sutskever 2015.
    """
    rng = np.random.default_rng() if rng is None else rng
    bound = 1 / np.sqrt(H)
    Wx = rng.uniform(-bound, bound, (D, 4 * H))
    Wh = rng.uniform(-bound, bound, (H, 4 * H))
    b = np.zeros(4 * H)
    b[H : 2 * H] = forget_bias
    return Wx, Wh, b


def many_to_one_loss(params, x, y):
    """A whole sequence in, one class out: an LSTM that starts at h0 = 0, and scores made from its *last* state only.

        scores = h[:, -1] @ Wy + by,      loss = mean over the N sequences of the softmax loss of scores

    Arguments:
        params: dict of float arrays, "Wx" (D, 4H), "Wh" (H, 4H), "b" (4H,), "Wy" (H, C), "by" (C,).
        x: (N, T, D) float.
        y: (N,) int in [0, C).

    Returns:
        loss: a number.
        grads: dict with the names of params, each the gradient of the loss, of its parameter's shape.
        scores: (N, C) float.

    No loop over the examples; neither params nor their arrays are changed.
    """
    h0 = np.zeros((len(x), len(params["Wh"])))
    h, lstm = lstm_forward(x, h0, params["Wx"], params["Wh"], params["b"])
    scores, affine = temporal_affine_forward(h[:, -1:], params["Wy"], params["by"])
    loss, dscores = temporal_softmax_loss(scores, y[:, None], np.ones((len(x), 1), dtype=bool))
    dh, grads = np.zeros_like(h), {}
    dh[:, -1:], grads["Wy"], grads["by"] = temporal_affine_backward(dscores, affine)
    _, _, grads["Wx"], grads["Wh"], grads["b"] = lstm_backward(dh, lstm)
    return loss, grads, scores[:, 0]


def clip_grad_norm(grads, max_norm):
    """Clip by norm: if all gradients *together* are longer than max_norm, shorten them to it, and keep their direction.

        norm = root of the sum of the squares of all entries of all arrays
        every array is multiplied by max_norm / norm,      but only if norm > max_norm

    The arrays in grads are changed in place, so that whoever holds them sees it. Gradients of 0 stay 0.

    Arguments:
        grads: dict of float arrays.
        max_norm: float > 0.

    Returns:
        norm: a number, the norm *before* clipping.

    Raises ValueError when the norm is nan or inf; nothing is changed then. Source: Pascanu, Mikolov and Bengio 2013.
    """
    norm = np.sqrt(sum(np.sum(grad**2) for grad in grads.values()))
    if not np.isfinite(norm):
        raise ValueError(f"the norm of the gradients is {norm}")
    if norm > max_norm:
        for grad in grads.values():
            grad *= max_norm / norm
    return norm


def clip_grad_value(grads, limit):
    """Clip by value: every entry by itself is moved into [-limit, limit]. The direction may change.

    Arguments:
        grads: dict of float arrays, which are changed in place.
        limit: float > 0.

    Returns nothing. Source: char-rnn (limit 5).
    """
    for grad in grads.values():
        np.clip(grad, -limit, limit, out=grad)


def stacked_lstm_forward(x, h0, params):
    """Several LSTM layers: the hidden states of one are the inputs of the next, at every step.

    Arguments:
        x: (N, T, D) float, the inputs of the first layer.
        h0: list of L float arrays (N, H), the hidden state that each layer starts from. Cell states start at 0.
        params: list of L tuples (Wx, Wh, b). Wx is (D, 4H) in the first layer and (H, 4H) above.

    Returns:
        h: (N, T, H) float, the hidden states of the last layer.
        cache: whatever stacked_lstm_backward needs.

    No loop over the examples; nothing is changed in place.
    """
    caches = []
    for start, layer in zip(h0, params, strict=True):
        x, cache = lstm_forward(x, start, *layer)
        caches.append(cache)
    return x, caches


def stacked_lstm_backward(dh, cache):
    """The backward pass of the stack, from the last layer to the first.

    Arguments:
        dh: (N, T, H) float, d loss / d h of the last layer.
        cache: what stacked_lstm_forward returned.

    Returns:
        dx: (N, T, D) float.
        dh0: list of L float arrays (N, H), first layer first.
        grads: list of L tuples (dWx, dWh, db), first layer first.

    dh is not changed.
    """
    dh0, grads = [], []
    for layer in reversed(cache):
        dh, start, *layer_grads = lstm_backward(dh, layer)
        dh0.insert(0, start)
        grads.insert(0, tuple(layer_grads))
    return dh, dh0, grads


def bidirectional_lstm(x, lengths, there, back):
    """Two LSTMs read the same sequences, one from the first step on and one from the last *real* step backwards.

    Sequences of different lengths are filled up to the same T. The filling comes after the real steps, and neither reader
    may hear of it: the second one begins, with a state of 0, at step lengths[n] - 1.

    Arguments:
        x: (N, T, D) float. What stands at filling steps means nothing.
        lengths: (N,) int in [1, T], how many steps of each sequence are real.
        there: (Wx (D, 4H), Wh (H, 4H), b (4H,)), the weights of the reader that goes from first to last.
        back: the same of the reader that goes from last to first.

    Returns:
        h: (N, T, 2H) float. At a real step t first the H numbers of the one reader, which has read the steps up to t, then
            the H numbers of the other, which has read those from the last real one down to t. At filling steps 0.

    No loop over the examples; nothing is changed in place. Both readers start at h0 = 0, as lstm_forward does with its
    cell. Source: Schuster and Paliwal 1997; Graves and Schmidhuber 2005.
    """
    steps = np.arange(x.shape[1])
    real = steps < lengths[:, None]
    turned = np.where(real, lengths[:, None] - 1 - steps, steps)[:, :, None]
    h0 = np.zeros((len(x), len(there[1])))
    onward, _ = lstm_forward(x, h0, *there)
    backward, _ = lstm_forward(np.take_along_axis(x, turned, axis=1), h0, *back)
    both = np.concatenate([onward, np.take_along_axis(backward, turned, axis=1)], axis=2)
    return both * real[:, :, None]


def bptt_chunks(data, seq_len):
    """Long texts in pieces that fit: at every place the input is a symbol, and the target the symbol after it.

    Arguments:
        data: (N, M) int, N texts of M >= 2 symbols that are read side by side.
        seq_len: int >= 1, the number of steps of a piece.

    Returns:
        list of pairs (inputs, targets), int arrays of shape (N, seq_len) each, in the order of the text. The last pair
        holds what is left and may be shorter. Every symbol but the first of each text is a target exactly once, the ones
        at the seams included; every symbol but the last is an input exactly once.
    """
    pairs = []
    for start in range(0, data.shape[1] - 1, seq_len):
        stop = min(start + seq_len, data.shape[1] - 1)
        pairs.append((data[:, start:stop], data[:, start + 1 : stop + 1]))
    return pairs


def char_rnn_train_step(params, inputs, targets, h_prev):
    """Loss and gradients of a character model on one piece of text: embedding, vanilla RNN, scores at every step.

    This is *truncated* backpropagation through time: the state comes in from the piece before as h_prev and goes out to
    the next as h_last, but no gradient crosses the seam. h_prev counts as a constant.

    Arguments:
        params: dict of float arrays, "E" (V, D), the embedding; "Wx" (D, H), "Wh" (H, H), "b" (H,); "Wy" (H, V), "by" (V,).
        inputs: (N, T) int in [0, V).
        targets: (N, T) int in [0, V), the symbol after each input.
        h_prev: (N, H) float, the state that the piece before left.

    Returns:
        loss: a number, as temporal_softmax_loss has it: summed over the steps, averaged over the texts.
        grads: dict with the names of params, each the gradient of the loss, of its parameter's shape.
        h_last: (N, H) float, the state after the last step.

    No loop over the examples; nothing is changed in place. Source: min-char-rnn.
    """
    words, embedding = word_embedding_forward(inputs, params["E"])
    h, rnn = rnn_forward(words, h_prev, params["Wx"], params["Wh"], params["b"])
    scores, affine = temporal_affine_forward(h, params["Wy"], params["by"])
    loss, dscores = temporal_softmax_loss(scores, targets, np.ones(targets.shape, dtype=bool))
    grads = {}
    dh, grads["Wy"], grads["by"] = temporal_affine_backward(dscores, affine)
    dwords, _, grads["Wx"], grads["Wh"], grads["b"] = rnn_backward(dh, rnn)
    grads["E"] = word_embedding_backward(dwords, embedding)
    return loss, grads, h[:, -1]


def sample(params, h0, seed_ix, n, temperature, rng):
    """Let the character model write: each symbol that it draws is what it reads next.

    It first reads seed_ix in the state h0. Then, n times: scores from the present state; the next symbol drawn from
    softmax(scores / temperature) by one call rng.choice(V, p=...); and that symbol is read. At temperature 0 the symbol
    with the highest score is taken, and nothing is drawn; small temperatures come close to that, and must not overflow.

    Arguments:
        params: dict as in char_rnn_train_step.
        h0: (1, H) float.
        seed_ix: int in [0, V). It is no part of what is returned.
        n: int >= 0.
        temperature: float >= 0.
        rng: numpy.random.Generator.

    Returns:
        (n,) int array, what was written.

    Nothing is changed in place. Source: min-char-rnn; char-rnn.
    """
    h, symbol, written = h0, seed_ix, np.zeros(n, dtype=int)
    for k in range(n):
        h, _ = rnn_step_forward(params["E"][[symbol]], h, params["Wx"], params["Wh"], params["b"])
        scores = (h @ params["Wy"] + params["by"])[0]
        if temperature == 0:
            symbol = np.argmax(scores)
        else:
            p = np.exp((scores - scores.max()) / temperature)
            symbol = rng.choice(len(p), p=p / p.sum())
        written[k] = symbol
    return written


def beam_search(step, state, first, k, n, end=None):
    """Look for the likeliest line: keep the k most probable beginnings, and lengthen all of them at every step.

    A hypothesis is a line of symbols with its log-probability, the sum of those of its symbols. At first there is one, the
    empty line, with 0. Then, n times: each hypothesis reads its last symbol (the empty one reads first) in its own state,
    and is continued by every symbol. Of all these continuations the k most probable are kept. A hypothesis that has written
    the end symbol is finished: it is not lengthened any more, and competes with the others as it is. When all that are
    kept are finished, the search is over.

    Arguments:
        step: step(state, symbol) gives (log_p (V,), the state after it): the log-probability of each next symbol once the
            symbol is read. It changes no state in place.
        state: the state before first is read, whatever step takes.
        first: int, the symbol that is read first. It is no part of what is returned.
        k: int >= 1, the width of the beam.
        n: int >= 0, the most symbols of a line.
        end: int in [0, V), the end symbol, or None for none.

    Returns:
        kept: list of at most k pairs (symbols, log_p), the most probable first: symbols is a list of at most n ints, the
            end symbol among them where it was written, and log_p a number.

    Ties are broken by order: of equally probable continuations those of the hypothesis that stands further in front come
    first, and of one hypothesis that of the smaller symbol; a finished one stands where its first continuation would.
    Source: Lowerre 1976; Sutskever, Vinyals and Le 2014.
    """
    beam = [([], 0.0, state)]
    for _ in range(n):
        candidates = []
        for symbols, log_p, held in beam:
            if end is not None and symbols and symbols[-1] == end:
                candidates.append((symbols, log_p, held))
                continue
            of_next, after = step(held, symbols[-1] if symbols else first)
            candidates += [([*symbols, v], log_p + of_next[v], after) for v in range(len(of_next))]
        beam = sorted(candidates, key=lambda one: -one[1])[:k]  # sorted keeps the order of equals
        if end is not None and all(symbols[-1] == end for symbols, _, _ in beam):
            break
    return [(symbols, float(log_p)) for symbols, log_p, _ in beam]


def spectral_radius(W):
    """The largest *magnitude* of an eigenvalue, which may be a complex one: how fast W @ W @ ... @ W grows in the end.

    Arguments:
        W: (H, H) float.

    Returns:
        a number.
    """
    return np.abs(np.linalg.eigvals(W)).max()


def spectral_norm(W):
    """The largest singular value: by how much one multiplication by W can lengthen a vector at most.

    Arguments:
        W: (H, H) float.

    Returns:
        a number.
    """
    return np.linalg.norm(W, 2)


def gradient_norm_profile(W, h0, g, nonlinearity, T):
    """How long a gradient is on its way back through T steps of a recurrent network without inputs.

    Forward, from h0 on:    h_t = phi(h_{t-1} @ W)                for t = 1, ..., T
    Back, from g = g_T on:  g_{t-1} = (g_t * phi'(h_{t-1} @ W)) @ W.T

    Arguments:
        W: (H, H) float, the weights from hidden to hidden.
        h0: (H,) float, the first state.
        g: (H,) float, the gradient at the last state h_T.
        nonlinearity: "linear", where phi(a) = a, or "tanh". Anything else raises ValueError.
        T: int >= 0.

    Returns:
        norms: (T + 1,) float: norms[k] is the length of the gradient k steps back, so that norms[0] is that of g and
            norms[T] that of the gradient at h0.

    Nothing is changed in place. Source: Pascanu, Mikolov and Bengio 2013.
    """
    if nonlinearity not in ("linear", "tanh"):
        raise ValueError(f'nonlinearity must be "linear" or "tanh", not {nonlinearity!r}')
    h, slopes = h0, []
    for _ in range(T):
        h = h @ W
        if nonlinearity == "tanh":
            h = np.tanh(h)
        slopes.append(1 - h**2 if nonlinearity == "tanh" else np.ones_like(h))
    norms = [np.linalg.norm(g)]
    for slope in reversed(slopes):
        g = (g * slope) @ W.T
        norms.append(np.linalg.norm(g))
    return np.array(norms)


def exploding_counterexample(H, rho):
    """Find the error: "if the largest eigenvalue is below 1, gradients vanish". Show a W that proves it wrong for a time.

    Its spectral radius is at most rho, so that in the very end every gradient does vanish. Yet on the way, within 4 H
    steps, some gradient becomes more than 1000 times as long as it was, although one step alone can at most make it 2.5
    times as long: the spectral norm is at most 2.5.

    Arguments:
        H: int >= 16, the number of hidden units.
        rho: float, 0.5 <= rho < 1.

    Returns:
        W: (H, H) float.

    The eigenvalues of a triangular matrix stand on its diagonal. (There are many answers.)
    """
    return rho * np.eye(H) + 1.5 * np.eye(H, k=1)


def sequence_claims():
    """Find the errors: which of these eight sentences, all of them found in lecture notes or put right, are true?

        (a) The loss of one step of a language model is the difference between its output and its state, y_t - h_t.
        (b) The same weights are used at every step, so their gradient is the sum of what every step contributes.
        (c) From sequence to sequence: what the decoder gets of the input is the encoder's last hidden state, as its first.
        (d) Truncated backpropagation cuts the text into separate pieces: each piece starts with a state of 0.
        (e) Each gate of an LSTM looks either at the input x_t or at the last state h_{t-1}.
        (f) Straight along the cell state, from c_t to c_{t-1}, a gradient is multiplied by the forget gate and by no
            weight matrix.
        (g) An LSTM layer's matrix, a = W @ (x on top of h), has 4H rows and 2H columns, whatever the number of inputs.
        (h) Clipping by norm keeps the direction of the gradient; clipping by value may turn it.

    Returns:
        claims: dict from "a", ..., "h" to True (the sentence is right) or False.
    """
    return {
        "a": False,
        "b": True,
        "c": True,
        "d": False,
        "e": False,
        "f": True,
        "g": False,
        "h": True,
    }


def seq2seq_loss(params, x, y):
    """From sequence to sequence: an LSTM reads x, a second one starts from the first one's last hidden state and writes y.

    Encoder: reads the embeddings of x, starting at h0 = 0. Decoder: starts at the encoder's last hidden state (its cell
    state starts at 0, as always). At its first step it reads the start symbol, whose id is V, and at every later step the
    *right* symbol of the step before, y[:, t - 1], whatever it would have written itself (teacher forcing). Its scores at
    step t are for y[:, t].

    Arguments:
        params: dict of float arrays, "E" (V + 1, D), the embedding of both, the last row that of the start symbol;
            "enc_Wx" (D, 4H), "enc_Wh" (H, 4H), "enc_b" (4H,); "dec_Wx", "dec_Wh", "dec_b" of the same shapes;
            "Wy" (H, V), "by" (V,).
        x: (N, S) int in [0, V), what is read.
        y: (N, T) int in [0, V), what has to be written. T need not be S.

    Returns:
        loss: a number, as temporal_softmax_loss has it, every step being real.
        grads: dict with the names of params, each the gradient of the loss, of its parameter's shape.

    No loop over the examples; nothing is changed in place. Source: Sutskever, Vinyals and Le 2014.
    """
    N, V = len(x), len(params["by"])
    read, reading = word_embedding_forward(x, params["E"])
    h0 = np.zeros((N, len(params["Wy"])))
    enc_h, encoder = lstm_forward(read, h0, params["enc_Wx"], params["enc_Wh"], params["enc_b"])
    before = np.hstack([np.full((N, 1), V), y[:, :-1]])
    told, telling = word_embedding_forward(before, params["E"])
    dec_h, decoder = lstm_forward(
        told, enc_h[:, -1], params["dec_Wx"], params["dec_Wh"], params["dec_b"]
    )
    scores, affine = temporal_affine_forward(dec_h, params["Wy"], params["by"])
    loss, dscores = temporal_softmax_loss(scores, y, np.ones(y.shape, dtype=bool))

    grads = {}
    ddec_h, grads["Wy"], grads["by"] = temporal_affine_backward(dscores, affine)
    dtold, dcontext, grads["dec_Wx"], grads["dec_Wh"], grads["dec_b"] = lstm_backward(
        ddec_h, decoder
    )
    denc_h = np.zeros_like(enc_h)
    denc_h[:, -1] = dcontext
    dread, _, grads["enc_Wx"], grads["enc_Wh"], grads["enc_b"] = lstm_backward(denc_h, encoder)
    grads["E"] = word_embedding_backward(dtold, telling) + word_embedding_backward(dread, reading)
    return loss, grads


def seq2seq_decode(params, x, n):
    """What the trained pair writes by itself: at every step the symbol with the highest score, which it reads at the next.

    Arguments:
        params: dict as in seq2seq_loss.
        x: (N, S) int in [0, V), what is read.
        n: int >= 1, how many symbols to write.

    Returns:
        (N, n) int array, each entry in [0, V).

    No loop over the examples; nothing is changed in place.
    """
    N, V, H = len(x), len(params["by"]), len(params["Wy"])
    enc_h, _ = lstm_forward(
        params["E"][x], np.zeros((N, H)), params["enc_Wx"], params["enc_Wh"], params["enc_b"]
    )
    h, c, last, written = enc_h[:, -1], np.zeros((N, H)), np.full(N, V), []
    for _ in range(n):
        h, c, _ = lstm_step_forward(
            params["E"][last], h, c, params["dec_Wx"], params["dec_Wh"], params["dec_b"]
        )
        last = np.argmax(h @ params["Wy"] + params["by"], axis=1)
        written.append(last)
    return np.stack(written, axis=1)


def to_torch_lstm(Wx, Wh, b):
    """Our LSTM as torch's: the same numbers, in torch's places.

    torch.nn.LSTM(D, H, batch_first=True) has weight_ih_l0 (4H, D) and weight_hh_l0 (4H, H), for columns as in the lectures,
    but its gates stand in the order i, f, g, o, ours in the order i, f, o, g. And it has *two* bias vectors, bias_ih_l0 and
    bias_hh_l0 (4H,), which it adds.

    Arguments:
        Wx: (D, 4H), Wh: (H, 4H), b: (4H,), float64 NumPy arrays, the columns in the order i, f, o, g.

    Returns:
        a torch.nn.LSTM with one layer, batch_first=True, in float64, on the CPU: given x (N, T, D) and the states
            (h0, c0), both (1, N, H), its first result is what lstm_forward gives for c0 = 0.
    """
    D, H = len(Wx), len(Wh)
    order = np.concatenate([np.arange(2 * H), np.arange(3 * H, 4 * H), np.arange(2 * H, 3 * H)])
    module = torch.nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    ours = {
        "weight_ih_l0": Wx[:, order].T,
        "weight_hh_l0": Wh[:, order].T,
        "bias_ih_l0": b[order],
        "bias_hh_l0": 0 * b,
    }
    module.load_state_dict({name: torch.from_numpy(array) for name, array in ours.items()})
    return module


class CharLSTM(torch.nn.Module):
    """A character model in torch: an embedding, an LSTM, and scores for the next symbol at every step.

    It has three modules, by these names:

        embedding   torch.nn.Embedding(vocab, embed)
        lstm        torch.nn.LSTM(embed, hidden, layers, batch_first=True)
        head        torch.nn.Linear(hidden, vocab)
    """

    def __init__(self, vocab, embed, hidden, layers=1, forget_bias=1.0):
        """Make the modules, and open the forget gates.

        Weights start as torch starts them. The biases of the LSTM, in every layer, start at 0, but for the forget gates:
        there the *sum* of the two bias vectors that torch has is forget_bias.

        Arguments:
            vocab: int, the number of symbols V.
            embed, hidden: int, the lengths of an embedding and of a state.
            layers: int, how many LSTM layers stand on one another.
            forget_bias: float.
        """
        super().__init__()
        self.embedding = torch.nn.Embedding(vocab, embed)
        self.lstm = torch.nn.LSTM(embed, hidden, layers, batch_first=True)
        self.head = torch.nn.Linear(hidden, vocab)
        with torch.no_grad():
            for name, parameter in self.lstm.named_parameters():
                if name.startswith("bias"):
                    parameter.zero_()
                if name.startswith("bias_ih"):
                    parameter[hidden : 2 * hidden] = forget_bias

    def forward(self, ids, state=None):
        """Scores for the symbol after each one that is read.

        Arguments:
            ids: (N, T) int64 tensor, entries in [0, V).
            state: (h, c) as the call before returned it, or None to start at 0.

        Returns:
            scores: (N, T, V) float tensor.
            state: (h, c), each (layers, N, hidden), after the last step.
        """
        h, state = self.lstm(self.embedding(ids), state)
        return self.head(h), state


def train_char_lm(
    model, data, steps, seq_len, learning_rate, max_norm, device, precision="float32"
):
    """Train a character model by truncated backpropagation through time, on whatever device there is.

    Each of the steps takes the next piece of bptt_chunks(data, seq_len); after the last piece the first one comes again.
    The state is carried from piece to piece, and *detached* between them, so that no gradient crosses the seam; at the
    first piece, whenever it comes, the state is None. The loss is the mean of the cross-entropy over all N * T predictions
    of the piece. Then clip the gradients to norm max_norm, all together, and take a step of torch.optim.Adam.

    Arguments:
        model: like CharLSTM: scores, state = model(ids, state). Move it to the device.
        data: (N, M) int64 NumPy array, N texts side by side. Move it to the device once, before the first step.
        steps: int >= 1.
        seq_len: int >= 1, the length of a piece.
        learning_rate: float, Adam's; its other settings are torch's own.
        max_norm: float > 0.
        device: torch.device.
        precision: "float32" for none, or "bfloat16": the forward pass and the loss then run under torch.autocast.

    Returns:
        losses: list of floats, the loss of each step. No step may wait for the device: read the losses all at once, after
            the last step.
    """
    model.to(device)
    pieces = bptt_chunks(torch.from_numpy(data).to(device), seq_len)
    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    losses, state = [], None
    for step in range(steps):
        inputs, targets = pieces[step % len(pieces)]
        state = tuple(one.detach() for one in state) if state and step % len(pieces) else None
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bfloat16"):
            scores, state = model(inputs, state)
            loss = torch.nn.functional.cross_entropy(scores.flatten(0, 1), targets.flatten())
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
        optimiser.step()
        losses.append(loss.detach())
    return torch.stack(losses).tolist()
