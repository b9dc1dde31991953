"""The LSTM cell, the unroller, a gradient's fate, clipping and the sampler: their pictures say what
is true.
"""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit import recurrence, widgets
from coursekit.figures import Picture
from coursekit.optimisers import Adam
from coursekit.widgets.clipping import arrows_picture
from coursekit.widgets.fate import drift
from coursekit.widgets.unroller import seams_picture

ANSWERS: Any = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "lstm.py"))


def axes_of(picture: Picture) -> list[Any]:
    return picture.figure.axes


def stub(*_: object) -> Any:
    raise NotImplementedError


# --- the cell -------------------------------------------------------------------------------------


def test_the_cell_is_what_the_step_makes_of_it():
    explore = widgets.cell_inspector(ANSWERS["lstm_step_forward"])
    for settings in ({}, {"a_f": 8.0, "a_i": -8.0}, {"a_g": -4.0, "a_o": -8.0, "prev_c": -2.0}):
        assert ": as drawn." in explore.picture(**settings).alt


def test_an_open_forget_gate_keeps_state_and_gradient_a_shut_one_neither():
    explore = widgets.cell_inspector()
    _, states, share = axes_of(explore.picture(a_f=8.0, a_i=-8.0, steps=40))
    assert states.lines[0].get_ydata()[-1] == pytest.approx(1.5, rel=0.05)
    assert share.lines[0].get_ydata()[-1] > 0.98
    _, states, share = axes_of(explore.picture(a_f=0.0, a_i=-8.0, steps=40))
    assert states.lines[0].get_ydata()[-1] < 1e-2
    assert share.lines[0].get_ydata()[-1] == pytest.approx(0.5**40)


def test_a_sigmoid_on_the_proposal_is_seen():
    def wrong(x, prev_h, prev_c, Wx, Wh, b):
        i, f, o, g = 1 / (1 + np.exp(-b))
        c = f * prev_c + i * g
        return o * np.tanh(c), c, None

    assert "; drawn are c = 1.3" in widgets.cell_inspector(wrong).picture().alt


# --- seams ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seam", "said"),
    [
        ("whole", "hears of 10 letters and teaches 10 steps"),
        ("cut", "hears of 10 letters and teaches 2 steps"),
        ("reset", "hears of 2 letters and teaches 2 steps"),
    ],
)
def test_state_and_gradient_cross_a_seam_or_do_not(seam, said):
    picture = seams_picture("recurrent networks", 4, 9, seam)
    assert said in axes_of(picture)[0].get_title()
    reached = 1 if seam == "whole" else 9
    assert f"starts at step 10 reaches back to step {reached}." in picture.alt
    assert ("the state is carried across" in picture.alt) is (seam != "reset")


def test_the_first_step_of_a_piece_teaches_itself_only():
    assert (
        "hears of 1 letter and teaches 1 step"
        in axes_of(seams_picture("abcdef", 2, 4, "reset"))[0].get_title()
    )


# --- a gradient's fate ----------------------------------------------------------------------------


def test_weights_are_what_their_names_say():
    for kind, made in recurrence.KINDS.items():
        W = made(0.8)
        assert np.abs(np.linalg.eigvals(W)).max() == pytest.approx(0.8), kind
    assert np.linalg.norm(recurrence.sheared(0.9, 4.06), 2) == pytest.approx(4.06)
    np.testing.assert_allclose(recurrence.symmetric(0.9), recurrence.symmetric(0.9).T)
    np.testing.assert_allclose(
        recurrence.orthogonal() @ recurrence.orthogonal().T, np.eye(64), atol=1e-12
    )


def test_a_gradient_comes_back_as_long_as_two_states_drift_apart():
    """Forward by W, back by its transpose: after many steps both grow at the same rate."""
    h0, v = recurrence.start()
    W = recurrence.symmetric(1.05)  # its transpose is itself, so that the two are equal
    back = ANSWERS["gradient_norm_profile"](W, h0, v, "linear", 60)
    np.testing.assert_allclose(drift(W, h0, v, "linear", 60), back)


@pytest.mark.parametrize("phi", ["linear", "tanh"])
def test_drift_is_that_of_two_states(phi):
    h0, v = recurrence.start()
    W, step = recurrence.scaled(1.1), 1e-7
    here, there = h0, h0 + step * v
    for _ in range(10):
        here, there = here @ W, there @ W
        if phi == "tanh":
            here, there = np.tanh(here), np.tanh(there)
    assert drift(W, h0, v, phi, 10)[-1] == pytest.approx(
        np.linalg.norm(there - here) / step, rel=1e-4
    )


def test_the_fate_of_a_sheared_network_is_not_its_radius():
    explore = widgets.gradient_fate(ANSWERS["gradient_norm_profile"])
    alt = explore.picture(kind="sheared").alt
    assert "spectral radius 0.9, spectral norm 4.06" in alt
    assert "length of the gradient goes from 1 to 4.24e+12" in alt
    assert "distance of two states" in widgets.gradient_fate().picture().alt
    calm = explore.picture(kind="sheared", norm=1.0, rho=0.9)
    assert axes_of(calm)[1].lines[0].get_ydata()[-1] < 1


