"""The softmax notebook, executed: what only it has."""

import re
from typing import Any

import pytest
from lectures import demos, executed, html, printed


@pytest.fixture
def solved(tmp_path_factory) -> Any:
    return executed(tmp_path_factory, "softmax")


def shows(solved: Any, call: str) -> list[str]:
    """The HTML of the demonstrations that make a call."""
    return [html(cell) for cell in demos(solved) if call in cell.source]


def test_every_monitored_run_starts_at_log_C(solved):
    runs = re.findall(
        r"Loss: from ([\d.]+), where 2.3 was expected", "".join(map(html, demos(solved)))
    )
    assert len(runs) >= 5
    assert set(runs) == {"2.3"}


def test_the_final_run_is_drawn_once_when_nobody_watches(solved):
    (final,) = shows(solved, "TrainingMonitor(")
    assert len(re.findall("<img", final)) == 1
    assert "A training run of 1500 steps" in final


def test_votes_and_averages_beat_their_members(solved):
    ensembles = shows(solved, "figures.ensemble(")
    assert len(ensembles) == 2
    for shown in ensembles:
        alt = re.search(
            r"Bars of validation loss: (.*?)\. The members&#x27; mean is ([\d.]+)\.", shown
        )
        assert alt is not None
        losses = dict(bar.rsplit(" ", 1) for bar in alt.group(1).split(", "))
        means = [float(loss) for name, loss in losses.items() if name.startswith("mean of")]
        members = [float(loss) for name, loss in losses.items() if not name.startswith("mean of")]
        assert max(means) < min(members) < float(alt.group(2))


def test_the_patients_are_told_apart(solved):
    rows = re.findall(
        r"^(healthy|summed.*?|logarithm.*?|reg.*?|labels.*?) {2,}(True|False) +(True|False)$",
        printed(solved),
        re.M,
    )
    assert [row[1:] for row in rows] == [
        ("True", "True"),
        ("False", "True"),
        ("False", "True"),
        ("True", "False"),
        ("True", "True"),
    ]


def test_twenty_are_learned_by_heart_and_only_by_the_sound_loss(solved):
    (shown,) = shows(solved, "overfit_small(")
    assert "yours: 100% right" in shown
    sick = re.findall(r"(?:all signs positive|gradients of others): (\d+)% right", shown)
    assert len(sick) == 2
    assert max(map(int, sick)) < 50


def test_the_race_is_won_by_curvature_while_there_is_no_noise(solved):
    said = shows(solved, "lbfgs=lbfgs_direction")[0].partition("Height after 80 steps: ")[2]
    assert "Newton below 1e-12, L-BFGS below 1e-12." in said
    heights = dict(re.findall(r"(SGD|momentum|RMSProp|Adam) ([\d.e+-]+)", said))
    assert len(heights) == 4
    assert min(map(float, heights.values())) > 1e-4


def test_the_first_ratio_of_a_healthy_run_is_far_above_a_thousandth(solved):
    told = re.search(r"first ratio ([\d.]+), last ([\d.e-]+)", printed(solved))
    assert told is not None
    assert float(told.group(1)) > 0.1
    assert 1e-4 < float(told.group(2)) < 3e-2
