"""How every figure looks: readable on white paper and in JupyterLab's dark theme, with a title and
labels; and the charts that a browser draws show what matplotlib shows.
"""

import html
import io
import re
import xml.etree.ElementTree as ElementTree
from functools import cache
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from coursekit import widgets
from coursekit.figures import Picture, palette
from coursekit.figures.chart import said, steps
from coursekit.figures.hyperplanes import ahead
from coursekit.figures.marks import Frame, Region, level_line
from coursekit.figures.picture import ON_SCREEN
from coursekit.widgets.explorer import _NAMING, Explorer
from coursekit.widgets.plane import WEIGHTS

from ..parts import one_in
from .test_figures import EVERY_FIGURE
from .test_widgets import MAKERS

SVG = "{http://www.w3.org/2000/svg}"
EVERY = EVERY_FIGURE | {f"widgets.{name}": make for name, make in MAKERS.items()}
THEMES = {"light": ("#212121", "#ffffff"), "dark": ("#ffffff", "#111111")}
"""The colours of JupyterLab's themes: of text, where its 87 % of black lie on white, and of paper."""
ONLY_TEXT = ("passages", "widgets.text_sampler")  # each piece stands under its own title


@cache
def picture(name: str) -> Picture:
    made = EVERY[name]()
    return made.picture() if isinstance(made, Explorer) else made


@cache
def written_as_svg(name: str) -> str:
    return picture(name).svg()


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    parts = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)]) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    dark, bright = sorted(map(luminance, (one, other)))
    return (bright + 0.05) / (dark + 0.05)


def test_contrast_is_what_wcag_says():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


def on_screen(text: Text, ink: str) -> str:
    """The colour that a browser gives to words where the theme's text is ``ink``."""
    colour = to_hex(text.get_color())
    if colour == palette.INK:
        return ink
    named = {one.lower() for one in (*palette.CLASSES, palette.GREY)}
    return palette.written(colour, ink) if colour in named else colour


some_at_once = pytest.mark.parametrize(
    "name", one_in(4, map(pytest.param, EVERY), pytest.mark.integration)
)


@pytest.mark.parametrize("theme", THEMES)
@some_at_once
def test_words_are_readable(name, theme):
    ink, paper = THEMES[theme]
    figure = picture(name).figure
    painted = {
        id(text)
        for axes in figure.axes
        if axes.images or axes.collections
        for text in axes.texts
        if to_hex(text.get_color()) in ("#000000", "#595959", "#ffffff")  # chosen by what is below
    }
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        if text.get_text().strip() and text.get_visible() and id(text) not in painted:
            colour = on_screen(text, ink)
            assert contrast(colour, paper) >= 4.5, (text.get_text(), colour)


@pytest.mark.parametrize("name", EVERY)
def test_words_on_an_image_keep_their_colour_in_every_theme(name):
    for axes in picture(name).figure.axes:
        if axes.images:
            assert all(to_hex(text.get_color()) != palette.INK for text in axes.texts)


@pytest.mark.parametrize("colour", [*palette.CLASSES[:6], palette.GREY])
@pytest.mark.parametrize("theme", THEMES)
def test_words_in_a_colour_are_readable_and_still_of_that_colour(colour, theme):
    ink, paper = THEMES[theme]
    mixed = palette.written(colour, ink)
    assert contrast(mixed, paper) >= 4.5
    parts = [[int(one[k : k + 2], 16) for k in (1, 3, 5)] for one in (colour, mixed)]
    assert (
        np.argsort(parts[0], kind="stable").tolist() == np.argsort(parts[1], kind="stable").tolist()
    )


@pytest.mark.parametrize("name", EVERY)
def test_lines_and_frames_are_seen_on_the_dark_theme(name):
    for axes in picture(name).figure.axes:
        for line in axes.lines:
            colour = to_hex(line.get_color())
            seen = "#ffffff" if colour == palette.INK else colour
            assert contrast(seen, "#111111") >= 3, colour
        for spine in axes.spines.values():
            assert to_hex(spine.get_edgecolor()) in (palette.INK, palette.PALE.lower())


@some_at_once
def test_on_a_screen_a_figure_is_made_of_the_pages_colours(name):
    svg = written_as_svg(name)
    root = ElementTree.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label") == picture(name).alt
    assert palette.INK not in svg
    assert palette.PAPER not in svg
    assert ON_SCREEN[palette.INK] in svg or name in ("maps", "centring")
    # A rule of style, or a name such as text_1, would be the whole page's.
    assert "<style" not in svg
    assert not re.search(r' id="[a-zA-Z0-9.]+_\d+"', svg)


