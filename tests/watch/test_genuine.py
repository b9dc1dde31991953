"""Whether code is of the file that it names, in a process where that is asked."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

ASKED = """
import functools, importlib.util, json, sys
import numpy as np
from autograder.watch import genuine, libraries

FILES = {"numpy": np.__file__, "python": functools.__file__, "frozen": "<frozen importlib._bootstrap>"}
def said_to_be(file):
    return compile("def f(): pass", FILES[file], "exec").co_consts[0]

before = [libraries.is_own(said_to_be(file)) for file in FILES]
genuine.remember_what_is_there()
import colorsys  # what nobody had imported yet
assert np.linalg.norm.__wrapped__.__code__.co_filename.startswith(libraries._INSTALLED)
assert not libraries.is_own(colorsys.rgb_to_hsv.__code__)
there = [functools.wraps, np.linalg.norm.__wrapped__, importlib._bootstrap._find_spec, colorsys.rgb_to_hsv]
renamed = compile(open(colorsys.__file__).read(), np.__file__, "exec").co_consts
renamed = [one for one in renamed if one == colorsys.rgb_to_hsv.__code__]
print(json.dumps({
    "before": before,
    "after": [libraries.is_own(said_to_be(file)) for file in FILES],
    "there": [libraries.is_own(one.__code__) for one in there],
    "renamed": [libraries.is_own(one) for one in renamed],
    "borrowed": libraries.is_own(functools.wraps.__code__.replace(co_name="mine")),
}))
"""


@pytest.fixture(scope="module")
def asked() -> dict[str, object]:
    ran = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=True
    ).stdout
    return json.loads(ran)


def test_code_is_what_it_says_where_nobody_has_asked_to_remember(asked: dict[str, object]) -> None:
    assert asked["before"] == [False, False, False]


def test_code_compiled_under_another_files_name_is_its_writers(asked: dict[str, object]) -> None:
    assert asked["after"] == [True, True, True]
    assert asked["borrowed"]
    assert asked["renamed"] == [True]


def test_what_was_there_and_what_is_imported_later_is_what_it_says(
    asked: dict[str, object],
) -> None:
    assert asked["there"] == [False, False, False, False]
