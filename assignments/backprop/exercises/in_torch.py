"""A gate of torch's graph: the hinge loss as an autograd function."""

import numpy as np

from autograder import case, devices, draws, exercise, must, placement, property_of
from autograder.checks import AllowedMeans, Dimensions, Reference, Task, Training, Vectorised, close
from coursekit.exercises.digits import digits
from coursekit.exercises.tensors import array


def off_the_kinks(rng, sizes):
    """Scores whose differences keep away from 1, where the slope jumps."""
    shape = sizes["N"], sizes["C"]
    return 0.3 * rng.integers(-8, 9, shape) + rng.uniform(-0.02, 0.02, shape)


def both_ways(apply, scores, y, dloss):
    """The loss, and what it sends back into the scores when dloss arrives."""
    import torch

    scores = scores.detach().requires_grad_()
    loss = apply(scores, y)
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"the loss must be a tensor, not a {type(loss).__name__}")
    (dscores,) = torch.autograd.grad(loss, scores, torch.full_like(loss, dloss))
    return loss, dscores


def two_layers(X, parameters):
    """Scores of a network with one fold."""
    W1, b1, W2, b2 = parameters
    return (X @ W1 + b1).relu() @ W2 + b2


def descend(apply, X, labels, parameters, steps, rate):
    """Two layers and the answer on top, trained with momentum: losses and parameters."""
    import torch

    parameters = [one.clone().requires_grad_() for one in parameters]
    velocities = [torch.zeros_like(one) for one in parameters]
    losses = []
    for _ in range(steps):
        loss = apply(two_layers(X, parameters), labels)
        slopes = torch.autograd.grad(loss, parameters)
        losses.append(loss.detach())
        with torch.no_grad():
            for parameter, velocity, slope in zip(parameters, velocities, slopes, strict=True):
                velocity.mul_(0.9).sub_(slope, alpha=rate)
                parameter.add_(velocity)
    return torch.stack(losses), [one.detach() for one in parameters]


def examination(apply, scores, y):
    """What torch's own check of gradients says, and whether the answer follows its tensors."""
    import torch

    point = scores.cpu().double().requires_grad_()
    passes = torch.autograd.gradcheck(lambda s: apply(s, y.cpu()), point, raise_exception=False)
    keeps_dtype = placement.keeps_dtype(apply, (torch.float32, torch.bfloat16), scores, y)
    followed = placement.followed(lambda one, y: both_ways(apply, one, y, 1.0)[1], scores, y)
    return dict(zip(FOLLOWS, (passes, keeps_dtype, followed.stays, followed.waits), strict=True))


FOLLOWS = ("passes_gradcheck", "keeps_dtype", "keeps_device", "waits")
UNEXAMINED = dict(zip(FOLLOWS, (True, True, True, False), strict=True))


def digits_to_learn(rng, device):
    """Digits under new names and a fresh network; the labels of those not seen stay here."""
    X, y = digits()
    order, names, H = rng.permutation(len(y)), rng.permutation(10), 512 if device else 50
    known, held_out = order[: 1400 if device else 800], order[1400:]
    X, y = X.astype(np.float32), names[y]
    W1, W2 = (rng.standard_normal(shape) * np.sqrt(2 / shape[0]) for shape in ((64, H), (H, 10)))
    network = {"W1": W1, "b1": np.zeros(H), "W2": W2, "b2": np.zeros(10)}
    inputs = {
        **{"scores": np.zeros((2, 10)), "y": np.arange(2), "dloss": 1.0, "examined": False},
        **{"X": X[known], "labels": y[known], "X_new": X[held_out]},
        **{name: one.astype(np.float32) for name, one in network.items()},
        **{"steps": 300 if device else 60, "rate": 0.05, "device": device},
    }
    return Task(inputs, y[held_out])


