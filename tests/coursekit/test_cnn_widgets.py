"""The widgets of the CNN notebook: what they count and measure is right, and they judge the
reader's functions.
"""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from coursekit import figures, load_photo, widgets
from coursekit.figures import palette
from coursekit.widgets import architecture, pooling, reach, window
from coursekit.widgets.layer_sizes import KNOWN, Layer, layer_picture, places

ANSWERS: Any = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "cnn.py"))


def stub(*_: object, **__: object):
    raise NotImplementedError


# --- W13: sizes -----------------------------------------------------------------------------------


def test_places_that_are_walked_are_as_many_as_the_formula_says():
    rng = np.random.default_rng(0)
    for W, F, S, P in rng.integers([3, 1, 1, 0], [40, 12, 6, 6], (200, 4)).tolist():
        found = len(places(Layer(W, F, S, P, 1, 1)))
        assert found == (ANSWERS["conv_output_size"](W, F, S, P) if W + 2 * P >= F else 0)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("10 filters, 5 x 5 over 32 x 32 x 3", "output 32 x 32 x 10, parameters 760"),
        ("AlexNet's first", "output 55 x 55 x 96, parameters 34,944"),
        ("AlexNet's first, on the paper's 224", "1 entry is never read"),
        (
            "VGG-16's second",
            "output 224 x 224 x 64, parameters 36,928, multiplications 1,849,688,064",
        ),
        ("ResNet's first", "output 112 x 112 x 64"),
    ],
)
def test_well_known_layers(name, told):
    alt = widgets.layer_calculator().picture(known=KNOWN[name]).alt
    assert told in alt
    assert ("comes out even" in alt) is (
        name not in ("AlexNet's first, on the paper's 224", "ResNet's first")
    )


def test_a_filter_that_does_not_fit_is_said_to():
    picture = layer_picture(Layer(3, 7, 1, 1, 3, 2))
    assert "The filter does not fit" in picture.alt
    assert picture.png().startswith(b"\x89PNG")


# --- W14: the window ------------------------------------------------------------------------------


def test_the_window_and_the_reference_agree_at_every_place():
    explore = widgets.sliding_window(ANSWERS["conv_forward_naive"])
    for stride, pad, step in ((1, 0, 7), (2, 1, 48), (3, 2, 3)):
        for which in window.FILTERS:
            alt = explore.picture(stride=stride, pad=pad, step=step, which=which).alt
            assert "as the products say" in alt


def test_a_flipped_filter_is_noticed():
    def flipping(x, w, b, conv_param):
        return ANSWERS["conv_forward_naive"](x, w[:, :, ::-1, ::-1], b, conv_param)

    explore = widgets.sliding_window(flipping)
    assert "the products add up to -2" in explore.picture(step=8).alt
    assert (
        "as the products say" in explore.picture(step=8, which="a lone spot").alt
    )  # the same either way


def test_a_wrong_shape_is_said():
    explore = widgets.sliding_window(lambda x, w, b, conv_param: (x, None))
    assert (
        "your output has shape (1, 1, 7, 7); here it must be (1, 1, 5, 5)" in explore.picture().alt
    )


def test_the_output_fills_up_place_by_place():
    shown = widgets.sliding_window().picture(step=8).figure.axes[3].images[0].get_array()
    assert np.isfinite(np.asarray(shown)).sum() == 9


# --- W15: columns ---------------------------------------------------------------------------------


def test_each_column_is_its_window():
    explore = widgets.im2col_explorer(ANSWERS["im2col"])
    for place in range(9):
        assert f"Your column {place} is the framed window" in explore.picture(place=place).alt
    assert "18 x 9, 3.2 times as large" in explore.picture().alt
    assert "8 x 4, 0.64 times as large" in explore.picture(size=2, stride=3).alt


def test_columns_in_another_order_are_noticed():
    def backwards(x, HH, WW, stride, pad):
        return ANSWERS["im2col"](x, HH, WW, stride, pad)[::-1]

    assert "does not hold the framed window" in widgets.im2col_explorer(backwards).picture().alt
    transposed = widgets.im2col_explorer(lambda *given: ANSWERS["im2col"](*given).T)
    assert (
        "your matrix has shape (9, 18); here it must be (18, 9)"
        in transposed.picture().alt.replace("Your", "your")
    )


# --- W16: pooling ---------------------------------------------------------------------------------

POOLING = (ANSWERS["max_pool_forward"], ANSWERS["max_pool_backward"])


@pytest.mark.parametrize("image", pooling.IMAGES)
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 2), (3, 1), (1, 3), (4, 4)])
def test_the_reference_is_what_measuring_allows(image, size, stride):
    alt = widgets.pooling_router(POOLING).picture(image=image, size=size, stride=stride).alt
    assert "Yours, and measuring agrees" in alt


