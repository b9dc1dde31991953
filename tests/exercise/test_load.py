"""Exercises as a module or a package, what lies beside them, and a sentence for what is wrong."""

from __future__ import annotations

import linecache
import pickle
import re
import subprocess
import sys
import traceback
from pathlib import Path

import pytest

from autograder.errors import ExerciseError
from autograder.exercise.load import Loaded, load, module_paths, read_modules
from autograder.watch.evaluate import local
from autograder.watch.trusted import INSTRUCTORS

HERE = Path("/course/source/tiny")  # nothing lies there: what was handed over is loaded
DECLARED = """
from autograder.exercise import exercise

@exercise(points=1, inputs={{"x": "N"}}, outputs={{"y": "N"}})
def {0}(student, x):
    return {{"y": student.{0}(x)}}

{0}.checks = [object()]
"""


def declared(name: str) -> str:
    return DECLARED.format(name)


def loaded(files: dict[str, str], folder: Path = HERE, shown: str = "source/tiny") -> Loaded:
    return load({name: text.encode() for name, text in files.items()}, folder, shown)


PACKAGE = {
    "exercises/__init__.py": "from .losses import hinge\nfrom exercises.sums import total\n",
    "exercises/losses.py": "from shared import CASES\n" + declared("hinge"),
    "exercises/sums.py": "import shared.more\nfrom .losses import CASES\n" + declared("total"),
    "shared/__init__.py": "from . import more\nCASES = [more.ONE]\n",
    "shared/more.py": "ONE = 1\n",
    "unasked.py": "1 / 0",
    "table.csv": "1,2",
}


def test_a_module() -> None:
    assert list(loaded({"exercises.py": declared("double")}).exercises) == ["double"]


def test_a_package_and_what_lies_beside_it() -> None:
    made = loaded(PACKAGE)
    assert list(made.exercises) == ["hinge", "total"]
    package = {"exercises", "exercises.losses", "exercises.sums"}
    assert set(made.modules) == package | {"shared", "shared.more"}
    sums = vars(made.modules["exercises.sums"])
    assert sums["shared"] is made.modules["shared"]
    assert sums["CASES"] == [1]
    assert made.places.of(made.exercises["hinge"]) == "source/tiny/exercises/losses.py:5"


def test_a_package_hides_the_module_of_its_name() -> None:
    assert list(loaded({**PACKAGE, "exercises.py": "1 / 0"}).exercises) == ["hinge", "total"]


def test_nothing_is_left_where_others_could_import_it() -> None:
    path, before = list(sys.path), set(sys.modules)
    loaded(PACKAGE)
    assert sys.path == path
    assert all(name.startswith(INSTRUCTORS) for name in set(sys.modules) - before)
    with pytest.raises(ModuleNotFoundError):
        __import__("shared.more")


def test_what_is_beside_the_exercises_hides_what_is_installed_from_them_alone() -> None:
    text = "import colorsys\n" + declared("double")
    made = loaded({"exercises.py": text, "colorsys.py": "OURS = True\n"})
    assert vars(made.modules["exercises"])["colorsys"].OURS
    assert not hasattr(__import__("colorsys"), "OURS")


def test_two_assignments_do_not_mix() -> None:
    late = "\ndef late():\n    import shared\n    return shared.NAME\n"
    text = "import shared\n" + declared("double") + late
    names = ("svm", "softmax")
    both = [loaded({"exercises.py": text, "shared.py": f"NAME = {name!r}\n"}) for name in names]
    modules = [vars(one.modules["exercises"]) for one in both]
    assert [one["shared"].NAME for one in modules] == ["svm", "softmax"]
    assert [one["late"]() for one in modules] == ["svm", "softmax"]


def test_dataclasses_and_pickles_find_their_module() -> None:
    text = """
from __future__ import annotations
from dataclasses import KW_ONLY, dataclass

@dataclass
class Point:
    x: int
    _: KW_ONLY
    y: int = 2
"""
    first = "from shared import Point\n"
    made = loaded({"exercises.py": first + declared("double"), "shared.py": text})
    point = vars(made.modules["exercises"])["Point"](1)
    assert pickle.loads(pickle.dumps(point)) == point


def test_a_traceback_shows_the_lines_though_there_is_no_file() -> None:
    first = "from .own import fail, double\n"
    made = loaded({"exercises/__init__.py": first, "exercises/own.py": FAILS})
    linecache.clearcache()
    with pytest.raises(ZeroDivisionError) as caught:
        vars(made.modules["exercises"])["fail"]()
    shown = "".join(traceback.format_exception(caught.value))
    assert 'File "/course/source/tiny/exercises/own.py", line 3, in fail' in shown
    assert "    return 1 / 0  # here" in shown


