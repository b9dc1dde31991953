"""The training check on a real model: what learns passes, what does not is told why, and labels
stay with the grader.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from autograder.checks import Property, Task, Training
from autograder.checks.training import (
    deterministic,
    keeps_nothing,
    no_synchronisation,
    precision_agrees,
)
from autograder.exercise.declare import exercise
from autograder.exercise.trial import Exercise
from autograder.judge import judge
from autograder.language.verdict import Evaluation, Finding, Value
from autograder.watch import devices as training
from autograder.watch.evaluate import Evaluate, local

CLASSES, PIXELS = 5, 12


def _problem(rng: np.random.Generator, device: str) -> Task:
    """Five clusters, their names shuffled."""
    centres = 2.0 * rng.standard_normal((CLASSES, PIXELS))
    kinds = rng.integers(CLASSES, size=200)
    x = centres[kinds] + rng.standard_normal((200, PIXELS))
    names = rng.permutation(CLASSES)[kinds]
    inputs = {
        "x": x[:120],
        "y": names[:120],
        "unseen": x[120:],
        "seed": 3,
        "device": device,
        "precision": "",
    }
    return Task(inputs, names[120:])


def _exercise(*checks: Any, accelerated: bool = False) -> Exercise:
    @exercise(
        points=10,
        inputs={
            "x": "N D",
            "y": "N int<C",
            "unseen": "M D",
            "seed": "int",
            "device": "str",
            "precision": "str",
        },
        outputs={"scores": "M C", "losses": "T", "synchronisations": "int", "tensors_kept": "int"},
        answers=("train",),
        accelerated=accelerated,
        sizes={"D": (PIXELS, PIXELS), "C": (CLASSES, CLASSES)},
    )
    def fit(
        student: Any, x: Any, y: Any, unseen: Any, seed: int, device: str, precision: str
    ) -> dict[str, Any]:
        where = training.device(device)
        torch.manual_seed(seed)
        model = torch.nn.Linear(PIXELS, CLASSES).to(where)
        data = [torch.as_tensor(one, device=where) for one in (x.astype(np.float32), y)]
        with training.observed(where) as run:
            losses = student.train(model, *data, precision)
        return {
            "scores": model(torch.as_tensor(unseen.astype(np.float32), device=where))
            .detach()
            .cpu()
            .numpy(),
            "losses": torch.stack([loss.detach() for loss in losses]).cpu().double().numpy(),
            "synchronisations": run.synchronisations,
            "tensors_kept": run.tensors_kept - len(losses),
        }

    fit.checks = list(checks)
    return fit


def _steps(
    rate: float = 0.1,
    steps: int = 40,
    each: Callable[[torch.Tensor, torch.nn.Module], torch.Tensor] = lambda loss, model: (
        loss.detach()
    ),
) -> types.SimpleNamespace:
    def train(
        model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, precision: str
    ) -> list[torch.Tensor]:
        optimiser = torch.optim.Adam(model.parameters(), rate)
        kept = []
        for _ in range(steps):
            optimiser.zero_grad()
            with training.autocast(x.device, precision):
                loss = torch.nn.functional.cross_entropy(model(x).float(), y)
            loss.backward()
            optimiser.step()
            kept.append(each(loss, model))
        return kept

    return types.SimpleNamespace(train=train)


def _judged(exercise: Exercise, answer: Any, reference: Any = None, seed: int = 1) -> Finding:
    ours = local(exercise, vars(reference)) if reference else None
    verdict = judge(exercise, local(exercise, vars(answer)), reference=ours, seed=seed)
    return next(one for one in verdict.findings if one.check != "Allowed means")


LEARNS = Training(_problem, at_least=0.7)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_model_that_learns_passes_alone_and_beside_the_reference(seed: int) -> None:
    alone = _judged(_exercise(LEARNS), _steps(), seed=seed)
    beside = _judged(_exercise(LEARNS), _steps(), _steps(rate=0.05), seed=seed)
    assert alone.passed, alone.message
    assert beside.passed, beside.message
    assert "the reference, trained beside it" in beside.message
    assert "on the processor" in alone.message


def test_a_model_that_is_not_trained_is_told_that_its_loss_hardly_falls() -> None:
    finding = _judged(_exercise(LEARNS), _steps(rate=0.0))
    assert finding.passed is False
    assert "hardly falls" in finding.message


def test_a_model_worse_than_the_reference_fails_though_it_passes_the_floor() -> None:
    low = Training(_problem, at_least=0.25, losses=None)
    hasty = _steps(rate=0.02, steps=5)
    assert _judged(_exercise(low), hasty).passed
    finding = _judged(_exercise(low), hasty, _steps(steps=80))
    assert finding.passed is False
    assert "the reference, trained beside it" in finding.message


def _holding_at_its_peak(evaluate: Evaluate, peak: int, seconds: float) -> Evaluate:
    """Evaluate, and say of each call that it took so much memory on the device, and so long."""
    took = {"seconds": Value(np.array(seconds), "float")}

    def measured(batch: Any, /, *, count_work: bool = False) -> list[Evaluation]:
        return [
            replace(one, outputs={**one.outputs, **took}, peak_bytes=peak)
            for one in evaluate(batch, count_work=count_work)
        ]

    return measured


MB = 1 << 20


@pytest.mark.parametrize(
    ("yours", "ours", "passes"),
    [
        pytest.param(190 * MB, 100 * MB, True, marks=pytest.mark.audit),
        (400 * MB, 100 * MB, True),
        (410 * MB, 100 * MB, False),
        pytest.param(60 * MB, 1 * MB, True, marks=pytest.mark.audit),  # sixty times very little
        pytest.param(70 * MB, 1 * MB, False, marks=pytest.mark.audit),
        # nobody knows what the reference took
        pytest.param(40 * MB, 0, True, marks=pytest.mark.audit),
    ],
)
def test_memory_is_told_as_a_ratio_and_too_much_of_it_fails(
    yours: int, ours: int, passes: bool
) -> None:
    exercise = _exercise(LEARNS)
    answer, reference = (
        _holding_at_its_peak(local(exercise, vars(_steps())), peak, seconds)
        for peak, seconds in ((yours, 9.0), (ours, 1.0))
    )
    verdict = judge(exercise, answer, reference=reference, seed=1)
    finding = verdict.findings[0]
    assert finding.passed is passes, finding.message
    assert "9.0 times the reference's time" in finding.message  # told, and no reason for a verdict
    if ours:
        assert f"It took {yours / ours:.1f} times the reference's memory." in finding.message
    assert ("at most 4 times is asked" in finding.message) is not passes
    assert ("kept from step to step" in finding.message) is not passes


def test_the_factor_is_the_authors() -> None:
    exercise = _exercise(replace(LEARNS, most_memory=1.5, spare_memory=0))
    answer, reference = (
        _holding_at_its_peak(local(exercise, vars(_steps())), peak, 1.0) for peak in (16, 10)
    )
    finding = judge(exercise, answer, reference=reference, seed=1).findings[0]
    assert finding.passed is False
    assert "1.6 times the reference's memory on the device; at most 1.5 times" in finding.message


def test_weights_made_elsewhere_score_at_chance() -> None:
    """The same clusters always, only their names shuffled: what was learned before knows the wrong
    names.
    """
    centres = 3.0 * np.random.default_rng(0).standard_normal((CLASSES, PIXELS))

    def renamed(rng: np.random.Generator, device: str) -> Task:
        kinds = rng.integers(CLASSES, size=300)
        x = centres[kinds] + rng.standard_normal((300, PIXELS))
        names = (kinds + int(rng.integers(1, CLASSES))) % CLASSES
        inputs = {
            "x": x[:50],
            "y": names[:50],
            "unseen": x[50:],
            "seed": 1,
            "device": device,
            "precision": "",
        }
        return Task(inputs, names[50:])

    def load(model: torch.nn.Module, *_: Any) -> list[torch.Tensor]:
        weights = torch.as_tensor(centres, dtype=torch.float32)
        model.load_state_dict({"weight": weights, "bias": -(weights**2).sum(1) / 2})
        return [torch.tensor(1.0), torch.tensor(0.1)]

    shipped = types.SimpleNamespace(train=load)
    assert _judged(_exercise(Training(renamed, at_least=0.7)), _steps()).passed
    finding = _judged(_exercise(Training(renamed, at_least=0.7)), shipped)
    assert finding.passed is False
    assert "accuracy 0.0" in finding.message


def test_labels_of_held_out_examples_are_no_input() -> None:
    seen: list[dict[str, Any]] = []
    exercise = _exercise(LEARNS)
    answer = local(exercise, vars(_steps()))

    def spying(batch: Any, /, *, count_work: bool = False) -> Any:
        seen.extend(dict(inputs) for inputs in batch)
        return answer(batch, count_work=count_work)

    judge(exercise, spying, seed=5)
    trained = [inputs for inputs in seen if len(inputs["unseen"]) == 80]
    assert len(trained) == 3
    for inputs in trained:
        assert not any(
            len(value) == 80
            for name, value in inputs.items()
            if name != "unseen" and np.ndim(value)
        )


def test_a_loss_that_becomes_nan_is_said_with_its_step() -> None:
    finding = _judged(_exercise(LEARNS), _steps(each=lambda loss, _: loss.detach() * float("nan")))
    assert finding.passed is False
    assert "became nan at step 0" in finding.message


def test_scores_that_cannot_be_measured_are_said_to_be() -> None:
    def forget(loss: torch.Tensor, model: torch.nn.Module) -> torch.Tensor:
        if loss < 0.2:
            torch.nn.init.constant_(next(model.parameters()), float("inf"))
        return loss.detach().clamp(max=10).nan_to_num()

    finding = _judged(_exercise(Training(_problem, at_least=0.5)), _steps(each=forget))
    assert finding.passed is False
    assert "nan or inf" in finding.message


def test_an_accelerator_that_is_not_there_is_nobodys_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the grader sees an accelerator and the answer's process none, the run is repeated on
    the processor.
    """
    assert not torch.accelerator.is_available(), (
        "this test is for machines without one: see tests/accelerator"
    )
    reason = training.why_no_accelerator()
    assert reason == "no accelerator was found"
    asked: list[str] = []

    def counted(rng: np.random.Generator, device: str) -> Task:
        asked.append(device)
        return _problem(rng, device)

    answers = iter([None])
    monkeypatch.setattr(training, "why_no_accelerator", lambda: next(answers, reason))
    finding = _judged(_exercise(Training(counted, at_least=0.7), accelerated=True), _steps())
    assert finding.passed, finding.message
    assert asked == ["accelerator"] * 3 + [""] * 3
    assert f"on the processor ({reason})" in finding.message


