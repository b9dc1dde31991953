"""What a network goes through in a training loop, seen from outside."""

from itertools import pairwise
from typing import Any

import numpy as np


class Watched:
    """What a network goes through in training, call by call: written down, no number read."""

    def __init__(self, model, run):
        import torch

        self.training, self.with_gradients, self.dtypes = [], [], []
        self.slopes, self.reads, self.steepest = [], [], 0.0
        self.scores: list[Any] = []
        self.model, self.steps, self.only_steps = model, 0, False
        self.after_step, self.pairs = marks_of(model), []

        def first_layer(module, inputs, output):
            self.dtypes.append(output.dtype)

        def whole(module, inputs, output):
            self.training.append(module.training)
            self.with_gradients.append(torch.is_grad_enabled())
            self.reads.append(run.synchronisations)
            self.scores.append(output.detach().float())
            self.pairs.append((self.after_step, marks_of(module)))
            if output.requires_grad:
                output.register_hook(lambda slope: self.slopes.append(slope.detach()))

        hooks = (model[0], first_layer), (model, whole)
        self.handles = [module.register_forward_hook(hook) for module, hook in hooks]

    def step_taken(self, *_):
        """The optimizer has changed the parameters."""
        self.steps += 1
        self.after_step = marks_of(self.model)

    def stop(self):
        """Look no more, and keep no tensor."""
        for handle in self.handles:
            handle.remove()
        self.pairs.append((self.after_step, marks_of(self.model)))
        marks = [[one.cpu().numpy().copy() for one in pair] for pair in self.pairs]
        self.only_steps = all(
            one.shape == other.shape and np.allclose(one, other, rtol=1e-3, atol=1e-3)
            for one, other in marks
        )
        self.model, self.after_step = None, None
        self.pairs.clear()
        self.steepest = max((float(one.abs().max()) for one in self.slopes), default=0.0)
        self.slopes.clear()
        self.scores = [one.cpu().numpy().copy() for one in self.scores]

    def fits(self, losses, accuracies, loaders, epochs):
        """Whether a history is that of what the model put out, in training and in validation."""
        import torch
        from torch.nn.functional import cross_entropy

        labels = [[labels for _, labels in loader] for loader in loaders]
        phases = len(labels[0]) + len(labels[1])
        if len(self.scores) != epochs * phases:
            return False, False
        put_out = [torch.from_numpy(one) for one in self.scores]
        costs, shares = [], []
        for epoch in range(epochs):
            calls = put_out[epoch * phases : (epoch + 1) * phases]
            trained, tested = calls[: len(labels[0])], calls[len(labels[0]) :]
            costs += [float(cost) for cost in map(cross_entropy, trained, labels[0])]
            best = [scores.max(dim=1).indices for scores in tested]
            known = sum(int((a == b).sum()) for a, b in zip(best, labels[1], strict=True))
            shares.append(known / sum(map(len, labels[1])))
        return (
            np.shape(losses) == (len(costs),) and np.allclose(losses, costs, rtol=0.02, atol=0.01),
            np.shape(accuracies) == (epochs,) and np.allclose(accuracies, shares, atol=1e-6),
        )

    def report(self, modes, dtype):
        """Whether it went as it should: for each call training mode or not, and the first dtype."""
        return {
            "modes_right": self.training == modes,
            "gradients_right": self.with_gradients == modes,
            "lower_precision": all(one == dtype for one in self.dtypes),
            "scaled": self.steepest > 10,
            "synchronisations": reads_within(modes, self.reads),
        }


def marks_of(model):
    """Two numbers of each parameter, its sum and its length: others where anything was changed."""
    import torch

    kinds = torch.sum, torch.linalg.vector_norm
    with torch.inference_mode(False), torch.no_grad():  # whatever the loop is in just now
        every = [one.float() for one in model.parameters()]
        return torch.stack([kind(one) for one in every for kind in kinds])


def reads_within(phases, reads):
    """The reads between calls of the same phase: at the end of a phase reading is fine."""
    calls = pairwise(zip(phases, reads, strict=False))
    return sum(after - before for (one, before), (following, after) in calls if one == following)
