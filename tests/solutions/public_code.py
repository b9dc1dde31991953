"""The Python files that students get, as modules: the exercises of an assignment, and coursekit."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

from autograder.authoring.by_value import STEERED, PublicFunction, functions_in, functions_of
from autograder.exercise.load import load, read_modules

from .audited import ASSIGNMENTS
from .conftest import COURSE


@cache
def public_functions_of_the_course() -> tuple[PublicFunction, ...]:
    """All of coursekit, and those of all exercises."""
    folders = [COURSE / "source" / name for name in ASSIGNMENTS]
    asked = [one for folder in folders for one in functions_in(folder, f"source/{folder.name}")]
    return (*functions_of("coursekit"), *asked)


@cache
def expressions_of(name: str) -> tuple[PublicFunction, ...]:
    """The expressions in the exercises of one assignment, as functions of the names in them.

    ``inputs["x"]`` counts as the name x.
    """
    folder = COURSE / "source" / name
    modules = load(read_modules(folder), folder, f"source/{name}").modules.values()
    return tuple(one for module in modules for one in _expressions(module, name))


def _expressions(module: ModuleType, name: str) -> Iterator[PublicFunction]:
    file = Path(str(module.__file__))
    known, seen = {*vars(module), *dir(builtins)}, set()
    for node in ast.walk(_Plain().visit(ast.parse(file.read_text(encoding="utf-8")))):
        if not isinstance(node, ast.BinOp | ast.Call | ast.Subscript | ast.Compare):
            continue
        written = ast.unparse(node)
        stored = {one.id for one in _names(node) if isinstance(one.ctx, ast.Store)}
        free = dict.fromkeys(one.id for one in _names(node) if one.id not in known | stored)
        if written in seen or not 0 < len(free) <= 4 or _trivial(node):
            continue
        seen.add(written)
        call = eval(f"lambda {', '.join(free)}: {written}", vars(module))
        yield PublicFunction(f"{name}/{file.name}", node.lineno, written, tuple(free), call)


def _names(node: ast.AST) -> list[ast.Name]:
    return [one for one in ast.walk(node) if isinstance(one, ast.Name)]


def _trivial(node: ast.AST) -> bool:
    """Too short to say anything, or something that asks, draws, or makes functions."""
    kinds = [type(one) for one in ast.walk(node)]
    if {ast.Lambda, ast.NamedExpr, ast.Await, ast.JoinedStr} & {*kinds}:
        return True
    return len(kinds) < 12 or bool({one.id for one in _names(node)} & {*STEERED, "draws", "case"})


class _Plain(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        key = node.slice
        if (
            isinstance(key, ast.Constant)
            and isinstance(key.value, str)
            and key.value.isidentifier()
        ):
            return ast.copy_location(ast.Name(key.value, ast.Load()), node)
        return self.generic_visit(node)
