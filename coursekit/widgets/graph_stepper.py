"""Any expression as a graph: values forward, then gradients backward, one gate at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..expressions import MOST, Expression, ExpressionError, gate, parse
from ..figures.graphs import Arrow, Node, computation_graph
from ..figures.picture import Picture, canvas, drawing, number
from .explorer import Explorer, Slider, Text

EVERY = 20
"""The slider's last position: every gate has gone back, however many there are."""
START = "x = -2; y = 5; z = -4; q = x + y; q * z + q"


def graph_stepper(
    yours: type | None = None, text: str = START, step: int | None = None
) -> Explorer:
    """A line to type an expression into, and a slider that lets the gates hand back their gradients
    one by one.

    yours: your class ``Value``; then the graph is the one it built, its gradients are those of its
    backward(), and they are compared with measured slopes. Without it all gradients are measured.
    step: how many gates have worked at first (default: all).
    """

    def draw(text: str, gates: int) -> Picture:
        try:
            graph = (
                measured_graph(parse(text)) if yours is None else built_graph(parse(text), yours)
            )
        except ExpressionError as problem:
            return note(str(problem))
        return graph_picture(graph, gates)

    return Explorer(
        draw,
        {
            "text": Text("expression", text),
            "gates": Slider("gates gone back", 0, EVERY, 1, EVERY if step is None else step),
        },
    )


@dataclass
class Wire:
    """One use of a number by a gate, and the gradient the gate hands back along it (None where
    nobody knows).
    """

    start: int
    end: int
    message: float | None


@dataclass
class Graph:
    """A graph with all its numbers; ``wrong`` holds the gradients that are not what was measured,
    in words.
    """

    names: list[str]
    ops: list[str]
    values: list[float]
    gradients: list[float]
    wires: list[Wire]
    result: int
    wrong: list[str] = field(default_factory=list)
    compared: bool = False


def measured_graph(expression: Expression) -> Graph:
    """The graph of an expression, with gradients measured by moving each number a little."""
    needed = expression.needed()
    place = {index: k for k, index in enumerate(needed)}
    values = expression.values()
    gradients = [sum(expression.slope(index)) / 2 for index in needed]
    wires = [
        Wire(
            place[operand],
            place[index],
            gradients[place[index]] * expression.local_slope(index, position),
        )
        for index in needed
        for position, operand in enumerate(expression.steps[index].operands)
    ]
    steps = [expression.steps[index] for index in needed]
    return Graph(
        names=[_name(step.name, step.number if step.kind == "number" else None) for step in steps],
        ops=[_op(step.kind, step.number) for step in steps],
        values=[values[index] for index in needed],
        gradients=gradients,
        wires=wires,
        result=place[expression.result],
    )


def built_graph(expression: Expression, yours: type) -> Graph:
    """The graph that a class built for an expression: its operands, its data, and the grads its
    backward() left.
    """
    made = expression.made_of(yours)
    result = made[expression.result]
    found = _reached(result, made)
    place = {id(one): k for k, one in enumerate(found)}
    result.backward()
    gradients = [float(one.grad) for one in found]
    known = {id(made[index]): index for index in expression.needed() if id(made[index]) in place}
    wires = []
    for k, one in enumerate(found):
        slopes = (
            _own_slopes(expression, known[id(one)], made, yours)
            if id(one) in known and one.operands
            else {}
        )
        for operand in one.operands:
            waiting = slopes.get(id(operand)) or slopes.get(None) or []
            message = gradients[k] * waiting.pop(0) if waiting else None
            wires.append(Wire(place[id(operand)], k, message))
    steps = {place[id(made[index])]: expression.steps[index] for index in known.values()}
    graph = Graph(
        names=[
            _name(
                steps[k].name if k in steps else "",
                None if k in steps or one.operands else float(one.data),
            )
            for k, one in enumerate(found)
        ],
        ops=[
            (_op(steps[k].kind, steps[k].number) if k in steps else str(one.op))
            if one.operands
            else ""
            for k, one in enumerate(found)
        ],
        values=[float(one.data) for one in found],
        gradients=gradients,
        wires=wires,
        result=place[id(result)],
        compared=True,
    )
    for key, index in known.items():
        graph.wrong.extend(_complaints(graph, place[key], expression, index))
    graph.wrong.sort(
        key=lambda complaint: ".data" not in complaint
    )  # a wrong value spoils the gradients after it
    return graph


def _reached(result: Any, made: Sequence[Any]) -> list[Any]:
    """Every Value an expression consists of, each after its operands: by rounds, for they are few.
    In a round those come first that were made first.
    """
    found = [result]
    for one in found:  # grows while it is walked
        for operand in one.operands:
            if not _among(operand, found):
                found.append(operand)
        if len(found) > MOST:
            raise ExpressionError(f"your graph has more than {MOST} Values, too many to draw")
    made_at = {id(one): k for k, one in enumerate(made)}
    found.sort(key=lambda one: made_at.get(id(one), len(made)))
    placed: list[Any] = []
    while len(placed) < len(found):
        ready = [
            one
            for one in found
            if not _among(one, placed) and all(_among(operand, placed) for operand in one.operands)
        ]
        if not ready:
            raise ExpressionError("in your graph a Value is made from itself, round about")
        placed.extend(ready)
    return placed


def _among(one: Any, others: Sequence[Any]) -> bool:
    """Whether it is one of them itself: Values may say that they are equal."""
    return any(one is other for other in others)


