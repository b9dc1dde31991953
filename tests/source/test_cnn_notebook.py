"""The CNN notebook, executed: what only it has."""

import re
from typing import Any

import pytest
from lectures import demos, executed, html, printed


@pytest.fixture
def solved(tmp_path_factory) -> Any:
    return executed(tmp_path_factory, "cnn")


def shows(solved: Any, call: str) -> list[str]:
    """The HTML of the demonstrations that make a call."""
    return [html(cell) for cell in demos(solved) if call in cell.source]


def test_the_crossing_over_was_measured(solved):
    (shown,) = shows(solved, "figures.crossover(")
    times = re.findall(r"(\d+) x \1: one product ([\d.]+), Fourier ([\d.]+)", shown)
    assert [int(size) for size, *_ in times] == [3, 5, 7, 9, 11, 15]
    assert all(float(time) > 0 for _, *both in times for time in both)
    assert re.search(r"Winograd at 3 x 3: [\d.]+", shown)


def test_wide_fields_are_exactly_as_wide_as_computed(solved):
    (shown,) = shows(solved, "receptive_field([(3, 1)]")
    found = re.findall(r"depth (\d+): (\d+) wide \(computed: (\d+)\)", shown)
    assert [tuple(map(int, row)) for row in found] == [
        (1, 3, 3),
        (3, 7, 7),
        (6, 13, 13),
        (10, 21, 21),
    ]


def test_real_networks_come_out_with_their_parameters(solved):
    told = printed(solved)
    assert "34,944 parameters, without: 105,705,600" in told
    assert "in all 7,978,856 parameters" in told
    (resnets,) = shows(solved, "resnet_param_count(blocks)")
    for count in ("25,557,032", "44,549,160", "60,192,808"):
        assert count in resnets


def test_fifty_images_are_known_by_heart(solved):
    assert "100% of the fifty are right" in printed(solved)
    (run,) = shows(solved, "by_heart(net")
    assert "where 2.3 was expected" in run


def test_numpy_and_pytorch_agree_on_a_block(solved):
    (difference,) = re.findall(
        r"largest difference (\S+)", printed(solved).split("34,944")[1].split("in all")[0]
    )[1:2]
    assert float(difference) < 1e-12


def test_gradients_survive_twenty_blocks_with_shortcuts_only(solved):
    (shown,) = shows(solved, "signal_sizes(True)")
    forward, back = (
        [float(one) for one in told]
        for told in re.findall(
            r"with shortcuts goes from ([\d.e-]+) to ([\d.e-]+); "
            r"without goes from ([\d.e-]+) to ([\d.e-]+\d)",
            shown,
        )
    )
    assert 1 < forward[1] / forward[0] < 1000
    assert forward[3] < 1e-5 * forward[2]
    assert 0.1 < back[0] / back[1] < 10
    assert back[2] < 1e-6


def test_the_transpose_is_one_and_a_group_does_not_ask_its_neighbours(solved):
    told = re.search(
        r"conv\(x\) times y: ([\d.-]+), x times its transpose: ([\d.-]+)", printed(solved)
    )
    assert told is not None
    assert told[1] == told[2] != "0.000000"
    (heard,) = shows(solved, "conv_forward_dilated(x")
    for reach in ("1, 1, 1: 7 wide", "1, 2, 4: 15 wide", "2, 2, 2: 13 wide"):
        assert reach in heard
    (varies,) = shows(solved, "spatial_groupnorm_forward(batch")
    assert "group goes from 0 to 0" in varies
    assert re.search(r"batch goes from 0\.[1-9]", varies)


def test_sixteen_bits_learn_as_well(solved):
    accuracies = re.findall(r"^(?:float32 |bfloat16)\s*([\d.%, ]+)$", printed(solved), re.M)
    final = [float(row.rsplit(",", 1)[1].strip(" %")) for row in accuracies]
    assert len(final) == 2
    assert min(final) > 35  # chance is 10
    assert abs(final[0] - final[1]) < 5


def test_every_training_is_drawn_once_when_nobody_watches(solved):
    for shown in shows(solved, "WatchedTraining("):
        assert "<progress" not in shown
    assert "A training run of 100 steps" in "".join(shows(solved, "WatchedTraining("))
