"""What the backprop notebook says is true: every erratum of old notes, and every number in its
text.
"""

import ast
import itertools

import numpy as np
import pytest
from lectures import LECTURES

from coursekit import figures
from coursekit.widgets.sabotage import BUGS, sabotage_picture

LECTURE = LECTURES["backprop"]
RNG = np.random.default_rng(231)


def answer(name):
    """The reference's function or class."""
    return LECTURE.answers[name]


# --- errata ---------------------------------------------------------------------------------------


def test_weights_have_a_price_without_a_half_and_biases_have_none():
    LECTURE.said(r"$\text{reg} \sum W^2$ throughout", r"$2\,\text{reg}\,W$", "biases are free")
    LECTURE.somewhere(r"Large weights cost $\text{reg} \sum W^2$ throughout")
    X, y = RNG.standard_normal((6, 4)), RNG.integers(0, 3, 6)
    for model in (
        answer("TwoLayerNet")(4, 5, 3, weight_scale=1.0, rng=np.random.default_rng(0)),
        answer("FullyConnectedNet")([5], 4, 3, weight_scale=1.0, rng=np.random.default_rng(0)),
    ):
        model.params["b1"] = np.ones(5)
        bare, bare_grads = model.loss(X, y)
        model.reg = 0.3
        loss, grads = model.loss(X, y)
        W1, W2 = model.params["W1"], model.params["W2"]
        assert loss - bare == pytest.approx(0.3 * (np.sum(W1**2) + np.sum(W2**2)))
        np.testing.assert_allclose(grads["W1"] - bare_grads["W1"], 0.6 * W1)
        np.testing.assert_array_equal(grads["b1"], bare_grads["b1"])


def test_the_multiply_gate_switches_its_inputs():
    LECTURE.said("`dx` is `y * dout`, never `x * dout`")
    LECTURE.somewhere("`dx` is `y * dout`, never `x * dout`")
    x, y, dout = RNG.standard_normal((3, 5))
    dx, dy = answer("mul_backward")(dout, answer("mul_forward")(x, y)[1])
    np.testing.assert_allclose(dx, y * dout)
    np.testing.assert_allclose(dy, x * dout)
    h = 1e-6
    np.testing.assert_allclose(((x + h) * y - (x - h) * y) / (2 * h) * dout, dx, rtol=1e-6)


def test_at_a_tie_both_shares_together_are_the_slope():
    LECTURE.said(
        "Any split of `dout`", "the two add up to `dout`", "it promises twice the slope there is"
    )
    LECTURE.somewhere("Any split of `dout` is right as long as no share is negative")
    tie = np.array([2.0])
    shares = answer("max_backward")(np.array([3.0]), answer("max_forward")(tie, tie.copy())[1])
    h = 1e-3
    together = 3 * (np.maximum(tie + h, tie + h) - np.maximum(tie, tie)) / h  # both inputs move
    assert sum(shares) == pytest.approx(together)
    assert min(shares) >= 0
    assert pytest.approx(2 * together) == 2 * 3.0  # the whole to both promises this


def test_broadcasting_is_a_fan_out():
    LECTURE.said("Broadcasting draws no arrows", "`db` comes out as `(N, M)`")
    LECTURE.somewhere("then `db` comes out as `(N, M)`")
    dout = RNG.standard_normal((6, 3))
    db = answer("affine_backward")(
        dout, answer("affine_forward")(np.ones((6, 2)), np.ones((2, 3)), np.zeros(3))[1]
    )[2]
    np.testing.assert_allclose(db, answer("unbroadcast")(dout, (3,)))
    np.testing.assert_allclose(db, dout.sum(axis=0))


def test_three_quoted_sentences_are_among_the_false_ones():
    LECTURE.said("its own value times `dout`", "both receive the whole", "the largest counts")
    claims = answer("gate_claims")()
    assert {key for key, fine in claims.items() if not fine} == {"b", "c", "e"}
    docstring = answer("gate_claims").__doc__
    for phrase in (
        "its own value times dout",
        "both receive the whole of dout",
        "the largest of the gradients",
    ):
        assert phrase in docstring


