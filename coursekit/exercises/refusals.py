"""Calls that an answer must refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

OTHER_KINDS = "Other kinds are refused"


def refuses(
    call: Callable[..., Any], *arguments: Any, error: type[Exception] = ValueError, **named: Any
) -> bool:
    """Whether a call raises ValueError, or another error."""
    try:
        call(*arguments, **named)
    except error:
        return True
    return False


def only_kinds(one: str, other: str) -> Callable[[Any], str | None]:
    """The fact that a third kind is refused: a silent answer to a question not understood is worse
    than none. The output ``refuses_other_kinds`` says so.
    """

    def fact(ask: Any) -> str | None:
        if not ask()[1]["refuses_other_kinds"]:
            return f"a kind other than {one!r} and {other!r} must raise ValueError."

    return fact
