"""Honest notebooks behind the wall: outputs look as a kernel would have given them, checks see the
right names.
"""

from __future__ import annotations

import ast
import base64
import os
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from typing import Any

import nbformat
import numpy as np
import pytest

from autograder.errors import WallError
from autograder.exercise.trial import Exercise
from autograder.language.verdict import Evaluation
from autograder.wall.outside.session import Session
from autograder.wall.outside.wall import Wall
from autograder.wall.wire.limits import Cell, CellResult, Limits

from .conftest import EXERCISES

X = np.arange(6.0).reshape(2, 3)


@pytest.fixture(scope="module")
def wall() -> Iterator[Wall]:
    with Wall(
        "none", Limits(cell_seconds=20), modules=("numpy", "matplotlib.pyplot", "ipywidgets")
    ) as wall:
        yield wall


@pytest.fixture
def session(wall: Wall) -> Iterator[Session]:
    with wall.open(
        {"helper.py": b"value = 42"}, {"exercises.py": EXERCISES, "data/numbers.txt": b"1 2 3"}
    ) as session:
        yield session


def one(session: Session, source: str) -> CellResult:
    """Run one cell; its outputs are a valid notebook's."""
    (result,) = session.run([Cell("a", source)])
    assert result.failure is None
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "execution_count": 1}
    notebook = {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [{**cell, "outputs": result.outputs}],
    }
    nbformat.validate(notebook)
    return result


def kinds(result: CellResult) -> list[str]:
    return [output["output_type"] for output in result.outputs]


def test_streams_and_result_in_order(session: Session) -> None:
    result = one(
        session,
        "import sys\nprint('a')\nprint('b')\nprint('c', file=sys.stderr)\nprint('d')\n6 * 7",
    )
    assert [(o.get("name"), o.get("text")) for o in result.outputs[:3]] == [
        ("stdout", "a\nb\n"),
        ("stderr", "c\n"),
        ("stdout", "d\n"),
    ]
    assert result.outputs[3] == {
        "output_type": "execute_result",
        "data": {"text/plain": "42"},
        "metadata": {},
        "execution_count": 1,
    }
    assert result.execution_count == 1


def test_text_from_below_python(session: Session) -> None:
    source = (
        "import os, subprocess\nos.write(1, b'raw\\n')\nsubprocess.run(['sh', '-c', 'echo out; "
        "echo err >&2'])\nNone"
    )
    text = {o["name"]: o["text"] for o in one(session, source).outputs}
    assert text == {"stdout": "raw\nout\n", "stderr": "err\n"}


def test_errors_carry_a_traceback(session: Session) -> None:
    (output,) = one(session, "def f():\n    return 1 / 0\nf()").outputs
    assert (output["ename"], output["evalue"]) == ("ZeroDivisionError", "division by zero")
    assert any("return" in line for line in output["traceback"])


@pytest.mark.parametrize(
    "source", ["1 +", "raise SystemExit(3)", "%nosuchmagic", "input('name? ')", "exit()"]
)
def test_cells_that_fail_do_not_end_the_notebook(session: Session, source: str) -> None:
    results = session.run([Cell("a", source), Cell("b", "'after'")])
    assert results[1].outputs[0]["data"]["text/plain"] == "'after'"


def test_figures_are_pictures(session: Session) -> None:
    source = (
        "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); "
        "plt.show()\nprint('between')\nplt.plot([2, 1]);"
    )
    result = one(session, source)
    assert kinds(result) == ["display_data", "stream", "display_data"]
    assert base64.b64decode(result.outputs[0]["data"]["image/png"]).startswith(b"\x89PNG")


def test_displays_are_updated_and_cleared(session: Session) -> None:
    results = session.run(
        [
            Cell(
                "a",
                "from IPython.display import HTML, clear_output, display\nh = display('one', "
                "display_id=True)",
            ),
            Cell("b", "h.update(HTML('<b>two</b>'))"),
            Cell("c", "print('gone'); clear_output(); print('stays')"),
            Cell("d", "print('gone'); clear_output(wait=True)\nprint('new')"),
        ]
    )
    assert results[0].outputs[0]["data"]["text/html"] == "<b>two</b>"
    assert results[1].outputs == []
    assert results[2].outputs == [{"output_type": "stream", "name": "stdout", "text": "stays\n"}]
    assert results[3].outputs == [{"output_type": "stream", "name": "stdout", "text": "new\n"}]


def test_widgets_show_their_static_state(session: Session) -> None:
    source = (
        "import ipywidgets as w\nprint('before')\n@w.interact(a=(0, 5))\ndef f(a=2): print('a "
        "is', a)\nw.VBox([w.IntSlider()])"
    )
    result = one(session, source)
    text = "".join(str(output) for output in result.outputs)
    assert "before" in text
    assert "a is 2" in text
    assert "interactive(" in text
    assert "VBox(" in text
    assert "widget-view" not in text


