"""Networks drawn out in time, texts in colour, spectra and blocks of gates: drawn and told as
given.
"""

from typing import Any

import numpy as np
import pytest

from coursekit import figures
from coursekit.figures import Picture
from coursekit.figures.writing import visible


def axes_of(picture: Picture) -> list[Any]:
    return picture.figure.axes


def test_an_unrolled_network_reads_below_and_answers_above():
    picture = figures.unrolled(list("ab"), ["", "c"], layers=2)
    words = [text.get_text() for text in axes_of(picture)[0].texts if text.get_text()]
    assert sorted(words) == ["1", "1", "2", "2", "a", "b", "c"]
    assert (
        "2 layers drawn out over 2 steps. What the steps read: 1 'a', 2 'b'; what comes out: 2 'c'."
        in picture.alt
    )


@pytest.mark.parametrize(("across", "first"), [(False, 3), (True, 1)])
def test_a_gradient_stops_at_the_last_seam_unless_it_may_cross(across, first):
    picture = figures.unrolled(list("abcd"), list("bcde"), seams=[2], back_from=3, across=across)
    assert f"The gradient that starts at step 4 reaches back to step {first}." in picture.alt
    crosses = [line for line in axes_of(picture)[0].lines if line.get_marker() == "x"]
    assert len(crosses) == (0 if across else 1)


def test_a_tree_draws_each_line_behind_what_it_lengthens_and_tells_what_is_grey():
    chances = {"a": 0.6, "ax": 0.24, "a ": 0.36, "b": 0.4, "bx": 0.36}
    picture = figures.search_tree(chances, kept=("a", "b", "bx"), best="bx")
    (box,) = axes_of(picture)
    at = {text.get_text(): text.get_position() for text in box.texts}
    assert at["a  0.6"] == (1, 0.5)  # in the middle of what lengthens it
    assert [at[name] for name in ("x  0.24", "␣  0.36", "x  0.36")] == [(2, 0), (2, 1), (2, 2)]
    assert at["b  0.4"] == (1, 2)
    assert (
        "“a” 0.6; “ax” 0.24 (grey); “a␣” 0.36 (grey); “b” 0.4; “bx” 0.36. Marked is “bx”, of chance 0.36."
        in picture.alt
    )
    ways = [line for line in box.lines if line.get_marker() != "o"]
    assert [line.get_linestyle() for line in ways] == ["-", ":", ":", "-", "-"]
    assert ways[3].get_color() == ways[4].get_color() != ways[0].get_color()  # the marked way


def test_letters_stand_above_their_numbers():
    picture = figures.letters(
        "a b\nc", {"one": [0, 1, 2, 3, 4], "two": [5, 4, 3, 2, 1]}, "Costs", signed=False
    )
    (image,) = axes_of(picture)[0].images
    np.testing.assert_array_equal(image.get_array(), [[0, 1, 2, 3, 4], [5, 4, 3, 2, 1]])
    assert image.get_clim() == (0, 5)
    assert [label.get_text() for label in axes_of(picture)[0].get_xticklabels()] == [
        "a",
        "␣",
        "b",
        "↵",
        "c",
    ]
    assert "one from 0 at letter 1, 'a', to 4 at letter 5, 'c'" in picture.alt


def test_signed_letters_are_white_at_zero():
    (image,) = axes_of(figures.letters("ab", {"one": [-3.0, 1.0]}, "States"))[0].images
    assert image.get_clim() == (-3, 3)


def test_the_most_frequent_characters_come_first():
    picture = figures.character_bars("abc", {"text": [1, 5, 3], "model": [2, 2, 2]}, "chance")
    (axes,) = axes_of(picture)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["b", "c", "a"]
    assert [bar.get_height() for bar in axes.patches] == [5, 3, 1, 2, 2, 2]
    assert "text: 'b' 5, 'c' 3, 'a' 1" in picture.alt


def test_passages_are_set_in_lines_and_told_in_words():
    picture = figures.passages({"cold": "the cat $1\n\nsat " * 30, "hot": "x"}, lines=2)
    lines = [text.get_text() for text in axes_of(picture)[0].texts]
    assert lines == ["cold", r"the cat \$1", r"sat the cat \$1", "hot", "x"]
    assert "cold: “the cat $1 sat the cat $1”" in picture.alt
    assert picture.png().startswith(b"\x89PNG")


def test_blanks_and_ends_of_lines_can_be_seen():
    assert "".join(map(visible, "a b\n")) == "a␣b↵"


def test_ellipses_have_the_length_of_powers():
    W = np.array([[0.9, 2.0], [0.0, 0.9]])
    alt = figures.stretch(W, 3).alt
    for k in (1, 2, 3):
        assert f"{np.linalg.norm(np.linalg.matrix_power(W, k), 2):.3g}" in alt
    assert "spectral radius 0.9" in alt


def test_eigenvalues_are_where_they_are():
    picture = figures.eigenvalues({"turn": np.array([[0.0, -0.5], [0.5, 0.0]])})
    points = axes_of(picture)[0].collections[0].get_offsets()
    np.testing.assert_allclose(
        sorted(np.asarray(points).tolist()), [[0, -0.5], [0, 0.5]], atol=1e-12
    )
    assert "turn: 2 eigenvalues, radius 0.5, spectral norm 0.5" in picture.alt


def test_fates_are_told_as_times_the_first_length():
    picture = figures.fates(
        [("kept", np.eye(2), "linear", [2.0, 2.0]), ("halved", np.eye(2) / 2, "tanh", [2.0, 1.0])]
    )
    assert (
        "kept, linear: radius 1, norm 1, length 1; halved, tanh: radius 0.5, norm 0.5, length 0.5."
        in picture.alt
    )


def test_blocks_stand_in_the_order_given():
    picture = figures.gate_blocks([("Wx", "ifog", "D", False), ("torch", "ifgo", "D", True)])
    ours, theirs = axes_of(picture)
    assert [text.get_text() for text in ours.texts][:4] == list("ifog")
    assert [text.get_text() for text in theirs.texts][:4] == list("ifgo")
    assert len({patch.get_facecolor() for patch in ours.patches}) == 4
    assert ours.patches[2].get_facecolor() == theirs.patches[3].get_facecolor()  # o


def test_a_grus_blocks_are_three():
    picture = figures.gate_blocks([("Wx", "rzn", "D", False), ("Wx.T", "rzn", "D", True)])
    for box, side in zip(axes_of(picture), ((3, 3), (3, 3)), strict=True):
        assert [text.get_text() for text in box.texts] in (
            [*"rzn", "3H", "D"],
            [*"rzn", "D", "3H"],
        )
        assert len({patch.get_facecolor() for patch in box.patches}) == 3
        drawn = [patch.get_extents().size for patch in box.patches]
        assert np.allclose(drawn, drawn[0]), side
    assert "Wx with D, gates r, z, n side by side" in picture.alt
