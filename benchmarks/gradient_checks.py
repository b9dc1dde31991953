"""Our gradient check beside the ones other courses and frameworks use: evaluations, seconds, and
what each catches.

    python -m benchmarks.gradient_checks            # a few minutes; --quick leaves out the slowest rivals
    python -m benchmarks.gradient_checks --json

The rivals, each with its own rule:
    every entry     central differences at every entry (h = 1e-5, random upstream), largest relative error > 1e-4 fails,
                    as in CS231n's eval_numerical_gradient
    ten entries     the same at 10 random entries of each parameter, as in CS231n's grad_check_sparse
    gradcheck       torch.autograd.gradcheck, slow and fast mode, its own tolerances, the layer wrapped in a Function
    one entry       one random entry of each parameter against the sum of the outputs, rtol = atol = 1e-2 (MiniTorch)
    error norm      sum of the error norms over all parameters below 1e-2, h = 1e-4, random upstream (dlsys)
Ours draws its own inputs, some of them near kinks on purpose; the rivals get random ones, as their
courses do. Seconds are of one run on one thread; compare them with each other only.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder import Exercise
from autograder.judge import judge
from autograder.language.probe import Inputs
from autograder.watch.evaluate import local
from tests.checks.planted import LAYERS, PLANTED, Layer

DRAWS = 20
Verdict = tuple[bool, int]
"""Whether the gradient was accepted, and the number of evaluations it took."""


@dataclass
class Function:
    """A layer as rivals see it: a scalar function of its parameters, the claimed gradients, and a
    count of calls.
    """

    layer: Layer
    namespace: dict[str, Any]
    exercise: Exercise
    inputs: Inputs
    calls: int = 0

    @property
    def parameters(self) -> tuple[str, ...]:
        """The inputs whose gradients are claimed."""
        return tuple(self.layer.check.wrt)

    def run(self, **changed: Any) -> dict[str, np.ndarray]:
        """Evaluate the layer."""
        self.calls += 1
        outputs = self.namespace["answer"](**{**self.inputs, **changed})
        return dict(zip(self.layer.outputs, map(np.asarray, outputs), strict=True))

    def scalar(self, ones: bool = False, **changed: Any) -> float:
        """The outputs as one number, weighted by the upstream gradient (or by ones)."""
        outputs = self.run(**changed)
        of, upstream = (
            self.layer.check.of,
            self.layer.check.upstream or ("",) * len(self.layer.check.of),
        )
        return sum(
            float(np.sum(outputs[name] * (1.0 if ones or not weights else self.inputs[weights])))
            for name, weights in zip(of, upstream, strict=True)
        )

    def claims(self, ones: bool = False) -> dict[str, np.ndarray]:
        """The claimed gradient of each parameter."""
        upstream = (
            {name: np.ones_like(self.inputs[name]) for name in self.layer.check.upstream}
            if ones
            else {}
        )
        outputs = self.run(**upstream)
        return {name: outputs[f"d{name}"] for name in self.parameters}

    def difference(self, name: str, index: tuple[int, ...], h: float, ones: bool = False) -> float:
        """The central difference at one entry."""
        values = []
        for sign in (1, -1):
            moved = self.inputs[name].copy()
            moved[index] += sign * h
            values.append(self.scalar(ones, **{name: moved}))
        return (values[0] - values[1]) / (2 * h)


def _relative(a: float, b: float) -> float:
    return abs(a - b) / max(1e-8, abs(a) + abs(b))


def every_entry(f: Function, rng: np.random.Generator) -> bool:
    """CS231n's full loop."""
    claims = f.claims()
    errors = [
        _relative(float(claims[name][index]), f.difference(name, index, 1e-5))
        for name in f.parameters
        for index in np.ndindex(*f.inputs[name].shape)
    ]
    return max(errors) <= 1e-4


def ten_entries(f: Function, rng: np.random.Generator) -> bool:
    """CS231n's sparse check."""
    claims = f.claims()
    for name in f.parameters:
        for _ in range(10):
            index = tuple(int(rng.integers(size)) for size in f.inputs[name].shape)
            if _relative(float(claims[name][index]), f.difference(name, index, 1e-5)) > 1e-4:
                return False
    return True


