"""Inside: the forkserver. It imports what notebooks import, once, and forks a submission whenever
it is asked.

It runs no student's code and knows no reference. Its only visitor is the grader, over an inherited
socketpair."""

from __future__ import annotations

import gc
import importlib
import importlib.util
import json
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from typing import Any

from ...watch.genuine import remember_what_is_there
from ...watch.placement import import_what_torch_will
from ..wire import frames, kernel
from . import descendants, holdings, sandboxed
from .as_before import look_beforehand
from .rooms import Rooms

WATCH_MILLISECONDS = 200


class Forkserver:
    """Serves the grader: fork, interrupt, kill, and tells when the submission's process ends."""

    def __init__(self, grader: socket.socket, rooms: Rooms) -> None:
        self._grader = grader
        self._rooms = rooms
        self._child: int | None = None
        self._bounds: dict[str, Any] = {}
        self._bell, bell = socket.socketpair()
        self._bell.setblocking(False)
        bell.setblocking(False)
        signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        self._ringer = bell
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (
            signal.SIGINT,
            signal.SIGHUP,
            signal.SIGTERM,
            signal.SIGUSR1,
            signal.SIGUSR2,
            signal.SIGPIPE,
        ):
            signal.signal(number, signal.SIG_IGN)

    def serve(self) -> None:
        """Until the grader hangs up."""
        poll = select.poll()
        poll.register(self._grader, select.POLLIN)
        poll.register(self._bell, select.POLLIN)
        try:
            while True:
                ready = {
                    fd
                    for fd, _ in poll.poll(WATCH_MILLISECONDS if self._child is not None else None)
                }
                asked = frames.receive(self._grader) if self._grader.fileno() in ready else None
                if asked is None or asked[0]["op"] != "kill":  # what is to be killed costs no more
                    self._watch()  # before anything is answered: to ask for no more is "watch"
                if self._bell.fileno() in ready:
                    with suppress(BlockingIOError):
                        self._bell.recv(4096)
                    self._reap()
                if asked is not None:
                    self._answer(asked[0], asked[2])
        except (frames.Closed, ConnectionError):
            pass
        finally:
            descendants.sweep()

    def _answer(self, header: frames.Header, fds: list[int]) -> None:
        reply: frames.Header = {"re": header["op"]}
        if header["op"] == "fork":
            self._bounds = header["bounds"]
            reply["pid"] = self._fork(fds[0], fds[1:])
        elif header["op"] == "prepare":
            sandboxed.prepare(header["modules"])
        elif header["op"] == "interrupt":
            if self._child is not None:
                with suppress(ProcessLookupError):
                    os.kill(self._child, signal.SIGINT)
        elif header["op"] == "kill":
            reply["left"] = descendants.sweep(self._child if header.get("keep") else None)
            self._reap()
            reply["swept"] = bool(header.get("keep")) or self._rooms.emptied(header["uid"])
        frames.send(self._grader, reply)

    def _fork(self, fd: int, doors: list[int]) -> int:
        """A submission that speaks over ``fd``, in the groups of the kernel's behind ``doors``."""
        pid = os.fork()
        if pid == 0:
            try:
                signal.set_wakeup_fd(-1)
                for door in doors:
                    os.write(door, b"0")
                    os.close(door)
                sandboxed.main(fd)
            finally:
                os._exit(70)
        for one in (fd, *doors):
            os.close(one)
        self._child = pid
        return pid

    def _watch(self) -> None:
        """The limits of a process bind each one alone; together they may not use more either."""
        if self._child is None:
            return
        if what := self._used_up(self._child):
            frames.send(self._grader, {"event": "exceeded", "pid": self._child, "what": what})
            descendants.sweep()
            self._reap()

    def _used_up(self, child: int) -> str | None:
        """The first of the bounds that what runs now exceeds."""
        held = holdings.held_by(descendants.quickly_below(child), os.getpid())
        if held.memory > self._bounds["memory"]:
            return "memory"
        room = self._bounds["room"]
        disk, files = holdings.filled(room) if room else (held.unlinked, 0)
        if disk > self._bounds["disk"]:
            return "disk"
        return "files" if files > self._bounds["files"] else None

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self._child:
                self._child = None
                frames.send(self._grader, {"event": "exit", "pid": pid, "status": status})


def preload(modules: list[str]) -> list[str]:
    """Import what is installed of ``modules``, draw a first figure, make the shell, and remember
    all code that is there; the names that were imported.
    """
    from . import shell

    shell.make_shell()
    _first_error()
    warmed = []
    for name in modules:
        try:
            if importlib.util.find_spec(name) is not None:
                importlib.import_module(name)
                warmed.append(name)
        except Exception as error:
            print(f"{name} cannot be imported: {error}", file=sys.stderr)
    if "matplotlib.pyplot" in warmed:
        _first_figure()
    if "torch" in warmed:
        import_what_torch_will()
    if "ipywidgets" in warmed:
        _widgets_without_kernel()
    if "coursekit" in warmed:
        _first_images()
    remember_what_is_there()
    look_beforehand()
    return warmed


def _first_error() -> None:
    """What IPython shows an error with is imported now: every submission with one would import it
    anew.
    """
    from .shell import CellShell

    try:
        raise RuntimeError
    except RuntimeError as error:
        shown = CellShell.instance().InteractiveTB
        shown.structured_traceback(RuntimeError, error, error.__traceback__)


def _first_figure() -> None:
    """Everything matplotlib loads lazily is loaded now."""
    import matplotlib.pyplot as plt

    figure = plt.figure()
    figure.add_subplot().set_title("warm")
    figure.canvas.draw()
    plt.close("all")


def _first_images() -> None:
    """The images that most notebooks begin with are drawn once."""
    from coursekit.data import draw_beforehand

    draw_beforehand()


def _widgets_without_kernel() -> None:
    """Output widgets show what they hold in the cell itself, and clear only that."""
    import ipywidgets

    from .shell import OUTPUTS

    def enter(self: object) -> object:
        OUTPUTS.enter_widget()
        return self

    def leave(self: object, kind: type[BaseException] | None, value: Any, trace: Any) -> bool:
        from IPython.core.getipython import get_ipython

        ip = get_ipython()
        if kind is not None and ip is not None:
            ip.showtraceback((kind, value, trace), tb_offset=0)
        OUTPUTS.leave_widget()
        return kind is not None

    ipywidgets.Output.__enter__ = enter  # type: ignore[method-assign]
    ipywidgets.Output.__exit__ = leave  # type: ignore[method-assign]
    ipywidgets.Output.clear_output = lambda self, wait=False, **_: OUTPUTS.clear(wait)  # type: ignore[method-assign]


def main(fd: int, settings: str) -> None:
    """Entry: ``fd`` is the grader's socket, ``settings`` JSON: the modules to import, and the
    rooms that live inside only.
    """
    wanted = json.loads(settings)
    grader = socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    with suppress(OSError):
        kernel.prctl(
            kernel.PR_SET_DUMPABLE, 0
        )  # no submission of the same user looks into this memory
    gc.disable()  # imports make much that stays, which collections would go through again and again
    warmed = preload(wanted["modules"])
    forkserver = Forkserver(grader, Rooms(wanted["rooms"]))
    gc.collect()
    gc.freeze()
    gc.enable()
    kernel.own_memory_in_huge_pages()
    frames.send(grader, {"event": "ready", "modules": warmed, "python": sys.version.split()[0]})
    forkserver.serve()
    os._exit(0)  # there is nothing to tidy up, over which Python would take half a second
