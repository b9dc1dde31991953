"""Workers of one machine share out its cards: each has one, and its submissions see no other."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from courses.course import TinyCourse

from .ambush import accelerate
from .cohort import NAMES, Run, printed

pytestmark = pytest.mark.faults
PRETEND = Path(__file__).parents[1] / "accelerator/pretend.py"
CARD = "CUDA_VISIBLE_DEVICES"
TELLS = (
    "import os, torch, pretend\\n"
    f"print('card', os.environ.get('{CARD}'), 'of', torch.accelerator.device_count())\\n"
    "def half_square"
)


@pytest.mark.parametrize("cards", [("0", "1"), ("MIG-5c0e", "MIG-91fa")], ids=["cards", "slices"])
def test_of_two_cards_each_of_two_workers_has_one_and_a_third_is_not_started(
    course: TinyCourse, cards: tuple[str, str]
) -> None:
    accelerate(course)
    for name in NAMES:
        folder = course.root / "submitted" / name / "tiny"
        (folder / "pretend.py").write_text(PRETEND.read_text())
        notebook = folder / "tiny.ipynb"
        notebook.write_text(notebook.read_text().replace("def half_square", TELLS))
    run = Run(course, {**os.environ, CARD: ",".join(cards)}, "--jobs", "3")
    assert run.finish()["failures"] == {}
    seen = {output for name in NAMES for output in printed(course, name)}
    assert {one for one in seen if one.startswith("card")} == {
        f"card {card} of 1\n" for card in cards
    }
