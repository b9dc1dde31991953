"""Evaluations as frames: the submission writes, the grader reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from ...language.verdict import Evaluation, Failure, Value
from .frames import MAX_PAYLOAD, Header, Malformed
from .transcripts import pack_transcript, unpack_transcript
from .values import MAX_ARRAY, array_from, plain, text_from

MAX_OUTPUTS = 256
MAX_NAME = 200


def pack_evaluation(evaluation: Evaluation) -> tuple[Header, bytes]:
    """An evaluation as a header and the bytes of its arrays, too large ones named instead of
    sent.
    """
    outputs: list[dict[str, Any]] = []
    parts: list[bytes] = []
    for name, value in list(evaluation.outputs.items())[:MAX_OUTPUTS]:
        shape: list[Any] | None = None
        kind = value.type_name
        if value.array is not None:
            array = plain(value.array)
            if array.nbytes > MAX_ARRAY or array.nbytes + sum(map(len, parts)) > MAX_PAYLOAD:
                kind = (
                    f"ndarray of {array.nbytes >> 20} MB, more than the {MAX_ARRAY >> 20} MB that "
                    "are read"
                )
            else:
                shape = [array.dtype.str, list(array.shape)]
                parts.append(array.tobytes())
        outputs.append({"name": name, "type": kind, "array": shape})
    calls = None
    if evaluation.transcript is not None:
        calls, raw = pack_transcript(evaluation.transcript)
        parts.append(raw)
    failure = evaluation.failure
    header = {
        "outputs": outputs,
        "failure": [failure.kind, failure.message, failure.traceback] if failure else None,
        "mutated": list(evaluation.mutated),
        "aliased": list(evaluation.aliased),
        "work": evaluation.work,
        "libraries": list(evaluation.libraries)[:MAX_OUTPUTS],
        "taken": [[name, items] for name, items in evaluation.taken.items()],
        "varied": list(evaluation.varied),
        "calls": calls,
        "peak": evaluation.peak_bytes,
    }
    return header, b"".join(parts)


def unpack_evaluations(
    header: Header, payload: bytes, inputs: Sequence[str], most: int
) -> list[Evaluation]:
    """Read one to ``most`` evaluations that an enemy may have written. Raises Malformed."""
    stated = _list(header.get("of"), most)
    if not stated:
        raise Malformed("no evaluation")
    evaluations: list[Evaluation] = []
    offset = 0
    for one in stated:
        if not isinstance(one, dict):
            raise Malformed("an evaluation is no object")
        evaluation, offset = _evaluation(one, payload, offset, inputs)
        evaluations.append(evaluation)
    if offset != len(payload):
        raise Malformed("bytes that belong to no array")
    return evaluations


def _evaluation(
    header: Header, payload: bytes, offset: int, inputs: Sequence[str]
) -> tuple[Evaluation, int]:
    outputs: dict[str, Value] = {}
    for one in _list(header.get("outputs"), MAX_OUTPUTS):
        if not isinstance(one, dict):
            raise Malformed("an output is no object")
        name, kind = text_from(one.get("name"), MAX_NAME), text_from(one.get("type"), MAX_NAME)
        array: np.ndarray | None = None
        if one.get("array") is not None:
            array, offset = array_from(one["array"], payload, offset)
        outputs[name] = Value(array, kind)
    transcript = None
    if header.get("calls") is not None:
        transcript, offset = unpack_transcript(header["calls"], payload, offset)
    work = header.get("work")
    if work is not None and not _count(work):
        raise Malformed("work is no count")
    peak = header.get("peak", 0)
    if not _count(peak):
        raise Malformed("memory is no count")
    evaluation = Evaluation(
        outputs=outputs,
        failure=_failure(header.get("failure")),
        mutated=tuple(name for name in _names(header.get("mutated")) if name in inputs),
        aliased=tuple(name for name in _names(header.get("aliased"))),
        work=work,
        libraries=tuple(_names(header.get("libraries", []))),
        taken=_taken(header.get("taken", [])),
        varied=tuple(name for name in _names(header.get("varied", [])) if name in inputs),
        transcript=transcript,
        peak_bytes=peak,
    )
    return evaluation, offset


def _taken(stated: Any) -> dict[str, int]:
    taken: dict[str, int] = {}
    for one in _list(stated, MAX_OUTPUTS):
        if not (isinstance(one, list) and len(one) == 2 and _count(one[1])):
            raise Malformed("what was taken is no count")
        taken[text_from(one[0], MAX_NAME)] = one[1]
    return taken


def _count(stated: Any) -> bool:
    return type(stated) is int and 0 <= stated < 1 << 62


def _failure(stated: Any) -> Failure | None:
    if stated is None:
        return None
    kind, message, traceback = ([*_list(stated, 3), "", "", ""])[:3]
    known = {
        "not_attempted": "not_attempted",
        "timeout": "timeout",
        "killed": "killed",
        "device": "device",
    }
    # "fault" says that we are to blame; only this side may say that
    return Failure(
        cast(Any, known.get(str(kind), "error")),
        text_from(message, 2000),
        text_from(traceback, 8000),
    )


def _list(value: Any, longest: int) -> list[Any]:
    if not isinstance(value, list) or len(value) > longest:
        raise Malformed("no list, or too long a one")
    return value


def _names(value: Any) -> list[str]:
    return [text_from(name, MAX_NAME) for name in _list(value, MAX_OUTPUTS)]
