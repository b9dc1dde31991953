"""The line of nbgrader_config.py that lets Formgrader serve the class report."""

from __future__ import annotations

from typing import Any

from ..gradebook.beside import serve_beside


def serve_class_report() -> None:
    """Let Formgrader, where this process has it, also serve the report over all assignments and of
    each, and link to it.
    """
    serve_beside(_handlers, "formgrader/report", "Class Report")


def _handlers() -> list[tuple[str, Any]]:
    from .serving import HANDLERS

    return [*HANDLERS]
