"""Who asked for a cell: a person's front end, or a program that executes notebooks."""

from __future__ import annotations

import os
import sys


def someone_can_move_it() -> bool:
    """Whether a person's front end asked for this cell.

    JupyterLab, Notebook and VS Code say in the request which cell it is; nbclient and nbconvert say
    nothing, and a plain Python has no kernel. CHAINRULE_WIDGETS=live or =still decides it by hand.
    """
    if (decided := os.environ.get("CHAINRULE_WIDGETS")) in ("live", "still"):
        return decided == "live"
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return False
    kernel = getattr(get_ipython(), "kernel", None)
    if kernel is None or sys.platform == "emscripten":
        return kernel is not None  # in a browser's tab there is nobody but a person
    return bool(kernel.get_parent("shell").get("metadata"))
