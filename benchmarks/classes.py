"""Classes to measure with: one that answers a real assignment in every known way, one that answers
a trivial one.
"""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path

from autograder.authoring import build
from autograder.commandline.cast import Student
from autograder.commandline.demo import make_course
from autograder.course.assignment import load_assignment

ROOT = Path(__file__).resolve().parents[1]
TRIVIAL = "trivial"
EXERCISES = '''"""One exercise that costs next to nothing."""

from autograder.checks import Reference
from autograder.exercise import exercise


@exercise(points=1, inputs={"x": "N"}, outputs={"y": "N"})
def same(student, x):
    """x itself."""
    return {"y": student.same(x)}


same.checks = [Reference()]
'''
TEXT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  language: python
  name: python3
chainrule:
  points: 1
---

# Trivial

```{code-cell}
:name: imports
from autograder import check
```

```{code-cell}
:solution: same
```

```{code-cell}
:check: same
```
"""
REFERENCE = '''"""The answer of the trivial assignment."""


def same(x):
    """x (N,) itself."""
    return x
'''


def trivial_class(count: int, folder: Path) -> Path:
    """A course in which so many students handed in one assignment with one exercise, whose answer
    is ``return x``.
    """
    files = {
        f"source/{TRIVIAL}/{TRIVIAL}.md": TEXT,
        f"source/{TRIVIAL}/exercises.py": EXERCISES,
        f"solutions/{TRIVIAL}.py": REFERENCE,
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    build(folder, [TRIVIAL])
    notebook = json.loads((folder / "assignments" / TRIVIAL / f"{TRIVIAL}.ipynb").read_bytes())
    (answer,) = (cell for cell in notebook["cells"] if cell["id"] == "same")
    for number in range(count):
        answer["source"] = f"def same(x):\n    return x  # {number}\n"
        handed_in = folder / "submitted" / f"s{number:05}" / TRIVIAL
        handed_in.mkdir(parents=True)
        (handed_in / f"{TRIVIAL}.ipynb").write_text(json.dumps(notebook))
    return folder


def varied_class(assignment: str, count: int, folder: Path) -> Path:
    """A course in which so many students handed in an assignment of this course: see
    ``varied_student``.
    """
    known = load_assignment(ROOT, assignment).mistakes
    assert known is not None
    source = (ROOT / "solutions" / "mistakes" / f"{assignment}.py").read_text(encoding="utf-8")
    ways = {answer: known.names(answer) for answer in known.module.HINTS}
    cells = {cell["id"] for cell in load_assignment(ROOT, assignment).release["cells"]}
    ways = {answer: names for answer, names in ways.items() if answer in cells}
    return make_course(
        ROOT, {assignment: [varied_student(k, source, ways) for k in range(count)]}, folder
    )


def varied_student(number: int, catalogue: str, ways: dict[str, tuple[str, ...]]) -> Student:
    """Of twenty answers fourteen are right, four make a known mistake, one is empty and one raises
    an error.
    """
    rng = random.Random(number)
    own = [
        (
            "",
            "from functools import partial\nfrom types import ModuleType\n\nmine = "
            f"ModuleType('mine')\nexec(compile({catalogue!r}, 'mine.py', 'exec'), vars(mine))\n",
        )
    ]
    for answer, names in ways.items():
        kind = rng.choices(("right", "mistaken", "empty", "raises"), (14, 4, 1, 1))[0]
        if kind == "mistaken" and names:
            own.append(
                (
                    answer,
                    f"{answer} = partial(mine.{answer}, "
                    f"wrong=frozenset({{{rng.choice(names)!r}}}))\n",
                )
            )
        elif kind == "empty":
            own.append((answer, "# nothing yet\n"))
        elif kind == "raises":
            own.append(
                (answer, f"def {answer}(*given, **named):\n    return given[0] + undefined\n")
            )
    return Student(f"s{number:05}", "", "solved", tuple(own))
