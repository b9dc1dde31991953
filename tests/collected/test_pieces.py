"""Which code of a student's file is an answer, and what of the file comes with it."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from autograder import Exercise, function
from autograder.collected.files import read_folder
from autograder.collected.pieces import Folder, FoundAnswer, LeftOut, answers_in, stubs_of
from autograder.errors import SubmissionError

LOSS = function("loss", "W: D C, x: N D -> loss", points=4)
PAIR = function("back", "x: N D -> dx: N D", points=4, answers=("forth", "back"))
STUBS = dict(stubs_of(["def loss(W, x): ...", "def forth(x): ...", "def back(x): ..."]))


def found(
    folder: Path,
    files: Mapping[str, str | bytes],
    *exercises: Exercise,
    called: tuple[str, ...] = (),
) -> tuple[list[FoundAnswer], list[LeftOut], list[str]]:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    codes, unread = read_folder(folder)
    pieces, left_out = answers_in(Folder(codes), exercises or [LOSS], STUBS, lambda _: called)
    return pieces, left_out, [f"{one.file}: {one.why}" for one in unread]


def run(piece: FoundAnswer) -> dict:
    names: dict = {}
    exec(piece.source, names)
    return names


def test_what_a_function_needs_comes_with_it_and_nothing_else(tmp_path: Path):
    source = """
from __future__ import print_function
from builtins import range
from past.builtins import xrange
import numpy as np, nowhere
from . import missing
print(1 / 0)
SHARPNESS = 2
loss_history = nowhere.run()
try:
    power = np.float_power
except AttributeError:
    power = None
def outer(x): return power(inner(x), SHARPNESS)
def inner(x): return x
def loss(W, x):
    loss_history = 0.0
    for row in xrange(len(x)):
        loss_history += outer(x[row] @ W).sum()
    return loss_history
"""
    (piece,), left_out, unread = found(tmp_path, {"a.py": source})
    assert run(piece)["loss"](np.eye(2), np.eye(2)) == 2
    assert not {"nowhere", "missing", "print"} & set(ast.unparse(ast.parse(piece.source)).split())
    assert (left_out, unread) == ([], [])


def test_what_is_imported_from_a_file_beside_comes_before(tmp_path: Path):
    files = {
        "ada/lib/layers.py": (
            "import numpy as np\nclass Base:\n    k = 2\ndef dot(a, b): return a @ b"
        ),
        "ada/lib/nets/net.py": (
            "from lib.layers import *\nfrom ..layers import dot as product\n"
            "class Own(Base): pass\ndef loss(W, x): return product(x, W).sum() * Own.k"
        ),
        "ben/lib/layers.py": "def dot(a, b): return 1 / 0",
    }
    (piece,), _, _ = found(tmp_path, files)
    assert run(piece)["loss"](np.eye(2), np.eye(2)) == 4
    assert piece.files == ("ada/lib/nets/net.py",)


def test_the_same_answer_with_other_words_around_it_is_one(tmp_path: Path):
    notebook = {
        "cells": [
            {"cell_type": "code", "source": "%matplotlib inline\n!ls\n1 + 1"},
            {"cell_type": "code", "source": "%%bash\nls -l | wc"},
            {
                "cell_type": "code",
                "source": ["def loss(W, x):\n", "    # mine\n", "    return 0\n"],
            },
            {"cell_type": "code", "source": "print 'hello'"},
        ]
    }
    files = {
        "a.py": "def loss(W, x):\n  '''Zero.'''\n  return 0",
        "b/b.ipynb": json.dumps(notebook),
        "c.py": "def loss(W, x): return 1",
        ".hidden/d.py": "def loss(W, x): return 2",
    }
    pieces, _, unread = found(tmp_path, files)
    assert [one.files for one in pieces] == [("a.py", "b/b.ipynb"), ("c.py",)]
    assert len(unread) == 1
    assert unread[0].startswith("b/b.ipynb, cell 4: no Python 3: Missing parentheses")


def test_the_last_definition_counts_and_no_variable_is_an_answer(tmp_path: Path):
    source = "def loss(W, x): return 1\ndef loss(W, x): return 2\nloss = 3\nfrom here import loss"
    (piece,), left_out, _ = found(tmp_path, {"a.py": source, "b.py": "loss = 3"})
    assert run(piece)["loss"](0, 0) == 2
    assert left_out == []


def test_what_cannot_be_an_answer_is_left_out_and_said(tmp_path: Path):
    files = {
        "a.py": "def loss(self, W, x, y): return 0",
        "b.py": "def back(x): return x",
        "c.py": "def forth(x): return x\ndef back(x, more=None, *, key=1): return x",
    }
    pieces, left_out, _ = found(tmp_path, files, LOSS, PAIR)
    assert [one.files for one in pieces] == [("c.py",)]
    assert [(one.file, one.why) for one in left_out] == [
        ("a.py", "loss(self, W, x, y) is another function: asked is loss(W, x)"),
        ("b.py", "lacks forth"),
    ]


def test_another_answer_that_an_exercise_calls_must_be_there_and_comes_along(tmp_path: Path):
    files = {
        "a.py": "def loss(W, x): return 0",
        "b.py": "def loss(W, x): return 0\ndef forth(x): return x",
    }
    (piece,), (left_out,), _ = found(tmp_path, files, called=("forth", "loss", "np"))
    assert {"forth", "loss"} <= set(run(piece))
    assert (left_out.file, left_out.why) == ("a.py", "lacks forth")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tabs.py", b"def f():\n\tif 1:\n        return"),
        ("nul.py", b"x = 1\0"),
        ("deep.py", b"x = " + b"(" * 5000 + b")" * 5000),
        ("chain.py", b"x = " + b"1+" * 200_000 + b"1"),
        ("latin.py", b"x = '\xe9'"),
        ("half.ipynb", b'{"cells": [{'),
        ("list.ipynb", b"[]"),
        ("old.ipynb", b'{"nbformat": 3, "worksheets": []}'),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_the_others_are_not_lost(
    name: str, content: bytes, tmp_path: Path
):
    pieces, _, unread = found(tmp_path, {name: content, "z.py": "def loss(W, x): return 0"})
    assert len(pieces) == len(unread) == 1
    assert unread[0].startswith(name)
    assert "\n" not in unread[0]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(SubmissionError, match="there is no folder"):
        read_folder(tmp_path / "nowhere")
