"""Figures: what is drawn is what was given, and every figure says in words what it shows."""

import re
from typing import Any

import numpy as np
import pytest

from coursekit import figures
from coursekit.figures.picture import Picture
from coursekit.figures.slopes import score_slopes

from ..parts import one_in

RNG = np.random.default_rng(0)
TEN = tuple(map(str, range(10)))
LABELS = np.arange(20) % 10


def axes_of(picture: Picture) -> list[Any]:
    return picture.figure.axes


def heights(axes) -> list[float]:
    return [bar.get_height() for bar in axes.patches]


def test_bars_are_as_high_as_the_margins():
    scores, y = np.array([1.0, 2.5, 3.1, 0.4]), 1
    picture = figures.margin_bars(scores, y, delta=2.0)
    shown, margins = axes_of(picture)
    np.testing.assert_allclose(heights(shown), scores)
    np.testing.assert_allclose(heights(margins), [0.5, 2.6, -0.1])
    assert margins.get_title() == "margins; hatched bars add up to 3.1"
    assert [bool(bar.get_hatch()) for bar in margins.patches] == [True, True, False]
    assert "2 of 3 are above zero; together they make 3.1" in picture.alt


def test_ten_equal_scores_make_nine():
    picture = figures.margin_bars(np.zeros(10), y=3)
    assert heights(axes_of(picture)[1]) == [1] * 9
    assert axes_of(picture)[1].get_title().endswith("add up to 9")


def test_slopes_of_the_scores_are_counted_by_measuring():
    np.testing.assert_array_equal(score_slopes(np.array([3.2, 5.1, -1.7]), 0), [-1, 1, 0])
    np.testing.assert_array_equal(score_slopes(np.zeros(5), 2), [1, 1, -4, 1, 1])
    # A margin of exactly zero counts as met.
    np.testing.assert_array_equal(score_slopes(np.array([2.0, 1.0, 5.0]), 0), [-1, 0, 1])


def test_contributions_name_the_multiple_of_every_class():
    picture = figures.contributions(np.ones(64), np.zeros(10), 4, TEN, (8, 8))
    assert "4 -9" in picture.alt
    assert [box.get_title() for box in axes_of(picture)][5] == "4\n-9"


def test_score_lines_put_every_score_in_its_place():
    scores = np.array([[1.0, 2.5, 0.2], [0.3, -1.0, 0.9]])
    (axes,) = axes_of(figures.score_lines(scores, np.array([1, 2])))
    drawn = sorted(float(line.get_xdata()[0]) for line in axes.lines if len(line.get_xdata()) == 1)
    assert drawn == sorted(scores.ravel().tolist())


def test_violations_show_mask_and_counts():
    mask = np.array([[True, False, True], [False, False, False]])
    picture = figures.violations(mask, np.array([2, 0]), np.array([1, 0]), ("a", "b", "c"))
    grid, bars = axes_of(picture)
    np.testing.assert_array_equal(grid.images[0].get_array(), mask)
    assert [bar.get_width() for bar in bars.patches] == [2, 0]
    assert picture.alt.endswith("Counts per example: 2, 0.")


def test_three_numbers_that_are_no_count_of_each_other():
    (axes,) = axes_of(figures.count_against_loss([2.0, 1.75, 1.5], 0, 1.25))
    assert [bar.get_width() for bar in axes.patches] == [0, 2, 1.25]


def test_the_hinge_and_its_square_meet_at_one():
    left, right = axes_of(figures.hinge_shapes(("hinge", "squared hinge"), slopes=True))
    hinge, squared = (
        dict(zip(np.round(line.get_xdata(), 6), line.get_ydata(), strict=True))
        for line in left.lines[:2]
    )
    assert hinge[2.0] == 2
    assert squared[2.0] == 4
    assert hinge[1.0] == pytest.approx(squared[1.0])
    assert right.lines[1].get_ydata()[-1] == 4


def test_zero_one_counts_from_where_the_class_is_overtaken():
    (axes,) = axes_of(figures.hinge_shapes())
    values = dict(
        zip(np.round(axes.lines[0].get_xdata(), 6), axes.lines[0].get_ydata(), strict=True)
    )
    assert values[0.5] == 0
    assert values[1.5] == 1


