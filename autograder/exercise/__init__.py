"""How to judge: trials, checks and exercises, their declaration, and the known mistakes."""

from .declare import exercise, exercises_in
from .mistakes import Mistake, Mistakes
from .trial import AnswerFailed, Check, Exercise, Trial

__all__ = [
    "AnswerFailed",
    "Check",
    "Exercise",
    "Mistake",
    "Mistakes",
    "Trial",
    "exercise",
    "exercises_in",
]
