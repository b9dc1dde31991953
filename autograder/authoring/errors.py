"""The one error of this room."""

from __future__ import annotations


class AuthoringError(ValueError):
    """Something an author has to mend: one line that says where (file and line) and what to do."""
