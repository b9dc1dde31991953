"""A pretend accelerator: a device of torch's whose memory is apart from the processor's, for tests
on machines without a card.

Importing it registers the device ``pretend`` for the whole process, so it is imported only in
processes of its own. What it does as a card does: tensors of two devices do not mix; memory is
accounted for and ends at a limit; a copy that does not block arrives when somebody waits for it;
no device survives a fork. What the host asks of it is counted. It computes by the processor's
kernels; how fast a card is, and how it rounds, it cannot tell.
"""

from __future__ import annotations

import math
import os
import weakref
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import torch
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "pretend"
VISIBLE = os.environ.get("CUDA_VISIBLE_DEVICES", "0,1").split(",")
"""The cards that this process may see, by the variable that pins workers to theirs."""
CARDS = len(VISIBLE)
aten = torch.ops.aten


@dataclass
class Card:
    """One device. ``limit``, ``held`` and ``peak`` are in bytes; ``asked`` counts what the host
    waited for, by operator; ``kernels`` those begun since it last waited; ``under_way`` the copies
    that have not arrived; ``moved_here`` what came from the processor: whole numbers as they are, of
    others nothing but None.
    """

    index: int
    limit: float = math.inf
    held: int = 0
    peak: int = 0
    asked: Counter[str] = field(default_factory=Counter)
    kernels: int = 0
    moved_here: list[torch.Tensor | None] = field(default_factory=list)
    moved_away: int = 0
    under_way: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list)
    storages: set[int] = field(default_factory=set)

    @property
    def device(self) -> torch.device:
        """As torch names it."""
        return torch.device(NAME, self.index)

    def hold(self, storage: torch.UntypedStorage) -> None:
        """Account for memory, once. Raises OutOfMemoryError beyond the limit, RuntimeError in a fork
        of a process that has used a card.
        """
        if in_bad_fork():
            raise RuntimeError(
                f"Cannot re-initialize {NAME.upper()} in forked subprocess. To use {NAME.upper()} "
                "with multiprocessing, you must use the 'spawn' start method"
            )
        _current.used_in = os.getpid()
        mark, size = storage._cdata, storage.nbytes()
        if mark in self.storages:
            return
        if self.held + size > self.limit:
            raise torch.OutOfMemoryError(
                f"{NAME.upper()} out of memory. Tried to allocate {size / 2**20:.2f} MiB. GPU "
                f"{self.index} has {self.limit / 2**20:.2f} MiB, of which "
                f"{self.held / 2**20:.2f} MiB are in use."
            )
        self.storages.add(mark)
        self.held += size
        self.peak = max(self.peak, self.held)
        weakref.finalize(storage, self._free, mark, size).atexit = False

    def _free(self, mark: int, size: int) -> None:
        self.storages.discard(mark)
        self.held -= size

    def wait(self, why: str = "") -> None:
        """The host waits until everything begun has been done."""
        if why:
            self.asked[why] += 1
        for arrival, value in self.under_way:
            arrival.copy_(value)
        self.under_way.clear()
        self.kernels = 0

    def arrived(self, source: torch.Tensor) -> None:
        """Something came from the processor."""
        if not isinstance(source, There):
            whole = not (source.is_floating_point() or source.dtype == torch.bool)
            self.moved_here.append(source.detach().clone() if whole else None)

    def forget(self) -> None:
        """Begin to count anew."""
        self.wait()
        self.asked.clear()
        self.moved_here.clear()
        self.moved_away = 0
        self.peak = self.held


CARDS_HERE = [Card(index) for index in range(CARDS)]
_current = SimpleNamespace(index=0, used_in=0)


def card(where: Any = None) -> Card:
    """The card of a device, an index, or the current one."""
    device = torch.device(NAME, where) if isinstance(where, int) else torch.device(where or NAME)
    index = _current.index if device.index is None else device.index
    if not 0 <= index < CARDS:
        raise RuntimeError(f"{NAME.upper()} error: invalid device ordinal")
    return CARDS_HERE[index]


def in_bad_fork() -> bool:
    """Whether the device was in use before this process was forked."""
    return _current.used_in not in (0, os.getpid())


