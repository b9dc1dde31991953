"""The backprop references: every gradient against torch, every corrected statement and figure
against numbers.
"""

from __future__ import annotations

import ast
import builtins
import dis
import inspect

import numpy as np
import pytest

from coursekit.data import read_digits

from .conftest import COURSE, load

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


# --- gates ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "operation"), [("add", torch.add), ("mul", torch.mul), ("max", torch.maximum)]
)
def test_gates_agree_with_torch(backprop, name, operation):
    x, y, dout = (drawn(4, 5, seed=k) for k in range(3))
    out, cache = getattr(backprop, f"{name}_forward")(x, y)
    value, gradients = derived(operation, x, y, upstream=dout)
    agree([out, *getattr(backprop, f"{name}_backward")(dout, cache)], [value, *gradients])


def test_24_the_add_gate_distributes_whatever_its_inputs_are(backprop):
    dout = drawn(6)
    for seed in range(3):
        _, cache = backprop.add_forward(drawn(6, seed=seed), drawn(6, seed=seed + 7))
        agree(backprop.add_backward(dout, cache), [dout, dout])


def test_25_a_tie_of_the_max_gate_shares_dout_and_both_getting_it_all_is_no_subgradient(backprop):
    x, dout = drawn(6), drawn(6, seed=1)
    _, cache = backprop.max_forward(x, x.copy())
    dx, dy = backprop.max_backward(dout, cache)
    agree([dx + dy], [dout])
    h = 1e-6  # moved together, the inputs move the maximum by h, and "all to both" promises 2h
    moved = (backprop.max_forward(x + h, x + h)[0] - backprop.max_forward(x, x)[0]) / h
    np.testing.assert_allclose(moved, 1, atol=1e-9)
    both, _ = derived(torch.maximum, x, x, upstream=dout)[1]
    agree([both], [dout / 2])  # torch splits evenly


def test_26_the_mul_gate_swaps_its_inputs(backprop):
    x, y = np.array([0.0, 3.0]), np.array([5.0, -4.0])
    _, cache = backprop.mul_forward(x, y)
    agree(backprop.mul_backward(np.ones(2), cache), [y, x])


def test_27_fan_out_adds_and_so_does_broadcasting(backprop):
    a = backprop.Value(3.0)
    (a + a).backward()
    assert a.grad == 2
    dout = drawn(5, 3)
    agree(backprop.broadcast_add_backward(dout, (5, 3), (3,)), [dout, dout.sum(axis=0)])


def test_the_six_sentences_are_judged_by_the_answers_themselves(backprop):
    x, y, dout = np.array([0.0, 2.0]), np.array([5.0, 2.0]), np.array([1.0, 1.0])
    summed = backprop.add_backward(dout, backprop.add_forward(x, y)[1])
    product = backprop.mul_backward(dout, backprop.mul_forward(x, y)[1])
    first_wins = backprop.max_backward(dout, backprop.max_forward(x, y)[1])
    a = backprop.Value(2.0)
    (a * 3 + a * 5).backward()
    truths = {
        "a": all(np.array_equal(one, dout) for one in summed),
        "b": np.array_equal(product[0], x * dout),
        "c": first_wins[0][1] == first_wins[1][1] == dout[1],
        "d": (first_wins[0][1], first_wins[1][1]) == (dout[1], 0),
        "e": a.grad == 5,
        "f": np.array_equal(backprop.unbroadcast(np.ones((4, 2)), (2,)), [4, 4]),
    }
    assert backprop.gate_claims() == truths


# --- a neuron by hand -----------------------------------------------------------------------------


def test_the_neuron_of_the_lecture(backprop):
    f, cache = backprop.staged_sigmoid_neuron(np.array([2.0, -3, -3]), np.array([-1.0, -2]))
    assert f == pytest.approx(0.73, abs=0.002)
    dw, dx = backprop.staged_sigmoid_neuron_backward(1.0, cache)
    assert dw[2] == pytest.approx(0.20, abs=0.005)  # at the dot product, f (1 - f)
    np.testing.assert_allclose(dw, [-0.20, -0.39, 0.20], atol=0.005)
    np.testing.assert_allclose(dx, [0.39, -0.59], atol=0.005)


@pytest.mark.parametrize("scale", [1.0, 50.0, 1e4])
def test_the_neuron_agrees_with_torch(backprop, scale):
    for seed in range(4):
        w, x = scale * drawn(3, seed=seed), drawn(2, seed=seed)
        f, cache = backprop.staged_sigmoid_neuron(w, x)
        value, gradients = derived(
            lambda w, x: torch.sigmoid(w[0] * x[0] + w[1] * x[1] + w[2]), w, x, upstream=1.7
        )
        agree([f], [value])
        agree(backprop.staged_sigmoid_neuron_backward(1.7, cache), gradients, 1e-9)


# --- an order for the way back --------------------------------------------------------------------


