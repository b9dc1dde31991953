"""Whether public code does what an answer does: compared by its structure, whatever the variables
are called.

Two runs of statements are alike when they are the same after docstrings, annotations and comments
are gone and the names that a function gives itself (arguments, variables) are numbered in the order
in which they appear. Names from elsewhere (``np``, other functions, attributes) count as they
stand."""

from __future__ import annotations

import ast
from collections.abc import Container, Iterator
from dataclasses import dataclass

ROW = 3
"""This many statements in a row, or a whole body, are enough to give an answer away."""
TELLING = 24
"""Syntax nodes; a shorter run of statements is anybody's."""
SAYING = 12
"""Syntax nodes of a statement, or of an expression, that stands for itself."""
SAID = (ast.Assign, ast.AugAssign, ast.Return, ast.BinOp, ast.Call, ast.Compare, ast.Subscript)
DOING = (ast.BinOp, ast.Compare, ast.Attribute)
"""Without one of these something is only named, measured or put elsewhere."""
BLOCKS = ("body", "orelse", "finalbody")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Passage:
    """A run of statements: the function it is from (none: ""), its first line, its structure, and the nodes
    of a phrase.
    """

    function: str
    line: int
    structure: str
    size: int = 0


def passages(tree: ast.AST) -> Iterator[Passage]:
    """Every telling run of statements in the functions of a syntax tree."""
    for function in ast.walk(tree):
        if isinstance(function, FUNCTIONS):
            own = _own_names(function)
            for run in _runs(function):
                if sum(1 for statement in run for _ in ast.walk(statement)) >= TELLING:
                    yield Passage(function.name, run[0].lineno, _structure(run, own))


def phrases(tree: ast.AST, sizes: Container[int] | None = None) -> Iterator[Passage]:
    """Every statement of a syntax tree and of the functions in it, and every expression in one, that
    says enough: at least ``SAYING`` syntax nodes, operators aside, and more than lengths.

    ``sizes``: how many nodes those have that are looked for; others are left out.
    """
    for function in ast.walk(tree):
        if not isinstance(function, (*FUNCTIONS, ast.Module)):
            continue
        own = _own_names(function)
        for node in ast.walk(ast.Module(function.body, [])):
            if (
                isinstance(node, SAID)
                and (size := _says(node))
                and (sizes is None or size in sizes)
            ):
                statement = node if isinstance(node, ast.stmt) else ast.Expr(node)
                name = getattr(function, "name", "")
                yield Passage(name, node.lineno, _structure([statement], own), size)


def _says(node: ast.AST) -> int:
    """How many nodes say something; 0 where it is not enough."""
    parts = [one for one in ast.walk(node) if not isinstance(one, ast.expr_context | ast.operator)]
    enough = len(parts) >= SAYING and any(isinstance(one, DOING) for one in parts)
    return len(parts) if enough else 0


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


def _own_names(function: ast.AST) -> frozenset[str]:
    """Arguments, and whatever is assigned to."""
    nodes = list(ast.walk(function))
    arguments = {node.arg for node in nodes if isinstance(node, ast.arg)}
    assigned = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    return frozenset(arguments | assigned)


def _structure(run: list[ast.stmt], own: frozenset[str]) -> str:
    numbers: dict[str, int] = {}

    def told(node: object) -> str:
        if isinstance(node, ast.Name):
            return f"_{numbers.setdefault(node.id, len(numbers))}" if node.id in own else node.id
        if isinstance(node, ast.arg):
            return f"_{numbers.setdefault(node.arg, len(numbers))}"
        if isinstance(node, ast.AST):
            parts = (told(part) for field, part in ast.iter_fields(node) if field != "ctx")
            return f"{type(node).__name__}({', '.join(parts)})"
        return f"[{', '.join(map(told, node))}]" if isinstance(node, list) else repr(node)

    return told(run)
