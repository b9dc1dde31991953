"""Whether PyTorch was at work: its operators are C++, and calling one may enter no Python that a
trace would see.

PyTorch's own profiler sees every operator of the thread it is switched on in, whatever modes are
switched off meanwhile."""

from __future__ import annotations

import secrets
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import BuiltinFunctionType, CodeType, FrameType
from typing import Any

from .genuine import is_from


@dataclass
class Operators:
    """Whether any operator ``ran``, and whether the record was ``broken`` off by somebody on the
    way.
    """

    ran: bool = False
    broken: bool = False


@contextmanager
def operators_recorded() -> Iterator[Operators]:
    """Record what PyTorch runs inside the ``with`` block, in this thread and in those that are
    begun meanwhile.

    Nothing is recorded where PyTorch was not imported before: importing it enters its Python, which
    a trace sees."""
    found = Operators()
    begin = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]

    def recorded(thread: Any) -> None:
        with _recorded_here(found):
            begin(thread)

    _beginnings.append(recorded.__code__)
    threading.Thread._bootstrap_inner = recorded  # type: ignore[attr-defined]
    try:
        with _recorded_here(found):
            yield found
    finally:
        threading.Thread._bootstrap_inner = begin  # type: ignore[attr-defined]
        _beginnings.pop()


_beginnings: list[Any] = []


def is_beginning(code: CodeType) -> bool:
    """Whether code is what begins a thread in place of threading's own, now or in an earlier
    call.
    """
    return code.co_name == "recorded" and is_from(code, __file__)


def is_recorded_beginning(frame: FrameType) -> bool:
    """Whether a frame begins a thread, as ``operators_recorded`` would have it begun."""
    code, caller = frame.f_code, frame.f_back
    return (
        code.co_name == "_bootstrap_inner"
        and is_from(code, threading.__file__)
        and caller is not None
        and any(caller.f_code is one for one in _beginnings)
    )


@contextmanager
def _recorded_here(found: Operators) -> Iterator[None]:
    torch: Any = sys.modules.get("torch")
    mark = secrets.token_hex(8)
    if torch is None:
        yield
        return
    try:
        _begin(torch, mark)
    except Exception:  # somebody else's profiler is on, or PyTorch was tampered with
        found.broken = True
        yield
        return
    try:
        yield
    finally:
        names = _names(torch)
        found.broken |= mark not in names
        found.ran |= bool(names - {"", mark, "__start_profile", "__stop_profile"})


def _begin(torch: Any, mark: str) -> None:
    switched_off = (False,) * 5  # shapes, memory, stacks, FLOPs, modules
    kind, experimental = torch.autograd.ProfilerState.CPU, torch._C._profiler._ExperimentalConfig()
    torch.autograd._enable_profiler_legacy(
        torch.autograd.ProfilerConfig(kind, *switched_off, experimental)
    )
    torch.autograd._record_function_with_args_exit(
        torch.autograd._record_function_with_args_enter(mark)
    )


def _names(torch: Any) -> set[str]:
    """Stop, and give the names on the record; none of ours when it is not the record that was
    begun.
    """
    stop = torch.autograd._disable_profiler_legacy
    if type(stop) is not BuiltinFunctionType or stop.__name__ != "_disable_profiler_legacy":
        return set()
    try:
        return {event.name() for thread in stop() for event in thread}
    except Exception:
        return set()
