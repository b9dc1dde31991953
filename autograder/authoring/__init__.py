"""Authoring: an assignment's text, exercises and answers become nbgrader's source and release."""

from ..errors import AuthoringError
from .build import Built, assignments_in_source, build, in_step, solved_notebook

__all__ = [
    "AuthoringError",
    "Built",
    "assignments_in_source",
    "build",
    "in_step",
    "solved_notebook",
]
