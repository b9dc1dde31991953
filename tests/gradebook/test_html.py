"""What a browser gets to see of what students wrote."""

from __future__ import annotations

import html5lib  # parses as a browser does
import pytest

from autograder.gradebook.html import TOO_MUCH, clean, clean_markdown
from autograder.language.verdict import Finding, Verdict
from autograder.report import to_html


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        "<ScRiPt src=//x>",
        "<scr<script>x</script>ipt>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)>",
        "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href=' JaVa\nScRiPt:alert(1)'>x</a>",
        "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
        "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
        "<img src='https://elsewhere.example/pixel.png'>",
        "<form action=/formgrader/api><input name=score value=10></form>",
        "<div style='position:fixed;top:0;background:url(//x)'>x</div>",
        "<div id='check_half_square' class='score'>x</div>",
        "<style>body{display:none}</style>",
        "<base href='//x'><meta http-equiv=refresh content='0;//x'><link rel=stylesheet href=//x>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        r"$\href{javascript:alert(1)}{x}$",
    ],
)
@pytest.mark.parametrize("filter", [clean, clean_markdown])
def test_nothing_that_acts_survives(evil: str, filter):
    shown = filter(evil)
    assert not _active(shown), shown


def _active(html: str) -> list[str]:
    """What would act if a browser read this: found by parsing it as a browser does, not by looking
    at the text.
    """
    found: list[str] = []
    for element in html5lib.parseFragment(html, namespaceHTMLElements=False).iter():
        tag = str(element.tag)
        if tag in {
            "script",
            "style",
            "iframe",
            "svg",
            "math",
            "form",
            "input",
            "base",
            "meta",
            "link",
            "object",
            "embed",
        }:
            found.append(tag)
        for name, value in element.attrib.items():
            squeezed = "".join(value.split()).lower()
            if (
                name.startswith("on")
                or name in {"id", "srcdoc", "action", "formaction"}
                or "score" in squeezed
            ):
                found.append(name)
            elif (
                "javascript:" in squeezed
                or squeezed.startswith("data:text")
                or "url(" in squeezed
                or "position" in squeezed
            ):
                found.append(f"{name}={value}")
            elif name == "src" and not squeezed.startswith("data:image/png"):
                found.append(f"src={value}")
        if "\\href" in (element.text or ""):
            found.append("TeX link")
    return found


def test_the_test_above_can_fail():
    assert _active("<a href='javascript:x'>x</a>")
    assert _active("<a id='y'>x</a>")


def test_our_own_report_survives_unharmed():
    verdict = Verdict(
        "f",
        3,
        1.5,
        "partial",
        (Finding("Values", False, "dW is <b>(C, D)</b>", "a & b"), Finding("D", True, "m")),
    )
    report = to_html(verdict)
    for kept in (
        "border-left: 4px solid",
        "<strong>f: ",
        "&lt;b&gt;(C, D)&lt;/b&gt;",
        "<td style=",
        "a &amp; b",
    ):
        assert kept in report
        assert kept.replace(": 4px", ":4px") in clean(report)


@pytest.mark.parametrize(
    "good",
    [
        "<h2>Title</h2>\n<p>A <em>word</em>, $x_1 &lt; x_2$<br>and <code>W @ x</code></p>",
        "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
        '<div class="highlight"><pre><span class="k">def</span></pre></div>',
        '<p><img src="data:image/png;base64,aGk=" alt="a plot"></p>',
        '<ul><li><a href="https://cs231n.github.io" title="notes">x</a></li></ul><hr>',
    ],
)
def test_lecture_and_answers_survive(good: str):
    assert clean(good) == good
    assert clean_markdown(good) == good


@pytest.mark.parametrize(
    "endless",
    [
        "<div>" * 20_000,
        '<div title="</div>">' * 20_000,
        "<p>" + "".join(f"<b title={number}>" for number in range(100)) + "<p>x" * 9_000,
    ],
)
def test_what_would_keep_a_parser_busy_is_not_parsed(endless: str):
    assert clean(endless) == TOO_MUCH


def test_a_long_table_is_shown():
    row = "<tr>" + "<td>0.5</td>" * 20 + "</tr>"
    table = f"<table><tbody>{row * 200}</tbody></table>"
    assert clean(table) == table


def test_commands_in_formulas_are_found_where_tags_were():
    for hidden in (r"\hr<x></x>ef{y}", r"\hr<!-- -->ef{y}", "&#92;href{y}"):
        assert "href" in clean(hidden)
        assert r"\href" not in clean(hidden)