def test_the_middle_wins_all_four_overlapping_windows():
    falling, rising = pooling.measured(pooling.IMAGES["all different"], 3, 2)
    np.testing.assert_array_equal(falling, rising)
    assert falling[2, 2] == 10 == falling.sum()


def last_wins(dout, cache):
    """Overlapping windows overwrite each other."""
    x, pool_param = cache
    dx, size, stride = np.zeros_like(x), pool_param["pool_height"], pool_param["stride"]
    for i, j in np.ndindex(*dout.shape[2:]):
        part = (..., slice(stride * i, stride * i + size), slice(stride * j, stride * j + size))
        dx[part] = np.where(x[part] == x[part].max(), dout[0, 0, i, j], dx[part])
    return dx


def test_overwriting_and_full_shares_at_ties_are_noticed():
    explore = widgets.pooling_router((POOLING[0], last_wins))
    assert "dx[2, 2] is 4, measuring says 10" in explore.picture(size=3).alt
    assert "adds up to 40; it must be 10" in explore.picture(image="all alike").alt


# --- W17: architectures ---------------------------------------------------------------------------


def test_vgg_16_in_figures():
    alt = widgets.architecture_builder(ANSWERS["network_summary"]).picture().alt
    for told in (
        "138,357,544 parameters",
        "15,237,608 activations",
        "15,470,264,320 multiplications",
        "58.1 MiB",
    ):
        assert told in alt


def test_alexnet_is_alexnet():
    rows, _ = ANSWERS["network_summary"](
        architecture.layers(architecture.NETWORKS["AlexNet on one tower"]), (3, 227, 227)
    )
    assert [row["shape"] for row in rows[1:4]] == [(96, 55, 55), (96, 27, 27), (256, 27, 27)]
    assert rows[1]["params"] == 34_944


def test_a_line_is_read_word_by_word():
    assert architecture.layers("64 M3 8:5/2+1 fc10") == [
        {"kind": "conv", "F": 3, "K": 64, "S": 1, "P": 1},
        {"kind": "pool", "F": 3, "S": 2},
        {"kind": "conv", "F": 5, "K": 8, "S": 2, "P": 1},
        {"kind": "fc", "K": 10},
    ]


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("64 conv", "'conv' is no layer"),
        ("0", "'0' is no layer"),
        ("8:0", "'8:0' is no layer"),
        ("", "1 to 40 layers"),
        ("fc5 64", "no images left"),
        ("8:99+0", "does not fit"),
    ],
)
def test_a_line_that_is_no_network_is_answered_in_words(typed, problem):
    explore = widgets.architecture_builder(ANSWERS["network_summary"])
    assert problem in explore.picture(known="", typed=typed, side=32).alt


# --- W18: cost ------------------------------------------------------------------------------------


def test_costs_cross_where_the_formulas_do():
    explore = widgets.cost_explorer(ANSWERS["conv_cost"])
    alt = explore.picture().alt
    assert "wins from 5 x 5 on" in alt
    assert "Winograd's method 2.25 times fewer" in alt
    assert "wins from 7 x 7 on" in explore.picture(channels=1, filters=1).alt


def test_cost_may_never_pay():
    explore = widgets.cost_explorer(lambda how, *sizes: 2.0 if how == "fft" else 1.0)
    assert "never wins" in explore.picture().alt


# --- receptive fields -----------------------------------------------------------------------------


def test_fields_that_are_followed_are_those_of_the_reference():
    rng = np.random.default_rng(1)
    for _ in range(100):
        layers = [
            (int(size), int(stride))
            for size, stride in rng.integers([1, 1], [6, 4], (rng.integers(1, 5), 2))
        ]
        # Where a stride jumps over entries, the field is counted from the first to the last.
        spans = [
            len(reach.seen(layers)[-1]),
            reach.seen(layers, 1)[-1][0] - reach.seen(layers)[-1][0],
        ]
        assert tuple(spans) == ANSWERS["receptive_field"](layers)


def test_a_wrong_field_is_noticed():
    explore = widgets.receptive_field_explorer(lambda layers: (9, 1))
    assert "field 9, jump 1; counted: 7, 1" in explore.picture().alt
    assert (
        "Yours: field 22, jump 8."
        in widgets.receptive_field_explorer(ANSWERS["receptive_field"]).picture(pooling=True).alt
    )


# --- a watched training ---------------------------------------------------------------------------


