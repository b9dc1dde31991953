"""References, mistakes and exercises are loaded by path, as the grader does: the course is not on the import path."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

COURSE = Path(__file__).parents[2]


@cache
def load(path: str) -> ModuleType:
    """The module at ``path`` in the course folder, under a name that hides no other."""
    spec = importlib.util.spec_from_file_location("loaded_" + path.replace("/", "_").removesuffix(".py"), COURSE / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def svm() -> ModuleType:
    """The SVM assignment's answers."""
    return load("solutions/svm.py")


@pytest.fixture(scope="session")
def softmax() -> ModuleType:
    """The softmax assignment's answers."""
    return load("solutions/softmax.py")


@pytest.fixture(scope="session")
def backprop() -> ModuleType:
    """The backprop assignment's answers."""
    return load("solutions/backprop.py")


@pytest.fixture(scope="session")
def lstm() -> ModuleType:
    """The LSTM assignment's answers."""
    return load("solutions/lstm.py")


@pytest.fixture(scope="session")
def cnn() -> ModuleType:
    """The CNN assignment's answers."""
    return load("solutions/cnn.py")
