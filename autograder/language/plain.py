"""Names of outputs in plain words: what a student reads in place of ``path_by_default``."""

from __future__ import annotations

import re

PLACES = (
    (r"(.+)_by_default", r"\1 with the default settings"),
    (r"(.+)_at_start", r"\1 at the start"),
    (r"(.+)_with_a_start", r"\1 from a start in config"),
    (r"(.+)_in_test", r'\1 in mode "test"'),
    (r"(.+)_after(?:_it|_test)?", r"\1 afterwards"),
    (r"(.+)_kept", r"whether \1 is left as it was"),
    (r"(.+)_given", r"which \1 are given"),
    (r"(.+)_of_a_second_call", r"\1 of a second call"),
    (r"new_(.+)", r"the new \1"),
    (r"own_(.+)", r"your own \1"),
    (r"keeps_(.+)", r"whether your \1 is the input's"),
    (r"refuses.*", r"whether what is not allowed is refused"),
    (r"(?:.+_)?beyond_.*", r"how far a share of the gradient lies outside what is allowed"),
    (r"passed_on_at_ties?", r"what is passed on where entries are equal"),
    (r"(.+)_without_seed", r"whether it \1 without a seed"),
    (r"by_default", r"what you return with the default settings"),
)


def in_words(name: str) -> str:
    """A name without underscores as it stands; others by the pattern they follow, or with
    spaces.
    """
    for pattern, words in PLACES:
        if found := re.fullmatch(pattern, name):
            inner = found.group(1) if found.groups() else ""
            return found.expand(words.replace(r"\1", in_words(inner).replace("\\", r"\\")))
    return name if name in LONE or "_" not in name else name.replace("_", " ")


LONE = frozenset({"next_w", "next_h", "next_c", "prev_h", "prev_c", "dprev_h", "dprev_c", "x_test"})
"""Names with underscores that a student knows: they are arguments and results of functions of
theirs.
"""
