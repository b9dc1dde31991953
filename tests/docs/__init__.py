"""The pages of docs/ that are made by code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def module_of(page: str) -> ModuleType:
    """The module in docs/ that makes a page."""
    spec = importlib.util.spec_from_file_location(page, ROOT / "docs" / f"{page}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[page] = module  # dataclasses look themselves up there
    spec.loader.exec_module(module)
    return module
