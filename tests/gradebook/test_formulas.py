"""Formulas are MathML when a page is written: all of ours, what students type, and nothing that
acts.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import html5lib
import pytest

from autograder.gradebook.formulas import as_mathml
from autograder.gradebook.html import clean_markdown, markdown

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {"math", "mi", "mn", "mo", "mtext", "mspace", "mrow", "mfrac", "msqrt", "mstyle", "msub"}
ALLOWED |= {"msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd", "mpadded"}
ALLOWED |= {"menclose", "mroot", "DOCUMENT_FRAGMENT", "code", "p"}
FENCED = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
DOLLARS = re.compile(r"(?<!\\)\$\$(.*?)\$\$|(?<![$\\])\$(.+?)(?<![$\\])\$", re.DOTALL)
TYPICAL = [
    r"\frac{\partial L}{\partial W} = \frac{1}{N} X^\top (P - Y) + 2 \lambda W",
    r"\begin{aligned} dx &= dout \cdot \gamma \\ &= 0 \end{aligned}",
    r"\begin{cases} 1 & x > 0 \\ 0 & \text{otherwise} \end{cases}",
    r"\mathbb{1}\left[s_j - s_{y_i} + \Delta > 0\right]",
    r"\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}",
    r"\sum_{j \ne y_i} \max(0, s_j - s_{y_i} + 1)",
    r"\hat{x}^{(i)} = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}",
    r"\mathbf{W} \in \mathbb{R}^{D \times C}, \quad \operatorname{softmax}(z)_k",
    r"\text{learning\_rate} \cdot \Big( a + b \Big)",
    r"\nabla_\theta \mathcal{L}, \lVert x \rVert_2, \underbrace{a + b}_{c}, x \to \infty",
]
EVIL = [
    r"\href{javascript:alert(1)}{x}",
    r"\style{position:fixed}{x}",
    r"\class{score}{x}",
    r"\cssId{score}{x}",
    r"\text{<script>alert(1)</script>}",
    r"x</math><script>alert(1)</script>",
    r"\color{red;background:url(//x)}{y}",
    r"\mmlToken{mi}[href='javascript:alert(1)']{x}",
    r"\newcommand{\a}{\b\b}\newcommand{\b}{\c\c}\a",
    "{" * 5000 + "}" * 5000,
    "x^",
]


def page(text: str) -> str:
    return clean_markdown(markdown({}, text))  # type: ignore[arg-type]


def ours() -> set[str]:
    """Every formula in the five notebooks."""
    found = set()
    for path in (ROOT / "assignments").glob("*/*.ipynb"):
        for cell in json.loads(path.read_text())["cells"]:
            if cell["cell_type"] == "markdown":
                text = FENCED.sub("", "".join(cell["source"]))
                found |= {one[0] or one[1] for one in DOLLARS.findall(text)}
    return found


def test_every_formula_of_the_notebooks_is_shown() -> None:
    formulas = ours()
    assert len(formulas) > 250
    for tex in formulas:
        made = as_mathml(tex)
        assert made.startswith("<math "), tex
        assert "\\" not in re.sub(r"\\setminus", "", made), (tex, made)


@pytest.mark.parametrize("tex", TYPICAL)
def test_what_students_write_is_shown(tex: str) -> None:
    made = as_mathml(tex, block=True)
    assert made.startswith('<math display="block"')
    assert "\\" not in made
    assert "&amp;" not in made


def test_letters_of_other_alphabets_are_those_letters() -> None:
    made = as_mathml(r"\mathbb{R} \mathbf{W} \mathbb{1}")
    assert [one for one in "ℝ𝐖𝟙" if one in made] == ["ℝ", "𝐖", "𝟙"]


def test_a_formula_with_an_unknown_command_is_shown_as_it_was_written() -> None:
    assert as_mathml(r"\cssId{y}{z} < 1") == r"<code>\cssId{y}{z} &lt; 1</code>"


@pytest.mark.parametrize("tex", EVIL, ids=range(len(EVIL)))
def test_nothing_that_acts_comes_of_a_formula(tex: str) -> None:
    for made in (as_mathml(tex), page(f"${tex}$"), page(f"$${tex}$$")):
        tree = html5lib.parseFragment(made, namespaceHTMLElements=False)
        for element in tree.iter():
            assert str(element.tag).rpartition("}")[2] in ALLOWED, made[:200]
            assert not {"href", "style", "class", "id", "src"} & set(element.attrib), made[:200]


def test_a_formula_stays_out_of_attributes() -> None:
    shown = page(
        '![a $x$ b](data:image/png;base64,AAAA "t $y$") and [a $z$](https://example.org "$q$")'
    )
    tree = html5lib.parseFragment(shown, namespaceHTMLElements=False)
    assert sum(str(element.tag).endswith("math") for element in tree.iter()) == 1


def test_markup_around_a_formula_is_cleaned_all_the_same() -> None:
    shown = page("<img src=x onerror=alert(1)> **bold** $x < y$ <script>alert(1)</script>")
    assert "<strong>bold</strong> <math " in shown
    assert "alert(1)</script>" not in shown
    assert "onerror" not in shown


def test_nobody_can_say_where_a_formula_goes() -> None:
    shown = page('$x$ <var class="hl-0123456789abcdef0123456789abcdef">0</var>')
    assert shown.count("<math") == 1


def test_a_browser_shows_them_without_a_network(browser) -> None:
    made = "".join(f"<p>{as_mathml(tex, block=True)}</p>" for tex in (*TYPICAL, *sorted(ours())))
    asked: list[str] = []
    tab = browser.new_page()
    tab.on("request", lambda request: asked.append(request.url))
    tab.set_content(f"<!doctype html><body>{made}</body>")
    sizes = tab.evaluate(
        "[...document.querySelectorAll('math')].map(m => [m.getBoundingClientRect().width,"
        " m.namespaceURI, m.innerText])"
    )
    tab.close()
    assert len(sizes) == len(TYPICAL) + len(ours())
    assert all(width > 3 and space.endswith("MathML") for width, space, _ in sizes)
    assert asked == []
