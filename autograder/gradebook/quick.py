"""Importing nbgrader in a third of its time."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

GRAMMAR = "rfc3987_syntax"


@contextmanager
def without_grammar_of_iris() -> Iterator[None]:
    """While nbgrader is imported: jsonschema, which it needs, builds a grammar of internationalised
    addresses for a second or more, to check a format that no notebook has, and does without where
    the grammar is not installed.
    """
    known = GRAMMAR in sys.modules
    if not known:
        sys.modules[GRAMMAR] = None  # type: ignore[assignment]  # as if it were not
    try:
        yield
    finally:
        if not known:
            del sys.modules[GRAMMAR]