def is_topological(order, out, made_from):
    """Whether it is every node that out was made from, each once, after all of its inputs."""
    needed, waiting = {out}, [out]
    while waiting:
        fresh = set(made_from[waiting.pop()]) - needed
        needed |= fresh
        waiting += fresh
    place = {node: k for k, node in enumerate(order)}
    return (
        len(order) == len(place)
        and set(place) == needed
        and all(place[one] < place[node] for node in needed for one in made_from[node])
    )


def test_topological_sort_orders_random_graphs_and_leaves_out_what_was_not_asked_for(backprop):
    rng = np.random.default_rng(0)
    for _ in range(200):
        count = int(rng.integers(1, 12))
        names = [f"n{k}" for k in rng.permutation(count)]
        made_from = {
            name: [names[j] for j in rng.integers(0, k, rng.integers(0, 4))] if k else []
            for k, name in enumerate(names)
        }
        out = names[int(rng.integers(count))]
        order = backprop.topological_sort(out, made_from.__getitem__)
        assert order[-1] == out
        assert is_topological(order, out, made_from)


def test_topological_sort_survives_a_long_chain_and_a_tower_of_diamonds(backprop):
    chain = backprop.topological_sort(10_000, lambda k: (k - 1,) if k else ())
    assert chain == list(range(10_001))
    asked = []

    def inputs(k):
        asked.append(k)
        return (k - 1, k - 1) if k else ()

    assert backprop.topological_sort(60, inputs) == list(range(61))
    assert len(asked) <= 4 * 61


# --- Value ----------------------------------------------------------------------------------------

EXPRESSIONS = [
    lambda a, b: a + b * 3 - 1 / a,
    lambda a, b: (a * b + b**2).tanh() * a.exp() / (1 + b * b),
    lambda a, b: (lambda u: (u * a).relu() + (u * b).relu() * u)(a - b),
    lambda a, b: (lambda u: (lambda v: v * v * u + v)(u.exp() + u))(a * b),
    lambda a, b: 2 - a**-0.5 + (-b) ** 3 * a,
]


@pytest.mark.parametrize("k", range(len(EXPRESSIONS)))
def test_value_agrees_with_torch(backprop, k):
    for a, b in ((0.7, -1.2), (1.9, 0.4), (0.3, -0.2)):
        left, right = backprop.Value(a), backprop.Value(b)
        out = EXPRESSIONS[k](left, right)
        out.backward()
        value, gradients = derived(EXPRESSIONS[k], a, b)
        agree([out.data, left.grad, right.grad], [value, *gradients])


def test_value_max_agrees_with_torch(backprop):
    for a, b in ((0.7, -1.2), (-1.9, 0.4)):
        left, right = backprop.Value(a), backprop.Value(b)
        (left.max(right) * left).backward()
        agree([left.grad, right.grad], derived(lambda a, b: torch.maximum(a, b) * a, a, b)[1])


@pytest.mark.parametrize("length", [5_000, 50_000])
def test_value_survives_a_chain_that_recursion_does_not(backprop, length):
    start = end = backprop.Value(1.0)
    for _ in range(length):
        end = end * (1 + 1 / length)
    end.backward()
    assert start.grad == pytest.approx(np.e, rel=1e-3)

    def depth(node):
        return 1 + max(map(depth, node.operands), default=0)

    with pytest.raises(RecursionError):
        depth(end)


def test_value_climbs_a_tower_of_diamonds_with_2_to_the_60_paths(backprop):
    start = top = backprop.Value(0.5)
    for _ in range(60):
        top = top + top
    top.backward()
    assert start.grad == 2.0**60


def test_value_starts_afresh_and_knows_its_operands(backprop):
    a, b = backprop.Value(2.0), backprop.Value(-3.0)
    u = a * b
    f = u + u
    for _ in range(2):
        f.backward()
        assert (a.grad, b.grad, u.grad, f.grad) == (-6, 4, 2, 1)
    assert u.operands == (a, b)
    assert f.operands == (u, u)
    assert repr(a) == "Value(data=2, grad=-6)"


# --- slopes of slopes -----------------------------------------------------------------------------


@pytest.mark.parametrize("k", range(len(EXPRESSIONS)))
def test_grad_of_grad_agrees_with_torchs_create_graph(backprop, k):
    for a, b in ((0.7, -1.2), (1.9, 0.4), (0.3, -0.2)):
        ours = [backprop.Value(a), backprop.Value(b)]
        theirs = [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in (a, b)]
        out, expected = EXPRESSIONS[k](*ours), EXPRESSIONS[k](*theirs)
        for order in range(3):  # slopes, slopes of slopes, and once more, always in both
            found = backprop.grad(out, ours)
            wanted = torch.autograd.grad(
                expected, theirs, create_graph=True, materialize_grads=True
            )
            agree([one.data for one in found], [one.item() for one in wanted], 1e-9)
            out = found[0] * 3 + found[1] * found[0]
            expected = wanted[0] * 3 + wanted[1] * wanted[0]
            if not expected.requires_grad:  # a constant: torch has no more to say
                assert all(one.data == 0 for one in backprop.grad(out, ours))
                break
            assert order < 2 or out.operands


