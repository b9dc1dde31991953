"""How long gradients are: clipped where they are too long; what becomes of them on their way."""

import numpy as np

from autograder import case, claims, draws, exercise, must, property_of
from autograder.checks import Dimensions, Reference, close
from coursekit.exercises.refusals import refuses

from .shared import recurrent_weights

CLIPPED = ("A", "B", "c")
ZEROS = {"A": np.zeros((4, 3)), "B": np.zeros(3), "c": np.zeros(5)}


@exercise(
    "A: N D, B: D, c: M, limit"
    " -> norm, A_by_norm: N D, B_by_norm: D, c_by_norm: M,"
    " A_by_value: N D, B_by_value: D, c_by_value: M, refuses: 2 bool, kept_when_refused: bool",
    points=3,
    answers=("clip_grad_norm", "clip_grad_value"),
    given={"limit": draws.number(0.3, 0.9)},
    cases=[
        case("short gradients", limit=1e3),
        case("gradients of 0", sizes={"N": 4, "D": 3, "M": 5}, **ZEROS),
        case("one huge entry", sizes={"D": 3}, B=np.array([0.1, -1e6, 0.2])),
    ],
    words={
        **{name: f'grads["{name}"]' for name in CLIPPED},
        **{f"{name}_by_norm": f'grads["{name}"] clipped by norm' for name in CLIPPED},
        **{f"{name}_by_value": f'grads["{name}"] clipped by value' for name in CLIPPED},
        "refuses": "whether a norm that is nan or inf is refused",
        "kept_when_refused": "whether gradients that are refused are left as they were",
    },
    entries={"refuses": [f"whether a norm that is {bad} is refused" for bad in ("nan", "inf")]},
    checks=[
        Dimensions(0.25),
        Reference(1, tolerance=1e-5),  # whoever divides by norm + 1e-6 is right, too
    ],
)
def clipping(student, A, B, c, limit):
    """Both on copies; what is looked at is the arrays that were handed in, not the dict."""
    by_norm, by_value = ({"A": A.copy(), "B": B.copy(), "c": c.copy()} for _ in range(2))
    norm = student.clip_grad_norm(dict(by_norm), limit)
    student.clip_grad_value(dict(by_value), limit)
    held = A.copy()
    refused = [
        refuses(student.clip_grad_norm, {"A": held, "bad": np.array([1.0, bad])}, limit)
        for bad in (np.nan, np.inf)
    ]
    return {
        **{
            "norm": norm,
            "refuses": np.array(refused),
            "kept_when_refused": np.array_equal(held, A),
        },
        **{f"{name}_by_norm": value for name, value in by_norm.items()},
        **{f"{name}_by_value": value for name, value in by_value.items()},
    }


@property_of(clipping, "Clipping by norm keeps the direction", 0.75)
def norm_keeps_the_direction(ask):
    """All arrays together are shortened by one factor, to the length asked for; short ones not."""
    inputs, out = ask()
    flat = np.concatenate([np.ravel(inputs[name]) for name in CLIPPED])
    clipped = np.concatenate([np.ravel(out[f"{name}_by_norm"]) for name in CLIPPED])
    length, limit = np.linalg.norm(flat), inputs["limit"]
    if not close(out["norm"], length):
        return f"the norm of all arrays together was {length:.6g} before clipping; you return {float(out['norm']):.6g}."
    if np.array_equal(clipped, flat):
        return "gradients that are too long are not changed; the arrays in the dict must be changed in place."
    if not close(np.linalg.norm(clipped), limit, 1e-4):
        return f"clipped by norm the gradients together must be {limit:.4g} long; yours are {np.linalg.norm(clipped):.4g}."
    if not close(clipped / limit, flat / length, 1e-4):
        return "clipping by norm must keep the direction: one factor for all entries of all arrays."
    _, short = ask(inputs, limit=2 * length)
    if not all(np.array_equal(short[f"{name}_by_norm"], inputs[name]) for name in CLIPPED):
        return "gradients that are not too long must be left exactly as they are."


@property_of(clipping, "Clipping by value clips each entry", 0.5)
def value_clips_each_entry(ask):
    """Entries inside the limits stay, the others stop there."""
    inputs, out = ask()
    limit = inputs["limit"]
    for name in CLIPPED:
        clipped, inside = out[f"{name}_by_value"], np.abs(inputs[name]) <= limit
        if np.abs(clipped).max() > limit:
            return f"clipped by value, in place, no entry may lie outside [-limit, limit], but grads[{name!r}] has one."
        if not np.array_equal(clipped[inside], inputs[name][inside]):
            return "entries inside [-limit, limit] must stay as they are."
        if not close(np.abs(clipped[~inside]), np.full((~inside).sum(), limit)):
            return "entries outside [-limit, limit] must stop at the limit that they are beyond."