def test_a_fresh_network_starts_at_ln_C_only_while_its_scores_are_small():
    LECTURE.said(r"$\ln C$ for ten classes", "With larger weights it starts higher", "`reg` is off")
    LECTURE.somewhere("With larger weights it starts higher")
    X, y = RNG.standard_normal((200, 30)), RNG.integers(0, 10, 200)

    def first(weight_scale, reg=0.0):
        return answer("TwoLayerNet")(
            30, 50, 10, weight_scale, reg, rng=np.random.default_rng(1)
        ).loss(X, y)[0]

    assert round(np.log(10), 1) == 2.3
    assert first(1e-3) == pytest.approx(np.log(10), abs=1e-3)
    assert first(1.0) > 2 * np.log(10)
    assert first(1e-3, reg=100.0) > first(1e-3) + 0.1


def test_the_sum_of_normalised_outputs_is_a_constant():
    LECTURE.said("sum the outputs", "`out.sum()`")
    LECTURE.somewhere(r"each feature of `out` adds up to $N \beta$")
    gamma, beta = RNG.standard_normal((2, 4))
    for _ in range(3):
        x = RNG.standard_normal((12, 4)) * 5
        out, cache = answer("batchnorm_forward")(x, gamma, beta, {"mode": "train"})
        np.testing.assert_allclose(out.sum(axis=0), 12 * beta, atol=1e-12)
        ones = np.ones((12, 4))
        np.testing.assert_allclose(answer("batchnorm_backward")(ones, cache)[0], 0, atol=1e-12)
        np.testing.assert_allclose(
            answer("batchnorm_impostor")(ones, x, gamma, 1e-5), 0, atol=1e-12
        )
        dout = RNG.standard_normal((12, 4))
        gap = answer("batchnorm_backward")(dout, cache)[0] - answer("batchnorm_impostor")(
            dout, x, gamma, 1e-5
        )
        assert np.abs(gap).max() > 1e-2


def test_p_keep_is_the_probability_of_keeping_and_the_test_does_nothing():
    LECTURE.said("`p_keep`", "test mode is the identity")
    LECTURE.somewhere("At test time the layer does nothing at all")
    x = np.ones(100_000)
    out, _ = answer("dropout_forward")(x, {"mode": "train", "p_keep": 0.8, "seed": 1})
    assert np.mean(out != 0) == pytest.approx(0.8, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.01)
    np.testing.assert_array_equal(
        answer("dropout_forward")(x, {"mode": "test", "p_keep": 0.8})[0], x
    )


def test_a_hundredth_hides_a_forgotten_regulariser():
    LECTURE.said("relative error of 0.01", "forgotten regulariser", "$10^{-5}$")
    LECTURE.somewhere("An error of 0.01 can hide a forgotten regulariser")

    class Forgetful(answer("TwoLayerNet")):
        def loss(self, X, y=None):
            loss, grads = super().loss(X, y)
            return loss, grads | {
                name: grads[name] - 2 * self.reg * self.params[name] for name in ("W1", "W2")
            }

    X, y = RNG.standard_normal((30, 20)), RNG.integers(0, 5, 30)
    worst = {}
    for kind in (answer("TwoLayerNet"), Forgetful):
        model = kind(20, 25, 5, 0.3, 1e-3, rng=np.random.default_rng(1))
        report = answer("gradient_check_model")(model, X, y, rng=np.random.default_rng(2))
        worst[kind.__name__] = max(report["errors"].values())
    assert worst["TwoLayerNet"] < 1e-5 < worst["Forgetful"] < 0.01


