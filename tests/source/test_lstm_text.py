"""What the LSTM notebook says is true: every erratum of old notes, and every number in its
text.
"""

import re

import numpy as np
import pytest
import torch
from lectures import LECTURES

from coursekit import recurrence
from coursekit.optimisers import Adam
from coursekit.sequences import delayed_recall

LECTURE = LECTURES["lstm"]
RNG = np.random.default_rng(231)


def answer(name):
    """The reference's function or class."""
    return LECTURE.answers[name]


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


# --- errata ---------------------------------------------------------------------------------------


def test_the_vanilla_step_is_a_tanh_of_two_products_and_a_bias():
    LECTURE.said("Which $f$, is never said", "tanh of two products and a bias")
    LECTURE.somewhere(r"\tanh(x\, W_x + \text{prev\_h}\, W_h + b)")
    x, h, Wx, Wh, b = (
        RNG.standard_normal(shape) for shape in ((3, 4), (3, 5), (4, 5), (5, 5), (5,))
    )
    np.testing.assert_allclose(
        answer("rnn_step_forward")(x, h, Wx, Wh, b)[0], np.tanh(x @ Wx + h @ Wh + b)
    )


def test_the_loss_of_a_step_is_the_cost_of_the_right_symbol():
    LECTURE.said("$L_t = y_t - h_t$", "*number*", "the cost of the right symbol")
    LECTURE.somewhere("the loss of a step is a *number*, the cost of the right symbol")
    scores, y = RNG.standard_normal((1, 6, 9)), RNG.integers(0, 9, (1, 6))
    loss, _ = answer("temporal_softmax_loss")(scores, y, np.ones((1, 6), dtype=bool))
    each = torch.nn.functional.cross_entropy(
        torch.tensor(scores[0]), torch.tensor(y[0]), reduction="none"
    )
    assert loss == pytest.approx(float(each.sum()))


def test_a_proposal_that_is_a_sigmoid_only_ever_adds():
    LECTURE.said("could only ever add", "$g$ is a **tanh**", "each looks at both")
    LECTURE.somewhere("between 0 and 1 it could only ever add")
    x, h, Wx, Wh = (RNG.standard_normal(shape) for shape in ((5, 3), (5, 4), (3, 16), (4, 16)))
    b, nothing = np.repeat([0.0, 50.0, 0.0, 0.0], 4), np.zeros((5, 4))
    _, kept, _ = answer("lstm_step_forward")(x, h, nothing, Wx, Wh, b)
    assert (kept < 0).any()
    assert (kept > 0).any()  # a tanh lets the cell fall, too
    a = x @ Wx + h @ Wh + b
    assert (sigmoid(a[:, :4]) * sigmoid(a[:, 12:]) > 0).all()
    for move in ((1, 0), (0, 1)):  # every gate looks at both
        _, changed, _ = answer("lstm_step_forward")(x + move[0], h + move[1], nothing, Wx, Wh, b)
        assert np.abs(changed - kept).min() > 0


def test_through_the_cell_the_factor_is_f_and_no_matrix():
    LECTURE.said("That is the *vanilla* path", "the factor is $f_t$", "no $W_{hh}$")
    LECTURE.somewhere("through the cell the factor is $f_t$ alone")
    x, h, c = RNG.standard_normal((2, 3)), RNG.standard_normal((2, 4)), RNG.standard_normal((2, 4))
    Wx, Wh, b = answer("init_lstm")(3, 4, 1.0, RNG)
    dnext_c = RNG.standard_normal((2, 4))
    for size in (0.0, 1.0, 30.0):
        cache = answer("lstm_step_forward")(x, h, c, Wx, size * Wh, b)[2]
        f = sigmoid((x @ Wx + size * h @ Wh + b)[:, 4:8])
        dprev_c = answer("lstm_step_backward")(np.zeros((2, 4)), dnext_c, cache)[2]
        np.testing.assert_allclose(dprev_c, f * dnext_c)


