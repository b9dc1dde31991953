"""What is imported is declared in pyproject.toml, and what is declared is used."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
OWN = {"autograder", "coursekit", "solutions", "source", "deploy", "tests", "benchmarks", "docs"}

EXTRAS = {
    "autograder": {"torch"},
    "autograder/authoring": {"instructor"},
    "autograder/classreport": {"instructor"},
    "autograder/commandline": {"instructor"},
    "autograder/commandline/oracle.py": {"hub"},
    "autograder/classes/cluster.py": {"scale"},
    "autograder/gradebook": {"instructor"},
    "autograder/gradebook/exchange": {"instructor", "deploy"},
    "autograder/lms": {"instructor"},
    "autograder/oracle": {"hub"},
    "autograder/site": {"site"},
    "autograder/wall/outside": {"instructor"},
    "coursekit": {"torch", "lab"},
    "solutions": {"torch"},
    "source": {"torch"},
    "deploy": {"deploy"},
    "deploy/hub": {"hub"},
    "deploy/slurm": {"scale"},
    "tests": {"dev"},
    "benchmarks": {"dev"},
    "docs": {"dev"},
    "docs/pages": {"docs"},
}
"""The extras that a folder's code may count on, beside the dependencies that everybody has."""

STARTED = {"ipykernel", "jupyterlab", "jupyterlite-core", "basedpyright", "build", "ruff"}
STARTED |= {"pytest-timeout", "pytest-xdist", "psycopg", "furo", "myst-nb"}
STARTED |= {"jupyterhub-ltiauthenticator"}
"""Declared, and started or loaded by name instead of imported."""

FILES = sorted(path for folder in OWN for path in (ROOT / folder).rglob("*.py"))


def extras_of(path: Path) -> set[str]:
    """The extras of the narrowest entry that the file lies in."""
    place = path.relative_to(ROOT).as_posix()
    return EXTRAS[max((one for one in EXTRAS if f"{place}/".startswith(f"{one}/")), key=len)]


@cache
def declared(extra: str) -> frozenset[str]:
    """The distributions of an extra and of the extras that it names; of nobody's for ``""``."""
    lines = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    found = set[str]()
    for one in map(Requirement, lines):
        if one.name == PROJECT["name"]:
            found.update(*map(declared, one.extras))
        else:
            found.add(canonicalize_name(one.name))
    return frozenset(found)


def imported(source: str) -> Iterator[str]:
    """The top-level modules that a file imports from anywhere but its own package."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


@cache
def distributions() -> Mapping[str, list[str]]:
    """The distributions of each top-level module that is installed."""
    return packages_distributions()


def brought_by(path: Path, module: str) -> set[str]:
    """The distributions that bring a module; empty for the standard library's and our own."""
    if module in OWN or module in sys.stdlib_module_names:
        return set()
    if module in distributions():
        return {canonicalize_name(name) for name in distributions()[module]}
    folders = [
        path.parent,
        path.parents[1],
        ROOT / "tests",
    ]  # a package of exercises has neighbours
    beside = [folder / name for folder in folders for name in (module, f"{module}.py")]
    assert any(one.exists() for one in beside), f"{path} imports {module}, which nobody brings"
    return set()


def undeclared(path: Path, source: str) -> set[str]:
    """The modules that a file imports although no extra of its folder's brings them."""
    allowed = declared("").union(*map(declared, extras_of(path)))
    return {
        module
        for module in imported(source)
        if (brought := brought_by(path, module)) and not brought & allowed
    }


@pytest.mark.parametrize("folder", sorted(EXTRAS))
def test_every_import_is_declared(folder: str):
    inside = [path for path in FILES if path.is_relative_to(ROOT / folder)]
    assert inside, "the list of folders is of this tree"
    found = {path.relative_to(ROOT): undeclared(path, path.read_text()) for path in inside}
    assert {path: modules for path, modules in found.items() if modules} == {}


def test_the_test_above_can_fail():
    core, report = ROOT / "autograder/judge.py", ROOT / "autograder/classreport/page.py"
    assert undeclared(core, "import numpy, torch.nn\nfrom nbgrader.api import Gradebook") == {
        "nbgrader"
    }
    assert undeclared(report, "def late():\n    from fastapi import FastAPI") == {"fastapi"}
    with pytest.raises(AssertionError, match="nobody brings"):
        undeclared(core, "import no_such_module")


def test_nothing_is_declared_that_nobody_uses():
    used = set[str]()
    for path in FILES:
        used.update(*(brought_by(path, module) for module in imported(path.read_text())))
    everything = declared("").union(*map(declared, PROJECT["optional-dependencies"]))
    assert everything - used == STARTED
