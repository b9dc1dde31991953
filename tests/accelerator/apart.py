"""A test in a process of its own, in which the pretend accelerator is registered: that is for a
whole process, and the other tests want none.
"""

from __future__ import annotations

import functools
import gc
import importlib
import os
import subprocess
import sys
import traceback
from collections.abc import Callable
from typing import ParamSpec

import pytest

P = ParamSpec("P")
TOO_LATE = "device_ready_q"
"""Part of what torch says of a device that is registered after a process's first backward pass: the
autograd engine counts devices once.
"""


def apart(test: Callable[P, object]) -> Callable[P, None]:
    """Run ``test`` in a fork that has the device ``pretend``, and fail with what it fails with."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        importlib.import_module("torch._dynamo")  # optimizers do: seconds, once for all forks
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            failed = 1
            try:
                from . import pretend  # noqa: F401 (it registers the device)

                gc.freeze()  # what is there already stays: each look at memory would look at it all
                test(*args, **kwargs)
                failed = 0
            except BaseException:
                os.write(writing, traceback.format_exc()[-30000:].encode())
            finally:
                os._exit(failed)
        os.close(writing)
        with open(reading, encoding="utf-8", errors="replace") as pipe:
            said = pipe.read()
        _, status = os.waitpid(pid, 0)
        if status and TOO_LATE in said:  # another test of this worker went backward before
            said, status = _in_a_process_without_a_past()
        if status:
            pytest.fail(said or f"the process ended with status {status}", pytrace=False)

    return run


def _in_a_process_without_a_past() -> tuple[str, int]:
    """The running test once more, by a pytest of its own; what it said, and its exit status."""
    test = os.environ["PYTEST_CURRENT_TEST"].rpartition(" (")[0]
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    clean = {name: told for name, told in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [*command, "-m", "audit or not audit", test], capture_output=True, text=True, env=clean
    )
    return done.stdout[-30000:], done.returncode
