"""The gate playground, the stack of layers and the broken network: what they say about right and
wrong functions.
"""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit import widgets
from coursekit.widgets.gates import gate_picture
from coursekit.widgets.sabotage import BUGS, C, sabotage_picture
from coursekit.widgets.signals import push, signal_picture

ANSWERS: Any = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "backprop.py"))
AFFINE = (ANSWERS["affine_forward"], ANSWERS["affine_backward"])
RELU = (ANSWERS["relu_forward"], ANSWERS["relu_backward"])
NORM = (ANSWERS["batchnorm_forward"], ANSWERS["batchnorm_backward"])
GATES = {"add": ("add_forward", "add_backward"), "multiply": ("mul_forward", "mul_backward")}
GATES["max"] = ("max_forward", "max_backward")


@pytest.mark.parametrize(
    ("gate", "back"),
    [
        ("add", "dx = 2 and dy = 2"),
        ("multiply", "dx = -4 and dy = 6"),
        ("max", "dx = 2 and dy = 0"),
    ],
)
def test_measured_gates_and_right_ones_say_the_same(gate, back):
    measured = widgets.gate_playground(gate=gate).picture().alt
    yours = (
        widgets.gate_playground(tuple(ANSWERS[name] for name in GATES[gate]), gate).picture().alt
    )
    assert back in measured
    assert back in yours
    assert yours.endswith("Yours, as measured.")


@pytest.mark.parametrize(
    ("back", "told"),
    [
        ((2.0, 0.0), "as measured"),
        ((0.5, 1.5), "as measured"),
        ((2.0, 2.0), "the shares have to add up to dout, 2"),
        ((3.0, -1.0), "measured are dx = 0 to 2 and dy = 0 to 2"),
        ((0.0, 0.0), "the shares have to add up to dout, 2"),
    ],
)
def test_a_tie_takes_any_fair_split(back, told):
    assert told in gate_picture("max", 1.0, 1.0, 2.0, back).alt


def test_inputs_that_are_not_switched_are_seen():
    alt = gate_picture("multiply", 3.0, -2.0, 2.0, (6.0, -4.0)).alt
    assert "measured are dx = -4 and dy = 6" in alt


def test_signals_are_what_the_layers_make_of_them():
    signals = push(3, 1.0, AFFINE, RELU)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((128, 100))
    for output in signals.outputs:
        x = np.maximum(0, x @ (rng.standard_normal((100, 100)) / 10))
        np.testing.assert_allclose(output, x)
    # Between two outputs the gradient passes the upper layer: back through its relu and its
    # weights.
    assert [gradient.shape for gradient in signals.gradients] == [(128, 100)] * 3
    above = signals.gradients[2] * (signals.outputs[2] > 0)
    rng = np.random.default_rng(0)
    rng.standard_normal((128, 100))
    W = [rng.standard_normal((100, 100)) / 10 for _ in range(3)]
    np.testing.assert_allclose(signals.gradients[1], above @ W[2].T)


def test_small_weights_fade_large_ones_explode_and_normalisation_keeps_both():
    def last(size, norm=None):
        return np.sqrt(np.mean(push(8, size, AFFINE, RELU, norm).outputs[-1] ** 2))

    assert last(0.5) < 1e-2
    assert last(4.0) > 1e2
    assert 0.5 < last(0.5, NORM) < 1
    assert 0.5 < last(4.0, NORM) < 1


def test_a_stack_without_any_signal_is_still_a_picture():
    picture = signal_picture(push(2, 0.0, AFFINE, RELU), "nothing")
    assert "100% of the outputs are zero" in picture.alt
    assert picture.png().startswith(b"\x89PNG")


def look(title: str, **functions: Any) -> str:
    parts = ANSWERS | functions
    net, overfit, check = (
        parts[name] for name in ("TwoLayerNet", "overfit_small", "gradient_check_model")
    )
    return sabotage_picture(BUGS[title], net, overfit, check).alt


def test_nothing_is_broken_and_every_check_is_fine():
    alt = look("nothing")
    assert "0 of 5 checks notice" in alt
    assert f"ln {C} = 1.609" in alt


@pytest.mark.parametrize(
    ("title", "noticed"),
    [
        ("b1: mean over the batch, not sum", "slopes along random directions fails (worst b1"),
        ("W2: the sign", "learns 20 examples by heart fails"),
        ("b2: a row, shape (1, C)", "shapes of the gradients fails (b2: (1, 5))"),
        ("W1: nothing for the first input", "slopes along random directions fails (worst W1"),
        ("no gradient of the regulariser", "slopes along random directions fails"),
        ("half the gradient of the regulariser", "slopes along random directions fails"),
        ("a constant in the loss", "first loss, without reg fails (2.609"),
        ("labels one off, in both", "learns 20 examples by heart fails (0% right"),
    ],
)
def test_every_bug_but_one_is_noticed_by_somebody(title, noticed):
    alt = look(title)
    assert noticed in alt


def test_a_bug_in_both_places_is_noticed_by_nobody():
    assert "0 of 5 checks notice" in look("half the regulariser, in both")


def test_the_readers_own_check_is_believed():
    def credulous(model, X, y, rng):
        return {"errors": {"W1": 0.0}, "kinks": 0, "passed": True}

    alt = look("W2: the sign", gradient_check_model=credulous)
    assert "your gradient_check_model is fine (worst W1: 0e+00" in alt


def test_a_stub_is_heard_when_the_widget_is_made():
    def stub(*given, **named):
        raise NotImplementedError

    for make in (
        lambda: widgets.gate_playground((stub, stub)),
        lambda: widgets.signal_explorer((stub, stub), {"relu": RELU}),
        lambda: widgets.broken_backward(stub, stub),
    ):
        with pytest.raises(NotImplementedError):
            make()