@pytest.mark.parametrize("name", ["kink", "templates", "trials"])
def test_what_two_pictures_of_a_page_name_alike_is_the_same(name):
    named: dict[str, str] = {}
    for which in ("kink", "heat_maps", "violations", name):
        for part in ElementTree.fromstring(EVERY_FIGURE[which]().svg()).iter():
            if part.get("id"):
                said_there = ElementTree.tostring(part, encoding="unicode").strip()
                assert named.setdefault(part.get("id", ""), said_there) == said_there


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_left_of_a_white_ground(name):
    width, height = map(
        float, ElementTree.fromstring(written_as_svg(name)).get("viewBox", "").split()[2:]
    )
    for shape in ElementTree.fromstring(written_as_svg(name)).iter(f"{SVG}path"):
        if "#ffffff" in shape.get("style", "") and "fill: none" not in shape.get("style", ""):
            places = [float(one) for one in re.findall(r"-?\d+\.?\d*", shape.get("d", ""))]
            wide, high = np.ptp(places[::2]), np.ptp(places[1::2])
            assert wide * high < 0.02 * width * height


def test_in_a_file_a_figure_is_black_on_white(monkeypatch):
    monkeypatch.setenv("CHAINRULE_WIDGETS", "still")
    shown = EVERY_FIGURE["curves"]()
    assert shown.html().startswith("<img alt=")
    pixels = np.asarray(Image.open(io.BytesIO(shown.png())).convert("RGBA"))
    assert (pixels[..., 3] == 255).all()
    assert pixels[0, 0, :3].min() >= 254
    assert pixels[..., :3].max(axis=-1).min() < 40
    monkeypatch.setenv("CHAINRULE_WIDGETS", "live")
    assert shown.html() == shown.svg()


def test_words_of_a_file_are_darker_than_their_colour_only_while_it_is_written():
    shown = MAKERS["gate_playground"]().picture()
    words = [text.get_color() for text in shown.figure.axes[0].texts]
    assert palette.BLUE in words
    shown.png()
    assert [text.get_color() for text in shown.figure.axes[0].texts] == words


def says(axes: Any, which: str) -> bool:
    """Whether numbers stand along an axis. Names say themselves what they are names of."""
    axis = getattr(axes, f"{which}axis")
    sides = ("labelbottom", "labeltop") if which == "x" else ("labelleft", "labelright")
    shown = axis.get_tick_params()
    if not (axes.axison and axis.get_visible() and len(axis.get_ticklocs())):
        return False
    labels = [label.get_text() for label in axis.get_ticklabels() if label.get_text()]
    number = re.compile(r"[-−]?\$?[\d.−{}^\\a-z]*\d.*")
    numbers = not labels or all(number.fullmatch(label) for label in labels)
    return numbers and any(shown.get(side, side in ("labelbottom", "labelleft")) for side in sides)


@pytest.mark.parametrize("name", [name for name in EVERY if name not in ONLY_TEXT])
def test_every_axis_has_a_label_and_every_figure_a_title(name):
    figure = picture(name).figure
    titles = [figure.get_suptitle(), *(axes.get_title() for axes in figure.axes)]
    assert any(titles)
    for axes in figure.axes:
        if axes.get_label() == "<colorbar>":
            continue  # how bright is how much stands in the title, or beside it
        for which in "xy":
            if says(axes, which):
                assert getattr(axes, f"get_{which}label")(), which
                assert axes.get_title() or figure.get_suptitle()


# --- charts that a browser draws --------------------------------------------------------------------

CHARTS = ("hinge_explorer", "plane_explorer", "optimiser_race", "gate_playground")


@pytest.mark.parametrize("name", CHARTS)
def test_what_follows_a_slider_is_drawn_without_matplotlib(name, monkeypatch):
    explore = MAKERS[name]()

    def refuse(*given: object, **named: object) -> None:
        raise AssertionError("matplotlib was asked")

    monkeypatch.setattr("coursekit.figures.chart.canvas", refuse)
    monkeypatch.setattr("coursekit.figures.picture.canvas", refuse)
    assert explore.picture().svg().startswith("<svg")


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_says_on_a_screen_what_it_says_in_a_file(name):
    shown = MAKERS[name]().picture()
    root = ElementTree.fromstring(shown.svg())
    words = {text.text for text in root.iter(f"{SVG}text")}
    for axes in shown.figure.axes:
        parts = [axes.get_title()]
        if axes.axison:
            parts += [axes.get_xlabel(), axes.get_ylabel()]
        parts += [text.get_text() for text in axes.texts if text.get_text()]
        if axes.get_legend():
            parts += [text.get_text() for text in axes.get_legend().get_texts()]
        assert set(parts) <= words


def test_bars_of_a_browser_are_as_high_as_the_numbers():
    root = ElementTree.fromstring(widgets.hinge_explorer().picture().svg())
    scores, margins, slopes = np.split(
        np.array([float(bar.get("height", 0)) for bar in root.iter(f"{SVG}rect")]), [3, 5]
    )
    np.testing.assert_allclose(scores / scores[0], np.abs([3.2, 5.1, -1.7]) / 3.2, atol=0.01)
    np.testing.assert_allclose(margins[1] / margins[0], 3.9 / 2.9, atol=0.02)
    np.testing.assert_allclose(slopes / slopes[0], [1, 1, 0], atol=0.01)


