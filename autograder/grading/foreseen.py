"""Asking at once what will be asked: each question asked alone wakes a process that has slept, which
costs more than most answers do.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from ..language.probe import Inputs
from ..language.verdict import Evaluation
from ..watch.evaluate import Evaluate
from ..watch.remembered import digest

AS_ASKED = ("", "error", "not_attempted")
"""How an answer may end that would end no other way if it were asked when its turn comes."""


class Foreseen:
    """An answer that is asked ``questions`` ahead, each of which serves once; what was not foreseen
    it is asked when it comes to it. Where anything but an answer or its exception came of asking
    ahead (it took too long, it ended its process) nothing of that counts.
    """

    def __init__(self, evaluate: Evaluate, ahead: Evaluate, questions: Sequence[Inputs]) -> None:
        self._evaluate = evaluate
        self._kept: dict[bytes, deque[Evaluation]] = defaultdict(deque)
        answered = ahead(questions)
        kinds = {one.failure.kind if one.failure else "" for one in answered}
        if kinds <= {*AS_ASKED}:
            for inputs, evaluation in zip(questions, answered, strict=True):
                self._kept[digest(dict(inputs))].append(evaluation)

    def __call__(self, batch: Sequence[Inputs], /, *, count_work: bool = False) -> list[Evaluation]:
        """Evaluate a batch."""
        if count_work:
            return self._evaluate(batch, count_work=True)
        keys = [digest(dict(inputs)) for inputs in batch]
        known = [self._kept[key].popleft() if self._kept[key] else None for key in keys]
        left = [inputs for inputs, one in zip(batch, known, strict=True) if one is None]
        new = iter(self._evaluate(left) if left else [])
        return [next(new) if one is None else one for one in known]
