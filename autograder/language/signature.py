"""A signature in one line: what goes in, what comes out, and the dimensions of both.

    W: D C, X: N D, y: N int<C, reg -> loss, dW: D C

Names are separated by commas; after a colon stand the dimensions (see ``dims``), and a name without
any is a number."""

from __future__ import annotations

from ..errors import DimsError


def read_signature(text: str) -> tuple[dict[str, str], dict[str, str]]:
    """(inputs, outputs), each name -> dimensions, in order. Raises DimsError, quoting what does not
    fit.
    """
    left, arrow, right = text.partition("->")
    if not arrow:
        raise DimsError(f"{text!r} is no signature: write 'x: N D -> out: N D'")
    return _named(left, text), _named(right, text)


def _named(side: str, whole: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, (one.strip() for one in side.split(","))):
        name, _, dims = (word.strip() for word in part.partition(":"))
        if not name.isidentifier():
            raise DimsError(f"{part!r} in {whole!r} is no name with dimensions: write 'x: N D'")
        if name in found:
            raise DimsError(
                f"{name!r} stands twice on one side of {whole!r}: each needs a name of its own"
            )
        found[name] = dims
    return found
