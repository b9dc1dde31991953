"""Of many cases that are alike `make test` asks a part, and a target of its own the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def one_in(n: int, cases: Iterable[Any], mark: pytest.MarkDecorator, first: int = 0) -> list[Any]:
    """Cases (``pytest.param``), of which every n-th from ``first`` on is asked by `make test`, and
    the others are marked for the target that asks them.
    """
    return [
        one if at % n == first else pytest.param(*one.values, id=one.id, marks=mark)
        for at, one in enumerate(cases)
    ]
