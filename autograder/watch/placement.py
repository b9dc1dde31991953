"""Whether a computation in torch follows its tensors, told on any machine: it is run where tensors
have no numbers.

Torch's device ``meta`` knows shapes and dtypes alone. What stays on the device of its arguments
runs there as well; what mixes in a tensor of the processor's stops, and so does what must know a
number: that would make an accelerator wait."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

NUMBERS_ASKED_FOR = (
    "called on meta tensors",
    "no data",
    "numpy",
    "__format__",
    "nonzero",
    "masked_select",
)
"""Parts of what torch says when a number is asked for that is not there."""

COMPILED = "TORCHINDUCTOR_CACHE_DIR"
"""Where torch keeps what it compiles: a folder of its own among the temporary files unless set."""


@dataclass(frozen=True)
class Followed:
    """stays: the result is on the device of the arguments. waits: a number had to be known on the
    way.
    """

    stays: bool
    waits: bool


def followed(call: Callable[..., Any], *arguments: Any) -> Followed:
    """Call with every tensor of the arguments moved to where it has no numbers. Never raises for
    what the call does.
    """
    import torch

    there = [one.to("meta") if isinstance(one, torch.Tensor) else one for one in arguments]
    try:
        result = call(*there)
    except Exception as stopped:
        waits = any(part in str(stopped) for part in NUMBERS_ASKED_FOR)
        # an operation that torch has not written for the device says nothing about who calls it
        unknown = isinstance(stopped, NotImplementedError) and not waits
        return Followed(stays=waits or unknown, waits=waits)
    return Followed(
        stays=isinstance(result, torch.Tensor) and result.device.type == "meta", waits=False
    )


def keeps_dtype(call: Callable[..., Any], dtypes: tuple[torch.dtype, ...], *arguments: Any) -> bool:
    """Whether the result has the dtype of the floating-point arguments, for each of ``dtypes`` that
    torch has written the operations for. Never raises for what the call does.
    """
    import torch

    for dtype in dtypes:
        cast = [
            one.to(dtype) if isinstance(one, torch.Tensor) and one.is_floating_point() else one
            for one in arguments
        ]
        try:
            result = call(*cast)
        except NotImplementedError:
            continue
        except Exception:
            return False
        if not isinstance(result, torch.Tensor) or result.dtype != dtype:
            return False
    return True


def import_what_torch_will() -> None:
    """What torch imports with its first optimiser, and when it first works without numbers, is
    imported now: a second or two. The folder for compiled code that torch makes as it is imported,
    whoever compiles anything or not, is one that is there already.
    """
    import torch

    named = os.environ.get(COMPILED)
    os.environ[COMPILED] = named or tempfile.gettempdir()
    try:
        torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    finally:
        if named is None:
            del os.environ[COMPILED]


__all__ = ["Followed", "followed", "import_what_torch_will", "keeps_dtype"]
