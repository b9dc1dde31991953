"""Widgets: the pictures behind the controls show the right numbers, live where someone can move
them, still elsewhere.
"""

import re
import runpy
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from coursekit import widgets
from coursekit.figures import Picture
from coursekit.widgets import explorer, plane
from coursekit.widgets.hinge import hinge_picture
from coursekit.widgets.search_map import BEST_LR, BEST_REG, landscape

from ..parts import one_in

VIEW = "application/vnd.jupyter.widget-view+json"


def axes_of(picture: Picture) -> list[Any]:
    return picture.figure.axes


def hinge(x, y, W, delta):
    scores = W @ x
    return sum(max(0.0, scores[j] - scores[y] + delta) for j in range(len(scores)) if j != y)


def test_hinge_explorer_shows_margins_loss_and_slopes():
    scores, margins, slopes = axes_of(widgets.hinge_explorer().picture())
    np.testing.assert_allclose([bar.get_height() for bar in scores.patches], [3.2, 5.1, -1.7])
    np.testing.assert_allclose([bar.get_height() for bar in margins.patches], [2.9, -3.9])
    assert margins.get_title() == "margins: 1 violated, loss 2.9"
    assert [bar.get_height() for bar in slopes.patches] == [-1, 1, 0]


def test_hinge_explorer_follows_its_controls():
    alt = widgets.hinge_explorer().picture(frog=5.0, true_class=1, delta=2.0).alt
    assert "the true class is car, delta 2. Margins: cat 0.1, frog 1.9; 2 violated, loss 2." in alt
    assert "Slopes of the loss in the scores: cat +1, car -2, frog +1." in alt


def test_hinge_explorer_compares_the_readers_function():
    right = widgets.hinge_explorer(yours=hinge).picture(delta=2.0)
    assert "Your function says 3.9." in right.alt
    assert right.figure.get_suptitle() == "your L_i_vectorized says 3.9: the hatched bars added up"
    wrong = widgets.hinge_explorer(yours=lambda *given: hinge(*given) + given[-1]).picture()
    assert (
        wrong.figure.get_suptitle()
        == "your L_i_vectorized says 3.9: not what the hatched bars add up to"
    )


def test_a_stub_is_heard_when_the_widget_is_made():
    def stub(x, y, W, delta):
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        widgets.hinge_explorer(yours=stub)


def test_a_margin_of_exactly_zero_is_not_violated():
    alt = hinge_picture(np.array([2.0, 1.0, 0.0]), 0, 1.0).alt
    assert "0 violated, loss 0" in alt
    assert "cat 0, car 0, frog 0" in alt


def test_without_lambda_nothing_decides_between_scales():
    for a in (1.0, 1.5, 4.0):
        assert plane.data_loss(a * plane.WEIGHTS, plane.POINTS) == pytest.approx(0, abs=1e-12)
    assert plane.data_loss(0.9 * plane.WEIGHTS, plane.POINTS) > 0
    alt = widgets.plane_explorer().picture(a=3.0).alt
    assert "the data loss is 0 and the regularisation 0; nothing decides between scales" in alt


def test_with_lambda_one_scale_is_best():
    picture = widgets.plane_explorer().picture(reg=0.02)
    on_data, on_weights, both = axes_of(picture)[1].lines[:3]
    best = both.get_xdata()[np.argmin(both.get_ydata())]
    assert 0.3 < best < 1.05
    np.testing.assert_allclose(both.get_ydata(), on_data.get_ydata() + on_weights.get_ydata())
    assert f"the sum is smallest at a = {best:.3g}" in picture.alt


def test_a_point_pulled_across_the_line_costs():
    picture = widgets.plane_explorer().picture(point=0, right=2.4)
    moved = plane.POINTS + np.eye(9)[:, :1] * [2.4, 0]
    loss = plane.data_loss(1.5 * plane.WEIGHTS, moved)
    assert loss > 0.1
    assert f"the data loss is {loss:.3g}" in picture.alt


