"""Nine layers and 40 wrong gradients of them: what a gradient check must catch. ``wrong`` names the
one planted.

Every layer returns its outputs, then the gradients of its parameters. Inputs near kinks are among
the cases on purpose: a mask taken at x > -0.01 is right nearly everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from autograder import Exercise, case
from autograder.checks import Gradient
from autograder.language.probe import Case

from .layers import posed


def svm(W, X, y, reg, wrong=""):
    """Multiclass hinge loss."""
    rows, count = np.arange(len(X)), len(X)
    margins = X @ W - (X @ W)[rows, y][:, None] + 1
    margins[rows, y] = -1
    mask = (margins > (-0.01 if wrong == "mask at -0.01" else 0)).astype(float)
    if wrong != "true class missing":
        mask[rows, y] = -(mask.sum(axis=1) + (wrong == "count one too high"))
    dW = X.T @ mask / (1 if wrong == "not divided by N" else count)
    dW = dW + {"no regularisation": 0, "half the regularisation": 1}.get(wrong, 2) * reg * W
    return np.maximum(0, margins).sum() / count + reg * np.sum(
        W * W
    ), -dW if wrong == "sign" else dW


def softmax(x, y, wrong=""):
    """Softmax cross-entropy."""
    rows = np.arange(len(x))
    p = np.exp(x - x.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    loss = -np.log(p[rows, y]).mean()
    dx = p.copy()
    if wrong == "one everywhere":
        dx -= 1
    elif wrong == "true class only":
        dx = np.where(np.arange(x.shape[1]) == y[:, None], p - 1, 0)
    elif wrong != "one-hot missing":
        dx[rows, y] -= 1
    return loss, {"zeros": 0 * dx, "not divided by N": dx}.get(wrong, dx / len(x))


def affine(x, w, b, dout, wrong=""):
    """Affine layer."""
    dx, dw, db = dout @ w.T, x.T @ dout, dout.sum(axis=0)
    if wrong == "dw averaged":
        dw = dw / len(x)
    if wrong == "db of the last example":
        db = dout[-1]
    if wrong == "one entry by a thousandth":
        dw[1, 2] *= 1.001
    if wrong == "last row missing":
        dw[-1] = 0
    if wrong == "tiny":
        dx = 1e-6 * dx
    return x @ w + b, dx, dw, db


def relu(x, dout, wrong=""):
    """ReLU."""
    mask = {"mask at -0.01": x > -0.01, "mask of dout": dout > 0, "no mask": x == x}.get(
        wrong, x > 0
    )
    return np.maximum(0, x), dout * mask


def maximum(x, dout, wrong=""):
    """Largest of each row."""
    mask = np.zeros_like(x)
    mask[np.arange(len(x)), (x.argmin if wrong == "to the smallest" else x.argmax)(axis=1)] = 1
    if wrong == "shared by all":
        mask = np.full_like(x, 1 / x.shape[1])
    return x.max(axis=1), mask * dout[:, None]


def batchnorm(x, gamma, beta, dout, eps, wrong=""):
    """Batch normalisation, training."""
    centred = x - x.mean(axis=0)
    deviation = np.sqrt(x.var(axis=0) + eps)
    xhat = centred / deviation
    dxhat = dout if wrong == "gamma missing" else dout * gamma
    mean = 0 if wrong in ("no mean path", "statistics constant") else dxhat.mean(axis=0)
    variance = (
        0
        if wrong in ("no variance path", "statistics constant")
        else xhat * (dxhat * xhat).mean(axis=0)
    )
    below = x.std(axis=0) if wrong == "eps missing" else deviation
    dx = 0 * x if wrong == "zeros" else (dxhat - mean - variance) / below
    return gamma * xhat + beta, dx, (dout * xhat).sum(axis=0), dout.sum(axis=0)


def rnn_step(x, h, Wx, Wh, b, dnext, wrong=""):
    """Vanilla RNN step."""
    out = np.tanh(x @ Wx + h @ Wh + b)
    da = dnext * {"1 - h": 1 - out, "no derivative of tanh": 1 + 0 * out}.get(wrong, 1 - out * out)
    return (
        out,
        da @ Wx.T,
        da @ Wh.T,
        x.T @ da,
        h.T @ da,
        da.mean(axis=0) if wrong == "db averaged" else da.sum(axis=0),
    )


def lstm_step(x, h, c, W, dnext_h, dnext_c, wrong=""):
    """LSTM step (i, f, o, g) with one stacked weight matrix."""
    size = h.shape[1]
    a = np.hstack([x, h]) @ W
    i, f, o = (1 / (1 + np.exp(-a[:, k * size : (k + 1) * size])) for k in range(3))
    g = np.tanh(a[:, 3 * size :])
    next_c = f * c + i * g
    t = np.tanh(next_c)
    through_h = 0 if wrong == "no path from h to c" else dnext_h * o * (1 - t * t)
    dnext = through_h + (0 if wrong == "dnext_c dropped" else dnext_c)
    slope = g * (1 - g) if wrong == "sigmoid slope on g" else 1 - g * g
    parts = [
        dnext * g * i * (1 - i),
        dnext * c * f * (1 - f),
        dnext_h * t * o * (1 - o),
        dnext * i * slope,
    ]
    if wrong == "i and f swapped":
        parts[:2] = parts[1::-1]
    da = np.hstack(parts)
    both = da @ W.T
    dprev = dnext if wrong == "f missing in dc" else dnext * f
    return (
        o * t,
        next_c,
        both[:, : x.shape[1]],
        both[:, x.shape[1] :],
        dprev,
        np.hstack([x, h]).T @ da,
    )


def conv(x, w, b, dout, wrong=""):
    """Convolution (cross-correlation), stride 1, no padding."""
    rows, columns = w.shape[2:]
    windows = np.lib.stride_tricks.sliding_window_view(x, (rows, columns), axis=(2, 3))
    out = np.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]
    dw = np.einsum("nchwij,nfhw->fcij", windows, dout)
    dx = np.zeros_like(x)
    for i in range(rows):
        for j in range(columns):
            part = np.einsum("nfhw,fc->nchw", dout, w[:, :, i, j])
            place = np.s_[:, :, i : i + dout.shape[2], j : j + dout.shape[3]]
            dx[place] = part if wrong == "dx overwritten" else dx[place] + part
    if wrong == "dw flipped":
        dw = dw[:, :, ::-1, ::-1]
    if wrong == "dw of the last example":
        dw = np.einsum("chwij,fhw->fcij", windows[-1], dout[-1])
    return out, dx, dw, dout.sum(axis=(0, 2, 3)) / (len(x) if wrong == "db averaged" else 1)


@dataclass(frozen=True)
class Layer:
    """A layer with its Gradient check and the wrong gradients planted in it."""

    answer: Callable[..., tuple[Any, ...]]
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    check: Gradient
    wrong: tuple[str, ...]
    cases: tuple[Case, ...] = ()
    sizes: Mapping[str, tuple[int, int]] | None = None

    def exercise(self, wrong: str = "") -> tuple[Exercise, dict[str, Any]]:
        """The layer as an exercise, and the namespace that answers it with one wrong gradient (none
        by default).
        """
        return posed(
            partial(self.answer, wrong=wrong),
            self.inputs,
            self.outputs,
            [self.check],
            cases=self.cases,
            sizes=self.sizes,
        )


def _margin_just_met(rng, inputs):
    """Examples of which the first is scaled until it leads another class by 1.005: a margin of
    -0.005.
    """
    W, y = inputs["W"], inputs["y"]
    X = rng.standard_normal((len(y), len(W)))
    leads = X[0] @ (W[:, [y[0]]] - np.delete(W, y[0], axis=1))
    X[0] *= 1.005 / leads[np.abs(leads).argmax()]
    return X


NEAR_ZERO = case(
    "entries near the kink", x=lambda rng, inputs: rng.uniform(-0.009, 0.009, inputs["dout"].shape)
)


def _layer(answer, inputs, outputs, of, upstream, wrong, cases=(), sizes=None) -> Layer:
    """A layer whose gradients are called d + the parameter's name."""
    parameters = tuple(name.removeprefix("d") for name in outputs if name not in of)
    claims = tuple(f"d{name}" for name in parameters)
    return Layer(
        answer, inputs, outputs, Gradient(of, parameters, claims, upstream), wrong, cases, sizes
    )