def test_grad_agrees_with_torch_at_max_and_relu(backprop):
    def f(a, b, largest):
        return (largest(a, b) * a * a).relu() * b**2

    for a, b in ((0.7, -1.2), (1.9, 2.4)):
        ours = [backprop.Value(a), backprop.Value(b)]
        theirs = [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in (a, b)]
        first = backprop.grad(f(ours[0], ours[1], lambda a, b: a.max(b)), ours)
        wanted = torch.autograd.grad(
            f(theirs[0], theirs[1], torch.maximum), theirs, create_graph=True
        )
        agree([one.data for one in first], [one.item() for one in wanted])
        for one, other in zip(first, wanted, strict=True):
            second = torch.autograd.grad(other, theirs, retain_graph=True, materialize_grads=True)
            agree([each.data for each in backprop.grad(one, ours)], [e.item() for e in second])


def test_a_gradient_penalty_can_be_sent_back(backprop):
    """A loss with a slope inside it: the sum of f and of the square of its slope in x."""
    w, x = 0.8, -0.6
    ours = [backprop.Value(w), backprop.Value(x)]
    f = (ours[0] * ours[1]).tanh() * ours[0]
    (slope,) = backprop.grad(f, ours[1:])
    loss = f + slope * slope
    loss.backward()
    theirs = [torch.tensor(one, dtype=torch.float64, requires_grad=True) for one in (w, x)]
    g = (theirs[0] * theirs[1]).tanh() * theirs[0]
    (wanted,) = torch.autograd.grad(g, theirs[1:], create_graph=True)
    (g + wanted * wanted).backward()
    agree([one.grad for one in ours], [one.grad.item() for one in theirs])


def test_grad_leaves_the_graph_alone_survives_chains_and_knows_what_is_no_part_of_it(backprop):
    a, alone = backprop.Value(2.0), backprop.Value(5.0)
    u = a * a
    f = u * a
    f.backward()
    held = [(one, one.data, one.grad) for one in (a, u, f)]
    slopes = backprop.grad(f, [a, alone, u, f])
    assert [one.data for one in slopes] == [12, 0, 2, 1]
    assert all((one.data, one.grad) == (data, grad) for one, data, grad in held)
    end = a
    for _ in range(20_000):
        end = end * 1.0001
    assert backprop.grad(end, [a])[0].data == pytest.approx(1.0001**20_000)
    top = a
    for _ in range(60):
        top = top + top
    assert backprop.grad(top, [a])[0].data == 2.0**60


# --- broadcasting and layers ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [(4, 3, 5), (3, 5), (5,), (), (1,), (1, 3, 5), (4, 1, 5), (4, 3, 1), (1, 1, 1), (3, 1), (1, 5)],
)
def test_unbroadcast_agrees_with_torch(backprop, shape):
    grad, array = drawn(4, 3, 5), np.ones(shape)
    expected = derived(lambda one: one.expand(4, 3, 5), array, upstream=grad)[1][0]
    got = backprop.unbroadcast(grad, shape)
    assert np.shape(got) == shape
    agree([got], [expected])


def test_broadcast_add_agrees_with_torch(backprop):
    for left, right in (((4, 3), (3,)), ((4, 1), (1, 3)), ((), (2, 3)), ((2, 1, 3), (4, 1))):
        out = np.ones(left) + np.ones(right)
        dout = drawn(*out.shape)
        gradients = derived(torch.add, np.ones(left), np.ones(right), upstream=dout)[1]
        agree(backprop.broadcast_add_backward(dout, left, right), gradients)


@pytest.mark.parametrize("shape", [(6, 4), (6, 2, 3), (6, 1, 2, 3), (1, 5)])
def test_affine_agrees_with_torch(backprop, shape):
    D, dout = int(np.prod(shape[1:])), drawn(shape[0], 7)
    x, w, b = drawn(*shape), drawn(D, 7), drawn(7)
    out, cache = backprop.affine_forward(x, w, b)
    value, gradients = derived(lambda x, w, b: x.flatten(1) @ w + b, x, w, b, upstream=dout)
    agree([out, *backprop.affine_backward(dout, cache)], [value, *gradients])


def test_rectifiers_agree_with_torch(backprop):
    x, dout = drawn(4, 3, 2), drawn(4, 3, 2, seed=1)
    for theirs, forward, backward in (
        (F.relu, backprop.relu_forward, backprop.relu_backward),
        (
            lambda x: F.leaky_relu(x, 0.2),
            lambda x: backprop.leaky_relu_forward(x, 0.2),
            backprop.leaky_relu_backward,
        ),
    ):
        out, cache = forward(x)
        value, gradients = derived(theirs, x, upstream=dout)
        agree([out, backward(dout, cache)], [value, *gradients])


