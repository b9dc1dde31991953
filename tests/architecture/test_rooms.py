"""The rule of direction: a room imports only from those above it. docs/architecture.md tells the
same list.
"""

from __future__ import annotations

import importlib
import importlib.util
import re
import sys
from functools import cache
from graphlib import CycleError, TopologicalSorter

import pytest

from autograder.formerly import MOVED

from .imports import ROOT, imports, modules

ROOMS = (
    "errors",
    "language",
    "watch",
    "exercise",
    "checks",
    "vocabulary",
    "judge",
    "released",
    "fetch",
    "audit",
    "report",
    "wall.wire",
    "wall.inside",
    "wall.outside",
    "course",
    "oracle",
    "notebook",
    "grading",
    "classes",
    "gradebook",
    "authoring",
    "site",
    "classreport",
    "progress",
    "lms",
    "collected",
    "commandline",
)
FACE = ("autograder", "autograder.formerly", "autograder.wall")
"""What belongs to no room: the package's face, old names, and the page that says what the wall
is.
"""


def room_of(module: str) -> str:
    parts = module.split(".")[1:]
    return ".".join(parts[:2]) if parts[0] == "wall" else parts[0]


def inner_imports() -> list[tuple[str, str, int]]:
    """(module, module it imports, line) within autograder."""
    known = modules("autograder")
    found = []
    for one in imports("autograder"):
        target = one.target if one.target in known else one.target.rpartition(".")[0]
        if target in known:
            found.append((one.module, target, one.line))
    return found


def test_every_module_lies_in_a_room() -> None:
    assert {room_of(one) for one in modules("autograder") if one not in FACE} == set(ROOMS)


def test_a_room_imports_only_from_those_above_it() -> None:
    upwards = [
        f"{module}:{line} imports {target}"
        for module, target, line in inner_imports()
        if module not in FACE
        and (target in FACE or ROOMS.index(room_of(target)) > ROOMS.index(room_of(module)))
    ]
    assert upwards == []


def test_the_halves_of_the_wall_talk_through_the_wire_only() -> None:
    halves = {"wall.inside", "wall.outside"}
    across = [
        f"{module}:{line} imports {target}"
        for module, target, line in inner_imports()
        if module not in FACE
        and target not in FACE
        and {room_of(module), room_of(target)} == halves
    ]
    assert across == []


def test_only_the_outer_half_talks_to_the_inner_half() -> None:
    """By its name in a command line: nobody else so much as mentions it."""
    mentions = [
        module
        for module, path in modules("autograder").items()
        if "autograder.wall.inside" in path.read_text()
        and not module.startswith("autograder.wall.")
    ]
    assert mentions == []


def test_only_the_gradebook_knows_nbgrader() -> None:
    elsewhere = [
        f"{one.module}:{one.line}"
        for one in imports("autograder")
        if one.target.partition(".")[0] == "nbgrader" and room_of(one.module) != "gradebook"
    ]
    assert elsewhere == []


def test_no_module_imports_itself_by_way_of_others() -> None:
    graph: dict[str, set[str]] = {}
    for module, target, _ in inner_imports():
        if target not in FACE and not _is_parent(target, module):
            graph.setdefault(module, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def _is_parent(package: str, module: str) -> bool:
    return module.startswith(f"{package}.")


@pytest.mark.parametrize("package", ["solutions", "coursekit"])
def test_what_students_get_knows_no_grader_and_the_reference_no_engine(package: str) -> None:
    forbidden = {"solutions": ("autograder",), "coursekit": ("solutions",)}[package]
    found = [
        f"{one.module}:{one.line}" for one in imports(package) if one.target.startswith(forbidden)
    ]
    assert found == []


def test_dotted_names_in_strings_exist() -> None:
    """Configurations, command lines and lists of modules name modules where no type checker
    looks.
    """
    files = [
        ROOT / "nbgrader_config.py",
        ROOT / "README.md",
        ROOT / "Makefile",
        ROOT / "pyproject.toml",
    ]
    for folder in ("autograder", "deploy", "docs", "tests", "benchmarks"):
        files += [
            path for ending in ("py", "md", "yaml") for path in (ROOT / folder).rglob(f"*.{ending}")
        ]
    lost = {
        f"{path.relative_to(ROOT)}: {dotted}"
        for path in files
        if path.stem not in ("formerly", "test_formerly")
        for dotted in _named(path.read_text())
        if dotted in MOVED or not _is_there(dotted)
    }
    assert sorted(lost) == []


def _named(text: str) -> set[str]:
    """Every dotted name, and every name that is imported from one, in code that is quoted as
    well.
    """
    named = set(re.findall(r"(?<![\w.])autograder(?:\.\w+)+", text))
    for module, names in re.findall(r"from (autograder[.\w]*) import (\w+(?:, \w+)*)", text):
        named |= {f"{module}.{name}" for name in names.split(", ")}
    return named


@cache
def _is_there(dotted: str) -> bool:
    """Whether the name is a module's, or of something in one."""
    parts = dotted.split(".")
    known = modules("autograder")
    deepest = max(k for k in range(1, len(parts) + 1) if ".".join(parts[:k]) in known)
    found = importlib.import_module(".".join(parts[:deepest]))
    return deepest == len(parts) or hasattr(found, parts[deepest])


@pytest.mark.parametrize("old", MOVED)
def test_a_name_of_the_first_edition_still_gives_what_is_there_now(old: str) -> None:
    sys.modules.pop(old, None)
    with pytest.warns(DeprecationWarning, match=re.escape(MOVED[old])):
        before = importlib.import_module(old)
    now = importlib.import_module(MOVED[old])
    assert {name for name in vars(now) if not name.startswith("__")} <= set(vars(before))
