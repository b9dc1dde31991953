"""Counting what an answer executes: lines or bytecode instructions of its own code, and calls of
Python functions below it.

A vectorised answer executes the same number at every size of the batch, whatever its speed: a count
decides, no clock. Code counts as the answer's own unless it is installed (site-packages, the
standard library) or ours; library functions count one for each call, builtins that loop in C one
for each item: a loop hidden in ``map`` or ``np.vectorize`` is seen. What NumPy does for itself
below one call counts nothing, unless that call is one of its loops for Python functions.
"""

from __future__ import annotations

import builtins
import dis
import functools
import gc
import inspect
import itertools
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from types import CodeType, FrameType
from typing import Any

import numpy as np

from .genuine import is_from
from .in_hand import InHand
from .libraries import is_answers, is_brought, is_ours, is_own, of_code
from .operators import is_beginning, is_recorded_beginning, operators_recorded
from .trusted import NOBODY, Trusted

_NUMPY = os.path.join(os.path.dirname(np.__file__), "")
_LOOPS = frozenset(
    {
        *("apply_along_axis", "apply_over_axes", "piecewise"),
        *("_vectorize_call", "_vectorize_call_with_signature"),
    }
)
"""NumPy's functions whose documentation says that they call a Python function again and again."""
_CLOCK = os.path.join(os.path.dirname(__file__), "limit.py")
"""A tick of the clock is no work of anybody's."""


@dataclass
class Work:
    """What a run executed: ``steps`` (lines or instructions, and calls), and the installed ``libraries`` it
    entered or had in hand.

    ``taken``: how many items each builtin that loops in C took, which are among the steps.
    ``varied``: the parameters that it varied entry by entry.
    """

    steps: int = 0
    libraries: set[str] = field(default_factory=set)
    taken: Counter[str] = field(default_factory=Counter)
    varied: tuple[str, ...] = ()


def counts_a_step(frame: FrameType) -> bool:
    """Whether code is what Python calls for each step that is counted: where it stops, the answer
    stops.
    """
    return frame.f_code.co_filename == __file__ and frame.f_code.co_name in _COUNTING


_COUNTING = ("inside", "unseen", "entered", "instruction", "line", "returned", "each", "consume")


def count(
    run: Callable[[], Any],
    parameters: Mapping[str, np.ndarray] | None = None,
    trusted: Trusted = NOBODY,
) -> tuple[Any, Work | None]:
    """Run and count. parameters: the arrays that the answer is given. trusted: what is not the
    answer's: its work counts, what it enters and has in hand is no means of the answer's.

    The work is None when the answer switched the counting off, or worked where nobody counts.
    """
    here = replace(trusted, top=id(sys._getframe()))
    watch, hand = _watch(), InHand(parameters or {}, here)
    taken: dict[str, int] = {}  # no Counter, which sorts itself when it is shown, and so counts

    def each(name: str, iterable: Iterable[Any]) -> Iterator[Any]:
        for item in iterable:
            taken[name] = taken.get(name, 0) + 1
            yield item

    def watched() -> Any:
        watch.evaded, watch.on = False, True
        try:
            return run()
        finally:
            watch.on = False

    by = _count_by_monitoring if hasattr(sys, "monitoring") else _count_by_tracing
    collecting = gc.isenabled()
    threads = _threads_at_work()
    gc.disable()  # a collection runs finalisers and callbacks whenever it likes, and they are no work of the answer's
    try:
        with operators_recorded() as operators, _consumers_counting(each) as hand.replaced:
            result, work = by(watched, hand)
    finally:
        hand.let_go()
        if collecting:
            gc.enable()
    if work is not None:
        work.steps += sum(taken.values())
        work.taken = Counter(taken)
        work.libraries |= hand.libraries
        work.varied = hand.varied
        if operators.ran:
            work.libraries.add("torch")
    return result, None if threads or watch.evaded or operators.broken else work