@exercise(
    "scores: N C, y: N int<C, dloss, examined: bool, X: K D, labels: K int<C, X_new: M D,"
    " W1: D H, b1: H, W2: H C, b2: C, steps: int, rate, device: str"
    " -> loss, dscores: N C, losses: T, scores_after: M C,"
    " passes_gradcheck: bool, keeps_dtype: bool, keeps_device: bool, waits: bool",
    points=4,
    inside=True,
    given={
        "scores": off_the_kinks,
        "dloss": draws.number(2, 5),
        "examined": draws.always(False),
        "W1": draws.scaled("D", "H"),
        "W2": draws.scaled("H", "C"),
        "steps": draws.size("T"),
        "rate": draws.number(0.02, 0.05),
    },
    sizes={"K": (10, 14), "T": (3, 5), "D": (4, 10)},
    cases=[
        case("one example", sizes={"N": 1}),
        case("two classes", sizes={"C": 2}),
        case("a gradient of the other sign arrives", dloss=-2.5),
        case("every margin is met", sizes={"N": 5, "C": 5}, scores=3 * np.eye(5), y=np.arange(5)),
        case("examined", examined=True),
    ],
    seconds=60,
    accelerated=True,
    words={
        **{name: f"the network's {name}" for name in ("X", "W1", "b1", "W2", "b2")},
        "X_new": "other examples for the network",
        "losses": "the losses of a network trained with it",
        "scores_after": "the scores of a network trained with it",
        "passes_gradcheck": "whether torch.autograd.gradcheck accepts it",
        "waits": "whether an accelerator has to wait for it",
        "examined": "whether all of that is looked at",
        "steps": "the number of steps",
        "rate": "the learning rate",
    },
    checks=[
        AllowedMeans(allowed=("torch",)),
        Dimensions(0.25),
        Reference(1, ("loss", "dscores", "losses", "scores_after")),
        *[...] * 3,
        Reference(0.25, FOLLOWS, title="Follows its tensors"),
        ...,
        Vectorised("N", 0.25),
        Training(
            digits_to_learn,
            at_least=0.85,
            scores="scores_after",
            share=0.5,
            title="Learns the digits",
        ),
    ],
)
def HingeLoss(
    student, scores, y, dloss, examined, X, labels, X_new, steps, rate, device, **network
):
    """The loss and its gradient; a network trained with it; if examined, whether it follows."""
    import torch

    where = devices.device(device)
    kind = student.HingeLoss
    apply = (kind if isinstance(kind, type) else kind()).apply  # a known mistake is made on demand
    arrays = (scores, y, X, labels, X_new, *network.values())
    scores, y, X, labels, X_new, *parameters = (torch.from_numpy(one).to(where) for one in arrays)
    loss, dscores = both_ways(apply, scores, y, dloss)
    losses, trained = descend(apply, X, labels, parameters, steps, rate)
    return {
        **{"loss": array(loss), "dscores": array(dscores)},
        **{"losses": array(losses), "scores_after": array(two_layers(X_new, trained))},
        **(examination(apply, scores, y) if examined else UNEXAMINED),
    }


def must_bend(ask, inputs):
    """What has one slope everywhere is no hinge, however well its slope agrees."""
    true = np.eye(inputs["scores"].shape[1])[inputs["y"]]
    led, beaten = ask.all([{**inputs, "scores": sign * 10 * true} for sign in (1, -1)])
    must(
        not close(led["dscores"], beaten["dscores"]),
        "dscores is the same where the true scores lead and where they trail: that is no hinge.",
    )


@property_of(HingeLoss, "gradcheck", 0.5)
def torch_agrees(ask):
    """Torch's own gradient check, which also asks what comes back when nothing arrives."""
    inputs, out = ask(examined=True)
    must_bend(ask, {**inputs, "examined": False})
    if not out["passes_gradcheck"]:
        return (
            "torch.autograd.gradcheck refuses it in float64: dscores is not the slope of the loss, "
            "or it does not follow the gradient that arrives."
        )


@property_of(HingeLoss, "What arrives counts", 0.25)
def arriving_gradient_counts(ask):
    inputs, out = ask()
    _, doubled = ask(inputs, dloss=2 * inputs["dloss"])
    if not (close(doubled["dscores"], 2 * out["dscores"]) and np.abs(out["dscores"]).max() > 0):
        return "twice the dloss must give twice the dscores: your gate is seldom the last one."
    must_bend(ask, inputs)


@property_of(HingeLoss, "Any dtype, any device, no waiting", 0.5)
def follows_its_tensors(ask):
    """In fewer bits, and where there are no numbers."""
    inputs, out = ask(examined=True)
    must_bend(ask, {**inputs, "examined": False})
    if not out["keeps_dtype"]:
        return "for scores in float32 or bfloat16 the loss must be a tensor of that dtype."
    must(out["keeps_device"], "on another device it stops: some tensor is made on the processor.")
    if out["waits"]:
        return "a number is read from a tensor, or entries are picked by a mask: an accelerator would have to wait for it."


@property_of(HingeLoss, "C - 1 at the start, and by heart", 0.5)
def starts_at_classes_minus_one_and_learns_by_heart(ask):
    """A last layer of zeros makes all scores equal; fifty random labels leave no loss."""
    inputs = ask.draw(case("fifty examples", sizes={"K": 50, "D": 10, "H": 60, "C": 4}))
    level = {"W2": 0 * inputs["W2"], "b2": 0 * inputs["b2"], "steps": 1}
    equal, learnt = ask.all([{**inputs, **level}, {**inputs, "steps": 400, "rate": 0.1}])
    first, last = equal["losses"], learnt["losses"][-20:].max()
    if not close(first, [3.0]):
        return f"with equal scores for 4 classes the loss must be 3, not {float(first[0]):.4g}."
    if not last < 0.01:
        return (
            "a network with your loss must learn fifty random labels by heart; "
            f"after 400 steps its loss is still {float(last):.3g}."
        )