def test_what_the_noise_of_dropout_does_on_paper():
    LECTURE.somewhere("Derive the variance of $\\text{out}_d$")
    LECTURE.somewhere("is its mean over the masks still what test mode gives?")
    q, x, w, told = 0.3, RNG.standard_normal(4), RNG.standard_normal(4), 0.7
    masks = np.array(list(itertools.product((0, 1), repeat=4)))
    chance = np.prod(np.where(masks, q, 1 - q), axis=1)
    outs = masks * x / q
    np.testing.assert_allclose(chance @ outs, x)
    price = (1 - q) / q * x**2
    np.testing.assert_allclose(chance @ (outs - x) ** 2, price)
    cost = chance @ (outs @ w - told) ** 2
    assert cost == pytest.approx((w @ x - told) ** 2 + price @ w**2)
    # The layer of the notebook draws as the formula says.
    many = np.broadcast_to(x, (40_000, 4))
    param = {"mode": "train", "p_keep": q, "rng": np.random.default_rng(0)}
    drawn = answer("dropout_forward")(many, param)[0]
    np.testing.assert_allclose(drawn.var(axis=0), price, rtol=0.05)
    even, pair = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([1.0, -1.0])
    np.testing.assert_allclose(np.maximum(0, 2 * even @ pair).mean(), 0.5)
    assert max(0.0, np.ones(2) @ pair) == 0


# --- other facts and numbers ----------------------------------------------------------------------


def test_the_textbook_neuron():
    LECTURE.somewhere("Find the 0.73 and the 0.2")
    w, x = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])
    f, cache = answer("staged_sigmoid_neuron")(w, x)
    dw, _ = answer("staged_sigmoid_neuron_backward")(1.0, cache)
    assert f == pytest.approx(0.73, abs=0.005)
    assert dw[2] == pytest.approx(0.2, abs=0.005)


def test_root_two_keeps_the_size_of_a_signal_through_relu():
    LECTURE.somewhere(r"(For ReLU it is $\sqrt 2$.")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 1000))
    for size, kept in (
        (np.sqrt(2), 1.0),
        (1.0, 0.5),
    ):  # relu keeps half of the mean square, which the 2 makes up for
        w = size * rng.standard_normal((1000, 1000)) / np.sqrt(1000)
        out, _ = answer("relu_forward")(answer("affine_forward")(x, w, np.zeros(1000))[0])
        assert np.mean(out**2) / np.mean(x**2) == pytest.approx(kept, rel=0.05)


def test_dx_of_batch_normalisation_lies_along_neither_ones_nor_xhat():
    LECTURE.somewhere(r"`dx` has no part along $\hat x$ (up to `eps`)")
    x, dout = RNG.standard_normal((2, 12, 4))
    xhat, cache = answer("batchnorm_forward")(
        x, np.ones(4), np.zeros(4), {"mode": "train", "eps": 1e-12}
    )
    dx = answer("batchnorm_backward_alt")(dout, cache)[0]
    np.testing.assert_allclose([dx.sum(axis=0), (dx * xhat).sum(axis=0)], 0, atol=1e-9)


def test_x_is_used_twice_and_so_is_what_is_centred():
    """The framed boxes of the graph of batch normalisation are those with two arrows leaving."""
    source = next(
        cell.source
        for cell in LECTURE.text.cells
        if "of the batch" in cell.source and cell.kind == "demo"
    )
    space: dict = {"figures": figures}
    exec(source.replace("figures.computation_graph", "made = "), space)
    nodes, arrows = space["made"]
    for k, node in enumerate(nodes):
        assert node.framed == (sum(arrow.start == k for arrow in arrows) == 2)


def test_a_million_parameters_have_a_million_million_second_derivatives():
    LECTURE.somewhere("For a million parameters it has $10^{12}$ entries")
    assert (10**6) ** 2 == 10**12


