"""Softmax, races, averages and the training monitor: the pictures show the right numbers and listen
to the reader.
"""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit import figures, widgets
from coursekit.figures import Picture
from coursekit.widgets import average, race
from coursekit.widgets.monitor import TrainingMonitor
from coursekit.widgets.softmax import probabilities, softmax_picture, surprise_slopes

ANSWERS = runpy.run_path(str(Path(__file__).parents[2] / "solutions" / "softmax.py"))
RULES = {"SGD": (ANSWERS["sgd"], 0.02), "Adam": (ANSWERS["adam"], 0.25)}


def axes_of(picture: Picture) -> list[Any]:
    return picture.figure.axes


def stub(*_: object):
    raise NotImplementedError


# --- softmax --------------------------------------------------------------------------------------


def test_probabilities_and_slopes_are_those_of_the_reference():
    scores = np.array([3.2, 5.1, -1.7])
    p = ANSWERS["softmax"](scores[None])[0]
    np.testing.assert_allclose(probabilities(scores), p, rtol=1e-12)
    np.testing.assert_allclose(probabilities(scores + 1e5), p, rtol=1e-8)
    _, slopes = ANSWERS["softmax_loss"](scores[None], np.array([2]))
    np.testing.assert_allclose(surprise_slopes(scores, 2), slopes[0], atol=1e-5)


def test_the_softmax_explorer_compares_the_two_losses():
    alt = widgets.softmax_explorer().picture(true_class=1).alt
    assert "Probabilities: cat 0.13, car 0.869, frog 0.000968." in alt
    assert "Loss: cross-entropy 0.14, hinge 0." in alt
    assert "hinge 0, 0, 0." in alt


def test_temperature_sharpens_and_flattens():
    explore = widgets.softmax_explorer()
    bars = [
        [bar.get_height() for bar in axes_of(explore.picture(temperature=t))[0].patches]
        for t in (0.1, 1.0, 10.0)
    ]
    assert bars[0][1] > 0.999 > bars[1][1] > 0.5 > bars[2][1]
    assert sum(bars[2]) == pytest.approx(1)


@pytest.mark.parametrize(("offset", "what"), [(800, "overflow"), (-800, "underflow")])
def test_the_formula_as_it_stands_breaks_far_out_and_the_safe_one_does_not(offset, what):
    explore = widgets.softmax_explorer()
    broken, safe = explore.picture(offset=offset), explore.picture(offset=offset, shift=True)
    assert what in broken.figure.get_suptitle()
    assert "cat nan, car nan, frog nan" in broken.alt
    assert "cat 0.13, car 0.869, frog 0.000968" in safe.alt


def test_the_softmax_explorer_judges_the_readers_function():
    good = widgets.softmax_explorer(yours=ANSWERS["softmax"]).picture(offset=900)
    assert good.figure.get_suptitle() == "your softmax says 0.13, 0.869, 0.000968: right"
    bad = widgets.softmax_explorer(yours=lambda s: np.exp(s) / 100)
    assert bad.picture().figure.get_suptitle().endswith("not right")
    with pytest.raises(NotImplementedError):
        widgets.softmax_explorer(yours=stub)


def test_equal_scores_cost_log_3():
    assert f"cross-entropy {np.log(3):.3g}" in softmax_picture(np.zeros(3), 0).alt


def test_two_losses_against_the_lead():
    cost, slope = axes_of(figures.lead_losses())
    hinge, cross = (
        dict(zip(np.round(line.get_xdata(), 6), line.get_ydata(), strict=True))
        for line in cost.lines[:2]
    )
    assert (hinge[1.0], hinge[-1.0]) == (0, 2)
    assert cross[0.0] == pytest.approx(np.log(2))
    assert all(value > 0 for value in cross.values())
    assert slope.lines[1].get_ydata()[0] == pytest.approx(-1, abs=0.06)


