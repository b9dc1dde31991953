"""The line of nbgrader_config.py that lets Formgrader serve the pages of written answers: it reads
that file before it says what it answers.
"""

from __future__ import annotations

import sys
from typing import Any

AFTER = ">Manage Students</a></li>"
"""The last entry of Formgrader's sidebar."""


def serve_written_answers() -> None:
    """Let Formgrader, where this process has it, also serve the pages of written answers, and link
    to them.
    """
    formgrader: Any = sys.modules.get("nbgrader.server_extensions.formgrader.handlers")
    if formgrader is None:
        return
    from .handlers import HANDLERS

    if HANDLERS[0] in formgrader.default_handlers:  # the file is read again and again
        return
    formgrader.default_handlers[:0] = HANDLERS
    plain = formgrader.BaseHandler.render

    def render(self: Any, name: str, **words: Any) -> str:
        address = f"{self.base_url}/formgrader/written"
        entry = f'<li role="presentation"><a href="{address}">Written Answers</a></li>'
        return plain(self, name, **words).replace(AFTER, AFTER + entry, 1)

    formgrader.BaseHandler.render = render
