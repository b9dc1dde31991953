"""Formulas as MathML, made when a page is written: a browser shows them without a script or a
network.

What a student wrote between dollars goes through a converter into a tree, and of the tree only the
elements and attributes named here are kept. What cannot be converted is shown as it was written.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from html import escape
from typing import Any
from xml.etree import ElementTree

from nbconvert.preprocessors import Preprocessor

LONGEST = 2_000
"""Characters; a longer formula is shown as it was written."""

_ELEMENTS = """
math mi mn mo ms mtext mspace mrow mfrac msqrt mroot mstyle mpadded mphantom menclose msub msup
msubsup munder mover munderover mmultiscripts mprescripts none mtable mtr mtd
"""
_ATTRIBUTES = """
display displaystyle scriptlevel stretchy fence separator form lspace rspace minsize maxsize
movablelimits accent accentunder linethickness width height depth voffset columnalign rowalign
columnspacing rowspacing columnlines rowlines notation linebreak mathcolor
"""
_KEPT, _KEPT_ATTRIBUTES = frozenset(_ELEMENTS.split()), frozenset(_ATTRIBUTES.split())
_PLAIN = re.compile(r"^[#\w.+\- ]{1,60}$")
_MACROS = re.compile(
    r"\\(?:re|provide)?newcommand|\\providecommand|\\def(?![A-Za-z])|\\let(?![A-Za-z])"
)
"""What is expanded again and again; nobody needs it in an answer."""
_ALIGNED = re.compile(r"\\(begin|end)\{(aligned|split|alignedat|eqnarray|gathered|multline)\*?\}")
_LARGE = re.compile(r"(\\(?:big|Big|bigg|Bigg)[lrm]?)\s*\\(\w+)")
_DELIMITERS = {"lfloor": "⌊", "rfloor": "⌋", "lceil": "⌈", "rceil": "⌉", "langle": "⟨"}
_DELIMITERS |= {"rangle": "⟩", "lVert": "‖", "rVert": "‖", "Vert": "‖", "lvert": "|", "rvert": "|"}
_UNKNOWN = re.compile(r"\\[A-Za-z]")
"""How the converter passes on a command that it does not know."""
_ESCAPED = re.compile(r"\\([_%&#${}])")
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_ALPHABETS = {"bold": "BOLD", "double-struck": "DOUBLE-STRUCK", "script": "SCRIPT"}
_ALPHABETS |= {"fraktur": "FRAKTUR", "sans-serif": "SANS-SERIF", "monospace": "MONOSPACE"}
_ALPHABETS |= {"bold-italic": "BOLD ITALIC", "italic": "ITALIC"}


def as_mathml(tex: str, *, block: bool = False) -> str:
    """A formula (TeX without its dollars) as an element ``math``, or as code where that fails."""
    return _converted(tex.strip(), block)


@lru_cache(maxsize=4096)  # the lecture's formulas are the same on everybody's page
def _converted(tex: str, block: bool) -> str:
    from latex2mathml.converter import convert

    if len(tex) > LONGEST or _MACROS.search(tex):
        return _as_written(tex, block)
    try:
        made = convert(_known(tex), display="block" if block else "inline")
        tree = _kept(ElementTree.fromstring(made))
    except Exception:  # RecursionError among them: the converter raises what it likes
        return _as_written(tex, block)
    if any(leaf.tag == "mi" and _UNKNOWN.match(leaf.text or "") for leaf in tree.iter()):
        return _as_written(tex, block)
    return ElementTree.tostring(tree, encoding="unicode")


def _as_written(tex: str, block: bool) -> str:
    code = f"<code>{escape(tex)}</code>"
    return f"<p>{code}</p>" if block else code


def _known(tex: str) -> str:
    """Environments and large delimiters that the converter does not know, as those it does."""
    tex = _LARGE.sub(lambda found: found[1] + _DELIMITERS.get(found[2], "\\" + found[2]), tex)
    return _ALIGNED.sub(r"\\\1{align*}", tex)


def _kept(element: ElementTree.Element) -> ElementTree.Element:
    """A copy of a tree that holds nothing but MathML that can do no harm. HTML knows it without its
    namespace.
    """
    name = element.tag.removeprefix(_NAMESPACE)
    if name not in _KEPT:
        name = "mrow"
    found = {key: value for key, value in element.attrib.items() if key in _KEPT_ATTRIBUTES}
    copy = ElementTree.Element(name, {k: v for k, v in found.items() if _PLAIN.match(v)})
    copy.text = _text(name, element)
    copy.extend(map(_kept, element))
    return copy


def _text(name: str, element: ElementTree.Element) -> str | None:
    """What a leaf says: escapes read, and letters of another alphabet, which browsers want as
    such.
    """
    text = element.text
    if text is None:
        return None
    if name in ("mtext", "mo"):  # a large brace comes with its backslash, too
        text = _ESCAPED.sub(r"\1", text)
    alphabet = _ALPHABETS.get(element.get("mathvariant", ""))
    return "".join(_letter(alphabet, one) for one in text) if alphabet else text


def _letter(alphabet: str, letter: str) -> str:
    """``R`` as ``ℝ``: the letter of another alphabet, itself where there is none."""
    _, _, rest = unicodedata.name(letter, "").partition("LATIN ")
    kind = rest.replace(" LETTER", "") or unicodedata.name(letter, "")
    for name in (f"MATHEMATICAL {alphabet} {kind}", f"{alphabet} {kind}"):
        try:
            return unicodedata.lookup(name)
        except KeyError:
            continue
    return letter


class ReadLatex(Preprocessor):
    """Outputs of kind text/latex are Markdown's formulas, for the page's one way of showing
    them.
    """

    enabled = True

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Rename the kind, in the copy that the page is made from."""
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "text/latex" in data and "text/markdown" not in data:
                data["text/markdown"] = data.pop("text/latex")
        return cell, resources
