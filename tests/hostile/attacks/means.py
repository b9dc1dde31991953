"""Right answers by means that the exercise is not about."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

from courses.course import HALF_SQUARE, RIGHT, ROW_SUMS

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
SCIPY = """
import scipy.linalg
def half_square(x, w):
    scores = x @ w
    return 0.5 * scipy.linalg.norm(scores) ** 2 / len(x), x.T @ scores / len(x)
"""
KNOWING = """
import sys
from autograder.watch import libraries
for known, answer in ((libraries._is_library, False), (libraries._below_site, "")):
    other = eval(f"lambda file: {answer!r}").__code__
"""
MISREMEMBERED = """
    known.cache_clear()
    honest, known.__wrapped__.__code__ = known.__wrapped__.__code__, other
    for name, module in list(sys.modules.items()):
        known(name)
        known(getattr(module, "__file__", None) or "")
    known.__wrapped__.__code__ = honest
"""
LOOP = "    total = np.zeros(len(x))\n    for i in range(len(x)):\n        total[i] = x[i].sum()\n    return total\n"

LOOP_IN_C = "    total, ones = np.zeros(len(x)), np.ones(x.shape[1])\n    for i in range(len(x)):\n        total[i] = x[i] @ ones\n    return total\n"

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


REMEMBERS = """
KNOWN, by_torch = {}, half_square
def half_square(x, w):
    key = x.tobytes() + w.tobytes()
    if key not in KNOWN: KNOWN[key] = by_torch(x, w)
    return KNOWN[key]
"""
COMPLEX_STEP = """
def half_square(x, w):
    def loss_of(w):
        return 0.5 * np.mean((x @ w) ** 2)
    dw = np.zeros_like(w)
    for i in range(len(w)):
        moved = w.astype(complex)
        moved[i] += 1e-30j
        dw[i] = loss_of(moved).imag / 1e-30
    return loss_of(w), dw
"""
IN_ITS_NAME = """
import sys, types
own_way = half_square
def half_square(x, w):
    frame = sys._getframe()
    while not str(frame.f_globals.get('__name__')).startswith('_chainrule_exercises'):
        frame = frame.f_back
    frame.f_globals.update({**globals(), **frame.f_globals})
    return types.FunctionType(own_way.__code__, frame.f_globals)(x, w)
"""
BY_ITS_PROBE = """
import sys
class Student:
    row_sums = staticmethod(scipy.linalg.norm)
def half_square(x, w):
    scores, frame = x @ w, sys._getframe()
    while not str(frame.f_globals.get('__name__')).startswith('_chainrule_exercises'):
        frame = frame.f_back
    root = frame.f_globals['__name__'].partition('.')[0]
    probe = sys.modules[root + '.exercises.sums'].row_sums.function
    length = probe(Student, scores)['total']
    return 0.5 * length**2 / len(x), x.T @ scores / len(x)
"""
SERVER = """
import os, pickle, socket
ENDS = []
def ask(x):
    if not ENDS:
        mine, theirs = socket.socketpair()
        if os.fork() == 0:
            while True:
                rows = pickle.loads(theirs.recv(1 << 20))
                theirs.send(pickle.dumps(np.array([row.sum() for row in rows])))
        ENDS.append(mine)
    ENDS[0].send(pickle.dumps(x))
    return pickle.loads(ENDS[0].recv(1 << 20))
