"""One step of a plain recurrent network, of an LSTM and of a GRU, and the weights it starts with."""

import numpy as np

from autograder import case, draws, exercise, layer, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Vectorised, close
from coursekit.exercises.refusals import refuses

from .shared import STEP_CASES

rnn_step = layer(
    "rnn_step",
    "x: N D, prev_h: N H, Wx: D H, Wh: H H, b: H -> next_h: N H",
    points=4,
    shares=(0.5, 1.25, 1.25),
    cases=[*STEP_CASES, case("no state yet", sizes={"N": 5, "H": 4}, prev_h=np.zeros((5, 4)))],
    checks=[Vectorised("N", 0.5)],
)


@property_of(rnn_step, "Linear near 0, never beyond 1", 0.5)
def bounded_and_nearly_linear(ask):
    """tanh is the identity near 0 and 1 far from it."""
    inputs = ask.draw()
    small, large = (
        {name: scale * inputs[name] for name in ("x", "prev_h", "b")} for scale in (1e-5, 1e5)
    )
    near, far = ask.all([{**inputs, **small}, {**inputs, **large}])
    a = inputs["x"] @ inputs["Wx"] + inputs["prev_h"] @ inputs["Wh"] + inputs["b"]
    if not close(near["next_h"] / 1e-5, a, 1e-6):
        return "for tiny x, prev_h and b the new state must be x @ Wx + prev_h @ Wh + b: near 0 tanh changes nothing."
    if not close(far["next_h"], np.sign(a), 1e-3):
        return "for huge inputs every entry of the new state must be near -1 or 1: tanh goes no further."


CLAIMED = ("dx", "dprev_h", "dprev_c", "dWx", "dWh", "db")
NO_STATE = {"prev_h": np.zeros((5, 4)), "prev_c": np.zeros((5, 4))}
OPEN_OR_SHUT = np.repeat([1e4, -1e4, 1e4, -1e4, 1e4, 0, 0, 0.5], 2)
ALL_FOUR_PAIRS = np.array([1e4, 1e4, -1e4, -1e4, 1e4, -1e4, 1e4, -1e4, 0, 0.5, 0, 0.5])


@exercise(
    "x: N D, prev_h: N H, prev_c: N H, Wx: D 4*H, Wh: H 4*H, b: 4*H, dnext_h: N H, dnext_c: N H"
    " -> next_h: N H, next_c: N H, dx: N D, dprev_h: N H, dprev_c: N H,"
    " dWx: D 4*H, dWh: H 4*H, db: 4*H, upstream_kept: bool",
    points=6,
    answers=("lstm_step_forward", "lstm_step_backward"),
    cases=[
        *STEP_CASES,
        case("nothing remembered yet", sizes={"N": 5, "H": 4}, **NO_STATE),
        case("large cell states", sizes={"N": 5, "H": 4}, prev_c=draws.normal(5, 4, scale=3)),
        case("gates fully open or shut", sizes={"H": 4}, b=OPEN_OR_SHUT),
    ],
    words={"upstream_kept": "whether dnext_h and dnext_c are left as they were"},
    checks=[
        Dimensions(0.5),
        Gradient(
            ("next_h", "next_c"),
            wrt=("x", "prev_h", "prev_c", "Wx", "Wh", "b"),
            claimed=CLAIMED,
            upstream=("dnext_h", "dnext_c"),
            share=1.5,
        ),
        Reference(1, ("next_h", "next_c"), title="Right states"),
        Reference(1, CLAIMED, title="Right gradients"),
        Reference(0.125, ("upstream_kept",), title="Nothing changed in place"),
        Vectorised("N", 0.5),
    ],
)
def lstm_step(student, x, prev_h, prev_c, Wx, Wh, b, dnext_h, dnext_c):
    """Forward and back."""
    next_h, next_c, cache = student.lstm_step_forward(x, prev_h, prev_c, Wx, Wh, b)
    held = dnext_h.copy(), dnext_c.copy()
    dx, dprev_h, dprev_c, dWx, dWh, db = student.lstm_step_backward(*held, cache)
    kept = np.array_equal(held[0], dnext_h) and np.array_equal(held[1], dnext_c)
    return {
        **{"next_h": next_h, "next_c": next_c, "upstream_kept": kept},
        **{"dx": dx, "dprev_h": dprev_h, "dprev_c": dprev_c, "dWx": dWx, "dWh": dWh, "db": db},
    }


