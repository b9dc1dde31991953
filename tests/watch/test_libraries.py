"""Whose doing it is that a library is entered: what an exercise imports is no means of the
answer's, even where it is imported for the first time while the answer is watched.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.watch import libraries
from autograder.watch.trusted import INSTRUCTORS

ROOT = Path(__file__).resolve().parents[2]
CALLED = """
import json, sys
from pathlib import Path
import numpy as np
from autograder.exercise.load import load, read_modules
from autograder.watch.evaluate import call

def softmax_vjp(dout, s):
    {first}
    p = np.exp(s - s.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return p * (dout - (dout * p).sum(axis=1, keepdims=True))

folder = Path("source/softmax")
asked = load(read_modules(folder), folder).exercises["softmax_vjp"]
assert "scipy" not in sys.modules
inputs, _ = asked.draw(np.random.default_rng(0))
watched = call(asked, {{"softmax_vjp": softmax_vjp}}, inputs, count_work=True)
assert "scipy" in sys.modules
json.dump([watched.failure and watched.failure.message, watched.libraries], sys.stdout)
"""


def tops(first: str = "pass") -> set[str]:
    """The libraries that a fresh process enters at its first watched call."""
    ran = subprocess.run(
        [sys.executable, "-c", CALLED.format(first=first)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    failure, libraries = json.loads(ran.stdout)
    assert failure is None
    return {name.partition(".")[0] for name in libraries}


def test_what_an_exercise_imports_is_its_own_doing() -> None:
    assert tops() == {"numpy"}


def test_what_an_answer_imports_counts_however_it_is_imported() -> None:
    assert "scipy" in tops("import scipy.special")
    assert "scipy" in tops("exec('import scipy.special', {})")
    assert "scipy" in tops("exec('import scipy.special', vars(np))")


@pytest.mark.parametrize(
    ("file", "own"),
    [
        ("/home/ada/svm/mine.py", True),
        ("<string>", True),
        (f"{sys.base_prefix}/homework/mine.py", True),
        ("/home/ada/.local/lib/python3.12/site-packages/torch/_tensor.py", False),
        ("C:\\Users\\ada\\site-packages\\torch\\_tensor.py", False),
        ("/usr/lib/python3/dist-packages/scipy/special.py", False),
        (np.__file__, False),
        (json.__file__, False),
        (libraries.__file__, False),
        ("<frozen importlib._bootstrap>", False),
    ],
)
def test_one_notion_of_whose_code_it_is(file: str, own: bool) -> None:
    """For frames of an exception, for the clock, and for what is counted."""
    code = compile("def f(): return sys._getframe()", file, "exec")
    names: dict[str, Any] = {"__name__": "__main__", "sys": sys}
    exec(code, names)
    frame = names["f"]()
    assert libraries.is_own(frame.f_code) == libraries.is_student_frame(frame) == own


@pytest.mark.parametrize("module", [f"{INSTRUCTORS}.svm", "coursekit.exercises.linear"])
def test_an_exercises_code_is_not_the_students(module: str) -> None:
    names: dict[str, Any] = {"__name__": module, "sys": sys}
    exec("def f(): return sys._getframe()", names)
    assert not libraries.is_student_frame(names["f"]())
