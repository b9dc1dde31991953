"""Which frames are an exercise's: its own code, with its own global names, and nobody else's."""

from __future__ import annotations

import sys
from pathlib import Path
from types import FrameType, FunctionType

from autograder.exercise.load import load
from autograder.watch.trusted import Trusted, trusted_beside

EXERCISES = """
import sys
from autograder import exercise
from autograder.checks import Dimensions

def here():
    return sys._getframe()

class Held:
    inner = staticmethod(lambda: [sys._getframe() for _ in range(1)][0])

held = {"lambda": lambda: sys._getframe()}

@exercise("x: N -> y: N", points=1, checks=[Dimensions(1)])
def same(student, x):
    return {"y": student.same(x)}
"""


def runs(trusted: Trusted, frame: FrameType) -> bool:
    return trusted.runs(frame, frame.f_code)


def test_an_exercises_code_is_trusted_with_its_own_names_alone() -> None:
    loaded = load({"exercises.py": EXERCISES.encode()}, Path())
    (module,) = loaded.modules.values()
    trusted = trusted_beside(loaded.exercises["same"].function)
    for function in (module.here, module.Held.inner, module.held["lambda"]):
        assert runs(trusted, function())
        assert not runs(trusted, FunctionType(function.__code__, {"sys": sys})())
    mine = compile("def here():\n    return sys._getframe()\n", module.__file__ or "", "exec")
    names: dict[str, FunctionType] = {}
    exec(mine, names)
    assert not runs(trusted, FunctionType(names["here"].__code__, vars(module))())
    exec("def here():\n    return sys._getframe()\n", vars(module))
    assert not runs(trusted, module.here())


def test_a_function_of_no_exercise_is_trusted_with_what_is_in_it() -> None:
    def probe() -> FrameType:
        return (lambda: sys._getframe())()

    assert runs(trusted_beside(probe), probe())
    assert not runs(Trusted(), probe())
