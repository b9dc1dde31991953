"""Whose answers are alike: hashed runs of tokens of the solution cells, with what everybody was
given removed.

The lines of the released stub are taken away. The rest is split into tokens, names, comments and
layout are forgotten, and every run of what is left is hashed. Runs that many students share do not
count: a short right answer is often the same by itself.
An answer is compared with answers to the same question only. What is left in common, as a share of
the smaller of two submissions, is their likeness. It says where to look, never that somebody
copied."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import numpy as np
from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Name, String, Text

RUN = 25
"""The length of a run, in characters of the tokens: shorter matches are noise (copydetect's default
too).
"""

ALIKE = 0.5
"""The likeness from which submissions, or two answers to a question, count as alike. Independent
answers: 0 to 0.05.
"""

LEAST = 120
"""The fewest shared runs that mean anything: about ten lines of code."""

FAMILIAR = 0.1
"""Runs that more than this part of the class shares (and more than ten students) are nobody's
own.
"""

Feature = tuple[str, int]


@dataclass(frozen=True)
class Alike:
    """Two students, how alike they are (0 to 1), and the answers in which they are: name -> word
    for word or not.
    """

    students: tuple[str, str]
    likeness: float
    answers: Mapping[str, bool]


@dataclass(frozen=True)
class Group:
    """Students joined by pairs that are alike, the closest pair first."""

    students: tuple[str, ...]
    pairs: tuple[Alike, ...]


def groups(answers: Mapping[str, Mapping[str, str]], stubs: Mapping[str, str]) -> list[Group]:
    """Groups of alike submissions, the most alike first. ``answers``: student -> name of the answer
    -> code.
    """
    students = sorted(answers)
    features = [_features(answers[student], stubs) for student in students]
    pairs = [
        Alike(
            (students[a], students[b]),
            likeness,
            _where(answers[students[a]], answers[students[b]], stubs),
        )
        for a, b, likeness in _alike(_own(features))
    ]
    return _joined(pairs)


def _features(answers: Mapping[str, str], stubs: Mapping[str, str]) -> set[Feature]:
    return {
        (name, run)
        for name, code in answers.items()
        for run in _runs(written(code, stubs.get(name, "")))
    }


def written(code: str, stub: str) -> str:
    """What the student wrote: the code without the lines that everybody was given."""
    given = {line.strip() for line in stub.splitlines()}
    return "\n".join(
        line for line in code.splitlines() if line.strip() and line.strip() not in given
    )


@lru_cache(maxsize=50_000)
def _runs(code: str) -> frozenset[int]:
    """The hashes of all runs of a piece of code: every run, not a sample, since answers are
    short.
    """
    shape = _shape(code)
    runs = {shape[start : start + RUN] for start in range(len(shape) - RUN + 1)}
    return frozenset(
        int.from_bytes(blake2b(run.encode(), digest_size=8).digest(), "big") for run in runs
    )


def _shape(code: str) -> str:
    """The code's tokens in a row: names and strings as one letter, no comments, no layout."""
    return "".join(_token(kind, text) for kind, text in PythonLexer().get_tokens(code))


def _token(kind: Any, text: str) -> str:
    if kind in Text or kind in Comment:
        return ""
    if kind in (Name, Name.Variable, Name.Attribute):
        return "V"
    if kind in String:
        return '"' if text in ("'", '"') else "S"
    if kind in Name.Function:
        return "F"
    return "O" if kind in Name.Class else text


def _own(features: list[set[Feature]]) -> list[set[Feature]]:
    """The features less those that are everybody's."""
    shared = Counter(feature for one in features for feature in one)
    limit = max(10, FAMILIAR * len(features))
    familiar = {feature for feature, count in shared.items() if count > limit}
    return [one - familiar for one in features]


def _alike(features: list[set[Feature]]) -> Iterator[tuple[int, int, float]]:
    """The pairs that are alike, all at once: a sparse matrix of students and features, times
    itself.
    """
    from scipy.sparse import csr_array

    place = {feature: column for column, feature in enumerate(sorted(set().union(*features)))}
    if not place:
        return
    rows = np.repeat(np.arange(len(features)), [len(one) for one in features])
    columns = np.fromiter(
        (place[feature] for one in features for feature in one), dtype=np.int64, count=len(rows)
    )
    has = csr_array(
        (np.ones(len(rows), dtype=np.int32), (rows, columns)), shape=(len(features), len(place))
    )
    common = (has @ has.T).tocoo()
    sizes = np.array([len(one) for one in features])
    for a, b, count in zip(*common.coords, common.data, strict=True):
        if a < b and count >= LEAST and count >= ALIKE * (smaller := min(sizes[a], sizes[b])):
            yield int(a), int(b), float(count / smaller)


def _where(
    one: Mapping[str, str], other: Mapping[str, str], stubs: Mapping[str, str]
) -> dict[str, bool]:
    """The answers in which two submissions are alike, and whether they are so to the letter."""
    found: dict[str, bool] = {}
    for name in one.keys() & other.keys():
        first, second = (_runs(written(code[name], stubs.get(name, ""))) for code in (one, other))
        smaller = min(len(first), len(second))
        if smaller and len(first & second) >= ALIKE * smaller:
            found[name] = one[name].split() == other[name].split()
    return {name: found[name] for name in one if name in found}


def _joined(pairs: list[Alike]) -> list[Group]:
    """Pairs with a student in common are one group."""
    leader: dict[str, str] = {}

    def find(student: str) -> str:
        while leader.setdefault(student, student) != student:
            student = leader[student]
        return student

    for pair in pairs:
        a, b = map(find, pair.students)
        leader[a] = b
    members: dict[str, list[Alike]] = {}
    for pair in pairs:
        members.setdefault(find(pair.students[0]), []).append(pair)
    found = [
        Group(
            tuple(sorted({student for pair in some for student in pair.students})),
            tuple(sorted(some, key=lambda pair: (-pair.likeness, pair.students))),
        )
        for some in members.values()
    ]
    return sorted(found, key=lambda group: (-group.pairs[0].likeness, group.students))
