"""Training: a model trained from the submitted code, on problems drawn now, judged on labels that
it never had.

Budgets are steps. The bar is the reference trained on the same problems on the same device in the
same session, or, where there is no reference (a student's machine), a generous floor. Labels of
held-out examples stay with the grader: what comes back is scores. Classes are renamed at random in
each run, so that weights made elsewhere score at chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median, pstdev
from typing import Any

import numpy as np

from ..exercise.trial import AnswerFailed, Trial
from ..language.verdict import Evaluation, Finding, Performance
from ..watch.devices import ACCELERATOR
from .compare import distance

Measure = Callable[[Mapping[str, np.ndarray], np.ndarray], float]
FALLS_TO = 0.7
RUNS = 3
SPREADS = 3
MOST_MEMORY = 4.0
SPARE_MEMORY = 64 << 20
"""Bytes beyond the reference's that nobody is asked about: of a small training the ratio says
little.
"""


@dataclass(frozen=True)
class Task:
    """One problem to train on: all inputs of the probe, and what only the grader knows (labels of
    held-out examples).
    """

    inputs: Mapping[str, Any]
    labels: np.ndarray


@dataclass(frozen=True)
class Contest:
    """Problems that a leaderboard alone is measured on, where those of the check are too easy to
    tell models apart: no verdict hangs on them, and only who wants to be compared is asked to
    train on them. ``measured`` says what is measured there.
    """

    task: Callable[[np.random.Generator, str], Task]
    measured: str


class NotMeasurable(ValueError):
    """The outputs are of no shape or kind that can be measured: said to the student as it is."""


def accuracy(
    outputs: Mapping[str, np.ndarray], labels: np.ndarray, scores: str = "scores"
) -> float:
    """The share of held-out examples whose highest score is at their label. Scores (M, C), labels
    (M,).

    Raises NotMeasurable for scores of another shape, or that are not finite.
    """
    found = outputs.get(scores)
    if (
        found is None
        or found.ndim != 2
        or len(found) != len(labels)
        or found.dtype.kind not in "iuf"
    ):
        shape = "missing" if found is None else f"of shape {found.shape} and dtype {found.dtype}"
        raise NotMeasurable(
            f"{scores} is {shape}; one row of class scores for each of the {len(labels)} examples "
            "is due"
        )
    if not np.isfinite(found).all():
        raise NotMeasurable(f"{scores} holds nan or inf after training")
    return float(np.mean(found.argmax(axis=1) == labels))


@dataclass(frozen=True)
class Training:
    """Train three times on fresh tasks and judge the middle result.

    task: ``(rng, device) -> Task``; device is "" (the processor) or "accelerator": it chooses the
    size and puts the word into the inputs. at_least: the floor that is judged everywhere. margin:
    how far below the reference's mean is still as good; three standard deviations of the
    reference's runs, where these are more. losses: the output with the loss of each step (None:
    there is none). measure: what is measured, higher is better (default: accuracy of ``scores``),
    and ``measured`` its name. Peak memory on an accelerator is told as a ratio to the reference's. More than ``most_memory``
    times it fails, once it is ``spare_memory`` bytes more. Where the probe returns ``seconds``,
    their ratio is told, and nothing more.

    ranked: the class's leaderboard compares what is reached here. For that the probe may return, and
    need not declare, ``steps`` and ``parameters``, which are held to the reference's, and
    ``genuine``: whether this very run was trained as asked, and its scores are those of what was
    trained. contest: what it is compared on in place of the tasks that are judged."""

    task: Callable[[np.random.Generator, str], Task]
    at_least: float
    scores: str = "scores"
    losses: str | None = "losses"
    margin: float = 0.02
    measure: Measure | None = None
    measured: str = "accuracy"
    share: float = 1.0
    title: str = "Learns"
    most_memory: float = MOST_MEMORY
    spare_memory: int = SPARE_MEMORY
    ranked: bool = False
    contest: Contest | None = None
    needs_reference: bool = False

    @property
    def compared_by(self) -> str:
        """What a leaderboard compares, in words."""
        return self.contest.measured if self.contest else self.measured

    def compared(self, trial: Trial) -> Performance | None:
        """What is reached in the contest, beside the reference; None where there is none, or
        nothing could be measured.
        """
        if self.contest is None or trial.reference is None:
            return None
        asked = replace(self, task=self.contest.task, measured=self.contest.measured)
        try:
            runs = asked._trained(trial)
            ours = asked._evaluated(trial.reference, runs.tasks)
            reached, theirs = (mean(asked._reached(one, runs.tasks)) for one in (runs.yours, ours))
        except (AnswerFailed, NotMeasurable):
            return None
        return asked._performance((reached, theirs), runs.yours, ours, runs.device)

    def __call__(self, trial: Trial) -> Finding:
        """Judge. Raises AnswerFailed for what the answer raises."""
        runs = self._trained(trial)
        device, why, tasks, yours = runs.device, runs.why, runs.tasks, runs.yours
        where = f"on {_kind(device)}" + (f" ({why})" if why and not device else "")
        for one in yours:
            if problem := self._losses_in_words(one.arrays()):
                elsewhere = self._on_the_processor(trial, runs.seeds[0]) if device else ""
                return self._failed(f"{problem} Trained {where}.{elsewhere}")
        try:
            reached = self._reached(yours, tasks)
        except NotMeasurable as problem:
            return self._failed(f"{problem}.")
        bar, source = self.at_least, "the floor of this exercise"
        costs = wasteful = ""
        performance = None
        if trial.reference is not None:
            ours = self._evaluated(trial.reference, tasks)
            theirs = self._reached(ours, tasks)
            relative = mean(theirs) - max(SPREADS * pstdev(theirs), self.margin)
            if relative > bar:
                bar, source = (
                    relative,
                    f"the reference, trained beside it, reaches {mean(theirs):.3f}",
                )
            memory = [median(one.peak_bytes for one in both) for both in (yours, ours)]
            costs = _costs_in_words(_seconds(yours), _seconds(ours), *memory)
            wasteful = self._memory_in_words(*memory)
            if self.ranked and self.contest is None:
                reach = mean(reached), mean(theirs)
                performance = self._performance(reach, yours, ours, device)
        said = ", ".join(f"{one:.3f}" for one in reached)
        message = (
            f"{self.measured} {said} in {RUNS} runs {where}; at least {bar:.3f} is asked of the "
            f"middle one ({source}).{costs}"
        )
        passed = not wasteful and median(reached) >= bar
        message = f"{wasteful} {message}" if wasteful else message
        return Finding(self.title, passed, message, share=self.share, performance=performance)

    def _performance(
        self,
        reach: tuple[float, float],
        yours: Sequence[Evaluation],
        ours: Sequence[Evaluation],
        device: str,
    ) -> Performance | None:
        """What ranks, from what both reached and counted; None where a number is none."""
        if not np.isfinite(reach).all():
            return None
        return Performance(
            self.measured,
            *reach,
            _name_of(device),
            *(_counted(name, runs) for name in ("steps", "parameters") for runs in (yours, ours)),
            genuine=all(_said_true(one.arrays().get("genuine")) for one in yours),
        )

    def _memory_in_words(self, yours: float, ours: float) -> str:
        """What to say of a training whose peak, in bytes, is too high; empty of any other."""
        times = _ratio(yours, ours)
        if times is None or times <= self.most_memory or yours - ours <= self.spare_memory:
            return ""
        return (
            f"At its peak it holds {times:.1f} times the reference's memory on the device; at most "
            f"{self.most_memory:g} times is asked. Most often tensors are kept from step to step: "
            "losses with their graphs, scores, or all batches at once."
        )

    def _on_the_processor(self, trial: Trial, seed: int) -> str:
        """What to look for where the loss does fall on the processor, whose tensors nobody moves."""
        task = self.task(np.random.default_rng(seed), "")
        (evaluation,) = self._evaluated(trial.evaluate, [task])
        if evaluation.failure or self._losses_in_words(evaluation.arrays()):
            return ""
        return (
            " On the processor the loss falls: does the optimizer change the very tensors that the "
            "loss is computed from? Move them to the device first."
        )

    def _trained(self, trial: Trial) -> _Runs:
        """The runs, on the processor where the answer has no other device. Raises AnswerFailed."""
        device, why = chosen_device(trial)
        seeds = [int(seed) for seed in trial.rng.integers(1 << 62, size=RUNS)]
        try:
            return _Runs(device, why, seeds, *self._train(trial, seeds, device))
        except _Elsewhere as elsewhere:
            return _Runs("", str(elsewhere), seeds, *self._train(trial, seeds, ""))

    def _reached(self, runs: Sequence[Evaluation], tasks: Sequence[Task]) -> list[float]:
        """What each run reached on the labels of its task. Raises NotMeasurable."""
        return [
            self._measure(one.arrays(), task.labels) for one, task in zip(runs, tasks, strict=True)
        ]

    def _train(
        self, trial: Trial, seeds: list[int], device: str
    ) -> tuple[list[Task], list[Evaluation]]:
        tasks = [self.task(np.random.default_rng(seed), device) for seed in seeds]
        evaluations = self._evaluated(trial.evaluate, tasks)
        for evaluation in evaluations:
            failure = evaluation.failure
            if failure is not None and failure.kind == "device" and device:
                raise _Elsewhere(failure.message)
            if failure is not None:
                raise AnswerFailed(failure)
        return tasks, evaluations

    def _evaluated(
        self, evaluate: Callable[..., list[Evaluation]], tasks: list[Task]
    ) -> list[Evaluation]:
        return evaluate([dict(task.inputs) for task in tasks])

    def _measure(self, outputs: Mapping[str, np.ndarray], labels: np.ndarray) -> float:
        if self.measure is None:
            return accuracy(outputs, labels, self.scores)
        return self.measure(outputs, labels)

    def _losses_in_words(self, outputs: Mapping[str, np.ndarray]) -> str | None:
        """What is wrong with the course of the loss; None when nothing is."""
        if self.losses is None:
            return None
        losses = outputs.get(self.losses)
        if losses is None or losses.ndim != 1 or len(losses) < 2 or losses.dtype.kind not in "iuf":
            return f"{self.losses} is no list of the loss at each step."
        if not np.isfinite(losses).all():
            return (
                f"The loss became {losses[~np.isfinite(losses)][0]} at step "
                f"{int(np.argmin(np.isfinite(losses)))}."
            )
        tenth = max(1, len(losses) // 10)
        first, last = float(losses[:tenth].mean()), float(losses[-tenth:].mean())
        if last >= FALLS_TO * first:
            return (
                f"The loss went from {first:.3g} to {last:.3g} in {len(losses)} steps: it hardly "
                "falls."
            )
        return None

    def _failed(self, message: str) -> Finding:
        return Finding(self.title, False, message, share=self.share)


def _seconds(runs: Sequence[Evaluation]) -> float:
    """What the probe says that the middle run took; 0 where it does not."""
    return median(float(one.arrays().get("seconds", 0)) for one in runs)


def _costs_in_words(
    seconds: float, their_seconds: float, memory: float, their_memory: float
) -> str:
    """What the answer cost, as ratios to what the reference did."""
    return "".join(
        f" It took {times:.1f} times the reference's {what}."
        for what, times in (
            ("time", _ratio(seconds, their_seconds)),
            ("memory", _ratio(memory, their_memory)),
        )
        if times is not None
    )


def _counted(output: str, runs: Sequence[Evaluation]) -> int | None:
    """The most that the probe counted in any run; None where one has no count."""
    counts = [one.arrays().get(output) for one in runs]
    if any(one is None or one.shape or one.dtype.kind not in "iu" or one < 0 for one in counts):
        return None
    return max(int(one) for one in counts if one is not None)


def _said_true(found: np.ndarray | None) -> bool:
    """Whether the probe said yes, or nothing."""
    return found is None or (not found.shape and found.dtype.kind == "b" and bool(found))


def _ratio(yours: float, ours: float) -> float | None:
    """How many times the reference's a cost is; None where either is not told or nothing."""
    return yours / ours if min(yours, ours) > 0 else None