@pytest.mark.parametrize("offsets", [0.0, 1e4, 1e3 * np.array([[-3.0], [0], [2], [5], [-1]])])
def test_softmax_loss_agrees_with_torch(backprop, offsets):
    x, y = drawn(5, 4) + offsets, np.array([0, 3, 1, 1, 2])
    loss, dx = backprop.softmax_loss(x, y)
    value, gradients = derived(lambda x: F.cross_entropy(x, torch.from_numpy(y)), x)
    agree([loss, dx], [value, *gradients])


def test_no_argument_is_changed(backprop):
    x, dout, w, b = drawn(5, 4), drawn(5, 4, seed=1), drawn(4, 4), drawn(4)
    held = [one.copy() for one in (x, dout, w, b)]
    for forward, backward in (
        (lambda: backprop.affine_forward(x, w, b), backprop.affine_backward),
        (lambda: backprop.relu_forward(x), backprop.relu_backward),
        (lambda: backprop.leaky_relu_forward(x), backprop.leaky_relu_backward),
        (lambda: backprop.layernorm_forward(x, b, b, {}), backprop.layernorm_backward),
        (
            lambda: backprop.batchnorm_forward(x, b, b, {"mode": "train"}),
            backprop.batchnorm_backward,
        ),
        (
            lambda: backprop.batchnorm_forward(x, b, b, {"mode": "train"}),
            backprop.batchnorm_backward_alt,
        ),
        (
            lambda: backprop.dropout_forward(x, {"mode": "train", "p_keep": 0.5}),
            backprop.dropout_backward,
        ),
        (lambda: backprop.mul_forward(x, dout), backprop.mul_backward),
        (lambda: backprop.max_forward(x, dout), backprop.max_backward),
        (lambda: backprop.add_forward(x, dout), backprop.add_backward),
    ):
        out, cache = forward()
        result = backward(dout, cache)
        out += 1  # nor does anything handed out share memory with what came in
        for one in result if isinstance(result, tuple) else (result,):
            one += 1
        assert all(
            np.array_equal(now, then) for now, then in zip((x, dout, w, b), held, strict=True)
        )


# --- networks -------------------------------------------------------------------------------------


def labels(N, C):
    return np.arange(N) % C


def with_parameters(model, seed=3):
    rng = np.random.default_rng(seed)
    model.params = {name: rng.standard_normal(value.shape) for name, value in model.params.items()}
    return model


def torch_net(model, X, y, masks=()):
    """Loss and gradients of a network in torch, the dropout's masks being given."""
    names = list(model.params)
    hidden = sum(name.startswith("W") for name in names) - 1

    def loss(*tensors):
        p = dict(zip(names, tensors, strict=True))
        out = torch.from_numpy(X).flatten(1)
        for k in range(1, hidden + 1):
            out = out @ p[f"W{k}"] + p[f"b{k}"]
            if f"gamma{k}" in p:
                out = F.batch_norm(
                    out, None, None, p[f"gamma{k}"], p[f"beta{k}"], training=True, eps=1e-5
                )
            out = F.relu(out)
            if masks:
                out = out * torch.from_numpy(masks[k - 1])
        scores = out @ p[f"W{hidden + 1}"] + p[f"b{hidden + 1}"]
        penalty = sum((value**2).sum() for name, value in p.items() if name.startswith("W"))
        return F.cross_entropy(scores, torch.from_numpy(y)) + model.reg * penalty

    value, gradients = derived(loss, *model.params.values())
    return value, dict(zip(names, gradients, strict=True))


def compare_with_torch(model, X, y, masks=()):
    loss, grads = model.loss(X, y)
    value, gradients = torch_net(model, X, y, masks)
    assert set(grads) == set(gradients)
    agree([loss, *(grads[name] for name in gradients)], [value, *gradients.values()], 1e-10)


@pytest.mark.parametrize("reg", [0.0, 0.3, 2.5])
@pytest.mark.parametrize("N", [1, 9])
def test_the_two_layer_net_agrees_with_torch(backprop, N, reg):
    compare_with_torch(
        with_parameters(backprop.TwoLayerNet(6, 5, 4, reg=reg)), drawn(N, 3, 2), labels(N, 4)
    )


@pytest.mark.parametrize("batchnorm", [False, True])
@pytest.mark.parametrize("p_keep", [1.0, 0.6])
@pytest.mark.parametrize("hidden", [[], [5], [5, 4, 6]])
def test_the_deep_net_agrees_with_torch(backprop, hidden, p_keep, batchnorm):
    net = backprop.FullyConnectedNet(hidden, 6, 3, batchnorm, p_keep, reg=0.2, dropout_seed=11)
    masks = [
        (np.random.default_rng(11 + k).random((9, H)) < p_keep) / p_keep
        for k, H in enumerate(hidden, start=1)
    ]
    compare_with_torch(with_parameters(net), drawn(9, 6), labels(9, 3), masks)