def one_entry(f: Function, rng: np.random.Generator) -> bool:
    """MiniTorch's check."""
    claims = f.claims(ones=True)
    for name in f.parameters:
        index = tuple(int(rng.integers(size)) for size in f.inputs[name].shape)
        slope = f.difference(name, index, 1e-6, ones=True)
        if not np.isclose(claims[name][index], slope, rtol=1e-2, atol=1e-2):
            return False
    return True


def error_norm(f: Function, rng: np.random.Generator) -> bool:
    """The rule of dlsys' fourth homework, in float64."""
    claims = f.claims()
    total = 0.0
    for name in f.parameters:
        slopes = np.zeros(f.inputs[name].shape)
        for index in np.ndindex(*slopes.shape):
            slopes[index] = f.difference(name, index, 1e-4)
        total += float(np.linalg.norm(slopes - claims[name]))
    return total < 1e-2


def gradcheck(fast: bool) -> Callable[[Function, np.random.Generator], bool]:
    """torch.autograd.gradcheck on the layer wrapped in a Function."""

    def accept(f: Function, rng: np.random.Generator) -> bool:
        of, upstream = f.layer.check.of, f.layer.check.upstream

        class Wrapped(torch.autograd.Function):
            @staticmethod
            def forward(ctx: Any, *tensors: torch.Tensor) -> Any:
                ctx.save_for_backward(*tensors)
                values = {
                    name: one.detach().numpy()
                    for name, one in zip(f.parameters, tensors, strict=True)
                }
                outputs = f.run(**values)
                made = [torch.from_numpy(np.array(outputs[name])) for name in of]
                return tuple(made) if len(made) > 1 else made[0]

            @staticmethod
            def backward(ctx: Any, *grads: torch.Tensor) -> Any:
                values = {
                    n: one.detach().numpy()
                    for n, one in zip(f.parameters, ctx.saved_tensors, strict=True)
                }
                values |= {n: one.numpy().copy() for n, one in zip(upstream, grads, strict=False)}
                outputs = f.run(**values)
                scale = 1.0 if upstream else float(next(iter(grads)))
                return tuple(
                    torch.from_numpy(np.array(outputs[f"d{name}"] * scale)) for name in f.parameters
                )

        tensors = tuple(torch.tensor(f.inputs[name], requires_grad=True) for name in f.parameters)
        try:
            return torch.autograd.gradcheck(
                Wrapped.apply, tensors, fast_mode=fast, raise_exception=False
            )
        except RuntimeError:
            return False

    return accept


def ours(f: Function, rng: np.random.Generator) -> bool:
    """Chain Rule's Gradient check, on its own draws of the same exercise."""
    evaluate = local(f.exercise, f.namespace)

    def counted(batch: Sequence[Inputs], /, *, count_work: bool = False) -> Any:
        f.calls += len(batch)
        return evaluate(batch, count_work=count_work)

    return judge(f.exercise, counted, seed=int(rng.integers(2**62))).status == "passed"


CHECKS: dict[str, Callable[[Function, np.random.Generator], bool]] = {
    "ours": ours,
    "every entry (CS231n)": every_entry,
    "ten entries (CS231n)": ten_entries,
    "gradcheck, slow (torch)": gradcheck(False),
    "gradcheck, fast (torch)": gradcheck(True),
    "one entry (MiniTorch)": one_entry,
    "error norm (dlsys)": error_norm,
}
SLOW = ("every entry (CS231n)", "gradcheck, slow (torch)", "error norm (dlsys)")


def function(
    name: str, wrong: str, rng: np.random.Generator, sizes: dict[str, int] | None = None
) -> Function:
    """One layer with one random draw of its inputs."""
    from autograder.language.probe import Case

    exercise, namespace = LAYERS[name].exercise(wrong)
    if sizes:
        exercise.cases = ()
        exercise.ranges = {key: (size, size) for key, size in sizes.items()}
    inputs, _ = exercise.draw(rng, Case("draw"))
    return Function(LAYERS[name], namespace, exercise, inputs)


COSTS = {
    "svm, W 3073 x 10, N = 50": ("svm", {"D": 3073, "C": 10, "N": 50}),
    "softmax, N = 100, C = 10": ("softmax", {"N": 100, "C": 10}),
    "conv, N = 2, C = 3, F = 4": ("conv", {"N": 2, "C": 3, "F": 4}),
}