LAYERS = {
    "svm": _layer(
        svm,
        {"W": "D C", "X": "N D", "y": "N int<C", "reg": ""},
        {"loss": "", "dW": "D C"},
        ("loss",),
        (),
        (
            "mask at -0.01",
            "true class missing",
            "count one too high",
            "not divided by N",
            "no regularisation",
            "half the regularisation",
            "sign",
        ),
        (case("a margin just met", X=_margin_just_met),),
    ),
    "softmax": _layer(
        softmax,
        {"x": "N C", "y": "N int<C"},
        {"loss": "", "dx": "N C"},
        ("loss",),
        (),
        ("one-hot missing", "one everywhere", "true class only", "not divided by N", "zeros"),
    ),
    "affine": _layer(
        affine,
        {"x": "N D", "w": "D M", "b": "M", "dout": "N M"},
        {"out": "N M", "dx": "N D", "dw": "D M", "db": "M"},
        ("out",),
        ("dout",),
        (
            "dw averaged",
            "db of the last example",
            "one entry by a thousandth",
            "last row missing",
            "tiny",
        ),
    ),
    "relu": _layer(
        relu,
        {"x": "N D", "dout": "N D"},
        {"out": "N D", "dx": "N D"},
        ("out",),
        ("dout",),
        ("mask at -0.01", "mask of dout", "no mask"),
        (NEAR_ZERO,),
    ),
    "max": _layer(
        maximum,
        {"x": "N D", "dout": "N"},
        {"out": "N", "dx": "N D"},
        ("out",),
        ("dout",),
        ("to the smallest", "shared by all"),
    ),
    "batch norm": _layer(
        batchnorm,
        {"x": "N D", "gamma": "D", "beta": "D", "dout": "N D", "eps": ""},
        {"out": "N D", "dx": "N D", "dgamma": "D", "dbeta": "D"},
        ("out",),
        ("dout",),
        (
            "no mean path",
            "no variance path",
            "statistics constant",
            "gamma missing",
            "zeros",
            "eps missing",
        ),
    ),
    "rnn step": _layer(
        rnn_step,
        {"x": "N D", "h": "N H", "Wx": "D H", "Wh": "H H", "b": "H", "dnext": "N H"},
        {"next_h": "N H", "dx": "N D", "dh": "N H", "dWx": "D H", "dWh": "H H", "db": "H"},
        ("next_h",),
        ("dnext",),
        ("1 - h", "no derivative of tanh", "db averaged"),
    ),
    "lstm step": _layer(
        lstm_step,
        {"x": "N 5", "h": "N 4", "c": "N 4", "W": "9 16", "dnext_h": "N 4", "dnext_c": "N 4"},
        {"next_h": "N 4", "next_c": "N 4", "dx": "N 5", "dh": "N 4", "dc": "N 4", "dW": "9 16"},
        ("next_h", "next_c"),
        ("dnext_h", "dnext_c"),
        (
            "dnext_c dropped",
            "no path from h to c",
            "sigmoid slope on g",
            "i and f swapped",
            "f missing in dc",
        ),
    ),
    "conv": _layer(
        conv,
        {"x": "N C 6 7", "w": "F C 2 3", "b": "F", "dout": "N F 5 5"},
        {"out": "N F 5 5", "dx": "N C 6 7", "dw": "F C 2 3", "db": "F"},
        ("out",),
        ("dout",),
        ("dx overwritten", "dw flipped", "dw of the last example", "db averaged"),
        sizes={"N": (2, 4), "C": (2, 4), "F": (2, 4)},
    ),
}
PLANTED = [(name, wrong) for name, layer in LAYERS.items() for wrong in layer.wrong]
