"""Calling a probe: inputs in, an Evaluation out. The same code runs in a notebook, behind the wall,
on the reference.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from ..language.probe import (
    Answers,
    Caller,
    Inputs,
    Misreturned,
    MissingAnswer,
    Probe,
    changed_and_shared,
    same_entries,
)
from ..language.verdict import Evaluation, Failure
from .as_data import value_of
from .devices import DeviceUnavailable, device_trouble, memory_watched
from .libraries import is_student_frame, of_answer
from .returned import what_returned
from .transcribe import Misplayed, Played, Player, Transcriber
from .trusted import Trusted, trusted_beside
from .work import Work, count

UNUSABLE = (
    "what it returns cannot be checked: it must be made of arrays, numbers, strings, tuples, lists "
    "and dicts."
)


class Evaluate(Protocol):
    """How a check reaches an answer: a batch of inputs in, one Evaluation each out, in order. Never
    raises for what the answer does; ``count_work`` also counts the executed lines and calls.
    """

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch."""
        ...


def local(probe: Probe, namespace: Mapping[str, Any]) -> Evaluate:
    """Evaluate in this very process, on the names of ``namespace``."""

    def evaluate(batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        return [call(probe, namespace, inputs, count_work=count_work) for inputs in batch]

    return evaluate


def as_graded(probe: Probe, namespace: Mapping[str, Any], *, inside: bool) -> Evaluate:
    """Evaluate in this very process as it is done in grading: what the answer returned is written
    down, and the probe run on that, unless it runs ``inside`` alone.
    """

    def evaluate(batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        if count_work or inside:
            return local(probe, namespace)(batch, count_work=count_work)
        return [_in_two(probe, namespace, inputs) for inputs in batch]

    return evaluate


def _in_two(probe: Probe, namespace: Mapping[str, Any], inputs: Inputs) -> Evaluation:
    given = transcribed(probe, namespace, inputs)
    return given if given.transcript is None else played(probe, inputs, given)


class CountedCalls:
    """A way to evaluate that counts the calls of the answer."""

    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate
        self.calls = 0

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch."""
        self.calls += len(batch)
        return self._evaluate(batch, count_work=count_work)


def call(
    probe: Probe,
    namespace: Mapping[str, Any],
    inputs: Inputs,
    *,
    count_work: bool = False,
    caller: Caller | None = None,
    trusted: Trusted | None = None,
) -> Evaluation:
    """One call of the probe on copies of ``inputs``, with warnings silenced and the failure, if
    any, in words. ``caller`` calls the answer's functions in the probe's place; ``trusted`` is for
    ``trusted_beside``.
    """
    handed = _copied(inputs)
    work: Work | None = None
    arrays = _arrays(handed)
    answers = Answers(namespace, arrays, caller)
    try:
        with np.errstate(all="ignore"), memory_watched(inputs.get("device")) as run:
            if count_work:
                returned, work = count(
                    lambda: probe.call(answers, handed),
                    _arrays({name: inputs[name] for name in probe.differentiated}),
                    trusted_beside(probe.function, trusted),
                )
            else:
                returned = probe.call(answers, handed)
    except (KeyboardInterrupt, GeneratorExit):
        raise
    except BaseException as exception:  # SystemExit and the student's own exceptions included
        failure = describe(exception)
        told = isinstance(exception, Misreturned | Misplayed)
        if failure.kind == "error" and not told and not isinstance(caller, Player):
            failure = _in_words(probe, namespace, inputs, failure)
        return Evaluation(failure=failure)
    if not isinstance(returned, dict):
        return Evaluation(failure=Failure("fault", f"the probe of {probe.name} returned no dict"))
    changed, shared = changed_and_shared(answers, returned)
    return Evaluation(
        outputs={str(name): value_of(value) for name, value in returned.items()},
        mutated=tuple(
            name
            for name, value in arrays.items()
            if name in changed or not same_entries(value, inputs[name])
        ),
        aliased=tuple(
            str(name)
            for name, value in returned.items()
            if name in shared
            or (
                isinstance(value, np.ndarray)
                and any(np.may_share_memory(value, array) for array in arrays.values())
            )
        ),
        work=work.steps if work else None,
        libraries=_libraries(work, probe, namespace) if work else (),
        taken=dict(work.taken) if work else {},
        varied=work.varied if work else (),
        peak_bytes=run.peak_bytes,
    )


def transcribed(
    probe: Probe,
    namespace: Mapping[str, Any],
    inputs: Inputs,
    restore: Callable[[], object] = lambda: None,
) -> Evaluation:
    """One call of the probe, with a transcript in place of outputs. ``restore`` puts back what
    writes it, after each call of the answer's.
    """
    transcriber = Transcriber(restore)
    evaluation = call(probe, namespace, inputs, caller=transcriber)
    if evaluation.failure is not None:
        return evaluation
    return replace(evaluation, outputs={}, transcript=transcriber.calls)


def played(probe: Probe, inputs: Inputs, given: Evaluation) -> Evaluation:
    """One call of the probe on what was written down of another one, ``given``. What was seen there
    to be changed in place or shared counts as well.
    """
    found = call(probe, Played(), inputs, caller=Player(given.transcript or []))
    if found.failure is not None:
        return replace(found, failure=Failure("error", UNUSABLE))
    mutated, aliased = {*given.mutated, *found.mutated}, {*given.aliased, *found.aliased}
    return replace(
        found,
        mutated=tuple(name for name in inputs if name in mutated),
        aliased=tuple(name for name in found.outputs if name in aliased),
    )


def _libraries(work: Work, probe: Probe, namespace: Mapping[str, Any]) -> tuple[str, ...]:
    whole = {of_answer(namespace.get(name)) for name in probe.answers}
    return tuple(sorted(filter(None, work.libraries | whole)))


def _arrays(inputs: Inputs) -> dict[str, np.ndarray]:
    return {name: value for name, value in inputs.items() if isinstance(value, np.ndarray)}


def _copied(inputs: Inputs) -> Inputs:
    return {
        name: value.copy() if isinstance(value, np.ndarray) else value
        for name, value in inputs.items()
    }


def _in_words(
    probe: Probe, namespace: Mapping[str, Any], inputs: Inputs, failure: Failure
) -> Failure:
    """An error raised in the probe's own lines, which no student has seen, told by what it was
    handed.
    """
    if failure.traceback:
        return failure
    with np.errstate(all="ignore"):
        said = what_returned(probe, namespace, _copied(inputs))
    return Failure("error", said[:2000]) if said else failure


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
    words = device_trouble(words) or words
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
    return [
        summary
        for frame, summary in zip(frames, summaries, strict=False)
        if is_student_frame(frame)
    ]