def test_both_nets_start_at_log_c_and_in_the_stated_order(backprop):
    X, y = drawn(20, 30), labels(20, 10)
    two = backprop.TwoLayerNet(30, 50, 10, rng=np.random.default_rng(5))
    deep = backprop.FullyConnectedNet([50], 30, 10, weight_scale=1e-3, rng=np.random.default_rng(5))
    for net in (two, deep):
        assert net.loss(X, y)[0] == pytest.approx(np.log(10), abs=1e-3)
    assert np.log(10) == pytest.approx(2.302585, abs=1e-6)
    assert all(np.array_equal(two.params[name], deep.params[name]) for name in two.params)
    rng = np.random.default_rng(5)
    assert np.array_equal(two.params["W1"], 1e-3 * rng.standard_normal((30, 50)))
    assert np.array_equal(two.params["W2"], 1e-3 * rng.standard_normal((50, 10)))


@pytest.mark.parametrize(("fan_in", "fan_out"), [(7, 5), (1, 6), (40, 3)])
def test_fresh_weights_have_the_deviation_of_torchs(backprop, fan_in, fan_out):
    """torch's normal draws of one seed, divided by plain ones of that seed, are its deviation."""
    theirs = {
        "xavier": torch.nn.init.xavier_normal_,
        "kaiming": lambda W: torch.nn.init.kaiming_normal_(W, nonlinearity="relu"),
    }
    for kind, fill in theirs.items():
        weight = torch.empty(
            fan_out, fan_in, dtype=torch.float64
        )  # torch keeps a row for each unit
        torch.manual_seed(1)
        fill(weight)
        torch.manual_seed(1)
        deviation = weight / torch.empty_like(weight).normal_()
        W = backprop.init_weights(fan_in, fan_out, kind, np.random.default_rng(3))
        plain = np.random.default_rng(3).standard_normal((fan_in, fan_out))
        np.testing.assert_allclose(W / plain, deviation.numpy().T, rtol=1e-12)
    with pytest.raises(ValueError, match="zeros"):
        backprop.init_weights(3, 4, "zeros")


# --- batch normalisation --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["batchnorm_backward", "batchnorm_backward_alt"])
@pytest.mark.parametrize(("N", "eps"), [(8, 1e-5), (8, 0.1), (2, 0.01), (1, 0.01)])
def test_batchnorm_agrees_with_torch(backprop, name, N, eps):
    x, gamma, beta, dout = 3 * drawn(N, 4) + 2, drawn(4), drawn(4, seed=1), drawn(N, 4, seed=2)

    def theirs(x, gamma, beta):
        mean = x.mean(0)
        return gamma * (x - mean) / torch.sqrt(((x - mean) ** 2).mean(0) + eps) + beta

    out, cache = backprop.batchnorm_forward(x, gamma, beta, {"mode": "train", "eps": eps})
    value, gradients = derived(theirs, x, gamma, beta, upstream=dout)
    agree([out, *getattr(backprop, name)(dout, cache)], [value, *gradients], 1e-10)
    if N > 1:
        agree(
            [out],
            [
                F.batch_norm(
                    *map(torch.from_numpy, (x, 0 * beta, 0 * beta, gamma, beta)), True, 0, eps
                )
            ],
            1e-10,
        )


def test_batchnorm_remembers_and_forgets_by_momentum(backprop):
    rng, param = np.random.default_rng(0), {"mode": "train", "momentum": 0.5}
    for _ in range(40):
        backprop.batchnorm_forward(
            3 * rng.standard_normal((2000, 2)) + 7, np.ones(2), np.zeros(2), param
        )
    np.testing.assert_allclose(param["running_mean"], 7, atol=0.2)
    np.testing.assert_allclose(param["running_var"], 9, atol=0.6)
    before = {name: param[name].copy() for name in ("running_mean", "running_var")}
    out, _ = backprop.batchnorm_forward(
        np.full((3, 2), 10.0), np.ones(2), np.zeros(2), param | {"mode": "test"}
    )
    np.testing.assert_allclose(out, 1, atol=0.15)
    assert all(np.array_equal(param[name], value) for name, value in before.items())
    with pytest.raises(ValueError, match="'train' or 'test'"):
        backprop.batchnorm_forward(out, np.ones(2), np.zeros(2), {"mode": "eval"})


@pytest.mark.parametrize("name", ["batchnorm_backward", "batchnorm_backward_alt"])
def test_a_check_with_ones_sees_nothing_of_batchnorm(backprop, name):
    x, gamma = drawn(8, 4), drawn(4)
    _, cache = backprop.batchnorm_forward(x, gamma, 0 * gamma, {"mode": "train"})
    ones, dout = np.ones((8, 4)), drawn(8, 4, seed=1)
    right, impostor = getattr(backprop, name), backprop.batchnorm_impostor
    assert np.abs(right(ones, cache)[0]).max() < 1e-12
    np.testing.assert_allclose(impostor(ones, x, gamma, 1e-5), right(ones, cache)[0], atol=1e-12)
    assert np.abs(impostor(dout, x, gamma, 1e-5) - right(dout, cache)[0]).max() > 0.1


