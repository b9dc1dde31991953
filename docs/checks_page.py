"""The examples in docs/checks.md: real answers, really judged.

    python docs/checks_page.py        (writes them into docs/checks.md)

Each example is a wrong answer to a small exercise; what the page shows is the check's own line and
what it cost."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from autograder import Exercise, draws, function, layer, must, property_of
from autograder.checks import Dimensions, Gradient, Reference, Task, Training, Vectorised
from autograder.exercise.mistakes import Mistakes
from autograder.exercise.trial import Check
from autograder.judge import judge
from autograder.language.verdict import Verdict
from autograder.report.words import sign
from autograder.watch.evaluate import CountedCalls, local

PAGE = Path(__file__).with_name("checks.md")
BLOCK = re.compile(r"(<!-- example: (\w+) -->\n)(?:```text\n.*?```\n)?", re.DOTALL)
SEED = 4

Answers = Mapping[str, Callable[..., Any]]


@dataclass(frozen=True)
class Example:
    """An exercise, a right and a wrong answer to it, and the mistakes that are known."""

    asked: Exercise
    right: Answers
    wrong: Answers
    mistakes: Mistakes | None = None

    def text(self) -> str:
        """What the check says of the wrong answer, and how often the two answers were called."""
        verdict, calls = self._judged(self.wrong)
        _, calls_when_right = self._judged(self.right)
        lines = []
        for finding in verdict.findings:
            if finding.passed is False:
                lines += [f"{sign(finding)} {finding.check}: {finding.message}"]
                lines += [f"  → {finding.hint}"] if finding.hint else []
        return "\n".join(
            [*lines, f"({calls_when_right} calls of a right answer, {calls} of this one)"]
        )

    def _judged(self, answers: Answers) -> tuple[Verdict, int]:
        evaluate = CountedCalls(local(self.asked, answers))
        reference = local(self.asked, self.right)
        verdict = judge(
            self.asked, evaluate, reference=reference, mistakes=self.mistakes, seed=SEED
        )
        return verdict, evaluate.calls


def affine_forward(x: np.ndarray, w: np.ndarray) -> tuple[np.ndarray, Any]:
    """Right."""
    return x @ w, (x, w)


def affine_backward(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    """Right."""
    x, w = cache
    return dout @ w.T, x.T @ dout


def forgets_to_transpose(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    """dw the wrong way round."""
    x, w = cache
    return dout @ w.T, (x.T @ dout).T


def halves_dw(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray]:
    """Half of what dw should be."""
    dx, dw = affine_backward(dout, cache)
    return dx, dw / 2


def squares(x: np.ndarray, *, wrong: frozenset[str] = frozenset()) -> np.ndarray:
    """The mean square of each row; or, wrong, the sum."""
    return (x**2).sum(axis=1) / (1 if "sum" in wrong else x.shape[1])


def squares_in_a_loop(x: np.ndarray) -> np.ndarray:
    """Right, one row at a time."""
    return np.array([np.mean(row**2) for row in x])


def by_differences(x: np.ndarray) -> tuple[float, np.ndarray]:
    """A gradient from central differences."""
    step, slopes = 1e-5, np.zeros_like(x)
    for at in np.ndindex(x.shape):
        moved = np.zeros_like(x)
        moved[at] = step
        slopes[at] = (np.exp(x + moved).sum() - np.exp(x - moved).sum()) / (2 * step)
    return float(np.exp(x).sum()), slopes


def line_fit(
    x: np.ndarray, y: np.ndarray, steps: int, new: np.ndarray, rate: float = 0.1
) -> tuple[np.ndarray, np.ndarray]:
    """Gradient descent on the sign of a line."""
    w, losses = np.zeros(x.shape[1]), []
    for _ in range(steps):
        gap = x @ w - (2 * y - 1)
        losses.append(float(np.mean(gap**2)))
        w -= rate * x.T @ gap / len(y)
    return np.array(losses), np.stack([-(new @ w), new @ w], axis=1)


def two_sides(rng: np.random.Generator, device: str) -> Task:
    """Points on two sides of a line that is drawn when judging."""
    line, x = rng.standard_normal(3), rng.standard_normal((300, 3))
    y = (x @ line > 0).astype(int)
    return Task({"x": x[:200], "y": y[:200], "steps": 60, "new": x[200:]}, y[200:])


def _layer(wrong: Callable[..., Any], *checks: Check) -> Example:
    asked = layer("affine", "x: N D, w: D M -> out: N M", points=4)
    asked.checks = checks
    right = {"affine_forward": affine_forward, "affine_backward": affine_backward}
    return Example(asked, right, {**right, "affine_backward": wrong})


def _squares(wrong: Callable[..., Any], *checks: Check) -> Example:
    asked = function("squares", "x: N D -> means: N", points=4, checks=checks)
    known = SimpleNamespace(
        squares=squares,
        HINTS={"squares": {"sum": "Add the squares of a row, then divide by how many there are."}},
    )
    mistakes = Mistakes(known, {"squares": squares})  # pyright: ignore[reportArgumentType]
    return Example(asked, {"squares": squares}, {"squares": wrong}, mistakes)


def _property() -> Example:
    asked = function("squares", "x: N D -> means: N", points=4, checks=[])

    @property_of(asked, "Signs do not count", 1)
    def even(ask: Any) -> None:
        inputs, out = ask()
        _, turned = ask(inputs, x=-inputs["x"])
        must(
            np.allclose(turned["means"], out["means"]), "-x must give what x gives; yours differs."
        )

    return Example(asked, {"squares": squares}, {"squares": lambda x: (x**3).mean(axis=1)})


def _means() -> Example:
    asked = function("exp_sum", "x: N D -> total, dx: N D", points=4)
    asked.checks = [Gradient("total", wrt="x", claimed="dx")]
    right = {"exp_sum": lambda x: (float(np.exp(x).sum()), np.exp(x))}
    return Example(asked, right, {"exp_sum": by_differences})


def _training() -> Example:
    asked = function(
        "line_fit",
        "x: N D, y: N int<2, steps: int, new: M D -> losses: steps, scores: M 2",
        points=4,
        given={"steps": draws.whole(3, 5)},
        checks=[Training(two_sides, at_least=0.7)],
    )
    lazy = {"line_fit": lambda x, y, steps, new: line_fit(x, y, steps, new, rate=0.0)}
    return Example(asked, {"line_fit": line_fit}, lazy)


EXAMPLES: dict[str, Callable[[], Example]] = {
    "dimensions": lambda: _layer(forgets_to_transpose, Dimensions()),
    "gradient": lambda: _layer(
        halves_dw, Gradient("out", wrt=("x", "w"), claimed=("dx", "dw"), upstream="dout")
    ),
    "reference": lambda: _squares(lambda x: squares(x, wrong=frozenset({"sum"})), Reference()),
    "vectorised": lambda: _squares(squares_in_a_loop, Vectorised("N")),
    "property": _property,
    "means": _means,
    "training": _training,
}


def with_examples(page: str) -> str:
    """The page, each example filled in anew."""
    return BLOCK.sub(lambda found: f"{found[1]}```text\n{EXAMPLES[found[2]]().text()}\n```\n", page)


if __name__ == "__main__":
    PAGE.write_text(with_examples(PAGE.read_text()))
