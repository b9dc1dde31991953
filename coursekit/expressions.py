"""Arithmetic that people type, turned into steps without ever being run as Python.

    a = 2; b = -3; q = a * b; relu(q + 10) * q

Statements are separated by ``;`` or new lines, the last one is the result. A name that was given no
number gets one. Nothing here knows a rule of differentiation: slopes are measured, by moving a
step's value a little and computing on."""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

LONGEST, MOST = 300, 40
"""Characters of a text and steps of an expression."""

DEFAULTS = (2.0, -3.0, 0.5, 4.0, -1.0, 1.5, 3.0, -2.0)
FUNCTIONS = {"relu": 1, "exp": 1, "tanh": 1, "max": 2}
_ALLOWED = "names, numbers, + - * / ** ( ) and relu, exp, tanh, max"


class ExpressionError(ValueError):
    """A text that is no expression, or one without a value; the message says what to change."""


@dataclass(frozen=True)
class Step:
    """An input, or one gate applied to earlier steps.

    ``kind``: "input", "number", "+", "*", "**", "relu", "exp", "tanh" or "max". ``number``: an
    input's value, a number that was typed, or the exponent of "**".
    """

    kind: str
    operands: tuple[int, ...] = ()
    number: float = 0.0
    name: str = ""


@dataclass(frozen=True)
class Expression:
    """Steps in an order in which they can be computed, and which of them is the result."""

    steps: tuple[Step, ...]
    result: int

    def values(self, nudges: Mapping[int, float] | None = None) -> list[float]:
        """Every step's value, where some are moved by a little before anything is computed from
        them.
        """
        found: list[float] = []
        for index, step in enumerate(self.steps):
            value = apply(step, [found[k] for k in step.operands])
            found.append(value + (nudges or {}).get(index, 0.0))
        return found

    def slope(self, index: int) -> tuple[float, float]:
        """The lowest and highest slope of the result in one step's value: two different numbers
        only at a kink.
        """
        at = self.values()[index]
        return _one_sided(lambda nudge: self.values({index: nudge})[self.result], at)

    def local_slope(self, index: int, position: int) -> float:
        """How fast one step's value changes with one of its operands alone; at a kink, what lies in
        the middle.
        """
        step, values = self.steps[index], self.values()
        given = [values[k] for k in step.operands]

        def moved(nudge: float) -> float:
            return apply(step, [v + nudge * (k == position) for k, v in enumerate(given)])

        return sum(_one_sided(moved, given[position])) / 2

    def made_of(self, kind: type) -> list[Any]:
        """The same steps made by a class that has the operators and relu, exp, tanh, max; numbers
        stay numbers.
        """
        made: list[Any] = []
        for step in self.steps:
            made.append(
                kind(step.number)
                if step.kind == "input"
                else gate(step, [made[k] for k in step.operands])
            )
        return made

    def needed(self) -> list[int]:
        """The steps that the result is made from, itself included, in order."""
        wanted = {self.result}
        for index in range(len(self.steps) - 1, -1, -1):
            if index in wanted:
                wanted.update(self.steps[index].operands)
        return sorted(wanted)