def test_only_layers_above_the_first_have_twice_h_columns():
    LECTURE.said(r"$4h \times 2h$", "in layers above the first", "$D + H$ columns")
    LECTURE.somewhere("In layers above the first the input is as long as the state")
    real = torch.nn.LSTM(7, 5, num_layers=3)
    for layer in (1, 2, 3):
        shapes = [getattr(real, f"weight_{kind}_l{layer - 1}").shape for kind in ("ih", "hh")]
        assert answer("lstm_weight_shape")(7, 5, layer) == (20, shapes[0][1] + shapes[1][1])
    assert answer("lstm_weight_shape")(7, 5, 1) == (20, 12)
    assert answer("lstm_weight_shape")(7, 5, 2) == (20, 10)


def test_clipping_by_norm_keeps_the_direction_as_torch_does_and_by_value_turns():
    LECTURE.said(
        "How, is not said", "min-char-rnn clips entries at 5", "`clip_grad_norm_` rescales"
    )
    LECTURE.somewhere("min-char-rnn clips entries at 5, PyTorch's `clip_grad_norm_` rescales")
    first, second = np.array([30.0, 1.0]), np.array([[2.0]])
    theirs = [torch.nn.Parameter(torch.zeros(shape, dtype=torch.float64)) for shape in (2, (1, 1))]
    for parameter, grad in zip(theirs, (first, second), strict=True):
        parameter.grad = torch.tensor(grad)
    torch.nn.utils.clip_grad_norm_(theirs, 5.0)
    grads = {"first": first.copy(), "second": second.copy()}
    answer("clip_grad_norm")(grads, 5.0)
    rescaled = theirs[0].grad
    assert rescaled is not None
    np.testing.assert_allclose(grads["first"], rescaled.numpy(), rtol=1e-5)
    np.testing.assert_allclose(grads["first"] / grads["second"][0, 0], first / second[0, 0])
    values = {"first": first.copy(), "second": second.copy()}
    answer("clip_grad_value")(values, 5.0)
    np.testing.assert_array_equal(values["first"], [5, 1])


def test_the_state_is_carried_and_the_gradient_is_cut():
    LECTURE.said("the **state** is carried on", "is the **gradient**", "biased")
    LECTURE.somewhere("What is cut is the **gradient**")
    V, D, H = 6, 4, 5
    shapes = {"E": (V, D), "Wx": (D, H), "Wh": (H, H), "b": (H,), "Wy": (H, V), "by": (V,)}
    params = {name: RNG.standard_normal(shape) for name, shape in shapes.items()}
    data = RNG.integers(0, V, (2, 13))
    (whole,) = answer("bptt_chunks")(data, 12)
    loss, grads, h = answer("char_rnn_train_step")(params, *whole, np.zeros((2, H)))
    state, total, added = np.zeros((2, H)), 0.0, dict.fromkeys(shapes, 0.0)
    for inputs, targets in answer("bptt_chunks")(data, 4):
        part, part_grads, state = answer("char_rnn_train_step")(params, inputs, targets, state)
        total += part
        added = {name: value + part_grads[name] for name, value in added.items()}
    assert total == pytest.approx(loss)  # carried: nothing is forgotten at a seam
    np.testing.assert_allclose(state, h)
    np.testing.assert_allclose(added["Wy"], grads["Wy"])  # which looks back through no seam
    assert np.abs(added["Wh"] - grads["Wh"]).max() > 1e-2  # cut: and so it is another gradient


def test_min_char_rnn_is_named():
    LECTURE.said("two-layer softmax network", "`d4dee566867f8291f086`")
    LECTURE.somewhere("min-char-rnn, [Karpathy's gist `d4dee566867f8291f086`](https")


def test_the_largest_eigenvalue_does_not_decide_a_hundred_steps():
    LECTURE.said("larger than 1, they explode; smaller, they vanish")
    LECTURE.somewhere('if "largest" means magnitude')
    W = answer("exploding_counterexample")(16, 0.9)
    powers = [np.linalg.norm(np.linalg.matrix_power(W, k), 2) for k in range(65)]
    assert max(powers) > 1000
    assert np.abs(np.linalg.eigvals(W)).max() <= 0.9 + 1e-9
    assert np.linalg.norm(W, 2) <= 2.5
    assert (
        np.linalg.norm(np.linalg.matrix_power(W, 1000), 2) < 1
    )  # in the very end the notes are right


