"""A picture with controls: sliders where there is a notebook to move them in, one still picture
everywhere else.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..audience import someone_can_move_it
from ..figures.picture import Picture

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class Slider:
    """A number to move. With ``log`` low and high are powers of ten and the picture receives 10 **
    position.
    """

    label: str
    low: float
    high: float
    step: float
    start: float
    log: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several values, each with its label."""

    label: str
    options: Mapping[str, Any]
    start: Any


@dataclass(frozen=True)
class Switch:
    """Something that is on or off."""

    label: str
    start: bool = False


@dataclass(frozen=True)
class Text:
    """A line to type in; the picture follows when Enter is pressed."""

    label: str
    start: str


Control = Slider | Choice | Switch | Text


class Explorer:
    """``draw(**values) -> Picture`` together with the controls that set the values.

    ``picture(name=value, ...)`` gives the picture for any setting without a notebook; shown in
    JupyterLab it is the same picture under live controls, and in a converted or graded notebook the
    picture of the starting values."""

    def __init__(self, draw: Callable[..., Picture], controls: Mapping[str, Control]) -> None:
        self.draw, self.controls = draw, dict(controls)
        # Drawn now and not when shown: IPython hides what goes wrong in a display, and a stub must
        # be heard.
        self._first = self.picture()

    def picture(self, **values: Any) -> Picture:
        """The picture at the starting values, apart from those given."""
        if unknown := set(values) - set(self.controls):
            raise TypeError(
                f"no control is named {', '.join(sorted(unknown))}; there are "
                f"{', '.join(self.controls)}"
            )
        start = {
            name: 10**control.start
            if isinstance(control, Slider) and control.log
            else control.start
            for name, control in self.controls.items()
        }
        return self.draw(**(start | values))

    def __repr__(self) -> str:
        return repr(self._first)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        still = self._first.html()
        bundle: dict[str, Any] = {"text/plain": repr(self._first), "text/html": still}
        if someone_can_move_it():
            # A front end without widgets falls back on the still picture in the same bundle.
            bundle[_WIDGET_VIEW] = self._live(still)
        return bundle

    def _live(self, first: str) -> dict[str, Any]:
        import ipywidgets

        handles = {name: _handle(control) for name, control in self.controls.items()}
        shown = ipywidgets.HTML(first)

        def redraw(_: object) -> None:
            # A control's message does not say who sent it, but somebody moved it.
            try:
                shown.value = self.draw(
                    **{name: handle.value for name, handle in handles.items()}
                ).svg()
            except Exception as error:  # the reader's function failed there, and a callback's traceback is never seen
                shown.value = (
                    f"<p>With these settings: {html.escape(f'{type(error).__name__}: {error}')}</p>"
                )

        for handle in handles.values():
            handle.observe(redraw, names="value")
        columns = ipywidgets.Layout(
            grid_template_columns="repeat(auto-fit, minmax(330px, 1fr))", width="100%"
        )
        grid = ipywidgets.GridBox(list(handles.values()), layout=columns)
        box = ipywidgets.VBox([grid, shown, ipywidgets.HTML(_NAMING)])
        box.add_class(_MARK)
        return {"version_major": 2, "version_minor": 0, "model_id": box.model_id}


_MARK = "chainrule-explorer"
# ipywidgets writes a slider's label beside it and connects the two for the eye alone: no setting of
# its gives the thing that moves, or the number that can be typed, a name. So a picture of one dot
# that has arrived names them after the label, and those that are made later.
_NAMING = """
<img alt="" hidden src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
onload="
  const name = (box) => {
    for (const part of box.querySelectorAll('[role=slider], .widget-readout')) {
      const label = part.closest('.jupyter-widgets')?.querySelector('label');
      if (!label || part.ariaLabel) continue;
      part.ariaLabel = label.textContent;
      if (part.isContentEditable) part.role = 'textbox';
    }
  };
  const begin = (tries) => {
    const box = this.closest('.chainrule-explorer');
    if (!box) return tries && setTimeout(begin, 100, tries - 1);
    name(box);
    new MutationObserver(() => name(box)).observe(box, {childList: true, subtree: true});
  };
  begin(50);
">
"""


def _handle(control: Control) -> Any:
    import ipywidgets

    style: dict[str, Any] = {
        "style": {"description_width": "130px"},
        "layout": ipywidgets.Layout(width="320px"),
    }
    if isinstance(control, Choice):
        return ipywidgets.Dropdown(
            options=list(control.options.items()),
            value=control.start,
            description=control.label,
            **style,
        )
    if isinstance(control, Text):
        # A whole row; grid_column alone would be undone, for an empty grid_area is applied after
        # it.
        layout = ipywidgets.Layout(width="98%", grid_area="auto / 1 / auto / -1")
        return ipywidgets.Text(
            value=control.start,
            description=control.label,
            continuous_update=False,
            style=style["style"],
            layout=layout,
        )
    if isinstance(control, Switch):
        return ipywidgets.Checkbox(value=control.start, description=control.label, **style)
    if control.log:
        return ipywidgets.FloatLogSlider(
            value=10**control.start,
            base=10,
            min=control.low,
            max=control.high,
            step=control.step,
            description=control.label,
            **style,
        )
    whole = all(
        isinstance(value, int) for value in (control.low, control.high, control.step, control.start)
    )
    style["readout_format"] = "d" if whole else ".3f" if control.step < 0.01 else ".2f"
    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    return kind(
        value=control.start,
        min=control.low,
        max=control.high,
        step=control.step,
        description=control.label,
        **style,
    )
