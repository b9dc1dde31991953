"""What a browser may be shown of what students wrote: filters for nbconvert's templates, named in
nbgrader_config.py.

``HTMLExporter.sanitize_html`` alone is not enough: nbgrader's own templates (feedback and
Formgrader) put Markdown cells and comments on the page without cleaning them, and nbconvert's
``clean_html`` knows no paragraph and no heading. So the filters that these templates do use are
replaced:

    clean_html           rich output of code cells
    strip_files_prefix   all Markdown: the templates write ``markdown2html | strip_files_prefix``
    markdown2html        the same Markdown, which nbconvert refuses where a picture is missing: nobody would get a page

What survives: text, headings, lists, tables, code, links (http, https, mailto, #; a relative one
would open the student's own files in Formgrader's origin), pictures that are part of the page (png,
jpeg, gif as data), and the style properties in
_STYLES. What does not: scripts, forms, frames, svg, ids (Formgrader finds its score fields by id),
classes that are not for colouring code, anything that is fetched from elsewhere. nh3 reads the page
as a browser does and writes it anew."""

from __future__ import annotations

import re
import secrets
from functools import lru_cache
from html import escape
from typing import Any

import nh3
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from ..wall.outside.outputs import defused
from .formulas import as_mathml

_TAGS = """
a abbr b blockquote br caption code col colgroup dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li ol p pre q
s samp small span strong sub summary sup table tbody td tfoot th thead tr tt u ul var
"""
_STYLES = """
background-color border border-bottom border-collapse border-color border-left border-radius border-right border-spacing
border-style border-top border-width color display font-family font-size font-style font-weight height line-height margin
margin-bottom margin-left margin-right margin-top max-height max-width min-width overflow-x padding padding-bottom
padding-left padding-right padding-top text-align text-decoration text-indent vertical-align white-space width
"""
_PLAIN = frozenset({"title", "alt", "colspan", "rowspan", "align", "start", "open", "lang"})
_CLASS = re.compile(
    r"^(highlight|hl-[a-z0-9-]+|dataframe|[a-z][a-z0-9]?)$"
)  # pygments' short names, pandas' tables
_PICTURE = re.compile(r"^data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+$")
_LINK = re.compile(
    r"^(https?://|mailto:|#)", re.IGNORECASE
)  # a relative one opens the student's own files in Formgrader
_SIZE = re.compile(r"^\d{1,4}(px|%)?$")


class CleanHtml(str):
    """HTML that was cleaned and then got its formulas: the filters that follow leave it alone."""

    __slots__ = ()


def clean(html: str | bytes) -> str:
    """HTML reduced to what can do no harm; of other tags the text stays, of scripts and styles
    nothing.
    """
    if isinstance(html, CleanHtml):
        return html
    return _clean(html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html))


@lru_cache(maxsize=512)  # the lecture's cells are the same on everybody's page
def _clean(html: str) -> str:
    return defused(_CLEANER.clean(html)) if _is_bearable(html) else TOO_MUCH


TOO_MUCH = "<p>(too much markup to be shown)</p>"
MOST_TAGS, MOST_STYLED = 10_000, 50
LONGEST, MOST_FORMULAS = 50_000, 300
_FORMULA = re.compile(r"\\+(begin|\(|\[)")
_TAG = re.compile(r"<[a-z]", re.IGNORECASE)
_STYLED = re.compile(
    r"<(b|big|code|em|font|i|s|small|strike|strong|tt|u)[\s/]", re.IGNORECASE
)  # with attributes


def _is_bearable(html: str) -> bool:
    """Whether a parser gets through in seconds, whatever is closed where.

    Its work grows with the square of the depth, and a paragraph opens again every one of these
    tags that was left open before it: where their attributes differ, each counts.
    """
    return len(_TAG.findall(html)) <= MOST_TAGS and len(_STYLED.findall(html)) <= MOST_STYLED


def clean_markdown(html: str) -> str:
    """The same for Markdown that has become HTML, in place of nbconvert's ``strip_files_prefix``:
    no link to files is left that could have a prefix, and its search takes minutes where brackets
    are many.
    """
    return clean(html)


@pass_context
def markdown(context: Any, source: str) -> str:
    """Markdown as HTML, whatever it holds: a picture that is missing is its caption, what cannot be
    read is text.
    """
    if (
        len(source) > LONGEST or len(_FORMULA.findall(source)) > MOST_FORMULAS
    ):  # slower than in proportion to both
        return f"<pre>{escape(source)}</pre>"
    attachments = context.get("cell", {}).get("attachments", {})
    return _rendered(source, attachments) if attachments else _rendered_alone(source)


@lru_cache(maxsize=512)  # the lecture's cells, and what is said of common mistakes
def _rendered_alone(source: str) -> str:
    return _rendered(source, {})


def _rendered(source: str, attachments: dict[str, Any]) -> str:
    renderer = _Renderer(
        escape=False, attachments=_Attachments(attachments), exclude_anchor_links=True
    )
    try:
        html = str(MarkdownWithMath(renderer=renderer).render(source))
    except Exception:  # RecursionError among them
        return f"<pre>{escape(source)}</pre>"
    return CleanHtml(_PLACE.sub(lambda place: renderer.formulas[int(place[1])], clean(html)))


_NONCE = secrets.token_hex(16)
_PLACE = re.compile(rf'<var class="hl-{_NONCE}">(\d+)</var>')
"""Where a formula goes once the page is clean: an element, for what stands in an attribute has no
quotes left.
"""


class _Renderer(IPythonRenderer):
    """Keeps a place for every formula, and the formula as MathML for afterwards."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.formulas: list[str] = []

    def _place(self, tex: str, block: bool) -> str:
        few = len(self.formulas) < MOST_FORMULAS
        self.formulas.append(as_mathml(tex, block=block) if few else f"<code>{escape(tex)}</code>")
        return f'<var class="hl-{_NONCE}">{len(self.formulas) - 1}</var>'

    def multiline_math(self, text: str) -> str:
        """A formula on lines of its own, dollars and all."""
        return self._place(text, block=True)

    def block_math(self, body: str) -> str:
        """``$$ ... $$``."""
        return self._place(body, block=True)

    def inline_math(self, body: str) -> str:
        """``$ ... $``."""
        return self._place(body, block=False)

    def latex_environment(self, name: str, body: str) -> str:
        """``\\begin{align} ... \\end{align}``."""
        return self._place(rf"\begin{{{name}}}{body}\end{{{name}}}", block=True)


class _Attachments(dict[str, Any]):
    """The pictures of a cell; one that is not there is an empty one."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> dict[str, str]:
        return {"image/png": ""}


def _allowed(tag: str, name: str, value: str) -> str | None:
    """The attribute's value, or None where it is not to be had."""
    if name == "style":
        holds = "url" not in value.lower() and "\\" not in value
    elif name == "class":
        holds = all(_CLASS.match(word) for word in value.split())
    elif name == "href":
        holds = bool(_LINK.match(value))
    elif name == "src":
        holds = bool(_PICTURE.match(value))
    else:
        holds = name in _PLAIN or bool(_SIZE.match(value))
    return value if holds else None


_CLEANER = nh3.Cleaner(
    tags=set(_TAGS.split()),
    attributes={
        "*": {*_PLAIN, "style", "class", "width", "height"},
        "a": {"href"},
        "img": {"src"},
    },
    attribute_filter=_allowed,
    url_schemes={"http", "https", "mailto", "data"},  # data: for pictures only, see _allowed
    filter_style_properties=set(_STYLES.split()),
    link_rel=None,
)