@contextmanager
def _consumers_counting(
    each: Callable[[str, Iterable[Any]], Iterator[Any]],
) -> Iterator[dict[Any, Any]]:
    """Builtins that run a loop in C say how many items they took: ``sum(map(np.add.reduce, X))``
    enters no code at all.

    Gives what counts for each original, for whoever has saved one under a name of its own.
    """

    def lazily(original: Any) -> Any:
        name = original.__name__
        return lambda function, *iterables: original(
            function, *(each(name, one) for one in iterables)
        )

    def of_one(original: Any) -> Any:
        def consume(*arguments: Any, **keywords: Any) -> Any:
            if len(arguments) == 1 or original.__name__ == "sum":  # min(a, b) takes no iterable
                arguments = (each(original.__name__, arguments[0]), *arguments[1:])
            return original(*arguments, **keywords)

        return consume

    def reducing(function: Any, iterable: Any, *initial: Any) -> Any:
        return reduce(function, each("reduce", iterable), *initial)

    reduce = functools.reduce
    places = [(builtins, name, lazily) for name in ("map", "filter")]
    places += [(itertools, name, lazily) for name in ("starmap", "takewhile", "dropwhile")]
    places += [(builtins, name, of_one) for name in ("sum", "any", "all", "min", "max", "sorted")]
    before = [(module, name, getattr(module, name)) for module, name, _ in places]
    replaced = {reduce: reducing}
    for (module, name, original), (_, _, counting) in zip(before, places, strict=True):
        replaced[original] = counting(original)
        setattr(module, name, replaced[original])
    functools.reduce = reducing
    try:
        yield replaced
    finally:
        functools.reduce = reduce
        for module, name, original in before:
            setattr(module, name, original)


class _Watch:
    """An audit hook, which nothing in Python takes off again: has what runs now changed tracing, or
    begun a process?

    That threading hands our own tracing to a new thread, a progress bar's, say, is neither.
    """

    EVADING = frozenset(
        {
            *("sys.settrace", "sys.setprofile", "sys.monitoring.register_callback"),
            *(
                "subprocess.Popen",
                "os.exec",
                "os.fork",
                "os.forkpty",
                "os.posix_spawn",
                "os.spawn",
                "os.system",
                "cpython.PyInterpreterState_New",
            ),
        }
    )

    def __init__(self) -> None:
        self.on = self.evaded = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.on and event in self.EVADING and not is_recorded_beginning(sys._getframe(1)):
            self.evaded = True


def _threads_at_work() -> bool:
    """Whether other threads run the answer's code, or wait for some: an earlier call may have left
    one there.

    Who waits for work is in the standard library alone; a library's own threads, a progress bar's,
    say, are in it."""
    here = threading.get_ident()
    for thread, top in sys._current_frames().items():
        codes = []
        frame: FrameType | None = top
        while frame is not None:
            if not is_beginning(frame.f_code):
                codes.append(frame.f_code)
            frame = frame.f_back
        if thread != here and (
            any(map(is_own, codes)) or not any(of_code(one) or is_ours(one) for one in codes)
        ):
            return True
    return False


_watches: list[_Watch] = []


def _watch() -> _Watch:
    """The hook of this process, made when something is counted for the first time."""
    if not _watches:
        _watches.append(_Watch())
        sys.addaudithook(_watches[0])
    return _watches[0]


# Reading a frame's code is told to every audit hook: it is read once, and handed on.


def _note(work: Work, frame: FrameType, code: CodeType, trusted: Trusted) -> None:
    """A library that the answer entered; not what another library brings."""
    if code.co_name == "find_spec":
        return  # Python asks whoever is installed, at any import
    library = of_code(code)
    if library and library not in work.libraries and not is_brought(frame, trusted):
        work.libraries.add(library)