FAILS = "\ndef fail():\n    return 1 / 0  # here\n" + declared("double")


def test_a_failure_is_told_with_the_students_own_frames_only() -> None:
    exercise = loaded(PACKAGE).exercises["total"]

    def total(x: object) -> object:
        raise KeyError("mine")

    (evaluation,) = local(exercise, {"total": total})([{"x": 1}])
    assert evaluation.failure is not None
    assert evaluation.failure.message.startswith("KeyError: 'mine' in total, line ")
    assert re.findall("File .*, in (.*)", evaluation.failure.traceback) == ["total"]


UNFIT = {
    "nothing": ({}, r"source/tiny/exercises\.py \(or exercises/__init__\.py\) does not exist"),
    "a package without a first file": (
        {"exercises/own.py": ""},
        r".*__init__\.py\) does not exist",
    ),
    "syntax": ({"exercises.py": "x = = 1\n"}, r"source/tiny/exercises\.py:1: invalid syntax"),
    "syntax beside it": (
        {"exercises.py": "\nimport shared", "shared.py": "\n\nx = = 1"},
        r"source/tiny/shared\.py:3: invalid syntax",
    ),
    "an encoding": ({"exercises.py": "# coding: klingon\n"}, r".*/exercises\.py: .*klingon"),
    "a module that is nowhere": (
        {"exercises/__init__.py": "from .own import x", "exercises/own.py": "\nimport nowhere"},
        r"source/tiny/exercises/own\.py:2: ModuleNotFoundError: No module named 'nowhere'",
    ),
    "a module that the package lacks": (
        {"exercises/__init__.py": "\n\nfrom .own import x"},
        r".*/exercises/__init__\.py:3: ModuleNotFoundError: No module named 'exercises\.own'",
    ),
    "a name that is not there": (
        {"exercises.py": "from shared import x", "shared.py": ""},
        r"source/tiny/exercises\.py:1: ImportError: cannot import name 'x' from 'shared' \(.*\)",
    ),
    "an exit": ({"exercises.py": "raise SystemExit(3)"}, r".*/exercises\.py:1: SystemExit: 3"),
    "an exercise that makes no sense": (
        {"exercises.py": declared("double").replace("points=1", "points=0")},
        r"source/tiny/exercises\.py:4: double: points must be positive, not 0",
    ),
    "no checks": (
        {
            "exercises/__init__.py": "from .own import double",
            "exercises/own.py": declared("double").split("\ndouble.")[0],
        },
        r"source/tiny/exercises/own\.py:4: double has no checks: assign double\.checks",
    ),
    "defined twice": (
        {**PACKAGE, "exercises/sums.py": declared("hinge") + "total = hinge"},
        r"source/tiny/exercises/losses\.py:5: the exercise hinge is defined twice",
    ),
    "left out": (
        {**PACKAGE, "exercises/__init__.py": "from .losses import hinge\nfrom . import sums"},
        r".*/sums\.py:6: the exercise total is left out: import it in source/tiny/exercises",
    ),
}


@pytest.mark.parametrize(("files", "sentence"), UNFIT.values(), ids=UNFIT)
def test_what_is_wrong_is_said_with_file_and_line(files: dict[str, str], sentence: str) -> None:
    before = set(sys.modules)
    with pytest.raises(ExerciseError) as caught:
        loaded(files)
    assert re.match(sentence, str(caught.value)), str(caught.value)
    assert "\n" not in str(caught.value)
    assert not {name for name in set(sys.modules) - before if name.startswith(INSTRUCTORS)}


def test_what_a_folder_holds(tmp_path: Path) -> None:
    others = ("tools/make.py", "exercises/.ipynb_checkpoints/sums-checkpoint.py", "not-a-name.py")
    for name in (*PACKAGE, *others):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(PACKAGE.get(name, ""))
    assert set(module_paths(tmp_path)) == {name for name in PACKAGE if name.endswith(".py")}
    made = load(read_modules(tmp_path), tmp_path)
    assert made.modules["exercises.sums"].__file__ == str(tmp_path / "exercises/sums.py")
    assert not list(tmp_path.rglob("__pycache__"))


def test_python_itself_imports_the_same(tmp_path: Path) -> None:
    """An author's editor, and a student in the folder, may import them as any other package."""
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    program = "import exercises; print(exercises.hinge.name, exercises.total.name)"
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, stdout=subprocess.PIPE)
    assert done.stdout == b"hinge total\n"
