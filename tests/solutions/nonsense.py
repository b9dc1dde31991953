"""Answers that are wrong beyond any catalogue."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


class Nonsense:
    """A model, a block, a data set or a Value that learns nothing, knows nothing and says so."""

    W = None
    params: dict[str, Any] = {}  # noqa: RUF012
    data = grad = "seven"
    operands = ()

    def __init__(self, *args, **named):
        pass

    def train(self, *args):
        return ["loss"]

    def loss(self, *args):
        return None

    probabilities = loss

    def predict(self, X):
        return "seven"

    def backward(self):
        return "seven"

    def __len__(self):
        return 3

    def __getitem__(self, index):
        if index >= 3:
            raise IndexError
        return "seven"

    def __add__(self, other):
        return self

    __sub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = max = __add__

    def relu(self):
        return self

    exp = tanh = relu


NONSENSE = {
    "nothing": lambda *args, **named: None,
    "two nothings": lambda *args, **named: (None, None),
    "three nothings": lambda *args, **named: (None, None, None),
    "a number": lambda *args, **named: 3.0,
    "two numbers": lambda *args, **named: (1.0, 2.0),
    "six numbers": lambda *args, **named: (1.0, 2.0, 3.0, 4.0, 5.0, 6.0),
    "lists": lambda *args, **named: ([1, 2], [[3]]),
    "nan": lambda *args, **named: np.full((3, 4), np.nan),
    "two nan": lambda *args, **named: (np.nan, np.full((3, 4), np.nan)),
    "objects": lambda *args, **named: np.array([None]),
    "two objects": lambda *args, **named: (np.array([None]), np.array(["a"])),
    "complex": lambda *args, **named: (1j, 1j * np.ones((3, 3))),
    "three axes": lambda *args, **named: np.zeros((3, 3, 3)),
    "five axes": lambda *args, **named: np.zeros((3, 3, 3, 3, 3)),
    "a string": lambda *args, **named: "abc",
    "a dict": lambda *args, **named: {},
    "an array and a dict": lambda *args, **named: (np.zeros(3), {}),
    "its arguments": lambda *args, **named: args,
    "its first argument": lambda *args, **named: args[0] if args else None,
    "a model": Nonsense,
    "an exit": lambda *args, **named: sys.exit(0),
}
