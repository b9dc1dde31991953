"""Outside: the wall around student code, and the forkserver behind it."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from ...errors import WallError
from ..wire.limits import Limits
from .forkservers import Forkservers
from .isolation import Level, accelerator_shown, choose
from .session import Session

MODULES = (
    "numpy",
    "matplotlib.pyplot",
    "ipywidgets",
    "scipy.special",
    "torch",
    "autograder.checks",
    "autograder.vocabulary",
    "autograder.notebook",
    "autograder.watch.work",
    "coursekit",
)
HEAVY = {
    "torch": ("torch",),
    "scipy.special": ("scipy",),
    "matplotlib.pyplot": ("matplotlib", "coursekit"),
}
"""Modules that take a second or more, and what only those notebooks name for which they are warmed:
coursekit imports matplotlib when it first draws.
"""


def modules_for(sources: Iterable[str]) -> tuple[str, ...]:
    """What is worth importing beforehand for notebooks of these sources."""
    text = "\n".join(sources)
    return tuple(
        name
        for name in MODULES
        if name not in HEAVY or any(re.search(rf"\b{one}\b", text) for one in HEAVY[name])
    )


class Wall:
    """One warm forkserver, one submission at a time; for several at once, several walls. Use as a
    context manager.

    isolation: ``auto`` (the strongest there is), ``bubblewrap``, ``landlock``, ``none``; ``level``
        says which is in force.
    hidden: files and directories that no submission may see even where they lie among what it must
        read.
    modules: what the forkserver imports beforehand, if it is installed. accelerated: whether
    exercises that may use an accelerator are judged in the notebook's own process, as an
    accelerator asks (default: where the sandbox shows one). grouped: whether each submission is in
    a group of the kernel's (cgroup), where there is one. Raises WallError when the isolation
    asked for is not to be had."""

    def __init__(
        self,
        isolation: str = "auto",
        limits: Limits | None = None,
        hidden: Sequence[Path] = (),
        modules: Sequence[str] = MODULES,
        accelerated: bool | None = None,
        grouped: bool = True,
    ) -> None:
        self.limits = limits or Limits()
        self.level: Level = choose(isolation)
        self.forkservers = Forkservers(
            self.level, hidden, modules, self.limits.scratch_bytes, grouped
        )
        self.accelerated = accelerator_shown() if accelerated is None else accelerated
        self._session: Session | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Wall:
        self.forkservers.present()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the submission in hand and the forkserver."""
        if self._session is not None:
            self._session.close()
        self.forkservers.close()

    def open(self, files: Mapping[str, bytes], trusted: Mapping[str, bytes]) -> Session:
        """A submission with its own ``files`` and the instructor's ``trusted`` ones over them, in a
        fresh directory.

        Files whose names lead out of the directory are left out. Raises WallError when a submission
        is open already, or when the trusted exercises do not load.
        """
        if not self._lock.acquire(blocking=False):
            raise WallError(
                "This wall holds a submission already: close it first, or use one wall for each "
                "at a time."
            )
        try:
            session = Session(
                self.forkservers, self.limits, files, trusted, self.accelerated, self._release
            )
        except BaseException:
            self.forkservers.close()
            self._lock.release()
            raise
        self._session = session
        return session

    def _release(self, session: Session) -> None:
        """A session says that it is over."""
        if self._session is session:
            self._session = None
            self._lock.release()
