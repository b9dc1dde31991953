"""The site as it is read: nothing hidden is in it, nothing is asked of the network, and it fits a
phone and the dark.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from autograder.authoring.answers import read_answers
from autograder.authoring.build import assignments_in_source
from autograder.authoring.leak import Secrets, refuse_leaks
from autograder.errors import AuthoringError
from docs.pages.chapters import OWN_ANSWER, constants
from docs.pages.run import FIGURES

from .conftest import LIVE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ViewportSize

pytestmark = [pytest.mark.pages, pytest.mark.timeout(1800)]

ROOT = Path(__file__).resolve().parents[2]
NAMES = assignments_in_source(ROOT)
PATIENCE = 120_000
"""Milliseconds for a page to load, where much else is running."""
PHONE: ViewportSize = {"width": 390, "height": 844}
READABLE = 4.5
"""The contrast of body text that WCAG asks for at level AA."""

CONTRAST = """
() => {
  const luminance = (colour) => {
    const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map((one) => {
      const part = one / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (colour.startsWith('rgb(')) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('article p, article li, article td')];
  return texts.filter((node) => node.innerText.trim()).map((node) => {
    const both = [getComputedStyle(node).color, behind(node)].map(luminance);
    return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
  });
}
"""
WIDE = """
() => [...document.querySelectorAll('article *')]
  .filter((node) => node.getBoundingClientRect().right > innerWidth + 1)
  .map((node) => `${node.tagName} ${node.className} ${node.textContent.slice(0, 60)}`)
"""


class Words(HTMLParser):
    """The text of a page, and of each of its blocks of code."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.code: list[str] = []
        self._inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "pre":
            self._inside = True
            self.code.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._inside:
            self.code[-1] += data


def readable(name: str, page: str) -> Iterator[tuple[str, bytes]]:
    """A page's text, and each block of code as a file of Python."""
    words = Words()
    words.feed(page)
    yield name, "".join(words.text).encode()
    for number, code in enumerate(words.code):
        yield f"{name}-{number}.py", code.encode()


def files(site: Path) -> Iterator[tuple[str, bytes]]:
    """All that the site says."""
    for path in sorted(site.rglob("*")):
        if path.suffix == ".html":
            yield from readable(path.name, path.read_text())
        elif path.is_file() and path.suffix not in (".png", ".woff", ".woff2", ".ttf"):
            yield path.name, path.read_bytes()


# --- what is in it --------------------------------------------------------------------------------


def test_no_answer_no_hint_and_no_rubric_is_in_it(site: Path, hidden: Secrets) -> None:
    refuse_leaks(files(site), hidden)


def test_an_answer_on_a_page_is_found(site: Path, hidden: Secrets) -> None:
    page = (site / "svm.html").read_text()
    answers = read_answers(ROOT / "solutions" / "svm.py", "solutions/svm.py")
    answer = dict(answers.hidden())["svm_loss_vectorized"]
    body = "\n".join(answers.body(answer))
    planted = page.replace("</article>", f"<pre>{escape(body)}</pre></article>")
    assert planted != page
    with pytest.raises(AuthoringError, match="svm_loss_vectorized"):
        refuse_leaks(readable("svm.html", planted), hidden)


@pytest.mark.parametrize("name", NAMES)
def test_a_chapter_has_its_stubs_its_pictures_and_its_link(site: Path, name: str) -> None:
    page = (site / f"{name}.html").read_text()
    assert "YOUR CODE HERE" in page
    assert f'href="{LIVE.format(name=name)}"' in page
    assert "This demonstration waits for" not in page, "a demonstration was not run"
    pictures = re.findall(rf'src="({FIGURES}/[^"]+)"', page)
    assert len(pictures) > 20
    assert all((site / picture).is_file() for picture in pictures)
    assert page.count(OWN_ANSWER.strip()) >= (1 if constants(ROOT, name) else 0)


def test_every_formula_is_mathml(site: Path) -> None:
    for name in NAMES:
        page = (site / f"{name}.html").read_text()
        assert page.count("<math") > 20
        assert "MathJax" not in page


# --- how it reads ---------------------------------------------------------------------------------


def test_nothing_is_asked_of_the_network_and_no_page_is_wider_than_a_phone(
    site: Path, browser: Browser
) -> None:
    context = browser.new_context(viewport=PHONE, device_scale_factor=2)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    wide = {}
    for path in sorted(site.glob("*.html")):
        page.goto(path.as_uri())
        if page.evaluate("document.documentElement.scrollWidth") > PHONE["width"]:
            wide[path.name] = page.evaluate(WIDE)
    context.close()
    assert wide == {}
    assert [one for one in asked if not one.startswith((site.as_uri(), "data:"))] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_is_readable_in_the_light_and_in_the_dark(
    site: Path, browser: Browser, scheme: str
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport=PHONE)  # pyright: ignore[reportArgumentType]
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    for name in ("index", "svm", "lstm", "syllabus", "checks", "security"):
        page.goto((site / f"{name}.html").as_uri())
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (sum(map(float, re.findall(r"[\d.]+", background)[:3])) < 200) == (scheme == "dark")
        found = page.evaluate(CONTRAST)
        assert found
        assert min(found) >= READABLE, name
    context.close()


def test_a_chapters_pictures_are_seen_and_told(site: Path, browser: Browser) -> None:
    page = browser.new_page(viewport=PHONE)
    page.set_default_timeout(PATIENCE)
    page.goto((site / "svm.html").as_uri())
    pictures = page.locator("article .cell_output img")
    assert pictures.count() > 20
    for number in (0, 1, pictures.count() - 1):
        picture = pictures.nth(number)
        picture.scroll_into_view_if_needed()
        page.wait_for_function("(one) => one.naturalWidth > 0", arg=picture.element_handle())
        assert len((picture.get_attribute("alt") or "").split()) >= 8
        box = picture.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= PHONE["width"]
    page.close()


def test_search_finds_a_chapter(site: Path, browser: Browser) -> None:
    page = browser.new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{(site / 'search.html').as_uri()}?q=hinge")
    page.wait_for_selector("#search-results a[href*='svm.html']")
    page.close()