def test_a_row_turns_its_line_a_bias_shifts_it_and_stretching_leaves_it():
    explore = widgets.hyperplane_explorer()
    assert "class 1 has the row (1, 0.6) and the bias 0.5" in explore.picture().alt
    turned = explore.picture(chosen=2, turn=90).alt
    assert "class 2 has the row (1.2, 0) and the bias 0, its line lies 0 from the" in turned
    stretched = explore.picture(chosen=0, stretch=2.0).alt
    assert "class 0 has the row (-2, 1.2) and the bias 0, its line lies 0 from the" in stretched
    shifted = explore.picture(chosen=2, bias=1.2).alt
    assert "the row (0, -1.2) and the bias 1.2, its line lies 1 from the origin" in shifted
    assert "class 1 has the row (1, 0.6) and the bias 0.5" in shifted  # nobody else has moved


def test_a_product_is_a_row_times_a_column():
    explore = widgets.product_explorer()
    assert "(X @ w)[0, 0] = 1·4 + 2·5 = 14." in explore.picture().alt
    assert "(X @ w)[1, 2] = 3·1 + 0·(-1) = 3." in explore.picture(row=1, column=2).alt


@pytest.mark.parametrize(
    ("x", "h", "numeric"), [(0.1, 0.3, 2 / 3), (0.1, 0.05, 1), (-0.1, 0.05, 0), (0.0, 0.3, 0.5)]
)
def test_the_kink_shows_what_the_centred_difference_says(x, h, numeric):
    picture = widgets.kink_demo().picture(x=x, h=h)
    assert f"the numeric slope is {numeric:.3g}" in picture.alt
    assert ("inside" in picture.alt) is (abs(x) < h)


def test_the_search_map_warns_until_the_window_holds_the_best():
    explore = widgets.search_map()
    assert "on the border: widen the grid" in explore.picture().alt
    assert "inside the grid" in explore.picture(lr_centre=BEST_LR, reg_centre=BEST_REG).alt
    grid = np.logspace(-6, 1, 99)
    assert landscape(BEST_LR, BEST_REG) >= landscape(grid[:, None], grid[None, :]).max()


def test_the_search_map_asks_the_reader():
    asked = []

    def yours(best, value_range):
        asked.append((best, value_range))
        return len(asked) % 2 == 1

    picture = widgets.search_map(yours=yours).picture(lr_centre=1e-3, reg_centre=1e-2, decades=2.0)
    assert picture.alt.endswith("And your is_at_boundary: learning rate True, reg False.")
    np.testing.assert_allclose([asked[-2][1], asked[-1][1]], [(1e-4, 1e-2), (1e-3, 1e-1)])


ANSWERS = {
    name: value
    for assignment in ("backprop", "cnn")
    for name, value in runpy.run_path(
        str(Path(__file__).parents[2] / "solutions" / f"{assignment}.py")
    ).items()
}
ON_ANSWERS = {  # these have nothing to show without the reader's functions
    "architecture_builder": ("network_summary",),
    "broken_backward": ("TwoLayerNet", "overfit_small"),
    "cost_explorer": ("conv_cost",),
    "signal_explorer": (
        ("affine_forward", "affine_backward"),
        {"relu": ("relu_forward", "relu_backward")},
    ),
}


def found(names: Any) -> Any:
    """The answers of these names, in the same arrangement."""
    if isinstance(names, str):
        return ANSWERS[names]
    return (
        {k: found(v) for k, v in names.items()}
        if isinstance(names, dict)
        else tuple(map(found, names))
    )


MAKERS = {
    name: partial(getattr(widgets, name), *found(ON_ANSWERS.get(name, ())))
    for name in widgets.__all__
    if isinstance(getattr(widgets, name), FunctionType)
}
MAKERS["temperature_bars"] = partial(widgets.temperature_bars, "abc", [2.0, 1.0, 0.0])
MAKERS["text_sampler"] = partial(
    widgets.text_sampler, lambda temperature, first, rng: f"{temperature:.2f} " * 9, "ab"
)