PROPERTIES = {
    "deterministic": deterministic("losses"),
    "half": precision_agrees("losses"),
    "no reads": no_synchronisation(),
    "nothing kept": keeps_nothing(most=2 * 2),  # gradients, and their optimiser
}


def _noisy(loss: torch.Tensor, model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        next(model.parameters()).add_(0.01 * torch.randn((), generator=_unseeded))
    return loss.detach()


_unseeded = torch.Generator()
_unseeded.seed()


def _deaf(
    model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, precision: str
) -> list[torch.Tensor]:
    torch.manual_seed(1)
    torch.nn.init.normal_(next(model.parameters()))
    torch.nn.init.zeros_(list(model.parameters())[1])
    return _steps().train(model, x, y, "")


def _keep(model: torch.nn.Module, loss: torch.Tensor) -> torch.Tensor:
    model.__dict__.setdefault("kept", []).append(loss.detach() * 2)
    return loss.detach()


def _holding(
    model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, precision: str
) -> list[torch.Tensor]:
    """Each step's graph is kept whole for a backward pass that never comes."""
    losses = []
    for _ in range(40):
        losses.append(torch.nn.functional.cross_entropy(model(x), y))
        losses[-1].backward(retain_graph=True)
    return losses


def _picked(loss: torch.Tensor) -> torch.Tensor:
    return loss.detach()[None][loss[None] > -1].sum()


def _found(loss: torch.Tensor) -> torch.Tensor:
    return loss.detach()[None][torch.where(loss[None] > -1)].sum()


_again = types.SimpleNamespace(train=_holding)

WRONG = {
    "deterministic": [
        (_steps(each=_noisy), "same seed"),
        (types.SimpleNamespace(train=_deaf), "seed is not used"),
    ],
    "half": [(types.SimpleNamespace(train=_deaf), "nothing ran in the lower precision")],
    "no reads": [
        (_steps(each=lambda loss, _: torch.tensor(loss.item())), "read into Python 40 times"),
        (_steps(each=lambda loss, _: _picked(loss)), "read into Python 40 times"),
        (_steps(each=lambda loss, _: _found(loss)), "read into Python 40 times"),
    ],
    "nothing kept": [
        (_steps(each=lambda loss, model: _keep(model, loss)), "stay alive"),
        (_again, "stay alive"),
    ],
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_each_property_of_a_run_holds_for_a_right_one_and_names_a_wrong_one(name: str) -> None:
    exercise = _exercise(Property(name, PROPERTIES[name]))
    right = _judged(exercise, _steps())
    assert right.passed, right.message
    for answer, words in WRONG[name]:
        wrong = _judged(exercise, answer)
        assert wrong.passed is False, words
        assert words in wrong.message


@pytest.mark.parametrize("word", ["gpu", "cuda:7"])
def test_words_that_are_no_device_or_precision_are_refused(word: str) -> None:
    with pytest.raises(ValueError, match="no device here"):
        training.device(word)
    with pytest.raises(ValueError, match="no precision here"):
        training.autocast(torch.device("cpu"), word)


def test_reads_are_counted_once_each_and_not_those_of_torch_itself() -> None:
    t = torch.ones(3)
    with training.observed(torch.device("cpu")) as run:
        total = t.sum()
        float(total)
        total.item()
        if total > 1:
            t.tolist()
        f"{total:.2f}"
        np.asarray(t)
    assert run.synchronisations == 6
    parameter = torch.nn.Parameter(torch.ones(2))
    optimiser = torch.optim.Adam([parameter], foreach=False)  # reads its own step count
    with training.observed(torch.device("cpu")) as run:
        parameter.sum().backward()
        optimiser.step()
    assert run.synchronisations == 0