def parse(text: str) -> Expression:
    """Read a text. Raises ExpressionError where it is no expression, is too long, or has no finite
    value.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            f"that is {len(text)} characters long; at most {LONGEST} can be drawn"
        )
    lines = text.replace("^", "**").replace(";", "\n").splitlines()
    try:
        statements = ast.parse("\n".join(line.strip() for line in lines)).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionError(f"this cannot be read; use {_ALLOWED}") from None
    if not statements:
        raise ExpressionError("type an expression, for example a * b + a")
    reader = _Reader()
    try:
        *_, result = [reader.statement(statement) for statement in statements]
        expression = Expression(tuple(reader.steps), result)
        values = expression.values()
    except (OverflowError, ZeroDivisionError) as problem:
        what = (
            "a division by zero"
            if isinstance(problem, ZeroDivisionError)
            else "a number too large to compute with"
        )
        raise ExpressionError(f"with these inputs there is {what}") from None
    if expression.steps[result].kind == "number":
        raise ExpressionError("this is a plain number; put a name into it, for example a * 2")
    if not all(map(math.isfinite, values)) or max(map(abs, values)) > 1e12:
        raise ExpressionError("with these inputs a number becomes too large to compute with")
    return expression


def apply(step: Step, operands: Sequence[float]) -> float:
    """One step's value from its operands'."""
    if step.kind in ("input", "number"):
        return step.number
    value = _FORWARD[step.kind](*operands, *([step.number] if step.kind == "**" else []))
    if isinstance(value, complex):
        raise ExpressionError("a root of a negative number is no real number")
    return float(value)


def gate(step: Step, operands: Sequence[Any]) -> Any:
    """One gate applied to objects that have the operators and relu, exp, tanh, max; a typed number
    is itself.
    """
    if step.kind == "number":
        return step.number
    if step.kind in FUNCTIONS:
        return getattr(operands[0], step.kind)(*operands[1:])
    return _OPERATORS[step.kind](*operands, *([step.number] if step.kind == "**" else []))


class _Reader:
    """Collects the steps of one text."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.names: dict[str, int] = {}

    def statement(self, statement: ast.stmt) -> int:
        if isinstance(statement, ast.Expr):
            return self.expression(statement.value)
        if isinstance(statement, ast.Assign) and all(
            isinstance(target, ast.Name) for target in statement.targets
        ):
            index = self.expression(statement.value)
            for target in statement.targets:
                assert isinstance(target, ast.Name)
                self.call(target.id, index)
            return index
        raise ExpressionError(
            f"this cannot be drawn; use {_ALLOWED}, and name = ... to name a part"
        )

    def call(self, name: str, index: int) -> None:
        """Give a step a name; a number with a name is an input."""
        self._proper(name)
        step = self.steps[index]
        if step.kind == "number":
            self.steps[index] = Step("input", number=step.number, name=name)
        elif not step.name:
            self.steps[index] = Step(step.kind, step.operands, step.number, name)
        self.names[name] = index

    def expression(self, node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            return self.add(Step("number", number=float(node.value)))
        if isinstance(node, ast.Name):
            return self.name(node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
            inner = self.expression(node.operand)
            return self.minus(inner) if isinstance(node.op, ast.USub) else inner
        if isinstance(node, ast.BinOp):
            return self.binary(node)
        if isinstance(node, ast.Call) and not node.keywords:
            return self.function(node)
        raise ExpressionError(f"this cannot be drawn; use {_ALLOWED}")

    def name(self, name: str) -> int:
        if name not in self.names:
            self._proper(name)
            fresh = sum(step.kind == "input" for step in self.steps)
            self.names[name] = self.add(
                Step("input", number=DEFAULTS[fresh % len(DEFAULTS)], name=name)
            )
        return self.names[name]

    def binary(self, node: ast.BinOp) -> int:
        left, right = self.expression(node.left), self.expression(node.right)
        if isinstance(node.op, ast.Add):
            return self.gate("+", left, right)
        if isinstance(node.op, ast.Sub):
            return self.gate("+", left, self.minus(right))
        if isinstance(node.op, ast.Mult):
            return self.gate("*", left, right)
        if isinstance(node.op, ast.Div):
            inverse, one = self.power(right, -1.0), self.steps[left] == Step("number", number=1.0)
            return inverse if one else self.gate("*", left, inverse)
        if isinstance(node.op, ast.Pow):
            if self.steps[right].kind != "number":
                raise ExpressionError("an exponent has to be a plain number, as in a ** 2")
            return self.power(left, self.steps[right].number)
        raise ExpressionError(f"this cannot be drawn; use {_ALLOWED}")

    def function(self, node: ast.Call) -> int:
        """relu(a) and a.relu(), max(a, b) and a.max(b)."""
        given = list(node.args)
        called = node.func
        if isinstance(called, ast.Attribute):
            called, given = ast.Name(called.attr), [called.value, *given]
        if not isinstance(called, ast.Name) or called.id not in FUNCTIONS:
            raise ExpressionError(f"the functions are {', '.join(FUNCTIONS)}")
        if len(given) != FUNCTIONS[called.id]:
            wanted = "two values" if FUNCTIONS[called.id] == 2 else "one value"
            raise ExpressionError(f"{called.id} takes {wanted}")
        operands = [self.expression(one) for one in given]
        if called.id == "max" and self.steps[operands[0]].kind == "number":
            operands.reverse()  # a number has no method max
        return self.gate(called.id, *operands)

    def minus(self, index: int) -> int:
        return self.gate("*", index, self.add(Step("number", number=-1.0)))

    def power(self, index: int, exponent: float) -> int:
        if self.steps[index].kind == "number":
            return self.add(
                Step(
                    "number", number=apply(Step("**", number=exponent), [self.steps[index].number])
                )
            )
        return self.add(Step("**", (index,), exponent))

    def gate(self, kind: str, *operands: int) -> int:
        step = Step(kind, operands)
        if all(self.steps[k].kind == "number" for k in operands):
            return self.add(
                Step("number", number=apply(step, [self.steps[k].number for k in operands]))
            )
        return self.add(step)

    def add(self, step: Step) -> int:
        if len(self.steps) >= 2 * MOST:  # numbers that were folded into others count, too
            raise ExpressionError(f"that makes too many gates to draw; there may be {MOST}")
        self.steps.append(step)
        return len(self.steps) - 1

    @staticmethod
    def _proper(name: str) -> None:
        if name in FUNCTIONS:
            raise ExpressionError(
                f"{name} is a function: write {name}(...), and use another name for a value"
            )
        if len(name) > 8:
            raise ExpressionError(
                f"the name {name[:12]}... is too long to draw; 8 letters are enough"
            )


def _one_sided(f: Callable[[float], float], at: float) -> tuple[float, float]:
    """The slopes to the left and to the right of 0, the lower one first; each is exact for a
    parabola.
    """
    slopes = []
    for h in (1e-4 * max(1.0, abs(at)), -1e-4 * max(1.0, abs(at))):
        slopes.append((4 * f(h) - f(2 * h) - 3 * f(0.0)) / (2 * h))
    return min(slopes), max(slopes)


_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "*": operator.mul,
    "**": operator.pow,
}
_FORWARD: dict[str, Callable[..., Any]] = {
    **_OPERATORS,
    "relu": lambda a: max(0.0, a),
    "exp": math.exp,
    "tanh": math.tanh,
    "max": max,
}