def test_four_quoted_sentences_are_among_the_false_ones():
    LECTURE.said(
        "The loss of a step is $y_t - h_t$",
        "treat each separately",
        "$x$ or $h_{t-1}$",
        r"$4h \times 2h$",
    )
    claims = answer("sequence_claims")()
    assert {letter for letter, fine in claims.items() if not fine} == {"a", "d", "e", "g"}
    docstring = answer("sequence_claims").__doc__
    sentences = dict(re.findall(r"^ +\((\w)\) (.*(?:\n {12,}.*)*)", docstring, re.M))
    assert "y_t - h_t" in sentences["a"]
    assert "separate pieces" in sentences["d"]
    assert "either at the input" in sentences["e"]
    assert "2H columns" in sentences["g"]


def test_the_decoder_starts_from_the_encoders_last_state():
    LECTURE.said("decoder's *initial hidden state*", "back to the encoder through that vector")
    LECTURE.somewhere("no input sequence but the decoder's *initial hidden state*")
    V, D, H = 6, 4, 5
    coder = {"Wx": (D, 4 * H), "Wh": (H, 4 * H), "b": (4 * H,)}
    shapes = {
        "E": (V + 1, D),
        **{f"{who}_{k}": s for who in ("enc", "dec") for k, s in coder.items()},
    }
    params = {
        name: RNG.standard_normal(s) for name, s in (shapes | {"Wy": (H, V), "by": (V,)}).items()
    }
    x, y = RNG.integers(0, V, (2, 3)), RNG.integers(0, V, (2, 4))
    loss, grads = answer("seq2seq_loss")(params, x, y)
    assert np.abs(grads["enc_Wx"]).max() > 0
    last = answer("lstm_forward")(
        params["E"][x], np.zeros((2, H)), *(params[f"enc_{k}"] for k in coder)
    )[0][:, -1]
    told = params["E"][np.hstack([np.full((2, 1), V), y[:, :-1]])]
    h = answer("lstm_forward")(told, last, *(params[f"dec_{k}"] for k in coder))[0]
    by_hand = answer("temporal_softmax_loss")(
        h @ params["Wy"] + params["by"], y, np.ones((2, 4), dtype=bool)
    )[0]
    assert loss == pytest.approx(by_hand)


def test_the_frameworks_of_2016():
    LECTURE.said(
        "Torch was Lua; Lasagne was Python",
        "only TensorFlow is still maintained",
        "was said of 2016",
    )
    LECTURE.somewhere("only TensorFlow is still maintained")


def test_every_torch_name_beside_ours_exists():
    (table,) = [
        cell.source
        for cell in LECTURE.text.cells
        if "| | NumPy, this notebook | PyTorch |" in cell.source
    ]
    for ours in ("init_lstm", "lstm_forward", "lstm_backward", "clip_grad_norm"):
        assert f"`{ours}(" in table or f"= {ours}(" in table
        assert callable(answer(ours))
    lstm = torch.nn.LSTM(3, 2, batch_first=True)
    h, (h_n, c_n) = lstm(torch.ones(1, 4, 3), (torch.zeros(1, 1, 2), torch.zeros(1, 1, 2)))
    h.sum().backward()
    torch.nn.utils.clip_grad_norm_(lstm.parameters(), 5.0)
    assert (h.shape, h_n.shape, c_n.shape) == ((1, 4, 2), (1, 1, 2), (1, 1, 2))


# --- numbers --------------------------------------------------------------------------------------


def test_what_is_left_of_a_gradient_after_forty_steps():
    LECTURE.somewhere(r"$0.5^{40} \approx 9 \cdot 10^{-13}$")
    LECTURE.somewhere(
        r"\sigma(1)^{40} \approx 3.6 \cdot 10^{-6}, \qquad \sigma(3)^{40} \approx 0.14"
    )
    assert f"{0.5**40:.0e}" == "9e-13"
    assert f"{sigmoid(1.0) ** 40:.1e}" == "3.6e-06"
    assert f"{sigmoid(3.0) ** 40:.2f}" == "0.14"


def test_the_slope_of_tanh_from_its_value():
    LECTURE.somewhere(r"$\tanh'(a) = 1 - \tanh(a)^2$")
    a = np.linspace(-3, 3, 31)
    np.testing.assert_allclose(
        (np.tanh(a + 1e-6) - np.tanh(a - 1e-6)) / 2e-6, 1 - np.tanh(a) ** 2, atol=1e-9
    )


