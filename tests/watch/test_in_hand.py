"""What an answer has in hand: which global names its code reads."""

from __future__ import annotations

import argparse
import dis
import inspect
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest

from autograder.watch.codes import with_inner
from autograder.watch.in_hand import _globals_in

MODULES = (argparse, inspect, dis)


def _functions(module: ModuleType) -> Iterator[FunctionType]:
    for value in vars(module).values():
        held = vars(value).values() if isinstance(value, type) else (value,)
        yield from (one for one in held if isinstance(one, FunctionType))


@pytest.mark.parametrize("module", MODULES, ids=lambda one: one.__name__)
def test_global_names_are_those_that_dis_finds(module):
    codes = [code for one in _functions(module) for code in with_inner(one.__code__)]
    assert len(codes) > 20
    reads = ("LOAD_GLOBAL", "LOAD_NAME")
    for code in codes:
        found = {one.argval for one in dis.get_instructions(code) if one.opname in reads}
        assert _globals_in(code) == found, code


def test_a_name_far_down_a_long_list_is_read_too():
    text = "\n".join(f"name_{k}" for k in range(700))
    code = compile(text, "long", "exec")
    assert _globals_in(code) == {f"name_{k}" for k in range(700)}
