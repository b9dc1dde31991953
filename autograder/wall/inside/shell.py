"""Inside: an IPython shell whose outputs become frames, as a kernel would have sent them.

Nothing here is trusted by the grader. It runs beside the student's code, which may do with it what
it likes."""

from __future__ import annotations

import base64
import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, cast

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from ..wire import frames
from . import habits

FLUSH_BYTES = 1 << 15
FLUSH_SECONDS = 0.1


class Outputs:
    """Collects what a cell puts out and sends it. Text is gathered, and cut at ``cap`` bytes a
    cell.
    """

    def __init__(self) -> None:
        self.sock: socket.socket | None = None
        self.nonce: str | None = None
        self.cap = 1 << 20
        self.owner = os.getpid()
        self.interrupted = False
        self._lock = threading.RLock()
        self._sending = False
        self._text = ""
        self._stream = ""
        self._spent = 0
        self._flushed = 0.0
        self._marks: list[int] = []
        self._count = 0

    def open(self, sock: socket.socket, cap: int) -> None:
        """Send to ``sock`` from now on, from this process."""
        self.sock, self.cap, self.owner, self._lock = sock, cap, os.getpid(), threading.RLock()

    def begin(self, nonce: str) -> None:
        """A cell starts."""
        self.nonce, self._spent, self._text, self._count, self._marks = nonce, 0, "", 0, []
        self._flushed = time.monotonic()

    def end(self, header: frames.Header) -> None:
        """The cell is over: send what is left, then ``header``."""
        with self._lock:
            self.flush()
            self._send({"nonce": self.nonce, **header})
            self.nonce = None

    def stream(self, name: str, text: str) -> None:
        """Text on stdout or stderr."""
        if (
            os.getpid() != self.owner
        ):  # a child that the student forked: its text goes the way of every subprocess
            os.write(2 if name == "stderr" else 1, text.encode("utf-8", "replace"))
            return
        with self._lock:
            if self.nonce is None or self._spent > self.cap:
                return
            self._spent += len(text)
            if self._spent > self.cap:
                text = (
                    text[: max(0, len(text) - (self._spent - self.cap))]
                    + "\n[the rest of this cell's text is cut]\n"
                )
            if name != self._stream:
                self.flush()
                self._stream = name
            self._text += text
            if len(self._text) > FLUSH_BYTES or time.monotonic() - self._flushed > FLUSH_SECONDS:
                self.flush()

    def flush(self) -> None:
        """Send the text gathered so far."""
        with self._lock:
            self._flushed = time.monotonic()
            if self._text:
                text, self._text = self._text, ""
                self._put({"output_type": "stream", "name": self._stream, "text": text})

    def add(
        self, output: dict[str, Any], display_id: str | None = None, *, update: bool = False
    ) -> None:
        """A display, a result or an error."""
        if os.getpid() != self.owner or self.nonce is None:
            return
        with self._lock:
            self.flush()
            if update:
                self._send(
                    {
                        "nonce": self.nonce,
                        "kind": "update",
                        "display_id": display_id,
                        "output": output,
                    }
                )
            else:
                self._put(output, display_id)

    def clear(self, wait: bool) -> None:
        """``clear_output``; inside an Output widget only what the widget shows."""
        with self._lock:
            self.flush()
            keep = self._marks[-1] if self._marks else 0
            self._send({"nonce": self.nonce, "kind": "clear", "wait": bool(wait), "keep": keep})

    def enter_widget(self) -> None:
        """What follows is shown by an Output widget."""
        self.flush()
        self._marks.append(self._count)

    def leave_widget(self) -> None:
        """The Output widget is left."""
        self.flush()
        if self._marks:
            self._marks.pop()

    def _put(self, output: dict[str, Any], display_id: str | None = None) -> None:
        self._count += 1
        self._send({"nonce": self.nonce, "kind": "out", "output": output, "display_id": display_id})

    def _send(self, header: frames.Header) -> None:
        """One frame, never torn by an interrupt."""
        if self.sock is None:
            return
        with self._lock:
            self._sending = True
            try:
                frames.send(self.sock, header)
            finally:
                self._sending = False
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt

    def on_interrupt(self, number: int, frame: object) -> None:
        """SIGINT: now, or after the frame that is being sent."""
        if self._sending:
            self.interrupted = True
        else:
            raise KeyboardInterrupt


OUTPUTS = Outputs()


