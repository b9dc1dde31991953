"""The same in torch: an LSTM with given weights, a character model, and its training."""

import numpy as np

from autograder import case, draws, exercise, must, property_of
from autograder.checks import AllowedMeans, Dimensions, Reference, close

from .shared import LSTM_GIVEN

CHAR_LSTM = {"E": "V D", "Wx": "D 4*H", "Wh": "H 4*H", "b": "4*H", "Wy": "H V", "by": "V"}


@exercise(
    "x: N T D, h0: N H, Wx: D 4*H, Wh: H 4*H, b: 4*H -> h: N T H, own_h: N T H, is_lstm: bool",
    points=3,
    inside=True,
    cases=[
        case("as many inputs as units", sizes={"D": 5, "H": 5}),
        case("one example", sizes={"N": 1}),
    ],
    seconds=60,
    words={
        "h": "the states that your torch.nn.LSTM gives",
        "own_h": "the states that lstm_forward gives",
        "is_lstm": "whether a torch.nn.LSTM is returned",
    },
    checks=[AllowedMeans(allowed=("torch",)), Dimensions(0.5), Reference(1.5, ("h", "is_lstm"))],
)
def to_torch_lstm(student, x, h0, Wx, Wh, b):
    """The states that torch's LSTM gives, and those of lstm_forward."""
    import torch

    module = student.to_torch_lstm(Wx.copy(), Wh.copy(), b.copy())
    start = torch.from_numpy(h0)[None]
    with torch.no_grad():
        h, _ = module(torch.from_numpy(x), (start, torch.zeros_like(start)))
    own, _ = student.lstm_forward(x, h0, Wx, Wh, b)
    return {"h": h.numpy(), "own_h": own, "is_lstm": isinstance(module, torch.nn.LSTM)}


@property_of(to_torch_lstm, "Both say the same", 1)
def both_say_the_same(ask):
    """NumPy and torch, to ten digits."""
    for one in to_torch_lstm.cases:
        _, out = ask(one)
        must(out["is_lstm"], "what is asked for is a torch.nn.LSTM.")
        h, own_h = out["h"], out["own_h"]
        gap = np.abs(h - own_h).max() if h.shape == own_h.shape else np.inf
        if not close(h, own_h, 1e-10):
            return f"torch's states and those of your lstm_forward must agree; they differ by up to {gap:.3g}."


def with_weights(model, E, Wx, Wh, b, Wy, by):
    """The weights put into a model's three modules, in float64."""
    import torch

    i, f, o, g = np.arange(4 * len(Wh)).reshape(4, -1)
    order = np.concatenate([i, f, g, o])  # torch's, for columns, and a second bias of 0
    arrays = {
        **{"embedding.weight": E, "head.weight": Wy.T, "head.bias": by},
        **{"lstm.weight_ih_l0": Wx[:, order].T, "lstm.weight_hh_l0": Wh[:, order].T},
        **{"lstm.bias_ih_l0": b[order], "lstm.bias_hh_l0": 0 * b},
    }
    model = model.double()
    model.load_state_dict({name: torch.tensor(array) for name, array in arrays.items()})
    return model