@property_of(lstm_step, "The gates do what they say", 0.75)
def gates_do_what_they_say(ask):
    """With the gates set by hand the cell keeps, takes in, and shows."""
    inputs = ask.draw()
    N, H = inputs["prev_h"].shape
    quiet = {name: 0 * inputs[name] for name in ("x", "prev_h")}
    proposal = ask.rng.uniform(-2, 2, H)

    def gates(i, f, o):
        b = np.concatenate([np.repeat([50.0 * i, 50.0 * f, 50.0 * o], H), proposal])
        return {**inputs, **quiet, "b": b}

    keeping, taking, hiding, shut = ask.all(
        [gates(-1, 1, 1), gates(1, -1, 1), gates(1, 1, -1), gates(-1, -1, 1)]
    )
    if not close(keeping["next_c"], inputs["prev_c"]):
        return "with the input gate shut and the forget gate open (i = 0, f = 1), next_c must be prev_c."
    if not close(keeping["next_h"], np.tanh(inputs["prev_c"])):
        return "with i = 0, f = 1 and the output gate open (o = 1), next_h must be tanh(prev_c)."
    if not close(taking["next_c"], np.tanh(np.tile(proposal, (N, 1)))):
        return "with the input gate open and the forget gate shut (i = 1, f = 0), next_c must be g = tanh(a_g)."
    if not close(hiding["next_h"], np.zeros((N, H))):
        return "with the output gate shut (o = 0), next_h must be 0."
    must(close(shut["next_c"], np.zeros((N, H))), "with i = 0 and f = 0, next_c must be 0.")


@property_of(lstm_step, "Straight back along the cell", 0.5)
def straight_back_along_the_cell(ask):
    """With gates that do not move, the gradient in c is multiplied by f, and by nothing else."""
    drawn = ask.draw()
    inputs, out = ask(drawn, **{name: 0 * drawn[name] for name in ("x", "prev_h", "dnext_h")})
    H = inputs["prev_h"].shape[1]
    f = 1 / (1 + np.exp(-inputs["b"][H : 2 * H]))
    if not close(out["dprev_c"], inputs["dnext_c"] * f):
        return "with dnext_h = 0, dprev_c must be dnext_c times the forget gate: the straight way back along the cell."


@property_of(lstm_step, "The upstream gradients are left alone", 0.125)
def upstream_left_alone(ask):
    """The caller still holds what it handed in."""
    if not ask()[1]["upstream_kept"]:
        return "dnext_h or dnext_c is changed in place; the caller may still need it."


gru_step = layer(
    "gru_step",
    "x: N D, prev_h: N H, Wx: D 3*H, Wh: H 3*H, bx: 3*H, bh: 3*H -> next_h: N H",
    points=4,
    shares=(0.25, 1.25, 0.75),
    cases=[
        *STEP_CASES,
        case("no state yet", sizes={"N": 5, "H": 4}, prev_h=np.zeros((5, 4))),
        case("large states", sizes={"N": 5, "H": 4}, prev_h=draws.normal(5, 4, scale=3)),
        case("gates fully open or shut", sizes={"H": 4}, bx=ALL_FOUR_PAIRS),
    ],
    checks=[Vectorised("N", 0.5)],
)


@property_of(gru_step, "The gates do what they say", 0.75)
def gru_gates_do_what_they_say(ask):
    """With the gates set by hand the state stays, or is the proposal, with the old state or without."""
    inputs = ask.draw()
    H = inputs["prev_h"].shape[1]

    def gates(r, z, **changed):
        bx = np.concatenate([np.repeat([1e3 * r, 1e3 * z], H), inputs["bx"][2 * H :]])
        return {**inputs, "bx": bx, **changed}

    others = {name: inputs[name] + 1.0 for name in ("prev_h", "bh")}
    staying, shut, shut_again, silent = ask.all(
        [gates(1, 1), gates(-1, -1), gates(-1, -1, **others), gates(1, -1, x=0 * inputs["x"])]
    )
    if not close(staying["next_h"], inputs["prev_h"]):
        return "with the update gate fully open (z = 1), next_h must be prev_h."
    if not close(shut["next_h"], shut_again["next_h"]):
        return "with both gates shut (r = 0, z = 0), next_h must not depend on prev_h or on the last block of bh."
    bx, Wh, bh = (inputs[name][..., 2 * H :] for name in ("bx", "Wh", "bh"))
    if not close(silent["next_h"], np.tanh(inputs["prev_h"] @ Wh + bh + bx)):
        return "with x = 0, r = 1 and z = 0, next_h must be what a vanilla step makes of prev_h, by the last blocks."


@property_of(gru_step, "Straight back along the state", 0.5)
def straight_back_along_the_state(ask):
    """With the update gate fully open a gradient passes whole, whatever the matrices are."""
    inputs = ask.draw()
    H = inputs["prev_h"].shape[1]
    bx = np.concatenate([inputs["bx"][:H], np.full(H, 1e3), inputs["bx"][2 * H :]])
    _, out = ask(inputs, bx=bx)
    if not close(out["dprev_h"], inputs["dnext_h"]):
        return "with the update gate fully open (z = 1), dprev_h must be dnext_h: straight back, past every matrix."