def test_ten_examples_in_shards_of_four_weigh_alike_only_by_their_size():
    LECTURE.somewhere("Ten examples in shards of four")
    X, y = RNG.standard_normal((10, 6)), RNG.integers(0, 3, 10)
    net = answer("TwoLayerNet")(6, 5, 3, 1.0, rng=np.random.default_rng(0))
    whole, grads = net.loss(X, y)
    loss, added = answer("gradient_accumulate")(net.loss, X, y, 4)
    assert loss == pytest.approx(whole)
    np.testing.assert_allclose(added["W1"], grads["W1"], atol=1e-12)
    alike = np.mean([net.loss(X[k : k + 4], y[k : k + 4])[0] for k in (0, 4, 8)])
    assert alike != pytest.approx(whole, rel=1e-3)


def test_three_bugs_escape_the_gradient_check_and_one_escapes_all():
    LECTURE.somewhere("Three of these no gradient check can find")
    LECTURE.somewhere("One bug is noticed by nobody")
    parts = [answer(name) for name in ("TwoLayerNet", "overfit_small", "gradient_check_model")]
    told = {
        title: sabotage_picture(bug, *parts).alt
        for title, bug in BUGS.items()
        if title != "nothing"
    }
    unseen = {title for title, alt in told.items() if "your gradient_check_model is fine" in alt}
    assert unseen == {
        "a constant in the loss",
        "half the regulariser, in both",
        "labels one off, in both",
    }
    assert {title for title, alt in told.items() if " 0 of " in alt} == {
        "half the regulariser, in both"
    }


# --- worked by hand, and asked --------------------------------------------------------------------


def test_gates_by_hand():
    LECTURE.somewhere("The slope of the loss in the 3 is 5")
    _, cache = answer("add_forward")(np.array(3.0), np.array(4.0))
    assert answer("add_backward")(np.array(5.0), cache)[0] == 5
    LECTURE.somewhere(r"hands $0.2 \cdot (-1) = -0.2$ to its weight")
    w, x = np.array([2.0, -3.0, -3.0]), np.array([-1.0, -2.0])
    f, cache = answer("staged_sigmoid_neuron")(w, x)
    assert (w[0] * x[0], w[1] * x[1], w[0] * x[0] + w[1] * x[1] + w[2]) == (-2, 6, 1)
    assert (f"{f:.2f}", f"{f * (1 - f):.1f}") == ("0.73", "0.2")
    dw, _ = answer("staged_sigmoid_neuron_backward")(1.0, cache)
    assert f"{dw[0]:.1f}" == "-0.2"
    LECTURE.somewhere(r"To the 2 goes $3 \cdot 7 = 21$, to the 7 goes $3 \cdot 2 = 6$")
    _, cache = answer("mul_forward")(np.array(2.0), np.array(7.0))
    assert answer("mul_backward")(np.array(3.0), cache) == (21, 6)


def test_uses_add_and_wait_for_each_other():
    LECTURE.somewhere("Together $3 + 3 + 1 = 7$")
    a = answer("Value")(3.0)
    (a * a + a).backward()
    assert a.grad == 7 == 2 * 3 + 1
    LECTURE.somewhere("each brings 5: $5 + 5 = 10$")
    a, b = answer("Value")(5.0), answer("Value")(2.0)
    (a.max(b) * a).backward()
    assert (a.grad, b.grad) == (10, 0)
    LECTURE.somewhere("here $u, v, w$. Such an order is called **topological**")
    u = answer("Value")(2.0)
    v = u * 3
    w = v * u
    w.backward()
    assert u.grad == 3 * 2 + 2 * 3  # straight, and by way of v, which is lost to the impatient
    LECTURE.somewhere(r"6 straight from $w$, and $2 \cdot 3 = 6$ by way of $v$")
    assert (v.data, v.grad, u.grad) == (6, 2, 12)
    LECTURE.somewhere("r, q, p, a. When p hands on")
    made = {"p": {"a"}, "q": {"a", "p"}, "r": {"p", "q"}}
    back = "rqpa"
    assert all(back.index(out) < back.index(one) for out, ins in made.items() for one in ins)


