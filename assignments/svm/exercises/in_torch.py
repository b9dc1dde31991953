"""The loss in torch: any dtype, any device, and autograd for the gradient."""

import numpy as np

from autograder import case, devices, draws, exercise, must, placement, property_of
from autograder.checks import (
    AllowedMeans,
    Dimensions,
    Gradient,
    Reference,
    Task,
    Training,
    Vectorised,
    close,
)
from coursekit.exercises import linear
from coursekit.exercises.digits import digits_with_bias
from coursekit.exercises.tensors import array


def with_gradient(student, W, X, y, reg):
    """The answer's loss, and the gradient autograd finds for W: zeros where the loss does not hang on W."""
    import torch

    W = W.detach().requires_grad_()
    loss = student.svm_loss_torch(W, X, y, reg)
    if isinstance(loss, float):  # a number that has been read has lost its gradient: dW tells
        loss = torch.tensor(loss, dtype=torch.float64)
    if not isinstance(loss, torch.Tensor):
        raise TypeError(f"the loss must be a tensor, not a {type(loss).__name__}")
    (dW,) = torch.autograd.grad(loss.sum(), W, allow_unused=True) if loss.requires_grad else (None,)
    return loss.detach(), torch.zeros_like(W) if dW is None else dW


def digits_to_learn(rng, device):
    """Digits under new names, to be learnt by plain descent; the labels of those not seen stay here."""
    X, y = digits_with_bias()
    order, names = rng.permutation(len(y)), rng.permutation(10)
    known, held_out = order[: 1400 if device else 500], order[1400:]
    X, y = X.astype(np.float32), names[y]
    W = 1e-3 * rng.standard_normal((X.shape[1], 10)).astype(np.float32)
    inputs = {"W": W, "X": X[known], "y": y[known], "reg": 1e-4, "X_new": X[held_out]}
    settings = {"steps": 300 if device else 25, "rate": 0.1 if device else 0.3}
    return Task({**inputs, **settings, "device": device, "examined": False}, y[held_out])


FOLLOWS = ("keeps_dtype", "keeps_device", "waits")


@exercise(
    "W: D C, X: N D, y: N int<C, reg, X_new: M D, steps: int, rate, device: str, examined: bool "
    "-> loss, dW: D C, losses: T, scores: M C, keeps_dtype: bool, keeps_device: bool, waits: bool",
    points=5,
    inside=True,
    given={
        "steps": draws.size("T"),
        "rate": draws.number(0.02, 0.05),
        "examined": draws.always(False),
    },
    sizes={"T": (2, 3)},
    cases=[*linear.LOSS_CASES, case("elsewhere, and in fewer bits", examined=True)],
    seconds=60,
    accelerated=True,
    words={
        "dW": "the gradient that reaches W",
        "losses": "the losses while W goes downhill",
        "scores": "the scores once W went downhill",
        "keeps_dtype": "whether the loss has the dtype of W",
        "keeps_device": "whether the loss stays on the device of W",
        "waits": "whether an accelerator has to wait for it",
        "X_new": "other examples",
        "steps": "the number of steps",
        "rate": "the learning rate",
        "examined": "whether all of that is looked at",
    },
    checks=[
        AllowedMeans(allowed=("torch",)),
        Dimensions(0.25),
        Reference(2, outputs=("loss", "dW", "losses", "scores")),
        Gradient(
            "loss", wrt="W", claimed="dW", share=0.5, at_slopes={"steps": 0, "examined": False}
        ),
        ...,
        Reference(0.25, outputs=FOLLOWS, title="Follows its tensors"),
        Vectorised("N", 0.5),
        Training(digits_to_learn, at_least=0.85, share=0.75, title="Learns the digits"),
    ],
)
def svm_loss_torch(student, W, X, y, reg, X_new, steps, rate, device, examined):
    """Loss and gradient; weights that go downhill by it; if examined, whether it follows its tensors."""
    import torch

    where = devices.device(device)
    W, X, y, X_new = (torch.from_numpy(one).to(where) for one in (W, X, y, X_new))
    loss, dW = with_gradient(student, W, X, y, reg)
    keeps_dtype, followed = True, placement.Followed(stays=True, waits=False)
    if examined:
        dtypes = torch.float32, torch.bfloat16
        keeps_dtype = placement.keeps_dtype(student.svm_loss_torch, dtypes, W, X, y, reg)
        followed = placement.followed(student.svm_loss_torch, W, X, y, reg)
    losses = []
    for _ in range(steps):
        now, slope = with_gradient(student, W, X, y, reg)
        losses.append(now)
        W = W - rate * slope
    return {
        "loss": array(loss),
        "dW": array(dW),
        "losses": array(torch.stack(losses)) if losses else np.zeros(0),
        "scores": array(X_new @ W),
        "keeps_dtype": keeps_dtype,
        "keeps_device": followed.stays,
        "waits": followed.waits,
    }


def must_bend(ask, inputs):
    """What has one slope everywhere is no hinge, whatever it follows."""
    led = {**inputs, "examined": False, "reg": 0.0, "W": 100 * inputs["W"]}
    out, turned = ask.all([led, {**led, "W": -led["W"]}])
    must(
        not close(out["dW"], turned["dW"]),
        "without a penalty dW is the same for W and for -W: that is no hinge.",
    )


@property_of(svm_loss_torch, "Any dtype", 0.25)
def dtype_is_kept(ask):
    """Half the bits in, half the bits out."""
    inputs, out = ask(examined=True)
    must_bend(ask, inputs)
    if not out["keeps_dtype"]:
        return (
            "for arguments in float32 or bfloat16 the loss must be a tensor of that dtype, and no step "
            "may mix dtypes."
        )


@property_of(svm_loss_torch, "Any device, and no waiting", 0.5)
def device_is_kept(ask):
    """Nothing is made where the arguments are not, and nothing is asked of them."""
    inputs, out = ask(examined=True)
    must_bend(ask, inputs)
    if not out["keeps_device"]:
        return (
            "on another device it stops: some tensor is made on the processor, or the loss leaves its "
            "arguments."
        )
    if out["waits"]:
        return (
            "a number is read from a tensor, or entries are picked by a mask: an accelerator would "
            "have to wait for it."
        )
