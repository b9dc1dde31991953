"""References and mistakes are loaded by path, exercises as everybody loads them: not by import."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from types import ModuleType

import pytest

from autograder.exercise.load import Loaded, read_modules
from autograder.exercise.load import load as load_exercises

COURSE = Path(__file__).parents[2]


@cache
def load(path: str) -> ModuleType:
    """The module at ``path`` in the course folder, under a name that hides no other."""
    spec = importlib.util.spec_from_file_location(
        "loaded_" + path.replace("/", "_").removesuffix(".py"), COURSE / path
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def asked(name: str) -> Loaded:
    """What the assignment ``name`` asks."""
    folder = COURSE / "source" / name
    return load_exercises(read_modules(folder), folder)


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