def _own_slopes(
    expression: Expression, index: int, made: Sequence[Any], yours: type
) -> dict[int | None, list[float]]:
    """One gate's slopes by the class's own rule, on fresh operands that nothing else uses.

    By the id of the operand; those of plain numbers, which the class may have wrapped, under None.
    """
    step = expression.steps[index]
    values = expression.values()
    fresh = [yours(values[k]) for k in step.operands]
    out = gate(step, fresh)
    out.backward()
    slopes: dict[int | None, list[float]] = {}
    for operand, one in zip(step.operands, fresh, strict=True):
        key = None if expression.steps[operand].kind == "number" else id(made[operand])
        slopes.setdefault(key, []).append(float(one.grad))
    return slopes


def _complaints(graph: Graph, k: int, expression: Expression, index: int) -> list[str]:
    low, high = expression.slope(index)
    slack = 1e-4 * max(1.0, abs(low), abs(high))
    step, name = expression.steps[index], graph.names[k] or graph.ops[k]
    value = expression.values()[index]
    if abs(graph.values[k] - value) > 1e-9 * max(1.0, abs(value)):
        return [f"{name}.data is {number(graph.values[k])}, it should be {number(value)}"]
    if low - slack <= graph.gradients[k] <= high + slack or (
        step.kind != "input" and not step.name
    ):
        return []
    return [f"{name}.grad is {number(graph.gradients[k])}, measured {number((low + high) / 2)}"]


def graph_picture(graph: Graph, gates: int) -> Picture:
    """The graph after the first few gates, from the result on, have handed back their gradients."""
    order = _backward_order(graph)
    gates = gates if gates < EVERY else len(order) + 1
    done, at_work = set(order[:gates]), order[gates - 1] if 0 < gates <= len(order) else None
    nodes = []
    for k, name in enumerate(graph.names):
        lines, below = [(number(graph.values[k]), "forward")], ""
        users = [wire for wire in graph.wires if wire.start == k]
        arrived = [wire.message for wire in users if wire.end in done]
        complete = len(arrived) == len(users) and bool(gates)
        if k == graph.result and gates:
            lines.append((_short(graph.gradients[k]), "backward"))
        elif arrived:
            total, terms = _sum(arrived, graph.gradients[k], complete)
            whole = (
                f"{terms} = {total}"
                if terms and complete and "not" not in terms
                else terms or total
            )
            short = len(whole) <= 13
            lines.append((whole if short else total, "backward"))
            below = "" if short else terms
        nodes.append(Node(name, graph.ops[k], lines, framed=len(users) > 1, below=below))
    arrows = [
        Arrow(
            wire.start,
            wire.end,
            "" if wire.end not in done or wire.message is None else _short(wire.message),
            active=wire.end == at_work,
        )
        for wire in graph.wires
    ]
    title = _verdict(graph, gates, order)
    return computation_graph(nodes, arrows, title, f"A graph, {title}")


def _verdict(graph: Graph, gates: int, order: Sequence[int]) -> str:
    if not gates:
        return "forward: blue values, from left to right"
    if gates <= len(order):
        at = order[gates - 1]
        name = f"{graph.names[at]} = ({graph.ops[at]})" if graph.names[at] else f"({graph.ops[at]})"
        return f"back through gate {gates} of {len(order)}: {name} hands on its gradient"
    if graph.wrong:
        return "; ".join(graph.wrong[:2]) + ("; ..." if len(graph.wrong) > 2 else "")
    if graph.compared:
        return (
            "your gradients, all as measured; framed: used more than once, so its gradients add up"
        )
    return "every number's gradient; framed: used more than once, so its gradients add up"


def _backward_order(graph: Graph) -> list[int]:
    """The gates from the result back, each after every gate that uses it."""
    gates = {k for k, op in enumerate(graph.ops) if op}
    uses = {k: {wire.end for wire in graph.wires if wire.start == k} for k in gates}
    order: list[int] = []
    while len(order) < len(gates):
        ready = [k for k in gates if k not in order and uses[k] <= set(order)]
        order.append(max(ready))
    return order


def _sum(arrived: Sequence[float | None], gradient: float, complete: bool) -> tuple[str, str]:
    """A number's gradient so far, and the terms it is the sum of where there are several (to
    come).
    """
    known = [one for one in arrived if one is not None]
    if len(known) < len(arrived) or (len(known) == 1 and complete):
        return (_short(gradient) if complete else "...", "")
    terms = _short(known[0]) + "".join(
        f" {'-' if one < 0 else '+'} {_short(abs(one))}" for one in known[1:]
    )
    if not complete:
        return "...", f"{terms} + ..."
    same = abs(sum(known) - gradient) <= 1e-6 * max(1.0, *map(abs, known))
    return _short(gradient), terms if same else f"not {terms}"


def note(sentence: str) -> Picture:
    """A sentence in the place of a picture."""
    with drawing():
        figure, (axes,) = canvas(7.0, 1.0)
        axes.text(0.0, 0.5, sentence, va="center", fontsize=10, wrap=True)
        axes.axis("off")
    return Picture(figure, f"Nothing is drawn: {sentence}.")


def _short(value: float) -> str:
    return number(0.0 if abs(value) < 1e-7 else value)


def _name(name: str, constant: float | None) -> str:
    return name if constant is None else number(constant)


def _op(kind: str, exponent: float) -> str:
    if kind in ("input", "number"):
        return ""
    return f"**{number(exponent)}" if kind == "**" else kind
