"""Inside: one submission. Puts up its own walls, loads the exercises, then runs cells and forks
checks as it is told.
"""

from __future__ import annotations

import gc
import os
import random
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...exercise.importing import compile_beforehand
from ...exercise.load import entry_of, load
from ...exercise.trial import Exercise
from ...language.probe import Inputs
from ...language.verdict import Evaluation, replace
from ...watch.evaluate import call, transcribed
from ...watch.trusted import INSTRUCTORS, Trusted
from ..wire import evaluations, frames, kernel, values
from . import confine
from .as_before import AsBefore
from .shell import OUTPUTS, CellShell, CellStream, run_cell

TEXT_FROM_BELOW = 1 << 20
SOON_SECONDS = 0.05
SOON_BYTES = 16 << 20
"""What a batch has answered is sent after so long, or so much: a slow or large one is not lost when
the next one dies.
"""

MISSING = re.compile(r"NameError: name '(\w+)' is not defined|(\w+) is not defined yet")

_settrace, _setprofile = sys.settrace, sys.setprofile

HERE = Path()
"""What lies in the scratch directory has no other path: it is the same in every submission."""


def prepare(modules: Mapping[str, str]) -> None:
    """In the forkserver: compile the trusted modules, so that no submission has to."""
    compile_beforehand(values.unpack_sources(modules), HERE)


class SandboxedNotebook:
    """The state of one notebook between the grader's requests."""

    def __init__(self, sock: socket.socket, header: frames.Header) -> None:
        self._sock = sock
        self._shell: CellShell = CellShell.instance()
        self._names: dict[str, dict[str, Any]] = {}
        self._last: dict[str, Any] = {}
        self._nested = bool(header.get("nested"))
        self.exercises: dict[str, Exercise] = {}
        self._before: AsBefore | None = None
        self._anew = False
        self._trusted: Trusted | None = None
        self._below = [(1, "stdout"), (2, "stderr")]

    def load(self, modules: Mapping[str, str]) -> None:
        """Run the trusted exercises, before any line of the student's, who may import them, too."""
        if entry_of(modules) is None:
            return
        loaded = load(values.unpack_sources(modules), HERE)
        self.exercises = loaded.exercises
        for name, module in loaded.modules.items():
            sys.modules.setdefault(name, module)
        self._before = AsBefore()

    def serve(self) -> None:
        """Answer the grader until it hangs up."""
        while True:
            header, payload, fds = frames.receive(self._sock)
            op = header["op"]
            if op == "cell":
                run_cell(self._shell, header["source"], header["nonce"], self._drain)
            elif op == "remember":
                self._names[header["exercise"]] = dict(self._shell.user_ns)
                frames.send(self._sock, {"nonce": header["nonce"], "kind": "done"})
            elif op == "anew":
                self._load_anew(payload)
                frames.send(self._sock, {"nonce": header["nonce"], "kind": "done"})
            elif op == "check":
                self._fork_check(fds[0], header, payload)
            elif op == "evaluate":
                self._evaluate(header, payload)

    def _drain(self) -> None:
        """What C code and subprocesses wrote to the descriptors joins the cell's text."""
        for number, name in self._below:
            with suppress(OSError):
                size = os.fstat(number).st_size
                if size:
                    text = os.pread(number, min(size, TEXT_FROM_BELOW), 0).decode(
                        "utf-8", "replace"
                    )
                    os.ftruncate(number, 0)
                    OUTPUTS.stream(name, text)

    def _load_anew(self, codes: bytes) -> None:
        """Exercises that no line of the student's has had in hand, by what judges as it was before
        the first one.
        """
        if self._before is None:
            return
        self._before.put_back()
        signal.setitimer(signal.ITIMER_REAL, 0)
        for name in [one for one in sys.modules if one.startswith(INSTRUCTORS)]:
            del sys.modules[name]
        known = values.unpack_codes(codes)
        loaded = load(dict.fromkeys(known, b""), HERE, codes=known)
        self.exercises = loaded.exercises
        self._before.and_these(loaded.modules.values())
        self._trusted = Trusted.of(loaded.modules.values(), known.values())
        self._anew = True

    def _fork_check(self, fd: int, header: frames.Header, codes: bytes) -> None:
        """A further fork answers the checks, so that a check that hangs or dies costs nobody else
        anything.
        """
        with suppress(
            ChildProcessError
        ):  # the dead count against the process limit until they are waited for
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        confine.room_for_a_check()
        self._final()
        if not self._anew and len(sys._current_frames()) == 1:
            self._load_anew(codes)  # once for all checks, where no thread of the student's looks on
        pid = os.fork()
        if pid:
            os.close(fd)
            done = {"nonce": header["nonce"], "kind": "done", "anew": self._anew}
            frames.send(self._sock, done)
            return
        try:
            gc.freeze()  # a collection would go through, and so copy, all that cells have made
            self._sock.close()
            self._sock = socket.socket(fileno=fd)
            os.set_inheritable(fd, False)
            OUTPUTS.sock = None
            if self._nested:
                confine.no_signals()
            if not self._anew:
                self._load_anew(codes)
            frames.send(self._sock, {"nonce": header["nonce"], "kind": "done"})
            self.serve()
        finally:
            os._exit(0)

    def _final(self) -> dict[str, Any]:
        """The names as the last cell left them, kept before the first check."""
        self._last = self._last or dict(self._shell.user_ns)
        return self._last

    def _evaluate(self, header: frames.Header, payload: bytes) -> None:
        """Answer a batch, in as few frames as do: each frame wakes the grader up."""
        exercise = self.exercises[header["exercise"]]
        answers: list[frames.Header] = []
        parts: list[bytes] = []
        since = time.monotonic()
        for place, tree in enumerate(header["batch"], start=1):
            inputs, count_work = values.unpack_inputs(tree, payload), header["count_work"]
            evaluation = self._one(exercise, inputs, count_work, is_first=place == 1)
            answer, raw = evaluations.pack_evaluation(evaluation)
            answers.append(answer)
            parts.append(raw)
            due = time.monotonic() - since > SOON_SECONDS or sum(map(len, parts)) > SOON_BYTES
            if due or place == len(header["batch"]):
                answered = {"nonce": header["nonce"], "kind": "evaluations", "of": answers}
                frames.send(self._sock, answered, b"".join(parts))
                answers, parts, since = [], [], time.monotonic()

    def _one(
        self, exercise: Exercise, inputs: Inputs, count_work: bool, *, is_first: bool
    ) -> Evaluation:
        _settrace(None)  # a tracer that a cell left on has no names to work with below
        _setprofile(None)
        judged_here = count_work or exercise.inside
        if self._before is not None and (judged_here or is_first):
            self._before.put_back_calling()
        if self._before is not None and count_work:
            self._before.put_back_counting()
        # the functions see the globals that were there at the check, not later ones
        names = self._names.get(exercise.name) or self._final()
        self._shell.user_ns.clear()
        self._shell.user_ns.update(names)
        here = os.getpid()
        if judged_here:
            evaluation = call(
                exercise, self._shell.user_ns, inputs, count_work=count_work, trusted=self._trusted
            )
        else:
            restore = self._before.put_back_writing if self._before is not None else int
            evaluation = transcribed(exercise, self._shell.user_ns, inputs, restore)
        if os.getpid() != here:
            os._exit(0)
        return further_down(evaluation, names, self._last)


