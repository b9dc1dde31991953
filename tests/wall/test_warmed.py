"""What a wall's process imports beforehand: what the notebook will ask for, and no more."""

from __future__ import annotations

import pytest

from autograder.wall.outside.wall import HEAVY, MODULES, modules_for


@pytest.mark.parametrize(
    ("source", "heavy"),
    [
        ("import numpy as np", set()),
        ("import matplotlib.pyplot as plt", {"matplotlib.pyplot"}),
        ("from coursekit import widgets", {"matplotlib.pyplot"}),
        ("from torch import nn", {"torch"}),
        ("from scipy.special import expit", {"scipy.special"}),
        ("torchvision, a scipyish word", set()),
    ],
)
def test_heavy_modules_are_for_notebooks_that_name_them(source: str, heavy: set[str]) -> None:
    assert set(modules_for(["x = 1", source])) == {*MODULES} - {*HEAVY} | heavy
