"""What tests of an accelerator share. Those for a card say so when there is none, instead of passing
over it, and end with a table.
"""

from __future__ import annotations

import pytest

from autograder.watch import devices

from .table import Row, as_text, write

ROWS = pytest.StashKey[list[Row]]()


@pytest.fixture(scope="session")
def accelerator() -> str:
    """The kind of accelerator (``cuda``, ``mps``, ``xpu``)."""
    if problem := devices.why_no_accelerator():
        pytest.exit(
            "make test-gpu needs a GPU that torch can use (torch.accelerator), and here "
            f"{problem}. Install the torch build for your GPU into .venv and run it again.",
            returncode=1,
        )
    return devices.current_accelerator()


@pytest.fixture
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """The table so far."""
    return request.config.stash.setdefault(ROWS, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, after the last test."""
    found = terminalreporter.config.stash.get(ROWS, [])
    if not found:
        return
    terminalreporter.section("answer to reference, on the same card")
    terminalreporter.write_line(as_text(found))
    if path := write(found):
        terminalreporter.write_line(f"written to {path}")
