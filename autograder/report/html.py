"""A verdict as HTML that reads well on a light and on a dark page. Everything that came from an
answer is escaped.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

from ..language.verdict import Verdict
from .heatmap import heat_map_png
from .words import headline, points_of, replay, sign

if TYPE_CHECKING:
    from jinja2 import Template

# Blue and vermilion stay apart for every common colour blindness; the signs say the same without
# colour.
COLOURS = {"✓": "#2a78b5", "✗": "#d55e00", "…": "#8a8a8a"}

_TEMPLATE = """\
<div style="border-left: 4px solid {{ edge }}; padding: 2px 12px; margin: 4px 0">
<p style="margin: 2px 0"><strong>{{ headline }}</strong></p>
<table style="border-collapse: collapse; margin: 4px 0">
{% for finding in findings -%}
<tr>
<td style="color: {{ finding.colour }}; font-weight: bold; text-align: center; vertical-align: top">{{ finding.sign }}</td>
<td style="text-align: left; vertical-align: top"><strong>{{ finding.check }}</strong></td>
<td style="text-align: right; vertical-align: top; white-space: nowrap">{{ finding.points }}</td>
<td style="text-align: left; vertical-align: top">{{ finding.message }}
{%- if finding.hint %}<br><em>{{ finding.hint }}</em>{% endif %}
{%- if finding.example %}<br>{{ finding.example }}{% endif %}</td>
</tr>
{% endfor -%}
</table>
{% if note %}<p style="margin: 2px 0">{{ note }}</p>{% endif %}
{% if picture %}<img src="data:image/png;base64,{{ picture }}" alt="{{ alt }}">{% endif %}
{% if replay %}<p style="margin: 2px 0">Same inputs again: <code>{{ replay }}</code></p>{% endif %}
</div>"""


@cache
def _template() -> Template:
    from jinja2 import Environment

    return Environment(autoescape=True, trim_blocks=True).from_string(_TEMPLATE)


def to_html(verdict: Verdict, *, picture: bool = True) -> str:
    """The report; ``picture`` embeds the heat map (leave it out where it is shown as an output of
    its own).
    """
    png = heat_map_png(verdict) if picture else None
    edge = COLOURS["✗" if any(finding.passed is False for finding in verdict.findings) else "✓"]
    return _template().render(
        edge=edge,
        headline=headline(verdict),
        findings=[
            {
                "sign": sign(finding),
                "colour": COLOURS[sign(finding)],
                "check": finding.check,
                "points": points_of(verdict, finding),
                "message": finding.message,
                "hint": finding.hint,
                "example": finding.evidence.example if finding.evidence else "",
            }
            for finding in verdict.findings
        ],
        note=verdict.note,
        picture=b64encode(png).decode() if png else "",
        alt=alt_text(verdict),
        replay=replay(verdict),
    )


def alt_text(verdict: Verdict) -> str:
    """What the heat map shows, in words."""
    shown = next(
        (f.evidence for f in verdict.findings if f.evidence and f.evidence.error is not None), None
    )
    if shown is None:
        return ""
    return f"Heat map of the error in {shown.output}; it is largest at {list(shown.index or ())}."
