"""What is asked about one submission reads that submission's rows, however many others are on
record.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from courses.course import TinyCourse

from autograder.gradebook.classroom import Wishes, grade_class
from autograder.gradebook.indexes import COLUMNS


def plan(gradebook: Path, query: str) -> list[str]:
    """How SQLite would answer: a line for each table."""
    with closing(sqlite3.connect(gradebook)) as database:
        return [row[3] for row in database.execute(f"explain query plan {query}")]


@pytest.fixture(scope="module")
def gradebooks(tmp_path_factory: pytest.TempPathFactory, tiny_built: TinyCourse) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("indexed") / "course"
    shutil.copytree(tiny_built.root, root)
    course = TinyCourse(root)
    course.hand_in("ada", course.notebook())
    for _ in range(2):  # the second time they are there
        grade_class(root, "tiny", Wishes(jobs=1, feedback=False, force=True))
    return {"built": tiny_built.root / "gradebook.db", "graded": root / "gradebook.db"}


@pytest.mark.parametrize("table", COLUMNS)
def test_rows_of_one_submission_are_found_by_an_index(table: str, gradebooks: dict[str, Path]):
    query = f"select * from {table} where {COLUMNS[table]} = 'x'"
    assert plan(gradebooks["built"], query) == [f"SCAN {table}"]
    (found,) = plan(gradebooks["graded"], query)
    assert (
        found
        == f"SEARCH {table} USING INDEX chainrule_{table}_{COLUMNS[table]} ({COLUMNS[table]}=?)"
    )
