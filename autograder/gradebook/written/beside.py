"""The line of nbgrader_config.py that lets Formgrader serve the pages of written answers."""

from __future__ import annotations

from typing import Any

from ..beside import serve_beside


def serve_written_answers() -> None:
    """Let Formgrader, where this process has it, also serve the pages of written answers, and link
    to them.
    """
    serve_beside(_handlers, "formgrader/written", "Written Answers")


def _handlers() -> list[tuple[str, Any]]:
    from .handlers import HANDLERS

    return [*HANDLERS]
