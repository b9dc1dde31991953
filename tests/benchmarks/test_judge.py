"""docs/judge.md: what it is made with keeps meanings or changes them as it says, and counts what it
should.
"""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from courses.course import TinyCourse

from autograder.course.assignment import load_assignment
from benchmarks.judge import Measuring, main, page, right_answers
from benchmarks.rewrites import rewritten, slips

PAGE = Path(__file__).resolve().parents[2] / "docs/judge.md"
SOURCE = '''
import numpy as np

def loss(W, X, y, reg, *, scale=2):
    """Kept."""
    N = len(X)
    shape = (N,) + W.shape
    scores = X @ W
    rows = np.arange(N)
    top = scores.max(axis=1, keepdims=True)
    total = 0.0
    total += np.sum(scores ** 2) / N + reg * np.sum(W * W) * scale
    if N > 3:
        total -= np.mean(top)
    else:
        total = total * 2 + scores[rows, y].sum()

    def inner(part):
        return part * total

    return inner(part=1.5), shape
'''


def value(source: str, n: int) -> tuple[float, tuple[int, ...]]:
    names: dict = {}
    exec(source, names)
    rng = np.random.default_rng(n)
    W, X = rng.standard_normal((3, 4)), rng.standard_normal((n, 3))
    return names["loss"](W, X, rng.integers(0, 4, n), 0.3)


def test_a_rewrite_reads_otherwise_and_means_the_same():
    texts = {rewritten(SOURCE, np.random.default_rng(seed)) for seed in range(20)}
    assert len(texts) == 20
    for text in texts:
        for n in (2, 5):
            ours, theirs = value(SOURCE, n), value(text, n)
            assert theirs[0] == pytest.approx(ours[0], rel=1e-12)
            assert theirs[1] == ours[1]
    together = "\n".join(texts)
    for words in ("np.matmul(X, W)", "scores * scores", "W ** 2", "np.max(", "3 < N", "part_"):
        assert words in together


def test_a_slip_is_one_change_in_the_named_function():
    every = list(slips(f"LIMIT = 1 + 2\n{SOURCE}", ["loss"]))
    assert len(every) > 15
    for what, text in every:
        assert "LIMIT = 1 + 2" in text, what
        assert ast.dump(ast.parse(text)) != ast.dump(ast.parse(f"LIMIT = 1 + 2\n{SOURCE}")), what
    changed = {what for what, _ in every}
    assert "X @ W -> X @ W" not in changed
    assert "N > 3 -> N < 3" in changed
    assert "scores.max -> scores.min" in changed


def test_the_tiny_course_measured(tiny_built: TinyCourse):
    tiny = load_assignment(tiny_built.root, "tiny")
    sources = {kind: text.decode() for kind, text in tiny.bundle.hidden.items()}
    rights = right_answers(tiny, sources, 2)
    row = Measuring(tiny, tiny.exercises["half_square"], 2).measured(rights, sources)
    assert str(row.single) == "1 / 1 / 1"
    assert row.unlisted.tried > 1
    assert row.unlisted.caught == row.unlisted.tried
    assert (row.right, row.failed, row.missed) == (len(rights), [], [])
    assert row.calls > 2
    assert "| half_square | 1 / 1 / 1 |" in page({"tiny": [row]}, 2)


def test_a_false_failure_and_a_miss_are_told(tiny_built: TinyCourse):
    """Of a course whose checks are too strict, and too lax."""
    tiny = load_assignment(tiny_built.root, "tiny")
    sources = {kind: text.decode() for kind, text in tiny.bundle.hidden.items()}
    loops = "import numpy as np\ndef half_square(x, w):\n    return 0.0, np.zeros_like(w)\n"
    names: dict = {}
    exec(loops, names)
    rights = {"reference": tiny.reference, "zeros": {**tiny.reference, **names}}
    strict = Measuring(tiny, tiny.exercises["half_square"], 1).measured(rights, sources)
    assert [one.partition(": ")[2].partition(":")[0] for one in strict.failed] == ["zeros"]

    exercise = tiny.exercises["row_sums"]
    kept = exercise.checks
    exercise.checks = kept[:1]
    try:
        lax = Measuring(tiny, exercise, 1).measured({}, sources)
    finally:
        exercise.checks = kept
    assert lax.missed
    assert lax.unlisted.caught < lax.unlisted.tried or lax.single.caught < lax.single.tried


def test_the_command_writes_a_page_that_says_how(tiny_built: TinyCourse, tmp_path: Path):
    main(["tiny", "--many", "1", "--course", str(tiny_built.root), "--page", str(tmp_path / "p")])
    text = (tmp_path / "p").read_text()
    assert "`python -m benchmarks.judge tiny --many 1`" in text
    assert "## False failures\n\nNone." in text
    assert {"| half_square ", "| row_sums "} <= {
        line[: line.find("|", 1)] for line in text.split("\n")
    }


def test_the_page_in_docs_is_of_this_kind():
    text = PAGE.read_text()
    assert "Made by `make audit`" in text
    assert "## False failures" in text
