"""What somebody learns who has the published folder and nothing else: no reference, no nbgrader,
no torch.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS, WRITTEN, TinyCourse, code, nameless

from autograder.progress import gather
from autograder.progress.gather import find_notebooks, points_in_words, progress_of
from autograder.progress.page import progress_page

HIDDEN = ("nbgrader", "nbformat", "nbconvert", "jupytext", "torch", "h5py", "sqlalchemy")
COMMAND = "from autograder.commandline import main; main()"


@pytest.fixture
def folder(tiny_built: TinyCourse, tmp_path: Path) -> Path:
    """A published folder with one answer mistaken, one not written."""
    shutil.copytree(tiny_built.root / "assignments", tmp_path / "public/assignments")
    mistaken = HALF_SQUARE.replace(" / len(x)", "")
    write(tmp_path / "public", tiny_built.notebook({"half_square": mistaken}))
    return tmp_path / "public"


def write(folder: Path, notebook: dict) -> Path:
    path = folder / "assignments/tiny/tiny.ipynb"
    path.write_text(json.dumps(notebook))
    return path


def chainrule(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command where nothing is installed but what the student wheel asks for."""
    hidden = cwd.parent / "hidden"
    hidden.mkdir(exist_ok=True)
    for name in HIDDEN:
        (hidden / f"{name}.py").write_text(f"raise ModuleNotFoundError('no {name}')\n")
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *words],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(hidden), "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_folder_gives_a_table_and_a_page(folder: Path) -> None:
    ran = chainrule("check", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    assert "0 of 2" in ran.stdout
    page = (folder / "progress.html").read_text()
    assert "dw is summed over the examples; divide by N as the loss does." in page
    assert "not attempted" in page
    assert "Not answered yet." in page
    assert "solutions/rubrics/" in page
    assert "<script" not in page


def test_machines_read_the_same(folder: Path) -> None:
    whole = json.loads(chainrule("check", "--json", cwd=folder).stdout)
    assert whole["page"] == "progress.html"
    notebook = "assignments/tiny/tiny.ipynb"
    ran = chainrule("check", notebook, "--json", cwd=folder)
    assert ran.returncode == 1
    said = json.loads(ran.stdout)
    assert list(said) == ["notebook", "assignment", "score", "max_score", "exercises"]
    assert {one["name"]: one["status"] for one in said["exercises"]} == {
        "half_square": "partial",
        "row_sums": "not_attempted",
    }
    (one,) = whole["assignments"]
    assert (one["score"], one["max_score"]) == (said["score"], 10)


def test_all_right_is_mastered(folder: Path, tiny_built: TinyCourse) -> None:
    write(folder, tiny_built.notebook({**RIGHT, **WRITTEN}))
    (notebook,) = find_notebooks(folder)
    ticks: list[tuple[int, int]] = []
    progress = progress_of(notebook, lambda done, of: ticks.append((done, of)))
    assert ticks == [(0, 2), (1, 2), (2, 2)]
    assert (progress.mastered, progress.earned, progress.open, progress.waiting) == (2, 10, 0, 0)
    assert points_in_words(progress) == "10 of 10 points"
    assert "Answered: a person has to read it." in progress_page([progress], "today")
    ran = chainrule("check", str(notebook), cwd=folder)
    assert ran.returncode == 0, ran.stderr


def test_cells_that_lost_their_names_are_checked(folder: Path, tiny_built: TinyCourse) -> None:
    notebook = write(folder, nameless(tiny_built.notebook({"row_sums": ROW_SUMS})))
    progress = progress_of(notebook)
    assert [one.status for one in progress.verdicts] == ["not_attempted", "passed"]


def test_a_package_that_is_missing_is_told(folder: Path, tiny_built: TinyCourse) -> None:
    wants = "def row_sums(x):\n    import parquetry\n    return parquetry.sums(x)\n"
    notebook = write(folder, tiny_built.notebook({"row_sums": wants}))
    progress = progress_of(notebook)
    said = "It needs parquetry, which is not installed here: pip install parquetry, then check."
    assert progress.verdicts[1].sentence() == said
    assert "not judged here" in progress_page([progress], "today")


def test_a_cell_without_end_costs_what_comes_after_it(
    folder: Path, tiny_built: TinyCourse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gather, "SILENCE", 8.0)
    stuck = tiny_built.notebook(RIGHT)
    first = next(k for k, one in enumerate(stuck["cells"]) if one["id"] == "row_sums")
    stuck["cells"].insert(first, code("while True:\n    pass"))
    progress = progress_of(write(folder, stuck))
    assert [one.status for one in progress.verdicts] == ["passed", "timeout"]
    assert progress.verdicts[1].note.startswith("Not reached")


def test_what_cannot_be_judged_says_why(folder: Path) -> None:
    notebook = folder / "assignments/tiny/tiny.ipynb"
    notebook.write_text("{")
    assert progress_of(notebook).problem.startswith("The notebook cannot be read")
    ran = chainrule("check", cwd=folder)
    assert ran.returncode == 0, ran.stderr
    shutil.rmtree(folder / "assignments")
    ran = chainrule("check", cwd=folder)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "no assignment's notebook is here" in ran.stderr.lower()


def test_by_a_reference_nothing_waits(folder: Path, tiny_built: TinyCourse) -> None:
    write(folder, tiny_built.notebook({"row_sums": ROW_SUMS}))
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, "check", "--course", str(tiny_built.root), "--json"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    (one,) = json.loads(done.stdout)["assignments"]
    assert {said["name"]: said["score"] for said in one["exercises"]} == {
        "half_square": 0,
        "row_sums": 4,
    }
