"""Digits to learn: in new names, and in clutter."""

import numpy as np

from autograder.checks import Task

from .shared import digit_images


def digits_to_tell_apart(rng, device):
    """Digits under new names, some to train on and others to be told apart.

    More and larger ones for an accelerator.
    """
    return some_digits(rng, device, 1500 if device else 700, 300, lambda images: images)


def digits_in_clutter(rng, device):
    """Those of the leaderboard: nobody tells all of them apart, and twice as many are held out.

    Steps are shorter on the processor's small batches: what is reached hangs less on chance.
    """
    many = 1700 if device else 1100
    task = some_digits(rng, device, many, 600, lambda images: cluttered(rng, images))
    return Task({**task.inputs, "learning_rate": 0.05 if device else 0.02}, task.labels)


def some_digits(rng, device, many, held_out, drawn):
    """Images by ``drawn``, of which the last ones are ``held_out``; larger for an accelerator."""
    X, y = digit_images()
    large = bool(device)
    order, names = rng.permutation(len(y))[:many], rng.permutation(10)
    images = drawn(X)
    if large:
        images = images.repeat(4, axis=2).repeat(4, axis=3)
    train, test = order[:-held_out], order[-held_out:]
    inputs = {
        **{"images": images[train], "labels": names[y[train]]},
        **{"held_out": images[test], "held_labels": np.zeros(len(test), int)},
        **{"batch": 64 if large else 20, "epochs": 8 if large else 3, "learning_rate": 0.05},
        **{"seed": int(rng.integers(2**31)), "device": device},
        **{"precision": "bfloat16" if large else "float32", "observe": False},
    }
    return Task(inputs, names[y[test]])


def cluttered(rng, images, scrap=0.5, noise=0.3):
    """Images (N, 1, H, W) in [-1/2, 1/2], each with a paler piece of another one, moved by 3 to 5
    pixels either way, under normal noise.
    """
    N, _, H, W = images.shape
    away = rng.integers(3, 6, (2, N)) * rng.choice([-1, 1], (2, N))
    rows = (np.arange(H) + away[0][:, None]) % H
    columns = (np.arange(W) + away[1][:, None]) % W
    others = images[rng.permutation(N)]
    pieces = others[np.arange(N)[:, None, None], 0, rows[:, :, None], columns[:, None, :]]
    ink = np.maximum(images[:, 0] + 0.5, scrap * (pieces + 0.5))
    return (ink - 0.5 + noise * rng.standard_normal(ink.shape))[:, None]