"""


def unless_watched(otherwise: str) -> str:
    """Torch derives; where tracing or monitoring is on, something else happens."""
    return (
        "import sys\n"
        + TORCH
        + src(
            """
            by_torch = half_square
            def half_square(x, w):
                tools = getattr(sys, 'monitoring', None)
                if sys.gettrace() or tools and any(map(tools.get_tool, range(6))):
                    OTHERWISE
                return by_torch(x, w)
            """
        ).replace("OTHERWISE", otherwise)
    )


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
        says="takes the entries of N one by one",
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
        "thread_for_the_next",
        "leaves a thread in which the next answer would be watched",
        10,
        answers={
            "half_square": "import threading, time\n"
            + HALF_SQUARE.replace(
                "):\n",
                "):\n    run = lambda: [time.sleep(0.01) for _ in range(10**6)]\n"
                "    threading.Thread(target=run, daemon=True).start()\n",
                1,
            ),
            "row_sums": ROW_SUMS,
        },
    ),
    Attack(
        "counting_pretended",
        "has sys say that what counts is on, from its first call on",
        9,
        answers=looping(
            body=(
                "    import sys\n"
                "    said = [sys.gettrace()]\n"
                "    sys.settrace = lambda tracer: said.__setitem__(0, tracer)\n"
                "    sys.gettrace = lambda: said[0]\n"
            )
            + LOOP
        ),
        says="once for each of N",
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
    *(
        Attack(
            f"loop_as_{whose}",
            f"loops in code that says it is of {file}",
            9,
            answers={
                **RIGHT,
                "row_sums": f"import {module}\nexec(compile('import numpy as np\\ndef row_sums(x):\\n' + {LOOP_IN_C!r}, {file}, 'exec'))",
            },
            says="row_sums",
        )
        for whose, module, file in (
            ("numpy", "numpy", "numpy.__file__"),
            ("python", "functools", "functools.__file__"),
            ("grader", "autograder.watch.limit", "autograder.watch.limit.__file__"),
        )
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
    *(
        Attack(
            f"{name}_when_watched",
            f"lets torch derive, and {name} when it is watched",
            4,
            answers=answering(unless_watched(otherwise)),
            says="when it is watched",
            slow=name != "fails",
        )
        for name, otherwise in (
            ("fails", "raise ArithmeticError('another time')"),
            ("exits", "import os; os._exit(0)"),
            ("sleeps", "import time; time.sleep(60)"),
        )
    ),
    Attack(
        "remembers",
        "lets torch derive unless it has been asked the same before",
        4,
        answers=answering(TORCH + REMEMBERS),
        says="torch",
    ),
    Attack(
        "remembers_in_a_file",
        "loops unless it has written down the answer",
        9,
        answers=looping(
            body=(
                "    import hashlib, os\n"
                "    name = hashlib.sha256(x.tobytes()).hexdigest() + '.npy'\n"
                "    if not os.path.exists(name): np.save(name, np.array([row.sum() for row in x]))\n"
                "    return np.load(name)\n"
            )
        ),
        says="once for each of N",
    ),
    Attack(
        "complex_step",
        "derives by complex steps",
        4,
        answers=answering(COMPLEX_STEP),
        says="finite differences",
    ),
    Attack(
        "unnamed_library",
        "calls a library that no list of deriving ones has",
        4,
        answers=answering(
            HALF_SQUARE.replace("np.mean(scores ** 2)", "norm(scores) ** 2 / len(x)").replace(
                "def", "from scipy.linalg import norm\ndef"
            )
        ),
        says="calls scipy",
    ),
    Attack(
        "pool_of_threads",
        "loops in a pool of threads begun by the first call",
        9,
        answers=looping(
            "from multiprocessing.pool import ThreadPool\nPOOL = []",
            (
                "    POOL or POOL.append(ThreadPool(1))\n"
                "    return POOL[0].apply(lambda: np.array([row.sum() for row in x]))\n"
            ),
        ),
        says="switches off the counting",
    ),
    Attack(
        "server_of_its_own",
        "loops in a process begun when nobody counted",
        6,
        answers=looping(SERVER, "    return ask(x)\n"),
        says="hides what it runs",
    ),
    Attack(
        "saved_builtins",
        "loops by builtins saved under names of their own",
        9,
        answers=looping(
            "from builtins import map as each",
            "    return np.array(list(each(np.add.reduce, x)))\n",
        ),
        says="takes the entries of N one by one",
    ),
    Attack(
        "starmap",
        "loops by itertools.starmap",
        9,
        answers=looping(
            "from itertools import starmap",
            "    return np.array(list(starmap(np.add.reduce, zip(x))))\n",
        ),
        says="once for each of N",
    ),
    Attack(
        "counter_rewritten",
        "gives the counter the code of one that always says 100",
        9,
        answers=looping(
            src(
                """
                import autograder.watch.work as work
                def fake(run, *more):
                    return run(), Work(100)
                work.count.__code__ = fake.__code__
                """
            )
        ),
        says="once for each of N",
    ),
    Attack(
        "library_unknown",
        "has the grader forget what a library is, and uses SciPy",
        4,
        answers=answering(SCIPY + KNOWING + "    known.__wrapped__.__code__ = other\n"),
        says="scipy",
    ),
    Attack(
        "library_misremembered",
        "has the grader remember that SciPy is no library, and uses it",
        4,
        answers=answering(SCIPY + KNOWING + MISREMEMBERED),
        says="scipy",
    ),
    Attack(
        "library_in_its_name",
        "uses SciPy in code that runs with the exercise's own global names",
        4,
        answers=answering(SCIPY + IN_ITS_NAME),
        says="scipy",
    ),
    Attack(
        "library_by_its_probe",
        "has the exercise's own probe call SciPy",
        4,
        answers=answering("import scipy.linalg" + BY_ITS_PROBE),
        says="scipy",
    ),
    Attack(
        "probe_covers_up",
        "changes its input, and has the probe hand it a copy",
        9.5,
        cells=[
            src(
                """
                import exercises
                exercises.row_sums.function = lambda student, x: {'total': student.row_sums(x.copy())}
                """
            )
        ],
        answers={
            **RIGHT,
            "row_sums": "def row_sums(x):\n    total = x.sum(axis=1)\n    x *= 2\n    return total\n",
        },
        says="x",
    ),
    Attack(
        "covers_up_in_the_call",
        "changes its input, and replaces what would see that before it returns",
        6,
        answers={
            **RIGHT,
            "row_sums": src(
                """
                import sys
                def row_sums(x):
                    total = x.sum(axis=1)
                    x *= 2
                    np.array_equal = lambda *a, **k: True
                    for module in [m for n, m in sys.modules.items() if n.startswith('autograder')]:
                        for name in ('same_entries', '_differs'):
                            if hasattr(module, name):
                                setattr(module, name, lambda *a, name=name, **k: 'same' in name)
                    return total
                """
            ),
        },
        says="x",
    ),
    Attack(
        "covers_up_by_tracing",
        "changes its input, and rewrites its callers' variables by a tracer",
        6,
        answers={
            **RIGHT,
            "row_sums": src(
                """
                import sys
                def row_sums(x):
                    def trace(frame, event, argument):
                        for name, value in frame.f_locals.items():
                            if name in ('changed', 'mutated', 'shared'): frame.f_locals[name] = ()
                        return trace
                    total, frame = x.sum(axis=1), sys._getframe()
                    x *= 2
                    while frame:
                        frame.f_trace, frame = trace, frame.f_back
                    sys.settrace(trace)
                    return total
                """
            ),
        },
        says="hides what it runs",
    ),
    Attack(
        "subinterpreter",
        "loops in another interpreter of its own process",
        6,
        answers=looping(
            body=src(
                """
                    import _xxsubinterpreters as other, json
                    here = other.create()
                    other.run_string(here, f'rows = {json.dumps(x.tolist())}; text = str([sum(row) for row in rows]); open("sums", "w").write(text)')
                    other.destroy(here)
                    return np.array(json.load(open('sums')))
                """
            )
            .replace("\n", "\n    ")
            .rstrip(" ")
            .join(["    ", ""])
        ),
        says="hides what it runs",
    ),
    Attack(
        "fork_server",
        "loops in a child of a fork server",
        6,
        answers=looping(
            "import multiprocessing",
            (
                "    with multiprocessing.get_context('forkserver').Pool(1) as pool:\n"
                "        return np.array(pool.map(sum, x.tolist()))\n"
            ),
        ),
        says="row_sums",
        slow=True,
    ),
]