def test_beliefs_name_what_was_shown_and_what_was_believed():
    p = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    picture = figures.beliefs(
        np.eye(4)[:2], p, np.array([0, 1]), ("cat", "dog", "cow"), (2, 2), top=2
    )
    assert "cat shown, cat believed at 70%; dog shown, cow believed at 70%" in picture.alt
    bars = axes_of(picture)[3]
    assert [bar.get_width() for bar in bars.patches] == [0.7, 0.2]
    assert [bool(bar.get_hatch()) for bar in bars.patches] == [False, True]


# --- races ----------------------------------------------------------------------------------------


def test_walks_are_made_by_the_readers_rules():
    H = race.valley(20)
    picture = widgets.optimiser_race(RULES).picture(steepness=20, steps=3)
    drawn = np.array(axes_of(picture)[0].lines[1].get_data()).T  # after the cross
    place = race.START
    for k in range(4):
        np.testing.assert_allclose(drawn[k], place)
        place = place - 0.02 * H @ place
    np.testing.assert_allclose(axes_of(picture)[1].lines[0].get_ydata(), race.height(drawn, H))


def test_an_empty_valley_has_no_runners():
    picture = widgets.optimiser_race().picture()
    assert picture.alt.endswith("Nobody walks yet.")
    assert len(axes_of(picture)) == 1


def test_a_rate_too_high_throws_the_walker_out_and_is_said():
    picture = widgets.optimiser_race(RULES).picture(factor=10.0, steps=120)
    assert "SGD was once thrown up to" in picture.alt
    assert np.isfinite(axes_of(picture)[1].lines[0].get_ydata()).all()


def test_curvature_wins_without_noise_and_not_with_it():
    explore = widgets.optimiser_race(RULES, ANSWERS["newton_step"], ANSWERS["lbfgs_direction"])
    assert "Newton below 1e-12, L-BFGS below 1e-12." in explore.picture().alt
    noisy = explore.picture(noise=1.0)
    assert "L-BFGS was once thrown up to" in noisy.alt
    assert min(line.get_ydata()[-1] for line in axes_of(noisy)[1].lines) > 1e-4


def test_the_same_noise_meets_every_walker():
    H, seen = race.valley(3), []

    def still(here, slope):
        seen.append(slope)
        return here

    for _ in range(2):
        race.walk(still, H, 5, 1.0, luck=3)
    np.testing.assert_array_equal(seen[:5], seen[5:])


@pytest.mark.parametrize(
    "race_of_stubs",
    [
        lambda: widgets.optimiser_race({"SGD": (stub, 0.1)}),
        lambda: widgets.optimiser_race(newton=stub),
        lambda: widgets.optimiser_race(lbfgs=stub),
    ],
)
def test_a_stub_is_heard_by_the_race(race_of_stubs):
    with pytest.raises(NotImplementedError):
        race_of_stubs()


def test_a_quadratic_model_says_which_way_the_step_leads():
    bowl, saddle = np.diag([1.0, 2.0]), np.diag([1.0, -1.0])
    down = figures.quadratic_model(
        [1.0, 0.0], bowl, ANSWERS["newton_step"](np.array([1.0, 0.0]), bowl)
    )
    assert "The step leads down by 0.5." in down.alt
    up = figures.quadratic_model(
        [0.0, 1.0], saddle, ANSWERS["newton_step"](np.array([0.0, 1.0]), saddle)
    )
    assert "curvatures -1, 1" in up.alt
    assert "The step leads up by 0.5." in up.alt


# --- averages -------------------------------------------------------------------------------------


@pytest.mark.parametrize("from_zero", [False, True])
def test_the_average_is_what_the_update_makes(from_zero):
    explore = widgets.average_explorer(ANSWERS["ema_update"], ANSWERS["ema_corrected"])
    lines = axes_of(explore.picture(from_zero=from_zero, decay=0.97))[0].lines
    average_line, dots = lines[2].get_ydata(), lines[3].get_ydata()
    np.testing.assert_allclose(dots, average_line[::25])
    assert len(lines) == (
        5 if from_zero else 4
    )  # the correction is for averages that start at zero


def test_the_average_is_calmer_than_the_parameter():
    x = average.shaken(0.5)
    calm = average.remembered(x, 0.98, float(x[0]))
    assert np.std(calm[300:]) < 0.2 * np.std(x[300:])
    assert (
        "half after 35"
        in axes_of(widgets.average_explorer().picture())[1].get_legend().get_texts()[0].get_text()
    )


