"""What is counted of a run: every loop shows, however its code came to be."""

from __future__ import annotations

import dis
import sys
from collections.abc import Callable
from types import CodeType, FunctionType

import pytest

from autograder.watch.work import count

SOURCE = """
def several_lines(n):
    for i in range(n):
        i += 1

def one_line(n):
    for i in range(n): i += 1

def while_loop(n):
    while n: n -= 1

def list_comprehension(n):
    return [i for i in range(n)]

def generator(n):
    return sum(i for i in range(n))

def handed_on(n):
    yield from range(n)

def last_in_branches(n):
    for i in range(n):
        for j in range(2):
            if i > j:
                i -= 1

def opens_things(n):
    for i in range(n):
        with memoryview(b""):
            i += 1

def by_exceptions(n):
    while True:
        try:
            n = n - 1 if n else n.stop
        except AttributeError as error:
            return str(error)
"""
NAMES = [line.split()[1].partition("(")[0] for line in SOURCE.splitlines() if "def " in line]


def functions() -> dict[str, FunctionType]:
    names: dict[str, FunctionType] = {}
    exec(compile(SOURCE, "<answer>", "exec"), names)
    return {name: names[name] for name in NAMES}


def steps(function: Callable[[int], object], n: int) -> int:
    def run() -> None:
        returned = function(n)
        if hasattr(returned, "send"):
            list(returned)  # type: ignore[call-overload]

    _, work = count(run)
    assert work is not None
    return work.steps


def table(code: CodeType, lined: Callable[[dis.Instruction], bool]) -> bytes:
    """A line table that says of some instructions that they are of the first line, of all others
    that they are of none.
    """
    units, found = len(code.co_code) // 2, bytearray()
    told = {one.offset // 2: lined(one) for one in dis.get_instructions(code)}
    at = 0
    while at < units:
        end = at + 1
        while end < units and end not in told and end - at < 8:
            end += 1
        found += bytes([0x80 | (13 if told.get(at) else 15) << 3 | (end - at - 1)])
        found += b"\0" if told.get(at) else b""
        at = end
    return bytes(found)


def is_backward(one: dis.Instruction) -> bool:
    return "BACKWARD" in one.opname


TABLES = {
    "none": lambda one: False,
    "all in one line": lambda one: True,
    "all but what jumps back": lambda one: not is_backward(one),
    "what jumps back alone": is_backward,
    "the beginning": lambda one: one.offset < 8,
    "where it comes back to": lambda one: one.is_jump_target,
}


@pytest.mark.parametrize("name", NAMES)
def test_every_loop_takes_more_steps_for_more(name: str) -> None:
    few, more, many = (steps(functions()[name], n) for n in (5, 11, 29))
    assert more - few >= 6
    assert more - few < many - more


@pytest.mark.parametrize("said", TABLES)
@pytest.mark.parametrize("name", NAMES)
def test_no_loop_hides_in_code_that_says_it_is_of_no_line(name: str, said: str) -> None:
    function = functions()[name]
    inner = [one for one in function.__code__.co_consts if isinstance(one, CodeType)]
    for code in inner:
        made = code.replace(co_linetable=table(code, TABLES[said]))
        constants = tuple(made if one is code else one for one in function.__code__.co_consts)
        function.__code__ = function.__code__.replace(co_consts=constants)
    code = function.__code__
    function.__code__ = code.replace(co_linetable=table(code, TABLES[said]))
    assert steps(function, 29) - steps(function, 11) >= 18


def test_a_table_that_ends_early_hides_nothing() -> None:
    function = functions()["one_line"]
    function.__code__ = function.__code__.replace(co_linetable=b"")
    assert steps(function, 29) - steps(function, 11) >= 18


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="counts instructions anyway")
def test_lines_are_counted_where_they_tell() -> None:
    found = functions()
    assert steps(found["several_lines"], 29) < 29 * 4
    assert steps(found["last_in_branches"], 29) < 29 * 12


def test_the_same_work_takes_the_same_steps() -> None:
    function = functions()["generator"]
    assert steps(function, 11) == steps(function, 11)