@property_of(clipping, "A broken norm is refused", 0.5)
def a_broken_norm_is_refused(ask):
    """nan and inf are an error, and nothing has happened yet."""
    _, out = ask()
    if not out["refuses"].all():
        return "gradients with a nan or an inf in them have no length to clip to: raise ValueError."
    if not out["kept_when_refused"]:
        return "when the norm is nan or inf, no gradient may have been changed."


def turning(rng, inputs):
    """Rotations, shortened or lengthened: complex eigenvalues, none of them real."""
    out = np.zeros((6, 6))
    for k, (length, angle) in enumerate(
        zip((0.5, 1.2, 0.9), rng.uniform(0.5, 2.5, 3), strict=True)
    ):
        cos, sin = length * np.cos(angle), length * np.sin(angle)
        out[2 * k : 2 * k + 2, 2 * k : 2 * k + 2] = [[cos, -sin], [sin, cos]]
    return out


def symmetric(rng, inputs):
    """A symmetric matrix (5, 5)."""
    A = rng.standard_normal((5, 5))
    return A + A.T


# eigenvalues of 0.9 all over, and much more length than that in one step
SHEARED = 0.9 * np.eye(6) + 2.0 * np.eye(6, k=1)


@exercise(
    "W: H H -> radius, norm",
    points=2,
    answers=("spectral_radius", "spectral_norm"),
    cases=[
        case("complex eigenvalues", sizes={"H": 6}, W=turning),
        case("a negative eigenvalue leads", sizes={"H": 4}, W=np.diag([0.5, -2.0, 1.0, 0.1])),
        case("sheared", sizes={"H": 6}, W=SHEARED),
        case("symmetric", sizes={"H": 5}, W=symmetric),
        case("one unit", sizes={"H": 1}),
    ],
    words={"radius": "what spectral_radius returns", "norm": "what spectral_norm returns"},
    checks=[Dimensions(0.25), Reference(1)],
)
def spectral(student, W):
    """Both."""
    return {"radius": student.spectral_radius(W), "norm": student.spectral_norm(W)}


@property_of(spectral, "Growth, and its bound", 0.75)
def growth_and_its_bound(ask):
    """The radius is the rate of growth in the end; the norm bounds every step, and is reached."""
    for drawn in ask.trial.working():
        (out,) = ask.all([drawn.inputs])
        W, radius, norm = drawn.inputs["W"], float(out["radius"]), float(out["norm"])
        if radius > norm * (1 + 1e-9):
            return f"no eigenvalue is larger than the spectral norm; your radius is {radius:.4g}, your norm {norm:.4g}."
        rate, longest = rate_of_growth(W), longest_step(W, ask.rng)
        if not 0.97 < radius / rate < 1.03:
            return f"W times W times W ... grows by {rate:.4g} a step in the end; your spectral radius is {radius:.4g}."
        if not 0.97 < norm / longest < 1.03:
            return f"some vector of length 1 becomes {longest:.4g} long in one step; your spectral norm is {norm:.4g}."


def rate_of_growth(W):
    """By what factor a step the powers of W grow in the end, from the 400th to the 800th."""
    power, grown = np.eye(len(W)), [0.0]
    for _ in range(800):
        power = power @ W
        length = np.linalg.norm(power)
        power = power / length
        grown.append(grown[-1] + np.log(length))
    return np.exp((grown[800] - grown[400]) / 400)


def longest_step(W, rng):
    """How long W makes a vector of length 1 at most: power iteration on W.T @ W."""
    v = rng.standard_normal(len(W))
    for _ in range(1000):
        v = W.T @ (W @ v)
        v /= np.linalg.norm(v)
    return np.linalg.norm(W @ v)


@exercise(
    "W: H H, h0: H, g: H, nonlinearity: str, T: int -> norms: any, refuses: bool",
    points=3,
    given={
        **{"W": recurrent_weights(1), "nonlinearity": draws.always("tanh")},
        "T": draws.whole(6, 9),
    },
    cases=[
        case("linear", nonlinearity="linear"),
        case("no step", T=0),
        case("a hundred steps", sizes={"H": 6}, W=SHEARED, nonlinearity="linear", T=100),
        case(
            "saturated units",
            h0=draws.normal_like("g", 30.0),
            W=lambda rng, i: 2 * rng.standard_normal(2 * i["g"].shape),
        ),
    ],
    words={"refuses": "whether another nonlinearity is refused"},
    checks=[Dimensions(0.25), Reference(1.25)],
)
def gradient_norm_profile(student, W, h0, g, nonlinearity, T):
    """And whether another nonlinearity is refused."""
    return {
        "norms": student.gradient_norm_profile(W, h0, g, nonlinearity, T),
        "refuses": refuses(student.gradient_norm_profile, W, h0, g, "relu", T),
    }


