"""What the judge catches, names and lets pass, exercise by exercise: docs/judge.md.

    python -m benchmarks.judge [ASSIGNMENT ...] [--many K]       (make audit; K = 4 unless given)

Everything is drawn with one seed, so that the counts come out the same again; processor
seconds are of this machine. Training, where an exercise has any, is left out: what is wrong shows
without, and a right answer takes minutes.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any
from zlib import crc32

import numpy as np

from autograder.checks import Training, Vectorised
from autograder.course.assignment import Assignment, assignments_in, load_assignment
from autograder.exercise.mistakes import Mistake, Mistakes
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.language.probe import USUAL, Inputs
from autograder.language.verdict import Verdict
from autograder.watch.evaluate import CountedCalls, local
from autograder.watch.limit import limited

from .measured import processor
from .rewrites import rewritten, slips

PAGE = Path(__file__).resolve().parents[1] / "docs" / "judge.md"
SECONDS = 60.0
"""What an answer may take here beside what its exercise allows: a slip may have made its loop
endless, and the machine may have other things to do.
"""

Namespace = Mapping[str, Any]


@dataclass
class Counts:
    """How many wrong answers of one kind were tried, lost points, and were given a reason beyond
    the check's own.
    """

    tried: int = 0
    caught: int = 0
    named: int = 0

    def __str__(self) -> str:
        return f"{self.tried} / {self.caught} / {self.named}"

    def add(self, other: Counts) -> None:
        """Add up."""
        self.tried += other.tried
        self.caught += other.caught
        self.named += other.named

    def one(self, *, caught: bool, named: bool) -> None:
        """Count one answer."""
        self.add(Counts(1, int(caught), int(named)))


@dataclass
class Row:
    """One exercise. ``calls`` and processor ``seconds`` are what judging the reference takes."""

    exercise: str
    single: Counts = field(default_factory=Counts)
    pairs: Counts = field(default_factory=Counts)
    unlisted: Counts = field(default_factory=Counts)
    right: int = 0
    failed: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    calls: int = 0
    seconds: float = 0.0


class Measuring:
    """One exercise of one assignment, asked of many answers with one seed."""

    def __init__(self, assignment: Assignment, exercise: Exercise, many: int) -> None:
        kept = [one for one in exercise.checks if not isinstance(one, Training)]
        self.assignment = assignment
        self.exercise = replace(exercise, checks=kept)
        self.many = many
        self.seed = crc32(f"{assignment.name} {exercise.name}".encode())
        self.rng = np.random.default_rng(self.seed)
        self.row = Row(exercise.name)
        self._seconds = SECONDS + exercise.seconds

    def verdict(self, namespace: Namespace) -> tuple[Verdict, int]:
        """What the judge says of an answer, and how often it called it."""
        reference = self.assignment.answers.of(self.exercise, self.seed)
        evaluate = CountedCalls(local(self.exercise, namespace))
        mistakes = self.assignment.mistakes
        with limited(evaluate, self._seconds, lambda: None) as stopping:
            said = judge(
                self.exercise, stopping, reference=reference, mistakes=mistakes, seed=self.seed
            )
        return said, evaluate.calls

    def measured(self, rights: Mapping[str, Namespace], sources: Mapping[str, str]) -> Row:
        """All of a row. ``rights``: right answers of the whole assignment by title; ``sources``:
        modules to rewrite.
        """
        began = time.process_time()
        _, self.row.calls = self.verdict(self.assignment.reference)
        self.row.seconds = time.process_time() - began
        self._rights(rights)
        self._known()
        self._unlisted(sources["reference"])
        return self.row

    def _rights(self, rights: Mapping[str, Namespace]) -> None:
        """A style's own loops may cost it Vectorised; in other words it may lose no more than it
        does in its own.
        """
        allowed: dict[str, set[str]] = {}
        loops = {one.title for one in self.exercise.checks if isinstance(one, Vectorised)}
        for title, namespace in rights.items():
            style, _, other_words = title.partition(", ")
            if any(answer not in namespace for answer in self.exercise.answers):
                continue
            if other_words and not self._same(rights[style], namespace):
                continue
            said, _ = self.verdict(namespace)
            lost = {one.check for one in said.findings if one.passed is False}
            self.row.right += 1
            if lost - (allowed.get(style, set()) if other_words else loops):
                self.row.failed.append(f"{self.row.exercise}: {title}: {', '.join(sorted(lost))}")
            if not other_words:
                allowed[style] = lost & loops

    def _known(self) -> None:
        mistakes = self.assignment.mistakes
        if mistakes is None:
            return
        singles = list(mistakes.of(self.exercise.answers))
        pairs = list(mistakes.of(self.exercise.answers, pairs=True))
        some = self.rng.permutation(len(pairs))[: 2 * self.many]
        for counts, these in (
            (self.row.single, singles),
            (self.row.pairs, [pairs[k] for k in sorted(some)]),
        ):
            for mistake in these:
                said, _ = self.verdict(mistake.namespace)
                caught = said.score < said.points
                counts.one(caught=caught, named=_names(said, mistakes, mistake))
                if not caught:
                    self.row.missed.append(f"{mistake.answer}: {' and '.join(mistake.names)}")

    def _unlisted(self, source: str) -> None:
        """Slips of the reference that change a value which the exercise asks for; the others are no
        mistakes.
        """
        every = list(slips(source, self.exercise.answers))
        for k in self.rng.permutation(len(every)):
            if self.row.unlisted.tried == 2 * self.many:
                break
            what, wrong = every[k]
            namespace = made(wrong, "slip")
            if namespace is None or self._same(self.assignment.reference, namespace):
                continue
            said, _ = self.verdict(namespace)
            caught = said.score < said.points
            self.row.unlisted.one(caught=caught, named=any(one.hint for one in said.findings))
            if not caught:
                self.row.missed.append(f"{self.row.exercise}: {what}")

    def _same(self, one: Namespace, other: Namespace) -> bool:
        """Whether two answers give the same, up to rounding, in every situation of the exercise,
        twice.
        """
        rng = np.random.default_rng(self.seed)
        for situation in 2 * [USUAL, *self.exercise.cases]:
            inputs, _ = self.exercise.draw(rng, situation)
            ours, theirs = (self._values(names, inputs) for names in (one, other))
            if ours is None or theirs is None or not _alike(ours, theirs):
                return False
        return True

    def _values(self, namespace: Namespace, inputs: Inputs) -> dict[str, np.ndarray] | None:
        with limited(local(self.exercise, namespace), self._seconds, lambda: None) as evaluate:
            (found,) = evaluate([inputs])
        return None if found.failure else found.arrays()


def _names(said: Verdict, mistakes: Mistakes, made: Mistake) -> bool:
    """Whether the report names one of the mistakes that were made, by its hint or in a property's
    own words.
    """
    hints = [mistakes.module.HINTS[made.answer][name] for name in made.names]
    words = [part for one in said.findings for part in (one.hint, one.message)]
    return any(hint in part for hint in hints for part in words)


def _alike(ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> bool:
    """Equal up to 1e-10 of the largest entry."""
    if ours.keys() != theirs.keys():
        return False
    for name, one in ours.items():
        other = theirs[name]
        if one.shape != other.shape or one.dtype.kind != other.dtype.kind:
            return False
        scale = np.max(np.abs(one[np.isfinite(one)]), initial=0.0) if one.dtype.kind in "fc" else 0
        if not np.allclose(one, other, rtol=1e-10, atol=1e-10 * scale, equal_nan=True):
            return False
    return True


def made(source: str, name: str) -> dict[str, Any] | None:
    """The names of a module of this source; None when it does not load."""
    module = ModuleType(f"_measured_{name}")
    sys.modules[module.__name__] = module  # dataclasses and torch look a class's module up
    try:
        exec(compile(source, f"{module.__name__}.py", "exec"), vars(module))
    except Exception:
        return None
    return vars(module)


def right_answers(
    assignment: Assignment, sources: Mapping[str, str], many: int
) -> dict[str, Namespace]:
    """The reference and each style by title, each ``many`` times in other words: ``reference,
    rewritten 1``.
    """
    found: dict[str, Namespace] = {}
    for title, source in sources.items():
        texts = {title: source}
        for k in range(many):
            seed = crc32(f"{assignment.name} {title} {k}".encode())
            rng = np.random.default_rng(seed)
            texts[f"{title}, rewritten {k + 1}"] = rewritten(source, rng)
        for each, text in texts.items():
            if (namespace := made(text, each.replace(" ", "_"))) is not None:
                found[each] = {**assignment.reference, **namespace}
    return found


def rows(assignment: Assignment, many: int) -> Iterator[Row]:
    """Measure one exercise after the other."""
    sources = {kind: text.decode() for kind, text in assignment.bundle.hidden.items()}
    rights = right_answers(assignment, sources, many)
    for exercise in assignment.exercises.values():
        yield Measuring(assignment, exercise, many).measured(rights, sources)


# --- the page -----------------------------------------------------------------------------------

HEAD = """\
# The judge, measured