def test_the_drawn_graph_has_several_orders_and_a_mark_set_too_early_spoils_one():
    LECTURE.somewhere("Is there more than one order?")
    source = next(cell.source for cell in LECTURE.text.cells if "made_from = {" in cell.source)
    made_from = ast.literal_eval(source.split("made_from = ")[1].splitlines()[0])
    orders = [
        order
        for order in itertools.permutations(made_from)
        if all(
            order.index(one) < order.index(node) for node in made_from for one in made_from[node]
        )
    ]
    assert len(orders) > 1
    assert {order[0] for order in orders} == {"a", "b"}
    assert {order[-1] for order in orders} == {"f"}
    assert tuple(answer("topological_sort")("f", made_from.__getitem__)) in orders
    LECTURE.somewhere("d made from a and c, c from b, b from a")
    LECTURE.somewhere("One of the two writes b down before a")
    made_from = {"d": ("a", "c"), "c": ("b",), "b": ("a",), "a": ()}
    written, met, aside = [], {"d"}, [("d", False)]
    while aside:
        node, below_done = aside.pop()
        if below_done:
            written.append(node)
            continue
        fresh = [one for one in made_from[node] if one not in met]
        met.update(fresh)  # when they are put aside
        aside += [(node, True), *((one, False) for one in fresh)]
    assert written.index("b") < written.index("a")


def test_slopes_of_slopes_by_hand():
    LECTURE.somewhere("has a slope, $6x = 12$, and that one has the slope 6. After it comes 0")
    x = answer("Value")(2.0)
    f, found = x * x * x, []
    for _ in range(5):
        found.append(f.data)
        (f,) = answer("grad")(f, [x])
    assert found == [8, 12, 12, 6, 0]
    LECTURE.somewhere("Where is the slope of tanh largest? There its own slope is 0")
    places, heights = np.linspace(-3, 3, 121), []
    for place in places:
        start = answer("Value")(place)
        (slope,) = answer("grad")(start.tanh(), [start])
        heights.append((slope.data, answer("grad")(slope, [start])[0].data))
    steepest = np.argmax([slope for slope, _ in heights])
    assert abs(places[steepest]) < 1e-9
    assert abs(heights[steepest][1]) < 1e-9


def test_the_boxes_of_the_way_back_hold_what_they_say():
    source = next(cell.source for cell in LECTURE.text.cells if "df/du · 2x" in cell.source)
    x = answer("Value")(2.0)
    u = x * x
    f = u * x
    by_f, straight = answer("grad")(f, [u, x])
    for phrase, value in (
        ('"x * x = 4"', u.data),
        ('"u * x = 8"', f.data),
        ('"x = 2"', by_f.data),
        ('"df/du · 2x = 8"', by_f.data * 2 * x.data),
        ('"u + by u = 12"', straight.data),
    ):
        assert phrase in source
        assert float(phrase.strip('"').split("= ")[1]) == value


def test_a_bias_gathers():
    LECTURE.somewhere("it gets $1 + 5 = 6$; the second gets $0 + 2 = 2$")
    gathered = answer("unbroadcast")(np.array([[1.0, 0.0], [5.0, 2.0]]), (2,))
    np.testing.assert_array_equal(gathered, [6, 2])
    LECTURE.somewhere("the gradient is `(5, 4, 3)` and the shape asked for `(4, 1)`")
    assert answer("unbroadcast")(np.ones((5, 4, 3)), (4, 1)).shape == (4, 1)
    LECTURE.somewhere("4 times, once in each row of the table")
    dx, dy = answer("broadcast_add_backward")(np.ones((4, 3)), (4, 1), (3,))
    assert (dx == 3).all()
    assert (dy == 4).all()


