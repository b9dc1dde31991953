"""A public name means one thing: no two rooms define a class or a function of the same name."""

from __future__ import annotations

import ast
from collections import defaultdict

from .imports import modules
from .test_rooms import FACE, room_of

ALLOWED = {
    "main": "what a process runs, by custom",
    "audit": "a command is called like what it runs",
    "build": "a command is called like what it runs",
    "publish": "a command is called like what it runs",
    "check": "a command is called like what it runs",
    "oracle": "a command is called like what it runs",
}


def test_no_two_rooms_define_the_same_name() -> None:
    found = _defined()
    homonyms = {
        name: sorted(rooms)
        for name, rooms in found.items()
        if len(rooms) > 1 and name not in ALLOWED
    }
    assert homonyms == {}


def test_no_room_defines_a_name_twice_but_one_that_every_command_has() -> None:
    twice = {
        f"{room}: {name}": places
        for name, rooms in _defined().items()
        for room, places in rooms.items()
        if len(places) > 1
        and name not in ALLOWED
        and not (room == "commandline" and name in ("run", "as_json"))
    }
    assert twice == {}


def test_whoever_is_allowed_exists() -> None:
    assert {name for name in ALLOWED if name not in _defined()} == set()


def _defined() -> dict[str, dict[str, list[str]]]:
    """Name -> room -> the modules of the room that define it, at their top level and for others to
    use.
    """
    found: defaultdict[str, dict[str, list[str]]] = defaultdict(dict)
    for module, path in modules("autograder").items():
        if module in FACE:
            continue
        for node in ast.parse(path.read_text()).body:
            named = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if named and not node.name.startswith("_"):
                found[node.name].setdefault(room_of(module), []).append(module)
    return found
