"""These tests need an accelerator, and say so when there is none instead of passing over it."""

from __future__ import annotations

import pytest

from autograder.watch import devices as training


@pytest.fixture(scope="session", autouse=True)
def accelerator() -> str:
    """The kind of accelerator (``cuda``, ``mps``, ``xpu``)."""
    if problem := training.why_no_accelerator():
        pytest.exit(
            "make test-gpu needs a GPU that torch can use (torch.accelerator), and here "
            f"{problem}. Install the torch build for your GPU into .venv and run it again.",
            returncode=1,
        )
    return training.current_accelerator()
