"""What probes of torch exercises train on, and what a run of steps costs. Torch is imported only
when it is needed.

The device is named by one of three words, so that the same exercise runs everywhere: ``""`` and
``"cpu"`` are the processor, ``"accelerator"`` whatever ``torch.accelerator`` offers (CUDA, MPS,
XPU)."""

from __future__ import annotations

import contextlib
import gc
import re
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import CodeType
from typing import TYPE_CHECKING, Any

from .genuine import is_from

if TYPE_CHECKING:
    import torch

ACCELERATOR = "accelerator"
PRECISIONS = ("", "float32", "bfloat16", "float16")
READS = {
    "item",
    "tolist",
    "numpy",
    "cpu",
    "__bool__",
    "__float__",
    "__int__",
    "__index__",
    "__complex__",
}
READS_FROM_C = {"__format__", "__array__", "__repr__"}
"""Methods that are entered from C or through torch's own Python: the caller's frame says nothing
there.
"""
COUNTS = {"nonzero", "argwhere", "masked_select", "unique", "unique_consecutive", "equal"}
"""What reads how many entries there are, or whether all are alike."""


NO_DEVICE = re.compile(
    r"Torch not compiled with (CUDA|XPU) enabled|Found no NVIDIA driver|No (CUDA) GPUs are available"
    r"|invalid device ordinal|PyTorch is not linked with support for (\w+) devices"
    r"|The (MPS) backend is supported only",
)
"""How torch says that a device is not there."""
TROUBLES = (
    (
        re.compile(r"on the same device.*running_(?:mean|var)", re.DOTALL),
        "the running mean of a layer stayed behind: move the whole model by model.to(device), its "
        "buffers must go with its parameters",
    ),
    (
        re.compile(
            r"Expected all tensors to be on the same device|indices should be either on"
            r"|Input type \(torch\.cuda\.\w+\) and weight type \(torch\.(?!cuda)"
            r"|Input type \(torch\.(?!cuda)\w+\) and weight type \(torch\.cuda"
        ),
        "some tensors are on one device and some on another: make or move all of them on the device "
        "that you are given, and a model by model.to(device)",
    ),
    (
        re.compile(r"Cannot re-initialize \w+ in forked subprocess"),
        "a worker of a DataLoader touches the device, which only your own process may use: move "
        "batches there in your loop, not in the data set",
    ),
    (
        re.compile(r"^\w+ out of memory\. Tried to allocate"),
        "the memory of the device is full: take fewer examples at once, and keep no tensors from "
        "step to step",
    ),
)
"""How torch says what went wrong on a device, and what to do about it."""


class DeviceUnavailable(RuntimeError):
    """The device asked for is not to be had in this process. Nobody's fault: the check is repeated
    on the processor.
    """


def why_no_accelerator() -> str | None:
    """Why this process cannot use an accelerator, in words; None when it can."""
    import torch

    if not torch.accelerator.is_available():
        return "no accelerator was found"
    kind = current_accelerator()
    module = getattr(torch, kind, None)
    if getattr(module, "_is_in_bad_fork", bool)():
        return f"{kind} was in use before this process was forked"
    return None


def device_trouble(words: str) -> str | None:
    """What to do about an error of torch's that speaks of a device: one that is not there, or is
    mixed with another, or is full. None for other words.
    """
    found = NO_DEVICE.search(words)
    if found is None:
        return next((what for how, what in TROUBLES if how.search(words)), None)
    name = next(filter(None, found.groups()), "cuda").lower()
    return (
        f'there is no "{name}" on this machine: work on the device of what you are given '
        "(x.device, say) instead of naming one"
    )


def current_accelerator() -> str:
    """The name of the accelerator: ``cuda``, ``mps``, ``xpu``; ``cpu`` where there is none."""
    import torch

    found = torch.accelerator.current_accelerator()
    return found.type if found is not None and torch.accelerator.is_available() else "cpu"


def device(name: str) -> torch.device:
    """The device for ``""``, ``"cpu"`` or ``"accelerator"``.

    Raises DeviceUnavailable when there is no accelerator, ValueError for any other word.
    """
    import torch

    if name in ("", "cpu"):
        return torch.device("cpu")
    if name != ACCELERATOR:
        raise ValueError(f'{name!r} is no device here: it is "", "cpu" or "accelerator"')
    if problem := why_no_accelerator():
        raise DeviceUnavailable(problem)
    return torch.device(current_accelerator())


def autocast(where: torch.device, precision: str) -> AbstractContextManager[Any]:
    """Mixed precision on a device: ``bfloat16`` or ``float16``; nothing for ``""`` and ``float32``.

    Raises ValueError for any other word.
    """
    import torch

    if precision not in PRECISIONS:
        raise ValueError(
            f"{precision!r} is no precision here: it is one of {', '.join(PRECISIONS[1:])}"
        )
    if precision in ("", "float32"):
        return contextlib.nullcontext()
    return torch.autocast(where.type, dtype=getattr(torch, precision))


