"""Evaluations worked out once for all who ask the same, in bounded memory."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from typing import Any

from ..language.verdict import Evaluation

OVERHEAD = 1024
"""Bytes that an evaluation takes besides its outputs, about."""


def digest(asked: Any) -> bytes:
    """A short key for inputs: the same for equal ones."""
    return blake2b(pickle.dumps(asked, protocol=5), digest_size=16).digest()


class Remembered:
    """Evaluations by what was asked, up to ``most_bytes``; the longest unused goes first.

    Their arrays are everybody's, and so cannot be written to.
    """

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._kept: OrderedDict[Hashable, Evaluation] = OrderedDict()

    def get(self, key: Hashable, work_out: Callable[[], Evaluation]) -> Evaluation:
        """What is kept under ``key``, or else what ``work_out`` gives, from now on kept."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        evaluation = work_out()
        for array in evaluation.arrays().values():
            array.setflags(write=False)
        self._kept[key] = evaluation
        self.bytes += _size(evaluation)
        while self.bytes > self.most_bytes:
            _, dropped = self._kept.popitem(last=False)
            self.bytes -= _size(dropped)
        return evaluation


def _size(evaluation: Evaluation) -> int:
    told = len(evaluation.failure.traceback) if evaluation.failure else 0
    return OVERHEAD + told + sum(array.nbytes for array in evaluation.arrays().values())
