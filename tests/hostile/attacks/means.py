"""Right answers by means that the exercise is not about."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

from courses.course import HALF_SQUARE, RIGHT

from ..attack import Attack, src
from .forging import answering

TORCH = """
import torch
def half_square(x, w):
    t = torch.tensor(w, requires_grad=True)
    loss = 0.5 * ((torch.tensor(x) @ t) ** 2).mean()
    loss.backward()
    return float(loss), t.grad.numpy()
"""
DIFFERENCES = """
def loss_of(x, w):
    return 0.5 * np.mean((x @ w) ** 2) {quartic}
def half_square(x, w):
    h, dw = 1e-5, np.zeros_like(w)
    for i in range(len(w)):
        up, down = w.copy(), w.copy()
        up[i] += h; down[i] -= h
        dw[i] = (loss_of(x, up) - loss_of(x, down)) / (2 * h)
    return loss_of(x, w), dw
""".replace("{quartic}", "")
LOOP = "    total = np.zeros(len(x))\n    for i in range(len(x)):\n        total[i] = x[i].sum()\n    return total\n"

OTHER_PROCESS = """
import json, subprocess, sys
CODE = '''
import json, sys
x, w = json.load(sys.stdin)
s = [sum(a * b for a, b in zip(row, w)) for row in x]
print(json.dumps([sum(a * a for a in s) / len(s) / 2, [sum(a * row[d] for a, row in zip(s, x)) / len(s) for d in range(len(w))]]))
'''
def half_square(x, w):
    sent = json.dumps([x.tolist(), w.tolist()])
    loss, dw = json.loads(subprocess.run([sys.executable, "-S", "-c", CODE], input=sent, capture_output=True, text=True).stdout)
    return loss, np.array(dw)
"""


def looping(before: str = "", body: str = LOOP) -> dict[str, str]:
    """row_sums by a loop, worth 3 of its 4 points, and a way to hide that; half_square honestly."""
    return {"half_square": HALF_SQUARE, "row_sums": f"{before}\ndef row_sums(x):\n{body}"}


MEANS = [
    Attack("torch", "lets torch derive", 4, answers=answering(TORCH), says="torch"),
    Attack(
        "torch_renamed",
        "lets torch derive, under another name",
        4,
        answers=answering(
            TORCH.replace(
                "import torch", "import importlib\nblas = importlib.import_module('tor' + 'ch')"
            ).replace("torch.", "blas.")
        ),
        says="torch",
        slow=True,
    ),
    Attack(
        "torch_in_file",
        "lets torch derive in a module of its own",
        4,
        answers=answering("from numerics import half_square"),
        files={"numerics.py": TORCH.encode()},
        says="torch",
        slow=True,
    ),
    Attack(
        "differences",
        "derives by central differences",
        4,
        answers=answering(DIFFERENCES),
        says="finite differences",
    ),
    Attack(
        "loop",
        "loops where an array expression is asked for",
        9,
        answers=looping(),
        says="once for each of N",
        slow=True,
    ),
    Attack(
        "loop_in_vectorize",
        "hides the loop in np.vectorize",
        9,
        answers=looping(body="    return np.vectorize(lambda i: x[i].sum())(np.arange(len(x)))\n"),
        says="once for each of N",
        slow=True,
    ),
    Attack(
        "loop_in_map",
        "hides the loop in map",
        9,
        answers=looping(body="    return np.array(list(map(np.sum, x)))\n"),
        says="once for each of N",
        slow=True,
    ),
    Attack(
        "loop_recursive",
        "hides the loop in recursion",
        9,
        answers=looping(
            src(
                """
                def go(x):
                    return [] if not len(x) else [x[0].sum()] + go(x[1:])
                """
            ),
            "    return np.array(go(x))\n",
        ),
        says="once for each of N",
        slow=True,
    ),
    Attack(
        "loop_in_file",
        "hides the loop in a module of its own",
        9,
        answers={**RIGHT, "row_sums": "from rows import row_sums"},
        files={"rows.py": b"import numpy as np\ndef row_sums(x):\n" + LOOP.encode()},
        says="once for each of N",
        slow=True,
    ),
    Attack(
        "counting_off",
        "switches off the counting of its work",
        6,
        answers=looping(
            body=(
                "    import sys\n"
                "    sys.settrace(None)\n"
                "    for tool in range(6 if hasattr(sys, 'monitoring') else 0):\n"
                "        sys.monitoring.free_tool_id(tool)\n"
            )
            + LOOP
        ),
        says="switches off",
        slow=True,
    ),
    Attack(
        "counting_paused",
        "switches the counting off and on again",
        6,
        answers=looping(
            body=(
                "    import sys\n"
                "    tracer = sys.gettrace()\n"
                "    sys.settrace(None)\n"
                "    try:\n"
                "        total = np.array([row.sum() for row in x])\n"
                "    finally:\n"
                "        sys.settrace(tracer)\n"
                "    return total\n"
            )
        ),
        says="hides what it runs",
    ),
    Attack(
        "loop_in_thread",
        "loops in a thread",
        9,
        answers=looping(
            "import threading",
            (
                "    total = np.zeros(len(x))\n"
                "    def work():\n"
                "        for i in range(len(x)): total[i] = x[i].sum()\n"
                "    thread = threading.Thread(target=work); thread.start(); thread.join()\n"
                "    return total\n"
            ),
        ),
        says="row_sums",
    ),
    Attack(
        "loop_as_library",
        "loops in code that says it is NumPy's",
        9,
        answers={
            **RIGHT,
            "row_sums": f"exec(compile('import numpy as np\\ndef row_sums(x):\\n' + {LOOP!r}, np.__file__, 'exec'))",
        },
        says="row_sums",
        slow=True,
    ),
    Attack(
        "counter_patched",
        "replaces the counter by one that always says 100",
        9,
        answers=looping(
            src(
                """
                import autograder.watch.work, autograder.watch.evaluate
                fake = lambda run: (run(), autograder.watch.work.Work(100))
                autograder.watch.work.count = autograder.watch.evaluate.count = fake
                """
            )
        ),
        says="row_sums",
    ),
    Attack(
        "other_process",
        "lets another process answer",
        4,
        answers=answering(OTHER_PROCESS),
        says="hides what it runs",
    ),
    Attack(
        "sees_the_tracer",
        "lets torch derive unless it is watched",
        4,
        answers=answering(
            "import sys\n"
            + TORCH
            + src(
                """
                by_torch = half_square
                def half_square(x, w):
                    return by_torch(x, w) if sys.gettrace() is None else (0.0, np.zeros_like(w))
                """
            )
        ),
        says="when it is watched",
    ),
]