def further_down(
    evaluation: Evaluation, names: Mapping[str, Any], last: Mapping[str, Any]
) -> Evaluation:
    """With a hint where a name that was missing at the check (``names``) is defined below it
    (``last``).
    """
    failure = evaluation.failure
    found = MISSING.match(failure.message) if failure else None
    missing = found and (found[1] or found[2])
    if failure is None or missing is None or missing in names or missing not in last:
        return evaluation
    hint = f"{failure.message}; {missing} is defined further down: move it above this check"
    return replace(evaluation, failure=replace(failure, message=hint))


def main(fd: int) -> None:
    """The first thing a fork does. Never returns."""
    sock = socket.socket(fileno=fd)
    os.set_inheritable(fd, False)
    header, files, _ = frames.receive(sock)
    try:
        _detach(fd)
        _keep_to(header["cores"])
        confine.confine(header["confine"])
        _fill(header["scratch"], header["files"], files)
        _own_world(header)
        submission = SandboxedNotebook(sock, header)
        submission.load(header["modules"])
        sys.path.append(header["scratch"])  # only now: exercises run no file of the student's
        OUTPUTS.open(sock, header["text_cap"])
    except BaseException as error:
        words = f"{type(error).__name__}: {error}"
        with suppress(OSError):
            frames.send(sock, {"nonce": header["nonce"], "kind": "failed", "message": words[:1000]})
        os._exit(71)
    frames.send(
        sock, {"nonce": header["nonce"], "kind": "ready", "exercises": list(submission.exercises)}
    )
    with suppress(frames.Closed, ConnectionError):
        submission.serve()
    os._exit(0)


def _detach(fd: int) -> None:
    """Own session, no descriptor of the forkserver's, text of C code and subprocesses caught."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGCHLD, signal.SIGHUP, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_DFL)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for number in (1, 2):
        caught = os.memfd_create(f"text{number}", 0)
        os.dup2(caught, number)
        import fcntl

        fcntl.fcntl(number, fcntl.F_SETFL, os.O_APPEND)
        os.set_inheritable(number, True)
    os.set_inheritable(0, True)
    os.closerange(3, fd)
    os.closerange(fd + 1, 1 << 20)
    with suppress(OSError):
        kernel.prctl(kernel.PR_SET_DUMPABLE, 1)


def _keep_to(cores: list[int]) -> None:
    """Those of the grader, who waits while anything runs here."""
    if cores:
        with suppress(OSError):  # taken away meanwhile
            os.sched_setaffinity(0, cores)


def _fill(scratch: str, files: list[tuple[str, int]], data: bytes) -> None:
    """Make the directory and write its files, where the grader has not done so."""
    os.umask(0o077)
    os.makedirs(scratch, exist_ok=True)
    at = 0
    for name, size in files:
        path = os.path.join(scratch, name)
        with suppress(OSError):  # a student's file in place of a directory
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(data[at : at + size])
        at += size


def _own_world(header: frames.Header) -> None:
    """Own directory, environment and random numbers; the student's own modules come last on the
    path.
    """
    scratch = header["scratch"]
    os.chdir(scratch)
    os.umask(0o077)
    for name in ("HOME", "TMPDIR", "IPYTHONDIR", "MPLCONFIGDIR", "JUPYTER_CONFIG_DIR"):
        os.environ[name] = (
            scratch if name in ("HOME", "TMPDIR") else os.path.join(scratch, ".config")
        )
    import tempfile

    tempfile.tempdir = None
    sys.argv = [""]
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 (it lives as long as the process)
    sys.stdout, sys.stderr = CellStream("stdout", 1), CellStream("stderr", 2)
    random.seed()
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed()
