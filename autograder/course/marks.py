"""The verdicts in a graded notebook: for machines, in the metadata of the check cells.

The grader alone writes them: the notebook is the release's, and of a submission no metadata gets into it. Students see the
page that is made of the cells' outputs, never these; and there is nothing here that the page does not say, but for how long
judging took and what the catalogue calls a mistake whose hint is on the page. No value, neither theirs nor the reference's,
that is not in the sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..language.verdict import Verdict
from .assignment import check_of

KEY = "verdict"


def put_on_record(cell: dict[str, Any], verdict: Verdict, *, ours: bool) -> None:
    """Write a verdict into its check cell. ``ours``: judging failed, not the answer."""
    cell["metadata"]["chainrule"] = {
        **cell["metadata"]["chainrule"],
        KEY: {
            "name": verdict.name,
            "score": verdict.score,
            "points": verdict.points,
            "status": verdict.status,
            "failure": verdict.failure,
            "checks": [[finding.check, finding.passed] for finding in verdict.findings],
            "mistakes": [
                [*one] for one in dict.fromkeys(one for finding in verdict.findings for one in finding.mistakes)
            ],
            "seed": verdict.seed,
            "seconds": round(verdict.seconds, 3),
            "sentence": verdict.sentence(),
            "ours": ours,
        },
    }


def on_record(cells: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The verdicts of a graded notebook, in its order. Raises KeyError where a check has none: nobody has graded it."""
    return [cell["metadata"]["chainrule"][KEY] for cell in cells if check_of(cell)]
