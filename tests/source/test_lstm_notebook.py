"""The LSTM notebook, executed: what only it has."""

import re
from typing import Any

import numpy as np
import pytest
from lectures import demos, executed, html, printed


@pytest.fixture
def solved(tmp_path_factory) -> Any:
    return executed(tmp_path_factory, "lstm")


def shows(solved: Any, call: str) -> str:
    """The HTML of the one demonstration that makes a call."""
    (shown,) = [html(cell) for cell in demos(solved) if call in cell.source]
    return shown


NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]\d+)?)"


def ends(shown: str, name: str) -> tuple[float, float]:
    """Where a named curve begins and ends."""
    found = re.search(rf"[:;] {re.escape(name)} goes from {NUMBER} to {NUMBER}", shown)
    assert found is not None, name
    return float(found.group(1)), float(found.group(2))


def test_only_who_is_born_remembering_remembers(solved):
    near, far = shows(solved, "learn_to_recall(20,"), shows(solved, "learn_to_recall(40,")
    assert ends(near, "forget bias 0")[1] < 0.3
    assert ends(near, "forget bias 3")[1] > 0.9
    assert ends(far, "forget bias 1")[1] < 0.5
    assert ends(far, "forget bias 3")[1] > 0.8


def test_open_gates_let_a_gradient_through(solved):
    shown = shows(solved, 'f"LSTM, forget bias {bias:g}"')
    reached = {
        name: ends(shown, name)[0] for name in ("RNN", "LSTM, forget bias 0", "LSTM, forget bias 4")
    }
    assert reached["RNN"] < 1e-10 < reached["LSTM, forget bias 4"]
    assert reached["LSTM, forget bias 0"] < 1e-6 < 1e-3 < reached["LSTM, forget bias 4"]


def test_an_open_update_gate_is_a_highway_too(solved):
    shown = shows(solved, "GRU, update bias {bias:g}")
    reached = [ends(shown, f"GRU, update bias {bias}") for bias in (0, 4)]
    assert reached[0][0] < 1e-6 < 1e-3 < reached[1][0]


def test_the_writers_loss_sets_out_from_ln_V_and_passes_the_frequencies(solved):
    shown = shows(solved, "Wh_before = writer")
    told = re.search(r"Loss: from ([\d.]+), where ([\d.]+) was expected, to ([\d.]+)\.", shown)
    assert told is not None
    first, expected, last = map(float, told.groups())
    assert abs(first - expected) < 0.1
    unigram = re.search(r"unigram entropy ([\d.]+)", printed(solved))
    assert unigram is not None
    assert last < float(unigram.group(1))


def test_learning_pushed_eigenvalues_out_of_the_circle(solved):
    told = dict(re.findall(r"^(before|after): radius ([\d.]+)", printed(solved), re.M))
    assert float(told["after"]) > max(1.2, float(told["before"]))


def test_knowing_the_last_letter_helps(solved):
    told = dict(
        re.findall(
            r"^(frequencies|and the last letter) +([\d.]+) nats a letter", printed(solved), re.M
        )
    )
    assert float(told["and the last letter"]) < float(told["frequencies"])


def test_starting_anew_is_dearest_where_pieces_are_short(solved):
    shown = shows(solved, "cost_in_pieces(length, carry) for")
    one, many = ends(shown, "starting anew")
    carried = ends(shown, "state carried on")
    assert carried[0] == pytest.approx(carried[1])
    assert one > many + 0.3 > carried[1]


def test_another_letter_is_heard_on_either_side_by_one_reader(solved):
    shown = shows(solved, "bidirectional_lstm(vectors[ids]")
    peaks = re.findall(
        rf"from (first to last|last to first) from 0 at .*? to {NUMBER} at letter 29,", shown
    )
    assert [name for name, _ in peaks] == ["first to last", "last to first"]


def test_a_wider_beam_finds_a_more_probable_line(solved):
    shown = shows(solved, "found[k] = beam_search(")
    found = {
        int(k): float(log_p)
        for k, log_p in re.findall(r"width (\d+), log-probability (-[\d.]+)", shown)
    }
    assert list(found) == [1, 2, 5, 20]
    assert found[20] > found[1]


def test_six_fates_are_drawn(solved):
    shown = shows(solved, "figures.fates(")
    lengths = [float(length) for _, length in re.findall(rf"norm {NUMBER}, length {NUMBER}", shown)]
    assert len(lengths) == 6
    assert lengths[0] < 1e-4 < 1e3 < lengths[1]
    assert lengths[3] > 1e11


def test_digits_are_written_backwards(solved):
    told = re.search(r"digits right: ([\d.]+)%", printed(solved))
    assert told is not None
    assert float(told.group(1)) > 80


def test_torch_says_the_same(solved):
    gaps = re.search(r"largest difference: (\S+) in h, (\S+) in dx", printed(solved))
    assert gaps is not None
    assert max(map(float, gaps.groups())) < 1e-12


def test_a_fresh_model_starts_at_ln_V(solved):
    told = re.search(r"an untrained letter costs ([\d.]+); ln V is ([\d.]+)", printed(solved))
    assert told is not None
    assert float(told.group(1)) == pytest.approx(float(told.group(2)), abs=0.1)


def test_without_detaching_the_graph_grows(solved):
    shown = shows(solved, "graph_sizes(False)")
    kept, detached = ends(shown, "not detached"), ends(shown, "detached")
    assert detached[1] <= detached[0] + 1
    assert kept[1] > 8 * detached[1]


def test_texts_at_four_temperatures_differ(solved):
    pages = re.findall(r"temperature [\d.]+: “(.*?)”", shows(solved, "speak(final, T"))
    assert len(set(pages)) == 4
    # Cold, the same words come again and again.
    variety = [len(set(page.split())) / len(page.split()) for page in pages]
    assert variety[0] < np.max(variety[2:])