def test_added_in_place_an_index_writes_each_row_once():
    LECTURE.somewhere("writes each row only once")
    dW, x, dout = np.zeros((3, 1)), np.array([[1, 1, 1]]), np.ones((1, 3, 1))
    dW[x] += dout
    assert dW[1, 0] == 1
    assert (
        answer("word_embedding_backward")(
            dout, answer("word_embedding_forward")(x, np.zeros((3, 1)))[1]
        )[1, 0]
        == 3
    )


@pytest.mark.parametrize(
    ("row", "ends"),
    [
        ("random 0.9 linear", (1e-6, 1e-4)),  # vanishes, although one step may lengthen
        ("random 1.1 linear", (1e3, 1e5)),
        ("random 1.1 tanh", (0.01, 1.0)),  # the same weights
        ("sheared 0.9 linear", (1e11, 1e14)),  # explodes, although every eigenvalue is below 1
        ("orthogonal 1.0 linear", (1 - 1e-9, 1 + 1e-9)),
        ("orthogonal 1.0 tanh", (0.01, 0.9)),
    ],
)
def test_six_fates(row, ends):
    name, radius, phi = row.split()
    (W,) = [
        W
        for kind, W, bend in recurrence.six()
        if (kind, bend) == (name, phi) and abs(rho(W) - float(radius)) < 1e-6
    ]
    h0, g = recurrence.start()
    lengths = answer("gradient_norm_profile")(W, h0, g, phi, 100)
    assert ends[0] < lengths[-1] < ends[1]
    assert (lengths <= np.linalg.norm(W, 2) ** np.arange(101) * (1 + 1e-9)).all()
    if name in ("random", "sheared") and radius == "0.9":
        assert np.linalg.norm(W, 2) > 1.7  # what one step can do says little about a hundred


def rho(W):
    """The spectral radius."""
    return answer("spectral_radius")(W)


def test_the_ellipse_in_the_text_has_eigenvalues_of_nine_tenths():
    LECTURE.somewhere("Both eigenvalues of this matrix are 0.9")
    W = np.array([[0.9, 2.0], [0.0, 0.9]])
    assert any("[[0.9, 2.0], [0.0, 0.9]]" in cell.source for cell in LECTURE.text.cells)
    np.testing.assert_allclose(np.linalg.eigvals(W), 0.9)
    assert answer("spectral_norm")(W) > 2


def test_both_torch_biases_at_one_make_two():
    LECTURE.somewhere("setting both to 1 makes 2")
    module = answer("CharLSTM")(5, 3, 4, forget_bias=1.0)
    total = (module.lstm.bias_ih_l0 + module.lstm.bias_hh_l0).detach().numpy()
    np.testing.assert_array_equal(total, np.repeat([0.0, 1.0, 0.0, 0.0], 4))


# --- worked by hand, and asked ----------------------------------------------------------------


def test_one_step_and_two_by_hand():
    LECTURE.somewhere(r"$2 \cdot 0.5 + 0.5 \cdot (-1) + 0 = 0.5$")
    LECTURE.somewhere(r"$\tanh 0.5 \approx 0.46$")
    one = [np.array([[value]]) for value in (2.0, 0.5, 0.5, -1.0)]
    h, _ = answer("rnn_step_forward")(*one, np.zeros(1))
    assert f"{h.item():.2f}" == "0.46"
    LECTURE.somewhere("by $h_1 = 3$. The first says: $h_1$ grows by $h_0 = 1$")
    LECTURE.somewhere("its slope is $2w = 6$")
    assert ((3 + 1e-6) ** 2 - (3 - 1e-6) ** 2) / 2e-6 == pytest.approx(3 + 3 * 1) == 2 * 3
    LECTURE.somewhere("not a fifth")
    assert pytest.approx(0.19) == 1 - 0.9**2
    LECTURE.somewhere(r"$3 \cdot 2 + 2 \cdot 2 + 2 = 12$")
    assert 3 * 2 + 2 * 2 + 2 == 12


