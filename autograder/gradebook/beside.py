"""Pages of ours beside Formgrader's own: under its address, for whoever may open it.

Formgrader reads nbgrader_config.py before it says what it answers, so that a line there lets it
answer more.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

AFTER = ">Manage Students</a></li>"
"""The last entry of Formgrader's sidebar."""


def serve_beside(handlers: Callable[[], list[tuple[str, Any]]], address: str, title: str) -> None:
    """Let Formgrader, where this process has it, also answer with these handlers, and link to the
    address below its own in its sidebar. ``handlers`` is called only then.
    """
    formgrader: Any = sys.modules.get("nbgrader.server_extensions.formgrader.handlers")
    if formgrader is None:
        return
    ours = handlers()
    if ours[0] in formgrader.default_handlers:  # the file is read again and again
        return
    formgrader.default_handlers[:0] = ours
    plain = formgrader.BaseHandler.render

    def render(self: Any, name: str, **words: Any) -> str:
        entry = f'<li role="presentation"><a href="{self.base_url}/{address}">{title}</a></li>'
        return plain(self, name, **words).replace(AFTER, AFTER + entry, 1)

    formgrader.BaseHandler.render = render
