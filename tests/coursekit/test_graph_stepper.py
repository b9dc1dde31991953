"""The graph stepper draws the reader's own graph, whatever they type, and says what is wrong with
it.
"""

import re
import runpy
from pathlib import Path
from typing import Any

import pytest

from coursekit import widgets
from coursekit.expressions import parse
from coursekit.figures.graphs import Arrow, Node, computation_graph
from coursekit.widgets.graph_stepper import START, built_graph, measured_graph

Value: Any = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "backprop.py"))["Value"]


class Overwriting(Value):
    """A Value whose product forgets what has already arrived."""

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Overwriting(other)
        out = Overwriting(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad = other.data * out.grad
            other.grad = self.data * out.grad

        out._backward = _backward
        return out

    def __add__(self, other):
        made = super().__add__(other)
        out = Overwriting(made.data, made.operands, "+")
        out._backward = lambda: [setattr(one, "grad", one.grad + out.grad) for one in out.operands]
        return out


class NotSwitched(Value):
    """A Value whose product multiplies each input by itself."""

    def __mul__(self, other):
        out = NotSwitched(self.data * other.data, (self, other), "*")

        def _backward():
            self.grad += self.data * out.grad
            other.grad += other.data * out.grad

        out._backward = _backward
        return out


EXPRESSIONS = [
    START,
    "a + a",
    "a * a * a",
    "u = a * b; u + exp(u)",
    "u = a + b; v = u * a; w = u * b; v * w + u",
    "1 / (1 + exp(-(w0*x0 + w1*x1 + w2)))",
    "x = 2; y = 1; (x - y) / (x ** 2 + 1) - 3 / tanh(y)",
    "relu(a).max(b) * 2 + max(3, a) - max(1, a)",
]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_a_right_class_is_told_so(text):
    graph = built_graph(parse(text), Value)
    assert graph.wrong == []
    assert (
        "your gradients, all as measured"
        in widgets.graph_stepper(yours=Value).picture(text=text).alt
    )


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_both_graphs_have_the_same_numbers(text):
    measured, built = measured_graph(parse(text)), built_graph(parse(text), Value)
    for one, other in (("values", 1e-12), ("gradients", 1e-6)):
        assert sorted(getattr(measured, one)) == pytest.approx(
            sorted(getattr(built, one)), rel=other, abs=1e-6
        )
    # What comes back along the wires adds up to the gradient of every number that is used.
    for graph in (measured, built):
        for k, gradient in enumerate(graph.gradients):
            arrived = [wire.message for wire in graph.wires if wire.start == k]
            if arrived:
                assert sum(message or 0 for message in arrived) == pytest.approx(
                    gradient, rel=1e-6, abs=1e-6
                )


def test_the_sum_of_a_fan_out_is_written_down():
    alt = widgets.graph_stepper(yours=Value).picture().alt
    assert "q from x and y by +: 3, -4 + 1 = -3" in alt
    assert "x: -2, -3" in alt
    assert "z: -4, 3" in alt


def test_gates_hand_back_one_by_one():
    stepper = widgets.graph_stepper(yours=Value)
    forward, first, second, third = (stepper.picture(gates=k).alt for k in range(4))
    assert "x: -2; y: 5; z: -4; q from x and y by +: 3" in forward
    assert "back through gate 1 of 3: (+)" in first
    assert re.search(r"q from x and y by \+: 3, 1 \+ \.\.\.", first)
    assert "back through gate 2 of 3: (*)" in second
    assert "q from x and y by +: 3, -4 + 1 = -3" in second
    assert "x: -2;" in second
    assert "back through gate 3 of 3: q = (+)" in third
    assert "x: -2, -3" in third


def test_an_overwritten_gradient_is_seen():
    alt = widgets.graph_stepper(yours=Overwriting).picture(text="a = 3; a * a + a").alt
    assert "a.grad is 3, measured 7" in alt
    assert "a: 3, not 3 + 3 + 1" in alt


def test_a_wrong_rule_is_seen():
    graph = built_graph(parse("x = 2; y = 5; x * y"), NotSwitched)
    assert graph.wrong == ["x.grad is 2, measured 5", "y.grad is 5, measured 2"]


def test_wrong_numbers_are_seen_before_wrong_gradients():
    class Off(Value):
        def exp(self):
            out = super().exp()
            out.data += 1
            return out

    assert (
        built_graph(parse("a = 0; b = exp(a); b + a"), Off).wrong[0]
        == "b.data is 2, it should be 1"
    )


def test_operands_may_leave_plain_numbers_out():
    class Lean(Value):
        def __mul__(self, other):
            if isinstance(other, Value):
                return super().__mul__(other)
            out = Lean(self.data * other, (self,), "scale")

            def _backward():
                self.grad += other * out.grad

            out._backward = _backward
            return out

    graph = built_graph(parse("a = 3; u = a * 2; u * u"), Lean)
    assert graph.wrong == []
    assert [wire.message for wire in graph.wires if wire.end == 1] == [24]


def test_kinks_take_any_slope_between():
    assert built_graph(parse("a = 0; relu(a) + a"), Value).wrong == []
    assert built_graph(parse("a = 2; b = 2; max(a, b) * a"), Value).wrong == []


def test_what_cannot_be_read_leaves_a_sentence_in_place_of_the_picture():
    stepper = widgets.graph_stepper(yours=Value)
    for text in ("import os", "a ** b", "", "1 / (a - a)"):
        assert stepper.picture(text=text).alt.startswith("Nothing is drawn: ")


def test_a_stub_is_heard_when_the_widget_is_made():
    class Stub(Value):
        def __add__(self, other):
            raise NotImplementedError

    with pytest.raises(NotImplementedError):
        widgets.graph_stepper(yours=Stub)


def test_live_an_operation_that_is_missing_is_said_in_the_widget(monkeypatch):
    from ipywidgets.widgets.widget import _instances

    class NoTanh(Value):
        def tanh(self):
            raise NotImplementedError("tanh is not written")

    monkeypatch.setenv("CHAINRULE_WIDGETS", "live")
    bundle = widgets.graph_stepper(yours=NoTanh)._repr_mimebundle_()
    box: Any = _instances[bundle["application/vnd.jupyter.widget-view+json"]["model_id"]]
    controls, shown, _ = box.children
    controls.children[0].value = "tanh(a)"
    assert "tanh is not written" in shown.value
    controls.children[0].value = "a + a"
    assert "<svg" in shown.value


def test_boxes_do_not_touch_and_inputs_stand_before_their_first_use():
    nodes = [Node(f"n{k}", "+" if k >= 4 else "") for k in range(8)]
    arrows = [
        Arrow(0, 4),
        Arrow(1, 4),
        Arrow(2, 5),
        Arrow(4, 5),
        Arrow(0, 7),
        Arrow(5, 6),
        Arrow(3, 6),
        Arrow(6, 7),
    ]
    (axes,) = computation_graph(nodes, arrows).figure.axes
    boxes = [patch.get_extents().transformed(axes.transData.inverted()) for patch in axes.patches]
    boxes = [box for box in boxes if box.width > 0.8]
    assert len(boxes) == 8
    for k, one in enumerate(boxes):
        assert not any(one.overlaps(other) for other in boxes[k + 1 :])
    assert boxes[3].x1 < boxes[6].x0 < boxes[3].x1 + 1.5


def test_a_graph_says_in_words_what_it_shows():
    nodes = [
        Node("x", lines=[("2", "forward")]),
        Node("y", "exp", [("7.39", "forward"), ("1", "backward")]),
    ]
    alt = computation_graph(nodes, [Arrow(0, 1)]).alt
    assert alt == "A computational graph. x: 2; y from x by exp: 7.39, 1."
