"""What a training loop costs, carries and cuts, seen from outside."""

import contextlib

import numpy as np

from autograder import devices

COSTS = ("reads_in_each_step", "keeps_in_each_step", "rounds")
UNWATCHED = {
    **dict.fromkeys(COSTS, False),
    **{"states_given": np.zeros(0, dtype=int), "longest_gradient": 0.0},
}


def watch_training(train, steps, where, max_norm):
    """With three times the steps, are more tensors read, or kept? Does bfloat16 round anything?

    And for each step: was the state given None (0), cut off from its past (1) or not (2), and how
    long were the gradients that the optimiser saw, as a multiple of max_norm?
    """
    with devices.observed(where) as few:
        train(steps)
    with devices.observed(where) as many:
        train(3 * steps)
    rounds = train(steps, "float32")[1] != train(steps, "bfloat16")[1]
    states, lengths = [], [0.0]

    def watch(model, arguments, named):
        states.append(kind_of_state(*arguments, **named))

    with gradients_met(lengths):
        train(steps, watch=watch)
    return {
        "reads_in_each_step": many.synchronisations > few.synchronisations,
        "keeps_in_each_step": many.tensors_kept > few.tensors_kept,
        "rounds": bool(rounds),
        "states_given": np.array(states, dtype=int),
        "longest_gradient": max(lengths) / max_norm,
    }


def kind_of_state(ids, state=None):
    """0 for None, 1 for a state that is cut off from its past, 2 for one that is not."""
    return 0 if state is None else 2 if any(one.requires_grad for one in state) else 1


@contextlib.contextmanager
def gradients_met(lengths):
    """While it lasts, how long the gradients are that an optimiser steps with."""
    import torch
    from torch.optim.optimizer import register_optimizer_step_pre_hook

    def met(optimiser, arguments, named):
        params = [p for group in optimiser.param_groups for p in group["params"]]
        norms = [p.grad.norm() for p in params if p.grad is not None]
        lengths.append(float(torch.stack(norms).norm()))

    handle = register_optimizer_step_pre_hook(met)
    try:
        yield
    finally:
        handle.remove()
