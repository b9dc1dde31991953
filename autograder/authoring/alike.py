"""Whether public code does what an answer does: compared by its structure, whatever the variables
are called.

Two runs of statements are alike when they are the same after docstrings, annotations and comments
are gone and the names that a function gives itself (arguments, variables) are numbered in the order
in which they appear. Names from elsewhere (``np``, other functions, attributes) count as they
stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

ROW = 3
"""This many statements in a row, or a whole body, are enough to give an answer away."""
TELLING = 24
"""Syntax nodes; a shorter run of statements is anybody's."""
BLOCKS = ("body", "orelse", "finalbody")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Passage:
    """A run of statements: the function it is from, its first line, and its structure."""

    function: str
    line: int
    structure: str


def passages(tree: ast.AST) -> Iterator[Passage]:
    """Every telling run of statements in the functions of a syntax tree."""
    for function in ast.walk(tree):
        if isinstance(function, FUNCTIONS):
            own = _own_names(function)
            for run in _runs(function):
                if sum(1 for statement in run for _ in ast.walk(statement)) >= TELLING:
                    yield Passage(function.name, run[0].lineno, _structure(run, own))


def _runs(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[list[ast.stmt]]:
    """A body that is shorter than a row, and every row of statements in it and in its blocks."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if len(body) < ROW:
        yield body
    pending = [body]
    while pending:
        block = pending.pop()
        yield from (block[start : start + ROW] for start in range(len(block) - ROW + 1))
        for statement in block:
            if not isinstance(statement, FUNCTIONS):  # those are looked at for themselves
                pending += [getattr(statement, part, None) or [] for part in BLOCKS]


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> frozenset[str]:
    """Arguments, and whatever is assigned to."""
    nodes = list(ast.walk(function))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    assigned = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return frozenset(arguments | assigned)


def _structure(run: list[ast.stmt], own: frozenset[str]) -> str:
    numbers: dict[str, int] = {}
    copy = ast.parse(ast.unparse(ast.Module(run, [])))
    for node in ast.walk(copy):
        if isinstance(node, ast.Name) and node.id in own:
            node.id = f"_{numbers.setdefault(node.id, len(numbers))}"
        elif isinstance(node, ast.arg):
            node.arg, node.annotation = f"_{numbers.setdefault(node.arg, len(numbers))}", None
    return ast.dump(copy)
