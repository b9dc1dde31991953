"""Whose code it is that runs: the answer's own, the standard library's, or an installed library's,
and which.
"""

from __future__ import annotations

import functools
import os
import re
import sys
import sysconfig
from functools import lru_cache
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any, Literal

import numpy as np

from .genuine import is_genuine
from .trusted import INSTRUCTORS, NOBODY, Trusted

_INSTALLED = tuple(
    {
        os.path.dirname(functools.__file__),  # in Pyodide not where sysconfig says
        os.path.dirname(os.path.dirname(np.__file__)),
        *(
            path
            for key in ("stdlib", "platstdlib", "purelib", "platlib")
            if (path := sysconfig.get_paths().get(key))
        ),
    }
)
_OURS = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")
_SITE = re.compile(r"(?:site|dist)-packages/")  # dist: where Debian's own are
TEXT = "<string>"
"""What Python calls the file of code that was made of a text."""
SHARED = "coursekit.exercises."
"""The modules that exercises of several assignments are made of."""


def is_own(code: CodeType) -> bool:
    """Whether code is neither installed, wherever that is, nor Python's, nor ours; nor says that it
    is and is not.

    <frozen: importlib's own, when a module is missing."""
    return _is_own_file(code.co_filename) or not is_genuine(code)


@lru_cache(maxsize=4096)
def _is_own_file(name: str) -> bool:
    return not name.startswith((*_INSTALLED, _OURS, "<frozen")) and not _below_site(name)


def is_ours(code: CodeType) -> bool:
    """Whether code is the grader's."""
    return code.co_filename.startswith(_OURS)


def is_our_frame(frame: FrameType) -> bool:
    """Whether a frame is of the grader's code, of an exercise's, or of what exercises share."""
    name = str(frame.f_globals.get("__name__"))
    return is_ours(frame.f_code) or name.startswith((INSTRUCTORS, SHARED))


def is_student_frame(frame: FrameType) -> bool:
    """Whether a frame is of the answer's own code: not of an exercise's either."""
    return is_own(frame.f_code) and not is_our_frame(frame)


def of_code(code: CodeType) -> str:
    """``torch._tensor`` for ``.../site-packages/torch/_tensor.py``: package and module; empty for
    other code.
    """
    return ".".join(_below_site(code.co_filename).split("/")[:2]).removesuffix(".py")


@lru_cache(maxsize=4096)
def _below_site(file: str) -> str:
    """The path below the folder that installed packages are in, a user's own or the system's; empty
    for others.
    """
    found = _SITE.search(file := file.replace("\\", "/"))
    return file[found.end() :] if found else ""


def of_object(thing: Any) -> str:
    """The library that a module, function or class comes from, or the class of anything else; empty
    for others.
    """
    if type(thing) is np.ufunc:
        return _of_ufunc(thing)
    if isinstance(thing, ModuleType):
        name = vars(thing).get("__name__")
    elif isinstance(thing, (type, FunctionType, BuiltinFunctionType)):
        name = getattr(thing, "__module__", None)
    else:
        name = type(thing).__module__
    if not isinstance(name, str) or not _is_library(name.partition(".")[0]):
        return ""
    return ".".join(name.split(".")[:2])


@lru_cache(maxsize=256)
def _of_ufunc(function: np.ufunc) -> str:
    """SciPy's special functions are of NumPy's type: they are known by the module that has them."""
    if getattr(np, function.__name__, None) is function:
        return "numpy"
    holders = [
        name
        for name, module in list(sys.modules.items())
        if isinstance(module, ModuleType) and vars(module).get(function.__name__) is function
    ]
    libraries = [name for name in holders if _is_library(name.partition(".")[0])]
    return ".".join(min(libraries).split(".")[:2]) if libraries else ""


@lru_cache(maxsize=1024)
def _is_library(top: str) -> bool:
    if top in sys.stdlib_module_names or top == "__main__":
        return False
    file = getattr(sys.modules.get(top), "__file__", None) or ""
    return bool(_below_site(file)) and not file.startswith(_OURS)


def of_answer(answer: Any) -> str:
    """The library that an answer comes from whole, however many of its arguments are given."""
    while isinstance(answer, functools.partial):
        answer = answer.func
    return of_object(answer)


def is_brought(frame: FrameType, trusted: Trusted = NOBODY) -> bool:
    """Whether a library was entered by another library's own doing, or by the exercise's: torch
    reckons with sympy.
    """
    return _entered_by(frame, trusted) != "answer"


def is_answers(frame: FrameType, code: CodeType, trusted: Trusted = NOBODY) -> bool:
    """Whether a frame, and so its ``code``, is of the answer's own, or of the exercise's: not of
    code that a library made of a text, as named tuples and dataclasses do.
    """
    if not is_own(code):
        return False
    return code.co_filename != TEXT or _entered_by(frame, trusted) != "library"


def _entered_by(frame: FrameType, trusted: Trusted) -> Literal["answer", "exercise", "library"]:
    """Whose doing it is that a frame runs.

    NumPy and the standard library call what they are handed: whoever called them counts. An import
    hands nothing on: what a module enters while it is imported is the doing of who imports it. A
    text that is executed is the doing of who executes it, and what an exercise does for an answer
    that called it is the answer's: it may have been handed anything.
    """
    caller, by_exercise, handed_on = frame.f_back, False, False
    while caller is not None and id(caller) != trusted.top:
        code = caller.f_code
        is_text = code.co_filename == TEXT and code.co_name == "<module>"
        if is_own(code) and not is_text:
            if handed_on or not trusted.runs(caller, code):
                return "answer"
            by_exercise = True
        elif not by_exercise:
            library = of_code(code)
            if library and library.partition(".")[0] != "numpy":
                return "library"
            passes = is_text or is_ours(code) or code.co_filename.startswith("<frozen")
            handed_on = handed_on or not passes
        caller = caller.f_back
    return "exercise" if by_exercise else "answer"