@contextlib.contextmanager
def kernels_for(precision: str) -> Iterator[None]:
    """While it lasts, torch can run what it runs in this precision on any processor.

    oneDNN has LSTMs in bfloat16 only for processors with AVX-512; torch's own kernels serve on all.
    """
    import torch

    here = torch.backends.mkldnn.is_available()
    if precision in ("", "float32") or not here or torch.ops.mkldnn._is_mkldnn_bf16_supported():
        yield
        return
    with own_kernels():
        yield


@contextlib.contextmanager
def own_kernels() -> Iterator[None]:
    """While it lasts, torch computes with its own kernels, which are alike on every processor."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a switch for another vendor's cards
        without = torch.backends.mkldnn.flags(enabled=False)
        without.__enter__()
    try:
        yield
    finally:
        without.__exit__(None, None, None)


@dataclass
class Observed:
    """What some steps cost.

    synchronisations: reads of a tensor's value by Python (``.item()``, ``float(t)``, ``if t:``,
    ``.cpu()``, ...), or of how many entries a mask picks; each one makes an accelerator wait.
    Counted alike on every device, torch's own not.

    tensors_kept: tensors that the steps made and that are alive after them, those that a graph
    keeps for a backward pass included. peak_bytes: the most memory that the steps allocated on the
    accelerator, 0 on the processor. seconds: wall clock, never a reason for a verdict.
    """

    synchronisations: int = 0
    tensors_kept: int = 0
    peak_bytes: int = 0
    seconds: float = 0.0


@contextlib.contextmanager
def observed(where: torch.device) -> Iterator[Observed]:
    """Observe the steps taken inside the ``with`` block, on the device they are taken on."""
    from torch.autograd.graph import saved_tensors_hooks

    run = Observed()
    _clear_the_way(where)
    frozen = gc.get_freeze_count()
    gc.freeze()  # whatever is there is no longer looked at: only what the steps make is counted, and quickly
    try:
        with (
            _measured(where, run),
            _reads_counted(run),
            saved_tensors_hooks(_Saved, lambda kept: kept.tensor),
        ):
            yield run
        run.tensors_kept = _tensors_made()
    finally:
        if not frozen:
            gc.unfreeze()


@contextlib.contextmanager
def memory_watched(name: object) -> Iterator[Observed]:
    """While it lasts, the memory of the accelerator is watched, if that is the device of this name:
    ``peak_bytes`` of what is yielded, in the end. 0 on the processor, and where the device tells
    nobody how much is allocated.
    """
    run = Observed()
    if not isinstance(name, str) or name != ACCELERATOR or why_no_accelerator():
        yield run
        return
    _clear_the_way(device(name))
    with _measured(device(name), run):
        yield run


def _clear_the_way(where: torch.device) -> None:
    """What an earlier answer left would be freed on the way, and be missing at the peak."""
    if where.type != "cpu":
        gc.collect()


@contextlib.contextmanager
def _measured(where: torch.device, run: Observed) -> Iterator[None]:
    """Seconds, and memory beyond what was allocated before."""
    import torch

    on_accelerator = where.type != "cpu"
    held = None
    if on_accelerator:
        torch.accelerator.synchronize()
        held = _allocated_from_here()
    started = time.perf_counter()
    yield
    if on_accelerator:
        torch.accelerator.synchronize()
    if held is not None:
        run.peak_bytes = max(0, int(torch.accelerator.max_memory_allocated() - held))
    run.seconds = time.perf_counter() - started


def _allocated_from_here() -> int | None:
    """The bytes that are allocated, from which on the peak is taken; None where torch cannot tell
    of this kind of device, or is too old to.
    """
    import torch

    try:
        torch.accelerator.reset_peak_memory_stats()
        return int(torch.accelerator.memory_allocated())
    except (AttributeError, NotImplementedError, RuntimeError):
        return None


class _Saved:
    """A tensor that a graph keeps for its backward pass, in a form that can be counted."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor


def _tensors_made() -> int:
    """How many tensors are alive that were made since the last freeze."""
    import torch

    gc.collect()
    return sum(issubclass(type(one), torch.Tensor) for one in gc.get_objects())


@contextlib.contextmanager
def _reads_counted(run: Observed) -> Iterator[None]:
    from torch.overrides import TorchFunctionMode

    class Counting(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            name = getattr(func, "__name__", "")
            reads = name in READS or name in COUNTS or _asks_how_many(name, args)
            if name in READS_FROM_C or (reads and not _within_torch(sys._getframe(1).f_code)):
                run.synchronisations += 1
                with self._silent():  # a read that reads on by another name is one read
                    return func(*args, **(kwargs or {}))
            return func(*args, **(kwargs or {}))

        @staticmethod
        def _silent() -> AbstractContextManager[Any]:
            import torch

            return torch._C.DisableTorchFunction()

    with Counting():
        yield


def _asks_how_many(name: str, args: Any) -> bool:
    """Whether entries are picked by a mask: how many, only the device knows."""
    import torch

    if name == "where":
        return len(args) == 1
    if name != "__getitem__" or len(args) < 2:
        return False
    indices = args[1] if isinstance(args[1], tuple) else (args[1],)
    return any(isinstance(one, torch.Tensor) and one.dtype == torch.bool for one in indices)


def _within_torch(code: CodeType) -> bool:
    import os

    import torch

    return is_from(code, os.path.dirname(torch.__file__))
