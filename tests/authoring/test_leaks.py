"""Nothing of an answer gets out, however it came into what would be released."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring import in_step
from autograder.errors import AuthoringError

from .conftest import Course

BODY = """\
scaled  =  np.asarray(x) * 2.0   # reformatted

checked = np.where(np.isnan(scaled), 0.0, scaled)
result = 1
return checked.reshape(scaled.shape)
"""


def refusal(course: Course) -> str:
    with pytest.raises(AuthoringError) as caught:
        in_step(course.root, "tiny")
    return str(caught.value)


def test_in_a_demonstration(course: Course) -> None:
    course.replace(
        course.text,
        "print(double(np.arange(3)))",
        "def mine(x):\n    " + BODY.replace("\n", "\n    "),
    )
    assert refusal(course) == (
        "the release tiny/tiny.ipynb cell doubling-demo-1 line 2: gives away part of the answer "
        "double of solutions/tiny.py"
    )


def test_a_single_telling_statement_of_it_in_a_demonstration(course: Course) -> None:
    course.solutions.write_text(
        f"{course.solutions.read_text()}\n\n"
        'def gap(a, b):\n    """Of two arrays."""\n    return np.max(np.abs(a - b) / (np.abs(a) + 1))\n'
    )
    course.replace(
        course.text,
        "print(double(np.arange(3)))",
        "p, q = np.ones((2, 3))\nshown = np.abs(p - q) / (np.abs(p) + 1)\nprint(shown)",
    )
    assert "cell doubling-demo-1 line 2: gives away part of the answer gap" in refusal(course)


def test_in_the_lecture(course: Course) -> None:
    course.replace(course.text, "Twice is $2x$.", f"Like so:\n\n```python\n{BODY}```")
    assert "cell doubling-text-1 line 6: gives away part of the answer double" in refusal(course)


def test_in_a_file_beside_it(course: Course) -> None:
    Path(course.text.parent, "notes.txt").write_text("First\n" + BODY)
    assert "the release tiny/notes.txt line 2: gives away part of the answer double" in refusal(
        course
    )


def test_by_import(course: Course) -> None:
    course.replace(
        course.text,
        "import numpy as np\n",
        "import numpy as np\nfrom solutions.tiny import triple\n",
    )
    assert "cell setup line 2: students have no 'solutions' to import" in refusal(course)


def test_two_lines_and_everybodys_lines_are_no_leak(course: Course) -> None:
    two = "\n".join(BODY.splitlines()[:3])
    course.replace(
        course.text, "print(double(np.arange(3)))", f"x = np.arange(3)\n{two}\nprint(checked)"
    )
    course.solutions.write_text(
        course.solutions.read_text()
        + (
            '\n\ndef other(X, W):\n    """Other."""\n    N, D = X.shape\n    C = W.shape[1]\n    '
            "dW = np.zeros_like(W)\n    loss = 0.0\n    return loss, dW\n"
        )
    )
    Path(course.text.parent, "start.py").write_text(
        "N, D = X.shape\nC = W.shape[1]\ndW = np.zeros_like(W)\nloss = 0.0\nreturn loss, dW\n"
    )
    assert in_step(course.root, "tiny") == [
        "assignments/tiny/exercises.py is missing",
        "assignments/tiny/expected.answers is missing",
        "assignments/tiny/start.py is missing",
        "assignments/tiny/tiny.ipynb is missing",
    ]
