"""Training with Adam, as the exercises do it with what an answer says of loss and gradients."""

import numpy as np

from autograder import draws


class Adam:
    """Adam's steps for a dict of parameters, on gradients that are first clipped to length 1."""

    def __init__(self, params, learning_rate):
        """Moments at 0."""
        self.params, self.rate, self.steps = dict(params), learning_rate, 0
        self.m = {name: np.zeros_like(value) for name, value in params.items()}
        self.v = {name: np.zeros_like(value) for name, value in params.items()}

    def step(self, grads):
        """Move every parameter, into a new array."""
        self.steps += 1
        shorter = max(1.0, np.sqrt(sum(np.sum(np.square(grads[name])) for name in self.params)))
        for name, value in self.params.items():
            grad = grads[name] / shorter
            self.m[name] = 0.9 * self.m[name] + 0.1 * grad
            self.v[name] = 0.999 * self.v[name] + 0.001 * grad**2
            m, v = self.m[name] / (1 - 0.9**self.steps), self.v[name] / (1 - 0.999**self.steps)
            self.params[name] = value - self.rate * m / (np.sqrt(v) + 1e-8)


def trained(loss_of, params, x, y, order, rate):
    """Parameters after a step of Adam on the examples of each row of ``order``; losses (steps,)."""
    adam, losses = Adam(params, rate), []
    for some in order:
        loss, grads, *_ = loss_of(adam.params, x[some], y[some])
        losses.append(loss)
        adam.step(grads)
    return adam.params, np.array(losses, dtype=float)


NO_TRAINING = draws.always(np.zeros((0, 1), dtype=int))


TRAINED_WORDS = {
    "losses": "the losses while it is trained",
    "held_out": "other sequences",
    "order": "the order of training",
    "rate": "the learning rate",
}