def test_magics_shell_and_await(session: Session) -> None:
    assert one(session, "!echo hello").outputs[0]["text"] == "hello\n"
    assert (
        one(session, "lines = !echo hello\nlines").outputs[0]["data"]["text/plain"] == "['hello']"
    )
    assert "loop" in one(session, "%timeit -n 2 -r 1 1 + 1").outputs[0]["text"]
    assert (
        one(session, "import asyncio\nawait asyncio.sleep(0)\n7").outputs[0]["data"]["text/plain"]
        == "7"
    )


def test_progress_bars_show_their_last_state(session: Session) -> None:
    source = "import sys\nfor i in range(50): print(f'\\r{i} of 50', end='', file=sys.stderr)"
    assert one(session, source).outputs == [
        {"output_type": "stream", "name": "stderr", "text": "49 of 50"}
    ]


def test_own_files_trusted_files_and_scratch(session: Session) -> None:
    source = (
        "import os, tempfile, helper\nprint(helper.value, "
        "open('data/numbers.txt').read())\nopen('mine', "
        "'w').write('x')\nprint(tempfile.gettempdir() == os.getcwd() == os.environ['HOME'])"
    )
    assert one(session, source).outputs[0]["text"] == "42 1 2 3\nTrue\n"


def test_two_submissions_draw_different_numbers(wall: Wall) -> None:
    drawn = []
    for _ in range(2):
        with wall.open({}, {}) as session:
            drawn.append(
                one(session, "import numpy as np\nnp.random.rand()").outputs[0]["data"][
                    "text/plain"
                ]
            )
    assert drawn[0] != drawn[1]


def test_a_check_sees_the_names_of_its_place(
    session: Session, exercises: dict[str, Exercise]
) -> None:
    session.run(
        [
            Cell(
                "a",
                "def helper(x): return 2 * x\ndef double(x): return helper(x)\ndef total(x): "
                "return 0",
            ),
            Cell("b", "", "check", "double"),
            Cell(
                "c",
                "def helper(x): return 3 * x\ndef double(x): return None\ndef total(x): return "
                "float(x.sum())",
            ),
        ]
    )
    evaluate = session.evaluator(exercises["double"])
    np.testing.assert_array_equal(evaluate([{"x": X}])[0].arrays()["y"], 2 * X)
    assert (
        session.evaluator(exercises["total"])([{"x": X}])[0].arrays()["total"] == 15
    )  # no check cell: the last names
    np.testing.assert_array_equal(evaluate([{"x": X}])[0].arrays()["y"], 2 * X)


def test_evaluations_say_what_happened(session: Session, exercises: dict[str, Exercise]) -> None:
    session.run(
        [
            Cell(
                "a",
                "def double(x):\n    x *= 2\n    return x\ndef total(x):\n    raise "
                "NotImplementedError",
            ),
            Cell("b", "def odd(x):\n    return x[7]"),
        ]
    )
    (changed,) = session.evaluator(exercises["double"])([{"x": X}], count_work=True)
    assert changed.mutated == ("x",)
    assert changed.aliased == ("y",)
    assert (changed.work or 0) > 0
    (missing,) = session.evaluator(exercises["total"])([{"x": X}])
    assert missing.failure is not None
    assert missing.failure.kind == "not_attempted"
    (wrong,) = session.evaluator(exercises["odd"])([{"x": X}])
    assert wrong.failure is not None
    assert wrong.failure.kind == "error"
    assert wrong.failure.message.startswith("IndexError")
    assert "line 2: return x[7]" in wrong.failure.message


def test_a_watched_process_goes_on_after_what_is_not_written_and_not_after_an_error(
    session: Session, exercises: dict[str, Exercise]
) -> None:
    unwritten, wrong = (
        "def total(x):\n    raise NotImplementedError",
        "def odd(x):\n    return x[7]",
    )
    counts = "calls = []\ndef double(x):\n    calls.append(x)\n    return len(calls) * x"
    session.run([Cell("a", f"{unwritten}\n{wrong}\n{counts}")])

    def watched(name: str) -> Evaluation:
        return session.evaluator(exercises[name])([{"x": X}], count_work=True)[0]

    found = [watched(name) for name in ("double", "total", "double", "odd", "double")]
    np.testing.assert_array_equal(found[2].arrays()["y"], 2 * X)
    np.testing.assert_array_equal(found[4].arrays()["y"], X)


