"""Names of outputs in plain words: what a student reads in place of ``path_by_default``."""

from __future__ import annotations

import re
from collections.abc import Sequence

PLACES = (
    (r"(.+)_by_default", r"\1 with the default settings"),
    (r"(.+)_at_start", r"\1 at the start"),
    (r"(.+)_in_test", r'\1 in mode "test"'),
    (r"(.+)_after(?:_it|_test)?", r"\1 afterwards"),
    (r"(.+)_kept", r"whether \1 is left as it was"),
    (r"(.+)_given", r"which \1 are given"),
    (r"keeps_(.+)", r"whether your \1 is the input's"),
    (r"refuses_other_kinds", r"whether another kind is refused"),
    (r"refuses.*", r"whether what is not allowed is refused"),
    (r"(?:.+_)?beyond_.*", r"how far a share of the gradient lies outside what is allowed"),
    (r"passed_on_at_ties?", r"what is passed on where entries are equal"),
    (r"seed", r"the seed"),
)


def in_words(name: str) -> str:
    """A name by the pattern that it follows; others as they stand, for students know them or their
    author says them in words.
    """
    for pattern, words in PLACES:
        if found := re.fullmatch(pattern, name):
            inner = found.group(1) if found.groups() else ""
            return found.expand(words.replace(r"\1", in_words(inner).replace("\\", r"\\")))
    return name


def entry(said: str, index: Sequence[int] | None) -> str:
    """One entry: ``dW[2, 1]``, or ``dx with the default settings at [2, 1]``."""
    if not index:
        return said
    return f"{said} at {list(index)}" if " " in said else f"{said}{list(index)}"