def test_a_row_gathers_and_six_rows_meet_a_bias():
    LECTURE.somewhere("Then row `e` receives $(1.5, 2)$")
    places = [sorted(set("letter")).index(letter) for letter in "letter"]
    dout = np.zeros((1, 6, 2))
    dout[0, [1, 4]] = (1, 0), (0.5, 2)
    cache = answer("word_embedding_forward")(np.array([places]), np.zeros((4, 2)))[1]
    gathered = answer("word_embedding_backward")(dout, cache)
    np.testing.assert_array_equal(gathered[sorted(set("letter")).index("e")], (1.5, 2))
    LECTURE.somewhere("each of the five biases collects 6")
    layer = answer("temporal_affine_forward")(np.ones((2, 3, 4)), np.ones((4, 5)), np.zeros(5))
    db = answer("temporal_affine_backward")(np.ones((2, 3, 5)), layer[1])[2]
    np.testing.assert_array_equal(db, np.full(5, 6))


def test_the_cost_of_two_sequences_of_which_one_is_shorter():
    LECTURE.somewhere(r"$\ln 8 \approx 2.08$. Had we averaged over the three steps")
    LECTURE.somewhere("it would be 1.39")
    chance = np.array([[1 / 2, 1 / 4], [1 / 8, 1 / 3]])
    scores = np.log(np.stack([chance, 1 - chance], axis=2))
    mask = np.array([[True, True], [True, False]])
    loss, _ = answer("temporal_softmax_loss")(scores, np.zeros((2, 2), dtype=int), mask)
    assert loss == pytest.approx(np.log(8))
    assert f"{loss:.2f}, {2 * loss / 3:.2f}" == "2.08, 1.39"
    LECTURE.somewhere(r"$4 \ln 3 \approx 4.39$")
    even = np.zeros((1, 4, 3)), np.zeros((1, 4), dtype=int), np.ones((1, 4), dtype=bool)
    assert f"{answer('temporal_softmax_loss')(*even)[0]:.2f}" == "4.39"


def test_a_cell_of_two_becomes_one_point_two():
    LECTURE.somewhere(r"The new cell is 1.2, and the new state $\frac12 \tanh 1.2 \approx 0.42$")
    LECTURE.somewhere(r"$\tanh 1.2 \approx 0.83$")
    nothing, b = np.zeros((1, 1)), np.array([0.0, np.log(3), 0.0, -np.log(2)])
    weights = np.zeros((1, 4)), np.zeros((1, 4)), b
    h, c, cache = answer("lstm_step_forward")(nothing, nothing, np.array([[2.0]]), *weights)
    assert (round(h.item(), 2), c.item()) == (0.42, pytest.approx(1.2))
    db = answer("lstm_step_backward")(np.ones((1, 1)), nothing, cache)[-1]
    assert f"{db[2] / 0.25:.2f}" == "0.83"  # the sigmoid's slope taken out again
    LECTURE.somewhere("$f = 1$ and $i = 0$: keep all, let nothing in")
    b = np.array([-800.0, 800.0, 0.3, 0.7])
    _, c, _ = answer("lstm_step_forward")(nothing, nothing, np.array([[2.0]]), *weights[:2], b)
    assert c.item() == 2


def test_a_gru_that_remembers_0_8_comes_to_0_55():
    LECTURE.somewhere(r"$\tanh(0.1 - 0.3) \approx -0.20$")
    LECTURE.somewhere(r"$\frac34 \cdot 0.8 - \frac14 \cdot 0.20 = 0.55$")
    LECTURE.somewhere("The update gate gets the difference of the two that it mixes, $0.8 + 0.20$")
    nothing, state = np.zeros((1, 1)), np.array([[0.8]])
    bx, bh = np.array([0.0, np.log(3), 0.1]), np.array([0.0, 0.0, 0.0])
    Wh = np.array([[0.0, 0.0, -0.75]])  # which says -0.6 to the proposal
    h, cache = answer("gru_step_forward")(nothing, state, np.zeros((1, 3)), Wh, bx, bh)
    assert f"{h.item():.2f}" == "0.55"
    assert f"{np.tanh(0.1 - 0.3):.2f}" == "-0.20"
    _, dprev_h, _, _, dbx, _ = answer("gru_step_backward")(np.ones((1, 1)), cache)
    slope = 1 - np.tanh(-0.2) ** 2
    assert dbx[2] / slope == pytest.approx(1 / 4)
    assert f"{dbx[1] / (0.75 * 0.25):.2f}" == "1.00"  # the sigmoid's slope taken out again
    assert dprev_h.item() - 0.25 * slope * 0.5 * -0.75 == pytest.approx(3 / 4)