def test_every_kind_of_input_and_dtype_crosses(
    session: Session, exercises: dict[str, Exercise]
) -> None:
    session.run([Cell("a", "def odd(x):\n    return x")])
    evaluate = session.evaluator(exercises["odd"])
    arrays: list[Any] = [
        np.zeros((0, 3)),
        np.array([1.5], np.float32),
        np.array([1 + 2j]),
        np.array([[True], [False]]),
    ]
    arrays += [np.arange(3, dtype=code) for code in ("i1", "u2", "<i8", ">f8", "f2")]
    for array, evaluation in zip(arrays, evaluate([{"x": array} for array in arrays]), strict=True):
        got = evaluation.arrays()["y"]
        np.testing.assert_array_equal(got, array)
        assert got.shape == array.shape
        assert got.dtype.newbyteorder("=") == array.dtype.newbyteorder("=")
        assert got.flags.writeable


def test_files_of_the_student_do_not_stand_in_the_way(
    wall: Wall, exercises: dict[str, Exercise]
) -> None:
    files = {
        "data": b"a file",
        "exercises.py": b"1/0",
        "notinstalled.py": b"raise SystemExit",
        "large": bytes(200 << 20),
    }
    source = b"try:\n    import notinstalled\nexcept ImportError:\n    pass\n" + EXERCISES
    with wall.open(files, {"exercises.py": source, "data/numbers.txt": b"1 2 3"}) as session:
        assert session.exercises == tuple(exercises)
        assert (
            one(session, "print(open('data/numbers.txt').read())").outputs[0]["text"] == "1 2 3\n"
        )


def test_no_file_of_the_student_takes_the_place_of_a_trusted_module(wall: Wall) -> None:
    trusted = {
        "exercises/__init__.py": b"from .own import double, total, odd",
        "exercises/own.py": b"from shared import NAME\n" + EXERCISES,
        "shared.py": b"NAME = 'ours'",
        "unused.py": b"NAME = 'ours'",
    }
    theirs = (
        "exercises.py", "exercises/own.py", "exercises/more.py", "shared.py", "shared/__init__.py",
        "unused.py", "unused/__init__.py", f"unused{EXTENSION_SUFFIXES[0]}",
    )  # fmt: skip
    files = {name: b"NAME = 'theirs'" for name in theirs} | {
        "shared.txt": b"mine",
        "unused.csv": b"mine",
    }
    with wall.open(files, trusted) as session:
        assert session.exercises == ("double", "total", "odd")
        look = (
            "import glob\nprint(sorted(name for name in glob.glob('**', recursive=True) if '.' in "
            "name))\n"
        )
        names = (
            "import exercises, shared, unused\nprint(exercises.own.NAME, shared.NAME, unused.NAME)"
        )
        there, names = one(session, look + names).outputs[0]["text"].splitlines()
    assert names == "ours ours ours"
    assert set(ast.literal_eval(there)) == {*trusted, "unused.csv", "shared.txt"}


def test_exercises_are_loaded_before_any_file_of_the_student(wall: Wall) -> None:
    trusted = {
        "exercises.py": b"try:\n    import helper\nexcept ImportError:\n    helper = None\n"
        + EXERCISES
    }
    with wall.open({"helper.py": b"x = 1"}, trusted) as session:
        assert (
            one(session, "import exercises, helper; print(exercises.helper, helper.x)").outputs[0][
                "text"
            ]
            == "None 1\n"
        )


def test_exercises_that_do_not_load_are_our_fault(
    wall: Wall, exercises: dict[str, Exercise]
) -> None:
    with pytest.raises(WallError, match="ZeroDivisionError"):
        wall.open({}, {"exercises.py": b"1 / 0"})
    with (
        wall.open({}, {"exercises.py": b""}) as session,
        pytest.raises(WallError, match="no exercise 'double'"),
    ):
        session.evaluator(exercises["double"])


def test_one_submission_at_a_time(wall: Wall) -> None:
    with wall.open({}, {}), pytest.raises(WallError, match="holds a submission already"):
        wall.open({}, {})
    with wall.open({}, {}) as session:
        assert one(session, "1").execution_count == 1


def test_the_time_of_the_whole_notebook_is_bounded() -> None:
    with (
        Wall("none", Limits(cell_seconds=5, submission_seconds=0.6), modules=()) as wall,
        wall.open({}, {}) as session,
    ):
        results = session.run([Cell("a", "import time\ntime.sleep(30)"), Cell("b", "1")])
    assert results[0].failure is not None
    assert results[0].failure.message.startswith("stopped after 0.")
    assert results[1].failure is not None
    assert "had used its 0.6 s" in results[1].failure.message


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity"), reason="this system binds nobody to a core"
)
def test_a_submission_keeps_to_its_graders_cores(wall: Wall):
    every = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {max(every)})
        with wall.open({}, {}) as session:
            result = one(session, "import os; print(os.sched_getaffinity(0))")
    finally:
        os.sched_setaffinity(0, every)
    assert ast.literal_eval(result.outputs[0]["text"]) == {max(every)}
