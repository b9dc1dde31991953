"""Function families at many scales, each a right answer with its Gradient check."""

from __future__ import annotations

from autograder.checks import Gradient

from .layers import (
    batchnorm,
    drawn,
    lstm_step,
    max_first,
    max_split,
    network,
    posed,
    relu,
    softmax,
    svm,
    whole,
)

SVM = {"W": "D C", "X": "N D", "y": "N int<C", "reg": ""}
ROUTED = {"x": "N D", "dout": "N"}


def families():
    """Name -> (exercise, namespace). Every answer here is right, so none may ever fail."""
    made = {}
    for pixels, weights in ((1, 1), (60, 1e-4), (50, 1e-2), (1, 1e-8), (1e3, 1e3), (1e-3, 1)):
        made[f"svm, X of size {pixels}, W of size {weights}"] = posed(
            svm,
            SVM,
            {"loss": "", "dW": "D C"},
            [Gradient("loss", wrt="W", claimed="dW")],
            given={"W": drawn(weights, "D", "C"), "X": drawn(pixels, "N", "D")},
            sizes={"N": (3, 500), "D": (3, 60)},
        )
    for scale in (1, 100, 1e4, 1e-3):
        made[f"softmax, scores of size {scale}"] = posed(
            softmax,
            {"x": "N C", "y": "N int<C"},
            {"loss": "", "dx": "N C"},
            [Gradient("loss", wrt="x", claimed="dx")],
            given={"x": drawn(scale, "N", "C")},
            sizes={"N": (3, 300)},
        )
    for scale in (1, 1e-4, 1e4):
        made[f"relu, x of size {scale}"] = posed(
            relu,
            {"x": "N D", "dout": "N D"},
            {"out": "N D", "dx": "N D"},
            [Gradient("out", wrt="x", claimed="dx", upstream="dout")],
            given={"x": drawn(scale, "N", "D")},
            sizes={"N": (3, 100), "D": (3, 60)},
        )
    for name, answer in (("first", max_first), ("split", max_split)):
        made[f"max with ties, {name}"] = posed(
            answer,
            ROUTED,
            {"out": "N", "dx": "N D"},
            [Gradient("out", wrt="x", claimed="dx", upstream="dout")],
            given={"x": whole("N", "D")},
        )
    made["two-layer network"] = posed(
        network,
        {"x": "N D", "w1": "D H", "w2": "H C", "y": "N int<C"},
        {"loss": "", "dx": "N D", "dw1": "D H", "dw2": "H C"},
        [Gradient("loss", wrt=("x", "w1", "w2"), claimed=("dx", "dw1", "dw2"))],
        sizes={"N": (3, 100), "D": (3, 60), "H": (3, 60)},
    )
    made["batch normalisation"] = posed(
        batchnorm,
        {"x": "N D", "gamma": "D", "beta": "D", "dout": "N D"},
        {"out": "N D", "dx": "N D", "dgamma": "D", "dbeta": "D"},
        [
            Gradient(
                "out",
                wrt=("x", "gamma", "beta"),
                claimed=("dx", "dgamma", "dbeta"),
                upstream="dout",
            )
        ],
        sizes={"N": (3, 100)},
    )
    names = ("x", "h", "c", "Wx", "Wh", "b")
    shapes = dict(zip(names, ("N D", "N H", "N H", "D 4*H", "H 4*H", "4*H"), strict=True))
    made["lstm step"] = posed(
        lstm_step,
        shapes | {"dh": "N H", "dc": "N H"},
        {"next_h": "N H", "next_c": "N H"} | {f"d{name}": shape for name, shape in shapes.items()},
        [
            Gradient(
                ("next_h", "next_c"),
                wrt=names,
                claimed=tuple(f"d{name}" for name in names),
                upstream=("dh", "dc"),
            )
        ],
    )
    return made