@pytest.mark.parametrize("name", one_in(3, map(pytest.param, MAKERS), pytest.mark.integration))
def test_without_a_kernel_a_widget_is_a_still_picture_with_words(name, monkeypatch):
    monkeypatch.delenv("CHAINRULE_WIDGETS", raising=False)
    bundle = MAKERS[name]()._repr_mimebundle_()
    assert set(bundle) == {"text/plain", "text/html"}
    assert re.match(r'<img alt="[^"]{20,}"', bundle["text/html"])


def drawn_once(draw: Callable[..., Picture]) -> Callable[..., Any]:
    """The same pictures, each drawn and written out once however often it is asked for."""
    kept: dict[Any, SimpleNamespace] = {}

    def once(**values: Any) -> SimpleNamespace:
        plain = {
            name: one if isinstance(one, int | float | str) else id(one)
            for name, one in values.items()
        }
        setting = tuple(sorted(plain.items()))
        if setting not in kept:
            written = draw(**values).svg()
            kept[setting] = SimpleNamespace(svg=lambda: written)
        return kept[setting]

    return once


@pytest.mark.parametrize("name", one_in(9, map(pytest.param, MAKERS), pytest.mark.integration))
def test_live_every_control_redraws_the_picture(name, monkeypatch):
    from ipywidgets.widgets.widget import _instances

    monkeypatch.setenv("CHAINRULE_WIDGETS", "live")
    monkeypatch.setattr(
        "coursekit.figures.picture._DOTS_PER_INCH", 12
    )  # tiny pictures are drawn fast
    explore = MAKERS[name]()
    bundle = explore._repr_mimebundle_()
    assert bundle["text/html"].startswith('<svg role="img" aria-label="')  # without widgets, too
    box: Any = _instances[bundle[VIEW]["model_id"]]
    controls, shown, _ = box.children
    assert [handle.description for handle in controls.children] == [
        c.label for c in explore.controls.values()
    ]
    assert shown.value == explore.picture().svg()
    explore.draw = drawn_once(explore.draw)  # the live picture and the one it is compared with
    for handle, (which, control) in zip(controls.children, explore.controls.items(), strict=True):
        if isinstance(control, explorer.Choice):
            handle.value = list(control.options.values())[-1]
        elif isinstance(control, explorer.Switch):
            handle.value = not control.start
        elif isinstance(control, explorer.Text):
            handle.value = "a * b + a"
        else:
            handle.value = handle.min
        now = {
            key: other.value for key, other in zip(explore.controls, controls.children, strict=True)
        }
        assert shown.value == explore.picture(**now).svg(), which


def test_an_unknown_control_is_named():
    with pytest.raises(TypeError, match="no control is named height; there are x, h"):
        widgets.kink_demo().picture(height=1)


def test_a_front_end_gets_controls_and_a_conversion_gets_a_picture():
    """In a real kernel: JupyterLab's requests say which cell they are from, nbclient's and
    nbconvert's do not.
    """
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")
    try:
        found = {}
        for front_end, metadata in (("lab", {"cellId": "a"}), ("nbconvert", {})):
            code = "from coursekit import widgets\nwidgets.kink_demo()"
            request = client.session.msg(
                "execute_request", {"code": code, "silent": False}, metadata=metadata
            )
            client.shell_channel.send(request)
            while True:
                message = client.get_iopub_msg(timeout=60)
                if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                    continue
                assert message["msg_type"] != "error", message["content"]
                if message["msg_type"] == "execute_result":
                    found[front_end] = set(message["content"]["data"])
                if (
                    message["msg_type"] == "status"
                    and message["content"]["execution_state"] == "idle"
                ):
                    break
        assert found == {
            "lab": {"text/plain", "text/html", VIEW},
            "nbconvert": {"text/plain", "text/html"},
        }
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