class CellStream(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` of the cells."""

    encoding = "utf-8"
    errors = "replace"

    def __init__(self, name: str, number: int) -> None:
        self._name = name
        self._number = number

    @property
    def name(self) -> str:
        """``<stdout>`` or ``<stderr>``."""
        return f"<{self._name}>"

    @property
    def buffer(self) -> io.BufferedIOBase:
        """Bytes written here join the cell's text at its end."""
        return cast(io.BufferedIOBase, io.FileIO(self._number, "w", closefd=False))

    def write(self, text: str, /) -> int:
        """Add to the cell's text."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        OUTPUTS.stream(self._name, text)
        return len(text)

    def flush(self) -> None:
        """Text is sent in pieces anyway."""

    def fileno(self) -> int:
        """The descriptor underneath, captured as well."""
        return self._number

    def isatty(self) -> bool:
        """No terminal."""
        return False

    def readable(self) -> bool:
        """Only written to."""
        return False

    def writable(self) -> bool:
        """Only written to."""
        return True


class CapturedHook(DisplayHook):
    """The value of a cell's last expression, as execute_result."""

    _result: dict[str, Any] | None = None

    def start_displayhook(self) -> None:
        """A result begins."""
        self._result = None

    def write_output_prompt(self) -> None:
        """The number goes into the output."""

    def write_format_data(
        self, format_dict: dict[str, Any], md_dict: dict[str, Any] | None = None
    ) -> None:
        """Keep the representations."""
        self._result = {"data": safe_data(format_dict), "metadata": md_dict or {}}

    def finish_displayhook(self) -> None:
        """Send the result."""
        if self._result is not None:
            OUTPUTS.add(
                {
                    "output_type": "execute_result",
                    "execution_count": self.prompt_count,
                    **self._result,
                }
            )
            self._result = None


class CapturedPublisher(DisplayPublisher):
    """``display(...)`` as display_data."""

    def publish(  # type: ignore[override]
        self,
        data: dict[str, Any],
        metadata: dict[str, Any] | None = None,
        source: object = None,
        *,
        transient: dict[str, Any] | None = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        """Send a display, or replace one that has the same display_id."""
        display_id = (transient or {}).get("display_id")
        OUTPUTS.add(
            {"output_type": "display_data", "data": safe_data(data), "metadata": metadata or {}},
            display_id if isinstance(display_id, str) else None,
            update=update,
        )

    def clear_output(self, wait: bool = False) -> None:
        """Take back what the cell has put out."""
        OUTPUTS.clear(wait)


def safe_data(data: dict[str, Any]) -> dict[str, Any]:
    """Bytes as base64; JSON kinds stay, everything else becomes text."""
    safe: dict[str, Any] = {}
    for kind, value in data.items():
        if isinstance(value, bytes):
            safe[kind] = base64.b64encode(value).decode("ascii")
        elif isinstance(value, str) or kind.endswith("json"):
            safe[kind] = value
        else:
            safe[kind] = str(value)
    return safe


class CellShell(InteractiveShell):
    """IPython without a terminal, a history file or a kernel."""

    displayhook_class = Type(CapturedHook)
    display_pub_class = Type(CapturedPublisher)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        try:
            words = str(evalue)
        except Exception:
            words = "<the message cannot be shown>"
        name = getattr(etype, "__name__", str(etype))
        OUTPUTS.add(
            {
                "output_type": "error",
                "ename": name,
                "evalue": words,
                "traceback": [str(one) for one in stb],
            }
        )

    def system_piped(self, cmd: str) -> None:
        """``!command``: its output becomes the cell's text."""
        if habits.installs(cmd):
            habits.nothing_installed()
            return
        done = subprocess.run(
            self.var_expand(cmd, depth=1),
            shell=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        self.user_ns["_exit_code"] = done.returncode

    system = system_piped  # type: ignore[assignment]

    def enable_gui(self, gui: object = None) -> None:
        """There is no event loop to join."""

    def enable_matplotlib(self, gui: str | None = None) -> Any:
        """``%matplotlib`` of any kind: there is no window, figures go onto the page."""
        return super().enable_matplotlib("inline")

    def ask_exit(self) -> None:
        """``exit()`` and ``quit()`` end nothing: the next cell runs."""
        print("exit() has no effect when the notebook is graded")


def make_shell() -> CellShell:
    """The shell, made once in the forkserver: every fork has its own."""
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.xmode = "Context"
    config.InteractiveShell.banner1 = ""
    shell = CellShell.instance(config=config)
    shell.displayhook = cast(Any, shell.displayhook)
    habits.allow(shell)
    return shell


def run_cell(shell: CellShell, source: str, nonce: str, drain: Callable[[], None]) -> None:
    """Run one cell and send what it put out; an interrupt ends the cell, never the loop around
    it.
    """
    here = os.getpid()
    OUTPUTS.begin(nonce)
    number: int | None = None
    try:
        signal.signal(signal.SIGINT, OUTPUTS.on_interrupt)
        result = shell.run_cell(source, store_history=True)
        number = result.execution_count
    except KeyboardInterrupt:
        shell.showtraceback()
    except BaseException:
        try:
            shell.showtraceback()
        except BaseException as error:
            OUTPUTS.add(
                {
                    "output_type": "error",
                    "ename": type(error).__name__,
                    "evalue": "",
                    "traceback": ["the shell broke"],
                }
            )
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        OUTPUTS.interrupted = False
    if os.getpid() != here:
        os._exit(0)  # a child that the student forked came back: the cells are the parent's
    drain()
    OUTPUTS.end({"kind": "done", "execution_count": number})