def test_an_eps_missing_in_the_backward_pass_hides_at_its_usual_size(backprop):
    x, gamma, dout = drawn(8, 4), drawn(4), drawn(8, 4, seed=1)

    def gap(eps):
        _, cache = backprop.batchnorm_forward(x, gamma, gamma, {"mode": "train", "eps": eps})
        _, without = backprop.batchnorm_forward(x, gamma, gamma, {"mode": "train", "eps": 0.0})
        right, wrong = (backprop.batchnorm_backward(dout, one)[0] for one in (cache, without))
        return np.abs(right - wrong).max() / np.abs(right).max()

    assert gap(1e-5) < 1e-4  # within the usual tolerance of a numeric check
    assert gap(1e-2) > 3e-3


def test_dx_is_orthogonal_to_ones_and_to_the_normalised_values(backprop):
    x, gamma, dout = drawn(8, 4), drawn(4), drawn(8, 4, seed=1)
    _, cache = backprop.batchnorm_forward(x, gamma, gamma, {"mode": "train", "eps": 1e-14})
    dx, *_ = backprop.batchnorm_backward(dout, cache)
    np.testing.assert_allclose(dx.sum(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.sum(dx * (x - x.mean(axis=0)), axis=0), 0, atol=1e-10)


# --- layer normalisation --------------------------------------------------------------------------


@pytest.mark.parametrize(("N", "D"), [(6, 5), (1, 5), (6, 1), (6, 2)])
@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_layernorm_agrees_with_torch(backprop, N, D, eps):
    x, gamma, beta = 3 * drawn(N, D) + 2, drawn(D), drawn(D, seed=1)
    dout = drawn(N, D, seed=2)
    out, cache = backprop.layernorm_forward(x, gamma, beta, {"eps": eps})
    value, gradients = derived(
        lambda x, gamma, beta: F.layer_norm(x, (D,), gamma, beta, eps),
        *(x, gamma, beta),
        upstream=dout,
    )
    agree([out, *backprop.layernorm_backward(dout, cache)], [value, *gradients], 1e-9)
    usual = F.layer_norm(torch.from_numpy(x), (D,))
    agree([backprop.layernorm_forward(x, np.ones(D), np.zeros(D), {})[0]], [usual.numpy()], 1e-9)


def test_layernorm_is_batchnorm_on_its_side_but_for_gamma(backprop):
    x, dout = drawn(6, 5), drawn(6, 5, seed=1)
    out, cache = backprop.layernorm_forward(x, np.ones(5), np.zeros(5), {})
    turned, turned_cache = backprop.batchnorm_forward(
        x.T, np.ones(6), np.zeros(6), {"mode": "train"}
    )
    agree([out], [turned.T])
    agree(
        [backprop.layernorm_backward(dout, cache)[0]],
        [backprop.batchnorm_backward_alt(dout.T, turned_cache)[0].T],
    )


def test_a_batch_of_one_tells_layernorm_something_and_batchnorm_nothing(backprop):
    x, gamma, beta, dout = drawn(1, 5), drawn(5), drawn(5, seed=1), drawn(1, 5, seed=2)
    out, cache = backprop.batchnorm_forward(x, gamma, beta, {"mode": "train"})
    np.testing.assert_allclose(out[0], beta, atol=1e-12)
    assert np.abs(backprop.batchnorm_backward(dout, cache)[0]).max() < 1e-9
    company = np.vstack([x, drawn(7, 5, seed=3)])
    out, cache = backprop.layernorm_forward(x, gamma, beta, {})
    agree([out], [backprop.layernorm_forward(company, gamma, beta, {})[0][:1]])
    assert np.abs(backprop.layernorm_backward(dout, cache)[0]).max() > 0.05


# --- dropout --------------------------------------------------------------------------------------


@pytest.mark.parametrize("p_keep", [0.1, 0.5, 0.9, 1.0])
def test_dropout_keeps_the_mean_and_its_mask(backprop, p_keep):
    ones, param = np.ones((400, 250)), {"mode": "train", "p_keep": p_keep, "seed": 4}
    out, cache = backprop.dropout_forward(ones, param)
    assert np.mean(out != 0) == pytest.approx(p_keep, abs=0.01)
    assert out.mean() == pytest.approx(1, abs=0.03)
    assert set(np.unique(out)) <= {0.0, 1 / p_keep}
    assert np.array_equal(backprop.dropout_backward(ones, cache), out)
    assert np.array_equal(backprop.dropout_forward(ones, param)[0], out)
    assert np.array_equal(backprop.dropout_forward(ones, param | {"mode": "test"})[0], ones)


def test_dropout_agrees_with_torch(backprop):
    x, dout = drawn(6, 5), drawn(6, 5, seed=1)
    out, cache = backprop.dropout_forward(x, {"mode": "train", "p_keep": 0.6, "seed": 9})
    kept = torch.from_numpy(np.random.default_rng(9).random((6, 5)) < 0.6)
    value, gradients = derived(lambda x: torch.where(kept, x, 0.0) / 0.6, x, upstream=dout)
    agree([out, backprop.dropout_backward(dout, cache)], [value, *gradients])


def test_dropout_without_a_seed_varies_and_refuses_what_is_no_probability(backprop):
    first, second = (
        backprop.dropout_forward(np.ones((30, 30)), {"mode": "train", "p_keep": 0.5})[0]
        for _ in "12"
    )
    assert not np.array_equal(first, second)
    for wrong in (0.0, -0.1, 1.1):
        with pytest.raises(ValueError, match="p_keep"):
            backprop.dropout_forward(np.ones(3), {"mode": "test", "p_keep": wrong})


# --- training and checking whole models -----------------------------------------------------------


def test_both_nets_learn_fifty_digits_by_heart(backprop):
    X, y = read_digits()
    X, y = X[:50] / 16 - 0.5, y[:50]
    for net in (
        backprop.TwoLayerNet(64, 50, 10, weight_scale=0.1, rng=np.random.default_rng(0)),
        backprop.FullyConnectedNet(
            [40, 40], 64, 10, batchnorm=True, weight_scale=0.1, rng=np.random.default_rng(0)
        ),
    ):
        history, accuracy = backprop.overfit_small(net, X, y, 0.5, 200)
        assert len(history) == 200
        assert history[0] > 2
        assert history[-1] < 0.1
        assert accuracy == 1


def kinked(module):
    """A TwoLayerNet and inputs of which example k lies 1e-6 from the kink of hidden unit k."""
    net, X = with_parameters(module.TwoLayerNet(6, 5, 4, reg=0.1)), drawn(9, 6)
    W, b = net.params["W1"], net.params["b1"]
    for k in range(5):
        X[k] -= (X[k] @ W[:, k] + b[k] - 1e-6) * W[:, k] / (W[:, k] @ W[:, k])
    return net, X, labels(9, 4)


def test_the_model_check_passes_right_models(backprop):
    net, X, y = kinked(backprop)
    held = dict(net.params)
    report = backprop.gradient_check_model(net, X, y, 20, rng=np.random.default_rng(0))
    assert report["passed"]
    assert report["kinks"] >= 20  # every step in b1 at least
    assert all(net.params[name] is value for name, value in held.items())
    net.params = {name: value.astype(np.float32) for name, value in net.params.items()}
    assert backprop.gradient_check_model(net, drawn(9, 6).astype(np.float32), y)["passed"]


class WithWinners:
    """A network with random units and running averages, as gradient_check_model wants it."""

    def __init__(self, module):
        self.net = with_parameters(
            module.FullyConnectedNet([40, 30], 6, 3, batchnorm=True, p_keep=0.7, reg=0.1)
        )
        self.calls = 0

    @property
    def params(self):
        return self.net.params

    @params.setter
    def params(self, value):
        self.net.params = value

    def loss(self, X, y):
        self.calls += 1
        self.net.dropout_seed = self.calls  # other units in every call, until reset
        return self.net.loss(X, y)

    def winners(self, X):
        return np.zeros(1, dtype=bool)

    def reset(self):
        self.calls = 0
        self.net.reset()


def test_the_model_check_resets_what_is_random(backprop):
    X, y = drawn(12, 6), labels(12, 3)
    assert backprop.gradient_check_model(WithWinners(backprop), X, y, rng=np.random.default_rng(0))[
        "passed"
    ]
    restless = WithWinners(backprop)
    restless.reset = lambda: None
    assert not backprop.gradient_check_model(restless, X, y, rng=np.random.default_rng(0))["passed"]


SIX_BUGS = {
    "W1": lambda grads, net, N: {**grads, "W1": grads["W1"] - 2 * net.reg * net.params["W1"]},
    "b1": lambda grads, net, N: {**grads, "b1": grads["b1"] / N},
    "W2": lambda grads, net, N: {**grads, "W2": grads["W2"] + 1e-3},
    "b2": lambda grads, net, N: {**grads, "b2": grads["b2"][None]},
    "b2 ": lambda grads, net, N: {name: grad for name, grad in grads.items() if name != "b2"},
    "W2 ": lambda grads, net, N: {**grads, "W2": -grads["W2"]},
}


@pytest.mark.parametrize("place", SIX_BUGS)
def test_the_model_check_finds_six_bugs_planted_in_a_two_layer_net(backprop, place):
    class Spoiled(backprop.TwoLayerNet):
        def loss(self, X, y=None):
            loss, grads = super().loss(X, y)
            return loss, SIX_BUGS[place](grads, self, len(X))

    net = with_parameters(Spoiled(6, 5, 4, reg=0.1))
    report = backprop.gradient_check_model(
        net, drawn(9, 6), labels(9, 4), rng=np.random.default_rng(0)
    )
    assert not report["passed"]
    assert {name for name, error in report["errors"].items() if error > 1e-5} == {place.strip()}


def test_hessian_vector_products_agree_with_torch(backprop):
    def f(p):
        return (p.sin() * p.roll(1, 0)).sum() + (p**4).sum()

    def gradient(p):
        return derived(f, p)[1][0]

    x = drawn(4, 3)
    for length in (1.0, 1e6, 1e-9):
        v = length * drawn(4, 3, seed=1)
        _, exact = torch.autograd.functional.hvp(f, torch.from_numpy(x), torch.from_numpy(v))
        np.testing.assert_allclose(
            backprop.hessian_vector_product(gradient, x, v), exact, rtol=1e-6, atol=1e-8 * length
        )
    assert not backprop.hessian_vector_product(gradient, x, np.zeros((4, 3))).any()


@pytest.mark.parametrize("shard_size", [1, 4, 5, 10, 100])
def test_shards_add_up_to_the_whole(backprop, shard_size):
    net, X, y = with_parameters(backprop.TwoLayerNet(6, 5, 4, reg=0.3)), drawn(10, 6), labels(10, 4)
    whole, gradients = net.loss(X, y)
    loss, grads = backprop.gradient_accumulate(net.loss, X, y, shard_size)
    assert loss == pytest.approx(whole, rel=1e-12)
    agree([grads[name] for name in gradients], gradients.values())


def test_shards_do_not_add_up_where_examples_know_of_each_other(backprop):
    net = with_parameters(backprop.FullyConnectedNet([5], 6, 4, batchnorm=True))
    X, y = drawn(10, 6), labels(10, 4)
    assert backprop.gradient_accumulate(net.loss, X, y, 5)[0] != pytest.approx(
        net.loss(X, y)[0], rel=1e-3
    )


# --- the gate of torch's graph --------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(7, 5), (1, 4), (9, 2), (60, 10)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_hinge_gate_agrees_with_torchs_own_loss(backprop, shape, dtype):
    scores = torch.from_numpy(drawn(*shape)).to(dtype).requires_grad_()
    y = torch.from_numpy(np.random.default_rng(3).integers(0, shape[1], shape[0]))
    for arriving in (1.0, -2.5):
        loss = backprop.HingeLoss.apply(scores, y)
        expected = F.multi_margin_loss(scores, y) * shape[1]
        (dscores,) = torch.autograd.grad(arriving * loss, scores)
        (wanted,) = torch.autograd.grad(arriving * expected, scores)
        assert loss.dtype == dscores.dtype == dtype
        torch.testing.assert_close(loss, expected)
        torch.testing.assert_close(dscores, wanted)


def test_the_hinge_gate_passes_gradcheck(backprop):
    rng = np.random.default_rng(4)  # no difference of scores near 1, where the slope jumps
    scores = torch.from_numpy(
        0.3 * rng.integers(-8, 9, (7, 5)) + rng.uniform(-0.02, 0.02, (7, 5))
    ).requires_grad_()
    y = torch.from_numpy(rng.integers(0, 5, 7))
    assert torch.autograd.gradcheck(lambda s: backprop.HingeLoss.apply(s, y), scores)


def test_the_hinge_gate_is_the_numpy_layer_of_the_first_assignment(backprop):
    x, y = drawn(7, 5), np.random.default_rng(5).integers(0, 5, 7)
    scores = torch.from_numpy(x).requires_grad_()
    loss = backprop.HingeLoss.apply(scores, torch.from_numpy(y))
    loss.backward()
    expected, dx = load("solutions/svm.py").svm_loss(x, y)
    assert loss.item() == pytest.approx(expected, rel=1e-12)
    np.testing.assert_allclose(scores.grad.numpy(), dx, atol=1e-12)


# --- the file itself ------------------------------------------------------------------------------


def test_answers_use_numpy_and_the_answers_above_them_and_the_last_one_torch(backprop):
    """The notebook defines them in this order, with only ``np`` and ``torch`` before."""
    known = {"np", *vars(builtins)}
    body = ast.parse((COURSE / "solutions/backprop.py").read_text()).body
    for node in body[3:]:  # after the docstring and the imports
        assert isinstance(node, ast.FunctionDef | ast.ClassDef), (
            "only answers: no helpers, no constants"
        )
        assert not node.name.startswith("_")
        assert ast.get_docstring(node)
        answer = getattr(backprop, node.name)
        methods = [one for one in vars(answer).values() if inspect.isroutine(one)] or [answer]
        for method in (inspect.unwrap(one) for one in methods):
            assert method.__doc__
            outside = set(_global_names(method.__code__)) - {node.name}
            assert "torch" not in outside or node is body[-1]
            assert outside - {"torch"} <= known, f"{node.name} uses {sorted(outside - known)}"
        known.add(node.name)


def _global_names(code):
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for constant in code.co_consts:
        if inspect.iscode(constant):
            yield from _global_names(constant)