def test_the_reset_gate_acts_after_the_product_as_in_torch_and_a_gru_has_three_quarters():
    LECTURE.somewhere("In the paper it acts on `prev_h`, before the product with $W_h$")
    LECTURE.somewhere("Here it acts after it, as in torch's `GRUCell`")
    LECTURE.somewhere("Three blocks where the LSTM has four: three quarters of its weights")
    sizes = [
        sum(each.numel() for each in cell(3, 4).parameters())
        for cell in (torch.nn.GRUCell, torch.nn.LSTMCell)
    ]
    assert sizes[0] / sizes[1] == 3 / 4


def test_what_three_gates_let_through_and_seven():
    LECTURE.somewhere(
        r"$0.9 \cdot 0.5 \cdot 0.8 = 0.36$. Had all three been 0.99, it would be 0.97"
    )
    assert pytest.approx(0.36) == 0.9 * 0.5 * 0.8
    assert f"{0.99**3:.2f}" == "0.97"
    LECTURE.somewhere(r"After 7: $0.9^6 \approx 0.53$ and $0.9^7 \approx 0.48$")
    assert (f"{0.9**6:.2f}", f"{0.9**7:.2f}") == ("0.53", "0.48")


def test_how_many_weights():
    LECTURE.somewhere(r"$8 \cdot 5 = 40$ weights")
    LECTURE.somewhere("$24 + 16$")
    assert answer("lstm_weight_shape")(3, 2, 1) == (8, 5)
    LECTURE.somewhere("It has 32 biases, we have 16: 144 and 128")
    theirs = sum(each.numel() for each in torch.nn.LSTM(3, 4).parameters())
    assert (theirs, sum(each.size for each in answer("init_lstm")(3, 4, 1.0, RNG))) == (144, 128)


def test_clipping_by_hand():
    LECTURE.somewhere("to 1.5 and 2, and their ratio stays 3 : 4")
    LECTURE.somewhere("both end at 2.5, and the ratio is 1 : 1")
    LECTURE.somewhere("so it is halved: $(3, 4)$. With 20 nothing happens")
    first, second, third, fourth = (
        {"W": np.array(pair)} for pair in ((3.0, 4.0),) * 2 + ((6.0, 8.0),) * 2
    )
    answer("clip_grad_norm")(first, 2.5)
    answer("clip_grad_value")(second, 2.5)
    answer("clip_grad_norm")(third, 5.0)
    answer("clip_grad_norm")(fourth, 20.0)
    ends = ((1.5, 2), (2.5, 2.5), (3, 4), (6, 8))
    for grads, end in zip((first, second, third, fourth), ends, strict=True):
        np.testing.assert_allclose(grads["W"], end)


def test_two_readers_that_add_up():
    LECTURE.somewhere("From first to last the sums are 1, 3, 6")
    LECTURE.somewhere(
        "beside their steps they stand as 6, 5, 3. So the middle step is told $(3, 5)$"
    )
    LECTURE.somewhere("began in the filling would say 12, 14, 15")
    steps, filling = np.array([1, 2, 3]), 9
    onward, backward = np.cumsum(steps), np.cumsum(steps[::-1])
    assert (onward.tolist(), backward.tolist()) == ([1, 3, 6], [3, 5, 6])
    assert (onward[1], backward[::-1][1]) == (3, 5)
    assert (filling + backward).tolist() == [12, 14, 15]


def test_when_each_reader_comes_to_a_step():
    """The picture's numbers: the steps that an LSTM with open gates has heard of."""
    (cell,) = [cell for cell in LECTURE.text.cells if "onward = np.array([[1, 2, 3" in cell.source]
    drawn = {}
    exec(cell.source.partition("grids")[0], {"np": np}, drawn)
    lengths, H = np.array([6, 4, 2]), 1
    b = np.array([50.0, 50.0, 50.0, np.arctanh(0.001)])  # adds a thousandth at every step
    weights = np.zeros((1, 4)), np.zeros((H, 4)), b
    h = answer("bidirectional_lstm")(np.ones((3, 6, 1)), lengths, weights, weights)
    heard = np.round(1000 * np.arctanh(h)).astype(int)
    np.testing.assert_array_equal(heard[:, :, 0], drawn["onward"])
    np.testing.assert_array_equal(heard[:, :, 1], drawn["backward"])