def costs(quick: bool) -> dict[str, dict[str, dict[str, float]]]:
    """Evaluations and seconds of each check on three functions, side by side."""
    table: dict[str, dict[str, dict[str, float]]] = {}
    for title, (layer, sizes) in COSTS.items():
        for check, accept in CHECKS.items():
            if quick and check in SLOW and layer == "svm":
                continue
            f = function(layer, "", np.random.default_rng(0), sizes)
            began = time.perf_counter()
            accepted = accept(f, np.random.default_rng(1))
            seconds = time.perf_counter() - began
            table.setdefault(title, {})[check] = {
                "calls": f.calls,
                "seconds": seconds,
                "accepted": accepted,
            }
    return table


def detection(quiet: bool) -> dict[str, dict[str, float]]:
    """Share of the planted mistakes caught, and of right gradients failed, over DRAWS draws of
    each.
    """
    found: dict[str, dict[str, float]] = {}
    for check, accept in CHECKS.items():
        caught = [
            not accept(
                function(name, wrong, np.random.default_rng([seed, 7])),
                np.random.default_rng([seed, 8]),
            )
            for name, wrong in track(PLANTED, check, disable=quiet, transient=True)
            for seed in range(DRAWS)
        ]
        flagged = [
            not accept(
                function(name, "", np.random.default_rng([seed, 9])),
                np.random.default_rng([seed, 10]),
            )
            for name in LAYERS
            for seed in range(DRAWS)
        ]
        per_mistake = np.reshape(caught, (len(PLANTED), DRAWS)).mean(axis=1)
        found[check] = {
            "caught": float(np.mean(caught)),
            "never_caught": int((per_mistake == 0).sum()),
            "right_ones_failed": float(np.mean(flagged)),
        }
    return found


def kinks() -> dict[str, float]:
    """Runs in which a right SVM gradient (N = 500, pixels of size 60, W of size 1e-4) is
    flagged.
    """
    sizes, flagged = {"D": 3073, "C": 10, "N": 500}, {"ours": 0, "ten entries (CS231n)": 0}
    runs = 20
    for seed in range(runs):
        for check in flagged:
            f = function("svm", "", np.random.default_rng(seed), sizes)
            f.inputs |= {"X": 60 * f.inputs["X"], "W": 1e-4 * f.inputs["W"]}
            drawn = f.inputs
            f.exercise.given = {"X": lambda *_, d=drawn: d["X"], "W": lambda *_, d=drawn: d["W"]}
            flagged[check] += not CHECKS[check](f, np.random.default_rng(seed))
    return {check: count / runs for check, count in flagged.items()}


def main() -> None:
    """Measure, and print tables or one JSON object."""
    torch.set_num_threads(1)
    as_json, quick = "--json" in sys.argv, "--quick" in sys.argv
    result = {
        "costs": costs(quick),
        "detection": detection(as_json),
        "right_svm_gradient_flagged_at_kinks": kinks(),
    }
    svm = result["costs"]["svm, W 3073 x 10, N = 50"]
    if not quick:
        result["svm_calls_ratio"] = svm["every entry (CS231n)"]["calls"] / svm["ours"]["calls"]
    if as_json:
        print(json.dumps(result))
        return
    console = Console()
    for title, rows in result["costs"].items():
        table = Table(
            "check", "evaluations", "seconds", "accepted", title=title, title_justify="left"
        )
        for check, row in rows.items():
            table.add_row(
                check,
                f"{row['calls']:,}",
                f"{row['seconds']:.4f}",
                "yes" if row["accepted"] else "no",
            )
        console.print(table)
    table = Table(
        "check",
        "caught",
        "never caught",
        "right ones failed",
        title=f"{len(PLANTED)} wrong gradients",
    )
    for check, row in result["detection"].items():
        table.add_row(
            check,
            f"{row['caught']:.1%}",
            str(row["never_caught"]),
            f"{row['right_ones_failed']:.1%}",
        )
    console.print(table)
    console.print(
        "A right SVM gradient flagged at N = 500:", result["right_svm_gradient_flagged_at_kinks"]
    )
    if not quick:
        console.print(
            f"Evaluations on the SVM: the full loop needs {result['svm_calls_ratio']:,.0f} times "
            "ours."
        )


if __name__ == "__main__":
    main()
