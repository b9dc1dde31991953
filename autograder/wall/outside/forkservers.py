"""Outside: the forkserver in use, for whoever needs one: started when there is none, replaced when
it is dead.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from .forkserver_process import ForkserverProcess
from .isolation import Level


class Forkservers:
    """Keeps one forkserver at a time."""

    def __init__(
        self,
        level: Level,
        hidden: Sequence[Path],
        modules: Sequence[str],
        scratch_bytes: int,
        grouped: bool,
    ) -> None:
        self._level: Level = level
        self._hidden = tuple(Path(path) for path in hidden)
        self._modules = tuple(modules)
        self._scratch_bytes = scratch_bytes
        self._grouped = grouped
        self._present: ForkserverProcess | None = None

    def present(self) -> ForkserverProcess:
        """The forkserver, started when there is none. Raises WallError when it does not start."""
        if self._present is None:
            self._present = ForkserverProcess(
                self._level, self._hidden, self._modules, self._scratch_bytes, self._grouped
            )
        return self._present

    def replace(self, dead: ForkserverProcess) -> None:
        """A forkserver is dead or not to be relied on: the next submission gets a new one."""
        dead.close()
        if self._present is dead:
            self._present = None

    def close(self) -> None:
        """End the forkserver, if there is one."""
        if self._present is not None:
            self.replace(self._present)
