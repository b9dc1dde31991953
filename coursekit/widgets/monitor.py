"""The training monitor: loss, update ratio and gradient norm, drawn while training runs; and a run
at any rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import monotonic
from types import TracebackType
from typing import Any

import numpy as np

from ..audience import someone_can_move_it
from ..figures.picture import Picture
from ..figures.training import monitor
from .explorer import Explorer, Slider

Measure = float | Mapping[str, float]


class TrainingMonitor:
    """Draws a run while it goes on. For any training loop, in NumPy or PyTorch, with one parameter
    or many::

        with TrainingMonitor(expected_start=np.log(C)) as watch:
            for ...:
                watch.record(loss, update_ratio=..., grad_norm=...)

    In JupyterLab the picture follows the run, at most every ``every`` seconds; executed headless it
    appears once, at the end. It is an ordinary picture and stays in the saved notebook.
    """

    def __init__(
        self, expected_start: float | None = None, title: str = "", every: float = 0.5
    ) -> None:
        self.expected_start, self.title, self.every = expected_start, title, every
        self._measures: dict[str, list[Measure]] = {}
        self._shown: Any = None
        self._live = False
        self._last = 0.0

    def record(
        self, loss: float, update_ratio: Measure | None = None, grad_norm: Measure | None = None
    ) -> None:
        """One step. The last two are numbers, or dicts with a number for every parameter; the same
        kind at each step.
        """
        given = {"loss": float(loss), "update_ratio": update_ratio, "grad_norm": grad_norm}
        new = {name for name, value in given.items() if value is not None}
        if self._measures and new != set(self._measures):
            raise ValueError(
                f"record the same things at each step: {', '.join(sorted(self._measures))}"
            )
        for name in sorted(new):
            self._measures.setdefault(name, []).append(given[name])  # pyright: ignore[reportArgumentType]
        if self._live and monotonic() - self._last >= self.every:
            self._show()

    def watch(
        self,
        loss_fn: Callable[..., Any],
        update_rule: Callable[..., Any],
        ratio: Callable[..., Any],
    ) -> tuple[Callable[..., Any], Callable[..., Any]]:
        """The same two functions, observed: for loops that somebody else wrote.

        loss_fn(...) -> (loss, gradient), called once a step and before update_rule(w, dw, config)
        -> (next_w, config). ratio(w, update): your ``update_ratio``.
        """
        losses: list[float] = []

        def watched_loss(*given: Any, **named: Any) -> Any:
            returned = loss_fn(*given, **named)
            losses.append(float(returned[0]))
            return returned

        def watched_rule(w: np.ndarray, dw: np.ndarray, config: Any = None) -> Any:
            next_w, config = update_rule(w, dw, config)
            norm = float(np.sqrt(np.vdot(dw, dw)))
            self.record(losses[-1], update_ratio=float(ratio(w, next_w - w)), grad_norm=norm)
            return next_w, config

        return watched_loss, watched_rule

    @property
    def history(self) -> dict[str, Any]:
        """What was recorded: for each measure an array with one number a step, or a dict of such
        arrays.
        """
        return {name: _columns(values) for name, values in self._measures.items()}

    def picture(self) -> Picture:
        """The run as far as it has come."""
        if not self._measures:
            raise ValueError("nothing was recorded yet")
        return monitor(self.history, self.expected_start, self.title)

    def __enter__(self) -> TrainingMonitor:
        self._live, self._last = someone_can_move_it(), monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._measures:
            self._show()

    def _show(self) -> None:
        from IPython.display import display

        if self._shown is None:
            self._shown = display(self.picture(), display_id=True)
        else:
            self._shown.update(self.picture())
        self._last = monotonic()


def _columns(values: list[Measure]) -> Any:
    first = values[0]
    if isinstance(first, Mapping):
        return {name: np.array([row[name] for row in values], dtype=float) for name in first}  # pyright: ignore
    return np.array(values, dtype=float)


def rate_explorer(
    run: Callable[[float], Mapping[str, Any]] | None = None,
    diagnose: Callable[..., str] | None = None,
    expected_start: float | None = None,
    rates: tuple[float, float] = (1e-4, 1.0),
) -> Explorer:
    """One slider: the learning rate of a training run, shown on the monitor.

    run: learning rate -> history; without it a noisy bowl is descended. diagnose: your
        ``diagnose_lr``.
    """
    train = run or _bowl

    def draw(rate: float) -> Picture:
        with np.errstate(
            over="ignore", invalid="ignore", divide="ignore"
        ):  # too high a rate is half of the fun
            history = train(rate)
            verdict = "" if diagnose is None else f": your diagnose_lr says {diagnose(history)}"
        return monitor(history, expected_start, f"learning rate {rate:.2g}{verdict}")

    low, high = np.log10(rates)
    return Explorer(
        draw,
        {
            "rate": Slider(
                "learning rate", float(low), float(high), 0.05, float((low + high) / 2), log=True
            )
        },
    )


def _bowl(rate: float, steps: int = 300) -> dict[str, np.ndarray]:
    """Fifty parameters on their way from near zero to places around 1, with noisy slopes."""
    rng = np.random.default_rng(0)
    goal, place = rng.standard_normal(50), 1e-2 * rng.standard_normal(50)
    bend = np.linspace(0.5, 4.0, 50)
    rows = []
    for _ in range(steps):
        away = place - goal
        slope = bend * away + rng.standard_normal(50)
        size = np.linalg.norm(slope)
        rows.append((np.sum(bend * away * away) / 50, rate * size / np.linalg.norm(place), size))
        place = place - rate * slope
    loss, ratio, norm = np.transpose(rows)
    return {"loss": loss, "update_ratio": ratio, "grad_norm": norm}
