"""A bar that fills while a long training runs, for functions that keep their losses to themselves
until the end.
"""

from __future__ import annotations

import html
from time import monotonic
from types import TracebackType
from typing import Any

from ..audience import someone_can_move_it


class TrainingProgress:
    """``with TrainingProgress(300, "training") as bar:`` and ``bar.tick()`` at every step; it may
    be handed to a hook::

        model.register_forward_hook(bar.tick)

    Where someone looks the bar moves, at most every ``every`` seconds; executed headless nothing is
    shown."""

    def __init__(self, total: int, what: str = "", every: float = 0.2) -> None:
        self.total, self.what, self.every, self.done = total, what, every, 0
        self._shown: Any = None
        self._live = False
        self._began = self._last = 0.0

    def tick(self, *_: object) -> None:
        """One step more; whatever a hook passes is ignored."""
        self.done += 1
        if self._live and monotonic() - self._last >= self.every:
            self._show()

    def line(self) -> str:
        """How far it is, in words."""
        left = (
            f", about {self._left():.0f} s to go"
            if 0 < self.done < self.total and self._began
            else ""
        )
        return f"{self.what} {self.done} of {self.total}{left}".strip()

    def _left(self) -> float:
        return (monotonic() - self._began) / self.done * (self.total - self.done)

    def __enter__(self) -> TrainingProgress:
        self._live, self._began = someone_can_move_it(), monotonic()
        if self._live:
            self._show()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live:
            self._show()

    def _show(self) -> None:
        from IPython.display import display

        bar = _Bar(
            self.line(),
            (
                f'<progress aria-label="{html.escape(self.what or "progress")}" value="{self.done}" '
                f'max="{self.total}"></progress>'
            ),
        )
        if self._shown is None:
            self._shown = display(bar, display_id=True)
        else:
            self._shown.update(bar)
        self._last = monotonic()


class _Bar:
    def __init__(self, text: str, markup: str) -> None:
        self._text, self._markup = text, markup

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return f"{self._markup} {self._text}"