Made by `make audit` ({command}), never by hand. What it ran on: {machine}.

Three kinds of wrong answers were tried, and right ones in as many words as could be made:

- **known**: each mistake of the catalogue; **pairs**: two of them at once, drawn. Named means that the report carries the
  name of a mistake that was made.
- **unlisted**: one slip in the reference, drawn from all its signs, constants, axes, comparisons and terms, if it changes
  a value that is asked for. They are in no catalogue; named means that the report says more than that values differ.
- **right**: the reference and every other style, each as it stands and {many} times rewritten at random: other names,
  operands and independent lines in another order, temporaries, `x * x` for `x ** 2`, `x.sum()` for `np.sum(x)`. A rewrite
  counts if its values are those of the original up to 1e-10 in every situation. One that loses a point is a false failure.

Calls and processor seconds are what judging the reference takes. Training is left out.

How the judge does on code that students wrote is measured with `chainrule audit --files FOLDER`: every function of an
exercise's name, in files and notebooks of any course, with all it needs of its file, put into the released notebook and
judged behind the wall. One row for each distinct answer: points, failed checks, names.
"""


def page(tables: Mapping[str, Sequence[Row]], many: int) -> str:
    """The whole page."""
    command = f"`python -m benchmarks.judge {' '.join(tables)} --many {many}`"
    parts = [HEAD.format(command=command, machine=machine(), many=many)]
    everything = [row for some in tables.values() for row in some]
    parts.append(_table("All", [(name, _sum(name, some)) for name, some in tables.items()]))
    parts += [_table(name, [(one.exercise, one) for one in some]) for name, some in tables.items()]
    parts.append(_listed("False failures", [one for row in everything for one in row.failed]))
    parts.append(_listed("Not caught", [one for row in everything for one in row.missed]))
    return "\n".join(parts)


def _table(title: str, named: Sequence[tuple[str, Row]]) -> str:
    lines = [
        f"## {title}\n",
        "Wrong answers: tried / caught / named.\n",
        "| | known | pairs | unlisted | right | false failures | calls | seconds |",
        "|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {name} | {row.single} | {row.pairs} | {row.unlisted} | {row.right} | {len(row.failed)} "
        f"| {row.calls} | {_short(row.seconds)} |"
        for name, row in named
    ]
    return "\n".join(lines) + "\n"


def _sum(name: str, some: Sequence[Row]) -> Row:
    total = Row(name)
    for row in some:
        for kind in ("single", "pairs", "unlisted"):
            getattr(total, kind).add(getattr(row, kind))
        total.right += row.right
        total.failed += row.failed
        total.calls += row.calls
        total.seconds += row.seconds
    return total


def _listed(title: str, lines: Sequence[str]) -> str:
    return f"## {title}\n\n" + ("\n".join(f"- `{one}`" for one in lines) or "None.") + "\n"


def _short(seconds: float) -> str:
    """Two digits."""
    return f"{seconds:.{max(0, 1 - math.floor(math.log10(seconds or 1)))}f}"


def machine() -> str:
    """What the seconds depend on."""
    return (
        f"one thread of {processor()}, Python {platform.python_version()}, NumPy {np.__version__}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and write the page."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--many", type=int, default=4)
    parser.add_argument("--course", type=Path, default=PAGE.parents[1])
    parser.add_argument("--page", type=Path, default=PAGE)
    asked = parser.parse_args(arguments)
    tables: dict[str, list[Row]] = {}
    for name in asked.assignments or assignments_in(asked.course):
        tables[name] = []
        for row in rows(load_assignment(asked.course, name), asked.many):
            tables[name].append(row)
            wrong = f"{row.single}, {row.pairs}, {row.unlisted}"
            print(f"{name} {row.exercise}: {wrong}; {row.right} right", file=sys.stderr)
        asked.page.write_text(page(tables, asked.many))


if __name__ == "__main__":
    main()