def test_the_second_reader_has_already_read_what_has_to_be_foretold():
    LECTURE.somewhere("at every letter the second reader has already read the next one")
    x, there, back = RNG.standard_normal((1, 5, 3)), *(answer("init_lstm")(3, 2, 1.0, RNG),) * 2
    other = x.copy()
    other[0, 3] += 1
    one, two = (
        answer("bidirectional_lstm")(each, np.array([5]), there, back) for each in (x, other)
    )
    assert np.array_equal(one[0, 2, :2], two[0, 2, :2])
    assert not np.array_equal(one[0, 2, 2:], two[0, 2, 2:])


def test_a_word_in_pieces_and_a_text():
    LECTURE.somewhere("Second piece: read `a`, `i`, foretell `i`, `n`")
    pieces = answer("bptt_chunks")(np.arange(5)[None], 2)
    assert [(read.tolist(), asked.tolist()) for read, asked in pieces] == [
        ([[0, 1]], [[1, 2]]),
        ([[2, 3]], [[3, 4]]),
    ]
    LECTURE.somewhere("100 questions make five pieces, with four seams")
    assert len(answer("bptt_chunks")(np.zeros((1, 101), dtype=int), 20)) == 5


def test_four_times_as_likely_at_three_temperatures():
    LECTURE.somewhere("16 to 1, a chance of 0.94")
    LECTURE.somewhere("2 to 1, a chance of 0.67")
    scores = np.log([0.8, 0.2])
    colder, hotter = (np.exp(scores / T) / np.exp(scores / T).sum() for T in (0.5, 2.0))
    assert (f"{colder[0]:.2f}", f"{hotter[0]:.2f}") == ("0.94", "0.67")
    assert (colder[0] / colder[1], hotter[0] / hotter[1]) == (pytest.approx(16), pytest.approx(2))


def table_of(chances):
    """A step by a table: the chance of each next letter once a letter is read; 0 for all others."""
    letters = "^abxyz"

    def step(state, symbol):
        after = chances.get(letters[symbol], {})
        p = np.array([after.get(letter, 1e-12) for letter in letters])
        return np.log(p), state

    return step, letters


def test_the_greedy_line_misses_what_two_beginnings_find():
    LECTURE.somewhere(r"The greedy line is `ax`, with $0.6 \cdot 0.4 = 0.24$")
    LECTURE.somewhere(r"Yet `bx` has $0.4 \cdot 0.9 = 0.36$")
    LECTURE.somewhere("and the best of the five lines is found")
    step, letters = table_of(
        {"^": {"a": 0.6, "b": 0.4}, "a": {"x": 0.4, "y": 0.3, "z": 0.3}, "b": {"x": 0.9, "y": 0.1}}
    )

    def best(k):
        line, log_p = answer("beam_search")(step, None, 0, k, 2)[0]
        return "".join(letters[symbol] for symbol in line), round(float(np.exp(log_p)), 6)

    assert (best(1), best(2)) == (("ax", 0.24), ("bx", 0.36))
    found = answer("beam_search")(step, None, 0, 36, 2)
    lines = {"".join(letters[s] for s in line): np.exp(log_p) for line, log_p in found}
    possible = {line: round(p, 6) for line, p in lines.items() if p > 1e-9}
    (cell,) = [cell for cell in LECTURE.text.cells if 'chances = {"a": 0.6' in cell.source]
    drawn = {}
    exec(cell.source.partition("figures.")[0], drawn)
    assert possible == {line: p for line, p in drawn["chances"].items() if len(line) == 2}
    assert len(possible) == 5
    assert {line: p for line, p in drawn["chances"].items() if len(line) == 1} == {
        "a": 0.6,
        "b": 0.4,
    }