@dataclass(frozen=True)
class _Runs:
    """What was trained: on which device, and why not on the accelerator; on what, from which seeds."""

    device: str
    why: str
    seeds: list[int]
    tasks: list[Task]
    yours: list[Evaluation]


class _Elsewhere(Exception):
    """The device is not to be had where the answer runs."""


def chosen_device(trial: Trial) -> tuple[str, str]:
    """The word for the device to train on, and why it is not the accelerator."""
    if not trial.exercise.accelerated:
        return "", ""
    try:
        from ..watch.devices import why_no_accelerator

        problem = why_no_accelerator()
    except ImportError:
        problem = "torch is not installed where the checks run"
    return ("", problem) if problem else (ACCELERATOR, "")


def _kind(device: str) -> str:
    return f"the accelerator ({_name_of(device)})" if device else "the processor"


def _name_of(device: str) -> str:
    """What torch calls this kind of device."""
    if not device:
        return "cpu"
    from ..watch.devices import current_accelerator

    return current_accelerator()


# --- properties of a training run, for Property ---------------------------------------------------


def deterministic(output: str, **overrides: Any) -> Callable[[Trial], str | None]:
    """The same inputs twice give bitwise the same ``output`` on the processor, and another seed
    gives another.

    The exercise must have an input ``seed``.
    """

    def holds(trial: Trial) -> str | None:
        seed = int(trial.rng.integers(1 << 30))
        inputs, first = trial.ask(**{"seed": seed, **overrides})
        again, other = trial.arrays([inputs, inputs | {"seed": inputs["seed"] + 1}])
        if not np.array_equal(first[output], again[output]):
            return (
                f"Two runs with the same seed give different {output}: some random draw does not "
                "come from the seed."
            )
        if np.array_equal(first[output], other[output]):
            return f"Another seed gives the very same {output}: the seed is not used."
        return None

    return holds


