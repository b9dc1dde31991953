"""A model's params and grads, dictionaries by name, as the outputs of exercises and as reports call
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from autograder import Absent, must
from autograder.checks import close


def gradients_in(grads: Mapping[str, Any], params: Iterable[str]) -> dict[str, Any]:
    """The gradients in a dict as outputs dW1, db1, ...: absent where one is missing."""
    missing = [name for name in params if grads.get(name) is None]
    absent = Absent(f"grads has no {' and no '.join(missing)}.")
    return {f"d{name}": absent if name in missing else np.array(grads[name]) for name in params}


def params_in_words(*names: str, of: str = "params") -> dict[str, str]:
    """What reports call the inputs W1, b1, ..., and the outputs dW1, ..., W1_at_start, ...,
    W1_after, ...
    """
    words = {}
    for name in names:
        words |= {name: f'{of}["{name}"]', f"d{name}": f'grads["{name}"]'}
        words |= {f"{name}_at_start": f'{of}["{name}"] at the start'}
        words |= {f"{name}_after": f'{of}["{name}"] afterwards'}
    return words


def given_in_words(*names: str) -> list[str]:
    """What reports call the entries of an output that tells which gradients are there."""
    return [f'whether grads holds "{name}"' for name in names]


def starts_small(*names: str) -> Callable[[Any], None]:
    """The fact that weights W1, ... start at random and as small as asked, and biases b1, ... at 0."""
    weights, biases = ([name for name in names if name.startswith(kind)] for kind in "Wb")

    def fact(ask: Any) -> None:
        inputs, out = ask(weight_scale=0.5)
        _, other = ask(inputs, weight_scale=1e-4)
        for name in weights:
            start, smaller = out[f"{name}_at_start"], other[f"{name}_at_start"]
            must(
                start.any() and close(5000 * smaller, start),
                f"{name} must start at random, with weight_scale as its standard deviation.",
            )
        must(not any(out[f"{name}_at_start"].any() for name in biases), "biases start at 0.")

    return fact
