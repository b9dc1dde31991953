"""A core for each grader, and no more graders than cores."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.wall.outside import cores

EVERY = len(cores.cores_here())


@pytest.mark.skipif(not EVERY, reason="this system does not say which cores there are")
def test_each_grader_has_a_core_of_its_own():
    found = cores.cores_for(EVERY)
    assert sorted(found) == cores.cores_here()
    assert cores.cores_for(1) == found[:1]


def test_more_graders_than_cores_keep_to_none():
    assert cores.cores_for(EVERY + 1) == []


def test_cores_that_are_one_in_truth_come_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for core, together in enumerate(["0-1", "0-1", "2,4", "3", "2,4"]):
        (tmp_path / f"cpu{core}").write_text(f"{together}\n")
    monkeypatch.setattr(cores, "TOGETHER", str(tmp_path / "cpu{}"))
    monkeypatch.setattr(cores, "cores_here", lambda: [0, 1, 2, 3, 4])
    assert cores.cores_for(3) == [0, 2, 3]
    assert cores.cores_for(5) == [0, 2, 3, 1, 4]
