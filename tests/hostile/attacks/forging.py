"""Points without answers: everything that made another notebook grader hand them out."""

# ruff: noqa: E501 (what attackers write is kept whole)

from __future__ import annotations

from courses.course import RIGHT

from ..attack import Attack, src, summing

# What the answers of these attackers are worth where they are there at all: zeros have the right shapes, no more.
ZEROS = {"half_square": "def half_square(x, w):\n    return 0.0, np.zeros_like(w)\n"}

SOCKETS = """
import json, os, stat, struct, sys
def sockets():
    for fd in range(3, 64):
        try:
            if stat.S_ISSOCK(os.fstat(fd).st_mode): yield fd
        except OSError: pass
def forge(header, payload=b"", size=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    for fd in sockets():
        os.write(fd, struct.pack("<II", len(text) if size is None else size, len(payload)) + text + payload)
"""

ALL_EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    def __gt__(self, other): return True
    def __bool__(self): return True
    def __float__(self): return 0.0
    def __array__(self, *a, **k): return np.zeros(3)
    def __sub__(self, other): return 0.0
    __rsub__ = __sub__
    def __abs__(self): return 0.0
    shape = dtype = property(lambda self: Equal())
"""


def answering(source: str) -> dict[str, str]:
    """An attack in the cell of half_square, and row_sums honestly."""
    return {**RIGHT, "half_square": source}


FORGING = [
    Attack(
        "input_transformer",
        "makes every later cell `pass`",
        0,
        [
            "get_ipython().input_transformers_cleanup.append(lambda lines: ['pass\\n'])",
        ],
        says="not defined",
    ),
    Attack(
        "ast_transformer",
        "strips every assert from later cells",
        4,
        [
            src(
                """
                import ast
                class T(ast.NodeTransformer):
                    def visit_Assert(self, node): return ast.Pass()
                get_ipython().ast_transformers.append(T())
                """
            ),
            "assert False",
        ],
    ),
    Attack(
        "displayhook",
        "shows the full score as a result, from the answer",
        4,
        answers=answering(
            src(
                """
                def half_square(x, w):
                    get_ipython().displayhook(6.0)
                    return 6.0
                """
            )
        ),
    ),
    Attack(
        "displayhook_replaced",
        "takes the display machinery away, and every later cell with it",
        0,
        [
            src(
                """
                import sys
                sys.displayhook = lambda value: None
                get_ipython().displayhook = None
                get_ipython().display_pub = None
                """
            ),
            "1 + 1",
        ],
        says="stopped before its end",
        slow=True,
    ),
    Attack(
        "display_patched",
        "makes every display say full marks",
        4,
        [
            src(
                """
                from IPython.core.displaypub import DisplayPublisher as P
                from IPython.core.displayhook import DisplayHook as H
                P.publish = lambda self, *a, **k: None
                H.__call__ = lambda self, value: print('6.0')
                """
            ),
            "6.0",
        ],
        slow=True,
    ),
    Attack(
        "score_999",
        "lets a cell evaluate to 999",
        4,
        [
            "999",
        ],
        slow=True,
    ),
    Attack(
        "score_nan",
        "lets a cell evaluate to NaN",
        4,
        [
            "float('nan')",
        ],
        slow=True,
    ),
    Attack(
        "score_negative",
        "lets a cell evaluate to -1",
        4,
        [
            "-1",
        ],
        slow=True,
    ),
    Attack(
        "score_text",
        "lets a cell evaluate to a word",
        4,
        [
            "'full marks'",
        ],
        slow=True,
    ),
    Attack(
        "score_printed",
        "prints a report like the grader's",
        4,
        [
            src(
                """
                from IPython.display import HTML, display
                display(HTML('<b>half_square: 6 of 6 points</b>'))
                print('6')
                """
            ),
        ],
    ),
    Attack(
        "answer_nan",
        "answers NaN, which compares with nothing",
        4,
        answers=answering(
            src(
                """
                def half_square(x, w):
                    return float('nan'), np.full(len(w), np.nan)
                """
            )
        ),
        says="nan",
    ),
    Attack(
        "always_equal",
        "answers an object equal to everything",
        4,
        [
            ALL_EQUAL,
        ],
        answers=answering(
            src(
                """
                def half_square(x, w):
                    return Equal(), Equal()
                """
            )
        ),
        says="Equal",
    ),
    Attack(
        "allclose_poisoned",
        "makes every comparison of NumPy say yes",
        5,
        [
            src(
                """
                np.allclose = np.isclose = np.array_equal = np.testing.assert_allclose = lambda *a, **k: True
                np.linalg.norm = np.max = np.abs = lambda *a, **k: 0.0
                """
            ),
        ],
        answers={**RIGHT, **ZEROS},
        slow=True,
    ),
    Attack(
        "numpy_saving_patched",
        "patches everything that turns arrays into bytes",
        5,
        [
            src(
                """
                np.save = np.load = np.savez = lambda *a, **k: None
                np.asarray_ = np.asarray
                np.testing.assert_array_equal = lambda *a, **k: None
                """
            ),
        ],
        answers={**RIGHT, **ZEROS},
        slow=True,
    ),
    Attack(
        "builtins_patched",
        "makes isinstance, all and any say yes",
        4,
        [
            src(
                """
                import builtins
                builtins.isinstance = builtins.all = builtins.any = lambda *a, **k: True
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "check_replaced",
        "brings its own check()",
        4,
        [
            src(
                """
                import autograder
                def check(name):
                    print(name, 'full marks')
                    return 6.0
                autograder.check = check
                """
            ),
        ],
    ),
    Attack(
        "judge_patched",
        "patches the judge, the verdict and the checks of its own process",
        4,
        [
            src(
                """
                import autograder.judge, autograder.language.verdict, autograder.checks
                autograder.judge.judge = lambda exercise, *a, **k: autograder.language.verdict.Verdict(exercise.name, 6, 6, 'passed')
                autograder.language.verdict.Verdict.score = 6
                autograder.language.verdict.score = lambda *a: 6
                for check in vars(autograder.checks).values():
                    if isinstance(check, type): check.__call__ = lambda self, trial: None
                """
            ),
        ],
    ),
    Attack(
        "points_raised",
        "makes the exercises worth a thousand points and takes their checks away",
        4,
        [
            src(
                """
                import exercises
                for one in (exercises.half_square, exercises.row_sums):
                    one.points = 1000
                    one.checks = []
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "probe_patched",
        "puts its own probe in place of the exercise's",
        4,
        [
            src(
                """
                import exercises
                exercises.half_square.function = lambda student, x, w: {'loss': 'full', 'dw': 'marks'}
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "probe_names_more",
        "answers outputs nobody asked for",
        4,
        [
            src(
                """
                import exercises
                exercises.half_square.function = lambda student, x, w: {'score': 6.0, 'passed': True, 'points': 6}
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "harness_patched",
        "patches the harness that turns answers into data",
        4,
        [
            src(
                """
                import autograder.watch.evaluate as e, autograder.language.verdict as v
                e.call = lambda *a, **k: v.Evaluation(outputs={}, failure=None)
                e.value_of_ = e.value_of
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "harness_lies_about_types",
        "says that its text is an array",
        4,
        [
            src(
                """
                import autograder.watch.evaluate as e, autograder.language.verdict as v
                e.value_of = lambda returned: v.Value(object(), 'ndarray')
                """
            ),
        ],
    ),
    Attack(
        "wire_patched",
        "patches the functions that write to the grader",
        4,
        [
            src(
                """
                import autograder.wall.wire.frames as f
                f.send = lambda *a, **k: None
                f.pack = lambda *a, **k: b'full marks'
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "settrace",
        "traces every frame to find the check and change what it sees",
        4,
        [
            src(
                """
                import sys, threading
                def spy(frame, event, arg):
                    try:
                        for name in ('points', 'score', 'passed', 'work'):
                            if name in frame.f_locals: frame.f_locals[name] = 6
                    except Exception: pass
                    return spy
                sys.settrace(spy)
                threading.settrace(spy)
                sys.setprofile(spy)
                """
            ),
        ],
        slow=True,
    ),
    Attack(
        "in_list",
        "reads the check from In and Out",
        4,
        [
            src(
                """
                print([one for one in In if 'check(' in one], Out)
                for one in list(In): pass
                """
            ),
        ],
        never_says="check(&quot;half",
    ),
    Attack(
        "thread_edits_later",
        "edits its answer after it was returned",
        4,
        [
            src(
                """
                import threading, time
                kept = []
                def edit():
                    while True:
                        for one in kept: one[...] = 0
                        time.sleep(0.0001)
                threading.Thread(target=edit, daemon=True).start()
                """
            ),
        ],
        answers=answering(
            src(
                """
                def half_square(x, w):
                    dw = np.ones_like(w)
                    kept.append(dw)
                    return '1', [dw]
                """
            )
        ),
    ),
    Attack(
        "answer_forks",
        "answers twice, from two processes",
        4,
        answers=answering(
            src(
                """
                import os
                def half_square(x, w):
                    os.fork()
                    scores = x @ w
                    return 0.5 * np.mean(scores ** 2), x.T @ scores / len(x)
                """
            )
        ),
        says="starts a process",
    ),
    Attack(
        "two_faces",
        "answers by who is calling",
        4,
        answers=answering(
            src(
                """
                import sys
                def half_square(x, w):
                    frame, names = sys._getframe(), set()
                    while frame:
                        names |= set(frame.f_locals) | set(frame.f_globals)
                        frame = frame.f_back
                    return sorted(n for n in names if 'reference' in n), w
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "socket_garbage",
        "writes garbage to the control socket",
        4,
        [
            SOCKETS + "for fd in sockets(): os.write(fd, b'\\xff' * 4096)",
        ],
        says="no answer",
        slow=True,
    ),
    Attack(
        "socket_four_gigabytes",
        "announces a frame of four gigabytes",
        4,
        [
            SOCKETS + "forge(b'{}', size=2**32 - 1)",
        ],
        says="no answer",
        slow=True,
    ),
    Attack(
        "socket_done",
        "forges the end of a cell",
        4,
        [
            SOCKETS + "forge({'kind': 'done', 'nonce': 'guess', 'execution_count': 1})",
        ],
        says="no answer",
    ),
    Attack(
        "socket_deep_json",
        "sends JSON nested too deeply to read",
        4,
        [
            SOCKETS + "forge(b'[' * 200000)",
        ],
        says="no answer",
        slow=True,
    ),
    Attack(
        "socket_verdict",
        "sends a verdict, for whoever would believe it",
        4,
        [
            SOCKETS,
        ],
        answers=answering(
            src(
                """
                def half_square(x, w):
                    for nonce in ('', None, 0):
                        forge({'kind': 'evaluations', 'nonce': nonce, 'of': [{'outputs': [], 'mutated': [], 'aliased': [],
                               'calls': [{'name': 'half_square', 'said': [], 'changed': [], 'raised': None, 'returned': {'T': [0.0, 6.0]}}]}],
                               'name': 'half_square', 'score': 6, 'points': 6})
                    return 6.0
                """
            )
        ),
        slow=True,
    ),
    Attack(
        "socket_true_nonce",
        "finds the right nonce on the stack and forges the evaluation itself",
        4,
        [
            SOCKETS,
        ],
        answers=answering(
            src(
                """
                def half_square(x, w):
                    frame = sys._getframe()
                    while 'header' not in frame.f_locals: frame = frame.f_back
                    nonce = frame.f_locals['header']['nonce']
                    forge({'kind': 'evaluations', 'nonce': nonce, 'of': [
                        {'outputs': [], 'failure': None, 'mutated': [], 'aliased': [], 'work': 1, 'libraries': [], 'varied': [],
                         'calls': [{'name': 'half_square', 'said': [], 'changed': [], 'raised': None, 'returned': {'T': [0.0, 6.0]}}],
                         'score': 6, 'passed': True}]})
                    os._exit(0)
                """
            )
        ),
    ),
    Attack(
        "socket_closed",
        "closes every descriptor",
        4,
        [
            src(
                """
                import os
                os.closerange(0, 200)
                """
            ),
        ],
    ),
    Attack(
        "audit_hook",
        "ends the process at each audit event of the harness",
        0,
        cells=[
            src("""
    import sys, os
    def hook(event, arguments):
        if event in ('marshal.loads', 'exec', 'compile'): os._exit(3)
    sys.addaudithook(hook)
    """)
        ],
    ),
    Attack(
        "atfork",
        "forges in a hook that runs after each fork",
        4,
        cells=[
            src("""
    import os, numpy as np
    def child():
        np.array_equal = lambda *a, **k: True
        import autograder.watch.evaluate as e
        e.transcribed = lambda *a, **k: e.Evaluation()
    os.register_at_fork(after_in_child=child)
    """)
        ],
    ),
    Attack(
        "gc_callback",
        "forges whenever garbage is collected",
        0,
        cells=[
            src("""
    import gc
    def forge(phase, info):
        import autograder.watch.evaluate as e, autograder.watch.transcribe as t
        t._written = e.transcribed = e.call = lambda *a, **k: e.Evaluation()
    gc.callbacks.append(forge); gc.set_threshold(1)
    """)
        ],
    ),
    Attack(
        "signal_storm",
        "signals itself a thousand times a second",
        4,
        cells=[
            src("""
    import signal
    def forge(*a):
        import autograder.watch.transcribe as t
        t._written = lambda *a, **k: 6
    signal.signal(signal.SIGVTALRM, forge); signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)
    """)
        ],
    ),
    Attack(
        "swapped_calls",
        "swaps the names in the record of its calls",
        6,
        answers=summing("""
    import gc
    def row_sums(x):
        for one in gc.get_objects():
            if type(one).__name__ == 'Called': one.name = 'half_square'
        return x.sum(axis=1)
    """),
        slow=True,
    ),
    Attack(
        "meta_path",
        "finds every later import itself",
        4,
        cells=[
            src("""
    import sys, types
    class Finder:
        def find_spec(self, name, path=None, target=None):
            from importlib.machinery import ModuleSpec
            return ModuleSpec(name, self)
        def create_module(self, spec): return types.ModuleType(spec.name)
        def exec_module(self, module): module.__getattr__ = lambda name: (lambda *a, **k: True)
    sys.meta_path.insert(0, Finder())
    """)
        ],
    ),
]
