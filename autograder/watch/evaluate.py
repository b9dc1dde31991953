"""Calling a probe: inputs in, an Evaluation out. The same code runs in a notebook, behind the wall, on the reference."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any, Protocol

import numpy as np

from ..language.probe import Absent, Answers, Inputs, Misreturned, MissingAnswer, Probe
from ..language.verdict import ABSENT, Evaluation, Failure, Value
from .devices import DeviceUnavailable
from .returned import what_returned
from .work import Work, count

COUNTABLE = "biufc"
INSTRUCTORS = "_chainrule_exercises"
"""How the names of the modules begin that exercises are loaded as: their frames are not the student's."""


class Evaluate(Protocol):
    """How a check reaches an answer: a batch of inputs in, one Evaluation each out, in order. Never raises for what the
    answer does; ``count_work`` also counts the executed instructions and calls."""

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch."""
        ...


def local(probe: Probe, namespace: Mapping[str, Any]) -> Evaluate:
    """Evaluate in this very process, on the names of ``namespace``."""

    def evaluate(batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        return [call(probe, namespace, inputs, count_work=count_work) for inputs in batch]

    return evaluate


def call(
    probe: Probe, namespace: Mapping[str, Any], inputs: Inputs, *, count_work: bool = False
) -> Evaluation:
    """One call of the probe on copies of ``inputs``, with warnings silenced and the failure, if any, in words."""
    handed = _copied(inputs)
    work: Work | None = None
    try:
        with np.errstate(all="ignore"):
            if count_work:
                returned, work = count(lambda: probe.call(Answers(namespace), handed))
            else:
                returned = probe.call(Answers(namespace), handed)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as exception:  # SystemExit and the student's own exceptions included
        failure = describe(exception)
        if failure.kind == "error" and not isinstance(exception, Misreturned):
            failure = _in_words(probe, namespace, inputs, failure)
        return Evaluation(failure=failure)
    if not isinstance(returned, dict):
        return Evaluation(failure=Failure("fault", f"the probe of {probe.name} returned no dict"))
    arrays = {name: value for name, value in handed.items() if isinstance(value, np.ndarray)}
    return Evaluation(
        outputs={str(name): value_of(value) for name, value in returned.items()},
        mutated=tuple(name for name, value in arrays.items() if not _same(value, inputs[name])),
        aliased=tuple(
            str(name)
            for name, value in returned.items()
            if isinstance(value, np.ndarray)
            and any(np.may_share_memory(value, array) for array in arrays.values())
        ),
        work=work.steps if work else None,
        libraries=tuple(sorted(filter(None, work.libraries))) if work else (),
    )


def _copied(inputs: Inputs) -> Inputs:
    return {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in inputs.items()
    }


def _in_words(
    probe: Probe, namespace: Mapping[str, Any], inputs: Inputs, failure: Failure
) -> Failure:
    """An error raised in the probe's own lines, which no student has seen, told by what it was handed."""
    if failure.traceback:
        return failure
    with np.errstate(all="ignore"):
        said = what_returned(probe, namespace, _copied(inputs))
    return Failure("error", said[:2000]) if said else failure


def value_of(returned: Any) -> Value:
    """Turn what an answer returned into data: numbers and exact ndarrays become arrays, all else is named by its type."""
    kind = type(returned)
    if kind is Absent:
        return Value(None, f"{ABSENT}{returned.why}"[:500])
    if kind is np.ndarray:
        return Value(
            returned.copy() if returned.dtype.kind in COUNTABLE else None, _dtype_name(returned)
        )
    if kind in (bool, int, float, complex) or isinstance(returned, np.generic):
        array = np.asarray(returned)
        return Value(array if array.dtype.kind in COUNTABLE else None, kind.__name__)
    if kind.__module__.partition(".")[0] == "torch" and hasattr(returned, "detach"):
        return Value(
            np.array(returned.detach().cpu().resolve_conj().resolve_neg().numpy()),
            f"torch.{kind.__name__}",
        )
    return Value(None, kind.__name__)


def _dtype_name(array: np.ndarray) -> str:
    return "ndarray" if array.dtype.kind in COUNTABLE else f"ndarray of dtype {array.dtype}"


def _same(left: np.ndarray, right: np.ndarray) -> bool:
    if left.shape != right.shape or left.dtype != right.dtype:
        return False
    return bool(np.array_equal(left, right, equal_nan=left.dtype.kind in "fc"))


def describe(exception: BaseException) -> Failure:
    """One sentence for a student about their exception, with their own frames only."""
    if isinstance(exception, MissingAnswer):
        return Failure("not_attempted", str(exception))
    if isinstance(exception, NotImplementedError):
        return Failure("not_attempted", "not written yet: it still raises NotImplementedError")
    if isinstance(exception, Misreturned):
        return Failure("error", str(exception))
    if isinstance(exception, DeviceUnavailable):
        return Failure("device", str(exception))
    kind = type(exception).__name__
    try:
        words = str(exception)
    except Exception:
        words = ""
    frames = _own_frames(exception)
    where = f" in {frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line}" if frames else ""
    return Failure(
        "error", f"{kind}: {words}{where}"[:2000], "".join(traceback.format_list(frames))[-8000:]
    )


def _own_frames(exception: BaseException) -> list[traceback.FrameSummary]:
    """The frames that belong to the student's notebook: neither ours nor a library's."""
    try:
        frames = [frame for frame, _ in traceback.walk_tb(exception.__traceback__)]
        summaries = traceback.extract_tb(exception.__traceback__)
    except Exception:
        return []
    return [summary for frame, summary in zip(frames, summaries, strict=False) if _is_own(frame)]


def _is_own(frame: FrameType) -> bool:
    filename, here = frame.f_code.co_filename, __file__.rpartition("autograder")[0]
    return (
        # <frozen: importlib's own, when a module is missing
        not filename.startswith((here + "autograder", sys.base_prefix, "<frozen"))
        and "site-packages" not in filename
        and not str(frame.f_globals.get("__name__")).startswith(INSTRUCTORS)
    )