def test_history_starts_with_the_first_loss_and_ends_with_a_mean():
    losses = [9.0, 5.0, 3.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    picture = figures.history(losses, expected_start=9, smooth=4)
    steps, running, expected = axes_of(picture)[0].lines
    np.testing.assert_array_equal(steps.get_ydata(), losses)
    np.testing.assert_allclose(running.get_ydata()[[0, 1, -1]], [9, 7, 1])
    assert expected.get_ydata()[0] == 9
    assert picture.alt == "Loss over 8 steps: from 9, where 9 was expected, to 1."


def test_templates_leave_the_bias_out_and_centre_the_colours_on_zero():
    W = RNG.standard_normal((65, 10))
    W[64] = 1e6
    picture = figures.templates(W, TEN, (8, 8))
    np.testing.assert_array_equal(
        axes_of(picture)[3].images[0].get_array(), W[:64, 3].reshape(8, 8)
    )
    low, high = axes_of(picture)[3].images[0].get_clim()
    assert low == -high == -np.abs(W[:64, 3]).max()


def test_templates_of_colour_images_fill_the_range():
    picture = figures.templates(RNG.standard_normal((48, 3)), ("a", "b", "c"), (4, 4, 3))
    shown = axes_of(picture)[0].images[0].get_array()
    assert shown.shape == (4, 4, 3)
    assert shown.min() == 0
    assert shown.max() == 1


def test_confusion_counts_pairs():
    picture = figures.confusion(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), ("a", "b", "c"))
    cells = {(text.get_position(), text.get_text()) for text in axes_of(picture)[0].texts}
    assert cells == {((0, 0), "1"), ((1, 0), "1"), ((1, 1), "1"), ((1, 2), "1")}
    assert "50.0% are right" in picture.alt


def test_errors_above_the_tolerance_are_marked():
    picture = figures.parameter_errors({"W1": 1e-9, "b1": np.inf, "W2": 2e-5}, tolerance=1e-5)
    assert [bool(bar.get_hatch()) for bar in axes_of(picture)[0].patches] == [False, True, True]
    assert (
        picture.alt == "Errors of 3 gradients, 2 of them above 1e-05: W1 1e-09, b1 inf, W2 2e-05."
    )


def test_strips_of_a_wider_rectangle_are_as_long_as_the_other_side():
    picture = figures.rectangle(3.0, 2.0, step=0.5)
    whole, right, top = axes_of(picture)[0].patches
    assert whole.get_width() * whole.get_height() == 6
    assert (right.get_width(), right.get_height()) == (0.5, 2)
    assert (top.get_width(), top.get_height()) == (3, 0.5)
    assert "area 1; growing y adds one of length x, area 1.5" in picture.alt


def test_heat_maps_share_one_scale():
    small, large = np.array([[0.5, -1.0]]), np.array([[4.0, 0.0]])
    axes = axes_of(figures.heat_maps({"small": small, "large": large}, "row", "column"))
    assert [box.images[0].get_clim() for box in axes] == [(-4, 4), (-4, 4)]
    assert axes[0].get_title() == "small  (1, 2)"
    assert [text.get_text() for text in axes[0].texts] == ["0.5", "-1"]


def test_a_row_stands_on_the_line_of_its_class_and_a_bias_shifts_it():
    W, b = np.array([[3.0, 4.0], [0.0, -2.0]]), [-5.0, 1.0]
    picture = figures.hyperplanes(W, b, [0.5, 0.25], before=[0.0, 1.0])
    (axes,) = axes_of(picture)
    moved, first, second = axes.lines[:3]
    for line, row, bias in ((moved, W[0], 0.0), (first, W[0], -5.0), (second, W[1], 1.0)):
        start, end = (np.array(one) for one in (line.get_xy1(), line.get_xy2()))
        assert start @ row + bias == pytest.approx(0)
        assert (end - start) @ row == pytest.approx(0)
    for arrow, row, bias in zip(axes.texts, W, b, strict=False):
        np.testing.assert_allclose(np.subtract(arrow.xy, arrow.xyann), row)
        assert np.dot(arrow.xyann, row) + bias == pytest.approx(0)
    assert [text.get_text() for text in axes.get_legend().get_texts()] == [
        *("with the bias before", "class 0: row (3, 4),\nbias -5", "class 1: row (0, -2),\nbias 1")
    ]
    assert axes.get_title().endswith("the point's scores: -2.5, 0.5")
    assert picture.alt.endswith("The point (0.5, 0.25) goes to class 1.")
    areas = [axes.patches[j].get_path() for j in (0, 1)]
    for corner, winner in (((-2.9, -2.9), 1), ((2.9, 2.9), 0)):  # low left, high right
        assert [area.contains_point(corner) for area in areas] == [winner == 0, winner == 1]


