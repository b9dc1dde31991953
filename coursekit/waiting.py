"""Demonstrations that wait for the student's own function instead of failing with a traceback."""

from __future__ import annotations

import html
from types import TracebackType

from .tab import NotInTab


class once_written:
    """``with once_written():`` runs a demonstration, or says which answer it still waits for.

    A stub raises NotImplementedError, a cell that was not run leaves a NameError, a library that
    does not run in a browser's tab is NotInTab: all become one friendly line. Any other exception
    is the reader's own bug and is shown as it is.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if isinstance(error, NotInTab):
            print(error)
            return True
        if isinstance(error, NotImplementedError):
            _say(_innermost(trace), "write it above, run its check, then run this cell again")
            return True
        if isinstance(error, NameError) and error.name:
            _say(error.name, "run the cells above that define it, then this one again")
            return True
        return False


def _innermost(trace: TracebackType | None) -> str:
    name = "your function"
    while trace is not None:
        name = trace.tb_frame.f_code.co_qualname
        trace = trace.tb_next
    return name.replace("<locals>.", "")


class _Line:
    """One line that is plain text in a terminal and set apart in a notebook."""

    def __init__(self, text: str, markup: str) -> None:
        self._text, self._markup = text, markup

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return f'<div style="border-left:4px solid #E69F00;padding:.4em .8em">{self._markup}</div>'


def _say(name: str, what_to_do: str) -> None:
    from IPython.display import display

    display(
        _Line(
            f"This demonstration waits for {name}: {what_to_do}.",
            f"This demonstration waits for <code>{html.escape(name)}</code>: {what_to_do}.",
        )
    )
