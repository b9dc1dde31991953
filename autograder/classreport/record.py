"""What there is to know about a class's submissions to one assignment, before anything is
counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..grading.pseudonym import Pseudonym
from ..language.verdict import Performance


@dataclass(frozen=True)
class RecognisedMistake:
    """A known mistake that an answer makes: its name in the catalogue, and the hint it deserves."""

    name: str
    hint: str


@dataclass(frozen=True)
class Answered:
    """One exercise as it was judged. ``ours``: the judging failed, not the answer. ``failed`` names
    the checks that it did not pass; ``seconds`` is how long judging took. ``performance``: what its
    training reached, if it ranks; ``disallowed``: a check that takes all points failed.
    """

    name: str
    points: float
    score: float
    status: str
    sentence: str
    ours: bool
    mistakes: tuple[RecognisedMistake, ...] = ()
    failed: tuple[str, ...] = ()
    seconds: float = 0.0
    performance: Performance | None = None
    disallowed: bool = False


@dataclass(frozen=True)
class Marks:
    """Points as the gradebook has them; ``waiting`` names the graded cells that wait for a
    person.
    """

    score: float
    max_score: float
    written: float
    max_written: float
    penalty: float
    waiting: tuple[str, ...]

    @property
    def code(self) -> float:
        """The points for code, which are final."""
        return self.score - self.written

    @property
    def max_code(self) -> float:
        """What the code is worth."""
        return self.max_score - self.max_written

    @property
    def final(self) -> float:
        """All points on record, less the penalty for lateness."""
        return max(0.0, self.score - self.penalty)


@dataclass(frozen=True)
class Handed:
    """One student's submission. ``marks`` is None until it has been graded; ``minutes`` where the
    notebook tells; ``questions``: written question -> the points that people gave, and its points;
    ``pseudonym``: the name under which somebody wants to be on a leaderboard.
    """

    student: str
    name: str = ""
    marks: Marks | None = None
    exercises: tuple[Answered, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    problem: str = ""
    notes: tuple[str, ...] = ()
    minutes: float | None = None
    again: bool = False
    doubt: str = ""
    questions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    pseudonym: Pseudonym = field(default_factory=Pseudonym)


@dataclass(frozen=True)
class ClassRecord:
    """A class: everybody who handed in, who is enrolled and did not, and the stubs that everybody
    was given. ``ranked``: an exercise that has a leaderboard -> what is measured there;
    ``enrolled``: everybody's id -> name, as far as it is known.
    """

    assignment: str
    handed: tuple[Handed, ...]
    absent: tuple[str, ...]
    stubs: Mapping[str, str]
    ranked: Mapping[str, str] = field(default_factory=dict)
    enrolled: Mapping[str, str] = field(default_factory=dict)