def test_a_stub_is_heard_by_the_averages():
    for given in ((stub,), (ANSWERS["ema_update"], stub)):
        with pytest.raises(NotImplementedError):
            widgets.average_explorer(*given)


def test_an_ensemble_names_every_loss_and_the_mean():
    picture = figures.ensemble({"one": 0.4, "two": 0.6}, {"vote": 0.3}, "test loss")
    assert picture.alt == "Bars of test loss: one 0.4, two 0.6, vote 0.3. The members' mean is 0.5."
    assert [bar.get_width() for bar in axes_of(picture)[0].patches] == [0.4, 0.6, 0.3]


# --- the monitor ----------------------------------------------------------------------------------

HISTORY = {
    "loss": np.full(20, 2.0),
    "update_ratio": np.full(20, 2e-3),
    "grad_norm": np.full(20, 0.5),
}


def test_the_monitor_draws_the_loss_against_the_expected_start_and_the_ratio_against_its_guide():
    loss, ratio, norm = axes_of(figures.monitor(HISTORY, expected_start=np.log(10)))
    assert [line.get_ydata()[0] for line in loss.lines] == pytest.approx([2.0, np.log(10)])
    assert [line.get_ydata()[0] for line in ratio.lines] == pytest.approx([2e-3, 1e-3])
    assert (ratio.get_yscale(), norm.get_yscale()) == ("log", "log")


def test_the_monitor_says_the_numbers_in_words():
    alt = figures.monitor(HISTORY, np.log(10), "a run").alt
    assert "Loss: from 2, where 2.3 was expected, to 2." in alt
    assert "Update ratio, in the middle of the second half: 0.002" in alt
    assert alt.endswith("a run.")


def test_a_run_that_blew_up_is_still_drawn():
    losses = np.array([2.0, 50.0, 1e30, np.inf, np.nan])
    picture = figures.monitor({"loss": losses, "update_ratio": losses, "grad_norm": losses})
    assert "2 losses are not finite" in picture.alt
    assert axes_of(picture)[0].get_ylim()[1] < 20
    assert picture.png().startswith(b"\x89PNG")


def test_many_parameters_have_a_line_each():
    history = {"loss": [3.0, 2.0], "update_ratio": {"W1": [1.0, 1e-3], "W2": [1.0, 1e-2]}}
    loss, ratio = axes_of(figures.monitor(history))
    assert [text.get_text() for text in ratio.get_legend().get_texts()] == [
        "W1",
        "W2",
        "guide 0.001",
    ]
    assert loss.get_legend() is None


def test_a_monitor_collects_what_it_is_told():
    watch = TrainingMonitor(expected_start=2.3)
    for step in range(3):
        watch.record(3.0 - step, update_ratio={"W": 0.1, "b": 0.2 * step})
    np.testing.assert_array_equal(watch.history["loss"], [3, 2, 1])
    np.testing.assert_allclose(watch.history["update_ratio"]["b"], [0, 0.2, 0.4])
    assert "grad_norm" not in watch.history
    assert "Loss: from 3, where 2.3 was expected" in watch.picture().alt


def test_a_monitor_asks_for_the_same_things_at_each_step():
    watch = TrainingMonitor()
    watch.record(1.0, grad_norm=2.0)
    with pytest.raises(ValueError, match="the same things at each step: grad_norm, loss"):
        watch.record(1.0)
    with pytest.raises(ValueError, match="nothing was recorded"):
        TrainingMonitor().picture()


def test_a_watched_run_is_the_run_itself():
    rng = np.random.default_rng(0)
    X, y, start = (
        rng.standard_normal((40, 5)),
        rng.integers(0, 3, 40),
        0.1 * rng.standard_normal((5, 3)),
    )

    def loss_fn(W, X, y):
        return ANSWERS["softmax_loss_vectorized"](W, X, y, 0.1)

    def train(loss_fn, rule):
        settings = {"learning_rate": 0.1}
        return ANSWERS["train_with_monitor"](
            loss_fn, start, X, y, rule, settings, 8, 10, np.random.default_rng(1)
        )

    watch = TrainingMonitor()
    W, seen = train(*watch.watch(loss_fn, ANSWERS["adam"], ANSWERS["update_ratio"]))
    plain, history = train(loss_fn, ANSWERS["adam"])
    np.testing.assert_allclose(W, plain, rtol=1e-12)
    for name in history:
        np.testing.assert_allclose(seen[name], history[name], rtol=1e-12)
        np.testing.assert_allclose(watch.history[name], history[name])