def test_a_layer_by_hand():
    LECTURE.somewhere(r"$1 \cdot 4 + 2 \cdot 5 + 1 = 15$")
    LECTURE.somewhere("the rows $(15, 2)$ and $(13, 0)$")
    x, w = np.array([[1.0, 2.0], [3.0, 0.0]]), np.array([[4.0, 0.0], [5.0, 1.0]])
    out, _ = answer("affine_forward")(x, w, np.array([1.0, 0.0]))
    np.testing.assert_array_equal(out, [[15, 2], [13, 0]])
    LECTURE.somewhere(r"$10 \cdot 1 + 1 \cdot 3 = 13$")
    LECTURE.somewhere("gets $(40, 50)$")
    _, cache = answer("affine_forward")(x, w[:, :1], np.ones(1))
    dx, dw, db = answer("affine_backward")(np.array([[10.0], [1.0]]), cache)
    np.testing.assert_array_equal(dw[:, 0], [13, 20])
    np.testing.assert_array_equal(dx[0], [40, 50])
    assert db == 11
    LECTURE.somewhere(r"For the input $32 \times 100$, for the weights $100 \times 10$")
    _, cache = answer("affine_forward")(np.ones((32, 100)), np.ones((100, 10)), np.ones(10))
    shapes = [one.shape for one in answer("affine_backward")(np.ones((32, 10)), cache)]
    assert shapes == [(32, 100), (100, 10), (10,)]
    LECTURE.somewhere(r"$\frac12 - 1 = -\frac12$ to the first score")
    _, dx = answer("softmax_loss")(np.zeros((1, 2)), np.array([0]))
    np.testing.assert_allclose(dx, [[-0.5, 0.5]])


def normalised(*values):
    x = np.array(values, dtype=float)[:, None]
    settings = {"mode": "train", "eps": 0.0}
    return answer("batchnorm_forward")(x, np.ones(1), np.zeros(1), settings)[0][:, 0]


def test_normalising_by_hand():
    LECTURE.somewhere("−1.41, 0, 0, 1.41. Had the numbers been 20, 40, 40, 60")
    np.testing.assert_array_equal(normalised(2, 4, 4, 6).round(2), [-1.41, 0, 0, 1.41])
    np.testing.assert_allclose(normalised(20, 40, 40, 60), normalised(2, 4, 4, 6))
    assert np.var([2, 4, 4, 6]) == 2
    LECTURE.somewhere("Halve the signal in each of ten layers, and a thousandth is left")
    assert f"{0.5**10:.3f}" == "0.001"
    LECTURE.somewhere("The mean becomes 2.1, and the distances −1.1, −0.1 and 1.2")
    moved = np.array([1, 2, 3.3])
    np.testing.assert_allclose(moved - moved.mean(), [-1.1, -0.1, 1.2])
    LECTURE.somewhere("Mean 2, deviation 1: they become −1 and 1")
    np.testing.assert_allclose(normalised(1, 3), [-1, 1])
    np.testing.assert_allclose(normalised(10, 30), [-1, 1])
    one = {"mode": "train"}
    alone = answer("batchnorm_forward")(np.array([[7.0]]), np.ones(1), np.zeros(1), one)[0]
    assert alone == 0


def test_an_example_is_normalised_by_itself():
    LECTURE.somewhere("the mean of the squared distances 2, and it becomes −1.41, 0, 0, 1.41")
    one = np.array([[2.0, 4.0, 4.0, 6.0]])
    forward, ones, zeros = answer("layernorm_forward"), np.ones(4), np.zeros(4)
    out = forward(one, ones, zeros, {"eps": 0.0})[0][0]
    np.testing.assert_array_equal(out.round(2), [-1.41, 0, 0, 1.41])
    LECTURE.somewhere("so every feature comes out as 0, whatever it was")
    alone = answer("batchnorm_forward")(one, ones, zeros, {"mode": "train"})[0]
    np.testing.assert_array_equal(alone, 0 * one)
    others = np.vstack([one, RNG.standard_normal((5, 4))])
    np.testing.assert_allclose(
        forward(others, ones, zeros, {})[0][:1], forward(one, ones, zeros, {})[0]
    )


