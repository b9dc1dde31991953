"""Whether code is of the file that it names: anybody can have a text compiled under any name.

It matters behind the wall alone, where all the code that is there before a line of an answer's runs
is remembered. Elsewhere nobody is deceived but oneself, and code is what it says.
"""

from __future__ import annotations

import _imp
import gc
from functools import lru_cache
from types import CodeType, FunctionType

from .codes import Codes, with_inner

_there: Codes | None = None
"""What is remembered."""
FROZEN = "<frozen "


def remember_what_is_there() -> None:
    """All functions of this process, in which no line of an answer's has run, are of the files that
    they name; of other code it is looked up from now on.
    """
    global _there
    functions = [one for one in gc.get_objects() if type(one) is FunctionType]
    tops = {id(code): code for code in (one.__code__ for one in functions)}
    _there = Codes.of(tops.values())


def is_genuine(code: CodeType) -> bool:
    """Whether code is of the file that it names, as far as anybody asks here."""
    return _there is None or code in _there or code in _codes_of(code.co_filename)


def is_from(code: CodeType, place: str) -> bool:
    """Whether code is of a file, or of a folder's, as it says."""
    return code.co_filename.startswith(place) and is_genuine(code)


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