@pytest.fixture(scope="module")
def kernel():
    """Runs code as a front end would ask for it; returns the kinds of messages with pictures, and
    their words.
    """
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name="python3")

    def run(code: str, metadata: dict[str, str]) -> list[tuple[str, str]]:
        request = client.session.msg(
            "execute_request", {"code": code, "silent": False}, metadata=metadata
        )
        client.shell_channel.send(request)
        sent = []
        while True:
            message = client.get_iopub_msg(timeout=60)
            if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
                continue
            assert message["msg_type"] != "error", message["content"]
            if "display_data" in message["msg_type"]:
                sent.append((message["msg_type"], message["content"]["data"]["text/plain"]))
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return sent

    yield run
    client.stop_channels()
    manager.shutdown_kernel(now=True)


LAB, CONVERSION = {"cellId": "a"}, {}
TRAINING = """
from coursekit.widgets import TrainingMonitor
with TrainingMonitor(every=0.0) as watch:
    for loss in (3.0, 2.0, 1.0):
        watch.record(loss)
"""
FAILING = """
from coursekit.widgets import TrainingMonitor
for error in (ValueError, NotImplementedError):
    try:
        with TrainingMonitor() as watch:
            if error is ValueError:
                watch.record(3.0)
            raise error
    except error:
        pass
"""


def test_the_monitor_draws_while_it_runs_where_someone_looks(kernel):
    sent = kernel(TRAINING, LAB)
    assert [kind for kind, _ in sent] == ["display_data"] + 3 * ["update_display_data"]
    assert [
        "run of 1 steps" in sent[0][1],
        "run of 3 steps. Loss: from 3 to 2." in sent[-1][1],
    ] == [True, True]


def test_the_monitor_draws_once_where_nobody_looks(kernel):
    ((kind, words),) = kernel(TRAINING, CONVERSION)
    assert kind == "display_data"
    assert "A training run of 3 steps. Loss: from 3 to 2." in words


def test_what_was_recorded_is_shown_though_training_fails(kernel):
    (only,) = kernel(FAILING, CONVERSION)  # and of a run that recorded nothing, nothing
    assert "Loss: from 3" in only[1]


def test_the_rate_explorer_asks_the_reader_for_the_run_and_for_the_verdict():
    asked = []

    def run(rate):
        asked.append(rate)
        return {"loss": [1.0, rate], "update_ratio": [1.0, rate]}

    explore = widgets.rate_explorer(
        run, lambda history: "high" if history["loss"][-1] > 1 else "ok", rates=(0.01, 100)
    )
    assert asked == [pytest.approx(1.0)]
    assert (
        explore.picture(rate=50.0).figure.get_suptitle()
        == "learning rate 50: your diagnose_lr says high"
    )
    assert (
        explore.picture(rate=0.5).figure.get_suptitle()
        == "learning rate 0.5: your diagnose_lr says ok"
    )
    with pytest.raises(NotImplementedError):
        widgets.rate_explorer(run, stub)


def test_the_invented_run_is_shaken_at_high_rates_and_asleep_at_low_ones():
    explore = widgets.rate_explorer()
    ends = {}
    for rate in (1e-4, 1e-2, 0.45):
        loss, ratio, _ = axes_of(explore.picture(rate=rate))
        ends[rate] = (
            loss.lines[0].get_ydata()[-50:].mean(),
            np.median(ratio.lines[0].get_ydata()[-50:]),
        )
    assert ends[1e-2][0] < 0.1 * min(ends[1e-4][0], ends[0.45][0])
    assert ends[0.45][1] > 0.03 > ends[1e-2][1]
