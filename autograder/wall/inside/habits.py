"""Inside: what people write in a notebook at work, and what means nothing where it is graded.

Such a line must not end its cell: what follows it may be an answer.
"""

from __future__ import annotations

import builtins
import os
import re
from typing import Any

from IPython.core.interactiveshell import InteractiveShell

QUIET = ("autosave", "clear", "cls", "connect_info", "qtconsole", "pdb", "debug", "edit", "store")
"""Magics of a notebook's window, of its kernel, and of a session that goes on."""
PLACES = ("cd", "pushd", "popd")
INSTALLERS = ("pip", "conda", "mamba", "micromamba", "uv")
INSTALLS = re.compile(
    r"\s*(?:sudo\s+)?(?:\S*python[\d.]*\s+-m\s+)?"
    r"(?:\S*/)?(?:pip[\d.]*|conda|mamba|micromamba|uv(?:\s+pip)?|apt|apt-get|brew)"
    r"\s+(?:-\S+\s+)*install\b"
)

ENVIRONMENT = {
    # Compiled or not, a function returns the same; here there is no compiler.
    "TORCH_COMPILE_DISABLE": "1",
    "TORCHDYNAMO_DISABLE": "1",
    # Demonstrations are not run here, and no check looks at the notebook's own images.
    "CHAINRULE_IMAGES": "500",
}


def allow(shell: InteractiveShell) -> None:
    """Let harmless lines be harmless. Made once in the forkserver."""
    register: Any = shell.register_magic_function
    for name in QUIET:
        register(_nothing, "line", name)
    for name in PLACES:
        register(_stays, "line", name)
    for name in INSTALLERS:
        register(nothing_installed, "line", name)
    builtins.input = _nobody_answers
    os.environ |= ENVIRONMENT


def installs(command: str) -> bool:
    """Whether a shell command would install something."""
    return INSTALLS.match(command) is not None


def _nothing(line: str) -> None:
    """Does nothing."""


def _stays(line: str) -> None:
    print("Graded notebooks stay in their own folder: the files beside the notebook are there.")


def nothing_installed(line: str = "") -> None:
    """Says so."""
    print("Nothing is installed while a notebook is graded.")


def _nobody_answers(prompt: object = "", /) -> str:
    """``input()`` where nobody sits: an empty text."""
    print(prompt, "[nobody answers while a notebook is graded]", sep="")
    return ""
