"""A verdict as JSON and back: the one form in which it is kept, in graded notebooks and beside
them.

Evidence is not in it: it is numbers and pictures for the page, which is written before a verdict is
put away. What students see of a verdict is another form, ``Verdict.public``; a public finding that
comes back over the network is read here too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from types import NoneType
from typing import Any, get_args

from ..errors import MarksError
from .verdict import Finding, Performance, Status, Verdict, replace

VERSION = 3
"""Written with every verdict. Version 1, of the first edition, stated none: it held the names of
the checks, not the words of their findings. Version 2 did not know what a training reached.
"""
LONGEST_SENTENCE = 2000


def to_json(verdict: Verdict) -> dict[str, Any]:
    """A verdict as a JSON object, without evidence; ``seconds`` to the millisecond."""
    return {
        "version": VERSION,
        "name": verdict.name,
        "points": verdict.points,
        "score": verdict.score,
        "status": verdict.status,
        "findings": [_finding_to_json(finding) for finding in verdict.findings],
        "seed": verdict.seed,
        "note": verdict.note,
        "failure": verdict.failure,
        "seconds": round(verdict.seconds, 3),
    }


def from_json(stated: Mapping[str, Any]) -> Verdict:
    """A verdict of this version or an older one. Raises MarksError for a newer one, and KeyError,
    TypeError or ValueError for what is no verdict.
    """
    refuse_newer(stated.get("version", 1), VERSION, "a verdict")
    first_edition = "version" not in stated
    findings = (
        _of_the_first_edition(stated)
        if first_edition
        else map(_finding_from_json, stated["findings"])
    )
    return Verdict(
        name=_typed(stated["name"], str),
        points=_typed(stated["points"], int, float),
        score=_typed(stated["score"], int, float),
        status=_status(stated["status"]),
        findings=tuple(findings),
        seed=_typed(stated["seed"], int, NoneType),
        note=_typed(stated["sentence" if first_edition else "note"], str),
        failure=_typed(stated["failure"], str),
        seconds=_typed(stated["seconds"], int, float),
    )


def refuse_newer(version: object, known: int, what: str) -> None:
    """Raises MarksError unless ``version`` is one of 1 to ``known``."""
    if version not in range(1, known + 1) or isinstance(version, bool):
        raise MarksError(
            f"{what} of version {version!r} was found, and this chainrule reads versions 1 to "
            f"{known}: install the chainrule that wrote it, or grade again with this one"
        )


def finding_from_public(stated: Mapping[str, Any]) -> Finding:
    """A finding from ``Finding.public``, whoever says that it is one: its words are cut at
    ``LONGEST_SENTENCE`` characters. Raises KeyError or TypeError for what is none.
    """
    check, message, hint = (
        _typed(stated[key], str)[:LONGEST_SENTENCE] for key in ("check", "message", "hint")
    )
    passed = _typed(stated["passed"], bool, NoneType)
    return Finding(check, passed, message, hint, part=_part(stated))


def _finding_to_json(finding: Finding) -> dict[str, Any]:
    return {
        **finding.public(),
        "share": finding.share,
        "decisive": finding.decisive,
        "mistakes": [[*one] for one in finding.mistakes],
        "performance": finding.performance and asdict(finding.performance),
    }


def _finding_from_json(stated: Mapping[str, Any]) -> Finding:
    return Finding(
        check=_typed(stated["check"], str),
        passed=_typed(stated["passed"], bool, NoneType),
        message=_typed(stated["message"], str),
        hint=_typed(stated["hint"], str),
        share=_typed(stated["share"], int, float),
        decisive=_typed(stated["decisive"], bool),
        mistakes=_mistakes(stated["mistakes"]),
        part=_part(stated),
        performance=_performance(stated.get("performance")),
    )


def _of_the_first_edition(stated: Mapping[str, Any]) -> list[Finding]:
    """Its findings have no words: those are in its one sentence. The mistakes are said to be the
    first failed check's, since nobody wrote down whose they are.
    """
    found = [
        Finding(_typed(check, str), _typed(passed, bool, NoneType), "")
        for check, passed in stated["checks"]
    ]
    recognised = _mistakes(stated["mistakes"])
    failed = [place for place, finding in enumerate(found) if finding.passed is False]
    if recognised and not failed:
        raise ValueError("mistakes were recognised, and no check failed")
    for place in failed[:1]:
        found[place] = replace(found[place], mistakes=recognised)
    return found


def _mistakes(stated: Any) -> tuple[tuple[str, str], ...]:
    return tuple((_typed(answer, str), _typed(name, str)) for answer, name in stated)


def _performance(stated: Any) -> Performance | None:
    """What a training reached; None in findings of anything else, and of before it was noted."""
    if stated is None:
        return None
    numbers = {name: float(_typed(stated[name], int, float)) for name in ("reached", "reference")}
    if not all(map(math.isfinite, numbers.values())):
        raise ValueError("what a training reached is no number")
    counts = ("steps", "most_steps", "parameters", "most_parameters")
    return Performance(
        measured=_typed(stated["measured"], str),
        device=_typed(stated["device"], str),
        genuine=_typed(stated["genuine"], bool),
        **numbers,
        **{name: _typed(stated[name], int, NoneType) for name in counts},
    )


def _part(stated: Mapping[str, Any]) -> float:
    """What a failed check earns all the same; nothing in findings of before there were parts."""
    part = _typed(stated.get("part", 0.0), int, float)
    if not 0 <= part < 1:
        raise ValueError(f"no part of a check: {part!r}")
    return float(part)


def _status(stated: Any) -> Status:
    if stated not in get_args(Status):
        raise ValueError(f"no status of a verdict: {stated!r}")
    return stated


def _typed(value: Any, *kinds: type) -> Any:
    """The value itself. Raises TypeError when it is of another kind; true and false are no
    numbers.
    """
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        raise TypeError(f"{value!r} is no {kinds[0].__name__}")
    return value
