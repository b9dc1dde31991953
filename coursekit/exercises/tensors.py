"""Between NumPy, which carries an exercise's inputs and outputs, and torch, in which some answers are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def tensors(*arrays: np.ndarray, on: Any = "cpu", follow: bool = False) -> tuple[torch.Tensor, ...]:
    """Copies on a device; with ``follow``, autograd records what happens to them."""
    import torch

    return tuple(torch.tensor(one, device=on, requires_grad=follow) for one in arrays)


def array(tensor: torch.Tensor) -> np.ndarray:
    """A tensor's values as float64, wherever it is and whatever its dtype."""
    return tensor.detach().cpu().double().numpy()