def test_dropping_by_hand():
    LECTURE.somewhere(r"$\frac13 \cdot 18 + \frac23 \cdot 0 = 6$")
    LECTURE.somewhere("In training $4 / 0.8 = 5$, at test time 4")
    for value, p_keep, kept in ((6.0, 1 / 3, 18), (4.0, 0.8, 5)):
        settings = {"mode": "train", "p_keep": p_keep, "seed": 0}
        out, _ = answer("dropout_forward")(np.full((40, 40), value), settings)
        np.testing.assert_allclose(np.unique(out), [0, kept])
        test, _ = answer("dropout_forward")(np.full(2, value), settings | {"mode": "test"})
        np.testing.assert_array_equal(test, value)


def test_the_size_of_weights_by_hand():
    LECTURE.somewhere("so the sum has a mean square of $100\\,s^2$. For $s = 0.1$ that is 1")
    LECTURE.somewhere("after 10 layers $1/1024$ of it, a size of $1/32$")
    rng = np.random.default_rng(0)
    x, W = rng.standard_normal((500, 100)), 0.1 * rng.standard_normal((100, 500))
    assert np.mean((x @ W) ** 2) == pytest.approx(1, abs=0.03)
    assert np.mean(answer("relu_forward")(x @ W)[0] ** 2) == pytest.approx(0.5, abs=0.03)
    assert (0.5**10, np.sqrt(0.5**10)) == (1 / 1024, 1 / 32)
    LECTURE.somewhere("With a half, ten layers leave a thousandth; with two, they make a thousand")
    assert 2**10 == 1024
    LECTURE.somewhere("With $s^2 = 2/100$ nothing is lost")
    kept = answer("relu_forward")(np.sqrt(2) * x @ W)[0]
    assert np.mean(kept**2) == pytest.approx(1, abs=0.06)


def test_one_initialisation_keeps_signal_and_gradient_through_ten_layers_of_relu():
    LECTURE.somewhere("Only one line is level in both pictures")
    ends = {"kaiming": ([], []), "xavier": ([], [])}
    for kind, (forward, back) in ends.items():
        for seed in range(5):
            rng, caches = np.random.default_rng(seed), []
            x = rng.standard_normal((100, 100))
            for _ in range(10):
                W = answer("init_weights")(100, 100, kind, rng)
                x, affine = answer("affine_forward")(x, W, np.zeros(100))
                x, gate = answer("relu_forward")(x)
                caches.append((affine, gate))
            forward.append(np.mean(x**2))
            dout = rng.standard_normal(x.shape)
            for affine, gate in reversed(caches):
                dout, _, _ = answer("affine_backward")(answer("relu_backward")(dout, gate), affine)
            back.append(np.mean(dout**2))
    for kind, wanted in (("kaiming", 1), ("xavier", 1 / 1024)):
        for way in ends[kind]:
            assert 1 / 3 < np.exp(np.mean(np.log(way))) / wanted < 3


def test_shards_and_an_error_by_hand():
    LECTURE.somewhere(r"$0.4 \cdot 1 + 0.4 \cdot 1 + 0.2 \cdot 4 = 1.6$")
    costs = np.array([1.0] * 8 + [4.0] * 2)

    def mean(X, y):
        return X.mean(), {"w": np.zeros(1)}

    loss, _ = answer("gradient_accumulate")(mean, costs, np.zeros(10, dtype=int), 4)
    assert loss == pytest.approx(1.6)
    LECTURE.somewhere("A fifth: $20 / 100 = 0.2$")
    assert 20 / 100 == 1 / 5
    LECTURE.somewhere(r"$0.0002 / 4.0002 \approx 5 \cdot 10^{-5}$")
    assert f"{0.0002 / max(1e-4, 2.0002 + 2):.0e}" == "5e-05"
