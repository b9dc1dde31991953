"""Notebooks run from top to bottom in `make test-notebooks`."""

from __future__ import annotations

from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before what is marked is left out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what runs a notebook: what is run needs a place."""
    for item in items:
        runs = "tmp_path_factory" in getattr(item, "fixturenames", ())
        if runs and item.path.parent == HERE:
            item.add_marker(pytest.mark.notebooks)
