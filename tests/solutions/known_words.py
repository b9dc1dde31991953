"""What a student can know: the names in what they are given to read and to fill in."""

from __future__ import annotations

import inspect
import re
from contextlib import suppress
from functools import cache
from typing import Any

from .audited import audited

IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
CODE_NAME = re.compile(r"(?<![\w.])[A-Za-z]\w*_\w*")
"""A name with an underscore, which no plain word has; those of a module are NumPy's and torch's."""
FILLED_IN = re.compile(r"\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
IN_FORMULAS = {"x_i"}
"""What the mathematics around an exercise is written with."""


def code_names(text: str) -> set[str]:
    """The names with underscores in a sentence, but for what is filled in when it is said."""
    return {one for one in CODE_NAME.findall(FILLED_IN.sub("", text)) if one[-1] != "_"}


@cache
def known_in(assignment: str) -> set[str]:
    """All names in an assignment's signatures and docstrings, and in its mathematics."""
    audit = audited(assignment)
    return words_of(*(audit.right[answer] for answer in audit.answers)) | IN_FORMULAS


def words_of(*answers: Any) -> set[str]:
    """Every identifier and word in the signatures and docstrings of functions and classes, and
    their own names.
    """
    return {
        one for answer in answers for text in _texts(answer) for one in IDENTIFIER.findall(text)
    }


def _texts(answer: Any) -> list[str]:
    parts, texts = [answer], []
    if inspect.isclass(answer):
        parts += [getattr(one, "__func__", one) for one in vars(answer).values()]
    for one in parts:
        if inspect.isroutine(one) or inspect.isclass(one):
            texts += [one.__name__, inspect.getdoc(one) or ""]
            with suppress(TypeError, ValueError):
                texts.append(str(inspect.signature(one)))
    return texts
