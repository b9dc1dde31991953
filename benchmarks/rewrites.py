"""A program in other words, and a program with one slip: changes to a syntax tree, drawn at random.

``rewritten`` keeps the meaning as mathematics has it; rounding may differ, and what is no array (a
sum of lists, say) may come out otherwise, so whoever uses it compares the values. ``slips`` are the
smallest edits that change a meaning: a sign, an axis, a constant, a lost term.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterator
from copy import deepcopy

import numpy as np

METHODS = {"sum", "mean", "max", "min", "argmax", "reshape", "transpose", "cumsum", "dot"}
"""``np.sum(x, ...)`` is ``x.sum(...)``, and so for each of these."""
TURNED = {ast.Lt: ast.Gt, ast.Gt: ast.Lt, ast.LtE: ast.GtE, ast.GtE: ast.LtE}


def rewritten(source: str, rng: np.random.Generator, often: float = 0.5) -> str:
    """A module of the same meaning: at each place where something can be written otherwise, it is
    ``often``.
    """
    tree = ast.parse(source)
    for step in (_Expressions, _Statements):
        tree = step(rng, often).visit(tree)
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        _rename_locals(function, rng, often)
    return ast.unparse(ast.fix_missing_locations(tree))


class _Drawn(ast.NodeTransformer):
    def __init__(self, rng: np.random.Generator, often: float) -> None:
        self._rng = rng
        self._often = often

    def _now(self) -> bool:
        return bool(self._rng.random() < self._often)


class _Expressions(_Drawn):
    """a + b is b + a; x ** 2 is x * x; np.sum(x) is x.sum(); x @ w is np.dot(x, w); a < b is b >
    a.
    """

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if not self._now():
            return node
        left, right = node.left, node.right
        if isinstance(node.op, ast.Add | ast.Mult) and not _is_text(left) and not _is_text(right):
            if (
                isinstance(node.op, ast.Mult)
                and _is_name(left)
                and ast.dump(left) == ast.dump(right)
            ):
                return ast.BinOp(left, ast.Pow(), ast.Constant(2))
            return ast.BinOp(right, node.op, left)
        if isinstance(node.op, ast.Pow) and _is_name(left) and ast.unparse(right) == "2":
            return ast.BinOp(left, ast.Mult(), deepcopy(left))
        if isinstance(node.op, ast.MatMult):
            return ast.Call(_of_numpy("matmul"), [left, right], [])
        return node

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        called = node.func
        if not isinstance(called, ast.Attribute) or called.attr not in METHODS or not self._now():
            return node
        if ast.unparse(called.value) == "np":
            if node.args and _is_name(node.args[0]):
                own = ast.Attribute(node.args[0], called.attr, ast.Load())
                return ast.Call(own, node.args[1:], node.keywords)
            return node
        if called.attr in ("reshape", "transpose"):  # x.reshape(a, b) takes its shape in pieces
            return node
        return ast.Call(_of_numpy(called.attr), [called.value, *node.args], node.keywords)

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        self.generic_visit(node)
        turned = TURNED.get(type(node.ops[0]))
        if len(node.ops) > 1 or turned is None or not self._now():
            return node
        return ast.Compare(node.comparators[0], [turned()], [node.left])


class _Statements(_Drawn):
    """Temporaries for parts, ``a = a + b`` for ``a += b``, the other branch first, independent
    assignments in turn.
    """

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.body = self._block(node.body)
        return node

    def visit_If(self, node: ast.If) -> ast.If:
        self.generic_visit(node)
        if node.orelse and self._now():
            return ast.If(ast.UnaryOp(ast.Not(), node.test), node.orelse, node.body)
        return node

    def _block(self, body: list[ast.stmt]) -> list[ast.stmt]:
        written = [one for statement in body for one in self._in_parts(statement)]
        for k in range(len(written) - 1):
            if _independent(written[k], written[k + 1]) and self._now():
                written[k], written[k + 1] = written[k + 1], written[k]
        return written

    def _in_parts(self, statement: ast.stmt) -> list[ast.stmt]:
        if isinstance(statement, ast.AugAssign) and _is_name(statement.target) and self._now():
            target = ast.Name(statement.target.id, ast.Load())  # type: ignore[attr-defined]
            value = ast.BinOp(target, statement.op, statement.value)
            return [ast.Assign([statement.target], value)]
        value = getattr(statement, "value", None)
        if isinstance(statement, ast.Assign | ast.Return) and isinstance(value, ast.BinOp):
            if isinstance(value.left, ast.Constant | ast.Name) or not self._now():
                return [statement]
            name = f"part_{self._rng.integers(10**6)}"
            first = ast.Assign([ast.Name(name, ast.Store())], value.left)
            value.left = ast.Name(name, ast.Load())
            return [first, statement]
        return [statement]


def _rename_locals(function: ast.FunctionDef, rng: np.random.Generator, often: float) -> None:
    """Every name that the function itself assigns, unless somebody may call it by that name."""
    inner = [node for node in ast.walk(function) if node is not function]
    said = {node.arg for node in inner if isinstance(node, ast.arg | ast.keyword)}
    said |= {
        name for node in inner if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names
    }
    said |= {node.name for node in inner if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    said |= {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    names = [node for node in inner if isinstance(node, ast.Name)]
    stored = sorted({node.id for node in names if isinstance(node.ctx, ast.Store)} - said)
    new = {name: f"{name}_{rng.integers(100)}" for name in stored if rng.random() < often}
    for node in names:
        node.id = new.get(node.id, node.id)


def _independent(one: ast.stmt, other: ast.stmt) -> bool:
    """Two assignments to plain names that neither read nor write what the other writes, and call
    nothing but NumPy.
    """
    parts = [(_assigned(each), _read(each)) for each in (one, other)]
    if not all(written for written, _ in parts):
        return False
    (wrote, read), (wrote_too, read_too) = parts
    calls = [node for each in (one, other) for node in ast.walk(each) if isinstance(node, ast.Call)]
    plain = all(ast.unparse(call.func).startswith("np.") for call in calls)
    random = any("random" in ast.unparse(call.func) for call in calls)
    return plain and not random and not (wrote & (wrote_too | read_too)) and not (read & wrote_too)


def _assigned(statement: ast.stmt) -> set[str]:
    if not isinstance(statement, ast.Assign):
        return set()
    targets = [one for target in statement.targets for one in getattr(target, "elts", [target])]
    return {one.id for one in targets} if all(map(_is_name, targets)) else set()  # type: ignore[union-attr]


def _read(statement: ast.stmt) -> set[str]:
    names = (node for node in ast.walk(statement) if isinstance(node, ast.Name))
    return {node.id for node in names if isinstance(node.ctx, ast.Load)}


def _is_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Name)


def _is_text(node: ast.expr) -> bool:
    """What + joins in an order: texts, lists, tuples, and shapes, which are tuples."""
    joined = isinstance(node, ast.List | ast.Tuple | ast.JoinedStr | ast.ListComp)
    return joined or isinstance(getattr(node, "value", None), str) or "shape" in ast.unparse(node)


def _of_numpy(name: str) -> ast.Attribute:
    return ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())


# --- slips --------------------------------------------------------------------------------------

OTHER_OPERATOR: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
}
OTHER_NAME = {
    "max": "min",
    "maximum": "minimum",
    "sum": "mean",
    "mean": "sum",
    "exp": "expm1",
    "ones": "zeros",
}


def slips(source: str, names: Collection[str]) -> Iterator[tuple[str, str]]:
    """Each slip in the functions and classes of ``names``: (what was changed, the whole module with
    it).
    """
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for edit in _edits(node):
            wrong = deepcopy(tree)
            there = next(each for index, each in enumerate(ast.walk(wrong)) if index == place)
            if not _within(wrong, there, names):
                break
            before = ast.unparse(there)
            edit(there)
            after = ast.unparse(ast.fix_missing_locations(there))
            if after != before:
                yield f"{before[:60]} -> {after[:60]}", ast.unparse(wrong)


def _within(tree: ast.Module, node: ast.AST, names: Collection[str]) -> bool:
    defined = (one for one in tree.body if getattr(one, "name", None) in names)
    return any(node is each for one in defined for each in ast.walk(one))


def _edits(node: ast.AST) -> Iterator[Callable[[ast.AST], None]]:
    if isinstance(node, ast.BinOp) and type(node.op) in OTHER_OPERATOR:
        yield lambda there: setattr(there, "op", OTHER_OPERATOR[type(there.op)]())  # type: ignore[attr-defined]
        if isinstance(node.op, ast.Add | ast.Sub):
            yield lambda there: there.__dict__.update(op=ast.Add(), right=ast.Constant(0))
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield lambda there: setattr(there, "value", 1 if there.value == 0 else 0)  # type: ignore[attr-defined]
        yield lambda there: setattr(there, "value", 2 * there.value)  # type: ignore[attr-defined]
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in TURNED:
        yield lambda there: setattr(there, "ops", [TURNED[type(there.ops[0])]()])  # type: ignore[attr-defined]
    elif isinstance(node, ast.Attribute) and node.attr in OTHER_NAME:
        yield lambda there: setattr(there, "attr", OTHER_NAME[there.attr])  # type: ignore[attr-defined]
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield lambda there: setattr(there, "op", ast.UAdd())