def test_words_of_a_chart_are_words_and_no_markup():
    shown = widgets.gate_playground(
        (lambda x, y: (x + y, None), lambda dout, cache: (3 * dout, dout))
    ).picture()
    ElementTree.fromstring(shown.svg())
    assert html.escape(shown.alt) in shown.svg()


def test_a_frame_puts_numbers_where_they_belong():
    frame = Frame(200, 100, (0, 10), (-1, 1))
    np.testing.assert_allclose(frame.x([0, 5, 10]), [0, 100, 200])
    np.testing.assert_allclose(frame.y([-1, 0, 1]), [100, 50, 0])
    np.testing.assert_allclose(Frame(1, 90, (0, 1), (1e-2, 10), log_y=True).y([0.1, 10]), [60, 0])
    assert frame.path([0, np.nan, 10, 5], [1, 0, 0, 0]) == "M0.0,0.0M200.0,50.0L100.0,50.0"


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [
        (0, 4, ["0", "1", "2", "3", "4"]),
        (-0.05, 2.5, ["0.0", "0.5", "1.0", "1.5", "2.0", "2.5"]),
        (-9, 14, ["−5", "0", "5", "10"]),
        (0, 1200, ["0", "200", "400", "600", "800", "1000", "1200"]),
    ],
)
def test_an_axis_is_marked_at_round_numbers(low, high, marks):
    at = steps(low, high)
    assert [said(one, at) for one in at] == marks


def test_a_level_line_lies_where_the_surface_has_that_height():
    x, y = np.linspace(-2, 2, 41), np.linspace(-1.5, 1.5, 31)
    heights = x[None, :] ** 2 + y[:, None] ** 2
    pieces = level_line(x, y, heights, 1.0)
    assert np.abs(np.hypot(pieces[..., 0], pieces[..., 1]) - 1).max() < 0.01
    length = np.hypot(*(pieces[:, 1] - pieces[:, 0]).T).sum()
    assert length == pytest.approx(2 * np.pi, rel=0.01)
    assert len(level_line(x, y, heights, 99.0)) == 0


def inside(loop: np.ndarray, place: np.ndarray) -> bool:
    """Whether a place is in a convex polygon, whichever way its corners run."""
    sides = np.roll(loop, -1, axis=0) - loop
    away = place - loop
    turns = sides[:, 0] * away[:, 1] - sides[:, 1] * away[:, 0]
    return len(loop) > 2 and bool((turns >= 0).all() or (turns <= 0).all())


@pytest.mark.parametrize("by", [0.0, 1.0])
def test_a_region_of_the_plane_is_where_its_class_leads(by):
    rng = np.random.default_rng(0)
    for place in rng.uniform(-3, 3, (200, 2)):
        scores = np.append(place, 1.0) @ WEIGHTS
        leads = [scores[c] - np.delete(scores, c).max() for c in range(3)]
        assert [inside(ahead(WEIGHTS, c, by), place) for c in range(3)] == [
            lead >= by for lead in leads
        ]


def test_where_nobody_leads_there_is_no_region():
    assert [len(ahead(0 * WEIGHTS, c, 1.0)) for c in range(3)] == [0, 0, 0]


def test_a_region_with_a_hole_has_it_in_matplotlib_too():
    square = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])
    for hole in (1 + square / 2, 1 + square[::-1] / 2):
        figure = Figure(figsize=(1, 1), dpi=100)
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, 4), ylim=(0, 4))
        axes.axis("off")
        Region([square, hole], palette.BLUE, 1.0).on_axes(axes)
        file = io.BytesIO()
        figure.savefig(file)
        pixels = np.asarray(Image.open(file).convert("RGB"))
        assert pixels[50, 50].tolist() == [255, 255, 255]
        assert to_hex(pixels[10, 10] / 255) == palette.BLUE.lower()


# --- the names of controls --------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_every_control_has_a_name_of_its_own(name, monkeypatch):
    monkeypatch.setenv("CHAINRULE_WIDGETS", "live")
    explore = MAKERS[name]()
    names = [control.label for control in explore.controls.values()]
    assert all(one.strip() for one in names)
    assert len(set(names)) == len(names)


def test_a_slider_gets_the_name_of_the_label_beside_it(browser):
    """The elements are those of ipywidgets 8, whose sliders have no name."""
    slider = (
        '<div class="jupyter-widgets"><label>{name}</label><div role="slider" tabindex="0"></div>'
        '<div class="widget-readout" contenteditable="true">3.2</div></div>'
    )
    page = browser.new_page()
    try:
        first = slider.format(name="score of cat")
        page.set_content(f'<div class="chainrule-explorer">{first}<p>{_NAMING}</p></div>')
        page.get_by_role("slider", name="score of cat").wait_for(state="attached")
        assert page.get_by_role("textbox", name="score of cat").count() == 1
        later = slider.format(name="delta")
        page.evaluate(
            "made => document.querySelector('.chainrule-explorer').insertAdjacentHTML("
            "'beforeend', made)",
            later,
        )
        page.get_by_role("slider", name="delta").wait_for(state="attached")
    finally:
        page.close()
