"""Where the tests lie in wait: a check of the course that writes down whose submission which
process has in hand, holds it there, or ends that process, as a folder says. Without the folder
(FAULTS_AMBUSH) it is a Dimensions check like any other.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from courses.course import TinyCourse

FOLDER = "FAULTS_AMBUSH"
STEP = 2.0**-40
"""Student number n multiplies the loss by 1 + n * STEP: nothing to any tolerance, and enough to
know them by.
"""

CHECK = """

import os as _os
import signal as _signal
import time as _time
from pathlib import Path as _Path


class _Ambush(Dimensions):
    def __call__(self, trial):
        if folder := _os.environ.get("FAULTS_AMBUSH"):
            self._meet(_Path(folder), self._number(trial))
        return super().__call__(trial)

    @staticmethod
    def _number(trial):
        drawn = trial.draws()[0]
        x, w = drawn.inputs["x"], drawn.inputs["w"]
        if drawn.evaluation.failure is not None:
            return 0
        loss = float(drawn.evaluation.outputs["loss"].array)
        return round((loss / (0.5 * float(((x @ w) ** 2).mean())) - 1) * 2.0**40)

    @staticmethod
    def _meet(folder, number):
        with open(folder / "met", "a") as met:
            met.write(f"{number} {_os.getpid()}\\n")
        if (folder / f"poison-{number}").exists():
            _os.kill(_os.getpid(), _signal.SIGKILL)
        while (folder / f"hold-{number}").exists():
            _time.sleep(0.02)


half_square.checks = [_Ambush(share=1), *half_square.checks[1:]]
"""


class Ambush:
    """The folder, from the tests' side."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(0o777)
        self.folder = folder

    @property
    def environment(self) -> dict[str, str]:
        """What the processes that judge must find."""
        return {**os.environ, FOLDER: str(self.folder)}

    def hold(self, *numbers: int) -> None:
        """Stop these students' submissions in the middle of being judged."""
        for number in numbers:
            (self.folder / f"hold-{number}").touch()

    def poison(self, number: int) -> None:
        """From now on a student's submission kills whoever judges it."""
        (self.folder / f"poison-{number}").touch()

    def release(self, *numbers: int) -> None:
        """Let these students' submissions go on, or all."""
        for path in [self.folder / f"hold-{number}" for number in numbers] or self.folder.glob(
            "hold-*"
        ):
            path.unlink()

    def met(self) -> list[tuple[int, int]]:
        """Student number and process, each time that one was judged."""
        path = self.folder / "met"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(number), int(pid)) for number, pid in map(str.split, lines)]

    def wait_for(self, number: int) -> int:
        """Wait until a student's submission is in hand; returns the process that has it."""
        until(
            lambda: any(number == one for one, _ in self.met()),
            f"nobody has submission {number} in hand",
        )
        return next(pid for one, pid in reversed(self.met()) if one == number)


def accelerate(course: TinyCourse) -> None:
    """Let an exercise of the course ask for an accelerator."""
    gradients = course.root / "source/tiny/exercises/gradients.py"
    text = gradients.read_text()
    assert "seconds=SECONDS)" in text
    gradients.write_text(text.replace("seconds=SECONDS)", "seconds=SECONDS, accelerated=True)"))


def until(true: Callable[[], object], otherwise: str, patience: float = 120.0) -> None:
    """Wait for something that must come to be."""
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, otherwise
        time.sleep(0.02)
