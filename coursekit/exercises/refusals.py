"""Calls that an answer must refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def refuses(
    call: Callable[..., Any], *arguments: Any, error: type[Exception] = ValueError, **named: Any
) -> bool:
    """Whether a call raises ValueError, or another error."""
    try:
        call(*arguments, **named)
    except error:
        return True
    return False