def test_a_training_is_watched_whoever_wrote_its_loop():
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    model = torch.nn.Linear(4, 3)
    data = [(torch.randn(5, 4), torch.randint(0, 3, (5,))) for _ in range(6)]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with widgets.WatchedTraining(model, data, 2, np.log(3), "a run") as watched:
        assert len(watched.batches) == 6
        history = ANSWERS["train_cnn"](model, optimizer, (watched.batches, data), 2)
    np.testing.assert_allclose(watched.monitor.history["loss"], history["train_loss"], rtol=1e-5)
    assert watched.bar.done == watched.bar.total == 12
    model.train()
    model(data[0][0])  # nobody watches any more
    assert len(watched.monitor.history["loss"]) == 12


def test_where_someone_looks_there_is_a_bar_and_the_loss_follows(monkeypatch, capsys):
    torch = pytest.importorskip("torch")
    monkeypatch.setenv("CHAINRULE_WIDGETS", "live")
    model = torch.nn.Linear(4, 3)
    data = [(torch.randn(5, 4), torch.randint(0, 3, (5,))) for _ in range(6)]
    with widgets.WatchedTraining(model, data, 2, title="a run") as watched:
        ANSWERS["train_cnn"](
            model, torch.optim.SGD(model.parameters(), lr=0.1), (watched.batches, data), 2
        )
    shown = capsys.readouterr().out
    assert "a run 12 of 12" in shown
    assert "A training run of 12 steps" in shown


def test_a_training_that_breaks_shows_what_there_was():
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(4, 3)
    data = [(torch.randn(5, 4), torch.randint(0, 3, (5,))) for _ in range(6)]
    watched = widgets.WatchedTraining(model, data, 1)

    def train():
        with watched:
            for images, _ in watched.batches:
                model(images)
                if watched.bar.done == 3:
                    raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        train()
    assert len(watched.monitor.history["loss"]) == 3


# --- figures and the photograph -------------------------------------------------------------------


def test_maps_show_grey_colour_and_signed_images():
    rng = np.random.default_rng(0)
    shown = {
        "grey": rng.random((4, 6)),
        "one": rng.random((1, 4, 6)),
        "colour": rng.random((3, 4, 6)),
    }
    shown |= {"colour last": rng.random((4, 6, 3)), "signed": rng.standard_normal((3, 4, 6))}
    axes: Any = figures.maps(shown).figure.axes
    assert [box.images[0].get_array().shape for box in axes] == [
        (4, 6),
        (4, 6),
        (4, 6, 3),
        (4, 6, 3),
        (4, 6),
    ]
    np.testing.assert_array_equal(axes[2].images[0].get_array(), shown["colour"].transpose(1, 2, 0))


def test_maps_that_share_a_mean_stand_in_one_frame():
    table = np.array([[0, 0, 1, 1], [2, 2, 3, 3]])
    picture = figures.shared_means({"groups": table, "all": 0 * table})
    assert "groups, 4 sets of 2; all, 1 sets of 8" in picture.alt
    for box, frames, coloured in zip(picture.figure.axes, (4, 1), (2, 8), strict=True):
        assert len(box.patches) == frames
        colours: Any = box.collections[0].get_facecolor()
        assert (colours[:, :3] == to_rgb(palette.BLUE)).all(axis=1).sum() == 9 * coloured


def test_a_crossover_says_who_wins_where():
    picture = figures.crossover(
        [3, 5, 7], {"one": [1e-3, 2e-3, 4e-3], "two": [2e-3, 2.5e-3, 3e-3]}, {"three": (3, 5e-4)}
    )
    assert picture.alt.endswith("Quickest of the lines: from 3 x 3 on one, from 7 x 7 on two.")
    assert "three at 3 x 3: 0.5" in picture.alt


def test_the_photograph_is_averaged_and_credited(capsys):
    small, smaller = load_photo(4), load_photo(8)
    assert small.shape == (3, 106, 160)
    assert 0 <= small.min() < 0.1 < 0.9 < small.max() <= 1
    np.testing.assert_allclose(
        small[:, :104].reshape(3, 52, 2, 80, 2).mean(axis=(2, 4)), smaller[:, :52]
    )
    assert "CC BY 2.0" in capsys.readouterr().out


@pytest.mark.parametrize(
    "make",
    [
        lambda: widgets.sliding_window(stub),
        lambda: widgets.im2col_explorer(stub),
        lambda: widgets.pooling_router((stub, stub)),
        lambda: widgets.architecture_builder(stub),
        lambda: widgets.cost_explorer(stub),
        lambda: widgets.receptive_field_explorer(stub),
    ],
)
def test_a_stub_is_heard_when_the_widget_is_made(make):
    with pytest.raises(NotImplementedError):
        make()
