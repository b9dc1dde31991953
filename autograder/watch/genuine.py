"""Whether code is of the file that it names: anybody can have a text compiled under any name.

It matters behind the wall alone, where all the code that is there before a line of an answer's runs
is remembered. Elsewhere nobody is deceived but oneself, and code is what it says.
"""

from __future__ import annotations

import _imp
import gc
from collections.abc import Iterator
from functools import lru_cache
from types import CodeType, FunctionType

_there: frozenset[int] | None = None
_kept: tuple[CodeType, ...] = ()
"""What is remembered: as long as it is there, no other code takes its place in memory."""
FROZEN = "<frozen "


def remember_what_is_there() -> None:
    """All functions of this process, in which no line of an answer's has run, are of the files that
    they name; of other code it is looked up from now on.
    """
    global _there, _kept
    functions = [one for one in gc.get_objects() if type(one) is FunctionType]
    tops = {id(code): code for code in (one.__code__ for one in functions)}
    _kept = tuple(inner for code in tops.values() for inner in with_inner(code))
    _there = frozenset(map(id, _kept))


def is_genuine(code: CodeType) -> bool:
    """Whether code is of the file that it names, as far as anybody asks here."""
    return _there is None or id(code) in _there or _is_in(code.co_filename, code)


def with_inner(code: CodeType) -> Iterator[CodeType]:
    """Code, and that of all functions, classes and comprehensions in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from with_inner(constant)


@lru_cache(maxsize=4096)
def _is_in(file: str, code: CodeType) -> bool:
    return code in _codes_of(file)  # equal code may name another file


@lru_cache(maxsize=512)
def _codes_of(file: str) -> frozenset[CodeType]:
    try:
        if file.startswith(FROZEN):
            whole = _imp.get_frozen_object(file.removeprefix(FROZEN).removesuffix(">"))
        else:
            with open(file, "rb") as opened:
                whole = compile(opened.read(), file, "exec", dont_inherit=True)
    except (ImportError, OSError, SyntaxError, ValueError):
        return frozenset()
    return frozenset(with_inner(whole))
