"""Outside: a forkserver process and the socket to it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from ...errors import WallError
from ..wire import frames
from ..wire.limits import Limits
from . import cgroups
from .endings import MOST_FILES
from .isolation import INSIDE, Level, Plan, plan

PREFIX = "chainrule-wall-"
LOG = "log"
START_SECONDS = 120.0
YOUNG_SECONDS = 60.0
ANSWER_SECONDS = 60.0
ENTRY = (
    "import sys; from autograder.wall.inside.forkserver import main; main(int(sys.argv[1]), "
    "sys.argv[2])"
)
THREADS = ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "VECLIB_MAXIMUM", "BLIS", "RAYON")


class ForkserverDied(Exception):
    """The forkserver is gone."""


class ForkserverProcess:
    """One forkserver: started, spoken to, ended. ``exited`` maps the pids of ended submissions to
    their wait status, ``exceeded`` what those had used up that were killed for it.
    """

    def __init__(
        self,
        level: Level,
        hidden: Sequence[Path],
        modules: Sequence[str],
        scratch_bytes: int,
        grouped: bool,
    ) -> None:
        _clear_after_killed_graders()
        self.directory = Path(tempfile.mkdtemp(prefix=PREFIX))
        self.directory.chmod(0o711)
        self.sessions = self.directory / "sessions"
        self.sessions.mkdir(mode=0o711)
        self.sessions.chmod(0o711)
        home = self.directory / "home"
        home.mkdir()
        home.chmod(0o755)
        self.exited: dict[int, int] = {}
        self.exceeded: dict[int, str] = {}
        self._prepared: Mapping[str, str] = {}
        self._group: cgroups.Cgroup | None = None
        self._known_killed = 0
        self.plan: Plan = plan(level, self.sessions, hidden, scratch_bytes, grouped)
        _lend_fonts(home)
        ours, theirs = socket.socketpair()
        self._channel = frames.Channel(ours)
        self._log = open(self.directory / LOG, "w+b")  # noqa: SIM115 (it lives as long as the process)
        fcntl.flock(self._log, fcntl.LOCK_EX)  # says that somebody still uses this directory
        try:
            with theirs:
                self._process = self._start(theirs.fileno(), home, modules)
            ready = self._answer(START_SECONDS, "event", "ready")
        except BaseException:
            self.close()
            raise
        self.modules: list[str] = ready["modules"]
        _keep_fonts(home)

    def _start(self, fd: int, home: Path, modules: Sequence[str]) -> subprocess.Popen[bytes]:
        environment = _environment(self.plan.home(home))
        python = [
            sys.executable,
            "-I",
            "-c",
            ENTRY,
            str(fd),
            json.dumps({"modules": list(modules), "rooms": self.plan.rooms_inside()}),
        ]
        command = self.plan.command(python, environment, home)
        try:
            return subprocess.Popen(
                command,
                env=environment,
                pass_fds=(fd,),
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            raise WallError(f"The grader's forkserver cannot be started: {error}.") from error

    @property
    def fileno(self) -> int:
        """The control socket, for polling."""
        return self._channel.fileno()

    def prepare(self, modules: Mapping[str, str]) -> None:
        """Have the trusted modules compiled once for all submissions to come."""
        if modules != self._prepared:
            self._prepared = modules
            self._ask({"op": "prepare", "modules": modules})

    def fork(self, end: socket.socket, limits: Limits, handed: int) -> int:
        """A new submission that speaks over ``end``; its pid as the forkserver sees it. All its
        processes together may use what ``limits`` says, beside the ``handed`` bytes of files that
        it begins with.
        """
        bounds = {
            "memory": limits.memory_bytes,
            "disk": limits.scratch_bytes + handed,
            "files": MOST_FILES,
            "room": INSIDE if self.plan.own_file_systems else None,
        }
        with self._new_group(limits) as doors:
            return self._ask({"op": "fork", "bounds": bounds}, fds=(end.fileno(), *doors))["pid"]

    @contextmanager
    def _new_group(self, limits: Limits) -> Iterator[list[int]]:
        """The doors of a group for one submission; none where the kernel has no groups for us."""
        self._end_group()
        if (where := self.plan.cgroups) is None:
            yield []
            return
        files = self.plan.file_bytes if self.plan.own_file_systems else 0
        self._group = cgroups.group_for(where, self.directory.name, limits, files)
        self._known_killed = 0
        with self._group.doors() as doors:
            yield doors

    def _end_group(self) -> None:
        if self._group is not None:
            self._group.end()
            self._group = None

    @property
    def out_of_memory(self) -> bool:
        """Whether the kernel has killed processes of the submission for memory, since that was
        last known.
        """
        return self._group is not None and self._group.killed > self._known_killed

    def know_killed(self) -> None:
        """What the kernel has killed for memory so far has had its consequence."""
        self._known_killed = self._group.killed if self._group is not None else 0

    def watch(self) -> None:
        """Have it looked at now what the submission uses; it is ended if that is too much."""
        self._ask({"op": "watch"})

    def interrupt(self) -> None:
        """SIGINT for the submission."""
        self._ask({"op": "interrupt"})

    def kill(self, *, keep_submission: bool = False) -> None:
        """Kill the submission and everything it ever started; or all but the submission itself, as
        after a check. A forkserver that cannot is as good as dead: nothing of a submission is there
        for the next one.
        """
        words = {"op": "kill", "keep": keep_submission, "uid": self.plan.uid}
        if not self._ask(words)["swept"]:
            raise ForkserverDied
        if not keep_submission:
            self._end_group()

    def poll(self) -> None:
        """Take in the news of ended submissions, without waiting."""
        with suppress(frames.Late):
            while True:
                self._answer(0.0, "", "")

    def close(self) -> None:
        """End the forkserver and everything below it, and remove its directory. Closing twice is
        closing once.
        """
        self._channel.close()
        process = getattr(self, "_process", None)
        if process is not None:
            try:  # it sweeps its descendants when its socket closes
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._end_group()
        self._log.close()
        remove_tree(self.directory)

    def _ask(self, header: frames.Header, fds: Sequence[int] = ()) -> frames.Header:
        try:
            self._channel.send(header, fds=fds)
        except (frames.Closed, frames.Late) as error:
            raise ForkserverDied from error
        return self._answer(ANSWER_SECONDS, "re", header["op"])

    def _answer(self, seconds: float, key: str, value: str) -> frames.Header:
        deadline = time.monotonic() + seconds
        while True:
            try:
                if seconds:
                    header, _ = self._channel.receive(deadline)
                else:
                    header, _ = self._channel.take()
            except frames.Closed as error:
                if value == "ready":
                    raise WallError(
                        f"The grader's forkserver did not start: {self._last_words()}"
                    ) from error
                raise ForkserverDied from error
            except frames.Late as error:
                if not seconds:
                    raise
                if value == "ready":
                    raise WallError(
                        f"The grader's forkserver was not ready after {seconds:g} s: grade again "
                        "when the machine is idle."
                    ) from error
                raise ForkserverDied from error
            if header.get("event") == "exit":
                self.exited[header["pid"]] = header["status"]
                if self.out_of_memory:
                    self.exceeded.setdefault(header["pid"], "memory")
            elif header.get("event") == "exceeded":
                self.exceeded[header["pid"]] = header["what"]
            elif key and header.get(key) == value:
                return header

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing."


def remove_tree(path: Path) -> None:
    """Remove a directory that somebody may have made hard to remove. Links are removed, never
    followed.
    """
    with suppress(Exception):  # RecursionError among them
        shutil.rmtree(path, ignore_errors=True)
    if os.path.lexists(path):  # too deep for Python, or closed directories
        subprocess.run(["chmod", "-R", "u+rwX", "--", str(path)], capture_output=True, check=False)
        subprocess.run(["rm", "-rf", "--", str(path)], capture_output=True, check=False)


def _clear_after_killed_graders() -> None:
    """A grader that was killed could not remove its directory; the next one does."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            info = path.lstat()
            if info.st_uid != os.geteuid() or not stat.S_ISDIR(info.st_mode):
                continue
            if time.time() - info.st_mtime < YOUNG_SECONDS:
                continue  # it may be about to be locked
            with open(path / LOG, "rb") as log:
                fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
                cgroups.clear(path.name)
                remove_tree(path)


def _environment(home: str) -> dict[str, str]:
    """Everything a notebook may see of the grader's environment: nothing but this."""
    environment = {
        "PATH": f"{Path(sys.prefix) / 'bin'}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": home,
        "IPYTHONDIR": home,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    environment |= {f"{name}_NUM_THREADS": "1" for name in THREADS}
    for name in ("LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "TZ", "CHAINRULE_DATA"):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def _font_cache() -> Path:
    if "MPLCONFIGDIR" in os.environ:
        return Path(os.environ["MPLCONFIGDIR"])
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "matplotlib"


def _lend_fonts(home: Path) -> None:
    """Give the forkserver matplotlib's list of fonts, which takes seconds to make."""
    for path in _font_cache().glob("fontlist-*.json"):
        with suppress(OSError):
            shutil.copy(path, home / path.name)


def _keep_fonts(home: Path) -> None:
    """Keep the list that the forkserver made, before any submission has run in it."""
    with suppress(OSError):
        for path in home.glob("fontlist-*.json"):
            kept = _font_cache() / path.name
            if not kept.exists():
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, kept)
