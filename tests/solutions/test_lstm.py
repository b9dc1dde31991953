"""The LSTM references: every gradient against torch, every corrected statement and figure against
numbers.
"""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from autograder.watch.devices import kernels_for
from coursekit.sequences import delayed_recall
from coursekit.text import find_text

from .conftest import asked

torch = pytest.importorskip("torch")
F = torch.nn.functional


def drawn(*shape, seed: int = 0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def derived(f, *arrays, upstream=None):
    """f's value in torch, and its gradients with respect to ``arrays`` for an upstream gradient."""
    tensors = [torch.from_numpy(np.array(one, dtype=float)).requires_grad_() for one in arrays]
    out = f(*tensors)
    out.backward(
        torch.ones_like(out) if upstream is None else torch.from_numpy(np.asarray(upstream))
    )
    return out.detach().numpy(), [one.grad.numpy() for one in tensors]


def agree(ours, theirs, tolerance=1e-12):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


# --- torch's own way of writing it ----------------------------------------------------------------


def torch_rnn(x, h0, Wx, Wh, b):
    states, h = [], h0
    for t in range(x.shape[1]):
        h = torch.tanh(x[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return torch.stack(states, dim=1)


def torch_lstm_step(x, h, c, Wx, Wh, b):
    i, f, o, g = (x @ Wx + h @ Wh + b).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def torch_lstm(x, h0, Wx, Wh, b):
    states, h, c = [], h0, torch.zeros_like(h0)
    for t in range(x.shape[1]):
        h, c = torch_lstm_step(x[:, t], h, c, Wx, Wh, b)
        states.append(h)
    return torch.stack(states, dim=1)


def sum_over_steps(scores, targets):
    """The cross-entropy as temporal_softmax_loss counts it."""
    return F.cross_entropy(
        scores.flatten(0, 1), torch.from_numpy(targets).flatten(), reduction="sum"
    ) / len(targets)


# --- steps and sequences --------------------------------------------------------------------------


@pytest.mark.parametrize("N", [1, 4])
def test_the_rnn_step_agrees_with_torch(lstm, N):
    arrays = drawn(N, 3), drawn(N, 5), drawn(3, 5), drawn(5, 5), drawn(5)
    next_h, cache = lstm.rnn_step_forward(*arrays)
    dnext_h = drawn(N, 5, seed=1)
    value, gradients = derived(
        lambda x, h, Wx, Wh, b: torch.tanh(x @ Wx + h @ Wh + b), *arrays, upstream=dnext_h
    )
    agree([next_h, *lstm.rnn_step_backward(dnext_h, cache)], [value, *gradients])


@pytest.mark.parametrize("T", [1, 6])
@pytest.mark.parametrize(
    ("name", "theirs", "gates"), [("rnn", torch_rnn, 1), ("lstm", torch_lstm, 4)]
)
def test_82_96_sequences_agree_with_torch(lstm, name, theirs, gates, T):
    N, D, H = 3, 4, 5
    arrays = (
        drawn(N, T, D),
        drawn(N, H),
        drawn(D, gates * H),
        drawn(H, gates * H) / 2,
        drawn(gates * H),
    )
    h, cache = getattr(lstm, f"{name}_forward")(*arrays)
    dh = drawn(N, T, H, seed=1)
    value, gradients = derived(theirs, *arrays, upstream=dh)
    agree([h, *getattr(lstm, f"{name}_backward")(dh, cache)], [value, *gradients])


def test_89_90_the_lstm_step_agrees_with_torch_in_both_outputs(lstm):
    arrays = drawn(4, 3), drawn(4, 5), drawn(4, 5, seed=2), drawn(3, 20), drawn(5, 20), drawn(20)
    next_h, next_c, cache = lstm.lstm_step_forward(*arrays)
    both = drawn(8, 5, seed=1)
    value, gradients = derived(
        lambda *tensors: torch.cat(torch_lstm_step(*tensors)), *arrays, upstream=both
    )
    agree(
        [np.vstack([next_h, next_c]), *lstm.lstm_step_backward(both[:4], both[4:], cache)],
        [value, *gradients],
    )


def test_89_with_the_sigmoid_on_g_as_the_old_notes_have_it_a_cell_can_never_be_written_below_zero(
    lstm,
):
    b = np.zeros(20)
    b[:5], b[15:] = 50.0, -50.0  # input gate open, proposal as low as it goes
    still = np.zeros((2, 5))
    _, next_c, _ = lstm.lstm_step_forward(
        np.zeros((2, 3)), still, still, np.zeros((3, 20)), np.zeros((5, 20)), b
    )
    np.testing.assert_allclose(next_c, -1)


def test_gates_survive_enormous_sums(lstm):
    b = 1e4 * np.repeat([1.0, -1, 1, -1], 5)
    next_h, next_c, cache = lstm.lstm_step_forward(
        *(drawn(2, k) for k in (3, 5, 5)), drawn(3, 20), drawn(5, 20), b
    )
    everything = [next_h, next_c, *lstm.lstm_step_backward(np.ones((2, 5)), np.ones((2, 5)), cache)]
    assert all(np.isfinite(one).all() for one in everything)


def test_nothing_that_comes_in_is_changed(lstm):
    N, T, D, H = 2, 3, 4, 5
    arrays = [
        drawn(N, T, D),
        drawn(N, H),
        drawn(D, 4 * H),
        drawn(H, 4 * H),
        drawn(4 * H),
        drawn(N, T, H, seed=1),
    ]
    held = [one.copy() for one in arrays]
    h, cache = lstm.lstm_forward(*arrays[:5])
    grads = lstm.lstm_backward(arrays[5], cache)
    for one in (h, *grads):
        one += 1
    step = lstm.lstm_step_forward(arrays[0][:, 0], arrays[1], arrays[1], *arrays[2:5])
    lstm.lstm_step_backward(arrays[5][:, 0], arrays[5][:, 1], step[2])
    assert all(np.array_equal(now, then) for now, then in zip(arrays, held, strict=True))


# --- a GRU ----------------------------------------------------------------------------------------


def torch_gru(x, h, Wx, Wh, bx, bh):
    """torch's own cell, with our weights: its gates stand in our order."""
    cell = torch.nn.GRUCell(x.shape[1], h.shape[1], dtype=torch.float64)
    weights = {"weight_ih": Wx.T, "weight_hh": Wh.T, "bias_ih": bx, "bias_hh": bh}
    return torch.func.functional_call(cell, weights, (x, h))


def gru_arrays(N=4, D=3, H=5):
    return (
        drawn(N, D),
        drawn(N, H),
        drawn(D, 3 * H),
        drawn(H, 3 * H),
        drawn(3 * H),
        drawn(1, 3 * H)[0],
    )


@pytest.mark.parametrize("N", [1, 4])
def test_the_gru_step_agrees_with_torchs_cell_and_its_gradients(lstm, N):
    arrays = gru_arrays(N)
    next_h, cache = lstm.gru_step_forward(*arrays)
    dnext_h = drawn(N, 5, seed=1)
    value, gradients = derived(torch_gru, *arrays, upstream=dnext_h)
    agree([next_h, *lstm.gru_step_backward(dnext_h, cache)], [value, *gradients])


def test_the_gru_step_over_time_agrees_with_torchs_layer(lstm):
    N, T, D, H = 3, 6, 4, 5
    layer = torch.nn.GRU(D, H, batch_first=True, dtype=torch.float64)
    Wx, Wh, bx, bh = (one.detach().numpy().T for one in layer.parameters())
    x, h = drawn(N, T, D), drawn(N, H)
    theirs = layer(torch.from_numpy(x), torch.from_numpy(h)[None])[0].detach().numpy()
    for t in range(T):
        h, _ = lstm.gru_step_forward(x[:, t], h, Wx, Wh, bx, bh)
        agree([h], [theirs[:, t]])


def test_the_papers_reset_gate_before_the_product_is_another_network(lstm):
    """Cho et al. 2014 reset prev_h; the two agree where the gate is fully open, and nowhere else."""
    x, h, Wx, Wh, bx, bh = gru_arrays()

    def papers(bx):
        r, z = (
            1 / (1 + np.exp(-(x @ Wx + bx + h @ Wh + bh)[:, 5 * k : 5 * k + 5])) for k in (0, 1)
        )
        n = np.tanh((x @ Wx + bx)[:, 10:] + (r * h) @ Wh[:, 10:] + bh[10:])
        return (1 - z) * n + z * h

    gap = np.abs(lstm.gru_step_forward(x, h, Wx, Wh, bx, bh)[0] - papers(bx)).max()
    assert gap > 0.05
    opened = bx + np.repeat([50.0, 0.0, 0.0], 5)
    agree([lstm.gru_step_forward(x, h, Wx, Wh, opened, bh)[0]], [papers(opened)])


def test_a_grus_gates_survive_enormous_sums_and_nothing_that_comes_in_is_changed(lstm):
    arrays = [
        *gru_arrays(2)[:4],
        1e4 * np.repeat([1.0, -1, 1], 5),
        1e4 * np.repeat([1.0, -1, 1], 5),
    ]
    held = [one.copy() for one in arrays]
    next_h, cache = lstm.gru_step_forward(*arrays)
    dnext_h = np.ones((2, 5))
    grads = lstm.gru_step_backward(dnext_h, cache)
    assert all(np.isfinite(one).all() for one in (next_h, *grads))
    assert np.array_equal(dnext_h, np.ones((2, 5)))
    for one in (next_h, *grads):
        one += 1
    assert all(np.array_equal(now, then) for now, then in zip(arrays, held, strict=True))


# --- words and losses -----------------------------------------------------------------------------


def test_the_embedding_agrees_with_torch_where_words_repeat(lstm):
    x, W, dout = np.array([[1, 1, 4], [0, 1, 4]]), drawn(6, 3), drawn(2, 3, 3)
    out, cache = lstm.word_embedding_forward(x, W)
    value, gradients = derived(lambda W: F.embedding(torch.from_numpy(x), W), W, upstream=dout)
    agree([out, lstm.word_embedding_backward(dout, cache)], [value, *gradients])


def test_the_temporal_affine_layer_agrees_with_torch(lstm):
    x, w, b, dout = drawn(2, 3, 4), drawn(4, 5), drawn(5), drawn(2, 3, 5, seed=1)
    out, cache = lstm.temporal_affine_forward(x, w, b)
    value, gradients = derived(lambda x, w, b: x @ w + b, x, w, b, upstream=dout)
    agree([out, *lstm.temporal_affine_backward(dout, cache)], [value, *gradients])


@pytest.mark.parametrize("scale", [1.0, 1e4])
def test_84_the_loss_is_the_cross_entropy_of_the_real_steps(lstm, scale):
    x, y = scale * drawn(3, 4, 5), np.random.default_rng(0).integers(0, 5, (3, 4))
    mask = np.array([[1, 1, 0, 1], [0, 0, 0, 0], [1, 0, 0, 0]], dtype=bool)

    def theirs(x):
        costs = F.cross_entropy(x.flatten(0, 1), torch.from_numpy(y).flatten(), reduction="none")
        return (costs * torch.from_numpy(mask).flatten()).sum() / 3

    value, gradients = derived(theirs, x)
    agree(lstm.temporal_softmax_loss(x, y, mask), [value, *gradients], 1e-10)


def test_84_a_difference_of_vectors_is_no_loss(lstm):
    """y_t - h_t has as many numbers as there are words; a loss is one, and never below 0."""
    loss, _ = lstm.temporal_softmax_loss(
        drawn(1, 1, 5), np.array([[2]]), np.ones((1, 1), dtype=bool)
    )
    assert np.ndim(loss) == 0
    assert loss > 0


# --- shapes and the start -------------------------------------------------------------------------


def test_95_four_h_times_two_h_only_where_a_layer_reads_h_numbers(lstm):
    assert lstm.lstm_weight_shape(64, 64, 1) == (256, 128) == (4 * 64, 2 * 64)
    assert lstm.lstm_weight_shape(10, 64, 1) == (256, 74) != (4 * 64, 2 * 64)
    assert lstm.lstm_weight_shape(10, 64, 2) == (256, 128)
    torchs = torch.nn.LSTM(10, 64, num_layers=2)
    for layer in (1, 2):
        shapes = [getattr(torchs, f"weight_{kind}_l{layer - 1}").shape for kind in ("ih", "hh")]
        assert lstm.lstm_weight_shape(10, 64, layer) == (shapes[0][0], shapes[0][1] + shapes[1][1])
    with pytest.raises(ValueError, match="counted from 1"):
        lstm.lstm_weight_shape(10, 64, 0)


def test_87_every_gate_sees_the_input_and_the_state(lstm):
    D, H = 3, 4
    W = lstm.pack_ifog(drawn(D, 4 * H), drawn(H, 4 * H))
    assert W.shape == lstm.lstm_weight_shape(D, H, 1)
    assert all(np.any(block[:, :D]) and np.any(block[:, D:]) for block in np.split(W, 4))


@pytest.mark.parametrize(("bias", "kept"), [(0, 9e-13), (1, 3.6e-6), (3, 0.14)])
def test_94_what_the_straight_path_along_the_cell_keeps_after_40_steps(bias, kept):
    assert (1 / (1 + np.exp(-bias))) ** 40 == pytest.approx(kept, rel=0.05)


def test_97_along_the_cell_the_gradient_meets_the_forget_gate_and_no_matrix(lstm):
    N, D, H = 3, 4, 5
    x, h, c, Wx, Wh, b = (
        drawn(N, D),
        drawn(N, H),
        drawn(N, H, seed=2),
        drawn(D, 4 * H),
        drawn(H, 4 * H),
        drawn(4 * H),
    )
    _, _, cache = lstm.lstm_step_forward(x, h, c, Wx, Wh, b)
    dnext_c = drawn(N, H, seed=3)
    _, _, dprev_c, *_ = lstm.lstm_step_backward(np.zeros((N, H)), dnext_c, cache)
    f = 1 / (1 + np.exp(-(x @ Wx + h @ Wh + b)[:, H : 2 * H]))
    agree([dprev_c], [dnext_c * f])


def recalls(lstm, forget_bias, length, seed):
    """Accuracy after 250 steps of Adam on delayed recall: LSTM of 48 units, learning rate 3e-3,
    clipped to norm 1.
    """
    rng, H, C = np.random.default_rng(seed), 48, 8
    Wx, Wh, b = lstm.init_lstm(2 * C, H, forget_bias, rng)
    params = {
        "Wx": Wx,
        "Wh": Wh,
        "b": b,
        "Wy": rng.uniform(-1, 1, (H, C)) / np.sqrt(H),
        "by": np.zeros(C),
    }
    adam = vars(asked("lstm").modules["exercises.adam"])["Adam"](params, 3e-3)
    for _ in range(250):
        _, grads, _ = lstm.many_to_one_loss(adam.params, *delayed_recall(rng, 64, length))
        lstm.clip_grad_norm(grads, 1.0)
        adam.step(grads)
    x, y = delayed_recall(rng, 500, length)
    return np.mean(lstm.many_to_one_loss(adam.params, x, y)[2].argmax(axis=1) == y)


@pytest.mark.audit
@pytest.mark.parametrize("length", [20])  # and 40 in `make test-long`, below
def test_94_a_forget_bias_of_3_remembers_and_of_0_does_not(lstm, length):
    assert recalls(lstm, 3.0, length, 0) > 0.95
    assert recalls(lstm, 0.0, length, 0) < 0.4


@pytest.mark.long
@pytest.mark.parametrize(
    ("length", "bias", "worst", "median", "best"),
    [
        (20, 0.0, (0, 0.4), (0, 0.4), (0, 0.4)),
        (20, 1.0, (0, 1), (0, 1), (0.6, 1)),  # some of the time
        (20, 3.0, (0.95, 1), (0.95, 1), (0.95, 1)),
        (40, 0.0, (0, 0.4), (0, 0.4), (0, 0.4)),
        (40, 1.0, (0, 0.4), (0, 0.4), (0, 1)),  # hardly ever
        (40, 3.0, (0.95, 1), (0.95, 1), (0.95, 1)),
    ],
)
def test_94_the_calibrated_outcome_of_delayed_recall(lstm, length, bias, worst, median, best):
    reached = sorted(recalls(lstm, bias, length, seed) for seed in range(3))
    for accuracy, (low, high) in zip(reached, (worst, median, best), strict=True):
        assert low <= accuracy <= high, reached


def test_many_to_one_agrees_with_torch(lstm):
    x, y = drawn(4, 5, 3), np.array([0, 2, 1, 1])
    params = {
        "Wx": drawn(3, 24),
        "Wh": drawn(6, 24) / 2,
        "b": drawn(24),
        "Wy": drawn(6, 3),
        "by": drawn(3),
    }

    def theirs(Wx, Wh, b, Wy, by):
        h = torch_lstm(torch.from_numpy(x), torch.zeros(4, 6, dtype=torch.float64), Wx, Wh, b)
        return F.cross_entropy(h[:, -1] @ Wy + by, torch.from_numpy(y))

    loss, grads, _ = lstm.many_to_one_loss(params, x, y)
    value, gradients = derived(theirs, *params.values())
    agree([loss, *(grads[name] for name in params)], [value, *gradients], 1e-10)


# --- clipping -------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", [0.01, 1.0, 100.0])
def test_93_clipping_agrees_with_torch(lstm, factor):
    grads = {"A": factor * drawn(3, 4), "b": factor * drawn(5)}
    by_norm, by_value = (
        [torch.zeros(one.shape).double() for one in grads.values()] for _ in range(2)
    )
    for tensors in (by_norm, by_value):
        for tensor, grad in zip(tensors, grads.values(), strict=True):
            tensor.grad = torch.from_numpy(grad.copy())
    theirs = torch.nn.utils.clip_grad_norm_(by_norm, 2.0)
    torch.nn.utils.clip_grad_value_(by_value, 0.5)
    ours = {name: grad.copy() for name, grad in grads.items()}
    assert lstm.clip_grad_norm(ours, 2.0) == pytest.approx(theirs.item())
    agree(ours.values(), [tensor.grad.numpy() for tensor in by_norm], 1e-6)
    lstm.clip_grad_value(grads, 0.5)
    agree(grads.values(), [tensor.grad.numpy() for tensor in by_value])


def test_93_by_value_the_direction_turns_and_by_norm_it_does_not(lstm):
    steep = {"w": np.array([10.0, 1.0])}
    lstm.clip_grad_norm(steep, 5.0)
    np.testing.assert_allclose(
        steep["w"] / np.linalg.norm(steep["w"]), np.array([10.0, 1.0]) / np.sqrt(101)
    )
    blunt = {"w": np.array([10.0, 1.0])}
    lstm.clip_grad_value(blunt, 5.0)  # min-char-rnn's limits
    np.testing.assert_array_equal(blunt["w"], [5.0, 1.0])


# --- stacks, pieces, text -------------------------------------------------------------------------


@pytest.mark.parametrize("L", [1, 2, 4])
def test_88_a_stack_agrees_with_torchs_layers(lstm, L):
    N, T, D, H = 3, 4, 5, 6
    module = torch.nn.LSTM(D, H, num_layers=L, batch_first=True).double()
    params, order = (
        [],
        np.concatenate([np.arange(12), np.arange(18, 24), np.arange(12, 18)]),
    )  # i, f, g, o to i, f, o, g
    for layer in range(L):
        wx, wh, b1, b2 = (
            getattr(module, f"{name}_l{layer}").detach().numpy()[order]
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        params.append((wx.T, wh.T, b1 + b2))
    h0, dh = [drawn(N, H, seed=k) for k in range(L)], drawn(N, T, H, seed=9)

    def theirs(x, h0):
        return module(x, (h0, torch.zeros_like(h0)))[0]

    x = drawn(N, T, D)
    h, cache = lstm.stacked_lstm_forward(x, h0, params)
    value, (dx, dh0) = derived(theirs, x, np.array(h0), upstream=dh)
    ours = lstm.stacked_lstm_backward(dh, cache)
    agree([h, ours[0], np.array(ours[1])], [value, dx, dh0], 1e-10)
    for layer, (dWx, dWh, db) in enumerate(ours[2]):
        names = ("weight_ih", "weight_hh", "bias_ih")
        wanted = [getattr(module, f"{name}_l{layer}").grad.numpy()[order].T for name in names]
        agree([dWx, dWh, db], wanted, 1e-10)


def torchs_two_readers(x, lengths, there, back):
    """torch's own bidirectional layer over packed sequences, with our weights in its places."""
    T, D = x.shape[1:]
    H = len(there[1])
    layer = torch.nn.LSTM(D, H, batch_first=True, bidirectional=True, dtype=torch.float64)
    order = np.concatenate([np.arange(2 * H), np.arange(3 * H, 4 * H), np.arange(2 * H, 3 * H)])
    for suffix, (Wx, Wh, b) in (("", there), ("_reverse", back)):
        ours = {"weight_ih": Wx.T, "weight_hh": Wh.T, "bias_ih": b, "bias_hh": 0 * b}
        for name, array in ours.items():
            getattr(layer, f"{name}_l0{suffix}").data = torch.from_numpy(array[order].copy())
    packed = torch.nn.utils.rnn.pack_padded_sequence(
        torch.from_numpy(x), torch.from_numpy(lengths), batch_first=True, enforce_sorted=False
    )
    unpacked = torch.nn.utils.rnn.pad_packed_sequence(
        layer(packed)[0], batch_first=True, total_length=T
    )
    return unpacked[0].detach().numpy()


@pytest.mark.parametrize("lengths", [[7, 7, 7, 7], [3, 7, 1, 5], [2, 2, 4, 1]])
def test_two_readers_agree_with_torch_on_packed_sequences(lstm, lengths):
    N, T, D, H = 4, 7, 3, 5
    x, lengths = drawn(N, T, D), np.array(lengths)
    there, back = (
        tuple(drawn(*shape, seed=seed) / 2 for shape in ((D, 4 * H), (H, 4 * H), (4 * H,)))
        for seed in (1, 2)
    )
    h = lstm.bidirectional_lstm(x, lengths, there, back)
    agree([h], [torchs_two_readers(x, lengths, there, back)])


def test_two_readers_change_nothing_that_comes_in(lstm):
    x, lengths = drawn(2, 4, 3), np.array([4, 2])
    there, back = ((drawn(3, 8, seed=k), drawn(2, 8, seed=k), drawn(8, seed=k)) for k in (1, 2))
    everything = [x, lengths, *there, *back]
    held = [one.copy() for one in everything]
    lstm.bidirectional_lstm(x, lengths, there, back)[...] += 1
    assert all(np.array_equal(now, then) for now, then in zip(everything, held, strict=True))


def characters(V=7, D=3, H=5):
    return {
        "E": drawn(V, D),
        "Wx": drawn(D, H),
        "Wh": drawn(H, H) / 2,
        "b": drawn(H),
        "Wy": drawn(H, V),
        "by": drawn(V),
    }


def test_the_character_model_agrees_with_torch(lstm):
    params, rng = characters(), np.random.default_rng(0)
    inputs, targets, h_prev = rng.integers(0, 7, (2, 6)), rng.integers(0, 7, (2, 6)), drawn(2, 5)

    def theirs(E, Wx, Wh, b, Wy, by):
        h = torch_rnn(E[torch.from_numpy(inputs)], torch.from_numpy(h_prev), Wx, Wh, b)
        return sum_over_steps(h @ Wy + by, targets)

    loss, grads, h_last = lstm.char_rnn_train_step(params, inputs, targets, h_prev)
    value, gradients = derived(theirs, *params.values())
    agree([loss, *(grads[name] for name in params)], [value, *gradients], 1e-10)
    assert h_last.shape == (2, 5)


def test_86_truncation_carries_the_state_and_cuts_the_gradient_which_biases_it(lstm):
    params, text = characters(), np.random.default_rng(1).integers(0, 7, (2, 25))
    whole, full, _ = lstm.char_rnn_train_step(params, text[:, :-1], text[:, 1:], np.zeros((2, 5)))
    h, loss, cut = np.zeros((2, 5)), 0.0, {name: 0.0 for name in params}
    for inputs, targets in lstm.bptt_chunks(text, 6):
        part, grads, h = lstm.char_rnn_train_step(params, inputs, targets, h)
        loss, cut = loss + part, {name: cut[name] + grads[name] for name in cut}
    assert loss == pytest.approx(whole)  # the state is carried: nothing of the loss is lost
    assert (
        np.abs(cut["Wh"] - full["Wh"]).max() > 0.01 * np.abs(full["Wh"]).max()
    )  # the gradient is another one
    np.testing.assert_allclose(cut["Wy"], full["Wy"])  # what does not go through time is the same
    (one,) = lstm.bptt_chunks(text, 1000)
    assert lstm.char_rnn_train_step(params, *one, np.zeros((2, 5)))[0] == pytest.approx(whole)


def test_99_an_untrained_character_model_costs_log_v_a_step(lstm):
    params = characters() | {"Wy": np.zeros((5, 7)), "by": np.zeros(7)}
    loss, _, _ = lstm.char_rnn_train_step(
        params, np.zeros((1, 25), dtype=int), np.ones((1, 25), dtype=int), np.zeros((1, 5))
    )
    assert loss == pytest.approx(-np.log(1 / 7) * 25)  # where min-char-rnn's smooth_loss starts


def test_sampling_follows_numpys_choice_and_grows_greedy_as_it_cools(lstm):
    params, h0 = characters(), np.zeros((1, 5))
    greedy = lstm.sample(params, h0, 2, 30, 0, np.random.default_rng(0))
    np.testing.assert_array_equal(
        lstm.sample(params, h0, 2, 30, 1e-9, np.random.default_rng(5)), greedy
    )
    first = [lstm.sample(params, h0, 2, 30, 1.0, np.random.default_rng(7)) for _ in range(2)]
    np.testing.assert_array_equal(*first)
    assert not np.array_equal(first[0], greedy)
    assert lstm.sample(params, h0, 2, 0, 1.0, np.random.default_rng(0)).shape == (0,)


# --- the likeliest line ---------------------------------------------------------------------------


def writer(lstm, params):
    """The character model as beam_search takes it, by torch's log_softmax."""

    def step(h, symbol):
        x = params["E"][[symbol]]
        h, _ = lstm.rnn_step_forward(x, h, params["Wx"], params["Wh"], params["b"])
        scores = torch.from_numpy(h @ params["Wy"] + params["by"])
        return F.log_softmax(scores, dim=1)[0].numpy(), h

    return step


def cost(lstm, params, h0, first, line):
    """What a line costs by the loss of training: minus its log-probability."""
    text = np.array([[first, *line]])
    return lstm.char_rnn_train_step(params, text[:, :-1], text[:, 1:], h0)[0]


def confident():
    return characters(V=4) | {"Wy": 3 * drawn(5, 4)}


def every_line(V, n, end):
    """All lines that end with ``end``, or have n symbols and no end before."""
    for length in range(1, n + 1):
        for line in itertools.product(range(V), repeat=length):
            if end not in line[:-1] and (length == n or line[-1] == end):
                yield line


@pytest.mark.parametrize("end", [None, 0, 2])
def test_a_beam_with_room_for_every_line_is_exact(lstm, end):
    params, h0, n = confident(), drawn(1, 5), 4
    kept = lstm.beam_search(writer(lstm, params), h0, 3, 4**n, n, end)
    costs = {line: cost(lstm, params, h0, 3, line) for line in every_line(4, n, end)}
    assert {tuple(line) for line, _ in kept} == set(costs)
    assert tuple(kept[0][0]) == min(costs, key=costs.__getitem__)
    agree([log_p for _, log_p in kept], sorted(-one for one in costs.values())[::-1])
    agree([log_p for _, log_p in kept], [-costs[tuple(line)] for line, _ in kept])


def test_a_beam_of_one_is_greedy_as_sampling_at_temperature_0_is(lstm):
    for seed in range(5):
        params, h0 = confident() | {"by": drawn(4, seed=seed)}, drawn(1, 5, seed=seed)
        greedy = lstm.sample(params, h0, 1, 12, 0, np.random.default_rng(0)).tolist()
        ((line, log_p),) = lstm.beam_search(writer(lstm, params), h0, 1, 1, 12)
        assert line == greedy
        assert log_p == pytest.approx(-cost(lstm, params, h0, 1, line))
        end = greedy[4]
        ((line, _),) = lstm.beam_search(writer(lstm, params), h0, 1, 1, 12, end)
        assert line == greedy[: greedy.index(end) + 1]


def test_a_beam_keeps_at_every_length_the_best_continuations_of_what_it_kept(lstm):
    params, h0, k = confident(), drawn(1, 5), 3
    step, kept = writer(lstm, params), [[]]
    for n in range(1, 6):
        longer = [[*line, v] for line in kept for v in range(4)]
        costs = [cost(lstm, params, h0, 2, line) for line in longer]
        kept = [longer[at] for at in np.argsort(costs, kind="stable")[:k]]
        assert [line for line, _ in lstm.beam_search(step, h0, 2, k, n)] == kept


def test_equally_probable_lines_are_kept_in_order_and_nothing_is_written_in_no_steps(lstm):
    def even(state, symbol):
        return np.full(3, -np.log(3)), state

    kept = lstm.beam_search(even, None, 0, 4, 3)
    assert [line for line, _ in kept] == [[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 0]]
    kept = lstm.beam_search(even, None, 0, 3, 3, end=1)
    assert [line for line, _ in kept] == [[1], [0, 1], [0, 0, 0]]
    assert lstm.beam_search(even, None, 0, 2, 0) == [([], 0.0)]


# --- what becomes of a gradient -------------------------------------------------------------------


def recurrent_matrices(lstm, H=64):
    """A random W brought to a radius, one with the eigenvalues of 0.9 I and a random triangle, and
    an orthogonal one.
    """
    rng = np.random.default_rng(0)
    W = rng.standard_normal((H, H))
    W /= lstm.spectral_radius(W)
    orthogonal = np.linalg.qr(rng.standard_normal((H, H)))[0]
    return (
        W,
        0.9 * np.eye(H) + 0.28 * np.triu(rng.standard_normal((H, H)), 1),
        orthogonal,
        *rng.standard_normal((2, H)),
    )


def test_92_six_rows_of_what_becomes_of_a_gradient_in_100_steps(lstm):
    W, sheared, orthogonal, h0, g = recurrent_matrices(lstm)
    g /= np.linalg.norm(g)

    def after(W, nonlinearity):
        return lstm.gradient_norm_profile(W, h0, g, nonlinearity, 100)[-1]

    assert lstm.spectral_radius(0.9 * W) == pytest.approx(0.9)
    assert lstm.spectral_norm(0.9 * W) == pytest.approx(1.77, abs=0.005)
    assert 1e-6 < after(0.9 * W, "linear") < 1e-4  # vanishes, although the norm is above 1
    assert lstm.spectral_radius(sheared) == pytest.approx(0.9)
    assert lstm.spectral_norm(sheared) == pytest.approx(4.06, abs=0.1)
    assert after(sheared, "linear") > 1e10  # explodes, although every eigenvalue is 0.9
    assert after(sheared, "tanh") < 10  # and tanh holds it
    assert 1e3 < after(1.1 * W, "linear") < 1e5  # explodes
    assert 0.05 < after(1.1 * W, "tanh") < 1  # with tanh it does not
    assert after(orthogonal, "linear") == pytest.approx(1)


def test_92_the_radius_rules_the_end_and_the_norm_every_step(lstm):
    W, *_ = recurrent_matrices(lstm)
    norms = lstm.gradient_norm_profile(0.95 * W, drawn(64), drawn(64, seed=1), "linear", 3000)
    assert (norms[3000] / norms[1000]) ** (1 / 2000) == pytest.approx(0.95, abs=1e-3)
    steps = norms[1:] / norms[:-1]
    assert steps.max() <= lstm.spectral_norm(0.95 * W) + 1e-9


@pytest.mark.parametrize(("H", "rho"), [(16, 0.5), (16, 0.99), (40, 0.9)])
def test_92_the_counterexample_explodes_before_it_dies(lstm, H, rho):
    W = lstm.exploding_counterexample(H, rho)
    assert lstm.spectral_radius(W) == pytest.approx(rho)
    assert 1 < lstm.spectral_norm(W) <= 2.5
    g = np.zeros(H)
    g[-1] = 1.0  # the gradient that travels up the whole triangle
    norms = lstm.gradient_norm_profile(W, np.zeros(H), g, "linear", 4 * H)
    assert norms.max() > 1000
    assert np.linalg.norm(np.linalg.matrix_power(W, 20_000)) < 1e-6


def test_the_gradient_profile_agrees_with_torch(lstm):
    W, h0, g = drawn(6, 6), drawn(6), drawn(6, seed=1)

    def theirs(h):
        for _ in range(5):
            h = torch.tanh(h @ torch.from_numpy(W))
        return h

    _, (dh0,) = derived(theirs, h0, upstream=g)
    assert lstm.gradient_norm_profile(W, h0, g, "tanh", 5)[-1] == pytest.approx(np.linalg.norm(dh0))


def test_the_eight_sentences_are_judged_by_the_answers_themselves(lstm):
    N, T, D, H = 2, 3, 3, 4
    x, h0, Wx, Wh, b = drawn(N, T, D), drawn(N, H), drawn(D, 4 * H), drawn(H, 4 * H), drawn(4 * H)
    h, cache = lstm.lstm_forward(x, h0, Wx, Wh, b)
    whole = lstm.lstm_backward(np.ones_like(h), cache)[3]
    steps = [
        lstm.lstm_backward(np.ones_like(h) * (np.arange(T) == t)[:, None], cache)[3]
        for t in range(T)
    ]
    loss, _ = lstm.temporal_softmax_loss(
        h, np.zeros((N, T), dtype=int), np.ones((N, T), dtype=bool)
    )
    text = np.arange(12).reshape(1, 12) % 7
    (first, targets), (second, more) = lstm.bptt_chunks(text, 6)
    carried = lstm.char_rnn_train_step(characters(), first, targets, np.zeros((1, 5)))[2]
    params = characters()
    losses = [
        lstm.char_rnn_train_step(params, second, more, start)[0] for start in (carried, 0 * carried)
    ]
    packed = lstm.pack_ifog(Wx, Wh).reshape(4, H, D + H)
    clipped, cut = {"w": np.array([3.0, 1.0])}, {"w": np.array([3.0, 1.0])}
    lstm.clip_grad_norm(clipped, 1.0)
    lstm.clip_grad_value(cut, 1.0)
    _, _, kept = lstm.lstm_step_forward(x[:, 0], h0, h0, Wx, Wh, b)
    straight = lstm.lstm_step_backward(np.zeros((N, H)), np.ones((N, H)), kept)[2]
    gates = 1 / (1 + np.exp(-(x[:, 0] @ Wx + h0 @ Wh + b)[:, H : 2 * H]))
    truths = {
        "a": np.ndim(loss) == 1,
        "b": np.allclose(whole, sum(steps)),
        "c": knows_x(lstm, coder()) and not knows_x(lstm, coder() | SILENT),
        "d": losses[0] == losses[1],
        "e": not (packed[:, :, :D].any() and packed[:, :, D:].any()),
        "f": bool(np.allclose(straight, gates)),
        "g": lstm.lstm_weight_shape(D, H, 1) == (4 * H, 2 * H),
        "h": bool(np.isclose(clipped["w"][0], 3 * clipped["w"][1]))
        and bool(cut["w"][0] != 3 * cut["w"][1]),
    }
    assert lstm.sequence_claims() == truths


# --- from sequence to sequence --------------------------------------------------------------------

SEQ2SEQ_SHAPES = {
    **{"E": (8, 3), "enc_Wx": (3, 20), "enc_Wh": (5, 20), "enc_b": (20,)},
    **{"dec_Wx": (3, 20), "dec_Wh": (5, 20), "dec_b": (20,), "Wy": (5, 7), "by": (7,)},
}


SILENT = {
    "enc_b": np.repeat([0.0, 0.0, -1e4, 0.0], 5)
}  # the encoder shows nothing: its last state is 0


def knows_x(lstm, params):
    """Whether the loss of writing something depends on what was read."""
    y = np.array([[3, 2, 1]])
    one, other = (
        lstm.seq2seq_loss(params, x, y)[0] for x in (np.array([[1, 2, 3]]), np.array([[4, 5, 6]]))
    )
    return one != other


def coder(seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) for name, shape in SEQ2SEQ_SHAPES.items()}


def test_sequence_to_sequence_agrees_with_torch(lstm):
    params, rng = coder(), np.random.default_rng(1)
    x, y = rng.integers(0, 7, (3, 4)), rng.integers(0, 7, (3, 6))

    def theirs(E, enc_Wx, enc_Wh, enc_b, dec_Wx, dec_Wh, dec_b, Wy, by):
        h = torch_lstm(
            E[torch.from_numpy(x)], torch.zeros(3, 5, dtype=torch.float64), enc_Wx, enc_Wh, enc_b
        )
        told = np.hstack([np.full((3, 1), 7), y[:, :-1]])
        dec = torch_lstm(E[torch.from_numpy(told)], h[:, -1], dec_Wx, dec_Wh, dec_b)
        return sum_over_steps(dec @ Wy + by, y)

    loss, grads = lstm.seq2seq_loss(params, x, y)
    value, gradients = derived(theirs, *params.values())
    agree([loss, *(grads[name] for name in params)], [value, *gradients], 1e-10)


def test_85_the_decoder_hears_of_the_input_through_the_encoders_last_state_alone(lstm):
    assert knows_x(lstm, coder())
    assert not knows_x(lstm, coder() | SILENT)


def test_what_is_decoded_is_the_best_at_each_step_given_what_was_written(lstm):
    params, x = coder(2), np.random.default_rng(3).integers(0, 7, (5, 4))
    written = lstm.seq2seq_decode(params, x, 6)
    for t in range(
        6
    ):  # forcing what was written, the loss of the written symbol is the least of all
        costs = []
        for v in range(7):
            y = np.hstack([written[:, :t], np.full((5, 1), v)])
            costs.append(
                [lstm.seq2seq_loss(params, x[k : k + 1], y[k : k + 1])[0] for k in range(5)]
            )
        np.testing.assert_array_equal(np.argmin(costs, axis=0), written[:, t])


def test_a_beam_over_the_decoders_pair_of_states_writes_what_it_writes_greedily(lstm):
    params, x = coder(2), np.random.default_rng(4).integers(0, 7, (1, 4))
    weights = [
        [params[f"{whose}_{name}"] for name in ("Wx", "Wh", "b")] for whose in ("enc", "dec")
    ]

    def step(state, symbol):
        h, c, _ = lstm.lstm_step_forward(params["E"][[symbol]], *state, *weights[1])
        scores = torch.from_numpy(h @ params["Wy"] + params["by"])
        return F.log_softmax(scores, dim=1)[0].numpy(), (h, c)

    read, _ = lstm.lstm_forward(params["E"][x], np.zeros((1, 5)), *weights[0])
    start = read[:, -1], np.zeros((1, 5))
    (greedy,) = lstm.seq2seq_decode(params, x, 6).tolist()
    assert lstm.beam_search(step, start, 7, 1, 6)[0][0] == greedy
    line, log_p = lstm.beam_search(step, start, 7, 7**3, 3)[0]
    losses = {
        y: lstm.seq2seq_loss(params, x, np.array([y]))[0]
        for y in itertools.product(range(7), repeat=3)
    }
    assert tuple(line) == min(losses, key=losses.__getitem__)
    assert log_p == pytest.approx(-min(losses.values()))


# --- torch ----------------------------------------------------------------------------------------


def test_numpy_and_torch_agree_to_ten_digits_and_so_do_their_gradients(lstm):
    N, T, D, H = 3, 5, 4, 6
    x, h0, Wx, Wh, b = (
        drawn(N, T, D),
        drawn(N, H),
        drawn(D, 4 * H),
        drawn(H, 4 * H) / 2,
        drawn(4 * H),
    )
    module, dh = lstm.to_torch_lstm(Wx, Wh, b), drawn(N, T, H, seed=1)
    start = torch.from_numpy(h0)[None]
    theirs, _ = module(torch.from_numpy(x), (start, torch.zeros_like(start)))
    theirs.backward(torch.from_numpy(dh))
    h, cache = lstm.lstm_forward(x, h0, Wx, Wh, b)
    _, _, dWx, dWh, db = lstm.lstm_backward(dh, cache)
    order = np.concatenate([np.arange(2 * H), np.arange(3 * H, 4 * H), np.arange(2 * H, 3 * H)])
    agree([h], [theirs.detach().numpy()], 1e-10)
    wanted = [
        getattr(module, name).grad.numpy()
        for name in ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
    ]
    agree([dWx.T[order], dWh.T[order], db[order], db[order]], wanted, 1e-10)


def test_t1_an_untrained_character_lstm_costs_about_log_v(lstm):
    V = 76
    for seed in range(3):
        torch.manual_seed(seed)
        ids = torch.randint(0, V, (8, 33))
        scores, _ = lstm.CharLSTM(V, 16, 64)(ids[:, :-1])
        loss = F.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten())
        assert loss.item() == pytest.approx(np.log(V), abs=0.1)


def streams(ids, N):
    return ids[: len(ids) // N * N].reshape(N, -1)


@pytest.mark.long
def test_t13_in_300_steps_the_character_lstm_beats_the_frequencies_by_far(lstm):
    text = find_text()
    train, held_out = text.split()
    torch.manual_seed(0)
    model = lstm.CharLSTM(len(text.characters), 32, 128)
    losses = lstm.train_char_lm(model, streams(train, 32), 300, 50, 5e-3, 1.0, torch.device("cpu"))
    data = torch.from_numpy(streams(held_out, 8))
    with torch.no_grad():
        scores, _ = model(data[:, :-1])
    loss = F.cross_entropy(scores.flatten(0, 1), data[:, 1:].flatten()).item()
    assert losses[0] == pytest.approx(np.log(len(text.characters)), abs=0.1)
    assert loss < min(text.unigram_entropy, 2.4)


def test_the_state_between_pieces_is_carried_and_detached(lstm):
    """A model that writes down what state it is given: None at the start of the text, without a
    graph at every seam.
    """
    given = []

    class Spy(lstm.CharLSTM):
        def forward(self, ids, state=None):
            given.append(None if state is None else [one.requires_grad for one in state])
            return super().forward(ids, state)

    lstm.train_char_lm(
        Spy(5, 3, 4), np.arange(26).reshape(2, 13) % 5, 5, 6, 1e-2, 1.0, torch.device("cpu")
    )
    assert given == [None, [False, False], None, [False, False], None]


def test_training_in_bfloat16_rounds_a_little_and_training_twice_is_the_same(lstm):
    data, runs = streams(find_text().ids[:2000], 4), {}
    for name, precision in (("one", "float32"), ("again", "float32"), ("mixed", "bfloat16")):
        torch.manual_seed(0)
        model = lstm.CharLSTM(128, 8, 16)
        with kernels_for("bfloat16"):
            runs[name] = lstm.train_char_lm(
                model, data, 20, 16, 1e-2, 1.0, torch.device("cpu"), precision
            )
    assert runs["one"] == runs["again"] != runs["mixed"]
    assert runs["mixed"][-1] == pytest.approx(runs["one"][-1], rel=0.05)