@exercise(
    "Wx: D 4*H, Wh: H 4*H, layer: int -> shape: 2 int, shape_below: 2 int, packed: 4*H any, refuses: 2 bool",
    points=2,
    answers=("lstm_weight_shape", "pack_ifog"),
    given={"layer": draws.whole(2, 4)},
    sizes={"D": (3, 6), "H": (7, 9)},
    cases=[case("as many inputs as units", Wx=draws.normal_like("Wh"))],
    words={
        "shape": "the shape of layer 1",
        "shape_below": "the shape of a layer above",
        "packed": "W",
        "refuses": "whether a layer below 1 is refused",
    },
    entries={"refuses": [f"whether layer {bad} is refused" for bad in (0, -1)]},
    checks=[Dimensions(0.25), Reference(0.75)],
)
def lstm_packing(student, Wx, Wh, layer):
    """The shape of the first layer and of a higher one, and the matrix itself."""
    D, H = len(Wx), len(Wh)
    shape_of = student.lstm_weight_shape
    return {
        "shape": np.array(shape_of(D, H, 1)),
        "shape_below": np.array(shape_of(D, H, layer)),
        "packed": student.pack_ifog(Wx, Wh),
        "refuses": np.array([refuses(shape_of, D, H, bad) for bad in (0, -1)]),
    }


@property_of(lstm_packing, "Shapes follow from what is read", 0.5)
def shapes_follow_from_what_is_read(ask):
    """4 H rows; columns for what the layer reads, and for its own state."""
    inputs, out = ask()
    D, H = len(inputs["Wx"]), len(inputs["Wh"])
    for name, reads, whose in (
        ("shape", D, "the first layer"),
        ("shape_below", H, "a layer above the first"),
    ):
        if not np.array_equal(out[name], (4 * H, reads + H)):
            return (
                f"with D = {D} inputs and H = {H} units {whose} has {4 * H} rows (four blocks of H) "
                f"and {reads + H} columns ({reads} for what it reads, {H} for its state); "
                f"yours is {tuple(map(int, out[name]))}."
            )
    must(out["refuses"].all(), "there is no layer below 1: raise ValueError.")


@property_of(lstm_packing, "The matrix of the lectures", 0.5)
def packed_is_the_lectures(ask):
    """W has the shape that was promised for the first layer, and does what Wx and Wh do."""
    inputs, out = ask()
    D, H = len(inputs["Wx"]), len(inputs["Wh"])
    if out["packed"].shape != (4 * H, D + H):
        return f"with D = {D} inputs and H = {H} units W must be (4H, D + H) = {(4 * H, D + H)}."
    x, h = ask.rng.standard_normal(D), ask.rng.standard_normal(H)
    if not close(out["packed"] @ np.concatenate([x, h]), x @ inputs["Wx"] + h @ inputs["Wh"]):
        return "W @ (x on top of h) must be x @ Wx + h @ Wh, for every x and h."


@exercise(
    "D: int, H: int, forget_bias, seed: int"
    " -> Wx: any any, Wh: any any, b: any, b_by_default: any, others_draw_others: bool",
    points=3,
    given={
        **{"D": draws.whole(3, 5), "H": draws.whole(6, 9)},
        **{"forget_bias": draws.number(1.5, 4), "seed": draws.seed},
    },
    cases=[case("no forget bias", forget_bias=0.0), case("a wide layer", D=50, H=64)],
    words={"others_draw_others": "whether two calls without rng draw different weights"},
    checks=[Dimensions(0.5), Reference(1)],
)
def init_lstm(student, D, H, forget_bias, seed):
    """With a bias of one's own, and by default; whether each call without rng draws others."""
    Wx, Wh, b = student.init_lstm(D, H, forget_bias, np.random.default_rng(seed))
    one, other = (student.init_lstm(D, H) for _ in range(2))
    others = not np.array_equal(one[0], other[0])
    return {"Wx": Wx, "Wh": Wh, "b": b, "b_by_default": one[2], "others_draw_others": others}


@property_of(init_lstm, "The forget bias is where it belongs", 0.75)
def forget_bias_where_it_belongs(ask):
    """Columns H to 2H, and only there."""
    inputs, out = ask()
    H = inputs["H"]
    for name, bias in (("b", inputs["forget_bias"]), ("b_by_default", 1.0)):
        if out[name].shape != (4 * H,):
            return f"the biases must be (4H,) = {(4 * H,)}; yours are {out[name].shape}."
        i, f, o, g = np.split(out[name], 4)
        if not close(f, np.full(H, bias)):
            return f"the forget gate's biases, the second block of H, must all be {bias:.4g}."
        if i.any() or o.any() or g.any():
            return "the biases of the other gates and of the proposal start at 0."


@property_of(init_lstm, "The right scale", 0.75)
def right_scale(ask):
    """Uniform within 1/sqrt(H) of 0, whatever D is."""
    _, out = ask(D=50, H=64)
    for name, rows in (("Wx", 50), ("Wh", 64)):
        if out[name].shape != (rows, 256):
            return (
                f"with D = 50 and H = 64 {name} must be {(rows, 256)}; yours is {out[name].shape}."
            )
        relative = np.sqrt(64) * out[name]
        if not (0.98 < np.abs(relative).max() <= 1 and 0.9 < np.sqrt(3) * relative.std() < 1.1):
            return (
                f"with H = 64 the entries of {name} must lie between -1/8 and 1/8, spread evenly."
            )
    must(out["others_draw_others"], "without rng each call must draw other weights.")
