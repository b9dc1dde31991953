"""The check families. Each is a pure judgement of a trial; a new family is a new module here."""

from ..exercise.trial import AnswerFailed, Check, Trial
from .compare import close
from .dimensions import Dimensions
from .gradient import Gradient
from .means import AllowedMeans
from .properties import Property
from .reference import Reference
from .training import Contest, Task, Training
from .vectorised import Vectorised

__all__ = [
    "AllowedMeans",
    "AnswerFailed",
    "Check",
    "Contest",
    "Dimensions",
    "Gradient",
    "Property",
    "Reference",
    "Task",
    "Training",
    "Trial",
    "Vectorised",
    "close",
]