class _Whose:
    """Whose code runs, found out once in a run for each, which is kept: no other gets its ``id``."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[CodeType, str]] = {}

    def __call__(self, code: CodeType) -> str:
        """``own`` (the answer's, if it is not a text that a library executed), ``numpy``, ``clock``
        or ``other``.
        """
        if (known := self._known.get(id(code))) is None:
            known = self._known[id(code)] = code, self._found_out(code)
        return known[1]

    @staticmethod
    def _found_out(code: CodeType) -> str:
        if is_from(code, _CLOCK):
            return "clock"
        if is_from(code, _NUMPY):
            return "numpy"
        return "own" if is_own(code) else "other"

    def by_numpy_itself(self, frame: FrameType, code: CodeType) -> bool:
        """Whether NumPy runs this frame, of its code, for itself: below a call that the answer made,
        or to see what it was handed.
        """
        above, nested = frame.f_back, False
        while above is not None and self(caller := above.f_code) == "numpy":
            if caller.co_name in _LOOPS:
                return False
            above, nested = above.f_back, True
        return nested or bool(code.co_flags & inspect.CO_GENERATOR)


_LOOPING = frozenset(number for name, number in dis.opmap.items() if "BACKWARD" in name)
_EXTENDED, _SEND = dis.opmap["EXTENDED_ARG"], dis.opmap["SEND"]


def _is_told_by_lines(code: CodeType) -> bool:
    """Whether no loop of code runs without that Python says so of one of its lines. It does so
    wherever it comes to another line, or jumps back to one, if not to a SEND. Code need not have
    been compiled: any instruction may say that it is of no line.
    """
    operations, arguments, lines = code.co_code[::2], code.co_code[1::2], [*code.co_lines()]
    if _SEND in operations or not lines or lines[-1][1] < len(code.co_code):
        return False
    for start, end, line in lines:
        for at in range(start // 2, end // 2) if line is None else ():
            if operations[at] in _LOOPING:
                back, before = arguments[at], at - 1
                while before >= 0 and operations[before] == _EXTENDED:
                    back += arguments[before] << 8 * (at - before)
                    before -= 1
                to = 2 * (at + 1 - back)
                if not any(first <= to < last and of is not None for first, last, of in lines):
                    return False
    return True


def _count_by_tracing(run: Callable[[], Any], hand: InHand) -> tuple[Any, Work | None]:
    """By lines, which costs a tenth of what each instruction does; by instructions where lines do
    not tell.
    """
    work, whose = Work(), _Whose()
    by_lines: dict[int, bool] = {}

    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        work.steps += 1
        if event == "line" or event == "return":
            hand.look(frame)
        return inside

    def unseen(frame: FrameType, event: str, argument: Any) -> Any:
        work.steps += 1
        return unseen

    def entered(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        owner = whose(code)
        if owner == "clock":
            return None
        if owner != "numpy" or not whose.by_numpy_itself(frame, code):
            work.steps += 1
        if owner != "own" or not is_answers(frame, code, hand.trusted):
            _note(work, frame, code, hand.trusted)
            return None
        if id(code) not in by_lines:
            by_lines[id(code)] = _is_told_by_lines(code)
        frame.f_trace_opcodes = not by_lines[id(code)]
        return inside if hand.enter(frame, code) else unseen

    before, before_in_threads = sys.gettrace(), threading.gettrace()
    threading.settrace(entered)  # type: ignore[arg-type]
    sys.settrace(entered)
    try:
        result = run()
        kept = sys.gettrace() is entered
    finally:
        sys.settrace(before)
        threading.settrace(before_in_threads)  # type: ignore[arg-type]
    return result, work if kept else None


_TOOL = "chainrule-work"


def _count_by_monitoring(run: Callable[[], Any], hand: InHand) -> tuple[Any, Work | None]:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    events = monitoring.events
    tool = next((free for free in (3, 4, 1, 0, 2, 5) if monitoring.get_tool(free) is None), None)
    if tool is None:
        return run(), None
    work, whose = Work(), _Whose()
    watched: set[CodeType] = set()

    def instruction(code: CodeType, offset: int) -> None:
        work.steps += 1

    def line(code: CodeType, number: int) -> None:
        hand.look_again(sys._getframe(1), code)

    def returned(code: CodeType, offset: int, value: Any) -> None:
        hand.look_again(sys._getframe(1), code)

    def entered(code: CodeType, offset: int) -> None:
        owner = whose(code)
        if owner == "clock":
            return
        frame = sys._getframe(1)
        if owner != "numpy" or not whose.by_numpy_itself(frame, code):
            work.steps += 1
        if owner != "own" or not is_answers(frame, code, hand.trusted):
            _note(work, frame, code, hand.trusted)
            return
        hand.enter(frame, code)
        if code not in watched:
            watched.add(code)
            with suppress(ValueError):  # the answer gave our tool back: that is told below
                monitoring.set_local_events(tool, code, in_own)

    calls = events.PY_START | events.PY_RESUME
    in_own = events.INSTRUCTION | events.LINE | events.PY_RETURN
    callbacks = {
        events.PY_START: entered,
        events.PY_RESUME: entered,
        events.INSTRUCTION: instruction,
        events.LINE: line,
        events.PY_RETURN: returned,
    }
    monitoring.use_tool_id(tool, _TOOL)
    for event, callback in callbacks.items():
        monitoring.register_callback(tool, event, callback)
    monitoring.set_events(tool, calls)
    before_in_threads = threading.gettrace()
    threading.settrace(
        lambda frame, event, argument: None
    )  # so that a new thread is told to the audit hook
    try:
        result = run()
        kept = monitoring.get_tool(tool) == _TOOL and monitoring.get_events(tool) == calls
    finally:
        threading.settrace(before_in_threads)  # type: ignore[arg-type]
        if (
            monitoring.get_tool(tool) != _TOOL
        ):  # whoever has it now, the events are still ours to end
            monitoring.free_tool_id(tool)
            monitoring.use_tool_id(tool, _TOOL)
        for event in callbacks:
            monitoring.register_callback(tool, event, None)
        monitoring.set_events(tool, 0)
        for code in watched:
            monitoring.set_local_events(tool, code, 0)
        monitoring.free_tool_id(tool)
    return result, work if kept else None