@exercise(
    inputs={
        **{"ids": "N T int<V", **CHAR_LSTM, "h0": "N H", "c0": "N H"},
        **{"forget_bias": "", "layers": "int"},
    },
    outputs={
        **dict.fromkeys(("scores", "scores_from_state", "scores_in_parts"), "N T V"),
        **{"h_last": "N H", "c_last": "N H", "biases": "any 4*H", "biases_by_default": "any 4*H"},
        **{"random_weights": "bool", "own_scores": "N T V"},
    },
    points=4,
    inside=True,
    answers=("CharLSTM",),
    given={**LSTM_GIVEN, "forget_bias": draws.number(1.5, 4), "layers": draws.whole(2, 3)},
    cases=[case("one text, one step", sizes={"N": 1, "T": 1})],
    seconds=60,
    words={
        **{name: f"our {name}" for name in CHAR_LSTM},
        "h0": "the first h",
        "c0": "the first c",
        "scores": "the scores",
        "scores_from_state": "the scores from a state on",
        "scores_in_parts": "the scores of a text read in two parts",
        "h_last": "the last h",
        "c_last": "the last c",
        "biases": "the sums of the two biases of each layer",
        "biases_by_default": "the sums of the two biases with the default settings",
        "random_weights": "whether the weights are drawn at random",
        "own_scores": "the scores that lstm_forward gives",
    },
    checks=[AllowedMeans(allowed=("torch",)), Dimensions(0.5), Reference(1.5, tolerance=1e-6)],
)
def char_lstm(student, ids, E, Wx, Wh, b, Wy, by, h0, c0, forget_bias, layers):
    """With given weights: from nothing, and from a state; then the biases of a fresh model."""
    import torch

    (V, D), H = E.shape, len(Wh)
    model = with_weights(student.CharLSTM(V, D, H), E, Wx, Wh, b, Wy, by)
    start = tuple(torch.from_numpy(one)[None] for one in (h0, c0))
    with torch.no_grad():
        scores, (h_last, c_last) = model(torch.from_numpy(ids))
        from_state, _ = model(torch.from_numpy(ids), start)
        half, carried = model(torch.from_numpy(ids[:, :1]))
        rest = [model(torch.from_numpy(ids[:, 1:]), carried)[0]] if ids.shape[1] > 1 else []
    own, _ = student.lstm_forward(E[ids], np.zeros_like(h0), Wx, Wh, b)
    fresh = student.CharLSTM(V, D, H, layers, forget_bias)
    return {
        **{"scores": scores.numpy(), "scores_from_state": from_state.numpy()},
        "scores_in_parts": torch.cat([half, *rest], dim=1).numpy(),
        **{"h_last": h_last[-1].numpy(), "c_last": c_last[-1].numpy(), "own_scores": own @ Wy + by},
        "biases": summed_biases(fresh),
        "biases_by_default": summed_biases(student.CharLSTM(V, D, H)),
        "random_weights": bool(fresh.lstm.weight_hh_l0.std() > 0),
    }


def summed_biases(model):
    """For each layer the sum of both bias vectors, in torch's order i, f, g, o."""
    ih, hh = (
        [p.detach().double().numpy() for name, p in model.lstm.named_parameters() if part in name]
        for part in ("bias_ih", "bias_hh")
    )
    return np.array(ih) + np.array(hh)


@property_of(char_lstm, "NumPy says the same", 1)
def numpy_says_the_same(ask):
    """The class against lstm_forward and a product, to ten digits; and in two parts."""
    _, out = ask(case("a few", sizes={"N": 3, "T": 6}))
    if not close(out["scores"], out["own_scores"], 1e-10):
        return "with the same weights the scores must be those of embedding, lstm_forward and an affine layer in NumPy."
    if close(out["scores_from_state"], out["scores"]):
        return "the state that is handed in must be where the LSTM starts; yours changes nothing."
    if not close(out["scores_in_parts"], out["scores"], 1e-10):
        return "read in two parts, with the state handed from one to the other, a text must get the same scores."


@property_of(char_lstm, "Forget gates start open", 1)
def forget_gates_start_open(ask):
    """In every layer, once."""
    inputs, out = ask()
    H = len(inputs["Wh"])
    asked = {"biases": (inputs["forget_bias"], inputs["layers"]), "biases_by_default": (1.0, 1)}
    for name, (bias, layers) in asked.items():
        biases = out[name]
        if len(biases) != layers:
            return f"a model of {layers} layers was asked for; yours has {len(biases)}."
        wanted = np.tile(np.repeat([0.0, bias, 0.0, 0.0], H), (layers, 1))
        gate = "ifgo"[int(np.argmax(np.abs(biases - wanted).max(axis=0))) // H]
        if not close(biases, wanted, 1e-6):
            return (
                f"the two bias vectors of each layer must add up to {bias:.4g} for the forget gate "
                f"and to 0 for the others; yours differ for gate {gate}."
            )
    must(out["random_weights"], "the weights themselves must start at random.")
