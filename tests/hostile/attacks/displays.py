"""Script for an instructor's browser. Whatever runs of it leaves a trace: a dialog, a name, a title, a request for /pwned."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from ..attack import Attack, Notebook, cell

PWN = "window.__pwned=(window.__pwned||'')+'{0} ';document.title='PWNED {0}';fetch('/pwned?{0}');alert('PWNED {0}')"


def pwn(which: str) -> str:
    """Script that leaves every trace it can."""
    return PWN.replace("{0}", which)


def b64(text: str) -> str:
    """For data: addresses."""
    return base64.b64encode(text.encode()).decode()


HTML = [
    f"<script>{pwn('script')}</script>",
    f"<ScRiPt >{pwn('case')}</sCrIpT >",
    f"<scr<script></script>ipt>{pwn('split')}</script>",
    f'<img src=x onerror="{pwn("onerror")}">',
    f'<img src=x onerror\n="{pwn("newline")}">',
    f'<svg onload="{pwn("svg")}"><script>{pwn("svgscript")}</script><animate onbegin="{pwn("animate")}" attributeName=x dur=1s></svg>',
    f'<iframe srcdoc="<script>parent.{pwn("srcdoc")}</script>"></iframe><iframe src="javascript:parent.{pwn("iframe")}"></iframe>',
    f'<a id=click href="javascript:{pwn("href")}">click</a><a href=" java\nscript:{pwn("tab")}">click</a><a href="&#106;avascript:{pwn("entity")}">click</a>',
    f'<a href="data:text/html;base64,{b64("<script>" + pwn("data") + "</script>")}">click</a>',
    '<meta http-equiv=refresh content="0;url=/pwned?meta"><base href="//pwned.invalid/"><link rel=stylesheet href=/pwned?css>',
    f'<details open ontoggle="{pwn("toggle")}"><summary>x</summary></details><video><source onerror="{pwn("video")}"></video>',
    f'<input autofocus onfocus="{pwn("focus")}"><body onload="{pwn("body")}"><marquee onstart="{pwn("marquee")}">x</marquee>',
    "<form action=/pwned?form><button id=click>Save</button></form><object data=/pwned?object></object><embed src=/pwned?embed>",
    f'<math><mtext></form><form><mglyph><style></math><img src onerror="{pwn("mxss")}">',
    f'<noscript><p title="</noscript><img src=x onerror={json.dumps(pwn("noscript"))}>">',
    f'<!--><img src=x onerror="{pwn("comment")}">--><!--[if true]><script>{pwn("conditional")}</script><![endif]-->',
    f'<template><script>{pwn("template")}</script></template><textarea></textarea><img src=x onerror="{pwn("textarea")}">',
    f"</div></div></body></html><script>{pwn('closing')}</script>",
    "<img src=/pwned?pixel><img srcset='/pwned?srcset 1x'><div style=\"background:url(/pwned?style)\">x</div><style>@import '/pwned?import';</style>",
    f'<script type="application/vnd.jupyter.widget-view+json">{{"model_id": "</script><script>{pwn("widget")}</script>"}}</script>',
    f'<div class="mermaid">click a call {pwn("mermaid")}</div><pre class=mermaid>graph TD; a[<img src=x onerror={pwn("mermaid")}>]</pre>',
    '<div id=check_half_square class=score style="position:fixed;top:0;left:0;width:100%;height:100%">Score: 6 / 6</div>',
]
TEX = [
    rf"$\href{{javascript:{pwn('tex')}}}{{x}}$", r"$$\class{x}{\cssId{y}{\style{background:url(/pwned?tex)}{z}}}$$", r"$\require{html}\unicode{x3c}$",
    rf"$\def\h#1{{\hr#1}}\def\hr{{\href}}\hr{{javascript:{pwn('texdef')}}}{{x}}$", rf"\(\let\go=\href \go{{javascript:{pwn('texlet')}}}{{x}}\)", rf"$\csname href\endcsname{{javascript:{pwn('csname')}}}{{x}}$",
    rf"$\text{{<img src=x onerror={pwn('textext')}>}}$", rf"$\html{{<img src=x onerror={pwn('texhtml')}>}}$", rf"$\require{{html}}\begingroup\catcode`*=0 *href{{javascript:{pwn('catcode')}}}{{x}}\endgroup$",
]  # fmt: skip
SVG = f"<svg xmlns='http://www.w3.org/2000/svg' onload=\"{pwn('svgmime')}\"><script>{pwn('svgmimescript')}</script></svg>"


def showing(*bundles: Mapping[str, object], metadata: Mapping[str, object] | None = None) -> str:
    """A cell that displays mime bundles."""
    return f"from IPython.display import publish_display_data\nfor one in {list(bundles)!r}:\n    publish_display_data(one, metadata={metadata or {}!r})"


def _markdown(notebook: Notebook) -> None:
    for number, text in enumerate(HTML + TEX):
        notebook["cells"].append(
            {"cell_type": "markdown", "id": f"md-{number}", "metadata": {}, "source": text}
        )
    links = f"[click](javascript:{pwn('mdlink')}) ![x](javascript:{pwn('mdimage')}) ![x](/pwned?mdimage) <javascript:{pwn('auto')}>\n\n[r]: javascript:{pwn('ref')}\n\n[click][r]"
    notebook["cells"].append(
        {"cell_type": "markdown", "id": "md-links", "metadata": {}, "source": links}
    )
    picture = {
        "evil.svg": {"image/svg+xml": b64(SVG)},
        f'x" onerror="{pwn("attachment")}.png': {
            "image/png": f'"><script>{pwn("attached")}</script>'
        },
    }
    notebook["cells"].append(
        {
            "cell_type": "markdown",
            "id": "md-attached",
            "metadata": {},
            "source": "![x](attachment:evil.svg)",
            "attachments": picture,
        }
    )


def _written(notebook: Notebook) -> None:
    cell(notebook, "why")["source"] = "My answer. " + "\n\n".join(HTML + TEX)


def _raw(notebook: Notebook) -> None:
    for number, text in enumerate(HTML):
        notebook["cells"].append(
            {
                "cell_type": "raw",
                "id": f"raw-{number}",
                "metadata": {"raw_mimetype": "text/html", "format": "text/html"},
                "source": text,
            }
        )


def _stored_outputs(notebook: Notebook) -> None:
    for one in notebook["cells"]:
        if one["cell_type"] == "code":
            one["outputs"] = [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"text/html": HTML[0], "application/javascript": pwn("stored")},
                }
            ]


def _metadata(notebook: Notebook) -> None:
    evil = (
        f'</script><script>{pwn("metadata")}</script>"\'><img src=x onerror="{pwn("metadataimg")}">'
    )
    notebook["metadata"] |= {
        "title": evil,
        "authors": [{"name": evil}],
        "kernelspec": {"name": evil, "display_name": evil, "language": evil},
        "language_info": {"name": evil, "pygments_lexer": evil},
        "widgets": {
            "application/vnd.jupyter.widget-state+json": {
                "state": {"x": evil},
                "version_major": evil,
            }
        },
    }
    for one in notebook["cells"]:
        one["metadata"] |= {
            "tags": [evil, "hide_input"],
            "slideshow": {"slide_type": evil},
            "name": evil,
            "jupyter": {"source_hidden": evil},
        }


DISPLAYS = [
    Attack("show_html", "displays HTML with script in it, every way there is", 4, [showing(*({"text/html": one} for one in HTML))]),
    Attack("show_javascript", "displays JavaScript", 4, [showing({"application/javascript": pwn("js")}, {"text/javascript": pwn("js2")}, {"application/ecmascript": pwn("js3")}),
           f"from IPython.display import Javascript, display\ndisplay(Javascript({pwn('jsobject')!r}))", f"%%javascript\n{pwn('jsmagic')}", f"%%html\n<script>{pwn('htmlmagic')}</script>"]),
    Attack("show_svg", "displays pictures that are documents", 4, [showing({"image/svg+xml": SVG}, {"image/svg+xml": SVG, "text/plain": "x"}), f"from IPython.display import SVG, display\ndisplay(SVG(data={SVG!r}))"]),
    Attack("show_markdown", "displays Markdown", 4, [showing(*({"text/markdown": one} for one in HTML + TEX), {"text/markdown": f"[click](javascript:{pwn('mdout')})"})]),
    Attack("show_missing_picture", "shows pictures that are not attached", 4, [showing({"text/markdown": "![x](attachment:x) ![x](attachment:)"})],
           edit=lambda notebook: notebook["cells"].append({"cell_type": "markdown", "id": "lost", "metadata": {}, "source": "![caption](attachment:lost.png)\n\n[r]: attachment:lost\n\n![caption][r]"}), by_nbgrader=True),
    Attack("show_latex", "displays formulas", 4, [showing(*({"text/latex": one} for one in TEX + HTML))]),
    Attack("show_widget", "displays widgets, their state and other formats", 4,
           [f"import ipywidgets\nw = ipywidgets.HTML({HTML[3]!r})\ndisplay(w)\ndisplay(ipywidgets.Output(outputs=[{{'output_type': 'display_data', 'data': {{'text/html': {HTML[0]!r}}}, 'metadata': {{}}}}]))",
            showing({"application/vnd.jupyter.widget-view+json": {"model_id": f"</script><script>{pwn('model')}</script>", "version_major": 2}},
                    {"application/vnd.plotly.v1+json": {"x": f"</script><script>{pwn('plotly')}</script>"}}, {"text/vnd.mermaid": f"graph TD; a[<img src=x onerror={pwn('mermaidmime')}>]"},
                    {"application/json": {"</script>": f"<script>{pwn('json')}</script>"}}, {"text/html+evil": HTML[0]}, {"application/pdf": "x"}, {"text/x-evil": HTML[0]})]),
    Attack("show_picture", "displays pictures whose data or size is markup", 4,
           [showing({"image/png": f"\"><script>{pwn('png')}</script>"}, {"image/jpeg": f"\" onerror=\"{pwn('jpeg')}"}, {"image/gif": "\" onerror=alert(1) \""}),
            showing({"image/png": "iVBORw0KGgo="}, metadata={"image/png": {"width": f"1\" onload=\"{pwn('width')}", "alt": f"\"><script>{pwn('alt')}</script>"}}),
            showing({"text/html": "<b>x</b>"}, metadata={"text/html": {"isolated": True}, "isolated": True})]),
    Attack("show_text", "prints markup and terminal codes", 4, [f"import sys\nfor one in {HTML!r}: print(one); sys.stderr.write(one)\nprint('\\x1b[1m\\x1b]8;;javascript:' + {pwn('osc8')!r} + '\\x1b\\\\click\\x1b]8;;\\x1b\\\\')"]),
    Attack("show_error", "raises with markup in name, message and traceback", 4, [f"raise type({HTML[0]!r}, (Exception,), {{}})({(HTML[0] + HTML[3])!r})"], says="&lt;script&gt;"),
    Attack("show_result", "ends a cell with an object that shows itself as script", 4, [f"class Evil:\n    def _repr_html_(self): return {HTML[0]!r}\n    def _repr_javascript_(self): return {pwn('repr')!r}\n    def __repr__(self): return {HTML[3]!r}\nEvil()"], slow=True),
    Attack("show_update", "displays something harmless and updates it", 4, [f"from IPython.display import HTML, display\nhandle = display(HTML('harmless'), display_id='x')\nhandle.update(HTML({HTML[0]!r}))"], slow=True),
    Attack("show_in_verdict", "puts markup where the report quotes the answer", 4, answers={"row_sums": "def row_sums(x):\n    return x.sum(axis=1)\n",
           "half_square": f"def half_square(x, w):\n    raise type({HTML[0]!r}, (Exception,), {{}})({HTML[3]!r})  # {HTML[0]}"}, says="&lt;script&gt;"),
    Attack("show_type_name", "names a type in markup", 4, answers={"row_sums": "def row_sums(x):\n    return x.sum(axis=1)\n",
           "half_square": f"def half_square(x, w):\n    return type({HTML[3]!r}, (), {{}})(), type({HTML[0]!r}, (), {{}})()"}, says="&lt;", slow=True),
    Attack("show_markdown_cells", "writes Markdown cells", 4, edit=_markdown, by_nbgrader=True),
    Attack("show_written_answer", "writes its written answer in markup", 4, edit=_written, by_nbgrader=True),
    Attack("show_raw_cells", "writes raw cells", 4, edit=_raw, by_nbgrader=True, slow=True),
    Attack("show_stored_outputs", "hands in a notebook that has outputs already", 4, edit=_stored_outputs, by_nbgrader=True, slow=True),
    Attack("show_metadata", "puts markup into every field of metadata", 4, edit=_metadata, by_nbgrader=True),
    Attack("show_own_page", "hands in a page of its own and links to it", 4, [showing({"text/html": "<a href='evil.html'>click</a> <a href='./evil.html?x'>click</a>", "text/plain": "x"}, {"text/markdown": "[click](evil.html)"})],
           edit=lambda notebook: notebook["cells"].append({"cell_type": "markdown", "id": "own", "metadata": {}, "source": "[click](evil.html) <a href='/formgrader/submissions/x/evil.html'>click</a>"}),
           files={"evil.html": f"<script>{pwn('ownpage')}</script>".encode(), "index.html": f"<script>{pwn('index')}</script>".encode()}),
    Attack("show_file_name", "names its notebook in markup", 4, named=f"<img src=x onerror={pwn('name').split(';')[1].replace('/', '')}>.ipynb", by_nbgrader=True),
    Attack("show_code", "comments its code in markup", 4, [f"# </script></pre>{HTML[0]}\n'''{HTML[3]}'''\npass"], slow=True),
]  # fmt: skip
