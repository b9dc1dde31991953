"""A tiny course of two exercises and a written question, written anew for each test."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.authoring import solved_notebook
from autograder.errors import AuthoringError

HOME = Path(__file__).parents[2]

TEXT = """\
---
jupytext:
  text_representation: {extension: .md, format_name: myst}
kernelspec: {name: python3, display_name: Python 3}
chainrule:
  points: 20
---

# Tiny

Two exercises.

```{code-cell}
:name: setup

import numpy as np
from autograder import check
```

## Doubling

Twice is $2x$.

```{code-cell}
:solution: double
```

```{code-cell}
:check: double
```

```{code-cell}
:tags: [demo]

print(double(np.arange(3)))
```

## A layer

```{code-cell}
:solution: Layer
```

```{code-cell}
:check: layer
```

Derive the gradient of $2x$.

+++ {"manual": "derivation", "points": 3.5}

The gradient is two.

+++

```python
# a fence that is no cell
```
"""

EXERCISES = """\
from autograder import exercise
from autograder.checks import Dimensions


@exercise(points=10, inputs={"x": "N"}, outputs={"y": "N"})
def double(student, x):
    return {"y": student.double(x)}


double.checks = [Dimensions()]


@exercise(points=6.5, inputs={"x": "N"}, outputs={"y": "N"}, answers=["Layer"])
def layer(student, x):
    return {"y": student.Layer(2.0).forward(x)}


layer.checks = [Dimensions()]
"""

SOLUTIONS = '''\
"""Answers."""

import numpy as np

# ------------------------------------------------
# doubling


def double(
    x: np.ndarray,
) -> np.ndarray:
    """Twice x.

    x: (N,).
    """

    # two is enough
    scaled = np.asarray(x) * 2.0
    checked = np.where(np.isnan(scaled), 0.0, scaled)

    return checked.reshape(scaled.shape)
    # and no more


class Layer:
    """A layer that scales."""

    gain = 1.0

    def __init__(self, factor):  # given
        """Keep the factor."""
        self.factor = factor

    def forward(self, x):
        """Scale x."""
        out = x * self.factor  # the factor
        return self.gain * out

    @staticmethod
    def unit():  # given
        return 1.0

    def backward(self, dout):
        """Scale dout."""

        return dout * self.factor
'''


@dataclass(frozen=True)
class Course:
    """A course's folder with one assignment, ``tiny``."""

    root: Path

    @property
    def text(self) -> Path:
        return self.root / "source/tiny/tiny.md"

    @property
    def exercises(self) -> Path:
        return self.root / "source/tiny/exercises.py"

    @property
    def solutions(self) -> Path:
        return self.root / "solutions/tiny.py"

    def replace(self, path: Path, old: str, new: str) -> None:
        content = path.read_text()
        assert content.count(old) == 1, f"{old!r} occurs {content.count(old)} times"
        path.write_text(content.replace(old, new))

    def refusal(self) -> str:
        """What the build says; it must be one line."""
        with pytest.raises(AuthoringError) as caught:
            solved_notebook(self.root, "tiny")
        assert "\n" not in str(caught.value)
        return str(caught.value)


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return make_course(tmp_path / "course")


@pytest.fixture(scope="session")
def new_course(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Course]:
    """For fixtures that outlive a test."""
    return lambda: make_course(tmp_path_factory.mktemp("courses") / "course")


def make_course(root: Path) -> Course:
    course = Course(root)
    course.text.parent.mkdir(parents=True)
    course.solutions.parent.mkdir()
    shutil.copy(HOME / "nbgrader_config.py", root)
    course.text.write_text(TEXT)
    course.exercises.write_text(EXERCISES)
    course.solutions.write_text(SOLUTIONS)
    return course
