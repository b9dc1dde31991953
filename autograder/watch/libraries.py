"""Whose code it is that runs: the answer's own, the standard library's, or an installed library's, and which."""

from __future__ import annotations

import os
import sys
import sysconfig
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

_INSTALLED = tuple(
    {
        path
        for key in ("stdlib", "platstdlib", "purelib", "platlib")
        if (path := sysconfig.get_paths().get(key))
    }
)
_OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_SITE = "site-packages/"


def is_own(code: CodeType) -> bool:
    """Whether code is neither installed, nor Python's, nor ours."""
    return not code.co_filename.startswith((*_INSTALLED, _OURS, "<frozen"))


def of_code(code: CodeType) -> str:
    """``torch._tensor`` for ``.../site-packages/torch/_tensor.py``: package and module; empty for other code."""
    _, _, below = code.co_filename.replace("\\", "/").partition(_SITE)
    return ".".join(below.split("/")[:2]).removesuffix(".py")


def of_object(thing: Any) -> str:
    """The library that a module, function or class comes from, or the class of anything else; empty for others."""
    if isinstance(thing, ModuleType):
        name = vars(thing).get("__name__")
    elif isinstance(thing, (type, FunctionType, BuiltinFunctionType)):
        name = getattr(thing, "__module__", None)
    else:
        name = type(thing).__module__
    if not isinstance(name, str) or not _is_library(name.partition(".")[0]):
        return ""
    return ".".join(name.split(".")[:2])


@lru_cache(maxsize=1024)
def _is_library(top: str) -> bool:
    if top in sys.stdlib_module_names or top == "__main__":
        return False
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return _SITE in file.replace("\\", "/") and not file.startswith(_OURS)


def is_brought(frame: FrameType) -> bool:
    """Whether a library was entered by another library's own doing: torch reckons its sizes with sympy.

    NumPy and the standard library call what they are handed: whoever called them counts.
    """
    caller = frame.f_back
    while caller is not None:
        if is_own(caller.f_code):
            return False
        library = of_code(caller.f_code)
        if library and library.partition(".")[0] != "numpy":
            return True
        caller = caller.f_back
    return False
