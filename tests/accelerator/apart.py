"""A test in a process of its own, in which the pretend accelerator is registered: that is for a
whole process, and the other tests want none.
"""

from __future__ import annotations

import functools
import os
import traceback
from collections.abc import Callable
from typing import ParamSpec

import pytest

P = ParamSpec("P")


def apart(test: Callable[P, object]) -> Callable[P, None]:
    """Run ``test`` in a fork that has the device ``pretend``, and fail with what it fails with."""

    @functools.wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            failed = 1
            try:
                from . import pretend  # noqa: F401 (it registers the device)

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
        if status:
            pytest.fail(said or f"the process ended with status {status}", pytrace=False)

    return run