def test_an_entry_of_a_product_lights_up_its_row_and_its_column():
    from matplotlib.colors import to_hex

    left, right = np.array([[1.0, 2.0], [3.0, 0.0], [-1.0, 1.0]]), np.array([[4.0], [-5.0]])
    picture = figures.product_entry(left, right, 2, 0, ("X", "w", "out"))
    (axes,) = axes_of(picture)
    assert axes.get_title() == "out[2, 0] = (-1)·4 + 1·(-5) = -9"
    lit = {colour: [] for colour in ("sky", "orange", "green")}
    for cell, text in zip(
        axes.patches, [one for one in axes.texts if _is_number(one)], strict=True
    ):
        name = {"#56b4e9": "sky", "#e69f00": "orange", "#009e73": "green"}.get(
            to_hex(cell.get_facecolor())
        )
        if name:
            lit[name].append(float(text.get_text()))
    assert lit == {"sky": [-1, 1], "orange": [4, -5], "green": [-9]}
    assert "row 2 of X in blue and column 0 of w in orange make the green entry" in picture.alt


def _is_number(text) -> bool:
    return re.fullmatch(r"-?[\d.]+", text.get_text()) is not None


@pytest.mark.parametrize(("best", "at_border"), [((1, 1), False), ((0, 1), True), ((1, 2), True)])
def test_a_best_on_the_border_is_said_aloud(best, at_border):
    accuracies = np.full((3, 3), 0.5)
    accuracies[best] = 0.9
    picture = figures.accuracy_map([1e-3, 1e-2, 1e-1], [1e-4, 1e-3, 1e-2], accuracies)
    assert ("the best is on the border: widen the grid" in picture.alt) is at_border
    assert ("border" in axes_of(picture)[0].get_title()) is at_border


def test_trials_frame_the_best_by_validation_accuracy():
    results = [(1e-2, 1e-3, 0.99, 0.5), (1e-1, 1e-4, 0.6, 0.8), (3e-1, 1e-2, 1.0, 0.7)]
    picture = figures.trials(results, n_coarse=2, boundary=(True, False))
    assert "validation accuracy 0.800, is at learning rate 0.1, reg 0.0001" in picture.alt
    assert "on the border of the learning rate range: widen it" in axes_of(picture)[0].get_title()


def test_log_uniform_points_fill_the_lower_half_and_uniform_ones_do_not():
    lower = [int(share) for share in re.findall(r"(\d+)%", figures.sampling((1e-4, 1.0)).alt)]
    assert lower[0] <= 3
    assert 40 <= lower[1] <= 60