class There(torch.Tensor):
    """A tensor on a card. ``memory`` is what it lies in: nothing of it is in reach of the processor's
    tensors.
    """

    memory: torch.UntypedStorage
    card: Card
    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]

    @staticmethod
    def __new__(cls, here: torch.Tensor, on: Card) -> There:
        memory = here.untyped_storage()
        on.hold(memory)
        made = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            here.size(),
            strides=here.stride(),
            storage_offset=here.storage_offset(),
            dtype=here.dtype,
            device=on.device,
            requires_grad=False,
        )
        made.memory, made.card = memory, on
        return made

    def here(self) -> torch.Tensor:
        """The same memory as the processor's kernels see it."""
        bare = torch.empty(0, dtype=self.dtype)
        return bare.set_(self.memory, self.storage_offset(), self.size(), self.stride())  # type: ignore[arg-type]

    def tolist(self) -> Any:
        """One read, as on a card: torch has none for what Python dispatches."""
        read = self.cpu()
        with torch._C.DisableTorchFunction():
            return read.tolist()

    def __repr__(self) -> str:  # type: ignore[override]
        return f"{self.cpu()!r:.200} on {self.device}"

    @classmethod
    def __torch_dispatch__(cls, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(op, args, dict(kwargs or {}))


WAITS = {
    "_local_scalar_dense",
    "nonzero",
    "masked_select",
    "equal",
    "is_nonzero",
    "unique_dim",
    "_unique2",
    "unique_consecutive",
    "repeat_interleave",
}
"""Operators whose result, or its shape, the host must know before it goes on."""
INDICES = {"index", "index_put_", "index_put", "_index_put_impl_", "_unsafe_index"}
"""Those that take indices from the processor."""


@cache
def _is_composed(op: Any) -> bool:
    """Whether an operator consists of others: in inference mode it gets here whole."""
    composed = torch._C.DispatchKey.CompositeImplicitAutograd
    return torch._C._dispatch_has_kernel_for_dispatch_key(op.name(), composed)


def _run(op: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    if _is_composed(op):
        return op.decompose(*args, **kwargs)
    on = next(one.card for one in _flat((args, kwargs)) if isinstance(one, There))
    name = op.overloadpacket.__name__
    if name == "_to_copy":
        return _copied(args[0], kwargs)
    if name == "copy_":
        return _copied_into(args[0], args[1], *args[2:], **kwargs)
    _of_one_device(op, name, args, kwargs, on)
    if name in WAITS:
        on.wait(name)
    elif name in INDICES and _by_mask(args[1]):
        on.wait("a mask")
    on.kernels += 1
    if "device" in kwargs:
        kwargs["device"] = torch.device("cpu")
    same: dict[int, There] = {}

    def bare(one: Any) -> Any:
        if not isinstance(one, There):
            return one
        inner = one.here()
        same[id(inner)] = one
        return inner

    inner_args, inner_kwargs = _each(bare, args), _each(bare, kwargs)
    out = DEFINED[name](*inner_args) if name in DEFINED else op(*inner_args, **inner_kwargs)

    def wrapped(one: Any) -> Any:
        if not isinstance(one, torch.Tensor):
            return one
        known = same.get(id(one))
        if known is None:
            return There(one, on)
        if known.shape != one.shape:
            raise NotImplementedError(f"{op} changes the shape of what lies on a card")
        return known

    return _each(wrapped, out)


def _each(change: Any, tree: Any) -> Any:
    """What operators take and give, each leaf changed: torch's own way asks far more of a tree."""
    kind = type(tree)
    if kind is tuple or kind is list:
        return kind([_each(change, one) for one in tree])
    if kind is dict:
        return {name: _each(change, one) for name, one in tree.items()}
    return change(tree)


def _flat(tree: Any) -> Iterator[Any]:
    """The leaves of what operators take and give."""
    kind = type(tree)
    if kind is tuple or kind is list or kind is dict:
        for one in tree.values() if kind is dict else tree:
            yield from _flat(one)
    else:
        yield tree


@cache
def _arguments(op: Any) -> list[str]:
    """The names of an operator's arguments."""
    return [one.name for one in op._schema.arguments]


def _of_one_device(op: Any, name: str, args: Any, kwargs: dict[str, Any], on: Card) -> None:
    """Raise as CUDA does where devices are mixed. Numbers of the processor's, and indices, may be."""
    named = [*zip(_arguments(op), args, strict=False), *kwargs.items()]
    for argument, value in named:
        if argument == "generator" and value is not None:
            raise RuntimeError(
                f"Expected a '{NAME}' device type for generator but found '{value.device.type}'"
            )
        if argument == "indices" and name in INDICES:
            continue
        for one in _flat(value):
            if not isinstance(one, torch.Tensor) or getattr(one, "card", None) is on:
                continue
            if one.dim() == 0 and not isinstance(one, There) and argument != "out":
                continue
            raise RuntimeError(
                f"Expected all tensors to be on the same device, but found at least two devices, "
                f"{on.device} and {one.device}! (when checking argument for argument {argument} in "
                f"method {op})"
            )


def _by_mask(indices: Any) -> bool:
    kinds = (torch.bool, torch.uint8)
    return any(isinstance(one, There) and one.dtype in kinds for one in indices)


def _copied(source: torch.Tensor, kwargs: dict[str, Any]) -> torch.Tensor:
    asked, late = kwargs.pop("device", None), kwargs.pop("non_blocking", False)
    to = source.device if asked is None else torch.device(asked)
    inner = source.here() if isinstance(source, There) else source
    if to.type == "meta":  # shapes alone: no card is asked
        return aten._to_copy.default(inner, **kwargs, device=to)
    fresh = aten._to_copy.default(inner, **kwargs)
    if to.type == NAME:
        on = card(to)
        on.arrived(source)
        return There(fresh, on)
    assert isinstance(source, There)
    _left(source.card, late, fresh)
    return fresh


def _copied_into(
    target: torch.Tensor, source: torch.Tensor, non_blocking: bool = False
) -> torch.Tensor:
    inner = source.here() if isinstance(source, There) else source
    if isinstance(target, There):
        target.card.arrived(source)
        target.here().copy_(inner)
    else:
        assert isinstance(source, There)
        target.copy_(inner)
        _left(source.card, non_blocking, target)
    return target


def _left(on: Card, late: bool, arrival: torch.Tensor) -> None:
    """A copy to the host: there at once, or, where nobody blocks, when somebody waits."""
    on.moved_away += 1
    if not late:
        on.wait("a copy")
        return
    on.under_way.append((arrival, arrival.clone()))
    arrival.fill_(math.nan if arrival.is_floating_point() else 0)


# --- what torch computes on cards only, by its definition -----------------------------------------


def _lstm_cell(of_input: Any, of_hidden: Any, c: Any, b_input: Any = None, b_hidden: Any = None):
    gates = of_input + of_hidden
    if b_input is not None:
        gates = gates + b_input + b_hidden
    i, f, g, o = gates.chunk(4, 1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    after = f * c + i * g
    return o * after.tanh(), after, torch.cat((i, f, g, o), 1)


def _lstm_cell_backward(dh: Any, dc: Any, c: Any, after: Any, workspace: Any, has_bias: bool):
    i, f, g, o = workspace.chunk(4, 1)
    dh = torch.zeros_like(after) if dh is None else dh
    dc = torch.zeros_like(after) if dc is None else dc
    bent = after.tanh()
    dc = dc + dh * o * (1 - bent * bent)
    slopes = (dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g))
    dgates = torch.cat((*slopes, dh * bent * o * (1 - o)), 1)
    return dgates, dc * f, dgates.sum(0) if has_bias else None


DEFINED = {
    "_thnn_fused_lstm_cell": _lstm_cell,
    "_thnn_fused_lstm_cell_backward_impl": _lstm_cell_backward,
}


# --- the device, made known to torch ---------------------------------------------------------------


class Module:
    """``torch.pretend``: what torch asks of a device's module."""

    def is_initialized(self) -> bool:
        return _current.used_in == os.getpid()

    def is_available(self) -> bool:
        return True

    def device_count(self) -> int:
        return CARDS

    def current_device(self) -> int:
        return _current.index

    def set_device(self, where: Any) -> None:
        _current.index = card(where).index

    def _is_in_bad_fork(self) -> bool:
        return in_bad_fork()

    def manual_seed_all(self, seed: int) -> None:
        pass

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16, torch.float16]

    def synchronize(self, where: Any = None) -> None:
        card(where).wait()


def _created(op: Any) -> Any:
    """The kernel of an operator that makes tensors out of nothing."""

    def kernel(*args: Any, **kwargs: Any) -> There:
        on = card(kwargs.pop("device", None))
        kwargs.pop("pin_memory", None)
        on.kernels += 1
        return There(op(*args, **kwargs, device="cpu"), on)

    return kernel


CREATING = (
    *("empty.memory_format", "empty_strided", "arange", "arange.start", "arange.start_step"),
    *("eye", "eye.m", "linspace", "randperm", "tril_indices", "triu_indices"),
)


def _copy_from(source: torch.Tensor, target: torch.Tensor, non_blocking: bool = False) -> Any:
    """As ``copy_``, where torch itself copies what a list of numbers gave."""
    return _copied_into(target, source, non_blocking)


def _in_precision(op: Any, lower: bool) -> Any:
    """The kernel of an operator under autocast: in the lower precision, or in float32."""
    above = torch._C.DispatchKeySet(torch._C.DispatchKey.AutocastPrivateUse1)  # type: ignore[attr-defined]

    def kernel(*args: Any, **kwargs: Any) -> Any:
        dtype = torch.get_autocast_dtype(NAME) if lower else torch.float32

        def cast(one: Any) -> Any:
            floats = isinstance(one, There) and one.is_floating_point()
            return one.to(dtype) if floats and one.dtype != torch.float64 else one

        with torch._C._ExcludeDispatchKeyGuard(above):
            return op(*_each(cast, args), **_each(cast, kwargs))

    return kernel


LOWERED = (
    *("conv1d", "conv2d", "linear", "matmul", "mm", "mv", "bmm", "addmm", "addmv", "baddbmm"),
    *("_thnn_fused_lstm_cell", "lstm_cell"),
)
IN_FLOAT32 = (
    *("log_softmax.int", "softmax.int", "cross_entropy_loss", "nll_loss", "nll_loss_nd"),
    *("mse_loss", "exp", "log", "log1p", "expm1", "rsqrt", "reciprocal", "sum", "sum.dim_IntList"),
    *("pow.Tensor_Scalar", "norm.Scalar", "cumsum", "prod"),
)
"""What CUDA's autocast lowers, and what it keeps in float32, as far as exercises need it."""


def _memory(name: str) -> Any:
    def told(where: Any = None, /) -> int:
        return getattr(card(where), name)

    return told


def _operator(name: str) -> Any:
    packet, _, overload = name.partition(".")
    return getattr(getattr(aten, packet), overload or "default")


_data: Any = torch.Tensor.data


def _replaced(tensor: torch.Tensor, new: torch.Tensor) -> None:
    """``tensor.data = new``, as on a card: the tensor stays the same object, wherever it lies."""
    if isinstance(tensor, There) == isinstance(new, There):
        _data.__set__(tensor, new)
        return
    fresh, slope, wanted = new.detach(), tensor.grad, tensor.requires_grad
    if isinstance(tensor, torch.nn.Parameter):
        fresh = torch.nn.Parameter(fresh, wanted)
    torch.utils.swap_tensors(tensor, fresh.requires_grad_(wanted))
    tensor.grad = None if slope is None else slope.to(new.device)


_to: Any = torch.Tensor.to


def _moved(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
    """``tensor.to``, where a device without a number is the current one, as on a card: torch itself
    takes number 0 of a device that Python registers.
    """

    def numbered(one: Any) -> Any:
        if not isinstance(one, str | torch.device):
            return one
        device = torch.device(one)
        bare = device.type == NAME and device.index is None
        return torch.device(NAME, _current.index) if bare else one

    named = {name: numbered(one) for name, one in kwargs.items()}
    return _to(tensor, *map(numbered, args), **named)


def _register() -> tuple[torch.library.Library, ...]:
    _setup_privateuseone_for_python_backend(NAME, backend_module=Module())
    library, rest = torch.library.Library("aten", "IMPL"), torch.library.Library("_", "IMPL")
    for name in CREATING:
        library.impl(name, _created(_operator(name)), "PrivateUse1")
    library.impl("_copy_from", _copy_from, "PrivateUse1")
    for names, lower in ((LOWERED, True), (IN_FLOAT32, False)):
        for name in names:
            kernel = _in_precision(_operator(name), lower)
            library.impl(name, kernel, "AutocastPrivateUse1", allow_override=True)
    rest.fallback(torch.library.fallthrough_kernel, "AutocastPrivateUse1")
    # what a module is made of stays the same objects when it is moved
    torch._has_compatible_shallow_copy_type = lambda *_: True  # type: ignore[assignment]
    torch.Tensor.to = _moved  # type: ignore[assignment]
    torch.Tensor.data = property(_data.__get__, _replaced)  # type: ignore[assignment]
    accelerator: Any = torch.accelerator
    accelerator.synchronize = lambda where=None, /: card(where).wait()
    accelerator.memory_allocated = _memory("held")
    accelerator.max_memory_allocated = _memory("peak")
    accelerator.reset_peak_memory_stats = lambda where=None, /: _peak_is_now(card(where))
    accelerator.device_count = lambda: CARDS
    accelerator.current_device_index = lambda: _current.index
    accelerator.set_device_index = lambda where, /: setattr(_current, "index", card(where).index)
    return library, rest


def _peak_is_now(on: Card) -> None:
    on.peak = on.held


_LIBRARIES = _register()
