"""Authoring: an assignment's text, exercises and answers become nbgrader's source and release."""

from .build import Built, assignments_in, build, in_step, solved_notebook
from .errors import AuthoringError

__all__ = ["AuthoringError", "Built", "assignments_in", "build", "in_step", "solved_notebook"]