@property_of(gradient_norm_profile, "The radius in the end, the norm in each step", 0.75)
def radius_in_the_end_norm_in_each_step(ask):
    """A rotation keeps a length; the norm bounds each step; the radius is the rate in the end."""
    H, T = 6, 400
    linear = {"h0": np.ones(H), "g": np.ones(H), "nonlinearity": "linear"}
    rotation = np.linalg.qr(ask.rng.standard_normal((H, H)))[0]
    _, out = ask(W=rotation, **linear, T=50)
    if not close(out["norms"], np.full(51, np.sqrt(H))):
        return "through an orthogonal W and without a nonlinearity the length of a gradient never changes."
    symmetric = rotation * np.linspace(-1.05, 0.8, H) @ rotation.T  # its norm is its radius, 1.05
    norms = ask(W=symmetric, **linear, T=T)[1]["norms"]
    if norms.shape != (T + 1,):
        return (
            f"norms must hold T + 1 numbers, from that of g to that at h0; yours hold {norms.size}."
        )
    if not close(norms[-1] / norms[-2], 1.05, 1e-3):
        return "with a spectral radius of 1.05 a gradient must in the end grow by 1.05 a step, without a nonlinearity."
    inputs, out = ask()
    growths = np.linalg.norm(inputs["W"], 2) ** np.arange(len(out["norms"]))
    if (out["norms"] > growths * np.linalg.norm(inputs["g"]) * (1 + 1e-9)).any():
        return "k steps back no gradient can be longer than the spectral norm to the k times its first length."
    if not out["refuses"]:
        return 'a nonlinearity other than "linear" and "tanh" must be refused with ValueError.'


@property_of(gradient_norm_profile, "The slope of the last state", 0.75)
def slope_of_the_last_state(ask):
    """Against differences of g . h_T, from states large enough for tanh to bend."""
    H = 5
    W, (h0, g) = ask.rng.standard_normal((H, H)), ask.rng.standard_normal((2, H))

    def at(h, T):
        for _ in range(T):
            h = np.tanh(h @ W)
        return g @ h

    for T in (1, 4):
        _, out = ask(W=W, h0=h0, g=g, nonlinearity="tanh", T=T)
        steps = 1e-6 * np.eye(H)
        length = np.linalg.norm([(at(h0 + step, T) - at(h0 - step, T)) / 2e-6 for step in steps])
        last = float(out["norms"][-1])
        if not close(last, length, 1e-5):
            return (
                f"after {T} tanh step{'s' if T > 1 else ''} the slopes of g . h_T in h0 have length "
                f"{length:.6g}; your last norm is {last:.6g}."
            )


FACTS = ("fitting", "radius_kept", "norm_kept", "grows")


@exercise(
    "H: int, rho -> W: any any, fitting: bool, radius_kept: bool, norm_kept: bool, grows: bool",
    points=2,
    given={"H": draws.whole(16, 32), "rho": draws.number(0.6, 0.95)},
    cases=[
        case("the smallest that is asked for", H=16, rho=0.5),
        case("slowly dying", H=24, rho=0.99),
    ],
    words={
        "fitting": "whether W is an array (H, H) of finite numbers",
        "radius_kept": "whether the spectral radius of W is at most rho",
        "norm_kept": "whether the spectral norm of W is at most 2.5",
        "grows": "whether some gradient becomes more than 1000 times as long",
    },
    checks=[Reference(0.5, FACTS, title="For every size")],
)
def exploding_counterexample(student, H, rho):
    """The matrix, and what is true of it."""
    W = np.array(student.exploding_counterexample(H, rho), dtype=float)
    if W.shape != (H, H) or not np.isfinite(W).all():
        return {"W": W, **dict.fromkeys(FACTS, False)}
    power, longest = np.eye(H), 0.0
    for _ in range(4 * H):
        power = power @ W
        longest = max(longest, np.linalg.norm(power, 2))
    return {
        **{"W": W, "fitting": True},
        # eigenvalues of such matrices are hard to compute
        "radius_kept": all(abs(one) <= rho + 0.01 for one in np.linalg.eigvals(W)),
        "norm_kept": np.linalg.norm(W, 2) <= 2.5 + 1e-9,
        "grows": longest > 1000,
    }


@property_of(exploding_counterexample, "A proof", 1.5)
def a_proof(ask):
    """Small eigenvalues, small steps, and a thousandfold growth."""
    for _ in range(2):
        inputs, out = ask()
        rho, H = inputs["rho"], inputs["H"]
        must(out["fitting"], f"W must be (H, H) = {(H, H)}, and finite.")
        if not out["radius_kept"]:
            return f"an eigenvalue of your W is larger than {rho:.3g}: then growing is no surprise."
        if not out["norm_kept"]:
            return "your W can lengthen a vector more than 2.5 times in a single step."
        must(out["grows"], f"no gradient becomes 1000 times as long within {4 * H} steps.")


sequence_claims = claims("sequence_claims", "abcdefgh", points=2, shares=(0.25, 1.75))
