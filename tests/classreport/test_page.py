"""The page in a real browser: nothing of a student's runs, and everybody can read it, on paper
too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from .cohort import HOSTILE_ID, HOSTILE_NAME

PHONE, DESKTOP = {"width": 375, "height": 740}, {"width": 1280, "height": 900}

CONTRASTS = """() => {
  const channels = text => text.match(/[0-9.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map(v => v / 255)
    .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, k) => sum + v * [0.2126, 0.7152, 0.0722][k], 0);
  const behind = element => {
    for (let one = element; one; one = one.parentElement) {
      const found = channels(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const ratio = (one, other) => {
    const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (light + 0.05) / (dark + 0.05);
  };
  const said = [], drawn = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (own) said.push([ratio(channels(getComputedStyle(element).color), behind(element)), element.outerHTML.slice(0, 80)]);
  }
  for (const bar of document.querySelectorAll('.bar')) {
    drawn.push(ratio(channels(getComputedStyle(bar).backgroundColor), behind(bar.parentElement)));
  }
  return [said, drawn];
}"""


def opened(browser: Browser, report: dict[str, Any], **context: Any) -> Page:
    page = browser.new_context(**context).new_page()
    page.goto(Path(report["files"]["page"]).as_uri())
    return page


def test_nothing_that_students_wrote_runs(browser: Browser, report, tmp_path: Path):
    policed = Path(report["files"]["page"]).read_text()
    bare = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", policed)
    assert len(bare) < len(policed)
    for name, html in (("policed", policed), ("bare", bare)):  # escaping alone must be enough
        (tmp_path / f"{name}.html").write_text(html)
        page = browser.new_page()
        seen: list[str] = []
        page.on("request", lambda request, seen=seen: seen.append(request.url))
        page.on("console", lambda message, seen=seen: seen.append(message.text))
        page.on("dialog", lambda dialog, seen=seen: seen.append(dialog.message))
        page.goto((tmp_path / f"{name}.html").as_uri())
        for summary in page.locator("summary").all():
            summary.click()
        page.wait_for_timeout(200)
        assert page.title() == "tiny: class report"
        assert page.locator("script, img, svg, iframe, object, embed, link").count() == 0
        assert seen == [(tmp_path / f"{name}.html").as_uri()]
        text = page.locator("body").inner_text()
        assert HOSTILE_ID in text  # shown as what it is
        assert HOSTILE_NAME in text
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_it_fits_and_can_be_read(browser: Browser, report, scheme, viewport):
    page = opened(browser, report, viewport=viewport, color_scheme=scheme)
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    said, drawn = page.evaluate(CONTRASTS)
    assert len(said) > 100
    assert {what: ratio for ratio, what in said if ratio < 4.5} == {}
    assert drawn
    assert min(drawn) >= 3
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")


def test_no_number_is_only_a_picture(browser: Browser, report):
    """Every bar is hidden from readers and stands beside its number; what presses is marked by a
    sign, not by colour.
    """
    page = opened(browser, report)
    for row in page.locator("tr:has(.bar), li:has(.bar)").all():
        assert re.search(r"\d", row.inner_text()), row.inner_html()
    assert page.locator(".track:not([aria-hidden=true])").count() == 0
    for row in page.locator("tr.pressing").all():
        assert "▲" in row.inner_text()
    assert page.locator("tr.pressing").count() == 5
    assert page.locator("table:not(:has(th[scope=col]))").count() == 0


def test_on_paper_nothing_is_folded_away(browser: Browser, report):
    page = opened(browser, report, color_scheme="dark")
    who = page.locator("#mistakes details p").first
    assert who.evaluate(
        "one => !one.checkVisibility({contentVisibilityAuto: true}) || one.offsetHeight === 0"
    )
    page.emulate_media(media="print")
    assert who.evaluate("one => one.checkVisibility() && one.offsetHeight > 0")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")
    said, _ = page.evaluate(CONTRASTS)
    assert min(ratio for ratio, _ in said) >= 4.5