def test_no_gradient_outgrows_the_norm():
    _, right = axes_of(
        widgets.gradient_fate(ANSWERS["gradient_norm_profile"]).picture(kind="random", rho=1.2)
    )
    gradient, _, bound = (line.get_ydata() for line in right.lines)
    assert (gradient <= bound * (1 + 1e-9)).all()


# --- clipping -------------------------------------------------------------------------------------


def test_one_kind_of_clipping_keeps_the_direction_the_other_turns():
    explore = widgets.clip_arrows(ANSWERS["clip_grad_norm"], ANSWERS["clip_grad_value"])
    alt = explore.picture(first=5.0, second=0.5, limit=1.0).alt
    assert "by norm it becomes (0.995, 0.0995), turned by 0 degrees" in alt
    assert "by value it becomes (1, 0.5), turned by 21 degrees" in alt
    assert (
        "by norm it becomes (0.6, 0.8), turned by 0 degrees"
        in explore.picture(first=3.0, second=4.0, limit=1.0).alt
    )
    assert "turned" not in widgets.clip_arrows().picture().alt


def test_no_gradient_at_all_is_turned_nowhere():
    picture = arrows_picture(np.zeros(2), 1.0, {"by norm": np.zeros(2)})
    assert "turned by 0 degrees" in picture.alt
    assert picture.png().startswith(b"\x89PNG")


# --- the sampler ----------------------------------------------------------------------------------


def test_cold_is_sure_and_hot_is_even():
    explore = widgets.temperature_bars("abc", np.log([0.6, 0.3, 0.1]))
    (axes,) = axes_of(explore.picture(temperature=1.0))
    np.testing.assert_allclose([bar.get_height() for bar in axes.patches], [0.6, 0.3, 0.1])
    (cold,) = axes_of(explore.picture(temperature=10**-1.5))
    assert cold.patches[0].get_height() > 0.999
    (hot,) = axes_of(explore.picture(temperature=10.0))
    assert hot.patches[0].get_height() < 0.4


def test_the_sampler_writes_at_the_temperature_and_with_the_seed_it_shows():
    asked = []

    def write(temperature, first, rng):
        asked.append((temperature, first, rng.integers(1000)))
        return "bc d"

    explore = widgets.text_sampler(write, ["a", "z"])
    assert "“abc d”" in explore.picture(temperature=0.0, first="a", seed=3).alt
    assert asked[-1] == (0.0, "a", np.random.default_rng(3).integers(1000))


@pytest.mark.parametrize(
    "make",
    [
        lambda: widgets.cell_inspector(stub),
        lambda: widgets.gradient_fate(stub),
        lambda: widgets.clip_arrows(stub),
        lambda: widgets.text_sampler(stub, ["a"]),
    ],
)
def test_a_stub_is_heard_when_the_widget_is_made(make):
    with pytest.raises(NotImplementedError):
        make()


# --- what trains ----------------------------------------------------------------------------------


def test_adam_takes_the_steps_that_torch_takes():
    import torch

    rng = np.random.default_rng(0)
    mine = {"a": rng.standard_normal((3, 2)), "b": rng.standard_normal(4)}
    theirs = {name: torch.nn.Parameter(torch.tensor(value.copy())) for name, value in mine.items()}
    optimiser, adam = torch.optim.Adam(theirs.values(), lr=0.1), Adam(mine, 0.1)
    for _ in range(7):
        grads = {name: rng.standard_normal(value.shape) for name, value in mine.items()}
        for name, grad in grads.items():
            theirs[name].grad = torch.tensor(grad)
        optimiser.step()
        assert adam.step(grads) is None
    for name, value in mine.items():
        np.testing.assert_allclose(value, theirs[name].detach().numpy(), rtol=1e-9)


def test_adam_clips_first_and_hands_on_what_the_clipping_says():
    params = {"a": np.zeros(2)}
    adam = Adam(params, 0.1, clip=lambda grads: ANSWERS["clip_grad_norm"](grads, 1.0))
    grads = {"a": np.array([30.0, 40.0])}
    assert adam.step(grads) == pytest.approx(50)
    np.testing.assert_allclose(grads["a"], [0.6, 0.8])


def test_a_bar_counts_the_forward_passes_of_a_model_and_is_seen_only_where_someone_looks(
    monkeypatch, capsys
):
    import torch

    for live, lines in (("still", 0), ("live", 5)):  # 0 of 3, each of three steps, and the end
        monkeypatch.setenv("CHAINRULE_WIDGETS", live)
        layer = torch.nn.Linear(2, 2)
        with widgets.TrainingProgress(3, "training", every=0.0) as bar:
            layer.register_forward_hook(bar.tick)
            for _ in range(3):
                layer(torch.ones(1, 2))
        assert bar.line() == "training 3 of 3"
        assert capsys.readouterr().out.count("training") == lines
