"""A bar and a live loss for a training in PyTorch, whoever wrote its loop."""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from types import TracebackType
from typing import Any

from .monitor import TrainingMonitor
from .progress import TrainingProgress


class WatchedTraining:
    """Watches a model while a loop trains it: hand the loop ``batches`` in the place of the
    training loader::

        with WatchedTraining(model, train_loader, epochs, expected_start=np.log(C)) as watched:
            train_cnn(model, optimizer, (watched.batches, val_loader), epochs)

    The loss is the mean cross-entropy of the scores that the model puts out in training mode, for
    the labels of the batch that was last handed out. Numbers leave the device when it is time to
    draw, not at every step. Executed headless there is no bar, and the picture appears once, at the
    end."""

    def __init__(
        self,
        model: Any,
        loader: Any,
        epochs: int,
        expected_start: float | None = None,
        title: str = "",
    ) -> None:
        self.monitor = TrainingMonitor(expected_start, title)
        self.bar = TrainingProgress(epochs * len(loader), title or "training: step")
        self.batches = _Watched(loader, self)
        self._model, self._labels, self._last = model, None, 0.0
        self._waiting: list[Any] = []
        self._hook: Any = None

    def handed_out(self, labels: Any) -> None:
        """A batch with these labels is on its way to the loop."""
        self._labels = labels
        self.bar.tick()
        if monotonic() - self._last >= self.monitor.every:
            self._record()

    def __enter__(self) -> WatchedTraining:
        self._hook = self._model.register_forward_hook(self._scored)
        self._last = monotonic()
        self.bar.__enter__()
        self.monitor.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._hook.remove()
        self._record()
        self.bar.__exit__(kind, error, trace)
        self.monitor.__exit__(kind, error, trace)

    def _scored(self, model: Any, given: Any, scores: Any) -> None:
        from torch.nn.functional import cross_entropy

        if model.training and self._labels is not None:
            labels, self._labels = self._labels.to(scores.device), None
            self._waiting.append(cross_entropy(scores.detach().float(), labels))

    def _record(self) -> None:
        for loss in self._waiting:
            self.monitor.record(float(loss))
        self._waiting.clear()
        self._last = monotonic()


class _Watched:
    """A loader that says which labels it hands out."""

    def __init__(self, loader: Any, watch: WatchedTraining) -> None:
        self._loader, self._watch = loader, watch

    def __len__(self) -> int:
        return len(self._loader)

    def __iter__(self) -> Iterator[Any]:
        for images, labels in self._loader:
            self._watch.handed_out(labels)
            yield images, labels
