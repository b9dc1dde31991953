"""What a probe finds is found outside: an answer that forges it where it runs gains nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from autograder.exercise.load import load
from autograder.exercise.trial import Exercise
from autograder.language.verdict import Evaluation
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell

from .conftest import LIMITS, MODULES

Ask = Callable[[str], Evaluation]

FACTS = b"""
import math
import numpy as np
from autograder.exercise import exercise

def refused(call, *arguments):
    try:
        call(*arguments)
    except ValueError:
        return True
    return False

class Doubling:
    def __call__(self, x):
        return 2 * x

def probe(student, x):
    own, asked, longest = x.copy(), [], [0]
    def double(part):
        asked.append(len(part))
        longest[0] = max(longest[0], len(part))
        return Doubling()(part)
    y = student.NAME(own, double)
    return {
        "y": y,
        "kept": np.array_equal(own, x),
        "refuses": refused(student.NAME, x, None),
        "asked": len(asked),
        "longest": longest[0],
        "small": bool(np.linalg.norm(np.asarray(y)) < 1),
        "loss": math.fsum(np.asarray(y).ravel()) / len(x),
    }
"""
OUTPUTS = {"y": "N", "kept": "bool", "refuses": "bool", "asked": "int", "longest": "int"}
OUTPUTS |= {"small": "bool", "loss": ""}
HONESTLY = "x *= 2; f(x[:2]) if f else None; return x"
"""It changes its argument, asks once, about two entries, refuses nothing, and returns large ones."""

IN_REACH = """\
import gc, sys
there, frame = gc.get_objects(), sys._getframe()
while frame:
    there += frame.f_globals.values()
    frame = frame.f_back
for module in list(sys.modules.values()):
    there += vars(module).values()
"""
"""What an answer finds: collected objects, and the names along its frames and of modules."""

ATTACKS = {
    "nothing": "",
    "numpy": "np.array_equal = lambda *a, **k: True; np.linalg.norm = lambda *a, **k: 0.0",
    "builtins": (
        "import builtins\n"
        "builtins.len = lambda thing: 4; builtins.max = lambda *a: 1\n"
        "builtins.bool = lambda thing: True"
    ),
    "sums": "import math; math.fsum = lambda entries: 0.0",
    "harness": (
        "import sys, types\n"
        "for m in [m for n, m in sys.modules.items() if n.startswith('autograder')]:\n"
        "    for name in ('same_entries', '_differs', '_written', 'value_of'):\n"
        "        if hasattr(m, name): setattr(m, name, lambda *a, **k: False)"
    ),
    "names": (
        "import sys\n"
        "frame = sys._getframe()\n"
        "while frame:\n"
        "    if 'refused' in frame.f_globals:\n"
        "        frame.f_globals.update(refused=lambda *a: True, len=lambda thing: 4)\n"
        "        frame.f_globals.update(max=lambda *a: 1, bool=lambda thing: True)\n"
        "    frame = frame.f_back"
    ),
    "classes": (
        f"{IN_REACH}"
        "for one in there:\n"
        "    if isinstance(one, type) and one.__name__ == 'Doubling':\n"
        "        one.__call__ = lambda self, x: [asked.append(1) for asked in self.__dict__]"
    ),
    "code": (
        f"import types\n{IN_REACH}"
        "for one in there:\n"
        "    if isinstance(one, types.FunctionType) and one.__name__ in ('refused', '_differs', '_raised'):\n"
        "        one.__code__ = (lambda *a: True).__code__"
    ),
    "closures": (
        "import gc\n"
        "for one in gc.get_objects():\n"
        "    if type(one) is list and all(type(k) is int for k in one) and one in ([2], [2, 2]): one[:] = [1] * 4"
    ),
    "tracing": (
        "import sys\n"
        "def trace(frame, event, argument):\n"
        "    if 'longest' in frame.f_locals: frame.f_locals.update({'asked': [1] * 4, 'longest': [1]})\n"
        "    return trace\n"
        "frame = sys._getframe()\n"
        "while frame: frame.f_trace = trace; frame = frame.f_back\n"
        "sys.settrace(trace)"
    ),
    "thread": (
        "import gc, threading, time\n"
        "def forge():\n"
        "    while True:\n"
        "        for one in gc.get_objects():\n"
        "            if type(one) is dict and 'longest' in one and 'kept' in one:\n"
        "                one.update(kept=True, refuses=True, asked=4, longest=1, small=True, loss=0.0)\n"
        "threading.Thread(target=forge, daemon=True).start()"
    ),
    "returned": (
        "class Forged(np.ndarray):\n"
        "    def __array_function__(self, *a, **k): return True\n"
        "x = x.view(Forged)"
    ),
}

SPOILING = {"harness", "names", "code"}
"""After these nothing is told of the answer any more, and nothing earned."""
MAY_CRASH = {"thread"}
"""Its thread looks at objects that are half made: now and then the interpreter falls over them."""
TRUTH = {"kept": False, "refuses": False, "asked": 1, "longest": 2, "small": False, "loss": 9.0}

REWRITES = """\
import gc
for one in gc.get_objects():
    if type(one).__name__ == 'Called' and one.name == 'rewrites' and f and not one.said: own = one
if f: own.said += [(1, (x[:1].copy(),), {})] * 3
"""
"""What is not promised: the record of what it said to others' functions is in the answer's reach."""


def facts(names: Iterable[str]) -> tuple[dict[str, Exercise], bytes]:
    made = b"".join(
        FACTS.replace(
            b"def probe",
            f"@exercise(points=1, inputs={{'x': 'N'}}, outputs={OUTPUTS}, seconds=6)\ndef {name}".encode(),
        ).replace(b"NAME", name.encode())
        + f"\n{name}.checks = [object()]\n".encode()
        for name in names
    )
    return load({"exercises.py": made}, Path()).exercises, made


@contextmanager
def notebook(attacks: Mapping[str, str]) -> Iterator[Ask]:
    """Every attack is one answer of one notebook, with time for all of them."""
    exercises, made = facts(attacks)
    cells = [Cell("imports", "import numpy as np")]
    for name, attack in attacks.items():
        body = [*attack.splitlines(), HONESTLY]
        lines = [f"def {name}(x, f):", *(f"    {line}" for line in body)]
        cells.append(Cell(name, "\n".join(lines)))
    limits = replace(LIMITS, submission_seconds=600)
    with (
        Wall("auto", limits=limits, modules=MODULES) as wall,
        wall.open(files={}, trusted={"exercises.py": made}) as opened,
    ):
        results = opened.run(cells)
        assert [one.failure for one in results] == [None] * len(cells)

        def ask(name: str) -> Evaluation:
            x = np.array([3.0, 4.0, 5.0, 6.0])
            (found,) = opened.evaluator(exercises[name])([{"x": x}])
            return found

        yield ask


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    with notebook(ATTACKS) as asked:
        yield asked


@pytest.mark.parametrize("name", ATTACKS)
def test_what_a_probe_finds_is_found_outside(ask: Ask, name: str):
    found = ask(name)
    if name in MAY_CRASH and found.failure is not None:
        assert found.failure.kind == "killed", found
    else:
        assert (found.failure is not None) == (name in SPOILING), found
    told = {key: array.item() for key, array in found.arrays().items() if key != "y"}
    assert told == ({} if found.failure else TRUTH)


def test_what_an_answer_said_to_functions_it_was_handed_is_its_own_word():
    with notebook({"rewrites": REWRITES}) as ask:
        found = ask("rewrites")
    assert found.failure is None
    assert found.arrays()["asked"] == 4