def precision_agrees(
    output: str, precision: str = "bfloat16", within: float = 0.05, **overrides: Any
) -> Callable[[Trial], str | None]:
    """The same run in mixed precision: ``output`` stays finite and ends ``within`` of the float32
    run, relatively, and is not the very same (then nothing ran in the lower precision). The
    exercise must have an input ``precision``.
    """

    def holds(trial: Trial) -> str | None:
        inputs, full = trial.ask(**{"precision": "float32", **overrides})
        (mixed,) = trial.arrays([inputs | {"precision": precision}])
        if not np.isfinite(mixed[output]).all():
            return f"In {precision}, {output} is not finite."
        if np.array_equal(mixed[output], full[output]):
            return (
                f"In {precision}, {output} is bit for bit that of float32: nothing ran in the "
                "lower precision."
            )
        last, last_mixed = np.atleast_1d(full[output])[-1], np.atleast_1d(mixed[output])[-1]
        if distance(last_mixed, last) > within:
            return (
                f"In {precision}, {output} ends at {float(last_mixed):.4g}; in float32 at "
                f"{float(last):.4g}."
            )
        return None

    return holds


def no_synchronisation(
    output: str = "synchronisations", **overrides: Any
) -> Callable[[Trial], str | None]:
    """No step reads a tensor's value back into Python. The probe returns
    ``Observed.synchronisations`` as ``output``.
    """

    def holds(trial: Trial) -> str | None:
        _, out = trial.ask(**overrides)
        count = int(out[output])
        if count:
            return (
                f"Tensors are read into Python {count} times (.item(), float(...), if ..., .cpu(), "
                "x[mask]): a GPU waits each time"
            )
        return None

    return holds


def keeps_nothing(
    output: str = "tensors_kept", most: int = 0, **overrides: Any
) -> Callable[[Trial], str | None]:
    """Steps leave no tensors behind. The probe returns ``Observed.tensors_kept`` as ``output``."""

    def holds(trial: Trial) -> str | None:
        _, out = trial.ask(**overrides)
        count = int(out[output])
        if count > most:
            return (
                f"{count} tensors stay alive after the steps: memory grows (a list of losses with "
                "their graphs?)."
            )
        return None

    return holds


__all__ = [
    "NotMeasurable",
    "Task",
    "Training",
    "accuracy",
    "deterministic",
    "keeps_nothing",
    "no_synchronisation",
    "precision_agrees",
]
