"""Adam for a dict of parameters: what the notebooks train with once its own assignment is done."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Arrays = dict[str, np.ndarray]


class Adam:
    """``step(grads)`` moves every array in ``params`` in place, by at most about the learning rate
    an entry.

    clip: a function that shortens a dict of gradients in place before they are used, such as
    ``lambda grads: clip_grad_norm(grads, 1.0)``; what it returns is what ``step`` returns.
    """

    def __init__(
        self,
        params: Arrays,
        learning_rate: float,
        clip: Callable[[Arrays], float | None] | None = None,
    ) -> None:
        self.params, self.learning_rate, self.clip, self.steps = params, learning_rate, clip, 0
        self._mean = {name: np.zeros_like(value) for name, value in params.items()}
        self._square = {name: np.zeros_like(value) for name, value in params.items()}

    def step(self, grads: Arrays) -> float | None:
        """One step downhill."""
        said = None if self.clip is None else self.clip(grads)
        self.steps += 1
        for name, value in self.params.items():
            mean, square = self._mean[name], self._square[name]
            mean += 0.1 * (grads[name] - mean)
            square += 0.001 * (grads[name] ** 2 - square)
            size = np.sqrt(square / (1 - 0.999**self.steps)) + 1e-8
            value -= self.learning_rate * mean / (1 - 0.9**self.steps) / size
        return said
