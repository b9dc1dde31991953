"""Whoever reads what an assignment asks holds a module in mind: none is long."""

from __future__ import annotations

from .imports import ROOT

MOST_LINES = 350
EXERCISES = sorted(ROOT.glob("source/*/exercises/**/*.py"))


def test_every_assignment_has_exercises_to_measure() -> None:
    assert len({path.relative_to(ROOT).parts[1] for path in EXERCISES}) >= 5


def test_a_module_of_exercises_has_350_lines_at_most() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in EXERCISES}
    assert {path: n for path, n in lines.items() if n > MOST_LINES} == {}