HISTORY = {
    "loss": [2.3, np.nan, 1.0],
    "update_ratio": {"W": [1.0, 0.1, 0.01], "b": [1.0, 0.1, 0.1]},
    "grad_norm": [0.0] * 3,
}
EVERY_FIGURE = {
    "quadratic_model": lambda: figures.quadratic_model(
        [1.0, 0.0, 0.0], np.diag([1.0, 2.0, -1.0]), [-1.0, 0.0, 0.0]
    ),
    "paths": lambda: figures.paths(
        (np.arange(2.0), np.arange(3.0), RNG.random((3, 2))),
        {"w": np.ones((4, 2))},
        {"w": np.zeros(4)},
    ),
    "monitor": lambda: figures.monitor(HISTORY, 2.3, "a run"),
    "lead_losses": lambda: figures.lead_losses(slopes=False),
    "ensemble": lambda: figures.ensemble({"one": 0.5, "two": 0.7}, {"mean": 0.4}),
    "bars": lambda: figures.bars({"one": 1.0, "two": 2e6}, "parameters", log=True, form=","),
    "beliefs": lambda: figures.beliefs(
        RNG.random((5, 12)), RNG.dirichlet(np.ones(4), 5), np.arange(5) % 4, "abcd", (2, 2, 3)
    ),
    "accuracy_map": lambda: figures.accuracy_map([1e-3, 1e-2], [1e-4, 1e-3], RNG.random((2, 2))),
    "centring": lambda: figures.centring(
        RNG.random((5, 12)), RNG.random(12), RNG.random((5, 12)), (2, 2, 3)
    ),
    "chain": lambda: figures.chain([("X", "(N, D)"), ("loss", "")], [("forward", "backward")]),
    "computation_graph": lambda: figures.computation_graph(
        [figures.Node("a"), figures.Node("b", "exp")], [figures.Arrow(0, 1)]
    ),
    "confusion": lambda: figures.confusion(LABELS, LABELS[::-1], TEN),
    "contributions": lambda: figures.contributions(
        RNG.random(48), RNG.random(3), 1, ("a", "b", "c"), (4, 4, 3)
    ),
    "count_against_loss": lambda: figures.count_against_loss([1, 2], 1, 0.0),
    "crossover": lambda: figures.crossover(
        [3, 5], {"one": [1e-3, 2e-3]}, {"two": (3, 5e-4)}, "a title"
    ),
    "curves": lambda: figures.curves(
        [1, 2], {"a <b>": [1, 2]}, "x", "y", log="xy", guide=("line", [1, 1])
    ),
    "examples": lambda: figures.examples(RNG.random((20, 48)), LABELS, TEN, (4, 4, 3)),
    "gradient_agreement": lambda: figures.gradient_agreement([0.0, 1.0], [0.0, 1.0], [0.0, 0.0]),
    "heat_maps": lambda: figures.heat_maps({"zero": np.zeros((2, 2))}, "row", "column"),
    "hinge_shapes": lambda: figures.hinge_shapes(
        ("zero-one", "hinge", "squared hinge"), slopes=True
    ),
    "history": lambda: figures.history([3.0]),
    "hyperplanes": lambda: figures.hyperplanes(np.eye(2), [0.0, 1.0], [1.0, 1.0]),
    "kink": lambda: figures.kink(0.1, 0.3),
    "maps": lambda: figures.maps(
        {"<one>": RNG.random((1, 4, 6)), "two": RNG.standard_normal((3, 4, 6))}, title="two"
    ),
    "margin_bars": lambda: figures.margin_bars([1.0, 2.0], 0, class_names=["cat & dog", "frog"]),
    "margin_histogram": lambda: figures.margin_histogram({"one": RNG.random(9)}),
    "parameter_errors": lambda: figures.parameter_errors(
        {"W1": 1e-9, "b1": np.inf, "b2": 0.0}, 1e-5
    ),
    "product_entry": lambda: figures.product_entry(np.eye(2), np.eye(2), 0, 1),
    "product_shapes": lambda: figures.product_shapes(
        [("X", "N", "D")], ("X", "N", "D"), {"N": 1, "D": 2}
    ),
    "rectangle": lambda: figures.rectangle(3.0, 2.0),
    "sampling": lambda: figures.sampling((1e-3, 1.0)),
    "score_lines": lambda: figures.score_lines(np.zeros((1, 2)), np.array([0])),
    "shared_means": lambda: figures.shared_means({"layer <": np.array([[0, 0], [1, 1]])}),
    "step_error": lambda: figures.step_error([1e-3, 1e-2], [0.0, 1e-4]),
    "templates": lambda: figures.templates(np.zeros((4, 2)), ("a", "b"), (2, 2), "title"),
    "trials": lambda: figures.trials([(1.0, 1.0, 0.5, 0.5)] * 3, 2, (False, False)),
    "volumes": lambda: figures.volumes({"image": (3, 32, 32), "maps": (64, 8, 8), "scores": (10,)}),
    "character_bars": lambda: figures.character_bars("ab<", {"text": [1, 5, 3]}, "chance"),
    "eigenvalues": lambda: figures.eigenvalues({"turn": np.array([[0.0, -0.5], [0.5, 0.0]])}),
    "fates": lambda: figures.fates([("kept <", np.eye(2), "linear", [2.0, 2.0])]),
    "gate_blocks": lambda: figures.gate_blocks([("Wx", "ifog", "D", False)]),
    "letters": lambda: figures.letters("a<", {"one": [-3.0, 1.0]}, "States"),
    "passages": lambda: figures.passages({"cold": "the <b> $1\n\nsat"}),
    "stretch": lambda: figures.stretch(np.diag([1.5, 0.5]), 2),
    "search_tree": lambda: figures.search_tree({"<": 0.5, "<$": 0.2, "<b": 0.3}, {"<"}, "<b"),
    "unrolled": lambda: figures.unrolled(list("a<"), list("bc")),
    "violations": lambda: figures.violations(
        np.zeros((1, 2), bool), np.zeros(1, int), np.zeros(1, int), ("a", "b")
    ),
}


def test_the_list_below_names_every_figure():
    assert set(EVERY_FIGURE) == set(figures.__all__) - {"Arrow", "Node", "Picture", "visible"}


@pytest.mark.parametrize(
    "name", one_in(4, map(pytest.param, EVERY_FIGURE), pytest.mark.integration)
)
def test_every_figure_is_an_image_with_words_for_it(name):
    picture = EVERY_FIGURE[name]()
    assert isinstance(picture, Picture)
    assert len(picture.alt) > 20
    assert picture.alt.endswith(".")
    assert picture.png().startswith(b"\x89PNG")
    alt = re.match(r'<img alt="([^"<>]+)" width="\d+"', picture.html())
    assert alt is not None
    assert repr(picture) == f"[figure: {picture.alt}]"


def test_a_figure_leaves_the_readers_own_style_alone():
    import matplotlib

    with matplotlib.rc_context({"axes.spines.top": True, "font.size": 17}):
        figures.kink(0.1, 0.1).png()
        assert matplotlib.rcParams["font.size"] == 17
