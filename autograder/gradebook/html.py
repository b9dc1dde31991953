"""What a browser may be shown of what students wrote: filters for nbconvert's templates, named in nbgrader_config.py.

``HTMLExporter.sanitize_html`` alone is not enough: nbgrader's own templates (feedback and Formgrader) put Markdown cells
and comments on the page without cleaning them, and nbconvert's ``clean_html`` knows no paragraph and no heading. So both
filters that these templates do use are replaced:

    clean_html           rich output of code cells
    strip_files_prefix   all Markdown: the templates write ``markdown2html | strip_files_prefix``

What survives: text, headings, lists, tables, code, links (http, https, mailto, #), pictures that are part of the page
(png, jpeg, gif as data), and the style properties in _STYLES. What does not: scripts, forms, frames, svg, ids (Formgrader
finds its score fields by id), classes that are not for colouring code, anything that is fetched from elsewhere.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from nbconvert.filters import strip_files_prefix

from ..grading.displays import defused

if TYPE_CHECKING:
    from bleach.sanitizer import Cleaner

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
_CLASS = re.compile(r"^(highlight|hl-[a-z0-9-]+|dataframe|[a-z][a-z0-9]?)$")  # pygments' short names, pandas' tables
_PICTURE = re.compile(r"^data:image/(png|jpeg|gif);base64,[A-Za-z0-9+/=\s]+$")
_SIZE = re.compile(r"^\d{1,4}(px|%)?$")


def clean(html: str | bytes) -> str:
    """HTML reduced to what can do no harm; the rest is shown as text, scripts and styles are gone."""
    return _clean(html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html))


@lru_cache(maxsize=512)  # the lecture's cells are the same on everybody's page
def _clean(html: str) -> str:
    return defused(_cleaner().clean(_CODE_TO_RUN.sub("", html)))


def clean_markdown(html: str) -> str:
    """The same for Markdown that has become HTML, in place of nbconvert's ``strip_files_prefix``."""
    return clean(strip_files_prefix(html))


_CODE_TO_RUN = re.compile(r"<(script|style)\b.*?(</\1\s*>|$)", re.IGNORECASE | re.DOTALL)


@cache
def _cleaner() -> Cleaner:
    from bleach.css_sanitizer import CSSSanitizer
    from bleach.sanitizer import Cleaner

    return Cleaner(
        tags=frozenset(_TAGS.split()),
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},  # data: for pictures only, see _allowed
        css_sanitizer=CSSSanitizer(allowed_css_properties=frozenset(_STYLES.split())),
        strip=False,
        strip_comments=True,
    )


def _allowed(tag: str, name: str, value: str) -> bool:
    if name in _PLAIN:
        return True
    if name == "style":
        return "url" not in value.lower() and "\\" not in value
    if name == "class":
        return all(_CLASS.match(word) for word in value.split())
    if name == "href":
        return tag == "a" and not value.strip().lower().startswith("data:")
    if name == "src":
        return tag == "img" and bool(_PICTURE.match(value))
    return name in ("width", "height") and bool(_SIZE.match(value))