def test_two_small_matrices_and_one_unit():
    LECTURE.somewhere("both numbers are 0.8. Now")
    even, slanted = np.diag([0.5, -0.8]), np.array([[0.0, 2.0], [0.0, 0.0]])
    for W, radius, norm in ((even, 0.8, 0.8), (slanted, 0.0, 2.0)):
        assert (rho(W), answer("spectral_norm")(W)) == (pytest.approx(radius), pytest.approx(norm))
    np.testing.assert_array_equal(np.array([1, 0]) @ slanted, [0, 2])
    assert not (np.array([1, 0]) @ slanted @ slanted).any()
    LECTURE.somewhere(r"$0.4 \cdot 2 = 0.8$. After three steps $0.8^3 \approx 0.51$")
    LECTURE.somewhere("it is $2^3 = 8$")
    assert (f"{(0.4 * 2) ** 3:.2f}", 2**3) == ("0.51", 8)
    lengths = answer("gradient_norm_profile")(
        np.array([[2.0]]), np.zeros((1, 1)), np.ones((1, 1)), "linear", 3
    )
    assert lengths[-1] == pytest.approx(8)
    LECTURE.somewhere("After one step at most 3")
    W = np.array([[0.5, 0.0], [0.0, 0.5]]) + slanted * 1.4583333333
    assert (rho(W), round(np.linalg.norm(W, 2), 2)) == (0.5, 3.0)
    assert np.linalg.norm(np.linalg.matrix_power(W, 100)) < 1e-9


def test_the_bound_on_paper_holds_and_neither_number_says_more():
    LECTURE.somewhere(r"Show that $\lVert g_0 \rVert \le \sigma^n\, \lVert g_n \rVert$")
    LECTURE.somewhere(r"Why does $\sigma > 1$ not make every gradient explode?")
    W = RNG.standard_normal((6, 6))
    W *= 0.9 / np.linalg.norm(W, 2)
    h, g = RNG.standard_normal((2, 6))
    after = np.tanh(h @ W)
    steps = 1e-6 * np.eye(6)
    slopes = [(np.tanh((h + e) @ W) - np.tanh((h - e) @ W)) / 2e-6 for e in steps]
    np.testing.assert_allclose(slopes, (1 - after**2) * W, atol=1e-9)  # row j: d h_k / d h_j
    lengths = answer("gradient_norm_profile")(W, h, g, "tanh", 30)
    assert (lengths <= 0.9 ** np.arange(31) * lengths[0] * (1 + 1e-9)).all()
    uneven = np.diag([2.0, 0.1])
    short = answer("gradient_norm_profile")(uneven, np.zeros(2), np.eye(2)[1], "linear", 5)
    assert short[-1] == pytest.approx(1e-5)
    shear = np.array([[0.0, 2.0], [0.0, 0.0]])
    grown = answer("gradient_norm_profile")(shear, np.zeros(2), np.eye(2)[1], "linear", 1)
    assert (rho(shear), grown[-1]) == (0, 2)


def test_boxes_on_the_way_and_letters_in_doubt():
    LECTURE.somewhere("$5 + 3 - 1 = 7$")
    ways = {(0, 0): 1}  # the fewest boxes from the first letter to each box of the picture
    for step in range(5):
        for height in range(3):
            before = [ways[b] for b in ((step - 1, height), (step, height - 1)) if b in ways]
            ways.setdefault((step, height), 1 + min(before, default=0))
    assert ways[4, 2] == 7
    LECTURE.somewhere(r"$e^{\ln 2} = 2$")
    assert np.exp(np.log(2)) == pytest.approx(2)


@pytest.mark.long
@pytest.mark.parametrize(
    ("length", "bias", "low", "high"),
    [(20, 0.0, 0, 0.3), (20, 3.0, 0.95, 1), (40, 1.0, 0, 0.45), (40, 3.0, 0.9, 1)],
)
def test_who_remembers_what_was_told_once(length, bias, low, high):
    """The lesson of Section 10 does not depend on the seed."""
    for seed in (1, 2):
        rng = np.random.default_rng(seed)
        params = dict(zip(("Wx", "Wh", "b"), answer("init_lstm")(16, 48, bias, rng), strict=True))
        params |= {"Wy": rng.uniform(-1, 1, (48, 8)) / np.sqrt(48), "by": np.zeros(8)}
        adam = Adam(params, 3e-3)
        for _ in range(250):
            adam.step(answer("many_to_one_loss")(params, *delayed_recall(rng, 64, length))[1])
        x, y = delayed_recall(rng, 400, length)
        right = np.mean(answer("many_to_one_loss")(params, x, y)[2].argmax(axis=1) == y)
        assert low <= right <= high, seed
