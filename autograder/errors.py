"""The errors that are meant for people: their text is one sentence that says what to do.

    Refusal
    ├── ExerciseError         an exercise that its author has to mend: which, and how
    │   └── DimsError         dimensions that cannot be read
    ├── AuthoringError        something else an author has to mend: where (file and line), and what to do
    ├── ConfigError           an nbgrader_config.py that is missing or cannot be used: what is wrong with it
    ├── AssignmentError       an assignment that cannot be loaded: what is missing, or what to build again
    ├── MarksError            marks or verdicts of a version that is not known: which chainrule to install
    ├── SubmissionError       a submission that cannot be read: what was handed in instead
    ├── ClassError            a class that cannot be graded as things stand
    │   └── UnknownAssignment the gradebook has never heard of it: a build registers it
    ├── WorkersLost           nobody is left to judge, and nobody comes back
    ├── OtherEngine           a worker would judge otherwise than the machine that sent the submission
    ├── WallError             the wall cannot be put up here, or failed: what to install; never a student's doing
    ├── LmsError              grades that cannot be passed on: what the other system refuses, what to say to it
    └── OracleError           the oracle cannot be served as it was asked for

A command answers a Refusal with its sentence and exit code 2; anything else is a defect of ours,
with a traceback. Errors that steer a program, such as ``AnswerFailed`` or ``frames.Closed``, stand
beside the code that raises them."""

from __future__ import annotations


class Refusal(Exception):
    """What was asked for is refused. The text is a sentence for whoever asked, with what to do."""


class ExerciseError(Refusal, ValueError):
    """An exercise that its author has to mend: the message says which and how."""


class DimsError(ExerciseError):
    """Dimensions that cannot be read: the message quotes them."""


class AuthoringError(Refusal, ValueError):
    """Something an author has to mend: one line that says where (file and line) and what to do."""


class ConfigError(Refusal):
    """An nbgrader_config.py that is missing or cannot be used: one line that says what is wrong
    with it.
    """


class AssignmentError(Refusal):
    """An assignment that cannot be loaded: one sentence that says what to do."""


class MarksError(Refusal):
    """Marks, or a verdict, of a version that is not known: one sentence with what to do."""


class SubmissionError(Refusal):
    """A submission that cannot be read: one sentence that says what was handed in."""


class ClassError(Refusal):
    """A class that cannot be graded as things stand: one sentence with what to do."""


class UnknownAssignment(ClassError):
    """The gradebook has never heard of the assignment: a build registers it."""


class WorkersLost(Refusal):
    """Nobody is left to judge, and nobody comes back: one sentence with what to do."""


class OtherEngine(Refusal):
    """A worker would not judge as the machine that sent the submission: one sentence with what to
    do.
    """


class WallError(Refusal, RuntimeError):
    """The wall itself failed, or cannot be put up here: one sentence with what to do. Never a
    student's doing.
    """


class OracleError(Refusal):
    """The oracle cannot be served as it was asked for: one sentence with what to do."""


class LmsError(Refusal):
    """Grades that cannot be passed on to a learning management system: one sentence with what to
    do; never the token.
    """
