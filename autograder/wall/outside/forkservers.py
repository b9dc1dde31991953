"""Outside: the forkserver in use, for whoever needs one: started when there is none, replaced when it is dead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .isolation import Level
from .warm_process import WarmProcess


class Forkservers:
    """Keeps one warm process at a time."""

    def __init__(self, level: Level, hidden: Sequence[Path], modules: Sequence[str]) -> None:
        self._level: Level = level
        self._hidden = tuple(Path(path) for path in hidden)
        self._modules = tuple(modules)
        self._present: WarmProcess | None = None

    def present(self) -> WarmProcess:
        """The warm process, started when there is none. Raises WallError when it does not start."""
        if self._present is None:
            self._present = WarmProcess(self._level, self._hidden, self._modules)
        return self._present

    def replace(self, dead: WarmProcess) -> None:
        """A warm process is dead or not to be relied on: the next submission gets a new one."""
        dead.close()
        if self._present is dead:
            self._present = None

    def close(self) -> None:
        """End the warm process, if there is one."""
        if self._present is not None:
            self.replace(self._present)
